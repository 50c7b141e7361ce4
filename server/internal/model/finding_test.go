package model_test

import (
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
)

// TestLabelsOfLines: no two lines are called alike, also of two modules.
func TestLabelsOfLines(t *testing.T) {
	seen := map[string]bool{}
	for _, l := range []model.PastLine{
		{Kind: "require", Name: "a/go.mod example.com/m", Of: "example.com/m", File: "/ws/a/go.mod"},
		{Kind: "require", Name: "b/go.mod example.com/m", Of: "example.com/m", File: "/ws/b/go.mod"},
		{Kind: "exclude", Name: "a/go.mod example.com/m v1.0.0", Of: "example.com/m v1.0.0", File: "/ws/a/go.mod"},
		{Kind: "go line", Name: "a/go.mod", File: "/ws/a/go.mod"},
		{Kind: "go line", Name: "b/go.mod", File: "/ws/b/go.mod"},
		{Kind: "module", Name: "b/go.mod", File: "/ws/b/go.mod"},
		{Kind: "vendor", Name: "a/go.mod", File: "/ws/a/go.mod"},
		{Kind: "vendor", Name: "b/go.mod", File: "/ws/b/go.mod"},
		{Kind: "use", Name: "a", Of: "/ws/a", File: "/ws/go.work"},
		{Kind: "use", Name: "b", Of: "/ws/b", File: "/ws/go.work"},
		{Kind: "go.work", Name: "go.work", File: "/ws/go.work"},
	} {
		if label := l.Label(); seen[label] || label == "" {
			t.Errorf("two lines are called %q", label)
		} else {
			seen[label] = true
		}
	}
}
