package shell

import (
	"bytes"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// assignment is one place of a start-up file that gives a variable a value.
type assignment struct {
	name       string
	file       string
	line       int      // where the name stands
	first, end int      // the lines of the whole command
	top        int      // the last line of the outermost command around it
	values     []string // what it may make of the variable; nil if that cannot be told
	certain    bool     // it runs whenever the file is read
}

const (
	maxSourced = 200 // files followed, in depth and all together
	maxValues  = 32  // values that a variable may have in the reader's eyes
)

// reader reads start-up files of the Bourne family without running them. It
// follows every branch and remembers all values that a variable may have.
type reader struct {
	w     *world.World
	lang  syntax.LangVariant
	home  string
	state map[string][]string // the values a variable may have; a name with nil: unknown. Absent: unset.

	found  []assignment
	files  []string // as they were read, or would have been
	parsed map[string]*syntax.File
	broken map[string]bool // files whose syntax is understood only in part
	depth  int             // of sourced files
	branch int             // of conditions and loops around us
	budget int             // of files
}

func newReader(w *world.World, lang syntax.LangVariant, base map[string]string) *reader {
	r := &reader{w: w, lang: lang, home: base["HOME"], state: map[string][]string{}, parsed: map[string]*syntax.File{}, broken: map[string]bool{}, budget: maxSourced}
	for name, value := range base {
		r.state[name] = []string{value}
	}
	return r
}

// read reads a start-up file, and reports whether it exists.
func (r *reader) read(file string) bool {
	if !slices.Contains(r.files, file) {
		r.files = append(r.files, file)
	}
	if r.budget == 0 || r.depth > 20 {
		return true
	}
	r.budget--
	f := r.parse(file)
	if f == nil {
		return false
	}
	r.depth++
	for _, stmt := range f.Stmts {
		r.stmt(file, stmt)
	}
	r.depth--
	return true
}

// parse returns the syntax of a file, as far as it can be understood; nil if
// it cannot be read.
func (r *reader) parse(file string) *syntax.File {
	if f, done := r.parsed[file]; done {
		return f
	}
	if device(file) {
		return nil
	}
	var f *syntax.File
	if data, err := r.w.Files.ReadFile(file); err == nil && len(data) <= 4<<20 {
		// A file with an error is known up to the error.
		f = &syntax.File{}
		for stmt, err := range syntax.NewParser(syntax.Variant(r.lang)).StmtsSeq(bytes.NewReader(data)) {
			if err != nil {
				r.broken[file] = true
				break
			}
			f.Stmts = append(f.Stmts, stmt)
		}
	}
	r.parsed[file] = f
	return f
}

func (r *reader) stmt(file string, stmt *syntax.Stmt) {
	if stmt == nil || stmt.Background {
		return
	}
	switch c := stmt.Cmd.(type) {
	case *syntax.CallExpr:
		r.call(file, c)
	case *syntax.DeclClause:
		if c.Variant.Value == "local" {
			return
		}
		for _, a := range c.Args {
			if a.Name == nil && a.Value != nil { // export "NAME=value"
				if name, value, ok := strings.Cut(r.literal(a.Value), "="); ok {
					r.set(file, name, a, c, []string{value})
				}
				continue
			}
			if a.Name != nil && !a.Naked {
				r.assign(file, a, c)
			}
		}
	case *syntax.BinaryCmd:
		if c.Op == syntax.Pipe || c.Op == syntax.PipeAll {
			return // subshells
		}
		r.stmt(file, c.X)
		r.inBranch(func() { r.stmt(file, c.Y) })
	case *syntax.Block:
		r.stmts(file, c.Stmts)
	case *syntax.IfClause:
		r.stmts(file, c.Cond)
		for clause := c; clause != nil; clause = clause.Else {
			r.inBranch(func() { r.stmts(file, clause.Then) })
		}
	case *syntax.WhileClause:
		r.inBranch(func() { r.stmts(file, c.Do) })
	case *syntax.ForClause:
		r.loop(file, c)
	case *syntax.CaseClause:
		for _, item := range c.Items {
			r.inBranch(func() { r.stmts(file, item.Stmts) })
		}
	case *syntax.FuncDecl:
		// It may be called anywhere below.
		r.inBranch(func() { r.stmt(file, c.Body) })
	case *syntax.TimeClause:
		r.stmt(file, c.Stmt)
	}
}

func (r *reader) stmts(file string, list []*syntax.Stmt) {
	for _, stmt := range list {
		r.stmt(file, stmt)
	}
}

func (r *reader) inBranch(do func()) {
	r.branch++
	do()
	r.branch--
}

// loop reads a loop, and follows the files that the usual
// "for i in /etc/profile.d/*.sh" sources.
func (r *reader) loop(file string, c *syntax.ForClause) {
	iter, ok := c.Loop.(*syntax.WordIter)
	if !ok {
		r.inBranch(func() { r.stmts(file, c.Do) })
		return
	}
	for _, item := range iter.Items {
		values := r.expand(item)
		if len(values) == 1 && strings.ContainsAny(values[0], "*?[") {
			values = r.glob(values[0])
		}
		for _, value := range values {
			r.state[iter.Name.Value] = []string{value}
			r.inBranch(func() { r.stmts(file, c.Do) })
		}
	}
	r.state[iter.Name.Value] = nil
}

// glob returns the files of one directory that match, at most 100.
func (r *reader) glob(pattern string) (files []string) {
	dir, last := path.Split(pattern)
	entries, err := r.w.Files.ReadDir(dir)
	if err != nil || strings.ContainsAny(dir, "*?[") {
		return nil
	}
	for _, e := range entries {
		if ok, _ := path.Match(last, e.Name()); ok && !strings.HasPrefix(e.Name(), ".") && len(files) < 100 {
			files = append(files, dir+e.Name())
		}
	}
	return files
}

// call reads a simple command.
func (r *reader) call(file string, c *syntax.CallExpr) {
	if len(c.Args) == 0 {
		for _, a := range c.Assigns {
			r.assign(file, a, c)
		}
		return
	}
	args := c.Args
	word := args[0].Lit()
	for (word == "builtin" || word == "command") && len(args) > 1 {
		args = args[1:]
		word = args[0].Lit()
	}
	switch word {
	case ".", "source":
		if len(args) < 2 {
			return
		}
		for _, name := range r.expand(args[1]) {
			if !filepath.IsAbs(name) || device(filepath.Clean(name)) {
				continue // found on PATH or in a directory that we do not know
			}
			r.read(filepath.Clean(name))
		}
	case "unset":
		for _, arg := range args[1:] {
			if name := arg.Lit(); r.branch == 0 {
				delete(r.state, name)
			} else if _, known := r.state[name]; known {
				r.state[name] = nil
			}
		}
	case "export", "readonly": // a declaration for some parsers, a command for POSIX
		for _, arg := range args[1:] {
			if name, value, ok := declared(arg); ok {
				r.set(file, name, arg, c, r.expand(value))
			}
		}
	case "read":
		for _, arg := range args[1:] {
			if name := arg.Lit(); name != "" && name[0] != '-' {
				r.set(file, name, arg, c, nil)
			}
		}
	case "eval":
		// Only the text of a simple literal can be known.
		if len(args) == 2 {
			text := r.literal(args[1])
			if f, err := syntax.NewParser(syntax.Variant(r.lang)).Parse(strings.NewReader(text), ""); err == nil {
				for _, stmt := range f.Stmts {
					r.evaluated(file, stmt, c)
				}
			}
		}
	case ":", "test", "[":
	default:
		return
	}
	for _, arg := range c.Args { // ${NAME:=value}
		syntax.Walk(arg, func(n syntax.Node) bool {
			if p, ok := n.(*syntax.ParamExp); ok && p.Param != nil && p.Exp != nil && (p.Exp.Op == syntax.AssignUnset || p.Exp.Op == syntax.AssignUnsetOrNull) {
				values := append(slices.Clone(r.state[p.Param.Value]), r.expand(p.Exp.Word)...)
				if values == nil {
					values = r.expand(p.Exp.Word)
				}
				r.inBranch(func() { r.set(file, p.Param.Value, p, c, values) })
			}
			return true
		})
	}
}

// declared splits a word NAME=value.
func declared(word *syntax.Word) (name string, value *syntax.Word, ok bool) {
	if len(word.Parts) == 0 {
		return "", nil, false
	}
	lit, isLit := word.Parts[0].(*syntax.Lit)
	if !isLit {
		return "", nil, false
	}
	name, rest, ok := strings.Cut(lit.Value, "=")
	if !ok || !identifier.MatchString(name) {
		return "", nil, false
	}
	first := *lit
	first.Value = rest
	return name, &syntax.Word{Parts: append([]syntax.WordPart{&first}, word.Parts[1:]...)}, true
}

// evaluated reads a command of an eval, whose place is the eval.
func (r *reader) evaluated(file string, stmt *syntax.Stmt, at syntax.Node) {
	var assigns []*syntax.Assign
	switch c := stmt.Cmd.(type) {
	case *syntax.DeclClause:
		assigns = c.Args
	case *syntax.CallExpr:
		if len(c.Args) == 0 {
			assigns = c.Assigns
		}
	}
	for _, a := range assigns {
		if a.Name != nil && !a.Naked {
			r.set(file, a.Name.Value, at, at, r.expand(a.Value))
		}
	}
}

// assign reads NAME=value, NAME+=value and path=(…).
func (r *reader) assign(file string, a *syntax.Assign, command syntax.Node) {
	name := a.Name.Value
	switch {
	case a.Index != nil:
		return
	case a.Array != nil:
		if r.lang != syntax.LangZsh || name != "path" {
			return
		}
		before := []string{}
		if a.Append {
			before = r.state["PATH"]
		}
		lists := []string{""}
		for _, element := range a.Array.Elems {
			values := r.expand(element.Value)
			if len(values) == 1 && (values[0] == "" || element.Value.Lit() == "$path") {
				values = nil
			}
			lists = product(lists, values, ":")
		}
		if a.Append {
			lists = product(before, lists, ":")
		}
		r.set(file, "PATH", a, command, lists)
	case a.Append:
		r.set(file, name, a, command, product(r.state[name], r.expand(a.Value), ""))
	default:
		r.set(file, name, a, command, r.expand(a.Value))
	}
}

// product joins every left with every right value; nil if that is too much.
func product(left, right []string, between string) (out []string) {
	if len(left)*len(right) > maxValues {
		return nil
	}
	for _, l := range left {
		for _, r := range right {
			if l == "" {
				out = append(out, r)
			} else {
				out = append(out, l+between+r)
			}
		}
	}
	return out
}

// set notes that a command gives a variable one of values, nil if they cannot
// be told.
func (r *reader) set(file, name string, at, command syntax.Node, values []string) {
	slices.Sort(values)
	values = slices.Compact(values)
	if len(values) > maxValues {
		values = nil
	}
	if model.Kept(name) {
		r.found = append(r.found, assignment{
			name: name, file: file, line: int(at.Pos().Line()), first: int(command.Pos().Line()), end: int(command.End().Line()),
			values: values, certain: r.branch == 0,
		})
	}
	before, known := r.state[name]
	switch {
	case values == nil:
	case r.branch > 0 && known && before == nil:
		values = nil
	case r.branch > 0 && known:
		values = slices.Concat(before, values)
	case r.branch > 0:
		values = append(slices.Clone(values), "")
	}
	if len(values) > maxValues {
		values = nil
	}
	slices.Sort(values)
	r.state[name] = slices.Compact(values)
}

// literal is the one value of a word; "" if it cannot be told.
func (r *reader) literal(word *syntax.Word) string {
	if values := r.expand(word); len(values) == 1 {
		return values[0]
	}
	return ""
}

// expand returns the values that a word may have; nil if they cannot be told.
func (r *reader) expand(word *syntax.Word) []string {
	if word == nil {
		return []string{""}
	}
	var names []string
	ok := true
	syntax.Walk(word, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CmdSubst, *syntax.ProcSubst, *syntax.ArithmExp:
			ok = false
		case *syntax.ParamExp:
			if n.Param == nil || n.Index != nil || n.Excl || n.Flags != nil || n.NestedParam != nil {
				ok = false
				return false
			}
			name := n.Param.Value
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		return ok
	})
	if !ok {
		return nil
	}
	choices := []map[string]string{{}}
	for _, name := range names {
		values, known := r.state[name]
		if !known {
			values = []string{""}
		}
		if len(values) == 0 || len(values)*len(choices) > maxValues || strings.ContainsAny(name, "0123456789@*#?$!-_") && !known {
			return nil
		}
		var more []map[string]string
		for _, choice := range choices {
			for _, value := range values {
				next := map[string]string{name: value}
				for k, v := range choice {
					next[k] = v
				}
				more = append(more, next)
			}
		}
		choices = more
	}
	var out []string
	for _, choice := range choices {
		value, err := expand.Literal(&expand.Config{Env: environ{choice, r.home}}, word)
		if err != nil {
			return nil
		}
		out = append(out, value)
	}
	return out
}

