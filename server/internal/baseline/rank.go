package baseline

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/semver"

	"github.com/gophantom/gophantom/server/internal/model"
)

// Trouble is what is wrong today, as far as it helps to tell what is at fault:
// what each of the three mechanisms knows of it.
type Trouble struct {
	// The trace: what go and gopls did and said.
	Guilty []string // variables that ground truth names
	Flips  []string // other facts that it names, by Key
	Files  []string // absolute paths of files that gopls has not seen the change of
	Said   []string // variables, tools and modules that the words of go are about
	// Told are the facts that the words of go can be about, see AboutFact; empty if
	// they narrow nothing down. Quoted are those of them, by Key, whose value go says.
	Told   []string
	Quoted map[string]bool

	// The context: how it hangs together.
	Phantom bool     // red in the editor, green in the build
	Real    bool     // red in both
	Blamed  []string // variables, tools and modules that findings are about, whatever go said
	Warned  []string // the same of findings that warn of something else than an error
	Found   []string // facts that errors among the findings can come of, see AboutFact
	Feared  []string // the same of warnings
	Modules []string // modules that the problems speak of
	Hinted  []string // modules that have the name of a package that the problems speak of
	Route   []string // variables that decide where these come from
	// Ways are other facts that something of what is wrong leads over, by Key: why, as a
	// clause. Such as a netrc with the password for a server that is asked.
	Ways map[string]string
	// Moot are facts that cannot have brought it about, by Key: why, as a clause.
	// What ground truth names is never moot.
	Moot map[string]string

	// The baseline: what is not as it was.
	Slow    string               // what became slow: "go list", "gopls load" or "shell start"; "" if nothing
	Began   time.Time            // when it was red first; zero if unknown
	Changed map[string]time.Time // when facts changed, by Key; those that are unknown are missing
}

// Key names a fact in Trouble.Changed.
func Key(f Fact) string { return f.key() }

// Reason is one contribution to a rank.
type Reason struct {
	Mechanism string  // see model.MechanismTrace
	Weight    float64 // from 0 to 1; below 0 it speaks against it
	Why       string  // one clause; holds no values
}

// Ranked is a change, or what may be at fault without one, with how likely it
// explains the trouble.
type Ranked struct {
	Change
	Score   float64 // from 0 to 1: 1 - ∏(1 - weight) of what speaks for it, times 1 + weight of what speaks against it
	Reasons []Reason
}

// Rank orders changes, the most likely explanation first. What each is worth
// comes of reasons that are named.
func Rank(changes []Change, t Trouble) []Ranked {
	out := make([]Ranked, 0, len(changes))
	follows, leaders := followers(changes, t)
	explained := slices.ContainsFunc(changes, func(c Change) bool {
		return !c.Same && !c.Unknown && (t.Comes(t.Told, c) || t.Comes(t.Found, c) || t.Comes(t.Feared, c)) && !late(c, t) && t.Moot[c.key()] == ""
	})
	for _, c := range changes {
		led, leads := leaders[c.key()]
		r := Ranked{Change: c, Reasons: reasons(c, t, explained, leads)}
		if why, is := follows[c.key()]; is {
			r.Reasons = append(r.Reasons, Reason{model.MechanismContext, -0.6, why})
		}
		if leads {
			r.Reasons = append(r.Reasons, Reason{model.MechanismContext, 0.4, led})
		}
		miss, less := 1.0, 1.0
		for _, reason := range r.Reasons {
			if reason.Weight < 0 {
				less *= 1 + reason.Weight
			} else {
				miss *= 1 - reason.Weight
			}
		}
		r.Score = (1 - miss) * less
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b Ranked) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), strings.Compare(a.key(), b.key()))
	})
	return out
}

// enough is the least score of a thing that is named as the cause, and ahead how
// much more it has than the next one. Where much is known of both, their scores are
// next to one, and what counts is how many times less each misses it by.
const (
	enough = 0.3
	ahead  = 0.02
	times  = 1.15
)

// Likeliest is what is worth being named as the cause; ok is false if nothing is
// known well enough, or two things are known as well as each other. One variable
// in several environments is one thing, and so are the version of gopls and the Go
// that built it, or a requirement and its hash.
func Likeliest(ranked []Ranked) (r Ranked, ok bool) {
	if len(ranked) == 0 || ranked[0].Score < enough {
		return Ranked{}, false
	}
	for _, other := range ranked[1:] {
		if thing(other.Change) != thing(ranked[0].Change) {
			return ranked[0], ranked[0].Score-other.Score >= ahead || 1-other.Score >= times*(1-ranked[0].Score)
		}
	}
	return ranked[0], true
}

// modFlags are the flags of a GOFLAGS that say where modules are taken from.
func modFlags(flags string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(flags), func(flag string) bool { return !strings.HasPrefix(strings.TrimLeft(flag, "-"), "mod") }), " ")
}

