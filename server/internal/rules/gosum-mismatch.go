package rules

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

var gosumMismatch = Rule{
	ID:     "gosum-mismatch",
	Family: "checksums",
	Title:  "A downloaded module is not the one that go.sum names",
	Refs: []Ref{
		{"GS-MISMATCH", "go.sum has another hash for a module than the download", "verifying …: checksum mismatch\n\tdownloaded: h1:…\n\tgo.sum:     h1:…\n\nSECURITY ERROR\nThis download does NOT match an earlier download recorded in go.sum."},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"cached":   `{module} in the module cache {cache} has the hash {downloaded}, but {file} has {recorded}; go stops with a SECURITY ERROR as soon as it needs a package of it.`,
		"indirect": `{module} in the module cache {cache} has the hash {downloaded}, but {file} has {recorded}; it is required indirectly, and go stops with a SECURITY ERROR if it ever needs a package of it.`,
		"mod":      `The go.mod of {module} in the module cache {cache} has the hash {downloaded}, but {file} has {recorded}; go stops with a SECURITY ERROR as soon as it reads what {module} requires.`,
		"said":     `go stops with a SECURITY ERROR: what it downloaded is not what go.sum has a hash of ({gotext}).`,
	},
	Doc: Doc{
		Symptom: "Everything that loads packages stops, and gopls loads nothing:\n\n```\nverifying example.com/m@v1.0.0: checksum mismatch\n\tdownloaded: h1:…\n\tgo.sum:     h1:…\n\nSECURITY ERROR\nThis download does NOT match an earlier download recorded in go.sum.\n```\n\n`go mod verify` prints `all modules verified` all the same, because it does not look at go.sum.",
		Cause:   "Whoever added the module saw other bytes under the same version: a tag was moved, a proxy or mirror serves something else, go.sum was merged by hand, or somebody tampers with the download. GOSUMDB=off, GONOSUMDB and GOPRIVATE do not switch this check off.",
		Cure:    "Find out which of the two is right before you change anything: compare with a colleague, with `git log -p go.sum`, and with what the checksum database says (`gophantom sumdb`). If the cache is wrong, remove that one module from it and download it again; if go.sum is wrong, correct its line and say so in the commit. Never delete go.sum to make the message go away.",
		Undo:    "Nothing was changed.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		told := map[string]bool{} // "ENV path@version"
		for _, b := range builds(s) {
			if _, _, vendored := b.vendor(); vendored || b.broken || b.modfile != "" {
				continue
			}
			main := map[string]bool{} // go.sum files that go reads
			for _, m := range b.mains() {
				main[m.Sum.File] = true
			}
			if b.work != nil {
				main[b.work.Sum.File] = true
			}
			dir := b.env.Lookup("GOMODCACHE").Value.Reveal()
			for _, c := range s.Caches {
				for _, m := range c.Mismatches {
					id := m.Path + "@" + m.Version
					if m.Mod {
						id += "/go.mod"
					}
					if c.Dir != dir || !main[m.File] || m.Workspace != (b.work != nil) || told[string(b.env.Name)+" "+id] {
						continue
					}
					told[string(b.env.Name)+" "+id] = true
					f := model.Finding{
						Ref: "GS-MISMATCH", Message: "cached", Severity: model.Error, Subject: "go.sum", Environments: []model.EnvName{b.env.Name},
						Args:     values("module", id, "cache", c.Dir, "downloaded", m.Downloaded, "file", m.File, "recorded", m.Hash),
						Location: lineOf(m.File, m.Line),
						GoText:   model.NewValue(fmt.Sprintf("verifying %s: checksum mismatch\n\tdownloaded: %s\n\t%s:     %s", id, m.Downloaded, b.sumName(m.File), m.Hash)),
					}
					switch {
					case m.Mod:
						f.Message = "mod"
						f.Args["module"] = model.NewValue(m.Path + "@" + m.Version)
					case m.Indirect:
						f.Message = "indirect"
					}
					if m.Indirect {
						f.Severity = model.Warning
					}
					found = append(found, f)
				}
			}
		}
		for _, u := range heard(s, "GS-MISMATCH") {
			id := u.Args["module"].Reveal() + "@" + u.Args["version"].Reveal()
			if u.Refs[0] != "GS-MISMATCH" || told[string(u.said.Env)+" "+id] {
				continue
			}
			first, _, _ := strings.Cut(u.Text.Reveal(), "\n")
			found = append(found, model.Finding{
				Ref: "GS-MISMATCH", Message: "said", Subject: "go.sum", Environments: []model.EnvName{u.said.Env},
				Args: values("gotext", first), GoText: u.Text,
			})
		}
		return merged(found)
	},
}

// sumName is how go names a go.sum in a message.
func (b build) sumName(file string) string {
	if b.work != nil && b.work.Sum.File != file {
		return file
	}
	return filepath.Base(file)
}
