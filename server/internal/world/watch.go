package world

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fsnotify/fsnotify"
)

type realWatch struct{}

func (realWatch) Files(ctx context.Context) (FileWatch, error) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("files cannot be watched: %w", err)
	}
	w := &watcher{
		notify:  notify,
		sets:    make(chan []string),
		events:  make(chan string),
		ctx:     ctx,
		watched: map[string]bool{},
		denied:  map[string]bool{},
		state:   map[string]fs.FileInfo{},
	}
	go w.run(ctx, w.events)
	return w, nil
}

func (w *watcher) Set(names []string) {
	select {
	case w.sets <- slices.Compact(slices.Sorted(slices.Values(names))):
	case <-w.ctx.Done():
	}
	select {
	case w.sets <- nil: // taken once the set before it is watched
	case <-w.ctx.Done():
	}
}

func (w *watcher) Events() <-chan string { return w.events }
func (w *watcher) Polled() []string      { return nil }

// watcher watches directories, never files: a file is replaced by another with
// the same name, and a watch would stay with the old one. Every directory on
// the way to a file is watched under its real path, because the notification
// names the path that the watch was made with, and two ways may lead to one
// directory.
type watcher struct {
	ctx     context.Context
	sets    chan []string
	events  chan string
	notify  *fsnotify.Watcher
	names   []string
	steps   map[string][]step // by path: whom a change of this directory entry concerns
	watched map[string]bool   // directories with a watch
	denied  map[string]bool   // directories that we may not read
	state   map[string]fs.FileInfo
}

// step is one directory entry on the way to a named file.
type step struct {
	name string
	last bool // the entry is the file itself
}

// run passes on changes until ctx is done.
func (w *watcher) run(ctx context.Context, events chan<- string) {
	defer close(events)
	defer func() { _ = w.notify.Close() }()
	var pending []string
	for {
		var out chan<- string // nil, which blocks, while there is nothing to tell
		var next string
		if len(pending) > 0 {
			out, next = events, pending[0]
		}
		var changed []string
		select {
		case <-ctx.Done():
			return
		case out <- next:
			pending = pending[1:]
		case names := <-w.sets:
			if names == nil {
				break
			}
			w.names = names
			_ = w.look()
			for _, name := range w.names {
				w.changed(name)
			}
		case event, ok := <-w.notify.Events:
			if !ok {
				return
			}
			changed = w.handle(event)
		case _, ok := <-w.notify.Errors:
			if !ok {
				return
			}
			// Events were lost, so anything may have happened.
			w.forget("")
			_ = w.look()
			changed = w.names
		}
		for _, name := range changed {
			if !slices.Contains(pending, name) {
				pending = append(pending, name)
			}
		}
	}
}

// handle returns the names that an event concerns.
func (w *watcher) handle(event fsnotify.Event) (changed []string) {
	path := filepath.Clean(event.Name)
	steps := w.steps[path]
	if len(steps) == 0 {
		return nil
	}
	if event.Has(fsnotify.Create|fsnotify.Remove|fsnotify.Rename) || w.denied[path] {
		// The watches at and below the path may belong to what was there before.
		w.forget(path)
		_ = w.look() // what cannot be watched now is tried again with the next event
	}
	for _, s := range steps {
		// An event of the file itself counts whatever the file looks like: two
		// writes may leave the same size and time behind.
		direct := s.last && event.Op != fsnotify.Chmod
		if w.changed(s.name) || direct {
			changed = append(changed, s.name)
		}
	}
	return changed
}

// changed reports whether a named file is not what it was at the last call.
func (w *watcher) changed(name string) bool {
	now, err := os.Stat(name)
	if err != nil {
		now = nil
	}
	before := w.state[name]
	w.state[name] = now
	if before == nil || now == nil {
		return before != now
	}
	return !os.SameFile(before, now) || before.Size() != now.Size() || !before.ModTime().Equal(now.ModTime()) || before.Mode() != now.Mode()
}

// look finds the way to every name and watches the directories on it. It
// looks again after it added a watch, so that nothing can happen in between.
func (w *watcher) look() (err error) {
	for range maxLooks {
		w.steps = map[string][]step{}
		dirs := map[string]bool{}
		for _, name := range w.names {
			w.walk(name, dirs)
		}
		added := false
		for dir := range dirs {
			if w.watched[dir] || w.denied[dir] {
				continue
			}
			err = w.notify.Add(dir)
			switch {
			case err == nil:
				w.watched[dir], added = true, true
			case errors.Is(err, fs.ErrPermission):
				w.denied[dir] = true
			case errors.Is(err, fs.ErrNotExist):
				added = true // vanished since: look again
			default:
				return err
			}
		}
		if !added {
			return nil
		}
	}
	return err
}

// maxLooks bounds how often look tries to keep up with directories that come
// and go while it looks.
const maxLooks = 100

// walk goes the way to name as the kernel does, symlink by symlink, and notes
// every directory entry that it depends on.
func (w *watcher) walk(name string, dirs map[string]bool) {
	separator := string(filepath.Separator)
	root := filepath.VolumeName(name) + separator
	at := root
	rest := strings.Split(strings.TrimPrefix(filepath.Clean(name), root), separator)
	for links := 0; len(rest) > 0; {
		entry := filepath.Join(at, rest[0])
		rest = rest[1:]
		info, err := os.Lstat(entry)
		// The root is watched only for what is missing there: it is busy, and
		// what is there stays.
		if at != root || err != nil {
			dirs[at] = true
		}
		w.steps[entry] = append(w.steps[entry], step{name, len(rest) == 0})
		switch {
		case err != nil, len(rest) > 0 && info.Mode().IsRegular():
			return
		case info.Mode()&fs.ModeSymlink == 0:
			at = entry
		default:
			target, err := os.Readlink(entry)
			if links++; err != nil || links > maxLinks {
				return
			}
			if !filepath.IsAbs(target) {
				target = filepath.Join(at, target)
			}
			root = filepath.VolumeName(target) + separator
			at = root
			rest = append(strings.Split(strings.TrimPrefix(filepath.Clean(target), root), separator), rest...)
		}
	}
}

// forget drops the watches at path and below it; all of them if path is "".
func (w *watcher) forget(path string) {
	for dir := range w.watched {
		if path == "" || dir == path || strings.HasPrefix(dir, path+string(filepath.Separator)) {
			_ = w.notify.Remove(dir) // fails if it went with its directory
			delete(w.watched, dir)
		}
	}
	clear(w.denied) // permissions may have changed as well
}
