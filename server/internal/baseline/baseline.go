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
	"fmt"
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
	Netrc     Kind = "netrc"     // the machines that a netrc has an entry for

	// Of these an older baseline may know nothing.
	Git        Kind = "git config" // how git changes addresses, and how it runs ssh, by a file of its configuration
	Module     Kind = "module"     // the path of the module that a go.mod makes
	Godebug    Kind = "godebug"    // a setting of the runtime that a go.mod asks for
	Exclude    Kind = "exclude"    // a version that a go.mod excludes
	Place      Kind = "place"      // what is wrong with a directory or file that a setting or go.mod names
	Branch     Kind = "branch"     // what git has checked out
	Unreadable Kind = "unreadable" // why a go.mod or go.work cannot be read
	Replacing  Kind = "go.mod"     // the go.mod of a directory that replaces a module
)

// Fact is one thing that is so.
type Fact struct {
	Kind  Kind
	Env   model.EnvName // of variables, tools and toolchains
	Name  string
	Value model.Value
	At    model.Origin // where it is written; zero if nowhere
	// Detail is what else tells it from another one, and is never shown: the hash in
	// a go.sum, a password. Empty if there is none, or it is not known.
	Detail model.Value
}

// key is the same for the same thing at another time.
func (f Fact) key() string { return Saved{Kind: f.Kind, Env: f.Env, Name: f.Name}.key() }

func (f Saved) key() string { return string(f.Kind) + "\x00" + string(f.Env) + "\x00" + f.Name }

// compared are the environments whose change can turn an editor red.
var compared = []model.EnvName{model.EnvGopls, model.EnvShell, model.EnvTools}

