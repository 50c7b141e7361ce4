package report

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
)

// Event is one thing that happened, on the time line.
type Event struct {
	Time      string            `json:"time"` // RFC 3339 with milliseconds, by our clock
	Said      string            `json:"said"` // as the source wrote it, if its clock is another; else ""
	Source    string            `json:"source"`
	Origin    string            `json:"origin"` // which of several such sources: a window, a session
	Kind      string            `json:"kind"`
	Subject   string            `json:"subject"`
	Message   string            `json:"message"`
	Refs      []string          `json:"refs"`
	Took      float64           `json:"took"` // seconds; 0 if not known
	ContextID string            `json:"contextId"`
	Snapshot  int               `json:"snapshot"` // 0 if it comes from elsewhere
	Env       map[string]string `json:"env"`      // what gopls said of its environment; empty but for a view
}

const eventTime = "2006-01-02T15:04:05.000Z07:00"

// EventOf makes an event safe to show.
func EventOf(e model.Event) Event {
	out := Event{
		Time: e.Time.Format(eventTime), Source: word(e.Source), Origin: word(e.Origin), Kind: string(e.Kind), Subject: ShowText(e.Subject), Message: ShowText(e.Text),
		Refs: e.Refs, Took: e.Took.Seconds(), ContextID: word(e.ContextID), Snapshot: e.Snapshot,
	}
	if !e.Said.Equal(e.Time) {
		out.Said = e.Said.Format(eventTime)
	}
	if e.View != nil {
		out.Env = map[string]string{}
		for name, v := range e.View.Env {
			out.Env[name] = ShowVariable(name, v)
		}
	}
	return out
}

// JSONLine is the event on one line.
func (e Event) JSONLine() ([]byte, error) { return jsonLine(e) }

func eventMark(kind string) mark {
	switch model.EventKind(kind) {
	case model.EventError, model.EventHang, model.EventFailed:
		return mark{"✗", kind, 31}
	case model.EventWarning, model.EventWait, model.EventFound:
		return mark{"!", kind, 33}
	case model.EventCured, model.EventGone, model.EventUndone:
		return mark{"✓", kind, 32}
	}
	return mark{"·", kind, 36}
}

const (
	eventColumn = 12 + 2 + 20 + 2 + 12 + 2
	// mostLines of an event are shown in a text.
	mostLines = 6
)

// Line is an event for people. day is written before it where the day is
// another than that of the event before.
func (e Event) Line(st Style, before *Event) string {
	p := page{Style: st}
	when, err := time.Parse(eventTime, e.Time)
	clock := when.Format("15:04:05.000")
	if err != nil {
		clock = e.Time
	}
	if before == nil || len(before.Time) < 10 || before.Time[:10] != e.Time[:10] {
		p.line(p.colored(bold, when.Format("Monday, 2 January 2006")))
	}
	source := e.Source
	if e.Origin != "" {
		source = e.Origin + " " + source
	}
	m := eventMark(e.Kind)
	lead := fmt.Sprintf("%s  %-20s  %s  ", clock, source, p.colored(m.color, fmt.Sprintf("%-12s", m.symbol+" "+m.word)))
	p.hang(lead, max(eventColumn, len(clock)+2+len(source)+2+14), e.sentence())
	return p.String()
}

// sentence is what an event says, for people, with what is known of it.
func (e Event) sentence() string {
	s := e.says()
	var notes []string
	if len(e.Refs) > 0 {
		notes = append(notes, strings.Join(e.Refs, ", "))
	}
	if e.ContextID != "" {
		notes = append(notes, e.ContextID)
	}
	if e.Said != "" {
		notes = append(notes, "its clock said "+e.Said)
	}
	if notes != nil {
		s += "  [" + strings.Join(notes, "; ") + "]"
	}
	return s
}

// says is what an event says, for people.
func (e Event) says() string {
	var parts []string
	text := e.Message
	switch model.EventKind(e.Kind) {
	case model.EventView:
		first, _, _ := strings.Cut(text, "\n")
		parts = append(parts, strings.ToLower(first[:1])+first[1:]+" for "+e.Subject)
		var set []string
		for _, name := range slices.Sorted(maps.Keys(e.Env)) {
			if v := e.Env[name]; v != "" && !slices.Contains(everyView, name) {
				set = append(set, name+"="+v)
			}
		}
		if set != nil {
			parts = append(parts, "gopls says it has "+strings.Join(set, ", "))
		}
		text = ""
	case model.EventLoad:
		parts = append(parts, "loaded packages of "+e.Subject)
		text = ""
	case model.EventCommand:
		if e.Subject != "" {
			parts, text = append(parts, e.Subject), ""
		}
	case model.EventDownload, model.EventVCS:
		parts = append(parts, e.Subject)
	}
	if text != "" {
		lines := slices.DeleteFunc(strings.Split(text, "\n"), attribute.MatchString)
		if more := len(lines) - mostLines; more > 0 {
			lines = append(lines[:mostLines], fmt.Sprintf("… %s more", counted(more, "line")))
		}
		parts = append(parts, strings.Join(lines, "\n"))
	}
	s := strings.Join(parts, ": ")
	if e.Took > 0 && e.Kind != string(model.EventWait) && e.Kind != string(model.EventHang) {
		s += ", " + lasted(time.Duration(e.Took*float64(time.Second)))
	}
	return s
}

