package world

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func write(t *testing.T, name, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func symlink(t *testing.T, target, name string) {
	t.Helper()
	if err := os.Symlink(target, name); err != nil {
		if runtime.GOOS == "windows" {
			t.Skip("symlinks need a privilege on Windows: run as administrator or in developer mode")
		}
		t.Fatal(err)
	}
}

func TestReplaceFile(t *testing.T) {
	files := Real().Files
	name := filepath.Join(t.TempDir(), "a", "b", "settings.json")

	if err := files.ReplaceFile(name, nil, []byte("one")); err != nil {
		t.Fatal(err)
	}
	if got := read(t, name); got != "one" {
		t.Errorf("created with %q", got)
	}
	witness := filepath.Join(filepath.Dir(name), "witness")
	write(t, witness, "")
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if like, err := os.Stat(witness); err != nil || info.Mode() != like.Mode() && runtime.GOOS != "windows" {
		t.Errorf("a new file has mode %v; want that of any new file, %v (%v)", info.Mode(), like.Mode(), err)
	}
	if err := files.ReplaceFile(name, []byte("one"), []byte("two")); err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string][]byte{"other content": []byte("one"), "not there": nil, "empty": {}} {
		if err := files.ReplaceFile(name, want, []byte("three")); !errors.Is(err, ErrChanged) {
			t.Errorf("replacing when want is %s: %v; want ErrChanged", what, err)
		}
	}
	if err := files.ReplaceFile(name+"x", []byte("one"), []byte("three")); !errors.Is(err, ErrChanged) {
		t.Errorf("replacing a file that vanished: %v; want ErrChanged", err)
	}
	if got := read(t, name); got != "two" {
		t.Errorf("refused edits left %q", got)
	}
	onlyThese(t, filepath.Dir(name), "settings.json", "witness")
}

func onlyThese(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if len(want) == 0 || e.Name() != want[0] {
			t.Errorf("%s holds %s; want only %v", dir, e.Name(), want)
			continue
		}
		want = want[1:]
	}
}

func TestReplaceFileEmptyIsNotMissing(t *testing.T) {
	name := filepath.Join(t.TempDir(), "empty")
	write(t, name, "")
	if err := Real().Files.ReplaceFile(name, nil, []byte("x")); !errors.Is(err, ErrChanged) {
		t.Errorf("creating over an empty file: %v; want ErrChanged", err)
	}
	if err := Real().Files.ReplaceFile(name, []byte{}, []byte("x")); err != nil {
		t.Error(err)
	}
}

func TestReplaceFileKeepsModeAndSymlinks(t *testing.T) {
	files := Real().Files
	dir := t.TempDir()
	real := filepath.Join(dir, "dotfiles", "zshrc")
	write(t, real, "one")
	if err := os.Chmod(real, 0o640); err != nil {
		t.Fatal(err)
	}
	hop, link := filepath.Join(dir, "hop"), filepath.Join(dir, ".zshrc")
	symlink(t, filepath.Join("dotfiles", "zshrc"), hop)
	symlink(t, "hop", link)
	if err := files.ReplaceFile(link, []byte("one"), []byte("two")); err != nil {
		t.Fatal(err)
	}
	if got := read(t, real); got != "two" {
		t.Errorf("the target holds %q", got)
	}
	for _, l := range []string{link, hop} {
		if info, err := os.Lstat(l); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("%s is no symlink any more: %v, %v", l, info, err)
		}
	}
	if info, err := os.Stat(real); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o640 {
		t.Errorf("mode is %v, %v; want 0640", info.Mode(), err)
	}

	dangling := filepath.Join(dir, "dangling")
	symlink(t, filepath.Join("new", "file"), dangling)
	if err := files.ReplaceFile(dangling, nil, []byte("made")); err != nil {
		t.Fatal(err)
	}
	if got := read(t, filepath.Join(dir, "new", "file")); got != "made" {
		t.Errorf("the target of a dangling link holds %q", got)
	}

	loop := filepath.Join(dir, "loop")
	symlink(t, "loop", loop)
	if err := files.ReplaceFile(loop, nil, []byte("x")); err == nil {
		t.Error("a symlink to itself was replaced")
	}
}

func TestReplaceFileRefusesReadOnly(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "env")
	write(t, name, "one")
	if err := os.Chmod(name, 0o444); err != nil {
		t.Fatal(err)
	}
	if err := Real().Files.ReplaceFile(name, []byte("one"), []byte("two")); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("replacing a read-only file: %v; want fs.ErrPermission", err)
	}
	onlyThese(t, dir, "env")
}

func TestReadFile(t *testing.T) {
	files := Real().Files
	dir := t.TempDir()
	if _, err := files.ReadFile(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if _, err := files.ReadFile(dir); !errors.Is(err, ErrNotRegular) {
		t.Errorf("directory: %v", err)
	}
	if data, err := files.ReadFile(os.DevNull); err != nil || len(data) != 0 {
		t.Errorf("null device: %d bytes, %v", len(data), err)
	}
	big := filepath.Join(dir, "big")
	f, err := os.Create(big)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(MaxFile); err != nil {
		t.Fatal(err)
	}
	if data, err := files.ReadFile(big); err != nil || len(data) != MaxFile {
		t.Errorf("a file of MaxFile bytes: %d bytes, %v", len(data), err)
	}
	if err := f.Truncate(MaxFile + 1); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := files.ReadFile(big); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a file of more than MaxFile bytes: %v", err)
	}
}

