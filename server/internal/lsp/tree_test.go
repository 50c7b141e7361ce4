package lsp

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
)

// pictured is a server whose tree is made of a picture.
func pictured(t *testing.T, p engine.Picture) Tree {
	t.Helper()
	c := ready(t, feeding(model.ActionUnsetEnv), modernActions)
	c.loop.picture = func() engine.Picture { return p }
	var tree Tree
	c.ok("gophantom/tree", nil, &tree)
	return tree
}

func (n TreeNode) walk(visit func(TreeNode)) {
	visit(n)
	for _, c := range n.Children {
		c.walk(visit)
	}
}

func full() engine.Picture {
	p := engine.Picture{Update: sample()}
	p.Update.Report.History = []report.HistoryEvent{
		{Time: "2026-01-02T03:02:05.000Z", Kind: "changed", Message: "/home/someone/.config/go/env changed; /ws/go.mod changed"},
		{Time: "2026-01-02T03:04:05.000Z", Kind: "found", Message: "GOPROXY is masked", Rule: "masked-variable"},
		{Time: "2026-01-02T03:05:05.000Z", Kind: "cured", Subject: "Unmask", Message: "Cured in 6.2 s.", Cure: "7"},
	}
	p.Update.Report.Cures = []report.Cure{{ID: "7", Title: "Unmask", Undoable: true}, {ID: "6", Title: "Older", Why: "It was undone."}}
	origin := report.Origin{Layer: "go.toolsEnvVars", File: "/ws/.vscode/settings.json", Line: 12}
	p.Update.Report.Snapshot.Dir = "/ws"
	p.Environments = []report.Environments{{
		Snapshot: report.Snapshot{Dir: "/ws"},
		Environments: []report.Environment{
			{Name: "gopls", Complete: true, Values: map[string]report.Value{"GOPROXY": {Value: "off", Origin: origin, Shadows: []report.Shadow{{Value: "direct"}}}}},
			{Name: "shell", Complete: true, Values: map[string]report.Value{}},
			{Name: "terminal", Why: "The settings could not be read."},
		},
		Drift:      []report.Drift{{Variable: "GOPROXY", Matters: true, Why: "Modules come from elsewhere."}, {Variable: "GOCACHE", Why: "A cache."}},
		Toolchains: []report.Toolchain{{Environment: "shell", Selected: "go1.26.8", Programs: []report.Program{{Name: "go", Path: "/go/bin/go", Version: "go1.26.8"}}}},
	}}
	p.Routes = [][]report.Route{{{Module: "dep.example/a", Version: "v1.0.0", Environment: "gopls", Error: "module lookup disabled"}, {Module: "dep.example/a", Version: "v1.0.0", Environment: "shell", Mode: "vendor"}}}
	p.MoreRoutes = 3
	return p
}

func TestTree(t *testing.T) {
	tree := pictured(t, full())
	seen := map[string]bool{}
	var text strings.Builder
	for _, root := range tree.Roots {
		root.walk(func(n TreeNode) {
			if n.ID == "" || seen[n.ID] {
				t.Errorf("the id %q is not unique", n.ID)
			}
			seen[n.ID] = true
			fmt.Fprintf(&text, "%s %s|%s|%s\n", strings.Repeat(" ", strings.Count(n.ID, "/")), n.Kind, n.Label, n.Description)
		})
	}
	for _, want := range []string{
		"phantom|could not import x|a.go:5", "cure|Unmask GOPROXY|", "by-hand|Edit it|by hand", "cure|Trust everything|weakens security", "not now: The value is secret.",
		"origin|GOPROXY is set here|/home/env:3 (GOENV file), written by go env -w", "error|GOPROXY is masked|go.mod:1",
		"difference|GOPROXY|Modules come from elsewhere.", "value|gopls|off · .vscode/settings.json:12 (go.toolsEnvVars)", "value-unset|shell|not set",
		"difference-idle|GOCACHE|does not matter", "value|overrides|direct", "environment-unknown|terminal|not known: The settings could not be read.",
		"route-fail|dep.example/a@v1.0.0|gopls: ✗ go cannot fetch it | shell: ✓ a build takes it from the vendor directory", "more|and 3 more",
		"toolchain|shell|go1.26.8", "program|go|go1.26.8 · /go/bin/go", "carried-out|Unmask|can be undone", "carried-out|Older|it was undone", "cured|Cured in 6.2 s.|",
		"changed|…/go/env changed; go.mod changed|",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, &text)
		}
	}
	findings, history := tree.Roots[0], tree.Roots[4]
	if best := findings.Children[0]; best.Fix == nil || best.Fix.Fix != "unmask" || best.Fix.Snapshot != 42 || best.Explain.Line != 4 || best.Location.Line != 4 {
		t.Errorf("the phantom's line: %+v", best)
	}
	if findings.Count != 3 { // a phantom, an error, and what is not decided
		t.Errorf("%d lines want attention", findings.Count)
	}
	if cures := history.Children[0].Children; cures[0].Undo != "7" || cures[1].Undo != "" {
		t.Errorf("cures %+v", cures)
	}
	if newest := history.Children[1]; newest.Kind != "cured" {
		t.Errorf("the first event is %+v", newest)
	}
}

