package fix

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/gophantom/gophantom/server/internal/jsonc"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// read returns the content of a file; nil if it does not exist.
func (m maker) read(file string) ([]byte, error) {
	data, err := m.w.Files.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case data == nil:
		data = []byte{}
	}
	return data, nil
}

// unsaved reports whether the editor holds changes of file that are not on
// disk, which an edit made for the disk would run into.
func (m maker) unsaved(file string) bool { return slices.Contains(m.s.Dirty, file) }

// changed says that a file does not hold what the snapshot saw there.
func changed(file string) error { return fmt.Errorf("%s: %w", file, world.ErrChanged) }

// addEdit completes p with an edit of file, its preview and its undo. want is
// nil if the file does not exist; undo then deletes it.
func (m maker) addEdit(p Plan, file string, want []byte, edits []jsonc.Edit, onDisk bool) (Plan, error) {
	after, err := jsonc.Apply(want, edits)
	if err != nil {
		return p, err
	}
	dir := ""
	if parent := filepath.Dir(file); want == nil && filepath.Base(parent) == ".vscode" {
		if _, err := m.w.Files.Stat(parent); errors.Is(err, fs.ErrNotExist) {
			dir = parent
		}
	}
	p.Steps = []Step{{Kind: StepEditFile, Edit: &FileEdit{
		File: file, Want: want, Edits: textEdits(want, edits), After: after, OnDisk: onDisk,
	}}}
	p.Undo = []Step{{Kind: StepEditFile, Edit: &FileEdit{
		File: file, Want: after, Edits: textEdits(after, jsonc.Invert(want, edits)), After: slices.Concat([]byte{}, want), Delete: want == nil, OnDisk: onDisk, Dir: dir,
	}}}
	p.Preview = m.preview(file, want, after)
	p.Reversible = true
	return p, nil
}

