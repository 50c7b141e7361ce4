package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// tapeTemp is what every directory for temporary files is called on a tape.
const tapeTemp = "gophantom-temporary"

// Record judges the problems of a snapshot anew, with unseen also what gopls does
// not show, and keeps what was asked and what was answered. hide conceals the
// credentials in a text, which may be the value of a variable. The tape is nil
// where it would not lead to the same verdicts.
func Record(ctx context.Context, w *world.World, s *model.Snapshot, unseen bool, hide func(name, text string) string, redacted func(*model.Snapshot) *model.Snapshot) ([]model.Verdict, *model.Tape) {
	r := &recorder{Files: w.Files, exec: w.Exec, s: s, hide: hide, files: map[string]*model.TapeFile{}}
	recorded := *w
	recorded.Files, recorded.Exec = r, recordedExec{r}
	verdicts := judgeStill(ctx, &recorded, s, unseen)
	tape := r.tape()
	tape.Unseen = unseen
	if ctx.Err() != nil || r.odd || !sameVerdicts(verdicts, Replay(ctx, redacted(s), tape, hide)) {
		return verdicts, nil
	}
	return verdicts, tape
}

// Replay judges the problems of a captured snapshot by what a tape holds. What is
// not on it cannot be decided.
func Replay(ctx context.Context, s *model.Snapshot, tape *model.Tape, hide func(name, text string) string) []model.Verdict {
	return judgeStill(ctx, Played(s, tape, hide), s, tape.Unseen)
}

// judgeStill judges in a world that does not change while it is asked.
func judgeStill(ctx context.Context, w *world.World, s *model.Snapshot, unseen bool) []model.Verdict {
	m := &Memory{still: true, runs: map[string]run{}}
	verdicts := Judge(ctx, w, s, m)
	if unseen {
		verdicts = append(verdicts, StaleGreens(ctx, w, s, m, true)...)
	}
	return verdicts
}

// Played is the machine of a captured snapshot, as far as a tape tells of it. Only
// what a verdict needs can be asked of it.
func Played(s *model.Snapshot, tape *model.Tape, hide func(name, text string) string) *world.World {
	p := &player{hide: hide, files: map[string]model.TapeFile{}, runs: map[string]model.TapeRun{}}
	for _, f := range tape.Files {
		p.files[f.Path] = f
	}
	for _, r := range tape.Runs {
		p.runs[runKey(r)] = r
	}
	return &world.World{Files: p, Exec: playedExec{p: p}, Clock: frozen{s.Taken}, GOOS: s.GOOS}
}

// sameVerdicts compares what verdicts say, not how long it took to find out.
func sameVerdicts(a, b []model.Verdict) bool {
	guilty := func(v model.Verdict) (names []string) {
		for _, g := range v.Guilty {
			names = append(names, g.Variable)
		}
		return names
	}
	return slices.EqualFunc(a, b, func(a, b model.Verdict) bool {
		return a.Kind == b.Kind && a.Cause == b.Cause && slices.Equal(guilty(a), guilty(b))
	})
}

// recorder hands everything through and keeps it.
type recorder struct {
	world.Files
	exec world.Exec
	s    *model.Snapshot
	hide func(name, text string) string

	mu    sync.Mutex
	temps []string
	files map[string]*model.TapeFile
	runs  []model.TapeRun
	odd   bool // what was recorded contradicts itself
}

// plain is a text without credentials and names of temporary directories.
func (r *recorder) plain(name, text string) string {
	for _, dir := range r.temps {
		text = strings.ReplaceAll(text, dir, tapeTemp)
	}
	return r.hide(name, text)
}

func (r *recorder) file(name string, fill func(*model.TapeFile)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name = r.plain("", name)
	f := r.files[name]
	if f == nil {
		f = &model.TapeFile{Path: name}
		r.files[name] = f
	}
	fill(f)
}

func (r *recorder) Stat(name string) (fs.FileInfo, error) {
	info, err := r.Files.Stat(name)
	r.file(name, func(f *model.TapeFile) {
		if f.Missing = err != nil; !f.Missing {
			f.Dir, f.Mode, f.Size, f.Written = info.IsDir(), uint32(info.Mode()), info.Size(), info.ModTime()
		}
	})
	return info, err
}

func (r *recorder) ReadFile(name string) ([]byte, error) {
	data, err := r.Files.ReadFile(name)
	r.file(name, func(f *model.TapeFile) {
		text := r.plain("", r.shortened(name, data))
		r.odd = r.odd || f.Read && f.Content != text
		if f.Missing = err != nil; !f.Missing {
			f.Read, f.Content = true, text
		}
	})
	return data, err
}

