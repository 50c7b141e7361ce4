package rules

import (
	"net/url"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

var netrcNotUsed = Rule{
	ID:     "netrc-not-used",
	Family: "GOAUTH and netrc",
	Title:  "The netrc file has credentials that go does not use for a proxy",
	Refs: []Ref{
		{"AUTH-NETRCPORT", "the proxy has a port, the netrc entry has none, or the other way round", "401 Unauthorized"},
		{"AUTH-NETRC-IGNORED", "an entry for a plain http proxy, one without login or password, one behind a default, or the default itself", "401 Unauthorized"},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"port":       `The entry “{machine}” of {file} is not used for the proxy {proxy}: go compares the port as well, so the entry must read “{host}”.`,
		"http":       `The entry “{machine}” of {file} is not used for the proxy {proxy}: go sends credentials over https only.`,
		"incomplete": `The entry “{machine}” of {file} is not used for the proxy {proxy}: go passes over entries without both a login and a password.`,
		"unread":     `The entry “{machine}” of {file} is not used for the proxy {proxy}: it stands behind a line that ends with “default”, where go stops reading.`,
		"default":    `The “default” entry of {file} is not used for the proxy {proxy}: go knows “machine” entries only.`,
	},
	Doc: Doc{
		Symptom: "A proxy answers `401 Unauthorized`, although curl or git get through with the same netrc file:\n\n```\nreading https://proxy…:8443/…: 401 Unauthorized\n```",
		Cause:   "go reads `~/.netrc` (or the file that NETRC names) in its own way: a machine is compared with host *and port* as the URL has them, and may have a path; an entry needs both login and password; `default` entries are ignored, and a line that ends with the word `default` ends the reading; plain http requests get no credentials. git and curl compare the host alone.\n\nThis is an *info* as long as no server was heard to ask for credentials: the proxy may be open to everyone.",
		Cure:    "Write `machine HOST:PORT login NAME password SECRET` with the host and port of GOPROXY, and use https. The file may have any permissions that let you read it.",
		Undo:    "Take the change of the netrc file back.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, env := range present(s) {
			file, ok := netrcOf(s, env)
			if !ok || !asksNetrc(s, env) {
				continue
			}
			for _, e := range asked(env) {
				u, err := url.Parse(e.URL)
				if err != nil || u.User != nil {
					continue
				}
				key, line, name := netrcFault(file, u)
				refused := slices.ContainsFunc(answers(s, "AUTH-401"), func(a answer) bool {
					return a.env.Name == env.Name && a.known && a.proxy.Raw == e.Raw
				})
				set := env.Lookup("GOPROXY")
				fromGo := set.Origin.Layer == model.LayerGoroot || set.Origin.Layer == model.LayerDefault
				if key == "" || key == "default" && fromGo && !refused {
					continue
				}
				f := model.Finding{
					Ref: "AUTH-NETRC-IGNORED", Subject: "credentials for " + u.Host, Message: key, Severity: model.Info, Latent: true,
					Args: map[string]model.Value{
						"machine": model.NewValue(name), "file": model.NewValue(file.File), "host": model.NewValue(u.Host), "proxy": model.NewValue(u.Scheme + "://" + u.Host),
					},
					Location: &model.Location{File: file.File, Range: model.Range{Start: model.Position{Line: line - 1}, End: model.Position{Line: line}}},
					Origin:   &set.Origin,
				}
				if key == "port" {
					f.Ref = "AUTH-NETRCPORT"
				}
				if refused {
					f.Severity, f.Latent = fetchSeverity(s, env)
					f.GoText = model.NewValue("401 Unauthorized")
				}
				found.add(env.Name, f)
			}
		}
		return found
	},
}

// netrcOf returns the netrc file of an environment; ok is false if go has none,
// or if it is not known.
func netrcOf(s *model.Snapshot, env model.Env) (file model.Netrc, ok bool) {
	for _, n := range s.Netrcs {
		if slices.Contains(n.Envs, env.Name) {
			return n, n.Exists && n.Why == ""
		}
	}
	return model.Netrc{}, false
}

// asksNetrc reports whether go takes credentials from the netrc file, and from
// there alone.
func asksNetrc(s *model.Snapshot, env model.Env) bool {
	value := strings.TrimSpace(env.Lookup("GOAUTH").Value.Reveal())
	return value == "" || value == "netrc" || !knowsGOAUTH(s, env)
}

// netrcFault finds an entry that is meant for a proxy and that go does not use
// for it: the key of the sentence, its line and its name. key is "" if go uses
// some entry, or if none is meant.
func netrcFault(file model.Netrc, proxy *url.URL) (key string, line int, machine string) {
	address := proxy.Host + strings.TrimSuffix(proxy.Path, "/")
	for _, m := range file.Machines {
		name := strings.TrimSuffix(strings.TrimPrefix(m.Name, "https://"), "/")
		host, port, _ := strings.Cut(name, ":")
		sameHost := host == proxy.Hostname() && (port == "" || port == "443" && proxy.Port() == "")
		matches := names(m, address)
		complete := m.HasLogin && m.HasPassword
		fault := ""
		switch {
		case proxy.Scheme == "http" && (matches || sameHost):
			fault = "http"
		case proxy.Scheme != "https":
		case matches && complete && !m.Unread:
			return "", 0, ""
		case matches && !complete:
			fault = "incomplete"
		case matches:
			fault = "unread"
		case sameHost && complete && !m.Unread:
			fault = "port"
		}
		if key == "" && fault != "" {
			key, line, machine = fault, m.Line, m.Name
		}
	}
	if key == "" && file.Default > 0 && proxy.Scheme == "https" {
		return "default", file.Default, ""
	}
	return key, line, machine
}

// names reports whether go would use a netrc entry for an address without its
// scheme, as far as the name goes.
func names(m model.NetrcMachine, address string) bool {
	name := strings.TrimSuffix(strings.TrimPrefix(m.Name, "https://"), "/")
	return name == address || strings.HasPrefix(address, name+"/")
}
