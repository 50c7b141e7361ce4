package engine_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world"
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
			want, got := engine.Check(t.Context(), w, s, engine.Truth{}).Report(w), engine.Replay(t.Context(), again).Report(w)
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

// TestRecordReplays: what *Record* wrote on one machine leads to the same findings and
// to the same verdict where that machine is gone, and tells no secret.
func TestRecordReplays(t *testing.T) {
	for name, tc := range map[string]struct {
		broken  bool // the shell is, too
		verdict string
	}{
		"a phantom":      {false, "phantom"},
		"a real problem": {true, "real"},
	} {
		t.Run(name, func(t *testing.T) {
			lab := worldtest.NewLab(t)
			e := newEditor(t, lab)
			for _, vars := range []map[string]string{e.host, e.launch} {
				vars["GO_TOKEN"], vars["GOPROXY"] = "hunter2hunter2", "file://"+lab.Proxy
			}
			e.host["GOPROXY"] = "off"
			if tc.broken {
				e.launch["GOPROXY"] = "off"
			}
			e.startGopls()
			e.run()
			u := e.await("a verdict", func(u engine.Update) bool {
				return u.Ready && !u.Busy && len(u.Report.Problems) == 1 && u.Report.Problems[0].Verdict == tc.verdict
			})
			want := u.Report
			document, err := e.loop.RecordProblem(t.Context(), engine.Place{File: e.File, Line: 2})
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(document, "hunter2") {
				t.Error("the record tells a secret")
			}
			if strings.Contains(document, "but not the verdict") {
				t.Fatal("the record does not lead to the verdict")
			}
			s, err := report.ReadCapture([]byte(document))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(e.Dir, e.Dir+"-gone"); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = os.Rename(e.Dir+"-gone", e.Dir) }()
			w := world.Real()
			w.Exec = nil // nothing runs
			got := engine.Replay(t.Context(), s).Report(w)
			if len(got.Problems) != 1 {
				t.Fatalf("replayed problems: %+v", got.Problems)
			}
			a, b := want.Problems[0], got.Problems[0]
			a.Fixes, b.Fixes, a.Bisect, b.Bisect = nil, nil, nil, nil
			for _, p := range []*report.Problem{&a, &b} {
				for i := range p.Evidence {
					p.Evidence[i].Millis = 0
				}
			}
			if diff := cmp.Diff(a, b); diff != "" {
				t.Errorf("the verdict (-seen +replayed):\n%s", diff)
			}
			if diff := cmp.Diff(ruled(want), ruled(got)); diff != "" {
				t.Errorf("findings (-seen +replayed):\n%s", diff)
			}
			// Without what go said, nothing is proved.
			s.Tape.Runs = nil
			if p := engine.Replay(t.Context(), s).Report(w).Problems; len(p) != 1 || p[0].Verdict != "unknown" {
				t.Errorf("without answers of go the verdict is %+v", p)
			}
		})
	}
}

// ruled are the rules that fired, with their subjects.
func ruled(r report.Report) (out []string) {
	for _, f := range r.Findings {
		out = append(out, f.Rule+" "+f.Subject+": "+f.Message)
	}
	return out
}
