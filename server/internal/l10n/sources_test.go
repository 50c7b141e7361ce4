package l10n

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/untranslated.txt anew")

// untranslated lists what looks like a sentence in the sources and has no
// translation: what tools print, which must have none, and what is to be done.
const untranslated = "testdata/untranslated.txt"

// speaking are the packages whose texts people read.
var speaking = []string{"rules", "drift", "route", "probe", "verify", "fix", "engine", "report", "lsp", "cause", "baseline", "model", "observe", "headless", "shell", "cli"}

// TestNothingIsForgotten holds the tables to the sources: a text that is new
// there is translated in zh-cn/texts, or stands in the list.
func TestNothingIsForgotten(t *testing.T) {
	var known strings.Builder
	for _, kind := range []string{"texts", "rules"} {
		names, err := files.ReadDir("zh-cn/" + kind)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			data, err := files.ReadFile("zh-cn/" + kind + "/" + name.Name())
			if err != nil {
				t.Fatal(err)
			}
			pairs, _ := parse(string(data))
			for _, p := range pairs {
				known.WriteString(canonical(p[0]) + "\x01")
			}
		}
	}
	var missing []string
	for _, pkg := range speaking {
		for _, text := range textsOf(t, filepath.Join("..", pkg)) {
			if !strings.Contains(known.String(), canonical(text)) {
				missing = append(missing, pkg+": "+text)
			}
		}
	}
	slices.Sort(missing)
	missing = slices.Compact(missing)
	want := strings.Join(missing, "\n") + "\n"
	if *update {
		if err := os.WriteFile(untranslated, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(untranslated)
	if err != nil {
		t.Fatal(err)
	}
	listed := strings.Split(strings.TrimSpace(strings.ReplaceAll(string(data), "\r\n", "\n")), "\n")
	for _, m := range missing {
		if !slices.Contains(listed, m) {
			t.Errorf("no translation of\n\t%s\nadd it to zh-cn/texts, or to %s if a tool prints it (go test ./server/internal/l10n -update)", m, untranslated)
		}
	}
	for _, l := range listed {
		if !slices.Contains(missing, l) {
			t.Errorf("%s lists what is translated or gone: %s (go test ./server/internal/l10n -update)", untranslated, l)
		}
	}
}

var verb = regexp.MustCompile(`%[-+# 0]*[0-9]*(\.[0-9]+)?(\[[0-9]+\])?[a-zA-Z]`)

// canonical is a text with one mark for every argument.
func canonical(text string) string {
	text = Placeholder.ReplaceAllString(verb.ReplaceAllString(text, "\x00"), "\x00")
	return lowered(strings.Trim(text, " \n.,;:#*-"))
}

var (
	lowerWords = regexp.MustCompile(`[a-z]{2,} [a-z]{2,}`)
	outside    = regexp.MustCompile(`^go: |^-?[a-z]+=|/proc/|XTRACE|printf`)
)

// textsOf are the texts of a package that look like sentences, line by line.
func textsOf(t *testing.T, dir string) (out []string) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %v", dir, err)
	}
	add := func(text string) {
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if lowerWords.MatchString(verb.ReplaceAllString(line, "")) && !outside.MatchString(line) {
				out = append(out, line)
			}
		}
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		var visit func(ast.Node) bool
		visit = func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec, *ast.Field:
				return false
			case *ast.CallExpr:
				if s, ok := n.Fun.(*ast.SelectorExpr); ok && (s.Sel.Name == "MustCompile" || isLog(s.X)) {
					return false
				}
			case *ast.KeyValueExpr:
				if k, ok := n.Key.(*ast.Ident); ok && slices.Contains([]string{"Messages", "Doc", "Refs", "Title", "Family"}, k.Name) && filepath.Base(dir) == "rules" {
					return false // TestTranslations has them
				}
			case ast.Expr:
				if text, ok := literal(n); ok {
					add(text)
					return nested(n, visit)
				}
			}
			return true
		}
		ast.Inspect(file, visit)
	}
	return out
}

func isLog(x ast.Expr) bool {
	s, ok := x.(*ast.SelectorExpr)
	return ok && s.Sel.Name == "log"
}

// literal is the text of a literal, of literals that are joined with other
// things, and of a format with its verbs.
func literal(e ast.Expr) (text string, ok bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			s, err := strconv.Unquote(e.Value)
			return s, err == nil
		}
	case *ast.ParenExpr:
		return literal(e.X)
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			a, okA := literal(e.X)
			b, okB := literal(e.Y)
			return a + b, okA || okB
		}
	case *ast.CallExpr:
		if s, isSel := e.Fun.(*ast.SelectorExpr); isSel && s.Sel.Name == "Sprintf" && len(e.Args) > 0 {
			return literal(e.Args[0])
		}
	}
	return "%s", false
}

// nested visits the arguments of calls inside of a text.
func nested(n ast.Node, visit func(ast.Node) bool) bool {
	ast.Inspect(n, func(m ast.Node) bool {
		call, ok := m.(*ast.CallExpr)
		if !ok {
			return true
		}
		for i, arg := range call.Args {
			if s, isSel := call.Fun.(*ast.SelectorExpr); i > 0 || !isSel || s.Sel.Name != "Sprintf" {
				ast.Inspect(arg, visit)
			}
		}
		return false
	})
	return false
}
