//go:build unix

package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// A history is a machine that is green, what then happens to it, and what of that
// makes it red. The go command is the judge of that: see TestHistories.
type history struct {
	name    string
	healthy []change // how the machine differs from the one of newPast
	between []change // what happens that is no change of a setting, such as that a module cache is emptied
	truth   change
	beside  []change // innocent
	late    bool     // the truth is the last of the changes, else the first

	// named matches the kind and the name of what is to blame. Where the code is at
	// fault, or the world outside, nothing is to blame, and what matches may be.
	named   string
	code    bool
	phantom bool // only gopls' environment is red

	at, message, diagnostic string // the problem of gopls; by default the import of app.go
}

// change is something that happens to a machine, and can be undone.
type change struct {
	what string
	do   func(*past) (undo func())
}

// past is the machine of one history.
type past struct {
	t     *testing.T
	root  string
	world *pasts
	gopls map[string]string // variables of gopls' environment that the shell does not have or has otherwise; "-" if not at all
	own   *http.Server      // serves {own}
	addr  string            // of own
}

// pasts is what all histories share: servers, modules and their sums.
type pasts struct {
	lab        *worldtest.Lab
	path       string // PATH
	tools      map[string]string
	plain, tls *httptest.Server
	down       string
	repos      string
	sums       map[string]string // lines of go.sum by module@version
	few        bool              // not all questions are asked
	ca         string
	more       []string // what else is expanded, in pairs
}

func newPasts(t *testing.T) *pasts {
	t.Helper()
	w := &pasts{lab: worldtest.NewLab(t), tools: map[string]string{}, sums: map[string]string{}, repos: t.TempDir()}
	var path []string
	for _, tool := range []string{"go", "git", "bash", "sh", "env", "gcc"} {
		file, err := exec.LookPath(tool)
		if err != nil {
			if tool != "gcc" {
				missing(t, tool)
			}
			continue
		}
		w.tools[tool] = file
		if dir := filepath.Dir(file); !slices.Contains(path, dir) {
			path = append(path, dir)
		}
	}
	w.path = strings.Join(path, string(filepath.ListSeparator))
	w.lab.Serve("example.com/greet", "v0.9.0", "package greet\n\nfunc Hi() string { return \"hi\" }\n")
	w.lab.Serve("example.com/greet", "v1.1.0", "package greet\n\nfunc Hello() string { return \"hello!\" }\n")
	w.lab.Serve("example.com/extra", "v1.0.0", "package extra\n\nfunc Extra() int { return 1 }\n")
	w.lab.Serve("example.com/extra", "v1.2.0", "package extra\n\nfunc Extra() int { return 2 }\n")
	w.lab.Serve("example.com/util", "v1.0.0", "package util\n\nfunc Util() int { return 1 }\n")

	// A repository that is fetched with git.
	repo := filepath.Join(w.repos, "lib")
	w.lab.Write(filepath.Join(repo, "go.mod"), "module git.corp.example/lib.git\n\ngo 1.24\n")
	w.lab.Write(filepath.Join(repo, "lib.go"), "package lib\n\nfunc Lib() int { return 1 }\n")
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"commit", "-q", "-m", "lib"}, {"tag", "v1.0.0"}} {
		gitIn(t, repo, args...)
	}

	cache := t.TempDir()
	vars := map[string]string{"GOMODCACHE": cache, "GOPROXY": "file://" + w.lab.Proxy, "GOPRIVATE": "git.corp.example", "GOFLAGS": "-modcacherw"}
	for n, key := range []string{"https://git.corp.example/", "ssh://git.corp.example/", "git+ssh://git.corp.example/"} {
		vars[fmt.Sprintf("GIT_CONFIG_KEY_%d", n)] = "url.file://" + w.repos + "/.insteadOf"
		vars[fmt.Sprintf("GIT_CONFIG_VALUE_%d", n)] = key
	}
	vars["GIT_CONFIG_COUNT"] = "3"
	cmd := exec.Command(w.tools["go"], "mod", "download", "-json", "example.com/greet@v0.9.0", "example.com/greet@v1.0.0", "example.com/greet@v1.1.0",
		"example.com/extra@v1.0.0", "example.com/extra@v1.2.0", "example.com/util@v1.0.0", "git.corp.example/lib.git@v1.0.0")
	cmd.Dir = cache
	for _, vars := range []map[string]string{w.lab.Env, vars} {
		for k, v := range vars {
			cmd.Env = append(cmd.Env, k+"="+v)
		}
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go mod download: %v\n%s", err, out)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var m struct{ Path, Version, Sum, GoModSum string }
		if err := d.Decode(&m); err != nil {
			t.Fatal(err)
		}
		w.sums[m.Path+"@"+m.Version] = m.Path + " " + m.Version + " " + m.Sum + "\n" + m.Path + " " + m.Version + "/go.mod " + m.GoModSum + "\n"
	}

	files := http.FileServer(http.Dir(w.lab.Proxy)) // also as an HTTP proxy: of a URL it looks at the path
	w.plain = httptest.NewServer(files)
	w.tls = httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "gopher" || password != "sesame" {
			http.Error(rw, "who are you", http.StatusUnauthorized)
			return
		}
		files.ServeHTTP(rw, r)
	}))
	w.tls.Config.ErrorLog = log.New(io.Discard, "", 0) // a history has no certificates
	w.tls.StartTLS()
	w.ca = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.tls.Certificate().Raw}))
	t.Cleanup(w.plain.Close)
	t.Cleanup(w.tls.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.down = l.Addr().String()
	_ = l.Close()
	return w
}

// missing skips a test for want of a program; in CI that is a failure.
func missing(t *testing.T, tool string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("there is no %s", tool)
	}
	t.Skipf("SKIPPED: these histories need %s", tool)
}

