package engine

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/baseline"
	"github.com/gophantom/gophantom/server/internal/model"
)

// The stories of this file come from reports of users. What broke, and what go or
// gopls printed, is the report's; names of modules and hosts are changed, and the
// changes around the cause are those of any working day. Each names its report.
// All were written before any was played; played for the first time, the cause was
// named first in 48 of 64, and nothing was named in 4 of the 7 without one.

// lostIn takes a variable out of one layer of some environments.
func lostIn(kind model.LayerKind, name string, envs ...model.EnvName) edit {
	return func(s *model.Snapshot) {
		for _, e := range s.Envs {
			for _, l := range e.Layers {
				if l.Kind == kind && slices.Contains(envs, e.Name) {
					delete(l.Vars, name)
				}
			}
		}
	}
}

func goEnvU(name string) edit { return lostIn(model.LayerGOENV, name, stationEnvs...) }

// toolsEnv sets a variable by go.toolsEnvVars, as setting says.
func toolsEnv(name, value string) edit {
	return setIn(model.LayerToolsEnvVars, filepath.Join(heldDir, ".vscode", "settings.json"), name, value, model.EnvGopls, model.EnvTools)
}

func unset(key string) edit {
	return func(s *model.Snapshot) {
		s.Settings = slices.DeleteFunc(s.Settings, func(x model.EditorSetting) bool { return x.Key == key })
	}
}

// bumped is what "go get" makes of go.mod and go.sum.
func bumped(path, version string) edit {
	return func(s *model.Snapshot) {
		for _, r := range s.Modules[0].Requires {
			if r.Path == path {
				delete(s.Modules[0].Sum.Lines, r.Path+" "+r.Version)
				delete(s.Modules[0].Sum.Lines, r.Path+" "+r.Version+"/go.mod")
			}
		}
		requires(path, version)(s)
		summed(path + " " + version)(s)
	}
}

// workLine sets the go line of go.work; "" leaves it out.
func workLine(version string) edit { return func(s *model.Snapshot) { s.Work.Go = version } }

// noCompiler takes the C compiler away, with what go makes of that since 1.20.
func noCompiler() edit {
	return func(s *model.Snapshot) {
		without("cc", stationEnvs...)(s)
		setIn(model.LayerDefault, "", "CGO_ENABLED", "0", stationEnvs...)(s)
	}
}

func rewrites(base, insteadOf string) edit {
	return func(s *model.Snapshot) {
		g := model.Git{Envs: stationEnvs, Files: []string{"/home/gopher/.gitconfig"}}
		if base != "" {
			g.Rewrites = []model.GitRewrite{{Base: model.NewValue(base), InsteadOf: model.NewValue(insteadOf), Origin: model.Origin{Layer: model.LayerGitConfig, File: "/home/gopher/.gitconfig", Line: 6}}}
		}
		s.Gits = []model.Git{g}
	}
}

// What happens on any day, and breaks none of the things that the texts speak of.
func newLogin() edit { return everywhere("SSH_AUTH_SOCK", "/run/user/1000/ssh-7c1f") }

func cargoInPath() edit {
	return everywhere("PATH", "/usr/local/go/bin:/usr/bin:/home/gopher/.cargo/bin")
}
func newGopls() edit    { return goplsIs("v0.24.0", "go1.26.8") }
func patchedGo() edit   { return goIs("go1.26.9", stationEnvs...) }
func widePrivate() edit { return everywhere("GOPRIVATE", "git.corp.example,git.partner.example") }

const (
	noBuilds     = "No active builds contain /ws/main.go: consider opening a new workspace folder containing it"
	logImport    = `could not import example.org/log (no required module provides package "example.org/log")`
	siblingLost  = `could not import example.com/sibling (no required module provides package "example.com/sibling")`
	notVendored  = "Inconsistent vendoring detected. Please re-run \"go mod vendor\"."
	vendorAdvice = "\n\n\tTo ignore the vendor directory, use -mod=readonly or -mod=mod.\n\tTo sync the vendor directory, run:\n\t\tgo mod vendor"
	lsRemote     = "go: git.corp.example/team/auth@v1.4.0: invalid version: git ls-remote -q --end-of-options origin in /home/gopher/go/pkg/mod/cache/vcs/3f: exit status 128:\n\t"
	tooOld       = "go: go.mod requires go >= 1.26 (running go 1.24.6; GOTOOLCHAIN=local)"
)

var (
	isVersion  = model.Verdict{Kind: model.Phantom, Cause: model.CauseVersion}
	isExcluded = model.Verdict{Kind: model.Phantom, Cause: model.CauseExcluded}
	required   = func(paths ...string) (out []answer) {
		for _, path := range paths {
			out = append(out, answer{baseline.Require, "go.mod " + path})
		}
		return out
	}
	anotherGopls = []answer{{baseline.Server, "version"}, {baseline.Server, "built with"}}
	anotherGo    = []answer{{baseline.Toolchain, "go"}}
	theGoLine    = []answer{{baseline.GoLine, "go.mod"}}
	theWork      = []answer{{baseline.Workspace, "go.work"}}
)