// Facts are the facts of a snapshot that can explain that something does not
// work any more, each key once.
func Facts(s *model.Snapshot) (out []Fact) {
	add := func(kind Kind, env model.EnvName, name, value string, at model.Origin) {
		out = append(out, Fact{Kind: kind, Env: env, Name: name, Value: model.NewValue(value), At: at})
	}
	detail := func(text string) { out[len(out)-1].Detail = model.NewValue(text) } // of the one added last
	rel := func(file string) string { return relative(s, file) }
	unread := unreadable(s)
	for _, f := range unread {
		out = append(out, f)
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
					out = append(out, Fact{Kind: Variable, Env: name, Name: variable, Value: x.Value, At: x.Origin})
				}
			}
		}
		if t, ok := s.ToolchainOf(name); ok {
			add(Toolchain, name, "go", cmp.Or(t.Selected, t.Version), model.Origin{})
			if root := env.Lookup("GOROOT"); !root.Set || root.Origin.Layer == model.LayerDefault {
				detail(t.GOROOT) // else a variable tells
			}
			for _, tool := range t.Tools {
				if tool.Path == "" {
					continue
				}
				is := tool.Path
				if tool.Name != "go" { // of which the toolchain has the version
					is = strings.TrimSpace(is + " " + tool.Version)
				}
				add(Tool, name, tool.Name, is, model.Origin{})
				detail(tool.Print)
			}
		}
	}
	for _, m := range s.Modules {
		file := rel(m.File)
		if m.Vendored {
			add(Vendor, "", file, "yes", model.Origin{})
			detail(vendored(m.Vendor))
		}
		if _, is := unread[m.File]; is {
			continue
		}
		add(GoLine, "", file, strings.TrimSpace(m.Go+" "+m.Toolchain), model.Origin{File: m.File, Line: m.GoLine})
		add(Module, "", file, m.Path, model.Origin{File: m.File, Line: m.PathLine})
		versions := map[string][]string{}
		for _, r := range m.Requires {
			versions[r.Path] = append(versions[r.Path], r.Version)
		}
		for _, r := range m.Requires {
			add(Require, "", file+" "+r.Path, strings.Join(versions[r.Path], " "), model.Origin{File: m.File, Line: r.Line})
			if m.Sum.Lines[r.Path+" "+r.Version] {
				add(Sum, "", file+" "+r.Path+" "+r.Version, "yes", model.Origin{File: m.Sum.File})
				detail(hashes(m.Sum, r.Path+" "+r.Version))
			}
			if key := r.Path + " " + r.Version + "/go.mod"; m.Sum.Lines[key] {
				add(Sum, "", file+" "+key, "yes", model.Origin{File: m.Sum.File})
			}
		}
		if len(m.Sum.Bad) > 0 {
			add(Unreadable, "", rel(m.Sum.File), fmt.Sprintf("line %d has not three words", m.Sum.Bad[0].Line), model.Origin{File: m.Sum.File, Line: m.Sum.Bad[0].Line})
		}
		for _, g := range m.Godebugs {
			add(Godebug, "", file+" "+g.Key, "yes", model.Origin{File: m.File, Line: g.Line})
		}
		for _, r := range m.Replaces {
			add(Replace, "", file+" "+strings.TrimSpace(r.OldPath+" "+r.OldVersion), strings.TrimSpace(r.NewPath+" "+r.NewVersion), model.Origin{File: m.File, Line: r.Line})
		}
		for _, e := range m.Excludes {
			add(Exclude, "", file+" "+e.Path+" "+e.Version, "yes", model.Origin{File: m.File, Line: e.Line})
		}
	}
	for _, m := range s.Replacing {
		if _, is := unread[m.File]; !is {
			add(Replacing, "", rel(m.File)+" "+m.Path, gist(m), model.Origin{File: m.File, Line: max(m.GoLine, 1)})
		}
	}
	if s.Work != nil {
		file := rel(s.Work.File)
		used := map[string]int{}
		for _, u := range s.Work.Uses {
			used[u.Dir]++
		}
		add(Workspace, "", "go.work", file, model.Origin{File: s.Work.File})
		if _, is := unread[s.Work.File]; !is {
			add(GoLine, "", file, s.Work.Go, model.Origin{File: s.Work.File})
		}
		for _, u := range s.Work.Uses {
			times := "yes"
			if used[u.Dir] > 1 {
				times = "twice"
			}
			add(Use, "", rel(u.Dir), times, model.Origin{File: s.Work.File, Line: u.Line})
		}
		for key, lines := range s.Work.Sum.Hashes {
			text := ""
			for _, line := range lines {
				text += line.Hash + "\n"
			}
			add(Sum, "", rel(s.Work.Sum.File)+" "+key, "yes", model.Origin{File: s.Work.Sum.File})
			detail(text)
		}
		for _, g := range s.Work.Godebugs {
			add(Godebug, "", file+" "+g.Key, "yes", model.Origin{File: s.Work.File, Line: g.Line})
		}
		if s.Work.Vendored {
			add(Vendor, "", file, "yes", model.Origin{})
			detail(vendored(s.Work.Vendor))
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
		machines, credentials := entries(n)
		add(Netrc, "", filepath.ToSlash(n.File), machines, model.Origin{File: n.File})
		detail(credentials)
	}
	for _, p := range s.AuthPrograms {
		if slices.Contains(compared, p.Env) && p.Path != "" {
			add(Tool, p.Env, "GOAUTH", p.Path, model.Origin{})
			detail(p.Print)
		}
	}
	if s.Repository.Branch != "" {
		add(Branch, "", "branch", s.Repository.Branch, model.Origin{})
	}
	out = append(out, gitConfig(s)...)
	for _, p := range places(s) {
		if !p.Value.Empty() {
			out = append(out, p)
		}
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
	Version int       `json:"version"`
	Taken   time.Time `json:"taken"`
	Salt    string    `json:"salt"`
	Facts   []Saved   `json:"facts"`
	// Looked are groups of facts that were looked at, which may have none.
	Looked []string         `json:"looked,omitzero"`
	Costs  map[string]Costs `json:"costs,omitzero"`
}

// Saved is a fact as it is written.
type Saved struct {
	Kind  Kind          `json:"kind"`
	Env   model.EnvName `json:"env,omitzero"`
	Name  string        `json:"name"`
	Shown string        `json:"shown"`
	Print string        `json:"print"`
	// Detail is the hash of Fact.Detail; "" if that is empty, and of an older baseline.
	Detail string `json:"detail,omitzero"`
	File   string `json:"file,omitzero"`
	Line   int    `json:"line,omitzero"`
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
		saved := b.saved(f)
		saved.Shown = show(variable, f.Value)
		b.Facts = append(b.Facts, saved)
	}
	b.Looked = b.looked(s)
	return b
}

// saved is a fact as it is written, but for what is shown of it.
func (b Baseline) saved(f Fact) Saved {
	out := Saved{Kind: f.Kind, Env: f.Env, Name: f.Name, Print: b.print(f.Value), File: f.At.File, Line: f.At.Line}
	if !f.Detail.Empty() {
		out.Detail = b.print(f.Detail)
	}
	return out
}

// Lacks reports whether a baseline was kept by an older Gophantom, which did not look
// at everything that a snapshot has facts of.
func (b Baseline) Lacks(s *model.Snapshot) bool {
	return slices.ContainsFunc(b.looked(s), func(group string) bool { return !slices.Contains(b.Looked, group) })
}

