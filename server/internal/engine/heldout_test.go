package engine

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/baseline"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world"
)

// The stories of this file were written from the catalogue of what go and gopls
// do, before their author had read how suspects are weighed, and none was changed
// to be told right. docs/mechanisms.md says how many were right at first.

// edit is one change of a machine.
type edit func(s *model.Snapshot)

// at is a moment of a story, in minutes before the trouble (negative: after it).
type at struct {
	minutes int
	edits   []edit
}

// answer is a change that is the true cause.
type answer struct {
	kind baseline.Kind
	name string
}

// heldOut is one history with a known cause.
type heldOut struct {
	name    string
	start   []edit // how the machine is from the beginning
	history []at
	shown   string // what gopls shows
	said    string // what go prints in the user's shell
	verdict model.Verdict
	closed  bool // the editor was closed: only the baseline knows of the changes
	unknown bool // there is no baseline: it was never seen green
	cause   []answer
}

var (
	heldDir, _ = filepath.Abs(filepath.FromSlash("/ws"))
	heldMod    = filepath.Join(heldDir, "go.mod")
)

// heldMachine is a machine on which everything is green.
func heldMachine() *model.Snapshot {
	s := &model.Snapshot{Dir: heldDir, Trusted: true, GOOS: "linux"}
	value := func(vars map[string]string) map[string]model.Assignment {
		out := map[string]model.Assignment{}
		for name, text := range vars {
			out[name] = model.Assignment{Value: model.NewValue(text)}
		}
		return out
	}
	for _, env := range stationEnvs {
		s.Envs = append(s.Envs, model.Env{Name: env, Complete: true, Layers: []model.Layer{
			{Kind: model.LayerGoplsSettings, Vars: value(nil)},
			{Kind: model.LayerToolsEnvVars, Vars: value(nil)},
			{Kind: model.LayerProcess, Vars: value(map[string]string{"PATH": "/usr/local/go/bin:/usr/bin", "HOME": "/home/gopher", "LANG": "C", "GOPRIVATE": "git.corp.example", "SSH_AUTH_SOCK": "/run/user/1000/ssh"})},
			{Kind: model.LayerGOENV, Vars: value(map[string]string{"GOPROXY": "https://proxy.corp.example,direct"})},
			{Kind: model.LayerGoroot, Vars: value(map[string]string{"GOSUMDB": "sum.golang.org", "GOTOOLCHAIN": "auto"})},
			{Kind: model.LayerDefault, Vars: value(map[string]string{"GOMODCACHE": "/home/gopher/go/pkg/mod", "GOCACHE": "/home/gopher/.cache/go-build", "GOOS": "linux", "GOARCH": "amd64", "CGO_ENABLED": "1", "GOROOT": "/usr/local/go"})},
		}})
		s.Toolchain = append(s.Toolchain, model.Toolchain{Env: env, Go: "/usr/local/go/bin/go", GOROOT: "/usr/local/go", Version: "go1.26.8", Selected: "go1.26.8", Host: "linux/amd64", Tools: []model.Tool{
			{Name: "go", Path: "/usr/local/go/bin/go", Version: "go1.26.8"}, {Name: "git", Path: "/usr/bin/git", Version: "2.39.5"}, {Name: "cc", Path: "/usr/bin/gcc"},
		}})
	}
	m := model.Module{File: heldMod, Path: "example.com/app", Go: "1.26", GoLine: 3, Sum: model.Sum{File: filepath.Join(heldDir, "go.sum"), Exists: true, Lines: map[string]bool{}}}
	for i, r := range []string{"example.com/lib v1.2.0", "example.org/log v1.0.3", "git.corp.example/team/auth v1.4.0", "github.com/acme/tool v0.3.1"} {
		var path, version string
		_, _ = fmt.Sscan(r, &path, &version)
		m.Requires = append(m.Requires, model.Require{Path: path, Version: version, Line: 6 + i})
		m.Sum.Lines[r], m.Sum.Lines[r+"/go.mod"] = true, true
	}
	s.Modules = []model.Module{m}
	s.Gopls = []model.GoplsProcess{{PID: 1, Version: "v0.23.0", GoVersion: "go1.26.8"}}
	s.Extension = &model.GoExtension{Version: "0.52.0", Active: true, UseLanguageServer: true}
	s.Netrcs = []model.Netrc{{File: "/home/gopher/.netrc", Envs: stationEnvs, Exists: true, Machines: []model.NetrcMachine{{Name: "proxy.corp.example", Line: 1, HasLogin: true, HasPassword: true}}}}
	return s
}

func setIn(kind model.LayerKind, file, name, value string, envs ...model.EnvName) edit {
	return func(s *model.Snapshot) {
		for i, e := range s.Envs {
			if !slices.Contains(envs, e.Name) {
				continue
			}
			for j, l := range e.Layers {
				if l.Kind == kind {
					s.Envs[i].Layers[j].Vars[name] = model.Assignment{Value: model.NewValue(value), File: file}
				}
			}
		}
	}
}

// everywhere sets a variable in a start-up file that the editor was started with
// too; shellOnly and editorOnly where only one of them has it.
func everywhere(name, value string) edit {
	return setIn(model.LayerProcess, "/home/gopher/.zshrc", name, value, stationEnvs...)
}

func shellOnly(name, value string) edit {
	return setIn(model.LayerProcess, "/home/gopher/.zshrc", name, value, model.EnvShell)
}

func editorOnly(name, value string) edit {
	return setIn(model.LayerProcess, "", name, value, model.EnvGopls, model.EnvTools)
}

func goEnvW(name, value string) edit {
	return setIn(model.LayerGOENV, "/home/gopher/.config/go/env", name, value, stationEnvs...)
}

// lost takes a variable out of the process everywhere.
func lost(name string) edit {
	return func(s *model.Snapshot) {
		for _, e := range s.Envs {
			for _, l := range e.Layers {
				if l.Kind == model.LayerProcess {
					delete(l.Vars, name)
				}
			}
		}
	}
}

func requires(path, version string) edit {
	return func(s *model.Snapshot) {
		m := &s.Modules[0]
		for i := range m.Requires {
			if m.Requires[i].Path == path {
				m.Requires[i].Version = version
				return
			}
		}
		m.Requires = append(m.Requires, model.Require{Path: path, Version: version, Line: 6 + len(m.Requires)})
	}
}

func summed(key string) edit {
	return func(s *model.Snapshot) {
		s.Modules[0].Sum.Lines[key], s.Modules[0].Sum.Lines[key+"/go.mod"] = true, true
	}
}

func unsummed(key string) edit {
	return func(s *model.Snapshot) { delete(s.Modules[0].Sum.Lines, key) }
}

func unrequired(path string) edit {
	return func(s *model.Snapshot) {
		s.Modules[0].Requires = slices.DeleteFunc(s.Modules[0].Requires, func(r model.Require) bool { return r.Path == path })
	}
}

func replaced(path, by string) edit {
	return func(s *model.Snapshot) {
		s.Modules[0].Replaces = append(s.Modules[0].Replaces, model.Replace{OldPath: path, NewPath: by, Line: 12})
	}
}

func unreplaced() edit { return func(s *model.Snapshot) { s.Modules[0].Replaces = nil } }

func goLine(version, toolchain string) edit {
	return func(s *model.Snapshot) { s.Modules[0].Go, s.Modules[0].Toolchain = version, toolchain }
}

// vendored makes the vendor directory as go.mod is then.
func vendored() edit {
	return func(s *model.Snapshot) {
		m := &s.Modules[0]
		m.Vendored, m.Vendor = true, &model.Vendor{File: filepath.Join(heldDir, "vendor", "modules.txt"), Exists: true}
		for i, r := range m.Requires {
			m.Vendor.Modules = append(m.Vendor.Modules, model.VendoredModule{Path: r.Path, Version: r.Version, Explicit: true, Packages: true, Line: 3 * i})
		}
	}
}

func workspace(uses ...string) edit {
	return func(s *model.Snapshot) {
		s.Work = &model.Work{File: filepath.Join(heldDir, "go.work"), Go: "1.26"}
		for i, dir := range uses {
			s.Work.Uses = append(s.Work.Uses, model.Use{Dir: filepath.Join(heldDir, dir), Line: 3 + i})
		}
	}
}

func noWorkspace() edit { return func(s *model.Snapshot) { s.Work = nil } }

func goplsIs(version, builtWith string) edit {
	return func(s *model.Snapshot) { s.Gopls[0].Version, s.Gopls[0].GoVersion = version, builtWith }
}

func goIs(version string, envs ...model.EnvName) edit {
	return func(s *model.Snapshot) {
		for i, t := range s.Toolchain {
			if slices.Contains(envs, t.Env) {
				s.Toolchain[i].Version, s.Toolchain[i].Selected, s.Toolchain[i].Tools[0].Version = version, version, version
			}
		}
	}
}

func without(tool string, envs ...model.EnvName) edit {
	return func(s *model.Snapshot) {
		for i, t := range s.Toolchain {
			if slices.Contains(envs, t.Env) {
				s.Toolchain[i].Tools = slices.DeleteFunc(slices.Clone(t.Tools), func(x model.Tool) bool { return x.Name == tool })
				if tool == "go" {
					s.Toolchain[i].Go, s.Toolchain[i].Version, s.Toolchain[i].Selected, s.Toolchain[i].Why = "", "", "", "there is no go in PATH"
				}
			}
		}
	}
}

