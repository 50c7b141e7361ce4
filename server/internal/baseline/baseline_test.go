package baseline_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/baseline"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// machine is a picture that a test changes.
type machine struct {
	vars  map[model.EnvName]map[string]string
	goIs  map[model.EnvName]string
	gopls string
	mods  map[string]map[string]string // go.mod → module → version
	repl  map[string]string
	uses  []string
	work  bool
	vend  bool
	sets  []string
	taken time.Time
}

func healthyMachine() *machine {
	m := &machine{vars: map[model.EnvName]map[string]string{}, goIs: map[model.EnvName]string{}, gopls: "v0.23.0", repl: map[string]string{}, taken: start}
	for _, env := range []model.EnvName{model.EnvShell, model.EnvGopls, model.EnvTools} {
		m.vars[env] = map[string]string{"PATH": "/usr/bin", "HOME": "/home/gopher", "GOFLAGS": "-mod=readonly", "GOPROXY": "https://proxy.example", "LANG": "C"}
		m.goIs[env] = "go1.26.8"
	}
	m.mods = map[string]map[string]string{"/ws/go.mod": {"example.com/a": "v1.0.0", "example.com/b": "v1.2.0", "corp.example/x": "v0.3.0"}}
	return m
}

var start = time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)

func (m *machine) snapshot() *model.Snapshot {
	s := &model.Snapshot{Dir: "/ws", Trusted: true, Taken: m.taken}
	for _, env := range []model.EnvName{model.EnvShell, model.EnvGopls, model.EnvTools} {
		vars := map[string]model.Assignment{}
		for name, value := range m.vars[env] {
			vars[name] = model.Assignment{Value: model.NewValue(value)}
		}
		s.Envs = append(s.Envs, model.Env{Name: env, Complete: true, Layers: []model.Layer{{Kind: model.LayerProcess, Vars: vars}}})
		s.Toolchain = append(s.Toolchain, model.Toolchain{Env: env, Version: m.goIs[env]})
	}
	for file, requires := range m.mods {
		mod := model.Module{File: file, Path: "example.com/app", Go: "1.24", Vendored: m.vend}
		for path, version := range requires {
			mod.Requires = append(mod.Requires, model.Require{Path: path, Version: version})
		}
		for from, to := range m.repl {
			mod.Replaces = append(mod.Replaces, model.Replace{OldPath: from, NewPath: to})
		}
		s.Modules = append(s.Modules, mod)
	}
	if m.work {
		s.Work = &model.Work{File: "/ws/go.work"}
		for _, dir := range m.uses {
			s.Work.Uses = append(s.Work.Uses, model.Use{Dir: dir})
		}
	}
	s.Gopls = []model.GoplsProcess{{PID: 1, Version: m.gopls}}
	for _, key := range m.sets {
		s.Settings = append(s.Settings, model.EditorSetting{Key: key, Scope: "user"})
	}
	return s
}

func reveal(_ string, v model.Value) string { return v.Reveal() }