// environ is what expansions may look at.
type environ struct {
	vars map[string]string
	home string
}

func (e environ) Get(name string) expand.Variable {
	value := e.vars[name]
	if name == "HOME" && value == "" {
		value = e.home
	}
	return expand.Variable{Set: value != "", Kind: expand.String, Str: value}
}

func (e environ) Each(func(string, expand.Variable) bool) {}

// lines picks the assignments that made a variable what it is, the deciding
// one first. base and known are its value before the start-up files.
func (r *reader) lines(name, value, base string, inBase bool) (lines []Line) {
	var own []assignment
	for _, a := range r.found {
		if a.name == name {
			own = append(own, a)
		}
	}
	const note = "found by reading the file"
	for i, a := range slices.Backward(own) {
		fits := slices.Contains(a.values, value)
		switch {
		case fits && (a.certain || len(a.values) == 1 || len(own) == 1):
		case fits && !slices.ContainsFunc(own[:i], func(b assignment) bool { return slices.Contains(b.values, value) }):
		case a.values == nil && len(own) == 1 && !(inBase && base == value):
		case a.values == nil && a.certain && !(inBase && base == value) && i == len(own)-1:
		case a.values != nil && !fits && !a.certain:
			continue // a branch not taken
		default:
			return nil
		}
		if !a.certain && inBase && base == value {
			return nil // the branch may as well not have been taken
		}
		lines = []Line{r.line(a, value, note)}
		for _, b := range slices.Backward(own[:i]) {
			values := b.values
			if len(values) > 1 && name == "PATH" { // what became part of the value is what it was
				values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return !strings.HasSuffix(value, v) })
			}
			if b.certain && len(values) == 1 {
				lines = append(lines, r.line(b, values[0], note))
			}
		}
		return lines
	}
	return nil
}

