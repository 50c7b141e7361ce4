package rules

import (
	"fmt"
	"go/version"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

var gomodNotTidy = Rule{
	ID:     "gomod-not-tidy",
	Family: "checksums",
	Title:  "go.mod or go.sum is behind the code",
	Refs: []Ref{
		{"GS-MISSING", "go.sum lacks a line that a build needs", "missing go.sum entry for module providing package …; to add:\n\tgo get …"},
		{"GM-UPDATES", "go.mod has to be changed before it can be built with", "go: updates to go.mod needed; to update it:\n\tgo mod tidy"},
	},
	Severity:  model.Error,
	DependsOn: []string{"gosum-malformed"},
	Messages: map[string]string{
		"sum":       `go.sum lacks what go needs for {what}; go stops with: {gotext}.`,
		"sums":      `go.sum lacks what go needs for {what} and {more} more; go stops with: {gotext}.`,
		"query":     `Line {line} of {file} names {module} at “{version}”, which is no complete version such as v1.2.3: go looks it up at every command, does not write down what it finds, and stops with: {gotext} (or with what the lookup fails at).`,
		"vendored":  `Line {line} of {file} names {module} at “{version}”, which is no complete version such as v1.2.3: go would have to look it up, and does not with -mod=vendor; it stops with: {gotext}.`,
		"toolchain": `The toolchain line of {file}, {toolchain}, asks for no other Go than its go line; go would take it out, and does not change go.mod by itself, so builds stop with: {gotext}.`,
		"updates":   `go.mod is not consistent any more, and go does not change it by itself; go stops with: {gotext}.`,
	},
	Doc: Doc{
		Symptom: "Imports are red although the module is required and perhaps even downloaded:\n\n```\nmissing go.sum entry for module providing package example.com/m/p (imported by example.com/app); to add:\n\tgo get example.com/app\nexample.com/m@v1.0.0: missing go.sum entry for go.mod file; to add it:\n\tgo mod download example.com/m\ngo: updates to go.mod needed; to update it:\n\tgo mod tidy\n```\n\ngopls says `could not import … (no required module provides package …)` for all of them.",
		Cause:   "Since Go 1.16 builds do not change go.mod and go.sum. Where a line is missing, go says so before it asks any proxy, so a broken GOPROXY or GOSUMDB may hide behind this message. go also says it when it cannot read go.sum. A plain `go mod download` does not add the lines for the modules themselves. go.mod itself is behind when it names a branch or a commit instead of a version, or has a toolchain line that says no more than its go line.",
		Cure:    "Run `go mod tidy`, or `go mod download all`. In a workspace the line may be missing in the go.sum of any module of it.",
		Undo:    "`git checkout -- go.mod go.sum`.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		for _, b := range builds(s) {
			behind := b.behind()
			found = append(found, behind...)
			var lacking []utterance
			for _, ref := range []string{"GS-MISSING", "GM-UPDATES"} {
				for _, u := range heard(s, ref) {
					if u.said.Env != b.env.Name || u.Refs[0] != ref || !b.fixed() && u.said.Command != "log" && u.said.Command != "gopls" || b.dormant(u) {
						continue
					}
					if ref == "GS-MISSING" {
						lacking = append(lacking, u)
						continue
					}
					if len(behind) > 0 {
						break // that is why
					}
					f := b.notTidy(u)
					f.Ref, f.Subject, f.Message = ref, "go.mod", "updates"
					found = append(found, f)
					break
				}
			}
			if len(lacking) == 0 {
				continue
			}
			f := b.notTidy(lacking[0])
			f.Ref, f.Subject, f.Message = "GS-MISSING", "go.sum", "sum"
			var what []string
			for _, u := range lacking {
				name := u.Args["package"].Reveal()
				if name == "" {
					name = strings.TrimSuffix(u.Args["module"].Reveal()+"@"+u.Args["version"].Reveal(), "@")
				}
				if name != "" && !slices.Contains(what, name) {
					what = append(what, name)
				}
			}
			switch len(what) {
			case 0:
				f.Args["what"] = model.NewValue("a build")
			case 1:
				f.Args["what"] = model.NewValue(what[0])
			default:
				f.Message = "sums"
				f.Args["what"], f.Args["more"] = model.NewValue(what[0]), model.NewValue(fmt.Sprint(len(what)-1))
			}
			found = append(found, f)
		}
		return merged(found)
	},
}

