package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gophantom/gophantom/server/internal/fix"
	"github.com/gophantom/gophantom/server/internal/fleet"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/rules"
	"github.com/gophantom/gophantom/server/internal/verify"
	"github.com/gophantom/gophantom/server/internal/world"
)

const (
	// checkTimeout bounds how long a cure may take to show.
	checkTimeout = 60 * time.Second
	// loaded is how long a restarted gopls must have been quiet before its
	// silence counts.
	loaded = 3 * time.Second
	// reloadTimeout is the same for a gopls that was only told to load anew, for
	// it says when it has.
	reloadTimeout = 20 * time.Second
	// reloaded is how long after that its silence counts. What it finds wrong
	// comes within tenths of a second of having loaded (measured with v0.23.0), and
	// the editor collects its facts for 0.2 s.
	reloaded = 800 * time.Millisecond
	// poll is how often a cure is checked while nothing else happens.
	poll = time.Second
)

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
	records, _ := l.undoable(l.folders())
	r.Undoable = len(records) > 0
	l.mu.Lock()
	l.curing = false
	l.mu.Unlock()
	l.told()
	return r
}

// told publishes what a cure or an undo has added to the history.
func (l *Loop) told() {
	events := l.history.list()
	cures := l.cures(events)
	records, _ := l.undoable(l.folders())
	l.mu.Lock()
	if !l.update.Ready || slices.Equal(l.update.Report.History, events) && slices.Equal(l.update.Report.Cures, cures) {
		l.mu.Unlock()
		return
	}
	l.update.Report.History, l.update.Report.Cures, l.update.Undoable = events, cures, len(records) > 0
	u := l.update
	l.mu.Unlock()
	l.publish(u)
}

// tell writes down how a cure, or its undo, went.
func (l *Loop) tell(kind, id, title string, r CureResult, contextID string) {
	l.mu.Lock()
	number := l.number
	l.mu.Unlock()
	l.history.open(l.folders()) // an undo may come before the first look
	if kind == eventCured || kind == eventCureFailed {
		l.fleet.Count(func(c *fleet.Counts) { c.Cured(kind, time.Duration(r.Millis)*time.Millisecond) })
	}
	l.history.add(report.HistoryEvent{Kind: kind, Subject: title, Message: r.Message, Snapshot: number, ContextID: contextID, Cure: id})
}

// folders are the workspace folders, as the editor told last.
func (l *Loop) folders() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.facts == nil {
		return nil
	}
	return l.facts.Folders
}

// carryOut does a fix and checks that it helped.
func (l *Loop) carryOut(ctx context.Context, h Host, o offer) (r CureResult) {
	defer func() { r.ContextID = o.contextID }()
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
		switch ok, err := h.Confirm(ctx, p.Title, preview, editsOf(p)); {
		case err != nil:
			return CureResult{Outcome: "refused", Message: fmt.Sprintf("“%s” could not be shown before it is done: %v.", p.Title, err)}
		case !ok:
			return CureResult{Outcome: "declined", Message: "Nothing was changed."}
		}
	}
	l.mu.Lock()
	before := l.last
	l.mu.Unlock()
	carried, err := l.steps(ctx, h, p.Title, p.Steps)
	if carried == 0 && errors.Is(err, errDeclined) {
		return CureResult{Outcome: "declined", Message: "Nothing was changed."}
	}
	u := undoRecord{id: cureID(l.w.Clock.Now())}
	lost := ""
	if carried > 0 && p.Reversible && len(p.Undo) > 0 {
		u, lost = l.keepUndo(u.id, o, p)
	}
	if err != nil {
		l.mu.Lock()
		l.tried[o.key()] = ctx.Err() == nil
		l.mu.Unlock()
		r := CureResult{Outcome: "not-cured", Message: fmt.Sprintf("“%s” failed: %v.", p.Title, err) + lost, Millis: l.since(start)}
		l.tell(eventCureFailed, u.id, p.Title, r, o.contextID)
		return l.withNext(r)
	}
	if ends(p, o.in) {
		r := CureResult{Outcome: "restarting", Message: "The editor restarts its extensions; Go Phantom looks again when it is back.", Millis: l.since(start)}
		l.tell(eventChanged, u.id, p.Title, CureResult{Message: fmt.Sprintf("“%s” was carried out; the editor restarted its extensions for it", p.Title)}, o.contextID)
		return r
	}
	l.showOwn(ctx, h) // no editor tells whether the problem is gone
	h.Progress("checking that it helped")
	end := l.check(ctx, o, p, before, start)
	r = CureResult{Millis: l.since(start)}
	if end.cured && len(end.worse) == 0 {
		l.mu.Lock()
		clear(l.tried)
		l.mu.Unlock()
		r.Outcome, r.Message = "cured", fmt.Sprintf("Cured in %.1f s: %s.", float64(r.Millis)/1000, o.relief())+l.otherGopls()+lost
		l.tell(eventCured, u.id, p.Title, r, o.contextID)
		return r
	}
	l.mu.Lock()
	l.tried[o.key()] = true
	l.mu.Unlock()
	r.Outcome, r.Message = "not-cured", fmt.Sprintf("“%s” was carried out, but %s.", p.Title, end.why)+lost
	var back bool
	if len(end.worse) > 0 {
		r.Message, back = l.takeBack(ctx, h, u, end.worse)
		r.Millis = l.since(start)
	}
	l.tell(eventCureFailed, u.id, p.Title, r, o.contextID)
	if back {
		l.tell(eventUndone, u.id, p.Title, CureResult{Message: "It was undone by itself, because it made things worse."}, o.contextID)
	}
	return l.withNext(r)
}

