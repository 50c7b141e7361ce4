package route

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"golang.org/x/mod/module"
)

// The live test asks the real go command to download a module under random
// settings and compares whom it contacted, in which order, and what it said
// in the end with what Explain says. Nothing leaves this machine: the proxies
// are on the loopback, and every other host is behind an HTTP proxy that
// writes the name down and refuses.

// contact is one thing asked of one host.
type contact struct {
	host string // host:port
	what string // "module", "sumdb", "connect" (TLS to an origin, proxy or database) or "plain" (HTTP to one)
}

// network is the loopback world of one run of the go command.
type network struct {
	mu    sync.Mutex
	calls []contact // each once, in the order of their first time
}

func (n *network) record(c contact) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !slices.Contains(n.calls, c) {
		n.calls = append(n.calls, c)
	}
}

func (n *network) take() []contact {
	n.mu.Lock()
	defer n.mu.Unlock()
	calls := n.calls
	n.calls = nil
	return calls
}

// liveVersion is the version that every module of the test has.
const liveVersion = "v1.0.0"

// liveModules are asked for at random. Only github.com is a host whose
// repositories go knows by path; the test always forbids git for it, so that
// no git runs.
var liveModules = []string{"corp.example/team/lib", "git.corp.example/lib", "other.example/Team/x", "github.com/gophantom-test/lib", "github.com/GPTest/lib/v2"}

func versionOf(mod string) string {
	if strings.HasSuffix(mod, "/v2") {
		return "v2.0.0"
	}
	return liveVersion
}

// moduleFile serves a module: the contents of a path below a proxy, or nil.
func moduleFile(p string) []byte {
	for _, mod := range liveModules {
		escaped, err := module.EscapePath(mod)
		if err != nil {
			panic(err)
		}
		v := versionOf(mod)
		switch p {
		case escaped + "/@v/" + v + ".info":
			return []byte(`{"Version":"` + v + `"}`)
		case escaped + "/@v/" + v + ".mod":
			return []byte("module " + mod + "\n")
		case escaped + "/@v/" + v + ".zip":
			var b bytes.Buffer
			z := zip.NewWriter(&b)
			w, err := z.Create(mod + "@" + v + "/go.mod")
			if err != nil {
				panic(err)
			}
			fmt.Fprintf(w, "module %s\n", mod)
			if err := z.Close(); err != nil {
				panic(err)
			}
			return b.Bytes()
		}
	}
	return nil
}

// lab is what all cases of one worker share.
type lab struct {
	t       *testing.T
	goBin   string
	dir     string // an empty working directory
	net     *network
	servers map[string]int // status by base URL of the loopback proxies
	files   map[string]int // status by file:// URL
	gate    string         // URL of the HTTP proxy in front of everything else
	goroot  map[string]string
	gocache string
}

func newLab(t *testing.T, goBin string) *lab {
	l := &lab{t: t, goBin: goBin, dir: t.TempDir(), net: &network{}, servers: map[string]int{}, files: map[string]int{}, gocache: t.TempDir()}
	for _, status := range []int{200, 200, 404, 410, 403, 500} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			what := "module"
			if strings.HasPrefix(r.URL.Path, "/sumdb/") {
				what = "sumdb"
			}
			l.net.record(contact{r.Host, what})
			if status != 200 {
				w.WriteHeader(status)
				return
			}
			if data := moduleFile(strings.TrimPrefix(r.URL.Path, "/")); data != nil {
				_, _ = w.Write(data)
				return
			}
			w.WriteHeader(404)
		}))
		t.Cleanup(s.Close)
		l.servers[s.URL] = status
	}
	gate := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		what := "plain"
		if r.Method == http.MethodConnect {
			what = "connect"
		}
		l.net.record(contact{r.Host, what})
		w.WriteHeader(403)
	}))
	t.Cleanup(gate.Close)
	l.gate = gate.URL

	full := t.TempDir()
	for _, mod := range liveModules {
		escaped, err := module.EscapePath(mod)
		if err != nil {
			t.Fatal(err)
		}
		for _, ext := range []string{".info", ".mod", ".zip"} {
			p := escaped + "/@v/" + versionOf(mod) + ext
			file := filepath.Join(full, filepath.FromSlash(p))
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, moduleFile(p), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	l.files["file://"+filepath.ToSlash(full)] = 200
	l.files["file://"+filepath.ToSlash(t.TempDir())] = 404

	out, err := l.command(map[string]string{"GOENV": "off"}, t.TempDir(), "env", "-json", "GOPROXY", "GOSUMDB").Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &l.goroot); err != nil {
		t.Fatal(err)
	}
	return l
}

