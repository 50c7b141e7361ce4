package engine_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// TestOneCauseHasOneContext follows one cause through everything that leaves us:
// the finding, the verdict, the graph, SARIF, the explanation, the result of a
// cure, the undo record, and the undo of it.
func TestOneCauseHasOneContext(t *testing.T) {
	e := drifted(t)
	u := e.await("the phantom, and the line of the shell's value", func(u engine.Update) bool {
		return phantom(u) && slices.ContainsFunc(u.Report.Graph.Nodes, func(n report.GraphNode) bool { return strings.Contains(n.Label, ".profile") })
	})
	p := u.Report.Problems[0]
	id := p.ContextID
	about := func(f report.Finding) bool { return f.Subject == "GOPROXY" }
	if i := slices.IndexFunc(u.Report.Findings, about); id == "" || i < 0 || u.Report.Findings[i].ContextID != id {
		t.Fatalf("the verdict is of %q, the findings are %+v", id, u.Report.Findings)
	}
	kinds := map[string]int{}
	for _, n := range u.Report.Graph.Nodes {
		if slices.Contains(n.ContextIDs, id) {
			kinds[n.Kind]++
		}
	}
	for _, kind := range []string{"problem", "finding", "package", "module", "step", "variable", "value", "origin", "change", "cure"} {
		if kinds[kind] == 0 {
			t.Errorf("no %s of the graph has the context; those that have: %v", kind, kinds)
		}
	}

	var log struct {
		Runs []struct {
			Results []struct {
				RuleID     string
				Properties struct{ ContextID string }
			}
		}
	}
	data, err := report.SARIF([]report.Report{u.Report}, report.Tool{})
	if err != nil || json.Unmarshal(data, &log) != nil {
		t.Fatal(err)
	}
	var sarif []string
	for _, r := range log.Runs[0].Results {
		if r.Properties.ContextID == id {
			sarif = append(sarif, r.RuleID)
		}
	}
	if !slices.Contains(sarif, "verdict-phantom") || len(sarif) < 2 {
		t.Errorf("in SARIF %q have the context", sarif)
	}

	page, err := e.loop.ExplainProblem(engine.Place{File: e.File, Line: p.Range.Start.Line})
	if err != nil {
		t.Fatal(err)
	}
	_, chain, ok := strings.Cut(page, "## Where it comes from")
	chain, _, _ = strings.Cut(chain, "\n## ")
	for _, want := range []string{"example.com/greet", "step 1 of GOPROXY", "GOPROXY=off", ".profile"} {
		at := strings.Index(chain, want)
		if !ok || at < 0 {
			t.Fatalf("the page does not come to %q:\n%s", want, page)
		}
		chain = chain[at:]
	}

	user := &asked{editor: e, agree: true}
	if r := e.loop.Fix(t.Context(), user, shellsGOPROXY); r.ContextID != id {
		t.Errorf("the cure says %+v", r)
	}
	files := e.records()
	if len(files) != 1 {
		t.Fatalf("the journal has %q", files)
	}
	var record struct{ ContextID string }
	if data, err := os.ReadFile(files[0]); err != nil || json.Unmarshal(data, &record) != nil || record.ContextID != id {
		t.Errorf("the undo record says %s (%v)", data, err)
	}
	e.restartServer()
	e.await("that it can be undone", func(u engine.Update) bool { return u.Undoable })
	if r := e.loop.Undo(t.Context(), user, ""); r.ContextID != id || r.Outcome != "undone" {
		t.Errorf("the undo says %+v", r)
	}
}

// assessed is an assessment without a go command.
func assessed(s *model.Snapshot, verdicts ...model.Verdict) engine.Assessment {
	return engine.Assessment{Snapshot: s, Verdicts: verdicts}
}

