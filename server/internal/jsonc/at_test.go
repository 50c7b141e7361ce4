package jsonc_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/jsonc"
)

func TestAt(t *testing.T) {
	const text = "\uFEFF// é 😀\n{\n\t\"go.toolsEnvVars\": { /* 😀 */ \"GOPROXY\": \"off\", \"A\": 1 },\n\t\"list\": [{\"x\": 1}],\n\t\"twice\": {\"a\": 1},\n\t\"twice\": {\"a\": 2}\n}\n"
	d := parse(t, text)
	for _, tc := range []struct {
		mark string // the place is in front of it
		want []string
	}{
		{`"go.tools`, []string{"go.toolsEnvVars"}},
		{`toolsEnv`, []string{"go.toolsEnvVars"}},
		{`{ /*`, []string{"go.toolsEnvVars"}},
		{`GOPROXY`, []string{"go.toolsEnvVars", "GOPROXY"}},
		{`off`, []string{"go.toolsEnvVars", "GOPROXY"}},
		{`1 }`, []string{"go.toolsEnvVars", "A"}},
		{`{"x"`, []string{"list"}},
		{`x"`, []string{"list", "0", "x"}},
		{`// é`, nil},
		{`"twice"`, nil},
		{`"a": 2`, []string{"twice", "a"}},
		{"{\n", nil},
	} {
		offset := strings.Index(text, tc.mark)
		path, node, ok := d.At(d.Position(offset))
		if !slices.Equal(path, tc.want) || ok != (tc.want != nil) {
			t.Errorf("at %s: %v, %v", tc.mark, path, ok)
			continue
		}
		if ok {
			if same, found := d.Lookup(path...); !found || same.Start != node.Start || same.KeyStart != node.KeyStart {
				t.Errorf("at %s: Lookup(%v) is another member", tc.mark, path)
			}
		}
	}
	for _, p := range []jsonc.Position{{Line: -1}, {Line: 99}, {Line: 2, Character: 999}, {Line: 0, Character: -1}} {
		if path, _, ok := d.At(p); ok {
			t.Errorf("at %v, outside the text: %v", p, path)
		}
	}
	if _, _, ok := parse(t, "  ").At(jsonc.Position{}); ok {
		t.Error("a blank text has a member")
	}
}
