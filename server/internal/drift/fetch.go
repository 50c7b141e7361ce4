package drift

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

// fetching judges the variables that count when go fetches or verifies
// something that is not there yet; ok is false for all others.
func (p *pair) fetching(name string, x, y model.Setting) (v verdict, ok bool) {
	a, b := x.Value.Reveal(), y.Value.Reveal()
	upper := strings.ToUpper(name)
	switch name {
	case "GOPROXY":
		return p.route(!slices.Equal(proxies(a), proxies(b)), "The go command fetches modules from elsewhere", "Both are the same list of proxies"), true
	case "GONOPROXY":
		return p.route(!p.samePatterns(name), "Other modules go past the proxies", p.samePattern(a, b)), true
	case "GONOSUMDB":
		return p.route(!p.samePatterns(name), "Other modules are checked with the checksum database", p.samePattern(a, b)), true
	case "GOPRIVATE":
		switch {
		case slices.Equal(patterns(a), patterns(b)):
			return no("Both mean the same: only how private patterns are written or ordered differs"), true
		case !p.samePatterns("GONOPROXY") || !p.samePatterns("GONOSUMDB"):
			return p.route(true, "Other modules count as private, and so go past the proxies or the checksum database", ""), true
		}
		return p.route(p.either(side.origin) && (p.either(func(e side) bool { return e.text("GOVCS") != "" }) || p.routes(p.required())),
			"Other tools may fetch what counts as private", "GONOPROXY and GONOSUMDB, for which it stands in, are the same on both sides"), true
	case "GOINSECURE":
		if !p.either(side.origin) {
			return no("Nothing is fetched from repositories, and it does not count for proxies"), true
		}
		return p.route(!slices.Equal(patterns(a), patterns(b)), "Other modules may be fetched without a certificate", p.samePattern(a, b)), true
	case "GOVCS":
		if !p.either(side.origin) {
			return no("Nothing is fetched from repositories"), true
		}
		clean := func(s string) string { return strings.ReplaceAll(cmp.Or(s, unsetMeans[name]), " ", "") }
		return p.route(clean(a) != clean(b), "Other tools may fetch modules from repositories", "Both allow the same"), true
	case "GOSUMDB":
		clean := func(s string) string {
			if s == "sum.golang.google.cn" {
				s = "sum.golang.org https://sum.golang.google.cn"
			}
			return strings.Join(strings.Fields(s), " ")
		}
		// "off" with a space beside it is not "off".
		return p.route(clean(a) != clean(b) || (a == "off") != (b == "off"), "What is new is checked with another checksum database, or with none", "Both are the same checksum database"), true
	case "GOAUTH":
		if cmp.Or(a, unsetMeans[name]) == cmp.Or(b, unsetMeans[name]) {
			return no("Not set and its default are the same"), true
		}
		return p.used(side.https, "Servers get other credentials"), true
	case "NETRC":
		return p.used(side.fetches, "Credentials come from another file"), true
	case "SSH_AUTH_SOCK":
		if a != "" && b != "" {
			return no("Both have an agent for SSH keys"), true
		}
		return p.repositories("One side has no agent with keys for SSH, over which git may fetch"), true
	}
	switch {
	case strings.HasPrefix(name, "SSL_CERT_"):
		return p.used(side.https, "Other certificates are trusted when something is fetched"), true
	case upper == "HTTP_PROXY" || upper == "HTTPS_PROXY" || upper == "NO_PROXY" || upper == "ALL_PROXY":
		return p.proxyVariable(name, upper), true
	case strings.HasPrefix(name, "GIT_"):
		if quietGit(name) {
			return no("It changes nothing about how git fetches"), true
		}
		return p.repositories("git fetches in another way"), true
	}
	return verdict{}, false
}

// route is the verdict on a difference in how modules are fetched: latent
// while nothing is missing that would now be fetched in another way.
func (p *pair) route(differs bool, because, otherwise string) verdict {
	if !differs {
		return no(otherwise)
	}
	return verdict{matters: true, latent: p.idle() || !p.routes(p.missing()), why: because}
}

// used is the verdict on a difference that counts only if something is
// fetched in some way at all.
func (p *pair) used(by func(side) bool, because string) verdict {
	if !p.either(by) {
		return no("Nothing is fetched in a way for which it counts")
	}
	return verdict{matters: true, latent: p.idle(), why: because}
}

