package rules

import (
	"path/filepath"
	"slices"

	"github.com/gophantom/gophantom/server/internal/model"
)

var modulesSwitchedOff = Rule{
	ID:     "modules-switched-off",
	Family: "toolchain, GOROOT, directories, cgo",
	Title:  "GO111MODULE keeps go from using modules",
	Refs: []Ref{
		{"G111-OFF", "GO111MODULE=off in a folder that is a module", "go: modules disabled by GO111MODULE=off; see 'go help modules'"},
		{"G111-BAD", "a value other than on, off and auto", "go: unknown environment setting GO111MODULE=…"},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"off":    `GO111MODULE=off makes go ignore {file} and look for every import in GOROOT and GOPATH only; commands for modules stop with: {gotext}.`,
		"gopath": `GO111MODULE=off makes go ignore {file}; the folder is in GOPATH, where it finds imports all the same. Commands for modules stop with: {gotext}.`,
		"bad":    `GO111MODULE={value} is neither on, off nor auto; every command that looks for a module stops with: {gotext}.`,
		"said":   `go does not use modules here: {said}.`,
	},
	Doc: Doc{
		Symptom: "Imports that `go.mod` provides are not found:\n\n```\ncannot find package \"example.com/lib\" in any of:\n\t/usr/local/go/src/example.com/lib (from $GOROOT)\n\t/home/gopher/go/src/example.com/lib (from $GOPATH)\ngo: modules disabled by GO111MODULE=off; see 'go help modules'\n```\n\ngopls says `could not import example.com/lib (cannot find package \"example.com/lib\" in GOROOT)`.",
		Cause:   "`GO111MODULE=off` switches back to GOPATH mode, as before Go 1.11. It is a left-over of old guides. The only other values are `on` and `auto`, which mean the same in a module, and nothing, which is `on`.",
		Cure:    "Unset it: `go env -u GO111MODULE`, and remove it from start-up files and settings.",
		Undo:    "Set it again where it was set.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, env := range present(s) {
			set := env.Lookup("GO111MODULE")
			f := model.Finding{Subject: "GO111MODULE", Origin: &set.Origin, Fixes: remove(set)}
			switch value := set.Value.Reveal(); value {
			case "", "on", "auto":
				continue
			case "off":
				m := nearest(s)
				if m == nil {
					continue // GOPATH mode may be what is meant
				}
				f.Ref, f.Message, f.GoText = "G111-OFF", "off", model.NewValue("go: modules disabled by GO111MODULE=off; see 'go help modules'")
				f.Args = values("file", m.File, "gotext", f.GoText.Reveal())
				if slices.ContainsFunc(filepath.SplitList(env.Lookup("GOPATH").Value.Reveal()), func(dir string) bool { return inside(filepath.Join(dir, "src"), s.Dir) }) {
					f.Message, f.Severity = "gopath", model.Info
				}
			default:
				f.Ref, f.Message, f.GoText = "G111-BAD", "bad", model.NewValue("go: unknown environment setting GO111MODULE="+value)
				f.Args = map[string]model.Value{"value": set.Value, "gotext": f.GoText}
			}
			found.add(env.Name, f)
		}
		found.echoWhere(s, "G111-OFF", "GO111MODULE", func(env model.Env) bool { return env.Lookup("GO111MODULE").Value.Reveal() == "off" })
		found.echo(s, "G111-BAD", "GO111MODULE")
		return found
	},
}
