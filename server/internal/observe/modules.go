package observe

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// maxModules bounds how many nested modules of a workspace are read.
const maxModules = 1000

// nearest returns the path of the file of the given name in dir or the
// closest parent that has it; "" if none has.
func nearest(w *world.World, dir, name string) string {
	for {
		file := filepath.Join(dir, name)
		if info, err := w.Files.Stat(file); err == nil && info.Mode().IsRegular() {
			return file
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// modules reads the main modules in reach of dir, the nearest first, and the
// go.work in force there.
func modules(w *world.World, dir string, gowork model.Setting) (mods []model.Module, work *model.Work, faults []model.Fault) {
	index := map[string]int{} // of mods, by file
	add := func(file string) {
		if _, there := index[file]; there || len(mods) >= maxModules {
			return
		}
		m, fault := readModule(w, file)
		if fault != nil {
			faults = append(faults, *fault)
		}
		if m != nil {
			index[file] = len(mods)
			mods = append(mods, *m)
		}
	}
	if file := nearest(w, dir, "go.mod"); file != "" {
		add(file)
	}
	file := gowork.Value.Reveal()
	if file == "" {
		file = nearest(w, dir, "go.work")
	}
	if file != "" && file != "off" {
		var fault *model.Fault
		if work, fault = readWork(w, file); fault != nil {
			faults = append(faults, *fault)
		}
	}
	if work != nil {
		for i, use := range work.Uses {
			file := filepath.Join(use.Dir, "go.mod")
			add(file)
			if j, there := index[file]; there {
				work.Uses[i].Path = mods[j].Path
			}
		}
	}
	if entries, err := w.Files.ReadDir(dir); err == nil {
		for _, e := range entries { // modules one level down, as in a monorepo's root
			file := filepath.Join(dir, e.Name(), "go.mod")
			if e.IsDir() && e.Name()[0] != '.' && e.Name()[0] != '_' && e.Name() != "vendor" && e.Name() != "testdata" && e.Name() != "node_modules" {
				if _, err := w.Files.Stat(file); err == nil {
					add(file)
				}
			}
		}
	}
	return mods, work, faults
}

func readModule(w *world.World, file string) (*model.Module, *model.Fault) {
	data, err := w.Files.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &model.Fault{Subject: "go.mod", Location: &model.Location{File: file}, Text: fmt.Sprintf("%s cannot be read (%s).", file, reason(err))}
	}
	m := &model.Module{File: file}
	if _, err := w.Files.Stat(filepath.Join(filepath.Dir(file), "vendor", "modules.txt")); err == nil {
		m.Vendored = true
	}
	mod, err := modfile.Parse(file, data, nil)
	if err != nil {
		return m, parseFault("go.mod", file, err)
	}
	if mod.Module == nil {
		return m, &model.Fault{Subject: "go.mod", Location: &model.Location{File: file}, Text: fmt.Sprintf("%s has no module line, so go stops; it may have been cut short.", file)}
	}
	m.Path = mod.Module.Mod.Path
	if mod.Go != nil {
		m.Go, m.GoLine = mod.Go.Version, mod.Go.Syntax.Start.Line
	}
	if mod.Toolchain != nil {
		m.Toolchain = mod.Toolchain.Name
	}
	for _, r := range mod.Require {
		m.Requires = append(m.Requires, model.Require{Path: r.Mod.Path, Version: r.Mod.Version, Indirect: r.Indirect, Line: r.Syntax.Start.Line})
	}
	m.Replaces = replaces(mod.Replace)
	return m, nil
}

func replaces(from []*modfile.Replace) (out []model.Replace) {
	for _, r := range from {
		out = append(out, model.Replace{
			OldPath: r.Old.Path, OldVersion: r.Old.Version, NewPath: r.New.Path, NewVersion: r.New.Version, Line: r.Syntax.Start.Line,
		})
	}
	return out
}

func readWork(w *world.World, file string) (*model.Work, *model.Fault) {
	data, err := w.Files.ReadFile(file)
	if err != nil {
		return nil, &model.Fault{Subject: "go.work", Location: &model.Location{File: file}, Text: fmt.Sprintf("%s cannot be read (%s).", file, reason(err))}
	}
	work := &model.Work{File: file}
	dir := filepath.Dir(file)
	if _, err := w.Files.Stat(filepath.Join(dir, "vendor", "modules.txt")); err == nil {
		work.Vendored = true
	}
	parsed, err := modfile.ParseWork(file, data, nil)
	if err != nil {
		return work, parseFault("go.work", file, err)
	}
	if parsed.Go != nil {
		work.Go = parsed.Go.Version
	}
	for _, u := range parsed.Use {
		path := filepath.FromSlash(u.Path)
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		work.Uses = append(work.Uses, model.Use{Dir: path, Line: u.Syntax.Start.Line})
	}
	work.Replaces = replaces(parsed.Replace)
	return work, nil
}

// parseFault turns the parser's first error into a fault at its line.
func parseFault(subject, file string, err error) *model.Fault {
	line, text := 1, err.Error()
	if list := modfile.ErrorList(nil); errors.As(err, &list) && len(list) > 0 {
		first := list[0]
		line, text = max(first.Pos.Line, 1), first.Err.Error()
	}
	return &model.Fault{
		Subject:  subject,
		Location: &model.Location{File: file, Range: model.Range{Start: model.Position{Line: line - 1}, End: model.Position{Line: line}}},
		Text:     fmt.Sprintf("%s does not parse at line %d, so go stops: %s.", subject, line, text),
	}
}

// moduleCache looks which requirements of the main modules a module cache has.
func moduleCache(w *world.World, dir string, mods []model.Module, work *model.Work) model.ModuleCache {
	cache := model.ModuleCache{Dir: dir}
	seen := map[string]bool{}
	used := map[string]bool{} // paths of the modules of the workspace
	var shared []model.Replace
	if work != nil {
		shared = work.Replaces
		for _, u := range work.Uses {
			used[u.Path] = true
		}
	}
	for _, m := range mods {
		reps := slices.Concat(m.Replaces, shared)
		for _, r := range m.Requires {
			path, version := r.Path, r.Version
			if i := slices.IndexFunc(reps, func(p model.Replace) bool {
				return p.OldPath == path && (p.OldVersion == "" || p.OldVersion == version)
			}); i >= 0 {
				if reps[i].NewVersion == "" {
					continue // a directory
				}
				path, version = reps[i].NewPath, reps[i].NewVersion
			}
			if used[path] {
				continue
			}
			id := path + "@" + version
			if seen[id] {
				continue
			}
			seen[id] = true
			escPath, err1 := module.EscapePath(path)
			escVersion, err2 := module.EscapeVersion(version)
			if err1 != nil || err2 != nil {
				continue
			}
			if _, err := w.Files.Stat(filepath.Join(dir, escPath+"@"+escVersion)); err == nil {
				continue
			}
			// An indirect requirement may never be needed whole: its go.mod is enough.
			need := ".zip"
			if r.Indirect {
				need = ".mod"
			}
			if _, err := w.Files.Stat(downloaded(dir, escPath, escVersion) + need); err != nil {
				cache.Missing = append(cache.Missing, id)
			}
		}
	}
	return cache
}

// downloaded is where a module cache keeps what it downloaded of a module,
// without the extension.
func downloaded(dir, escPath, escVersion string) string {
	return filepath.Join(dir, "cache", "download", escPath, "@v", escVersion)
}

// arrivals are the files by which the modules that a cache lacks will show
// that they were downloaded.
func arrivals(c model.ModuleCache) []string {
	var files []string
	for _, id := range c.Missing {
		path, version, _ := strings.Cut(id, "@")
		escPath, err1 := module.EscapePath(path)
		escVersion, err2 := module.EscapeVersion(version)
		if err1 == nil && err2 == nil {
			files = append(files, downloaded(c.Dir, escPath, escVersion)+".zip")
		}
	}
	return files
}
