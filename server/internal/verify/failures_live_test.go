package verify_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/verify"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// passes asks the judge: whether "go build" and "go vet" succeed.
func (l lab) passes(vars map[string]string) bool {
	l.t.Helper()
	for _, verb := range []string{"build", "vet"} {
		cmd := exec.Command(world.Real().LookPath(vars["PATH"], "go"), verb, "./...")
		cmd.Dir = l.Dir
		for name, value := range vars {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		if cmd.Run() != nil {
			return false
		}
	}
	return true
}

func (l lab) failures(shell map[string]string) []model.Verdict {
	l.t.Helper()
	w := world.Real()
	s := l.snapshot(w, true, map[model.EnvName]map[string]string{model.EnvShell: shell})
	found, why := verify.Failures(l.t.Context(), w, s, nil)
	if why != "" {
		l.t.Errorf("it is not known for: %s", why)
	}
	return found
}

// warm has the modules in the module cache.
func warm(t *testing.T) lab {
	l := lab{worldtest.NewLab(t), t}
	l.Go(l.Dir, map[string]string{"GOPROXY": "file://" + l.Proxy, "GOFLAGS": "-modcacherw"}, "mod", "download")
	return l
}

// TestFailuresAreThoseOfGo breaks a module in ways that only some of the verbs of go
// see; whatever fails is told, and nothing else.
func TestFailuresAreThoseOfGo(t *testing.T) {
	l := warm(t)
	for _, c := range []struct {
		name, file, text string
		more, with       string // another file
		vars             []string
		want             string // of the message; "" if it builds
	}{
		{name: "healthy"},
		{name: "a type error", file: "wrong.go", text: "package main\n\nvar n int = \"one\"\n", want: "cannot use"},
		{name: "a type error in a test", file: "wrong_test.go", text: "package main\n\nvar n int = \"one\"\n", want: "cannot use"},
		{name: "two packages in a directory", file: "other.go", text: "package other\n", want: "found packages"},
		{name: "a directory with tests only", file: "only/only_test.go", text: "package only\n\nimport \"testing\"\n\nfunc TestOnly(t *testing.T) {}\n"},
		{name: "a directory that no build has", file: "never/never.go", text: "//go:build never\n\npackage never\n"},
		{name: "in a file that the build leaves out", file: "wrong.go", text: "//go:build never\n\npackage main\n\nvar n int = \"one\"\n"},
		{name: "a package that imports one without files for this platform", file: "wrong.go", text: "package main\n\nimport _ \"example.com/app/never\"\n", more: "never/never.go", with: "//go:build never\n\npackage never\n", want: "build constraints exclude all Go files"},
		{name: "an unknown flag", vars: []string{"GOFLAGS=-fast"}, want: "unknown flag -fast"},
		{name: "a flag that vendors", vars: []string{"GOFLAGS=-mod=vendor"}, want: "inconsistent vendoring"},
		{name: "no directory for what is temporary", vars: []string{"GOTMPDIR=" + filepath.Join(l.Home, "nowhere")}, want: "creating work dir"},
		{name: "nobody's platform", vars: []string{"GOOS=plan10"}, want: "unsupported GOOS/GOARCH pair"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := l
			l.t = t
			if c.file != "" {
				l.Write(filepath.Join(l.Dir, c.file), c.text)
				defer os.RemoveAll(filepath.Join(l.Dir, strings.Split(c.file, "/")[0]))
			}
			if c.more != "" {
				l.Write(filepath.Join(l.Dir, c.more), c.with)
				defer os.RemoveAll(filepath.Join(l.Dir, strings.Split(c.more, "/")[0]))
			}
			shell := l.With(c.vars...)
			found := l.failures(shell)
			if builds := l.passes(shell); builds != (c.want == "") || builds != (len(found) == 0) {
				t.Fatalf("go builds it: %t; found: %+v", builds, found)
			}
			if c.want != "" && (found[0].Kind != model.Real || !strings.Contains(found[0].Problem.Message, c.want)) {
				t.Errorf("%s: %q, want %q", found[0].Kind, found[0].Problem.Message, c.want)
			}
		})
	}
}

