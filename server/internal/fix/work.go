package fix

import (
	"bytes"
	"fmt"
	"go/version"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/modfile"

	"github.com/gophantom/gophantom/server/internal/jsonc"
	"github.com/gophantom/gophantom/server/internal/model"
)

// oldestWork is the go line that a go.work without one has.
const oldestWork = "1.18"

// workUse puts the module in dir into the go.work in force, or makes one for it
// and the modules in reach, as "go work use" would, but leaves every other byte
// of the file alone.
func (m maker) workUse(dir string) (Plan, error) {
	p := Plan{ID: WorkUse, Title: fmt.Sprintf("Use the module in %s in go.work", filepath.Base(dir))}
	if !filepath.IsAbs(dir) {
		return p, fmt.Errorf("the fix %q lacks the folder of the module", WorkUse)
	}
	if m.s.Editor == nil {
		return disabled(p, "This needs an editor."), nil
	}
	dir = filepath.Clean(dir)
	goLine, why, err := m.goLine(dir)
	if err != nil {
		return p, err
	}
	if why != "" {
		return disabled(p, "%s", why), nil
	}
	if m.s.Dormant != nil {
		return disabled(p, "GOWORK=off keeps %s out of force; remove that first.", m.s.Dormant.File), nil
	}
	for _, name := range []model.EnvName{model.EnvTools, model.EnvGopls, model.EnvShell} {
		if env, ok := m.s.Env(name); ok && env.Lookup("GOWORK").Value.Reveal() == "off" {
			return disabled(p, "GOWORK=off (in the environment of %s) lets no go.work count; remove that first.", name), nil
		}
	}
	if m.s.Work == nil {
		return m.workInit(p, dir)
	}
	work := m.s.Work
	if len(work.Errors) > 0 {
		return disabled(p, "%s is not valid, so it cannot be edited safely; correct it first.", work.File), nil
	}
	if m.unsaved(work.File) {
		return disabled(p, "%s has changes that are not saved; save it first.", work.File), nil
	}
	data, err := m.read(work.File)
	if err != nil {
		return p, err
	}
	if !utf8.Valid(data) {
		return disabled(p, "%s is not UTF-8 text, so it cannot be edited safely.", work.File), nil
	}
	file, err := modfile.ParseWork(work.File, data, nil)
	if err != nil {
		return p, changed(work.File) // the snapshot found it valid
	}
	root := filepath.Dir(work.File)
	for _, use := range file.Use {
		used := filepath.FromSlash(use.Path)
		if !filepath.IsAbs(used) {
			used = filepath.Join(root, used)
		}
		if filepath.Clean(used) == dir {
			return disabled(p, "%s uses %s already.", work.File, dir), nil
		}
	}
	edits := []jsonc.Edit{useEdit(file, data, usePath(root, dir))}
	if e, needed := goEdit(file, data, goLine); needed {
		edits = []jsonc.Edit{e, edits[0]} // the go line comes before, or at the same place
		if edits[1].Start < e.Start {
			edits = []jsonc.Edit{edits[1], e}
		}
	}
	if after, err := jsonc.Apply(data, edits); err != nil {
		return p, err
	} else if _, err := modfile.ParseWork(work.File, after, nil); err != nil {
		return p, fmt.Errorf("%s cannot be edited: %w", work.File, err)
	}
	p, err = m.addEdit(p, work.File, data, edits, false)
	if work.Vendored && err == nil {
		p.Preview = fmt.Sprintf("The vendor directory in %s does not have this module: run “go work vendor” there afterwards.\n\n%s", root, p.Preview)
	}
	return p, err
}

// workInit completes p with a new go.work for the modules in reach and the one
// in dir.
func (m maker) workInit(p Plan, dir string) (Plan, error) {
	p.Title = fmt.Sprintf("Make a go.work that uses the module in %s", filepath.Base(dir))
	file := filepath.Join(m.s.Dir, "go.work")
	data, err := m.read(file)
	if err != nil {
		return p, err
	}
	if data != nil {
		return p, changed(file) // the snapshot saw none
	}
	highest := oldestWork
	var uses, vendored []string
	add := func(dir string) (why string, err error) {
		use := usePath(m.s.Dir, dir)
		if slices.Contains(uses, use) {
			return "", nil
		}
		goLine, why, err := m.goLine(dir)
		if why != "" || err != nil {
			return why, err
		}
		if version.Compare("go"+goLine, "go"+highest) > 0 {
			highest = goLine
		}
		uses = append(uses, use)
		return "", nil
	}
	for _, mod := range m.s.Modules {
		if inside(m.s.Dir, mod.File) || inside(filepath.Dir(mod.File), m.s.Dir) {
			if why, err := add(filepath.Dir(mod.File)); err != nil {
				return p, err
			} else if why != "" {
				return disabled(p, "%s", why), nil
			}
			if mod.Vendored {
				vendored = append(vendored, filepath.Dir(mod.File))
			}
		}
	}
	if why, err := add(dir); err != nil || why != "" {
		return disabled(p, "%s", why), err
	}
	slices.Sort(uses)
	var b strings.Builder
	fmt.Fprintf(&b, "go %s\n\n", highest)
	if len(uses) == 1 {
		fmt.Fprintf(&b, "use %s\n", modfile.AutoQuote(uses[0]))
	} else {
		b.WriteString("use (\n")
		for _, use := range uses {
			fmt.Fprintf(&b, "\t%s\n", modfile.AutoQuote(use))
		}
		b.WriteString(")\n")
	}
	p, err = m.addEdit(p, file, nil, []jsonc.Edit{{NewText: b.String()}}, false)
	if len(vendored) > 0 && err == nil {
		p.Preview = fmt.Sprintf("With a go.work, go does not look into the vendor directory of %s any more: run “go work vendor” in %s afterwards to have one for all.\n\n%s", and(vendored), m.s.Dir, p.Preview)
	}
	return p, err
}

