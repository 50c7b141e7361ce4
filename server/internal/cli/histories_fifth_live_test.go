//go:build unix

package cli

import (
	"crypto/rand"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/note"
)

// newFifthPasts has servers that say no in other ways, repositories behind them, and
// a checksum database.
func newFifthPasts(t *testing.T) *pasts {
	t.Helper()
	w := newFourthPasts(t)
	quiet := log.New(io.Discard, "", 0)
	start := func(h http.Handler, tls bool) *httptest.Server {
		s := httptest.NewUnstartedServer(h)
		s.Config.ErrorLog = quiet
		if tls {
			s.StartTLS()
		} else {
			s.Start()
		}
		t.Cleanup(s.Close)
		return s
	}
	files := http.FileServer(http.Dir(w.lab.Proxy))
	says := func(code int) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { http.Error(rw, "no", code) })
	}

	skey, vkey, err := note.GenerateKey(rand.Reader, "sum.corp.example")
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := note.GenerateKey(rand.Reader, "sum.corp.example")
	if err != nil {
		t.Fatal(err)
	}
	database := sumdb.NewServer(sumdb.NewTestServer(skey, func(module, version string) ([]byte, error) {
		sums, ok := w.sums[module+"@"+version]
		if !ok || module == "example.com/util" { // that one is nobody else's business
			return nil, fs.ErrNotExist
		}
		return []byte(sums), nil
	}))

	status := http.NewServeMux()
	status.Handle("/403/", says(http.StatusForbidden))
	status.Handle("/404/", says(http.StatusNotFound))
	status.HandleFunc("/zip403/", func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".zip") {
			http.Error(rw, "in quarantine", http.StatusForbidden)
			return
		}
		http.StripPrefix("/zip403", files).ServeHTTP(rw, r)
	})
	status.HandleFunc("/login/", func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(rw, "<!DOCTYPE html>\n<title>Please sign in</title>\n")
	})
	status.HandleFunc("/loop/", func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, r.URL.Path, http.StatusFound)
	})
	const supported = "/sumdb/sum.corp.example/supported"
	status.HandleFunc("/sums"+supported, func(http.ResponseWriter, *http.Request) {})
	status.Handle("/sums/sumdb/sum.corp.example/", http.StripPrefix("/sums/sumdb/sum.corp.example", database))
	status.Handle("/sums/", http.StripPrefix("/sums", files))
	status.Handle("/nosums"+supported, says(http.StatusForbidden))
	status.Handle("/nosums/", http.StripPrefix("/nosums", files))
	stat := start(status, false)

	open := http.NewServeMux()
	open.Handle("/", files)
	open.HandleFunc("/plainly/", func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, w.plain.URL+strings.TrimPrefix(r.URL.Path, "/plainly"), http.StatusFound)
	})
	open.Handle("/mods/", http.StripPrefix("/mods", files))
	page := func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(rw, `<meta name="go-import" content="example.com/greet mod https://example.com/mods">`)
	}
	open.HandleFunc("/greet", page)
	opened := start(open, true)

	gate := func(authorization string) string {
		return start(tunnelTo(opened, authorization), false).Listener.Addr().String()
	}

	out, err := exec.Command(w.tools["git"], "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	backend := filepath.Join(strings.TrimSpace(string(out)), "git-http-backend")
	if _, err := os.Stat(backend); err != nil {
		missing(t, "git-http-backend")
	}
	repos := &cgi.Handler{Path: backend, Env: []string{"GIT_PROJECT_ROOT=" + w.repos, "GIT_HTTP_EXPORT_ALL=1", "HOME=" + w.repos}, Logger: quiet, Stderr: io.Discard}
	repos.InheritEnv = []string{"PATH"}
	locked := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "gopher" || password != "sesame" {
			rw.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			http.Error(rw, "who are you", http.StatusUnauthorized)
			return
		}
		repos.ServeHTTP(rw, r)
	})
	database2 := start(database, false)
	w.more = append(w.more,
		"{status}", stat.URL, "{open}", opened.URL, "{gate}", "http://"+gate(""), "{lockedgate}", gate("Basic Z29waGVyOnNlc2FtZQ=="),
		"{gitweb}", start(repos, false).URL, "{gitlocked}", start(locked, false).Listener.Addr().String(), "{gittls}", start(repos, true).URL,
		"{sumkey}", vkey, "{otherkey}", other, "{badkey}", vkey[:len(vkey)-6]+"AAAAA=", "{platform}", runtime.GOOS+"_"+runtime.GOARCH, "{sumdb}", database2.URL, "{sumdbhost}", database2.Listener.Addr().String(),
	)
	return w
}

