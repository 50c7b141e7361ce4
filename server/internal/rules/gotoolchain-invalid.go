package rules

import (
	"go/version"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

var gotoolchainInvalid = Rule{
	ID:     "gotoolchain-invalid",
	Family: "toolchain, GOROOT, directories, cgo",
	Title:  "There is no toolchain of the name that go is told to use",
	Refs: []Ref{
		{"TC-BADVAL", "a value of GOTOOLCHAIN that go does not understand", "go: invalid GOTOOLCHAIN …"},
		{"TC-LANG", "the name of a language version, which no toolchain has", "go: invalid toolchain: … is a language version but not a toolchain version (….x)"},
		{"TC-PATH", "GOTOOLCHAIN forbids downloads, and PATH does not have the toolchain", "go: cannot find … in PATH"},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"value":    `go does not understand GOTOOLCHAIN={value}; go commands stop with: {gotext}.`,
		"language": `{name} is the name of a language version; toolchains are called {name}.0, {name}.1 and so on since Go 1.21, so none can be found: {gotext}.`,
		"path":     `go is to hand over to {name} ({why}), and GOTOOLCHAIN={value} lets it look in PATH only, where it is not; go commands stop with: {gotext}.`,
		"said":     `go cannot use the toolchain that it is told to use: {said}.`,
	},
	Doc: Doc{
		Symptom: "Every go command stops, even `go version`, and gopls cannot start a view:\n\n```\ngo: invalid GOTOOLCHAIN \"1.26.8\"\ngo: invalid toolchain: go1.27 is a language version but not a toolchain version (go1.27.x)\ngo: cannot find \"go1.99.0\" in PATH\n```",
		Cause:   "GOTOOLCHAIN is `local`, `auto`, `path`, the name of a toolchain, or such a name with `+auto` or `+path`. Names begin with `go` and have three numbers since Go 1.21: `go1.26.8`, not `1.26.8`, `latest` or `go1.26`. With `path` and `+path` go downloads nothing.",
		Cure:    "Remove the value, `go env -u GOTOOLCHAIN` or unset the variable; or write the full name.",
		Undo:    "Put the old value back where it was set.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, env := range present(s) {
			t, _ := s.ToolchainOf(env.Name)
			set := env.Lookup("GOTOOLCHAIN")
			value := set.Value.Reveal()
			f := model.Finding{Subject: "GOTOOLCHAIN", Fixes: remove(set)}
			if explicit(set) {
				f.Origin = &set.Origin
			}
			switch {
			case strings.HasPrefix(t.Refusal, "invalid GOTOOLCHAIN"):
				f.Ref, f.Message, f.GoText = "TC-BADVAL", "value", model.NewValue("go: "+t.Refusal)
			case strings.HasPrefix(t.Refusal, "cannot find"):
				f.Ref, f.Message, f.GoText = "TC-PATH", "path", model.NewValue("go: "+t.Refusal)
			case t.Fetched && languageOnly(t.Selected):
				f.Ref, f.Message = "TC-LANG", "language"
				f.GoText = model.NewValue("go: invalid toolchain: " + t.Selected + " is a language version but not a toolchain version (" + t.Selected + ".x)")
				if !strings.HasPrefix(value, t.Selected) {
					file, _ := asks(s, env, t.Selected)
					f.Subject, f.Origin, f.Location, f.Fixes = file, nil, lineOf(file, 1), nil
				}
			default:
				continue
			}
			f.Args = map[string]model.Value{"value": set.Value, "name": model.NewValue(t.Selected), "why": model.NewValue(strings.Split(t.SelectedWhy+";", ";")[0]), "gotext": f.GoText}
			found.add(env.Name, f)
		}
		for _, ref := range []string{"TC-BADVAL", "TC-LANG", "TC-PATH"} {
			found.echo(s, ref, "GOTOOLCHAIN")
		}
		return found
	},
}

// languageOnly reports whether a name is one that no toolchain has: since Go
// 1.21 their names have a patch number.
func languageOnly(toolchain string) bool {
	return version.Lang(toolchain) == toolchain && version.Compare(toolchain, "go1.21") >= 0
}

// asks returns the file whose toolchain or go line made go choose a toolchain,
// and whether it is the toolchain line, which is only advice.
func asks(s *model.Snapshot, env model.Env, toolchain string) (file string, advice bool) {
	if work, known := workOf(s, env); known && work != nil {
		return work.File, strings.TrimSuffix(toolchain, ".0") != "go"+strings.TrimSuffix(work.Go, ".0")
	}
	if m := nearest(s); m != nil {
		return m.File, m.Toolchain == toolchain
	}
	return "", false
}
