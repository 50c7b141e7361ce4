package trace

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
)

const (
	// maxText is the most bytes of one message that are kept.
	maxText = 64 << 10
	// maxShift is how far two clocks can be apart in good faith: the whole
	// width of all time zones.
	maxShift = 26 * time.Hour
	// maxViews is how many different views it remembers.
	maxViews = 512
)

// A Log turns the bytes of a log into events, in their order. It is fed with
// them in pieces of any size: what it tells does not depend on where they are
// cut, and half a line waits for its other half. It knows what editors, their
// language clients and the loggers of Go write before a message; the first of
// these decides for the whole log, so that what looks like another is part of
// a message.
//
// A line inside a message may be forged to look like the beginning of one. Where
// its time is impossible (later than Until, or days before the message above),
// it is taken for the text it is. Where it is possible nothing can tell it from
// a real one, so what a log says is shown and never believed.
type Log struct {
	Source, Origin string
	Zone           *time.Location // of the times in it
	// Day is when the log was begun, for those that write the time of day only.
	Day time.Time
	// Until is when the log was written last; zero means that it is not known.
	Until time.Time
	// Since drops what is older.
	Since time.Time
	// Interesting drops ordinary events, at next to no cost.
	Interesting bool
	// Middle says that the log begins before what is read of it: what stands
	// before the first header is the rest of a message.
	Middle bool

	Tell func(model.Event)

	// Bytes and Messages count what was read, dropped messages too.
	Bytes, Messages int64

	form   stamped
	half   []byte // the beginning of a line
	lost   bool   // the rest of a line that is too long
	text   []byte // the message under way
	open   bool   // there is one
	level  level
	at     time.Time
	last   time.Time // the time of the message before
	hour   hour
	search search
	known  memory
	views  map[string]*model.LoggedView
}

// stamped is what stands before a message.
type stamped uint8

const (
	formNone   stamped = iota
	formEditor         // 2026-11-23 16:44:35.776 [info] …
	formClient         // [Info  - 4:44:35 PM] …
	formGo             // 2026/11/23 16:44:35 …
)

type level uint8

const (
	levelInfo level = iota
	levelWarning
	levelError
)

// Last is the time of the last message that was read; zero if there was none
// with a time.
func (l *Log) Last() time.Time {
	if l.form == formNone {
		return time.Time{}
	}
	return l.last
}

// Write reads on. It never fails.
func (l *Log) Write(p []byte) (int, error) {
	n := len(p)
	l.Bytes += int64(n)
	if len(l.half) > 0 || l.lost {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			l.keep(p)
			return n, nil
		}
		l.keep(p[:i])
		l.line(l.half)
		l.half, l.lost = l.half[:0], false
		p = p[i+1:]
	}
	for {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			l.keep(p)
			return n, nil
		}
		l.line(p[:min(i, maxText)])
		p = p[i+1:]
	}
}

// keep takes the beginning of a line, as far as it is looked at.
func (l *Log) keep(p []byte) {
	room := maxText - len(l.half)
	l.half = append(l.half, p[:min(len(p), room)]...)
	l.lost = l.lost || len(p) > room
}

// Flush tells the message under way, because nothing has come for a while.
// What belongs to it and comes later is a message of its own.
func (l *Log) Flush() {
	if len(l.half) == 0 && !l.lost {
		l.end()
	}
}

// Close tells what is left. A line without an end counts.
func (l *Log) Close() {
	if len(l.half) > 0 {
		l.line(l.half)
		l.half, l.lost = nil, false
	}
	l.end()
}

// line takes one whole line.
func (l *Log) line(line []byte) {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	rest, at, grade, ok := l.header(line)
	if l.Middle && !ok {
		return
	}
	l.Middle = false
	if !ok && l.form == formNone && len(line) > 0 && line[0] != ' ' && line[0] != '\t' {
		rest, at, ok = line, l.Until, true // a text without any times, such as what go printed
	}
	switch {
	case ok:
		l.end()
		l.open, l.level, l.at, l.last = true, grade, at, at
		l.text = append(l.text[:0], rest...)
	case !l.open && len(bytes.TrimSpace(line)) == 0:
	case !l.open: // before the first header, or after a Flush
		l.open, l.level, l.at = true, levelInfo, l.last
		l.text = append(l.text[:0], line...)
	default:
		if room := maxText - 1 - len(l.text); room > 0 {
			l.text = append(l.text, '\n')
			l.text = append(l.text, line[:min(len(line), room)]...)
		}
	}
}

