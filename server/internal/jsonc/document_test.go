package jsonc_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/jsonc"
)

func parse(t *testing.T, text string) *jsonc.Document {
	t.Helper()
	d, err := jsonc.Parse([]byte(text))
	if err != nil {
		t.Fatalf("Parse(%q): %v", text, err)
	}
	return d
}

func TestLookup(t *testing.T) {
	const vars = `{ // head
	"go.toolsEnvVars": {
		"GOPROXY": "off", /* why */
		"GOPROXY": "direct",
	},
	"go": {"toolsEnvVars": 1},
	"n": null, "a": [1, 2,], "b": true, "x": -1.5e3,
} // no newline at the end`
	for _, text := range []string{vars, strings.ReplaceAll(vars, "\n", "\r\n"), "\uFEFF" + vars} {
		d := parse(t, text)
		for _, tt := range []struct {
			path  []string
			kind  jsonc.Kind
			value string // "" if there is no such value
			line  int
		}{
			{[]string{"go.toolsEnvVars", "GOPROXY"}, jsonc.String, `"direct"`, 3},
			{[]string{"go.toolsEnvVars"}, jsonc.Object, `{"GOPROXY":"off","GOPROXY":"direct"}`, 1},
			{[]string{"go", "toolsEnvVars"}, jsonc.Number, `1`, 5},
			{[]string{"n"}, jsonc.Null, `null`, 6},
			{[]string{"a"}, jsonc.Array, `[1,2]`, 6},
			{[]string{"b"}, jsonc.Bool, `true`, 6},
			{[]string{"x"}, jsonc.Number, `-1.5e3`, 6},
			{path: []string{"go.toolsEnvVars", "GOFLAGS"}},
			{path: []string{"n", "deeper"}},
			{path: []string{"a", "2"}},
			{path: []string{"a", "-1"}},
			{path: []string{"a", "first"}},
		} {
			node, ok := d.Lookup(tt.path...)
			if ok != (tt.value != "") || string(node.Value) != tt.value || node.Kind != tt.kind {
				t.Errorf("Lookup(%q) = %s %s, %t; want %s %s", tt.path, node.Kind, node.Value, ok, tt.kind, tt.value)
				continue
			}
			if !ok {
				continue
			}
			if line := d.Position(node.KeyStart).Line; line != tt.line {
				t.Errorf("Lookup(%q) is on line %d, want %d", tt.path, line, tt.line)
			}
			var key string
			if err := json.Unmarshal([]byte(text[node.KeyStart:node.KeyEnd]), &key); err != nil || key != tt.path[len(tt.path)-1] {
				t.Errorf("the key of %q spans %q", tt.path, text[node.KeyStart:node.KeyEnd])
			}
		}
	}
}

func TestLookupInArrays(t *testing.T) {
	const text = "{\"a\": [\n  {\"b\": [true, // no\n    \"yes\"]},\n]}"
	d := parse(t, text)
	node, ok := d.Lookup("a", "0", "b", "1")
	if !ok || string(node.Value) != `"yes"` || node.KeyStart != 0 || node.KeyEnd != 0 {
		t.Errorf("found %+v, %t", node, ok)
	}
	if at := d.Position(node.Start); at != (jsonc.Position{Line: 2, Character: 4}) {
		t.Errorf("it stands at %+v", at)
	}
	if b, ok := d.Lookup("a", "0", "b"); !ok || d.Position(b.KeyStart).Line != 1 {
		t.Errorf("the member of an element: %+v, %t", b, ok)
	}
}

func TestMembers(t *testing.T) {
	d := parse(t, `{"a": {"x": 1, "y.z": {}, "x": 2}, "b": []}`)
	members := d.Members("a")
	if len(members) != 2 {
		t.Errorf("%d members, want x and y.z", len(members))
	}
	for name, node := range members {
		want, _ := d.Lookup("a", name)
		if string(node.Value) != string(want.Value) || node.Start != want.Start || node.KeyStart != want.KeyStart {
			t.Errorf("%s = %+v, want %+v", name, node, want)
		}
	}
	for _, path := range [][]string{{"b"}, {"absent"}, {"a", "x"}} {
		if members := d.Members(path...); len(members) != 0 {
			t.Errorf("Members(%q) = %v", path, members)
		}
	}
	if members := parse(t, "").Members(); len(members) != 0 {
		t.Errorf("members of nothing: %v", members)
	}
}

