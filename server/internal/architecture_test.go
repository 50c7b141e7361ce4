package internal_test

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
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
	"l10n":            nil,
	"report":          {"model", "l10n"},
	"rules":           {"model", "route", "drift", "l10n"},
	"cause":           {"model", "route"},
	"drift":           {"model", "route"},
	"baseline":        {"model"},
	"trace":           {"model"},
	"logs":            {"world", "model"},
	"probe":           {"world", "model", "route"},
	"shell":           {"world", "model"},
	"observe":         {"world", "model", "jsonc", "shell"},
	"fix":             {"world", "model", "jsonc", "route"},
	"verify":          {"world", "model", "route"},
	"headless":        {"world", "model"},
	"engine":          {"world", "model", "headless", "fleet", "shell", "baseline", "observe", "drift", "rules", "cause", "verify", "probe", "route", "trace", "logs", "fix", "report", "l10n"},
	"fleet":           {"world"},
	"lsp":             {"world", "model", "engine", "report", "l10n"},
	"cli":             {"world", "model", "route", "rules", "probe", "trace", "logs", "engine", "report", "lsp", "l10n"},
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
			if lsp := strings.HasPrefix(name, "go.lsp.dev/") && name != "go.lsp.dev/uri"; lsp && pkg != "lsp" && (pkg != "headless" || name != "go.lsp.dev/jsonrpc2") {
				t.Errorf("%s imports %s: only lsp knows LSP; headless may frame messages", file, name)
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

// root is the repository root, seen from here.
var root = filepath.Join("..", "..")

// TestExtensionSeams keeps what each file of the extension may know where it
// belongs, so that everything else can be tested without an editor.
func TestExtensionSeams(t *testing.T) {
	for _, seam := range []struct {
		owner string
		knows *regexp.Regexp
	}{
		{"vscodeApi.ts", regexp.MustCompile(`(?m)^import [*{][^;]*? from "vscode"`)}, // types are free
		{"client.ts", regexp.MustCompile(`from "vscode-languageclient`)},
		{"goExtension.ts", regexp.MustCompile(`"golang\.go|go\.languageserver|"go\.[a-z]+[A-Z]`)},
	} {
		files, err := filepath.Glob(filepath.Join(root, "extension", "src", "*.ts"))
		if err != nil {
			t.Fatal(err)
		}
		owned := false
		for _, file := range files {
			if strings.HasSuffix(file, ".gen.ts") {
				continue // comments of the Go source
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			switch found := seam.knows.Find(text); {
			case found == nil:
			case filepath.Base(file) == seam.owner:
				owned = true
			default:
				t.Errorf("%s has %q, which only %s may know", file, found, seam.owner)
			}
		}
		if !owned {
			t.Errorf("%s does not have what it is there for: %v", seam.owner, seam.knows)
		}
	}
}

// TestArchitectureIsDocumented holds docs/architecture.md to the tree: it names
// every package and every file of the extension, and only tests that exist.
func TestArchitectureIsDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	doc := string(text)
	for pkg := range allowed {
		if !strings.Contains(doc, "`"+pkg+"`") {
			t.Errorf("docs/architecture.md does not name package %s", pkg)
		}
	}
	sources, err := filepath.Glob(filepath.Join(root, "extension", "src", "*.ts"))
	if err != nil || len(sources) == 0 {
		t.Fatalf("no sources of the extension: %v", err)
	}
	for _, file := range sources {
		if !strings.Contains(doc, "`"+filepath.Base(file)+"`") {
			t.Errorf("docs/architecture.md does not name %s", filepath.Base(file))
		}
	}
	exists := map[string]bool{}
	declaration := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err = filepath.WalkDir(filepath.Join(root, "server"), func(file string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, "_test.go") {
			return err
		}
		source, err := os.ReadFile(file)
		for _, m := range declaration.FindAllSubmatch(source, -1) {
			exists[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w+`).FindAllString(doc, -1) {
		if !exists[name] {
			t.Errorf("docs/architecture.md names %s, which does not exist", name)
		}
	}
}

// TestProtocolLibraryIsPinned: the module proxy lists versions of the protocol
// library older than this one as the newest, so that an update would silently
// go back four years of LSP. These three fit together.
func TestProtocolLibraryIsPinned(t *testing.T) {
	file := filepath.Join(root, "go.mod")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse(file, text, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"go.lsp.dev/protocol": "v1.0.1", "go.lsp.dev/jsonrpc2": "v1.0.1", "go.lsp.dev/uri": "v1.0.1"}
	for _, r := range mod.Require {
		if version, pinned := want[r.Mod.Path]; pinned && r.Mod.Version == version {
			delete(want, r.Mod.Path)
		}
	}
	for path, version := range want {
		t.Errorf("go.mod does not require %s %s", path, version)
	}
	for _, r := range mod.Replace {
		t.Errorf("go.mod replaces %s: what is built would not be what is pinned", r.Old.Path)
	}
}

// TestNoRegistryHosts keeps the addresses of package registries out of the
// repository: which one is asked is a matter of the machine that builds. The
// host is read from the go command, so that this file does not have it either.
func TestNoRegistryHosts(t *testing.T) {
	command := func(env []string, name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Env = root, append(os.Environ(), env...)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
		}
		return string(out)
	}
	if _, err := os.Stat(filepath.Join(root, ".git")); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("no git work tree: %v", err)
		}
		t.Skip("this is no git work tree, so nobody knows which files are tracked; clone the repository to run this test")
	}
	// An empty variable counts as unset: this is the default of the toolchain.
	var hosts []string
	for entry := range strings.FieldsFuncSeq(command([]string{"GOENV=off", "GOPROXY="}, "go", "env", "GOPROXY"), func(r rune) bool { return r == ',' || r == '|' || r == '\n' }) {
		if u, err := url.Parse(entry); err == nil && u.Host != "" {
			hosts = append(hosts, u.Host)
		}
	}
	if len(hosts) == 0 {
		t.Fatal("the default GOPROXY of the go command names no host")
	}
	files := strings.Split(strings.TrimSuffix(command(nil, "git", "ls-files", "-z"), "\x00"), "\x00")
	if !slices.Contains(files, "go.mod") {
		t.Fatalf("git does not track go.mod; it tracks %d files", len(files))
	}
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, host := range hosts {
			if bytes.Contains(text, []byte(host)) {
				t.Errorf("%s has the host of the default GOPROXY; write proxy.example instead", file)
			}
		}
		if path.Base(file) == "package-lock.json" && bytes.Contains(text, []byte(`"resolved":`)) {
			t.Errorf("%s says where packages come from; the .npmrc beside it keeps that out: npm install --package-lock-only", file)
		}
	}
}
