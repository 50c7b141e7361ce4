package verify

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// mostGreens bounds the errors of one look that the editor does not show, and
// greensTimeout how long somebody at an editor waits for all of them.
const (
	mostGreens    = 100
	greensTimeout = 10 * time.Second
)

// StaleGreens returns what go fails at in the user's shell where gopls shows no
// problem: one verdict for each error in a package of the main modules that has
// none in the snapshot. It compiles every package and its tests, with all that
// Judge keeps to. Unless ask is true, go is not run, and only what m remembers
// counts. s has the problems of a gopls that has come to rest.
func StaleGreens(ctx context.Context, w *world.World, s *model.Snapshot, m *Memory, ask bool) (out []model.Verdict) {
	shell, ok := s.Env(model.EnvShell)
	if !ok || !shell.Complete || !s.Trusted || len(s.Dirty) > 0 {
		return nil
	}
	j := newJudge(w, s, m)
	editor, _, why := j.environments()
	if why != "" || s.Editor != nil && len(s.Gopls) == 0 {
		return nil
	}
	if !ask && j.memory.empty() {
		return nil // nothing is known, so nobody has to find out whether it still holds
	}
	if s.Editor != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, greensTimeout)
		defer cancel()
	}
	j.look()
	for _, dirs := range j.together(shell) {
		q := question{mode: everything, root: dirs[0], dirs: dirs}
		if _, known := j.memory.get(q.key(shell)); !known && !ask {
			continue
		}
		r := j.answer(ctx, shell, q)
		if r.failed != "" || r.fatal && r.needs || ctx.Err() != nil {
			continue
		}
		for _, e := range j.unseen(r, dirs) {
			if len(out) == mostGreens {
				return out
			}
			v := j.failure(e, model.StaleGreen, "go fails at it in your shell, and gopls shows no problem in the package")
			v.Evidence = append(v.Evidence, r.evidence(truth{outcome: red, reason: v.TrueReason}))
			j.explainGreen(ctx, j.viewed(editor, filepath.Dir(e.file)), shell, filepath.Dir(e.file), &v)
			out = append(out, v)
		}
	}
	return out
}

// explainGreen says why gopls may be silent about a package that does not
// build in the shell.
func (j *judge) explainGreen(ctx context.Context, editor, shell model.Env, dir string, v *model.Verdict) {
	here := j.truth(ctx, editor, building(dir), false)
	v.Evidence = append(v.Evidence, here.evidence())
	switch here.outcome {
	case green, absent:
		v.Why = "go fails at it in your shell, while it builds with " + owner(editor.Name) + " environment"
		found := j.bisect(ctx, building(dir), shell, editor, nil, here, j.truth(ctx, shell, building(dir), false))
		for _, g := range found.together {
			g.Editor, g.Shell = g.Shell, g.Editor
			v.Guilty = append(v.Guilty, g)
		}
		v.Bisect = found.Bisect
		if len(v.Guilty) > 0 {
			v.Cause = model.CauseEnv
		}
	case red:
		v.Cause, v.Why = model.CauseStale, "go fails at it in your shell and with "+owner(editor.Name)+" environment too: gopls has not looked again"
	}
}

// building is the question whether the package of a directory builds at all.
func building(dir string) subject {
	return subject{Problem: model.Problem{Location: model.Location{File: filepath.Join(dir, "*.go")}, Severity: 1}, kind: whether, dir: dir}
}

// warns reports whether go only warned, and did what it was asked.
func warns(stderr string) bool {
	for line := range strings.Lines(stderr) {
		if !strings.HasPrefix(line, "go: warning: ") {
			return false
		}
	}
	return true
}

// unseen are the errors of a run about modules, in directories of theirs where
// gopls shows nothing, each once, counted from 0.
func (j *judge) unseen(r run, modules []string) (out []compileError) {
	ours := func(file string) bool {
		return slices.ContainsFunc(modules, func(dir string) bool { return below(dir, file) })
	}
	seen := map[string]bool{} // directories
	for _, p := range j.s.Problems {
		if q := subjectOf(p); q.kind != opinion {
			seen[q.dir] = true
			if q.kind == loading {
				return nil // all of it may come from that
			}
		}
	}
	if r.fatal {
		if warns(r.stderr) { // there is no package
			return nil
		}
		if slices.ContainsFunc(j.s.Problems, func(p model.Problem) bool { return ours(p.File) && !Opinion(p) }) {
			return nil
		}
		return []compileError{{filepath.Join(modules[0], "go.mod"), 0, r.stderr}}
	}
	known := map[compileError]bool{}
	add := func(e compileError) {
		if e.line--; e.line < 0 {
			e.line = 0
		}
		if !known[e] && !seen[filepath.Dir(e.file)] && ours(e.file) {
			known[e] = true
			out = append(out, e)
		}
	}
	for dir, list := range r.roots {
		if seen[dir] {
			continue
		}
		p := place{listed: list}
		for _, e := range r.compileErrors(p) {
			if e.file != "" && e.text != tooMany && !strings.HasPrefix(e.text, "other declaration of ") {
				add(e)
			}
		}
		for _, l := range list {
			for _, e := range l.errors() {
				if compilerText(e.Err) || strings.Contains(e.Err, disabled) && r.needs || e == l.Error && strings.HasPrefix(e.Err, allExcluded) {
					continue
				}
				if file, line, ok := r.position(e.Pos); ok {
					add(compileError{file, line, e.Err})
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b compileError) int {
		if c := strings.Compare(a.file, b.file); c != 0 {
			return c
		}
		return a.line - b.line
	})
	return out
}
