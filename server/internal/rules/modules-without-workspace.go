package rules

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/gophantom/gophantom/server/internal/model"
)

var modulesWithoutWorkspace = Rule{
	ID:     "modules-without-workspace",
	Family: "nested modules",
	Title:  "Modules that lie side by side and know nothing of each other",
	Refs: []Ref{
		{"", "a folder above several modules without a go.work, with a gopls that takes a folder for one module", "go: go.mod file not found in current directory or any parent directory; see 'go help modules'"},
		{"", "a module requires one that lies beside it, and neither go.work nor replace leads there", ""},
		{"", "a module below the folder that go.work does not use", "current directory is contained in a module that is not one of the workspace modules listed in go.work. You can add the module to the workspace using:\n\tgo work use ."},
	},
	Severity:  model.Info,
	DependsOn: []string{"workspace-broken"},
	Messages: map[string]string{
		"old-gopls": `{dir} holds {count} modules and is none itself; gopls {gopls} takes a folder for one module (it looks for more since v0.15), so imports are red in all of them.`,
		"sibling":   `{module} requires {other} {version}, which lies beside it in {where}; without a go.work or a replace, go and gopls take that version from the module cache, not the files that you see.`,
		"unlisted":  `{work} does not use the module in {where}: “./...” leaves it out in the terminal, and go commands in it stop with “{gotext}”; gopls takes it on its own and works.`,
	},
	Doc: Doc{
		Symptom: "In a folder with several modules a change in one is not seen in the other, `go build ./...` says `go.mod file not found` in the folder itself, or go stops in one of the modules:\n\n```\ncurrent directory is contained in a module that is not one of the workspace modules listed in go.work. You can add the module to the workspace using:\n\tgo work use .\n```",
		Cause:   "The go command works for the module that the current directory is in, and for what a `go.work` names. Modules that lie side by side are strangers to each other without one: a requirement is looked up like any other, in the module cache. gopls has made a view for every module since v0.15, so that the editor shows what the terminal does not find.",
		Cure:    "`go work init ./a ./b` in the folder, or `go work use ./c`; or a `replace` with the directory in go.mod.",
		Undo:    "Delete the go.work, or `go work edit -dropuse=./c`.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		var below []model.Module
		for _, m := range s.Modules {
			if dir := filepath.Dir(m.File); dir != filepath.Clean(s.Dir) && inside(filepath.Clean(s.Dir), dir) {
				below = append(below, m)
			}
		}
		for _, b := range builds(s) {
			if b.work == nil && nearest(s) == nil && len(below) > 1 && b.env.Name == model.EnvGopls && len(s.Gopls) > 0 {
				if v := s.Gopls[0].Version; semver.IsValid(v) && semver.Compare(v, "v0.15.0") < 0 {
					found.add(b.env.Name, model.Finding{
						Subject: "go.work", Message: "old-gopls", Severity: model.Warning, Location: lineOf(below[0].File, 1),
						Args: values("dir", s.Dir, "count", strconv.Itoa(len(below)), "gopls", v),
					})
				}
			}
			if b.work == nil {
				for _, m := range s.Modules {
					for _, q := range m.Requires {
						i := slices.IndexFunc(s.Modules, func(o model.Module) bool { return o.Path == q.Path && o.File != m.File })
						if i < 0 || slices.ContainsFunc(m.Replaces, func(r model.Replace) bool { return r.OldPath == q.Path }) {
							continue
						}
						// Many modules are released apart from those beside them, and require
						// a release on purpose: then go.sum has it.
						if m.Vendored || m.Sum.Why != "" || m.Sum.Lines[q.Path+" "+q.Version] || m.Sum.Lines[q.Path+" "+q.Version+"/go.mod"] {
							continue
						}
						where := filepath.Dir(s.Modules[i].File)
						found.add(b.env.Name, model.Finding{
							Subject: q.Path, Message: "sibling", Location: lineOf(m.File, q.Line),
							Args:  values("module", m.Path, "other", q.Path, "version", q.Version, "where", where),
							Fixes: []model.FixOffer{runCommand("go work init "+short(s, filepath.Dir(m.File))+" "+short(s, where), s.Dir, "It makes a workspace of both modules.")},
						})
					}
				}
				continue
			}
			if len(b.work.Errors) > 0 {
				continue
			}
			for _, m := range below {
				dir := filepath.Dir(m.File)
				used := slices.ContainsFunc(b.work.Uses, func(u model.Use) bool { return filepath.Clean(u.Dir) == dir })
				named := slices.ContainsFunc(b.work.Replaces, func(r model.Replace) bool { return leadsTo(b.work.File, r, dir) })
				if used || named || m.Path == "" || b.standsIn(dir) || keptApart[filepath.Base(dir)] && !b.related(m) {
					continue
				}
				text := "current directory is contained in a module that is not one of the workspace modules listed in go.work. You can add the module to the workspace using:\n\tgo work use ."
				first, _, _ := strings.Cut(text, ". You")
				found.add(b.env.Name, model.Finding{
					Subject: "go.work", Message: "unlisted", Location: lineOf(m.File, 1), GoText: model.NewValue(text),
					Args:  values("work", b.work.File, "where", dir, "gotext", first),
					Fixes: []model.FixOffer{runCommand("go work use "+short(s, dir), s.Dir, "It adds the module to the workspace.")},
				})
			}
		}
		return found
	},
}

// keptApart are the directories that often hold a module of their own, so that
// its requirements are not those of the product; a workspace leaves it out on
// purpose then.
var keptApart = map[string]bool{
	"tools": true, "tool": true, "hack": true, "scripts": true, "docs": true, "website": true, "third_party": true,
	"example": true, "examples": true, "test": true, "tests": true, "e2e": true, "bench": true, "benchmarks": true,
}

// related reports whether a module has to do with those of the workspace: it
// requires one of them, or one of them requires it.
func (b build) related(m model.Module) bool {
	requires := func(m *model.Module, path string) bool {
		return slices.ContainsFunc(m.Requires, func(r model.Require) bool { return r.Path == path })
	}
	return slices.ContainsFunc(b.mains(), func(o *model.Module) bool { return requires(&m, o.Path) || requires(o, m.Path) })
}

// standsIn reports whether the workspace, or a module of it, requires a module
// that it replaces by the given directory: go knows the directory then.
func (b build) standsIn(dir string) bool {
	mains := b.mains()
	required := func(r model.Replace) bool {
		return slices.ContainsFunc(mains, func(m *model.Module) bool {
			return slices.ContainsFunc(m.Requires, func(q model.Require) bool {
				return q.Path == r.OldPath && (r.OldVersion == "" || r.OldVersion == q.Version)
			})
		})
	}
	if slices.ContainsFunc(b.work.Replaces, func(r model.Replace) bool { return leadsTo(b.work.File, r, dir) && required(r) }) {
		return true
	}
	return slices.ContainsFunc(mains, func(m *model.Module) bool {
		return slices.ContainsFunc(m.Replaces, func(r model.Replace) bool { return leadsTo(m.File, r, dir) && required(r) })
	})
}

// leadsTo reports whether a directive of a file replaces a module by the given
// directory.
func leadsTo(file string, r model.Replace, dir string) bool {
	to := filepath.FromSlash(r.NewPath)
	if !filepath.IsAbs(to) {
		to = filepath.Join(filepath.Dir(file), to)
	}
	return r.NewVersion == "" && filepath.Clean(to) == dir
}
