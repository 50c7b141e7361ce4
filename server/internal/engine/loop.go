package engine

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gophantom/gophantom/server/internal/fix"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/observe"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/rules"
	"github.com/gophantom/gophantom/server/internal/shell"
	"github.com/gophantom/gophantom/server/internal/world"
)

const (
	// debounce is how long the loop waits for more news before it looks. The
	// editor has collected its facts for a while before it sends them.
	debounce = 50 * time.Millisecond
	// fileDebounce is the same after a file changed: tools write several.
	fileDebounce = 300 * time.Millisecond
	// quiet is how long a problem and its gopls must have been there before
	// "gopls has not looked again" is said: until then it may just be loading.
	quiet = 5 * time.Second
	// shellAge is how old a capture of the shell may be when something else
	// makes us look.
	shellAge = 5 * time.Minute
)

// Loop is the live engine of one client.
type Loop struct {
	w       *world.World
	publish func(Update)
	wake    chan wake // why to look; one is enough

	mu       sync.Mutex
	facts    *EditorFacts
	asked    int           // how many looks were asked for
	done     int           // asked, as of the last finished look
	changed  chan struct{} // closed and replaced after every look
	shell    shell.Answer
	shellAt  time.Time
	capture  bool // a capture of the shell is under way
	number   int
	last     *Assessment // what was published last
	update   Update
	seen     map[string]time.Time // since when a finding or problem is there
	undo     *undoRecord
	tried    map[string]bool // offers that did not help, by offer.key
	watching []string
	curing   bool
}

// NewLoop makes a loop that publishes through publish, which must not block.
func NewLoop(w *world.World, publish func(Update)) *Loop {
	return &Loop{
		w: w, publish: publish, wake: make(chan wake, 1), changed: make(chan struct{}),
		seen: map[string]time.Time{}, tried: map[string]bool{},
	}
}

// Facts hands over the newest facts of the editor; it never blocks.
func (l *Loop) Facts(f EditorFacts) {
	l.mu.Lock()
	l.facts = &f
	l.mu.Unlock()
	l.look("the editor changed")
}

// wake is a reason to look, for people, and how long to wait for more.
type wake struct {
	reason   string
	debounce time.Duration
}

// look asks for another look, for the given reason.
func (l *Loop) look(reason string) { l.lookAfter(debounce, reason) }

func (l *Loop) lookAfter(d time.Duration, reason string) {
	l.mu.Lock()
	l.asked++
	l.mu.Unlock()
	select {
	case l.wake <- wake{reason, d}:
	default: // a look is due anyway
	}
}

// Run works until ctx is done.
func (l *Loop) Run(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stopWatch := func() {}
	defer func() { stopWatch() }()
	for {
		var cause wake
		select {
		case <-ctx.Done():
			return
		case cause = <-l.wake:
		}
		select {
		case <-ctx.Done():
			return
		case <-l.w.Clock.After(cause.debounce):
		}
		select { // whatever came in meanwhile is seen by this look
		case <-l.wake:
		default:
		}
		l.mu.Lock()
		facts, asked := l.facts, l.asked
		l.mu.Unlock()
		if facts == nil {
			l.finish(asked)
			continue
		}
		if len(facts.Folders) == 0 {
			l.noFolder(facts, asked)
			continue
		}
		l.captureShell(ctx, &wg, facts)
		s := l.snapshot(ctx, facts, cause.reason)
		l.announce(s)
		a := Check(ctx, l.w, s)
		if ctx.Err() != nil {
			return
		}
		if soon := l.settle(&a); soon > 0 {
			wg.Go(func() {
				select {
				case <-ctx.Done():
				case <-l.w.Clock.After(soon):
					l.look("a finding settled")
				}
			})
		}
		l.report(a, asked)
		if files := observe.WatchList(s, facts.Settings); !slices.Equal(files, l.watching) {
			stopWatch()
			stopWatch = l.watch(ctx, &wg, files)
		}
	}
}

// captureShell starts a capture of the shell's environment when there is none
// or it is old. The loop goes on without it and looks again when it is there.
func (l *Loop) captureShell(ctx context.Context, wg *sync.WaitGroup, facts *EditorFacts) {
	now := l.w.Clock.Now()
	l.mu.Lock()
	due := facts.Trusted && !l.capture && (!l.shell.Done || now.Sub(l.shellAt) > shellAge)
	if due {
		l.capture = true
	}
	l.mu.Unlock()
	if !due {
		return
	}
	wg.Go(func() {
		answer := shell.Ask(ctx, l.w, shell.Options{ClientPID: facts.ClientPID, Dir: facts.Folders[0]})
		if ctx.Err() != nil {
			return
		}
		l.mu.Lock()
		l.shell, l.shellAt, l.capture = answer, l.w.Clock.Now(), false
		l.mu.Unlock()
		l.look("the shell answered")
	})
}

func (l *Loop) snapshot(ctx context.Context, facts *EditorFacts, reason string) *model.Snapshot {
	l.mu.Lock()
	l.number++
	number, answer := l.number, l.shell
	l.mu.Unlock()
	return observe.Take(ctx, l.w, observe.Input{
		Number: number, Reason: reason, Dir: facts.Folders[0], Trusted: facts.Trusted,
		Problems: facts.Problems, Dirty: facts.Dirty,
		Editor: &observe.EditorInput{
			ClientPID: facts.ClientPID, Env: facts.Env, Settings: facts.Settings,
			Extension: facts.Extension, Editor: facts.Editor, Shell: answer,
		},
	})
}

