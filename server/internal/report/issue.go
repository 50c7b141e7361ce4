package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// issue is a finding or a verdict as a machine that collects them wants it: one
// message that says everything, one place, one name that stays.
type issue struct {
	rule, title string // title is a few words
	severity    string // as of a finding
	message     string
	location    *Location
	fingerprint string
	accepted    *Accepted // by the team contract; nil as a rule
	contextID   string
}

func (i issue) suppressions() []sarifSuppression {
	if i.accepted == nil {
		return nil
	}
	return []sarifSuppression{{"external", i.accepted.words()}}
}

// words says who accepts a finding, until when and why.
func (a Accepted) words() string {
	return "Accepted until " + a.Expires + " by " + a.Owner + ": " + strings.TrimRight(a.Reason, ".") + "."
}

// issuesOf are the findings, the accepted ones and the verdicts of a report.
// Real problems and opinions are for the tools that report them.
func issuesOf(r Report) (out []issue) {
	for _, f := range r.Findings {
		out = append(out, findingIssue(f, r.Snapshot.Dir))
	}
	for _, a := range r.Accepted {
		i := findingIssue(a.Finding, r.Snapshot.Dir)
		i.accepted = &a
		out = append(out, i)
	}
	for _, p := range r.Problems {
		at := slices.IndexFunc(verdictRules, func(v Rule) bool { return v.ID == "verdict-"+p.Verdict })
		if at < 0 {
			continue
		}
		i := issue{
			rule: verdictRules[at].ID, title: p.Verdict, severity: verdictRules[at].Severity, message: p.Message + "\n" + p.Why, location: &Location{p.URI, p.Range}, contextID: p.ContextID,
			fingerprint: fingerprint(verdictRules[at].ID, p.Code, p.Message, filepath.Base(FileOf(p.URI))),
		}
		if len(p.Guilty) > 0 {
			i.message += " At fault: " + listed(p.Guilty) + "."
		}
		out = append(out, i)
	}
	// Those that are alike are told apart by their order.
	seen := map[string]int{}
	for i := range out {
		print := &out[i].fingerprint
		if seen[*print]++; seen[*print] > 1 {
			*print = fingerprint(*print, fmt.Sprint(seen[*print]))
		}
	}
	return out
}

func findingIssue(f Finding, dir string) issue {
	i := issue{rule: f.Rule, title: f.Rule + " " + f.Subject, severity: f.Severity, message: f.Message, location: f.Location, contextID: f.ContextID}
	subject := f.Subject
	if filepath.IsAbs(subject) {
		subject = filepath.Base(subject) // the directories above it are another machine's
	}
	i.fingerprint = fingerprint(f.Rule, f.Ref, subject)
	if f.Origin != nil && *f.Origin != (Origin{}) {
		if where := place(*f.Origin, dir); where != "" {
			i.message += " Set in " + where + "."
		}
	}
	for _, e := range f.Evidence {
		i.message += " go says: " + e
	}
	return i
}

// fingerprintKey names the way in which fingerprints are made, for SARIF.
const fingerprintKey = "gophantom/v2"

// fingerprint identifies an issue across runs, machines and moves of files: it is
// made of rule, catalogue row and subject, not of paths, lines or values.
func fingerprint(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// where is the place of an issue that a repository has: a path as seen from the
// workspace and a line from 1. What is outside is told as the first line of
// go.mod, for services accept only files of the repository.
func (i issue) where(dir string) (file string, line int) {
	if i.location != nil {
		if rel, inside := relative(dir, FileOf(i.location.URI)); inside {
			return rel, i.location.Range.Start.Line + 1
		}
	}
	return "go.mod", 1
}
