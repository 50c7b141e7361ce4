package rules

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

var contractDrift = Rule{
	ID:     "contract-drift",
	Family: "team contract",
	Title:  "A value is not what the team has agreed on",
	Refs: []Ref{
		{"TM-VALUE", "a variable lacks the value or the entry that is required", ""},
		{"TM-COVERS", "the patterns of a variable do not match a module path that they have to", ""},
		{"TM-FORBIDDEN", "a variable has a value or an entry that is forbidden", ""},
		{"TM-VERSION", "go or gopls is older or newer than agreed on", ""},
	},
	Severity: model.Warning,
	Messages: map[string]string{
		"value":     `The team contract requires {required}, but there is {assignment} in {who}{why}.`,
		"unset":     `The team contract requires that {variable} is not set, but there is {assignment} in {who}{why}.`,
		"contains":  `The team contract requires {required} in {variable}, but there is {assignment} in {who}{why}.`,
		"covers":    `The team contract requires that {variable} covers {required}, but there is {assignment} in {who}{why}.`,
		"forbidden": `The team contract forbids {required}, but it is set in {who}{why}.`,
		"set":       `The team contract forbids {variable}, but there is {assignment} in {who}{why}.`,
		"empty":     `The team contract requires some value of {variable}, but there is none in {who}{why}.`,
		"older":     `The team contract requires {tool} {required} or later, but it is {version} in {who}{why}.`,
		"newer":     `The team contract requires {tool} below {required}, but it is {version} in {who}{why}.`,
	},
	Doc: Doc{
		Symptom: "A build works for one member of the team and not for another, or an editor works in another way than CI.",
		Cause:   "The file `.gophantom.json` of the repository says which values and versions the team has agreed on. This machine has others, in the environments that are named.",
		Cure:    "Give the variable the value that is required where it is set; the fix does that, after a preview. If the contract is wrong, change it: a team may accept a finding until a day, too. `gophantom contract explain` lists what counts on this machine.",
		Undo:    "Give the variable its former value where it was set, or undo the fix.",
	},
	Check: func(s *model.Snapshot) (all []model.Finding) {
		for _, d := range s.Demands() {
			var found findings // of this demand, alike environments together
			for _, env := range present(s) {
				if !demanded(d, env.Name) {
					continue
				}
				f, broken := demandOf(s, d, env)
				if d.Tool != "" {
					f, broken = versionDemand(s, d, env)
				}
				if !broken {
					continue
				}
				f.Severity = d.Severity
				f.Related = []model.Origin{{Layer: model.LayerContract, File: s.Contract.File, Line: d.Line}}
				if f.Origin == nil || f.Origin.File == "" || f.Origin.Layer == model.LayerGoroot {
					f.Location = lineOf(s.Contract.File, d.Line)
				}
				if d.Why != "" {
					f.Args["why"] = model.NewValue(" (" + clause(d.Why) + ")")
				} else {
					f.Args["why"] = model.Value{}
				}
				if !s.Trusted {
					f.Fixes = nil // whoever wrote the contract is not trusted either
				}
				found.add(env.Name, f)
			}
			for i := range found {
				found[i].Args["who"] = model.NewValue(who(found[i].Environments))
			}
			all = append(all, found...)
		}
		return all
	},
}

// demanded reports whether a demand counts in an environment: in those that it
// names, or else where go runs.
func demanded(d model.Demand, name model.EnvName) bool {
	base, _, _ := strings.Cut(string(name), ":")
	if d.Environments != nil {
		return slices.Contains(d.Environments, model.EnvName(base))
	}
	return name != model.EnvEditor && name != model.EnvShellHome
}

