// Package world is the seam between Go Phantom and everything outside it:
// files, processes, commands, the clock, the environment and watching. It
// knows the operating system; it must not know what the facts mean, and it
// imports nothing else of this project.
//
// Every other package reaches the outside through a World it was given, so
// that a scenario can stand in for the machine (package worldtest).
package world

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"time"
)

// World is everything outside, as small interfaces.
type World struct {
	Files     Files
	Exec      Exec
	Processes Processes
	Clock     Clock
	Watch     Watch
	Net       Net
	Environ   []string // our own environment at start, "KEY=VALUE", names as VariableName gives them
	Dir       string   // our own working directory at start; "" if it was deleted
	Self      string   // absolute path of our own executable; "" if not known
	PID, PPID int
	UID       int    // the user we run as; -1 where users have no number
	GOOS      string // the platform whose rules apply to paths and shells

	// Registered returns the environment that Windows registers for new
	// programs, in the order of the names. Other systems have none: it is empty.
	Registered func(ctx context.Context) ([]RegisteredVariable, error)
}

// Files is the file system. Names are absolute paths. Reading fails with
// ErrStalled where a network file system does not answer for two seconds, and
// for ten more seconds at once.
type Files interface {
	// Open opens a regular file for reading. The caller closes it. Anything
	// that could block or never end (a pipe, a device) is ErrNotRegular.
	Open(name string) (File, error)
	// ReadFile reads a whole file of at most MaxFile bytes; a larger one is
	// ErrTooLarge. Errors wrap fs.ErrNotExist and fs.ErrPermission as usual.
	ReadFile(name string) ([]byte, error)
	Stat(name string) (fs.FileInfo, error)
	ReadDir(name string) ([]fs.DirEntry, error)
	// EvalSymlinks resolves every link in name.
	EvalSymlinks(name string) (string, error)
	// Writable returns nil if we may change an existing file, or make files in
	// an existing directory, and creates nothing to find out. Otherwise the
	// error wraps fs.ErrPermission (a read-only file system included) or
	// fs.ErrNotExist. On Windows only the read-only attribute of a file tells:
	// its directories, and lists of who may do what, are not looked at.
	Writable(name string) error
	// ReplaceFile writes data atomically, creating parent directories, keeping
	// the mode of an existing file and following symlinks. It fails with
	// ErrChanged when the file's content is not want any more; want is nil if
	// the file must not exist yet. A read-only file, and one whose owner we
	// cannot keep, are refused with fs.ErrPermission.
	ReplaceFile(name string, want, data []byte) error
	// RemoveFile removes a file, or the symlink that it is. It fails with
	// ErrChanged when the file's content is not want any more.
	RemoveFile(name string, want []byte) error
	// RemoveEmptyDir removes a directory that is empty, and no symlink to one.
	RemoveEmptyDir(name string) error
	// CreatePrivate makes a new file that only its user may read, atomically,
	// and parent directories of the same kind. It fails with fs.ErrExist when
	// there is a file of that name.
	CreatePrivate(name string, data []byte) error
	// AppendPrivate adds data to the end of a file that only its user may read,
	// which it makes if there is none, with parent directories of the same kind. What
	// several processes add at once stands one behind the other.
	AppendPrivate(name string, data []byte) error
	// MkdirTemp makes a private directory that the caller removes.
	MkdirTemp(pattern string) (string, error)
	// WriteTemp writes a file inside a directory made by MkdirTemp.
	WriteTemp(name string, data []byte) error
	// RemoveTemp removes a directory made by MkdirTemp with all it holds, also
	// where the go command made it read-only.
	RemoveTemp(dir string) error
}

// File is an open file.
type File interface {
	io.Reader
	io.ReaderAt
	io.Closer
}

// MaxFile is the most that ReadFile reads, in bytes.
const MaxFile = 64 << 20

// Errors of the seam, for errors.Is.
var (
	ErrTooLarge = errors.New("file is too large to read")
	ErrChanged  = errors.New("file changed since the preview")
	ErrTimeout  = errors.New("command did not finish in time")
	ErrNotFound = errors.New("executable not found")

	// ErrStalled means that a file system does not answer.
	ErrStalled    = errors.New("the file system does not answer")
	ErrNotRegular = errors.New("not a regular file")
	ErrNoProcess  = errors.New("process does not exist")
	ErrHidden     = errors.New("the system does not reveal it")
)

// Exec runs commands.
type Exec interface {
	// Run runs a command to its end and returns what it printed. A non-zero
	// exit is not an error: it is Result.Code. On timeout or cancellation the
	// whole process tree is killed and the error wraps ErrTimeout or ctx's
	// error; Result then holds what was printed until then. The child gets no
	// standard input but Command.Stdin, and its own session (on Windows, process group). What it
	// left running after a normal exit is left alone and not waited for.
	// ErrNotFound means that Path is missing.
	Run(ctx context.Context, cmd Command) (Result, error)

	// Start starts a command to talk to while it runs: what is written to the
	// Child is its standard input, what is read from it its standard output. When
	// ctx is done, or after Command.Timeout (here 0 means never), the whole
	// process tree is killed. The caller must Close the Child. Command.Stdin,
	// OnTrace and OnStderr do not count; the errors are those of Run.
	Start(ctx context.Context, cmd Command) (Child, error)
}

