package engine

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gophantom/gophantom/server/internal/baseline"
	"github.com/gophantom/gophantom/server/internal/fix"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/rules"
	"github.com/gophantom/gophantom/server/internal/world"
)

// The kinds of events.
const (
	eventChanged    = "changed"     // the world changed; the message says what
	eventFound      = "found"       // a rule fires
	eventGone       = "gone"        // it does not any more, or no problem has the verdict any more
	eventVerdict    = "verdict"     // problems of one cause were judged
	eventCured      = "cured"       // a cure was carried out, and helped
	eventCureFailed = "cure-failed" // it was carried out, and did not help
	eventUndone     = "undone"      // a cure was taken back
)

const (
	// historyVersion is the form of the lines of the file. A line of a later form
	// is left alone.
	historyVersion = 1
	// maxEvents is how many events are kept, in memory and, after a start, in the
	// file; the file may grow to twice as many lines in between.
	maxEvents = 500
	// maxEvent is how long the line of one event may be, in bytes, and
	// maxHistory how long the file; one that is longer was not written by us.
	maxEvent   = 16 << 10
	maxHistory = 2 * maxEvents * maxEvent
)

// history is what happened in the folders that are open, the newest event
// last. It outlives us in a private file below the user's cache directory, one
// line an event, which several servers may append to. Every text in it is safe
// to show, so the file holds no secret.
type history struct {
	w *world.World

	mu     sync.Mutex
	file   string // "" before the folders are known, and where there is no place for one
	opened bool
	events []report.HistoryEvent
	lines  int                          // of the file, as far as we know
	seen   int                          // the last snapshot whose changes were noted
	known  map[string]baseline.Baseline // what each folder looked like at the last look
}

// savedEvent is one line of the file.
type savedEvent struct {
	Version int `json:"version"`
	report.HistoryEvent
}

// historyFile is where what happened in the folders of a workspace is kept; "" if
// there is no place for it.
func historyFile(w *world.World, folders []string) string {
	if cache := w.CacheDir(); cache != "" && len(folders) > 0 {
		return filepath.Join(cache, "gophantom", "history", cacheName(strings.Join(folders, "\x00"))+".jsonl")
	}
	return ""
}

// remembered is what happened in a folder, as an editor that has it open wrote it
// down.
func remembered(w *world.World, dir string) (events []report.HistoryEvent) {
	if file := historyFile(w, []string{filepath.Clean(dir)}); file != "" {
		if data, err := w.Files.ReadFile(file); err == nil {
			events, _ = readHistory(data)
		}
	}
	return events
}

// open reads what is known of the folders of a workspace, unless it has.
func (h *history) open(folders []string) {
	file := historyFile(h.w, folders)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.opened && h.file == file {
		return
	}
	h.opened, h.file, h.events, h.lines = true, file, nil, 0
	if file == "" {
		return
	}
	data, err := h.w.Files.ReadFile(file)
	if err != nil {
		return // none yet, or none that can be read: what happens from now on is known all the same
	}
	h.events, h.lines = readHistory(data)
	h.shorten()
}

// readHistory reads the events of a file. Lines that were cut, damaged or
// written by a later version are passed over.
func readHistory(data []byte) (events []report.HistoryEvent, lines int) {
	if len(data) > maxHistory {
		data = data[len(data)-maxHistory:]
	}
	for line := range bytes.Lines(data) {
		lines++
		var form struct{ Version int }
		var e savedEvent
		if len(line) > maxEvent || json.Unmarshal(line, &form) != nil || form.Version != historyVersion || json.Unmarshal(line, &e) != nil {
			continue
		}
		if _, err := time.Parse(time.RFC3339, e.Time); err != nil || e.Kind == "" {
			continue
		}
		// Somebody else may have written into the file.
		for _, text := range []*string{&e.Kind, &e.Subject, &e.Message, &e.Rule, &e.Verdict, &e.ContextID, &e.Cure, &e.Fact, &e.Environment, &e.Was, &e.Is} {
			*text = show(*text)
		}
		events = append(events, e.HistoryEvent)
	}
	return events[max(0, len(events)-maxEvents):], lines
}