// editsOf are the changes of files of a plan.
func editsOf(p fix.Plan) (edits []Edit) {
	for _, step := range p.Steps {
		if step.Kind == fix.StepEditFile {
			edits = append(edits, Edit{Label: p.Title, FileEdit: *step.Edit})
		}
	}
	return edits
}

// keepUndo keeps what takes a cure back. lost is a sentence, with a space before
// it, if a restart will lose it.
func (l *Loop) keepUndo(id string, o offer, p fix.Plan) (u undoRecord, lost string) {
	u = undoRecord{id: id, title: p.Title, at: l.w.Clock.Now(), contextID: o.contextID, steps: p.Undo}
	var err error
	if u.file, err = (journal{l.w}).keep(o.in.Dir, u); err != nil {
		lost = fmt.Sprintf(" It can be undone until Go Phantom is restarted, and not after that: the undo record could not be kept (%v).", err)
	}
	l.mu.Lock()
	l.undo = append(l.undo, u)
	l.mu.Unlock()
	return u, lost
}

// ends reports whether a plan ends us: the editor restarts its extensions for
// it.
func ends(p fix.Plan, s *model.Snapshot) bool {
	for _, step := range p.Steps {
		switch step.Kind {
		case fix.StepRestartExtensions:
			return true
		case fix.StepAddFolder:
			return len(s.Folders) < 2 && (s.Editor == nil || s.Editor.WorkspaceFile == "")
		}
	}
	return false
}

// withNext adds the next rung to the result of a cure that did not help, and
// has it shown.
func (l *Loop) withNext(r CureResult) CureResult {
	l.mu.Lock()
	now := l.last
	l.mu.Unlock()
	if next, ok := l.best(now); ok {
		if p, err := next.plan(l.w); err == nil {
			r.Next = p.Title
		}
	}
	l.request(due{})
	return r
}

// takeBack undoes a cure that made things worse, and says so. back tells that
// it could be undone.
func (l *Loop) takeBack(ctx context.Context, h Host, u undoRecord, worse []string) (message string, back bool) {
	what := "There was a problem that was not there before: " + worse[0]
	if len(worse) > 1 {
		what = fmt.Sprintf("There were %d problems that were not there before, such as: %s", len(worse), worse[0])
	}
	if u.steps == nil {
		return "This cure made things worse, and it cannot be undone. " + what, false
	}
	h.Progress("undoing what made things worse")
	if _, err := l.steps(ctx, h, "Undo: "+u.title, u.steps); err != nil {
		return fmt.Sprintf("“%s” made things worse, and undoing it failed (%v). %s", u.title, err, what), false
	}
	l.forget(u)
	_ = l.refresh(ctx)
	return fmt.Sprintf("“%s” made things worse and was undone. %s", u.title, what), true
}

func (l *Loop) since(start time.Time) int64 { return l.w.Clock.Now().Sub(start).Milliseconds() }

// relief says what is well again.
func (o offer) relief() string {
	if o.verdict != nil {
		if path, ok := verify.ImportOf(o.verdict.Problem); ok {
			return path + " is found again"
		}
	}
	if o.subject == "" {
		return "gopls does not show the problem any more"
	}
	return o.subject + " is in order"
}

// confirmation is what the user has to agree to before a plan is carried out;
// "" for one that changes no file, weakens nothing and can be taken back.
// Nobody is asked before an undo, for that is what was asked for.
func confirmation(p fix.Plan) string {
	switch {
	case p.WeakensSecurity:
		return "This weakens security: go then checks less of what it downloads, or of where it comes from.\n\n" + p.Preview
	case p.Kind() == "edit" || !p.Reversible:
		return p.Preview
	}
	return ""
}

