package logs_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/logs"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/trace"
	"github.com/gophantom/gophantom/server/internal/world"
)

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func add(t testing.TB, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestFind has an editor with two windows and an older session, one that
// serves, and one that has not run for long.
func TestFind(t *testing.T) {
	home := t.TempDir()
	w := world.Real()
	w.GOOS, w.Environ = "linux", []string{"HOME=" + home}
	line := "2026-11-30 20:20:43.120 [info] x\n"
	for _, file := range []string{
		".config/Code/logs/20261130T080000/window1/exthost/golang.go/gopls (server).log",
		".config/Code/logs/20261130T202000/window1/exthost/golang.go/gopls (server).log",
		".config/Code/logs/20261130T202000/window1/exthost/golang.go/gopls (server).1.log",
		".config/Code/logs/20261130T202000/window2/exthost/golang.go/Go.log",
		".config/Code/logs/20261130T202000/window2/exthost/other.ext/Other.log",
		".vscode-server/data/logs/20261130T202100/exthost1/output_logging_20261130T202101/2-gopls (server).log",
		".config/VSCodium/logs/20251130T202000/window1/exthost/golang.go/Go.log",
	} {
		write(t, filepath.Join(home, filepath.FromSlash(file)), line)
	}
	old := time.Now().Add(-time.Hour * 24 * 300)
	if err := os.Chtimes(filepath.Join(home, ".config/VSCodium/logs/20251130T202000/window1/exthost/golang.go/Go.log"), old, old); err != nil {
		t.Fatal(err)
	}
	rotated := time.Now().Add(-time.Minute)
	if err := os.Chtimes(filepath.Join(home, ".config/Code/logs/20261130T202000/window1/exthost/golang.go/gopls (server).1.log"), rotated, rotated); err != nil {
		t.Fatal(err)
	}
	files, looked := logs.Find(w)
	var got []string
	for _, f := range files {
		got = append(got, f.Origin+" "+f.Source+" "+filepath.Base(f.Path))
	}
	want := []string{
		"window1 gopls gopls (server).1.log", "window1 gopls gopls (server).log", "window2 go extension Go.log", "exthost1 gopls 2-gopls (server).log",
	}
	if !slices.Equal(got, want) || len(looked) != 3 {
		t.Errorf("found %q in %q, want %q", got, looked, want)
	}
	if f := files[0]; f.Begun.Format("15:04") != "20:20" || f.Size != int64(len(line)) {
		t.Errorf("%+v", f)
	}
}

// follower follows logs and awaits their events.
type follower struct {
	testing.TB
	events chan model.Event
	dir    string
}

func follow(t testing.TB, from map[string]int64, dir string) *follower {
	f := &follower{TB: t, events: make(chan model.Event, 1000), dir: dir}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = logs.Follow(ctx, world.Real(), from, []string{dir}, func(string) logs.Sink {
			return &trace.Log{Tell: func(e model.Event) { f.events <- e }}
		})
	}()
	t.Cleanup(func() { cancel(); <-done })
	return f
}

// want awaits the event with a text.
func (f *follower) want(text string) {
	f.Helper()
	select {
	case e := <-f.events:
		if e.Text.Reveal() != text {
			f.Fatalf("%q came, want %q", e.Text.Reveal(), text)
		}
	case <-time.After(20 * time.Second):
		f.Fatalf("%q did not come", text)
	}
}

func line(n int) string {
	return fmt.Sprintf("2026-11-30 20:20:%02d.%03d [info] message %d\n", n/1000%60, n%1000, n)
}

func message(n int) string { return fmt.Sprintf("message %d", n) }

// TestFollow follows a log through all that happens to logs.
func TestFollow(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "window1", "golang.go", "gopls (server).log")
	write(t, log, line(1)+line(2))
	f := follow(t, map[string]int64{log: int64(len(line(1)))}, dir)
	f.want(message(2)) // what was there already is not told again
	add(t, log, line(3))
	f.want(message(3))
	add(t, log, line(4)[:40])
	add(t, log, line(4)[40:]+"\tmore of it\n")
	f.want(message(4) + "\n\tmore of it")
	// Renamed, with something written at last, and made anew.
	if err := os.Rename(log, filepath.Join(dir, "window1", "golang.go", "old")); err != nil {
		t.Fatal(err)
	}
	add(t, filepath.Join(dir, "window1", "golang.go", "old"), line(5))
	write(t, log, line(6))
	f.want(message(5))
	f.want(message(6))
	// Truncated and written anew, with less than before.
	add(t, log, line(7)+line(8))
	f.want(message(7))
	f.want(message(8))
	write(t, log, line(9))
	f.want(message(9))
	// Another window is opened.
	write(t, filepath.Join(dir, "window2", "golang.go", "Go.log"), line(10))
	f.want(message(10))
	// The log is gone, and comes back.
	if err := os.Remove(log); err != nil {
		t.Fatal(err)
	}
	write(t, log, line(11))
	f.want(message(11))
}

// BenchmarkFollow is the time from writing a line until its event.
func BenchmarkFollow(b *testing.B) {
	dir := b.TempDir()
	log := filepath.Join(dir, "gopls (server).log")
	write(b, log, line(0))
	f := follow(b, map[string]int64{log: 0}, dir)
	f.want(message(0))
	var times []time.Duration
	n := 0
	for b.Loop() {
		n++
		start := time.Now()
		add(b, log, line(n))
		f.want(message(n))
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "median-ms")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
}
