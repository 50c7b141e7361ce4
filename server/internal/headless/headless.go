// Package headless runs a gopls of its own, without an editor, and tells what
// it shows. It knows how to talk to gopls as a client and when it has said
// everything; it must not know what is wrong with what it says.
//
// gopls is not trusted to behave: it may hang, crash, never come to rest, or
// print what is no message. Everything is bounded and gives a reason.
package headless

import (
	"context"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// Defaults of Options.
const (
	// DefaultTimeout is long enough for gopls to load a large workspace with
	// empty caches.
	DefaultTimeout = 2 * time.Minute
	// DefaultQuiet is more than the second that gopls waits after a change
	// before it says what it thinks of the whole workspace.
	DefaultQuiet = 1300 * time.Millisecond
)

// Options say which gopls to run, and how.
type Options struct {
	Program string            // absolute path of gopls
	Env     map[string]string // its complete environment
	Dir     string            // the workspace folder, absolute; gopls is started there
	Folders []string          // more workspace folders, absolute

	GoplsEnv   map[string]string // its setting build.env
	BuildFlags []string          // its setting build.buildFlags
	Settings   map[string]any    // further settings of gopls, by name

	Open     []string          // files to open, absolute
	Overlays map[string]string // unsaved texts by absolute path; these files are opened, too

	// Timeout is how long gopls may take to get ready, and then each time to
	// come to rest; 0 means DefaultTimeout.
	Timeout time.Duration
	// Quiet is how long gopls must not have said anything, once it has nothing
	// to do that it tells of; 0 means DefaultQuiet.
	Quiet time.Duration
}

// Result is what gopls shows at one moment.
type Result struct {
	Problems []model.Problem   // sorted by file and position
	Views    []model.GoplsView // nil if this gopls does not tell

	Version   string // such as "v0.23.0"; "" if it did not say
	GoVersion string // the Go that built it, such as "go1.26.8"
	PID       int
	Started   time.Time

	// Incomplete says in one sentence why the problems may not be all, or not be
	// those of now; "" if gopls came to rest. It may quote gopls.
	Incomplete string
	Crashed    bool // gopls ended, or said what is no message
	TimedOut   bool // gopls did not come to rest in time

	// Log is the beginning of what gopls logged and of the messages it showed, as
	// they are: they may hold values of the environment.
	Log string
}

// Run starts gopls, waits until it has said everything, ends it, and returns
// what it shows. An error means that there is nothing to show: gopls could not
// be started, or did not even answer the greeting, or ctx is done. A gopls that
// fails later gives what it had said, and Result.Incomplete.
func Run(ctx context.Context, w *world.World, opt Options) (Result, error) {
	s, err := Start(ctx, w, opt)
	if err != nil {
		return Result{}, err
	}
	defer s.Close()
	return s.Problems(ctx)
}
