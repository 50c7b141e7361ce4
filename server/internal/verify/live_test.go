package verify_test

import (
	"archive/zip"
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/observe"
	"github.com/gophantom/gophantom/server/internal/verify"
	"github.com/gophantom/gophantom/server/internal/world"
)

// lab is a machine of its own below a temporary directory: a home, a file
// proxy that serves example.com/greet, and a module that imports it.
type lab struct {
	t           *testing.T
	home, ws    string
	proxy, file string // file is main.go
	env         map[string]string
}

func newLab(t *testing.T) *lab {
	t.Helper()
	root := t.TempDir()
	l := &lab{t: t, home: filepath.Join(root, "home"), ws: filepath.Join(root, "ws"), proxy: filepath.Join(root, "proxy")}
	l.file = filepath.Join(l.ws, "main.go")
	gocache := t.TempDir()
	l.env = map[string]string{"HOME": l.home, "PATH": os.Getenv("PATH"), "GOCACHE": gocache, "GOTOOLCHAIN": "local", "GOSUMDB": "off"}
	l.serve("example.com/greet", "v1.0.0", "package greet\n\nfunc Hello() string { return \"hello\" }\n")
	l.write(filepath.Join(l.ws, "go.mod"), "module example.com/app\n\ngo 1.24\n\nrequire example.com/greet v1.0.0\n")
	l.write(l.file, "package main\n\nimport \"example.com/greet\"\n\nfunc main() { println(greet.Hello()) }\n")
	// go.sum, made by go itself with a module cache that is then thrown away.
	l.goRun(l.ws, map[string]string{"GOPROXY": "file://" + l.proxy, "GOMODCACHE": t.TempDir(), "GOFLAGS": "-mod=mod -modcacherw"}, "list", "-deps", ".")
	t.Cleanup(func() { l.goRun(l.ws, nil, "clean", "-modcache") })
	return l
}

func (l *lab) write(file, text string) {
	l.t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		l.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		l.t.Fatal(err)
	}
}

// serve puts a module of one package into the file proxy.
func (l *lab) serve(path, version, source string) {
	l.t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	mod := "module " + path + "\n\ngo 1.24\n"
	for name, text := range map[string]string{"go.mod": mod, filepath.Base(path) + ".go": source} {
		f, err := z.Create(path + "@" + version + "/" + name)
		if err != nil {
			l.t.Fatal(err)
		}
		_, _ = f.Write([]byte(text))
	}
	if err := z.Close(); err != nil {
		l.t.Fatal(err)
	}
	base := filepath.Join(l.proxy, path, "@v")
	l.write(filepath.Join(base, "list"), version+"\n")
	l.write(filepath.Join(base, version+".info"), `{"Version":"`+version+`"}`)
	l.write(filepath.Join(base, version+".mod"), mod)
	l.write(filepath.Join(base, version+".zip"), buf.String())
}

