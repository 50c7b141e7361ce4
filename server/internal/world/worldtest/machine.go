package worldtest

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gophantom/gophantom/server/internal/world"
)

// The processes that always exist.
const (
	clientPID = 100
	ownPID    = 200
)

// proc is one proc section.
type proc struct {
	world.Process
	environ, dir string
}

func (s *Scenario) proc(name, text string) (err error) {
	p := proc{Process: world.Process{Started: start}}
	if p.PID, err = strconv.Atoi(name); err != nil {
		return err
	}
	for line := range lines(text) {
		word, value, _ := strings.Cut(line, " ")
		switch word {
		case "ppid":
			p.PPID, err = strconv.Atoi(value)
		case "exe":
			p.Exe = value
		case "args":
			p.Args, err = words(value)
		case "started":
			p.Started, err = time.Parse(time.RFC3339, value)
		case "environ":
			p.environ = value
		case "dir":
			p.dir = value
		default:
			err = fmt.Errorf("unknown line %q", line)
		}
		if err != nil {
			return err
		}
	}
	s.procs = append(s.procs, p)
	return nil
}

type processes struct{ s *Scenario }

func (p processes) Descendants(ctx context.Context, root int) ([]world.Process, error) {
	if !p.Alive(root) {
		return nil, fmt.Errorf("process %d: %w", root, world.ErrNoProcess)
	}
	var out []world.Process
	for queue := []int{root}; len(queue) > 0; queue = queue[1:] {
		for _, q := range p.s.procs {
			if q.PPID == queue[0] {
				out, queue = append(out, q.Process), append(queue, q.PID)
			}
		}
	}
	return out, ctx.Err()
}

func (p processes) Environ(_ context.Context, pid int) ([]string, error) {
	i := slices.IndexFunc(p.s.procs, func(q proc) bool { return q.PID == pid })
	if i < 0 {
		return nil, fmt.Errorf("process %d: %w", pid, world.ErrNoProcess)
	}
	environ := p.s.environs[p.s.procs[i].environ]
	if len(environ) == 0 {
		return nil, fmt.Errorf("environment of process %d: %w", pid, world.ErrHidden)
	}
	return environ, nil
}

func (p processes) List(ctx context.Context, named func(name string) bool) ([]world.Process, error) {
	var out []world.Process
	for _, q := range p.s.procs {
		if named == nil || named(path.Base(q.Exe)) || len(q.Args) > 0 && named(path.Base(q.Args[0])) {
			out = append(out, q.Process)
		}
	}
	slices.SortFunc(out, func(a, b world.Process) int { return a.PID - b.PID })
	return out, ctx.Err()
}

func (p processes) WorkDir(_ context.Context, pid int) (string, error) {
	i := slices.IndexFunc(p.s.procs, func(q proc) bool { return q.PID == pid })
	if i < 0 {
		return "", fmt.Errorf("process %d: %w", pid, world.ErrNoProcess)
	}
	return p.s.procs[i].dir, nil
}

func (p processes) Wait(ctx context.Context, pid int) error {
	if !p.Alive(pid) {
		return nil
	}
	<-ctx.Done() // nothing ends here
	return ctx.Err()
}

func (p processes) Alive(pid int) bool {
	return pid == clientPID || pid == ownPID || slices.ContainsFunc(p.s.procs, func(q proc) bool { return q.PID == pid })
}

// timer is one call of After that has not fired.
type timer struct {
	at time.Time
	c  chan time.Time
}

// Step lets time pass: it fires every timer that is due by then.
func (s *Scenario) Step(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
	s.timers = slices.DeleteFunc(s.timers, func(t timer) bool {
		due := !t.at.After(s.now)
		if due {
			t.c <- s.now
		}
		return due
	})
}

// AwaitTimers returns once at least n timers wait for Step.
func (s *Scenario) AwaitTimers(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.timers) < n {
		s.cond.Wait()
	}
}

type clock struct{ s *Scenario }

func (c clock) Now() time.Time {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.s.now
}

func (c clock) After(d time.Duration) <-chan time.Time {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	t := timer{c.s.now.Add(d), make(chan time.Time, 1)}
	if d <= 0 {
		t.c <- c.s.now
		return t.c
	}
	c.s.timers = append(c.s.timers, t)
	c.s.cond.Broadcast()
	return t.c
}

// watch is one call of Watch.Files.
type watch struct {
	s       *Scenario
	names   []string      // guarded by Scenario.mu, as pending
	pending []string      // changed and not yet told
	wake    chan struct{} // pending may have grown
	events  chan string
}

// notify tells every watch that a file changed; s.mu is held.
func (s *Scenario) notify(target string) {
	for _, w := range s.watches {
		for _, name := range w.names {
			if s.concerns(name, target) && !slices.Contains(w.pending, name) {
				w.pending = append(w.pending, name)
			}
		}
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// concerns reports whether a change of target is one of a watched name.
func (s *Scenario) concerns(name, target string) bool {
	resolved, _ := s.resolve(name)
	return resolved == target || key(name) == target || strings.HasSuffix(name, "/") && path.Dir(target) == resolved
}

type watches struct{ s *Scenario }

func (ws watches) Files(ctx context.Context) (world.FileWatch, error) {
	w := &watch{s: ws.s, wake: make(chan struct{}, 1), events: make(chan string)}
	ws.s.mu.Lock()
	ws.s.watches = append(ws.s.watches, w)
	ws.s.mu.Unlock()
	go w.run(ctx)
	return w, nil
}

func (w *watch) Set(names []string) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.names = slices.Clone(names)
	w.pending = slices.DeleteFunc(w.pending, func(name string) bool { return !slices.Contains(names, name) })
}

func (w *watch) Events() <-chan string { return w.events }

func (*watch) Polled() []string { return nil }

func (w *watch) run(ctx context.Context) {
	defer close(w.events)
	defer func() {
		w.s.mu.Lock()
		defer w.s.mu.Unlock()
		w.s.watches = slices.DeleteFunc(w.s.watches, func(other *watch) bool { return other == w })
	}()
	var next []string // the name being offered; not pending, so that a change meanwhile is told again
	for {
		w.s.mu.Lock()
		if len(next) == 0 && len(w.pending) > 0 {
			next, w.pending = w.pending[:1:1], w.pending[1:]
		}
		w.s.mu.Unlock()
		var out chan<- string
		var name string
		if len(next) > 0 {
			out, name = w.events, next[0]
		}
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		case out <- name:
			next = nil
		}
	}
}
