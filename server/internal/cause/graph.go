// Package cause joins what belongs together: a problem, the package and the
// module it is about, the step of the route that decides, the variable behind
// it, the line that set it, what changed, and what would cure it. A fixed set of
// named queries answers why; there is no language to ask in.
//
// It knows how the facts of a snapshot hang together. It must not know where
// they came from, nor how anything is shown: no I/O, no clock, nothing here can
// fail, and values leave only as model.Value.
package cause

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

// Kind is what a node stands for.
type Kind string

const (
	Problem  Kind = "problem"  // one problem of gopls, or many of one cause
	Finding  Kind = "finding"  // one rule firing on one subject
	Package  Kind = "package"  // a package that cannot be imported or does not compile
	Module   Kind = "module"   // the module that provides it
	Step     Kind = "step"     // where on its route the module is decided upon
	Variable Kind = "variable" // a variable with the value it has
	Value    Kind = "value"    // the value that the user's shell has instead, or a version
	Origin   Kind = "origin"   // the layer and line that set a value
	Change   Kind = "change"   // something that happened
	Cure     Kind = "cure"     // a fix that is on offer
)

// order is the direction of every edge: from a kind to a later one. That is why
// a graph has no cycle.
var order = []Kind{Problem, Finding, Package, Module, Step, Variable, Value, Origin, Change, Cure}

// Part is a piece of a text. The value of a variable says whose it is, because
// the name may tell that it is a credential.
type Part struct {
	Variable string
	Value    model.Value
}

// Text is words with values among them.
type Text []Part

// words are a text that is of no variable.
func words(s string) Text {
	if s == "" {
		return nil
	}
	return Text{{Value: model.NewValue(s)}}
}

// and joins texts.
func (t Text) and(more ...Text) Text { return slices.Concat(append([]Text{t}, more...)...) }

// Node is one thing that a cause is made of.
type Node struct {
	// ID is the same in every graph that has the thing. It is made of names and
	// places, never of values.
	ID       string
	Kind     Kind
	Label    Text // a few words
	Detail   Text // a sentence or several lines; nil if there is nothing to add
	Location *model.Location
	// ContextIDs are those of the findings and verdicts it has a part in, sorted.
	ContextIDs []string

	Verdict    model.VerdictKind // of a problem
	Count      int               // how many problems it stands for
	Places     []model.Location  // of all of them
	Rule       string            // of a finding
	Severity   model.Severity    // of a finding
	Name       string            // of a variable, or a module path, or an import path
	Confidence *Confidence       // of a phantom
}

// Edge leads from an effect to its cause. Label reads between the two: "comes
// from", "is set by".
type Edge struct{ From, To, Label string }

// Graph is a graph without cycles. Nodes stand in the order of what they
// explain: problems and findings first, the worst of them first.
type Graph struct {
	Nodes []Node
	Edges []Edge
}

// Link is one step of a chain of causes.
type Link struct {
	Node  Node
	Label string // of the edge that led here; "" for the first
	Depth int    // how many edges away from the first
}

// Node returns the node of an id; ok is false if there is none.
func (g Graph) Node(id string) (n Node, ok bool) {
	i := slices.IndexFunc(g.Nodes, func(n Node) bool { return n.ID == id })
	if i < 0 {
		return Node{}, false
	}
	return g.Nodes[i], true
}

// Causes is the chain from a node back to the origins and what changed them,
// depth first, the node itself first. Where two branches meet, the second ends. Of
// what a package or module has a part in, only what shares a context with the
// node is a cause of it.
func (g Graph) Causes(id string) []Link {
	index := g.index()
	start := index.nodes[id]
	var out []Link
	seen := map[string]bool{}
	var walk func(id, label string, depth int)
	walk = func(id, label string, depth int) {
		n, ok := index.nodes[id]
		if !ok || n.Kind == Cure || !sharesContext(n, start) {
			return
		}
		out = append(out, Link{n, label, depth})
		if seen[id] {
			return
		}
		seen[id] = true
		for _, e := range index.from[id] {
			walk(e.To, e.Label, depth+1)
		}
	}
	walk(id, "", 0)
	return out
}

