package rules

import (
	"net/url"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

var noProxyUrl = Rule{
	ID:     "no-proxy-url",
	Family: "HTTP proxies and certificates",
	Title:  "NO_PROXY has a URL where a host name belongs",
	Refs: []Ref{
		{"NOPROXY-URL", "an entry with ://, which never matches", ""},
	},
	Severity: model.Warning,
	Messages: map[string]string{
		"url": `{variable} has the entry “{entry}”, but entries are host names, so it exempts no host from the HTTP proxy {proxy}.`,
	},
	Doc: Doc{
		Symptom: "A server inside the network is asked through the HTTP proxy although NO_PROXY lists it:\n\n```\nproxyconnect tcp: …\nreading https://…: 403 Forbidden\n```",
		Cause:   "NO_PROXY is a comma-separated list of host names (`git.corp.example`, `.corp.example`, `*.corp.example`), addresses, networks (`10.0.0.0/8`) and `*`, each with a port if need be. An entry with a scheme is compared as if it were a host name, and never matches.",
		Cure:    "Write the host alone, without `https://` and without a path.",
		Undo:    "Put the old value back where it was set.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, env := range present(s) {
			proxy := httpProxy(env, "https")
			if proxy.Value.Empty() {
				proxy = httpProxy(env, "http")
			}
			set := env.Lookup("NO_PROXY")
			if set.Value.Empty() {
				set = env.Lookup("no_proxy")
			}
			if proxy.Value.Empty() {
				continue // nothing to be exempt from
			}
			entries := strings.Split(set.Value.Reveal(), ",")
			for i := range entries {
				entries[i] = strings.TrimSpace(entries[i])
			}
			if slices.Contains(entries, "*") {
				continue // every host is exempt
			}
			right := slices.Clone(entries)
			for i, entry := range entries {
				if u, err := url.Parse(entry); strings.Contains(entry, "://") && err == nil && u.Host != "" {
					right[i] = u.Host
				}
			}
			told := 0
			for i, entry := range entries {
				if right[i] == entry || told == mostPatterns || exempt(env, right[i]) {
					continue
				}
				told++
				found.add(env.Name, model.Finding{
					Ref: "NOPROXY-URL", Subject: set.Name, Message: "url", Latent: true, Origin: &set.Origin,
					Args: map[string]model.Value{"variable": model.NewValue(set.Name), "entry": model.NewValue(entry), "proxy": proxy.Value},
					Fixes: []model.FixOffer{{ID: "set-variable", Args: map[string]model.Value{
						"variable": model.NewValue(set.Name), "value": model.NewValue(strings.Join(right, ",")),
					}}},
				})
			}
		}
		return found
	},
}

// exempt reports whether go asks the hosts that an entry of NO_PROXY stands
// for without the HTTP proxy anyway: because they are this machine, or because
// of another entry.
func exempt(env model.Env, entry string) bool {
	host := strings.TrimPrefix(entry, "*")
	if strings.HasPrefix(host, ".") {
		host = "host" + host // some host below it
	}
	return route.HTTPProxy(env, &url.URL{Scheme: "https", Host: host}) == "" && route.HTTPProxy(env, &url.URL{Scheme: "http", Host: host}) == ""
}
