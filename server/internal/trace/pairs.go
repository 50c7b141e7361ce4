package trace

// A pair is two bytes of which one follows the other, as a number: two different
// ones can have the same.
type pair uint16

const allPairs = 1 << 10

func pairOf(a, b byte) pair { return (pair(a)<<5 ^ pair(b)) % allPairs }

func pairsOf(text string) (out []pair) {
	for i := 1; i < len(text); i++ {
		out = append(out, pairOf(text[i-1], text[i]))
	}
	return out
}

// pairs are all those of a text, which are found in one pass. A text without a
// pair of another does not contain that, which is so for nearly all texts that
// are looked for, and told by the first pairs.
type pairs [allPairs]bool

// add adds those of a text.
func (s *pairs) add(text string) {
	if text == "" {
		return
	}
	before := text[0]
	for _, b := range []byte(text[1:]) {
		s[pairOf(before, b)] = true
		before = b
	}
}

// all reports whether the text has all pairs of some.
func (s *pairs) all(some []pair) bool {
	for _, p := range some {
		if !s[p] {
			return false
		}
	}
	return true
}
