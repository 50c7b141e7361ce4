package verify_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/observe"
	"github.com/gophantom/gophantom/server/internal/verify"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// counted is the real world, with its runs of "go list" counted.
type counted struct {
	world.Exec
	mu   sync.Mutex
	runs []string // the directories
}

func (c *counted) Run(ctx context.Context, cmd world.Command) (world.Result, error) {
	if len(cmd.Args) > 0 && cmd.Args[0] == "list" {
		c.mu.Lock()
		c.runs = append(c.runs, cmd.Dir)
		c.mu.Unlock()
	}
	return c.Exec.Run(ctx, cmd)
}

func countedWorld() (*world.World, *counted) {
	w := world.Real()
	c := &counted{Exec: w.Exec}
	w.Exec = c
	return w, c
}

func (l lab) snapshot(w *world.World, trusted bool, envs map[model.EnvName]map[string]string) *model.Snapshot {
	return observe.Take(l.t.Context(), w, observe.Input{Number: 1, Reason: "test", Dir: l.Dir, Trusted: trusted, Captured: envs})
}

// facts asks go in the given environment of the shell.
func (l lab) facts(shell map[string]string) []model.Said {
	l.t.Helper()
	w := world.Real()
	s := l.snapshot(w, true, map[model.EnvName]map[string]string{model.EnvShell: shell})
	before := l.tree()
	said := verify.Facts(l.t.Context(), w, s, nil)
	if after := l.tree(); before != after {
		l.t.Errorf("asking for facts changed files of the workspace or the module cache:\n%s\nafter:\n%s", before, after)
	}
	return said
}

func texts(said []model.Said) string {
	var out []string
	for _, s := range said {
		out = append(out, string(s.Env)+": "+s.Text.Reveal())
	}
	return strings.Join(out, "\n")
}

// TestFactsAreWhatGoSays breaks a module in several ways; the go command says
// how.
func TestFactsAreWhatGoSays(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	l.Go(l.Dir, map[string]string{"GOPROXY": "file://" + l.Proxy, "GOFLAGS": "-modcacherw"}, "mod", "download")
	if said := l.facts(l.With()); len(said) != 0 {
		t.Errorf("of a healthy module go says: %s", texts(said))
	}
	sum := filepath.Join(l.Dir, "go.sum")
	data, err := os.ReadFile(sum)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(sum); err != nil {
		t.Fatal(err)
	}
	said := l.facts(l.With())
	if len(said) != 1 || !strings.HasPrefix(said[0].Text.Reveal(), "missing go.sum entry for module providing package example.com/greet") {
		t.Fatalf("without go.sum go says: %s", texts(said))
	}
	if at := said[0].Location; at == nil || at.File != l.File || at.Range.Start != (model.Position{Line: 2, Character: 7}) {
		t.Errorf("it points to %+v, want the import in line 3, column 8 of %s", at, l.File)
	}
	if said[0].Env != model.EnvShell || said[0].Package != "example.com/app" {
		t.Errorf("it is said in %s about %q", said[0].Env, said[0].Package)
	}
	l.Write(sum, strings.ReplaceAll(string(data), "h1:", "h1:AAAA"))
	if text := texts(l.facts(l.With())); !strings.Contains(text, "SECURITY ERROR") {
		t.Errorf("with another hash in go.sum go says: %s", text)
	}
	l.Write(sum, string(data))
	if text := texts(l.facts(l.With("GOFLAGS=-notaflag"))); !strings.Contains(text, "unknown flag -notaflag") {
		t.Errorf("with a bad flag go says: %s", text)
	}
	l.Write(filepath.Join(l.Dir, "go.mod"), "module example.com/app\n\ngo 1.24\n\nfrobnicate\n")
	if text := texts(l.facts(l.With())); !strings.Contains(text, "unknown directive: frobnicate") || strings.Contains(text, os.TempDir()+"/gophantom-") {
		t.Errorf("with a broken go.mod go says: %s", text)
	}
}

// TestFactsOmitWhatWeForbid has a cold module cache: that go may not download
// is our doing, unless the user forbids it too.
func TestFactsOmitWhatWeForbid(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	for _, shell := range []map[string]string{
		l.With("GOPROXY=file://" + l.Proxy), l.With("GOPROXY=https://proxy.invalid"), l.With("GOPRIVATE=example.com"),
		l.With("GOPROXY=off", "GOPROXY=direct", "GOVCS=*:git"), l.With("GOSUMDB=sum.golang.org"),
		l.With("GOFLAGS=-mod=mod", "GOPROXY=file://"+l.Proxy),
	} {
		if said := l.facts(shell); len(said) != 0 {
			t.Errorf("with GOPROXY=%s GOPRIVATE=%s: %s", shell["GOPROXY"], shell["GOPRIVATE"], texts(said))
		}
	}
	if text := texts(l.facts(l.With("GOPROXY=off"))); !strings.Contains(text, "module lookup disabled by GOPROXY=off") {
		t.Errorf("with the user's own GOPROXY=off go says: %q", text)
	}
	l.Write(filepath.Join(l.Dir, "go.mod"), "module example.com/app\n\ngo 1.99.0\n")
	if said := l.facts(l.With("GOPROXY=file://"+l.Proxy, "GOTOOLCHAIN=auto")); len(said) != 0 {
		t.Errorf("a toolchain that we forbid to download: %s", texts(said))
	}
}

