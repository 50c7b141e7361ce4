package rules

import (
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

var importPathUnresolved = Rule{
	ID:     "import-path-unresolved",
	Family: "direct and version control",
	Title:  "go cannot tell where the repository of a module is",
	Refs: []Ref{
		{"VC-NOMETA", "the page of an import path has no go-import tag", `unrecognized import path "…": parse https://…?go-get=1: no go-import meta tags ()`},
		{"VC-META404", "there is no page of an import path", `unrecognized import path "…": reading https://…?go-get=1: 404 Not Found`},
		{"VC-NODOT", "a required module whose path does not begin with a host", `malformed module path "…": missing dot in first path element`},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"no-meta": `The web page of {about} does not say where its repository is (it has no go-import tag), so go cannot fetch it from its origin.`,
		"no-page": `The server of {about} answers with an error instead of the page that says where its repository is, so go cannot fetch it from its origin.`,
		"no-dot":  `go.mod requires {module}, whose first element has no dot: it names no server, so nothing can be fetched under this path, and no replace directive says where it is.`,
	},
	Doc: Doc{
		Symptom: "```\nunrecognized import path \"…\": parse https://…?go-get=1: no go-import meta tags ()\nunrecognized import path \"…\": reading https://…?go-get=1: 404 Not Found\nmalformed module path \"corp/lib\": missing dot in first path element\n```",
		Cause:   "Unless the host is one that go knows (such as github.com) or the path has an element that ends in `.git`, go asks `https://PATH?go-get=1` and reads a `go-import` tag there. A login page has none; GitLab shows the tag of a project in a subgroup only to those who may see it. A path without a dot in its first element is for the standard library and for modules of your own that a go.work or a replace directive finds.",
		Cure:    "Check the path for typing errors. Behind a login: give go credentials for the host in `.netrc` (it uses them for this page too), or write `.git` behind the name of the repository in the module path. For a path without a dot: `go mod edit -replace=corp/lib=../lib`, or a go.work.",
		Undo:    "`go mod edit -dropreplace=corp/lib`.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		found := spoken(s, "VC-NOMETA", always("no-meta"))
		found = append(found, spoken(s, "VC-META404", always("no-page"))...)
		for _, env := range present(s) {
			for _, n := range needs(s, env, func(path string) bool {
				first, _, _ := strings.Cut(path, "/")
				return !strings.Contains(first, ".") || replaced(s, path)
			}) {
				text := n.route.Error.Reveal()
				if !strings.HasSuffix(text, "missing dot in first path element") {
					continue
				}
				found.add(env.Name, model.Finding{
					Ref: "VC-NODOT", Message: "no-dot", Subject: n.route.Target.Path, Location: n.at(), GoText: n.route.Error,
					Args: map[string]model.Value{"module": model.NewValue(n.route.Target.Path)},
				})
			}
		}
		return found
	},
}
