package cause

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
)

// home is the home directory of the machine that the tests make up.
var home = func() string {
	if runtime.GOOS == "windows" {
		return `C:\home\gopher`
	}
	return "/home/gopher"
}()

var (
	ws    = filepath.Join(home, "ws")
	goenv = filepath.Join(home, ".config", "go", "env")
	zshrc = filepath.Join(home, ".zshrc")
	noon  = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
)

func v(s string) model.Value { return model.NewValue(s) }

// picture is a snapshot in which gopls was started at noon with GOPROXY=off, as
// the GOENV file says, and the shell has another GOPROXY and GOFLAGS.
func picture() *model.Snapshot {
	file := model.Layer{Kind: model.LayerGOENV, File: goenv, Vars: map[string]model.Assignment{"GOPROXY": {Value: v("off"), File: goenv, Line: 1}}}
	process := func(vars map[string]model.Assignment) model.Layer {
		vars["HOME"] = model.Assignment{Value: v(home)}
		return model.Layer{Kind: model.LayerProcess, Vars: vars}
	}
	return &model.Snapshot{
		Number: 7, Dir: ws, Taken: noon.Add(time.Hour),
		Modules: []model.Module{{
			File: filepath.Join(ws, "go.mod"), Path: "example.com/app", Go: "1.24",
			Requires: []model.Require{{Path: "example.com/greet", Version: "v1.0.0", Line: 5}, {Path: "example.com/greet/v2", Version: "v2.1.0", Line: 6}},
		}},
		Gopls: []model.GoplsProcess{{PID: 200, Version: "v0.23.0", GoVersion: "go1.25.1", Started: noon}},
		Envs: []model.Env{
			{Name: model.EnvGopls, Complete: true, Layers: []model.Layer{process(map[string]model.Assignment{}), file}},
			{Name: model.EnvShell, Complete: true, Layers: []model.Layer{process(map[string]model.Assignment{
				"GOPROXY": {Value: v("https://user:hunter2@proxy.example"), File: zshrc, Line: 18}, "GOFLAGS": {Value: v("-tags=a"), File: zshrc, Line: 19},
			}), file}},
		},
	}
}

// problem is one of gopls that a package cannot be imported.
func problem(name string, line int, path string) model.Problem {
	return model.Problem{
		Location: model.Location{File: filepath.Join(ws, name), Range: model.Range{Start: model.Position{Line: line, Character: 7}, End: model.Position{Line: line, Character: 30}}},
		Severity: 1, Source: "compiler", Code: "BrokenImport", Message: "could not import " + path + " (no required module provides it)",
	}
}

// phantom is a verdict whose cause are the given variables, together.
func phantom(s *model.Snapshot, p model.Problem, variables ...string) Judged {
	j := Judged{Verdict: model.Verdict{
		Problem: p, Kind: model.Phantom, Cause: model.CauseEnv, Why: "it builds in your shell", TrueReason: v("module lookup disabled by GOPROXY=off"), ContextID: "ctx-" + variables[0],
		Evidence: []model.Evidence{{Env: model.EnvShell, Outcome: "green"}, {Env: model.EnvGopls, Outcome: "red"}}, Bisect: model.Bisect{Differing: 2, Runs: 3},
	}}
	gopls, _ := s.Env(model.EnvGopls)
	shell, _ := s.Env(model.EnvShell)
	for _, name := range variables {
		j.Guilty = append(j.Guilty, model.Guilty{Variable: name, Editor: gopls.Lookup(name), Shell: shell.Lookup(name)})
	}
	return j
}

// plain is a text with its values, as only a test may show them.
func plain(t Text) string {
	var out string
	for _, part := range t {
		out += part.Value.Reveal()
	}
	return out
}

// told is a chain as lines of depth, edge and node.
func told(chain []Link) string {
	var out []string
	for _, l := range chain {
		out = append(out, fmt.Sprintf("%d %s: %s", l.Depth, l.Label, plain(l.Node.Label)))
	}
	return strings.Join(out, "\n")
}

func labels(nodes []Node) (out []string) {
	for _, n := range nodes {
		out = append(out, plain(n.Label))
	}
	return out
}

// the is the one node that is meant by a text.
func the(t *testing.T, g Graph, about string) Node {
	t.Helper()
	found := g.Find(about)
	if len(found) != 1 {
		t.Fatalf("%s means %v", about, labels(found))
	}
	return found[0]
}