// root is a GOROOT that is the one of go, but for some files.
func root(name string, files map[string]string) change {
	return change{name + " is a GOROOT", func(m *past) func() {
		but := map[string]string{}
		for file, text := range files {
			but[m.expand(file)] = text
		}
		from := m.expand("{goroot}")
		var mirror func(rel string)
		mirror = func(rel string) {
			if err := os.MkdirAll(filepath.Join(m.at(name), rel), 0o755); err != nil {
				m.t.Fatal(err)
			}
			entries, err := os.ReadDir(filepath.Join(from, rel))
			if err != nil {
				m.t.Fatal(err)
			}
			for _, e := range entries {
				sub := filepath.Join(rel, e.Name())
				within := false
				for file := range but {
					within = within || strings.HasPrefix(file, sub+"/")
				}
				if _, is := but[sub]; is {
					continue
				}
				if within {
					mirror(sub)
					continue
				}
				if err := os.Symlink(filepath.Join(from, sub), filepath.Join(m.at(name), sub)); err != nil {
					m.t.Fatal(err)
				}
			}
		}
		mirror("")
		for file, text := range but {
			if text != "" {
				m.write(name+"/"+file, text)
			}
		}
		return func() { _ = os.RemoveAll(m.at(name)) }
	}}
}

// fromWeb is a machine whose private module comes from an address.
func fromWeb(address string, more ...change) []change {
	return and(corpGit, only(edit("home/.gitconfig", rulesOfCorp, "[url \""+address+"/\"]\n\tinsteadOf = https://git.corp.example/\n")), more)
}

var (
	ownRoot = only(
		root("home/sdk/go1.26", map[string]string{"go.env": "GOPROXY={plain}\nGOSUMDB=off\nGOTOOLCHAIN=local\n"}), export("GOROOT", "{home}/sdk/go1.26"),
		file("home/.config/go/env", "GOBIN={home}/bin\n"),
	)
	distroRoot = root("home/usr/lib/go", map[string]string{"go.env": "GOPROXY={down}\nGOSUMDB=off\nGOTOOLCHAIN=local\n"})
	certified  = only(export("SSL_CERT_FILE", "{home}/ca.pem"))
	gated      = and(certified, only(setting("GOPROXY", "https://example.com"), export("HTTPS_PROXY", "http://gopher:sesame@{lockedgate}")))
	directly   = and(certified, only(setting("GOPROXY", "direct"), export("HTTPS_PROXY", "{gate}")))
	onPath     = and(corpTLS, only(gone("home/.netrc"), file("home/corp/bin/corp-auth", "#!/bin/sh\nprintf 'https://{tlshost}\\n\\nAuthorization: Basic Z29waGVyOnNlc2FtZQ==\\n\\n'\n"), setting("GOAUTH", "corp-auth"), bash(`export PATH="$HOME/corp/bin:$PATH"`)))
	knownHost  = and(bySSH, only(file("home/.ssh/known_hosts", "git.corp.example ssh-ed25519 AAAAC3Nza\n"), file("home/keys/ssh", "#!/bin/sh\ngrep -q git.corp.example \"$HOME/.ssh/known_hosts\" || { echo 'Host key verification failed.' >&2; exit 255; }\nexec git-upload-pack '{repos}/lib'\n")))
	gitOverTLS = fromWeb("{gittls}", line("home/.gitconfig", "", "[http]\n\tsslCAInfo = {home}/ca.pem"))
	summed     = only(setting("GOFLAGS", "-mod=mod"), setting("GOSUMDB", "{sumkey} {sumdb}"), proxyPlain)
	unsummed   = only(emptied("ws/go.sum"), forgotten)
	ourOwn     = and(imports("example.com/util", "Util()", "example.com/util", "v1.0.0"), summed, only(setting("GONOSUMDB", "example.com/util")))
	undotted   = only(
		file("corplib/go.mod", "module corp/lib\n\ngo 1.24\n"), file("corplib/lib.go", "package lib\n\nfunc Lib() int { return 1 }\n"),
		line("ws/go.mod", "", "require corp/lib v0.0.0"), line("ws/go.mod", "", "replace corp/lib => ../corplib"),
		file("ws/use.go", "package app\n\nimport \"corp/lib\"\n\nvar Lib = lib.Lib()\n"),
	)
	twoGreets = and(replaced, only(
		file("greet2/go.mod", "module example.com/greet\n\ngo 1.24\n"), file("greet2/greet.go", "package greet\n\nfunc Hello() string { return \"nearer\" }\n"),
		file("ws/vendor/modules.txt", "# example.com/greet v1.0.0 => ../greet\n## explicit; go 1.24\nexample.com/greet\n# example.com/greet => ../greet\n"),
		file("ws/vendor/example.com/greet/greet.go", "package greet\n\nfunc Hello() string { return \"near\" }\n"),
	))
	vendoredWork = and(fetchingSums, only(
		file("ws/vendor/modules.txt", "## workspace\n# example.com/greet v1.0.0\n## explicit; go 1.24\nexample.com/greet\n"),
		file("ws/vendor/example.com/greet/greet.go", "package greet\n\nfunc Hello() string { return \"hello\" }\n"), setting("GOPROXY", "off"),
	))
	cachedEdit = change{"a line for debugging in the module cache", func(m *past) func() {
		const name = "home/go/pkg/mod/example.com/greet@v1.0.0/greet.go"
		if err := os.Chmod(m.at(name), 0o600); err != nil {
			m.t.Fatal(err)
		}
		return edit(name, "return \"hello\"", "println(debug); return \"hello\"").do(m)
	}}
	appRetracts = line("ws/app/go.mod", "", "retract v0.3.0")
	libComment  = line("ws/lib/go.mod", "", "// the library")
	workComment = line("ws/go.work", "", "// for everybody")
	starship    = bash(`export STARSHIP_SHELL=bash`)
	rubyPath    = bash(`export PATH="$HOME/.rbenv/shims:$PATH"`)
	lang        = export("LC_ALL", "C.UTF-8")
	editorconf  = file("ws/.editorconfig", "root = true\n")
	noPrivate   = setting("GOPRIVATE", "git.other.example")
	gomaxprocs  = export("GOMAXPROCS", "2")
	jdk         = export("JAVA_HOME", "{home}/jdk")
	gitAlias    = line("home/.gitconfig", "", "[alias]\n\tst = status")
	gitRebase   = line("home/.gitconfig", "", "[pull]\n\trebase = true")
	gitLFS      = line("home/.gitconfig", "", "[filter \"lfs\"]\n\tclean = git-lfs clean -- %f")
)

