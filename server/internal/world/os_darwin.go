package world

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/shirou/gopsutil/v4/process"
	"golang.org/x/sys/unix"
)

// kqueueBudget is how many directory entries are watched, because kqueue opens
// every file of a watched directory. A home directory or the modules of a
// go.work can have tens of thousands.
const kqueueBudget = 4096

func newNotifier() (notifier, error) { return newFSNotifier(kqueueBudget) }

// networkMounts lists where network file systems are mounted.
func networkMounts() (roots []string) {
	n, err := unix.Getfsstat(nil, unix.MNT_NOWAIT)
	if err != nil {
		return nil
	}
	table := make([]unix.Statfs_t, n)
	if n, err = unix.Getfsstat(table, unix.MNT_NOWAIT); err != nil {
		return nil
	}
	for _, mount := range table[:n] {
		if mount.Flags&unix.MNT_LOCAL == 0 && unix.ByteSliceToString(mount.Fstypename[:]) != "devfs" {
			roots = append(roots, unix.ByteSliceToString(mount.Mntonname[:]))
		}
	}
	return roots
}

// pidsNamed returns the processes with a name, in no order.
func pidsNamed(ctx context.Context, named func(name string) bool) ([]int, error) {
	all, err := process.PidsWithContext(ctx)
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, pid := range all {
		if name, err := (&process.Process{Pid: pid}).NameWithContext(ctx); err == nil && named(name) {
			pids = append(pids, int(pid))
		}
	}
	return pids, nil
}

// awaitExit returns nil once a process has ended. The error is that of ctx,
// or errors.ErrUnsupported if the system cannot tell.
func awaitExit(ctx context.Context, pid int) error {
	queue, err := unix.Kqueue()
	if err != nil {
		return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
	}
	defer func() { _ = unix.Close(queue) }()
	const cancelled = 1 // the number of our own event
	var exit, cancel unix.Kevent_t
	unix.SetKevent(&exit, pid, unix.EVFILT_PROC, unix.EV_ADD|unix.EV_ONESHOT)
	exit.Fflags = unix.NOTE_EXIT
	unix.SetKevent(&cancel, cancelled, unix.EVFILT_USER, unix.EV_ADD|unix.EV_CLEAR)
	for _, change := range []unix.Kevent_t{cancel, exit} {
		if _, err := unix.Kevent(queue, []unix.Kevent_t{change}, nil, nil); errors.Is(err, unix.ESRCH) {
			return nil
		} else if err != nil {
			return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
		}
	}
	ended := make(chan struct{})
	woken := make(chan struct{})
	go func() { // instead of context.AfterFunc: the queue may be closed only after it
		defer close(woken)
		select {
		case <-ended:
		case <-ctx.Done():
			trigger := cancel
			trigger.Flags, trigger.Fflags = 0, unix.NOTE_TRIGGER
			_, _ = unix.Kevent(queue, []unix.Kevent_t{trigger}, nil, nil)
		}
	}()
	defer func() {
		close(ended)
		<-woken
	}()
	for {
		events := make([]unix.Kevent_t, 1)
		n, err := unix.Kevent(queue, nil, events, nil)
		switch {
		case errors.Is(err, unix.EINTR), err == nil && n == 0:
			continue
		case err != nil:
			return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
		case events[0].Filter == unix.EVFILT_PROC:
			return nil
		}
		return ctx.Err()
	}
}

// identity returns the device and number of a file, and when its attributes
// changed, in ns since 1970.
func identity(info fs.FileInfo) (id [2]uint64, attr int64) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return id, 0
	}
	return [2]uint64{uint64(s.Dev), s.Ino}, s.Ctimespec.Nano()
}
