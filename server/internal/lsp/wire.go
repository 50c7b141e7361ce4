package lsp

import "encoding/json"

// The payloads of the custom methods. docs/protocol.md describes them;
// extension/src/protocol.gen.ts is generated from them.

// InitOptions are the initializationOptions a client may send.
type InitOptions struct {
	EditorActions []string `json:"editorActions,omitzero"`
	EditorName    string   `json:"editorName,omitzero"`
	RunsGopls     bool     `json:"runsGopls,omitzero"` // the editor itself starts gopls; no Go extension does
	CodeLens      bool     `json:"codeLens,omitzero"`  // it wants the routes of modules as code lenses in go.mod
}

// EditorFacts is what only the editor knows: params of gophantom/editorFacts.
type EditorFacts struct {
	Trusted     bool              `json:"trusted"`
	Env         map[string]string `json:"env"`     // the extension host's process.env now, allow-listed names only
	Folders     []string          `json:"folders"` // absolute paths
	Settings    []SettingsFile    `json:"settings"`
	Problems    []FileProblems    `json:"problems"` // gopls' problems, by document
	Dirty       []string          `json:"dirty"`    // absolute paths with unsaved changes
	GoExtension *GoExtensionFacts `json:"goExtension"`
	Views       []View            `json:"views,omitzero"`      // what gopls.views answered; absent if it was not asked
	ViewsAsked  int               `json:"viewsAsked,omitzero"` // how many times gopls was asked for them; one more tells that they are still these
	Modules     []LoadedModule    `json:"modules,omitzero"`    // what gopls.modules answered for the folders then; absent if it was not asked
	Remote      string            `json:"remote"`              // vscode.env.remoteName, "" if local
	Web         bool              `json:"web"`                 // the window is a browser's
	Focused     bool              `json:"focused"`             // the window has the focus
	// LogFolder is where the editor keeps our logs, as an absolute path: those of
	// the Go extension and gopls are beside it.
	LogFolder string `json:"logFolder,omitzero"`
	// FleetEndpoint is the setting of that name, "" or absent where the editor's
	// telemetry is off.
	FleetEndpoint string `json:"fleetEndpoint,omitzero"`
}

// SettingsFile is what one scope of the editor's settings says about Go.
type SettingsFile struct {
	Scope  string                     `json:"scope"`  // "user", "workspace" or "folder"
	File   string                     `json:"file"`   // absolute path; "" if it cannot be known
	Folder string                     `json:"folder"` // absolute path of the workspace folder it is for; "" if it is for all
	Values map[string]json.RawMessage `json:"values"` // full keys such as "go.toolsEnvVars", as set in this scope
}

// FileProblems are the problems that gopls shows in one document.
type FileProblems struct {
	File  string          `json:"file"` // absolute path
	Items []EditorProblem `json:"items"`
	// Version is the document's version now and Published the one it had when
	// gopls last published its problems; null if the document is not open.
	Version   *int `json:"version"`
	Published *int `json:"published"`
}

// EditorProblem is one diagnostic. Positions count from 0, characters in
// UTF-16 code units.
type EditorProblem struct {
	StartLine int    `json:"startLine"`
	StartChar int    `json:"startChar"`
	EndLine   int    `json:"endLine"`
	EndChar   int    `json:"endChar"`
	Severity  int    `json:"severity"` // LSP: 1 error … 4 hint
	Source    string `json:"source"`
	Code      string `json:"code"`
	Message   string `json:"message"`
}

// GoExtensionFacts describe the extension that claims the id golang.go.
type GoExtensionFacts struct {
	Version           string `json:"version"`
	Active            bool   `json:"active"`
	UseLanguageServer bool   `json:"useLanguageServer"`
	Go                string `json:"go"`    // path of the go it runs, "" if it does not say
	Gopls             string `json:"gopls"` // path of the gopls it runs, "" if it does not say
}

