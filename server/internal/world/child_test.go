package world

import (
	"bufio"
	"context"
	"errors"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func start(t *testing.T, ctx context.Context, c Command) Child {
	t.Helper()
	c.Timeout = 0
	child, err := Real().Exec.Start(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = child.Close() })
	return child
}

func TestStart(t *testing.T) {
	child := start(t, t.Context(), act("echo"))
	out := bufio.NewReader(child)
	for _, line := range []string{"one\n", strings.Repeat("x", 1<<20) + "\n"} {
		go func() { _, _ = io.WriteString(child, line) }()
		if got, err := out.ReadString('\n'); got != line || err != nil {
			t.Fatalf("%d bytes were written, %d came back, %v", len(line), len(got), err)
		}
	}
	if !Real().Processes.Alive(child.PID()) {
		t.Errorf("process %d does not exist", child.PID())
	}
	if err := child.CloseInput(); err != nil {
		t.Error(err)
	}
	<-child.Done()
	// What it printed last can still be read.
	if rest, err := io.ReadAll(out); string(rest) != "bye" || err != nil {
		t.Errorf("at the end it printed %q, %v", rest, err)
	}
	for range 2 {
		if r, err := child.Close(); r.Code != 4 || string(r.Stderr) != "listening" || err != nil {
			t.Errorf("closed: %+v, %v", r, err)
		}
	}
	if _, err := io.WriteString(child, "x"); err == nil {
		t.Error("one can still write to what has ended")
	}
}

func TestCloseKillsTheWholeTree(t *testing.T) {
	l := listen(t)
	child := start(t, t.Context(), act("hang-with-child", l.Addr().String()))
	lives := l.accept(2)
	if r, err := child.Close(); err != nil || r.Code != -1 {
		t.Errorf("closed: %+v, %v", r, err)
	}
	for _, a := range lives {
		a.awaitEnd(t)
	}
}

func TestChildThatEndsTakesItsGroupAlong(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no process groups to kill: what a command leaves behind is an orphan")
	}
	l := listen(t)
	child := start(t, t.Context(), act("leave-child", l.Addr().String()))
	left := l.accept(1)
	<-child.Done()
	left[0].awaitEnd(t)
	if rest, err := io.ReadAll(child); !strings.Contains(string(rest), "done") || err != nil {
		t.Errorf("it printed %q, %v", rest, err)
	}
}

func TestChildEndsWithItsContext(t *testing.T) {
	l := listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	child := start(t, ctx, act("hang", l.Addr().String()))
	l.accept(1)
	cancel()
	<-child.Done()
	if r, err := child.Close(); !errors.Is(err, context.Canceled) || r.Code != -1 {
		t.Errorf("cancelled: %+v, %v", r, err)
	}

	c := act("hang", l.Addr().String())
	c.Timeout = 50 * time.Millisecond
	child, err := Real().Exec.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	<-child.Done()
	if _, err := child.Close(); !errors.Is(err, ErrTimeout) {
		t.Errorf("after its time: %v", err)
	}
}

func TestStartCannotStart(t *testing.T) {
	if _, err := Real().Exec.Start(t.Context(), Command{Path: filepath.Join(t.TempDir(), "none")}); !errors.Is(err, ErrNotFound) {
		t.Errorf("missing executable: %v; want ErrNotFound", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Real().Exec.Start(ctx, act("echo")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
}
