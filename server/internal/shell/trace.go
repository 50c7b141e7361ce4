package shell

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"mvdan.cc/sh/v3/syntax"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// Line is a line of a start-up file that gave a variable a value.
type Line struct {
	File  string      // absolute
	Line  int         // 1-based; 0 if only the file is known
	Value model.Value // what the variable was after it
	// Note says how the line was found when that was no exact trace, and who
	// is behind it ("direnv", "mise"); "" if there is nothing to say.
	Note string
}

// Trace completes an answer of Ask, given the same options, by the lines of
// start-up files that set its variables. It starts the shell once more and
// lets it trace itself; where that does not work, it reads the files.
//
// A variable that no line is known for has no Lines: nothing sets it, or it
// cannot be told with certainty. The trace holds every command of the user's
// start-up files; nothing of it is kept but names that model.Kept allows, and
// none is written anywhere.
func Trace(ctx context.Context, w *world.World, opt Options, answer Answer) Answer {
	fellBack := answer.NoLogin && !opt.NoLogin
	opt.NoLogin = opt.NoLogin || answer.NoLogin
	t, fault := newTracer(ctx, w, opt, answer)
	if fault != nil {
		return answer
	}
	answer.Shell = t.shell.path
	switch t.shell.name {
	case "zsh", "bash":
		t.reader.profiles(t.shell.name, !opt.NoLogin)
		t.xtrace(ctx)
	case "fish":
		t.fish(ctx)
	case "sh", "dash", "ash", "ksh", "ksh93", "mksh":
		t.reader.profiles(t.shell.name, !opt.NoLogin)
	default:
		answer.Files = t.profileOfOthers()
		answer.Lines = t.literalLines(answer.Files)
		if w.GOOS == "windows" {
			if registered, err := w.Registered(ctx); err == nil {
				of := registeredLines(registered, answer.Vars)
				maps.Copy(of, answer.Lines)
				answer.Lines = of
			}
		}
		return answer
	}
	answer.Lines = t.lines()
	answer.Files = t.files()
	if fellBack && t.shell.name != "fish" { // the login shell was asked first, and what it reads may change the answer
		login := newReader(w, t.reader.lang, t.base)
		login.profiles(t.shell.name, true)
		for _, file := range login.files {
			if !slices.Contains(answer.Files, file) {
				answer.Files = append(answer.Files, file)
			}
		}
	}
	return answer
}

// tracer is one trace of one shell.
type tracer struct {
	w      *world.World
	opt    Options
	shell  program
	base   map[string]string // what the shell is started with
	vars   map[string]string // what it ends up with
	names  []string          // of vars, in the order that a trace prints them
	reader *reader

	home   string
	events map[string][]event // by variable, in the order of the start-up
	final  map[string]string  // values at the end of the start-up, by name
	seen   map[string]bool    // files that commands were traced in
	done   bool               // the trace went through to the end
	hooked map[string]string  // the per-directory tool that changed a variable at the prompt
}

// event is one value given to a variable.
type event struct {
	value, file, note string
	line              int
	exact             bool // the command names the variable
}

// maxTraced is the most variables whose values a trace prints with each
// command, and maxShown the most characters of each.
const (
	maxTraced = 200
	maxShown  = 4096
)

func newTracer(ctx context.Context, w *world.World, opt Options, answer Answer) (*tracer, *model.Fault) {
	base, err := shellBase(ctx, w, opt)
	if err != nil {
		return nil, noShell("%v", err)
	}
	shell, fault := findShell(w, opt, base)
	if fault != nil {
		return nil, fault
	}
	lang := syntax.LangPOSIX
	switch shell.name {
	case "zsh":
		lang = syntax.LangZsh
	case "bash", "ksh", "ksh93":
		lang = syntax.LangBash
	case "mksh":
		lang = syntax.LangMirBSDKorn
	}
	t := &tracer{
		w: w, opt: opt, shell: shell, base: base, vars: answer.Vars, reader: newReader(w, lang, base), home: base["HOME"],
		events: map[string][]event{}, seen: map[string]bool{}, hooked: map[string]string{},
	}
	for name := range answer.Vars {
		if identifier.MatchString(name) && name != "SHLVL" {
			t.names = append(t.names, name)
		}
	}
	// The variables that matter most come first, as there may be too many.
	slices.SortFunc(t.names, func(a, b string) int {
		if x, y := important(a), important(b); x != y {
			return cmp.Compare(x, y)
		}
		return strings.Compare(a, b)
	})
	if len(t.names) > maxTraced {
		t.names = t.names[:maxTraced]
	}
	return t, nil
}

