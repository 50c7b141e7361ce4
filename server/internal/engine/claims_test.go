package engine_test

import (
	"cmp"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/gophantom/gophantom/server/internal/rules"
)

// notShown are the rows whose text no test has printed, and why; rules stand
// for their rows without an id.
var notShown = map[string]string{
	"VC-SSHKEY":              "ssh says it of a server, and the tests have no SSH server",
	"VC-SSHHOST":             "ssh says it of a server, and the tests have no SSH server",
	"VC-NOREPO":              "a server says it over ssh, and the tests have no SSH server",
	"GR-MISMATCH":            "takes the tools of two releases of Go, and the tests have one",
	"gopls-go-mismatch":      "gopls says it when an older Go than the installed one has built it",
	"setting-without-effect": "gopls says it to an editor, which no test of messages is",
	"test-tags-differ":       "gopls says it to an editor, which no test of messages is",
}

// TestEveryClaimIsJudged holds every text that a rule says go prints to what go
// printed: in the corpus of messages, whose sections that begin with a release
// package trace's TestLive compares with the installed go, or in the judge
// section of a scenario that finds the row.
func TestEveryClaimIsJudged(t *testing.T) {
	corpus := filepath.Join("..", "..", "..", "testdata")
	scenarios, err := filepath.Glob(filepath.Join(corpus, "scenarios", "*", "*.txtar"))
	if err != nil || len(scenarios) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	said := map[string][]string{} // by row, or rule where a finding has none, what judge sections hold go to
	for _, file := range scenarios {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var commands []judgedCommand
		var want string
		for _, f := range archive.Files {
			switch f.Name {
			case "judge":
				if commands, err = parseJudge(string(f.Data)); err != nil {
					t.Fatal(err)
				}
			case "want":
				want = string(f.Data)
			}
		}
		for line := range strings.Lines(want) {
			if words := strings.Fields(line); len(words) > 1 {
				row := words[1]
				if row == "-" { // a finding without a row stands for its rule
					row = words[0]
				}
				for _, c := range commands {
					said[row] = append(said[row], c.says...)
				}
			}
		}
	}
	for _, r := range rules.All() {
		for _, ref := range r.Refs {
			if ref.Says == "" {
				continue
			}
			judged := slices.ContainsFunc(printed(t, filepath.Join(corpus, "messages"), ref.ID), func(text string) bool { return says(text, ref.Says) }) ||
				slices.ContainsFunc(said[cmp.Or(ref.ID, r.ID)], func(text string) bool { return says(text, ref.Says) || says(ref.Says, text) })
			key := cmp.Or(ref.ID, r.ID)
			switch _, excused := notShown[key]; {
			case judged && excused:
				t.Errorf("%s: its text is shown, so it needs no excuse", key)
			case !judged && !excused:
				t.Errorf("%s (%s): nothing makes go print %q", key, r.ID, ref.Says)
			}
		}
	}
}

// printed is what the real go printed for a row, as the corpus has it, or for
// any row if it has no id.
func printed(t *testing.T, corpus, ref string) (texts []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(corpus, cmp.Or(ref, "*")+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			if strings.HasPrefix(f.Name, "go1.") {
				texts = append(texts, string(f.Data))
			}
		}
	}
	return texts
}

// says reports whether text has the claim in it, in which … stands for anything
// and white space for any white space.
func says(text, claim string) bool {
	space := strings.NewReplacer(`\n`, " ", `\t`, " ")
	words := strings.Fields(space.Replace(claim))
	pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.Join(words, " ")), "…", ".*")
	return regexp.MustCompile(pattern).MatchString(strings.Join(strings.Fields(space.Replace(text)), " "))
}