// inOrder fails unless the lines of got that begin with want's are all of them, in order.
func inOrder(t *testing.T, got string, want ...string) {
	t.Helper()
	rest := got
	for _, w := range want {
		_, after, ok := strings.Cut(rest, w)
		if !ok {
			t.Errorf("no %q, or not there, in\n%s", w, got)
			return
		}
		rest = after
	}
}

func TestChainGoesBackToTheLineAndTheChange(t *testing.T) {
	s := picture()
	j := phantom(s, problem("main.go", 2, "example.com/greet/v2/sub"), "GOPROXY")
	j.Cures = []Offer{{ID: "unmask", Title: "Unmask GOPROXY"}, {ID: "relaunch", Title: "Start the editor again", Disabled: "it is not VS Code"}}
	g := Build(Input{Snapshot: s, Verdicts: []Judged{j}, Changes: []Event{{At: noon.Add(-time.Hour), File: goenv, What: "changed"}, {At: noon.Add(time.Minute), File: zshrc, What: "changed"}}})
	n := the(t, g, "main.go:3:8")
	inOrder(t, told(g.Causes(n.ID)),
		"0 : main.go:3:8 could not import", "1 imports: package example.com/greet/v2/sub", "2 comes from: module example.com/greet/v2@v2.1.0",
		"3 is fetched by: step 1 of GOPROXY, off", "4 is decided by: GOPROXY=off", "5 is set by: ~/.config/go/env:1 (GOENV file)", "6 after: ~/.config/go/env changed at 11:00:00",
		"5 where your shell has: GOPROXY=https://user:hunter2@proxy.example", "6 is set by: ~/.zshrc:18 (process environment)", "7 after: ~/.zshrc changed at 12:01:00")
	if got := labels(g.Cures(n.ID)); !slices.Equal(got, []string{"Unmask GOPROXY", "Start the editor again"}) {
		t.Errorf("cures %q", got)
	}
	var module Node
	for _, n := range g.Nodes {
		if n.Kind == Module {
			module = n
		}
	}
	if module.Location == nil || module.Location.Range.Start.Line != 5 {
		t.Errorf("the module is at %+v, not at its line of go.mod", module.Location)
	}
	c := n.Confidence
	sum := 0
	for _, part := range c.Contributions {
		sum += part.Weight
		if part.Why == nil || part.Name == "" || !slices.Contains([]string{Trace, Baseline, Context}, part.Mechanism) {
			t.Errorf("a contribution does not explain itself: %+v", part)
		}
	}
	if c.Percent != min(100, sum) || c.Percent < 90 {
		t.Errorf("%d of 100, with contributions of %d", c.Percent, sum)
	}
}

