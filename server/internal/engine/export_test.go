package engine

import (
	"github.com/gophantom/gophantom/server/internal/baseline"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// FixesOf is what complete offers for a verdict.
func FixesOf(w *world.World, s *model.Snapshot, v model.Verdict) []model.FixOffer {
	a := Assessment{Snapshot: s}
	a.complete(w, &v)
	return v.Fixes
}

// Found is what the last published look found in the first folder.
func (l *Loop) Found() (a Assessment, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.last) == 0 {
		return a, false
	}
	return l.last[0], true
}

// Slowdowns are what a look finds in the costs and the history of a folder.
var Slowdowns = slowdowns

// CostsOf is what is known of the costs of a folder.
func CostsOf(w *world.World, dir string) map[string]baseline.Costs {
	b, _, _ := baselines{w: w}.of(dir)
	return b.Costs
}

// LoggedEnv is what the loop gives observe.
var LoggedEnv = loggedEnv
