package engine

import (
	"errors"
	"path/filepath"
	"slices"

	"github.com/gophantom/gophantom/server/internal/report"
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
	return problem.Markdown(r.Snapshot.Dir, l.chainOf(i)), nil
}

// RecordProblem is what was looked at for a problem, redacted, as a Markdown
// document for a report of somebody who does not believe the verdict.
func (l *Loop) RecordProblem(p Place) (markdown string, err error) {
	problem, _, r, err := l.problemAt(p)
	if err != nil {
		return "", err
	}
	record := report.Record{Problem: problem, Findings: []report.Finding{}, Drift: []report.Drift{}, Views: []report.View{}, Snapshot: r.Snapshot, Version: report.BuildVersion().Version}
	for _, f := range r.Findings {
		if f.ContextID == problem.ContextID {
			record.Findings = append(record.Findings, f)
		}
	}
	if s, ok := l.pictureOf(p.File); ok {
		envs := report.EnvironmentsOf(s, Drift(s))
		record.Drift, record.Views = append(record.Drift, envs.Drift...), append(record.Views, envs.Views...)
	}
	return record.Markdown()
}
