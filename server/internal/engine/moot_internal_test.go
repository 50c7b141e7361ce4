package engine

import (
	"slices"
	"testing"

	"github.com/gophantom/gophantom/server/internal/baseline"
	"github.com/gophantom/gophantom/server/internal/model"
)

// TestWhatCannotHaveDoneIt asks of each rule with a twin, in which the same kind of
// change can have done it.
func TestWhatCannotHaveDoneIt(t *testing.T) {
	const (
		get     = `go: example.com/lib@v1.2.0: Get "https://proxy.corp.example/example.com/lib/@v/v1.2.0.mod": `
		refused = "go: example.com/lib@v1.2.0: reading https://proxy.corp.example/example.com/lib/@v/v1.2.0.mod: 403 Forbidden"
		absent  = "go: example.com/lib@v1.2.0: reading https://proxy.corp.example/example.com/lib/@v/v1.2.0.mod: 404 Not Found"
		timeout = get + "dial tcp 192.0.2.7:443: i/o timeout"
		typo    = "cannot use x (variable of type int) as string value in argument to f"
	)
	patched := answer{baseline.Toolchain, "go"}
	variable := func(name string) answer { return answer{baseline.Variable, name} }
	cold := notCached("example.com/lib@v1.2.0")
	inVain := func(past model.Past) model.Verdict {
		v := isReal
		v.Vain = past
		return v
	}
	then := model.NewValue("-tags=old")
	lib := model.PastLine{Kind: string(baseline.Require), Name: "go.mod example.com/lib", Was: "v1.2.0", Now: "v1.3.0"}
	for _, tc := range []struct {
		name  string
		edits []edit
		shown string
		said  string
		is    model.Verdict
		what  answer
		moot  bool
	}{
		{"GOPRIVATE of another host", []edit{widePrivate(), cold}, libUnimportable, "", isReal, variable("GOPRIVATE"), true},
		{"GOPRIVATE of this module", []edit{everywhere("GOPRIVATE", "git.corp.example,example.com"), cold}, libUnimportable, "", isReal, variable("GOPRIVATE"), false},
		{"another proxy, and the module is there", []edit{goEnvW("GOPROXY", "https://mirror.corp.example"), notCached()}, libUnimportable, "", isReal, variable("GOPROXY"), true},
		{"another proxy, and the module is missing", []edit{goEnvW("GOPROXY", "https://mirror.corp.example"), cold}, libUnimportable, "", isReal, variable("GOPROXY"), false},
		{"another proxy, and a wrong type", []edit{goEnvW("GOPROXY", "https://mirror.corp.example"), cold}, typo, "", isReal, variable("GOPROXY"), true},
		{"another proxy, and a package of our own", []edit{goEnvW("GOPROXY", "https://mirror.corp.example"), cold}, `could not import example.com/app/pkg (no required module provides package "example.com/app/pkg")`, "", isReal, variable("GOPROXY"), true},
		{"the end of the list went, and the first refuses", []edit{goEnvW("GOPROXY", "https://proxy.corp.example"), cold}, libUnimportable, refused, isReal, variable("GOPROXY"), true},
		{"the end of the list went, and the first has it not", []edit{goEnvW("GOPROXY", "https://proxy.corp.example"), cold}, libUnimportable, absent, isReal, variable("GOPROXY"), false},
		{"HTTP_PROXY, and https is asked", []edit{everywhere("HTTP_PROXY", "http://squid.corp.example:3128"), cold}, libUnimportable, timeout, isReal, variable("HTTP_PROXY"), true},
		{"HTTPS_PROXY, and https is asked", []edit{everywhere("HTTPS_PROXY", "http://squid.corp.example:3128"), cold}, libUnimportable, timeout, isReal, variable("HTTPS_PROXY"), false},
		{"NO_PROXY of another host", []edit{everywhere("NO_PROXY", "other.example"), cold}, libUnimportable, timeout, isReal, variable("NO_PROXY"), true},
		{"NO_PROXY of the host", []edit{everywhere("NO_PROXY", ".corp.example"), cold}, libUnimportable, timeout, isReal, variable("NO_PROXY"), false},
		{"a patch of Go", []edit{patchedGo()}, "undefined: strings.CutLast", "", isReal, patched, true},
		{"a patch of Go that go names", []edit{patchedGo()}, noBuilds, "go: go.mod requires go >= 1.27.0 (running go 1.26.9; GOTOOLCHAIN=local)", isReal, patched, false},
		{"an older Go", []edit{goIs("go1.25.1", stationEnvs...)}, "undefined: strings.CutLast", "", isReal, patched, false},
		{"-mod=readonly", []edit{everywhere("GOFLAGS", "-mod=readonly")}, libUnimportable, "", isReal, variable("GOFLAGS"), true},
		{"-mod=readonly beside a vendor directory", []edit{vendored(), everywhere("GOFLAGS", "-mod=readonly")}, libUnimportable, "", isReal, variable("GOFLAGS"), false},
		{"GOROOT of the go that runs", []edit{everywhere("GOROOT", "/usr/local/go")}, libUnimportable, "", isReal, variable("GOROOT"), true},
		{"GOROOT of what go tells to be its own", []edit{everywhere("GOROOT", "/gone"), setIn(model.LayerDefault, "", "GOROOT", "/gone", stationEnvs...)}, libUnimportable, "", isReal, variable("GOROOT"), false},
		{"directories behind all others", []edit{cargoInPath()}, libUnimportable, "", isReal, variable("PATH"), true},
		{"directories before all others", []edit{everywhere("PATH", "/opt/bin:/usr/local/go/bin:/usr/bin")}, libUnimportable, "", isReal, variable("PATH"), false},
		{"tags on both sides, and the editor is red", []edit{everywhere("GOFLAGS", "-tags=x")}, "undefined: thing", "", isPhantom, variable("GOFLAGS"), true},
		{"tags of the editor, which is red", []edit{editorOnly("GOFLAGS", "-tags=x")}, "undefined: thing", "", isPhantom, variable("GOFLAGS"), false},
		{"a file that gopls has not seen", []edit{bumped("example.com/lib", "v1.3.0")}, libUnimportable, "", isStale(model.StaleGenerated, "/ws/x.go"), answer{baseline.Require, "go.mod example.com/lib"}, true},
		{"a go.mod that gopls has not seen", []edit{bumped("example.com/lib", "v1.3.0")}, libUnimportable, "", isStale(model.StaleModule, heldMod), answer{baseline.Require, "go.mod example.com/lib"}, false},
		{"another flag that was put back in vain", []edit{everywhere("GOFLAGS", "-tags=x")}, typo, "", inVain(model.Past{Variables: map[string]*model.Value{"GOFLAGS": &then}}), variable("GOFLAGS"), true},
		{"another flag, and something else was put back", []edit{everywhere("GOFLAGS", "-tags=x")}, typo, "", inVain(model.Past{Lines: []model.PastLine{lib}}), variable("GOFLAGS"), false},
		{"a proxy that was put back, where nothing is fetched", []edit{everywhere("GOPROXY", "https://mirror.corp.example"), cold}, libUnimportable, "", inVain(model.Past{Variables: map[string]*model.Value{"GOPROXY": nil}}), variable("GOPROXY"), false},
		{"a version that was put back in vain", []edit{bumped("example.com/lib", "v1.3.0")}, libUnimportable, "", inVain(model.Past{Lines: []model.PastLine{lib}}), answer{baseline.Require, "go.mod example.com/lib"}, true},
		{"a version that was not put back", []edit{bumped("example.com/lib", "v1.3.0")}, libUnimportable, "", isReal, answer{baseline.Require, "go.mod example.com/lib"}, false},
	} {
		c := playHeldOut(heldOut{name: tc.name, history: []at{{5, tc.edits}}, shown: tc.shown, said: tc.said, verdict: tc.is})
		s := *c.now
		a := assess(&s)
		a.Verdicts, a.Happened = []model.Verdict{c.verdict}, c.happened
		candidates := a.candidates(c.before)
		trouble := a.trouble(c.before, candidates, c.verdict.ContextID)
		i := slices.IndexFunc(candidates, func(x baseline.Change) bool {
			return x.Kind == tc.what.kind && x.Name == tc.what.name && moved(x) && x.Env != model.EnvTools
		})
		if i < 0 {
			t.Errorf("%s: %v did not change", tc.name, tc.what)
			continue
		}
		if why := trouble.Moot[baseline.Key(candidates[i].Fact)]; (why != "") != tc.moot {
			t.Errorf("%s: it cannot have done it: %t, because %q", tc.name, why != "", why)
		}
	}
}

