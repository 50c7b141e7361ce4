package engine

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gophantom/gophantom/server/internal/fix"
	"github.com/gophantom/gophantom/server/internal/fleet"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/observe"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/verify"
	"github.com/gophantom/gophantom/server/internal/world"
)

const (
	// debounce is how long the loop waits for more news before it looks. The
	// editor has collected its facts for a while before it sends them.
	debounce = 50 * time.Millisecond
	// fileDebounce is the same after a file changed: tools write several.
	fileDebounce = 300 * time.Millisecond
)

// Loop is the live engine of one client. It looks when something happened,
// and sleeps in between.
type Loop struct {
	w       *world.World
	publish func(Update)
	wake    chan struct{} // something is due

	showing sync.Mutex // one gopls of our own at a time

	mu       sync.Mutex
	facts    *EditorFacts
	due      due
	asked    int           // how many looks were asked for
	done     int           // asked, as of the last finished look
	changed  chan struct{} // closed and replaced after every look
	shells   shells
	memory   observe.Memory            // of executables, from one look to the next
	truths   map[string]*verify.Memory // what go said, by workspace folder; only the goroutine of Run uses it
	listing  listing
	loads    loads
	probed   []probed           // what probes found
	own      map[string]ownLook // what gopls of our own showed, by workspace folder; see Show
	number   int
	found    survey // the last look, with what has not settled yet
	last     survey // what was published last
	update   Update
	seen     map[string]time.Time // since when a finding or problem is there
	settling context.CancelFunc   // ends the wait for what has not settled
	undo     []undoRecord         // the last cure at the end
	tried    map[string]bool      // offers that did not help, by offer.key
	curing   bool
	history  history

	baselines readBaselines
	fleet     *fleet.Reporter

	aimed      error              // what is wrong with the endpoint of the fleet
	loaded     time.Time          // when gopls was seen to make its views anew; zero if it was not
	confirmed  time.Time          // up to when it had heard of what changed when it said last which it has; zero if it did not
	interrupt  context.CancelFunc // ends the judgement under way; nil if there is none that may be ended
	interrupts int                // how many in a row were ended
}

// due is what the next turn of the loop has to do.
type due struct {
	reasons  []string // why, for people; each once
	look     bool     // look again; else the last look is only judged again
	sweep    bool     // look again if a watched file is not what it was
	unseen   bool     // also ask about packages in which gopls shows nothing
	debounce time.Duration
}

// NewLoop makes a loop that publishes through publish, which must not block.
func NewLoop(w *world.World, publish func(Update)) *Loop {
	return &Loop{
		w: w, publish: publish, wake: make(chan struct{}, 1), changed: make(chan struct{}),
		seen: map[string]time.Time{}, tried: map[string]bool{}, truths: map[string]*verify.Memory{},
		history: history{w: w}, fleet: fleet.New(w, report.BuildVersion().Version),
	}
}

// Facts hands over the newest facts of the editor; it never blocks. Facts that
// only tell that the window was focused are a cheap recheck.
func (l *Loop) Facts(f EditorFacts) {
	l.mu.Lock()
	before := l.facts
	l.facts = &f
	l.mu.Unlock()
	l.aim(&f)
	switch reasons, focusOnly := news(before, &f); {
	case !focusOnly:
		if before != nil && len(f.Views) > 0 {
			l.mu.Lock()
			if !reflect.DeepEqual(before.Views, f.Views) {
				l.loaded = l.w.Clock.Now()
			}
			if before.ViewsAsked != f.ViewsAsked {
				l.confirmed = l.w.Clock.Now().Add(-hearing)
			}
			l.mu.Unlock()
		}
		if before != nil && (!reflect.DeepEqual(before.Problems, f.Problems) || !slices.Equal(before.Dirty, f.Dirty)) {
			l.mu.Lock()
			if l.interrupt != nil {
				l.interrupt()
			}
			l.mu.Unlock()
		}
		l.request(due{reasons: reasons, look: true, debounce: debounce})
	case f.Focused:
		l.request(due{reasons: reasons, sweep: true, debounce: debounce})
	}
}

// look asks for another look.
func (l *Loop) look(reasons ...string) {
	l.request(due{reasons: reasons, look: true, debounce: debounce})
}

