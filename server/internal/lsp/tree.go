package lsp

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/l10n"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
)

// tree answers gophantom/tree: what the view "Go Environment" shows.
func (s *server) tree(ctx context.Context, _ *struct{}) (any, error) {
	return s.obey(ctx, methodTree, func() (any, error) { return s.treeOf(s.loop.Picture()).in(s.peer.language), nil })
}

// The order of the roots, which are also their ids.
var treeRoots = []string{"findings", "environments", "routes", "toolchains", "history"}

// treeOf puts a picture into lines.
func (s *server) treeOf(p engine.Picture) Tree {
	t := Tree{Snapshot: p.Update.Report.Snapshot.Number, Roots: []TreeNode{}}
	if !p.Update.Ready {
		return t
	}
	g := gardener{s, p}
	for i, grow := range []func() TreeNode{g.findings, g.environments, g.routes, g.toolchains, g.history} {
		root := grow()
		root.Kind = "root"
		name(&root, treeRoots[i])
		t.Roots = append(t.Roots, root)
	}
	return t
}

// name gives a line and those below it ids that are unique: what a line says of
// itself, below what it stands under.
func name(n *TreeNode, id string) {
	n.ID = id
	taken := map[string]int{}
	for i := range n.Children {
		c := &n.Children[i]
		own := cmp.Or(c.ID, c.Kind+":"+c.Label)
		taken[own]++
		if n := taken[own]; n > 1 {
			own += fmt.Sprintf("#%d", n)
		}
		name(c, id+"/"+own)
	}
}

// in is the tree in a language. Ids and what commands take stay.
func (t Tree) in(l l10n.Language) Tree {
	for i := range t.Roots {
		t.Roots[i].translate(l)
	}
	return t
}

// translate puts a line and those below it into a language. The names of
// environments, variables and programs stay, as do values and what gopls said.
func (n *TreeNode) translate(l l10n.Language) {
	label := n.Label
	value := n.Kind == "value"
	switch {
	case n.Explain != nil && n.Explain.URI != "": // a problem of gopls
	case n.Kind == "value" && label != overrides, slices.Contains([]string{"value-unset", "environment", "environment-unknown", "difference", "difference-idle", "toolchain", "program"}, n.Kind):
	default:
		n.Label = l.Text(label)
	}
	said := func(by, text, verbatim string) string {
		parts := strings.Split(text, by)
		for i, part := range parts {
			if part != verbatim && (!value || i > 0 || part == empty) {
				parts[i] = l.Text(part)
			}
		}
		return strings.Join(parts, by)
	}
	n.Description = said(" · ", n.Description, "")
	if label == n.Label { // it leads the tooltip
		n.Tooltip = said("\n", n.Tooltip, label)
	} else {
		n.Tooltip = said("\n", n.Tooltip, "")
	}
	n.FixTitle = l.Text(n.FixTitle)
	for i := range n.Children {
		n.Children[i].translate(l)
	}
}

// overrides is the label of a value that another hides, empty one without text.
const overrides, empty = "overrides", "(empty)"

// gardener makes the lines of a tree.
type gardener struct {
	*server
	engine.Picture
}

func (g gardener) dir() string { return g.Update.Report.Snapshot.Dir }

// findings are the verdicts and what rules found, the worst first, and what is
// not known.
func (g gardener) findings() TreeNode {
	r := g.Update.Report
	var root TreeNode
	for _, verdict := range []model.VerdictKind{model.Phantom, model.StaleGreen, model.Real, model.Unknown} {
		for _, p := range r.Problems {
			if model.VerdictKind(p.Verdict) != verdict || verdict == model.Unknown && p.Summary == "" {
				continue
			}
			root.Children = append(root.Children, g.problem(p))
			if verdict != model.Real {
				root.Count++
			}
		}
	}
	for _, severity := range []model.Severity{model.Error, model.Warning, model.Info} {
		for _, f := range r.Findings {
			if f.Severity == string(severity) {
				root.Children = append(root.Children, g.finding(f))
				if severity != model.Info {
					root.Count++
				}
			}
		}
	}
	for _, u := range r.Unknown {
		root.Children = append(root.Children, TreeNode{
			ID: "unknown:" + u.Rule, Kind: "unknown", Label: u.Why, Tooltip: "Not known: " + u.Why, Explain: explainable(u.Rule),
		})
	}
	return root
}

// explainable is the page of a rule; nil if there is no such rule.
func explainable(rule string) *ExplainCommand {
	if _, ok := engine.Explain(l10n.English, rule); !ok {
		return nil
	}
	return &ExplainCommand{Rule: rule}
}

