package lsp

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
)

// TestLanguage: what a person reads is in the language of the locale, or of the
// environment if the client tells none; what machines read stays.
func TestLanguage(t *testing.T) {
	han := func(s string) bool {
		return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
	}
	for _, tc := range []struct {
		name, locale string
		environ      []string
		chinese      bool
	}{
		{"the editor's locale", "zh-cn", nil, true},
		{"the locale is stronger than LANG", "en", []string{"LANG=zh_CN.UTF-8"}, false},
		{"LANG", "", []string{"LANG=zh_CN.UTF-8"}, true},
		{"no translation", "fr", nil, false},
		{"no locale", "", nil, false},
		{"nonsense", "zh_\x00@@..", nil, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := start(t, func(c *client) { c.world.Environ = tc.environ })
			c.loop.cure = func(context.Context, engine.Host) engine.CureResult {
				return engine.CureResult{Outcome: "nothing", Message: "There is nothing to cure.", Next: "Restart gopls"}
			}
			params := obj{"processId": nil, "rootUri": "file:///ws", "capabilities": obj{}, "initializationOptions": feeding()}
			if tc.locale != "" {
				params["locale"] = tc.locale
			}
			c.ok("initialize", params, nil)
			c.notify("initialized", obj{})

			fix := report.Fix{ID: "restart-gopls", Title: "Restart gopls", Kind: "manual", Args: report.StringMap{"why": "Restart gopls"}}
			u := engine.Update{
				Ready: true, Trusted: true, Headline: "No phantoms: the editor and the shell agree.", Details: []string{"The shell has answered.", "the shell has not answered yet"}, Cure: "Restart gopls",
				Report: report.Report{Health: "warning", Findings: []report.Finding{{
					Rule: "gopls-stale-env", Severity: "warning", Subject: "GOPROXY", Fixes: []report.Fix{fix},
					Message:  "gopls was started with GOPROXY=off; started now, it would get no GOPROXY, so it needs a restart.",
					Location: &report.Location{URI: "file:///ws/go.mod"},
				}}},
			}
			c.loop.publish(u)
			finding := c.diagnostics(1)["file:///ws/go.mod"][0]
			if han(finding.Message) != tc.chinese || !strings.Contains(finding.Message, "GOPROXY=off") || finding.Code != "gopls-stale-env" {
				t.Errorf("diagnostic %+v", finding)
			}
			if strings.Contains(finding.CodeDescription.Href, "/zh-cn/") != tc.chinese {
				t.Errorf("page %q", finding.CodeDescription.Href)
			}
			var status Status
			c.expect("gophantom/status", &status)
			if han(status.Headline) != tc.chinese || han(status.Cure) != tc.chinese || han(status.Details[1]) != tc.chinese || status.Health != "warning" {
				t.Errorf("status %+v", status)
			}
			var r report.Report
			c.ok("gophantom/report", nil, &r)
			if f := r.Findings[0]; han(f.Message) != tc.chinese || f.Fixes[0].Args["why"] != "Restart gopls" || han(f.Fixes[0].Title) != tc.chinese {
				t.Errorf("report %+v", r)
			}
			var result CureResult
			c.decode(c.command("gophantom.cure").Result, &result)
			if han(result.Message) != tc.chinese || han(result.Next) != tc.chinese || result.Outcome != "nothing" {
				t.Errorf("result %+v", result)
			}
			var page string
			c.decode(c.command("gophantom.explain", obj{"rule": "gopls-stale-env"}).Result, &page)
			if han(page) != tc.chinese || !strings.Contains(page, "`gopls-stale-env`") {
				t.Errorf("page %s", page)
			}
			if m := c.command("gophantom.explain", obj{"rule": "no-such"}).Error; m == nil || han(m.Message) != tc.chinese || m.Code != -32602 {
				t.Errorf("error %+v", m)
			}
			if u.Report.Findings[0].Fixes[0].Title != "Restart gopls" {
				t.Error("the engine's report was changed")
			}
		})
	}
}

