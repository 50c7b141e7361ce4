package baseline_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/baseline"
	"github.com/gophantom/gophantom/server/internal/model"
)

// native is a path as the system of the test has it.
func native(path string) string {
	abs, err := filepath.Abs(filepath.FromSlash(path))
	if err != nil {
		panic(err)
	}
	return abs
}

// station is a machine that has something of every kind of fact.
func station() *model.Snapshot {
	dir := native("/ws")
	mod := filepath.Join(dir, "go.mod")
	s := &model.Snapshot{Dir: dir, GOOS: "linux", Repository: model.Repository{Root: dir, Branch: "main"}, Places: map[string]model.Place{}}
	for _, env := range []model.EnvName{model.EnvShell, model.EnvGopls} {
		s.Envs = append(s.Envs, model.Env{Name: env, Complete: true, Layers: []model.Layer{
			{Kind: model.LayerProcess, Vars: map[string]model.Assignment{"GOTMPDIR": {Value: model.NewValue(native("/scratch"))}}},
			{Kind: model.LayerGoroot, File: native("/usr/local/go/go.env"), Vars: map[string]model.Assignment{"GOSUMDB": {Value: model.NewValue("sum.golang.org"), File: native("/usr/local/go/go.env"), Line: 8}}},
			{Kind: model.LayerDefault, Vars: map[string]model.Assignment{"GOMODCACHE": {Value: model.NewValue(native("/home/gopher/go/pkg/mod"))}, "GOROOT": {Value: model.NewValue(native("/usr/local/go"))}}},
		}})
		s.Toolchain = append(s.Toolchain, model.Toolchain{Env: env, Go: "/usr/bin/go", GOROOT: native("/usr/local/go"), Version: "go1.26.8", Tools: []model.Tool{{Name: "go", Path: "/usr/bin/go", Version: "go1.26.8", Print: "0a1b"}}})
	}
	s.Modules = []model.Module{{
		File: mod, Path: "example.com/app", PathLine: 1, Go: "1.24", GoLine: 3,
		Requires: []model.Require{{Path: "example.com/lib", Version: "v1.2.0", Line: 5}},
		Replaces: []model.Replace{{OldPath: "example.com/local", NewPath: "../local", Line: 7}},
		Excludes: []model.Exclude{{Path: "example.com/lib", Version: "v1.1.0", Line: 9}},
		Vendored: true, Vendor: &model.Vendor{File: filepath.Join(dir, "vendor", "modules.txt"), Exists: true, Modules: []model.VendoredModule{{Path: "example.com/lib", Version: "v1.2.0", Explicit: true, Line: 1}}},
		Sum: model.Sum{
			File: filepath.Join(dir, "go.sum"), Exists: true, Lines: map[string]bool{"example.com/lib v1.2.0": true, "example.com/lib v1.2.0/go.mod": true},
			Hashes: map[string][]model.SumHash{"example.com/lib v1.2.0": {{Hash: "h1:aaaa", Line: 1}}, "example.com/lib v1.2.0/go.mod": {{Hash: "h1:bbbb", Line: 2}}},
		},
	}}
	config := model.Origin{Layer: model.LayerGitConfig, File: "/home/gopher/.gitconfig", Line: 2}
	s.Gits = []model.Git{{
		Envs: []model.EnvName{model.EnvShell, model.EnvGopls}, Files: []string{config.File},
		Rewrites:   []model.GitRewrite{{Base: model.NewValue("https://oauth2:" + password + "@git.example/"), InsteadOf: model.NewValue("ssh://git.example/"), Origin: config}},
		SSHCommand: model.Setting{Name: "core.sshCommand", Set: true, Value: model.NewValue("ssh -i key"), Origin: config},
	}}
	s.Netrcs = []model.Netrc{{File: "/home/gopher/.netrc", Exists: true, Machines: []model.NetrcMachine{
		{Name: "git.example:8443", Line: 1, HasLogin: true, HasPassword: true, Credential: model.NewValue(password)},
	}}}
	s.Gits[0].Others = []model.Setting{{Name: "http.extraheader", Set: true, Value: model.NewValue("http.https://git.example/.extraheader=Authorization: " + password), Origin: config}}
	s.AuthPrograms = []model.AuthProgram{{Env: model.EnvShell, Name: "helper", Path: "/bin/helper", Print: "1c1d"}}
	s.Replacing = []model.Module{{File: native("/local/go.mod"), Path: "example.com/local", Go: "1.24", GoLine: 3, Requires: []model.Require{{Path: "example.com/lib", Version: "v1.0.0"}}}}
	s.Caches = []model.ModuleCache{{Dir: native("/home/gopher/go/pkg/mod")}}
	s.Extension = &model.GoExtension{Version: "0.52.0"}
	for _, there := range []string{"/scratch", "/usr/local/go", "/usr/local/go/src/fmt", "/home/gopher/go/pkg/mod", "/local"} {
		s.Places[native(there)] = model.Place{Path: native(there), Exists: true, Dir: true}
	}
	s.Places[native("/local/go.mod")] = model.Place{Path: native("/local/go.mod"), Exists: true, Regular: true}
	return s
}

