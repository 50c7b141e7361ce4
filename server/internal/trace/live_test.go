//go:build unix

package trace_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/tools/txtar"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/trace"
)

var update = flag.Bool("update", false, "write what go prints into testdata/messages")

// liveRun is one way to make the real go command print a text of the catalogue.
// $P is a server, $S the same with TLS that nobody trusts unless $CERT does;
// $WS is the working directory, $HOME the home, $KEY the key of a checksum
// database.
type liveRun struct {
	ref     string
	env     string // variables, separated by blanks; + in a value stands for one
	command string // the arguments of go
	files   string // a txtar; over go.mod, main.go of a module that imports example.com/lib
}

// plain is a module that imports nothing.
const plain = "-- go.mod --\nmodule example.test/app\n\ngo 1.24\n-- main.go --\npackage main\n\nfunc main() {}\n"

const fetch = "mod download -x=false example.com/lib@v1.0.0"

var liveRuns = []liveRun{
	{"PX-NOENTRIES", "GOPROXY=,", fetch, ""},
	{"PX-EMPTYFILE", "GOPROXY= GOENV=$WS/goenv", fetch, "-- goenv --\nGOPROXY=\n"},
	{"PX-DIRECTPLUS", "GOPROXY=direct+https://proxy.example", fetch, ""},
	{"PX-SCHEME", "GOPROXY=ftp://proxy.example/y", fetch, ""},
	{"PX-LATERBAD", "GOPROXY=$P/ok,htp://second.example", fetch, ""},
	{"PX-WORD", "GOPROXY=DIRECT", fetch, ""},
	{"PX-ABSPATH", "GOPROXY=/srv/proxy", fetch, ""},
	{"PX-FILEHOST", "GOPROXY=file://host/srv/proxy", fetch, ""},
	{"PX-QUOTED", `GOPROXY="http://proxy.example"`, fetch, ""},
	{"PX-SEP", "GOPROXY=$P/404;direct", fetch, ""},
	{"PX-SEP", "GOPROXY=$P/404+direct", fetch, ""},
	{"PX-IMPLICITHTTPS", "GOPROXY=$HOSTPORT", fetch, ""},
	{"PX-HTTPCRED", "GOPROXY=http://u:p@proxy.example", fetch, ""},
	{"PX-403STOP", "GOPROXY=$P/403", fetch, ""},
	{"PX-403STOP", "GOPROXY=$P/500", fetch, ""},
	{"PX-403STOP", "GOPROXY=http://127.0.0.1:1", fetch, ""},
	{"PX-ZIP403", "GOPROXY=$P/zip403", fetch, ""},
	{"PX-CAPTIVE", "GOPROXY=$P/html", fetch, ""},
	{"PX-CAPTIVE", "GOPROXY=$P/html", "list -m -versions example.com/lib", ""},
	{"PX-CAPTIVE", "GOPROXY=$P/html GOFLAGS=-mod=mod", "list -m all", ""},
	{"PX-TLS", "GOPROXY=$S/ok", fetch, ""},
	{"PX-HTTPONTLS", "GOPROXY=http://$TLSPORT/ok", fetch, ""},
	{"PX-REDIR-DOWNGRADE", "GOPROXY=$S/down SSL_CERT_FILE=$CERT", fetch, ""},
	{"PX-REDIRLOOP", "GOPROXY=$P/loop", fetch, ""},
	{"PX-OFF-COLD", "GOPROXY=off", fetch, ""},
	{"PX-OFF-COLD", "GOPROXY=off GOFLAGS=-mod=mod", "list -deps .", "-- go.mod --\nmodule example.test/app\n\ngo 1.24\n"},
	{"AUTH-401", "GOPROXY=$P/401", fetch, ""},
	{"AUTH-NETRCPORT", "GOPROXY=$S/401 SSL_CERT_FILE=$CERT NETRC=$WS/netrc", fetch, "-- netrc --\nmachine 127.0.0.1 login gopher password hunter2\n"},
	{"AUTH-NETRC-IGNORED", "GOPROXY=$P/401 NETRC=$WS/netrc", fetch, "-- netrc --\ndefault login gopher password hunter2\n"},
	{"AUTH-GOAUTH-EMPTY", "GOPROXY=$S/ok SSL_CERT_FILE=$CERT GOAUTH=netrc;", fetch, ""},
	{"AUTH-GOAUTH-OFF", "GOPROXY=$S/ok SSL_CERT_FILE=$CERT GOAUTH=off;netrc", fetch, ""},
	{"AUTH-GOAUTH-GIT", "GOPROXY=$S/ok SSL_CERT_FILE=$CERT GOAUTH=git+sub", fetch, ""},
	{"AUTH-GOAUTH-CMD", "GOPROXY=$S/401 SSL_CERT_FILE=$CERT GOAUTH=nosuchcmd", "mod download -x example.com/lib@v1.0.0", ""},
	{"HTTPPROXY-DEAD", "GOPROXY=https://proxy.example HTTPS_PROXY=http://127.0.0.1:1", fetch, ""},
	{"HTTPPROXY-407", "GOPROXY=https://refused.example HTTPS_PROXY=$P", fetch, ""},
	{"PV-SPACE", "GOPROXY=$P/404", fetch, ""},
	{"PV-NONOSUMDB", "GOPROXY=$P/ok GOSUMDB=sum.golang.org+$P/404", fetch, ""},
	{"VC-NOGIT", "GOPROXY=direct PATH=$GOROOT/bin", "mod download -x=false example.com/lib.git@v1.0.0", ""},
	{"VC-NOHG", "GOPROXY=direct PATH=$GOROOT/bin GOVCS=*:hg", "mod download -x=false example.com/lib.hg@v1.0.0", ""},
	{"VC-AUTH", "GOPROXY=direct GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=url.$P/basic/.insteadOf GIT_CONFIG_VALUE_0=https://github.com/", "mod download -x=false github.com/acme/lib@v1.0.0", ""},
	{"IN-GIT", "GOPROXY=direct GOINSECURE=github.com HTTPS_PROXY=$P", "mod download -x=false github.com/acme/lib@v1.0.0", ""},
	{"VC-NOMETA", "GOPROXY=direct HTTPS_PROXY=$P SSL_CERT_FILE=$CERT", "mod download -x=false example.com/html@v1.0.0", ""},
	{"VC-META404", "GOPROXY=direct HTTPS_PROXY=$P SSL_CERT_FILE=$CERT", "mod download -x=false example.com/404@v1.0.0", ""},
	{"SSLFILE-MISSING", "GOPROXY=direct HTTPS_PROXY=$P", "mod download -x=false example.com/html@v1.0.0", ""},
	{"VC-GOVCS", "GOPROXY=direct GOVCS=*:off", "mod download -x=false example.com/lib.git@v1.0.0", ""},
	{"VC-GOVCSSYNTAX", "GOPROXY=direct GOVCS=git", "mod download -x=false example.com/lib.git@v1.0.0", ""},
	{"VC-GOVCSSYNTAX", "GOPROXY=direct GOVCS=example.com:git,example.com:hg", "mod download -x=false example.com/lib.git@v1.0.0", ""},
	{"VC-PATHMISMATCH", "GOPROXY=$P/other GOFLAGS=-mod=mod", "list -m all", ""},
	{"VC-NODOT", "GOPROXY=$P/ok", "get corp/lib@v1.0.0", ""},
	{"SD-SYNTAX", "GOPROXY=$P/ok GOSUMDB=sum.example.com:80", fetch, ""},
	{"SD-HASH", "GOPROXY=$P/ok GOSUMDB=sum.golang.org+033de0bb+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8", fetch, ""},
	{"SD-FIELDS", "GOPROXY=$P/ok GOSUMDB=sum.golang.org+https://a+https://b", fetch, ""},
	{"SD-URL", "GOPROXY=$P/ok GOSUMDB=sum.golang.org+127.0.0.1:4", fetch, ""},
	{"SD-EMPTY", "GOPROXY=$P/ok GOSUMDB= GOENV=$WS/goenv", fetch, "-- goenv --\nGOSUMDB=\n"},
	{"SD-WRONGKEY", "GOPROXY=$P/ok GOSUMDB=sum.golang.org+$P/db", fetch, ""},
	{"SD-PROXY403", "GOPROXY=$P/nosum GOSUMDB=sum.golang.org", fetch, ""},
	{"SD-GARBAGE", "GOPROXY=$P/ok GOSUMDB=sum.golang.org+$P/html", fetch, ""},
	{"SD-OFFLINE", "GOPROXY=$P/ok GOSUMDB=sum.golang.org+https://127.0.0.1:1", fetch, ""},
	{"SD-MISMATCH", "GOPROXY=$P/ok GOSUMDB=$KEY+$P/db", fetch, ""},
	{"GS-MISMATCH", "GOPROXY=$P/ok", "mod download", "-- go.sum --\nexample.com/lib v1.0.0 h1:AAAAMiIBNbVWxXzdCCG1dvZcgUZWSeTUV8rNkOEEYBA=\nexample.com/lib v1.0.0/go.mod h1:AAAAMiIBNbVWxXzdCCG1dvZcgUZWSeTUV8rNkOEEYBA=\n"},
	{"GS-MISSING", "GOPROXY=$P/ok", "list -deps .", ""},
	{"GS-MISSING", "GOPROXY=$P/ok", "list -m all", ""},
	{"GS-MALFORMED", "GOPROXY=$P/ok", "list -deps .", "-- go.sum --\na b\n"},
	{"GM-UPDATES", "", "list -deps .", "-- go.mod --\nmodule example.test/app\n\ngo 1.24\n\nrequire example.test/two v0.0.0\n\nreplace (\n\texample.test/two => ./two\n\texample.test/three => ./three\n)\n-- main.go --\npackage main\n\nimport _ \"example.test/two\"\n\nfunc main() {}\n-- two/go.mod --\nmodule example.test/two\n\ngo 1.24\n\nrequire example.test/three v0.0.0\n-- two/two.go --\npackage two\n\nimport _ \"example.test/three\"\n-- three/go.mod --\nmodule example.test/three\n\ngo 1.24\n-- three/three.go --\npackage three\n"},
	{"EN-SHADOW", "GOPROXY=off GOENV=$HOME/goenv", "env -w GOPROXY=direct", ""},
	{"EN-UNREADABLE", "GOENV=$HOME", "env -w GOPROXY=direct", ""},
	{"EN-GOWORKFILE", "GOENV=$HOME/goenv", "env -w GOWORK=off", ""},
	{"GF-UNKNOWN", "GOFLAGS=-foo", "list .", ""},
	{"GF-NONFLAG", "GOFLAGS=-mod+mod", "list .", ""},
	{"GF-MODBAD", "GOFLAGS=-mod=foo", "list .", ""},
	{"GF-MODBAD", "GOFLAGS=-mod", "list .", ""},
	{"GF-INSECURE", "GOFLAGS=-insecure", "get example.com/lib", ""},
	{"GF-MODMOD-WORK", "GOFLAGS=-mod=mod", "list .", "-- go.work --\ngo 1.24\n\nuse .\n"},
	{"GF-MODFILE", "GOFLAGS=-modfile=nope.mod", "list .", ""},
	{"GF-MODFILE", "GOFLAGS=-modfile=nope.txt", "list .", ""},
	{"GF-MODFILE", "GOFLAGS=-modfile=x.mod", "list .", "-- go.work --\ngo 1.24\n\nuse .\n-- x.mod --\nmodule example.test/app\n"},
	{"VD-INCONSISTENT", "", "list .", "-- vendor/modules.txt --\n# example.com/lib v0.9.0\n"},
	{"VD-INCONSISTENT", "GOFLAGS=-mod=vendor", "list .", ""},
	{"VD-MISSINGPKG", "", "list -deps .", "-- vendor/modules.txt --\n# example.com/lib v1.0.0\n## explicit\n"},
	{"VD-INSTALL", "GOFLAGS=-mod=vendor GOPROXY=$P/ok", "install example.com/lib@v1.0.0", ""},
	{"WS-NOTLISTED", "", "build .", "-- go.work --\ngo 1.24\n\nuse ./other\n-- other/go.mod --\nmodule example.test/other\n\ngo 1.24\n"},
	{"WS-NOTLISTED", "", "list ./...", "-- go.work --\ngo 1.24\n\nuse ./other\n-- other/go.mod --\nmodule example.test/other\n\ngo 1.24\n"},
	{"WS-PATTERN-ROOT", "", "build ./...", "-- go.mod --\n!\n-- go.work --\ngo 1.24\n\nuse ./other/mod\n-- other/mod/go.mod --\nmodule example.test/other\n\ngo 1.24\n"},
	{"WS-GOWORKMISSING", "GOWORK=$HOME/go.work", "list .", ""},
	{"WS-GOWORKREL", "GOWORK=go.work", "list .", ""},
	{"WS-USEMISSING", "", "list .", "-- go.work --\ngo 1.24\n\nuse ./gone\n"},
	{"WS-DUP", "", "list .", "-- go.work --\ngo 1.24\n\nuse .\nuse $WS\n"},
	{"WS-GOOLD", "", "list .", "-- go.work --\ngo 1.20\n\nuse .\n"},
	{"WS-SYNTAX", "", "list .", "-- go.work --\ngo 1.24\n\nusee .\n"},
	{"WS-OFF-SIBLING", "", "list -deps .", "-- go.mod --\nmodule example.test/app\n\ngo 1.24\n"},
	{"RP-DIR", "", "list -deps .", "-- go.mod --\nmodule example.test/app\n\ngo 1.24\n\nrequire example.com/lib v1.0.0\n\nreplace example.com/lib => ../x\n"},
	{"NOMOD", "", "list .", "-- go.mod --\n!\n"},
	{"NOMOD", "", "mod tidy", "-- go.mod --\n!\n"},
	{"NOMOD", "GOFLAGS=-mod=mod", "build ./...", "-- go.mod --\n!\n"},
	{"MOD-INTMP", "TMPDIR=$WS", "list -m", ""},
	{"MOD-SYNTAX", "", "list .", "-- go.mod --\nmodule example.test/app\n\n<<<<<<< HEAD\n"},
	{"MOD-SYNTAX", "", "list .", "-- go.mod --\ngo 1.24\n"},
	{"TC-LOCALOLD", "", "list .", "-- go.mod --\nmodule example.test/app\n\ngo 1.99\n"},
	{"TC-LOCALOLD", "GOPROXY=$P/new GOFLAGS=-mod=mod", "list -m all", ""},
	{"TC-AUTO-UNAVAIL", "GOTOOLCHAIN=go1.99.0 GOPROXY=off", "version", ""},
	{"TC-AUTO-NET", "GOTOOLCHAIN=go1.99.0 GOPROXY=http://127.0.0.1:1", "version", ""},
	{"TC-SUMOFF", "GOTOOLCHAIN=go1.99.0 GOPROXY=$P/toolchain", "version", ""},
	{"TC-BADVAL", "GOTOOLCHAIN=1.26.8", "version", ""},
	{"TC-BADVAL", "GOTOOLCHAIN=go1.24.0+foo", "version", ""},
	{"TC-LANG", "GOTOOLCHAIN=go1.98 GOPROXY=$P/404", "version", ""},
	{"TC-PATH", "GOTOOLCHAIN=go1.99.0+path", "version", "-- go.mod --\nmodule example.test/app\n\ngo 1.99.0\n"},
	{"TC-LINE", "", "list .", "-- go.mod --\nmodule example.test/app\n\ngo 1.22.\n"},
	{"TC-LINE", "", "list .", "-- go.mod --\nmodule example.test/app\n\ngo 1.24\n\ntoolchain 1.26.1\n"},
	{"GR-MISSING", "GOROOT=/nonexistent", "list .", ""},
	{"GR-NOTROOT", "GOROOT=$HOME", "list -deps .", "-- go.mod --\nmodule example.test/app\n\ngo 1.24\n-- main.go --\npackage main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println() }\n"},
	{"G111-OFF", "GO111MODULE=off", "list -deps .", ""},
	{"G111-OFF", "GO111MODULE=off", "mod tidy", ""},
	{"G111-BAD", "GO111MODULE=yes", "list .", ""},
	{"GP-EQ", "GOPATH=$GOROOT", "list -m", ""},
	{"GP-TILDE", "GOPATH=~/go", "list .", ""},
	{"GP-REL", "GOPATH=go", "list .", ""},
	{"GP-MOD", "GOPATH=$WS", "mod tidy", ""},
	{"GB-REL", "GOBIN=bin", "install .", plain},
	{"GC-OFF", "GOCACHE=off", "build .", plain},
	{"GC-REL", "GOCACHE=cache", "build .", plain},
	{"GC-RO", "GOCACHE=/dev/null/cache", "build .", plain},
	{"HM-UNSET", "HOME= GOCACHE= GOPATH=$WS/gopath", "build .", plain},
	{"HM-UNSET", "HOME= GOPATH= GOMODCACHE= GOPROXY=$P/ok", "mod download", ""},
	{"MC-REL", "GOMODCACHE=mc GOPROXY=$P/ok", "mod download", ""},
	{"MC-FILE", "GOMODCACHE=$WS/go.mod GOPROXY=$P/ok", "mod download", ""},
	{"MC-RO", "GOMODCACHE=/dev/null/mod GOPROXY=$P/ok", "mod download", ""},
	{"TMP-MISSING", "GOTMPDIR=/nonexistent", "build .", ""},
	{"CGO-OFF", "CGO_ENABLED=0", "list .", "-- go.mod --\nmodule example.test/app\n\ngo 1.24\n-- main.go --\npackage main\n\nimport \"C\"\n\nfunc main() {}\n"},
	{"CGO-NOCC", "CGO_ENABLED=1 CC=nosuchcc", "build .", "-- go.mod --\nmodule example.test/app\n\ngo 1.24\n-- main.go --\npackage main\n\nimport \"C\"\n\nfunc main() {}\n"},
	{"GOOS-BAD", "GOOS=win", "build .", plain},
	{"GEXP", "GOEXPERIMENT=foo", "list .", ""},
	{"GEXP", "", "list .", "-- go.mod --\nmodule example.test/app\n\ngo 1.24\n\ngodebug foo=1\n"},
}

