package lsp

import (
	"context"
	"strings"
	"testing"
	"unicode"

	"github.com/gophantom/gophantom/server/internal/engine"
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
