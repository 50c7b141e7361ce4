//go:build unix

package route

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
)

// lab enacts worlds for the real go command. Nothing leaves this machine: go
// and git are told to use the HTTP proxy of the lab, which stands in for every
// host name and writes down what is asked. It enacts one world at a time.
type lab struct {
	t       *testing.T
	goBin   string
	dir     string   // an empty working directory
	bin     string   // the PATH of go: git and the programs of GOAUTH
	gates   []string // URLs of two HTTP proxies
	local   string   // host:port of a plain server that go reaches without an HTTP proxy
	repos   string   // git repositories, as files
	caFile  string
	files   string // directories of file:// proxies: "full" and "none"
	goroot  map[string]string
	gocache string
	issuer  issuer
	inner   *innerListener

	mu     sync.Mutex
	world  *world
	asked  []string      // what was asked, in order
	hung   chan struct{} // gets one for each request that is never answered
	stopit chan struct{} // closed when the case is over
}

// labGit finds what the lab needs of git.
func labGit(t *testing.T) (bin, backend string) {
	t.Helper()
	bin, err := exec.LookPath("git")
	if err == nil {
		var out []byte
		if out, err = exec.Command(bin, "--exec-path").Output(); err == nil {
			backend = filepath.Join(strings.TrimSpace(string(out)), "git-http-backend")
			_, err = os.Stat(backend)
		}
	}
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("no git with its http-backend: the judge has no repositories to fetch from: %v", err)
		}
		t.Skip("no git with its http-backend: install git")
	}
	return bin, backend
}

func newLab(t *testing.T, goBin string) *lab {
	l := &lab{t: t, goBin: goBin, dir: t.TempDir(), bin: t.TempDir(), repos: t.TempDir(), files: t.TempDir(), gocache: t.TempDir(), issuer: newIssuer(t)}
	git, backend := labGit(t)
	l.link("git", git)
	l.link("go", goBin)
	for name, script := range authPrograms {
		l.write(filepath.Join(l.bin, name), "#!/bin/sh\n"+script+"\n", 0o755)
	}
	l.caFile = filepath.Join(t.TempDir(), "ca.pem")
	l.write(l.caFile, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: l.issuer.ca.Raw})), 0o644)

	l.inner = &innerListener{conns: make(chan net.Conn), done: make(chan struct{})}
	serve := func(h http.HandlerFunc) *httptest.Server {
		s := httptest.NewUnstartedServer(h)
		s.Config.SetKeepAlivesEnabled(false) // so that every request is seen on a connection of its own
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.Start()
		t.Cleanup(s.Close)
		return s
	}
	origin := func(w http.ResponseWriter, r *http.Request) { l.enact(w, r, backend, "") }
	inside := &http.Server{Handler: http.HandlerFunc(origin), ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute}
	inside.SetKeepAlivesEnabled(false)
	go func() { _ = inside.Serve(l.inner) }()
	t.Cleanup(func() { _ = inside.Close() })
	l.local = strings.TrimPrefix(serve(origin).URL, "http://")
	for _, name := range []string{"", " by the second proxy"} {
		l.gates = append(l.gates, serve(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodConnect {
				l.connect(w, r, name)
				return
			}
			l.enact(w, r, backend, name)
		}).URL)
	}

	for _, m := range liveModules {
		l.repository(git, m)
		escaped := escapePath(m.Path)
		for _, ext := range []string{".info", ".mod", ".zip"} {
			data, _ := m.file(ext, false)
			l.write(filepath.Join(l.files, "full", filepath.FromSlash(escaped), "@v", m.Version+ext), data, 0o644)
		}
	}
	out, err := l.command(map[string]string{"GOENV": "off"}, t.TempDir(), "env", "-json", "GOPROXY", "GOSUMDB").Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &l.goroot); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *lab) write(file, data string, mode os.FileMode) {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		l.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(data), mode); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) link(name, target string) {
	if err := os.Symlink(target, filepath.Join(l.bin, name)); err != nil {
		l.t.Fatal(err)
	}
}

