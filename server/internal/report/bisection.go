package report

import (
	"fmt"
	"strings"
	"time"
)

// Bisection says which variables decide whether a package builds: what
// "gophantom bisect" found.
type Bisection struct {
	Dir       string     `json:"dir"`    // of the package
	From      string     `json:"from"`   // the environment where it fails
	To        string     `json:"to"`     // the one whose values were tried
	Before    string     `json:"before"` // what go says in From: "green", "red", "absent" or "unknown"
	After     string     `json:"after"`  // and in To
	Reason    string     `json:"reason"` // go's own text where it fails
	Guilty    []Culprit  `json:"guilty"` // all of them are needed
	Others    []Culprit  `json:"others"` // each does the same alone
	Why       string     `json:"why"`    // why no variable is named; "" if some are
	Evidence  []Evidence `json:"evidence"`
	Differing int        `json:"differing"` // variables that differ and can matter
	Runs      int        `json:"runs"`      // runs of go beside the two of Evidence
	Millis    int64      `json:"millis"`
}

// Culprit is a variable that decides, with its value in both environments.
type Culprit struct {
	Variable string `json:"variable"`
	From     Side   `json:"from"`
	To       Side   `json:"to"`
}

// Side is a value in one environment.
type Side struct {
	Set    bool   `json:"set"`
	Value  string `json:"value"`
	Origin Origin `json:"origin"`
}

// Text is the result for people.
func (b Bisection) Text(st Style) string {
	p := &page{Style: st}
	p.heading(b.mark(), b.sentence())
	for _, g := range b.Guilty {
		p.field(b.From, g.Variable+" "+g.From.text())
		p.field(b.To, g.Variable+" "+g.To.text())
	}
	p.field("also", alone(b.Others))
	p.field("go says", b.Reason)
	p.field("proof", strings.Join(b.proof(), "\n"))
	return p.String()
}

// Markdown is the result as a document.
func (b Bisection) Markdown() string {
	var w strings.Builder
	fmt.Fprintf(&w, "# What decides whether this package builds\n\n%s\n\n%s\n", markdownCode(b.Dir), markdownText(b.sentence()))
	for _, g := range b.Guilty {
		fmt.Fprintf(&w, "\n- in %s: %s %s\n- in %s: %s %s\n", b.From, markdownCode(g.Variable), markdownText(g.From.text()), b.To, markdownCode(g.Variable), markdownText(g.To.text()))
	}
	if also := alone(b.Others); also != "" {
		fmt.Fprintf(&w, "\n%s\n", markdownText(also))
	}
	if b.Reason != "" {
		fmt.Fprintf(&w, "\nWhat go says where it fails:\n\n%s\n", fence(b.Reason))
	}
	fmt.Fprintf(&w, "\n## Proof\n\n")
	for _, line := range b.proof() {
		fmt.Fprintf(&w, "- %s\n", markdownText(line))
	}
	return w.String()
}

func (b Bisection) mark() mark {
	switch {
	case len(b.Guilty) > 0:
		return markWarn
	case b.Before == "green" && b.After == "green":
		return markOK
	case b.Before == "red" && b.After == "red":
		return markFail
	}
	return markUnknown
}

// sentence is the result in one sentence.
func (b Bisection) sentence() string {
	if len(b.Guilty) == 0 {
		return b.Why
	}
	var names []string
	for _, g := range b.Guilty {
		names = append(names, g.Variable)
	}
	verb := "decides"
	if len(names) > 1 {
		verb = "decide together"
	}
	return fmt.Sprintf("%s %s: the package fails in the environment of %s, and builds there with the values of %s.", listed(names), verb, b.From, b.To)
}

func alone(others []Culprit) string {
	var names []string
	for _, g := range others {
		names = append(names, g.Variable)
	}
	if len(names) == 0 {
		return ""
	}
	return listed(names) + " alone would do as well"
}

func (s Side) text() string {
	if !s.Set {
		return "is not set"
	}
	text := "is " + s.Value
	if s.Value == "" {
		text = "is empty"
	}
	switch o := s.Origin; {
	case o.File != "" && o.Line > 0:
		text += fmt.Sprintf(" (%s:%d, %s)", o.File, o.Line, o.Layer)
	case o.File != "":
		text += fmt.Sprintf(" (%s, %s)", o.File, o.Layer)
	case o.Layer != "":
		text += " (" + o.Layer + ")"
	}
	return text
}

func (b Bisection) proof() (lines []string) {
	for _, e := range b.Evidence {
		lines = append(lines, fmt.Sprintf("%s: %s, %s (%s)", e.Environment, e.Outcome, e.Command, time.Duration(e.Millis)*time.Millisecond))
	}
	if b.Runs > 0 {
		lines = append(lines, fmt.Sprintf("the guilty among %s: %s of go (%s)", counted(b.Differing, "differing variable"), counted(b.Runs, "run"), time.Duration(b.Millis)*time.Millisecond))
	}
	return lines
}
