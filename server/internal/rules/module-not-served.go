package rules

import "github.com/gophantom/gophantom/server/internal/model"

var moduleNotServed = Rule{
	ID:     "module-not-served",
	Family: "GOPROXY",
	Title:  "A probe shows that go would not get a module",
	Refs: []Ref{
		{"PX-UNSERVED", "servers that were asked do not hand out a module, and no other rule knows the cause", ""},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"unserved": `go would not get {module} now, as a probe shows: {why}.`,
	},
	Doc: Doc{
		Symptom: "A download fails, for instance with\n\n```\nexample.com/x@v1.0.0: reading https://proxy…/example.com/x/@v/v1.0.0.mod: 404 Not Found\n```",
		Cause:   "The servers were asked as go asks them, in the same order, and none handed out the module. Where all of them say “not found”, the module or the version does not exist there: a misspelt path, a tag that was not pushed, a proxy that does not have what is private, or one that remembers for a while that the version did not exist yet.",
		Cure:    "`gophantom route --probe MODULE@VERSION` shows whom go asks and what each answers. Compare the path and the version with the repository of the module. If it is private, GOPRIVATE has go ask its repository instead of the proxy. A version that was tagged a moment ago may take some minutes to come through a proxy.",
		Undo:    "Put the old value back where it was set.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, env := range present(s) {
			modules := map[model.Value][]string{} // what fails alike is told once
			var told []utterance
			for _, u := range heard(s, "PX-UNSERVED") {
				if u.said.Env != env.Name {
					continue
				}
				why := u.Args["why"]
				if modules[why] == nil {
					told = append(told, u)
				}
				modules[why] = append(modules[why], about(u).Reveal())
			}
			for _, u := range told {
				why := u.Args["why"]
				f := model.Finding{
					Ref: "PX-UNSERVED", Subject: "GOPROXY", Message: "unserved", GoText: u.Text,
					Args: map[string]model.Value{"module": model.NewValue(some(modules[why])), "why": why},
				}
				f.Severity, f.Latent = fetchSeverity(s, env)
				if set := env.Lookup("GOPROXY"); set.Set {
					f.Origin = &set.Origin
				}
				found.add(env.Name, f)
			}
		}
		return found
	},
}
