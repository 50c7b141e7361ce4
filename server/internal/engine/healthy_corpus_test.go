package engine_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// corpus is a file of testdata/healthy: the sections of each of its members, by
// name, and the names in their order.
type corpus struct {
	names    []string
	sections map[string][]txtar.File
}

func readCorpus(t *testing.T, name string) corpus {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("..", "..", "..", "testdata", "healthy", name))
	if err != nil {
		t.Fatal(err)
	}
	c := corpus{sections: map[string][]txtar.File{}}
	for _, f := range archive.Files {
		member, section, ok := strings.Cut(f.Name, "/")
		if !ok {
			t.Fatalf("%s: the section %s has no member", name, f.Name)
		}
		if _, there := c.sections[member]; !there {
			c.names = append(c.names, member)
		}
		c.sections[member] = append(c.sections[member], txtar.File{Name: section, Data: f.Data})
	}
	return c
}

// healthy is one layout in one environment.
type healthy struct {
	layout, environment string
	archive             *txtar.Archive
}

func (h healthy) String() string { return h.layout + ", " + h.environment }

// healthyWorlds puts every layout of testdata/healthy into every environment
// that it goes with.
func healthyWorlds(t *testing.T) (all []healthy) {
	t.Helper()
	layouts, environments := readCorpus(t, "layouts.txtar"), readCorpus(t, "environments.txtar")
	cache, err := txtar.ParseFile(filepath.Join("..", "..", "..", "testdata", "healthy", "modulecache.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, environment := range environments.names {
		vars, order := map[string]string{"HOME": "/home/gopher", "PATH": "/usr/lib/go/bin:/usr/bin:/bin"}, []string{"HOME", "PATH"}
		var files []txtar.File
		var not []string
		for _, f := range environments.sections[environment] {
			switch f.Name {
			case "env":
				for line := range strings.Lines(string(f.Data)) {
					name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
					if _, there := vars[name]; !there {
						order = append(order, name)
					}
					vars[name] = value
				}
			case "not":
				not = strings.Split(strings.TrimSuffix(string(f.Data), "\n"), "\n")
			default:
				files = append(files, f)
			}
		}
		for _, name := range not {
			if !slices.Contains(layouts.names, name) {
				t.Fatalf("%s: there is no layout %q", environment, name)
			}
		}
		var env strings.Builder
		for _, name := range order {
			fmt.Fprintf(&env, "%s=%s\n", name, vars[name])
		}
		for _, layout := range layouts.names {
			if slices.Contains(not, layout) {
				continue
			}
			envs := []model.EnvName{model.EnvShell, model.EnvGopls}
			if slices.ContainsFunc(layouts.sections[layout], func(f txtar.File) bool { return f.Name == "facts.json" }) {
				envs = append(envs, model.EnvEditor, model.EnvEditorLaunch)
			}
			all = append(all, healthy{layout, environment, &txtar.Archive{Files: slices.Concat(cache.Files, layouts.sections[layout], files)}})
			for _, name := range envs {
				last := all[len(all)-1].archive
				last.Files = append(last.Files, txtar.File{Name: "env/" + string(name), Data: []byte(env.String())})
			}
		}
	}
	return all
}

// TestHealthyCorpus looks at all healthy layouts in all healthy environments:
// nothing may be found.
func TestHealthyCorpus(t *testing.T) {
	// What the machine has beside them.
	installed := txtar.Archive{Files: []txtar.File{
		{Name: "goroot/go.env", Data: []byte("GOPROXY=https://proxy.example,direct\nGOSUMDB=sum.golang.org\nGOTOOLCHAIN=auto\n")},
		{Name: "goroot/src/fmt/print.go", Data: []byte("package fmt\n")},
		{Name: "root/usr/bin/git"},
		{Name: "root/usr/bin/gcc"},
		{Name: "root/tmp/keep"},
	}}
	all := healthyWorlds(t)
	if len(all) < 1000 {
		t.Errorf("only %d layouts in environments", len(all))
	}
	for _, h := range all {
		t.Run(h.String(), func(t *testing.T) {
			t.Parallel()
			files := slices.Clone(h.archive.Files)
			for _, f := range installed.Files {
				if !slices.ContainsFunc(files, func(o txtar.File) bool { return o.Name == f.Name }) {
					files = append(files, f)
				}
			}
			w, sc := worldtest.Make(t, string(txtar.Format(&txtar.Archive{Files: files})))
			r := engine.Check(t.Context(), w, look(t, w, sc), nil).Report(w)
			if r.Health != "ok" || len(r.Findings)+len(r.Unknown) > 0 {
				t.Errorf("health %s\n%s", r.Health, r.Text(report.Style{}))
			}
		})
	}
}

// TestHealthyCorpusAgainstGo asks the real go command whether it is content:
// with every layout, with every environment, and with a few more of their
// combinations at random.
func TestHealthyCorpusAgainstGo(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the corpus is laid out with POSIX paths")
	}
	seed := worldtest.Seed(t, "GOPHANTOM_CORPUS_SEED")
	random := rand.New(rand.NewPCG(seed, 1))
	all := healthyWorlds(t)
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	const more = 60
	asked := map[string]bool{}
	for i, h := range all {
		if i >= more && asked[h.layout] && asked[h.environment] {
			continue
		}
		asked[h.layout], asked[h.environment] = true, true
		t.Run(h.String(), func(t *testing.T) {
			t.Parallel()
			commands := []judgedCommand{{args: []string{"list", "-deps", "./..."}, env: "shell", exit: "0"}}
			if i := slices.IndexFunc(h.archive.Files, func(f txtar.File) bool { return f.Name == "judge" }); i >= 0 {
				var err error
				if commands, err = parseJudge(string(h.archive.Files[i].Data)); err != nil || len(commands) == 0 {
					t.Fatalf("judge section: %d commands, %v", len(commands), err)
				}
			}
			s := lay(t, h.archive)
			for _, c := range commands {
				s.judge(t, c)
			}
		})
	}
}
