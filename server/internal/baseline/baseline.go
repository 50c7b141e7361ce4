// Package baseline remembers what a workspace looked like when everything was
// green, so that "what changed since it worked?" has an answer, and how long
// things usually take there, so that slow can be told from usual.
//
// It knows facts and numbers. It must not know where they are kept, what time
// it is, or how anything is shown.
package baseline

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
)

// Kind says what a fact is about.
type Kind string

const (
	Variable  Kind = "variable"  // the effective value of a variable in an environment
	Tool      Kind = "tool"      // which program an environment finds, and its version
	Toolchain Kind = "toolchain" // the Go that does the work
	GoLine    Kind = "go line"   // the go and toolchain lines of a go.mod or go.work
	Require   Kind = "require"   // the version that a go.mod requires
	Replace   Kind = "replace"   // what a go.mod or go.work replaces a module by
	Sum       Kind = "go.sum"    // whether go.sum has the hash of a required module
	Use       Kind = "use"       // a module that go.work uses
	Vendor    Kind = "vendor"    // whether there is a vendor directory
	Workspace Kind = "go.work"   // which go.work is in force
	Server    Kind = "gopls"     // the running gopls
	View      Kind = "view"      // what gopls has loaded
	Setting   Kind = "setting"   // whether a setting of the editor is set
	Extension Kind = "extension" // the Go extension
	Netrc     Kind = "netrc"     // the machines that a netrc has a password for
)

// Fact is one thing that is so.
type Fact struct {
	Kind  Kind
	Env   model.EnvName // of variables, tools and toolchains
	Name  string
	Value model.Value
	At    model.Origin // where it is written; zero if nowhere
}

// key is the same for the same thing at another time.
func (f Fact) key() string { return string(f.Kind) + "\x00" + string(f.Env) + "\x00" + f.Name }

// compared are the environments whose change can turn an editor red.
var compared = []model.EnvName{model.EnvGopls, model.EnvShell, model.EnvTools}

