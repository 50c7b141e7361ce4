//go:build unix

package cli

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// newSecondPasts has more modules, and a proxy for HTTPS.
func newSecondPasts(t *testing.T) *pasts {
	t.Helper()
	w := newPasts(t)
	const util = "require example.com/util v1.0.0\n"
	w.serveFiles(t, "example.com/greet/v2", "v2.0.0", "", map[string]string{"greet.go": "package greet\n\nfunc Hello() string { return \"hello, two\" }\n"})
	w.serveFiles(t, "example.com/Upper/kit", "v1.0.0", "", map[string]string{"kit.go": "package kit\n\nfunc Kit() int { return 1 }\n"})
	w.serveFiles(t, "example.com/needy", "v1.0.0", "", map[string]string{"needy.go": "package needy\n\nfunc Needy() int { return 1 }\n"})
	w.serveFiles(t, "example.com/needy", "v1.1.0", util, map[string]string{"needy.go": "package needy\n\nimport \"example.com/util\"\n\nfunc Needy() int { return util.Util() }\n"})
	w.serveFiles(t, "example.com/parts", "v1.0.0", "", map[string]string{"parts.go": "package parts\n", "wheel/wheel.go": "package wheel\n\nfunc Wheel() int { return 1 }\n"})
	w.serveFiles(t, "example.com/parts", "v1.1.0", "", map[string]string{"parts.go": "package parts\n", "tyre/tyre.go": "package tyre\n"})
	w.serveFiles(t, "example.com/modern", "v1.0.0", "", map[string]string{"modern.go": "package modern\n\nfunc Modern() int { return 1 }\n"})
	w.serveFiles(t, "example.com/modern", "v1.1.0", "", map[string]string{"modern.go": "package modern\n\nfunc Modern() int { return 2 }\n", "go.mod": "module example.com/modern\n\ngo 1.99.0\n"})

	tunnel := httptest.NewServer(tunnelTo(w.tls, ""))
	t.Cleanup(tunnel.Close)
	w.more = []string{"{git}", w.tools["git"], "{tunnel}", tunnel.URL, "{plainhost}", w.plain.Listener.Addr().String()}
	return w
}

// tunnelTo is an HTTP proxy that leads to a server, whatever is asked for, and wants to
// be told an authorization; "" for none.
func tunnelTo(s *httptest.Server, authorization string) http.Handler {
	to := s.Listener.Addr().String()
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			http.Error(rw, "only tunnels", http.StatusMethodNotAllowed)
			return
		}
		if authorization != "" && r.Header.Get("Proxy-Authorization") != authorization {
			http.Error(rw, "who are you", http.StatusProxyAuthRequired)
			return
		}
		there, err := net.Dial("tcp", to)
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadGateway)
			return
		}
		here, _, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			_ = there.Close()
			return
		}
		_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			_, _ = io.Copy(there, here)
			_ = there.Close()
		}()
		_, _ = io.Copy(here, there)
		_ = here.Close()
	})
}

