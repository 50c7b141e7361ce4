package route

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

// Via tells through which HTTP proxy go reaches a server.
type Via struct {
	URL model.Value // of the HTTP proxy; empty when the server is reached directly
	// Why names what decided: the variable with the proxy, NO_PROXY with the
	// entry that exempts the host, or nothing where no variable speaks of it.
	Why      Why
	Loopback bool   // the server is this machine, for which no HTTP proxy is ever used
	Unknown  string // a sentence; "" if the rest is sure
	// Error is what go says when it refuses to use HTTP_PROXY, and so to ask the
	// server; empty if it asks.
	Error model.Value
}

// httpProxies decides like net/http.ProxyFromEnvironment, which knows neither
// ALL_PROXY nor any setting of the system.
type httpProxies struct {
	http, https     model.Setting
	httpURL, secure *url.URL // nil if unset, or if not even net/http can read it
	noProxy         model.Setting
	exempt          []exemption
	cgi             model.Setting // REQUEST_METHOD: a caller of a CGI program could have set HTTP_PROXY
}

var errCGI = model.NewValue("refusing to use HTTP_PROXY value in CGI environment; see golang.org/s/cgihttpproxy")

// exemption is one entry of NO_PROXY.
type exemption struct {
	raw      string // as written, without the white space around it
	all      bool
	prefix   netip.Prefix // addresses
	domain   string       // ".corp.example"
	host     bool         // the domain without its dot, too
	port     string       // "" for every port
	nonASCII bool
}

func newHTTPProxies(env model.Env) httpProxies {
	either := func(names ...string) model.Setting {
		for _, name := range names {
			if s := env.Lookup(name); !s.Value.Empty() {
				return s
			}
		}
		return model.Setting{}
	}
	p := httpProxies{
		http: either("HTTP_PROXY", "http_proxy"), https: either("HTTPS_PROXY", "https_proxy"), noProxy: either("NO_PROXY", "no_proxy"),
		cgi: env.Lookup("REQUEST_METHOD"),
	}
	p.httpURL, p.secure = parseHTTPProxy(p.http.Value.Reveal()), parseHTTPProxy(p.https.Value.Reveal())
	for entry := range strings.SplitSeq(p.noProxy.Value.Reveal(), ",") {
		raw := strings.TrimSpace(entry)
		x, ok := parseExemption(strings.ToLower(raw))
		if !ok {
			continue
		}
		x.raw = raw
		if x.all {
			p.exempt = []exemption{x} // the entries before it count for nothing, and those behind are not read
			break
		}
		p.exempt = append(p.exempt, x)
	}
	return p
}

// parseHTTPProxy reads the address of an HTTP proxy; nil for none and for one
// that go passes over.
func parseHTTPProxy(value string) *url.URL {
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	if err != nil || u.Scheme == "" || u.Host == "" {
		if u, err := url.Parse("http://" + value); err == nil {
			return u
		}
	}
	if err != nil {
		return nil
	}
	return u
}

func parseExemption(entry string) (x exemption, ok bool) {
	if entry == "" {
		return x, false
	}
	if entry == "*" {
		return exemption{all: true}, true
	}
	if prefix, ok := parseCIDR(entry); ok {
		return exemption{prefix: prefix}, true
	}
	host, port, ok := splitHostPort(entry)
	if !ok {
		host = entry
	}
	if host == "" {
		return x, false
	}
	if addr, err := netip.ParseAddr(host); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		return exemption{prefix: netip.PrefixFrom(addr, addr.BitLen()), port: port}, true
	}
	if strings.HasPrefix(host, "*.") {
		host = host[1:]
	}
	x = exemption{domain: host, port: port, nonASCII: !ascii(host)}
	if host[0] != '.' {
		x.host, x.domain = true, "."+host
	}
	return x, true
}

// parseCIDR is net.ParseCIDR, which package net would bring along.
func parseCIDR(s string) (netip.Prefix, bool) {
	text, mask, found := strings.Cut(s, "/")
	addr, err := netip.ParseAddr(text)
	if !found || err != nil || addr.Zone() != "" {
		return netip.Prefix{}, false
	}
	bits, err := strconv.ParseUint(mask, 10, 16)
	if err != nil || int(bits) > addr.BitLen() {
		return netip.Prefix{}, false
	}
	if addr.Is4In6() && bits >= 96 {
		addr, bits = addr.Unmap(), bits-96
	}
	return netip.PrefixFrom(addr, int(bits)).Masked(), true
}

// splitHostPort is net.SplitHostPort.
func splitHostPort(s string) (host, port string, ok bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return "", "", false
	}
	rest := s
	if s[0] == '[' {
		end := strings.IndexByte(s, ']')
		if end < 0 || end+1 != i {
			return "", "", false
		}
		host, rest = s[1:end], s[1:end]+s[end+1:]
	} else if host = s[:i]; strings.Contains(host, ":") {
		return "", "", false
	}
	if strings.ContainsAny(rest, "[]") {
		return "", "", false
	}
	return host, s[i+1:], true
}

// to decides for one server.
func (p *httpProxies) to(u *url.URL) Via {
	var proxy *url.URL
	var setting model.Setting
	port := u.Port()
	switch u.Scheme {
	case "https":
		proxy, setting = p.secure, p.https
		if port == "" {
			port = "443"
		}
	case "http":
		proxy, setting = p.httpURL, p.http
		if port == "" {
			port = "80"
		}
	}
	if proxy == nil {
		return Via{}
	}
	if u.Scheme == "http" && !p.cgi.Value.Empty() {
		return Via{Why: because(p.cgi, ""), Error: errCGI}
	}
	host := u.Hostname()
	addr, err := netip.ParseAddr(host)
	isIP := err == nil
	addr = addr.Unmap().WithZone("")
	if host == "localhost" || isIP && addr.IsLoopback() {
		return Via{Loopback: true}
	}
	via := Via{URL: setting.Value, Why: because(setting, "")}
	if !ascii(host) {
		via.Unknown = "The host is not written in ASCII, so NO_PROXY may mean it in its other spelling."
	}
	host = strings.ToLower(strings.TrimSpace(host))
	// Addresses are compared first, as in net/http; no host matches both kinds.
	for _, x := range p.exempt {
		if x.matches(host, port, addr, isIP) {
			return Via{Why: because(p.noProxy, x.raw)}
		}
		if x.nonASCII {
			via.Unknown = "NO_PROXY has an entry that is not written in ASCII, which may mean the host in its other spelling."
		}
	}
	return via
}

func (x exemption) matches(host, port string, addr netip.Addr, isIP bool) bool {
	switch {
	case x.all:
		return true
	case x.port != "" && x.port != port:
		return false
	case x.prefix.IsValid():
		return isIP && x.prefix.Contains(addr)
	}
	return !isIP && (strings.HasSuffix(host, x.domain) || x.host && host == x.domain[1:])
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}
