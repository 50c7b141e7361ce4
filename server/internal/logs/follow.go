package logs

import (
	"context"
	"io"
	"path/filepath"
	"time"

	"github.com/gophantom/gophantom/server/internal/world"
)

// quiet is how long a log rests before its last message counts as whole.
const quiet = 20 * time.Millisecond

// Sink takes what is read of one log.
type Sink interface {
	io.Writer
	Flush() // nothing came for a while
	Close() // nothing comes any more: the log was replaced
}

// tail is a log that is read as it grows.
type tail struct {
	path  string
	file  world.File // nil while there is none
	at    int64
	head  []byte // its first bytes, which tell it from another
	sink  Sink
	again func() Sink // for the file that takes its place
}

// headSize is how much of a log tells it from another.
const headSize = 64

// Follow reads files as they grow, from where from says that they were read to,
// until ctx is done, whose error it returns: through renaming
// and making anew, through truncating, and when they appear only later, such as
// new logs below the folders. appear is asked for each file, and for each that
// takes its place, where its bytes go; nil means that it is not wanted.
func Follow(ctx context.Context, w *world.World, from map[string]int64, dirs []string, appear func(path string) Sink) error {
	watch, err := w.Watch.Files(ctx)
	if err != nil {
		return err
	}
	tails := map[string]*tail{}
	watched := map[string]bool{} // folders
	for _, dir := range dirs {
		subfolders(w, dir, 0, watched)
	}
	add := func(path string) *tail {
		if tails[path] != nil {
			return nil
		}
		sink := appear(path)
		if sink == nil {
			return nil
		}
		tails[path] = &tail{path: path, at: from[path], sink: sink, again: func() Sink { return appear(path) }}
		return tails[path]
	}
	set := func() {
		var names []string
		for path := range tails {
			names = append(names, path)
		}
		for dir := range watched {
			names = append(names, dir+string(filepath.Separator))
		}
		watch.Set(names)
	}
	for path := range from {
		add(path)
	}
	set()
	defer func() {
		for _, t := range tails {
			t.end()
		}
	}()
	for _, t := range tails {
		t.read(w)
	}
	var rest <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case name, ok := <-watch.Events():
			if !ok {
				<-ctx.Done()
				return ctx.Err()
			}
			name = filepath.Clean(name)
			if t := tails[name]; t != nil {
				t.read(w)
			}
			if watched[name] {
				before := len(watched) + len(tails)
				subfolders(w, name, 0, watched)
				for _, f := range Below(w, name) {
					if t := add(f.Path); t != nil {
						t.read(w)
					}
				}
				if len(watched)+len(tails) != before {
					set()
				}
			}
			rest = w.Clock.After(quiet)
		case <-rest:
			rest = nil
			for _, t := range tails {
				if t.sink != nil {
					t.sink.Flush()
				}
			}
		}
	}
}

// subfolders adds a folder and those below it.
func subfolders(w *world.World, dir string, depth int, to map[string]bool) {
	to[dir] = true
	if depth == deepest {
		return
	}
	entries, err := w.Files.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if e.IsDir() && len(to) < mostFolders {
			subfolders(w, filepath.Join(dir, e.Name()), depth+1, to)
		}
	}
}

// mostFolders bounds how many folders are watched for new logs.
const mostFolders = 500

// read reads what is new.
func (t *tail) read(w *world.World) {
	now, err := w.Files.Open(t.path)
	if err != nil { // renamed away, and not there again: what the old one still gets is read
		t.drain()
		return
	}
	head := make([]byte, headSize)
	n, _ := now.ReadAt(head, 0)
	head = head[:n]
	size, _ := sizeOf(w, t.path)
	switch {
	case t.file == nil:
	case len(head) < len(t.head) && size < t.at, string(head[:min(len(head), len(t.head))]) != string(t.head), size < t.at:
		// Another file has its name, or it was truncated: what the old one had at
		// last is read first.
		if size >= t.at || string(head) != string(t.head) {
			t.drain()
		}
		t.end()
		t.sink, t.at = t.again(), 0
	default:
		t.close()
	}
	t.file, t.head = now, head
	t.drain()
}

func sizeOf(w *world.World, path string) (int64, error) {
	info, err := w.Files.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// drain reads the open file to its end.
func (t *tail) drain() {
	if t.file == nil || t.sink == nil {
		return
	}
	buf := make([]byte, chunk)
	for {
		n, err := t.file.ReadAt(buf, t.at)
		t.at += int64(n)
		_, _ = t.sink.Write(buf[:n])
		if n == 0 || err != nil {
			return
		}
	}
}

// end tells that nothing comes any more.
func (t *tail) end() {
	if t.sink != nil {
		t.sink.Close()
	}
	t.close()
}

func (t *tail) close() {
	if t.file != nil {
		_ = t.file.Close()
		t.file = nil
	}
}
