package world

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// detach gives a command that has not started yet its own process group and
// no window.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP, HideWindow: true}
}

// killGroup kills a process. Groups cannot be killed on Windows: the caller
// kills the descendants one by one.
func killGroup(p *os.Process) error { return p.Kill() }

// interruptGroup does what Ctrl-Break does to the process group that a process
// made for itself: a group of its own has Ctrl-C switched off.
func interruptGroup(p *os.Process) error {
	return windows.GenerateConsoleCtrlEvent(windows.CTRL_BREAK_EVENT, uint32(p.Pid))
}

func alive(pid int) bool {
	h, err := syscall.OpenProcess(syscall.SYNCHRONIZE, false, uint32(pid))
	if err != nil {
		return errors.Is(err, syscall.ERROR_ACCESS_DENIED)
	}
	defer func() { _ = syscall.CloseHandle(h) }()
	event, err := syscall.WaitForSingleObject(h, 0)
	return err == nil && event == uint32(syscall.WAIT_TIMEOUT)
}

// parents returns the parent of every process that can be seen.
func parents(context.Context) map[int]int {
	out := map[int]int{}
	_ = eachProcess(func(entry *syscall.ProcessEntry32) { out[int(entry.ProcessID)] = int(entry.ParentProcessID) })
	return out
}

// pidsNamed returns the processes with a name, in no order.
func pidsNamed(_ context.Context, named func(name string) bool) (pids []int, err error) {
	err = eachProcess(func(entry *syscall.ProcessEntry32) {
		name := syscall.UTF16ToString(entry.ExeFile[:])
		if base, ok := strings.CutSuffix(strings.ToLower(name), ".exe"); ok {
			name = name[:len(base)]
		}
		if named(name) {
			pids = append(pids, int(entry.ProcessID))
		}
	})
	return pids, err
}

// eachProcess calls visit for every process that can be seen, from one
// snapshot of the system.
func eachProcess(visit func(*syscall.ProcessEntry32)) error {
	snapshot, err := syscall.CreateToolhelp32Snapshot(syscall.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		return err
	}
	defer func() { _ = syscall.CloseHandle(snapshot) }()
	var entry syscall.ProcessEntry32
	entry.Size = uint32(unsafe.Sizeof(entry))
	for err = syscall.Process32First(snapshot, &entry); err == nil; err = syscall.Process32Next(snapshot, &entry) {
		visit(&entry)
	}
	if errors.Is(err, syscall.ERROR_NO_MORE_FILES) {
		return nil
	}
	return err
}

// awaitExit returns nil once a process has ended. The error is that of ctx,
// or errors.ErrUnsupported if the system does not let us wait.
func awaitExit(ctx context.Context, pid int) error {
	h, err := windows.OpenProcess(windows.SYNCHRONIZE, false, uint32(pid))
	if errors.Is(err, windows.ERROR_INVALID_PARAMETER) { // there is no such process
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
	}
	defer func() { _ = windows.CloseHandle(h) }()
	cancelled, err := windows.CreateEvent(nil, 1, 0, nil)
	if err != nil {
		return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
	}
	ended, woken := make(chan struct{}), make(chan struct{})
	go func() { // instead of context.AfterFunc: the event may be closed only after it
		defer close(woken)
		select {
		case <-ended:
		case <-ctx.Done():
			_ = windows.SetEvent(cancelled)
		}
	}()
	defer func() {
		close(ended)
		<-woken
		_ = windows.CloseHandle(cancelled)
	}()
	switch event, err := windows.WaitForMultipleObjects([]windows.Handle{h, cancelled}, false, windows.INFINITE); {
	case err != nil:
		return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
	case event == windows.WAIT_OBJECT_0:
		return nil
	}
	return ctx.Err()
}

// writable looks at the read-only attribute, which means nothing for
// directories.
func writable(name string) error {
	info, err := os.Stat(name)
	if err == nil && !info.IsDir() && info.Mode().Perm()&0o200 == 0 {
		err = fs.ErrPermission
	}
	return err
}

func newNotifier() (notifier, error) { return newFSNotifier(0) }

// networkMounts lists the drives that another machine serves.
func networkMounts() (roots []string) {
	drives, err := windows.GetLogicalDrives()
	if err != nil {
		return nil
	}
	for letter := 'A'; letter <= 'Z'; letter++ {
		root := string(letter) + `:\`
		if drives&(1<<(letter-'A')) == 0 {
			continue
		}
		if name, err := windows.UTF16PtrFromString(root); err == nil && windows.GetDriveType(name) == windows.DRIVE_REMOTE {
			roots = append(roots, root)
		}
	}
	return roots
}

// identity returns nothing: a file is known by its size and times.
func identity(fs.FileInfo) (id [2]uint64, attr int64) { return id, 0 }

// keepOwner has nothing to do: a new file belongs to the directory's heirs.
func keepOwner(*os.File, fs.FileInfo) error { return nil }
