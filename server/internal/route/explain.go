package route

import (
	"fmt"
	"go/version"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// Explain tells what a build in the environment does to get a module.
func Explain(m Module, env model.Env, facts Facts) Route {
	return NewExplainer(env, facts).Explain(m)
}

// Explainer explains the ways of many modules in one environment: whatever
// they have in common is read once. Not safe for concurrent use. Routes share
// memory; nobody may change them.
type Explainer struct {
	facts    Facts
	fault    model.Value // why go does nothing at all
	faultWhy Why
	unknown  string // what is missing to be sure of anything
	unclear  string // what is missing to be sure of a lookup
	vendored bool
	modFlag  string // -mod of GOFLAGS
	modFile  string // -modfile, which has another go.sum

	mains    map[string]bool // paths of the main modules
	requires map[string]model.Require
	order    []string        // the paths of requires, as the files have them
	work     *model.Work     // the go.work in force
	replaces []replacements  // of go.work, then of the main modules as it uses them
	missing  map[string]bool // what the module cache lacks
	sums     []model.Sum     // of the main modules
	sumKnown bool            // they are all there is

	goproxy  model.Setting
	noproxy  patterns
	nosumdb  patterns
	insecure patterns
	goprive  patterns
	entries  []Entry
	servers  []*url.URL // of the entries; nil for those that are no proxy
	listErr  error      // why GOPROXY gives no list
	steps    map[int][]Step

	govcs    model.Setting
	govcsErr error
	rules    []govcsRule
	sumdb    SumDB // as it is for a module that nothing exempts
	sumOff   bool  // GOSUMDB=off
	sumLost  bool  // GOSUMDB is not known

	creds   credentials
	proxies httpProxies
	vias    map[string]Via // by host, of origins
}

// NewExplainer reads the environment.
func NewExplainer(env model.Env, facts Facts) *Explainer {
	e := &Explainer{
		facts: facts, goproxy: env.Lookup("GOPROXY"), govcs: env.Lookup("GOVCS"),
		noproxy: newPatterns(private(env, "GONOPROXY")), nosumdb: newPatterns(private(env, "GONOSUMDB")),
		insecure: newPatterns(env.Lookup("GOINSECURE")), goprive: newPatterns(env.Lookup("GOPRIVATE")),
		creds: newCredentials(env, facts), proxies: newHTTPProxies(env),
		steps: map[int][]Step{}, vias: map[string]Via{},
	}
	e.modules(env)
	if !env.Complete {
		e.unclear = "Not every source of this environment could be read."
	}
	if e.goproxy.Set || knowsDefaults(env) {
		e.entries, e.listErr = parseProxyList(e.goproxy.Value.Reveal(), e.noproxy.Value.Reveal())
	} else {
		e.unclear = "GOPROXY is not set in what was read, and the defaults in GOROOT/go.env were not read."
	}
	e.servers = make([]*url.URL, len(e.entries))
	for i, entry := range e.entries {
		if entry.Kind == Proxy {
			e.servers[i], _ = url.Parse(entry.URL) // which it was accepted by
		}
	}

	e.rules, e.govcsErr = parseGOVCS(e.govcs.Value.Reveal())
	e.rules = append(e.rules, defaultGOVCS...)
	for i := range e.rules {
		e.rules[i].settle()
	}
	e.readSumDB(env)
	return e
}

// modules reads what the go.mod files, go.work and the flags say.
func (e *Explainer) modules(env model.Env) {
	work := e.facts.Work
	switch gowork := env.Lookup("GOWORK").Value.Reveal(); {
	case gowork == "off":
		work = nil
	case gowork != "" && gowork != "auto" && (work == nil || gowork != work.File):
		e.unknown = "GOWORK names a file that was not read."
	}
	e.work = work
	mains := mainModules(e.facts.Modules, work)
	flags := Flags(env.Lookup("GOFLAGS").Value.Reveal())
	e.modFlag, e.modFile = FlagValue(flags, "mod"), FlagValue(flags, "modfile")
	if e.modFile != "" && work == nil { // go refuses it in a workspace
		e.unknown = "GOFLAGS names another go.mod with -modfile, which was not read."
	}
	e.vendored = vendored(e.modFlag, mains, work)
	e.faults(env, mains)

	e.mains, e.requires = map[string]bool{}, map[string]model.Require{}
	if work != nil {
		e.replaces = append(e.replaces, newReplacements(work.File, work.Replaces))
		for _, u := range work.Uses {
			if u.Path != "" {
				e.mains[u.Path] = true
			}
		}
	}
	for _, m := range inOrder(mains, work) {
		e.replaces = append(e.replaces, newReplacements(m.File, m.Replaces))
	}
	e.sumKnown = work == nil && len(mains) > 0 && e.modFile == "" // go.work.sum adds to those of the modules
	for _, m := range mains {
		e.mains[m.Path] = true
		for _, q := range m.Requires {
			have, there := e.requires[q.Path]
			if !there {
				e.order = append(e.order, q.Path)
			}
			switch {
			case !there || semver.Compare(q.Version, have.Version) > 0:
				q.Indirect = q.Indirect && (!there || have.Indirect)
				e.requires[q.Path] = q
			case !q.Indirect:
				have.Indirect = false
				e.requires[q.Path] = have
			}
		}
		e.sums = append(e.sums, m.Sum)
		e.sumKnown = e.sumKnown && m.Sum.File != "" && m.Sum.Why == "" && len(m.Sum.Bad) == 0
	}
	if e.facts.Cache != nil {
		e.missing = make(map[string]bool, len(e.facts.Cache.Missing))
		for _, id := range e.facts.Cache.Missing {
			e.missing[id] = true
		}
	}
}

// Explain tells what a build does to get a module.
func (e *Explainer) Explain(m Module) Route {
	r := Route{Module: m, Mode: ModeProxy, Unknown: e.unknown}
	required, isRequired := e.requires[m.Path]
	if r.Module.Version == "" {
		r.Module.Version = required.Version
	}
	r.Target = r.Module
	switch {
	case !e.fault.Empty():
		r.Error, r.Why = e.fault, e.faultWhy
		return r
	case e.mains[m.Path]:
		r.Mode = ModeWorkspace
		return r
	case e.vendored:
		r.Mode = ModeVendor
		return r
	}
	if rep, ok, conflict := e.replacement(r.Module); ok {
		r.Mode = ModeReplace
		if rep.NewVersion == "" {
			r.Dir = rep.NewPath
			if conflict == "" {
				conflict = e.replacedByNothing(m.Path, rep)
			}
		} else {
			r.Target = Module{rep.NewPath, rep.NewVersion}
		}
		if r.Error = model.NewValue(conflict); r.Dir != "" || conflict != "" {
			return r
		}
	}
	switch {
	case r.Target.Path == "go" || r.Target.Path == "toolchain":
		r.Target = toolchainModule(r.Target)
	case (r.Target.Path == "std" || r.Target.Path == "cmd") && r.Target.Version != "":
		r.Error = model.NewValue(fmt.Sprintf("can't query specific version (%q) of standard-library module %q", r.Target.Version, r.Target.Path))
		return r
	}
	if err := module.CheckPath(r.Target.Path); err != nil {
		r.Error = model.NewValue(err.Error())
		return r
	}
	r.Query = r.Target.Version != "" && module.CanonicalVersion(r.Target.Version) != r.Target.Version
	isRequired = isRequired && required.Version == r.Module.Version
	e.cache(&r, required, isRequired)
	e.sum(&r, isRequired)
	e.lookUp(&r)
	return r
}

// Requirements lists what the main modules require, each path once with its
// highest version, in the order of the files.
func (e *Explainer) Requirements() []Module {
	out := make([]Module, len(e.order))
	for i, path := range e.order {
		out[i] = Module{path, e.requires[path].Version}
	}
	return out
}

// replacement finds the replace directive in force as
// cmd/go/internal/modload.replacementFrom does: go.work's own goes first, and
// of several main modules the last one counts, unless go says that they
// contradict each other.
func (e *Explainer) replacement(m Module) (rep model.Replace, ok bool, conflict string) {
	file := ""
	for _, list := range e.replaces {
		r, found := list.of(m)
		switch {
		case !found:
		case list.isWork:
			return r, true, ""
		case ok && r.OldVersion != "" && (r.NewPath != rep.NewPath || r.NewVersion != rep.NewVersion):
			return rep, true, fmt.Sprintf("conflicting replacements found for %v in workspace modules defined by %v and %v", module.Version{Path: m.Path, Version: m.Version}, file, list.file)
		default:
			rep, ok, file = r, true, list.file
		}
	}
	return rep, ok, ""
}

// replacedByNothing is what go says of a replacement whose directory is known
// to be missing. What a member of a workspace replaces, go words in its own way.
func (e *Explainer) replacedByNothing(path string, rep model.Replace) string {
	if len(e.replaces) == 0 || e.facts.Place == nil || e.unknown != "" {
		return ""
	}
	first := e.replaces[0]
	if r, ok := first.of(Module{path, rep.OldVersion}); !ok || r != rep || len(e.replaces) > 1 && !first.isWork {
		return ""
	}
	if place, known := e.facts.Place(rep.Dir(first.file)); !known || place.Exists {
		return ""
	}
	return "replacement directory " + rep.NewPath + " does not exist"
}

// replacements are the replace directives of a file.
type replacements struct {
	file     string
	isWork   bool
	byModule map[Module]model.Replace
}

func newReplacements(file string, list []model.Replace) replacements {
	out := replacements{file, strings.HasSuffix(file, ".work"), make(map[Module]model.Replace, len(list))}
	for _, r := range list {
		out.byModule[Module{r.OldPath, r.OldVersion}] = r
	}
	return out
}

// of finds the directive for a module: the one for its version goes first.
func (l replacements) of(m Module) (model.Replace, bool) {
	r, ok := l.byModule[m]
	if !ok {
		r, ok = l.byModule[Module{m.Path, ""}]
	}
	return r, ok
}

// cache fills in what the module cache has. It was looked at for the
// requirements only.
func (e *Explainer) cache(r *Route, required model.Require, isRequired bool) {
	if e.facts.Cache == nil {
		return
	}
	r.Cache.Dir = e.facts.Cache.Dir
	switch {
	case e.missing[r.Target.Path+"@"+r.Target.Version]:
		r.Cache.State = CacheMissing
		r.Cache.Fetches = fetches
	case !isRequired:
	case required.Indirect:
		r.Cache.State = CacheGoMod
	default:
		r.Cache.State = CacheWhole
	}
}

// fetches are the files of one version, in the order go asks for them.
var fetches = []string{".mod", ".info", ".zip"}

// sum fills in what go.sum has.
func (e *Explainer) sum(r *Route, isRequired bool) {
	if r.Target.Path == "golang.org/toolchain" || len(e.sums) == 0 || r.Target.Version == "" || r.Query {
		return // go.sum has no toolchains, and no queries
	}
	id := r.Target.Path + " " + r.Target.Version
	r.Sum = Sum{File: e.sums[0].File, Known: e.sumKnown, ReadOnly: e.modFlag == "" || e.modFlag == "readonly"}
	for _, s := range e.sums {
		r.Sum.Zip = r.Sum.Zip || s.Lines[id]
		r.Sum.GoMod = r.Sum.GoMod || s.Lines[id+"/go.mod"]
	}
	if !r.Sum.Known || !r.Sum.ReadOnly || !isRequired || e.requires[r.Module.Path].Indirect {
		return // an indirect requirement may never be looked at
	}
	switch {
	case !r.Sum.Zip: // go looks for it first, and then says nothing of the other
		r.Sum.Error = model.NewValue("missing go.sum entry for module providing package")
	case !r.Sum.GoMod:
		r.Sum.Error = model.NewValue(r.Target.Path + "@" + r.Target.Version + ": missing go.sum entry for go.mod file; to add it:\n\tgo mod download " + r.Module.Path)
	}
}

// lookUp fills in the part of the route that has to do with fetching.
func (e *Explainer) lookUp(r *Route) {
	if e.unclear != "" {
		r.Unknown = e.unclear
	}
	i := e.noproxy.match(r.Target.Path)
	r.Steps = e.stepsFor(i, r.Target)
	for _, s := range r.Steps {
		r.VCS.Consulted = r.VCS.Consulted || s.Applies && (s.Kind == NoProxy || s.Kind == Direct)
	}
	if i := e.insecure.match(r.Target.Path); i >= 0 {
		why := e.insecure.because(i)
		r.Insecure = Insecure{true, why.Pattern, why}
	} else {
		r.Insecure.Why = e.insecure.because(-1)
	}
	e.vcs(r)
	e.sumDB(r)
	switch {
	case e.listErr != nil:
		r.Error, r.Why = model.NewValue(e.listErr.Error()), because(e.goproxy, e.badEntry())
	case len(r.Steps) == 0:
		// Unknown, said already.
	default:
		if text, sure := e.sureFailure(r); sure {
			r.Error, r.Why = text, e.blame(r, text)
		} else if !r.SumDB.Error.Empty() {
			r.Error, r.Why = r.SumDB.Error, r.SumDB.Why
		}
	}
}

// stepsFor returns the steps for a module that pattern i of GONOPROXY decides;
// i is -1 if none does.
func (e *Explainer) stepsFor(i int, target Module) []Step {
	if steps, ok := e.steps[i]; ok {
		return steps
	}
	isPrivate := i >= 0
	patternWhy := e.noproxy.because(i)
	var steps []Step
	for n, entry := range e.entries {
		s := Step{Kind: entry.Kind, URL: model.NewValue(entry.URL), Fallback: OnNotFound, Why: because(e.goproxy, entry.Raw)}
		switch {
		case n == len(e.entries)-1:
			s.Fallback = Never
		case entry.Separator == "|":
			s.Fallback = OnAnyError
		}
		if toOrigin := entry.Kind == NoProxy || entry.Kind == Direct; isPrivate {
			s.Applies = toOrigin
		} else {
			s.Applies = entry.Kind != NoProxy
		}
		if entry.Kind == NoProxy || isPrivate {
			s.Why = patternWhy
		}
		if entry.Kind == Proxy && s.Applies {
			s.Access = Access{e.creds.to(below(e.servers[n], target)), e.proxies.to(e.servers[n])}
		}
		steps = append(steps, s)
	}
	if !e.creds.paths { // otherwise a netrc entry may be for some modules only
		e.steps[i] = steps
	}
	return steps
}

// below is the URL below which a proxy keeps the versions of a module.
func below(base *url.URL, m Module) *url.URL {
	escaped, err := module.EscapePath(m.Path)
	if err != nil {
		return base
	}
	u := *base
	u.Path = strings.TrimSuffix(base.Path, "/") + "/" + escaped + "/@v/"
	u.RawPath = strings.TrimSuffix(base.EscapedPath(), "/") + "/" + strings.ReplaceAll(url.PathEscape(escaped), "%2F", "/") + "/@v/"
	return &u
}

// sureFailure plays the steps as cmd/go/internal/modfetch.TryProxies does, as
// long as each is sure to fail whatever servers say. It returns go's last
// word; sure is false if some step may succeed.
func (e *Explainer) sureFailure(r *Route) (text model.Value, sure bool) {
	rank, asked := -1, false
	for _, s := range r.Steps {
		if !s.Applies {
			continue // as good as not found
		}
		asked = true
		failure, got, notFound := s.Access.failure(), 1, false
		switch s.Kind {
		case Proxy:
			if text := refusedByProxies(r.Target); text != "" {
				failure = model.NewValue(text)
			}
		case Off:
			failure, got, notFound = offError, 0, true
		case NoProxy, Direct:
			failure, got, notFound = r.VCS.Error, 2, true
			if failure.Empty() {
				failure = r.VCS.Access.Auth.Error // by HTTP it may be reached otherwise, if GOINSECURE allows
			}
		}
		if failure.Empty() {
			return model.Value{}, false
		}
		if failure == e.creds.fault {
			return failure, true // go exits
		}
		if got >= rank {
			text, rank = failure, got
		}
		if !notFound && s.Fallback != OnAnyError {
			break
		}
	}
	return text, asked
}

// blame names the setting that a sure failure comes from.
func (e *Explainer) blame(r *Route, text model.Value) Why {
	switch text {
	case offError:
		return because(e.goproxy, "off")
	case e.creds.fault:
		return because(e.creds.goauth, "")
	case errCGI:
		return because(e.proxies.cgi, "")
	case r.VCS.Error:
		if r.VCS.Tool != "" || e.govcsErr != nil {
			return r.VCS.Why
		}
		return Why{} // the path itself
	}
	return because(e.goproxy, "")
}

// badEntry is the entry of GOPROXY that go refuses; "" if there is none.
func (e *Explainer) badEntry() string {
	for entry := range entries(e.goproxy.Value.Reveal()) {
		if entry.Err != "" {
			return entry.Raw
		}
	}
	return ""
}

// refusedByProxies is why no proxy is asked for a version; "" if they are. Go
// looks for the versions that "latest", a comparison or the beginning of a
// version mean in the list of all, which it can always ask for.
func refusedByProxies(m Module) string {
	switch v := m.Version; {
	case v == "", v == "latest", v == "upgrade", v == "patch", strings.HasPrefix(v, "<"), strings.HasPrefix(v, ">"):
		return ""
	default:
		if _, err := module.EscapeVersion(v); err != nil {
			return err.Error()
		}
		return ""
	}
}

// faults finds why go does nothing at all, the first that it says first.
func (e *Explainer) faults(env model.Env, mains []*model.Module) {
	t := e.facts.Toolchain
	stop := func(text, variable, about string) bool {
		if text == "" {
			return false
		}
		e.fault = model.NewValue(text)
		if variable != "" {
			e.faultWhy = because(env.Lookup(variable), about)
		}
		return true
	}
	toolchain, go111 := env.Lookup("GOTOOLCHAIN").Value.Reveal(), env.Lookup("GO111MODULE").Value.Reveal()
	if stop(t.Refusal, "GOTOOLCHAIN", toolchain) {
		return
	}
	goflags := env.Lookup("GOFLAGS")
	said := goflags.Origin.Note == "" // otherwise the build flags of gopls are among them, which go gets as arguments
	if said {
		running := t.Selected
		if running == "" {
			running = t.Version
		}
		if text, flag := checkFlags(goflags.Value.Reveal(), running); stop(text, "GOFLAGS", flag) {
			return
		}
	}
	switch go111 {
	case "", "on", "auto":
	case "off":
		stop("modules disabled by GO111MODULE=off; see 'go help modules'", "GO111MODULE", go111)
		return
	default:
		stop("unknown environment setting GO111MODULE="+go111, "GO111MODULE", go111)
		return
	}
	if said && e.unknown == "" {
		if text, flag := checkMode(e.modFlag, e.modFile, e.work); stop(text, "GOFLAGS", flag) {
			return
		}
	}
	if e.unknown == "" && !stop(e.tooOld(toolchain), "GOTOOLCHAIN", toolchain) {
		stop(conflict(mains, e.work), "", "")
	}
}

// tooOld is what go says because it is older than go.work or go.mod demands;
// "" if it is not known to be.
func (e *Explainer) tooOld(gotoolchain string) string {
	t := e.facts.Toolchain
	file, least := "go.work", ""
	switch {
	case e.work != nil:
		least = e.work.Go
	case len(e.facts.Modules) > 0:
		file, least = "go.mod", e.facts.Modules[0].Go
	}
	have := t.Tool("go").Version
	if least == "" || have == "" || t.Selected != have || version.Compare("go"+least, have) <= 0 || version.Compare(have, "go1.21") < 0 {
		return ""
	}
	text := file + " requires go >= " + least + " (running go " + strings.TrimPrefix(have, "go")
	if gotoolchain != "" && gotoolchain != "auto" {
		text += "; GOTOOLCHAIN=" + gotoolchain
	}
	if gotoolchain == "auto" || gotoolchain == "path" || strings.Contains(gotoolchain, "+") { // nothing else keeps it from switching
		text += "; " + file + " sets toolchain default"
	}
	return text + ")"
}

// toolchainModule is the module in which go looks whether a version of "go" or
// "toolchain" exists, which it always does for this platform.
func toolchainModule(m Module) Module {
	v := strings.TrimPrefix(m.Version, "go")
	if version.IsValid("go" + v) {
		v = "v0.0.1-go" + v + ".linux-amd64"
	}
	return Module{"golang.org/toolchain", v}
}

var offError = model.NewValue("module lookup disabled by GOPROXY=off")

// vcs fills in what fetching from the origin may do.
func (e *Explainer) vcs(r *Route) {
	r.VCS.Why = because(e.govcs, "")
	root, tool, err := repository(r.Target.Path)
	if err != nil {
		r.VCS.Error = model.NewValue(err.Error())
		return
	}
	if r.VCS.Consulted && root == "" {
		r.VCS.Page = "https://" + r.Target.Path + "?go-get=1"
		r.VCS.Access = e.page(r.VCS.Page)
	} else if r.VCS.Consulted {
		r.VCS.Access.Auth.Source = SourceTool
	}
	if e.govcsErr != nil {
		if tool != "" { // otherwise go reads GOVCS only when the server has named a tool
			r.VCS.Error = model.NewValue(e.govcsErr.Error())
		}
		return
	}
	r.VCS.Root, r.VCS.Tool = root, tool
	if root == "" {
		root = r.Target.Path
	}
	isPrivate := e.goprive.match(root) >= 0
	rule := decide(e.rules, root, isPrivate)
	r.VCS.Why.Pattern = rule.text
	r.VCS.Tools = rule.tools
	r.VCS.Allowed = len(rule.tools) > 0
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

// page tells how go reaches the page of an origin.
func (e *Explainer) page(address string) Access {
	u, err := url.Parse(address)
	if err != nil {
		return Access{}
	}
	via, known := e.vias[u.Host]
	if !known {
		via = e.proxies.to(u)
		e.vias[u.Host] = via
	}
	return Access{e.creds.to(u), via}
}

// readSumDB reads GOSUMDB.
func (e *Explainer) readSumDB(env model.Env) {
	gosumdb := env.Lookup("GOSUMDB")
	value := gosumdb.Value.Reveal()
	e.sumOff = value == "off"
	e.sumLost = !gosumdb.Set && !knowsDefaults(env)
	e.sumdb.Why = because(gosumdb, "")
	name, base, err := parseSumDB(value)
	if err != nil {
		e.sumdb.Error = model.NewValue(err.Error())
		return
	}
	e.sumdb.Name, e.sumdb.Proxied = name, base == ""
	if base == "" {
		base = "https://" + name
	}
	e.sumdb.URL = model.NewValue(base)
	if u, err := url.Parse(base); err == nil {
		e.sumdb.Access = Access{e.creds.to(u), e.proxies.to(u)}
	}
}

// sumDB fills in whether and where the checksum database is asked.
func (e *Explainer) sumDB(r *Route) {
	goproxy := e.goproxy.Value.Reveal()
	must := r.Target.Path == "golang.org/toolchain" && // nothing else vouches for a toolchain
		(!strings.HasPrefix(goproxy, "file://") || strings.ContainsAny(goproxy, ",|"))
	if !must {
		if e.sumOff {
			r.SumDB.Why = e.sumdb.Why
			r.SumDB.Why.Pattern = model.NewValue("off")
			return
		}
		if i := e.nosumdb.match(r.Target.Path); i >= 0 {
			r.SumDB.Why = e.nosumdb.because(i)
			return
		}
	}
	recorded := r.Sum.Zip && r.Sum.GoMod
	if e.sumLost {
		r.SumDB.Why, r.SumDB.Recorded = e.sumdb.Why, recorded
		if recorded {
			return // whatever it is
		}
		r.Unknown = "GOSUMDB is not set in what was read, and the defaults in GOROOT/go.env were not read."
		return
	}
	r.SumDB = e.sumdb
	r.SumDB.Consulted = true
	r.SumDB.Recorded = recorded
	if recorded {
		r.SumDB.Error = model.Value{} // go does not get as far as reading GOSUMDB
	}
}

// Toolchain tells which Go does the work, and which module go has to download
// for that first; fetch is zero if it has it.
func (e *Explainer) Toolchain() (t model.Toolchain, fetch Module) {
	t = e.facts.Toolchain
	if t.Fetched && t.Host != "" {
		goos, goarch, _ := strings.Cut(t.Host, "/")
		fetch = Module{"golang.org/toolchain", "v0.0.1-" + t.Selected + "." + goos + "-" + goarch}
	}
	return t, fetch
}

// patterns is a setting that holds patterns of module paths, cut once.
type patterns struct {
	model.Setting
	list []Pattern
}

func newPatterns(s model.Setting) patterns { return patterns{s, split(s.Value.Reveal())} }

// match returns the index of the first pattern that matches, or -1.
func (p *patterns) match(modulePath string) int {
	return slices.IndexFunc(p.list, func(q Pattern) bool { return module.MatchPrefixPatterns(q.Text, modulePath) })
}

// because names the setting with the pattern that decided; -1 for none.
func (p *patterns) because(i int) Why {
	if i < 0 {
		return because(p.Setting, "")
	}
	return because(p.Setting, p.list[i].Text)
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

// mainModules returns the modules that are main modules together: those that
// go.work uses or, without one, the nearest.
func mainModules(modules []model.Module, work *model.Work) (out []*model.Module) {
	if work == nil {
		if len(modules) > 0 {
			out = append(out, &modules[0])
		}
		return out
	}
	used := make(map[string]bool, len(work.Uses))
	for _, u := range work.Uses {
		used[filepath.Clean(u.Dir)] = true
	}
	for i := range modules {
		if m := &modules[i]; used[filepath.Dir(m.File)] {
			out = append(out, m)
		}
	}
	return out
}

// conflict finds replace directives that contradict each other, because of
// which go does nothing at all, and returns what it says; "" if there are none.
// Another spelling of the same directory counts as the same in a workspace
// only, as in cmd/go/internal/modload.
func conflict(mains []*model.Module, work *model.Work) string {
	text := func(old, one, other module.Version) string {
		return fmt.Sprintf("conflicting replacements for %v:\n\t%v\n\t%v", old, one, other)
	}
	twice := func(list []model.Replace) string {
		seen := make(map[module.Version]module.Version, len(list))
		for _, r := range list {
			from, to := module.Version{Path: r.OldPath, Version: r.OldVersion}, module.Version{Path: r.NewPath, Version: r.NewVersion}
			if earlier, again := seen[from]; again && earlier != to {
				return text(from, earlier, to)
			}
			seen[from] = to
		}
		return ""
	}
	if work == nil {
		if len(mains) == 0 {
			return ""
		}
		return twice(mains[0].Replaces)
	}
	used := inOrder(mains, work)
	for _, m := range used {
		if said := twice(m.Replaces); said != "" {
			return said
		}
	}
	if said := twice(work.Replaces); said != "" {
		return said
	}
	settled := map[string]bool{}
	for _, r := range work.Replaces {
		settled[r.OldPath] = true
	}
	seen := map[module.Version]module.Version{}
	for _, m := range used {
		for _, r := range m.Replaces {
			if settled[r.OldPath] {
				continue
			}
			from, to := module.Version{Path: r.OldPath, Version: r.OldVersion}, module.Version{Path: r.NewPath, Version: r.NewVersion}
			if to.Version == "" && !filepath.IsAbs(to.Path) {
				to.Path = filepath.Join(filepath.Dir(m.File), to.Path)
			}
			if earlier, again := seen[from]; again && earlier != to {
				return text(from, earlier, to) + fmt.Sprintf("\nuse \"go work edit -replace %v=[override]\" to resolve", from)
			}
			seen[from] = to
		}
	}
	return ""
}

// inOrder puts the main modules in the order in which go.work uses them.
func inOrder(mains []*model.Module, work *model.Work) []*model.Module {
	if work == nil {
		return mains
	}
	in := make(map[string]*model.Module, len(mains)) // by directory
	for _, m := range slices.Backward(mains) {
		in[filepath.Dir(m.File)] = m
	}
	var used []*model.Module
	for _, u := range work.Uses {
		if m, ok := in[filepath.Clean(u.Dir)]; ok {
			used = append(used, m)
		}
	}
	return used
}