func (g gardener) problem(p report.Problem) TreeNode {
	first, _, _ := strings.Cut(p.Message, "\n")
	n := TreeNode{
		ID: "problem:" + p.URI + ":" + p.Message, Kind: p.Verdict, Label: first, Description: g.spot(p.URI, p.Range.Start.Line),
		Tooltip:  lines(cmp.Or(p.Summary, p.Message), "Decided by: "+p.Why, whole(p.URI, p.Range.Start.Line)),
		Location: &TreeLocation{p.URI, p.Range.Start.Line},
		Explain:  &ExplainCommand{URI: p.URI, Line: p.Range.Start.Line, Message: p.Message},
	}
	if p.Why == "" {
		n.Tooltip = lines(cmp.Or(p.Summary, p.Message), whole(p.URI, p.Range.Start.Line))
	}
	if model.VerdictKind(p.Verdict) == model.Phantom {
		g.offer(&n, p.Fixes, p.ContextID)
	}
	for _, f := range sharing(g.Update.Report.Findings, p.ContextID) {
		n.Children = append(n.Children, g.from(f)...)
	}
	return n
}

func (g gardener) finding(f report.Finding) TreeNode {
	n := TreeNode{ID: "finding:" + f.Rule + ":" + f.Subject + ":" + f.Folder, Kind: f.Severity, Label: f.Message, Explain: explainable(f.Rule)}
	where := ""
	if f.Location != nil {
		n.Location = &TreeLocation{f.Location.URI, f.Location.Range.Start.Line}
		n.Description = g.spot(f.Location.URI, f.Location.Range.Start.Line)
		where = whole(f.Location.URI, f.Location.Range.Start.Line)
	}
	n.Tooltip = lines(f.Message, where, "Rule: "+strings.TrimSuffix(f.Rule+", "+f.Ref, ", "))
	g.offer(&n, f.Fixes, f.ContextID)
	n.Children = append(n.Children, g.from(f)...)
	return n
}

// from are the places that explain a finding.
func (g gardener) from(f report.Finding) (out []TreeNode) {
	if f.Origin != nil {
		out = append(out, g.origin(*f.Origin, f.Subject+" is set here"))
	}
	for _, o := range f.Related {
		out = append(out, g.origin(o, "See also"))
	}
	return out
}

func (g gardener) origin(o report.Origin, label string) TreeNode {
	n := TreeNode{Kind: "origin", Label: label, Description: g.place(o), Tooltip: lines(label, placeOf(o))}
	n.Location = g.location(o)
	return n
}

// offer puts fixes below a line, in the order of the light bulb; the first that
// can be carried out and weakens nothing is that of the line itself.
func (g gardener) offer(n *TreeNode, fixes []report.Fix, contextID string) {
	number := g.Update.Report.Snapshot.Number
	proven := model.VerdictKind(n.Kind) == model.Phantom
	rankOf := func(f report.Fix) int { return offer{fix: f, proven: proven}.rank() }
	for _, f := range slices.SortedStableFunc(slices.Values(fixes), func(a, b report.Fix) int { return cmp.Compare(rankOf(a), rankOf(b)) }) {
		if !g.peer.canRun(f) {
			continue
		}
		command := &FixCommand{Fix: f.ID, Args: f.Args, Snapshot: number, ContextID: contextID}
		c := TreeNode{ID: "fix:" + fixKey(f), Kind: "cure", Label: f.Title, Tooltip: f.Title, Fix: command, FixTitle: f.Title}
		switch {
		case f.Disabled != "":
			c.Description, c.Fix, c.Tooltip = "not now: "+f.Disabled, nil, lines(f.Title, "Not now: "+f.Disabled)
		case f.Kind == "manual":
			c.Kind, c.Description = "by-hand", "by hand"
		case f.WeakensSecurity:
			c.Description = "weakens security"
		case n.Fix == nil:
			n.Fix, n.FixTitle = command, f.Title
		}
		n.Children = append(n.Children, c)
	}
}

