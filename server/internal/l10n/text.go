package l10n

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// depth is how deep sentences can stand in sentences.
const depth = 6

// Text translates what a person reads: a sentence, several, or a few words. What
// is not in the table stays as it is.
func (l Language) Text(s string) string {
	t := l.table()
	if t == nil {
		return s
	}
	return t.remembered(s)
}

// remembered translates a text. A report is published again and again with the
// same texts, so the last ones are kept.
func (t *table) remembered(s string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if out, ok := t.done[s]; ok {
		return out
	}
	out, _ := t.text(s, depth)
	if len(t.done) >= rememberedTexts {
		clear(t.done)
	}
	t.done[s] = out
	return out
}

const rememberedTexts = 4096

// Template translates a sentence with {name} in it, without filling it in.
func (l Language) Template(english string) string {
	if t := l.table(); t != nil {
		for _, p := range t.patterns {
			if p.english == english {
				return p.translation
			}
		}
	}
	return l.Text(english)
}

// Label translates one word of a kind of labels, such as the field "in" of a
// text, where it could mean anything by itself.
func (l Language) Label(kind, label string) string {
	if t := l.table(); t != nil {
		if out, ok := t.exact[key(kind+"|"+label)]; ok {
			return out
		}
	}
	return label
}

// Words are all labels of a kind with their translations, for a page that puts
// its sentences together by itself; nil in English. A label may have {name} in
// it, for what the page fills in.
func (l Language) Words(kind string) map[string]string {
	if t := l.table(); t != nil {
		return t.words[kind]
	}
	return nil
}

// Texts translates each of several.
func (l Language) Texts(all []string) []string {
	if l == English || all == nil {
		return all
	}
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = l.Text(s)
	}
	return out
}

// Markdown translates a document line by line. Code stays.
func (l Language) Markdown(s string) string {
	t := l.table()
	if t == nil {
		return s
	}
	lines := strings.Split(s, "\n")
	fence := ""
	for i, line := range lines {
		mark := strings.TrimLeft(line, " ")
		switch {
		case fence != "":
			if strings.HasPrefix(mark, fence) && strings.Trim(mark, fence[:1]) == "" {
				fence = ""
			}
		case strings.HasPrefix(mark, "```"), strings.HasPrefix(mark, "~~~"):
			fence = mark[:len(mark)-len(strings.TrimLeft(mark, mark[:1]))]
		default:
			lines[i] = t.aroundCode(line)
		}
	}
	return strings.Join(lines, "\n")
}

// codeSpan is code in a line of Markdown.
var codeSpan = regexp.MustCompile("`[^`]+`|``.+?``")

// aroundCode translates a line in which code is one word that nobody reads.
func (t *table) aroundCode(line string) string {
	var spans []string
	line = codeSpan.ReplaceAllStringFunc(line, func(span string) string {
		spans = append(spans, span)
		return string(rune(privateUse + len(spans) - 1))
	})
	out, _ := t.block(line, depth)
	for i, span := range spans {
		out = strings.ReplaceAll(out, string(rune(privateUse+i)), span)
	}
	return out
}

// privateUse is where the characters begin that mean nothing.
const privateUse = 0xE000

// lead is what begins a block: marks of headings, items and quotes.
var lead = regexp.MustCompile(`^\s*(#{1,6} |[-*] |[0-9]+\. |> )?`)

func (t *table) block(line string, depth int) (string, bool) {
	start := lead.FindString(line)
	out, ok := t.text(line[len(start):], depth)
	return start + out, ok
}

// around is what can surround a sentence without being a part of it: blanks,
// colours of terminals, marks of emphasis.
var around = regexp.MustCompile(`(?s)^((?:\s|\x1b\[[0-9;]*m|\*\*|\*)*)(.*?)((?:\s|\x1b\[[0-9;]*m|\*\*|\*)*)$`)

// longestText is the length of the longest line that is looked at: nobody says as
// much in one, and others may have written it.
const longestText = 4 << 10

// text translates s, and tells whether anything was translated.
func (t *table) text(s string, depth int) (string, bool) {
	if depth == 0 || s == "" {
		return s, false
	}
	if len(s) > longestText {
		if strings.Contains(s, "\n") {
			return t.each(strings.Split(s, "\n"), "\n", depth)
		}
		return s, false
	}
	if out, ok := t.sentence(s, depth); ok {
		return out, true
	}
	if m := around.FindStringSubmatch(s); m[2] != s && m[2] != "" {
		out, ok := t.text(m[2], depth-1)
		return m[1] + out + m[3], ok
	}
	if strings.Contains(s, "\n") {
		return t.each(strings.Split(s, "\n"), "\n", depth)
	}
	if out, ok := t.several(s, depth); ok {
		return out, true
	}
	if head, ok := strings.CutSuffix(s, "."); ok {
		if out, ok := t.text(head, depth-1); ok {
			return strings.TrimSuffix(out, "。") + "。", true
		}
		return s, false
	}
	if out, ok := t.sentence(s+".", depth); ok {
		return strings.TrimSuffix(out, "。"), true
	}
	if out, ok := t.list(s, depth); ok {
		return out, true
	}
	return t.glued(s, depth)
}

