package drift

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

// unsetMeans are values that say what go does without them anyway.
var unsetMeans = map[string]string{
	"GO111MODULE": "on", "GOAUTH": "netrc", "GOVCS": "public:git|hg,private:all", "GOPACKAGESDRIVER": "off", "GOFIPS140": "off",
	"GOTOOLCHAIN": "local", // GOROOT/go.env says auto; without that line go stays as it is
	"GO386":       "sse2", "GOAMD64": "v1", "GOARM64": "v8.0", "GOMIPS": "hardfloat", "GOMIPS64": "hardfloat", "GOPPC64": "power8", "GORISCV64": "rva20u64",
	"CGO_CFLAGS": "-g -O2", "CGO_CXXFLAGS": "-g -O2", "CGO_FFLAGS": "-g -O2", "CGO_LDFLAGS": "-g -O2", "PKG_CONFIG": "pkg-config",
}

// architectures are the variables that one architecture alone reads.
var architectures = map[string]string{
	"GO386": "386", "GOAMD64": "amd64", "GOARM": "arm", "GOARM64": "arm64", "GOMIPS": "mips", "GOMIPS64": "mips64", "GOPPC64": "ppc64", "GORISCV64": "riscv64", "GOWASM": "wasm",
}

// cgoOnly are the variables that only count where C is compiled or linked.
var cgoOnly = func() map[string]bool {
	m := map[string]bool{}
	for name := range strings.FieldsSeq(`
		CC CXX FC AR GCCGO PKG_CONFIG CPATH C_INCLUDE_PATH CPLUS_INCLUDE_PATH LIBRARY_PATH LD_LIBRARY_PATH SDKROOT MACOSX_DEPLOYMENT_TARGET
		CGO_CFLAGS CGO_CFLAGS_ALLOW CGO_CFLAGS_DISALLOW CGO_CPPFLAGS CGO_CPPFLAGS_ALLOW CGO_CPPFLAGS_DISALLOW CGO_CXXFLAGS CGO_CXXFLAGS_ALLOW
		CGO_CXXFLAGS_DISALLOW CGO_FFLAGS CGO_FFLAGS_ALLOW CGO_FFLAGS_DISALLOW CGO_LDFLAGS CGO_LDFLAGS_ALLOW CGO_LDFLAGS_DISALLOW
	`) {
		m[name] = true
	}
	return m
}()

// inert are variables that change no result, by the reason.
var inert = map[string]string{
	"GOCACHEPROG": "It changes where compiled packages are kept, never what they are",
	"GOTMPDIR":    "It only says where temporary files go",
	"GOBIN":       "It only says where go install puts programs",
	"GOENV":       "Only what the files say counts, and that is compared variable by variable",
	"GOGCCFLAGS":  derived, "GOEXE": derived, "GOHOSTARCH": derived, "GOHOSTOS": derived, "GOTOOLDIR": derived,
	"GOGC": runtimeOnly, "GOMEMLIMIT": runtimeOnly, "GOMAXPROCS": runtimeOnly, "GOTRACEBACK": runtimeOnly,
	"GOTELEMETRY": "Telemetry changes no result", "GOTELEMETRYDIR": "Telemetry changes no result",
	"SHELL": notRead, "DIRENV_DIR": notRead, "VSCODE_PID": notRead, "VSCODE_CWD": notRead,
	"XDG_CACHE_HOME": "It counts through the build cache only, which changes no result", "LOCALAPPDATA": "It counts through the build cache only, which changes no result",
	"APPDATA": "It counts through the place of the GOENV file only, and what that says is compared variable by variable",
}

const (
	derived     = "go computes it and does not read it"
	runtimeOnly = "It changes how fast programs run, the go command among them, not what they do"
	notRead     = "The go command does not read it"
)

