package worldtest

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing/fstest"

	"github.com/gophantom/gophantom/server/internal/world"
)

// key is the name of an absolute path in the tree.
func key(name string) string {
	name = strings.TrimPrefix(path.Clean(filepath.ToSlash(name)), "/")
	if name == "" {
		return "."
	}
	return name
}

// put makes or replaces a file; s.mu is held, or nobody else has s yet.
func (s *Scenario) put(name string, data []byte) {
	mode := fs.FileMode(0o644)
	if path.Base(path.Dir(name)) == "bin" {
		mode = 0o755
	}
	if before := s.tree[name]; before != nil {
		mode = before.Mode
	}
	s.tree[name] = &fstest.MapFile{Data: data, Mode: mode, ModTime: s.now}
}

func (s *Scenario) mkdir(name string) {
	s.tree[name] = &fstest.MapFile{Mode: fs.ModeDir | 0o755, ModTime: s.now}
}

// resolve follows the symlinks of name; ok is false if there is no such file.
// The result names the file that writing to name would make.
func (s *Scenario) resolve(name string) (target string, ok bool) {
	at, rest := ".", strings.Split(key(name), "/")
	for links := 0; len(rest) > 0; {
		entry := path.Join(at, rest[0])
		rest = rest[1:]
		info, err := s.tree.Lstat(entry)
		if err != nil {
			return path.Join(append([]string{entry}, rest...)...), false
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			at = entry
			continue
		}
		if links++; links > 40 {
			return entry, false
		}
		link, _ := s.tree.ReadLink(entry)
		rest = append(strings.Split(path.Join(at, link), "/"), rest...)
		at = "."
	}
	return at, true
}

// Write makes or changes a file and tells whoever watches it.
func (s *Scenario) Write(name string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	target, _ := s.resolve(name)
	s.put(target, bytes.Clone(data))
	s.notify(target)
}

// Remove removes a file, or a symlink itself, and tells whoever watches it.
func (s *Scenario) Remove(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	target, _ := s.resolve(name)
	delete(s.tree, key(name))
	s.notify(target)
}

type files struct{ s *Scenario }

// file is an open file.
type file struct{ *bytes.Reader }

func (file) Close() error { return nil }

func (f files) Open(name string) (world.File, error) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	data, err := f.s.read("open", name)
	if err != nil {
		return nil, err
	}
	return file{bytes.NewReader(data)}, nil
}

func (f files) ReadFile(name string) ([]byte, error) {
	opened, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(opened)
}

func (s *Scenario) read(op, name string) ([]byte, error) {
	target, ok := s.resolve(name)
	if !ok {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	node := s.tree[target]
	if node == nil || !node.Mode.IsRegular() {
		return nil, &fs.PathError{Op: op, Path: name, Err: world.ErrNotRegular}
	}
	return node.Data, nil
}

func (f files) Stat(name string) (fs.FileInfo, error) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	target, ok := f.s.resolve(name)
	if !ok {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	return f.s.tree.Stat(target)
}

func (f files) ReadDir(name string) ([]fs.DirEntry, error) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	target, ok := f.s.resolve(name)
	if !ok {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	return f.s.tree.ReadDir(target)
}

func (f files) EvalSymlinks(name string) (string, error) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	target, ok := f.s.resolve(name)
	if !ok {
		return "", &fs.PathError{Op: "lstat", Path: name, Err: fs.ErrNotExist}
	}
	return path.Join("/", target), nil
}

func (f files) Writable(name string) error {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	target, ok := f.s.resolve(name)
	switch {
	case !ok:
		return &fs.PathError{Op: "access", Path: name, Err: fs.ErrNotExist}
	case slices.ContainsFunc(f.s.readonly, func(name string) bool { locked, _ := f.s.resolve(name); return locked == target }):
		return &fs.PathError{Op: "access", Path: name, Err: fs.ErrPermission}
	}
	return nil
}

func (f files) ReplaceFile(name string, want, data []byte) error {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	have, err := f.s.read("replace", name)
	exists := !errors.Is(err, fs.ErrNotExist)
	switch {
	case exists && err != nil:
		return err
	case exists != (want != nil), !bytes.Equal(have, want):
		return &fs.PathError{Op: "replace", Path: name, Err: world.ErrChanged}
	}
	target, _ := f.s.resolve(name)
	f.s.put(target, bytes.Clone(data))
	f.s.notify(target)
	return nil
}

func (f files) RemoveFile(name string, want []byte) error {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	have, err := f.s.read("remove", name)
	if err != nil {
		return err
	}
	if !bytes.Equal(have, want) {
		return &fs.PathError{Op: "remove", Path: name, Err: world.ErrChanged}
	}
	delete(f.s.tree, key(name))
	f.s.notify(key(name))
	return nil
}

func (f files) RemoveEmptyDir(name string) error {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	for other := range f.s.tree {
		if strings.HasPrefix(other, key(name)+"/") {
			return &fs.PathError{Op: "rmdir", Path: name, Err: errors.New("directory not empty")}
		}
	}
	delete(f.s.tree, key(name))
	return nil
}

func (f files) CreatePrivate(name string, data []byte) error {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	if _, exists := f.s.resolve(name); exists {
		return &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	f.s.put(key(name), bytes.Clone(data))
	return nil
}

func (f files) AppendPrivate(name string, data []byte) error {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	var before []byte
	if n, exists := f.s.resolve(name); exists {
		before = f.s.tree[n].Data
	}
	f.s.put(key(name), slices.Concat(before, data))
	return nil
}

func (f files) MkdirTemp(pattern string) (string, error) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	f.s.temps++
	before, after, _ := strings.Cut(pattern, "*")
	dir := path.Join("/tmp", before+strconv.Itoa(f.s.temps)+after)
	f.s.mkdir(key(dir))
	return dir, nil
}

func (f files) WriteTemp(name string, data []byte) error {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	f.s.put(key(name), bytes.Clone(data))
	return nil
}

func (f files) RemoveTemp(dir string) error {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	for name := range f.s.tree {
		if name == key(dir) || strings.HasPrefix(name, key(dir)+"/") {
			delete(f.s.tree, name)
		}
	}
	return nil
}
