package trace

import "hash/maphash"

// maxKnown is how many bytes of different texts a Log remembers the meaning of.
const maxKnown = 2 << 20

// memory is what a Log knows of the texts it had last. It finds them by a hash,
// and reads a text only where it is likely the same.
type memory struct {
	seed  maphash.Seed
	slots []slot // at least twice as many as are used; each text is in the first free one from its hash on
	used  int
	room  []remembered // for those to come
	held  int          // bytes
}

type slot struct {
	hash uint64
	*remembered
}

// remembered is a text without what differs each time, which is the number of a
// load and the attributes.
type remembered struct {
	load bool
	text string
	meaning
}

// hash is what a text is found by.
func (m *memory) hash(load bool, text []byte) uint64 {
	if m.slots == nil {
		m.seed, m.slots = maphash.MakeSeed(), make([]slot, 64)
	}
	h := maphash.Bytes(m.seed, text)
	if load {
		h ^= 1
	}
	return h
}

// slot is where the text with a hash is, or would be.
func (m *memory) slot(hash uint64) *slot {
	last := uint64(len(m.slots) - 1)
	i := hash & last
	for m.slots[i].remembered != nil && m.slots[i].hash != hash {
		i = (i + 1) & last
	}
	return &m.slots[i]
}

// find looks for a text with a hash.
func (m *memory) find(hash uint64, load bool, text []byte) (meaning, bool) {
	if r := m.slot(hash).remembered; r != nil && r.load == load && r.text == string(text) {
		return r.meaning, true
	}
	return meaning{}, false
}

// keep remembers a text that holds so many bytes, in place of what had its hash.
// If that is too much, it forgets all others.
func (m *memory) keep(hash uint64, r remembered, bytes int) {
	if m.held += bytes; m.held > maxKnown {
		clear(m.slots)
		m.used, m.room, m.held = 0, nil, bytes
	}
	if m.used++; 2*m.used > len(m.slots) {
		old := m.slots
		m.slots = make([]slot, 2*len(old))
		for _, s := range old {
			if s.remembered != nil {
				*m.slot(s.hash) = s
			}
		}
	}
	if len(m.room) == cap(m.room) {
		m.room = make([]remembered, 0, 64)
	}
	m.room = append(m.room, r)
	*m.slot(hash) = slot{hash, &m.room[len(m.room)-1]}
}
