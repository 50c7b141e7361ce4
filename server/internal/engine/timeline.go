package engine

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gophantom/gophantom/server/internal/logs"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/trace"
	"github.com/gophantom/gophantom/server/internal/world"
)

const (
	// mostMoments are shown on the time line of a report.
	mostMoments = 500
	// endOfLog is how much of a log is read for a report, from its end: it is not
	// to wait for gigabytes.
	endOfLog = 16 << 20
)

// Logged is what the logs of the Go extension and gopls say of the folders: those
// in the window that ownLogs, the folder of our own logs, belongs to. Without
// one, it is those of every window of the newest sessions in which gopls made a
// view of one of the folders.
func Logged(ctx context.Context, w *world.World, ownLogs string, folders []string) (streams []trace.Stream) {
	var files []logs.File
	if ownLogs != "" {
		files = logs.Window(w, ownLogs)
	} else {
		files, _ = logs.Find(w)
	}
	windows := map[string][]trace.Stream{}
	var order []string
	ours := map[string]bool{}
	for _, f := range files {
		if ctx.Err() != nil {
			return nil
		}
		window := windowOf(f)
		if windows[window] == nil {
			order = append(order, window)
		}
		var events []model.Event
		log := trace.Log{
			Source: f.Source, Origin: f.Origin, Zone: time.Local, Day: f.Begun, Until: f.Wrote, Interesting: true, Middle: f.Size > endOfLog,
			Tell: func(e model.Event) { events = append(events, e) },
		}
		if logs.ReadEnd(w, f, endOfLog, &log) != nil {
			continue // it was removed, or is another user's
		}
		log.Close()
		windows[window] = append(windows[window], trace.Stream{Name: f.Path, Events: events, Last: log.Last(), Seen: f.Wrote})
		ours[window] = ours[window] || ownLogs != "" || slices.ContainsFunc(events, func(e model.Event) bool { return viewOf(e, folders) })
	}
	for _, window := range order {
		if ours[window] {
			streams = append(streams, windows[window]...)
		}
	}
	return streams
}

// loggedEnv is what gopls wrote last, since a time, of the environment in which it
// looks at a folder.
func loggedEnv(ctx context.Context, w *world.World, ownLogs, folder string, since time.Time) (env model.Env, ok bool) {
	if ownLogs == "" {
		return env, false
	}
	var newest model.Event
	now := w.Clock.Now()
	for _, s := range Logged(ctx, w, ownLogs, nil) {
		for _, e := range s.Events {
			if viewOf(e, []string{folder}) && !e.Said.Before(since) && !e.Said.After(now) && !e.Said.Before(newest.Said) {
				newest = e
			}
		}
	}
	return trace.Environment(newest)
}

// windowOf is the folder of the logs of one window.
func windowOf(f logs.File) string {
	path := filepath.ToSlash(f.Path)
	if before, _, ok := strings.Cut(path, "/"+f.Origin+"/"); ok && f.Origin != "" {
		return before + "/" + f.Origin
	}
	return filepath.Dir(f.Path)
}

// viewOf reports whether an event is a view that gopls made of one of the folders.
func viewOf(e model.Event, folders []string) bool {
	return e.View != nil && slices.ContainsFunc(folders, func(dir string) bool {
		return filepath.Clean(dir) == filepath.Clean(e.View.Dir) || filepath.Clean(dir) == filepath.Clean(e.View.Root)
	})
}

// timeline joins our own history with what logs say.
func timeline(found report.Report, told []trace.Stream) []report.Moment {
	var own []model.Event
	for _, h := range found.History {
		at, err := time.Parse(time.RFC3339, h.Time)
		if err != nil {
			continue
		}
		own = append(own, model.Event{
			Time: at, Said: at, Source: model.SourceOurs, Kind: model.EventKind(h.Kind), Subject: model.NewText(h.Subject), Text: model.NewText(h.Message),
			ContextID: h.ContextID, Snapshot: h.Snapshot,
		})
	}
	events, _ := trace.Merge(append(slices.Clone(told), trace.Stream{Name: "history", Events: own}))
	contexts := map[string]string{}
	for _, f := range found.Findings {
		if f.Ref != "" {
			contexts[f.Ref] = f.ContextID
		}
	}
	trace.Link(events, contexts)
	return report.Timeline(events, mostMoments)
}
