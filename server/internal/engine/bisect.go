package engine

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/verify"
	"github.com/gophantom/gophantom/server/internal/world"
)

// Bisect finds the variables whose value in the environment to makes the
// package of a directory build, where it does not in the environment from. tell,
// if not nil, is told in a few words, safe to show, what is tried.
func Bisect(ctx context.Context, w *world.World, s *model.Snapshot, dir string, from, to model.EnvName, tell func(string)) report.Bisection {
	return bisection(verify.BisectPackage(ctx, w, s, nil, dir, from, to, tell))
}

// Bisect does so for the package of a file, between gopls and the shell, because
// the user wants that. It returns a Markdown document.
func (l *Loop) Bisect(ctx context.Context, h Host, file string) (markdown string, err error) {
	s, ok := l.pictureOf(file)
	if !ok {
		return "", errors.New("nothing was looked at yet; try again in a moment")
	}
	b := Bisect(ctx, l.w, s, filepath.Dir(file), model.EnvGopls, model.EnvShell, h.Progress)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	return b.Markdown(), nil
}

func bisection(b verify.Bisection) report.Bisection {
	out := report.Bisection{
		Dir: show(b.Dir), From: string(b.From), To: string(b.To), Before: b.Before, After: b.After, Reason: report.Show(b.Reason),
		Guilty: []report.Culprit{}, Others: []report.Culprit{}, Why: show(b.Why), Evidence: evidence(b.Evidence),
		Differing: b.Differing, Runs: b.Runs, Millis: b.Millis,
	}
	for _, g := range b.Guilty {
		out.Guilty = append(out.Guilty, culprit(g))
	}
	for _, g := range b.Others {
		out.Others = append(out.Others, culprit(g))
	}
	return out
}

func culprit(g model.Guilty) report.Culprit {
	side := func(s model.Setting) report.Side {
		return report.Side{Set: s.Set, Value: report.ShowVariable(s.Name, s.Value), Origin: report.FromOrigin(s.Origin)}
	}
	return report.Culprit{Variable: g.Variable, From: side(g.Editor), To: side(g.Shell)}
}

// evidence is what runs of go said, safe to show.
func evidence(runs []model.Evidence) []report.Evidence {
	out := []report.Evidence{}
	for _, e := range runs {
		out = append(out, report.Evidence{
			Environment: string(e.Env), Command: e.Command, Outcome: e.Outcome, Text: report.Show(e.Text), Millis: e.Millis,
		})
	}
	return out
}
