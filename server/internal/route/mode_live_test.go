//go:build unix

package route

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// TestLiveMode asks the real go command where a build takes a module from, in
// random workspaces with replace directives and vendor directories.
func TestLiveMode(t *testing.T) {
	l := newLab(t, goCommand(t))
	const dep, fork, liveVersion = "corp.example/team/lib", "git.corp.example/lib", "v1.0.0"
	seed := worldtest.Seed(t, "GOPHANTOM_MODE_SEED")
	seen, conflicts := map[Mode]int{}, 0
	for i := range 60 {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		pick := func(list ...string) string { return list[rng.IntN(len(list))] }
		chance := func(n int) bool { return rng.IntN(n) == 0 }
		root := t.TempDir()
		write := func(name, format string, args ...any) {
			file := filepath.Join(root, name)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, fmt.Appendf(nil, format, args...), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		// replaces makes up to two directives, the second for one version, and
		// their text. The directory is named after where it is asked for.
		replaces := func(name, dir string) (list []model.Replace, text string) {
			for j, version := range []string{"", pick(liveVersion, "v1.1.0")} {
				if chance(2) {
					continue
				}
				r := model.Replace{OldPath: dep, OldVersion: version, NewPath: fork, NewVersion: liveVersion}
				if chance(2) {
					r.NewPath, r.NewVersion = fmt.Sprintf("%s/%s%d", dir, name, j), ""
					write(fmt.Sprintf("%s%d/go.mod", name, j), "module %s\n", dep)
				}
				list = append(list, r)
				text += fmt.Sprintf("replace %s %s => %s %s\n", r.OldPath, r.OldVersion, r.NewPath, r.NewVersion)
			}
			return list, text
		}
		app := model.Module{File: filepath.Join(root, "app", "go.mod"), Path: "corp.example/app", Go: pick("1.26", "1.13"), Requires: []model.Require{{Path: dep, Version: liveVersion}}}
		lib := model.Module{File: filepath.Join(root, "lib", "go.mod"), Path: "corp.example/l", Go: "1.26"}
		var text string
		app.Replaces, text = replaces("app", "..")
		if len(app.Replaces) > 0 && chance(8) { // the same module twice
			r := app.Replaces[0]
			r.NewPath, r.NewVersion = pick("../app0", "../lib"), ""
			app.Replaces = append(app.Replaces, r)
			text += fmt.Sprintf("replace %s %s => %s\n", r.OldPath, r.OldVersion, r.NewPath)
		}
		write("app/go.mod", "module %s\n\ngo %s\n\nrequire %s %s\n%s", app.Path, app.Go, dep, liveVersion, text)
		if text = ""; chance(3) {
			lib.Replaces, text = replaces(pick("app", "lib"), pick("..", "../app/.."))
		}
		write("lib/go.mod", "module %s\n\ngo %s\n%s", lib.Path, lib.Go, text)
		if app.Vendored = chance(3); app.Vendored {
			write("app/vendor/modules.txt", "# nothing\n")
		}
		facts := Facts{Modules: []model.Module{app, lib}}
		env := map[string]string{"GOPROXY": "off", "GOFLAGS": pick("", "", "", "-mod=readonly", "'--mod=vendor'", "-mod=readonly  -mod=vendor")}
		if chance(2) {
			facts.Work = &model.Work{
				File: filepath.Join(root, "go.work"), Go: "1.26",
				Uses: []model.Use{{Dir: filepath.Join(root, "app"), Path: app.Path}, {Dir: filepath.Join(root, "lib"), Path: lib.Path}},
			}
			facts.Work.Replaces, text = replaces("work", ".")
			write("go.work", "go 1.26\nuse ./app\nuse ./lib\n%s", text)
			if facts.Work.Vendored = chance(4); facts.Work.Vendored {
				write("vendor/modules.txt", "## workspace\n")
			}
			env["GOWORK"] = pick("", "auto", "off", facts.Work.File)
		}
		ask := func(args ...string) (string, string) {
			cmd := l.command(env, root, args...)
			cmd.Dir = filepath.Join(root, "app")
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			_ = cmd.Run() // what it says tells more than its exit code
			return stdout.String(), stderr.String()
		}
		_, said := ask("list", "-m", "all")
		faulty := strings.Contains(said, "conflicting replacements for")
		vendor := strings.Contains(said, "using the vendor directory") || strings.Contains(said, "inconsistent vendoring")
		for _, asked := range []string{dep, app.Path, lib.Path} {
			r := Explain(Module{Path: asked}, l.env(&question{process: env}), facts)
			got := fmt.Sprintf("%s %s", r.Mode, path.Base(r.Dir))
			if faulty {
				if text, said := r.Error.Reveal(), strings.TrimSpace(said); text == "" || !strings.HasSuffix(said, text) {
					t.Errorf("case %d (seed %d): go says %q, we say %q", i, seed, said, text)
				}
				conflicts++
				continue
			}
			if r.Mode == ModeReplace && r.Dir == "" {
				got = fmt.Sprintf("%s %s", r.Mode, r.Target.Path)
			}
			want := "vendor ."
			if !vendor {
				out, stderr := ask("list", "-m", "-e", "-json", asked)
				var m struct {
					Main    bool
					Replace *struct{ Path, Version string }
				}
				// go says nothing at all about a module that nobody requires.
				if err := json.Unmarshal([]byte(out), &m); out != "" && err != nil {
					t.Fatalf("case %d: %v: %s", i, err, stderr)
				}
				contradiction := ""
				if strings.HasPrefix(stderr, "conflicting replacements found for "+dep+"@"+liveVersion) {
					contradiction, _, _ = strings.Cut(stderr, "\n")
				}
				if text := r.Error.Reveal(); text != contradiction && (contradiction != "" || strings.Contains(text, "replacements")) {
					t.Errorf("case %d (seed %d): go says %q, we say %q", i, seed, contradiction, text)
				}
				switch {
				case m.Main:
					want = "workspace ."
				case m.Replace == nil:
					want = "proxy ."
				case m.Replace.Version == "":
					want = "replace " + path.Base(filepath.ToSlash(m.Replace.Path))
				default:
					want = "replace " + m.Replace.Path
				}
			} else if asked != dep {
				continue // the main modules are what they are
			}
			seen[r.Mode]++
			if got != want {
				work := "none"
				if facts.Work != nil {
					work = fmt.Sprintf("vendored %v, replaces %v", facts.Work.Vendored, facts.Work.Replaces)
				}
				t.Errorf("case %d (seed %d): %s: we say %q, go %q\nenv %q; app: go %s, vendored %v, replaces %v; go.work: %s\ngo list -m all: %s",
					i, seed, asked, got, want, env, app.Go, app.Vendored, app.Replaces, work, said)
			}
		}
	}
	if len(seen) < 4 || conflicts == 0 {
		t.Errorf("only the modes %v and %d conflicts occurred: the cases are not varied enough to tell anything", seen, conflicts)
	}
}
