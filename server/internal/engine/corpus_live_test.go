package engine_test

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/tools/txtar"

	"github.com/gophantom/gophantom/server/internal/headless"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/observe"
	"github.com/gophantom/gophantom/server/internal/verify"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// The goals of the corpus: nothing may be called a phantom that is none, and
// hardly a phantom may be missed.
const (
	wantPrecision = 1.0
	wantRecall    = 0.98
)

// TestPhantomCorpus plays every scenario of testdata/live with a real gopls and
// a real go, judges what gopls shows as the product does, and compares the
// verdicts with the labels. The labels themselves are compared with what go
// does in the shell. testdata/live/README.md describes the scenarios.
func TestPhantomCorpus(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the scenarios use POSIX paths and links")
	}
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "testdata", "live", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	cache := t.TempDir() // one for all: gopls keeps what it knows of std there
	var score score
	// gopls often only waits, so that more of them run than there are processors.
	var wg sync.WaitGroup
	next := make(chan string)
	for range 2 * runtime.NumCPU() {
		wg.Go(func() {
			for file := range next {
				t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
					archive, err := txtar.ParseFile(file)
					if err != nil {
						t.Fatal(err)
					}
					p, err := parsePlay(archive)
					if err != nil {
						t.Fatal(err)
					}
					p.run(t, cache, &score)
				})
			}
		})
	}
	for _, file := range files {
		next <- file
	}
	close(next)
	wg.Wait()
	fmt.Print(score.table()) // also of a run that passes
	if precision, recall := score.overall(); precision < wantPrecision || recall < wantRecall {
		t.Errorf("precision %.3f, recall %.3f; want at least %.2f and %.2f", precision, recall, wantPrecision, wantRecall)
	}
}

// play is one scenario.
type play struct {
	gopls, shell   []string // NAME=VALUE
	settingEnv     []string
	flags          []string
	version        string   // of gopls; "" for the one of this repository
	wrapper        string   // a program in bin/ that starts gopls
	folders        []string // relative to ws
	open, unsaved  []string
	untold         []string // unsaved documents whose text we do not know
	unseen         bool     // also what gopls does not show
	changing       bool     // settings change while gopls runs
	witness        string   // what is said of the modules that gopls has loaded, for each stale problem
	daemon         []string // NAME=VALUE of the environment of a shared daemon; nil without one
	binary         string   // the version of the gopls that is copied to bin/gopls; "" if none is
	before, during []step
	want           []label
	files          []txtar.File
}

// step is one thing that happens.
type step struct {
	line int
	verb string
	args []string
}

// label is what a problem that gopls shows is.
type label struct {
	line   int // in the scenario
	kind   model.VerdictKind
	cause  model.Cause
	detail string // the guilty variables, or what is stale
	missed bool   // verify is known not to see it
	file   string
	at     int
	text   string
}

// verbs are what can happen, with the number of their arguments; -1 for any.
var verbs = map[string]int{
	"run": -1, "write": 2, "remove": 1, "rename": 2, "link": 2, "save": 1, "edit": 2, "open": 1, "close": 1,
	"created": 1, "changed": 1, "deleted": 1, "rest": 0, "cycle": 0, "setting": -1, "configure": 0, "replace": 1,
}

func parsePlay(archive *txtar.Archive) (p play, err error) {
	p.files = archive.Files
	started := false
	number := 0
	for line := range strings.Lines(string(archive.Comment)) {
		number++
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		words := strings.Fields(line)
		verb, args := words[0], words[1:]
		text := strings.TrimSpace(strings.TrimPrefix(line, verb)) // a value may hold spaces
		switch verb {
		case "gopls":
			p.gopls = append(p.gopls, text)
			continue
		case "shell":
			p.shell = append(p.shell, text)
			continue
		case "both":
			p.gopls, p.shell = append(p.gopls, text), append(p.shell, text)
			continue
		case "gopls-version":
			p.version = text
			continue
		case "gopls-wrapper":
			p.wrapper = text
			continue
		case "daemon": // it also stands for a daemon in the same environment
			p.daemon = append(p.daemon, text)
			continue
		case "witness":
			p.witness = text
			continue
		case "binary":
			p.binary = text
			continue
		case "folder":
			p.folders = append(p.folders, args...)
			continue
		case "untold":
			p.untold = append(p.untold, args...)
			continue
		case "unseen":
			p.unseen = true
			continue
		case "start":
			started = true
			continue
		case "want":
			l, err := parseLabel(args)
			if err != nil {
				return p, fmt.Errorf("line %d: %w", number, err)
			}
			l.line = number
			p.want = append(p.want, l)
			continue
		}
		if !started {
			switch verb {
			case "open":
				p.open = append(p.open, args...)
				continue
			case "unsaved":
				p.unsaved = append(p.unsaved, args...)
				continue
			case "setting":
				if args[0] == "env" {
					p.settingEnv = append(p.settingEnv, strings.TrimSpace(strings.TrimPrefix(text, "env")))
				} else {
					p.flags = append(p.flags, args[1:]...)
				}
				continue
			case "configure":
				return p, fmt.Errorf("line %d: %s can only stand behind start", number, verb)
			}
		}
		if n, ok := verbs[verb]; !ok || n >= 0 && n != len(args) {
			return p, fmt.Errorf("line %d: cannot read %q", number, line)
		}
		p.changing = p.changing || verb == "setting"
		s := step{number, verb, args}
		if started {
			p.during = append(p.during, s)
		} else {
			p.before = append(p.before, s)
		}
	}
	return p, nil
}