// request makes the loop do something.
func (l *Loop) request(d due) {
	l.mu.Lock()
	l.add(d)
	l.mu.Unlock()
	l.signal()
}

// add puts something to what is due. It is called with the lock held, and
// signal after it.
func (l *Loop) add(d due) {
	l.asked++
	if !l.due.look && !l.due.sweep {
		l.due.debounce = d.debounce
	}
	for _, reason := range d.reasons {
		if !slices.Contains(l.due.reasons, reason) {
			l.due.reasons = append(l.due.reasons, reason)
		}
	}
	l.due.look = l.due.look || d.look
	l.due.sweep = l.due.sweep || d.sweep
	l.due.unseen = l.due.unseen || d.unseen
}

func (l *Loop) signal() {
	select {
	case l.wake <- struct{}{}:
	default: // the loop is awake
	}
}

// Run works until ctx is done.
func (l *Loop) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &run{Loop: l, ctx: ctx, wg: &wg, slots: make(chan struct{}, shellsAtOnce), files: watchFiles(ctx, l.w)}
	if events := r.files.events(); events != nil {
		wg.Go(func() {
			for file := range events {
				l.fileChanged(file)
			}
		})
	}
	wg.Go(func() { l.fleet.Run(ctx) })
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
		}
		l.mu.Lock()
		wait := l.due.debounce
		l.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-l.w.Clock.After(wait):
		}
		select { // whatever came in meanwhile is done by this turn
		case <-l.wake:
		default:
		}
		l.mu.Lock()
		facts, asked, todo := l.facts, l.asked, l.due
		l.due = due{}
		l.mu.Unlock()
		r.turn(facts, asked, todo)
	}
}

// run is what one call of Run has under way. Only its goroutine uses it, but
// for what gopls guards itself.
type run struct {
	*Loop
	ctx   context.Context
	wg    *sync.WaitGroup
	slots chan struct{} // one element for each shell that runs
	files fileWatch
	gopls goplsWatch
}

// turn does what is due.
func (r *run) turn(facts *EditorFacts, asked int, todo due) {
	if facts == nil {
		r.finish(asked)
		return
	}
	if len(facts.Folders) == 0 {
		r.noFolder(facts, asked)
		return
	}
	r.askShells(facts)
	if todo.sweep {
		changed := r.files.sweep(r.w)
		for _, file := range changed {
			todo.reasons = append(todo.reasons, file+" changed")
		}
		todo.look = todo.look || len(changed) > 0
	}
	if !todo.look {
		r.judgeAgain(asked)
		return
	}
	found := r.observe(facts)
	reasons := append(todo.reasons, r.gopls.changes(found[0].Snapshot)...)
	for _, a := range found {
		a.Snapshot.Reason = sentence(reasons)
	}
	r.announce(found)
	judging, done := r.interruptible()
	for i := range found {
		unseen := todo.unseen && (!facts.Untold || r.ownComplete(found[i].Snapshot.Dir))
		found[i] = Check(judging, r.w, found[i].Snapshot, Truth{Memory: r.truth(found[i].Snapshot.Dir), Unseen: unseen, baselines: &r.baselines})
		if facts.Untold {
			r.ofOwn(&found[i])
		}
	}
	if done() {
		r.request(todo) // what came in meanwhile may have asked for less
		return
	}
	list := r.pending(found)
	r.publishSettled(found, asked)
	list()
	r.measureLoads(facts, found)
	r.gopls.follow(r, facts, found[0].Snapshot)
	var files []string
	for _, a := range found {
		files = append(files, observe.WatchList(a.Snapshot, facts.Settings)...)
	}
	r.files.set(r.w, files)
}

