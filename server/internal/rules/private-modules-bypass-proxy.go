package rules

import (
	"net/url"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

var privateModulesBypassProxy = Rule{
	ID:     "private-modules-bypass-proxy",
	Family: "private patterns",
	Title:  "GOPRIVATE keeps go away from a proxy that may have the module",
	Refs: []Ref{
		{"PV-PROXYHOSTED", "a private module is missing, and a proxy of the same domain is not asked for it", ""},
	},
	Severity: model.Info,
	Messages: map[string]string{
		"goprivate": `{module} has to be fetched, and because of GOPRIVATE={value} go does not ask {proxy} for it; if that proxy has it, set GONOPROXY=none.`,
		"gonoproxy": `{module} has to be fetched, and because of GONOPROXY={value} go does not ask {proxy} for it; if that proxy has it, set GONOPROXY=none.`,
	},
	Doc: Doc{
		Symptom: "The proxy of the company has the private modules, and go still goes to the git server, where it has no access:\n\n```\nfatal: could not read Username for 'https://git.corp.example': terminal prompts disabled\n```",
		Cause:   "GOPRIVATE is also the default of GONOPROXY: what matches it is fetched from its origin, whatever GOPROXY says, even with `GOPROXY=off`.",
		Cure:    "Where a proxy serves the private modules, keep GOPRIVATE, so that the public checksum database is not asked, and set `GONOPROXY=none`: `go env -w GONOPROXY=none`. Where it does not, all is well.",
		Undo:    "`go env -u GONOPROXY`.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, env := range present(s) {
			set := privateList(env, "GONOPROXY")
			proxy, host := firstProxy(env)
			if set.Value.Empty() || host == "" || idle(s, env) {
				continue
			}
			for _, n := range originNeeds(s, env) {
				own, _, _ := strings.Cut(n.route.Target.Path, "/")
				if !n.missing || own == host || domainOf(own) == "" || domainOf(own) != domainOf(host) {
					continue
				}
				f := model.Finding{
					Ref: "PV-PROXYHOSTED", Message: strings.ToLower(set.Name), Subject: set.Name, Origin: &set.Origin, Latent: true,
					Args: map[string]model.Value{"module": model.NewValue(n.route.Target.Path), "value": set.Value, "proxy": proxy},
					Fixes: []model.FixOffer{{ID: "run-command", Args: map[string]model.Value{
						"command": model.NewValue("go env -w GONOPROXY=none"), "dir": model.NewValue(s.Dir),
						"why": model.NewValue("lets go ask the proxy for private modules too"),
					}}},
				}
				found.add(env.Name, f)
				break
			}
		}
		return found
	},
}

// firstProxy is the first proxy of GOPROXY; host is "" if there is none with a
// host.
func firstProxy(env model.Env) (proxy model.Value, host string) {
	entries := route.Entries(env.Lookup("GOPROXY").Value.Reveal())
	i := slices.IndexFunc(entries, func(e route.Entry) bool { return e.Kind == route.Proxy && !e.Ignored })
	if i < 0 || slices.ContainsFunc(entries, func(e route.Entry) bool { return e.Err != "" }) {
		return model.Value{}, ""
	}
	u, err := url.Parse(entries[i].URL)
	if err != nil {
		return model.Value{}, ""
	}
	return model.NewValue(entries[i].URL), u.Hostname()
}

// domainOf returns the last two labels of a host name, or three below such as
// .co.uk; "" if there are not as many, or for an address.
func domainOf(host string) string {
	labels := strings.Split(host, ".")
	n := 2
	if len(labels) > 2 && len(labels[len(labels)-1]) == 2 && len(labels[len(labels)-2]) <= 3 {
		n = 3
	}
	last := labels[len(labels)-1]
	if len(labels) < n || last == "" || '0' <= last[0] && last[0] <= '9' {
		return ""
	}
	return strings.Join(labels[len(labels)-n:], ".")
}