func TestTreeBeforeAnythingWasJudged(t *testing.T) {
	if tree := pictured(t, engine.Picture{}); len(tree.Roots) != 0 {
		t.Errorf("%+v", tree)
	}
}

// TestTreeOfFiveHundred has findings that say the same of one subject.
func TestTreeOfFiveHundred(t *testing.T) {
	p := full()
	for range 500 {
		p.Update.Report.Findings = append(p.Update.Report.Findings, report.Finding{Rule: "goproxy-off", Severity: "warning", Subject: "GOPROXY", Message: "The same."})
	}
	ids := map[string]bool{}
	for _, root := range pictured(t, p).Roots {
		root.walk(func(n TreeNode) { ids[n.ID] = true })
	}
	same := 0
	for id := range ids {
		if strings.HasPrefix(id, "findings/finding:goproxy-off") {
			same++
		}
	}
	if same != 500 {
		t.Errorf("%d of 500 findings have an id of their own", same)
	}
}

func TestTreeShowsNoHiddenCharacters(t *testing.T) {
	p := full()
	const evil = "/ws/\u202egnp.exe\x1b[31m/settings.json"
	p.Environments[0].Environments[0].Values["GOFLAGS"] = report.Value{Value: "-mod=mod", Origin: report.Origin{File: evil, Line: 1}}
	p.Update.Report.Findings[0].Location = &report.Location{URI: "file:///ws/%E2%80%AEgnp.go"}
	for _, root := range pictured(t, p).Roots {
		root.walk(func(n TreeNode) {
			for _, text := range []string{n.Label, n.Description, n.Tooltip} {
				if strings.ContainsAny(text, "\u202e\x1b") {
					t.Errorf("%q", text)
				}
			}
		})
	}
}

func TestCodeLens(t *testing.T) {
	lenses := func(c *client) (out []struct {
		Range   report.Range
		Command struct {
			Title, Command string
			Arguments      []RouteCommand
		}
	},
	) {
		c.loop.lenses = func(file string) []engine.Lens {
			return []engine.Lens{{Line: 4, Module: "dep.example/a@v1.0.0", Text: "go asks the origin"}}
		}
		c.ok("textDocument/codeLens", obj{"textDocument": obj{"uri": "file:///ws/go.mod"}}, &out)
		return out
	}
	options := feeding()
	options["codeLens"] = true
	got := lenses(ready(t, options, nil))
	if len(got) != 1 || got[0].Range.Start.Line != 4 || got[0].Command.Title != "go asks the origin" || got[0].Command.Command != "gophantom.route" ||
		got[0].Command.Arguments[0] != (RouteCommand{URI: "file:///ws/go.mod", Module: "dep.example/a@v1.0.0"}) {
		t.Errorf("%+v", got)
	}
	if got := lenses(ready(t, feeding(), nil)); len(got) != 0 {
		t.Errorf("not asked for: %+v", got)
	}
	var offered struct {
		Capabilities struct{ CodeLensProvider *struct{} }
	}
	start(t).ok("initialize", obj{"capabilities": obj{}, "initializationOptions": options}, &offered)
	if offered.Capabilities.CodeLensProvider == nil {
		t.Error("code lenses are not offered")
	}
}

