package world

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
)

var (
	soakEdits = flag.Int("soak", 10_000, "how many edits the soak test makes")
	soakSeed  = flag.Uint64("seed", 0, "the seed of the soak test; 0 is a random one")
)

// soaked is one watched file.
type soaked struct {
	name    string
	real    string // where the content is; another path if it is reached by a symlink
	linked  bool   // name is a symlink of which the target switches
	exists  bool
	version int
}

// TestWatchSoak edits watched files in every way that editors and tools do,
// and sees that each edit is followed by an event for its name.
func TestWatchSoak(t *testing.T) {
	how := Real().Watch.(realWatch)
	if runtime.GOOS == "windows" {
		t.Skip("an open watch keeps directories from being renamed on Windows; the other tests of watching run there")
	}
	seed := *soakSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("to repeat: go test -run %s -args -seed=%d", t.Name(), seed)
	random := rand.New(rand.NewPCG(seed, 0))

	root := t.TempDir()
	var files []*soaked
	var names []string
	for i := range 60 {
		dir := filepath.Join(root, "tree", strconv.Itoa(i%20))
		f := &soaked{name: filepath.Join(dir, fmt.Sprintf("file%d", i)), exists: true}
		switch i % 3 {
		case 0, 1:
			f.real = f.name
			write(t, f.real, "")
		case 2:
			f.linked = true
			f.real = filepath.Join(root, "dotfiles", strconv.Itoa(i), "0")
			write(t, f.real, "")
			must(t, os.MkdirAll(dir, 0o755))
			symlink(t, f.real, f.name)
		}
		files = append(files, f)
		names = append(names, f.name)
	}
	ctx := t.Context()
	w, err := how.Files(ctx)
	must(t, err)
	w.Set(names)

	// After an edit, told is deleted; an event sets it. In the end every name
	// must have been told after its last edit.
	var mu sync.Mutex
	news := sync.NewCond(&mu)
	told := map[string]bool{}
	go func() {
		for name := range w.Events() {
			mu.Lock()
			told[name] = true
			news.Broadcast()
			mu.Unlock()
		}
	}()
	overdue := false
	await := func(what, name string) {
		t.Helper()
		alarm := time.AfterFunc(30*time.Second, func() {
			mu.Lock()
			defer mu.Unlock()
			overdue = true
			news.Broadcast()
		})
		defer alarm.Stop()
		mu.Lock()
		defer mu.Unlock()
		for !told[name] {
			if overdue {
				t.Fatalf("%s: %s is missed", what, name)
			}
			news.Wait()
		}
	}
	for i := range *soakEdits {
		f := files[random.IntN(len(files))]
		// Before the edit, not after it: the event may be quicker. An event of
		// the edit before that comes late would only hide a miss, and the edits
		// that are awaited at once do not allow that.
		mu.Lock()
		delete(told, f.name)
		mu.Unlock()
		what := fmt.Sprintf("edit %d, %s", i, f.edit(t, random.IntN(9)))
		if random.IntN(10) == 0 {
			await(what, f.name)
		}
	}
	for _, f := range files { // also those whose last edit was not awaited
		await("the last edit", f.name)
	}
	// Once more, each alone: no watch may have been lost on the way.
	for _, f := range files {
		mu.Lock()
		delete(told, f.name)
		mu.Unlock()
		f.edit(t, 0)
		await("after the soak", f.name)
	}
}

// edit changes a file in one of the ways and says which.
func (f *soaked) edit(t *testing.T, how int) string {
	f.version++
	text := strconv.Itoa(f.version % 10) // the size does not change
	dir := filepath.Dir(f.name)
	if !f.exists {
		how = 0
	}
	switch how {
	case 1:
		temp := f.real + "___jb_tmp___"
		write(t, temp, text)
		must(t, os.Rename(temp, f.real))
		return "replaced as JetBrains does"
	case 2:
		write(t, filepath.Join(dir, "4913"), "")
		must(t, os.Remove(filepath.Join(dir, "4913")))
		must(t, os.Rename(f.real, f.real+"~"))
		write(t, f.real, text)
		must(t, os.Remove(f.real+"~"))
		return "replaced as vim does"
	case 3:
		must(t, os.Remove(f.name))
		f.exists = false
		return "removed"
	case 4:
		must(t, os.Remove(f.real))
		write(t, f.real, text)
		return "removed and made again"
	case 5, 6:
		if !f.linked {
			write(t, filepath.Join(dir, ".file.swp"), text)
			write(t, f.real, text)
			return "written beside a swap file"
		}
		f.real = filepath.Join(filepath.Dir(f.real), strconv.Itoa(f.version))
		write(t, f.real, text)
		temp := f.name + ".new"
		symlink(t, f.real, temp)
		must(t, os.Rename(temp, f.name))
		return "linked to something else"
	case 7, 8:
		if f.linked {
			break
		}
		if how == 8 {
			dir = filepath.Dir(dir)
		}
		below, err := filepath.Rel(dir, f.name)
		must(t, err)
		must(t, os.Rename(dir, dir+".away"))
		write(t, filepath.Join(dir+".away", below), text)
		must(t, os.Rename(dir+".away", dir))
		return "written while a directory on the way was away"
	}
	if !f.exists {
		f.exists = true
		if f.linked {
			symlink(t, f.real, f.name)
			return "linked again"
		}
	}
	write(t, f.real, text)
	return "written"
}
