package rules

import (
	"regexp"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

var privatePatternTooBroad = Rule{
	ID:     "private-pattern-too-broad",
	Family: "private patterns",
	Title:  "A private-module pattern matches modules of others",
	Refs: []Ref{
		{"PV-TOOBROAD", "a pattern that matches every module, or every host of a public top-level domain", ""},
		{"PV-SUFFIXSPOOF", "a star right before a name, without the dot", ""},
	},
	Severity: model.Warning,
	Messages: map[string]string{
		"broad-both":     `{variable} has the pattern “{pattern}”, which matches {reach}: go asks no proxy for them, and does not look up new ones in the checksum database.`,
		"broad-proxies":  `{variable} has the pattern “{pattern}”, which matches {reach}: go asks no proxy for them.`,
		"broad-sums":     `{variable} has the pattern “{pattern}”, which matches {reach}: go does not look up new ones in the checksum database.`,
		"broad-insecure": `{variable} has the pattern “{pattern}”, which matches {reach}: where go asks an origin for their repositories, it believes any certificate, and plain HTTP.`,
		"spoof":          `{variable} has the pattern “{pattern}”, which also matches hosts of others, such as {other}.`,
	},
	Doc: Doc{
		Symptom: "Nothing fails. Public modules are fetched from their repositories, slowly and without the proxy, and nobody checks that they are what everybody else gets.",
		Cause:   "`*` matches any number of characters, dots too, but no slash. So `*`, `**` and `*.*` match everything, `*.com` every host below `.com`, and `*corp.example` also `evilcorp.example`: whoever registers such a name can have modules that your machine takes for private.",
		Cure:    "Name the domain: `corp.example,*.corp.example`.",
		Undo:    "The fix is an edit of the line that sets the variable; undo puts the old text back.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, env := range present(s) {
			for _, variable := range patternLists {
				set := env.Lookup(variable)
				effect := patternEffect(env, variable)
				if effect == "" {
					continue
				}
				list := set.Value.Reveal()
				told := 0
				for _, p := range route.Patterns(list) {
					if told == mostPatterns {
						break
					}
					f := model.Finding{Subject: variable, Origin: &set.Origin, Latent: idle(s, env)}
					f.Args = map[string]model.Value{"variable": model.NewValue(variable), "pattern": model.NewValue(p.Text)}
					reach := broad(p)
					domain, spoof := spoofed(p)
					switch {
					case reach != "":
						f.Ref, f.Message = "PV-TOOBROAD", "broad-"+effect
						f.Args["reach"] = model.NewValue(reach)
						if effect == "sums" {
							f.Severity = model.Info
						}
					case spoof:
						f.Ref, f.Message, f.Severity = "PV-SUFFIXSPOOF", "spoof", model.Info
						f.Args["other"] = model.NewValue("evil" + domain)
						if strings.Contains(domain, ".") && domain[0] != '-' {
							value := list[:p.Start] + strings.TrimPrefix(p.Text, "*") + ",*." + strings.TrimPrefix(p.Text, "*") + list[p.End:]
							f.Fixes = []model.FixOffer{{ID: "set-variable", Args: map[string]model.Value{"variable": model.NewValue(variable), "value": model.NewValue(value)}}}
						}
					default:
						continue
					}
					told++
					found.add(env.Name, f)
				}
			}
		}
		return found
	},
}

// patternEffect says what a pattern of the list does in an environment:
// "proxies", "sums", "both" or "insecure"; "" for nothing that matters.
func patternEffect(env model.Env, variable string) string {
	goproxy := env.Lookup("GOPROXY")
	proxies := goproxy.Set && goproxy.Value.Reveal() != "direct"
	sums := env.Lookup("GOSUMDB").Set && env.Lookup("GOSUMDB").Value.Reveal() != "off"
	switch variable {
	case "GOINSECURE":
		return "insecure"
	case "GONOPROXY":
		sums = false
	case "GONOSUMDB":
		proxies = false
	default:
		proxies = proxies && env.Lookup("GONOPROXY").Value.Empty()
		sums = sums && env.Lookup("GONOSUMDB").Value.Empty()
	}
	switch {
	case proxies && sums:
		return "both"
	case proxies:
		return "proxies"
	case sums:
		return "sums"
	}
	return ""
}

var (
	// The last label of a public domain. Private ones, such as .internal and
	// .lan, are the owner's as a whole.
	publicDomain = regexp.MustCompile(`^\*+\.(com|org|net|io|dev|in|sh|co|app|cloud|tech|me|ai|xyz|info|edu|gov|eu|de|uk|fr|cn|ru|jp|nl|ch|pl|se|us|ca|au)(/\**)*/?$`)
	anything     = regexp.MustCompile(`^[*?.]*\*[*?.]*(/\*+)*/?$`)
	onlyStars    = regexp.MustCompile(`^(\*+|\*+\.\*+)/?$`)
	nakedStar    = regexp.MustCompile(`^\*([a-z0-9-][a-z0-9.-]*\.[a-z0-9-]+)($|/)`)
)

// broad says what a pattern matches that nobody owns as a whole; "" if it does
// not.
func broad(p route.Pattern) string {
	switch m := publicDomain.FindStringSubmatch(p.Text); {
	case p.Fault != "":
		return ""
	case onlyStars.MatchString(p.Text):
		return "every module"
	case anything.MatchString(p.Text):
		return "nearly every module"
	case m != nil:
		return "the modules of every host whose name ends in ." + m[1]
	}
	return ""
}

// spoofed returns what follows the star of a pattern that others can match by
// registering a name.
func spoofed(p route.Pattern) (domain string, ok bool) {
	m := nakedStar.FindStringSubmatch(p.Text)
	if m == nil || p.Fault != "" {
		return "", false
	}
	return m[1], true
}
