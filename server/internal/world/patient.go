package world

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	// stallAfter is how long a file system may take to answer.
	stallAfter = 2 * time.Second
	// stallPause is how long one that did not answer is left alone.
	stallPause = 10 * time.Second
)

// unguarded is the real file system, which can block for ever.
var unguarded = new(realFiles)

// patientFiles gives up on a file system that does not answer. The system
// call itself cannot be given up: it is left behind in its goroutine, one for
// each path.
//
// Without any network file system on the machine, it adds nothing. With one,
// any path could lead there through a symlink, and a goroutine and a timer for
// each call cost less than 2 µs.
type patientFiles struct {
	Files
	mounted *mounts

	mu     sync.Mutex
	stalls map[string]time.Time // places that did not answer, and when to try again
	behind map[string]bool      // paths with a goroutine left behind
}

func newPatientFiles(inner Files, mounted *mounts) *patientFiles {
	return &patientFiles{Files: inner, mounted: mounted, stalls: map[string]time.Time{}, behind: map[string]bool{}}
}

func (p *patientFiles) Open(name string) (File, error) {
	f, err := patiently(p, "open", name, func() (File, error) { return p.Files.Open(name) }, func(f File) { _ = f.Close() })
	if err != nil || len(p.mounted.roots()) == 0 {
		return f, err
	}
	return &patientFile{f, p, name}, nil
}

func (p *patientFiles) ReadFile(name string) ([]byte, error) {
	return patiently(p, "read", name, func() ([]byte, error) { return p.Files.ReadFile(name) }, nil)
}

func (p *patientFiles) Stat(name string) (fs.FileInfo, error) {
	return patiently(p, "stat", name, func() (fs.FileInfo, error) { return p.Files.Stat(name) }, nil)
}

func (p *patientFiles) ReadDir(name string) ([]fs.DirEntry, error) {
	return patiently(p, "readdir", name, func() ([]fs.DirEntry, error) { return p.Files.ReadDir(name) }, nil)
}

func (p *patientFiles) EvalSymlinks(name string) (string, error) {
	return patiently(p, "readlink", name, func() (string, error) { return p.Files.EvalSymlinks(name) }, nil)
}

func (p *patientFiles) Writable(name string) error {
	_, err := patiently(p, "access", name, func() (struct{}, error) { return struct{}{}, p.Files.Writable(name) }, nil)
	return err
}

func (p *patientFiles) RemoveFile(name string, want []byte) error {
	if _, err := p.Stat(name); errors.Is(err, ErrStalled) {
		return err
	}
	return p.Files.RemoveFile(name, want)
}

func (p *patientFiles) RemoveEmptyDir(name string) error {
	if _, err := p.Stat(name); errors.Is(err, ErrStalled) {
		return err
	}
	return p.Files.RemoveEmptyDir(name)
}

func (p *patientFiles) CreatePrivate(name string, data []byte) error {
	if _, err := p.Stat(name); errors.Is(err, ErrStalled) {
		return err
	}
	return p.Files.CreatePrivate(name, data)
}

func (p *patientFiles) AppendPrivate(name string, data []byte) error {
	if _, err := p.Stat(name); errors.Is(err, ErrStalled) {
		return err
	}
	return p.Files.AppendPrivate(name, data)
}

// ReplaceFile does not begin where nothing answers. Once begun it is not
// given up: it might be done after we said that it was not.
func (p *patientFiles) ReplaceFile(name string, want, data []byte) error {
	if _, err := p.Stat(name); errors.Is(err, ErrStalled) {
		return err
	}
	return p.Files.ReplaceFile(name, want, data)
}

// patientFile is an open file of patientFiles.
type patientFile struct {
	File
	p    *patientFiles
	name string
}

func (f *patientFile) Read(b []byte) (int, error) {
	return f.into(b, f.File.Read)
}

func (f *patientFile) ReadAt(b []byte, offset int64) (int, error) {
	return f.into(b, func(b []byte) (int, error) { return f.File.ReadAt(b, offset) })
}

// into reads through a buffer of its own: one that is left behind may still
// be written to.
func (f *patientFile) into(b []byte, read func([]byte) (int, error)) (int, error) {
	type result struct {
		data []byte
		err  error // of reading, which may come with data
	}
	r, err := patiently(f.p, "read", f.name, func() (result, error) {
		data := make([]byte, len(b))
		n, err := read(data)
		return result{data[:n], err}, nil
	}, nil)
	if err != nil {
		return 0, err
	}
	return copy(b, r.data), r.err
}

// patiently does something with a path, and fails with ErrStalled if that
// takes too long, or just did at that path or near it. What comes too late is
// given to discard.
func patiently[T any](p *patientFiles, op, path string, do func() (T, error), discard func(T)) (T, error) {
	if len(p.mounted.roots()) == 0 {
		return do()
	}
	var none T
	stalled := &fs.PathError{Op: op, Path: path, Err: ErrStalled}
	if !p.enter(path) {
		return none, stalled
	}
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer) // unbuffered: either we take the answer, or it comes too late
	late := make(chan struct{})
	go func() {
		value, err := do()
		select {
		case answers <- answer{value, err}:
		case <-late:
			p.returned(path, err)
			if err == nil && discard != nil {
				discard(value)
			}
		}
	}()
	patience := time.NewTimer(stallAfter)
	defer patience.Stop()
	select {
	case a := <-answers:
		p.answered(path)
		return a.value, a.err
	case <-patience.C:
		p.gaveUp(path)
		close(late)
		return none, stalled
	}
}

// enter reports whether a path may be tried now. At a place that stalled,
// one try is allowed after a while.
func (p *patientFiles) enter(path string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.behind[path] {
		return false
	}
	if len(p.stalls) == 0 {
		return true
	}
	place, now := p.place(path), time.Now()
	retry, stalled := p.stalls[place]
	if stalled && now.Before(retry) {
		return false
	}
	if stalled {
		p.stalls[place] = now.Add(stallPause)
	}
	return true
}

// answered notes that the place of a path answers.
func (p *patientFiles) answered(path string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.stalls) > 0 {
		delete(p.stalls, p.place(path))
	}
}

// gaveUp notes that the place of a path does not answer.
func (p *patientFiles) gaveUp(path string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.behind[path] = true
	p.stalls[p.place(path)] = time.Now().Add(stallPause)
}

// returned notes that a call that was left behind came back. What says so
// only because it gave up itself is no answer.
func (p *patientFiles) returned(path string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.behind, path)
	if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		delete(p.stalls, p.place(path))
	}
}

// place is what stalls together with a path: the network file system that it
// is on, perhaps by way of a symlink, or only the path itself. It looks at
// nothing that is on a network.
func (p *patientFiles) place(path string) string {
	volume := filepath.VolumeName(path) + separator
	at, rest := volume, strings.Split(strings.TrimPrefix(filepath.Clean(path), volume), separator)
	for links := 0; len(rest) > 0 && links < maxLinks; {
		at = filepath.Join(at, rest[0])
		rest = rest[1:]
		if root := p.mounted.rootOf(at); root != "" {
			return root
		}
		target, err := os.Readlink(at)
		if err != nil {
			continue // no link
		}
		links++
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(at), target)
		}
		volume = filepath.VolumeName(target) + separator
		at, rest = volume, append(strings.Split(strings.TrimPrefix(filepath.Clean(target), volume), separator), rest...)
	}
	return path
}
