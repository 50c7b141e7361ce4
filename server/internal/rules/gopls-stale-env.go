package rules

import (
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/drift"
	"github.com/gophantom/gophantom/server/internal/model"
)

var goplsStaleEnv = Rule{
	ID:     "gopls-stale-env",
	Family: "stale gopls",
	Title:  "gopls runs with values from before a change",
	Refs: []Ref{
		{"", "the environment of the running gopls differs from what the Go extension would start it with now", ""},
	},
	Severity: model.Warning,
	// A mask explains more, and a restart alone may not cure it.
	DependsOn: []string{"masked-variable"},
	Messages: map[string]string{
		"stale": `gopls was started with {old}; started now, it would get {new}, so it needs a restart.`,
	},
	Doc: Doc{
		Symptom: "A setting was changed, and gopls goes on as if it was not.",
		Cause:   "gopls gets its environment once, when it is started. The Go extension restarts it by itself after a change of `go.toolsEnvVars` or `go.alternateTools`, but not after `go.goroot`, `go.gopath` or `http.proxy`, nor when another extension changes the environment of the extension host.",
		Cure:    "*Restart gopls* through the Go extension.",
		Undo:    "Nothing to undo: the restart changes no file and no setting.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		gopls, ok := s.Env(model.EnvGopls)
		tools, ok2 := s.Env(model.EnvTools)
		if !ok || !ok2 || !gopls.Complete || !tools.Complete || s.Editor == nil {
			return nil
		}
		overlay := gopls.Layer(model.LayerGoplsSettings).Vars
		for _, d := range drift.Between(s, model.EnvGopls, model.EnvTools) {
			// The settings overlay of gopls reaches it without a restart.
			if _, overlaid := overlay[d.Variable]; !d.Matters || overlaid || changesAfterStart(d.Variable) {
				continue
			}
			if slices.ContainsFunc(s.Rivals, func(r model.Rival) bool { return r.Here.Name == d.Variable }) {
				continue // gopls may have it from another folder, and a restart brings it back
			}
			found = append(found, model.Finding{
				Subject:      d.Variable,
				Environments: []model.EnvName{model.EnvGopls},
				Message:      "stale",
				Latent:       d.Latent,
				Args: map[string]model.Value{
					"variable": model.NewValue(d.Variable), "old": assignment(d.InA), "new": assignment(d.InB),
				},
				Origin: &d.InB.Origin,
				Fixes:  []model.FixOffer{{ID: "restart-gopls"}},
			})
		}
		return found
	},
}

// changesAfterStart names what extensions change in their host for purposes of
// their own after gopls was started, and the tools that PATH leads to.
func changesAfterStart(variable string) bool {
	switch variable {
	case "GOROOT", "GOMODCACHE", "PATH", "go", "git", "cc", "HOME", "SSH_AUTH_SOCK":
		return true
	}
	return strings.HasPrefix(variable, "GIT_")
}
