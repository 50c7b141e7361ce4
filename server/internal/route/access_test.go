package route

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"golang.org/x/mod/module"
)

func netrc(machines ...string) *model.Netrc {
	n := &model.Netrc{File: "/h/.netrc", Exists: true}
	for i, name := range machines {
		n.Machines = append(n.Machines, model.NetrcMachine{Name: name, Line: i + 1, HasLogin: true, HasPassword: true})
	}
	return n
}

func TestCredentials(t *testing.T) {
	absolute, err := filepath.Abs("src")
	if err != nil {
		t.Fatal(err)
	}
	noPassword := netrc("proxy.example")
	noPassword.Machines[0].HasPassword = false
	unreadable := netrc()
	unreadable.Why = "permission denied"
	for _, tc := range []struct {
		name, goproxy, goauth string
		netrc                 *model.Netrc
		source                Source
		line                  int
		err                   string // of the whole route
	}{
		{"the host", "https://proxy.example/go", "", netrc("other.example", "proxy.example"), SourceNetrc, 2, ""},
		{"the first of two", "https://proxy.example", "", netrc("proxy.example", "proxy.example"), SourceNetrc, 1, ""},
		{"the longest part", "https://proxy.example/go/", "", netrc("proxy.example", "proxy.example/go"), SourceNetrc, 2, ""},
		{"one module only", "https://proxy.example", "", netrc("proxy.example/dep.example"), SourceNetrc, 1, ""},
		{"another module", "https://proxy.example", "", netrc("proxy.example/dep.example/other"), SourceNone, 0, ""},
		{"an upper-case module path", "https://proxy.example", "", netrc("proxy.example/dep.example/%21a"), SourceNone, 0, ""},
		{"a port is part of the name", "https://proxy.example:8443", "", netrc("proxy.example"), SourceNone, 0, ""},
		{"a port that is written", "https://proxy.example:8443", "", netrc("https://proxy.example:8443/"), SourceNetrc, 1, ""},
		{"without a password", "https://proxy.example", "", noPassword, SourceNone, 0, ""},
		{"plain HTTP", "http://proxy.example", "", netrc("proxy.example"), SourceNone, 0, ""},
		{"in the URL", "https://u:secret@proxy.example", "", netrc("proxy.example"), SourceURL, 0, ""},
		{"in a plain URL", "http://u:secret@proxy.example", "", nil, SourceNone, 0, "refusing to pass credentials to insecure URL"},
		{"switched off", "https://proxy.example", "off", netrc("proxy.example"), SourceNone, 0, ""},
		{"commands", "https://proxy.example", "netrc;git " + absolute, netrc("proxy.example"), SourceCommand, 0, ""},
		{"commands are for HTTPS", "http://proxy.example", "helper", nil, SourceNone, 0, ""},
		{"not looked at", "https://proxy.example", "", nil, SourceUnknown, 0, ""},
		{"unreadable", "https://proxy.example", "", unreadable, SourceUnknown, 0, ""},
		{"an empty command", "https://proxy.example", "netrc;", nil, SourceNone, 0, "GOAUTH encountered an empty command (GOAUTH=netrc;)"},
		{"off with others", "https://proxy.example", "off;netrc", nil, SourceNone, 0, "GOAUTH=off cannot be combined with other authentication commands (GOAUTH=off;netrc)"},
		{"a relative directory", "https://proxy.example", "git src", nil, SourceNone, 0, "GOAUTH=git dir method requires an absolute path to the git working directory, dir is not absolute"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := Explain(Module{"dep.example/a", "v1.0.0"}, environ(map[string]string{"GOPROXY": tc.goproxy, "GOAUTH": tc.goauth}), Facts{Netrc: tc.netrc})
			auth := r.Steps[0].Access.Auth
			if auth.Source != tc.source || auth.Origin.Line != tc.line {
				t.Errorf("got %s from line %d, want %s from line %d", auth.Source, auth.Origin.Line, tc.source, tc.line)
			}
			if r.Error.Reveal() != tc.err {
				t.Errorf("the route fails with %q, want %q", r.Error.Reveal(), tc.err)
			}
		})
	}
}

