package trace

// These tests are inside of the package: what they compare nobody outside sees.

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"
)

// everyMatcher are the matchers of the catalogue and of what stands before its
// messages.
func everyMatcher() (out []*matcher) {
	for _, m := range messages {
		out = append(out, m.expression())
	}
	for _, f := range allForms() {
		out = append(out, f.expr)
	}
	return out
}

// positions are all texts of the corpus from every place where a message could
// begin, with up to two lines after it, and all that stands before such a place.
func positions(t *testing.T) []string {
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "testdata", "messages", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	texts := map[string]bool{"": true}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.ReplaceAll(string(data), "\r", ""), "\n")
		for i := range lines {
			for rest, ok := strings.TrimSpace(lines[i]), true; ok; {
				whole := rest
				texts[whole] = true
				for _, more := range lines[i+1 : min(i+3, len(lines))] {
					whole += "\n" + strings.TrimSpace(more)
					texts[whole] = true
				}
				var head string
				head, rest, ok = strings.Cut(rest, ": ")
				texts[head] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(texts))
}

// odd are characters and parts that matter somewhere, and some that matter nowhere.
var odd = append(strings.Split("\n\t \"':;@/%?()[]{}.,=+-_#*~^$\\|<>éß\u00a0\u2028\ufffd😀\x00aZ09hv", ""),
	"\xff", "\x80", "\xc3", ": ", "\": ", "/@v/", "/@latest", "?go-get=1", "%20", ".mod", ".zip", "403 Forbidden", "404", "go.sum", "https://")

// mutate changes a text a little.
func mutate(random *rand.Rand, text string, others []string) string {
	for range 1 + random.IntN(3) {
		a, b := random.IntN(len(text)+1), random.IntN(len(text)+1)
		a, b = min(a, b), max(a, b)
		in := odd[random.IntN(len(odd))]
		switch random.IntN(8) {
		case 0: // something is left out
			text = text[:a] + text[min(b, a+1+random.IntN(4)):]
		case 1, 2: // something comes in
			text = text[:a] + in + text[a:]
		case 3: // something takes the place of something
			text = text[:a] + in + text[min(len(text), a+1):]
		case 4: // a part comes twice
			text = text[:b] + text[a:]
		case 5: // a part of another text comes in
			other := others[random.IntN(len(others))]
			text = text[:a] + other[random.IntN(len(other)+1):] + text[a:]
		case 6: // something follows
			text += in
		case 7: // the end is cut off
			text = text[:b]
		}
	}
	return text
}

// example makes a text that an expression is.
func example(random *rand.Rand, re *syntax.Regexp) (text string) {
	times := func(least int) {
		for range least + random.IntN(4) {
			text += example(random, re.Sub[0])
		}
	}
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		for {
			i := 2 * random.IntN(len(re.Rune)/2)
			if c := re.Rune[i] + rune(random.Int64N(min(int64(re.Rune[i+1]-re.Rune[i])+1, 0x100))); c != 0xfffe {
				return string(c)
			}
		}
	case syntax.OpAnyCharNotNL, syntax.OpAnyChar:
		return odd[1+random.IntN(len(odd)-1)]
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			text += example(random, sub)
		}
	case syntax.OpAlternate:
		return example(random, re.Sub[random.IntN(len(re.Sub))])
	case syntax.OpCapture:
		return example(random, re.Sub[0])
	case syntax.OpStar:
		times(0)
	case syntax.OpPlus:
		times(1)
	case syntax.OpQuest:
		if random.IntN(2) == 0 {
			return example(random, re.Sub[0])
		}
	}
	return text
}

// examples makes some of an expression.
func examples(t *testing.T, random *rand.Rand, expr string, n int) (out []string) {
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		t.Fatal(err)
	}
	tree = tree.Simplify()
	for range n {
		out = append(out, example(random, tree))
	}
	return out
}