// Comes reports whether trouble that is about some facts can come of one. Of modules,
// it is about those that problems speak of.
func (t Trouble) Comes(of []string, c Change) bool {
	switch {
	case c.Kind == Place && slices.Contains(of, string(c.Kind)):
		switch what := called(c)[0]; {
		case what == "vendor":
			return slices.Contains(of, string(Vendor))
		case what == c.Name: // of a variable
			return slices.Contains(of, what)
		}
		return slices.Contains(of, string(Replace)) || slices.Contains(of, string(Use))
	case slices.Contains(of, string(c.Kind)):
		return !inModule(c) || len(t.Modules) == 0 || slices.Contains(t.Modules, called(c)[0])
	case c.Kind == Variable && c.Name == "GOENV":
		return slices.ContainsFunc(of, model.IsGoVariable) // it takes them all away
	case inModule(c):
		return false
	}
	return slices.ContainsFunc(called(c), func(name string) bool { return slices.Contains(of, name) })
}

// inModule reports whether a fact is of one required module.
func inModule(c Change) bool {
	return c.Kind == Require || c.Kind == Replace || c.Kind == Sum || c.Kind == Exclude
}

// late reports whether a fact was seen to change after the trouble began.
func late(c Change, t Trouble) bool {
	at, ok := t.Changed[c.key()]
	return ok && !t.Began.IsZero() && at.After(t.Began.Add(Noticing))
}

// called are the names that findings and messages have for a fact.
func called(c Change) []string {
	switch c.Kind {
	case Require, Replace, Sum, Exclude:
		_, rest, _ := strings.Cut(c.Name, " ")
		module, _, _ := strings.Cut(rest, " ")
		return []string{module}
	case Variable, Tool, Workspace:
		if c.Kind == Variable && c.Name == "GOFLAGS" && modFlags(c.Was) != modFlags(c.Value.Reveal()) {
			return []string{c.Name, c.Name + " -mod"}
		}
		return []string{c.Name}
	case Toolchain:
		return []string{"go"}
	case Server:
		return []string{"gopls"}
	case Vendor:
		return []string{"vendor"}
	case Place: // a variable, a replaced module, a directory that go.work uses, or vendor
		return []string{c.Name[strings.LastIndexByte(c.Name, ' ')+1:]}
	case Git:
		return []string{"git"}
	}
	return nil
}