// TestWhatGoplsCannotFetch: that the shell has the modules in another cache says why
// gopls lacks them only if gopls came to its own cache since.
func TestWhatGoplsCannotFetch(t *testing.T) {
	lacks := isPhantom
	lacks.Guilty, lacks.Fetch = []model.Guilty{{Variable: "GOMODCACHE"}}, true
	for _, tc := range []struct {
		name   string
		start  []edit
		edits  []edit
		guilty bool
	}{
		{"gopls has a cache of its own since", nil, []edit{editorOnly("GOMODCACHE", "/gopls/mod"), editorOnly("HTTPS_PROXY", "http://squid.corp.example:3128")}, true},
		{"gopls always had one", []edit{editorOnly("GOMODCACHE", "/gopls/mod")}, []edit{editorOnly("HTTPS_PROXY", "http://squid.corp.example:3128")}, false},
	} {
		c := playHeldOut(heldOut{name: tc.name, start: tc.start, history: []at{{5, tc.edits}}, shown: libUnimportable, verdict: lacks})
		s := *c.now
		a := assess(&s)
		a.Verdicts, a.Happened = []model.Verdict{c.verdict}, c.happened
		trouble := a.trouble(c.before, a.candidates(c.before), c.verdict.ContextID)
		if slices.Contains(trouble.Guilty, "GOMODCACHE") != tc.guilty {
			t.Errorf("%s: guilty are %v", tc.name, trouble.Guilty)
		}
	}
}

