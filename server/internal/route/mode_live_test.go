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
)

// TestLiveMode asks the real go command where a build takes a module from, in
// random workspaces with replace directives and vendor directories.
func TestLiveMode(t *testing.T) {
	l := newLab(t, goCommand(t))
	const dep, fork = "corp.example/team/lib", "git.corp.example/lib"
	seed := rand.Uint64()
	seen := map[Mode]int{}
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
		write("app/go.mod", "module %s\n\ngo %s\n\nrequire %s %s\n%s", app.Path, app.Go, dep, liveVersion, text)
		write("lib/go.mod", "module %s\n\ngo %s\n", lib.Path, lib.Go)
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
		vendor := strings.Contains(said, "using the vendor directory") || strings.Contains(said, "inconsistent vendoring")
		for _, asked := range []string{dep, app.Path, lib.Path} {
			r := Explain(Module{Path: asked}, l.env(settings{process: env}), facts)
			got := fmt.Sprintf("%s %s", r.Mode, path.Base(r.Dir))
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
	if len(seen) < 4 {
		t.Errorf("only the modes %v occurred: the cases are not varied enough to tell anything", seen)
	}
}
