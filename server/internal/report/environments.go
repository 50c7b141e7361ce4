package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
)

// Environments is what "gophantom env" shows.
type Environments struct {
	Environments []Environment `json:"environments"`
	Drift        []Drift       `json:"drift"`
	Snapshot     Snapshot      `json:"snapshot"`
	Folders      []string      `json:"folders"` // every folder of the workspace; they share one gopls
	Toolchains   []Toolchain   `json:"toolchains"`
	Views        []View        `json:"views"`  // what gopls itself says; empty if it was not asked
	Editor       *Editor       `json:"editor"` // null without an editor
	Notes        []string      `json:"notes"`  // what could not be observed, and what to do
}

// Environment is one environment with its effective values.
type Environment struct {
	Name      string           `json:"name"`
	Complete  bool             `json:"complete"`
	Partial   bool             `json:"partial"`   // not complete, but what it has is certain
	Predicted bool             `json:"predicted"` // computed from settings, not seen in a process
	Why       string           `json:"why"`
	Values    map[string]Value `json:"values"` // the variables that are set
}

// Value is one effective value with its origin and what it hides.
type Value struct {
	Value   string   `json:"value"`
	Origin  Origin   `json:"origin"`
	Shadows []Shadow `json:"shadows"`
}

// Shadow is a hidden value.
type Shadow struct {
	Value  string `json:"value"`
	Origin Origin `json:"origin"`
}

// Drift is one variable, or one program that PATH resolves, that differs
// between complete environments.
type Drift struct {
	Variable string    `json:"variable"`
	Values   StringMap `json:"values"` // by environment; absent where it is not set
	Matters  bool      `json:"matters"`
	Latent   bool      `json:"latent"` // it matters only when something has to be fetched
	Some     bool      `json:"some"`   // it matters only for some code, or for some servers
	Why      string    `json:"why"`    // of the pair that matters most
	Pairs    []Pair    `json:"pairs"`  // by environment that was compared
}

// Pair is what a difference means between two environments: A is the shell
// wherever that is known.
type Pair struct {
	A       string `json:"a"`
	B       string `json:"b"`
	Matters bool   `json:"matters"`
	Latent  bool   `json:"latent"`
	Some    bool   `json:"some"`
	Why     string `json:"why"`
}

// Toolchain is what one environment resolves the programs of Go to.
type Toolchain struct {
	Environment string    `json:"environment"`
	GOROOT      string    `json:"goroot"`
	Why         string    `json:"why"`         // set when something is missing
	Selected    string    `json:"selected"`    // the toolchain that does the work here: go itself, or what it hands over to; "" if unknown
	SelectedWhy string    `json:"selectedWhy"` // what decided it
	Programs    []Program `json:"programs"`
}

// Program is one program that an environment resolves by name.
type Program struct {
	Name    string `json:"name"`
	Path    string `json:"path"`    // as found; "" if the environment finds none
	Via     string `json:"via"`     // how it was found, such as "PATH"
	Target  string `json:"target"`  // with every link resolved
	Version string `json:"version"` // "" if unknown
	Go      string `json:"go"`      // the Go that built it; "" if none did
	Manager string `json:"manager"` // the version manager it belongs to; "" if none
	Shim    bool   `json:"shim"`    // the version manager decides by the directory what runs
}

// View is one view of gopls.
type View struct {
	ID     string `json:"id"`
	Type   string `json:"type"` // "GoWork", "GoMod", "GOPATH", "GoPackagesDriver" or "AdHoc"
	Root   string `json:"root"`
	Folder string `json:"folder"`
}

// Editor is the editor that the environments belong to.
type Editor struct {
	Name    string `json:"name"`
	Remote  string `json:"remote"`  // "wsl", "ssh-remote", "dev-container", "codespaces", …; "" for local
	Web     bool   `json:"web"`     // served to a browser
	Machine string `json:"machine"` // whose environments these are, in words
}

// EnvironmentsOf shows the environments of a snapshot and where they differ.
// drifts are all differences between the complete ones, and say which of them
// matter to Go. Environments that are not complete are shown and not compared.
func EnvironmentsOf(s *model.Snapshot, drifts []model.Drift) Environments {
	out := Environments{Snapshot: SnapshotOf(s), Folders: s.Folders, Editor: editorOf(s.Editor)}
	for _, env := range s.Envs {
		e := Environment{Name: label(env.Name), Complete: env.Complete, Partial: env.Partial, Predicted: env.Predicted, Why: Show(model.NewValue(env.Why)), Values: map[string]Value{}}
		for _, name := range variables(env) {
			if set := env.Lookup(name); set.Set || env.Partial && env.Knows(name) {
				e.Values[name] = fromSetting(set)
			}
		}
		out.Environments = append(out.Environments, e)
	}
	var found []string
	entries := map[string]*Drift{}
	for _, d := range drifts {
		entry := entries[d.Variable]
		if entry == nil {
			entry = &Drift{Variable: d.Variable, Values: out.valuesOf(d.Variable)}
			entries[d.Variable] = entry
			found = append(found, d.Variable)
		}
		entry.add(d)
	}
	slices.Sort(found)
	for _, name := range found {
		out.Drift = append(out.Drift, *entries[name])
	}
	slices.SortStableFunc(out.Drift, func(a, b Drift) int { return cmp.Compare(a.rank(), b.rank()) })
	out.machine(s)
	return out
}