// TestCredentialsDoNotStopEarlierServers: go runs GOAUTH at its first HTTPS
// request, so a server before that may still have the module.
func TestCredentialsDoNotStopEarlierServers(t *testing.T) {
	for goproxy, sure := range map[string]bool{
		"https://a.example":                                true,
		"http://a.example,https://b.example":               false,
		"file:///proxy,https://b.example":                  false,
		"http://u:p@a.example|https://b.example":           true,
		"http://u:p@a.example|http://b.example":            false,
		"http://u:p@a.example,https://b.example":           true,
		"direct":                                           true,
		"off":                                              true,
		"http://u:p@a.example|http://u:p@b.example,direct": true,
	} {
		r := Explain(Module{"dep.example/a", "v1.0.0"}, environ(map[string]string{"GOPROXY": goproxy, "GOAUTH": ";"}), Facts{})
		if got := !r.Error.Empty(); got != sure {
			t.Errorf("GOPROXY=%s: sure to fail is %v (%q), want %v", goproxy, got, r.Error.Reveal(), sure)
		}
	}
}

func TestOriginAccess(t *testing.T) {
	env := environ(map[string]string{"GOPROXY": "direct", "HTTPS_PROXY": "http://gate.example", "NO_PROXY": "corp.example"})
	facts := Facts{Netrc: netrc("git.corp.example")}
	r := Explain(Module{"git.corp.example/team/lib", "v1.0.0"}, env, facts)
	if r.VCS.Page != "https://git.corp.example/team/lib?go-get=1" || r.VCS.Access.Auth.Source != SourceNetrc || r.VCS.Access.Via.Why.Variable != "NO_PROXY" {
		t.Errorf("page %q, credentials %s, decided by %s", r.VCS.Page, r.VCS.Access.Auth.Source, r.VCS.Access.Via.Why.Variable)
	}
	r = Explain(Module{"github.com/acme/lib", "v1.0.0"}, env, facts)
	if r.VCS.Page != "" || r.VCS.Access.Auth.Source != SourceTool {
		t.Errorf("github.com: page %q, credentials %s", r.VCS.Page, r.VCS.Access.Auth.Source)
	}
}

