package l10n

import (
	"cmp"
	"embed"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// The tables: a line "> English" and the line of its translation. A file of
// rules/ goes on with the sections of the rule's page.
//
//go:embed zh-cn
var files embed.FS

// Page is the prose of a rule's page, as Markdown.
type Page struct {
	Symptom, Cause, Cure, Undo string
}

// complete reports whether every section is there.
func (p Page) complete() bool {
	return p.Symptom != "" && p.Cause != "" && p.Cure != "" && p.Undo != ""
}

// table is one language.
type table struct {
	exact    map[string]string            // translations of sentences without arguments
	patterns []pattern                    // those with arguments, the most specific first
	pages    map[string]Page              // complete ones, by rule
	words    map[string]map[string]string // labels as they are written, by kind

	mu   sync.Mutex
	done map[string]string // what was translated lately
}

// pattern is an English sentence with arguments.
type pattern struct {
	english     string
	translation string
	first, last string // the English before the first and after the last argument
	longest     string // the longest piece between arguments
	match       *regexp.Regexp
	names       []string
	weight      int  // how much of it is no argument
	open        bool // its last argument is a sentence of its own, with its stop
}

// Placeholder is what stands for an argument. {n}, {n1} and so on are numbers,
// {counts} is a list of what was counted, a name in capitals is one word.
var Placeholder = regexp.MustCompile(`\{[A-Za-z][A-Za-z0-9]*\}`)

var (
	number = regexp.MustCompile(`^\{n[0-9]*\}$`)
	word   = regexp.MustCompile(`^\{[A-Z][A-Z0-9]*\}$`)
	// verbatim are arguments that are never translated: what tools print.
	verbatim = regexp.MustCompile(`^\{(gotext|said|[A-Z][A-Z0-9]*)\}$`)
)

var chinese = sync.OnceValue(func() *table { return load(files, string(Chinese)) })

func (l Language) table() *table {
	if l == Chinese {
		return chinese()
	}
	return nil
}

// Page returns the prose of the page of a rule, if all of it is translated.
func (l Language) Page(rule string) (Page, bool) {
	t := l.table()
	if t == nil {
		return Page{}, false
	}
	p, ok := t.pages[rule]
	return p, ok
}

// File returns a whole page of a language that is no rule's.
func (l Language) File(name string) (text string, ok bool) {
	data, err := files.ReadFile(path.Join(string(l), name))
	return string(data), err == nil && l != English
}

func load(from fs.FS, dir string) *table {
	t := &table{exact: map[string]string{}, pages: map[string]Page{}, words: map[string]map[string]string{}, done: map[string]string{}}
	for _, kind := range []string{"texts", "rules"} {
		names, _ := fs.Glob(from, path.Join(dir, kind, "*.txt"))
		for _, name := range names {
			data, err := fs.ReadFile(from, name)
			if err != nil {
				panic(err) // it was embedded
			}
			pairs, page := parse(string(data))
			for _, p := range pairs {
				t.add(p[0], p[1])
			}
			if page.complete() {
				t.pages[strings.TrimSuffix(path.Base(name), ".txt")] = page
			}
		}
	}
	slices.SortStableFunc(t.patterns, func(a, b pattern) int { return cmp.Compare(b.weight, a.weight) })
	return t
}

// parse reads one file of a table. In a pair \n is a line break.
func parse(text string) (pairs [][2]string, page Page) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	head, rest, _ := strings.Cut("\n"+text, "\n## ")
	lines := strings.Split(head, "\n")
	for i := 0; i+1 < len(lines); i++ {
		if english, ok := strings.CutPrefix(lines[i], "> "); ok && lines[i+1] != "" {
			unfold := strings.NewReplacer(`\n`, "\n", `\t`, "\t").Replace
			pairs = append(pairs, [2]string{unfold(english), unfold(lines[i+1])})
			i++
		}
	}
	for _, section := range strings.Split(rest, "\n## ") {
		name, body, _ := strings.Cut(section, "\n")
		switch body = strings.TrimSpace(body); strings.TrimSpace(name) {
		case "symptom":
			page.Symptom = body
		case "cause":
			page.Cause = body
		case "cure":
			page.Cure = body
		case "undo":
			page.Undo = body
		}
	}
	return pairs, page
}

// labelled is a text that stands for one kind of labels alone.
var labelled = regexp.MustCompile(`^([a-z]+)\|(.+)$`)

func (t *table) add(english, translation string) {
	if m := labelled.FindStringSubmatch(english); m != nil {
		if t.words[m[1]] == nil {
			t.words[m[1]] = map[string]string{}
		}
		t.words[m[1]][m[2]] = translation
		if Placeholder.MatchString(english) {
			return // no text is one
		}
	}
	holes := Placeholder.FindAllStringIndex(english, -1)
	if holes == nil {
		t.exact[key(english)] = translation
		return
	}
	p := pattern{english: english, translation: translation}
	var expression strings.Builder
	expression.WriteString(`(?s)^`)
	end := 0
	for _, h := range holes {
		literal := english[end:h[0]]
		if end == 0 {
			literal = lowered(literal)
		}
		expression.WriteString(quoted(literal))
		if b := bare(literal); len(b) > len(p.longest) {
			p.longest = b
		}
		name := english[h[0]:h[1]]
		switch {
		case number.MatchString(name):
			expression.WriteString(`(\d+)`)
		case name == "{counts}":
			expression.WriteString(`(\d+ [^().]+?)`)
		case word.MatchString(name):
			expression.WriteString(`(\S+?)`)
		default:
			expression.WriteString(`(.+?)`)
		}
		p.names = append(p.names, name)
		p.weight += len(literal)
		end = h[1]
	}
	expression.WriteString(quoted(english[end:]) + `$`)
	p.weight += len(english) - end
	p.open = strings.HasSuffix(english[:holes[len(holes)-1][0]], ". ")
	p.first, p.last = lowered(bare(english[:holes[0][0]])), bare(english[end:])
	if len(p.last) > len(p.longest) {
		p.longest = p.last
	}
	p.match = regexp.MustCompile(expression.String())
	t.patterns = append(t.patterns, p)
}

// markup are the characters that Markdown escapes with a backslash.
const markup = "\\`*_[]<>#+-.!|~()&{}"

// quoted matches a literal also where it was escaped for Markdown.
func quoted(literal string) string {
	var b strings.Builder
	for _, r := range literal {
		if strings.ContainsRune(markup, r) {
			b.WriteString(`\\?`)
		}
		b.WriteString(regexp.QuoteMeta(string(r)))
	}
	return b.String()
}

func bare(s string) string { return strings.ReplaceAll(s, `\`, "") }

// key is what a sentence is found by: where it stands decides over its first
// letter, and Markdown over backslashes.
func key(s string) string { return lowered(bare(s)) }

// lowered has a small first letter. Names in capitals stay.
func lowered(s string) string {
	if s == "" {
		return s
	}
	first, size := utf8.DecodeRuneInString(s)
	if second, _ := utf8.DecodeRuneInString(s[size:]); unicode.IsUpper(second) || unicode.IsDigit(second) {
		return s
	}
	return string(unicode.ToLower(first)) + s[size:]
}
