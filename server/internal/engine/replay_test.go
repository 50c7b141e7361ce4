package engine_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// TestReplay captures every scenario and replays it: the same is found, in the
// same words, at the same places.
func TestReplay(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "testdata", "scenarios", "*", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file))+"/"+strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			w, sc := worldtest.Load(t, file)
			s := look(t, w, sc)
			data, err := report.Capture(s, "v1.2.3")
			if err != nil {
				t.Fatal(err)
			}
			again, err := report.ReadCapture(data)
			if err != nil {
				t.Fatal(err)
			}
			want, got := engine.Check(t.Context(), w, s, engine.Truth{}).Report(w), engine.Replay(again).Report(w)
			for i := range want.Findings {
				want.Findings[i].Fixes = []report.Fix{}
			}
			for i := range want.Accepted {
				want.Accepted[i].Finding.Fixes = []report.Fix{}
			}
			want.Problems = []report.Problem{} // judged by asking the machine
			want.Graph, got.Graph = lasting(want.Graph), lasting(got.Graph)
			// go hides a password in what it prints, and has another one to hide then.
			if diff := cmp.Diff(alikeSecrets(t, want), alikeSecrets(t, got)); diff != "" {
				t.Errorf("replayed (-seen +replayed):\n%s", diff)
			}
			twice, err := report.Capture(again, "v1.2.3")
			if err != nil || string(twice) != string(data) {
				t.Errorf("a capture of the capture is another one: %v", err)
			}
		})
	}
}

// lasting is a graph without what takes the machine: problems, which are judged
// there, cures, and when files were changed.
func lasting(g report.Graph) (out report.Graph) {
	gone := map[string]bool{}
	for _, n := range g.Nodes {
		switch n.Kind {
		case "problem", "cure", "change":
			gone[n.ID] = true
		default:
			out.Nodes = append(out.Nodes, n)
		}
	}
	for _, e := range g.Edges {
		if !gone[e.From] && !gone[e.To] {
			out.Edges = append(out.Edges, e)
		}
	}
	return out
}

var anySecret = regexp.MustCompile(`secret-[0-9a-f]{4}`)

func alikeSecrets(t *testing.T, r report.Report) string {
	t.Helper()
	data, err := report.JSON(r)
	if err != nil {
		t.Fatal(err)
	}
	return anySecret.ReplaceAllString(string(data), "secret")
}
