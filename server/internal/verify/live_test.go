package verify_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/observe"
	"github.com/gophantom/gophantom/server/internal/verify"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// lab judges problems of a machine of its own.
type lab struct {
	*worldtest.Lab
	t *testing.T
}

func (l lab) problem(file, path string) model.Problem {
	return model.Problem{
		Location: model.Location{File: file}, Severity: 1, Source: "compiler", Code: "BrokenImport",
		Message: "could not import " + path + " (no required module provides package \"" + path + "\")",
	}
}

// judge takes a snapshot with two captured environments and judges problems.
func (l lab) judge(gopls, shell map[string]string, dirty []string, problems ...model.Problem) []model.Verdict {
	l.t.Helper()
	w := world.Real()
	before := l.tree()
	s := l.picture(w, gopls, shell, dirty, problems...)
	verdicts, tape := verify.Record(l.t.Context(), w, s, false, plain, func(s *model.Snapshot) *model.Snapshot { return s })
	if after := l.tree(); before != after {
		l.t.Errorf("judging changed files of the workspace or the module cache:\n%s\nafter:\n%s", before, after)
	}
	l.replays(s, tape, verdicts)
	for _, v := range verdicts {
		l.t.Logf("%s %s guilty=%d: %s | %s", v.Kind, v.Cause, len(v.Guilty), v.Why, v.TrueReason.Reveal())
	}
	return verdicts
}

// picture takes a snapshot with two captured environments.
func (l lab) picture(w *world.World, gopls, shell map[string]string, dirty []string, problems ...model.Problem) *model.Snapshot {
	return observe.Take(l.t.Context(), w, observe.Input{
		Number: 1, Reason: "test", Dir: l.Dir, Trusted: true, Problems: problems, Dirty: dirty,
		Captured: map[model.EnvName]map[string]string{model.EnvGopls: gopls, model.EnvShell: shell},
	})
}

// plain hides nothing.
func plain(_, text string) string { return text }

// replays demands that what was recorded leads to the same verdicts, in the same
// words, without a machine, and that it holds no more of sources than it says.
func (l lab) replays(s *model.Snapshot, tape *model.Tape, want []model.Verdict) {
	l.t.Helper()
	if tape == nil {
		l.t.Error("the verdicts cannot be replayed")
		return
	}
	said := func(verdicts []model.Verdict) (out []string) {
		for _, v := range verdicts {
			out = append(out, strings.Join([]string{string(v.Kind), string(v.Cause), v.Why, v.TrueReason.Reveal()}, " | "))
		}
		return out
	}
	if got := said(verify.Replay(l.t.Context(), s, tape, plain)); !slices.Equal(got, said(want)) {
		l.t.Errorf("replayed: %q, want %q", got, said(want))
	}
	for _, f := range tape.Files {
		if filepath.Ext(f.Path) == ".go" && strings.Contains(f.Content, "func main() {") && !slices.ContainsFunc(s.Problems, func(p model.Problem) bool { return p.File == f.Path && p.Range.Start.Line > 0 }) {
			l.t.Errorf("the body of a function of %s is recorded:\n%s", f.Path, f.Content)
		}
	}
}

