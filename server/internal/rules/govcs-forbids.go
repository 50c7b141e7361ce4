package rules

import (
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

var govcsForbids = Rule{
	ID:     "govcs-forbids",
	Family: "direct and version control",
	Title:  "GOVCS keeps go from fetching a module",
	Refs: []Ref{
		{"VC-GOVCS", "GOVCS does not allow the tool that a module needs", "GOVCS disallows using … for … …; see 'go help vcs'"},
		{"VC-GOVCSSYNTAX", "GOVCS cannot be read", "malformed entry in GOVCS (missing colon): …"},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"forbids": `GOVCS does not let go use {tool} for {module}, which comes from its repository and not from a proxy; go says: {gotext}.`,
		"default": `go does not use {tool} for modules that are not private, and {module} is none: GOPRIVATE does not match it; go says: {gotext}.`,
		"syntax":  `GOVCS is “{value}”, which go cannot read; as soon as go needs git or another such tool, it stops with: {gotext}.`,
		"said":    `GOVCS does not let go use the tool by which {about} would be fetched: {said}.`,
	},
	Doc: Doc{
		Symptom: "```\nGOVCS disallows using git for public git.corp.example/lib; see 'go help vcs'\nmalformed entry in GOVCS (missing colon): \"git\"\n```",
		Cause:   "GOVCS is a list of `pattern:tools`, the tools separated by bars. The words `public` and `private` stand for modules that GOPRIVATE does not match, or does; GONOPROXY has no say in it. What no entry matches falls to `private:all,public:git|hg`. It counts only where go fetches from a repository; a proxy is always allowed.",
		Cure:    "List the module in GOPRIVATE if it is private, or allow the tool for its host: `GOVCS=git.corp.example:git,public:git|hg`. If your organisation forbids it on purpose, use its proxy.",
		Undo:    "Put the old value back where it was set.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, env := range present(s) {
			set := env.Lookup("GOVCS")
			f := model.Finding{Subject: "GOVCS", Latent: true, Severity: model.Warning}
			if set.Set {
				f.Origin = &set.Origin
			}
			if err := route.CheckGOVCS(set.Value.Reveal()); err != nil {
				f.Ref, f.Message, f.GoText = "VC-GOVCSSYNTAX", "syntax", model.NewValue(err.Error())
				f.Args = map[string]model.Value{"value": set.Value, "gotext": f.GoText}
				for _, n := range originNeeds(s, env) {
					if n.missing && !idle(s, env) {
						f.Severity = model.Error
					}
				}
				found.add(env.Name, f)
				continue
			}
			for _, n := range originNeeds(s, env) {
				text := n.route.VCS.Error.Reveal()
				if !strings.HasPrefix(text, "GOVCS disallows") {
					continue
				}
				f.Ref, f.Message, f.GoText = "VC-GOVCS", "forbids", n.route.VCS.Error
				if set.Value.Empty() {
					f.Message, f.Location = "default", n.at()
				}
				if n.missing && !idle(s, env) {
					f.Severity = model.Error
				}
				f.Args = map[string]model.Value{"tool": model.NewValue(n.route.VCS.Tool), "module": model.NewValue(n.route.Target.Path), "gotext": f.GoText}
				found.add(env.Name, f)
				break
			}
		}
		if len(found) > 0 {
			return found
		}
		// Our own runs of go forbid every tool, so that nothing is fetched.
		return spoken(s, "VC-GOVCS", func(_ model.Env, u utterance) string {
			if u.said.Command == "gopls" || u.said.Command == "log" || u.said.Command == "probe" {
				return "said"
			}
			return ""
		})
	},
}