// Affected are the problems and findings that a node has a part in: what breaks
// because of a variable, a line or a change. Those of the node itself, if it is
// one, do not count.
func (g Graph) Affected(id string) []Node {
	index := g.index()
	start := index.nodes[id]
	reached := map[string]bool{}
	var walk func(id string)
	walk = func(id string) {
		for _, e := range index.to[id] {
			if !reached[e.From] && sharesContext(index.nodes[e.From], start) {
				reached[e.From] = true
				walk(e.From)
			}
		}
	}
	walk(id)
	return g.nodesWhere(func(n Node) bool { return reached[n.ID] && (n.Kind == Problem || n.Kind == Finding) })
}

// Cures are the fixes on offer for a node, in the order of the ladder: those
// that hang on a cause of it and are of one of its contexts.
func (g Graph) Cures(id string) []Node {
	index := g.index()
	start, ok := index.nodes[id]
	if !ok {
		return nil
	}
	var out []Node
	for _, link := range g.Causes(id) {
		for _, e := range index.from[link.Node.ID] {
			n := index.nodes[e.To]
			if n.Kind == Cure && sharesContext(n, start) && !slices.ContainsFunc(out, func(o Node) bool { return o.ID == n.ID }) {
				out = append(out, n)
			}
		}
	}
	return out
}

// Shared are the other problems and findings that come from the same cause: a
// variable, a line, or a change that is behind the node as well. Where the shell
// has its value from is no cause of what gopls has.
func (g Graph) Shared(id string) []Node {
	index := g.index()
	start := index.nodes[id]
	shared := map[string]bool{}
	var walk func(id string)
	walk = func(id string) {
		n := index.nodes[id]
		switch {
		case n.Kind == Variable, n.Kind == Value, n.Kind == Change, n.Kind == Origin && n.Location != nil:
			for _, effect := range g.Affected(id) {
				shared[effect.ID] = true
			}
		}
		for _, e := range index.from[id] {
			if to := index.nodes[e.To]; to.Kind != Cure && (n.Kind != Variable || to.Kind != Value) && sharesContext(to, start) {
				walk(e.To)
			}
		}
	}
	walk(id)
	return g.nodesWhere(func(n Node) bool { return shared[n.ID] && n.ID != id })
}

// Worst is the problem or finding that is most worth an explanation: a phantom,
// then what the editor hides, then errors among the findings, then what is real,
// then warnings, then what could not be decided, then remarks; ok is false if there is nothing.
func (g Graph) Worst() (n Node, ok bool) {
	rank := func(n Node) int {
		return slices.Index([]string{"phantom", "stale-green", "error", "real", "warning", "", "unknown", "not-build", "info"}, string(n.Verdict)+string(n.Severity))
	}
	for _, candidate := range g.Nodes {
		if main := candidate.Kind == Problem || candidate.Kind == Finding; main && (!ok || rank(candidate) < rank(n)) {
			n, ok = candidate, true
		}
	}
	return n, ok
}

var spot = regexp.MustCompile(`^(.+?):([0-9]+)(?::([0-9]+))?$`)

// Find returns what somebody means by a text, the likeliest first: a contextId,
// file:line or file:line:column (from 1; the end of a path is enough), the id
// of a rule, the name of a variable, or the path of a module or package.
func (g Graph) Find(about string) []Node {
	if m := spot.FindStringSubmatch(about); m != nil {
		line, _ := strconv.Atoi(m[2])
		column, _ := strconv.Atoi(m[3])
		return g.nodesWhere(func(n Node) bool {
			return slices.ContainsFunc(n.Places, func(l model.Location) bool { return at(l, m[1], line, column) })
		})
	}
	main := func(n Node) bool { return n.Kind == Problem || n.Kind == Finding }
	for _, means := range []func(Node) bool{
		func(n Node) bool { return main(n) && slices.Contains(n.ContextIDs, about) },
		func(n Node) bool { return n.ID == about },
		func(n Node) bool { return n.Rule == about && n.Kind == Finding },
		func(n Node) bool { return n.Name == about && n.Kind == Variable },
		func(n Node) bool { return n.Name == about },
	} {
		if found := g.nodesWhere(means); about != "" && len(found) > 0 {
			return found
		}
	}
	return nil
}

// at reports whether a problem stands at a place; column is 0 for any.
func at(l model.Location, file string, line, column int) bool {
	have, want := filepath.ToSlash(l.File), strings.TrimPrefix(filepath.ToSlash(file), "./")
	if have != want && !strings.HasSuffix(have, "/"+want) {
		return false
	}
	start, end := l.Range.Start, l.Range.End
	if line-1 < start.Line || line-1 > max(start.Line, end.Line) {
		return false
	}
	return column == 0 || (line-1 != start.Line || column-1 >= start.Character) && (line-1 != end.Line || column-1 <= end.Character)
}