// observe takes one picture of each folder, all with the same number.
func (r *run) observe(facts *EditorFacts) survey {
	r.mu.Lock()
	r.number++
	number, loaded, confirmed := r.number, r.loaded, r.confirmed
	r.mu.Unlock()
	r.history.open(facts.Folders)
	events := r.history.list()
	found := make(survey, len(facts.Folders))
	for i, dir := range facts.Folders {
		home, here := r.shellAnswers(dir)
		problems, own := problemsIn(facts, i), false
		if facts.Untold {
			problems, own = r.ownProblems(dir)
		}
		found[i].Snapshot = observe.Take(r.ctx, r.w, observe.Input{
			Number: number, Dir: dir, Folders: facts.Folders, Trusted: facts.Trusted,
			Problems: problems, Dirty: facts.Dirty, Memory: &r.memory,
			Editor: &observe.EditorInput{
				ClientPID: facts.ClientPID, Env: facts.Env, Settings: facts.Settings, Views: facts.Views, Loads: facts.Loads,
				Extension: facts.Extension, Editor: facts.Editor, Shell: here, ShellHome: home, OwnGopls: own,
				Logged: func(since time.Time) (model.Env, bool) { return loggedEnv(r.ctx, r.w, facts.LogFolder, dir, since) },
			},
		})
		found[i].Snapshot.Loaded, found[i].Snapshot.Confirmed = loaded, confirmed
		if known, _, err := (baselines{r.w, &r.baselines}).of(dir); err == nil {
			found[i].Snapshot.Slow = slowdowns(r.w, found[i].Snapshot, known.Costs, events)
		}
		said, _ := verify.KnownFacts(r.w, found[i].Snapshot, &r.listing.memory)
		hear(found[i].Snapshot, said)
		hear(found[i].Snapshot, problemTexts(found[i].Snapshot))
		found[i].Snapshot.Said = append(found[i].Snapshot.Said, r.probedSaid(found[i].Snapshot)...)
	}
	return found
}

// hearing is how long it may take until gopls has heard of what changed: the
// editor tells it of settings at once, and of files after a moment.
const hearing = 2 * time.Second

// mostInterrupts is how many judgements in a row are given up for news.
const mostInterrupts = 3

// interruptible returns a context for a judgement that news of the editor ends:
// what go is asked about is not what the user sees any more. done ends it, and
// reports whether it was ended before.
func (r *run) interruptible() (ctx context.Context, done func() (interrupted bool)) {
	ctx, cancel := context.WithCancel(r.ctx)
	r.mu.Lock()
	if r.interrupts < mostInterrupts { // somebody who types without end hears of something, too
		r.interrupt = cancel
	}
	r.mu.Unlock()
	return ctx, func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		interrupted := ctx.Err() != nil
		cancel()
		r.interrupt = nil
		if r.interrupts++; !interrupted {
			r.interrupts = 0
		}
		return interrupted
	}
}

// truth is the memory of what go said about a folder.
func (r *run) truth(dir string) *verify.Memory {
	m, ok := r.truths[dir]
	if !ok {
		m = &verify.Memory{}
		r.truths[dir] = m
	}
	return m
}

// announce publishes that a look is under way when it has problems to judge,
// the only part that takes long.
func (l *Loop) announce(found survey) {
	if !slices.ContainsFunc(found, func(a Assessment) bool { return slices.ContainsFunc(a.Snapshot.Problems, judged) }) {
		return
	}
	l.mu.Lock()
	l.update.Busy, l.update.Trusted = true, found[0].Snapshot.Trusted
	u := l.update
	l.mu.Unlock()
	l.publish(u)
}

// judgeAgain publishes what has settled of the last look.
func (r *run) judgeAgain(asked int) {
	r.mu.Lock()
	found := r.found
	r.mu.Unlock()
	if len(found) == 0 {
		r.finish(asked)
		return
	}
	r.publishSettled(found, asked)
}

// publishSettled publishes what is old enough of a look, and comes back for
// the rest.
func (r *run) publishSettled(found survey, asked int) {
	settled, soon := r.settle(found)
	r.mu.Lock()
	r.found = found
	if r.settling != nil {
		r.settling()
		r.settling = nil
	}
	if soon > 0 {
		ctx, cancel := context.WithCancel(r.ctx)
		r.settling = cancel
		r.wg.Go(func() {
			defer cancel()
			select {
			case <-ctx.Done():
			case <-r.w.Clock.After(soon):
				r.request(due{})
			}
		})
	}
	r.mu.Unlock()
	r.report(settled, r.files.remark(r.w), asked)
}