// TestChangeOfTheVariableIsNamed has a history in which the variable at fault
// changed, and others that have nothing to do with it.
func TestChangeOfTheVariableIsNamed(t *testing.T) {
	s := picture()
	j := phantom(s, problem("main.go", 2, "example.com/greet"), "GOPROXY")
	file := Event{At: noon.Add(9 * time.Minute), File: zshrc, What: "changed"} // by an edit that came later
	seen := Event{At: noon.Add(3 * time.Minute), Variable: "GOPROXY", Env: model.EnvShell, Was: "direct"}
	green := Event{Variable: "GOPROXY", Env: model.EnvShell, Was: "direct"}
	unrelated := []Event{
		{At: noon.Add(4 * time.Minute), Variable: "GOFLAGS", Env: model.EnvShell},
		{At: noon.Add(5 * time.Minute), Variable: "GOPROXY", Env: model.EnvTools},
		{At: noon.Add(6 * time.Minute), Module: "example.com/other", File: filepath.Join(ws, "go.mod")},
		{At: noon.Add(7 * time.Minute), Module: "example.com/greet", File: filepath.Join(ws, "other", "go.mod")},
		{At: noon.Add(8 * time.Minute), File: filepath.Join(home, ".bashrc"), What: "changed"},
		{At: noon.Add(8 * time.Minute), What: "“Unmask GOWORK” was undone", ContextID: "ctx-GOWORK"},
	}
	tell := func(changes ...Event) (chain string, n Node) {
		g := Build(Input{Snapshot: s, Verdicts: []Judged{j}, Changes: append(changes, unrelated...), Green: noon.Add(-time.Hour)})
		n = the(t, g, "main.go:3:8")
		return told(g.Causes(n.ID)), n
	}
	changes := func(chain string) (out []string) {
		for line := range strings.Lines(chain) {
			if strings.Contains(line, " after: ") {
				out = append(out, strings.TrimSpace(line))
			}
		}
		return out
	}
	chain, n := tell(file, seen, green)
	if got := changes(chain); !slices.Equal(got, []string{"7 after: GOPROXY changed at 12:03:00 in ~/.zshrc:18"}) {
		t.Errorf("changed: %q in\n%s", got, chain)
	}
	weight := func(n Node) int {
		i := slices.IndexFunc(n.Confidence.Contributions, func(c Contribution) bool { return c.Mechanism == Baseline })
		return n.Confidence.Contributions[i].Weight
	}
	if weight(n) <= 0 {
		t.Errorf("that it changed is worth %d", weight(n))
	}
	chain, n = tell(file, green)
	if got := changes(chain); !slices.Equal(got, []string{"7 after: ~/.zshrc changed at 12:09:00", "7 after: GOPROXY changed in ~/.zshrc:18 since everything was green on 2026-03-04 11:00"}) {
		t.Errorf("changed: %q in\n%s", got, chain)
	}
	if weight(n) <= 0 {
		t.Errorf("that it is not as it was is worth %d", weight(n))
	}
	chain, n = tell()
	if got := changes(chain); len(got) > 0 {
		t.Errorf("changed: %q", got)
	}
	if weight(n) >= 0 {
		t.Errorf("that it is as it was when everything was green is worth %d", weight(n))
	}
	late := seen
	late.Late = true
	if _, n = tell(late); weight(n) > 0 {
		t.Errorf("a change that came later is worth %d", weight(n))
	}
	module := Event{At: noon.Add(time.Minute), Module: "example.com/greet", File: filepath.Join(ws, "go.mod"), Was: "v0.9.0"}
	if chain, _ = tell(module); !slices.Equal(changes(chain), []string{"3 after: example.com/greet changed at 12:01:00 in go.mod:5"}) {
		t.Errorf("changed: %q in\n%s", changes(chain), chain)
	}
	for _, node := range Build(Input{Snapshot: s, Verdicts: []Judged{j}, Changes: append(unrelated, seen, module)}).Nodes {
		if node.Kind == Change && !slices.Equal(node.ContextIDs, []string{j.ContextID}) {
			t.Errorf("%s has the contexts %q", plain(node.Label), node.ContextIDs)
		}
	}
}

// TestHiddenValueOfTheShellIsToldOnce has a GOENV file that the environment of
// gopls alone hides.
func TestHiddenValueOfTheShellIsToldOnce(t *testing.T) {
	s := picture()
	delete(s.Envs[1].Layers[0].Vars, "GOPROXY")
	s.Envs[0].Layers[0].Vars["GOPROXY"] = model.Assignment{Value: v("direct")}
	g := Build(Input{Snapshot: s, Verdicts: []Judged{phantom(s, problem("main.go", 2, "example.com/greet"), "GOPROXY")}})
	chain := told(g.Causes(the(t, g, "main.go:3").ID))
	inOrder(t, chain, "is decided by: GOPROXY=direct", "is set by: process environment of gopls", "hides: GOPROXY=off", "is set by: ~/.config/go/env:1")
	if strings.Count(chain, "GOPROXY=off") != 1 {
		t.Errorf("it is told twice:\n%s", chain)
	}
}

func TestConfidenceFallsWithRivalsAndWithoutExperiment(t *testing.T) {
	s := picture()
	sure := phantom(s, problem("a.go", 1, "example.com/greet"), "GOPROXY")
	rivalled := phantom(s, problem("b.go", 1, "example.com/greet"), "GOPROXY")
	rivalled.Others = phantom(s, problem("b.go", 1, "x"), "GOFLAGS").Guilty
	vague := phantom(s, problem("c.go", 1, "example.com/greet"), "GOPROXY")
	vague.Evidence, vague.Bisect, vague.TrueReason = nil, model.Bisect{}, model.Value{}
	g := Build(Input{Snapshot: s, Verdicts: []Judged{sure, rivalled, vague}})
	percent := func(about string) int { return the(t, g, about).Confidence.Percent }
	if a, b, c := percent("a.go:2"), percent("b.go:2"), percent("c.go:2"); a <= b || b <= c {
		t.Errorf("a proof is worth %d, with a rival %d, without an experiment %d", a, b, c)
	}
}

