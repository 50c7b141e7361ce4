package observe

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// release reads what the Go that does the work knows, from its sources; nil if
// it is not known which Go that is, or if it has none of them. GOROOT has no
// say: the lists are compiled into the go command.
func (f *finder) release(env model.Env, t model.Toolchain) *model.Release {
	tool := t.Tool("go")
	var root string
	switch {
	case t.Selected == "":
		return nil
	case t.Selected != tool.Version:
		root = toolchainDir(env, t.Host, t.Selected)
	case tool.Target != "":
		root = filepath.Dir(filepath.Dir(tool.Target))
		if gorootVersion(f.w, root) == "" { // a shim
			root = t.GOROOT
		}
		if gorootVersion(f.w, root) != t.Selected {
			return nil
		}
	}
	return f.memory.release(f.w, root)
}

// toolchainDir is where the module cache keeps a toolchain that go downloaded.
// It ends with "." if it is not known for which platform.
func toolchainDir(env model.Env, host, toolchain string) string {
	name := "toolchain@v0.0.1-" + toolchain + "." + strings.Replace(host, "/", "-", 1)
	return filepath.Join(env.Lookup("GOMODCACHE").Value.Reveal(), "golang.org", name)
}

// release remembers a Release for as long as its VERSION file stays the same.
func (m *Memory) release(w *world.World, root string) *model.Release {
	version := filepath.Join(root, "VERSION")
	info, err := w.Files.Stat(version)
	if err != nil {
		return nil
	}
	key := executable{version, info.Size(), info.ModTime()}
	m.mu.Lock()
	defer m.mu.Unlock()
	r, seen := m.releases[key]
	if !seen {
		r = readRelease(w, root)
		if m.releases == nil {
			m.releases = map[executable]*model.Release{}
		}
		m.releases[key] = r
	}
	return r
}

// readRelease parses the tables of a GOROOT.
func readRelease(w *world.World, root string) *model.Release {
	parse := func(elems ...string) *ast.File {
		data, err := w.Files.ReadFile(filepath.Join(append([]string{root, "src", "internal"}, elems...)...))
		if err != nil {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), "", data, parser.SkipObjectResolution)
		if err != nil {
			return nil
		}
		return file
	}
	r := &model.Release{
		Ports:       ports(parse("platform", "zosarch.go")),
		Experiments: experiments(parse("goexperiment", "flags.go")),
		Godebugs:    godebugs(parse("godebugs", "table.go")),
	}
	if r.Ports == nil && r.Experiments == nil && r.Godebugs == nil {
		return nil
	}
	return r
}

// table returns the elements of the slice that a package variable is set to.
func table(file *ast.File, variable string) (rows []*ast.CompositeLit) {
	if file == nil {
		return nil
	}
	for _, decl := range file.Decls {
		general, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range general.Specs {
			value, ok := spec.(*ast.ValueSpec)
			if !ok || value.Names[0].Name != variable || len(value.Values) != 1 {
				continue
			}
			list, ok := value.Values[0].(*ast.CompositeLit)
			if !ok {
				continue
			}
			for _, element := range list.Elts {
				if row, ok := element.(*ast.CompositeLit); ok {
					rows = append(rows, row)
				}
			}
		}
	}
	return rows
}

// text is the value of a string literal, whether a field is named or not.
func text(e ast.Expr) string {
	if field, named := e.(*ast.KeyValueExpr); named {
		e = field.Value
	}
	if literal, ok := e.(*ast.BasicLit); ok && literal.Kind == token.STRING {
		value, _ := strconv.Unquote(literal.Value)
		return value
	}
	return ""
}

// ports reads rows such as {"linux", "amd64"}.
func ports(file *ast.File) (out map[string]bool) {
	for _, row := range table(file, "List") {
		if len(row.Elts) == 2 {
			add(&out, text(row.Elts[0])+"/"+text(row.Elts[1]))
		}
	}
	return out
}

// godebugs reads rows such as {Name: "panicnil", …}, and those of settings that
// were removed.
func godebugs(file *ast.File) (out map[string]bool) {
	for _, row := range table(file, "All") {
		if len(row.Elts) > 0 {
			add(&out, text(row.Elts[0]))
		}
	}
	for _, row := range table(file, "Removed") {
		if len(row.Elts) > 0 && out != nil {
			out[text(row.Elts[0])] = false
		}
	}
	return out
}

// experiments are the fields of the type Flags, in small letters.
func experiments(file *ast.File) (out map[string]bool) {
	if file == nil {
		return nil
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || spec.Name.Name != "Flags" {
			return true
		}
		if fields, ok := spec.Type.(*ast.StructType); ok {
			for _, field := range fields.Fields.List {
				for _, name := range field.Names {
					add(&out, strings.ToLower(name.Name))
				}
			}
		}
		return false
	})
	return out
}

func add(set *map[string]bool, name string) {
	if *set == nil {
		*set = map[string]bool{}
	}
	(*set)[name] = true
}