// parseLabel reads [missed] KIND [CAUSE [DETAIL]] FILE:LINE TEXT….
func parseLabel(words []string) (l label, err error) {
	take := func() (word string) {
		if len(words) > 0 {
			word, words = words[0], words[1:]
		}
		return word
	}
	word := take()
	if word == "missed" {
		l.missed, word = true, take()
	}
	l.kind = model.VerdictKind(word)
	switch l.kind {
	case model.Phantom, model.StaleGreen:
		l.cause = model.Cause(take())
		switch l.cause {
		case model.CauseEnv, model.CauseStale:
			l.detail = take()
		case model.CauseVersion:
			if len(words) > 0 && words[0] == "binary" {
				l.detail = take()
			}
		case model.CauseLayout, model.CauseExcluded:
		default:
			return l, fmt.Errorf("%q is no cause", l.cause)
		}
	case model.Real, model.NotBuild, model.Unknown:
	default:
		return l, fmt.Errorf("%q is no verdict", word)
	}
	place := take()
	i := strings.LastIndexByte(place, ':')
	if i < 0 {
		return l, fmt.Errorf("%q is no place", place)
	}
	l.file = place[:i]
	l.at, err = strconv.Atoi(place[i+1:])
	l.text = strings.Join(words, " ")
	return l, err
}

// theatre is where a scenario is played.
type theatre struct {
	*worldtest.Lab
	t            *testing.T
	root         string
	vars         map[string]string // what $NAME stands for
	files        map[string]string // the sections
	gopls, shell map[string]string
	session      *headless.Session
	overlays     map[string]string // the unsaved texts at the end
	settings     settings          // what the settings of the editor say now
	views        []model.GoplsView // that gopls told of last
	loaded       time.Time         // when it was seen to have others; zero if it was not
	passed       map[string]bool   // what go said of a package, by package and platform
}

// settings are those of gopls, in the settings file of the workspace folder.
type settings struct {
	env   map[string]string
	flags []string
}

// settingsFile is where they stand.
func (th *theatre) settingsFile() string { return filepath.Join(th.Dir, ".vscode", "settings.json") }

// saveSettings writes them.
func (th *theatre) saveSettings() {
	gopls := map[string]any{}
	if len(th.settings.env) > 0 {
		gopls["build.env"] = th.settings.env
	}
	if len(th.settings.flags) > 0 {
		gopls["build.buildFlags"] = th.settings.flags
	}
	text, err := json.MarshalIndent(map[string]any{"gopls": gopls}, "", "  ")
	if err != nil {
		th.t.Fatal(err)
	}
	th.makeDir(filepath.Dir(th.settingsFile()))
	th.write(th.settingsFile(), string(text), 0o644)
}

