package trace

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
)

// Hang is how long go waits for something before it is called hanging: a
// healthy server has answered long before, and go itself has no limit for most
// of what it waits for.
const Hang = 10 * time.Second

// Steps follows a go command by what it prints with -x. It is told each line of
// its standard error, and when that came.
type Steps struct {
	// Tell is told each step that ended.
	Tell func(model.Event)

	open     []*step
	contacts []*Contact
	slow     []model.Event // the slowest steps, the slowest first
	heredoc  bool          // within the text that go writes to a file
	users    bool          // what comes is printed by the user's own program
	said     []byte        // what go printed that is no step, for Problems
	last     time.Time     // when something came last
	body     *step         // the request that was answered last
	silent   time.Time     // since when silence is told
}

// step is something that go does, and that has not ended.
type step struct {
	kind    model.EventKind
	what    string // a URL, a command
	began   time.Time
	loose   bool // go does not say when it ends: it has when something else begins
	program bool // a program of the user's, which may run as long as it likes
	noted   time.Duration
}

// Contact is a server, or a version control tool's, that go turned to.
type Contact struct {
	Name    string
	Times   int
	Took    time.Duration
	Answers []string // each different one, in their order
}

// mostSlow is how many of the slowest steps are kept, mostSaid how much of what
// go printed.
const (
	mostSlow = 5
	mostSaid = 1 << 20
)

