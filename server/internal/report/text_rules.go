package report

import "strings"

// RulesText lists the catalogue for people.
func RulesText(rules []Rule, st Style) string {
	p := &page{Style: st}
	var rows [][]string
	for _, r := range rules {
		rows = append(rows, []string{r.ID, r.Severity, r.Title})
	}
	p.table([]string{"rule", "severity", "title"}, rows, 2)
	p.gap()
	p.line("More about one: " + p.colored(bold, "gophantom explain RULE"))
	return p.String()
}

// Text is the rule's page for people.
func (r Rule) Text(st Style) string {
	p := &page{Style: st}
	p.line(p.colored(bold, r.Title))
	p.line(p.colored(dim, r.ID+" · "+r.Family+" · up to "+r.Severity))
	for _, part := range []struct{ name, text string }{{"What you see", r.Symptom}, {"Why", r.Cause}, {"What to do", r.Cure}, {"How to take it back", r.Undo}} {
		if part.text == "" {
			continue
		}
		p.gap()
		p.line(p.colored(bold, part.name))
		p.markdown(part.text)
	}
	var rows [][]string
	for _, ref := range r.Refs {
		if ref.ID != "" {
			rows = append(rows, []string{ref.ID, ref.What})
		}
	}
	if len(rows) > 0 {
		p.gap()
		p.line(p.colored(bold, "Cases"))
		for _, row := range rows {
			p.hang("  "+row[0]+"  ", len(row[0])+4, row[1])
		}
	}
	return p.String()
}

// markdown writes prose indented, code blocks unwrapped and without fences.
func (p *page) markdown(s string) {
	code := false
	for _, line := range strings.Split(strings.TrimSpace(s), "\n") {
		switch {
		case strings.HasPrefix(line, "```"):
			code = !code
		case code:
			p.WriteString(strings.TrimRight("      "+line, " ") + "\n")
		default:
			p.write("  ", 2, plain(line))
		}
	}
}

// plain drops the marks of emphasis and code; a star in code stays.
func plain(line string) string {
	parts := strings.Split(line, "`")
	for i := 0; i < len(parts); i += 2 {
		parts[i] = strings.ReplaceAll(parts[i], "*", "")
	}
	return strings.Join(parts, "")
}
