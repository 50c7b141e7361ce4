package engine

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/gophantom/gophantom/server/internal/baseline"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world"
)

// baselines keeps what workspaces looked like when everything was green: a
// private file for each folder, below the user's cache directory. It holds what
// package report would show of values, and keyed hashes of them.
type baselines struct {
	w    *world.World
	read *readBaselines // nil to read the file every time
}

// readBaselines are the baselines that were read, or written by us, by their
// file, as long as the file is the same by size and time.
type readBaselines struct {
	mu     sync.Mutex
	byFile map[string]readBaseline
}

type readBaseline struct {
	size int64
	at   time.Time
	is   baseline.Baseline // shared: whoever changes it changes a copy
	raw  []byte
}

func (r *readBaselines) get(file string, info fs.FileInfo) (b readBaseline, ok bool) {
	if r == nil {
		return b, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	b, ok = r.byFile[file]
	return b, ok && b.size == info.Size() && b.at.Equal(info.ModTime())
}

// put remembers what is in a file that was looked at before it was read; nil
// forgets it.
func (r *readBaselines) put(file string, info fs.FileInfo, is baseline.Baseline, raw []byte) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byFile == nil {
		r.byFile = map[string]readBaseline{}
	}
	if delete(r.byFile, file); info != nil && info.Size() == int64(len(raw)) {
		r.byFile[file] = readBaseline{info.Size(), info.ModTime(), is, raw}
	}
}

// maxBaseline is how long a baseline may be, in bytes.
const maxBaseline = 16 << 20

var errNoBaseline = errors.New("there is no baseline of this workspace: one is kept when everything is green, and by “gophantom baseline save”")

func (b baselines) file(dir string) (string, error) {
	cache := b.w.CacheDir()
	if cache == "" {
		return "", errors.New("there is no cache directory to keep a baseline in (HOME is not set)")
	}
	return filepath.Join(cache, "gophantom", "baseline", cacheName(filepath.Clean(dir))+".json"), nil
}

// of returns the baseline of a folder and the bytes it is written in.
// errNoBaseline means that there is none; other errors say in a sentence why it
// cannot be used.
func (b baselines) of(dir string) (found baseline.Baseline, raw []byte, err error) {
	file, err := b.file(dir)
	if err != nil {
		return found, nil, err
	}
	info, err := b.w.Files.Stat(file)
	if err == nil {
		if known, ok := b.read.get(file, info); ok {
			return known.is, known.raw, nil
		}
		raw, err = b.w.Files.ReadFile(file)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return found, nil, errNoBaseline
	case err != nil:
		return found, nil, errors.New("the baseline of this workspace cannot be read")
	}
	var form struct{ Version int }
	switch {
	case len(raw) > maxBaseline, json.Unmarshal(raw, &form) != nil, form.Version == baseline.Version && json.Unmarshal(raw, &found) != nil:
		return baseline.Baseline{}, raw, errors.New("the baseline of this workspace is damaged; “gophantom baseline save” makes a new one")
	case form.Version != baseline.Version:
		return baseline.Baseline{}, raw, fmt.Errorf("the baseline of this workspace has version %d, and this Gophantom knows %d; use the newer one, or “gophantom baseline save”", form.Version, baseline.Version)
	}
	b.read.put(file, info, found, raw)
	return found, raw, nil
}

func (b baselines) write(dir string, raw []byte, kept baseline.Baseline) error {
	file, err := b.file(dir)
	if err != nil {
		return err
	}
	data, err := json.Marshal(kept)
	switch {
	case err != nil:
	case raw == nil:
		err = b.w.Files.CreatePrivate(file, data)
	default:
		err = b.w.Files.ReplaceFile(file, raw, data)
	}
	b.read.put(file, nil, kept, nil)
	if errors.Is(err, world.ErrChanged) || errors.Is(err, fs.ErrExist) {
		return nil // another of our processes was faster, with the same workspace
	}
	return err
}

// keep makes a snapshot the baseline of its folder if it differs from it.
// Costs that are known stay known.
func (b baselines) keep(s *model.Snapshot, costs map[string]float64) error {
	known, raw, err := b.of(s.Dir)
	kept := known // as good as new where nothing changed, and its age tells since when
	if same := err == nil && len(known.Diff(s)) == 0; !same {
		kept = baseline.Take(s, rand.Text(), showFact)
	} else if known.Lacks(s) {
		kept = baseline.Take(s, rand.Text(), showFact)
		kept.Taken = known.Taken
	} else if len(costs) == 0 {
		return nil
	}
	kept.Costs = known.Costs
	addCosts(&kept, s.Taken, costs)
	return b.write(s.Dir, raw, kept)
}

// note adds costs to the baseline of a folder, which may be red now.
func (b baselines) note(s *model.Snapshot, costs map[string]float64) error {
	known, raw, err := b.of(s.Dir)
	if err != nil || len(costs) == 0 {
		return nil // without a baseline nothing is usual
	}
	addCosts(&known, s.Taken, costs)
	return b.write(s.Dir, raw, known)
}

func addCosts(b *baseline.Baseline, at time.Time, costs map[string]float64) {
	if b.Costs = maps.Clone(b.Costs); b.Costs == nil {
		b.Costs = map[string]baseline.Costs{}
	}
	for what, millis := range costs {
		c := baseline.Costs{Samples: slices.Clone(b.Costs[what].Samples)}
		c.Add(baseline.Sample{At: at, Millis: millis})
		b.Costs[what] = c
	}
}

func showFact(variable string, v model.Value) string {
	if variable != "" {
		return report.ShowVariable(variable, v)
	}
	return report.Show(v)
}

