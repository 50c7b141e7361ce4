package worldtest

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/gophantom/gophantom/server/internal/world"
)

// defaultGo is the version of the Go that a scenario has unless it says
// otherwise.
const defaultGo = "go1.26.8"

// start is what the clock shows at first.
var start = time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)

// Where the sections of files are.
var places = map[string]string{
	"home":   "home/gopher",
	"ws":     "home/gopher/ws",
	"goroot": "usr/lib/go",
	"root":   "",
}

// Scenario is the machine behind a World, for the test to look at and to
// change. It may be used from any goroutine.
type Scenario struct {
	Story string
	Envs  map[string]map[string]string // by the name after "env/"

	t         testing.TB
	file      string
	sections  map[string]string
	environs  map[string][]string
	strict    bool
	readonly  []string // as written, for links may come after
	recorded  []recording
	exchanges []exchange
	goos      string
	registry  []world.RegisteredVariable
	procs     []proc

	mu       sync.Mutex
	cond     *sync.Cond // a timer was added
	tree     fstest.MapFS
	temps    int
	now      time.Time
	timers   []timer
	watches  []*watch
	commands []world.Command
	asked    []world.Ask
}

// Make returns the world that the sections of a scenario describe.
func Make(t testing.TB, sections string) (*world.World, *Scenario) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "scenario.txtar")
	if err := os.WriteFile(file, []byte("A test.\n"+sections), 0o644); err != nil {
		t.Fatal(err)
	}
	return Load(t, file)
}

// Load reads a scenario and returns the world it describes.
func Load(t testing.TB, file string) (*world.World, *Scenario) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := &Scenario{
		Story: string(archive.Comment), Envs: map[string]map[string]string{},
		t: t, file: file, sections: map[string]string{}, environs: map[string][]string{},
		tree: fstest.MapFS{}, now: start, goos: "linux",
	}
	s.cond = sync.NewCond(&s.mu)
	s.put("usr/lib/go/bin/go", []byte("a go command\n"))
	s.put("usr/lib/go/VERSION", []byte(defaultGo+"\n"))
	s.mkdir("home/gopher/ws")
	for _, f := range archive.Files {
		if _, twice := s.sections[f.Name]; twice {
			t.Fatalf("%s: section %s is there twice", file, f.Name)
		}
		s.sections[f.Name] = string(f.Data)
		if err := s.section(f.Name, string(f.Data)); err != nil {
			t.Fatalf("%s: section %s: %v", file, f.Name, err)
		}
	}
	for _, p := range s.procs {
		if _, known := s.environs[p.environ]; p.environ != "" && !known {
			t.Fatalf("%s: section proc/%d: there is no env/%s", file, p.PID, p.environ)
		}
	}
	environ, ok := s.environs["self"]
	if !ok {
		environ = []string{"HOME=/home/gopher", "PATH=/usr/lib/go/bin:/usr/bin:/bin"}
	}
	for _, environ := range s.environs {
		world.Canonical(s.goos, environ)
	}
	return &world.World{
		Files: files{s}, Exec: executor{s}, Processes: processes{s}, Clock: clock{s}, Watch: watches{s}, Net: network{s},
		Environ: environ, Dir: "/home/gopher/ws", Self: "/usr/bin/gophantom",
		PID: ownPID, PPID: clientPID, UID: 1000, GOOS: s.goos,
		Registered: func(ctx context.Context) ([]world.RegisteredVariable, error) { return s.registry, ctx.Err() },
	}, s
}

