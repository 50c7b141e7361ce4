package route

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
	"golang.org/x/mod/module"
)

func TestEntries(t *testing.T) {
	const noScheme, scheme = "invalid proxy URL missing scheme: ", "invalid proxy URL scheme (must be https, http, file): "
	for _, tc := range []struct {
		in   string
		want []Entry
	}{
		{"", nil},
		{" ,| ,", nil},
		{"https://p.example", []Entry{{Kind: Proxy, Raw: "https://p.example", End: 17, URL: "https://p.example"}}},
		{" p.example/go |direct", []Entry{
			{Kind: Proxy, Raw: "p.example/go", Start: 1, End: 13, Separator: "|", URL: "https://p.example/go"},
			{Kind: Direct, Raw: "direct", Start: 15, End: 21},
		}},
		{"off,http://late.example|foo", []Entry{
			{Kind: Off, Raw: "off", End: 3, Separator: ","},
			{Raw: "http://late.example", Start: 4, End: 23, Separator: "|", Ignored: true, Ref: "PX-AFTER-TERM"},
			{Raw: "foo", Start: 24, End: 27, Ignored: true, Ref: "PX-AFTER-TERM"},
		}},
		{"DIRECT,direct", []Entry{
			{Raw: "DIRECT", End: 6, Separator: ",", Err: noScheme + "DIRECT", Ref: "PX-WORD"},
			{Kind: Direct, Raw: "direct", Start: 7, End: 13},
		}},
		{"direct+https://p.example", []Entry{{Raw: "direct+https://p.example", End: 24, Err: scheme + "direct+https://p.example", Ref: "PX-DIRECTPLUS"}}},
		{"ftp://u:secret@p.example", []Entry{{Raw: "ftp://u:secret@p.example", End: 24, Err: scheme + "ftp://u:xxxxx@p.example", Ref: "PX-SCHEME"}}},
		{"/srv/proxy", []Entry{{Raw: "/srv/proxy", End: 10, Err: noScheme + "/srv/proxy", Ref: "PX-ABSPATH"}}},
		{"file://host/p", []Entry{{Raw: "file://host/p", End: 13, Err: "invalid file:// proxy URL with non-path elements: file://host/p", Ref: "PX-FILEHOST"}}},
		{"file:/p", []Entry{{Raw: "file:/p", End: 7, Err: "invalid file:// proxy URL with non-path elements: file:/p", Ref: "PX-FILEHOST"}}},
		{"file:///p q", []Entry{{Kind: Proxy, Raw: "file:///p q", End: 11, URL: "file:///p q"}}},
		{"http://p.example/;direct", []Entry{{Kind: Proxy, Raw: "http://p.example/;direct", End: 24, URL: "http://p.example/;direct", Ref: "PX-SEP"}}},
		{"http://u:p@p.example", []Entry{{Kind: Proxy, Raw: "http://u:p@p.example", End: 20, URL: "http://u:p@p.example", Ref: "PX-HTTPCRED"}}},
		{"127.0.0.1:8081", []Entry{{Kind: Proxy, Raw: "127.0.0.1:8081", End: 14, URL: "https://127.0.0.1:8081", Ref: "PX-IMPLICITHTTPS"}}},
		{"localhost/go", []Entry{{Kind: Proxy, Raw: "localhost/go", End: 12, URL: "https://localhost/go", Ref: "PX-IMPLICITHTTPS"}}},
	} {
		if diff := cmp.Diff(tc.want, Entries(tc.in)); diff != "" {
			t.Errorf("Entries(%q) (-want +got):\n%s", tc.in, diff)
		}
	}
	for in, ref := range map[string]string{
		`"https://p.example"`: "PX-QUOTED", `'direct'`: "PX-QUOTED", "https://p.example direct": "PX-SEP", "https://[::1": "PX-PARSE",
	} {
		e := Entries(in)[0]
		if e.Err == "" || e.Kind != "" || e.Ref != ref {
			t.Errorf("Entries(%q) = %+v, want it rejected as %s", in, e, ref)
		}
	}
}