// repository makes the git repository of a module, and its twin without a tag.
func (l *lab) repository(git string, m Module) {
	work := l.t.TempDir()
	for name, data := range m.contents(false) {
		l.write(filepath.Join(work, name), data, 0o644)
	}
	bare := filepath.Join(l.repos, repositoryName(m.Path))
	for _, args := range [][]string{
		{"init", "-q", "-b", "main", "."},
		{"add", "."},
		{"-c", "user.name=Gopher", "-c", "user.email=gopher@corp.example", "commit", "-q", "-m", "A module"},
		{"clone", "-q", "--bare", ".", bare + "-untagged.git"},
		{"tag", m.Version},
		{"clone", "-q", "--bare", ".", bare + ".git"},
	} {
		cmd := exec.Command(git, args...)
		cmd.Dir = work
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			l.t.Fatalf("git %s: %v\n%s", args, err, out)
		}
	}
}

// repositoryName is the path of a module's repository at a host, without ".git".
func repositoryName(path string) string {
	return strings.NewReplacer("/", "-", ".", "-").Replace(strings.TrimSuffix(path, "/v2"))
}

// ownGroup lets a command be killed with all that it started.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// command is a go command that cannot get out of the lab.
func (l *lab) command(env map[string]string, home string, args ...string) *exec.Cmd {
	cmd := exec.Command(l.goBin, args...)
	cmd.Dir = l.dir
	vars := map[string]string{
		"PATH": l.bin, "HOME": home, "USERPROFILE": home, "GOPATH": filepath.Join(home, "go"),
		"GOCACHE": l.gocache, "TMPDIR": os.TempDir(), "GOTOOLCHAIN": "local", "GOFLAGS": "-modcacherw", "GOTELEMETRY": "off",
		"HTTP_PROXY": l.gates[0], "http_proxy": l.gates[0], "HTTPS_PROXY": l.gates[0], "SSL_CERT_FILE": l.caFile, "SSL_CERT_DIR": l.bin, "GIT_SSL_CAINFO": l.caFile,
		"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C",
	}
	for k, v := range env {
		vars[k] = v
	}
	for k, v := range vars {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	ownGroup(cmd)
	return cmd
}

// present is the world of the question that is being asked.
func (l *lab) present() *world {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.world
}

// note writes down what was asked.
func (l *lab) note(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if strings.HasPrefix(what, "git ") && slices.Contains(l.asked, what) {
		return // how often git asks is its own affair
	}
	l.asked = append(l.asked, what)
}

// connect is the HTTP proxy's CONNECT: it stands in for the host.
func (l *lab) connect(w http.ResponseWriter, r *http.Request, via string) {
	name := r.URL.Hostname()
	h := l.present().hosts[strings.TrimPrefix(name, "moved-")]
	gate, cert := 503, ""
	if h != nil {
		gate, cert = h.gate, h.cert
	}
	if gate != 0 {
		l.note("CONNECT " + r.URL.Host + via)
		w.WriteHeader(gate)
		return
	}
	conn, rest, err := http.NewResponseController(w).Hijack()
	if err != nil || rest.Reader.Buffered() > 0 {
		l.t.Errorf("CONNECT %s: %v, %d bytes behind it", r.URL.Host, err, rest.Reader.Buffered())
		return
	}
	if _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		_ = conn.Close()
		return
	}
	if cert != "" {
		l.note("TLS " + r.URL.Host + via)
	}
	l.inner.hand(viaConn{tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{l.issuer.certificate(name, cert)}, MinVersion: tls.VersionTLS12}), via})
}

// enact answers a request as the world has it.
func (l *lab) enact(w http.ResponseWriter, r *http.Request, backend, via string) {
	u := *r.URL
	u.Host, u.Scheme, u.User = r.Host, "http", nil
	if behind, ok := strings.CutSuffix(r.RemoteAddr, "\x00"); ok {
		u.Scheme, via = "https", behind
	}
	u.Host = strings.TrimSuffix(u.Host, ":443")
	if strings.HasPrefix(r.UserAgent(), "git/") {
		l.git(w, r, &u, backend)
		return
	}
	if !strings.Contains(u.Path, "/tile/") { // how many of them it needs is the database's affair
		l.note("GET " + u.String() + via)
	}
	l.send(w, l.present().respond(&u, r.Header.Get("Authorization")))
}

