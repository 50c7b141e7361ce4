package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/trace"
	"github.com/gophantom/gophantom/server/internal/world"
)

const (
	// grace is how long a command has after an interrupt to end by itself.
	grace = 5 * time.Second
	// lookEvery is how often it is asked what go waits for.
	lookEvery = 250 * time.Millisecond
	// halfLine is how long half a line of the command's output is held back
	// because it might be a line of -x.
	halfLine = 100 * time.Millisecond
)

// traceGo runs a command and shows what it does.
func (a *app) traceGo(ctx context.Context, args []string) error {
	path := args[0]
	if strings.ContainsAny(path, `/\`) {
		path = a.absolute(path)
	} else if path = a.world.LookPath(world.Variables(a.world.Environ)["PATH"], args[0]); path == "" {
		return undecided{fmt.Errorf("%s is not on your PATH", args[0])}
	}
	arguments, traced, given := args[1:], false, false
	if name := strings.TrimSuffix(filepath.Base(path), ".exe"); name == "go" {
		arguments, traced, given = trace.WithX(arguments)
	}
	if !traced {
		fmt.Fprintln(a.stderr, "gophantom: this command cannot say what it does (it has no -x): only its silence and its errors are seen")
	}
	g := &goTrace{app: a, ctx: ctx, traced: traced, keep: given}
	g.steps.Tell = g.tell
	start := a.world.Clock.Now()
	g.steps.Begin(start)
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { g.look(done) })
	result, err := a.world.Exec.Run(ctx, world.Command{
		Path: path, Args: arguments, Dir: a.world.Dir, Env: a.world.Environ,
		Input: a.stdin, Stdout: a.stdout, Stderr: g, Timeout: world.NoTimeout, Grace: grace,
	})
	close(done)
	wg.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.passHalf(true)
	g.steps.End(a.world.Clock.Now())
	if err != nil && ctx.Err() == nil {
		if errors.Is(err, world.ErrNotFound) {
			return undecided{err}
		}
		return err
	}
	if a.exit = result.Code; result.Code < 0 {
		a.exit = exitFindings // it was killed
	}
	g.finish(result)
	return nil
}

// goTrace stands between the standard error of a command and ours.
type goTrace struct {
	*app
	ctx    context.Context
	traced bool // it was told to say what it does
	keep   bool // the user wants to see that, too

	mu     sync.Mutex
	steps  trace.Steps
	half   []byte    // the beginning of a line
	passed bool      // which was passed on already
	came   time.Time // when it came
}

// Write takes what the command prints. Every line that it would print without
// us is passed on, byte for byte.
func (g *goTrace) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := len(p)
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			g.half, g.came = append(g.half, p...), g.world.Clock.Now()
			if !g.traced || g.keep || g.passed || g.steps.Users() || len(g.half) > world.MaxLine {
				g.passHalf(true)
			}
			break
		}
		g.half = append(g.half, p[:i+1]...)
		g.line()
		p = p[i+1:]
	}
	return n, nil
}

// line takes a whole line.
func (g *goTrace) line() {
	now := g.world.Clock.Now()
	text := strings.TrimSuffix(strings.TrimSuffix(string(g.half), "\n"), "\r")
	extra := false
	switch {
	case g.passed:
	case g.traced:
		extra = g.steps.Line(text, now)
	default:
		g.steps.Said(text, now)
	}
	if !extra || g.keep {
		_, _ = g.stderr.Write(g.half)
	}
	g.half, g.passed = g.half[:0], false
}

// passHalf passes on half a line: a question, a progress bar. now is true where
// it cannot be held back.
func (g *goTrace) passHalf(now bool) {
	if len(g.half) == 0 || !now && (g.world.Clock.Now().Sub(g.came) < halfLine || bytes.HasPrefix(g.half, []byte("# "))) {
		return
	}
	_, _ = g.stderr.Write(g.half)
	g.half, g.passed = g.half[:0], true
}

// look tells what go waits for, until done.
func (g *goTrace) look(done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case now := <-g.world.Clock.After(lookEvery):
			g.mu.Lock()
			g.passHalf(false)
			for _, e := range g.steps.Waiting(now) {
				g.tell(e)
			}
			g.mu.Unlock()
		}
	}
}

// tell prints an event.
func (g *goTrace) tell(e model.Event) {
	out := report.EventOf(e)
	if g.format == "json" {
		if line, err := out.JSONLine(); err == nil {
			_, _ = g.stderr.Write(line)
		}
		return
	}
	_, _ = io.WriteString(g.stderr, "gophantom: "+out.Brief())
}

// finish prints how it went.
func (g *goTrace) finish(result world.Result) {
	t := report.Traced{Took: result.Elapsed, Code: g.exit, Slowest: g.steps.Slowest(), Problems: g.steps.Problems()}
	if g.format == "json" {
		for _, m := range t.Problems {
			now := g.world.Clock.Now()
			g.tell(model.Event{Time: now, Said: now, Source: model.SourceGo, Kind: model.EventError, Text: model.NewText(m.Text.Reveal()), Refs: m.Refs})
		}
		return
	}
	for _, c := range g.steps.Contacts() {
		contact := report.Contact{Name: model.NewValue(c.Name), Times: c.Times, Took: c.Took}
		for _, answer := range c.Answers {
			contact.Answers = append(contact.Answers, model.NewValue(answer))
		}
		t.Contacts = append(t.Contacts, contact)
	}
	st := report.Style{}
	if isTerminal(g.stderr) {
		st = g.style()
	}
	_, _ = io.WriteString(g.stderr, "\n"+t.Text(st))
}