// TestFailuresThatNobodyMayFindOut has modules that would have to be downloaded.
func TestFailuresThatNobodyMayFindOut(t *testing.T) {
	l := lab{worldtest.NewLab(t), t}
	for _, shell := range []map[string]string{
		l.With("GOPROXY=http://127.0.0.1:1"),
		l.With("GOPROXY=file:///nowhere,http://127.0.0.1:1"), // the file proxy is not all there is
	} {
		found := l.failures(shell)
		if len(found) != 1 || found[0].Kind != model.Unknown || found[0].Problem.Message != "could not import example.com/greet (its module is not downloaded)" {
			t.Errorf("with GOPROXY=%s: %+v, want one that is not known", shell["GOPROXY"], found)
		}
	}
	shell := l.With("GOPROXY=file:///nowhere")
	if found := l.failures(shell); l.passes(shell) || len(found) != 1 || found[0].Kind != model.Real {
		t.Errorf("with a file proxy alone, which is not there: %+v", found)
	}
	shell = l.With("GOPROXY=file://"+l.Proxy, "GOPRIVATE=other.example")
	if found := l.failures(shell); len(found) != 0 || !l.passes(shell) {
		t.Errorf("with a file proxy that has it: %+v", found)
	}
}

// TestFailuresWithTheEnvironmentOfGopls has nobody who shows problems.
func TestFailuresWithTheEnvironmentOfGopls(t *testing.T) {
	l := warm(t)
	w := world.Real()
	find := func(gopls map[string]string) []model.Verdict {
		s := l.snapshot(w, true, map[model.EnvName]map[string]string{model.EnvShell: l.With(), model.EnvGopls: gopls})
		found, _ := verify.Failures(t.Context(), w, s, nil)
		return found
	}
	found := find(l.With("GOFLAGS=-mod=vendor", "GOBIN="+l.Home))
	if len(found) != 1 || found[0].Kind != model.Phantom || len(found[0].Guilty) != 1 || found[0].Guilty[0].Variable != "GOFLAGS" {
		t.Errorf("with -mod=vendor: %+v", found)
	}
	if found := find(l.With("GOBIN="+l.Home, "GOFLAGS=-trimpath")); len(found) != 0 {
		t.Errorf("with what makes no difference: %+v", found)
	}
}

func value(text string) *model.Value {
	v := model.NewValue(text)
	return &v
}

// TestEarlier puts back what variables were. The go command says whether that helps.
func TestEarlier(t *testing.T) {
	l := warm(t)
	l.Write(filepath.Join(l.Dir, "pro.go"), "//go:build pro\n\npackage main\n\nfunc plan() string { return \"pro\" }\n")
	l.Write(filepath.Join(l.Dir, "use.go"), "package main\n\nvar _ = plan()\n")
	const bin = "/usr/bin"
	for _, c := range []struct {
		name  string
		now   []string
		goenv string // the GOENV file, as it is now
		was   map[string]*model.Value
		code  string // that is wrong whatever the variables are
		want  []string
	}{
		{name: "another tag", now: []string{"GOFLAGS=-tags=por", "GOBIN=" + bin}, was: map[string]*model.Value{"GOFLAGS": value("-tags=pro"), "GOBIN": nil}, want: []string{"GOFLAGS"}},
		{name: "a flag that was not there", now: []string{"GOFLAGS=-tags=pro", "GOTMPDIR=/nowhere"}, was: map[string]*model.Value{"GOTMPDIR": nil}, want: []string{"GOTMPDIR"}},
		{name: "of the GOENV file", goenv: "GOOS=plan10\nGOFLAGS=-tags=pro\n", was: map[string]*model.Value{"GOOS": nil, "GOPRIVATE": value("corp.example")}, want: []string{"GOOS"}},
		{name: "the GOENV file is not masked any more", now: []string{"GOFLAGS=-v"}, goenv: "GOFLAGS=-tags=pro\n", was: map[string]*model.Value{"GOFLAGS": value("-tags=pro")}, want: []string{"GOFLAGS"}},
		{name: "two at once", now: []string{"GOFLAGS=-fast", "GOOS=plan10"}, was: map[string]*model.Value{"GOFLAGS": value("-tags=pro"), "GOOS": nil}, want: []string{"GOFLAGS", "GOOS"}},
		{name: "the code is wrong", now: []string{"GOFLAGS=-tags=pro", "GOBIN=" + bin}, code: "package main\n\nvar n int = \"one\"\n", was: map[string]*model.Value{"GOBIN": nil, "GOFLAGS": value("-tags=pro,more")}},
		{name: "nothing changed that matters", now: []string{"GOFLAGS=-tags=por", "GOBIN=" + bin}, was: map[string]*model.Value{"GOBIN": nil}},
		{name: "nothing changed", now: []string{"GOFLAGS=-tags=por"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := l
			l.t = t
			goenv := filepath.Join(l.Home, "goenv")
			l.Write(goenv, c.goenv)
			if c.code != "" {
				l.Write(filepath.Join(l.Dir, "wrong.go"), c.code)
				defer os.Remove(filepath.Join(l.Dir, "wrong.go"))
			}
			now := l.With(append(c.now, "GOENV="+goenv)...)
			if l.passes(now) {
				t.Fatal("go builds it")
			}
			w := world.Real()
			s := l.snapshot(w, true, map[model.EnvName]map[string]string{model.EnvShell: now})
			found, why := verify.Failures(t.Context(), w, s, nil)
			if len(found) == 0 {
				t.Fatalf("nothing fails (%s)", why)
			}
			verify.Earlier(t.Context(), w, s, nil, model.Past{Variables: c.was}, found)
			for _, v := range found {
				var names []string
				for _, g := range v.Earlier {
					names = append(names, g.Variable)
				}
				slices.Sort(names)
				if !slices.Equal(names, c.want) {
					t.Errorf("%s: %v, want %v", v.Problem.Message, names, c.want)
				}
			}
		})
	}
}