// shortened is what a verdict reads of a source: all up to the imports, and the
// lines of problems. The others are empty.
func (r *recorder) shortened(name string, data []byte) string {
	if filepath.Ext(name) != ".go" {
		return string(data)
	}
	set := token.NewFileSet()
	last := 0
	if parsed, err := parser.ParseFile(set, name, data, parser.ImportsOnly); err == nil {
		last = set.Position(parsed.Name.End()).Line
		for _, d := range parsed.Decls {
			last = max(last, set.Position(d.End()).Line)
		}
	}
	lines := strings.Split(string(data), "\n")
	for i := range lines {
		ofProblem := slices.ContainsFunc(r.s.Problems, func(p model.Problem) bool { return p.File == name && p.Range.Start.Line == i })
		if i >= last && !ofProblem {
			lines[i] = ""
		}
	}
	return strings.Join(lines, "\n")
}

func (r *recorder) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := r.Files.ReadDir(name)
	r.file(name, func(f *model.TapeFile) {
		if f.Missing = err != nil; f.Missing {
			return
		}
		f.Dir, f.Listed, f.Entries = true, true, nil
		for _, e := range entries {
			f.Entries = append(f.Entries, model.TapeEntry{Base: r.plain("", e.Name()), Dir: e.IsDir()})
		}
	})
	return entries, err
}

func (r *recorder) EvalSymlinks(name string) (string, error) {
	real, err := r.Files.EvalSymlinks(name)
	r.file(name, func(f *model.TapeFile) {
		if err == nil {
			f.Real = r.plain("", real)
		}
	})
	return real, err
}

func (r *recorder) MkdirTemp(pattern string) (string, error) {
	dir, err := r.Files.MkdirTemp(pattern)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		r.temps = append(r.temps, dir)
	}
	return dir, err
}

func (r *recorder) tape() *model.Tape {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := &model.Tape{Runs: r.runs}
	for _, name := range slices.Sorted(maps.Keys(r.files)) {
		t.Files = append(t.Files, *r.files[name])
	}
	slices.SortStableFunc(t.Runs, func(a, b model.TapeRun) int { return strings.Compare(runKey(a), runKey(b)) })
	return t
}

type recordedExec struct{ r *recorder }

func (e recordedExec) Start(ctx context.Context, c world.Command) (world.Child, error) {
	return e.r.exec.Start(ctx, c)
}

func (e recordedExec) Run(ctx context.Context, c world.Command) (world.Result, error) {
	res, err := e.r.exec.Run(ctx, c)
	e.r.mu.Lock()
	defer e.r.mu.Unlock()
	run := taped(c, e.r.plain)
	run.Stderr, run.Code, run.Millis = e.r.plain("", string(res.Stderr)), res.Code, res.Elapsed.Milliseconds()
	switch {
	case err != nil:
		run.Failed = true
		run.TimedOut = strings.Contains(err.Error(), world.ErrTimeout.Error())
	case res.Truncated:
		e.r.odd = true
	}
	for dec := json.NewDecoder(bytes.NewReader(res.Stdout)); dec.More(); {
		var p model.Listed
		if dec.Decode(&p) != nil {
			e.r.odd = true
			break
		}
		if p.Standard && p.DepOnly && p.Error == nil && !p.Incomplete {
			p = model.Listed{ImportPath: p.ImportPath, Dir: p.Dir, ForTest: p.ForTest, Standard: true, DepOnly: true, DepsErrors: p.DepsErrors}
		}
		run.Packages = append(run.Packages, e.r.listed(p))
	}
	e.r.runs = append(e.r.runs, run)
	return res, err
}

// listed is a package without credentials and names of temporary directories.
func (r *recorder) listed(p model.Listed) model.Listed {
	text := func(s *string) { *s = r.plain("", *s) }
	texts := func(all []string) {
		for i := range all {
			text(&all[i])
		}
	}
	text(&p.ImportPath)
	text(&p.Dir)
	text(&p.ForTest)
	for _, e := range append(slices.Clone(p.DepsErrors), p.Error) {
		if e != nil {
			text(&e.Pos)
			text(&e.Err)
			texts(e.ImportStack)
		}
	}
	if m := p.Module; m != nil {
		text(&m.Path)
		text(&m.Version)
		text(&m.Dir)
	}
	for _, files := range [][]string{p.GoFiles, p.CgoFiles, p.TestGoFiles, p.XTestGoFiles, p.InvalidGoFiles, p.IgnoredGoFiles} {
		texts(files)
	}
	return p
}