// TestEntriesOffsets checks on random values that the offsets cut out exactly
// the raw texts, and that nothing but separators and white space lies between.
func TestEntriesOffsets(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"direct", "off", "a", ".", "http://h/p", ",", "|", " ", "\t", "\u00a0", "é", ":", "/", `"`}
	for range 20_000 {
		var b strings.Builder
		for range rng.IntN(12) {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		}
		in, at := b.String(), 0
		for _, e := range Entries(in) {
			if in[e.Start:e.End] != e.Raw || e.Raw == "" || e.Raw != strings.TrimSpace(e.Raw) || strings.ContainsAny(e.Raw, ",|") {
				t.Fatalf("Entries(%q): entry %+v does not lie where it says", in, e)
			}
			if gap := in[at:e.Start]; strings.Trim(gap, ",| \t\u00a0") != "" {
				t.Fatalf("Entries(%q) dropped %q", in, gap)
			}
			at = e.End
		}
		if rest := in[at:]; strings.Trim(rest, ",| \t\u00a0") != "" {
			t.Fatalf("Entries(%q) dropped %q", in, rest)
		}
	}
}

func TestParseProxyList(t *testing.T) {
	for _, tc := range []struct {
		goproxy, noproxy string
		want             []Kind
		err              string
	}{
		{"https://a.example,direct", "", []Kind{Proxy, Direct}, ""},
		{"https://a.example,direct", "corp.example", []Kind{NoProxy, Proxy, Direct}, ""},
		{"direct", "corp.example", []Kind{Direct}, ""},
		{" direct", "corp.example", []Kind{NoProxy, Direct}, ""}, // go compares before it trims
		{"off", "corp.example", []Kind{NoProxy, Off}, ""},
		{"direct,foo", "", []Kind{Direct}, ""},
		{"https://a.example,foo,direct", "", nil, "invalid proxy URL missing scheme: foo"},
		{"", "corp.example", nil, "GOPROXY list is not the empty string, but contains no entries"},
		{" | ", "", nil, "GOPROXY list is not the empty string, but contains no entries"},
	} {
		list, err := parseProxyList(tc.goproxy, tc.noproxy)
		var kinds []Kind
		for _, e := range list {
			kinds = append(kinds, e.Kind)
		}
		text := ""
		if err != nil {
			text = err.Error()
		}
		if !slices.Equal(kinds, tc.want) || text != tc.err {
			t.Errorf("parseProxyList(%q, %q) = %v, %q, want %v, %q", tc.goproxy, tc.noproxy, kinds, text, tc.want, tc.err)
		}
	}
}