// Around is the part of a graph that explains a node: its causes, what cures
// them, and what else comes from them.
func (g Graph) Around(id string) Graph {
	in := map[string]bool{id: true}
	for _, link := range g.Causes(id) {
		in[link.Node.ID] = true
	}
	for _, n := range slices.Concat(g.Cures(id), g.Affected(id), g.Shared(id)) {
		in[n.ID] = true
	}
	// What lies between an effect and the cause it shares.
	for _, n := range slices.Concat(g.Affected(id), g.Shared(id)) {
		for _, link := range g.Causes(n.ID) {
			for _, further := range g.Causes(link.Node.ID) {
				if in[further.Node.ID] && further.Node.ID != n.ID {
					in[link.Node.ID] = true
				}
			}
		}
	}
	out := Graph{Nodes: g.nodesWhere(func(n Node) bool { return in[n.ID] })}
	for _, e := range g.Edges {
		if in[e.From] && in[e.To] {
			out.Edges = append(out.Edges, e)
		}
	}
	return out
}

// Join makes one graph of those of several folders.
func Join(graphs ...Graph) Graph {
	b := newBuilder()
	for _, g := range graphs {
		for _, n := range g.Nodes {
			b.add(n)
		}
		for _, e := range g.Edges {
			b.link(e.From, e.To, e.Label)
		}
	}
	return b.graph()
}

func (g Graph) nodesWhere(ok func(Node) bool) (out []Node) {
	for _, n := range g.Nodes {
		if ok(n) {
			out = append(out, n)
		}
	}
	return out
}

// index is a graph made ready for walks.
type index struct {
	nodes    map[string]Node
	from, to map[string][]Edge
}

func (g Graph) index() index {
	x := index{map[string]Node{}, map[string][]Edge{}, map[string][]Edge{}}
	for _, n := range g.Nodes {
		x.nodes[n.ID] = n
	}
	for _, e := range g.Edges {
		x.from[e.From] = append(x.from[e.From], e)
		x.to[e.To] = append(x.to[e.To], e)
	}
	return x
}

func sharesContext(a, b Node) bool {
	return a.ID == b.ID || len(b.ContextIDs) == 0 || slices.ContainsFunc(a.ContextIDs, func(id string) bool { return slices.Contains(b.ContextIDs, id) })
}

// idOf names a node by what it is.
func idOf(kind Kind, parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return string(kind) + "-" + hex.EncodeToString(sum[:5])
}

// builder collects nodes and edges, each once.
type builder struct {
	nodes map[string]*Node
	ids   []string
	edges map[[2]string]string
	links []Edge
}

func newBuilder() *builder {
	return &builder{nodes: map[string]*Node{}, edges: map[[2]string]string{}}
}

// add puts a node into the graph, or its contexts to those of the same node.
func (b *builder) add(n Node) (id string) {
	have, ok := b.nodes[n.ID]
	if !ok {
		n.ContextIDs = slices.Clone(n.ContextIDs)
		b.nodes[n.ID] = &n
		b.ids = append(b.ids, n.ID)
		return n.ID
	}
	for _, c := range n.ContextIDs {
		if c != "" && !slices.Contains(have.ContextIDs, c) {
			have.ContextIDs = append(have.ContextIDs, c)
		}
	}
	slices.Sort(have.ContextIDs)
	return n.ID
}

// link adds an edge. One against the direction of causes is none.
func (b *builder) link(from, to, label string) {
	f, t := b.nodes[from], b.nodes[to]
	if f == nil || t == nil || slices.Index(order, f.Kind) >= slices.Index(order, t.Kind) {
		return
	}
	if _, ok := b.edges[[2]string{from, to}]; !ok {
		b.edges[[2]string{from, to}] = label
		b.links = append(b.links, Edge{from, to, label})
	}
}

func (b *builder) graph() Graph {
	var g Graph
	for _, id := range b.ids {
		g.Nodes = append(g.Nodes, *b.nodes[id])
	}
	slices.SortStableFunc(g.Nodes, func(x, y Node) int { return slices.Index(order, x.Kind) - slices.Index(order, y.Kind) })
	g.Edges = b.links
	return g
}