func (p play) run(t *testing.T, cache string, score *score) {
	th := p.set(t)
	program := worldtest.Gopls(t, p.version)
	for _, s := range p.before {
		th.step(s)
	}
	settingEnv := map[string]string{}
	for _, pair := range p.settingEnv {
		name, value, _ := strings.Cut(th.expand(pair), "=")
		settingEnv[name] = value
	}
	th.settings = settings{settingEnv, p.flags}
	if p.changing {
		th.saveSettings()
	}
	opt := headless.Options{
		Program: program, Env: maps.Clone(th.gopls), GoplsEnv: settingEnv, BuildFlags: p.flags,
		Timeout: time.Minute, Quiet: 350 * time.Millisecond,
		Settings: map[string]any{"diagnosticsDelay": "10ms"},
		Overlays: map[string]string{},
	}
	opt.Env["GOPLSCACHE"] = cache
	daemon := program // the one of the version that the scenario asks for
	observed := p.daemon != nil || p.binary != ""
	if p.binary != "" {
		program = th.install(p.binary)
	}
	if p.wrapper != "" {
		opt.Program = filepath.Join(th.root, "bin", p.wrapper)
		opt.Env["REAL_GOPLS"] = program
	}
	if observed {
		opt.Program = th.host(program)
	}
	if p.daemon != nil {
		opt.Env["REMOTE"] = "-remote=" + th.startDaemon(daemon, p.daemon)
	}
	folders := []string{}
	for _, dir := range p.folders {
		folders = append(folders, th.path(dir))
	}
	if len(folders) == 0 {
		folders = []string{th.Dir}
	}
	opt.Dir, opt.Folders = folders[0], folders[1:]
	for _, file := range p.open {
		opt.Open = append(opt.Open, th.path(file))
	}
	for _, file := range p.unsaved {
		opt.Overlays[th.path(file)] = th.section("unsaved/" + file)
	}
	for _, file := range p.untold {
		opt.Overlays[th.path(file)] = th.section("unsaved/" + file)
	}
	w := world.Real()
	session, err := headless.Start(t.Context(), w, opt)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	th.session = session
	shown := th.rest()
	in := observe.Input{
		Number: 1, Reason: "corpus", Dir: opt.Dir, Folders: folders, Trusted: true,
		Captured: observedAs(th.gopls, th.shell), GoplsEnv: settingEnv, GoplsFlags: p.flags,
		Gopls: &model.GoplsProcess{PID: shown.PID, Exe: program, Version: shown.Version, GoVersion: shown.GoVersion, Started: shown.Started, Dir: opt.Dir},
	}
	if observed { // then gopls is found below its editor, and what it runs go with with it
		in.Captured, in.Gopls = map[model.EnvName]map[string]string{model.EnvShell: th.shell}, nil
		in.Editor = &observe.EditorInput{ClientPID: shown.PID, Env: th.gopls}
	}
	if p.changing { // then it counts what they were when gopls was looked at first
		in.Memory = &observe.Memory{}
		in.Editor = &observe.EditorInput{Env: th.gopls, Settings: []observe.SettingsScope{{Scope: "workspace", File: th.settingsFile()}}}
		observe.Take(t.Context(), w, in)
	}
	for _, s := range p.during {
		if s.verb == "edit" {
			opt.Overlays[th.path(s.args[0])] = th.section(s.args[1])
		}
		if s.verb == "save" || s.verb == "close" {
			delete(opt.Overlays, th.path(s.args[0]))
		}
		th.step(s)
	}
	if len(p.during) > 0 {
		shown = th.rest()
	}
	modules := th.modules(folders)
	told := maps.Clone(opt.Overlays)
	for _, file := range p.untold {
		delete(told, th.path(file))
	}
	in.Views, in.Problems, in.Overlays, in.Dirty = shown.Views, shown.Problems, told, slices.Sorted(maps.Keys(opt.Overlays))
	if in.Editor != nil {
		in.Editor.Views = shown.Views
	}
	snapshot := observe.Take(t.Context(), w, in)
	if env, _ := snapshot.Env(model.EnvGopls); observed && (!env.Complete || len(snapshot.Gopls) != 1) {
		t.Fatalf("gopls %+v was not found: %s", snapshot.Gopls, env.Why)
	}
	snapshot.Loads = modules
	snapshot.Confirmed = snapshot.Taken // gopls has been told all that it will be
	if p.changing {
		snapshot.Loaded = th.loaded
	}
	start := time.Now()
	verdicts := verify.Judge(t.Context(), w, snapshot, nil)
	if p.unseen {
		verdicts = append(verdicts, verify.StaleGreens(t.Context(), w, snapshot, nil, true)...)
	}
	t.Logf("%d problems judged in %v; views %+v", len(verdicts), time.Since(start).Round(time.Millisecond), shown.Views)
	session.Close()
	th.overlays = opt.Overlays
	p.compare(th, verdicts, score)
	if t.Failed() {
		t.Logf("gopls logged:\n%s", shown.Log)
	}
}

func observedAs(gopls, shell map[string]string) map[model.EnvName]map[string]string {
	return map[model.EnvName]map[string]string{model.EnvGopls: gopls, model.EnvShell: shell}
}