func gitIn(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=gopher", "-c", "user.email=gopher@corp.example", "-c", "init.defaultBranch=main"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "GIT_CONFIG_NOSYSTEM=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// newPast is a machine that is green: a module that imports another, which a file
// proxy has.
func newPast(t *testing.T, w *pasts) *past {
	t.Helper()
	m := &past{t: t, root: t.TempDir(), world: w, gopls: map[string]string{}}
	m.write("home/.bashrc", "# ~/.bashrc\nexport LANG=C.UTF-8\nexport GOTOOLCHAIN=local\nalias ll='ls -l'\n")
	m.write("home/.config/go/env", "GOPROXY={proxy}\nGOSUMDB=off\n")
	m.write("home/.gitconfig", "[user]\n\temail = gopher@corp.example\n")
	m.write("home/ca.pem", w.ca)
	m.write("home/tools/hello", "#!/bin/sh\necho hello\n")
	m.write("ws/go.mod", "module example.com/app\n\ngo 1.24\n\nrequire example.com/greet v1.0.0\n")
	m.write("ws/go.sum", "{sum example.com/greet@v1.0.0}")
	m.write("ws/app.go", "package app\n\nimport \"example.com/greet\"\n\nfunc App() string { return greet.Hello() }\n")
	m.write("ws/README.md", "# app\n")
	t.Cleanup(func() {
		if m.own != nil {
			_ = m.own.Close()
		}
		_ = filepath.WalkDir(m.root, func(file string, d fs.DirEntry, err error) error { // module caches are read-only
			if err == nil && d.IsDir() {
				_ = os.Chmod(file, 0o700)
			}
			return nil
		})
	})
	return m
}

func (m *past) at(name string) string { return filepath.Join(m.root, filepath.FromSlash(name)) }

// expand puts what differs from machine to machine into a text.
func (m *past) expand(text string) string {
	own := ""
	if strings.Contains(text, "{own}") {
		own = m.serve()
	}
	text = strings.NewReplacer(append([]string{
		"{root}", m.root, "{home}", m.at("home"), "{ws}", m.at("ws"), "{proxy}", "file://" + m.world.lab.Proxy, "{plain}", m.world.plain.URL,
		"{tls}", m.world.tls.URL, "{tlshost}", m.world.tls.Listener.Addr().String(), "{down}", "http://" + m.world.down, "{repos}", m.world.repos,
		"{own}", own, "{go}", m.world.tools["go"], "{path}", m.world.path,
	}, m.world.more...)...).Replace(text)
	return regexp.MustCompile(`\{sum ([^}]*)\}`).ReplaceAllStringFunc(text, func(s string) string {
		sum, ok := m.world.sums[strings.TrimSuffix(strings.TrimPrefix(s, "{sum "), "}")]
		if !ok {
			m.t.Fatalf("no %s", s)
		}
		return sum
	})
}

// serve starts a module proxy of this machine alone.
func (m *past) serve() string {
	if m.own == nil {
		l, err := net.Listen("tcp", cmp.Or(m.addr, "127.0.0.1:0"))
		if err != nil {
			m.t.Fatal(err)
		}
		m.addr = l.Addr().String()
		m.own = &http.Server{Handler: http.FileServer(http.Dir(m.world.lab.Proxy)), ReadHeaderTimeout: time.Minute}
		go func(s *http.Server) { _ = s.Serve(l) }(m.own)
	}
	return "http://" + m.addr
}

func (m *past) read(name string) (text string, ok bool) {
	data, err := os.ReadFile(m.at(name))
	return string(data), err == nil
}

func (m *past) write(name, text string) {
	m.t.Helper()
	m.world.lab.Write(m.at(name), m.expand(text))
	if strings.HasPrefix(text, "#!") {
		if err := os.Chmod(m.at(name), 0o755); err != nil {
			m.t.Fatal(err)
		}
	}
}

// shell is the environment of a new terminal.
func (m *past) shell() []string {
	m.t.Helper()
	cmd := exec.Command(m.world.tools["bash"], "--norc", "-c", `. "$HOME/.bashrc"; exec "$0" -0`, m.world.tools["env"])
	cmd.Dir = m.at("ws")
	cmd.Env = []string{"HOME=" + m.at("home"), "PATH=" + m.world.path, "SHELL=" + m.world.tools["bash"], "USER=gopher", "GOCACHE=" + m.world.lab.Env["GOCACHE"]}
	out, err := cmd.Output()
	if err != nil {
		m.t.Fatalf("bash: %v", err)
	}
	var environ []string
	for entry := range strings.SplitSeq(string(out), "\x00") {
		if name, _, ok := strings.Cut(entry, "="); ok && name != "_" && name != "SHLVL" && name != "OLDPWD" {
			environ = append(environ, entry)
		}
	}
	slices.Sort(environ)
	return environ
}

// editor is the environment of gopls.
func (m *past) editor() []string {
	environ := slices.DeleteFunc(m.shell(), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return m.gopls[name] != ""
	})
	for name, value := range m.gopls {
		if value != "-" {
			environ = append(environ, name+"="+m.expand(value))
		}
	}
	slices.Sort(environ)
	return environ
}

// green lets the judge judge.
func (m *past) green(environ []string) (green bool, out string) {
	m.t.Helper()
	program := ""
	for _, entry := range environ {
		if path, ok := strings.CutPrefix(entry, "PATH="); ok {
			for _, dir := range filepath.SplitList(path) {
				if info, err := os.Stat(filepath.Join(dir, "go")); err == nil && info.Mode()&0o111 != 0 && !info.IsDir() && program == "" {
					program = filepath.Join(dir, "go")
				}
			}
		}
	}
	dir := m.at("ws")
	if _, err := os.Stat(m.at("ws/go.work")); err == nil {
		dir = m.at("ws/app")
	}
	cmd := exec.Command(program, "build", "./...")
	cmd.Dir, cmd.Env = dir, environ
	data, err := cmd.CombinedOutput()
	return err == nil, string(data)
}

// apply lets changes happen, and returns what undoes them.
func (m *past) apply(changes ...change) (undo func()) {
	var undos []func()
	for _, c := range changes {
		undos = append(undos, c.do(m))
	}
	return func() {
		for _, u := range slices.Backward(undos) {
			u()
		}
	}
}

// line sets the line of a file that begins with a prefix, or adds one.
func line(name, prefix, text string) change {
	return change{name + ": " + text, func(m *past) func() {
		with := m.expand(text)
		old, _ := m.read(name)
		lines := strings.SplitAfter(old, "\n")
		i := slices.IndexFunc(lines, func(l string) bool { return prefix != "" && strings.HasPrefix(l, prefix) })
		was := ""
		switch {
		case i >= 0:
			was, lines[i] = lines[i], with+"\n"
			if text == "" {
				lines[i] = ""
			}
		case old != "" && !strings.HasSuffix(old, "\n"):
			lines = append(lines, "\n", with+"\n")
		default:
			lines = append(lines, with+"\n")
		}
		m.world.lab.Write(m.at(name), strings.Join(lines, ""))
		return func() {
			now, _ := m.read(name)
			if text == "" {
				now += was // its place does not matter
			} else {
				now = strings.Replace(now, with+"\n", was, 1)
			}
			m.world.lab.Write(m.at(name), now)
		}
	}}
}

// export sets a variable in the start-up file of the shell, setting in the GOENV file.
func export(name, value string) change {
	return line("home/.bashrc", "export "+name+"=", "export "+name+"='"+value+"'")
}

func setting(name, value string) change {
	return line("home/.config/go/env", name+"=", name+"="+value)
}

// inGopls sets a variable of gopls; "-" takes it away.
func inGopls(name, value string) change {
	return change{name + "=" + value + " in gopls", func(m *past) func() {
		was, had := m.gopls[name]
		m.gopls[name] = value
		return func() {
			if delete(m.gopls, name); had {
				m.gopls[name] = was
			}
		}
	}}
}

// file writes a file, gone takes one or a directory away, edit replaces a text in one.
func file(name, text string) change {
	return change{name + " written", func(m *past) func() {
		old, had := m.read(name)
		m.write(name, text)
		return func() {
			if had {
				m.world.lab.Write(m.at(name), old)
			} else {
				_ = os.Remove(m.at(name))
			}
		}
	}}
}

