package jsonc

import (
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/tailscale/hujson"
)

// At returns the innermost member of an object at a place, name or value, with
// the path that Lookup takes. Of a name that is given twice only the last one
// counts, so the others are nowhere. ok is false outside every member.
func (d *Document) At(p Position) (path []string, node Node, ok bool) {
	offset, inText := d.offset(p)
	if d.root == nil || !inText {
		return nil, Node{}, false
	}
	value := *d.root
	var within []string // the path of value
	for {
		switch v := value.Value.(type) {
		case *hujson.Object:
			i := slices.IndexFunc(v.Members, func(m hujson.ObjectMember) bool {
				return m.Name.StartOffset <= offset && offset <= m.Value.EndOffset
			})
			if i < 0 {
				return path, node, ok
			}
			m := v.Members[i]
			name := nameOf(m)
			if last(v, name) != i {
				return nil, Node{}, false
			}
			within = append(slices.Clone(within), name)
			path, node, ok = within, nodeOf(m), true
			if offset <= m.Name.EndOffset {
				return path, node, ok
			}
			value = m.Value
		case *hujson.Array:
			i := slices.IndexFunc(v.Elements, func(e hujson.Value) bool { return e.StartOffset <= offset && offset <= e.EndOffset })
			if i < 0 {
				return path, node, ok
			}
			within = append(slices.Clone(within), strconv.Itoa(i))
			value = v.Elements[i]
		default:
			return path, node, ok
		}
	}
}

// offset is the inverse of Position.
func (d *Document) offset(p Position) (offset int, ok bool) {
	if p.Line < 0 || p.Line >= len(d.lines) || p.Character < 0 {
		return 0, false
	}
	offset = d.lines[p.Line]
	if offset == 0 && len(d.data) >= len(bom) && string(d.data[:len(bom)]) == string(bom) {
		offset = len(bom)
	}
	for units := 0; units < p.Character; units++ {
		r, n := utf8.DecodeRune(d.data[offset:])
		if n == 0 || r == '\n' {
			return 0, false
		}
		if r > 0xFFFF {
			units++
		}
		offset += n
	}
	return offset, true
}
