package world

import (
	"slices"
	"strings"
	"testing"
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