func gone(name string) change {
	return change{name + " gone", func(m *past) func() {
		aside := m.at(fmt.Sprintf("aside-%d", time.Now().UnixNano()))
		if err := os.Rename(m.at(name), aside); err != nil {
			m.t.Fatal(err)
		}
		return func() {
			if err := os.Rename(aside, m.at(name)); err != nil {
				m.t.Fatal(err)
			}
		}
	}}
}

func edit(name, old, text string) change {
	return change{name + ": " + text, func(m *past) func() {
		now, _ := m.read(name)
		from, to := m.expand(old), m.expand(text)
		if !strings.Contains(now, from) {
			m.t.Fatalf("no %q in %s:\n%s", from, name, now)
		}
		m.world.lab.Write(m.at(name), strings.Replace(now, from, to, 1))
		return func() {
			if to == "" { // its place is known only here
				m.world.lab.Write(m.at(name), now)
				return
			}
			now, _ := m.read(name)
			m.world.lab.Write(m.at(name), strings.Replace(now, to, from, 1))
		}
	}}
}

func touched(name string) change {
	return change{name + " touched", func(m *past) func() {
		if err := os.Chtimes(m.at(name), time.Now(), time.Now()); err != nil {
			m.t.Fatal(err)
		}
		return func() {}
	}}
}

// requires adds a requirement that is served and has its sums.
func requires(module, version string) change {
	return change{"go.mod requires " + module, func(m *past) func() {
		return m.apply(
			line("ws/go.mod", "require "+module+" ", "require "+module+" "+version),
			edit("ws/go.sum", "example.com/greet v1.0.0 ", "{sum "+module+"@"+version+"}example.com/greet v1.0.0 "),
		)
	}}
}

// gitted runs git in the workspace.
func gitted(undo []string, commands ...[]string) change {
	return change{"git " + strings.Join(commands[len(commands)-1], " "), func(m *past) func() {
		for _, args := range commands {
			gitIn(m.t, m.at("ws"), args...)
		}
		return func() {
			if undo != nil {
				gitIn(m.t, m.at("ws"), undo...)
			}
		}
	}}
}

func both(changes ...change) change {
	return change{changes[0].what, func(m *past) func() { return m.apply(changes...) }}
}

// What happens on every machine and hurts nobody here.
var (
	forgotten  = gone("home/go/pkg/mod") // somebody needed the space
	gogc       = export("GOGC", "50")
	vim        = export("EDITOR", "vim")
	alias      = line("home/.bashrc", "", "alias gb='go build ./...'")
	pathLast   = line("home/.bashrc", "", `export PATH="$PATH:$HOME/tools"`)
	pathFirst  = line("home/.bashrc", "", `export PATH="$HOME/tools:$PATH"`)
	comment    = line("ws/go.mod", "", "// tidy this up one day")
	touch      = touched("ws/app.go")
	readme     = line("ws/README.md", "", "More to come.")
	private    = setting("GOPRIVATE", "other.example/*")
	noSum      = setting("GONOSUMDB", "*.other.example")
	trimpath   = setting("GOFLAGS", "-trimpath")
	noProxy    = export("NO_PROXY", "localhost,.other.example")
	gitName    = line("home/.gitconfig", "", "[core]\n\tpager = less")
	gobin      = export("GOBIN", "{home}/bin")
	godebug    = export("GODEBUG", "http2client=0")
	fontSize   = file("ws/.vscode/settings.json", "{\n  \"editor.fontSize\": 13\n}\n")
	newTest    = file("ws/app_test.go", "package app\n\nimport \"testing\"\n\nfunc TestApp(t *testing.T) { App() }\n")
	goLine     = edit("ws/go.mod", "go 1.24\n", "go 1.25\n")
	toolLine   = edit("ws/go.mod", "go 1.24\n", "go 1.24\n\ntoolchain go1.24.1\n")
	extra      = requires("example.com/extra", "v1.0.0")
	util       = requires("example.com/util", "v1.0.0")
	insecure   = setting("GOINSECURE", "legacy.example")
	netrc      = file("home/.netrc", "machine other.example login gopher password swordfish\n")
	proxyMore  = setting("GOPROXY", "{proxy},off")
	gopathElse = export("GOPATH", "{home}/gopath")

	tagged = []change{
		file("ws/corp.go", "//go:build corp\n\npackage app\n\nfunc corp() int { return 1 }\n"),
		file("ws/use.go", "package app\n\nvar Corp = corp()\n"),
	}
	workspace = []change{
		gone("ws/go.mod"), gone("ws/go.sum"), gone("ws/app.go"),
		file("ws/go.work", "go 1.24\n\nuse (\n\t./app\n\t./lib\n)\n"),
		file("ws/app/go.mod", "module example.com/app\n\ngo 1.24\n"),
		file("ws/app/app.go", "package app\n\nimport \"example.com/lib\"\n\nfunc App() string { return lib.Hello() }\n"),
		file("ws/lib/go.mod", "module example.com/lib\n\ngo 1.24\n"),
		file("ws/lib/lib.go", "package lib\n\nfunc Hello() string { return \"hello\" }\n"),
	}
	corpGit = []change{
		file("ws/go.mod", "module example.com/app\n\ngo 1.24\n\nrequire git.corp.example/lib.git v1.0.0\n"),
		file("ws/go.sum", "{sum git.corp.example/lib.git@v1.0.0}"),
		file("ws/app.go", "package app\n\nimport lib \"git.corp.example/lib.git\"\n\nfunc App() int { return lib.Lib() }\n"),
		line("home/.gitconfig", "", "[url \"file://{repos}/\"]\n\tinsteadOf = https://git.corp.example/\n\tinsteadOf = ssh://git.corp.example/\n\tinsteadOf = git+ssh://git.corp.example/"),
		setting("GOPRIVATE", "git.corp.example"),
	}
	corpTLS = []change{
		setting("GOPROXY", "{tls}"), export("SSL_CERT_FILE", "{home}/ca.pem"), file("home/.netrc", "machine {tlshost} login gopher password sesame\n"),
	}
	vendored = []change{
		file("ws/vendor/modules.txt", "# example.com/greet v1.0.0\n## explicit; go 1.24\nexample.com/greet\n"),
		file("ws/vendor/example.com/greet/greet.go", "package greet\n\nfunc Hello() string { return \"hello\" }\n"),
	}
	replaced = []change{
		file("greet/go.mod", "module example.com/greet\n\ngo 1.24\n"), file("greet/greet.go", "package greet\n\nfunc Hello() string { return \"near\" }\n"),
		line("ws/go.mod", "", "replace example.com/greet => ../greet"),
	}
	cgo = []change{
		file("ws/c.go", "package app\n\n// static int one(void) { return 1; }\nimport \"C\"\n\nfunc one() int { return int(C.one()) }\n"),
		file("ws/use.go", "package app\n\nvar One = one()\n"),
	}
	onLinux = []change{
		file("ws/os_linux.go", "package app\n\nfunc system() int { return 1 }\n"), file("ws/os_darwin.go", "package app\n\nfunc system() int { return 2 }\n"),
		file("ws/use.go", "package app\n\nvar System = system()\n"),
	}
	wrappers = []change{
		file("home/wrap/go", "#!/bin/sh\nGOFLAGS=-mod=vendor exec {go} \"$@\"\n"), file("home/wrap2/go", "#!/bin/sh\nexec {go} \"$@\"\n"),
	}
	warm = change{"the module cache is filled", func(m *past) func() {
		if green, out := m.green(m.shell()); !green {
			m.t.Fatal(out)
		}
		return func() {}
	}}
	onMain = gitted(nil, []string{"init", "-q"}, []string{"add", "."}, []string{"commit", "-q", "-m", "all"})
)

