package rules

import "github.com/gophantom/gophantom/server/internal/model"

var brokenConfiguration = Rule{
	ID:     "broken-configuration",
	Family: "env-file and precedence",
	Title:  "A file that decides Go's environment cannot be read",
	Refs: []Ref{
		{"", "settings, go.mod, go.work or the GOENV file do not parse or cannot be read", ""},
	},
	Severity: model.Warning,
	Messages: map[string]string{"fault": `{text}`},
	Doc: Doc{
		Symptom: "A settings file, `go.mod`, `go.work` or the GOENV file has an error, so part of the picture is missing.",
		Cause:   "Each tool treats a broken file in its own way: VS Code falls back to the values it could read, go ignores lines of the GOENV file that do not look like `NAME=value`, and stops at a broken `go.mod`.",
		Cure:    "Correct the line named in the message.",
		Undo:    "Nothing was changed.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		for _, fault := range s.Faults {
			if fault.Location == nil {
				continue // nothing to point at: the engine reports it as unknown
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
