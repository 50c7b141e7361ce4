package probe_test

import (
	"archive/zip"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
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
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/sumdb/note"

	"github.com/gophantom/gophantom/server/internal/model"
)

// The lab is a little internet on the loopback. Every host name leads to one of
// its servers, because an HTTP proxy stands in front of all of them: the same
// for us and for the real go command, which is the judge.

const (
	labModule  = "corp.example/team/lib"
	labVersion = "v1.2.3"
)

type lab struct {
	t        *testing.T
	goBin    string
	home     string
	dir      string
	cache    string
	ca       string // file with the certificate that the environment trusts
	gate     *httptest.Server
	plain    *httptest.Server
	servers  map[string]*httptest.Server // TLS, by the kind of certificate
	git      string                      // a directory with bare repositories
	null     *os.File
	key      string                       // verifier key of sum.example
	other    string                       // another one of the same name
	wrongKey string                       // that of the database with other hashes
	sums     http.Handler                 // the database
	fork     atomic.Pointer[http.Handler] // plays fork.example; go may still hold a connection when it changes
	wrong    http.Handler                 // one with other hashes

	blocked chan string // hosts that are being kept waiting
	release chan struct{}
}

// certs makes a certificate authority and certificates of every kind.
func certs(t *testing.T, dir string) (caFile string, out map[string]tls.Certificate) {
	t.Helper()
	sign := func(template, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) []byte {
		der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	newKey := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	serial := int64(0)
	template := func(name string) *x509.Certificate {
		serial++
		return &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
		}
	}
	authority := func(name string) (*x509.Certificate, *ecdsa.PrivateKey, []byte) {
		k, c := newKey(), template(name)
		c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign
		der := sign(c, c, k, k)
		parsed, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return parsed, k, der
	}
	ca, caKey, caDER := authority("Lab CA")
	stranger, strangerKey, _ := authority("Nobody's CA")
	out = map[string]tls.Certificate{}
	make := func(kind string, change func(*x509.Certificate), issuer *x509.Certificate, issuerKey *ecdsa.PrivateKey) {
		k, c := newKey(), template("*.example")
		c.DNSNames = []string{"*.example", "*.corp.example", "corp.example", "git.example", "gitlocked.example", "localhost"}
		c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
		change(c)
		if issuer == nil {
			issuer, issuerKey = c, k
		}
		out[kind] = tls.Certificate{Certificate: [][]byte{sign(c, issuer, k, issuerKey)}, PrivateKey: k}
	}
	make("good", func(*x509.Certificate) {}, ca, caKey)
	make("expired", func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	}, ca, caKey)
	make("early", func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Now().Add(time.Hour), time.Now().Add(2*time.Hour)
	}, ca, caKey)
	make("stranger", func(*x509.Certificate) {}, stranger, strangerKey)
	make("self", func(*x509.Certificate) {}, nil, nil)
	make("otherhost", func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = []string{"elsewhere.example"}, nil }, ca, caKey)
	caFile = filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}), 0o644); err != nil {
		t.Fatal(err)
	}
	return caFile, out
}

// plays lets a handler answer for fork.example from now on.
func (l *lab) plays(h http.Handler) { l.fork.Store(&h) }

