package rules

import (
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

var goproxyInvalidEntry = Rule{
	ID:     "goproxy-invalid-entry",
	Family: "GOPROXY",
	Title:  "GOPROXY has an entry that go does not accept",
	Refs: []Ref{
		{"PX-DIRECTPLUS", "direct or off glued to a URL with a plus sign", "invalid proxy URL scheme (must be https, http, file): direct+https://…"},
		{"PX-SCHEME", "a scheme other than https, http or file", "invalid proxy URL scheme (must be https, http, file): …"},
		{"PX-WORD", "a bare word other than direct and off", "invalid proxy URL missing scheme: …"},
		{"PX-ABSPATH", "a path instead of a file URL", "invalid proxy URL missing scheme: …"},
		{"PX-FILEHOST", "a file URL that is not file:/// and a path", "invalid file:// proxy URL with non-path elements: …"},
		{"PX-QUOTED", "quotes around a value or entry, which go does not remove", ""},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"invalid": `GOPROXY has the entry “{entry}”, which go does not accept; every download stops with: {gotext}.`,
	},
	Doc: Doc{
		Symptom: "Nothing can be downloaded, even when the first proxy in the list is fine:\n\n```\ninvalid proxy URL scheme (must be https, http, file): direct+https://…\ninvalid proxy URL missing scheme: DIRECT\n```\n\ngopls shows `could not import …`. Where every module is already cached, builds stay green, so this can lie in wait for weeks.",
		Cause:   "go checks the whole list, up to the first `direct` or `off`, before it asks any proxy; one bad entry stops everything. There is no `direct+URL` syntax, the words `direct` and `off` must be lower case, and only `https`, `http` and `file` URLs are proxies. A name with a dot, colon or slash and no scheme gets `https://` in front of it.",
		Cure:    "Write the list as `URL,direct`: a comma goes on after \"not found\" only, a bar goes on after any error.",
		Undo:    "Put the old value back where it was set.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		for _, g := range settings(s, "GOPROXY") {
			told := map[string]bool{}
			for _, e := range route.Entries(g.Value.Reveal()) {
				if e.Err == "" || told[e.Ref] {
					continue
				}
				told[e.Ref] = true
				f := model.Finding{Ref: e.Ref, Message: "invalid", GoText: model.NewValue(e.Err)}
				f.Severity, f.Latent = fetchSeverity(s, g.env)
				f.Args = map[string]model.Value{"entry": model.NewValue(e.Raw), "gotext": f.GoText}
				found = append(found, g.finding(f))
			}
		}
		return found
	},
}
