package report

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestProblemMarkdown(t *testing.T) {
	p := Problem{
		URI: "file:///w/a/main.go", Range: Range{Start: Position{Line: 2, Character: 7}}, Message: "could not import [x](y)\nmore", Verdict: "phantom", Cause: "env",
		Summary: "Phantom: x can be imported in your shell.", Why: "the import works in your shell", TrueReason: "```\nmodule lookup disabled", Others: []string{"GOMODCACHE"},
		Misleads: "gopls offers “go get package x”, which does not help", Bisect: &Bisect{Differing: 12, Runs: 8, Millis: 900},
		Evidence: []Evidence{{Environment: "shell", Command: "go list .", Outcome: "green", Millis: 30}},
		Fixes:    []Fix{{Title: "Unmask GOPROXY"}, {Title: "Restart gopls", Disabled: "It is not running."}},
	}
	page := p.Markdown("/w", nil)
	for _, want := range []string{
		"`a/main.go:3:8`", "Phantom: the environment of gopls differs from yours", "GOMODCACHE alone", "## Beware", "8 runs of go", "1. Unmask GOPROXY", "2. Restart gopls (not now: It is not running)",
		"````text\n```\nmodule lookup disabled\n````",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	if strings.Contains(page, "[x](y)") || strings.Contains(page, "\nmore") {
		t.Errorf("the message is markup:\n%s", page)
	}
	for verdict, want := range map[string]string{"real": "Real:", "unknown": "Not decided", "not-build": "Not a build error", "stale-green": "Stale green:"} {
		if page := (Problem{Verdict: verdict, URI: "file:///a.go"}).Markdown("/", nil); !strings.Contains(page, want) {
			t.Errorf("%s: %s", verdict, page)
		}
	}
}

func TestRecordIsJSONInMarkdown(t *testing.T) {
	page, err := (Record{Problem: Problem{Message: "```"}, Findings: []Finding{}, Drift: []Drift{}, Views: []View{}}).Markdown()
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(page, "json\n")
	block = block[:strings.LastIndex(block, "}")+1]
	var back Record
	if err := json.Unmarshal([]byte(block), &back); err != nil || back.Problem.Message != "```" {
		t.Errorf("%v in %s", err, page)
	}
}
