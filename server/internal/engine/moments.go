package engine

import (
	"path/filepath"
	"slices"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/observe"
	"github.com/gophantom/gophantom/server/internal/world"
)

// Moments are the changes of files that matter, and the starts of gopls, that
// can be told after the fact: when each file was written last, if that was not
// before since.
func Moments(w *world.World, s *model.Snapshot, since time.Time) (events []model.Event) {
	add := func(at time.Time, source string, kind model.EventKind, subject, text string) {
		if !at.IsZero() && !at.Before(since) {
			events = append(events, model.Event{Time: at, Said: at, Source: source, Kind: kind, Subject: model.NewText(subject), Text: model.NewText(text)})
		}
	}
	files := slices.Concat(observe.WatchList(s, nil), settingsFiles(s), startUpFiles(s))
	slices.Sort(files)
	for _, file := range slices.Compact(files) {
		if info, err := w.Files.Stat(filepath.Clean(file)); err == nil && info.Mode().IsRegular() {
			add(info.ModTime(), model.SourceFile, model.EventChanged, file, file+" was written")
		}
	}
	for _, g := range s.Gopls {
		text := "gopls started"
		if g.Version != "" {
			text = "gopls " + g.Version + " started"
		}
		add(g.Started, model.SourceProcess, model.EventStart, g.Exe, text)
	}
	slices.SortStableFunc(events, func(a, b model.Event) int { return a.Said.Compare(b.Said) })
	return events
}