var reported = []heldOut{
	{
		name:    "golang/vscode-go#1595: the editor has -mod=vendor, the shell has not",
		history: []at{{200, []edit{newLogin()}}, {60, []edit{widePrivate()}}, {4, []edit{editorOnly("GOFLAGS", "-mod=vendor"), editorOnly("GOBIN", "/home/gopher/bin")}}},
		shown:   loadFailed + vendorText, verdict: isPhantom, cause: variable("GOFLAGS"),
	},
	{
		name:    "golang/go#39100: pulled, and nobody ran go mod vendor",
		start:   []edit{vendored()},
		history: []at{{90, []edit{newGopls()}}, {5, []edit{bumped("example.com/lib", "v1.3.0")}}, {3, []edit{cargoInPath()}}},
		shown:   notVendored, said: "go: inconsistent vendoring in /ws:\n\texample.com/lib@v1.3.0: is explicitly required in go.mod, but vendor/modules.txt indicates example.com/lib@v1.2.0" + vendorAdvice, verdict: isReal, cause: required("example.com/lib"),
	},
	{
		name:    "golang/vscode-go#2112: replaced in go.mod, not in vendor/modules.txt",
		start:   []edit{vendored()},
		history: []at{{45, []edit{everywhere("GOFLAGS", "-trimpath"), goEnvW("GOPROXY", "https://mirror.corp.example,direct")}}, {6, []edit{replaced("example.com/lib", "../lib")}}, {2, []edit{newLogin()}}},
		shown:   notVendored, said: "go: inconsistent vendoring in /ws:\n\texample.com/lib: is replaced in go.mod, but not marked as replaced in vendor/modules.txt" + vendorAdvice, verdict: isReal, cause: []answer{{baseline.Replace, "go.mod example.com/lib"}},
	},
	{
		name: "golang/go#38644: a directory called vendor of another language is enough",
		history: []at{{70, []edit{bumped("example.org/log", "v1.1.0")}}, {4, []edit{func(s *model.Snapshot) {
			s.Modules[0].Vendor = &model.Vendor{File: filepath.Join(heldDir, "vendor", "modules.txt")}
		}}}, {3, []edit{everywhere("GOBIN", "/home/gopher/bin")}}},
		shown: notVendored, said: vendorText, verdict: isReal, cause: []answer{{baseline.Vendor, "go.mod"}},
	},
	{
		name:    "golang/go#67587: vendored before the import came, in an old vendor directory",
		history: []at{{50, []edit{patchedGo()}}, {7, []edit{vendored(), func(s *model.Snapshot) { s.Modules[0].Vendor.Modules[0].Packages = false }}}, {6, []edit{goEnvW("GOPROXY", "https://mirror.corp.example,direct")}}},
		shown:   libUnimportable, said: "main.go:4:2: cannot find module providing package example.com/lib/sub: import lookup disabled by -mod=vendor\n\t(Go version in go.mod is at least 1.14 and vendor directory exists.)", verdict: isReal, cause: []answer{{baseline.Vendor, "go.mod"}},
	},
	{
		name:    "golang/go#49632: a go.work above, that uses the neighbour only",
		history: []at{{30, []edit{bumped("example.org/log", "v1.1.0")}}, {9, []edit{workspace("delve")}}, {2, []edit{newLogin(), everywhere("LANG", "en_GB.UTF-8")}}},
		shown:   libUnimportable, said: "pattern ./...: directory prefix . does not contain modules listed in go.work or their selected dependencies", verdict: isReal, cause: theWork,
	},
	{
		name:    "block/ftl#1153: go get raised the go line above the one of go.work",
		start:   []edit{workspace("", "modules")},
		history: []at{{300, []edit{newGopls()}}, {5, []edit{goLine("1.26.1", ""), bumped("example.org/log", "v1.1.0")}}, {4, []edit{everywhere("GOPROXY", "https://mirror.corp.example,direct")}}},
		shown:   loadFailed + "go: module . listed in go.work file requires go >= 1.26.1, but go.work lists go 1.26; to update it:\n\tgo work use", said: "go: module . listed in go.work file requires go >= 1.26.1, but go.work lists go 1.26; to update it:\n\tgo work use", verdict: isReal, cause: theGoLine,
	},
	{
		name:    "golang/go#66207: a go.work without a go line",
		history: []at{{20, []edit{bumped("example.com/lib", "v1.2.1")}}, {3, []edit{workspace(""), workLine("")}}, {2, []edit{everywhere("GOFLAGS", "-trimpath")}}},
		shown:   loadFailed + "go: module . listed in go.work file requires go >= 1.26, but go.work lists go 1.18; to update it:\n\tgo work use", said: "go: module . listed in go.work file requires go >= 1.26, but go.work lists go 1.18; to update it:\n\tgo work use", verdict: isReal, cause: append(theWork, answer{baseline.GoLine, "go.work"}),
	},
	{
		name:    "opcr-io/policy#96: -mod=mod of old, and a go.work now",
		start:   []edit{everywhere("GOFLAGS", "-mod=mod")},
		history: []at{{40, []edit{everywhere("GOBIN", "/home/gopher/bin")}}, {6, []edit{workspace("", "sibling")}}, {1, []edit{bumped("example.org/log", "v1.1.0")}}},
		shown:   noBuilds, said: "go: -mod may only be set to readonly or vendor when in workspace mode, but it is set to \"mod\"\n\tRemove the -mod flag to use the default readonly value, \n\tor set GOWORK=off to disable workspace mode.", verdict: isReal, cause: theWork,
	},
	{
		name:    "kubernetes/kubernetes#124395: a workspace of old, and -mod=mod now",
		start:   []edit{workspace("", "sibling")},
		history: []at{{40, []edit{workspace("", "sibling", "third")}}, {6, []edit{everywhere("GOFLAGS", "-mod=mod"), everywhere("GOBIN", "/home/gopher/bin"), widePrivate()}}},
		shown:   noBuilds, said: "go: -mod may only be set to readonly or vendor when in workspace mode, but it is set to \"mod\"\n\tRemove the -mod flag to use the default readonly value, \n\tor set GOWORK=off to disable workspace mode.", verdict: isReal, cause: variable("GOFLAGS"),
	},
	{
		name:    "golang/vscode-go#2884: the workspace works no longer, in the editor alone",
		start:   []edit{workspace("", "sibling")},
		history: []at{{500, []edit{newGopls()}}, {30, []edit{editorOnly("GOWORK", "off"), editorOnly("PATH", "/opt/tools:/usr/local/go/bin:/usr/bin")}}},
		shown:   siblingLost, verdict: isPhantom, cause: variable("GOWORK"),
	},
	{
		name:    "projectdiscovery/dnsx#1025: the go line passed the pinned image",
		start:   []edit{everywhere("GOTOOLCHAIN", "local")},
		history: []at{{240, []edit{everywhere("GOPROXY", "https://mirror.corp.example,direct")}}, {5, []edit{goLine("1.27.0", ""), bumped("example.com/lib", "v1.3.0"), bumped("github.com/acme/tool", "v0.4.0")}}, {3, []edit{cargoInPath()}}},
		shown:   loadFailed + "go: go.mod requires go >= 1.27.0 (running go 1.26.8; GOTOOLCHAIN=local)", said: "go: go.mod requires go >= 1.27.0 (running go 1.26.8; GOTOOLCHAIN=local)", verdict: isReal, cause: theGoLine,
	},
	{
		name:    "containernetworking/plugins#1095: go 1.27 where 1.27.0 was meant",
		history: []at{{1500, []edit{goEnvW("GOPROXY", "https://mirror.corp.example,direct")}}, {12, []edit{goLine("1.27", ""), bumped("example.org/log", "v1.1.0")}}, {10, []edit{newLogin()}}},
		shown:   noBuilds, said: "go: downloading go1.27 (linux/amd64)\ngo: download go1.27 for linux/amd64: toolchain not available", verdict: isReal, cause: theGoLine,
	},
	{
		name:    "opencontainers/runc#4717: a bot added a toolchain line",
		history: []at{{100, []edit{widePrivate(), everywhere("GOFLAGS", "-trimpath")}}, {9, []edit{goLine("1.26", "go1.27.9"), bumped("github.com/acme/tool", "v0.3.2")}}},
		shown:   noBuilds, said: "go: downloading go1.27.9 (linux/amd64)\ngo: download go1.27.9 for linux/amd64: toolchain not available", verdict: isReal, cause: theGoLine,
	},
	{
		name:    "dependabot/dependabot-core#7895: worked yesterday, the proxy of today has no toolchains",
		start:   []edit{goLine("1.27.0", "")},
		history: []at{{1400, []edit{bumped("example.com/lib", "v1.3.0")}}, {6, []edit{goEnvW("GOPROXY", "https://artifacts.corp.example/go"), everywhere("GOBIN", "/home/gopher/bin")}}, {2, []edit{newLogin()}}},
		shown:   noBuilds, said: "go: downloading go1.27.0 (linux/amd64)\ngo: download go1.27.0: golang.org/toolchain@v0.0.1-go1.27.0.linux-amd64: reading https://artifacts.corp.example/go/golang.org/toolchain/@v/v0.0.1-go1.27.0.linux-amd64.zip: 403 Forbidden", verdict: isReal, cause: variable("GOPROXY"),
	},
	{
		name:    "cybozu-go/accurate#208: GOTOOLCHAIN=path where the module wants a newer Go",
		start:   []edit{goLine("1.27.0", "")},
		history: []at{{60, []edit{bumped("example.org/log", "v1.1.0")}}, {8, []edit{everywhere("GOTOOLCHAIN", "path"), everywhere("GODEBUG", "madvdontneed=1"), cargoInPath()}}},
		shown:   noBuilds, said: `go: cannot find "go1.27.0" in PATH`, verdict: isReal, cause: variable("GOTOOLCHAIN"),
	},
	{
		name:    "einride/sage#708: a dependency wants a newer Go than the local one",
		start:   []edit{everywhere("GOTOOLCHAIN", "local")},
		history: []at{{30, []edit{goLine("1.26.1", "")}}, {8, []edit{bumped("example.com/lib", "v1.3.0")}}, {5, []edit{everywhere("GOFLAGS", "-trimpath")}}},
		shown:   loadFailed + "go: module example.com/lib@v1.3.0 requires go >= 1.27.0 (running go 1.26.8; GOTOOLCHAIN=local)", said: "go: module example.com/lib@v1.3.0 requires go >= 1.27.0 (running go 1.26.8; GOTOOLCHAIN=local)", verdict: isReal, cause: required("example.com/lib"),
	},
	{
		name:    "google/go-tpm-tools#577: the package manager's old go comes first in PATH",
		start:   []edit{goLine("1.26.0", "")},
		history: []at{{25, []edit{bumped("example.org/log", "v1.1.0")}}, {6, []edit{everywhere("PATH", "/usr/bin:/usr/local/go/bin"), goIs("go1.19.8", stationEnvs...)}}, {4, []edit{everywhere("GOPROXY", "https://mirror.corp.example,direct")}}},
		shown:   noBuilds, said: "go: errors parsing go.mod:\n/ws/go.mod:3: invalid go version '1.26.0': must match format 1.23", verdict: isReal, cause: append(variable("PATH"), anotherGo...),
	},
	{
		name:    "golang/vscode-go#2864: the editor puts /usr/local/bin before the sdk",
		history: []at{{80, []edit{newGopls()}}, {7, []edit{editorOnly("PATH", "/usr/local/bin:/home/gopher/sdk/go1.26.8/bin:/usr/bin"), goIs("go1.24.6", model.EnvGopls, model.EnvTools)}}, {5, []edit{bumped("example.org/log", "v1.1.0")}}},
		shown:   loadFailed + tooOld, verdict: isPhantom, cause: append(variable("PATH"), anotherGo...),
	},
	{
		name:    "golang/vscode-go#971: the editor was started from the dock and finds no go",
		history: []at{{15, []edit{editorOnly("PATH", "/usr/bin:/bin:/usr/sbin:/sbin"), without("go", model.EnvGopls, model.EnvTools), editorOnly("SSH_AUTH_SOCK", "/run/user/1000/keyring/ssh"), editorOnly("LANG", "en_GB.UTF-8")}}, {3, []edit{bumped("example.com/lib", "v1.2.1")}}},
		shown:   noBuilds, verdict: isPhantom, cause: append(variable("PATH"), anotherGo...),
	},
	{
		name:    "golang/go#34214: GOROOT was exported long ago, and go was upgraded today",
		start:   []edit{everywhere("GOROOT", "/opt/go-1.26.7"), goIs("go1.26.7", stationEnvs...)},
		history: []at{{200, []edit{everywhere("GOPROXY", "https://mirror.corp.example,direct")}}, {10, []edit{goIs("go1.26.8", stationEnvs...)}}, {5, []edit{everywhere("GOFLAGS", "-trimpath"), newLogin()}}},
		shown:   "could not import C (no metadata for C)", said: "# internal/goarch\ncompile: version \"go1.26.7\" does not match go tool version \"go1.26.8\"\n# internal/cpu\ncompile: version \"go1.26.7\" does not match go tool version \"go1.26.8\"", verdict: isReal, cause: anotherGo,
	},
	{
		name:    "kevincobain2000/gobrew#56: a version manager exports a GOROOT",
		history: []at{{40, []edit{bumped("example.com/lib", "v1.3.0")}}, {6, []edit{everywhere("GOROOT", "/home/gopher/.gobrew/current/go"), cargoInPath(), everywhere("GOBIN", "/home/gopher/.gobrew/bin")}}},
		shown:   "could not import C (no metadata for C)", said: "# internal/race\ncompile: version \"go1.25.4\" does not match go tool version \"go1.26.8\"", verdict: isReal, cause: variable("GOROOT"),
	},
	{
		name:    "golang/vscode-go#776: go.goroot of the workspace names an old Go",
		history: []at{{30, []edit{setting("go.testFlags", "-v")}}, {9, []edit{setting("go.goroot", "/home/gopher/.gvm/gos/go1.24.6"), setIn(model.LayerProcess, "", "GOROOT", "/home/gopher/.gvm/gos/go1.24.6", model.EnvGopls, model.EnvTools), goIs("go1.24.6", model.EnvGopls, model.EnvTools)}}, {4, []edit{widePrivate()}}},
		shown:   loadFailed + tooOld, verdict: isPhantom, cause: append(append(variable("GOROOT"), anotherGo...), answer{baseline.Setting, "workspace go.goroot"}),
	},
	{
		name:    "golang/go#68258: the go line passes the Go that built gopls",
		start:   []edit{goIs("go1.27.4", stationEnvs...)},
		history: []at{{300, []edit{goEnvW("GOPROXY", "https://mirror.corp.example,direct")}}, {15, []edit{goLine("1.27.0", "")}}, {10, []edit{bumped("example.org/log", "v1.1.0")}}},
		shown:   "package requires newer Go version go1.27 (application built with go1.26)", verdict: isVersion, cause: theGoLine,
	},
	{
		name:    "golang/vscode-go#3982: the tools were installed anew, with an older Go",
		history: []at{{120, []edit{patchedGo()}}, {40, []edit{goplsIs("v0.21.1", "go1.25.6")}}, {8, []edit{bumped("example.com/lib", "v1.3.0")}}},
		shown:   "file requires newer Go version go1.26 (application built with go1.25)", verdict: isVersion, cause: anotherGopls,
	},
	{
		name:    "microsoft/vscode-go#3097: GOBIN of the editor has a gopls of its own",
		history: []at{{55, []edit{everywhere("GOPROXY", "https://mirror.corp.example,direct")}}, {11, []edit{editorOnly("GOBIN", "/opt/old/bin"), goplsIs("v0.15.3", "go1.21.8")}}, {9, []edit{bumped("example.org/log", "v1.1.0")}}},
		shown:   "cannot range over 10 (untyped int constant)", verdict: isVersion, cause: append(variable("GOBIN"), anotherGopls...),
	},
	{
		name:    "golang/go#74462: a dependency does not compile with the new Go",
		history: []at{{400, []edit{widePrivate()}}, {35, []edit{goIs("go1.27.4", stationEnvs...)}}, {12, []edit{everywhere("GOFLAGS", "-trimpath"), bumped("example.org/log", "v1.0.4")}}},
		shown:   `could not import github.com/acme/tool (invalid array length -delta * delta (constant -256 of type int64))`, said: "# golang.org/x/tools/internal/tokeninternal\n/home/gopher/go/pkg/mod/golang.org/x/tools@v0.24.0/internal/tokeninternal/tokeninternal.go:64:9: invalid array length -delta * delta (constant -256 of type int64)", verdict: isReal, cause: anotherGo,
	},
	{
		name:    "charmbracelet/crush#750: an experiment that this Go does not know yet",
		start:   []edit{goLine("1.24", ""), goIs("go1.24.6", stationEnvs...)},
		history: []at{{180, []edit{goIs("go1.24.7", stationEnvs...)}}, {6, []edit{goEnvW("GOEXPERIMENT", "greenteagc"), goEnvW("GOAMD64", "v3")}}, {2, []edit{bumped("example.com/lib", "v1.3.0")}}},
		shown:   noBuilds, said: "go: unknown GOEXPERIMENT greenteagc", verdict: isReal, cause: variable("GOEXPERIMENT"),
	},
	{
		name:    "docker/buildx#2977: the go line was lowered",
		history: []at{{30, []edit{patchedGo()}}, {8, []edit{goLine("1.22", ""), bumped("example.com/lib", "v1.2.1")}}, {4, []edit{everywhere("GOFLAGS", "-trimpath")}}},
		shown:   "cannot range over eachElement(in) (value of type iter.Seq[string]): requires go1.23 or later", said: "# example.com/app\n./main.go:27:21: cannot range over eachElement(in) (value of type iter.Seq[string]): requires go1.23 or later (-lang was set to go1.22; check go.mod)", verdict: isReal, cause: theGoLine,
	},
	{
		name:    "artifact-keeper/artifact-keeper#651: the new repository is no proxy for the sumdb",
		start:   []edit{everywhere("GOFLAGS", "-mod=mod")},
		history: []at{{90, []edit{cargoInPath()}}, {8, []edit{goEnvW("GOPROXY", "https://artifacts.corp.example/go/remote,direct"), goEnvW("GONOSUMDB", "git.partner.example")}}, {5, []edit{requires("example.org/log", "v1.1.0"), notCached("example.org/log@v1.1.0")}}},
		shown:   logImport, said: "go: example.org/log@v1.1.0: verifying go.mod: example.org/log@v1.1.0/go.mod: reading https://artifacts.corp.example/go/remote/sumdb/sum.golang.org/supported: 400 Bad Request\n\tserver response: Invalid GOPROXY path: missing /@v/ or /@latest", verdict: isReal, cause: variable("GOPROXY"),
	},
	{
		name:    "git-pkgs/proxy#184: the new proxy says 502 instead of 404, so direct is never tried",
		start:   []edit{lost("GOPRIVATE")},
		history: []at{{20, []edit{everywhere("NO_PROXY", "localhost")}}, {7, []edit{goEnvW("GOPROXY", "http://localhost:8080/go,direct"), notCached("git.corp.example/team/auth@v1.4.0")}}, {6, []edit{newLogin()}}},
		shown:   authUnimportable, said: "go: git.corp.example/team/auth@v1.4.0: reading http://localhost:8080/go/git.corp.example/team/auth/@v/v1.4.0.mod: 502 Bad Gateway", verdict: isReal, cause: variable("GOPROXY"),
	},
	{
		name:    "golang/go#39569: 410 of the public proxy for a private module, since the list of private hosts was written anew",
		start:   []edit{everywhere("GOPRIVATE", "git.corp.example,git.partner.example"), goEnvW("GOPROXY", "https://proxy.corp.example")},
		history: []at{{60, []edit{everywhere("GOFLAGS", "-trimpath")}}, {9, []edit{everywhere("GOPRIVATE", "git.partner.example"), everywhere("GOINSECURE", "git.partner.example"), notCached("git.corp.example/team/auth@v1.4.0")}}, {3, []edit{newLogin()}}},
		shown:   authUnimportable, said: "go: git.corp.example/team/auth@v1.4.0: reading https://proxy.corp.example/git.corp.example/team/auth/@v/v1.4.0.mod: 410 Gone\n\tserver response: not found: module lookup disabled", verdict: isReal, cause: variable("GOPRIVATE"),
	},
	{
		name:    "google/go-containerregistry#2107: a tag was moved upstream, and the proxy that remembers is bypassed now",
		history: []at{{50, []edit{bumped("example.org/log", "v1.1.0")}}, {9, []edit{everywhere("GOPROXY", "direct"), everywhere("GIT_EDITOR", "nvim"), notCached("example.com/lib@v1.2.0")}}, {5, []edit{newGopls()}}},
		shown:   libUnimportable, said: "go: example.com/lib@v1.2.0: verifying module: checksum mismatch\n\tdownloaded: h1:wQ614GjDrt6MiV9fwIVBdJqmDuup3Fho6QfltIrnNSw=\n\tgo.sum:     h1:w/Fdj3ef046SdV/GJU69cCnreaLpqbTo1X9XPyHbkd4=\n\nSECURITY ERROR\nThis download does NOT match an earlier download recorded in go.sum.", verdict: isReal, cause: variable("GOPROXY"),
	},
	{
		name:    "influxdata/influxdb#15006: a deleted tag, which only the proxy still has",
		history: []at{{33, []edit{widePrivate()}}, {9, []edit{goEnvW("GOPROXY", "direct"), notCached("example.com/lib@v1.2.0")}}, {4, []edit{everywhere("GOSUMDB", "sum.golang.org")}}},
		shown:   libUnimportable, said: "go: example.com/lib@v1.2.0: invalid version: unknown revision v1.2.0", verdict: isReal, cause: variable("GOPROXY"),
	},
	{
		name:    "bufbuild/protoc-gen-validate#325: a version that upstream has taken back",
		history: []at{{120, []edit{goEnvW("GOPROXY", "https://mirror.corp.example,direct")}}, {15, []edit{bumped("example.com/lib", "v1.3.1"), notCached("example.com/lib@v1.3.1")}}, {10, []edit{newLogin(), everywhere("GOBIN", "/home/gopher/bin")}}},
		shown:   libUnimportable, said: "go: example.com/lib@v1.3.1: reading example.com/lib/go.mod at revision v1.3.1: unknown revision v1.3.1", verdict: isReal, cause: required("example.com/lib"),
	},
	{
		name:    "golang/go#27175: the directory with the firewall's certificate is not named any more",
		start:   []edit{everywhere("SSL_CERT_DIR", "/usr/local/share/ca-corp")},
		history: []at{{70, []edit{bumped("example.org/log", "v1.1.0")}}, {13, []edit{lost("SSL_CERT_DIR"), everywhere("GOBIN", "/home/gopher/bin"), notCached("example.com/lib@v1.2.0")}}, {4, []edit{newLogin()}}},
		shown:   libUnimportable, said: `go: example.com/lib@v1.2.0: Get "https://proxy.corp.example/example.com/lib/@v/v1.2.0.mod": tls: failed to verify certificate: x509: certificate signed by unknown authority`, verdict: isReal, cause: variable("SSL_CERT_DIR"),
	},
	{
		name:    "golang/go#18519: a proxy that opens every connection and signs it anew",
		history: []at{{30, []edit{everywhere("GOSUMDB", "sum.golang.org")}}, {8, []edit{everywhere("https_proxy", "http://inspect.corp.example:8080"), everywhere("http_proxy", "http://inspect.corp.example:8080"), notCached("example.com/lib@v1.2.0")}}, {7, []edit{widePrivate()}}},
		shown:   libUnimportable, said: `go: example.com/lib@v1.2.0: Get "https://proxy.corp.example/example.com/lib/@v/v1.2.0.mod": tls: failed to verify certificate: x509: certificate signed by unknown authority`, verdict: isReal, cause: variable("https_proxy"),
	},
	{
		name:    "valyala/fasthttp#681: the way out is gone with HTTPS_PROXY",
		start:   []edit{everywhere("HTTPS_PROXY", "http://squid.corp.example:3128"), everywhere("NO_PROXY", "localhost"), goEnvW("GOPROXY", "https://mirror.example,direct")},
		history: []at{{40, []edit{newGopls()}}, {8, []edit{lost("HTTPS_PROXY"), everywhere("NO_PROXY", "localhost,.corp.example"), notCached("example.com/lib@v1.2.0")}}},
		shown:   libUnimportable, said: `go: example.com/lib@v1.2.0: Get "https://mirror.example/example.com/lib/@v/v1.2.0.mod": dial tcp 192.0.2.145:443: i/o timeout`, verdict: isReal, cause: variable("HTTPS_PROXY"),
	},
	{
		name: "golang/go#64667: NETRC points to a file that has not this host",
		history: []at{{44, []edit{everywhere("GOFLAGS", "-trimpath")}}, {8, []edit{everywhere("NETRC", "/run/secrets/netrc"), func(s *model.Snapshot) {
			s.Netrcs[0] = model.Netrc{File: "/run/secrets/netrc", Envs: stationEnvs, Exists: true}
		}, notCached("example.com/lib@v1.2.0")}}, {6, []edit{newLogin()}}},
		shown: libUnimportable, said: "go: example.com/lib@v1.2.0: reading https://proxy.corp.example/example.com/lib/@v/v1.2.0.mod: 401 Unauthorized", verdict: isReal, cause: append(variable("NETRC"), answer{"netrc", "/home/gopher/.netrc"}, answer{"netrc", "/run/secrets/netrc"}),
	},
	{
		name:    "golang/go#65260: the login went out of the netrc",
		history: []at{{44, []edit{goEnvW("GOPROXY", "https://proxy.corp.example")}}, {8, []edit{func(s *model.Snapshot) { s.Netrcs[0].Machines[0].HasLogin = false }, notCached("example.com/lib@v1.2.0")}}, {6, []edit{newLogin(), cargoInPath()}}},
		shown:   libUnimportable, said: "go: example.com/lib@v1.2.0: reading https://proxy.corp.example/example.com/lib/@v/v1.2.0.mod: 401 Unauthorized", verdict: isReal, cause: []answer{{"netrc", "/home/gopher/.netrc"}},
	},
	{
		name:    "golang/go#42751: the ssh profile of the other account",
		history: []at{{30, []edit{bumped("example.com/lib", "v1.3.0")}}, {8, []edit{everywhere("GIT_SSH_COMMAND", "ssh -i ~/.ssh/id_personal -o IdentitiesOnly=yes"), everywhere("GIT_AUTHOR_EMAIL", "gopher@home.example"), notCached("git.corp.example/team/auth@v1.4.0")}}},
		shown:   authUnimportable, said: lsRemote + "ERROR: Repository not found.\n\tfatal: Could not read from remote repository.", verdict: isReal, cause: variable("GIT_SSH_COMMAND"),
	},
	{
		name:    "golang/go#34207: another git configuration, without the insteadOf",
		start:   []edit{rewrites("git@git.corp.example:", "https://git.corp.example/")},
		history: []at{{30, []edit{everywhere("GIT_PAGER", "less")}}, {8, []edit{everywhere("GIT_CONFIG_GLOBAL", "/home/gopher/dotfiles/gitconfig"), rewrites("", ""), everywhere("GIT_EDITOR", "nvim"), notCached("git.corp.example/team/auth@v1.4.0")}}, {3, []edit{bumped("example.org/log", "v1.1.0")}}},
		shown:   authUnimportable, said: lsRemote + "fatal: could not read Username for 'https://git.corp.example': terminal prompts disabled\nConfirm the import path was entered correctly.\nIf this is a private repository, see https://golang.org/doc/faq#git_https for additional information.", verdict: isReal, cause: variable("GIT_CONFIG_GLOBAL"),
	},
	{
		name:    "golang/go#26145: the directory of configurations moved, and git's is still in the old one",
		start:   []edit{everywhere("GOPROXY", "https://proxy.corp.example,direct"), goEnvU("GOPROXY"), rewrites("git@git.corp.example:", "https://git.corp.example/")},
		history: []at{{30, []edit{everywhere("GIT_PAGER", "less")}}, {8, []edit{everywhere("XDG_CONFIG_HOME", "/home/gopher/dotfiles"), rewrites("", ""), everywhere("GIT_EDITOR", "nvim"), notCached("git.corp.example/team/auth@v1.4.0")}}},
		shown:   authUnimportable, said: lsRemote + "fatal: could not read Username for 'https://git.corp.example': terminal prompts disabled", verdict: isReal, cause: variable("XDG_CONFIG_HOME"),
	},
	{
		name:    "golang/go#59354: an ssh that insists on a known host",
		history: []at{{90, []edit{patchedGo()}}, {8, []edit{everywhere("GIT_SSH_COMMAND", "ssh -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes"), notCached("git.corp.example/team/auth@v1.4.0")}}, {2, []edit{newLogin()}}},
		shown:   authUnimportable, said: lsRemote + "Host key verification failed.\n\tfatal: Could not read from remote repository.", verdict: isReal, cause: variable("GIT_SSH_COMMAND"),
	},
	{
		name:    "golang/go#63396: the settings ask for js and wasm, and the rest of the module turns red",
		history: []at{{25, []edit{setting("go.testFlags", "-v"), newGopls()}}, {5, []edit{setting("go.toolsEnvVars", "GOOS"), toolsEnv("GOOS", "js"), toolsEnv("GOARCH", "wasm")}}, {4, []edit{bumped("example.org/log", "v1.1.0")}}},
		shown:   "undefined: syscall.Flock", verdict: isPhantom, cause: append(variable("GOOS", "GOARCH"), answer{baseline.Setting, "workspace go.toolsEnvVars"}),
	},
	{
		name:    "golang/vscode-go#1799: the shell builds for js, the settings no longer say so",
		start:   []edit{shellOnly("GOOS", "js"), shellOnly("GOARCH", "wasm"), setting("go.toolsEnvVars", "GOOS"), toolsEnv("GOOS", "js"), toolsEnv("GOARCH", "wasm")},
		history: []at{{35, []edit{newGopls()}}, {5, []edit{unset("go.toolsEnvVars"), lostIn(model.LayerToolsEnvVars, "GOOS", model.EnvGopls, model.EnvTools), lostIn(model.LayerToolsEnvVars, "GOARCH", model.EnvGopls, model.EnvTools)}}, {3, []edit{widePrivate()}}},
		shown:   `could not import syscall/js (no required module provides package "syscall/js")`, verdict: isPhantom, cause: append(variable("GOOS", "GOARCH"), answer{baseline.Setting, "workspace go.toolsEnvVars"}),
	},
	{
		name:    "golang/go#43865: go env -w GOOS of a cross build stayed",
		history: []at{{60, []edit{everywhere("GOFLAGS", "-trimpath")}}, {15, []edit{goEnvW("GOOS", "windows"), everywhere("GOBIN", "/home/gopher/bin")}}, {5, []edit{bumped("example.org/log", "v1.1.0")}}},
		shown:   libUnimportable, said: "package example.com/app\n\timports example.com/lib/sub: build constraints exclude all Go files in /home/gopher/go/pkg/mod/example.com/lib@v1.2.0/sub", verdict: isReal, cause: variable("GOOS"),
	},
	{
		name:    "mattn/go-sqlite3#855: CGO_ENABLED=0 of the release script is in every shell",
		history: []at{{200, []edit{bumped("example.org/log", "v1.1.0")}}, {20, []edit{everywhere("CGO_ENABLED", "0"), everywhere("GOFLAGS", "-trimpath"), patchedGo()}}},
		shown:   libUnimportable, said: "package example.com/app\n\timports example.com/lib/sub: build constraints exclude all Go files in /home/gopher/go/pkg/mod/example.com/lib@v1.2.0/sub", verdict: isReal, cause: variable("CGO_ENABLED"),
	},
	{
		name:    "eatonphil/gosqlite#6: the C compiler was removed, and go turned cgo off by itself",
		history: []at{{90, []edit{patchedGo()}}, {20, []edit{noCompiler()}}, {9, []edit{bumped("example.org/log", "v1.1.0"), everywhere("GOFLAGS", "-trimpath")}}},
		shown:   libUnimportable, said: "package example.com/app\n\timports example.com/lib/sub: build constraints exclude all Go files in /home/gopher/go/pkg/mod/example.com/lib@v1.2.0/sub", verdict: isReal, cause: []answer{{baseline.Tool, "cc"}},
	},
	{
		name:    "mattn/go-sqlite3#315: CC of a cross build, and the program is not installed here",
		history: []at{{90, []edit{bumped("example.com/lib", "v1.3.0")}}, {20, []edit{everywhere("CGO_ENABLED", "1"), everywhere("CC", "x86_64-linux-musl-gcc"), everywhere("CGO_LDFLAGS", "-static")}}},
		shown:   "could not import C (no metadata for C)", said: "# runtime/cgo\ncgo: C compiler \"x86_64-linux-musl-gcc\" not found: exec: \"x86_64-linux-musl-gcc\": executable file not found in $PATH", verdict: isReal, cause: variable("CC"),
	},
	{
		name:    "SAP/cf-html5-apps-repo-cli-plugin#25: the advice was GO111MODULE=off, and it stayed",
		history: []at{{30, []edit{bumped("example.org/log", "v1.1.0")}}, {14, []edit{goEnvW("GO111MODULE", "off"), everywhere("GOPATH", "/home/gopher/go"), cargoInPath()}}},
		shown:   `could not import example.com/lib/sub (cannot find package "example.com/lib/sub" in GOROOT)`, said: "main.go:4:2: cannot find package \"example.com/lib/sub\" in any of:\n\t/usr/local/go/src/example.com/lib/sub (from $GOROOT)\n\t/home/gopher/go/src/example.com/lib/sub (from $GOPATH)", verdict: isReal, cause: variable("GO111MODULE"),
	},
	{
		name:    "usememos/memos#1738: GO111MODULE=off in the settings only",
		history: []at{{30, []edit{editorOnly("PATH", "/opt/tools:/usr/local/go/bin:/usr/bin")}}, {14, []edit{setting("go.toolsEnvVars", "GO111MODULE"), toolsEnv("GO111MODULE", "off")}}, {13, []edit{setting("go.testTimeout", "60s"), widePrivate()}}},
		shown:   `could not import example.com/lib/sub (cannot find package "example.com/lib/sub" in GOROOT)`, verdict: isPhantom, cause: append(variable("GO111MODULE"), answer{baseline.Setting, "workspace go.toolsEnvVars"}),
	},
	{
		name:    "golang/go#24110: a colleague's replacement was committed",
		history: []at{{60, []edit{everywhere("GOPRIVATE", "git.corp.example/team")}}, {7, []edit{replaced("git.corp.example/team/auth", "../auth"), bumped("example.com/lib", "v1.3.0")}}, {5, []edit{newLogin()}}},
		shown:   authUnimportable, said: "main.go:7:2: git.corp.example/team/auth@v1.4.0: replacement directory ../auth does not exist", verdict: isReal, cause: []answer{{baseline.Replace, "go.mod git.corp.example/team/auth"}},
	},
	{
		name:    "sirupsen/logrus#1041: required with a capital letter",
		history: []at{{60, []edit{goEnvW("GOPROXY", "https://mirror.corp.example,direct")}}, {7, []edit{unrequired("github.com/acme/tool"), bumped("github.com/Acme/tool", "v0.3.1"), bumped("example.org/log", "v1.1.0")}}},
		shown:   toolUnimportable, said: "go: github.com/Acme/tool@v0.3.1: parsing go.mod:\n\tmodule declares its path as: github.com/acme/tool\n\t        but was required as: github.com/Acme/tool", verdict: isReal, cause: required("github.com/Acme/tool"),
	},
	{
		name:    "PuerkitoBio/goquery#407: the same module with two spellings",
		history: []at{{60, []edit{patchedGo()}}, {7, []edit{bumped("github.com/Acme/tool", "v0.3.1"), bumped("example.com/lib", "v1.3.0")}}, {5, []edit{everywhere("GOFLAGS", "-trimpath")}}},
		shown:   `could not import github.com/acme/tool (case-insensitive import collision: "github.com/acme/tool" and "github.com/Acme/tool")`, said: `main.go:8:2: case-insensitive import collision: "github.com/acme/tool" and "github.com/Acme/tool"`, verdict: isReal, cause: required("github.com/Acme/tool"),
	},
	{
		name:    "kevinburke/ssh_config#29: a release with the go.mod of a fork",
		history: []at{{40, []edit{goEnvW("GOPROXY", "https://mirror.corp.example,direct"), everywhere("GONOSUMDB", "git.partner.example")}}, {7, []edit{bumped("example.com/lib", "v1.3.0"), bumped("example.org/log", "v1.1.0"), notCached("example.com/lib@v1.3.0")}}},
		shown:   libUnimportable, said: "go: example.com/lib@v1.3.0: parsing go.mod:\n\tmodule declares its path as: example.net/fork/lib\n\t        but was required as: example.com/lib", verdict: isReal, cause: required("example.com/lib"),
	},
	{
		name:    "quic-go/quic-go#3101: the new version has the package no longer",
		history: []at{{40, []edit{everywhere("GOFLAGS", "-trimpath")}}, {7, []edit{bumped("example.com/lib", "v1.3.0"), bumped("example.org/log", "v1.1.0"), bumped("github.com/acme/tool", "v0.4.0")}}, {5, []edit{goEnvW("GOPROXY", "https://mirror.corp.example,direct")}}},
		shown:   libUnimportable, said: "main.go:4:2: no required module provides package example.com/lib/sub; to add it:\n\tgo get example.com/lib/sub", verdict: isReal, cause: required("example.com/lib"),
	},
	{
		name:    "googleapis/go-genproto#1015: a part of the module is a module of its own now",
		history: []at{{40, []edit{newGopls()}}, {7, []edit{bumped("example.com/lib/sub", "v0.1.0"), bumped("github.com/acme/tool", "v0.4.0")}}, {5, []edit{everywhere("GOMODCACHE", "/home/gopher/go/pkg/mod")}}},
		shown:   libUnimportable, said: "main.go:4:2: ambiguous import: found package example.com/lib/sub in multiple modules:\n\texample.com/lib v1.2.0 (/home/gopher/go/pkg/mod/example.com/lib@v1.2.0/sub)\n\texample.com/lib/sub v0.1.0 (/home/gopher/go/pkg/mod/example.com/lib/sub@v0.1.0)", verdict: isReal, cause: required("example.com/lib/sub"),
	},
	{
		name:    "golang/go#31248: a requirement is below what the others need",
		history: []at{{25, []edit{everywhere("GOFLAGS", "-mod=readonly")}}, {6, []edit{bumped("example.org/log", "v1.0.1")}}, {3, []edit{cargoInPath(), newLogin()}}},
		shown:   loadFailed + "go: updates to go.mod needed; to update it:\n\tgo mod tidy", said: "go: updates to go.mod needed; to update it:\n\tgo mod tidy", verdict: isReal, cause: required("example.org/log"),
	},
	{
		name:    "filecoin-project/lotus#912: a GOPATH in which nobody may write",
		history: []at{{80, []edit{bumped("example.com/lib", "v1.3.0")}}, {10, []edit{everywhere("GOPATH", "/home/gopath"), everywhere("GOBIN", "/home/gopath/bin"), everywhere("PATH", "/home/gopath/bin:/usr/local/go/bin:/usr/bin"), notCached("example.com/lib@v1.3.0")}}},
		shown:   libUnimportable, said: "go: could not create module cache: mkdir /home/gopath/pkg: permission denied", verdict: isReal, cause: variable("GOPATH"),
	},
	{
		name:    "bazel-contrib/rules_go#3907: a driver for packages in the settings",
		history: []at{{45, []edit{newGopls()}}, {10, []edit{setting("go.toolsEnvVars", "GOPACKAGESDRIVER"), toolsEnv("GOPACKAGESDRIVER", "/ws/tools/gopackagesdriver.sh")}}, {8, []edit{bumped("example.org/log", "v1.1.0"), editorOnly("GOBIN", "/home/gopher/bin")}}},
		shown:   "initialization failed: packages.Load error: /ws/tools/gopackagesdriver.sh: exit status 2: ERROR: The 'run' command is only supported from within a workspace (below a directory having a WORKSPACE file).", verdict: isPhantom, cause: append(variable("GOPACKAGESDRIVER"), answer{baseline.Setting, "workspace go.toolsEnvVars"}),
	},
	{
		name:    "golang/go#38669: -tags=integration is in the environment of the editor",
		history: []at{{600, []edit{newLogin()}}, {30, []edit{editorOnly("GOFLAGS", "-tags=integration"), editorOnly("GOPRIVATE", "git.corp.example,git.partner.example")}}, {12, []edit{bumped("example.org/log", "v1.1.0")}}},
		shown:   "newStore redeclared in this block", verdict: isPhantom, cause: variable("GOFLAGS"),
	},
	{
		name:    "golang/vscode-go#1533: a build tag in the settings takes the other file away",
		history: []at{{45, []edit{newGopls(), setting("go.lintTool", "staticcheck")}}, {10, []edit{setting("go.buildTags", "pro")}}, {6, []edit{everywhere("GOBIN", "/home/gopher/bin")}}},
		shown:   "undefined: freePlan", verdict: isPhantom, cause: []answer{{baseline.Setting, "workspace go.buildTags"}},
	},
	{
		name:    "golang/go#29202: the build tag is not in the settings any more",
		start:   []edit{setting("go.buildTags", "integration")},
		history: []at{{45, []edit{newGopls()}}, {10, []edit{unset("go.buildTags"), setting("go.testTags", "integration")}}, {6, []edit{widePrivate()}}},
		shown:   "No packages found for open file /ws/store_integration_test.go.\nThis file may be excluded due to its build tags; try adding \"-tags=<build tag>\" to your gopls \"buildFlags\" configuration", verdict: isExcluded, cause: []answer{{baseline.Setting, "workspace go.buildTags"}},
	},
	{
		// At first among those without a cause. But go says the address that GOPROXY names, so
		// that is what there is to change, although it is what it always was.
		name:    "go-mod-proxy/go-mod-proxy#15: the proxy is down, and nothing changed that leads to it",
		history: []at{{50, []edit{newGopls(), everywhere("LANG", "en_GB.UTF-8")}}, {4, []edit{everywhere("GIT_EDITOR", "nvim"), notCached("example.com/lib@v1.2.0")}}},
		shown:   libUnimportable, said: "go: example.com/lib@v1.2.0: reading https://proxy.corp.example/example.com/lib/@v/v1.2.0.zip: 503 Service Unavailable", verdict: isReal, cause: variable("GOPROXY"),
	},
}