const importOfLib = "could not import git.corp.example/lib.git (no required module provides package \"git.corp.example/lib.git\")"

var histories = []history{
	// Variables, of start-up files and the GOENV file.
	{name: "goenv-proxy-off", between: []change{forgotten}, truth: setting("GOPROXY", "off"), beside: []change{private, vim, comment}, named: `GOPROXY`},
	{name: "bashrc-proxy-masks-goenv", between: []change{forgotten}, truth: export("GOPROXY", "{down}"), beside: []change{proxyMore, noProxy, pathLast}, named: `GOPROXY`, late: true},
	{name: "proxy-semicolon", healthy: []change{export("GOPROXY", "{plain},off")}, between: []change{forgotten}, truth: export("GOPROXY", "{plain};off"), beside: []change{noSum, gogc, fontSize}, named: `GOPROXY`},
	{name: "proxy-typo-in-a-later-entry", between: []change{forgotten}, truth: setting("GOPROXY", "{proxy},htps://mirror.example"), beside: []change{private, insecure, touch}, named: `GOPROXY`, late: true},
	{name: "proxy-dead-port", healthy: []change{export("GOPROXY", "{plain}")}, between: []change{forgotten}, truth: export("GOPROXY", "{down}"), beside: []change{noProxy, alias, extra}, named: `GOPROXY`},
	{name: "proxy-path-without-scheme", healthy: []change{export("GOPROXY", "{proxy}")}, between: []change{forgotten}, truth: export("GOPROXY", "{home}/proxy"), beside: []change{gopathElse, private, newTest}, named: `GOPROXY`},
	{name: "http-proxy-dead", healthy: []change{export("GOPROXY", "http://proxy.example"), export("HTTP_PROXY", "{plain}")}, between: []change{forgotten}, truth: export("HTTP_PROXY", "{down}"), beside: []change{export("HTTPS_PROXY", "{plain}"), private, comment}, named: `HTTP_PROXY`, late: true},
	{name: "vendor-flag-without-vendor", truth: export("GOFLAGS", "-mod=vendor"), beside: []change{pathFirst, gogc, touch}, named: `GOFLAGS`},
	{name: "tag-misspelled", healthy: append(slices.Clone(tagged), export("GOFLAGS", "-tags=corp")), truth: export("GOFLAGS", "-tags=corq"), beside: []change{private, extra, pathLast}, named: `GOFLAGS`, at: "use.go:3:12", message: "undefined: corp", diagnostic: "UndeclaredName"},
	{name: "bashrc-flags-mask-goenv-tags", healthy: append(slices.Clone(tagged), setting("GOFLAGS", "-tags=corp")), truth: export("GOFLAGS", "-trimpath"), beside: []change{export("CGO_ENABLED", "0"), export("GOAMD64", "v1"), comment}, named: `GOFLAGS`, at: "use.go:3:12", message: "undefined: corp", diagnostic: "UndeclaredName", late: true},
	{name: "flag-unknown", truth: setting("GOFLAGS", "-mod=readonly -fast"), beside: []change{noSum, vim, goLine}, named: `GOFLAGS`},
	{name: "modfile-elsewhere", truth: setting("GOFLAGS", "-modfile=ci.mod"), beside: []change{toolLine, private, gitName}, named: `GOFLAGS`, late: true},
	{name: "modules-off", truth: export("GO111MODULE", "off"), beside: []change{gobin, trimpath, readme}, named: `GO111MODULE`},
	{name: "goroot-gone", truth: export("GOROOT", "{home}/sdk/go1.20"), beside: []change{gopathElse, pathLast, touch}, named: `GOROOT`, late: true},
	{name: "gopath-relative", truth: export("GOPATH", "go"), beside: []change{gobin, private, alias}, named: `GOPATH`},
	{name: "toolchain-that-nobody-has", truth: export("GOTOOLCHAIN", "go1.99.0"), beside: []change{gopathElse, goLine, gogc}, named: `GOTOOLCHAIN`, late: true},
	{name: "experiment-unknown", truth: export("GOEXPERIMENT", "nosuchthing"), beside: []change{godebug, trimpath, comment}, named: `GOEXPERIMENT`},
	{name: "goos-of-another", healthy: onLinux, truth: export("GOOS", "windows"), beside: []change{export("CGO_ENABLED", "0"), private, util}, named: `GOOS`, at: "use.go:3:14", message: "undefined: system", diagnostic: "UndeclaredName"},
	{name: "goarch-impossible", truth: export("GOARCH", "amd46"), beside: []change{export("CGO_CFLAGS", "-O1"), noSum, vim}, named: `GOARCH`, late: true},
	{name: "cgo-switched-off", healthy: cgo, truth: export("CGO_ENABLED", "0"), beside: []change{export("CXX", "g++"), gogc, comment}, named: `CGO_ENABLED`, at: "use.go:3:11", message: "undefined: one", diagnostic: "UndeclaredName"},
	{name: "compiler-gone", healthy: cgo, truth: export("CC", "{home}/llvm/bin/clang"), beside: []change{export("CXX", "g++"), pathLast, private}, named: `\bCC$`, at: "c.go:4:8", message: "could not import C (no metadata for C)", diagnostic: "BrokenImport", late: true},
	{name: "cache-elsewhere-offline", healthy: []change{setting("GOMODCACHE", "{home}/cache"), warm, setting("GOPROXY", "off")}, truth: setting("GOMODCACHE", "{home}/mod"), beside: []change{noSum, gobin, touch}, named: `GOMODCACHE`},
	{name: "build-cache-relative", truth: export("GOCACHE", "cache"), beside: []change{gopathElse, export("GOTMPDIR", "{home}/tools"), readme}, named: `GOCACHE`},
	{name: "gotmpdir-gone", truth: export("GOTMPDIR", "{home}/scratch"), beside: []change{export("TMPDIR", "{home}/tools"), private, newTest}, named: `GOTMPDIR`, late: true},
	{name: "goenv-elsewhere", healthy: []change{file("home/other.env", "GOPROXY=off\nGOSUMDB=off\n")}, between: []change{forgotten}, truth: export("GOENV", "{home}/other.env"), beside: []change{private, noProxy, comment}, named: `GOENV|GOPROXY`},
	{name: "path-other-go", healthy: wrappers, truth: line("home/.bashrc", "", `export PATH="$HOME/wrap:$PATH"`), beside: []change{gogc, private, extra}, named: `\bPATH$|^tool go$|^toolchain`},
	{name: "path-order", healthy: append(slices.Clone(wrappers), line("home/.bashrc", "", `export PATH="$HOME/wrap2:$HOME/wrap:$PATH"`)), truth: edit("home/.bashrc", "$HOME/wrap2:$HOME/wrap:", "$HOME/wrap:$HOME/wrap2:"), beside: []change{trimpath, pathLast, touch, vim}, named: `\bPATH$|^tool go$|^toolchain`, late: true},
	{name: "wrapper-rewritten", healthy: append(slices.Clone(wrappers), line("home/.bashrc", "", `export PATH="$HOME/wrap2:$PATH"`)), truth: edit("home/wrap2/go", "exec {go}", "GOFLAGS=-mod=vendor exec {go}"), beside: []change{private, gogc, comment}, named: `\bPATH$|^tool go$|^toolchain`},

	// Private modules, credentials.
	{name: "private-typo", healthy: corpGit, between: []change{forgotten}, truth: setting("GOPRIVATE", "git.corp.exmaple"), beside: []change{noSum, gitName, readme}, named: `GOPRIVATE|GONOPROXY`, at: "app.go:3:12", message: importOfLib},
	{name: "private-space", healthy: corpGit, between: []change{forgotten}, truth: setting("GOPRIVATE", "other.example, git.corp.example"), beside: []change{insecure, netrc, pathLast}, named: `GOPRIVATE|GONOPROXY`, late: true, at: "app.go:3:12", message: importOfLib},
	{name: "private-overridden", healthy: corpGit, between: []change{forgotten}, truth: setting("GONOPROXY", "none"), beside: []change{noSum, setting("GOPRIVATE", "git.corp.example,other.example"), comment}, named: `GONOPROXY`, at: "app.go:3:12", message: importOfLib},
	{name: "vcs-forbidden", healthy: corpGit, between: []change{forgotten}, truth: setting("GOVCS", "*:off"), beside: []change{noSum, setting("GOPRIVATE", "git.corp.example,*.other.example"), alias}, named: `GOVCS`, late: true, at: "app.go:3:12", message: importOfLib},
	{name: "instead-of-elsewhere", healthy: corpGit, between: []change{forgotten}, truth: edit("home/.gitconfig", "{repos}/", "{repos}/old/"), beside: []change{setting("GOPRIVATE", "git.corp.example,other.example"), gitName, extraOfCorp()}, named: `(?i)insteadof|^git config .*url\.`, at: "app.go:3:12", message: importOfLib},
	{name: "netrc-password", healthy: corpTLS, between: []change{forgotten}, truth: edit("home/.netrc", "sesame", "Sesame1"), beside: []change{private, noProxy, gitName}, named: `netrc`},
	{name: "netrc-without-port", healthy: corpTLS, between: []change{forgotten}, truth: edit("home/.netrc", "{tlshost}", "127.0.0.1"), beside: []change{noSum, extra, gogc}, named: `netrc`, late: true},
	{name: "certificates-moved", healthy: corpTLS, between: []change{forgotten}, truth: export("SSL_CERT_FILE", "{home}/certs/ca.pem"), beside: []change{godebug, private, touch}, named: `SSL_CERT_FILE`},
	{name: "goauth-empty-command", healthy: corpTLS, between: []change{forgotten}, truth: setting("GOAUTH", "netrc;"), beside: []change{noProxy, touched("home/.netrc"), vim}, named: `GOAUTH`, late: true},

	// Files of the module.
	{name: "sum-line-removed", truth: edit("ws/go.sum", "{sum example.com/greet@v1.0.0}", ""), beside: []change{private, gogc, comment}, named: `^go\.sum .*greet`},
	{name: "sum-other-hash", truth: edit("ws/go.sum", "example.com/greet v1.0.0 h1:", "example.com/greet v1.0.0 h1:AAAA"), beside: []change{setting("GOSUMDB", "off "), noSum, pathLast}, named: `^go\.sum .*greet`, late: true},
	{name: "require-older", healthy: []change{requires("example.com/extra", "v1.0.0")}, truth: both(edit("ws/go.mod", "greet v1.0.0", "greet v0.9.0"), line("ws/go.sum", "", "{sum example.com/greet@v0.9.0}")), beside: []change{edit("ws/go.mod", "extra v1.0.0", "extra v1.2.0"), line("ws/go.sum", "", "{sum example.com/extra@v1.2.0}"), trimpath, vim}, named: `greet`, at: "app.go:5:34", message: "undefined: greet.Hello", diagnostic: "UndeclaredImportedName"},
	{name: "require-without-sum", truth: edit("ws/go.mod", "greet v1.0.0", "greet v1.1.0"), beside: []change{private, util, gogc}, named: `greet`, late: true},
	{name: "go-line-of-the-future", truth: edit("ws/go.mod", "go 1.24\n", "go 1.99.0\n"), beside: []change{gobin, trimpath, noSum}, named: `^go line`},
	{name: "module-renamed", healthy: []change{file("ws/inner/inner.go", "package inner\n"), line("ws/app.go", "import", "import (\n\t_ \"example.com/app/inner\"\n\t\"example.com/greet\"\n)\n")}, truth: edit("ws/go.mod", "module example.com/app", "module example.com/application"), beside: []change{private, goLine, pathLast}, named: `^module`, at: "app.go:4:4", message: "could not import example.com/app/inner (no required module provides package \"example.com/app/inner\")"},
	{name: "gomod-unknown-directive", truth: line("ws/go.mod", "", "requires example.com/extra v1.0.0"), beside: []change{gogc, noSum, readme}, named: `^unreadable|^module`, late: true},
	{name: "excluded", truth: line("ws/go.mod", "", "exclude example.com/greet v1.0.0"), beside: []change{trimpath, util, vim}, named: `^exclude|^require .*greet$`},
	{name: "replaced-by-what-is-not-there", truth: line("ws/go.mod", "", "replace example.com/greet => ../greet"), beside: []change{extra, private, alias}, named: `^replace .*greet|^place .*greet`},
	{name: "replacement-gone", healthy: replaced, truth: gone("greet"), beside: []change{gogc, goLine, setting("GOPROXY", "{plain}")}, named: `^(replace|place|go\.mod) .*greet`, late: true},
	{name: "replacement-without-gomod", healthy: replaced, truth: gone("greet/go.mod"), beside: []change{vim, trimpath, touch}, named: `^(replace|place|go\.mod) .*greet`},
	{name: "vendor-older-than-gomod", healthy: vendored, truth: edit("ws/go.mod", "greet v1.0.0", "greet v1.1.0"), beside: []change{trimpath, private, pathFirst}, named: `greet|vendor`},
	{name: "vendor-list-edited", healthy: vendored, truth: edit("ws/vendor/modules.txt", "## explicit; go 1.24\n", ""), beside: []change{gogc, comment, noSum}, named: `vendor|modules\.txt`, late: true},
	{name: "work-uses-what-is-gone", healthy: workspace, truth: edit("ws/go.work", "\t./lib\n", "\t./lib\n\t./tools\n"), beside: []change{trimpath, private, line("ws/app/go.mod", "", "// tidy up")}, named: `^(use|place|module) .*tools|^go\.work`, at: "app/app.go:3:8", message: "could not import example.com/lib (no required module provides package \"example.com/lib\")"},
	{name: "work-drops-a-module", healthy: workspace, truth: edit("ws/go.work", "\t./lib\n", ""), beside: []change{gogc, setting("GOPROXY", "{plain}"), pathLast}, named: `^(use|module) .*lib|^go\.work`, at: "app/app.go:3:8", message: "could not import example.com/lib (no required module provides package \"example.com/lib\")", late: true},
	{name: "work-too-old-for-a-module", healthy: workspace, truth: edit("ws/lib/go.mod", "go 1.24", "go 1.25"), beside: []change{trimpath, noSum, line("ws/app/go.mod", "", "// tidy up")}, named: `^go line`, at: "app/app.go:3:8", message: "could not import example.com/lib (no required module provides package \"example.com/lib\")"},
	{name: "work-off", healthy: workspace, truth: export("GOWORK", "off"), beside: []change{trimpath, private, line("ws/go.work", "", "// all of us")}, named: `GOWORK`, at: "app/app.go:3:8", message: "could not import example.com/lib (no required module provides package \"example.com/lib\")", late: true},

	// The code is at fault, or the world outside: no setting is to blame.
	{name: "type-error-beside-a-dead-proxy", code: true, truth: edit("ws/app.go", "return greet.Hello()", "return 1"), beside: []change{setting("GOPROXY", "{down}"), trimpath, private, gogc}, at: "app.go:5:28", message: "cannot use 1 (untyped int constant) as string value in return statement", diagnostic: "IncompatibleAssign"},
	{name: "undefined-beside-new-flags", code: true, truth: edit("ws/app.go", "greet.Hello()", "greet.Helo()"), beside: []change{setting("GOFLAGS", "-tags=corp"), export("GOPROXY", "off"), pathFirst}, at: "app.go:5:34", message: "undefined: greet.Helo", diagnostic: "UndeclaredImportedName", late: true},
	{name: "package-that-never-was", code: true, truth: edit("ws/app.go", "example.com/greet\"", "example.com/greet/v2\""), beside: []change{setting("GOPROXY", "{plain}"), private, extra}, message: "could not import example.com/greet/v2 (no required module provides package \"example.com/greet/v2\")"},
	{name: "file-tagged-away", code: true, healthy: []change{file("ws/more.go", "package app\n\nfunc more() int { return 1 }\n"), file("ws/use.go", "package app\n\nvar More = more()\n")}, truth: edit("ws/more.go", "package app", "//go:build ignore\n\npackage app"), beside: []change{setting("GOFLAGS", "-trimpath"), gogc, goLine}, at: "use.go:3:12", message: "undefined: more", diagnostic: "UndeclaredName", late: true},
	{name: "file-declares-twice", code: true, truth: file("ws/app_linux.go", "package app\n\nfunc App() string { return \"\" }\n"), beside: []change{private, vim, util}, at: "app.go:5:6", message: "App redeclared in this block", diagnostic: "DuplicateDecl"},
	{name: "package-moved", code: true, healthy: []change{file("ws/inner/inner.go", "package inner\n"), line("ws/app.go", "import", "import (\n\t_ \"example.com/app/inner\"\n\t\"example.com/greet\"\n)\n")}, truth: gone("ws/inner"), beside: []change{setting("GOPROXY", "{proxy},off"), noSum, gogc}, at: "app.go:4:4", message: "could not import example.com/app/inner (no required module provides package \"example.com/app/inner\")", late: true},
	{name: "embedded-file-gone", code: true, healthy: []change{file("ws/data.txt", "data\n"), file("ws/data.go", "package app\n\nimport _ \"embed\"\n\n//go:embed data.txt\nvar Data string\n")}, truth: gone("ws/data.txt"), beside: []change{trimpath, private, pathLast}, at: "data.go:5:12", message: "pattern data.txt: no matching files found", diagnostic: "default"},
	{name: "replacement-edited", code: true, healthy: replaced, named: `greet`, truth: edit("greet/greet.go", "Hello", "Hallo"), beside: []change{trimpath, gogc, noSum}, at: "app.go:5:34", message: "undefined: greet.Hello", diagnostic: "UndeclaredImportedName"},
	{name: "branch-with-other-code", code: true, named: `(?i)branch|HEAD`, healthy: []change{onMain, gitted(nil, []string{"checkout", "-q", "-b", "feature"}), file("ws/more.go", "package app\n\nvar More = more()\n"), gitted(nil, []string{"add", "."}, []string{"commit", "-q", "-m", "more"}, []string{"checkout", "-q", "main"})}, truth: gitted([]string{"checkout", "-q", "main"}, []string{"checkout", "-q", "feature"}), beside: []change{private, gogc, setting("GOPROXY", "{proxy},off")}, at: "more.go:3:12", message: "undefined: more", diagnostic: "UndeclaredName"},
	{name: "branch-with-other-gomod", healthy: []change{onMain, gitted(nil, []string{"checkout", "-q", "-b", "feature"}), edit("ws/go.mod", "greet v1.0.0", "greet v1.1.0"), gitted(nil, []string{"commit", "-q", "-a", "-m", "greet"}, []string{"checkout", "-q", "main"})}, truth: gitted([]string{"checkout", "-q", "main"}, []string{"checkout", "-q", "feature"}), beside: []change{noSum, trimpath, vim}, named: `greet|(?i)branch|HEAD`, late: true},
	{name: "proxy-fell-over", code: true, healthy: []change{setting("GOPROXY", "{own}")}, between: []change{forgotten}, truth: change{"the proxy fell over", func(m *past) func() {
		_ = m.own.Close()
		m.own = nil
		return func() { m.serve() }
	}}, beside: []change{private, gogc, comment}},

	// Phantoms: the environment of gopls is at fault, the shell is green.
	{name: "gopls-without-tags", phantom: true, healthy: append(slices.Clone(tagged), export("GOFLAGS", "-tags=corp")), truth: inGopls("GOFLAGS", "-"), beside: []change{inGopls("GOGC", "50"), private, comment}, named: `GOFLAGS`, at: "use.go:3:12", message: "undefined: corp", diagnostic: "UndeclaredName"},
	{name: "gopls-vendors", phantom: true, truth: inGopls("GOFLAGS", "-mod=vendor"), beside: []change{inGopls("GOPRIVATE", "other.example"), inGopls("HTTPS_PROXY", "{down}"), gogc}, named: `GOFLAGS`, late: true},
	{name: "gopls-other-cache-offline", phantom: true, healthy: []change{warm, inGopls("GOPROXY", "off")}, truth: inGopls("GOMODCACHE", "{home}/mod"), beside: []change{inGopls("GONOSUMDB", "*.other.example"), inGopls("GOBIN", "{home}/bin"), private, touch}, named: `GOMODCACHE`},
	{name: "gopls-work-off", phantom: true, healthy: workspace, truth: inGopls("GOWORK", "off"), beside: []change{inGopls("GOFLAGS", "-trimpath"), pathLast, noSum}, named: `GOWORK`, at: "app/app.go:3:8", message: "could not import example.com/lib (no required module provides package \"example.com/lib\")", late: true},
	{name: "gopls-other-go", phantom: true, healthy: wrappers, truth: inGopls("PATH", "{home}/wrap:{path}"), beside: []change{inGopls("GOPRIVATE", "other.example"), inGopls("GOGC", "200"), comment}, named: `\bPATH$|^tool go$|^toolchain`},
	{name: "gopls-other-os", phantom: true, healthy: onLinux, truth: inGopls("GOOS", "windows"), beside: []change{inGopls("CGO_ENABLED", "0"), private, gogc}, named: `GOOS`, at: "use.go:3:14", message: "undefined: system", diagnostic: "UndeclaredName", late: true},
	{name: "gopls-without-cgo", phantom: true, healthy: cgo, truth: inGopls("CGO_ENABLED", "0"), beside: []change{inGopls("GOAMD64", "v1"), inGopls("GOFLAGS", "-trimpath"), vim}, named: `CGO_ENABLED`, at: "use.go:3:11", message: "undefined: one", diagnostic: "UndeclaredName"},
	{name: "gopls-without-modules", phantom: true, truth: inGopls("GO111MODULE", "off"), beside: []change{inGopls("GOPROXY", "off"), private, gogc}, named: `GO111MODULE`, late: true},
	{name: "gopls-goroot-gone", phantom: true, truth: inGopls("GOROOT", "{home}/sdk/go1.20"), beside: []change{inGopls("GOFLAGS", "-trimpath"), inGopls("GOPATH", "{home}/gopath"), noSum}, named: `GOROOT`},
	{name: "gopls-goenv-elsewhere", phantom: true, healthy: append(slices.Clone(tagged), setting("GOFLAGS", "-tags=corp"), file("home/other.env", "GOPROXY={proxy}\nGOSUMDB=off\n")), truth: inGopls("GOENV", "{home}/other.env"), beside: []change{inGopls("GOPRIVATE", "other.example"), inGopls("GOGC", "50"), touch}, named: `GOENV|GOFLAGS`, at: "use.go:3:12", message: "undefined: corp", diagnostic: "UndeclaredName"},
}

