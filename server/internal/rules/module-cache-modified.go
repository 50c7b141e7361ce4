package rules

import "github.com/gophantom/gophantom/server/internal/model"

var moduleCacheModified = Rule{
	ID:     "module-cache-modified",
	Family: "checksums",
	Title:  "Files of the module cache were changed",
	Refs: []Ref{
		{"MC-DIRMOD", "go mod verify finds that the files of a module are not the downloaded ones", "…: dir has been modified (…)"},
	},
	Severity: model.Warning,
	Messages: map[string]string{
		"modified": `Somebody changed files of {module} in the module cache, so builds use other code than was downloaded: {gotext}.`,
	},
	Doc: Doc{
		Symptom: "A dependency behaves differently on one machine, or *Go to Definition* shows edits. `go mod verify` says:\n\n```\nexample.com/m v1.0.0: dir has been modified (/home/me/go/pkg/mod/example.com/m@v1.0.0)\n```",
		Cause:   "The files of the module cache are read-only, but with `-modcacherw` in GOFLAGS, or as root, an editor or a generator can change them. Builds do not check that.",
		Cure:    "Remove the directory that the message names and download the module again: `go mod download MODULE@VERSION`. To change a dependency, use a `replace` directive with a copy of it.",
		Undo:    "Nothing was changed.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		for _, u := range heard(s, "MC-DIRMOD") {
			if u.Refs[0] != "MC-DIRMOD" {
				continue
			}
			module := u.Args["module"].Reveal()
			if module == "" {
				module = "a module"
			}
			found = append(found, model.Finding{
				Ref: "MC-DIRMOD", Message: "modified", Subject: "GOMODCACHE", Environments: []model.EnvName{u.said.Env},
				Args: map[string]model.Value{"module": model.NewValue(module), "gotext": u.Text}, GoText: u.Text,
			})
		}
		return merged(found)
	},
}