// shorten makes the file as long as it may be. It is called with the lock held.
func (h *history) shorten() {
	if h.lines <= maxEvents {
		return
	}
	data, err := h.w.Files.ReadFile(h.file)
	if err != nil {
		return
	}
	lines := bytes.SplitAfter(data, []byte("\n"))
	kept := bytes.Join(lines[max(0, len(lines)-maxEvents-1):], nil) // the last of them is empty, or was cut
	if len(kept) > maxHistory {
		kept = nil
	}
	if h.w.Files.ReplaceFile(h.file, data, kept) == nil { // else another server has just written: the next start tries again
		h.lines = maxEvents
	}
}

// add appends events and gives them their time.
func (h *history) add(events ...report.HistoryEvent) {
	if len(events) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var out bytes.Buffer
	for _, e := range events {
		e.Time = h.w.Clock.Now().UTC().Format("2006-01-02T15:04:05.000Z07:00")
		h.events = append(h.events, e)
		line, err := json.Marshal(savedEvent{historyVersion, e})
		if err != nil || len(line) >= maxEvent {
			continue
		}
		out.Write(append(line, '\n'))
		h.lines++
	}
	h.events = slices.Clone(h.events[max(0, len(h.events)-maxEvents):])
	if h.file == "" || out.Len() == 0 {
		return
	}
	// A disk that takes nothing costs the memory of this after a restart, no more.
	_ = h.w.Files.AppendPrivate(h.file, out.Bytes())
	if h.lines > 2*maxEvents {
		h.shorten()
	}
}

// list returns the events, the newest last.
func (h *history) list() []report.HistoryEvent {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]report.HistoryEvent{}, h.events...)
}

// idle are the reasons of a look that tell of no change of the world: the
// editor says more about its documents, or somebody asked.
var idle = []string{
	"the editor connected", "the problems changed", "the unsaved documents changed", "the window was focused", "the editor told its state again",
	"gopls made other views", "asked", "another look", "the shell answered", "go list answered", "the start-up files of the shell were followed",
	"a probe answered",
}

// change writes down what changed in the world since the last look: why there is
// a look, and which facts are others.
func (h *history) change(looks ...*model.Snapshot) {
	s := report.SnapshotOf(looks[0])
	h.mu.Lock()
	newer := s.Number > h.seen
	h.seen = max(h.seen, s.Number)
	h.mu.Unlock()
	if !newer {
		return
	}
	var events []report.HistoryEvent
	reasons := slices.DeleteFunc(strings.Split(s.Reason, "; "), func(s string) bool { return slices.Contains(idle, s) })
	reason := upperFirst(strings.Join(reasons, "; "))
	past := slices.DeleteFunc(h.list(), func(e report.HistoryEvent) bool { return e.Fact != "" })
	if reason != "" && (len(past) == 0 || past[len(past)-1].Kind != eventChanged || past[len(past)-1].Message != reason) {
		events = append(events, report.HistoryEvent{Kind: eventChanged, Message: reason})
	}
	events = append(events, h.moved(looks)...)
	for i := range events {
		events[i].Snapshot = s.Number
	}
	h.add(events...)
}

// mostMoved is how many changed facts of one kind are told of one look: a file
// may require hundreds of modules.
const mostMoved = 20

// moved are the facts that are not what they were when we looked last, each once.
func (h *history) moved(looks []*model.Snapshot) (events []report.HistoryEvent) {
	known := make(map[string]baseline.Baseline, len(looks))
	count := map[baseline.Kind]int{}
	for _, s := range looks {
		before, ok := h.known[s.Dir]
		if !ok {
			known[s.Dir] = baseline.Take(s, rand.Text(), showFact)
			continue
		}
		known[s.Dir] = before.Next(s, showFact)
		for _, c := range before.Diff(s) {
			e, told := factEvent(c)
			if !told || slices.Contains(events, e) || count[c.Kind] == mostMoved {
				continue
			}
			count[c.Kind]++
			events = append(events, e)
		}
	}
	h.known = known // only the goroutine that looks is here
	return events
}

