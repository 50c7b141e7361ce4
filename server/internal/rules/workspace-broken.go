package rules

import (
	"fmt"
	"go/version"
	"path/filepath"
	"strconv"

	"github.com/gophantom/gophantom/server/internal/model"
)

var workspaceBroken = Rule{
	ID:     "workspace-broken",
	Family: "GOFLAGS, vendor, workspace",
	Title:  "The workspace file cannot be used",
	Refs: []Ref{
		{"WS-GOWORKMISSING", "GOWORK names a file that does not exist", "go: reading go.work: open …: no such file or directory"},
		{"", "GOWORK names a directory", "go: reading go.work: read …: is a directory"},
		{"WS-GOWORKREL", "GOWORK is no absolute path", "go: invalid GOWORK: not an absolute path"},
		{"WS-USEMISSING", "go.work uses a directory that has no go.mod", "go: cannot load module … listed in go.work file: open …/go.mod: no such file or directory"},
		{"WS-DUP", "go.work uses a directory twice", "go: error loading go.work:\ngo.work:…: path … appears multiple times in workspace"},
		{"WS-GOOLD", "the go line of go.work is older than that of a module in it", "go: module … listed in go.work file requires go >= …, but go.work lists go …; to update it:\n\tgo work use"},
		{"WS-SYNTAX", "a go.work that go cannot read", "go: errors parsing go.work:\ngo.work:…: …"},
	},
	Severity:  model.Error,
	DependsOn: []string{"go-line-invalid"},
	Messages: map[string]string{
		"gowork-missing":   `GOWORK names {file}, which does not exist; go stops with: {gotext}.`,
		"gowork-directory": `GOWORK names {file}, which is a directory; go wants the go.work file itself, and stops with: {gotext}.`,
		"gowork-relative":  `GOWORK is “{file}”, which is no absolute path; every go command stops with: {gotext}.`,
		"use":              `{file} uses {dir}, which has no go.mod; go stops with: {gotext}.`,
		"twice":            `{file} uses {dir} twice; go stops with: {gotext}.`,
		"old":              `{file} is for go {go}, but the module in {dir} needs go {needs}; go stops with: {gotext}.`,
		"syntax":           `{file} does not parse at line {line}, so go stops: {gotext}.`,
	},
	Doc: Doc{
		Symptom: "Everything in the workspace is red, in all modules at once, and every command stops:\n\n```\ngo: cannot load module ./b listed in go.work file: open b/go.mod: no such file or directory\ngo: module b listed in go.work file requires go >= 1.26, but go.work lists go 1.24; to update it:\n\tgo work use\ngo: invalid GOWORK: not an absolute path\n```",
		Cause:   "A go.work in the directory or above, or the one that GOWORK names, decides for all modules in it. One module that is not there, a directory that is listed twice or a go line that is too old stops them all. Often a branch was switched, and go.work, which is not committed, stayed.",
		Cure:    "`go work use` brings the go line up to date, `go work edit -dropuse=DIR` takes a module out, `GOWORK=off` builds one module on its own. Remove GOWORK if it names a file of another project.",
		Undo:    "Put the old text of go.work back.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		for _, env := range s.Envs {
			gowork := env.Lookup("GOWORK")
			file := gowork.Value.Reveal()
			if env.Name == model.EnvEditorLaunch || !env.Complete || file == "" || file == "off" || file == "auto" {
				continue
			}
			f := model.Finding{
				Subject: "GOWORK", Origin: &gowork.Origin, Environments: []model.EnvName{env.Name},
				Fixes: []model.FixOffer{{ID: "unset-variable", Args: values("variable", "GOWORK")}},
			}
			place, known := s.Place(filepath.Clean(file))
			text := ""
			switch {
			case !filepath.IsAbs(file):
				f.Ref, f.Message, text = "WS-GOWORKREL", "gowork-relative", "go: invalid GOWORK: not an absolute path"
			case known && !place.Exists:
				f.Ref, f.Message, text = "WS-GOWORKMISSING", "gowork-missing", "go: reading go.work: open "+short(s, file)+": no such file or directory"
			case known && place.Dir:
				f.Message, text = "gowork-directory", "go: reading go.work: read "+short(s, file)+": is a directory"
			default:
				continue
			}
			f.Args, f.GoText = values("file", file, "gotext", text), model.NewValue(text)
			found = append(found, f)
		}
		for _, b := range builds(s) {
			if b.work != nil {
				found = append(found, b.workFaults()...)
			}
		}
		return merged(found)
	},
}

// workFaults finds what go stops at in the go.work in force.
func (b build) workFaults() (found []model.Finding) {
	work, s := b.work, b.s
	dir, name := filepath.Dir(work.File), short(b.s, b.work.File)
	add := func(ref, message string, line int, gotext string, args map[string]model.Value, fixes ...model.FixOffer) {
		args["gotext"], args["file"] = model.NewValue(gotext), model.NewValue(work.File)
		found = append(found, model.Finding{
			Ref: ref, Message: message, Subject: "go.work", Environments: []model.EnvName{b.env.Name}, Location: lineOf(work.File, line),
			Args: args, GoText: model.NewValue(gotext), Fixes: fixes,
		})
	}
	if len(work.Errors) > 0 {
		first := work.Errors[0]
		add("WS-SYNTAX", "syntax", first.Line, "go: errors parsing go.work:"+parsing(name, work.Errors)[len("errors parsing "+name+":"):], values("line", strconv.Itoa(first.Line)))
		return found
	}
	seen := map[string]bool{}
	for _, use := range work.Uses {
		if seen[use.Dir] {
			add("WS-DUP", "twice", use.Line, fmt.Sprintf("go: error loading go.work:\n%s:%d: path %s appears multiple times in workspace", name, use.Line, use.Dir), values("dir", use.Dir))
			return found // go looks no further
		}
		seen[use.Dir] = true
	}
	goLine := work.Go
	verb := "lists"
	if goLine == "" {
		goLine, verb = "1.18", "implicitly requires"
	}
	versions := make(map[string]string, len(s.Modules)) // go lines of the modules, by directory
	for _, m := range s.Modules {
		versions[filepath.Dir(m.File)] = m.Go
	}
	for _, use := range work.Uses {
		file := filepath.Join(use.Dir, "go.mod")
		place, known := s.Place(file)
		needs := versions[filepath.Clean(use.Dir)]
		switch {
		case known && !place.Exists:
			add("WS-USEMISSING", "use", use.Line, fmt.Sprintf("go: cannot load module %s listed in go.work file: open %s: no such file or directory", filepath.Dir(short(s, file)), short(s, file)),
				values("dir", use.Dir), runCommand("go work edit -dropuse="+directoryPath(dir, use.Dir), dir, "It takes the directory out of the workspace."))
		case needs != "" && version.Compare("go"+needs, "go"+goLine) > 0 && version.Compare("go"+needs, "go1.21") >= 0:
			add("WS-GOOLD", "old", use.Line, fmt.Sprintf("go: module %s listed in go.work file requires go >= %s, but go.work %s go %s; to update it:\n\tgo work use", filepath.Dir(short(s, file)), needs, verb, goLine),
				values("dir", use.Dir, "go", goLine, "needs", needs), runCommand("go work use", dir, "It raises the go line of go.work to what its modules need."))
		}
	}
	return found
}