// same compares what a matcher finds with what regexp finds, and reports
// whether that is something.
func same(t *testing.T, m *matcher, text string) bool {
	t.Helper()
	want := m.regexp().FindStringSubmatchIndex(text)
	got := m.find(text, nil)
	equal := (got == nil) == (want == nil)
	for i, name := range m.names {
		if equal && want != nil && name != "" {
			equal = slices.Equal(got[2*i:2*i+2], want[2*i:2*i+2])
		}
	}
	if !equal {
		t.Fatalf("%s finds %v in %q, want %v", m.text, got, text, want)
	}
	return want != nil
}

// TestMatchersFindWhatRegexpFinds tries every expression of the catalogue on
// every text of the corpus, on texts made for it, and on what becomes of those by
// small changes.
func TestMatchersFindWhatRegexpFinds(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	corpus := positions(t)
	changed, found := 0, 0
	for _, m := range everyMatcher() {
		if m.start == nil {
			t.Errorf("%s is left to regexp", m.text)
		}
		like := examples(t, random, m.text, 100)
		own := 0
		for _, text := range slices.Concat(like, corpus) {
			if same(t, m, text) {
				own++
				like = append(like, text)
			}
		}
		if own < 5 {
			t.Errorf("only %d texts are %s", own, m.text)
		}
		for range 500 {
			changed++
			if same(t, m, mutate(random, like[random.IntN(len(like))], corpus)) {
				found++
			}
			same(t, m, mutate(random, corpus[random.IntN(len(corpus))], corpus))
		}
	}
	if found < changed/20 || found > changed*19/20 {
		t.Errorf("%d of %d changed texts are found: their changes hardly tell anything", found, changed)
	}
}

// TestMatcherKnowsItsLimits: what a matcher does not know is left to regexp, as
// is a text that would take it too long.
func TestMatcherKnowsItsLimits(t *testing.T) {
	known := 0
	for expr, texts := range map[string][]string{
		`^(?i)go$`:                        {"go", "GO", "g"},
		`^(?P<a>é|ß)$`:                    {"é", "ß", "e"},
		`^(?P<a>[é-ü]+)$`:                 {"é", "éß", "\xc3"},
		`^.(?P<a>.*)$`:                    {"é", "éa", "\xff"},
		`^(?P<a>.+?)(?P<b>é?)$`:           {"é", "éé", "aé\xa9"},
		`^(?P<a>(?:x*)*)$`:                {"", "xx", "y"},
		`^(?P<a>(?:x?|y)+)z$`:             {"z", "xyz", "y"},
		`^abc`:                            {"abc", "abcd", "ab"},
		`abc$`:                            {"abc", "xabc", "ab"},
		`^(?m)a$`:                         {"a", "a\nb"},
		`^(?P<a>a|ab)(?P<b>c|bcd|)$`:      {"a", "ab", "abc", "abcd", "abcdd"},
		`^(?P<a>x??)(?P<b>x?)(?:y|)$`:     {"", "x", "xx", "xxy", "xxx"},
		`^(?P<a>(?:ab)+?)(?P<b>(?:ab)*)$`: {"ab", "abab", "aba", ""},
		`^(?P<a>(?:ab)+)(?P<b>(?:ab)*?)$`: {"ab", "abab", "aba", ""},
		`^(?:(?P<a>x)y|xz)$`:              {"xy", "xz"},
		`^(?P<a>\w+\b.)\B$`:               {"ab-", "ab ", "abc"},
	} {
		m := newMatcher(expr)
		if m.start != nil {
			known++
		}
		for _, text := range texts {
			same(t, m, text)
		}
	}
	if known < 5 || known > 10 {
		t.Errorf("%d of these are known", known)
	}
	hard := newMatcher(`^(?P<a>.*?)-(?P<b>[^x]*?)-(?P<c>[^x]*?)x$`)
	text := strings.Repeat("-", 1000) + "x--x"
	if !same(t, hard, text) {
		t.Error("a hard text was not found")
	}
	if r := (matching{text: text, marks: make([]int, 8), left: stepsPerByte * len(text)}); r.from(hard.start, 0) || r.left >= 0 {
		t.Error("a hard text was not given up")
	}
}