func important(name string) int {
	switch {
	case name == "PATH", model.IsGoVariable(name):
		return 0
	case strings.HasPrefix(name, "GO"):
		return 2
	}
	return 1
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (t *tracer) timeout() time.Duration {
	if t.opt.Timeout != 0 {
		return t.opt.Timeout
	}
	return shellTimeout
}

// A record of a trace is what PS4 makes of it: the first character as often as
// the command is nested, a mark, fields between unit separators, the mark
// again, and the command as the shell shows it.
const (
	fieldEnd    = "\x1f"
	fixedFields = 7 // before those of the variables
)

// xtrace has zsh or bash run its start-up files and trace them.
//
// PS4 prints with each command the values of the variables as they are before
// the command, so that the change is seen, however it was made.
func (t *tracer) xtrace(ctx context.Context) {
	mark := rand.Text()
	rec := &recorder{t: t, mark: mark, evals: map[string]place{}, relative: map[string]string{}, locals: map[string]int{}, traps: map[string]place{}}
	vars := maps.Clone(t.base)
	command := world.Command{Path: t.shell.path, Dir: t.opt.Dir, Timeout: t.timeout(), MaxOutput: 1}
	var ps4 strings.Builder
	ps4.WriteString("+" + mark + fieldEnd)
	login := []string{"-l"}
	if t.opt.NoLogin {
		login = nil
	}
	script := ": " + mark + " done"
	if t.opt.Prompt {
		// direnv would take an exported PS4 for a change that it is to undo.
		script += "\ntypeset +x PS4 BASH_XTRACEFD\n" + traceHooks(mark)
	}
	if t.shell.name == "zsh" {
		// The doubled percent tells whether zsh expands percents here.
		ps4.WriteString("%x:%I" + fieldEnd + "%N" + fieldEnd + "${ZSH_SUBSHELL}" + fieldEnd + "${options[evallineno]}" + fieldEnd + "${(j: :)funcstack}" + fieldEnd + `${PWD//\%/%%}` + fieldEnd + "%%")
		for _, name := range t.names {
			ps4.WriteString(fieldEnd + "${" + name + "+=}${${" + name + ":0:" + strconv.Itoa(maxShown) + `}//\%/%%}`)
		}
		ps4.WriteString(fieldEnd + mark + " ")
		vars["PS4"] = ps4.String()
		command.Args = slices.Concat([]string{"-x", "-o", "promptsubst", "-i"}, login, []string{"-c", script})
		command.OnStderr = rec.line // zsh keeps its trace there even when a command redirects
	} else {
		ps4.WriteString("${BASH_SOURCE-}:${LINENO-}" + fieldEnd + "${FUNCNAME-}" + fieldEnd + "$(( ${BASHPID:-$$} != $$ || ${BASH_SUBSHELL:-0} ))" + fieldEnd + "${BASH_SOURCE[1]-}:${BASH_LINENO-}" + fieldEnd + "${FUNCNAME[@]-}" + fieldEnd + "${PWD-}" + fieldEnd + "%")
		for _, name := range t.names {
			ps4.WriteString(fieldEnd + "${" + name + "+=}${" + name + ":0:" + strconv.Itoa(maxShown) + "}")
		}
		ps4.WriteString(fieldEnd + mark + " ")
		command.OnTrace = rec.line
		if t.w.UID == 0 {
			// Root's bash takes no PS4 from its environment. Its start-up files
			// are sourced in the order it would take.
			rec.note = "predicted: for root the start-up files are run one by one"
			script = "PS4=" + quoteSh(ps4.String()) + "; BASH_XTRACEFD=" + strconv.Itoa(world.TraceFD) + "; set -x\n" + bashByHand(!t.opt.NoLogin) + script
			command.Args = slices.Concat([]string{"--noprofile", "--norc", "-i"}, login, []string{"-c", script})
		} else {
			vars["PS4"], vars["BASH_XTRACEFD"] = ps4.String(), strconv.Itoa(world.TraceFD)
			command.Args = slices.Concat([]string{"-x", "-i"}, login, []string{"-c", script})
		}
	}
	command.Env = world.Environ(vars)
	_, _ = t.w.Exec.Run(ctx, command) // what the trace holds by then counts
}

// bashByHand is a script that runs bash's start-up files as bash would.
func bashByHand(login bool) string {
	if !login {
		return "[ -r /etc/bash.bashrc ] && . /etc/bash.bashrc\n[ -r ~/.bashrc ] && . ~/.bashrc\n"
	}
	return "[ -r /etc/profile ] && . /etc/profile\n" +
		"if [ -r ~/.bash_profile ]; then . ~/.bash_profile; elif [ -r ~/.bash_login ]; then . ~/.bash_login; elif [ -r ~/.profile ]; then . ~/.profile; fi\n"
}

func quoteSh(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// recorder understands the records of a trace as they come.
type recorder struct {
	t    *tracer
	mark string
	note string // of every line

	open   []byte            // a record whose fields are not complete yet
	values map[string]string // as the last record had them; absent is unset
	last   place             // the command before
	stack  []place           // the commands around it, by nesting
	evals  map[string]place  // the evals of zsh, by the calls around them
	// relative are files that the shell named without a directory, by that
	// name; "" where two files have it.
	relative map[string]string
	locals   map[string]int   // how many calls are around the function that a variable is local to
	traps    map[string]place // the trap that names a variable
	// outside is the last command of zsh that was in no function.
	outside place
	hook    bool // the start-up is over
}

// place is a command of the trace. Its text is not kept: only what it does to
// the names we keep.
type place struct {
	file     string
	line     int
	function string
	loose    bool // zsh names the line where the outermost command around it ends
	eval     bool
	unset    bool
	depth    int
	names    map[string]bool // the names of ours that it names; true if it assigns
	who      string          // the tool whose hook it runs
}

// line takes one line of the trace.
func (r *recorder) line(line []byte) {
	if r.t.done && !r.hook {
		return
	}
	start := append([]byte(r.mark), fieldEnd...)
	if at := bytes.LastIndex(line, start); at >= 0 {
		from := at
		for from > 0 && line[from-1] == '+' {
			from--
		}
		r.open = append(r.open[:0], line[from:]...)
	} else if len(r.open) > 0 {
		r.open = append(append(r.open, '\n'), line...)
	} else {
		return
	}
	fields, text, complete := bytes.Cut(r.open, []byte(fieldEnd+r.mark+" "))
	switch {
	case complete:
		r.record(string(fields), string(text))
		r.open = r.open[:0]
	case len(r.open) > 4*world.MaxLine:
		r.open = r.open[:0]
	}
}

func (r *recorder) record(fields, text string) {
	depth := strings.IndexByte(fields, r.mark[0])
	if plus := strings.Index(fields, r.mark); plus >= 0 {
		depth = plus
	}
	f := strings.Split(fields, fieldEnd)[1:]
	if len(f) < fixedFields {
		return
	}
	at := strings.LastIndexByte(f[0], ':')
	if at < 0 || f[2] != "0" {
		return // of a subshell, which changes nothing
	}
	var values map[string]string // nil: the shell does not expand PS4 here, and what changes is seen later
	if f[fixedFields-1] == "%" && len(f)-fixedFields == len(r.t.names) {
		values = make(map[string]string, len(r.t.names))
		for i, name := range r.t.names {
			if value, set := strings.CutPrefix(f[fixedFields+i], "="); set {
				values[name] = value
			}
		}
	}
	now := place{file: r.file(f[0][:at], f[5]), function: f[1], depth: depth}
	now.line, _ = strconv.Atoi(f[0][at+1:])
	if now.file != "" && !device(now.file) {
		r.t.seen[now.file] = true
	}
	word, rest, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(text, "builtin "), "command "), " ")
	now.eval = word == "eval"
	if now.eval {
		now.who = toolOf(rest)
	}
	if r.t.shell.name == "zsh" {
		now.loose = f[3] == "off"
		r.outOfEvalZsh(&now, f[4])
	} else {
		r.outOfEval(&now, f[3])
	}
	now.names = map[string]bool{}
	for _, name := range r.t.names {
		// A bare export changes no value.
		if assigned := assigns(word, text, name); assigned || word != "export" && mentions(text, name) {
			now.names[name] = assigned
			if word == "trap" {
				r.traps[name] = now
			}
		}
	}
	r.scope(word, rest, f[4], now.names)
	now.unset = word == "unset"
	if values != nil {
		for name := range r.locals { // is what it was when the function is over
			if value, set := r.values[name]; set {
				values[name] = value
			} else {
				delete(values, name)
			}
		}
		r.compare(values, now)
	}
	r.last = now

	if marked, ok := strings.CutPrefix(strings.TrimSpace(text), ": "+r.mark+" "); ok {
		r.marked(marked)
	}
}

