package report

import (
	"fmt"
	"slices"
	"strings"
)

// Text is the report for people: the diagnosis first, then where and why, then
// what to run next.
func (r Report) Text(st Style) string {
	p := &page{Style: st}
	if len(r.Findings) == 0 && len(r.Problems) == 0 && len(r.Unknown) == 0 {
		nothing := "Nothing"
		if r.Known > 0 {
			nothing = "Nothing new"
		}
		p.heading(markOK, nothing+" is wrong with Go's environment in "+escape(r.Snapshot.Dir)+" ("+r.Snapshot.versions()+").")
		p.accepted(r.Accepted)
		p.known(r.Known)
		p.compared(r.Snapshot)
		return p.String()
	}
	for _, problem := range r.Problems {
		p.problem(problem, r.Snapshot.Dir)
		p.gap()
	}
	for _, f := range r.Findings {
		p.finding(f, r.Snapshot.Dir)
		p.gap()
	}
	p.unknown(r.Unknown)
	p.accepted(r.Accepted)
	p.known(r.Known)
	p.line(r.summary())
	p.compared(r.Snapshot)
	if next := r.next(); next != "" {
		p.line("Next: " + p.colored(bold, next))
	}
	return p.String()
}

func (p *page) finding(f Finding, dir string) {
	p.heading(severityMark(f.Severity), p.colored(bold, f.Message))
	switch {
	case f.Origin != nil && *f.Origin != Origin{}:
		p.field("where", place(*f.Origin, dir))
	case f.Location != nil:
		p.field("where", spot(f.Location.URI, f.Location.Range.Start, dir))
	}
	p.field("in", listed(f.Environments))
	p.field("folder", word(f.Folder))
	var others []string
	for _, o := range f.Related {
		if o != (Origin{}) {
			others = append(others, place(o, dir))
		}
	}
	p.field("see also", strings.Join(others, "\n"))
	for _, e := range f.Evidence {
		p.field("go says", e)
	}
	p.fixes(f.Fixes)
	rule := f.Rule
	if f.Ref != "" {
		rule += ", " + f.Ref
	}
	if f.Latent {
		rule += "; it breaks when something has to be fetched"
	}
	p.field("rule", rule)
}

// accepted lists what the team lives with, one line each.
func (p *page) accepted(accepted []Accepted) {
	for _, a := range accepted {
		p.line("Accepted until " + a.Expires + " by " + a.Owner + ": " + a.Finding.Message + " (" + a.Finding.Rule + "; " + strings.TrimRight(a.Reason, ".") + ")")
	}
}

// known says how much an earlier run had already.
func (p *page) known(n int) {
	if n > 0 {
		p.line(counted(n, "finding") + " of an earlier run not shown.")
	}
}

func (p *page) fixes(fixes []Fix) {
	for _, f := range fixes {
		s := f.Title
		switch {
		case f.Disabled != "":
			s += " (not now: " + f.Disabled + ")"
		case f.WeakensSecurity:
			s += " (weakens security)"
		case !f.Reversible && f.Kind != "manual":
			s += " (cannot be undone)"
		}
		p.field("cure", s)
		p.field("", strings.TrimRight(f.Preview, "\n"))
	}
}

// compared says which gopls was looked at, or what to do where none was.
func (p *page) compared(s Snapshot) {
	switch {
	case len(s.Processes) > 0:
		var all []string
		for _, g := range s.Processes {
			all = append(all, g.words())
		}
		p.line("Looked at: your environment here, and " + listed(all) + ".")
	case slices.Equal(s.Compared, []string{"shell"}):
		p.line("No gopls was found that runs for this folder, so your environment here was compared with nothing: open the folder in your editor and check again.")
	}
}

func (p *page) unknown(unknown []Unknown) {
	for _, u := range unknown {
		p.heading(markUnknown, u.Rule+": "+u.Why)
	}
	if len(unknown) > 0 {
		p.gap()
	}
}

func (r Report) summary() string {
	var parts []string
	count := func(noun string, n int) {
		if n > 0 {
			parts = append(parts, counted(n, noun))
		}
	}
	severities := map[string]int{}
	for _, f := range r.Findings {
		severities[f.Severity]++
	}
	verdicts := map[string]int{}
	for _, p := range r.Problems {
		verdicts[p.Verdict]++
	}
	count("phantom", verdicts["phantom"])
	count("real problem", verdicts["real"])
	count("error", severities["error"])
	count("warning", severities["warning"])
	count("note", severities["info"])
	undecided := len(r.Unknown) + verdicts["unknown"]
	switch {
	case len(parts) == 0 && undecided > 0:
		return fmt.Sprintf("Nothing wrong was found in %s (%s), but %s could not be looked at, so this is no clean bill of health.",
			escape(r.Snapshot.Dir), r.Snapshot.versions(), counted(undecided, "thing"))
	case undecided > 0:
		parts = append(parts, fmt.Sprintf("%d undecided", undecided))
	case len(parts) == 0:
		parts = append(parts, counted(len(r.Problems), "problem"))
	}
	return strings.ToUpper(listed(parts)[:1]) + listed(parts)[1:] + " in " + escape(r.Snapshot.Dir) + " (" + r.Snapshot.versions() + ")."
}

func (r Report) next() string {
	for _, f := range r.Findings {
		if f.Severity != "info" {
			return "gophantom explain " + f.Rule
		}
	}
	return next(r.Problems)
}

func (s Snapshot) versions() string {
	goVersion, gopls := s.Go, "gopls "+s.Gopls
	if s.Go == "" {
		goVersion = "no go found"
	}
	if s.Gopls == "" {
		return goVersion
	}
	return goVersion + ", " + gopls
}