// announce publishes that a look is under way when it has problems to judge,
// the only part that takes long.
func (l *Loop) announce(s *model.Snapshot) {
	if !slices.ContainsFunc(s.Problems, judged) {
		return
	}
	l.mu.Lock()
	l.update.Busy, l.update.Trusted = true, s.Trusted
	u := l.update
	l.mu.Unlock()
	l.publish(u)
}

// settle holds back what is too young to be shown and says how soon to look
// again for it; 0 if nothing is held back.
func (l *Loop) settle(a *Assessment) (soon time.Duration) {
	now := a.Snapshot.Taken
	l.mu.Lock()
	defer l.mu.Unlock()
	present := map[string]bool{}
	age := func(key string) time.Duration {
		present[key] = true
		if _, ok := l.seen[key]; !ok {
			l.seen[key] = now
		}
		return now.Sub(l.seen[key])
	}
	wait := func(d time.Duration) {
		if soon == 0 || d < soon {
			soon = d
		}
	}
	a.Findings = slices.DeleteFunc(a.Findings, func(f model.Finding) bool {
		young := rules.ByID(f.Rule).Settle - age("finding\x00"+f.Rule+"\x00"+f.Subject)
		if young > 0 {
			wait(young)
		}
		return young > 0
	})
	for i := range a.Verdicts {
		v := &a.Verdicts[i]
		young := quiet - age(fmt.Sprintf("problem\x00%s\x00%v\x00%s", v.Problem.File, v.Problem.Range, v.Problem.Message))
		for _, g := range a.Snapshot.Gopls {
			young = max(young, quiet-now.Sub(g.Started))
		}
		if v.Kind == model.Phantom && v.Cause == model.CauseStale && young > 0 {
			wait(young)
			v.Kind, v.Cause, v.Fixes = model.Unknown, "", nil
			v.Why = "the import works everywhere; gopls may still be loading"
		}
	}
	for key := range l.seen {
		if !present[key] {
			delete(l.seen, key)
		}
	}
	return soon
}

// noFolder publishes that there is nothing to look at.
func (l *Loop) noFolder(facts *EditorFacts, asked int) {
	l.mu.Lock()
	l.number++
	a := Assessment{
		Snapshot: &model.Snapshot{Number: l.number, Reason: "no folder", Taken: l.w.Clock.Now(), Trusted: facts.Trusted},
		Unknown:  []report.Unknown{{Rule: "workspace", Why: "No folder is open, so there is no workspace to look at; open the folder of a Go module."}},
	}
	l.mu.Unlock()
	l.report(a, asked)
}

// report publishes an assessment.
func (l *Loop) report(a Assessment, asked int) {
	r := a.Report(l.w)
	u := Update{Report: r, Ready: true, Trusted: a.Snapshot.Trusted, Headline: a.headline(r), Details: a.details()}
	if o, ok := l.best(a); ok {
		if p, err := fix.Make(l.w, a.Snapshot, o.FixOffer, report.Show); err == nil {
			u.Cure = p.Title
		}
	}
	l.mu.Lock()
	l.last, l.update = &a, u
	l.mu.Unlock()
	l.publish(u)
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
func (l *Loop) best(a Assessment) (offer, bool) {
	for _, o := range a.offers() {
		l.mu.Lock()
		tried := l.tried[o.key()]
		l.mu.Unlock()
		if tried {
			continue
		}
		if p, err := fix.Make(l.w, a.Snapshot, o.FixOffer, report.Show); err == nil && p.Disabled == "" && len(p.Steps) > 0 {
			return o, true
		}
	}
	return offer{}, false
}

// details are the facts behind the health, for a tooltip.
func (a Assessment) details() []string {
	s := a.Snapshot
	var out []string
	for _, g := range s.Gopls {
		out = append(out, fmt.Sprintf("gopls %s, built with %s", known(g.Version), known(g.GoVersion)))
	}
	if t, ok := s.ToolchainOf(model.EnvShell); ok {
		out = append(out, "shell: "+known(t.Version))
	}
	for _, f := range s.Faults {
		if f.Location == nil {
			out = append(out, f.Text)
		}
	}
	return out
}

func known(version string) string {
	if version == "" {
		return "(version unknown)"
	}
	return version
}

// watch looks again whenever one of the files changes.
func (l *Loop) watch(ctx context.Context, wg *sync.WaitGroup, files []string) (stop func()) {
	l.watching = files
	ctx, cancel := context.WithCancel(ctx)
	w, err := l.w.Watch.Files(ctx)
	if err != nil {
		return cancel // looking goes on by the editor's events
	}
	w.Set(files)
	wg.Go(func() {
		for file := range w.Events() {
			l.lookAfter(fileDebounce, file+" changed")
		}
	})
	return cancel
}

// Recheck looks again, asking the shell anew, and returns when judged.
func (l *Loop) Recheck(ctx context.Context) (Update, error) {
	l.mu.Lock()
	if !l.capture {
		l.shellAt = time.Time{}
	}
	clear(l.tried)
	l.mu.Unlock()
	if err := l.refresh(ctx); err != nil {
		return Update{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.update, nil
}

// refresh looks again and waits for it.
func (l *Loop) refresh(ctx context.Context) error {
	l.look("asked")
	l.mu.Lock()
	want := l.asked
	l.mu.Unlock()
	return l.await(ctx, func() bool { return l.done >= want && !l.capture })
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
