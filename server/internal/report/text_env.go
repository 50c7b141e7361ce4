package report

import (
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
)

// Text is the comparison of environments for people: what differs and matters
// first, then what differs without consequence. What agrees, whole values and
// how each environment is known are shown only if all.
func (e Environments) Text(st Style, all bool) string {
	s := e.sheet()
	p := &page{Style: st}
	p.heading(s.mark, p.colored(bold, s.headline))
	for _, h := range s.hidden {
		p.heading(markUnknown, h.name+" could not be compared: "+strings.Join(h.lines, " "))
	}
	if s.advice != "" {
		p.line(s.advice)
	}
	all = all || len(s.compared) == 1
	for _, b := range s.matter {
		p.gap()
		p.block(b, all)
	}
	if len(s.idle) > 0 {
		p.gap()
	}
	for _, b := range s.idle {
		if all {
			p.block(b, true)
		} else {
			p.brief(b)
		}
	}
	if all && len(s.same) > 0 {
		name := "The same everywhere"
		if len(s.compared) == 1 {
			name = "Values"
		}
		p.section(name)
		for _, b := range s.same {
			p.agreed(b)
		}
	}
	p.facts("Programs", s.shownPrograms(all))
	p.facts("Editor", s.editor)
	if all {
		p.facts("Environments", s.sources)
	}
	if len(s.notes) > 0 {
		p.gap()
		for _, n := range s.notes {
			p.heading(markInfo, n)
		}
	}
	p.gap()
	if s.starred {
		p.line(p.colored(dim, starNote))
	}
	if !all {
		p.line(s.rest() + p.colored(bold, "gophantom env --all"))
	}
	return strings.TrimRight(p.String(), "\n") + "\n"
}

// rest says what only --all shows.
func (s sheet) rest() string {
	if n := len(s.same); n > 0 {
		return many(n, "variable is", "variables are") + " the same everywhere; to see all: "
	}
	return "To see all: "
}

// shownPrograms are the programs worth a line: those that differ, go and gopls.
func (s sheet) shownPrograms(all bool) []fact {
	var out []fact
	for _, f := range s.programs {
		if all || len(f.lines) > 1 || f.name == "go" || f.name == "gopls" && f.lines[0] != "not found" {
			out = append(out, f)
		}
	}
	return out
}

// section writes the name of a part.
func (p *page) section(name string) {
	p.gap()
	p.line(p.colored(bold, p.Language.Label("section", name)))
}

func (p *page) facts(name string, facts []fact) {
	if len(facts) == 0 {
		return
	}
	p.section(name)
	var names []string
	for _, f := range facts {
		names = append(names, f.name)
	}
	width := labels(names)
	for _, f := range facts {
		p.entry(f.name, width, f.lines)
	}
}

// labelled is how many columns names may take beside their lines.
const labelled = 26

// labels is how many columns the names need that fit beside their lines.
func labels(names []string) int {
	width := 0
	for _, name := range names {
		if w := text.StringWidth(name); w <= labelled {
			width = max(width, w)
		}
	}
	return width
}

// beside is where lines beside a name of that width begin. Narrow pages have
// them below the name.
func (p *page) beside(width int) int {
	if p.Width > 0 && p.Width < 60 {
		return 4
	}
	return width + 4
}

// entry writes a name with its lines beside it, or below it where there is no
// room beside.
func (p *page) entry(name string, width int, lines []string) {
	lines = p.Language.Texts(lines)
	indent := p.beside(width)
	lead := "  " + p.colored(dim, name) + strings.Repeat(" ", max(1, indent-2-text.StringWidth(name)))
	if text.StringWidth(name)+3 > indent {
		p.hang("  ", 2, p.colored(dim, name))
		lead = strings.Repeat(" ", indent)
	}
	for _, line := range lines {
		for part := range strings.SplitSeq(p.broken(line, indent), "\n") {
			p.WriteString(strings.TrimRight(lead+part, " ") + "\n")
			lead = strings.Repeat(" ", indent)
		}
	}
}

// broken breaks a line so that it fits beside an indent: at blanks, and inside
// words that are longer than the line.
func (p *page) broken(line string, indent int) string {
	room := p.Width - indent
	if p.Width == 0 || room < 10 {
		return line
	}
	var out []string
	for _, part := range wrapped(line, room) {
		out = append(out, wrapValue(part, room))
	}
	return strings.Join(out, "\n")
}

// block writes one variable with its values, their origins and what they hide.
func (p *page) block(b block, all bool) {
	after := ": "
	if b.mark == markIdle {
		after = " "
	}
	p.heading(b.mark, p.colored(bold, b.name)+after+b.why)
	for _, m := range b.more {
		p.hang("    ", 4, m)
	}
	width := b.width()
	for _, g := range b.groups {
		p.entry(strings.Join(g.envs, ", "), width, g.lines(all))
	}
}

// brief writes a variable whose differences do not matter: values on one line,
// and the lines of files that set them.
func (p *page) brief(b block) {
	p.heading(b.mark, b.name+" "+b.why)
	room := 200
	if p.Width > 0 {
		room = max(p.Width-p.beside(b.width()), 20)
	}
	for _, g := range b.groups {
		lines := []string{text.Snip(g.lines(false)[0], room, "…")}
		if g.origin.spot != "" {
			lines = append(lines, g.origin.String())
		}
		p.entry(strings.Join(g.envs, ", "), b.width(), lines)
	}
}

// agreed writes a variable that is the same in every environment, and where
// each has it from.
func (p *page) agreed(b block) {
	var lines []string
	for i, g := range b.groups {
		all := g.lines(true)
		if i == 0 {
			lines = append(lines, all[0])
		}
		if len(b.groups) > 1 {
			all[len(all)-1] += " (in " + listed(g.envs) + ")"
		}
		lines = append(lines, all[1:]...)
	}
	p.hang("  ", 2, p.colored(bold, b.name))
	p.entry("", 0, lines)
}

func (b block) width() int {
	var names []string
	for _, g := range b.groups {
		names = append(names, strings.Join(g.envs, ", "))
	}
	return labels(names)
}

// lines are a value, where it comes from and what it hides. Unless all, long
// lists are shortened, and defaults of Go that are overridden left out.
func (g group) lines(all bool) []string {
	value := g.value
	switch {
	case g.state != "":
		value = "(" + g.state + ")"
	case g.brief != "" && !all:
		value = g.brief
	}
	out := []string{value}
	if o := g.origin.String(); o != "" {
		out = append(out, o)
	}
	for _, s := range g.hides(all) {
		out = append(out, s.String())
	}
	return out
}

// hides are the hidden values worth showing: unless all, no defaults of Go,
// which everything overrides, and no more than three.
func (g group) hides(all bool) []shadow {
	if all {
		return g.shadows
	}
	out := slices.DeleteFunc(slices.Clone(g.shadows), func(s shadow) bool { return s.basic })
	return out[:min(len(out), 3)]
}

// String says what is hidden, and where it was set.
func (s shadow) String() string {
	value := s.value
	if s.same {
		value = "the same value"
	}
	out := "overrides " + value
	if o := s.origin.String(); o != "" {
		out += ", " + o
	}
	return out
}