// reasons are what speaks for a change and against it. explained says that
// something changed that the words of go, or errors among the findings, can come of,
// leads that other changes follow from this one.
func reasons(c Change, t Trouble, explained, leads bool) (out []Reason) {
	add := func(mechanism string, weight float64, why string) {
		out = append(out, Reason{mechanism, weight, why})
	}
	names := called(c)
	about := func(list []string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(list, name) })
	}
	inModule, changed := inModule(c), !c.Same && !c.Unknown
	odd := c.Kind == Require && changed && !c.Value.Empty() && !semver.IsValid(c.Value.Reveal())
	// Another go may say anything, and so may another gopls, or another Go of the same
	// path, where nothing changed that the words can come of.
	anotherGo := c.Kind == Tool && c.Name == "go" || leads && c.Name == "PATH" || !explained && (c.Kind == Toolchain || c.Kind == Server)
	guilty := c.Kind == Variable && about(t.Guilty) || slices.Contains(t.Flips, c.key())
	if guilty {
		add(model.MechanismTrace, 0.95, "go succeeds with one value of it, and fails with the other")
	}
	if c.At.File != "" && slices.Contains(t.Files, c.At.File) && c.Kind != Variable && c.Kind != Setting {
		add(model.MechanismTrace, 0.8, "gopls has not seen this change")
	}
	// That a finding is about a module does not say that go.mod is at fault.
	said := about(t.Said) && (!inModule || len(t.Told) == 0 || t.Comes(t.Told, c))
	if said {
		add(model.MechanismTrace, 0.8, "what go says is about it")
	}
	switch told := t.Comes(t.Told, c); {
	case told && t.Quoted[c.key()]:
		add(model.MechanismTrace, 0.7, "what go says has its value")
	case told && changed:
		add(model.MechanismTrace, 0.6, "what go says can come of it")
	case len(t.Told) == 0 || told || !changed || guilty || said || anotherGo:
	case inModule && about(t.Modules) && c.Added: // it could not fail before
	case inModule && about(t.Modules) && odd: // whatever go says of that
	case inModule && about(t.Modules):
		add(model.MechanismTrace, -0.3, "go says something else of this module")
	default:
		add(model.MechanismTrace, -0.6, "go says something else")
	}

	switch {
	case about(t.Blamed) && (!inModule || len(t.Found) == 0 || t.Comes(t.Found, c)):
		add(model.MechanismContext, 0.7, "a finding is about it")
	case about(t.Warned):
		add(model.MechanismContext, 0.4, "a warning is about it")
	}
	if changed && !about(t.Blamed) && !said && t.Comes(t.Found, c) {
		add(model.MechanismContext, 0.5, "a finding can come of it")
	}
	if inModule && about(t.Modules) {
		worth := 0.7
		if c.Same || c.Unknown {
			worth = 0.25 // it is what is missing, more often than why
		}
		add(model.MechanismContext, worth, "a problem speaks of this module")
	}
	if odd {
		add(model.MechanismContext, 0.7, "it is not one version, which go cannot take as it is")
	}
	if inModule && len(t.Modules) > 0 && !about(t.Modules) && !guilty {
		add(model.MechanismContext, -0.5, "no problem speaks of this module")
	}
	if inModule && changed && len(t.Modules) == 0 && len(t.Hinted) > 0 {
		if about(t.Hinted) {
			add(model.MechanismContext, 0.4, "a problem speaks of a package that is called like it")
		} else {
			add(model.MechanismContext, -0.3, "a problem speaks of a package that is called otherwise")
		}
	}
	if why := t.Ways[c.key()]; why != "" {
		add(model.MechanismContext, 0.4, why)
	} else if c.Kind == Variable && about(t.Route) {
		add(model.MechanismContext, 0.4, Decides)
	}
	if c.Kind == Module && c.Was != "" && slices.ContainsFunc(t.Modules, func(m string) bool { return m == c.Was || strings.HasPrefix(m, c.Was+"/") }) {
		add(model.MechanismContext, 0.7, "a problem speaks of a package that was below this path")
	}
	if c.Kind == Module && c.Added && slices.ContainsFunc(t.Modules, func(m string) bool { return m == c.Value.Reveal() || strings.HasPrefix(m, c.Value.Reveal()+"/") }) {
		add(model.MechanismContext, 0.6, "a problem speaks of a package that is below this path now")
	}
	if c.Kind == Use && slices.ContainsFunc(t.Modules, func(m string) bool { return m == c.Name || strings.HasSuffix(m, "/"+c.Name) }) {
		add(model.MechanismContext, 0.6, "a problem speaks of this module")
	}
	if why, moot := t.Moot[c.key()]; moot && !guilty {
		add(model.MechanismContext, -0.85, why)
	}
	if c.Unknown {
		if explained && len(out) > 0 && !guilty {
			add(model.MechanismBaseline, -0.4, "it was not seen to change, and something else was that can be why")
		}
		return out
	}
	if c.Same {
		// A warning, or that it is on the way, tells little of what was always so.
		little := func(r Reason) bool {
			return r.Mechanism == model.MechanismContext && r.Weight <= 0.4
		}
		switch {
		case len(out) == 0:
		case explained && !guilty:
			add(model.MechanismBaseline, -0.75, "it is what it was when everything was green, and something else changed that can be why")
		case len(out) == 1 && little(out[0]):
			add(model.MechanismBaseline, -0.4, "it is what it was when everything was green, and hardly anything speaks for it")
		default:
			add(model.MechanismBaseline, -0.25, "it is what it was when everything was green")
		}
		return out
	}
	worth := prior(c, t)
	add(model.MechanismBaseline, worth, "it changed, and changes of this kind often do it")
	editors := c.Env == model.EnvGopls || c.Env == model.EnvTools || c.Kind == Setting || c.Kind == Server || c.Kind == View || c.Kind == Extension
	switch {
	case t.Phantom && editors && worth < 0.1: // what hardly ever does it does not do it there either
		add(model.MechanismContext, 0.05, "only the editor is red, and it is on the editor’s side")
	case t.Phantom && editors:
		add(model.MechanismContext, 0.25, "only the editor is red, and it is on the editor’s side")
	case t.Phantom && c.Env == model.EnvShell:
		add(model.MechanismContext, 0.1, "the editor is red and the shell is not, and it is on one side")
	case t.Real && c.Env == "" && !editors:
		add(model.MechanismContext, 0.2, "the build is red too, and both see it")
	}
	if at, ok := t.Changed[c.key()]; ok && !t.Began.IsZero() {
		// What hardly ever does it does not do it because it changed at the time.
		near, hour := 0.5, 0.2
		switch {
		case worth < 0.1:
			near, hour = 0.1, 0.05
		case worth < 0.3:
			near, hour = 0.3, 0.1
		}
		switch before := t.Began.Sub(at); {
		case before < -Noticing:
			add(model.MechanismBaseline, -0.95, "it changed after the trouble began")
		case before < 2*time.Minute:
			add(model.MechanismBaseline, near, "it changed just before the trouble began")
		case before < time.Hour:
			add(model.MechanismBaseline, hour, "it changed within an hour before the trouble began")
		}
	}
	return out
}

