package report

import (
	"strings"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
)

// viewed is a view that gopls made, by a clock that is an hour behind.
func viewed() model.Event {
	at := time.Date(2026, 11, 30, 20, 20, 43, 120e6, time.UTC)
	return model.Event{
		Time: at, Said: at.Add(-time.Hour), Source: model.SourceGopls, Origin: "window1", Kind: model.EventView, Subject: model.NewText("/home/gopher/hello"),
		Text: model.NewText("Created View (#1)\n\tdirectory=/home/gopher/hello"), Refs: []string{"GF-UNKNOWN"}, ContextID: "ctx-1", Snapshot: 2,
		View: &model.LoggedView{ID: "1", Env: map[string]model.Value{
			"GOOS": model.NewValue("linux"), "GOFLAGS": model.NewValue("-tags=foo"), "GOPROXY": model.NewValue("https://u:hunter2@proxy.example"), "GOPRIVATE": {},
		}},
	}
}

func TestEventForPeople(t *testing.T) {
	e := EventOf(viewed())
	line, err := e.JSONLine()
	if err != nil || strings.Count(string(line), "\n") != 1 {
		t.Errorf("%v: %q", err, line)
	}
	text := e.Line(Style{}, nil)
	for _, want := range []string{"Monday, 30 November 2026", "20:20:43.120", "window1 gopls", "GOFLAGS=-tags=foo", "GF-UNKNOWN", "ctx-1", "its clock said 2026-11-30T19:20:43.120Z"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "GOOS=") || strings.Contains(text, "GOPRIVATE=") {
		t.Errorf("what tells nothing is shown:\n%s", text)
	}
	if strings.Contains(text+string(line), "hunter2") {
		t.Errorf("the password is shown:\n%s%s", text, line)
	}
	if again := e.Line(Style{}, &e); strings.Contains(again, "November") {
		t.Errorf("the day is said twice:\n%s", again)
	}
}

// TestHostileEvent has text that would act on a terminal, or draw a line of its
// own.
func TestHostileEvent(t *testing.T) {
	e := EventOf(model.Event{Source: "a\x1b[2Jb\nc", Origin: "w\u202e", Kind: model.EventError, Text: model.NewText("x\x1b]0;t\x07\u009b2J\n20:20:43.120  gopls  forged")})
	line, err := e.JSONLine()
	if err != nil {
		t.Fatal(err)
	}
	text := e.Line(Style{}, nil)
	if strings.ContainsAny(text+string(line)+e.Brief(), "\x1b\x07\u009b\u202e") {
		t.Errorf("characters that act are left: %q", text)
	}
	for _, l := range strings.Split(text, "\n") {
		if strings.HasPrefix(l, "20:20:43") {
			t.Errorf("a line of the message looks like an event:\n%s", text)
		}
	}
	if strings.Count(e.Brief(), "\n") != 1 {
		t.Errorf("more than one line: %q", e.Brief())
	}
}
