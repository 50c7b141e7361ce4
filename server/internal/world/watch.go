package world

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// pollEvery is the pause between two looks at what must be polled; the
	// pause is longer where a round takes more than a small part of it.
	pollEvery = 2 * time.Second
	pollShare = 20 // a round may take one part in so many

	// clockGrain is how far the times that a file system writes down may lag
	// behind the clock.
	clockGrain = 10 * time.Millisecond

	separator = string(filepath.Separator)
)

// realWatch watches with the notifications of the system.
type realWatch struct {
	notifier func() (notifier, error)
	files    Files                  // for what is polled: must not block for ever
	remote   func(path string) bool // below the root of a network file system
	every    time.Duration
}

func (r realWatch) Files(ctx context.Context) (FileWatch, error) {
	w := &watcher{
		realWatch: r,
		ctx:       ctx,
		sets:      make(chan setting),
		found:     make(chan *name),
		poke:      make(chan struct{}, 1),
		events:    make(chan string),
		since:     time.Now().Add(-clockGrain),
		names:     map[string]*name{},
		roots:     map[string]*entry{},
		dirs:      map[string]*entry{},
		polled:    map[*name]bool{},
	}
	// Without notifications (there may be no more than 128 watchers of one user)
	// everything is polled.
	w.notify, _ = r.notifier()
	go w.run()
	return w, nil
}

// notifier tells what happens in directories, not below them. Its methods are
// called by one goroutine.
type notifier interface {
	// add watches a directory: what happens in it, and that it goes itself.
	// Errors wrap errLimit, fs.ErrPermission and fs.ErrNotExist.
	add(dir string) error
	// remove ends a watch. Notes that were made before may still come.
	remove(dir string)
	// notes is closed after close.
	notes() <-chan []note
	close()
}

// errLimit means that the system allows no more watches.
var errLimit = errors.New("the limit of watches is reached")

// note is one notification.
type note struct {
	dir  string
	base string // the entry in the directory; "" is the directory itself
	op   op
}

type op uint8

const (
	opWrite op = iota // the content of a file changed
	opAttrs           // permissions or times changed
	opEntry           // an entry came or went
	opLost            // notes were lost; nothing else is set
)

// watcher watches directories, never files: a file is replaced by another with
// the same name, and a watch would stay with the old one. Every directory on
// the way to a file is watched under its real path. The ways form a tree, so
// that an event, and a changed set, cost only what they concern.
//
// All but the fields below mu belong to the goroutine of run.
type watcher struct {
	realWatch
	ctx    context.Context
	notify notifier
	sets   chan setting
	found  chan *name    // what the poller found to be changed
	poke   chan struct{} // there is something new to poll
	events chan string

	since   time.Time // when the set was replaced last, at the latest
	names   map[string]*name
	roots   map[string]*entry
	dirs    map[string]*entry // those that are watched, by path
	pending []*name
	loose   []*entry // may be on no way any more

	mu      sync.Mutex
	polled  map[*name]bool
	polling bool // the poller runs
}

// setting is one call of Set.
type setting struct {
	names []string
	done  chan<- struct{}
}

// name is one watched name.
type name struct {
	given   string
	whole   bool      // the entries of a directory are meant
	since   time.Time // what changed later is to be told
	way     []*entry  // where the way ends, or turns because of a symlink
	polled  bool      // as in watcher.polled
	pending bool
	gone    bool // not in the set any more
}

// entry is one directory entry on the way to a name.
type entry struct {
	path  string // without any symlink in the directories
	up    *entry // nil for a root
	below map[string]*entry
	names []*name // whose ways end or turn here

	looked bool // kind and target hold until an event says otherwise
	kind   kind
	target string // of a symlink

	watched bool // as a directory
}

type kind uint8

const (
	missing kind = iota
	directory
	link
	other
)

func (w *watcher) Set(names []string) {
	done := make(chan struct{})
	select {
	case w.sets <- setting{slices.Clone(names), done}:
	case <-w.ctx.Done():
		return
	}
	// All of it is local and fast, unless a file system that does not look
	// like one of a network stalls.
	patience := time.NewTimer(stallAfter)
	defer patience.Stop()
	select {
	case <-done:
	case <-patience.C:
	case <-w.ctx.Done():
	}
}