func TestDiffNamesWhatChanged(t *testing.T) {
	m := healthyMachine()
	b := baseline.Take(m.snapshot(), "salt", reveal)
	if changes := b.Diff(m.snapshot()); len(changes) != 0 {
		t.Fatalf("nothing changed, and yet: %v", changes)
	}
	m.vars[model.EnvGopls]["GOFLAGS"] = "-mod=vendor"
	delete(m.vars[model.EnvShell], "GOPROXY")
	m.vars[model.EnvTools]["GOWORK"] = "off"
	m.mods["/ws/go.mod"]["example.com/a"] = "v1.1.0"
	m.gopls = "v0.24.0"
	m.work, m.uses = true, []string{"/ws/tools"}
	var got []string
	for _, c := range b.Diff(m.snapshot()) {
		got = append(got, fmt.Sprintf("%s %s %s: %q → %q %t %t", c.Kind, c.Env, c.Name, c.Was, c.Value.Reveal(), c.Added, c.Removed))
	}
	slices.Sort(got)
	want := []string{
		`go line  go.work: "" → "" true false`,
		`go.work  go.work: "" → "go.work" true false`,
		`gopls  version: "v0.23.0" → "v0.24.0" false false`,
		`require  go.mod example.com/a: "v1.0.0" → "v1.1.0" false false`,
		`use  tools: "" → "yes" true false`,
		`variable gopls GOFLAGS: "-mod=readonly" → "-mod=vendor" false false`,
		`variable shell GOPROXY: "https://proxy.example" → "" false true`,
		`variable tools GOWORK: "" → "off" true false`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("changed:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestDiffOfTheUnknown takes an environment that is not known now for no change.
func TestDiffOfTheUnknown(t *testing.T) {
	m := healthyMachine()
	b := baseline.Take(m.snapshot(), "salt", reveal)
	s := m.snapshot()
	s.Envs[1].Complete = false // gopls does not run
	s.Gopls = nil
	if changes := b.Diff(s); len(changes) != 0 {
		t.Errorf("an environment that is not known changed: %v", changes)
	}
}

// TestBaselineHoldsNoValue looks for a secret in what is written.
func TestBaselineHoldsNoValue(t *testing.T) {
	m := healthyMachine()
	const secret = "hunter2-and-more"
	m.vars[model.EnvShell]["GOPROXY"] = "https://gopher:" + secret + "@proxy.example"
	b := baseline.Take(m.snapshot(), "salt", func(string, model.Value) string { return "shown" })
	data, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), secret) || strings.Contains(string(data), "-mod=readonly") {
		t.Errorf("a value is written: %s", data)
	}
	m.vars[model.EnvShell]["GOPROXY"] = "https://gopher:other@proxy.example"
	if changes := b.Diff(m.snapshot()); len(changes) != 1 {
		t.Errorf("%d changes, want that of the password", len(changes))
	}
	if other := baseline.Take(m.snapshot(), "pepper", reveal); other.Facts[0].Print == b.Facts[0].Print && other.Facts[1].Print == b.Facts[1].Print {
		t.Error("the hashes of two baselines can be compared")
	}
}

func TestLaterChangeIsNotToBlame(t *testing.T) {
	m := healthyMachine()
	b := baseline.Take(m.snapshot(), "salt", reveal)
	m.vars[model.EnvGopls]["GOPROXY"] = "off"
	m.vars[model.EnvGopls]["GOFLAGS"] = "-mod=vendor"
	changes := b.Diff(m.snapshot())
	at := map[string]time.Time{}
	for _, c := range changes {
		at[baseline.Key(c.Fact)] = start.Add(map[string]time.Duration{"GOPROXY": -time.Minute, "GOFLAGS": time.Minute}[c.Name])
	}
	ranked := baseline.Rank(changes, baseline.Trouble{Phantom: true, Began: start, Changed: at})
	if ranked[0].Name != "GOPROXY" || ranked[1].Score > 0.05 {
		t.Errorf("%+v", ranked)
	}
}

// injection is something that breaks a machine, and what the other mechanisms
// know of the trouble then.
type injection struct {
	name string
	do   func(m *machine, r *rand.Rand) string // the name of the fact that changed
	know func(t *baseline.Trouble, name string)
}

var variables = []string{"GOFLAGS", "GOPROXY", "GOPRIVATE", "GOWORK", "GOTOOLCHAIN", "GOOS", "CGO_ENABLED", "GOROOT"}

var injections = []injection{
	{"variable of gopls, found by bisect", func(m *machine, r *rand.Rand) string {
		v := variables[r.IntN(len(variables))]
		m.vars[model.EnvGopls][v] = fmt.Sprint("broken", r.IntN(1000))
		return v
	}, func(t *baseline.Trouble, name string) { t.Phantom, t.Guilty = true, []string{name} }},
	{"variable of the tools, found by a rule", func(m *machine, r *rand.Rand) string {
		v := variables[r.IntN(len(variables))]
		m.vars[model.EnvTools][v] = fmt.Sprint("broken", r.IntN(1000))
		return v
	}, func(t *baseline.Trouble, name string) { t.Phantom, t.Blamed = true, []string{name} }},
	{"variable of gopls, nothing known", func(m *machine, r *rand.Rand) string {
		v := variables[r.IntN(len(variables))]
		m.vars[model.EnvGopls][v] = fmt.Sprint("broken", r.IntN(1000))
		return v
	}, func(t *baseline.Trouble, name string) { t.Phantom = true }},
	{"a requirement", func(m *machine, r *rand.Rand) string {
		m.mods["/ws/go.mod"]["corp.example/x"] = fmt.Sprintf("v0.%d.0", 4+r.IntN(9))
		return "go.mod corp.example/x"
	}, func(t *baseline.Trouble, _ string) { t.Real, t.Modules = true, []string{"corp.example/x"} }},
	{"a replacement", func(m *machine, r *rand.Rand) string {
		m.repl["example.com/b"] = "../nowhere"
		return "go.mod example.com/b"
	}, func(t *baseline.Trouble, _ string) { t.Real, t.Modules = true, []string{"example.com/b"} }},
	{"a go.work", func(m *machine, r *rand.Rand) string {
		m.work = true
		return "go.work"
	}, func(t *baseline.Trouble, _ string) { t.Phantom = true }},
	{"another go", func(m *machine, r *rand.Rand) string {
		m.goIs[model.EnvGopls] = "go1.21.0"
		return "go"
	}, func(t *baseline.Trouble, _ string) { t.Phantom, t.Blamed = true, []string{"go"} }},
	{"another gopls", func(m *machine, r *rand.Rand) string {
		m.gopls = "v0.16.2"
		return "version"
	}, func(t *baseline.Trouble, _ string) { t.Phantom = true }},
	{"a vendor directory", func(m *machine, r *rand.Rand) string {
		m.vend = true
		return "go.mod"
	}, func(t *baseline.Trouble, _ string) { t.Real = true }},
}

// noises are changes that break nothing.
var noises = []func(m *machine, r *rand.Rand){
	func(m *machine, r *rand.Rand) { m.vars[model.EnvShell]["LANG"] = fmt.Sprint("C.", r.IntN(1000)) },
	func(m *machine, r *rand.Rand) { m.vars[model.EnvShell]["PATH"] = fmt.Sprint("/opt/", r.IntN(1000)) },
	func(m *machine, r *rand.Rand) { m.vars[model.EnvTools]["GIT_EDITOR"] = fmt.Sprint(r.IntN(1000)) },
	func(m *machine, r *rand.Rand) {
		m.mods["/ws/go.mod"]["example.com/a"] = fmt.Sprintf("v1.%d.0", 1+r.IntN(99))
	},
	func(m *machine, r *rand.Rand) {
		m.mods["/ws/go.mod"][fmt.Sprintf("example.com/new%d", r.IntN(9))] = "v1.0.0"
	},
	func(m *machine, r *rand.Rand) { m.sets = append(m.sets, fmt.Sprintf("go.lintTool%d", r.IntN(99))) },
	func(m *machine, r *rand.Rand) { m.vars[model.EnvGopls]["VSCODE_PID"] = fmt.Sprint(r.IntN(99999)) },
}

// TestHistories replays histories: a workspace that works, changes that mean
// nothing, and one that breaks it or makes it slow. Named first must be the one
// that was injected; slow must be what became so for good.
func TestHistories(t *testing.T) {
	seed := worldtest.Seed(t, "GOPHANTOM_HISTORIES_SEED")
	r := rand.New(rand.NewPCG(seed, 7))
	const histories = 270
	var right, wrong, missed int
	misses := map[string]int{}
	for i := range histories {
		in := injections[i%len(injections)]
		m := healthyMachine()
		b := baseline.Take(m.snapshot(), "salt", reveal)
		began := start.Add(time.Duration(r.IntN(1000)) * time.Hour)
		at := map[string]time.Time{}
		step := func(when time.Time, do func()) {
			before := baseline.Take(m.snapshot(), "step", reveal)
			do()
			for _, c := range before.Diff(m.snapshot()) {
				at[baseline.Key(c.Fact)] = when
			}
		}
		for range r.IntN(6) {
			step(began.Add(-time.Duration(10+r.IntN(600))*time.Minute), func() { noises[r.IntN(len(noises))](m, r) })
		}
		var name string
		step(began.Add(-time.Duration(1+r.IntN(100))*time.Second), func() { name = in.do(m, r) })
		for range r.IntN(3) {
			step(began.Add(time.Duration(1+r.IntN(60))*time.Minute), func() { noises[r.IntN(len(noises))](m, r) })
		}
		trouble := baseline.Trouble{Began: began, Changed: at}
		if r.IntN(3) == 0 { // nobody saw when what changed: the editor was closed
			trouble.Began = time.Time{}
		}
		in.know(&trouble, name)
		ranked := baseline.Rank(b.Diff(m.snapshot()), trouble)
		switch {
		case len(ranked) == 0:
			missed++
		case ranked[0].Name == name:
			right++
		default:
			wrong++
			missed++
			misses[in.name]++
		}
	}
	report(t, "what changed", right, wrong, missed)
	if len(misses) > 0 {
		t.Logf("named something else first: %v", misses)
	}

	right, wrong, missed = 0, 0, 0
	for i := range histories {
		factor := []float64{1, 10, 40}[i%3]
		usual := math.Exp(r.Float64()*math.Log(50)) * 60 // 60 ms to 3 s
		noise := func(f float64) float64 { return usual * f * math.Exp(r.NormFloat64()*0.2) }
		var c baseline.Costs
		when := start
		add := func(f float64) {
			when = when.Add(time.Duration(1+r.IntN(30)) * time.Minute)
			c.Add(baseline.Sample{At: when, Millis: noise(f)})
		}
		for range 10 + r.IntN(20) {
			if r.IntN(20) == 0 {
				add(3 + 10*r.Float64()) // a cold cache
			} else {
				add(1)
			}
		}
		lasting := r.IntN(3) > 0
		changed := when
		n := 1 + r.IntN(3) // it passes
		if lasting {
			n = 6 + r.IntN(20)
		}
		for range n {
			add(factor)
		}
		if !lasting {
			add(1)
		}
		s, slowed := c.Slowed()
		switch want := lasting && factor > 1; {
		case slowed && want && s.Since.Sub(changed) <= time.Hour && s.Since.After(changed.Add(-2*time.Hour)) && s.Is > 3*s.Was:
			right++
		case slowed:
			wrong++
		case want:
			missed++
		}
	}
	report(t, "became slow", right, wrong, missed)
}

// report prints F1 and fails below the goal.
func report(t *testing.T, what string, right, wrong, missed int) {
	t.Helper()
	f1 := 2 * float64(right) / float64(2*right+wrong+missed)
	t.Logf("%s: %d right, %d wrong, %d missed: F1 %.3f", what, right, wrong, missed, f1)
	if f1 < 0.97 {
		t.Errorf("%s: F1 %.3f, goal 0.97", what, f1)
	}
}

// TestUsual knows that a few that are far off move nothing.
func TestUsual(t *testing.T) {
	samples := []baseline.Sample{{Millis: 100}, {Millis: 110}, {Millis: 90}, {Millis: 9000}, {Millis: 105}}
	if middle, spread := baseline.Usual(samples); middle != 105 || spread != 5 {
		t.Errorf("%v ± %v", middle, spread)
	}
	if middle, spread := baseline.Usual(nil); middle != 0 || spread != 0 {
		t.Errorf("of nothing: %v ± %v", middle, spread)
	}
	var c baseline.Costs
	for _, bad := range []float64{-1, math.NaN(), math.Inf(1)} {
		c.Add(baseline.Sample{Millis: bad})
	}
	for i := range 1000 {
		c.Add(baseline.Sample{Millis: float64(i)})
	}
	if len(c.Samples) > 100 {
		t.Errorf("%d samples are kept", len(c.Samples))
	}
}