// tree lists the files that judging must leave alone, with their content.
func (l lab) tree() string {
	var b strings.Builder
	for _, dir := range []string{l.Dir, filepath.Join(l.Home, "go", "pkg", "mod", "cache", "download", "example.com")} {
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
	l := lab{worldtest.NewLab(t), t}
	l.Write(filepath.Join(l.Home, ".config", "go", "env"), "GOPROXY=file://"+l.Proxy+"\n")
	v := l.judge(l.With("GOPROXY=off"), l.With(), nil, l.problem(l.File, "example.com/greet"))[0]
	expect(t, v, model.Phantom, model.CauseEnv, "GOPROXY")
	if !strings.Contains(v.TrueReason.Reveal(), "module lookup disabled by GOPROXY=off") {
		t.Errorf("the true reason is %q", v.TrueReason.Reveal())
	}
}

// TestPictureOlderThanItsFiles judges a picture that was taken just before the
// GOENV file was repaired: what go says of it must not be remembered for the
// next picture, which has the repaired file.
func TestPictureOlderThanItsFiles(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	goenv := filepath.Join(l.Home, ".config", "go", "env")
	w := world.Real()
	var memory verify.Memory
	judge := func(repair func()) model.Verdict {
		t.Helper()
		s := l.picture(w, l.With("GOPROXY=off"), l.With(), nil, l.problem(l.File, "example.com/greet"))
		repair()
		return verify.Judge(t.Context(), w, s, &memory)[0]
	}
	l.Write(goenv, "GOPROXY=off\n")
	judge(func() { l.Write(goenv, "GOPROXY=file://"+l.Proxy+"\n") })
	expect(t, judge(func() {}), model.Phantom, model.CauseEnv, "GOPROXY")
}

func TestSameBrokenProxyOnBothSidesIsReal(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	v := l.judge(l.With("GOPROXY=off"), l.With("GOPROXY=off"), nil, l.problem(l.File, "example.com/greet"))[0]
	expect(t, v, model.Real, "")
}

func TestMissingRequirementIsReal(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	l.Write(l.File, "package main\n\nimport \"example.com/other\"\n\nfunc main() { other.Hello() }\n")
	v := l.judge(l.With("GOPROXY=off"), l.With("GOPROXY=file://"+l.Proxy), nil, l.problem(l.File, "example.com/other"))[0]
	expect(t, v, model.Real, "")
}

func TestCachedModuleIsStale(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	l.Go(l.Dir, map[string]string{"GOPROXY": "file://" + l.Proxy, "GOFLAGS": "-modcacherw"}, "mod", "download")
	v := l.judge(l.With("GOPROXY=off"), l.With("GOPROXY=file://"+l.Proxy), nil, l.problem(l.File, "example.com/greet"))[0]
	expect(t, v, model.Phantom, model.CauseStale)
}

func TestSecondBrokenImportIsNotAPhantom(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	l.Write(l.File, "package main\n\nimport (\n\t\"example.com/greet\"\n\t\"example.com/other\"\n)\n\nfunc main() { greet.Hello(); other.Hello() }\n")
	for _, v := range l.judge(l.With("GOPROXY=off"), l.With("GOPROXY=file://"+l.Proxy), nil, l.problem(l.File, "example.com/greet"), l.problem(l.File, "example.com/other")) {
		if v.Kind == model.Phantom {
			t.Errorf("%q is called a phantom although the package does not build", v.Problem.Message)
		}
	}
}

func TestUnsavedDocumentIsNeverAPhantom(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	for _, dirty := range []string{l.File, filepath.Join(l.Dir, "go.mod"), filepath.Join(l.Dir, "sub", "x.go")} {
		v := l.judge(l.With("GOPROXY=off"), l.With("GOPROXY=file://"+l.Proxy), []string{dirty}, l.problem(l.File, "example.com/greet"))[0]
		expect(t, v, model.Unknown, "")
		if !strings.Contains(v.Why, filepath.Base(dirty)) {
			t.Errorf("the reason does not name %s: %s", filepath.Base(dirty), v.Why)
		}
	}
}

func TestUnsavedDocumentOfTheWorkspaceCounts(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	other := filepath.Join(l.Dir, "lib", "lib.go")
	l.Write(filepath.Join(l.Dir, "lib", "go.mod"), "module example.com/lib\n\ngo 1.24\n")
	l.Write(other, "package lib\n")
	judge := func() model.Verdict {
		return l.judge(l.With("GOPROXY=off"), l.With("GOPROXY=file://"+l.Proxy), []string{other}, l.problem(l.File, "example.com/greet"))[0]
	}
	expect(t, judge(), model.Phantom, model.CauseEnv, "GOPROXY")
	l.Write(filepath.Join(l.Dir, "go.work"), "go 1.24\n\nuse (\n\t.\n\t./lib\n)\n")
	expect(t, judge(), model.Unknown, "")
}

func TestNothingIsDownloaded(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	var contacts atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		contacts.Add(1)
		http.FileServer(http.Dir(l.Proxy)).ServeHTTP(w, r)
	}))
	defer srv.Close()
	for _, shell := range []map[string]string{
		l.With("GOPROXY=" + srv.URL),
		l.With("GOPROXY=" + srv.URL + "|file://" + l.Proxy),
		l.With("GOPROXY=file://"+l.Proxy, "GOPRIVATE=example.com"),
	} {
		v := l.judge(l.With("GOPROXY=off"), shell, nil, l.problem(l.File, "example.com/greet"))[0]
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
	l := lab{worldtest.NewLab(t), t}
	lib := filepath.Join(l.Dir, "lib")
	l.Write(filepath.Join(lib, "go.mod"), "module example.com/lib\n\ngo 1.24\n")
	l.Write(filepath.Join(lib, "lib.go"), "package lib\n\nfunc F() {}\n")
	l.Write(filepath.Join(l.Dir, "app", "go.mod"), "module example.com/uses\n\ngo 1.24\n")
	file := filepath.Join(l.Dir, "app", "main.go")
	l.Write(file, "package main\n\nimport \"example.com/lib\"\n\nfunc main() { lib.F() }\n")
	l.Write(filepath.Join(l.Dir, "go.work"), "go 1.24\n\nuse (\n\t./app\n\t./lib\n)\n")
	v := l.judge(l.With("GOWORK=off"), l.With(), nil, l.problem(file, "example.com/lib"))[0]
	expect(t, v, model.Phantom, model.CauseEnv, "GOWORK")
}

