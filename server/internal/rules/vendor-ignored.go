package rules

import (
	"go/version"
	"path/filepath"

	"github.com/gophantom/gophantom/server/internal/model"
)

var vendorIgnored = Rule{
	ID:     "vendor-ignored",
	Family: "GOFLAGS, vendor, workspace",
	Title:  "go ignores the vendor directory",
	Refs: []Ref{
		{"VD-PRE114", "a vendor directory beside a go.mod of a Go before 1.14", "(Go version in go.mod is …, so vendor directory was not used.)"},
	},
	Severity: model.Info,
	Messages: map[string]string{
		"old":  `go ignores {dir}, because {file} says go {go}, and only from go 1.14 on it builds from there without being told; it takes the modules from the module cache.`,
		"none": `go ignores {dir}, because {file} has no go line; it takes the modules from the module cache.`,
	},
	Doc: Doc{
		Symptom: "The modules are in the vendor directory, and go downloads them all the same. With an import that fails it says `(Go version in go.mod is 1.13, so vendor directory was not used.)`.",
		Cause:   "Building from the vendor directory is the default since Go 1.14, and only for modules whose go line says 1.14 or later.",
		Cure:    "Raise the go line (`go mod edit -go=1.14` at least, then `go mod tidy` and `go mod vendor`), or say `-mod=vendor`. If the directory is not meant for go, nothing needs to be done.",
		Undo:    "`git checkout -- go.mod`.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		for _, b := range builds(s) {
			m := nearest(s)
			if b.work != nil || m == nil || b.mod != "" || b.broken || b.modfile != "" || len(m.Errors) > 0 || m.Vendor == nil || !m.Vendor.Exists || m.Vendor.Workspace {
				continue
			}
			f := model.Finding{
				Ref: "VD-PRE114", Message: "old", Subject: "vendor", Environments: []model.EnvName{b.env.Name}, Location: lineOf(m.File, m.GoLine),
				Args: values("dir", filepath.Dir(m.Vendor.File), "file", m.File, "go", m.Go),
			}
			switch {
			case m.Go == "":
				f.Message = "none"
				delete(f.Args, "go")
			case version.Compare("go"+m.Go, "go1.14") >= 0:
				continue
			}
			found = append(found, f)
		}
		return merged(found)
	},
}