// command is a hermetic go command.
func (l *lab) command(env map[string]string, home string, args ...string) *exec.Cmd {
	cmd := exec.Command(l.goBin, args...)
	cmd.Dir = l.dir
	cmd.Env = []string{
		"PATH=" + filepath.Dir(l.goBin), "HOME=" + home, "USERPROFILE=" + home, "GOPATH=" + filepath.Join(home, "go"),
		"GOCACHE=" + l.gocache, "TMPDIR=" + os.TempDir(), "GOTOOLCHAIN=local", "GOFLAGS=-modcacherw", "GOAUTH=off", "GOTELEMETRY=off",
		"HTTP_PROXY=" + l.gate, "HTTPS_PROXY=" + l.gate,
	}
	for k, v := range env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	return cmd
}

// settings are the variables of one case, by where they are set.
type settings struct{ process, file map[string]string }

// env is what model makes of the settings.
func (l *lab) env(s settings) model.Env {
	layer := func(kind model.LayerKind, vars map[string]string) model.Layer {
		out := model.Layer{Kind: kind, Vars: map[string]model.Assignment{}}
		for k, v := range vars {
			out.Vars[k] = model.Assignment{Value: model.NewValue(v)}
		}
		return out
	}
	return model.Env{Complete: true, Layers: []model.Layer{
		layer(model.LayerProcess, s.process), layer(model.LayerGOENV, s.file), layer(model.LayerGoroot, l.goroot),
	}}
}

