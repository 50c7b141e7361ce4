package world

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"sync/atomic"
	"time"
)

// waitDelay is how long a command's output may stay open after the command
// ended: a process that it left behind may hold it for ever.
const waitDelay = time.Second

type realExec struct{}

func (realExec) Run(ctx context.Context, c Command) (Result, error) {
	if err := runnable(c); err != nil {
		return Result{Code: -1}, err
	}
	timeout := c.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	if timeout != NoTimeout {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, timeout, ErrTimeout)
		defer cancel()
	}

	stdout, stderr := newHead(c.MaxOutput), newHead(c.MaxOutput)
	cmd := exec.CommandContext(ctx, c.Path, c.Args...)
	cmd.Dir = c.Dir
	cmd.Env = append([]string{}, c.Env...) // never nil: that would mean our own
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if c.Stdin != nil {
		cmd.Stdin = bytes.NewReader(c.Stdin)
	}
	if c.Input != nil {
		cmd.Stdin = c.Input
	}
	if c.Stdout != nil {
		cmd.Stdout = c.Stdout
	}
	if c.Stderr != nil {
		cmd.Stderr = c.Stderr
	}
	if c.OnStderr != nil {
		lines := &liner{tell: c.OnStderr}
		defer lines.end()
		cmd.Stderr = lines
	}
	if c.OnTrace != nil {
		end, err := trace(cmd, c.OnTrace)
		if err != nil {
			return Result{Code: -1}, err
		}
		defer end()
	}
	cmd.WaitDelay = waitDelay
	detach(cmd)
	var killed atomic.Bool
	kill := func() error {
		err := killTree(cmd.Process)
		killed.Store(!errors.Is(err, os.ErrProcessDone))
		return err
	}
	cmd.Cancel = kill
	ended := make(chan struct{})
	if c.Grace > 0 {
		cmd.Cancel = func() error {
			if err := interruptGroup(cmd.Process); err != nil {
				return kill()
			}
			go func() {
				select {
				case <-ended:
				case <-time.After(c.Grace):
					_ = kill()
				}
			}()
			return nil
		}
		cmd.WaitDelay += c.Grace // counts from the interrupt
	}

	start := time.Now()
	err := cmd.Run()
	close(ended)
	result := Result{
		Stdout:    stdout.kept.Bytes(),
		Stderr:    stderr.kept.Bytes(),
		Code:      -1,
		Truncated: stdout.cut || stderr.cut,
		Elapsed:   time.Since(start),
	}
	if cmd.ProcessState == nil { // did not start
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return result, fmt.Errorf("%s: %w", c.Path, err)
	}
	if killed.Load() {
		return result, fmt.Errorf("%s: %w", c.Path, context.Cause(ctx))
	}
	result.Code = cmd.ProcessState.ExitCode()
	var exit *exec.ExitError
	if err == nil || errors.As(err, &exit) || errors.Is(err, exec.ErrWaitDelay) {
		return result, nil
	}
	return result, fmt.Errorf("%s: %w", c.Path, err)
}

// trace gives the command TraceFD and passes on the lines written there. Its
// end waits until everything is passed on that the command wrote.
func trace(cmd *exec.Cmd, tell func([]byte)) (end func(), err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.ExtraFiles = make([]*os.File, TraceFD-2) // nil is a descriptor that is closed in the child
	cmd.ExtraFiles[TraceFD-3] = w
	lines := &liner{tell: tell}
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(lines, r)
		lines.end()
		close(done)
	}()
	return func() {
		_ = w.Close()
		// Somebody whom the command left running may hold the other end.
		_ = r.SetReadDeadline(time.Now().Add(waitDelay))
		<-done
		_ = r.Close()
	}, nil
}

// liner cuts what is written to it into lines.
type liner struct {
	tell func([]byte)
	line []byte
}

func (l *liner) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		i := bytes.IndexByte(rest, '\n')
		part := rest
		if i >= 0 {
			part = rest[:i]
		}
		l.line = append(l.line, part[:min(len(part), MaxLine-len(l.line))]...)
		if i < 0 {
			break
		}
		l.tell(l.line)
		l.line = l.line[:0]
		rest = rest[i+1:]
	}
	return len(p), nil
}

// end passes on a last line without a newline.
func (l *liner) end() {
	if len(l.line) > 0 {
		l.tell(l.line)
	}
}

// runnable tells a missing executable from a missing directory, which the
// operating system reports alike.
func runnable(c Command) error {
	if _, err := os.Stat(c.Path); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", c.Path, ErrNotFound)
	}
	if c.Dir == "" {
		return nil
	}
	info, err := os.Stat(c.Dir)
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "chdir", Path: c.Dir, Err: errors.New("not a directory")}
	}
	return err
}

// killTree kills a process that was detached, and everything below it, also
// what made process groups of its own, as an interactive shell does.
func killTree(p *os.Process) error {
	// Collected first: orphans lose their place in the tree.
	ctx, cancel := context.WithTimeout(context.Background(), waitDelay)
	defer cancel()
	below := descendants(ctx, p.Pid)
	err := killGroup(p)
	for _, pid := range below {
		if child, findErr := os.FindProcess(pid); findErr == nil {
			_ = child.Kill()
		}
	}
	return err
}

// head keeps the first bytes written to it. It does not embed the buffer: as an
// io.ReaderFrom it would take everything.
type head struct {
	kept bytes.Buffer
	max  int
	cut  bool // more was written than kept
}

func newHead(max int) *head {
	if max == 0 {
		max = DefaultMaxOutput
	}
	return &head{max: max}
}

func (h *head) Write(p []byte) (int, error) {
	keep := min(len(p), h.max-h.kept.Len())
	h.cut = h.cut || keep < len(p)
	h.kept.Write(p[:keep])
	return len(p), nil
}
