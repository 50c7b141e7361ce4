package trace

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
)

// A matcher is a regular expression from the start of a text to its end, such as
// those of the catalogue are. It finds what package regexp finds, and takes a
// fraction of the time: it steps over whole runs of bytes and never looks where
// the next part cannot begin. It walks back where it was wrong, which could take
// long, so it has as many steps as a text has bytes, times some; a text for
// which these are not enough is left to regexp. So is everything if the
// expression holds what a matcher does not know.
type matcher struct {
	text   string
	names  []string // of the groups; that of the whole is ""
	start  *node    // nil: regexp does it all
	regexp func() *regexp.Regexp
}

// op is what a node does.
type op uint8

const (
	opEnd    op = iota // of the text
	opText             // text must be there
	opRun              // bytes of set, at least least of them and at most one if single
	opEither           // the first of either that goes on to the end
	opMark             // the place is remembered as the mark of that number
	opWord             // a word begins or ends
)

// node is a part of a matcher, with what follows.
type node struct {
	op     op
	text   string
	set    *bytes256
	least  int
	single bool
	lazy   bool // the shortest run first
	either []*node
	mark   int
	next   *node
	// What the nodes that follow a run can begin with, and whether they can do
	// without anything.
	follow    *bytes256
	followEnd bool
}

// bytes256 is a set of bytes.
type bytes256 [256]bool

// maxMarks is for how many marks those who look for a matcher make room; more
// are found, too.
const maxMarks = 16

// stepsPerByte bounds the steps of a matcher.
const stepsPerByte = 8

// newMatcher makes a matcher of an expression that begins with ^ and ends with $.
func newMatcher(expr string) *matcher {
	m := &matcher{text: expr, regexp: sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })}
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		panic(err) // the expressions are constants
	}
	m.names = tree.CapNames()
	c := compiler{}
	if parts := tree.Simplify(); parts.Op == syntax.OpConcat && parts.Sub[0].Op == syntax.OpBeginText {
		m.start = c.sequence(parts.Sub[1:], nil)
	}
	if c.unknown || !c.settle() {
		m.start = nil
	}
	return m
}

// find returns the places of the groups in a text, where they are in what
// regexp.FindStringSubmatchIndex returns; those without a name are not set. It
// returns nil if the text is none. The result is good until room is used again.
func (m *matcher) find(text string, room []int) []int {
	if m.start == nil {
		return m.regexp().FindStringSubmatchIndex(text)
	}
	r := matching{text: text, left: stepsPerByte*len(text) + 1024, marks: slices.Grow(room[:0], 2*len(m.names))[:2*len(m.names)]}
	ok := r.from(m.start, 0)
	switch {
	case r.left < 0:
		return m.regexp().FindStringSubmatchIndex(text)
	case ok:
		return r.marks
	}
	return nil
}

// matching is a matcher at work.
type matching struct {
	text  string
	marks []int
	left  int // steps; below 0 it has given up
}

// from reports whether the rest of the text is a node with all that follows.
func (r *matching) from(n *node, at int) bool {
	for {
		if r.left--; r.left < 0 {
			return false
		}
		switch n.op {
		case opEnd:
			return at == len(r.text)
		case opText:
			if !strings.HasPrefix(r.text[at:], n.text) {
				return false
			}
			at += len(n.text)
		case opWord:
			if (at > 0 && word[r.text[at-1]]) == (at < len(r.text) && word[r.text[at]]) {
				return false
			}
		case opMark:
			r.marks[n.mark] = at // the last to come by is the one that goes on to the end
		case opEither:
			for _, e := range n.either {
				if r.from(e, at) {
					return true
				}
			}
			return false
		case opRun:
			if n.lazy {
				return r.shortest(n, at)
			}
			return r.longest(n, at)
		}
		n = n.next
	}
}

// shortest tries the runs of n that begin at a place, the shortest first.
func (r *matching) shortest(n *node, begin int) bool {
	end := len(r.text)
	if n.single {
		end = min(end, begin+1)
	}
	at := begin
	for ; at < begin+n.least; at++ {
		if at >= end || !n.set[r.text[at]] {
			return false
		}
	}
	for {
		if r.canFollow(n, at) && r.from(n.next, at) {
			return true
		}
		if at >= end || !n.set[r.text[at]] {
			return false
		}
		if r.left--; r.left < 0 {
			return false
		}
		at++
	}
}

// longest tries them with the longest first.
func (r *matching) longest(n *node, begin int) bool {
	end := len(r.text)
	if n.single {
		end = min(end, begin+1)
	}
	at := begin
	for at < end && n.set[r.text[at]] {
		at++
	}
	for r.left -= at - begin; at >= begin+n.least; at-- {
		if r.canFollow(n, at) && r.from(n.next, at) {
			return true
		}
	}
	return false
}

// canFollow reports whether what follows a run can begin at a place.
func (r *matching) canFollow(n *node, at int) bool {
	if at == len(r.text) {
		return n.followEnd
	}
	return n.follow[r.text[at]]
}

// word has what words consist of.
var word = func() (set bytes256) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") {
		set[c] = true
	}
	return set
}()