// serveFiles puts a module into the file proxy.
func (w *pasts) serveFiles(t *testing.T, module, version, requires string, files map[string]string) {
	t.Helper()
	mod := "module " + module + "\n\ngo 1.24\n\n" + requires
	if files["go.mod"] == "" {
		files["go.mod"] = mod
	}
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for name, text := range files {
		f, err := z.Create(module + "@" + version + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(f, text)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	escaped := regexp.MustCompile(`[A-Z]`).ReplaceAllStringFunc(module, func(s string) string { return "!" + strings.ToLower(s) })
	base := filepath.Join(w.lab.Proxy, filepath.FromSlash(path.Join(escaped, "@v")))
	w.lab.Write(filepath.Join(base, "list"), version+"\n")
	w.lab.Write(filepath.Join(base, version+".info"), `{"Version":"`+version+`"}`)
	w.lab.Write(filepath.Join(base, version+".mod"), files["go.mod"])
	w.lab.Write(filepath.Join(base, version+".zip"), buf.String())
	in := map[string]string{}
	for name, text := range files {
		in[module+"@"+version+"/"+name] = text
	}
	w.sums[module+"@"+version] = module + " " + version + " " + h1(in) + "\n" + module + " " + version + "/go.mod " + h1(map[string]string{"go.mod": files["go.mod"]}) + "\n"
}

// h1 is the hash of go.sum, here of files that need not be of a Go that is there.
func h1(files map[string]string) string {
	all := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(all, "%x  %s\n", sha256.Sum256([]byte(files[name])), name)
	}
	return "h1:" + base64.StdEncoding.EncodeToString(all.Sum(nil))
}

// unexport takes the line of a variable away.
func unexport(name string) change { return line("home/.bashrc", "export "+name+"=", "") }

// bash adds a line to the start-up file.
func bash(text string) change { return line("home/.bashrc", "", text) }

// imports replaces the code of the module by a file that imports a package and
// calls a function of it, and requires a module for that.
func imports(pkg, call, module, version string) []change {
	return []change{
		file("ws/go.mod", "module example.com/app\n\ngo 1.24\n\nrequire "+module+" "+version+"\n"), file("ws/go.sum", "{sum "+module+"@"+version+"}"),
		file("ws/app.go", "package app\n\nimport x \""+pkg+"\"\n\nvar App = x."+call+"\n"),
	}
}

// sums adds lines to go.sum.
func sums(module string) change { return line("ws/go.sum", "", "{sum "+module+"}") }

// goes runs go in the workspace.
func goes(args ...string) change {
	return change{"go " + strings.Join(args, " "), func(m *past) func() {
		cmd := exec.Command(m.world.tools["go"], args...)
		cmd.Dir, cmd.Env = m.at("ws"), m.shell()
		if out, err := cmd.CombinedOutput(); err != nil {
			m.t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return func() {}
	}}
}

// branch makes a branch that differs, and goes back to main.
func branch(name string, differs ...change) []change {
	return slices.Concat([]change{onMain, gitted(nil, []string{"checkout", "-q", "-b", name})}, differs,
		[]change{gitted(nil, []string{"add", "."}, []string{"commit", "-q", "-m", name}, []string{"checkout", "-q", "main"})})
}

func switched(name string) change {
	return gitted([]string{"checkout", "-q", "main"}, []string{"checkout", "-q", name})
}

// and puts lists of changes together.
func and(lists ...[]change) []change { return slices.Concat(lists...) }

func only(c ...change) []change { return c }

var (
	flagsInGoenv = and(tagged, only(setting("GOFLAGS", "-tags=corp"), export("GOPROXY", "{proxy}"), export("GOSUMDB", "off")))
	throughProxy = only(setting("GOPROXY", "http://0.0.0.0:1"), export("HTTP_PROXY", "{plain}")) // the address answers nobody
	tunnelled    = and(corpTLS, only(setting("GOPROXY", "https://example.com"), file("home/.netrc", "machine example.com login gopher password sesame\n"), export("HTTPS_PROXY", "{tunnel}")))
	byScript     = and(corpTLS, only(gone("home/.netrc"), file("home/auth", "#!/bin/sh\nprintf 'https://{tlshost}\\n\\nAuthorization: Basic Z29waGVyOnNlc2FtZQ==\\n\\n'\n"), setting("GOAUTH", "{home}/auth")))
	// what fetches with ssh is a script, which looks for the repository here
	bySSH = only(
		file("home/keys/ssh", "#!/bin/sh\nexec git-upload-pack '{repos}/lib'\n"), file("home/keys/old/ssh", "#!/bin/sh\necho 'Permission denied (publickey).' >&2\nexit 255\n"),
		file("ws/go.mod", "module example.com/app\n\ngo 1.24\n\nrequire git.corp.example/lib.git v1.0.0\n"),
		file("ws/go.sum", "{sum git.corp.example/lib.git@v1.0.0}"),
		file("ws/app.go", "package app\n\nimport lib \"git.corp.example/lib.git\"\n\nfunc App() int { return lib.Lib() }\n"),
		line("home/.gitconfig", "", "[url \"ssh://git@git.corp.example/\"]\n\tinsteadOf = https://git.corp.example/\n[core]\n\tsshCommand = {home}/keys/ssh"),
		setting("GOPRIVATE", "git.corp.example"),
	)
	// a git for each of two folders
	gits = only(file("home/git1/git", "#!/bin/sh\nexec {git} \"$@\"\n"), file("home/git2/git", "#!/bin/sh\necho 'git: the license is not agreed to' >&2\nexit 69\n"))

	inner   = only(file("ws/inner/inner.go", "package inner\n\nfunc Inner() int { return 1 }\n"), file("ws/use.go", "package app\n\nimport \"example.com/app/inner\"\n\nvar Inner = inner.Inner()\n"))
	generic = only(gone("ws/go.sum"), file("ws/go.mod", "module example.com/app\n\ngo 1.24\n"), file("ws/app.go", "package app\n\nfunc App[T any](t T) T { return t }\n"))
	more    = only(file("ws/more.go", "package app\n\nfunc more() int { return 1 }\n"), file("ws/use.go", "package app\n\nvar More = more()\n"))

	// a workspace whose app requires what a proxy has
	fetching = and(workspace, only(
		file("ws/app/go.mod", "module example.com/app\n\ngo 1.24\n\nrequire example.com/greet v1.0.0\n"),
		file("ws/app/app.go", "package app\n\nimport (\n\t\"example.com/greet\"\n\t\"example.com/lib\"\n)\n\nfunc App() string { return lib.Hello() + greet.Hello() }\n"),
	))
	fetchingSums = and(fetching, only(file("ws/app/go.sum", "{sum example.com/greet@v1.0.0}")))

	// a C library that pkg-config knows
	pkgConfig = only(
		file("home/pc/corp.pc", "Name: corp\n"), file("home/pc2/other.pc", "Name: other\n"),
		file("home/tools/pkg-config", "#!/bin/sh\n[ -f \"$PKG_CONFIG_PATH/corp.pc\" ] || { echo 'Package corp was not found' >&2; exit 1; }\ncase \"$1\" in --cflags) echo -DCORP=1;; esac\n"),
		export("PKG_CONFIG", "{home}/tools/pkg-config"), export("PKG_CONFIG_PATH", "{home}/pc"),
		file("ws/c.go", "package app\n\n// #cgo pkg-config: corp\n// static int one(void) { return CORP; }\nimport \"C\"\n\nfunc one() int { return int(C.one()) }\n"),
	)
	header = only(file("home/include/corp.h", "#define CORP 1\n"), file("ws/c.go", "package app\n\n// #include <corp.h>\nimport \"C\"\n\nfunc one() int { return C.CORP }\n"), export("CGO_CFLAGS", "-O1 -I{home}/include"))
	arenas = only(file("ws/arena.go", "//go:build goexperiment.arenas\n\npackage app\n\nfunc arena() int { return 1 }\n"), file("ws/use.go", "package app\n\nvar Arena = arena()\n"), export("GOEXPERIMENT", "arenas"))

	insecureOther = setting("GOINSECURE", "git.other.example,*.test.example")
	privateMore   = setting("GOPRIVATE", "git.corp.example,git.other.example")
	noSumCorp     = setting("GONOSUMDB", "git.corp.example")
	netrcMore     = line("home/.netrc", "", "machine other.example login gopher password swordfish")
	pager         = export("GIT_PAGER", "cat")
	cxx           = export("CXX", "g++")
	modcacheElse  = export("GOMODCACHE", "{home}/mods2")
	gotmp         = export("GOTMPDIR", "{home}/tools")
	newWrapper    = both(file("home/wrap3/go", "#!/bin/sh\n# measures\nexec {go} \"$@\"\n"), bash(`export PATH="$HOME/wrap3:$PATH"`))
	extraNewer    = both(edit("ws/go.mod", "extra v1.0.0", "extra v1.2.0"), sums("example.com/extra@v1.2.0"))
	otherReplace  = both(file("extra/go.mod", "module example.com/extra\n\ngo 1.24\n"), line("ws/go.mod", "", "replace example.com/extra => ../extra"))
	retracts      = line("ws/go.mod", "", "retract v0.1.0 // too early")
	excludesOther = line("ws/go.mod", "", "exclude example.com/extra v0.9.0")
	proxyPlain    = setting("GOPROXY", "{plain}")
	gmod          = inGopls("GOMODCACHE", "{home}/gmod") // gopls fetches on its own
	gforgotten    = gone("home/gmod")
	rebuilt       = line("ws/c.go", "", "// more to come") // go asks pkg-config only where it builds
)

const (
	importOfInner = "could not import example.com/app/inner (no required module provides package \"example.com/app/inner\")"
	importOfSib   = "could not import example.com/lib (no required module provides package \"example.com/lib\")"
	importOfKit   = "could not import example.com/Upper/kit (no required module provides package \"example.com/Upper/kit\")"
)

var secondHistories = []history{
	// Variables: start-up files, the GOENV file, and which of them wins.
	{name: "goenv-flags-unmasked", healthy: only(setting("GOFLAGS", "-mod=vendor"), export("GOFLAGS", "-trimpath")), truth: unexport("GOFLAGS"), beside: only(export("GOPROXY", "{plain}"), private, pathLast), named: `GOFLAGS`},
	{name: "goenv-line-as-in-a-shell", healthy: flagsInGoenv, between: only(vim, goLine), truth: edit("home/.config/go/env", "GOFLAGS=", "export GOFLAGS="), beside: only(noSum, gogc, netrc), named: `GOFLAGS`, late: true, at: "use.go:3:12", message: "undefined: corp", diagnostic: "UndeclaredName"},
	{name: "goenv-key-in-lower-case", healthy: flagsInGoenv, truth: edit("home/.config/go/env", "GOFLAGS=", "goflags="), beside: only(proxyPlain, insecure, goLine), named: `GOFLAGS`, at: "use.go:3:12", message: "undefined: corp", diagnostic: "UndeclaredName"},
	{name: "goenv-off", healthy: flagsInGoenv, truth: export("GOENV", "off"), beside: only(gopathElse, setting("GOPRIVATE", "x.example"), pathFirst), named: `GOENV|GOFLAGS`, late: true, at: "use.go:3:12", message: "undefined: corp", diagnostic: "UndeclaredName"},
	{name: "goenv-gone", healthy: flagsInGoenv, truth: gone("home/.config/go/env"), beside: only(gobin, export("GOPRIVATE", "other.example"), touch), named: `GOENV|GOFLAGS|go/env`, at: "use.go:3:12", message: "undefined: corp", diagnostic: "UndeclaredName"},
	{name: "config-folder-moved", healthy: flagsInGoenv, truth: export("XDG_CONFIG_HOME", "{home}/.cfg"), beside: only(export("XDG_DATA_HOME", "{home}/.data"), export("XDG_STATE_HOME", "{home}/.state"), gobin, extra), named: `XDG_CONFIG_HOME|GOENV|GOFLAGS`, at: "use.go:3:12", message: "undefined: corp", diagnostic: "UndeclaredName"},
	{name: "home-moved", healthy: flagsInGoenv, truth: bash("export HOME='{home}/work'"), beside: only(export("GOPROXY", "{plain}"), gitName, comment), named: `\bHOME$|GOENV|GOFLAGS`, late: true, at: "use.go:3:12", message: "undefined: corp", diagnostic: "UndeclaredName"},
	{name: "goenv-switches-work-off", healthy: workspace, truth: setting("GOWORK", "off"), beside: only(line("ws/go.work", "", "// all of us"), trimpath, export("GO111MODULE", "on")), named: `GOWORK`, at: "app/app.go:3:8", message: importOfSib},
	{name: "gowork-of-another-project", healthy: and(workspace, only(file("home/other/go.work", "go 1.24\n\nuse {ws}/app\n"))), truth: export("GOWORK", "{home}/other/go.work"), beside: only(line("ws/go.work", "", "// all of us"), private, export("GOFLAGS", "-trimpath")), named: `GOWORK|other/go\.work`, late: true, at: "app/app.go:3:8", message: importOfSib},
	{name: "gopath-moved-offline", healthy: only(warm, setting("GOPROXY", "off")), between: only(private, pathFirst), truth: export("GOPATH", "{home}/gopath"), beside: only(gobin, gotmp, noSum), named: `GOPATH|GOMODCACHE`},
	{name: "module-cache-is-a-file", healthy: only(file("home/mods", "example.com/greet\n")), truth: setting("GOMODCACHE", "{home}/mods"), beside: only(gopathElse, gobin, touch), named: `GOMODCACHE`, late: true},
	{name: "build-cache-is-a-file", healthy: only(file("home/notes", "buy milk\n")), truth: export("GOCACHE", "{home}/notes"), beside: only(modcacheElse, gotmp, vim), named: `GOCACHE$`},
	{name: "cache-program-gone", truth: export("GOCACHEPROG", "{home}/bin/cacher --remote"), beside: only(modcacheElse, export("GODEBUG", "goindex=0"), gogc), named: `GOCACHEPROG`, late: true},
	{name: "tmpdir-gone", between: only(trimpath, extra), truth: export("TMPDIR", "{home}/scratch"), beside: only(gobin, export("XDG_RUNTIME_DIR", "{home}/run"), private, vim), named: `\bTMPDIR$`},
	{name: "gotmpdir-was-needed", healthy: only(export("TMPDIR", "{home}/scratch"), gotmp), truth: unexport("GOTMPDIR"), beside: only(modcacheElse, pathLast, comment), named: `TMPDIR$`, late: true},
	{name: "goamd64-too-low", healthy: only(export("GOARCH", "amd64"), export("CGO_ENABLED", "0"), export("GOAMD64", "v3"), file("ws/fast.go", "//go:build amd64.v3\n\npackage app\n\nfunc fast() int { return 1 }\n"), file("ws/use.go", "package app\n\nvar Fast = fast()\n")), truth: export("GOAMD64", "v1"), beside: only(export("GOARM", "7"), export("GO386", "sse2"), gogc, extra), named: `GOAMD64`, at: "use.go:3:12", message: "undefined: fast", diagnostic: "UndeclaredName"},
	{name: "experiment-replaced", healthy: arenas, truth: export("GOEXPERIMENT", "fieldtrack"), beside: only(godebug, setting("GOFLAGS", "-tags=arenas"), noSum), named: `GOEXPERIMENT`, at: "use.go:3:13", message: "undefined: arena", diagnostic: "UndeclaredName", late: true},
	{name: "modules-yes", truth: export("GO111MODULE", "yes"), beside: only(export("GOWORK", "off"), trimpath, comment), named: `GO111MODULE`},
	{name: "goarch-without-its-goos", healthy: only(export("GOOS", "linux")), truth: setting("GOARCH", "wasm"), beside: only(setting("GOARM", "7"), export("CGO_ENABLED", "0"), vim), named: `GOARCH`, late: true},
	{name: "fips-version-unknown", truth: setting("GOFIPS140", "yes"), beside: only(export("GODEBUG", "fips140=off"), setting("GOSUMDB", "sum.corp.example"), touch), named: `GOFIPS140`},
	{name: "race-needs-cgo", healthy: only(export("GOFLAGS", "-race"), export("CGO_ENABLED", "1")), truth: export("CGO_ENABLED", "0"), beside: only(cxx, export("CC", "gcc"), setting("GOFLAGS", "-trimpath")), named: `CGO_ENABLED`},
	{name: "plugin-mode", truth: setting("GOFLAGS", "-buildmode=plugin"), beside: only(export("CGO_LDFLAGS", "-O1"), goLine, private), named: `GOFLAGS`, late: true},
	{name: "overlay-misspelled", healthy: only(file("home/overlay.json", "{\"Replace\": {\"{ws}/more.go\": \"{home}/more.txt\"}}\n"), file("home/more.txt", "package app\n\nfunc more() int { return 1 }\n"), file("ws/use.go", "package app\n\nvar More = more()\n"), export("GOFLAGS", "-overlay={home}/overlay.json")), truth: export("GOFLAGS", "-overlay={home}/overlays.json"), beside: only(export("GO_EXTLINK_ENABLED", "0"), toolLine, gobin), named: `GOFLAGS`, at: "use.go:3:12", message: "undefined: more", diagnostic: "UndeclaredName"},
	{name: "modfile-was-needed", healthy: only(file("ws/dev.mod", "module example.com/app\n\ngo 1.24\n\nrequire example.com/greet v1.0.0\n"), file("ws/dev.sum", "{sum example.com/greet@v1.0.0}"), edit("ws/go.mod", "greet v1.0.0", "greet v1.1.0"), export("GOFLAGS", "-modfile=dev.mod")), truth: export("GOFLAGS", "-trimpath"), beside: only(private, proxyPlain, newTest), named: `GOFLAGS`, late: true},
	{name: "quotes-in-flags", healthy: and(tagged, only(export("GOFLAGS", "-tags=corp"))), truth: export("GOFLAGS", "-tags=corp -ldflags=-X=main.v=a b"), beside: only(export("CGO_CFLAGS", "-O1 -g"), setting("GOBIN", "{home}/bin"), util), named: `GOFLAGS`},

	// Proxies.
	{name: "no-proxy-covers-the-mirror", healthy: throughProxy, between: only(gobin, forgotten), truth: export("NO_PROXY", "localhost,0.0.0.0"), beside: only(export("HTTPS_PROXY", "{down}"), export("ALL_PROXY", "{down}"), private), named: `NO_PROXY`},
	{name: "upper-case-proxy-removed", healthy: and(throughProxy, only(export("http_proxy", "{down}"))), between: only(forgotten), truth: unexport("HTTP_PROXY"), beside: only(export("https_proxy", "{down}"), noProxy, export("ALL_PROXY", "{plain}")), named: `(?i)\bHTTP_PROXY`, late: true},
	{name: "proxy-as-if-a-web-server-asked", healthy: throughProxy, between: only(forgotten), truth: export("REQUEST_METHOD", "GET"), beside: only(noProxy, export("HTTPS_PROXY", "{down}"), setting("GONOPROXY", "other.example")), named: `REQUEST_METHOD`},
	{name: "tunnel-dead", healthy: tunnelled, between: only(insecure, forgotten), truth: export("HTTPS_PROXY", "{down}"), beside: only(export("HTTP_PROXY", "{down}"), export("ALL_PROXY", "{tunnel}"), noProxy), named: `HTTPS_PROXY`},
	{name: "tunnel-without-http", healthy: tunnelled, between: only(forgotten), truth: export("HTTPS_PROXY", "{plain}"), beside: only(export("https_proxy", "{tunnel}"), private, netrcMore), named: `HTTPS_PROXY`, late: true},
	{name: "proxy-in-quotes", between: only(noSum, forgotten), truth: setting("GOPROXY", "\"{proxy}\""), beside: only(export("GONOSUMCHECK", "1"), export("HTTP_PROXY", "{down}"), gitName), named: `GOPROXY`},
	{name: "proxy-off-in-upper-case", between: only(forgotten), truth: export("GOPROXY", "{proxy},OFF"), beside: only(setting("GONOPROXY", "other.example"), insecure, extra), named: `GOPROXY`, late: true},
	{name: "proxy-pipe-to-comma", healthy: only(export("GOPROXY", "{down}|{proxy}")), between: only(extra, forgotten), truth: export("GOPROXY", "{down},{proxy}"), beside: only(setting("GONOPROXY", "none"), export("NO_PROXY", "127.0.0.1"), comment), named: `GOPROXY`},
	{name: "proxy-without-scheme", healthy: only(setting("GOPROXY", "{plain}")), between: only(forgotten), truth: setting("GOPROXY", "{plainhost}"), beside: only(export("SSL_CERT_FILE", "{home}/ca.pem"), setting("GOINSECURE", "127.0.0.1"), noProxy), named: `GOPROXY`, late: true},
	{name: "proxy-order-terminated", between: only(forgotten), truth: setting("GOPROXY", "off,{proxy}"), beside: only(setting("GOSUMDB", "sum.corp.example"), noSum, gogc), named: `GOPROXY`},
	{name: "wrapper-goes-offline", healthy: and(wrappers, only(bash(`export PATH="$HOME/wrap2:$PATH"`))), between: only(newTest, forgotten), truth: edit("home/wrap2/go", "exec {go}", "GOPROXY=off exec {go}"), beside: only(noSum, insecure, extra, setting("GOVCS", "*:git")), named: `\bPATH$|^tool go$|^toolchain`, late: true},
	{name: "wrapper-reads-a-variable", healthy: only(file("home/wrap/go", "#!/bin/sh\nGOPROXY=${CORP_PROXY:-off} exec {go} \"$@\"\n"), export("CORP_PROXY", "{plain}"), bash(`export PATH="$HOME/wrap:$PATH"`)), between: only(forgotten), truth: export("CORP_PROXY", "{down}"), beside: only(export("GOPROXY", "{proxy}"), private, gogc), named: `CORP_PROXY`},

	// Certificates and credentials.
	{name: "netrc-variable", healthy: corpTLS, between: only(gogc, forgotten), truth: export("NETRC", "{home}/.netrc-work"), beside: only(export("SSL_CERT_DIR", "{home}/certs"), noSum, gitName), named: `(?i)netrc`},
	{name: "netrc-gone", healthy: corpTLS, between: only(forgotten), truth: gone("home/.netrc"), beside: only(noProxy, private, export("CURL_CA_BUNDLE", "{home}/none.pem")), named: `netrc`, late: true},
	{name: "netrc-of-another-host", healthy: tunnelled, between: only(forgotten), truth: edit("home/.netrc", "machine example.com", "machine mirror.example.com"), beside: only(noProxy, export("HTTP_PROXY", "{down}"), gogc), named: `netrc`},
	{name: "goauth-off", healthy: corpTLS, between: only(forgotten), truth: setting("GOAUTH", "off"), beside: only(netrcMore, noProxy, gogc), named: `GOAUTH`, late: true},
	{name: "goauth-masked", healthy: byScript, between: only(forgotten), truth: export("GOAUTH", "netrc"), beside: only(netrc, private, export("SSL_CERT_DIR", "{home}/certs")), named: `GOAUTH`},
	{name: "goauth-git-relative", healthy: corpTLS, between: only(forgotten), truth: setting("GOAUTH", "git work"), beside: only(gitName, pathLast, noSum), named: `GOAUTH`},
	{name: "certificates-unset", healthy: corpTLS, between: only(noSum, forgotten), truth: unexport("SSL_CERT_FILE"), beside: only(export("GIT_SSL_CAINFO", "{home}/ca.pem"), netrcMore, godebug), named: `SSL_CERT_FILE`, late: true},
	{name: "certificates-emptied", healthy: corpTLS, between: only(forgotten), truth: file("home/ca.pem", "# none any more\n"), beside: only(export("GIT_SSL_CAINFO", "{home}/ca.pem"), setting("GOINSECURE", "example.com"), netrcMore), named: `SSL_CERT_FILE|ca\.pem`},

	// Repositories that git fetches.
	{name: "git-config-of-work", healthy: and(corpGit, only(file("home/work.gitconfig", "[url \"file://{root}/none/\"]\n\tinsteadOf = https://git.corp.example/\n\tinsteadOf = ssh://git.corp.example/\n\tinsteadOf = git+ssh://git.corp.example/\n"))), between: only(forgotten), truth: export("GIT_CONFIG_GLOBAL", "{home}/work.gitconfig"), beside: only(export("GIT_CONFIG_NOSYSTEM", "1"), pager, netrc, privateMore), named: `GIT_CONFIG_GLOBAL|gitconfig|git config|insteadOf`, at: "app.go:3:12", message: importOfLib},
	{name: "git-config-in-variables", healthy: corpGit, between: only(forgotten), truth: both(export("GIT_CONFIG_COUNT", "3"), export("GIT_CONFIG_KEY_0", "url.file://{root}/none/.insteadOf"), export("GIT_CONFIG_VALUE_0", "https://git.corp.example/lib"), export("GIT_CONFIG_KEY_1", "url.file://{root}/none/.insteadOf"), export("GIT_CONFIG_VALUE_1", "ssh://git.corp.example/lib"), export("GIT_CONFIG_KEY_2", "url.file://{root}/none/.insteadOf"), export("GIT_CONFIG_VALUE_2", "git+ssh://git.corp.example/lib")), beside: only(pager, noSumCorp, privateMore), named: `GIT_CONFIG_|insteadOf`, at: "app.go:3:12", message: importOfLib, late: true},
	{name: "git-protocols-limited", healthy: corpGit, between: only(forgotten), truth: export("GIT_ALLOW_PROTOCOL", "https:ssh"), beside: only(pager, setting("GOVCS", "private:all,public:git"), gitName), named: `GIT_ALLOW_PROTOCOL`, at: "app.go:3:12", message: importOfLib},
	{name: "git-forbids-files", healthy: corpGit, between: only(forgotten), truth: line("home/.gitconfig", "", "[protocol \"file\"]\n\tallow = never"), beside: only(export("GIT_AUTHOR_NAME", "gopher"), noSumCorp, netrc), named: `gitconfig|git config|protocol|^git`, at: "app.go:3:12", message: importOfLib, late: true},
	{name: "instead-of-longer-prefix", healthy: corpGit, between: only(forgotten), truth: line("home/.gitconfig", "", "[url \"file://{root}/none/lib\"]\n\tinsteadOf = https://git.corp.example/lib\n\tinsteadOf = ssh://git.corp.example/lib\n\tinsteadOf = git+ssh://git.corp.example/lib"), beside: only(pager, privateMore, insecureOther), named: `gitconfig|git config|insteadOf|^git`, at: "app.go:3:12", message: importOfLib},
	{name: "ssh-command-masks", healthy: bySSH, between: only(forgotten), truth: export("GIT_SSH_COMMAND", "{home}/keys/old/ssh"), beside: only(export("SSH_AUTH_SOCK", "{home}/agent"), export("GIT_SSH", "{home}/keys/old/ssh"), privateMore), named: `GIT_SSH_COMMAND`, at: "app.go:3:12", message: importOfLib, late: true},
	{name: "ssh-command-configured", healthy: bySSH, between: only(forgotten), truth: edit("home/.gitconfig", "keys/ssh", "keys/old/ssh"), beside: only(export("GIT_SSH", "{home}/keys/ssh"), noSumCorp, netrc), named: `gitconfig|git config|(?i)sshCommand|^git`, at: "app.go:3:12", message: importOfLib},
	{name: "path-other-git", healthy: and(corpGit, gits), between: only(noSumCorp, forgotten), truth: bash(`export PATH="$HOME/git2:$PATH"`), beside: only(privateMore, gobin, gitName), named: `\bPATH$|^tool git`, at: "app.go:3:12", message: importOfLib},
	{name: "git-wrapper-rewritten", healthy: and(corpGit, gits, only(bash(`export PATH="$HOME/git1:$PATH"`))), between: only(forgotten), truth: file("home/git1/git", "#!/bin/sh\necho 'git: not logged in' >&2\nexit 1\n"), beside: only(pathLast, gitName, privateMore), named: `\bPATH$|^tool git`, at: "app.go:3:12", message: importOfLib, late: true},
	{name: "path-without-git", healthy: and(corpGit, only(file("home/just/go", "#!/bin/sh\nexec {go} \"$@\"\n"))), between: only(forgotten), truth: bash(`export PATH="$HOME/just"`), beside: only(pager, noSumCorp, netrc), named: `\bPATH$|^tool (git|go)`, at: "app.go:3:12", message: importOfLib, late: true},
	{name: "vcs-rules-in-a-bad-order", healthy: and(corpGit, only(setting("GOVCS", "git.corp.example:git,*:off"))), between: only(forgotten), truth: setting("GOVCS", "*:off,git.corp.example:git"), beside: only(privateMore, noSumCorp, pager), named: `GOVCS`, at: "app.go:3:12", message: importOfLib},
	{name: "private-in-capitals", healthy: corpGit, between: only(export("GONOSUMDB", "git.corp.example"), forgotten), truth: setting("GOPRIVATE", "Git.Corp.Example"), beside: only(noSumCorp, insecureOther, gitName), named: `GOPRIVATE|GONOPROXY`, at: "app.go:3:12", message: importOfLib, late: true},
	{name: "private-as-url", healthy: corpGit, between: only(forgotten), truth: setting("GOPRIVATE", "https://git.corp.example"), beside: only(noSumCorp, noProxy, extraOfCorp()), named: `GOPRIVATE|GONOPROXY`, at: "app.go:3:12", message: importOfLib},
	{name: "private-without-its-suffix", healthy: corpGit, between: only(insecureOther, forgotten), truth: export("GOPRIVATE", "git.corp.example/lib"), beside: only(noSumCorp, setting("GOVCS", "*:git"), netrc), named: `GOPRIVATE|GONOPROXY`, at: "app.go:3:12", message: importOfLib, late: true},
	{name: "no-proxy-list-masked", healthy: and(corpGit, only(setting("GOPRIVATE", "other.example"), setting("GONOPROXY", "git.corp.example"))), between: only(forgotten), truth: export("GONOPROXY", "other.example"), beside: only(export("GONOSUMDB", "other.example"), insecureOther, noProxy), named: `GONOPROXY`, at: "app.go:3:12", message: importOfLib},
	{name: "no-longer-insecure", healthy: and(corpGit, only(edit("home/.gitconfig", "\tinsteadOf = https://git.corp.example/\n", "\tinsteadOf = http://git.corp.example/\n[url \"file://{root}/none/\"]\n\tinsteadOf = https://git.corp.example/\n\tinsteadOf = git://git.corp.example/\n"), setting("GOINSECURE", "git.corp.example"))), between: only(extraOfCorp(), forgotten), truth: setting("GOINSECURE", "git.corp.example.org"), beside: only(privateMore, noSumCorp, pager), named: `GOINSECURE`, at: "app.go:3:12", message: importOfLib, late: true},

	// go.mod, go.sum, and what they lead to.
	{name: "newer-needs-more", healthy: and(imports("example.com/needy", "Needy()", "example.com/needy", "v1.0.0"), only(line("ws/go.mod", "", "require example.com/extra v1.0.0"), sums("example.com/extra@v1.0.0"))), between: only(noSum, toolLine), truth: both(edit("ws/go.mod", "needy v1.0.0", "needy v1.1.0"), sums("example.com/needy@v1.1.0")), beside: only(extraNewer, private, proxyPlain), named: `needy|util`, message: "could not import example.com/util (no required module provides package \"example.com/util\")"},
	{name: "newer-without-the-package", healthy: and(imports("example.com/parts/wheel", "Wheel()", "example.com/parts", "v1.0.0"), only(line("ws/go.mod", "", "require example.com/extra v1.0.0"), sums("example.com/extra@v1.0.0"))), truth: both(edit("ws/go.mod", "parts v1.0.0", "parts v1.1.0"), sums("example.com/parts@v1.1.0")), beside: only(extraNewer, goLine, proxyPlain), named: `parts`, message: "could not import example.com/parts/wheel (no required module provides package \"example.com/parts/wheel\")", late: true},
	{name: "newer-wants-a-newer-go", healthy: and(imports("example.com/modern", "Modern()", "example.com/modern", "v1.0.0"), only(line("ws/go.mod", "", "require example.com/extra v1.0.0"), sums("example.com/extra@v1.0.0"))), truth: both(edit("ws/go.mod", "modern v1.0.0", "modern v1.1.0"), sums("example.com/modern@v1.1.0")), beside: only(extraNewer, toolLine, noSum), named: `modern`, message: "could not import example.com/modern (no required module provides package \"example.com/modern\")"},
	{name: "major-version-of-another", healthy: imports("example.com/greet/v2", "Hello()", "example.com/greet/v2", "v2.0.0"), truth: both(edit("ws/go.mod", "greet/v2 v2.0.0", "greet v1.1.0"), sums("example.com/greet@v1.1.0")), beside: only(line("ws/go.mod", "", "require example.com/util v1.0.0"), sums("example.com/util@v1.0.0"), trimpath), named: `greet`, message: "could not import example.com/greet/v2 (no required module provides package \"example.com/greet/v2\")", late: true},
	{name: "major-version-does-not-fit", healthy: imports("example.com/greet/v2", "Hello()", "example.com/greet/v2", "v2.0.0"), truth: edit("ws/go.mod", "v2.0.0", "v1.1.0"), beside: only(retracts, goLine, sums("example.com/greet@v1.1.0")), named: `^require .*greet|^unreadable`, message: "could not import example.com/greet/v2 (no required module provides package \"example.com/greet/v2\")"},
	{name: "module-in-lower-case", healthy: imports("example.com/Upper/kit", "Kit()", "example.com/Upper/kit", "v1.0.0"), between: only(insecure, newTest), truth: edit("ws/go.mod", "example.com/Upper/kit", "example.com/upper/kit"), beside: only(excludesOther, private, proxyPlain), named: `(?i)upper/kit`, message: importOfKit},
	{name: "exclude-of-what-another-needs", healthy: and(imports("example.com/needy", "Needy()", "example.com/needy", "v1.1.0"), only(line("ws/go.mod", "", "require example.com/util v1.0.0"), sums("example.com/util@v1.0.0"))), truth: line("ws/go.mod", "", "exclude example.com/util v1.0.0"), beside: only(excludesOther, retracts, private), named: `^exclude .*util|^require .*util`, message: "could not import example.com/needy (no required module provides package \"example.com/needy\")"},
	{name: "require-removed", healthy: only(extra), truth: edit("ws/go.mod", "require example.com/greet v1.0.0\n", ""), beside: only(extraNewer, line("ws/go.mod", "", "require example.com/util v1.0.0"), sums("example.com/util@v1.0.0"), retracts), named: `^require .*greet`, late: true},
	{name: "replace-of-one-version", healthy: only(file("greet/go.mod", "module example.com/greet\n\ngo 1.24\n"), file("greet/greet.go", "package greet\n\nfunc Hello() string { return \"near\" }\n"), edit("ws/go.mod", "greet v1.0.0", "greet v1.1.0"), line("ws/go.mod", "", "replace example.com/greet v1.1.0 => ../greet")), truth: edit("ws/go.mod", "greet v1.1.0\n", "greet v1.1.1\n"), beside: only(otherReplace, retracts, private), named: `greet`},
	{name: "nested-replace-gone", healthy: and(imports("example.com/parts/wheel", "Wheel()", "example.com/parts", "v1.0.0"), only(
		file("ws/go.sum", ""), file("parts/go.mod", "module example.com/parts\n\ngo 1.24\n"), file("parts/parts.go", "package parts\n"), file("parts/wheel/go.mod", "module example.com/parts/wheel\n\ngo 1.24\n"), file("parts/wheel/wheel.go", "package wheel\n\nfunc Wheel() int { return 1 }\n"),
		line("ws/go.mod", "", "require example.com/parts/wheel v1.0.0\n\nreplace example.com/parts => ../parts\n\nreplace example.com/parts/wheel => ../parts/wheel"),
	)), truth: edit("ws/go.mod", "replace example.com/parts/wheel => ../parts/wheel\n", ""), beside: only(line("ws/go.mod", "", "replace example.com/extra => ../extra"), file("extra/go.mod", "module example.com/extra\n"), gogc, private), named: `parts/wheel`, message: "could not import example.com/parts/wheel (no required module provides package \"example.com/parts/wheel\")", late: true},
	{name: "replacement-needs-newer", healthy: and(replaced, only(extra)), truth: line("greet/go.mod", "", "require example.com/extra v1.2.0"), beside: only(util, retracts, noSum), named: `greet|extra`},
	{name: "replacement-wants-a-newer-go", healthy: replaced, truth: edit("greet/go.mod", "go 1.24", "go 1.99.0"), beside: only(otherReplace, goLine, private), named: `greet|^go line .*1\.99`, late: true},
	{name: "sum-conflict", truth: line("ws/go.sum", "", "<<<<<<< HEAD"), beside: only(sums("example.com/extra@v1.0.0"), line("ws/go.mod", "", "// merged"), noSum), named: `^unreadable|^go\.sum .*<<<`},
	{name: "sum-of-gomod-removed", healthy: only(extra), truth: change{"go.sum: a line less", func(m *past) func() {
		text, _ := m.read("ws/go.sum")
		m.write("ws/go.sum", regexp.MustCompile(`(?m)^example.com/greet v1.0.0/go.mod .*\n`).ReplaceAllString(text, ""))
		return func() { m.write("ws/go.sum", "{sum example.com/greet@v1.0.0}"+text) }
	}}, beside: only(excludesOther, setting("GOSUMDB", "sum.corp.example"), retracts), named: `^go\.sum .*greet`, late: true},
	{name: "go-line-below-generics", healthy: generic, truth: edit("ws/go.mod", "go 1.24", "go 1.17"), beside: only(retracts, excludesOther, trimpath), named: `^go line`, at: "app.go:3:10", message: "type parameter requires go1.18 or later", diagnostic: "UnsupportedFeature"},
	{name: "toolchain-line-not-on-path", healthy: only(export("GOTOOLCHAIN", "path")), truth: edit("ws/go.mod", "go 1.24\n", "go 1.24\n\ntoolchain go1.99.0\n"), beside: only(extra, retracts, gobin), named: `^toolchain|^go line`, late: true},
	{name: "toolchain-line-awakes", healthy: only(toolLine, edit("ws/go.mod", "toolchain go1.24.1", "toolchain go1.99.0")), truth: export("GOTOOLCHAIN", "path"), beside: only(extra, goLine, pathLast), named: `GOTOOLCHAIN`},
	{name: "toolchain-left-path", healthy: only(file("home/sdk/go1.99.0", "#!/bin/sh\nunset GOTOOLCHAIN_INTERNAL_SWITCH_VERSION GOTOOLCHAIN_INTERNAL_SWITCH_COUNT\nGOTOOLCHAIN=local exec {go} \"$@\"\n"), toolLine, edit("ws/go.mod", "toolchain go1.24.1", "toolchain go1.99.0"), export("GOTOOLCHAIN", "path"), bash(`export PATH="$PATH:$HOME/sdk"`)), truth: edit("home/.bashrc", "$PATH:$HOME/sdk", "$PATH:$HOME/sdks"), beside: only(extra, goLine, gobin), named: `\bPATH$|toolchain`, late: true},
	{name: "toolchain-misspelled", truth: export("GOTOOLCHAIN", "1.24.1"), beside: only(toolLine, pathFirst, private), named: `GOTOOLCHAIN`},
	{name: "godebug-unknown", truth: line("ws/go.mod", "", "godebug nosuchsetting=1"), beside: only(export("GODEBUG", "nosuchsetting=1"), retracts, noSum), named: `^godebug .*nosuchsetting|^unreadable`},
	{name: "nested-module-appears", healthy: inner, truth: file("ws/inner/go.mod", "module example.com/app/inner\n\ngo 1.24\n"), beside: only(file("ws/docs/go.mod", "module example.com/app/docs\n"), trimpath, private), named: `inner`, at: "use.go:3:8", message: importOfInner, late: true},
	{name: "gomod-renamed-away", truth: gone("ws/go.mod"), beside: only(private, newTest, export("GOWORK", "off")), named: `^(module|go\.mod|unreadable|place) .*go\.mod`},

	// vendor folders.
	{name: "go-line-below-vendoring", healthy: and(vendored, only(setting("GOPROXY", "off"))), truth: edit("ws/go.mod", "go 1.24", "go 1.13"), beside: only(retracts, trimpath, gogc), named: `^go line`},
	{name: "vendored-but-mod-mod", healthy: and(vendored, only(setting("GOPROXY", "off"))), truth: export("GOFLAGS", "-mod=mod"), beside: only(comment, modcacheElse, newTest), named: `GOFLAGS`, late: true},
	{name: "vendored-package-gone", healthy: vendored, truth: gone("ws/vendor/example.com/greet"), beside: only(gogc, proxyPlain, comment), named: `vendor`},
	{name: "vendored-workspace-outdated", healthy: and(fetchingSums, only(goes("work", "vendor"))), truth: edit("ws/app/go.mod", "greet v1.0.0", "greet v1.1.0"), beside: only(trimpath, line("ws/go.work", "", "// vendored"), proxyPlain), named: `greet|vendor`, at: "app/app.go:4:2"},
	{name: "vendored-workspace-unused", healthy: and(fetchingSums, only(goes("work", "vendor"), setting("GOPROXY", "off"))), between: only(forgotten), truth: export("GOWORK", "off"), beside: only(line("ws/go.work", "", "// vendored"), modcacheElse, trimpath), named: `GOWORK`, at: "app/app.go:5:2", message: importOfSib, late: true},

	// Workspaces.
	{name: "work-sums-differ", healthy: and(fetching, only(file("ws/go.work.sum", "{sum example.com/greet@v1.0.0}"))), truth: edit("ws/go.work.sum", "greet v1.0.0 h1:", "greet v1.0.0 h1:AAAA"), beside: only(line("ws/go.work", "", "// all of us"), private, gogc), named: `^go\.sum .*greet`, at: "app/app.go:4:2"},
	{name: "work-replace-dropped", healthy: and(fetching, only(file("greet/go.mod", "module example.com/greet\n\ngo 1.24\n"), file("greet/greet.go", "package greet\n\nfunc Hello() string { return \"near\" }\n"), line("ws/go.work", "", "replace example.com/greet => ../greet"), edit("ws/app/go.mod", "greet v1.0.0", "greet v1.5.0"))), truth: edit("ws/go.work", "replace example.com/greet => ../greet\n", ""), beside: only(line("ws/go.work", "", "replace example.com/extra => ../extra"), file("extra/go.mod", "module example.com/extra\n"), noSum), named: `^replace .*greet`, at: "app/app.go:4:2", late: true},
	{name: "work-replaces-conflict", healthy: and(fetching, only(file("greet/go.mod", "module example.com/greet\n\ngo 1.24\n"), file("greet/greet.go", "package greet\n\nfunc Hello() string { return \"near\" }\n"), line("ws/app/go.mod", "", "replace example.com/greet => ../../greet"))), truth: line("ws/lib/go.mod", "", "replace example.com/greet => ../../greet2"), beside: only(line("ws/lib/go.mod", "", "retract v0.1.0"), trimpath, line("ws/go.work", "", "// all of us")), named: `greet`, at: "app/app.go:4:2"},
	{name: "work-above", truth: file("go.work", "go 1.24\n\nuse ./elsewhere\n"), beside: only(file("elsewhere/go.mod", "module example.com/elsewhere\n\ngo 1.24\n"), goLine, trimpath), named: `go\.work|GOWORK|^use`, late: true},
	{name: "work-with-mod-mod", healthy: workspace, truth: setting("GOFLAGS", "-mod=mod"), beside: only(line("ws/go.work", "", "// all of us"), private, export("GOPROXY", "{plain}")), named: `GOFLAGS`, at: "app/app.go:3:8", message: importOfSib},
	{name: "work-uses-one-twice", healthy: workspace, truth: line("ws/go.work", "", "use ./lib"), beside: only(trimpath, line("ws/lib/go.mod", "", "retract v0.1.0"), noSum), named: `go\.work|^use`, at: "app/app.go:3:8", message: importOfSib, late: true},
	{name: "work-member-renamed", healthy: workspace, truth: edit("ws/lib/go.mod", "module example.com/lib", "module example.com/library"), beside: only(trimpath, line("ws/app/go.mod", "", "retract v0.1.0"), private), named: `example\.com/lib|\blib\b`, at: "app/app.go:3:8", message: importOfSib},

	// Branches.
	{name: "branch-with-a-go-work", healthy: branch("tools", file("ws/go.work", "go 1.24\n\nuse (\n\t./app\n\t./gone\n)\n"), file("ws/app/go.mod", "module example.com/tools\n\ngo 1.24\n"), file("ws/app/tools.go", "package tools\n")), truth: switched("tools"), beside: only(private, gogc, proxyPlain), named: `go\.work|GOWORK|^use|(?i)branch|HEAD|^module`},
	{name: "branch-with-an-old-vendor", healthy: branch("vendor", file("ws/vendor/modules.txt", "# example.com/greet v0.9.0\n## explicit; go 1.24\nexample.com/greet\n"), file("ws/vendor/example.com/greet/greet.go", "package greet\n\nfunc Hello() string { return \"\" }\n")), truth: switched("vendor"), beside: only(trimpath, private, pathLast), named: `vendor|(?i)branch|HEAD`, late: true},
	{name: "branch-is-innocent", healthy: branch("docs", file("ws/README.md", "# app\n\nHow to.\n"), file("ws/docs.go", "package app\n\n// Docs are elsewhere.\nconst Docs = 1\n")), between: only(insecure, forgotten), truth: export("GOPROXY", "off"), beside: only(switched("docs"), noSum, private), named: `GOPROXY`},
	{name: "branch-is-innocent-too", healthy: and(tagged, only(setting("GOFLAGS", "-tags=corp")), branch("bump", extra)), truth: export("GOFLAGS", "-tags=crop"), beside: only(switched("bump"), private, newWrapper), named: `GOFLAGS`, at: "use.go:3:12", message: "undefined: corp", diagnostic: "UndeclaredName", late: true},

	// C.
	{name: "cgo-includes-what-is-gone", healthy: cgo, truth: export("CGO_CPPFLAGS", "-include corp/config.h"), beside: only(cxx, export("CGO_CXXFLAGS", "-O1"), export("CGO_LDFLAGS", "-lnosuchlibrary")), named: `CGO_CPPFLAGS`, at: "c.go:4:8", message: "could not import C (no metadata for C)"},
	{name: "cgo-pkg-config-path", healthy: pkgConfig, between: only(rebuilt), truth: export("PKG_CONFIG_PATH", "{home}/pc2"), beside: only(cxx, export("PKG_CONFIG_LIBDIR", "{home}/pc2"), gogc), named: `PKG_CONFIG_PATH`, at: "c.go:5:8", message: "could not import C (no metadata for C)", late: true},
	{name: "cgo-pkg-config-gone", healthy: pkgConfig, between: only(rebuilt), truth: export("PKG_CONFIG", "{home}/tools/pkgconf"), beside: only(cxx, export("AR", "ar"), private), named: `PKG_CONFIG$`, at: "c.go:5:8", message: "could not import C (no metadata for C)"},
	{name: "cgo-include-dropped", healthy: header, truth: export("CGO_CFLAGS", "-O1"), beside: only(export("CGO_CPPFLAGS", "-DNDEBUG"), export("CPATH", "{home}/inc"), export("CC", "gcc")), named: `CGO_CFLAGS`, at: "c.go:4:8", message: "could not import C (no metadata for C)", late: true},
	{name: "cgo-flag-not-allowed", healthy: only(file("ws/c.go", "package app\n\n// #cgo CFLAGS: -fno-ident\n// static int one(void) { return 1; }\nimport \"C\"\n\nfunc one() int { return int(C.one()) }\n"), export("CGO_CFLAGS_ALLOW", "-fno-ident")), truth: unexport("CGO_CFLAGS_ALLOW"), beside: only(export("CGO_LDFLAGS_ALLOW", "-Wl,.*"), export("CGO_CFLAGS", "-O1"), private), named: `CGO_CFLAGS_ALLOW`, at: "c.go:5:8", message: "could not import C (no metadata for C)"},
	{name: "cgo-compiler-wrapped", healthy: and(cgo, only(file("home/cc/gcc", "#!/bin/sh\necho 'cc: no license' >&2\nexit 1\n"))), truth: bash(`export PATH="$HOME/cc:$PATH"`), beside: only(cxx, export("AR", "ar"), export("CGO_CFLAGS", "-O1")), named: `\bPATH$|^tool (gcc|cc)|\bCC$`, at: "c.go:4:8", message: "could not import C (no metadata for C)", late: true},

	// The code is at fault, or the world outside: no setting is to blame.
	{name: "file-for-windows", code: true, healthy: more, between: only(export("GOARM", "7"), extra), truth: both(gone("ws/more.go"), file("ws/more_windows.go", "package app\n\nfunc more() int { return 1 }\n")), beside: only(export("GOOS", "linux"), trimpath, private), at: "use.go:3:12", message: "undefined: more", diagnostic: "UndeclaredName"},
	{name: "file-for-tests", code: true, healthy: more, truth: both(gone("ws/more.go"), file("ws/more_test.go", "package app\n\nfunc more() int { return 1 }\n")), beside: only(setting("GOFLAGS", "-tags=integration"), goLine, gogc), at: "use.go:3:12", message: "undefined: more", diagnostic: "UndeclaredName", late: true},
	{name: "generated-file-cleaned", code: true, healthy: only(file("ws/zz_generated.go", "// Code generated by stringer. DO NOT EDIT.\n\npackage app\n\nfunc name() string { return \"\" }\n"), file("ws/use.go", "package app\n\n//go:generate stringer\n\nvar Name = name()\n")), truth: gone("ws/zz_generated.go"), beside: only(gobin, pathFirst, proxyPlain), at: "use.go:5:12", message: "undefined: name", diagnostic: "UndeclaredName"},
	{name: "import-cycle", code: true, healthy: inner, truth: edit("ws/inner/inner.go", "package inner\n", "package inner\n\nimport _ \"example.com/app\"\n"), beside: only(private, export("GOFLAGS", "-trimpath"), extra), at: "use.go:3:8", message: "import cycle not allowed", diagnostic: "default", late: true},
	{name: "internal-of-another", code: true, healthy: only(file("ws/other/internal/x/x.go", "package x\n"), file("ws/other/other.go", "package other\n\nimport _ \"example.com/app/other/internal/x\"\n")), truth: file("ws/use.go", "package app\n\nimport _ \"example.com/app/other/internal/x\"\n"), beside: only(private, otherReplace, proxyPlain), at: "use.go:3:8", message: "use of internal package example.com/app/other/internal/x not allowed"},
	{name: "folder-in-capitals", code: true, healthy: inner, truth: both(gone("ws/inner"), file("ws/Inner/inner.go", "package inner\n\nfunc Inner() int { return 1 }\n")), beside: only(goLine, setting("GOPROXY", "{proxy},off"), setting("GOPRIVATE", "example.com/other")), at: "use.go:3:8", message: importOfInner, late: true},
	{name: "folder-with-underscore", code: true, healthy: inner, truth: both(gone("ws/inner"), file("ws/_inner/inner.go", "package inner\n\nfunc Inner() int { return 1 }\n")), beside: only(export("GOFLAGS", "-mod=readonly"), retracts, insecure), at: "use.go:3:8", message: importOfInner},
	{name: "package-clause", code: true, healthy: more, between: only(setting("GOPRIVATE", "other.example")), truth: edit("ws/more.go", "package app", "package more"), beside: only(trimpath, util, pathLast), at: "app.go:1:9", message: "found packages app (app.go) and more (more.go)", diagnostic: "default", late: true},
	{name: "program-imported", code: true, healthy: inner, truth: edit("ws/inner/inner.go", "package inner\n", "package main\n\nfunc main() {}\n"), beside: only(export("GOFLAGS", "-buildvcs=false"), noSum, gobin), at: "use.go:3:8", message: "import \"example.com/app/inner\" is a program, not an importable package"},
	{name: "import-unused", code: true, between: only(proxyPlain, noProxy), truth: edit("ws/app.go", "return greet.Hello()", "return \"\""), beside: only(export("GOPROXY", "off"), extra, setting("GOFLAGS", "-trimpath")), at: "app.go:3:8", message: "\"example.com/greet\" imported and not used", diagnostic: "UnusedImport", late: true},
	{name: "conflict-in-code", code: true, truth: edit("ws/app.go", "func App", "<<<<<<< HEAD\nfunc App"), beside: only(comment, sums("example.com/extra@v1.0.0"), private), at: "app.go:5:1", message: "expected declaration, found '<<'", diagnostic: "syntax"},
	{name: "method-missing", code: true, healthy: only(file("ws/is.go", "package app\n\ntype Namer interface{ Name() string }\n\ntype one struct{}\n\nfunc (one) Name() string { return \"\" }\n\nvar _ Namer = one{}\n")), truth: edit("ws/is.go", "func (one) Name()", "func (one) Names()"), beside: only(setting("GOPROXY", "{down}"), otherReplace, godebug), at: "is.go:9:15", message: "cannot use one{} (value of struct type one) as Namer value in variable declaration: one does not implement Namer (missing method Name)", diagnostic: "InvalidIfaceAssign"},
	{name: "assembly-gone", code: true, healthy: only(file("ws/fast.go", "package app\n\nfunc fast() int { return 1 }\n")), truth: edit("ws/fast.go", "func fast() int { return 1 }", "func fast() int"), beside: only(export("CGO_ENABLED", "0"), export("GOAMD64", "v1"), noSum), at: "fast.go:3:6", message: "missing function body", diagnostic: "MissingBody", late: true},
	{name: "embed-of-nothing", code: true, healthy: only(file("ws/static/a.txt", "a\n"), file("ws/data.go", "package app\n\nimport \"embed\"\n\n//go:embed static\nvar Data embed.FS\n")), truth: gone("ws/static/a.txt"), beside: only(private, proxyPlain, gobin), at: "data.go:5:12", message: "pattern static: cannot embed directory static: contains no embeddable files", diagnostic: "default"},
	{name: "cgo-header-removed", code: true, healthy: only(file("ws/one.h", "#define ONE 1\n"), file("ws/c.go", "package app\n\n// #include \"one.h\"\nimport \"C\"\n\nconst one = C.ONE\n")), truth: gone("ws/one.h"), beside: only(export("CGO_LDFLAGS", "-O1"), cxx, private), at: "c.go:3:4", message: "could not import C (no metadata for C)", late: true},
	{name: "vendored-code-edited", code: true, named: `vendor`, healthy: vendored, truth: edit("ws/vendor/example.com/greet/greet.go", "Hello", "Hallo"), beside: only(comment, proxyPlain, setting("GOFLAGS", "-mod=vendor")), at: "app.go:5:34", message: "undefined: greet.Hello", diagnostic: "UndeclaredImportedName"},
	{name: "sibling-edited", code: true, named: `lib`, healthy: workspace, truth: edit("ws/lib/lib.go", "Hello", "Hallo"), beside: only(trimpath, line("ws/go.work", "", "// all of us"), private), at: "app/app.go:5:32", message: "undefined: lib.Hello", diagnostic: "UndeclaredImportedName", late: true},
	{name: "file-of-a-newer-go", code: true, healthy: more, truth: edit("ws/more.go", "package app", "//go:build go1.99\n\npackage app"), beside: only(toolLine, gogc, noSum), at: "use.go:3:12", message: "undefined: more", diagnostic: "UndeclaredName"},
	{name: "file-of-an-older-go", code: true, healthy: only(file("ws/loop.go", "package app\n\nfunc loop() {\n\tfor range 3 {\n\t}\n}\n")), truth: edit("ws/loop.go", "package app\n", "//go:build go1.21\n\npackage app\n"), beside: only(goLine, trimpath, gobin), at: "loop.go:6:12", message: "cannot range over 3 (untyped int constant): requires go1.22 or later", diagnostic: "InvalidRangeExpr", late: true},
	{name: "tag-of-the-repository-gone", code: true, healthy: and(corpGit, only(change{"a repository", func(m *past) func() {
		gitIn(m.t, m.root, "clone", "-q", m.world.repos+"/lib", m.at("repos/lib"))
		return func() {}
	}}, edit("home/.gitconfig", "{repos}/", "{root}/repos/"))), between: only(forgotten), truth: change{"the tag is gone", func(m *past) func() {
		gitIn(m.t, m.at("repos/lib"), "tag", "-d", "v1.0.0")
		return func() { gitIn(m.t, m.at("repos/lib"), "tag", "v1.0.0") }
	}}, beside: only(privateMore, noSumCorp, pager), at: "app.go:3:12", message: importOfLib},
	{name: "branch-with-broken-code", code: true, named: `(?i)branch|HEAD`, healthy: branch("draft", edit("ws/app.go", "greet.Hello()", "greet.Helo()")), truth: switched("draft"), beside: only(trimpath, private, bash("export GOGC=off")), at: "app.go:5:34", message: "undefined: greet.Helo", diagnostic: "UndeclaredImportedName", late: true},

	// Phantoms: the environment of gopls is at fault, the shell is green.
	{name: "gopls-modfile", phantom: true, truth: inGopls("GOFLAGS", "-modfile=ci.mod"), beside: only(inGopls("GOPROXY", "{plain}"), inGopls("GOWORK", "off"), private), named: `GOFLAGS`},
	{name: "gopls-goenv-off", phantom: true, healthy: flagsInGoenv, truth: inGopls("GOENV", "off"), beside: only(inGopls("GOPRIVATE", "other.example"), inGopls("GOBIN", "{home}/bin"), gogc), named: `GOENV|GOFLAGS`, at: "use.go:3:12", message: "undefined: corp", diagnostic: "UndeclaredName", late: true},
	{name: "gopls-home-of-another", phantom: true, healthy: flagsInGoenv, truth: inGopls("HOME", "{home}/flatpak"), beside: only(inGopls("XDG_DATA_HOME", "{home}/.data"), inGopls("GOTMPDIR", "{home}/tools"), comment), named: `\bHOME$|GOENV|GOFLAGS`, at: "use.go:3:12", message: "undefined: corp", diagnostic: "UndeclaredName"},
	{name: "gopls-config-folder", phantom: true, healthy: flagsInGoenv, truth: inGopls("XDG_CONFIG_HOME", "{home}/snap/.config"), beside: only(inGopls("XDG_RUNTIME_DIR", "{home}/run"), inGopls("GOPATH", "{home}/gopath"), extra), named: `XDG_CONFIG_HOME|GOENV|GOFLAGS`, at: "use.go:3:12", message: "undefined: corp", diagnostic: "UndeclaredName", late: true},
	{name: "gopls-git-config", phantom: true, healthy: and(corpGit, only(gmod, file("home/none.gitconfig", "[url \"file://{root}/none/\"]\n\tinsteadOf = https://git.corp.example/\n\tinsteadOf = ssh://git.corp.example/\n\tinsteadOf = git+ssh://git.corp.example/\n"))), between: only(gforgotten), truth: inGopls("GIT_CONFIG_GLOBAL", "{home}/none.gitconfig"), beside: only(inGopls("GIT_PAGER", "cat"), inGopls("GONOSUMDB", "git.corp.example"), privateMore), named: `GIT_CONFIG_GLOBAL|gitconfig|git config|insteadOf`, at: "app.go:3:12", message: importOfLib},
	{name: "gopls-without-git", phantom: true, healthy: and(corpGit, only(gmod, file("home/just/go", "#!/bin/sh\nexec {go} \"$@\"\n"))), between: only(gforgotten), truth: inGopls("PATH", "{home}/just"), beside: only(inGopls("GOVCS", "*:git"), inGopls("GIT_PAGER", "cat"), noSumCorp), named: `\bPATH$|^tool (git|go)`, at: "app.go:3:12", message: importOfLib, late: true},
	{name: "gopls-without-certificates", phantom: true, healthy: and(corpTLS, only(gmod)), between: only(gforgotten), truth: inGopls("SSL_CERT_FILE", "-"), beside: only(inGopls("SSL_CERT_DIR", "{home}/certs"), inGopls("GOINSECURE", "example.com"), netrcMore), named: `SSL_CERT_FILE`},
	{name: "gopls-other-netrc", phantom: true, healthy: and(corpTLS, only(gmod)), between: only(gforgotten), truth: inGopls("NETRC", "{home}/.netrc-editor"), beside: only(inGopls("NO_PROXY", "localhost"), inGopls("GOPRIVATE", "other.example"), gitName), named: `(?i)netrc`, late: true},
	{name: "gopls-without-tunnel", phantom: true, healthy: and(tunnelled, only(gmod)), between: only(gobin, gforgotten), truth: inGopls("HTTPS_PROXY", "{down}"), beside: only(inGopls("HTTP_PROXY", "{down}"), inGopls("ALL_PROXY", "{tunnel}"), noProxy), named: `HTTPS_PROXY`},
	{name: "gopls-private-missing", phantom: true, healthy: and(corpGit, only(gmod)), between: only(noSumCorp, gforgotten), truth: inGopls("GOPRIVATE", "git.corp"), beside: only(inGopls("GONOSUMDB", "git.corp.example"), inGopls("GOINSECURE", "git.corp.example"), pager), named: `GOPRIVATE|GONOPROXY`, at: "app.go:3:12", message: importOfLib, late: true},
	{name: "gopls-gowork-elsewhere", phantom: true, healthy: and(workspace, only(file("home/other/go.work", "go 1.24\n\nuse {ws}/app\n"))), truth: inGopls("GOWORK", "{home}/other/go.work"), beside: only(inGopls("GOFLAGS", "-trimpath"), line("ws/go.work", "", "// all of us"), private), named: `GOWORK|other/go\.work`, at: "app/app.go:3:8", message: importOfSib},
	{name: "gopls-cgo-compiler", phantom: true, healthy: cgo, truth: inGopls("CC", "zig cc"), beside: only(inGopls("CXX", "zig c++"), inGopls("CGO_CXXFLAGS", "-O1"), gogc), named: `\bCC$`, at: "c.go:4:8", message: "could not import C (no metadata for C)", late: true},
	{name: "gopls-gopath-unexpanded", phantom: true, truth: inGopls("GOPATH", "~/go"), beside: only(inGopls("GOBIN", "~/bin"), inGopls("GOPROXY", "{plain}"), touch), named: `GOPATH`, late: true},
	{name: "gopls-tmpdir-gone", phantom: true, truth: inGopls("TMPDIR", "{home}/run/tmp"), beside: only(inGopls("XDG_RUNTIME_DIR", "{home}/run"), inGopls("GOMODCACHE", "{home}/mods2"), goLine), named: `\bTMPDIR$`},
	{name: "gopls-toolchain", phantom: true, healthy: only(toolLine, edit("ws/go.mod", "toolchain go1.24.1", "toolchain go1.99.0")), truth: inGopls("GOTOOLCHAIN", "path"), beside: only(inGopls("GOROOT_FINAL", "{home}/go"), inGopls("GOFLAGS", "-trimpath"), extra), named: `GOTOOLCHAIN`, late: true},
	{name: "gopls-experiment", phantom: true, healthy: arenas, truth: inGopls("GOEXPERIMENT", "-"), beside: only(inGopls("GODEBUG", "goindex=0"), inGopls("GOFLAGS", "-tags=arenas"), vim), named: `GOEXPERIMENT`, at: "use.go:3:13", message: "undefined: arena", diagnostic: "UndeclaredName"},
	{name: "gopls-cache-program", phantom: true, truth: inGopls("GOCACHEPROG", "{home}/bin/cacher"), beside: only(inGopls("GOMODCACHE", "{home}/mods2"), inGopls("GOTMPDIR", "{home}/tools"), noSum), named: `GOCACHEPROG`, late: true},
	{name: "gopls-proxy-differs", phantom: true, healthy: only(gmod), between: only(gforgotten), truth: inGopls("GOPROXY", "{down}"), beside: only(inGopls("GONOPROXY", "other.example"), inGopls("NO_PROXY", "localhost"), gogc), named: `GOPROXY`},
	{name: "gopls-keeps-old-flags", phantom: true, healthy: and(tagged, only(export("GOFLAGS", "-tags=corp"), inGopls("GOFLAGS", "-tags=corp"))), truth: both(edit("ws/corp.go", "build corp", "build company"), export("GOFLAGS", "-tags=company")), beside: only(inGopls("GOGC", "50"), private, comment), named: `GOFLAGS`, at: "use.go:3:12", message: "undefined: corp", diagnostic: "UndeclaredName"},
}

// TestSecondHistories plays histories that are like those of TestHistories.
func TestSecondHistories(t *testing.T) { playSome(t, newSecondPasts, secondHistories, 0.95) }