func newLab(t *testing.T) *lab {
	t.Helper()
	goBin, err := exec.LookPath("go")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("no go command on PATH: this test has no judge")
		}
		t.Skip("no go command on PATH: install Go from go.dev/dl")
	}
	root := t.TempDir()
	l := &lab{
		t: t, goBin: goBin, home: filepath.Join(root, "home"), dir: filepath.Join(root, "ws"), git: filepath.Join(root, "git"),
		servers: map[string]*httptest.Server{}, blocked: make(chan string, 100), release: make(chan struct{}),
	}
	for _, dir := range []string{l.home, l.dir, l.git} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	l.write(filepath.Join(l.dir, "go.mod"), "module main.example/app\n\ngo 1.24\n")
	if l.null, err = os.OpenFile(os.DevNull, os.O_WRONLY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.null.Close() })
	out, err := exec.Command(goBin, "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	l.cache = strings.TrimSpace(string(out))
	l.sums, l.key = database(t, goodSum)
	l.wrong, l.wrongKey = database(t, func(mod, version string) ([]byte, error) {
		lines, err := goodSum(mod, version)
		return bytes.Replace(lines, []byte(" h1:"), []byte(" h1:A"), 1), err
	})
	signer, verifier, err := note.GenerateKey(rand.Reader, "sum.example")
	if err != nil {
		t.Fatal(err)
	}
	_, l.other = signer, verifier
	caFile, kinds := certs(t, root)
	l.ca = caFile
	t.Cleanup(func() { close(l.release) }) // before the servers wait for their handlers
	for kind, cert := range kinds {
		s := httptest.NewUnstartedServer(l)
		s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
		s.Config.ErrorLog = quiet
		s.StartTLS()
		l.servers[kind] = s
	}
	l.plain = httptest.NewServer(l)
	l.gate = httptest.NewServer(http.HandlerFunc(l.tunnel))
	t.Cleanup(func() {
		for _, s := range l.servers {
			s.CloseClientConnections()
		}
		l.plain.CloseClientConnections()
		l.gate.CloseClientConnections()
	})
	return l
}

// tunnel connects a client to the server that plays a host.
func (l *lab) tunnel(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.Host, "nowhere.") {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	if r.Method != http.MethodConnect {
		l.ServeHTTP(w, r)
		return
	}
	kind := "good"
	if name, _, _ := strings.Cut(r.Host, "."); l.servers[name] != nil {
		kind = name
	}
	there, err := net.Dial("tcp", l.servers[kind].Listener.Addr().String())
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	here, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		_ = there.Close()
		return
	}
	fmt.Fprint(here, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { _, _ = io.Copy(there, here); _ = there.Close() }()
	go func() { _, _ = io.Copy(here, there); _ = here.Close() }()
}

func moduleZip(mod, version string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range map[string]string{"go.mod": "module " + mod + "\n", "lib.go": "package lib\n"} {
		w, err := z.Create(mod + "@" + version + "/" + name)
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(w, text)
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// The zips are made once: the order of their files would differ otherwise.
var labZip, metamodZip = moduleZip(labModule, labVersion), moduleZip("metamod.example/lib", labVersion)

// moduleFile is what a good proxy has.
func moduleFile(p string) []byte {
	for mod, zipped := range map[string][]byte{labModule: labZip, "metamod.example/lib": metamodZip} {
		escaped, err := module.EscapePath(mod)
		if err != nil {
			panic(err)
		}
		switch p {
		case escaped + "/@v/list":
			return []byte("v1.0.0-pre\n" + labVersion + "\nv0.9.0\n")
		case escaped + "/@v/" + labVersion + ".info":
			return []byte(`{"Version":"` + labVersion + `"}`)
		case escaped + "/@v/" + labVersion + ".mod":
			return []byte("module " + mod + "\n")
		case escaped + "/@v/" + labVersion + ".zip":
			return zipped
		}
	}
	return nil
}

// goodSum are the lines that a database records for a module.
func goodSum(mod, version string) ([]byte, error) {
	if mod != labModule || version != labVersion {
		return nil, os.ErrNotExist
	}
	z, err := zip.NewReader(bytes.NewReader(labZip), int64(len(labZip)))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	h, err := dirhash.Hash1(names, func(name string) (io.ReadCloser, error) { return z.Open(name) })
	if err != nil {
		return nil, err
	}
	m, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("module " + labModule + "\n")), nil
	})
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "%s %s %s\n%s %s/go.mod %s\n", mod, version, h, mod, version, m), nil
}

// deadAddress is an address where nobody listens.
func deadAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// database makes a checksum database of its own, named sum.example.
func database(t *testing.T, lines func(mod, version string) ([]byte, error)) (h http.Handler, verifier string) {
	t.Helper()
	signer, verifier, err := note.GenerateKey(rand.Reader, "sum.example")
	if err != nil {
		t.Fatal(err)
	}
	return signed(signer, lines), verifier
}