// goRun runs the real go command.
func (l *lab) goRun(dir string, extra map[string]string, args ...string) {
	l.t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	for _, vars := range []map[string]string{l.env, extra} {
		for k, v := range vars {
			cmd.Env = append(cmd.Env, k+"="+v)
		}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		l.t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// with returns the lab's environment with more variables.
func (l *lab) with(pairs ...string) map[string]string {
	out := map[string]string{}
	for k, v := range l.env {
		out[k] = v
	}
	for _, p := range pairs {
		k, v, _ := strings.Cut(p, "=")
		out[k] = v
	}
	return out
}

func (l *lab) problem(file, path string) model.Problem {
	return model.Problem{
		Location: model.Location{File: file}, Severity: 1, Source: "compiler", Code: "BrokenImport",
		Message: "could not import " + path + " (no required module provides package \"" + path + "\")",
	}
}

// judge takes a snapshot with two captured environments and judges problems.
func (l *lab) judge(gopls, shell map[string]string, dirty []string, problems ...model.Problem) []model.Verdict {
	l.t.Helper()
	w := world.Real()
	before := l.tree()
	s := observe.Take(l.t.Context(), w, observe.Input{
		Number: 1, Reason: "test", Dir: l.ws, Trusted: true, Problems: problems, Dirty: dirty,
		Captured: map[model.EnvName]map[string]string{model.EnvGopls: gopls, model.EnvShell: shell},
	})
	verdicts := verify.Judge(l.t.Context(), w, s)
	if after := l.tree(); before != after {
		l.t.Errorf("judging changed files of the workspace or the module cache:\n%s\nafter:\n%s", before, after)
	}
	for _, v := range verdicts {
		l.t.Logf("%s %s guilty=%d: %s | %s", v.Kind, v.Cause, len(v.Guilty), v.Why, v.TrueReason.Reveal())
	}
	return verdicts
}

// tree lists the files that judging must leave alone, with their content.
func (l *lab) tree() string {
	var b strings.Builder
	for _, dir := range []string{l.ws, filepath.Join(l.home, "go", "pkg", "mod", "cache", "download", "example.com")} {
		_ = filepath.WalkDir(dir, func(file string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() && !strings.HasSuffix(file, ".lock") {
				data, _ := os.ReadFile(file)
				b.WriteString(file + "\n" + string(data) + "\n")
			}
			return nil
		})
	}
	return b.String()
}

func expect(t *testing.T, v model.Verdict, kind model.VerdictKind, cause model.Cause, guilty ...string) {
	t.Helper()
	var names []string
	for _, g := range v.Guilty {
		names = append(names, g.Variable)
	}
	if v.Kind != kind || v.Cause != cause || !slices.Equal(names, guilty) {
		t.Errorf("verdict %s, cause %q, guilty %v (%s); want %s, %q, %v", v.Kind, v.Cause, names, v.Why, kind, cause, guilty)
	}
}

func TestMaskedProxyIsAPhantom(t *testing.T) {
	l := newLab(t)
	l.write(filepath.Join(l.home, ".config", "go", "env"), "GOPROXY=file://"+l.proxy+"\n")
	v := l.judge(l.with("GOPROXY=off"), l.with(), nil, l.problem(l.file, "example.com/greet"))[0]
	expect(t, v, model.Phantom, model.CauseEnv, "GOPROXY")
	if !strings.Contains(v.TrueReason.Reveal(), "module lookup disabled by GOPROXY=off") {
		t.Errorf("the true reason is %q", v.TrueReason.Reveal())
	}
}

func TestSameBrokenProxyOnBothSidesIsReal(t *testing.T) {
	l := newLab(t)
	v := l.judge(l.with("GOPROXY=off"), l.with("GOPROXY=off"), nil, l.problem(l.file, "example.com/greet"))[0]
	expect(t, v, model.Real, "")
}

func TestMissingRequirementIsReal(t *testing.T) {
	l := newLab(t)
	l.write(l.file, "package main\n\nimport \"example.com/other\"\n\nfunc main() { other.Hello() }\n")
	v := l.judge(l.with("GOPROXY=off"), l.with("GOPROXY=file://"+l.proxy), nil, l.problem(l.file, "example.com/other"))[0]
	expect(t, v, model.Real, "")
}

func TestCachedModuleIsStale(t *testing.T) {
	l := newLab(t)
	l.goRun(l.ws, map[string]string{"GOPROXY": "file://" + l.proxy, "GOFLAGS": "-modcacherw"}, "mod", "download")
	v := l.judge(l.with("GOPROXY=off"), l.with("GOPROXY=file://"+l.proxy), nil, l.problem(l.file, "example.com/greet"))[0]
	expect(t, v, model.Phantom, model.CauseStale)
}

func TestSecondBrokenImportIsNotAPhantom(t *testing.T) {
	l := newLab(t)
	l.write(l.file, "package main\n\nimport (\n\t\"example.com/greet\"\n\t\"example.com/other\"\n)\n\nfunc main() { greet.Hello(); other.Hello() }\n")
	for _, v := range l.judge(l.with("GOPROXY=off"), l.with("GOPROXY=file://"+l.proxy), nil, l.problem(l.file, "example.com/greet"), l.problem(l.file, "example.com/other")) {
		if v.Kind == model.Phantom {
			t.Errorf("%q is called a phantom although the package does not build", v.Problem.Message)
		}
	}
}

func TestUnsavedDocumentIsNeverAPhantom(t *testing.T) {
	l := newLab(t)
	for _, dirty := range []string{l.file, filepath.Join(l.ws, "go.mod"), filepath.Join(l.ws, "sub", "x.go")} {
		v := l.judge(l.with("GOPROXY=off"), l.with("GOPROXY=file://"+l.proxy), []string{dirty}, l.problem(l.file, "example.com/greet"))[0]
		expect(t, v, model.Unknown, "")
		if !strings.Contains(v.Why, filepath.Base(dirty)) {
			t.Errorf("the reason does not name %s: %s", filepath.Base(dirty), v.Why)
		}
	}
}

func TestNothingIsDownloaded(t *testing.T) {
	l := newLab(t)
	var contacts atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		contacts.Add(1)
		http.FileServer(http.Dir(l.proxy)).ServeHTTP(w, r)
	}))
	defer srv.Close()
	for _, shell := range []map[string]string{
		l.with("GOPROXY=" + srv.URL),
		l.with("GOPROXY=" + srv.URL + "|file://" + l.proxy),
		l.with("GOPROXY=file://"+l.proxy, "GOPRIVATE=example.com"),
	} {
		v := l.judge(l.with("GOPROXY=off"), shell, nil, l.problem(l.file, "example.com/greet"))[0]
		expect(t, v, model.Unknown, "")
		if !strings.Contains(v.Why, "download") {
			t.Errorf("the reason does not speak of a download: %s", v.Why)
		}
	}
	if n := contacts.Load(); n != 0 {
		t.Errorf("the proxy was asked %d times", n)
	}
}

