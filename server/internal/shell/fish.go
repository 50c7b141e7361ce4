package shell

import (
	"cmp"
	"context"
	"crypto/rand"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// fish traces a start of fish. A file of ours among those that packages may
// add ("vendor") tells of every change of a variable, and what fish was doing
// then. The user's own conf.d runs before it, so those files are read.
func (t *tracer) fish(ctx context.Context) {
	config := path.Join(t.home, ".config")
	if dir := t.base["XDG_CONFIG_HOME"]; dir != "" {
		config = dir
	}
	f := &fishRecorder{t: t, mark: rand.Text(), config: path.Join(config, "fish"), early: map[string]string{}}
	f.confd = append(t.fishFiles(path.Join(f.config, "conf.d")), t.fishFiles("/etc/fish/conf.d")...)
	t.reader.files = append(slices.Clone(f.confd), "/etc/fish/config.fish", path.Join(f.config, "config.fish"))

	if dir, err := t.w.Files.MkdirTemp("gophantom-fish-*"); err == nil {
		defer func() { _ = t.w.Files.RemoveTemp(dir) }()
		// Holds the names of variables, and no values.
		if err := t.w.Files.WriteTemp(path.Join(dir, "fish", "vendor_conf.d", "000-gophantom.fish"), []byte(f.script())); err == nil {
			vars := maps.Clone(t.base)
			vars["XDG_DATA_DIRS"] = dir + ":" + cmp.Or(t.base["XDG_DATA_DIRS"], "/usr/local/share:/usr/share")
			args := []string{"-i", "-l", "-c"}
			if t.opt.NoLogin {
				args = []string{"-i", "-c"}
			}
			command := f.tell("done")
			if t.opt.Prompt {
				command += runHooks("fish", f.tell)
			}
			_, _ = t.w.Exec.Run(ctx, world.Command{
				Path: t.shell.path, Args: append(args, command), Dir: t.opt.Dir, Env: world.Environ(vars), Timeout: t.timeout(),
				OnTrace: f.line, MaxOutput: 1,
			})
		}
	}
	f.beforeVendor()
	f.universal()
}

// fishFiles lists the start-up files of a directory in fish's order.
func (t *tracer) fishFiles(dir string) (files []string) {
	entries, err := t.w.Files.ReadDir(dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".fish") && len(files) < 500 {
			files = append(files, path.Join(dir, e.Name()))
		}
	}
	return files
}

// fishRecorder understands what our file in fish prints: the mark, fields
// between unit separators, and the mark again.
type fishRecorder struct {
	t      *tracer
	mark   string
	config string
	confd  []string
	early  map[string]string // values before our file ran
	began  bool
	open   []byte
}

// script is our file in fish. First it undoes the change of the environment
// that made fish find it.
func (f *fishRecorder) script() string {
	var b strings.Builder
	if value, set := f.t.base["XDG_DATA_DIRS"]; set {
		b.WriteString("set -gx XDG_DATA_DIRS " + quoteFish(value) + "\n")
	} else {
		b.WriteString("set -e XDG_DATA_DIRS\n")
	}
	b.WriteString(f.tell("begin") + "\n")
	for _, name := range f.t.names {
		if name == "PWD" || name == "XDG_DATA_DIRS" {
			continue
		}
		b.WriteString("function __gophantom_" + name + " --on-variable " + name + "\n" +
			f.print("set", name) + "\nend\n")
	}
	return b.String()
}

// print has fish tell of a variable and where it is.
func (f *fishRecorder) print(event, name string) string {
	return "set -q " + name + "; and printf '%s\\x1f%s\\x1f%s\\x1f%s\\x1f%s\\x1f%s\\n' " + f.mark + " " + event + " " + name + ` "$` + name + `" (status stack-trace | string collect) ` + f.mark +
		" >&" + strconv.Itoa(world.TraceFD)
}

// tell has fish tell of all variables at once.
func (f *fishRecorder) tell(event string) string {
	var b strings.Builder
	for _, name := range f.t.names {
		b.WriteString(f.print(event, name) + "\n")
	}
	b.WriteString("printf '%s\\x1f%s\\x1f%s\\x1f%s\\x1f%s\\x1f%s\\n' " + f.mark + " " + event + " '' '' '' " + f.mark + " >&" + strconv.Itoa(world.TraceFD) + "\n")
	return b.String()
}

func quoteFish(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}

