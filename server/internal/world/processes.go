package world

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v4/process"
)

type realProcesses struct{}

func (r realProcesses) Descendants(ctx context.Context, root int) ([]Process, error) {
	if !r.Alive(root) {
		return nil, fmt.Errorf("process %d: %w", root, ErrNoProcess)
	}
	var found []Process
	for _, pid := range descendants(ctx, root) {
		if seen, ok := look(ctx, pid); ok {
			found = append(found, seen)
		}
	}
	return found, ctx.Err()
}

// look returns what can be seen of a process; ok is false if it ended.
func look(ctx context.Context, pid int) (seen Process, ok bool) {
	p := process.Process{Pid: int32(pid)}
	ppid, err := p.PpidWithContext(ctx)
	if err != nil {
		return Process{}, false
	}
	seen = Process{PID: pid, PPID: int(ppid)}
	seen.Exe, _ = p.ExeWithContext(ctx)
	seen.Args, _ = p.CmdlineSliceWithContext(ctx)
	if ms, err := p.CreateTimeWithContext(ctx); err == nil {
		seen.Started = time.UnixMilli(ms)
	}
	return seen, true
}

// descendants returns the numbers of the processes below root, parents first.
func descendants(ctx context.Context, root int) []int {
	children := map[int][]int{}
	for pid, ppid := range parents(ctx) {
		children[ppid] = append(children[ppid], pid)
	}
	var below []int
	for queue := []int{root}; len(queue) > 0; queue = queue[1:] {
		parent := queue[0]
		slices.Sort(children[parent])
		for _, pid := range children[parent] {
			if pid != root && !adopted(ctx, pid, parent) {
				below, queue = append(below, pid), append(queue, pid)
			}
		}
	}
	return below
}

// adopted reports whether a process is older than its parent: Windows keeps
// the number of a parent that ended, and gives it to somebody else.
func adopted(ctx context.Context, pid, ppid int) bool {
	if runtime.GOOS != "windows" {
		return false
	}
	child, err := (&process.Process{Pid: int32(pid)}).CreateTimeWithContext(ctx)
	if err != nil {
		return false
	}
	parent, err := (&process.Process{Pid: int32(ppid)}).CreateTimeWithContext(ctx)
	return err == nil && child < parent
}

func (r realProcesses) Environ(ctx context.Context, pid int) ([]string, error) {
	if !r.Alive(pid) {
		return nil, fmt.Errorf("process %d: %w", pid, ErrNoProcess)
	}
	p := process.Process{Pid: int32(pid)}
	environ, err := p.EnvironWithContext(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrNoProcess
	}
	if err != nil {
		return nil, fmt.Errorf("environment of process %d: %w", pid, err)
	}
	// Without the empty rest after the last entry, and without Windows'
	// "=C:=C:\…" entries.
	environ = slices.DeleteFunc(environ, func(entry string) bool { return strings.IndexByte(entry, '=') <= 0 })
	if len(environ) == 0 {
		// No process that matters runs without any variable.
		return nil, fmt.Errorf("environment of process %d: %w", pid, ErrHidden)
	}
	return Canonical(runtime.GOOS, environ), nil
}

func (r realProcesses) List(ctx context.Context, named func(name string) bool) ([]Process, error) {
	if named == nil {
		named = func(string) bool { return true }
	}
	pids, err := pidsNamed(ctx, named)
	if err != nil {
		return nil, fmt.Errorf("processes cannot be listed: %w", err)
	}
	slices.Sort(pids)
	var found []Process
	for _, pid := range pids {
		if seen, ok := look(ctx, pid); ok {
			found = append(found, seen)
		}
	}
	return found, ctx.Err()
}

func (r realProcesses) WorkDir(ctx context.Context, pid int) (string, error) {
	dir, err := (&process.Process{Pid: int32(pid)}).CwdWithContext(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrNoProcess
	}
	if err != nil {
		return "", fmt.Errorf("directory of process %d: %w", pid, err)
	}
	return filepath.Clean(dir), nil // Windows ends it with a separator
}

// waitPoll is how often a process is looked for where the system cannot tell
// that it ended.
const waitPoll = 2 * time.Second

func (r realProcesses) Wait(ctx context.Context, pid int) error {
	if pid <= 0 {
		return nil
	}
	if err := awaitExit(ctx, pid); !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	for r.Alive(pid) {
		pause := time.NewTimer(waitPoll)
		select {
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		case <-pause.C:
		}
	}
	return nil
}

func (realProcesses) Alive(pid int) bool { return pid > 0 && alive(pid) }
