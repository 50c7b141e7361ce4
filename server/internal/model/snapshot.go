package model

import (
	"slices"
	"time"
)

// Snapshot is an immutable, numbered picture of all facts. Whoever holds one
// may read it from any goroutine and must not change it.
type Snapshot struct {
	Number  int
	Reason  string // what made us look again, for people
	Taken   time.Time
	Dir     string   // absolute path of the workspace folder it speaks of
	Folders []string // every folder of the workspace, Dir among them; they share one gopls
	Trusted bool     // false: nothing was executed to take it

	Repository Repository // the git repository that Dir is in

	Envs      []Env
	Modules   []Module // the main modules in reach of Dir, the nearest first
	Work      *Work    // nil without a go.work in force
	Toolchain []Toolchain
	Caches    []ModuleCache
	Gopls     []GoplsProcess
	Views     []GoplsView  // what gopls itself says; nil if it was not asked
	StartUp   []string     // files that the shell read when it started, or would read if they existed
	Extension *GoExtension // nil outside VS Code or when it is not installed
	Editor    *Editor      // nil without an editor (command line)

	Problems []Problem // what gopls shows
	Dirty    []string  // absolute paths of documents with unsaved changes
	Faults   []Fault   // what could not be observed
}

// Env returns the environment of the given name; ok is false if the snapshot
// has none.
func (s *Snapshot) Env(name EnvName) (env Env, ok bool) {
	i := slices.IndexFunc(s.Envs, func(e Env) bool { return e.Name == name })
	if i < 0 {
		return Env{Name: name}, false
	}
	return s.Envs[i], true
}

// ToolchainOf returns what the environment resolves "go" to.
func (s *Snapshot) ToolchainOf(name EnvName) (t Toolchain, ok bool) {
	i := slices.IndexFunc(s.Toolchain, func(t Toolchain) bool { return t.Env == name })
	if i < 0 {
		return Toolchain{Env: name}, false
	}
	return s.Toolchain[i], true
}

// Repository is a git repository, or a worktree of one.
type Repository struct {
	Root  string   // absolute path; "" if there is none
	Files []string // the files that tell its branch and its configuration
}

// Module is one main module: a go.mod of the workspace.
type Module struct {
	File      string // absolute path of go.mod
	Path      string // module path; "" when go.mod does not parse
	Go        string // the go line, without "go"
	GoLine    int    // 1-based line of it in File; 0 if there is none
	Toolchain string // the toolchain line
	Requires  []Require
	Replaces  []Replace
	Vendored  bool // vendor/modules.txt exists beside go.mod
}

// Require is one requirement of a go.mod.
type Require struct {
	Path, Version string
	Indirect      bool
	Line          int // 1-based
}

// Replace is one replacement of a go.mod or go.work.
type Replace struct {
	OldPath, OldVersion string
	NewPath, NewVersion string // NewVersion is "" for a directory
	Line                int
}

// Work is the go.work in force.
type Work struct {
	File     string
	Go       string
	Uses     []Use
	Replaces []Replace
	Vendored bool
}

// Use is one use directive of a go.work.
type Use struct {
	Dir  string // absolute
	Path string // module path of the go.mod found there; "" if none
	Line int
}

// ModuleCache is one module cache, as far as the main modules need it.
type ModuleCache struct {
	Dir     string   // what GOMODCACHE resolves to
	Missing []string // "path@version" of requirements that are not in it
}

// Missing returns the requirements that the environment would have to
// download, as "path@version". known is false when the cache was not looked at.
func (s *Snapshot) Missing(env Env) (missing []string, known bool) {
	dir := env.Lookup("GOMODCACHE").Value.Reveal()
	for _, c := range s.Caches {
		if c.Dir == dir {
			return c.Missing, true
		}
	}
	return nil, false
}

// Toolchain is what one environment resolves "go" to.
type Toolchain struct {
	Env     EnvName
	Go      string // absolute path of the go command; "" if the environment finds none
	GOROOT  string
	Version string // such as "go1.26.8"; "" if unknown
	Why     string // set when something is missing
	Host    string // what Go builds for unless it is told otherwise, such as "linux/amd64"; "" if unknown
	Tools   []Tool // go, gopls, dlv, git and cc, as far as the environment finds them

	// Selected is the toolchain that does the work in Snapshot.Dir, such as
	// "go1.26.8": Go itself, or the one it hands over to because of GOTOOLCHAIN,
	// go.work or go.mod. "" if that is unknown, or if go refuses the values.
	Selected    string
	SelectedWhy string // one clause: what decided it, and what is wrong with it
}

