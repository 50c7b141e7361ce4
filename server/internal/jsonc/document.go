// Package jsonc reads and edits JSON with comments, the format of the editor's
// settings files: where a value stands, and the smallest edits that change it
// while every comment and the file's own layout stay.
//
// It knows text. It must not know files or what a setting means, and it
// imports nothing else of this project.
package jsonc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tailscale/hujson"
)

// maxDepth is how deep objects and arrays may nest. The parser recurses, so
// without a limit a hostile file could exhaust the stack, which no program
// survives.
const maxDepth = 500

// Position is a place in a text as editors count: both from 0, Character in
// UTF-16 code units. A byte order mark at the start has no width.
type Position struct{ Line, Character int }

// SyntaxError says what is wrong with a text and where. Its message never
// quotes more than one character of the text, which may hold secrets.
type SyntaxError struct {
	Position
	Text string // what is wrong, without the place
}

// Error gives the place as people count, from 1.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line+1, e.Character+1, e.Text)
}

// Kind is the kind of a JSON value.
type Kind string

// The kinds of JSON values.
const (
	Null   Kind = "null"
	Bool   Kind = "boolean"
	Number Kind = "number"
	String Kind = "string"
	Array  Kind = "array"
	Object Kind = "object"
)

// Node is one value of a document. Offsets count bytes of the parsed text.
type Node struct {
	Kind             Kind
	Value            json.RawMessage // plain JSON: no comments, no white space, no trailing commas
	KeyStart, KeyEnd int             // the member's name with its quotes; both 0 for the root
	Start, End       int             // the value
}

// Document is a parsed text. It is immutable and safe for concurrent use.
type Document struct {
	data  []byte
	root  *hujson.Value // nil if the text holds no value at all
	lines []int         // offset of the start of each line
}

var bom = []byte("\uFEFF")

// Parse parses data, which the caller must not change afterwards. A byte order
// mark, either line ending, comments and trailing commas are accepted, and so
// is a text without any value (editors take an empty settings file for {}).
// The error is a *SyntaxError.
func Parse(data []byte) (*Document, error) {
	d := &Document{data: data, lines: []int{0}}
	for i, b := range data {
		if b == '\n' {
			d.lines = append(d.lines, i+1)
		}
	}
	if !utf8.Valid(data) {
		n := 0
		for r, size := utf8.DecodeRune(data); r != utf8.RuneError || size > 1; r, size = utf8.DecodeRune(data[n:]) {
			n += size
		}
		return nil, &SyntaxError{d.Position(n), "this is not UTF-8 text"}
	}
	// The parser knows no byte order mark and wants a newline after a line
	// comment. Neither replacement moves an offset.
	text := append(bytes.Clone(data), '\n')
	if bytes.HasPrefix(text, bom) {
		copy(text, "   ")
	}
	blank, err := d.scan(text)
	if err != nil {
		return nil, err
	}
	if blank {
		text = append(text, "null"...) // lets the parser check the comments all the same
	}
	root, err := hujson.Parse(text)
	if err != nil {
		return nil, d.syntaxError(err)
	}
	if !blank {
		d.root = &root
	}
	return d, nil
}

// scan walks over text once, and tells whether it is blank but for comments.
// It fails when brackets nest too deep.
func (d *Document) scan(text []byte) (blank bool, err error) {
	blank = true
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			continue
		case c == '/' && i+1 < len(text) && (text[i+1] == '/' || text[i+1] == '*'):
			end := "\n"
			if text[i+1] == '*' {
				end = "*/"
			}
			n := bytes.Index(text[i+2:], []byte(end))
			if n < 0 {
				return false, &SyntaxError{d.Position(i), "this comment has no end"}
			}
			i += 2 + n + len(end) - 1
			continue
		case c == '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return false, &SyntaxError{d.Position(i), fmt.Sprintf("objects and arrays nest deeper than %d levels", maxDepth)}
			}
		case c == '}' || c == ']':
			depth--
		}
		blank = false
	}
	return blank, nil
}

// syntaxError turns an error of the parser into ours.
func (d *Document) syntaxError(err error) *SyntaxError {
	offset := len(d.data)
	var line, column int
	if _, scanErr := fmt.Sscanf(err.Error(), "hujson: line %d, column %d:", &line, &column); scanErr == nil && line >= 1 && line <= len(d.lines) {
		offset = min(d.lines[line-1]+column-1, len(d.data))
	}
	if inner := errors.Unwrap(err); inner != nil {
		err = inner
	}
	text := err.Error()
	if strings.HasPrefix(text, "invalid literal") {
		text = "invalid literal" // the parser's message goes on with the literal itself
	}
	return &SyntaxError{d.Position(offset), text}
}

