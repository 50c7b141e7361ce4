package rules

import (
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
		for _, variable := range comparedVariables {
			if variable == "GOROOT" || variable == "GOMODCACHE" {
				continue // the Go extension changes these for its own children after start
			}
			// The settings overlay of gopls reaches it without a restart.
			overlay := gopls.Layer(model.LayerGoplsSettings).Vars
			if _, overlaid := overlay[variable]; overlaid {
				continue
			}
			old, now := gopls.Lookup(variable), tools.Lookup(variable)
			if equivalent(variable, old.Value, now.Value) {
				continue
			}
			found = append(found, model.Finding{
				Subject:      variable,
				Environments: []model.EnvName{model.EnvGopls},
				Message:      "stale",
				Args: map[string]model.Value{
					"variable": model.NewValue(variable), "old": assignment(old), "new": assignment(now),
				},
				Origin: &now.Origin,
				Fixes:  []model.FixOffer{{ID: "restart-gopls"}},
			})
		}
		return found
	},
}
