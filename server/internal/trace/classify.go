// Package trace reads what go, git and gopls print, and says which row of the
// catalogue of misconfigurations it is. It must not know what to do about it.
package trace

import (
	"bufio"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/gophantom/gophantom/server/internal/model"
)

// Classify finds the messages of the catalogue in a text of any length and
// number of lines. What it does not know it leaves out: no message is a guess.
// The result holds the parts of the text that differ, which may be secret.
//
// A message is found at the start of a line, or after a chain of the things
// that go, git, gopls and logs put before one ("go: ", "main.go:3:2: ",
// "example.com/lib@v1.0.0: verifying module: ", "packages.Load error: ", …), and
// only where it reaches to the end of the line. What merely quotes one is left
// alone. The work is linear in the length of the text.
func Classify(text model.Value) []model.Message {
	var out []model.Message
	var s search
	s.classify(text.Reveal(), func(f found) { out = append(out, f.message()) })
	return out
}

// classify tells what it finds in a text that is held anyway. What is told is
// good until the next is.
func (s *search) classify(text string, tell func(found)) {
	var room [ahead]string
	window, more := room[:0], true
	for more || len(window) > 0 {
		for more && len(window) < ahead {
			var line string
			if line, text, more = strings.Cut(text, "\n"); more || line != "" {
				window = append(window, plain(line[:min(len(line), maxLine)]))
			}
		}
		if len(window) == 0 {
			return
		}
		f, used := s.recognise(window)
		if used > 0 {
			tell(f)
		}
		window = append(room[:0], window[max(used, 1):]...)
	}
}

// Count says how much of a log was recognised.
type Count struct {
	Lines   int // lines that hold something
	Unknown int // those of them that belong to no message
}

const (
	// maxLine is the most bytes of a line that are looked at: a variable of a
	// megabyte fits in.
	maxLine = 4 << 20
	// ahead is how many lines a message can have.
	ahead = 12
)

// Read does the same with a text of any size, whose messages it tells in their
// order. It holds a few lines at a time.
func Read(r io.Reader, tell func(model.Message)) (count Count, err error) {
	in := bufio.NewReaderSize(r, 64<<10)
	var s search
	var window []string
	for more := true; more || len(window) > 0; {
		for more && len(window) < ahead {
			line, last := nextLine(in)
			if line != "" || last == nil {
				window = append(window, plain(line))
			}
			if last != nil {
				more = false
				if last != io.EOF {
					err = last
				}
			}
		}
		if len(window) == 0 {
			break
		}
		f, used := s.recognise(window)
		if used > 0 {
			tell(f.message())
		}
		for i, line := range window[:max(used, 1)] {
			if strings.TrimSpace(line) != "" {
				count.Lines++
				if i >= used {
					count.Unknown++
				}
			}
		}
		window = slices.Delete(window, 0, max(used, 1))
	}
	return count, err
}

// nextLine reads one line without its end, at most maxLine bytes of it.
func nextLine(in *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		if room := maxLine - len(line); room > 0 {
			line = append(line, part[:min(room, len(part))]...)
		}
		if err != bufio.ErrBufferFull {
			return strings.TrimSuffix(string(line), "\n"), err
		}
	}
}

// maxChain bounds the things before a message.
const maxChain = 16

// found is a message of the catalogue, with the parts that differ.
type found struct {
	refs  []string
	args  arguments
	lines []string
}

func (f found) message() model.Message {
	m := model.Message{Refs: f.refs, Args: make(map[string]model.Value, len(f.args)), Text: model.NewValue(strings.Join(f.lines, "\n"))}
	for _, a := range f.args {
		m.Args[a.name] = model.NewValue(a.value)
	}
	return m
}

// arguments are the parts of a message that differ, by the names of their holes.
type arguments []argument

type argument struct{ name, value string }

// set sets one, in the place of what had its name.
func (a *arguments) set(name, value string) {
	for i := range *a {
		if (*a)[i].name == name {
			(*a)[i].value = value
			return
		}
	}
	if *a == nil {
		*a = make(arguments, 0, 8) // few messages have more
	}
	*a = append(*a, argument{name, value})
}

// search is for the message that a line is, or begins. It is used for one line
// after the other, and what it found is good until the next.
type search struct {
	index *index
	pairs pairs      // of the line
	open  []*pattern // those that begin with anything and can be in the line at all
	last  kind       // what stood before the place that is looked at
	args  arguments
	marks [maxMarks]int // room for them
}

