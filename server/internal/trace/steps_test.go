package trace_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/trace"
)

func TestWithX(t *testing.T) {
	for args, want := range map[string]string{
		"build ./...": "build -x ./...", "test": "test -x", "mod download": "mod download -x", "list -m all": "list -x -m all",
		"-C dir build .": "-C dir build -x .", "build -C dir .": "build -C dir -x .", "build -C=dir .": "build -C=dir -x .",
		"get -x m@v1": "get -x m@v1", "run . -x": "run -x . -x",
		"env": "env", "mod vendor": "mod vendor", "version": "version", "": "", "generate": "generate", "mod": "mod",
	} {
		out, traced, given := trace.WithX(strings.Fields(args))
		if got := strings.Join(out, " "); got != want {
			t.Errorf("%q became %q, want %q", args, got, want)
		}
		if traced != strings.Contains(" "+want+" ", " -x ") || given != (args == "get -x m@v1") {
			t.Errorf("%q: traced %v, given %v", args, traced, given)
		}
	}
}

// steps plays lines, each with the second it comes at, and returns what is
// passed on and what was told.
type played struct {
	trace.Steps
	passed []string
	told   []model.Event
}

func play(lines ...string) *played {
	p := &played{}
	p.Tell = func(e model.Event) { p.told = append(p.told, e) }
	p.Begin(begun)
	for i, line := range lines {
		if !p.Line(line, begun.Add(time.Duration(i)*time.Second)) {
			p.passed = append(p.passed, line)
		}
	}
	return p
}

func TestStepsOfADownload(t *testing.T) {
	p := play(
		"# get https://proxy.example/m/@v/list", "# get https://proxy.example/n/@v/list", "# get https://proxy.example/n/@v/list: 200 OK (0.013s)",
		"# get https://proxy.example/m/@v/list: 404 Not Found (2.100s)", "go: downloading example.com/n v1.0.0",
		"mkdir -p /c/vcs # git3 https://git.example/m", "# lock /c/vcs/1.lock", "# /c/vcs/1 for git3 https://git.example/m",
		"cd /c/vcs/1; git ls-remote -q origin", "0.750s # cd /c/vcs/1; git ls-remote -q origin", "go: module example.com/m: no matching versions",
	)
	if want := []string{"go: downloading example.com/n v1.0.0", "go: module example.com/m: no matching versions"}; !slices.Equal(p.passed, want) {
		t.Errorf("passed on: %q", p.passed)
	}
	contacts := p.Contacts()
	if len(contacts) != 3 || contacts[0].Name != "https://proxy.example" || contacts[0].Times != 2 || len(contacts[0].Answers) != 2 || contacts[2].Name != "git ls-remote" {
		t.Errorf("contacts are %+v", contacts)
	}
	if slow := p.Slowest(); len(slow) == 0 || slow[0].Subject.Reveal() != "https://proxy.example/m/@v/list" || slow[0].Took != 3*time.Second {
		t.Errorf("slowest: %+v", slow)
	}
	if p.Waiting(begun.Add(11*time.Second)) != nil {
		t.Error("waits though all has ended")
	}
}

// TestStepsThatHang has go wait for one thing at a time.
func TestStepsThatHang(t *testing.T) {
	for line, want := range map[string]string{
		"# get https://proxy.example/m/@v/list":    "no answer from https://proxy.example/m/@v/list for 12 s; go itself would wait for ever",
		"cd /c/vcs/1; git fetch -f origin":         "this has not ended for 12 s: cd /c/vcs/1; git fetch -f origin; go itself would wait for ever",
		"# lock /c/vcs/1.lock":                     "another go command has held the lock /c/vcs/1.lock for 12 s; go itself would wait for ever",
		"/go/pkg/tool/x/compile -o a -p main b.go": "compile main has run for 12 s",
		"something else":                           "go has printed nothing for 12 s",
		"$WORK/b001/exe/app":                       "",
	} {
		p := play(line)
		got := ""
		for _, e := range p.Waiting(begun.Add(12 * time.Second)) {
			got += e.Text.Reveal()
			if hangs := strings.Contains(want, "for ever"); hangs != (e.Kind == model.EventHang) {
				t.Errorf("%s: kind %s", line, e.Kind)
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
		if again := p.Waiting(begun.Add(13 * time.Second)); len(again) > 0 {
			t.Errorf("%s: told twice", line)
		}
		if later := p.Waiting(begun.Add(50 * time.Second)); (len(later) == 0) != (want == "") {
			t.Errorf("%s: told %d times after 50 s", line, len(later))
		}
	}
	p := play("# get https://proxy.example/m.zip", "# get https://proxy.example/m.zip: 200 OK (0.1s)")
	if got := p.Waiting(begun.Add(20 * time.Second)); len(got) != 1 || !strings.Contains(got[0].Text.Reveal(), "since the answer from https://proxy.example/m.zip began") {
		t.Errorf("a body that stalls: %+v", got)
	}
}

func TestStepsOfABuild(t *testing.T) {
	p := play(
		"WORK=/tmp/go-build1", "mkdir -p $WORK/b001/", "cat >/tmp/go-build1/b001/importcfg << 'EOF' # internal", "# import config", "packagefile a=b", "EOF",
		"cd /d", "/usr/local/go/pkg/tool/linux_amd64/compile -o $WORK/b001/_pkg_.a -p main ./main.go", "# example.com/app", "./main.go:3:2: undefined: x",
		"TERM='dumb' gcc -I . -c x.c", "go tool buildid -w $WORK/b001/_pkg_.a # internal", "rm -rf $WORK/b001/",
		"$WORK/b001/exe/app one", "cd /what/the/program/prints",
	)
	if want := []string{"# example.com/app", "./main.go:3:2: undefined: x", "cd /what/the/program/prints"}; !slices.Equal(p.passed, want) {
		t.Errorf("passed on: %q", p.passed)
	}
	if len(p.Contacts()) != 0 {
		t.Errorf("contacts: %+v", p.Contacts())
	}
}
