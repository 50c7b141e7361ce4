package observe

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// TestSelectedToolchainLive lets the real go command select a toolchain under
// many values of GOTOOLCHAIN and lines of go.mod and go.work.
func TestSelectedToolchainLive(t *testing.T) {
	goBin, err := exec.LookPath("go")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("no go command on PATH: this test has no judge")
		}
		t.Skip("no go command on PATH: install Go from go.dev/dl")
	}
	root := t.TempDir()
	write := func(file, text string, mode os.FileMode) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	bin, ws := filepath.Join(root, "bin"), filepath.Join(root, "ws")
	if runtime.GOOS != "windows" {
		for _, name := range []string{"go1.99.0", "go1.98.1-corp"} { // toolchains on PATH
			write(filepath.Join(bin, name), "#!/bin/sh\necho go version "+name+" here\n", 0o755)
		}
	}
	goMods := map[string]string{
		"as old":             "go 1.21",
		"no go line":         "",
		"language version":   "go 1.97",
		"full version":       "go 1.99.0",
		"suggested":          "go 1.21\ntoolchain go1.99.0",
		"suggests less":      "go 1.99.0\ntoolchain go1.97.0",
		"default":            "go 1.21\ntoolchain default",
		"default, too new":   "go 1.99.0\ntoolchain default",
		"suffix":             "go 1.21\ntoolchain go1.98.1-corp",
		"comment, next file": "go 1.99.0 // soon\nsyntax of go1.99 {",
		"bad toolchain":      "go 1.21\ntoolchain 1.99.0",
	}
	refused := 0
	for _, gotoolchain := range []string{"", "auto", "path", "local", "local+auto", "local+path", "go1.99.0", "go1.20.1+path", "go1.99.0+auto", "go1.99.0+x", "local+x", "1.99.0", "latest", "go1.98.1-corp+auto"} {
		for name, text := range goMods {
			for _, work := range []string{"", "go 1.99.0\n", "off go 1.99.0\n"} {
				write(filepath.Join(ws, "go.mod"), "module example.com/app\n"+text+"\n", 0o644)
				_ = os.Remove(filepath.Join(ws, "go.work"))
				vars := map[string]string{
					"HOME": root, "PATH": bin + string(filepath.ListSeparator) + filepath.Dir(goBin), "GOPROXY": "file://" + filepath.ToSlash(root) + "/none", "GOSUMDB": "off",
					"GOTOOLCHAIN": gotoolchain, "GOCACHE": filepath.Join(root, "cache"), "GOENV": "off", "GOTELEMETRY": "off",
				}
				if off, is := strings.CutPrefix(work, "off "); is {
					vars["GOWORK"], work = "off", off
				}
				if work != "" {
					write(filepath.Join(ws, "go.work"), work, 0o644)
				}
				w := world.Real()
				w.Dir, w.Environ = ws, world.Environ(vars)
				s := Take(t.Context(), w, Input{Dir: ws, Trusted: true, Captured: map[model.EnvName]map[string]string{model.EnvShell: vars}})
				tool, _ := s.ToolchainOf(model.EnvShell)

				cmd := exec.Command(goBin, "version")
				cmd.Dir, cmd.Env = ws, w.Environ
				said, err := cmd.CombinedOutput()
				in := fmt.Sprintf("GOTOOLCHAIN=%q, %s, go.work %q GOWORK=%q", gotoolchain, name, work, vars["GOWORK"])
				words := strings.Fields(string(said))
				if refusal := strings.TrimSpace(strings.TrimPrefix(string(said), "go: ")); tool.Refusal != "" && refusal != tool.Refusal {
					t.Errorf("%s: we say that it is refused with %q, go says %q", in, tool.Refusal, refusal)
				}
				if err != nil && tool.Refusal == "" && !tool.Fetched {
					t.Errorf("%s: go stops with %s, and we expect no refusal", in, said)
				}
				switch {
				case err == nil && (len(words) < 3 || words[2] != tool.Selected):
					t.Errorf("%s: go runs as %s, we say %q (%s)", in, said, tool.Selected, tool.SelectedWhy)
				case err != nil && tool.Selected == "":
					refused++
					if !strings.Contains(string(said), "invalid") {
						t.Errorf("%s: we say it is refused (%s), go says %s", in, tool.SelectedWhy, said)
					}
				case err != nil && !slices.ContainsFunc(words, func(word string) bool { return strings.Trim(word, `":`) == tool.Selected }):
					t.Errorf("%s: go wants another than %q (%s): %s", in, tool.Selected, tool.SelectedWhy, said)
				case err != nil && !strings.Contains(tool.SelectedWhy, "; "):
					t.Errorf("%s: go cannot get %s, and we do not say so (%s): %s", in, tool.Selected, tool.SelectedWhy, said)
				case err == nil && strings.Contains(tool.SelectedWhy, "; "):
					t.Errorf("%s: go gets %s, but we say: %s", in, tool.Selected, tool.SelectedWhy)
				}
			}
		}
	}
	if refused == 0 {
		t.Error("go refused no value: the cases are not varied enough")
	}
}

