package model

import (
	"path/filepath"
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
	GOOS    string   // the platform of the machine, such as "linux"; "" if unknown

	Repository Repository // the git repository that Dir is in
	Contract   *Contract  // what the team has agreed on; nil without such a file

	Envs      []Env
	Modules   []Module // the main modules in reach of Dir, the nearest first
	Replacing []Module // what directories that replace modules have as go.mod, if those are no main modules
	Work      *Work    // nil without a go.work in force
	Dormant   *Work    // the go.work that GOWORK=off keeps out of force; nil if there is none
	Stray     string   // a Go file in Dir that is to be built although no module is in reach; "" if there is none
	EnvFiles  []EnvFile
	Toolchain []Toolchain
	Caches    []ModuleCache
	Gopls     []GoplsProcess
	Views     []GoplsView     // what gopls itself says; nil if it was not asked
	Loaded    time.Time       // when gopls made these views, as far as that was seen; else zero
	Confirmed time.Time       // up to when gopls had heard of what changed when it told its views last; zero if it did not tell
	Loads     []GoplsModule   // the main modules of these views; nil if gopls does not tell
	StartUp   []string        // files that the shell read when it started, or would read if they existed
	Extension *GoExtension    // nil outside VS Code or when it is not installed
	Settings  []EditorSetting // of the settings files, the narrowest scope first
	// SettingChanges are what became of the settings of the running gopls since
	// it was first seen, the latest last.
	SettingChanges []SettingChange
	Rivals         []Rival
	Editor         *Editor // nil without an editor (command line)

	Places map[string]Place // what the file system shows of the paths that settings and files name, by path
	Netrcs []Netrc          // the netrc files of the environments
	// AuthPrograms are the programs that GOAUTH names in the environments.
	AuthPrograms []AuthProgram
	Gits         []Git      // git's configuration in the environments that have a git
	Said         []Said     // what go, gopls and probed servers said, recognised
	Slow         []Slowdown // what takes much longer than it used to, each time

	Problems []Problem // what gopls shows
	Dirty    []string  // absolute paths of documents with unsaved changes
	// Overlays are the texts of dirty documents, by absolute path; the text of
	// one that is missing is not known.
	Overlays map[string]string
	Faults   []Fault // what could not be observed
	// Tape is what ground truth was told about the problems, in a capture; else nil.
	Tape *Tape
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

// Slowdown is something that takes much longer than it used to, each time since
// some moment.
type Slowdown struct {
	What    string    // CostGoList, CostGoplsLoad or CostShell
	Was, Is float64   // milliseconds: the usual before, and since
	Since   time.Time // when it was slow first
	// Changed is the one thing that changed then and can do that: a variable, "go",
	// "gopls", or the path of a start-up file; "" if there is none, or not one.
	Changed string
	Env     EnvName // whose variable it is; "" for other things
	Origin  Origin  // where what changed is written; zero if nowhere
}

// What is measured.
const (
	CostGoList    = "go list"     // a run of go list in the user's shell
	CostGoplsLoad = "gopls load"  // gopls loading the packages of the folder after its start
	CostShell     = "shell start" // the user's shell starting
)

// Repository is a git repository, or a worktree of one.
type Repository struct {
	Root  string   // absolute path; "" if there is none
	Files []string // the files that tell its branch and its configuration
	// Branch is what is checked out: the name of a branch, or "commit 1a2b3c4d5e6f"
	// where there is none; "" if HEAD does not tell.
	Branch string
}

// Module is one main module: a go.mod of the workspace.
type Module struct {
	File      string // absolute path of go.mod
	Path      string // module path; "" when go.mod does not parse
	PathLine  int    // 1-based line of it in File; 0 if there is none
	Go        string // the go line, without "go"
	GoLine    int    // 1-based line of it in File; 0 if there is none
	Toolchain string // the toolchain line
	ToolLine  int    // 1-based line of it in File; 0 if there is none
	Requires  []Require
	Replaces  []Replace
	Excludes  []Exclude
	Queries   []Query // what it names at something else than a version
	Vendored  bool    // vendor/modules.txt exists beside go.mod
	Vendor    *Vendor
	Sum       Sum
	Godebugs  []Godebug
	Errors    []SyntaxError // why go rejects the file; only File, Vendor and Sum are known then
}

// SyntaxError is one reason why go rejects a go.mod or go.work.
type SyntaxError struct {
	Line   int    // 1-based; 0 if it speaks of the whole file
	Column int    // 1-based, in characters; 0 if go names the line only
	Text   string // as go prints it behind file and line
}

// Vendor is a vendor directory; nil stands for none.
type Vendor struct {
	File      string // absolute path of its modules.txt
	Exists    bool   // modules.txt does
	Workspace bool   // made by "go work vendor"
	Modules   []VendoredModule
	Why       string // why modules.txt could not be read, one clause; "" if it was, or does not exist
}

// VendoredModule is what modules.txt says of one module or replacement, in its
// order.
type VendoredModule struct {
	Path, Version       string // Version is "" for a replacement of all versions
	NewPath, NewVersion string // what it is replaced by; "" if by nothing
	Explicit            bool   // a go.mod requires it
	Packages            bool   // it lists packages of it
	Missing             int    // of how many of these the directory is not there
	Line                int    // 1-based
}

// EnvFile is the file that "go env -w" writes, as one environment sees it.
type EnvFile struct {
	Env    EnvName
	File   string // absolute path
	Off    bool   // GOENV=off: go does not read it
	Exists bool
	Set    []string  // the variables that it sets, sorted
	Odd    []EnvLine // lines that do not say what they seem to
	Why    string    // why it could not be read, one clause; "" if it was, or does not exist
}

// EnvLine is a line of an env file that go ignores, or reads differently from
// what it looks like.
type EnvLine struct {
	Line     int    // 1-based
	Variable string // the name it seems to set
	Kind     string // EnvLineIgnored, …
}

// Kinds of EnvLine.
const (
	EnvLineIgnored = "ignored"         // it does not begin with NAME=
	EnvLineReturn  = "carriage return" // the value ends with one
	EnvLineQuoted  = "quoted"          // the quotes are part of the value
)

// Sum is what a go.sum or go.work.sum holds, as the go command reads it.
type Sum struct {
	File   string // absolute path
	Exists bool
	Lines  map[string]bool // "path version" and "path version/go.mod" that have a hash go can compare
	// Hashes are the hashes of what the go.mod beside it requires, replacements
	// included, by the keys of Lines; under a go.work, of what any of its modules
	// requires.
	Hashes map[string][]SumHash
	Bad    []SumLine // lines that go rejects
	Why    string    // why it could not be read, one clause; "" if it was, or does not exist
}

// SumHash is the hash on one line of a go.sum.
type SumHash struct {
	Hash string // such as "h1:…"
	Line int    // 1-based
}

// SumLine is a line of go.sum that does not have three fields.
type SumLine struct {
	Line   int // 1-based
	Fields int
}

// Godebug is one setting of the godebug lines of a go.mod.
type Godebug struct {
	Key  string
	Line int // 1-based
}

// Require is one requirement of a go.mod.
type Require struct {
	Path, Version string
	Indirect      bool
	Line          int // 1-based
}

// Exclude is one version that a go.mod excludes.
type Exclude struct {
	Path, Version string
	Line          int // 1-based
}

// Query is a module that a go.mod names at a branch, a commit, or a version that
// is not complete, so that go has to look it up. Requires, Replaces and Excludes
// have it as it is written.
type Query struct {
	Path, Version string
	Line          int // 1-based
}

// Replace is one replacement of a go.mod or go.work.
type Replace struct {
	OldPath, OldVersion string
	NewPath, NewVersion string // NewVersion is "" for a directory
	Line                int
}

// Dir is the directory that a replacement in the go.mod or go.work of the given path
// leads to, cleaned; "" if it leads to a version.
func (r Replace) Dir(file string) string {
	dir := filepath.FromSlash(r.NewPath)
	switch {
	case r.NewVersion != "":
		return ""
	case filepath.IsAbs(dir):
		return filepath.Clean(dir)
	}
	return filepath.Join(filepath.Dir(file), dir)
}

// Work is the go.work in force.
type Work struct {
	File     string
	Go       string
	Uses     []Use
	Replaces []Replace
	Godebugs []Godebug
	Vendored bool
	Vendor   *Vendor
	Sum      Sum           // go.work.sum; go reads it beside the go.sum of every module
	Errors   []SyntaxError // why go rejects the file; only File, Vendor and Sum are known then
}

// Use is one use directive of a go.work.
type Use struct {
	Dir  string // absolute
	Path string // module path of the go.mod found there; "" if none
	Line int
}

// ModuleCache is one module cache, as far as the main modules need it.
type ModuleCache struct {
	Dir        string   // what GOMODCACHE resolves to
	Missing    []string // "path@version" of requirements that are not in it
	Mismatches []Mismatch
}

// Mismatch is a module in a cache that is not the one that go.sum has the hash
// of.
type Mismatch struct {
	Path, Version string
	Mod           bool   // its go.mod is not, whatever its files are
	Indirect      bool   // no package of a main module imports it
	Workspace     bool   // go compares so under the go.work; else in the one module that File goes with
	File          string // absolute path of the go.sum or go.work.sum
	SumHash              // the line there
	Downloaded    string // the hash of what is in the cache
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
	Version string   // such as "go1.26.8"; "" if unknown
	Why     string   // set when something is missing
	Host    string   // what Go builds for unless it is told otherwise, such as "linux/amd64"; "" if unknown
	Release *Release // what this Go knows; nil if its sources could not be read
	Tools   []Tool   // go, gopls, dlv, git and cc, as far as the environment finds them

	// Selected is the toolchain that does the work in Snapshot.Dir, such as
	// "go1.26.8": Go itself, or the one it hands over to because of GOTOOLCHAIN,
	// go.work or go.mod. "" if that is unknown, or if go refuses the values.
	Selected    string
	SelectedWhy string // one clause: what decided it, and what is wrong with it
	Refusal     string // what go says instead of handing over, without "go: "; it may hold a value. "" if it does not refuse
	Fetched     bool   // Selected is not on this machine, so go has to download it
}

// Release is what one release of Go knows, read from its own sources. What
// they do not tell is nil.
type Release struct {
	Ports       map[string]bool // "linux/amd64"
	Experiments map[string]bool // names of GOEXPERIMENT, lower case
	Godebugs    map[string]bool // settings that a godebug line may name; false for those that were removed
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
	// Print is a hash of the file of a go command; "" if it could not be read, and
	// for other tools. The same file has the same one wherever and whenever it is.
	Print string
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
	// Successor is what took the place of its binary since it started; nil as far
	// as is known, if nothing did.
	Successor *GoplsBinary
}

// GoplsBinary is a gopls on the disk.
type GoplsBinary struct {
	Version   string // such as "v0.23.0"
	GoVersion string // the Go that built it
	At        time.Time
}

// GoplsView is one view of gopls, as its command gopls.views tells.
type GoplsView struct {
	ID     string
	Type   string // "GoWork", "GoMod", "GOPATH", "GoPackagesDriver" or "AdHoc"
	Root   string // absolute path
	Folder string // absolute path of the workspace folder
	// EnvOverlay are the variables that the view lays over the environment of
	// gopls, as NAME=VALUE: GOOS and GOARCH of another platform, or GOWORK=off.
	EnvOverlay []string
}

// GoplsModule is a main module that gopls has loaded, as its command
// gopls.modules tells.
type GoplsModule struct {
	Path string
	File string // absolute path of go.mod
}

// GoExtension is the official Go extension, or whatever claims its id.
type GoExtension struct {
	Version           string
	Active            bool
	UseLanguageServer bool
	GoPath, GoplsPath string // the binaries it says it runs; "" if it does not say
	Go                Tool   // what GoPath is
}

// EditorSetting is one setting of a settings file that is meant for the Go
// extension or for gopls, whether they know it or not.
type EditorSetting struct {
	Key   string  // as written; of a member of "gopls", that behind "gopls."
	Scope string  // "user", "workspace" or "folder"
	Null  bool    // set to null, which is as good as not set
	Texts []Value // of settings that hold flags and tags for tests: the text, or the texts
	File  string  // absolute path
	Line  int     // 1-based
}

// SettingChange is a change of what settings lay over the go commands of gopls.
type SettingChange struct {
	Setting  string      // its key, such as "go.buildTags"
	Variable string      // that it comes to for go
	Old, New *Assignment // nil: the settings do not have it
	At       time.Time
}

// Rival is a variable that settings set for the Go tools otherwise in another
// folder of the workspace, where both share one gopls.
type Rival struct {
	Folder      string // absolute path of the other folder
	Here, There Setting
}

// NoteRemoved is the note of an assignment that gopls keeps although it is gone
// from the settings.
const NoteRemoved = "removed from the settings; gopls keeps it until it is restarted"

// Editor is what the editor told about itself.
type Editor struct {
	Name   string // such as "Visual Studio Code"
	Remote string // vscode.env.remoteName: "wsl", "ssh-remote", "dev-container", "codespaces", …; "" for local
	Web    bool   // served to a browser: the machine is the one the server runs on
	// WorkspaceFile is the absolute path of the .code-workspace that is open; "" if none is.
	WorkspaceFile string
	Actions       []string // the parts of a cure that it can carry out: ActionUnsetEnv, …
	// RunsGopls says that the editor itself starts gopls, with its own environment,
	// as Neovim does. In VS Code the Go extension does.
	RunsGopls bool
}

// Called is what people call the editor.
func (e Editor) Called() string {
	if e.Name == "" {
		return "the editor"
	}
	return e.Name
}

// What only an editor can do for a cure, as Editor.Actions and the wire name it.
const (
	ActionUnsetEnv     = "unsetEnv"     // delete variables of the extension host's environment
	ActionSetEnv       = "setEnv"       // set them
	ActionRestartGopls = "restartGopls" // let the Go extension restart gopls
	ActionSave         = "save"         // save a document
	ActionReloadGopls  = "reloadGopls"  // let gopls load a workspace folder anew, without a restart
	ActionInstallGopls = "installGopls" // let the Go extension build and install gopls anew
	ActionAddFolder    = "addFolder"    // add a folder to the workspace
	ActionShowDiff     = "showDiff"     // show a document beside what an edit would make of it

	// ActionRestartExtensions restarts the extension host, and us with it.
	ActionRestartExtensions = "restartExtensionHost"
)

// ReloadVariable is a variable that nobody reads. A cure puts it into build.env
// of gopls, for gopls builds its views anew when its settings change.
const ReloadVariable = "GOPHANTOM_RELOAD"

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