// TestGlobCases replays pattern/module pairs whose answers the real go command gave.
func TestGlobCases(t *testing.T) {
	data, err := os.ReadFile("../../../testdata/routes/glob-cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Pattern, Module string
		Match           bool
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 81 {
		t.Fatalf("only %d cases", len(cases))
	}
	for _, tc := range cases {
		p, ok := Match(tc.Pattern, tc.Module)
		if ok != tc.Match {
			t.Errorf("Match(%q, %q) = %v, want %v", tc.Pattern, tc.Module, ok, tc.Match)
		}
		if ok && tc.Pattern[p.Start:p.End] != p.Text {
			t.Errorf("Match(%q, %q) points at %q, not at %q", tc.Pattern, tc.Module, tc.Pattern[p.Start:p.End], p.Text)
		}
		if tc.Match && module.CheckPath(tc.Module) == nil && !slices.ContainsFunc(Patterns(tc.Pattern), func(p Pattern) bool { return p.Fault == "" }) {
			t.Errorf("every pattern of %q is said to be dead, but it matches %q", tc.Pattern, tc.Module)
		}
	}
}

// patternPieces make random patterns: dense in what is special to globs.
var patternPieces = []string{
	"git", "corp", "example", ".com", "a", "b", "0", ".", "-", "_", "~", "/", "/", "//", "*", "**", "?", "[a-z]", "[^a]", "[^/]", "[", "]", "[.-0]",
	"[]a]", "[a", `\`, `\*`, `\[`, ",", ",", " ", "\r", ":", ":8443", "://", "https://", "...", "A", "Team", ";", "|", `"`, "'", "!", "é", "@", "$X", "+",
}

func randomPattern(rng *rand.Rand) string {
	var b strings.Builder
	b.WriteString([]string{"", "a.b", "*.com", "git.corp.com/"}[rng.IntN(4)])
	for range 1 + rng.IntN(6) {
		b.WriteString(patternPieces[rng.IntN(len(patternPieces))])
	}
	return b.String()
}

// randomModule returns a legal module path.
func randomModule(rng *rand.Rand) string {
	firsts := []string{"git.corp.com", "corp.com", "a.b", "0.0", "x.y-z.com", "git.corp.example.com", "g-t.0a"}
	rests := []string{"a", "b", "A", "Team", "v2", "git", "corp.git", "a_b", "a~b", "0", "-a", "x.y", "..."}
	for {
		p := firsts[rng.IntN(len(firsts))]
		for range rng.IntN(4) {
			p += "/" + rests[rng.IntN(len(rests))]
		}
		if module.CheckPath(p) == nil {
			return p
		}
	}
}

func TestMatchAgainstLibrary(t *testing.T) {
	seed := worldtest.Seed(t, "GOPHANTOM_ROUTE_SEED")
	rng := rand.New(rand.NewPCG(seed, 0))
	hits := 0
	for range 100_000 {
		list, mod := randomPattern(rng), randomModule(rng)
		p, ok := Match(list, mod)
		if want := module.MatchPrefixPatterns(list, mod); ok != want {
			t.Fatalf("Match(%q, %q) = %v, want %v", list, mod, ok, want)
		}
		if !ok {
			continue
		}
		hits++
		if list[p.Start:p.End] != p.Text || !module.MatchPrefixPatterns(p.Text, mod) || module.MatchPrefixPatterns(list[:p.Start], mod) {
			t.Fatalf("Match(%q, %q) = %+v is not the first pattern that matches", list, mod, p)
		}
	}
	if hits < 1000 {
		t.Errorf("only %d pairs matched: the test hardly looked", hits)
	}
}

// witness makes a module path that a glob might match, by choosing at random
// whatever the glob leaves open.
func witness(rng *rand.Rand, glob string) string {
	if _, err := path.Match(glob, ""); err != nil {
		return glob
	}
	var b strings.Builder
	for _, tok := range tokenize(glob) {
		n := 1
		if tok.run {
			n = rng.IntN(4)
		}
		for range n {
			if len(tok.chars) > 0 {
				b.WriteByte(tok.chars[rng.IntN(len(tok.chars))])
			}
		}
	}
	for range rng.IntN(2) {
		b.WriteString("/x")
	}
	return b.String()
}

// TestDeadPatternsAreDead searches for a legal module path that a pattern
// declared dead matches after all.
func TestDeadPatternsAreDead(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	matched := 0
	for range 60_000 {
		list := randomPattern(rng)
		for _, p := range Patterns(list) {
			if list[p.Start:p.End] != p.Text {
				t.Fatalf("Patterns(%q): %+v does not lie where it says", list, p)
			}
			for _, mod := range []string{randomModule(rng), witness(rng, strings.TrimSuffix(p.Text, "/"))} {
				if module.CheckPath(mod) != nil || !module.MatchPrefixPatterns(p.Text, mod) {
					continue
				}
				matched++
				if p.Fault != "" {
					t.Fatalf("pattern %q is declared dead (%s) but matches %q", p.Text, p.Fault, mod)
				}
			}
			for _, s := range Patterns(p.Suggestion) {
				if s.Fault != "" {
					t.Fatalf("pattern %q: the suggestion %q is dead too", p.Text, p.Suggestion)
				}
			}
		}
	}
	if matched < 1000 {
		t.Errorf("only %d matches were tried: the test hardly looked", matched)
	}
}

func TestPatternFaults(t *testing.T) {
	for _, tc := range []struct{ text, fault, suggestion string }{
		{"git.corp.com", "", ""},
		{"git.corp.com/", "", ""},
		{"*.corp.com/*", "", ""},
		{"github.com/MyOrg/*", "", ""},
		{"10.0.0.0/8", "", ""},
		{"none", "", ""},
		{"off", "", ""},
		{"localhost", "", ""},
		{"[ g]it.corp.com", "", ""},
		{" git.corp.com", "PV-SPACE", "git.corp.com"},
		{"git.corp.com ", "PV-SPACE", "git.corp.com"},
		{" ", "PV-SPACE", ""},
		{"git.corp.com\r", "PV-CRLF", "git.corp.com"},
		{"https://git.corp.com", "PV-URL", "git.corp.com"},
		{"ssh://git@git.corp.com:22/team/", "PV-URL", "git.corp.com/team"},
		{"git.corp.com:8443", "PV-PORT", "git.corp.com"},
		{"git.corp.com:*", "PV-PORT", "git.corp.com"},
		{"git.corp.com:8443/team", "PV-PORT", "git.corp.com/team"},
		{"git.corp.com;github.com/acme", "PV-SEP", "git.corp.com,github.com/acme"},
		{"git.corp.com github.com/acme", "PV-SEP", "git.corp.com,github.com/acme"},
		{"git.corp.com|github.com/acme", "PV-SEP", "git.corp.com,github.com/acme"},
		{"[git.corp.com", "PV-BADGLOB", ""},
		{".corp.com", "PV-DOTSUFFIX", "*.corp.com"},
		{"git.corp.com/...", "PV-ELLIPSIS", "git.corp.com"},
		{"git.corp.com//", "PV-DBLSLASH", "git.corp.com"},
		{"git.corp.com//team", "PV-DBLSLASH", "git.corp.com/team"},
		{"Git.Corp.com/Team", "PV-CASE", "git.corp.com/Team"},
		{`"git.corp.com"`, "PV-QUOTED", "git.corp.com"},
		{"!corp.com", "PV-CHAR", ""},
		{"${CORP}/x", "PV-CHAR", ""},
	} {
		got := Patterns(tc.text)
		want := []Pattern{{Text: tc.text, End: len(tc.text), Fault: tc.fault, Suggestion: tc.suggestion}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Patterns(%q) (-want +got):\n%s", tc.text, diff)
		}
	}
	// A pattern made to keep a search busy gets no verdict, but an answer.
	if got := Patterns(strings.Repeat("[^a]/", 100_000) + ":"); got[0].Fault != "" {
		t.Errorf("a very long pattern is called dead: %s", got[0].Fault)
	}
	if got := Patterns("/,,"); got != nil {
		t.Errorf(`Patterns("/,,") = %v: go skips empty patterns`, got)
	}
}

// environ builds an environment of a process environment and the defaults that
// ship with Go.
func environ(process map[string]string) model.Env {
	vars := func(m map[string]string) map[string]model.Assignment {
		out := map[string]model.Assignment{}
		for k, v := range m {
			out[k] = model.Assignment{Value: model.NewValue(v)}
		}
		return out
	}
	return model.Env{Complete: true, Layers: []model.Layer{
		{Kind: model.LayerProcess, Vars: vars(process)},
		{Kind: model.LayerGOENV},
		{Kind: model.LayerGoroot, Vars: vars(map[string]string{"GOPROXY": "https://default.example,direct", "GOSUMDB": "sum.golang.org"})},
	}}
}

func TestExplainMode(t *testing.T) {
	app := model.Module{
		File: "/w/app/go.mod", Path: "corp.example/app", Go: "1.26",
		Requires: []model.Require{{Path: "dep.example/a", Version: "v1.2.0"}, {Path: "dep.example/b", Version: "v1.0.0"}},
		Replaces: []model.Replace{
			{OldPath: "dep.example/b", NewPath: "../b"},
			{OldPath: "dep.example/b", OldVersion: "v1.5.0", NewPath: "fork.example/b", NewVersion: "v1.5.1"},
		},
	}
	lib := model.Module{File: "/w/lib/go.mod", Path: "corp.example/lib", Go: "1.26", Requires: []model.Require{{Path: "dep.example/a", Version: "v1.10.0"}}}
	with := func(m model.Module, f func(*model.Module)) model.Module { f(&m); return m }
	work := &model.Work{
		File: "/w/go.work", Go: "1.26", Uses: []model.Use{{Dir: "/w/app", Path: app.Path}, {Dir: "/w/lib", Path: lib.Path}},
		Replaces: []model.Replace{{OldPath: "dep.example/a", NewPath: "/w/a"}},
	}
	single, both := Facts{Modules: []model.Module{app, lib}}, Facts{Modules: []model.Module{app, lib}, Work: work}
	vendor := Facts{Modules: []model.Module{with(app, func(m *model.Module) { m.Vendored = true })}}
	for _, tc := range []struct {
		name   string
		module Module
		env    map[string]string
		facts  Facts
		mode   Mode
		target Module
		dir    string
	}{
		{"version from go.mod", Module{"dep.example/a", ""}, nil, single, ModeProxy, Module{"dep.example/a", "v1.2.0"}, ""},
		{"the highest of the workspace", Module{"dep.example/a", ""}, nil, Facts{Modules: both.Modules, Work: withoutReplaces(*work)}, ModeProxy, Module{"dep.example/a", "v1.10.0"}, ""},
		{"main module", Module{"corp.example/app", ""}, nil, single, ModeWorkspace, Module{"corp.example/app", ""}, ""},
		{"another module is not main", Module{"corp.example/lib", "v1.0.0"}, nil, single, ModeProxy, Module{"corp.example/lib", "v1.0.0"}, ""},
		{"used by go.work", Module{"corp.example/lib", "v1.0.0"}, nil, both, ModeWorkspace, Module{"corp.example/lib", "v1.0.0"}, ""},
		{"go.work switched off", Module{"corp.example/lib", "v1.0.0"}, map[string]string{"GOWORK": "off"}, both, ModeProxy, Module{"corp.example/lib", "v1.0.0"}, ""},
		{"replaced by a directory", Module{"dep.example/b", ""}, nil, single, ModeReplace, Module{"dep.example/b", "v1.0.0"}, "../b"},
		{"replaced at one version", Module{"dep.example/b", "v1.5.0"}, nil, single, ModeReplace, Module{"fork.example/b", "v1.5.1"}, ""},
		{"replaced by go.work", Module{"dep.example/a", "v1.2.0"}, nil, both, ModeReplace, Module{"dep.example/a", "v1.2.0"}, "/w/a"},
		{"vendored", Module{"dep.example/b", ""}, nil, vendor, ModeVendor, Module{"dep.example/b", "v1.0.0"}, ""},
		{"vendor directory overruled", Module{"dep.example/a", ""}, map[string]string{"GOFLAGS": `-x "--mod=readonly"`}, vendor, ModeProxy, Module{"dep.example/a", "v1.2.0"}, ""},
		{"vendor told", Module{"dep.example/a", ""}, map[string]string{"GOFLAGS": "-mod=mod -mod=vendor"}, single, ModeVendor, Module{"dep.example/a", "v1.2.0"}, ""},
		{"vendor directory of an old module", Module{"dep.example/a", ""}, nil, Facts{Modules: []model.Module{with(app, func(m *model.Module) { m.Vendored, m.Go = true, "1.13" })}}, ModeProxy, Module{"dep.example/a", "v1.2.0"}, ""},
		{"a member's vendor directory in a workspace", Module{"dep.example/x", "v1.0.0"}, nil, Facts{Modules: vendor.Modules, Work: work}, ModeProxy, Module{"dep.example/x", "v1.0.0"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := Explain(tc.module, environ(tc.env), tc.facts)
			if r.Mode != tc.mode || r.Target != tc.target || r.Dir != tc.dir {
				t.Errorf("got %s %v %q, want %s %v %q", r.Mode, r.Target, r.Dir, tc.mode, tc.target, tc.dir)
			}
			fetches := tc.mode == ModeProxy || tc.mode == ModeReplace && tc.dir == ""
			if (len(r.Steps) > 0) != fetches || r.SumDB.Consulted != fetches || r.Unknown != "" {
				t.Errorf("steps %d, checksum database %v, unknown %q: want a lookup: %v", len(r.Steps), r.SumDB.Consulted, r.Unknown, fetches)
			}
		})
	}
}

func withoutReplaces(w model.Work) *model.Work { w.Replaces = nil; return &w }

func TestExplainWhy(t *testing.T) {
	env := environ(map[string]string{"GOPROXY": "https://a.example|https://b.example,direct", "GOINSECURE": "x.example,*.corp.example"})
	env.Layers[1].Vars = map[string]model.Assignment{"GOPRIVATE": {Value: model.NewValue("other.example,*.corp.example"), File: "/h/env", Line: 3}}
	r := Explain(Module{"git.corp.example/lib", "v1.0.0"}, env, Facts{})
	var got []Step
	for _, s := range r.Steps {
		s.Why = Why{s.Why.Variable, s.Why.Pattern, model.Origin{}}
		got = append(got, s)
	}
	byPattern := Why{Variable: "GOPRIVATE", Pattern: model.NewValue("*.corp.example")}
	want := []Step{
		{Kind: NoProxy, Applies: true, Fallback: OnNotFound, Why: byPattern},
		{Kind: Proxy, URL: model.NewValue("https://a.example"), Fallback: OnAnyError, Why: byPattern},
		{Kind: Proxy, URL: model.NewValue("https://b.example"), Fallback: OnNotFound, Why: byPattern},
		{Kind: Direct, Applies: true, Fallback: Never, Why: byPattern},
	}
	if !slices.Equal(got, want) {
		t.Errorf("steps %d, want others", len(got)) // values do not print
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				t.Errorf("step %d: %s applies %v fallback %s by %s %q", i, got[i].Kind, got[i].Applies, got[i].Fallback, got[i].Why.Variable, got[i].Why.Pattern.Reveal())
			}
		}
	}
	if o := r.Steps[0].Why.Origin; o.Layer != model.LayerGOENV || o.File != "/h/env" || o.Line != 3 {
		t.Errorf("origin of the private pattern = %+v", o)
	}
	if !r.Insecure.Allowed || r.Insecure.Pattern.Reveal() != "*.corp.example" {
		t.Errorf("insecure = %v %q", r.Insecure.Allowed, r.Insecure.Pattern.Reveal())
	}
	if r.SumDB.Consulted || r.SumDB.Why.Variable != "GOPRIVATE" {
		t.Errorf("checksum database consulted %v because of %s", r.SumDB.Consulted, r.SumDB.Why.Variable)
	}
	if !r.VCS.Consulted || !r.VCS.Allowed || !slices.Equal(r.VCS.Tools, tools) || r.VCS.Why.Pattern.Reveal() != "private:all" {
		t.Errorf("vcs = %+v by %q", r.VCS, r.VCS.Why.Pattern.Reveal())
	}
}

