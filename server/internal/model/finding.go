package model

import (
	"path/filepath"
	"strings"
	"time"
)

// Severity of a finding.
type Severity string

const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// Rank orders severities: the higher, the worse.
func (s Severity) Rank() int {
	switch s {
	case Error:
		return 3
	case Warning:
		return 2
	case Info:
		return 1
	}
	return 0
}

// Finding is one rule firing on one subject.
type Finding struct {
	Rule         string // rule id
	Ref          string // catalogue id, such as "PX-DIRECTPLUS"; "" for rules without a row
	Severity     Severity
	Latent       bool   // breaks only when something has to be fetched
	Subject      string // what it speaks of: a variable, usually
	Environments []EnvName
	Message      string           // key into the rule's messages
	Args         map[string]Value // the arguments of the message
	Location     *Location        // where to show it; nil: the nearest go.mod
	Origin       *Origin          // which layer and line set the value
	Related      []Origin         // other places that explain it
	GoText       Value            // what go itself prints; empty if go says nothing
	Fixes        []FixOffer
	ContextID    string // shared by everything of one cause
}

// FixOffer names a fix that would help, with its arguments. Package fix turns
// it into a plan.
type FixOffer struct {
	ID   string
	Args map[string]Value
}

// VerdictKind is what we say of a problem.
type VerdictKind string

const (
	Phantom    VerdictKind = "phantom"
	Real       VerdictKind = "real"
	StaleGreen VerdictKind = "stale-green"
	NotBuild   VerdictKind = "not-build"
	Unknown    VerdictKind = "unknown"
)

// Cause of a phantom.
type Cause string

const (
	CauseEnv      Cause = "env"           // gopls runs with other values than the shell
	CauseStale    Cause = "stale"         // gopls has not looked again since the world changed
	CauseLayout   Cause = "layout"        // the file is in no module that gopls has loaded
	CauseVersion  Cause = "version"       // gopls was built with an older Go than the code is written for
	CauseExcluded Cause = "excluded-file" // build constraints keep the file out of the build, so no build sees it
)

// StaleKind is what of the world gopls has not seen.
type StaleKind string

const (
	StaleDeleted     StaleKind = "deleted-file"   // a file that is gone
	StaleGenerated   StaleKind = "new-file"       // a file that appeared or changed, such as a generated one
	StaleModule      StaleKind = "module-file"    // go.mod or go.sum
	StaleWorkspace   StaleKind = "workspace-file" // go.work or go.work.sum
	StaleVendor      StaleKind = "vendor"         // the vendor directory
	StaleModuleCache StaleKind = "module-cache"   // a module that was downloaded
	StaleEnvFile     StaleKind = "env-file"       // what "go env -w" writes
	StaleToolchain   StaleKind = "toolchain"      // the files of GOROOT
	StaleReplaced    StaleKind = "replaced"       // files of a directory that replaces a module
	StaleBranch      StaleKind = "branch"         // another branch was checked out, which changed files
	StaleSettings    StaleKind = "settings"       // a setting that changed and that gopls has not taken
	StaleBinary      StaleKind = "binary"         // the binary of gopls, whose place another one took
	StaleUnknown     StaleKind = "unknown"        // something; which is not known
)

// Staleness says what gopls has not seen, and since when it is so.
type Staleness struct {
	What  StaleKind
	File  string    // absolute path of what changed; "" if unknown
	Since time.Time // when it changed; zero if unknown

	// Witness is in one clause how the modules that gopls has loaded differ from
	// those that go has; "" if they do not, or gopls does not tell.
	Witness string
	Setting *SettingChange // of StaleSettings, what changed; File is where it stands now
}

// Verdict is what ground truth says about one problem.
type Verdict struct {
	Problem Problem
	Kind    VerdictKind
	Cause   Cause    // "" unless phantom
	Guilty  []Guilty // the variables that flip ground truth, all of them needed together
	Others  []Guilty // variables of which each does the same alone
	// Earlier and Lines are of a real problem: variables of the shell and lines of files
	// that, all together as they were earlier, make it go away. Of the variables, Editor
	// is what they are, and Shell what they were. Those in Vain need not be put back, and do
	// not help alone; or, where nothing helps, go says the same with all of them as they were.
	Earlier    []Guilty
	Lines      []PastLine
	Vain       Past
	Stale      *Staleness
	TrueReason Value  // what go list says where gopls hides it
	Why        string // one sentence: how it was decided, or why it could not be
	Fetch      bool   // what gopls lacks would have to be downloaded, which was not tried
	Waits      bool   // unknown only until the document is saved and gopls has looked at it
	Misleads   string // one sentence: what of gopls' own advice does not help here; "" if nothing
	Evidence   []Evidence
	Bisect     Bisect
	Fixes      []FixOffer
	Snapshot   int
	ContextID  string
}

// Bisect is what it took to find the guilty variables.
type Bisect struct {
	Differing int // variables that differ and can matter
	Runs      int // runs of ground truth
	Millis    int64
}

// PastLine is a fact of a go.mod or go.work that was otherwise when everything was
// green. Kind and Name are those that the baseline has for it.
type PastLine struct {
	Kind, Name string
	File       string // absolute path of the go.mod or go.work
	Line       int    // 1-based; 0 if it is not there any more, or in no file
	Of         string // what the line is about, such as a module path and a version; "" of a go line
	Was, Now   string // "" if there was or is no such line
}

// Label is the line for people, another one for each line: such as "require
// example.com/m (go.mod)".
func (l PastLine) Label() string {
	file, about := strings.TrimSuffix(l.Name, " "+l.Of), " "+l.Of
	switch l.Kind {
	case "go.work":
		return l.Kind
	case "use":
		file, about = filepath.Base(l.File), " "+l.Name
	case "vendor", "go line", "module":
		about = ""
	}
	return strings.TrimSuffix(l.Kind, " line") + about + " (" + file + ")"
}

// Past is what was otherwise when everything was green: variables, nil where one was not
// set, and lines of files.
type Past struct {
	Variables map[string]*Value
	Lines     []PastLine
}

// Guilty is a variable that makes the difference between red and green.
type Guilty struct {
	Variable string
	Editor   Setting // in gopls' environment
	Shell    Setting // in the environment the user builds with
}

// Evidence is one run of ground truth.
type Evidence struct {
	Env     EnvName
	Command string // for people; holds no values
	Outcome string // "green", "red" or "unknown"
	Text    Value  // what go said
	Millis  int64
}

// The mechanisms that know something of a cause.
const (
	MechanismTrace    = "trace"    // what go and gopls did and said
	MechanismBaseline = "baseline" // what changed since it worked
	MechanismContext  = "context"  // how it hangs together with everything else
)
