package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/gophantom/gophantom/server/internal/"

// allowed says which packages of ours a package may import. A package that is
// missing here fails the test: decide where it belongs, then write it down,
// also in docs/architecture.md.
var allowed = map[string][]string{
	"model":           nil,
	"world":           nil,
	"jsonc":           nil,
	"world/worldtest": {"world"},
	"route":           {"model"},
	"report":          {"model"},
	"rules":           {"model", "route"},
	"observe":         {"world", "model", "jsonc"},
	"fix":             {"world", "model", "jsonc", "route"},
	"verify":          {"world", "model", "route"},
	"engine":          {"world", "model", "route", "observe", "rules", "verify", "fix", "report"},
	"lsp":             {"world", "model", "engine", "report"},
	"cli":             {"world", "model", "route", "rules", "engine", "report", "lsp", "observe"},
}

// outside are the packages that reach the world; only world may use them.
var outside = []string{"os", "os/exec", "os/signal", "os/user", "net", "net/http", "syscall", "io/ioutil", "log", "plugin", "unsafe"}

// exempt are uses of outside packages that are none of the world's business.
var exempt = map[string][]string{
	"cli": {"os"}, // os.Exit codes of signals; see the test below
}

func TestImportDirection(t *testing.T) {
	fset := token.NewFileSet()
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		pkg := path.Dir(filepath.ToSlash(file))
		permitted, known := allowed[pkg]
		if !known {
			t.Errorf("%s: package %q is not in the table of allowed imports", file, pkg)
			return nil
		}
		seen[pkg] = true
		f, err := parser.ParseFile(fset, file, nil, 0)
		if err != nil {
			return err
		}
		for _, imp := range f.Imports {
			name, _ := strconv.Unquote(imp.Path.Value)
			if ours, ok := strings.CutPrefix(name, module); ok && !slices.Contains(permitted, ours) {
				t.Errorf("%s imports %s, which %s must not know", file, ours, pkg)
			}
			if pkg != "world" && pkg != "world/worldtest" && slices.Contains(outside, name) && !slices.Contains(exempt[pkg], name) {
				t.Errorf("%s imports %s: only world touches the outside", file, name)
			}
			if lsp := strings.HasPrefix(name, "go.lsp.dev/") && name != "go.lsp.dev/uri"; lsp && pkg != "lsp" {
				t.Errorf("%s imports %s: only lsp knows LSP", file, name)
			}
			if name == "github.com/spf13/cobra" && pkg != "cli" {
				t.Errorf("%s imports %s: only cli knows flags", file, name)
			}
		}
		if pkg == "world" || pkg == "world/worldtest" {
			return nil
		}
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains([]string{"Now", "Sleep", "After", "Since", "Tick", "NewTimer", "NewTicker", "AfterFunc"}, sel.Sel.Name) {
				t.Errorf("%s: time.%s: only world reads the clock", fset.Position(sel.Pos()), sel.Sel.Name)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range allowed {
		if !seen[pkg] {
			t.Errorf("the table names package %q, which does not exist", pkg)
		}
	}
}

// TestRevealStaysInside keeps values from leaving except through report: the
// packages that speak to people may not take a value's text.
func TestRevealStaysInside(t *testing.T) {
	fset := token.NewFileSet()
	for _, pkg := range []string{"lsp", "cli", "rules"} {
		files, err := filepath.Glob(filepath.Join(pkg, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no files in %s: %v", pkg, err)
		}
		for _, file := range files {
			f, err := parser.ParseFile(fset, file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				fun, ok := call.Fun.(*ast.SelectorExpr)
				if !ok || !strings.Contains(printer(fun), "slog.") && !strings.Contains(printer(fun), "fmt.") && !strings.Contains(printer(fun), "log.") {
					return true
				}
				ast.Inspect(call, func(m ast.Node) bool {
					if sel, ok := m.(*ast.SelectorExpr); ok && sel.Sel.Name == "Reveal" {
						t.Errorf("%s: a revealed value goes into %s", fset.Position(sel.Pos()), printer(fun))
					}
					return true
				})
				return true
			})
		}
	}
}

func printer(sel *ast.SelectorExpr) string {
	if x, ok := sel.X.(*ast.Ident); ok {
		return x.Name + "." + sel.Sel.Name
	}
	return "." + sel.Sel.Name
}
