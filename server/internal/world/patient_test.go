package world

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// stallingFiles is a file system of which a directory does not answer until
// it is told to, then with err.
type stallingFiles struct {
	Files
	dir    string
	answer chan struct{}
	err    error

	mu    sync.Mutex
	calls []string
}

func (s *stallingFiles) wait(name string) error {
	real, err := resolveTarget(name)
	if err != nil || !within(real, s.dir) {
		return nil
	}
	s.mu.Lock()
	s.calls = append(s.calls, name)
	s.mu.Unlock()
	<-s.answer
	return s.err
}

// reached returns the names that the file system was asked for, and waited with.
func (s *stallingFiles) reached() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

func (s *stallingFiles) Stat(name string) (fs.FileInfo, error) {
	if err := s.wait(name); err != nil {
		return nil, err
	}
	return s.Files.Stat(name)
}

func (s *stallingFiles) ReadFile(name string) ([]byte, error) {
	if err := s.wait(name); err != nil {
		return nil, err
	}
	return s.Files.ReadFile(name)
}

func (s *stallingFiles) Open(name string) (File, error) {
	if err := s.wait(name); err != nil {
		return nil, err
	}
	f, err := s.Files.Open(name)
	return &stallingFile{f, s, name}, err
}

type stallingFile struct {
	File
	s    *stallingFiles
	name string
}

func (f *stallingFile) Read(b []byte) (int, error) {
	if err := f.s.wait(f.name); err != nil {
		return 0, err
	}
	return f.File.Read(b)
}

// stalledHome is a home directory on a network, and a local one with a
// symlink into it.
func stalledHome(t *testing.T) (inner *stallingFiles, files *patientFiles, network, local string) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	network, local = filepath.Join(dir, "network"), filepath.Join(dir, "local")
	for _, file := range []string{filepath.Join(network, "a"), filepath.Join(network, "b"), filepath.Join(local, "c")} {
		write(t, file, "content")
	}
	symlink(t, filepath.Join(network, "a"), filepath.Join(local, "link"))
	inner = &stallingFiles{Files: unguarded, dir: network, answer: make(chan struct{})}
	return inner, newPatientFiles(inner, &mounts{list: func() []string { return []string{network} }}), network, local
}

func stalls(t *testing.T, files Files, name string) (took time.Duration) {
	t.Helper()
	began := time.Now()
	if _, err := files.Stat(name); !errors.Is(err, ErrStalled) {
		t.Errorf("%s: %v; want ErrStalled", name, err)
	}
	return time.Since(began)
}

func answers(t *testing.T, files Files, name string) {
	t.Helper()
	if text, err := files.ReadFile(name); err != nil || string(text) != "content" {
		t.Errorf("%s: %q, %v", name, text, err)
	}
}

// The clock of these tests is synctest's: waiting takes no time, and is exact.
func TestStalledFileSystem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner, files, network, local := stalledHome(t)
		a, b, link := filepath.Join(network, "a"), filepath.Join(network, "b"), filepath.Join(local, "link")

		if took := stalls(t, files, a); took != stallAfter {
			t.Errorf("gave up after %v; want %v", took, stallAfter)
		}
		for _, name := range []string{a, b, link, network} {
			if took := stalls(t, files, name); took != 0 {
				t.Errorf("%s is waited for %v while its file system is known to stall", name, took)
			}
		}
		if err := files.ReplaceFile(b, []byte("content"), []byte("new")); !errors.Is(err, ErrStalled) {
			t.Errorf("replacing: %v; want ErrStalled", err)
		}
		if err := files.Writable(b); !errors.Is(err, ErrStalled) {
			t.Errorf("asking whether it is writable: %v; want ErrStalled", err)
		}
		answers(t, files, filepath.Join(local, "c"))

		// Ten seconds later one more try is made, but not at the path that still
		// has a goroutine.
		time.Sleep(stallPause)
		if took := stalls(t, files, a); took != 0 {
			t.Errorf("%s is tried again, and waited for %v", a, took)
		}
		if took := stalls(t, files, b); took != stallAfter {
			t.Errorf("%s is waited for %v; want %v", b, took, stallAfter)
		}
		if took := stalls(t, files, link); took != 0 {
			t.Errorf("%s is waited for %v", link, took)
		}
		if calls, want := inner.reached(), []string{a, b}; !slices.Equal(calls, want) {
			t.Errorf("%q reached the file system; want %q", calls, want)
		}

		close(inner.answer)
		synctest.Wait()
		for _, name := range []string{a, b, link} {
			answers(t, files, name)
		}
		if len(files.behind) != 0 || len(files.stalls) != 0 {
			t.Errorf("left: %v, %v", files.behind, files.stalls)
		}
	})
}

func TestStalledFileSystemThatGivesUpItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner, files, network, _ := stalledHome(t)
		inner.err = errors.New("server not responding")
		a, b := filepath.Join(network, "a"), filepath.Join(network, "b")
		stalls(t, files, a)
		close(inner.answer)
		synctest.Wait()
		stalls(t, files, b) // that was no answer
		time.Sleep(stallPause)
		if _, err := files.Stat(b); !errors.Is(err, inner.err) {
			t.Errorf("%v; want the file system's own error", err)
		}
	})
}

func TestStalledReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner, files, network, _ := stalledHome(t)
		go func() { inner.answer <- struct{}{} }()
		f, err := files.Open(filepath.Join(network, "a"))
		must(t, err)
		b := make([]byte, 7)
		if _, err := f.Read(b); !errors.Is(err, ErrStalled) {
			t.Errorf("%v; want ErrStalled", err)
		}
		close(inner.answer)
		synctest.Wait()
		if strings.Trim(string(b), "\x00") != "" {
			t.Errorf("%q was written after reading had failed", b)
		}
		must(t, f.Close())
	})
}

func TestNothingIsGuardedWithoutNetworks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "content")
	files := newPatientFiles(unguarded, &mounts{list: func() []string { return nil }})
	bare := testing.AllocsPerRun(100, func() { _, _ = os.Stat(file) })
	guarded := testing.AllocsPerRun(100, func() { _, _ = files.Stat(file) })
	if guarded > bare+1 {
		t.Errorf("%v allocations; want %v, and one for what is done", guarded, bare)
	}
}

func TestWatchDoesNotWaitForAStalledFileSystem(t *testing.T) {
	inner, files, network, local := stalledHome(t)
	how := Real().Watch.(realWatch)
	how.files, how.remote, how.every = files, files.mounted.remote, time.Millisecond
	a, c := filepath.Join(network, "a"), filepath.Join(local, "c")
	link := filepath.Join(local, "link")
	w := watch(t, how, a, c, link)
	write(t, c, "new")
	w.until(c)
	if got := w.Polled(); !slices.Equal(got, []string{link, a}) {
		t.Errorf("polled: %q", got)
	}
	select { // still nothing of it
	case <-inner.answer:
	default:
	}
	close(inner.answer)
	write(t, a, "something new")
	w.until(a, link)
}

func BenchmarkStat(b *testing.B) {
	file := filepath.Join(b.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		b.Fatal(err)
	}
	for name, roots := range map[string][]string{"no network": nil, "network": {"/network"}} {
		files := newPatientFiles(unguarded, &mounts{list: func() []string { return roots }})
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, _ = files.Stat(file)
			}
		})
	}
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			_, _ = os.Stat(file)
		}
	})
}
