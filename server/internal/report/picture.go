package report

import (
	"cmp"
	"fmt"
	"html"
	"slices"
	"strings"
	"unicode/utf8"
)

// DOT is the graph in the language of Graphviz.
func (g Graph) DOT() string {
	shapes := map[string]string{"problem": "octagon", "finding": "octagon", "variable": "box", "value": "box", "origin": "note", "change": "cds", "cure": "house"}
	quote := func(s string) string {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
	}
	var b strings.Builder
	b.WriteString("digraph why {\n\trankdir=LR;\n\tnode [fontname=\"sans-serif\"];\n\tedge [fontname=\"sans-serif\"];\n")
	for _, n := range g.Nodes {
		fmt.Fprintf(&b, "\t%s [label=%s, tooltip=%s, shape=%s];\n", quote(n.ID), quote(shortened(n.Label, 60)), quote(n.tip()), cmp.Or(shapes[n.Kind], "ellipse"))
	}
	for _, e := range g.Edges {
		fmt.Fprintf(&b, "\t%s -> %s [label=%s];\n", quote(e.From), quote(e.To), quote(e.Label))
	}
	b.WriteString("}\n")
	return b.String()
}

// Sizes of the picture, in pixels.
const (
	boxWidth, boxHeight = 250, 46
	gapX, gapY          = 150, 18
	margin              = 16
	lineLength          = 38 // characters in a box
)

// SVG is the graph as a picture that needs nothing else: effects on the left,
// their causes on the right, one column for each step between. It has a title
// and a description for those who cannot see it, and no script.
func (g Graph) SVG(title string) string {
	column, rows := g.columns()
	type place struct{ x, y int }
	places := map[string]place{}
	used := map[int]int{}
	width, height := 0, 0
	for _, n := range g.Nodes {
		c := column[n.ID]
		p := place{margin + c*(boxWidth+gapX), margin + used[c]*(boxHeight+gapY)}
		if most := slices.Max(rows); rows[c] < most {
			p.y += (most - rows[c]) * (boxHeight + gapY) / 2
		}
		used[c]++
		places[n.ID] = p
		width, height = max(width, p.x+boxWidth+margin), max(height, p.y+boxHeight+margin)
	}
	var b strings.Builder
	out := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	out(`<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title description" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11">`, width, height, width, height)
	out(`<title id="title">%s</title>`, xmlText(title))
	out(`<desc id="description">%s</desc>`, xmlText(g.words()))
	out(`<style>rect{fill:#fff;stroke:#57606a}text{fill:#1f2328}.kind,.edge{fill:#57606a;font-size:9px}path{fill:none;stroke:#57606a}` +
		`@media (prefers-color-scheme:dark){rect{fill:#22272e;stroke:#adbac7}text{fill:#e6edf3}.kind,.edge{fill:#adbac7}path{stroke:#adbac7}}</style>`)
	out(`<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8"/></marker></defs>`)
	for _, e := range g.Edges {
		from, to := places[e.From], places[e.To]
		x1, y1, x2, y2 := from.x+boxWidth, from.y+boxHeight/2, to.x, to.y+boxHeight/2
		out(`<path d="M%d %dC%d %d %d %d %d %d" marker-end="url(#tip)"/>`, x1, y1, x1+gapX/2, y1, x2-gapX/2, y2, x2, y2)
		out(`<text class="edge" x="%d" y="%d" text-anchor="middle">%s</text>`, (x1+x2)/2, (y1+y2)/2-5, xmlText(shortened(e.Label, 28)))
	}
	for _, n := range g.Nodes {
		p := places[n.ID]
		out(`<g><title>%s</title><rect x="%d" y="%d" width="%d" height="%d" rx="5"/>`, xmlText(n.tip()), p.x, p.y, boxWidth, boxHeight)
		out(`<text class="kind" x="%d" y="%d">%s</text><text x="%d" y="%d">%s</text></g>`, p.x+8, p.y+15, xmlText(n.Kind), p.x+8, p.y+33, xmlText(shortened(n.Label, lineLength)))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// columns puts every node behind all of its effects, what has none right before
// its nearest cause, and counts what stands in each column.
func (g Graph) columns() (column map[string]int, rows []int) {
	column = map[string]int{}
	for range g.Nodes { // no path is longer
		moved := false
		for _, e := range g.Edges {
			if c := column[e.From] + 1; c > column[e.To] && c <= len(g.Nodes) {
				column[e.To], moved = c, true
			}
		}
		if !moved {
			break
		}
	}
	effect, nearest := map[string]bool{}, map[string]int{}
	for _, e := range g.Edges {
		effect[e.To] = true
		if c, ok := nearest[e.From]; !ok || column[e.To] < c {
			nearest[e.From] = column[e.To]
		}
	}
	for id, c := range nearest {
		if !effect[id] {
			column[id] = max(0, c-1)
		}
	}
	rows = []int{0}
	for _, n := range g.Nodes {
		for len(rows) <= column[n.ID] {
			rows = append(rows, 0)
		}
		rows[column[n.ID]]++
	}
	return column, rows
}

// words tells the graph in sentences.
func (g Graph) words() string {
	label := map[string]string{}
	for _, n := range g.Nodes {
		label[n.ID] = n.Label
	}
	var out []string
	for _, e := range g.Edges {
		out = append(out, label[e.From]+" "+e.Label+" "+label[e.To]+".")
	}
	return strings.Join(out, " ")
}

// tip is all that is known of a node.
func (n GraphNode) tip() string { return strings.TrimSuffix(n.Label+"\n"+n.Detail, "\n") }

// shortened is text of at most n characters.
func shortened(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// xmlText is text in XML, which has no place for most control characters; what
// is shown has them as escapes already.
func xmlText(s string) string { return html.EscapeString(escape(s)) }
