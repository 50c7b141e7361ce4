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

// portable is the notifier of the platforms for which we have no own.
type portable struct {
	watcher *fsnotify.Watcher
	out     chan []note
	done    chan struct{}
	counted bool           // there is a budget
	budget  int            // how many entries may still be watched
	costs   map[string]int // of each watched directory
}

// newPortable makes a notifier that watches directories of at most budget
// entries together; 0 means any number.
func newPortable(budget int) (notifier, error) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	p := &portable{
		watcher: watcher, out: make(chan []note), done: make(chan struct{}),
		counted: budget > 0, budget: budget, costs: map[string]int{},
	}
	go p.translate()
	return p, nil
}

func (p *portable) add(dir string, _ bool) (dirKey, error) {
	if _, watched := p.costs[dir]; watched {
		return dirKey{path: dir}, nil
	}
	cost := 0
	if p.counted {
		f, err := os.Open(dir)
		if err != nil {
			return dirKey{}, err
		}
		names, _ := f.Readdirnames(p.budget + 1)
		_ = f.Close()
		if cost = len(names) + 1; cost > p.budget {
			return dirKey{}, fmt.Errorf("%s: %w", dir, errLimit)
		}
	}
	err := p.watcher.AddWith(dir, fsnotify.WithBufferSize(readBuffer))
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.ENOMEM):
		return dirKey{}, fmt.Errorf("%s: %w: %w", dir, errLimit, err)
	case err != nil:
		return dirKey{}, fmt.Errorf("%s: %w", dir, err)
	}
	p.costs[dir] = cost
	p.budget -= cost
	return dirKey{path: dir}, nil
}

func (p *portable) remove(key dirKey) {
	_ = p.watcher.Remove(key.path) // fails if it went with its directory
	p.budget += p.costs[key.path]
	delete(p.costs, key.path)
}

func (p *portable) notes() <-chan []note { return p.out }

func (p *portable) close() {
	close(p.done)
	_ = p.watcher.Close()
}

// translate passes on events until the notifier is closed.
func (p *portable) translate() {
	defer close(p.out)
	for {
		var batch []note
		select {
		case event, ok := <-p.watcher.Events:
			if !ok {
				return
			}
			path := filepath.Clean(event.Name)
			what := note{dir: dirKey{path: filepath.Dir(path)}, base: filepath.Base(path), op: opEntry}
			switch event.Op {
			case fsnotify.Write:
				what.op = opWrite
			case fsnotify.Chmod:
				what.op = opAttrs
			}
			batch = []note{what}
			if event.Has(fsnotify.Remove | fsnotify.Rename) { // it may be the watched directory itself
				batch = append(batch, note{dir: dirKey{path: path}, op: opEntry})
			}
		case _, ok := <-p.watcher.Errors:
			if !ok {
				return
			}
			batch = []note{{op: opLost}}
		}
		select {
		case p.out <- batch:
		case <-p.done:
			return
		}
	}
}
