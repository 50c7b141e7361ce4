package world

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// watched is a running watch of files, and of more files that serve as full
// stops: notifications come in order.
type watched struct {
	t      *testing.T
	events <-chan string
	stops  []string
	next   int
}

func watch(t *testing.T, names ...string) *watched {
	t.Helper()
	w := &watched{t: t}
	dir := t.TempDir()
	for i := range 20 {
		w.stops = append(w.stops, filepath.Join(dir, strconv.Itoa(i)))
	}
	ctx, cancel := context.WithCancel(context.Background())
	files, err := Real().Watch.Files(ctx)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	files.Set(slices.Concat(names, w.stops))
	w.events = files.Events()
	t.Cleanup(func() {
		cancel()
		for range w.events { // until it is closed
		}
	})
	return w
}

// expect returns once exactly the names were reported, each at least once.
func (w *watched) expect(what string, names ...string) {
	w.t.Helper()
	stop := w.stops[w.next]
	w.next++
	write(w.t, stop, "")
	tooLate := time.After(30 * time.Second)
	missing := slices.Clone(names)
	for stopped := false; !stopped; {
		select {
		case name, ok := <-w.events:
			switch {
			case !ok:
				w.t.Fatal("events ended")
			case slices.Contains(names, name):
				missing = slices.DeleteFunc(missing, func(n string) bool { return n == name })
			case name == stop:
				stopped = true
			case !slices.Contains(w.stops, name): // an earlier one may come twice
				w.t.Errorf("%s: %s is reported; want only %v", what, name, names)
			}
		case <-tooLate:
			w.t.Fatalf("%s: nothing more is reported", what)
		}
	}
	if len(missing) > 0 {
		w.t.Errorf("%s: %v is not reported", what, missing)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWatchFile(t *testing.T) {
	dir := t.TempDir()
	file, other := filepath.Join(dir, "go.mod"), filepath.Join(dir, "go.sum")
	write(t, file, "one")
	write(t, other, "one")
	w := watch(t, file)

	write(t, file, "two")
	w.expect("written", file)
	write(t, other, "two")
	w.expect("another file written")
	write(t, file+".tmp", "three")
	must(t, os.Rename(file+".tmp", file))
	w.expect("replaced", file)
	write(t, file, "four")
	w.expect("written after it was replaced", file)
	must(t, Real().Files.ReplaceFile(file, []byte("four"), []byte("five")))
	w.expect("replaced by ourselves", file)
	must(t, os.Rename(file, file+"~")) // as vim does
	write(t, file, "six")
	must(t, os.Remove(file+"~"))
	w.expect("replaced by an editor with a backup", file)
	must(t, os.Remove(file))
	w.expect("removed", file)
	write(t, file, "seven")
	w.expect("made again", file)
	write(t, filepath.Join(dir, ".go.mod.swp"), "x")
	w.expect("an editor's temporary file")
}

func TestWatchWhatDoesNotExistYet(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "config", "go", "env")
	beside := filepath.Join(dir, "config", "go", "telemetry")
	w := watch(t, file, beside)

	must(t, os.Mkdir(filepath.Join(dir, "config"), 0o755))
	w.expect("a directory on the way")
	write(t, filepath.Join(dir, "config", "other"), "x")
	w.expect("a file beside the way")
	write(t, file, "GOPROXY=off\n") // makes the directory as well
	w.expect("made", file)
	write(t, file, "GOPROXY=dir\n") // of the same size
	w.expect("written", file)

	must(t, os.RemoveAll(filepath.Join(dir, "config")))
	w.expect("the whole way removed", file)
	write(t, file, "GOPROXY=off\n")
	w.expect("the whole way made again", file)
	write(t, beside, "x")
	w.expect("the file beside it", beside)

	must(t, os.Rename(filepath.Join(dir, "config"), filepath.Join(dir, "config.old")))
	w.expect("a directory moved away", file, beside)
	write(t, filepath.Join(dir, "config.old", "go", "env"), "nobody asks")
	w.expect("written where it was moved")
	must(t, os.Rename(filepath.Join(dir, "config.old"), filepath.Join(dir, "config")))
	w.expect("moved back", file, beside)
	write(t, file, "still watched")
	w.expect("written after it was moved back", file)
}

func TestWatchThroughSymlinks(t *testing.T) {
	dir := t.TempDir()
	dotfiles := filepath.Join(dir, "dotfiles")
	real := filepath.Join(dotfiles, "zshrc")
	write(t, real, "one")
	write(t, filepath.Join(dotfiles, "config", "env"), "one")
	write(t, filepath.Join(dir, "elsewhere", "env"), "other")
	link, hop := filepath.Join(dir, ".zshrc"), filepath.Join(dir, "hop")
	symlink(t, real, hop)
	symlink(t, "hop", link)
	config := filepath.Join(dir, ".config")
	symlink(t, filepath.Join("dotfiles", "config"), config)
	env := filepath.Join(config, "env")
	w := watch(t, link, real, env)

	write(t, real, "two")
	w.expect("the target written, watched by two names", link, real)
	write(t, filepath.Join(dotfiles, "config", "env"), "two")
	w.expect("written in a linked directory", env)

	must(t, os.Remove(config))
	symlink(t, "elsewhere", config)
	w.expect("the directory linked elsewhere", env)
	write(t, filepath.Join(dir, "elsewhere", "env"), "written")
	w.expect("written there", env)
	write(t, filepath.Join(dotfiles, "config", "env"), "three")
	w.expect("written where it was linked before")

	must(t, os.Remove(hop))
	w.expect("a link in the middle removed", link)
	symlink(t, filepath.Join("dotfiles", "config", "env"), hop)
	w.expect("and made to something else", link)
	write(t, filepath.Join(dotfiles, "config", "env"), "four")
	w.expect("the new target written", link)
}

func TestWatchCoalesces(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	w := watch(t, a, b)
	for range 2_000 {
		write(t, a, "x")
	}
	write(t, b, "x")
	// Nobody received meanwhile, so b waits behind at most one a. While we
	// receive, more notifications of a may be read.
	seen := map[string]int{}
	for seen[b] == 0 {
		select {
		case name := <-w.events:
			seen[name]++
		case <-time.After(30 * time.Second):
			t.Fatalf("only %v came", seen)
		}
	}
	if seen[a] == 0 || seen[a] > 200 {
		t.Errorf("2000 changes are reported %d times", seen[a])
	}
}

func TestWatchEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	file := filepath.Join(t.TempDir(), "f")
	files, err := Real().Watch.Files(ctx)
	if err != nil {
		t.Fatal(err)
	}
	files.Set([]string{file})
	write(t, file, "pending, and nobody receives")
	cancel()
	for range files.Events() { // ends because it is closed; goleak sees the rest
	}
}
