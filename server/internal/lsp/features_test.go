package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/fix"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/rules"
	"github.com/gophantom/gophantom/server/internal/world"
)

func TestInitialize(t *testing.T) {
	t.Run("what is offered", func(t *testing.T) {
		var got struct {
			Capabilities struct {
				TextDocumentSync       any
				CodeActionProvider     struct{ CodeActionKinds []string }
				ExecuteCommandProvider struct{ Commands []string }
				HoverProvider          any
			}
			ServerInfo struct{ Name string }
		}
		c := start(t)
		c.ok("initialize", obj{"capabilities": obj{}, "initializationOptions": feeding()}, &got)
		if got.ServerInfo.Name != "gophantom" || !slices.Equal(got.Capabilities.CodeActionProvider.CodeActionKinds, []string{"quickfix"}) {
			t.Errorf("got %+v", got)
		}
		if !slices.Contains(got.Capabilities.ExecuteCommandProvider.Commands, "gophantom.cure") {
			t.Errorf("commands %v", got.Capabilities.ExecuteCommandProvider.Commands)
		}
		if got.Capabilities.TextDocumentSync != 0.0 {
			t.Errorf("a feeding client is asked for documents: %v", got.Capabilities.TextDocumentSync)
		}
	})
	t.Run("a plain client is asked for documents", func(t *testing.T) {
		var got struct {
			Capabilities struct {
				TextDocumentSync struct {
					OpenClose, Save bool
					Change          int
				}
			}
		}
		start(t).ok("initialize", obj{"capabilities": obj{}}, &got)
		if sync := got.Capabilities.TextDocumentSync; !sync.OpenClose || !sync.Save || sync.Change == 0 {
			t.Errorf("got %+v", sync)
		}
	})
	t.Run("unknown and missing fields", func(t *testing.T) {
		c := start(t)
		c.ok("initialize", obj{"capabilities": obj{"later": obj{}, "window": obj{"later": 1}}, "later": true}, nil)
		c.alive()
	})
	t.Run("malformed options make a plain client", func(t *testing.T) {
		c := start(t)
		c.ok("initialize", obj{"capabilities": obj{}, "initializationOptions": obj{"editorActions": 7}}, nil)
		c.notify("initialized", obj{})
		c.fact()
		c.logged("initializationOptions")
	})
}

func TestEditorFactsReachTheEngine(t *testing.T) {
	c := start(t)
	c.ok("initialize", obj{"processId": 4711, "capabilities": obj{}, "initializationOptions": feeding("setEnv", "save")}, nil)
	c.notify("initialized", obj{})
	c.notify("gophantom/editorFacts", obj{
		"trusted": true, "remote": "ssh", "folders": []string{"/ws"}, "dirty": []string{"/ws/b.go"},
		"env":      obj{"GOPROXY": "off", "AWS_SECRET": "x"},
		"settings": []any{obj{"scope": "user", "file": "/s.json", "values": obj{"go.goroot": "/go"}}},
		"problems": []any{obj{"file": "/ws/a.go", "items": []any{obj{
			"startLine": 1, "startChar": 2, "endLine": 3, "endChar": 4, "severity": 1, "source": "compiler", "code": "Broken", "message": "m",
		}}, "version": 4, "published": 4}, obj{"file": "/ws/c.go", "items": []any{obj{"severity": 1, "message": "n"}}, "version": 5, "published": 4}},
		"goExtension": obj{"version": "0.55.0", "active": true, "useLanguageServer": true, "go": "/go/bin/go", "gopls": "/gopls"},
	})
	want := engine.EditorFacts{
		Trusted: true, ClientPID: 4711, Folders: []string{"/ws"}, Dirty: []string{"/ws/b.go"},
		Env:      map[string]string{"GOPROXY": "off"}, // nothing that is not on the allow-list
		Settings: []engine.SettingsScope{{Scope: "user", File: "/s.json", Values: map[string]json.RawMessage{"go.goroot": json.RawMessage(`"/go"`)}}},
		Problems: []model.Problem{{
			Location: model.Location{File: "/ws/a.go", Range: model.Range{Start: model.Position{Line: 1, Character: 2}, End: model.Position{Line: 3, Character: 4}}},
			Severity: 1, Source: "compiler", Code: "Broken", Message: "m",
		}, {Location: model.Location{File: "/ws/c.go"}, Severity: 1, Message: "n", Stale: true}},
		Extension: &model.GoExtension{Version: "0.55.0", Active: true, UseLanguageServer: true, GoPath: "/go/bin/go", GoplsPath: "/gopls"},
		Editor:    model.Editor{Name: "Test Editor", Remote: "ssh", Actions: []string{"setEnv", "save"}},
	}
	if diff := cmp.Diff(want, c.fact()); diff != "" {
		t.Error(diff)
	}
}