func (f *fishRecorder) line(line []byte) {
	if strings.HasPrefix(string(line), f.mark+fieldEnd) {
		f.open = append(f.open[:0], line...)
	} else if len(f.open) > 0 && len(f.open) < 4*world.MaxLine {
		f.open = append(append(f.open, '\n'), line...)
	}
	if !strings.HasSuffix(string(f.open), fieldEnd+f.mark) {
		return
	}
	fields := strings.Split(string(f.open), fieldEnd)
	f.open = f.open[:0]
	if len(fields) != 6 {
		return
	}
	event, name, value, stack := fields[1], fields[2], fields[3], fields[4]
	switch {
	case event == "begin" && name == "":
		f.began = true
	case event == "begin":
		f.early[name] = value
	case event == "done" && name == "":
		f.t.done = f.began
	case event == "done":
		if f.t.final == nil {
			f.t.final = map[string]string{}
		}
		f.t.final[name] = value
	case event == "set":
		if !f.t.done {
			f.set(name, value, stack)
		}
	case name != "" && f.t.final[name] != value: // after a hook
		f.t.hooked[name], f.t.final[name] = event, value
	}
}

var calledOn = regexp.MustCompile(`called on line (\d+) of file (.+)`)

// set notes a change. The innermost file of the user's counts: functions that
// ship with fish are none.
func (f *fishRecorder) set(name, value, stack string) {
	_, stack, ok := strings.Cut(stack, "in event handler: handler for variable")
	if !ok {
		return
	}
	e := event{value: value}
	sourced := false
	for _, m := range calledOn.FindAllStringSubmatch(stack, -1) {
		file := f.t.absolute(strings.TrimSpace(m[2]))
		if m[2] == "-" {
			sourced = true // the output of a command
			continue
		}
		if file == "" {
			return // named from a directory that is not known
		}
		if strings.Contains(file, "/share/fish/") {
			continue
		}
		e.file = file
		e.line, _ = strconv.Atoi(m[1])
		break
	}
	switch {
	case e.file == "" && sourced:
		e.file, e.line = f.piped()
	case e.file == "" && name == "PATH":
		e.file, e.line = f.added(value)
		e.note = "found by reading the file"
	}
	if e.file == "" {
		return
	}
	f.t.seen[e.file] = true
	text := f.t.source(e.file, e.line)
	if localFish(text, name) {
		return
	}
	switch {
	case sourced && strings.Contains(text, "source"), mentions(text, name), strings.Contains(text, "$"), strings.Contains(text, "source"):
		e.exact = true
	default:
		// Fish counts the lines of an eval for itself.
		line := f.t.only(e.file, func(text string) bool { return mentions(text, name) })
		if line == 0 {
			return
		}
		e.line, e.note, e.exact = line, "found by reading the file", true
	}
	if sourced {
		e.note = join(e.note, "in the output of a command that this line sources")
	}
	e.note = join(e.note, behind(e.file, toolOf(f.t.source(e.file, e.line))))
	f.t.events[name] = append(f.t.events[name], e)
}

// localFish reports whether a line of fish sets a variable for one command,
// or for the block or function around it.
func localFish(text, name string) bool {
	for _, command := range strings.Split(text, ";") {
		words := strings.Fields(command)
		for len(words) > 0 && (words[0] == "begin" || words[0] == "and" || words[0] == "or") {
			words = words[1:]
		}
		at := slices.IndexFunc(words, func(word string) bool { return word == name || strings.HasPrefix(word, name+"=") })
		if at < 0 {
			continue
		}
		if words[at] != name {
			return !slices.Contains(words[:at], "export")
		}
		return slices.ContainsFunc(words[:at], func(word string) bool {
			return word == "--local" || word == "--function" || strings.HasPrefix(word, "-") && !strings.HasPrefix(word, "--") && strings.ContainsAny(word, "lf")
		})
	}
	return false
}

// added returns the only fish_add_path that can have made PATH of what it was
// before: fish does not tell who called it.
func (f *fishRecorder) added(value string) (file string, line int) {
	before := f.early["PATH"]
	if events := f.t.events["PATH"]; len(events) > 0 {
		before = events[len(events)-1].value
	}
	old := strings.Split(before, ":")
	fresh := slices.DeleteFunc(strings.Split(value, ":"), func(dir string) bool { return slices.Contains(old, dir) })
	for _, name := range slices.Concat(f.t.reader.files, slices.Sorted(maps.Keys(f.t.seen))) {
		at := f.t.only(name, func(text string) bool {
			words := strings.Fields(text)
			i := slices.Index(words, "fish_add_path")
			return i >= 0 && slices.ContainsFunc(words[i+1:], func(word string) bool {
				word = strings.Trim(strings.TrimSuffix(word, ";"), `"'`)
				for _, home := range []string{"~/", "$HOME/"} {
					if rest, ok := strings.CutPrefix(word, home); ok {
						word = path.Join(f.t.home, rest)
					}
				}
				return slices.Contains(fresh, word)
			})
		})
		if at != 0 && file == "" {
			file, line = name, at
		}
	}
	return file, line
}

