package observe

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

func TestWatchList(t *testing.T) {
	s := inEditor(t, `-- ws/.git/HEAD --
ref: refs/heads/main
-- ws/go.work --
go 1.26
use ./a
-- ws/a/go.mod --
module example.com/a
-- root/usr/bin/git --
#!/bin/sh
-- home/.gitconfig --
[include]
	path = more
-- env/gopls --
HOME=/home/gopher
PATH=/usr/lib/go/bin:/usr/bin
-- proc/300 --
ppid 100
environ gopls
exe /home/gopher/go/bin/gopls
`, func(in *Input) {
		in.Dir = "/home/gopher/ws/a"
		in.Editor.Shell = answered()
		in.Editor.Env["NETRC"] = "/home/gopher/my.netrc"
	})
	files := WatchList(s, []SettingsScope{{Scope: "workspace", File: "/home/gopher/team.code-workspace"}})
	for _, want := range []string{
		"/home/gopher/team.code-workspace", "/home/gopher/ws/a/.vscode/settings.json", "/home/gopher/ws/a/.vscode/launch.json",
		"/home/gopher/ws/a/go.mod", "/home/gopher/ws/a/go.sum", "/home/gopher/ws/a/vendor/modules.txt", "/home/gopher/ws/go.mod",
		"/home/gopher/ws/go.work", "/home/gopher/ws/go.work.sum", "/home/gopher/ws/vendor/modules.txt",
		"/home/gopher/.config/go/env", "/usr/lib/go/go.env", "/usr/lib/go/bin/go", "/usr/lib/go/VERSION", "/home/gopher/go/bin/gopls",
		"/home/gopher/.zshrc", "/home/gopher/.zshenv",
		"/home/gopher/ws/a/.envrc", "/home/gopher/ws/mise.toml", "/home/gopher/ws/.mise.toml", "/home/gopher/ws/.tool-versions", "/home/gopher/ws/.go-version",
		"/home/gopher/ws/.git/HEAD", "/home/gopher/ws/.git/config",
		"/home/gopher/.netrc", "/home/gopher/my.netrc", "/home/gopher/.gitconfig", "/home/gopher/more", "/home/gopher/.config/git/config", "/home/gopher/.ssh/config",
	} {
		if !slices.Contains(files, want) {
			t.Errorf("%s is not watched", want)
		}
	}
	for _, file := range files {
		if strings.HasPrefix(file, "/home/gopher/.envrc") || !strings.HasPrefix(file, "/") {
			t.Errorf("%s is watched", file)
		}
	}
	if twice := slices.Sorted(slices.Values(files)); len(slices.Compact(twice)) != len(files) {
		t.Error("a file is named twice")
	}
	for file, want := range map[string]bool{
		"/home/gopher/.zshrc": true, "/home/gopher/ws/.envrc": true, "/home/gopher/ws/.config/mise.toml": true, "/home/gopher/ws/a/.tool-versions": true,
		"/home/gopher/ws/go.work": false, "/home/gopher/.config/go/env": false, "/home/gopher/ws/.git/HEAD": false,
	} {
		if got := StartUp(s, file); got != want {
			t.Errorf("StartUp(%s) = %t", file, got)
		}
	}
}

// TestWatchListNamesWhatIsMissing watches where something may come to be.
func TestWatchListNamesWhatIsMissing(t *testing.T) {
	s := inEditor(t, `-- ws/go.mod --
module example.com/a
replace example.com/gone => ../gone
replace example.com/there => ../there
replace example.com/other => example.com/fork v1.0.0
-- root/home/gopher/there/go.mod --
module example.com/there
-- root/home/gopher/certs.pem --
-- env/gopls --
HOME=/home/gopher
PATH=/usr/lib/go/bin
GOWORK=/home/gopher/elsewhere/go.work
SSL_CERT_FILE=/home/gopher/certs.pem
SSL_CERT_DIR=/home/gopher/certs
TMPDIR=/home/gopher/tmp
GOFLAGS=-modfile=/home/gopher/other.mod
-- proc/300 --
ppid 100
environ gopls
exe /home/gopher/go/bin/gopls
`, func(in *Input) {
		in.Editor.Shell = answered()
	})
	files := WatchList(s, nil)
	for _, want := range []string{
		"/home/gopher/gone", "/home/gopher/gone/go.mod", "/home/gopher/there/go.mod", "/home/gopher/elsewhere/go.work",
		"/home/gopher/certs.pem", "/home/gopher/certs", "/home/gopher/tmp", "/home/gopher/other.mod",
	} {
		if !slices.Contains(files, want) {
			t.Errorf("%s is not watched", want)
		}
	}
	cache := "/home/gopher/.cache/go-build"
	if _, looked := s.Places[cache]; !looked {
		t.Fatalf("%s was not looked at, so leaving it out says nothing", cache)
	}
	for _, file := range files {
		if strings.HasPrefix(file, cache) || file == "/home/gopher/there" || strings.HasPrefix(file, "/home/gopher/go/pkg/mod") {
			t.Errorf("%s is watched", file)
		}
	}
}

