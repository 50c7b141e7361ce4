// Package report is the public face: the report contract, its text, JSON and
// SARIF forms, the wording of messages, and redaction. Values leave the
// process only through here.
//
// It knows how to show things. It must not know how anything was found.
package report

// Schema identifies the contract. Fields are only ever added to it.
const Schema = "gophantom.report/1"

// Report is what "gophantom check" found. Every text in it is safe to show.
type Report struct {
	Schema   string    `json:"schema"`
	Health   string    `json:"health"` // "ok", "warning", "error" or "unknown"
	Snapshot Snapshot  `json:"snapshot"`
	Findings []Finding `json:"findings"`
	Problems []Problem `json:"problems"`
	Unknown  []Unknown `json:"unknown"`
	Graph    Graph     `json:"graph"` // how all of it hangs together

	History []HistoryEvent `json:"history"` // what happened in an editor, the newest last; empty on the command line
	Cures   []Cure         `json:"cures"`   // the cures that were carried out there, the newest first

	Accepted []Accepted `json:"accepted"`       // findings that the team contract accepts; they are not among Findings
	Known    int        `json:"known,omitzero"` // findings and verdicts that are left out, because an earlier run had them
}

// Accepted is a finding that the team has agreed to live with until a day.
type Accepted struct {
	Finding Finding `json:"finding"`
	Owner   string  `json:"owner"`
	Reason  string  `json:"reason"`
	Expires string  `json:"expires"` // the last day, such as "2026-12-31"
}

// HistoryEvent is something that happened. Subject is what it is about: of a finding
// its subject, of a verdict the place of the first problem, of a cure its title.
type HistoryEvent struct {
	Time      string `json:"time"` // RFC 3339, with milliseconds
	Kind      string `json:"kind"` // "changed", "found", "gone", "verdict", "cured", "cure-failed" or "undone"
	Subject   string `json:"subject"`
	Message   string `json:"message"`
	Snapshot  int    `json:"snapshot"`
	Rule      string `json:"rule"`
	Verdict   string `json:"verdict"`
	ContextID string `json:"contextId"`
	Cure      string `json:"cure"` // id of the cure that it is about; "" if none

	// Of a fact that changed: what kind of fact Subject is, such as "variable", the
	// environment it is of, and what it was and is, as it may be shown. "" else.
	Fact        string `json:"fact"`
	Environment string `json:"environment"`
	Was         string `json:"was"`
	Is          string `json:"is"`
}

// Cure is a cure that was carried out.
type Cure struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Time     string `json:"time"` // RFC 3339, with milliseconds
	Undoable bool   `json:"undoable"`
	Why      string `json:"why"` // why it cannot be undone; "" if it can
}

// Snapshot says which picture of the world the report speaks of.
type Snapshot struct {
	Number  int    `json:"number"`
	Reason  string `json:"reason"`
	Taken   string `json:"taken"` // RFC 3339
	Dir     string `json:"dir"`
	Trusted bool   `json:"trusted"`
	Go      string `json:"go"`    // version of the go command of the shell; "" if none
	Gopls   string `json:"gopls"` // version of the running gopls; "" if none

	Compared  []string `json:"compared"`  // the environments that could be read completely
	Processes []Gopls  `json:"processes"` // every running gopls of the workspace that was found
}

// Gopls is one running gopls.
type Gopls struct {
	PID     int    `json:"pid"`
	Version string `json:"version"` // "" if unknown
	Go      string `json:"go"`      // the Go that built it
	Exe     string `json:"exe"`
	Started string `json:"started"` // RFC 3339; "" if unknown
	Dir     string `json:"dir"`     // its working directory; "" if unknown
	Daemon  int    `json:"daemon"`  // the process of the shared daemon it forwards to; 0 if it does not
	Editor  string `json:"editor"`  // the editor it belongs to; "" if unknown
}

// Finding is one rule firing on one subject.
type Finding struct {
	Rule         string    `json:"rule"`
	Ref          string    `json:"ref"`
	Severity     string    `json:"severity"`
	Latent       bool      `json:"latent"`
	Subject      string    `json:"subject"`
	Environments []string  `json:"environments"`
	Message      string    `json:"message"`
	Args         StringMap `json:"args"`
	Location     *Location `json:"location"`
	Origin       *Origin   `json:"origin"`
	Related      []Origin  `json:"related"`
	Evidence     []string  `json:"evidence"`
	Fixes        []Fix     `json:"fixes"`
	ContextID    string    `json:"contextId"`
	Folder       string    `json:"folder,omitzero"` // of several workspace folders, the only one that has it
}

// StringMap is a map that encodes as {} when empty.
type StringMap map[string]string

// Location is a range in a file. Lines and characters count from 0,
// characters in UTF-16 code units, as in LSP.
type Location struct {
	URI   string `json:"uri"`
	Range Range  `json:"range"`
}

// Range is a half-open range.
type Range struct {
	Start Position `json:"start"`
	End   Position `json:"end"`
}