// file is the path of a file as the shell named it, in directory dir by now;
// "" if that cannot be told.
func (r *recorder) file(name, dir string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	known, seen := r.relative[name]
	found := filepath.Join(dir, name)
	info, err := r.t.w.Files.Stat(found)
	switch {
	case dir == "" || err != nil || !info.Mode().IsRegular():
		return known
	case !seen:
		r.relative[name] = found
	case known != found: // the directory changed: it may be this one or that one
		r.relative[name] = ""
	}
	return r.relative[name]
}

// scope follows which variables are local to a function that runs. calls are
// the functions and files around, the innermost first; names are those that
// the command names.
func (r *recorder) scope(word, rest, calls string, names map[string]bool) {
	frames := strings.Fields(calls)
	inner := slices.IndexFunc(frames, func(frame string) bool {
		return frame != "source" && frame != "main" && frame != "(eval)" && !strings.ContainsAny(frame, "/.")
	})
	if inner >= 0 && (word == "local" || word == "declare" || word == "typeset") {
		global := false
		for _, flag := range strings.Fields(rest) {
			if !strings.HasPrefix(flag, "-") {
				break
			}
			// In zsh an exported variable is global, unless declared by local.
			global = global || strings.Contains(flag, "g") || strings.Contains(flag, "x") && word != "local" && r.t.shell.name == "zsh"
		}
		for name := range names {
			if _, known := r.locals[name]; !known && !global {
				r.locals[name] = len(frames) - inner
			}
		}
	}
	for name, depth := range r.locals {
		if len(frames) < depth {
			delete(r.locals, name)
			continue
		}
		delete(names, name)
	}
}