func TestCacheAndSum(t *testing.T) {
	lines := func(list ...string) model.Sum {
		s := model.Sum{File: "/w/go.sum", Exists: true, Lines: map[string]bool{}}
		for _, l := range list {
			s.Lines[l] = true
		}
		return s
	}
	app := model.Module{
		File: "/w/go.mod", Path: "corp.example/app", Go: "1.26",
		Requires: []model.Require{
			{Path: "dep.example/a", Version: "v1.2.0"},
			{Path: "dep.example/b", Version: "v1.0.0"},
			{Path: "dep.example/c", Version: "v1.0.0"},
			{Path: "dep.example/d", Version: "v1.0.0", Indirect: true},
		},
		Replaces: []model.Replace{{OldPath: "dep.example/c", NewPath: "fork.example/c", NewVersion: "v1.1.0"}},
		Sum:      lines("dep.example/a v1.2.0", "dep.example/a v1.2.0/go.mod", "dep.example/b v1.0.0/go.mod", "fork.example/c v1.1.0", "fork.example/c v1.1.0/go.mod"),
	}
	facts := Facts{Modules: []model.Module{app}, Cache: &model.ModuleCache{Dir: "/c", Missing: []string{"dep.example/b@v1.0.0", "fork.example/c@v1.1.0"}}}
	readWrite := map[string]string{"GOFLAGS": "-mod=mod"}
	for _, tc := range []struct {
		module   Module
		env      map[string]string
		cache    CacheState
		recorded bool
		err      string
	}{
		{Module{"dep.example/a", ""}, nil, CacheWhole, true, ""},
		{Module{"dep.example/a", "v1.1.0"}, nil, CacheUnknown, false, ""}, // nobody looked for another version
		{Module{"dep.example/b", ""}, nil, CacheMissing, false, "missing go.sum entry for module providing package"},
		{Module{"dep.example/b", ""}, readWrite, CacheMissing, false, ""},
		{Module{"dep.example/c", ""}, nil, CacheMissing, true, ""},
		{Module{"dep.example/d", ""}, nil, CacheGoMod, false, ""},
		{Module{"dep.example/x", "v1.0.0"}, nil, CacheUnknown, false, ""},
	} {
		r := Explain(tc.module, environ(tc.env), facts)
		if r.Cache.State != tc.cache || r.SumDB.Recorded != tc.recorded || r.Sum.Error.Reveal() != tc.err {
			t.Errorf("%v %v: cache %q, recorded %v, %q", tc.module, tc.env, r.Cache.State, r.SumDB.Recorded, r.Sum.Error.Reveal())
		}
		if (len(r.Cache.Fetches) > 0) != (tc.cache == CacheMissing) {
			t.Errorf("%v: fetches %v", tc.module, r.Cache.Fetches)
		}
	}
	facts.Modules[0].Sum = lines("dep.example/a v1.2.0")
	r := Explain(Module{"dep.example/a", ""}, environ(nil), facts)
	if want := "dep.example/a@v1.2.0: missing go.sum entry for go.mod file; to add it:\n\tgo mod download dep.example/a"; r.Sum.Error.Reveal() != want {
		t.Errorf("without the hash of go.mod: %q", r.Sum.Error.Reveal())
	}
	facts.Modules[0].Sum = lines()
	r = Explain(Module{"dep.example/a", ""}, environ(nil), facts)
	if want := "missing go.sum entry for module providing package"; r.Sum.Error.Reveal() != want {
		t.Errorf("with an empty go.sum: %q", r.Sum.Error.Reveal())
	}
	facts.Modules[0].Sum = model.Sum{}
	if r := Explain(Module{"dep.example/a", ""}, environ(nil), facts); r.Sum.Known || !r.Sum.Error.Empty() {
		t.Errorf("go.sum was not looked at, yet: known %v, %q", r.Sum.Known, r.Sum.Error.Reveal())
	}
	// Nor does it matter what GOSUMDB is.
	facts.Modules[0].Sum = lines("dep.example/a v1.2.0", "dep.example/a v1.2.0/go.mod")
	captured := environ(map[string]string{"GOPROXY": "direct"})
	captured.Layers = captured.Layers[:1]
	if r := Explain(Module{"dep.example/a", ""}, captured, facts); r.Unknown != "" || !r.SumDB.Recorded {
		t.Errorf("every hash is in go.sum, and yet unknown: %q", r.Unknown)
	}
	if r := Explain(Module{"dep.example/b", ""}, captured, facts); r.Unknown == "" {
		t.Error("a hash is missing, GOSUMDB is not known, and nothing is unknown")
	}
	// An unusable GOSUMDB does no harm where go.sum has the hashes.
	facts.Modules[0].Sum = lines("dep.example/a v1.2.0", "dep.example/a v1.2.0/go.mod")
	if r := Explain(Module{"dep.example/a", ""}, environ(map[string]string{"GOSUMDB": "bogus"}), facts); !r.Error.Empty() {
		t.Errorf("with every hash in go.sum: %q", r.Error.Reveal())
	}
}

func TestToolchain(t *testing.T) {
	have := model.Toolchain{Host: "linux/amd64", Selected: "go1.27.4"}
	lacks := have
	lacks.Fetched = true
	if _, fetch := NewExplainer(environ(nil), Facts{Toolchain: have}).Toolchain(); fetch != (Module{}) {
		t.Errorf("downloads %v, which it has", fetch)
	}
	x := NewExplainer(environ(map[string]string{"GOSUMDB": "off", "GOPRIVATE": "*"}), Facts{Toolchain: lacks})
	_, fetch := x.Toolchain()
	if fetch != (Module{"golang.org/toolchain", "v0.0.1-go1.27.4.linux-amd64"}) {
		t.Errorf("downloads %v", fetch)
	}
	if r := x.Explain(fetch); !r.SumDB.Consulted || r.Error.Reveal() != "checksum database disabled by GOSUMDB=off" {
		t.Errorf("a toolchain without the checksum database: consulted %v, %q", r.SumDB.Consulted, r.Error.Reveal())
	}
	if r := NewExplainer(environ(map[string]string{"GOSUMDB": "off", "GOPROXY": "file:///p"}), Facts{Toolchain: lacks}).Explain(fetch); r.SumDB.Consulted {
		t.Error("a single file proxy needs no checksum database")
	}
}

