package main

import (
	"bytes"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
)

// repository is the repository root, seen from this package.
const repository = "../../.."

func TestGeneratedFilesAreFresh(t *testing.T) {
	if err := run(repository, targets, true, &bytes.Buffer{}); err != nil {
		t.Error(err)
	}
}

func TestRunWritesWhatIsStaleAndCheckOnlyTells(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, "a.txt")
	stale := []target{{"a.txt", func(string) ([]byte, error) { return []byte("new"), nil }}}
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}

	err := run(root, stale, true, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "a.txt") || !strings.Contains(err.Error(), regenerate) {
		t.Errorf("check of a stale file: error %v, want one that names the file and the command", err)
	}
	if got, _ := os.ReadFile(file); string(got) != "old" {
		t.Errorf("check changed the file to %q", got)
	}

	var out bytes.Buffer
	if err := run(root, stale, false, &out); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(file); string(got) != "new" || !strings.Contains(out.String(), "a.txt") {
		t.Errorf("file holds %q and the run said %q", got, &out)
	}
	if err := run(root, stale, true, &out); err != nil {
		t.Errorf("check of a fresh file: %v", err)
	}
}

func TestAllowListAgreesWithModel(t *testing.T) {
	f, err := parse(repository, "server/internal/model/variables.go")
	if err != nil {
		t.Fatal(err)
	}
	l, err := allowListOf(f)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "GIT_DIR", "GO", "Path", "http_proxy", "EDITOR"}
	for _, n := range l.names {
		names = append(names, n, strings.ToLower(n), n+"X", "X"+n)
	}
	for _, p := range append([]string{l.excluded}, l.prefixes...) {
		names = append(names, p, p+"X", strings.ToLower(p)+"x", "X"+p, p[:len(p)-1], p+"_APPLICATION_CREDENTIALS")
	}
	for _, name := range names {
		if got, want := l.keeps(name), model.Kept(name); got != want {
			t.Errorf("the generated allow-list keeps %q: %v, model.Kept says %v", name, got, want)
		}
	}
}

func TestInterfaces(t *testing.T) {
	tests := []struct{ name, field, want string }{
		{"string", "A string `json:\"a\"`", "  a: string;\n"},
		{"numbers", "A int64 `json:\"a\"`", "  a: number;\n"},
		{"left out when zero", "A []string `json:\"a,omitzero\"`", "  a?: string[];\n"},
		{"nil slice is null", "A []Other `json:\"a\"`", "  a: Other[] | null;\n"},
		{"slice of pointers", "A []*Other `json:\"a,omitzero\"`", "  a?: (Other | null)[];\n"},
		{"pointer", "A *Other `json:\"a\"`", "  a: Other | null;\n"},
		{"map of pointers", "A map[string]*string `json:\"a,omitzero\"`", "  a?: { [name: string]: string | null };\n"},
		{"raw", "A map[string]json.RawMessage `json:\"a,omitzero\"`", "  a?: { [name: string]: unknown };\n"},
		{"comment", "A bool `json:\"a\"` // why", "  /** why */\n  a: boolean;\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := interfaces("type T struct {\n" + tt.field + "\n}")
			if err != nil {
				t.Fatal(err)
			}
			if want := "\nexport interface T {\n" + tt.want + "}\n"; got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func TestInterfacesRefuseWhatTheyDoNotKnow(t *testing.T) {
	for _, src := range []string{
		"type T struct { A chan int `json:\"a\"` }",
		"type T struct { A float32 `json:\"a\"` }",
		"type T struct { A map[int]string `json:\"a\"` }",
		"type T struct { A string }",
		"type T struct { A string `json:\"-\"` }",
		"type T int",
	} {
		if got, err := interfaces(src); err == nil {
			t.Errorf("%s\ngave no error but:\n%s", src, got)
		}
	}
}

func interfaces(src string) (string, error) {
	f, err := parser.ParseFile(token.NewFileSet(), "wire.go", "package lsp\n"+src, parser.ParseComments)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	err = writeInterfaces(&b, f)
	return b.String(), err
}