// Moment is one or several events of the time line of a report: what was said
// again and again without anything between is one.
type Moment struct {
	Time      string   `json:"time"` // RFC 3339 with milliseconds, of the first by our clock
	Last      string   `json:"last"` // of the last
	Times     int      `json:"times"`
	Source    string   `json:"source"`
	Origin    string   `json:"origin"`
	Kind      string   `json:"kind"`
	Text      string   `json:"text"`
	Refs      []string `json:"refs"`
	ContextID string   `json:"contextId"`
}

// Timeline is the newest of what happened, most moments at most, the oldest
// first.
func Timeline(events []model.Event, most int) []Moment {
	var out []Moment
	for _, e := range events {
		shown := EventOf(e)
		m := Moment{
			Time: shown.Time, Last: shown.Time, Times: 1, Source: shown.Source, Origin: shown.Origin, Kind: shown.Kind,
			Text: shown.says(), Refs: shown.Refs, ContextID: shown.ContextID,
		}
		if m.Source == model.SourceOurs && shown.Subject != "" && !strings.Contains(m.Text, shown.Subject) {
			m.Text = shown.Subject + ": " + m.Text
		}
		if n := len(out); n > 0 && out[n-1].again(m) {
			out[n-1].Times++
			out[n-1].Last = m.Last
			continue
		}
		out = append(out, m)
	}
	return out[max(0, len(out)-most):]
}

// again reports whether next says the same as m. What took time took another
// time.
func (m Moment) again(next Moment) bool {
	return m.Source == next.Source && m.Origin == next.Origin && m.Kind == next.Kind && m.Text == next.Text && m.ContextID == next.ContextID
}

// attribute are lines that gopls puts below a message, and empty ones.
var attribute = regexp.MustCompile(`^(?:\t(?:view_id|snapshot|directory|query|packages|duration)=.*)?$`)

// everyView are variables that every view has, and that tell nothing as a rule.
var everyView = []string{"GOOS", "GOARCH", "GOCACHE", "GOMODCACHE", "GOROOT", "GOPATH"}

// lasted is a duration for people.
func lasted(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d >= time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d >= time.Millisecond:
		return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
	}
	return "less than 1 ms"
}

// Contact is a server, or a version control command, that a go command turned
// to.
type Contact struct {
	Name    model.Value
	Times   int
	Took    time.Duration
	Answers []model.Value
}

// Traced is how a go command went.
type Traced struct {
	Took     time.Duration
	Code     int
	Slowest  []model.Event
	Contacts []Contact
	Problems []model.Message
}

// Text is the end of "gophantom trace -- go …".
func (t Traced) Text(st Style) string {
	p := page{Style: st}
	p.line(fmt.Sprintf("It ended with code %d after %s.", t.Code, lasted(t.Took)))
	if len(t.Contacts) == 0 {
		p.line("It asked no server, and ran no version control tool.")
	} else {
		p.line("Whom it turned to, in this order:")
	}
	for i, c := range t.Contacts {
		var answers []string
		for _, a := range c.Answers {
			answers = append(answers, inLine(Show(a)))
		}
		p.hang(fmt.Sprintf("  %2d. ", i+1), 6, fmt.Sprintf("%s: %s, %s; %s", Show(c.Name), counted(c.Times, "time"), lasted(c.Took), strings.Join(answers, "; ")))
	}
	if len(t.Slowest) > 0 {
		p.line("What took longest:")
	}
	for _, e := range t.Slowest {
		p.hang(fmt.Sprintf("  %8s  ", lasted(e.Took)), 12, ShowText(e.Subject))
	}
	if len(t.Problems) > 0 {
		p.line("What it complained about, as the catalogue knows it:")
	}
	for _, m := range t.Problems {
		p.hang("  "+p.colored(markFail.color, strings.Join(m.Refs, ", "))+"  ", 4+len(strings.Join(m.Refs, ", ")), Show(m.Text))
	}
	if len(t.Problems) > 0 {
		p.line("Next: gophantom explain " + t.Problems[0].Refs[0])
	}
	return p.String()
}

// Brief is the event on one line, without its time.
func (e Event) Brief() string {
	return inLine(eventMark(e.Kind).symbol+" "+e.Kind+"  "+e.sentence()) + "\n"
}