// costs are what the runs of go behind the verdicts took, in milliseconds: the
// median of each kind.
func (a Assessment) costs() map[string]float64 {
	var runs []float64
	for _, v := range a.Verdicts {
		for _, e := range v.Evidence {
			if e.Env == model.EnvShell && e.Millis > 0 {
				runs = append(runs, float64(e.Millis))
			}
		}
	}
	if len(runs) == 0 {
		return nil
	}
	slices.Sort(runs)
	return map[string]float64{model.CostGoList: runs[len(runs)/2]}
}

// green reports whether everything that was looked at is in order, with an
// answer for all of it.
func (a Assessment) green() bool {
	shell, ok := a.Snapshot.Env(model.EnvShell)
	return ok && shell.Complete && a.health() == "ok" && a.Snapshot.Trusted && len(a.Snapshot.Modules) > 0 && len(a.Snapshot.Dirty) == 0 &&
		!slices.ContainsFunc(a.Verdicts, func(v model.Verdict) bool { return v.Kind != model.NotBuild })
}

// keepBaseline keeps the baseline of each folder that is green, and what go took. A
// baseline that cannot be kept costs nobody anything: the next one can, or
// whoever asks for it is told.
func (l *Loop) keepBaseline(v survey) {
	b := baselines{l.w, &l.baselines}
	took := l.listing.memory.Took()
	for i, a := range v {
		green := a.green() && len(a.Snapshot.Gopls) > 0
		if _, _, err := b.of(a.Snapshot.Dir); err != nil && !green {
			continue // what was measured is told once, and there is no place for it yet
		}
		costs := a.costs()
		if costs == nil {
			costs = map[string]float64{}
		}
		if i == 0 && took > 0 {
			costs[model.CostGoList] = took
		}
		if millis, ok := l.shellTook(a.Snapshot.Dir); ok {
			costs[model.CostShell] = millis
		}
		if millis, ok := l.loadTook(a.Snapshot.Dir); ok {
			costs[model.CostGoplsLoad] = millis
		}
		if green {
			_ = b.keep(a.Snapshot, costs)
		} else {
			_ = b.note(a.Snapshot, costs)
		}
	}
}

// SaveBaseline makes a snapshot the baseline of its folder, whatever its health.
func SaveBaseline(w *world.World, s *model.Snapshot) error {
	b := baselines{w: w}
	_, raw, _ := b.of(s.Dir) // what cannot be used is replaced
	return b.write(s.Dir, raw, baseline.Take(s, rand.Text(), showFact))
}

// Changes judges a snapshot and says what changed since its folder was green,
// the change that explains today's trouble first. The error is a sentence.
func Changes(ctx context.Context, w *world.World, s *model.Snapshot) (report.Changes, error) {
	return Check(ctx, w, s, Truth{Shell: true}).sinceGreen(w)
}

func (a Assessment) sinceGreen(w *world.World) (report.Changes, error) {
	a = a.recalled(w)
	b, _, err := baselines{w, a.read}.of(a.Snapshot.Dir)
	if err != nil {
		return report.Changes{}, err
	}
	out := report.Changes{
		Schema: report.ChangesSchema, Dir: a.Snapshot.Dir, Since: b.Taken.UTC().Format(time.RFC3339), Health: a.health(),
		Changes: []report.Changed{}, Slower: []report.Slower{}, Problems: []report.Problem{}, Unknown: append([]report.Unknown{}, a.Unknown...),
	}
	for _, v := range a.Verdicts {
		if v.Kind == model.Real {
			out.Health = "error" // go fails, which is no matter of the environment perhaps, but not green
		}
		out.Problems = append(out.Problems, a.problem(w, v))
	}
	trouble := a.trouble(b, a.candidates(b), "")
	out.Changes = append(out.Changes, a.publicRanks(w, baseline.Rank(b.Diff(a.Snapshot), trouble), trouble)...)
	for what, c := range b.Costs {
		if s, slowed := c.Slowed(); slowed {
			out.Slower = append(out.Slower, report.Slower{What: what, Was: s.Was, Is: s.Is, Since: s.Since.UTC().Format(time.RFC3339)})
		}
	}
	return out, nil
}

// publicRanks are ranks, safe to show, with when things were seen to change and,
// where it is not known, when the file was written that they are in.
func (a Assessment) publicRanks(w *world.World, ranked []baseline.Ranked, t baseline.Trouble) (out []report.Changed) {
	for _, r := range ranked {
		variable := ""
		if r.Kind == baseline.Variable {
			variable = r.Name
		}
		c := report.Changed{
			Kind: string(r.Kind), Environment: string(r.Env), Name: show(r.Name), Was: r.Was, Is: showFact(variable, r.Value), Added: r.Added, Removed: r.Removed, Same: r.Same, Unknown: r.Unknown,
			Origin: report.Origin{Layer: string(r.At.Layer), File: show(r.At.File), Line: r.At.Line, Note: show(r.At.Note)}, Score: r.Score, Reasons: []report.Reason{},
		}
		if at, seen := t.Changed[baseline.Key(r.Fact)]; seen {
			c.When = at.UTC().Format(time.RFC3339)
		} else if r.At.File != "" && !r.Same && !r.Unknown && !a.Replayed {
			if info, err := w.Files.Stat(r.At.File); err == nil && !info.ModTime().IsZero() {
				c.Written = info.ModTime().UTC().Format(time.RFC3339)
			}
		}
		for _, reason := range r.Reasons {
			c.Reasons = append(c.Reasons, report.Reason{Mechanism: reason.Mechanism, Weight: reason.Weight, Why: reason.Why})
		}
		out = append(out, c)
	}
	return out
}
