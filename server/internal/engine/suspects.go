package engine

import (
	"cmp"
	"maps"
	"net/url"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/module"

	"github.com/gophantom/gophantom/server/internal/baseline"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/route"
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

// trouble is what the assessment knows that tells what is at fault for what has a
// contextId; "" for all there is.
func (a Assessment) trouble(b baseline.Baseline, candidates []baseline.Change, contextID string) baseline.Trouble {
	var t baseline.Trouble
	for _, v := range a.Verdicts {
		if contextID != "" && v.ContextID != contextID {
			continue
		}
		t.Phantom, t.Real = t.Phantom || v.Kind == model.Phantom, t.Real || v.Kind == model.Real
		for _, g := range slices.Concat(v.Guilty, v.Others, v.Earlier) {
			t.Guilty = append(t.Guilty, g.Variable)
		}
		if v.Stale != nil && v.Stale.File != "" {
			t.Files = append(t.Files, v.Stale.File)
		}
		if path, ok := verify.ImportOf(v.Problem); ok && v.Kind != model.NotBuild {
			t.Modules = append(t.Modules, path)
			t.Modules = append(t.Modules, a.modulesOf(path)...)
			t.Route = append(t.Route, a.routeOf(path)...)
		}
	}
	t.Real = t.Real && !t.Phantom
	t.Modules = append(t.Modules, gone(candidates, t.Modules)...)
	heard := map[string]bool{} // whether something was said that is to the point
	var words []model.Message
	for _, u := range a.Snapshot.Said {
		for _, m := range u.Messages {
			of, told := m.Args["module"]
			relevant := !told || len(t.Modules) == 0 || slices.Contains(t.Modules, of.Reveal())
			for _, ref := range m.Refs {
				heard[ref] = heard[ref] || relevant
			}
			if relevant && (!told || len(t.Modules) > 0 || len(a.modulesOf(of.Reveal())) > 0) {
				words = append(words, m)
			}
		}
	}
	a.listen(&t, words, candidates, contextID)
	t.Moot = a.moot(candidates, t, contextID)
	for _, f := range a.Findings {
		relevant, said := heard[f.Ref]
		switch {
		case f.Severity == model.Info, said && !relevant, f.Rule == "cost-drift": // which is what t.Slow is about
		case said:
			t.Said = append(t.Said, f.Subject)
		case f.Severity == model.Warning:
			t.Warned = append(t.Warned, f.Subject)
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

// listen takes from the words of go, and of the problems, what they can be about:
// facts, modules where the problems name none, and values.
func (a Assessment) listen(t *baseline.Trouble, words []model.Message, candidates []baseline.Change, contextID string) {
	var all strings.Builder
	nameless := len(t.Modules) == 0
	for _, m := range words {
		for _, ref := range m.Refs {
			t.Told = append(t.Told, baseline.AboutFact(ref)...)
		}
		all.WriteString(m.Text.Reveal() + "\n")
		for _, arg := range []string{"module", "package"} {
			if path := m.Args[arg].Reveal(); nameless && path != "" {
				t.Modules = append(append(t.Modules, path), a.modulesOf(path)...)
				t.Route = append(t.Route, a.routeOf(path)...)
			}
		}
	}
	for _, v := range a.Verdicts {
		if contextID != "" && v.ContextID != contextID {
			continue
		}
		if ofC.MatchString(v.Problem.Message) {
			t.Told = append(t.Told, baseline.AboutC...)
		}
		if m := ofPackage.FindStringSubmatch(v.Problem.Message); m != nil {
			t.Hinted = append(t.Hinted, a.modulesCalled(m[1])...)
		}
	}
	t.Quoted = map[string]bool{}
	for _, c := range candidates {
		if c.Kind == baseline.Variable && !slices.Contains(patternLists, c.Name) && slices.ContainsFunc(partsOf(c.Value.Reveal()), func(part string) bool { return strings.Contains(all.String(), part) }) {
			t.Quoted[baseline.Key(c.Fact)] = true
		}
	}
}

// ofC is a problem of code that uses cgo.
var ofC = regexp.MustCompile(`\bC\.\w|\bimport C\b|\bcgo\b|pkg-config`)

// ofPackage is a problem of something that a package does not have.
var ofPackage = regexp.MustCompile(`^undefined: (\w+)\.\w+$`)

// modulesCalled are the required modules whose packages are likely to have a name:
// that of the last element of the path, without a major version.
func (a Assessment) modulesCalled(name string) (out []string) {
	for _, m := range a.Snapshot.Modules {
		for _, r := range m.Requires {
			prefix, _, _ := module.SplitPathVersion(r.Path)
			if path.Base(prefix) == name {
				out = append(out, r.Path)
			}
		}
	}
	return out
}

// patternLists are variables whose values are the beginnings of module paths,
// which go says for other reasons.
var patternLists = []string{"GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE"}

// partsOf are the parts of a value that go would say if it spoke of it: the whole,
// and the hosts of addresses.
func partsOf(value string) (out []string) {
	if len(value) > 2 {
		out = append(out, value)
	}
	for _, part := range strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(",| ", r) }) {
		if u, err := url.Parse(part); err == nil && u.Host != "" {
			out = append(out, u.Host)
		}
	}
	return out
}

// modulesOf are the required modules that a package can come from.
func (a Assessment) modulesOf(pkg string) (out []string) {
	for _, m := range a.Snapshot.Modules {
		for _, r := range m.Requires {
			if pkg == r.Path || strings.HasPrefix(pkg, r.Path+"/") {
				out = append(out, r.Path)
			}
		}
	}
	return out
}

// routeOf are the variables that decide where the modules of a package come from,
// in the editor or in the shell.
func (a Assessment) routeOf(pkg string) (out []string) {
	s := a.Snapshot
	for _, name := range []model.EnvName{model.EnvGopls, model.EnvShell} {
		env, ok := s.Env(name)
		if !ok || !env.Complete {
			continue
		}
		for _, path := range a.modulesOf(pkg) {
			for _, r := range routesOf(s, env, path) {
				for _, step := range r.Steps {
					if step.Applies {
						out = append(out, step.Why.Variable)
					}
				}
				out = append(out, r.Why.Variable)
			}
		}
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(name string) bool { return name == "" })
}

// routesOf are the ways of a module that main modules require.
func routesOf(s *model.Snapshot, env model.Env, path string) (out []route.Route) {
	for _, m := range s.Modules {
		for _, r := range m.Requires {
			if r.Path == path {
				out = append(out, route.NewExplainer(env, route.FactsOf(s, env).Near(m.File)).Explain(route.Module{Path: r.Path, Version: r.Version}))
			}
		}
	}
	return out
}

// fetching are the variables that matter where modules are fetched, and nowhere
// else.
var fetching = []string{"GOPROXY", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOSUMDB", "GOINSECURE", "GOVCS", "GOAUTH"}

// moot are the facts that cannot have brought about what problems speak of, and
// why.
func (a Assessment) moot(suspects []baseline.Change, t baseline.Trouble, contextID string) map[string]string {
	out := map[string]string{}
	problems := t.Phantom || t.Real
	gopls, _ := a.Snapshot.Env(model.EnvGopls)
	shell, _ := a.Snapshot.Env(model.EnvShell)
	otherGo, moved := map[model.EnvName]bool{}, map[string]map[model.EnvName]bool{}
	for _, c := range suspects {
		if c.Kind == baseline.Variable && !c.Same && !c.Unknown {
			if moved[c.Name] == nil {
				moved[c.Name] = map[model.EnvName]bool{}
			}
			moved[c.Name][c.Env] = true
		}
		if c.Kind == baseline.Toolchain && !c.Same {
			otherGo[c.Env] = true
		}
	}
	own, here := a.real(contextID, itself), len(t.Files) == 0 && a.real(contextID, ofItsPackage)
	for _, c := range suspects {
		if own {
			out[baseline.Key(c.Fact)] = "the code itself is wrong, whatever is around it"
			continue
		}
		if here && (c.Kind == baseline.Require || c.Kind == baseline.Sum) {
			out[baseline.Key(c.Fact)] = "the problem is of a name that no other module has to do with"
		}
		if c.Kind != baseline.Variable {
			continue
		}
		key, fetches := baseline.Key(c.Fact), slices.Contains(fetching, c.Name)
		mine, other := gopls.Lookup(c.Name), shell.Lookup(c.Name)
		switch {
		case problems && fetches && len(t.Modules) == 0 && !slices.Contains(t.Told, c.Name):
			out[key] = "it matters where modules are fetched, and no problem speaks of one"
		case t.Real && gopls.Complete && shell.Complete && (mine.Set != other.Set || mine.Value != other.Value) && !(moved[c.Name][model.EnvGopls] && moved[c.Name][model.EnvShell]):
			out[key] = "the build is red too, and the two do not share it" // where both changed, each may be wrong in its own way
		case c.Same || c.Unknown:
		case a.asByDefault(c):
			out[key] = "it is what go takes anyway"
		case c.Name == "GOFLAGS" && mattering(c.Was) == mattering(c.Value.Reveal()):
			out[key] = "only flags changed that make no build fail"
		case fetches && len(t.Modules) > 0 && c.Name != "GOAUTH" && !a.reroutes(c, t.Modules):
			out[key] = "where the modules come from that problems speak of is the same with what it was"
		case problems && c.Name == "GOTOOLCHAIN" && !otherGo[c.Env] && !slices.Contains(t.Told, c.Name):
			out[key] = "the go that runs is the same"
		}
	}
	return out
}

// itself are errors of code that depend on nothing outside of the function they
// are in.
var itself = regexp.MustCompile(`^(?:declared and not used: |missing return\b|syntax error: |expected .*, found )`)

// ofItsPackage is an error of a name of the package itself, which files that are
// left out have, or which nobody has.
var ofItsPackage = regexp.MustCompile(`^undefined: \w+$`)

// real reports whether all problems are such ones, and the build shows them as well.
func (a Assessment) real(contextID string, such *regexp.Regexp) bool {
	some := false
	for _, v := range a.Verdicts {
		if contextID != "" && v.ContextID != contextID {
			continue
		}
		if v.Kind != model.Real || !such.MatchString(v.Problem.Message) {
			return false
		}
		some = true
	}
	return some
}

// asByDefault reports whether a variable that came has the value that go takes
// without it, or one that went had it.
func (a Assessment) asByDefault(c baseline.Change) bool {
	env, ok := a.Snapshot.Env(c.Env)
	usual, known := env.Layer(model.LayerDefault).Vars[c.Name]
	switch {
	case !ok || !known:
		return false
	case c.Added:
		return c.Value == usual.Value
	}
	return c.Removed && c.Was == showFact(c.Name, usual.Value)
}

// mattering are the flags of a GOFLAGS that can make a build fail.
func mattering(flags string) string {
	kept := slices.DeleteFunc(strings.Fields(flags), func(flag string) bool {
		name, _, _ := strings.Cut(strings.TrimLeft(flag, "-"), "=")
		return slices.Contains(harmless, name)
	})
	return strings.Join(kept, " ")
}

// harmless are flags that change what go prints, or how it builds, and not whether
// it does.
var harmless = []string{"v", "x", "p", "a", "work", "trimpath", "count", "timeout", "json", "short"}

// reroutes reports whether a changed variable makes any of the modules come from
// elsewhere, or be verified otherwise, than with the value it had.
func (a Assessment) reroutes(c baseline.Change, modules []string) bool {
	now, _ := a.Snapshot.Env(c.Env)
	then := now
	then.Layers = make([]model.Layer, 0, len(now.Layers)+1)
	if !c.Added {
		then.Layers = append(then.Layers, model.Layer{Kind: model.LayerProcess, Vars: map[string]model.Assignment{c.Name: {Value: model.NewValue(c.Was)}}})
	}
	for _, l := range now.Layers {
		if _, has := l.Vars[c.Name]; has {
			l.Vars = maps.Clone(l.Vars)
			delete(l.Vars, c.Name)
		}
		then.Layers = append(then.Layers, l)
	}
	for _, path := range modules {
		ways := routesOf(a.Snapshot, then, path)
		for i, r := range routesOf(a.Snapshot, now, path) {
			if !reflect.DeepEqual(way(r), way(ways[i])) {
				return true
			}
		}
	}
	return false
}

// way is a route without what it is for the sake of.
func way(r route.Route) route.Route {
	r.Why, r.Insecure.Why, r.Insecure.Pattern, r.SumDB.Why, r.VCS.Why = route.Why{}, route.Why{}, model.Value{}, route.Why{}, route.Why{}
	r.Steps = slices.Clone(r.Steps)
	for i := range r.Steps {
		r.Steps[i].Why = route.Why{}
	}
	return r
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
