package rules

import (
	"path/filepath"
	"slices"

	"github.com/gophantom/gophantom/server/internal/model"
)

var brokenConfiguration = Rule{
	ID:     "broken-configuration",
	Family: "env-file and precedence",
	Title:  "A file that decides Go's environment cannot be read",
	Refs: []Ref{
		{"", "settings do not parse, or a file that go reads cannot be read here", ""},
	},
	Severity: model.Warning,
	Messages: map[string]string{"fault": `{text}`},
	Doc: Doc{
		Symptom: "A settings file has an error, or `go.mod`, `go.work` or the GOENV file cannot be read, so part of the picture is missing.",
		Cause:   "Each tool treats a broken file in its own way: VS Code falls back to the values it could read, and go stops at a `go.mod` that it may not read. What is wrong inside of a `go.mod`, `go.work` or GOENV file, the rules `gomod-broken`, `workspace-broken` and `goenv-file` say.",
		Cure:    "Correct the line named in the message.",
		Undo:    "Nothing was changed.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		for _, fault := range s.Faults {
			if fault.Location == nil {
				continue // nothing to point at: the engine reports it as unknown
			}
			isGOWORK := func(env model.Env) bool {
				return filepath.Clean(env.Lookup("GOWORK").Value.Reveal()) == fault.Location.File
			}
			if place, _ := s.Place(fault.Location.File); place.Dir && slices.ContainsFunc(s.Envs, isGOWORK) {
				continue // workspace-broken tells that GOWORK names a directory
			}
			found = append(found, model.Finding{
				Subject:  fault.Subject,
				Message:  "fault",
				Args:     map[string]model.Value{"text": model.NewValue(fault.Text)},
				Location: fault.Location,
			})
		}
		return found
	},
}
