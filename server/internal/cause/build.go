package cause

import (
	"cmp"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

// Input is what a graph is made of. All of it is of one snapshot.
type Input struct {
	Snapshot *model.Snapshot
	Findings []Found
	Verdicts []Judged
	Changes  []Event
	// Green is when everything was green last, as far as a baseline tells; else
	// zero.
	Green time.Time
}

// Found is a finding with its sentence and the fixes it offers.
type Found struct {
	model.Finding
	Sentence string
	Cures    []Offer
}

// Judged is a verdict with the fixes that its cause calls for, and the directory
// of the module that its file is in, if that is known.
type Judged struct {
	model.Verdict
	Dir   string
	Cures []Offer
}

// Offer is one fix of the cure ladder.
type Offer struct {
	ID       string // of the fix
	Title    string
	Disabled string // why it cannot be carried out now; "" if it can
}

// Event is one change of the world, from the time stamp of a file, from the
// history of events, or from the baseline.
type Event struct {
	At   time.Time // zero if all that is known is that it was otherwise when everything was green
	File string    // absolute path of what changed; "" if the event is of no file
	What string    // what happened, in the past tense, such as "changed" or "undone"
	// Variable is what got the value it has in an environment, and Module what got
	// the version it is required in; "" for other events.
	Variable string
	Env      model.EnvName
	Module   string
	Was      string // what it was before, as it may be shown; "" if it was not there
	Late     bool   // the problem was there before, so it did not bring it about
	// ContextID ties an event that is of no file to what it brought about; "" if
	// nothing is known of that.
	ContextID string
}

// Subject is what the cause of a verdict is called: two verdicts of the same
// subject have one cause. The contextId is made of it. For a variable at fault
// it is the name, which is the subject of findings about it, too. dir is the
// directory of the module that the file is in, "" if it is not known.
func Subject(v model.Verdict, dir string) string {
	switch {
	case v.Kind != model.Phantom:
	case len(v.Guilty) > 0:
		return v.Guilty[0].Variable
	case v.Cause == model.CauseStale && v.Stale != nil:
		subject := "stale\x00" + string(v.Stale.What) + "\x00" + v.Stale.File
		if v.Stale.Setting != nil {
			subject += "\x00" + v.Stale.Setting.Setting
		}
		return subject
	case v.Cause == model.CauseLayout && dir != "":
		return "layout\x00" + dir
	case v.Cause == model.CauseVersion:
		return "version of gopls"
	case v.Cause == model.CauseExcluded:
		return "excluded\x00" + v.Problem.File
	}
	return v.Problem.Message
}

const (
	// apart is how many problems of one cause stand by themselves; of more, one
	// node tells how many there are.
	apart = 8
	// most is how many nodes of problems a graph has, and of findings.
	most = 120
)

// kinds are the kinds of verdicts, the one that is most worth an explanation
// first.
var kinds = []model.VerdictKind{model.Phantom, model.StaleGreen, model.Real, model.Unknown, model.NotBuild}

// Build makes the graph of one snapshot.
func Build(in Input) Graph {
	x := &building{builder: newBuilder(), s: in.Snapshot, in: in, explainers: map[[2]string]*route.Explainer{}, settings: map[settingKey]string{}, homes: homes(in.Snapshot)}
	groups := group(in.Verdicts)
	rest := map[model.VerdictKind][]Judged{}
	count := 0
	for _, g := range groups {
		nodes := min(len(g), 1)
		if len(g) <= apart {
			nodes = len(g)
		}
		if count+nodes > most {
			rest[g[0].Kind] = append(rest[g[0].Kind], g...)
			continue
		}
		count += nodes
		if nodes == len(g) {
			for _, v := range g {
				x.problem(v)
			}
			continue
		}
		x.problems(g)
	}
	for _, kind := range kinds {
		if further := rest[kind]; len(further) > 0 {
			x.add(x.many(further, fmt.Sprintf("%d further problems", len(further))))
		}
	}
	for i, f := range in.Findings {
		if i == most {
			x.add(Node{ID: idOf(Finding, "further", x.s.Dir), Kind: Finding, Label: words(fmt.Sprintf("%d further findings", len(in.Findings)-most))})
			break
		}
		x.finding(f)
	}
	return x.graph()
}

// group puts the verdicts of one cause together, the phantoms first.
func group(verdicts []Judged) (groups [][]Judged) {
	type key struct {
		context string
		kind    model.VerdictKind
		cause   model.Cause
		guilty  string
	}
	at := map[key]int{}
	for _, v := range verdicts {
		k := key{v.ContextID, v.Kind, v.Cause, fmt.Sprint(names(v.Guilty))}
		i, ok := at[k]
		if !ok {
			i = len(groups)
			at[k] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], v)
	}
	rank := func(g []Judged) int { return slices.Index(kinds, g[0].Kind) }
	slices.SortStableFunc(groups, func(a, b []Judged) int { return rank(a) - rank(b) })
	return groups
}