var (
	vcsCommand = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:cd \S.*?; )?(?:git|hg|svn|bzr|fossil) `)
	})
	took = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(\d+\.\d{3})s # (.*)$`) })
	// tool is a program of the toolchain, as go writes it: with variables before
	// it.
	tool = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:[A-Za-z_][A-Za-z0-9_]*=(?:'[^']*'|"[^"]*"|\S*) )*(?:"[^"]*|\S*)[/\\]pkg[/\\]tool[/\\][^/\\]+[/\\](\w+)(?:\.exe)?"? `)
	})
	ofPackage = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(` -(?:p|importpath) (\S+)`) })
	// chores are the other lines of -x, which go runs or does itself.
	chores = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:WORK=\S|mkdir -p \S|cd \S+$|rm -\w+ |mv \S+ \S+$|cp \S+ \S+|chmod \S+ \S+$|touch \S+$|echo ["'].*>|ln -s |# lock \S|# \S+ for \w+ \S|(?:[A-Za-z_]\w*=(?:'[^']*'|"[^"]*") )+\S)|(?: # internal$)`)
	})
	built = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:\$WORK[/\\]b\d+[/\\]|\S*-d[/\\][^/\\ ]+(?: |$))`)
	})
	writes  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^cat >+\S.* << 'EOF'( # internal)?$`) })
	exeLine = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:\$WORK[/\\]b\d+[/\\]exe[/\\]|\S*-d[/\\][^/\\ ]+(?: |$))`)
	})
)

// Begin tells when go was started.
func (s *Steps) Begin(now time.Time) { s.last = now }

// Said takes a line of a go command that does not say what it does.
func (s *Steps) Said(text string, now time.Time) {
	s.last = now
	s.keep(text)
}

// Users reports whether what comes is printed by the user's own program.
func (s *Steps) Users() bool { return s.users }

// Line takes a line and reports whether it is there only because of -x.
func (s *Steps) Line(text string, now time.Time) (extra bool) {
	s.last = now
	if s.users {
		return false
	}
	if s.heredoc {
		s.heredoc = text != "EOF"
		return true
	}
	if strings.HasPrefix(text, "# get ") {
		s.get(text[len("# get "):], now)
		return true
	}
	if m := took().FindStringSubmatch(text); m != nil && vcsCommand().MatchString(m[2]) {
		if st := s.close(model.EventVCS, m[2]); st != nil {
			seconds, _ := strconv.ParseFloat(m[1], 64)
			s.ended(st, time.Duration(seconds*float64(time.Second)), "ended")
		}
		return true
	}
	if m, ok := strings.CutPrefix(text, "go: downloading "); ok {
		s.Tell(model.Event{Time: now, Said: now, Source: model.SourceGo, Kind: model.EventDownload, Subject: model.NewText(m), Text: model.NewText(text)})
		s.keep(text)
		return false
	}
	begin := func(st step) {
		s.finishLoose(now)
		st.began = now
		s.open = append(s.open, &st)
	}
	switch {
	case vcsCommand().MatchString(text):
		begin(step{kind: model.EventVCS, what: text, loose: !strings.HasPrefix(text, "cd ")}) // go says when those end that it ran for a module
	case tool().MatchString(text):
		what := tool().FindStringSubmatch(text)[1]
		if p := ofPackage().FindStringSubmatch(text); p != nil {
			what += " " + p[1]
		}
		begin(step{kind: model.EventCommand, what: what, loose: true})
	case strings.HasPrefix(text, "# lock "):
		begin(step{kind: model.EventWait, what: text[len("# lock "):], loose: true})
	case writes().MatchString(text):
		s.finishLoose(now)
		s.heredoc = true
	case built().MatchString(text):
		begin(step{kind: model.EventCommand, what: "your program", loose: true, program: true})
		s.users = exeLine().MatchString(text)
	case chores().MatchString(text):
		s.finishLoose(now)
	default:
		s.keep(text)
		return false
	}
	return true
}

// get takes "URL" or "URL: answer".
func (s *Steps) get(text string, now time.Time) {
	s.finishLoose(now)
	address, answer, ended := strings.Cut(text, ": ")
	if !ended {
		s.open = append(s.open, &step{kind: model.EventDownload, what: address, began: now})
		return
	}
	st := s.close(model.EventDownload, address)
	if st == nil { // the scheme that go fell back to
		st = &step{kind: model.EventDownload, what: address, began: now}
	}
	s.body = st
	s.ended(st, now.Sub(st.began), answer)
}

// close takes out the oldest open step of that name.
func (s *Steps) close(kind model.EventKind, what string) *step {
	i := slices.IndexFunc(s.open, func(st *step) bool { return st.kind == kind && st.what == what })
	if i < 0 {
		return nil
	}
	st := s.open[i]
	s.open = slices.Delete(s.open, i, i+1)
	return st
}

// finishLoose ends what has ended because something else began.
func (s *Steps) finishLoose(now time.Time) {
	s.open = slices.DeleteFunc(s.open, func(st *step) bool {
		if st.loose && st.kind == model.EventWait && now.Sub(st.began) >= time.Second {
			s.ended(st, now.Sub(st.began), "got it")
		}
		return st.loose
	})
}

// ended tells and counts a step.
func (s *Steps) ended(st *step, d time.Duration, answer string) {
	e := model.Event{
		Time: st.began, Said: st.began, Source: model.SourceGo, Kind: st.kind, Subject: model.NewText(st.what), Took: d,
		Text: model.NewText(strings.TrimSpace(stripTook(answer))),
	}
	e.Refs = refsOf(Classify(model.NewValue(answer)))
	s.Tell(e)
	s.slow = append(s.slow, e)
	slices.SortStableFunc(s.slow, func(a, b model.Event) int { return cmp.Compare(b.Took, a.Took) })
	s.slow = s.slow[:min(len(s.slow), mostSlow)]
	c := s.contact(st)
	c.Times++
	c.Took += d
	if word := stripTook(answer); !slices.Contains(c.Answers, word) && len(c.Answers) < 10 {
		c.Answers = append(c.Answers, word)
	}
}

// stripTook drops the "(0.013s)" that go writes after an answer.
func stripTook(answer string) string {
	if i := strings.LastIndex(answer, " ("); i >= 0 && strings.HasSuffix(answer, "s)") {
		return answer[:i]
	}
	return answer
}

// contact is whom a step turns to.
func (s *Steps) contact(st *step) *Contact {
	name := st.what
	switch u, err := url.Parse(st.what); {
	case st.kind == model.EventDownload && err == nil && u.Host != "":
		name = u.Scheme + "://" + u.Host
	case st.kind == model.EventVCS:
		_, command, ok := strings.Cut(st.what, "; ")
		if !ok {
			command = st.what
		}
		words := strings.Fields(command)
		name = strings.Join(words[:min(2, len(words))], " ")
	case st.kind == model.EventWait:
		name = "lock " + st.what
	}
	for _, c := range s.contacts {
		if c.Name == name {
			return c
		}
	}
	c := &Contact{Name: name}
	s.contacts = append(s.contacts, c)
	return c
}

func (s *Steps) keep(text string) {
	if room := mostSaid - len(s.said); room > len(text) {
		s.said = append(append(s.said, text...), '\n')
	}
}

// notes are when a step that waits is told, once each; after the last of them
// it is told again each time that passes.
var notes = []time.Duration{time.Second, 3 * time.Second, Hang, 30 * time.Second}

// Waiting tells what go waits for, the oldest first: each once after some
// seconds, and as hanging after Hang.
func (s *Steps) Waiting(now time.Time) (out []model.Event) {
	waits := slices.Clone(s.open)
	if len(waits) == 0 && !s.users {
		waits = append(waits, s.silence())
	}
	for _, st := range waits {
		since, body := st.began, len(s.open) == 0
		if body {
			since = s.last
		}
		d := now.Sub(since)
		due := st.noted + notes[len(notes)-1]
		for _, n := range notes {
			if st.noted < n {
				due = n
				break
			}
		}
		if d < due || body && d < Hang || st.program || st.loose && st.kind == model.EventCommand && d < Hang {
			continue
		}
		st.noted = d
		e := model.Event{Time: now, Said: now, Source: model.SourceGo, Kind: model.EventWait, Subject: model.NewText(st.what), Took: d.Round(time.Second)}
		if d >= Hang {
			e.Kind = model.EventHang
		}
		if e.Kind == model.EventHang && (st.kind == model.EventCommand || body && st.what == "") {
			e.Kind = model.EventWait // a compiler may work that long
		}
		e.Text = model.NewText(waitText(st, e, body))
		out = append(out, e)
	}
	return out
}

// silence is the step that stands for nothing being open: the request that was
// answered last, whose answer may not have come in whole, or nothing at all.
func (s *Steps) silence() *step {
	if s.body == nil {
		s.body = &step{kind: model.EventWait, loose: true}
	}
	if s.silent != s.last {
		s.silent, s.body.noted = s.last, 0
	}
	return s.body
}

// waitText is one sentence about a step that waits.
func waitText(st *step, e model.Event, body bool) string {
	text := ""
	d := strconv.Itoa(int(e.Took/time.Second)) + " s"
	switch {
	case body && st.what == "":
		text = "go has printed nothing for " + d
	case body:
		text = "nothing has come for " + d + " since the answer from " + st.what + " began"
	case st.kind == model.EventDownload:
		text = "no answer from " + st.what + " for " + d
	case st.kind == model.EventVCS:
		text = "this has not ended for " + d + ": " + st.what
	case st.kind == model.EventWait:
		text = "another go command has held the lock " + st.what + " for " + d
	default:
		text = st.what + " has run for " + d
	}
	if e.Kind == model.EventHang {
		text += "; go itself would wait for ever"
	}
	return text
}

// End tells what was still open when go ended.
func (s *Steps) End(now time.Time) {
	s.finishLoose(now)
	for _, st := range s.open {
		if !st.loose {
			s.ended(st, now.Sub(st.began), "not ended")
		}
	}
	s.open = nil
}

// Slowest are the steps that took the longest, the longest first.
func (s *Steps) Slowest() []model.Event { return s.slow }

// Contacts are those that go turned to, in that order.
func (s *Steps) Contacts() (out []Contact) {
	for _, c := range s.contacts {
		out = append(out, *c)
	}
	return out
}

// Problems are the messages of the catalogue among what go printed.
func (s *Steps) Problems() []model.Message { return Classify(model.NewValue(string(s.said))) }
