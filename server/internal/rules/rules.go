// Package rules is the catalogue of what can be wrong: one file per rule,
// named after the rule's id. A rule is a pure function of a snapshot; it finds
// facts and names them, and package report does the wording's rendering.
package rules

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
)

// Rule declares one detection.
type Rule struct {
	ID     string // kebab-case: file name, docs page, scenario folder, SARIF rule
	Family string
	Title  string
	Refs   []Ref
	// Severity is the worst that a finding of the rule can have.
	Severity model.Severity
	// DependsOn are rules that explain more: where one of them fired on the
	// same subject, this rule stays silent.
	DependsOn []string
	// Settle is how long a finding must persist before an editor shows it.
	Settle time.Duration
	// Messages are the sentences, by the key that findings carry. {name}
	// stands for an argument.
	Messages map[string]string
	Doc      Doc
	Check    func(*model.Snapshot) []model.Finding
}

// Ref is one row of the catalogue of misconfigurations.
type Ref struct {
	ID   string // such as "PX-DIRECTPLUS"
	What string // when it applies, in a few words
	Says string // what go prints, verbatim with … for the user's values; "" if go says nothing
}

// Doc is the rule's page.
type Doc struct {
	Symptom string // what the user sees
	Cause   string // why it happens
	Cure    string // what to do
	Undo    string // how to take the cure back
}

// Crash is a rule that failed on a snapshot.
type Crash struct {
	Rule string
	Why  string
}

// All returns every rule, ordered by id.
func All() []*Rule { return all }

// ByID returns the rule of the given id, or nil.
func ByID(id string) *Rule {
	i := slices.IndexFunc(all, func(r *Rule) bool { return r.ID == id })
	if i < 0 {
		return nil
	}
	return all[i]
}

// Run applies every rule to the snapshot. A rule that panics costs its own
// findings only.
func Run(s *model.Snapshot) (findings []model.Finding, crashes []Crash) {
	fired := map[string][]model.Finding{}
	for _, r := range all {
		found, crash := check(r, s)
		if crash != nil {
			crashes = append(crashes, *crash)
			continue
		}
		for i := range found {
			f := &found[i]
			f.Rule = r.ID
			if f.Severity == "" {
				f.Severity = r.Severity
			}
			if f.Location == nil {
				f.Location = locate(s, f.Origin)
			}
			f.ContextID = ContextID(f.Subject)
			f.Fixes = placed(f.Fixes, f.Environments)
		}
		fired[r.ID] = found
	}
	for _, r := range all {
		for _, f := range fired[r.ID] {
			explained := slices.ContainsFunc(r.DependsOn, func(id string) bool {
				return slices.ContainsFunc(fired[id], func(by model.Finding) bool { return by.Subject == f.Subject })
			})
			if !explained && !overruled(s, f) {
				findings = append(findings, f)
			}
		}
	}
	slices.SortStableFunc(findings, func(a, b model.Finding) int {
		return cmp.Or(cmp.Compare(b.Severity.Rank(), a.Severity.Rank()), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Subject, b.Subject))
	})
	return findings, crashes
}

// overruled reports whether a finding is about a value that the editor's own
// environment alone has, while a setting gives the Go extension's tools another
// one: nothing runs go with it.
func overruled(s *model.Snapshot, f model.Finding) bool {
	editor, _ := s.Env(model.EnvEditor)
	tools, _ := s.Env(model.EnvTools)
	if len(f.Environments) != 1 || f.Environments[0] != model.EnvEditor || !tools.Complete {
		return false
	}
	mine, theirs := editor.Lookup(f.Subject), tools.Lookup(f.Subject)
	return mine.Set && theirs.Set && mine.Value != theirs.Value && theirs.Origin.Layer != model.LayerProcess
}

func check(r *Rule, s *model.Snapshot) (found []model.Finding, crash *Crash) {
	defer func() {
		if p := recover(); p != nil {
			// The panic value may quote what the rule was looking at.
			crash = &Crash{r.ID, fmt.Sprintf("the rule crashed (%T); please report this", p)}
		}
	}()
	return r.Check(s), nil
}

// placed tells the fixes that change one environment which one is meant: the
// first of the finding, unless the rule named one.
func placed(fixes []model.FixOffer, envs []model.EnvName) []model.FixOffer {
	if len(envs) == 0 {
		return fixes
	}
	out := slices.Clone(fixes)
	for i, o := range out {
		if o.ID != "set-variable" && o.ID != "unset-variable" && o.ID != "add-pattern" || !o.Args["environment"].Empty() {
			continue
		}
		args := maps.Clone(o.Args)
		args["environment"] = model.NewValue(string(envs[0]))
		out[i].Args = args
	}
	return out
}

