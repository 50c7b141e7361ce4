package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world"
)

// fastClock is a clock that goes twenty times as fast.
type fastClock struct{ start time.Time }

const faster = 20

func (c fastClock) Now() time.Time { return c.start.Add(time.Since(c.start) * faster) }

func (c fastClock) After(d time.Duration) <-chan time.Time {
	out := make(chan time.Time, 1)
	time.AfterFunc(d/faster, func() { out <- c.Now() })
	return out
}

// heard is a writer that tells when a text was written.
type heard struct {
	mu   sync.Mutex
	text bytes.Buffer
	want string
	then func()
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.text.Write(p)
	if h.then != nil && strings.Contains(h.text.String(), h.want) {
		h.then()
		h.then = nil
	}
	return len(p), nil
}

// goEnviron is an environment for a real go command.
func goEnviron(t *testing.T, dir string, more ...string) []string {
	t.Helper()
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatalf("these tests need the go command in PATH: %v", err)
	}
	return append([]string{
		"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "GOPATH=" + filepath.Join(dir, "go"), "GOCACHE=" + strings.TrimSpace(string(cache)),
		"GOENV=off", "GOTOOLCHAIN=local", "GOFLAGS=", "GOSUMDB=off", "GOPROXY=off",
	}, more...)
}

func traceIn(ctx context.Context, dir string, environ []string, stderr *heard, args ...string) (code int, stdout string) {
	w := world.Real()
	w.Dir, w.Environ, w.Clock = dir, environ, fastClock{time.Now()}
	var out bytes.Buffer
	code = Main(ctx, w, append([]string{"trace"}, args...), strings.NewReader("input\n"), &out, stderr)
	return code, out.String()
}

// TestTraceIsFaithful compares what a real go command prints, and ends with,
// with and without us. Only ours is added, on stderr.
func TestTraceIsFaithful(t *testing.T) {
	p := prober{t, t.TempDir()}
	p.write("go.mod", "module example.com/app\n\ngo 1.24\n")
	p.write("main.go", "package main\n\nimport (\n\t\"bufio\"\n\t\"fmt\"\n\t\"os\"\n)\n\nfunc main() {\n"+
		"\tline, _ := bufio.NewReader(os.Stdin).ReadString('\\n')\n\tfmt.Print(\"out \", line)\n\tfmt.Fprint(os.Stderr, \"cd x\\nWORK=1\\nno end\")\n\tos.Exit(3)\n}\n")
	for _, name := range []string{"red", "vetted"} {
		if err := os.Mkdir(filepath.Join(p.dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	p.write("red/red.go", "package red\n\nfunc f() { undefined() }\n")
	p.write("vetted/v.go", "package vetted\n\nimport \"fmt\"\n\nfunc F() { fmt.Printf(\"%d\\n\", \"x\") }\n")
	p.write("vetted/v_test.go", "package vetted\n\nimport \"testing\"\n\nfunc TestF(t *testing.T) { println(\"from a test\"); t.Fatal(\"red\") }\n")
	environ := goEnviron(t, p.dir)
	for _, args := range [][]string{
		{"build", "./red"},
		{"vet", "./vetted"},
		{"test", "-vet=off", "./vetted"},
		{"run", "."},
		{"list", "./..."},
		{"env", "GOPROXY"},
		{"mod", "download", "example.com/none@v1.0.0"},
		{"nonsense"},
		{"list", "-C", "red", "."},
	} {
		plain := exec.Command("go", args...)
		plain.Dir, plain.Env, plain.Stdin = p.dir, environ, strings.NewReader("input\n")
		var out, errs bytes.Buffer
		plain.Stdout, plain.Stderr = &out, &errs
		_ = plain.Run()
		stderr := &heard{}
		code, stdout := traceIn(t.Context(), p.dir, environ, stderr, append([]string{"--", "go"}, args...)...)
		if code != plain.ProcessState.ExitCode() {
			t.Errorf("go %q: exit %d, want %d", args, code, plain.ProcessState.ExitCode())
		}
		if timeless(stdout) != timeless(out.String()) {
			t.Errorf("go %q: stdout is %q, want %q", args, stdout, out.String())
		}
		said, _, ok := strings.Cut(stderr.text.String(), "\nIt ended with code ")
		said = ours.ReplaceAllString(said, "")
		if !ok || said != errs.String() {
			t.Errorf("go %q: stderr is\n%swant\n%s", args, said, errs.String())
		}
	}
}

// ours are the lines that we add.
var ours = regexp.MustCompile(`(?m)^gophantom: .*\n`)

// timeless drops the times that go test prints.
func timeless(s string) string {
	var out []string
	for _, word := range strings.Fields(s) {
		if strings.HasSuffix(strings.Trim(word, "()"), "s") && strings.ContainsAny(word, "0123456789") {
			continue
		}
		out = append(out, word)
	}
	return strings.Join(out, " ")
}

// TestTraceNamesWhatHangs has a proxy that does not answer until that was said.
func TestTraceNamesWhatHangs(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-release
		http.NotFound(w, r)
	}))
	defer server.Close()
	p := newProber(t)
	environ := goEnviron(t, p.dir, "GOPROXY="+server.URL)
	stderr := &heard{want: "go itself would wait for ever", then: func() { close(release) }}
	code, _ := traceIn(t.Context(), p.dir, environ, stderr, "--", "go", "mod", "download", "example.com/dep@v1.0.0")
	got := stderr.text.String()
	if code != 1 {
		t.Errorf("exit %d", code)
	}
	for _, want := range []string{"no answer from http://", "404 Not Found", "Whom it turned to", "What took longest", "Next: gophantom explain"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// TestTracePassesTheInterruptOn ends a go command that waits.
func TestTracePassesTheInterruptOn(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done() // until go is gone
	}))
	defer server.Close()
	p := newProber(t)
	stderr := &heard{}
	code, _ := traceIn(ctx, p.dir, goEnviron(t, p.dir, "GOPROXY="+server.URL), stderr, "--format", "json", "--", "go", "mod", "download", "example.com/dep@v1.0.0")
	if code != exitInterrupted || !strings.Contains(stderr.text.String(), "not ended") {
		t.Errorf("exit %d: %s", code, stderr.text.String())
	}
}

