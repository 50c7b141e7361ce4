package observe

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// netrcs are files with the odd things that people write. HOST stands for the
// host and port of a server, BARE for the host alone.
var netrcs = map[string]string{
	"one line":              "machine HOST login gopher password hunter2\n",
	"several lines":         "machine HOST\n  login gopher\n  password hunter2\n",
	"tabs and CRLF":         "machine\tHOST\r\n\tlogin gopher\r\n\tpassword hunter2\r\n",
	"with a path":           "machine HOST/p login gopher password hunter2\n",
	"with another path":     "machine HOST/q login gopher password hunter2\n",
	"as a URL":              "machine https://HOST login gopher password hunter2\n",
	"slash":                 "machine HOST/ login gopher password hunter2\n",
	"without the port":      "machine BARE login gopher password hunter2\n",
	"no password":           "machine HOST login gopher\n",
	"no login":              "machine HOST password hunter2\n",
	"account":               "machine HOST account x login gopher password hunter2\n",
	"name on the next line": "machine\nHOST login gopher password hunter2\n",
	"taken by the next":     "machine HOST login gopher\nmachine other.example password hunter2\n",
	"default":               "default login gopher password hunter2\n",
	"default alone":         "default\nmachine HOST login gopher password hunter2\n",
	"behind a default":      "default login gopher password hunter2\nmachine HOST login gopher password hunter2\n",
	"default at the end":    "machine other.example login a password b default\nmachine HOST login gopher password hunter2\n",
	"macro":                 "macdef init\nmachine HOST login gopher password hunter2\n\n",
	"behind a macro":        "macdef init\ncd /pub\n\nmachine HOST login gopher password hunter2\n",
	"unended macro":         "machine other.example login a password b\nmacdef init\ncd /pub\nmachine HOST login gopher password hunter2\n",
	"comment":               "# machine HOST login gopher password hunter2\n",
	"behind a comment":      "# ours\nmachine HOST login gopher password hunter2\n",
	"comment at the end":    "machine HOST # ours\nlogin gopher password hunter2\n",
	"capitals":              "MACHINE HOST LOGIN gopher PASSWORD hunter2\n",
	"byte order mark":       "\ufeffmachine HOST login gopher password hunter2\n",
	"quoted":                "machine \"HOST\" login gopher password hunter2\n",
	"empty":                 "",
}

// TestNetrcLive lets the real go command ask a server, and compares whether it
// sends credentials with what we read in the file.
func TestNetrcLive(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("needs a system where SSL_CERT_FILE makes go trust the server of the test, such as Linux")
	}
	goCommand, err := exec.LookPath("go")
	if err != nil {
		t.Fatalf("the go command must be in PATH: %v", err)
	}
	var sent atomic.Bool
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, ok := r.BasicAuth(); ok {
			sent.Store(true)
			if user != "gopher" || password != "hunter2" {
				t.Errorf("go sent other credentials than the file has")
			}
		}
		http.NotFound(w, r)
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "https://")
	bare, _, _ := strings.Cut(host, ":")
	used := 0
	for name, text := range netrcs {
		home := t.TempDir()
		text = strings.NewReplacer("HOST", host, "BARE", bare).Replace(text)
		cert := filepath.Join(home, "ca.pem")
		if err := os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(home, ".netrc"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		sent.Store(false)
		cmd := exec.CommandContext(t.Context(), goCommand, "list", "-m", "example.com/greet@v1.0.0")
		cmd.Dir = home
		cmd.Env = []string{"HOME=" + home, "GOPROXY=" + server.URL + "/p", "GOSUMDB=off", "SSL_CERT_FILE=" + cert}
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "404 Not Found") {
			t.Fatalf("%s: the server was not asked: %v\n%s", name, err, out)
		}
		machines, _ := parseNetrc(text)
		want := slices.ContainsFunc(machines, func(m model.NetrcMachine) bool {
			return m.HasLogin && m.HasPassword && !m.Unread && strings.HasPrefix(host+"/p/", strings.TrimSuffix(m.Name, "/")+"/") && m.Name != bare
		})
		if strings.HasPrefix(text, "machine https://") {
			want = true // go takes the scheme off
		}
		if want {
			used++
		}
		if sent.Load() != want {
			t.Errorf("%s: go sends credentials: %v; we read %+v", name, sent.Load(), machines)
		}
	}
	if used == 0 || used == len(netrcs) {
		t.Errorf("go used %d of %d files: the cases are not varied enough", used, len(netrcs))
	}
}