// ContextID is shared by every finding, verdict and fix of one cause: the
// variable at fault.
func ContextID(subject string) string {
	sum := sha256.Sum256([]byte(subject))
	return "ctx-" + hex.EncodeToString(sum[:4])
}

// locate picks where an editor shows a finding: the line that set the value,
// else the first line of the nearest go.mod.
func locate(s *model.Snapshot, o *model.Origin) *model.Location {
	if o != nil && o.File != "" && o.Line > 0 {
		line := o.Line - 1
		return &model.Location{File: o.File, Range: model.Range{
			Start: model.Position{Line: line}, End: model.Position{Line: line + 1},
		}}
	}
	if len(s.Modules) > 0 {
		return &model.Location{File: s.Modules[0].File, Range: model.Range{End: model.Position{Line: 1}}}
	}
	return nil
}

// group is one effective setting and the environments that share it.
type group struct {
	model.Setting
	envs []model.EnvName
	env  model.Env // the first of them
}

// settings returns the effective values of a variable over all environments,
// those that come from the same place grouped together. The launch
// environment of the editor is history and does not count.
func settings(s *model.Snapshot, name string) []group {
	var out []group
	for _, env := range s.Envs {
		if env.Name == model.EnvEditorLaunch || !env.Complete {
			continue
		}
		set := env.Lookup(name)
		if !set.Set {
			continue
		}
		i := slices.IndexFunc(out, func(g group) bool {
			return g.Value == set.Value && samePlace(&g.Origin, &set.Origin)
		})
		if i < 0 {
			out = append(out, group{set, []model.EnvName{env.Name}, env})
			continue
		}
		out[i].envs = append(out[i].envs, env.Name)
		out[i].Origin = *nearer(&out[i].Origin, &set.Origin)
	}
	return out
}

// heard returns what was said that package trace recognised as the given row of
// the catalogue, each text once in each environment.
func heard(s *model.Snapshot, ref string) (out []utterance) {
	for _, said := range s.Said {
		for _, m := range said.Messages {
			u := utterance{m, said}
			if slices.Contains(m.Refs, ref) && !slices.ContainsFunc(out, func(o utterance) bool { return o.Text == m.Text && o.said.Env == said.Env }) {
				out = append(out, u)
			}
		}
	}
	return out
}

// utterance is a recognised message and the occasion of it.
type utterance struct {
	model.Message
	said model.Said
}

// idle reports whether nothing has to be fetched for the environment now, so
// that a fault in fetching is latent.
func idle(s *model.Snapshot, env model.Env) bool {
	if len(s.Modules) > 0 && s.Modules[0].Vendored {
		return true
	}
	missing, known := s.Missing(env)
	return known && len(missing) == 0
}

// fetchSeverity grades a fault that breaks every fetch: an error as long as
// something has to be fetched, a warning when it only lies in wait.
func fetchSeverity(s *model.Snapshot, env model.Env) (severity model.Severity, latent bool) {
	if idle(s, env) {
		return model.Warning, true
	}
	return model.Error, true
}

// finding completes f with what the group knows.
func (g group) finding(f model.Finding) model.Finding {
	f.Subject, f.Environments, f.Origin = g.Name, g.envs, &g.Origin
	return f
}

// assignment renders a setting for a message: "NAME=value", or "no NAME".
func assignment(s model.Setting) model.Value {
	if !s.Set || s.Value.Empty() {
		return model.NewValue("no " + s.Name)
	}
	return model.NewValue(s.Name + "=" + s.Value.Reveal())
}

// who names environments in a sentence.
func who(envs []model.EnvName) string {
	names := map[model.EnvName]string{
		model.EnvEditor: "the editor", model.EnvEditorLaunch: "the editor (as started)", model.EnvTools: "the Go extension",
		model.EnvGopls: "gopls", model.EnvShell: "your shell", model.EnvShellHome: "your shell at home", model.EnvTerminal: "the terminal",
		model.EnvDebug: "the debugger", model.EnvTest: "the test run",
	}
	var out string
	for i, e := range envs {
		switch {
		case i > 0 && i == len(envs)-1:
			out += " and "
		case i > 0:
			out += ", "
		}
		out += names[e]
	}
	return out
}