// reportedCode are reports in which the code was to blame, or something far away,
// and nothing of the machine.
var reportedCode = []heldOut{
	{name: "golang/go#40661: gopls did not hear of the generated file", history: []at{{30, []edit{bumped("example.org/log", "v1.1.0")}}, {2, []edit{newLogin()}}}, shown: "undefined: pb.NewStoreClient", verdict: isStale(model.StaleGenerated, filepath.Join(heldDir, "pb", "store.pb.go"))},
	{name: "alpkeskin/mosint#86: a package of the module itself that was never committed", history: []at{{20, []edit{patchedGo()}}, {3, []edit{everywhere("GOBIN", "/home/gopher/bin")}}}, shown: `could not import example.com/app/pkg/engine (no required module provides package "example.com/app/pkg/engine")`, said: "main.go:6:8: no required module provides package example.com/app/pkg/engine; to add it:\n\tgo get example.com/app/pkg/engine", verdict: isReal},
	{name: "etcd-io/etcd#11105: a capital letter in an import", history: []at{{50, []edit{goEnvW("GOPROXY", "https://mirror.corp.example,direct")}}, {9, []edit{newGopls()}}}, shown: `could not import example.com/lib/clientV3 (case-insensitive import collision: "example.com/lib/clientv3" and "example.com/lib/clientV3")`, said: `events.go:5:2: case-insensitive import collision: "example.com/lib/clientv3" and "example.com/lib/clientV3"`, verdict: isReal},
	{name: "microsoft/vscode-go#3086: a word too many, on the day of many changes", history: []at{{12, []edit{newGopls(), patchedGo()}}, {6, []edit{widePrivate(), cargoInPath()}}}, shown: "expected ';', found texto", said: "# example.com/app\n./main.go:26:9: syntax error: unexpected name texto at end of statement", verdict: isReal},
	{name: "golang/go#26598: syscall/js in a program for this machine", history: []at{{15, []edit{bumped("example.org/log", "v1.1.0"), everywhere("GOFLAGS", "-trimpath")}}, {5, []edit{newGopls()}}}, shown: `could not import syscall/js (no required module provides package "syscall/js")`, said: "package example.com/app\n\timports syscall/js: build constraints exclude all Go files in /usr/local/go/src/syscall/js", verdict: isReal},
	{name: "hatchet-dev/hatchet#1016: the documentation names a package that never was", history: []at{{25, []edit{patchedGo()}}, {3, []edit{newLogin(), goEnvW("GOPROXY", "https://mirror.corp.example,direct")}}}, shown: `could not import example.com/lib/pkg (no required module provides package "example.com/lib/pkg")`, said: "main.go:5:2: no required module provides package example.com/lib/pkg; to add it:\n\tgo get example.com/lib/pkg", verdict: isReal},
}

