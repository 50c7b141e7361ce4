package report

import (
	"fmt"
	"strings"
	"time"
)

// Markdown explains one problem as a document: the verdict, why a sceptic may
// believe it, the chain of causes behind it (nil if that is not known), what may be
// at fault, and what to do.
func (p Problem) Markdown(dir string, chain []Link, suspects []Changed) string {
	var w strings.Builder
	fmt.Fprintf(&w, "# %s\n\n%s\n", markdownText(firstLine(p.Message)), markdownCode(spot(p.URI, p.Range.Start, dir)))
	fmt.Fprintf(&w, "\n**%s**\n", markdownText(p.headline()))
	if p.Summary != "" {
		fmt.Fprintf(&w, "\n%s\n", markdownText(p.Summary))
	}
	if p.Why != "" && !strings.Contains(p.Summary, p.Why) {
		fmt.Fprintf(&w, "\nHow this was decided: %s.\n", markdownText(strings.TrimRight(p.Why, ".")))
	}
	if p.TrueReason != "" {
		fmt.Fprintf(&w, "\n## What go says\n\n%s\n", fence(p.TrueReason))
	}
	if len(p.Others) > 0 {
		fmt.Fprintf(&w, "\n%s alone would make the same difference.\n", markdownText(listed(p.Others)))
	}
	if p.Misleads != "" {
		fmt.Fprintf(&w, "\n## Beware\n\n%s.\n", markdownText(p.Misleads))
	}
	if len(chain) > 1 {
		fmt.Fprintf(&w, "\n## Where it comes from\n\n%s", chainMarkdown(chain))
	}
	if len(suspects) > 0 {
		fmt.Fprintf(&w, "\n## What may be at fault\n\n%s", suspectsMarkdown(suspects))
	}
	if len(p.Evidence) > 0 {
		fmt.Fprintf(&w, "\n## Proof\n\n")
		for _, e := range p.Evidence {
			fmt.Fprintf(&w, "- %s: **%s**, by %s (%s)\n", markdownText(e.Environment), markdownText(e.Outcome), markdownCode(e.Command), time.Duration(e.Millis)*time.Millisecond)
		}
		if b := p.Bisect; b != nil {
			fmt.Fprintf(&w, "- the guilty among %s: %s of go (%s)\n", counted(b.Differing, "differing variable"), counted(b.Runs, "run"), time.Duration(b.Millis)*time.Millisecond)
		}
	}
	if len(p.Fixes) > 0 {
		fmt.Fprintf(&w, "\n## What to do\n\nIn this order; each is checked, and the next is needed only if it does not help.\n\n")
		for i, f := range p.Fixes {
			fmt.Fprintf(&w, "%d. %s", i+1, markdownText(f.Title))
			if f.Disabled != "" {
				fmt.Fprintf(&w, " (not now: %s)", markdownText(strings.TrimRight(f.Disabled, ".")))
			}
			w.WriteString("\n")
		}
	}
	return w.String()
}

// headline is the verdict in a few words.
func (p Problem) headline() string {
	switch p.Verdict {
	case "phantom":
		what := map[string]string{
			"env": "the environment of gopls differs from yours", "stale": "gopls has not looked again", "layout": "gopls looks at the file from outside of its workspace",
			"version": "gopls was built with an older Go", "excluded-file": "no build contains this file",
		}[p.Cause]
		if what == "" {
			return "Phantom"
		}
		return "Phantom: " + what
	case "real":
		return "Real: go fails in your shell too"
	case "stale-green":
		return "Stale green: the editor shows nothing, and go fails"
	case "not-build":
		return "Not a build error"
	}
	return "Not decided"
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// recordFence stands around the capture in a record. JSON that is indented has no
// line that begins with it.
const recordFence = "~~~~"

// RecordMarkdown is a problem with the capture of what was looked at, as a document
// for a report by a user who does not believe the verdict. replays says that the
// capture leads to the same verdict on another machine.
func (p Problem) RecordMarkdown(dir string, capture []byte, replays bool) string {
	var w strings.Builder
	w.WriteString("# Not what you see? Report it\n\nThis is what Go Phantom saw, with credentials replaced by pseudonyms. It holds paths, names of modules, the line of the problem and the imports around it: " +
		"read it before you post it, with what you expected instead.\n\n")
	fmt.Fprintf(&w, "%s\n%s\n\n**%s**\n\n", fence(p.Message), markdownCode(spot(p.URI, p.Range.Start, dir)), markdownText(p.headline()))
	if replays {
		w.WriteString("“gophantom check --replay FILE” finds the same on any machine, with this document as the file.")
	} else {
		w.WriteString("“gophantom check --replay FILE” finds the same on any machine, with this document as the file, but not the verdict about this problem.")
	}
	fmt.Fprintf(&w, "\n\n%sjson\n%s\n%s\n", recordFence, strings.TrimRight(string(capture), "\n"), recordFence)
	return w.String()
}
