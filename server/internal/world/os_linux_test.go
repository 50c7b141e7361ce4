package world

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestParseMounts(t *testing.T) {
	table := strings.Join([]string{
		`22 27 0:21 / /proc rw,relatime - proc proc rw`,
		`27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw`,
		`36 27 0:98 /export/home /home rw,noatime master:1 propagate_from:2 - nfs4 files.example:/export rw,hard`,
		`37 27 0:99 / /mnt/two\040words\134x rw - fuse.sshfs me@host.example:/ rw`,
		`38 27 0:97 / /mnt/c rw,noatime - 9p drvfs rw,aname=drvfs`,
		`39 27 0:96 / /run/user/1000/doc rw - fuse.portal portal rw`,
		`40 27 8:17 / /media/disk rw - fuseblk /dev/sdb1 rw`,
		`broken`,
	}, "\n")
	want := []string{"/home", `/mnt/two words\x`, "/mnt/c"}
	got := parseMounts(table)
	if !slices.Equal(got, want) {
		t.Fatalf("%q; want %q", got, want)
	}
	m := &mounts{list: func() []string { return append(got, "/home/me/nested") }}
	for path, want := range map[string]string{
		"/home": "/home", "/home/me/.zshrc": "/home", "/homes": "", "/": "", "/home/me/nested/x": "/home/me/nested",
	} {
		if root := m.rootOf(path); root != want {
			t.Errorf("%s is on %q; want %q", path, root, want)
		}
	}
}

// TestWritable asks as a user for whom read-only files are read-only, which
// root's are not.
func TestWritable(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "open", "file"), "")
	write(t, filepath.Join(dir, "closed", "file"), "")
	if os.Geteuid() == 0 {
		const nobody = 65534
		err := filepath.WalkDir(filepath.Dir(dir), func(name string, _ fs.DirEntry, err error) error {
			return errors.Join(err, os.Chown(name, nobody, nobody))
		})
		if err != nil {
			t.Fatal(err)
		}
		runtime.LockOSThread() // the file system's user is one of the thread
		defer runtime.UnlockOSThread()
		if _, err := unix.SetfsuidRetUid(nobody); err != nil {
			t.Fatal(err)
		}
		defer func() { _, _ = unix.SetfsuidRetUid(0) }()
	}
	for _, name := range []string{"closed/file", "closed"} {
		name := filepath.Join(dir, name)
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, info.Mode()&^0o222); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = os.Chmod(name, info.Mode()) }()
	}
	for name, want := range map[string]error{
		"open": nil, "open/file": nil, "closed": fs.ErrPermission, "closed/file": fs.ErrPermission, "missing": fs.ErrNotExist,
	} {
		if err := Real().Files.Writable(filepath.Join(dir, name)); !errors.Is(err, want) {
			t.Errorf("Writable(%s) = %v, want %v", name, err, want)
		}
	}
	if entries, err := os.ReadDir(filepath.Join(dir, "open")); err != nil || len(entries) != 1 {
		t.Errorf("asking left %v (%v)", entries, err)
	}
}