func TestModModDoesNotWriteGoSum(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	l.Go(l.Dir, map[string]string{"GOPROXY": "file://" + l.Proxy, "GOFLAGS": "-modcacherw"}, "mod", "download")
	if err := os.Remove(filepath.Join(l.Dir, "go.sum")); err != nil {
		t.Fatal(err)
	}
	v := l.judge(l.With(), l.With("GOFLAGS=-mod=mod"), nil, l.problem(l.File, "example.com/greet"))[0]
	expect(t, v, model.Phantom, model.CauseEnv, "GOFLAGS")
	if !strings.Contains(v.TrueReason.Reveal(), "missing go.sum entry") {
		t.Errorf("the true reason is %q", v.TrueReason.Reveal())
	}
}

func TestModModNeverAsksTheChecksumDatabase(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	l.Go(l.Dir, map[string]string{"GOPROXY": "file://" + l.Proxy, "GOFLAGS": "-modcacherw"}, "mod", "download")
	if err := os.Remove(filepath.Join(l.Dir, "go.sum")); err != nil {
		t.Fatal(err)
	}
	var contacts atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { contacts.Add(1) }))
	defer srv.Close()
	shell := l.With("GOFLAGS=-mod=mod", "GOSUMDB=sum.golang.org "+srv.URL)
	v := l.judge(l.With(), shell, nil, l.problem(l.File, "example.com/greet"))[0]
	expect(t, v, model.Unknown, "")
	if n := contacts.Load(); n != 0 || !strings.Contains(v.Why, "checksum database") {
		t.Errorf("the checksum database was asked %d times; the reason is: %s", n, v.Why)
	}
}

func TestTwoVariablesTogetherAreGuilty(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	l.Write(l.File, "//go:build never\n\npackage main\n")
	file := filepath.Join(l.Dir, "tagged.go")
	l.Write(file, "package main\n\nimport \"example.com/greet\"\n\nfunc main() { println(greet.Hello()) }\n")
	v := l.judge(l.With("GOPROXY=off", "GOFLAGS=-mod=vendor"), l.With("GOPROXY=file://"+l.Proxy), nil, l.problem(file, "example.com/greet"))[0]
	expect(t, v, model.Phantom, model.CauseEnv, "GOFLAGS", "GOPROXY")
}

func TestUnknownShellIsUnknown(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	s := &model.Snapshot{
		Number: 1, Dir: l.Dir, Trusted: true, Problems: []model.Problem{l.problem(l.File, "example.com/greet")},
		Envs: []model.Env{{Name: model.EnvShell, Why: "zsh did not answer"}},
	}
	v := verify.Judge(t.Context(), world.Real(), s, nil)[0]
	if v.Kind != model.Unknown || !strings.Contains(v.Why, "zsh did not answer") {
		t.Errorf("verdict %s: %s", v.Kind, v.Why)
	}
}