func names(guilty []model.Guilty) (out []string) {
	for _, g := range guilty {
		out = append(out, g.Variable)
	}
	return out
}

// building is one graph in the making.
type building struct {
	*builder
	s          *model.Snapshot
	in         Input
	explainers map[[2]string]*route.Explainer // by environment and go.mod
	settings   map[settingKey]string          // ids of variable nodes
	homes      []string
}

// settingKey tells settings apart that are not the same or not from the same
// place. It stays in memory.
type settingKey struct {
	name   string
	value  model.Value
	origin model.Origin
	set    bool
}

// problem adds one verdict and what is behind it.
func (x *building) problem(v Judged) {
	p := v.Problem
	at := fmt.Sprintf("%s:%d:%d", x.path(p.File), p.Range.Start.Line+1, p.Range.Start.Character+1)
	n := Node{
		ID: idOf(Problem, p.File, fmt.Sprint(p.Range), p.Source, p.Message), Kind: Problem, Location: &p.Location, ContextIDs: []string{v.ContextID},
		Label: words(at + " " + firstLine(p.Message)), Detail: reason(v), Verdict: v.Kind, Count: 1, Places: []model.Location{p.Location},
	}
	if v.Kind == model.Phantom {
		c := x.confidence(v)
		n.Confidence = &c
	}
	x.behind(x.add(n), v)
}

// mostPackages is how many packages of a collapsed cause stand by themselves.
const mostPackages = 5

// problems adds the verdicts of one cause as one node.
func (x *building) problems(group []Judged) {
	v := group[0]
	p := v.Problem
	n := x.many(group, fmt.Sprintf("%d problems, such as %s:%d:%d %s", len(group), x.path(p.File), p.Range.Start.Line+1, p.Range.Start.Character+1, firstLine(p.Message)))
	if n.Detail = reason(v); v.Kind == model.Phantom {
		c := x.confidence(v)
		n.Confidence = &c
	}
	id := x.add(n)
	seen := map[string]bool{}
	for _, v := range group {
		p := x.pkg(v)
		if seen[p] {
			continue
		}
		if seen[p] = true; len(seen) <= mostPackages {
			x.behind(id, v)
		}
	}
	if more := len(seen) - mostPackages; more > 0 {
		further := x.add(Node{ID: idOf(Package, "further", n.ID), Kind: Package, Label: words(fmt.Sprintf("%d further packages", more)), ContextIDs: n.ContextIDs})
		x.link(id, further, "in")
	}
}

// many is one node for several problems.
func (x *building) many(group []Judged, label string) Node {
	n := Node{
		ID: idOf(Problem, "many", x.s.Dir, group[0].ContextID, string(group[0].Kind), string(group[0].Cause)), Kind: Problem, Label: words(label),
		Verdict: group[0].Kind, Count: len(group), Location: &group[0].Problem.Location,
	}
	contexts := map[string]bool{}
	for _, v := range group {
		n.Places = append(n.Places, v.Problem.Location)
		if !contexts[v.ContextID] {
			contexts[v.ContextID] = true
			n.ContextIDs = append(n.ContextIDs, v.ContextID)
		}
	}
	slices.Sort(n.ContextIDs)
	return n
}

// reason is how a verdict was come to, and what go says.
func reason(v Judged) Text {
	t := words(v.Why)
	if !v.TrueReason.Empty() {
		if len(t) > 0 {
			t = t.and(words("\n"))
		}
		t = t.and(words("go says: "), Text{{Value: v.TrueReason}})
	}
	return t
}

