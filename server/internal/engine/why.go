package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gophantom/gophantom/server/internal/baseline"
	"github.com/gophantom/gophantom/server/internal/cause"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world"
)

// NotFoundError says that nothing of what was found is meant by a text.
type NotFoundError struct{ About string }

func (e NotFoundError) Error() string {
	return fmt.Sprintf("nothing that was found is meant by %q; name a place as file:line, a rule, a variable, a module or a contextId, or nothing for the worst", e.About)
}

// Why explains what a text means: how it came about, what it breaks and what
// would cure it. About nothing it explains the worst that was found. The report
// is that of the assessment. It fails with a NotFoundError.
func (a Assessment) Why(w *world.World, about string) (report.Report, report.Explanation, error) {
	a = a.recalled(w)
	r := a.bare(w)
	g := a.graph(w, &r)
	r.Graph = publicGraph(g)
	why, err := explain(g, r, about)
	if s := why.Subject; s != nil && len(s.ContextIDs) > 0 && (s.Kind == string(cause.Problem) || s.Kind == string(cause.Finding)) {
		why.Suspects = append(why.Suspects, a.suspects(w, s.ContextIDs[0])...)
	}
	return r, why, err
}

// explain answers all named queries about one thing.
func explain(g cause.Graph, r report.Report, about string) (report.Explanation, error) {
	out := report.Explanation{About: show(about), Chain: []report.Link{}, Suspects: []report.Changed{}, Cures: publicNodes(nil), Affected: publicNodes(nil), Shared: publicNodes(nil), Others: publicNodes(nil), Graph: publicGraph(cause.Graph{}), Unknown: r.Unknown, Snapshot: r.Snapshot}
	var n cause.Node
	if about == "" {
		worst, ok := g.Worst()
		if !ok {
			return out, nil
		}
		n = worst
	} else {
		meant := g.Find(about)
		if len(meant) == 0 {
			return out, NotFoundError{show(about)}
		}
		n = meant[0]
		out.Others = publicNodes(meant[1:])
	}
	subject := publicNode(n)
	out.Subject, out.Verdict, out.Severity = &subject, string(n.Verdict), string(n.Severity)
	out.Chain = publicChain(g.Causes(n.ID))
	out.Cures, out.Affected, out.Shared = publicNodes(g.Cures(n.ID)), publicNodes(g.Affected(n.ID)), publicNodes(g.Shared(n.ID))
	if n.Kind != cause.Problem && n.Kind != cause.Finding {
		out.Shared = publicNodes(nil) // what it breaks is what shares it
	}
	if c := n.Confidence; c != nil {
		out.Confidence = &report.Confidence{Percent: c.Percent, Contributions: []report.Contribution{}}
		for _, part := range c.Contributions {
			out.Confidence.Contributions = append(out.Confidence.Contributions, report.Contribution{Mechanism: part.Mechanism, Name: part.Name, Weight: part.Weight, Why: showText(part.Why)})
		}
	}
	out.Graph = publicGraph(g.Around(n.ID))
	return out, nil
}

// graph is how what was found hangs together. r is the report of it, whose fixes
// have their titles. A crash costs the graph and nothing else, and r says so.
func (a Assessment) graph(w *world.World, r *report.Report) (g cause.Graph) {
	defer func() {
		if p := recover(); p != nil { // it may quote a value
			r.Unknown = append(r.Unknown, report.Unknown{Rule: "graph", Why: fmt.Sprintf("The causes could not be put together (%T); please report this.", p)})
		}
	}()
	in := cause.Input{Snapshot: a.Snapshot}
	in.Changes, in.Green = a.changes(w)
	for i, f := range a.Findings {
		in.Findings = append(in.Findings, cause.Found{Finding: f, Sentence: r.Findings[i].Message, Cures: offered(r.Findings[i].Fixes)})
	}
	for i, v := range a.Verdicts {
		in.Verdicts = append(in.Verdicts, cause.Judged{Verdict: v, Dir: layoutDir(w, v), Cures: offered(r.Problems[i].Fixes)})
	}
	return cause.Build(in)
}