// random makes the settings of one case.
func (l *lab) random(rng *rand.Rand) (settings, Module) {
	pick := func(list ...string) string { return list[rng.IntN(len(list))] }
	var servers, files []string
	for u := range l.servers {
		servers = append(servers, u)
	}
	for u := range l.files {
		files = append(files, u)
	}
	slices.Sort(servers)
	slices.Sort(files)
	// The hosts of good entries: most cases should get as far as asking.
	good := func() string {
		switch rng.IntN(10) {
		case 0:
			return pick(files...)
		case 1:
			return pick("https://proxy.example/sub", "proxy.example", "http://plain.example/", "HTTPS://Proxy.Example")
		case 2:
			return "direct"
		case 3:
			return pick("off", "direct")
		}
		return pick(servers...) + pick("", "", "/")
	}
	odd := func() string {
		server := pick(servers...)
		return pick("DIRECT", "Off", "foo", "none", "direct+https://x.example", "off+"+server, "ftp://x.example/y", "/abs/path", "file:/p", "file://host/p",
			`"`+server+`"`, "'direct'", "http://[::1", server+" direct", server+";direct", strings.Replace(server, "http://", "http://u:secret@", 1),
			"https://u:se cret@proxy.example", "direct/", ".", ":", "user@proxy.example:8080", "https://proxy.example?x=1", "é", "\u00a0direct\u00a0", "proxy.example:443", "//proxy.example")
	}
	goproxy := func() string {
		switch rng.IntN(15) {
		case 0:
			return pick(" ", ",", "|", ", ,", "\t|")
		case 1, 2:
			return "direct"
		case 3, 4, 5: // a proxy that has everything, so that verifying has its turn
			for {
				if u := pick(servers...); l.servers[u] == 200 {
					return u
				}
			}
		}
		var b strings.Builder
		for i := range 1 + rng.IntN(4) {
			if i > 0 {
				b.WriteString(pick(",", ",", "|", "|", ", ", " | ", ",,", "|,", "\t,"))
			}
			b.WriteString(pick("", "", "", " "))
			if rng.IntN(8) == 0 {
				b.WriteString(odd())
			} else {
				b.WriteString(good())
			}
		}
		b.WriteString(pick("", "", "", ",", "|", " "))
		return b.String()
	}
	pattern := func() string {
		if rng.IntN(4) == 0 {
			return "none"
		}
		var parts []string
		for range 1 + rng.IntN(3) {
			parts = append(parts, pick("corp.example", "*.corp.example", "*.example", "*", "corp.example/team", "corp.example/*/x", "github.com", "github.com/*/lib", "github.com/gptest",
				"github.com/GPTest/", "other.example/Team", " corp.example", "corp.example:443", "https://corp.example", "none", "", "[", "g?t*", "[a-c]orp.example"))
		}
		return strings.Join(parts, ",")
	}
	s := settings{map[string]string{}, map[string]string{}}
	set := func(name string, chance int, value func() string) {
		if rng.IntN(10) >= chance {
			return
		}
		switch rng.IntN(6) {
		case 0, 1, 2:
			s.process[name] = value()
		case 3:
			s.file[name] = value()
		case 4:
			s.process[name], s.file[name] = value(), value()
		case 5:
			s.process[name], s.file[name] = pick("", value()), pick("", value())
		}
	}
	set("GOPROXY", 9, goproxy)
	set("GOPRIVATE", 4, pattern)
	set("GONOPROXY", 4, pattern)
	set("GONOSUMDB", 4, pattern)
	set("GOINSECURE", 3, pattern)
	set("GOSUMDB", 7, func() string {
		return pick("off", "off", "off", "sum.golang.org", "sum.golang.google.cn", "sum.golang.org https://mirror.example/db", "sum.golang.org http://mirror.example", "sum.example", "https://sum.example",
			"OFF", " off", "sum.golang.org a b", " ", "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8", "sum.golang.org+133de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
			"sum.golang.org 127.0.0.1:4")
	})
	// Whatever GOVCS is, it keeps git off the test's paths on github.com.
	govcs := func() string {
		return pick("*:off", "public:off,private:off", "github.com:hg|svn", "corp.example:all, *:bzr", "github.com/gophantom-test:off,github.com/GPTest:off", "git", "a:git,,b:hg", "a:git,a:hg", "./x:git", ":git", "x:")
	}
	if rng.IntN(4) == 0 {
		s.file["GOVCS"] = govcs()
	} else {
		s.process["GOVCS"] = govcs()
	}
	mod := pick(liveModules...)
	return s, Module{mod, versionOf(mod)}
}

// verdict is what the go command did: whom it asked, and its last word.
type verdict struct {
	contacts []contact
	text     string // "" for success
}

// real runs the go command.
func (l *lab) real(s settings, m Module) verdict {
	home := l.t.TempDir()
	goenv := filepath.Join(home, "goenv")
	var lines strings.Builder
	for k, v := range s.file {
		fmt.Fprintf(&lines, "%s=%s\n", k, v)
	}
	if err := os.WriteFile(goenv, []byte(lines.String()), 0o644); err != nil {
		l.t.Fatal(err)
	}
	env := map[string]string{"GOENV": goenv}
	for k, v := range s.process {
		env[k] = v
	}
	cmd := l.command(env, home, "mod", "download", "-json", m.Path+"@"+m.Version)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		l.t.Fatal(err)
	}
	v := verdict{contacts: l.net.take()}
	var answer struct{ Error string }
	if decodeErr := json.NewDecoder(&stdout).Decode(&answer); decodeErr != nil && decodeErr != io.EOF {
		l.t.Fatalf("go mod download: %v", decodeErr)
	}
	v.text = strings.TrimSpace(answer.Error)
	if err != nil && v.text == "" {
		v.text = strings.TrimSpace(stderr.String())
	}
	return v
}

// answer is what a step comes to in this network.
type answer struct {
	contacts []contact
	text     string // part of go's words; "" for success
	notFound bool
	passed   bool // nobody was asked
}