func setting(key, text string) edit {
	return func(s *model.Snapshot) {
		s.Settings = append(s.Settings, model.EditorSetting{Key: key, Scope: "workspace", Texts: []model.Value{model.NewValue(text)}, File: filepath.Join(heldDir, ".vscode", "settings.json"), Line: 4})
	}
}

func notCached(modules ...string) edit {
	return func(s *model.Snapshot) {
		s.Caches = []model.ModuleCache{{Dir: "/home/gopher/go/pkg/mod", Missing: modules}}
	}
}

func noNetrc() edit {
	return func(s *model.Snapshot) { s.Netrcs[0].Exists, s.Netrcs[0].Machines = false, nil }
}

func oldGoForEveryone() edit { return goIs("go1.24.6", stationEnvs...) }

var (
	isReal    = model.Verdict{Kind: model.Real}
	isPhantom = model.Verdict{Kind: model.Phantom, Cause: model.CauseEnv}
	isStale   = func(what model.StaleKind, file string) model.Verdict {
		return model.Verdict{Kind: model.Phantom, Cause: model.CauseStale, Stale: &model.Staleness{What: what, File: file}}
	}
)

func shownByExperiment(names ...string) model.Verdict {
	v := isPhantom
	for _, name := range names {
		v.Guilty = append(v.Guilty, model.Guilty{Variable: name})
	}
	return v
}

func variable(names ...string) (out []answer) {
	for _, name := range names {
		out = append(out, answer{baseline.Variable, name})
	}
	return out
}

const (
	authUnimportable = `could not import git.corp.example/team/auth (no required module provides package "git.corp.example/team/auth")`
	libUnimportable  = `could not import example.com/lib/sub (no required module provides package "example.com/lib/sub")`
	toolUnimportable = `could not import github.com/acme/tool (no required module provides package "github.com/acme/tool")`
	loadFailed       = "initialization failed: packages.Load error: err: exit status 1: stderr: "
	vendorText       = "go: inconsistent vendoring in /ws:\n\texample.com/lib@v1.2.0: is explicitly required in go.mod, but not marked as explicit in vendor/modules.txt\n\n\tTo ignore the vendor directory, use -mod=readonly or -mod=mod.\n\tTo sync the vendor directory, run:\n\t\tgo mod vendor"
)

// envrc is one save of a file that sets a handful of variables at once.
func envrc(changed ...edit) []edit {
	return append(changed, everywhere("GOBIN", "/home/gopher/bin"), everywhere("GODEBUG", "madvdontneed=1"))
}

