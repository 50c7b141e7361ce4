package fix_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/fix"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

const workFile = dir + "/go.work"

func TestWorkUse(t *testing.T) {
	for name, tt := range map[string]struct{ before, after string }{
		"a list": {
			"go 1.26\n\n// ours\nuse (\n    ./a // the app\n)\n\nreplace x => ./y\n",
			"go 1.26\n\n// ours\nuse (\n    ./a // the app\n    ./new\n)\n\nreplace x => ./y\n",
		},
		"an empty list":         {"go 1.26\nuse (\n)\n", "go 1.26\nuse (\n\t./new\n)\n"},
		"one line":              {"go 1.26\nuse ./a // app\n\n\n//end\n", "go 1.26\nuse ./a // app\nuse ./new\n\n\n//end\n"},
		"no newline at the end": {"go 1.26\nuse ./a", "go 1.26\nuse ./a\nuse ./new\n"},
		"no use":                {"go 1.26", "go 1.26\n\nuse ./new\n"},
		"CRLF":                  {"go 1.26\r\n\r\nuse (\r\n\t./a\r\n)\r\n", "go 1.26\r\n\r\nuse (\r\n\t./a\r\n\t./new\r\n)\r\n"},
		"a go line too low":     {"go   1.21 // old\nuse ./a\n", "go   1.25.1 // old\nuse ./a\nuse ./new\n"},
		"no go line":            {"// ours\nuse ./a\n", "// ours\ngo 1.25.1\n\nuse ./a\nuse ./new\n"},
	} {
		t.Run(name, func(t *testing.T) {
			content := map[string]string{workFile: tt.before, dir + "/new/go.mod": "module example.com/new\n\ngo 1.25.1\n"}
			w, s := newWorld(content), running("v0.23.0")
			s.Work = &model.Work{File: workFile}
			p := plan(t, w, s, in(fix.WorkUse, dir+"/new"))
			if got := roundTrip(t, w, p, content); got != tt.after {
				t.Errorf("got\n%q, want\n%q", got, tt.after)
			}
		})
	}
}

func TestWorkInit(t *testing.T) {
	content := map[string]string{
		dir + "/go.mod":            "module example.com/app\n\ngo 1.24\n",
		dir + "/lib/go.mod":        "module example.com/lib\n\ngo 1.25.3\n",
		dir + "/with space/go.mod": "module example.com/space\n",
	}
	w, s := newWorld(content), running("v0.23.0")
	s.Modules = []model.Module{{File: dir + "/go.mod", Vendored: true}, {File: dir + "/lib/go.mod"}, {File: "/elsewhere/go.mod"}}
	p := plan(t, w, s, in(fix.WorkUse, dir+"/with space"))
	const want = "go 1.25.3\n\nuse (\n\t.\n\t./lib\n\t\"./with space\"\n)\n"
	if got := roundTrip(t, w, p, content); got != want {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
	if !p.Undo[0].Edit.Delete || !strings.Contains(p.Preview, "go work vendor") {
		t.Errorf("%+v", p)
	}
}

func TestWorkUseIsRefused(t *testing.T) {
	content := map[string]string{
		workFile:                  "go 1.26\nuse ./a\n",
		dir + "/a/go.mod":         "module example.com/a\n",
		dir + "/new/go.mod":       "module example.com/new\n",
		dir + "/broken/go.mod":    "module\n",
		"/home/gopher/alone/x.go": "package x\n",
	}
	for name, tt := range map[string]struct {
		dir, say string
		change   func(*model.Snapshot)
	}{
		"used already":     {dir + "/a", "already", nil},
		"no module":        {"/home/gopher/alone", "no go.mod", nil},
		"a broken module":  {dir + "/broken", "not valid", nil},
		"GOWORK=off":       {dir + "/new", "GOWORK=off", func(s *model.Snapshot) { s.Dormant, s.Work = s.Work, nil }},
		"a broken go.work": {dir + "/new", "not valid", func(s *model.Snapshot) { s.Work.Errors = []model.SyntaxError{{Text: "x"}} }},
		"unsaved changes":  {dir + "/new", "not saved", func(s *model.Snapshot) { s.Dirty = []string{workFile} }},
		"no editor":        {dir + "/new", "editor", func(s *model.Snapshot) { s.Editor = nil }},
		"GOWORK=off in the shell": {dir + "/new", "GOWORK=off (in the environment of shell)", func(s *model.Snapshot) {
			s.Envs = append(s.Envs, process(model.EnvShell, "GOWORK", "off"))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := running("v0.23.0")
			s.Work = &model.Work{File: workFile}
			if tt.change != nil {
				tt.change(s)
			}
			refused(t, plan(t, newWorld(content), s, in(fix.WorkUse, tt.dir)), tt.say)
		})
	}
	if _, err := fix.Make(newWorld(content), running(""), in(fix.WorkUse, dir+"/new"), show); !errors.Is(err, world.ErrChanged) {
		t.Errorf("a go.work that the snapshot did not see: %v", err)
	}
}

// TestWorkUseLive lets the real go command judge what is written.
func TestWorkUseLive(t *testing.T) {
	lab := worldtest.NewLab(t)
	w := world.Real()
	lab.Write(filepath.Join(lab.Dir, "lib", "go.mod"), "module example.com/lib\n\ngo 1.26.1\n")
	lab.Write(filepath.Join(lab.Dir, "lib", "lib.go"), "package lib\n\nconst X = 1\n")
	other := filepath.Join(filepath.Dir(lab.Dir), "other module")
	lab.Write(filepath.Join(other, "go.mod"), "module example.com/other\n\ngo 1.26.1\n")
	lab.Write(filepath.Join(other, "o.go"), "package other\n\nimport _ \"example.com/lib\"\n")
	list := func() (string, error) {
		cmd := exec.Command("go", "list", "-deps", "-f", "{{.ImportPath}}", ".")
		cmd.Dir = other
		for name, value := range lab.With("GOPROXY=off", "GOFLAGS=-mod=readonly") {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	work := filepath.Join(lab.Dir, "go.work")
	carryOut := func(s *model.Snapshot, dir string) fix.Plan {
		t.Helper()
		p := plan(t, w, s, in(fix.WorkUse, dir))
		if p.Disabled != "" {
			t.Fatal(p.Disabled)
		}
		if err := p.Steps[0].Edit.Write(w); err != nil {
			t.Fatal(err)
		}
		lab.Go(lab.Dir, map[string]string{"GOWORK": work}, "work", "edit", "-json")
		return p
	}
	s := running("v0.23.0")
	s.Dir = lab.Dir
	s.Modules = []model.Module{{File: filepath.Join(lab.Dir, "go.mod")}}
	lab.Env["GOWORK"] = work
	made := carryOut(s, filepath.Join(lab.Dir, "lib"))
	if out, err := list(); err == nil {
		t.Fatalf("the other module is used before it is: %s", out)
	}
	s.Work = &model.Work{File: work}
	used := carryOut(s, other)
	if out, err := list(); err != nil || !strings.Contains(out, "example.com/lib") {
		t.Errorf("go does not take it: %v\n%s", err, out)
	}
	for _, p := range []fix.Plan{used, made} {
		if err := p.Undo[0].Edit.Write(w); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(work); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("go.work is still there: %v", err)
	}
	delete(lab.Env, "GOWORK")
}
