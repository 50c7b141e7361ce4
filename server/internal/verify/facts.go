package verify

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

const (
	// factModules is how many main modules are listed, the nearest first.
	factModules = 8
	// factTexts is how many texts of one run are kept.
	factTexts = 100
)

// FactMemory remembers what go said, as long as nothing changed that it
// depends on. It may be used by several goroutines. The zero value is empty.
type FactMemory struct {
	mu    sync.Mutex
	said  map[string][]model.Said // by what the answer depends on
	order []string                // the keys, the oldest first

	took float64 // milliseconds of the last run in the shell's environment that nobody asked for yet; 0 if there is none

	questions map[*model.Snapshot][]factQuestion // of the newest snapshots: what they call for takes reading files
}

// Took returns how long go list took in the user's shell, in milliseconds, when
// it was run last, and forgets it; 0 if it was not run since.
func (m *FactMemory) Took() float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	took := m.took
	m.took = 0
	return took
}

// asks are the runs that a snapshot calls for.
func (m *FactMemory) asks(w *world.World, s *model.Snapshot) []factQuestion {
	m.mu.Lock()
	known, ok := m.questions[s]
	m.mu.Unlock()
	if ok {
		return known
	}
	found := factQuestions(w, s)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.questions == nil || len(m.questions) == questioned {
		m.questions = map[*model.Snapshot][]factQuestion{}
	}
	m.questions[s] = found
	return found
}

// remembered is how many answers are kept: of the modules of a few folders in
// two environments each.
const remembered = 64

// questioned is for how many snapshots the questions are kept.
const questioned = 8

func (m *FactMemory) get(key string) ([]model.Said, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	said, ok := m.said[key]
	return said, ok
}

func (m *FactMemory) put(key string, said []model.Said) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.said == nil {
		m.said = map[string][]model.Said{}
	}
	if _, known := m.said[key]; !known {
		m.order = append(m.order, key)
	}
	m.said[key] = said
	if len(m.order) > remembered {
		delete(m.said, m.order[0])
		m.order = slices.Delete(m.order, 0, 1)
	}
}

// Facts lists the packages of the main modules as the user's shell does, and
// as gopls does where that can make a difference, and returns what go says
// about them. Nothing is downloaded or written. What go says only because we
// forbid it to download is left out, and so is what it could not tell in ten
// seconds. It returns nil in a workspace that is not trusted. A nil memory
// remembers nothing.
func Facts(ctx context.Context, w *world.World, s *model.Snapshot, m *FactMemory) []model.Said {
	if m == nil {
		m = &FactMemory{}
	}
	limited, cancel := context.WithTimeout(ctx, runTimeout)
	defer cancel()
	asks := m.asks(w, s)
	answers := make([][]model.Said, len(asks))
	var wg sync.WaitGroup
	slots := make(chan struct{}, 2) // go list uses every core by itself
	for i, a := range asks {
		if said, ok := m.get(a.key); ok {
			answers[i] = said
			continue
		}
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			r := newJudge(w, s, nil).ask(limited, a.env, question{mode: facts, root: a.dir(), dirs: a.dirs})
			if r.failed == "" {
				answers[i] = a.said(r)
				if a.env.Name == model.EnvShell && a.near {
					m.mu.Lock()
					m.took = float64(r.millis)
					m.mu.Unlock()
				}
			}
			if ctx.Err() == nil { // what takes too long once does so again
				m.put(a.key, answers[i])
			}
		})
	}
	wg.Wait()
	return slices.Concat(answers...)
}

// KnownFacts returns what Facts would, as far as it can without running
// anything. pending tells what has to be run for the rest, the same for the same
// rest; "" if that is all.
func KnownFacts(w *world.World, s *model.Snapshot, m *FactMemory) (said []model.Said, pending string) {
	for _, a := range m.asks(w, s) {
		known, ok := m.get(a.key)
		said = append(said, known...)
		if !ok {
			pending += a.key
		}
	}
	return said, pending
}

