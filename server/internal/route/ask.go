package route

import (
	"net/url"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

// HTTPProxy returns the URL of the HTTP proxy through which a go command of the
// environment asks for a URL; "" for none.
func HTTPProxy(env model.Env, target *url.URL) string {
	proxies := newHTTPProxies(env)
	if proxies.to(target).URL.Empty() {
		return ""
	}
	if target.Scheme == "https" {
		return proxies.secure.String()
	}
	return proxies.httpURL.String()
}

// SumDBKey returns the verifier key that a GOSUMDB names, which go knows by
// heart for some databases; "" if it has none.
func SumDBKey(gosumdb string) string {
	if gosumdb == "sum.golang.google.cn" {
		gosumdb = "sum.golang.org"
	}
	words := strings.Fields(gosumdb)
	if len(words) == 0 {
		return ""
	}
	if key := knownDatabases[words[0]]; key != "" {
		return key
	}
	return words[0]
}