// set lays out the files.
func (p play) set(t *testing.T) *theatre {
	lab := worldtest.NewLab(t)
	th := &theatre{Lab: lab, t: t, files: map[string]string{}, passed: map[string]bool{}}
	// What the lab has of its own would only be in the way.
	if err := os.RemoveAll(lab.Dir); err != nil {
		t.Fatal(err)
	}
	th.makeDir(lab.Dir)
	var err error
	if th.root, err = filepath.EvalSymlinks(filepath.Dir(lab.Dir)); err != nil {
		t.Fatal(err)
	}
	lab.Dir = filepath.Join(th.root, "ws")
	th.vars = map[string]string{
		"ROOT": th.root, "WS": lab.Dir, "HOME": lab.Home, "PROXY": "file://" + lab.Proxy, "PATH": os.Getenv("PATH"),
	}
	if goroot, err := installedGo(); err == nil {
		th.vars["GOROOT"] = goroot
	}
	modules := map[string]map[string]string{} // "path@version" → name → text
	for _, f := range p.files {
		th.files[f.Name] = string(f.Data)
	}
	for _, f := range p.files {
		kind, rest, _ := strings.Cut(f.Name, "/")
		switch kind {
		case "ws", "home", "beside", "bin":
		case "proxy":
			module, name, _ := strings.Cut(rest, "@")
			version, name, _ := strings.Cut(name, "/")
			key := module + "@" + version
			if modules[key] == nil {
				modules[key] = map[string]string{"go.mod": "module " + module + "\n\ngo 1.24\n"}
			}
			modules[key][name] = string(f.Data)
		case "unsaved":
		default:
			if !strings.HasPrefix(kind, "then") {
				t.Fatalf("section %s is of no known kind", f.Name)
			}
		}
	}
	sums := map[string]string{} // "path version" → the two lines of go.sum
	for key, files := range modules {
		path, version, _ := strings.Cut(key, "@")
		sums[path+" "+version] = th.serve(path, version, files)
	}
	short := regexp.MustCompile(`(?m)^(\S+ v\S+)$`)
	for name, text := range th.files {
		if filepath.Ext(name) == ".sum" {
			th.files[name] = short.ReplaceAllStringFunc(text, func(line string) string {
				if full, ok := sums[line]; ok {
					return strings.TrimSuffix(full, "\n")
				}
				return line
			})
		}
	}
	for _, f := range p.files {
		kind, rest, _ := strings.Cut(f.Name, "/")
		at := map[string]string{"ws": lab.Dir, "home": lab.Home, "beside": th.root, "bin": filepath.Join(th.root, "bin")}[kind]
		if at == "" {
			continue
		}
		file := filepath.Join(at, filepath.FromSlash(rest))
		th.makeDir(filepath.Dir(file))
		mode := fs.FileMode(0o644)
		if kind == "bin" {
			mode = 0o755
		}
		th.write(file, th.section(f.Name), mode)
	}
	base := lab.With("GOPROXY=" + th.vars["PROXY"])
	th.gopls, th.shell = maps.Clone(base), maps.Clone(base)
	for _, side := range []struct {
		pairs []string
		vars  map[string]string
	}{{p.gopls, th.gopls}, {p.shell, th.shell}} {
		for _, pair := range side.pairs {
			name, value, set := strings.Cut(th.expand(pair), "=")
			if side.vars[name] = value; !set {
				delete(side.vars, name)
			}
		}
	}
	return th
}

// serve puts a module into the file proxy, and returns its lines of go.sum.
func (th *theatre) serve(path, version string, files map[string]string) string {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	names := slices.Sorted(maps.Keys(files))
	full := make([]string, 0, len(names))
	for _, name := range names {
		full = append(full, path+"@"+version+"/"+name)
		f, err := z.Create(full[len(full)-1])
		if err != nil {
			th.t.Fatal(err)
		}
		_, _ = f.Write([]byte(files[name]))
	}
	if err := z.Close(); err != nil {
		th.t.Fatal(err)
	}
	base := filepath.Join(th.Proxy, path, "@v")
	list, _ := os.ReadFile(filepath.Join(base, "list"))
	th.Write(filepath.Join(base, "list"), string(list)+version+"\n")
	th.Write(filepath.Join(base, version+".info"), `{"Version":"`+version+`"}`)
	th.Write(filepath.Join(base, version+".mod"), files["go.mod"])
	th.Write(filepath.Join(base, version+".zip"), buf.String())
	hash := func(names []string, prefix string) string {
		sum, err := dirhash.Hash1(names, func(name string) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader(files[strings.TrimPrefix(name, prefix)])), nil
		})
		if err != nil {
			th.t.Fatal(err)
		}
		return sum
	}
	return fmt.Sprintf("%s %s %s\n%s %s/go.mod %s\n", path, version, hash(full, path+"@"+version+"/"), path, version, hash([]string{"go.mod"}, ""))
}

// expand replaces $NAME; $GO125 and $GO127 are the GOROOT of such a toolchain.
func (th *theatre) expand(text string) string {
	return os.Expand(text, func(name string) string {
		if release, ok := toolchains[name]; ok {
			return toolchainRoot(th.t, release)
		}
		value, ok := th.vars[name]
		if !ok {
			return "$" + name
		}
		return value
	})
}

