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
	Evidence   []Evidence `json:"evidence"`
	Fixes      []Fix      `json:"fixes"`
	ContextID  string     `json:"contextId"`
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

// Environments is what "gophantom env" shows.
type Environments struct {
	Environments []Environment `json:"environments"`
	Drift        []Drift       `json:"drift"`
}

// Environment is one environment with its effective values.
type Environment struct {
	Name     string           `json:"name"`
	Complete bool             `json:"complete"`
	Why      string           `json:"why"`
	Values   map[string]Value `json:"values"`
}

// Value is one effective value with its origin and what it hides.
type Value struct {
	Value   string   `json:"value"`
	Origin  Origin   `json:"origin"`
	Shadows []Shadow `json:"shadows"`
}

// Shadow is a hidden value.
type Shadow struct {
	Value  string `json:"value"`
	Origin Origin `json:"origin"`
}

// Drift is one variable with different effective values in two environments.
type Drift struct {
	Variable string    `json:"variable"`
	Values   StringMap `json:"values"` // by environment
	Matters  bool      `json:"matters"`
	Why      string    `json:"why"`
}