// environments are the differences, and every environment with its values.
func (g gardener) environments() TreeNode {
	var root TreeNode
	for _, e := range g.Environments {
		in := ""
		if len(g.Environments) > 1 {
			in = filepath.Base(e.Snapshot.Dir) + ": "
		}
		for _, d := range e.Drift {
			n := TreeNode{ID: "difference:" + in + d.Variable, Kind: "difference", Label: in + d.Variable, Description: d.Why, Tooltip: lines(d.Variable+" differs.", d.Why)}
			if d.Matters {
				root.Count++
			} else {
				n.Kind = "difference-idle"
				n.Description = "does not matter: " + d.Why
			}
			for _, env := range e.Environments {
				if v, set := env.Values[d.Variable]; set && env.Complete {
					n.Children = append(n.Children, g.value(env.Name, v))
				} else if shown, known := d.Values[env.Name]; known { // a program
					n.Children = append(n.Children, TreeNode{Kind: "value", Label: env.Name, Description: shown, Tooltip: lines(env.Name, shown)})
				} else if env.Complete {
					n.Children = append(n.Children, TreeNode{Kind: "value-unset", Label: env.Name, Description: "not set"})
				}
			}
			root.Children = append(root.Children, n)
		}
	}
	for _, e := range g.Environments {
		in := ""
		if len(g.Environments) > 1 {
			in = filepath.Base(e.Snapshot.Dir) + ": "
		}
		for _, env := range e.Environments {
			n := TreeNode{ID: "environment:" + in + env.Name, Kind: "environment", Label: in + env.Name, Description: fmt.Sprintf("%d set", len(env.Values)), Tooltip: lines(env.Name, env.Why)}
			switch {
			case !env.Complete:
				n.Kind, n.Description = "environment-unknown", "not known: "+env.Why
			case env.Predicted:
				n.Description += ", computed from settings"
			}
			for _, variable := range slices.Sorted(maps.Keys(env.Values)) {
				n.Children = append(n.Children, g.value(variable, env.Values[variable]))
			}
			root.Children = append(root.Children, n)
		}
	}
	return root
}

// value is one value with its origin behind it, and below it what it hides.
func (g gardener) value(label string, v report.Value) TreeNode {
	shown := cmp.Or(v.Value, empty)
	n := TreeNode{Kind: "value", Label: label, Description: join(" · ", shown, g.place(v.Origin)), Tooltip: lines(label+": "+shown, from(v.Origin)), Location: g.location(v.Origin)}
	for _, hidden := range v.Shadows {
		shown := cmp.Or(hidden.Value, empty)
		n.Tooltip = lines(n.Tooltip, "overrides "+shown+", "+placeOf(hidden.Origin))
		n.Children = append(n.Children, TreeNode{
			Kind: "value", Label: overrides, Description: join(" · ", shown, g.place(hidden.Origin)), Tooltip: lines(shown, from(hidden.Origin)), Location: g.location(hidden.Origin),
		})
	}
	return n
}

func from(o report.Origin) string {
	if place := placeOf(o); place != "" {
		return "set by " + place
	}
	return ""
}

// routes are the ways of what is required.
func (g gardener) routes() TreeNode {
	var root TreeNode
	for _, routes := range g.Routes {
		r := routes[0]
		way, word := r.Way()
		n := TreeNode{Kind: "route-" + word, Label: join("@", r.Module, r.Version), Description: report.RoutesLine(routes), Tooltip: lines(join("@", r.Module, r.Version), way, r.Error)}
		for _, other := range routes[1:] {
			if _, w := other.Way(); rank(w) > rank(word) {
				word = w
			}
		}
		n.Kind = "route-" + word
		if rank(word) >= rank("warn") {
			root.Count++
		}
		for _, r := range routes {
			way, word := r.Way()
			c := TreeNode{Kind: "route-" + word, Label: "in " + r.Environment, Description: way, Tooltip: lines(way, r.Error)}
			for i, step := range r.Steps {
				why := ""
				if step.Why.Variable != "" {
					why = join("=", step.Why.Variable, step.Why.Pattern)
				}
				child := TreeNode{Kind: "step", Label: fmt.Sprintf("%d. %s", i+1, cmp.Or(step.URL, step.Kind)), Description: why}
				if !step.Applies {
					child.Description = join(" · ", "skipped", why)
				}
				if step.Why.Origin != nil {
					child.Description = join(" · ", child.Description, g.place(*step.Why.Origin))
					child.Location = g.location(*step.Why.Origin)
				}
				child.Tooltip = lines(child.Label, child.Description)
				c.Children = append(c.Children, child)
			}
			n.Children = append(n.Children, c)
		}
		root.Children = append(root.Children, n)
	}
	if g.MoreRoutes > 0 {
		root.Children = append(root.Children, TreeNode{Kind: "more", Label: fmt.Sprintf("and %d more", g.MoreRoutes), Tooltip: "Show Module Route tells of any of them."})
	}
	return root
}

// rank orders the words of routes, the worst last.
func rank(word string) int {
	return slices.Index([]string{"ok", "info", "unknown", "warn", "fail"}, word)
}

