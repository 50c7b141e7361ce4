package rules

import (
	"net/url"
	"slices"
	"strings"

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
		{"PX-QUOTED", "quotes around a value or entry, which go does not remove", "first path segment in URL cannot contain colon"},
		{"PX-PARSE", "an address that is no URL", ""},
		{"", "an address without a host, or with ~ or $NAME, which go does not replace", ""},
		{"PX-LATERBAD", "any of these behind an entry that is fine", ""},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"invalid": `GOPROXY has the entry “{entry}”, which go does not accept; every download stops with: {gotext}.`,
		"no-host": `GOPROXY has the entry “{entry}”, which has no host; go accepts it and then cannot ask it for anything: {gotext}.`,
		"literal": `GOPROXY has the entry “{entry}”; go puts nothing in the place of ~ or $NAME, and takes “{host}” for the name of a host, which it cannot be.`,
		"later":   `GOPROXY has the entry “{entry}”, which go does not accept; go checks the whole list first, so it does not ask “{first}” either, and every download stops with: {gotext}.`,
		"also":    `GOPROXY has the entry “{entry}” as well, which go does not accept either; it would stop with: {gotext}.`,
	},
	Doc: Doc{
		Symptom: "Nothing can be downloaded, even when the first proxy in the list is fine:\n\n```\ninvalid proxy URL scheme (must be https, http, file): direct+https://…\ninvalid proxy URL missing scheme: DIRECT\n```\n\ngopls shows `could not import …`. Where every module is already cached, builds stay green, so this can lie in wait for weeks.",
		Cause:   "go checks the whole list, up to the first `direct` or `off`, before it asks any proxy; one bad entry stops everything. There is no `direct+URL` syntax, the words `direct` and `off` must be lower case, and only `https`, `http` and `file` URLs are proxies. A name with a dot, colon or slash and no scheme gets `https://` in front of it.",
		Cure:    "Write the list as `URL,direct`: a comma goes on after \"not found\" only, a bar goes on after any error.",
		Undo:    "Put the old value back where it was set.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		for _, g := range settings(s, "GOPROXY") {
			list := route.Entries(g.Value.Reveal())
			told := map[string]bool{}
			for i, e := range list {
				if f, ok := unreachable(e); ok {
					f.Severity, f.Latent = fetchSeverity(s, g.env)
					found = append(found, g.finding(f))
					continue
				}
				if e.Err == "" || e.Ref == "PX-SEP" || told[e.Ref] {
					continue
				}
				f := model.Finding{Ref: e.Ref, Message: "invalid", GoText: model.NewValue(e.Err)}
				f.Severity, f.Latent = fetchSeverity(s, g.env)
				f.Args = map[string]model.Value{"entry": model.NewValue(e.Raw), "gotext": f.GoText, "first": model.NewValue(list[0].Raw)}
				switch {
				case slices.ContainsFunc(list[:i], func(e route.Entry) bool { return e.Err != "" }):
					f.Message = "also" // go stops at the first of them
				case i > 0:
					f.Ref, f.Message = "PX-LATERBAD", "later"
				}
				told[e.Ref] = true
				switch with := corrected(e); {
				case e.Ref == "PX-QUOTED":
					f.Fixes = unquoted(g.Value.Reveal(), list)
				case with != "":
					f.Fixes = replaceEntry(g.Value.Reveal(), e, with)
				}
				found = append(found, g.finding(f))
			}
		}
		return found
	},
}

// unreachable finds an entry that go accepts, but that no request can go to.
func unreachable(e route.Entry) (f model.Finding, found bool) {
	u, err := url.Parse(e.URL)
	if e.Kind != route.Proxy || e.Ignored || err != nil || u.Scheme == "file" {
		return f, false
	}
	switch {
	case u.Host == "":
		text := "http: no Host in request URL"
		return model.Finding{Message: "no-host", GoText: model.NewValue(text), Args: values("entry", e.Raw, "gotext", text)}, true
	case strings.ContainsAny(u.Hostname(), "~$"):
		return model.Finding{Message: "literal", Args: values("entry", e.Raw, "host", u.Hostname())}, true
	}
	return f, false
}

// corrected is what an entry was surely meant to be; "" if that is not sure.
func corrected(e route.Entry) string {
	switch e.Ref {
	case "PX-DIRECTPLUS":
		if _, rest, _ := strings.Cut(e.Raw, "+"); strings.HasPrefix(rest, "https://") {
			return rest
		}
	case "PX-ABSPATH":
		return "file://" + e.Raw
	case "PX-WORD":
		if word := strings.ToLower(e.Raw); word == "direct" || word == "off" {
			return word
		}
	}
	return ""
}

// unquoted offers GOPROXY without quotes: a pair of them may stand around
// several entries, and go stops at either.
func unquoted(value string, list []route.Entry) []model.FixOffer {
	for _, e := range slices.Backward(list) {
		value = value[:e.Start] + strings.Trim(e.Raw, `"'`) + value[e.End:]
	}
	if slices.ContainsFunc(route.Entries(value), func(e route.Entry) bool { return e.Err != "" }) {
		return nil // something else is wrong as well
	}
	return []model.FixOffer{{ID: "set-variable", Args: values("variable", "GOPROXY", "value", value)}}
}
