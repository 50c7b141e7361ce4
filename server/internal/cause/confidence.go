package cause

import (
	"fmt"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

// Confidence is how sure it is that a cause is the one, from 0 to 100: the sum
// of what speaks for it and against it, each of which is shown.
type Confidence struct {
	Percent       int
	Contributions []Contribution
}

// The mechanisms that contribute to a confidence.
const (
	Trace    = model.MechanismTrace
	Baseline = model.MechanismBaseline
	Context  = model.MechanismContext
)

// Contribution is one reason to believe a cause, or not to.
type Contribution struct {
	Mechanism string
	Name      string // what was looked at, in two or three words
	Weight    int    // in points of the hundred; 0 says that it could not be looked at
	Why       Text   // one clause
}

// confidence weighs the cause of a phantom. The greatest weights are those of
// experiments with the real go command; what is merely consistent weighs little.
func (x *building) confidence(v Judged) (c Confidence) {
	add := func(mechanism, name string, weight int, why string) {
		c.Contributions = append(c.Contributions, Contribution{mechanism, name, weight, words(why)})
		c.Percent += weight
	}
	outcome := map[model.EnvName]string{}
	for _, e := range v.Evidence {
		outcome[e.Env] = e.Outcome
	}
	shell, gopls := outcome[model.EnvShell], outcome[model.EnvGopls]
	switch {
	case shell == "green" && gopls == "red":
		add(Trace, "ground truth", 50, "go is content in your shell and fails in gopls’ environment")
	case shell == "green" && v.Cause == model.CauseStale:
		add(Trace, "ground truth", 50, "go is content in your shell and in gopls’ environment, so only gopls itself is behind")
	case shell == "green":
		add(Trace, "ground truth", 40, "go is content in your shell")
	case v.Cause == model.CauseExcluded:
		add(Trace, "ground truth", 50, "no build has the file")
	default:
		add(Trace, "ground truth", 20, "go was asked, with less than a clear answer")
	}
	guilty := listed(names(v.Guilty))
	switch {
	case len(v.Guilty) == 0:
	case v.Bisect.Runs > 0:
		add(Context, "experiment", 30, fmt.Sprintf("exchanging %s alone, of %d that differ, turns red into green", guilty, v.Bisect.Differing))
	default:
		add(Context, "experiment", 20, "nothing but "+guilty+" differs that could matter")
	}
	if len(v.Guilty) > 0 && strings.Contains(v.TrueReason.Reveal(), v.Guilty[0].Variable) {
		add(Trace, "go’s own words", 10, "what go prints names "+v.Guilty[0].Variable)
	}
	if len(v.Others) > 0 {
		add(Context, "rivals", -15, listed(names(v.Others))+" alone would do the same")
	}
	located := len(v.Guilty) > 0
	for _, g := range v.Guilty {
		o := g.Editor.Origin
		if !g.Editor.Set {
			o = g.Shell.Origin
		}
		located = located && o.File != "" && o.Line > 0
	}
	if located {
		add(Context, "line", 5, "the line that set it is known")
	}
	x.baseline(v, add)
	c.Percent = max(0, min(100, c.Percent))
	return c
}

// listed is "a", "a and b", "a, b and c".
func listed(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	last := len(items) - 1
	return strings.Join(items[:last], ", ") + " and " + items[last]
}

// baseline weighs what changed and when.
func (x *building) baseline(v Judged, add func(mechanism, name string, weight int, why string)) {
	started := x.started()
	if v.Stale != nil {
		switch {
		case v.Stale.What == model.StaleBinary:
			add(Baseline, "change", 35, "a gopls that is new enough took its place on the disk since it was started")
		case v.Stale.Setting != nil:
			add(Baseline, "change", 35, fmt.Sprintf("the setting %s changed %s, and gopls has not taken it", v.Stale.Setting.Setting, x.when(v.Stale.Since)))
		case v.Stale.File != "" && !v.Stale.Since.IsZero():
			add(Baseline, "change", 35, fmt.Sprintf("%s changed %s, and gopls has not looked again since", x.path(v.Stale.File), x.when(v.Stale.Since)))
		case v.Stale.What != model.StaleUnknown:
			add(Baseline, "change", 25, "it is known what changed, though not when")
		default:
			add(Baseline, "change", 0, "what changed is not known")
		}
		return
	}
	for _, g := range v.Guilty {
		for _, e := range append(x.changesOf(g.Editor, model.EnvGopls), x.changesOf(g.Shell, model.EnvShell)...) {
			if e.Late {
				continue
			}
			add(Baseline, "change", 10, x.changed(g.Variable, e.At, string(e.Env)))
			return
		}
	}
	if !x.in.Green.IsZero() && len(v.Guilty) > 0 {
		add(Baseline, "change", -5, fmt.Sprintf("%s is what it was when everything was green", listed(names(v.Guilty))))
		return
	}
	for _, g := range v.Guilty {
		for _, e := range x.in.Changes {
			if e.Variable != "" || e.Module != "" || e.File == "" || e.File != g.Shell.Origin.File && e.File != g.Editor.Origin.File || started.IsZero() || !e.At.After(started) {
				continue
			}
			add(Baseline, "change", 5, fmt.Sprintf("%s changed after gopls was started", x.path(e.File)))
			return
		}
	}
	add(Baseline, "change", 0, "no change since gopls was started is known")
}
