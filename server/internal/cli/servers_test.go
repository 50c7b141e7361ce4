package cli

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/sumdb/note"

	"github.com/gophantom/gophantom/server/internal/report"
)

// canary is in every secret of these tests.
const canary = "canary-4711"

const (
	ourModule   = "corp.example/team/lib" // hosted by the virtual repository itself
	theirModule = "elsewhere.example/lib" // fetched by it from elsewhere
)

// company has servers behind TLS, all of them at https://example.com, and an
// HTTP proxy with a password on the way there.
type company struct {
	prober
	gate string
	sums http.Handler // the checksum database, below /sum
}

func newCompany(t *testing.T) *company {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the certificate of the servers is trusted by SSL_CERT_FILE, which go reads on Linux")
	}
	c := &company{prober: newProber(t)}
	servers := httptest.NewUnstartedServer(c)
	servers.Config.ErrorLog = log.New(io.Discard, "", 0)
	servers.StartTLS()
	t.Cleanup(servers.Close)
	gate := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := parseBasic(r.Header.Get("Proxy-Authorization"))
		if r.Method != http.MethodConnect || user != "boss" || password != canary {
			w.Header().Set("Proxy-Authenticate", "Basic realm="+canary)
			http.Error(w, "who are you, "+user+":"+password, http.StatusProxyAuthRequired)
			return
		}
		there, err := net.Dial("tcp", servers.Listener.Addr().String())
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
	}))
	t.Cleanup(gate.Close)
	t.Cleanup(servers.CloseClientConnections)
	c.gate = strings.Replace(gate.URL, "http://", "http://boss:"+canary+"@", 1)
	c.write("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: servers.Certificate().Raw})))
	c.write("netrc", "machine example.com/locked login gopher password "+canary+"\nmachine example.com/echo login gopher password "+canary+"\n")
	c.write("go.mod", "module main.example/app\n\ngo 1.24\n\nrequire "+ourModule+" v1.2.3\n")
	return c
}

func parseBasic(header string) (user, password string, ok bool) {
	r := http.Request{Header: http.Header{"Authorization": {header}}}
	return r.BasicAuth()
}

// environment writes the captured environment, in which more counts.
func (c *company) environment(more map[string]string) []string {
	vars := map[string]string{
		"HOME": c.dir, "PATH": os.Getenv("PATH"), "GOPATH": filepath.Join(c.dir, "go"), "GOMODCACHE": filepath.Join(c.dir, "go", "mod"), "GOFLAGS": "-modcacherw",
		"GOCACHE": filepath.Join(c.dir, "cache"), "GOTOOLCHAIN": "local", "GOENV": "off", "GOTELEMETRY": "off", "GOSUMDB": "off", "NETRC": filepath.Join(c.dir, "netrc"),
		"SSL_CERT_FILE": filepath.Join(c.dir, "ca.pem"), "SSL_CERT_DIR": filepath.Join(c.dir, "none"), "HTTPS_PROXY": c.gate,
	}
	for name, value := range more {
		vars[name] = value
	}
	var environ []string
	for name, value := range vars {
		environ = append(environ, name+"="+value)
	}
	c.write("shell.env", strings.Join(environ, "\n")+"\n")
	return environ
}