// TestMachinesThatAreOthers: of a netrc, those count that are not as they were.
func TestMachinesThatAreOthers(t *testing.T) {
	for _, tc := range []struct {
		was, now string
		want     []string
	}{
		{"a.example", "a.example b.example:8443", []string{"b.example:8443"}},
		{"a.example b.example", "a.example (no password) b.example", []string{"a.example", "a.example"}},
		{"a.example", "a.example", []string{"a.example"}},
		{"a.example", "a.example a.example", []string{"a.example", "a.example"}},
		{"a.example", "", []string{"a.example"}},
	} {
		c := baseline.Change{Fact: baseline.Fact{Kind: baseline.Netrc, Value: model.NewValue(tc.now)}, Was: tc.was}
		if got := others(c); !slices.Equal(got, tc.want) {
			t.Errorf("%q, then %q: %q, want %q", tc.was, tc.now, got, tc.want)
		}
	}
}

// TestTheSubjectDecides reads messages whose row of the catalogue is about several
// facts, and whose words are about one.
func TestTheSubjectDecides(t *testing.T) {
	for _, tc := range []struct {
		said      string
		about     []string
		not       []string
		ofModules []string
	}{
		{"go: module example.com/lib@v1.2.0 requires go >= 1.27.0 (running go 1.26.8; GOTOOLCHAIN=local)", []string{"require", "GOTOOLCHAIN"}, []string{"go line"}, []string{"example.com/lib"}},
		{"go: go.mod requires go >= 1.27.0 (running go 1.26.8; GOTOOLCHAIN=local)", []string{"go line", "GOTOOLCHAIN"}, []string{"require"}, nil},
		{"go: errors parsing go.mod:\n/ws/go.mod:3: invalid go version '1.26.0': must match format 1.23", []string{"go", "PATH"}, nil, nil},
		{"go: example.com/lib@v1.2.0: parsing go.mod:\n\tmodule declares its path as: example.net/fork/lib\n\t        but was required as: example.com/lib", []string{"require"}, nil, []string{"example.com/lib"}},
		{"go: example.com/lib@v1.2.0: reading https://proxy.corp.example/example.com/lib/@v/v1.2.0.mod: 403 Forbidden", []string{"netrc", "GOAUTH", "GOPROXY"}, nil, []string{"example.com/lib"}},
		{"go: example.com/lib@v1.2.0: reading https://proxy.corp.example/example.com/lib/@v/v1.2.0.mod: 503 Service Unavailable", []string{"GOPROXY"}, []string{"netrc", "GOAUTH"}, []string{"example.com/lib"}},
		{lsRemote + "Host key verification failed.", []string{"GIT_SSH_COMMAND", "git config"}, []string{"SSH_AUTH_SOCK"}, nil},
		{lsRemote + "ERROR: Repository not found.", []string{"GIT_SSH_COMMAND", "SSH_AUTH_SOCK", "git config"}, nil, nil},
	} {
		c := playHeldOut(heldOut{shown: noBuilds, said: tc.said, verdict: isReal})
		s := *c.now
		a := assess(&s)
		a.Verdicts = []model.Verdict{c.verdict}
		trouble := a.trouble(c.before, a.candidates(c.before), "")
		for _, about := range tc.about {
			if !slices.Contains(trouble.Told, about) {
				t.Errorf("%s: not about %s: %v", tc.said, about, trouble.Told)
			}
		}
		for _, about := range tc.not {
			if slices.Contains(trouble.Told, about) {
				t.Errorf("%s: about %s: %v", tc.said, about, trouble.Told)
			}
		}
		for _, module := range tc.ofModules {
			if !slices.Contains(trouble.Modules, module) {
				t.Errorf("%s: not about the module %s: %v", tc.said, module, trouble.Modules)
			}
		}
	}
}

// TestSays looks for words that are not pieces of longer ones.
func TestSays(t *testing.T) {
	for _, tc := range []struct {
		text, part string
		want       bool
	}{
		{"reading https://proxy.corp.example/x", "proxy.corp.example", true},
		{"the directory", "direct", false},
		{"running go 1.26.80", "1.26.8", false},
		{"running go 1.26.8; GOTOOLCHAIN=local", "1.26.8", true},
		{"directory, direct", "direct", true},
		{"x", "", false},
	} {
		if got := says(tc.text, tc.part); got != tc.want {
			t.Errorf("%q says %q: %t", tc.text, tc.part, got)
		}
	}
}
