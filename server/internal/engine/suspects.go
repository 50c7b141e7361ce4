package engine

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gophantom/gophantom/server/internal/baseline"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/verify"
	"github.com/gophantom/gophantom/server/internal/world"
)

const (
	// mostSuspects is how many things that may be at fault are told, and
	// leastScore what each of them is worth at least.
	mostSuspects = 5
	leastScore   = 0.3
)

// suspects are what may be at fault for what has a contextId, the likeliest
// first: what changed, and what is as it was.
func (a Assessment) suspects(w *world.World, contextID string) []report.Changed {
	var b baseline.Baseline
	if !a.Replayed {
		b, _, _ = baselines{w, a.read}.of(a.Snapshot.Dir) // without one, what changed is not known
	}
	candidates := a.candidates(b)
	var out []baseline.Ranked
	trouble := a.trouble(b, candidates, contextID)
	for _, r := range baseline.Rank(candidates, trouble) {
		if r.Score < leastScore || len(out) == mostSuspects {
			break
		}
		// A variable in several environments is one thing.
		if !slices.ContainsFunc(out, func(o baseline.Ranked) bool { return o.Kind == r.Kind && o.Name == r.Name }) {
			out = append(out, r)
		}
	}
	return a.publicRanks(w, out, trouble)
}

// candidates are the facts that may be at fault: what is not as it was when
// everything was green, what was seen to change where nothing is known of then,
// and all others.
func (a Assessment) candidates(b baseline.Baseline) []baseline.Change {
	events := map[factKey]report.HistoryEvent{}
	for _, e := range a.Happened {
		if e.Kind == eventChanged && e.Fact != "" {
			events[keyOf(e)] = e
		}
	}
	out := b.Suspects(a.Snapshot)
	for i, c := range out {
		if !c.Unknown || len(events) == 0 {
			continue
		}
		now, _ := factEvent(c)
		if e, seen := events[keyOf(now)]; seen && e.Is == now.Is {
			out[i].Unknown, out[i].Was, out[i].Added = false, e.Was, e.Was == ""
		}
	}
	there := map[factKey]bool{}
	for _, c := range out {
		e, _ := factEvent(c)
		there[keyOf(e)] = true
	}
	for _, key := range slices.SortedFunc(maps.Keys(events), factKey.compare) {
		if e := events[key]; e.Is == "" && e.Was != "" && !there[key] && len(b.Facts) == 0 {
			out = append(out, baseline.Change{Fact: baseline.Fact{Kind: baseline.Kind(key.fact), Env: model.EnvName(key.environment), Name: factName(e)}, Was: e.Was, Removed: true})
		}
	}
	return out
}

// factName is the name that a fact has which an event is about.
func factName(e report.HistoryEvent) string {
	if e.Fact == string(baseline.Require) {
		return "go.mod " + e.Subject
	}
	return e.Subject
}

func (k factKey) compare(other factKey) int {
	return cmp.Or(strings.Compare(k.fact, other.fact), strings.Compare(k.environment, other.environment), strings.Compare(k.subject, other.subject))
}

// factKey is the same for one fact at any time.
type factKey struct{ fact, environment, subject string }

func keyOf(e report.HistoryEvent) factKey { return factKey{e.Fact, e.Environment, e.Subject} }

// scene is what there is to weigh of what has a contextId.
type scene struct {
	Assessment
	verdicts   []model.Verdict
	candidates []baseline.Change
	t          *baseline.Trouble
	words      []model.Message // of go and gopls, that are to the point
	text       string          // of the words
	all        string          // what the catalogue does not know, what verdicts come from, and what problems say
	fetched    []string        // modules that the words are about, required or not
	rerouted   map[string]bool // see reroutes
}