// TestLive makes the real go command print the texts of the catalogue: each is
// recognised, and is what the corpus has for this Go.
func TestLive(t *testing.T) {
	goBin, err := exec.LookPath("go")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("no go command on PATH: this test has no judge")
		}
		t.Skip("no go command on PATH: install Go from go.dev/dl")
	}
	s := newServers(t)
	out, err := exec.Command(goBin, "env", "GOROOT", "GOVERSION", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	facts := strings.Split(string(out), "\n")
	goroot, version, gocache := facts[0], facts[1], facts[2]
	release := regexp.MustCompile(`^go1\.\d+`).FindString(version)
	printed := map[string][]txtar.File{}
	for i, r := range liveRuns {
		t.Run(fmt.Sprintf("%s/%d", r.ref, i), func(t *testing.T) {
			root := t.TempDir()
			home, ws := filepath.Join(root, "home"), filepath.Join(root, "ws")
			real := strings.NewReplacer(
				"$HOSTPORT", s.plain.Listener.Addr().String()+"/ok", "$TLSPORT", s.tls.Listener.Addr().String(), "$CERT", s.cert, "$KEY", s.key,
				"$P", s.plain.URL, "$S", s.tls.URL, "$WS", ws, "$HOME", home, "$GOROOT", goroot,
			)
			files := map[string]string{
				"go.mod":  "module example.test/app\n\ngo 1.24\n\nrequire example.com/lib v1.0.0\n",
				"main.go": "package main\n\nimport _ \"example.com/lib\"\n\nfunc main() {}\n",
			}
			for _, f := range txtar.Parse([]byte(r.files)).Files {
				files[f.Name] = real.Replace(string(f.Data))
			}
			for name, text := range files {
				if text == "!\n" {
					continue
				}
				file := filepath.Join(ws, name)
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			telemetry := filepath.Join(home, ".config", "go", "telemetry") // else go writes there after it has ended
			if err := os.MkdirAll(telemetry, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(telemetry, "mode"), []byte("off 2024-01-01"), 0o644); err != nil {
				t.Fatal(err)
			}
			env := map[string]string{
				"HOME": home, "PATH": os.Getenv("PATH"), "GOCACHE": gocache, "GOENV": "off", "GOPROXY": "off", "GOSUMDB": "off", "GOTOOLCHAIN": "local",
				"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "PWD": ws, "TMPDIR": root,
			}
			for _, v := range strings.Fields(r.env) {
				name, value, _ := strings.Cut(v, "=")
				if !strings.Contains(value, "direct+") && name != "GOTOOLCHAIN" && !strings.Contains(value, "033de0bb") {
					value = strings.ReplaceAll(value, "+", " ")
				}
				env[name] = real.Replace(value)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, goBin, strings.Fields(r.command)...)
			cmd.Dir = ws
			for name, value := range env {
				cmd.Env = append(cmd.Env, name+"="+value)
			}
			var text bytes.Buffer
			cmd.Stderr = &text
			_ = cmd.Run() // most of them fail, as they are to
			t.Cleanup(func() {
				clean := exec.Command(goBin, "clean", "-modcache")
				clean.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "GOCACHE=" + gocache, "GOTOOLCHAIN=local"}
				_ = clean.Run()
			})
			found := trace.Classify(model.NewValue(text.String()))
			if !slices.ContainsFunc(found, func(m model.Message) bool { return slices.Contains(m.Refs, r.ref) }) {
				var refs [][]string
				for _, m := range found {
					refs = append(refs, m.Refs)
				}
				t.Errorf("recognised %v in\n%s", refs, text.String())
			}
			shown := s.made(text.String(), map[string]string{home: "/home/gopher", ws: "/home/gopher/ws", root: "/tmp", goroot: "/usr/local/go"})
			printed[r.ref] = append(printed[r.ref], txtar.File{Name: fmt.Sprintf("%s %d %s go %s", release, len(printed[r.ref])+1, r.env, r.command), Data: []byte(shown)})
		})
	}
	for ref, sections := range printed {
		file := filepath.Join(corpus, ref+".txtar")
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Errorf("no corpus of %s: %v", ref, err)
			continue
		}
		for _, f := range sections {
			f.Name = strings.Join(strings.Fields(f.Name), " ")
			at := slices.IndexFunc(a.Files, func(g txtar.File) bool { return g.Name == f.Name })
			same := at >= 0 && bytes.Equal(bytes.TrimSpace(a.Files[at].Data), bytes.TrimSpace(f.Data))
			switch {
			case *update && at < 0:
				a.Files = append(a.Files, f)
			case *update:
				a.Files[at] = f
			case at >= 0 && !same && runtime.GOOS == "linux": // the words of the system differ elsewhere
				t.Errorf("%s, %q: go prints\n%s\nthe corpus has\n%s", ref, f.Name, f.Data, a.Files[at].Data)
			case at < 0 && slices.ContainsFunc(a.Files, func(g txtar.File) bool { return strings.HasPrefix(g.Name, release+" ") }):
				t.Errorf("the corpus of %s lacks %q: run this test with -update", ref, f.Name)
			}
		}
		if *update {
			if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// servers answer go in every way that the runs need.
type servers struct {
	plain, tls *httptest.Server
	cert, key  string // a file with the certificate; the key of the checksum database
	sums       http.Handler
}

func newServers(t *testing.T) *servers {
	s := &servers{}
	skey, vkey, err := note.GenerateKey(rand.Reader, "sum.example")
	if err != nil {
		t.Fatal(err)
	}
	s.key = vkey
	s.sums = sumdb.NewServer(sumdb.NewTestServer(skey, func(path, version string) ([]byte, error) {
		return fmt.Appendf(nil, "%s %s h1:BBBBMiIBNbVWxXzdCCG1dvZcgUZWSeTUV8rNkOEEYBA=\n%[1]s %[2]s/go.mod h1:BBBBMiIBNbVWxXzdCCG1dvZcgUZWSeTUV8rNkOEEYBA=\n", path, version), nil
	}))
	s.plain = httptest.NewServer(s)
	s.tls = httptest.NewUnstartedServer(s)
	s.tls.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients that do not trust it
	s.tls.StartTLS()
	t.Cleanup(s.plain.Close)
	t.Cleanup(s.tls.Close)
	s.cert = filepath.Join(t.TempDir(), "cert.pem")
	if err := os.WriteFile(s.cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.tls.Certificate().Raw}), 0o644); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *servers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodConnect {
		s.connect(w, r)
		return
	}
	how, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	how = strings.Trim(strings.TrimSuffix(strings.TrimSuffix(how, "direct"), ";"), " ")
	switch how {
	case "403", "404", "500", "401":
		code := map[string]int{"403": 403, "404": 404, "500": 500, "401": 401}[how]
		http.Error(w, "not for you", code)
	case "basic":
		w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
		http.Error(w, "who are you", http.StatusUnauthorized)
	case "html":
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html><body>Please log in</body></html>")
	case "down":
		http.Redirect(w, r, "http://mirror.example/"+rest, http.StatusFound)
	case "loop":
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	case "db":
		http.StripPrefix("/db", s.sums).ServeHTTP(w, r)
	case "nosum":
		if strings.Contains(rest, "sumdb/") {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		s.serve(w, "ok", rest)
	case "toolchain":
		name, _ := strings.CutSuffix(strings.TrimPrefix(rest, "golang.org/toolchain/@v/"), ".zip")
		z := zip.NewWriter(w)
		if f, err := z.Create("golang.org/toolchain@" + name + "/VERSION"); err == nil {
			_, _ = io.WriteString(f, "go1.99.0\n")
		}
		_ = z.Close()
	case "zip403":
		if strings.HasSuffix(rest, ".zip") {
			w.Header().Set("Content-Type", "text/plain")
			http.Error(w, "quarantined", http.StatusForbidden)
			return
		}
		s.serve(w, "ok", rest)
	default:
		s.serve(w, how, rest)
	}
}

// serve is a proxy that has example.com/lib.
func (s *servers) serve(w http.ResponseWriter, how, rest string) {
	mod := map[string]string{"ok": "module example.com/lib\n", "other": "module example.com/other\n", "new": "module example.com/lib\n\ngo 1.99.0\n"}[how]
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for name, text := range map[string]string{"go.mod": mod, "lib.go": "package lib\n"} {
		f, err := z.CreateHeader(&zip.FileHeader{Name: "example.com/lib@v1.0.0/" + name})
		if err == nil {
			_, _ = io.WriteString(f, text)
		}
	}
	_ = z.Close()
	answer, ok := map[string]string{
		"example.com/lib/@v/list": "v1.0.0\n", "example.com/lib/@v/v1.0.0.info": `{"Version":"v1.0.0"}`,
		"example.com/lib/@v/v1.0.0.mod": mod, "example.com/lib/@v/v1.0.0.zip": buf.String(),
	}[rest]
	if !ok || mod == "" {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	_, _ = io.WriteString(w, answer)
}

// connect is an HTTP proxy that leads every host to the server with TLS.
func (s *servers) connect(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.Host, "refused.") {
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	client, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	server, err := net.Dial("tcp", s.tls.Listener.Addr().String())
	if err != nil {
		return
	}
	defer server.Close()
	_, _ = io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
	done := make(chan struct{})
	go func() { _, _ = io.Copy(server, client); close(done) }()
	_, _ = io.Copy(client, server)
	_ = client.Close()
	<-done
}

var (
	vcsDir = regexp.MustCompile(`cache/vcs/[0-9a-f]{64}`)
	logged = regexp.MustCompile(`\(\d+\.\d+s\)`)
	signed = regexp.MustCompile(`(?m)^(— \S+) \S+$`)
	tmpDir = regexp.MustCompile(`go-build\d+`)
)

// made replaces what differs from run to run.
func (s *servers) made(text string, paths map[string]string) string {
	names := []string{}
	for name := range paths {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return len(b) - len(a) })
	for _, name := range names {
		text = strings.ReplaceAll(text, name, paths[name])
	}
	text = strings.ReplaceAll(text, s.plain.Listener.Addr().String(), "proxy.example")
	text = strings.ReplaceAll(text, s.tls.Listener.Addr().String(), "proxy.example:443")
	text = strings.ReplaceAll(text, s.key, "sum.example+KEY")
	text = strings.ReplaceAll(text, runtime.GOOS+"/"+runtime.GOARCH, "linux/amd64")
	text = strings.ReplaceAll(text, runtime.GOOS+"-"+runtime.GOARCH, "linux-amd64")
	text = signed.ReplaceAllString(text, "$1 SIGNATURE")
	text = vcsDir.ReplaceAllString(text, "cache/vcs/HASH")
	text = tmpDir.ReplaceAllString(text, "go-build1")
	return logged.ReplaceAllString(text, "(0.001s)")
}
