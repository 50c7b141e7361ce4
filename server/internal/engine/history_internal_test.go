package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world"
)

// remembering is a history with a cache directory of its own.
func remembering(t *testing.T) (h *history, again func() *history) {
	w := world.Real()
	w.GOOS = "linux" // its cache directory is that of the test everywhere
	w.Environ = append([]string{"XDG_CACHE_HOME=" + t.TempDir()}, w.Environ...)
	again = func() *history {
		h := &history{w: w}
		h.open([]string{t.Name()})
		return h
	}
	return again(), again
}

func kinds(events []report.HistoryEvent) (out []string) {
	for _, e := range events {
		out = append(out, strings.TrimSpace(e.Kind+" "+e.Subject))
	}
	return out
}

// note hands a look to a history, as the loop does.
func note(h *history, r report.Report, sure bool) {
	h.change(&model.Snapshot{Number: r.Snapshot.Number, Reason: r.Snapshot.Reason})
	h.note(r, sure)
}

func looked(number int, reason string, findings ...string) report.Report {
	r := report.Report{Snapshot: report.Snapshot{Number: number, Reason: reason}}
	for _, subject := range findings {
		r.Findings = append(r.Findings, report.Finding{Rule: "env-drift", Subject: subject, Message: subject + " differs.", ContextID: "c-" + subject})
	}
	return r
}

func TestHistoryTellsWhatChanged(t *testing.T) {
	h, again := remembering(t)
	note(h, looked(1, "the editor connected", "GOPROXY"), true)
	note(h, looked(2, "the problems changed; the window was focused", "GOPROXY"), true)
	note(h, looked(2, "the problems changed", "GOPROXY"), true) // what had not settled is published later
	note(h, looked(3, "/home/gopher/.zshrc changed; the problems changed", "GOPROXY", "GOFLAGS"), true)
	note(h, looked(4, "go list answered", "GOFLAGS"), false) // the shell is being asked: what is missing may come back
	note(h, looked(5, "asked", "GOFLAGS"), true)
	want := []string{"found GOPROXY", "changed", "found GOFLAGS", "gone GOPROXY"}
	if got := kinds(h.list()); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if e := h.list()[1]; e.Message != "/home/gopher/.zshrc changed" || e.Snapshot != 3 {
		t.Errorf("%+v", e)
	}
	// What stands after a restart is not found again, and what is gone by then is told.
	h = again()
	note(h, looked(1, "the editor connected", "GOFLAGS"), true)
	note(h, looked(2, "asked"), true)
	if got := kinds(h.list()); !slices.Equal(got, append(want, "gone GOFLAGS")) {
		t.Errorf("after a restart %q", got)
	}
}

func TestHistoryKeepsWhatIsNotKnownToBeGone(t *testing.T) {
	h, _ := remembering(t)
	note(h, looked(1, "asked", "GOPROXY"), true)
	unsure := looked(2, "asked")
	unsure.Unknown = []report.Unknown{{Rule: "env-drift", Why: "The shell did not answer."}}
	note(h, unsure, true)
	if got := kinds(h.list()); !slices.Equal(got, []string{"found GOPROXY"}) {
		t.Errorf("%q", got)
	}
}

func TestHistoryCountsProblemsOfOneCauseOnce(t *testing.T) {
	h, _ := remembering(t)
	r := looked(1, "asked")
	for i := range 500 {
		r.Problems = append(r.Problems, report.Problem{URI: fmt.Sprintf("file:///ws/f%d.go", i), Message: "could not import x", Verdict: "phantom", Summary: "Phantom: x can be imported.", ContextID: "c"})
	}
	r.Problems = append(r.Problems, report.Problem{URI: "file:///ws/g.go", Message: "undefined: y", Verdict: "unknown"})
	note(h, r, true)
	got := h.list()
	if len(got) != 1 || got[0].Kind != "verdict" || got[0].Subject != "f0.go:1" || !strings.Contains(got[0].Message, "and 499 more") {
		t.Errorf("%+v", got)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	h, again := remembering(t)
	for i := range 3 * maxEvents {
		h.add(report.HistoryEvent{Kind: eventCured, Subject: fmt.Sprint(i)})
	}
	for name, events := range map[string][]report.HistoryEvent{"in memory": h.list(), "after a restart": again().list()} {
		if len(events) != maxEvents || events[maxEvents-1].Subject != fmt.Sprint(3*maxEvents-1) {
			t.Errorf("%s: %d events, the last %+v", name, len(events), events[len(events)-1])
		}
	}
	data, err := os.ReadFile(h.file)
	if lines := strings.Count(string(data), "\n"); err != nil || lines > 2*maxEvents {
		t.Errorf("%d lines, %v", lines, err)
	}
}

func TestDamagedHistory(t *testing.T) {
	h, again := remembering(t)
	h.add(report.HistoryEvent{Kind: eventCured, Subject: "first"})
	written, err := os.ReadFile(h.file)
	if err != nil {
		t.Fatal(err)
	}
	damage := strings.Join([]string{
		`{"version":2,"kind":{"later":"form"}}`, `{"version":1,"time":"yesterday","kind":"cured"}`, `[[`, "\x00\xff", strings.Repeat("x", maxEvent+1),
		`{"version":1,"time":"2026-01-02T03:04:05.000Z","kind":"found","subject":"\u202emoc.x","message":"https://u:hunter2@proxy.example"}`,
		`{"version":1,"time":"2026-01-02T03:04`, // cut, and the next server goes on behind it
	}, "\n")
	if err := os.WriteFile(h.file, append(written, damage...), 0o600); err != nil {
		t.Fatal(err)
	}
	h = again()
	got := h.list()
	if len(got) != 2 || got[0].Subject != "first" || strings.Contains(got[1].Subject, "\u202e") || strings.Contains(got[1].Message, "hunter2") {
		t.Errorf("%+v", got)
	}
	h.add(report.HistoryEvent{Kind: eventCured, Subject: "lost with the cut line"}, report.HistoryEvent{Kind: eventCured, Subject: "next"})
	if got := again().list(); got[len(got)-1].Subject != "next" {
		t.Errorf("after the cut: %+v", got)
	}
}

func TestHistoryWithoutAPlace(t *testing.T) {
	w := world.Real()
	w.GOOS = "linux" // its cache directory is that of the test everywhere
	w.Environ = append([]string{"XDG_CACHE_HOME=" + filepath.Join(t.TempDir(), "file", "below")}, w.Environ...)
	if err := os.WriteFile(filepath.Dir(w.CacheDir()), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h := &history{w: w}
	h.open([]string{"/ws"})
	h.add(report.HistoryEvent{Kind: eventCured})
	if len(h.list()) != 1 {
		t.Errorf("%+v", h.list())
	}
}
