package rules

import (
	"path/filepath"

	"github.com/gophantom/gophantom/server/internal/model"
)

var goModReadOnly = Rule{
	ID:     "go-mod-read-only",
	Family: "toolchain, GOROOT, directories, cgo",
	Title:  "go cannot change go.mod or go.sum",
	Refs: []Ref{
		{"PERM-MOD", "go.mod or go.sum cannot be written", "go: updating go.mod: open …: permission denied"},
	},
	Severity: model.Warning,
	Messages: map[string]string{
		"closed": `{file} cannot be written; builds do not need to, but where “go get” and “go mod tidy” have something to change, they stop with: {gotext}.`,
		"mod":    `{file} cannot be written, and GOFLAGS has -mod=mod, with which go brings it up to date at every command; where there is something to change, it stops with: {gotext}.`,
		"said":   `go wants to change a file that it cannot write: {said}.`,
	},
	Doc: Doc{
		Symptom: "```\ngo: updating go.mod: open /src/app/go.mod: permission denied\n```",
		Cause:   "`go get`, `go mod tidy` and, with `-mod=mod`, every command write go.mod and go.sum. Files that another user made (root, in a container), a mount that is read-only, or a version control system that marks files read-only keep them from it.",
		Cure:    "Give the files back to yourself: `chmod u+w go.mod go.sum`, or `chown`. Where they are not meant to change, remove `-mod=mod` from GOFLAGS.",
		Undo:    "`chmod a-w go.mod go.sum`.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, b := range builds(s) {
			if b.work != nil || b.modfile != "" {
				continue
			}
			t, _ := s.ToolchainOf(b.env.Name)
			for _, m := range b.mains() {
				if cache := b.env.Lookup("GOMODCACHE").Value.Reveal(); cache != "" && inside(cache, m.File) {
					continue // go itself makes what it downloaded read-only
				}
				if t.GOROOT != "" && inside(t.GOROOT, m.File) {
					continue // the installed standard library is not meant to change
				}
				for _, file := range []string{m.File, filepath.Join(filepath.Dir(m.File), "go.sum")} {
					p, known := s.Place(file)
					if !known || !p.Exists || !p.ReadOnly {
						continue
					}
					f := model.Finding{Ref: "PERM-MOD", Subject: file, Message: "closed", Severity: model.Info, Latent: true, Location: lineOf(file, 1)}
					if b.mod == "mod" {
						f.Message, f.Severity = "mod", model.Warning
					}
					f.GoText = model.NewValue("go: updating " + filepath.Base(file) + ": open " + file + ": permission denied")
					f.Args = values("file", file, "gotext", f.GoText.Reveal())
					found.add(b.env.Name, f)
					break // the other one is told by the same sentence
				}
			}
		}
		found.echo(s, "PERM-MOD", "go.mod")
		return found
	},
}
