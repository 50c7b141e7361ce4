package engine

import (
	"go/version"
	"maps"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/baseline"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

// sides are what the editor and the build know of the variables, and where they
// changed.
type sides struct {
	gopls, shell model.Env
	otherGo      map[model.EnvName]bool
	moved        map[string]map[model.EnvName]bool
}

func (s *scene) sides() sides {
	out := sides{otherGo: map[model.EnvName]bool{}, moved: map[string]map[model.EnvName]bool{}}
	out.gopls, _ = s.Snapshot.Env(model.EnvGopls)
	out.shell, _ = s.Snapshot.Env(model.EnvShell)
	for _, c := range s.candidates {
		if c.Kind == baseline.Variable && moved(c) {
			if out.moved[c.Name] == nil {
				out.moved[c.Name] = map[model.EnvName]bool{}
			}
			out.moved[c.Name][c.Env] = true
		}
		if c.Kind == baseline.Toolchain && !c.Same {
			out.otherGo[c.Env] = true
		}
	}
	return out
}

// differ reports whether the editor has a variable otherwise than the build; known is
// false where that is not known.
func (d sides) differ(name string) (differ, known bool) {
	mine, other := d.gopls.Lookup(name), d.shell.Lookup(name)
	return mine.Set != other.Set || mine.Value != other.Value, d.gopls.Complete && d.shell.Complete
}

// moot are the facts that cannot have brought about what is wrong, by Key, and why.
func (s *scene) moot() map[string]string {
	out := map[string]string{}
	d := s.sides()
	own, here := s.real(itself), len(s.t.Files) == 0 && s.real(ofItsPackage)
	vain := s.inVain()
	stale := len(s.verdicts) > 0 && !slices.ContainsFunc(s.verdicts, func(v model.Verdict) bool { return v.Stale == nil || v.Stale.File == "" })
	for _, c := range s.candidates {
		why := ""
		switch {
		case own:
			why = "the code itself is wrong, whatever is around it"
		case stale && !slices.Contains(s.t.Files, c.At.File):
			why = "gopls has not seen the change of a file, and this is not in it"
		case s.t.Real && (c.Kind == baseline.Server || c.Kind == baseline.View || c.Kind == baseline.Extension || c.Kind == baseline.Setting):
			why = "the build is red too, and knows nothing of the editor"
		case here && (c.Kind == baseline.Require || c.Kind == baseline.Sum):
			why = "the problem is of a name that no other module has to do with"
		case c.Kind == baseline.Git && moved(c) && s.otherAddresses(c):
			why = "it is about other addresses than those of the modules that problems speak of"
		case c.Kind == baseline.Sum && c.Added:
			why = "nothing fails of a hash that came"
		case c.Kind == baseline.Sum && c.Removed && s.modMod():
			why = "with -mod=mod, go fills in what go.sum lacks"
		case vain[baseline.Key(c.Fact)]:
			why = "go was tried with what it was, and that does not help"
		case c.Kind == baseline.Toolchain:
			why = s.idleGo(c, d)
		case c.Kind == baseline.Variable:
			why = s.idle(c, d)
		}
		if why != "" {
			out[baseline.Key(c.Fact)] = why
		}
	}
	return out
}

// modMod reports whether go may write go.mod and go.sum where it builds.
func (s *scene) modMod() bool {
	shell, _ := s.Snapshot.Env(model.EnvShell)
	return route.FlagValue(route.Flags(shell.Lookup("GOFLAGS").Value.Reveal()), "mod") == "mod"
}

// sshCommand reports whether git's configuration in an environment says how to run ssh.
func (s *scene) sshCommand(env model.EnvName) bool {
	return slices.ContainsFunc(s.Snapshot.Gits, func(g model.Git) bool { return slices.Contains(g.Envs, env) && g.SSHCommand.Set })
}

// allows reports whether a list of patterns has all those of another one.
func allows(list, other string) bool {
	patterns := strings.Split(list, ",")
	return !slices.ContainsFunc(strings.Split(other, ","), func(p string) bool { return p != "" && !slices.Contains(patterns, p) })
}

// homes are the variables that lead to files which have others, such as of git.
var homes = []string{"HOME", "USERPROFILE", "APPDATA", "XDG_CONFIG_HOME", "GOENV"}

// inVain are the facts, by Key, that were put back to what they were without making a
// difference for any of the problems that were tried. Of how modules are fetched an
// experiment says nothing.
func (s *scene) inVain() map[string]bool {
	var out map[string]bool
	shell, _ := s.Snapshot.Env(model.EnvShell)
	for _, v := range s.verdicts {
		if len(v.Vain.Variables)+len(v.Vain.Lines)+len(v.Earlier)+len(v.Lines) == 0 {
			continue
		}
		keys := map[string]bool{}
		for name := range v.Vain.Variables {
			if !slices.Contains(fetching, name) && !slices.Contains(dialing, name) && !slices.Contains(homes, name) {
				for _, env := range s.Snapshot.Envs { // one that several have alike is one thing
					if env.Lookup(name).Value == shell.Lookup(name).Value {
						keys[baseline.Key(baseline.Fact{Kind: baseline.Variable, Env: env.Name, Name: name})] = true
					}
				}
			}
		}
		for _, l := range v.Vain.Lines {
			keys[baseline.KeyOf(l)] = true
		}
		if out == nil {
			out = keys
		}
		maps.DeleteFunc(out, func(key string, _ bool) bool { return !keys[key] })
	}
	return out
}

// idleGo says why another Go changes nothing.
func (s *scene) idleGo(c baseline.Change, d sides) string {
	now := c.Value.Reveal()
	shell, _ := s.Snapshot.ToolchainOf(model.EnvShell)
	gopls, _ := s.Snapshot.ToolchainOf(model.EnvGopls)
	switch {
	case !moved(c):
	case c.Was != "" && version.IsValid(now) && version.Lang(now) == version.Lang(c.Was) && !(len(s.words) == 0 && slices.Contains(s.t.Told, "go")) && !s.names(now) && !s.names(c.Was):
		return "it is another patch of the same Go, of which nobody speaks"
	case s.t.Phantom && !s.ofVersion() && d.gopls.Complete && d.shell.Complete && gopls.Version != "" && gopls.Version == shell.Version && gopls.Selected == shell.Selected:
		return bothHaveIt
	}
	return ""
}

const bothHaveIt = "the editor and the build have it alike, and only the editor is red"

// names reports whether go or a problem says a version of Go.
func (s *scene) names(version string) bool {
	version = strings.TrimPrefix(version, "go")
	return saysVersion(s.text, version) || slices.ContainsFunc(s.verdicts, func(v model.Verdict) bool { return saysVersion(v.Problem.Message, version) })
}

// saysVersion reports whether a text has a version, as "go1.26.8" or alone.
func saysVersion(text, version string) bool {
	return says(text, version) || says(text, "go"+version)
}

// ofVersion reports whether some verdict is about the Go that built gopls.
func (s *scene) ofVersion() bool {
	return slices.ContainsFunc(s.verdicts, func(v model.Verdict) bool { return v.Cause == model.CauseVersion })
}

// idle says why a variable has done nothing; "" if it may have.
func (s *scene) idle(c baseline.Change, d sides) string {
	fetches := slices.Contains(fetching, c.Name)
	told := slices.Contains(s.t.Told, c.Name)
	differ, known := d.differ(c.Name)
	if fetches || slices.Contains(dialing, c.Name) {
		if why := s.idleOnTheWay(c, told); why != "" {
			return why
		}
	}
	switch {
	case s.t.Real && known && differ && !(d.moved[c.Name][model.EnvGopls] && d.moved[c.Name][model.EnvShell]):
		return "the build is red too, and the two do not share it" // where both changed, each may be wrong in its own way
	case !moved(c):
	case s.t.Phantom && known && !differ && !s.ofVersion() && (c.Env == model.EnvGopls || c.Env == model.EnvShell):
		return bothHaveIt
	case c.Name == "GIT_SSH" && s.set(c.Env, "GIT_SSH_COMMAND"):
		return "git takes GIT_SSH_COMMAND instead"
	case c.Name == "GIT_SSH" && s.sshCommand(c.Env):
		return "git takes core.sshCommand instead"
	case c.Name == "GOINSECURE" && allows(c.Value.Reveal(), c.Was):
		return "it only allows more than before"
	case s.asByDefault(c):
		return "it is what go takes anyway"
	case c.Name == "GOFLAGS" && s.mattering(c.Was) == s.mattering(c.Value.Reveal()):
		return "only flags changed that make no build fail"
	case c.Name == "PATH" && c.Was != "" && strings.HasPrefix(c.Value.Reveal(), c.Was+string(filepath.ListSeparator)):
		return "directories only came at its end, and all that was found before still is"
	case c.Name == "PATH" && s.compiler():
		return "the compiler that go names is that of a variable, which changed"
	case len(s.verdicts) > 0 && c.Name == "GOTOOLCHAIN" && !d.otherGo[c.Env] && !told && s.t.Ways[baseline.Key(c.Fact)] == "":
		return "the go that runs is the same"
	}
	return ""
}

// otherAddresses reports whether a rule of git for addresses is about none that a
// module has which problems speak of.
func (s *scene) otherAddresses(c baseline.Change) bool {
	return strings.HasSuffix(c.Name, "insteadOf") && len(s.t.Modules) > 0 && !slices.ContainsFunc(s.t.Modules, func(path string) bool {
		host, _, _ := strings.Cut(path, "/")
		return strings.Contains(c.Was+" "+c.Value.Reveal(), host)
	})
}

// set reports whether an environment sets a variable.
func (s *scene) set(env model.EnvName, name string) bool {
	e, _ := s.Snapshot.Env(env)
	return !e.Lookup(name).Value.Empty()
}

// idleOnTheWay says why a variable of how modules are fetched has done nothing.
func (s *scene) idleOnTheWay(c baseline.Change, told bool) string {
	wrong := len(s.verdicts) > 0 || len(s.words) > 0 // something is, and we know what
	web := !slices.Contains(fetching, c.Name)
	switch {
	case told:
	case s.compiled():
		return "go compiles the package, so it is there"
	case wrong && len(s.t.Modules) == 0:
		return "it matters where modules are fetched, and no problem speaks of one"
	case len(s.t.Told) > 0:
		return "go says what does not come of fetching"
	case len(s.t.Modules) > 0 && s.local():
		return "the package belongs to the workspace, and is fetched from nowhere"
	case wrong && s.cached(c.Env):
		return "nothing is fetched, because all of it is in the module cache"
	}
	if !moved(c) {
		return ""
	}
	switch {
	case web && s.otherScheme(c.Name):
		return "go asks for addresses for which it reads another variable"
	case strings.EqualFold(c.Name, "NO_PROXY") && told && s.exempts(c):
	case len(s.Snapshot.Modules) == 0, c.Name == "GOAUTH", c.Name == "NETRC", web && told && !strings.EqualFold(c.Name, "NO_PROXY"), s.speaks("TC-"): // a toolchain is a module that nobody requires
	case !s.reroutes(c) && len(s.t.Modules) > 0:
		return "where the modules come from that problems speak of is the same with what it was"
	case !s.reroutes(c):
		return "where the modules come from that are required is the same with what it was"
	}
	if c.Name == "GOPROXY" && told && s.askedBefore(c) {
		return "the server that answers was asked with what it was, too"
	}
	return ""
}

// local reports whether all that problems speak of is below main modules.
func (s *scene) local() bool {
	return !slices.ContainsFunc(s.t.Modules, func(pkg string) bool {
		below := func(module string) bool {
			return module != "" && (pkg == module || strings.HasPrefix(pkg, module+"/"))
		}
		if len(s.modulesOf(pkg)) > 0 {
			return true
		}
		return !slices.ContainsFunc(s.Snapshot.Modules, func(m model.Module) bool { return below(m.Path) }) &&
			(s.Snapshot.Work == nil || !slices.ContainsFunc(s.Snapshot.Work.Uses, func(u model.Use) bool { return below(u.Path) }))
	})
}

// compiling is what go says above the errors of a package that it compiles.
var compiling = regexp.MustCompile(`(?m)^# ([\w.-]+/\S+)$`)

// compiled reports whether go compiles a package that problems speak of.
func (s *scene) compiled() bool {
	return slices.ContainsFunc(compiling.FindAllStringSubmatch(s.all, -1), func(m []string) bool {
		return slices.ContainsFunc(s.t.Modules, func(path string) bool { return m[1] == path || strings.HasPrefix(m[1], path+"/") })
	})
}

// addresses are the URLs in a text.
var addresses = regexp.MustCompile(`https?://[^\s"'<>,|()]+`)

// otherScheme reports whether go asks for no address for which it reads a variable of
// an HTTP proxy.
func (s *scene) otherScheme(name string) bool {
	want, _, _ := strings.Cut(strings.ToLower(name), "_")
	asked := addresses.FindAllString(s.text, -1)
	return (want == "http" || want == "https") && len(asked) > 0 && !slices.ContainsFunc(asked, func(address string) bool { return strings.HasPrefix(address, want+"://") })
}

// exempts reports whether what changed of a NO_PROXY is about a host that go speaks
// of.
func (s *scene) exempts(c baseline.Change) bool {
	split := func(list string) []string {
		return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	}
	was, now := split(c.Was), split(c.Value.Reveal())
	for _, entry := range slices.Concat(was, now) {
		if slices.Contains(was, entry) && slices.Contains(now, entry) {
			continue
		}
		for _, address := range addresses.FindAllString(s.text, -1) {
			u, err := url.Parse(address)
			if err != nil {
				continue
			}
			host, suffix := u.Hostname(), strings.TrimLeft(entry, "*.")
			if entry == "*" || strings.Contains(entry, "/") || suffix != "" && (host == suffix || u.Host == suffix || strings.HasSuffix(host, "."+suffix)) {
				return true
			}
		}
	}
	return false
}

// hostOf is the host of an address, with its port; "" if it has none.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// askedBefore reports whether every server that refuses, or fails, was asked at the
// same place of the list before. Only of what is not found go asks the next one.
func (s *scene) askedBefore(c baseline.Change) bool {
	was, now := c.Was, c.Value.Reveal()
	if strings.Contains(was+now, "|") {
		return false
	}
	some := false
	for _, m := range s.words {
		host := hostOf(m.Args["url"].Reveal())
		if status := m.Args["status"].Reveal(); strings.HasPrefix(status, "404") || strings.HasPrefix(status, "410") {
			return false
		}
		if host == "" || !slices.ContainsFunc(m.Refs, func(ref string) bool { return slices.Contains(baseline.AboutFact(ref), "GOPROXY") }) {
			continue
		}
		if some = true; !strings.HasPrefix(was, through(now, host)) || through(now, host) == "" {
			return false
		}
	}
	return some
}

// through is a list of proxies up to a host; "" if it is not in it.
func through(list, host string) string {
	i := strings.Index(list, host)
	if i < 0 {
		return ""
	}
	end := strings.IndexByte(list[i:], ',')
	if end < 0 {
		return list
	}
	return list[:i+end]
}

// compiler reports whether go names a C compiler that a changed variable asks for.
func (s *scene) compiler() bool {
	return slices.ContainsFunc(s.candidates, func(c baseline.Change) bool {
		return c.Kind == baseline.Variable && (c.Name == "CC" || c.Name == "CXX") && moved(c) && s.t.Quoted[baseline.Key(c.Fact)]
	})
}

// itself are errors of code that depend on nothing outside of the function they
// are in.
var itself = regexp.MustCompile(`^(?:declared and not used: |missing return\b|syntax error: |expected .*, found )`)

// ofItsPackage is an error of a name of the package itself, which files that are
// left out have, or which nobody has.
var ofItsPackage = regexp.MustCompile(`^undefined: \w+$`)

// real reports whether all problems are such ones, and the build shows them as well.
func (s *scene) real(such *regexp.Regexp) bool {
	return len(s.verdicts) > 0 && !slices.ContainsFunc(s.verdicts, func(v model.Verdict) bool {
		return v.Kind != model.Real || !such.MatchString(v.Problem.Message)
	})
}

// asByDefault reports whether a variable that came has the value that go takes
// without it, or one that went had it.
func (s *scene) asByDefault(c baseline.Change) bool {
	env, ok := s.Snapshot.Env(c.Env)
	if !ok || !c.Added && !c.Removed {
		return false
	}
	usual, known := env.Layer(model.LayerDefault).Vars[c.Name]
	if shipped, is := env.Layer(model.LayerGoroot).Vars[c.Name]; is {
		usual, known = shipped, true
	}
	switch c.Name {
	case "GOROOT": // what go told of it may be the value itself
		t, found := s.Snapshot.ToolchainOf(c.Env)
		known = found && path.Base(path.Dir(filepath.ToSlash(t.Go))) == "bin"
		usual.Value = model.NewValue(filepath.Dir(filepath.Dir(t.Go)))
	case "GOPATH":
		home := env.Lookup("HOME").Value.Reveal()
		if runtime.GOOS == "windows" {
			home = env.Lookup("USERPROFILE").Value.Reveal()
		}
		known, usual.Value = home != "", model.NewValue(filepath.Join(home, "go"))
	}
	return known && (c.Added && c.Value == usual.Value || c.Removed && c.Was == showFact(c.Name, usual.Value))
}

// mattering are the flags of a GOFLAGS that can make a build fail.
func (s *scene) mattering(flags string) string {
	vendored := s.Snapshot.Work != nil && s.Snapshot.Work.Vendored || slices.ContainsFunc(s.Snapshot.Modules, func(m model.Module) bool { return m.Vendored })
	kept := slices.DeleteFunc(strings.Fields(flags), func(flag string) bool {
		flag = strings.TrimLeft(flag, "-")
		name, _, _ := strings.Cut(flag, "=")
		return slices.Contains(harmless, name) || flag == "mod=readonly" && !vendored // as go does by itself
	})
	return strings.Join(kept, " ")
}

// harmless are flags that change what go prints, or how it builds, and not whether
// it does.
var harmless = []string{"v", "x", "p", "a", "work", "trimpath", "count", "timeout", "json", "short", "modcacherw"}
