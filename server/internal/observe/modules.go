package observe

import (
	"cmp"
	"errors"
	"fmt"
	"go/version"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

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
func modules(w *world.World, dir string, gowork model.Setting) (mods []model.Module, work, dormant *model.Work, faults []model.Fault) {
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
	if file == "" || file == "auto" || file == "off" {
		file = nearest(w, dir, "go.work")
	}
	if filepath.IsAbs(file) {
		var fault *model.Fault
		if work, fault = readWork(w, file); fault != nil {
			faults = append(faults, *fault)
		}
	}
	if work != nil && gowork.Value.Reveal() == "off" {
		work, dormant = nil, work
		for i, use := range dormant.Uses {
			if m, _ := readModule(w, filepath.Join(use.Dir, "go.mod")); m != nil {
				dormant.Uses[i].Path = m.Path
			}
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
	sums(w, mods, work)
	if dormant != nil {
		sums(w, nil, dormant)
	}
	return mods, work, dormant, faults
}

// replacing reads the go.mod files of directories that replace modules. What is wrong
// with them is for go to say.
func replacing(w *world.World, mods []model.Module, work *model.Work) (out []model.Module) {
	seen := map[string]bool{}
	for _, m := range mods {
		seen[m.File] = true
	}
	read := func(from string, replaces []model.Replace) {
		for _, r := range replaces {
			dir := r.Dir(from)
			file := filepath.Join(dir, "go.mod")
			if dir == "" || seen[file] || len(out) == maxModules {
				continue
			}
			seen[file] = true
			if m, _ := readModule(w, file); m != nil {
				out = append(out, *m)
			}
		}
	}
	for _, m := range mods {
		read(m.File, m.Replaces)
	}
	if work != nil {
		read(work.File, work.Replaces)
	}
	return out
}

// stray finds a Go file in dir that is meant to be built; "" if there is none.
func stray(w *world.World, dir string) string {
	entries, err := w.Files.ReadDir(dir)
	if err != nil {
		return ""
	}
	for _, e := range entries {
		if name := e.Name(); !e.Type().IsRegular() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || name[0] == '_' || name[0] == '.' {
			continue
		}
		file := filepath.Join(dir, e.Name())
		data, err := w.Files.ReadFile(file)
		if err != nil || ignored(string(data)) {
			continue
		}
		return file
	}
	return ""
}

// ignored reports whether a Go file says of itself that it is not to be built
// with others, as scripts do.
func ignored(text string) bool {
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "package ") {
			return false
		}
		if line == "//go:build ignore" || line == "// +build ignore" {
			return true
		}
	}
	return false
}

func readModule(w *world.World, file string) (*model.Module, *model.Fault) {
	data, err := w.Files.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &model.Fault{Subject: "go.mod", Location: &model.Location{File: file}, Text: fmt.Sprintf("%s cannot be read (%s).", file, reason(err))}
	}
	m := &model.Module{File: file, Vendor: vendor(w, filepath.Dir(file))}
	m.Vendored = m.Vendor != nil && m.Vendor.Exists
	lookup := queries{}
	mod, err := modfile.Parse(file, data, lookup.fix)
	if err != nil {
		if lax, laxErr := modfile.ParseLax(file, data, nil); laxErr == nil && lax.Go != nil && beyondParser(lax.Go.Version) {
			return m, &model.Fault{Subject: "go.mod", Location: &model.Location{File: file}, Text: fmt.Sprintf("%s is for Go %s, which may know more directives than Go Phantom does, so nothing of it was read.", file, lax.Go.Version)}
		}
		m.Errors = syntaxErrors(err)
		return m, nil
	}
	if mod.Module == nil {
		m.Errors = []model.SyntaxError{{Text: "missing module declaration"}}
		return m, nil
	}
	m.Path, m.PathLine = mod.Module.Mod.Path, mod.Module.Syntax.Start.Line
	if mod.Go != nil {
		m.Go, m.GoLine = mod.Go.Version, mod.Go.Syntax.Start.Line
	}
	if mod.Toolchain != nil {
		m.Toolchain, m.ToolLine = mod.Toolchain.Name, mod.Toolchain.Syntax.Start.Line
	}
	written := func(path, version string, line int) string {
		if query, ok := lookup[version]; ok {
			m.Queries = append(m.Queries, model.Query{Path: path, Version: query, Line: line})
			return query
		}
		return version
	}
	for _, r := range mod.Require {
		m.Requires = append(m.Requires, model.Require{Path: r.Mod.Path, Version: written(r.Mod.Path, r.Mod.Version, r.Syntax.Start.Line), Indirect: r.Indirect, Line: r.Syntax.Start.Line})
	}
	m.Replaces = replaces(mod.Replace)
	for i, r := range m.Replaces {
		m.Replaces[i].OldVersion, m.Replaces[i].NewVersion = written(r.OldPath, r.OldVersion, r.Line), written(r.NewPath, r.NewVersion, r.Line)
	}
	for _, e := range mod.Exclude {
		m.Excludes = append(m.Excludes, model.Exclude{Path: e.Mod.Path, Version: written(e.Mod.Path, e.Mod.Version, e.Syntax.Start.Line), Line: e.Syntax.Start.Line})
	}
	for _, g := range mod.Godebug {
		m.Godebugs = append(m.Godebugs, model.Godebug{Key: g.Key, Line: g.Syntax.Start.Line})
	}
	return m, nil
}