// ranking is what the product makes of a case: all that changed, the likeliest
// first.
func (c testCase) ranking() []baseline.Ranked {
	s := *c.now
	a := assess(&s)
	a.Verdicts, a.Happened = []model.Verdict{c.verdict}, c.happened
	candidates := a.candidates(c.before)
	return baseline.Rank(candidates, a.trouble(c.before, candidates, c.verdict.ContextID))
}

// TestReportedHistories tells of how many of the reported stories the cause is
// named first, and what is named in the others.
func TestReportedHistories(t *testing.T) {
	if len(reported) < 45 || len(reportedCode) < 6 {
		t.Fatalf("%d stories and %d without a cause", len(reported), len(reportedCode))
	}
	playReported(t, reported, reportedCode)
}

// playReported plays reported stories, those without a cause behind them, and tells
// what is named in those that go wrong.
func playReported(t *testing.T, stories, withoutCause []heldOut) {
	t.Helper()
	place := func(list []baseline.Ranked, i int) string {
		if i >= len(list) {
			return "nothing"
		}
		return fmt.Sprintf("%s %s, %.2f %v", list[i].Kind, list[i].Name, list[i].Score, list[i].Reasons)
	}
	right, quiet := 0, 0
	for _, h := range stories {
		list := playHeldOut(h).ranking()
		found, ok := baseline.Likeliest(list)
		if ok && slices.Contains(h.cause, answer{found.Kind, found.Name}) {
			right++
			continue
		}
		where := slices.IndexFunc(list, func(r baseline.Ranked) bool { return slices.Contains(h.cause, answer{r.Kind, r.Name}) })
		cause := "not among the candidates"
		if where >= 0 {
			cause = fmt.Sprintf("number %d: %s", where+1, place(list, where))
		}
		t.Logf("%s\n\twant %v\n\t%s\n\tnamed: %t\n\tfirst: %s\n\tsecond: %s", h.name, h.cause, cause, ok, place(list, 0), place(list, 1))
	}
	for _, h := range withoutCause {
		list := playHeldOut(h).ranking()
		if _, ok := baseline.Likeliest(list); !ok {
			quiet++
			continue
		}
		t.Errorf("%s\n\twant nothing\n\tfirst: %s\n\tsecond: %s", h.name, place(list, 0), place(list, 1))
	}
	share := float64(right) / float64(len(stories))
	t.Logf("the cause is named first in %d of %d reported stories, %.3f; nothing is named in %d of %d without one", right, len(stories), share, quiet, len(withoutCause))
	if share < 0.95 {
		t.Errorf("the cause is named first in %d of %d reported stories; it has to be in 0.95 of them", right, len(stories))
	}
	for _, h := range slices.Concat(stories, withoutCause) {
		if !strings.Contains(h.name, "#") {
			t.Errorf("%s: of which report is it?", h.name)
		}
	}
}
