package world

import (
	"os"
	"path/filepath"
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

// notingNotifier counts what its system tells.
type notingNotifier struct {
	notifier
	out  chan []note
	told map[string]int // by the base name
}

func (n *notingNotifier) notes() <-chan []note { return n.out }

// TestBusyDirectoryOnTheWay: a workspace may be below a directory in which
// others make files all the time, which must not wake us up.
func TestBusyDirectoryOnTheWay(t *testing.T) {
	how := Real().Watch.(realWatch)
	noting := &notingNotifier{out: make(chan []note), told: map[string]int{}}
	how.notifier = func() (_ notifier, err error) {
		noting.notifier, err = newNotifier()
		go func() {
			defer close(noting.out)
			for batch := range noting.notifier.notes() {
				for _, n := range batch {
					noting.told[n.base]++
				}
				noting.out <- batch
			}
		}()
		return noting, err
	}
	busy := t.TempDir()
	file := filepath.Join(busy, "ws", "module", "go.mod")
	write(t, file, "one")
	w := watch(t, how, file)
	write(t, filepath.Join(busy, "noise"), "x")
	must(t, os.Chmod(filepath.Join(busy, "noise"), 0o600))
	write(t, file, "two")
	w.expect("written beside a directory on the way, and written", file)
	// The channel of events orders this after what was noted.
	if noting.told["noise"] != 0 || noting.told["go.mod"] == 0 {
		t.Errorf("told: %v", noting.told)
	}
	must(t, os.Rename(filepath.Join(busy, "ws"), filepath.Join(busy, "ws.old")))
	w.expect("a directory on the way gone", file)
	write(t, file, "three")
	w.expect("and made again", file)
}