// TestWhyShowsNoSecret puts credentials and characters that act on a terminal
// into everything that a chain names.
func TestWhyShowsNoSecret(t *testing.T) {
	const secret = "hunter2hunter2"
	lab := worldtest.NewLab(t)
	e := newEditor(t, lab)
	evil := "https://u:" + secret + "@proxy.example/\u202e\x1b[31m\n"
	env := func(name model.EnvName, vars map[string]string) model.Env {
		l := model.Layer{Kind: model.LayerProcess, Vars: map[string]model.Assignment{}}
		for k, v := range vars {
			l.Vars[k] = model.Assignment{Value: model.NewValue(v), File: lab.File, Line: 1, Note: "\x1b[31m"}
		}
		return model.Env{Name: name, Complete: true, Layers: []model.Layer{l}}
	}
	s := &model.Snapshot{
		Dir: lab.Dir, Modules: []model.Module{{File: filepath.Join(lab.Dir, "go.mod"), Path: "example.com/app", Requires: []model.Require{{Path: "example.com/greet", Version: "v1.0.0"}}}},
		Envs: []model.Env{
			env(model.EnvGopls, map[string]string{"GOPROXY": evil, "GIT_CONFIG_VALUE_0": "X-Token: " + secret, "GOAUTH": "helper " + secret}),
			env(model.EnvShell, map[string]string{"GOPROXY": "off"}),
		},
	}
	v := model.Verdict{Kind: model.Phantom, Cause: model.CauseEnv, ContextID: "ctx-1", TrueReason: model.NewValue("reading " + evil), Why: evil}
	v.Problem = model.Problem{Location: model.Location{File: lab.File}, Severity: 1, Source: "compiler", Message: "could not import example.com/greet \u202e\x1b[31m"}
	for _, name := range []string{"GOPROXY", "GIT_CONFIG_VALUE_0", "GOAUTH"} {
		v.Guilty = append(v.Guilty, model.Guilty{Variable: name, Editor: s.Envs[0].Lookup(name), Shell: s.Envs[1].Lookup(name)})
	}
	_, why, err := assessed(s, v).Why(e.w, "")
	if err != nil {
		t.Fatal(err)
	}
	data, err := report.JSON(why)
	if err != nil {
		t.Fatal(err)
	}
	for name, out := range map[string]string{"json": string(data), "text": why.Text(report.Style{}), "dot": why.Graph.DOT(), "svg": why.Graph.SVG("why"), "markdown": why.Markdown()} {
		if strings.Contains(out, secret) || strings.ContainsAny(out, "\u202e\x1b") {
			t.Errorf("%s shows what it must not:\n%s", name, out)
		}
		if out = strings.ReplaceAll(out, `\`, ""); !strings.Contains(out, "GIT_CONFIG_VALUE_0") || !strings.Contains(out, "proxy.example") {
			t.Errorf("%s proves nothing:\n%s", name, out)
		}
	}
}

// TestWhyOfManyIsSmall explains one of ten thousand problems of one cause.
func TestWhyOfManyIsSmall(t *testing.T) {
	e := newEditor(t, worldtest.NewLab(t))
	s := &model.Snapshot{Dir: e.Dir}
	var verdicts []model.Verdict
	for i := range 10_000 {
		v := model.Verdict{Kind: model.Phantom, Cause: model.CauseStale, Stale: &model.Staleness{What: model.StaleBranch}, ContextID: "ctx-1"}
		v.Problem = model.Problem{Location: model.Location{File: filepath.Join(e.Dir, fmt.Sprintf("p%d", i), "a.go")}, Severity: 1, Source: "compiler", Message: "undefined: x"}
		verdicts = append(verdicts, v)
	}
	r, why, err := assessed(s, verdicts...).Why(e.w, "p9999/a.go:1")
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Graph.Nodes) > 20 || !strings.HasPrefix(why.Subject.Label, "10000 problems") || len(why.Shared) != 0 {
		t.Errorf("%d nodes; the subject is %q, with %d more", len(r.Graph.Nodes), why.Subject.Label, len(why.Shared))
	}
	if _, _, err := assessed(s).Why(e.w, "p1/a.go:1"); err == nil || !strings.Contains(err.Error(), `"p1/a.go:1"`) {
		t.Errorf("of nothing: %v", err)
	}
}

// TestHistoryFeedsTheGraph changes the shell's GOPROXY while the editor is open,
// and with it a variable that has nothing to do with the phantom. The graph names
// the one change with its time and its line, and so do the page, and the command
// line after the editor is gone.
func TestHistoryFeedsTheGraph(t *testing.T) {
	e := drifted(t)
	e.await("the phantom, and the line of the shell's value", func(u engine.Update) bool {
		return phantom(u) && slices.ContainsFunc(u.Report.Graph.Nodes, func(n report.GraphNode) bool { return strings.Contains(n.Label, ".profile") })
	})
	profile := filepath.Join(e.Home, ".profile")
	e.Write(profile, "export PATH='"+e.Env["PATH"]+"'\nexport GONOSUMDB=unrelated.example\nexport GOPROXY='file://"+e.Proxy+",off'\n")
	changes := func(r report.Report) (ours, others []report.GraphNode) {
		for _, n := range r.Graph.Nodes {
			switch {
			case n.Kind != "change":
			case slices.Contains(n.ContextIDs, r.Problems[0].ContextID):
				ours = append(ours, n)
			default:
				others = append(others, n)
			}
		}
		return ours, others
	}
	u := e.await("the change, with its line", func(u engine.Update) bool {
		if !phantom(u) {
			return false
		}
		ours, _ := changes(u.Report)
		return slices.ContainsFunc(ours, func(n report.GraphNode) bool { return strings.HasSuffix(n.Label, ".profile:3") })
	})
	id := u.Report.Problems[0].ContextID
	var event report.HistoryEvent
	var moved []string
	for _, h := range u.Report.History {
		if h.Fact == "variable" && h.Environment == "shell" {
			moved = append(moved, h.Subject)
			if h.Subject == "GOPROXY" {
				event = h
			}
		}
	}
	slices.Sort(moved)
	if !slices.Equal(moved, []string{"GONOSUMDB", "GOPROXY"}) || event.ContextID != id || !strings.HasSuffix(event.Is, ",off") || event.Was+",off" != event.Is {
		t.Fatalf("changed %q: %+v", moved, event)
	}
	at, err := time.Parse(time.RFC3339, event.Time)
	if err != nil {
		t.Fatal(err)
	}
	want := "GOPROXY changed at " + at.Local().Format(time.TimeOnly) + " in ~/.profile:3"
	named := func(what string, r report.Report, text string) {
		t.Helper()
		ours, _ := changes(r)
		if !slices.ContainsFunc(ours, func(n report.GraphNode) bool {
			return n.Label == want && n.Location != nil && n.Location.Range.Start.Line == 2
		}) || !strings.Contains(text, want) {
			t.Errorf("%s does not name %q but %+v:\n%s", what, want, ours, text)
		}
		for _, n := range ours {
			if strings.Contains(n.Label, "GONOSUMDB") || strings.Contains(n.Label, ".profile changed") {
				t.Errorf("%s takes %q for a change of the problem", what, n.Label)
			}
		}
	}
	page, err := e.loop.ExplainProblem(engine.Place{File: e.File, Line: u.Report.Problems[0].Range.Start.Line})
	if err != nil {
		t.Fatal(err)
	}
	named("the page", u.Report, strings.ReplaceAll(page, "\\", ""))
	a, ok := e.loop.Found()
	if !ok {
		t.Fatal("nothing was found")
	}
	a.Happened = nil // as on the command line, which reads what the editor wrote down
	r, why, err := a.Why(e.w, "")
	if err != nil {
		t.Fatal(err)
	}
	named("why", r, why.Text(report.Style{}))
	for later, want := range map[time.Duration]struct{ environment, said string }{
		time.Hour:  {"shell", "+10 baseline, change: GOPROXY changed"}, // the phantom came after the change
		-time.Hour: {"gopls", "when the problem was there already"},
	} {
		a.Happened = slices.Clone(u.Report.History)
		for i, h := range a.Happened {
			if h.Kind == "found" || h.Kind == "verdict" {
				a.Happened[i].Time = at.Add(later).Format(time.RFC3339)
			}
		}
		_, why, err := a.Why(e.w, "")
		if err != nil {
			t.Fatal(err)
		}
		if text := why.Text(report.Style{}); !strings.Contains(text, want.said) {
			t.Errorf("began %v later: no %q in\n%s", later, want.said, text)
		}
		s := why.Suspects
		if len(s) == 0 || s[0].Name != "GOPROXY" || s[0].Environment != want.environment || slices.ContainsFunc(s, func(c report.Changed) bool { return c.Name == "GONOSUMDB" }) {
			t.Errorf("began %v later: suspected is %+v", later, s)
		}
	}
	a.Happened = nil

	// What the history tells of another value is not how this one came about.
	e.Write(profile, "export PATH='"+e.Env["PATH"]+"'\nexport GOPROXY='file://"+e.Proxy+",direct'\n")
	e.await("the next change", func(u engine.Update) bool {
		return slices.ContainsFunc(u.Report.History, func(h report.HistoryEvent) bool { return h.Fact == "variable" && strings.HasSuffix(h.Is, ",direct") })
	})
	r, _, err = a.Why(e.w, "")
	if err != nil {
		t.Fatal(err)
	}
	if ours, _ := changes(r); slices.ContainsFunc(ours, func(n report.GraphNode) bool { return strings.HasPrefix(n.Label, "GOPROXY changed") }) {
		t.Errorf("an older picture has a newer change: %+v", ours)
	}
}
