package trace_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
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

// TestClassifyIsRead: a text that is held is understood as one that is streamed.
func TestClassifyIsRead(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpus, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no messages: %v", err)
	}
	known := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{string(data), string(data) + "\n\n", "\r\n" + string(data), strings.TrimSpace(string(data))} {
			var want []model.Message
			if _, err := trace.Read(strings.NewReader(text), func(m model.Message) { want = append(want, m) }); err != nil {
				t.Fatal(err)
			}
			if got := trace.Classify(model.NewValue(text)); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %d messages, want %d", file, len(got), len(want))
			}
			known += len(want)
		}
	}
	if known == 0 {
		t.Error("nothing is known")
	}
}

// TestLoadsAreNumbered: what a Log remembers of a text it says of the same text
// in another load, and of nothing else.
func TestLoadsAreNumbered(t *testing.T) {
	const said = "2026-11-30 20:20:57.301 [error] 2026/11/30 20:20:57 go/packages.Load #%d: err: exit status 1: stderr: %s\n"
	old, sum := "go: go.mod requires go >= 1.99 (running go 1.26.8; GOTOOLCHAIN=local)", "go: updates to go.mod needed; to update it:"
	text := ""
	for i := range 20 {
		text += fmt.Sprintf(said, i, old) + fmt.Sprintf(said, i, sum)
	}
	for i, e := range read(&trace.Log{}, text, len(text)) {
		_, alone, _ := strings.Cut(fmt.Sprintf(said, i/2, []string{old, sum}[i%2]), "20:20:57 ")
		var want []string
		for _, m := range trace.Classify(model.NewValue(alone)) {
			want = append(want, m.Refs...)
		}
		if len(want) == 0 || !slices.Equal(e.Refs, want) {
			t.Errorf("error %d is %q, alone it is %q", i, e.Refs, want)
		}
	}
}
