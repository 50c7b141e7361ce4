package engine

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/baseline"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// station is a machine that a story changes.
type station struct {
	dir   string
	vars  map[model.EnvName]map[string]string
	goIs  map[model.EnvName]string
	gopls string
	mods  []model.Require
	repl  []model.Replace
	work  bool
	sets  []string
}

var stationEnvs = []model.EnvName{model.EnvShell, model.EnvGopls, model.EnvTools}

func newStation(dir string) *station {
	m := &station{dir: dir, vars: map[model.EnvName]map[string]string{}, goIs: map[model.EnvName]string{}, gopls: "v0.23.0"}
	for _, env := range stationEnvs {
		m.vars[env] = map[string]string{"PATH": "/usr/bin", "HOME": "/home/gopher", "GOPROXY": "https://proxy.corp.example,direct", "GOPRIVATE": "git.corp.example", "GOFLAGS": "-mod=readonly", "GOCACHE": "/home/gopher/.cache/go-build", "GOMODCACHE": "/home/gopher/go/pkg/mod", "LANG": "C"}
		m.goIs[env] = "go1.26.8"
	}
	for i, path := range []string{"example.com/a", "example.com/b", "corp.example/x", "git.corp.example/y"} {
		m.mods = append(m.mods, model.Require{Path: path, Version: "v1.0.0", Line: 5 + i})
	}
	return m
}

// everywhere sets a variable in all environments.
func (m *station) everywhere(name, value string) {
	for _, env := range stationEnvs {
		m.vars[env][name] = value
	}
}

// editors sets a variable where only the editor sees it.
func (m *station) editors(name, value string) {
	m.vars[model.EnvGopls][name], m.vars[model.EnvTools][name] = value, value
}

func (m *station) require(path, version string) {
	for i := range m.mods {
		if m.mods[i].Path == path {
			m.mods[i].Version = version
			return
		}
	}
	m.mods = append(m.mods, model.Require{Path: path, Version: version, Line: 5 + len(m.mods)})
}

func (m *station) gomod() string { return filepath.Join(m.dir, "go.mod") }

func (m *station) snapshot(at time.Time) *model.Snapshot {
	s := &model.Snapshot{Dir: m.dir, Trusted: true, Taken: at, GOOS: "linux"}
	for _, name := range stationEnvs {
		layer := model.Layer{Kind: model.LayerProcess, Vars: map[string]model.Assignment{}}
		for variable, value := range m.vars[name] {
			layer.Vars[variable] = model.Assignment{Value: model.NewValue(value)}
		}
		s.Envs = append(s.Envs, model.Env{Name: name, Complete: true, Layers: []model.Layer{layer}})
		s.Toolchain = append(s.Toolchain, model.Toolchain{Env: name, Go: "/usr/bin/go", Version: m.goIs[name]})
	}
	s.Modules = []model.Module{{File: m.gomod(), Path: "example.com/app", Go: "1.24", GoLine: 3, Requires: slices.Clone(m.mods), Replaces: slices.Clone(m.repl)}}
	if m.work {
		s.Work = &model.Work{File: filepath.Join(m.dir, "go.work"), Go: "1.24"}
	}
	s.Gopls = []model.GoplsProcess{{PID: 1, Version: m.gopls, GoVersion: "go1.26.0"}}
	for _, key := range m.sets {
		s.Settings = append(s.Settings, model.EditorSetting{Key: key, Scope: "user"})
	}
	return s
}

// story is a way in which something breaks. It knows its cause, and nothing of how
// causes are found.
type story struct {
	name   string
	always func(m *station, r *rand.Rand) // what is so from the beginning
	breaks func(m *station, r *rand.Rand) // what changes in the end; nil if nothing does
	// shown is what gopls shows then, said what go prints, judged what the real go
	// showed of the problem: its verdict, with the variables that an experiment names
	// and what gopls has not seen.
	shown  string
	said   string
	judged func(m *station) model.Verdict
	kind   baseline.Kind // of the cause
	cause  string        // its name
	first  bool          // as a rule, nothing is known of the time before
}