// TestHostLive asks go for what it builds by default.
func TestHostLive(t *testing.T) {
	lab := worldtest.NewLab(t)
	w := world.Real()
	s := Take(t.Context(), w, Input{Dir: lab.Dir, Trusted: true, Captured: map[model.EnvName]map[string]string{model.EnvShell: lab.Env}})
	cmd := exec.Command("go", "env", "GOHOSTOS", "GOHOSTARCH", "GOVERSION")
	cmd.Env = world.Environ(lab.Env)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(string(out))
	tool, _ := s.ToolchainOf(model.EnvShell)
	if want := words[0] + "/" + words[1]; tool.Host != want || tool.Tool("go").Version != words[2] {
		t.Errorf("go %s builds for %s by itself; we say %s for %s", words[2], want, tool.Tool("go").Version, tool.Host)
	}
}

// TestTools finds programs where shells and the Go extension look for them.
func TestTools(t *testing.T) {
	for name, test := range map[string]struct {
		env  model.EnvName
		want []string
	}{
		"shell": {model.EnvShell, []string{
			"go /home/gopher/.local/share/mise/shims/go via PATH is /usr/bin/mise mise shim",
			"gopls /usr/bin/gopls via PATH is /usr/bin/gopls",
			"dlv /home/gopher/tools/bin/dlv via GOBIN is /home/gopher/tools/bin/dlv",
			"git /usr/bin/git via PATH is /opt/git/bin/git 2.51.0",
			"cc /opt/my gcc/bin/gcc via CC is /opt/my gcc/bin/gcc",
		}},
		"tools": {model.EnvTools, []string{
			"go /opt/shims/bin/go via PATH is /opt/shims/bin/go go1.26.8 asdf shim",
			"gopls /home/gopher/go/bin/gopls via GOPATH is /home/gopher/go/bin/gopls",
			"git /usr/bin/git via PATH is /opt/git/bin/git 2.51.0",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w, sc := worldtest.Load(t, "testdata/tools.txtar")
			memory := &Memory{}
			in := Input{Dir: "/home/gopher/ws", Trusted: true, Memory: memory, Captured: map[model.EnvName]map[string]string{test.env: sc.Envs[string(test.env)]}}
			s := Take(t.Context(), w, in)
			tc, _ := s.ToolchainOf(test.env)
			var got []string
			for _, tool := range tc.Tools {
				line := fmt.Sprintf("%s %s via %s is %s %s %s", tool.Name, tool.Path, tool.Via, tool.Target, tool.Version, tool.Manager)
				if tool.Shim {
					line += " shim"
				}
				got = append(got, strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(line, "  ", " "), "  ", " ")))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("found\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(test.want, "\n\t"))
			}

			asked := func() (n int) {
				for _, c := range sc.Commands() {
					if strings.HasSuffix(c.Path, "/git") {
						n++
					}
				}
				return n
			}
			if asked() != 1 {
				t.Fatalf("git was asked %d times, want once", asked())
			}
			Take(t.Context(), w, in)
			if asked() != 1 {
				t.Error("git was asked again although it is the same")
			}
			sc.Write("/opt/git/bin/git", []byte("another git\n"))
			Take(t.Context(), w, in)
			if asked() != 2 {
				t.Error("git was not asked again although it was replaced")
			}
			in.Trusted, in.Memory = false, nil
			before := len(sc.Commands())
			Take(t.Context(), w, in)
			if len(sc.Commands()) != before {
				t.Error("something ran in a workspace that is not trusted")
			}
		})
	}
}

// TestManager names version managers by the places they are known for.
func TestManager(t *testing.T) {
	for file, want := range map[string]string{
		"/home/u/.asdf/shims/go":                                        "asdf shim",
		"/home/u/.asdf/installs/golang/1.26.8/go/bin/go":                "asdf",
		"/home/u/.local/share/mise/installs/go/1.26.8/bin/go":           "mise",
		"/home/u/.goenv/shims/go":                                       "goenv shim",
		"/home/u/.goenv/versions/1.26.8/bin/go":                         "goenv",
		"/home/u/.gvm/gos/go1.26.8/bin/go":                              "gvm",
		"/home/u/.g/go/bin/go":                                          "g",
		"/home/u/sdk/go1.26.8/bin/go":                                   "golang.org/dl",
		"/home/u/go/pkg/mod/golang.org/toolchain@v0.0.1-go1.26.8/bin/x": "GOTOOLCHAIN",
		"/nix/store/abc-go-1.26.8/bin/go":                               "nix",
		"/snap/bin/go":                                                  "snap",
		"/opt/homebrew/bin/go":                                          "homebrew",
		"/usr/local/Cellar/go/1.26.8/libexec/bin/go":                    "homebrew",
		"/usr/local/go/bin/go":                                          "",
		"/home/u/premise/installs.d/go":                                 "",
	} {
		name, shim := manager(file, file)
		got := name
		if shim {
			got += " shim"
		}
		if got != want {
			t.Errorf("%s belongs to %q, want %q", file, got, want)
		}
	}
}