func (l *lab) send(w http.ResponseWriter, a reply) {
	if a.location != "" {
		w.Header().Set("Location", a.location)
	}
	w.Header()["Content-Type"] = nil
	if a.plain {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	switch a.fate {
	case whole:
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.body)
		return
	case hang:
		l.mu.Lock()
		hung, over := l.hung, l.stopit
		l.mu.Unlock()
		hung <- struct{}{}
		<-over
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		l.t.Error(err)
		return
	}
	defer func() { _ = conn.Close() }()
	length := len(a.body)
	switch a.fate {
	case hang, drop:
		return
	case tooShort:
		length = len(a.received())
	}
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", length, a.received())
}

// git answers the git command.
func (l *lab) git(w http.ResponseWriter, r *http.Request, u *url.URL, backend string) {
	repo, service := u.Path, ""
	for _, s := range []string{"/info/refs", "/git-upload-pack"} {
		if before, ok := strings.CutSuffix(repo, s); ok {
			repo, service = before, s
		}
	}
	l.note("git " + u.Scheme + "://" + u.Host + repo)
	h := l.present().hosts[u.Host]
	if h == nil || h.git == "" {
		w.WriteHeader(404)
		return
	}
	if h.git != "ok" && h.git != "no tag" {
		l.send(w, h.git.act(reply{}, u.String()))
		return
	}
	name, ok := strings.CutSuffix(strings.TrimPrefix(repo, "/"), ".git")
	if !ok {
		name = repositoryName(u.Host + repo)
	}
	if h.git == "no tag" {
		name += "-untagged"
	}
	r.URL.Path, r.RemoteAddr = "/"+name+".git"+service, "127.0.0.1:1"
	(&cgi.Handler{
		Path: backend, Env: []string{"GIT_PROJECT_ROOT=" + l.repos, "GIT_HTTP_EXPORT_ALL=1"}, InheritEnv: []string{"PATH"},
		Logger: log.New(io.Discard, "", 0), Stderr: io.Discard,
	}).ServeHTTP(w, r)
}

// outcome is what a go command did: whom it asked, its last word, and what
// became of go.sum.
type outcome struct {
	asked []string
	text  string // "" for success; waitsForEver
	sum   string
	hangs int // how many requests were never answered; filled in by the simulation only
}

const (
	waitsForEver = "waits for ever"
	patience     = 20 * time.Second // with a go command that is not expected to wait for ever
)

// env is what model makes of the settings.
func (l *lab) env(q *question) model.Env {
	layer := func(kind model.LayerKind, vars map[string]string) model.Layer {
		out := model.Layer{Kind: kind, Vars: map[string]model.Assignment{}}
		for k, v := range vars {
			out.Vars[k] = model.Assignment{Value: model.NewValue(v)}
		}
		return out
	}
	process := map[string]string{"HTTP_PROXY": l.gates[0], "http_proxy": l.gates[0], "HTTPS_PROXY": l.gates[0]}
	for k, v := range q.process {
		process[k] = v
	}
	return model.Env{Complete: true, Layers: []model.Layer{
		layer(model.LayerProcess, process), layer(model.LayerGOENV, q.file), layer(model.LayerGoroot, l.goroot),
	}}
}