// compiler makes nodes of the parts of an expression.
type compiler struct {
	runs    []*node
	inside  int     // of how many parts that may be left out
	loops   []*node // back to where a repeated part begins
	unknown bool    // there was something that a matcher does not know
}

// sequence compiles parts of which one follows the other, before what is next.
func (c *compiler) sequence(parts []*syntax.Regexp, next *node) *node {
	for _, part := range slices.Backward(parts) {
		next = c.part(part, next)
	}
	return next
}

// part compiles one part, before what is next; nil means that nothing is.
func (c *compiler) part(re *syntax.Regexp, next *node) *node {
	if re.Op != syntax.OpEndText && next == nil {
		c.unknown = true // it does not reach to the end of the text
		return nil
	}
	switch re.Op {
	case syntax.OpEndText:
		if next == nil {
			return &node{op: opEnd}
		}
	case syntax.OpEmptyMatch:
		return next
	case syntax.OpWordBoundary:
		return &node{op: opWord, next: next}
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 {
			return &node{op: opText, text: string(re.Rune), next: next}
		}
	case syntax.OpConcat:
		return c.sequence(re.Sub, next)
	case syntax.OpAlternate:
		c.inside++
		defer func() { c.inside-- }()
		n := &node{op: opEither}
		for _, sub := range re.Sub {
			n.either = append(n.either, c.part(sub, next))
		}
		return n
	case syntax.OpCapture:
		if re.Name == "" {
			return c.part(re.Sub[0], next)
		}
		c.unknown = c.unknown || c.inside > 0
		return &node{op: opMark, mark: 2 * re.Cap, next: c.part(re.Sub[0], &node{op: opMark, mark: 2*re.Cap + 1, next: next})}
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest:
		return c.repeat(re, next)
	case syntax.OpCharClass, syntax.OpAnyCharNotNL, syntax.OpAnyChar:
		return c.run(re, node{op: opRun, least: 1, single: true, next: next})
	}
	c.unknown = true
	return next
}

// repeat compiles a part with *, + or ?.
func (c *compiler) repeat(re *syntax.Regexp, next *node) *node {
	sub, lazy := re.Sub[0], re.Flags&syntax.NonGreedy != 0
	least := 0
	if re.Op == syntax.OpPlus {
		least = 1
	}
	switch sub.Op {
	case syntax.OpCharClass, syntax.OpAnyCharNotNL, syntax.OpAnyChar:
		return c.run(sub, node{op: opRun, least: least, single: re.Op == syntax.OpQuest, lazy: lazy, next: next})
	}
	c.inside++
	defer func() { c.inside-- }()
	again := &node{op: opEither}
	after := again
	if re.Op == syntax.OpQuest {
		after = next
	}
	first := c.part(sub, after)
	if again.either = []*node{first, next}; lazy {
		slices.Reverse(again.either)
	}
	c.loops = append(c.loops, again)
	if least == 1 {
		return first
	}
	return again
}

// run completes a run of the bytes of a class.
func (c *compiler) run(class *syntax.Regexp, n node) *node {
	ranges := class.Rune
	switch class.Op {
	case syntax.OpAnyCharNotNL:
		ranges = []rune{0, '\n' - 1, '\n' + 1, 0x10ffff}
	case syntax.OpAnyChar:
		ranges = []rune{0, 0x10ffff}
	}
	n.set = &bytes256{}
	for i := 0; i < len(ranges); i += 2 {
		from, to := ranges[i], ranges[i+1]
		for b := from; b <= min(to, 0x7f); b++ {
			n.set[b] = true
		}
		if to > 0x7f { // all that is not ASCII or nothing of it, so bytes are as good as characters
			if from > 0x80 || to < 0x10ffff {
				c.unknown = true
			}
			for b := 0x80; b <= 0xff; b++ {
				n.set[b] = true
			}
		}
	}
	c.runs = append(c.runs, &n)
	return &n
}

// settle tells the runs what follows them, and reports whether none can end
// inside of a character and nothing is repeated that can be empty.
func (c *compiler) settle() bool {
	for _, n := range c.loops {
		if probe := (&node{follow: &bytes256{}}); !probe.begins(n, map[*node]bool{}) {
			return false
		}
	}
	for _, n := range c.runs {
		n.follow = &bytes256{}
		n.begins(n.next, map[*node]bool{})
		if n.set[0x80] && (n.single || n.follow[0x80]) {
			return false
		}
	}
	return true
}

// begins adds what a node and those after it can begin with to what follows n.
// It is false if they go round without anything in between; under are the nodes
// that it is asked within.
func (n *node) begins(next *node, under map[*node]bool) bool {
	switch next.op {
	case opEnd:
		n.followEnd = true
		return true
	case opText:
		n.follow[next.text[0]] = true
		// A character begins with a byte of its own, which ends those before it.
		n.follow[0x80] = n.follow[0x80] || next.text[0] >= 0x80
		return true
	case opEither:
		if under[next] {
			return false
		}
		under[next] = true
		defer delete(under, next)
		for _, e := range next.either {
			if !n.begins(e, under) {
				return false
			}
		}
		return true
	case opRun:
		for b, in := range next.set {
			n.follow[b] = n.follow[b] || in
		}
		if next.least > 0 {
			return true
		}
	}
	return n.begins(next.next, under)
}