func TestPlainClient(t *testing.T) {
	open := func(c *client, text string) {
		c.notify("textDocument/didOpen", obj{"textDocument": obj{"uri": "file:///ws/a.go", "languageId": "go", "version": 1, "text": text}})
	}
	c := ready(t, nil, nil, func(c *client) { c.files.content["/ws/a.go"] = "package a\n" })
	first := c.fact()
	if !first.Trusted || !slices.Equal(first.Folders, []string{"/ws"}) || first.Editor.Actions != nil || first.Env != nil {
		t.Errorf("facts %+v", first)
	}

	// Dirty is what differs from the disk.
	open(c, "package a\n")
	c.notify("textDocument/didChange", obj{"textDocument": obj{"uri": "file:///ws/a.go", "version": 2}, "contentChanges": []any{obj{"text": "x"}}})
	if got := c.fact().Dirty; !slices.Equal(got, []string{"/ws/a.go"}) {
		t.Errorf("after a change: dirty %v", got)
	}
	c.notify("textDocument/didSave", obj{"textDocument": obj{"uri": "file:///ws/a.go"}})
	if got := c.fact().Dirty; len(got) != 0 {
		t.Errorf("after saving: dirty %v", got)
	}
	c.notify("textDocument/didClose", obj{"textDocument": obj{"uri": "file:///ws/a.go"}})
	open(c, "package restored\n")
	if got := c.fact().Dirty; !slices.Equal(got, []string{"/ws/a.go"}) {
		t.Errorf("opened with unsaved text: dirty %v", got)
	}

	c.notify("workspace/didChangeWorkspaceFolders", obj{"event": obj{
		"added": []any{obj{"uri": "file:///two", "name": "two"}}, "removed": []any{obj{"uri": "file:///ws", "name": "ws"}},
	}})
	if got := c.fact().Folders; !slices.Equal(got, []string{"/two"}) {
		t.Errorf("folders %v", got)
	}

	// Nobody tells what gopls shows there, so one of our own is run when asked.
	if !first.Untold || !first.Editor.RunsGopls {
		t.Errorf("facts %+v", first)
	}
	c.loop.show = func(_ context.Context, h engine.Host) (engine.Update, error) {
		h.Progress("running gopls")
		return engine.Update{Ready: true, Headline: "1 phantom"}, nil
	}
	var status Status
	c.decode(c.command("gophantom.check").Result, &status)
	var told struct{ Message string }
	c.expect("window/showMessage", &told)
	if status.Headline != "1 phantom" || told.Message != "1 phantom" {
		t.Errorf("status %+v, told %q", status, told.Message)
	}

	// Results are told by messages, as nobody else would show them.
	c.loop.cure = func(context.Context, engine.Host) engine.CureResult {
		return engine.CureResult{Outcome: "not-cured", Message: "It is still red."}
	}
	c.command("gophantom.cure")
	var shown struct {
		Type    int
		Message string
	}
	c.expect("window/showMessage", &shown)
	if shown.Message != "It is still red." || shown.Type != 2 {
		t.Errorf("shown %+v", shown)
	}

	// Once a client feeds us, we do not guess any more.
	c.notify("gophantom/editorFacts", obj{"folders": []string{"/three"}})
	c.notify("textDocument/didClose", obj{"textDocument": obj{"uri": "file:///ws/a.go"}})
	c.alive()
	if got := c.fact().Folders; !slices.Equal(got, []string{"/three"}) || len(c.loop.facts) != 0 {
		t.Errorf("folders %v, and %d facts too many", got, len(c.loop.facts))
	}
}

func TestPlainClientWithoutFolder(t *testing.T) {
	c := start(t)
	c.ok("initialize", obj{"capabilities": obj{}}, nil)
	c.notify("initialized", obj{})
	if got := c.fact().Folders; !slices.Equal(got, []string{c.world.Dir}) {
		t.Errorf("folders %v", got)
	}
}

// at is a range on one line.
func at(line, from, to int) report.Range {
	return report.Range{Start: report.Position{Line: line, Character: from}, End: report.Position{Line: line, Character: to}}
}

// sample is a report with a phantom of gopls in a.go and its cause in go.mod.
func sample() engine.Update {
	return engine.Update{Ready: true, Headline: "1 phantom", Cure: "Unmask", Report: report.Report{
		Schema: report.Schema, Health: "warning", Snapshot: report.Snapshot{Number: 42},
		Findings: []report.Finding{{
			Rule: "masked-variable", Severity: "error", Subject: "GOPROXY", Message: "GOPROXY is masked", ContextID: "ctx-1",
			Location: &report.Location{URI: "file:///ws/go.mod", Range: at(0, 0, 6)},
			Origin:   &report.Origin{Layer: "GOENV file", File: "/home/env", Line: 3, Note: "written by go env -w"},
			Fixes:    []report.Fix{{ID: "explainable", Title: "Edit it", Kind: "manual", Preview: "Edit line 3."}},
		}},
		Problems: []report.Problem{
			{
				URI: "file:///ws/a.go", Range: at(4, 2, 20), Source: "compiler", Message: "could not import x", Verdict: "phantom",
				Cause: "env", Guilty: []string{"GOPROXY"}, Summary: "It builds in the shell.", Why: "both sides were asked", TrueReason: "module lookup disabled", ContextID: "ctx-1",
				Fixes: []report.Fix{
					{ID: "insecure", Title: "Trust everything", Kind: "edit", Reversible: true, WeakensSecurity: true},
					{ID: "off", Title: "Impossible", Kind: "edit", Disabled: "The value is secret."},
					{ID: "restart", Title: "Restart gopls", Kind: "action"},
					{ID: "unmask", Title: "Unmask GOPROXY", Kind: "action", Reversible: true, Args: report.StringMap{"variable": "GOPROXY"}},
				},
			},
			{
				URI: "file:///ws/a.go", Range: at(9, 0, 3), Source: "compiler", Message: "undefined: y", Verdict: "real", ContextID: "ctx-2",
				Fixes: []report.Fix{{ID: "never", Title: "Never offered"}},
			},
			{URI: "file:///ws/b.go", Range: at(1, 0, 3), Source: "compiler", Message: "could not import z", Verdict: "unknown", Summary: "Not decided: go took too long."},
			{URI: "file:///ws/b.go", Range: at(5, 0, 3), Source: "compiler", Message: "undefined: q", Verdict: "unknown", Why: "not judged so far"},
			{URI: "file:///ws/b.go", Range: at(2, 0, 3), Source: "tidy", Message: "not used", Verdict: "not-build"},
		},
	}}
}

type publishedDiagnostics struct {
	URI         string
	Diagnostics []diagnostic
}

type diagnostic struct {
	Range              report.Range
	Severity           int
	Code               string
	CodeDescription    struct{ Href string }
	Source             string
	Message            string
	RelatedInformation []struct {
		Location struct {
			URI   string
			Range report.Range
		}
		Message string
	}
	Data diagnosticData
}

// diagnostics awaits n documents' diagnostics.
func (c *client) diagnostics(n int) map[string][]diagnostic {
	c.t.Helper()
	out := map[string][]diagnostic{}
	for range n {
		var p publishedDiagnostics
		c.expect("textDocument/publishDiagnostics", &p)
		out[p.URI] = p.Diagnostics
	}
	return out
}

