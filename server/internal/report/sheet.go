package report

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// sheet is what text, Markdown and HTML show of environments, put in order and
// in words. Its strings are safe to show as plain text; each format still has
// to escape them for itself.
type sheet struct {
	mark     mark
	headline string
	advice   string // what to do; "" if there is nothing
	compared []string
	hidden   []fact // environments that could not be compared, and why
	matter   []block
	idle     []block // differences that do not matter
	same     []block
	programs []fact
	editor   []fact
	sources  []fact // how each environment is known
	notes    []string
	starred  bool // some environment is predicted
}

// fact is a name with what there is to say of it.
type fact struct {
	name  string
	lines []string
}

// block is one variable, or one program, with its values.
type block struct {
	name   string
	mark   mark
	why    string
	more   []string // what the difference means to other environments
	groups []group
}

// group is one value with the environments that have it.
type group struct {
	envs    []string
	value   string // on one line; "" with state
	brief   string // the same, shorter where the value is a long list; "" if it is not
	state   string // such as "not set", in place of a value
	program bool   // the value is what is known of a program, in words
	origin  origin
	shadows []shadow
}

type shadow struct {
	value  string
	origin origin
	same   bool // as the value that hides it
	basic  bool // a default of Go, which everything overrides
}

// origin is where a value comes from, in words around a place in a file.
type origin struct {
	lead string // such as "set by"
	spot string // file:line; "" if it is no file
	tail string
	file string // the whole path behind spot
	line int    // counted from 1; 0 if unknown
}

// String is the origin in one sentence without its stop.
func (o origin) String() string {
	return strings.Join(slices.DeleteFunc([]string{o.lead, o.spot, o.tail}, blank), " ")
}

func blank(s string) bool { return s == "" }

// sheet puts the environments in order for people.
func (e Environments) sheet() sheet {
	var s sheet
	for _, env := range e.Environments {
		name := e.star(env.Name)
		s.starred = s.starred || env.Predicted
		if env.Complete {
			s.compared = append(s.compared, name)
			s.sources = append(s.sources, fact{name, []string{inLine(env.Why)}})
		} else {
			s.hidden = append(s.hidden, fact{name, []string{inLine(env.Why)}})
		}
	}
	differs := map[string]bool{}
	var now, later, some, where []string
	for _, d := range e.Drift {
		differs[d.Variable] = true
		name := word(d.Variable)
		b := block{name: name, why: inLine(d.Why), groups: e.groups(d.Variable, d)}
		for _, p := range d.Pairs {
			for _, env := range []string{p.A, p.B} {
				if p.Matters && !slices.Contains(where, env) {
					where = append(where, env)
				}
			}
			line := e.star(p.B) + ": " + inLine(p.Why)
			if p.Matters && p.Why != d.Why && !slices.Contains(b.more, line) {
				b.more = append(b.more, line)
			}
		}
		switch {
		case d.Matters && d.Some:
			b.mark = markSome
			some = append(some, name)
		case d.Matters && d.Latent:
			b.mark = markLater
			later = append(later, name)
		case d.Matters:
			b.mark = markMatters
			now = append(now, name)
		default:
			b.mark, b.why = markIdle, "does not matter: "+lowerFirst(b.why)
			s.idle = append(s.idle, b)
			continue
		}
		s.matter = append(s.matter, b)
	}
	for _, name := range e.names() {
		groups := e.groups(name, Drift{})
		set := slices.ContainsFunc(groups, func(g group) bool { return g.state != "not set" })
		if set && !differs[name] {
			s.same = append(s.same, block{name: word(name), groups: groups})
		}
	}
	var between []string
	for _, env := range e.Environments {
		if slices.Contains(where, env.Name) {
			between = append(between, e.star(env.Name))
		}
	}
	s.summarize(now, later, some, between)
	s.programs = e.programs()
	s.editor = e.editorFacts()
	for _, n := range e.Notes {
		s.notes = append(s.notes, word(n))
	}
	return s
}