var passed = answer{text: "passed over", notFound: true, passed: true}

// predict plays the route through the network: what Explain claims, and
// nothing else, decides who is asked.
func (l *lab) predict(r Route) verdict {
	var v verdict
	visit := func(contacts ...contact) {
		for _, c := range contacts {
			if !slices.Contains(v.contacts, c) {
				v.contacts = append(v.contacts, c)
			}
		}
	}
	// walk tries the steps; ask says what one comes to. The error is the one
	// that go finds most telling: the origin's, then any other than "not
	// found".
	walk := func(ask func(Step) answer) (best answer) {
		rank := -1
		for _, s := range r.Steps {
			a := ask(s)
			visit(a.contacts...)
			if a.text == "" {
				return answer{}
			}
			got := 0
			switch {
			case a.passed:
			case s.Kind == Direct || s.Kind == NoProxy:
				got = 2
			case !a.notFound:
				got = 1
			}
			if got >= rank {
				best, rank = a, got
			}
			if !a.notFound && s.Fallback != OnAnyError {
				break
			}
		}
		return best
	}
	fetch := func(s Step, ext string) answer {
		switch {
		case !s.Applies:
			return passed
		case s.Kind == Proxy:
			return l.proxy(s.URL.Reveal(), "module", "/"+escape(r.Target.Path)+"/@v/"+r.Target.Version+ext)
		case s.Kind == Off:
			return answer{text: "module lookup disabled by GOPROXY=off", notFound: true}
		}
		return l.origin(r)
	}
	if len(r.Steps) == 0 {
		v.text = r.Error.Reveal()
		return v
	}
	if failed := walk(func(s Step) answer { return fetch(s, ".info") }); failed.text != "" {
		v.text = failed.text
		return v
	}
	if !r.SumDB.Consulted {
		return v
	}
	// go verifies go.mod as a part of fetching it: a failure there is a failure
	// of the step, and may send go on to the next.
	var verified *answer
	verify := func() answer {
		if verified != nil {
			return *verified
		}
		verified = &answer{text: r.SumDB.Error.Reveal()}
		if verified.text == "" && r.SumDB.Proxied {
			failed := walk(func(s Step) answer {
				switch s.Kind {
				case Proxy:
					return l.proxy(s.URL.Reveal(), "sumdb", "/sumdb/"+r.SumDB.Name+"/supported")
				case Direct: // covers up the proxies' errors, so that the database itself is asked
					return answer{text: "none stands in", notFound: true}
				}
				return passed
			})
			if !failed.notFound {
				verified.text = failed.text
			}
		}
		if verified.text == "" {
			a := l.proxy(r.SumDB.URL.Reveal(), "sumdb", "")
			visit(a.contacts...)
			verified.text = a.text
		}
		return *verified
	}
	v.text = walk(func(s Step) answer {
		a := fetch(s, ".mod")
		visit(a.contacts...)
		if a.text != "" {
			return a
		}
		return verify()
	}).text
	return v
}

// escape writes a module path as it stands in the URLs that go shows.
func escape(path string) string {
	escaped, err := module.EscapePath(path)
	if err != nil {
		panic(err)
	}
	return strings.ReplaceAll(escaped, "!", "%21")
}

// proxy is what asking a URL comes to.
func (l *lab) proxy(base, what, path string) answer {
	base = strings.TrimSuffix(base, "/")
	if status, ok := l.files[base]; ok {
		if what == "sumdb" || status != 200 {
			return answer{text: "reading " + base + path + ": ", notFound: true}
		}
		return answer{}
	}
	u, err := url.Parse(base)
	if err != nil {
		panic(err)
	}
	status, known := l.servers[base]
	switch {
	case known:
		if what == "sumdb" && status == 200 {
			status = 404
		}
		a := answer{contacts: []contact{{u.Host, what}}, notFound: status == 404 || status == 410}
		if status != 200 {
			a.text = fmt.Sprintf("reading %s%s: %d %s", base, path, status, http.StatusText(status))
		}
		return a
	case u.Scheme == "http" && u.User != nil:
		return answer{text: "refusing to pass credentials to insecure URL: "}
	case u.Hostname() == "127.0.0.1": // one of the servers, with something glued on
		return answer{contacts: []contact{{u.Host, what}}, text: "404 Not Found", notFound: true}
	case u.Scheme == "http":
		return answer{contacts: []contact{{u.Host, "plain"}}, text: "403 Forbidden"}
	case u.Hostname() == "":
		return answer{text: "no Host in request URL"}
	}
	host := u.Host
	if u.Port() == "" {
		host += ":443"
	}
	return answer{contacts: []contact{{host, "connect"}}, text: "Forbidden"}
}