// behind adds what is behind a problem: package, module, and the cause.
func (x *building) behind(id string, v Judged) {
	contexts := []string{v.ContextID}
	imported := importOf(v.Problem)
	mod, hasModule := x.moduleOf(v)
	last := id
	if p := x.pkg(v); p != "" {
		label := "in"
		if imported != "" {
			label = "imports"
		}
		last = x.add(Node{ID: idOf(Package, x.s.Dir, p), Kind: Package, Label: words("package " + x.path(p)), ContextIDs: contexts, Name: p})
		x.link(id, last, label)
	}
	if hasModule {
		label := "is in"
		if imported != "" {
			label = "comes from"
		}
		n := x.required(mod, contexts)
		x.link(last, n, label)
		last = n
	}
	var roots []string // what a cure is for
	switch {
	case len(v.Guilty) > 0:
		for _, g := range v.Guilty {
			from := last
			if step, how := x.step(model.EnvGopls, mod, hasModule && imported != "", g.Variable, contexts); step != "" {
				x.link(last, step, how)
				from = step
			}
			root := x.guilty(g, contexts)
			label := "depends on"
			if len(v.Guilty) > 1 {
				label = "depends, together with others, on"
			}
			if from != last {
				label = "is decided by"
			}
			x.link(from, root, label)
			roots = append(roots, root)
		}
	case len(v.Earlier)+len(v.Lines) > 0:
		label := "depends on"
		if len(v.Earlier)+len(v.Lines) > 1 {
			label = "depends, together with others, on"
		}
		for _, l := range v.Lines {
			n := Node{ID: idOf(Origin, l.File, l.Kind, l.Name), Kind: Origin, Label: words(l.Label()), ContextIDs: contexts, Location: line(l.File, max(l.Line, 1))}
			root := x.add(n)
			x.link(last, root, label)
			was := Node{ID: idOf(Value, l.File, l.Kind, l.Name, "earlier"), Kind: Value, Label: words(cmp.Or(l.Was, "not there")), ContextIDs: contexts, Detail: words("with which go succeeds")}
			x.link(root, x.add(was), "was")
			roots = append(roots, root)
		}
		for _, g := range v.Earlier {
			root := x.setting(g.Editor, model.EnvShell, contexts)
			x.link(last, root, label)
			was := Node{ID: idOf(Value, x.s.Dir, g.Variable, "earlier"), Kind: Value, Label: assignment(g.Shell), Name: g.Variable, ContextIDs: contexts, Detail: words("with which go succeeds")}
			x.link(root, x.add(was), "was")
			roots = append(roots, root)
		}
	case v.Stale != nil:
		roots = []string{x.unseen(*v.Stale, contexts)}
		x.link(last, roots[0], "gopls has not seen that")
	case v.Cause == model.CauseLayout:
		roots = []string{x.add(x.outside(contexts))}
		x.link(last, roots[0], "is outside of")
	case v.Cause == model.CauseVersion:
		roots = []string{x.add(x.version(contexts))}
		x.link(last, roots[0], "is too new for")
	case v.Cause == model.CauseExcluded:
		l := model.Location{File: v.Problem.File}
		roots = []string{x.add(Node{ID: idOf(Origin, v.Problem.File, "constraint"), Kind: Origin, Label: words("the build constraints of " + x.path(v.Problem.File)), Location: &l, ContextIDs: contexts})}
		x.link(last, roots[0], "is left out by")
	case v.Kind == model.Real && imported != "" && hasModule:
		if step, how, name := x.failing(mod, contexts); step != "" {
			x.link(last, step, how)
			if shell, known := x.s.Env(model.EnvShell); known && name != "" {
				root := x.setting(shell.Lookup(name), model.EnvShell, contexts)
				x.link(step, root, "is decided by")
				roots = append(roots, root)
			}
		}
	}
	if len(roots) == 0 {
		roots = []string{id}
	}
	x.offer(roots, v.Cures, contexts)
}

