package engine

import (
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// FixesOf is what complete offers for a verdict.
func FixesOf(w *world.World, s *model.Snapshot, v model.Verdict) []model.FixOffer {
	a := Assessment{Snapshot: s}
	a.complete(w, &v)
	return v.Fixes
}

// LoggedEnv is what the loop gives observe.
var LoggedEnv = loggedEnv