// toolchains are the programs that each environment finds.
func (g gardener) toolchains() TreeNode {
	var root TreeNode
	for _, e := range g.Environments {
		for _, t := range e.Toolchains {
			n := TreeNode{Kind: "toolchain", Label: t.Environment, Description: cmp.Or(t.Selected, t.Why), Tooltip: lines(t.Environment, t.Selected, t.SelectedWhy, t.Why, "GOROOT "+cmp.Or(t.GOROOT, "unknown"))}
			if len(g.Environments) > 1 {
				n.Label = filepath.Base(e.Snapshot.Dir) + ": " + n.Label
			}
			for _, p := range t.Programs {
				version := p.Version
				if p.Go != "" && p.Go != p.Version {
					version = join(", built with ", version, p.Go)
				}
				n.Children = append(n.Children, TreeNode{
					Kind: "program", Label: p.Name, Description: join(" · ", version, cmp.Or(p.Path, "not found")), Tooltip: lines(join(" ", p.Name, version), p.Path, p.Target),
				})
			}
			root.Children = append(root.Children, n)
		}
	}
	return root
}

// history is what was cured, and what happened, the newest first.
func (g gardener) history() TreeNode {
	r := g.Update.Report
	var root TreeNode
	cures := TreeNode{ID: "cures", Kind: "cures", Label: "Cures", Description: fmt.Sprint(len(r.Cures))}
	for _, c := range r.Cures {
		n := TreeNode{ID: "carried-out:" + c.ID, Kind: "carried-out", Label: c.Title, Time: c.Time, Tooltip: lines(c.Title, c.Why)}
		if c.Undoable {
			n.Undo, n.Description = c.ID, "can be undone"
			root.Count++
		} else {
			n.Description = lowerFirst(c.Why)
		}
		cures.Children = append(cures.Children, n)
	}
	if len(r.Cures) > 0 {
		root.Children = append(root.Children, cures)
	}
	for i, e := range slices.Backward(r.History) {
		n := TreeNode{ID: fmt.Sprintf("event:%s:%d", e.Time, i), Kind: e.Kind, Label: g.brief(e.Message), Time: e.Time, Tooltip: lines(e.Message, e.Subject)}
		if e.Rule != "" {
			n.Explain = explainable(e.Rule)
		}
		root.Children = append(root.Children, n)
	}
	return root
}

func lowerFirst(s string) string {
	if strings.HasPrefix(s, "It ") {
		return "i" + strings.TrimSuffix(s[1:], ".")
	}
	return strings.TrimSuffix(s, ".")
}

// place is where something was set, for people: from the workspace folder.
func (g gardener) place(o report.Origin) string {
	if o.File != "" {
		o.File = g.short(o.File)
	}
	return placeOf(o)
}

func placeOf(o report.Origin) string {
	at := shown(o.File)
	if at != "" && o.Line > 0 {
		at += fmt.Sprintf(":%d", o.Line)
	}
	layer := o.Layer
	if at != "" && layer != "" {
		layer = "(" + layer + ")"
	}
	return join(", ", join(" ", at, layer), shown(o.Note))
}

func (g gardener) location(o report.Origin) *TreeLocation {
	if o.File == "" {
		return nil
	}
	return &TreeLocation{string(g.uri(o.File)), max(o.Line-1, 0)}
}

// spot is a place of a document, as seen from the workspace folder.
func (g gardener) spot(u string, line int) string {
	return fmt.Sprintf("%s:%d", shown(g.short(report.FileOf(u))), line+1)
}

func whole(u string, line int) string { return fmt.Sprintf("%s:%d", shown(report.FileOf(u)), line+1) }

// short is a file as seen from the workspace folder, where it is in it.
func (g gardener) short(file string) string {
	if rel, err := filepath.Rel(g.dir(), file); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return file
}

// brief is a sentence with the end of each long path in it, for a narrow line.
func (g gardener) brief(sentence string) string {
	words := strings.Split(sentence, " ")
	for i, word := range words {
		if !filepath.IsAbs(word) && !strings.HasPrefix(word, "/") {
			continue
		}
		if parts := strings.Split(filepath.ToSlash(g.short(word)), "/"); len(parts) > 3 {
			words[i] = "…/" + strings.Join(parts[len(parts)-2:], "/")
		} else {
			words[i] = strings.Join(parts, "/")
		}
	}
	return strings.Join(words, " ")
}

// shown makes the name of a file safe to show.
func shown(file string) string { return report.Show(model.NewValue(file)) }

// lines joins what is not empty to lines of a tooltip.
func lines(parts ...string) string { return join("\n", parts...) }

func join(by string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(parts), func(s string) bool { return s == "" }), by)
}