func TestPublishing(t *testing.T) {
	c := ready(t, feeding(), nil)
	u := sample()
	c.loop.publish(u)
	got := c.diagnostics(3)
	for _, doc := range []string{"file:///ws/go.mod", "file:///ws/a.go", "file:///ws/b.go"} {
		if len(got[doc]) != 1 {
			t.Fatalf("%s has %d diagnostics, want 1", doc, len(got[doc]))
		}
	}

	finding := got["file:///ws/go.mod"][0]
	if finding.Severity != 2 || finding.Source != "gophantom" || finding.Code != "masked-variable" || finding.Message != "GOPROXY is masked" {
		t.Errorf("finding %+v", finding)
	}
	if !strings.HasSuffix(finding.CodeDescription.Href, "/docs/rules/masked-variable.md") {
		t.Errorf("link %q", finding.CodeDescription.Href)
	}
	if r := finding.RelatedInformation; len(r) != 1 || r[0].Location.URI != "file:///home/env" || r[0].Location.Range.Start.Line != 2 {
		t.Errorf("origin %+v", r)
	}
	if finding.Data != (diagnosticData{42, "ctx-1"}) {
		t.Errorf("data %+v", finding.Data)
	}

	phantom := got["file:///ws/a.go"][0]
	if phantom.Severity != 2 || phantom.Code != "phantom" || phantom.Range != u.Report.Problems[0].Range || len(phantom.RelatedInformation) != 1 {
		t.Errorf("phantom %+v", phantom)
	}
	if phantom.Message != u.Report.Problems[0].Summary || !strings.HasSuffix(phantom.CodeDescription.Href, "/docs/rules/phantom.md") {
		t.Errorf("phantom says %q, link %q", phantom.Message, phantom.CodeDescription.Href)
	}
	if unknown := got["file:///ws/b.go"][0]; unknown.Severity != 3 || unknown.Code != "unknown" || !strings.Contains(unknown.Message, "go took too long.") {
		t.Errorf("unknown %+v", unknown)
	}

	var status Status
	c.expect("gophantom/status", &status)
	want := Status{
		Health: "warning", Ready: true, Snapshot: 42, Headline: "1 phantom", Details: []string{}, Cure: "Unmask", Sync: "unknown",
		Counts: StatusCounts{Phantom: 1, Real: 1, Unknown: 1, Errors: 1}, Etag: status.Etag,
	}
	if diff := cmp.Diff(want, status); diff != "" || status.Etag == "" {
		t.Errorf("status, etag %q: %s", status.Etag, diff)
	}

	// Only what changed is sent: first one document, then the status, since a
	// newer snapshot alone is no news for diagnostics. What went is cleared.
	u.Report.Findings = slices.Clone(u.Report.Findings)
	u.Report.Findings[0].Message = "GOPROXY is still masked"
	c.loop.publish(u)
	if got := c.diagnostics(1)["file:///ws/go.mod"]; len(got) != 1 || got[0].Message != "GOPROXY is still masked" {
		t.Errorf("changed %+v", got)
	}
	u.Report.Snapshot.Number++
	c.loop.publish(u)
	var newer Status
	c.expect("gophantom/status", &newer)
	if newer.Snapshot != 43 || newer.Etag == status.Etag {
		t.Errorf("status %+v", newer)
	}
	u.Report.Problems = u.Report.Problems[2:]
	u.Busy = true
	c.loop.publish(u)
	if got := c.diagnostics(1); got["file:///ws/a.go"] == nil || len(got["file:///ws/a.go"]) != 0 {
		t.Errorf("cleared %v", got)
	}
	c.expect("gophantom/status", &newer)
	if newer.Ready {
		t.Error("ready while busy")
	}
	if rest := c.settle(); len(rest) != 0 {
		t.Errorf("too much was sent: %v", rest)
	}
}

func TestStatusBeforeAnythingWasJudged(t *testing.T) {
	c := ready(t, feeding(), nil)
	c.loop.publish(engine.Update{Busy: true})
	var status Status
	c.expect("gophantom/status", &status)
	if status.Health != "unknown" || status.Ready {
		t.Errorf("status %+v", status)
	}
}

func TestReport(t *testing.T) {
	c := ready(t, feeding(), nil)
	c.loop.recheck = func(context.Context) (engine.Update, error) { return engine.Update{}, errors.New("no folder") }
	if m := c.call("gophantom/report", nil); m.Error == nil || !strings.Contains(m.Error.Message, "no folder") {
		t.Errorf("error %v", m.Error)
	}
	c.loop.recheck = func(context.Context) (engine.Update, error) { return sample(), nil }
	var first report.Report
	c.ok("gophantom/report", obj{}, &first)
	if first.Snapshot.Number != 42 {
		t.Errorf("the first report is of snapshot %d", first.Snapshot.Number)
	}
	next := sample()
	next.Report.Snapshot.Number = 50
	c.loop.publish(next)
	c.ok("gophantom/report", nil, &first)
	if first.Snapshot.Number != 50 {
		t.Errorf("the report is of snapshot %d, want the published one", first.Snapshot.Number)
	}
}

func TestEnvironmentReport(t *testing.T) {
	c := ready(t, feeding(), nil)
	c.loop.recheck = func(context.Context) (engine.Update, error) { return sample(), nil }
	asked := make(chan string, 1)
	seen := false
	c.loop.whole = func(file string) (report.EnvironmentReport, bool) {
		asked <- file
		var r report.EnvironmentReport
		r.Report.Findings = []report.Finding{{Message: "GOPROXY is odd", Origin: &report.Origin{File: "/etc/go.env", Line: 3}}}
		return r, seen
	}
	const method = "gophantom/environmentReport"
	if m := c.call(method, obj{}); m.Error == nil || !strings.Contains(m.Error.Message, "no folder") {
		t.Errorf("where nothing was looked at, the error is %v", m.Error)
	}
	if file := <-asked; file != "" {
		t.Errorf("without a document, the report is about %q", file)
	}
	seen = true
	var got EnvironmentReportResult
	c.ok(method, obj{"uri": "file:///home/gopher/app/main.go"}, &got)
	if file := <-asked; filepath.Base(file) != "main.go" {
		t.Errorf("the report is about %q", file)
	}
	for what, text := range map[string]string{"page": got.Page, "Markdown": got.Markdown} {
		if !strings.Contains(text, "GOPROXY is odd") {
			t.Errorf("the %s lacks the finding: %s", what, text)
		}
	}
	if !slices.Equal(got.Files, []string{"/etc/go.env"}) {
		t.Errorf("files %q", got.Files)
	}
	if m := c.call(method, obj{"uri": "untitled:one"}); m.Error.code() != -32602 {
		t.Errorf("a document that is no file: %v", m.Error)
	}
}