func (r *reader) line(a assignment, value, note string) Line {
	return Line{File: a.file, Line: a.line, Value: model.NewValue(value), Note: join(note, behind(a.file, ""))}
}

// at returns the assignment of name whose command covers a line of file.
func (r *reader) at(file string, line int, name string) (a assignment, ok bool) {
	for _, a := range r.assignments(file) {
		if a.name == name && a.first <= line && line <= a.end {
			return a, true
		}
	}
	return assignment{}, false
}

// assignments lists what stands in one file, also inside functions, without
// following others.
func (r *reader) assignments(file string) []assignment {
	f := r.parse(file)
	if f == nil {
		return nil
	}
	var out []assignment
	for _, stmt := range f.Stmts {
		note := func(name string, at, command syntax.Node) {
			if name == "path" && r.lang == syntax.LangZsh {
				name = "PATH"
			}
			out = append(out, assignment{
				name: name, file: file, line: int(at.Pos().Line()), first: int(command.Pos().Line()), end: int(command.End().Line()),
				top: int(stmt.End().Line()),
			})
		}
		syntax.Walk(stmt, func(n syntax.Node) bool {
			switch c := n.(type) {
			case *syntax.CmdSubst, *syntax.Subshell, *syntax.ProcSubst:
				return false
			case *syntax.CallExpr:
				if len(c.Args) == 0 {
					for _, a := range c.Assigns {
						note(a.Name.Value, a, c)
					}
				} else if word := c.Args[0].Lit(); word == "export" || word == "readonly" {
					for _, arg := range c.Args[1:] {
						if name, _, ok := declared(arg); ok {
							note(name, arg, c)
						}
					}
				}
			case *syntax.DeclClause:
				for _, a := range c.Args {
					if c.Variant.Value != "local" && a.Name != nil && !a.Naked {
						note(a.Name.Value, a, c)
					}
				}
			}
			return true
		})
	}
	return out
}