// finding adds a finding and what is behind it.
func (x *building) finding(f Found) {
	contexts := []string{f.ContextID}
	file, line := "", 0
	if f.Origin != nil {
		file, line = f.Origin.File, f.Origin.Line
	}
	n := Node{
		ID: idOf(Finding, x.s.Dir, f.Rule, f.Subject, f.Message, fmt.Sprint(f.Environments), file, fmt.Sprint(line)), Kind: Finding, Rule: f.Rule, Severity: f.Severity, ContextIDs: contexts,
		Label: words(f.Rule + ": " + f.Subject), Detail: words(f.Sentence), Location: f.Location, Count: 1,
	}
	if f.Location != nil {
		n.Places = []model.Location{*f.Location}
	}
	id := x.add(n)
	var roots []string
	for _, name := range f.Environments {
		env, ok := x.s.Env(name)
		if set := env.Lookup(f.Subject); ok && set.Set {
			root := x.setting(set, name, contexts)
			x.link(id, root, "is about")
			if !slices.Contains(roots, root) {
				roots = append(roots, root)
			}
		}
	}
	for _, m := range x.s.Modules {
		for _, r := range m.Requires {
			if r.Path == f.Subject && len(roots) == 0 {
				roots = append(roots, x.required(module{path: r.Path, version: r.Version, file: m.File, line: r.Line}, contexts))
				x.link(id, roots[0], "is about")
			}
		}
	}
	if f.Origin != nil && len(roots) == 0 && *f.Origin != (model.Origin{}) {
		in := model.EnvName("")
		if len(f.Environments) > 0 {
			in = f.Environments[0]
		}
		roots = append(roots, x.origin(*f.Origin, in, contexts, false))
		x.link(id, roots[0], "is set by")
	}
	if len(roots) == 0 {
		roots = []string{id}
	}
	x.offer(roots, f.Cures, contexts)
}

// offer hangs cures on what they cure.
func (x *building) offer(roots []string, cures []Offer, contexts []string) {
	for _, c := range cures {
		n := Node{ID: idOf(Cure, x.s.Dir, c.ID, c.Title, contexts[0]), Kind: Cure, Label: words(c.Title), ContextIDs: contexts, Name: c.ID}
		if c.Disabled != "" {
			n.Detail = words("Not now: " + c.Disabled)
		}
		id := x.add(n)
		for _, root := range roots {
			x.link(root, id, "is cured by")
		}
	}
}

// guilty adds a variable at fault: the value that gopls has, where that comes
// from, and what the shell has instead.
func (x *building) guilty(g model.Guilty, contexts []string) string {
	id := x.setting(g.Editor, model.EnvGopls, contexts)
	shell := Node{
		ID: idOf(Value, x.s.Dir, g.Variable, string(model.EnvShell)), Kind: Value, Label: assignment(g.Shell), Name: g.Variable, ContextIDs: contexts,
	}
	x.link(id, x.add(shell), "where your shell has")
	x.setBy(shell.ID, g.Shell, model.EnvShell, contexts)
	return id
}

// setBy adds where a setting comes from and what happened to it, to the node of
// it.
func (x *building) setBy(id string, s model.Setting, env model.EnvName, contexts []string) {
	changes := x.changesOf(s, env)
	dated := slices.ContainsFunc(changes, func(e Event) bool { return !e.At.IsZero() })
	from := id
	if s.Set && s.Origin != (model.Origin{}) {
		from = x.origin(s.Origin, env, contexts, dated)
		x.link(id, from, "is set by")
	}
	for _, e := range changes {
		x.link(from, x.add(x.variableChange(e, s, contexts)), "after")
	}
}