// extraOfCorp is a requirement that is fine, in a go.mod whose requirement is from git.
func extraOfCorp() change {
	return both(line("ws/go.mod", "", "require example.com/extra v1.0.0"), line("ws/go.sum", "", "{sum example.com/extra@v1.0.0}"))
}

// answered is what one command said.
type answered struct {
	verdict string // right, tied, wrong, nothing
	first   string // what was named first, with its score
	rank    int    // of the truth; 0 if it is not there
	silent  bool   // nothing else is named than what may be
	note    string
}

// judge compares what was named with what is known.
func (h history) judge(suspects []report.Changed) (a answered) {
	matches := func(s report.Changed) bool {
		return h.named != "" && regexp.MustCompile(h.named).MatchString(s.Kind+" "+s.Name)
	}
	for i, s := range suspects {
		if matches(s) {
			a.rank = i + 1
			break
		}
	}
	a.silent = !slices.ContainsFunc(suspects, func(s report.Changed) bool { return !matches(s) })
	if len(suspects) == 0 {
		if a.verdict = "nothing"; h.code {
			a.verdict = "right"
		}
		return a
	}
	top := suspects[0]
	a.first = strings.TrimSpace(fmt.Sprintf("%.2f %s %s %s", top.Score, top.Kind, top.Environment, top.Name))
	ties := slices.ContainsFunc(suspects[1:], func(s report.Changed) bool { return s.Score == top.Score && matches(s) != matches(top) })
	switch {
	case h.code && top.Score < namesACause, !ties && matches(top):
		a.verdict = "right"
	case ties && a.rank > 0 && suspects[a.rank-1].Score == top.Score:
		a.verdict = "tied"
	default:
		a.verdict = "wrong"
	}
	return a
}