var fifthHistories = []history{
	// GOPROXY, and what the servers behind it say.
	{name: "proxy-list-of-a-comma", healthy: only(export("GOPROXY", "{plain}")), between: only(forgotten), truth: export("GOPROXY", ","), beside: only(setting("GONOPROXY", "other.example"), noProxy, starship), named: `GOPROXY`},
	{name: "proxy-direct-plus-mirror", between: only(forgotten), truth: setting("GOPROXY", "direct+{plain},direct"), beside: only(insecure, noSum, jdk), named: `GOPROXY`, late: true},
	{name: "proxy-file-with-one-slash", between: only(forgotten), truth: setting("GOPROXY", "file:{proxydir}"), beside: only(gobin, setting("GONOPROXY", "other.example"), newTest), named: `GOPROXY`},
	{name: "proxy-is-the-gateway", healthy: only(proxyPlain), between: only(forgotten), truth: setting("GOPROXY", "{gate}"), beside: only(export("HTTPS_PROXY", "{gate}"), export("https_proxy", "{gate}"), editorconf), named: `GOPROXY`, late: true},
	{name: "mirror-forbids-what-it-lacks", healthy: only(setting("GOPROXY", "{status}/404,{plain}")), between: only(forgotten), truth: setting("GOPROXY", "{status}/403,{plain}"), beside: only(private, noProxy, extra), named: `GOPROXY`},
	{name: "mirror-with-a-quarantine", healthy: only(export("GOPROXY", "{plain}")), between: only(forgotten), truth: export("GOPROXY", "{status}/zip403"), beside: only(setting("GOPRIVATE", "other.example"), setting("GONOSUMDB", "example.com"), lang), named: `GOPROXY`, late: true},
	{name: "mirror-shows-a-login", healthy: only(proxyPlain), between: only(forgotten), truth: setting("GOPROXY", "{status}/login"), beside: only(netrc, noPrivate, goLine), named: `GOPROXY`},
	{name: "mirror-without-its-s", healthy: corpTLS, between: only(forgotten), truth: setting("GOPROXY", "http://{tlshost}"), beside: only(netrcMore, sslDir, private), named: `GOPROXY`, late: true},
	{name: "mirror-redirects-to-plain", healthy: and(certified, only(setting("GOPROXY", "{open}"))), between: only(forgotten), truth: setting("GOPROXY", "{open}/plainly"), beside: only(export("NODE_EXTRA_CA_CERTS", "{home}/ca.pem"), setting("GOINSECURE", "example.com"), rubyPath), named: `GOPROXY`},
	{name: "mirror-in-a-loop", healthy: only(export("GOPROXY", "{plain},off")), between: only(forgotten), truth: export("GOPROXY", "{status}/loop,off"), beside: only(export("GONOPROXY", "none"), gomaxprocs, extra), named: `GOPROXY`, late: true},
	{name: "defaults-of-goroot-gone", healthy: ownRoot, between: only(forgotten), truth: gone("home/sdk/go1.26/go.env"), beside: only(gopathElse, private, starship), named: `GOPROXY|GOROOT|go\.env`},
	{name: "goroot-of-the-distribution", healthy: and(ownRoot, only(distroRoot)), between: only(forgotten), truth: export("GOROOT", "{home}/usr/lib/go"), beside: only(gobin, jdk, extra), named: `GOPROXY|GOROOT|go\.env`, late: true},

	// Credentials and HTTP proxies.
	{name: "netrc-for-everybody", healthy: corpTLS, between: only(forgotten), truth: edit("home/.netrc", "machine {tlshost} login", "default login"), beside: only(private, noProxy, gitAlias), named: `netrc`},
	{name: "goauth-off-among-others", healthy: corpTLS, between: only(forgotten), truth: setting("GOAUTH", "off; netrc"), beside: only(netrcMore, sslDir, lang), named: `GOAUTH`},
	{name: "auth-program-off-the-path", healthy: onPath, between: only(forgotten), truth: edit("home/.bashrc", "$HOME/corp/bin:$PATH", "$HOME/corp/sbin:$PATH"), beside: only(rubyPath, netrc, noSum), named: `\bPATH$|GOAUTH|^tool corp-auth`, late: true},
	{name: "gateway-password-expired", healthy: gated, between: only(forgotten), truth: export("HTTPS_PROXY", "http://gopher:swordfish@{lockedgate}"), beside: only(export("HTTP_PROXY", "http://gopher:swordfish@{lockedgate}"), noProxy, private), named: `HTTPS_PROXY`},
	{name: "no-proxy-with-a-scheme", healthy: office, between: only(forgotten), truth: export("NO_PROXY", "localhost,http://0.0.0.0"), beside: only(export("HTTPS_PROXY", "{down}"), export("npm_config_noproxy", "0.0.0.0"), extra), named: `NO_PROXY`, late: true},

	// Patterns of private modules.
	{name: "private-with-a-port", healthy: corpGit, between: only(forgotten), truth: setting("GOPRIVATE", "git.corp.example:8443"), beside: only(noSumCorp, gitAlias, netrc), named: `GOPRIVATE|GONOPROXY`, at: "app.go:3:12", message: importOfLib},
	{name: "private-like-no-proxy", healthy: corpGit, between: only(forgotten), truth: setting("GOPRIVATE", ".corp.example"), beside: only(export("NO_PROXY", ".corp.example"), noSumCorp, pager), named: `GOPRIVATE|GONOPROXY`, at: "app.go:3:12", message: importOfLib, late: true},
	{name: "private-in-braces", healthy: corpGit, between: only(forgotten), truth: setting("GOPRIVATE", "git.corp.example/{lib.git,tool.git}"), beside: only(setting("GONOSUMDB", "git.corp.example/*"), extraOfCorp(), gitRebase), named: `GOPRIVATE|GONOPROXY`, at: "app.go:3:12", message: importOfLib},
	{name: "private-like-packages", healthy: corpGit, between: only(forgotten), truth: setting("GOPRIVATE", "git.corp.example/..."), beside: only(setting("GOVCS", "*:git"), insecureOther, editorconf), named: `GOPRIVATE|GONOPROXY`, at: "app.go:3:12", message: importOfLib, late: true},
	{name: "private-with-two-slashes", healthy: and(corpGit, only(export("GOPRIVATE", "git.corp.example/"))), between: only(forgotten), truth: export("GOPRIVATE", "git.corp.example//"), beside: only(insecureOther, noSumCorp, jdk), named: `GOPRIVATE|GONOPROXY`, at: "app.go:3:12", message: importOfLib},
	{name: "none-replaced-by-nothing", healthy: mirrored, between: only(forgotten), truth: edit("home/.config/go/env", "GONOPROXY=none", "GONOPROXY="), beside: only(noSumOut, setting("GOVCS", "*:git"), starship), named: `GONOPROXY|GOPRIVATE`, late: true},

	// What git fetches.
	{name: "token-in-a-git-rule-expired", healthy: fromWeb("http://gopher:sesame@{gitlocked}"), between: only(forgotten), truth: edit("home/.gitconfig", "gopher:sesame@", "gopher:expired@"), beside: only(netrc, privateMore, gitAlias), named: `(?i)^git config .*(insteadof|url\.)`, at: "app.go:3:12", message: importOfLib},
	{name: "all-proxy-is-for-git", healthy: fromWeb("{gitweb}"), between: only(forgotten), truth: export("ALL_PROXY", "{down}"), beside: only(export("HTTPS_PROXY", "{down}"), export("HTTP_PROXY", "{down}"), noProxy), named: `ALL_PROXY`, at: "app.go:3:12", message: importOfLib, late: true},
	{name: "proxy-in-the-git-config", healthy: fromWeb("{gitweb}"), between: only(forgotten), truth: line("home/.gitconfig", "", "[http]\n\tproxy = {down}"), beside: only(gitRebase, noSumCorp, export("HTTPS_PROXY", "{down}")), named: `(?i)^git config .*http\S*proxy`, at: "app.go:3:12", message: importOfLib},
	{name: "git-without-our-certificate", healthy: gitOverTLS, between: only(forgotten), truth: edit("home/.gitconfig", "\tsslCAInfo = {home}/ca.pem", "\tsslCAInfo = {home}/certs/ca.pem"), beside: only(setting("GOINSECURE", "git.corp.example"), export("SSL_CERT_DIR", "{home}/certs"), pager), named: `(?i)^git config .*sslca|^place .*certs/ca`, at: "app.go:3:12", message: importOfLib, late: true},
	{name: "host-not-known-any-more", healthy: knownHost, between: only(forgotten), truth: file("home/.ssh/known_hosts", "git.other.example ssh-ed25519 AAAAC3Nza\n"), beside: only(export("GIT_SSH", "{home}/keys/old/ssh"), privateMore, gitAlias), named: `\.ssh|known_hosts`, at: "app.go:3:12", message: importOfLib},
	{name: "private-for-proxies-only", healthy: and(corpGit, only(setting("GOVCS", "private:all,public:off"))), between: only(forgotten), truth: edit("home/.config/go/env", "GOPRIVATE=git.corp.example", "GONOPROXY=git.corp.example"), beside: only(noSumCorp, gitLFS, extraOfCorp()), named: `GOPRIVATE|GONOPROXY`, at: "app.go:3:12", message: importOfLib},
	{name: "direct-through-another-gateway", healthy: directly, between: only(forgotten), truth: export("HTTPS_PROXY", "{tunnel}"), beside: only(export("HTTP_PROXY", "{tunnel}"), netrc, gobin), named: `HTTPS_PROXY`, late: true},
	{name: "module-without-a-dot", healthy: undotted, truth: edit("ws/go.mod", "replace corp/lib =>", "replace corp/libs =>"), beside: only(private, retracts, extra), named: `^(replace|require) .*corp/lib`, at: "use.go:3:8", message: "could not import corp/lib (no required module provides package \"corp/lib\")"},

	// The checksum database.
	{name: "sum-key-of-another", healthy: summed, between: unsummed, truth: setting("GOSUMDB", "{otherkey} {sumdb}"), beside: only(noSum, private, jdk), named: `GOSUMDB`},
	{name: "sum-key-mangled", healthy: summed, between: unsummed, truth: setting("GOSUMDB", "{badkey} {sumdb}"), beside: only(noProxy, export("GONOSUMCHECK", "1"), lang), named: `GOSUMDB`, late: true},
	{name: "sum-database-and-its-mirror", healthy: summed, between: unsummed, truth: setting("GOSUMDB", "{sumkey} {sumdb} {plain}"), beside: only(noPrivate, gobin, goLine), named: `GOSUMDB`},
	{name: "mirror-keeps-the-sum-database", healthy: and(summed, only(setting("GOSUMDB", "{sumkey}"), setting("GOPROXY", "{status}/sums"))), between: unsummed, truth: setting("GOPROXY", "{status}/nosums"), beside: only(noSum, private, editorconf), named: `GOPROXY`},
	{name: "sum-check-is-not-sum-database", healthy: ourOwn, between: unsummed, truth: edit("home/.config/go/env", "GONOSUMDB=example.com/util", "GONOSUMCHECK=example.com/util"), beside: only(setting("GOINSECURE", "example.com/util"), noProxy, rubyPath), named: `GONOSUMDB|GONOSUMCHECK`, late: true, message: importOfUtil},
	{name: "sum-database-emptied", healthy: summed, between: unsummed, truth: setting("GOSUMDB", ""), beside: only(noPrivate, gomaxprocs, noSum), named: `GOSUMDB`},

	// The GOENV file, and GOFLAGS.
	{name: "goenv-indented", healthy: flagsInGoenv, truth: edit("home/.config/go/env", "GOFLAGS=", "  GOFLAGS="), beside: only(gobin, private, util), named: `GOFLAGS`, at: "use.go:3:12", message: undefinedCorp, diagnostic: "UndeclaredName"},
	{name: "goenv-comment-behind", healthy: flagsInGoenv, truth: edit("home/.config/go/env", "-tags=corp", "-tags=corp # for the office"), beside: only(noSum, gopathElse, lang), named: `GOFLAGS`, at: "use.go:3:12", message: undefinedCorp, diagnostic: "UndeclaredName", late: true},
	{name: "goenv-with-a-byte-order-mark", healthy: and(flagsInGoenv, only(file("home/.config/go/env", "GOFLAGS=-tags=corp\nGOBIN={home}/bin\n"))), truth: edit("home/.config/go/env", "GOFLAGS=", "\ufeffGOFLAGS="), beside: only(setting("GOBIN", "{home}/go/bin"), private, newTest), named: `GOFLAGS`, at: "use.go:3:12", message: undefinedCorp, diagnostic: "UndeclaredName"},
	{name: "mod-flag-unknown", truth: setting("GOFLAGS", "-mod=modules -trimpath"), beside: only(export("GO111MODULE", "on"), private, toolLine), named: `GOFLAGS`},
	{name: "modfile-with-another-ending", healthy: only(file("ws/go.mod.dev", "module example.com/app\n\ngo 1.24\n\nrequire example.com/greet v1.0.0\n")), truth: export("GOFLAGS", "-modfile=go.mod.dev"), beside: only(edit("ws/go.mod.dev", "go 1.24", "go 1.25"), extra, private), named: `GOFLAGS`, late: true},
	{name: "modfile-in-a-workspace", healthy: and(workspace, only(file("ws/app/dev.mod", "module example.com/app\n\ngo 1.24\n"))), truth: setting("GOFLAGS", "-modfile=dev.mod"), beside: only(appRetracts, workComment, gobin), named: `GOFLAGS`, at: "app/app.go:3:8", message: importOfSib},
	{name: "quotes-in-a-tag", healthy: tagsInBashrc, truth: export("GOFLAGS", `-tags="corp"`), beside: only(rubyPath, util, noSum), named: `GOFLAGS`, late: true, at: "use.go:3:12", message: undefinedCorp, diagnostic: "UndeclaredName"},

	// Vendor folders and workspaces.
	{name: "vendored-replacement-moved", healthy: twoGreets, truth: edit("ws/go.mod", "=> ../greet", "=> ../greet2"), beside: only(private, proxyPlain, retracts), named: `^replace .*greet|^vendor`},
	{name: "vendored-for-one-module", healthy: vendoredWork, truth: edit("ws/vendor/modules.txt", "## workspace\n", ""), beside: only(appRetracts, workComment, noSum), named: `vendor`, at: "app/app.go:4:2", late: true},
	{name: "gowork-misspelled", healthy: workspace, truth: export("GOWORK", "{ws}/go.works"), beside: only(libComment, trimpath, private), named: `GOWORK|go\.works|^go\.work`, at: "app/app.go:3:8", message: importOfSib},
	{name: "gowork-relative", healthy: and(workspace, only(export("GOWORK", "{ws}/go.work"))), truth: export("GOWORK", "go.work"), beside: only(appRetracts, workComment, jdk), named: `GOWORK|^go\.work`, at: "app/app.go:3:8", message: importOfSib, late: true},
	{name: "work-directive-misspelled", healthy: workspace, truth: line("ws/go.work", "", "usee ./tools"), beside: only(libComment, appRetracts, noSum), named: `^unreadable .*go\.work|^go\.work`, at: "app/app.go:3:8", message: importOfSib},
	{name: "work-of-the-future", healthy: workspace, truth: edit("ws/go.work", "go 1.24", "go 1.99.0"), beside: only(libComment, edit("ws/app/go.mod", "go 1.24", "go 1.23"), noSum), named: `^go line .*go\.work`, at: "app/app.go:3:8", message: importOfSib, late: true},
	{name: "work-debugs-the-unknown", healthy: workspace, truth: line("ws/go.work", "", "godebug httpthree=1"), beside: only(export("GODEBUG", "http2client=0"), appRetracts, private), named: `^godebug .*httpthree|^unreadable .*go\.work`, at: "app/app.go:3:8", message: importOfSib, late: true},
	{name: "work-toolchain-without-go", healthy: workspace, truth: line("ws/go.work", "", "toolchain 1.26.1"), beside: only(line("ws/lib/go.mod", "", "toolchain go1.24.1"), appRetracts, workComment), named: `^(go line|toolchain|unreadable) .*go\.work`, at: "app/app.go:3:8", message: importOfSib},

	// go.mod.
	{name: "replacement-without-dots", healthy: only(file("ws/greet/go.mod", "module example.com/greet\n\ngo 1.24\n"), file("ws/greet/greet.go", "package greet\n\nfunc Hello() string { return \"near\" }\n")), truth: line("ws/go.mod", "", "replace example.com/greet => greet"), beside: only(private, extra, retracts), named: `^replace .*greet|^unreadable .*go\.mod`, late: true},
	{name: "module-line-lost", truth: edit("ws/go.mod", "module example.com/app\n", ""), beside: only(noSum, newTest, gobin), named: `^module|^unreadable .*go\.mod`},
	{name: "incompatible-with-a-gomod", truth: edit("ws/go.mod", "greet v1.0.0", "greet v1.0.0+incompatible"), beside: only(extra, goLine, private), named: `^require .*greet|^unreadable .*go\.mod`, late: true},
	{name: "version-cut-short", truth: edit("ws/go.mod", "greet v1.0.0", "greet v1.0"), beside: only(retracts, util, noSum), named: `^require .*greet|^unreadable .*go\.mod`},
	{name: "require-without-a-version", truth: line("ws/go.mod", "", "require example.com/extra"), beside: only(sums("example.com/extra@v1.0.0"), goLine, private), named: `^require .*extra|^unreadable .*go\.mod`, late: true},
	{name: "temporary-folder-is-the-project", truth: export("TMPDIR", "{ws}"), beside: only(export("XDG_RUNTIME_DIR", "{home}/run"), gobin, extra), named: `\bTMPDIR$`},

	// Toolchains and folders of go.
	{name: "toolchain-with-an-unknown-suffix", truth: export("GOTOOLCHAIN", "go1.26.8+latest"), beside: only(extra, export("GOROOT_FINAL", "{home}/go"), lang), named: `GOTOOLCHAIN`},
	{name: "toolchain-to-be-on-the-path", truth: export("GOTOOLCHAIN", "go1.99.0+path"), beside: only(bash(`export PATH="$PATH:$HOME/sdk/go1.99.0/bin"`), toolLine, gomaxprocs), named: `GOTOOLCHAIN`, late: true},
	{name: "goroot-of-another-compiler", healthy: only(root("home/sdk/go1.25", map[string]string{
		"VERSION":                     "go1.25.1\ntime 2025-08-27T15:49:40Z\n",
		"pkg/tool/{platform}/compile": "#!/bin/sh\ncase \"$1\" in -V=full) echo 'compile version go1.25.1' ;; *)\n\techo 'compile: version \"go1.25.1\" does not match go tool version \"go1.26.8\"' >&2\n\texit 2\n\t;;\nesac\n",
	})), truth: export("GOROOT", "{home}/sdk/go1.25"), beside: only(gopathElse, gobin, extra), named: `GOROOT`},

	// Systems and C.
	{name: "system-by-its-marketing-name", truth: export("GOOS", "macos"), beside: only(export("CGO_ENABLED", "0"), setting("GOARM64", "v8.0"), extra), named: `GOOS`, late: true},
	{name: "cgo-compiler-with-a-standard", healthy: cgo, truth: export("CC", "gcc -std=c42"), beside: only(export("CXX", "g++ -std=c++20"), export("CGO_CPPFLAGS", "-DNDEBUG"), private), named: `\bCC$`, at: "c.go:4:8", message: importOfC, late: true},

	// The code is at fault, also that in the module cache.
	{name: "module-cache-edited", code: true, named: `greet|(?i)cache|pkg/mod`, healthy: only(warm), truth: cachedEdit, beside: only(proxyPlain, private, gobin), at: "../home/go/pkg/mod/example.com/greet@v1.0.0/greet.go:3:31", message: "undefined: debug", diagnostic: "UndeclaredName"},
	{name: "file-for-arm", code: true, healthy: more, truth: moved("ws/more.go", "ws/more_arm.go"), beside: only(export("GOARM", "7"), setting("GOPROXY", "{plain}"), goLine), at: "use.go:3:12", message: undefinedMore, diagnostic: "UndeclaredName", late: true},
	{name: "constraint-not-satisfied", code: true, healthy: only(file("ws/sum.go", "package app\n\nfunc sum[T int | float64](a, b T) T { return a + b }\n"), file("ws/use.go", "package app\n\nvar Sum = sum(1, 2)\n")), truth: edit("ws/use.go", "sum(1, 2)", "sum(\"1\", \"2\")"), beside: only(export("GODEBUG", "http2client=0"), edit("ws/go.mod", "go 1.24\n", "go 1.26\n"), private), at: "use.go:3:14", message: "string does not satisfy int | float64 (string missing in int | float64)", diagnostic: "InvalidTypeArg"},
	{name: "case-twice", code: true, healthy: only(file("ws/kind.go", "package app\n\nfunc kind(n int) string {\n\tswitch n {\n\tcase 1:\n\t\treturn \"one\"\n\tcase 2:\n\t\treturn \"two\"\n\t}\n\treturn \"\"\n}\n")), truth: edit("ws/kind.go", "case 2:", "case 1:"), beside: only(export("GOFLAGS", "-tags=dev"), setting("GOPROXY", "{down}"), extra), at: "kind.go:7:7", message: "duplicate case 1 (constant of type int) in expression switch", diagnostic: "DuplicateCase", late: true},
	{name: "embedded-from-above", code: true, healthy: only(file("ws/data.txt", "data\n"), file("ws/data.go", "package app\n\nimport _ \"embed\"\n\n//go:embed data.txt\nvar Data string\n")), truth: edit("ws/data.go", "//go:embed data.txt", "//go:embed ../data.txt"), beside: only(gopathElse, proxyPlain, noSum), at: "data.go:5:12", message: "pattern ../data.txt: invalid pattern syntax", diagnostic: "default"},

	// Phantoms: the environment of gopls is at fault, the shell is green.
	{name: "gopls-path-without-the-auth-program", phantom: true, healthy: and(onPath, only(gmod)), between: only(gforgotten), truth: inGopls("PATH", "{path}"), beside: only(inGopls("NETRC", "{home}/.netrc"), inGopls("GOPRIVATE", "other.example"), noSum), named: `\bPATH$|GOAUTH|^tool corp-auth`},
	{name: "gopls-gopath-not-expanded", phantom: true, truth: inGopls("GOPATH", "${env:HOME}/go"), beside: only(inGopls("GOBIN", "{home}/bin"), inGopls("GOFLAGS", "-trimpath"), extra), named: `GOPATH`, late: true},
	{name: "gopls-processor-as-uname-says", phantom: true, truth: inGopls("GOARCH", "x86_64"), beside: only(inGopls("GOOS", "linux"), inGopls("CGO_ENABLED", "0"), private), named: `GOARCH`},
	{name: "gopls-gowork-relative", phantom: true, healthy: workspace, truth: inGopls("GOWORK", "./go.work"), beside: only(inGopls("GOFLAGS", "-mod=readonly"), workComment, appRetracts), named: `GOWORK|^go\.work`, at: "app/app.go:3:8", message: importOfSib, late: true},
	{name: "gopls-tags-apart", phantom: true, healthy: tagsInBashrc, truth: inGopls("GOFLAGS", "-tags corp"), beside: only(inGopls("GOPROXY", "{plain}"), inGopls("LC_ALL", "C.UTF-8"), util), named: `GOFLAGS`, at: "use.go:3:12", message: undefinedCorp, diagnostic: "UndeclaredName"},
	{name: "gopls-no-proxy-with-a-scheme", phantom: true, healthy: and(office, only(gmod)), between: only(gforgotten), truth: inGopls("NO_PROXY", "http://0.0.0.0"), beside: only(inGopls("no_proxy", "0.0.0.0"), inGopls("HTTPS_PROXY", "{down}"), extra), named: `NO_PROXY`, late: true},
	{name: "gopls-all-proxy", phantom: true, healthy: and(fromWeb("{gitweb}"), only(gmod)), between: only(gforgotten), truth: inGopls("ALL_PROXY", "{down}"), beside: only(inGopls("HTTPS_PROXY", "{down}"), inGopls("GIT_PAGER", "cat"), noSumCorp), named: `ALL_PROXY`, at: "app.go:3:12", message: importOfLib},
	{name: "gopls-toolchain-is-a-language", phantom: true, truth: inGopls("GOTOOLCHAIN", "go1.27"), beside: only(inGopls("GOROOT_FINAL", "{home}/go"), inGopls("GOPROXY", "{plain}"), toolLine), named: `GOTOOLCHAIN`, late: true},
	{name: "gopls-vcs-rule-without-a-colon", phantom: true, healthy: and(corpGit, only(gmod)), between: only(gforgotten), truth: inGopls("GOVCS", "git"), beside: only(inGopls("GONOSUMDB", "git.corp.example"), inGopls("GIT_EDITOR", "true"), privateMore), named: `GOVCS`, at: "app.go:3:12", message: importOfLib},
	{name: "gopls-modules-one", phantom: true, truth: inGopls("GO111MODULE", "1"), beside: only(inGopls("GOSUMDB", "off"), inGopls("GOFLAGS", "-mod=readonly"), noSum), named: `GO111MODULE`, late: true},
	{name: "gopls-git-without-our-certificate", phantom: true, healthy: and(fromWeb("{gittls}", export("GIT_SSL_CAINFO", "{home}/ca.pem")), only(gmod)), between: only(gforgotten), truth: inGopls("GIT_SSL_CAINFO", "-"), beside: only(inGopls("SSL_CERT_FILE", "{home}/ca.pem"), inGopls("GOINSECURE", "git.corp.example"), gitAlias), named: `GIT_SSL_CAINFO`, at: "app.go:3:12", message: importOfLib, late: true},
	{name: "gopls-build-cache-with-a-tilde", phantom: true, truth: inGopls("GOCACHE", "~/.cache/go-build"), beside: only(inGopls("GOTMPDIR", "{home}/tools"), inGopls("XDG_CACHE_DIR", "{home}/.cache"), private), named: `GOCACHE$`},
}

// TestFifthHistories plays histories of rows of the catalogue.
func TestFifthHistories(t *testing.T) { playSome(t, newFifthPasts, fifthHistories, 0.95) }