// header reads what stands before a message, and returns the rest of the line.
func (l *Log) header(line []byte) (rest []byte, at time.Time, grade level, ok bool) {
	if len(line) == 0 || line[0] != '[' && line[0] != '2' {
		return nil, at, 0, false
	}
	form := l.form
	switch {
	case (form == formNone || form == formEditor) && stampAt(line, '-') && len(line) > 25 && line[19] == '.' && line[24] == '[':
		end := bytes.IndexByte(line[25:min(len(line), 36)], ']')
		if end < 0 {
			return nil, at, 0, false
		}
		grade, at, rest = gradeOf(line[25:25+end]), l.clock(line, line[20:23]), line[25+end+1:]
		form = formEditor
		rest = bytes.TrimPrefix(rest, []byte(" "))
	case (form == formNone || form == formGo) && stampAt(line, '/'):
		at, rest, form = l.clock(line, nil), line[19:], formGo
		if len(rest) > 1 && rest[0] == '.' {
			rest = bytes.TrimLeft(rest[1:], "0123456789")
		}
		rest = bytes.TrimPrefix(rest, []byte(" "))
	case (form == formNone || form == formClient) && line[0] == '[':
		if grade, at, rest, ok = l.clientStamp(line); !ok {
			return nil, at, 0, false
		}
		form = formClient
	default:
		return nil, at, 0, false
	}
	if !l.Until.IsZero() && at.After(l.Until.Add(maxShift)) || !l.last.IsZero() && at.Before(l.last.Add(-maxShift)) || at.IsZero() {
		return nil, at, 0, false
	}
	if form != formGo && stampAt(rest, '/') { // gopls writes its own clock, too
		rest = bytes.TrimPrefix(rest[19:], []byte(" "))
	}
	l.form = form
	return rest, at, grade, true
}

// stampAt reports whether a line begins with a date and a time.
func stampAt(line []byte, between byte) bool {
	if len(line) < 19 || line[4] != between || line[7] != between || line[10] != ' ' || line[13] != ':' || line[16] != ':' {
		return false
	}
	for _, i := range [...]int{0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18} {
		if line[i] < '0' || line[i] > '9' {
			return false
		}
	}
	return true
}

// hour remembers when an hour began: the zones make that costly to know.
type hour struct {
	text  [13]byte
	begin time.Time
}

// clock reads the time that stampAt found.
func (l *Log) clock(line, millis []byte) time.Time {
	two := func(i int) int { return int(line[i]-'0')*10 + int(line[i+1]-'0') }
	if !bytes.Equal(l.hour.text[:], line[:13]) {
		copy(l.hour.text[:], line)
		month, day := two(5), two(8)
		l.hour.begin = time.Time{}
		if month >= 1 && month <= 12 && day >= 1 && day <= 31 && two(11) < 24 {
			l.hour.begin = time.Date(two(0)*100+two(2), time.Month(month), day, two(11), 0, 0, 0, l.zone())
		}
	}
	minute, second := two(14), two(17)
	if l.hour.begin.IsZero() || minute > 59 || second > 60 {
		return time.Time{}
	}
	ms := 0
	for _, c := range millis {
		if c < '0' || c > '9' {
			return time.Time{}
		}
		ms = ms*10 + int(c-'0')
	}
	return l.hour.begin.Add(time.Duration(minute)*time.Minute + time.Duration(second)*time.Second + time.Duration(ms)*time.Millisecond)
}

func (l *Log) zone() *time.Location {
	if l.Zone == nil {
		return time.UTC
	}
	return l.Zone
}

