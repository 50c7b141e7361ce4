// Package engine is the loop: facts become a snapshot, rules and ground truth
// judge it, a cure changes the world, and a newer snapshot tells whether it
// helped. It knows the order of things; it must not know LSP or flags.
package engine

import (
	"context"

	"github.com/gophantom/gophantom/server/internal/fix"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/observe"
	"github.com/gophantom/gophantom/server/internal/report"
)

// EditorFacts is what the editor told, in model terms.
type EditorFacts struct {
	Trusted   bool
	ClientPID int
	Env       map[string]string // the extension host's environment now; nil if it did not say
	Folders   []string          // absolute paths
	Settings  []SettingsScope
	Problems  []model.Problem
	Dirty     []string
	Views     []model.GoplsView   // what gopls said; nil if it was not asked
	Loads     []model.GoplsModule // the main modules of these views; nil if gopls does not tell
	// ViewsAsked counts the times that gopls was asked for its views.
	ViewsAsked int
	Focused    bool   // the window has the focus
	LogFolder  string // of our own logs; those of the Go extension are beside it. "" if it is not known
	Extension  *model.GoExtension
	Editor     model.Editor
	// Untold says that the editor does not tell what gopls shows in it: Problems
	// mean nothing, and Loop.Show finds some.
	Untold bool
	// FleetEndpoint is where the counts of this machine are sent, see package
	// fleet; "" for nowhere, as a rule.
	FleetEndpoint string
}

// SettingsScope is one scope of the editor's settings.
type SettingsScope = observe.SettingsScope

// Update is what the loop publishes.
type Update struct {
	Report   report.Report
	Busy     bool   // looking or judging; Report is the last finished one
	Ready    bool   // at least one snapshot was judged
	Headline string // one sentence, safe to show
	Details  []string
	Cure     string // title of the best cure, "" if none
	Trusted  bool
	Undoable bool  // there is a cure that can be undone
	Sync     Sync  // whether gopls has the environment of the shell
	Gopls    []int // the processes of the gopls that run in the editor, and of daemons behind them
}

// Sync tells whether gopls has the environment of the shell, as far as it
// matters to Go.
type Sync string

const (
	SyncYes     Sync = "yes"
	SyncNo      Sync = "no"
	SyncUnknown Sync = "unknown" // one of them could not be read completely
)

// Host is the editor side of a cure.
type Host interface {
	// UnsetEnv removes names from the extension host's environment.
	UnsetEnv(ctx context.Context, names []string) error
	// SetEnv sets names there.
	SetEnv(ctx context.Context, values map[string]string) error
	// RestartGopls asks the Go extension to restart gopls and waits for it.
	RestartGopls(ctx context.Context) error
	// ReloadGopls has gopls load the given workspace folders anew, without a
	// restart, and returns when they are loaded.
	ReloadGopls(ctx context.Context, folders []string) error
	// InstallGopls has the Go extension build and install gopls, and start it.
	InstallGopls(ctx context.Context) error
	// RestartExtensionHost has the editor restart its extensions. It returns
	// before they end, and we with them.
	RestartExtensionHost(ctx context.Context) error
	// AddFolder adds a folder to the workspace. An editor that shows one folder
	// restarts its extensions for that, too.
	AddFolder(ctx context.Context, folder string) error
	// ApplyEdit applies an edit and saves the file; applied is false if the
	// editor or the user declined.
	ApplyEdit(ctx context.Context, edit Edit) (applied bool, err error)
	// Confirm shows what will be done and asks whether to go on. edits are the
	// changes of files among it.
	Confirm(ctx context.Context, title, preview string, edits []Edit) (ok bool, err error)
	// Progress reports what is being done, for people.
	Progress(message string)
}

// Edit is a change of one file, with a label for people.
type Edit struct {
	Label string
	fix.FileEdit
}

// CureResult tells how a cure went.
type CureResult struct {
	Outcome  string // "cured", "not-cured", "by-hand", "declined", "refused", "nothing", "undone", "restarting"
	Message  string // one sentence for people
	Millis   int64
	Next     string // title of the next rung, "" if none
	Undoable bool   // there is a cure that can be undone

	ContextID string // of the cause that was to be cured; "" if there was none
}

// FixRequest names one offered fix of one snapshot.
type FixRequest struct {
	Fix       string
	Args      map[string]string
	Snapshot  int
	ContextID string
}