// steps carries out steps through the editor, and returns how many it did
// before one failed.
func (l *Loop) steps(ctx context.Context, h Host, label string, steps []fix.Step) (carried int, err error) {
	for i, step := range steps {
		switch step.Kind {
		case fix.StepUnsetEditorEnv:
			err = h.UnsetEnv(ctx, step.Names)
		case fix.StepSetEditorEnv:
			err = h.SetEnv(ctx, step.Values)
		case fix.StepRestartGopls:
			err = h.RestartGopls(ctx)
		case fix.StepReloadGopls:
			err = h.ReloadGopls(ctx, step.Folders)
		case fix.StepInstallGopls:
			err = h.InstallGopls(ctx)
		case fix.StepRestartExtensions:
			err = h.RestartExtensionHost(ctx)
		case fix.StepAddFolder:
			err = h.AddFolder(ctx, step.Folders[0])
		case fix.StepEditFile:
			if step.Edit.OnDisk {
				err = step.Edit.Write(l.w)
				break
			}
			var applied bool
			if applied, err = h.ApplyEdit(ctx, Edit{Label: label, FileEdit: *step.Edit}); err == nil && !applied {
				err = errDeclined
			}
			if err == nil && step.Edit.Delete && step.Edit.Dir != "" {
				_ = l.w.Files.RemoveEmptyDir(step.Edit.Dir) // something may be in it by now
			}
		}
		if err != nil {
			return i, err
		}
	}
	return len(steps), nil
}

// ended is how the check of a cure ended.
type ended struct {
	cured bool
	why   string   // why it is not, as the end of a sentence
	worse []string // what it made worse, one sentence each
}

// check waits until a newer snapshot shows that the cure worked: the problem or
// finding is gone and, for a problem, ground truth is green in the environment
// that gopls has now. before is what was there before the cure.
func (l *Loop) check(ctx context.Context, o offer, p fix.Plan, before survey, start time.Time) ended {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	soft := p.Steps[len(p.Steps)-1].Kind == fix.StepReloadGopls
	patience, pause := checkTimeout, time.Duration(0)
	switch {
	case soft:
		// What gopls says between forgetting a folder and having looked at it counts
		// for nothing.
		patience, pause = reloadTimeout, reloaded
	case o.ID == fix.ReloadBySetting:
		pause = loaded
	}
	deadline := l.w.Clock.Now().Add(patience)
	var mu sync.Mutex
	last := ended{why: "whether it helped could not be found out in time"}
	done := make(chan struct{})
	go func() {
		worseBefore := false
		for {
			select {
			case <-ctx.Done():
				return
			case <-l.w.Clock.After(pause):
			}
			pause = poll
			if l.refresh(ctx) != nil {
				return
			}
			l.mu.Lock()
			now := l.last
			l.mu.Unlock()
			if now[0].Snapshot.Number <= o.in.Number {
				continue
			}
			why := l.remains(ctx, now, o)
			worse := l.worse(before, now, p, start, why == "")
			mu.Lock()
			last = ended{cured: why == "", why: why}
			if worseBefore || why == "" {
				last.worse = worse
			}
			over := last.cured || len(last.worse) > 0 || l.w.Clock.Now().After(deadline)
			mu.Unlock()
			worseBefore = len(worse) > 0
			if over {
				close(done)
				return
			}
		}
	}()
	select {
	case <-done:
	case <-ctx.Done():
	case <-l.w.Clock.After(patience + checkTimeout): // a look that is under way is waited for
	}
	mu.Lock()
	defer mu.Unlock()
	return last
}

// remains says, as the end of a sentence, why a problem or finding is not
// cured; "" if it is.
func (l *Loop) remains(ctx context.Context, v survey, o offer) string {
	at := slices.IndexFunc(v, func(a Assessment) bool { return a.Snapshot.Dir == o.in.Dir })
	if at < 0 {
		return "its folder is not open any more"
	}
	now := v[at]
	if o.verdict == nil {
		if slices.ContainsFunc(now.Findings, func(f model.Finding) bool { return f.Rule == o.rule && f.Subject == o.subject }) {
			return "the problem is still there"
		}
		return ""
	}
	p := o.verdict.Problem
	for _, a := range v { // the file may be in another folder by now
		if slices.ContainsFunc(a.Snapshot.Problems, func(q model.Problem) bool { return q.File == p.File && q.Message == p.Message }) {
			return "gopls still shows the problem"
		}
	}
	if l.untold() {
		if !verify.Green(ctx, l.w, now.Snapshot, p) {
			return "go does not find it in order with what gopls has now"
		}
		return ""
	}
	if len(now.Snapshot.Gopls) == 0 {
		return "gopls does not run any more"
	}
	for _, g := range now.Snapshot.Gopls {
		if l.w.Clock.Now().Sub(g.Started) < loaded {
			return "gopls has only just started"
		}
	}
	if !verify.Green(ctx, l.w, now.Snapshot, p) {
		return "go does not find it in order with what gopls has now, although gopls does not show it any more"
	}
	return ""
}