// piped returns the only place that sources the output of a command.
func (f *fishRecorder) piped() (file string, line int) {
	for _, name := range f.t.reader.files {
		at := f.t.only(name, func(text string) bool {
			return strings.Contains(text, "| source") || strings.Contains(text, "|source") || strings.Contains(text, "| .")
		})
		if at != 0 && file != "" {
			return "", 0
		}
		if at != 0 {
			file, line = name, at
		}
	}
	return file, line
}

// setFish is a line that sets a variable in fish.
var setFish = regexp.MustCompile(`^\s*(?:begin;?\s+|and\s+|or\s+)?(?:set|export)((?:\s+-[A-Za-z-]+)*)\s+([A-Za-z_][A-Za-z0-9_]*)(?:=|\s+|$)(.*)$`)

// beforeVendor finds lines of conf.d, which is read before our file runs.
func (f *fishRecorder) beforeVendor() {
	files := f.confd
	early := f.early
	if !f.began {
		// There is no trace at all: the files are all that is known.
		files, early = f.t.reader.files, f.t.vars
	}
	for name, value := range early {
		base, inBase := f.t.base[name]
		if inBase && base == value && f.began && name == "PATH" {
			continue
		}
		var found []event
		sure := false // the last one stands in no block
		for _, file := range files {
			data, err := f.t.w.Files.ReadFile(file)
			if err != nil {
				continue
			}
			n := 0
			for text := range strings.Lines(string(data)) {
				n++
				m := setFish.FindStringSubmatch(strings.TrimRight(text, "\r\n"))
				path := name == "PATH" && (strings.HasPrefix(strings.TrimSpace(text), "fish_add_path") || m != nil && m[2] == "fish_user_paths")
				if !path && (m == nil || m[2] != name || strings.Contains(m[1], "l") && !strings.Contains(m[1], "--") || strings.Contains(m[1], "e")) {
					continue
				}
				e := event{value: value, file: file, line: n, note: join("found by reading the file", behind(file, "")), exact: true}
				if !path {
					if literal, ok := fishLiteral(m[3]); ok {
						if literal != value {
							continue
						}
					} else if inBase && base == value {
						continue
					}
				} else if inBase && base == value {
					continue
				}
				found = append(found, e)
				sure = strings.HasPrefix(text, "set") || strings.HasPrefix(text, "export") || strings.HasPrefix(text, "fish_add_path")
			}
		}
		if len(found) == 0 || !sure && (len(found) > 1 || inBase && base == value) || len(found) > 1 && inBase && base == value {
			continue
		}
		// What earlier lines made of the variable is not known.
		f.t.events[name] = append(found[len(found)-1:], f.t.events[name]...)
	}
	if !f.began {
		f.t.done = true // there is nothing more exact
	}
}

// fishLiteral is the value of words without expansions.
func fishLiteral(text string) (string, bool) {
	text = strings.TrimSpace(text)
	if i := strings.IndexByte(text, ';'); i >= 0 && !strings.ContainsAny(text, `'"`) {
		text = strings.TrimSpace(text[:i])
	}
	if strings.ContainsAny(text, "$(*~{\\") {
		return "", false
	}
	for _, quote := range []string{"'", `"`} {
		if len(text) >= 2 && strings.HasPrefix(text, quote) && strings.HasSuffix(text, quote) && strings.Count(text, quote) == 2 {
			return text[1 : len(text)-1], true
		}
	}
	if strings.ContainsAny(text, `'"#`) {
		return "", false
	}
	return strings.Join(strings.Fields(text), " "), true
}

// universal finds variables that fish keeps for all its sessions (set -U) in
// a file of its own.
func (f *fishRecorder) universal() {
	file := path.Join(f.config, "fish_variables")
	f.t.reader.files = append(f.t.reader.files, file)
	data, err := f.t.w.Files.ReadFile(file)
	if err != nil {
		return
	}
	n := 0
	for text := range strings.Lines(string(data)) {
		n++
		rest, ok := strings.CutPrefix(strings.TrimRight(text, "\n"), "SETUVAR ")
		if !ok {
			continue
		}
		rest, exported := strings.CutPrefix(rest, "--export ")
		name, _, _ := strings.Cut(rest, ":")
		if name == "fish_user_paths" && len(f.t.events["PATH"]) == 0 && f.t.base["PATH"] != f.t.vars["PATH"] {
			name, exported = "PATH", true
		}
		if !exported || !model.Kept(name) || len(f.t.events[name]) > 0 {
			continue
		}
		value := f.t.vars[name]
		if base, inBase := f.t.base[name]; inBase && base != value || value == "" {
			continue
		}
		f.t.events[name] = []event{{value: value, file: file, line: n, note: "a universal variable (set -U)", exact: true}}
	}
}