// View is one view of gopls.
type View struct {
	ID     string `json:"id"`
	Type   string `json:"type"`   // "GoWork", "GoMod", "GOPATH", "GoPackagesDriver" or "AdHoc"
	Root   string `json:"root"`   // absolute path
	Folder string `json:"folder"` // absolute path of the workspace folder
}

// LoadedModule is a main module that gopls has loaded.
type LoadedModule struct {
	Path  string `json:"path"`
	GoMod string `json:"goMod"` // absolute path
}

// Status is the params of gophantom/status.
type Status struct {
	Health   string       `json:"health"` // "ok", "warning", "error", "unknown"
	Ready    bool         `json:"ready"`  // false while warming up or checking
	Snapshot int          `json:"snapshot"`
	Counts   StatusCounts `json:"counts"`
	Headline string       `json:"headline"` // one sentence, the most important thing to know
	Details  []string     `json:"details"`  // one sentence each, for a tooltip
	Cure     string       `json:"cure"`     // title of what gophantom.cure would do now; "" if nothing
	Trusted  bool         `json:"trusted"`
	Undoable bool         `json:"undoable"`       // there is a cure that gophantom.undo would take back
	Gopls    []int        `json:"gopls,omitzero"` // the processes of the gopls that run in the editor
	Checked  string       `json:"checked"`        // when Snapshot was taken, RFC 3339; "" if nothing was looked at yet
	Sync     string       `json:"sync"`           // whether gopls has the environment of the shell: "yes", "no", "unknown"
	Events   string       `json:"events"`         // changes with the history
	Etag     string       `json:"etag"`
}

// StatusCounts count verdicts and findings.
type StatusCounts struct {
	Phantom  int `json:"phantom"`
	Real     int `json:"real"`
	Unknown  int `json:"unknown"`
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
	Infos    int `json:"infos"`
}

// Tree is the answer to gophantom/tree: everything that was found, ready to be
// shown line by line. Every text in it is safe to show.
type Tree struct {
	Snapshot int        `json:"snapshot"`
	Roots    []TreeNode `json:"roots"` // "findings", "environments", "routes", "toolchains" and "history", in this order
}

// TreeNode is one line of a Tree.
type TreeNode struct {
	ID string `json:"id"` // the same for the same thing in the next Tree
	// Kind says what it is: "root"; "error", "warning", "info" (findings by
	// severity); "phantom", "real", "stale-green", "unknown" (problems by verdict, and
	// what is not known); "cure", "by-hand" (fixes); "origin"; "environment",
	// "environment-unknown"; "difference", "difference-idle" (one that does not
	// matter); "value", "value-unset"; "route-ok", "route-info", "route-warn",
	// "route-fail", "route-unknown", "step"; "toolchain", "program"; "changed",
	// "found", "gone", "verdict", "cured", "cure-failed", "undone" (events);
	// "cures", "carried-out" (cures of the past); "more" (how much was left out).
	Kind        string          `json:"kind"`
	Label       string          `json:"label"`                // "" for roots, which clients name
	Description string          `json:"description,omitzero"` // what stands behind the label, less prominent
	Tooltip     string          `json:"tooltip,omitzero"`     // plain text of several lines
	Count       int             `json:"count,omitzero"`       // of a root: how many of its lines want attention
	Time        string          `json:"time,omitzero"`        // RFC 3339
	Location    *TreeLocation   `json:"location,omitzero"`    // where it is, or was set
	Fix         *FixCommand     `json:"fix,omitzero"`         // argument of gophantom.fix
	FixTitle    string          `json:"fixTitle,omitzero"`
	Explain     *ExplainCommand `json:"explain,omitzero"` // argument of gophantom.explain
	Undo        string          `json:"undo,omitzero"`    // id of a cure, for gophantom.undo
	Children    []TreeNode      `json:"children,omitzero"`
}