// clientStamp reads "[Error - 4:44:35 PM] " and "[Trace - 16:44:35.776 PM] ".
// The day is that of the message before, or the next one.
func (l *Log) clientStamp(line []byte) (grade level, at time.Time, rest []byte, ok bool) {
	end := bytes.IndexByte(line[:min(len(line), 40)], ']')
	if end < 0 {
		return 0, at, nil, false
	}
	word, stamp, ok := strings.Cut(string(line[1:end]), "-")
	if !ok {
		return 0, at, nil, false
	}
	word, stamp = strings.TrimSpace(word), strings.TrimSpace(stamp)
	switch strings.ToLower(word) {
	case "info", "log", "debug", "trace", "warn", "warning", "error":
	default:
		return 0, at, nil, false
	}
	var clock time.Time
	var err error
	for _, layout := range []string{"3:04:05 PM", "15:04:05.000 PM", "15:04:05"} {
		if clock, err = time.Parse(layout, stamp); err == nil {
			break
		}
	}
	if layout24, cut := strings.CutSuffix(strings.TrimSuffix(stamp, " AM"), " PM"); err != nil && cut { // 16:44:35 PM
		clock, err = time.Parse("15:04:05", layout24)
	}
	if err != nil {
		return 0, at, nil, false
	}
	day := l.last
	if day.IsZero() {
		day = l.Day
	}
	if day.IsZero() {
		day = l.Until
	}
	day = day.In(l.zone())
	at = time.Date(day.Year(), day.Month(), day.Day(), clock.Hour(), clock.Minute(), clock.Second(), clock.Nanosecond(), l.zone())
	if !l.last.IsZero() && at.Before(l.last.Add(-12*time.Hour)) {
		at = at.AddDate(0, 0, 1)
	}
	return gradeOf([]byte(word)), at, bytes.TrimPrefix(line[end+1:], []byte(" ")), true
}

func gradeOf(word []byte) level {
	if len(word) == 0 {
		return levelInfo
	}
	switch word[0] | 0x20 {
	case 'e', 'c', 'f': // error, critical, fatal
		return levelError
	case 'w':
		return levelWarning
	}
	return levelInfo
}

// end tells the message under way.
func (l *Log) end() {
	if !l.open {
		return
	}
	l.open = false
	l.Messages++
	if l.at.Before(l.Since) {
		return
	}
	text := l.text
	for len(text) > 0 && (blank(text[len(text)-1]) || text[len(text)-1] == '\n') {
		text = text[:len(text)-1]
	}
	if len(text) == 0 {
		return
	}
	kind := l.kind(text)
	if kind == model.EventLog && l.Interesting {
		return
	}
	e := model.Event{Time: l.at, Said: l.at, Source: l.Source, Origin: l.Origin, Kind: kind}
	l.describe(&e, text)
	if l.Interesting && e.Ordinary() {
		return
	}
	l.Tell(e)
}

var (
	hasErr, hasError, hasFailed = []byte("err"), []byte("rror"), []byte("ailed")
	beginsAttribute             = []byte("\n\t")
	beginsLoad                  = []byte("go/packages.Load #")
	beginsStarting              = []byte("starting GOROOT=")
	commandMark                 = []byte(" for GOROOT=")
	escape                      = []byte{0x1b}
)

// kind is a first guess that costs little: most messages are ordinary.
func (l *Log) kind(text []byte) model.EventKind {
	first := text
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		first = text[:i]
	}
	switch {
	case bytes.HasPrefix(text, []byte(createdView)):
		return model.EventView
	case bytes.HasPrefix(text, []byte("Try to start language server")), bytes.HasPrefix(text, []byte("Running language server ")):
		return model.EventStart
	case bytes.HasPrefix(text, beginsStarting), bytes.Contains(first[:min(len(first), 40)], commandMark):
		return model.EventCommand
	case l.level == levelError:
		return model.EventError
	case l.level == levelWarning:
		return model.EventWarning
	case bytes.HasPrefix(text, beginsLoad) && bytes.Contains(text, []byte("duration=")):
		return model.EventLoad
	case l.form == formNone, bytes.Contains(text, hasErr), bytes.Contains(text, hasError), bytes.Contains(text, hasFailed):
		if len(l.mean(text, "").refs) > 0 {
			return model.EventError
		}
	}
	return model.EventLog
}

