package rules

import (
	"net/url"
	"strings"

	"golang.org/x/mod/module"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

var goinsecureDoesNotHelp = Rule{
	ID:     "goinsecure-does-not-help",
	Family: "private patterns",
	Title:  "GOINSECURE does not do what it was set for",
	Refs: []Ref{
		{"IN-HOSTGLOB", "GOINSECURE names the host of a proxy", ""},
		{"IN-GIT", "git does not trust the certificate of a server", "fatal: unable to access '…': server certificate verification failed. CAfile: … CRLfile: …"},
		{"IN-SLOW", "a host does not answer over HTTPS, and GOINSECURE makes go wait for it each time", ""},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"proxy-host":   `GOINSECURE has the pattern “{pattern}”, which names the host of the proxy {proxy}; but it is compared with the paths of modules that go fetches from their origins, and go always checks the certificate of a proxy.`,
		"git":          `git does not trust the certificate that the server of {about} shows; git checks it by its own settings.`,
		"git-insecure": `git does not trust the certificate that the server of {about} shows; GOINSECURE={value} makes go itself trust it, but does not reach git, which checks by its own settings.`,
		"slow":         `The server of {about} does not answer over HTTPS: because GOINSECURE matches, go waits 5 seconds for it each time, then asks over plain HTTP.`,
	},
	Doc: Doc{
		Symptom: "Errors about certificates go on although GOINSECURE is set:\n\n```\ntls: failed to verify certificate: x509: certificate signed by unknown authority\nfatal: unable to access 'https://…': server certificate verification failed. CAfile: none CRLfile: none\n```\n\nOr each private module costs five seconds.",
		Cause:   "GOINSECURE is a list of patterns of *module paths*. For these, go does not check the certificate of the page that tells where the repository is (`?go-get=1`), waits at most five seconds for it, and then tries plain HTTP. It does not concern proxies, checksum databases, or git, which fetches the repository.",
		Cure:    "Trust the authority of the company: add its certificate to the system's (or name it in SSL_CERT_FILE on Linux) for go, and tell git: `git config --global http.https://git.corp.example/.sslCAInfo /path/to/ca.pem`. For *slow*: let the server answer on port 443, or refuse the connection at once.",
		Undo:    "`git config --global --unset http.https://git.corp.example/.sslCAInfo`.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, env := range present(s) {
			set := env.Lookup("GOINSECURE")
			for _, p := range route.Patterns(set.Value.Reveal()) {
				if p.Fault != "" || broad(p) != "" {
					continue
				}
				for _, e := range route.Entries(env.Lookup("GOPROXY").Value.Reveal()) {
					u, err := url.Parse(e.URL)
					if err != nil || e.Kind != route.Proxy || e.Ignored || u.Scheme != "https" || !module.MatchPrefixPatterns(p.Text, u.Hostname()) {
						continue
					}
					if len(needs(s, env, func(path string) bool { return module.MatchPrefixPatterns(p.Text, path) })) > 0 {
						continue // the host serves modules as well
					}
					found.add(env.Name, model.Finding{
						Ref: "IN-HOSTGLOB", Message: "proxy-host", Subject: "GOINSECURE", Origin: &set.Origin, Severity: model.Info, Latent: idle(s, env),
						Args: map[string]model.Value{"pattern": model.NewValue(p.Text), "proxy": model.NewValue(e.URL)},
					})
					break
				}
			}
		}
		for _, f := range spoken(s, "IN-GIT", func(env model.Env, u utterance) string {
			if _, ok := insecureFor(env, u); ok {
				return "git-insecure"
			}
			return "git"
		}) {
			if f.Message == "git-insecure" {
				env, _ := s.Env(f.Environments[0])
				f.Args["value"] = env.Lookup("GOINSECURE").Value
			}
			found = append(found, f)
		}
		return append(found, spoken(s, "IN-SLOW", always("slow"))...)
	},
}

// insecureFor tells which pattern of GOINSECURE lets the module of a message
// be fetched without care.
func insecureFor(env model.Env, u utterance) (route.Pattern, bool) {
	path := about(u).Reveal()
	if _, rest, isURL := strings.Cut(path, "://"); isURL {
		path = rest
	}
	return route.Match(env.Lookup("GOINSECURE").Value.Reveal(), path)
}