// declares reports whether a function stands in a file; true if that cannot
// be told.
func (r *reader) declares(file, function string) bool {
	f := r.parse(file)
	if f == nil || r.broken[file] || path.Base(file) == function { // the file of an autoloaded function is its body
		return true
	}
	found := false
	syntax.Walk(f, func(n syntax.Node) bool {
		if d, ok := n.(*syntax.FuncDecl); ok {
			found = found || function == "(anon)" && d.Name == nil && len(d.Names) == 0
			for _, name := range append(slices.Clone(d.Names), d.Name) {
				found = found || name != nil && name.Value == function
			}
		}
		return !found
	})
	return found
}

// profiles reads the start-up files of a shell in their order.
func (r *reader) profiles(name string, login bool) {
	read := func(files ...string) {
		for _, file := range files {
			r.read(file)
		}
	}
	first := func(files ...string) {
		for _, file := range files {
			if r.read(file) {
				return
			}
		}
	}
	home := func(name string) string { return path.Join(r.home, name) }
	switch name {
	case "zsh":
		first("/etc/zsh/zshenv", "/etc/zshenv")
		dot := func(name string) string {
			if dirs := r.state["ZDOTDIR"]; len(dirs) == 1 && dirs[0] != "" {
				return path.Join(dirs[0], name)
			}
			return home(name)
		}
		read(dot(".zshenv"))
		if login {
			first("/etc/zsh/zprofile", "/etc/zprofile")
			read(dot(".zprofile"))
		}
		first("/etc/zsh/zshrc", "/etc/zshrc")
		read(dot(".zshrc"))
		if login {
			first("/etc/zsh/zlogin", "/etc/zlogin")
			read(dot(".zlogin"))
		}
	case "bash":
		if login {
			read("/etc/profile")
			first(home(".bash_profile"), home(".bash_login"), home(".profile"))
			return
		}
		read("/etc/bash.bashrc", home(".bashrc"))
	default:
		if login {
			read("/etc/profile", home(".profile"))
		}
		for _, file := range r.state["ENV"] {
			if filepath.IsAbs(file) {
				r.read(file)
			}
		}
	}
}
