package jsonc_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophantom/gophantom/server/internal/jsonc"
)

func TestSet(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		path       []string
		value      any
		want       string
	}{
		{
			"empty file", "",
			[]string{"go.toolsEnvVars", "GOPROXY"},
			"off",
			"{\n    \"go.toolsEnvVars\": {\n        \"GOPROXY\": \"off\"\n    }\n}\n",
		},
		{"only a comment", "// mine", []string{"a"}, 1, "// mine\n{\n    \"a\": 1\n}\n"},
		{"only a byte order mark", "\uFEFF", []string{"a"}, 1, "\uFEFF{\n    \"a\": 1\n}\n"},
		{"empty object", "{}", []string{"a"}, 1, "{\n    \"a\": 1\n}"},
		{"empty object with blanks", "{  }", []string{"a"}, 1, "{\n    \"a\": 1\n}"},
		{"empty object in lines", "{\n}\n", []string{"a"}, 1, "{\n    \"a\": 1\n}\n"},
		{"empty object with a line comment", "{ // c\n}", []string{"a"}, 1, "{ // c\n    \"a\": 1\n}"},
		{"empty object with a block comment", "{ /* c */ }", []string{"a"}, 1, "{ /* c */\n    \"a\": 1\n}"},
		{"replace", "{\n  \"a\": 1, // one\n}", []string{"a"}, "2", "{\n  \"a\": \"2\", // one\n}"},
		{"replace the one that counts", `{"a": 1, "a": 2}`, []string{"a"}, 3, `{"a": 1, "a": 3}`},
		{"null counts as missing", `{"a": null}`, []string{"a", "b"}, 1, "{\"a\": {\n    \"b\": 1\n}}"},
		{"same value", `{"a": "x"}`, []string{"a"}, "x", `{"a": "x"}`},
		{"on one line", `{"a": 1}`, []string{"b", "c"}, 2, `{"a": 1, "b": {"c":2}}`},
		{"on one line with a trailing comma", `{"a": 1,}`, []string{"b"}, 2, `{"a": 1, "b": 2,}`},
		{"own indent", "{\n\t\"a\": 1\n}", []string{"b"}, 2, "{\n\t\"a\": 1,\n\t\"b\": 2\n}"},
		{
			"own line ending", "{\r\n  \"a\": 1\r\n}\r\n",
			[]string{"b", "c"},
			2,
			"{\r\n  \"a\": 1,\r\n  \"b\": {\r\n    \"c\": 2\r\n  }\r\n}\r\n",
		},
		{"trailing comma stays a style", "{\n  \"a\": 1,\n}", []string{"b"}, 2, "{\n  \"a\": 1,\n  \"b\": 2,\n}"},
		{
			"comments stay where they are", "{\n  \"a\": 1 // one\n  // \"b\": 3\n}",
			[]string{"b"},
			2,
			"{\n  \"a\": 1, // one\n  // \"b\": 3\n  \"b\": 2\n}",
		},
		{
			"deep", "{\n  \"e\": {\n    \"X\": \"1\"\n  },\n  \"z\": 0\n}",
			[]string{"e", "Y"},
			"2",
			"{\n  \"e\": {\n    \"X\": \"1\",\n    \"Y\": \"2\"\n  },\n  \"z\": 0\n}",
		},
		{"readable text", `{"a": ""}`, []string{"a"}, "https://p.example/?a&b=<é>", `{"a": "https://p.example/?a&b=<é>"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			edits, err := parse(t, tt.text).Set(tt.path, tt.value)
			if err != nil {
				t.Fatal(err)
			}
			got, err := jsonc.Apply([]byte(tt.text), edits)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Error(diff)
			}
			checkInverse(t, tt.text, edits)
		})
	}
}

func TestSetRefusesToDestroy(t *testing.T) {
	for _, text := range []string{`{"a": "text"}`, `{"a": [1]}`, `[]`, `7`} {
		if edits, err := parse(t, text).Set([]string{"a", "b"}, 1); !errors.Is(err, jsonc.ErrNotObject) {
			t.Errorf("Set on %s = %v, %v", text, edits, err)
		}
	}
}

func TestRemove(t *testing.T) {
	for _, tt := range []struct{ name, text, key, want string }{
		// VS Code itself writes "{⏎  ,⏎}" here, which it cannot read back.
		{"last of all, commented", "{ // keep me\n \"go.goroot\": \"/nope\",\n}", "go.goroot", "{ // keep me\n}"},
		{"last of all", "{ // keep me\n  \"go.goroot\": \"/nope\"\n}", "go.goroot", "{ // keep me\n}"},
		{"first", "{\n  \"a\": 1,\n  \"b\": 2\n}", "a", "{\n  \"b\": 2\n}"},
		{"middle", `{"a": 1, "b": 2, "c": 3}`, "b", `{"a": 1, "c": 3}`},
		{"last", "{\n  \"a\": 1,\n  \"b\": 2\n}", "b", "{\n  \"a\": 1\n}"},
		{"last with a trailing comma", "{\n  \"a\": 1,\n  \"b\": 2,\n}", "b", "{\n  \"a\": 1,\n}"},
		{"last on one line", `{"a": 1, "b": 2 /* two */ }`, "b", `{"a": 1 /* two */ }`},
		{"only one on one line", `{ "a": 1 }`, "a", `{ }`},
		{"comment between", "{\n  \"a\": 1, // one\n  \"b\": 2 // two\n}", "b", "{\n  \"a\": 1 // one\n  // two\n}"},
		{"comma on its own line", "{\n  \"a\": 1 // one\n  , \"b\": 2\n}", "a", "{\n  // one\n  \"b\": 2\n}"},
		{"every duplicate", `{"b": 1, "a": 0, "b": 2, "b": 3}`, "b", `{"a": 0}`},
		{"only duplicates", `{"b": 2, "b": 3,}`, "b", `{}`},
		{"carriage returns", "{\r\n  \"a\": 1,\r\n  \"b\": 2\r\n}", "a", "{\r\n  \"b\": 2\r\n}"},
		{"over lines", "{\n  \"a\": {\n    \"x\": 1\n  },\n  \"b\": 2\n}", "a", "{\n  \"b\": 2\n}"},
		{"absent", `{"a": 1,}`, "b", `{"a": 1,}`},
		{"nothing there", "", "b", ""},
		{"no object", "[1]", "b", "[1]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			edits, err := parse(t, tt.text).Remove(tt.key)
			if err != nil {
				t.Fatal(err)
			}
			got, err := jsonc.Apply([]byte(tt.text), edits)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Error(diff)
			}
			parse(t, string(got))
			checkInverse(t, tt.text, edits)
		})
	}
}

func TestApplyRefuses(t *testing.T) {
	for _, edits := range [][]jsonc.Edit{
		{{Start: 0, End: 9}},
		{{Start: 2, End: 1}},
		{{Start: 0, End: 2}, {Start: 1, End: 3}},
		{{Start: -1, End: 0}},
	} {
		if got, err := jsonc.Apply([]byte("abcd"), edits); err == nil {
			t.Errorf("Apply(%v) = %q", edits, got)
		}
	}
}

func checkInverse(t *testing.T, text string, edits []jsonc.Edit) {
	t.Helper()
	after, err := jsonc.Apply([]byte(text), edits)
	if err != nil {
		t.Fatal(err)
	}
	back, err := jsonc.Apply(after, jsonc.Invert([]byte(text), edits))
	if err != nil {
		t.Fatal(err)
	}
	if string(back) != text {
		t.Errorf("the inverse gives %q, want %q", back, text)
	}
}

// TestRandomEdits sets and removes random members of random documents and
// compares the outcome with the same change made on the decoded value.
func TestRandomEdits(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 5_000 {
		g := &generator{rng: rng, eol: "\n"}
		if rng.IntN(4) == 0 {
			g.eol = "\r\n"
		}
		text := g.document()
		d, err := jsonc.Parse([]byte(text))
		if err != nil {
			t.Fatalf("%v in generated\n%s", err, text)
		}
		want := decode(t, d)
		path := g.path()
		value := any(fmt.Sprintf("new %d", rng.IntN(9)))

		old, had := d.Lookup(path...)
		remove := rng.IntN(2) == 0
		var edits []jsonc.Edit
		if remove {
			edits, err = d.Remove(path...)
			removeIn(want, path)
		} else {
			edits, err = d.Set(path, value)
			if !setIn(want, path, value) {
				if !errors.Is(err, jsonc.ErrNotObject) {
					t.Fatalf("Set(%q): %v, want ErrNotObject in\n%s", path, err, text)
				}
				continue
			}
		}
		if err != nil {
			t.Fatalf("editing %q: %v in\n%s", path, err, text)
		}

		after, err := jsonc.Apply([]byte(text), edits)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		d2, err := jsonc.Parse(after)
		if err != nil {
			t.Fatalf("%v: editing %q in\n%s\ngives\n%s", err, path, text, after)
		}
		if diff := cmp.Diff(want, decode(t, d2)); diff != "" {
			t.Fatalf("editing %q in\n%s\ngives\n%s\n%s", path, text, after, diff)
		}
		checkInverse(t, text, edits)

		if bareCR.Match(after) {
			t.Fatalf("a carriage return is alone: editing %q in\n%q\ngives\n%q", path, text, after)
		}

		// Comments carry a number. The ones inside what was taken away may go.
		if remove && givenTwice(t, d, path) {
			continue // more than one member was taken away
		}
		outside := text
		if had {
			from := old.Start
			if remove {
				from = old.KeyStart
			}
			outside = text[:from] + text[old.End:]
		}
		if diff := cmp.Diff(comments(outside), comments(string(after))); diff != "" {
			t.Fatalf("editing %q in\n%s\ngives\n%s\ncomments differ:\n%s", path, text, after, diff)
		}
	}
}

var (
	comment = regexp.MustCompile(`c\d+c`)
	bareCR  = regexp.MustCompile(`\r[^\n]`)
)

func comments(text string) []string { return comment.FindAllString(text, -1) }

// givenTwice tells whether the object that holds the last name of path holds
// it more than once.
func givenTwice(t *testing.T, d *jsonc.Document, path []string) bool {
	t.Helper()
	parent, ok := d.Lookup(path[:len(path)-1]...)
	if !ok || parent.Kind != jsonc.Object {
		return false
	}
	dec := json.NewDecoder(bytes.NewReader(parent.Value))
	if _, err := dec.Token(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		if name == path[len(path)-1] {
			seen++
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			t.Fatal(err)
		}
	}
	return seen > 1
}

func decode(t *testing.T, d *jsonc.Document) map[string]any {
	t.Helper()
	node, ok := d.Lookup()
	if !ok {
		return map[string]any{}
	}
	out := map[string]any{}
	if err := json.Unmarshal(node.Value, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// setIn is the model of Set; it reports false if a value is in the way.
func setIn(obj map[string]any, path []string, value any) bool {
	for _, name := range path[:len(path)-1] {
		switch next := obj[name].(type) {
		case map[string]any:
			obj = next
		case nil:
			made := map[string]any{}
			obj[name] = made
			obj = made
		default:
			return false
		}
	}
	obj[path[len(path)-1]] = value
	return true
}

// removeIn is the model of Remove.
func removeIn(obj map[string]any, path []string) {
	for _, name := range path[:len(path)-1] {
		next, ok := obj[name].(map[string]any)
		if !ok {
			return
		}
		obj = next
	}
	delete(obj, path[len(path)-1])
}

// generator writes random documents with numbered comments.
type generator struct {
	rng   *rand.Rand
	eol   string
	count int
}

var names = []string{"a", "b", "c.d", "é"}

func (g *generator) path() []string {
	path := make([]string, 1+g.rng.IntN(3))
	for i := range path {
		path[i] = names[g.rng.IntN(len(names))]
	}
	return path
}

func (g *generator) document() string {
	switch g.rng.IntN(20) {
	case 0:
		return ""
	case 1:
		return g.space()
	}
	text := g.space() + g.object(0) + g.space()
	if g.rng.IntN(8) == 0 {
		text = "\uFEFF" + text
	}
	return text
}

// space is white space and comments.
func (g *generator) space() string {
	var b strings.Builder
	for range g.rng.IntN(3) {
		switch g.rng.IntN(7) {
		case 0:
			g.count++
			fmt.Fprintf(&b, "// c%dc \"}{,%s", g.count, g.eol)
		case 1:
			g.count++
			fmt.Fprintf(&b, "/* c%dc%s } */", g.count, []string{"", g.eol}[g.rng.IntN(2)])
		case 2, 3:
			b.WriteString(g.eol)
			b.WriteString(strings.Repeat(" ", g.rng.IntN(5)))
		case 4:
			b.WriteString("\t")
		default:
			b.WriteString(" ")
		}
	}
	return b.String()
}

func (g *generator) object(depth int) string {
	var b strings.Builder
	b.WriteString("{")
	n := g.rng.IntN(4)
	for i := range n {
		b.WriteString(g.space())
		fmt.Fprintf(&b, "%q", names[g.rng.IntN(len(names))])
		b.WriteString(g.space() + ":" + g.space())
		b.WriteString(g.value(depth + 1))
		b.WriteString(g.space())
		if i < n-1 || g.rng.IntN(3) == 0 {
			b.WriteString(",")
		}
	}
	b.WriteString(g.space() + "}")
	return b.String()
}

func (g *generator) value(depth int) string {
	if depth < 4 && g.rng.IntN(2) == 0 {
		return g.object(depth)
	}
	return []string{`null`, `"// no comment"`, `"é😀"`, `[1, /* in */ {"a": 2,},]`, `true`, `-1e3`}[g.rng.IntN(6)]
}
