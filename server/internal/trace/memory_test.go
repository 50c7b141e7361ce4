package trace

import (
	"fmt"
	"strings"
	"testing"
)

// TestMemory: each text is found as long as it is kept, and nothing else is.
func TestMemory(t *testing.T) {
	var m memory
	text := func(i int) string { return fmt.Sprintf("text %d", i) }
	knows := func(load bool, text string) bool {
		got, ok := m.find(m.hash(load, []byte(text)), load, []byte(text))
		return ok && got.refs[0] == text
	}
	keep := func(load bool, text string, bytes int) {
		m.keep(m.hash(load, []byte(text)), remembered{load, text, meaning{refs: []string{text}}}, bytes)
	}
	for i := range 1000 {
		keep(i%2 == 0, text(i), 100)
	}
	for i := range 1000 {
		if !knows(i%2 == 0, text(i)) || knows(i%2 != 0, text(i)) || knows(i%2 == 0, text(1000+i)) {
			t.Fatalf("text %d of a thousand", i)
		}
	}

	for i := range 3 { // what has the same hash takes the place of what had it
		m.keep(7, remembered{false, text(i), meaning{}}, 100)
		_, before := m.find(7, false, []byte(text(i-1)))
		if _, ok := m.find(7, false, []byte(text(i))); !ok || before {
			t.Errorf("text %d with the same hash: %t, the one before: %t", i, ok, before)
		}
	}

	long := strings.Repeat("x", maxKnown/2)
	keep(false, long, len(long))
	if !knows(false, long) || !knows(true, text(0)) {
		t.Error("half of the room, and something is forgotten")
	}
	keep(false, long+"y", len(long)+1)
	if !knows(false, long+"y") || knows(false, long) || knows(true, text(0)) {
		t.Error("more than the room, and something is still known")
	}
}
