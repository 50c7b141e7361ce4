package engine

import (
	"maps"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/baseline"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

// modulesOf are the required modules that a package can come from.
func (a Assessment) modulesOf(pkg string) (out []string) {
	for _, m := range a.Snapshot.Modules {
		for _, r := range m.Requires {
			if pkg == r.Path || strings.HasPrefix(pkg, r.Path+"/") {
				out = append(out, r.Path)
			}
		}
	}
	return out
}

// routeOf are the variables that decide where the modules of a package come from,
// in the editor or in the shell.
func (a Assessment) routeOf(pkg string) (out []string) {
	s := a.Snapshot
	for _, name := range []model.EnvName{model.EnvGopls, model.EnvShell} {
		env, ok := s.Env(name)
		if !ok || !env.Complete {
			continue
		}
		for _, path := range a.modulesOf(pkg) {
			for _, r := range routesOf(s, env, path) {
				for _, step := range r.Steps {
					if step.Applies {
						out = append(out, step.Why.Variable)
					}
				}
				out = append(out, r.Why.Variable)
			}
		}
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(name string) bool { return name == "" })
}

// routesOf are the ways of a module that main modules require.
func routesOf(s *model.Snapshot, env model.Env, path string) (out []route.Route) {
	for _, m := range s.Modules {
		for _, r := range m.Requires {
			if r.Path == path {
				out = append(out, route.NewExplainer(env, route.FactsOf(s, env).Near(m.File)).Explain(route.Module{Path: r.Path, Version: r.Version}))
			}
		}
	}
	return out
}

// fetching are the variables that matter where modules are fetched, and nowhere
// else; dialing are those of how servers are reached.
var (
	fetching = []string{"GOPROXY", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOSUMDB", "GOINSECURE", "GOVCS", "GOAUTH"}
	dialing  = []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "NETRC"}
	// caching lead to the module cache.
	caching = []string{"GOMODCACHE", "GOPATH", "HOME"}
	// gitting tell git which configuration, keys and programs to take.
	gitting = []string{"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_COUNT", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO", "GIT_SSL_NO_VERIFY", "GIT_EXEC_PATH", "GIT_ALLOW_PROTOCOL", "SSH_AUTH_SOCK", "ALL_PROXY", "all_proxy"}
	// trusting say whose certificates go takes.
	trusting = []string{"SSL_CERT_FILE", "SSL_CERT_DIR"}
)

// required are the requirements of a main module whose ways count: those of the
// modules that problems and words are about, or all where these name none.
func (s *scene) required(m model.Module) (out []route.Module) {
	for _, r := range m.Requires {
		if len(s.t.Modules) == 0 || slices.Contains(s.t.Modules, r.Path) {
			out = append(out, route.Module{Path: r.Path, Version: r.Version})
		}
	}
	for _, path := range s.fetched {
		if !slices.ContainsFunc(m.Requires, func(r model.Require) bool { return r.Path == path }) {
			out = append(out, route.Module{Path: path}) // of a requirement, or a toolchain
		}
	}
	return out
}

// reroutes reports whether a changed variable makes any of the modules that count
// come from elsewhere, or be verified otherwise, than with the value it had.
func (s *scene) reroutes(c baseline.Change) bool {
	key := baseline.Key(c.Fact)
	if is, known := s.rerouted[key]; known {
		return is
	}
	now, _ := s.Snapshot.Env(c.Env)
	then := before(now, c)
	differs := func(is, was route.Route) bool {
		// A key is no part of a route.
		return !reflect.DeepEqual(s.way(is), s.way(was)) || c.Name == "GOSUMDB" && !(is.Sum.Zip && is.Sum.GoMod)
	}
	for _, m := range s.Snapshot.Modules {
		modules := s.required(m)
		if len(modules) == 0 {
			continue
		}
		facts := route.FactsOf(s.Snapshot, now).Near(m.File)
		is, was := route.NewExplainer(now, facts), route.NewExplainer(then, facts)
		for _, of := range modules {
			if differs(is.Explain(of), was.Explain(of)) {
				s.rerouted[key] = true
				return true
			}
		}
	}
	s.rerouted[key] = false
	return false
}

// before is an environment as it was before a variable changed.
func before(now model.Env, c baseline.Change) model.Env {
	then := now
	then.Layers = make([]model.Layer, 0, len(now.Layers)+1)
	if !c.Added {
		then.Layers = append(then.Layers, model.Layer{Kind: model.LayerProcess, Vars: map[string]model.Assignment{c.Name: {Value: model.NewValue(c.Was)}}})
	}
	for _, l := range now.Layers {
		if _, has := l.Vars[c.Name]; has && l.Kind != model.LayerGoroot && l.Kind != model.LayerDefault {
			l.Vars = maps.Clone(l.Vars)
			delete(l.Vars, c.Name)
		}
		then.Layers = append(then.Layers, l)
	}
	return then
}

// way is a route without what it is for the sake of, and without a checksum database
// that is not asked because go.sum has the hashes, unless go says that it was.
func (s *scene) way(r route.Route) route.Route {
	plain := func(a *route.Access) {
		a.Auth.Origin, a.Auth.Why, a.Via.Why, a.Via.Unknown = model.Origin{}, "", route.Why{}, ""
	}
	r.Why, r.Insecure.Why, r.Insecure.Pattern, r.SumDB.Why, r.VCS.Why = route.Why{}, route.Why{}, model.Value{}, route.Why{}, route.Why{}
	plain(&r.SumDB.Access)
	plain(&r.VCS.Access)
	if r.VCS.Tool != "" { // which others are allowed does not matter
		r.VCS.Tools = nil
	}
	if !r.VCS.Consulted { // nothing is fetched from where GOVCS and GOINSECURE have a say
		r.VCS, r.Insecure = route.VCS{}, route.Insecure{}
	}
	r.Steps = slices.DeleteFunc(slices.Clone(r.Steps), func(step route.Step) bool { return !step.Applies })
	for i := range r.Steps {
		r.Steps[i].Why = route.Why{}
		plain(&r.Steps[i].Access)
	}
	if r.Sum.Zip && r.Sum.GoMod && !s.speaks("SD-", "PV-NONOSUMDB") {
		r.SumDB = route.SumDB{}
	}
	return r
}

// cached reports whether an environment has all modules that count, so that nothing
// is fetched.
func (s *scene) cached(name model.EnvName) bool {
	env, _ := s.Snapshot.Env(name)
	missing, known := s.Snapshot.Missing(env)
	some := false
	for _, m := range s.Snapshot.Modules {
		for _, of := range s.required(m) {
			if some = true; slices.Contains(missing, of.Path+"@"+of.Version) || of.Version == "" {
				return false
			}
		}
	}
	return known && some
}

// lacks reports whether modules that count are missing in the module cache of an
// environment that may download nothing.
func (s *scene) lacks(name model.EnvName) bool {
	env, _ := s.Snapshot.Env(name)
	missing, _ := s.Snapshot.Missing(env)
	return strings.TrimSpace(env.Lookup("GOPROXY").Value.Reveal()) == "off" && len(missing) > 0 && !s.cached(name)
}

// ways are the facts that what is wrong leads over, by Key, and why.
func (s *scene) ways() map[string]string {
	out := map[string]string{}
	hosts, git, secure := s.asked()
	otherConfig := slices.ContainsFunc(s.candidates, func(c baseline.Change) bool { return c.Kind == baseline.Git && moved(c) && !s.otherAddresses(c) })
	for _, c := range s.candidates {
		if !moved(c) {
			continue
		}
		key := baseline.Key(c.Fact)
		switch {
		case c.Kind == baseline.Variable && len(s.t.Modules) > 0 && (slices.Contains(fetching, c.Name) || slices.Contains(dialing, c.Name)) && !s.cached(c.Env) && s.reroutes(c):
			out[key] = baseline.Decides
		case c.Kind == baseline.Variable && slices.Contains(caching, c.Name) && s.lacks(c.Env):
			out[key] = "modules are missing in the module cache that it leads to, and nothing may be downloaded"
		case c.Kind == baseline.Variable && c.Name == "GOTOOLCHAIN":
			if t, ok := s.Snapshot.ToolchainOf(c.Env); ok && (t.Fetched || t.Refusal != "") {
				out[key] = "the Go that it asks for is not on this machine"
			}
		case c.Kind == baseline.Netrc && slices.ContainsFunc(others(c), func(host string) bool { return hosts[host] }):
			out[key] = "a module comes from a server that it has a password for"
		case (c.Kind == baseline.Tool && c.Name == "GOAUTH" || c.Kind == baseline.Variable && c.Name == "NETRC") && len(hosts) > 0:
			out[key] = "it has the passwords for servers that modules come from"
		case secure && (c.Kind == baseline.Variable || c.Kind == baseline.Place) && slices.Contains(trusting, c.Name) && !(c.Name == "SSL_CERT_DIR" && s.set(c.Env, "SSL_CERT_FILE")):
			out[key] = "a module comes from a server whose certificate it decides about"
		case git && otherConfig && c.Kind == baseline.Variable && (c.Name == "GIT_CONFIG_GLOBAL" || c.Name == "XDG_CONFIG_HOME" || c.Name == "HOME"):
			out[key] = "git, which fetches a module that a problem speaks of, reads another configuration because of it"
		case git && (c.Kind == baseline.Git || c.Kind == baseline.Variable && slices.Contains(gitting, c.Name) || c.Kind == baseline.Tool && c.Name == "git"):
			out[key] = "a module that a problem speaks of is fetched with git"
		}
	}
	return out
}

// others are the machines of a netrc that are not as they were.
func others(c baseline.Change) (out []string) {
	was, now := credentialed.FindAllString(c.Was, -1), credentialed.FindAllString(c.Value.Reveal(), -1)
	all := slices.DeleteFunc(slices.Concat(was, now), func(e string) bool { return slices.Contains(was, e) && slices.Contains(now, e) })
	if len(all) == 0 { // their passwords are other ones, or their order
		all = now
	}
	for _, e := range all {
		host, _, _ := strings.Cut(e, " ")
		out = append(out, host)
	}
	return out
}

// credentialed is a machine of a netrc, with what keeps go from using it: as baseline has it.
var credentialed = regexp.MustCompile(`\S+(?: \([^)]*\))?`)

// asked are the hosts that modules come from that problems speak of, with their port
// and without, whether git fetches any, and whether any comes over https.
func (s *scene) asked() (hosts map[string]bool, git, secure bool) {
	hosts = map[string]bool{}
	if len(s.t.Modules) == 0 {
		return hosts, false, false
	}
	for _, name := range []model.EnvName{model.EnvGopls, model.EnvShell} {
		env, ok := s.Snapshot.Env(name)
		if !ok || !env.Complete || s.cached(name) {
			continue
		}
		for _, path := range s.t.Modules {
			for _, r := range routesOf(s.Snapshot, env, path) {
				git = git || r.VCS.Consulted && (r.VCS.Tool == "git" || r.VCS.Tool == "")
				for _, step := range r.Steps {
					if host := hostOf(step.URL.Reveal()); step.Applies && host != "" {
						hosts[host] = true
						secure = secure || strings.HasPrefix(step.URL.Reveal(), "https://")
						hosts[(&url.URL{Host: host}).Hostname()] = true
					}
				}
			}
		}
	}
	return hosts, git, secure
}
