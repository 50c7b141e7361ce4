package rules

import (
	"path/filepath"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

var gorootWrong = Rule{
	ID:     "goroot-wrong",
	Family: "toolchain, GOROOT, directories, cgo",
	Title:  "GOROOT leads to something else than the Go that runs",
	Refs: []Ref{
		{"GR-MISMATCH", "GOROOT holds another Go than the go command is", `compile: version "…" does not match go tool version "…"`},
		{"GR-MISSING", "there is no directory where GOROOT leads", "go: cannot find GOROOT directory: …"},
		{"GR-NOTROOT", "there is no Go in the directory where GOROOT leads", "package fmt is not in std (…)"},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"missing":  `GOROOT={value} is no directory, so every go command stops with: {gotext}.`,
		"not-root": `GOROOT={value} holds no Go: there is no src/fmt in it, so go finds no package of the standard library: {gotext}.`,
		"mismatch": `GOROOT={value} holds {there}, but the go command that runs, {go}, is {have}; compiling stops with: {gotext}.`,
		"said":     `GOROOT does not lead to the Go that runs: {said}.`,
	},
	Doc: Doc{
		Symptom: "```\ncompile: version \"go1.27.4\" does not match go tool version \"go1.26.8\"\ngo: cannot find GOROOT directory: /usr/local/go\npackage fmt is not in std (/usr/local/src/fmt)\n```\n\nWith a GOROOT of another version `go list` and gopls are green, and every build is red: it shows only when something is compiled.",
		Cause:   "The go command knows where it is installed. A GOROOT in the environment overrides that; once another Go is installed, or PATH leads to another one, it points at the wrong place. Version managers (gvm, goenv, asdf), old start-up files and the setting `go.goroot` set it; `go.goroot` stays in the editor's environment even after it is removed from the settings.",
		Cure:    "Unset GOROOT. No installation of Go needs it.",
		Undo:    "Set GOROOT again where it was set.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, env := range present(s) {
			set := env.Lookup("GOROOT")
			t, _ := s.ToolchainOf(env.Name)
			if !explicit(set) || set.Value.Empty() || t.Go == "" || handsOver(t) {
				continue
			}
			root := filepath.Clean(set.Value.Reveal())
			at := root
			if !filepath.IsAbs(at) {
				at = filepath.Join(s.Dir, at) // where it is when go runs there
			}
			dir, known := s.Place(at)
			std, known2 := s.Place(filepath.Join(at, "src", "fmt"))
			have := t.Tool("go").Version
			f := model.Finding{Subject: "GOROOT", Origin: &set.Origin, Fixes: remove(set)}
			switch {
			case !known || !known2:
				continue
			case !dir.Dir:
				f.Ref, f.Message, f.GoText = "GR-MISSING", "missing", model.NewValue("go: cannot find GOROOT directory: "+root)
			case !std.Dir:
				f.Ref, f.Message, f.GoText = "GR-NOTROOT", "not-root", model.NewValue("package fmt is not in std ("+filepath.Join(root, "src", "fmt")+")")
			case have != "" && t.Version != "" && t.Version != have:
				f.Ref, f.Message = "GR-MISMATCH", "mismatch"
				f.GoText = model.NewValue("compile: version \"" + t.Version + "\" does not match go tool version \"" + have + "\"")
			default:
				continue
			}
			f.Args = map[string]model.Value{"value": set.Value, "there": model.NewValue(t.Version), "have": model.NewValue(have), "go": model.NewValue(t.Go), "gotext": f.GoText}
			found.add(env.Name, f)
		}
		for _, ref := range []string{"GR-MISMATCH", "GR-MISSING", "GR-NOTROOT"} {
			found.echo(s, ref, "GOROOT")
		}
		return found
	},
}

// inside reports whether a path is a directory or below it.
func inside(dir, path string) bool {
	return path == dir || strings.HasPrefix(path, strings.TrimSuffix(dir, string(filepath.Separator))+string(filepath.Separator))
}