// Position is a place in a text.
type Position struct {
	Line      int `json:"line"`
	Character int `json:"character"`
}

// Origin says what set a value. Line counts from 1; 0 means unknown.
type Origin struct {
	Layer string `json:"layer"`
	File  string `json:"file"`
	Line  int    `json:"line"`
	Note  string `json:"note,omitzero"`
}

// Fix is an offered fix.
type Fix struct {
	ID              string    `json:"id"`
	Title           string    `json:"title"`
	Kind            string    `json:"kind"` // "action", "edit" or "manual"
	Reversible      bool      `json:"reversible"`
	WeakensSecurity bool      `json:"weakensSecurity"`
	Preview         string    `json:"preview"`
	Disabled        string    `json:"disabled,omitzero"` // why it cannot be applied now
	Args            StringMap `json:"args"`
}

// Problem is one problem of gopls with our verdict.
type Problem struct {
	URI        string     `json:"uri"`
	Range      Range      `json:"range"`
	Source     string     `json:"source"`
	Code       string     `json:"code"`
	Message    string     `json:"message"`
	Verdict    string     `json:"verdict"`
	Cause      string     `json:"cause"`
	Guilty     []string   `json:"guilty"`
	TrueReason string     `json:"trueReason"`
	Why        string     `json:"why"`
	Summary    string     `json:"summary"` // the verdict in words; "" where there is nothing to add to gopls' message
	Evidence   []Evidence `json:"evidence"`
	Fixes      []Fix      `json:"fixes"`
	ContextID  string     `json:"contextId"`

	Others   []string `json:"others"`            // variables of which each does the same alone as the guilty ones together
	Earlier  []string `json:"earlier,omitempty"` // of a real problem: variables of the shell, and lines such as "require example.com/m (go.mod)", with which go succeeds if all of them are what they were when everything was green
	Misleads string   `json:"misleads"`          // what of gopls' own advice does not help; "" if nothing
	Stale    *Stale   `json:"stale,omitzero"`    // what gopls has not seen, where that is the cause
	Bisect   *Bisect  `json:"bisect,omitzero"`   // what it took to find the guilty variables
}

// Stale is what of the world gopls has not seen.
type Stale struct {
	What  string `json:"what"`  // "deleted-file", "new-file", "module-file", "workspace-file", "vendor", "module-cache", "env-file", "toolchain", "replaced", "branch", "settings", "binary" or "unknown"
	File  string `json:"file"`  // what changed; "" if unknown
	Since string `json:"since"` // RFC 3339; "" if unknown

	Witness string        `json:"witness,omitempty"` // how the modules that gopls has loaded differ from those that go has
	Setting *StaleSetting `json:"setting,omitempty"` // of "settings"; File is where it stands
}

// StaleSetting is a setting that changed and that gopls has not taken.
type StaleSetting struct {
	Key      string `json:"key"`      // such as "go.buildTags"
	Variable string `json:"variable"` // what it comes to for go
	Old      string `json:"old"`      // the value that gopls has; "" if the settings gave none
	New      string `json:"new"`      // the value of now; "" if they give none
	Line     int    `json:"line"`     // of the file, 1-based; 0 if unknown
}

// Bisect is what it took to find guilty variables.
type Bisect struct {
	Differing int   `json:"differing"` // variables that differ and can matter
	Runs      int   `json:"runs"`      // runs of go
	Millis    int64 `json:"millis"`
}

// Evidence is one run of ground truth.
type Evidence struct {
	Environment string `json:"environment"`
	Command     string `json:"command"`
	Outcome     string `json:"outcome"`
	Text        string `json:"text"`
	Millis      int64  `json:"millis"`
}

// Unknown is something that could not be decided.
type Unknown struct {
	Rule string `json:"rule"`
	Why  string `json:"why"`
}

// Phantoms is what "gophantom phantoms" found.
type Phantoms struct {
	Problems []Problem `json:"problems"`
	Unknown  []Unknown `json:"unknown"`
	Snapshot Snapshot  `json:"snapshot"`
}

// Route tells how the go command fetches and verifies one module, and why.
type Route struct {
	Module      string         `json:"module"`
	Version     string         `json:"version"`
	Environment string         `json:"environment"`
	Mode        string         `json:"mode"`    // "proxy", "vendor", "replace" or "workspace"
	Target      string         `json:"target"`  // what is looked up in its place, as path@version or a directory; "" without a replacement
	Query       bool           `json:"query"`   // the version is no version, but something that go turns into one first, such as "latest" or a branch
	Error       string         `json:"error"`   // the go command's own text if fetching must fail; "" if servers decide
	Why         Why            `json:"why"`     // the setting that Error is about; without a name if none is
	Unknown     string         `json:"unknown"` // which fact is missing to be sure; "" if none
	Steps       []RouteStep    `json:"steps"`   // empty when nothing is looked up
	Insecure    Insecure       `json:"insecure"`
	SumDB       SumDB          `json:"sumdb"`
	VCS         VCS            `json:"vcs"`
	Cache       RouteCache     `json:"cache"`
	Sum         RouteSum       `json:"sum"`
	Toolchain   RouteToolchain `json:"toolchain"`
	Probe       *Probe         `json:"probe,omitzero"` // what the servers answered, if they were asked
}

