//go:build unix

package world

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"syscall"

	"github.com/shirou/gopsutil/v4/process"
	"golang.org/x/sys/unix"
)

// writable asks the system with the rights that a command of ours would have.
func writable(name string) error {
	mode := uint32(unix.W_OK)
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		mode |= unix.X_OK // to make a file in it
	}
	err := unix.Faccessat(unix.AT_FDCWD, name, mode, unix.AT_EACCESS)
	if errors.Is(err, unix.EROFS) {
		return fs.ErrPermission // the error of the system is none to errors.Is
	}
	return err
}

// detach gives a command that has not started yet its own session, so that it
// has no terminal to wait for.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// killGroup kills the process group that a process made for itself.
func killGroup(p *os.Process) error {
	err := syscall.Kill(-p.Pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

// interruptGroup does what Ctrl-C does to the process group that a process made
// for itself.
func interruptGroup(p *os.Process) error { return syscall.Kill(-p.Pid, syscall.SIGINT) }

func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// parents returns the parent of every process that can be seen.
func parents(ctx context.Context) map[int]int {
	pids, _ := process.PidsWithContext(ctx)
	out := make(map[int]int, len(pids))
	for _, pid := range pids {
		if ppid, err := (&process.Process{Pid: pid}).PpidWithContext(ctx); err == nil {
			out[int(pid)] = int(ppid)
		}
	}
	return out
}

// keepOwner gives f the owner of the file that it is going to replace.
func keepOwner(f *os.File, info fs.FileInfo) error {
	want, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	now, err := f.Stat()
	if err != nil {
		return err
	}
	have, ok := now.Sys().(*syscall.Stat_t)
	if ok && have.Uid == want.Uid && have.Gid == want.Gid {
		return nil
	}
	return f.Chown(int(want.Uid), int(want.Gid))
}