func TestWorktree(t *testing.T) {
	const own = "/home/gopher/main/.git/worktrees/ws"
	w, _ := worldtest.Make(t, "-- ws/.git --\ngitdir: "+own+"\n-- root"+own+"/HEAD --\nref: refs/heads/x\n-- root"+own+"/commondir --\n../..\n-- ws/a/x.go --\npackage a\n")
	got := repository(w, "/home/gopher/ws/a")
	want := []string{"/home/gopher/ws/.git", own + "/HEAD", "/home/gopher/main/.git/config"}
	if got.Root != "/home/gopher/ws" || !slices.Equal(got.Files, want) || got.Branch != "x" {
		t.Errorf("%+v, want %q", got, want)
	}
	w, _ = worldtest.Make(t, "-- ws/.git --\nnothing that git wrote\n")
	if got := repository(w, "/home/gopher/ws"); got.Root != "/home/gopher/ws" || !slices.Equal(got.Files, []string{"/home/gopher/ws/.git"}) {
		t.Errorf("a broken one: %+v", got)
	}
	if got := repository(w, "/home/gopher"); got.Root != "" || got.Files != nil {
		t.Errorf("none: %+v", got)
	}
}

// manyModules makes a go.work with n modules, each of which requires the one
// before, and returns its directory.
func manyModules(tb testing.TB, n int) string {
	tb.Helper()
	dir := tb.TempDir()
	var work strings.Builder
	work.WriteString("go 1.26\n")
	for i := range n {
		fmt.Fprintf(&work, "use ./m%d\n", i)
		mod := fmt.Sprintf("module example.com/m%d\n\ngo 1.26\n\nrequire example.com/m%d v0.0.0\nrequire example.com/dep%d v1.2.3\n", i, (i+1)%n, i%7)
		if err := os.MkdirAll(filepath.Join(dir, fmt.Sprintf("m%d", i)), 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("m%d", i), "go.mod"), []byte(mod), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "go.work"), []byte(work.String()), 0o644); err != nil {
		tb.Fatal(err)
	}
	return dir
}

func TestThousandModules(t *testing.T) {
	dir := manyModules(t, maxModules)
	w := world.Real()
	vars := map[string]string{"HOME": dir, "PATH": os.Getenv("PATH")}
	s := Take(t.Context(), w, Input{Number: 1, Dir: dir, Trusted: true, Captured: map[model.EnvName]map[string]string{model.EnvShell: vars, model.EnvGopls: vars}})
	if len(s.Modules) != maxModules || len(s.Work.Uses) != maxModules || s.Work.Uses[maxModules-1].Path == "" {
		t.Fatalf("%d modules, %d uses", len(s.Modules), len(s.Work.Uses))
	}
	if missing := s.Caches[0].Missing; len(missing) != 7 {
		t.Errorf("missing %q, want the seven that are not of the workspace", missing)
	}
	if files := WatchList(s, nil); len(files) < 3*maxModules {
		t.Errorf("%d files are watched", len(files))
	}
}

func BenchmarkThousandModules(b *testing.B) {
	dir := manyModules(b, maxModules)
	w := world.Real()
	vars := map[string]string{"HOME": dir, "PATH": os.Getenv("PATH")}
	for b.Loop() {
		s := Take(b.Context(), w, Input{Number: 1, Dir: dir, Trusted: true, Captured: map[model.EnvName]map[string]string{model.EnvShell: vars, model.EnvGopls: vars}})
		WatchList(s, nil)
	}
}

func TestBranch(t *testing.T) {
	for head, want := range map[string]string{
		"ref: refs/heads/main\n":                     "main",
		"ref: refs/heads/fix/42-typo\n":              "fix/42-typo",
		"ref: refs/heads/.invalid\n":                 "",
		"ref: refs/bisect/bad\n":                     "",
		"1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d\n": "commit 1a2b3c4d5e6f",
		"nothing that git wrote\n":                   "",
	} {
		w, _ := worldtest.Make(t, "-- ws/.git/HEAD --\n"+head)
		if got := repository(w, "/home/gopher/ws").Branch; got != want {
			t.Errorf("%q is %q, want %q", head, got, want)
		}
	}
}