var (
	markMatters = mark{"!", "matters", 33}
	markLater   = mark{"!", "matters later", 33}
	markSome    = mark{"·", "matters for some", 36}
	markIdle    = mark{"·", "note", 36}
)

// summarize writes the headline: what differs now, what will matter when
// something has to be fetched, what matters for some code or servers. where are
// the environments between which it matters.
func (s *sheet) summarize(now, later, some, where []string) {
	differ := func(names []string) string {
		if len(names) > 4 {
			names = append(slices.Clone(names[:3]), fmt.Sprintf("%d more", len(names)-3))
		}
		if len(names) == 1 {
			return names[0] + " differs"
		}
		return listed(names) + " differ"
	}
	between := func(envs []string) string {
		if len(envs) > 5 {
			return fmt.Sprintf(" between %d environments", len(envs))
		}
		return " between " + listed(envs)
	}
	switch {
	case len(s.compared) == 0:
		s.mark, s.headline = markUnknown, "No environment could be read completely, so nothing could be compared."
	case len(s.compared) == 1:
		s.mark = markUnknown
		s.headline = "Only one environment is known here (" + s.compared[0] + "), so there is nothing to compare it with."
		s.advice = "No gopls was found that runs for this folder. Open the folder in your editor and try again, or capture another environment: gophantom env --env NAME=FILE"
	case len(now) > 0:
		s.mark, s.headline = markWarn, differ(now)+between(where)+", and that matters to Go."
	case len(later) > 0:
		s.mark, s.headline = markWarn, differ(later)+between(where)+", which matters as soon as something has to be fetched."
	case len(some) > 0:
		s.mark, s.headline = markOK, differ(some)+between(where)+", which matters only for some code or some servers."
	case len(s.idle) > 0:
		s.mark, s.headline = markOK, "Nothing that matters to Go differs"+between(s.compared)+"."
	default:
		s.mark, s.headline = markOK, "Go reads the same in "+listed(s.compared)+"."
	}
}

// star is the name of an environment, with a star if it is predicted.
func (e Environments) star(name string) string {
	if slices.ContainsFunc(e.Environments, func(env Environment) bool { return env.Name == name && env.Predicted }) {
		return name + "*"
	}
	return name
}

// starNote explains the star.
const starNote = "* computed from settings, not read from a running process"

