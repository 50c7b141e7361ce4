package world

import (
	"context"
	"errors"
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
	FileWatch
	t     *testing.T
	stops []string
	next  int
}

func watch(t *testing.T, how realWatch, names ...string) *watched {
	t.Helper()
	w := &watched{t: t}
	dir := t.TempDir()
	for i := range 40 {
		w.stops = append(w.stops, filepath.Join(dir, strconv.Itoa(i)))
	}
	ctx, cancel := context.WithCancel(context.Background())
	var err error
	if w.FileWatch, err = how.Files(ctx); err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		for range w.Events() { // until it is closed
		}
	})
	w.set(names...)
	return w
}

// set replaces the names. Those that changed a moment ago are told; that is
// over when it returns.
func (w *watched) set(names ...string) {
	w.t.Helper()
	w.Set(slices.Concat(names, w.stops))
	stop := w.stops[w.next]
	w.next++
	write(w.t, stop, "")
	w.until(stop)
}

// until returns once all names were reported.
func (w *watched) until(names ...string) {
	w.t.Helper()
	tooLate := time.After(30 * time.Second)
	for len(names) > 0 {
		select {
		case got, ok := <-w.Events():
			if !ok {
				w.t.Fatal("events ended")
			}
			names = slices.DeleteFunc(names, func(name string) bool { return name == got })
		case <-tooLate:
			w.t.Fatalf("not reported: %q", names)
		}
	}
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
		case name, ok := <-w.Events():
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
	how := Real().Watch.(realWatch)
	dir := t.TempDir()
	file, other := filepath.Join(dir, "go.mod"), filepath.Join(dir, "go.sum")
	write(t, file, "one")
	write(t, other, "one")
	w := watch(t, how, file)

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
	how := Real().Watch.(realWatch)
	dir := t.TempDir()
	file := filepath.Join(dir, "config", "go", "env")
	beside := filepath.Join(dir, "config", "go", "telemetry")
	w := watch(t, how, file, beside)

	must(t, os.Mkdir(filepath.Join(dir, "config"), 0o755))
	w.expect("a directory on the way", file, beside) // they may have been in it
	write(t, filepath.Join(dir, "config", "other"), "x")
	w.expect("a file beside the way")
	write(t, file, "GOPROXY=off\n") // makes the directory as well
	w.expect("made", file, beside)
	write(t, file, "GOPROXY=dir\n") // of the same size
	w.expect("written", file)

	must(t, os.RemoveAll(filepath.Join(dir, "config")))
	w.expect("the whole way removed", file, beside)
	write(t, file, "GOPROXY=off\n")
	w.expect("the whole way made again", file, beside)
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
	how := Real().Watch.(realWatch)
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
	w := watch(t, how, link, real, env)

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
	w := watch(t, Real().Watch.(realWatch), a, b)
	for range 2_000 {
		write(t, a, "x")
	}
	write(t, b, "x")
	// Nobody received meanwhile, so b waits behind at most one a. While we
	// receive, more notifications of a may be read.
	seen := map[string]int{}
	for seen[b] == 0 {
		select {
		case name := <-w.Events():
			seen[name]++
		case <-time.After(30 * time.Second):
			t.Fatalf("only %v came", seen)
		}
	}
	if seen[a] == 0 || seen[a] > 200 {
		t.Errorf("2000 changes are reported %d times", seen[a])
	}
}

func TestWatchSet(t *testing.T) {
	how := Real().Watch.(realWatch)
	dir := t.TempDir()
	stays, goes, comes := filepath.Join(dir, "one", "go.mod"), filepath.Join(dir, "two", "go.mod"), filepath.Join(dir, "three", "go.mod")
	for _, file := range []string{stays, goes, comes} {
		write(t, file, "one")
	}
	w := watch(t, how, stays, goes)
	write(t, comes, "not in the set")
	w.expect("a file that is not in the set")

	// Nobody receives while the set changes.
	write(t, stays, "two")
	w.Set(slices.Concat([]string{stays, comes}, w.stops))
	write(t, goes, "two")
	// comes was written after the set before, so whoever read it may have read it earlier.
	w.expect("before and after another set", stays, comes)
	write(t, comes, "three")
	w.expect("in the new set", comes)

	if err := os.RemoveAll(filepath.Join(dir, "two")); err != nil {
		t.Fatal(err)
	}
	w.Set(w.stops)
	write(t, stays, "three")
	w.expect("nothing is in the set")
	w.set(goes)
	write(t, goes, "again")
	w.expect("in the set again, in a directory that is missing", goes)
	if polled := w.Polled(); polled != nil {
		t.Errorf("polled: %q", polled)
	}
}

func TestWatchEntriesOfADirectory(t *testing.T) {
	how := Real().Watch.(realWatch)
	dir := t.TempDir()
	name := filepath.Join(dir, "linked") + separator
	confd := filepath.Join(dir, "fish", "conf.d")
	symlink(t, confd, filepath.Join(dir, "linked"))
	file := filepath.Join(confd, "go.fish")
	w := watch(t, how, name)
	must(t, os.MkdirAll(confd, 0o755))
	w.expect("the directory made", name)
	write(t, file, "one")
	w.expect("an entry made", name)
	write(t, file, "two")
	w.expect("an entry written", name)
	must(t, os.Mkdir(filepath.Join(confd, "sub"), 0o755))
	w.expect("a directory made in it", name)
	write(t, filepath.Join(confd, "sub", "deeper"), "x")
	w.expect("written below it")
	must(t, os.Rename(confd, confd+".old"))
	w.expect("moved away", name)
	write(t, filepath.Join(confd+".old", "go.fish"), "three")
	w.expect("written where nobody asks")
	must(t, os.Rename(confd+".old", confd))
	w.expect("moved back", name)
	must(t, os.Remove(file))
	w.expect("an entry removed", name)
}