// section is the text of a section.
func (th *theatre) section(name string) string {
	text, ok := th.files[name]
	if !ok {
		th.t.Fatalf("there is no section %s", name)
	}
	if strings.HasPrefix(name, "bin/") { // a script has variables of its own
		return text
	}
	for _, known := range []string{"ROOT", "WS", "PROXY"} {
		text = strings.ReplaceAll(text, "$"+known, th.vars[known])
	}
	return text
}

// path is where a path of a scenario is; it is relative to ws.
func (th *theatre) path(name string) string {
	if name = th.expand(name); filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(th.Dir, filepath.FromSlash(name))
}

func (th *theatre) makeDir(dir string) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		th.t.Fatal(err)
	}
}

func (th *theatre) write(file, text string, mode fs.FileMode) {
	// A process that another test starts meanwhile would have a script open for
	// writing, and nobody could execute it.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		th.t.Fatal(err)
	}
}

// rest waits until gopls has said everything.
func (th *theatre) rest() headless.Result {
	th.t.Helper()
	asked := time.Now() // a file that is written next may have a time of some milliseconds ago
	r, err := th.session.Problems(th.t.Context())
	if err != nil || r.Incomplete != "" {
		th.t.Fatalf("gopls did not come to rest: %v %s\n%s", err, r.Incomplete, r.Log)
	}
	if th.views != nil && !reflect.DeepEqual(th.views, r.Views) {
		th.loaded = asked
	}
	th.views = r.Views
	return r
}

// install puts a gopls of a version at bin/gopls, in the place of what is there,
// as "go install" does; "newest" is the one of this repository.
func (th *theatre) install(version string) string {
	th.t.Helper()
	if version == "newest" {
		version = ""
	}
	data, err := os.ReadFile(worldtest.Gopls(th.t, version))
	if err != nil {
		th.t.Fatal(err)
	}
	file := filepath.Join(th.root, "bin", "gopls")
	th.makeDir(filepath.Dir(file))
	th.write(file+".new", string(data), 0o755)
	if err := os.Rename(file+".new", file); err != nil {
		th.t.Fatal(err)
	}
	return file
}

// host makes a program that starts gopls as an editor does: below itself.
func (th *theatre) host(program string) string {
	file := filepath.Join(th.root, "bin", "host")
	th.makeDir(filepath.Dir(file))
	th.write(file, "#!/bin/sh\n"+`"`+program+`" $REMOTE <&0`+"\nexit $?\n", 0o755)
	return file
}

// startDaemon starts a daemon that several editors can share, with other values
// in its environment, and returns where it listens. It ends with the test.
func (th *theatre) startDaemon(program string, pairs []string) (address string) {
	th.t.Helper()
	vars := maps.Clone(th.gopls)
	for _, pair := range pairs {
		if name, value, set := strings.Cut(th.expand(pair), "="); set {
			vars[name] = value
		}
	}
	vars["GO_TELEMETRY_CHILD"] = "2"
	address = "unix;" + filepath.Join(th.root, "s")
	cmd := exec.Command(program, "serve", "-listen="+address)
	cmd.Dir, cmd.Env = th.root, world.Environ(vars)
	logged, err := cmd.StderrPipe()
	if err != nil {
		th.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		th.t.Fatal(err)
	}
	drained := make(chan struct{})
	lines := bufio.NewReader(logged)
	line, err := lines.ReadString('\n')
	go func() { defer close(drained); _, _ = io.Copy(io.Discard, lines) }()
	th.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-drained
		_ = cmd.Wait()
	})
	if err != nil || !strings.Contains(line, "listening") {
		th.t.Fatalf("the daemon says %q, %v", line, err)
	}
	return address
}

// modules are the main modules that gopls has loaded; nil if it does not tell.
func (th *theatre) modules(folders []string) (out []model.GoplsModule) {
	th.t.Helper()
	for _, dir := range folders {
		var answer struct {
			Modules []struct{ Path, GoMod string }
		}
		data, err := th.session.ExecuteCommand(th.t.Context(), "gopls.modules", map[string]any{"Dir": "file://" + dir, "MaxDepth": -1})
		if err != nil {
			return nil // v0.16 does not know it
		}
		if err := json.Unmarshal(data, &answer); err != nil {
			th.t.Fatal(err)
		}
		for _, m := range answer.Modules {
			out = append(out, model.GoplsModule{Path: m.Path, File: strings.TrimPrefix(m.GoMod, "file://")})
		}
	}
	return out
}