// Next is what is known after a later snapshot: its facts, and of what it does
// not know those that were known last.
func (b Baseline) Next(s *model.Snapshot, show func(variable string, v model.Value) string) Baseline {
	next := Take(s, b.Salt, show)
	known := knowledgeOf(next.Facts, next.Looked)
	keys := map[string]bool{}
	for _, f := range next.Facts {
		keys[f.key()] = true
	}
	for _, f := range b.Facts {
		if !known.has(f) && !keys[f.key()] {
			next.Facts = append(next.Facts, f)
		}
	}
	for _, group := range b.Looked {
		if !known.groups[group] {
			next.Looked = append(next.Looked, group)
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
	Was     string // as it was shown, also where only the detail is another; "" if it was not
	Added   bool   // it was not there
	Removed bool   // it is not there any more
	// Same and Unknown are no change: it was what it is now, or nobody knows what it
	// was. What is at fault need not have changed.
	Same, Unknown bool
}

// Diff are the facts that changed since. What one of the two did not know, such as an
// environment, gopls, or a go.mod that cannot be read, is no change of its facts.
func (b Baseline) Diff(s *model.Snapshot) (out []Change) {
	then := make(map[string]Saved, len(b.Facts))
	for _, f := range b.Facts {
		then[f.key()] = f
	}
	facts := Facts(s)
	now := make([]Saved, len(facts))
	for i, f := range facts {
		now[i] = b.saved(f)
	}
	knew, knows := knowledgeOf(b.Facts, b.Looked), knowledgeOf(now, b.looked(s))
	for i, f := range facts {
		was, ok := then[f.key()]
		delete(then, f.key())
		switch is := now[i]; {
		case ok && f.Kind == Place && was.Detail != is.Detail: // another place, which a variable tells of
		case ok && was.Print == is.Print && (was.Detail == is.Detail || was.Detail == "" || is.Detail == ""):
		case ok:
			out = append(out, Change{Fact: f, Was: was.Shown})
		case knew.has(is):
			out = append(out, Change{Fact: f, Added: true})
		}
	}
	for _, f := range b.Facts {
		if _, ok := then[f.key()]; ok && knows.has(f) {
			gone := Fact{Kind: f.Kind, Env: f.Env, Name: f.Name, At: model.Origin{File: f.File, Line: f.Line}}
			out = append(out, Change{Fact: gone, Was: f.Shown, Removed: true})
		}
	}
	return out
}

// Past is what was otherwise: the variables of an environment, nil where one was not
// set, and lines of go.mod and go.work files. It has nothing of which only what may be
// shown is known.
func (b Baseline) Past(s *model.Snapshot, env model.EnvName) model.Past {
	saved := map[string]Saved{}
	for _, f := range b.Facts {
		saved[f.key()] = f
	}
	out := model.Past{Variables: map[string]*model.Value{}}
	for _, c := range b.Diff(s) {
		was := saved[c.key()]
		then := model.NewValue(was.Shown)
		switch {
		case !c.Added && b.print(then) != was.Print:
		case c.Kind == Variable && c.Env != env:
		case c.Kind == Variable && c.Added:
			out.Variables[c.Name] = nil
		case c.Kind == Variable:
			out.Variables[c.Name] = &then
		default:
			if l, ok := line(s, c); ok {
				out.Lines = append(out.Lines, l)
			}
		}
	}
	return out
}

// line is the line of a go.mod or go.work that a change is; ok is false if it is none,
// or only what is not shown of it is another.
func line(s *model.Snapshot, c Change) (l model.PastLine, ok bool) {
	l = model.PastLine{Kind: string(c.Kind), Name: c.Name, File: c.At.File, Was: c.Was, Now: c.Value.Reveal()}
	if !c.Removed {
		l.Line = c.At.Line
	}
	switch c.Kind {
	case Require, Replace, Exclude, Godebug, GoLine, Module, Replacing:
		_, l.Of, _ = strings.Cut(c.Name, relative(s, l.File)+" ")
	case Use:
		l.Of = absolute(s, c.Name)
	case Vendor:
		l.File = absolute(s, c.Name)
	case Workspace:
	default:
		return l, false
	}
	return l, l.File != "" && l.Was != l.Now
}

// KeyOf is the Key of the fact that a line is.
func KeyOf(l model.PastLine) string { return Saved{Kind: Kind(l.Kind), Name: l.Name}.key() }

// Suspects are the facts that may be at fault: those that changed since, and all
// others. Of a baseline that there is not, nothing is known to have changed.
func (b Baseline) Suspects(s *model.Snapshot) []Change {
	out := b.Diff(s)
	changed := map[string]bool{}
	for _, c := range out {
		changed[c.key()] = true
	}
	knew := knowledgeOf(b.Facts, b.Looked)
	for _, f := range Facts(s) {
		if !changed[f.key()] {
			known := knew.has(b.saved(f))
			out = append(out, Change{Fact: f, Same: known, Unknown: !known})
		}
	}
	return out
}

// knowledge is of what the facts are known at some time.
type knowledge struct {
	groups map[string]bool
	unread []Saved // the facts that a file cannot be read
	// modules are those whose go.mod was read. Where work, the go.work, cannot be read
	// there may be others.
	modules []Saved
	work    string // absolute path
}

func knowledgeOf(facts []Saved, looked []string) knowledge {
	k := knowledge{groups: map[string]bool{}}
	for _, group := range looked {
		k.groups[group] = true
	}
	for _, f := range facts {
		k.groups[group(f)] = true
		switch f.Kind {
		case Unreadable:
			k.unread = append(k.unread, f)
		case Module:
			k.modules = append(k.modules, f)
		case Workspace:
			k.work = f.File
		}
	}
	return k
}

// has reports whether it would be known if there was such a fact.
func (k knowledge) has(f Saved) bool {
	return k.groups[group(f)] && !slices.ContainsFunc(k.unread, func(file Saved) bool {
		elsewhere := (inFile(f.Kind) || f.Kind == Vendor) && !slices.ContainsFunc(k.modules, f.of)
		return file.holds(f) || file.File == k.work && elsewhere
	})
}

// holds reports whether another fact is written in the file that f says cannot be
// read.
func (f Saved) holds(other Saved) bool {
	if other.Kind == Use {
		return other.File == f.File
	}
	return (inFile(other.Kind) || other.Kind == Vendor) && other.of(f)
}

// of reports whether a fact has the name of a file, or begins with it.
func (f Saved) of(file Saved) bool {
	return f.Name == file.Name || strings.HasPrefix(f.Name, file.Name+" ")
}

// inFile reports whether facts of a kind are lines of a go.mod or go.work, or are
// looked for because of one.
func inFile(kind Kind) bool {
	return kind == GoLine || kind == Module || kind == Require || kind == Replace || kind == Exclude || kind == Sum || kind == Replacing || kind == Godebug
}

// group is what is observed together, or not at all: an environment, its go command,
// the go.env of its GOROOT, gopls, one place, each of the kinds that older baselines
// lack, and everything else that is in files.
func group(f Saved) string {
	switch f.Kind {
	case Tool:
		if f.Name == "go" || f.Name == "GOAUTH" {
			return f.Name + " " + string(f.Env)
		}
		return "env " + string(f.Env)
	case Variable, Toolchain:
		if f.Kind == Variable && strings.HasSuffix(filepath.ToSlash(f.File), "/go.env") {
			return "go.env " + string(f.Env)
		}
		return "env " + string(f.Env)
	case Place:
		return strings.Join([]string{string(Place), string(f.Env), f.Name, f.Detail}, " ")
	case Vendor, Godebug:
		if file, _, _ := strings.Cut(f.Name, " "); strings.HasSuffix(file, ".work") {
			return string(f.Kind) + " " + file // which older baselines have none of
		}
	case Git:
		if !strings.HasSuffix(f.Name, " insteadOf") && !strings.HasSuffix(f.Name, " core.sshCommand") {
			return string(Git) + "s" // which older baselines have none of
		}
		return string(f.Kind)
	case Server, View, Extension, Netrc, Module, Exclude, Branch, Unreadable, Replacing:
		return string(f.Kind)
	}
	return "files"
}

// looked are the groups that a snapshot would have facts of if there were any, as
// far as facts of others do not tell; sorted.
func (b Baseline) looked(s *model.Snapshot) (groups []string) {
	for _, name := range compared {
		env, ok := s.Env(name)
		if t, there := s.ToolchainOf(name); ok && env.Complete && there && (t.Go == "" || t.Tool("go").Path != "") {
			groups = append(groups, group(Saved{Kind: Tool, Env: name, Name: "go"}))
		}
		if ok && env.Complete {
			groups = append(groups, group(Saved{Kind: Tool, Env: name, Name: "GOAUTH"}))
		}
		if root := env.Layer(model.LayerGoroot).File; root != "" {
			groups = append(groups, group(Saved{Kind: Variable, Env: name, File: root}))
		}
	}
	if len(s.Modules) > 0 || s.Dir != "" && len(s.Envs) > 0 { // none is there
		groups = append(groups, string(Module), string(Exclude), string(Unreadable), string(Replacing), "files")
	}
	if s.Work != nil && len(s.Work.Errors) == 0 {
		file := relative(s, s.Work.File)
		groups = append(groups, group(Saved{Kind: Vendor, Name: file}), group(Saved{Kind: Godebug, Name: file + " "}))
	}
	if gits, sure := gitsOf(s); sure && len(gits) > 0 {
		groups = append(groups, string(Git), string(Git)+"s")
	}
	for _, p := range places(s) {
		groups = append(groups, group(b.saved(p)))
	}
	slices.Sort(groups)
	return slices.Compact(groups)
}