// demandOf judges one variable in one environment.
func demandOf(s *model.Snapshot, d model.Demand, env model.Env) (f model.Finding, broken bool) {
	set := env.Lookup(d.Variable)
	text := set.Value.Reveal()
	f = model.Finding{Subject: d.Variable, Origin: &set.Origin, Args: values("variable", d.Variable)}
	if !set.Set {
		f.Origin = nil
	}
	f.Args["assignment"] = assignment(set)
	offer := func(value string) {
		f.Fixes = []model.FixOffer{{ID: "set-variable", Args: values("variable", d.Variable, "value", value)}}
	}
	unset := func() {
		f.Fixes = []model.FixOffer{{ID: "unset-variable", Args: values("variable", d.Variable)}}
	}
	has := entriesOf(d.Variable, text)
	switch {
	case !d.Forbids && d.Exact:
		f.Ref, f.Message = "TM-VALUE", "value"
		if d.Value.Empty() {
			f.Message = "unset"
			unset()
		} else {
			offer(d.Value.Reveal())
		}
		f.Args["required"] = model.NewValue(d.Variable + "=" + d.Value.Reveal())
		return f, !slices.Equal(has, entriesOf(d.Variable, d.Value.Reveal()))
	case !d.Forbids && d.Covers != nil:
		missing := slices.DeleteFunc(slices.Clone(d.Covers), func(path string) bool {
			_, matched := route.Match(text, path)
			return matched || slices.Contains(has, path)
		})
		f.Ref, f.Message = "TM-COVERS", "covers"
		f.Args["required"] = model.NewValue(strings.Join(missing, ", "))
		f.Fixes = []model.FixOffer{{ID: "add-pattern", Args: values("variable", d.Variable, "modules", strings.Join(missing, ","))}}
		return f, len(missing) > 0
	case !d.Forbids:
		var missing []string
		for _, v := range d.Contains {
			if !slices.Contains(has, v.Reveal()) {
				missing = append(missing, v.Reveal())
			}
		}
		f.Ref, f.Message = "TM-VALUE", "contains"
		f.Args["required"] = model.NewValue(strings.Join(missing, " and "))
		offer(joined(d.Variable, append(slices.Clone(has), missing...)))
		return f, len(missing) > 0
	case d.Exact && d.Value.Empty():
		f.Ref, f.Message = "TM-FORBIDDEN", "empty"
		return f, text == ""
	case d.Exact:
		f.Ref, f.Message = "TM-FORBIDDEN", "forbidden"
		f.Args["required"] = model.NewValue(d.Variable + "=" + d.Value.Reveal())
		unset()
		return f, text != "" && slices.Equal(has, entriesOf(d.Variable, d.Value.Reveal()))
	case d.Contains != nil:
		var bad []string
		rest := slices.DeleteFunc(slices.Clone(has), func(entry string) bool {
			if slices.Contains(d.Contains, model.NewValue(entry)) {
				bad = append(bad, entry)
				return true
			}
			return false
		})
		f.Ref, f.Message = "TM-FORBIDDEN", "forbidden"
		f.Args["required"] = model.NewValue(strings.Join(bad, " and ") + " in " + d.Variable)
		if offer(joined(d.Variable, rest)); len(rest) == 0 {
			unset()
		}
		return f, len(bad) > 0
	}
	f.Ref, f.Message = "TM-FORBIDDEN", "set"
	unset()
	return f, text != ""
}

// entriesOf are the entries of a variable that holds a list, without the blanks
// around them: words of GOFLAGS and of flags for cgo, else what commas separate.
func entriesOf(name, text string) []string {
	if name == "GOFLAGS" {
		return route.Flags(text)
	}
	if strings.HasPrefix(name, "CGO_") {
		return strings.Fields(text)
	}
	var out []string
	for entry := range strings.SplitSeq(text, ",") {
		if entry = strings.TrimSpace(entry); entry != "" {
			out = append(out, entry)
		}
	}
	return out
}

// joined is the inverse of entriesOf.
func joined(name string, entries []string) string {
	if name == "GOFLAGS" || strings.HasPrefix(name, "CGO_") {
		return strings.Join(entries, " ")
	}
	return strings.Join(entries, ",")
}

// versionDemand judges the version of go, or of gopls where gopls runs; what is
// not known is not judged.
func versionDemand(s *model.Snapshot, d model.Demand, env model.Env) (f model.Finding, broken bool) {
	has := ""
	switch t, _ := s.ToolchainOf(env.Name); {
	case d.Tool == "go":
		has = strings.TrimPrefix(cmp.Or(t.Selected, t.Version), "go")
	case env.Name == model.EnvGopls && len(s.Gopls) > 0:
		has = strings.TrimPrefix(s.Gopls[0].Version, "v")
	case len(s.Gopls) == 0:
		has = strings.TrimPrefix(t.Tool("gopls").Version, "v")
	}
	has, _, _ = strings.Cut(has, " ")
	f = model.Finding{Ref: "TM-VERSION", Subject: d.Tool, Args: values("tool", d.Tool, "version", has)}
	switch {
	case has == "":
		return f, false
	case d.AtLeast != "" && model.CompareVersions(has, d.AtLeast) < 0:
		f.Message, f.Args["required"] = "older", model.NewValue(d.AtLeast)
		if d.Tool == "gopls" {
			f.Fixes = []model.FixOffer{runCommand("go install golang.org/x/tools/gopls@v"+d.AtLeast, "", "Then restart gopls.")}
		}
	case d.Below != "" && model.CompareVersions(has, d.Below) >= 0:
		f.Message, f.Args["required"] = "newer", model.NewValue(d.Below)
	default:
		return f, false
	}
	return f, true
}

// clause is a text of the team as the end of a sentence.
func clause(text string) string { return strings.TrimRight(strings.TrimSpace(text), ".") }

// Accepted parts findings into those that count and those that the team
// contract accepts, with what it says of each.
func Accepted(s *model.Snapshot, found []model.Finding) (open []model.Finding, accepted []AcceptedFinding) {
	valid, _ := s.Acceptances()
	for _, f := range found {
		i := slices.IndexFunc(valid, func(a model.Acceptance) bool { return a.Rule == f.Rule && (a.Subject == "" || a.Subject == f.Subject) })
		if i < 0 {
			open = append(open, f)
			continue
		}
		accepted = append(accepted, AcceptedFinding{f, valid[i]})
	}
	return open, accepted
}

// AcceptedFinding is a finding that the team lives with.
type AcceptedFinding struct {
	model.Finding
	By model.Acceptance
}
