package rules

import (
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

var gopathInvalid = Rule{
	ID:     "gopath-invalid",
	Family: "toolchain, GOROOT, directories, cgo",
	Title:  "GOPATH or GOBIN is not a directory that go accepts",
	Refs: []Ref{
		{"GP-EQ", "GOPATH is GOROOT", "warning: both GOPATH and GOROOT are the same directory (…); see https://go.dev/wiki/InstallTroubleshooting"},
		{"GP-TILDE", "a ~ that no shell replaced", "go: GOPATH entry cannot start with shell metacharacter '~': …"},
		{"GP-REL", "an entry that is not absolute, such as a variable that nothing replaced", "go: GOPATH entry is relative; must be absolute path: …"},
		{"GP-MOD", "a go.mod right in a directory of GOPATH", "go: warning: ignoring go.mod in $GOPATH …"},
		{"GB-REL", "a GOBIN that is not absolute", "cannot install, GOBIN must be an absolute path"},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"tilde":      `GOPATH={value} has the entry {entry}, and go does not replace the “~”: a shell does, where it is not quoted. Every go command stops with: {gotext}.`,
		"relative":   `GOPATH={value} has the entry {entry}, which is not absolute; every go command stops with: {gotext}.`,
		"unexpanded": `GOPATH={value} has a “$” that nothing replaced, so its entry {entry} is not absolute; every go command stops with: {gotext}.`,
		"goroot":     `GOPATH={value} is also GOROOT, the directory of Go itself, so go warns at every command and would put modules and programs there: {gotext}.`,
		"module":     `{file} lies right in GOPATH ({entry}); go says that it ignores it. Builds work, but “go mod tidy” and “go get” do not find it: {gotext}.`,
		"gobin":      `GOBIN={value} is not absolute, so “go install” stops with: {gotext}.`,
		"said":       `go does not accept GOPATH or GOBIN as it is: {said}.`,
	},
	Doc: Doc{
		Symptom: "```\ngo: GOPATH entry cannot start with shell metacharacter '~': \"~/go\"\ngo: GOPATH entry is relative; must be absolute path: \"go\".\ncannot install, GOBIN must be an absolute path\nwarning: both GOPATH and GOROOT are the same directory (/usr/local/go); see https://go.dev/wiki/InstallTroubleshooting\n```",
		Cause:   "GOPATH is a list of absolute directories. A `~` in quotes, in a settings file, in a unit file or in a `.env` file reaches go as it is, and so does `${env:HOME}` where the reader of the file does not know it; a list is split at colons, so `${env:HOME}/go` becomes two entries. A `go.mod` right in a GOPATH directory is a relic: projects belong elsewhere.",
		Cure:    "Write the absolute path, or remove the variable: GOPATH defaults to `go` in the home directory, and GOBIN to `bin` in GOPATH.",
		Undo:    "Put the old value back where it was set.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, env := range present(s) {
			t, _ := s.ToolchainOf(env.Name)
			set := env.Lookup("GOPATH")
			gopath := set.Value.Reveal()
			f := model.Finding{Subject: "GOPATH", Origin: &set.Origin, Fixes: remove(set)}
			entry := ""
			if explicit(set) && gopath != "" && t.GOROOT != "" && filepath.Clean(gopath) == filepath.Clean(t.GOROOT) {
				f.Ref, f.Message, f.Severity = "GP-EQ", "goroot", model.Warning
				f.GoText = model.NewValue("warning: both GOPATH and GOROOT are the same directory (" + gopath + "); see https://go.dev/wiki/InstallTroubleshooting")
			} else if explicit(set) {
				for _, e := range filepath.SplitList(gopath) {
					if e == "" || filepath.IsAbs(e) {
						continue
					}
					entry = e
					if strings.HasPrefix(e, "~") {
						f.Ref, f.Message, f.GoText = "GP-TILDE", "tilde", model.NewValue("go: GOPATH entry cannot start with shell metacharacter '~': "+strconv.Quote(e))
					} else {
						f.Ref, f.Message, f.GoText = "GP-REL", "relative", model.NewValue("go: GOPATH entry is relative; must be absolute path: "+strconv.Quote(e)+".")
						if strings.Contains(gopath, "$") {
							f.Message = "unexpanded"
						}
					}
					break
				}
			}
			if f.Ref != "" {
				f.Args = map[string]model.Value{"value": set.Value, "entry": model.NewValue(entry), "gotext": model.NewValue(strings.TrimSuffix(f.GoText.Reveal(), "."))}
				found.add(env.Name, f)
			}
			if set := env.Lookup("GOBIN"); !set.Value.Empty() && !filepath.IsAbs(set.Value.Reveal()) {
				g := model.Finding{Ref: "GB-REL", Subject: "GOBIN", Message: "gobin", Severity: model.Warning, Origin: &set.Origin, Fixes: remove(set)}
				g.GoText = model.NewValue("cannot install, GOBIN must be an absolute path")
				g.Args = map[string]model.Value{"value": set.Value, "gotext": g.GoText}
				found.add(env.Name, g)
			}
		}
		for _, b := range builds(s) {
			m := nearest(s)
			if b.work != nil || m == nil {
				continue
			}
			for _, entry := range filepath.SplitList(b.env.Lookup("GOPATH").Value.Reveal()) {
				if entry == "" || filepath.Clean(entry) != filepath.Dir(m.File) {
					continue
				}
				set := b.env.Lookup("GOPATH")
				text := "go: warning: ignoring go.mod in $GOPATH " + entry
				found.add(b.env.Name, model.Finding{
					Ref: "GP-MOD", Subject: "GOPATH", Message: "module", Severity: model.Info, Origin: &set.Origin, Location: lineOf(m.File, 1),
					GoText: model.NewValue(text), Args: values("file", m.File, "entry", entry, "gotext", text),
				})
				break
			}
		}
		for _, ref := range []string{"GP-EQ", "GP-TILDE", "GP-REL", "GP-MOD"} {
			found.echo(s, ref, "GOPATH")
		}
		found.echo(s, "GB-REL", "GOBIN")
		return found
	},
}
