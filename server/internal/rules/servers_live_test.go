package rules_test

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/observe"
	"github.com/gophantom/gophantom/server/internal/rules"
	"github.com/gophantom/gophantom/server/internal/trace"
	"github.com/gophantom/gophantom/server/internal/world"
)

// faultyServer is a server that stops go in one way, and the environment in
// which go meets it.
type faultyServer struct {
	ref    string // what must be found; nothing of these rules if it is empty
	tls    bool
	handle func(w http.ResponseWriter, r *http.Request)
	// env is the environment. In it, URL is the address of the server, HOST its
	// host and port, BARE its host alone, CA a file with its certificate, and
	// HOME the home directory.
	env   string
	netrc string // with the same words
	flags string // of the go command
}

func status(code int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", code) }
}

// serve hands out a module, but for the files that end in one of the given
// ways, which it refuses.
func serve(refused ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case slices.ContainsFunc(refused, func(end string) bool { return strings.HasSuffix(r.URL.Path, end) }):
			http.Error(w, "in quarantine", http.StatusForbidden)
		case strings.HasSuffix(r.URL.Path, ".info"):
			fmt.Fprint(w, `{"Version":"v1.0.0"}`)
		case strings.HasSuffix(r.URL.Path, ".mod"):
			fmt.Fprintln(w, "module example.com/greet")
		default:
			http.NotFound(w, r)
		}
	}
}