func TestExplainUnknown(t *testing.T) {
	// A captured environment knows nothing of the files: an unset GOPROXY may
	// well have a value there.
	env := environ(nil)
	env.Layers = env.Layers[:1]
	r := Explain(Module{"dep.example/a", "v1.0.0"}, env, Facts{})
	if r.Unknown == "" || !r.Error.Empty() || len(r.Steps) > 0 || r.SumDB.Consulted {
		t.Errorf("without go.env: unknown %q, error %q, %d steps", r.Unknown, r.Error.Reveal(), len(r.Steps))
	}
	// Where nothing is looked up, nothing is missing.
	local := model.Module{File: "/w/go.mod", Path: "corp.example/app", Replaces: []model.Replace{{OldPath: "dep.example/a", NewPath: "../a"}}}
	if r := Explain(Module{"dep.example/a", "v1.0.0"}, env, Facts{Modules: []model.Module{local}}); r.Unknown != "" {
		t.Errorf("replaced by a directory, and yet unknown: %q", r.Unknown)
	}
	// Read and empty is another matter.
	env = environ(nil)
	env.Layers[2].Vars = nil
	r = Explain(Module{"dep.example/a", "v1.0.0"}, env, Facts{})
	if r.Unknown != "" || r.Error.Reveal() != errNoEntries.Error() || r.SumDB.Error.Reveal() != "missing GOSUMDB" {
		t.Errorf("with an empty go.env: unknown %q, error %q, %q", r.Unknown, r.Error.Reveal(), r.SumDB.Error.Reveal())
	}
	r = Explain(Module{"dep.example/a", "v1.0.0"}, environ(map[string]string{"GOWORK": "/elsewhere/go.work"}), Facts{})
	if r.Unknown == "" {
		t.Error("a go.work that was not read leaves nothing unknown")
	}
	r = Explain(Module{"dep.example/a", "v1.0.0"}, environ(map[string]string{"GOFLAGS": "-modfile=other.mod"}), Facts{Modules: []model.Module{local}})
	if r.Unknown == "" {
		t.Error("another go.mod that was not read leaves nothing unknown")
	}
}

