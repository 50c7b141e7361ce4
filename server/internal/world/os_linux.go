package world

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func newNotifier() (notifier, error) { return newFSNotifier(0) }

// localFuse are the file systems of FUSE that only this machine writes to.
var localFuse = []string{
	"fuseblk", "fuse.ntfs", "fuse.ntfs-3g", "fuse.exfat", "fuse.encfs", "fuse.gocryptfs", "fuse.cryfs", "fuse.bindfs", "fuse.mergerfs",
	"fuse.fuse-overlayfs", "fuse.lxcfs", "fuse.portal", "fuse.snapfuse", "fuse.squashfuse", "fuse.gvfsd-fuse", "fuse.vmware-vmblock",
}

// networkTypes are the other file systems that another machine serves, also
// the host of a virtual one.
var networkTypes = []string{
	"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "coda", "ncpfs", "ceph", "glusterfs", "lustre", "gpfs", "beegfs", "orangefs", "gfs2", "ocfs2",
	"autofs", "davfs", "vboxsf", "vmhgfs", "prl_fs", "virtiofs", "fakeowner", "grpcfuse",
}

// networkMounts lists where network file systems are mounted.
func networkMounts() []string {
	table, _ := os.ReadFile("/proc/self/mountinfo")
	return parseMounts(string(table))
}

// parseMounts reads the format of proc_pid_mountinfo(5).
func parseMounts(table string) (roots []string) {
	for line := range strings.Lines(table) {
		before, after, ok := strings.Cut(line, " - ")
		fields := strings.Fields(before)
		kind, _, _ := strings.Cut(after, " ")
		if !ok || len(fields) < 5 {
			continue
		}
		fuse := kind == "fuse" || strings.HasPrefix(kind, "fuse.") && !slices.Contains(localFuse, kind)
		if fuse || slices.Contains(networkTypes, kind) {
			roots = append(roots, octal.Replace(fields[4]))
		}
	}
	return roots
}

// octal are the escapes of the table.
var octal = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// commLength is how much of a name the kernel keeps, in bytes.
const commLength = 15

// pidsNamed returns the processes with a name, in no order. The kernel's name
// of a process is the base name of what was executed; one that it cut is taken
// from the command line.
func pidsNamed(_ context.Context, named func(name string) bool) ([]int, error) {
	proc, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer proc.Close()
	entries, err := proc.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry)
		if err != nil {
			continue
		}
		comm, err := os.ReadFile("/proc/" + entry + "/comm")
		if err != nil {
			continue
		}
		name := strings.TrimSuffix(string(comm), "\n")
		if len(name) == commLength {
			if line, err := os.ReadFile("/proc/" + entry + "/cmdline"); err == nil {
				if arg, _, _ := strings.Cut(string(line), "\x00"); arg != "" {
					name = path.Base(arg)
				}
			}
		}
		if named(name) {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// awaitExit returns nil once a process has ended. The error is that of ctx,
// or errors.ErrUnsupported if the system cannot tell.
func awaitExit(ctx context.Context, pid int) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
	}
	// A process descriptor is readable once the process has ended, which the
	// runtime's poller waits for like for a socket.
	f := os.NewFile(uintptr(fd), "pidfd")
	defer f.Close()
	raw, err := f.SyscallConn()
	if err != nil {
		return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = f.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	err = raw.Read(func(fd uintptr) bool {
		ready, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		return err == nil && ready > 0
	})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("%w: %w", errors.ErrUnsupported, err)
	}
	return nil
}

// identity returns the device and number of a file, and when its attributes
// changed, in ns since 1970.
func identity(info fs.FileInfo) (id [2]uint64, attr int64) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return id, 0
	}
	return [2]uint64{uint64(s.Dev), s.Ino}, s.Ctim.Nano()
}
