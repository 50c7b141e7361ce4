package rules

import (
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

var privatePatternMissesApex = Rule{
	ID:     "private-pattern-misses-apex",
	Family: "private patterns",
	Title:  "A pattern for subdomains leaves the domain itself out",
	Refs: []Ref{
		{"PV-APEX", "*.corp.example is listed, and a module of corp.example is required", ""},
	},
	Severity: model.Warning,
	Messages: map[string]string{
		"apex": `{variable} has the pattern “{pattern}”, which matches subdomains only: it does not match {module}, which go.mod requires.`,
	},
	Doc: Doc{
		Symptom: "Modules of `git.corp.example` are treated as private, one of `corp.example` itself is not: go asks the public proxy and the checksum database for it.",
		Cause:   "A pattern is compared with the beginning of the module path, element by element, and `*.` stands for at least a dot. `*.corp.example` matches `git.corp.example/x` and `a.b.corp.example/x`, never `corp.example/x`.",
		Cure:    "List both: `corp.example,*.corp.example`. If the module of the domain itself is public, nothing is wrong.",
		Undo:    "The fix is an edit of the line that sets the variable; undo puts the old text back.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, env := range present(s) {
			for _, variable := range patternLists {
				set := env.Lookup(variable)
				if variable == "GOPRIVATE" && !env.Lookup("GONOPROXY").Value.Empty() && !env.Lookup("GONOSUMDB").Value.Empty() {
					continue // then it only has a say in GOVCS
				}
				list := set.Value.Reveal()
				told := 0
				unmatched := needs(s, env, func(path string) bool {
					_, matched := route.Match(list, path)
					return !matched
				})
				for _, p := range route.Patterns(list) {
					apex, wildcard := strings.CutPrefix(strings.TrimSuffix(p.Text, "/"), "*.")
					domain, _, _ := strings.Cut(apex, "/")
					if told == mostPatterns || p.Fault != "" || !wildcard || !strings.Contains(domain, ".") || strings.ContainsAny(apex, `*?[\`) || publicHosts[domain] {
						continue
					}
					i := slices.IndexFunc(unmatched, func(n need) bool { return module.MatchPrefixPatterns(apex, n.Path) })
					if i < 0 {
						continue
					}
					left := unmatched[i]
					told++
					f := model.Finding{
						Ref: "PV-APEX", Message: "apex", Subject: variable, Origin: &set.Origin, Latent: !left.missing,
						Args: map[string]model.Value{"variable": model.NewValue(variable), "pattern": model.NewValue(p.Text), "module": model.NewValue(left.Path)},
						Fixes: []model.FixOffer{{ID: "set-variable", Args: map[string]model.Value{
							"variable": model.NewValue(variable), "value": model.NewValue(list[:p.Start] + apex + "," + list[p.Start:]),
						}}},
					}
					if !left.missing {
						f.Severity = model.Info
					}
					found.add(env.Name, f)
				}
			}
		}
		return found
	},
}

// patternLists are the variables that hold patterns of module paths.
var patternLists = []string{"GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE"}

// publicHosts are domains whose own modules are public, whoever lists a pattern
// for their subdomains.
var publicHosts = map[string]bool{
	"github.com": true, "gitlab.com": true, "bitbucket.org": true, "codeberg.org": true, "gitee.com": true, "gopkg.in": true,
	"golang.org": true, "google.golang.org": true, "go.uber.org": true, "k8s.io": true, "cloud.google.com": true,
}
