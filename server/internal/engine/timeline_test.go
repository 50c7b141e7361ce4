package engine_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world"
)

// goplsSaid is what a real gopls wrote about /home/gopher/hello.
func goplsSaid(t *testing.T) string {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join("..", "..", "..", "testdata", "logs", "editor.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	return string(a.Files[0].Data)
}

// logHome is a home with the logs of two windows of an editor. It returns the
// folder of our own logs in the first.
func logHome(t *testing.T, first, second string) (w *world.World, own string) {
	t.Helper()
	home := t.TempDir()
	session := filepath.Join(home, ".config", "Code", "logs", "20261130T200000")
	own = filepath.Join(session, "window1", "exthost", "gophantom.gophantom")
	if err := os.MkdirAll(own, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"window1/exthost/output_logging_20261130T200001/3-gopls (server).log": first,
		"window2/exthost/output_logging_20261130T200001/3-gopls (server).log": second,
		"window1/exthost/exthost.log":                                         "2026-11-30 20:20:57.301 [error] not of Go: exit status 1\n",
	} {
		file := filepath.Join(session, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if text == "" {
			continue
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		wrote := time.Date(2026, 11, 30, 20, 21, 52, 0, time.Local)
		if err := os.Chtimes(file, wrote, wrote); err != nil {
			t.Fatal(err)
		}
	}
	w = world.Real()
	w.Environ = []string{"HOME=" + home, "USERPROFILE=" + home, "APPDATA=" + filepath.Join(home, ".config")}
	w.GOOS = "linux" // where an editor keeps its logs is as there
	return w, own
}

func timelineOf(t *testing.T, w *world.World, own string, history ...report.HistoryEvent) (lines []string, moments []report.Moment) {
	t.Helper()
	folders := []string{"/home/gopher/hello"}
	s := &model.Snapshot{Dir: folders[0], Folders: folders}
	found := report.Report{History: history, Findings: []report.Finding{{Rule: "go-too-old", Ref: "TC-LOCALOLD", ContextID: "ctx-1"}}}
	moments = engine.EnvironmentReport(s, found, nil, engine.Logged(t.Context(), w, own, folders)).Timeline
	for _, m := range moments {
		text, _, _ := strings.Cut(m.Text, "\n")
		lines = append(lines, m.Kind+" "+text)
	}
	return lines, moments
}

// TestTimelineOfAReport joins what a real gopls said with our history. Without
// logs the history is all there is.
func TestTimelineOfAReport(t *testing.T) {
	at := time.Date(2026, 11, 30, 20, 20, 50, 0, time.Local).UTC().Format(time.RFC3339)
	history := report.HistoryEvent{Time: at, Kind: "changed", Subject: "", Message: "go.mod changed"}
	other := strings.ReplaceAll(goplsSaid(t), "/home/gopher/hello", "/home/gopher/secret-project")
	want := []string{"view", "load", "changed go.mod changed", "error", "error", "command"}
	matches := func(lines []string) bool {
		return slices.EqualFunc(lines, want, func(line, begin string) bool { return strings.HasPrefix(line, begin) })
	}

	w, own := logHome(t, goplsSaid(t), other)
	for name, folder := range map[string]string{"in the editor": own, "on the command line": ""} {
		lines, moments := timelineOf(t, w, folder, history)
		if !matches(lines) {
			t.Errorf("%s: %q, want %q", name, lines, want)
			continue
		}
		if m := moments[0]; m.Source != model.SourceGopls || m.Origin != "window1" || !strings.Contains(m.Text, "GOFLAGS=-mod=mod -tags=foo") {
			t.Errorf("%s: the view says %+v", name, m)
		}
		if m := moments[3]; !slices.Contains(m.Refs, "TC-LOCALOLD") || m.ContextID != "ctx-1" {
			t.Errorf("%s: the error is not a part of its cause: %+v", name, m)
		}
	}
	w, own = logHome(t, "", other)
	for name, folder := range map[string]string{"in the editor": own, "on the command line": ""} {
		if lines, _ := timelineOf(t, w, folder, history); !slices.Equal(lines, []string{"changed go.mod changed"}) {
			t.Errorf("%s, without logs of this folder: %q", name, lines)
		}
	}
}

// TestTimelineBelievesNoLog: a log is text of others.
func TestTimelineBelievesNoLog(t *testing.T) {
	forged := goplsSaid(t) +
		"2026-11-30 20:21:52.300 [error] \x1b]0;title\x07\x1b[2Jfetch https://u:hunter2@proxy.example\u202e failed: exit status 1\n" +
		"2031-01-01 00:00:00.000 [error] from the future: exit status 1\n" +
		strings.Repeat("2026-11-30 20:21:52.400 [error] again and again: exit status 1\n", 3)
	w, own := logHome(t, forged, "")
	lines, moments := timelineOf(t, w, own)
	all := strings.Join(lines, "\n")
	for _, m := range moments {
		all += m.Text + m.Source + m.Origin
	}
	if strings.ContainsAny(all, "\x1b\x07\u202e") || strings.Contains(all, "hunter2") {
		t.Errorf("it acts, or tells a secret: %q", all)
	}
	if slices.ContainsFunc(moments, func(m report.Moment) bool { return strings.HasPrefix(m.Time, "2031") }) {
		t.Errorf("a line that cannot be one is an event: %q", lines)
	}
	if last := moments[len(moments)-1]; last.Times != 3 || !strings.HasPrefix(last.Text, "again and again") {
		t.Errorf("what was said three times in a row: %+v", last)
	}
}

// TestTimelineReadsTheEndOfALog: a huge log costs no more than its end, and its
// first half line is no message.
func TestTimelineReadsTheEndOfALog(t *testing.T) {
	long := "2026-11-30 20:20:40.000 [error] the first: exit status 1\n" + strings.Repeat("\tgo.mod: exit status 1: missing go.sum entry\n", 400_000)
	w, own := logHome(t, long+goplsSaid(t), "")
	if lines, _ := timelineOf(t, w, own); len(lines) == 0 || !strings.HasPrefix(lines[0], "view ") {
		t.Errorf("%.200q", lines)
	}
}