// changesOf are the changes that gave a variable the value it has, in an
// environment and in those that have it from the same place. What is dated comes
// first.
func (x *building) changesOf(s model.Setting, env model.EnvName) (out []Event) {
	for _, e := range x.in.Changes {
		if e.Variable != s.Name {
			continue
		}
		other, _ := x.s.Env(e.Env)
		if is := other.Lookup(s.Name); e.Env == env || s.Origin.File != "" && is.Set == s.Set && is.Value == s.Value && is.Origin == s.Origin {
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(a, b Event) int { return b.At.Compare(a.At) })
	if len(out) > 0 && !out[0].At.IsZero() {
		out = slices.DeleteFunc(out, func(e Event) bool { return e.At.IsZero() })
	}
	return out
}

// variableChange is when a variable got its value, and where that is written.
func (x *building) variableChange(e Event, s model.Setting, contexts []string) Node {
	n := x.change(e, contexts)
	n.ID = idOf(Change, x.s.Dir, "variable", e.Variable, string(e.Env), e.At.UTC().Format(time.RFC3339Nano))
	place := "the environment of " + string(e.Env)
	if s.Set && s.Origin.File != "" {
		n.Location = line(s.Origin.File, max(s.Origin.Line, 1))
		if place = x.path(s.Origin.File); s.Origin.Line > 0 {
			place += fmt.Sprintf(":%d", s.Origin.Line)
		}
	}
	n.Label = words(x.changed(e.Variable, e.At, place))
	return n
}

// changed says that something changed in a place, and when. Without a time, it
// did since everything was green.
func (x *building) changed(what string, at time.Time, place string) string {
	switch {
	case at.IsZero():
		return fmt.Sprintf("%s changed in %s since everything was green on %s", what, place, x.in.Green.In(x.s.Taken.Location()).Format(minutes))
	case at.Format(time.DateOnly) == x.s.Taken.In(at.Location()).Format(time.DateOnly):
		return fmt.Sprintf("%s changed at %s in %s", what, at.Format(time.TimeOnly), place)
	}
	return fmt.Sprintf("%s changed on %s in %s", what, at.Format(minutes), place)
}

// minutes is how a time of another day is written.
const minutes = "2006-01-02 15:04"

// setting adds a variable with the value it has in an environment.
func (x *building) setting(s model.Setting, env model.EnvName, contexts []string) string {
	key := settingKey{s.Name, s.Value, s.Origin, s.Set}
	id, ok := x.settings[key]
	if !ok {
		id = idOf(Variable, x.s.Dir, s.Name, string(env))
		x.settings[key] = id
	}
	n := Node{ID: id, Kind: Variable, Label: assignment(s), Name: s.Name, ContextIDs: contexts, Detail: words("in " + x.sharing(s, env))}
	if s.Set && s.Origin.File != "" && s.Origin.Line > 0 {
		n.Location = line(s.Origin.File, s.Origin.Line)
	}
	if t, known := x.s.ToolchainOf(env); known && s.Name == "PATH" && t.Go != "" {
		n.Detail = n.Detail.and(words(", where “go” is " + t.Version + ", " + t.Go))
	}
	x.add(n)
	x.setBy(id, s, env, contexts)
	if s.Set && s.Origin != (model.Origin{}) {
		shell, _ := x.s.Env(model.EnvShell)
		mine := shell.Lookup(s.Name)
		for _, hidden := range s.Shadows {
			if hidden.Value != s.Value && hidden.Origin.File != "" {
				v := Node{ID: idOf(Value, x.s.Dir, s.Name, "hidden", hidden.Origin.File, fmt.Sprint(hidden.Origin.Line)), Kind: Value, ContextIDs: contexts, Name: s.Name}
				v.Label = assignment(model.Setting{Name: s.Name, Value: hidden.Value, Set: true})
				if mine.Value == hidden.Value && mine.Origin == hidden.Origin {
					v.ID, v.Detail = idOf(Value, x.s.Dir, s.Name, string(model.EnvShell)), words("which your shell has")
				}
				x.link(id, x.add(v), "hides")
				x.link(v.ID, x.origin(hidden.Origin, env, contexts, false), "is set by")
				break // the next ones are hidden by this one
			}
		}
	}
	return id
}

// sharing names the environments that have a setting from the same place.
func (x *building) sharing(s model.Setting, env model.EnvName) string {
	out := []string{string(env)}
	for _, e := range x.s.Envs {
		if e.Name != env && e.Name != model.EnvEditorLaunch && e.Complete {
			if other := e.Lookup(s.Name); other.Set == s.Set && other.Value == s.Value && other.Origin == s.Origin {
				out = append(out, string(e.Name))
			}
		}
	}
	return strings.Join(out, ", ")
}

// assignment is NAME=value, or "no NAME".
func assignment(s model.Setting) Text {
	if !s.Set || s.Value.Empty() {
		return words("no " + s.Name)
	}
	return words(s.Name + "=").and(Text{{s.Name, s.Value}})
}

// origin adds the layer and line that set a value in an environment, and what
// happened to it; dated tells that it is known more precisely than by the time
// stamp of its file. Without a file, each environment has an origin of its own.
func (x *building) origin(o model.Origin, env model.EnvName, contexts []string, dated bool) string {
	label := string(o.Layer)
	if env != "" {
		label += " of " + string(env)
	}
	n := Node{ID: idOf(Origin, x.s.Dir, string(o.Layer), string(env)), Kind: Origin, Label: words(label), ContextIDs: contexts}
	if o.File != "" {
		n.ID = idOf(Origin, string(o.Layer), o.File, fmt.Sprint(o.Line))
		place := x.path(o.File)
		if n.Location = line(o.File, max(o.Line, 1)); o.Line > 0 {
			place += fmt.Sprintf(":%d", o.Line)
		}
		if o.Layer != "" {
			place += " (" + string(o.Layer) + ")"
		}
		n.Label = words(place)
	}
	if o.Note != "" {
		n.Detail = words(o.Note)
	}
	id := x.add(n)
	for _, e := range x.in.Changes {
		if e.Variable != "" || e.Module != "" {
			continue // it hangs on what changed
		}
		if !dated && o.File != "" && e.File == o.File || o.File == "" && e.File == "" && e.ContextID != "" && slices.Contains(contexts, e.ContextID) {
			x.link(id, x.add(x.change(e, contexts)), "after")
		}
	}
	return id
}

// change is an event. One that is of a file names it, and how it stands to the
// start of gopls.
func (x *building) change(e Event, contexts []string) Node {
	n := Node{ID: idOf(Change, e.File, e.At.UTC().Format(time.RFC3339Nano), e.What, e.ContextID), Kind: Change, ContextIDs: contexts}
	label := strings.TrimSpace(e.What + " " + x.when(e.At))
	if n.Label = words(label); e.File != "" {
		n.Label, n.Location = words(x.path(e.File)+" "+label), line(e.File, 1)
	}
	var lines []string
	if started := x.started(); !started.IsZero() && !e.At.IsZero() {
		when := "before gopls was started at "
		if e.At.After(started) {
			when = "after gopls was started at "
		}
		lines = append(lines, when+started.In(e.At.Location()).Format("15:04:05"))
	}
	if e.Late {
		lines = []string{"when the problem was there already"}
	}
	if e.Was != "" {
		lines = append(lines, "it was "+e.Was)
	}
	n.Detail = words(strings.Join(lines, "; "))
	return n
}

// started is when the oldest gopls was started; zero if that is not known.
func (x *building) started() (t time.Time) {
	for _, g := range x.s.Gopls {
		if !g.Started.IsZero() && (t.IsZero() || g.Started.Before(t)) {
			t = g.Started
		}
	}
	return t
}

// when is a time of day, with the date if that is another day than the
// snapshot's.
func (x *building) when(t time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case t.Format(time.DateOnly) == x.s.Taken.In(t.Location()).Format(time.DateOnly):
		return "at " + t.Format(time.TimeOnly)
	}
	return "on " + t.Format(minutes)
}

