package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

var experimentUnknown = Rule{
	ID:     "experiment-unknown",
	Family: "toolchain, GOROOT, directories, cgo",
	Title:  "This Go has no experiment or setting of that name",
	Refs: []Ref{
		{"GEXP", "a name in GOEXPERIMENT or in a godebug line that this Go does not know", "go: unknown GOEXPERIMENT …"},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"experiment": `{go} has no experiment “{name}”, which GOEXPERIMENT={value} names; every command stops with: {gotext}.`,
		"godebug":    `{go} has no setting “{name}”, which the godebug line {line} of {file} names; every command in the module stops with: {gotext}.`,
		"removed":    `{go} has no setting “{name}” any more, which the godebug line {line} of {file} names; every command in the module stops with: {gotext}.`,
		"said":       `go does not know an experiment or setting: {said}.`,
	},
	Doc: Doc{
		Symptom: "```\ngo: unknown GOEXPERIMENT jsonv2\ngo: error loading go.mod:\ngo.mod:5: unknown godebug \"foo\"\n```",
		Cause:   "Each release of Go has experiments of its own: one that became the rule, or was given up, is unknown to the next, and one of the next to this. The same holds for the settings of `godebug` lines and `//go:debug` comments. Where the editor finds another Go than the terminal, one of them may know the name and the other not.",
		Cure:    "Remove the name: `go env -u GOEXPERIMENT`, or `go mod edit -dropgodebug=NAME`. Or use the Go that knows it.",
		Undo:    "Put the name back where it was.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, env := range present(s) {
			t, _ := s.ToolchainOf(env.Name)
			set := env.Lookup("GOEXPERIMENT")
			if t.Release == nil || t.Release.Experiments == nil {
				continue
			}
			for name := range strings.SplitSeq(set.Value.Reveal(), ",") {
				if name == "" || name == "none" {
					continue
				}
				name = strings.TrimPrefix(name, "no")
				if name == "regabi" || t.Release.Experiments[name] {
					continue
				}
				text := "go: unknown GOEXPERIMENT " + name
				found.add(env.Name, model.Finding{
					Ref: "GEXP", Subject: "GOEXPERIMENT", Message: "experiment", Origin: &set.Origin, GoText: model.NewValue(text), Fixes: remove(set),
					Args: values("go", t.Selected, "name", name, "value", set.Value.Reveal(), "gotext", text),
				})
				break // go names the first
			}
		}
		for _, b := range builds(s) {
			t, _ := s.ToolchainOf(b.env.Name)
			if t.Release == nil || t.Release.Godebugs == nil || b.work != nil || b.modfile != "" {
				continue
			}
			for _, m := range b.mains() {
				for _, g := range m.Godebugs {
					works, listed := t.Release.Godebugs[g.Key]
					if works || g.Key == "default" {
						continue
					}
					key, text := "godebug", fmt.Sprintf("%s:%d: unknown godebug %q", short(s, m.File), g.Line, g.Key)
					if listed {
						key, text = "removed", fmt.Sprintf("%s:%d: use of removed godebug %q", short(s, m.File), g.Line, g.Key)
					}
					found.add(b.env.Name, model.Finding{
						Ref: "GEXP", Subject: m.File, Message: key, Location: lineOf(m.File, g.Line), GoText: model.NewValue("go: error loading go.mod:\n" + text),
						Args:  values("go", t.Selected, "name", g.Key, "line", strconv.Itoa(g.Line), "file", m.File, "gotext", text),
						Fixes: []model.FixOffer{runCommand("go mod edit -dropgodebug="+g.Key, s.Dir, "It removes the line; go falls back to its default.")},
					})
				}
			}
		}
		found.echo(s, "GEXP", "GOEXPERIMENT")
		return found
	},
}