// Position tells where a byte offset is. Offsets beyond the end mean the end.
func (d *Document) Position(offset int) Position {
	offset = max(0, min(offset, len(d.data)))
	line := d.Line(offset)
	start := d.lines[line]
	if line == 0 && bytes.HasPrefix(d.data, bom) {
		start = min(len(bom), offset)
	}
	units := 0
	for rest := d.data[start:offset]; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		rest = rest[n:]
		units++
		if r > 0xFFFF {
			units++
		}
	}
	return Position{line, units}
}

// Line tells in which line a byte offset is, from 0: Position without the work of
// counting characters, which a file of one line makes dear.
func (d *Document) Line(offset int) int {
	return sort.SearchInts(d.lines, max(0, min(offset, len(d.data)))+1) - 1
}

// Lookup returns the value at path. Each element names one member, dots and
// all, or gives the index of an element of an array, from 0; an empty path
// means the root. Where a name is given twice the last one counts, as in
// editors.
func (d *Document) Lookup(path ...string) (node Node, ok bool) {
	m, ok := d.walk(path)
	if !ok {
		return Node{}, false
	}
	return nodeOf(m), true
}

// Members returns the members of the object at path by name; none if there is
// no object. Where a name is given twice the last one counts.
func (d *Document) Members(path ...string) map[string]Node {
	parent, _ := d.walk(path)
	obj, isObject := parent.Value.Value.(*hujson.Object)
	if !isObject {
		return nil
	}
	members := make(map[string]Node, len(obj.Members))
	for _, m := range obj.Members {
		members[nameOf(m)] = nodeOf(m)
	}
	return members
}

// walk goes to the value at path; the root and elements have no name.
func (d *Document) walk(path []string) (m hujson.ObjectMember, ok bool) {
	if d.root == nil {
		return m, false
	}
	m.Value = *d.root
	for _, name := range path {
		if array, isArray := m.Value.Value.(*hujson.Array); isArray {
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(array.Elements) {
				return hujson.ObjectMember{}, false
			}
			m = hujson.ObjectMember{Value: array.Elements[i]}
			continue
		}
		obj, isObject := m.Value.Value.(*hujson.Object)
		if !isObject {
			return hujson.ObjectMember{}, false
		}
		i := last(obj, name)
		if i < 0 {
			return hujson.ObjectMember{}, false
		}
		m = obj.Members[i]
	}
	return m, true
}

func nodeOf(m hujson.ObjectMember) Node {
	return Node{
		Kind: kindOf(&m.Value), Value: plain(nil, &m.Value),
		KeyStart: m.Name.StartOffset, KeyEnd: m.Name.EndOffset,
		Start: m.Value.StartOffset, End: m.Value.EndOffset,
	}
}

// last returns the index of the last member called name, or -1.
func last(obj *hujson.Object, name string) int {
	for i := len(obj.Members) - 1; i >= 0; i-- {
		if nameOf(obj.Members[i]) == name {
			return i
		}
	}
	return -1
}

func nameOf(m hujson.ObjectMember) string { return m.Name.Value.(hujson.Literal).String() }

func kindOf(v *hujson.Value) Kind {
	switch v.Value.Kind() {
	case 'n':
		return Null
	case 't', 'f':
		return Bool
	case '"':
		return String
	case '[':
		return Array
	case '{':
		return Object
	}
	return Number
}

// plain appends v as plain JSON.
func plain(to []byte, v *hujson.Value) []byte {
	switch value := v.Value.(type) {
	case *hujson.Object:
		to = append(to, '{')
		for i := range value.Members {
			if i > 0 {
				to = append(to, ',')
			}
			to = plain(to, &value.Members[i].Name)
			to = append(to, ':')
			to = plain(to, &value.Members[i].Value)
		}
		return append(to, '}')
	case *hujson.Array:
		to = append(to, '[')
		for i := range value.Elements {
			if i > 0 {
				to = append(to, ',')
			}
			to = plain(to, &value.Elements[i])
		}
		return append(to, ']')
	case hujson.Literal:
		return append(to, value...)
	}
	return to
}
