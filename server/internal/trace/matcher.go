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
	opByte             // text, of one byte, must be there
	opText             // text must be there
	opRun              // bytes that are inside, at least least of them and at most one if single
	opEither           // the first of either that goes on to the end
	opMark             // the place is remembered as the mark of that number
	opWord             // a word begins or ends
)

// node is a part of a matcher, with what follows.
type node struct {
	op     op
	text   string
	bytes  *[256]role
	least  int
	single bool
	lazy   bool // the shortest run first
	either []branch
	mark   int
	next   *node
	// Whether what follows a run can do without anything, and whether a run has
	// no choice of where it ends.
	afterEnd bool
	sure     bool
}

// role is what a byte is to a run.
type role uint8

const (
	inside  role = 1 << iota // of it
	follows                  // what follows can begin with it
)

// branch is one of those that an opEither goes on with.
type branch struct {
	node  *node
	start start
}

// start is what nodes can begin with, and whether they can do without anything.
type start struct {
	bytes [4]uint64 // a bit for each
	end   bool
}

func (s *start) has(b byte) bool { return s.bytes[b>>6]>>(b&63)&1 != 0 }

func (s *start) put(b byte) { s.bytes[b>>6] |= 1 << (b & 63) }

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
	if room = room[:cap(room)]; len(room) < 2*len(m.names) {
		room = make([]int, 2*len(m.names))
	}
	r := matching{text: text, left: stepsPerByte*len(text) + 1024, marks: room}
	ok := r.from(m.start, 0)
	switch {
	case r.left < 0:
		return m.regexp().FindStringSubmatchIndex(text)
	case ok:
		return r.marks[:2*len(m.names)]
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
		case opByte:
			if at == len(r.text) || r.text[at] != n.text[0] {
				return false
			}
			at++
		case opText:
			if !strings.HasPrefix(r.text[at:], n.text) {
				return false
			}
			at += len(n.text)
		case opWord:
			if (at > 0 && inWord[r.text[at-1]]) == (at < len(r.text) && inWord[r.text[at]]) {
				return false
			}
		case opMark:
			r.marks[n.mark] = at // the last to come by is the one that goes on to the end
		case opEither:
			last := len(n.either) - 1
			for i := range n.either[:last] {
				if e := &n.either[i]; r.begins(&e.start, at) && r.from(e.node, at) {
					return true
				}
			}
			n = n.either[last].node
			continue
		case opRun:
			switch {
			case n.sure:
				begin := at
				if at = r.run(n, at); at < begin+n.least || !r.follows(n, at) {
					return false
				}
				r.left -= at - begin
			case n.lazy:
				return r.shortest(n, at)
			default:
				return r.longest(n, at)
			}
		}
		n = n.next
	}
}

// run returns the end of the longest run of n that begins at a place.
func (r *matching) run(n *node, at int) int {
	end := len(r.text)
	if n.single {
		end = min(end, at+1)
	}
	for at < end && n.bytes[r.text[at]]&inside != 0 {
		at++
	}
	return at
}

// shortest tries the runs of n that begin at a place, the shortest first.
func (r *matching) shortest(n *node, begin int) bool {
	end := len(r.text)
	if n.single {
		end = min(end, begin+1)
	}
	at := begin
	for ; at < begin+n.least; at++ {
		if at >= end || n.bytes[r.text[at]]&inside == 0 {
			return false
		}
	}
	for {
		from := at
		for at < end && n.bytes[r.text[at]] == inside {
			at++
		}
		if r.left -= at - from; r.follows(n, at) && r.from(n.next, at) {
			return true
		}
		if r.left--; r.left < 0 || at >= end || n.bytes[r.text[at]]&inside == 0 {
			return false
		}
		at++
	}
}

// longest tries them with the longest first.
func (r *matching) longest(n *node, begin int) bool {
	at := r.run(n, begin)
	for r.left -= at - begin; at >= begin+n.least; at-- {
		if r.follows(n, at) && r.from(n.next, at) {
			return true
		}
	}
	return false
}

// follows reports whether what follows a run can begin at a place.
func (r *matching) follows(n *node, at int) bool {
	if at == len(r.text) {
		return n.afterEnd
	}
	return n.bytes[r.text[at]]&follows != 0
}

// begins reports whether what begins so can begin at a place.
func (r *matching) begins(s *start, at int) bool {
	if at == len(r.text) {
		return s.end
	}
	return s.has(r.text[at])
}

// inWord has what words consist of.
var inWord = func() (set [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") {
		set[c] = true
	}
	return set
}()

// compiler makes nodes of the parts of an expression.
type compiler struct {
	runs    []*node
	inside  int // of how many parts that may be left out
	eithers []*node
	unknown bool // there was something that a matcher does not know
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
			n := &node{op: opText, text: string(re.Rune), next: next}
			if len(n.text) == 1 {
				n.op = opByte
			}
			return n
		}
	case syntax.OpConcat:
		return c.sequence(re.Sub, next)
	case syntax.OpAlternate:
		c.inside++
		defer func() { c.inside-- }()
		n := &node{op: opEither}
		for _, sub := range re.Sub {
			n.either = append(n.either, branch{node: c.part(sub, next)})
		}
		c.eithers = append(c.eithers, n)
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
	if again.either = []branch{{node: first}, {node: next}}; lazy {
		slices.Reverse(again.either)
	}
	c.eithers = append(c.eithers, again)
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
	n.bytes = &[256]role{}
	for i := 0; i < len(ranges); i += 2 {
		from, to := ranges[i], ranges[i+1]
		for b := from; b <= min(to, 0x7f); b++ {
			n.bytes[b] = inside
		}
		if to > 0x7f { // all that is not ASCII or nothing of it, so bytes are as good as characters
			if from > 0x80 || to < 0x10ffff {
				c.unknown = true
			}
			for b := 0x80; b <= 0xff; b++ {
				n.bytes[b] = inside
			}
		}
	}
	c.runs = append(c.runs, &n)
	return &n
}

// settle tells runs and branches what can be there, and reports whether no run
// can end inside of a character and nothing is repeated that can be empty.
func (c *compiler) settle() bool {
	for _, n := range c.eithers {
		for i := range n.either {
			if e := &n.either[i]; !e.start.add(e.node, map[*node]bool{n: true}) {
				return false
			}
		}
	}
	for _, n := range c.runs {
		var after start
		after.add(n.next, map[*node]bool{})
		if n.bytes[0x80] == inside && (n.single || after.has(0x80)) {
			return false
		}
		n.afterEnd, n.sure = after.end, true
		for b := range n.bytes {
			if after.has(byte(b)) {
				n.sure = n.sure && n.bytes[b] == 0
				n.bytes[b] |= follows
			}
		}
	}
	return true
}

// add adds what a node and those after it can begin with. It is false if they go
// round without anything in between; under are the nodes that it is asked within.
func (s *start) add(n *node, under map[*node]bool) bool {
	switch n.op {
	case opEnd:
		s.end = true
		return true
	case opByte, opText:
		s.put(n.text[0])
		if n.text[0] >= 0x80 { // a character begins with a byte of its own, which ends those before it
			s.put(0x80)
		}
		return true
	case opEither:
		if under[n] {
			return false
		}
		under[n] = true
		defer delete(under, n)
		for _, e := range n.either {
			if !s.add(e.node, under) {
				return false
			}
		}
		return true
	case opRun:
		for b, role := range n.bytes {
			if role&inside != 0 {
				s.put(byte(b))
			}
		}
		if n.least > 0 {
			return true
		}
	}
	return s.add(n.next, under)
}