// Decides says why a variable counts that modules are fetched by.
const Decides = "it decides where a module comes from that a problem speaks of"

// Noticing is how much later a change may be seen than what it brings about.
const Noticing = 30 * time.Second

// prior is what a change is worth before anything is known of the trouble.
func prior(c Change, t Trouble) float64 {
	if t.Slow != "" {
		switch {
		case c.Kind == Variable && slow[c.Name]:
			return 0.5
		case c.Kind == Toolchain, c.Kind == Server:
			return 0.3
		case c.Kind == Vendor, c.Kind == Workspace, c.Kind == Use:
			return 0.25
		}
		return 0.05
	}
	switch c.Kind {
	case Variable:
		switch {
		case c.Name == "CGO_ENABLED":
			return 0.3 // most workspaces have nothing to do with C
		case decisive[c.Name]:
			return 0.4
		case c.Name == "SSL_CERT_FILE" && c.Removed: // without it, nobody of one's own is trusted
			return 0.3
		case web[c.Name], steers[c.Name]:
			return 0.2
		case idle[c.Name]:
			return 0.05
		case strings.HasPrefix(c.Name, "GO") || strings.HasPrefix(c.Name, "CGO_"):
			return 0.2
		case c.Name == "PATH", c.Name == "HOME", c.Name == "SSH_AUTH_SOCK" && c.Removed: // which is another one after each login
			return 0.15
		}
		return 0.05
	case Workspace, Vendor:
		return 0.5
	case Toolchain, Server, GoLine, Replace, Use, Branch, Module, Exclude, Git, Godebug:
		return 0.3
	case Tool:
		if c.Name == "go" {
			return 0.4
		}
		return 0.1
	case Place, Unreadable: // something is wrong with it
		return 0.5
	case Require, Sum, Extension:
		return 0.2
	case Setting:
		_, key, _ := strings.Cut(c.Name, " ")
		if loads[strings.TrimPrefix(key, "gopls.")] {
			return 0.4
		}
		return 0.1
	}
	return 0.1
}

// Slows reports whether a changed fact can make go or gopls take its time.
func Slows(kind Kind, name string) bool {
	return kind == Variable && slow[name] || kind == Toolchain || kind == Server
}

// decisive are the variables of which most phantoms come, idle those of Go that
// no build fails of, and slow those that make the go command take its time. loads
// are the settings that change what gopls loads, web the variables of HTTP proxies,
// and steers those that tell git, or whom it and go trust, something else.
var (
	steers = map[string]bool{
		"SSL_CERT_FILE": true, "SSL_CERT_DIR": true, "GIT_SSL_CAINFO": true, "GIT_SSL_NO_VERIFY": true, "GIT_SSH": true, "GIT_SSH_COMMAND": true, "GIT_DIR": true,
		"GIT_WORK_TREE": true, "GIT_CONFIG_GLOBAL": true, "GIT_CONFIG_COUNT": true, "GIT_ALLOW_PROTOCOL": true, "GIT_EXEC_PATH": true,
	}
	web   = map[string]bool{"HTTP_PROXY": true, "http_proxy": true, "HTTPS_PROXY": true, "https_proxy": true, "NO_PROXY": true, "no_proxy": true}
	idle  = map[string]bool{"GOBIN": true, "GODEBUG": true, "GOMAXPROCS": true, "GOGC": true, "GOMEMLIMIT": true, "GOTRACEBACK": true, "GOTELEMETRY": true, "GOTELEMETRYDIR": true}
	loads = map[string]bool{
		"go.buildTags": true, "go.buildFlags": true, "go.toolsEnvVars": true, "go.goroot": true, "go.gopath": true, "go.alternateTools": true, "go.toolsGopath": true,
		"build.buildFlags": true, "build.env": true, "build.directoryFilters": true, "build.standaloneTags": true, "build.expandWorkspaceToModule": true,
	}
	decisive = map[string]bool{
		"GOFLAGS": true, "GOPROXY": true, "GOPRIVATE": true, "GONOPROXY": true, "GONOSUMDB": true, "GOSUMDB": true, "GOWORK": true, "GO111MODULE": true,
		"GOROOT": true, "GOPATH": true, "GOMODCACHE": true, "GOTOOLCHAIN": true, "GOOS": true, "GOARCH": true, "GOENV": true,
		"GOEXPERIMENT": true, "GOINSECURE": true, "GOVCS": true, "GOAUTH": true,
	}
	slow = map[string]bool{
		"GOFLAGS": true, "GOPROXY": true, "GOCACHE": true, "GOMODCACHE": true, "GOPACKAGESDRIVER": true, "GOMAXPROCS": true, "GOGC": true,
		"GOMEMLIMIT": true, "GOTMPDIR": true, "GODEBUG": true, "GOSUMDB": true,
	}
)