// Tool returns the program of the given name; one without a Path if the
// environment finds none.
func (t Toolchain) Tool(name string) Tool {
	i := slices.IndexFunc(t.Tools, func(tool Tool) bool { return tool.Name == name })
	if i < 0 {
		return Tool{Name: name}
	}
	return t.Tools[i]
}

// Tool is one program that an environment resolves by name.
type Tool struct {
	Name    string // "go", "gopls", "dlv", "git" or "cc"
	Path    string // absolute, as found; "" if the environment finds none
	Via     string // how it was found: "PATH", "CC" or, as golang.go looks for gopls and dlv, "GOBIN" or "GOPATH"
	Target  string // Path with every link resolved
	Version string // such as "go1.26.8", "v0.23.0" or "2.39.5"; "" if unknown
	Go      string // the Go that built it, such as "go1.26.8"; "" for tools that no Go built
	Manager string // the version manager whose shim or installation it is: "asdf", "mise", "goenv", "gvm", …; "" if none
	Shim    bool   // a version manager's shim, which decides what runs by the directory
}

// Drift is one variable or tool with different effective values in two
// environments.
type Drift struct {
	Variable string // a variable, or "go", "gopls", "git", "cc" for what PATH resolves
	A, B     EnvName
	InA, InB Setting
	Matters  bool   // the go command does something else
	Latent   bool   // and only when it has to fetch something that is not there yet
	Some     bool   // and only for some code or servers: packages that use cgo, or repositories fetched with git
	Why      string // one sentence: why it matters, or why not; holds no values
}

// GoplsProcess is one running gopls that belongs to the editor.
type GoplsProcess struct {
	PID       int
	Exe       string
	Version   string // such as "v0.23.0"; "" if unknown
	GoVersion string // the Go that built it, such as "go1.26.8"
	Started   time.Time
	Dir       string // its working directory, the first workspace folder as a rule; "" if unknown
	Daemon    int    // the process of the shared daemon it forwards to (-remote); 0 if it does not
	Editor    string // the editor it belongs to, such as "Visual Studio Code"; "" if unknown
}

// GoplsView is one view of gopls, as its command gopls.views tells.
type GoplsView struct {
	ID     string
	Type   string // "GoWork", "GoMod", "GOPATH", "GoPackagesDriver" or "AdHoc"
	Root   string // absolute path
	Folder string // absolute path of the workspace folder
}

// GoExtension is the official Go extension, or whatever claims its id.
type GoExtension struct {
	Version           string
	Active            bool
	UseLanguageServer bool
	GoPath, GoplsPath string // the binaries it says it runs; "" if it does not say
}

// Editor is what the editor told about itself.
type Editor struct {
	Name   string // such as "Visual Studio Code"
	Remote string // vscode.env.remoteName: "wsl", "ssh-remote", "dev-container", "codespaces", …; "" for local
	Web    bool   // served to a browser: the machine is the one the server runs on
	// WorkspaceFile is the absolute path of the .code-workspace that is open; "" if none is.
	WorkspaceFile string
	Actions       []string // the parts of a cure that it can carry out: ActionUnsetEnv, …
}

// What only an editor can do for a cure, as Editor.Actions and the wire name it.
const (
	ActionUnsetEnv     = "unsetEnv"     // delete variables of the extension host's environment
	ActionSetEnv       = "setEnv"       // set them
	ActionRestartGopls = "restartGopls" // let the Go extension restart gopls
	ActionSave         = "save"         // save a document
)

// Position is a place in a text, as LSP counts: both from 0, Character in
// UTF-16 code units.
type Position struct{ Line, Character int }

// Range is a half-open range of a text.
type Range struct{ Start, End Position }

// Location is a range in a file.
type Location struct {
	File  string // absolute path
	Range Range
}

// Problem is one diagnostic that gopls shows in the editor.
type Problem struct {
	Location
	Severity int // LSP: 1 error, 2 warning, 3 information, 4 hint
	Source   string
	Code     string
	Message  string
	Stale    bool // published for another version of the document than the editor has
}

// Fault is something that could not be observed, with a sentence for people.
type Fault struct {
	Subject  string // what was looked at, such as "user settings" or "shell"
	Location *Location
	Text     string   // one sentence: what is wrong and what to do
	Hides    []string // the facts that are missing because of it, for "unknown"
}