// unseen adds what gopls has not seen.
func (x *building) unseen(s model.Staleness, contexts []string) string {
	what, ofFile := "changed", true
	switch s.What {
	case model.StaleDeleted:
		what = "was deleted"
	case model.StaleGenerated:
		what = "appeared or changed"
	case model.StaleEnvFile:
		what = "was written by “go env -w”"
	case model.StaleVendor:
		what, ofFile = "the vendor directory changed", false
	case model.StaleModuleCache:
		what, ofFile = "a module was downloaded", false
	case model.StaleToolchain:
		what, ofFile = "another Go was installed", false
	case model.StaleBranch:
		what, ofFile = "another branch was checked out", false
	case model.StaleSettings:
		what, ofFile = fmt.Sprintf("the setting %s changed", s.Setting.Setting), false
	case model.StaleBinary:
		what, ofFile = "another gopls took its place on the disk", false
	case model.StaleUnknown:
		what, ofFile = "something changed", false
	}
	if ofFile && s.File == "" {
		what = "a file " + what
	}
	n := x.change(Event{At: s.Since, File: s.File, What: what}, contexts)
	if !ofFile {
		n.Label = words(strings.TrimSpace(what + " " + x.when(s.Since)))
	}
	n.ID = idOf(Change, x.s.Dir, string(s.What), s.File)
	if s.Setting != nil {
		n.ID = idOf(Change, x.s.Dir, string(s.What), s.File, s.Setting.Setting)
	}
	return x.add(n)
}

// outside is what a file is outside of for gopls.
func (x *building) outside(contexts []string) Node {
	n := Node{ID: idOf(Origin, "workspace", x.s.Dir), Kind: Origin, Label: words("the folder that is open, " + x.s.Dir), ContextIDs: contexts}
	if x.s.Work != nil {
		n = Node{ID: idOf(Origin, x.s.Work.File), Kind: Origin, Label: words(x.path(x.s.Work.File) + ", which does not use it"), Location: line(x.s.Work.File, 1), ContextIDs: contexts}
	}
	return n
}

