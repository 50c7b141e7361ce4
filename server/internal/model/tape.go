package model

import "time"

// Tape is what ground truth asked a machine about the problems of a snapshot, and
// what it was told: enough to judge them again on another machine. Of sources it
// holds what a verdict reads: constraints, imports, and the lines of problems.
type Tape struct {
	Files  []TapeFile // by name
	Runs   []TapeRun
	Unseen bool // go was also asked about what gopls does not show
}

// TapeFile is one file or directory that was looked at.
type TapeFile struct {
	Path    string
	Missing bool
	Real    string // what it is with every link resolved; "" if nobody asked
	Dir     bool
	Mode    uint32
	Size    int64
	Written time.Time
	Read    bool
	Content string
	Listed  bool
	Entries []TapeEntry
}

// TapeEntry is one entry of a directory.
type TapeEntry struct {
	Base string
	Dir  bool
}

// TapeRun is one run of the go command. The directories for temporary files have
// one name in all runs.
type TapeRun struct {
	Args     []string
	Dir      string
	Env      []TapeVariable
	Packages []Listed // what it printed
	Stderr   string
	Code     int
	Millis   int64
	TimedOut bool
	Failed   bool // it could not be run
}

// TapeVariable is one variable of an environment.
type TapeVariable struct {
	Name  string
	Value string
}

// Listed is what "go list -json" prints of a package.
type Listed struct {
	ImportPath string        `json:",omitzero"`
	Dir        string        `json:",omitzero"`
	ForTest    string        `json:",omitzero"`
	Standard   bool          `json:",omitzero"`
	DepOnly    bool          `json:",omitzero"`
	Incomplete bool          `json:",omitzero"`
	Error      *ListError    `json:",omitzero"`
	DepsErrors []*ListError  `json:",omitzero"`
	Module     *ListedModule `json:",omitzero"`

	GoFiles        []string `json:",omitzero"`
	CgoFiles       []string `json:",omitzero"`
	TestGoFiles    []string `json:",omitzero"`
	XTestGoFiles   []string `json:",omitzero"`
	InvalidGoFiles []string `json:",omitzero"`
	IgnoredGoFiles []string `json:",omitzero"`
}

// ListError is one error of a package.
type ListError struct {
	ImportStack []string `json:",omitzero"`
	Pos         string   `json:",omitzero"`
	Err         string   `json:",omitzero"`
}

// ListedModule is the module of a package.
type ListedModule struct {
	Path    string `json:",omitzero"`
	Version string `json:",omitzero"`
	Dir     string `json:",omitzero"`
}