func is(kind model.VerdictKind) func(*station) model.Verdict {
	return func(*station) model.Verdict { return model.Verdict{Kind: kind} }
}

const unimportable = "could not import %s (no required module provides package %[1]q)"

var stories = []story{
	// What only go's own words tell: nothing changed.
	{
		name: "a proxy that was always there does not answer", shown: fmt.Sprintf(unimportable, "example.com/b/sub"),
		said:   `go: example.com/b@v1.0.0: Get "https://proxy.corp.example/example.com/b/@v/v1.0.0.mod": dial tcp 192.0.2.7:443: i/o timeout`,
		judged: is(model.Real), kind: baseline.Variable, cause: "GOPROXY",
	},
	{
		name: "the checksum database is gone", shown: fmt.Sprintf(unimportable, "example.com/a/sub"),
		always: func(m *station, _ *rand.Rand) { m.everywhere("GOSUMDB", "sum.golang.org https://sum.corp.example") },
		said:   `go: example.com/a@v1.0.0: verifying module: example.com/a@v1.0.0: Get "https://sum.corp.example/lookup/example.com/a@v1.0.0": dial tcp 192.0.2.8:443: connect: connection refused`,
		judged: is(model.Real), kind: baseline.Variable, cause: "GOSUMDB",
	},
	// What an experiment tells, of several changes at the same time.
	{
		name: "one of three variables of the editor", shown: fmt.Sprintf(unimportable, "example.com/a"),
		breaks: func(m *station, r *rand.Rand) {
			m.editors("GOFLAGS", fmt.Sprintf("-tags=t%d", r.IntN(99)))
			m.editors("GOMODCACHE", fmt.Sprintf("/tmp/cache%d", r.IntN(99)))
			m.editors("GONOSUMDB", fmt.Sprintf("host%d.example", r.IntN(99)))
		},
		judged: func(m *station) model.Verdict {
			return model.Verdict{Kind: model.Phantom, Cause: model.CauseEnv, Guilty: []model.Guilty{{Variable: "GOMODCACHE"}}}
		},
		kind: baseline.Variable, cause: "GOMODCACHE",
	},
	{
		name: "gopls has not seen one of several changes of go.mod", shown: fmt.Sprintf(unimportable, "example.com/b/sub"),
		breaks: func(m *station, r *rand.Rand) {
			m.require("example.com/b", fmt.Sprintf("v1.%d.0", 1+r.IntN(9)))
			m.require("example.com/a", fmt.Sprintf("v1.%d.0", 1+r.IntN(9)))
			m.editors("GOFLAGS", fmt.Sprintf("-tags=t%d", r.IntN(99)))
		},
		judged: func(m *station) model.Verdict {
			return model.Verdict{Kind: model.Phantom, Cause: model.CauseStale, Stale: &model.Staleness{What: model.StaleModule, File: m.gomod()}}
		},
		kind: baseline.Require, cause: "go.mod example.com/b",
	},
	// What only the comparison with then tells.
	{
		name: "another gopls", shown: "undefined: thing",
		breaks: func(m *station, r *rand.Rand) { m.gopls = fmt.Sprintf("v0.16.%d", r.IntN(9)) },
		judged: is(model.Phantom), kind: baseline.Server, cause: "version",
	},
	{
		name: "another go in the editor", shown: "undefined: thing",
		breaks: func(m *station, r *rand.Rand) {
			m.goIs[model.EnvGopls], m.goIs[model.EnvTools] = "go1.25.1", "go1.25.1"
		},
		judged: is(model.Phantom), kind: baseline.Toolchain, cause: "go",
	},
	{
		name: "tags of the editor", shown: "undefined: thing",
		breaks: func(m *station, r *rand.Rand) { m.editors("GOFLAGS", fmt.Sprintf("-tags=t%d", r.IntN(99))) },
		judged: is(model.Phantom), kind: baseline.Variable, cause: "GOFLAGS",
	},
	{
		name: "a go.work", shown: "undefined: thing",
		breaks: func(m *station, _ *rand.Rand) { m.work = true },
		judged: is(model.Phantom), kind: baseline.Workspace, cause: "go.work",
	},
	// What only the way of the module, or the value itself, tells.
	{
		name: "a list of private modules that never matches", shown: fmt.Sprintf(unimportable, "git.corp.example/y/sub"), first: true,
		always: func(m *station, r *rand.Rand) {
			m.everywhere("GOPRIVATE", fmt.Sprintf("git.corp.example/, other%d.example", r.IntN(9)))
		},
		judged: is(model.Real), kind: baseline.Variable, cause: "GOPRIVATE",
	},
	{
		name: "flags that go does not take", shown: "undefined: thing", first: true,
		always: func(m *station, r *rand.Rand) { m.everywhere("GOFLAGS", fmt.Sprintf("tags=t%d", r.IntN(9))) },
		judged: is(model.Real), kind: baseline.Variable, cause: "GOFLAGS",
	},
	// What two of them tell together.
	{
		name: "one of three requirements", shown: fmt.Sprintf(unimportable, "corp.example/x/sub"),
		breaks: func(m *station, r *rand.Rand) {
			for _, path := range []string{"example.com/a", "example.com/b", "corp.example/x"} {
				m.require(path, fmt.Sprintf("v1.%d.0", 1+r.IntN(99)))
			}
		},
		judged: is(model.Real), kind: baseline.Require, cause: "go.mod corp.example/x",
	},
	{
		name: "one of two variables, by the way of the module", shown: fmt.Sprintf(unimportable, "example.com/a/sub"),
		breaks: func(m *station, r *rand.Rand) {
			m.editors("GOPROXY", fmt.Sprintf("https://p%d.example", r.IntN(99)))
			m.editors("GOWORK", "off")
			m.editors("GOINSECURE", fmt.Sprintf("host%d.example", r.IntN(99)))
		},
		judged: is(model.Phantom), kind: baseline.Variable, cause: "GOPROXY",
	},
	{
		name: "a new proxy that refuses", shown: fmt.Sprintf(unimportable, "example.com/a/sub"),
		breaks: func(m *station, _ *rand.Rand) {
			m.everywhere("GOPROXY", "https://new.corp.example,direct")
			m.everywhere("GOFLAGS", "-mod=mod")
		},
		said:   `go: example.com/a@v1.0.0: reading https://new.corp.example/example.com/a/@v/v1.0.0.mod: 403 Forbidden`,
		judged: is(model.Real), kind: baseline.Variable, cause: "GOPROXY",
	},
}