func TestFactsOf(t *testing.T) {
	env := environ(map[string]string{"HOME": "/h", "GOMODCACHE": "/c2"})
	env.Name = model.EnvShell
	s := &model.Snapshot{
		Modules:   []model.Module{{File: "/w/go.mod"}, {File: "/w/sub/go.mod"}},
		Caches:    []model.ModuleCache{{Dir: "/c1"}, {Dir: "/c2"}},
		Netrcs:    []model.Netrc{{File: "/other/.netrc"}, {File: "/h/.netrc"}, {File: "/n"}},
		Toolchain: []model.Toolchain{{Env: model.EnvGopls, Version: "go1.1"}, {Env: model.EnvShell, Version: "go1.2"}},
	}
	f := FactsOf(s, env)
	if f.Cache == nil || f.Cache.Dir != "/c2" || f.Toolchain.Version != "go1.2" {
		t.Errorf("cache %v, toolchain %s", f.Cache, f.Toolchain.Version)
	}
	if near := f.Near("/w/sub/go.mod"); near.Modules[0].File != "/w/sub/go.mod" || len(near.Modules) != 2 || f.Modules[0].File != "/w/go.mod" {
		t.Errorf("near a module: %v, and before: %v", near.Modules, f.Modules)
	}
	env = environ(map[string]string{"HOME": "/h", "NETRC": "/n"})
	if f := FactsOf(s, env); f.Netrc == nil || f.Netrc.File != "/n" || f.Cache != nil {
		t.Errorf("NETRC names /n, got %v; cache %v", f.Netrc, f.Cache)
	}
}

