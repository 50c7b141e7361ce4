package world

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"
)

// maxChildStderr is how much of the standard error of a Child is kept unless
// Command.MaxOutput says otherwise.
const maxChildStderr = 64 << 10

func (realExec) Start(ctx context.Context, c Command) (Child, error) {
	if err := runnable(c); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", c.Path, context.Cause(ctx))
	}
	ctx, cancel := context.WithCancel(ctx)
	limit := func() {}
	if c.Timeout > 0 {
		ctx, limit = context.WithTimeoutCause(ctx, c.Timeout, ErrTimeout)
	}
	fail := func(err error) (Child, error) {
		limit()
		cancel()
		return nil, fmt.Errorf("%s: %w", c.Path, err)
	}
	if c.MaxOutput == 0 {
		c.MaxOutput = maxChildStderr
	}
	// Pipes of our own: those of package exec are closed when the command ends,
	// with what it printed last still in them.
	stdout, theirs, err := os.Pipe()
	if err != nil {
		return fail(err)
	}
	cmd := exec.CommandContext(ctx, c.Path, c.Args...)
	cmd.Dir = c.Dir
	cmd.Env = append([]string{}, c.Env...)
	stderr := newHead(c.MaxOutput)
	cmd.Stdout, cmd.Stderr = theirs, stderr
	cmd.WaitDelay = waitDelay
	detach(cmd)
	child := &realChild{path: c.Path, stdout: stdout, done: make(chan struct{}), start: time.Now()}
	child.kill = func() { cancel() }
	cmd.Cancel = func() error {
		err := killTree(cmd.Process)
		child.killed.Store(!errors.Is(err, os.ErrProcessDone))
		return err
	}
	stdin, err := cmd.StdinPipe()
	if err == nil {
		child.stdin = stdin
		err = cmd.Start()
	}
	_ = theirs.Close()
	if err != nil {
		_ = stdout.Close()
		return fail(err)
	}
	child.pid = cmd.Process.Pid
	go func() {
		err := cmd.Wait()
		if !child.killed.Load() {
			// It ended by itself; what it started has nobody to work for any more.
			_ = killGroup(cmd.Process)
		}
		child.ended(cmd, stderr, err, context.Cause(ctx))
		limit()
		cancel()
	}()
	return child, nil
}

// realChild is a command that runs.
type realChild struct {
	path   string
	pid    int
	stdin  io.WriteCloser
	stdout *os.File
	start  time.Time
	kill   func()
	killed atomic.Bool
	closed atomic.Bool
	once   sync.Once

	done   chan struct{} // closed once result and err are set
	result Result
	err    error
}

func (c *realChild) Read(p []byte) (int, error)  { return c.stdout.Read(p) }
func (c *realChild) Write(p []byte) (int, error) { return c.stdin.Write(p) }
func (c *realChild) PID() int                    { return c.pid }
func (c *realChild) CloseInput() error           { return c.stdin.Close() }
func (c *realChild) Done() <-chan struct{}       { return c.done }

// ended notes how the command ended; cause is why its context did.
func (c *realChild) ended(cmd *exec.Cmd, stderr *head, err, cause error) {
	c.result = Result{Stderr: stderr.kept.Bytes(), Code: -1, Truncated: stderr.cut, Elapsed: time.Since(c.start)}
	var exit *exec.ExitError
	switch {
	case c.killed.Load() && c.closed.Load():
	case c.killed.Load():
		c.err = fmt.Errorf("%s: %w", c.path, cause)
	default:
		c.result.Code = cmd.ProcessState.ExitCode()
		if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
			c.err = fmt.Errorf("%s: %w", c.path, err)
		}
	}
	close(c.done)
}

func (c *realChild) Close() (Result, error) {
	c.once.Do(func() {
		select {
		case <-c.done:
		default:
			c.closed.Store(true)
			c.kill()
			<-c.done
		}
		_ = c.stdin.Close()
		_ = c.stdout.Close()
	})
	<-c.done
	return c.result, c.err
}
