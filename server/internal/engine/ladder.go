package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/cause"
	"github.com/gophantom/gophantom/server/internal/fix"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/rules"
	"github.com/gophantom/gophantom/server/internal/world"
)

// ladder orders fixes by their side effects, the smallest first.
var ladder = []string{
	fix.ReloadGopls, fix.ReloadBySetting, fix.Unmask, fix.RestartGopls, fix.SessionEnv, fix.UseShellValue,
	fix.FixPattern, fix.SetVariable, fix.UnsetVariable, fix.AddPattern, fix.WorkUse, fix.OpenModule, fix.RebuildGopls,
	fix.RestartExtensions, fix.Relaunch, fix.RunCommand, fix.ByHand,
}

// lastRungs cost the user what is running in the editor, so they are shown only
// once every other rung for a problem was tried, or cannot be.
var lastRungs = []string{fix.RestartExtensions, fix.Relaunch}

// byRung orders offers by their side effects.
func byRung(x, y model.FixOffer) int { return slices.Index(ladder, x.ID) - slices.Index(ladder, y.ID) }

// identify gives a verdict its context.
func identify(w *world.World, v *model.Verdict) {
	v.ContextID = rules.ContextID(cause.Subject(*v, layoutDir(w, *v)))
}

// complete gives a verdict its context and the fixes that its cause calls for.
func (a *Assessment) complete(w *world.World, v *model.Verdict) {
	identify(w, v)
	switch {
	case v.Kind == model.Real || v.Kind == model.Unknown:
		v.Fixes = a.commands(w, *v)
		return
	case v.Kind != model.Phantom:
		return
	}
	if a.Snapshot.Editor == nil {
		return
	}
	defer func() { slices.SortStableFunc(v.Fixes, byRung) }()
	switch v.Cause {
	case model.CauseStale:
		v.Fixes = a.forStale()
	case model.CauseEnv:
		daemon := a.forDaemon()
		inherited := slices.ContainsFunc(v.Guilty, func(g model.Guilty) bool { return g.Editor.Origin.Layer == model.LayerProcess })
		if v.Fixes = daemon; daemon == nil || !inherited { // what the daemon has of the editor, a cure of the editor reaches
			v.Fixes = a.forEnv(v.Guilty)
		}
	case model.CauseLayout:
		v.Fixes = forLayout(w, v.Problem.File)
	case model.CauseVersion:
		v.Fixes = []model.FixOffer{{ID: fix.RebuildGopls}}
		if a.Snapshot.Editor.RunsGopls {
			v.Fixes = []model.FixOffer{{ID: fix.RunCommand, Args: map[string]model.Value{
				"command": model.NewValue("go install golang.org/x/tools/gopls@latest"), "dir": model.NewValue(a.Snapshot.Dir),
				"why": model.NewValue("gopls was built with a Go that is older than the code; restart it after that"),
			}}}
		}
		v.Fixes = append(v.Fixes, a.forDaemon()...)
		if v.Stale != nil { // one that is new enough is there already
			v.Fixes = append(v.Fixes, model.FixOffer{ID: fix.RestartGopls})
		}
	case model.CauseExcluded:
		where := "put the tags it asks for into go.buildTags, or GOOS and GOARCH into go.toolsEnvVars"
		if a.Snapshot.Editor.RunsGopls {
			where = "put the tags it asks for into build.buildFlags of gopls’ settings, as -tags=…, or GOOS and GOARCH into build.env"
		}
		v.Fixes = []model.FixOffer{byHand("Let gopls look at this file", "No build of yours has this file, because of its build constraints or its name, so there is nothing to mend. "+
			"To have gopls look at it all the same, "+where+"; that changes what gopls shows of all other files, too.")}
	}
}

// forDaemon is what to do where gopls only forwards to a shared daemon, which
// nothing that is done to the editor reaches; nil if there is none.
func (a *Assessment) forDaemon() []model.FixOffer {
	if len(a.Snapshot.Gopls) == 0 || a.Snapshot.Gopls[0].Daemon == 0 {
		return nil
	}
	return []model.FixOffer{byHand("Stop the shared daemon of gopls", fmt.Sprintf("gopls only forwards to a shared daemon (-remote), which goes on as it was started, whatever is done to the editor. "+
		"End that process (%d), then restart gopls; a new daemon is started with what the editor has now. Other editors that share it have to restart their gopls, too.", a.Snapshot.Gopls[0].Daemon))}
}

// forStale are the ways to make gopls look again.
func (a *Assessment) forStale() []model.FixOffer {
	fixes := []model.FixOffer{{ID: fix.ReloadGopls}}
	if !fix.Reloadable(a.Snapshot) && !a.Snapshot.Editor.RunsGopls {
		fixes = append(fixes, model.FixOffer{ID: fix.ReloadBySetting})
	}
	// What keeps gopls from seeing the truth may also keep a restarted one from
	// it: a mask goes first.
	for _, f := range a.Findings {
		if f.Rule == "masked-variable" {
			fixes = append(fixes, f.Fixes...)
		}
	}
	fixes = append(fixes, model.FixOffer{ID: fix.RestartGopls})
	if !a.Snapshot.Editor.RunsGopls {
		fixes = append(fixes, model.FixOffer{ID: fix.RestartExtensions})
	}
	return append(fixes, model.FixOffer{ID: fix.Relaunch})
}