// machine adds what is there beside environments: programs, gopls, its views.
func (e *Environments) machine(s *model.Snapshot) {
	for _, t := range s.Toolchain {
		e.Toolchains = append(e.Toolchains, toolchainOf(t))
	}
	for _, v := range s.Views {
		e.Views = append(e.Views, View{v.ID, v.Type, v.Root, v.Folder})
	}
	for _, f := range s.Faults {
		note := Show(model.NewValue(f.Text))
		if f.Location != nil {
			note = f.Location.File + ": " + note
		}
		if !slices.ContainsFunc(e.Environments, func(env Environment) bool { return !env.Complete && strings.Contains(env.Why, f.Text) }) {
			e.Notes = append(e.Notes, note)
		}
	}
}

// SnapshotOf says which picture of the world a report speaks of.
func SnapshotOf(s *model.Snapshot) Snapshot {
	out := Snapshot{
		Number: s.Number, Reason: Show(model.NewValue(s.Reason)), Taken: s.Taken.UTC().Format(time.RFC3339), Dir: s.Dir, Trusted: s.Trusted,
	}
	if t, ok := s.ToolchainOf(model.EnvShell); ok {
		out.Go = t.Version
	}
	if len(s.Gopls) > 0 {
		out.Gopls = s.Gopls[0].Version
	}
	for _, env := range s.Envs {
		if env.Complete {
			out.Compared = append(out.Compared, label(env.Name))
		}
	}
	for _, g := range s.Gopls {
		shown := Gopls{PID: g.PID, Version: g.Version, Go: g.GoVersion, Exe: g.Exe, Dir: g.Dir, Daemon: g.Daemon, Editor: g.Editor}
		if !g.Started.IsZero() {
			shown.Started = g.Started.UTC().Format(time.RFC3339)
		}
		out.Processes = append(out.Processes, shown)
	}
	return out
}

// add takes in what the difference means between one pair of environments.
func (d *Drift) add(pair model.Drift) {
	p := Pair{label(pair.A), label(pair.B), pair.Matters, pair.Latent, pair.Some, pair.Why}
	if d.Pairs == nil || p.rank() < d.rank() {
		d.Matters, d.Latent, d.Some, d.Why = p.Matters, p.Latent, p.Some, p.Why
	}
	d.Pairs = append(d.Pairs, p)
	for env, set := range map[model.EnvName]model.Setting{pair.A: pair.InA, pair.B: pair.InB} {
		if _, known := d.Values[label(env)]; set.Set && !known { // a program: no environment has a variable of the name
			d.Values[label(env)] = ShowVariable(d.Variable, set.Value)
		}
	}
}

// rank orders differences for people: what breaks now, what breaks later, what
// breaks some code only, what does not matter.
func (d Drift) rank() int { return Pair{Matters: d.Matters, Latent: d.Latent, Some: d.Some}.rank() }

func (p Pair) rank() int {
	switch {
	case !p.Matters:
		return 3
	case p.Some:
		return 2
	case p.Latent:
		return 1
	}
	return 0
}

func toolchainOf(t model.Toolchain) Toolchain {
	out := Toolchain{Environment: label(t.Env), GOROOT: t.GOROOT, Why: Show(model.NewValue(t.Why)), Selected: t.Selected, SelectedWhy: Show(model.NewValue(t.SelectedWhy))}
	for _, tool := range t.Tools {
		out.Programs = append(out.Programs, Program{tool.Name, tool.Path, tool.Via, tool.Target, tool.Version, tool.Go, tool.Manager, tool.Shim})
	}
	if !slices.ContainsFunc(out.Programs, func(p Program) bool { return p.Name == "go" }) {
		out.Programs = slices.Insert(out.Programs, 0, Program{Name: "go", Path: t.Go, Version: t.Version})
	}
	return out
}

func editorOf(e *model.Editor) *Editor {
	if e == nil {
		return nil
	}
	out := &Editor{Name: e.Name, Remote: e.Remote, Web: e.Web}
	switch e.Remote {
	case "":
		out.Machine = "this machine"
	case "wsl":
		out.Machine = "the Linux side of WSL, not Windows"
	case "ssh-remote":
		out.Machine = "the machine at the other end of SSH, not the one in front of you"
	case "dev-container", "attached-container":
		out.Machine = "the container, not the machine that runs it"
	case "codespaces":
		out.Machine = "the codespace, not the machine in front of you"
	case "tunnel":
		out.Machine = "the machine at the other end of the tunnel, not the one in front of you"
	default:
		out.Machine = "the remote machine (" + e.Remote + "), not the one in front of you"
	}
	if e.Web && e.Remote == "" {
		out.Machine = "the machine that serves the editor, not the one the browser runs on"
	}
	return out
}

// label is the name of an environment as it may be shown: that of a debug
// configuration is whatever launch.json says.
func label(name model.EnvName) string { return word(string(name)) }

// word is text of others, such as the name of a file, on one line and with
// every character visible.
func word(s string) string { return inLine(escape(s)) }

// inLine keeps text on one line.
func inLine(s string) string { return lineBreaks.Replace(s) }

var lineBreaks = strings.NewReplacer("\n", `\n`, "\t", `\t`)

// variables returns the names that some layer of the environment has.
func variables(env model.Env) []string {
	names := map[string]bool{}
	for _, l := range env.Layers {
		for name := range l.Vars {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func fromSetting(set model.Setting) Value {
	v := Value{Value: ShowVariable(set.Name, set.Value), Origin: FromOrigin(set.Origin), Shadows: []Shadow{}}
	for _, hidden := range set.Shadows {
		v.Shadows = append(v.Shadows, Shadow{ShowVariable(set.Name, hidden.Value), FromOrigin(hidden.Origin)})
	}
	return v
}

// valuesOf are the values of one variable by complete environment.
func (e Environments) valuesOf(name string) StringMap {
	values := StringMap{}
	for _, env := range e.Environments {
		if v, set := env.Values[name]; set && env.Complete {
			values[env.Name] = v.Value
		}
	}
	return values
}
