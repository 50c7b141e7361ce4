package engine

import (
	"path/filepath"
	"testing"

	"github.com/gophantom/gophantom/server/internal/baseline"
	"github.com/gophantom/gophantom/server/internal/model"
)

// The stories of this file come from other reports than those of
// heldout_reports_test.go, and were made in the same way: what broke, and what go or
// gopls printed, is the report's; names of modules and hosts are changed, and the
// changes around the cause are those of any working day. Their author knew nothing
// of how suspects are weighed; all were written before any was played.

// placed is what the file system shows of a path; there are directories and files
// that are in order.
func placed(path string, p model.Place) edit {
	return func(s *model.Snapshot) {
		if s.Places == nil {
			s.Places = map[string]model.Place{}
		}
		p.Path = path
		s.Places[path] = p
	}
}

func aDirectory(path string) edit { return placed(path, model.Place{Exists: true, Dir: true}) }
func aFile(path string) edit      { return placed(path, model.Place{Exists: true, Regular: true}) }

// ownedByRoot is what "sudo go build" leaves behind.
func ownedByRoot(path string) edit {
	return placed(path, model.Place{Exists: true, Dir: true, ReadOnly: true})
}

func onBranch(name string) edit {
	return func(s *model.Snapshot) { s.Repository = model.Repository{Root: heldDir, Branch: name} }
}

func extensionIs(version string) edit {
	return func(s *model.Snapshot) { s.Extension.Version = version }
}

// toolIs is the program that a name leads to; an empty path leaves it where it was.
func toolIs(name, path, version string, envs ...model.EnvName) edit {
	return func(s *model.Snapshot) {
		for _, t := range s.Toolchain {
			for i := range t.Tools {
				for _, env := range envs {
					if t.Tools[i].Name != name || t.Env != env {
						continue
					}
					t.Tools[i].Version = version
					if path != "" {
						t.Tools[i].Path = path
					}
				}
			}
		}
	}
}

// goAt is another go in another place, with the GOROOT that it comes with.
func goAt(path, goroot, version string, envs ...model.EnvName) edit {
	return func(s *model.Snapshot) {
		goIs(version, envs...)(s)
		toolIs("go", path, version, envs...)(s)
		for i := range s.Toolchain {
			for _, env := range envs {
				if s.Toolchain[i].Env == env {
					s.Toolchain[i].Go, s.Toolchain[i].GOROOT = path, goroot
				}
			}
		}
		setIn(model.LayerDefault, "", "GOROOT", goroot, envs...)(s)
	}
}

func moduleIs(path string) edit { return func(s *model.Snapshot) { s.Modules[0].Path = path } }

func excluded(path, version string) edit {
	return func(s *model.Snapshot) {
		s.Modules[0].Excludes = append(s.Modules[0].Excludes, model.Exclude{Path: path, Version: version, Line: 14})
	}
}

// rejected is a go.mod that go does not read to its end.
func rejected(line int, text string) edit {
	return func(s *model.Snapshot) {
		m := s.Modules[0]
		s.Modules[0] = model.Module{File: m.File, Vendored: m.Vendored, Vendor: m.Vendor, Sum: m.Sum, Errors: []model.SyntaxError{{Line: line, Text: text}}}
	}
}

func sshCommand(command string) edit {
	return func(s *model.Snapshot) {
		rewrites("", "")(s)
		if command != "" {
			s.Gits[0].SSHCommand = model.Setting{Name: "core.sshCommand", Value: model.NewValue(command), Set: true, Origin: model.Origin{Layer: model.LayerGitConfig, File: "/home/gopher/.gitconfig", Line: 9}}
		}
	}
}

// entry is an entry of the netrc, with the hash of what it holds.
func entry(host, hash string) edit {
	return func(s *model.Snapshot) {
		for i, m := range s.Netrcs[0].Machines {
			if m.Name == host {
				s.Netrcs[0].Machines[i].Credential = model.NewValue(hash)
				return
			}
		}
		s.Netrcs[0].Machines = append(s.Netrcs[0].Machines, model.NetrcMachine{Name: host, Line: 4, HasLogin: true, HasPassword: true, Credential: model.NewValue(hash)})
	}
}

func noEntry() edit {
	return func(s *model.Snapshot) { s.Netrcs[0].Machines = s.Netrcs[0].Machines[:1] }
}

// besides is another module of the workspace, in a directory of its own.
func besides(dir string, requires []model.Require, replaces ...model.Replace) edit {
	return func(s *model.Snapshot) {
		file := filepath.Join(heldDir, dir, "go.mod")
		m := model.Module{File: file, Path: "example.com/" + dir, Go: "1.26", GoLine: 3, Requires: requires, Replaces: replaces}
		for i := range s.Modules {
			if s.Modules[i].File == file {
				s.Modules[i] = m
				return
			}
		}
		s.Modules = append(s.Modules, m)
	}
}

func workReplaced(path, by string) edit {
	return func(s *model.Snapshot) {
		s.Work.Replaces = append(s.Work.Replaces, model.Replace{OldPath: path, NewPath: by, Line: 8})
	}
}

// hashed gives every line of go.sum a hash, and one of them its own.
func hashed(key, hash string) edit {
	return func(s *model.Snapshot) {
		sum := &s.Modules[0].Sum
		sum.Hashes = map[string][]model.SumHash{}
		for line := range sum.Lines {
			sum.Hashes[line] = []model.SumHash{{Hash: "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", Line: 3}}
		}
		sum.Hashes[key] = []model.SumHash{{Hash: hash, Line: 4}}
	}
}

func viewIs(kind string) edit {
	return func(s *model.Snapshot) {
		s.Views = []model.GoplsView{{ID: "1", Type: kind, Root: heldDir, Folder: heldDir}}
	}
}

func onAMac() edit { return func(s *model.Snapshot) { s.GOOS = "darwin" } }

// More of what happens on any day.
func newPager() edit     { return everywhere("GIT_PAGER", "delta") }
func newEditor() edit    { return everywhere("GIT_EDITOR", "nvim") }
func ownBin() edit       { return everywhere("GOBIN", "/home/gopher/bin") }
func trimmed() edit      { return everywhere("GOFLAGS", "-trimpath") }
func newMirror() edit    { return goEnvW("GOPROXY", "https://mirror.corp.example,direct") }
func newExtension() edit { return extensionIs("0.53.0") }

const (
	metadataOfC = "could not import C (no metadata for C)"
	noAccess    = "\n\tfatal: Could not read from remote repository.\n\n\tPlease make sure you have the correct access rights\n\tand the repository exists."
	noPrompts   = "terminal prompts disabled\nConfirm the import path was entered correctly.\nIf this is a private repository, see https://golang.org/doc/faq#git_https for additional information."
)

var (
	isLayout   = model.Verdict{Kind: model.Phantom, Cause: model.CauseLayout}
	gitRewrite = []answer{{baseline.Git, "/home/gopher/.gitconfig insteadOf"}}
	theNetrc   = []answer{{baseline.Netrc, "/home/gopher/.netrc"}}
	theGit     = []answer{{baseline.Tool, "git"}}
	theModule  = []answer{{baseline.Module, "go.mod"}}
	replacedIn = func(name string) []answer { return []answer{{baseline.Replace, name}} }
	placeOf    = func(name string) []answer { return []answer{{baseline.Place, name}} }
	settingOf  = func(key string) answer { return answer{baseline.Setting, "workspace " + key} }
)

