package world

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/natefinch/atomic"
)

type realFiles struct {
	mu    sync.Mutex
	temps map[string]bool // directories made by MkdirTemp
}

func (*realFiles) Open(name string) (File, error) {
	// Looked at before it is opened: opening a pipe waits for a writer.
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() && name != os.DevNull {
		return nil, &fs.PathError{Op: "open", Path: name, Err: ErrNotRegular}
	}
	return os.Open(name)
}

func (r *realFiles) ReadFile(name string) ([]byte, error) {
	f, err := r.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxFile {
		return nil, &fs.PathError{Op: "read", Path: name, Err: ErrTooLarge}
	}
	return data, nil
}

func (*realFiles) Stat(name string) (fs.FileInfo, error)      { return os.Stat(name) }
func (*realFiles) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }
func (*realFiles) EvalSymlinks(name string) (string, error)   { return filepath.EvalSymlinks(name) }

func (*realFiles) Writable(name string) error {
	if err := writable(name); err != nil {
		return &fs.PathError{Op: "access", Path: name, Err: err}
	}
	return nil
}

func (r *realFiles) ReplaceFile(name string, want, data []byte) (err error) {
	target, err := resolveTarget(name)
	if err != nil {
		return err
	}
	dir := filepath.Dir(target)
	if want == nil {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
	}
	if err := r.unchanged(target, want); err != nil {
		return err
	}

	// The temporary file is our own, not atomic.WriteFile's, which makes every
	// new file private to the user instead of following the umask.
	temp := filepath.Join(dir, "."+filepath.Base(target)+".gophantom-"+rand.Text())
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(temp)
		}
	}()
	if want != nil {
		info, err := os.Stat(target)
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o200 == 0 {
			return &fs.PathError{Op: "replace", Path: target, Err: fs.ErrPermission}
		}
		if err := keepOwner(f, info); err != nil {
			return fmt.Errorf("the owner of %s cannot be kept: %w", target, err)
		}
		if err := f.Chmod(info.Mode()); err != nil {
			return err
		}
	}
	if _, err := f.Write(data); err != nil {
		return err
	}
	if err := f.Sync(); err != nil { // a rename may otherwise reach the disk before the bytes
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	// Once more, as late as possible.
	if err := r.unchanged(target, want); err != nil {
		return err
	}
	return atomic.ReplaceFile(temp, target)
}

func (r *realFiles) RemoveFile(name string, want []byte) error {
	if err := r.unchanged(name, slices.Concat([]byte{}, want)); err != nil {
		return err
	}
	return os.Remove(name)
}

func (*realFiles) RemoveEmptyDir(name string) error {
	info, err := os.Lstat(name)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return &fs.PathError{Op: "rmdir", Path: name, Err: errors.New("not a directory")}
	}
	return os.Remove(name) // fails if something is in it
}

func (*realFiles) CreatePrivate(name string, data []byte) (err error) {
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	temp := filepath.Join(dir, "."+filepath.Base(name)+"."+rand.Text())
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp) }()
	if _, err := f.Write(data); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Sync(); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Link(temp, name); err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	// A file system without hard links: the name may be taken meanwhile only by
	// whoever made up the same one.
	if _, err := os.Lstat(name); err == nil {
		return &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	return os.Rename(temp, name)
}

func (*realFiles) AppendPrivate(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil { // in one piece, as the system promises for O_APPEND
		_ = f.Close()
		return err
	}
	return f.Close()
}

// unchanged fails with ErrChanged unless the file holds want, or does not
// exist if want is nil.
func (r *realFiles) unchanged(name string, want []byte) error {
	have, err := r.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if want == nil {
			return nil
		}
	case err != nil:
		return err
	case want != nil && bytes.Equal(have, want):
		return nil
	}
	return &fs.PathError{Op: "replace", Path: name, Err: ErrChanged}
}

// maxLinks is how many symlinks may follow each other, as in the kernel.
const maxLinks = 40

// resolveTarget follows the symlinks of name to the file that writing to name
// would write, which need not exist.
func resolveTarget(name string) (string, error) {
	for range maxLinks {
		target, err := filepath.EvalSymlinks(name)
		if err == nil {
			return target, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		link, err := os.Readlink(name)
		if err != nil {
			return name, nil // missing, or below a missing directory
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(filepath.Dir(name), link)
		}
		name = link
	}
	return "", &fs.PathError{Op: "replace", Path: name, Err: errors.New("too many levels of symbolic links")}
}

func (r *realFiles) MkdirTemp(pattern string) (string, error) {
	dir, err := os.MkdirTemp("", pattern)
	if err != nil {
		return "", err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.temps == nil {
		r.temps = map[string]bool{}
	}
	r.temps[dir] = true
	return dir, nil
}

func (r *realFiles) WriteTemp(name string, data []byte) error {
	name = filepath.Clean(name)
	if !r.temporary(func(dir string) bool { return strings.HasPrefix(name, dir+string(filepath.Separator)) }) {
		return &fs.PathError{Op: "write", Path: name, Err: errors.New("not inside a temporary directory of ours")}
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o600)
}

func (r *realFiles) RemoveTemp(dir string) error {
	if !r.temporary(func(made string) bool { return made == dir }) {
		return &fs.PathError{Op: "remove", Path: dir, Err: errors.New("not a temporary directory of ours")}
	}
	// The go command makes directories of the module cache read-only.
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.temps, dir)
	return nil
}

// temporary reports whether match holds for a directory made by MkdirTemp.
func (r *realFiles) temporary(match func(dir string) bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for dir := range r.temps {
		if match(dir) {
			return true
		}
	}
	return false
}
