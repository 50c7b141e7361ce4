// Package route knows what the go command will do to find, fetch and verify
// one module: the proxies it asks and in which order, when it goes on to the
// next, what it fetches from the origin, and whether the checksum database has
// a say. It follows the source of the go command to the letter, texts
// included; live tests compare it with the real command.
//
// It must not know where values came from. It asks no network, so it says what
// go will try, not what will come of it. Nothing here can fail: what go would
// refuse is part of the answer.
package route

import (
	"go/version"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// Module names what is looked up.
type Module struct {
	Path    string
	Version string // if "", Explain takes the version that the main modules require, if they do
}

// Facts are the things beside the environment that decide where a module
// comes from.
type Facts struct {
	Modules []model.Module // the main modules, the nearest first
	Work    *model.Work    // the go.work in force, unless the environment switches it off
}

// Mode is where go takes a module from when it builds.
type Mode string

const (
	ModeProxy     Mode = "proxy"     // it walks the proxy list
	ModeVendor    Mode = "vendor"    // the vendor directory; no network, no checks
	ModeReplace   Mode = "replace"   // a replace directive names another module or a directory
	ModeWorkspace Mode = "workspace" // it is a main module itself
)

// Fallback says which failures of a step make go try the next one.
type Fallback string

const (
	OnNotFound Fallback = "not-found" // only 404, 410 and the like
	OnAnyError Fallback = "any-error"
	Never      Fallback = "none" // the last step
)

// Why names the setting that decided something.
type Why struct {
	Variable string
	Pattern  model.Value // the pattern or entry that decided; empty if there is none
	Origin   model.Origin
}

// Step is one entry of the proxy list, in the order go walks it.
type Step struct {
	Kind     Kind
	URL      model.Value // of a proxy; empty otherwise
	Applies  bool        // go really asks there for this module
	Fallback Fallback
	Why      Why // why the step is there or, when a private pattern decides, why it applies or not
}

// Insecure tells about GOINSECURE, which loosens fetching from the origin only.
type Insecure struct {
	Allowed bool
	Pattern model.Value
	Why     Why
}

// SumDB tells about the checksum database. go asks it only for hashes that
// go.sum does not have.
type SumDB struct {
	Consulted bool
	Name      string
	URL       model.Value // where the database is asked; unless GOSUMDB gives an address, a proxy that offers to stand in goes first
	Proxied   bool        // the proxies are asked first whether they stand in for the database
	Why       Why
	Error     model.Value // what go says when GOSUMDB is unusable; empty if it is fine
}

// VCS tells about fetching from the origin.
type VCS struct {
	Consulted bool     // some step may fetch from the origin
	Root      string   // the repository's root as a path; "" if only the server can tell
	Tool      string   // such as "git"; "" if only the server can tell
	Allowed   bool     // GOVCS allows Tool or, where that is unknown, some tool; the proxy protocol is always allowed
	Tools     []string // the tools that GOVCS allows for this module
	Why       Why
	Error     model.Value // what go says without asking the network; empty if it would ask
}

// Route is the way of one module.
type Route struct {
	Module Module
	// Target is what is really looked up: Module or, in ModeReplace, the module
	// that replaces it.
	Target Module
	// Dir is the replacement directory, as the replace directive writes it; ""
	// unless a directory replaces the module.
	Dir      string
	Mode     Mode
	Steps    []Step // empty when nothing is looked up
	Insecure Insecure
	SumDB    SumDB
	VCS      VCS
	// Error is why fetching is sure to fail, in go's own words: at once or, for
	// an unusable GOSUMDB, when a server has handed the module over and go.sum
	// does not have its hash. It does not touch what is cached already. Empty if
	// the outcome depends on what the servers answer.
	Error model.Value
	// Unknown is a sentence saying which fact is missing to be sure of the rest;
	// "" if none is.
	Unknown string
}

// Explain tells what a build in the environment does to get a module.
func Explain(m Module, env model.Env, facts Facts) Route {
	r := Route{Module: m, Mode: ModeProxy}
	work := facts.Work
	switch gowork := env.Lookup("GOWORK").Value.Reveal(); {
	case gowork == "off":
		work = nil
	case gowork != "" && gowork != "auto" && (work == nil || gowork != work.File):
		r.Unknown = "GOWORK names a file that was not read."
	}
	mains := mainModules(facts.Modules, work)
	if r.Module.Version == "" {
		r.Module.Version = required(mains, m.Path)
	}
	r.Target = r.Module
	switch go111 := env.Lookup("GO111MODULE").Value.Reveal(); go111 {
	case "", "on", "auto":
	case "off":
		r.Error = model.NewValue("modules disabled by GO111MODULE=off; see 'go help modules'")
		return r
	default:
		r.Error = model.NewValue("unknown environment setting GO111MODULE=" + go111)
		return r
	}
	switch {
	case isMain(mains, work, m.Path):
		r.Mode = ModeWorkspace
		return r
	case vendored(env, mains, work):
		r.Mode = ModeVendor
		return r
	}
	if rep, ok := replacement(mains, work, r.Module); ok {
		r.Mode = ModeReplace
		if rep.NewVersion == "" {
			r.Dir = rep.NewPath
			return r
		}
		r.Target = Module{rep.NewPath, rep.NewVersion}
	}
	if r.Target.Path == "go" || r.Target.Path == "toolchain" {
		r.Target.Path = "golang.org/toolchain"
	}
	if err := module.CheckPath(r.Target.Path); err != nil {
		r.Error = model.NewValue(err.Error())
		return r
	}
	r.lookUp(env)
	return r
}

// lookUp fills in the part of the route that has to do with fetching.
func (r *Route) lookUp(env model.Env) {
	goproxy := env.Lookup("GOPROXY")
	noproxy := private(env, "GONOPROXY")
	if !env.Complete {
		r.Unknown = "Not every source of this environment could be read."
	}
	list, err := parseProxyList(goproxy.Value.Reveal(), noproxy.Value.Reveal())
	if !goproxy.Set && !knowsDefaults(env) {
		r.Unknown = "GOPROXY is not set in what was read, and the defaults in GOROOT/go.env were not read."
		list, err = nil, nil
	}
	match, isPrivate := Match(noproxy.Value.Reveal(), r.Target.Path)
	patternWhy := because(noproxy, match.Text)
	var applying []Kind
	for i, e := range list {
		s := Step{Kind: e.Kind, URL: model.NewValue(e.URL), Fallback: OnNotFound, Why: because(goproxy, e.Raw)}
		switch {
		case i == len(list)-1:
			s.Fallback = Never
		case e.Separator == "|":
			s.Fallback = OnAnyError
		}
		toOrigin := e.Kind == NoProxy || e.Kind == Direct
		if isPrivate {
			s.Applies = toOrigin
		} else {
			s.Applies = e.Kind != NoProxy
		}
		if e.Kind == NoProxy || isPrivate {
			s.Why = patternWhy
		}
		if s.Applies {
			applying = append(applying, e.Kind)
			r.VCS.Consulted = r.VCS.Consulted || toOrigin
		}
		r.Steps = append(r.Steps, s)
	}

	goinsecure := env.Lookup("GOINSECURE")
	if p, ok := Match(goinsecure.Value.Reveal(), r.Target.Path); ok {
		r.Insecure = Insecure{true, model.NewValue(p.Text), because(goinsecure, p.Text)}
	} else {
		r.Insecure.Why = because(goinsecure, "")
	}
	r.vcs(env)
	r.sumDB(env, goproxy)

	switch {
	case err != nil:
		r.Error = model.NewValue(err.Error())
	case len(list) == 0:
		// Unknown, said above.
	case only(applying, Off):
		r.Error = model.NewValue("module lookup disabled by GOPROXY=off")
	case only(applying, NoProxy, Direct) && !r.VCS.Error.Empty():
		r.Error = r.VCS.Error
	default:
		r.Error = r.SumDB.Error
	}
}

// vcs fills in what fetching from the origin may do.
func (r *Route) vcs(env model.Env) {
	govcs, goprivate := env.Lookup("GOVCS"), env.Lookup("GOPRIVATE")
	r.VCS.Why = because(govcs, "")
	root, tool, err := repository(r.Target.Path)
	if err != nil {
		r.VCS.Error = model.NewValue(err.Error())
		return
	}
	rules, err := parseGOVCS(govcs.Value.Reveal())
	if err != nil {
		if tool != "" { // otherwise go reads GOVCS only when the server has named a tool
			r.VCS.Error = model.NewValue(err.Error())
		}
		return
	}
	r.VCS.Root, r.VCS.Tool = root, tool
	if root == "" {
		root = r.Target.Path
	}
	isPrivate := module.MatchPrefixPatterns(goprivate.Value.Reveal(), root)
	rule := decide(append(rules, defaultGOVCS...), root, isPrivate)
	r.VCS.Why.Pattern = model.NewValue(rule.String())
	for _, t := range tools {
		if rule.allows(t) {
			r.VCS.Tools = append(r.VCS.Tools, t)
		}
	}
	r.VCS.Allowed = len(r.VCS.Tools) > 0
	if tool == "" {
		return
	}
	r.VCS.Allowed = rule.allows(tool)
	if !r.VCS.Allowed {
		what := "public"
		if isPrivate {
			what = "private"
		}
		r.VCS.Error = model.NewValue("GOVCS disallows using " + tool + " for " + what + " " + root + "; see 'go help vcs'")
	}
}

// sumDB fills in whether and where the checksum database is asked.
func (r *Route) sumDB(env model.Env, goproxy model.Setting) {
	gosumdb := env.Lookup("GOSUMDB")
	value := gosumdb.Value.Reveal()
	must := r.Target.Path == "golang.org/toolchain" && // nothing else vouches for a toolchain
		(!strings.HasPrefix(goproxy.Value.Reveal(), "file://") || strings.ContainsAny(goproxy.Value.Reveal(), ",|"))
	r.SumDB.Why = because(gosumdb, "")
	if !must {
		if value == "off" {
			r.SumDB.Why.Pattern = gosumdb.Value
			return
		}
		nosumdb := private(env, "GONOSUMDB")
		if p, ok := Match(nosumdb.Value.Reveal(), r.Target.Path); ok {
			r.SumDB.Why = because(nosumdb, p.Text)
			return
		}
	}
	if !gosumdb.Set && !knowsDefaults(env) {
		r.Unknown = "GOSUMDB is not set in what was read, and the defaults in GOROOT/go.env were not read."
		return
	}
	r.SumDB.Consulted = true
	name, base, err := parseSumDB(value)
	if err != nil {
		r.SumDB.Error = model.NewValue(err.Error())
		return
	}
	r.SumDB.Name, r.SumDB.Proxied = name, base == ""
	if base == "" {
		base = "https://" + name
	}
	r.SumDB.URL = model.NewValue(base)
}

// private resolves GONOPROXY or GONOSUMDB, which fall back to GOPRIVATE when
// they are empty, wherever that is.
func private(env model.Env, name string) model.Setting {
	s := env.Lookup(name)
	if s.Value.Empty() {
		s = env.Lookup("GOPRIVATE")
	}
	return s
}

// knowsDefaults reports whether GOROOT/go.env was read, so that an unset
// variable is known to be unset.
func knowsDefaults(env model.Env) bool {
	for _, l := range env.Layers {
		if l.Kind == model.LayerGoroot {
			return env.Complete
		}
	}
	return false
}

func because(s model.Setting, pattern string) Why {
	return Why{s.Name, model.NewValue(pattern), s.Origin}
}

// only reports whether kinds is not empty and holds nothing but the given ones.
func only(kinds []Kind, allowed ...Kind) bool {
	return len(kinds) > 0 && !slices.ContainsFunc(kinds, func(k Kind) bool { return !slices.Contains(allowed, k) })
}

// mainModules returns the modules that are main modules together: those that
// go.work uses or, without one, the nearest.
func mainModules(modules []model.Module, work *model.Work) []model.Module {
	if work == nil {
		return modules[:min(1, len(modules))]
	}
	used := make(map[string]bool, len(work.Uses))
	for _, u := range work.Uses {
		used[filepath.Clean(u.Dir)] = true
	}
	var out []model.Module
	for _, m := range modules {
		if used[filepath.Dir(m.File)] {
			out = append(out, m)
		}
	}
	return out
}

func isMain(mains []model.Module, work *model.Work, path string) bool {
	return slices.ContainsFunc(mains, func(m model.Module) bool { return m.Path == path }) ||
		work != nil && slices.ContainsFunc(work.Uses, func(u model.Use) bool { return u.Path == path })
}

// required returns the highest version that the main modules require; "" if
// none does.
func required(mains []model.Module, path string) string {
	highest := ""
	for _, m := range mains {
		for _, q := range m.Requires {
			if q.Path == path && semver.Compare(q.Version, highest) > 0 {
				highest = q.Version
			}
		}
	}
	return highest
}

// replacement finds the replace directive in force: go.work's own first, and
// in each file the one for the exact version first.
func replacement(mains []model.Module, work *model.Work, m Module) (model.Replace, bool) {
	lists := make([][]model.Replace, 0, len(mains)+1)
	if work != nil {
		lists = append(lists, work.Replaces)
	}
	for _, main := range mains {
		lists = append(lists, main.Replaces)
	}
	for _, list := range lists {
		for _, version := range []string{m.Version, ""} {
			for _, rep := range list {
				if rep.OldPath == m.Path && rep.OldVersion == version {
					return rep, true
				}
			}
		}
	}
	return model.Replace{}, false
}

// vendored reports whether a build takes its dependencies from the vendor
// directory: told to by GOFLAGS or, by default, where one lies beside a go.work
// or go.mod of Go 1.14 or later.
func vendored(env model.Env, mains []model.Module, work *model.Work) bool {
	if mod := modFlag(env.Lookup("GOFLAGS").Value.Reveal()); mod != "" {
		return mod == "vendor"
	}
	has, goLine := false, ""
	switch {
	case work != nil:
		has, goLine = work.Vendored, work.Go
	case len(mains) > 0:
		has, goLine = mains[0].Vendored, mains[0].Go
	}
	return has && goLine != "" && version.Compare("go"+goLine, "go1.14") >= 0
}

// modFlag returns the value of -mod in GOFLAGS, where the last one counts; ""
// if there is none or GOFLAGS does not parse.
func modFlag(goflags string) string {
	mod := ""
	for _, flag := range Flags(goflags) {
		if v, ok := strings.CutPrefix(strings.TrimPrefix(flag, "-"), "-mod="); ok {
			mod = v
		} else if v, ok := strings.CutPrefix(flag, "-mod="); ok {
			mod = v
		}
	}
	return mod
}

// Flags splits GOFLAGS as the go command does: at white space, and a flag may
// stand in quotes as a whole. A quote that is not closed gives no flags at all.
func Flags(goflags string) (flags []string) {
	const space = " \t\n\r"
	for s := strings.TrimLeft(goflags, space); s != ""; s = strings.TrimLeft(s, space) {
		if quote := s[0]; quote == '"' || quote == '\'' {
			flag, rest, closed := strings.Cut(s[1:], string(quote))
			if !closed {
				return nil
			}
			flags, s = append(flags, flag), rest
			continue
		}
		end := strings.IndexAny(s, space)
		if end < 0 {
			end = len(s)
		}
		flags, s = append(flags, s[:end]), s[end:]
	}
	return flags
}
