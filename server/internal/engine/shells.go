package engine

import (
	"context"
	"reflect"
	"time"

	"github.com/gophantom/gophantom/server/internal/shell"
	"github.com/gophantom/gophantom/server/internal/world"
)

// shellAge is how old the answer of a shell may be when something else makes
// us look.
const shellAge = 5 * time.Minute

// shellsAtOnce bounds how many shells start side by side.
const shellsAtOnce = 2

// shells are the places in which the user's shell is asked. Loop.mu guards it.
type shells struct {
	places   map[string]*place // by workspace folder; "" is the home directory
	answered int               // Loop.asked of the look that the last answer asked for
}

// place is one directory in which the shell is asked.
type place struct {
	answer shell.Answer
	at     time.Time          // when the question was asked that answer answers
	due    bool               // ask again, also when the answer is young
	reason string             // why, for people; "" if nothing changed
	busy   bool               // it is being asked
	took   time.Duration      // what the last start took that nobody asked for yet; 0 if there is none
	stop   context.CancelFunc // ends what follows the start-up files of an older answer
}

// askAgain makes every answer old, for a reason.
func (s *shells) askAgain(reason string) {
	for _, p := range s.places {
		p.due = true
		if reason != "" {
			p.reason = reason
		}
	}
}

// asking reports whether an answer is still to come.
func (s *shells) asking() bool {
	for _, p := range s.places {
		if p.busy || p.due {
			return true
		}
	}
	return false
}

// shellAnswers returns what the shell answered at home and in a folder.
func (l *Loop) shellAnswers(dir string) (home, here shell.Answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	answer := func(dir string) shell.Answer {
		if p := l.shells.places[dir]; p != nil {
			return p.answer
		}
		return shell.Answer{}
	}
	return answer(""), answer(dir)
}

// shellTook is how long the shell took to start in a folder, in milliseconds, and
// is told once.
func (l *Loop) shellTook(dir string) (millis float64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.shells.places[dir]
	if p == nil || p.took <= 0 {
		return 0, false
	}
	millis, p.took = float64(p.took)/float64(time.Millisecond), 0
	return millis, true
}

// askShells asks the shell at home and in each folder, where its answer is
// missing or old. The loop goes on meanwhile, and looks again for each answer.
// In a workspace that is not trusted no shell runs.
func (r *run) askShells(facts *EditorFacts) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.shells.places
	r.shells.places = map[string]*place{}
	if !facts.Trusted {
		return
	}
	now := r.w.Clock.Now()
	for _, dir := range append([]string{""}, facts.Folders...) {
		p := before[dir]
		if p == nil {
			p = &place{}
		}
		r.shells.places[dir] = p
		if p.busy || !p.due && p.answer.Done && now.Sub(p.at) <= shellAge {
			continue
		}
		if p.stop != nil {
			p.stop()
		}
		reason := p.reason
		p.busy, p.due, p.reason = true, false, ""
		ctx, stop := context.WithCancel(r.ctx)
		p.stop = stop
		opt := shell.Options{ClientPID: facts.ClientPID, Dir: dir, Prompt: dir != ""}
		if dir == "" {
			opt.Dir = home(facts, r.w.Environ)
		}
		r.wg.Go(func() {
			defer stop()
			r.ask(ctx, p, opt, reason)
		})
	}
}

// ask asks the shell in one place, and then follows its start-up files to find
// which line set what.
func (r *run) ask(ctx context.Context, p *place, opt shell.Options, reason string) {
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return
	}
	asked := r.w.Clock.Now()
	answer := shell.Ask(ctx, r.w, opt)
	took := r.w.Clock.Now().Sub(asked)
	if ctx.Err() != nil {
		return
	}
	if answer.Vars != nil && answer.Fault == nil { // it was started once
		r.mu.Lock()
		p.took = took
		r.mu.Unlock()
	}
	again := r.answered(p, answer, asked, reason)
	if again || answer.Vars == nil {
		return
	}
	traced := shell.Trace(ctx, r.w, opt, answer)
	if ctx.Err() != nil {
		return // asked again meanwhile, or over
	}
	changed := ""
	for _, file := range traced.Files {
		if info, err := r.w.Files.Stat(file); err == nil && info.ModTime().After(asked) {
			changed = file + " changed"
		}
	}
	r.mu.Lock()
	same := reflect.DeepEqual(p.answer, traced)
	p.answer = traced
	if changed != "" {
		p.due, p.reason = true, changed
	}
	r.mu.Unlock()
	switch {
	case !same:
		r.look("the start-up files of the shell were followed")
	case changed != "":
		r.request(due{debounce: debounce})
	}
}

// answered takes over an answer and asks for a look if it is news. again tells
// that the place is to be asked once more, because something changed meanwhile.
func (r *run) answered(p *place, answer shell.Answer, asked time.Time, reason string) (again bool) {
	r.mu.Lock()
	before := p.answer
	// Until they are followed anew, the lines of before are the best known
	// where nothing else came out.
	answer.Shell, answer.Files = before.Shell, before.Files
	if reflect.DeepEqual(before.Vars, answer.Vars) {
		answer.Lines = before.Lines
	}
	news := reason != "" || !reflect.DeepEqual(before, answer)
	p.answer, p.at, p.busy = answer, asked, false
	again = p.due
	if news {
		why := "the shell answered"
		if reason != "" {
			why = reason + ", and the shell was asked again"
		}
		r.add(due{reasons: []string{why}, look: true, debounce: debounce})
		r.shells.answered = r.asked
	}
	done := r.done
	r.mu.Unlock()
	switch {
	case news || again:
		r.signal()
	default:
		r.finish(done) // somebody may wait for the answer alone
	}
	return again
}

// home is the home directory of the user of the editor; "" if it is not known.
func home(facts *EditorFacts, environ []string) string {
	own := world.Variables(environ)
	for _, vars := range []map[string]string{facts.Env, own} {
		for _, name := range []string{"HOME", "USERPROFILE"} {
			if vars[name] != "" {
				return vars[name]
			}
		}
	}
	return ""
}