// forEnv are the ways to give gopls the shell's values of the guilty variables.
// What mends only one of several that are needed together is no cure.
func (a *Assessment) forEnv(guilty []model.Guilty) (fixes []model.FixOffer) {
	if len(guilty) == 0 {
		return []model.FixOffer{{ID: fix.RestartGopls}, {ID: fix.Relaunch}}
	}
	var names []string
	for _, g := range guilty {
		names = append(names, g.Variable)
	}
	if len(guilty) == 1 {
		for _, f := range a.Findings {
			if f.Subject == names[0] {
				fixes = append(fixes, f.Fixes...)
			}
		}
	}
	has := func(id string) bool {
		return slices.ContainsFunc(fixes, func(f model.FixOffer) bool { return f.ID == id })
	}
	mended := len(fixes) > 0
	args := map[string]model.Value{"variable": model.NewValue(strings.Join(names, ","))}
	if !has(fix.Unmask) { // which does the same with a variable that the shell does not have
		fixes = append(fixes, model.FixOffer{ID: fix.SessionEnv, Args: args})
	}
	if !mended && a.Snapshot.Extension != nil && !slices.Contains(names, "PATH") {
		fixes = append(fixes, model.FixOffer{ID: fix.UseShellValue, Args: args})
	}
	if !has(fix.Relaunch) {
		fixes = append(fixes, model.FixOffer{ID: fix.Relaunch})
	}
	return fixes
}

// forLayout are the ways to have gopls load the module that a file is in.
func forLayout(w *world.World, file string) []model.FixOffer {
	module := moduleDir(w, filepath.Dir(file))
	if module == "" {
		return nil
	}
	args := map[string]model.Value{"dir": model.NewValue(module)}
	return []model.FixOffer{{ID: fix.WorkUse, Args: args}, {ID: fix.OpenModule, Args: args}}
}

// layoutDir is the directory of the module that gopls has not loaded the file
// of; "" for what has another cause.
func layoutDir(w *world.World, v model.Verdict) string {
	if v.Cause != model.CauseLayout {
		return ""
	}
	return moduleDir(w, filepath.Dir(v.Problem.File))
}

// moduleDir is the directory of the module that dir is in; "" if it is in none.
func moduleDir(w *world.World, dir string) string {
	for {
		if info, err := w.Files.Stat(filepath.Join(dir, "go.mod")); err == nil && info.Mode().IsRegular() {
			return dir
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return ""
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// advice is a line of what go prints that tells which command to run, of those
// that change nothing but files of go about modules.
var advice = regexp.MustCompile(`(?m)^\s+(go (?:mod (?:tidy|vendor|download)|work (?:vendor|sync|use)|get)\b.*?)\s*$`)

// commands are what the user can run against the reason that go gives: the
// command that go itself names, where it has to be run.
func (a *Assessment) commands(w *world.World, v model.Verdict) []model.FixOffer {
	reason := v.TrueReason.Reveal()
	dir := moduleDir(w, filepath.Dir(v.Problem.File))
	if reason == "" || dir == "" {
		return nil
	}
	run := func(command, why string) []model.FixOffer {
		if work := a.Snapshot.Work; work != nil && strings.HasPrefix(command, "go work ") {
			dir = filepath.Dir(work.File)
		}
		return []model.FixOffer{{ID: fix.RunCommand, Args: map[string]model.Value{
			"command": model.NewValue(command), "dir": model.NewValue(dir), "why": model.NewValue(why),
		}}}
	}
	if m := advice.FindStringSubmatch(reason); m != nil {
		return run(m[1], "that is what go asks for")
	}
	shell, known := a.Snapshot.Env(model.EnvShell)
	offline := strings.Contains(reason, "module lookup disabled by GOPROXY=off")
	if known && offline && shell.Lookup("GOPROXY").Value.Reveal() != "off" {
		if missing, looked := a.Snapshot.Missing(shell); looked && len(missing) > 0 {
			return run("go mod download", "modules that go.mod requires are not on this machine yet")
		}
	}
	return nil
}

// byHand is an advice.
func byHand(title, text string) model.FixOffer {
	return model.FixOffer{ID: fix.ByHand, Args: map[string]model.Value{"title": model.NewValue(title), "text": model.NewValue(text)}}
}

// rank orders offers by the ladder.
func rank(x, y offer) int { return byRung(x.FixOffer, y.FixOffer) }

// shown is a look without the last rungs of those problems for which another
// rung can still be tried.
func (l *Loop) shown(v survey) survey {
	l.mu.Lock()
	tried := make(map[string]bool, len(l.tried))
	for key := range l.tried {
		tried[key] = true
	}
	l.mu.Unlock()
	over := map[string]bool{} // by key: whether there is nothing to try of an offer
	done := func(o offer) bool {
		key := o.key()
		if known, ok := over[key]; ok {
			return known
		}
		over[key] = tried[key] || slices.Contains(lastRungs, o.ID)
		if !over[key] {
			p, err := o.plan(l.w)
			over[key] = err != nil || p.Disabled != "" || len(p.Steps) == 0
		}
		return over[key]
	}
	out := slices.Clone(v)
	for i, a := range out {
		out[i].Verdicts = slices.Clone(a.Verdicts)
		for j := range out[i].Verdicts {
			verdict := &out[i].Verdicts[j]
			if slices.ContainsFunc(verdict.Fixes, func(f model.FixOffer) bool {
				return !done(offer{FixOffer: f, in: a.Snapshot, verdict: verdict})
			}) {
				verdict.Fixes = slices.DeleteFunc(slices.Clone(verdict.Fixes), func(f model.FixOffer) bool { return slices.Contains(lastRungs, f.ID) })
			}
		}
	}
	return out
}