// TreeLocation is a place in a file.
type TreeLocation struct {
	URI  string `json:"uri"`
	Line int    `json:"line"` // counted from 0
}

// UndoCommand is the argument of the command gophantom.undo, which may have none.
type UndoCommand struct {
	Cure string `json:"cure,omitzero"` // id; absent for the last one that was not undone
}

// RouteCommand is the argument of the command gophantom.route.
type RouteCommand struct {
	URI    string `json:"uri,omitzero"` // a document of the workspace folder that is meant; absent for the first
	Module string `json:"module"`       // "path" or "path@version"
}

// EditorAction is the params of gophantom/editorAction.
type EditorAction struct {
	// "unsetEnv", "setEnv", "restartGopls", "save", "reloadGopls", "installGopls",
	// "restartExtensionHost", "addFolder", "showDiff"
	Kind   string            `json:"kind"`
	Names  []string          `json:"names,omitzero"`
	Values map[string]string `json:"values,omitzero"`
	URI    string            `json:"uri,omitzero"`  // of a document to save or to compare, of a folder to add
	Text   string            `json:"text,omitzero"` // what the document would hold afterwards
	Title  string            `json:"title,omitzero"`
	New    bool              `json:"new,omitzero"`  // there is no such document yet
	URIs   []string          `json:"uris,omitzero"` // of the workspace folders that gopls loads anew
}

// EditorActionResult answers an EditorAction.
type EditorActionResult struct {
	OK    bool   `json:"ok"`
	Error string `json:"error,omitzero"`
}

// FixCommand is the argument of the command gophantom.fix.
type FixCommand struct {
	Fix       string            `json:"fix"`
	Args      map[string]string `json:"args,omitzero"`
	Snapshot  int               `json:"snapshot"`
	ContextID string            `json:"contextId"`
}

// ExplainCommand is the argument of the command gophantom.explain: a rule, or
// the place of a problem of gopls.
type ExplainCommand struct {
	Rule    string `json:"rule,omitzero"`
	URI     string `json:"uri,omitzero"`
	Line    int    `json:"line,omitzero"`    // counted from 0
	Message string `json:"message,omitzero"` // of the problem; absent for any at the place
}

// RecordCommand is the argument of the command gophantom.record: the place of a
// problem of gopls.
type RecordCommand struct {
	URI     string `json:"uri"`
	Line    int    `json:"line"`
	Message string `json:"message,omitzero"`
}

// BisectCommand is the argument of the command gophantom.bisect.
type BisectCommand struct {
	URI string `json:"uri"` // a document of the package
}

// ProbeCommand is the argument of the command gophantom.probe.
type ProbeCommand struct {
	URI    string `json:"uri"`             // a document of the workspace folder that is meant
	Module string `json:"module,omitzero"` // "path@version"; absent for what builds would have to download
}

// CureResult is what gophantom.cure, gophantom.fix and gophantom.undo answer.
type CureResult struct {
	Outcome string `json:"outcome"` // "cured", "not-cured", "by-hand", "declined", "refused", "nothing", "undone", "restarting"
	Message string `json:"message"` // one sentence for people
	Millis  int64  `json:"millis"`
	Next    string `json:"next"` // title of the next rung, "" if none
	// Undoable says that there is a cure, this one or an earlier one, that
	// gophantom.undo would take back.
	Undoable bool `json:"undoable"`
}

// EnvironmentReportParams are the params of gophantom/environmentReport.
type EnvironmentReportParams struct {
	URI string `json:"uri,omitzero"` // a document of the workspace folder whose environments are meant; absent for the first folder
}

// EnvironmentReportResult is the environment report as a page and as text. Both
// are safe to show and to share.
type EnvironmentReportResult struct {
	Page     string   `json:"page"`     // HTML that needs and reaches nothing else, and speaks to the editor it is shown in
	Markdown string   `json:"markdown"` // for an issue
	Files    []string `json:"files"`    // absolute paths of the files that the report names
}
