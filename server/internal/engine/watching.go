package engine

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gophantom/gophantom/server/internal/observe"
	"github.com/gophantom/gophantom/server/internal/world"
)

// fileWatch is what the loop watches, and what it looked like.
type fileWatch struct {
	watch  world.FileWatch // nil if nothing can be watched
	why    error           // then why
	names  []string
	stamps map[string]stamp
}

// stamp tells one state of a file from another.
type stamp struct {
	size     int64
	modified time.Time
}

func watchFiles(ctx context.Context, w *world.World) fileWatch {
	watch, err := w.Watch.Files(ctx)
	if err != nil {
		return fileWatch{why: err}
	}
	return fileWatch{watch: watch}
}

func (f *fileWatch) events() <-chan string {
	if f.watch == nil {
		return nil
	}
	return f.watch.Events()
}

// set replaces the files that are watched.
func (f *fileWatch) set(w *world.World, names []string) {
	slices.Sort(names)
	names = slices.Compact(names)
	if f.watch != nil && !slices.Equal(names, f.names) {
		f.watch.Set(names)
	}
	f.names = names
	f.stamps = make(map[string]stamp, len(names))
	for _, name := range names {
		f.stamps[name] = stampOf(w, name)
	}
}

// sweep returns the files that are not what they were at the last set or
// sweep: what a watch cannot tell, such as changes another machine makes on a
// shared file system.
func (f *fileWatch) sweep(w *world.World) (changed []string) {
	for _, name := range f.names {
		if now := stampOf(w, name); now != f.stamps[name] {
			f.stamps[name] = now
			changed = append(changed, name)
		}
	}
	return changed
}

// stampOf is the zero stamp for a file that is not there.
func stampOf(w *world.World, name string) stamp {
	info, err := w.Files.Stat(name)
	if err != nil {
		return stamp{}
	}
	return stamp{info.Size(), info.ModTime().UTC()}
}

// remark says what is not as live as it should be; "" if all is.
func (f *fileWatch) remark(w *world.World) string {
	if f.watch == nil {
		return fmt.Sprintf("Files cannot be watched (%v), so changes of files show only when the window is focused or on “Check Now”.", f.why)
	}
	polled := len(f.watch.Polled())
	if polled == 0 {
		return ""
	}
	remedy := ""
	if w.GOOS == "linux" {
		remedy = "; where the limit of the system is reached, raise it: sudo sysctl fs.inotify.max_user_watches=524288"
	}
	return fmt.Sprintf("%d watched files are looked at again and again, because the system does not tell of their changes%s.", polled, remedy)
}

// fileChanged asks for a look because of a file. What only the shell reads is
// for the shell: its answer makes the look.
func (l *Loop) fileChanged(file string) {
	l.mu.Lock()
	startUp := false
	for _, a := range l.last {
		startUp = startUp || observe.StartUp(a.Snapshot, file)
	}
	reason := file + " changed"
	if startUp {
		l.shells.askAgain(reason)
	}
	elsewhere := !startUp || !l.trusted()
	l.mu.Unlock()
	if elsewhere {
		l.request(due{reasons: []string{reason}, look: true, debounce: fileDebounce})
		return
	}
	l.request(due{debounce: fileDebounce})
}

// trusted is called with the lock held.
func (l *Loop) trusted() bool { return l.facts != nil && l.facts.Trusted }

// inside reports whether a file is below a directory.
func inside(dir, file string) bool {
	rel, err := filepath.Rel(dir, file)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