type action struct {
	Title       string
	Kind        string
	IsPreferred bool
	Disabled    struct{ Reason string }
	Command     json.RawMessage // a string in a plain command
	Diagnostics []diagnostic
	Data        diagnosticData
}

func (c *client) actions(params obj) []action {
	c.t.Helper()
	var out []action
	c.ok("textDocument/codeAction", params, &out)
	return out
}

func titles(actions []action) []string {
	out := []string{}
	for _, a := range actions {
		out = append(out, a.Title)
	}
	return out
}

var modernActions = obj{"workspace": obj{"applyEdit": true}, "textDocument": obj{"codeAction": obj{
	"codeActionLiteralSupport": obj{"codeActionKind": obj{"valueSet": []string{"quickfix"}}}, "disabledSupport": true,
}}}

// asking is a request for actions at a problem, as gopls published it.
func asking(doc string, r report.Range, message string) obj {
	return obj{
		"textDocument": obj{"uri": doc}, "range": obj{"start": r.Start, "end": r.Start},
		"context": obj{"diagnostics": []any{obj{"range": r, "source": "compiler", "severity": 1, "message": message}}},
	}
}

// TestJudgeAction is offered where nobody has told what gopls shows, at what
// was not judged yet.
func TestJudgeAction(t *testing.T) {
	u := sample()
	phantom := u.Report.Problems[0]
	elsewhere := asking("file:///ws/other.go", at(7, 0, 3), "undefined: x")
	ours := asking("file:///ws/other.go", at(7, 0, 3), "something of ours")
	ours["context"] = obj{"diagnostics": []any{obj{"range": at(7, 0, 3), "source": "gophantom", "code": "env-drift", "message": "something of ours"}}}
	for name, test := range map[string]struct {
		options, params obj
		want            bool
	}{
		"not judged":                {nil, elsewhere, true},
		"judged":                    {nil, asking(phantom.URI, phantom.Range, phantom.Message), false},
		"ours":                      {nil, ours, false},
		"an editor that tells more": {feeding(), elsewhere, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := ready(t, test.options, modernActions)
			c.loop.publish(u)
			if got := titles(c.actions(test.params)); slices.Contains(got, judgeTitle) != test.want {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestCodeActions(t *testing.T) {
	u := sample()
	phantom, real := u.Report.Problems[0], u.Report.Problems[1]

	t.Run("on a problem of gopls", func(t *testing.T) {
		c := ready(t, feeding("restartGopls"), modernActions)
		c.loop.publish(u)
		got := c.actions(asking(phantom.URI, phantom.Range, phantom.Message))
		want := []string{"Unmask GOPROXY", "Restart gopls", "Trust everything", "Impossible", "Explain this problem (phantom)", "Find the guilty variables of this package", "Not a phantom? Record what was seen", "Explain masked-variable"}
		if diff := cmp.Diff(want, titles(got)); diff != "" {
			t.Fatal(diff)
		}
		for i, a := range got {
			if a.IsPreferred != (i == 0) {
				t.Errorf("%s: preferred %v", a.Title, a.IsPreferred)
			}
			if a.Kind != "quickfix" {
				t.Errorf("%s: kind %q", a.Title, a.Kind)
			}
		}
		if got[3].Disabled.Reason != "The value is secret." || got[3].Command != nil {
			t.Errorf("disabled: %+v", got[3])
		}
		if len(got[0].Diagnostics) != 1 || got[0].Diagnostics[0].Message != phantom.Message || got[0].Data != (diagnosticData{42, "ctx-1"}) {
			t.Errorf("action %+v", got[0])
		}

		// The command of an action does what the action says.
		var cmd struct {
			Command   string
			Arguments []any
		}
		c.decode(got[0].Command, &cmd)
		var request engine.FixRequest
		c.loop.fix = func(_ context.Context, _ engine.Host, r engine.FixRequest) engine.CureResult {
			request = r
			return engine.CureResult{Outcome: "cured", Message: "Green.", Millis: 7, Next: "n", Undoable: true}
		}
		var result CureResult
		c.decode(c.command(cmd.Command, cmd.Arguments...).Result, &result)
		if want := (CureResult{"cured", "Green.", 7, "n", true}); result != want {
			t.Errorf("result %+v", result)
		}
		if want := (engine.FixRequest{Fix: "unmask", Args: map[string]string{"variable": "GOPROXY"}, Snapshot: 42, ContextID: "ctx-1"}); !reflect.DeepEqual(request, want) {
			t.Errorf("the engine was asked for %+v", request)
		}
	})

	t.Run("nothing where nothing is proven", func(t *testing.T) {
		c := ready(t, feeding("restartGopls"), modernActions)
		c.loop.publish(u)
		moved := phantom.Range
		moved.End.Character++
		otherKind := asking(phantom.URI, phantom.Range, phantom.Message)
		otherKind["context"].(obj)["only"] = []string{"refactor", "quickfix.other"}
		tests := map[string]obj{
			"real":           asking(real.URI, real.Range, real.Message),
			"other message":  asking(phantom.URI, phantom.Range, "undefined: q"),
			"other range":    asking(phantom.URI, moved, phantom.Message),
			"other document": asking("file:///ws/c.go", phantom.Range, phantom.Message),
			"other kinds":    otherKind,
		}
		for name, params := range tests {
			got := slices.DeleteFunc(titles(c.actions(params)), func(title string) bool { // of what is no phantom, too, one may want to know why
				return strings.HasPrefix(title, "Explain this problem (real)") || strings.HasPrefix(title, "A phantom after all?")
			})
			if len(got) != 0 {
				t.Errorf("%s: offered %v", name, got)
			}
		}
	})

	t.Run("on our own diagnostics", func(t *testing.T) {
		c := ready(t, feeding("restartGopls"), modernActions)
		c.loop.publish(u)
		for doc, n := range map[string]int{phantom.URI: 8, "file:///ws/go.mod": 2} {
			// Echo what was published, as clients do.
			var p struct {
				URI         string
				Diagnostics []struct{ Range json.RawMessage }
			}
			var raw struct{ Diagnostics []json.RawMessage }
			m := c.await(doc, func(m message) bool {
				return m.Method == "textDocument/publishDiagnostics" && strings.Contains(string(m.Params), doc)
			})
			c.decode(m.Params, &p)
			c.decode(m.Params, &raw)
			got := c.actions(obj{"textDocument": obj{"uri": doc}, "range": p.Diagnostics[0].Range, "context": obj{"diagnostics": raw.Diagnostics}})
			if len(got) != n {
				t.Errorf("%s: %v", doc, titles(got))
				continue
			}
			if len(got[0].Diagnostics) != 1 {
				t.Errorf("%s: resolves %v", doc, got[0].Diagnostics)
			}
		}
	})

	t.Run("by hand", func(t *testing.T) {
		c := ready(t, feeding("restartGopls"), modernActions)
		c.loop.publish(u)
		got := c.actions(asking("file:///ws/go.mod", at(0, 0, 6), "something else"))
		if len(got) != 2 || got[0].Title != "By hand: Edit it" || got[0].Disabled.Reason != "" || !strings.Contains(string(got[0].Command), "gophantom.fix") {
			t.Errorf("got %+v", got)
		}
	})

	t.Run("client that sends no diagnostics", func(t *testing.T) {
		c := ready(t, feeding("restartGopls"), modernActions)
		c.loop.publish(u)
		params := asking(phantom.URI, phantom.Range, "")
		params["context"] = obj{"diagnostics": []any{}}
		if got := c.actions(params); len(got) == 0 || !got[0].IsPreferred {
			t.Errorf("got %v", titles(got))
		}
	})

	t.Run("client that can do neither", func(t *testing.T) {
		c := ready(t, nil, obj{"textDocument": modernActions["textDocument"]})
		c.loop.publish(u)
		got := titles(c.actions(asking(phantom.URI, phantom.Range, phantom.Message)))
		if diff := cmp.Diff([]string{"Explain this problem (phantom)", "Find the guilty variables of this package", "Not a phantom? Record what was seen", "Explain masked-variable"}, got); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("client that knows commands only", func(t *testing.T) {
		c := ready(t, feeding("restartGopls"), obj{"workspace": obj{"applyEdit": true}})
		c.loop.publish(u)
		got := c.actions(asking(phantom.URI, phantom.Range, phantom.Message))
		want := []string{"Unmask GOPROXY", "Restart gopls", "Trust everything", "Explain this problem (phantom)", "Find the guilty variables of this package", "Not a phantom? Record what was seen", "Explain masked-variable"}
		if diff := cmp.Diff(want, titles(got)); diff != "" {
			t.Error(diff)
		}
		if len(got) > 0 && string(got[0].Command) != `"gophantom.fix"` {
			t.Errorf("command %s", got[0].Command)
		}
	})

	t.Run("the same fix twice", func(t *testing.T) {
		both := sample()
		both.Report.Findings[0].Location = &report.Location{URI: phantom.URI, Range: phantom.Range}
		both.Report.Findings[0].Fixes = phantom.Fixes
		c := ready(t, feeding("restartGopls"), modernActions)
		c.loop.publish(both)
		if got := c.actions(asking(phantom.URI, phantom.Range, phantom.Message)); len(got) != 8 {
			t.Errorf("got %v", titles(got))
		}
	})
}

func TestExplain(t *testing.T) {
	rule := rules.All()[0]
	c := ready(t, feeding(), nil)
	var page string
	c.decode(c.command("gophantom.explain", obj{"rule": rule.ID}).Result, &page)
	for _, part := range []string{rule.Title, strings.TrimSpace(rule.Doc.Symptom), strings.TrimSpace(rule.Doc.Cure)} {
		if !strings.Contains(page, part) {
			t.Errorf("the page lacks %q", part)
		}
	}
}

// TestProbe offers to ask servers where that makes sense, tells what is asked,
// and hands out what they answered.
func TestProbe(t *testing.T) {
	const doc = "file:///w/go.mod"
	at := func(line int) obj {
		place := obj{"line": line, "character": 0}
		return obj{"textDocument": obj{"uri": doc}, "range": obj{"start": place, "end": place}, "context": obj{"diagnostics": []any{}}}
	}
	u := engine.Update{Ready: true, Trusted: true, Report: report.Report{Snapshot: report.Snapshot{Number: 3, Trusted: true}, Findings: []report.Finding{
		{Rule: "goproxy-answer", Ref: "PX-403STOP", Location: &report.Location{URI: doc}},
		{Rule: "other", Ref: "CGO-NOCC", Location: &report.Location{URI: doc, Range: report.Range{Start: report.Position{Line: 9}, End: report.Position{Line: 9, Character: 3}}}},
	}}}
	c := ready(t, feeding(), modernActions)
	c.loop.probeable = func(file string, line int) (string, bool) {
		return "example.com/dep@v1.0.0", file == "/w/go.mod" && line == 4
	}
	c.loop.publish(u)
	for line, want := range map[int]string{
		0: "Probe this route: ask the servers for what is missing", 4: "Probe this route: example.com/dep@v1.0.0", 5: "", 9: "",
	} {
		got := ""
		for _, title := range titles(c.actions(at(line))) {
			if strings.HasPrefix(title, "Probe") {
				got += title
			}
		}
		if got != want {
			t.Errorf("line %d: %q, want %q", line, got, want)
		}
	}
	var cmd struct {
		Command   string
		Arguments []any
	}
	c.decode(c.actions(at(4))[0].Command, &cmd)
	c.loop.probe = func(_ context.Context, h engine.Host, r engine.ProbeRequest) (string, error) {
		h.Progress("asking proxy.example for mod")
		if r != (engine.ProbeRequest{File: "/w/go.mod", Module: "example.com/dep@v1.0.0"}) {
			t.Errorf("request %+v", r)
		}
		return "# Answers", nil
	}
	var page string
	c.decode(c.command(cmd.Command, cmd.Arguments...).Result, &page)
	if page != "# Answers" {
		t.Errorf("the page is %q", page)
	}

	u.Report.Snapshot.Trusted = false
	c.loop.publish(u)
	for _, title := range titles(c.actions(at(4))) {
		if strings.HasPrefix(title, "Probe") {
			t.Errorf("an untrusted workspace is offered %q", title)
		}
	}
}

// step is one progress notification.
type step struct {
	Token any
	Value struct{ Kind, Title, Message string }
}

func TestProgress(t *testing.T) {
	cure := func(_ context.Context, h engine.Host) engine.CureResult {
		h.Progress("halfway")
		return engine.CureResult{Outcome: "cured"}
	}
	kinds := func(c *client, token any) (out []string) {
		for range 3 {
			var s step
			c.expect("$/progress", &s)
			if s.Token != token {
				c.t.Errorf("token %v, want %v", s.Token, token)
			}
			out = append(out, strings.TrimSpace(s.Value.Kind+" "+s.Value.Message))
		}
		return out
	}
	want := []string{"begin", "report halfway", "end"}

	t.Run("token of the client", func(t *testing.T) {
		c := ready(t, feeding(), nil)
		c.loop.cure = cure
		c.ok("workspace/executeCommand", obj{"command": "gophantom.cure", "workDoneToken": 17}, nil)
		if got := kinds(c, 17.0); !slices.Equal(got, want) {
			t.Errorf("progress %v", got)
		}
	})
	t.Run("token of the server", func(t *testing.T) {
		c := ready(t, feeding(), obj{"window": obj{"workDoneProgress": true}})
		c.loop.cure = cure
		id := c.request("workspace/executeCommand", obj{"command": "gophantom.cure"})
		var created struct{ Token any }
		c.answer(c.expect("window/workDoneProgress/create", &created), nil)
		c.response(id)
		if got := kinds(c, created.Token); !slices.Equal(got, want) {
			t.Errorf("progress %v", got)
		}
	})
	t.Run("none", func(t *testing.T) {
		c := ready(t, feeding(), nil)
		c.loop.cure = cure
		c.command("gophantom.cure")
		if rest := c.settle(); len(rest) != 0 {
			t.Errorf("sent %v", rest)
		}
	})
	t.Run("cancelled by the user", func(t *testing.T) {
		c := ready(t, feeding(), nil)
		c.loop.cure = func(ctx context.Context, h engine.Host) engine.CureResult {
			<-ctx.Done()
			<-c.loop.release
			return engine.CureResult{}
		}
		id := c.request("workspace/executeCommand", obj{"command": "gophantom.cure", "workDoneToken": "tok"})
		c.expect("$/progress", nil)
		c.notify("window/workDoneProgress/cancel", obj{"token": "other"})
		c.notify("window/workDoneProgress/cancel", obj{"token": "tok"})
		if got := c.response(id).Error.code(); got != -32800 {
			t.Errorf("code %d, want -32800", got)
		}
	})
	t.Run("nothing after the end", func(t *testing.T) {
		c := ready(t, feeding(), nil)
		var late engine.Host
		c.loop.cure = func(_ context.Context, h engine.Host) engine.CureResult {
			late = h
			return engine.CureResult{}
		}
		c.ok("workspace/executeCommand", obj{"command": "gophantom.cure", "workDoneToken": 1}, nil)
		c.expect("$/progress", nil)
		c.expect("$/progress", nil)
		late.Progress("too late")
		if rest := c.settle(); len(rest) != 0 {
			t.Errorf("sent %v", rest)
		}
	})
}

// during runs do as the engine's part of a cure, and answers with the client.
func (c *client) during(do func(ctx context.Context, h engine.Host) error, answer func()) (err error) {
	c.t.Helper()
	c.loop.cure = func(ctx context.Context, h engine.Host) engine.CureResult {
		err = do(ctx, h)
		return engine.CureResult{}
	}
	id := c.request("workspace/executeCommand", obj{"command": "gophantom.cure"})
	if answer != nil {
		answer()
	}
	c.response(id)
	return err
}

func TestEditorActions(t *testing.T) {
	ctx := context.Background()
	c := ready(t, feeding("unsetEnv", "setEnv", "restartGopls", "reloadGopls", "installGopls", "restartExtensionHost", "addFolder"), nil)
	var action EditorAction

	err := c.during(func(ctx context.Context, h engine.Host) (err error) {
		return h.UnsetEnv(ctx, []string{"GOPROXY", "GOBIN"})
	}, func() {
		m := c.expect("gophantom/editorAction", &action)
		c.answer(m, obj{"ok": true})
	})
	if err != nil || action.Kind != "unsetEnv" || !slices.Equal(action.Names, []string{"GOPROXY", "GOBIN"}) {
		t.Errorf("%+v, %v", action, err)
	}

	err = c.during(func(ctx context.Context, h engine.Host) error {
		return h.SetEnv(ctx, map[string]string{"GOPROXY": "x"})
	}, func() { c.answer(c.expect("gophantom/editorAction", &action), obj{"ok": true}) })
	if err != nil || action.Kind != "setEnv" || action.Values["GOPROXY"] != "x" {
		t.Errorf("%+v, %v", action, err)
	}

	err = c.during(func(ctx context.Context, h engine.Host) error { return h.RestartGopls(ctx) },
		func() {
			c.answer(c.expect("gophantom/editorAction", nil), obj{"ok": false, "error": "no such command"})
		})
	if err == nil || !strings.Contains(err.Error(), "no such command") {
		t.Errorf("error %v", err)
	}

	err = c.during(func(ctx context.Context, h engine.Host) error { return h.RestartGopls(ctx) },
		func() {
			m := c.expect("gophantom/editorAction", nil)
			c.send(obj{"id": m.ID, "error": obj{"code": -32601, "message": "what?"}})
		})
	if err == nil || !strings.Contains(err.Error(), "what?") {
		t.Errorf("error %v", err)
	}

	for _, tt := range []struct {
		want EditorAction
		do   func(ctx context.Context, h engine.Host) error
	}{
		{EditorAction{Kind: "reloadGopls", URIs: []string{"file:///ws", "file:///with%20space"}}, func(ctx context.Context, h engine.Host) error {
			return h.ReloadGopls(ctx, []string{"/ws", "/with space"})
		}},
		{EditorAction{Kind: "installGopls"}, func(ctx context.Context, h engine.Host) error { return h.InstallGopls(ctx) }},
		{EditorAction{Kind: "restartExtensionHost"}, func(ctx context.Context, h engine.Host) error { return h.RestartExtensionHost(ctx) }},
		{EditorAction{Kind: "addFolder", URI: "file:///other"}, func(ctx context.Context, h engine.Host) error { return h.AddFolder(ctx, "/other") }},
	} {
		var got EditorAction
		err := c.during(tt.do, func() { c.answer(c.expect("gophantom/editorAction", &got), obj{"ok": true}) })
		if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	}

	plain := ready(t, nil, nil)
	err = plain.during(func(_ context.Context, h engine.Host) error { return h.RestartGopls(ctx) }, nil)
	if !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("error %v, want unsupported", err)
	}
}

func TestConfirm(t *testing.T) {
	c := ready(t, feeding(), nil)
	for _, tt := range []struct {
		answer any
		want   bool
	}{{obj{"title": "Apply"}, true}, {obj{"title": "Cancel"}, false}, {nil, false}} {
		var ok bool
		var asked struct {
			Message string
			Actions []struct{ Title string }
		}
		err := c.during(func(ctx context.Context, h engine.Host) (err error) {
			ok, err = h.Confirm(ctx, "Change the file", "-a\n+b", []engine.Edit{{}})
			return err
		}, func() { c.answer(c.expect("window/showMessageRequest", &asked), tt.answer) })
		if err != nil || ok != tt.want {
			t.Errorf("answered %v: %v, %v", tt.answer, ok, err)
		}
		if len(asked.Actions) != 2 || !strings.Contains(asked.Message, "Change the file") || !strings.Contains(asked.Message, "+b") {
			t.Errorf("asked %+v", asked)
		}
	}
}

func TestApplyEdit(t *testing.T) {
	const file, before = "/ws/.vscode/settings.json", "{}\n"
	edit := engine.Edit{
		Label: "Use the shell's GOPROXY", FileEdit: fix.FileEdit{
			File: file, Want: []byte(before),
			Edits: []fix.TextEdit{{Range: model.Range{Start: model.Position{Character: 1}, End: model.Position{Character: 1}}, NewText: `"a":1`}},
		},
	}
	newFile := engine.Edit{Label: "l", FileEdit: fix.FileEdit{File: "/ws/new.json", Edits: []fix.TextEdit{{NewText: "{}"}}}}
	modern := obj{"workspace": obj{"applyEdit": true, "workspaceEdit": obj{
		"documentChanges": true, "resourceOperations": []string{"create", "delete"}, "changeAnnotationSupport": obj{"groupsOnLabel": true}, // VS Code has it
	}}}
	old := obj{"workspace": obj{"applyEdit": true}}

	type sent struct {
		Label string
		Edit  struct {
			Changes           map[string][]struct{ NewText string }
			ChangeAnnotations map[string]any
			DocumentChanges   []struct {
				Kind, URI, AnnotationID string
				TextDocument            struct {
					URI     string
					Version *int
				}
				Edits []struct {
					Range                 report.Range
					NewText, AnnotationID string
				}
			}
		}
	}
	apply := func(c *client, e engine.Edit, answer obj, save bool) (applied bool, got sent, err error) {
		err = c.during(func(ctx context.Context, h engine.Host) (err error) {
			applied, err = h.ApplyEdit(ctx, e)
			return err
		}, func() {
			if answer == nil {
				return
			}
			c.answer(c.expect("workspace/applyEdit", &got), answer)
			if save {
				var a EditorAction
				c.answer(c.expect("gophantom/editorAction", &a), obj{"ok": true})
				if a.Kind != "save" || a.URI != "file://"+e.File {
					c.t.Errorf("then %+v", a)
				}
			}
		})
		return applied, got, err
	}
	withFile := func(c *client) { c.files.content[file] = before }

	t.Run("applied and saved", func(t *testing.T) {
		c := ready(t, feeding("save"), modern, withFile)
		applied, got, err := apply(c, edit, obj{"applied": true}, true)
		if err != nil || !applied {
			t.Fatalf("applied %v, %v", applied, err)
		}
		if got.Label != edit.Label || len(got.Edit.DocumentChanges) != 1 {
			t.Fatalf("sent %+v", got)
		}
		change := got.Edit.DocumentChanges[0]
		if change.TextDocument.URI != "file://"+file || len(change.Edits) != 1 || change.Edits[0].NewText != `"a":1` || change.Edits[0].Range != at(0, 1, 1) {
			t.Errorf("change %+v", change)
		}
		if len(got.Edit.ChangeAnnotations) > 0 || change.Edits[0].AnnotationID != "" {
			t.Errorf("VS Code would ask again, with nothing ticked: %+v", got.Edit)
		}
	})
	t.Run("new file", func(t *testing.T) {
		c := ready(t, feeding(), modern)
		applied, got, err := apply(c, newFile, obj{"applied": true}, false)
		if err != nil || !applied {
			t.Fatalf("applied %v, %v", applied, err)
		}
		if changes := got.Edit.DocumentChanges; len(changes) != 2 || changes[0].Kind != "create" || changes[0].URI != "file:///ws/new.json" {
			t.Errorf("sent %+v", got)
		}
	})
	t.Run("file that goes", func(t *testing.T) {
		gone := edit
		gone.Delete = true
		c := ready(t, feeding("save"), modern, withFile)
		applied, got, err := apply(c, gone, obj{"applied": true}, false)
		if err != nil || !applied {
			t.Fatalf("applied %v, %v", applied, err)
		}
		if changes := got.Edit.DocumentChanges; len(changes) != 1 || changes[0].Kind != "delete" || changes[0].URI != "file://"+file {
			t.Errorf("sent %+v", got)
		}
		c = ready(t, feeding(), old, withFile) // this one cannot delete
		if _, got, err := apply(c, gone, obj{"applied": true}, false); err != nil || len(got.Edit.Changes["file://"+file]) != 1 {
			t.Errorf("sent %+v, %v", got, err)
		}
	})
	t.Run("declined", func(t *testing.T) {
		c := ready(t, feeding("save"), modern, withFile)
		if applied, _, err := apply(c, edit, obj{"applied": false}, false); applied || err != nil {
			t.Errorf("applied %v, %v", applied, err)
		}
	})
	t.Run("failed", func(t *testing.T) {
		c := ready(t, feeding("save"), modern, withFile)
		applied, _, err := apply(c, edit, obj{"applied": false, "failureReason": "read-only"}, false)
		if applied || err == nil || !strings.Contains(err.Error(), "read-only") {
			t.Errorf("applied %v, %v", applied, err)
		}
	})
	t.Run("client of old", func(t *testing.T) {
		c := ready(t, feeding(), old, withFile)
		_, got, err := apply(c, edit, obj{"applied": true}, false)
		if err != nil || len(got.Edit.Changes["file://"+file]) != 1 || got.Edit.DocumentChanges != nil {
			t.Errorf("sent %+v, %v", got, err)
		}
		if _, _, err := apply(c, newFile, nil, false); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("error %v, want unsupported", err)
		}
	})
	t.Run("open document keeps its version", func(t *testing.T) {
		c := ready(t, nil, modern, withFile)
		c.notify("textDocument/didOpen", obj{"textDocument": obj{"uri": "file://" + file, "languageId": "jsonc", "version": 9, "text": before}})
		_, got, err := apply(c, edit, obj{"applied": true}, false)
		if err != nil || len(got.Edit.DocumentChanges) != 1 {
			t.Fatalf("sent %+v, %v", got, err)
		}
		if v := got.Edit.DocumentChanges[0].TextDocument.Version; v == nil || *v != 9 {
			t.Errorf("version %v, want 9", v)
		}
	})

	refused := map[string]struct {
		capabilities obj
		edit         engine.Edit
		prepare      func(c *client)
		want         error
	}{
		"client cannot edit": {obj{}, edit, withFile, errors.ErrUnsupported},
		"changed on disk":    {modern, edit, func(c *client) { c.files.content[file] = "{ }" }, world.ErrChanged},
		"appeared meanwhile": {modern, newFile, func(c *client) { c.files.content[newFile.File] = "" }, world.ErrChanged},
		"vanished":           {modern, edit, func(*client) {}, nil},
		"unsaved in the editor": {modern, edit, func(c *client) {
			withFile(c)
			c.notify("gophantom/editorFacts", obj{"dirty": []string{file}})
		}, world.ErrChanged},
	}
	for name, tt := range refused {
		t.Run(name, func(t *testing.T) {
			c := ready(t, feeding(), tt.capabilities)
			tt.prepare(c)
			applied, _, err := apply(c, tt.edit, nil, false)
			if applied || err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("applied %v, %v; want %v", applied, err, tt.want)
			}
		})
	}
}

func TestWindowsDocuments(t *testing.T) {
	c := ready(t, feeding(), modernActions, func(c *client) { c.world.GOOS = "windows" })
	u := sample()
	u.Report.Problems = u.Report.Problems[:1]
	u.Report.Problems[0].URI = "file:///C:/ws/a.go"
	c.loop.publish(u)
	p := u.Report.Problems[0]
	for _, spelling := range []string{"file:///c%3A/ws/a.go", "file:///C:/ws/a.go", "file:///c:/ws/a.go"} {
		if got := c.actions(asking(spelling, p.Range, p.Message)); len(got) == 0 {
			t.Errorf("nothing is offered at %s", spelling)
		}
	}
}

func TestWindowsPaths(t *testing.T) {
	c := start(t, func(c *client) { c.world.GOOS = "windows" })
	c.ok("initialize", obj{"capabilities": obj{}, "rootUri": "file:///c%3A/my%20ws"}, nil)
	c.notify("initialized", obj{})
	if got, want := c.fact().Folders, []string{`c:\my ws`}; !slices.Equal(got, want) {
		t.Errorf("folders %q, want %q", got, want)
	}
}

// TestVerdictsAreExplained offers, at a problem of gopls, to explain the
// verdict, to find the guilty variables and to record what was seen.
func TestVerdictsAreExplained(t *testing.T) {
	const doc = "file:///w/main.go"
	at := func(line int) obj {
		place := obj{"line": line, "character": 0}
		return obj{"textDocument": obj{"uri": doc}, "range": obj{"start": place, "end": place}, "context": obj{"diagnostics": []any{}}}
	}
	problem := func(line int, verdict, cause, message string) report.Problem {
		on := report.Position{Line: line}
		return report.Problem{URI: doc, Range: report.Range{Start: on, End: on}, Message: message, Verdict: verdict, Cause: cause}
	}
	c := ready(t, feeding(), modernActions)
	c.loop.publish(engine.Update{Ready: true, Trusted: true, Report: report.Report{Snapshot: report.Snapshot{Number: 3, Trusted: true}, Problems: []report.Problem{
		problem(1, "phantom", "env", "could not import x"), problem(2, "real", "", "undefined: y"), problem(3, "not-build", "", "unused parameter"), problem(4, "unknown", "", "z"),
	}}})
	for line, want := range map[int][]string{
		1: {"Explain this problem (phantom)", "Find the guilty variables of this package", "Not a phantom? Record what was seen"},
		2: {"Explain this problem (real)", "A phantom after all? Record what was seen"},
		3: nil,
		4: {"Explain this problem (not decided)", "A phantom after all? Record what was seen"},
		9: nil,
	} {
		if got := titles(c.actions(at(line))); !slices.Equal(got, want) {
			t.Errorf("line %d: %q, want %q", line, got, want)
		}
	}
	c.loop.problem = func(what string, p engine.Place) (string, error) {
		if p != (engine.Place{File: "/w/main.go", Line: 1, Message: "could not import x"}) {
			t.Errorf("%s is asked about %+v", what, p)
		}
		return "# " + what, nil
	}
	c.loop.bisect = func(_ context.Context, h engine.Host, file string) (string, error) {
		h.Progress("run 1 of go")
		return "# bisect " + file, nil
	}
	for i, want := range []string{"# explain", "# bisect /w/main.go", "# record"} {
		var cmd struct {
			Command   string
			Arguments []any
		}
		c.decode(c.actions(at(1))[i].Command, &cmd)
		var page string
		c.decode(c.command(cmd.Command, cmd.Arguments...).Result, &page)
		if page != want {
			t.Errorf("%s answers %q", cmd.Command, page)
		}
	}
}