// origin is what fetching from the origin comes to: the page that names the
// repository cannot be had.
func (l *lab) origin(r Route) answer {
	if !r.VCS.Error.Empty() {
		return answer{text: r.VCS.Error.Reveal(), notFound: true}
	}
	host, _, _ := strings.Cut(r.Target.Path, "/")
	a := answer{contacts: []contact{{host + ":443", "connect"}}, text: "unrecognized import path " + strconv.Quote(r.Target.Path), notFound: true}
	if r.Insecure.Allowed {
		a.contacts = append(a.contacts, contact{host, "plain"})
	}
	return a
}

// agree compares prediction and reality; "" if they agree.
func agree(want, got verdict, r Route) string {
	var faults []string
	if !slices.Equal(want.contacts, got.contacts) {
		faults = append(faults, fmt.Sprintf("contacts: predicted %v, got %v", want.contacts, got.contacts))
	}
	if (want.text == "") != (got.text == "") || !strings.Contains(got.text, want.text) {
		faults = append(faults, fmt.Sprintf("text: predicted %q, got %q", want.text, got.text))
	}
	// What is claimed for certain must be go's own words to the letter, but for
	// the module that go names before it.
	certain := r.Error.Reveal()
	if certain != "" && want.text == certain && got.text != certain && !strings.HasSuffix(got.text, ": "+certain) {
		faults = append(faults, fmt.Sprintf("claimed for certain %q, got %q", certain, got.text))
	}
	return strings.Join(faults, "\n")
}

// goCommand finds the judge.
func goCommand(t *testing.T) string {
	t.Helper()
	bin, err := exec.LookPath("go")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("no go command on PATH: the live test has no judge")
		}
		t.Skip("no go command on PATH: install Go from go.dev/dl")
	}
	return bin
}

func TestLive(t *testing.T) {
	goBin := goCommand(t)
	count, seed := 500, rand.Uint64()
	var err error
	if s := os.Getenv("GOPHANTOM_ROUTE_CASES"); s != "" {
		if count, err = strconv.Atoi(s); err != nil {
			t.Fatalf("GOPHANTOM_ROUTE_CASES: %v", err)
		}
	}
	if s := os.Getenv("GOPHANTOM_ROUTE_SEED"); s != "" {
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("GOPHANTOM_ROUTE_SEED: %v", err)
		}
	}
	t.Logf("%d cases; repeat with GOPHANTOM_ROUTE_SEED=%d", count, seed)
	const workers = 2
	for w := range workers {
		t.Run(strconv.Itoa(w), func(t *testing.T) {
			t.Parallel()
			l := newLab(t, goBin)
			seen := map[string]int{}
			for i := w; i < count; i += workers {
				s, m := l.random(rand.New(rand.NewPCG(seed, uint64(i))))
				r := Explain(m, l.env(s), Facts{})
				got := l.real(s, m)
				if fault := agree(l.predict(r), got, r); fault != "" {
					t.Errorf("case %d (seed %d): %s\nreproduce with:\n%s", i, seed, fault, l.reproduction(l.shrink(s, m), m))
				}
				seen[outcome(got)]++
			}
			t.Logf("outcomes: %v", seen)
			if count >= 150 && len(seen) < 5 {
				t.Errorf("only %v: the cases are not varied enough to tell anything", seen)
			}
		})
	}
}