func (w *watcher) Events() <-chan string { return w.events }

func (w *watcher) Polled() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var names []string
	for n := range w.polled {
		names = append(names, n.given)
	}
	slices.Sort(names)
	return names
}

// run passes on changes until the context is done.
func (w *watcher) run() {
	defer close(w.events)
	var notes <-chan []note
	if w.notify != nil {
		notes = w.notify.notes()
		defer func() {
			w.notify.close()
			for range notes { // until it is closed
			}
		}()
	}
	for {
		var out chan<- string // nil, which blocks, while there is nothing to tell
		var next string
		for len(w.pending) > 0 && w.pending[0].gone {
			w.pending = w.pending[1:]
		}
		if len(w.pending) > 0 {
			out, next = w.events, w.pending[0].given
		}
		select {
		case <-w.ctx.Done():
			return
		case out <- next:
			w.pending[0].pending = false
			w.pending = w.pending[1:]
		case s := <-w.sets:
			w.set(s.names)
			close(s.done)
		case n := <-w.found:
			w.tell(n)
		case batch, ok := <-notes:
			if !ok { // the system took it away: the poller remains
				notes, w.notify = nil, nil
				w.lost()
				break
			}
			for _, n := range batch {
				w.handle(n)
			}
		}
		w.prune()
	}
}

func (w *watcher) tell(n *name) {
	if !n.pending {
		n.pending = true
		w.pending = append(w.pending, n)
	}
}

// set makes names the set.
func (w *watcher) set(names []string) {
	since := w.since
	w.since = time.Now().Add(-clockGrain)
	keep := make(map[string]bool, len(names))
	for _, given := range names {
		keep[given] = true
		n, known := w.names[given]
		switch {
		case !known:
			n = &name{given: given, whole: strings.HasSuffix(given, separator), since: since}
			w.names[given] = n
			if w.follow(n); n.polled {
				break // the poller looks
			}
			if s, _ := stampOf(unguarded, n); s.after(since) {
				w.tell(n)
			}
		case n.polled: // perhaps there is room now
			if w.follow(n); !n.polled {
				w.tell(n)
			}
		}
	}
	for given, n := range w.names {
		if !keep[given] {
			delete(w.names, given)
			n.gone = true
			w.leave(n)
			w.setPolled(n, false)
		}
	}
}

// handle deals with one notification.
func (w *watcher) handle(what note) {
	if what.op == opLost {
		w.lost()
		return
	}
	e := w.dirs[what.dir]
	if e == nil {
		return
	}
	if what.base != "" {
		for _, n := range e.names {
			if n.whole && e.kind == directory {
				w.tell(n)
			}
		}
		if e = e.below[fold(what.base)]; e == nil {
			return
		}
	}
	// What may be searched decides what can be seen below.
	if what.op == opEntry || what.op == opAttrs && len(e.below) > 0 {
		w.again(e)
		return
	}
	for _, n := range e.names {
		w.tell(n)
	}
}

// again finds the ways of all names that lead through an entry anew, and
// tells them: what a file looked like before and looks like now does not show
// what it was in between, when it was not watched.
func (w *watcher) again(entries ...*entry) {
	concerned := map[*name]bool{}
	for _, e := range entries {
		w.doubt(e, concerned)
	}
	for n := range concerned {
		w.follow(n)
		w.tell(n)
	}
}

// lost starts over: anything may have happened.
func (w *watcher) lost() { w.again(slices.Collect(maps.Values(w.roots))...) }

// doubt forgets what is known about an entry and all below it, and collects
// the names that depend on it. The watches may belong to what was there before.
func (w *watcher) doubt(e *entry, concerned map[*name]bool) {
	e.looked = false
	w.unwatch(e)
	for _, n := range e.names {
		concerned[n] = true
	}
	for _, below := range e.below {
		w.doubt(below, concerned)
	}
}

// follow goes the way to a name as the kernel does, symlink by symlink. It
// watches a directory before it looks what is in it, so that nothing can
// happen in between.
func (w *watcher) follow(n *name) {
	w.leave(n)
	w.setPolled(n, w.walk(n))
}

