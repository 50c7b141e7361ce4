package engine

import (
	"context"
	"errors"
	"path/filepath"
	"slices"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/verify"
)

// Place is where a problem stands in a document.
type Place struct {
	File    string // absolute
	Line    int    // counted from 0
	Message string // "" for any
}

var errNoProblem = errors.New("there is no problem of gopls at this place any more; the picture may be newer than the editor's")

// problemAt is the problem of the newest report at a place, with its index there.
func (l *Loop) problemAt(p Place) (report.Problem, int, report.Report, error) {
	l.mu.Lock()
	r := l.update.Report
	l.mu.Unlock()
	i := slices.IndexFunc(r.Problems, func(q report.Problem) bool {
		return filepath.Clean(report.FileOf(q.URI)) == filepath.Clean(p.File) && (p.Message == "" || p.Message == q.Message) &&
			q.Range.Start.Line <= p.Line && p.Line <= q.Range.End.Line
	})
	if i < 0 {
		return report.Problem{}, i, r, errNoProblem
	}
	return r.Problems[i], i, r, nil
}

// ExplainProblem explains the verdict about a problem, as a Markdown document.
func (l *Loop) ExplainProblem(p Place) (markdown string, err error) {
	problem, i, r, err := l.problemAt(p)
	if err != nil {
		return "", err
	}
	chain, suspects := l.behind(i)
	return problem.Markdown(r.Snapshot.Dir, chain, suspects), nil
}

// RecordProblem is a capture of what was looked at for a problem, redacted, in a
// Markdown document for a report of somebody who does not believe the verdict. go
// is asked about the problem once more.
func (l *Loop) RecordProblem(ctx context.Context, p Place) (markdown string, err error) {
	problem, _, r, err := l.problemAt(p)
	if err != nil {
		return "", err
	}
	picture, ok := l.pictureOf(p.File)
	if !ok {
		return "", errNoProblem
	}
	s := *picture
	s.Problems = slices.DeleteFunc(slices.Clone(s.Problems), func(q model.Problem) bool {
		return filepath.Clean(q.File) != filepath.Clean(p.File) || q.Range.Start.Line != problem.Range.Start.Line || show(q.Message) != problem.Message
	})
	if len(s.Problems) > 0 {
		_, s.Tape = verify.Record(ctx, l.w, &s, false, report.Conceal, report.Redacted)
	}
	capture, err := report.Capture(&s, report.BuildVersion().Version)
	if err != nil {
		return "", err
	}
	return problem.RecordMarkdown(r.Snapshot.Dir, capture, s.Tape != nil), nil
}