func TestTwoGuiltyVariables(t *testing.T) {
	s := picture()
	g := Build(Input{Snapshot: s, Verdicts: []Judged{phantom(s, problem("main.go", 2, "example.com/greet"), "GOPROXY", "GOFLAGS")}})
	chain := told(g.Causes(the(t, g, "main.go:3").ID))
	inOrder(t, chain, "4 is decided by: GOPROXY=off", "depends, together with others, on: no GOFLAGS", "where your shell has: GOFLAGS=-tags=a", "~/.zshrc:19")
	for _, name := range []string{"GOPROXY and GOFLAGS alone, of 2", "it builds"} {
		n := the(t, g, "main.go:3")
		if all := plain(n.Detail) + plain(n.Confidence.Contributions[1].Why); !strings.Contains(all, name) {
			t.Errorf("no %q in %s", name, all)
		}
	}
	for _, name := range []string{"GOPROXY", "GOFLAGS"} {
		if got := g.Affected(the(t, g, name).ID); len(got) != 1 {
			t.Errorf("%s breaks %q", name, labels(got))
		}
	}
}

func TestStaleProblemsOfOneChangeShareIt(t *testing.T) {
	s := picture()
	stale := func(name string, kind model.StaleKind, file string) Judged {
		j := Judged{Verdict: model.Verdict{Problem: problem(name, 1, "example.com/app/gen"), Kind: model.Phantom, Cause: model.CauseStale, Stale: &model.Staleness{What: kind, File: file, Since: noon.Add(2 * time.Minute)}}}
		j.ContextID = "ctx-" + Subject(j.Verdict, "")
		return j
	}
	gen := filepath.Join(ws, "gen", "gen.go")
	g := Build(Input{Snapshot: s, Verdicts: []Judged{stale("a.go", model.StaleGenerated, gen), stale("b.go", model.StaleGenerated, gen), stale("c.go", model.StaleBranch, "")}})
	a := the(t, g, "a.go:2")
	inOrder(t, told(g.Causes(a.ID)), "comes from: module example.com/app", "gopls has not seen that: gen/gen.go appeared or changed at 12:02:00")
	if got := labels(g.Shared(a.ID)); len(got) != 1 || !strings.HasPrefix(got[0], "b.go") {
		t.Errorf("of the same cause are %q", got)
	}
	if got := told(g.Causes(a.ID)); strings.Contains(got, "branch") {
		t.Errorf("what another problem of the package comes from is among its causes:\n%s", got)
	}
	if c := the(t, g, "c.go:2"); !strings.Contains(told(g.Causes(c.ID)), "another branch was checked out at 12:02:00") || c.ContextIDs[0] == a.ContextIDs[0] {
		t.Errorf("%v %s", c.ContextIDs, told(g.Causes(c.ID)))
	}
}

func TestOtherCauses(t *testing.T) {
	s := picture()
	s.Work = &model.Work{File: filepath.Join(ws, "go.work")}
	of := func(name string, cause model.Cause) Judged {
		p := problem(name, 0, "x")
		p.Message = "undefined: x"
		return Judged{Verdict: model.Verdict{Problem: p, Kind: model.Phantom, Cause: cause, ContextID: name}, Dir: filepath.Join(ws, "nested")}
	}
	g := Build(Input{Snapshot: s, Verdicts: []Judged{of("l.go", model.CauseLayout), of("v.go", model.CauseVersion), of("e.go", model.CauseExcluded)}})
	for about, want := range map[string]string{
		"l.go:1": "is outside of: go.work", "v.go:1": "is too new for: gopls v0.23.0, built with go1.25.1", "e.go:1": "is left out by: the build constraints of e.go",
	} {
		if got := told(g.Causes(the(t, g, about).ID)); !strings.Contains(got, want) || !strings.Contains(got, "in: package example.com/app") {
			t.Errorf("%s comes from\n%s\nwant %s", about, got, want)
		}
	}
}

