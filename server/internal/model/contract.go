package model

import (
	"go/version"
	"slices"
	"time"

	"golang.org/x/mod/semver"
)

// Contract is what a team has agreed on in its file ContractName: values that
// are required and forbidden, versions, and findings that are accepted.
type Contract struct {
	File     string // absolute path
	Kind     string // the kind of machine this is: "local", "ci", or what the editor calls a remote
	Demands  []Demand
	Accepted []Acceptance
	Faults   []ContractFault
}

// ContractName is the name of the file of a contract.
const ContractName = ".gophantom.json"

// Demand is one entry of a contract about a variable or a version. It is in
// force on the machines that Platforms and Kinds name; nil means all.
type Demand struct {
	Line     int // 1-based
	Forbids  bool
	Variable string // "" if it is about the version of Tool
	Tool     string // "go" or "gopls"

	Exact    bool     // Value is required or forbidden
	Value    Value    // "" stands for a variable that is not set
	Covers   []string // module paths that the patterns of the variable must match
	Contains []Value  // entries that the list must have, or must not have

	AtLeast, Below string // versions without "go" and "v"; "" if there is no bound

	Environments []EnvName // nil: where go runs
	Platforms    []string  // as GOOS
	Kinds        []string  // of machines, as Contract.Kind
	Severity     Severity
	Why          string // the team's reason; "" if it gives none
}

// Acceptance is a finding that the team lives with until a day.
type Acceptance struct {
	Line          int // 1-based
	Rule, Subject string
	Owner, Reason string
	Expires       string    // as written, such as "2026-12-31"
	Until         time.Time // the end of that day, UTC

	Platforms, Kinds []string
}

// ContractFault is one thing that is wrong with the file of a contract.
type ContractFault struct {
	Line int    // 1-based
	Kind string // FaultSyntax, …
	Key  string // the member it is about, as a path such as "require[2].variable"
	Text string // what is wrong or what would be right, a clause
}

// Kinds of ContractFault.
const (
	FaultSyntax   = "syntax"   // nothing of the file is known
	FaultKey      = "key"      // a member that nothing reads
	FaultType     = "type"     // a value that cannot be used, or that is missing
	FaultConflict = "conflict" // entries that cannot hold together
)

// inForce reports whether an entry counts on this machine.
func (c *Contract) inForce(goos string, platforms, kinds []string) bool {
	return (len(platforms) == 0 || slices.Contains(platforms, goos)) && (len(kinds) == 0 || slices.Contains(kinds, c.Kind))
}

// Demands returns the demands of the contract that count on this machine.
func (s *Snapshot) Demands() (out []Demand) {
	if s.Contract == nil {
		return nil
	}
	for _, d := range s.Contract.Demands {
		if s.Contract.inForce(s.GOOS, d.Platforms, d.Kinds) {
			out = append(out, d)
		}
	}
	return out
}

// Acceptances returns what the contract accepts on this machine, by whether
// that has expired when the snapshot was taken.
func (s *Snapshot) Acceptances() (valid, expired []Acceptance) {
	if s.Contract == nil {
		return nil, nil
	}
	for _, a := range s.Contract.Accepted {
		switch {
		case !s.Contract.inForce(s.GOOS, a.Platforms, a.Kinds):
		case s.Taken.Before(a.Until):
			valid = append(valid, a)
		default:
			expired = append(expired, a)
		}
	}
	return valid, expired
}

// CompareVersions compares two versions of Go or of gopls, such as "1.26.1" and
// "0.21.0-pre.1", as strings.Compare does. A part that is missing counts as 0.
func CompareVersions(a, b string) int {
	if semver.IsValid("v"+a) && semver.IsValid("v"+b) {
		return semver.Compare("v"+a, "v"+b)
	}
	return version.Compare("go"+a, "go"+b)
}
