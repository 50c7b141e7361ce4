package verify_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// files writes files below the module's directory.
func (l lab) files(pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		l.Write(filepath.Join(l.Dir, pairs[i]), pairs[i+1])
	}
}

// download fills the module cache.
func (l lab) download() {
	l.t.Helper()
	l.Go(l.Dir, map[string]string{"GOPROXY": "file://" + l.Proxy, "GOFLAGS": "-modcacherw"}, "mod", "download")
}

// builds reports whether the go command builds and tests the package of a
// file, with nothing but the lab's file proxy to ask. Analyzers are no errors
// of a build.
func (l lab) builds(file string, vars map[string]string) bool {
	for _, args := range [][]string{{"build", "-o", os.DevNull, "."}, {"test", "-count=1", "-vet=off", "-run=^$", "."}} {
		cmd := exec.Command("go", args...)
		cmd.Dir = filepath.Dir(file)
		cmd.Env = []string{"GOPROXY=file://" + l.Proxy, "GOFLAGS=-modcacherw"}
		for k, v := range vars {
			if k == "GOFLAGS" {
				v += " -modcacherw"
			}
			cmd.Env = append(cmd.Env, k+"="+v)
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			l.t.Logf("go %s: %s", strings.Join(args, " "), out)
			return false
		}
	}
	return true
}

// workspace makes two modules in a go.work.
func (l lab) workspace() {
	l.files(
		"go.work", "go 1.24\n\nuse (\n\t./a\n\t./b\n)\n",
		"a/go.mod", "module example.com/a\n\ngo 1.24\n", "a/a.go", "package a\n\nimport \"example.com/b\"\n\nvar X = b.Y\n",
		"b/go.mod", "module example.com/b\n\ngo 1.24\n", "b/b.go", "package b\n\nvar Y = 1\n",
	)
}

const greeting = "package main\n\nimport \"example.com/greet\"\n\n"

