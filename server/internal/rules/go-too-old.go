package rules

import (
	"fmt"
	"go/version"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

var goTooOld = Rule{
	ID:     "go-too-old",
	Family: "toolchain, GOROOT, directories, cgo",
	Title:  "The go command is older than the module asks for, and stays so",
	Refs: []Ref{
		{"TC-LOCALOLD", "the go line asks for a newer Go, and GOTOOLCHAIN keeps the installed one", "go: go.mod requires go >= … (running go …; GOTOOLCHAIN=local)"},
	},
	Severity: model.Error,
	// The other side has the right Go: it is told as a difference, with its cure.
	DependsOn: []string{"env-drift"},
	Messages: map[string]string{
		"kept": `{file} asks for Go {want}, but the go command is {have}, and GOTOOLCHAIN={value} keeps it from handing over to a newer one; every command in the module stops with: {gotext}.`,
		"none": `{file} asks for Go {want}, but the go command is {have}, and GOTOOLCHAIN is not set, not even in GOROOT/go.env, so it does not hand over to a newer one; every command in the module stops with: {gotext}.`,
		"said": `A module asks for a newer Go than the one that runs: {said}.`,
	},
	Doc: Doc{
		Symptom: "Every command in the module stops, and gopls shows nothing:\n\n```\ngo: go.mod requires go >= 1.27 (running go 1.26.8; GOTOOLCHAIN=local)\n```",
		Cause:   "Since Go 1.21 the go line is a least version. With `GOTOOLCHAIN=auto` the go command fetches and runs a newer toolchain by itself; with `local`, which distributions and container images write into `$GOROOT/go.env`, it stops. The toolchain line has no effect then. A dependency that asks for a newer Go stops it in the same way.",
		Cure:    "Install the Go that is asked for, or let go fetch it: `go env -w GOTOOLCHAIN=auto`.",
		Undo:    "`go env -u GOTOOLCHAIN`.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, b := range builds(s) {
			t, _ := s.ToolchainOf(b.env.Name)
			have := t.Tool("go").Version
			file, want, line := b.demand()
			if have == "" || t.Selected != have || want == "" || version.Compare("go"+want, have) <= 0 || version.Compare(have, "go1.21") < 0 {
				continue
			}
			set := b.env.Lookup("GOTOOLCHAIN")
			value := set.Value.Reveal()
			text := fmt.Sprintf("go: %s requires go >= %s (running go %s", short(s, file), want, strings.TrimPrefix(have, "go"))
			if value != "" && value != "auto" {
				text += "; GOTOOLCHAIN=" + value
			}
			if value == "auto" || value == "path" || strings.Contains(value, "+") { // nothing else keeps go from switching
				text += fmt.Sprintf("; %s sets toolchain default", short(s, file))
			}
			text += ")"
			f := model.Finding{Ref: "TC-LOCALOLD", Subject: "PATH", Message: "kept", GoText: model.NewValue(text), Location: lineOf(file, line)}
			f.Args = values("file", file, "want", want, "have", have, "value", value, "gotext", text)
			switch {
			case value == "":
				f.Message = "none"
				f.Fixes = []model.FixOffer{allowNewer(s)}
			case explicit(set):
				f.Subject, f.Origin = "GOTOOLCHAIN", &set.Origin
				f.Fixes = []model.FixOffer{{ID: "set-variable", Args: values("variable", "GOTOOLCHAIN", "value", "auto")}}
			default:
				f.Fixes = []model.FixOffer{allowNewer(s)}
			}
			found.add(b.env.Name, f)
		}
		found.echo(s, "TC-LOCALOLD", "GOTOOLCHAIN")
		return found
	},
}

// allowNewer offers the command that lets go fetch toolchains, for where only a
// file of the installation forbids it.
func allowNewer(s *model.Snapshot) model.FixOffer {
	return runCommand("go env -w GOTOOLCHAIN=auto", s.Dir, "It lets go fetch and run the toolchain that a module asks for; what the installation says is left alone.")
}

// demand is what go.work asks for if there is one, else go.mod: the go line and
// its number.
func (b build) demand() (file, goLine string, line int) {
	if b.work != nil {
		return b.work.File, b.work.Go, 1
	}
	if m := nearest(b.s); m != nil && b.modfile == "" {
		return m.File, m.Go, m.GoLine
	}
	return "", "", 0
}