// step does one thing.
func (th *theatre) step(s step) {
	th.t.Helper()
	ctx := th.t.Context()
	fail := func(err error) {
		th.t.Helper()
		if err != nil {
			th.t.Fatalf("line %d: %s: %v", s.line, s.verb, err)
		}
	}
	change := func(kind headless.ChangeKind) {
		th.t.Helper()
		fail(th.session.Notify(ctx, headless.Change{File: th.path(s.args[0]), Kind: kind}))
	}
	switch s.verb {
	case "run": // [in DIR] command…
		args, dir := make([]string, 0, len(s.args)), th.Dir
		for _, arg := range s.args {
			args = append(args, th.expand(arg))
		}
		if args[0] == "in" {
			dir, args = th.path(args[1]), args[2:]
		}
		out, err := th.command(dir, th.shell, args...)
		if err != nil {
			th.t.Fatalf("line %d: %s: %v\n%s", s.line, strings.Join(args, " "), err, out)
		}
	case "write":
		file := th.path(s.args[0])
		th.makeDir(filepath.Dir(file))
		th.write(file, th.section(s.args[1]), 0o644)
	case "remove":
		fail(os.RemoveAll(th.path(s.args[0])))
	case "rename":
		fail(os.Rename(th.path(s.args[0]), th.path(s.args[1])))
	case "link":
		name := th.path(s.args[0])
		th.makeDir(filepath.Dir(name))
		fail(os.Symlink(th.path(s.args[1]), name))
	case "edit":
		fail(th.session.Edit(ctx, th.path(s.args[0]), th.section(s.args[1])))
	case "save":
		fail(th.session.Save(ctx, th.path(s.args[0])))
	case "open":
		fail(th.session.Open(ctx, th.path(s.args[0])))
	case "close":
		fail(th.session.CloseFile(ctx, th.path(s.args[0])))
	case "created":
		change(headless.Created)
	case "changed":
		change(headless.Changed)
	case "deleted":
		change(headless.Deleted)
	case "setting": // env NAME=VALUE, env NAME, flags FLAG…
		if s.args[0] == "flags" {
			th.settings.flags = s.args[1:]
		} else if name, value, set := strings.Cut(th.expand(s.args[1]), "="); set {
			th.settings.env[name] = value
		} else {
			delete(th.settings.env, name)
		}
		th.saveSettings()
	case "configure":
		fail(th.session.Configure(ctx, th.settings.env, th.settings.flags))
	case "replace":
		th.install(s.args[0])
	case "rest":
		th.rest()
	case "cycle":
		fail(th.session.CycleFolder(ctx))
	default:
		th.t.Fatalf("line %d: %s can only stand before start", s.line, s.verb)
	}
}

