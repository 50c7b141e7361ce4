package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gophantom/gophantom/server/internal/fix"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/verify"
	"github.com/gophantom/gophantom/server/internal/world"
)

const (
	// checkTimeout bounds how long a cure may take to show.
	checkTimeout = 60 * time.Second
	// loaded is how long a restarted gopls must have been quiet before its
	// silence counts.
	loaded = 3 * time.Second
	// poll is how often a cure is checked while nothing else happens.
	poll = time.Second
)

// undoRecord is what takes the last cure back.
type undoRecord struct {
	title string
	steps []fix.Step
}

var errDeclined = errors.New("declined")

// Cure runs the best cure of the current findings and verdicts.
func (l *Loop) Cure(ctx context.Context, h Host) CureResult {
	return l.change(func(v survey) CureResult {
		if v == nil {
			return CureResult{Outcome: "nothing", Message: "Go Phantom has not finished its first look; try again in a moment."}
		}
		o, ok := l.best(v)
		if !ok {
			return CureResult{Outcome: "nothing", Message: nothingToCure(v)}
		}
		return l.carryOut(ctx, h, o)
	})
}

func nothingToCure(v survey) string {
	for _, a := range v {
		if len(a.Findings) > 0 || slices.ContainsFunc(a.Verdicts, func(v model.Verdict) bool { return v.Kind == model.Phantom }) {
			return "There is no cure that Go Phantom can carry out for what it found; the rule pages say what to do by hand."
		}
	}
	return "There is nothing to cure."
}

// Fix runs one offered fix.
func (l *Loop) Fix(ctx context.Context, h Host, r FixRequest) CureResult {
	return l.change(func(v survey) CureResult {
		for _, o := range v.offers() {
			if o.requested(r) {
				return l.carryOut(ctx, h, o)
			}
		}
		return CureResult{Outcome: "refused", Message: fmt.Sprintf("This fix was made for an older picture (snapshot %d); what it would cure is gone.", r.Snapshot)}
	})
}

// change runs one change of the world, made for what was published last. Only
// one runs at a time.
func (l *Loop) change(do func(v survey) CureResult) CureResult {
	l.mu.Lock()
	busy, v := l.curing, l.last
	l.curing = true
	l.mu.Unlock()
	if busy {
		return CureResult{Outcome: "refused", Message: "A cure is under way; wait for it to finish."}
	}
	r := do(v)
	l.mu.Lock()
	l.curing = false
	r.Undoable = len(l.undo) > 0
	l.mu.Unlock()
	return r
}

// carryOut does a fix and checks that it helped.
func (l *Loop) carryOut(ctx context.Context, h Host, o offer) CureResult {
	start := l.w.Clock.Now()
	p, err := o.plan(l.w)
	switch {
	case err != nil:
		return CureResult{Outcome: "refused", Message: "The fix cannot be made: " + err.Error() + "."}
	case p.Disabled != "":
		return CureResult{Outcome: "refused", Message: p.Disabled}
	case len(p.Steps) == 0:
		return CureResult{Outcome: "by-hand", Message: p.Manual}
	}
	h.Progress(p.Title)
	if preview := confirmation(p); preview != "" {
		switch ok, err := h.Confirm(ctx, p.Title, preview); {
		case err != nil:
			return CureResult{Outcome: "refused", Message: fmt.Sprintf("“%s” could not be shown before it is done: %v.", p.Title, err)}
		case !ok:
			return CureResult{Outcome: "declined", Message: "Nothing was changed."}
		}
	}
	if err := l.steps(ctx, h, p.Title, p.Steps); err != nil {
		if errors.Is(err, errDeclined) {
			return CureResult{Outcome: "declined", Message: "Nothing was changed."}
		}
		return CureResult{Outcome: "not-cured", Message: fmt.Sprintf("“%s” failed: %v.", p.Title, err), Millis: l.since(start)}
	}
	l.mu.Lock()
	if p.Reversible && len(p.Undo) > 0 {
		l.undo = append(l.undo, undoRecord{p.Title, p.Undo})
	}
	l.mu.Unlock()

	h.Progress("checking that it helped")
	cured := l.helped(ctx, o)
	r := CureResult{Millis: l.since(start)}
	if cured {
		l.mu.Lock()
		clear(l.tried)
		l.mu.Unlock()
		r.Outcome, r.Message = "cured", fmt.Sprintf("Cured in %.1f s: %s.", float64(r.Millis)/1000, o.relief())
		return r
	}
	l.mu.Lock()
	l.tried[o.key()] = true
	now := l.last
	l.mu.Unlock()
	r.Outcome, r.Message = "not-cured", fmt.Sprintf("“%s” was carried out, but the problem is still there.", p.Title)
	if next, ok := l.best(now); ok {
		if p, err := next.plan(l.w); err == nil {
			r.Next = p.Title
		}
	}
	return r
}

