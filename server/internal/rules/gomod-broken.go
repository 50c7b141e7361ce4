package rules

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

var gomodBroken = Rule{
	ID:     "gomod-broken",
	Family: "GOFLAGS, vendor, workspace",
	Title:  "go.mod does not parse",
	Refs: []Ref{
		{"MOD-SYNTAX", "a go.mod that go cannot read, such as one cut short or with the marks of a merge conflict", "go: errors parsing go.mod:\ngo.mod:…: …"},
	},
	Severity:  model.Error,
	DependsOn: []string{"go-line-invalid"},
	Messages: map[string]string{
		"line":   `{file} does not parse at line {line}, so go stops: {gotext}.`,
		"module": `{file} has no module line, so go stops: {gotext}.`,
	},
	Doc: Doc{
		Symptom: "Every command that needs the module stops, and gopls shows nothing but an error in go.mod:\n\n```\ngo: errors parsing go.mod:\ngo.mod:5: unknown directive: <<<<<<<\ngo: error reading go.mod: missing module declaration. To specify the module path:\n\tgo mod edit -module=example.com/mod\n```",
		Cause:   "A merge conflict was not resolved, the file was cut short while it was written, or it was edited by hand. go reports all lines that it does not understand; the first is usually the cause.",
		Cure:    "Correct the line that is named. `go mod edit -fmt` tells whether go accepts the file.",
		Undo:    "Nothing was changed.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		for _, b := range builds(s) {
			for _, m := range b.mains() {
				if len(m.Errors) == 0 || b.modfile != "" {
					continue
				}
				first := m.Errors[0]
				f := model.Finding{
					Ref: "MOD-SYNTAX", Subject: m.File, Environments: []model.EnvName{b.env.Name}, Location: lineOf(m.File, first.Line),
					Message: "line", Args: values("file", m.File, "line", strconv.Itoa(first.Line)),
				}
				name := short(s, m.File)
				text := parsing(name, m.Errors)
				shown := first.Text
				if first.Line == 0 {
					f.Message = "module"
					text = fmt.Sprintf("error reading %s: %s. To specify the module path:\n\tgo mod edit -module=example.com/mod", name, first.Text)
				}
				if b.work != nil {
					text = fmt.Sprintf("cannot load module %s listed in go.work file: %s", filepath.Dir(name), text)
				}
				f.GoText = model.NewValue("go: " + text)
				f.Args["gotext"] = model.NewValue(shown)
				found = append(found, f)
			}
		}
		return merged(found)
	},
}

// parsing is what go says of a file that does not parse.
func parsing(name string, errors []model.SyntaxError) string {
	var b strings.Builder
	fmt.Fprintf(&b, "errors parsing %s:", name)
	for _, e := range errors {
		b.WriteString("\n" + name)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d", e.Line)
		}
		if e.Column > 0 {
			fmt.Fprintf(&b, ":%d", e.Column)
		}
		b.WriteString(": " + e.Text)
	}
	return b.String()
}
