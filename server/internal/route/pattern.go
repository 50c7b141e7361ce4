package route

import (
	"path"
	"regexp"
	"strings"

	"golang.org/x/mod/module"
)

// Pattern is one non-empty pattern of GOPRIVATE, GONOPROXY, GONOSUMDB or
// GOINSECURE.
type Pattern struct {
	Text       string // as written, white space included: go does not trim these lists
	Start, End int    // half-open byte range of Text in the list
	// Fault is the catalogue id (PV-…) of the reason why the pattern can match
	// no module path at all; "" if it can match one, or if that is not certain.
	Fault      string
	Suggestion string // what was probably meant, as a list; "" if there is no good guess
}

// Match tells which pattern of a list decides about a module path: the first
// that matches, with the rules of module.MatchPrefixPatterns.
func Match(list, modulePath string) (p Pattern, ok bool) {
	for _, p := range split(list) {
		if module.MatchPrefixPatterns(p.Text, modulePath) {
			return p, true
		}
	}
	return Pattern{}, false
}

// Patterns returns the patterns of a list and says of each whether it is dead.
func Patterns(list string) []Pattern {
	ps := split(list)
	for i := range ps {
		p := &ps[i]
		p.Fault = fault(p.Text)
		if p.Fault != "" {
			p.Suggestion = suggest(p.Text)
		}
	}
	return ps
}

// split cuts a list as module.MatchPrefixPatterns does.
func split(list string) []Pattern {
	var out []Pattern
	start := 0
	for text := range strings.SplitSeq(list, ",") {
		if strings.TrimSuffix(text, "/") != "" {
			out = append(out, Pattern{Text: text, Start: start, End: start + len(text)})
		}
		start += len(text) + 1
	}
	return out
}

// fault names why a pattern is dead; "" if it is not.
func fault(text string) string {
	glob := strings.TrimSuffix(text, "/")
	if _, err := path.Match(glob, ""); err != nil {
		return "PV-BADGLOB"
	}
	if canMatch(glob) {
		return ""
	}
	trimmed := strings.TrimSpace(text)
	first, _, _ := strings.Cut(glob, "/")
	switch {
	case trimmed != text && strings.TrimRight(text, "\r") == trimmed:
		return "PV-CRLF"
	case strings.ContainsAny(text, `"'`):
		return "PV-QUOTED"
	case separators.MatchString(trimmed):
		return "PV-SEP"
	case trimmed != text:
		return "PV-SPACE"
	case strings.Contains(text, "://"):
		return "PV-URL"
	case strings.Contains(text, ":"):
		return "PV-PORT"
	case strings.Contains(text, "..."):
		return "PV-ELLIPSIS"
	case strings.Contains(glob, "//") || strings.HasSuffix(glob, "/"):
		return "PV-DBLSLASH"
	case strings.HasPrefix(text, "."):
		return "PV-DOTSUFFIX"
	case strings.ToLower(first) != first && canMatch(strings.ToLower(first)+glob[len(first):]):
		return "PV-CASE"
	}
	return "PV-CHAR"
}

// separators are what people write for a comma.
var separators = regexp.MustCompile(`[;|\s]+`)

// scheme and port are the parts of a URL that a module path cannot have.
var (
	scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://([^/@]*@)?`)
	port   = regexp.MustCompile(`^([^/:]*):[0-9*]*`)
	slash  = regexp.MustCompile(`/{2,}`)
)

// suggest repairs a dead pattern. The result is checked like any pattern.
func suggest(text string) string {
	var good []string
	for part := range strings.SplitSeq(separators.ReplaceAllString(text, ","), ",") {
		part = strings.Trim(part, `"'`)
		part = scheme.ReplaceAllString(part, "")
		part = port.ReplaceAllString(part, "$1")
		part = slash.ReplaceAllString(strings.Trim(part, "/"), "/")
		part = strings.TrimSuffix(part, "/...")
		if strings.HasPrefix(part, ".") {
			part = "*" + part
		}
		first, _, _ := strings.Cut(part, "/")
		part = strings.ToLower(first) + part[len(first):]
		if part == "" {
			continue
		}
		if fault(part) != "" {
			return ""
		}
		good = append(good, part)
	}
	return strings.Join(good, ",")
}