// trouble is what the assessment knows that tells what is at fault for what has a
// contextId; "" for all there is.
func (a Assessment) trouble(b baseline.Baseline, candidates []baseline.Change, contextID string) baseline.Trouble {
	var t baseline.Trouble
	s := &scene{Assessment: a, verdicts: a.verdictsOf(contextID), candidates: candidates, t: &t, rerouted: map[string]bool{}}
	for _, v := range s.verdicts {
		t.Phantom, t.Real = t.Phantom || v.Kind == model.Phantom, t.Real || v.Kind == model.Real
		for _, g := range slices.Concat(v.Guilty, v.Others, v.Earlier) {
			if !v.Fetch || !s.coldAlready(g.Variable) {
				t.Guilty = append(t.Guilty, g.Variable)
			}
		}
		for _, l := range v.Lines {
			t.Flips = append(t.Flips, baseline.KeyOf(l))
		}
		if v.Stale != nil && v.Stale.File != "" {
			t.Files = append(t.Files, v.Stale.File)
		}
		if v.Stale != nil && v.Stale.What == model.StaleBranch {
			t.Told = append(t.Told, string(baseline.Branch))
		}
		if path, ok := verify.ImportOf(v.Problem); ok && v.Kind != model.NotBuild {
			t.Modules = append(t.Modules, path)
			t.Modules = append(t.Modules, a.modulesOf(path)...)
			t.Route = append(t.Route, a.routeOf(path)...)
		}
	}
	t.Real = t.Real && !t.Phantom
	t.Modules = append(t.Modules, gone(candidates, t.Modules)...)
	heard := s.listen()
	t.Ways = s.ways()
	t.Moot = s.moot()
	for _, f := range a.Findings {
		relevant, said := heard[f.Ref]
		switch {
		case f.Severity == model.Info, said && !relevant, f.Rule == "cost-drift": // which is what t.Slow is about
		case said:
			t.Said = append(t.Said, f.Subject)
		case f.Severity == model.Warning:
			t.Warned = append(t.Warned, f.Subject)
			t.Feared = append(t.Feared, baseline.AboutFact(f.Ref)...)
		default:
			t.Blamed = append(t.Blamed, f.Subject)
			if f.Severity == model.Error {
				t.Found = append(t.Found, baseline.AboutFact(f.Ref)...)
			}
		}
	}
	for what, c := range b.Costs {
		if _, slowed := c.Slowed(); slowed && len(t.Guilty)+len(t.Said)+len(t.Blamed)+len(t.Modules)+len(t.Files) == 0 {
			t.Slow = what
		}
	}
	t.Began, t.Changed = a.times(candidates, contextID)
	return t
}

// coldAlready reports whether a variable leads gopls to a module cache of its own, as
// it did when everything was green: that the shell has the modules in another one does
// not say why gopls cannot have them any more.
func (s *scene) coldAlready(variable string) bool {
	return slices.Contains(caching, variable) && slices.ContainsFunc(s.candidates, func(c baseline.Change) bool {
		return c.Kind == baseline.Variable && c.Env == model.EnvGopls && c.Name == variable && c.Same
	})
}

// verdictsOf are the verdicts that count for what has a contextId: its own, or all
// where it has none, as a finding.
func (a Assessment) verdictsOf(contextID string) (out []model.Verdict) {
	for _, v := range a.Verdicts {
		if v.ContextID == contextID {
			out = append(out, v)
		}
	}
	if len(out) == 0 {
		return a.Verdicts
	}
	return out
}

// gone are the modules that packages came from before, as far as they are not
// required any more.
func gone(candidates []baseline.Change, packages []string) (out []string) {
	for _, c := range candidates {
		if c.Kind != baseline.Require || !c.Removed {
			continue
		}
		module := c.Name[strings.LastIndexByte(c.Name, ' ')+1:]
		if slices.ContainsFunc(packages, func(p string) bool { return strings.HasPrefix(p, module+"/") }) {
			out = append(out, module)
		}
	}
	return out
}

// times are when trouble was seen first, and when facts were seen to change.
func (a Assessment) times(candidates []baseline.Change, contextID string) (began time.Time, changed map[string]time.Time) {
	at := map[factKey]time.Time{}
	events := a.Happened
	for _, e := range events {
		when, err := time.Parse(time.RFC3339, e.Time)
		switch {
		case err != nil:
		case contextID == "" || e.ContextID != contextID:
		case e.Kind == eventGone:
			began = time.Time{}
		case began.IsZero() && (e.Kind == eventFound || e.Kind == eventVerdict):
			began = when
		}
	}
	for _, e := range events {
		when, err := time.Parse(time.RFC3339, e.Time)
		if err != nil || e.Kind != eventChanged || e.Fact == "" {
			continue
		}
		// What changed before the trouble and again since may have done it the first time.
		if _, before := at[keyOf(e)]; !before || began.IsZero() || !when.After(began.Add(baseline.Noticing)) {
			at[keyOf(e)] = when
		}
	}
	changed = map[string]time.Time{}
	for _, c := range candidates {
		if c.Same || c.Unknown || len(at) == 0 {
			continue
		}
		e, _ := factEvent(c)
		if when, ok := at[keyOf(e)]; ok {
			changed[baseline.Key(c.Fact)] = when
		}
	}
	return began, changed
}
