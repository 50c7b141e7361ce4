// Package engine is the loop: facts become a snapshot, rules and ground truth
// judge it, a cure changes the world, and a newer snapshot tells whether it
// helped. It knows the order of things; it must not know LSP or flags.
package engine

import (
	"context"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world"
)

// Captured are environments given by the user instead of observed ones, as
// variables by environment.
type Captured map[model.EnvName]map[string]string

// Request says what to look at in one shot (the command line).
type Request struct {
	Dir      string
	Captured Captured
	Problems []model.Problem   // captured problems to judge; nil: none
	Overlays map[string]string // captured unsaved documents: absolute path → text
}

// Observe takes one snapshot without an editor. Commands run only when the
// snapshot needs them; nothing reaches the network.
func Observe(ctx context.Context, w *world.World, req Request) (*model.Snapshot, error) {
	panic("not yet")
}

// Assessment is everything we say about one snapshot.
type Assessment struct {
	Snapshot *model.Snapshot
	Findings []model.Finding
	Verdicts []model.Verdict
	Unknown  []report.Unknown
}

// Check judges a snapshot: rules first, then ground truth for its problems.
func Check(ctx context.Context, w *world.World, s *model.Snapshot) Assessment {
	panic("not yet")
}

// Report renders an assessment.
func (a Assessment) Report(w *world.World) report.Report { panic("not yet") }

// EditorFacts is what the editor told, in model terms.
type EditorFacts struct {
	Trusted   bool
	ClientPID int
	Env       map[string]string // the extension host's environment now
	Folders   []string
	Settings  []SettingsScope
	Problems  []model.Problem
	Dirty     []string
	Extension *model.GoExtension
	Editor    model.Editor
}

// SettingsScope is one scope of the editor's settings.
type SettingsScope struct {
	Scope  string
	File   string
	Values map[string][]byte // raw JSON by full key
}

// Update is what the loop publishes.
type Update struct {
	Report   report.Report
	Busy     bool   // looking or judging; Report is the last finished one
	Ready    bool   // at least one snapshot was judged
	Headline string // one sentence, safe to show
	Details  []string
	Cure     string // title of the best cure, "" if none
	Trusted  bool
}

// Host is the editor side of a cure.
type Host interface {
	// UnsetEnv removes names from the extension host's environment and
	// returns what they were (nil: not set).
	UnsetEnv(ctx context.Context, names []string) (previous map[string]*string, err error)
	// SetEnv sets names there and returns what they were.
	SetEnv(ctx context.Context, values map[string]string) (previous map[string]*string, err error)
	// RestartGopls asks the Go extension to restart gopls and waits for it.
	RestartGopls(ctx context.Context) error
	// ApplyEdit shows and applies an edit; applied is false if the user declined.
	ApplyEdit(ctx context.Context, edit Edit) (applied bool, err error)
	// Progress reports what is being done, for people.
	Progress(message string)
}

// Edit is a change of one file.
type Edit struct {
	Label  string
	File   string
	Want   []byte // content the edit was made for
	Edits  []TextEdit
	Create bool // the file does not exist yet
}

// TextEdit replaces a range.
type TextEdit struct {
	Range   model.Range
	NewText string
}

// CureResult tells how a cure went.
type CureResult struct {
	Outcome string // "cured", "not-cured", "declined", "refused", "nothing", "undone"
	Message string
	Millis  int64
	Next    string
}

// FixRequest names one offered fix of one snapshot.
type FixRequest struct {
	Fix       string
	Args      map[string]string
	Snapshot  int
	ContextID string
}

// Loop is the live engine of one client.
type Loop struct{}

// NewLoop makes a loop that publishes through publish, which must not block.
func NewLoop(w *world.World, publish func(Update)) *Loop { panic("not yet") }

// Run works until ctx is done.
func (l *Loop) Run(ctx context.Context) {}

// Facts hands over the newest facts of the editor; it never blocks.
func (l *Loop) Facts(f EditorFacts) {}

// Recheck looks again and returns when judged.
func (l *Loop) Recheck(ctx context.Context) (Update, error) { panic("not yet") }

// Cure runs the best cure of the current findings and verdicts.
func (l *Loop) Cure(ctx context.Context, h Host) CureResult { panic("not yet") }

// Fix runs one offered fix.
func (l *Loop) Fix(ctx context.Context, h Host, r FixRequest) CureResult { panic("not yet") }

// Undo undoes the last cure.
func (l *Loop) Undo(ctx context.Context, h Host) CureResult { panic("not yet") }