// repositories is the verdict on a difference that counts only if something is
// fetched from a repository: latent while nothing that is missing would be
// looked for there first. What the proxies do not have comes from there too,
// but that shows only when they are asked.
func (p *pair) repositories(because string) verdict {
	v := p.used(side.origin, because)
	if v.matters && !v.latent {
		v.latent = !p.originFirst()
	}
	return v
}

// git is the verdict on a difference that git alone, or what it fetches, makes.
func (p *pair) git(because string) verdict {
	v := p.repositories(because)
	v.some = v.matters
	return v
}

// originFirst reports whether something is missing that go looks for in a
// repository before it asks any proxy, or may be.
func (p *pair) originFirst() bool {
	modules := p.missing()
	if len(modules) > maxRoutes {
		return true
	}
	return p.either(func(e side) bool {
		return slices.ContainsFunc(modules, func(id string) bool {
			r := p.explain(e, id)
			i := slices.IndexFunc(r.Steps, func(s route.Step) bool { return s.Applies })
			return i < 0 && r.Unknown != "" || i >= 0 && (r.Steps[i].Kind == route.NoProxy || r.Steps[i].Kind == route.Direct)
		})
	})
}

// explain tells how a side fetches a module, given as "path@version".
func (p *pair) explain(e side, id string) route.Route {
	path, version, _ := strings.Cut(id, "@")
	return route.Explain(route.Module{Path: path, Version: version}, e.Env, route.Facts{Modules: p.s.Modules, Work: p.s.Work})
}

// proxies are the entries of GOPROXY as go walks them.
func proxies(text string) []string {
	var out []string
	for _, e := range route.Entries(text) {
		if !e.Ignored {
			out = append(out, cmp.Or(e.Err, string(e.Kind)+" "+e.URL), e.Separator)
		}
	}
	return out[:max(0, len(out)-1)] // what follows the last entry leads nowhere
}

