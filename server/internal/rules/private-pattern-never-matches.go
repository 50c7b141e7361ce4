package rules

import (
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

var privatePatternNeverMatches = Rule{
	ID:     "private-pattern-never-matches",
	Family: "private patterns",
	Title:  "A private-module pattern can never match",
	Refs: []Ref{
		{"PV-SPACE", "white space around a pattern", ""},
		{"PV-URL", "a pattern written as a URL", ""},
		{"PV-PORT", "a pattern with a port", ""},
		{"PV-SEP", "another separator than a comma", ""},
		{"PV-DOTSUFFIX", "a leading dot, as in NO_PROXY", ""},
		{"PV-ELLIPSIS", "three dots, as in go list", ""},
		{"PV-BADGLOB", "a glob that does not parse", ""},
		{"PV-CRLF", "a carriage return at the end of the line", ""},
		{"PV-QUOTED", "quotes, which go does not remove", ""},
		{"PV-DBLSLASH", "two slashes", ""},
		{"PV-CHAR", "a character that module paths cannot have, or not in this place", ""},
		{"PV-CASE", "capital letters in a host, or a required module that differs from the pattern in case only", ""},
	},
	Severity: model.Warning,
	Messages: map[string]string{
		"PV-SPACE": `{variable} has the pattern “{pattern}” with white space around it, which go does not trim, so it matches no module; {advice}.`,
		"PV-URL":   `{variable} has the pattern “{pattern}”, but patterns are compared with module paths, which have no “://”, so it matches no module; {advice}.`,
		"PV-PORT":  `{variable} has the pattern “{pattern}”, but module paths cannot contain “:”, so it matches no module; {advice}.`,
		"case":     `{variable} has the pattern “{pattern}”, which does not match {module}, which go.mod requires: upper and lower case differ; {advice}.`,
		"other":    `{variable} has the pattern “{pattern}”, which no module path can match ({reason}); {advice}.`,
	},
	Doc: Doc{
		Symptom: "A private module is asked from the public proxy or checksum database although it is listed:\n\n```\nreading https://proxy…/@v/v1.0.0.info: 404 Not Found\n```\n\nor, for GOINSECURE, certificate errors go on. go itself says nothing about the dead pattern.",
		Cause:   "GOPRIVATE, GONOPROXY, GONOSUMDB and GOINSECURE are comma-separated lists of path patterns compared with *module paths*, element by element. Unlike GOPROXY, white space is kept; a scheme, a port or a space can never occur in a module path, so such a pattern is silently dead.",
		Cure:    "Write the bare path prefix: `git.corp.example`, or `*.corp.example`. No spaces, no `https://`, no port.",
		Undo:    "The fix is an edit of the line that sets the variable; undo puts the old text back.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		for _, variable := range []string{"GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE"} {
			for _, g := range settings(s, variable) {
				list := g.Value.Reveal()
				unmatched := needs(s, g.env, func(path string) bool {
					_, matched := route.Match(list, path)
					return !matched
				})
				told := 0
				for _, p := range route.Patterns(list) {
					if told == mostPatterns {
						break
					}
					if p.Fault == "" {
						if f, ok := caseOnly(g, p, unmatched); ok {
							found = append(found, g.finding(f))
							told++
						}
						continue
					}
					told++
					message := p.Fault
					if privatePatternNeverMatchesReasons[p.Fault] != "" {
						message = "other"
					}
					found = append(found, g.finding(model.Finding{
						Ref:     p.Fault,
						Message: message,
						Latent:  idle(s, g.env),
						Args: map[string]model.Value{
							"variable": model.NewValue(variable),
							"pattern":  model.NewValue(p.Text),
							"reason":   model.NewValue(privatePatternNeverMatchesReasons[p.Fault]),
							"advice":   advice(p),
						},
						Fixes: []model.FixOffer{{ID: "fix-pattern", Args: map[string]model.Value{"variable": model.NewValue(variable)}}},
					}))
				}
			}
		}
		return found
	},
}

// mostPatterns is how many patterns or entries of one list are told. Real lists
// have fewer.
const mostPatterns = 20

// caseOnly finds a module that a pattern matches but for upper and lower case,
// among the required ones that no pattern of the list matches.
func caseOnly(g group, p route.Pattern, unmatched []need) (model.Finding, bool) {
	list, lower := g.Value.Reveal(), strings.ToLower(p.Text)
	i := slices.IndexFunc(unmatched, func(n need) bool { return module.MatchPrefixPatterns(lower, strings.ToLower(n.Path)) })
	if i < 0 {
		return model.Finding{}, false
	}
	missed := unmatched[i]
	meant := p
	meant.Suggestion = inCaseOf(p.Text, missed.Path)
	if !module.MatchPrefixPatterns(meant.Suggestion, missed.Path) {
		return model.Finding{}, false // a wildcard beside letters of the wrong case
	}
	f := model.Finding{
		Ref: "PV-CASE", Message: "case", Latent: !missed.missing,
		Args: map[string]model.Value{
			"variable": model.NewValue(g.Name), "pattern": model.NewValue(p.Text), "module": model.NewValue(missed.Path), "advice": advice(meant),
		},
		Fixes: []model.FixOffer{{ID: "set-variable", Args: map[string]model.Value{
			"variable": model.NewValue(g.Name), "value": model.NewValue(list[:p.Start] + meant.Suggestion + list[p.End:]),
		}}},
	}
	if f.Latent {
		f.Severity = model.Info
	}
	return f, true
}

// inCaseOf writes the elements of a pattern that have no wildcard as the module
// path has them.
func inCaseOf(pattern, path string) string {
	elements, written := strings.Split(strings.TrimSuffix(pattern, "/"), "/"), strings.Split(path, "/")
	for i, e := range elements {
		if i < len(written) && strings.EqualFold(e, written[i]) {
			elements[i] = written[i]
		}
	}
	return strings.Join(elements, "/")
}

// privatePatternNeverMatchesReasons say why a pattern is dead where the rule
// has no sentence of its own for the fault.
var privatePatternNeverMatchesReasons = map[string]string{
	"PV-SEP":       "the separator is a comma",
	"PV-DOTSUFFIX": "a leading dot has no meaning here",
	"PV-ELLIPSIS":  "three dots are no wildcard here",
	"PV-BADGLOB":   "it is not a valid glob",
	"PV-DBLSLASH":  "only one trailing slash is ignored",
	"PV-CRLF":      "it ends with a carriage return",
	"PV-CASE":      "no module path has these capital letters",
	"PV-QUOTED":    "quotes are part of the pattern",
	"PV-CHAR":      "it has a character that module paths cannot have, or not in this place",
}

// advice says what to do with a pattern that never matches.
func advice(p route.Pattern) model.Value {
	if p.Suggestion == "" {
		return model.NewValue("remove it")
	}
	return model.NewValue("write “" + p.Suggestion + "”")
}