func TestPositionCountsUTF16(t *testing.T) {
	const text = "\uFEFF{\"é\": \"😀\", \"k\":\r\n 1}"
	d := parse(t, text)
	k, ok := d.Lookup("k")
	if !ok {
		t.Fatal("no k")
	}
	// { " é " : space " 😀(2) " , space
	if got, want := d.Position(k.KeyStart), (jsonc.Position{Line: 0, Character: 12}); got != want {
		t.Errorf("key at %v, want %v", got, want)
	}
	if got, want := d.Position(k.Start), (jsonc.Position{Line: 1, Character: 1}); got != want {
		t.Errorf("value at %v, want %v", got, want)
	}
	if got, want := d.Position(1<<30), (jsonc.Position{Line: 1, Character: 3}); got != want {
		t.Errorf("beyond the end at %v, want %v", got, want)
	}
}

func TestBlank(t *testing.T) {
	for _, text := range []string{"", "\uFEFF", " \r\n", "// only a comment", "/* a */ // b\n"} {
		d := parse(t, text)
		if node, ok := d.Lookup(); ok {
			t.Errorf("%q has a value: %+v", text, node)
		}
	}
}

func TestSyntaxErrors(t *testing.T) {
	for _, tt := range []struct {
		text string
		line int // from 0
		char int
	}{
		{"{\n  ,\n}", 1, 2}, // what VS Code leaves when it removes the last of the members
		{"{\r\n\"é\": 1 2}", 1, 7},
		{"\uFEFF{\"a\" 1}", 0, 5},
		{"{\"a\": secret-token}", 0, 6},
		{"{\"a\": \"secret\ttoken\"}", 0, 6},
		{"{\"a\": \"secret token", 0, 19},
		{"{\"a\": 1} /* no end", 0, 9},
		{"{\"a\": 1}}", 0, 8},
		{"{", 0, 1},
		{"{\"a\":\n\"\xff\"}", 1, 1},
		{"// \u2028", 0, 3},
	} {
		_, err := jsonc.Parse([]byte(tt.text))
		var syntax *jsonc.SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("Parse(%q) = %v, want a SyntaxError", tt.text, err)
			continue
		}
		if want := (jsonc.Position{Line: tt.line, Character: tt.char}); syntax.Position != want {
			t.Errorf("Parse(%q): %v, want it at %v", tt.text, err, want)
		}
		if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "hujson") {
			t.Errorf("Parse(%q): the error quotes what it must not: %v", tt.text, err)
		}
	}
}

func TestHostileInput(t *testing.T) {
	const size = 5 << 20
	for name, text := range map[string]string{
		"open arrays":   strings.Repeat("[", size),
		"open objects":  strings.Repeat(`{"a":`, size/5),
		"nested arrays": strings.Repeat("[", size/2) + strings.Repeat("]", size/2),
	} {
		var syntax *jsonc.SyntaxError
		if _, err := jsonc.Parse([]byte(text)); !errors.As(err, &syntax) || !strings.Contains(syntax.Text, "nest") {
			t.Errorf("%s: %v", name, err)
		}
	}

	long := strings.Repeat("a", size)
	d := parse(t, `{"k": "`+long+`"}`)
	if node, ok := d.Lookup("k"); !ok || len(node.Value) != size+2 {
		t.Errorf("a long string came back with %d bytes", len(node.Value))
	}
	// Brackets inside strings and comments do not nest.
	parse(t, `{"k": "`+strings.Repeat("[", 2000)+`" /*`+strings.Repeat("{", 2000)+"*/}")
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "{}", "{,}", `{"a": [1, {"b": null,},], // c` + "\n}", "\uFEFF// x", `{"a":"\"//"}`, "/*/", `"`, `"\`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := jsonc.Parse(data)
		if err != nil {
			var syntax *jsonc.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("%v is no SyntaxError", err)
			}
			return
		}
		if node, ok := d.Lookup(); ok && !json.Valid(node.Value) {
			t.Fatalf("%q gives invalid JSON %q", data, node.Value)
		}
		for _, path := range [][]string{{"a"}, {"a", "b"}} {
			if edits, err := d.Set(path, "v"); err == nil {
				after, err := jsonc.Apply(data, edits)
				if err != nil {
					t.Fatal(err)
				}
				d2, err := jsonc.Parse(after)
				if err != nil {
					t.Fatalf("Set(%q) on %q gives %q: %v", path, data, after, err)
				}
				if node, _ := d2.Lookup(path...); string(node.Value) != `"v"` {
					t.Fatalf("Set(%q) on %q gives %q", path, data, after)
				}
			}
			edits, err := d.Remove(path...)
			if err != nil {
				t.Fatal(err)
			}
			after, err := jsonc.Apply(data, edits)
			if err != nil {
				t.Fatal(err)
			}
			d2, err := jsonc.Parse(after)
			if err != nil {
				t.Fatalf("Remove(%q) on %q gives %q: %v", path, data, after, err)
			}
			if _, still := d2.Lookup(path...); still {
				t.Fatalf("Remove(%q) on %q gives %q", path, data, after)
			}
		}
	})
}