// longestJudged bounds the patterns that canMatch looks into, in bytes; no
// real one comes near.
const longestJudged = 1000

// canMatch reports whether some legal module path matches a well-formed glob
// without its trailing slash. It errs on the side of true: it follows every
// way through the glob at once and asks of the path only what
// module.CheckPath demands of single characters and of their neighbours.
//
// It does not ask for the dot in the first element. Words such as "none" are
// written on purpose to match nothing, and are not mistakes.
func canMatch(glob string) bool {
	if len(glob) > longestJudged {
		return true
	}
	if !strings.ContainsAny(glob, `?[\`) && module.CheckPath(strings.ReplaceAll(glob, "*", "x")) == nil {
		return true // the common case, at little cost
	}
	tokens := tokenize(glob)
	wantSlashes := strings.Count(glob, "/") // go compares as many elements as the glob has
	type state struct {
		token   int
		slashes int
		last    byte // what stands before: '/' at the start of an element, '.' or, for all others, 'x'
	}
	seen := map[state]bool{}
	var todo []state
	push := func(s state) {
		if !seen[s] {
			seen[s] = true
			todo = append(todo, s)
		}
	}
	push(state{last: '/'})
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if s.token == len(tokens) {
			if s.slashes == wantSlashes && s.last == 'x' {
				return true
			}
			continue
		}
		t, next := tokens[s.token], s.token+1
		if t.run {
			push(state{next, s.slashes, s.last})
			next = s.token
		}
		for _, c := range t.chars {
			switch {
			case !follows(c, s.last, s.slashes == 0):
			case c == '/':
				if s.slashes < wantSlashes {
					push(state{next, s.slashes + 1, c})
				}
			case c == '.':
				push(state{next, s.slashes, c})
			default:
				push(state{next, s.slashes, 'x'})
			}
		}
	}
	return false
}

// pathChars are the characters of module paths.
const pathChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/"

// follows reports whether a module path may have c behind last, where only '/'
// (or the start) and '.' make a difference.
func follows(c, last byte, firstElement bool) bool {
	start := last == '/'
	switch {
	case c == '/':
		return !start && last != '.'
	case start && c == '.':
		return false
	case firstElement && start && c == '-':
		return false
	case firstElement && ('A' <= c && c <= 'Z' || c == '_' || c == '~'):
		return false
	}
	return true
}

// token is a piece of a glob: the characters of module paths that it matches,
// one or, in a run, any number of them.
type token struct {
	chars []byte
	run   bool
}

// tokenize cuts a well-formed glob.
func tokenize(glob string) []token {
	var out []token
	for i := 0; i < len(glob); {
		n := 1
		switch glob[i] {
		case '\\':
			n = 2
		case '[':
			n = classLen(glob[i:])
		}
		if c := glob[i]; n == 1 && c != '*' && c != '?' { // a literal, which may be no character of paths
			at := strings.IndexByte(pathChars, c)
			out = append(out, token{chars: []byte(pathChars[max(at, 0) : at+1])})
			i++
			continue
		}
		t := token{run: glob[i] == '*'}
		for _, c := range []byte(pathChars) {
			if ok, _ := path.Match(glob[i:i+n], string(rune(c))); ok {
				t.chars = append(t.chars, c)
			}
		}
		out = append(out, t)
		i += n
	}
	return out
}

// classLen returns the length of the character class that starts a
// well-formed glob.
func classLen(glob string) int {
	i := 1
	if glob[i] == '^' {
		i++
	}
	for first := true; first || glob[i] != ']'; first = false {
		if glob[i] == '\\' {
			i++
		}
		i++
	}
	return i + 1
}
