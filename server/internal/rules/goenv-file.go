package rules

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/gophantom/gophantom/server/internal/model"
)

var goenvFile = Rule{
	ID:     "goenv-file",
	Family: "env-file and precedence",
	Title:  "The GOENV file does not do what it seems to",
	Refs: []Ref{
		{"EN-FILEFMT", "a line that go ignores, or takes with its quotes or carriage return", ""},
		{"EN-UNREADABLE", "the file cannot be read, so go ignores it", "go: reading go env config: …"},
		{"EN-OFFWRITE", "GOENV=off beside a file that go env -w still writes", ""},
		{"EN-GOWORKFILE", "the file sets GOWORK, which go env -w does not do", "go: GOWORK cannot be modified"},
	},
	Severity: model.Warning,
	// What a quote or a carriage return does to a value, the rule of the variable says.
	DependsOn: []string{"goproxy-invalid-entry", "private-pattern-never-matches", "gosumdb-invalid"},
	Messages: map[string]string{
		"ignored": `Line {line} of the GOENV file {file} seems to set {variable}, but go ignores it: a line must read {variable}=value, with nothing before the name and no space around it.`,
		"return":  `Line {line} of the GOENV file {file} ends with a carriage return, which go takes as part of the value of {variable}; save the file with LF line ends.`,
		"quoted":  `Line {line} of the GOENV file {file} has quotes, which go takes as part of the value of {variable}; remove them.`,
		"dir":     `The GOENV file {file} cannot be read ({why}), so go ignores it, and “go env -w” stops with: {gotext}.`,
		"off":     `GOENV=off: go does not read {file}, which sets {variables}; “go env -w” goes on writing there, without effect.`,
		"gowork":  `Line {line} of the GOENV file sets GOWORK to “{value}” for every directory; go obeys it, although “go env -w” refuses to write it ({gotext}).`,
	},
	Doc: Doc{
		Symptom: "`go env -w` succeeded, or a line is plainly in the file, and go behaves as if it were not there. Or a `go.work` is in force (or is not) in every directory, and no environment variable says so.",
		Cause:   "go reads `os.UserConfigDir()/go/env`, or the file that GOENV names, line by line: a line counts only if it begins with an upper-case letter and has an equals sign. `export NAME=`, a space before the name or the equals sign, lower-case names and a byte-order mark make go ignore the line without a word. Quotes and carriage returns become part of the value. An unreadable file counts as empty. With GOENV=off nothing is read, but `go env -w` writes the usual file all the same.",
		Cure:    "Correct the line that is named, best with `go env -w NAME=VALUE`. Unset GOENV if the file should count. Take GOWORK out of the file, and set it where one shell or project needs it.",
		Undo:    "Put the old line back.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		for _, f := range s.EnvFiles {
			env, ok := s.Env(f.Env)
			if !ok || f.Env == model.EnvEditorLaunch {
				continue
			}
			add := func(finding model.Finding) {
				finding.Environments = []model.EnvName{f.Env}
				found = append(found, finding)
			}
			if f.Off {
				if len(f.Set) > 0 {
					origin := env.Lookup("GOENV").Origin
					add(model.Finding{
						Ref: "EN-OFFWRITE", Message: "off", Severity: model.Info, Subject: "GOENV", Origin: &origin,
						Args: values("file", f.File, "variables", some(f.Set)),
					})
				}
				continue
			}
			if f.Why != "" {
				text := fmt.Sprintf("go: reading go env config: open %s: permission denied", f.File)
				if f.Why == "it is a directory" {
					text = fmt.Sprintf("go: reading go env config: read %s: is a directory", f.File)
				}
				add(model.Finding{
					Ref: "EN-UNREADABLE", Message: "dir", Subject: "GOENV", Location: lineOf(f.File, 1), GoText: model.NewValue(text),
					Args: values("file", f.File, "why", f.Why, "gotext", text),
				})
			}
			for _, line := range f.Odd {
				message := map[string]string{model.EnvLineIgnored: "ignored", model.EnvLineReturn: "return", model.EnvLineQuoted: "quoted"}[line.Kind]
				severity := model.Warning
				if line.Kind == model.EnvLineReturn && slices.Contains(trimmed, line.Variable) {
					severity = model.Info
				}
				add(model.Finding{
					Ref: "EN-FILEFMT", Message: message, Severity: severity, Subject: line.Variable, Location: lineOf(f.File, line.Line),
					Args: values("line", strconv.Itoa(line.Line), "file", f.File, "variable", line.Variable),
				})
			}
			if gowork := env.Lookup("GOWORK"); gowork.Origin.Layer == model.LayerGOENV && !gowork.Value.Empty() {
				add(model.Finding{
					Ref: "EN-GOWORKFILE", Message: "gowork", Subject: "GOWORK", Origin: &gowork.Origin, GoText: model.NewValue("go: GOWORK cannot be modified"),
					Args:  map[string]model.Value{"line": model.NewValue(strconv.Itoa(gowork.Origin.Line)), "value": gowork.Value, "gotext": model.NewValue("GOWORK cannot be modified")},
					Fixes: []model.FixOffer{{ID: "unset-variable", Args: values("variable", "GOWORK")}},
				})
			}
		}
		return merged(found)
	},
}

// trimmed are variables whose values go splits at white space, or trims, so that
// a carriage return does no harm.
var trimmed = []string{"GOPROXY", "GOFLAGS", "GOVCS", "GOAUTH"}

// some names the first few of a list.
func some(names []string) string {
	const most = 3
	switch n := len(names); {
	case n == 1:
		return names[0]
	case n == 2:
		return names[0] + " and " + names[1]
	case n <= most:
		return names[0] + ", " + names[1] + " and " + names[2]
	default:
		return fmt.Sprintf("%s, %s and %d more", names[0], names[1], n-2)
	}
}

// directoryPath is how go names a directory of a workspace in go.work.
func directoryPath(from, dir string) string {
	rel, err := filepath.Rel(from, dir)
	if err != nil {
		return dir
	}
	rel = filepath.ToSlash(rel)
	if rel == "." || rel == ".." || len(rel) > 2 && rel[:3] == "../" {
		return rel
	}
	return "./" + rel
}
