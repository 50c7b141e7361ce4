package rules

import (
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

var goflagsSideEffect = Rule{
	ID:     "goflags-side-effect",
	Family: "GOFLAGS, vendor, workspace",
	Title:  "GOFLAGS does more than it seems",
	Refs: []Ref{
		{"GF-INSECURE", "-insecure, which go get does not have any more", "go: -insecure flag is no longer supported; use GOINSECURE instead"},
		{"GF-MODMOD", "-mod=mod, which lets builds change go.mod and go.sum", ""},
		{"VD-INSTALL", "-mod=vendor, which no installation of a tool at a version works with", "go: …: cannot query module due to -mod=vendor"},
		{"", "a flag of the linker or compiler behind another, which go takes for one of its own", ""},
	},
	Severity:  model.Warning,
	DependsOn: []string{"goflags-rejected"},
	Messages: map[string]string{
		"insecure": `GOFLAGS has “-insecure”, which go does not support any more: “go get” stops with: {gotext}.`,
		"modmod":   `GOFLAGS has “-mod=mod”, so every build, and gopls too, changes go.mod and go.sum without a word where it finds something missing.`,
		"torn":     `GOFLAGS has “{flag}” behind “{before}”, and go takes it for a flag of its own: the {tool} never sees it, and go says nothing. Several flags for it stand in quotes as one word: “{repaired}”.`,
		"install":  `GOFLAGS has “-mod=vendor”, so “go install TOOL@VERSION” stops with: {gotext}.`,
	},
	Doc: Doc{
		Symptom: "`go get` stops with `go: -insecure flag is no longer supported; use GOINSECURE instead`. Or go.mod and go.sum change by themselves. Or tools cannot be installed, with *Go: Install/Update Tools* neither:\n\n```\ngo: golang.org/x/tools/gopls@latest: cannot query module due to -mod=vendor\n```",
		Cause:   "GOFLAGS goes to every go command that has the flag, not only to the one that you thought of when you set it. `-mod=mod` lets `go build` and `go list` add what is missing to go.mod and go.sum; gopls runs `go list` all the time. `-mod=vendor` is the default anyway where there is a vendor directory.",
		Cure:    "Take the flag out of GOFLAGS, and write it behind the command that needs it. For one installation: `GOFLAGS= go install TOOL@VERSION`. Instead of `-insecure`, list the one module in GOINSECURE.",
		Undo:    "Put the old value back where it was set.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		for _, b := range builds(s) {
			setting := b.env.Lookup("GOFLAGS")
			if setting.Origin.Note != "" {
				continue // mixed with the build flags of gopls, which go gets as arguments
			}
			add := func(ref, message string, severity model.Severity, gotext string) {
				f := model.Finding{
					Ref: ref, Message: message, Severity: severity, Latent: true, Subject: "GOFLAGS", Origin: &setting.Origin,
					Environments: []model.EnvName{b.env.Name}, Args: values("gotext", gotext), GoText: model.NewValue(gotext),
				}
				f.Fixes = b.goflagsWithout(map[string]string{"GF-INSECURE": "insecure", "GF-MODMOD": "mod", "VD-INSTALL": "mod"}[ref])
				found = append(found, f)
			}
			for _, f := range b.flags {
				if f.name == "insecure" && f.value != "false" {
					add("GF-INSECURE", "insecure", model.Warning, "go: -insecure flag is no longer supported; use GOINSECURE instead")
					break
				}
			}
			for i, f := range b.flags[:max(0, len(b.flags)-1)] {
				next := b.flags[i+1]
				if tool, ok := toolFlags[f.name]; ok && !next.given && strings.Contains(tool.own, " "+next.name+" ") && !strings.Contains(f.value, " ") {
					add("", "torn", model.Warning, "")
					torn := &found[len(found)-1]
					torn.Args = values("flag", next.text, "before", f.text, "tool", tool.name, "repaired", `"`+f.text+" "+next.text+`"`)
					torn.Latent, torn.GoText, torn.Fixes = false, model.Value{}, nil
				}
			}
			switch {
			case b.mod == "mod" && b.work == nil && nearest(s) != nil:
				add("GF-MODMOD", "modmod", model.Info, "")
			case b.mod == "vendor":
				add("VD-INSTALL", "install", model.Info, "cannot query module due to -mod=vendor")
			}
		}
		return merged(found)
	},
}

// toolFlags are the flags that hand flags on to a tool, with those of the tool
// that are names of go's own flags too, but hardly meant as such in GOFLAGS.
var toolFlags = map[string]struct{ name, own string }{
	"ldflags": {"linker", " w "},
	"gcflags": {"compiler", " m e "},
}

// goflagsWithout offers GOFLAGS without one flag.
func (b build) goflagsWithout(name string) []model.FixOffer {
	rest := b
	rest.flags = nil
	for _, f := range b.flags {
		if f.name != name {
			rest.flags = append(rest.flags, f)
		}
	}
	return rest.goflagsFixes()
}