func (s *Scenario) section(name, text string) error {
	kind, rest, ok := strings.Cut(name, "/")
	if !ok {
		switch name {
		case "strict":
			s.strict = true
		case "goos":
			s.goos = strings.TrimSpace(text)
		case "registered":
			return s.registered(text)
		case "links":
			return s.links(text)
		case "readonly":
			for name := range lines(text) {
				s.readonly = append(s.readonly, name)
			}
		}
		return nil
	}
	if place, isFile := places[kind]; isFile {
		s.put(path.Join(place, rest), []byte(text))
		return nil
	}
	switch kind {
	case "said", "probed": // the caller's own
		return nil
	case "env":
		return s.env(rest, text)
	case "proc":
		return s.proc(rest, text)
	case "net":
		x, err := parseExchange(text)
		s.exchanges = append(s.exchanges, x)
		return err
	case "exec":
		r, err := parseRecording(text)
		s.recorded = append(s.recorded, r)
		return err
	}
	return fmt.Errorf("unknown kind %q", kind)
}

func (s *Scenario) env(name, text string) error {
	vars, environ := map[string]string{}, []string{}
	for line := range lines(text) {
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			return fmt.Errorf("%q is not KEY=VALUE", line)
		}
		vars[key] = value
		environ = append(environ, line)
	}
	s.Envs[name], s.environs[name] = vars, environ
	return nil
}

// keys are the registry keys by the first word of a line in registered.
var keys = map[string]string{
	"user":    `HKEY_CURRENT_USER\Environment`,
	"machine": `HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Session Manager\Environment`,
}

// registered joins the keys as Windows does.
func (s *Scenario) registered(text string) error {
	from := map[string]map[string]world.RegisteredValue{"user": {}, "machine": {}, "system": {}}
	names := map[string]bool{}
	for line := range lines(text) {
		who, entry, _ := strings.Cut(line, " ")
		name, value, ok := strings.Cut(entry, "=")
		if _, known := from[who]; !known || !ok {
			return fmt.Errorf("%q is not \"user|machine|system KEY=VALUE\"", line)
		}
		name = strings.ToUpper(name)
		names[name] = true
		from[who][name] = world.RegisteredValue{Key: keys[who], Value: value}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		v := world.RegisteredVariable{Name: name, Value: from["system"][name].Value}
		for _, who := range []string{"user", "machine"} {
			if said, ok := from[who][name]; ok {
				v.From = append(v.From, said)
			}
		}
		if len(v.From) > 0 {
			v.Value = v.From[0].Value
		}
		if name == "PATH" && len(v.From) == 2 {
			slices.Reverse(v.From)
			v.Value = v.From[0].Value + string(filepath.ListSeparator) + v.From[1].Value
		}
		s.registry = append(s.registry, v)
	}
	return nil
}

func (s *Scenario) links(text string) error {
	for line := range lines(text) {
		name, target, ok := strings.Cut(line, " -> ")
		if !ok {
			return fmt.Errorf("%q is not \"/path -> target\"", line)
		}
		name = key(name)
		if path.IsAbs(target) { // MapFS follows relative ones only
			target = strings.Repeat("../", strings.Count(name, "/")) + key(target)
		}
		s.tree[name] = &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink | 0o777, ModTime: s.now}
	}
	return nil
}

// Section returns the text of a section.
func (s *Scenario) Section(name string) (text string, ok bool) {
	text, ok = s.sections[name]
	return text, ok
}

// Commands returns the commands that were run, recorded or not, in order.
func (s *Scenario) Commands() []world.Command {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]world.Command(nil), s.commands...)
}

// lines yields the lines of text that are not empty.
func lines(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for line := range strings.SplitSeq(text, "\n") {
			if line != "" && !yield(line) {
				return
			}
		}
	}
}

// words splits a line at spaces; words in double quotes are Go strings.
func words(line string) ([]string, error) {
	var out []string
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimLeft(line, " ") {
		if line[0] != '"' {
			word, rest, _ := strings.Cut(line, " ")
			out, line = append(out, word), rest
			continue
		}
		quoted, err := strconv.QuotedPrefix(line)
		if err != nil {
			return nil, fmt.Errorf("bad quotes in %q", line)
		}
		word, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, err
		}
		out, line = append(out, word), line[len(quoted):]
	}
	return out, nil
}
