package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/note"

	"github.com/gophantom/gophantom/server/internal/world"
)

// prober is a workspace with a captured environment, for commands that ask
// servers on the loopback.
type prober struct {
	t   *testing.T
	dir string
}

func newProber(t *testing.T, environ ...string) prober {
	t.Helper()
	p := prober{t, t.TempDir()}
	p.write("go.mod", "module example.com/app\n\ngo 1.24\n\nrequire example.com/dep v1.0.0\n")
	p.write("shell.env", strings.Join(append([]string{
		"HOME=" + p.dir, "PATH=" + os.Getenv("PATH"), "GOPATH=" + filepath.Join(p.dir, "go"), "GOMODCACHE=" + filepath.Join(p.dir, "go", "mod"),
		"GOCACHE=" + filepath.Join(p.dir, "cache"), "GOTOOLCHAIN=local", "GOENV=off", "GOFLAGS=-mod=mod",
	}, environ...), "\n")+"\n")
	return p
}

func (p prober) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// run runs a command and returns its exit code and what it printed.
func (p prober) run(args ...string) (code int, stdout, stderr string) {
	p.t.Helper()
	return p.plain(append(args, "--env", "shell=shell.env")...)
}

// plain is run without the captured environment.
func (p prober) plain(args ...string) (code int, stdout, stderr string) {
	p.t.Helper()
	w := world.Real()
	w.Dir = p.dir
	w.Environ = []string{"HOME=" + p.dir, "PATH=" + os.Getenv("PATH"), "XDG_CACHE_HOME=" + filepath.Join(p.dir, "ours"), "LOCALAPPDATA=" + filepath.Join(p.dir, "ours")}
	var out, errs bytes.Buffer
	code = Main(context.Background(), w, args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// TestNobodyIsAskedUnasked runs the commands with and without --probe against a
// proxy that counts, and looks for what it answers in the findings.
func TestNobodyIsAskedUnasked(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		http.Error(w, "held back\x1b[31m", http.StatusForbidden)
	}))
	t.Cleanup(server.Close)
	p := newProber(t, "GOSUMDB=off", "GOPROXY="+server.URL+",direct")
	for _, args := range [][]string{{"check"}, {"route", "example.com/dep"}, {"route"}, {"env"}} {
		if _, out, errs := p.run(args...); asked.Load() > 0 || strings.Contains(out, "PX-403STOP") {
			t.Fatalf("%v asked the proxy %d times\n%s%s", args, asked.Load(), out, errs)
		}
	}
	for _, args := range [][]string{{"check", "--probe"}, {"route", "--probe", "example.com/dep"}, {"proxy", server.URL}} {
		before := asked.Load()
		code, out, errs := p.run(args...)
		if code != exitFindings || asked.Load() == before || !strings.Contains(out, "403") {
			t.Errorf("%v exits with %d and asked %d times\n%s%s", args, code, asked.Load()-before, out, errs)
		}
		if strings.Contains(out, "\x1b") {
			t.Errorf("%v prints what the server wants the terminal to do", args)
		}
		before = asked.Load()
		if code, out, _ := p.run(append(args, "--offline")...); code != exitUsage || asked.Load() != before || out != "" {
			t.Errorf("%v --offline exits with %d and asked %d times", args, code, asked.Load()-before)
		}
	}
	if _, out, _ := p.run("check", "--probe"); !strings.Contains(out, "PX-403STOP") {
		t.Errorf("the answer is no finding:\n%s", out)
	}
}

// TestSumDBKeepsTheHead verifies a database that is then replaced by a younger
// one with the same key: the head that was kept tells.
func TestSumDBKeepsTheHead(t *testing.T) {
	signer, verifier, err := note.GenerateKey(rand.Reader, "sum.example")
	if err != nil {
		t.Fatal(err)
	}
	lookUp := func(h http.Handler, names string) {
		for _, name := range names {
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/lookup/example.com/"+string(name)+"@v1.0.0", nil))
		}
	}
	empty := func() http.Handler {
		return sumdb.NewServer(sumdb.NewTestServer(signer, func(path, version string) ([]byte, error) {
			hash := "h1:" + strings.Repeat("A", 43) + "="
			return []byte(path + " " + version + " " + hash + "\n" + path + " " + version + "/go.mod " + hash + "\n"), nil
		}))
	}
	now := empty()
	lookUp(now, "abcde")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { now.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	p := newProber(t, "GOPROXY=off", "GOSUMDB="+verifier+" "+server.URL)
	if code, out, errs := p.run("sumdb"); code != exitHealthy || !strings.Contains(out, "proved") {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	lookUp(now, "fgh")
	if code, out, errs := p.run("sumdb"); code != exitHealthy || !strings.Contains(out, "earlier tree of 6 records") {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	now = empty()
	lookUp(now, "ab")
	for range 2 { // the kept head is not given up for the smaller one
		if code, out, errs := p.run("sumdb"); code != exitFindings || !strings.Contains(out, "SECURITY") || !strings.Contains(out, "shrunk") {
			t.Errorf("exit %d\n%s%s", code, out, errs)
		}
	}
	if code, _, errs := p.run("sumdb", "--since", "missing"); code != exitUsage || !strings.Contains(errs, "missing") {
		t.Errorf("exit %d, %s", code, errs)
	}
}
