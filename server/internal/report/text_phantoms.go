package report

import (
	"fmt"
	"strings"
	"time"
)

// Text is the verdicts for people.
func (r Phantoms) Text(st Style) string {
	p := &page{Style: st}
	if len(r.Problems) == 0 && len(r.Unknown) == 0 {
		p.heading(markOK, "There is no problem to judge.")
		return p.String()
	}
	p.line(p.colored(bold, r.diagnosis()))
	p.gap()
	for _, problem := range r.Problems {
		p.problem(problem, r.Snapshot.Dir)
		p.gap()
	}
	p.unknown(r.Unknown)
	if next := next(r.Problems); next != "" {
		p.line("Next: " + p.colored(bold, next))
	}
	return p.String()
}

// next is what to do about the first phantom; "" if there is none.
func next(problems []Problem) string {
	for _, p := range problems {
		switch {
		case p.Verdict != "phantom":
		case p.Cause == "stale":
			return "restart gopls (in VS Code: Go: Restart Language Server)"
		default:
			return "gophantom env"
		}
	}
	return ""
}

// diagnosis is the result in one sentence.
func (r Phantoms) diagnosis() string {
	verdicts := map[string]int{}
	var guilty []string
	for _, p := range r.Problems {
		verdicts[p.Verdict]++
		if p.Verdict != "phantom" {
			continue
		}
		for _, g := range p.Guilty {
			if !strings.Contains(" "+strings.Join(guilty, " ")+" ", " "+g+" ") {
				guilty = append(guilty, g)
			}
		}
	}
	var parts []string
	add := func(verdict, one, more string) {
		if n := verdicts[verdict]; n > 0 {
			parts = append(parts, many(n, one, more))
		}
	}
	add("phantom", "is a phantom", "are phantoms")
	add("real", "is real", "are real")
	add("stale-green", "is stale green", "are stale green")
	add("not-build", "is no build error", "are no build errors")
	add("unknown", "could not be decided", "could not be decided")
	if len(parts) == 0 {
		return "No problem was judged."
	}
	s := fmt.Sprintf("Of %s, %s.", counted(len(r.Problems), "problem"), listed(parts))
	if len(guilty) > 0 {
		s += " At fault: " + listed(guilty) + "."
	}
	return s
}

func (p *page) problem(pr Problem, dir string) {
	p.heading(verdictMark(pr.Verdict), spot(pr.URI, pr.Range.Start, dir)+": "+p.colored(bold, pr.Message))
	why := pr.Why
	if pr.Cause != "" {
		why = strings.TrimPrefix(why+" (cause: "+pr.Cause+")", " ")
	}
	p.field("why", why)
	guilty := listed(pr.Guilty)
	if len(pr.Others) > 0 {
		guilty += "; " + listed(pr.Others) + " alone would do as well"
	}
	p.field("guilty", guilty)
	p.field("changed", listed(pr.Earlier))
	if pr.Stale != nil && pr.Stale.What != "unknown" {
		since := pr.Stale.File
		if at, err := time.Parse(time.RFC3339, pr.Stale.Since); err == nil {
			since = strings.TrimSpace(since + " changed " + at.Format(time.DateTime))
		}
		p.field("unseen", strings.TrimSuffix(pr.Stale.What+": "+since, ": "))
	}
	if pr.Stale != nil {
		p.field("witness", pr.Stale.Witness)
	}
	p.field("beware", pr.Misleads)
	p.field("truth", pr.TrueReason)
	var runs []string
	for _, e := range pr.Evidence {
		runs = append(runs, fmt.Sprintf("%s: %s, %s (%s)", e.Environment, e.Outcome, e.Command, time.Duration(e.Millis)*time.Millisecond))
	}
	if b := pr.Bisect; b != nil {
		runs = append(runs, fmt.Sprintf("the guilty among %s: %s of go (%s)", counted(b.Differing, "differing variable"), counted(b.Runs, "run"), time.Duration(b.Millis)*time.Millisecond))
	}
	p.field("proof", strings.Join(runs, "\n"))
	p.fixes(pr.Fixes)
}
