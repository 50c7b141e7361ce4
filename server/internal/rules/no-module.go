package rules

import (
	"path/filepath"

	"github.com/gophantom/gophantom/server/internal/model"
)

var noModule = Rule{
	ID:     "no-module",
	Family: "GOFLAGS, vendor, workspace",
	Title:  "Go files without a module",
	Refs: []Ref{
		{"NOMOD", "a folder with Go files, and no go.mod in it, above it or below it", "go: go.mod file not found in current directory or any parent directory; see 'go help modules'"},
		{"MOD-INTMP", "a go.mod right in the directory for temporary files, which go ignores", "go: warning: ignoring go.mod in system temp root …"},
	},
	Severity: model.Warning,
	Messages: map[string]string{
		"none": `{file} is in no module: there is no go.mod in its directory or above, so “go build” stops with: {gotext}.`,
		"tmp":  `go ignores {file}, because it lies right in the directory for temporary files: {gotext}.`,
	},
	Doc: Doc{
		Symptom: "`go run FILE` works, but `go build`, `go test ./...` and `go get` stop:\n\n```\ngo: go.mod file not found in current directory or any parent directory; see 'go help modules'\npattern ./...: directory prefix . does not contain main module or its selected dependencies\n```\n\nIn the editor every import that is not of the standard library is red.",
		Cause:   "go looks for `go.mod` in the directory and in those above it. Without one it only builds files that are named one by one, and finds no other modules than the standard library. A `go.mod` right in `$TMPDIR` is ignored, because tests that make their directories there would all be in it.",
		Cure:    "Run `go mod init NAME` in the folder, or open the folder that has the `go.mod`. Move a trial from `/tmp` to a directory of its own below it.",
		Undo:    "Delete the new go.mod.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		for _, b := range builds(s) {
			if b.work != nil {
				continue
			}
			f := model.Finding{Environments: []model.EnvName{b.env.Name}, Subject: "go.mod"}
			if m := nearest(s); m != nil {
				temp := b.env.Lookup("TMPDIR").Value.Reveal()
				if temp == "" {
					temp = "/tmp"
				}
				if s.GOOS == "windows" || filepath.Clean(temp) != filepath.Dir(m.File) {
					continue
				}
				text := "go: warning: ignoring go.mod in system temp root " + temp
				f.Ref, f.Message, f.GoText, f.Location = "MOD-INTMP", "tmp", model.NewValue(text), lineOf(m.File, 1)
				f.Args = values("file", m.File, "gotext", text)
			} else {
				if s.Stray == "" || len(s.Modules) > 0 || b.env.Lookup("GO111MODULE").Value.Reveal() == "auto" {
					continue
				}
				text := "go: go.mod file not found in current directory or any parent directory; see 'go help modules'"
				f.Ref, f.Message, f.GoText, f.Location = "NOMOD", "none", model.NewValue(text), lineOf(s.Stray, 1)
				f.Args = values("file", s.Stray, "gotext", text)
				f.Fixes = []model.FixOffer{runCommand("go mod init NAME", filepath.Dir(s.Stray), "It makes the folder a module; NAME is its path, such as example.com/project.")}
			}
			found = append(found, f)
		}
		return merged(found)
	},
}