func wantsCredentials(w http.ResponseWriter, r *http.Request) {
	if user, password, _ := r.BasicAuth(); user != "gopher" || password != "hunter2" {
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	http.NotFound(w, r)
}

const trusting = "GOPROXY=URL/go,direct\nSSL_CERT_FILE=CA"

var faultyServers = map[string]faultyServer{
	"not found":              {tls: true, env: "GOPROXY=URL\nSSL_CERT_FILE=CA", handle: http.NotFound},
	"forbidden":              {ref: "PX-403STOP", tls: true, env: trusting, handle: status(http.StatusForbidden)},
	"unavailable":            {ref: "PX-403STOP", tls: true, env: trusting, handle: status(http.StatusServiceUnavailable)},
	"forbidden zip":          {ref: "PX-ZIP403", env: "GOPROXY=URL,direct", handle: serve(".zip")},
	"login page":             {ref: "PX-CAPTIVE", env: "GOPROXY=URL,direct", handle: func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<!DOCTYPE html>\n<html>Log in</html>\n") }},
	"empty answers":          {ref: "PX-CAPTIVE", env: "GOPROXY=URL,direct", handle: func(http.ResponseWriter, *http.Request) {}},
	"unknown authority":      {ref: "PX-TLS", tls: true, env: "GOPROXY=URL", handle: http.NotFound},
	"missing authority":      {ref: "SSLFILE-MISSING", tls: true, env: "GOPROXY=URL\nSSL_CERT_FILE=CA.missing", handle: http.NotFound},
	"http to https":          {ref: "PX-HTTPONTLS", tls: true, env: "GOPROXY=http://HOST", handle: http.NotFound},
	"https to http":          {ref: "PX-IMPLICITHTTPS", env: "GOPROXY=HOST", handle: http.NotFound},
	"http to http":           {env: "GOPROXY=URL", handle: http.NotFound},
	"credentials by http":    {ref: "PX-HTTPCRED", env: "GOPROXY=http://gopher:hunter2@HOST", handle: wantsCredentials},
	"redirect to http":       {ref: "PX-REDIR-DOWNGRADE", tls: true, env: trusting, handle: http.RedirectHandler("http://127.0.0.1:1/", http.StatusFound).ServeHTTP},
	"redirects":              {ref: "PX-REDIRLOOP", tls: true, env: trusting, handle: func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }},
	"no credentials":         {ref: "AUTH-401", tls: true, env: trusting, handle: wantsCredentials},
	"wrong credentials":      {ref: "AUTH-401", tls: true, env: trusting, handle: wantsCredentials, netrc: "machine HOST login gopher password old\n"},
	"wrong in the address":   {ref: "AUTH-401", tls: true, env: "GOPROXY=https://gopher:old@HOST\nSSL_CERT_FILE=CA", handle: wantsCredentials},
	"right credentials":      {tls: true, env: "GOPROXY=URL\nSSL_CERT_FILE=CA", handle: wantsCredentials, netrc: "machine HOST login gopher password hunter2\n"},
	"right in the address":   {tls: true, env: "GOPROXY=https://gopher:hunter2@HOST\nSSL_CERT_FILE=CA", handle: wantsCredentials},
	"credentials, no port":   {ref: "AUTH-NETRCPORT", tls: true, env: trusting, handle: wantsCredentials, netrc: "machine BARE login gopher password hunter2\n"},
	"default credentials":    {ref: "AUTH-NETRC-IGNORED", tls: true, env: trusting, handle: wantsCredentials, netrc: "default login gopher password hunter2\n"},
	"credentials, no https":  {ref: "AUTH-NETRC-IGNORED", env: "GOPROXY=URL", handle: wantsCredentials, netrc: "machine HOST login gopher password hunter2\n"},
	"incomplete credentials": {ref: "AUTH-NETRC-IGNORED", tls: true, env: trusting, handle: wantsCredentials, netrc: "machine HOST password hunter2\n"},
	"no program":             {ref: "AUTH-GOAUTH-CMD", tls: true, flags: "-x", env: trusting + "\nGOAUTH=no-such-program --quiet", handle: wantsCredentials},
	"HTTP proxy down":        {ref: "HTTPPROXY-DEAD", env: "GOPROXY=https://proxy.example\nHTTPS_PROXY=http://127.0.0.1:1", handle: http.NotFound},
	"HTTP proxy asks who":    {ref: "HTTPPROXY-407", env: "GOPROXY=https://proxy.example\nhttps_proxy=HOST", handle: status(http.StatusProxyAuthRequired)},
	"server down":            {ref: "PX-403STOP", env: "GOPROXY=http://127.0.0.1:1,direct", handle: http.NotFound},
}

// TestServersLive lets the real go command meet each server, and checks that
// what it prints is recognised and told as what it is.
func TestServersLive(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("needs a system where SSL_CERT_FILE makes go trust the servers of the test, such as Linux")
	}
	goCommand, err := exec.LookPath("go")
	if err != nil {
		t.Fatalf("the go command must be in PATH: %v", err)
	}
	told := aboutServers()
	for name, c := range faultyServers {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(http.HandlerFunc(c.handle))
			server.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes fail on purpose
			if c.tls {
				server.StartTLS()
			} else {
				server.Start()
			}
			defer server.Close()
			home, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			// A go command that counts may leave a process behind, which writes here.
			telemetry := filepath.Join(home, ".config", "go", "telemetry")
			if err := errors.Join(os.MkdirAll(telemetry, 0o755), os.WriteFile(filepath.Join(telemetry, "mode"), []byte("off"), 0o644)); err != nil {
				t.Fatal(err)
			}
			host := server.Listener.Addr().String()
			bare, _, _ := strings.Cut(host, ":")
			words := strings.NewReplacer("URL", server.URL, "HOST", host, "BARE", bare, "CA", filepath.Join(home, "ca.pem"))
			write := func(name, text string) {
				t.Helper()
				if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if c.tls {
				write("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
			}
			if c.netrc != "" {
				write(".netrc", words.Replace(c.netrc))
			}
			write("go.mod", "module example.com/app\n\ngo 1.24\n\nrequire example.com/greet v1.0.0\n")
			vars := map[string]string{"HOME": home, "PATH": filepath.Dir(goCommand), "GOSUMDB": "off", "GOTOOLCHAIN": "local"}
			for line := range strings.SplitSeq(words.Replace(c.env), "\n") {
				name, value, _ := strings.Cut(line, "=")
				vars[name] = value
			}
			args := append([]string{"mod", "download"}, strings.Fields(c.flags)...)
			cmd := exec.CommandContext(t.Context(), goCommand, append(args, "example.com/greet@v1.0.0")...)
			cmd.Dir, cmd.Env = home, world.Environ(vars)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Fatalf("go got the module:\n%s", out)
			}

			s := observe.Take(t.Context(), world.Real(), observe.Input{
				Number: 1, Dir: home, Trusted: true, Captured: map[model.EnvName]map[string]string{model.EnvShell: vars},
			})
			said := model.Said{Env: model.EnvShell, Command: "go mod download", Text: model.NewValue(string(out))}
			said.Messages = trace.Classify(said.Text)
			s.Said = append(s.Said, said)
			findings, crashes := rules.Run(s)
			if len(crashes) > 0 {
				t.Errorf("crashes: %v", crashes)
			}
			var refs []string
			for _, f := range findings {
				if told[f.Ref] {
					refs = append(refs, f.Ref)
				}
				if f.Ref == c.ref && f.Severity != model.Error && c.ref != "AUTH-GOAUTH-CMD" {
					t.Errorf("%s is only a %s although nothing can be downloaded", f.Ref, f.Severity)
				}
			}
			want := []string{c.ref}
			if c.ref == "" {
				want = nil
			}
			if !slices.Equal(refs, want) {
				t.Errorf("found %v, want %v; go printed:\n%s", refs, want, out)
			}
		})
	}
}

// aboutServers are the rows of the catalogue about servers, credentials and the
// way to them.
func aboutServers() map[string]bool {
	told := map[string]bool{}
	for _, id := range rules.Catalogue[0].Refs {
		told[id] = true
	}
	return told
}