var reportedSecond = []heldOut{
	// git itself, and what it is told.
	{
		name:    "golang/go#51253: the new git distrusts a repository that somebody else owns",
		start:   []edit{toolIs("git", "", "2.35.1", stationEnvs...)},
		history: []at{{90, []edit{newPager()}}, {12, []edit{toolIs("git", "", "2.36.0", stationEnvs...)}}, {7, []edit{trimmed(), newEditor()}}},
		shown:   "error obtaining VCS status: exit status 128", said: "error obtaining VCS status: exit status 128\n\tUse -buildvcs=false to disable VCS stamping.", verdict: isReal, cause: theGit,
	},
	{
		name:    "coder/coder#24138: a hook of a linked worktree left its GIT_DIR in the environment",
		start:   []edit{toolIs("git", "", "2.44.0", stationEnvs...)},
		history: []at{{400, []edit{toolIs("git", "", "2.45.2", stationEnvs...)}}, {9, []edit{everywhere("GIT_DIR", "/ws/.git/worktrees/fix")}}, {8, []edit{newEditor(), bumped("example.org/log", "v1.1.0")}}},
		shown:   "error obtaining VCS status: exit status 128", said: "error obtaining VCS status: exit status 128\n\tUse -buildvcs=false to disable VCS stamping.", verdict: isReal, cause: variable("GIT_DIR"),
	},
	{
		name:    "golang/go#32905: a git that knows no --unshallow comes first",
		start:   []edit{everywhere("GOPROXY", "direct")},
		history: []at{{50, []edit{widePrivate()}}, {10, []edit{everywhere("PATH", "/opt/legacy/bin:/usr/local/go/bin:/usr/bin"), toolIs("git", "/opt/legacy/bin/git", "1.7.1", stationEnvs...), newPager()}}, {6, []edit{bumped("example.com/lib", "v1.3.0"), notCached("example.com/lib@v1.3.0")}}},
		shown:   libUnimportable, said: "go: example.com/lib@v1.3.0: git -c protocol.version=0 fetch --unshallow -f https://git.example.com/lib refs/heads/*:refs/heads/* refs/tags/*:refs/tags/* in /home/gopher/go/pkg/mod/cache/vcs/b4: exit status 129:\n\terror: unknown option `unshallow'\n\tusage: git fetch [<options>] [<repository> [<refspec>...]]", verdict: isReal, cause: append(variable("PATH"), theGit...),
	},
	{
		name:    "golang/go#38373: the distribution's own git was installed again",
		start:   []edit{rewrites("", "")},
		history: []at{{30, []edit{newMirror()}}, {8, []edit{toolIs("git", "", "1.8.3", stationEnvs...), newEditor()}}, {5, []edit{rewrites("git@git.partner.example:", "https://git.partner.example/"), notCached("git.corp.example/team/auth@v1.4.0")}}},
		shown:   authUnimportable, said: "go: git.corp.example/team/auth@v1.4.0: git fetch -f https://git.corp.example/team/auth refs/heads/*:refs/heads/* refs/tags/*:refs/tags/* in /home/gopher/go/pkg/mod/cache/vcs/3f: exit status 128:\n\tfatal: git fetch-pack: expected shallow list", verdict: isReal, cause: theGit,
	},
	{
		name:    "golang/go#50776: https was turned into ssh, and ssh has no key",
		start:   []edit{rewrites("", "")},
		history: []at{{120, []edit{patchedGo()}}, {14, []edit{rewrites("git@git.corp.example:", "https://git.corp.example/"), notCached("git.corp.example/team/auth@v1.4.0")}}, {9, []edit{everywhere("GIT_AUTHOR_NAME", "G. Gopher"), newEditor()}}},
		shown:   authUnimportable, said: lsRemote + "git@git.corp.example: Permission denied (publickey)." + noAccess, verdict: isReal, cause: gitRewrite,
	},
	{
		name:    "webfactory/ssh-agent#82: the addresses of the rewriting end with .git now",
		start:   []edit{rewrites("git@git.corp.example:team/auth", "https://git.corp.example/team/auth")},
		history: []at{{60, []edit{newPager()}}, {11, []edit{rewrites("git@git.corp.example:team/auth.git", "https://git.corp.example/team/auth.git"), notCached("git.corp.example/team/auth@v1.4.0")}}, {10, []edit{widePrivate(), cargoInPath()}}},
		shown:   authUnimportable, said: lsRemote + "fatal: could not read Username for 'https://git.corp.example': " + noPrompts, verdict: isReal, cause: gitRewrite,
	},
	{
		name:    "golang/go#71482: core.sshCommand names the key of another host",
		start:   []edit{sshCommand("")},
		history: []at{{35, []edit{bumped("example.com/lib", "v1.3.0")}}, {9, []edit{sshCommand("ssh -i ~/.ssh/partner -o IdentitiesOnly=yes"), notCached("git.corp.example/team/auth@v1.4.0")}}, {4, []edit{newEditor(), everywhere("GIT_COMMITTER_EMAIL", "gopher@corp.example")}}},
		shown:   authUnimportable, said: lsRemote + "git@git.corp.example: Permission denied (publickey)." + noAccess, verdict: isReal, cause: []answer{{baseline.Git, "/home/gopher/.gitconfig core.sshCommand"}},
	},
	{
		name:    "gomods/athens#1398: an empty GIT_SSH",
		start:   []edit{rewrites("git@git.corp.example:", "https://git.corp.example/")},
		history: []at{{45, []edit{newGopls()}}, {10, []edit{everywhere("GIT_SSH", ""), newPager(), notCached("git.corp.example/team/auth@v1.4.0")}}, {6, []edit{newLogin()}}},
		shown:   authUnimportable, said: lsRemote + "error: cannot run : No such file or directory\n\tfatal: unable to fork", verdict: isReal, cause: variable("GIT_SSH"),
	},
	{
		name:    "renovatebot/renovate#12549: the entry of the netrc has another login",
		start:   []edit{entry("proxy.corp.example", "9a2d"), entry("git.corp.example", "4f1c")},
		history: []at{{30, []edit{newMirror()}}, {12, []edit{entry("git.corp.example", "b07e"), notCached("git.corp.example/team/auth@v1.4.0")}}, {5, []edit{newLogin(), newEditor()}}},
		shown:   authUnimportable, said: lsRemote + "remote: HTTP Basic: Access denied. The provided password or token is incorrect or your account has 2FA enabled.\n\tfatal: Authentication failed for 'https://git.corp.example/team/auth/'", verdict: isReal, cause: theNetrc,
	},
	{
		name:    "golang/go#29888: without an entry for the host, the project lies elsewhere",
		start:   []edit{entry("proxy.corp.example", "9a2d"), entry("git.corp.example", "4f1c")},
		history: []at{{25, []edit{bumped("example.org/log", "v1.1.0")}}, {9, []edit{noEntry(), notCached("git.corp.example/team/auth@v1.4.0")}}, {8, []edit{widePrivate(), newPager()}}},
		shown:   authUnimportable, said: lsRemote + "remote: The project you were looking for could not be found.\n\tfatal: repository 'https://git.corp.example/team.git/' not found", verdict: isReal, cause: theNetrc,
	},

	// The way to modules.
	{
		name:    "nadoo/glider#31: HTTPS_PROXY names what speaks SOCKS only",
		history: []at{{40, []edit{widePrivate()}}, {10, []edit{everywhere("ALL_PROXY", "socks5://127.0.0.1:1080"), everywhere("HTTPS_PROXY", "http://127.0.0.1:1080"), everywhere("NO_PROXY", "localhost,.partner.example"), notCached("example.com/lib@v1.2.0")}}, {3, []edit{newLogin()}}},
		shown:   libUnimportable, said: `go: example.com/lib@v1.2.0: Get "https://proxy.corp.example/example.com/lib/@v/v1.2.0.mod": proxyconnect tcp: EOF`, verdict: isReal, cause: variable("HTTPS_PROXY"),
	},
	{
		name:    "goproxyio/goproxy#202: another checksum database, which has not this version",
		start:   []edit{everywhere("GOFLAGS", "-mod=mod")},
		history: []at{{1500, []edit{newMirror()}}, {15, []edit{everywhere("GOSUMDB", "sum.partner.example+ce6e7565+AY5qEHUk/qmHc5btzW45JVoENfazw8LielDsaI+lEbq6")}}, {6, []edit{requires("example.org/log", "v1.1.0"), notCached("example.org/log@v1.1.0"), newLogin()}}},
		shown:   logImport, said: "go: example.org/log@v1.1.0: verifying go.mod: example.org/log@v1.1.0/go.mod: reading https://sum.partner.example/lookup/example.org/log@v1.1.0: 404 Not Found\n\tserver response: Not Found", verdict: isReal, cause: variable("GOSUMDB"),
	},
	{
		name:    "DNSControl/dnscontrol#2021: GOVCS of old allowed bzr",
		start:   []edit{everywhere("GOPROXY", "direct"), everywhere("GOVCS", "private:all,public:git|hg|bzr"), bumped("bzr.example/check", "v0.0.0-20140225173054-000000000087")},
		history: []at{{70, []edit{toolIs("git", "", "2.40.0", stationEnvs...)}}, {9, []edit{lost("GOVCS"), ownBin(), notCached("bzr.example/check@v0.0.0-20140225173054-000000000087")}}, {4, []edit{bumped("example.com/lib", "v1.2.1")}}},
		shown:   `could not import bzr.example/check (no required module provides package "bzr.example/check")`, said: `go: bzr.example/check@v0.0.0-20140225173054-000000000087: unrecognized import path "bzr.example/check": GOVCS disallows using bzr for public bzr.example/check; see 'go help vcs'`, verdict: isReal, cause: variable("GOVCS"),
	},
	{
		name:    "golang/go#49894: the module cache moved to a disk of the network, which locks nothing",
		history: []at{{80, []edit{bumped("example.com/lib", "v1.2.1")}}, {13, []edit{goEnvW("GOMODCACHE", "/export/nfs/gopher/mod"), goEnvW("GOCACHE", "/export/nfs/gopher/go-build"), notCached("example.com/lib@v1.2.1")}}, {6, []edit{newLogin(), cargoInPath()}}},
		shown:   libUnimportable, said: "go: example.com/lib@v1.2.1: Lock /export/nfs/gopher/mod/cache/download/example.com/lib/@v/v1.2.1.lock: no locks available", verdict: isReal, cause: variable("GOMODCACHE"),
	},
	{
		name:    "cerc-io/stack-orchestrator#528: replaced by a module of a host that wants a login",
		history: []at{{35, []edit{newEditor()}}, {9, []edit{widePrivate()}}, {8, []edit{replaced("example.com/lib", "git.partner.example/fork/lib"), notCached("example.com/lib@v1.2.0")}}},
		shown:   libUnimportable, said: "go: example.com/lib@v1.2.0 (replaced by git.partner.example/fork/lib@v0.0.0-20230706160122-cd41de354c46): version \"v0.0.0-20230706160122-cd41de354c46\" invalid: git ls-remote -q origin in /home/gopher/go/pkg/mod/cache/vcs/95: exit status 128:\n\tfatal: could not read Username for 'https://git.partner.example': " + noPrompts, verdict: isReal, cause: replacedIn("go.mod example.com/lib"),
	},
	{
		name:    "theopenlane/core#2032: a requirement that only its authors may read",
		history: []at{{55, []edit{newPager()}}, {12, []edit{bumped("git.partner.example/core/jobs", "v0.1.9"), bumped("example.com/lib", "v1.2.1"), notCached("git.partner.example/core/jobs@v0.1.9")}}, {7, []edit{newLogin(), patchedGo()}}},
		shown:   `could not import git.partner.example/core/jobs (no required module provides package "git.partner.example/core/jobs")`, said: "go: git.partner.example/core/jobs@v0.1.9: invalid version: git ls-remote -q --end-of-options origin in /home/gopher/go/pkg/mod/cache/vcs/ed: exit status 128:\n\tfatal: could not read Username for 'https://git.partner.example': " + noPrompts, verdict: isReal, cause: required("git.partner.example/core/jobs"),
	},

	// Directories and files that are not as they were.
	{
		name:    "golang/vscode-go#996: the build cache belongs to root since somebody built with sudo",
		start:   []edit{aDirectory("/home/gopher/.cache/go-build"), aDirectory("/home/gopher/go/pkg/mod")},
		history: []at{{60, []edit{newGopls(), newExtension()}}, {10, []edit{ownedByRoot("/home/gopher/.cache/go-build")}}, {5, []edit{bumped("example.org/log", "v1.1.0"), trimmed()}}},
		shown:   loadFailed + "open /home/gopher/.cache/go-build/76/76f1b07ead1a0346b7fa6859db4aeac3cda03a63af9b7d7a58e4c990224ccdd4-d: permission denied", said: "open /home/gopher/.cache/go-build/76/76f1b07ead1a0346b7fa6859db4aeac3cda03a63af9b7d7a58e4c990224ccdd4-d: permission denied", verdict: isReal, cause: placeOf("GOCACHE"),
	},
	{
		name:    "vxcontrol/soldr#5: a container left a module cache of root's",
		start:   []edit{aDirectory("/home/gopher/.cache/go-build"), aDirectory("/home/gopher/go/pkg/mod")},
		history: []at{{90, []edit{everywhere("GOMODCACHE", "/home/gopher/go/pkg/mod")}}, {9, []edit{ownedByRoot("/home/gopher/go/pkg/mod")}}, {6, []edit{bumped("example.com/lib", "v1.3.0"), notCached("example.com/lib@v1.3.0")}}, {2, []edit{newMirror()}}},
		shown:   libUnimportable, said: "go: writing stat cache: mkdir /home/gopher/go/pkg/mod/cache/download/example.com/lib: permission denied\ngo: example.com/lib@v1.3.0: mkdir /home/gopher/go/pkg/mod/cache/download/example.com/lib: permission denied", verdict: isReal, cause: placeOf("GOMODCACHE"),
	},
	{
		name:    "openimsdk/open-im-server#1524: the directory of the replacement has no go.mod any more",
		start:   []edit{replaced("example.com/lib", "../lib"), aDirectory(filepath.Join(filepath.Dir(heldDir), "lib")), aFile(filepath.Join(filepath.Dir(heldDir), "lib", "go.mod"))},
		history: []at{{200, []edit{bumped("example.org/log", "v1.1.0")}}, {11, []edit{placed(filepath.Join(filepath.Dir(heldDir), "lib", "go.mod"), model.Place{})}}, {7, []edit{bumped("github.com/acme/tool", "v0.4.0"), newLogin()}}},
		shown:   libUnimportable, said: "main.go:4:2: example.com/lib@v1.2.0 (replaced by ../lib): reading ../lib/go.mod: open /lib/go.mod: no such file or directory", verdict: isReal, cause: placeOf("go.mod example.com/lib"),
	},
	{
		name:    "perkeep/perkeep#915: nothing may be run in /tmp, and TMPDIR says so no longer",
		start:   []edit{everywhere("TMPDIR", "/home/gopher/tmp")},
		history: []at{{66, []edit{trimmed()}}, {9, []edit{lost("TMPDIR"), ownBin()}}, {5, []edit{bumped("example.com/lib", "v1.2.1")}}},
		shown:   "undefined: assets.FS", said: "fork/exec /tmp/go-build134549651/command-line-arguments/_obj/exe/make: permission denied", verdict: isReal, cause: variable("TMPDIR"),
	},
	{
		name: "microsoft/vscode-go#2981: on the remote machine the editor has the home of the local one",
		history: []at{{50, []edit{newExtension()}}, {10, []edit{
			editorOnly("HOME", "/home/merith"),
			setIn(model.LayerDefault, "", "GOMODCACHE", "/home/merith/go/pkg/mod", model.EnvGopls, model.EnvTools),
			setIn(model.LayerDefault, "", "GOCACHE", "/home/merith/.cache/go-build", model.EnvGopls, model.EnvTools),
		}}, {4, []edit{bumped("example.org/log", "v1.1.0")}}},
		shown: loadFailed + "go: could not create module cache: mkdir /home/merith: permission denied", verdict: isPhantom, cause: variable("HOME"),
	},

	// C, and the programs of a build.
	{
		name:    "golang/go#23744: the new Go takes fewer flags of C",
		history: []at{{75, []edit{everywhere("CGO_LDFLAGS", "-L/opt/lib")}}, {14, []edit{goIs("go1.26.9", stationEnvs...)}}, {9, []edit{bumped("example.org/log", "v1.1.0"), newLogin()}}},
		shown:   metadataOfC, said: "go build example.com/lib/sub: invalid flag in #cgo CFLAGS: -finput-charset=UTF-8", verdict: isReal, cause: anotherGo,
	},
	{
		name:    "davidbyttow/govips#288: nothing allows the flags of pkg-config any more",
		start:   []edit{everywhere("CGO_CFLAGS_ALLOW", "-Xpreprocessor"), everywhere("PKG_CONFIG_PATH", "/opt/lib/pkgconfig")},
		history: []at{{40, []edit{newGopls()}}, {10, []edit{lost("CGO_CFLAGS_ALLOW"), everywhere("PKG_CONFIG_PATH", "/opt/lib/pkgconfig:/usr/lib/pkgconfig"), everywhere("CGO_CFLAGS", "-O2 -g")}}, {3, []edit{newPager()}}},
		shown:   loadFailed + "go build example.com/lib/sub: invalid flag in pkg-config --cflags: -Xpreprocessor", said: "go build example.com/lib/sub: invalid flag in pkg-config --cflags: -Xpreprocessor", verdict: isReal, cause: variable("CGO_CFLAGS_ALLOW"),
	},
	{
		name:    "golang/go#38955: -race of old, and no cgo now",
		start:   []edit{everywhere("GOFLAGS", "-race")},
		history: []at{{90, []edit{patchedGo()}}, {12, []edit{everywhere("CGO_ENABLED", "0"), everywhere("GOTMPDIR", "/var/tmp"), ownBin()}}, {5, []edit{bumped("example.com/lib", "v1.2.1")}}},
		shown:   noBuilds, said: "go: -race requires cgo; enable cgo by setting CGO_ENABLED=1", verdict: isReal, cause: variable("CGO_ENABLED"),
	},
	{
		name:    "golang/go#30046: objects for link-time optimization, and the plain ar again",
		start:   []edit{everywhere("AR", "gcc-ar"), everywhere("CGO_CFLAGS", "-O2 -flto")},
		history: []at{{45, []edit{newMirror()}}, {11, []edit{lost("AR"), everywhere("GOBIN", "/home/gopher/bin")}}, {7, []edit{trimmed(), bumped("example.org/log", "v1.1.0")}}},
		shown:   metadataOfC, said: "# example.com/app/internal/c\nar: $WORK/b007/_go_.o: plugin needed to handle lto object", verdict: isReal, cause: variable("AR"),
	},
	{
		name:    "janh/go-dsl#9: another package brought a clang of its own",
		start:   []edit{onAMac(), toolIs("cc", "/usr/bin/clang", "", stationEnvs...)},
		history: []at{{100, []edit{patchedGo()}}, {10, []edit{everywhere("PATH", "/opt/fsl/bin:/usr/local/go/bin:/usr/bin"), toolIs("cc", "/opt/fsl/bin/clang", "", stationEnvs...)}}, {8, []edit{bumped("example.com/lib", "v1.3.0"), newLogin()}}},
		shown:   metadataOfC, said: "# example.com/lib/sub\n/home/gopher/go/pkg/mod/example.com/lib@v1.3.0/sub/webview.go:15:10: fatal error: 'stdlib.h' file not found\n#include <stdlib.h>\n         ^~~~~~~~~~\n1 error generated.", verdict: isReal, cause: append(variable("PATH"), answer{baseline.Tool, "cc"}),
	},
	{
		name:    "bernardo-bruning/ollama-copilot#13: SDKROOT showed the way to the headers",
		start:   []edit{onAMac(), everywhere("SDKROOT", "/Library/Developer/CommandLineTools/SDKs/MacOSX.sdk"), everywhere("MACOSX_DEPLOYMENT_TARGET", "11.0")},
		history: []at{{65, []edit{bumped("example.com/lib", "v1.2.1")}}, {9, []edit{lost("SDKROOT"), ownBin(), everywhere("LANG", "en_GB.UTF-8")}}, {4, []edit{newGopls()}}},
		shown:   metadataOfC, said: "# runtime/cgo\n_cgo_export.c:3:10: fatal error: 'stdlib.h' file not found", verdict: isReal, cause: variable("SDKROOT"),
	},
	{
		name:    "golang/go#43467: the same text, and only Go is another one",
		start:   []edit{onAMac(), toolIs("cc", "/usr/bin/clang", "", stationEnvs...)},
		history: []at{{90, []edit{bumped("example.org/log", "v1.1.0")}}, {16, []edit{goIs("go1.26.9", stationEnvs...)}}, {10, []edit{newPager(), everywhere("GOBIN", "/home/gopher/bin"), newMirror()}}},
		shown:   metadataOfC, said: "# runtime/cgo\n_cgo_export.c:3:10: fatal error: 'stdlib.h' file not found", verdict: isReal, cause: anotherGo,
	},
	{
		name:    "kubernetes-sigs/gateway-api-inference-extension#1089: cgo is demanded, and gcc is not installed any more",
		start:   []edit{everywhere("CGO_ENABLED", "1")},
		history: []at{{120, []edit{trimmed()}}, {9, []edit{without("cc", stationEnvs...)}}, {6, []edit{bumped("example.com/lib", "v1.3.0"), everywhere("LIBRARY_PATH", "/opt/lib")}}},
		shown:   metadataOfC, said: "# runtime/cgo\ncgo: C compiler \"gcc\" not found: exec: \"gcc\": executable file not found in $PATH", verdict: isReal, cause: []answer{{baseline.Tool, "cc"}},
	},
	{
		name:    "golangci/golangci-lint#5909: a program for the build cache that loses halves of files",
		history: []at{{30, []edit{goEnvW("GOCACHE", "/home/gopher/.cache/go")}}, {10, []edit{goEnvW("GOCACHEPROG", "/home/gopher/go/bin/go-cacher")}}, {6, []edit{bumped("example.com/lib", "v1.2.1"), newLogin()}}},
		shown:   metadataOfC, said: "2026/11/03 08:59:41 Defaulting to cache dir /home/gopher/.cache/go-cacher ...\n2026/11/03 08:59:41 put(action 1c94221a561a523ae31fd0f30ff0a933f935fc9a740203ec32341c2727661ff3, obj , 4215 bytes): failed to write file to disk with right size: disk=652; wanted=4215", verdict: isReal, cause: variable("GOCACHEPROG"),
	},
	{
		name:    "golang/go#73294: files for GOAMD64=v3, and the level is the lowest again",
		start:   []edit{goEnvW("GOAMD64", "v3")},
		history: []at{{50, []edit{newGopls()}}, {8, []edit{goEnvU("GOAMD64"), goEnvW("GOPROXY", "https://mirror.corp.example,direct")}}, {4, []edit{bumped("example.org/log", "v1.1.0")}}},
		shown:   "No packages found for open file /ws/main.go.\nThis file may be excluded due to its build tags; try adding \"-tags=<build tag>\" to your gopls \"buildFlags\" configuration", said: "package example.com/app: build constraints exclude all Go files in /ws", verdict: isExcluded, cause: variable("GOAMD64"),
	},

	// Which go it is.
	{
		name:    "golang/go#52308: the older Go knows no -buildvcs",
		start:   []edit{goLine("1.17", ""), goIs("go1.18.10", stationEnvs...), everywhere("GOFLAGS", "-buildvcs=false")},
		history: []at{{100, []edit{toolIs("git", "", "2.40.0", stationEnvs...)}}, {9, []edit{goIs("go1.17.13", stationEnvs...)}}, {7, []edit{newMirror(), newEditor()}}},
		shown:   noBuilds, said: "go: parsing $GOFLAGS: unknown flag -buildvcs", verdict: isReal, cause: anotherGo,
	},
	{
		name:    "purpleclay/go-overlay#392: -mod=vendor in a workspace, under an older Go",
		start:   []edit{vendored(), workspace("", "sibling"), goLine("1.21", ""), workLine("1.21"), goIs("go1.25.4", stationEnvs...), everywhere("GOFLAGS", "-mod=vendor")},
		history: []at{{300, []edit{newGopls()}}, {14, []edit{goIs("go1.21.1", stationEnvs...)}}, {9, []edit{newMirror(), widePrivate()}}},
		shown:   noBuilds, said: "go: -mod may only be set to readonly when in workspace mode, but it is set to \"vendor\"\n\tRemove the -mod flag to use the default readonly value, \n\tor set GOWORK=off to disable workspace mode.", verdict: isReal, cause: anotherGo,
	},
	{
		name:    "FiloSottile/age#194: the package manager installed a go for something else, and it is found first",
		start:   []edit{goLine("1.16", ""), goIs("go1.16.2", stationEnvs...), onAMac()},
		history: []at{{45, []edit{newEditor()}}, {12, []edit{goAt("/usr/local/bin/go", "/usr/local/Cellar/go/1.15.2/libexec", "go1.15.2", stationEnvs...)}}, {8, []edit{bumped("example.com/lib", "v1.2.1"), newLogin()}}},
		shown:   `could not import embed (cannot find package "embed" in GOROOT)`, said: "main.go:9:2: package embed is not in GOROOT (/usr/local/Cellar/go/1.15.2/libexec/src/embed)", verdict: isReal, cause: append(anotherGo, answer{baseline.Tool, "go"}),
	},
	{
		name:    "jdx/mise#3011: the editor runs another go than the shell, which reads no toolchain line",
		start:   []edit{goLine("1.22.0", "go1.22.5"), goIs("go1.22.5", stationEnvs...)},
		history: []at{{1000, []edit{newExtension()}}, {15, []edit{goAt("/usr/local/bin/go", "/usr/local/go1.20", "go1.20.6", model.EnvGopls, model.EnvTools)}}, {6, []edit{bumped("example.org/log", "v1.1.0"), newLogin()}}},
		shown:   loadFailed + "go: errors parsing go.mod:\n/ws/go.mod:3: invalid go version '1.22.0': must match format 1.23\n/ws/go.mod:5: unknown directive: toolchain", verdict: isPhantom, cause: append(anotherGo, answer{baseline.Tool, "go"}),
	},
	{
		name:    "voidint/g#125: the shell changed to a newer Go, the editor keeps its go.goroot",
		start:   []edit{setting("go.goroot", "/home/gopher/.g/versions/1.26.8"), editorOnly("GOROOT", "/home/gopher/.g/versions/1.26.8")},
		history: []at{{60, []edit{setting("go.testFlags", "-v")}}, {12, []edit{goIs("go1.27.4", model.EnvShell)}}, {5, []edit{bumped("example.com/lib", "v1.2.1"), shellOnly("GOBIN", "/home/gopher/bin")}}},
		shown:   "undefined: strings.CutLast", verdict: isPhantom, cause: anotherGo,
	},
	{
		name:    "ImAyrix/fallparams#5: a toolchain line was pulled, and this Go is too old to read it",
		start:   []edit{goLine("1.20", ""), goIs("go1.20.13", stationEnvs...)},
		history: []at{{500, []edit{goIs("go1.20.14", stationEnvs...)}}, {9, []edit{goLine("1.20", "go1.22.4"), bumped("example.com/lib", "v1.3.0")}}, {6, []edit{newMirror()}}},
		shown:   loadFailed + "go: errors parsing go.mod:\n/ws/go.mod:5: unknown directive: toolchain", said: "go: errors parsing go.mod:\n/ws/go.mod:5: unknown directive: toolchain", verdict: isReal, cause: theGoLine,
	},
	{
		name: "doismellburning/samoyed#614: a newer go line, and the Go that is fetched for it comes without all tools",
		history: []at{{40, []edit{trimmed()}}, {10, []edit{goLine("1.27.0", ""), func(s *model.Snapshot) {
			for i := range s.Toolchain {
				s.Toolchain[i].Selected, s.Toolchain[i].Fetched = "go1.27.0", true
			}
		}, bumped("example.org/log", "v1.1.0")}}, {3, []edit{newEditor()}}},
		shown: `go: no such tool "covdata"`, said: "go: downloading go1.27.0 (linux/amd64)\ngo: no such tool \"covdata\"", verdict: isReal, cause: append(theGoLine, anotherGo...),
	},
	{
		name:    "pelletier/go-toml#965: the new version of a dependency uses what this Go has not",
		start:   []edit{goLine("1.20", ""), goIs("go1.20.10", stationEnvs...)},
		history: []at{{600, []edit{newMirror()}}, {8, []edit{bumped("example.com/lib", "v1.3.0"), bumped("github.com/acme/tool", "v0.4.0")}}, {5, []edit{trimmed(), newLogin()}}},
		shown:   libUnimportable, said: "/home/gopher/go/pkg/mod/example.com/lib@v1.3.0/sub/marshaler.go:11:2: package slices is not in GOROOT (/usr/local/go/src/slices)\nnote: imported by a module that requires go 1.21", verdict: isReal, cause: required("example.com/lib"),
	},

	// go.mod.
	{
		name:    "golang/go#74739: a tool line was pulled, and the go line does not ask for 1.24",
		start:   []edit{goLine("1.23.0", ""), goIs("go1.23.10", stationEnvs...)},
		history: []at{{20, []edit{goIs("go1.23.11", stationEnvs...)}}, {8, []edit{rejected(12, "unknown directive: tool")}}, {6, []edit{newEditor(), ownBin()}}},
		shown:   loadFailed + "go: errors parsing go.mod:\n/ws/go.mod:12: unknown directive: tool", said: "go: errors parsing go.mod:\n/ws/go.mod:12: unknown directive: tool", verdict: isReal, cause: []answer{{baseline.Unreadable, "go.mod"}},
	},
	{
		name:    "golang/go#32485: the marks of a merge are still in go.mod",
		start:   []edit{onBranch("main")},
		history: []at{{30, []edit{onBranch("feature/pay")}}, {7, []edit{rejected(9, "unknown directive: <<<<<<<")}}, {5, []edit{newPager(), everywhere("GIT_MERGE_AUTOEDIT", "no")}}},
		shown:   "unknown directive: <<<<<<<", said: "go: errors parsing go.mod:\n/ws/go.mod:9: unknown directive: <<<<<<<", verdict: isReal, cause: []answer{{baseline.Unreadable, "go.mod"}},
	},
	{
		name:    "Masterminds/semver#125: v3 is required of a path without /v3",
		history: []at{{80, []edit{newMirror()}}, {10, []edit{rejected(7, `require example.com/lib: version "v3.0.0" invalid: should be v0 or v1, not v3`)}}, {8, []edit{trimmed()}}},
		shown:   loadFailed + "go: errors parsing go.mod:\n/ws/go.mod:7: require example.com/lib: version \"v3.0.0\" invalid: should be v0 or v1, not v3", said: "go: errors parsing go.mod:\n/ws/go.mod:7: require example.com/lib: version \"v3.0.0\" invalid: should be v0 or v1, not v3", verdict: isReal, cause: []answer{{baseline.Unreadable, "go.mod"}},
	},
	{
		name:    "hjson/hjson-go#39: an incompatible version of what is a module since",
		history: []at{{80, []edit{goEnvW("GONOSUMDB", "git.partner.example")}}, {10, []edit{bumped("example.com/lib", "v3.2.0+incompatible"), bumped("example.org/log", "v1.1.0"), notCached("example.com/lib@v3.2.0+incompatible")}}, {4, []edit{newMirror()}}},
		shown:   libUnimportable, said: "go: example.com/lib@v3.2.0+incompatible: invalid version: module contains a go.mod file, so module path must match major version (\"example.com/lib/v3\")", verdict: isReal, cause: required("example.com/lib"),
	},
	{
		name:    "juju/ratelimit#34: a pseudo-version of a commit that has a tag",
		start:   []edit{everywhere("GOPROXY", "direct")},
		history: []at{{60, []edit{newPager()}}, {9, []edit{bumped("github.com/acme/tool", "v1.0.2-0.20171026090426-59fac5042749"), bumped("example.com/lib", "v1.2.1"), notCached("github.com/acme/tool@v1.0.2-0.20171026090426-59fac5042749")}}, {5, []edit{patchedGo()}}},
		shown:   toolUnimportable, said: "go: github.com/acme/tool@v1.0.2-0.20171026090426-59fac5042749: invalid pseudo-version: tag (v1.0.1) found on revision 59fac5042749 is already canonical, so should not be replaced with a pseudo-version derived from that tag", verdict: isReal, cause: required("github.com/acme/tool"),
	},
	{
		name:    "kubernetes/client-go#751: of two modules of a family, one went ahead",
		history: []at{{70, []edit{trimmed()}}, {8, []edit{bumped("example.org/log", "v1.1.0"), bumped("github.com/acme/tool", "v0.4.0")}}, {6, []edit{newMirror(), newLogin()}}},
		shown:   `could not import example.com/lib/sub (not enough arguments in call to log.NewStreamWatcher)`, said: "# example.com/lib/sub\n/home/gopher/go/pkg/mod/example.com/lib@v1.2.0/sub/request.go:598:31: not enough arguments in call to log.NewStreamWatcher\n\thave (*versioned.Decoder)\n\twant (log.Decoder, log.Reporter)", verdict: isReal, cause: required("example.org/log"),
	},
	{
		name:    "golang/go#36465: the required version is excluded",
		history: []at{{90, []edit{everywhere("GOFLAGS", "-mod=readonly")}}, {11, []edit{excluded("example.com/lib", "v1.2.0"), bumped("example.org/log", "v1.1.0")}}, {6, []edit{newMirror()}}},
		shown:   loadFailed + "go: updates to go.mod needed; to update it:\n\tgo mod tidy", said: "go: ignoring requirement on excluded version example.com/lib v1.2.0\ngo: updates to go.mod needed; to update it:\n\tgo mod tidy", verdict: isReal, cause: []answer{{baseline.Exclude, "go.mod example.com/lib v1.2.0"}},
	},
	{
		name:    "golang/vscode-go#2328: go mod init with a shorter name",
		history: []at{{40, []edit{patchedGo()}}, {9, []edit{moduleIs("app"), bumped("example.com/lib", "v1.2.1")}}, {4, []edit{newGopls()}}},
		shown:   `could not import example.com/app/store (no required module provides package "example.com/app/store")`, said: "main.go:5:2: no required module provides package example.com/app/store; to add it:\n\tgo get example.com/app/store", verdict: isReal, cause: theModule,
	},
	{
		name:    "golang/go#43186: the other branch has another module path, and gopls has not seen it",
		start:   []edit{onBranch("main"), moduleIs("example.com/fork/app")},
		history: []at{{120, []edit{newGopls()}}, {7, []edit{onBranch("upstream"), moduleIs("example.com/app")}}, {5, []edit{widePrivate(), newEditor()}}},
		shown:   `could not import example.com/app/wgcfg (no required module provides package "example.com/app/wgcfg")`, verdict: isStale(model.StaleModule, heldMod), cause: append(theModule, answer{baseline.Branch, "branch"}),
	},
	{
		name:    "golang/go#35343: nothing says any more where a module without a dot lies",
		start:   []edit{everywhere("GOFLAGS", "-mod=mod"), requires("mypath/dir/subdir", "v0.0.0"), replaced("mypath/dir/subdir", "../myproject")},
		history: []at{{50, []edit{newMirror()}}, {10, []edit{unreplaced(), bumped("example.org/log", "v1.1.0")}}, {8, []edit{ownBin()}}},
		shown:   `could not import mypath/dir/subdir (no required module provides package "mypath/dir/subdir")`, said: `main.go:4:2: malformed module path "mypath/dir/subdir": missing dot in first path element`, verdict: isReal, cause: replacedIn("go.mod mypath/dir/subdir"),
	},
	{
		name:    "cilium/tetragon#3638: a version that stood for a directory",
		start:   []edit{bumped("example.com/app/api", "v0.0.0-00010101000000-000000000000"), replaced("example.com/app/api", "./api")},
		history: []at{{300, []edit{patchedGo()}}, {12, []edit{unreplaced(), bumped("github.com/acme/tool", "v0.4.0"), notCached("example.com/app/api@v0.0.0-00010101000000-000000000000")}}, {6, []edit{newMirror(), newLogin()}}},
		shown:   `could not import example.com/app/api (no required module provides package "example.com/app/api")`, said: "go: example.com/app/api@v0.0.0-00010101000000-000000000000: invalid version: unknown revision 000000000000", verdict: isReal, cause: replacedIn("go.mod example.com/app/api"),
	},
	{
		name:  "golang/go#26904: replaced by a fork that is required by its own name too",
		start: []edit{bumped("example.net/fork/lib", "v1.4.0")},
		history: []at{{100, []edit{newMirror()}}, {9, []edit{func(s *model.Snapshot) {
			s.Modules[0].Replaces = []model.Replace{{OldPath: "example.com/lib", NewPath: "example.net/fork/lib", NewVersion: "v1.4.0", Line: 12}}
		}, bumped("example.org/log", "v1.1.0")}}, {3, []edit{newGopls()}}},
		shown: loadFailed + "go: example.net/fork/lib@v1.4.0 used for two different module paths (example.com/lib and example.net/fork/lib)", said: "go: example.net/fork/lib@v1.4.0 used for two different module paths (example.com/lib and example.net/fork/lib)", verdict: isReal, cause: replacedIn("go.mod example.com/lib"),
	},
	{
		name:    "commercionetwork/commercionetwork#68: go.sum was pulled with a hash that an older Go had made",
		start:   []edit{hashed("example.com/lib v1.2.0", "h1:PamBMopnHxO2nEIsU89ibVVnqnXR2yFTgGNc+PdG68o=")},
		history: []at{{70, []edit{newExtension()}}, {9, []edit{hashed("example.com/lib v1.2.0", "h1:DnZGUjFbRkpytojHWwy6nfUSA7vFrzWXDLpFNzt74ZA=")}}, {5, []edit{everywhere("GOSUMDB", "sum.golang.org"), newLogin()}}},
		shown:   libUnimportable, said: "verifying example.com/lib@v1.2.0: checksum mismatch\n\tdownloaded: h1:PamBMopnHxO2nEIsU89ibVVnqnXR2yFTgGNc+PdG68o=\n\tgo.sum:     h1:DnZGUjFbRkpytojHWwy6nfUSA7vFrzWXDLpFNzt74ZA=\n\nSECURITY ERROR\nThis download does NOT match an earlier download recorded in go.sum.\nThe bits may have been replaced on the origin server, or an attacker may\nhave intercepted the download attempt.\n\nFor more information, see 'go help module-auth'.", verdict: isReal, cause: []answer{{baseline.Sum, "go.mod example.com/lib v1.2.0"}},
	},

	// Workspaces.
	{
		name:    "thockin/kubernetes#12: two modules of the workspace replace the same one differently",
		start:   []edit{workspace("", "sibling"), replaced("example.com/lib", "../lib"), besides("sibling", nil)},
		history: []at{{200, []edit{newGopls()}}, {10, []edit{besides("sibling", nil, model.Replace{OldPath: "example.com/lib", NewPath: "../../lib", Line: 5})}}, {6, []edit{bumped("example.org/log", "v1.1.0"), trimmed()}}},
		shown:   loadFailed + "go: conflicting replacements for example.com/lib:\n\t/lib\n\t/ws/lib\nuse \"go work edit -replace example.com/lib=[override]\" to resolve", said: "go: conflicting replacements for example.com/lib:\n\t/lib\n\t/ws/lib\nuse \"go work edit -replace example.com/lib=[override]\" to resolve", verdict: isReal, cause: replacedIn("sibling/go.mod example.com/lib"),
	},
	{
		name:    "golang/go#57738: a module was added to the workspace, and its old replacement holds for all",
		start:   []edit{workspace("", "sibling"), besides("sibling", nil)},
		history: []at{{90, []edit{newMirror()}}, {11, []edit{workspace("", "sibling", "third"), besides("third", nil, model.Replace{OldPath: "example.com/lib", NewPath: "example.com/lib", NewVersion: "v1.0.0", Line: 7})}}, {4, []edit{bumped("example.org/log", "v1.1.0")}}},
		shown:   "undefined: lib.NewThing", said: "# example.com/app\n./main.go:9:10: undefined: lib.NewThing", verdict: isReal, cause: append(replacedIn("third/go.mod example.com/lib"), answer{baseline.Use, "third"}),
	},
	{
		name:    "golang/go#54264: go.work replaces a module that it uses",
		start:   []edit{workspace("", "sibling")},
		history: []at{{30, []edit{bumped("example.org/log", "v1.1.0")}}, {8, []edit{workReplaced("example.com/sibling", "./sibling")}}, {5, []edit{everywhere("GOFLAGS", "-trimpath"), patchedGo()}}},
		shown:   siblingLost, said: "go: workspace module example.com/sibling is replaced at all versions in the go.work file. To fix, remove the replacement from the go.work file or specify the version at which to replace the module.", verdict: isReal, cause: replacedIn("go.work example.com/sibling"),
	},
	{
		name:    "NixOS/nixpkgs#203039: a go.work beside a vendor directory of the module alone",
		start:   []edit{vendored()},
		history: []at{{70, []edit{patchedGo()}}, {9, []edit{workspace("", "sibling")}}, {5, []edit{newMirror(), ownBin()}}},
		shown:   notVendored, said: "go: inconsistent vendoring in /ws:\n\texample.com/lib@v1.2.0: is explicitly required in sibling/go.mod, but not marked as explicit in vendor/modules.txt\n\n\tTo ignore the vendor directory, use -mod=readonly or -mod=mod.\n\tTo sync the vendor directory, run:\n\t\tgo work vendor", verdict: isReal, cause: append(theWork, answer{baseline.Use, "sibling"}, answer{baseline.Use, "."}),
	},
	{
		name:    "golang/go#81127: go work sync raised a version and left half of its hashes out",
		start:   []edit{workspace("", "sibling"), besides("sibling", []model.Require{{Path: "example.org/log", Version: "v1.1.0", Line: 5}})},
		history: []at{{60, []edit{newGopls()}}, {8, []edit{bumped("example.org/log", "v1.1.0"), unsummed("example.org/log v1.1.0/go.mod")}}, {6, []edit{widePrivate(), trimmed()}}},
		shown:   logImport, said: "go: example.org/log@v1.1.0: missing go.sum entry for go.mod file; to add it:\n\tgo mod download example.org/log", verdict: isReal, cause: append(required("example.org/log"), answer{baseline.Sum, "go.mod example.org/log v1.1.0"}, answer{baseline.Sum, "go.mod example.org/log v1.0.3"}),
	},

	// The editor, its extension and gopls.
	{
		name:    "golang/vscode-go#1300: the new extension speaks to a gopls that is too old for it",
		start:   []edit{goplsIs("v0.6.5", "go1.16.2"), extensionIs("0.22.1"), goLine("1.16", ""), goIs("go1.16.2", stationEnvs...)},
		history: []at{{80, []edit{bumped("example.org/log", "v1.1.0")}}, {12, []edit{extensionIs("0.23.1")}}, {7, []edit{setting("go.testFlags", "-v"), newLogin()}}},
		shown:   "Starting client failed\n  Message: JSON RPC parse error: json: cannot unmarshal number into Go struct field RenameClientCapabilities.capabilities.textDocument.rename.prepareSupportDefaultBehavior of type bool: JSON RPC parse error\n  Code: -32700", verdict: isVersion, cause: []answer{{baseline.Extension, "golang.go"}},
	},
	{
		name:    "microsoft/vscode-go#840: since the update of the extension GOPATH is the word undefined",
		history: []at{{200, []edit{newGopls()}}, {11, []edit{extensionIs("0.53.1"), editorOnly("GOPATH", "undefined")}}, {8, []edit{bumped("example.org/log", "v1.1.0"), editorOnly("GIT_EDITOR", "code --wait")}}},
		shown:   loadFailed + "go: GOPATH entry is relative; must be absolute path: \"undefined\".\nFor more details see: 'go help gopath'", verdict: isPhantom, cause: append(variable("GOPATH"), answer{baseline.Extension, "golang.go"}),
	},
	{
		name:    "golang/go#55331: the new gopls has the experimental workspace no longer",
		start:   []edit{setting("build.experimentalWorkspaceModule", "true"), besides("sibling", nil)},
		history: []at{{1400, []edit{newExtension()}}, {13, []edit{goplsIs("v0.24.0", "go1.26.8")}}, {6, []edit{bumped("example.org/log", "v1.1.0"), newLogin()}}},
		shown:   `This file is within module "sibling", which is not included in your workspace.`, verdict: isLayout, cause: anotherGopls,
	},
	{
		name:    "golang/go#32238: the new gopls loses the environment on its way to go",
		history: []at{{30, []edit{everywhere("GOBIN", "/home/gopher/bin")}}, {10, []edit{goplsIs("v0.24.0", "go1.26.8")}}, {5, []edit{goEnvW("GOPROXY", "https://mirror.corp.example,direct"), editorOnly("LANG", "en_GB.UTF-8")}}},
		shown:   loadFailed + "build cache is required, but could not be located: GOCACHE is not defined and $HOME is not defined", verdict: isPhantom, cause: anotherGopls,
	},
	{
		name:    "golang/vscode-go#3491: the new gopls works with this old Go no longer",
		start:   []edit{goLine("1.17", ""), goIs("go1.17.13", stationEnvs...), goplsIs("v0.11.0", "go1.17.13")},
		history: []at{{100, []edit{newMirror()}}, {9, []edit{goplsIs("v0.16.1", "go1.22.6")}}, {8, []edit{trimmed(), bumped("example.com/lib", "v1.2.1")}}},
		shown:   "Found Go version 1.17.13, which is not supported by this version of gopls. Please upgrade to Go 1.19 or later and reinstall gopls.", verdict: isVersion, cause: anotherGopls,
	},
	{
		name:    "golang/vscode-go#3578: a go line with a patch, and a gopls that was built before there were such",
		start:   []edit{goLine("1.21", ""), goIs("go1.22.0", stationEnvs...), goplsIs("v0.15.2", "go1.18.3")},
		history: []at{{240, []edit{newExtension()}}, {10, []edit{goLine("1.22.0", ""), bumped("example.com/lib", "v1.3.0")}}, {5, []edit{newLogin()}}},
		shown:   `invalid Go version "go1.22.0" (should be something like "go1.12")`, verdict: isVersion, cause: theGoLine,
	},
	{
		name:    "golang/go#45340: a filter of directories hides the module that lies below",
		start:   []edit{workspace("", "sibling"), besides("sibling", nil)},
		history: []at{{60, []edit{newGopls()}}, {9, []edit{setting("build.directoryFilters", "-sibling"), setting("ui.semanticTokens", "true")}}, {4, []edit{bumped("example.org/log", "v1.1.0")}}},
		shown:   siblingLost, verdict: isPhantom, cause: []answer{settingOf("build.directoryFilters")},
	},
	{
		name:    "golang/go#42257: buildFlags of gopls were cleaned away",
		start:   []edit{setting("build.buildFlags", "-tags=integration")},
		history: []at{{90, []edit{newExtension()}}, {11, []edit{unset("build.buildFlags"), setting("ui.completion.usePlaceholders", "true")}}, {9, []edit{widePrivate(), bumped("example.org/log", "v1.1.0")}}},
		shown:   "undefined: startServer", verdict: isPhantom, cause: []answer{settingOf("build.buildFlags")},
	},
	{
		name:    "golang/go#61548: the folder was opened again, and is taken for one without a module",
		start:   []edit{viewIs("GoMod")},
		history: []at{{90, []edit{trimmed()}}, {6, []edit{viewIs("AdHoc")}}, {5, []edit{newLogin(), newPager()}}},
		shown:   "You are outside of a module and outside of $GOPATH/src. If you are using modules, please open your editor to a directory in your module.", verdict: isLayout, cause: []answer{{baseline.View, "."}},
	},
	{
		name:    "saibing/bingo#186: another branch was checked out, and the struct is still that of the last one",
		start:   []edit{onBranch("main")},
		history: []at{{45, []edit{newGopls()}}, {8, []edit{onBranch("feature/timer")}}, {3, []edit{newEditor(), widePrivate()}}},
		shown:   "unknown field Deadline in struct literal of type store.Job", verdict: isStale(model.StaleBranch, ""), cause: []answer{{baseline.Branch, "branch"}},
	},
	// Nothing changed, but what go says has the address that a variable leads to.
	{name: "goproxy/goproxy#8: the proxy does not reach the checksum database today", history: []at{{100, []edit{patchedGo()}}, {9, []edit{notCached("example.com/lib@v1.2.0"), newEditor()}}}, shown: libUnimportable, said: "go: example.com/lib@v1.2.0: verifying module: example.com/lib@v1.2.0: reading https://proxy.corp.example/sumdb/sum.golang.org/lookup/example.com/lib@v1.2.0: 502 Bad Gateway", verdict: isReal, cause: variable("GOSUMDB", "GOPROXY")},
}

