package world

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, ErrTimeout)
	defer cancel()

	stdout, stderr := newHead(c.MaxOutput), newHead(c.MaxOutput)
	cmd := exec.CommandContext(ctx, c.Path, c.Args...)
	cmd.Dir = c.Dir
	cmd.Env = append([]string{}, c.Env...) // never nil: that would mean our own
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.WaitDelay = waitDelay
	detach(cmd)
	var killed atomic.Bool
	cmd.Cancel = func() error {
		err := killTree(cmd.Process)
		killed.Store(!errors.Is(err, os.ErrProcessDone))
		return err
	}

	start := time.Now()
	err := cmd.Run()
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
