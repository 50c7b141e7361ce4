package report

import (
	"fmt"
	"strings"
	"time"
)

// ChangesSchema identifies the contract of Changes.
const ChangesSchema = "gophantom.changes/1"

// Changes is what changed since a workspace was green: what "gophantom baseline
// diff" found.
type Changes struct {
	Schema  string    `json:"schema"`
	Dir     string    `json:"dir"`
	Since   string    `json:"since"`   // RFC 3339: when it was green last
	Health  string    `json:"health"`  // as it is now
	Changes []Changed `json:"changes"` // what explains the trouble of now best comes first
	Slower  []Slower  `json:"slower"`
	// Problems are what go fails at in the user's shell or with gopls' environment.
	Problems []Problem `json:"problems"`
	Unknown  []Unknown `json:"unknown"` // what could not be found out about today's health
}

// Changed is one fact that is not what it was.
type Changed struct {
	Kind        string   `json:"kind"`        // "variable", "require", "go.work", …
	Environment string   `json:"environment"` // of variables, tools and toolchains; else ""
	Name        string   `json:"name"`
	Was         string   `json:"was"` // "" if it was not there; what it is where what changed is never shown, such as a password
	Is          string   `json:"is"`  // "" if it is not there any more
	Added       bool     `json:"added"`
	Removed     bool     `json:"removed"`
	Same        bool     `json:"same"`    // it is what it was: no change, but it may be at fault all the same
	Unknown     bool     `json:"unknown"` // nobody knows what it was
	Origin      Origin   `json:"origin"`  // where it is written; empty if nowhere
	When        string   `json:"when"`    // RFC 3339: when it was seen to change; "" if nobody saw it
	Written     string   `json:"written"` // RFC 3339: when the file of Origin was written, where that is all that is known; else ""
	Score       float64  `json:"score"`   // how likely it explains the trouble, from 0 to 1
	Reasons     []Reason `json:"reasons"`
}

// Reason is one contribution to a score: 1 less the product of 1 - weight of what
// speaks for it, times 1 + weight of what speaks against it.
type Reason struct {
	Mechanism string  `json:"mechanism"` // "trace", "baseline" or "context"
	Weight    float64 `json:"weight"`    // below 0: against it
	Why       string  `json:"why"`
}

// Slower is something that takes much longer than it used to, each time.
type Slower struct {
	What  string  `json:"what"` // "go list"
	Was   float64 `json:"was"`  // milliseconds
	Is    float64 `json:"is"`
	Since string  `json:"since"` // RFC 3339
}

// Text is the answer for people.
func (c Changes) Text(st Style) string {
	p := &page{Style: st}
	since := c.Since
	if t, err := time.Parse(time.RFC3339, c.Since); err == nil {
		since = t.Local().Format("2006-01-02 15:04")
	}
	switch {
	case len(c.Changes) == 0 && c.Health == "error":
		p.heading(markWarn, fmt.Sprintf("Nothing that is looked at has changed since %s, when everything was green, and yet not everything is green now.", since))
	case len(c.Changes) == 0 && len(c.Slower) == 0:
		p.heading(markOK, fmt.Sprintf("Nothing has changed since %s, when everything was green.", since))
	case c.Health == "ok":
		p.heading(markOK, fmt.Sprintf("%s changed since %s, and everything is still green.", counted(len(c.Changes), "thing"), since))
	case c.Health == "unknown":
		p.heading(markUnknown, fmt.Sprintf("%s changed since %s, when everything was green; whether it still is, is not known.", counted(len(c.Changes), "thing"), since))
	default:
		p.heading(markWarn, fmt.Sprintf("%s changed since %s, when everything was green. What explains the trouble best comes first.", counted(len(c.Changes), "thing"), since))
	}
	for _, x := range c.Changes {
		p.field(fmt.Sprintf("%3.0f %%", 100*x.Score), x.sentence()+"\n"+x.because())
	}
	for _, s := range c.Slower {
		p.field("slower", fmt.Sprintf("%s takes %s instead of %s since %s.", s.What, duration(s.Is), duration(s.Was), s.Since))
	}
	for i, pr := range c.Problems {
		if i == mostProblems {
			p.field("problem", fmt.Sprintf("and %d more", len(c.Problems)-mostProblems))
			break
		}
		p.field("problem", spot(pr.URI, pr.Range.Start, c.Dir)+": "+pr.Message+"\n"+pr.Why)
	}
	if len(c.Unknown) > 0 {
		p.gap()
	}
	p.unknown(c.Unknown)
	return p.String()
}