var heldOuts = []heldOut{
	{
		name:    "-mod=vendor among five edits of .zshrc",
		history: []at{{2, []edit{everywhere("LANG", "de_DE.UTF-8"), everywhere("GOBIN", "/home/gopher/bin"), everywhere("GOFLAGS", "-mod=vendor"), everywhere("GIT_PAGER", "less"), everywhere("PATH", "/usr/local/go/bin:/usr/bin:/home/gopher/bin")}}},
		shown:   loadFailed + vendorText, said: vendorText, verdict: isReal, cause: variable("GOFLAGS"),
	},
	{
		name:    "-mod=vendor among five edits, and the editor was closed",
		history: []at{{2, []edit{everywhere("LANG", "de_DE.UTF-8"), everywhere("GOBIN", "/home/gopher/bin"), everywhere("GOFLAGS", "-mod=vendor"), everywhere("GIT_PAGER", "less"), everywhere("PATH", "/usr/local/go/bin:/usr/bin:/home/gopher/bin")}}},
		shown:   loadFailed + vendorText, said: vendorText, verdict: isReal, closed: true, cause: variable("GOFLAGS"),
	},
	{
		name:    "GOPRIVATE is lost",
		history: []at{{30, []edit{everywhere("LANG", "en_US")}}, {3, []edit{lost("GOPRIVATE"), notCached("git.corp.example/team/auth@v1.4.0")}}},
		shown:   authUnimportable, said: "go: git.corp.example/team/auth@v1.4.0: reading https://proxy.corp.example/git.corp.example/team/auth/@v/v1.4.0.mod: 404 Not Found", verdict: isReal, cause: variable("GOPRIVATE"),
	},
	{
		name: "GOPRIVATE is lost in the editor, no experiment was made",
		history: []at{{3, []edit{func(s *model.Snapshot) {
			delete(s.Envs[1].Layers[2].Vars, "GOPRIVATE")
			delete(s.Envs[2].Layers[2].Vars, "GOPRIVATE")
		}, notCached("git.corp.example/team/auth@v1.4.0")}}, {3, []edit{editorOnly("GOBIN", "/x")}}},
		shown: authUnimportable, verdict: isPhantom, cause: variable("GOPRIVATE"),
	},
	{
		name:    "another proxy and a new toolchain in the same hour: the proxy",
		history: []at{{40, []edit{goIs("go1.27.4", stationEnvs...)}}, {10, []edit{goEnvW("GOPROXY", "https://mirror.corp.example,direct"), notCached("example.com/lib@v1.2.0")}}},
		shown:   libUnimportable, said: `go: example.com/lib@v1.2.0: Get "https://mirror.corp.example/example.com/lib/@v/v1.2.0.mod": dial tcp 192.0.2.9:443: connect: connection refused`, verdict: isReal, cause: variable("GOPROXY"),
	},
	{
		name:    "another proxy and an old toolchain in the same hour: the toolchain",
		history: []at{{40, []edit{goEnvW("GOPROXY", "https://mirror.corp.example,direct")}}, {10, []edit{oldGoForEveryone()}}},
		shown:   loadFailed + "go: go.mod requires go >= 1.26 (running go 1.24.6; GOTOOLCHAIN=local)", said: "go: go.mod requires go >= 1.26 (running go 1.24.6; GOTOOLCHAIN=local)", verdict: isReal, cause: []answer{{baseline.Toolchain, "go"}},
	},
	{
		name:    "go.mod, a branch and PATH: go.mod",
		history: []at{{5, []edit{everywhere("PATH", "/opt/bin:/usr/local/go/bin:/usr/bin")}}, {2, []edit{requires("example.com/lib", "v1.3.0"), func(s *model.Snapshot) { delete(s.Modules[0].Sum.Lines, "example.com/lib v1.2.0") }}}},
		shown:   libUnimportable, said: "main.go:4:2: missing go.sum entry for module providing package example.com/lib/sub (imported by example.com/app); to add:\n\tgo get example.com/app", verdict: isReal, cause: []answer{{baseline.Require, "go.mod example.com/lib"}, {baseline.Sum, "go.mod example.com/lib v1.2.0"}},
	},
	{
		name:    "go.mod, a branch and PATH: PATH",
		history: []at{{50, []edit{requires("example.com/lib", "v1.3.0"), summed("example.com/lib v1.3.0")}}, {2, []edit{everywhere("PATH", "/opt/go1.24/bin:/usr/bin"), oldGoForEveryone(), everywhere("GOTOOLCHAIN", "auto")}}},
		shown:   loadFailed + "go: go.mod requires go >= 1.26 (running go 1.24.6)", said: "go: go.mod requires go >= 1.26 (running go 1.24.6)", verdict: isReal, cause: append(variable("PATH"), answer{baseline.Toolchain, "go"}),
	},
	{
		name:    "the netrc is gone",
		history: []at{{30, []edit{everywhere("GOBIN", "/b")}}, {5, []edit{noNetrc(), notCached("example.com/lib@v1.2.0")}}},
		shown:   libUnimportable, said: "go: example.com/lib@v1.2.0: reading https://proxy.corp.example/example.com/lib/@v/v1.2.0.mod: 401 Unauthorized", verdict: isReal, cause: []answer{{"netrc", "/home/gopher/.netrc"}},
	},
	{
		name:    "GOSUMDB=off, and the toolchain has to be downloaded",
		start:   []edit{goLine("1.27.4", "")},
		history: []at{{20, []edit{goEnvW("GOSUMDB", "off"), everywhere("GOBIN", "/b")}}},
		shown:   "No active builds contain /ws/main.go: consider opening a new workspace folder containing it", said: "go: download go1.27.4: golang.org/toolchain@v0.0.1-go1.27.4.linux-amd64: verifying module: checksum database disabled by GOSUMDB=off", verdict: isReal, cause: variable("GOSUMDB"),
	},
	{
		name:    "a GOSUMDB that is none",
		history: []at{{20, []edit{everywhere("GOSUMDB", "sum.corp.example:443"), everywhere("GOPROXY", "https://proxy.corp.example")}}, {1, []edit{requires("example.org/log", "v1.1.0")}}},
		shown:   `could not import example.org/log (no required module provides package "example.org/log")`, said: "go: example.org/log@v1.1.0: verifying module: invalid GOSUMDB: malformed verifier id", verdict: isReal, cause: variable("GOSUMDB"),
	},
	{
		name:    "a replacement by a directory that is not there",
		history: []at{{60, []edit{everywhere("GOFLAGS", "-v")}}, {4, []edit{replaced("example.com/lib", "../lib"), requires("example.org/log", "v1.1.0"), summed("example.org/log v1.1.0")}}},
		shown:   loadFailed + "go: example.com/lib@v1.2.0: replacement directory ../lib does not exist", said: "go: example.com/lib@v1.2.0: replacement directory ../lib does not exist", verdict: isReal, cause: []answer{{baseline.Replace, "go.mod example.com/lib"}},
	},
	{
		name:    "a go.work that does not list the module",
		history: []at{{4, []edit{workspace("other"), everywhere("GOBIN", "/b")}}},
		shown:   libUnimportable, said: "current directory is contained in a module that is not one of the workspace modules listed in go.work. You can add the module to the workspace using:\n\tgo work use .", verdict: isReal, cause: []answer{{baseline.Workspace, "go.work"}},
	},
	{
		name:    "vendor is older than go.mod",
		start:   []edit{vendored()},
		history: []at{{90, []edit{everywhere("GOPROXY", "https://mirror.corp.example")}}, {6, []edit{requires("example.com/lib", "v1.3.0")}}},
		shown:   "Inconsistent vendoring detected. Please re-run \"go mod vendor\".", said: "go: inconsistent vendoring in /ws:\n\texample.com/lib@v1.3.0: is explicitly required in go.mod, but vendor/modules.txt indicates example.com/lib@v1.2.0\n\n\tTo ignore the vendor directory, use -mod=readonly or -mod=mod.", verdict: isReal, cause: []answer{{baseline.Require, "go.mod example.com/lib"}},
	},
	{
		name:    "a vendor directory of another branch",
		history: []at{{6, []edit{vendored(), func(s *model.Snapshot) { s.Modules[0].Vendor.Modules = s.Modules[0].Vendor.Modules[1:] }}}, {5, []edit{everywhere("LANG", "C.UTF-8")}}},
		shown:   "Inconsistent vendoring detected. Please re-run \"go mod vendor\".", said: vendorText, verdict: isReal, cause: []answer{{baseline.Vendor, "go.mod"}},
	},
	{
		name:    "an old gopls",
		history: []at{{30, []edit{goplsIs("v0.16.2", "go1.22.12")}}, {10, []edit{everywhere("GOPROXY", "https://mirror.corp.example,direct")}}},
		shown:   "cannot range over seq (variable of type func(yield func(int) bool))", verdict: model.Verdict{Kind: model.Phantom, Cause: model.CauseVersion}, cause: []answer{{baseline.Server, "version"}, {baseline.Server, "built with"}},
	},
	{
		name:    "the Go extension installed another gopls overnight",
		history: []at{{600, []edit{goplsIs("v0.18.1", "go1.24.6")}}, {30, []edit{everywhere("LANG", "C.UTF-8")}}},
		shown:   "invalid recursive type: Adder refers to itself", verdict: model.Verdict{Kind: model.Phantom, Cause: model.CauseVersion}, closed: true, cause: []answer{{baseline.Server, "version"}, {baseline.Server, "built with"}},
	},
	{
		name:    "a GOROOT of another release",
		history: []at{{15, []edit{everywhere("GOROOT", "/usr/local/go1.25"), everywhere("GOBIN", "/b")}}},
		shown:   "undefined: thing", said: "# internal/goarch\ncompile: version \"go1.26.8\" does not match go tool version \"go1.25.1\"", verdict: isReal, cause: variable("GOROOT"),
	},
	{
		name:    "a GOROOT that is gone",
		history: []at{{15, []edit{everywhere("GOROOT", "/usr/local/go1.20-gone"), everywhere("GOFLAGS", "-v")}}},
		shown:   "No active builds contain /ws/main.go: consider opening a new workspace folder containing it", said: "go: cannot find GOROOT directory: /usr/local/go1.20-gone", verdict: isReal, cause: variable("GOROOT"),
	},
	{
		name:    "cgo is off",
		history: []at{{45, []edit{everywhere("GOFLAGS", "-trimpath")}}, {25, []edit{everywhere("CGO_ENABLED", "0")}}, {1, []edit{everywhere("GOBIN", "/b")}}},
		shown:   "undefined: FromC", said: "package example.com/app\n\timports example.com/app/internal/c: build constraints exclude all Go files in /ws/internal/c", verdict: isReal, cause: variable("CGO_ENABLED"),
	},
	{
		name:    "GOOS=windows",
		history: []at{{5, []edit{everywhere("GOOS", "windows"), everywhere("GOPROXY", "https://mirror.corp.example,direct")}}},
		shown:   "undefined: Plat", said: "# example.com/app\n./a.go:3:9: undefined: Plat", verdict: isReal, cause: variable("GOOS"),
	},
	{
		name:    "GOTOOLCHAIN=local under a newer go line",
		start:   []edit{goLine("1.27.0", ""), goIs("go1.27.4", stationEnvs...)},
		history: []at{{33, []edit{everywhere("GOTOOLCHAIN", "local"), goIs("go1.26.8", stationEnvs...)}}, {2, []edit{requires("example.org/log", "v1.1.0"), summed("example.org/log v1.1.0")}}},
		shown:   loadFailed + "go: go.mod requires go >= 1.27.0 (running go 1.26.8; GOTOOLCHAIN=local)", said: "go: go.mod requires go >= 1.27.0 (running go 1.26.8; GOTOOLCHAIN=local)", verdict: isReal, cause: variable("GOTOOLCHAIN"),
	},
	{
		name:    "a newer go line under GOTOOLCHAIN=local",
		start:   []edit{everywhere("GOTOOLCHAIN", "local")},
		history: []at{{33, []edit{everywhere("GOBIN", "/b")}}, {2, []edit{goLine("1.27.0", "")}}},
		shown:   loadFailed + "go: go.mod requires go >= 1.27.0 (running go 1.26.8; GOTOOLCHAIN=local)", said: "go: go.mod requires go >= 1.27.0 (running go 1.26.8; GOTOOLCHAIN=local)", verdict: isReal, cause: []answer{{baseline.GoLine, "go.mod"}},
	},
	{
		name:    "a dead HTTPS_PROXY",
		history: []at{{9, []edit{everywhere("HTTPS_PROXY", "http://squid.corp.example:3128"), everywhere("GOFLAGS", "-v"), notCached("example.com/lib@v1.2.0")}}},
		shown:   libUnimportable, said: `go: example.com/lib@v1.2.0: Get "https://proxy.corp.example/example.com/lib/@v/v1.2.0.mod": proxyconnect tcp: dial tcp 192.0.2.3:3128: connect: connection refused`, verdict: isReal, cause: variable("HTTPS_PROXY"),
	},
	{
		name:    "NO_PROXY is lost",
		start:   []edit{everywhere("HTTPS_PROXY", "http://squid.corp.example:3128"), everywhere("NO_PROXY", ".corp.example")},
		history: []at{{9, []edit{lost("NO_PROXY"), notCached("example.com/lib@v1.2.0")}}, {7, []edit{everywhere("GOBIN", "/b")}}},
		shown:   libUnimportable, said: `go: example.com/lib@v1.2.0: Get "https://proxy.corp.example/example.com/lib/@v/v1.2.0.mod": Proxy Authentication Required`, verdict: isReal, cause: variable("NO_PROXY"),
	},
	{
		name:  "GOMODCACHE moves, and downloads are off",
		start: []edit{everywhere("GOPROXY", "off")},
		history: []at{{12, []edit{everywhere("GOMODCACHE", "/mnt/scratch/mod"), everywhere("GOBIN", "/b"), func(s *model.Snapshot) {
			s.Caches = []model.ModuleCache{{Dir: "/mnt/scratch/mod", Missing: []string{"example.com/lib@v1.2.0"}}}
		}}}},
		shown: libUnimportable, said: "main.go:4:2: example.com/lib@v1.2.0: module lookup disabled by GOPROXY=off", verdict: isReal, cause: variable("GOMODCACHE"),
	},
	{
		name:    "GOPROXY=off three days after a new version",
		history: []at{{4000, []edit{requires("example.com/lib", "v1.3.0"), summed("example.com/lib v1.3.0")}}, {5, []edit{everywhere("GOPROXY", "off"), notCached("example.com/lib@v1.3.0")}}},
		shown:   libUnimportable, said: "main.go:4:2: example.com/lib@v1.3.0: module lookup disabled by GOPROXY=off", verdict: isReal, cause: variable("GOPROXY"),
	},
	{
		name:    "GOFLAGS is wrong on both sides, each in its own way",
		history: []at{{14, []edit{editorOnly("GOFLAGS", "-tags=bad"), shellOnly("GOFLAGS", "-mod=foo")}}, {12, []edit{everywhere("GOPROXY", "https://mirror.corp.example,direct")}}},
		shown:   "undefined: Impl", said: "go: -mod=foo not supported (can be '', 'mod', 'readonly', or 'vendor')", verdict: isReal, cause: variable("GOFLAGS"),
	},
	{
		name:    "GOPROXY is wrong on both sides, each in its own way",
		history: []at{{14, []edit{editorOnly("GOPROXY", "https://old.corp.example"), shellOnly("GOPROXY", "https://new.corp.example"), everywhere("PATH", "/opt/bin:/usr/local/go/bin:/usr/bin"), notCached("example.com/lib@v1.2.0")}}},
		shown:   libUnimportable, said: "go: example.com/lib@v1.2.0: reading https://new.corp.example/example.com/lib/@v/v1.2.0.mod: 403 Forbidden", verdict: isReal, cause: variable("GOPROXY"),
	},
	{
		name:    "GOPROXY is wrong on both sides, and go says nothing",
		history: []at{{14, []edit{editorOnly("GOPROXY", "https://old.corp.example"), shellOnly("GOPROXY", "https://new.corp.example"), everywhere("PATH", "/opt/bin:/usr/local/go/bin:/usr/bin"), notCached("example.com/lib@v1.2.0")}}},
		shown:   libUnimportable, verdict: isReal, cause: variable("GOPROXY"),
	},
	{
		name:    "GOPRIVATE is wrong on both sides, each in its own way",
		history: []at{{14, []edit{editorOnly("GOPRIVATE", "corp.example"), shellOnly("GOPRIVATE", "other.example, git.corp.example"), notCached("git.corp.example/team/auth@v1.4.0")}}, {14, []edit{everywhere("GOBIN", "/b")}}},
		shown:   authUnimportable, said: "go: git.corp.example/team/auth@v1.4.0: reading https://proxy.corp.example/git.corp.example/team/auth/@v/v1.4.0.mod: 404 Not Found", verdict: isReal, cause: variable("GOPRIVATE"),
	},
	{
		name:    "GOTOOLCHAIN is wrong on both sides, each in its own way",
		history: []at{{14, []edit{editorOnly("GOTOOLCHAIN", "go1.25.0"), shellOnly("GOTOOLCHAIN", "go1.24.0"), goIs("go1.25.0", model.EnvGopls, model.EnvTools), goIs("go1.24.0", model.EnvShell)}}, {3, []edit{everywhere("GOBIN", "/b")}}},
		shown:   loadFailed + "go: go.mod requires go >= 1.26 (running go 1.25.0; GOTOOLCHAIN=go1.25.0)", said: "go: go.mod requires go >= 1.26 (running go 1.24.0; GOTOOLCHAIN=go1.24.0)", verdict: isReal, cause: variable("GOTOOLCHAIN"),
	},
	{
		name:    "CGO_ENABLED is 0 in the editor, no experiment was made",
		history: []at{{14, []edit{editorOnly("CGO_ENABLED", "0")}}, {13, []edit{everywhere("GOBIN", "/b")}}},
		shown:   "undefined: FromC", verdict: isPhantom, cause: variable("CGO_ENABLED"),
	},
	{
		name:    "a token in GOPROXY expired and another took its place",
		start:   []edit{goEnvW("GOPROXY", "https://gopher:tok3n-0ne-aaaaaaaa@proxy.corp.example")},
		history: []at{{14, []edit{goEnvW("GOPROXY", "https://gopher:tok3n-tw0-bbbbbbbb@proxy.corp.example"), everywhere("GOBIN", "/b"), notCached("example.com/lib@v1.2.0")}}},
		shown:   libUnimportable, said: "go: example.com/lib@v1.2.0: reading https://gopher:xxxxx@proxy.corp.example/example.com/lib/@v/v1.2.0.mod: 401 Unauthorized", verdict: isReal, cause: variable("GOPROXY"),
	},
	{
		name:    "a GOAUTH that does not answer",
		history: []at{{14, []edit{everywhere("GOAUTH", "corp-helper"), everywhere("GOBIN", "/b"), everywhere("GOFLAGS", "-v"), notCached("example.com/lib@v1.2.0")}}},
		shown:   libUnimportable, said: "go: example.com/lib@v1.2.0: reading https://proxy.corp.example/example.com/lib/@v/v1.2.0.mod: 401 Unauthorized", verdict: isReal, cause: variable("GOAUTH"),
	},
	{
		name:    "GOPRIVATE is lost, and then four others are tried",
		history: []at{{3, []edit{lost("GOPRIVATE"), notCached("git.corp.example/team/auth@v1.4.0")}}, {-5, []edit{everywhere("GONOSUMDB", "git.corp.example")}}, {-8, []edit{everywhere("GOINSECURE", "git.corp.example")}}, {-12, []edit{everywhere("GOSUMDB", "off")}}, {-15, []edit{everywhere("GOFLAGS", "-mod=mod")}}},
		shown:   authUnimportable, said: "go: git.corp.example/team/auth@v1.4.0: reading https://proxy.corp.example/git.corp.example/team/auth/@v/v1.4.0.mod: 404 Not Found", verdict: isReal, cause: variable("GOPRIVATE"),
	},
	{
		name:    "GOFLAGS broke it, and was changed again since",
		history: []at{{3, []edit{everywhere("GOFLAGS", "-mod=vendor"), everywhere("GOBIN", "/b")}}, {-10, []edit{everywhere("GOFLAGS", "-mod=vendor -x")}}},
		shown:   loadFailed + vendorText, said: vendorText, verdict: isReal, cause: variable("GOFLAGS"),
	},
	{
		name:    "GOPROXY broke it, and was changed again since",
		history: []at{{3, []edit{everywhere("GOPROXY", "https://new.corp.example"), everywhere("GONOSUMDB", "x.example"), notCached("example.com/lib@v1.2.0")}}, {-10, []edit{everywhere("GOPROXY", "https://newer.corp.example")}}},
		shown:   libUnimportable, verdict: isReal, cause: variable("GOPROXY"),
	},
	{
		name:    "one file, many variables: GOPROXY",
		history: []at{{2, envrc(everywhere("GOPROXY", "https://mirror.corp.example"), everywhere("GONOSUMDB", "x.example"), everywhere("GOSUMDB", "sum.golang.org https://sums.corp.example"), everywhere("GOFLAGS", "-mod=mod"), everywhere("GOINSECURE", "x.example"), notCached("example.com/lib@v1.2.0"))}},
		shown:   libUnimportable, said: "go: example.com/lib@v1.2.0: reading https://mirror.corp.example/example.com/lib/@v/v1.2.0.mod: 403 Forbidden", verdict: isReal, cause: variable("GOPROXY"),
	},
	{
		name:    "one file, many variables: GOSUMDB",
		history: []at{{2, envrc(everywhere("GOPROXY", "https://mirror.corp.example"), everywhere("GOSUMDB", "sum.golang.org https://sums.corp.example"), everywhere("GOFLAGS", "-mod=mod"), notCached("example.com/lib@v1.2.0"))}},
		shown:   libUnimportable, said: `go: example.com/lib@v1.2.0: verifying module: example.com/lib@v1.2.0: Get "https://sums.corp.example/lookup/example.com/lib@v1.2.0": dial tcp 192.0.2.5:443: connect: connection refused`, verdict: isReal, cause: variable("GOSUMDB"),
	},
	{
		name:    "one file, many variables: GOFLAGS",
		history: []at{{2, envrc(everywhere("GOPROXY", "https://mirror.corp.example"), everywhere("GOSUMDB", "off"), everywhere("GOFLAGS", "-mod mod"))}},
		shown:   "No active builds contain /ws/main.go: consider opening a new workspace folder containing it", said: `go: parsing $GOFLAGS: non-flag "mod"`, verdict: isReal, cause: variable("GOFLAGS"),
	},
	{
		name:    "one file, many variables: GO111MODULE",
		history: []at{{2, envrc(everywhere("GO111MODULE", "off"), everywhere("GOPROXY", "https://mirror.corp.example"), everywhere("GOFLAGS", "-v"))}},
		shown:   `could not import example.com/lib/sub (cannot find package "example.com/lib/sub" in GOROOT)`, said: "main.go:4:2: cannot find package \"example.com/lib/sub\" in any of:\n\t/usr/local/go/src/example.com/lib/sub (from $GOROOT)\n\t/home/gopher/go/src/example.com/lib/sub (from $GOPATH)", verdict: isReal, cause: variable("GO111MODULE"),
	},
	{
		name:    "one file, many variables: GOWORK",
		history: []at{{2, envrc(everywhere("GOWORK", "/gone/go.work"), everywhere("GOPROXY", "https://mirror.corp.example"), everywhere("GOFLAGS", "-v"))}},
		shown:   loadFailed + "go: reading go.work: open /gone/go.work: no such file or directory", said: "go: reading go.work: open /gone/go.work: no such file or directory", verdict: isReal, cause: variable("GOWORK"),
	},
	{
		name:    "GOWORK=off where only go.work has the sibling",
		start:   []edit{workspace("", "sibling")},
		history: []at{{7, []edit{everywhere("GOWORK", "off"), noWorkspace(), everywhere("GOBIN", "/b")}}},
		shown:   `could not import example.com/sibling (no required module provides package "example.com/sibling")`, said: "main.go:5:2: no required module provides package example.com/sibling; to add it:\n\tgo get example.com/sibling", verdict: isReal, cause: variable("GOWORK"),
	},
	{
		name:    "the go.work is gone",
		start:   []edit{workspace("", "sibling")},
		history: []at{{7, []edit{noWorkspace()}}, {5, []edit{everywhere("GOBIN", "/b"), everywhere("GOFLAGS", "-v")}}},
		shown:   `could not import example.com/sibling (no required module provides package "example.com/sibling")`, said: "main.go:5:2: no required module provides package example.com/sibling; to add it:\n\tgo get example.com/sibling", verdict: isReal, cause: []answer{{baseline.Workspace, "go.work"}},
	},
	{
		name:    "the go.work does not use the sibling any more",
		start:   []edit{workspace("", "sibling")},
		history: []at{{7, []edit{workspace("")}}, {5, []edit{everywhere("GOBIN", "/b"), everywhere("LANG", "x")}}},
		shown:   `could not import example.com/sibling (no required module provides package "example.com/sibling")`, said: "main.go:5:2: no required module provides package example.com/sibling; to add it:\n\tgo get example.com/sibling", verdict: isReal, cause: []answer{{baseline.Use, "sibling"}},
	},
	{
		name:    "a line of go.sum is lost in a merge",
		history: []at{{7, []edit{unsummed("example.com/lib v1.2.0")}}, {6, []edit{everywhere("GOBIN", "/b"), everywhere("GOFLAGS", "-v")}}},
		shown:   libUnimportable, said: "main.go:4:2: missing go.sum entry for module providing package example.com/lib/sub (imported by example.com/app); to add:\n\tgo get example.com/app", verdict: isReal, cause: []answer{{baseline.Sum, "go.mod example.com/lib v1.2.0"}},
	},
	{
		name:    "a requirement is gone",
		history: []at{{7, []edit{unrequired("example.org/log"), requires("github.com/acme/tool", "v0.3.2"), summed("github.com/acme/tool v0.3.2")}}, {6, []edit{everywhere("GOFLAGS", "-v")}}},
		shown:   `could not import example.org/log (no required module provides package "example.org/log")`, said: "main.go:6:2: no required module provides package example.org/log; to add it:\n\tgo get example.org/log", verdict: isReal, cause: []answer{{baseline.Require, "go.mod example.org/log"}},
	},
	{
		name:    "a replacement is gone",
		start:   []edit{replaced("example.com/lib", "../lib")},
		history: []at{{8, []edit{unreplaced()}}, {6, []edit{everywhere("GOBIN", "/b"), everywhere("LANG", "x")}}},
		shown:   "undefined: lib.NewThing", said: "# example.com/app\n./main.go:9:6: undefined: lib.NewThing", verdict: isReal, cause: []answer{{baseline.Replace, "go.mod example.com/lib"}},
	},
	{
		name:    "a new version lacks a function",
		history: []at{{8, []edit{requires("example.org/log", "v1.1.0"), summed("example.org/log v1.1.0")}}, {6, []edit{everywhere("GOBIN", "/b"), everywhere("LANG", "x"), everywhere("GOPROXY", "https://mirror.corp.example,direct")}}},
		shown:   "undefined: log.Sugar", said: "# example.com/app\n./main.go:9:6: undefined: log.Sugar", verdict: isReal, cause: []answer{{baseline.Require, "go.mod example.org/log"}},
	},
	{
		name:    "git is not in PATH any more",
		history: []at{{8, []edit{everywhere("PATH", "/usr/local/go/bin"), without("git", stationEnvs...), everywhere("GOFLAGS", "-v"), notCached("git.corp.example/team/auth@v1.4.0")}}},
		shown:   authUnimportable, said: `go: git.corp.example/team/auth@v1.4.0: unable to resolve git version: failed to execute git version: exec: "git": executable file not found in $PATH`, verdict: isReal, cause: append(variable("PATH"), answer{baseline.Tool, "git"}),
	},
	{
		name:    "the editor finds no go",
		history: []at{{8, []edit{editorOnly("PATH", "/usr/bin"), without("go", model.EnvGopls, model.EnvTools), editorOnly("GOFLAGS", "-v")}}},
		shown:   "No active builds contain /ws/main.go: consider opening a new workspace folder containing it", verdict: shownByExperiment("PATH"), cause: append(variable("PATH"), answer{baseline.Toolchain, "go"}),
	},
	{
		name:    "a C compiler that is not there",
		history: []at{{8, []edit{everywhere("CC", "clang-19"), everywhere("GOFLAGS", "-v")}}, {4, []edit{requires("example.org/log", "v1.1.0"), summed("example.org/log v1.1.0")}}},
		shown:   "undefined: C.f", said: `# runtime/cgo` + "\n" + `cgo: C compiler "clang-19" not found: exec: "clang-19": executable file not found in $PATH`, verdict: isReal, cause: variable("CC"),
	},
	{
		name:    "PKG_CONFIG_PATH is lost",
		start:   []edit{everywhere("PKG_CONFIG_PATH", "/opt/lib/pkgconfig")},
		history: []at{{8, []edit{lost("PKG_CONFIG_PATH"), everywhere("GOFLAGS", "-v")}}},
		shown:   "undefined: C.f", said: "# [pkg-config --cflags  -- mylib]\nPackage mylib was not found in the pkg-config search path.\nPerhaps you should add the directory containing `mylib.pc'\nto the PKG_CONFIG_PATH environment variable", verdict: isReal, cause: variable("PKG_CONFIG_PATH"),
	},
	{
		name:    "GOCACHE=off",
		history: []at{{8, []edit{everywhere("GOCACHE", "off"), everywhere("GOFLAGS", "-v")}}},
		shown:   loadFailed + "build cache is disabled by GOCACHE=off, but required as of Go 1.12", said: "build cache is disabled by GOCACHE=off, but required as of Go 1.12", verdict: isReal, cause: variable("GOCACHE"),
	},
	{
		name:    "a GOPATH with a tilde",
		history: []at{{8, []edit{everywhere("GOPATH", "~/go"), everywhere("GOPROXY", "https://mirror.corp.example,direct")}}},
		shown:   "No active builds contain /ws/main.go: consider opening a new workspace folder containing it", said: `go: GOPATH entry cannot start with shell metacharacter '~': "~/go"`, verdict: isReal, cause: variable("GOPATH"),
	},
	{
		name:    "a TMPDIR that is gone",
		history: []at{{8, []edit{everywhere("TMPDIR", "/scratch/tmp"), everywhere("GOFLAGS", "-v")}}},
		shown:   "undefined: C.f", said: "go: creating work dir: stat /scratch/tmp: no such file or directory", verdict: isReal, cause: variable("TMPDIR"),
	},
	{
		name:    "an experiment is not on any more",
		start:   []edit{everywhere("GOEXPERIMENT", "jsonv2")},
		history: []at{{8, []edit{lost("GOEXPERIMENT"), everywhere("GOPROXY", "https://mirror.corp.example,direct")}}},
		shown:   `could not import encoding/json/v2 (no required module provides package "encoding/json/v2")`, said: "package example.com/app\n\timports encoding/json/v2: build constraints exclude all Go files in /usr/local/go/src/encoding/json/v2", verdict: isReal, cause: variable("GOEXPERIMENT"),
	},
	{
		name:    "an experiment that does not exist",
		history: []at{{8, []edit{everywhere("GOEXPERIMENT", "foo"), everywhere("GOFLAGS", "-v"), everywhere("GOPROXY", "https://mirror.corp.example,direct")}}},
		shown:   "No active builds contain /ws/main.go: consider opening a new workspace folder containing it", said: "go: unknown GOEXPERIMENT foo", verdict: isReal, cause: variable("GOEXPERIMENT"),
	},
	{
		name:    "a GOARCH that does not exist",
		history: []at{{8, []edit{everywhere("GOARCH", "x86"), everywhere("GOFLAGS", "-v")}}},
		shown:   loadFailed + "go: unsupported GOOS/GOARCH pair linux/x86", said: "go: unsupported GOOS/GOARCH pair linux/x86", verdict: isReal, cause: variable("GOARCH"),
	},
	{
		name:    "GOINSECURE is lost",
		start:   []edit{everywhere("GOINSECURE", "git.corp.example")},
		history: []at{{8, []edit{lost("GOINSECURE"), everywhere("GOFLAGS", "-v"), notCached("git.corp.example/team/auth@v1.4.0")}}},
		shown:   authUnimportable, said: `go: git.corp.example/team/auth@v1.4.0: unrecognized import path "git.corp.example/team/auth": https fetch: Get "https://git.corp.example/team/auth?go-get=1": tls: failed to verify certificate: x509: certificate signed by unknown authority`, verdict: isReal, cause: variable("GOINSECURE"),
	},
	{
		name:    "SSL_CERT_FILE points nowhere",
		history: []at{{8, []edit{everywhere("SSL_CERT_FILE", "/etc/corp/gone.pem"), everywhere("GOFLAGS", "-v"), notCached("example.com/lib@v1.2.0")}}},
		shown:   libUnimportable, said: `go: example.com/lib@v1.2.0: Get "https://proxy.corp.example/example.com/lib/@v/v1.2.0.mod": tls: failed to verify certificate: x509: certificate signed by unknown authority`, verdict: isReal, cause: variable("SSL_CERT_FILE"),
	},
	{
		name:    "ssh takes another key",
		history: []at{{8, []edit{everywhere("GIT_SSH_COMMAND", "ssh -i ~/.ssh/old"), everywhere("GOFLAGS", "-v"), notCached("git.corp.example/team/auth@v1.4.0")}}},
		shown:   authUnimportable, said: "go: git.corp.example/team/auth@v1.4.0: invalid version: git ls-remote -q --end-of-options origin in /home/gopher/go/pkg/mod/cache/vcs/ab: exit status 128:\n\tgit@git.corp.example: Permission denied (publickey).\n\tfatal: Could not read from remote repository.", verdict: isReal, cause: variable("GIT_SSH_COMMAND"),
	},
	{
		name:    "the agent of ssh is lost",
		history: []at{{8, []edit{lost("SSH_AUTH_SOCK"), everywhere("GOBIN", "/b"), notCached("git.corp.example/team/auth@v1.4.0")}}},
		shown:   authUnimportable, said: "go: git.corp.example/team/auth@v1.4.0: invalid version: git ls-remote -q --end-of-options origin in /home/gopher/go/pkg/mod/cache/vcs/ab: exit status 128:\n\tgit@git.corp.example: Permission denied (publickey).\n\tfatal: Could not read from remote repository.", verdict: isReal, cause: variable("SSH_AUTH_SOCK"),
	},
	{
		name:    "GONOSUMDB is lost",
		start:   []edit{lost("GOPRIVATE"), everywhere("GONOSUMDB", "git.corp.example")},
		history: []at{{8, []edit{lost("GONOSUMDB"), everywhere("GOFLAGS", "-mod=mod"), requires("git.corp.example/team/auth", "v1.5.0"), notCached("git.corp.example/team/auth@v1.5.0")}}},
		shown:   authUnimportable, said: "go: git.corp.example/team/auth@v1.5.0: verifying go.mod: git.corp.example/team/auth@v1.5.0/go.mod: reading https://sum.golang.org/lookup/git.corp.example/team/auth@v1.5.0: 404 Not Found", verdict: isReal, cause: variable("GONOSUMDB"),
	},
	{
		name:    "GONOPROXY=none is lost where the proxy has the private modules",
		start:   []edit{everywhere("GONOPROXY", "none")},
		history: []at{{8, []edit{lost("GONOPROXY"), everywhere("GOFLAGS", "-v"), notCached("git.corp.example/team/auth@v1.4.0")}}},
		shown:   authUnimportable, said: "go: git.corp.example/team/auth@v1.4.0: invalid version: git ls-remote -q --end-of-options origin in /home/gopher/go/pkg/mod/cache/vcs/ab: exit status 128:\n\tfatal: could not read Username for 'https://git.corp.example': terminal prompts disabled", verdict: isReal, cause: variable("GONOPROXY"),
	},
	{
		name:    "GOVCS forbids git",
		start:   []edit{everywhere("GOPROXY", "direct")},
		history: []at{{8, []edit{everywhere("GOVCS", "public:off"), everywhere("GOFLAGS", "-v"), notCached("github.com/acme/tool@v0.3.1")}}},
		shown:   toolUnimportable, said: "go: github.com/acme/tool@v0.3.1: GOVCS disallows using git for public github.com/acme/tool; see 'go help vcs'", verdict: isReal, cause: variable("GOVCS"),
	},
	{
		name:    "tags in build.env of gopls",
		history: []at{{8, []edit{setting("build.env", "GOFLAGS"), setIn(model.LayerGoplsSettings, "/ws/.vscode/settings.json", "GOFLAGS", "-tags=bar", model.EnvGopls)}}, {7, []edit{everywhere("GOBIN", "/b")}}},
		shown:   "undefined: Impl", verdict: shownByExperiment("GOFLAGS"), cause: append(variable("GOFLAGS"), answer{baseline.Setting, "workspace build.env"}),
	},
	{
		name:    "GOOS in go.toolsEnvVars, no experiment was made",
		history: []at{{8, []edit{setting("go.toolsEnvVars", "GOOS"), setIn(model.LayerToolsEnvVars, "/ws/.vscode/settings.json", "GOOS", "windows", model.EnvGopls, model.EnvTools)}}, {7, []edit{everywhere("GOBIN", "/b"), everywhere("GOPROXY", "https://mirror.corp.example,direct")}}},
		shown:   "undefined: Plat", verdict: isPhantom, cause: append(variable("GOOS"), answer{baseline.Setting, "workspace go.toolsEnvVars"}),
	},
	{
		name:    "go.buildTags",
		history: []at{{8, []edit{setting("go.buildTags", "foo")}}, {7, []edit{everywhere("GOBIN", "/b"), everywhere("LANG", "x")}}},
		shown:   "undefined: Impl", verdict: isPhantom, cause: []answer{{baseline.Setting, "workspace go.buildTags"}},
	},
	{
		name:    "a GOPACKAGESDRIVER",
		history: []at{{8, []edit{editorOnly("GOPACKAGESDRIVER", "/x/bazel.sh"), editorOnly("GOFLAGS", "-v")}}},
		shown:   "initialization failed: packages.Load error: /x/bazel.sh: exit status 7: bazel: not found", verdict: isPhantom, cause: variable("GOPACKAGESDRIVER"),
	},
	{
		name:    "HOME is lost",
		history: []at{{8, []edit{lost("HOME"), everywhere("GOFLAGS", "-v")}}},
		shown:   "No active builds contain /ws/main.go: consider opening a new workspace folder containing it", said: "build cache is required, but could not be located: GOCACHE is not defined and neither $XDG_CACHE_HOME nor $HOME are defined", verdict: isReal, cause: variable("HOME"),
	},
	{
		name:  "GOENV=off takes the private modules away",
		start: []edit{lost("GOPRIVATE"), goEnvW("GOPRIVATE", "git.corp.example")},
		history: []at{{8, []edit{everywhere("GOENV", "off"), everywhere("GOFLAGS", "-v"), notCached("git.corp.example/team/auth@v1.4.0"), func(s *model.Snapshot) {
			for _, e := range s.Envs {
				delete(e.Layers[3].Vars, "GOPRIVATE")
			}
		}}}},
		shown: authUnimportable, said: "go: git.corp.example/team/auth@v1.4.0: reading https://proxy.corp.example/git.corp.example/team/auth/@v/v1.4.0.mod: 404 Not Found", verdict: isReal, cause: variable("GOENV", "GOPRIVATE"),
	},
	{
		name:    "-modfile of a file that is not there",
		history: []at{{8, []edit{everywhere("GOFLAGS", "-modfile=dev.mod"), everywhere("GOPROXY", "https://mirror.corp.example,direct"), everywhere("GOSUMDB", "off")}}},
		shown:   loadFailed + "go: open dev.mod: no such file or directory", said: "go: open dev.mod: no such file or directory", verdict: isReal, cause: variable("GOFLAGS"),
	},
	{
		name:    "a toolchain line that is none",
		history: []at{{30, []edit{everywhere("GOTOOLCHAIN", "auto")}}, {8, []edit{goLine("1.26", "1.26.1"), requires("example.org/log", "v1.1.0"), summed("example.org/log v1.1.0")}}},
		shown:   "invalid toolchain version '1.26.1': must match format go1.23.0 or default", said: "go: errors parsing go.mod:\ngo.mod:5: invalid toolchain version '1.26.1': must match format go1.23.0 or default", verdict: isReal, cause: []answer{{baseline.GoLine, "go.mod"}},
	},
	{
		name:    "the shell has a newer Go than gopls runs",
		history: []at{{50, []edit{everywhere("GOBIN", "/b")}}, {8, []edit{goIs("go1.27.4", model.EnvShell)}}},
		shown:   "b.Peek undefined (type *bytes.Buffer has no field or method Peek)", verdict: isPhantom, cause: []answer{{baseline.Toolchain, "go"}},
	},
	{
		name:    "CGO_LDFLAGS is lost",
		start:   []edit{everywhere("CGO_LDFLAGS", "-L/opt/lib")},
		history: []at{{50, []edit{everywhere("GOFLAGS", "-v")}}, {8, []edit{lost("CGO_LDFLAGS"), everywhere("GOBIN", "/b")}}},
		shown:   "could not import C (no metadata for C)", said: "# example.com/app/internal/c\n/usr/bin/ld: cannot find -lfoo: No such file or directory\ncollect2: error: ld returned 1 exit status", verdict: isReal, cause: variable("CGO_LDFLAGS"),
	},
	{
		name:    "gopls has not seen the new go.mod",
		history: []at{{8, []edit{requires("example.com/lib", "v1.3.0"), summed("example.com/lib v1.3.0")}}, {5, []edit{everywhere("GOFLAGS", "-v")}}},
		shown:   "undefined: lib.New", verdict: isStale(model.StaleModule, heldMod), cause: []answer{{baseline.Require, "go.mod example.com/lib"}, {baseline.Sum, "go.mod example.com/lib v1.3.0"}},
	},
	{
		name:    "gopls has not seen the go.work",
		history: []at{{8, []edit{workspace("", "sibling")}}, {5, []edit{everywhere("GOFLAGS", "-v")}}},
		shown:   `could not import example.com/sibling (no required module provides package "example.com/sibling")`, verdict: isStale(model.StaleWorkspace, filepath.Join(heldDir, "go.work")), cause: []answer{{baseline.Workspace, "go.work"}, {baseline.Use, "sibling"}},
	},
	{
		name:    "it was never green: GOPROXY has a word in it",
		history: []at{{3000, []edit{everywhere("GOPROXY", "DIRECT"), notCached("example.com/lib@v1.2.0")}}},
		shown:   libUnimportable, said: "go: example.com/lib@v1.2.0: invalid proxy URL missing scheme: DIRECT", verdict: isReal, unknown: true, closed: true, cause: variable("GOPROXY"),
	},
}