// factQuestion is one run of go list.
type factQuestion struct {
	dirs []string // of the modules, see together
	env  model.Env
	key  string
	near bool // the first of them is the nearest module of all
}

func (a factQuestion) dir() string { return a.dirs[0] }

// factQuestions are the runs that a snapshot calls for.
func factQuestions(w *world.World, s *model.Snapshot) (out []factQuestion) {
	if !s.Trusted {
		return nil
	}
	var envs []model.Env
	if shell, ok := s.Env(model.EnvShell); ok && shell.Complete {
		envs = append(envs, shell)
	}
	if gopls, ok := s.Env(model.EnvGopls); ok && gopls.Complete && (len(envs) == 0 || differ(s, envs[0], gopls)) {
		envs = append(envs, gopls)
	}
	j := newJudge(w, s, nil)
	around := surroundings(w, s)
	for _, env := range envs {
		for i, dirs := range j.together(env) {
			key := around
			for _, dir := range dirs {
				key += j.factKey(dir, env)
			}
			out = append(out, factQuestion{dirs, env, key, i == 0})
		}
	}
	return out
}

// together are the directories of the main modules that go is asked about, the
// nearest first, in groups that one run of go loads: those of a workspace, which
// go would otherwise load anew for each, are one group.
func (j *judge) together(env model.Env) (out [][]string) {
	used := map[string]bool{}
	if j.s.Work != nil {
		for _, u := range j.s.Work.Uses {
			used[filepath.Clean(u.Dir)] = true
		}
	}
	workspace := -1
	for _, m := range j.s.Modules[:min(len(j.s.Modules), factModules)] {
		dir := filepath.Dir(m.File)
		switch inWork := used[dir] && j.workFile(env, dir) == j.s.Work.File; {
		case inWork && workspace >= 0:
			out[workspace] = append(out[workspace], dir)
		case inWork:
			workspace = len(out)
			fallthrough
		default:
			out = append(out, []string{dir})
		}
	}
	return out
}

// differ reports whether go list may answer otherwise in the two environments.
func differ(s *model.Snapshot, a, b model.Env) bool {
	for _, name := range bisected {
		if name != "PATH" && a.Lookup(name).Value != b.Lookup(name).Value {
			return true
		}
	}
	x, _ := s.ToolchainOf(a.Name)
	y, _ := s.ToolchainOf(b.Name)
	return x.Go != y.Go || x.Version != y.Version || x.Tool("cc").Path != y.Tool("cc").Path
}