func TestFindingWithoutAProblem(t *testing.T) {
	s := picture()
	f := model.Finding{Rule: "goproxy-off", Severity: model.Error, Subject: "GOPROXY", Environments: []model.EnvName{model.EnvGopls}, ContextID: "ctx-GOPROXY", Origin: &model.Origin{Layer: model.LayerGOENV, File: goenv, Line: 1}}
	layout := model.Finding{Rule: "workspace-broken", Subject: "go.work", ContextID: "ctx-w", Origin: &model.Origin{File: filepath.Join(ws, "go.work"), Line: 3}, Location: &model.Location{File: filepath.Join(ws, "go.work")}}
	g := Build(Input{Snapshot: s, Findings: []Found{{f, "Nothing is downloaded.", []Offer{{ID: "unset", Title: "Remove GOPROXY"}}}, {layout, "It does not parse.", nil}}})
	n := the(t, g, "goproxy-off")
	inOrder(t, told(g.Causes(n.ID)), "0 : goproxy-off: GOPROXY", "1 is about: GOPROXY=off", "2 is set by: ~/.config/go/env:1 (GOENV file)")
	if got := labels(g.Cures(n.ID)); !slices.Equal(got, []string{"Remove GOPROXY"}) {
		t.Errorf("cures %q", got)
	}
	if worst, ok := g.Worst(); !ok || worst.ID != n.ID {
		t.Errorf("the worst is %q", plain(worst.Label))
	}
	remark, real := f, Judged{Verdict: model.Verdict{Problem: problem("main.go", 2, "example.com/greet"), Kind: model.Real}}
	remark.Severity = model.Info
	if worst, _ := Build(Input{Snapshot: s, Findings: []Found{{Finding: remark}}, Verdicts: []Judged{real}}).Worst(); worst.Verdict != model.Real {
		t.Errorf("a remark is worse than an error: %q", plain(worst.Label))
	}
	if got := told(g.Causes(the(t, g, "workspace-broken").ID)); !strings.Contains(got, "is set by: go.work:3") {
		t.Errorf("it comes from\n%s", got)
	}
}

func TestFindAnswers(t *testing.T) {
	s := picture()
	j := phantom(s, problem("sub/main.go", 2, "example.com/greet"), "GOPROXY")
	f := model.Finding{Rule: "goproxy-off", Subject: "GOPROXY", Environments: []model.EnvName{model.EnvGopls}, ContextID: j.ContextID}
	g := Build(Input{Snapshot: s, Verdicts: []Judged{j}, Findings: []Found{{Finding: f}}})
	for about, want := range map[string]Kind{
		"sub/main.go:3:8": Problem, "main.go:3": Problem, "./sub/main.go:3:30": Problem, filepath.Join(ws, "sub", "main.go") + ":3": Problem, "ctx-GOPROXY": Problem,
		"goproxy-off": Finding, "GOPROXY": Variable, "example.com/greet": Package,
	} {
		if found := g.Find(about); len(found) == 0 || found[0].Kind != want {
			t.Errorf("%s means %q, want a %s", about, labels(found), want)
		}
	}
	for _, about := range []string{"", "main.go", "main.go:4", "main.go:3:40", "ain.go:3", "other/main.go:3", "GOPROX", "ctx-", "main.go:99999999999999999999"} {
		if found := g.Find(about); len(found) > 0 {
			t.Errorf("%q means %q", about, labels(found))
		}
	}
}

