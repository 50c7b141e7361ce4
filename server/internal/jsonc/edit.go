package jsonc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tailscale/hujson"
)

// Edit replaces the bytes from Start up to End by NewText.
type Edit struct {
	Start, End int
	NewText    string
}

// ErrNotObject means that a path leads through a value that has no members.
var ErrNotObject = errors.New("a value on the path is not an object")

// Set returns the edits that give the value at path, in the order of their
// offsets. Objects that are missing on the way are made, in the layout of the
// file; a null on the way counts as missing. Comments inside a value that is
// replaced go with it, all others stay.
func (d *Document) Set(path []string, value any) ([]Edit, error) {
	if len(path) == 0 {
		return nil, errors.New("empty path")
	}
	if d.root == nil {
		return d.setInBlank(path, value)
	}
	v := d.root
	for i, name := range path {
		obj, isObject := v.Value.(*hujson.Object)
		switch {
		case isObject:
		case kindOf(v) == Null:
			return d.replace(v, path[i:], value)
		default:
			return nil, fmt.Errorf("%w: %q", ErrNotObject, strings.Join(path[:i], "/"))
		}
		at := last(obj, name)
		if at < 0 {
			return d.insert(v, obj, path[i:], value)
		}
		v = &obj.Members[at].Value
	}
	return d.replace(v, nil, value)
}

// replace replaces v by the objects of path around value.
func (d *Document) replace(v *hujson.Value, path []string, value any) ([]Edit, error) {
	text, err := d.encode(wrap(path, value), d.indentAt(v.StartOffset), true)
	if err != nil {
		return nil, err
	}
	if text == string(d.data[v.StartOffset:v.EndOffset]) {
		return nil, nil
	}
	return []Edit{{v.StartOffset, v.EndOffset, text}}, nil
}

// setInBlank writes the first value of a text that has none.
func (d *Document) setInBlank(path []string, value any) ([]Edit, error) {
	text, err := d.encode(wrap(path, value), "", true)
	if err != nil {
		return nil, err
	}
	end := len(d.data)
	before := bytes.TrimPrefix(d.data, bom)
	if len(before) > 0 && before[len(before)-1] != '\n' {
		text = d.eol() + text // the text may end in a line comment
	}
	return []Edit{{end, end, text + d.eol()}}, nil
}

// insert adds a member for path[0] to obj, which is the value of v.
func (d *Document) insert(v *hujson.Value, obj *hujson.Object, path []string, value any) ([]Edit, error) {
	open, end := v.StartOffset, v.EndOffset-1 // the braces
	multiline := len(obj.Members) == 0 || bytes.IndexByte(d.data[open:end], '\n') >= 0
	indent := d.indentAt(open)
	inner := indent + d.unit()
	if n := len(obj.Members); n > 0 {
		if own, alone := d.lineIndent(obj.Members[n-1].Name.StartOffset); alone {
			inner = own
		}
	}

	name, err := d.encode(path[0], "", false)
	if err != nil {
		return nil, err
	}
	text, err := d.encode(wrap(path[1:], value), inner, multiline)
	if err != nil {
		return nil, err
	}
	text = name + ": " + text
	if multiline {
		text = d.eol() + inner + text
	} else {
		text = " " + text
	}

	// The new member goes behind the last comment, before the white space
	// that leads to the closing brace.
	at := open + 1 + len(bytes.TrimRight(d.data[open+1:end], " \t\r\n"))
	if len(obj.Members) == 0 {
		if !bytes.ContainsRune(d.data[at:end], '\n') {
			text += d.eol() + indent
			return []Edit{{at, end, text}}, nil // blanks before the brace would push it
		}
		return []Edit{{at, at, text}}, nil
	}
	if _, trailing := d.comma(obj, len(obj.Members)-1); trailing {
		return []Edit{{at, at, text + ","}}, nil
	}
	after := obj.Members[len(obj.Members)-1].Value.EndOffset
	if after == at {
		return []Edit{{at, at, "," + text}}, nil
	}
	return []Edit{{after, after, ","}, {at, at, text}}, nil
}

// Remove returns the edits that take the member at path away, in the order of
// their offsets, with exactly the commas that become too many; none if there
// is no such member. Where the name is given twice every one goes, since the
// earlier would count otherwise. Comments outside the member stay.
func (d *Document) Remove(path ...string) ([]Edit, error) {
	if len(path) == 0 {
		return nil, errors.New("empty path")
	}
	parent, _ := d.walk(path[:len(path)-1])
	obj, isObject := parent.Value.Value.(*hujson.Object)
	if !isObject {
		return nil, nil
	}
	return d.removeMembers(obj, path[len(path)-1]), nil
}

