package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/tools/txtar"
)

// The real go command judges the scenarios. A scenario that has a section
// "judge" is laid out on disk, its paths moved below a temporary directory,
// and the commands of the section are run there. The section holds blocks:
//
//	go list -m all        the command, run in the workspace
//	in gopls              in this environment instead of the shell's
//	exit 1                its exit code; "nonzero" for any failure
//	says TEXT             it prints TEXT, where … stands for anything
//	silent TEXT           it does not print TEXT
//
// Words with spaces are not possible. Nothing reaches the network: all traffic
// but that to the loopback goes to a proxy that refuses it.

// judgedCommand is one command of a judge section.
type judgedCommand struct {
	args         []string
	env, exit    string
	says, silent []string
}

func parseJudge(text string) (out []judgedCommand, err error) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		word, rest, _ := strings.Cut(line, " ")
		if line == "" {
			continue
		}
		if word == "go" {
			out = append(out, judgedCommand{args: strings.Fields(rest), env: "shell"})
			continue
		}
		if len(out) == 0 {
			return nil, fmt.Errorf("%q comes before a command", line)
		}
		last := &out[len(out)-1]
		switch word {
		case "in":
			last.env = rest
		case "exit":
			last.exit = rest
		case "says":
			last.says = append(last.says, rest)
		case "silent":
			last.silent = append(last.silent, rest)
		default:
			return nil, fmt.Errorf("%q is not understood", line)
		}
	}
	return out, nil
}

// stage is a scenario on disk.
type stage struct {
	dir     string
	goBin   string
	uid     int // to run go as; -1 for our own
	moved   *strings.Replacer
	environ map[string]map[string]string
}

// nobody runs the go command where files must be read-only and we are root,
// for whom nothing is.
const nobody = 65534

var installedGo = sync.OnceValues(func() (goroot string, err error) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	return strings.TrimSpace(string(out)), err
})

func (s *stage) home() string { return filepath.Join(s.dir, "home") }

// lay writes the files of a scenario below a temporary directory.
func lay(t *testing.T, archive *txtar.Archive) *stage {
	t.Helper()
	goroot, err := installedGo()
	if err != nil {
		t.Fatalf("the go command must be in PATH: %v", err)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{dir: dir, goBin: filepath.Join(goroot, "bin", "go"), uid: -1, environ: map[string]map[string]string{}}
	own := slices.ContainsFunc(archive.Files, func(f txtar.File) bool { return strings.HasPrefix(f.Name, "goroot/") })
	at := goroot
	if own {
		at = filepath.Join(dir, "goroot")
		s.goBin = filepath.Join(at, "bin", "go")
		copyGoroot(t, goroot, at)
	}
	s.moved = strings.NewReplacer("/home/gopher", s.home(), "/usr/lib/go", at)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(filepath.Join(s.home(), "ws"), 0o755))
	// A go command that counts may leave a process behind, which writes here.
	telemetry := filepath.Join(s.home(), ".config", "go", "telemetry")
	must(os.MkdirAll(telemetry, 0o755))
	must(os.WriteFile(filepath.Join(telemetry, "mode"), []byte("off"), 0o644))
	var links, readonly string
	for _, f := range archive.Files {
		kind, rest, _ := strings.Cut(f.Name, "/")
		file := ""
		switch kind {
		case "home":
			file = filepath.Join(s.home(), rest)
		case "ws":
			file = filepath.Join(s.home(), "ws", rest)
		case "goroot":
			file = filepath.Join(at, rest)
		case "root":
			if inHome, ok := strings.CutPrefix("/"+rest, "/home/gopher/"); ok {
				file = filepath.Join(s.home(), inHome)
			}
		case "env":
			vars := map[string]string{}
			for line := range strings.Lines(string(f.Data)) {
				if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok {
					vars[name] = s.moved.Replace(value)
				}
			}
			s.environ[rest] = vars
		case "links":
			links = string(f.Data)
		case "readonly":
			readonly = string(f.Data)
		}
		if file == "" {
			continue
		}
		mode := fs.FileMode(0o644)
		if filepath.Base(filepath.Dir(file)) == "bin" {
			mode = 0o755
		}
		if kind == "goroot" {
			detach(t, at, filepath.Dir(file))
		}
		must(os.MkdirAll(filepath.Dir(file), 0o755))
		_ = os.Remove(file) // a link to the real one
		must(os.WriteFile(file, []byte(s.moved.Replace(string(f.Data))), mode))
	}
	for line := range strings.Lines(links) {
		name, target, _ := strings.Cut(strings.TrimSpace(line), " -> ")
		name, target = s.moved.Replace(name), s.moved.Replace(target)
		if !strings.HasPrefix(name, dir) {
			t.Fatalf("the link %s is outside of what can be laid out", name)
		}
		must(os.MkdirAll(filepath.Dir(name), 0o755))
		must(os.Symlink(target, name))
	}
	if readonly == "" || os.Geteuid() != 0 {
		cache, err := os.UserCacheDir()
		must(err)
		must(os.MkdirAll(filepath.Join(cache, "go-build"), 0o755))
		if _, err := os.Lstat(filepath.Join(s.home(), ".cache")); errors.Is(err, fs.ErrNotExist) {
			must(os.MkdirAll(filepath.Join(s.home(), ".cache"), 0o755))
			must(os.Symlink(filepath.Join(cache, "go-build"), filepath.Join(s.home(), ".cache", "go-build")))
		}
	} else {
		s.uid = nobody
		must(os.Chmod(filepath.Dir(dir), 0o755))
		must(os.Chmod(dir, 0o755))
		must(filepath.WalkDir(dir, func(name string, _ fs.DirEntry, err error) error {
			return errors.Join(err, os.Lchown(name, nobody, nobody))
		}))
	}
	for line := range strings.Lines(readonly) {
		name := s.moved.Replace(strings.TrimSpace(line))
		info, err := os.Stat(name)
		if err != nil || !strings.HasPrefix(name, dir) {
			t.Fatalf("%s cannot be made read-only: %v", name, err)
		}
		must(os.Chmod(name, info.Mode()&^0o222))
		t.Cleanup(func() { _ = os.Chmod(name, info.Mode()) })
	}
	return s
}

