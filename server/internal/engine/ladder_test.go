package engine_test

import (
	"context"
	"errors"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/fix"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// able are all the actions of an editor.
var able = []string{
	model.ActionUnsetEnv, model.ActionSetEnv, model.ActionRestartGopls, model.ActionSave,
	model.ActionReloadGopls, model.ActionInstallGopls, model.ActionRestartExtensions, model.ActionAddFolder,
}

// stale is an editor whose gopls has not seen that the module was downloaded.
func stale(t *testing.T) *editor {
	lab := worldtest.NewLab(t)
	lab.Write(filepath.Join(lab.Home, ".config", "go", "env"), "GOPROXY=off\n")
	e := newEditor(t, lab)
	e.actions = able
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
	return e
}

// fixes are the ids of what is offered for the only problem.
func fixes(u engine.Update) (ids []string) {
	for _, f := range u.Report.Problems[0].Fixes {
		ids = append(ids, f.ID)
	}
	return ids
}

func stalePhantom(u engine.Update) bool {
	return phantom(u) && u.Report.Problems[0].Cause == string(model.CauseStale)
}

func TestReloadCuresAStaleGopls(t *testing.T) {
	e := stale(t)
	u := e.await("the phantom", stalePhantom)
	if got := fixes(u); !slices.Equal(got, []string{fix.ReloadGopls, fix.RestartGopls}) || u.Cure != "Reload gopls" {
		t.Errorf("offered %q, first %q", got, u.Cure)
	}
	restarts := e.restarts
	r := e.loop.Cure(t.Context(), e)
	if r.Outcome != "cured" || e.reloads != 1 || e.restarts != restarts || r.Undoable {
		t.Errorf("%+v after %d reloads and %d restarts", r, e.reloads, e.restarts-restarts)
	}
	if r.Millis < 800 {
		t.Errorf("cured after %d ms, before gopls can have looked", r.Millis)
	}
}

// blind is an editor whose gopls goes on to show what it showed, whatever it is
// asked to do.
type blind struct{ *editor }

func (blind) ReloadGopls(context.Context, []string) error { return nil }
func (blind) RestartGopls(context.Context) error          { return nil }

// TestLadderIsClimbedRungByRung: what costs the user a lot is offered once the
// rest did not help.
func TestLadderIsClimbedRungByRung(t *testing.T) {
	e := stale(t)
	e.await("the phantom", stalePhantom)
	user := &restarter{blind: blind{e}}
	r := e.loop.Cure(t.Context(), user)
	if r.Outcome != "not-cured" || r.Next != "Restart gopls" || !strings.Contains(r.Message, "gopls still shows the problem") {
		t.Fatalf("the reload: %+v", r)
	}
	if r = e.loop.Cure(t.Context(), user); r.Outcome != "not-cured" || r.Next != "Restart the editor’s extensions" {
		t.Fatalf("the restart: %+v", r)
	}
	e.await("the last rungs", func(u engine.Update) bool {
		return phantom(u) && slices.Equal(fixes(u), []string{fix.ReloadGopls, fix.RestartGopls, fix.RestartExtensions, fix.Relaunch})
	})
	if r = e.loop.Cure(t.Context(), user); r.Outcome != "declined" || len(user.questions) != 1 {
		t.Fatalf("the extension host: %+v, asked %q", r, user.questions)
	}
	user.agree = true
	if r = e.loop.Cure(t.Context(), user); r.Outcome != "restarting" || user.ended != 1 || r.Undoable {
		t.Fatalf("the extension host: %+v, restarted %d times", r, user.ended)
	}
}

type restarter struct {
	blind
	agree     bool
	questions []string
	ended     int
}

func (r *restarter) Confirm(_ context.Context, title, _ string, _ []engine.Edit) (bool, error) {
	r.questions = append(r.questions, title)
	return r.agree, nil
}

func (r *restarter) RestartExtensionHost(context.Context) error { r.ended++; return nil }

func TestSessionEnvCures(t *testing.T) {
	e := drifted(t)
	u := e.await("the phantom", phantom)
	if !strings.HasPrefix(u.Cure, "Use the shell's GOPROXY until") {
		t.Errorf("offered %q, first %q", fixes(u), u.Cure)
	}
	if r := e.loop.Cure(t.Context(), e); r.Outcome != "cured" || e.host["GOPROXY"] != "file://"+e.Proxy || !r.Undoable {
		t.Fatalf("%+v, GOPROXY=%s", r, e.host["GOPROXY"])
	}
	if r := e.loop.Undo(t.Context(), e, ""); r.Outcome != "undone" || e.host["GOPROXY"] != "off" || r.Undoable {
		t.Errorf("%+v, GOPROXY=%s", r, e.host["GOPROXY"])
	}
}

// TestGuiltySetIsCuredAsASet has two variables that are both in the way.
func TestGuiltySetIsCuredAsASet(t *testing.T) {
	lab := worldtest.NewLab(t)
	e := newEditor(t, lab)
	lab.Write(filepath.Join(lab.Home, ".profile"), "export PATH='"+lab.Env["PATH"]+"' GOPROXY='file://"+lab.Proxy+"'\nunset GOFLAGS\n")
	for _, env := range []map[string]string{e.host, e.launch} {
		maps.Copy(env, map[string]string{"GOPROXY": "off", "GOFLAGS": "-mod=vendor"})
	}
	e.startGopls()
	e.run()
	u := e.await("the phantom", phantom)
	if p := u.Report.Problems[0]; len(p.Guilty) != 2 {
		t.Fatalf("guilty are %q", p.Guilty)
	}
	if got := fixes(u); !slices.Equal(got, []string{fix.SessionEnv, fix.UseShellValue}) {
		t.Errorf("offered %q", got)
	}
	r := e.loop.Cure(t.Context(), e)
	if _, set := e.host["GOFLAGS"]; r.Outcome != "cured" || set || e.host["GOPROXY"] == "off" {
		t.Errorf("%+v, %v", r, e.host)
	}
	if r := e.loop.Undo(t.Context(), e, ""); r.Outcome != "undone" || e.host["GOPROXY"] != "off" || e.host["GOFLAGS"] != "-mod=vendor" {
		t.Errorf("%+v, %v", r, e.host)
	}
}

// spoiler is an editor in which setting a variable breaks more.
type spoiler struct{ *editor }

func (s spoiler) SetEnv(ctx context.Context, values map[string]string) error {
	s.mu.Lock()
	s.spoiled = filepath.Join(s.Dir, "other.go")
	if values["GOPROXY"] == "off" { // the undo
		s.spoiled = ""
	}
	s.mu.Unlock()
	return s.editor.SetEnv(ctx, map[string]string{"GOPROXY": "off"})
}

func TestCureThatMakesThingsWorseIsUndone(t *testing.T) {
	e := drifted(t)
	e.await("the phantom", phantom)
	e.Write(filepath.Join(e.Dir, "other.go"), "package main\n\nimport _ \"example.com/greet\"\n")
	r := e.loop.Cure(t.Context(), spoiler{e})
	if r.Outcome != "not-cured" || !strings.Contains(r.Message, "made things worse and was undone") || !strings.Contains(r.Message, "other.go:3") {
		t.Errorf("%+v", r)
	}
	if e.host["GOPROXY"] != "off" || r.Undoable || r.Next == "" {
		t.Errorf("%+v, GOPROXY=%s", r, e.host["GOPROXY"])
	}
}

// TestCureThatFailsHalfwayCanBeUndone: the variables are set, and gopls does
// not restart.
func TestCureThatFailsHalfwayCanBeUndone(t *testing.T) {
	e := drifted(t)
	e.await("the phantom", phantom)
	r := e.loop.Cure(t.Context(), unrestartable{e})
	if r.Outcome != "not-cured" || !r.Undoable || !strings.Contains(r.Message, "no such command") || r.Next == "" {
		t.Errorf("%+v", r)
	}
	if r := e.loop.Undo(t.Context(), e, ""); r.Outcome != "undone" || e.host["GOPROXY"] != "off" {
		t.Errorf("%+v, GOPROXY=%s", r, e.host["GOPROXY"])
	}
}

type unrestartable struct{ *editor }

func (unrestartable) RestartGopls(context.Context) error { return errNoCommand }

// TestFixesByCause goes through the causes that this package does not find out
// itself.
func TestFixesByCause(t *testing.T) {
	lab := worldtest.NewLab(t)
	e := newEditor(t, lab)
	s := &model.Snapshot{Dir: lab.Dir, Trusted: true, Editor: &model.Editor{Actions: able}, Extension: &model.GoExtension{Active: true, UseLanguageServer: true}}
	s.Work = &model.Work{File: filepath.Join(filepath.Dir(lab.Dir), "go.work")}
	problem := model.Problem{Location: model.Location{File: lab.File}}
	reason := func(text string) model.Value { return model.NewValue(text) }
	for name, tt := range map[string]struct {
		v      model.Verdict
		old    bool // gopls is
		daemon int  // the process that it forwards to
		want   []string
	}{
		"stale":         {v: model.Verdict{Kind: model.Phantom, Cause: model.CauseStale}, want: []string{"reload-gopls", "restart-gopls", "restart-extension-host", "relaunch"}},
		"stale and old": {v: model.Verdict{Kind: model.Phantom, Cause: model.CauseStale}, old: true, want: []string{"reload-gopls", "reload-by-setting", "restart-gopls", "restart-extension-host", "relaunch"}},
		"layout":        {v: model.Verdict{Kind: model.Phantom, Cause: model.CauseLayout}, want: []string{"work-use dir=" + lab.Dir, "open-module dir=" + lab.Dir}},
		"version":       {v: model.Verdict{Kind: model.Phantom, Cause: model.CauseVersion}, want: []string{"rebuild-gopls"}},
		"replaced":      {v: model.Verdict{Kind: model.Phantom, Cause: model.CauseVersion, Stale: &model.Staleness{What: model.StaleBinary}}, want: []string{"restart-gopls", "rebuild-gopls"}},
		"excluded":      {v: model.Verdict{Kind: model.Phantom, Cause: model.CauseExcluded}, want: []string{"by-hand"}},
		"unsure which":  {v: model.Verdict{Kind: model.Phantom, Cause: model.CauseEnv}, want: []string{"restart-gopls", "relaunch"}},
		"PATH":          {v: model.Verdict{Kind: model.Phantom, Cause: model.CauseEnv, Guilty: []model.Guilty{{Variable: "PATH"}}}, want: []string{"session-env", "relaunch"}},
		"PATH of a daemon": {
			v:      model.Verdict{Kind: model.Phantom, Cause: model.CauseEnv, Guilty: []model.Guilty{{Variable: "PATH", Editor: model.Setting{Origin: model.Origin{Layer: model.LayerProcess}}}}},
			daemon: 7, want: []string{"by-hand"},
		},
		"GOFLAGS behind a daemon": {
			v:      model.Verdict{Kind: model.Phantom, Cause: model.CauseEnv, Guilty: []model.Guilty{{Variable: "GOFLAGS", Editor: model.Setting{Origin: model.Origin{Layer: model.LayerInjected}}}}},
			daemon: 7, want: []string{"session-env", "use-shell-value", "relaunch"},
		},
		"version of a daemon": {v: model.Verdict{Kind: model.Phantom, Cause: model.CauseVersion}, daemon: 7, want: []string{"rebuild-gopls", "by-hand"}},
		"no reason":           {v: model.Verdict{Kind: model.Real}},
		"analyzer":            {v: model.Verdict{Kind: model.NotBuild, TrueReason: reason("to add it:\n\tgo get x")}},
		"vendor": {
			v:    model.Verdict{Kind: model.Real, TrueReason: reason("go: inconsistent vendoring in /ws:\n\ta@v1: is explicitly required\n\n\tTo ignore the vendor directory, use -mod=readonly or -mod=mod.\n\tTo sync the vendor directory, run:\n\t\tgo mod vendor\n")},
			want: []string{"run-command command=go mod vendor dir=" + lab.Dir},
		},
		"workspace vendor": {
			v:    model.Verdict{Kind: model.Real, TrueReason: reason("\tTo sync the vendor directory, run:\n\t\tgo work vendor")},
			want: []string{"run-command command=go work vendor dir=" + filepath.Dir(lab.Dir)},
		},
		"tidy":    {v: model.Verdict{Kind: model.Real, TrueReason: reason("go: updates to go.mod needed; to update it:\n\tgo mod tidy")}, want: []string{"run-command command=go mod tidy dir=" + lab.Dir}},
		"sum":     {v: model.Verdict{Kind: model.Unknown, TrueReason: reason("missing go.sum entry for go.mod file; to add it:\n\tgo mod download example.com/x")}, want: []string{"run-command command=go mod download example.com/x dir=" + lab.Dir}},
		"no sudo": {v: model.Verdict{Kind: model.Real, TrueReason: reason("run:\n\tgo clean -modcache\n\tgo env -w GOSUMDB=off")}},
	} {
		t.Run(name, func(t *testing.T) {
			s.Gopls = []model.GoplsProcess{{Version: "v0.23.0", Daemon: tt.daemon}}
			if tt.old {
				s.Gopls[0].Version = "v0.18.0"
			}
			tt.v.Problem = problem
			var got []string
			for _, f := range engine.FixesOf(e.w, s, tt.v) {
				id := f.ID
				for _, name := range []string{"command", "dir"} {
					if a := f.Args[name]; !a.Empty() {
						id += " " + name + "=" + a.Reveal()
					}
				}
				got = append(got, id)
				if _, err := fix.Make(e.w, s, f, report.Show); err != nil {
					t.Errorf("%s: %v", id, err)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

var errNoCommand = errors.New("no such command")