// TestHugeInput: what a hostile or broken configuration holds costs time in
// proportion to its size. A quadratic step would take this test hours.
func TestHugeInput(t *testing.T) {
	const size = 1 << 20
	values := []string{
		strings.Repeat("a,", size/2), strings.Repeat(",", size), strings.Repeat("*", size), strings.Repeat("[", size), strings.Repeat("*a", size/2), strings.Repeat("a/", size/2),
		strings.Repeat("https://p.example,", size/18), strings.Repeat("x.example|", size/10), strings.Repeat("\x00\x1b[2J\u202e", size/8), strings.Repeat("a;", size/2),
		strings.Repeat(" ", size), strings.Repeat(`\`, size), strings.Repeat("?*[^a]-", size/7), strings.Repeat("a:b,", size/4), "git:" + strings.Repeat("x|", size/2), strings.Repeat("é", size/2),
		strings.Repeat("'", size), strings.Repeat("10.0.0.0/8,", size/11), "http://" + strings.Repeat("u:p@", size/4) + "h",
	}
	variables := []string{"GOPROXY", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE", "GOSUMDB", "GOVCS", "GOAUTH", "GOFLAGS", "GOWORK", "GO111MODULE", "HTTPS_PROXY", "NO_PROXY", "NETRC"}
	for _, variable := range variables {
		for _, value := range values {
			Explain(Module{"github.com/acme/lib", "v1.0.0"}, environ(map[string]string{variable: value, "HTTP_PROXY": "h.example"}), Facts{})
		}
	}
}

func TestManyRequirements(t *testing.T) {
	const n = 10_000
	app := model.Module{File: "/w/go.mod", Path: "corp.example/app", Go: "1.26", Sum: model.Sum{File: "/w/go.sum", Lines: map[string]bool{}}}
	cache := &model.ModuleCache{Dir: "/c"}
	for i := range n {
		path := fmt.Sprintf("dep.example/m%d", i)
		app.Requires = append(app.Requires, model.Require{Path: path, Version: "v1.0.0"})
		app.Replaces = append(app.Replaces, model.Replace{OldPath: path, OldVersion: "v0.9.0", NewPath: "../x"})
		cache.Missing = append(cache.Missing, path+"@v1.0.0")
	}
	x := NewExplainer(environ(nil), Facts{Modules: []model.Module{app}, Cache: cache})
	modules := x.Requirements()
	if len(modules) != n || !slices.IsSortedFunc(modules, func(a, b Module) int { return len(a.Path) - len(b.Path) }) {
		t.Fatalf("%d requirements, or not in the order of the file", len(modules))
	}
	for _, m := range modules {
		if r := x.Explain(m); r.Cache.State != CacheMissing || len(r.Steps) != 2 {
			t.Fatalf("%v: cache %q, %d steps", m, r.Cache.State, len(r.Steps))
		}
	}
}

// FuzzExplain: nothing in a value makes Explain fail, and one explainer says of
// each module what a fresh one says.
func FuzzExplain(f *testing.F) {
	f.Add("https://a.example,direct", "*.corp.example", "sum.golang.org", "public:git", "netrc", "http://gate.example", "a.example", "dep.example/a")
	f.Add("off|", "[", "x+y", ":", ";", "::", "[::", "no dot")
	f.Fuzz(func(t *testing.T, goproxy, goprivate, gosumdb, govcs, goauth, proxy, noProxy, path string) {
		env := environ(map[string]string{
			"GOPROXY": goproxy, "GOPRIVATE": goprivate, "GOSUMDB": gosumdb, "GOVCS": govcs, "GOAUTH": goauth, "HTTPS_PROXY": proxy, "NO_PROXY": noProxy,
		})
		x := NewExplainer(env, Facts{})
		x.Explain(Module{"corp.example/warm/up", "v1.0.0"})
		shared, alone := x.Explain(Module{path, "v1.0.0"}), Explain(Module{path, "v1.0.0"}, env, Facts{})
		if shared.Error != alone.Error || !slices.Equal(shared.Steps, alone.Steps) || shared.SumDB != alone.SumDB || shared.VCS.Error != alone.VCS.Error {
			t.Errorf("%s: an explainer that is used again says something else", path)
		}
		if module.CheckPath(path) != nil && shared.Error.Empty() && shared.Mode == ModeProxy {
			t.Errorf("%q is no module path, and yet it has a way", path)
		}
	})
}

func TestErrorNamesItsSetting(t *testing.T) {
	for _, tc := range []struct {
		env               map[string]string
		module            string
		variable, pattern string
	}{
		{map[string]string{"GOPROXY": "https://a.example,foo,direct"}, "dep.example/a", "GOPROXY", "foo"},
		{map[string]string{"GOPROXY": ","}, "dep.example/a", "GOPROXY", ""},
		{map[string]string{"GOPROXY": "off"}, "dep.example/a", "GOPROXY", "off"},
		{map[string]string{"GOPROXY": "http://u:p@a.example"}, "dep.example/a", "GOPROXY", ""},
		{map[string]string{"GOPROXY": "direct", "GOVCS": "*:off"}, "github.com/a/b", "GOVCS", "*:off"},
		{map[string]string{"GOPROXY": "direct", "GOVCS": "git"}, "github.com/a/b", "GOVCS", ""},
		{map[string]string{"GOPROXY": "direct"}, "github.com/a", "", ""},
		{map[string]string{"GOSUMDB": "bogus"}, "dep.example/a", "GOSUMDB", ""},
		{map[string]string{"GOAUTH": ";"}, "dep.example/a", "GOAUTH", ""},
		{map[string]string{"GOPROXY": "http://a.example", "HTTP_PROXY": "gate.example", "REQUEST_METHOD": "GET"}, "dep.example/a", "REQUEST_METHOD", ""},
		{map[string]string{"GOFLAGS": "-x -mod mod"}, "dep.example/a", "GOFLAGS", "mod"},
		{map[string]string{"GO111MODULE": "yes"}, "dep.example/a", "GO111MODULE", "yes"},
		{nil, "dep.example/a", "", ""},
	} {
		r := Explain(Module{tc.module, "v1.0.0"}, environ(tc.env), Facts{})
		if r.Why.Variable != tc.variable || r.Why.Pattern.Reveal() != tc.pattern {
			t.Errorf("%v: %q is about %s %q", tc.env, r.Error.Reveal(), r.Why.Variable, r.Why.Pattern.Reveal())
		}
		if tc.variable != "" && r.Error.Empty() {
			t.Errorf("%v: no error", tc.env)
		}
	}
}