// confounders are changes that break nothing, and come at any time.
var confounders = []func(m *station, r *rand.Rand){
	func(m *station, r *rand.Rand) { m.vars[model.EnvShell]["LANG"] = fmt.Sprint("C.", r.IntN(1000)) },
	func(m *station, r *rand.Rand) {
		m.vars[model.EnvShell]["GIT_SSH_COMMAND"] = fmt.Sprint("ssh -p ", r.IntN(1000))
	},
	func(m *station, r *rand.Rand) {
		m.vars[model.EnvShell]["GONOSUMDB"] = fmt.Sprintf("host%d.example", r.IntN(1000))
	},
	func(m *station, r *rand.Rand) {
		m.vars[model.EnvShell]["GOTOOLCHAIN"] = fmt.Sprintf("go1.26.%d+auto", r.IntN(9))
	},
	func(m *station, r *rand.Rand) { m.vars[model.EnvTools]["GIT_EDITOR"] = fmt.Sprint(r.IntN(1000)) },
	func(m *station, r *rand.Rand) {
		m.vars[model.EnvShell]["GODEBUG"] = fmt.Sprint("gctrace=", r.IntN(1000))
	},
	func(m *station, r *rand.Rand) {
		m.require(fmt.Sprintf("example.com/new%d", r.IntN(9)), fmt.Sprintf("v1.%d.0", r.IntN(99)))
	},
	func(m *station, r *rand.Rand) { m.sets = append(m.sets, fmt.Sprintf("go.lintTool%d", r.IntN(99))) },
	func(m *station, r *rand.Rand) {
		m.vars[model.EnvGopls]["VSCODE_PID"] = fmt.Sprint(r.IntN(99999))
	},
}

