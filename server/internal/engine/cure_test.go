package engine_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/fix"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// asked is an editor whose user answers the questions before a cure.
type asked struct {
	*editor
	agree     bool
	questions []string
	edits     []engine.Edit
}

func (a *asked) Confirm(_ context.Context, title, preview string, _ []engine.Edit) (bool, error) {
	a.questions = append(a.questions, title+"\n"+preview)
	return a.agree, nil
}

func (a *asked) ApplyEdit(_ context.Context, edit engine.Edit) (bool, error) {
	a.edits = append(a.edits, edit)
	if edit.Delete {
		return true, os.Remove(edit.File)
	}
	return true, edit.Write(a.w)
}

// drifted is an editor that was started with GOPROXY=off, while the shell's
// start-up file sets the proxy. prepare changes its world before the loop runs.
func drifted(t *testing.T, prepare ...func(*editor)) *editor {
	lab := worldtest.NewLab(t)
	e := newEditor(t, lab)
	lab.Write(filepath.Join(lab.Home, ".profile"), "export PATH='"+lab.Env["PATH"]+"' GOPROXY='file://"+lab.Proxy+"'\n")
	e.host["GOPROXY"], e.launch["GOPROXY"] = "off", "off"
	for _, p := range prepare {
		p(e)
	}
	e.startGopls()
	e.run()
	return e
}

func TestEditIsShownBeforeItIsMade(t *testing.T) {
	e := drifted(t)
	e.await("the phantom", phantom)
	user := &asked{editor: e}
	settings := filepath.Join(e.Dir, ".vscode", "settings.json")

	fixIt := engine.FixRequest{Fix: fix.UseShellValue, Args: map[string]string{"variable": "GOPROXY"}}

	if r := e.loop.Fix(t.Context(), user, fixIt); r.Outcome != "declined" || len(user.edits) != 0 {
		t.Errorf("a refusal: %+v, edits %+v", r, user.edits)
	}
	if len(user.questions) != 1 || !strings.Contains(user.questions[0], `"GOPROXY": "file://`+e.Proxy) || !strings.Contains(user.questions[0], "+++ .vscode/settings.json") {
		t.Fatalf("asked %q", user.questions)
	}
	if _, err := os.Stat(settings); !os.IsNotExist(err) {
		t.Errorf("%s is there: %v", settings, err)
	}

	user.agree = true
	e.loop.Fix(t.Context(), user, fixIt) // this editor reads no settings, so it does not help
	if len(user.edits) != 1 || user.edits[0].File != settings {
		t.Fatalf("edits %+v", user.edits)
	}
	if r := e.loop.Undo(t.Context(), user, ""); r.Outcome != "undone" {
		t.Errorf("undo: %+v", r)
	}
	if len(user.questions) != 2 {
		t.Errorf("asked again: %q", user.questions)
	}
}

func TestWeakerSecurityIsSaid(t *testing.T) {
	lab := worldtest.NewLab(t)
	goenv := filepath.Join(lab.Home, ".config", "go", "env")
	const before = "GOPROXY=off\nGOINSECURE=git.corp.example:8443\n"
	lab.Write(goenv, before)
	e := newEditor(t, lab)
	e.startGopls()
	e.run()
	e.await("the finding", func(u engine.Update) bool { return strings.Contains(u.Cure, "GOINSECURE") })
	user := &asked{editor: e}
	if r := e.loop.Cure(t.Context(), user); r.Outcome != "declined" {
		t.Errorf("the cure: %+v", r)
	}
	if len(user.questions) != 1 || !strings.Contains(user.questions[0], "weakens security") {
		t.Errorf("asked %q", user.questions)
	}
	if data, err := os.ReadFile(goenv); err != nil || string(data) != before {
		t.Errorf("%s holds %q, %v", goenv, data, err)
	}
}

// TestFilledModuleCacheIsSeen downloads a module behind the back of gopls.
func TestFilledModuleCacheIsSeen(t *testing.T) {
	lab := worldtest.NewLab(t)
	lab.Write(filepath.Join(lab.Home, ".config", "go", "env"), "GOPROXY=off\n")
	e := newEditor(t, lab)
	e.startGopls()
	e.run()
	e.await("the verdict", func(u engine.Update) bool {
		return !u.Busy && len(u.Report.Problems) == 1 && u.Report.Problems[0].Verdict == string(model.Real)
	})
	download := exec.Command("go", "mod", "download", "-modcacherw")
	download.Dir = e.Dir
	for name, value := range lab.With("GOPROXY=file://"+lab.Proxy, "GOSUMDB=off") {
		download.Env = append(download.Env, name+"="+value)
	}
	if out, err := download.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	u := e.await("the phantom", phantom)
	if p := u.Report.Problems[0]; p.Cause != string(model.CauseStale) {
		t.Errorf("verdict %+v", p)
	}
	if r := e.loop.Cure(t.Context(), e); r.Outcome != "cured" {
		t.Errorf("the cure: %+v", r)
	}
}