// signed makes a database with a given key.
func signed(signer string, lines func(mod, version string) ([]byte, error)) http.Handler {
	return sumdb.NewServer(sumdb.NewTestServer(signer, func(p, v string) ([]byte, error) { return lines(p, v) }))
}

// wait keeps a client waiting until the lab ends or the client goes away.
func (l *lab) wait(r *http.Request) {
	l.blocked <- r.Host
	select {
	case <-r.Context().Done():
	case <-l.release:
	}
}

// ServeHTTP plays every host, by the first element of its name or, for an
// address, by the first element of the path.
func (l *lab) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodConnect { // this server is taken for an HTTP proxy
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	host, p := r.Host, strings.TrimPrefix(r.URL.Path, "/")
	role, _, _ := strings.Cut(host, ".")
	if h, _, err := net.SplitHostPort(host); err == nil && net.ParseIP(h) != nil {
		role, p, _ = strings.Cut(p, "/")
	}
	page := func(text string) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<!DOCTYPE html><html><head>%s</head><body>Please log in</body></html>", text)
	}
	serve := func() {
		if data := moduleFile(p); data != nil {
			_, _ = w.Write(data)
			return
		}
		http.NotFound(w, r)
	}
	isSum := strings.HasPrefix(p, "sumdb/")
	status := func(code int) { http.Error(w, "not for you", code) }
	switch role {
	case "sum":
		l.sums.ServeHTTP(w, r)
	case "wrongsum":
		l.wrong.ServeHTTP(w, r)
	case "fork":
		fork := l.fork.Load()
		if fork == nil {
			http.NotFound(w, r)
			return
		}
		(*fork).ServeHTTP(w, r)
	case "artifacts":
		l.artifacts(w, r)
	case "s401", "s403", "s404", "s410", "s429", "s500", "s503":
		var code int
		fmt.Sscanf(role, "s%d", &code)
		if code == 410 { // one without a body that explains it
			w.WriteHeader(code)
			return
		}
		status(code)
	case "locked":
		user, password, ok := r.BasicAuth()
		if !ok || user != "gopher" || password != "sesame" {
			w.Header().Set("WWW-Authenticate", "Basic")
			status(401)
			return
		}
		serve()
	case "echo":
		l.echo(w, r, p)
	case "captive":
		page("")
	case "empty":
	case "modcaptive":
		if strings.HasSuffix(p, ".mod") {
			page("")
			return
		}
		serve()
	case "zipgarbage":
		if strings.HasSuffix(p, ".zip") {
			_, _ = io.WriteString(w, "PK not really\x1b[31m")
			return
		}
		serve()
	case "zip403":
		if strings.HasSuffix(p, ".zip") {
			status(403)
			return
		}
		serve()
	case "nulls":
		_, _ = w.Write(make([]byte, 100))
	case "lying":
		w.Header().Set("Content-Length", "100000")
		serve()
	case "otherversion":
		if strings.HasSuffix(p, ".info") {
			_, _ = io.WriteString(w, `{"Version":"v9.9.9"}`)
			return
		}
		serve()
	case "otherpath":
		if strings.HasSuffix(p, ".mod") {
			_, _ = io.WriteString(w, "module corp.example/other\n")
			return
		}
		serve()
	case "down":
		http.Redirect(w, r, "http://plain.example/"+p, http.StatusFound)
	case "circle":
		http.Redirect(w, r, "https://circle.example/"+p, http.StatusFound)
	case "moved":
		http.Redirect(w, r, "https://ok.example/"+p, http.StatusMovedPermanently)
	case "hang":
		l.wait(r)
	case "stall":
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "{")
		w.(http.Flusher).Flush()
		l.wait(r)
	case "loris":
		w.Header().Set("Content-Type", "application/json")
		l.blocked <- r.Host
		for {
			if _, err := io.WriteString(w, " "); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-l.release:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	case "endless":
		l.blocked <- r.Host
		for block := bytes.Repeat([]byte("// still not the end\n"), 1<<12); ; {
			if _, err := w.Write(block); err != nil {
				return
			}
			select {
			case <-r.Context().Done():
				return
			case <-l.release:
				return
			case <-time.After(5 * time.Millisecond): // go keeps all of it in memory
			}
		}
	case "sum403", "sum500":
		if isSum {
			status(map[string]int{"sum403": 403, "sum500": 500}[role])
			return
		}
		serve()
	case "sumproxy":
		if rest, ok := strings.CutPrefix(p, "sumdb/sum.example/"); ok {
			if rest == "supported" {
				return
			}
			r2 := r.Clone(r.Context())
			r2.URL.Path = "/" + rest
			l.sums.ServeHTTP(w, r2)
			return
		}
		serve()
	case "sumgarbage":
		if isSum {
			if strings.HasSuffix(p, "supported") {
				return
			}
			page("")
			return
		}
		serve()
	case "corp", "vanity", "nometa", "meta404", "metamod", "metalie", "metagit", "git", "gitlocked":
		l.originHost(w, r, role, page)
	default:
		serve()
	}
}

