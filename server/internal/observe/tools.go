package observe

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// Memory keeps what was learned of executables from one snapshot to the next,
// for as long as their size and time stay the same: neither is a gopls of
// 30 MB parsed, nor git started, at each look. The zero value is ready, and may
// be used from any goroutine.
type Memory struct {
	mu    sync.Mutex
	known map[executable]binary

	runs     map[runKey]*goplsRun
	releases map[executable]*model.Release // by the VERSION file of their GOROOT
}

// executable is one state of one file.
type executable struct {
	file     string
	size     int64
	modified time.Time
}

// binary is what an executable tells of itself.
type binary struct {
	build    *buildinfo.BuildInfo // nil if no Go built it
	manager  string               // of the shim that it is; "" if it is none
	version  string               // what git answers
	answered bool                 // git was asked
	print    string               // see fingerprint; "" if nobody needed it
}

// look returns what is known of a file, found out by learn if it is new.
func (m *Memory) look(w *world.World, file string, learn func(*binary)) binary {
	info, err := w.Files.Stat(file)
	if err != nil {
		return binary{}
	}
	key := executable{file, info.Size(), info.ModTime()}
	m.mu.Lock()
	b, seen := m.known[key]
	m.mu.Unlock()
	if !seen {
		b = binary{build: readBuild(w, file)}
		if b.build == nil {
			b.manager = shim(w, file)
		}
	}
	if learn != nil {
		learn(&b)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = map[executable]binary{}
	}
	m.known[key] = b
	return b
}

// print is the fingerprint of an executable.
func (m *Memory) print(w *world.World, file string) string {
	return m.look(w, file, func(b *binary) {
		if b.print == "" {
			b.print = fingerprint(w, file)
		}
	}).print
}

// printed is how much of a file its fingerprint has. A script is smaller, and of
// larger programs Go and the linkers have an id that tells all the rest right at
// the beginning (cmd/internal/buildid looks for it in the first 32 KiB).
const printed = 64 << 10

