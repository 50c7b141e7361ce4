package report

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/gophantom/gophantom/server/internal/l10n"
)

// Style says how text may look where it goes.
type Style struct {
	Width int  // columns; 0 if there is no edge to keep to
	Color bool // ANSI colours may be used

	Language l10n.Language
}

// mark is a symbol, always beside a word, so that neither colour nor symbol
// alone carries a meaning.
type mark struct {
	symbol, word string
	color        int // SGR code
}

var (
	markOK       = mark{"✓", "ok", 32}
	markInfo     = mark{"·", "info", 36}
	markWarn     = mark{"!", "warn", 33}
	markFail     = mark{"✗", "fail", 31}
	markUnknown  = mark{"?", "unknown", 35}
	markPhantom  = mark{"!", "phantom", 33}
	markReal     = mark{"✗", "real", 31}
	markStale    = mark{"!", "stale green", 33}
	markNotBuild = mark{"·", "not build", 36}
)

func severityMark(severity string) mark {
	switch severity {
	case "error":
		return markFail
	case "warning":
		return markWarn
	case "info":
		return markInfo
	}
	return markUnknown
}

func verdictMark(verdict string) mark {
	switch verdict {
	case "phantom":
		return markPhantom
	case "real":
		return markReal
	case "stale-green":
		return markStale
	case "not-build":
		return markNotBuild
	}
	return markUnknown
}

// page collects text for one output.
type page struct {
	strings.Builder
	Style
}

