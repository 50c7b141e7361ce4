package trace_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/rules"
	"github.com/gophantom/gophantom/server/internal/trace"
)

var corpus = filepath.Join("..", "..", "..", "testdata", "messages")

// refsOf are the refs of the first message of a text.
func refsOf(text string) []string {
	found := trace.Classify(model.NewValue(text))
	if len(found) == 0 {
		return nil
	}
	return found[0].Refs
}

// TestMessages reads every verbatim text of the corpus as it stands, and as
// logs change it: each is its ref, and one message.
func TestMessages(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpus, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no corpus: %v", err)
	}
	known := map[string]bool{}
	for _, family := range rules.Catalogue {
		for _, id := range family.Refs {
			known[id] = true
		}
	}
	for _, file := range files {
		ref := strings.TrimSuffix(filepath.Base(file), ".txtar")
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			t.Run(ref+"/"+f.Name, func(t *testing.T) {
				text := string(f.Data)
				// What the reference has is one message; a run of go says more.
				reference := strings.HasSuffix(f.Name, "reference")
				for how, changed := range map[string]string{
					"as it stands": text,
					"CRLF":         strings.ReplaceAll(text, "\n", "\r\n"),
					"coloured":     "\x1b[31m" + strings.ReplaceAll(text, "\n", "\x1b[0m\n\x1b[31m"),
					"time stamps":  "2026-11-23 10:11:12.123 [error] " + strings.ReplaceAll(text, "\n", "\n2026-11-23 10:11:12.123 [error] "),
				} {
					found := trace.Classify(model.NewValue(changed))
					for _, m := range found {
						for _, id := range m.Refs {
							if !known[id] {
								t.Errorf("%s is no row of the catalogue", id)
							}
						}
					}
					is := func(m model.Message) bool { return slices.Contains(m.Refs, ref) }
					if !slices.ContainsFunc(found, is) || reference && len(found) != 1 {
						t.Errorf("%s: %d messages, refs %v", how, len(found), refsOf(changed))
					}
				}
			})
		}
	}
}

// TestUnknown reads lines that are no message of the catalogue, each alone and
// all in one text.
func TestUnknown(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(corpus, "unknown.txt"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if len(lines) < 100 {
		t.Fatalf("only %d lines", len(lines))
	}
	for _, line := range lines {
		if refs := refsOf(line); refs != nil {
			t.Errorf("%q is taken for %v", line, refs)
		}
	}
	if refs := refsOf(string(data)); refs != nil {
		t.Errorf("something in the whole text is taken for %v", refs)
	}
}