func offered(fixes []report.Fix) (out []cause.Offer) {
	for _, f := range fixes {
		out = append(out, cause.Offer{ID: f.ID, Title: f.Title, Disabled: f.Disabled})
	}
	return out
}

// mostDated is how many files are asked when they changed.
const mostDated = 50

// changes are what happened to what the graph is of: when files were changed that
// values at fault come from, which of those values were seen to change, and what
// is not as it was when everything was green.
func (a Assessment) changes(w *world.World) (events []cause.Event, green time.Time) {
	if a.Replayed || len(a.Findings)+len(a.Verdicts) == 0 {
		return nil, green // there is nothing to explain, or not on this machine
	}
	seen := map[string]bool{}
	dated := func(origins ...model.Origin) {
		for _, o := range origins {
			if o.File == "" || o.Layer == model.LayerGoroot || seen[o.File] || len(seen) >= mostDated {
				continue
			}
			seen[o.File] = true
			if info, err := w.Files.Stat(o.File); err == nil && !info.ModTime().IsZero() {
				events = append(events, cause.Event{At: info.ModTime(), File: o.File, What: "changed"})
			}
		}
	}
	for _, v := range a.Verdicts {
		for _, g := range v.Guilty {
			dated(g.Editor.Origin, g.Shell.Origin)
			for _, hidden := range g.Editor.Shadows {
				dated(hidden.Origin)
			}
		}
	}
	for _, f := range a.Findings {
		if f.Origin != nil {
			dated(*f.Origin)
		}
	}
	a = a.recalled(w)
	events = append(events, a.seenChanges()...)
	b, _, err := baselines{w, a.read}.of(a.Snapshot.Dir)
	if err != nil {
		return events, green
	}
	for _, c := range b.Diff(a.Snapshot) {
		switch c.Kind {
		case baseline.Variable:
			events = append(events, cause.Event{Variable: c.Name, Env: c.Env, Was: c.Was})
		case baseline.Require:
			events = append(events, cause.Event{Module: c.Name[strings.LastIndexByte(c.Name, ' ')+1:], File: c.At.File, Was: c.Was})
		}
	}
	return events, b.Taken
}

// seenChanges are the events of the history that made things what they are now:
// of each thing the last, unless it was changed again when nobody looked. Cures
// that were taken back count, too.
func (a Assessment) seenChanges() (events []cause.Event) {
	told := map[factKey]bool{}
	for _, e := range slices.Backward(a.Happened) {
		at, err := time.Parse(time.RFC3339, e.Time)
		if err != nil {
			continue
		}
		at = at.In(a.Snapshot.Taken.Location())
		key := keyOf(e)
		switch {
		case e.Kind == eventUndone && e.ContextID != "":
			events = append(events, cause.Event{At: at, What: "“" + e.Subject + "” was undone", ContextID: e.ContextID})
		case e.Kind != eventChanged || told[key]:
		case e.Fact == string(baseline.Variable):
			told[key] = true
			env, ok := a.Snapshot.Env(model.EnvName(e.Environment))
			if now := env.Lookup(e.Subject); ok && env.Complete && shownSetting(now) == e.Is {
				began, _ := a.times(nil, e.ContextID)
				late := !began.IsZero() && at.After(began.Add(baseline.Noticing))
				events = append(events, cause.Event{At: at, Variable: e.Subject, Env: env.Name, Was: e.Was, Late: late})
			}
		case e.Fact == string(baseline.Require):
			told[key] = true
			for _, m := range a.Snapshot.Modules {
				for _, r := range m.Requires {
					if r.Path == e.Subject && show(r.Version) == e.Is {
						events = append(events, cause.Event{At: at, Module: r.Path, File: m.File, Was: e.Was})
					}
				}
			}
		}
	}
	return events
}

