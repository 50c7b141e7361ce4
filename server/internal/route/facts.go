package route

import (
	"path/filepath"
	"runtime"
	"slices"

	"github.com/gophantom/gophantom/server/internal/model"
)

// Facts are the things beside the environment that decide where a module
// comes from. What is left out is unknown; it is never taken for absent.
type Facts struct {
	Modules   []model.Module     // the main modules, the nearest first
	Work      *model.Work        // the go.work in force, unless the environment switches it off
	Cache     *model.ModuleCache // the module cache of the environment; nil if it was not looked at
	Netrc     *model.Netrc       // the netrc file of the environment; nil if it was not looked at
	Toolchain model.Toolchain    // what the environment resolves "go" to
	// Place tells what is at a path that settings name; false where nobody
	// looked. nil if nobody looked at all.
	Place func(path string) (model.Place, bool)
}

// FactsOf picks what a snapshot tells about an environment of it.
func FactsOf(s *model.Snapshot, env model.Env) Facts {
	f := Facts{Modules: s.Modules, Work: s.Work, Netrc: netrcOf(s.Netrcs, env.Process()), Place: s.Place}
	f.Toolchain, _ = s.ToolchainOf(env.Name)
	dir := env.Lookup("GOMODCACHE").Value.Reveal()
	if i := slices.IndexFunc(s.Caches, func(c model.ModuleCache) bool { return c.Dir == dir }); i >= 0 {
		f.Cache = &s.Caches[i]
	}
	return f
}

// Near returns the facts as they are in the directory of one go.mod: its
// module comes first.
func (f Facts) Near(file string) Facts {
	if i := slices.IndexFunc(f.Modules, func(m model.Module) bool { return m.File == file }); i > 0 {
		modules := []model.Module{f.Modules[i]}
		f.Modules = append(append(modules, f.Modules[:i]...), f.Modules[i+1:]...)
	}
	return f
}

// netrcOf picks the file that go would read, as cmd/go/internal/auth.netrcPath
// does.
func netrcOf(files []model.Netrc, vars map[string]string) *model.Netrc {
	find := func(file string) *model.Netrc {
		if i := slices.IndexFunc(files, func(n model.Netrc) bool { return n.File == file }); i >= 0 {
			return &files[i]
		}
		return nil
	}
	if file := vars["NETRC"]; file != "" {
		return find(file)
	}
	home := vars["HOME"]
	if runtime.GOOS == "windows" {
		home = vars["USERPROFILE"]
		if n := find(filepath.Join(home, "_netrc")); n == nil || n.Exists {
			return n
		}
	}
	if home == "" {
		return nil
	}
	return find(filepath.Join(home, ".netrc"))
}
