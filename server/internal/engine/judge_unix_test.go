//go:build unix

package engine_test

import (
	"os/exec"
	"syscall"
)

// runAs lets a command run as another user.
func runAs(cmd *exec.Cmd, uid int) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
}