// afterwards are histories that were written when the scorer had been mended by
// those above, and were played once before anything was changed for them.
var afterwards = []heldOut{
	{
		name:    "tags in the shell alone, no experiment was made",
		history: []at{{8, []edit{shellOnly("GOFLAGS", "-tags=integration"), shellOnly("GOBIN", "/b"), shellOnly("GIT_SSH_COMMAND", "ssh -v")}}},
		shown:   "undefined: newFixture", verdict: isPhantom, cause: variable("GOFLAGS"),
	},
	{
		name:    "a pulled go line, and a newer go in the shell for it",
		start:   []edit{everywhere("GOTOOLCHAIN", "local")},
		history: []at{{40, []edit{goIs("go1.27.4", model.EnvShell)}}, {12, []edit{goLine("1.27.0", "")}}},
		shown:   loadFailed + "go: go.mod requires go >= 1.27.0 (running go 1.26.8; GOTOOLCHAIN=local)", verdict: isPhantom, cause: []answer{{baseline.GoLine, "go.mod"}, {baseline.Toolchain, "go"}},
	},
	{
		name:    "a typo in the address of the proxy",
		history: []at{{8, []edit{goEnvW("GOPROXY", "htp://proxy.corp.example,direct"), everywhere("GOPRIVATE", "git.corp.example,*.internal.example"), notCached("example.com/lib@v1.2.0")}}},
		shown:   libUnimportable, said: "go: example.com/lib@v1.2.0: invalid proxy URL scheme (must be https, http, file): htp://proxy.corp.example", verdict: isReal, cause: variable("GOPROXY"),
	},
	{
		name:    "a module moves to v2, and the code does not",
		history: []at{{8, []edit{unrequired("example.com/lib"), requires("example.com/lib/v2", "v2.0.0"), summed("example.com/lib/v2 v2.0.0"), requires("example.org/log", "v1.1.0"), summed("example.org/log v1.1.0")}}, {3, []edit{everywhere("GOFLAGS", "-tags=x")}}},
		shown:   libUnimportable, said: "main.go:4:2: no required module provides package example.com/lib/sub; to add it:\n\tgo get example.com/lib/sub", verdict: isReal, cause: []answer{{baseline.Require, "go.mod example.com/lib"}, {baseline.Require, "go.mod example.com/lib/v2"}},
	},
	{
		name:    "an old branch with three other versions",
		history: []at{{8, []edit{requires("example.com/lib", "v1.1.0"), requires("example.org/log", "v1.0.0"), requires("github.com/acme/tool", "v0.2.0"), summed("example.com/lib v1.1.0"), summed("example.org/log v1.0.0"), summed("github.com/acme/tool v0.2.0")}}},
		shown:   "undefined: tool.Run", said: "# example.com/app\n./main.go:9:6: undefined: tool.Run", verdict: isReal, cause: []answer{{baseline.Require, "go.mod github.com/acme/tool"}},
	},
	{
		name:    "go.work uses a directory that is gone",
		start:   []edit{workspace("")},
		history: []at{{8, []edit{workspace("", "gone"), everywhere("GOFLAGS", "-tags=x")}}},
		shown:   "directory ./gone does not contain a module", said: "go: cannot load module gone listed in go.work file: open gone/go.mod: no such file or directory", verdict: isReal, cause: []answer{{baseline.Use, "gone"}},
	},
	{
		name:    "the vendor directory is cleaned away under -mod=vendor",
		start:   []edit{vendored(), everywhere("GOFLAGS", "-mod=vendor")},
		history: []at{{8, []edit{func(s *model.Snapshot) { s.Modules[0].Vendored, s.Modules[0].Vendor = false, nil }, everywhere("GOPROXY", "https://mirror.corp.example")}}},
		shown:   loadFailed + vendorText, said: vendorText, verdict: isReal, cause: []answer{{baseline.Vendor, "go.mod"}},
	},
	{
		name:    "GOPROXY by experiment, among others",
		history: []at{{8, []edit{editorOnly("GOPROXY", "off"), editorOnly("GOFLAGS", "-tags=x"), shellOnly("GONOSUMDB", "x.example"), notCached("example.com/lib@v1.2.0")}}},
		shown:   libUnimportable, verdict: shownByExperiment("GOPROXY"), cause: variable("GOPROXY"),
	},
	{
		name:    "a build cache on a disk that takes nothing",
		history: []at{{8, []edit{everywhere("GOCACHE", "/ro/cache"), everywhere("GOPROXY", "https://mirror.corp.example")}}},
		shown:   "No active builds contain /ws/main.go: consider opening a new workspace folder containing it", said: "failed to initialize build cache at /ro/cache: mkdir /ro: permission denied", verdict: isReal, cause: variable("GOCACHE"),
	},
	{
		name:    "a GOTMPDIR that is gone",
		history: []at{{8, []edit{everywhere("GOTMPDIR", "/scratch"), everywhere("GOFLAGS", "-tags=x")}}},
		shown:   "undefined: C.f", said: "go: creating work dir: stat /scratch: no such file or directory", verdict: isReal, cause: variable("GOTMPDIR"),
	},
	{
		name:    "GO111MODULE=yes",
		history: []at{{8, []edit{everywhere("GO111MODULE", "yes"), everywhere("GOFLAGS", "-tags=x"), everywhere("GOPROXY", "https://mirror.corp.example")}}},
		shown:   "No active builds contain /ws/main.go: consider opening a new workspace folder containing it", said: "go: unknown environment setting GO111MODULE=yes", verdict: isReal, cause: variable("GO111MODULE"),
	},
	{
		name:    "PATH of the editor finds another gopls",
		history: []at{{8, []edit{editorOnly("PATH", "/opt/old/bin:/usr/local/go/bin:/usr/bin"), goplsIs("v0.16.2", "go1.22.12")}}, {6, []edit{editorOnly("GOPROXY", "https://mirror.corp.example")}}},
		shown:   "cannot range over seq (variable of type func(yield func(int) bool))", verdict: model.Verdict{Kind: model.Phantom, Cause: model.CauseVersion}, cause: append(variable("PATH"), answer{baseline.Server, "version"}, answer{baseline.Server, "built with"}),
	},
	{
		name:    "a proxy in small letters",
		history: []at{{8, []edit{everywhere("https_proxy", "squid.corp.example:3128"), everywhere("GOPRIVATE", "git.corp.example,x.example"), notCached("example.com/lib@v1.2.0")}}},
		shown:   libUnimportable, said: `go: example.com/lib@v1.2.0: Get "https://proxy.corp.example/example.com/lib/@v/v1.2.0.mod": proxyconnect tcp: dial tcp: lookup squid.corp.example: no such host`, verdict: isReal, cause: variable("https_proxy"),
	},
	{
		name:    "an empty GOSUMDB in the file of go env -w",
		history: []at{{8, []edit{goEnvW("GOSUMDB", ""), goEnvW("GOPROXY", "https://mirror.corp.example")}}, {2, []edit{requires("example.com/lib", "v1.3.0"), notCached("example.com/lib@v1.3.0")}}},
		shown:   libUnimportable, said: "go: example.com/lib@v1.3.0: verifying module: missing GOSUMDB", verdict: isReal, cause: variable("GOSUMDB"),
	},
	{
		name:    "a proxy of the hotel",
		history: []at{{8, []edit{everywhere("HTTPS_PROXY", "http://portal.hotel.example:8080"), everywhere("GOFLAGS", "-tags=x"), notCached("example.com/lib@v1.2.0")}}},
		shown:   libUnimportable, said: "go: example.com/lib@v1.2.0: parsing go.mod: missing module line", verdict: isReal, cause: variable("HTTPS_PROXY"),
	},
	{
		name:    "GOPATH moves, and downloads are off",
		start:   []edit{everywhere("GOPROXY", "off")},
		history: []at{{8, []edit{everywhere("GOPATH", "/data/go"), everywhere("GOFLAGS", "-tags=x"), notCached("example.com/lib@v1.2.0")}}},
		shown:   libUnimportable, said: "main.go:4:2: example.com/lib@v1.2.0: module lookup disabled by GOPROXY=off", verdict: isReal, cause: variable("GOPATH"),
	},
	{
		name:    "a mirror that serves something else",
		history: []at{{30, []edit{everywhere("GOFLAGS", "-tags=x")}}, {8, []edit{goEnvW("GOPROXY", "https://mirror.corp.example"), notCached("example.com/lib@v1.2.0")}}},
		shown:   libUnimportable, said: "go: verifying example.com/lib@v1.2.0: checksum mismatch\n\tdownloaded: h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\tgo.sum:     h1:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB=\n\nSECURITY ERROR", verdict: isReal, cause: variable("GOPROXY"),
	},
	{
		name:    "another go by go.alternateTools",
		history: []at{{8, []edit{setting("go.alternateTools", "go"), goIs("go1.24.6", model.EnvGopls, model.EnvTools)}}, {5, []edit{everywhere("GOPROXY", "https://mirror.corp.example")}}},
		shown:   loadFailed + "go: go.mod requires go >= 1.26 (running go 1.24.6)", verdict: isPhantom, cause: []answer{{baseline.Setting, "workspace go.alternateTools"}, {baseline.Toolchain, "go"}},
	},
	{
		name:    "the way to a header is lost",
		start:   []edit{everywhere("CGO_CFLAGS", "-I/opt/include")},
		history: []at{{8, []edit{lost("CGO_CFLAGS"), everywhere("GOFLAGS", "-tags=x")}}},
		shown:   "could not import C (no metadata for C)", said: "# example.com/app/internal/c\n./c.go:4:11: fatal error: mylib.h: No such file or directory", verdict: isReal, cause: variable("CGO_CFLAGS"),
	},
	{
		name:    "GOWORK of another repository",
		history: []at{{8, []edit{everywhere("GOWORK", "/mono/go.work"), everywhere("GOFLAGS", "-tags=x"), func(s *model.Snapshot) { s.Work = &model.Work{File: "/mono/go.work", Go: "1.26"} }}}},
		shown:   libUnimportable, said: "current directory is contained in a module that is not one of the workspace modules listed in go.work. You can add the module to the workspace using:\n\tgo work use .", verdict: isReal, cause: variable("GOWORK"),
	},
	{
		name:    "GOARCH=arm64",
		history: []at{{180, []edit{everywhere("GOPROXY", "https://mirror.corp.example")}}, {8, []edit{everywhere("GOARCH", "arm64"), everywhere("GOBIN", "/b")}}},
		shown:   "undefined: sumAVX2", said: "# example.com/app\n./main.go:9:6: undefined: sumAVX2", verdict: isReal, cause: variable("GOARCH"),
	},
	{
		name:    "GOPRIVATE is narrowed, and GOINSECURE changes too",
		history: []at{{8, []edit{everywhere("GOPRIVATE", "git.corp.example/other"), everywhere("GOINSECURE", "git.corp.example"), notCached("git.corp.example/team/auth@v1.4.0")}}},
		shown:   authUnimportable, said: "go: git.corp.example/team/auth@v1.4.0: reading https://proxy.corp.example/git.corp.example/team/auth/@v/v1.4.0.mod: 404 Not Found", verdict: isReal, cause: variable("GOPRIVATE"),
	},
	{
		name:    "an older go for everyone",
		start:   []edit{goLine("1.24", "")},
		history: []at{{28, []edit{everywhere("GOPROXY", "https://mirror.corp.example")}}, {8, []edit{goIs("go1.25.1", stationEnvs...)}}},
		shown:   "undefined: strings.CutLast", said: "# example.com/app\n./main.go:9:6: undefined: strings.CutLast", verdict: isReal, cause: []answer{{baseline.Toolchain, "go"}},
	},
	{
		name:    "a go line that asks for a toolchain that nobody has",
		history: []at{{50, []edit{everywhere("GOPROXY", "https://mirror.corp.example")}}, {8, []edit{goLine("1.99.0", ""), requires("example.org/log", "v1.1.0"), summed("example.org/log v1.1.0")}}},
		shown:   "No active builds contain /ws/main.go: consider opening a new workspace folder containing it", said: "go: downloading go1.99.0 (linux/amd64)\ngo: download go1.99.0 for linux/amd64: toolchain not available", verdict: isReal, cause: []answer{{baseline.GoLine, "go.mod"}},
	},
	{
		name:    "a version without its hashes, long after other flags",
		history: []at{{4000, []edit{everywhere("GOFLAGS", "-mod=readonly")}}, {1, []edit{requires("example.com/lib", "v1.3.0")}}},
		shown:   libUnimportable, said: "go: example.com/lib@v1.3.0: missing go.sum entry for go.mod file; to add it:\n\tgo mod download example.com/lib", verdict: isReal, cause: []answer{{baseline.Require, "go.mod example.com/lib"}},
	},
}