// copyGoroot makes a GOROOT whose files can be replaced one by one: links to
// the real one, but for the go command, which finds its GOROOT by where it is.
func copyGoroot(t *testing.T, from, to string) {
	t.Helper()
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(to, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "bin" {
			if err := os.Symlink(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
	data, err := os.ReadFile(filepath.Join(from, "bin", "go"))
	if err == nil {
		// A process that another test starts meanwhile would have the file open
		// for writing, and nobody could execute it.
		syscall.ForkLock.RLock()
		err = os.WriteFile(filepath.Join(to, "bin", "go"), data, 0o755)
		syscall.ForkLock.RUnlock()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// detach makes the directories from root down to dir real ones, of links to
// what they were links to, so that nothing that is written there reaches the
// installed Go.
func detach(t *testing.T, root, dir string) {
	t.Helper()
	if dir == root {
		return
	}
	detach(t, root, filepath.Dir(dir))
	info, err := os.Lstat(dir)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return
	}
	from, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(dir), os.Mkdir(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := os.Symlink(filepath.Join(from, e.Name()), filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
}

// run runs one command and returns what it printed.
func (s *stage) run(t *testing.T, c judgedCommand) (text string, code int) {
	t.Helper()
	vars := map[string]string{"HTTPS_PROXY": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1"}
	own := s.environ[c.env]
	if own["HOME"] == "" && own["PATH"] == "" { // as observe completes a captured environment
		vars["HOME"], vars["PATH"] = s.home(), filepath.Dir(s.goBin)+string(filepath.ListSeparator)+os.Getenv("PATH")
	}
	maps.Copy(vars, own)
	cmd := exec.CommandContext(t.Context(), s.goBin, c.args...)
	cmd.Dir = filepath.Join(s.home(), "ws")
	cmd.Env = []string{"PWD=" + cmd.Dir}
	for name, value := range vars {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if s.uid >= 0 {
		runAs(cmd, s.uid)
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// TestScenariosAgainstGo asks the real go command whether it says what the
// scenarios claim.
func TestScenariosAgainstGo(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("scenarios are laid out with POSIX paths")
	}
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "testdata", "scenarios", "*", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "judge" })
		if i < 0 {
			continue
		}
		t.Run(filepath.Base(filepath.Dir(file))+"/"+strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			commands, err := parseJudge(string(archive.Files[i].Data))
			if err != nil || len(commands) == 0 {
				t.Fatalf("judge section: %d commands, %v", len(commands), err)
			}
			s := lay(t, archive)
			for _, c := range commands {
				s.judge(t, c)
			}
		})
	}
}

// judge runs one command and compares what it does with what is expected.
func (s *stage) judge(t *testing.T, c judgedCommand) {
	t.Helper()
	text, code := s.run(t, c)
	report := func(format string, args ...any) {
		t.Helper()
		t.Errorf("go %s: %s\nit printed (exit %d):\n%s", strings.Join(c.args, " "), fmt.Sprintf(format, args...), code, text)
	}
	if c.exit == "nonzero" && code == 0 || c.exit != "nonzero" && c.exit != "" && c.exit != fmt.Sprint(code) {
		report("exit code %d, want %s", code, c.exit)
	}
	for _, want := range c.says {
		if !s.said(text, want) {
			report("it does not say %q", want)
		}
	}
	for _, unwanted := range c.silent {
		if s.said(text, unwanted) {
			report("it says %q", unwanted)
		}
	}
}

// said reports whether text contains what is wanted, where … stands for
// anything in a line, and \n and \t for themselves.
func (s *stage) said(text, want string) bool {
	want = strings.NewReplacer(`\n`, "\n", `\t`, "\t").Replace(s.moved.Replace(want))
	pattern := strings.ReplaceAll(regexp.QuoteMeta(want), "…", ".*")
	return regexp.MustCompile(pattern).Match(bytes.ReplaceAll([]byte(text), []byte("\r\n"), []byte("\n")))
}