// walk is follow's way; it reports whether the name must be polled.
func (w *watcher) walk(n *name) (poll bool) {
	at, rest := w.start(n.given)
	for links := 0; len(rest) > 0; {
		e := at.child(rest[0])
		rest = rest[1:]
		last := len(rest) == 0
		if w.remote(e.path) {
			n.hold(e)
			return true
		}
		if !w.step(at, e) {
			poll = true
		}
		switch {
		case e.kind == link:
			n.hold(e)
			if links++; links > maxLinks {
				return poll
			}
			var more []string
			at, more = w.start(e.target)
			rest = append(more, rest...)
		case last && e.kind == directory && n.whole && !w.watch(e):
			poll = true
			fallthrough
		case last, e.kind != directory:
			n.hold(e)
			return poll
		default:
			at = e
		}
	}
	return poll
}

// step finds out what an entry of a directory is, so that it will be told when
// that changes; ok is false if the system allows no more watches. A directory
// tells itself when it goes, so that a root, which is a busy place, is watched
// only for what is no directory there.
func (w *watcher) step(dir, e *entry) (ok bool) {
	if e.watched {
		return true
	}
	ok = dir.up == nil || w.watch(dir)
	w.look(e)
	if e.kind == directory && w.watch(e) && e.watched {
		return ok
	}
	ok = w.watch(dir)
	w.look(e)
	if e.kind == directory {
		ok = w.watch(e) && ok
	}
	return ok
}

// start returns the root of an absolute path, and its elements.
func (w *watcher) start(path string) (root *entry, elements []string) {
	path = filepath.Clean(path)
	volume := filepath.VolumeName(path) + separator
	root = w.roots[fold(volume)]
	if root == nil {
		root = &entry{path: volume, kind: directory}
		w.roots[fold(volume)] = root
	}
	if path = strings.TrimPrefix(path, volume); path != "" {
		elements = strings.Split(path, separator)
	}
	return root, elements
}

func (e *entry) child(base string) *entry {
	c := e.below[fold(base)]
	if c == nil {
		if e.below == nil {
			e.below = map[string]*entry{}
		}
		c = &entry{path: filepath.Join(e.path, base), up: e}
		e.below[fold(base)] = c
	}
	return c
}

// fold is the key of a file name: where case does not count, a notification
// may come with another one than we were given.
func fold(base string) string {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return strings.ToLower(base)
	}
	return base
}

// look finds out what an entry is, unless that is known: events tell when it
// changes.
func (w *watcher) look(e *entry) {
	if e.looked && e.up.watched {
		return
	}
	e.looked, e.kind, e.target = e.up.watched, missing, ""
	info, err := os.Lstat(e.path)
	switch {
	case err != nil:
	case info.IsDir():
		e.kind = directory
	case info.Mode()&(fs.ModeSymlink|fs.ModeIrregular) != 0: // Windows calls some links irregular
		target, err := os.Readlink(e.path)
		if err != nil {
			e.kind = directory // or nothing is below it, which will show
			break
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(e.up.path, target)
		}
		e.kind, e.target = link, target
	default:
		e.kind = other
	}
}

// hold notes that the way of a name ends or turns at an entry.
func (n *name) hold(e *entry) {
	n.way = append(n.way, e)
	e.names = append(e.names, n)
}

// leave takes a name off its way.
func (w *watcher) leave(n *name) {
	for _, e := range n.way {
		i, end := slices.Index(e.names, n), len(e.names)-1
		e.names[i], e.names[end] = e.names[end], nil
		e.names = e.names[:end]
		w.loose = append(w.loose, e)
	}
	n.way = n.way[:0]
}

// prune drops the entries that are on no way any more, and watches that are
// not needed.
func (w *watcher) prune() {
	for _, e := range w.loose {
		for e.up != nil && len(e.below) == 0 && len(e.names) == 0 {
			w.unwatch(e)
			if key := fold(filepath.Base(e.path)); e.up.below[key] == e {
				delete(e.up.below, key)
			}
			e = e.up
		}
		if e.watched && !e.wanted() {
			w.unwatch(e)
		}
	}
	w.loose = w.loose[:0]
}