// begin prepares for a line.
func (s *search) begin(line string) {
	if s.index == nil {
		s.index = catalogue()
	}
	s.pairs = pairs{}
	s.pairs.add(line)
	s.last, s.args = 0, s.args[:0]
	s.open = s.open[:0]
	for _, p := range s.index.open.patterns {
		if s.pairs[p.rare] && s.pairs.all(p.pairs) {
			s.open = append(s.open, p)
		}
	}
}

// recognise reads the message that the first of the lines is, or begins. used
// is the number of its lines; 0 if there is none.
func (s *search) recognise(lines []string) (f found, used int) {
	rest := trimBlanks(lines[0])
	for rest != "" && blank(rest[len(rest)-1]) {
		rest = rest[:len(rest)-1]
	}
	if rest == "" {
		return found{}, 0
	}
	s.begin(rest)
	for range maxChain {
		if path, inner, ok := quotedByGopls(rest); ok {
			s.args.set("package", path)
			rest = inner
		}
		word, before := firstWord(rest)
		known := s.index.of(word)
		p := s.match(rest, lines[1:], known.patterns)
		if p == nil {
			p = s.match(rest, lines[1:], s.open)
		}
		if p != nil {
			used = 1 + p.more
			f = found{p.refs, s.args, lines[:used]}
			used += response(lines[used:], &f.args)
			s.args = f.args
			return f, used
		}
		head, ok := word, true
		if !before {
			head, _, ok = strings.Cut(rest, ": ")
		}
		if !ok || !s.consume(head, known) {
			return found{}, 0
		}
		rest = trimBlanks(rest[len(head)+len(": "):])
	}
	return found{}, 0
}

// trimBlanks is a text without the blanks before it.
func trimBlanks(text string) string {
	for text != "" && blank(text[0]) {
		text = text[1:]
	}
	return text
}

func blank(b byte) bool { return b == ' ' || b == '\t' }

// match returns the first of some patterns that a rest of the line and the lines
// after it are, and puts what differs into the arguments; nil if there is none.
func (s *search) match(rest string, more []string, patterns []*pattern) *pattern {
	for _, p := range patterns {
		if !s.pairs[p.rare] || !s.pairs.all(p.pairs) || p.more > len(more) || p.after != 0 && p.after != s.last {
			continue
		}
		whole := rest
		for _, line := range more[:p.more] {
			whole += "\n" + strings.TrimSpace(line)
		}
		expr := p.matcher()
		marks := expr.find(whole, s.marks[:])
		if marks == nil {
			continue
		}
		for i, name := range expr.names {
			if name != "" && marks[2*i] < marks[2*i+1] {
				s.args.set(name, whole[marks[2*i]:marks[2*i+1]])
			}
		}
		return p
	}
	return nil
}

// response reads what a server said, which go prints below some errors, and
// returns its number of lines.
func response(lines []string, args *arguments) int {
	if len(lines) == 0 {
		return 0
	}
	said, ok := strings.CutPrefix(lines[0], "\tserver response:")
	if !ok {
		return 0
	}
	n := 1
	for n < len(lines) && n < 10 && strings.HasPrefix(lines[n], "\t\t") {
		said += "\n" + strings.TrimSpace(lines[n])
		n++
	}
	args.set("response", strings.TrimSpace(said))
	return n
}

var (
	escapes = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile("\x1b(\\[[0-9;?]*[ -/]*[@-~]|\\][^\x07\x1b]*(\x07|\x1b\\\\))")
	})
	// stamps are what loggers put before a line.
	stamps = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(##\[\w+\]|\[(Error|Warn|Warning|Info|Trace|Debug|error|warning|info|debug|\d+)( - [\d:. ]+(AM|PM)?)?\] ?|\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d([.,]\d+)?(Z|[+-]\d\d:?\d\d)?\]? ?|\[?\d\d:\d\d:\d\d([.,]\d+)?\]? )+`)
	})
)

// plain is a line without colours, its carriage return and what loggers put
// before it.
func plain(line string) string {
	if strings.ContainsRune(line, '\x1b') {
		line = escapes().ReplaceAllString(line, "")
	}
	line = strings.TrimSuffix(line, "\r")
	if line != "" && (line[0] == '[' || line[0] == '#' || line[0] >= '0' && line[0] <= '9') {
		line = line[len(stamps().FindString(line)):]
	}
	return line
}

// quotedByGopls returns what is in the parentheses of "could not import PATH (…)".
func quotedByGopls(text string) (path, inner string, ok bool) {
	if text, ok = strings.CutSuffix(text, ")"); !ok {
		return "", "", false
	}
	if text, ok = strings.CutPrefix(text, "could not import "); !ok {
		return "", "", false
	}
	return strings.Cut(text, " (")
}
