package rules

import (
	"go/version"
	"slices"

	"github.com/gophantom/gophantom/server/internal/model"
)

var goplsGoMismatch = Rule{
	ID:     "gopls-go-mismatch",
	Family: "gopls/Go/extension version mismatch",
	Title:  "gopls and Go do not fit together",
	Refs: []Ref{
		{"", "a module asks for a newer Go than the one that built the running gopls", "package requires newer Go version go1.… (application built with go1.…)"},
		{"", "the go command in the environment of gopls is older than gopls supports", ""},
		{"", "the go command is older than those that gopls was tested with", ""},
	},
	Severity: model.Warning,
	Messages: map[string]string{
		"language": `The module {module} asks for {wants}, but the running gopls {gopls} was built with {built} and knows no newer language: it says “package requires newer Go version” of every package. Build gopls anew with a newer Go.`,
		"old-go":   `gopls {gopls} works with {least} or later, but the go command it runs is {have}.`,
		"policy":   `gopls {gopls} was tested with {least} and later; the go command it runs is {have}.`,
	},
	Doc: Doc{
		Symptom: "gopls marks every package of a module red, while `go build` is green:\n\n```\npackage requires newer Go version go1.27 (application built with go1.26)\n```\n\nOr gopls shows nothing at all, or less than it should, with an old Go.",
		Cause: "gopls checks types itself, with the type checker of the Go that *built* it, and that refuses every language version it does not know: only the minor version counts, so a gopls built with go1.26.1 accepts `go 1.26.9`. The `go` in PATH may be newer than that, and `go` fetches a newer toolchain by itself where `go.mod` asks for one; gopls does not. " +
			"The other way round, gopls gives up support for old go commands: since v0.17 it needs Go 1.21, and since v0.18 it is tested with the two latest releases of Go only.",
		Cure: "Build gopls anew: *Go: Install/Update Tools*, or `go install golang.org/x/tools/gopls@latest` with the newer Go, then *Go: Restart Language Server*. With an old Go, install the last gopls that supports it: v0.15.3 for Go 1.19 and 1.20, v0.14.2 for Go 1.18.",
		Undo: "Install the earlier version: `go install golang.org/x/tools/gopls@VERSION`.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		if len(s.Gopls) == 0 {
			return nil
		}
		gopls := s.Gopls[0]
		args := func(more map[string]string) map[string]model.Value {
			out := map[string]model.Value{"gopls": model.NewValue(orUnknown(gopls.Version))}
			for name, text := range more {
				out[name] = model.NewValue(text)
			}
			return out
		}
		if built := version.Lang(gopls.GoVersion); built != "" {
			for _, m := range loaded(s) {
				wants := version.Lang("go" + m.Go)
				if wants == "" || version.Compare(wants, built) <= 0 {
					continue
				}
				found = append(found, model.Finding{
					Subject:      m.File,
					Environments: []model.EnvName{model.EnvGopls},
					Message:      "language",
					Args:         args(map[string]string{"module": m.Path, "wants": "go " + m.Go, "built": gopls.GoVersion}),
					Location:     goLine(m),
					GoText:       model.NewValue("package requires newer Go version " + wants + " (application built with " + built + ")"),
				})
			}
		}
		release, known := goplsReleaseOf(gopls.Version)
		tool, _ := s.ToolchainOf(model.EnvGopls)
		have := tool.Selected
		if have == "" {
			have = tool.Version
		}
		if !known || !version.IsValid(have) {
			return found
		}
		f := model.Finding{Subject: "gopls", Environments: []model.EnvName{model.EnvGopls}}
		switch {
		case version.Compare(version.Lang(have), release.runs) < 0:
			f.Message, f.Args = "old-go", args(map[string]string{"least": release.runs, "have": have})
		case version.Compare(version.Lang(have), release.tested) < 0:
			f.Message, f.Args, f.Severity = "policy", args(map[string]string{"least": release.tested, "have": have}), model.Info
		default:
			return found
		}
		return append(found, f)
	},
}

// loaded returns the modules that gopls loads: those that go.work uses, or
// else every one in reach.
func loaded(s *model.Snapshot) []model.Module {
	if s.Work == nil {
		return s.Modules
	}
	var out []model.Module
	for _, m := range s.Modules {
		if slices.ContainsFunc(s.Work.Uses, func(u model.Use) bool { return u.Path == m.Path }) {
			out = append(out, m)
		}
	}
	return out
}

// goLine is the line of a go.mod that says which Go it asks for.
func goLine(m model.Module) *model.Location {
	line := max(m.GoLine, 1) - 1
	return &model.Location{File: m.File, Range: model.Range{Start: model.Position{Line: line}, End: model.Position{Line: line + 1}}}
}

func orUnknown(version string) string {
	if version == "" {
		return "(of unknown version)"
	}
	return version
}