// TestManyProblemsAreOneNode has more of them than anybody can draw.
func TestManyProblemsAreOneNode(t *testing.T) {
	s := picture()
	var all []Judged
	for i := range 10_000 {
		all = append(all, phantom(s, problem(fmt.Sprintf("p%d/f%d.go", i%300, i), i, fmt.Sprintf("example.com/greet/p%d", i%300)), "GOPROXY"))
	}
	g := Build(Input{Snapshot: s, Verdicts: all})
	if len(g.Nodes) > 60 {
		t.Errorf("%d nodes for one cause", len(g.Nodes))
	}
	n := the(t, g, "GOPROXY")
	hit := g.Affected(n.ID)
	if len(hit) != 1 || hit[0].Count != 10_000 || !strings.HasPrefix(plain(hit[0].Label), "10000 problems, such as p0/f0.go:1:8 ") {
		t.Errorf("it breaks %q", labels(hit))
	}
	if last := the(t, g, "f9999.go:10000"); last.ID != hit[0].ID {
		t.Errorf("the last of them is %q", plain(last.Label))
	}
	// Each with a cause of its own.
	for i := range all {
		all[i].ContextID, all[i].Kind, all[i].Guilty = fmt.Sprintf("ctx-%d", i), model.Real, nil
	}
	all[9_000] = phantom(s, problem("late.go", 0, "example.com/greet"), "GOPROXY")
	g = Build(Input{Snapshot: s, Verdicts: all})
	if len(g.Nodes) > 600 {
		t.Errorf("%d nodes for many causes", len(g.Nodes))
	}
	if worst, _ := g.Worst(); !strings.HasPrefix(plain(worst.Label), "late.go:1:8") {
		t.Errorf("the worst is %q", plain(worst.Label))
	}
	if n := the(t, g, "ctx-8999"); n.Count < 9_000 {
		t.Errorf("what is left over is %q", plain(n.Label))
	}
}

// TestEdgesLeadFromEffectToCause is why there is no cycle: every edge goes on in
// the order of the kinds.
func TestEdgesLeadFromEffectToCause(t *testing.T) {
	b := newBuilder()
	for _, kind := range order {
		b.add(Node{ID: string(kind), Kind: kind})
	}
	for _, from := range order {
		for _, to := range order {
			b.link(string(from), string(to), "")
		}
	}
	g := b.graph()
	if want := len(order) * (len(order) - 1) / 2; len(g.Edges) != want {
		t.Errorf("%d edges, want %d", len(g.Edges), want)
	}
	for _, e := range g.Edges {
		if slices.Contains(g.Edges, Edge{e.To, e.From, ""}) {
			t.Errorf("%s and %s cause each other", e.From, e.To)
		}
	}
}

// TestIDs holds no values, and is the same for the same thing.
func TestIDs(t *testing.T) {
	ids := func(secret string) (out []string) {
		s := picture()
		s.Envs[1].Layers[0].Vars["GOPROXY"] = model.Assignment{Value: v(secret), File: zshrc, Line: 18}
		for _, n := range Build(Input{Snapshot: s, Verdicts: []Judged{phantom(s, problem("main.go", 2, "example.com/greet"), "GOPROXY")}}).Nodes {
			out = append(out, n.ID)
		}
		return out
	}
	if a, b := ids("https://a:one@proxy.example"), ids("https://a:two@proxy.example"); !slices.Equal(a, b) {
		t.Errorf("the ids depend on a value:\n%v\n%v", a, b)
	}
}

func TestJoinKeepsWhatIsSharedOnce(t *testing.T) {
	s, other := picture(), picture()
	other.Dir = filepath.Join(home, "other")
	one := Build(Input{Snapshot: s, Verdicts: []Judged{phantom(s, problem("main.go", 2, "example.com/greet"), "GOPROXY")}})
	two := Build(Input{Snapshot: other, Verdicts: []Judged{phantom(other, problem("two.go", 2, "example.com/greet"), "GOPROXY")}})
	g := Join(one, two)
	origins := 0
	for _, n := range g.Nodes {
		if n.Kind == Origin && n.Location != nil && n.Location.File == goenv {
			origins++
		}
	}
	if origins != 1 {
		t.Errorf("the line of the GOENV file is there %d times", origins)
	}
	if got := labels(g.Shared(the(t, g, "main.go:3").ID)); len(got) != 1 || !strings.Contains(got[0], "two.go") {
		t.Errorf("of the same cause in the other folder are %q", got)
	}
	if same := Join(one, one); len(same.Nodes) != len(one.Nodes) || len(same.Edges) != len(one.Edges) {
		t.Error("a graph joined with itself is another one")
	}
}

func TestNothingIsExplainedOfNothing(t *testing.T) {
	g := Build(Input{Snapshot: &model.Snapshot{}})
	if _, ok := g.Worst(); ok || len(g.Nodes) != 0 {
		t.Errorf("%d nodes of nothing", len(g.Nodes))
	}
	if g.Causes("none") != nil || g.Cures("none") != nil || g.Affected("none") != nil || g.Shared("none") != nil {
		t.Error("a node that is not there has causes")
	}
}
