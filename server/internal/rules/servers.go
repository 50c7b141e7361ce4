package rules

import (
	"net/url"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

// answer is what a server did instead of handing something out, as it was said
// in one environment.
type answer struct {
	utterance
	env    model.Env
	server *url.URL // the address that was asked; nil if the text does not tell
	// proxy is the entry of GOPROXY behind which the server stands; known is
	// false if it is none of them, or if that cannot be told.
	proxy route.Entry
	known bool
}

// answers returns what was said that is most likely the given row of the
// catalogue, in environments that are known.
func answers(s *model.Snapshot, ref string) (out []answer) {
	for _, u := range heard(s, ref) {
		env, ok := s.Env(u.said.Env)
		if u.Refs[0] != ref || !ok || !env.Complete {
			continue
		}
		a := answer{utterance: u, env: env}
		address := u.Args["from"] // the one that redirects
		if address.Empty() {
			address = u.Args["url"]
		}
		if server, err := url.Parse(address.Reveal()); err == nil && server.Host != "" {
			a.server = server
		} else if host := u.Args["host"].Reveal(); host != "" {
			a.server = &url.URL{Host: host}
		}
		for _, e := range asked(env) {
			if entry, err := url.Parse(e.URL); a.server != nil && err == nil && strings.EqualFold(entry.Host, a.server.Host) &&
				(a.server.Scheme == "" || strings.HasPrefix(a.server.Path, entry.Path)) {
				a.proxy, a.known = e, true
				break
			}
		}
		out = append(out, a)
	}
	return out
}

// host names the server in a sentence.
func (a answer) host() model.Value {
	if a.server == nil {
		return model.NewValue("A server")
	}
	return model.NewValue(a.server.Host)
}

// finding completes f with what the answer knows; its subject is the variable
// that leads to the server.
func (a answer) finding(s *model.Snapshot, variable string, f model.Finding) model.Finding {
	f.Subject, f.GoText = variable, a.Text
	f.Severity, f.Latent = fetchSeverity(s, a.env)
	if set := a.env.Lookup(variable); set.Set {
		f.Origin = &set.Origin
	}
	args := map[string]model.Value{"host": a.host(), "said": model.NewValue(inOneLine(a.Text.Reveal())), "about": about(a.utterance)}
	for name, value := range f.Args {
		args[name] = value
	}
	f.Args = args
	return f
}

// asked are the proxies of GOPROXY that go may ask in an environment.
func asked(env model.Env) []route.Entry {
	list := route.Entries(env.Lookup("GOPROXY").Value.Reveal())
	if slices.ContainsFunc(list, func(e route.Entry) bool { return e.Err != "" }) {
		return nil // go asks nobody
	}
	return slices.DeleteFunc(list, func(e route.Entry) bool { return e.Ignored || e.Kind != route.Proxy })
}

// asksHTTPS reports whether go begins to fetch with a request by https.
func asksHTTPS(env model.Env) bool {
	list := asked(env)
	return len(list) > 0 && strings.HasPrefix(list[0].URL, "https://")
}

// replaceEntry offers to write an entry of GOPROXY otherwise.
func replaceEntry(value string, e route.Entry, with string) []model.FixOffer {
	return []model.FixOffer{{ID: "set-variable", Args: map[string]model.Value{
		"variable": model.NewValue("GOPROXY"), "value": model.NewValue(value[:e.Start] + with + value[e.End:]),
	}}}
}