// echo repeats the password it was sent: in what explains a refusal, in an
// address to go on to, in a file, in a page.
func (l *lab) echo(w http.ResponseWriter, r *http.Request, p string) {
	_, password, _ := r.BasicAuth()
	known := strings.Join(append(forms(password), r.Header.Get("Authorization")), "\n")
	how, _, _ := strings.Cut(p, "/")
	w.Header().Set("WWW-Authenticate", "Basic realm="+strconv.Quote(password))
	switch how {
	case "status":
		http.Error(w, "not with "+known, http.StatusForbidden)
	case "moved":
		http.Redirect(w, r, "http://plain.example/"+url.PathEscape(password)+"/"+forms(password)[3], http.StatusFound)
	case "file":
		fmt.Fprintf(w, "%s", known)
	case "meta":
		fmt.Fprintf(w, `<head><meta name="go-import" content="echo.example/meta git https://git.example/%s"></head>`, url.PathEscape(password))
	default:
		fmt.Fprintf(w, "<html>%s", known)
	}
}

// artifacts plays a repository manager: below a path, behind a password, a
// virtual repository of what the company has itself, of what it fetches from
// elsewhere, and of a policy that refuses one version.
func (l *lab) artifacts(w http.ResponseWriter, r *http.Request) {
	p, below := strings.CutPrefix(r.URL.Path, "/api/go/virtual/")
	user, password, _ := r.BasicAuth()
	switch {
	case !below:
		http.NotFound(w, r)
	case user != "gopher" || password != "sesame":
		w.Header().Set("WWW-Authenticate", `Basic realm="Artifacts"`)
		http.Error(w, `{"errors":[{"status":401}]}`, http.StatusUnauthorized)
	case strings.HasPrefix(p, "corp.example/team/lib/@v/v1.6.6."):
		http.Error(w, "blocked by policy", http.StatusForbidden)
	case strings.HasPrefix(p, "sumdb/"):
		if rest, ok := strings.CutPrefix(p, "sumdb/sum.example/"); ok && rest == "supported" {
			return
		} else if ok {
			r2 := r.Clone(r.Context())
			r2.URL.Path = "/" + rest
			l.sums.ServeHTTP(w, r2)
			return
		}
		http.NotFound(w, r)
	default:
		if data := moduleFile(p); data != nil { // its own, or fetched from elsewhere
			_, _ = w.Write(data)
			return
		}
		http.NotFound(w, r)
	}
}