// ServeHTTP plays the servers, by the first element of the path.
func (c *company) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	role, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	user, password, _ := r.BasicAuth()
	refuse := func(status int, message string) { // as repository managers do it
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"errors":[{"status":%d,"message":%q}]}`, status, message)
	}
	switch role {
	case "locked": // https://example.com/locked/api/go/virtual
		file, ok := strings.CutPrefix(rest, "api/go/virtual/")
		switch {
		case user != "gopher" || password != canary:
			w.Header().Set("WWW-Authenticate", `Basic realm="Artifacts"`)
			refuse(http.StatusUnauthorized, "Authentication is required")
		case !ok:
			refuse(http.StatusNotFound, "no such repository")
		case strings.HasPrefix(file, ourModule+"/@v/v1.6.6."):
			refuse(http.StatusForbidden, "held back by policy")
		case strings.HasPrefix(file, "sumdb/") && c.sums != nil:
			if file, ok = strings.CutPrefix(file, "sumdb/sum.example"); ok && file == "/supported" {
				return
			}
			r2 := r.Clone(r.Context())
			r2.URL.Path = file
			c.sums.ServeHTTP(w, r2)
		default:
			handOut(w, r, file)
		}
	case "open":
		handOut(w, r, rest)
	case "sum":
		r2 := r.Clone(r.Context())
		r2.URL.Path = "/" + rest
		c.sums.ServeHTTP(w, r2)
	case "captive":
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!DOCTYPE html><title>Please log in</title>")
	case "login":
		http.Redirect(w, r, "https://example.com/captive/?from="+canary, http.StatusFound)
	case "circle":
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	case "busy":
		w.Header().Set("Retry-After", "60")
		http.Error(w, "slow down\x1b[31m", http.StatusTooManyRequests)
	case "echo": // what it was sent, in every place
		sent := password + " " + base64.StdEncoding.EncodeToString([]byte(user+":"+password)) + " " + strings.Join(r.Header.Values("X-Token"), " ")
		w.Header().Set("WWW-Authenticate", "Basic realm="+password)
		if strings.HasSuffix(rest, ".mod") {
			http.Redirect(w, r, "http://example.com/"+url.PathEscape(sent), http.StatusFound)
			return
		}
		http.Error(w, "not with "+sent, http.StatusForbidden)
	default:
		http.NotFound(w, r)
	}
}

// handOut serves the files of two modules.
func handOut(w http.ResponseWriter, r *http.Request, file string) {
	for _, mod := range []string{ourModule, theirModule} {
		switch file {
		case mod + "/@v/list":
			fmt.Fprintln(w, "v1.2.3")
			return
		case mod + "/@v/v1.2.3.info":
			fmt.Fprint(w, `{"Version":"v1.2.3"}`)
			return
		case mod + "/@v/v1.2.3.mod":
			fmt.Fprintf(w, "module %s\n", mod)
			return
		case mod + "/@v/v1.2.3.zip":
			_, _ = w.Write(zipOf(mod))
			return
		}
	}
	http.NotFound(w, r)
}

// instance reads a JSON output after holding it to a definition of the schema.
func instance(t *testing.T, definition, text string, into any) {
	t.Helper()
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(report.JSONSchema))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("schema.json#/$defs/" + definition)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatalf("no JSON: %v\n%s", err, text)
	}
	if err := compiled.Validate(doc); err != nil {
		t.Errorf("not as the schema has it: %v", err)
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatal(err)
	}
}

// goGets reports whether the real go downloads a module in an environment.
func (c *company) goGets(environ []string, module string) bool {
	c.t.Helper()
	goBin, err := exec.LookPath("go")
	if err != nil {
		if os.Getenv("CI") != "" {
			c.t.Fatal("no go command on PATH: this test has no judge")
		}
		c.t.Skip("no go command on PATH: install Go from go.dev/dl")
	}
	cmd := exec.Command(goBin, "mod", "download", module)
	cmd.Dir = c.t.TempDir() // outside of every module
	cmd.Env = append(slices.Clone(environ), "GOMODCACHE="+filepath.Join(c.t.TempDir(), "mod"), "GOPATH="+c.t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil && !strings.Contains(string(out), strings.Split(module, "@")[0]) {
		c.t.Errorf("go fails for another reason: %s", out)
	}
	return err == nil
}

// outcomes are those of checks by name; the last of several.
func outcomes(v report.Verification) map[string]string {
	out := map[string]string{}
	for _, c := range v.Checks {
		out[c.Name] = c.Outcome
	}
	return out
}

// TestProxyCommand verifies proxies by the command line: exit codes, the JSON
// as the schema has it, the text with the same facts, and go of the same mind.
func TestProxyCommand(t *testing.T) {
	c := newCompany(t)
	const virtual = "https://example.com/locked/api/go/virtual"
	for name, test := range map[string]struct {
		address, module string
		vars            map[string]string
		exit            int
		want            map[string]string // outcomes that matter
		says            []string
	}{
		"virtual repository": {
			address: virtual, exit: exitHealthy, says: []string{"netrc, machine example.com/locked", "nothing vouches"},
			want: map[string]string{"connection": "ok", "mod": "ok", "zip": "ok", "hash": "ok", "unknown module": "ok"},
		},
		"what it fetches from elsewhere": {address: virtual, module: theirModule + "@v1.2.3", exit: exitHealthy, want: map[string]string{"hash": "ok"}},
		"the newest version":             {address: virtual + "/", module: theirModule, exit: exitHealthy, want: map[string]string{"list": "ok", "hash": "ok"}},
		"nobody in netrc":                {address: virtual, vars: map[string]string{"NETRC": filepath.Join(c.dir, "none")}, exit: exitFindings, want: map[string]string{"mod": "failed", "unknown module": "failed"}, says: []string{"401", "there are none for it"}},
		"password in the address":        {address: "https://gopher:" + canary + "@example.com/locked/api/go/virtual", vars: map[string]string{"NETRC": filepath.Join(c.dir, "none")}, exit: exitHealthy, want: map[string]string{"hash": "ok"}, says: []string{"the user in the URL"}},
		"held back":                      {address: virtual, module: ourModule + "@v1.6.6", exit: exitFindings, want: map[string]string{"mod": "failed", "unknown module": "ok"}, says: []string{"403", "may be its policy", "explain PX-403STOP"}},
		"a version that is not there":    {address: virtual, module: ourModule + "@v9.9.9", exit: exitFindings, want: map[string]string{"mod": "failed", "unknown module": "ok"}, says: []string{"404"}},
		"not the api":                    {address: "https://example.com/locked/virtual", exit: exitFindings, want: map[string]string{"mod": "failed"}, says: []string{"404"}},
		"no password at all":             {address: "https://example.com/open", exit: exitHealthy, want: map[string]string{"hash": "ok", "unknown module": "ok"}},
		"captive":                        {address: "https://example.com/captive", exit: exitFindings, want: map[string]string{"mod": "failed", "unknown module": "warning"}, says: []string{"a page of HTML", "explain PX-CAPTIVE"}},
		"login":                          {address: "https://example.com/login", exit: exitFindings, want: map[string]string{"mod": "failed"}, says: []string{"redirected to https://example.com/captive/"}},
		"circle":                         {address: "https://example.com/circle", exit: exitFindings, want: map[string]string{"mod": "failed"}, says: []string{"again and again"}},
		"busy":                           {address: "https://example.com/busy", exit: exitFindings, want: map[string]string{"mod": "failed", "unknown module": "warning"}, says: []string{"429", "too many requests"}},
		"the way there is closed":        {address: virtual, vars: map[string]string{"HTTPS_PROXY": strings.Replace(c.gate, canary, "wrong", 1)}, exit: exitFindings, want: map[string]string{"connection": "failed"}, says: []string{"HTTP proxy in between wants to know who asks"}},
		"a stranger's certificate":       {address: virtual, vars: map[string]string{"SSL_CERT_FILE": filepath.Join(c.dir, "none")}, exit: exitFindings, want: map[string]string{"connection": "failed"}, says: []string{"certificate of", "explain PX-TLS"}},
	} {
		t.Run(name, func(t *testing.T) {
			environ := c.environment(test.vars)
			if test.module == "" {
				test.module = ourModule + "@v1.2.3"
			}
			args := []string{"proxy", "--module", test.module, test.address}
			exit, out, errs := c.run(append(args, "--format", "json")...)
			if exit != test.exit {
				t.Errorf("exits with %d, want %d\n%s%s", exit, test.exit, out, errs)
			}
			var v report.Verification
			instance(t, "verification", out, &v)
			have := outcomes(v)
			for name, want := range test.want {
				if have[name] != want {
					t.Errorf("%s is %q, want %q\n%s", name, have[name], want, out)
				}
			}
			textExit, text, errs := c.run(args...)
			if textExit != exit {
				t.Errorf("exits with %d as text and with %d as JSON", textExit, exit)
			}
			folded := strings.Join(strings.Fields(strings.ToLower(text)), " ")
			for _, check := range v.Checks {
				if !strings.Contains(folded, strings.Join(strings.Fields(strings.ToLower(check.Text)), " ")) {
					t.Errorf("the text does not say %q:\n%s", check.Text, text)
				}
			}
			for _, want := range test.says {
				if !strings.Contains(folded, strings.ToLower(want)) {
					t.Errorf("the text does not say %q:\n%s", want, text)
				}
			}
			for _, bad := range []string{canary, "\x1b"} {
				if strings.Contains(out+text+errs, bad) {
					t.Errorf("%q is told:\n%s%s%s", bad, out, text, errs)
				}
			}
			if gets := c.goGets(append(environ, "GOPROXY="+test.address), test.module); strings.Contains(test.module, "@") && gets != (have["hash"] == "ok") {
				t.Errorf("go gets it: %v, and we say\n%s", gets, text)
			}
		})
	}
	t.Run("usage", func(t *testing.T) {
		c.environment(nil)
		for _, args := range [][]string{
			{"proxy"},
			{"proxy", "a", "b"},
			{"proxy", ""},
			{"proxy", "https://p.example", "--module", "https://u:" + canary + "@x"},
			{"proxy", "https://p.example", "--module", "@v1"},
			{"proxy", "https://p.example", "--environment", "nowhere"},
			{"proxy", "https://p.example", "--format", "sarif"},
			{"sumdb", "a", "b"},
			{"sumdb", "--environment", "nowhere"},
		} {
			if exit, out, errs := c.run(args...); exit != exitUsage || out != "" || errs == "" || strings.Contains(errs, canary) {
				t.Errorf("%q exits with %d\n%s%s", args, exit, out, errs)
			}
		}
	})
}

// TestSumDBCommand verifies checksum databases by the command line.
func TestSumDBCommand(t *testing.T) {
	c := newCompany(t)
	signer, verifier := newKeys(t)
	_, stranger := newKeys(t)
	good := func(path, version string) ([]byte, error) {
		if path != ourModule || version != "v1.2.3" {
			return nil, os.ErrNotExist
		}
		return sumsOf(path, version), nil
	}
	another := func(path, version string) ([]byte, error) {
		return bytes.ReplaceAll(sumsOf(path, version), []byte("h1:"), []byte("h1:A")), nil
	}
	database := func(lines func(path, version string) ([]byte, error)) http.Handler {
		return sumdb.NewServer(sumdb.NewTestServer(signer, lines))
	}
	flipped := func(h http.Handler, part string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			body := rec.Body.Bytes()
			if strings.HasPrefix(r.URL.Path, part) {
				body[bytes.Index(body, []byte("h1:"))+5] ^= 1
			}
			w.WriteHeader(rec.Code)
			_, _ = w.Write(body)
		})
	}
	spec := verifier + " https://example.com/sum"
	for name, test := range map[string]struct {
		spec   string // spec if empty
		sums   http.Handler
		module string
		gosum  string
		vars   map[string]string
		exit   int
		want   map[string]string
		says   string
		gets   bool // go gets the module
	}{
		"good": {sums: database(good), exit: exitHealthy, want: map[string]string{"key": "ok", "tree": "ok", "record": "ok"}, says: "proved to be in the tree", gets: true},
		"in the place of it": {
			spec: verifier, sums: database(good), vars: map[string]string{"GOPROXY": "https://example.com/locked/api/go/virtual"}, exit: exitHealthy,
			want: map[string]string{"address": "ok", "record": "ok"}, says: "A proxy stands in for it", gets: true,
		},
		"like go.sum":               {sums: database(good), gosum: string(sumsOf(ourModule, "v1.2.3")), exit: exitHealthy, want: map[string]string{"go.sum": "ok"}, gets: true},
		"unlike go.sum":             {sums: database(another), gosum: string(sumsOf(ourModule, "v1.2.3")), exit: exitFindings, want: map[string]string{"go.sum": "security"}, says: "SECURITY"},
		"the key of somebody else":  {spec: stranger + " https://example.com/sum", sums: database(good), exit: exitFindings, want: map[string]string{"tree": "failed"}, says: "not signed by this key"},
		"a record that was changed": {sums: flipped(database(good), "/lookup/"), exit: exitFindings, want: map[string]string{"tree": "ok", "record": "failed"}},
		"a module nobody knows":     {sums: database(good), module: "corp.example/private@v1.0.0", exit: exitFindings, want: map[string]string{"record": "failed"}, says: "private modules"},
		"a login page":              {spec: verifier + " https://example.com/captive", sums: database(good), exit: exitFindings, want: map[string]string{"tree": "failed"}, says: "a page of HTML"},
		"no key":                    {spec: "sum.example", sums: database(good), exit: exitFindings, want: map[string]string{"key": "failed"}, says: "malformed verifier id"},
		"off":                       {spec: "off", sums: database(good), exit: exitFindings, want: map[string]string{"key": "failed"}, says: "asks no checksum database"},
	} {
		t.Run(name, func(t *testing.T) {
			c.sums = test.sums
			if err := os.RemoveAll(filepath.Join(c.dir, "ours")); err != nil { // the head of another case's tree
				t.Fatal(err)
			}
			if test.spec == "" {
				test.spec = spec
			}
			if test.module == "" {
				test.module = ourModule + "@v1.2.3"
			}
			vars := map[string]string{"GOPROXY": "https://example.com/open", "GOSUMDB": test.spec}
			for name, value := range test.vars {
				vars[name] = value
			}
			environ := c.environment(vars)
			c.write("go.sum", test.gosum)
			args := []string{"sumdb", "--module", test.module}
			exit, out, errs := c.run(append(args, "--format", "json")...)
			if exit != test.exit {
				t.Errorf("exits with %d, want %d\n%s%s", exit, test.exit, out, errs)
			}
			var v report.Verification
			instance(t, "verification", out, &v)
			have := outcomes(v)
			for name, want := range test.want {
				if have[name] != want {
					t.Errorf("%s is %q, want %q\n%s", name, have[name], want, out)
				}
			}
			if _, text, _ := c.run(args...); !strings.Contains(text, test.says) {
				t.Errorf("the text does not say %q:\n%s", test.says, text)
			}
			if strings.Contains(out+errs, canary) {
				t.Errorf("a password is told:\n%s%s", out, errs)
			}
			if test.spec == "off" {
				return // go needs none then
			}
			if gets := c.goGets(environ, test.module); gets != test.gets {
				t.Errorf("go gets it: %v; we say\n%s", gets, out)
			}
		})
	}
}

// TestNoCommandTellsSecrets has servers repeat what they were sent, and looks for
// it in everything that commands print.
func TestNoCommandTellsSecrets(t *testing.T) {
	c := newCompany(t)
	c.write("give", "#!/bin/sh\nprintf 'https://example.com/echo\\n\\nX-Token: "+canary+"-token\\nAuthorization: Bearer "+canary+"-bearer\\n\\n'\n")
	give := filepath.Join(c.dir, "give")
	if err := os.Chmod(give, 0o700); err != nil {
		t.Fatal(err)
	}
	const echo = "https://example.com/echo/p"
	for name, vars := range map[string]map[string]string{
		"netrc":            {"GOPROXY": echo},
		"GOPROXY":          {"GOPROXY": "https://gopher:" + canary + "@example.com/echo/p", "NETRC": filepath.Join(c.dir, "none")},
		"a token for user": {"GOPROXY": "https://" + canary + "@example.com/echo/p", "NETRC": filepath.Join(c.dir, "none")},
		"GOAUTH":           {"GOPROXY": echo, "GOAUTH": give},
		"HTTPS_PROXY":      {"GOPROXY": echo, "HTTPS_PROXY": strings.Replace(c.gate, "boss", "bob", 1)},
	} {
		c.environment(vars)
		for _, args := range [][]string{
			{"route", "--probe", "--run-goauth", ourModule},
			{"route", "--probe", "--run-goauth", ourModule + "@v1.2.3", "--format", "json"},
			{"check", "--probe", "--run-goauth"},
			{"check", "--probe", "--run-goauth", "--format", "json"},
			{"check", "--probe", "--run-goauth", "--format", "sarif"},
			{"proxy", "--run-goauth", vars["GOPROXY"]},
			{"proxy", "--run-goauth", vars["GOPROXY"], "--format", "json"},
			{"sumdb", "--run-goauth", "sum.golang.org " + vars["GOPROXY"]},
			{"sumdb", "--run-goauth", "sum.golang.org " + vars["GOPROXY"], "--format", "json"},
		} {
			exit, out, errs := c.run(args...)
			if exit != exitFindings {
				t.Errorf("%s, %q: exits with %d\n%s%s", name, args[:2], exit, out, errs)
			}
			for _, secret := range []string{canary, base64.StdEncoding.EncodeToString([]byte("gopher:" + canary)), base64.StdEncoding.EncodeToString([]byte(canary + ":")), base64.StdEncoding.EncodeToString([]byte("bob:" + canary))} {
				if strings.Contains(out+errs, secret) {
					t.Errorf("%s, %q: %q is told:\n%s%s", name, args[:2], secret, out, errs)
				}
			}
		}
	}
}

// zipOf is the zip of a module; the same one each time.
func zipOf(mod string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, file := range [][2]string{{"go.mod", "module " + mod + "\n"}, {"lib.go", "package lib\n"}} {
		w, err := z.Create(mod + "@v1.2.3/" + file[0])
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(w, file[1])
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// sumsOf are the lines of go.sum for a module.
func sumsOf(mod, version string) []byte {
	zipped := zipOf(mod)
	z, err := zip.NewReader(bytes.NewReader(zipped), int64(len(zipped)))
	if err != nil {
		panic(err)
	}
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	hash := func(names []string, open func(string) (io.ReadCloser, error)) string {
		h, err := dirhash.Hash1(names, open)
		if err != nil {
			panic(err)
		}
		return h
	}
	whole := hash(names, func(name string) (io.ReadCloser, error) { return z.Open(name) })
	goMod := hash([]string{"go.mod"}, func(string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("module " + mod + "\n")), nil
	})
	return fmt.Appendf(nil, "%s %s %s\n%s %s/go.mod %s\n", mod, version, whole, mod, version, goMod)
}

func newKeys(t *testing.T) (signer, verifier string) {
	t.Helper()
	signer, verifier, err := note.GenerateKey(rand.Reader, "sum.example")
	if err != nil {
		t.Fatal(err)
	}
	return signer, verifier
}

// TestRouteProbeCommand asks along routes by the command line: what it says, in
// which form, and go of the same mind.
func TestRouteProbeCommand(t *testing.T) {
	c := newCompany(t)
	const virtual, open = "https://example.com/locked/api/go/virtual", "https://example.com/open"
	for name, test := range map[string]struct {
		vars     map[string]string
		module   string
		exit     int
		verdict  string
		servedBy int
		says     []string
	}{
		"virtual repository":   {vars: map[string]string{"GOPROXY": virtual}, exit: exitHealthy, verdict: "served", says: []string{"netrc, machine example.com/locked", "example.com serves it"}},
		"the second has it":    {vars: map[string]string{"GOPROXY": "https://example.com/none," + virtual}, exit: exitHealthy, verdict: "served", servedBy: 1, says: []string{"status 404"}},
		"behind a bar":         {vars: map[string]string{"GOPROXY": "https://example.com/busy|" + open}, exit: exitHealthy, verdict: "served", servedBy: 1},
		"behind a comma":       {vars: map[string]string{"GOPROXY": "https://example.com/busy," + open}, exit: exitFindings, verdict: "fails", servedBy: -1, says: []string{"too many requests", "go does not come to it", "explain PX-403STOP"}},
		"held back":            {vars: map[string]string{"GOPROXY": virtual + "," + open}, module: ourModule + "@v1.6.6", exit: exitFindings, verdict: "fails", servedBy: -1, says: []string{"may be its policy"}},
		"nobody has it":        {vars: map[string]string{"GOPROXY": virtual + "," + open}, module: ourModule + "@v9.9.9", exit: exitFindings, verdict: "fails", servedBy: -1, says: []string{"whom it may ask does not have it"}},
		"switched off":         {vars: map[string]string{"GOPROXY": "https://example.com/none,off"}, exit: exitFindings, verdict: "fails", servedBy: -1},
		"no version control":   {vars: map[string]string{"GOPROXY": "direct", "GOVCS": "*:off"}, module: "github.com/corp/lib@v1.0.0", exit: exitFindings, verdict: "fails", servedBy: -1, says: []string{"GOVCS disallows"}},
		"GOAUTH is not called": {vars: map[string]string{"GOPROXY": virtual, "GOAUTH": "/nowhere/give"}, exit: exitUndecided, verdict: "undecided", servedBy: -1, says: []string{"was not run"}},
	} {
		t.Run(name, func(t *testing.T) {
			environ := c.environment(test.vars)
			if test.module == "" {
				test.module = ourModule + "@v1.2.3"
			}
			path, version, _ := strings.Cut(test.module, "@")
			c.write("go.mod", "module main.example/app\n\ngo 1.24\n\nrequire "+path+" "+version+"\n")
			c.write("go.sum", string(sumsOf(path, version)))
			args := []string{"route", "--probe", test.module}
			exit, out, errs := c.run(append(args, "--format", "json")...)
			var routes []report.Route
			instance(t, "route", out, &routes)
			if len(routes) != 1 || routes[0].Probe == nil {
				t.Fatalf("no probe of one route: %s%s", out, errs)
			}
			got := routes[0].Probe
			if exit != test.exit || got.Verdict != test.verdict || got.ServedBy != test.servedBy && test.verdict != "undecided" {
				t.Errorf("exits with %d, %s by %d\n%s%s", exit, got.Verdict, got.ServedBy, out, errs)
			}
			_, text, errs := c.run(args...)
			folded := strings.Join(strings.Fields(text), " ")
			for _, want := range append(test.says, got.Why) {
				if !strings.Contains(folded, strings.Join(strings.Fields(want), " ")) {
					t.Errorf("the text does not say %q:\n%s", want, text)
				}
			}
			for _, bad := range []string{canary, "\x1b"} {
				if strings.Contains(out+text+errs, bad) {
					t.Errorf("%q is told:\n%s%s", bad, out, text)
				}
			}
			if gets := c.goGets(environ, test.module); test.verdict != "undecided" && gets != (test.verdict == "served") {
				t.Errorf("go gets it: %v, and we say\n%s", gets, text)
			}
		})
	}
}
