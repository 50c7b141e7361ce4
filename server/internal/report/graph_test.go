package report

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

// explanation is one with one of everything, and with a name that is an attack.
func explanation() Explanation {
	location := &Location{URI: "file:///home/gopher/app/main.go", Range: Range{Position{2, 7}, Position{2, 20}}}
	nodes := []GraphNode{
		{ID: "problem-1", Kind: "problem", Label: "main.go:3:8 could not import example.com/dep", Detail: "it builds in your shell\ngo says: lookup disabled", Location: location, ContextIDs: []string{"ctx-1"}},
		{ID: "package-1", Kind: "package", Label: "package example.com/dep", ContextIDs: []string{"ctx-1"}},
		{ID: "variable-1", Kind: "variable", Label: "GOPROXY=off", Detail: "in gopls", ContextIDs: []string{"ctx-1"}},
		{ID: "origin-1", Kind: "origin", Label: `a"b\</title><script>alert(1)</script>[x](y)` + "\u202e\x1b", ContextIDs: []string{"ctx-1"}},
		{ID: "cure-1", Kind: "cure", Label: "Unmask GOPROXY", ContextIDs: []string{"ctx-1"}},
		{ID: "finding-1", Kind: "finding", Label: "masked-variable: GOPROXY", ContextIDs: []string{"ctx-1"}},
	}
	return Explanation{
		About: "main.go:3:8", Subject: &nodes[0], Verdict: "phantom",
		Chain: []Link{{0, "", nodes[0]}, {1, "imports", nodes[1]}, {2, "depends on", nodes[2]}, {3, "is set by", nodes[3]}},
		Cures: nodes[4:5], Shared: nodes[5:6], Affected: nodes[5:6], Others: nodes[5:6],
		Confidence: &Confidence{85, []Contribution{{"trace", "ground truth", 50, "green here, red there"}, {"context", "rivals", -15, "another would do"}}},
		Graph: Graph{nodes, []GraphEdge{
			{"problem-1", "package-1", "imports"},
			{"package-1", "variable-1", "depends on"},
			{"variable-1", "origin-1", "is set by"},
			{"variable-1", "cure-1", "is cured by"},
			{"finding-1", "variable-1", "is about"},
		}},
		Unknown: []Unknown{{"shell", "it did not answer"}}, Snapshot: troubled().Snapshot,
	}
}

func TestChainIsOneLineEach(t *testing.T) {
	e := explanation()
	text := e.Text(Style{})
	at := -1
	for _, link := range e.Chain[1:3] {
		want := strings.Repeat(" ", 2*link.Depth) + "← " + link.Label + " " + link.Node.Label
		next := strings.Index(text, want)
		if next <= at {
			t.Errorf("%q does not follow in\n%s", want, text)
		}
		at = next
	}
	for _, want := range []string{e.Cures[0].Label, e.Subject.Detail[:10], "85 of 100", "-15 context, rivals: another would do", "+50 trace", "ctx-1", e.Unknown[0].Why} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if nothing := (Explanation{}).Text(Style{}); !strings.HasPrefix(nothing, "✓ ok") {
		t.Errorf("nothing wrong reads %q", nothing)
	}
	if unknown := (Explanation{Unknown: e.Unknown}).Text(Style{}); strings.Contains(unknown, "✓") {
		t.Errorf("what is unknown is shown as healthy: %q", unknown)
	}
}

// TestPictureIsWellFormed draws names that are attacks.
func TestPictureIsWellFormed(t *testing.T) {
	e := explanation()
	svg := e.Graph.SVG(`why <b> & "c"`)
	names := map[string]int{}
	texts := ""
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		switch token := token.(type) {
		case xml.StartElement:
			names[token.Name.Local]++
		case xml.CharData:
			texts += string(token)
		}
	}
	// Every box has a title, and so has the picture.
	if names["script"] > 0 || names["rect"] != len(e.Graph.Nodes) || names["title"] != len(e.Graph.Nodes)+1 || names["desc"] != 1 {
		t.Errorf("the picture holds %v", names)
	}
	for _, want := range []string{`why <b> & "c"`, "GOPROXY=off is set by"} {
		if !strings.Contains(texts, want) {
			t.Errorf("no %q in %s", want, texts)
		}
	}
	if strings.ContainsAny(svg, "\u202e\x1b") {
		t.Errorf("the picture holds characters that reorder or command: %q", svg)
	}
}

func TestCausesStandBehindEffects(t *testing.T) {
	g := explanation().Graph
	column, rows := g.columns()
	for _, e := range g.Edges {
		if column[e.From] >= column[e.To] {
			t.Errorf("%s in column %d is an effect of %s in column %d", e.From, column[e.From], e.To, column[e.To])
		}
	}
	if column["finding-1"] != column["package-1"] {
		t.Errorf("the finding is in column %d, far from the variable in column %d", column["finding-1"], column["variable-1"])
	}
	sum := 0
	for _, n := range rows {
		sum += n
	}
	if sum != len(g.Nodes) {
		t.Errorf("the columns hold %d nodes of %d", sum, len(g.Nodes))
	}
	cycle := Graph{[]GraphNode{{ID: "a"}, {ID: "b"}}, []GraphEdge{{"a", "b", ""}, {"b", "a", ""}}}
	if svg := cycle.SVG("none"); !strings.HasSuffix(svg, "</svg>\n") {
		t.Error("a cycle, which there never is, is not drawn")
	}
}

func TestDOTQuotes(t *testing.T) {
	dot := explanation().Graph.DOT()
	if want := `[label="a\"b\\</title>`; !strings.Contains(dot, want) {
		t.Errorf("no %s in\n%s", want, dot)
	}
	for line := range strings.SplitSeq(dot, "\n") {
		quotes := strings.Count(line, `"`) - strings.Count(line, `\"`)
		if quotes%2 != 0 {
			t.Errorf("a quote is not closed in %s", line)
		}
	}
}

func TestMarkdownChainHasNoMarkup(t *testing.T) {
	e := explanation()
	text := e.Markdown()
	if strings.Contains(strings.ReplaceAll(text, `\<`, ""), "<script>") || strings.Contains(text, "[x](y)") {
		t.Errorf("markup of others in\n%s", text)
	}
	if !strings.Contains(text, "\n    - is set by **") {
		t.Errorf("the chain is not nested:\n%s", text)
	}
}