func TestWorkspaceModeWritesNothing(t *testing.T) {
	l := newLab(t)
	lib := filepath.Join(l.ws, "lib")
	l.write(filepath.Join(lib, "go.mod"), "module example.com/lib\n\ngo 1.24\n")
	l.write(filepath.Join(lib, "lib.go"), "package lib\n\nfunc F() {}\n")
	l.write(filepath.Join(l.ws, "app", "go.mod"), "module example.com/uses\n\ngo 1.24\n")
	file := filepath.Join(l.ws, "app", "main.go")
	l.write(file, "package main\n\nimport \"example.com/lib\"\n\nfunc main() { lib.F() }\n")
	l.write(filepath.Join(l.ws, "go.work"), "go 1.24\n\nuse (\n\t./app\n\t./lib\n)\n")
	v := l.judge(l.with("GOWORK=off"), l.with(), nil, l.problem(file, "example.com/lib"))[0]
	expect(t, v, model.Phantom, model.CauseEnv, "GOWORK")
}

func TestModModDoesNotWriteGoSum(t *testing.T) {
	l := newLab(t)
	l.goRun(l.ws, map[string]string{"GOPROXY": "file://" + l.proxy, "GOFLAGS": "-modcacherw"}, "mod", "download")
	if err := os.Remove(filepath.Join(l.ws, "go.sum")); err != nil {
		t.Fatal(err)
	}
	v := l.judge(l.with(), l.with("GOFLAGS=-mod=mod"), nil, l.problem(l.file, "example.com/greet"))[0]
	expect(t, v, model.Phantom, model.CauseEnv, "GOFLAGS")
	if !strings.Contains(v.TrueReason.Reveal(), "missing go.sum entry") {
		t.Errorf("the true reason is %q", v.TrueReason.Reveal())
	}
}

func TestModModNeverAsksTheChecksumDatabase(t *testing.T) {
	l := newLab(t)
	l.goRun(l.ws, map[string]string{"GOPROXY": "file://" + l.proxy, "GOFLAGS": "-modcacherw"}, "mod", "download")
	if err := os.Remove(filepath.Join(l.ws, "go.sum")); err != nil {
		t.Fatal(err)
	}
	var contacts atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { contacts.Add(1) }))
	defer srv.Close()
	shell := l.with("GOFLAGS=-mod=mod", "GOSUMDB=sum.golang.org "+srv.URL)
	v := l.judge(l.with(), shell, nil, l.problem(l.file, "example.com/greet"))[0]
	expect(t, v, model.Unknown, "")
	if n := contacts.Load(); n != 0 || !strings.Contains(v.Why, "checksum database") {
		t.Errorf("the checksum database was asked %d times; the reason is: %s", n, v.Why)
	}
}

func TestTwoVariablesTogetherAreGuilty(t *testing.T) {
	l := newLab(t)
	l.write(l.file, "//go:build never\n\npackage main\n")
	file := filepath.Join(l.ws, "tagged.go")
	l.write(file, "package main\n\nimport \"example.com/greet\"\n\nfunc main() { println(greet.Hello()) }\n")
	v := l.judge(l.with("GOPROXY=off", "GOFLAGS=-mod=vendor"), l.with("GOPROXY=file://"+l.proxy), nil, l.problem(file, "example.com/greet"))[0]
	expect(t, v, model.Phantom, model.CauseEnv, "GOFLAGS", "GOPROXY")
}

func TestUnknownShellIsUnknown(t *testing.T) {
	l := newLab(t)
	s := &model.Snapshot{
		Number: 1, Dir: l.ws, Trusted: true, Problems: []model.Problem{l.problem(l.file, "example.com/greet")},
		Envs: []model.Env{{Name: model.EnvShell, Why: "zsh did not answer"}},
	}
	v := verify.Judge(t.Context(), world.Real(), s)[0]
	if v.Kind != model.Unknown || !strings.Contains(v.Why, "zsh did not answer") {
		t.Errorf("verdict %s: %s", v.Kind, v.Why)
	}
}
