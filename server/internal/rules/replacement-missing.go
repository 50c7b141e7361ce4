package rules

import (
	"path/filepath"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

var replacementMissing = Rule{
	ID:     "replacement-missing",
	Family: "GOFLAGS, vendor, workspace",
	Title:  "A module is replaced by a directory that is none, or no module",
	Refs: []Ref{
		{"RP-DIR", "a required module is replaced by a directory that is not there, or that has no go.mod", "…: replacement directory … does not exist"},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"direct":          `{module} is replaced by {path}, but there is no directory {dir}; whatever imports it stops with: {gotext} (or with: no such file or directory).`,
		"indirect":        `{module} is replaced by {path}, but there is no directory {dir}; it is required indirectly, and what needs it stops with: {gotext} (or with: no such file or directory).`,
		"no-mod":          `{module} is replaced by {path}, but {dir} has no go.mod, so go does not take it for a module; whatever imports it stops with: {gotext}.`,
		"no-mod-indirect": `{module} is replaced by {path}, but {dir} has no go.mod, so go does not take it for a module; it is required indirectly, and what needs it stops with: {gotext}.`,
	},
	Doc: Doc{
		Symptom: "The imports of one module are red, and `go build` says:\n\n```\nexample.com/m@v1.0.0: replacement directory ../m does not exist\nexample.com/m@v1.0.0 (replaced by ../m): reading ../m/go.mod: open …: no such file or directory\nmodule ../m: reading ../m/go.mod: open …: no such file or directory\n```\n\nThe second is what it says when it has to read the requirements of all modules, the third when the directory is there and has no go.mod.",
		Cause:   "A `replace` directive of go.mod or go.work names a directory relative to that file. It was committed by somebody who has the other repository beside this one, or the directory was moved; in a container, only the workspace folder is mounted. A git submodule that was not checked out is an empty directory.",
		Cure:    "Check out the other repository where the directive expects it (`git submodule update --init` for a submodule), or remove the directive: `go mod edit -dropreplace=MODULE`. For a replacement that only you need, use a `go.work` that is not committed.",
		Undo:    "`git checkout -- go.mod`.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		for _, b := range builds(s) {
			if _, _, vendored := b.vendor(); vendored || b.modfile != "" {
				continue
			}
			mains := b.mains()
			own := map[string]bool{}
			required := map[string]map[string]bool{} // version → indirect, by path
			for _, m := range mains {
				own[m.Path] = true
				for _, r := range m.Requires {
					if required[r.Path] == nil {
						required[r.Path] = map[string]bool{}
					}
					indirect, there := required[r.Path][r.Version]
					required[r.Path][r.Version] = r.Indirect && (indirect || !there)
				}
			}
			// A replacement of go.work goes first, and one of the exact version.
			inWork := map[string]bool{}
			check := func(file string, r model.Replace) {
				dir := r.Dir(file)
				if dir == "" || own[r.OldPath] {
					return
				}
				mod := filepath.Join(dir, "go.mod")
				place, known := s.Place(dir)
				inside, known2 := s.Place(mod)
				if !known || place.Exists && (!known2 || inside.Exists) {
					return
				}
				for version, indirect := range required[r.OldPath] {
					if r.OldVersion != "" && r.OldVersion != version {
						continue
					}
					id := r.OldPath + "@" + version
					text := id + ": replacement directory " + r.NewPath + " does not exist"
					f := model.Finding{
						Ref: "RP-DIR", Message: "direct", Severity: model.Error, Subject: r.OldPath, Environments: []model.EnvName{b.env.Name}, Location: lineOf(file, r.Line),
						Args: values("module", id, "path", r.NewPath, "dir", dir, "gotext", text), GoText: model.NewValue(text),
					}
					if place.Exists {
						// Whose replacement it reads, go says in one way or another.
						text = "reading " + short(s, mod) + ": open " + mod + ": no such file or directory"
						if !place.Dir {
							text = "reading " + mod + ": open " + mod + ": not a directory"
						}
						f.Message, f.GoText, f.Args["gotext"] = "no-mod", model.NewValue(text), model.NewValue(text)
					}
					if indirect {
						f.Message, f.Severity = map[string]string{"direct": "indirect", "no-mod": "no-mod-indirect"}[f.Message], model.Warning
					}
					command := "go mod edit -dropreplace=" + r.OldPath
					if strings.HasSuffix(file, ".work") {
						command = "go work edit -dropreplace=" + r.OldPath
					}
					if r.OldVersion != "" {
						command += "@" + r.OldVersion
					}
					f.Fixes = []model.FixOffer{runCommand(command, filepath.Dir(file), "It removes the directive, so that go takes the module of the required version; to keep it, put the module where it says.")}
					found = append(found, f)
					break // one directive, one finding
				}
			}
			if b.work != nil {
				for _, r := range b.work.Replaces {
					inWork[r.OldPath] = true
					check(b.work.File, r)
				}
			}
			for _, m := range mains {
				exact := map[string]bool{}
				for _, r := range m.Replaces {
					if r.OldVersion != "" {
						exact[r.OldPath] = true
					}
				}
				for _, r := range m.Replaces {
					if !inWork[r.OldPath] && (r.OldVersion != "" || !exact[r.OldPath]) {
						check(m.File, r)
					}
				}
			}
		}
		return merged(found)
	},
}
