package rules

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

var workspaceLeavesOut = Rule{
	ID:     "workspace-leaves-out",
	Family: "GOFLAGS, vendor, workspace",
	Title:  "A module is left out by the workspace",
	Refs: []Ref{
		{"WS-NOTLISTED", "the folder is in a module that go.work does not use", "current directory is contained in a module that is not one of the workspace modules listed in go.work. You can add the module to the workspace using:\n\tgo work use ."},
		{"WS-PATTERN-ROOT", "./... in the root of a workspace that is no module itself", "pattern ./...: directory prefix . does not contain modules listed in go.work or their selected dependencies"},
		{"WS-OFF-SIBLING", "GOWORK=off, and a requirement that only go.work provides", "missing go.sum entry …"},
	},
	Severity:  model.Warning,
	DependsOn: []string{"workspace-broken"},
	Messages: map[string]string{
		"not-listed": `{mod} is not among the modules of {work}, so in the terminal go stops in its directory with: {gotext}; gopls takes it on its own and works.`,
		"pattern":    `{work} uses modules below this folder, and the folder itself is none of them, so “./...” finds nothing there: {gotext}.`,
		"sibling":    `GOWORK=off keeps {work} out of force, and {mod} requires {module}, which only the workspace provides ({dir}); builds stop at it.`,
	},
	Doc: Doc{
		Symptom: "`go build` stops in a module that gopls shows without an error:\n\n```\ncurrent directory is contained in a module that is not one of the workspace modules listed in go.work. You can add the module to the workspace using:\n\tgo work use .\n```\n\nor `pattern ./...: directory prefix . does not contain modules listed in go.work or their selected dependencies`. With GOWORK=off, a module that lies right beside cannot be found.",
		Cause:   "With a go.work in force, the go command works for the modules that it uses, and for no others. gopls makes a view of its own, without the workspace, for a module that is not listed. `./...` stands for packages of modules that contain the directory; the root of a workspace is often in none. GOWORK=off takes all that away, and with it the modules that stand in for requirements.",
		Cure:    "`go work use DIR` adds the module; `GOWORK=off` builds it alone. In the root of a workspace name the modules: `go build ./a/... ./b/...`, or `go build work`. Unset GOWORK where the workspace is meant to count.",
		Undo:    "`go work edit -dropuse=DIR`.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		for _, b := range builds(s) {
			f := model.Finding{Environments: []model.EnvName{b.env.Name}, Severity: model.Warning}
			m := nearest(s)
			switch {
			case b.work != nil && len(b.work.Errors) > 0:
			case b.work != nil && m != nil:
				dir := filepath.Dir(m.File)
				if slices.ContainsFunc(b.work.Uses, func(u model.Use) bool { return filepath.Clean(u.Dir) == dir }) || b.standsIn(dir) {
					continue
				}
				text := "current directory is contained in a module that is not one of the workspace modules listed in go.work. You can add the module to the workspace using:\n\tgo work use " + short(s, dir)
				first, _, _ := strings.Cut(text, ". You can")
				f.Ref, f.Message, f.Subject, f.Location, f.GoText = "WS-NOTLISTED", "not-listed", "go.work", lineOf(m.File, 1), model.NewValue(text)
				f.Args = values("mod", m.File, "work", b.work.File, "gotext", first)
				f.Fixes = []model.FixOffer{runCommand("go work use "+short(s, dir), s.Dir, "It adds the module to the workspace.")}
				found = append(found, f)
			case b.work != nil:
				// Nothing is wrong with such a workspace; whoever met the message wants to know.
				for _, u := range heard(s, "WS-PATTERN-ROOT") {
					if u.said.Env != b.env.Name || u.said.Command == ownList {
						continue
					}
					f.Ref, f.Message, f.Subject, f.Severity, f.Location, f.GoText = "WS-PATTERN-ROOT", "pattern", "go.work", model.Info, lineOf(b.work.File, 1), u.Text
					f.Args = map[string]model.Value{"work": model.NewValue(b.work.File), "gotext": u.Text}
					found = append(found, f)
					break
				}
			case s.Dormant != nil && m != nil:
				if sibling, ok := b.sibling(*m); ok {
					gowork := b.env.Lookup("GOWORK")
					f.Ref, f.Message, f.Subject, f.Severity, f.Origin, f.Location = "WS-OFF-SIBLING", "sibling", "GOWORK", model.Error, &gowork.Origin, nil
					f.Args = values("work", s.Dormant.File, "mod", m.File, "module", sibling.Path, "dir", sibling.Dir)
					f.Fixes = []model.FixOffer{{ID: "unset-variable", Args: values("variable", "GOWORK")}}
					found = append(found, f)
				}
			}
		}
		return merged(found)
	},
}

// ownList is the Command of what we ask go ourselves: in the directories of
// modules, never in the root of a workspace.
const ownList = "go list ./..."

// sibling finds a module of the workspace that m needs and that nothing else
// provides while the workspace is off.
func (b build) sibling(m model.Module) (model.Use, bool) {
	if !b.fixed() {
		return model.Use{}, false
	}
	for _, use := range b.s.Dormant.Uses {
		if use.Path == "" || use.Path == m.Path || slices.ContainsFunc(m.Replaces, func(r model.Replace) bool { return r.OldPath == use.Path }) {
			continue
		}
		for _, r := range m.Requires {
			if r.Path == use.Path && !r.Indirect && m.Sum.Why == "" && !m.Sum.Lines[r.Path+" "+r.Version] {
				return use, true
			}
		}
		// Imported without being required.
		for _, said := range b.s.Said {
			for _, message := range said.Messages {
				name := message.Args["package"].Reveal()
				if said.Env == b.env.Name && (name == use.Path || strings.HasPrefix(name, use.Path+"/")) && slices.Contains(message.Refs, "WS-OFF-SIBLING") {
					return use, true
				}
			}
		}
	}
	return model.Use{}, false
}