// Child is a command that was started. Reading and writing fail once it has
// ended and everything that it printed was read; then nothing blocks any more.
// A write blocks while the command does not read.
type Child interface {
	io.Reader
	io.Writer
	PID() int
	// CloseInput ends its standard input.
	CloseInput() error
	// Done is closed once the command has ended.
	Done() <-chan struct{}
	// Close kills the whole process tree, if it still runs, and waits for the
	// end. Result holds the exit code (-1 if it was killed), the beginning of
	// the standard error and the time it lived; nothing of the standard output.
	// The error is that of Run: the one of ctx or ErrTimeout if that ended it.
	// Every call returns the same.
	Close() (Result, error)
}

// Command is one command to run.
type Command struct {
	Path      string // absolute
	Args      []string
	Dir       string
	Env       []string      // the complete environment, "KEY=VALUE"
	Stdin     []byte        // nil means none
	Timeout   time.Duration // 0 means DefaultTimeout; NoTimeout means never
	MaxOutput int           // bytes kept of each stream; 0 means DefaultMaxOutput

	// What a user runs through us is handed through as it is: Input is the standard
	// input in place of Stdin, and Stdout and Stderr, where set, get what it prints
	// as it comes, in place of Result. Grace is how long the process group is given
	// to end by itself, after an interrupt, when ctx is done; 0 means none.
	Input          io.Reader
	Stdout, Stderr io.Writer
	Grace          time.Duration

	// OnStderr, if set, is told every line of the standard error as it comes,
	// without its newline, at most MaxLine bytes of it; Result.Stderr stays
	// empty. OnTrace is told the lines that the command writes to descriptor
	// TraceFD, which it has only then (not on Windows). Neither may keep the
	// line; they are not called any more once Run has returned.
	OnStderr, OnTrace func(line []byte)
}

// TraceFD is the descriptor for OnTrace: beyond those that start-up files use
// (single digits), that shells save theirs in (from 10) and hand to process
// substitutions (from 63 downwards).
const TraceFD = 97

// MaxLine is the most bytes of one line that OnStderr and OnTrace are told.
const MaxLine = 1 << 20

// Defaults of Command.
const (
	DefaultTimeout   = 10 * time.Second
	NoTimeout        = time.Duration(-1)
	DefaultMaxOutput = 32 << 20
)

// Result is what a command did.
type Result struct {
	Stdout, Stderr []byte
	Code           int  // exit code; -1 if killed
	Truncated      bool // more was printed than kept
	Elapsed        time.Duration
}

// Processes looks at other processes.
type Processes interface {
	// Descendants returns the processes below root, not root itself, parents
	// before their children. What cannot be read of a process is left zero.
	Descendants(ctx context.Context, root int) ([]Process, error)
	// List returns the processes that can be seen and for which named holds, in
	// the order of their numbers. It is asked with the base name of what was
	// executed, without ".exe"; nil means all. The processes that it does not hold
	// for cost next to nothing. What cannot be read of a process is left zero, as
	// is all but the numbers and the command line of another user's process.
	List(ctx context.Context, named func(name string) bool) ([]Process, error)
	// WorkDir returns the working directory of a process. Errors are those of
	// Environ.
	WorkDir(ctx context.Context, pid int) (string, error)
	// Wait returns nil once a process has ended, or the error of ctx. It is
	// told by the system; only where that cannot tell (Linux before 5.3, a
	// sandbox that forbids pidfd_open) it looks every two seconds.
	Wait(ctx context.Context, pid int) error
	// Environ returns the environment a process was started with, "KEY=VALUE",
	// in its order, names as VariableName gives them. Errors wrap ErrNoProcess,
	// fs.ErrPermission and ErrHidden.
	Environ(ctx context.Context, pid int) ([]string, error)
	// Alive reports whether a process exists.
	Alive(pid int) bool
}

// Process is one process.
type Process struct {
	PID, PPID int
	Exe       string // absolute path of the binary; "" if not known. Linux adds " (deleted)" if it was replaced.
	Args      []string
	Started   time.Time
}

// Clock tells and waits.
type Clock interface {
	Now() time.Time
	// After sends the time once d has passed.
	After(d time.Duration) <-chan time.Time
}

// Watch tells about changes of files.
type Watch interface {
	// Files makes a watch that nothing is in yet. It ends when ctx is done. An
	// error means that nothing can be watched.
	Files(ctx context.Context) (FileWatch, error)
}

// FileWatch tells which of a set of named files may have changed, appeared or
// vanished: also through a symlink, an atomic replace, or a directory on the
// way that vanished or returned. The files, and the directories they are in,
// need not exist; a directory that we may not read is not watched.
type FileWatch interface {
	// Set replaces the set of names, absolute paths. A name that ends in a
	// separator means every entry directly in that directory. Names that stay
	// keep their watches and lose no event. What changes after Set returned is
	// reported; so is a name new in the set whose file changed since the Set
	// before (at first: since the watch was made), for whoever asks may have
	// read it earlier.
	Set(names []string)
	// Events sends the given names of what may have changed. Those of one name
	// coalesce while nobody receives. It is closed when the watch ends.
	Events() <-chan string
	// Polled returns the names that are looked at every two seconds or more
	// rarely, because the limits of the system are reached or because their
	// file system does not tell what other machines do; nil as a rule.
	Polled() []string
}