// command runs a command in an environment, found on its PATH.
func (th *theatre) command(dir string, vars map[string]string, args ...string) (string, error) {
	program := args[0]
	for _, at := range filepath.SplitList(vars["PATH"]) {
		if file := filepath.Join(at, program); !filepath.IsAbs(program) && at != "" {
			if info, err := os.Stat(file); err == nil && !info.IsDir() {
				program = file
			}
		}
	}
	cmd := exec.CommandContext(th.t.Context(), program, args[1:]...)
	cmd.Dir, cmd.Env = dir, append(world.Environ(vars), "PWD="+dir)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// compare compares the verdicts with the labels, and both with go.
func (p play) compare(th *theatre, verdicts []model.Verdict, score *score) {
	t := th.t
	t.Helper()
	taken := make([]bool, len(p.want))
	for _, v := range verdicts {
		name := v.Problem.File
		if rel, err := filepath.Rel(th.Dir, name); err == nil {
			name = filepath.ToSlash(rel)
		}
		shown := fmt.Sprintf("%s:%d (%d %s %s) %s", name, v.Problem.Range.Start.Line+1, v.Problem.Severity, v.Problem.Source, v.Problem.Code, squeezed(v.Problem.Message))
		i := -1
		for k, l := range p.want {
			if i < 0 && !taken[k] && l.file == name && l.at == v.Problem.Range.Start.Line+1 && strings.Contains(squeezed(v.Problem.Message), l.text) {
				i = k
			}
		}
		said := describe(v)
		if i < 0 {
			t.Errorf("not labelled: %s\n\tverdict %s", shown, said)
			score.add(label{}, v, false)
			continue
		}
		taken[i] = true
		l := p.want[i]
		right := l.kind == v.Kind && l.cause == v.Cause
		exact := right && l.explains(v)
		score.add(l, v, right)
		switch {
		case exact && l.missed:
			t.Errorf("line %d: verify sees it now: %s\n\tverdict %s", l.line, shown, said)
		case !exact && !l.missed:
			t.Errorf("line %d: %s\n\tverdict %s\n\twant    %s %s %s", l.line, shown, said, l.kind, l.cause, l.detail)
		default:
			t.Logf("%s\n\tverdict %s", shown, said)
		}
		if v.Cause == model.CauseStale && v.Stale != nil && (p.witness == "" && v.Stale.Witness != "" || !strings.Contains(v.Stale.Witness, p.witness)) {
			t.Errorf("the witness is %q, want %q", v.Stale.Witness, p.witness)
		}
		if why := th.labelledWrong(l, v.Problem); why != "" {
			t.Errorf("line %d: go does not agree with the label: %s", l.line, why)
		}
	}
	for i, l := range p.want {
		if !taken[i] {
			t.Errorf("line %d: gopls does not show it: %s:%d %s", l.line, l.file, l.at, l.text)
		}
	}
}

// explains reports whether a verdict names what the label names: one of the
// alternatives, which | separates, of variables, which commas separate.
func (l label) explains(v model.Verdict) bool {
	switch l.cause {
	case model.CauseEnv:
		var names []string
		for _, g := range v.Guilty {
			names = append(names, g.Variable)
		}
		slices.Sort(names)
		return slices.ContainsFunc(strings.Split(l.detail, "|"), func(set string) bool {
			want := strings.Split(set, ",")
			slices.Sort(want)
			return slices.Equal(want, names) || set == "-" && len(names) == 0
		})
	case model.CauseVersion:
		return (l.detail != "") == (v.Stale != nil)
	case model.CauseStale:
		return l.detail == "-" && v.Stale == nil || v.Stale != nil && slices.Contains(strings.Split(l.detail, "|"), string(v.Stale.What))
	}
	return true
}

func describe(v model.Verdict) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", v.Kind, v.Cause)
	for _, g := range v.Guilty {
		fmt.Fprintf(&b, " %s", g.Variable)
	}
	for _, g := range v.Others {
		fmt.Fprintf(&b, " |%s", g.Variable)
	}
	if v.Stale != nil {
		fmt.Fprintf(&b, " %s %s", v.Stale.What, filepath.Base(v.Stale.File))
		if v.Stale.Witness != "" {
			fmt.Fprintf(&b, " [%s]", v.Stale.Witness)
		}
	}
	fmt.Fprintf(&b, ": %s | %s", v.Why, squeezed(v.TrueReason.Reveal()))
	if v.Bisect.Runs > 0 {
		fmt.Fprintf(&b, " (bisect: %d of %d variables, %d runs)", len(v.Guilty), v.Bisect.Differing, v.Bisect.Runs)
	}
	return b.String()
}

// overlayFile writes the unsaved texts for go's -overlay.
func (th *theatre) overlayFile() string {
	th.t.Helper()
	replace := map[string]string{}
	dir := th.t.TempDir()
	for i, file := range slices.Sorted(maps.Keys(th.overlays)) {
		replace[file] = filepath.Join(dir, fmt.Sprintf("%d.go", i))
		th.Write(replace[file], th.overlays[file])
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		th.t.Fatal(err)
	}
	list := filepath.Join(dir, "overlay.json")
	th.Write(list, string(data))
	return list
}

// labelledWrong asks go in the shell whether a label can be true; "" if so.
func (th *theatre) labelledWrong(l label, problem model.Problem) string {
	dir, vars := filepath.Dir(problem.File), maps.Clone(th.shell)
	if _, err := os.Stat(dir); err != nil {
		return "" // deleted
	}
	port := regexp.MustCompile(` \[([a-z0-9]+)(?:,([a-z0-9]+))?\]$`).FindStringSubmatch(problem.Message)
	for i := 1; i < len(port) && port[i] != ""; i++ {
		name := "GOOS"
		if port[i] == "386" || i == 2 {
			name = "GOARCH"
		}
		if th.gopls[name] == "" { // else gopls has no view of another platform
			vars[name] = port[i]
		}
	}
	commands := [][]string{{"build", "-o", os.DevNull, "."}, {"vet", "-ifaceassert", "."}}
	switch {
	case filepath.Base(problem.File) == "go.work":
		commands = [][]string{{"list", "-m"}}
	case filepath.Ext(problem.File) != ".go":
		commands = [][]string{{"list", "-test", "-deps", "./..."}}
	}
	passes, said := true, new(strings.Builder)
	key := fmt.Sprint(dir, vars["GOOS"], vars["GOARCH"], commands)
	if known, ok := th.passed[key]; ok {
		passes, commands = known, nil
	}
	for _, args := range commands {
		if len(th.overlays) > 0 && (args[0] == "build" || args[0] == "vet") {
			args = slices.Insert(slices.Clone(args), 1, "-overlay="+th.overlayFile())
		}
		out, err := th.command(dir, vars, append([]string{"go"}, args...)...)
		passes = passes && (err == nil || nothingToBuild.MatchString(out))
		said.WriteString(out)
	}
	th.passed[key] = passes
	switch {
	case l.kind == model.Phantom && l.cause != model.CauseExcluded && !passes:
		return "the package does not build in the shell:\n" + said.String()
	case (l.kind == model.Real || l.kind == model.StaleGreen) && passes && problem.Severity == 1 && !th.leavesOut(vars, problem.File):
		return "the package builds in the shell"
	}
	return ""
}