// factEvent tells of a change in a sentence; told is false for what the reason of the
// look tells well enough.
func factEvent(c baseline.Change) (e report.HistoryEvent, told bool) {
	e = report.HistoryEvent{Kind: eventChanged, Subject: show(c.Name), Fact: string(c.Kind), Environment: string(c.Env), Was: c.Was}
	if !c.Removed {
		variable := ""
		if c.Kind == baseline.Variable {
			variable = c.Name
		}
		e.Is = showFact(variable, c.Value)
	}
	kind := "" // behind a name that alone says too little
	switch c.Kind {
	case baseline.Variable:
	case baseline.Toolchain:
		if e.Was == "" || e.Is == "" {
			return e, false // it was not found out, or there is no go, which the tool tells
		}
	case baseline.Server:
		if c.Name != "version" {
			return e, false
		}
		if e.Subject = "gopls"; e.Was == "" || e.Is == "" {
			return e, false
		}
	case baseline.Require:
		e.Subject = show(c.Name[strings.LastIndexByte(c.Name, ' ')+1:])
	case baseline.Tool, baseline.Netrc, baseline.Workspace, baseline.Branch, baseline.Place, baseline.Unreadable:
	case baseline.Replace, baseline.GoLine, baseline.Use, baseline.Vendor, baseline.Git, baseline.Module, baseline.Exclude:
		kind = " (" + string(c.Kind) + ")"
	case baseline.Extension:
		if kind = " (extension)"; e.Was == "" || e.Is == "" {
			return e, false // which one it is was not found out
		}
	case baseline.Setting:
		kind = " (setting)"
		e.Was, e.Is = there(e.Was), there(e.Is) // the value is of no use here
	case baseline.Sum:
		if kind = " (go.sum)"; c.Added {
			return e, false // nothing fails of one that came
		}
	default:
		return e, false
	}
	e.ContextID = rules.ContextID(e.Subject)
	what := e.Subject + kind
	if e.Environment != "" {
		what += " in " + e.Environment
	}
	switch {
	case c.Kind == baseline.Unreadable && c.Removed:
		e.Message = fmt.Sprintf("%s can be read again.", what)
	case c.Kind == baseline.Unreadable:
		e.Message = fmt.Sprintf("%s cannot be read: %s.", what, strings.TrimSuffix(e.Is, "."))
	case c.Kind == baseline.Place && c.Removed:
		e.Message = fmt.Sprintf("%s is in order again; before, %s.", what, e.Was)
	case c.Kind == baseline.Place:
		e.Message = fmt.Sprintf("%s: %s.", what, e.Is)
	case !c.Added && !c.Removed && e.Was == e.Is:
		e.Message = fmt.Sprintf("%s changed: it has %s.", what, report.Otherwise(e.Fact))
	case c.Added:
		e.Message = fmt.Sprintf("%s is new: %s.", what, quoted(e.Is))
	case c.Removed:
		e.Message = fmt.Sprintf("%s is gone; it was %s.", what, quoted(e.Was))
	default:
		e.Message = fmt.Sprintf("%s changed from %s to %s.", what, quoted(e.Was), quoted(e.Is))
	}
	return e, true
}

// there says of a value only that there is one.
func there(shown string) string {
	if shown == "" {
		return ""
	}
	return "set"
}

// quoted is a shown value in a sentence.
func quoted(shown string) string {
	if shown == "" {
		return "nothing"
	}
	return "“" + shown + "”"
}

// note writes down what a published look found and does not find any more, and returns it.
// sure tells that what is not in it is gone: nobody is being asked who may bring it back.
func (h *history) note(r report.Report, sure bool) []report.HistoryEvent {
	var events []report.HistoryEvent
	before, now := standing(h.list()), facts(r)
	undecided := map[string]bool{}
	for _, u := range r.Unknown {
		undecided[u.Rule] = true
	}
	for _, key := range before.order {
		e := before.events[key]
		if _, still := now.events[key]; !still && sure && !undecided[e.Rule] {
			e.Kind = eventGone
			events = append(events, e)
		}
	}
	for _, key := range now.order {
		if _, old := before.events[key]; !old {
			events = append(events, now.events[key])
		}
	}
	for i := range events {
		events[i].Snapshot, events[i].Cure = r.Snapshot.Number, ""
	}
	h.add(events...)
	return events
}

// standings are findings and verdicts, as the events that brought them.
type standings struct {
	order  []string
	events map[string]report.HistoryEvent
}

func (s *standings) put(e report.HistoryEvent) {
	if s.events == nil {
		s.events = map[string]report.HistoryEvent{}
	}
	key := standingKey(e)
	if _, there := s.events[key]; !there {
		s.order = append(s.order, key)
		s.events[key] = e
	}
}

// standingKey is the same for what stands for one thing: a rule that fires on a
// subject, problems with one verdict and one cause.
func standingKey(e report.HistoryEvent) string {
	if e.Rule != "" {
		return e.Rule + "\x00" + e.Subject
	}
	return e.Verdict + "\x00" + e.ContextID
}