// marked takes a mark of our own script: the start-up is done, or a hook is.
func (r *recorder) marked(what string) {
	if what == "done" {
		r.t.done = true
		r.hook = r.t.opt.Prompt
		r.t.final = r.values
		return
	}
	for name, value := range r.values {
		if before, set := r.t.final[name]; !set || before != value {
			r.t.hooked[name] = what
		}
	}
	r.t.final = r.values
}

// outOfEval gives a command that an eval runs the place of the eval, as lines
// of its text are none of a file. So it does for a function that an eval
// defined. caller is the place that called the function.
func (r *recorder) outOfEval(now *place, caller string) {
	for len(r.stack) > 0 && r.stack[len(r.stack)-1].depth >= now.depth {
		r.stack = r.stack[:len(r.stack)-1]
	}
	around := place{}
	if len(r.stack) > 0 {
		around = r.stack[len(r.stack)-1]
	}
	foreign := now.function != "" && now.function != "source" && !r.t.reader.declares(now.file, now.function)
	at := strings.LastIndexByte(caller, ':')
	switch {
	case device(now.file):
		// The output of a command, or a here-document: its lines are none of a file.
		now.file = ""
		if at > 0 && !device(caller[:at]) {
			now.file = r.file(caller[:at], "")
			now.line, _ = strconv.Atoi(caller[at+1:])
		}
	case around.eval && (around.function == now.function || foreign):
		now.file, now.line = around.file, around.line
		now.who = cmp.Or(now.who, around.who)
		now.eval = true // also for evals below
	case foreign:
		if at > 0 {
			now.file = r.file(caller[:at], "")
			now.line, _ = strconv.Atoi(caller[at+1:])
		}
	}
	r.stack = append(r.stack, *now)
}