// inside reports whether file is below dir, or dir itself.
func inside(dir, file string) bool {
	rel, err := filepath.Rel(dir, file)
	return err == nil && filepath.IsLocal(rel)
}

// goLine is the Go that the module in dir asks for; why says, in a sentence,
// why there is no such module.
func (m maker) goLine(dir string) (goLine, why string, err error) {
	name := filepath.Join(dir, "go.mod")
	if m.unsaved(name) {
		return "", name + " has changes that are not saved; save it first.", nil
	}
	data, err := m.read(name)
	if err != nil {
		return "", "", err
	}
	if data == nil {
		return "", fmt.Sprintf("There is no go.mod in %s.", dir), nil
	}
	file, err := modfile.ParseLax(name, data, nil)
	if err != nil {
		return "", name + " is not valid; correct it first.", nil
	}
	if file.Go == nil {
		return "1.16", "", nil
	}
	return file.Go.Version, "", nil
}

// usePath is how a go.work in root names dir.
func usePath(root, dir string) string {
	rel, err := filepath.Rel(root, dir)
	if err != nil { // on another volume
		return filepath.ToSlash(dir)
	}
	rel = filepath.ToSlash(rel)
	if rel == "." || rel == ".." || strings.HasPrefix(rel, "../") {
		return rel
	}
	return "./" + rel
}

// useEdit adds a directory to a go.work: to its last list of them, or behind
// its last line of one.
func useEdit(file *modfile.WorkFile, data []byte, use string) jsonc.Edit {
	use = modfile.AutoQuote(use)
	eol := eolOf(data)
	var block *modfile.LineBlock
	var line *modfile.Line
	for _, stmt := range file.Syntax.Stmt {
		switch s := stmt.(type) {
		case *modfile.LineBlock:
			if len(s.Token) == 1 && s.Token[0] == "use" {
				block, line = s, nil
			}
		case *modfile.Line:
			if len(s.Token) > 0 && s.Token[0] == "use" {
				block, line = nil, s
			}
		}
	}
	switch {
	case block != nil:
		indent := "\t"
		if n := len(block.Line); n > 0 {
			at := block.Line[n-1].Start.Byte
			begin := bytes.LastIndexByte(data[:at], '\n') + 1
			indent = string(data[begin:at])
		}
		begin := bytes.LastIndexByte(data[:block.RParen.Pos.Byte], '\n') + 1
		return jsonc.Edit{Start: begin, End: begin, NewText: indent + use + eol}
	case line != nil:
		if n := bytes.IndexByte(data[line.End.Byte:], '\n'); n >= 0 {
			at := line.End.Byte + n + 1
			return jsonc.Edit{Start: at, End: at, NewText: "use " + use + eol}
		}
		return jsonc.Edit{Start: len(data), End: len(data), NewText: eol + "use " + use + eol}
	}
	text := eol + "use " + use + eol
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		text = strings.TrimPrefix(text, eol)
	case !bytes.HasSuffix(data, []byte("\n")):
		text = eol + text
	}
	return jsonc.Edit{Start: len(data), End: len(data), NewText: text}
}

// goEdit raises the go line to what a module asks for, where that is needed.
func goEdit(file *modfile.WorkFile, data []byte, goLine string) (e jsonc.Edit, needed bool) {
	have := oldestWork
	if file.Go != nil {
		have = file.Go.Version
	}
	if version.Compare("go"+goLine, "go"+have) <= 0 {
		return e, false
	}
	if file.Go != nil && len(file.Go.Syntax.Token) == 2 {
		end := file.Go.Syntax.End.Byte
		at := bytes.LastIndex(data[:end], []byte(have))
		return jsonc.Edit{Start: at, End: at + len(have), NewText: goLine}, true
	}
	at := len(data)
	if len(file.Syntax.Stmt) > 0 {
		start, _ := file.Syntax.Stmt[0].Span()
		at = start.Byte
	}
	eol := eolOf(data)
	return jsonc.Edit{Start: at, End: at, NewText: "go " + goLine + eol + eol}, true
}

func eolOf(data []byte) string {
	if n := bytes.IndexByte(data, '\n'); n > 0 && data[n-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}
