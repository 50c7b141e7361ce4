package report

import (
	"fmt"
	"strings"
)

// Markdown is a report as a document to be pasted into an issue: what was
// found, what was judged, what is not known, and the environments. Every text in
// it is safe to show. headline is the most important thing to know.
func (r Report) Markdown(headline string, environments []Environments) string {
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(strings.Join(parts, "") + "\n") }
	dir := r.Snapshot.Dir
	line("### Go Phantom: ", markdownText(r.Health))
	line()
	line(markdownText(headline))
	line()
	line("- go: ", markdownText(orUnknown(r.Snapshot.Go)), ", gopls: ", markdownText(orUnknown(r.Snapshot.Gopls)))
	if len(r.Findings) > 0 {
		line()
		line("#### Findings")
		line()
		for _, f := range r.Findings {
			at := ""
			if f.Location != nil {
				at = " (" + markdownCode(spot(f.Location.URI, f.Location.Range.Start, dir)) + ")"
			}
			line("- **", markdownText(severityMark(f.Severity).word), "** ", markdownText(f.Message), at, " ", markdownCode(strings.TrimSuffix(f.Rule+", "+f.Ref, ", ")))
			if f.Origin != nil {
				line("  - set by ", markdownText(place(*f.Origin, dir)))
			}
		}
	}
	judged := 0
	for _, p := range r.Problems {
		if p.Verdict == "not-build" || p.Verdict == "" {
			continue
		}
		if judged++; judged == 1 {
			line()
			line("#### Problems of gopls")
			line()
		}
		line("- **", markdownText(verdictMark(p.Verdict).word), "** ", markdownCode(spot(p.URI, p.Range.Start, dir)), " ", markdownText(firstLine(p.Message)))
		for _, text := range []string{p.Summary, p.Why} {
			if text != "" {
				line("  - ", markdownText(text))
				break
			}
		}
	}
	if len(r.Unknown) > 0 {
		line()
		line("#### Not known")
		line()
		for _, u := range r.Unknown {
			line("- ", markdownCode(u.Rule), " ", markdownText(u.Why))
		}
	}
	if n := len(r.History); n > 0 {
		line()
		line("#### What happened last")
		line()
		for _, e := range r.History[max(0, n-historyShown):] {
			line(fmt.Sprintf("- %s %s: %s", e.Time, markdownText(e.Kind), markdownText(e.Message)))
		}
	}
	for _, e := range environments {
		line()
		b.WriteString(e.Markdown(false))
	}
	return b.String()
}

// historyShown is how many events a document has.
const historyShown = 20

func orUnknown(version string) string {
	if version == "" {
		return "unknown"
	}
	return version
}