// fileURL is a directory as an entry of GOPROXY.
func fileURL(dir string) string {
	return "file:///" + strings.TrimPrefix(filepath.ToSlash(native(dir)), "/")
}

const password = "hunter2hunter2"

// place makes a place another one.
func place(path string, p model.Place) func(*model.Snapshot) {
	return func(s *model.Snapshot) {
		p.Path = native(path)
		s.Places[p.Path] = p
	}
}

// TestWhatIsAChange has everything that counts as one, with what does not.
func TestWhatIsAChange(t *testing.T) {
	shell := func(s *model.Snapshot) *model.Toolchain { return &s.Toolchain[0] }
	variable := func(s *model.Snapshot, name, value string) {
		s.Envs[0].Layers[0].Vars[name] = model.Assignment{Value: model.NewValue(value)}
	}
	offline := func(s *model.Snapshot) {
		variable(s, "GOPROXY", "off")
		s.Modules[0].Vendored, s.Modules[0].Vendor = false, nil
	}
	broken := func(s *model.Snapshot) {
		m := s.Modules[0]
		s.Modules[0] = model.Module{File: m.File, Vendored: true, Vendor: m.Vendor, Sum: m.Sum, Errors: []model.SyntaxError{{Line: 11, Text: "unknown directive: requires"}}}
	}
	for _, tc := range []struct {
		name   string
		before func(*model.Snapshot) // nil for nothing
		do     func(*model.Snapshot)
		want   []string
	}{
		{"nothing", nil, func(*model.Snapshot) {}, nil},
		{"another go", nil, func(s *model.Snapshot) { shell(s).Tools[0].Path = "/opt/go/bin/go" }, []string{"tool shell go: /usr/bin/go → /opt/go/bin/go"}},
		{"another file of this name", nil, func(s *model.Snapshot) { shell(s).Tools[0].Print = "0a1c" }, []string{"tool shell go: /usr/bin/go → /usr/bin/go"}},
		{"a go that could not be read", nil, func(s *model.Snapshot) { shell(s).Tools[0].Print = "" }, nil},
		{"no go", nil, func(s *model.Snapshot) {
			*shell(s) = model.Toolchain{Env: model.EnvShell, Why: "no go command on PATH"}
			s.Envs[0].Layers = slices.Delete(s.Envs[0].Layers, 1, 2) // nobody knows its go.env
		}, []string{"tool shell go: /usr/bin/go gone", "toolchain shell go: go1.26.8 → "}},
		{"a go that was not looked for", nil, func(s *model.Snapshot) { shell(s).Tools = nil }, nil},
		{"GOROOT moved", nil, func(s *model.Snapshot) { shell(s).GOROOT = native("/opt/go") }, []string{"toolchain shell go: go1.26.8 → go1.26.8"}},
		{"GOROOT is not known", nil, func(s *model.Snapshot) { shell(s).GOROOT = "" }, nil},
		{"a variable moved GOROOT", nil, func(s *model.Snapshot) {
			shell(s).GOROOT = native("/opt/go")
			variable(s, "GOROOT", native("/opt/go"))
		}, []string{"variable shell GOROOT: new " + native("/opt/go")}},

		{"git goes elsewhere", nil, func(s *model.Snapshot) { s.Gits[0].Rewrites[0].InsteadOf = model.NewValue("git://git.example/") }, []string{
			"git config  /home/gopher/.gitconfig insteadOf: https://oauth2:" + password + "@git.example/ instead of ssh://git.example/ → https://oauth2:" + password + "@git.example/ instead of git://git.example/",
		}},
		{"another line", nil, func(s *model.Snapshot) { s.Gits[0].Rewrites[0].Origin.Line = 20 }, nil},
		{"git rewrites nothing", nil, func(s *model.Snapshot) { s.Gits[0].Rewrites = nil }, []string{"git config  /home/gopher/.gitconfig insteadOf: https://oauth2:" + password + "@git.example/ instead of ssh://git.example/ gone"}},
		{"the first rule", func(s *model.Snapshot) { s.Gits[0].Rewrites, s.Gits[0].SSHCommand = nil, model.Setting{} }, func(s *model.Snapshot) { s.Gits[0].SSHCommand = model.Setting{} }, []string{
			"git config  /home/gopher/.gitconfig insteadOf: new https://oauth2:" + password + "@git.example/ instead of ssh://git.example/",
		}},
		{"another ssh", nil, func(s *model.Snapshot) { s.Gits[0].SSHCommand.Value = model.NewValue("ssh -v") }, []string{"git config  /home/gopher/.gitconfig core.sshCommand: ssh -i key → ssh -v"}},
		{"what git does is not known", nil, func(s *model.Snapshot) { s.Gits[0].Rewrites, s.Gits[0].Why = nil, "GIT_CONFIG_PARAMETERS adds to it" }, nil},
		{"no git", nil, func(s *model.Snapshot) { s.Gits = nil }, nil},
		{"another password for git", nil, func(s *model.Snapshot) { s.Gits[0].Others[0].Value = model.NewValue("another") }, []string{"git config  /home/gopher/.gitconfig http.extraheader: set → set"}},
		{"a protocol is forbidden", nil, func(s *model.Snapshot) {
			o := s.Gits[0].Others[0]
			o.Name, o.Value = "protocol.allow", model.NewValue("protocol.file.allow=never")
			s.Gits[0].Others = append(s.Gits[0].Others, o)
		}, []string{"git config  /home/gopher/.gitconfig protocol.allow: new set"}},
		{"one more password for git", nil, func(s *model.Snapshot) { s.Gits[0].Others = append(s.Gits[0].Others, s.Gits[0].Others[0]) }, []string{"git config  /home/gopher/.gitconfig http.extraheader: set → set"}},
		{"another program for passwords", nil, func(s *model.Snapshot) { s.AuthPrograms[0].Print = "1c1e" }, []string{"tool shell GOAUTH: /bin/helper → /bin/helper"}},
		{"no program for passwords", nil, func(s *model.Snapshot) { s.AuthPrograms = nil }, []string{"tool shell GOAUTH: /bin/helper gone"}},
		{"a variable for git", nil, func(s *model.Snapshot) {
			s.Gits[0].Rewrites = append(s.Gits[0].Rewrites, model.GitRewrite{Base: model.NewValue("x"), InsteadOf: model.NewValue("y")})
		}, nil},

		{"a replacement needs more", nil, func(s *model.Snapshot) {
			s.Replacing[0].Requires = append(s.Replacing[0].Requires, model.Require{Path: "example.com/more", Version: "v1.0.0"})
		}, []string{"go.mod  ../local/go.mod example.com/local: go 1.24; require example.com/lib v1.0.0 → go 1.24; require example.com/lib v1.0.0; require example.com/more v1.0.0"}},
		{"another line of a replacement", nil, func(s *model.Snapshot) { s.Replacing[0].GoLine = 9 }, nil},
		{"a replacement does not parse", nil, func(s *model.Snapshot) {
			s.Replacing[0] = model.Module{File: s.Replacing[0].File, Errors: []model.SyntaxError{{Line: 2, Text: "unknown directive: requires"}}}
		}, []string{"unreadable  ../local/go.mod: new unknown directive: requires"}},
		{"go.mod is gone", nil, func(s *model.Snapshot) { s.Modules, s.Replacing = nil, nil }, []string{
			"exclude  go.mod example.com/lib v1.1.0: yes gone", "go line  go.mod: 1.24 gone", "go.mod  ../local/go.mod example.com/local: go 1.24; require example.com/lib v1.0.0 gone",
			"go.sum  go.mod example.com/lib v1.2.0/go.mod: yes gone", "go.sum  go.mod example.com/lib v1.2.0: yes gone", "module  go.mod: example.com/app gone",
			"replace  go.mod example.com/local: ../local gone", "require  go.mod example.com/lib: v1.2.0 gone", "vendor  go.mod: yes gone",
		}},
		{"a package is not vendored", nil, func(s *model.Snapshot) { s.Modules[0].Vendor.Modules[0].Missing = 1 }, []string{"vendor  go.mod: yes → yes"}},
		{"the module cache is empty", nil, func(s *model.Snapshot) { s.Caches[0].Missing = []string{"example.com/lib@v1.2.0"} }, nil},
		{"the module cache is empty, and nothing may be downloaded", offline, func(s *model.Snapshot) {
			offline(s)
			s.Caches[0].Missing = []string{"example.com/lib@v1.2.0"}
		}, []string{"place shell GOMODCACHE: new " + native("/home/gopher/go/pkg/mod") + " has none of the modules that are required"}},
		{"the module cache is empty, but what it had is vendored", func(s *model.Snapshot) { variable(s, "GOPROXY", "off") }, func(s *model.Snapshot) {
			variable(s, "GOPROXY", "off")
			s.Caches[0].Missing = []string{"example.com/lib@v1.2.0"}
		}, nil},
		{"the directory of an empty module cache comes, and nothing may be downloaded", func(s *model.Snapshot) {
			offline(s)
			s.Caches[0].Missing = []string{"example.com/lib@v1.2.0"}
			place("/home/gopher/go/pkg/mod", model.Place{})(s)
			place("/home/gopher/go/pkg", model.Place{Exists: true, Dir: true})(s)
		}, func(s *model.Snapshot) {
			offline(s)
			s.Caches[0].Missing = []string{"example.com/lib@v1.2.0"}
			place("/home/gopher/go/pkg/mod/cache/download", model.Place{})(s)
		}, nil},
		{"the directory of a proxy is gone", func(s *model.Snapshot) {
			variable(s, "GOPROXY", fileURL("/near")+","+fileURL("/mirror")+",direct")
			place("/near", model.Place{Exists: true, Dir: true})(s)
			place("/mirror", model.Place{Exists: true, Dir: true})(s)
		}, func(s *model.Snapshot) {
			variable(s, "GOPROXY", fileURL("/near")+","+fileURL("/mirror")+",direct")
			place("/near", model.Place{Exists: true, Dir: true})(s)
			place("/mirror", model.Place{})(s)
		}, []string{"place shell GOPROXY: new " + native("/mirror") + " is missing"}},
		{"required twice", nil, func(s *model.Snapshot) {
			s.Modules[0].Requires = append(s.Modules[0].Requires, model.Require{Path: "example.com/lib", Version: "v1.3.0", Line: 6})
		}, []string{"require  go.mod example.com/lib: v1.2.0 → v1.2.0 v1.3.0"}},
		{"a directory of headers is gone", func(s *model.Snapshot) {
			variable(s, "CGO_CFLAGS", "-O2 -I"+native("/include")+" -I"+native("/local"))
			place("/include", model.Place{Exists: true, Dir: true})(s)
		}, func(s *model.Snapshot) {
			variable(s, "CGO_CFLAGS", "-O2 -I"+native("/include")+" -I"+native("/local"))
			place("/include", model.Place{})(s)
		}, []string{"place shell CGO_CFLAGS: new " + native("/include") + " is missing"}},
		{"a file has no certificates any more", func(s *model.Snapshot) {
			variable(s, "SSL_CERT_FILE", native("/ca.pem"))
			place("/ca.pem", model.Place{Exists: true, Regular: true})(s)
		}, func(s *model.Snapshot) {
			variable(s, "SSL_CERT_FILE", native("/ca.pem"))
			place("/ca.pem", model.Place{Exists: true, Regular: true, Blank: true})(s)
		}, []string{"place shell SSL_CERT_FILE: new " + native("/ca.pem") + " has no certificate"}},

		{"another hash", nil, func(s *model.Snapshot) { s.Modules[0].Sum.Hashes["example.com/lib v1.2.0"][0].Hash = "h1:cccc" }, []string{"go.sum  go.mod example.com/lib v1.2.0: yes → yes"}},
		{"another hash of its go.mod", nil, func(s *model.Snapshot) { s.Modules[0].Sum.Hashes["example.com/lib v1.2.0/go.mod"][0].Hash = "h1:cccc" }, []string{"go.sum  go.mod example.com/lib v1.2.0: yes → yes"}},
		{"another line of go.sum", nil, func(s *model.Snapshot) { s.Modules[0].Sum.Hashes["example.com/lib v1.2.0"][0].Line = 7 }, nil},
		{"a hash that came", func(s *model.Snapshot) { delete(s.Modules[0].Sum.Hashes, "example.com/lib v1.2.0/go.mod") }, func(*model.Snapshot) {}, nil},

		{"the module is renamed", nil, func(s *model.Snapshot) { s.Modules[0].Path = "example.com/application" }, []string{"module  go.mod: example.com/app → example.com/application"}},
		{"another line of go.mod", nil, func(s *model.Snapshot) { s.Modules[0].PathLine, s.Modules[0].Excludes[0].Line = 2, 20 }, nil},
		{"excluded", nil, func(s *model.Snapshot) {
			s.Modules[0].Excludes = append(s.Modules[0].Excludes, model.Exclude{Path: "example.com/lib", Version: "v1.2.0"})
		}, []string{"exclude  go.mod example.com/lib v1.2.0: new yes"}},
		{"the first that is excluded", func(s *model.Snapshot) { s.Modules[0].Excludes = nil }, func(*model.Snapshot) {}, []string{"exclude  go.mod example.com/lib v1.1.0: new yes"}},
		{"not excluded", nil, func(s *model.Snapshot) { s.Modules[0].Excludes = nil }, []string{"exclude  go.mod example.com/lib v1.1.0: yes gone"}},

		{"a replacement is gone", nil, place("/local", model.Place{}), []string{"place  go.mod example.com/local: new " + filepath.FromSlash("../local") + " is missing"}},
		{"a replacement is a file", nil, place("/local", model.Place{Exists: true, Regular: true}), []string{"place  go.mod example.com/local: new " + filepath.FromSlash("../local") + " is no directory"}},
		{"a replacement without go.mod", nil, place("/local/go.mod", model.Place{}), []string{"place  go.mod example.com/local: new " + filepath.FromSlash("../local") + " has no go.mod"}},
		{"a replacement that does not answer", nil, place("/local", model.Place{Why: "it does not answer"}), nil},
		{"a replacement that is read-only", nil, place("/local", model.Place{Exists: true, Dir: true, ReadOnly: true}), nil},
		{"a replacement is there again", place("/local", model.Place{}), func(*model.Snapshot) {}, []string{"place  go.mod example.com/local: " + filepath.FromSlash("../local") + " is missing gone"}},
		{"replaced by what is not there", nil, func(s *model.Snapshot) {
			s.Modules[0].Replaces[0].NewPath = "../nowhere"
			place("/nowhere", model.Place{})(s)
		}, []string{"replace  go.mod example.com/local: ../local → ../nowhere"}},
		{"no place for temporary files", nil, place("/scratch", model.Place{}), []string{"place gopls GOTMPDIR: new " + native("/scratch") + " is missing", "place shell GOTMPDIR: new " + native("/scratch") + " is missing"}},
		{"another healthy place", nil, func(s *model.Snapshot) {
			variable(s, "GOTMPDIR", native("/other"))
			place("/other", model.Place{Exists: true, Dir: true})(s)
		}, []string{"variable shell GOTMPDIR: " + native("/scratch") + " → " + native("/other")}},
		{"another place, which is faulty", nil, func(s *model.Snapshot) {
			variable(s, "GOTMPDIR", native("/other"))
			place("/other", model.Place{})(s)
		}, []string{"variable shell GOTMPDIR: " + native("/scratch") + " → " + native("/other")}},
		{"from one faulty place to another", func(s *model.Snapshot) {
			variable(s, "GOTMPDIR", native("/other"))
			place("/other", model.Place{})(s)
		}, func(s *model.Snapshot) {
			variable(s, "GOTMPDIR", native("/more"))
			place("/more", model.Place{})(s)
		}, []string{"variable shell GOTMPDIR: " + native("/other") + " → " + native("/more")}},
		{"a read-only module cache", nil, place("/home/gopher/go/pkg/mod", model.Place{Exists: true, Dir: true, ReadOnly: true}), []string{
			"place gopls GOMODCACHE: new " + native("/home/gopher/go/pkg/mod") + " is read-only", "place shell GOMODCACHE: new " + native("/home/gopher/go/pkg/mod") + " is read-only",
		}},
		{"a module cache that go makes", nil, func(s *model.Snapshot) {
			place("/home/gopher/go/pkg/mod", model.Place{})(s)
			place("/home/gopher/go/pkg", model.Place{Exists: true, Dir: true})(s)
		}, nil},
		{"a module cache that nobody can make", nil, func(s *model.Snapshot) {
			place("/home/gopher/go/pkg/mod", model.Place{})(s)
			place("/home/gopher/go/pkg", model.Place{Exists: true, Regular: true})(s)
		}, []string{
			"place gopls GOMODCACHE: new " + native("/home/gopher/go/pkg/mod") + " cannot be made", "place shell GOMODCACHE: new " + native("/home/gopher/go/pkg/mod") + " cannot be made",
		}},
		{"a GOROOT without a library", nil, place("/usr/local/go/src/fmt", model.Place{}), []string{
			"place gopls GOROOT: new " + native("/usr/local/go") + " has no src/fmt", "place shell GOROOT: new " + native("/usr/local/go") + " has no src/fmt",
		}},

		{"another vendored module", nil, func(s *model.Snapshot) { s.Modules[0].Vendor.Modules[0].Version = "v1.3.0" }, []string{"vendor  go.mod: yes → yes"}},
		{"a mark is gone", nil, func(s *model.Snapshot) { s.Modules[0].Vendor.Modules[0].Explicit = false }, []string{"vendor  go.mod: yes → yes"}},
		{"another line of modules.txt", nil, func(s *model.Snapshot) { s.Modules[0].Vendor.Modules[0].Line = 9 }, nil},
		{"modules.txt cannot be read", nil, func(s *model.Snapshot) {
			s.Modules[0].Vendor.Modules, s.Modules[0].Vendor.Why = nil, "permission denied"
		}, nil},
		{"modules.txt is gone", nil, func(s *model.Snapshot) { s.Modules[0].Vendor.Exists, s.Modules[0].Vendored = false, false }, []string{
			"place  go.mod vendor: new vendor has no modules.txt", "vendor  go.mod: yes gone",
		}},
		{"vendor is gone", nil, func(s *model.Snapshot) { s.Modules[0].Vendor, s.Modules[0].Vendored = nil, false }, []string{"vendor  go.mod: yes gone"}},

		{"another password", nil, func(s *model.Snapshot) { s.Netrcs[0].Machines[0].Credential = model.NewValue("sesame") }, []string{"netrc  /home/gopher/.netrc: git.example:8443 → git.example:8443"}},
		{"no password", nil, func(s *model.Snapshot) { s.Netrcs[0].Machines[0].HasPassword = false }, []string{"netrc  /home/gopher/.netrc: git.example:8443 → git.example:8443 (no password)"}},
		{"no login", nil, func(s *model.Snapshot) { s.Netrcs[0].Machines[0].HasLogin = false }, []string{"netrc  /home/gopher/.netrc: git.example:8443 → git.example:8443 (no login)"}},
		{"behind the end", nil, func(s *model.Snapshot) { s.Netrcs[0].Machines[0].Unread = true }, []string{"netrc  /home/gopher/.netrc: git.example:8443 → git.example:8443 (not read)"}},
		{"another port", nil, func(s *model.Snapshot) { s.Netrcs[0].Machines[0].Name = "git.example" }, []string{"netrc  /home/gopher/.netrc: git.example:8443 → git.example"}},
		{"another line of the netrc", nil, func(s *model.Snapshot) { s.Netrcs[0].Machines[0].Line = 4 }, nil},
		{"of a capture", nil, func(s *model.Snapshot) { s.Netrcs[0].Machines[0].Credential = model.Value{} }, nil},

		{"another branch", nil, func(s *model.Snapshot) { s.Repository.Branch = "feature" }, []string{"branch  branch: main → feature"}},
		{"HEAD does not tell", nil, func(s *model.Snapshot) { s.Repository.Branch = "" }, nil},
		{"a repository that is new", func(s *model.Snapshot) { s.Repository.Branch = "" }, func(*model.Snapshot) {}, nil},
		{"another extension", nil, func(s *model.Snapshot) { s.Extension.Version = "0.53.0" }, []string{"extension  golang.go: 0.52.0 → 0.53.0"}},

		{"go.mod does not parse", nil, broken, []string{"unreadable  go.mod: new unknown directive: requires"}},
		{"go.mod parses again", broken, func(*model.Snapshot) {}, []string{"unreadable  go.mod: unknown directive: requires gone"}},
		{"go.mod may not be read", nil, func(s *model.Snapshot) {
			file := s.Modules[0].File
			s.Modules = nil
			s.Faults = []model.Fault{{Subject: "go.mod", Location: &model.Location{File: file}, Text: "go.mod cannot be read (permission denied)."}}
		}, []string{"unreadable  go.mod: new go.mod cannot be read (permission denied)."}},
	} {
		before, after := station(), station()
		if tc.before != nil {
			tc.before(before)
		}
		tc.do(after)
		b := baseline.Take(before, "salt", reveal)
		if got := changes(b, after); !slices.Equal(got, tc.want) {
			t.Errorf("%s:\n\t%s\nwant\n\t%s", tc.name, strings.Join(got, "\n\t"), strings.Join(tc.want, "\n\t"))
		}
		// What was not known in between changes nothing.
		blind := station()
		blind.AuthPrograms, blind.Replacing, blind.Caches, blind.Dir = nil, nil, nil, ""
		blind.Envs, blind.Toolchain, blind.Modules, blind.Gits, blind.Netrcs, blind.Repository, blind.Extension = nil, nil, nil, nil, nil, model.Repository{}, nil
		if got := changes(b.Next(blind, reveal), after); !slices.Equal(got, tc.want) {
			t.Errorf("%s, after a look that saw nothing:\n\t%s\nwant\n\t%s", tc.name, strings.Join(got, "\n\t"), strings.Join(tc.want, "\n\t"))
		}
		if got := changes(b.Next(after, reveal), after); len(got) > 0 {
			t.Errorf("%s is a change again: %q", tc.name, got)
		}
	}
}

