package engine

import (
	"context"
	"slices"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/verify"
)

// listing is what go is asked to list behind the back of the verdicts, for
// what it says. Loop.mu guards it, but for memory.
type listing struct {
	memory   verify.FactMemory
	busy     bool               // an answer is still to come
	pending  string             // what it is about
	stop     context.CancelFunc // ends it
	answered int                // Loop.asked of the look that the last answer asked for
}

// pending marks what go was not asked yet about a look as being asked, and
// returns what asks it. That looks again for what go has to say. What was asked
// about an older look and is of no use any more ends.
func (r *run) pending(found survey) (list func()) {
	var open []*model.Snapshot
	all := ""
	for _, a := range found {
		if _, pending := verify.KnownFacts(r.w, a.Snapshot, &r.listing.memory); pending != "" {
			open, all = append(open, a.Snapshot), all+pending
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.listing.busy && r.listing.pending == all {
		return func() {}
	}
	if r.listing.stop != nil {
		r.listing.stop()
	}
	r.listing.busy, r.listing.pending = all != "", all
	if all == "" {
		return func() {}
	}
	ctx, stop := context.WithCancel(r.ctx)
	r.listing.stop = stop
	return func() {
		r.wg.Go(func() {
			defer stop()
			r.list(ctx, open, all)
		})
	}
}

// list asks go, and for another look if it had something to say.
func (r *run) list(ctx context.Context, open []*model.Snapshot, pending string) {
	news := false
	for _, s := range open {
		trial := model.Snapshot{Envs: s.Envs}
		hear(&trial, verify.Facts(ctx, r.w, s, &r.listing.memory))
		news = news || slices.ContainsFunc(trial.Said, func(u model.Said) bool { return len(u.Messages) > 0 })
	}
	r.mu.Lock()
	if ctx.Err() != nil || r.listing.pending != pending {
		r.mu.Unlock()
		return
	}
	r.listing.busy = false
	if news {
		r.add(due{reasons: []string{"go list answered"}, look: true, debounce: debounce})
		r.listing.answered = r.asked
	}
	done := r.done
	r.mu.Unlock()
	if news {
		r.signal()
		return
	}
	r.finish(done) // somebody may wait for the answer alone
}