// preview is a unified diff in which every line went through show.
func (m maker) preview(file string, before, after []byte) string {
	name := file
	if rel, err := filepath.Rel(m.s.Dir, file); err == nil && filepath.IsLocal(rel) {
		name = filepath.ToSlash(rel)
	}
	text := string(diff.Diff(name, before, name, after))
	_, text, _ = strings.Cut(text, "\n") // "diff name name"
	var b strings.Builder
	for i, line := range strings.SplitAfter(text, "\n") {
		content, isLine := strings.CutSuffix(line, "\n")
		if i >= 2 && content != "" && !strings.HasPrefix(content, "@@") {
			content = content[:1] + m.show(model.NewValue(strings.TrimSuffix(content[1:], "\r")))
		}
		b.WriteString(content)
		if isLine {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// textEdits counts edits of data as LSP does.
func textEdits(data []byte, edits []jsonc.Edit) []TextEdit {
	out := make([]TextEdit, len(edits))
	for i, e := range edits {
		out[i] = TextEdit{Range: model.Range{Start: position(data, e.Start), End: position(data, e.End)}, NewText: e.NewText}
	}
	return out
}

// position is where offset is in data, as LSP counts: a line ends at "\n",
// "\r\n" or "\r", and a byte order mark is no part of the document.
func position(data []byte, offset int) model.Position {
	start := 0
	if bytes.HasPrefix(data, []byte("\uFEFF")) {
		start = min(len("\uFEFF"), offset)
	}
	var at model.Position
	for i, r := range string(data[start:offset]) {
		switch {
		case r == '\n' || r == '\r' && !bytes.HasPrefix(data[start+i+1:], []byte("\n")):
			at = model.Position{Line: at.Line + 1}
		case r > 0xFFFF:
			at.Character += 2
		default:
			at.Character++
		}
	}
	return at
}

// Splice applies edits to data, whatever their order. It fails if one does not
// fit.
func Splice(data []byte, edits []TextEdit) ([]byte, error) {
	bytewise := make([]jsonc.Edit, len(edits))
	for i, e := range edits {
		start, ok := offset(data, e.Range.Start)
		end, also := offset(data, e.Range.End)
		if !ok || !also {
			return nil, errors.New("an edit lies outside of the file")
		}
		bytewise[i] = jsonc.Edit{Start: start, End: end, NewText: e.NewText}
	}
	return jsonc.Apply(data, bytewise)
}

// offset is the inverse of position.
func offset(data []byte, at model.Position) (offset int, ok bool) {
	start := 0
	if bytes.HasPrefix(data, []byte("\uFEFF")) {
		start = len("\uFEFF")
	}
	var here model.Position
	for i, r := range string(data[start:]) {
		if here == at {
			return start + i, true
		}
		switch {
		case r == '\n' || r == '\r' && !bytes.HasPrefix(data[start+i+1:], []byte("\n")):
			here = model.Position{Line: here.Line + 1}
		case r > 0xFFFF:
			here.Character += 2
		default:
			here.Character++
		}
	}
	return len(data), here == at
}

// The settings whose members are environment variables.
const (
	toolsEnvVars = "go.toolsEnvVars"
	goplsKey     = "gopls"
)

// settingsEdit completes p with an edit that sets the value at path of a
// settings file. want is what the file must have there now; nil if it may lack
// it.
func (m maker) settingsEdit(p Plan, file string, path []string, want *model.Value, value string) (Plan, error) {
	return m.settingsEdits(p, file, []member{{path, value}}, want)
}

// member is a text of a settings file.
type member struct {
	path  []string
	value string
}

// settingsEdits is settingsEdit of several members at once.
func (m maker) settingsEdits(p Plan, file string, members []member, want *model.Value) (Plan, error) {
	if m.unsaved(file) {
		return disabled(p, "%s has changes that are not saved; save it first.", file), nil
	}
	data, err := m.read(file)
	if err != nil {
		return p, err
	}
	doc, err := jsonc.Parse(data)
	if err != nil {
		return disabled(p, "%s is not valid, so it cannot be edited safely (%v); correct it first.", file, err), nil
	}
	after := data
	var all []jsonc.Edit
	for _, change := range members {
		path := append(settingsRoot(file), change.path...)
		if want != nil {
			if have, ok := textAt(doc, path); !ok || have != *want {
				return p, changed(file)
			}
		}
		edits, err := doc.Set(path, change.value)
		if errors.Is(err, jsonc.ErrNotObject) {
			return disabled(p, "%s has a value of a wrong type for %s; correct it first.", file, path[0]), nil
		}
		if err != nil {
			return p, err
		}
		if after, err = jsonc.Apply(after, edits); err != nil {
			return p, err
		}
		if doc, err = jsonc.Parse(after); err != nil {
			return p, err
		}
		all = edits
	}
	if bytes.Equal(after, data) {
		return disabled(p, "%s says so already; restart gopls.", file), nil
	}
	if len(members) > 1 {
		all = []jsonc.Edit{difference(data, after)}
	}
	return m.addEdit(p, file, data, all, false)
}

// difference is the one edit that turns before into after.
func difference(before, after []byte) jsonc.Edit {
	start := 0
	for start < min(len(before), len(after)) && before[start] == after[start] {
		start++
	}
	same := 0
	for same < min(len(before), len(after))-start && before[len(before)-1-same] == after[len(after)-1-same] {
		same++
	}
	// At the borders of characters and of line endings.
	for start > 0 && (start < len(before) && !utf8.RuneStart(before[start]) || start < len(after) && !utf8.RuneStart(after[start]) || before[start-1] == '\r') {
		start--
	}
	for same > 0 && (!utf8.RuneStart(before[len(before)-same]) || before[len(before)-same] == '\n') {
		same--
	}
	return jsonc.Edit{Start: start, End: len(before) - same, NewText: string(after[start : len(after)-same])}
}

// settingsRoot is where the settings are in a file: a workspace file has them
// below one of its members.
func settingsRoot(file string) []string {
	if filepath.Ext(file) == ".code-workspace" {
		return []string{"settings"}
	}
	return nil
}

// textAt returns the text that a settings file has at path.
func textAt(doc *jsonc.Document, path []string) (text model.Value, ok bool) {
	node, ok := doc.Lookup(path...)
	if !ok || node.Kind != jsonc.String {
		return model.Value{}, false
	}
	var s string
	if json.Unmarshal(node.Value, &s) != nil {
		return model.Value{}, false
	}
	return model.NewValue(s), true
}

// goenvEdit completes p with an edit of the line that counts for the variable
// in a GOENV file: its new value, or nil to remove the line. Every other byte
// stays.
func (m maker) goenvEdit(p Plan, file string, want model.Value, value *string) (Plan, error) {
	if m.unsaved(file) {
		return disabled(p, "%s has changes that are not saved; save it first.", file), nil
	}
	data, err := m.read(file)
	if err != nil {
		return p, err
	}
	prefix := []byte(m.variable + "=")
	var lines []jsonc.Edit // the assignments of the variable; the last one counts
	for start := 0; start < len(data); {
		end := len(data)
		if n := bytes.IndexByte(data[start:], '\n'); n >= 0 {
			end = start + n
		}
		if bytes.HasPrefix(data[start:end], prefix) {
			lines = append(lines, jsonc.Edit{Start: start, End: end})
		}
		start = end + 1
	}
	if len(lines) == 0 {
		return p, changed(file)
	}
	counts := &lines[len(lines)-1]
	if string(data[counts.Start+len(prefix):counts.End]) != want.Reveal() {
		return p, changed(file)
	}
	if !utf8.Valid(data) {
		return disabled(p, "%s is not UTF-8 text, so it cannot be edited safely.", file), nil
	}
	if value == nil {
		for i := range lines {
			lines[i].End = min(lines[i].End+len("\n"), len(data))
		}
		return m.addEdit(p, file, data, lines, true)
	}
	counts.Start += len(prefix)
	counts.NewText = *value
	return m.addEdit(p, file, data, lines[len(lines)-1:], true)
}