// TestLiveCertain checks the answers that need no server at all.
func TestLiveCertain(t *testing.T) {
	l := newLab(t, goCommand(t))
	direct := map[string]string{"GOPROXY": "direct", "GOVCS": "*:off"}
	for _, tc := range []struct {
		path    string
		process map[string]string
	}{
		{"foo/bar", nil},
		{"Corp.example/x", nil},
		{"corp.example/x", map[string]string{"GO111MODULE": "off"}},
		{"corp.example/x", map[string]string{"GO111MODULE": "yes"}},
		{"corp.example/x", map[string]string{"GOPROXY": "off"}},
		{"corp.example/x", map[string]string{"GOPROXY": "off", "GOPRIVATE": "corp.example", "GONOPROXY": "none"}},
		{"example.net/x", direct},
		{"github.com/x", direct},
		{"github.com/a/b.git", direct},
		{"github.com/a/b/sub/v2", direct},
		{"bitbucket.org/a/b", map[string]string{"GOPROXY": "direct", "GOVCS": "public:off", "GOPRIVATE": "none"}},
		{"bitbucket.org/a/b", map[string]string{"GOPROXY": "direct", "GOVCS": "private:off", "GOPRIVATE": "bitbucket.org"}},
		{"hub.jazz.net/git/a/b", direct},
		{"hub.jazz.net/git/a", direct},
		{"git.apache.org/thrift.git", direct},
		{"git.openstack.org/a/b", direct},
		{"chiselapp.com/user/a/repository/b", map[string]string{"GOPROXY": "direct"}}, // fossil is off for the public by default
		{"corp.example/a/b.git/sub", direct},
		{"corp.example/a/b.svn", map[string]string{"GOPROXY": "direct"}},
		{"corp.example/a/b.hg", map[string]string{"GOPROXY": "off", "GONOPROXY": "corp.example", "GOVCS": "corp.example/a:git"}},
	} {
		m := Module{tc.path, liveVersion}
		if strings.HasSuffix(tc.path, "/v2") {
			m.Version = "v2.0.0"
		}
		s := settings{process: tc.process}
		r, got := Explain(m, l.env(s), Facts{}), l.real(s, m)
		if r.Error.Empty() {
			t.Errorf("%s %q: nothing claimed, go says %q", tc.path, tc.process, got.text)
			continue
		}
		if fault := agree(verdict{text: r.Error.Reveal()}, got, r); fault != "" {
			t.Errorf("%s %q: %s", tc.path, tc.process, fault)
		}
	}
}

// outcome sorts what happened into rough classes.
func outcome(v verdict) string {
	for _, known := range []string{"GOSUMDB", "GOVCS", "GOPROXY", "invalid proxy URL", "unrecognized import path", "404", "410", "403", "500", "Forbidden"} {
		if strings.Contains(v.text, known) {
			return known
		}
	}
	if v.text == "" {
		return "success"
	}
	return "other"
}

// shrink drops settings as long as prediction and reality disagree.
func (l *lab) shrink(s settings, m Module) settings {
	for again := true; again; {
		again = false
		for _, from := range []string{"process", "file"} {
			vars := map[string]map[string]string{"process": s.process, "file": s.file}[from]
			for name, value := range vars {
				if name == "GOVCS" {
					continue // without it git would run
				}
				delete(vars, name)
				r := Explain(m, l.env(s), Facts{})
				if agree(l.predict(r), l.real(s, m), r) != "" {
					again = true
				} else {
					vars[name] = value
				}
			}
		}
	}
	return s
}

// reproduction writes a case down for people.
func (l *lab) reproduction(s settings, m Module) string {
	var b strings.Builder
	for k, v := range s.file {
		fmt.Fprintf(&b, "GOENV file: %s=%q\n", k, v)
	}
	for k, v := range s.process {
		fmt.Fprintf(&b, "%s=%q ", k, v)
	}
	fmt.Fprintf(&b, "go mod download -json %s@%s\n", m.Path, m.Version)
	for u, status := range l.servers {
		fmt.Fprintf(&b, "  %s answers %d\n", u, status)
	}
	return b.String()
}