// logNoise is what go prints along the way, and what is not why it fails.
var logNoise = []string{
	"go: warning: ignoring symlink /ws/link", "# example.com/app", "go: downloading example.com/a v1.0.0",
	`gopls: 2026/11/01 09:00:00 background imports cache refresh starting`, "go: finding module for package example.com/zzz",
	`go: warning: go env -w GOBIN=... does not override conflicting OS environment variable`,
}

// strayError is an error of another module, at another time.
const strayError = `go: example.com/zzz@v1.0.0: reading https://proxy.corp.example/example.com/zzz/@v/v1.0.0.mod: 403 Forbidden`

// testCase is a story that was played.
type testCase struct {
	story    *story
	now      *model.Snapshot
	before   baseline.Baseline // zero if nothing is known
	verdict  model.Verdict
	happened []report.HistoryEvent
}

func play(st *story, r *rand.Rand) testCase {
	dir, _ := filepath.Abs(filepath.FromSlash("/ws"))
	m := newStation(dir)
	if st.always != nil {
		st.always(m, r)
	}
	began := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(1000)) * time.Hour)
	green := m.snapshot(began.Add(-24 * time.Hour))
	c := testCase{story: st}
	known := baseline.Take(green, "salt", showFact)
	if lost := r.IntN(5); st.first && lost > 0 || !st.first && st.breaks == nil && lost == 0 {
		known = baseline.Baseline{}
	}
	seen := r.IntN(3) > 0 // else the editor was closed when it changed
	note := func(at time.Time, e report.HistoryEvent) {
		if e.Time = at.UTC().Format(time.RFC3339Nano); seen {
			c.happened = append(c.happened, e)
		}
	}
	step := func(at time.Time, do func(*station, *rand.Rand)) {
		then := baseline.Take(m.snapshot(at), "step", showFact)
		do(m, r)
		for _, change := range then.Diff(m.snapshot(at)) {
			if e, told := factEvent(change); told {
				note(at, e)
			}
		}
	}
	for range r.IntN(6) {
		step(began.Add(-time.Duration(3+r.IntN(600))*time.Minute), confounders[r.IntN(len(confounders))])
	}
	if r.IntN(2) == 0 { // at the same time as what breaks it
		step(began.Add(-time.Duration(1+r.IntN(100))*time.Second), confounders[r.IntN(len(confounders))])
	}
	if st.breaks != nil {
		step(began.Add(-time.Duration(1+r.IntN(100))*time.Second), st.breaks)
	}
	c.verdict = st.judged(m)
	c.verdict.ContextID = "ctx-story"
	c.verdict.Problem = model.Problem{Location: model.Location{File: filepath.Join(dir, "main.go")}, Severity: 1, Source: "compiler", Message: st.shown}
	note(began, report.HistoryEvent{Kind: eventVerdict, Verdict: string(c.verdict.Kind), ContextID: c.verdict.ContextID})
	for range r.IntN(3) {
		step(began.Add(time.Duration(2+r.IntN(60))*time.Minute), confounders[r.IntN(len(confounders))])
	}
	c.now, c.before = m.snapshot(began.Add(2*time.Hour)), known
	var lines []string
	if r.IntN(10) == 0 {
		lines = append(lines, strayError)
	}
	for range r.IntN(4) {
		lines = append(lines, logNoise[r.IntN(len(logNoise))])
	}
	if st.said != "" {
		lines = append(lines, st.said)
	}
	hear(c.now, []model.Said{{Env: model.EnvShell, Command: "go list", Text: model.NewValue(strings.Join(lines, "\n"))}})
	return c
}