// fingerprint is a hash of the size and the beginning of a file; "" if it cannot
// be read. A file that was only touched has the one that it had.
func fingerprint(w *world.World, file string) string {
	info, err := w.Files.Stat(file)
	if err != nil {
		return ""
	}
	f, err := w.Files.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	fmt.Fprintln(h, info.Size())
	if _, err := io.Copy(h, io.LimitReader(f, printed)); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// finder finds the tools of all environments of one snapshot; those that share
// a PATH share the work.
type finder struct {
	*observer
	memory *Memory
	found  map[[2]string]string // by PATH and name
}

func (f *finder) lookPath(path, name string) string {
	key := [2]string{path, name}
	file, ok := f.found[key]
	if !ok {
		file = f.w.LookPath(path, name)
		f.found[key] = file
	}
	return file
}

// tools resolves what an environment calls go, gopls, dlv, git and cc.
func (f *finder) tools(env model.Env, t model.Toolchain) []model.Tool {
	vars := env.Process()
	var out []model.Tool
	for _, name := range []string{"go", "gopls", "dlv", "git", "cc"} {
		tool := model.Tool{Name: name}
		switch name {
		case "gopls", "dlv":
			tool.Path, tool.Via = f.goTool(env, vars["PATH"], name)
		case "cc":
			tool.Path, tool.Via = f.compiler(env, vars["PATH"], t.Host)
		default:
			tool.Path, tool.Via = f.lookPath(vars["PATH"], name), "PATH"
		}
		if tool.Path == "" {
			continue
		}
		tool.Target = tool.Path
		if target, err := f.w.Files.EvalSymlinks(tool.Path); err == nil {
			tool.Target = target
		}
		f.describe(&tool, vars, t)
		out = append(out, tool)
	}
	return out
}

// goTool finds a tool that "go install" puts into GOBIN or GOPATH/bin. The Go
// extension looks there before PATH, a shell not at all: what only lies there
// is told all the same, and Via says so.
func (f *finder) goTool(env model.Env, pathList, name string) (file, via string) {
	type place struct{ dirs, via string }
	places := []place{{pathList, "PATH"}, {env.Lookup("GOBIN").Value.Reveal(), "GOBIN"}}
	for _, dir := range filepath.SplitList(env.Lookup("GOPATH").Value.Reveal()) {
		places = append(places, place{filepath.Join(dir, "bin"), "GOPATH"})
	}
	if env.Name == model.EnvTools || env.Name == model.EnvEditor || env.Name == model.EnvEditorLaunch {
		places = append(places[1:], places[0])
	}
	for _, p := range places {
		if file := f.lookPath(p.dirs, name); file != "" {
			return file, p.via
		}
	}
	return "", ""
}

// compiler finds the C compiler: the program that CC names, else the default
// of the platform.
func (f *finder) compiler(env model.Env, pathList, host string) (file, via string) {
	via = "CC"
	name := firstWord(env.Lookup("CC").Value.Reveal())
	if name == "" {
		name, via = "gcc", "PATH"
		goos, _, _ := strings.Cut(host, "/")
		if goos == "darwin" || goos == "freebsd" || goos == "openbsd" || goos == "" && f.w.GOOS == "darwin" {
			name = "clang"
		}
	}
	if filepath.IsAbs(name) {
		if _, err := f.w.Files.Stat(name); err != nil {
			return "", ""
		}
		return name, via
	}
	return f.lookPath(pathList, name), via
}

// firstWord is the program of a command such as CC, where quotes may hold
// spaces together.
func firstWord(command string) string {
	command = strings.TrimSpace(command)
	if command != "" && (command[0] == '"' || command[0] == '\'') {
		word, _, _ := strings.Cut(command[1:], command[:1])
		return word
	}
	if end := strings.IndexAny(command, " \t\r\n"); end >= 0 {
		return command[:end]
	}
	return command
}

// describe fills in what a tool is: its version, who built it, and the version
// manager behind it.
func (f *finder) describe(tool *model.Tool, vars map[string]string, t model.Toolchain) {
	b := f.memory.look(f.w, tool.Target, func(b *binary) {
		if tool.Name == "git" && !b.answered {
			b.version, b.answered = f.askGit(tool.Path, vars)
		}
	})
	tool.Manager, tool.Shim = manager(tool.Path, tool.Target)
	if b.manager != "" {
		tool.Manager, tool.Shim = b.manager, true
	}
	if tool.Name == "go" || tool.Name == "git" || tool.Name == "cc" {
		tool.Print = f.memory.print(f.w, tool.Target)
	}
	switch tool.Name {
	case "go":
		if tool.Version = gorootVersion(f.w, filepath.Dir(filepath.Dir(tool.Target))); tool.Version == "" {
			if b.build != nil && b.build.Path == "cmd/go" {
				tool.Version, _, _ = strings.Cut(b.build.GoVersion, " ")
			} else if vars["GOROOT"] == "" {
				tool.Version = t.Version // a shim was asked already
			}
		}
	case "gopls", "dlv":
		if b.build != nil {
			tool.Version, tool.Go = b.build.Main.Version, b.build.GoVersion
		}
	case "git":
		tool.Version = b.version
	}
}

// gitTimeout is short: the version of git is worth little waiting.
const gitTimeout = 2 * time.Second

var gitVersion = regexp.MustCompile(`^git version (\d+(?:\.\w+)*)`)

// askGit runs "git --version". answered is false if it may be asked again.
func (f *finder) askGit(file string, vars map[string]string) (version string, answered bool) {
	// On a Mac without developer tools, running this stand-in asks the user to install them.
	if !f.in.Trusted || f.w.GOOS == "darwin" && file == "/usr/bin/git" {
		return "", false
	}
	res, err := f.w.Exec.Run(f.ctx, world.Command{Path: file, Args: []string{"--version"}, Dir: f.w.Dir, Env: world.Environ(vars), Timeout: gitTimeout})
	if f.ctx.Err() != nil {
		return "", false
	}
	if m := gitVersion.FindSubmatch(res.Stdout); err == nil && m != nil {
		return string(m[1]), true
	}
	return "", true
}

// layouts tell a version manager or packager by where it puts programs.
var layouts = []struct {
	path    *regexp.Regexp
	manager string
	shim    bool
}{
	{regexp.MustCompile(`/\.?asdf(-data)?/shims/`), "asdf", true},
	{regexp.MustCompile(`/\.?asdf(-data)?/installs/`), "asdf", false},
	{regexp.MustCompile(`/mise/shims/|/bin/mise$`), "mise", true},
	{regexp.MustCompile(`/mise/installs/`), "mise", false},
	{regexp.MustCompile(`/\.?goenv/shims/`), "goenv", true},
	{regexp.MustCompile(`/\.?goenv/versions/`), "goenv", false},
	{regexp.MustCompile(`/\.gvm/gos/`), "gvm", false},
	{regexp.MustCompile(`/\.g/(go|versions)/`), "g", false},
	{regexp.MustCompile(`/golang\.org/toolchain@v`), "GOTOOLCHAIN", false},
	{regexp.MustCompile(`/sdk/go1[^/]*/bin/`), "golang.org/dl", false},
	{regexp.MustCompile(`^/nix/store/`), "nix", false},
	{regexp.MustCompile(`^/snap/|/bin/snap$`), "snap", false},
	{regexp.MustCompile(`/Cellar/|^/opt/homebrew/|/\.linuxbrew/`), "homebrew", false},
}

// manager tells by the shape of its path, as found and resolved, whose
// installation a program is.
func manager(file, target string) (name string, shim bool) {
	for _, p := range []string{file, target} {
		p = path.Clean(filepath.ToSlash(p))
		for _, l := range layouts {
			if l.path.MatchString(p) {
				return l.manager, l.shim
			}
		}
	}
	return "", false
}

// shims are the managers whose shims are scripts, by how these go on.
var shims = regexp.MustCompile(`(?m)^\s*(?:exec\s+)?\S*\b(asdf|goenv|mise)\b"?\s+(?:exec|x)\b`)

// shim returns the version manager whose script a file is; "" if it is none.
func shim(w *world.World, file string) string {
	f, err := w.Files.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	head := make([]byte, 4096)
	n, _ := io.ReadFull(f, head)
	if head = head[:n]; !bytes.HasPrefix(head, []byte("#!")) {
		return ""
	}
	if m := shims.FindSubmatch(head); m != nil {
		return string(m[1])
	}
	return ""
}