// changes are what changed, each in a line: the kind, the environment and the name,
// and what was and is.
func changes(b baseline.Baseline, s *model.Snapshot) (out []string) {
	for _, c := range b.Diff(s) {
		what := fmt.Sprintf("%s %s %s: ", c.Kind, c.Env, c.Name)
		switch {
		case c.Added:
			what += "new " + c.Value.Reveal()
		case c.Removed:
			what += c.Was + " gone"
		default:
			what += c.Was + " → " + c.Value.Reveal()
		}
		out = append(out, what)
	}
	slices.Sort(out)
	return out
}

// TestGoWorkThatDoesNotParse: what it used is not known, and not gone.
func TestGoWorkThatDoesNotParse(t *testing.T) {
	with := func(work *model.Work) *model.Snapshot {
		s := station()
		s.Work = work
		if len(work.Errors) == 0 { // else nobody knows that there are modules elsewhere
			far := s.Modules[0]
			far.File, far.Sum.File = native("/far/go.mod"), native("/far/go.sum")
			s.Modules = append(s.Modules, far)
		}
		return s
	}
	file := native("/ws/go.work")
	twice := func(n int) *model.Snapshot {
		return with(&model.Work{File: file, Go: "1.24", Uses: slices.Repeat([]model.Use{{Dir: native("/ws/lib"), Line: 4}}, n)})
	}
	if got, want := changes(baseline.Take(twice(1), "salt", reveal), twice(2)), []string{"use  lib: yes → twice"}; !slices.Equal(got, want) {
		t.Errorf("of one that uses a directory twice %q, want %q", got, want)
	}
	b := baseline.Take(with(&model.Work{File: file, Go: "1.24", Uses: []model.Use{{Dir: native("/ws/lib"), Line: 4}}, Replaces: []model.Replace{{OldPath: "example.com/x", NewPath: "../x"}}}), "salt", reveal)
	got := changes(b, with(&model.Work{File: file, Errors: []model.SyntaxError{{Line: 2, Text: "unknown directive: used"}}}))
	if want := []string{"unreadable  go.work: new unknown directive: used"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := changes(b, with(&model.Work{File: file, Go: "1.24"})), []string{"replace  go.work example.com/x: ../x gone", "use  lib: yes gone"}; !slices.Equal(got, want) {
		t.Errorf("of one that uses nothing %q, want %q", got, want)
	}
}

// TestOlderBaselines: what a baseline did not have yet when it was kept is not new,
// and such a baseline is kept anew.
func TestOlderBaselines(t *testing.T) {
	s := station()
	place("/local", model.Place{})(s)
	older := baseline.Take(s, "salt", reveal)
	if older.Lacks(s) {
		t.Error("a new baseline lacks nothing")
	}
	older.Looked = nil
	older.Facts = slices.DeleteFunc(older.Facts, func(f baseline.Saved) bool {
		return slices.Contains([]baseline.Kind{baseline.Git, baseline.Module, baseline.Exclude, baseline.Place, baseline.Branch, baseline.Unreadable, baseline.Replacing}, f.Kind) || f.Kind == baseline.Tool && (f.Name == "go" || f.Name == "GOAUTH")
	})
	for i := range older.Facts {
		older.Facts[i].Detail = ""
	}
	if got := changes(older, s); len(got) > 0 || !older.Lacks(s) {
		t.Errorf("of an older baseline %q changed; it lacks something: %v", got, older.Lacks(s))
	}
	s.Modules[0].Go = "1.25"
	if got, want := changes(older, s), []string{"go line  go.mod: 1.24 → 1.25"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestDetailsAreNotWritten looks for what a fact is told from another one by in all
// that is written, shown and printed.
func TestDetailsAreNotWritten(t *testing.T) {
	s := station()
	b := baseline.Take(s, "salt", func(_ string, v model.Value) string { return strings.ReplaceAll(v.Reveal(), password, "secret") })
	written, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	facts, err := json.Marshal(baseline.Facts(s))
	if err != nil {
		t.Fatal(err)
	}
	s.Netrcs[0].Machines[0].Credential = model.NewValue(password + "+")
	s.Gits[0].Rewrites[0].Base = model.NewValue("https://oauth2:" + password + "+@git.example/")
	s.Gits[0].Others[0].Value = model.NewValue("http.https://git.example/.extraheader=Authorization: " + password + "+")
	changed := b.Diff(s)
	if len(changed) != 3 {
		t.Errorf("%v changed, want the password of the netrc and two of git", changed)
	}
	printed := fmt.Sprintf("%v %+v %#v %v", changed, s.Netrcs, b, baseline.Facts(s))
	for name, text := range map[string][]byte{"the baseline": written, "its facts": facts, "what is printed": []byte(printed)} {
		if bytes.Contains(text, []byte(password)) {
			t.Errorf("%s has the password: %s", name, text)
		}
	}
}

// TestSidesOfOneThing: where two facts are two sides of one thing, both speak for it.
func TestSidesOfOneThing(t *testing.T) {
	change := func(kind baseline.Kind, name string) baseline.Change { return moved(kind, "", name, "") }
	for _, tc := range []struct {
		a, b baseline.Change
		one  bool
	}{
		{change(baseline.Tool, "go"), change(baseline.Toolchain, "go"), true},
		{change(baseline.Tool, "git"), change(baseline.Toolchain, "go"), false},
		{change(baseline.Place, "GOTMPDIR"), change(baseline.Variable, "GOTMPDIR"), true},
		{change(baseline.Place, "go.mod vendor"), change(baseline.Vendor, "go.mod"), true},
		{change(baseline.Place, "go.mod example.com/a"), change(baseline.Replace, "go.mod example.com/a"), true},
		{change(baseline.Place, "go.mod example.com/a"), change(baseline.Place, "go.mod example.com/b"), false},
	} {
		trouble := baseline.Trouble{Real: true, Blamed: []string{"go", "git", "GOTMPDIR", "vendor", "example.com/a", "example.com/b"}}
		ranked := baseline.Rank([]baseline.Change{tc.a, tc.b}, trouble)
		ranked[1].Score = ranked[0].Score
		if _, ok := baseline.Likeliest(ranked); ok != tc.one {
			t.Errorf("%s %s and %s %s are one thing: %v, want %v", tc.a.Kind, tc.a.Name, tc.b.Kind, tc.b.Name, ok, tc.one)
		}
	}
}
