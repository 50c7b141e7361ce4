package world

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/fsnotify/fsnotify"
)

// readBuffer is what Windows sets aside for each directory, in bytes. What
// does not fit is told as lost.
const readBuffer = 8 << 10

// fsNotifier is the notifier of fsnotify.
type fsNotifier struct {
	watcher *fsnotify.Watcher
	out     chan []note
	done    chan struct{}
	counted bool           // there is a budget
	budget  int            // how many entries may still be watched
	costs   map[string]int // of each watched directory
}

// newFSNotifier makes a notifier that watches directories of at most budget
// entries together; 0 means any number.
func newFSNotifier(budget int) (notifier, error) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	n := &fsNotifier{
		watcher: watcher, out: make(chan []note), done: make(chan struct{}),
		counted: budget > 0, budget: budget, costs: map[string]int{},
	}
	go n.translate()
	return n, nil
}

func (n *fsNotifier) add(dir string) error {
	if _, watched := n.costs[dir]; watched {
		return nil
	}
	cost := 0
	if n.counted {
		f, err := os.Open(dir)
		if err != nil {
			return err
		}
		names, _ := f.Readdirnames(n.budget + 1)
		_ = f.Close()
		if cost = len(names) + 1; cost > n.budget {
			return fmt.Errorf("%s: %w", dir, errLimit)
		}
	}
	err := n.watcher.AddWith(dir, fsnotify.WithBufferSize(readBuffer))
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.ENOMEM):
		return fmt.Errorf("%s: %w: %w", dir, errLimit, err)
	case err != nil:
		return fmt.Errorf("%s: %w", dir, err)
	}
	n.costs[dir] = cost
	n.budget -= cost
	return nil
}

func (n *fsNotifier) remove(dir string) {
	_ = n.watcher.Remove(dir) // fails if it went with its directory
	n.budget += n.costs[dir]
	delete(n.costs, dir)
}

func (n *fsNotifier) notes() <-chan []note { return n.out }

func (n *fsNotifier) close() {
	close(n.done)
	_ = n.watcher.Close()
}

// translate passes on events until the notifier is closed.
func (n *fsNotifier) translate() {
	defer close(n.out)
	for {
		var batch []note
		select {
		case event, ok := <-n.watcher.Events:
			if !ok {
				return
			}
			path := filepath.Clean(event.Name)
			what := note{dir: filepath.Dir(path), base: filepath.Base(path), op: opEntry}
			switch event.Op {
			case fsnotify.Write:
				what.op = opWrite
			case fsnotify.Chmod:
				what.op = opAttrs
			}
			batch = []note{what}
			if event.Has(fsnotify.Remove | fsnotify.Rename) { // it may be the watched directory itself
				batch = append(batch, note{dir: path, op: opEntry})
			}
		case _, ok := <-n.watcher.Errors:
			if !ok {
				return
			}
			batch = []note{{op: opLost}}
		}
		select {
		case n.out <- batch:
		case <-n.done:
			return
		}
	}
}