// nothingToName are histories in which no change broke anything: the code did.
var nothingToName = []heldOut{
	{name: "a typo, after changes hours ago", history: []at{{300, []edit{everywhere("GOBIN", "/b"), everywhere("GOPROXY", "https://mirror.corp.example,direct")}}}, shown: "undefined: fmt.Printn", said: "# example.com/app\n./main.go:9:6: undefined: fmt.Printn", verdict: isReal},
	{name: "a wrong type, and a proxy of this morning", history: []at{{200, []edit{everywhere("GOPROXY", "https://mirror.corp.example,direct")}}}, shown: "cannot use x (variable of type int) as string value in argument to f", said: "# example.com/app\n./main.go:9:6: cannot use x (variable of type int) as string value in argument to f", verdict: isReal},
	{name: "an unused variable, and another version of something else", history: []at{{100, []edit{requires("example.org/log", "v1.1.0"), summed("example.org/log v1.1.0")}}}, shown: "declared and not used: x", said: "# example.com/app\n./main.go:9:6: declared and not used: x", verdict: isReal},
	{name: "a syntax error, and changes that came later", history: []at{{-5, []edit{everywhere("GOFLAGS", "-v"), everywhere("GOPRIVATE", "x.example")}}}, shown: "expected operand, found '}'", said: "./main.go:9:6: syntax error: unexpected }, expected expression", verdict: isReal},
	{name: "a typo, and nothing changed", shown: "undefined: helper", said: "# example.com/app\n./main.go:9:6: undefined: helper", verdict: isReal},
	{name: "a typo, and another language", history: []at{{2, []edit{everywhere("LANG", "x"), everywhere("GIT_PAGER", "less")}}}, shown: "undefined: helper", said: "# example.com/app\n./main.go:9:6: undefined: helper", verdict: isReal},
}