// TestSituations judges situations of real workspaces. The go command itself
// vouches for the answer: nothing is a phantom that it does not build.
func TestSituations(t *testing.T) {
	none := func(lab) []string { return nil }
	vars := func(pairs ...string) func(lab) []string { return func(lab) []string { return pairs } }
	for _, c := range []struct {
		name         string
		prepare      func(lab)
		file, path   string // "" for main.go and example.com/greet
		gopls, shell func(lab) []string
		kind         model.VerdictKind
		cause        model.Cause
		guilty       string
		says         string // part of the reason or the true reason
	}{
		{
			name: "a type error in the same package", gopls: vars("GOFLAGS=-mod=vendor"), shell: none, kind: model.Unknown, says: "does not compile",
			prepare: func(l lab) { l.download(); l.files("main.go", greeting+"func main() { greet.Nobody() }\n") },
		},
		{
			name: "a syntax error in another file", gopls: none, shell: none, kind: model.Unknown, says: "does not compile",
			prepare: func(l lab) { l.download(); l.files("other.go", "package main\n\nfunc other() {\n") },
		},
		{
			name: "a type error in a test", gopls: none, shell: none, kind: model.Unknown, says: "does not compile",
			prepare: func(l lab) { l.download(); l.files("main_test.go", "package main\n\nvar _ = nobody\n") },
		},
		{
			name: "an imported package that does not compile", gopls: none, shell: none, path: "example.com/app/sub", kind: model.Real, says: "cannot use 7",
			prepare: func(l lab) {
				l.files("main.go", "package main\n\nimport \"example.com/app/sub\"\n\nfunc main() { println(sub.X) }\n", "sub/sub.go", "package sub\n\nvar X string = 7\n")
			},
		},
		{
			name: "an imported package whose embedded file is missing", gopls: none, shell: none, path: "example.com/app/sub", kind: model.Real, says: "no matching files",
			prepare: func(l lab) {
				l.files("main.go", "package main\n\nimport _ \"example.com/app/sub\"\n\nfunc main() {}\n", "sub/sub.go", "package sub\n\nimport _ \"embed\"\n\n//go:embed nothing.txt\nvar X string\n")
			},
		},
		{
			name: "an import only of a test", file: "main_test.go", gopls: vars("GOFLAGS=-mod=vendor"), shell: none, kind: model.Phantom, cause: model.CauseEnv, guilty: "GOFLAGS", says: "inconsistent vendoring",
			prepare: func(l lab) {
				l.download()
				l.files("main.go", "package main\n\nfunc main() {}\n", "main_test.go", greeting+"var _ = greet.Hello\n")
			},
		},
		{
			name: "a file that build constraints exclude", file: "tagged.go", gopls: none, shell: none, kind: model.Phantom, cause: model.CauseExcluded, says: "leaves the file out of the build in your shell too (//go:build never)",
			prepare: func(l lab) { l.download(); l.files("tagged.go", "//go:build never\n\n"+greeting) },
		},
		{
			name: "an internal package", path: "example.com/app/x/internal/y", gopls: vars("GOFLAGS=-mod=vendor"), shell: none, kind: model.Unknown, says: "internal package",
			prepare: func(l lab) {
				l.files("main.go", "package main\n\nimport _ \"example.com/app/x/internal/y\"\n\nfunc main() {}\n", "x/internal/y/y.go", "package y\n")
			},
		},
		{
			name: "an import cycle", file: "b/b.go", path: "example.com/app/c", gopls: none, shell: none, kind: model.Real, says: "import cycle",
			prepare: func(l lab) {
				l.files("b/b.go", "package b\n\nimport _ \"example.com/app/c\"\n", "c/c.go", "package c\n\nimport _ \"example.com/app/b\"\n")
			},
		},
		{
			name: "a replacement that is gone", path: "example.com/lib", gopls: none, shell: none, kind: model.Real, says: "does not exist",
			prepare: func(l lab) {
				l.files("go.mod", "module example.com/app\n\ngo 1.24\n\nrequire example.com/lib v0.0.0\n\nreplace example.com/lib => ../lib\n", "main.go", "package main\n\nimport _ \"example.com/lib\"\n\nfunc main() {}\n")
			},
		},
		{
			name: "a package that this Go does not have", path: "slices2", gopls: none, shell: none, kind: model.Real, says: "is not in std",
			prepare: func(l lab) {
				l.download()
				l.files("main.go", "package main\n\nimport _ \"slices2\"\n\nfunc main() {}\n")
			},
		},
		{
			name: "a newer toolchain that would have to be downloaded", gopls: none, shell: vars("GOTOOLCHAIN=auto"), kind: model.Unknown, says: "download",
			prepare: func(l lab) {
				l.download()
				l.files("go.mod", "module example.com/app\n\ngo 1.99.0\n\nrequire example.com/greet v1.0.0\n")
			},
		},
		{
			name: "quotes around -mod=mod", gopls: none, shell: vars(`GOFLAGS="-mod=mod"`), kind: model.Phantom, cause: model.CauseEnv, guilty: "GOFLAGS", says: "missing go.sum entry",
			prepare: func(l lab) { l.download(); _ = os.Remove(filepath.Join(l.Dir, "go.sum")) },
		},
		{
			name: "-mod=mod in a module two levels down", file: "x/y/y.go", gopls: none, shell: vars("GOFLAGS=-mod=mod"), kind: model.Phantom, cause: model.CauseEnv, guilty: "GOFLAGS", says: "missing go.sum entry",
			prepare: func(l lab) {
				l.download()
				l.files("go.mod", "module example.com/app\n\ngo 1.24\n", "main.go", "package main\n\nfunc main() {}\n",
					"x/y/go.mod", "module example.com/y\n\ngo 1.24\n\nrequire example.com/greet v1.0.0\n", "x/y/y.go", "package y\n\nimport \"example.com/greet\"\n\nvar X = greet.Hello()\n")
			},
		},
		{
			name: "a module two levels down that lacks what the outer one requires", file: "x/y/y.go", gopls: none, shell: vars("GOFLAGS=-mod=mod", "GOPROXY=off"), kind: model.Real, says: "disabled by GOPROXY=off",
			prepare: func(l lab) {
				l.download()
				l.files("x/y/go.mod", "module example.com/y\n\ngo 1.24\n", "x/y/y.go", "package y\n\nimport \"example.com/greet\"\n\nvar X = greet.Hello()\n")
			},
		},
		{
			name: "absolute directories in a go.work elsewhere", file: "a/a.go", path: "example.com/b", gopls: none, kind: model.Phantom, cause: model.CauseEnv, guilty: "GOWORK", says: "no required module",
			shell: func(l lab) []string { return []string{"GOWORK=" + filepath.Join(l.Home, "go.work")} },
			prepare: func(l lab) {
				l.workspace()
				_ = os.Remove(filepath.Join(l.Dir, "go.work"))
				l.Write(filepath.Join(l.Home, "go.work"), "go 1.24\n\nuse (\n\t"+filepath.Join(l.Dir, "a")+"\n\t"+filepath.Join(l.Dir, "b")+"\n)\n")
			},
		},
		{
			name: "gopls in the workspace and the shell outside", file: "a/a.go", path: "example.com/b", gopls: none, shell: vars("GOWORK=off"), kind: model.Real, says: "no required module",
			prepare: lab.workspace,
		},
		{
			name: "a vendored workspace", file: "a/a.go", path: "example.com/greet", gopls: vars("GOWORK=off", "GOPROXY=off"), shell: vars("GOPROXY=off"), kind: model.Phantom, cause: model.CauseEnv, guilty: "GOWORK",
			prepare: func(l lab) {
				l.files("go.work", "go 1.24\n\nuse ./a\n", "a/go.mod", "module example.com/a\n\ngo 1.24\n\nrequire example.com/greet v1.0.0\n", "a/a.go", "package a\n\nimport \"example.com/greet\"\n\nvar X = greet.Hello()\n")
				l.Go(l.Dir, map[string]string{"GOPROXY": "file://" + l.Proxy, "GOMODCACHE": l.t.TempDir(), "GOFLAGS": "-modcacherw"}, "work", "vendor")
			},
		},
		{
			name: "a packages driver", gopls: vars("GOPACKAGESDRIVER=bazel-driver"), shell: none, kind: model.Phantom, cause: model.CauseEnv, guilty: "GOPACKAGESDRIVER", says: "packages driver",
			prepare: lab.download,
		},
		{
			name: "a module cache whose path would be two entries of GOPROXY", kind: model.Phantom, cause: model.CauseEnv, guilty: "GOPROXY", says: "disabled by GOPROXY=off",
			gopls: func(l lab) []string {
				return []string{"GOPROXY=off", "GOMODCACHE=" + filepath.Join(l.Home, "cache,direct|off 100%")}
			},
			shell: func(l lab) []string {
				return []string{"GOPROXY=file://" + l.Proxy, "GOMODCACHE=" + filepath.Join(l.Home, "cache,direct|off 100%")}
			},
			prepare: func(l lab) {},
		},
		{
			name: "another GOENV file behind another configuration directory", gopls: none, kind: model.Phantom, cause: model.CauseEnv, guilty: "XDG_CONFIG_HOME", says: "disabled by GOPROXY=off",
			shell: func(l lab) []string { return []string{"XDG_CONFIG_HOME=" + filepath.Join(l.Home, "xdg")} },
			prepare: func(l lab) {
				l.Write(filepath.Join(l.Home, ".config", "go", "env"), "GOPROXY=off\n")
				l.Write(filepath.Join(l.Home, "xdg", "go", "env"), "GOPROXY=file://"+l.Proxy+"\n")
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := lab{worldtest.NewLab(t), t}
			c.prepare(l)
			file, path := filepath.Join(l.Dir, "main.go"), "example.com/greet"
			if c.file != "" {
				file = filepath.Join(l.Dir, c.file)
			}
			if c.path != "" {
				path = c.path
			}
			shell := l.With(c.shell(l)...)
			v := l.judge(l.With(c.gopls(l)...), shell, nil, l.problem(file, path))[0]
			var guilty []string
			if c.guilty != "" {
				guilty = []string{c.guilty}
			}
			expect(t, v, c.kind, c.cause, guilty...)
			if !strings.Contains(v.Why+"\n"+v.TrueReason.Reveal(), c.says) {
				t.Errorf("the verdict does not say %q: %s: %s", c.says, v.Why, v.TrueReason.Reveal())
			}
			if strings.Contains(v.TrueReason.Reveal(), "gophantom-") {
				t.Errorf("the true reason names a file of ours: %s", v.TrueReason.Reveal())
			}
			if v.Kind == model.Phantom && !l.builds(file, shell) {
				t.Error("go does not build it in the shell either")
			}
			if v.Kind == model.Real && l.builds(file, shell) {
				t.Error("go builds it in the shell")
			}
		})
	}
}
