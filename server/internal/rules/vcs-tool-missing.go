package rules

import (
	"slices"

	"github.com/gophantom/gophantom/server/internal/model"
)

var vcsToolMissing = Rule{
	ID:     "vcs-tool-missing",
	Family: "direct and version control",
	Title:  "PATH does not lead to git or hg, which go needs for a module",
	Refs: []Ref{
		{"VC-NOGIT", "no git in PATH", `unable to resolve git version: failed to execute git version: exec: "git": executable file not found in $PATH`},
		{"VC-NOHG", "no hg in PATH", "missing Mercurial command. See https://golang.org/s/gogetcmd"},
	},
	Severity: model.Error,
	// The other side has git: it is told as a difference, with its cure.
	DependsOn: []string{"env-drift"},
	Messages: map[string]string{
		"missing": `{module} has to be fetched from its repository, not from a proxy, but {who} no {tool} in PATH.`,
		"origin":  `{module} has to be fetched from its origin, not from a proxy; its repository is one of git as a rule, but {who} no git in PATH.`,
		"latent":  `{module} comes from its repository, not from a proxy, but {who} no {tool} in PATH; another version could not be fetched.`,
		"said":    `go found no {tool} in PATH, which it needs to fetch {about}.`,
	},
	Doc: Doc{
		Symptom: "```\nunable to resolve git version: failed to execute git version: exec: \"git\": executable file not found in $PATH\n```\n\nIn the terminal it works, from an editor that was started from the desktop it does not.",
		Cause:   "Modules that match GOPRIVATE or GONOPROXY, and those that no proxy has, are fetched from their repositories. go runs git (or hg) for that, which it looks for in PATH.",
		Cure:    "Install git, or start the editor with the PATH of your shell.",
		Undo:    "Nothing was changed.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, env := range present(s) {
			t, _ := s.ToolchainOf(env.Name)
			if len(t.Tools) == 0 {
				continue // nobody looked, or nothing was found at all
			}
			told := map[string]bool{}
			for _, n := range originNeeds(s, env) {
				tool := n.route.VCS.Tool
				key := "missing"
				switch {
				case tool == "" && n.missing:
					tool, key = "git", "origin"
				case !n.missing:
					key = "latent"
				}
				if tool != "git" && tool != "hg" || told[tool] || t.Tool(tool).Path != "" || !n.route.Error.Empty() || !slices.Contains(n.route.VCS.Tools, tool) {
					continue
				}
				told[tool] = true
				f := model.Finding{
					Ref: "VC-NOGIT", Message: key, Subject: tool, Location: n.at(), Severity: model.Error,
					Args: map[string]model.Value{"module": model.NewValue(n.route.Target.Path), "tool": model.NewValue(tool)},
				}
				if tool == "hg" {
					f.Ref = "VC-NOHG"
				}
				if idle(s, env) || !n.missing {
					f.Severity, f.Latent = model.Warning, true
				}
				found.add(env.Name, f)
			}
		}
		for i := range found {
			verb := "finds"
			if len(found[i].Environments) > 1 {
				verb = "find"
			}
			found[i].Args["who"] = model.NewValue(who(found[i].Environments) + " " + verb)
		}
		for ref, tool := range map[string]string{"VC-NOGIT": "git", "VC-NOHG": "hg"} {
			if slices.ContainsFunc(found, func(f model.Finding) bool { return f.Ref == ref }) {
				continue // told already, and better
			}
			for _, f := range spoken(s, ref, always("said")) {
				f.Subject, f.Args["tool"] = tool, model.NewValue(tool)
				found = append(found, f)
			}
		}
		return found
	},
}