// Facts are the facts of a snapshot that can explain that something does not
// work any more, each key once.
func Facts(s *model.Snapshot) (out []Fact) {
	add := func(kind Kind, env model.EnvName, name, value string, at model.Origin) {
		out = append(out, Fact{kind, env, name, model.NewValue(value), at})
	}
	rel := func(file string) string {
		if r, err := filepath.Rel(s.Dir, file); err == nil {
			return filepath.ToSlash(r)
		}
		return filepath.ToSlash(file)
	}
	for _, name := range compared {
		env, ok := s.Env(name)
		if !ok || !env.Complete {
			continue
		}
		seen := map[string]bool{}
		for _, l := range env.Layers {
			if l.Kind == model.LayerDefault {
				continue // follows from the toolchain
			}
			for variable := range l.Vars {
				if seen[variable] || passing[variable] {
					continue
				}
				seen[variable] = true
				if x := env.Lookup(variable); x.Set {
					out = append(out, Fact{Variable, name, variable, x.Value, x.Origin})
				}
			}
		}
		if t, ok := s.ToolchainOf(name); ok {
			add(Toolchain, name, "go", cmp.Or(t.Selected, t.Version), model.Origin{})
			for _, tool := range t.Tools {
				if tool.Path != "" && tool.Name != "go" {
					add(Tool, name, tool.Name, strings.TrimSpace(tool.Path+" "+tool.Version), model.Origin{})
				}
			}
		}
	}
	for _, m := range s.Modules {
		file := rel(m.File)
		add(GoLine, "", file, strings.TrimSpace(m.Go+" "+m.Toolchain), model.Origin{File: m.File, Line: m.GoLine})
		if m.Vendored {
			add(Vendor, "", file, "yes", model.Origin{})
		}
		for _, r := range m.Requires {
			add(Require, "", file+" "+r.Path, r.Version, model.Origin{File: m.File, Line: r.Line})
			if m.Sum.Lines[r.Path+" "+r.Version] {
				add(Sum, "", file+" "+r.Path+" "+r.Version, "yes", model.Origin{File: m.Sum.File})
			}
		}
		for _, r := range m.Replaces {
			add(Replace, "", file+" "+strings.TrimSpace(r.OldPath+" "+r.OldVersion), strings.TrimSpace(r.NewPath+" "+r.NewVersion), model.Origin{File: m.File, Line: r.Line})
		}
	}
	if s.Work != nil {
		file := rel(s.Work.File)
		add(Workspace, "", "go.work", file, model.Origin{File: s.Work.File})
		add(GoLine, "", file, s.Work.Go, model.Origin{File: s.Work.File})
		for _, u := range s.Work.Uses {
			add(Use, "", rel(u.Dir), "yes", model.Origin{File: s.Work.File, Line: u.Line})
		}
		for _, r := range s.Work.Replaces {
			add(Replace, "", file+" "+strings.TrimSpace(r.OldPath+" "+r.OldVersion), strings.TrimSpace(r.NewPath+" "+r.NewVersion), model.Origin{File: s.Work.File, Line: r.Line})
		}
	}
	if len(s.Gopls) > 0 {
		g := s.Gopls[0]
		add(Server, "", "version", g.Version, model.Origin{})
		add(Server, "", "built with", g.GoVersion, model.Origin{})
	}
	for _, v := range s.Views {
		add(View, "", rel(v.Root), v.Type, model.Origin{})
	}
	for _, x := range s.Settings {
		if !x.Null {
			var texts []string
			for _, t := range x.Texts {
				texts = append(texts, t.Reveal())
			}
			add(Setting, "", x.Scope+" "+x.Key, strings.Join(append(texts, "set"), "\x00"), model.Origin{File: x.File, Line: x.Line})
		}
	}
	if s.Extension != nil {
		add(Extension, "", "golang.go", s.Extension.Version, model.Origin{})
	}
	for _, n := range s.Netrcs {
		if n.Why != "" {
			continue // it could not be read
		}
		var machines []string
		for _, m := range n.Machines {
			if m.HasPassword && !m.Unread {
				machines = append(machines, m.Name)
			}
		}
		add(Netrc, "", filepath.ToSlash(n.File), strings.Join(machines, " "), model.Origin{File: n.File})
	}
	slices.SortStableFunc(out, func(a, b Fact) int { return strings.Compare(a.key(), b.key()) })
	return slices.CompactFunc(out, func(a, b Fact) bool { return a.key() == b.key() })
}

// passing are variables that are different in every shell and mean nothing.
var passing = map[string]bool{"PWD": true, "OLDPWD": true, "SHLVL": true, "TERM": true, "_": true}

// Version is the form of a Baseline as it is written.
const Version = 1

// Baseline is what a workspace looked like when everything was green. It can be
// written down: of each value it has what Take was told to show of it, and a
// keyed hash that tells whether it is still the same.
type Baseline struct {
	Version int              `json:"version"`
	Taken   time.Time        `json:"taken"`
	Salt    string           `json:"salt"`
	Facts   []Saved          `json:"facts"`
	Costs   map[string]Costs `json:"costs,omitzero"`
}

// Saved is a fact as it is written.
type Saved struct {
	Kind  Kind          `json:"kind"`
	Env   model.EnvName `json:"env,omitzero"`
	Name  string        `json:"name"`
	Shown string        `json:"shown"`
	Print string        `json:"print"`
	File  string        `json:"file,omitzero"`
	Line  int           `json:"line,omitzero"`
}

// Take makes a baseline of a snapshot. salt is random and new for each; show
// makes the text of a value that may be written and shown, of the variable
// of that name or of anything else ("").
func Take(s *model.Snapshot, salt string, show func(variable string, v model.Value) string) Baseline {
	b := Baseline{Version: Version, Taken: s.Taken, Salt: salt}
	for _, f := range Facts(s) {
		variable := ""
		if f.Kind == Variable {
			variable = f.Name
		}
		b.Facts = append(b.Facts, Saved{f.Kind, f.Env, f.Name, show(variable, f.Value), b.print(f.Value), f.At.File, f.At.Line})
	}
	return b
}