// fullNotifier allows few watches.
type fullNotifier struct {
	notifier
	left int
}

func (f *fullNotifier) add(dir string) error {
	if f.left == 0 {
		return errLimit
	}
	f.left--
	return f.notifier.add(dir)
}

func TestWatchPollsBeyondTheLimit(t *testing.T) {
	for name, limit := range map[string]func() (notifier, error){
		"of watchers": func() (notifier, error) { return nil, errors.New("too many") },
		"of watches": func() (notifier, error) {
			inner, err := newNotifier()
			return &fullNotifier{inner, 0}, err
		},
		"of entries": func() (notifier, error) { return newFSNotifier(1) },
	} {
		t.Run(name, func(t *testing.T) {
			how := Real().Watch.(realWatch)
			how.notifier, how.every = limit, time.Millisecond
			dir := t.TempDir()
			file, confd := filepath.Join(dir, "go.mod"), filepath.Join(dir, "conf.d")+separator
			write(t, file, "one")
			write(t, confd+"go.sh", "one")
			w := watch(t, how, file, confd)
			if got := w.Polled(); !slices.Contains(got, file) || !slices.Contains(got, confd) {
				t.Errorf("polled: %q", got)
			}
			for _, text := range []string{"two", "three"} {
				write(t, file, text)
				w.until(file)
				write(t, confd+"go.sh", text)
				w.until(confd)
			}
			must(t, os.Remove(file))
			w.until(file)
			w.Set(nil)
			if got := w.Polled(); got != nil {
				t.Errorf("polled, and not in the set: %q", got)
			}
		})
	}
}

func TestWatchPollsNetworks(t *testing.T) {
	dir := t.TempDir()
	network := filepath.Join(dir, "network")
	how := Real().Watch.(realWatch)
	how.remote = func(path string) bool { return within(path, network) }
	how.every = time.Millisecond
	file, link, local := filepath.Join(network, "go.mod"), filepath.Join(dir, ".zshrc"), filepath.Join(dir, "go.sum")
	write(t, file, "one")
	symlink(t, filepath.Join(network, "zshrc"), link)
	w := watch(t, how, file, link, local)
	if got, want := w.Polled(), []string{link, file}; !slices.Equal(got, want) {
		t.Errorf("polled: %q; want %q", got, want)
	}
	write(t, file, "two")
	w.until(file)
	write(t, filepath.Join(network, "zshrc"), "made")
	w.until(link)
	write(t, local, "made")
	w.until(local)
	must(t, os.Remove(link)) // and it is on no network any more
	w.until(link)
	w.set(file, link, local)
	if got := w.Polled(); !slices.Equal(got, []string{file}) {
		t.Errorf("polled: %q", got)
	}
	write(t, link, "a file")
	w.expect("no link any more", link)
}

// lossyNotifier loses all notes while it is told to, as a full queue does.
type lossyNotifier struct {
	notifier
	out  chan []note
	lose chan bool
}

func (l *lossyNotifier) notes() <-chan []note { return l.out }

func (l *lossyNotifier) run() {
	defer close(l.out)
	losing := false
	for {
		select {
		case losing = <-l.lose:
			if !losing {
				l.out <- []note{{op: opLost}}
			}
		case batch, ok := <-l.notifier.notes():
			if !ok {
				return
			}
			if !losing {
				l.out <- batch
			}
		}
	}
}

func TestWatchAfterLostNotes(t *testing.T) {
	how := Real().Watch.(realWatch)
	var lossy *lossyNotifier
	how.notifier = func() (notifier, error) {
		inner, err := newNotifier()
		lossy = &lossyNotifier{inner, make(chan []note), make(chan bool)}
		go lossy.run()
		return lossy, err
	}
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a", "go.mod"), filepath.Join(dir, "b", "go.mod")
	write(t, a, "one")
	w := watch(t, how, a, b)
	lossy.lose <- true
	must(t, os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "b")))
	must(t, os.Mkdir(filepath.Join(dir, "a"), 0o755))
	lossy.lose <- false
	w.until(append([]string{a, b}, w.stops...)...) // anything may have happened
	write(t, a, "two")
	w.expect("made in a directory that was replaced meanwhile", a)
	write(t, b, "two")
	w.expect("written in a directory that was moved meanwhile", b)
}

func TestWatchRenamedDirectoryUnderBothNames(t *testing.T) {
	dir := t.TempDir()
	before, after := filepath.Join(dir, "before", "go.mod"), filepath.Join(dir, "after", "go.mod")
	write(t, before, "one")
	w := watch(t, Real().Watch.(realWatch), before)
	// The set may change before or after the rename is told; nothing may be lost.
	for range 20 {
		must(t, os.Rename(filepath.Dir(before), filepath.Dir(after)))
		w.Set(append([]string{after}, w.stops...))
		write(t, after, "two")
		w.until(after)
		before, after = after, before
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