func TestTemp(t *testing.T) {
	files := Real().Files
	dir, err := files.MkdirTemp("gophantom-*")
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "cache", "mod", "x.go")
	if err := files.WriteTemp(name, []byte("package x")); err != nil {
		t.Fatal(err)
	}
	if got, err := files.ReadFile(name); err != nil || !bytes.Equal(got, []byte("package x")) {
		t.Errorf("read %q, %v", got, err)
	}
	outside := filepath.Join(t.TempDir(), "x")
	for _, name := range []string{outside, dir + "x", filepath.Join(dir, "..", "x")} {
		if err := files.WriteTemp(name, nil); err == nil {
			t.Errorf("WriteTemp wrote %s, outside of %s", name, dir)
		}
	}
	if err := files.RemoveTemp(filepath.Dir(outside)); err == nil {
		t.Error("RemoveTemp removed a directory that it did not make")
	}
	// As the go command leaves its module cache.
	if err := os.Chmod(filepath.Dir(name), 0o555); err != nil {
		t.Fatal(err)
	}
	if err := files.RemoveTemp(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
}

func TestRemoveFile(t *testing.T) {
	w := Real()
	file := filepath.Join(t.TempDir(), "settings.json")
	write(t, file, "now")
	if err := w.Files.RemoveFile(file, []byte("before")); !errors.Is(err, ErrChanged) {
		t.Errorf("a file that changed: %v", err)
	}
	if err := w.Files.RemoveFile(file, []byte("now")); err != nil {
		t.Error(err)
	}
	if err := w.Files.RemoveFile(file, []byte("now")); !errors.Is(err, ErrChanged) {
		t.Errorf("a file that is gone: %v", err)
	}
}

func TestRemoveEmptyDir(t *testing.T) {
	w := Real()
	dir := filepath.Join(t.TempDir(), ".vscode")
	write(t, filepath.Join(dir, "launch.json"), "{}")
	if err := w.Files.RemoveEmptyDir(dir); err == nil {
		t.Error("a directory with a file in it is gone")
	}
	if err := w.Files.RemoveEmptyDir(filepath.Join(dir, "launch.json")); err == nil {
		t.Error("a file is gone")
	}
	if err := os.Remove(filepath.Join(dir, "launch.json")); err != nil {
		t.Fatal(err)
	}
	if err := w.Files.RemoveEmptyDir(dir); err != nil {
		t.Error(err)
	}
}

func TestCreatePrivate(t *testing.T) {
	w := Real()
	file := filepath.Join(t.TempDir(), "a", "b", "record")
	if err := w.Files.CreatePrivate(file, []byte("secret")); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(file); err != nil || string(data) != "secret" {
		t.Errorf("%q, %v", data, err)
	}
	if err := w.Files.CreatePrivate(file, []byte("other")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("an existing file: %v", err)
	}
	if entries, err := os.ReadDir(filepath.Dir(file)); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	for name, want := range map[string]fs.FileMode{file: 0o600, filepath.Dir(file): 0o700, filepath.Dir(filepath.Dir(file)): 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, %v", name, info.Mode(), err)
		}
	}
}

func TestCacheDir(t *testing.T) {
	for _, tt := range []struct {
		goos, want string
		environ    []string
	}{
		{"linux", "/home/u/.cache", []string{"HOME=/home/u"}},
		{"linux", "/x", []string{"HOME=/home/u", "XDG_CACHE_HOME=/x"}},
		{"linux", "/home/u/.cache", []string{"HOME=/home/u", "XDG_CACHE_HOME=relative"}},
		{"linux", "", []string{"HOME="}},
		{"darwin", "/Users/u/Library/Caches", []string{"HOME=/Users/u", "XDG_CACHE_HOME=/x"}},
		{"windows", "", []string{"HOME=/home/u"}},
	} {
		w := &World{GOOS: tt.goos, Environ: tt.environ}
		if got := w.CacheDir(); filepath.ToSlash(got) != tt.want && runtime.GOOS != "windows" {
			t.Errorf("%s %q: %q, want %q", tt.goos, tt.environ, got, tt.want)
		}
	}
}

func TestAppendPrivate(t *testing.T) {
	w := Real()
	file := filepath.Join(t.TempDir(), "a", "log")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 50 {
				if err := w.Files.AppendPrivate(file, []byte(strings.Repeat(string(rune('a'+i)), 99)+"\n")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	data, err := os.ReadFile(file)
	if err != nil || strings.Count(string(data), "\n") != 400 {
		t.Fatalf("%d lines, %v", strings.Count(string(data), "\n"), err)
	}
	for line := range strings.Lines(string(data)) {
		if strings.Trim(line, line[:1]+"\n") != "" || len(line) != 100 {
			t.Fatalf("torn: %q", line)
		}
	}
	if runtime.GOOS == "windows" {
		return
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}