// playHeldOut goes the way of the product: pictures of the machine, what was seen
// to change between them, what go said, and a verdict.
func playHeldOut(h heldOut) testCase {
	began := time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)
	picture := func(when time.Time, past []edit) *model.Snapshot {
		s := heldMachine()
		s.Taken = when
		for _, do := range slices.Concat(h.start, past) {
			do(s)
		}
		return s
	}
	var c testCase
	history := slices.Clone(h.history)
	slices.SortStableFunc(history, func(a, b at) int { return b.minutes - a.minutes })
	first := 24 * time.Hour
	if len(history) > 0 {
		first += time.Duration(history[0].minutes) * time.Minute
	}
	known := baseline.Take(picture(began.Add(-first), nil), "salt", showFact)
	var past []edit
	told := false
	tell := func(when time.Time, e report.HistoryEvent) {
		if e.Time = when.UTC().Format(time.RFC3339Nano); !h.closed {
			c.happened = append(c.happened, e)
		}
	}
	verdict := func() {
		if !told {
			told = true
			tell(began, report.HistoryEvent{Kind: eventVerdict, Verdict: string(h.verdict.Kind), ContextID: "ctx-story"})
		}
	}
	for _, moment := range history {
		if moment.minutes < 0 {
			verdict()
		}
		when := began.Add(-time.Duration(moment.minutes) * time.Minute)
		before := baseline.Take(picture(when, past), "step", showFact)
		past = append(past, moment.edits...)
		for _, change := range before.Diff(picture(when, past)) {
			if e, ok := factEvent(change); ok {
				tell(when, e)
			}
		}
	}
	verdict()
	c.now, c.verdict = picture(began.Add(time.Hour), past), h.verdict
	c.verdict.ContextID = "ctx-story"
	c.verdict.Problem = model.Problem{Location: model.Location{File: filepath.Join(heldDir, "main.go")}, Severity: 1, Source: "compiler", Message: h.shown}
	if !h.unknown {
		c.before = known
	}
	if h.said != "" {
		hear(c.now, []model.Said{{Env: model.EnvShell, Command: "go list", Text: model.NewValue(h.said)}})
	}
	return c
}