// queries are what a go.mod has in the place of versions and go has to look up,
// such as the names of branches, by the versions that stand in for them while it
// is parsed.
type queries map[string]string

// fix is the part of modload.fixVersion that asks nobody.
func (q queries) fix(path, version string) (string, error) {
	_, major, ok := module.SplitPathVersion(path)
	if !ok {
		return "", &module.ModuleError{Path: path, Err: &module.InvalidVersionError{Version: version, Err: fmt.Errorf("malformed module path %q", path)}}
	}
	if version != "" && module.CanonicalVersion(version) == version {
		if err := module.CheckPathMajor(version, major); err != nil {
			return "", module.VersionError(module.Version{Path: path, Version: version}, err)
		}
		return version, nil
	}
	standIn := fmt.Sprintf("%s.0.0-0.query.%d", cmp.Or(module.PathMajorPrefix(major), "v0"), len(q))
	q[standIn] = version
	return standIn, nil
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
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, &model.Fault{Subject: "go.work", Location: &model.Location{File: file}, Text: fmt.Sprintf("%s cannot be read (%s).", file, reason(err))}
	}
	work := &model.Work{File: file, Vendor: vendor(w, filepath.Dir(file))}
	work.Vendored = work.Vendor != nil && work.Vendor.Exists
	parsed, err := modfile.ParseWork(file, data, nil)
	if err != nil {
		work.Errors = syntaxErrors(err)
		return work, nil
	}
	if parsed.Go != nil {
		work.Go = parsed.Go.Version
	}
	for _, u := range parsed.Use {
		path := filepath.FromSlash(u.Path)
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(file), path)
		}
		work.Uses = append(work.Uses, model.Use{Dir: path, Line: u.Syntax.Start.Line})
	}
	work.Replaces = replaces(parsed.Replace)
	for _, g := range parsed.Godebug {
		work.Godebugs = append(work.Godebugs, model.Godebug{Key: g.Key, Line: g.Syntax.Start.Line})
	}
	return work, nil
}

// syntaxErrors are the errors of the parser.
func syntaxErrors(err error) (out []model.SyntaxError) {
	list := modfile.ErrorList(nil)
	if !errors.As(err, &list) {
		return []model.SyntaxError{{Text: err.Error()}}
	}
	for _, e := range list {
		column := 0
		if e.Pos.LineRune > 1 {
			column = e.Pos.LineRune
		}
		text := (&modfile.Error{ModPath: e.ModPath, Verb: e.Verb, Err: e.Err}).Error()
		out = append(out, model.SyntaxError{Line: e.Pos.Line, Column: column, Text: text})
	}
	return out
}