// device reports whether a shell reads there what no file keeps. We must not
// read it: it would be our own input.
func device(file string) bool {
	return strings.HasPrefix(file, "/dev/") || strings.HasPrefix(file, "/proc/")
}

// outOfEvalZsh does the same for zsh, which does not show how commands nest.
// calls are the functions, evals and files around, the innermost first.
func (r *recorder) outOfEvalZsh(now *place, calls string) {
	isFunction := now.function != "(eval)" && now.function != "" && !strings.ContainsAny(now.function, "/.") && now.file != ""
	switch {
	case now.function == "(eval)":
		eval := r.evals[strings.TrimPrefix(strings.TrimPrefix(calls, "(eval)"), " ")]
		now.file, now.line, now.who = eval.file, eval.line, cmp.Or(now.who, eval.who)
	case device(now.file):
		now.file, now.line, now.who = r.outside.file, r.outside.line, cmp.Or(now.who, r.outside.who)
	case isFunction && !r.t.reader.declares(now.file, now.function):
		now.file, now.line, now.who = r.outside.file, r.outside.line, cmp.Or(now.who, r.outside.who)
	}
	if now.eval {
		r.evals[calls] = *now
	}
	if !isFunction {
		r.outside = *now
	}
}

// compare finds what changed between the command before and this one. It was
// the command before, unless this one's expansions did it (${NAME:=value}).
func (r *recorder) compare(values map[string]string, now place) {
	if r.values == nil {
		r.values = values
		return
	}
	for _, name := range r.t.names {
		old, wasSet := r.values[name]
		value, set := values[name]
		if old == value && wasSet == set {
			if r.last.names[name] {
				r.again(name, value)
			}
			continue
		}
		_, named := r.last.names[name]
		culprit := r.last
		switch {
		case named && !(r.last.unset && set && r.t.expands(now, name)):
		case r.t.expands(now, name):
			culprit, named = now, true
		case r.reverts(name, value, set):
			continue
		}
		r.add(name, value, culprit, named)
	}
	r.values = values
}

// again notes a line that gives a variable the value it has already. Bash
// shows "NAME=value command" as if it were two commands, so the file is asked.
func (r *recorder) again(name, value string) {
	if _, ok := r.t.reader.at(r.last.file, r.last.line, name); ok || r.last.loose {
		r.add(name, value, r.last, true)
	}
}

// reverts reports whether a variable has its earlier value back, because the
// scope of a local or a command's own variable is over, and forgets that one.
func (r *recorder) reverts(name, value string, set bool) bool {
	events := r.t.events[name]
	for i, e := range slices.Backward(events) {
		if e.value == value && set {
			r.t.events[name] = events[:i+1]
			return i < len(events)-1
		}
	}
	if base, inBase := r.t.base[name]; len(events) > 0 && (inBase == set && shown(base) == value) {
		delete(r.t.events, name)
		return true
	}
	return false
}