// wanted reports whether a directory must be watched.
func (e *entry) wanted() bool {
	for _, c := range e.below {
		if e.up != nil || !c.watched {
			return true
		}
	}
	return e.kind == directory && len(e.names) > 0
}

// watch watches a directory; ok is false if the system allows no more. What we
// may not read, and what has just vanished, is not watched.
func (w *watcher) watch(e *entry) (ok bool) {
	if e.watched {
		return true
	}
	if w.notify == nil {
		return false
	}
	if err := w.notify.add(e.path); err != nil {
		return !errors.Is(err, errLimit)
	}
	e.watched, w.dirs[e.path] = true, e
	return true
}

func (w *watcher) unwatch(e *entry) {
	if !e.watched {
		return
	}
	e.watched = false
	delete(w.dirs, e.path)
	if w.notify != nil {
		w.notify.remove(e.path)
	}
}

func (w *watcher) setPolled(n *name, polled bool) {
	if n.polled == polled {
		return
	}
	n.polled = polled
	w.mu.Lock()
	defer w.mu.Unlock()
	if !polled {
		delete(w.polled, n)
		return
	}
	w.polled[n] = true
	select {
	case w.poke <- struct{}{}:
	default:
	}
	if !w.polling {
		w.polling = true
		go w.poll()
	}
}

// poll looks again and again at what must be polled. It ends when there is
// nothing.
func (w *watcher) poll() {
	seen := map[*name]stamp{}
	for {
		w.mu.Lock()
		for n := range seen {
			if !w.polled[n] {
				delete(seen, n)
			}
		}
		names := slices.SortedFunc(func(yield func(*name) bool) {
			for n := range w.polled {
				if !yield(n) {
					return
				}
			}
		}, func(a, b *name) int { return cmp.Compare(a.given, b.given) })
		w.polling = len(names) > 0
		w.mu.Unlock()
		if len(names) == 0 {
			return
		}
		began, stalled := time.Now(), false
		for _, n := range names {
			now, err := stampOf(w.files, n)
			if err != nil {
				stalled = true
				continue
			}
			before, known := seen[n]
			seen[n] = now
			if known && now == before || !known && !now.after(n.since) {
				continue
			}
			select {
			case w.found <- n:
			case <-w.ctx.Done():
				return
			}
		}
		wait := w.every
		if !stalled { // waiting cost nothing
			wait = max(wait, pollShare*time.Since(began))
		}
		pause := time.NewTimer(wait)
		select {
		case <-pause.C:
		case <-w.poke:
		case <-w.ctx.Done():
		}
		pause.Stop()
		if w.ctx.Err() != nil {
			return
		}
	}
}

// stamp is what a file looks like from outside; zero if it is missing.
type stamp struct {
	id        [2]uint64 // device and number of the file
	size      int64
	mod, attr int64 // ns since 1970: when the content and the attributes changed
	mode      fs.FileMode
	entries   uint64 // what the entries look like, if all of them are meant
}

// stampOf returns the stamp of a name. The error is ErrStalled.
func stampOf(files Files, n *name) (stamp, error) {
	info, err := files.Stat(n.given)
	if err != nil {
		return stamp{}, stalledOnly(err)
	}
	s := stamp{size: info.Size(), mod: info.ModTime().UnixNano(), mode: info.Mode()}
	s.id, s.attr = identity(info)
	if !n.whole || !info.IsDir() {
		return s, nil
	}
	entries, err := files.ReadDir(n.given)
	if err != nil {
		return stamp{}, stalledOnly(err)
	}
	sum := fnv.New64a()
	for _, e := range entries {
		file := name{given: filepath.Join(n.given, e.Name())}
		s, err := stampOf(files, &file)
		if err != nil {
			return stamp{}, err
		}
		fmt.Fprintf(sum, "%s %v\n", e.Name(), s)
	}
	s.entries = sum.Sum64()
	return s, nil
}

func stalledOnly(err error) error {
	if errors.Is(err, ErrStalled) {
		return err
	}
	return nil
}

// after reports whether a file that is there changed after t.
func (s stamp) after(t time.Time) bool {
	return s != stamp{} && max(s.mod, s.attr) > t.UnixNano()
}