// plainMatch is what match finds, in the plainest way: messages that begin with
// a word come before those that begin with a hole, and otherwise in their order.
func plainMatch(all []*matcher, lines []string, last kind) (at int, args arguments) {
	for _, hole := range []bool{false, true} {
		for i, m := range messages {
			more := strings.Count(m.text, "\n")
			if word, _ := firstWord(m.text); strings.Contains(word, "{") != hole || more >= len(lines) || m.after != 0 && m.after != last {
				continue
			}
			whole := lines[0]
			for _, line := range lines[1 : 1+more] {
				whole += "\n" + strings.TrimSpace(line)
			}
			if found := all[i].regexp().FindStringSubmatch(whole); found != nil {
				for j, name := range all[i].names {
					if name != "" && found[j] != "" {
						args.set(name, found[j])
					}
				}
				return i, args
			}
		}
	}
	return -1, nil
}

// plainConsume is what consume does, in the plainest way.
func plainConsume(forms []*form, part string) (last kind, args arguments) {
	if k, ok := words[part]; ok {
		return k, nil
	}
	if strings.HasPrefix(part, "git ls-remote ") || strings.HasPrefix(part, "git fetch ") {
		return afterOther, nil
	}
	for _, f := range forms {
		if found := f.expr.regexp().FindStringSubmatch(part); found != nil {
			for i, name := range f.expr.names {
				if name != "" {
					args.set(name, found[i])
				}
			}
			return f.kind, args
		}
	}
	return 0, nil
}

// TestLookupIsComplete: what a search finds in lines, of which one follows the
// other, is what trying every message and every form at every place does.
func TestLookupIsComplete(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	corpus, all, forms := positions(t), everyMatcher(), allForms()
	chains := 0
	plainly := func(lines []string) (at int, args arguments) {
		var last kind
		lines = slices.Clone(lines)
		lines[0] = strings.Trim(lines[0], " \t")
		for place := range maxChain {
			if path, inner, ok := quotedByGopls(lines[0]); ok {
				args.set("package", path)
				lines[0] = inner
			}
			at, own := plainMatch(all, lines, last)
			var head string
			ok := at < 0
			if ok {
				if head, lines[0], ok = strings.Cut(lines[0], ": "); ok {
					last, own = plainConsume(forms, head)
					ok = last != 0
					lines[0] = strings.TrimLeft(lines[0], " \t")
				}
			}
			for _, a := range own {
				args.set(a.name, a.value)
			}
			if !ok {
				if at >= 0 && place > 1 {
					chains++
				}
				return at, args
			}
		}
		return -1, nil
	}
	var s search
	found := 0
	look := func(text string) {
		lines := strings.Split(text, "\n")
		f, used := s.recognise(lines)
		at, args := plainly(lines)
		switch {
		case at < 0 && used == 0:
		case at < 0 || used == 0 || !slices.Equal(f.refs, strings.Fields(messages[at].refs)) || !slices.Equal(f.args, args) || len(f.lines) != 1+strings.Count(messages[at].text, "\n"):
			t.Fatalf("%q is %+v, want message %d with %q", text, f, at, args)
		default:
			found++
		}
	}
	texts := slices.Clone(corpus)
	for _, m := range all {
		texts = append(texts, examples(t, random, m.text, 5)...)
	}
	before := []string{"", "fatal: ", "go.work:3: ", " \tgo: \t go: ", "could not import a/b ("}
	for _, text := range corpus { // all that can stand before a message, as far as there is any of it
		if last, _ := plainConsume(forms, text); last != 0 {
			before = append(before, text+": ")
		}
	}
	for _, text := range texts {
		look(text)
		for range 3 {
			changed := mutate(random, text, corpus)
			look(changed)
			look(before[random.IntN(len(before))] + before[random.IntN(len(before))] + changed)
		}
	}
	if found < 2000 || chains < 500 {
		t.Errorf("only %d messages, %d of them after others, among %d texts", found, chains, 7*len(texts))
	}
}