func (r *recorder) add(name, value string, at place, exact bool) {
	if trap, ok := r.traps[name]; ok {
		if _, said := r.t.reader.at(at.file, at.line, name); !said {
			at = trap // a shell says where it was when the trap came
		}
	}
	if at.file == "" || r.hook {
		return
	}
	if at.eval {
		at.who = cmp.Or(toolOf(r.t.source(at.file, at.line)), at.who)
	}
	e := event{value: value, file: at.file, line: at.line, note: join(r.note, behind(at.file, at.who)), exact: exact}
	var near []assignment
	for _, a := range r.t.reader.assignments(at.file) {
		if a.name == name && (a.first <= at.line && at.line <= a.end && !at.loose || at.loose && (a.top == at.line || a.top+1 == at.line)) {
			near = append(near, a)
		}
	}
	switch {
	case len(near) == 1 || len(near) > 1 && !at.loose:
		e.line, e.exact = near[len(near)-1].line, true
	case at.loose:
		e.line = 0
	}
	events := r.t.events[name]
	if last := len(events) - 1; last >= 0 && events[last].file == e.file && events[last].line == e.line {
		events[last] = e // bash shows "export NAME=value" as two commands
		return
	}
	r.t.events[name] = append(events, e)
}

// expands reports whether the command at a place assigns to name by its
// expansions.
func (t *tracer) expands(at place, name string) bool {
	text := t.source(at.file, at.line)
	return strings.Contains(text, "{"+name+":=") || strings.Contains(text, "{"+name+"=") || strings.Contains(text, "{"+name+"::=")
}

// source returns one line of a file.
func (t *tracer) source(file string, line int) string {
	if device(file) {
		return ""
	}
	data, err := t.w.Files.ReadFile(file)
	if err != nil {
		return ""
	}
	n := 0
	for text := range strings.Lines(string(data)) {
		if n++; n == line {
			return text
		}
	}
	return ""
}

// absolute is the path of a file as fish named it; "" if it cannot be told.
func (t *tracer) absolute(file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	if rest, ok := strings.CutPrefix(file, "~/"); ok {
		return path.Join(t.home, rest)
	}
	return ""
}

// mentions reports whether a command's text has name as a word, also in its
// list form for zsh.
func mentions(text, name string) bool {
	return hasWord(text, name) || name == "PATH" && (hasWord(text, "path") || hasWord(text, "fish_add_path") || hasWord(text, "fish_user_paths"))
}

func hasWord(text, name string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(name)
		if (i == 0 || !wordByte(text[i-1])) && (end == len(text) || !wordByte(text[end])) {
			return true
		}
		from = end
	}
}

func wordByte(b byte) bool {
	return b == '_' || '0' <= b && b <= '9' || 'A' <= b && b <= 'Z' || 'a' <= b && b <= 'z'
}

// assigns reports whether a traced command gives name a value.
func assigns(word, text, name string) bool {
	switch word {
	case "export", "typeset", "declare", "readonly":
		for _, before := range []string{" ", "'", `"`} {
			if strings.Contains(text, before+name+"=") || strings.Contains(text, before+name+"+=") {
				return true
			}
		}
		return false
	}
	if name == "PATH" && (strings.HasPrefix(text, "path=") || strings.HasPrefix(text, "path+=")) {
		return true
	}
	return strings.HasPrefix(text, name+"=") || strings.HasPrefix(text, name+"+=")
}

// shown is how much of a value a trace shows.
func shown(value string) string {
	n := 0
	for i := range value {
		if n == maxShown {
			return value[:i]
		}
		n++
	}
	return value
}

// sameShown reports whether a value of a trace can be the given one.
func sameShown(traced, value string) bool {
	return traced == value || len(traced) >= maxShown && strings.HasPrefix(value, traced)
}