func (d *Document) removeMembers(obj *hujson.Object, name string) []Edit {
	var cuts []Edit
	keep := -1 // the last member that stays
	for i, m := range obj.Members {
		if nameOf(m) != name {
			keep = i
			continue
		}
		cuts = append(cuts, Edit{Start: m.Name.StartOffset, End: m.Value.EndOffset})
		if at, ok := d.comma(obj, i); ok {
			cuts = append(cuts, Edit{Start: at, End: at + 1})
		}
	}
	if len(cuts) == 0 {
		return nil
	}
	// Without a trailing comma the member that becomes the last loses its own.
	n := len(obj.Members) - 1
	if _, trailing := d.comma(obj, n); !trailing && keep >= 0 && keep < n {
		at, _ := d.comma(obj, keep)
		cuts = append(cuts, Edit{Start: at, End: at + 1})
	}
	slices.SortFunc(cuts, func(a, b Edit) int { return a.Start - b.Start })

	// Cuts with only white space between them become one.
	merged := cuts[:1]
	for _, c := range cuts[1:] {
		prev := &merged[len(merged)-1]
		if len(bytes.TrimSpace(d.data[prev.End:c.Start])) == 0 {
			prev.End = c.End
		} else {
			merged = append(merged, c)
		}
	}
	for i := range merged {
		merged[i] = d.widen(merged[i])
	}
	return merged
}

// widen grows a cut so that it leaves no empty line and no double space.
func (d *Document) widen(c Edit) Edit {
	start, end := c.Start, c.End
	for start > 0 && (d.data[start-1] == ' ' || d.data[start-1] == '\t') {
		start--
	}
	for end < len(d.data) && (d.data[end] == ' ' || d.data[end] == '\t') {
		end++
	}
	rest := d.data[end:]
	switch {
	case !bytes.HasPrefix(rest, []byte("\n")) && !bytes.HasPrefix(rest, []byte("\r\n")):
		// Something follows on the line: it takes the member's place, but a
		// comma behind something must not pull it to the left.
		if d.data[c.Start] != ',' || d.data[start-1] == '\n' {
			c.End = end
		}
	case start > 0 && d.data[start-1] == '\n':
		c.Start, c.End = start, end+bytes.IndexByte(rest, '\n')+1
	default:
		c.Start, c.End = start, end
	}
	return c
}

// comma returns the offset of the comma behind member i, if there is one.
func (d *Document) comma(obj *hujson.Object, i int) (offset int, ok bool) {
	v := obj.Members[i].Value
	if i == len(obj.Members)-1 && v.AfterExtra == nil {
		return 0, false // how the parser marks that there is no trailing comma
	}
	return v.EndOffset + len(v.AfterExtra), true
}

// Apply applies edits, in any order, to data and returns the new text. It
// fails if edits overlap or lie outside.
func Apply(data []byte, edits []Edit) ([]byte, error) {
	sorted := ordered(edits)
	out := make([]byte, 0, len(data)+64)
	at := 0
	for _, e := range sorted {
		if e.Start < at || e.End < e.Start || e.End > len(data) {
			return nil, fmt.Errorf("edit of bytes %d to %d does not fit", e.Start, e.End)
		}
		out = append(out, data[at:e.Start]...)
		out = append(out, e.NewText...)
		at = e.End
	}
	return append(out, data[at:]...), nil
}

// Invert returns the edits that turn the result of Apply(data, edits) back
// into data.
func Invert(data []byte, edits []Edit) []Edit {
	var out []Edit
	shift := 0
	for _, e := range ordered(edits) {
		start := e.Start + shift
		out = append(out, Edit{start, start + len(e.NewText), string(data[e.Start:e.End])})
		shift += len(e.NewText) - (e.End - e.Start)
	}
	return out
}

func ordered(edits []Edit) []Edit {
	sorted := slices.Clone(edits)
	slices.SortStableFunc(sorted, func(a, b Edit) int { return a.Start - b.Start })
	return sorted
}

// wrap puts value into nested objects, one for each element of path.
func wrap(path []string, value any) any {
	for _, name := range slices.Backward(path) {
		value = map[string]any{name: value}
	}
	return value
}

// encode writes value as JSON, in lines of the file's own layout if multiline.
func (d *Document) encode(value any, indent string, multiline bool) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // people read settings; "\u0026" for & would puzzle them
	if multiline {
		enc.SetIndent(indent, d.unit())
	}
	if err := enc.Encode(value); err != nil {
		return "", err
	}
	text := strings.TrimSuffix(b.String(), "\n")
	return strings.ReplaceAll(text, "\n", d.eol()), nil
}

// eol is the line ending of the file.
func (d *Document) eol() string {
	if i := bytes.IndexByte(d.data, '\n'); i > 0 && d.data[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// unit is one step of indentation: what the first member of the root that
// starts a line has, else what VS Code writes.
func (d *Document) unit() string {
	if d.root != nil {
		if obj, ok := d.root.Value.(*hujson.Object); ok {
			for _, m := range obj.Members {
				if indent, alone := d.lineIndent(m.Name.StartOffset); alone && indent != "" {
					return indent
				}
			}
		}
	}
	return "    "
}

// lineIndent returns the white space at the start of the line of offset;
// alone tells that nothing else stands between it and offset.
func (d *Document) lineIndent(offset int) (indent string, alone bool) {
	start := bytes.LastIndexByte(d.data[:offset], '\n') + 1
	if start == 0 {
		// The first line is no model: what stands there follows a brace, or is one.
		return "", false
	}
	line := d.data[start:offset]
	trimmed := bytes.TrimLeft(line, " \t")
	return string(line[:len(line)-len(trimmed)]), len(trimmed) == 0
}

// indentAt is the indentation of the line that offset is on.
func (d *Document) indentAt(offset int) string {
	indent, _ := d.lineIndent(offset)
	return indent
}