// names is what is named as the cause with some of the mechanisms.
func (c testCase) names(w *world.World, trace, base, context bool) (baseline.Ranked, bool) {
	s, v, before := *c.now, c.verdict, c.before
	if !trace {
		s.Said, v.Guilty, v.Stale = nil, nil, nil
	}
	if !base {
		before = baseline.Baseline{}
	}
	if !context {
		v.Problem.Message = "something is wrong"
	}
	a := assess(&s)
	if a.Verdicts, a.Happened = []model.Verdict{v}, c.happened; !base {
		a.Happened = []report.HistoryEvent{}
	}
	candidates := a.candidates(before)
	t := a.trouble(before, candidates, v.ContextID)
	if !context {
		t.Phantom, t.Real, t.Blamed, t.Warned, t.Found, t.Modules, t.Hinted, t.Route, t.Moot = false, false, nil, nil, nil, nil, nil, nil, nil
	}
	return baseline.Likeliest(baseline.Rank(candidates, t))
}

// TestMechanisms plays stories whose cause is known, and tells how often each of
// the mechanisms names it, alone and with the others. The table of
// docs/mechanisms.md is its log.
func TestMechanisms(t *testing.T) {
	seed := worldtest.Seed(t, "GOPHANTOM_MECHANISMS_SEED")
	r := rand.New(rand.NewPCG(seed, 4))
	w := world.Real()
	const each = 24
	type score struct{ right, named, all int }
	sets := []struct {
		name                 string
		trace, base, context bool
	}{
		{"trace", true, false, false},
		{"baseline", false, true, false},
		{"context", false, false, true},
		{"trace + baseline", true, true, false},
		{"trace + context", true, false, true},
		{"baseline + context", false, true, true},
		{"all three", true, true, true},
	}
	scores := make([]score, len(sets))
	misses := map[string]int{}
	for i := range each * len(stories) {
		c := play(&stories[i%len(stories)], r)
		for j, set := range sets {
			scores[j].all++
			found, ok := c.names(w, set.trace, set.base, set.context)
			right := ok && found.Kind == c.story.kind && found.Name == c.story.cause
			if ok {
				scores[j].named++
			}
			if right {
				scores[j].right++
			} else if j == len(sets)-1 {
				misses[fmt.Sprintf("%s: %s %s %t", c.story.name, found.Kind, found.Name, ok)]++
			}
		}
	}
	precision := func(s score) float64 { return float64(s.right) / float64(max(s.named, 1)) }
	recall := func(s score) float64 { return float64(s.right) / float64(s.all) }
	var table strings.Builder
	fmt.Fprintf(&table, "\n| mechanisms | named | right | precision | recall |\n|---|---:|---:|---:|---:|\n")
	for j, s := range scores {
		fmt.Fprintf(&table, "| %s | %d | %d | %.3f | %.3f |\n", sets[j].name, s.named, s.right, precision(s), recall(s))
	}
	t.Log(table.String())
	for miss, n := range misses {
		t.Logf("not right: %s (%d times)", miss, n)
	}
	f1 := func(s score) float64 { return 2 * float64(s.right) / float64(s.named+s.all) }
	all := scores[len(scores)-1]
	for j, s := range scores[:len(scores)-1] {
		if f1(all) <= f1(s) || recall(all) <= recall(s) {
			t.Errorf("%s is as good as all three: %+v, %+v", sets[j].name, s, all)
		}
	}
	if precision(all) < 0.97 || recall(all) < 0.97 {
		t.Errorf("all three: precision %.3f, recall %.3f; both are to be 0.97", precision(all), recall(all))
	}
}