// TestHeldOut asks of every story whether the true cause is named first, and of
// those without one that nothing is.
func TestHeldOut(t *testing.T) {
	w := world.Real()
	for _, batch := range []struct {
		name    string
		stories []heldOut
		least   int
	}{
		{"before the scorer was read", heldOuts, 60},
		{"after it was mended", afterwards, 20},
	} {
		right, wrong := 0, map[string]string{}
		for _, h := range batch.stories {
			found, ok := playHeldOut(h).names(w, true, true, true)
			if ok && slices.Contains(h.cause, answer{found.Kind, found.Name}) {
				right++
			} else {
				wrong[h.name] = fmt.Sprintf("%s %s, named: %t, %.2f %v, want %v", found.Kind, found.Name, ok, found.Score, found.Reasons, h.cause)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(wrong)) {
			t.Logf("%s: %s", name, wrong[name])
		}
		share := float64(right) / float64(len(batch.stories))
		t.Logf("written %s: the cause is named first in %d of %d stories, %.3f", batch.name, right, len(batch.stories), share)
		if len(batch.stories) < batch.least || share < 0.95 {
			t.Errorf("written %s: the cause is named first in %d of %d stories; it has to be in 0.95 of them", batch.name, right, len(batch.stories))
		}
	}
	for _, h := range nothingToName {
		if found, ok := playHeldOut(h).names(w, true, true, true); ok {
			t.Errorf("%s: %s %s is named (%.2f %v)", h.name, found.Kind, found.Name, found.Score, found.Reasons)
		}
	}
}