// Next is what is known after a later snapshot: its facts, and of what it does
// not know those that were known last.
func (b Baseline) Next(s *model.Snapshot, show func(variable string, v model.Value) string) Baseline {
	next := Take(s, b.Salt, show)
	knows := map[string]bool{}
	for _, f := range next.Facts {
		knows[group(f.Kind, f.Env)] = true
	}
	for _, f := range b.Facts {
		if !knows[group(f.Kind, f.Env)] {
			next.Facts = append(next.Facts, f)
		}
	}
	return next
}

func (b Baseline) print(v model.Value) string {
	h := hmac.New(sha256.New, []byte(b.Salt))
	_, _ = h.Write([]byte(v.Reveal())) // a hash takes everything
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Change is a fact that is not what it was.
type Change struct {
	Fact           // as it is now; of one that is gone, without a value
	Was     string // as it was shown; "" if it was not
	Added   bool   // it was not there
	Removed bool   // it is not there any more
	// Same and Unknown are no change: it was what it is now, or nobody knows what it
	// was. What is at fault need not have changed.
	Same, Unknown bool
}

// Diff are the facts that changed since. An environment or a gopls that one of
// the two did not know is no change of its facts.
func (b Baseline) Diff(s *model.Snapshot) (out []Change) {
	then := make(map[string]Saved, len(b.Facts))
	knew := map[string]bool{}
	for _, f := range b.Facts {
		then[Fact{Kind: f.Kind, Env: f.Env, Name: f.Name}.key()] = f
		knew[group(f.Kind, f.Env)] = true
	}
	now := Facts(s)
	knows := map[string]bool{}
	for _, f := range now {
		knows[group(f.Kind, f.Env)] = true
	}
	for _, f := range now {
		was, ok := then[f.key()]
		delete(then, f.key())
		switch {
		case ok && was.Print == b.print(f.Value):
		case ok:
			out = append(out, Change{Fact: f, Was: was.Shown})
		case knew[group(f.Kind, f.Env)]:
			out = append(out, Change{Fact: f, Added: true})
		}
	}
	for _, f := range b.Facts {
		gone := Fact{Kind: f.Kind, Env: f.Env, Name: f.Name, At: model.Origin{File: f.File, Line: f.Line}}
		if _, ok := then[gone.key()]; ok && knows[group(f.Kind, f.Env)] {
			out = append(out, Change{Fact: gone, Was: f.Shown, Removed: true})
		}
	}
	return out
}

// Variables are the values that the variables of an environment had which are not
// what they were, nil where one was not set. It has none whose value is only known
// as it may be shown.
func (b Baseline) Variables(s *model.Snapshot, env model.EnvName) map[string]*model.Value {
	shown := map[string]Saved{}
	for _, f := range b.Facts {
		if f.Kind == Variable && f.Env == env {
			shown[f.Name] = f
		}
	}
	out := map[string]*model.Value{}
	for _, c := range b.Diff(s) {
		if c.Kind != Variable || c.Env != env {
			continue
		}
		if c.Added {
			out[c.Name] = nil
			continue
		}
		was := shown[c.Name]
		if v := model.NewValue(was.Shown); b.print(v) == was.Print {
			out[c.Name] = &v
		}
	}
	return out
}

// Suspects are the facts that may be at fault: those that changed since, and all
// others. Of a baseline that there is not, nothing is known to have changed.
func (b Baseline) Suspects(s *model.Snapshot) []Change {
	out := b.Diff(s)
	changed, knew := map[string]bool{}, map[string]bool{}
	for _, c := range out {
		changed[c.key()] = true
	}
	for _, f := range b.Facts {
		knew[group(f.Kind, f.Env)] = true
	}
	for _, f := range Facts(s) {
		if !changed[f.key()] {
			known := knew[group(f.Kind, f.Env)]
			out = append(out, Change{Fact: f, Same: known, Unknown: !known})
		}
	}
	return out
}

// group is what is observed together, or not at all: an environment, gopls, what
// gopls told of its views, the netrc files (which older baselines lack), and
// everything else that is in files.
func group(k Kind, env model.EnvName) string {
	switch k {
	case Variable, Tool, Toolchain:
		return "env " + string(env)
	case Server, View, Extension, Netrc:
		return string(k)
	}
	return "files"
}