// lines joins what the trace showed and what the files say.
func (t *tracer) lines() map[string][]Line {
	out := map[string][]Line{}
	for name, value := range t.vars {
		var lines []Line
		if tool := t.hooked[name]; tool != "" {
			lines = t.directoryLines(name, value, tool)
			if lines == nil {
				continue
			}
		}
		base, inBase := t.base[name]
		events := t.events[name]
		traced := t.done && slices.Contains(t.names, name)
		switch {
		case traced:
			lines = append(lines, t.tracedLines(name, value, events, len(lines) > 0)...)
		case len(lines) == 0 && !t.opt.Prompt || !t.done:
			lines = append(lines, t.readLines(name, value, base, inBase)...)
		}
		if len(lines) > 0 {
			out[name] = lines
		}
	}
	return out
}

// tracedLines are the events of a variable, the last one first. The last must
// have made the value that the shell ended up with, unless something else did
// that later.
func (t *tracer) tracedLines(name, value string, events []event, later bool) (lines []Line) {
	for i, e := range slices.Backward(events) {
		if !e.exact && !later && i == len(events)-1 {
			// Something in the dark did it, such as a command that turned the
			// trace off for a while. The file may still say where.
			a, ok := t.reader.at(e.file, e.line, name)
			if !ok && !t.plausible(e, name) {
				return t.readLines(name, value, t.base[name], t.base[name] != "")
			}
			if ok {
				e.line = a.line
			}
		}
		note := e.note
		if i == len(events)-1 && !later && !sameShown(e.value, value) {
			if base, inBase := t.base[name]; inBase && base == value || sameShown(t.final[name], value) {
				return nil // something that was not seen gave it the value
			}
			note = join(note, "a second start of the shell gave another value")
		}
		line := Line{File: e.file, Line: e.line, Value: model.NewValue(e.value), Note: note}
		if i == len(events)-1 && !later && sameShown(e.value, value) {
			line.Value = model.NewValue(value)
		}
		lines = append(lines, line)
		if len(lines) == 50 {
			break
		}
	}
	return lines
}

// plausible reports whether the line of an event has something to do with a
// variable that the command did not name.
func (t *tracer) plausible(e event, name string) bool {
	text := t.source(e.file, e.line)
	return mentions(text, name) || strings.Contains(text, "eval") || strings.Contains(text, "source") || strings.Contains(text, ". ") || strings.Contains(text, "declare -n")
}

// readLines is what reading the files yields.
func (t *tracer) readLines(name, value, base string, inBase bool) []Line {
	lines := t.reader.lines(name, value, base, inBase)
	if len(lines) > 0 || t.done {
		return lines
	}
	// The trace broke off, but what it showed is true.
	events := t.events[name]
	if len(events) == 0 || !events[len(events)-1].exact || events[len(events)-1].value != value {
		return nil
	}
	e := events[len(events)-1]
	return []Line{{File: e.file, Line: e.line, Value: model.NewValue(value), Note: join(e.note, "the trace of the start-up broke off later")}}
}