// reportedSecondCode are reports in which the code was to blame, or something far
// away, and nothing of the machine.
var reportedSecondCode = []heldOut{
	{name: "h2non/bimg#438: a library was upgraded, and packages in the build cache still name its old directory", start: []edit{onAMac()}, history: []at{{40, []edit{bumped("example.org/log", "v1.1.0")}}, {8, []edit{newPager(), newLogin()}}}, shown: metadataOfC, said: "/usr/local/go/pkg/tool/darwin_arm64/link: running clang failed: exit status 1\nld: warning: directory not found for option '-L/opt/homebrew/Cellar/vips/8.13.3/lib'\nld: library not found for -lvips\nclang: error: linker command failed with exit code 1 (use -v to see invocation)", verdict: isReal},
	{name: "libvips/libvips#4425: a library's description of itself has a flag too many since its last release", start: []edit{onAMac()}, history: []at{{30, []edit{newGopls()}}, {5, []edit{ownBin(), newEditor()}}}, shown: metadataOfC, said: "example.com/lib/sub: invalid flag in pkg-config --cflags: -I -I/opt/homebrew/Cellar/libimagequant/4.3.4/include (see https://golang.org/s/invalidflag)", verdict: isReal},
	{name: "emicklei/go-restful#542: a tag was moved upstream, and the module cache was cleaned", history: []at{{300, []edit{newExtension()}}, {6, []edit{notCached("example.com/lib@v1.2.0"), newLogin()}}}, shown: libUnimportable, said: "verifying example.com/lib@v1.2.0: checksum mismatch\n\tdownloaded: h1:PZ8lyY5omynnq9Y2BHKmNqkC3AnPMES2e2bg7slcfzw=\n\tgo.sum:     h1:S+9bSbua1z3FgCnV0KKOSSZ3mDthb5NyEPL5gEpCvyk=\n\nSECURITY ERROR\nThis download does NOT match an earlier download recorded in go.sum.\nThe bits may have been replaced on the origin server, or an attacker may\nhave intercepted the download attempt.\n\nFor more information, see 'go help module-auth'.", verdict: isReal},
	{name: "golang/go#35990: a private module moved to another place", history: []at{{60, []edit{newGopls(), newPager()}}, {7, []edit{notCached("git.corp.example/team/auth@v1.4.0")}}}, shown: authUnimportable, said: lsRemote + "remote: Repository not found.\n\tfatal: repository 'https://git.corp.example/team/auth/' not found", verdict: isReal},
	{name: "golang/go#38879: gopls still sees the marks of a conflict that is resolved", start: []edit{onBranch("main")}, history: []at{{50, []edit{bumped("example.org/log", "v1.1.0")}}, {4, []edit{newEditor()}}}, shown: "expected declaration, found '<<'", verdict: isStale(model.StaleUnknown, filepath.Join(heldDir, "source_test.go"))},
	{name: "golang/vscode-go#277: a file of the same package that gopls never heard of", history: []at{{70, []edit{newExtension(), newGopls()}}, {3, []edit{newLogin()}}}, shown: "undefined: Config", verdict: isStale(model.StaleGenerated, filepath.Join(heldDir, "config.go"))},
	{name: "golang/go#26446: an internal package of somebody else's", history: []at{{35, []edit{bumped("example.org/log", "v1.1.0")}}, {6, []edit{trimmed(), patchedGo()}}}, shown: "use of internal package example.com/lib/internal/buffer not allowed", said: "package example.com/app\n\tmain.go:5:2: use of internal package example.com/lib/internal/buffer not allowed", verdict: isReal},
	{name: "emersion/go-message#109: packages that import each other", history: []at{{25, []edit{newMirror(), newGopls()}}, {4, []edit{ownBin()}}}, shown: "import cycle not allowed", said: "package example.com/app\n\timports example.com/app/store\n\timports example.com/app/textproto\n\timports example.com/app/store: import cycle not allowed", verdict: isReal},
	{name: "dask/dask-gateway#197: a file that is not for this release of Go", history: []at{{45, []edit{bumped("example.com/lib", "v1.2.1")}}, {5, []edit{newLogin(), widePrivate()}}}, shown: "No packages found for open file /ws/fail_without_go_1_12.go.\nThis file may be excluded due to its build tags; try adding \"-tags=<build tag>\" to your gopls \"buildFlags\" configuration", verdict: isExcluded},
}

// TestReportedSecond plays the second batch of reported stories, and tells what is
// named in those that go wrong.
func TestReportedSecond(t *testing.T) {
	if len(reportedSecond) < 50 || len(reportedSecondCode) < 8 {
		t.Fatalf("%d stories and %d without a cause", len(reportedSecond), len(reportedSecondCode))
	}
	playReported(t, reportedSecond, reportedSecondCode)
}
