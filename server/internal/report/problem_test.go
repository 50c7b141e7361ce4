package report

import (
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
)

func TestProblemMarkdown(t *testing.T) {
	p := Problem{
		URI: "file:///w/a/main.go", Range: Range{Start: Position{Line: 2, Character: 7}}, Message: "could not import [x](y)\nmore", Verdict: "phantom", Cause: "env",
		Summary: "Phantom: x can be imported in your shell.", Why: "the import works in your shell", TrueReason: "```\nmodule lookup disabled", Others: []string{"GOMODCACHE"},
		Misleads: "gopls offers “go get package x”, which does not help", Bisect: &Bisect{Differing: 12, Runs: 8, Millis: 900},
		Evidence: []Evidence{{Environment: "shell", Command: "go list .", Outcome: "green", Millis: 30}},
		Fixes:    []Fix{{Title: "Unmask GOPROXY"}, {Title: "Restart gopls", Disabled: "It is not running."}},
	}
	page := p.Markdown("/w", nil, nil)
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
		if page := (Problem{Verdict: verdict, URI: "file:///a.go"}).Markdown("/", nil, nil); !strings.Contains(page, want) {
			t.Errorf("%s: %s", verdict, page)
		}
	}
}

// TestRecordHoldsItsCapture: whatever the message of the problem is, the capture in
// the document is read, also after a mail program changed the ends of lines.
func TestRecordHoldsItsCapture(t *testing.T) {
	capture, err := Capture(&model.Snapshot{Dir: "/home/gopher/app", Reason: "~~~~json\n```"}, "v1")
	if err != nil {
		t.Fatal(err)
	}
	for _, message := range []string{"```", "~~~~json\n{}\n~~~~", "plain"} {
		page := Problem{Message: message, URI: "file:///a.go", Verdict: "phantom"}.RecordMarkdown("/", capture, true)
		for _, text := range []string{page, strings.ReplaceAll(page, "\n", "\r\n")} {
			s, err := ReadCapture([]byte(text))
			if err != nil || s.Dir != "/home/gopher/app" {
				t.Errorf("%q: %v in %s", message, err, page)
			}
		}
	}
}
