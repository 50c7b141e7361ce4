package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// Memory keeps answers of ground truth from one judgement to the next, for as
// long as nothing changed that they depend on. It may be used by several
// goroutines. The zero value is empty.
type Memory struct {
	mu    sync.Mutex
	stamp string         // of the world that the answers are about
	runs  map[string]run // by question
	still bool           // the world is a recording, or being recorded: it stays what it is
}

// at forgets everything if the world is not what it was. An empty stamp is of
// a world that is too large to tell.
func (m *Memory) at(stamp string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if stamp == "" || stamp != m.stamp || m.runs == nil {
		m.stamp, m.runs = stamp, map[string]run{}
	}
}

func (m *Memory) empty() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.runs) == 0
}

func (m *Memory) get(key string) (run, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.runs[key]
	return r, ok
}

// put remembers an answer. One that go did not give in time is not kept for
// long: whatever held it up may be gone.
func (m *Memory) put(key string, r run) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.runs != nil {
		m.runs[key] = r
	}
}

// stampFiles is how many files a stamp covers; with more of them, nothing is
// remembered.
const stampFiles = 20_000

// stamp changes with everything that answers of go about the workspace depend
// on: the content of module files, size and time of sources and of what
// replaces modules, what is missing in module caches, and files of go itself;
// and the values that the picture has from the files of go env, for one that was
// written since says something else.
func stamp(w *world.World, s *model.Snapshot) string {
	h := sha256.New()
	left := stampFiles
	stat := func(file string) {
		if info, err := w.Files.Stat(file); err == nil {
			fmt.Fprintf(h, "%s\x00%d\x00%d\x00", file, info.Size(), info.ModTime().UnixNano())
		}
	}
	content := func(file string) {
		data, err := w.Files.ReadFile(file)
		fmt.Fprintf(h, "%s\x00%t\x00%d\x00", file, err == nil, len(data))
		_, _ = h.Write(data) // a hash takes everything
	}
	seen := map[string]bool{}
	var walk func(dir string)
	walk = func(dir string) {
		if seen[dir] || left < 0 {
			return
		}
		seen[dir] = true
		entries, err := w.Files.ReadDir(dir)
		if err != nil {
			return
		}
		fmt.Fprintf(h, "%s\x00%d\x00", dir, len(entries))
		for _, e := range entries {
			name, path := e.Name(), filepath.Join(dir, e.Name())
			switch left--; {
			case left < 0:
				return
			case e.IsDir() && name != ".git" && name != "node_modules":
				if _, err := w.Files.Stat(filepath.Join(path, "go.mod")); err != nil { // another module is its own
					walk(path)
				}
			case e.IsDir():
			case name == "go.mod" || name == "go.sum" || name == "modules.txt":
				content(path)
			default:
				stat(path)
			}
		}
	}
	dirs := []string{s.Dir}
	j := newJudge(w, s, nil)
	roots := map[string]bool{}
	for _, p := range s.Problems {
		dir := filepath.Dir(p.File)
		dirs = append(dirs, dir)
		if root := j.rootOf(dir); !roots[root] {
			roots[root] = true
			tied, work := j.tied(root)
			if dirs = append(append(dirs, root), tied...); work != "" {
				content(work)
				content(work + ".sum")
			}
		}
	}
	for _, m := range s.Modules {
		dirs = append(dirs, filepath.Dir(m.File))
		dirs = append(dirs, localReplacements(m.File, m.Replaces)...)
	}
	if s.Work != nil {
		content(s.Work.File)
		content(s.Work.File + ".sum")
		dirs = append(dirs, localReplacements(s.Work.File, s.Work.Replaces)...)
		for _, u := range s.Work.Uses {
			dirs = append(dirs, u.Dir)
		}
	}
	slices.Sort(dirs)
	for _, dir := range slices.Compact(dirs) {
		walk(dir)
	}
	if left < 0 {
		return ""
	}
	for _, env := range s.Envs {
		for _, l := range env.Layers {
			if l.File != "" && strings.HasSuffix(l.File, "env") { // the GOENV file and go.env
				content(l.File)
				for _, name := range slices.Sorted(maps.Keys(l.Vars)) {
					fmt.Fprintf(h, "%s\x00%s\x00", name, l.Vars[name].Value.Reveal())
				}
			}
		}
		missing, _ := s.Missing(env)
		fmt.Fprintf(h, "%s\x00%q\x00", env.Name, missing)
	}
	for _, t := range s.Toolchain {
		fmt.Fprintf(h, "%s\x00%s\x00%s\x00", t.Env, t.Go, t.Version)
		stat(t.Go)
		stat(filepath.Join(t.GOROOT, "VERSION"))
	}
	for _, file := range slices.Sorted(maps.Keys(s.Overlays)) {
		_, _ = io.WriteString(h, file+"\x00"+s.Overlays[file]+"\x00")
	}
	return hex.EncodeToString(h.Sum(nil))
}