var nothingToBuild = regexp.MustCompile(`matched no packages|no packages to (vet|build)`)

// leavesOut reports whether go leaves a file out of the build of its package.
func (th *theatre) leavesOut(vars map[string]string, file string) bool {
	out, err := th.command(filepath.Dir(file), vars, "go", "list", "-e", "-f", "{{.IgnoredGoFiles}} {{.IgnoredOtherFiles}}", ".")
	return err == nil && slices.Contains(strings.FieldsFunc(out, func(r rune) bool { return strings.ContainsRune("[] \n", r) }), filepath.Base(file))
}

func squeezed(text string) string { return strings.Join(strings.Fields(text), " ") }

// score counts verdicts by cause.
type score struct {
	mu   sync.Mutex
	rows map[string]*row
}

type row struct{ said, labelled, right int }

// class is what is counted together.
func class(kind model.VerdictKind, cause model.Cause) string {
	if kind == model.Phantom {
		return "phantom " + string(cause)
	}
	return string(kind)
}

func (s *score) add(l label, v model.Verdict, right bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows == nil {
		s.rows = map[string]*row{}
	}
	at := func(name string) *row {
		if s.rows[name] == nil {
			s.rows[name] = &row{}
		}
		return s.rows[name]
	}
	count := func(said, labelled string, right bool) {
		at(said).said++
		if labelled != "" {
			at(labelled).labelled++
		}
		if right {
			at(said).right++
		}
	}
	labelled := ""
	if l.kind != "" {
		labelled = class(l.kind, l.cause)
	}
	count(class(v.Kind, v.Cause), labelled, right)
	if v.Kind == model.Phantom {
		at(all).said++
	}
	if l.kind == model.Phantom {
		at(all).labelled++
	}
	if v.Kind == model.Phantom && l.kind == model.Phantom {
		at(all).right++
	}
}

// all is the row of every phantom, whatever its cause.
const all = "phantom (any cause)"

func (r row) precision() float64 {
	if r.said == 0 {
		return 1
	}
	return float64(r.right) / float64(r.said)
}

func (r row) recall() float64 {
	if r.labelled == 0 {
		return 1
	}
	return float64(r.right) / float64(r.labelled)
}

func (s *score) overall() (precision, recall float64) {
	if s.rows[all] == nil {
		return 1, 1
	}
	return s.rows[all].precision(), s.rows[all].recall()
}

func (s *score) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-24s %6s %6s %6s %10s %7s\n", "corpus", "labels", "said", "right", "precision", "recall")
	for _, name := range slices.Sorted(maps.Keys(s.rows)) {
		r := s.rows[name]
		fmt.Fprintf(&b, "%-24s %6d %6d %6d %10.3f %7.3f\n", name, r.labelled, r.said, r.right, r.precision(), r.recall())
	}
	return b.String()
}

// toolchains are other Gos than the installed one, by the names that scenarios
// give them.
var toolchains = map[string]string{"GO125": "go1.25.8", "GO127": "go1.27.4"}

// toolchainRoot is the GOROOT of a toolchain in the module cache of whoever
// runs the tests.
func toolchainRoot(t *testing.T, release string) string {
	t.Helper()
	cache, err := modCache()
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(cache, "golang.org", fmt.Sprintf("toolchain@v0.0.1-%s.%s-%s", release, runtime.GOOS, runtime.GOARCH))
	if _, err := os.Stat(filepath.Join(root, "bin", "go")); err != nil {
		lacking(t, "the toolchain "+release)
	}
	return root
}

var modCache = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "env", "GOMODCACHE").Output()
	return strings.TrimSpace(string(out)), err
})

// lacking ends a test that needs something that is not installed.
func lacking(t *testing.T, what string) {
	t.Helper()
	how := fmt.Sprintf("%s is not installed; run: node extension/scripts/setup.mjs (in the repository)", what)
	if os.Getenv("CI") != "" {
		t.Fatal(how)
	}
	t.Skip("NOT RUN: " + how)
}
