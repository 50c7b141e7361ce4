package world

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
	"unsafe"
)

// detach gives a command that has not started yet its own process group and
// no window.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP, HideWindow: true}
}

// killGroup kills a process. Groups cannot be killed on Windows: the caller
// kills the descendants one by one.
func killGroup(p *os.Process) error { return p.Kill() }

func alive(pid int) bool {
	h, err := syscall.OpenProcess(syscall.SYNCHRONIZE, false, uint32(pid))
	if err != nil {
		return errors.Is(err, syscall.ERROR_ACCESS_DENIED)
	}
	defer func() { _ = syscall.CloseHandle(h) }()
	event, err := syscall.WaitForSingleObject(h, 0)
	return err == nil && event == uint32(syscall.WAIT_TIMEOUT)
}

// parents returns the parent of every process that can be seen, from one
// snapshot of the system.
func parents(context.Context) map[int]int {
	out := map[int]int{}
	snapshot, err := syscall.CreateToolhelp32Snapshot(syscall.TH32CS_SNAPPROCESS, 0)
	if err != nil {
		return out
	}
	defer func() { _ = syscall.CloseHandle(snapshot) }()
	var entry syscall.ProcessEntry32
	entry.Size = uint32(unsafe.Sizeof(entry))
	for err = syscall.Process32First(snapshot, &entry); err == nil; err = syscall.Process32Next(snapshot, &entry) {
		out[int(entry.ProcessID)] = int(entry.ParentProcessID)
	}
	return out
}

// keepOwner has nothing to do: a new file belongs to the directory's heirs.
func keepOwner(*os.File, fs.FileInfo) error { return nil }