// behind finds what go has to change in the go.mod of the one main module before
// it builds, whatever the code is. In a workspace it does not mind.
func (b build) behind() (found []model.Finding) {
	m := nearest(b.s)
	if b.work != nil || m == nil || b.broken || b.modfile != "" || b.mod == "mod" {
		return nil
	}
	_, _, vendored := b.vendor()
	add := func(message string, line int, gotext string, args map[string]model.Value) {
		first, _, _ := strings.Cut(gotext, "\n\t")
		said, _, _ := strings.Cut(first, "; to ") // the command behind it is on the next line
		args["file"], args["line"], args["gotext"] = model.NewValue(m.File), model.NewValue(fmt.Sprint(line)), model.NewValue(strings.TrimSuffix(inOneLine(said), ":"))
		found = append(found, model.Finding{
			Ref: "GM-UPDATES", Subject: "go.mod", Message: message, Environments: []model.EnvName{b.env.Name}, Location: lineOf(m.File, line), GoText: model.NewValue(gotext), Args: args,
			Fixes: []model.FixOffer{runCommand("go mod tidy", filepath.Dir(m.File), "It brings go.mod and go.sum in line with what the code imports.")},
		})
	}
	dirty := "go: updates to go.mod needed"
	switch {
	case b.mod != "":
		dirty += ", disabled by -mod=" + b.mod + "; to update it:\n\tgo mod tidy"
	case vendored:
		dirty += ", disabled by -mod=vendor\n\t(Go version in go.mod is at least 1.14 and vendor directory exists.)\n\tto update it:\n\tgo mod tidy"
	default:
		dirty += "; to update it:\n\tgo mod tidy"
	}
	if len(m.Queries) > 0 {
		q := m.Queries[0]
		args := values("module", q.Path, "version", q.Version)
		if b.mod == "vendor" { // not where it is the default, which go.mod decides
			add("vendored", q.Line, fmt.Sprintf("go: errors parsing go.mod:\n%s:%d: cannot query module due to -mod=vendor", short(b.s, m.File), q.Line), args)
		} else {
			add("query", q.Line, dirty, args)
		}
		return found
	}
	t, _ := b.s.ToolchainOf(b.env.Name)
	knows := version.IsValid(t.Selected) && version.Compare(t.Selected, "go1.21") >= 0
	if name, _, _ := strings.Cut(m.Toolchain, "-"); knows && m.Toolchain != "" && (m.Toolchain == "go"+m.Go || version.Compare(name, "go1.21") < 0) {
		add("toolchain", m.ToolLine, dirty, values("toolchain", m.Toolchain))
	}
	return found
}

// notTidy is a finding that "go mod tidy" cures.
func (b build) notTidy(u utterance) model.Finding {
	first, _, _ := strings.Cut(u.Text.Reveal(), "\n")
	said, _, _ := strings.Cut(first, "; to ")
	f := model.Finding{Environments: []model.EnvName{b.env.Name}, GoText: u.Text, Args: values("gotext", strings.TrimSuffix(said, ":")), Location: u.said.Location}
	dir := b.s.Dir
	if mains := b.mains(); len(mains) > 0 {
		dir = filepath.Dir(mains[0].File)
	}
	if u.said.Location != nil {
		deepest := ""
		for _, m := range b.s.Modules {
			if at := filepath.Dir(m.File); above(at, u.said.Location.File) && len(at) > len(deepest) {
				deepest, dir = at, at
			}
		}
	}
	f.Fixes = []model.FixOffer{runCommand("go mod tidy", dir, "It brings go.mod and go.sum in line with what the code imports.")}
	return f
}

// dormant reports whether a message is about a module that a go.work provides
// while it is not switched off: that is another rule.
func (b build) dormant(u utterance) bool {
	if b.work != nil || b.s.Dormant == nil {
		return false
	}
	return slices.ContainsFunc(b.s.Dormant.Uses, func(use model.Use) bool {
		name := u.Args["package"].Reveal()
		return use.Path != "" && (u.Args["module"].Reveal() == use.Path || name == use.Path || strings.HasPrefix(name, use.Path+"/"))
	})
}