// ask puts a question to the real go command. It is stopped when as many
// requests as given wait for an answer that never comes.
func (l *lab) ask(q *question, hangs int) outcome {
	l.mu.Lock()
	l.world, l.asked = q.world, nil
	l.hung, l.stopit = make(chan struct{}, 100), make(chan struct{})
	hung, over := l.hung, l.stopit
	l.mu.Unlock()
	home, err := os.MkdirTemp("", "judge")
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(home) }()
	env := map[string]string{"GOENV": filepath.Join(home, "goenv")}
	for k, v := range q.process {
		env[k] = v
	}
	var goenv strings.Builder
	for k, v := range q.file {
		fmt.Fprintf(&goenv, "%s=%s\n", k, v)
	}
	l.write(env["GOENV"], goenv.String(), 0o644)
	if q.netrc != nil {
		var lines strings.Builder
		for _, m := range q.netrc {
			fmt.Fprintf(&lines, "machine %s login %s password %s\n", m.name, m.login, m.password)
		}
		l.write(filepath.Join(home, ".netrc"), lines.String(), 0o600)
	}
	dir := l.dir
	if q.main {
		dir = filepath.Join(home, "app")
		l.write(filepath.Join(dir, "go.mod"), "module corp.example/app\n\ngo 1.26\n\nrequire "+q.module.Path+" "+q.module.Version+"\n", 0o644)
		l.write(filepath.Join(dir, "app.go"), "package app\n\nimport _ \""+q.module.Path+"\"\n", 0o644)
		if q.sum != "" {
			l.write(filepath.Join(dir, "go.sum"), q.sum, 0o644)
		}
	}
	if q.warm {
		warm := l.command(map[string]string{"GOPROXY": "file://" + l.files + "/full", "GOSUMDB": "off", "GOENV": "off"}, home, "mod", "download", q.module.Path+"@"+q.module.Version)
		if out, err := warm.CombinedOutput(); err != nil {
			l.t.Fatalf("filling the module cache: %v\n%s", err, out)
		}
	}
	cmd := l.command(env, home, q.command()...)
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	waits := false
	late := time.After(patience)
	for running, n := true, 0; running; {
		select {
		case err = <-ended:
			running = false
		case <-hung:
			n++
			if waits = waits || n == hangs; waits {
				killGroup(cmd)
			}
		case <-late:
			waits = true
			killGroup(cmd)
		}
	}
	close(over)
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		l.t.Fatal(err)
	}
	l.mu.Lock()
	o := outcome{asked: l.asked}
	l.asked = nil
	l.mu.Unlock()
	if q.main {
		data, err := os.ReadFile(filepath.Join(dir, "go.sum"))
		if err != nil && !os.IsNotExist(err) {
			l.t.Fatal(err)
		}
		o.sum = string(data)
	}
	if waits {
		o.text = waitsForEver
		return o
	}
	if err == nil {
		return o
	}
	var answer struct{ Error string }
	if q.verb == download {
		_ = json.NewDecoder(&stdout).Decode(&answer) // there is none if go stops before
	}
	said := []string{strings.TrimSpace(answer.Error)}
	for line := range strings.SplitSeq(strings.ReplaceAll(stderr.String(), home, "~"), "\n") {
		if !strings.HasPrefix(line, "go: downloading ") {
			said = append(said, line)
		}
	}
	if o.text = strings.TrimSpace(strings.Join(said, "\n")); o.text == "" {
		o.text = err.Error()
	}
	return o
}

// innerListener hands the connections behind CONNECT to the server.
type innerListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (l *innerListener) hand(c net.Conn) {
	select {
	case l.conns <- c:
	case <-l.done:
		_ = c.Close()
	}
}

func (l *innerListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *innerListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *innerListener) Addr() net.Addr { return &net.TCPAddr{} }

// viaConn remembers which HTTP proxy a connection came through: in its remote
// address, which is all that a handler sees of it.
type viaConn struct {
	*tls.Conn
	via string
}

func (c viaConn) RemoteAddr() net.Addr { return viaAddr(c.via + "\x00") }

type viaAddr string

func (viaAddr) Network() string  { return "tcp" }
func (a viaAddr) String() string { return string(a) }

// issuer makes certificates.
type issuer struct {
	key   *ecdsa.PrivateKey
	ca    *x509.Certificate
	mu    *sync.Mutex
	certs map[string]tls.Certificate
}

func newIssuer(t *testing.T) issuer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := issuer{key: key, mu: &sync.Mutex{}, certs: map[string]tls.Certificate{}}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "the authority of the lab"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	if i.ca, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return i
}

// certificate makes the certificate of a host with the given fault.
func (i issuer) certificate(name, fault string) tls.Certificate {
	i.mu.Lock()
	defer i.mu.Unlock()
	if c, ok := i.certs[name+fault]; ok {
		return c
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	parent := i.ca
	switch fault {
	case "unknown":
		parent = template
	case "other":
		template.DNSNames = []string{"somebody.else.example"}
	case "expired":
		template.NotAfter = time.Now().Add(-time.Hour)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &i.key.PublicKey, i.key)
	if err != nil {
		panic(err)
	}
	c := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: i.key}
	i.certs[name+fault] = c
	return c
}

// authPrograms are the programs that GOAUTH may name; corp-auth has the
// credentials of one host.
var authPrograms = map[string]string{
	"corp-auth": `printf 'https://b.proxy.example\n\nAuthorization: Basic ` + base64.StdEncoding.EncodeToString([]byte("user:secret")) + `\n\n'`,
	"bad-auth":  `echo nonsense`,
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