// names are all variables that some environment has, sorted.
func (e Environments) names() []string {
	var names []string
	for _, env := range e.Environments {
		for name := range env.Values {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// sets reports whether some environment has the variable.
func (e Environments) sets(name string) bool {
	return slices.ContainsFunc(e.Environments, func(env Environment) bool { _, ok := env.Values[name]; return ok })
}

// groups are the values of one variable or program, environments that have the
// same value from the same place together. Environments that are not complete
// are left out: they may lack what decides.
func (e Environments) groups(name string, d Drift) []group {
	var groups []group
	var keys []string
	add := func(env, key string, g group) {
		i := slices.Index(keys, key)
		if i < 0 {
			keys, groups = append(keys, key), append(groups, g)
			i = len(groups) - 1
		}
		groups[i].envs = append(groups[i].envs, e.star(env))
	}
	if !e.sets(name) { // a program
		for _, env := range e.Environments {
			if !env.Complete {
				continue
			}
			if p, known := e.program(env.Name, name); known {
				add(env.Name, fmt.Sprint(p), group{value: strings.Join(e.describe(p), ", "), program: true})
			} else if path, known := d.Values[env.Name]; known {
				add(env.Name, path, group{value: inLine(path)})
			}
		}
		return groups
	}
	for _, env := range e.Environments {
		v, set := env.Values[name]
		if !env.Complete && !(env.Partial && set) {
			continue
		}
		g := group{value: inLine(v.Value)}
		switch {
		case !set:
			g.state = "not set"
		default:
			if v.Value == "" {
				g.state = "empty"
			}
			g.origin = e.origin(v.Origin)
			for _, h := range v.Shadows {
				basic := h.Origin.Layer == "built-in default" || h.Origin.Layer == "GOROOT/go.env"
				value := inLine(h.Value)
				if value == "" {
					value = "(empty)"
				}
				g.shadows = append(g.shadows, shadow{value, e.origin(h.Origin), h.Value == v.Value, basic})
			}
		}
		add(env.Name, fmt.Sprint(g), g)
	}
	if strings.EqualFold(name, "PATH") {
		shorten(groups)
	}
	return groups
}

// shorten gives lists of directories a brief form: what only they have.
func shorten(groups []group) {
	if len(groups) < 2 {
		return
	}
	seen := map[string]int{}
	entries := make([][]string, len(groups))
	for i, g := range groups {
		separator := ":"
		if strings.Contains(g.value, ";") || len(g.value) > 2 && g.value[1] == ':' && g.value[2] == '\\' {
			separator = ";"
		}
		for dir := range strings.SplitSeq(g.value, separator) {
			if dir != "" && !slices.Contains(entries[i], dir) {
				entries[i] = append(entries[i], dir)
				seen[dir]++
			}
		}
	}
	for i := range groups {
		own := slices.DeleteFunc(slices.Clone(entries[i]), func(dir string) bool { return seen[dir] == len(groups) })
		count := many(len(entries[i]), "directory", "directories")
		switch {
		case groups[i].state != "" || len(entries[i]) < 4:
		case len(own) == 0:
			groups[i].brief = count + ", which all the others have too"
		case len(own) < len(entries[i]):
			groups[i].brief = count + ", not everywhere: " + strings.Join(own, ", ")
		}
	}
}

// origin puts the place a value comes from in words.
func (e Environments) origin(o Origin) origin {
	var out origin
	switch {
	case o.File != "":
		out.lead, out.spot, out.file, out.line = "set by", e.path(o.File), o.File, o.Line
		if o.Line > 0 {
			out.spot += fmt.Sprintf(":%d", o.Line)
		}
		if o.Layer != "" && o.Layer != "process environment" {
			out.tail = "(" + o.Layer + ")"
		}
	case o.Layer == "process environment":
		out.lead = "from the process environment"
	case o.Layer == "log of gopls":
		out.lead = "from the log of gopls at"
	case o.Layer == "built-in default":
		out.lead = "Go’s built-in default"
	case o.Layer != "":
		out.lead = "set by " + o.Layer
	}
	if o.Note != "" {
		out.tail = strings.TrimPrefix(out.tail+", "+word(o.Note), ", ")
	}
	return out
}

// path is a file as people write it: from the workspace, or from home.
func (e Environments) path(file string) string {
	if file == "" {
		return ""
	}
	if e.Snapshot.Dir != "" {
		if rel, inside := relative(e.Snapshot.Dir, file); inside && rel != "." {
			return word(rel)
		}
	}
	for _, env := range e.Environments {
		for _, name := range []string{"HOME", "USERPROFILE"} {
			dir := env.Values[name].Value
			if rel, inside := relative(dir, file); inside && filepath.IsAbs(dir) && rel != "." {
				return word("~/" + rel)
			}
		}
	}
	return word(file)
}

// program is what an environment resolves name to; known is false if nobody
// looked.
func (e Environments) program(env, name string) (p Program, known bool) {
	for _, t := range e.Toolchains {
		if t.Environment != env {
			continue
		}
		i := slices.IndexFunc(t.Programs, func(p Program) bool { return p.Name == name })
		if i >= 0 {
			return t.Programs[i], true
		}
	}
	return Program{}, false
}

// describe says what a program is: version, place, who manages it.
func (e Environments) describe(p Program) []string {
	if p.Path == "" {
		return []string{"not found"}
	}
	version := word(p.Version)
	if version == "" {
		version = "version not known"
	}
	if p.Go != "" && p.Name != "go" {
		version += " built with " + word(p.Go)
	}
	out := []string{version, e.path(p.Path)}
	if target := e.path(p.Target); target != "" && p.Target != p.Path {
		out = append(out, "which is "+target)
	}
	switch {
	case p.Shim && p.Manager != "":
		out = append(out, "a shim of "+p.Manager+", which decides by the directory")
	case p.Shim:
		out = append(out, "a shim, which decides by the directory")
	case p.Manager != "":
		out = append(out, "installed by "+p.Manager)
	}
	return out
}

// programs are the programs that environments resolve, one fact per name.
func (e Environments) programs() []fact {
	var names []string
	for _, t := range e.Toolchains {
		for _, p := range t.Programs {
			if !slices.Contains(names, p.Name) {
				names = append(names, p.Name)
			}
		}
	}
	var facts []fact
	for _, name := range names {
		var lines, envs []string
		for _, g := range e.groups(name, Drift{}) {
			lines, envs = append(lines, g.value), append(envs, listed(g.envs))
		}
		for i := range lines {
			if len(lines) > 1 {
				lines[i] += " (in " + envs[i] + ")"
			}
		}
		facts = append(facts, fact{name, lines})
	}
	for _, t := range e.Toolchains {
		p, _ := e.program(t.Environment, "go")
		if t.Selected != "" && t.Selected != p.Version {
			facts = append(facts, fact{e.star(t.Environment), []string{word("go hands over to " + t.Selected + ": " + t.SelectedWhy)}})
		}
		if t.Why != "" {
			facts = append(facts, fact{e.star(t.Environment), []string{inLine(t.Why)}})
		}
	}
	return facts
}

// editorFacts say which editor, gopls and machine were looked at.
func (e Environments) editorFacts() []fact {
	var facts []fact
	if ed := e.Editor; ed != nil {
		s := word(ed.Name)
		if ed.Remote != "" || ed.Web {
			s += "; its environments are those of " + word(ed.Machine)
		}
		facts = append(facts, fact{"editor", []string{strings.TrimPrefix(s, "; ")}})
	}
	for _, g := range e.Snapshot.Processes {
		s := g.words()
		switch g.Dir {
		case "":
		case e.Snapshot.Dir:
			s += ", started in this folder"
		default:
			s += ", started in " + e.path(g.Dir)
		}
		facts = append(facts, fact{"running", []string{s}})
	}
	for _, v := range e.Views {
		facts = append(facts, fact{"view", []string{word(v.Type) + " at " + e.path(v.Root)}})
	}
	if len(e.Folders) > 1 {
		folders := make([]string, len(e.Folders))
		for i, f := range e.Folders {
			folders[i] = e.path(f)
		}
		facts = append(facts, fact{"folders", []string{
			fmt.Sprintf("%d folders (%s) share one gopls, so all of them get its one environment", len(folders), strings.Join(folders, ", ")),
		}})
	}
	return facts
}

// words say which gopls it is.
func (g Gopls) words() string {
	s := "gopls " + g.Version
	if g.Version == "" {
		s = "gopls of unknown version"
	}
	s += fmt.Sprintf(" (process %d", g.PID)
	if g.Editor != "" {
		s += " of " + g.Editor
	}
	if g.Go != "" {
		s += ", built with " + g.Go
	}
	s += ")"
	if g.Daemon != 0 {
		s += fmt.Sprintf(", which forwards to the shared daemon (process %d)", g.Daemon)
	}
	return word(s)
}

// upperFirst begins a sentence.
func upperFirst(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}

// lowerFirst begins a sentence in the middle of another, unless its first word
// is a name.
func lowerFirst(s string) string {
	name, _, _ := strings.Cut(s, " ")
	if name == "" || strings.ToUpper(name) == name && len(name) > 1 {
		return s
	}
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(first)) + s[size:]
}