func (p *page) colored(code int, s string) string {
	if !p.Color || s == "" {
		return s
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", code, s)
}

const bold, dim = 1, 2

// heading starts a paragraph: a mark, then one sentence.
func (p *page) heading(m mark, sentence string) {
	lead := m.symbol + " " + p.Language.Label("mark", m.word) + "  "
	p.hang(p.colored(m.color, strings.TrimRight(lead, " "))+"  ", text.StringWidthWithoutEscSequences(lead), sentence)
}

// fieldIndent is where the text of a field begins.
const fieldIndent = 13

// field writes a named detail under a heading; nothing if there is no text.
func (p *page) field(name, s string) {
	if s == "" {
		return
	}
	if !verbatim[name] {
		s = p.Language.Text(s)
	}
	name = p.Language.Label("field", name)
	p.write("  "+p.colored(dim, name)+strings.Repeat(" ", max(1, fieldIndent-2-text.StringWidth(name))), fieldIndent, s)
}

// verbatim are the fields that hold what tools print.
var verbatim = map[string]bool{"go says": true, "truth": true}

// line writes one line of prose from the left edge.
func (p *page) line(s string) { p.hang("", 0, s) }

// hang writes s after lead, which is indent columns wide, in the language of the
// page; further lines hang.
func (p *page) hang(lead string, indent int, s string) { p.write(lead, indent, p.Language.Text(s)) }

func (p *page) write(lead string, indent int, s string) {
	room := 0
	if p.Width > indent+20 {
		room = p.Width - indent
	}
	for i, line := range wrapped(strings.TrimRight(s, "\n"), room) {
		if i > 0 {
			lead = strings.Repeat(" ", indent)
		}
		p.WriteString(strings.TrimRight(lead+line, " ") + "\n")
	}
}

// wrapped breaks s into lines of at most room columns, at blanks; room 0 keeps
// the lines as they are.
func wrapped(s string, room int) []string {
	s = strings.ReplaceAll(s, "\t", "    ")
	lines := strings.Split(s, "\n")
	if room == 0 {
		return lines
	}
	var out []string
	for _, line := range lines {
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
		current := ""
		for word := range strings.FieldsSeq(line) {
			blank := " "
			for _, part := range breakable(word) {
				switch {
				case current == "":
					current = indent + part
				case text.StringWidthWithoutEscSequences(current)+len(blank)+text.StringWidthWithoutEscSequences(part) <= room:
					current += blank + part
				default:
					out = append(out, current)
					current = indent + part
				}
				blank = ""
			}
		}
		out = append(out, current)
	}
	return out
}

// breakable are the parts of a word between which a line may break: Chinese has
// no blanks, and a line may end after every character of it but before no
// closing mark.
func breakable(word string) []string {
	var out []string
	start := 0
	wide := false
	for i, r := range word {
		is := text.RuneWidth(r) == 2
		if i > start && (wide || is) && !strings.ContainsRune("，。；：、）”！？", r) {
			out, start = append(out, word[start:i]), i
		}
		wide = is && r != '（' || strings.ContainsRune("）”", r)
	}
	return append(out, word[start:])
}

func (p *page) gap() { p.WriteString("\n") }

// table writes rows in columns; flexible is the column (from 0) that takes
// what the others leave of the width.
func (p *page) table(header []string, rows [][]string, flexible int) {
	t := table.NewWriter()
	style := table.StyleLight
	style.Options = table.OptionsNoBordersAndSeparators
	style.Options.SeparateHeader = true
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	t.SetStyle(style)
	t.SuppressTrailingSpaces()
	widths := make([]int, len(header))
	add := func(cells []string) table.Row {
		row := make(table.Row, len(cells))
		for i, c := range cells {
			c = inLine(c)
			widths[i] = max(widths[i], text.StringWidth(c))
			row[i] = c
		}
		return row
	}
	for i := range header {
		header[i] = p.Language.Label("column", header[i])
	}
	t.AppendHeader(add(header))
	for _, r := range rows {
		if r == nil {
			t.AppendRow(table.Row{""})
			continue
		}
		t.AppendRow(add(r))
	}
	if p.Width > 0 {
		room := p.Width
		for i, w := range widths {
			if i != flexible {
				room -= w
			}
			room -= 2
		}
		t.SetColumnConfigs([]table.ColumnConfig{{Number: flexible + 1, WidthMax: max(room, 24), WidthMaxEnforcer: wrapValue}})
	}
	for line := range strings.Lines(t.Render()) {
		p.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
}

// wrapValue breaks a value into lines of at most width columns, after the
// separators of lists and paths where it can.
func wrapValue(s string, width int) string {
	var b strings.Builder
	for text.StringWidth(s) > width {
		cut, room := 0, width
		hard := 0
		for i, r := range s {
			room -= text.RuneWidth(r)
			if room < 0 {
				break
			}
			hard = i + len(string(r))
			if strings.ContainsRune(",|:;/ ", r) && i > 0 {
				cut = hard
			}
		}
		if cut < hard/2 {
			cut = hard
		}
		b.WriteString(s[:cut] + "\n")
		s = s[cut:]
	}
	return b.String() + s
}

// counted is "1 error", "2 errors".
func counted(n int, noun string) string { return many(n, noun, noun+"s") }

// many is counted for nouns with something after them.
func many(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// listed is "a", "a and b", "a, b and c".
func listed(items []string) string {
	switch len(items) {
	case 0:
		return ""
	case 1:
		return items[0]
	}
	return strings.Join(items[:len(items)-1], ", ") + " and " + items[len(items)-1]
}

// place is where something was set, for people: file and line first.
func place(o Origin, dir string) string {
	s := o.Layer
	if o.File != "" {
		file, _ := relative(dir, o.File)
		if dir == "" {
			file = o.File
		}
		s = escape(file)
		if o.Line > 0 {
			s += fmt.Sprintf(":%d", o.Line)
		}
		if o.Layer != "" {
			s += " (" + o.Layer + ")"
		}
	}
	if o.Note != "" {
		s += ", " + o.Note
	}
	return s
}

// spot is a location as file:line:column, both from 1.
func spot(u string, at Position, dir string) string {
	file, _ := relative(dir, FileOf(u))
	return fmt.Sprintf("%s:%d:%d", escape(file), at.Line+1, at.Character+1)
}