// mostProblems are told with what changed.
const mostProblems = 3

func (c Changed) sentence() string {
	what := c.Kind + " " + c.Name
	if c.Kind == "variable" {
		what = c.Name
	}
	if c.Kind == c.Name {
		what = c.Name
	}
	if c.Environment != "" {
		what += " in " + c.Environment
	}
	switch {
	case c.Same || c.Unknown:
		what += ": " + quoteEmpty(c.Is)
	case c.Added && (c.Is == "yes" || c.Is == ""):
		what += ": new"
	case c.Added:
		what += ": new, " + c.Is
	case c.Removed:
		what += ": gone, was " + c.Was
	case c.Was == c.Is && (c.Is == "yes" || c.Is == ""):
		what += ": it has " + Otherwise(c.Kind)
	case c.Was == c.Is:
		what += ": " + c.Is + ", with " + Otherwise(c.Kind)
	default:
		what += ": " + quoteEmpty(c.Was) + " → " + quoteEmpty(c.Is)
	}
	return what
}

// Otherwise says of a kind of facts what it is that changed where what is shown of it
// did not: something to have.
func Otherwise(kind string) string {
	switch kind {
	case "tool":
		return "another file of this name"
	case "toolchain":
		return "another GOROOT"
	case "go.sum":
		return "another hash"
	case "vendor":
		return "another list of modules, or packages"
	case "netrc":
		return "another login or password"
	}
	return "another value, which is not shown"
}

func (c Changed) because() string {
	var parts []string
	for _, r := range c.Reasons {
		parts = append(parts, fmt.Sprintf("%s (%s %+.2f)", r.Why, r.Mechanism, r.Weight))
	}
	return strings.TrimPrefix(c.place()+"\n"+strings.Join(parts, "\n"), "\n")
}

// place is where it is written and when it changed, as far as that is known.
func (c Changed) place() string {
	at := c.Origin.File
	if at != "" && c.Origin.Line > 0 {
		at = fmt.Sprintf("%s:%d", at, c.Origin.Line)
	}
	local := func(text string) string {
		if t, err := time.Parse(time.RFC3339, text); err == nil {
			return t.Local().Format("2006-01-02 15:04")
		}
		return text
	}
	switch {
	case c.When != "" && at != "":
		return fmt.Sprintf("%s, changed %s", at, local(c.When))
	case c.When != "":
		return "changed " + local(c.When)
	case c.Written != "":
		return fmt.Sprintf("%s (file of %s)", at, local(c.Written))
	}
	return at
}

// suspectsMarkdown is a list of what may be at fault, the likeliest first.
func suspectsMarkdown(suspects []Changed) string {
	var b strings.Builder
	for i, c := range suspects {
		fmt.Fprintf(&b, "%d. **%s** (%.0f %%)\n", i+1, markdownText(c.sentence()), 100*c.Score)
		for line := range strings.SplitSeq(c.because(), "\n") {
			if line != "" {
				fmt.Fprintf(&b, "   - %s\n", markdownText(line))
			}
		}
	}
	return b.String()
}

func quoteEmpty(s string) string {
	if s == "" {
		return "(empty)"
	}
	return s
}

func duration(millis float64) string {
	return time.Duration(millis * float64(time.Millisecond)).Round(10 * time.Millisecond).String()
}
