package rules

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

var goLineInvalid = Rule{
	ID:     "go-line-invalid",
	Family: "toolchain, GOROOT, directories, cgo",
	Title:  "The go or toolchain line is not a version that go understands",
	Refs: []Ref{
		{"TC-LINE", "a go or toolchain line that is not a version", "go.mod:…: invalid toolchain version '…': must match format go1.23.0 or default"},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"format": `Line {line} of {file} is not what go expects there, so it reads no module at all: {gotext}.`,
		"choose": `go chooses its toolchain by {file}, and cannot, for its toolchain line is none that go knows; go commands stop with: {gotext}.`,
		"said":   `go does not understand a go or toolchain line: {said}.`,
	},
	Doc: Doc{
		Symptom: "Every command in the module stops, and gopls shows nothing but an error in go.mod:\n\n```\ngo: errors parsing go.mod:\ngo.mod:3: invalid go version '1.22.': must match format 1.23.0\ngo.mod:5: invalid toolchain version '1.26.1': must match format go1.23.0 or default\n```",
		Cause:   "The go line holds a version without `go` in front of it (`go 1.26` or `go 1.26.1`), the toolchain line the name of a toolchain with it (`toolchain go1.26.1`). Go before 1.21 knows neither the toolchain line nor a go line with three numbers.",
		Cure:    "Correct the line: `go mod edit -go=1.26.1`, `go mod edit -toolchain=go1.26.1`, or `-toolchain=none` to remove it.",
		Undo:    "Put the old line back.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, b := range builds(s) {
			t, _ := s.ToolchainOf(b.env.Name)
			if file, _, line := b.demand(); strings.HasPrefix(t.Refusal, "invalid toolchain ") && file != "" {
				f := model.Finding{Ref: "TC-LINE", Subject: file, Message: "choose", Location: lineOf(file, line), GoText: model.NewValue("go: " + t.Refusal)}
				f.Args = values("file", file, "gotext", "go: "+t.Refusal)
				if b.work != nil {
					f.Subject = "go.work"
				}
				found.add(b.env.Name, f)
				continue
			}
			tell := func(file, subject string, errors []model.SyntaxError) {
				i := slices.IndexFunc(errors, func(e model.SyntaxError) bool { return strings.Contains(e.Text, ": must match format ") })
				if i < 0 {
					return
				}
				found.add(b.env.Name, model.Finding{
					Ref: "TC-LINE", Subject: subject, Message: "format", Location: lineOf(file, errors[i].Line), GoText: model.NewValue("go: " + parsing(short(s, file), errors)),
					Args: values("file", file, "line", strconv.Itoa(errors[i].Line), "gotext", errors[i].Text),
				})
			}
			if b.work != nil {
				tell(b.work.File, "go.work", b.work.Errors)
			}
			for _, m := range b.mains() {
				if b.modfile == "" {
					tell(m.File, m.File, m.Errors)
				}
			}
		}
		found.echo(s, "TC-LINE", "go.mod")
		return found
	},
}
