package report

import (
	"regexp"
	"slices"
	"strings"
)

// Markdown is the comparison of environments to be pasted into an issue, in
// GitHub's dialect. Values and paths are code, where nothing in them is markup;
// nobody is mentioned and nothing is linked.
func (e Environments) Markdown(all bool) string {
	s := e.sheet()
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(strings.Join(parts, "") + "\n") }
	line("### Go environments, compared by Go Phantom")
	line()
	line("**", markdownText(s.mark.word), ":** ", markdownText(s.headline))
	for _, h := range s.hidden {
		line()
		line("**unknown:** ", markdownCode(h.name), " could not be compared: ", markdownText(strings.Join(h.lines, " ")))
	}
	if len(s.matter)+len(s.idle) > 0 {
		line()
		e.markdownMatrix(line, s)
	}
	for _, b := range slices.Concat(s.matter, s.idle) {
		line()
		why := b.mark.word + ". " + b.why
		if b.mark == markIdle {
			why = b.why
		}
		line("#### ", markdownCode(b.name), " ", markdownText(why))
		for _, m := range b.more {
			line()
			line(markdownText(m))
		}
		line()
		markdownTable(line, []block{b}, false, all)
	}
	if all && len(s.same) > 0 {
		line()
		line("#### The same everywhere")
		line()
		markdownTable(line, s.same, true, true)
	}
	facts := func(title string, facts []fact) {
		if len(facts) == 0 {
			return
		}
		line()
		line("#### ", title)
		line()
		for _, f := range facts {
			for _, l := range f.lines {
				line("- ", markdownCode(f.name), ": ", markdownText(l))
			}
		}
	}
	facts("Programs", s.shownPrograms(all))
	facts("Editor", s.editor)
	facts("Environments", s.sources)
	if len(s.notes) > 0 {
		line()
		for _, n := range s.notes {
			line("- ", markdownText(n))
		}
	}
	line()
	if s.starred {
		line(markdownText(starNote), "  ")
	}
	line("Taken ", markdownText(e.Snapshot.Taken), ". Credentials are replaced by pseudonyms.")
	return b.String()
}

// markdownMatrix is a table of what differs, with a letter per value: the same
// letter is the same value.
func (e Environments) markdownMatrix(line func(...string), s sheet) {
	head, rule := "| differs |", "|---|"
	for _, env := range s.compared {
		head += " " + markdownText(env) + " |"
		rule += ":-:|"
	}
	line(head, " matters |")
	line(rule, "---|")
	for _, b := range slices.Concat(s.matter, s.idle) {
		row := "| " + markdownCell(b.name) + " |"
		for _, env := range s.compared {
			row += " " + b.letter(env) + " |"
		}
		line(row, " ", b.matters(), " |")
	}
}

// matters is what to say of a difference in one cell.
func (b block) matters() string {
	switch b.mark {
	case markMatters:
		return "yes"
	case markLater:
		return "when something has to be fetched"
	case markSome:
		return "for some code or servers"
	}
	return "no"
}

// letter names the value that the environment has, from A on; a dash is an
// environment that has none.
func (b block) letter(env string) string {
	type content struct{ value, state string }
	var seen []content
	for _, g := range b.groups {
		c := content{g.value, g.state}
		i := slices.Index(seen, c)
		if i < 0 && c.state != "not set" {
			i, seen = len(seen), append(seen, c)
		}
		switch {
		case !slices.Contains(g.envs, env):
		case i < 0:
			return "–"
		case i >= 26:
			return "+"
		default:
			return string(rune('A' + i))
		}
	}
	return "–"
}

func markdownTable(line func(...string), blocks []block, named, all bool) {
	head, rule := "| in | value | where it comes from |", "|---|---|---|"
	if named {
		head, rule = "| variable "+head, "|---"+rule
	}
	line(head)
	line(rule)
	for _, b := range blocks {
		for _, g := range b.groups {
			value := markdownCell(g.value)
			if g.state != "" {
				value = "(" + g.state + ")"
			}
			row := "| " + markdownText(strings.Join(g.envs, ", ")) + " | " + value + " | " + g.markdownOrigin(all) + " |"
			if named {
				row = "| " + markdownCell(b.name) + " " + row
			}
			line(row)
		}
	}
}

func (g group) markdownOrigin(all bool) string {
	parts := []string{g.origin.markdown()}
	for _, s := range g.hides(all) {
		value := markdownCell(s.value)
		if s.same {
			value = "the same value"
		}
		parts = append(parts, strings.TrimSuffix("overrides "+value+", "+s.origin.markdown(), ", "))
	}
	return strings.Join(slices.DeleteFunc(parts, blank), "<br>")
}

func (o origin) markdown() string {
	spot := o.spot
	if spot != "" {
		spot = markdownCell(spot)
	}
	return strings.Join(slices.DeleteFunc([]string{markdownText(o.lead), spot, markdownText(o.tail)}, blank), " ")
}

var (
	backticks = regexp.MustCompile("`+")
	markup    = regexp.MustCompile("[\\\\`*_{}\\[\\]<#|~&$]")
	// What turns into a link or a mention without any markup.
	linked = regexp.MustCompile(`(?i)\bhttps?:|\bftp:|\bmailto:|\bxmpp:|\bwww\.|@`)
)

// markdownCode is text on one line as a code span.
func markdownCode(s string) string {
	s = inLine(s)
	if s == "" {
		return "(empty)"
	}
	fence := "`"
	for _, run := range backticks.FindAllString(s, -1) {
		if len(run) >= len(fence) {
			fence = run + "`"
		}
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || strings.HasPrefix(s, " ") || strings.HasSuffix(s, " ") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// markdownCell is markdownCode inside a table, which is cut at the bars without
// a backslash before anything else is looked at.
func markdownCell(s string) string { return strings.ReplaceAll(markdownCode(s), "|", `\|`) }

// markdownText is prose on one line, with nothing in it that is markup.
func markdownText(s string) string {
	s = inLine(s)
	var b strings.Builder
	end := 0
	for _, m := range linked.FindAllStringIndex(s, -1) {
		b.WriteString(markup.ReplaceAllString(s[end:m[0]], `\$0`) + markdownCode(s[m[0]:m[1]]))
		end = m[1]
	}
	b.WriteString(markup.ReplaceAllString(s[end:], `\$0`))
	return b.String()
}