func (l *Loop) since(start time.Time) int64 { return l.w.Clock.Now().Sub(start).Milliseconds() }

// relief says what is well again.
func (o offer) relief() string {
	if o.verdict != nil {
		if path, ok := verify.ImportOf(o.verdict.Problem); ok {
			return path + " is found again"
		}
	}
	return o.subject + " is in order"
}

// confirmation is what the user has to agree to before a plan is carried out;
// "" for one that changes no file and weakens nothing. Nobody is asked before
// an undo, for that is what was asked for.
func confirmation(p fix.Plan) string {
	switch {
	case p.WeakensSecurity:
		return "This weakens security: go then checks less of what it downloads, or of where it comes from.\n\n" + p.Preview
	case p.Kind() == "edit":
		return p.Preview
	}
	return ""
}

// steps carries out steps through the editor.
func (l *Loop) steps(ctx context.Context, h Host, label string, steps []fix.Step) error {
	for _, step := range steps {
		var err error
		switch step.Kind {
		case fix.StepUnsetEditorEnv:
			err = h.UnsetEnv(ctx, step.Names)
		case fix.StepSetEditorEnv:
			err = h.SetEnv(ctx, step.Values)
		case fix.StepRestartGopls:
			err = h.RestartGopls(ctx)
		case fix.StepEditFile:
			if step.Edit.OnDisk {
				err = step.Edit.Write(l.w)
				break
			}
			var applied bool
			if applied, err = h.ApplyEdit(ctx, Edit{Label: label, FileEdit: *step.Edit}); err == nil && !applied {
				err = errDeclined
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// helped waits until a newer snapshot shows that the cure worked: the problem
// or finding is gone and, for a problem, ground truth is green in the
// environment that gopls has now.
func (l *Loop) helped(ctx context.Context, o offer) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan bool, 1)
	go func() {
		for {
			if l.refresh(ctx) != nil {
				return
			}
			l.mu.Lock()
			now := l.last
			l.mu.Unlock()
			if now[0].Snapshot.Number > o.in.Number && l.gone(ctx, now, o) {
				done <- true
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-l.w.Clock.After(poll):
			}
		}
	}()
	select {
	case ok := <-done:
		return ok
	case <-ctx.Done():
	case <-l.w.Clock.After(checkTimeout):
	}
	return false
}

func (l *Loop) gone(ctx context.Context, v survey, o offer) bool {
	at := slices.IndexFunc(v, func(a Assessment) bool { return a.Snapshot.Dir == o.in.Dir })
	if at < 0 {
		return false
	}
	now := v[at]
	if o.verdict == nil {
		return !slices.ContainsFunc(now.Findings, func(f model.Finding) bool { return f.Rule == o.rule && f.Subject == o.subject })
	}
	p := o.verdict.Problem
	if slices.ContainsFunc(now.Snapshot.Problems, func(q model.Problem) bool { return q.File == p.File && q.Message == p.Message }) {
		return false
	}
	if len(now.Snapshot.Gopls) == 0 {
		return false
	}
	for _, g := range now.Snapshot.Gopls {
		if l.w.Clock.Now().Sub(g.Started) < loaded {
			return false
		}
	}
	return verify.Green(ctx, l.w, now.Snapshot, p)
}

// Undo undoes the last cure that was not undone.
func (l *Loop) Undo(ctx context.Context, h Host) CureResult {
	return l.change(func(survey) CureResult {
		l.mu.Lock()
		records := l.undo
		l.mu.Unlock()
		if len(records) == 0 {
			return CureResult{Outcome: "nothing", Message: "There is no cure to undo."}
		}
		u := records[len(records)-1]
		start := l.w.Clock.Now()
		err := l.steps(ctx, h, "Undo: "+u.title, u.steps)
		if errors.Is(err, errDeclined) {
			return CureResult{Outcome: "declined", Message: "Nothing was changed."}
		}
		if err == nil || errors.Is(err, world.ErrChanged) {
			// What was changed since stays as it is, and is in the way of no other undo.
			l.mu.Lock()
			l.undo = records[:len(records)-1]
			clear(l.tried)
			l.mu.Unlock()
		}
		if err != nil {
			return CureResult{Outcome: "not-cured", Message: fmt.Sprintf("Undoing “%s” failed: %v.", u.title, err)}
		}
		_ = l.refresh(ctx)
		return CureResult{Outcome: "undone", Message: fmt.Sprintf("Undone: “%s”.", u.title), Millis: l.since(start)}
	})
}