// surroundings changes with what the answers for all modules depend on: the
// other modules of a workspace, the directories of replacements, and whether
// what settings name is there and writable.
func surroundings(w *world.World, s *model.Snapshot) string {
	h := sha256.New()
	stat := func(file string) {
		if info, err := w.Files.Stat(file); err == nil {
			fmt.Fprintf(h, "%s\x00%d\x00%d\x00", file, info.Size(), info.ModTime().UnixNano())
		}
	}
	replaced := func(from string, replaces []model.Replace) {
		for _, r := range replaces {
			if dir := r.Dir(from); dir != "" {
				stat(filepath.Join(dir, "go.mod"))
			}
		}
	}
	for _, m := range s.Modules {
		if s.Work != nil {
			stat(m.File)
			stat(filepath.Join(filepath.Dir(m.File), "go.sum"))
		}
		replaced(m.File, m.Replaces)
	}
	if s.Work != nil {
		replaced(s.Work.File, s.Work.Replaces)
	}
	for _, path := range slices.Sorted(maps.Keys(s.Places)) {
		fmt.Fprintf(h, "%+v\x00", s.Places[path])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// factKey changes with everything that the answer for one module depends on
// beside its surroundings, but for what packages import: what gopls complains
// of stands for that.
func (j *judge) factKey(dir string, env model.Env) string {
	h := sha256.New()
	files := []string{filepath.Join(dir, "go.mod"), filepath.Join(dir, "go.sum"), filepath.Join(dir, "vendor", "modules.txt")}
	if work := j.workFile(env, dir); work != "" {
		files = append(files, work, work+".sum", filepath.Join(filepath.Dir(work), "vendor", "modules.txt"))
	}
	for _, layer := range env.Layers {
		if layer.File != "" {
			files = append(files, layer.File)
		}
	}
	for _, file := range files {
		data, err := j.w.Files.ReadFile(file)
		fmt.Fprintf(h, "%s\x00%t\x00%d\x00", file, err == nil, len(data))
		_, _ = h.Write(data) // a hash takes everything
	}
	_, _ = io.WriteString(h, string(env.Name)+"\x00"+fingerprint(dir, env))
	missing, _ := j.s.Missing(env)
	fmt.Fprintf(h, "\x00%q\x00", missing)
	if t, ok := j.s.ToolchainOf(env.Name); ok {
		fmt.Fprintf(h, "%s\x00%s\x00", t.Go, t.Version)
	}
	for _, p := range j.s.Problems {
		if path, ok := ImportOf(p); ok {
			fmt.Fprintf(h, "%s\x00%s\x00", p.File, path)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// said is what a run says that the user's own environment would make go say.
func (a factQuestion) said(r run) (out []model.Said) {
	ours := a.ours()
	seen := map[string]bool{}
	add := func(text, pkg, dir, pos string) {
		text = strings.TrimSpace(text)
		forbidden := slices.ContainsFunc(ours, func(t string) bool { return strings.Contains(text, t) })
		if text == "" || forbidden || seen[pos+"\x00"+text] || len(out) == factTexts {
			return
		}
		seen[pos+"\x00"+text] = true
		at := location(a.dir(), pos)
		if root := a.moduleOf(dir); at == nil && !(a.near && root == a.dir()) { // who hears it takes it for the nearest module's else
			at = &model.Location{File: filepath.Join(root, "go.mod")}
		}
		out = append(out, model.Said{
			Env: a.env.Name, Command: "go list ./...", Package: pkg, Location: at, Text: model.NewValue(text),
		})
	}
	// What go was about to download, it was not allowed to.
	add(downloading.ReplaceAllString(r.stderr, ""), "", "", "")
	for _, p := range r.asked {
		for _, e := range append(slices.Clone(p.DepsErrors), p.Error) {
			if e == nil {
				continue
			}
			pkg := p.ImportPath
			if n := len(e.ImportStack); n > 0 {
				pkg = e.ImportStack[n-1]
			}
			add(e.Err, pkg, p.Dir, e.Pos)
		}
	}
	return out
}

// moduleOf is the directory of the module that a package's belongs to; the first
// one's where that cannot be told.
func (a factQuestion) moduleOf(dir string) string {
	root := ""
	for _, d := range a.dirs {
		if len(d) > len(root) && below(d, dir) {
			root = d
		}
	}
	return cmp.Or(root, a.dir())
}

var downloading = regexp.MustCompile(`(?m)^go: downloading .*\n?`)

// ours are the texts that go prints because of what we forbid it and the user
// does not.
func (a factQuestion) ours() (out []string) {
	if strings.TrimSpace(a.env.Lookup("GOPROXY").Value.Reveal()) != "off" {
		out = append(out, disabled, noToolchain)
	}
	if a.env.Lookup("GOSUMDB").Value.Reveal() != "off" {
		out = append(out, "disabled by GOSUMDB=off")
	}
	return append(out, "GOVCS disallows")
}

// location is where a position of go list points to; nil if it says nothing.
func location(dir, pos string) *model.Location {
	parts := strings.Split(pos, ":")
	n := len(parts)
	if n < 3 {
		return nil
	}
	line, err := strconv.Atoi(parts[n-2])
	column, err2 := strconv.Atoi(parts[n-1])
	if err != nil || err2 != nil || line < 1 || column < 1 {
		return nil
	}
	file := strings.Join(parts[:n-2], ":")
	if !filepath.IsAbs(file) {
		file = filepath.Join(dir, file)
	}
	at := model.Position{Line: line - 1, Character: column - 1}
	return &model.Location{File: file, Range: model.Range{Start: at, End: at}}
}
