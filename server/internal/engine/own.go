package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gophantom/gophantom/server/internal/headless"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
)

// ownLook is what a gopls of our own showed in a workspace folder of an editor
// that does not tell what its gopls shows.
type ownLook struct {
	at       time.Time // when it began; what was written later, gopls may not have seen
	problems []model.Problem
	// incomplete says in one sentence why the problems may not be all; "" if they
	// are. It may quote gopls.
	incomplete string
}

// Show looks again, like Recheck. Where the editor does not tell what gopls
// shows, a gopls of our own is run in each folder before, offline, in the
// environment that the editor's gopls has, or would have. What it shows counts
// until the file is written, or go does not find the fault any more.
func (l *Loop) Show(ctx context.Context, h Host) (Update, error) {
	if err := l.refresh(ctx); err != nil { // the environments have to be known
		return Update{}, err
	}
	l.showOwn(ctx, h)
	return l.Recheck(ctx)
}

// showOwn runs gopls in each folder, if there is no other way to know what it
// shows.
func (l *Loop) showOwn(ctx context.Context, h Host) {
	l.showing.Lock()
	defer l.showing.Unlock()
	l.mu.Lock()
	found := l.found
	l.mu.Unlock()
	if !l.untold() {
		return
	}
	looks := map[string]ownLook{}
	for _, a := range found {
		if ctx.Err() != nil {
			return
		}
		h.Progress("running gopls in " + show(a.Snapshot.Dir))
		looks[a.Snapshot.Dir] = l.showIn(ctx, a.Snapshot)
	}
	l.mu.Lock()
	l.own = looks
	l.mu.Unlock()
}

// showIn runs gopls in the folder of a snapshot.
func (l *Loop) showIn(ctx context.Context, s *model.Snapshot) ownLook {
	look := ownLook{at: l.w.Clock.Now()}
	env, err := goplsEnvironment(s, nil)
	if err != nil {
		look.incomplete = fmt.Sprintf("No gopls of our own was run: %v.", err)
		return look
	}
	shown := Shown{Env: env.Name}
	r, err := shown.run(ctx, l.w, s, env, headless.Options{}, false)
	if err != nil {
		look.incomplete = strings.ToUpper(err.Error()[:1]) + err.Error()[1:] + "."
		return look
	}
	look.problems, look.incomplete = r.Problems, shown.Incomplete
	return look
}

// untold reports whether what gopls shows has to be found out by a gopls of our
// own. In a workspace that is not trusted, none is run.
func (l *Loop) untold() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.facts != nil && l.facts.Untold && l.facts.Trusted
}

// ownProblems are the problems of a gopls of our own in a folder, but for those
// of files that were written since. ok is false if none was run.
func (l *Loop) ownProblems(dir string) (problems []model.Problem, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	look, ok := l.own[dir]
	if !ok {
		return nil, false
	}
	look.problems = slices.DeleteFunc(slices.Clone(look.problems), func(p model.Problem) bool {
		info, err := l.w.Files.Stat(p.File)
		return err != nil || info.ModTime().After(look.at)
	})
	l.own[dir] = look
	return look.problems, true
}

// ownComplete reports whether a gopls of our own showed all there is in a folder.
func (l *Loop) ownComplete(dir string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	look, ok := l.own[dir]
	return ok && look.incomplete == ""
}

// ofOwn corrects an assessment of problems that a gopls of our own showed: that
// gopls is gone, so it cannot be what has not looked again.
func (l *Loop) ofOwn(a *Assessment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	look, ok := l.own[a.Snapshot.Dir]
	switch {
	case !ok:
		a.Unknown = append(a.Unknown, report.Unknown{Rule: "gopls", Why: "What gopls shows is not known, for " + show(a.Snapshot.Editor.Called()) + " does not tell it; the command gophantom.check runs a gopls and judges what it shows."})
		return
	case look.incomplete != "":
		a.Unknown = append(a.Unknown, report.Unknown{Rule: "gopls", Why: show(look.incomplete)})
	}
	for _, v := range a.Verdicts {
		if v.Kind == model.Phantom && v.Cause == model.CauseStale {
			look.problems = slices.DeleteFunc(slices.Clone(look.problems), func(p model.Problem) bool { return p.Location == v.Problem.Location && p.Message == v.Problem.Message })
		}
	}
	l.own[a.Snapshot.Dir] = look
	a.Verdicts = slices.DeleteFunc(a.Verdicts, func(v model.Verdict) bool { return v.Kind == model.Phantom && v.Cause == model.CauseStale })
}

// otherGopls is a sentence about the gopls of the editor, with a space before
// it, after a cure that was checked with one of our own.
func (l *Loop) otherGopls() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.facts == nil || !l.facts.Untold || len(l.last) == 0 || len(l.last[0].Snapshot.Gopls) == 0 {
		return ""
	}
	return " A gopls of our own sees it; restart the one of " + show(l.facts.Editor.Called()) + " if it does not."
}