// TestTreeInChinese: every line of the tree is translated but for names,
// values, and what gopls said; what commands take stays.
func TestTreeInChinese(t *testing.T) {
	said := []string{ // sentences of the picture that the tables do not know, so all of such a line stays
		"Not decided: go took too long", "not known: The settings could not be read",
		"could not import x", "could not import z", "GOPROXY is masked", "Trust everything", "A cache", "The value is secret", "both sides were asked",
		"The settings could not be read", "Modules come from elsewhere", "It builds in the shell", "go took too long", "module lookup disabled",
		"Unmask GOPROXY", "Edit it", "written by go env -w",
	}
	unsaid := func(s string) string {
		for _, text := range said {
			s = strings.ReplaceAll(s, text, "")
		}
		return s
	}
	english := pictured(t, full())
	c := inChinese(t)
	c.loop.picture = full
	var tree Tree
	c.ok("gophantom/tree", nil, &tree)
	var compare func(a, b TreeNode)
	compare = func(a, b TreeNode) {
		if a.ID != b.ID || a.Kind != b.Kind || len(a.Children) != len(b.Children) || (a.Fix == nil) != (b.Fix == nil) || a.Explain != nil && *a.Explain != *b.Explain {
			t.Fatalf("%+v became %+v", a, b)
		}
		for _, text := range []string{b.Label, b.Description, b.Tooltip} {
			for line := range strings.Lines(text) {
				if sentence.MatchString(unsaid(line)) {
					t.Errorf("%s: %q is English", b.ID, line)
				}
			}
		}
		for i := range a.Children {
			compare(a.Children[i], b.Children[i])
		}
	}
	for i := range tree.Roots {
		compare(english.Roots[i], tree.Roots[i])
	}
}

var sentence = regexp.MustCompile(`\b[a-z]{2,} [a-z]{2,}\b`)

// TestDoorsInChinese has the other answers that are made of English.
func TestDoorsInChinese(t *testing.T) {
	c := inChinese(t)
	c.loop.lenses = func(string) []engine.Lens {
		return []engine.Lens{{Text: "gopls: ✗ go cannot fetch it | shell: ✓ it is a module you are working on; nothing is fetched"}}
	}
	c.loop.route = func(string, string) (string, error) { return "go cannot fetch it.\n", nil }
	c.loop.redacted = func() (string, error) { return "#### Problems of gopls\n", nil }
	c.loop.whole = func(string) (report.EnvironmentReport, bool) { return report.EnvironmentReport{}, true }
	var whole EnvironmentReportResult
	c.ok("gophantom/environmentReport", obj{}, &whole)
	if !strings.Contains(whole.Page, `<html lang="zh-CN" `) || !strings.Contains(whole.Page, "<h1>环境报告</h1>") || !strings.HasPrefix(whole.Markdown, "### Environment report") {
		t.Errorf("the page is not Chinese, or what is pasted into an issue is: %.200s, %.60s", whole.Page, whole.Markdown)
	}
	var lenses []struct{ Command struct{ Title string } }
	c.ok("textDocument/codeLens", obj{"textDocument": obj{"uri": "file:///ws/go.mod"}}, &lenses)
	var route, redacted string
	c.decode(c.command("gophantom.route", obj{"module": "a.example/b"}).Result, &route)
	c.decode(c.command("gophantom.redacted").Result, &redacted)
	for _, text := range []string{lenses[0].Command.Title, route, redacted} {
		if sentence.MatchString(text) {
			t.Errorf("%q is English", text)
		}
	}
}

// inChinese is a client with the locale zh-cn that has everything.
func inChinese(t *testing.T) *client {
	t.Helper()
	c := start(t)
	options := feeding(model.ActionUnsetEnv)
	options["codeLens"] = true
	c.ok("initialize", obj{"processId": nil, "rootUri": "file:///ws", "capabilities": modernActions, "initializationOptions": options, "locale": "zh-cn"}, nil)
	c.notify("initialized", obj{})
	return c
}