// namesACause is the score from which on something is said to be the cause.
const namesACause = 0.5

// problems is a file with the problem of gopls.
func (h history) problems(m *past) (place string) {
	place = cmp.Or(h.at, "app.go:3:8")
	parts := strings.Split(place, ":")
	line, _ := strconv.Atoi(parts[1])
	column, _ := strconv.Atoi(parts[2])
	data, err := json.Marshal(map[string]any{"problems": []any{map[string]any{
		"uri": (&url.URL{Scheme: "file", Path: m.at("ws/" + parts[0])}).String(), "severity": 1, "source": "compiler", "code": cmp.Or(h.diagnostic, "BrokenImport"),
		"message": cmp.Or(h.message, "could not import example.com/greet (no required module provides package \"example.com/greet\")"),
		"range":   map[string]any{"start": map[string]int{"line": line - 1, "character": column - 1}, "end": map[string]int{"line": line - 1, "character": column + 3}},
	}}})
	if err != nil {
		m.t.Fatal(err)
	}
	m.world.lab.Write(m.at("problems.json"), string(data))
	return place
}

// ask runs gophantom in a new terminal, with or without the environment of gopls.
func (m *past) ask(gopls bool, args ...string) (code int, stdout, stderr string) {
	w := world.Real()
	w.Dir, w.Environ = m.at("ws"), m.shell()
	w.Environ = append(w.Environ, "XDG_CACHE_HOME="+m.at(fmt.Sprintf("kept-%v", gopls))) // a baseline of its own
	if gopls {
		m.world.lab.Write(m.at("gopls.env"), strings.Join(m.editor(), "\x00")+"\x00")
		args = append(args, "--env", "gopls="+m.at("gopls.env"))
	}
	var out, errs bytes.Buffer
	code = Main(context.Background(), w, args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// played is what came of a history.
type played struct {
	history
	answers [5]answered
	took    time.Duration
}

// asked are the questions; the last but one is that of an editor whose gopls has the
// environment of the shell, where that of gopls is not at fault.
var asked = [5]string{"why", "why --problems", "why PLACE", "why, gopls too", "baseline diff"}

// TestHistories plays histories whose ends are known, on machines of their own. go
// itself is the judge: it is green, red after the changes, red with the true one
// alone, and green without it. Then it is counted how often the true one is named
// first.
func TestHistories(t *testing.T) {
	if testing.Short() {
		t.Skip("these are many runs of go")
	}
	playAll(t, newPasts(t), histories, 0.95)
}

// playSome plays every fourth of some histories, or all with GOPHANTOM_HISTORIES=all, of
// which at least a share has to be told right. Of a part it may be a tenth less.
func playSome(t *testing.T, world func(*testing.T) *pasts, histories []history, least float64) {
	t.Helper()
	if testing.Short() {
		t.Skip("these are many runs of go")
	}
	if os.Getenv("GOPHANTOM_HISTORIES") != "all" { // which take minutes
		least -= 0.1
		var some []history
		for i := 0; i < len(histories); i += 4 {
			some = append(some, histories[i])
		}
		histories = some
	}
	w := world(t)
	w.few = true
	playAll(t, w, histories, least)
}

// playAll plays histories, and counts.
func playAll(t *testing.T, w *pasts, histories []history, least float64) {
	t.Helper()
	var mu sync.Mutex
	var all []played
	t.Run("play", func(t *testing.T) {
		for _, h := range histories {
			t.Run(h.name, func(t *testing.T) {
				t.Parallel()
				if p, ok := h.play(t, w); ok {
					mu.Lock()
					defer mu.Unlock()
					all = append(all, p)
				}
			})
		}
	})
	slices.SortFunc(all, func(a, b played) int {
		return slices.IndexFunc(histories, func(h history) bool { return h.name == a.name }) - slices.IndexFunc(histories, func(h history) bool { return h.name == b.name })
	})
	var table strings.Builder
	tw := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "HISTORY\tTRUTH\t"+strings.Join(asked[:], "\t"))
	var right, strictly [5]int
	for _, p := range all {
		fmt.Fprintf(tw, "%s\t%s", p.name, strings.TrimSpace(cmp.Or(p.named, "(nothing)")))
		for i, a := range p.answers {
			if a.verdict == "right" {
				right[i]++
				if !p.code || a.silent {
					strictly[i]++
				}
			}
			fmt.Fprintf(tw, "\t%s", a.verdict)
			if a.verdict != "right" || p.code {
				fmt.Fprintf(tw, " [%s; %d]", a.first, a.rank)
			}
		}
		fmt.Fprintln(tw)
	}
	_ = tw.Flush()
	for i, name := range asked {
		if w.few && (i == 2 || i == 3) {
			continue
		}
		if share := float64(right[i]) / float64(max(len(all), 1)); share < least {
			t.Errorf("%s: %d of %d are told right, %.3f; it has to be %.2f at least", name, right[i], len(all), share, least)
		}
	}
	for i, name := range asked {
		if w.few && (i == 2 || i == 3) {
			continue
		}
		percent := func(n int) float64 { return 100 * float64(n) / float64(max(len(all), 1)) }
		fmt.Fprintf(&table, "%s: %d of %d right, %.1f %%; where the code is at fault and nothing may be named, however unlikely: %d, %.1f %%\n", name, right[i], len(all), percent(right[i]), strictly[i], percent(strictly[i]))
	}
	t.Log("\n" + table.String())
	for _, p := range all {
		for i, a := range p.answers {
			if a.verdict != "right" && a.verdict != "" {
				t.Logf("%s, %s: %s, first %q, truth at %d; %s", p.name, asked[i], a.verdict, a.first, a.rank, a.note)
			}
		}
	}
}

// play asks gophantom about a history.
func (h history) play(t *testing.T, w *pasts) (p played, ok bool) {
	p = played{history: h}
	h.judged(t, w, func(m *past) {
		for _, gopls := range slices.Compact([]bool{h.phantom, true}) {
			if code, _, stderr := m.ask(gopls, "baseline", "save"); code != 0 {
				t.Fatalf("baseline save exits with %d: %s", code, stderr)
			}
		}
	}, func(m *past) { h.asks(m, &p) })
	return p, true
}

// judged lets a history happen, and go say what is green and what is red; before its
// changes and after them something else can be done.
func (h history) judged(t *testing.T, w *pasts, before, after func(*past)) {
	t.Helper()
	m := newPast(t, w)
	if _, has := w.tools["gcc"]; !has && regexp.MustCompile(`cgo|compiler`).MatchString(h.name) {
		missing(t, "gcc")
	}
	m.apply(h.healthy...)
	// The judged environment, and what go says in it.
	environ := m.shell
	if h.phantom {
		environ = m.editor
	}
	want := func(green bool, when string) {
		t.Helper()
		if got, out := m.green(environ()); got != green {
			t.Fatalf("%s: go is green: %v, want %v\n%s", when, got, green, out)
		}
		if h.phantom {
			if got, out := m.green(m.shell()); !got {
				t.Fatalf("%s: the shell is red\n%s", when, out)
			}
		}
	}
	want(true, "at first")
	before(m)
	m.apply(h.between...)
	var undoTruth, undoBeside func()
	if h.late {
		undoBeside = m.apply(h.beside...)
		undoTruth = m.apply(h.truth)
	} else {
		undoTruth = m.apply(h.truth)
		undoBeside = m.apply(h.beside...)
	}
	want(false, "after all changes")

	after(m)
	if !h.phantom { // what the shell compiled, gopls' environment takes from the build cache
		want(false, "after gophantom looked")
	}

	undoBeside()
	want(false, "with the truth alone")
	m.apply(h.beside...)
	undoTruth()
	want(true, "without the truth")
}

// asks asks everything.
func (h history) asks(m *past, p *played) {
	start := time.Now()
	place := h.problems(m)
	for i, args := range [][]string{
		{"why", "--format", "json"},
		{"why", "--format", "json", "--problems", m.at("problems.json")},
		{"why", place, "--format", "json", "--problems", m.at("problems.json")},
		{"why", "--format", "json", "--problems", m.at("problems.json")},
		{"baseline", "diff", "--format", "json"},
	} {
		if m.world.few && (i == 2 || i == 3) {
			continue // these were told like the ones before, wherever all were asked
		}
		code, stdout, stderr := m.ask(h.phantom || i == 3, args...)
		var said struct {
			Suspects []report.Changed
			Changes  []report.Changed
			Verdict  string
			Health   string
			Subject  *struct{ Label string }
			Unknown  []report.Unknown
		}
		if err := json.Unmarshal([]byte(stdout), &said); err != nil {
			p.answers[i] = answered{verdict: "nothing", note: fmt.Sprintf("exit %d, %v: %s", code, err, stderr)}
			continue
		}
		if said.Health == "ok" && h.name != "plugin-mode" { // go list does not link
			m.t.Errorf("%s says that all is green; go build fails", strings.Join(args, " "))
		}
		p.answers[i] = h.judge(append(said.Suspects, said.Changes...))
		subject := "nothing is wrong"
		if said.Subject != nil {
			subject = said.Subject.Label
		}
		p.answers[i].note = fmt.Sprintf("exit %d, %s%s, %s, %d unknown", code, said.Verdict, said.Health, subject, len(said.Unknown))
		var list []string
		for _, s := range append(said.Suspects, said.Changes...) {
			list = append(list, fmt.Sprintf("%.2f %s/%s/%s", s.Score, s.Kind, s.Environment, s.Name))
		}
		p.answers[i].note += " {" + strings.Join(list, "; ") + "}"
	}
	p.took = time.Since(start)
}