// standing is what the events say is there.
func standing(events []report.HistoryEvent) standings {
	var s standings
	for _, e := range events {
		switch e.Kind {
		case eventFound, eventVerdict:
			s.put(e)
		case eventGone:
			key := standingKey(e)
			delete(s.events, key)
			s.order = slices.DeleteFunc(s.order, func(k string) bool { return k == key })
		}
	}
	return s
}

// facts is what a report says is there. Problems that are not decided come and
// go with every key that is pressed, so they are no event.
func facts(r report.Report) standings {
	var s standings
	for _, f := range r.Findings {
		s.put(report.HistoryEvent{Kind: eventFound, Subject: f.Subject, Message: f.Message, Rule: f.Rule, ContextID: f.ContextID})
	}
	type group struct {
		first report.Problem
		count int
	}
	groups := map[string]*group{}
	var order []string
	for _, p := range r.Problems {
		switch model.VerdictKind(p.Verdict) {
		case model.Phantom, model.StaleGreen, model.Real:
		default:
			continue
		}
		key := p.Verdict + "\x00" + p.ContextID
		if groups[key] == nil {
			groups[key] = &group{first: p}
			order = append(order, key)
		}
		groups[key].count++
	}
	for _, key := range order {
		g := groups[key]
		p := g.first
		message := cmp.Or(p.Summary, p.Message)
		if g.count > 1 {
			message += fmt.Sprintf(" (and %d more of the same cause)", g.count-1)
		}
		subject := fmt.Sprintf("%s:%d", show(filepath.Base(report.FileOf(p.URI))), p.Range.Start.Line+1)
		s.put(report.HistoryEvent{Kind: eventVerdict, Subject: subject, Message: message, Verdict: p.Verdict, ContextID: p.ContextID})
	}
	return s
}

func upperFirst(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// cureID names a cure; it sorts by time.
func cureID(at time.Time) string { return fmt.Sprintf("%020d-%s", at.UnixNano(), rand.Text()[:8]) }

// cures are the cures that were carried out, the newest first: those that the
// events tell of, and those of which only the undo record is left.
func (l *Loop) cures(events []report.HistoryEvent) (out []report.Cure) {
	out = []report.Cure{}
	records, _ := l.undoable(l.folders())
	undone := map[string]bool{}
	for _, e := range events {
		undone[e.Cure] = undone[e.Cure] || e.Kind == eventUndone
	}
	known := map[string]bool{}
	for _, e := range slices.Backward(events) {
		if e.Cure == "" || e.Kind == eventUndone || known[e.Cure] {
			continue
		}
		known[e.Cure] = true
		c := report.Cure{ID: e.Cure, Title: e.Subject, Time: e.Time}
		at := slices.IndexFunc(records, func(u undoRecord) bool { return u.id == e.Cure })
		switch {
		case undone[e.Cure]:
			c.Why = "It was undone."
		case at < 0:
			c.Why = "It cannot be taken back any more: it changed nothing that lasts, or its undo record is gone."
		default:
			c.Why = journal{l.w}.hindrance(records[at])
			c.Undoable = c.Why == ""
		}
		out = append(out, c)
	}
	for _, u := range records {
		if !known[u.id] {
			why := journal{l.w}.hindrance(u)
			out = append(out, report.Cure{ID: u.id, Title: u.title, Time: u.at.UTC().Format("2006-01-02T15:04:05.000Z07:00"), Undoable: why == "", Why: why})
		}
	}
	slices.SortStableFunc(out, func(a, b report.Cure) int { return cmp.Compare(b.Time, a.Time) })
	return out
}

// hindrance says, as a sentence, why a cure cannot be undone now; "" if it can.
func (j journal) hindrance(u undoRecord) string {
	check := func(file, hash string) string {
		data, err := j.w.Files.ReadFile(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Sprintf("%s does not exist any more.", show(file))
		case err != nil:
			return fmt.Sprintf("%s cannot be read.", show(file))
		case hashOf(data) != hash:
			return fmt.Sprintf("%s was changed since.", show(file))
		}
		return ""
	}
	for _, s := range u.saved {
		if s.Kind == fix.StepEditFile {
			if why := check(s.File, s.Hash); why != "" {
				return why
			}
		}
	}
	for _, s := range u.steps {
		if s.Kind == fix.StepEditFile {
			if why := check(s.Edit.File, hashOf(s.Edit.Want)); why != "" {
				return why
			}
		}
	}
	return ""
}