// TestFactsContactNobody has a world in which go would ask a proxy, a checksum
// database, an HTTP proxy and git, and counts who is asked.
func TestFactsContactNobody(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	var contacts atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		contacts.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		http.Error(w, "no", http.StatusNotFound)
	}))
	defer srv.Close()
	l.Write(filepath.Join(l.Dir, "go.sum"), "")
	// HTTP proxies are not asked about loopback, so the hosts have names.
	through := []string{"HTTPS_PROXY=" + srv.URL, "HTTP_PROXY=" + srv.URL, "https_proxy=" + srv.URL, "http_proxy=" + srv.URL, "GIT_TERMINAL_PROMPT=0"}
	for i, vars := range [][]string{
		{"GOPROXY=" + srv.URL},
		{"GOPROXY=https://proxy.invalid|direct"},
		{"GOPROXY=direct"},
		{"GOPROXY=off", "GOPRIVATE=example.com", "GOVCS=*:all"},
		{"GOPROXY=" + srv.URL, "GOFLAGS=-mod=mod", "GOSUMDB=sum.golang.org " + srv.URL},
		{"GOPROXY=" + srv.URL, "GOFLAGS=-mod=mod", "GONOPROXY=*", "GOINSECURE=*"},
		{"GOPROXY=" + srv.URL, "GOTOOLCHAIN=go1.99.0"},
		{"GOPROXY=" + srv.URL, "GOTOOLCHAIN=auto", "GO111MODULE=on"},
	} {
		shell := l.With(append(through, vars...)...)
		l.facts(shell)
		if n := contacts.Swap(0); n != 0 {
			t.Errorf("%v: %d contacts", vars, n)
		}
		// The control: go by itself contacts somebody, wherever it gets so far.
		cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-mod=mod", "-deps", ".")
		cmd.Dir = t.TempDir()
		for _, name := range []string{"go.mod", "main.go"} {
			data, err := os.ReadFile(filepath.Join(l.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(cmd.Dir, name), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for name, value := range shell {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		out, _ := cmd.CombinedOutput()
		if contacts.Swap(0) == 0 {
			t.Errorf("case %d proves nothing: go by itself contacts nobody: %s", i, out)
		}
	}
}

// TestFactsAreRemembered counts runs of go list.
func TestFactsAreRemembered(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	l.Go(l.Dir, map[string]string{"GOPROXY": "file://" + l.Proxy, "GOFLAGS": "-modcacherw"}, "mod", "download")
	w, c := countedWorld()
	var memory verify.FactMemory
	ask := func(want int, why string, shell, gopls map[string]string) []model.Said {
		t.Helper()
		c.runs = nil
		s := l.snapshot(w, true, map[model.EnvName]map[string]string{model.EnvShell: shell, model.EnvGopls: gopls})
		said := verify.Facts(t.Context(), w, s, &memory)
		if len(c.runs) != want {
			t.Errorf("%s: %d runs, want %d", why, len(c.runs), want)
		}
		if known, pending := verify.KnownFacts(w, s, &memory); pending != "" || fmt.Sprint(texts(known)) != texts(said) {
			t.Errorf("%s: afterwards %q is known and %q pending, want %q", why, texts(known), pending, texts(said))
		}
		return said
	}
	ask(1, "the first time, both environments alike", l.With(), l.With("TERM=dumb"))
	ask(0, "again", l.With(), l.With())
	ask(1, "gopls has another GOFLAGS", l.With(), l.With("GOFLAGS=-mod=vendor"))
	ask(0, "again", l.With(), l.With("GOFLAGS=-mod=vendor"))
	if err := os.Remove(filepath.Join(l.Dir, "go.sum")); err != nil {
		t.Fatal(err)
	}
	if said := ask(1, "go.sum is gone", l.With(), l.With()); len(said) == 0 {
		t.Errorf("what go says now was not asked")
	}
	if said := ask(0, "again", l.With(), l.With()); len(said) == 0 {
		t.Errorf("what go said was forgotten")
	}
	lib := filepath.Join(filepath.Dir(l.Dir), "lib", "go.mod")
	l.Write(filepath.Join(l.Dir, "go.mod"), "module example.com/app\n\ngo 1.24\n\nrequire example.com/greet v1.0.0\n\nreplace example.com/greet => ../lib\n")
	if said := ask(1, "a directory is missing", l.With(), l.With()); !strings.Contains(texts(said), "replacement directory ../lib does not exist") {
		t.Errorf("go says: %s", texts(said))
	}
	l.Write(lib, "module example.com/greet\n")
	if said := ask(1, "it is there", l.With(), l.With()); strings.Contains(texts(said), "replacement directory") {
		t.Errorf("go says: %s", texts(said))
	}
	l.Write(lib, "module example.com/greet\n\nfrobnicate\n")
	ask(1, "its go.mod is broken", l.With(), l.With())
}

// TestFactsOfTheUntrusted runs nothing.
func TestFactsOfTheUntrusted(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	w, c := countedWorld()
	s := l.snapshot(w, true, map[model.EnvName]map[string]string{model.EnvShell: l.With()})
	s.Trusted = false
	if said := verify.Facts(t.Context(), w, s, nil); said != nil || len(c.runs) != 0 {
		t.Errorf("%d texts, go list ran in %v", len(said), c.runs)
	}
}

// TestFactsOfNestedModules says in which of two modules something is wrong that
// go gives no position for.
func TestFactsOfNestedModules(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	l.Go(l.Dir, map[string]string{"GOPROXY": "file://" + l.Proxy, "GOFLAGS": "-modcacherw"}, "mod", "download")
	nested := filepath.Join(l.Dir, "nested", "go.mod")
	l.Write(nested, "module example.com/nested\n\ngo 1.24\n\nfrobnicate\n")
	said := l.facts(l.With())
	if len(said) != 1 || !strings.Contains(said[0].Text.Reveal(), "frobnicate") || said[0].Location == nil || said[0].Location.File != nested {
		t.Errorf("go says: %s, at %+v", texts(said), said)
	}
}

// TestFactsOfManyModules asks only about the nearest.
func TestFactsOfManyModules(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	for i := range 30 {
		dir := filepath.Join(l.Dir, fmt.Sprintf("m%d", i))
		l.Write(filepath.Join(dir, "go.mod"), fmt.Sprintf("module example.com/m%d\n\ngo 1.24\n", i))
	}
	w, c := countedWorld()
	s := l.snapshot(w, true, map[model.EnvName]map[string]string{model.EnvShell: l.With()})
	if len(s.Modules) < 10 {
		t.Fatalf("only %d modules in reach", len(s.Modules))
	}
	verify.Facts(t.Context(), w, s, nil)
	if n := len(c.runs); n == 0 || n > 8 {
		t.Errorf("%d runs of go list", n)
	}
}

// TestFactsOfAWorkspace takes one run for all its modules, and says of each
// what is wrong in it.
func TestFactsOfAWorkspace(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	l.Go(l.Dir, map[string]string{"GOPROXY": "file://" + l.Proxy, "GOFLAGS": "-modcacherw"}, "mod", "download")
	l.files(
		"go.work", "go 1.24\n\nuse (\n\t.\n\t./a\n\t./b\n)\n",
		"a/go.mod", "module example.com/a\n\ngo 1.24\n", "a/a.go", "package a\n\nimport _ \"example.com/nowhere\"\n",
		"b/go.mod", "module example.com/b\n\ngo 1.24\n", "b/one.go", "package one\n", "b/two.go", "package two\n",
		"apart/go.mod", "module example.com/apart\n\ngo 1.24\n", "apart/apart.go", "package apart\n",
	)
	w, c := countedWorld()
	s := l.snapshot(w, true, map[model.EnvName]map[string]string{model.EnvShell: l.With()})
	said := verify.Facts(t.Context(), w, s, nil)
	if len(c.runs) != 2 { // the workspace, and the module that is not in it
		t.Errorf("go list ran in %v", c.runs)
	}
	places := map[string]string{}
	for _, s := range said {
		if s.Location == nil {
			t.Errorf("no place: %s", s.Text.Reveal())
			continue
		}
		rel, _ := filepath.Rel(l.Dir, s.Location.File)
		places[filepath.ToSlash(rel)] = s.Text.Reveal()
	}
	for file, text := range map[string]string{
		"a/a.go": "example.com/nowhere", "b/go.mod": "found packages one (one.go) and two (two.go)", "apart/go.mod": "does not contain modules listed in go.work",
	} {
		if !strings.Contains(places[file], text) {
			t.Errorf("%s: %q, want %q of all %q", file, places[file], text, places)
		}
	}
}
