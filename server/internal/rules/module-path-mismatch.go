package rules

import "github.com/gophantom/gophantom/server/internal/model"

var modulePathMismatch = Rule{
	ID:     "module-path-mismatch",
	Family: "direct and version control",
	Title:  "A module calls itself by another path than the one that is required",
	Refs: []Ref{
		{"VC-PATHMISMATCH", "the go.mod of a fetched module declares another path", "module declares its path as: … but was required as: …"},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"mismatch": `The go.mod of a fetched module has another path than the one it was asked for by: {said}.`,
	},
	Doc: Doc{
		Symptom: "```\nparsing go.mod:\n\tmodule declares its path as: github.com/new/lib\n\t        but was required as: github.com/old/lib\n```",
		Cause:   "A module has one path, and its own go.mod says which. A repository that was renamed or forked can be fetched by another address, but go does not take it for the module of that path. Paths are compared with upper and lower case.",
		Cure:    "Require and import the path that the module declares. For a fork: keep the old path and write `replace github.com/old/lib => github.com/new/lib v1.2.3`.",
		Undo:    "Put the old lines of go.mod back.",
	},
	Check: func(s *model.Snapshot) []model.Finding { return spoken(s, "VC-PATHMISMATCH", always("mismatch")) },
}
