// Package fix makes typed plans of cures: what a fix would change, how that
// looks before it is done, and how it is undone. It reads files to make a
// plan, and a plan changes nothing: the engine carries it out, with FileEdit.Write
// where a file is changed on disk. It must not know who asked.
package fix

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// The ids of the fixes, with the arguments each takes.
const (
	ReloadGopls       = "reload-gopls"      // no arguments
	ReloadBySetting   = "reload-by-setting" // no arguments
	RestartGopls      = "restart-gopls"     // no arguments
	RestartExtensions = "restart-extension-host"
	RebuildGopls      = "rebuild-gopls" // no arguments
	WorkUse           = "work-use"      // dir: of the module
	OpenModule        = "open-module"   // dir: of the module

	Unmask        = "unmask"          // variable
	SessionEnv    = "session-env"     // variable: one, or several with commas
	UseShellValue = "use-shell-value" // variable: one, or several with commas
	FixPattern    = "fix-pattern"     // variable
	Relaunch      = "relaunch"        // no arguments needed; always by hand
	SetVariable   = "set-variable"    // variable, value, environment
	UnsetVariable = "unset-variable"  // variable, environment
	AddPattern    = "add-pattern"     // variable, modules (their paths, with commas), environment
	RunCommand    = "run-command"     // command, dir, why; always by hand
	ByHand        = "by-hand"         // title, text; always by hand
)

// StepKind says what a step does.
type StepKind string

const (
	StepEditFile       StepKind = "edit-file"
	StepUnsetEditorEnv StepKind = "unset-editor-env"
	StepSetEditorEnv   StepKind = "set-editor-env"
	StepRestartGopls   StepKind = "restart-gopls"
	StepReloadGopls    StepKind = "reload-gopls"
	StepInstallGopls   StepKind = "install-gopls"
	StepAddFolder      StepKind = "add-folder"

	StepRestartExtensions StepKind = "restart-extension-host"
)

// Step is one thing to do, in order.
type Step struct {
	Kind    StepKind
	Names   []string          // unset-editor-env
	Values  map[string]string // set-editor-env; may be secret
	Edit    *FileEdit         // edit-file
	Folders []string          // reload-gopls: workspace folders; add-folder: the one to add
}

// FileEdit changes one file.
type FileEdit struct {
	File  string
	Want  []byte // the content the edit was made for; nil: the file does not exist
	Edits []TextEdit
	After []byte // the content with the edits applied
	// Delete tells to delete the file instead, where that can be done: the edits
	// only empty it. An undo does so with a file that its cure has created.
	Delete bool
	// OnDisk tells to write After to the file itself. An editor that opens the
	// file as a document would make its line endings alike, and go takes a
	// carriage return in its file for a part of the value.
	OnDisk bool
	// Dir is a directory that the cure has made for the file, for an undo to
	// remove if nothing is left in it; "" if there is none.
	Dir string
}

// TextEdit replaces a range, counted as in LSP.
type TextEdit struct {
	Range   model.Range
	NewText string
}

// Write carries the edit out on disk. It fails with world.ErrChanged when the
// file is not what the edit was made for.
func (e FileEdit) Write(w *world.World) error {
	if e.Delete {
		return w.Files.RemoveFile(e.File, e.Want)
	}
	return w.Files.ReplaceFile(e.File, e.Want, e.After)
}

// Plan is a cure that has not been carried out.
type Plan struct {
	ID              string
	Title           string // short imperative sentence, safe to show
	Steps           []Step
	Undo            []Step // takes the steps back; see Reversible
	Preview         string // unified diff or a sentence, safe to show
	Reversible      bool   // nothing that lasts is left after Undo
	WeakensSecurity bool   // a check of what is downloaded, or of where from, gets weaker
	Disabled        string // why it cannot be carried out, one sentence; "" if it can
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

// Make plans the fix on offer for the snapshot. show makes values and lines of
// files safe to show. A plan that cannot be carried out now says so in
// Disabled; the error is for offers that make no sense, and for files that
// changed since the snapshot (world.ErrChanged) or cannot be read.
func Make(w *world.World, s *model.Snapshot, offer model.FixOffer, show func(model.Value) string) (Plan, error) {
	m := maker{w: w, s: s, show: show, variable: offer.Args["variable"].Reveal(), envName: model.EnvName(offer.Args["environment"].Reveal())}
	switch offer.ID {
	case RestartGopls:
		return m.restartGopls(), nil
	case Relaunch:
		return m.relaunch(), nil
	case ReloadGopls:
		return m.reloadGopls(), nil
	case ReloadBySetting:
		return m.reloadBySetting()
	case RestartExtensions:
		return m.restartExtensions(), nil
	case RebuildGopls:
		return m.rebuildGopls(), nil
	case WorkUse:
		return m.workUse(offer.Args["dir"].Reveal())
	case OpenModule:
		return m.openModule(offer.Args["dir"].Reveal())
	case RunCommand, ByHand:
		return m.byHand(offer.ID, offer.Args)
	}
	if m.variable == "" {
		return Plan{ID: offer.ID}, fmt.Errorf("the fix %q lacks its variable", offer.ID)
	}
	switch offer.ID {
	case Unmask:
		return m.unmask(), nil
	case SessionEnv:
		return m.sessionEnv(), nil
	case UseShellValue:
		return m.useShellValue()
	case FixPattern:
		return m.fixPattern()
	case SetVariable:
		return m.setVariable(offer.Args["value"].Reveal())
	case UnsetVariable:
		return m.unsetVariable()
	case AddPattern:
		return m.addPattern(slices.DeleteFunc(strings.Split(offer.Args["modules"].Reveal(), ","), func(path string) bool { return path == "" }))
	}
	return Plan{ID: offer.ID}, fmt.Errorf("there is no fix %q", offer.ID)
}

// maker makes one plan.
type maker struct {
	w        *world.World
	s        *model.Snapshot
	show     func(model.Value) string
	variable string        // one, or for some fixes several with commas
	envName  model.EnvName // the environment that the fix is for; "" if the offer names none
}

// disabled turns a plan into one that cannot be carried out.
func disabled(p Plan, format string, args ...any) Plan {
	p.Steps, p.Undo, p.Preview = nil, nil, ""
	p.Disabled = fmt.Sprintf(format, args...)
	return p
}

// manual turns a plan into one that only the user can carry out.
func manual(p Plan, format string, args ...any) Plan {
	p.Steps, p.Undo, p.Reversible = nil, nil, false
	p.Manual = fmt.Sprintf(format, args...)
	p.Preview = p.Manual
	return p
}

// place names an origin for people.
func place(o model.Origin) string {
	switch {
	case o.File != "" && o.Line > 0:
		return fmt.Sprintf("%s:%d", o.File, o.Line)
	case o.File != "":
		return o.File
	}
	return string(o.Layer)
}
