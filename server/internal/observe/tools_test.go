package observe

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// TestFingerprint: what a file is told by is what is in it, and not when it was
// written.
func TestFingerprint(t *testing.T) {
	w := world.Real()
	file := filepath.Join(t.TempDir(), "go")
	of := func(text string) string {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		return fingerprint(w, file)
	}
	script := of("#!/bin/sh\nexec /usr/bin/go \"$@\"\n")
	hour := time.Now().Add(time.Hour)
	if err := os.Chtimes(file, hour, hour); err != nil {
		t.Fatal(err)
	}
	if got := fingerprint(w, file); got != script || len(got) != 32 {
		t.Errorf("touched, %q is %q", script, got)
	}
	if got := of("#!/bin/sh\nexec /usr/bin/go \"$@\" # \n"); got == script {
		t.Error("another script has the same fingerprint")
	}
	large := strings.Repeat("x", printed+10)
	if a, b := of(large), of("y"+large[1:]); a == b {
		t.Error("another beginning has the same fingerprint")
	}
	if a, b := of(large), of(large+"x"); a == b {
		t.Error("another size has the same fingerprint")
	}
	if got := fingerprint(w, filepath.Join(filepath.Dir(file), "none")); got != "" {
		t.Errorf("what is not there has %q", got)
	}
}

// TestGoIsToldFromAnother: of the tools only the go command has a fingerprint, and
// one memory does not mistake a new file for the one that it knows.
func TestGoIsToldFromAnother(t *testing.T) {
	memory := &Memory{}
	look := func(script string) (prints map[string]string) {
		w, sc := worldtest.Make(t, "-- env/shell --\nPATH=/home/gopher/bin\n-- home/bin/go --\n"+script+"\n-- home/bin/gopls --\n"+script+"\n-- ws/go.mod --\nmodule example.com/app\n")
		s := Take(t.Context(), w, Input{Dir: "/home/gopher/ws", Captured: map[model.EnvName]map[string]string{model.EnvShell: sc.Envs["shell"]}, Memory: memory})
		prints = map[string]string{}
		for _, tool := range s.Toolchain[0].Tools {
			prints[tool.Name] = tool.Print
		}
		return prints
	}
	first := look("#!/bin/sh\nexec go")
	if first["go"] == "" || first["gopls"] != "" {
		t.Errorf("%q, want one of go alone", first)
	}
	if again := look("#!/bin/sh\nexec go"); again["go"] != first["go"] {
		t.Errorf("the same go is %q and %q", first["go"], again["go"])
	}
	if other := look("#!/bin/sh\nexec go # other"); other["go"] == first["go"] {
		t.Error("another go has the same fingerprint")
	}
}

// TestModuleAndExcludes: go.mod is read with the line of its path, and what it excludes.
func TestModuleAndExcludes(t *testing.T) {
	w, _ := worldtest.Make(t, "-- ws/go.mod --\n// ours\nmodule example.com/app\n\ngo 1.24\n\nexclude (\n\texample.com/a v1.0.0\n\texample.com/b v1.2.3\n)\n")
	s := Take(t.Context(), w, Input{Dir: "/home/gopher/ws"})
	m := s.Modules[0]
	want := []model.Exclude{{Path: "example.com/a", Version: "v1.0.0", Line: 7}, {Path: "example.com/b", Version: "v1.2.3", Line: 8}}
	if m.PathLine != 2 || len(m.Excludes) != 2 || m.Excludes[0] != want[0] || m.Excludes[1] != want[1] {
		t.Errorf("module in line %d, excludes %+v", m.PathLine, m.Excludes)
	}
}