// TestNetrcDefault tells which default entries count as credentials.
func TestNetrcDefault(t *testing.T) {
	for text, want := range map[string]int{
		"machine a.example login x password y\ndefault login bot password z\n": 2,
		"default\n  login bot\n  password z\n":                                 1,
		"default login anonymous password me@example\n":                        0,
		"default login ftp password me@example\n":                              0,
		"default\nmachine a.example login x password y\n":                      0,
		"machine default login x password y\n":                                 0,
		"macdef default\nlogin x\n":                                            0,
	} {
		if _, got := parseNetrc(text); got != want {
			t.Errorf("%q: default in line %d, want %d", text, got, want)
		}
	}
}

// TestNetrcsAndPrograms checks which file each environment has, that nothing secret
// is kept, and which programs of GOAUTH are found.
func TestNetrcsAndPrograms(t *testing.T) {
	w, sc := worldtest.Make(t, `
-- home/.netrc --
machine a.example login gopher password hunter2
machine b.example
-- root/etc/netrc --
-- home/bin/helper --
#!/bin/sh
-- env/shell --
HOME=/home/gopher
PATH=/usr/lib/go/bin:/home/gopher/bin
GOAUTH=netrc; helper --scope all; git /srv ;nothere x;./near;/home/gopher/bin/helper
-- env/gopls --
HOME=/home/gopher
PATH=/usr/lib/go/bin
NETRC=/etc/netrc
GOAUTH=helper
-- env/tools --
HOME=/home/gopher
PATH=/usr/lib/go/bin
`)
	in := Input{Number: 1, Dir: "/home/gopher/ws", Trusted: true, Captured: map[model.EnvName]map[string]string{}}
	for name, vars := range sc.Envs {
		in.Captured[model.EnvName(name)] = vars
	}
	s := Take(t.Context(), w, in)
	wantFiles := []model.Netrc{
		{File: "/home/gopher/.netrc", Envs: []model.EnvName{model.EnvTools, model.EnvShell}, Exists: true, Machines: []model.NetrcMachine{
			{Name: "a.example", Line: 1, HasLogin: true, HasPassword: true}, {Name: "b.example", Line: 2},
		}},
		{File: "/etc/netrc", Envs: []model.EnvName{model.EnvGopls}, Exists: true},
	}
	if s.Netrcs[0].Machines[0].Credential.Empty() || !s.Netrcs[0].Machines[1].Credential.Empty() {
		t.Error("who has a login and a password has a hash of them, and nobody else")
	}
	if diff := cmp.Diff(wantFiles, s.Netrcs, cmpopts.IgnoreFields(model.NetrcMachine{}, "Credential")); diff != "" {
		t.Errorf("netrc files (-want +got):\n%s", diff)
	}
	wantPrograms := []model.AuthProgram{
		{Env: model.EnvGopls, Name: "helper"},
		{Env: model.EnvShell, Name: "helper", Path: "/home/gopher/bin/helper"},
		{Env: model.EnvShell, Name: "nothere"},
		{Env: model.EnvShell, Name: "./near", Why: "it is relative to where go runs"},
		{Env: model.EnvShell, Name: "/home/gopher/bin/helper", Path: "/home/gopher/bin/helper"},
	}
	for _, p := range s.AuthPrograms {
		if (p.Print != "") != (p.Path != "") {
			t.Errorf("%s at %q has the fingerprint %q", p.Name, p.Path, p.Print)
		}
	}
	if diff := cmp.Diff(wantPrograms, s.AuthPrograms, cmpopts.IgnoreFields(model.AuthProgram{}, "Print")); diff != "" {
		t.Errorf("programs (-want +got):\n%s", diff)
	}
}

// TestCredentialsAreToldApart: an entry with another login or password has another
// hash, wherever it stands, and none is the password.
func TestCredentialsAreToldApart(t *testing.T) {
	of := func(text string) model.Value {
		t.Helper()
		machines, _ := parseNetrc(text)
		return machines[len(machines)-1].Credential
	}
	is := of("machine a.example login gopher password hunter2\n")
	if same := of("machine x login y password z\nmachine b.example\n password hunter2\n login gopher\n"); same != is || is.Empty() {
		t.Error("the same login and password have another hash")
	}
	for _, other := range []string{"machine a.example login gopher password hunter3", "machine a.example login gophe password rhunter2"} {
		if of(other) == is {
			t.Errorf("%q has the same hash", other)
		}
	}
	if strings.Contains(is.Reveal(), "hunter2") {
		t.Error("the hash has the password")
	}
	if !of("machine a.example login gopher").Empty() || !of("machine a.example login gopher password p default\nmachine b.example password p").Empty() {
		t.Error("half an entry has a hash")
	}
}