// describe fills in what the text says.
func (l *Log) describe(e *model.Event, text []byte) {
	verbatim := string(text)
	said := verbatim
	if bytes.Contains(text, escape) {
		said = escapes().ReplaceAllString(said, "")
	}
	e.Text = model.NewText(said)
	switch e.Kind {
	case model.EventView:
		v, ok := l.views[said] // gopls makes the same view again and again
		if !ok {
			if v = readView(said); l.views == nil || len(l.views) >= maxViews {
				l.views = map[string]*model.LoggedView{}
			}
			l.views[said] = v
		}
		if e.View = v; v == nil {
			e.Kind = model.EventLog
			return
		}
		e.Subject = model.NewText(e.View.Dir)
	case model.EventCommand:
		if took, rest, ok := strings.Cut(said, " for GOROOT="); ok && !strings.HasPrefix(said, "starting ") {
			d, err := time.ParseDuration(took)
			if err != nil {
				e.Kind = model.EventLog
				return
			}
			e.Took, said = d, rest
		}
		if i := strings.Index(said, " go "); i >= 0 {
			e.Subject = model.NewText(said[i+1:])
		}
	case model.EventStart:
		if _, what, ok := strings.Cut(said, "Running language server "); ok {
			e.Subject = model.NewText(what)
		}
	case model.EventLoad, model.EventError, model.EventWarning:
		dir, took := attributes(said)
		e.Took = took
		if e.Kind == model.EventLoad && strings.Contains(said, ": err: ") {
			e.Kind = model.EventError
		}
		if e.Kind != model.EventLoad {
			m := l.mean(text, verbatim)
			e.Refs, e.Subject = m.refs, m.subject
		}
		if e.Subject.Empty() {
			e.Subject = model.NewText(dir)
		}
	}
}

// attributes reads the lines that gopls puts below a message.
func attributes(text string) (dir string, took time.Duration) {
	for more := true; more; {
		var line string
		if line, text, more = strings.Cut(text, "\n"); !strings.HasPrefix(line, "\t") {
			continue
		}
		if d, ok := strings.CutPrefix(line, "\tdirectory="); ok {
			dir = d
		}
		if d, ok := strings.CutPrefix(line, "\tduration="); ok {
			took, _ = time.ParseDuration(d)
		}
	}
	return dir, took
}

// meaning is what the catalogue knows of a text.
type meaning struct {
	refs    []string
	subject model.Text
}

// mean looks a text up, which said is, too, unless that is "". Logs repeat themselves.
func (l *Log) mean(text []byte, said string) meaning {
	if bytes.Contains(text, beginsAttribute) {
		for _, attribute := range [...]string{"\n\tview_id=", "\n\tdirectory="} {
			if i := bytes.Index(text, []byte(attribute)); i >= 0 {
				text = text[:i]
			}
		}
	}
	begin, end := 0, len(text)
	if rest, ok := bytes.CutPrefix(text, beginsLoad); ok {
		number := len(rest) - len(bytes.TrimLeft(rest, "0123456789"))
		if number > 0 && number < 20 && bytes.HasPrefix(rest[number:], []byte(": ")) {
			begin = len(beginsLoad) + number
		}
	}
	load := begin > 0
	hash := l.known.hash(load, text[begin:])
	if m, ok := l.known.find(hash, load, text[begin:]); ok {
		return m
	}
	if said == "" {
		said = string(text)
	}
	var m meaning
	l.search.classify(said[:end], func(f found) { m.add(f) })
	l.known.keep(hash, remembered{load, said[begin:end], m}, len(said))
	return m
}

// add takes what was found in a text, one after the other.
func (m *meaning) add(f found) {
	if m.refs == nil {
		m.refs = slices.Clip(f.refs)
	}
	for _, ref := range f.refs {
		if !slices.Contains(m.refs, ref) {
			m.refs = append(m.refs, ref)
		}
	}
	if !m.subject.Empty() {
		return
	}
	best, subject := 0, ""
	for _, a := range f.args {
		if telling := tells(a.name); telling > best && a.value != "" {
			best, subject = telling, a.value
		}
	}
	m.subject = model.NewText(subject)
}

// tells is how much a part that differs tells of what a message is about; 0 is
// nothing.
func tells(name string) int {
	switch name {
	case "variable":
		return 6
	case "module":
		return 5
	case "package":
		return 4
	case "url":
		return 3
	case "host":
		return 2
	case "file":
		return 1
	}
	return 0
}

func refsOf(messages []model.Message) (refs []string) {
	for _, m := range messages {
		for _, ref := range m.Refs {
			if !slices.Contains(refs, ref) {
				refs = append(refs, ref)
			}
		}
	}
	return refs
}