// sentence translates s by one entry of the table.
func (t *table) sentence(s string, depth int) (string, bool) {
	k := key(s)
	if out, ok := t.exact[k]; ok {
		return out, true
	}
	low := lowered(s)
	more := strings.Contains(s, ". ")
	ends := strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "..")
	for _, p := range t.patterns {
		if !strings.HasPrefix(k, p.first) || !strings.HasSuffix(k, p.last) || !strings.Contains(k, p.longest) {
			continue
		}
		if p.last == "" && ends && !p.open {
			continue // the stop is none of the argument's
		}
		if more && p.weight < specific {
			continue // these are several sentences
		}
		m := p.match.FindStringSubmatch(low)
		if m == nil {
			continue
		}
		if p.first == "" { // the sentence begins with an argument, which keeps its letter
			if own := p.match.FindStringSubmatch(s); own != nil {
				m = own
			}
		}
		args := make([]string, 0, 2*len(p.names))
		half := false
		for i, name := range p.names {
			arg, ok := m[i+1], true
			if !verbatim.MatchString(name) {
				arg, ok = t.text(arg, depth-1)
			}
			half = half || !ok && prose.MatchString(arg)
			args = append(args, name, arg)
		}
		if half && p.weight < specific {
			continue // rather the whole in English
		}
		return fill(p.translation, args), true
	}
	return "", false
}

// fill puts arguments, each after its placeholder, into a translation.
func fill(translation string, args []string) string {
	out, end := "", 0
	for _, at := range Placeholder.FindAllStringIndex(translation, -1) {
		out = spaced(out, translation[end:at[0]])
		if i := slices.Index(args, translation[at[0]:at[1]]); i >= 0 {
			out = spaced(out, args[i+1])
		}
		end = at[1]
	}
	return spaced(out, translation[end:])
}

// spaced joins two texts, with a blank between Chinese and what is not.
func spaced(a, b string) string {
	last, _ := utf8.DecodeLastRuneInString(a)
	first, _ := utf8.DecodeRuneInString(b)
	if unicode.Is(unicode.Han, last) && latin(first) || latin(last) && unicode.Is(unicode.Han, first) {
		return a + " " + b
	}
	return a + b
}

func latin(r rune) bool { return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

// prose are words of English that nobody would take for a value.
var prose = regexp.MustCompile(`\b[a-z]{2,}( [a-z]{2,}){3,}`)

// specific is how much a pattern says itself so that an argument of it may be
// English prose, such as the text of a system error.
const specific = 12

func (t *table) each(parts []string, separator string, depth int) (string, bool) {
	any := false
	for i, part := range parts {
		out, ok := t.block(part, depth-1)
		parts[i], any = out, any || ok
	}
	return strings.Join(parts, separator), any
}

// stop ends a sentence before the next.
var stop = regexp.MustCompile(`[.!?:]\*{0,2} `)

// several translates sentences that follow each other.
func (t *table) several(s string, depth int) (string, bool) {
	for _, at := range stop.FindAllStringIndex(s, -1) {
		head, tail := s[:at[1]-1], s[at[1]:]
		first, ok := t.sentence(head, depth-1)
		if bare, stopped := strings.CutSuffix(head, "."); !ok && stopped {
			if first, ok = t.sentence(bare, depth-1); ok {
				first = strings.TrimSuffix(first, "。") + "。"
			}
		}
		if !ok {
			continue
		}
		rest, _ := t.text(tail, depth-1)
		if last, _ := utf8.DecodeLastRuneInString(strings.TrimRight(first, "*")); last > 0x2e7f {
			return first + rest, true
		}
		return first + " " + rest, true
	}
	// The first has no translation: perhaps the others have.
	if at := strings.Index(s, ". "); at >= 0 {
		if rest, ok := t.text(s[at+2:], depth-1); ok {
			return s[:at+2] + rest, true
		}
	}
	return s, false
}

var comma = regexp.MustCompile(`, | and `)

// list translates "a, b and c" where every element is an entry or one word.
func (t *table) list(s string, depth int) (string, bool) {
	marks := comma.FindAllString(s, -1)
	if marks == nil {
		return s, false
	}
	out := ""
	any := false
	for i, item := range comma.Split(s, -1) {
		if i > 0 {
			out = spaced(out, map[string]string{", ": "、", " and ": "和"}[marks[i-1]])
		}
		element, ok := t.sentence(item, depth-1)
		switch {
		case ok:
			any = true
		case strings.Contains(item, " ") && !strings.HasPrefix(item, "debug:"): // named as the user likes
			return s, false
		default:
			element = item
		}
		out = spaced(out, element)
	}
	return out, any || len(marks) > 0 && strings.Contains(s, " and ")
}

// glue are the ways in which a text is made of two.
var glue = []struct {
	match          *regexp.Regexp
	between, after string
}{
	{regexp.MustCompile(`(?s)^(.+) → (.+)$`), " → ", ""},
	{regexp.MustCompile(`(?s)^(.+) \| (.+)$`), " | ", ""},
	{regexp.MustCompile(`(?s)^(.+?) \((.+)\)$`), "（", "）"},
	{regexp.MustCompile(`(?s)^(.+?); (.+)$`), "；", ""},
	{regexp.MustCompile(`(?s)^(.+?): (.+)$`), "：", ""},
	{regexp.MustCompile(`(?s)^(.+), (.+)$`), "，", ""},
}

// glued translates a text of two halves where one of them can be.
func (t *table) glued(s string, depth int) (string, bool) {
	for _, g := range glue {
		m := g.match.FindStringSubmatch(s)
		if m == nil {
			continue
		}
		a, okA := t.text(m[1], depth-1)
		b, okB := t.text(m[2], depth-1)
		if (okA || okB) && (okA || !prose.MatchString(a)) && (okB || !prose.MatchString(b)) {
			return a + g.between + b + g.after, true
		}
	}
	return s, false
}