// files lists the start-up files, those that exist or could, and what they
// source.
func (t *tracer) files() []string {
	files := slices.Clone(t.reader.files)
	for _, file := range slices.Sorted(maps.Keys(t.seen)) {
		if !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	if t.opt.Prompt {
		files = append(files, t.directoryFiles()...)
	}
	return files
}

// join puts remarks together.
func join(notes ...string) string {
	notes = slices.DeleteFunc(notes, func(s string) bool { return s == "" })
	return strings.Join(slices.Compact(notes), "; ")
}

// Tools are known by how their users run them, and by what they print for
// the shell to evaluate.
var (
	toolCommand = regexp.MustCompile(`\b(direnv|mise|asdf|brew)\b["')]*\s+(?:hook|export|activate|hook-env|env|exec|shellenv)\b`)
	toolOutput  = regexp.MustCompile(`\b_?_?(direnv|DIRENV|mise|MISE|asdf|ASDF|NIX|HOMEBREW)_`)
)

// toolOf names the tool whose output a command runs, by the command or by the
// output; "" if none is known.
func toolOf(text string) string {
	m := toolCommand.FindStringSubmatch(text)
	if m == nil {
		m = toolOutput.FindStringSubmatch(text)
	}
	if m == nil {
		return ""
	}
	switch tool := strings.ToLower(m[1]); tool {
	case "homebrew", "brew":
		return "Homebrew"
	default:
		return tool
	}
}

// toolFile is a file that belongs to a tool.
var toolFile = regexp.MustCompile(`/\.?(asdf|mise|nix|nix-profile)/|/(asdf|nix)(?:-daemon)?\.(?:sh|fish)$`)

// behind says who is behind a line: the tool that printed what is evaluated,
// or to which the file belongs; "" if none is known.
func behind(file, tool string) string {
	if m := toolFile.FindStringSubmatch(filepath.ToSlash(file)); m != nil && tool == "" {
		tool = strings.TrimSuffix(m[1]+m[2], "-profile")
	}
	if tool == "" {
		return ""
	}
	return "by " + tool
}

// literals are, for shells that are not traced, lines that set a variable to
// a literal value.
var literals = map[string]*regexp.Regexp{
	"tcsh": regexp.MustCompile(`^\s*setenv\s+(\w+)\s+(.*)$`),
	"nu":   regexp.MustCompile(`^\s*\$env\.(\w+)\s*=\s*(.*)$`),
	"pwsh": regexp.MustCompile(`(?i)^\s*\$env:(\w+)\s*=\s*(.*)$`),
}

// literalLines reads the start-up files of a shell that is not traced. It
// names a line only where it is the only one for its variable, and literal.
func (t *tracer) literalLines(files []string) map[string][]Line {
	pattern := literals[map[string]string{"csh": "tcsh", "pwsh-preview": "pwsh", "powershell": "pwsh"}[t.shell.name]]
	if pattern == nil {
		pattern = literals[t.shell.name]
	}
	lines := map[string][]Line{}
	if pattern == nil {
		return lines
	}
	count := map[string]int{}
	for _, file := range files {
		data, err := t.w.Files.ReadFile(file)
		if err != nil {
			continue
		}
		n := 0
		for text := range strings.Lines(string(data)) {
			n++
			m := pattern.FindStringSubmatch(strings.TrimRight(text, "\r\n"))
			if m == nil {
				continue
			}
			name := t.w.VariableName(m[1])
			value, set := t.vars[name]
			count[name]++
			if literal, ok := fishLiteral(strings.TrimSuffix(strings.TrimSpace(m[2]), ";")); set && ok && literal == value {
				lines[name] = []Line{{File: file, Line: n, Value: model.NewValue(value), Note: "found by reading the file"}}
			}
		}
	}
	for name := range lines {
		if base, inBase := t.base[name]; count[name] > 1 || inBase && base == t.vars[name] {
			delete(lines, name)
		}
	}
	return lines
}

// profileOfOthers lists the start-up files of shells that are not traced.
func (t *tracer) profileOfOthers() []string {
	home := func(names ...string) (files []string) {
		for _, name := range names {
			files = append(files, path.Join(filepath.ToSlash(t.home), name))
		}
		return files
	}
	switch t.shell.name {
	case "tcsh", "csh":
		return append([]string{"/etc/csh.cshrc", "/etc/csh.login"}, home(".tcshrc", ".cshrc", ".login")...)
	case "nu":
		return home(".config/nushell/env.nu", ".config/nushell/config.nu", ".config/nushell/login.nu")
	case "pwsh", "pwsh-preview", "powershell":
		if t.w.GOOS != "windows" {
			return append([]string{"/opt/microsoft/powershell/7/profile.ps1"}, home(".config/powershell/profile.ps1", ".config/powershell/Microsoft.PowerShell_profile.ps1")...)
		}
		documents := path.Join(filepath.ToSlash(t.base["USERPROFILE"]), "Documents")
		dir := path.Join(documents, "PowerShell")
		if t.shell.name == "powershell" {
			dir = path.Join(documents, "WindowsPowerShell")
		}
		return []string{filepath.FromSlash(path.Join(dir, "profile.ps1")), filepath.FromSlash(path.Join(dir, "Microsoft.PowerShell_profile.ps1"))}
	}
	return nil
}