// patterns returns the patterns of a list that can match a module that go would
// fetch, in a canonical order: the order of patterns has no meaning. Words such
// as none match no module, for each has a dot in its first element.
func patterns(list string) []string {
	var out []string
	for _, p := range route.Patterns(list) {
		if host, _, _ := strings.Cut(p.Text, "/"); p.Fault == "" && strings.ContainsAny(host, `.*?[\`) {
			out = append(out, strings.TrimSuffix(p.Text, "/"))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// private is the effective list of GONOPROXY or GONOSUMDB.
func (e side) private(name string) []string {
	return patterns(cmp.Or(e.text(name), e.text("GOPRIVATE")))
}

func (p *pair) samePatterns(name string) bool {
	return slices.Equal(p.sides[0].private(name), p.sides[1].private(name))
}

// samePattern says why two lists of patterns are the same.
func (p *pair) samePattern(a, b string) string {
	if a != "" && b != "" {
		return "Both mean the same: only how private patterns are written or ordered differs"
	}
	return "Both mean the same: where it is not set, GOPRIVATE or its absence says as much"
}

// fetches reports whether an environment can fetch anything.
func (e side) fetches() bool {
	return e.origin() || slices.ContainsFunc(e.entries(), func(n route.Entry) bool { return n.Kind == route.Proxy })
}

// origin reports whether an environment can fetch from repositories.
func (e side) origin() bool {
	return len(e.private("GONOPROXY")) > 0 || slices.ContainsFunc(e.entries(), func(n route.Entry) bool { return n.Kind == route.Direct })
}

// entries are the entries of the proxy list; where GOPROXY is not known, it is
// taken for one that allows everything.
func (e side) entries() []route.Entry {
	text := e.text("GOPROXY")
	if text == "" {
		return []route.Entry{{Kind: route.Direct}}
	}
	var out []route.Entry
	for _, n := range route.Entries(text) {
		if !n.Ignored {
			out = append(out, n)
		}
	}
	return out
}

// https reports whether an environment can speak to a server over TLS.
func (e side) https() bool { return e.speaks("https") || e.text("GOSUMDB") != "off" }

func (e side) speaks(scheme string) bool { return e.origin() || e.asks(scheme) }

// asks reports whether a proxy for modules or the checksum database has an
// address of the scheme.
func (e side) asks(scheme string) bool {
	return strings.Contains(e.text("GOSUMDB"), scheme+"://") || slices.ContainsFunc(e.entries(), func(n route.Entry) bool {
		u, err := url.Parse(n.URL)
		return err == nil && n.Kind == route.Proxy && u.Scheme == scheme
	})
}

// viaProxy is the HTTP proxy that go uses for a scheme: the name in capitals
// goes first. git has it the other way round.
func (e side) viaProxy(upper string, git bool) string {
	lower := strings.ToLower(upper)
	if git {
		if upper == "HTTP_PROXY" {
			return e.text(lower) // git does not read the other one, which a web server could set
		}
		return cmp.Or(e.text(lower), e.text(upper))
	}
	return cmp.Or(e.text(upper), e.text(lower))
}

// proxyVariable judges one of the variables of HTTP proxies.
func (p *pair) proxyVariable(name, upper string) verdict {
	git := p.either(side.origin)
	differs := func(git bool) bool {
		return !p.same(func(e side) string {
			value := e.viaProxy(upper, git)
			if upper == "NO_PROXY" {
				hosts := strings.FieldsFunc(strings.ToLower(value), func(r rune) bool { return r == ',' || r == ' ' })
				if slices.Contains(hosts, "*") {
					hosts = []string{"*"}
				}
				slices.Sort(hosts)
				return strings.Join(slices.Compact(hosts), ",")
			}
			if value != "" && !strings.Contains(value, "://") {
				value = "http://" + value
			}
			return value
		})
	}
	scheme := "http"
	if upper == "HTTPS_PROXY" {
		scheme = "https"
	}
	switch {
	case upper == "ALL_PROXY":
		if !git {
			return no("The go command does not read it")
		}
		return p.git("git fetches through another proxy; go itself does not read it")
	case !differs(false) && !(git && differs(true)):
		return no("It comes to the same: a name in capitals or in small letters, and other spellings")
	case upper == "NO_PROXY" && p.either(func(e side) bool {
		return e.viaProxy("HTTP_PROXY", false)+e.viaProxy("HTTPS_PROXY", false)+e.text("ALL_PROXY")+e.text("all_proxy") == ""
	}):
		return no("A side has no proxy that it could make an exception from")
	case upper != "NO_PROXY" && !p.either(func(e side) bool { return e.speaks(scheme) || scheme == "https" && e.https() }):
		return no("Nothing is fetched in a way for which it counts")
	case !differs(false):
		return p.git("git fetches through another proxy, because it reads other spellings of the name than go does")
	case scheme == "http" && upper == "HTTP_PROXY" && !p.either(func(e side) bool { return e.asks("http") || e.text("GOINSECURE") != "" }):
		return p.git("It counts for repositories that are fetched over plain HTTP")
	case name != upper && !p.same(func(e side) string { return e.text(upper) }):
		return no("The same name in capitals differs too, and go takes that first")
	}
	return verdict{matters: true, latent: p.idle(), why: "The go command reaches servers through another proxy, or through none"}
}

// quietGit reports whether a variable of git has nothing to do with fetching.
func quietGit(name string) bool {
	for _, prefix := range []string{"GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_PS1_", "GIT_TRACE", "GIT_PAGER", "GIT_EDITOR", "GIT_SEQUENCE_EDITOR", "GIT_MERGE_", "GIT_OPTIONAL_LOCKS"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// maxRoutes bounds how many modules are looked at one by one.
const maxRoutes = 300

// missing lists what one side at least would have to fetch.
func (p *pair) missing() []string {
	var out []string
	for _, e := range p.sides {
		missing, known := p.s.Missing(e.Env)
		if !known {
			return p.required()
		}
		out = append(out, missing...)
	}
	return out
}

// required lists what the main modules require, as "path@version".
func (p *pair) required() []string {
	var out []string
	for _, m := range p.s.Modules {
		for _, r := range m.Requires {
			out = append(out, r.Path+"@"+r.Version)
		}
	}
	return out
}

// routes reports whether one of the modules is fetched or verified in another
// way on the other side, or may be.
func (p *pair) routes(modules []string) bool {
	if len(modules) > maxRoutes {
		return true
	}
	return slices.ContainsFunc(modules, func(id string) bool {
		return !p.same(func(e side) string {
			r := p.explain(e, id)
			var b strings.Builder
			for _, s := range r.Steps {
				if s.Applies { // the others only hand on
					fmt.Fprintln(&b, s.Kind, s.URL.Reveal(), s.Fallback)
				}
			}
			tools := r.VCS.Tools
			if r.VCS.Tool != "" {
				tools = nil
			}
			if r.VCS.Consulted {
				fmt.Fprintln(&b, r.Insecure.Allowed, r.VCS.Allowed, tools, r.VCS.Error.Reveal())
			}
			fmt.Fprintln(&b, r.SumDB.Consulted, r.SumDB.Name, r.SumDB.URL.Reveal(), r.SumDB.Proxied, r.SumDB.Error.Reveal(), r.Error.Reveal(), r.Unknown)
			return b.String()
		})
	})
}