// RouteStep is one entry of the proxy list, in the order go walks it.
type RouteStep struct {
	Kind     string `json:"kind"` // "noproxy", "proxy", "direct" or "off"
	URL      string `json:"url"`
	Applies  bool   `json:"applies"`
	Fallback string `json:"fallback"` // which failures lead to the next step: "not-found", "any-error" or "none"
	Why      Why    `json:"why"`
	Access   Access `json:"access"` // of a proxy that applies
}

// Access tells how go reaches a server.
type Access struct {
	Auth Auth `json:"auth"`
	Via  Via  `json:"via"`
}

// Auth tells which credentials go sends, never what they are.
type Auth struct {
	Source  string  `json:"source"`  // "none", "url", "netrc", "command", "tool" or "unknown"; "" where nobody is asked
	Machine string  `json:"machine"` // the name of the netrc entry
	Origin  *Origin `json:"origin"`  // of GOAUTH, or the netrc file
	Why     string  `json:"why"`     // why there are none, or what is unknown; "" where that is plain
	Error   string  `json:"error"`   // what go says when it refuses to ask because of them
}

// Via tells through which HTTP proxy go reaches a server.
type Via struct {
	URL      string `json:"url"` // "" for none
	Why      Why    `json:"why"` // the variable that decided; without a name if none speaks of the server
	Loopback bool   `json:"loopback"`
	Unknown  string `json:"unknown"`
	Error    string `json:"error"` // what go says when it refuses to use HTTP_PROXY
}

// RouteCache tells what the module cache has.
type RouteCache struct {
	Dir     string   `json:"dir"`
	State   string   `json:"state"`   // "whole", "go.mod", "missing"; "" if it was not looked at
	Fetches []string `json:"fetches"` // the files that may be fetched
}

// RouteSum tells what go.sum has.
type RouteSum struct {
	File     string `json:"file"`
	Known    bool   `json:"known"`
	Zip      bool   `json:"zip"`
	GoMod    bool   `json:"goMod"`
	ReadOnly bool   `json:"readOnly"` // go may not add to it
	Error    string `json:"error"`    // how go's complaint begins when a build needs what is missing
}

// RouteToolchain tells which Go does the work.
type RouteToolchain struct {
	Selected string `json:"selected"` // "" if unknown
	Why      string `json:"why"`
	Fetch    string `json:"fetch"` // the module that go downloads first to have it; "" if it has it
}

// Why names the setting that decided something. Origin is null where the
// variable is not set.
type Why struct {
	Variable string  `json:"variable"`
	Pattern  string  `json:"pattern"`
	Origin   *Origin `json:"origin"`
}

// Insecure tells about GOINSECURE.
type Insecure struct {
	Allowed bool   `json:"allowed"`
	Pattern string `json:"pattern"`
	Why     Why    `json:"why"`
}

// SumDB tells about the checksum database, which go asks only for hashes that
// go.sum does not have.
type SumDB struct {
	Consulted bool   `json:"consulted"`
	Name      string `json:"name"`
	URL       string `json:"url"`
	Proxied   bool   `json:"proxied"` // the proxies are asked first whether they stand in for it
	Why       Why    `json:"why"`
	Error     string `json:"error"`
	Recorded  bool   `json:"recorded"` // go.sum has all of this version, so it is not asked
	Access    Access `json:"access"`
}

// VCS tells about fetching from the origin.
type VCS struct {
	Consulted bool     `json:"consulted"`
	Root      string   `json:"root"` // "" if only the server can tell
	Tool      string   `json:"tool"` // "" if only the server can tell
	Allowed   bool     `json:"allowed"`
	Tools     []string `json:"tools"`
	Why       Why      `json:"why"`
	Error     string   `json:"error"`
	Page      string   `json:"page"`   // the URL that go reads first; "" if the module path tells where the repository is
	Access    Access   `json:"access"` // of the page
}

// Rule is one entry of the catalogue, with its page.
type Rule struct {
	ID       string `json:"id"`
	Family   string `json:"family"`
	Title    string `json:"title"`
	Severity string `json:"severity"` // the worst that a finding can have
	Refs     []Ref  `json:"refs"`
	Symptom  string `json:"symptom"` // Markdown, as Cause, Cure and Undo
	Cause    string `json:"cause"`
	Cure     string `json:"cure"`
	Undo     string `json:"undo"`
}

// Ref is one row of the catalogue of misconfigurations.
type Ref struct {
	ID   string `json:"id"`
	What string `json:"what"`
	Says string `json:"says"` // what go prints; "" if nothing
}

// Version says what is running.
type Version struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
}