// taped is a command as a tape names it.
func taped(c world.Command, plain func(name, text string) string) model.TapeRun {
	out := model.TapeRun{Dir: plain("", c.Dir)}
	for _, arg := range c.Args {
		out.Args = append(out.Args, plain("", arg))
	}
	for _, entry := range c.Env {
		name, value, _ := strings.Cut(entry, "=")
		out.Env = append(out.Env, model.TapeVariable{Name: name, Value: plain(name, value)})
	}
	slices.SortFunc(out.Env, func(a, b model.TapeVariable) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// runKey is the same for runs that are the same question.
func runKey(r model.TapeRun) string { return fmt.Sprintf("%q\x00%q\x00%q", r.Dir, r.Args, r.Env) }

// player answers from a tape. It changes nothing, and asks nobody.
type player struct {
	world.Files // nil: what is not on the tape must not be asked
	hide        func(name, text string) string
	files       map[string]model.TapeFile
	runs        map[string]model.TapeRun
}

func (p *player) look(op, name string, told func(model.TapeFile) bool) (model.TapeFile, error) {
	f, ok := p.files[p.hide("", name)]
	if !ok || f.Missing || !told(f) {
		return f, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return f, nil
}

func (p *player) Stat(name string) (fs.FileInfo, error) {
	f, err := p.look("stat", name, func(f model.TapeFile) bool { return f.Mode != 0 || f.Dir })
	if err != nil {
		return nil, err
	}
	return tapeInfo{f}, nil
}

func (p *player) ReadFile(name string) ([]byte, error) {
	f, err := p.look("read", name, func(f model.TapeFile) bool { return f.Read })
	return []byte(f.Content), err
}

func (p *player) ReadDir(name string) ([]fs.DirEntry, error) {
	f, err := p.look("read", name, func(f model.TapeFile) bool { return f.Listed })
	if err != nil {
		return nil, err
	}
	var out []fs.DirEntry
	for _, e := range f.Entries {
		below := model.TapeFile{Path: e.Base, Dir: e.Dir, Mode: uint32(fs.FileMode(0o644))}
		out = append(out, fs.FileInfoToDirEntry(tapeInfo{below}))
	}
	return out, nil
}

func (p *player) EvalSymlinks(name string) (string, error) {
	f, err := p.look("eval", name, func(f model.TapeFile) bool { return f.Real != "" })
	return f.Real, err
}

func (p *player) MkdirTemp(string) (string, error) { return tapeTemp, nil }
func (p *player) WriteTemp(string, []byte) error   { return nil }
func (p *player) RemoveTemp(string) error          { return nil }
func (p *player) Writable(string) error            { return fs.ErrPermission }

type playedExec struct {
	world.Exec
	p *player
}

func (e playedExec) Run(_ context.Context, c world.Command) (world.Result, error) {
	r, ok := e.p.runs[runKey(taped(c, e.p.hide))]
	switch {
	case !ok, r.Failed && !r.TimedOut:
		return world.Result{}, world.ErrNotFound
	case r.TimedOut:
		return world.Result{}, world.ErrTimeout
	}
	var out bytes.Buffer
	for _, p := range r.Packages {
		line, err := json.Marshal(p)
		if err != nil {
			return world.Result{}, err
		}
		out.Write(line)
	}
	return world.Result{Stdout: out.Bytes(), Stderr: []byte(r.Stderr), Code: r.Code, Elapsed: time.Duration(r.Millis) * time.Millisecond}, nil
}

// tapeInfo is a file of a tape.
type tapeInfo struct{ f model.TapeFile }

func (i tapeInfo) Name() string       { return filepath.Base(i.f.Path) }
func (i tapeInfo) Size() int64        { return i.f.Size }
func (i tapeInfo) ModTime() time.Time { return i.f.Written }
func (i tapeInfo) IsDir() bool        { return i.f.Dir }
func (i tapeInfo) Sys() any           { return nil }
func (i tapeInfo) Mode() fs.FileMode {
	if mode := fs.FileMode(i.f.Mode); mode != 0 || !i.f.Dir {
		return mode
	}
	return fs.ModeDir
}

// frozen is a clock that stands.
type frozen struct{ at time.Time }

func (c frozen) Now() time.Time                       { return c.at }
func (c frozen) After(time.Duration) <-chan time.Time { return make(chan time.Time) }