// noFolder publishes that there is nothing to look at.
func (r *run) noFolder(facts *EditorFacts, asked int) {
	r.mu.Lock()
	r.number++
	a := Assessment{
		Snapshot: &model.Snapshot{Number: r.number, Reason: "no folder", Taken: r.w.Clock.Now(), Trusted: facts.Trusted},
		Unknown:  []report.Unknown{{Rule: "workspace", Why: "No folder is open, so there is no workspace to look at; open the folder of a Go module."}},
	}
	r.found, r.shells.places = nil, nil
	r.mu.Unlock()
	r.report(survey{a}, "", asked)
}

// report publishes a look. remark is a detail of its own, "" if there is none.
func (l *Loop) report(v survey, remark string, asked int) {
	l.history.open(l.folders())
	l.history.change(v.snapshots()...)
	v = v.after(l.history.list(), &l.baselines)
	r := l.shown(v).report(l.w)
	l.mu.Lock()
	sure := !l.shells.asking() && v[0].Snapshot.Trusted
	l.mu.Unlock()
	l.count(v, r, l.history.note(r, sure))
	r.History = l.history.list()
	r.Cures = l.cures(r.History)
	records, _ := l.undoable(l.folders())
	u := Update{Undoable: len(records) > 0, Sync: v.sync(), Report: r, Ready: true, Trusted: v[0].Snapshot.Trusted, Headline: v.headline(r), Details: v.details(), Gopls: pids(v[0].Snapshot)}
	if fault := l.fleetFault(); fault != "" {
		u.Details = append(u.Details, fault)
	}
	if remark != "" {
		u.Details = append(u.Details, remark)
	}
	if o, ok := l.best(v); ok {
		if p, err := o.plan(l.w); err == nil {
			u.Cure = p.Title
		}
	}
	l.mu.Lock()
	l.last, l.update = v, u
	l.mu.Unlock()
	l.publish(u)
	l.keepBaseline(v)
	l.finish(asked)
}

// finish wakes everyone who waits for a look.
func (l *Loop) finish(asked int) {
	l.mu.Lock()
	l.done = asked
	close(l.changed)
	l.changed = make(chan struct{})
	l.mu.Unlock()
}

// best is the first offer that can be carried out and was not tried in vain.
func (l *Loop) best(v survey) (offer, bool) {
	for _, o := range v.offers() {
		l.mu.Lock()
		tried := l.tried[o.key()]
		l.mu.Unlock()
		if tried {
			continue
		}
		if p, err := o.plan(l.w); err == nil && p.Disabled == "" && len(p.Steps) > 0 {
			return o, true
		}
	}
	return offer{}, false
}

// plan makes the plan of an offer for the picture it was made for.
func (o offer) plan(w *world.World) (fix.Plan, error) {
	return fix.Make(w, o.in, o.FixOffer, report.Show)
}

// Recheck looks again, asking the shells anew, and returns when judged.
func (l *Loop) Recheck(ctx context.Context) (Update, error) {
	l.mu.Lock()
	l.shells.askAgain("")
	clear(l.tried)
	l.mu.Unlock()
	for _, unseen := range []bool{false, true} { // what the editor does not show can be told once the shells have answered
		if unseen {
			l.request(due{look: true, unseen: true, debounce: debounce})
		}
		if err := l.refresh(ctx); err != nil {
			return Update{}, err
		}
	}
	if err := l.await(ctx, func() bool { return !l.listing.busy && l.done >= l.listing.answered }); err != nil {
		return Update{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.update, nil
}

// refresh looks again and waits for it, and for the shells that are being
// asked.
func (l *Loop) refresh(ctx context.Context) error {
	l.look("asked")
	l.mu.Lock()
	want := l.asked
	l.mu.Unlock()
	return l.await(ctx, func() bool { return l.done >= max(want, l.shells.answered) && !l.shells.asking() })
}

// await waits until cond, called with the lock held, is true after some look.
func (l *Loop) await(ctx context.Context, cond func() bool) error {
	for {
		l.mu.Lock()
		ok, changed := cond(), l.changed
		l.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// sentence joins reasons, the first three of them in full.
func sentence(reasons []string) string {
	const most = 3
	switch more := len(reasons) - most; {
	case len(reasons) == 0:
		return "another look"
	case more > 0:
		return fmt.Sprintf("%s and %d more", strings.Join(reasons[:most], "; "), more)
	}
	return strings.Join(reasons, "; ")
}