// version is the Go that gopls was built with.
func (x *building) version(contexts []string) Node {
	label := "the Go that gopls was built with"
	for _, g := range x.s.Gopls {
		if g.GoVersion != "" {
			label = strings.TrimSpace("gopls "+g.Version) + ", built with " + g.GoVersion
			break
		}
	}
	return Node{ID: idOf(Value, x.s.Dir, "gopls"), Kind: Value, Label: words(label), Name: "gopls", ContextIDs: contexts}
}

// module is a module as a go.mod knows it.
type module struct {
	path, version string
	file          string // the go.mod that requires or declares it; "" if none is known
	line          int    // 1-based, of it there; 0 if it declares it
}

func (x *building) moduleNode(m module, contexts []string) Node {
	n := Node{ID: idOf(Module, x.s.Dir, m.path, m.version), Kind: Module, Label: words("module " + strings.TrimSuffix(m.path+"@"+m.version, "@")), Name: m.path, ContextIDs: contexts}
	if m.file != "" {
		n.Location = line(m.file, max(m.line, 1))
	}
	return n
}

// required adds a module and when it got its version.
func (x *building) required(m module, contexts []string) string {
	id := x.add(x.moduleNode(m, contexts))
	for _, e := range x.in.Changes {
		if e.Module != m.path || e.File != m.file {
			continue
		}
		n := x.change(e, contexts)
		n.ID, n.Location = idOf(Change, x.s.Dir, "module", e.Module, e.At.UTC().Format(time.RFC3339Nano)), line(m.file, max(m.line, 1))
		n.Label = words(x.changed(m.path, e.At, fmt.Sprintf("%s:%d", x.path(m.file), max(m.line, 1))))
		x.link(id, x.add(n), "after")
	}
	return id
}

// owner is the main module that a file is in; nil if none is in reach.
func (x *building) owner(file string) (m *model.Module) {
	for i := range x.s.Modules {
		dir := filepath.Dir(x.s.Modules[i].File)
		if within(dir, file) && (m == nil || len(dir) > len(filepath.Dir(m.File))) {
			m = &x.s.Modules[i]
		}
	}
	return m
}

func within(dir, file string) bool {
	return strings.HasPrefix(file, strings.TrimSuffix(dir, string(filepath.Separator))+string(filepath.Separator))
}

// pkg is the import path, or else the directory, of the package that a verdict
// is about: the imported one, or that of the file.
func (x *building) pkg(v Judged) string {
	if imported := importOf(v.Problem); imported != "" {
		return imported
	}
	if filepath.Ext(v.Problem.File) != ".go" {
		return ""
	}
	dir := filepath.Dir(v.Problem.File)
	if m := x.owner(v.Problem.File); m != nil && m.Path != "" {
		if rel, err := filepath.Rel(filepath.Dir(m.File), dir); err == nil {
			return path.Join(m.Path, filepath.ToSlash(rel))
		}
	}
	return dir
}

// moduleOf is the module of the package that a verdict is about.
func (x *building) moduleOf(v Judged) (module, bool) {
	own := x.owner(v.Problem.File)
	imported := importOf(v.Problem)
	if imported == "" {
		switch {
		case own != nil:
			return module{path: own.Path, file: own.File}, own.Path != ""
		case v.Dir != "":
			return module{path: v.Dir, file: filepath.Join(v.Dir, "go.mod")}, true
		}
		return module{}, false
	}
	var best module
	consider := func(m module) {
		if (imported == m.path || strings.HasPrefix(imported, m.path+"/")) && len(m.path) > len(best.path) {
			best = m
		}
	}
	mains := x.s.Modules
	if own != nil {
		mains = append([]model.Module{*own}, mains...)
	}
	for _, m := range mains {
		consider(module{path: m.Path, file: m.File})
		for _, r := range m.Requires {
			consider(module{r.Path, r.Version, m.File, r.Line})
		}
	}
	return best, best.path != ""
}

// route is the way of a module in an environment.
func (x *building) route(env model.EnvName, m module) (route.Route, bool) {
	key := [2]string{string(env), m.file}
	e, ok := x.explainers[key]
	if !ok {
		if env, known := x.s.Env(env); known {
			e = route.NewExplainer(env, route.FactsOf(x.s, env).Near(m.file))
		}
		x.explainers[key] = e
	}
	if e == nil {
		return route.Route{}, false
	}
	return e.Explain(route.Module{Path: m.path, Version: m.version}), true
}