// worse lists what a cure brought that was not there before: errors that only
// gopls has, with what it runs with now, and, of a cure that changed what the
// go command reads and did not help, errors of the go command itself. What may
// have come from elsewhere does not count: errors in files that were changed
// meanwhile, errors that gopls had overlooked and go has too, and what gopls
// has not looked at yet.
func (l *Loop) worse(before, now survey, p fix.Plan, start time.Time, cured bool) (out []string) {
	type key struct{ file, message string }
	old := map[key]bool{}
	known := map[string]bool{}
	for _, a := range before {
		for _, q := range a.Snapshot.Problems {
			old[key{q.File, q.Message}] = true
		}
		for _, f := range a.Findings {
			known[f.Rule+"\x00"+f.Subject] = true
		}
	}
	edited := map[string]bool{}
	truth := false // the plan changes what the go command of the shell reads
	for _, step := range p.Steps {
		if step.Kind == fix.StepEditFile {
			edited[step.Edit.File] = true
			truth = truth || step.Edit.OnDisk || filepath.Base(step.Edit.File) == "go.work"
		}
	}
	untouched := func(s *model.Snapshot, file string) bool {
		if edited[file] {
			return true
		}
		info, err := l.w.Files.Stat(file)
		return err == nil && !info.ModTime().After(start) && !slices.Contains(s.Dirty, file)
	}
	for _, a := range now {
		for _, v := range a.Verdicts {
			q := v.Problem
			if q.Severity != 1 || old[key{q.File, q.Message}] || !untouched(a.Snapshot, q.File) {
				continue
			}
			ours := v.Kind == model.Phantom && v.Cause != model.CauseStale && v.Cause != model.CauseExcluded || v.Kind == model.Real && truth && !cured
			if ours {
				out = append(out, fmt.Sprintf("%s:%d: %s", show(filepath.Base(q.File)), q.Range.Start.Line+1, strings.TrimRight(show(q.Message), ".\n")+"."))
			}
		}
		for _, f := range a.Findings {
			if f.Severity == model.Error && !known[f.Rule+"\x00"+f.Subject] && !cured && truth {
				out = append(out, report.Render(rules.ByID(f.Rule).Messages[f.Message], f.Args))
			}
		}
	}
	return out
}

// Undo undoes a cure, also one from before a restart; id "" means the last one
// that was not undone.
func (l *Loop) Undo(ctx context.Context, h Host, id string) CureResult {
	return l.change(func(survey) (r CureResult) {
		records, why := l.undoable(l.folders())
		if id != "" {
			at := slices.IndexFunc(records, func(u undoRecord) bool { return u.id == id })
			if at < 0 {
				return CureResult{Outcome: "refused", Message: "This cure cannot be undone any more."}
			}
			// What is in its way may be a later cure, after whose undo it can be undone.
			if hindrance := (journal{l.w}).hindrance(records[at]); hindrance != "" {
				return CureResult{Outcome: "refused", Message: fmt.Sprintf("“%s” cannot be undone now: %s", records[at].title, hindrance)}
			}
			records = records[at : at+1]
		}
		if len(records) == 0 {
			return CureResult{Outcome: "nothing", Message: cmp.Or(why, "There is no cure to undo.")}
		}
		u := records[len(records)-1]
		defer func() { r.ContextID = u.contextID }()
		start := l.w.Clock.Now()
		steps, err := journal{l.w}.undoSteps(u)
		if err == nil {
			_, err = l.steps(ctx, h, "Undo: "+u.title, steps)
		}
		if errors.Is(err, errDeclined) {
			return CureResult{Outcome: "declined", Message: "Nothing was changed."}
		}
		if err == nil || errors.Is(err, world.ErrChanged) {
			// What was changed since stays as it is, and is in the way of no other undo.
			l.forget(u)
			l.mu.Lock()
			clear(l.tried)
			l.mu.Unlock()
		}
		switch {
		case errors.Is(err, world.ErrChanged):
			return CureResult{Outcome: "not-cured", Message: fmt.Sprintf("“%s” was not undone: the file was changed since, and stays as it is (%v).", u.title, err)}
		case err != nil:
			return CureResult{Outcome: "not-cured", Message: fmt.Sprintf("Undoing “%s” failed: %v.", u.title, err)}
		}
		r = CureResult{Outcome: "undone", Message: fmt.Sprintf("Undone: “%s”.", u.title)}
		l.tell(eventUndone, u.id, u.title, r, u.contextID)
		_ = l.refresh(ctx)
		r.Millis = l.since(start)
		return r
	})
}
