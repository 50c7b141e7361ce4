package rules

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/gophantom/gophantom/server/internal/l10n"
)

// TestTranslations holds every rule to its translations: all of it is there,
// with the same arguments, the same code and the same variables, and without
// sentences that stayed English.
func TestTranslations(t *testing.T) {
	for _, l := range l10n.Languages {
		for _, r := range All() {
			in := r.In(l)
			say := func(what, english, translation string) {
				t.Helper()
				if strings.HasPrefix(english, "{text}") || !strings.Contains(english, " ") {
					return // nothing of it is ours
				}
				if translation == english {
					t.Errorf("%s: %s has no %s translation: %s", r.ID, what, l, english)
				}
				if a, b := matches(argument, english), matches(argument, translation); !slices.Equal(a, b) {
					t.Errorf("%s: %s has the arguments %v in English and %v in %s", r.ID, what, a, b, l)
				}
			}
			say("the title", r.Title, in.Title)
			for i := range r.Refs {
				say("case "+r.Refs[i].ID, r.Refs[i].What, in.Refs[i].What)
				if in.Refs[i].ID != r.Refs[i].ID || in.Refs[i].Says != r.Refs[i].Says {
					t.Errorf("%s: what go prints is translated: %q", r.ID, in.Refs[i])
				}
			}
			for key, english := range r.Messages {
				say("message "+key, english, in.Messages[key])
			}
			if !Translated(l, r.ID) {
				t.Errorf("%s has no page in %s", r.ID, l)
				continue
			}
			for what, text := range map[string][2]string{
				"symptom": {r.Doc.Symptom, in.Doc.Symptom}, "cause": {r.Doc.Cause, in.Doc.Cause}, "cure": {r.Doc.Cure, in.Doc.Cure}, "undo": {r.Doc.Undo, in.Doc.Undo},
			} {
				english, translation := text[0], text[1]
				if a, b := matches(block, english), matches(block, translation); !slices.Equal(a, b) {
					t.Errorf("%s: the %s has the blocks %q in English and %q in %s", r.ID, what, a, b, l)
				}
				english, translation = block.ReplaceAllString(english, ""), block.ReplaceAllString(translation, "")
				if a, b := matches(span, english), matches(span, translation); !slices.Equal(a, b) {
					t.Errorf("%s: the %s has the code %v in English and %v in %s", r.ID, what, a, b, l)
				}
				english, translation = span.ReplaceAllString(english, ""), span.ReplaceAllString(translation, "")
				if a, b := matches(variable, strings.ReplaceAll(english, "GOPATHs", "GOPATH")), matches(variable, translation); !slices.Equal(a, b) {
					t.Errorf("%s: the %s speaks of %v in English and of %v in %s", r.ID, what, a, b, l)
				}
				if s := sentence.FindString(quoted.ReplaceAllString(translation, "")); s != "" {
					t.Errorf("%s: the %s stayed English: %s", r.ID, what, s)
				}
				if words.MatchString(english) && !strings.ContainsFunc(translation, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
					t.Errorf("%s: the %s is not in %s", r.ID, what, l)
				}
			}
		}
		if !Translated(l, phantomPageID) {
			t.Errorf("the page of the verdict is not there in %s", l)
		}
		page, _ := PageIn(l, phantomPageID)
		if a, b := matches(span, phantomPage), matches(span, page); !slices.Equal(a, b) {
			t.Errorf("the page of the verdict has the code %v in English and %v in %s", a, b, l)
		}
	}
}

var (
	argument = regexp.MustCompile(`\{[A-Za-z][A-Za-z0-9]*\}`)
	block    = regexp.MustCompile("(?ms)^```.*?^```")
	span     = regexp.MustCompile("`[^`\n]+`")
	variable = regexp.MustCompile(`\b(GO[A-Z0-9]{2,}|CGO_[A-Z]+|[A-Z]+_PROXY|SSL_CERT_[A-Z]+)\b`)
	quoted   = regexp.MustCompile(`\*[^*\n]+\*|“[^”]*”`)
	words    = regexp.MustCompile(`[a-z]{2,} [a-z]{2,}`)
	sentence = regexp.MustCompile(`\b[a-z]{2,}( [a-z]{2,}){3,}`)
)

// matches are the different matches, in order.
func matches(of *regexp.Regexp, text string) []string {
	found := of.FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// TestFallback: a page without a translation is English, and nothing says so.
func TestFallback(t *testing.T) {
	for _, r := range All() {
		english, _ := Page(r.ID)
		if other, ok := PageIn(l10n.Language("xx"), r.ID); !ok || other != english {
			t.Errorf("%s in an unknown language:\n%s", r.ID, other)
		}
	}
}
