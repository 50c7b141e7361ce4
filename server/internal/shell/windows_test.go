package shell

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

var sameValue = cmp.Comparer(func(a, b model.Value) bool { return a == b })

// TestRegisteredEnvironment: a terminal on Windows starts with what is
// registered now, not with what the editor was started with.
func TestRegisteredEnvironment(t *testing.T) {
	const story = `-- goos --
windows
-- env/editor --
Path=/stale
GOPROXY=https://stale.example
-- proc/100 --
ppid 1
environ editor
-- registered --
machine Path=/usr/lib/go/bin
machine GOPROXY=direct
machine GOFLAGS=-mod=mod
user GOPROXY=off
-- root/usr/lib/go/bin/powershell.exe --
-- env/shell --
PATH=/profile
GOPROXY=off
GOFLAGS=-mod=vendor
`
	w, s := worldtest.Make(t, story)
	opt := Options{ClientPID: 100}
	answer := Ask(t.Context(), w, opt)
	if answer.Fault != nil || answer.Vars["GOPROXY"] != "off" {
		t.Fatalf("GOPROXY is %q; %+v", answer.Vars["GOPROXY"], answer.Fault)
	}
	commands := s.Commands()
	if len(commands) == 0 {
		t.Fatal("no shell was asked")
	}
	env := world.Variables(commands[0].Env)
	if env["PATH"] != "/usr/lib/go/bin" || env["GOPROXY"] != "off" {
		t.Errorf("the shell starts with PATH=%s and GOPROXY=%s", env["PATH"], env["GOPROXY"])
	}

	answer = Trace(t.Context(), w, opt, answer)
	registered := func(value, key string) Line {
		return Line{Value: model.NewValue(value), Note: "registered in " + key}
	}
	want := map[string][]Line{"GOPROXY": {
		registered("off", `HKEY_CURRENT_USER\Environment`),
		registered("direct", `HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Session Manager\Environment`),
	}}
	if diff := cmp.Diff(want, answer.Lines, sameValue); diff != "" {
		t.Errorf("who set what (-want +got):\n%s", diff)
	}
}

// TestPathThatTheShellLengthens: PowerShell puts its own directory in front.
func TestPathThatTheShellLengthens(t *testing.T) {
	registered := []world.RegisteredVariable{
		{Name: "PATH", Value: "/go/bin", From: []world.RegisteredValue{{Key: "machine", Value: "/go/bin"}}},
		{Name: "GOFLAGS", Value: "-v", From: []world.RegisteredValue{{Key: "user", Value: "-v"}}},
	}
	lines := registeredLines(registered, map[string]string{"PATH": "/powershell;/go/bin", "GOFLAGS": "-v -x"})
	want := map[string][]Line{"PATH": {{Value: model.NewValue("/go/bin"), Note: "registered in machine, and made longer by the shell"}}}
	if diff := cmp.Diff(want, lines, sameValue); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
