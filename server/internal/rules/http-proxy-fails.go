package rules

import (
	"regexp"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

var httpProxyFails = Rule{
	ID:     "http-proxy-fails",
	Family: "HTTP proxies and certificates",
	Title:  "The HTTP proxy does not let go through",
	Refs: []Ref{
		{"HTTPPROXY-DEAD", "the HTTP proxy cannot be reached", "proxyconnect tcp: dial tcp …: connect: connection refused"},
		{"HTTPPROXY-407", "the HTTP proxy wants credentials", "Get \"https://…\": Proxy Authentication Required"},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"dead": `The HTTP proxy {proxy}, which {variable} names, cannot be used to reach {host}: {said}.`,
		"407":  `The HTTP proxy {proxy}, which {variable} names, wants credentials before it lets go reach {host}: {said}.`,
	},
	Doc: Doc{
		Symptom: "Nothing can be downloaded:\n\n```\nGet \"https://…\": proxyconnect tcp: dial tcp …: connect: connection refused\nGet \"https://…\": Proxy Authentication Required\n```",
		Cause:   "go reaches servers through the HTTP proxy that HTTPS_PROXY names (HTTP_PROXY for plain http addresses), or their names in small letters; the setting `http.proxy` of the editor becomes these variables for Go tools. A value without a scheme means http. go ignores ALL_PROXY, which git and curl obey, and uses no proxy for localhost and loopback addresses.",
		Cure:    "Correct or unset the variable, or name the host in NO_PROXY if it can be reached without. Credentials stand in the value: `http://USER:PASSWORD@proxy.example:3128`.",
		Undo:    "Put the old value back where it was set.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, row := range [][2]string{{"HTTPPROXY-DEAD", "dead"}, {"HTTPPROXY-407", "407"}} {
			for _, a := range answers(s, row[0]) {
				scheme, host, ok := wanted(a)
				if !ok {
					continue
				}
				set := httpProxy(a.env, scheme)
				if set.Value.Empty() {
					continue // said at a time with other variables
				}
				f := model.Finding{Ref: row[0], Message: row[1], Args: map[string]model.Value{"proxy": set.Value, "variable": model.NewValue(set.Name), "host": model.NewValue(host)}}
				if row[0] == "HTTPPROXY-DEAD" {
					f.Fixes = []model.FixOffer{{ID: "unset-variable", Args: map[string]model.Value{"variable": model.NewValue(set.Name)}}}
				}
				found.add(a.env.Name, a.finding(s, set.Name, f))
			}
		}
		return found
	},
}

// request finds the address of a request in what was said of it.
var request = regexp.MustCompile(`(?:^|[\s:])Get "(https?)://([^/"\s]+)`)

// wanted tells which server was to be reached through the HTTP proxy.
func wanted(a answer) (scheme, host string, ok bool) {
	if m := request.FindStringSubmatch(a.Text.Reveal()); m != nil {
		return m[1], m[2][strings.LastIndexByte(m[2], '@')+1:], true
	}
	if a.server == nil {
		return "", "", false
	}
	return a.server.Scheme, a.server.Host, true
}

// httpProxy is the variable that names the HTTP proxy for addresses of a
// scheme; its value is empty if none does.
func httpProxy(env model.Env, scheme string) model.Setting {
	names := []string{"HTTPS_PROXY", "https_proxy"}
	if scheme == "http" {
		names = []string{"HTTP_PROXY", "http_proxy"}
	}
	set := env.Lookup(names[0])
	if set.Value.Empty() {
		set = env.Lookup(names[1])
	}
	return set
}