// beyondParser reports whether a go line is of a Go whose go.mod the parser
// that we were built with may not know.
func beyondParser(goLine string) bool { return version.Compare("go"+goLine, "go1.28") >= 0 }

// moduleCaches looks at the module cache of every complete environment, each
// once.
func moduleCaches(w *world.World, envs []model.Env, mods []model.Module, work *model.Work) (out []model.ModuleCache) {
	for _, env := range envs {
		dir := env.Lookup("GOMODCACHE").Value.Reveal()
		if !env.Complete || dir == "" || slices.ContainsFunc(out, func(c model.ModuleCache) bool { return c.Dir == dir }) {
			continue
		}
		out = append(out, moduleCache(w, dir, mods, work))
	}
	return out
}

// moduleCache looks which requirements of the main modules a module cache has,
// and whether they are what go.sum says.
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
		replaced := replacements(shared, m.Replaces)
		for _, r := range m.Requires {
			path, version, isDir := replaced.of(r.Path, r.Version)
			if isDir || used[path] {
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
			// An indirect requirement may never be needed whole: its go.mod is enough. That
			// go takes from nowhere else, also where the files of the module are.
			need := ".zip"
			if _, err := w.Files.Stat(filepath.Join(dir, escPath+"@"+escVersion)); err == nil || r.Indirect {
				need = ".mod"
			}
			if _, err := w.Files.Stat(downloaded(dir, escPath, escVersion) + need); err != nil {
				cache.Missing = append(cache.Missing, id)
			}
		}
	}
	cache.Mismatches = cacheMismatches(w, dir, mods, work)
	return cache
}

// cacheMismatches compares what a module cache has of the requirements with what
// go.sum says: for each module on its own, and for the workspace.
func cacheMismatches(w *world.World, dir string, mods []model.Module, work *model.Work) (out []model.Mismatch) {
	add := func(found []model.Mismatch, indirect, workspace bool) {
		for _, m := range found {
			m.Indirect, m.Workspace = indirect, workspace
			out = append(out, m)
		}
	}
	for _, m := range mods {
		replaced := replacements(m.Replaces)
		for _, r := range m.Requires {
			if path, version, isDir := replaced.of(r.Path, r.Version); !isDir {
				add(mismatches(w, dir, m.Sum, nil, module.Version{Path: path, Version: version}), r.Indirect, false)
			}
		}
	}
	if work == nil {
		return out
	}
	lists, own := [][]model.Replace{work.Replaces}, map[string]bool{}
	var sums []model.Sum
	var used []model.Module
	for _, u := range work.Uses {
		i := slices.IndexFunc(mods, func(m model.Module) bool { return filepath.Dir(m.File) == filepath.Clean(u.Dir) })
		if i < 0 {
			continue
		}
		own[u.Path] = true
		used, sums, lists = append(used, mods[i]), append(sums, mods[i].Sum), append(lists, mods[i].Replaces)
	}
	// Of several versions that are required, go takes the highest.
	highest := map[string]model.Require{}
	for _, m := range used {
		for _, r := range m.Requires {
			h, there := highest[r.Path]
			switch c := semver.Compare(r.Version, h.Version); {
			case own[r.Path] || there && c < 0:
				continue
			case there && c == 0:
				r.Indirect = r.Indirect && h.Indirect
			}
			highest[r.Path] = r
		}
	}
	replaced := replacements(lists...)
	for _, name := range slices.Sorted(maps.Keys(highest)) {
		r := highest[name]
		if path, version, isDir := replaced.of(r.Path, r.Version); !isDir {
			add(mismatches(w, dir, work.Sum, sums, module.Version{Path: path, Version: version}), r.Indirect, true)
		}
	}
	return out
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
