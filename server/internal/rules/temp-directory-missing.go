package rules

import (
	"path/filepath"

	"github.com/gophantom/gophantom/server/internal/model"
)

var tempDirectoryMissing = Rule{
	ID:     "temp-directory-missing",
	Family: "toolchain, GOROOT, directories, cgo",
	Title:  "go has no directory for temporary files",
	Refs: []Ref{
		{"TMP-MISSING", "GOTMPDIR or TMPDIR leads nowhere", "go: creating work dir: stat …: no such file or directory"},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"missing": `{variable}={value} does not exist, and go does not make it; builds, “go vet” and “go env” stop with: {gotext}.`,
		"file":    `{variable}={value} is no directory; builds, “go vet” and “go env” stop with: {gotext}.`,
		"closed":  `{variable}={value} cannot be written; builds, “go vet” and “go env” stop with: {gotext}.`,
		"said":    `go cannot make its temporary files: {said}.`,
	},
	Doc: Doc{
		Symptom: "`go list` works; `go build`, `go vet` and even a bare `go env` do not, so tools that ask go for its environment fail as well:\n\n```\ngo: creating work dir: stat /scratch/tmp: no such file or directory\n```",
		Cause:   "go makes a work directory in GOTMPDIR, else in the directory for temporary files, which TMPDIR names on Unix. It makes no directory that is missing there: one on a RAM disk may be gone after a restart, and one that belongs to a session, to a container or to another user may not be there for this program.",
		Cure:    "Make the directory, or unset the variable.",
		Undo:    "Set it again where it was set.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, env := range present(s) {
			set := env.Lookup("GOTMPDIR")
			if set.Value.Empty() {
				set = env.Lookup("TMPDIR")
				if s.GOOS == "windows" || set.Value.Empty() {
					continue
				}
			}
			dir := set.Value.Reveal()
			at := filepath.Clean(dir)
			if !filepath.IsAbs(at) {
				at = filepath.Join(s.Dir, at) // for a go that runs there
			}
			p, known := s.Place(at)
			f := model.Finding{Ref: "TMP-MISSING", Subject: set.Name, Origin: &set.Origin, Fixes: remove(set)}
			work := filepath.Join(dir, "go-build…")
			switch {
			case !known || p.Dir && !p.ReadOnly:
				continue
			case !p.Exists:
				f.Message, f.GoText = "missing", model.NewValue("go: creating work dir: stat "+dir+": no such file or directory")
				f.Fixes = append(f.Fixes, runCommand("mkdir -p "+dir, s.Dir, "It makes the directory."))
			case !p.Dir:
				f.Message, f.GoText = "file", model.NewValue("go: creating work dir: mkdir "+work+": not a directory")
			default:
				f.Message, f.GoText = "closed", model.NewValue("go: creating work dir: mkdir "+work+": permission denied")
			}
			f.Args = map[string]model.Value{"variable": model.NewValue(set.Name), "value": set.Value, "gotext": f.GoText}
			found.add(env.Name, f)
		}
		found.echo(s, "TMP-MISSING", "TMPDIR")
		return found
	},
}