// TestEarlierLines puts back what lines of go.mod and go.work were. The go command says
// that it fails today, and that it succeeds with the files as they were.
func TestEarlierLines(t *testing.T) {
	const mod = "module example.com/app\n\ngo 1.24\n\nrequire example.com/greet v1.0.0\n"
	type files map[string]string // by path from the workspace folder; "" for none
	of := func(kind, name, file, of, was, now string) model.PastLine {
		l := model.PastLine{Kind: kind, Name: name, File: file, Of: of, Was: was, Now: now}
		if now != "" {
			l.Line = 1
		}
		return l
	}
	for _, c := range []struct {
		name     string
		was, now files
		lines    []model.PastLine // with the paths of files from the workspace folder, and "extra" of what breaks nothing
		want     []string         // labels
		vain     bool             // nothing helps
	}{
		{
			name: "replaced by what is not there", was: files{"go.mod": mod}, now: files{"go.mod": mod + "\nreplace example.com/greet => ../nowhere\n"},
			lines: []model.PastLine{of("replace", "go.mod example.com/greet", "go.mod", "example.com/greet", "", "../nowhere")},
			want:  []string{"replace example.com/greet (go.mod)"},
		},
		{
			name: "a version that nobody knows", was: files{"go.mod": mod}, now: files{"go.mod": strings.Replace(mod, "v1.0.0", "v1.9.0", 1)},
			lines: []model.PastLine{of("require", "go.mod example.com/greet", "go.mod", "example.com/greet", "v1.0.0", "v1.9.0")},
			want:  []string{"require example.com/greet (go.mod)"},
		},
		{
			name: "excluded", was: files{"go.mod": mod}, now: files{"go.mod": mod + "\nexclude example.com/greet v1.0.0\n"},
			lines: []model.PastLine{of("exclude", "go.mod example.com/greet v1.0.0", "go.mod", "example.com/greet v1.0.0", "", "yes")},
			want:  []string{"exclude example.com/greet v1.0.0 (go.mod)"},
		},
		{
			name: "a Go of the future", was: files{"go.mod": mod}, now: files{"go.mod": strings.Replace(mod, "go 1.24", "go 1.99", 1)},
			lines: []model.PastLine{of("go line", "go.mod", "go.mod", "", "1.24", "1.99")},
			want:  []string{"go (go.mod)"},
		},
		{
			name: "a Go without generics", was: files{"go.mod": mod, "g.go": "package main\n\nfunc id[T any](t T) T { return t }\n\nvar _ = id(1)\n"}, now: files{"go.mod": strings.Replace(mod, "go 1.24", "go 1.17", 1)},
			lines: []model.PastLine{of("go line", "go.mod", "go.mod", "", "1.24", "1.17")},
			want:  []string{"go (go.mod)"},
		},
		{
			name: "another path", was: files{"go.mod": mod, "in/in.go": "package in\n", "use.go": "package main\n\nimport _ \"example.com/app/in\"\n"}, now: files{"go.mod": strings.Replace(mod, "/app", "/application", 1)},
			lines: []model.PastLine{of("module", "go.mod", "go.mod", "", "example.com/app", "example.com/application")},
			want:  []string{"module (go.mod)"},
		},
		{
			name: "a replacement is dropped", was: files{"go.mod": mod + "\nrequire example.com/near v0.0.0\n\nreplace example.com/near => ./near\n", "near/go.mod": "module example.com/near\n", "near/near.go": "package near\n", "use.go": "package main\n\nimport _ \"example.com/near\"\n"},
			now:   files{"go.mod": mod},
			lines: []model.PastLine{of("require", "go.mod example.com/near", "go.mod", "example.com/near", "v0.0.0", ""), of("replace", "go.mod example.com/near", "go.mod", "example.com/near", "./near", "")},
			want:  []string{"replace example.com/near (go.mod)", "require example.com/near (go.mod)"},
		},
		{
			name: "a replacement wants a newer Go", was: files{"go.mod": mod + "\nrequire example.com/near v0.0.0\n\nreplace example.com/near => ./near\n", "near/go.mod": "module example.com/near\n\ngo 1.20\n", "near/near.go": "package near\n", "use.go": "package main\n\nimport _ \"example.com/near\"\n"},
			now:   files{"near/go.mod": "module example.com/near\n\ngo 1.99\n"},
			lines: []model.PastLine{of("go.mod", "near/go.mod example.com/near", "near/go.mod", "example.com/near", "go 1.20", "go 1.99")},
			want:  []string{"go.mod example.com/near (near/go.mod)"},
		},
		{
			name: "a module of its own comes", was: files{"go.mod": mod, "in/in.go": "package in\n", "use.go": "package main\n\nimport _ \"example.com/app/in\"\n"}, now: files{"in/go.mod": "module example.com/in\n"},
			lines: []model.PastLine{of("module", "in/go.mod", "in/go.mod", "", "", "example.com/in")},
			want:  []string{"module (in/go.mod)"},
		},
		{
			name: "a go.work comes", was: files{"go.mod": mod}, now: files{"go.work": "go 1.24\n\nuse ./other\n", "other/go.mod": "module example.com/other\n", "other/other.go": "package other\n"},
			lines: []model.PastLine{of("go.work", "go.work", "go.work", "", "", "go.work"), of("use", "other", "go.work", "other", "", "yes"), of("module", "other/go.mod", "other/go.mod", "", "", "example.com/other")},
			want:  []string{"go.work"},
		},
		{
			name: "a go.work goes", was: files{"go.mod": mod, "near/go.mod": "module example.com/near\n", "near/near.go": "package near\n", "use.go": "package main\n\nimport _ \"example.com/near\"\n", "go.work": "go 1.24\n\nuse (\n\t.\n\t./near\n)\n"},
			now:   files{"go.work": ""},
			lines: []model.PastLine{of("go.work", "go.work", "go.work", "", "go.work", ""), of("go line", "go.work", "go.work", "", "1.24", ""), of("use", ".", "go.work", ".", "yes", ""), of("use", "near", "go.work", "near", "yes", "")},
			want:  []string{"go.work"},
		},
		{
			name: "a directory is not used any more", was: files{"go.mod": mod, "near/go.mod": "module example.com/near\n", "near/near.go": "package near\n", "use.go": "package main\n\nimport _ \"example.com/near\"\n", "go.work": "go 1.24\n\nuse (\n\t.\n\t./near\n)\n"},
			now:   files{"go.work": "go 1.24\n\nuse .\n"},
			lines: []model.PastLine{of("use", "near", "go.work", "near", "yes", "")},
			want:  []string{"use near (go.work)"},
		},
		{
			name: "a vendor directory comes", was: files{"go.mod": mod}, now: files{"vendor/modules.txt": ""},
			lines: []model.PastLine{of("vendor", "go.mod", "go.mod", "", "", "yes")},
			want:  []string{"vendor (go.mod)"},
		},
		{
			name: "go.mod is gone", was: files{"go.mod": mod}, now: files{"go.mod": ""},
			lines: []model.PastLine{of("module", "go.mod", "go.mod", "", "example.com/app", ""), of("go line", "go.mod", "go.mod", "", "1.24", ""), of("require", "go.mod example.com/greet", "go.mod", "example.com/greet", "v1.0.0", "")},
			want:  []string{"module (go.mod)"},
		},
		{
			name: "the code is wrong", was: files{"go.mod": mod}, now: files{"wrong.go": "package main\n\nvar n int = \"one\"\n", "go.mod": strings.Replace(mod, "go 1.24", "go 1.25", 1)},
			lines: []model.PastLine{of("go line", "go.mod", "go.mod", "", "1.24", "1.25")},
			vain:  true,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := warm(t)
			put := func(files files) {
				for name, text := range files {
					if file := filepath.Join(l.Dir, filepath.FromSlash(name)); text != "" || name == "vendor/modules.txt" {
						l.Write(file, text)
					} else if err := os.Remove(file); err != nil {
						t.Fatal(err)
					}
				}
			}
			shell := l.With()
			put(c.was)
			if !l.passes(shell) {
				t.Fatal("go fails with the files as they were")
			}
			put(c.now)
			if l.passes(shell) {
				t.Fatal("go succeeds with the files as they are")
			}
			var was model.Past
			for _, line := range c.lines {
				line.File = filepath.Join(l.Dir, filepath.FromSlash(line.File))
				if line.Kind == "use" {
					line.Of = filepath.Join(l.Dir, line.Of)
				}
				was.Lines = append(was.Lines, line)
			}
			harmless := model.PastLine{Kind: "godebug", Name: "go.mod httplaxcontentlength", File: filepath.Join(l.Dir, "go.mod"), Of: "httplaxcontentlength", Now: "yes", Line: 1}
			if _, gone := c.now["go.mod"]; !gone || c.now["go.mod"] != "" {
				was.Lines = append(was.Lines, harmless)
			}
			before := l.tree()
			w := world.Real()
			s := l.snapshot(w, true, map[model.EnvName]map[string]string{model.EnvShell: shell})
			found, why := verify.Failures(t.Context(), w, s, nil)
			if len(found) == 0 {
				t.Fatalf("nothing fails (%s)", why)
			}
			verify.Earlier(t.Context(), w, s, nil, was, found)
			var got []string
			for _, l := range found[0].Lines {
				got = append(got, l.Label())
			}
			slices.Sort(got)
			slices.Sort(c.want)
			blamed := slices.ContainsFunc(found[0].Vain.Lines, func(l model.PastLine) bool { return slices.Contains(got, l.Label()) })
			if !slices.Equal(got, c.want) || blamed || c.vain && len(found[0].Vain.Lines) == 0 {
				t.Errorf("%s: %q, want %q; in vain were %v", found[0].Problem.Message, got, c.want, found[0].Vain.Lines)
			}
			if after := l.tree(); before != after {
				t.Errorf("trying changed files:\n%s\nafter:\n%s", before, after)
			}
		})
	}
}

// TestWorkspaceWithALineTwice has a go.work that go refuses: we crashed at the first.
func TestWorkspaceWithALineTwice(t *testing.T) {
	for name, work := range map[string]string{
		"use":     "go 1.24\n\nuse (\n\t./a\n\t./b\n\t./a\n)\n",
		"replace": "go 1.24\n\nuse (\n\t./a\n\t./b\n)\n\nreplace example.com/x => ./a\n\nreplace example.com/x => ./b\n",
	} {
		l := lab{worldtest.NewLab(t), t}
		if err := os.Remove(filepath.Join(l.Dir, "go.mod")); err != nil {
			t.Fatal(err)
		}
		l.workspace()
		shell := l.With()
		if found := l.failures(shell); len(found) != 0 {
			t.Errorf("%s: of a healthy workspace: %+v", name, found)
		}
		l.Write(filepath.Join(l.Dir, "go.work"), work)
		found := l.failures(shell)
		cmd := exec.Command("go", "build", "./a", "./b")
		cmd.Dir = l.Dir
		for name, value := range shell {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		if out, err := cmd.CombinedOutput(); err == nil || len(found) == 0 {
			t.Errorf("%s: go says %q; found: %+v", name, out, found)
		}
	}
}
