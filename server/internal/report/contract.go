package report

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

// Contract is what "gophantom contract explain" shows: every entry of the team
// contract in words, and whether it counts on this machine and is kept.
type Contract struct {
	File     string          `json:"file"`
	Platform string          `json:"platform"` // as GOOS
	Machine  string          `json:"machine"`  // "local", "ci", or what the editor calls a remote
	Entries  []ContractEntry `json:"entries"`
	Accepted []Acceptance    `json:"accepted"`
	Faults   []Finding       `json:"faults"` // what is wrong with the file
}

// ContractEntry is one requirement.
type ContractEntry struct {
	Line   int    `json:"line"`
	Text   string `json:"text"`
	Why    string `json:"why"`    // the team's reason; "" if it gives none
	Status string `json:"status"` // "kept", "broken", or "elsewhere" if it does not count on this machine
}

// Acceptance is a finding that the team lives with until a day.
type Acceptance struct {
	Line    int    `json:"line"`
	Rule    string `json:"rule"`
	Subject string `json:"subject"` // "" for every one
	Owner   string `json:"owner"`
	Reason  string `json:"reason"`
	Expires string `json:"expires"`
	Status  string `json:"status"` // "used", "unused", "expired", or "elsewhere"
}

// ContractOf explains the contract of a snapshot, which must have one, by the
// report of that snapshot.
func ContractOf(s *model.Snapshot, r Report) Contract {
	c := s.Contract
	out := Contract{File: c.File, Platform: s.GOOS, Machine: c.Kind}
	broken := map[int]bool{}
	for _, f := range append(slices.Clone(r.Findings), findingsOf(r.Accepted)...) {
		for _, o := range f.Related {
			if f.Rule == "contract-drift" && o.File == c.File {
				broken[o.Line] = true
			}
		}
		if f.Rule == "contract-broken" {
			out.Faults = append(out.Faults, f)
		}
	}
	here := map[int]bool{}
	for _, d := range s.Demands() {
		here[d.Line] = true
	}
	for _, d := range c.Demands {
		e := ContractEntry{Line: d.Line, Text: demandText(d), Why: Show(model.NewValue(d.Why)), Status: "kept"}
		switch {
		case !here[d.Line]:
			e.Status = "elsewhere"
		case broken[d.Line]:
			e.Status = "broken"
		}
		out.Entries = append(out.Entries, e)
	}
	valid, expired := s.Acceptances()
	for _, a := range c.Accepted {
		e := Acceptance{
			Line: a.Line, Rule: Show(model.NewValue(a.Rule)), Subject: Show(model.NewValue(a.Subject)), Owner: Show(model.NewValue(a.Owner)), Reason: Show(model.NewValue(a.Reason)),
			Expires: a.Expires, Status: "elsewhere",
		}
		is := func(b model.Acceptance) bool { return b.Line == a.Line && b.Rule == a.Rule && b.Subject == a.Subject }
		switch {
		case slices.ContainsFunc(expired, is):
			e.Status = "expired"
		case slices.ContainsFunc(valid, is):
			e.Status = "unused"
			for _, f := range r.Accepted {
				if f.Finding.Rule == a.Rule && (a.Subject == "" || f.Finding.Subject == e.Subject) {
					e.Status = "used"
				}
			}
		}
		out.Accepted = append(out.Accepted, e)
	}
	return out
}

func findingsOf(accepted []Accepted) (out []Finding) {
	for _, a := range accepted {
		out = append(out, a.Finding)
	}
	return out
}

// demandText puts an entry into words.
func demandText(d model.Demand) string {
	var b strings.Builder
	value := func(v model.Value) string { return ShowVariable(d.Variable, v) }
	var items []string
	for _, v := range d.Contains {
		items = append(items, value(v))
	}
	switch {
	case d.Tool != "":
		b.WriteString(d.Tool)
		if d.AtLeast != "" {
			b.WriteString(" " + d.AtLeast + " or later")
		}
		if d.Below != "" {
			b.WriteString(" below " + d.Below)
		}
	case d.Forbids && d.Exact && d.Value.Empty():
		b.WriteString(d.Variable + " has some value")
	case d.Forbids && d.Exact:
		b.WriteString("never " + d.Variable + "=" + value(d.Value))
	case d.Forbids && d.Contains != nil:
		b.WriteString("never " + listed(items) + " in " + d.Variable)
	case d.Forbids:
		b.WriteString("never " + d.Variable)
	case d.Exact && d.Value.Empty():
		b.WriteString(d.Variable + " is not set")
	case d.Exact:
		b.WriteString(d.Variable + "=" + value(d.Value))
	case d.Covers != nil:
		b.WriteString(d.Variable + " covers " + listed(d.Covers))
	default:
		b.WriteString(d.Variable + " has " + listed(items))
	}
	if d.Environments != nil {
		var names []string
		for _, name := range d.Environments {
			names = append(names, string(name))
		}
		b.WriteString(" in " + listed(names))
	}
	if where := append(slices.Clone(d.Platforms), d.Kinds...); len(where) > 0 {
		b.WriteString(", on " + strings.Join(where, " "))
	}
	return Show(model.NewValue(b.String()))
}

// Text is the contract for people.
func (c Contract) Text(st Style) string {
	p := &page{Style: st}
	p.line(escape(c.File) + " on this machine (" + c.Platform + ", " + c.Machine + "):")
	p.gap()
	marks := map[string]mark{"kept": markOK, "broken": markWarn, "elsewhere": markInfo}
	for _, e := range c.Entries {
		text := e.Text
		if e.Status == "elsewhere" {
			text += " (does not count here)"
		}
		p.heading(marks[e.Status], text)
		p.field("line", strconv.Itoa(e.Line))
		p.field("why", e.Why)
	}
	status := map[string]string{"used": "hides a finding", "unused": "nothing of it is found now", "expired": "this day is over, so it counts again", "elsewhere": "does not count here"}
	for _, a := range c.Accepted {
		m := markInfo
		if a.Status == "expired" {
			m = markWarn
		}
		what := a.Rule
		if a.Subject != "" {
			what += " of " + a.Subject
		}
		p.heading(m, "accepted until "+a.Expires+": "+what)
		p.field("line", strconv.Itoa(a.Line))
		p.field("owner", a.Owner)
		p.field("why", a.Reason)
		p.field("now", status[a.Status])
	}
	for _, f := range c.Faults {
		p.gap()
		p.finding(f, "")
	}
	if len(c.Entries)+len(c.Accepted)+len(c.Faults) == 0 {
		p.line("It asks for nothing.")
	}
	return p.String()
}

// Only is the report with the findings of some rules alone; what is unknown of
// those rules, or of no rule, stays.
func (r Report) Only(of func(rule string) bool) Report {
	out := r
	out.Findings, out.Accepted, out.Problems = []Finding{}, []Accepted{}, []Problem{}
	for _, f := range r.Findings {
		if of(f.Rule) {
			out.Findings = append(out.Findings, f)
		}
	}
	for _, a := range r.Accepted {
		if of(a.Finding.Rule) {
			out.Accepted = append(out.Accepted, a)
		}
	}
	out.Health = out.health()
	return out
}