// judge says what the difference of one variable comes to.
func (p *pair) judge(name string, x, y model.Setting) verdict {
	if v, ok := p.fetching(name, x, y); ok {
		return v
	}
	if why, ok := inert[name]; ok {
		return no(why)
	}
	a, b := x.Value.Reveal(), y.Value.Reveal()
	if standard := unsetMeans[name]; standard != "" && cmp.Or(a, standard) == cmp.Or(b, standard) {
		return no("Not set and its default are the same")
	}
	if arch, ok := architectures[name]; ok {
		return when(p.either(func(e side) bool {
			goarch := e.platform("GOARCH")
			return goarch == "" || strings.HasPrefix(goarch, arch)
		}), "Code is compiled for other processors, and files are chosen accordingly", "Nothing is built for the architecture that it is about")
	}
	if cgoOnly[name] || strings.HasPrefix(name, "PKG_CONFIG_") {
		return p.cgoVariable(name, a, b)
	}
	switch name {
	case "GOFLAGS":
		return p.flags(a, b)
	case "GOOS", "GOARCH":
		same := p.same(func(e side) string { return e.platform(name) }) && p.sides[0].platform(name) != ""
		return when(!same, "Other files belong to the build on another platform", "What is not set is the platform of the machine, so both build for the same")
	case "GOWORK":
		return p.gowork(a, b)
	case "GOTOOLCHAIN":
		return when(!p.sameGo(), "It decides which Go does the work", "Both come to the same Go for this folder")
	case "GOROOT":
		return p.goroot(x, y)
	case "GOPATH":
		return p.gopath()
	case "GOMODCACHE":
		return p.modcache()
	case "GOCACHE":
		bad := func(e side) string {
			if dir := e.text("GOCACHE"); dir != "" && !filepath.IsAbs(dir) {
				return "bad"
			}
			return ""
		}
		return when(!p.same(bad), "One of them is no absolute path, and go does nothing without a build cache", "A build cache changes how long a build takes, never what comes out")
	case "GO111MODULE":
		differs := (a == "off") != (b == "off") || p.legacy(p.sides[0]) != p.legacy(p.sides[1])
		return when(differs, "It decides whether go uses modules at all", "Both use modules, or neither does")
	case "GOEXPERIMENT":
		return when(!slices.Equal(list(a), list(b)), "An experiment of the toolchain changes the language or the libraries", "Only the order of the experiments differs")
	case "GODEBUG":
		return when(!slices.Equal(list(a), list(b)), "GODEBUG can give the go command, and what it runs, an older behaviour", "Only the order of the settings differs")
	case "GOFIPS140":
		return yes("Other cryptography is built in")
	case "GO_EXTLINK_ENABLED":
		return yes("Programs are linked by another linker")
	case "CGO_ENABLED":
		on0, known0 := p.sides[0].cgo()
		on1, known1 := p.sides[1].cgo()
		return when(on0 != on1 || !known0 || !known1, "Files that use cgo belong to the build on one side only", "It comes to the same: cgo is on, or off, on both sides")
	case "GOPACKAGESDRIVER":
		return when(p.either(func(e side) bool { return e.Name != model.EnvShell && cmp.Or(e.text(name), "off") != "off" }),
			"gopls asks a packages driver for what to build, and go build does not", "Only gopls asks a packages driver, and the shell does not run gopls")
	case "TMPDIR":
		return when(!p.same(p.ignored), "go ignores a go.mod that lies in the directory for temporary files itself", inert["GOTMPDIR"])
	case "XDG_CONFIG_HOME":
		if p.same(func(e side) string { return filepath.Clean(cmp.Or(e.text(name), e.text("HOME")+"/.config")) }) {
			return no("Both come to the same directory, which is its default")
		}
		return p.home("It counts through the place of the GOENV file only, and what that says is compared variable by variable")
	case "HOME", "USERPROFILE":
		if !p.same(func(e side) string {
			for _, root := range []string{"GOCACHE", "XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"} {
				if e.text(root) != "" {
					return "cache"
				}
			}
			return ""
		}) {
			return yes("One side has no place for its build cache, and go does nothing without one")
		}
		return p.home("It counts through GOPATH, the caches and the GOENV file, which are compared by themselves")
	}
	return no(notRead)
}

// home judges a directory in which credentials and git's settings lie.
func (p *pair) home(otherwise string) verdict {
	if !p.either(side.fetches) {
		return no(otherwise)
	}
	return verdict{matters: true, latent: p.idle(), why: "Credentials and settings for fetching modules, such as .netrc and those of git, are looked for in another directory"}
}

// legacy reports whether go does without modules: because it is told so or, if
// it is left to it, where there is no go.mod.
func (p *pair) legacy(e side) bool {
	switch e.text("GO111MODULE") {
	case "off":
		return true
	case "auto":
		if p.s.Work != nil && e.text("GOWORK") != "off" {
			return false
		}
		ignored := p.ignored(e)
		return !slices.ContainsFunc(p.s.Modules, func(m model.Module) bool {
			above, err := filepath.Rel(filepath.Dir(m.File), p.s.Dir)
			return m.File != ignored && err == nil && filepath.IsLocal(above)
		})
	}
	return false
}

// ignored is the go.mod that go ignores because it lies in the directory for
// temporary files itself; "" if there is none.
func (p *pair) ignored(e side) string {
	for _, m := range p.s.Modules {
		if dir := e.text("TMPDIR"); dir != "" && filepath.Clean(dir) == filepath.Dir(m.File) {
			return m.File
		}
	}
	return ""
}

// list returns the elements of a comma-separated list whose order does not
// count.
func list(text string) []string {
	elements := strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
	slices.Sort(elements)
	return slices.Compact(elements)
}

// platform is the effective GOOS or GOARCH; "" if that is not known.
func (e side) platform(name string) string {
	if value := e.text(name); value != "" {
		return value
	}
	goos, goarch, _ := strings.Cut(e.tool.Host, "/")
	if name == "GOOS" {
		return goos
	}
	return goarch
}