// recalled is the assessment with what happened before, as the loop knows it, or
// else as an editor wrote it down: the file is read once.
func (a Assessment) recalled(w *world.World) Assessment {
	if a.Happened == nil && !a.Replayed {
		a.Happened = append([]report.HistoryEvent{}, remembered(w, a.Snapshot.Dir)...)
	}
	return a
}

// shownSetting is the value of a setting, as the history has it; "" if it is not
// set.
func shownSetting(s model.Setting) string {
	if !s.Set {
		return ""
	}
	return showFact(s.Name, s.Value)
}

// mostLabel is how many characters a label has, mostDetail a detail, and
// mostContexts how many contexts a node names.
const (
	mostLabel    = 160
	mostDetail   = 600
	mostContexts = 20
)

// publicGraph makes a graph safe to show.
func publicGraph(g cause.Graph) report.Graph {
	out := report.Graph{Nodes: publicNodes(g.Nodes), Edges: make([]report.GraphEdge, 0, len(g.Edges))}
	for _, e := range g.Edges {
		out.Edges = append(out.Edges, report.GraphEdge{From: e.From, To: e.To, Label: e.Label})
	}
	return out
}

func publicNodes(nodes []cause.Node) []report.GraphNode {
	out := make([]report.GraphNode, 0, len(nodes))
	for _, n := range nodes {
		out = append(out, publicNode(n))
	}
	return out
}

func publicNode(n cause.Node) report.GraphNode {
	label := strings.Join(strings.Fields(showText(n.Label)), " ")
	return report.GraphNode{
		ID: n.ID, Kind: string(n.Kind), Label: atMost(mostLabel, label), Detail: atMost(mostDetail, showText(n.Detail)),
		Location: report.FromLocation(n.Location), ContextIDs: append([]string{}, n.ContextIDs[:min(len(n.ContextIDs), mostContexts)]...),
	}
}

func publicChain(chain []cause.Link) []report.Link {
	out := make([]report.Link, 0, len(chain))
	for _, l := range chain {
		out = append(out, report.Link{Depth: l.Depth, Label: l.Label, Node: publicNode(l.Node)})
	}
	return out
}

// showText shows every value as its variable demands, and then the whole.
func showText(t cause.Text) string {
	var b strings.Builder
	for _, part := range t {
		if part.Variable != "" {
			b.WriteString(report.ShowVariable(part.Variable, part.Value))
		} else {
			b.WriteString(report.Show(part.Value))
		}
	}
	return show(b.String())
}

// atMost cuts a shown text.
func atMost(n int, s string) string {
	if runes := []rune(s); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return s
}

// behind is what is behind the problem at an index of the newest report: the chain of
// its causes, and what may be at fault, the likeliest first. Both are empty if that is
// not known any more.
func (l *Loop) behind(index int) (chain []report.Link, suspects []report.Changed) {
	l.mu.Lock()
	last := l.last
	l.mu.Unlock()
	for _, a := range l.shown(last) {
		if index >= len(a.Verdicts) {
			index -= len(a.Verdicts)
			continue
		}
		v := a.Verdicts[index]
		a = a.recalled(l.w)
		r := a.bare(l.w)
		g := a.graph(l.w, &r)
		p := v.Problem
		found := g.Find(fmt.Sprintf("%s:%d:%d", p.File, p.Range.Start.Line+1, p.Range.Start.Character+1))
		i := slices.IndexFunc(found, func(n cause.Node) bool {
			return n.Kind == cause.Problem && n.Verdict == v.Kind && slices.Contains(n.ContextIDs, v.ContextID)
		})
		if i >= 0 {
			chain = publicChain(g.Causes(found[i].ID))
		}
		if v.Kind != model.NotBuild {
			suspects = a.suspects(l.w, v.ContextID)
		}
		break
	}
	return chain, suspects
}