// step adds the step of a module's route that a variable decides, and says how
// the module depends on it; id is "" if it decides none.
func (x *building) step(env model.EnvName, m module, fetched bool, variable string, contexts []string) (id, how string) {
	if !fetched {
		return "", ""
	}
	r, known := x.route(env, m)
	if !known {
		return "", ""
	}
	add := func(name, how string, label Text) (string, string) {
		n := Node{ID: idOf(Step, x.s.Dir, m.path, m.version, string(env), name), Kind: Step, Label: label, ContextIDs: contexts}
		if !r.Error.Empty() {
			n.Detail = words("go says: ").and(Text{{Value: r.Error}})
		}
		return x.add(n), how
	}
	switch {
	case r.Mode == route.ModeVendor && variable == "GOFLAGS":
		return add("vendor", "is taken from", words("the vendor directory"))
	case r.Mode == route.ModeWorkspace || r.Mode == route.ModeVendor || r.Mode == route.ModeReplace && r.Dir != "":
		return "", ""
	}
	for i, s := range r.Steps {
		if s.Applies && s.Why.Variable == variable {
			return add(fmt.Sprint(i), "is fetched by", stepLabel(i, s))
		}
	}
	switch variable {
	case r.SumDB.Why.Variable:
		return add("sumdb", "is verified by", words("the checksum database"))
	case r.VCS.Why.Variable:
		return add("vcs", "is fetched from", words("its repository"))
	case r.Why.Variable:
		return add("refused", "is fetched by", words("nobody: go refuses the settings"))
	}
	return "", ""
}

// failing adds the step at which the route of a module ends in the shell, and
// names the variable that decides so; id is "" if there is none.
func (x *building) failing(m module, contexts []string) (id, how, variable string) {
	r, known := x.route(model.EnvShell, m)
	if !known || r.Error.Empty() || r.Why.Variable == "" || r.Cache.State == route.CacheWhole {
		return "", "", ""
	}
	id, how = x.step(model.EnvShell, m, true, r.Why.Variable, contexts)
	return id, how, r.Why.Variable
}

func stepLabel(i int, s route.Step) Text {
	lead := words(fmt.Sprintf("step %d of GOPROXY, ", i+1))
	switch s.Kind {
	case route.Off:
		return lead.and(words("off: nothing may be downloaded"))
	case route.Direct:
		return lead.and(words("direct: the origin is asked"))
	case route.NoProxy:
		return words("the origin, as a private module")
	}
	return lead.and(Text{{"GOPROXY", s.URL}})
}

// path shortens an absolute path: relative to the workspace, or to the home
// directory.
func (x *building) path(file string) string {
	if !filepath.IsAbs(file) {
		return file
	}
	if within(x.s.Dir, file) {
		return filepath.ToSlash(file[len(strings.TrimSuffix(x.s.Dir, string(filepath.Separator)))+1:])
	}
	for _, home := range x.homes {
		if within(home, file) {
			return "~/" + filepath.ToSlash(file[len(strings.TrimSuffix(home, string(filepath.Separator)))+1:])
		}
	}
	return file
}

// homes are the home directories of the environments, each once.
func homes(s *model.Snapshot) (out []string) {
	for _, env := range s.Envs {
		for _, name := range []string{"HOME", "USERPROFILE"} {
			if home := env.Lookup(name).Value.Reveal(); filepath.IsAbs(home) && !slices.Contains(out, home) {
				out = append(out, home)
			}
		}
	}
	return out
}

// line is the whole of a line, counted from 1.
func line(file string, n int) *model.Location {
	return &model.Location{File: file, Range: model.Range{Start: model.Position{Line: n - 1}, End: model.Position{Line: n}}}
}

func firstLine(s string) string {
	first, _, _ := strings.Cut(s, "\n")
	return first
}

// importOf is the package that a problem says cannot be imported; "" for other
// problems.
func importOf(p model.Problem) string {
	for _, lead := range []string{"could not import ", "error while importing "} {
		if rest, ok := strings.CutPrefix(p.Message, lead); ok {
			if name, _, _ := strings.Cut(strings.Replace(rest, ":", " ", 1), " "); name != "C" {
				return name
			}
		}
	}
	return ""
}