// cgo reports whether cgo is on: told so, or else where nothing is built for
// another platform and there is a C compiler.
func (e side) cgo() (on, known bool) {
	switch e.text("CGO_ENABLED") {
	case "1":
		return true, true
	case "0":
		return false, true
	}
	goos, goarch := e.text("GOOS"), e.text("GOARCH")
	if e.tool.Host == "" && goos+goarch != "" {
		return false, false
	}
	if e.platform("GOOS")+"/"+e.platform("GOARCH") != e.tool.Host && goos+goarch != "" {
		return false, true
	}
	inProcess := e.Process()["CC"]
	if inProcess != "" {
		return true, true // go does not look whether it exists
	}
	if e.text("CC") != "" || e.tool.Tools == nil {
		return false, false // of a CC in the GOENV file, the default compiler is looked for all the same
	}
	return e.tool.Tool("cc").Path != "", true
}

// cgoVariable judges what only concerns C.
func (p *pair) cgoVariable(name, a, b string) verdict {
	if !p.either(func(e side) bool { on, known := e.cgo(); return on || !known }) {
		return no("cgo is off on both sides")
	}
	const because = "It matters only for packages that use cgo"
	switch name {
	case "CC":
		return when(!p.sameCompiler(), because, "Both are the same compiler")
	case "AR", "GCCGO", "FC", "CXX":
		return yes(because)
	}
	if strings.HasSuffix(name, "FLAGS") {
		a, b = cmp.Or(a, unsetMeans[name]), cmp.Or(b, unsetMeans[name])
		return when(!slices.Equal(words(a), words(b)), because, "They are the same flags, written differently")
	}
	return yes(because)
}

// gowork judges GOWORK by the go.work that is in force.
func (p *pair) gowork(a, b string) verdict {
	const because = "Another set of modules is built together"
	inForce := func(value string) (file string, known bool) {
		switch value {
		case "off":
			return "", true
		case "", "auto":
			if p.searched() {
				if p.s.Work == nil {
					return "", true
				}
				return p.s.Work.File, true
			}
			return "", false
		}
		return value, true
	}
	x, known := inForce(a)
	y, known2 := inForce(b)
	if (a == "" || a == "auto") && (b == "" || b == "auto") {
		x, y, known, known2 = "", "", true, true
	}
	return when(!known || !known2 || x != y, because, "Both come to the same go.work, or to none")
}

// searched reports whether Snapshot.Work is what go finds by itself, rather
// than what some GOWORK names or forbids. The snapshot follows the environment
// where the user builds, as far as it is known.
func (p *pair) searched() bool {
	for _, name := range []model.EnvName{model.EnvShell, model.EnvGopls, model.EnvTools, model.EnvEditor} {
		if env, ok := p.s.Env(name); ok && env.Complete {
			value := env.Lookup("GOWORK").Value.Reveal()
			return value == "" || value == "auto"
		}
	}
	return false
}

// gopath judges GOPATH: in module mode it only says where the module cache is,
// unless go refuses it.
func (p *pair) gopath() verdict {
	if p.either(p.legacy) {
		return yes("Without modules, packages are looked for in GOPATH")
	}
	refused := func(e side) string {
		for _, dir := range filepath.SplitList(e.text("GOPATH")) {
			if dir != "" && (dir[0] == '~' || !filepath.IsAbs(dir)) {
				return "refused"
			}
		}
		return ""
	}
	return when(!p.same(refused), "go stops at an element of GOPATH that is no absolute path",
		"With modules it only says where the module cache and installed programs are, and GOMODCACHE is compared by itself")
}

// modcache judges two module caches by whether they hold the same of what is
// needed.
func (p *pair) modcache() verdict {
	if !p.same(func(e side) string {
		if filepath.IsAbs(e.text("GOMODCACHE")) {
			return ""
		}
		return "refused"
	}) {
		return yes("go stops where the module cache is no absolute path")
	}
	if p.vendored() {
		return no("The dependencies are vendored, so no module cache is needed")
	}
	var missing [2][]string
	for i, e := range p.sides {
		ids, known := p.s.Missing(e.Env)
		if !known {
			return yes("There are two module caches, and what they hold was not looked at")
		}
		missing[i] = slices.Sorted(slices.Values(ids))
	}
	return when(!slices.Equal(missing[0], missing[1]), "There are two module caches, and one lacks modules that the other has",
		"There are two module caches, but they hold the same of what is needed")
}

// vendored reports whether builds take their dependencies from a vendor
// directory.
func (p *pair) vendored() bool {
	if p.s.Work != nil {
		return p.s.Work.Vendored
	}
	return len(p.s.Modules) > 0 && p.s.Modules[0].Vendored
}

// idle reports whether nothing has to be fetched on either side now.
func (p *pair) idle() bool {
	return !p.either(func(e side) bool {
		missing, known := p.s.Missing(e.Env)
		return !p.vendored() && (!known || len(missing) > 0)
	})
}
