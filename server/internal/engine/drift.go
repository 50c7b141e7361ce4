package engine

import (
	"github.com/gophantom/gophantom/server/internal/drift"
	"github.com/gophantom/gophantom/server/internal/model"
)

// Drift lists where the complete environments of a snapshot differ from the
// shell, and says of each difference whether it matters to Go.
func Drift(s *model.Snapshot) []model.Drift { return drift.Of(s) }
