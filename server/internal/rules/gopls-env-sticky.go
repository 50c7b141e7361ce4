package rules

import (
	"maps"
	"slices"

	"github.com/gophantom/gophantom/server/internal/model"
)

var goplsEnvSticky = Rule{
	ID:     "gopls-env-sticky",
	Family: "settings",
	Title:  "gopls keeps a variable that was removed from its settings",
	Refs: []Ref{
		{"", "a member of build.env, or build flags, gone from the settings, that the running gopls still uses", ""},
	},
	Severity: model.Warning,
	Messages: map[string]string{
		"kept": `gopls still runs go with {variable}={value}, although its settings do not say so any more: gopls adds what is new in its settings and forgets nothing until it is restarted.`,
	},
	Doc: Doc{
		Symptom: "A variable was removed from `build.env` in the settings of gopls, or `go.buildTags`, `go.buildFlags` or `build.buildFlags` were removed, the settings say so, and the errors that they made stay.",
		Cause:   "gopls lays new settings over those it has. A member of `build.env` that is gone is not taken away: not after the change, not even with an empty `build.env`. An empty *text* takes it away (`\"GOFLAGS\": \"\"`), and so does a restart. Build flags that are gone stay in the same way, as a part of `GOFLAGS`; an empty list takes them away (`\"gopls\": {\"build.buildFlags\": []}`).",
		Cure:    "*Restart gopls*.",
		Undo:    "Nothing to undo: the restart changes no file and no setting.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		env, ok := s.Env(model.EnvGopls)
		if !ok || !env.Complete {
			return nil
		}
		vars := env.Layer(model.LayerGoplsSettings).Vars
		for _, name := range slices.Sorted(maps.Keys(vars)) {
			a := vars[name]
			if a.Note != model.NoteRemoved || a.Value.Empty() || name == model.ReloadVariable {
				continue
			}
			set := env.Lookup(name)
			found = append(found, model.Finding{
				Subject: name, Environments: []model.EnvName{model.EnvGopls}, Message: "kept", Origin: &set.Origin,
				Args: map[string]model.Value{"variable": model.NewValue(name), "value": a.Value}, Fixes: []model.FixOffer{{ID: "restart-gopls"}},
			})
		}
		return found
	},
}