func TestRouteAndRedacted(t *testing.T) {
	c := ready(t, feeding(), nil)
	c.loop.route = func(file, module string) (string, error) { return file + " " + module, nil }
	c.loop.redacted = func() (string, error) { return "all", nil }
	for _, tt := range []struct{ command, arguments, want string }{
		{"gophantom.route", `[{"module":"a.example/b"}]`, " a.example/b"},
		{"gophantom.route", `[{"uri":"file:///ws/go.mod","module":"a.example/b@v1.0.0"}]`, "/ws/go.mod a.example/b@v1.0.0"},
		{"gophantom.redacted", `[]`, "all"},
	} {
		var got string
		c.ok("workspace/executeCommand", obj{"command": tt.command, "arguments": json.RawMessage(tt.arguments)}, &got)
		if got != tt.want {
			t.Errorf("%s %s: %q", tt.command, tt.arguments, got)
		}
	}
}

func TestUndoOfOneCure(t *testing.T) {
	c := ready(t, feeding(), nil)
	asked := []string{}
	c.loop.undo = func(_ context.Context, _ engine.Host, id string) engine.CureResult {
		asked = append(asked, id)
		return engine.CureResult{Outcome: "undone"}
	}
	for _, arguments := range []string{`[]`, `[{}]`, `[{"cure":"7"}]`} {
		c.ok("workspace/executeCommand", obj{"command": "gophantom.undo", "arguments": json.RawMessage(arguments)}, nil)
	}
	if fmt.Sprint(asked) != "[  7]" {
		t.Errorf("asked %q", asked)
	}
}

// TestDiffBeforeAnEdit has a user who looks at the change first.
func TestDiffBeforeAnEdit(t *testing.T) {
	c := ready(t, feeding(model.ActionShowDiff), nil)
	var ok bool
	edit := engine.Edit{}
	edit.File, edit.After = "/ws/.vscode/settings.json", []byte("{}\n")
	var first, second struct {
		Message string
		Actions []struct{ Title string }
	}
	var shown EditorAction
	err := c.during(func(ctx context.Context, h engine.Host) (err error) {
		ok, err = h.Confirm(ctx, "Change the file", "+{}", []engine.Edit{edit})
		return err
	}, func() {
		c.answer(c.expect("window/showMessageRequest", &first), obj{"title": "Show Diff"})
		c.answer(c.expect("gophantom/editorAction", &shown), obj{"ok": true})
		c.answer(c.expect("window/showMessageRequest", &second), obj{"title": "Apply"})
	})
	if err != nil || !ok {
		t.Errorf("%v, %v", ok, err)
	}
	if len(first.Actions) != 3 || !strings.Contains(first.Message, "+{}") || len(second.Actions) != 2 || second.Message != "Change the file" {
		t.Errorf("asked %+v, then %+v", first, second)
	}
	if want := (EditorAction{Kind: "showDiff", URI: "file:///ws/.vscode/settings.json", Text: "{}\n", Title: "Change the file", New: true}); fmt.Sprintf("%+v", shown) != fmt.Sprintf("%+v", want) {
		t.Errorf("%+v, want %+v", shown, want)
	}
}

// TestLinkOfTheClient has a client that sends our problem back with a link to a
// command of its own in place of the address of the page.
func TestLinkOfTheClient(t *testing.T) {
	c := ready(t, feeding(model.ActionUnsetEnv), modernActions)
	c.loop.publish(sample())
	c.expect("gophantom/status", nil)
	params := obj{
		"textDocument": obj{"uri": "file:///ws/go.mod"}, "range": obj{"start": report.Position{}, "end": report.Position{}},
		"context": obj{"diagnostics": []any{obj{
			"range": at(0, 0, 6), "source": "gophantom", "severity": 2, "message": "GOPROXY is masked", "code": "masked-variable",
			"codeDescription": obj{"href": "command:gophantom.explain?%5B%7B%22rule%22%3A%22masked-variable%22%7D%5D"},
		}}},
	}
	if got := titles(c.actions(params)); len(got) == 0 || got[0] != "By hand: Edit it" {
		t.Errorf("%q", got)
	}
}
