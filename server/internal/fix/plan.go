// Package fix makes typed plans of cures: what a fix would change, how that
// looks before it is done, and how it is undone. It must not know who asked.
package fix

import "github.com/gophantom/gophantom/server/internal/model"

// The ids of the fixes.
const (
	RestartGopls  = "restart-gopls"   // no arguments
	Unmask        = "unmask"          // variable
	UseShellValue = "use-shell-value" // variable
	FixPattern    = "fix-pattern"     // variable
)

// StepKind says what a step does.
type StepKind string

const (
	StepEditFile       StepKind = "edit-file"
	StepUnsetEditorEnv StepKind = "unset-editor-env"
	StepSetEditorEnv   StepKind = "set-editor-env"
	StepRestartGopls   StepKind = "restart-gopls"
)

// Step is one thing to do, in order.
type Step struct {
	Kind   StepKind
	Names  []string          // unset-editor-env
	Values map[string]string // set-editor-env
	Edit   *FileEdit         // edit-file
}

// FileEdit changes one file.
type FileEdit struct {
	File  string
	Want  []byte // the content the edit was made for; nil: the file does not exist
	Edits []TextEdit
	After []byte // the content with the edits applied
}

// TextEdit replaces a range, counted as in LSP.
type TextEdit struct {
	Range   model.Range
	NewText string
}

// Plan is a cure that has not been carried out.
type Plan struct {
	ID              string
	Title           string // short imperative sentence, safe to show
	Steps           []Step
	Undo            []Step // takes the steps back; see Reversible
	Preview         string // unified diff or a sentence, safe to show
	Reversible      bool
	WeakensSecurity bool
	Disabled        string // why it cannot be carried out; "" if it can
	Manual          string // what the user has to do by hand; "" if nothing
}

// Kind is "edit" for a plan that changes a file, "manual" for one that only
// the user can carry out, else "action".
func (p Plan) Kind() string {
	switch {
	case p.Manual != "" && len(p.Steps) == 0:
		return "manual"
	case len(p.Steps) > 0 && p.Steps[0].Kind == StepEditFile:
		return "edit"
	}
	return "action"
}