// originHost plays hosts of module paths.
func (l *lab) originHost(w http.ResponseWriter, r *http.Request, role string, page func(string)) {
	tag := func(prefix, vcs, root string) {
		page(fmt.Sprintf(`<meta name="go-import" content="%s %s %s">`, prefix, vcs, root))
	}
	switch role {
	case "nometa":
		page("")
	case "metamod":
		tag("metamod.example/lib", "mod", "https://ok.example")
	case "metalie":
		if r.URL.Path == "/lib" {
			tag("metalie.example", "git", "https://git.example/lib.git")
			return
		}
		tag("metalie.example", "git", "https://git.example/other.git")
	case "metagit":
		tag("metagit.example/lib", "git", "https://git.example/lib.git")
	case "corp", "vanity":
		tag(role+".example/team/lib", "git", "https://git.example/lib.git")
	case "gitlocked":
		if strings.Contains(r.URL.RawQuery, "go-get=1") {
			tag("gitlocked.example/lib", "git", "https://gitlocked.example/lib.git")
			return
		}
		w.Header().Set("WWW-Authenticate", "Basic realm=git")
		http.Error(w, "who are you", http.StatusUnauthorized)
	case "git":
		path, err := exec.Command("git", "--exec-path").Output()
		if err != nil {
			http.Error(w, "no git", http.StatusInternalServerError)
			return
		}
		(&cgi.Handler{
			Path:   filepath.Join(strings.TrimSpace(string(path)), "git-http-backend"),
			Env:    []string{"GIT_PROJECT_ROOT=" + l.git, "GIT_HTTP_EXPORT_ALL=1", "HOME=" + l.home},
			Stderr: l.null, // a file: nobody waits for what git leaves running
		}).ServeHTTP(w, r)
	default:
		http.NotFound(w, r)
	}
}

// repository makes a bare git repository with a tagged module.
func (l *lab) repository(name, mod string, tags ...string) {
	l.t.Helper()
	work := l.t.TempDir()
	l.write(filepath.Join(work, "go.mod"), "module "+mod+"\n")
	l.write(filepath.Join(work, "lib.go"), "package lib\n")
	run := func(args ...string) {
		l.t.Helper()
		cmd := exec.Command("git", args...)
		cmd.Dir = work
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + l.home, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=g", "GIT_AUTHOR_EMAIL=g@example", "GIT_COMMITTER_NAME=g", "GIT_COMMITTER_EMAIL=g@example"}
		if out, err := cmd.CombinedOutput(); err != nil {
			l.t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	run("init", "-q")
	run("add", ".")
	run("commit", "-q", "-m", "start")
	for _, tag := range tags {
		run("tag", tag)
	}
	run("clone", "-q", "--bare", work, filepath.Join(l.git, name))
}

func (l *lab) write(file, text string) {
	l.t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		l.t.Fatal(err)
	}
}

// vars is the environment of a case.
func (l *lab) vars(extra map[string]string) map[string]string {
	out := map[string]string{
		"PATH": filepath.Dir(l.goBin) + string(filepath.ListSeparator) + os.Getenv("PATH"), "HOME": l.home, "GOCACHE": l.cache, "GOTOOLCHAIN": "local", "GOFLAGS": "-modcacherw",
		"GOENV": "off", "GOTELEMETRY": "off", "GOSUMDB": "off", "GONOSUMDB": "", "GOPRIVATE": "", "SSL_CERT_FILE": l.ca, "SSL_CERT_DIR": l.home, "GIT_SSL_CAINFO": l.ca,
		"HTTP_PROXY": l.gate.URL, "HTTPS_PROXY": l.gate.URL, "http_proxy": l.gate.URL, "GIT_CONFIG_NOSYSTEM": "1",
	}
	for k, v := range extra {
		out[k] = v
	}
	return out
}

// env is what model makes of it.
func (l *lab) env(extra map[string]string) model.Env {
	vars := map[string]model.Assignment{}
	for k, v := range l.vars(extra) {
		vars[k] = model.Assignment{Value: model.NewValue(v)}
	}
	return model.Env{Name: model.EnvShell, Complete: true, Layers: []model.Layer{
		{Kind: model.LayerProcess, Vars: vars}, {Kind: model.LayerGoroot, Vars: map[string]model.Assignment{}},
	}}
}

// goCommand is a hermetic go command with an empty module cache.
func (l *lab) goCommand(t *testing.T, extra map[string]string, args ...string) *exec.Cmd {
	t.Helper()
	cache := filepath.Join(t.TempDir(), "mod")
	cmd := exec.Command(l.goBin, args...)
	cmd.Dir = t.TempDir() // outside of every module: nothing but what is asked for is fetched
	vars := l.vars(extra)
	vars["GOPATH"], vars["GOMODCACHE"] = t.TempDir(), cache
	for _, k := range slices.Sorted(mapsKeys(vars)) {
		cmd.Env = append(cmd.Env, k+"="+vars[k])
	}
	return cmd
}