// TestReplacementDirectoryIsMissing: go says it before it asks anybody.
func TestReplacementDirectoryIsMissing(t *testing.T) {
	facts := func(replace model.Replace, exists bool) Facts {
		return Facts{
			Modules: []model.Module{{File: "/ws/go.mod", Path: "example.com/app", Go: "1.26", Replaces: []model.Replace{replace}}},
			Place: func(path string) (model.Place, bool) {
				return model.Place{Exists: exists, Dir: exists}, path == "/nope"
			},
		}
	}
	m := Module{"example.com/greet", "v1.0.0"}
	for _, test := range []struct {
		replace model.Replace
		exists  bool
		want    string
	}{
		{model.Replace{OldPath: m.Path, NewPath: "../nope"}, false, "replacement directory ../nope does not exist"},
		{model.Replace{OldPath: m.Path, OldVersion: m.Version, NewPath: "../nope/"}, false, "replacement directory ../nope/ does not exist"},
		{model.Replace{OldPath: m.Path, NewPath: "../nope"}, true, ""},
		{model.Replace{OldPath: m.Path, NewPath: "../elsewhere"}, false, ""}, // nobody looked
		{model.Replace{OldPath: m.Path, OldVersion: "v2.0.0", NewPath: "../nope"}, false, ""},
	} {
		r := Explain(m, model.Env{Complete: true}, facts(test.replace, test.exists))
		if got := r.Error.Reveal(); got != test.want {
			t.Errorf("replaced by %s: %q, want %q", test.replace.NewPath, got, test.want)
		}
	}
}