const goplsLog = `2026-11-30 20:20:43.120 [info] 2026/11/30 20:20:43 Created View (#1)
	directory=/home/gopher/hello
	env={GOOS:linux GOPRIVATE: GOFLAGS:-tags=foo GOTOOLCHAIN:local}

2026-11-30 20:20:50.000 [error] go: GOWORK cannot be modified https://u:hunter2@proxy.example
2026-11-30 20:20:51.000 [info] ordinary
`

// TestTraceShowsLogs merges a log and the history of a report.
func TestTraceShowsLogs(t *testing.T) {
	p := prober{t, t.TempDir()}
	p.write("gopls (server).log", goplsLog)
	at := time.Date(2026, 11, 30, 20, 20, 45, 0, time.Local).Format(time.RFC3339)
	p.write("report.json", `{"history":[{"time":"`+at+`","kind":"cured","subject":"GOPROXY","message":"Cured in 6.2 s","contextId":"ctx-1"}]}`)
	code, out, errs := p.runPlain("trace", "--log", ".", "--report", "report.json", "--format", "json")
	if code != exitHealthy {
		t.Fatalf("exit %d: %s", code, errs)
	}
	var kinds []string
	for line := range strings.Lines(out) {
		var e report.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		kinds = append(kinds, e.Kind)
		if e.Kind == "view" && e.Env["GOFLAGS"] != "-tags=foo" {
			t.Errorf("the view has %v", e.Env)
		}
	}
	if want := []string{"view", "cured", "error"}; !slices.Equal(kinds, want) {
		t.Errorf("events %q, want %q", kinds, want)
	}
	_, text, _ := p.runPlain("trace", "--log", "gopls (server).log", "--all")
	for _, want := range []string{"20:20:43.120", "GOFLAGS=-tags=foo", "ordinary", "30 November 2026"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(out+text, "hunter2") {
		t.Errorf("the password is shown:\n%s", out)
	}
	if code, _, _ := p.runPlain("trace", "--log", "none"); code != exitUsage {
		t.Errorf("a log that is not there: exit %d", code)
	}
	if code, _, errs := p.runPlain("trace", "go", "build"); code != exitUsage || !strings.Contains(errs, "trace -- go build") {
		t.Errorf("a command without --: exit %d, %s", code, errs)
	}
}

// TestTraceFollows prints a line that is written while it follows.
func TestTraceFollows(t *testing.T) {
	p := prober{t, t.TempDir()}
	p.write("gopls.log", goplsLog)
	ctx, cancel := context.WithCancel(t.Context())
	w := world.Real()
	w.Dir = p.dir
	stderr := &heard{want: "following", then: func() {
		p.write("gopls.log", goplsLog+"2026-11-30 20:21:00.000 [error] late\n")
	}}
	stdout := &heard{want: "late", then: cancel}
	if code := Main(ctx, w, []string{"trace", "--follow", "--log", "gopls.log"}, strings.NewReader(""), stdout, stderr); code != exitInterrupted {
		t.Errorf("exit %d: %s", code, stderr.text.String())
	}
	if n := strings.Count(stdout.text.String(), "late"); n != 1 {
		t.Errorf("the line came %d times:\n%s", n, stdout.text.String())
	}
}
