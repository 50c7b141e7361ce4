package trace

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
)

// Stream is what one source told, in its order.
type Stream struct {
	Name   string
	Events []model.Event
	// Last is the time of the source's last message, and Seen when that was
	// written by our clock: the clock of another machine, or of another zone,
	// shows here. Zero means that it is not known.
	Last, Seen time.Time
}

// Skew is a source whose clock is not ours.
type Skew struct {
	Name string
	By   time.Duration // what was added to its times
}

const (
	// agree is how far two clocks may be apart to count as one: programs write
	// a little after what they write of.
	agree = 2 * time.Second
	// zoneStep is what time zones are multiples of.
	zoneStep = 15 * time.Minute
)

// SkewOf says what must be added to the times of a source, 0 if nothing. A
// message cannot be younger than the file it is in. A file may well be younger
// than its last message (it was copied), so there only a difference that a time
// zone makes counts.
func SkewOf(last, seen time.Time) time.Duration {
	if last.IsZero() || seen.IsZero() {
		return 0
	}
	by := seen.Sub(last)
	zones := by.Round(zoneStep)
	switch {
	case by.Abs() <= agree:
		return 0
	case zones != 0 && (by-zones).Abs() <= agree && by.Abs() <= maxShift:
		return zones
	case by < 0 && by > -maxShift:
		return by
	}
	return 0
}

// Merge puts the events of all sources on one time line. Those of one source
// stay in their order, whatever its clock does.
func Merge(streams []Stream) (line []model.Event, skews []Skew) {
	type keyed struct {
		at     time.Time
		stream int
		model.Event
	}
	var all []keyed
	for i, s := range streams {
		by := SkewOf(s.Last, s.Seen)
		if by != 0 {
			skews = append(skews, Skew{s.Name, by})
		}
		at := steady(s.Events)
		for j, e := range s.Events {
			e.Time = e.Said.Add(by)
			all = append(all, keyed{at[j].Add(by), i, e})
		}
	}
	slices.SortStableFunc(all, func(a, b keyed) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.stream, b.stream)) })
	for _, k := range all {
		line = append(line, k.Event)
	}
	return line, skews
}

// steady returns when each of the events can have happened, so that none
// happens before the one above it. Where times contradict each other, because a
// clock was set or a line is forged, the most that agree are believed; the
// others happened when the one above did.
func steady(events []model.Event) []time.Time {
	// The longest run, with gaps, that never goes back.
	var tails []int // index of the smallest last event of a run of each length
	before := make([]int, len(events))
	for i, e := range events {
		n, _ := slices.BinarySearchFunc(tails, e.Said, func(t int, at time.Time) int {
			if events[t].Said.After(at) {
				return 1
			}
			return -1
		})
		before[i] = -1
		if n > 0 {
			before[i] = tails[n-1]
		}
		if n == len(tails) {
			tails = append(tails, i)
		} else {
			tails[n] = i
		}
	}
	believed := make([]bool, len(events))
	if len(tails) > 0 {
		for i := tails[len(tails)-1]; i >= 0; i = before[i] {
			believed[i] = true
		}
	}
	at := make([]time.Time, len(events))
	var last time.Time
	for i, e := range events {
		if believed[i] {
			last = e.Said
		}
		at[i] = last
	}
	// What stands before the first that is believed happened with it.
	for i := len(at) - 2; i >= 0; i-- {
		if at[i].IsZero() {
			at[i] = at[i+1]
		}
	}
	return at
}

// Link gives the events that are rows of the catalogue the context of what
// those rows caused. contexts is by ref.
func Link(events []model.Event, contexts map[string]string) {
	for i := range events {
		for _, ref := range events[i].Refs {
			if id := contexts[ref]; id != "" && events[i].ContextID == "" {
				events[i].ContextID = id
			}
		}
	}
}

// History reads the history in a report of ours: snapshots, verdicts and cures.
// A report without one has none.
func History(r io.Reader) ([]model.Event, error) {
	var report struct {
		History []struct {
			Time      time.Time `json:"time"`
			Kind      string    `json:"kind"`
			Subject   string    `json:"subject"`
			Message   string    `json:"message"`
			Snapshot  int       `json:"snapshot"`
			Rule      string    `json:"rule"`
			Verdict   string    `json:"verdict"`
			ContextID string    `json:"contextId"`
		} `json:"history"`
	}
	if err := json.NewDecoder(r).Decode(&report); err != nil {
		return nil, fmt.Errorf("this is no report of ours: %w", err)
	}
	var out []model.Event
	for _, h := range report.History {
		e := model.Event{
			Time: h.Time, Said: h.Time, Source: model.SourceOurs, Kind: model.EventKind(h.Kind), Subject: model.NewText(h.Subject),
			Text: model.NewText(h.Message), Snapshot: h.Snapshot, ContextID: h.ContextID,
		}
		switch e.Kind {
		case model.EventChanged, model.EventFound, model.EventGone, model.EventVerdict, model.EventCured, model.EventFailed, model.EventUndone:
		default:
			e.Kind = model.EventLog // of a newer version
		}
		for _, what := range []string{h.Rule, h.Verdict} {
			if what != "" {
				e.Text = model.NewText(what + ": " + e.Text.Reveal())
			}
		}
		out = append(out, e)
	}
	return out, nil
}
