package report

import (
	"fmt"
	"strings"
)

// Text is the chain of causes for people, a line for each.
func (e Explanation) Text(st Style) string {
	p := &page{Style: st}
	if e.Subject == nil {
		if len(e.Unknown) == 0 {
			p.heading(markOK, "Nothing is wrong in "+escape(e.Snapshot.Dir)+", so there is nothing to explain.")
		}
		p.unknown(e.Unknown)
		return p.String()
	}
	main := e.Subject.Kind == "problem" || e.Subject.Kind == "finding"
	what := Link{Node: *e.Subject}.text()
	if main {
		what = e.Subject.Label
	}
	p.heading(e.mark(), p.colored(bold, what))
	for _, link := range e.Chain {
		if link.Depth == 0 {
			continue
		}
		lead := strings.Repeat(" ", 2*link.Depth) + "← "
		p.write(lead, len(lead)-len("←")+1, p.colored(dim, p.Language.Label("edge", link.Label))+" "+p.Language.Text(link.text()))
	}
	p.gap()
	if main {
		p.field("why", e.Subject.Detail)
	}
	for _, c := range e.Cures {
		p.field("cure", strings.TrimSuffix(c.Label+" ("+c.Detail+")", " ()"))
	}
	p.field("breaks", named(e.Affected))
	p.field("same cause", named(e.Shared))
	if c := e.Confidence; c != nil {
		lines := []string{fmt.Sprintf("%d of 100", c.Percent)}
		for _, part := range c.Contributions {
			lines = append(lines, part.text())
		}
		p.field("sure", strings.Join(lines, "\n"))
	}
	for _, s := range e.Suspects {
		p.field("suspect", fmt.Sprintf("%.0f %% %s\n%s", 100*s.Score, s.sentence(), s.because()))
	}
	p.field("context", strings.Join(e.Subject.ContextIDs, ", "))
	p.field("see also", named(e.Others))
	if len(e.Unknown) > 0 {
		p.gap()
	}
	p.unknown(e.Unknown)
	return p.String()
}

func (e Explanation) mark() mark {
	switch {
	case e.Verdict != "":
		return verdictMark(e.Verdict)
	case e.Severity != "":
		return severityMark(e.Severity)
	}
	return mark{"·", e.Subject.Kind, 36}
}

// text is a cause in a chain. What the detail of a problem says stands elsewhere.
func (l Link) text() string {
	if l.Node.Detail == "" || strings.Contains(l.Node.Detail, "\n") {
		return l.Node.Label
	}
	return l.Node.Label + " (" + l.Node.Detail + ")"
}

func (c Contribution) text() string {
	return fmt.Sprintf("%+d %s, %s: %s", c.Weight, c.Mechanism, c.Name, c.Why)
}

// mostLabels is how many things are named one by one.
const mostLabels = 10

// named names things, a line for each.
func named(nodes []GraphNode) string {
	var out []string
	for i, n := range nodes {
		if i == mostLabels {
			out = append(out, fmt.Sprintf("and %d more", len(nodes)-mostLabels))
			break
		}
		out = append(out, n.Label)
	}
	return strings.Join(out, "\n")
}

// Markdown is the chain as nested lists, for an issue.
func (e Explanation) Markdown() string {
	var b strings.Builder
	if e.Subject == nil {
		fmt.Fprintf(&b, "### Nothing is wrong, so there is nothing to explain\n")
		for _, u := range e.Unknown {
			fmt.Fprintf(&b, "\n**unknown:** %s: %s\n", markdownCode(u.Rule), markdownText(u.Why))
		}
		return b.String()
	}
	fmt.Fprintf(&b, "### %s\n\n**%s**\n\n%s", markdownText(e.Subject.Label), markdownText(e.mark().word), chainMarkdown(e.Chain))
	list := func(title string, nodes []GraphNode) {
		if len(nodes) > 0 {
			fmt.Fprintf(&b, "\n**%s:**\n\n", title)
			for line := range strings.SplitSeq(named(nodes), "\n") {
				fmt.Fprintf(&b, "- %s\n", markdownText(line))
			}
		}
	}
	if len(e.Suspects) > 0 {
		fmt.Fprintf(&b, "\n**What may be at fault:**\n\n%s", suspectsMarkdown(e.Suspects))
	}
	list("What would cure it", e.Cures)
	list("What it breaks", e.Affected)
	list("Of the same cause", e.Shared)
	if c := e.Confidence; c != nil {
		fmt.Fprintf(&b, "\n**How sure this is:** %d of 100\n\n", c.Percent)
		for _, part := range c.Contributions {
			fmt.Fprintf(&b, "- %s\n", markdownText(part.text()))
		}
	}
	return b.String()
}

// chainMarkdown is a chain as nested lists, without its subject.
func chainMarkdown(chain []Link) string {
	var b strings.Builder
	for _, link := range chain {
		if link.Depth > 0 {
			fmt.Fprintf(&b, "%s- %s **%s**\n", strings.Repeat("  ", link.Depth-1), markdownText(link.Label), markdownText(link.text()))
		}
	}
	return b.String()
}
