package verify

import (
	"path/filepath"

	"golang.org/x/mod/modfile"

	"github.com/gophantom/gophantom/server/internal/model"
)

// moduleAt is the main module in a directory: that of the snapshot, or, where
// the snapshot does not reach, what its go.mod says; without a File if there is
// none that go could use.
func (j *judge) moduleAt(root string) model.Module {
	file := filepath.Join(root, "go.mod")
	for _, m := range j.s.Modules {
		if m.File == file {
			return m
		}
	}
	data, err := j.w.Files.ReadFile(file)
	if err != nil {
		return model.Module{}
	}
	f, err := modfile.Parse(file, data, nil)
	if err != nil || f.Module == nil {
		return model.Module{}
	}
	m := model.Module{File: file, Path: f.Module.Mod.Path}
	if f.Go != nil {
		m.Go = f.Go.Version
	}
	for _, r := range f.Require {
		m.Requires = append(m.Requires, model.Require{Path: r.Mod.Path, Version: r.Mod.Version, Indirect: r.Indirect})
	}
	for _, r := range f.Replace {
		m.Replaces = append(m.Replaces, model.Replace{OldPath: r.Old.Path, OldVersion: r.Old.Version, NewPath: r.New.Path, NewVersion: r.New.Version})
	}
	return m
}

// tied are the directories outside of a module whose files can make a
// difference for it: those that replace modules, and those of a go.work above
// it, which is returned too.
func (j *judge) tied(root string) (dirs []string, work string) {
	m := j.moduleAt(root)
	dirs = localReplacements(m.File, m.Replaces)
	at := j.nearest(root, "go.work")
	if at == "" {
		return dirs, ""
	}
	work = filepath.Join(at, "go.work")
	data, err := j.w.Files.ReadFile(work)
	if err != nil {
		return dirs, work
	}
	f, err := modfile.ParseWork(work, data, nil)
	if err != nil {
		return dirs, work
	}
	for _, u := range f.Use {
		dirs = append(dirs, absolute(at, u.Path))
	}
	for _, r := range f.Replace {
		if r.New.Version == "" {
			dirs = append(dirs, absolute(at, r.New.Path))
		}
	}
	return dirs, work
}

// absolute is where a path of a go.mod or go.work points to.
func absolute(base, path string) string {
	if path = filepath.FromSlash(path); filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(base, path)
}
