package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/logs"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/trace"
)

func (a *app) traceCommand() *cobra.Command {
	t := timeline{app: a}
	cmd := &cobra.Command{
		Use:   "trace [-- go COMMAND [ARGUMENT...]]",
		Short: "Show what happened, on one time line; or run a go command and show what it waits for",
		Long: `Without a command, trace puts on one time line what the logs of the Go extension
and gopls in the newest session of your editors say, when files that matter were
written and gopls was started, and what check finds now. What is ordinary is left
out; --all shows it. --follow goes on with what happens.

What a log says is text of others: it is shown as it was said, never run, and
proves nothing. The line "Created View" has the environment that gopls says it
has, on every platform.

With -- go …, trace runs that go command (with -x, where it knows that), hands
its output and its exit code through, and says on stderr whom go asks, what it
runs and what it waits for. What has not answered for 10 seconds is named: go
itself would wait for ever. This uses the network as that go command does.

--format json prints one event a line; with -- go … on stderr.`,
		Example: `  gophantom trace
  gophantom trace --follow
  gophantom trace --since 10m --log gopls.log
  gophantom trace -- go build ./...`,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch dash := cmd.ArgsLenAtDash(); {
			case dash == 0 && len(args) > 0:
				return a.traceGo(cmd.Context(), args)
			case len(args) > 0:
				return fmt.Errorf(`write "gophantom trace -- %s" to run that`, strings.Join(args, " "))
			}
			return t.show(cmd.Context())
		},
	}
	cmd.Flags().StringArrayVar(&t.logs, "log", nil, "read this `FILE`, or the logs in this folder, and nothing else; may be given several times")
	cmd.Flags().StringVar(&t.history, "report", "", "add the history in this `FILE`, a report of the language server as JSON")
	cmd.Flags().DurationVar(&t.since, "since", 0, "leave out what is older than this, such as 10m")
	cmd.Flags().BoolVar(&t.follow, "follow", false, "go on, and print what happens")
	cmd.Flags().BoolVar(&t.all, "all", false, "print ordinary events, too")
	a.observeFlags(cmd)
	cmd.Flags().Lookup("fail-on").Hidden = true // nothing here passes or fails
	return cmd
}

// timeline is one run of trace without a command.
type timeline struct {
	*app
	logs        []string
	history     string
	since       time.Duration
	follow, all bool

	mu     sync.Mutex
	before *report.Event
	failed error
}

// mostEvents are kept of one log: the newest.
const mostEvents = 20000

// source is one log that is read.
type source struct {
	logs.File
	*trace.Log
	events []model.Event
	left   int // older events that were not kept
	live   func(model.Event)
}

// tell takes an event. Before the time line is printed it is kept.
func (s *source) tell(e model.Event) {
	if s.live != nil {
		s.live(e)
		return
	}
	s.events = append(s.events, e)
	if len(s.events) >= 2*mostEvents {
		s.left += len(s.events) - mostEvents
		s.events = slices.Clone(s.events[len(s.events)-mostEvents:])
	}
}

// Flush and Close of a log that is followed.
func (s *source) Flush() { s.Log.Flush() }
func (s *source) Close() { s.Log.Close() }

func (t *timeline) open(f logs.File) *source {
	s := &source{File: f}
	s.Log = &trace.Log{
		Source: f.Source, Origin: f.Origin, Zone: time.Local, Day: f.Begun, Until: f.Wrote, Since: t.oldest(), Interesting: !t.all, Tell: s.tell,
	}
	return s
}

// oldest is the time before which nothing is shown; zero if everything is.
func (t *timeline) oldest() time.Time {
	if t.since == 0 {
		return time.Time{}
	}
	return t.world.Clock.Now().Add(-t.since)
}

// show prints the time line, and goes on with --follow.
func (t *timeline) show(ctx context.Context) error {
	files, folders, err := t.files()
	if err != nil {
		return err
	}
	var sources []*source
	var streams []trace.Stream
	for _, f := range files {
		s := t.open(f)
		if err := logs.Read(t.world, f.Path, ctxWriter{ctx, s.Log}); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			t.note("%s cannot be read: %v", f.Path, err)
			continue
		}
		if t.follow {
			s.Log.Flush()
		} else {
			s.Log.Close()
		}
		sources = append(sources, s)
		streams = append(streams, trace.Stream{Name: f.Path, Events: s.events, Last: s.Log.Last(), Seen: f.Wrote})
		if s.left > 0 {
			t.note("%s: %d older events are left out; --since with a shorter time reads less", f.Path, s.left)
		}
	}
	if len(sources) == 0 && len(t.logs) == 0 {
		t.note("no log of the Go extension was found%s; name one with --log", lookedIn(folders))
	}
	own, contexts, err := t.own(ctx, streams)
	if err != nil {
		return err
	}
	line, skews := trace.Merge(append(streams, own...))
	for _, s := range skews {
		t.note("the clock or the time zone of %s is not ours: %s was added to its times", s.Name, s.By)
	}
	trace.Link(line, contexts)
	for _, e := range line {
		t.print(ctx, e)
	}
	if len(line) == 0 && t.failed == nil && t.format == "text" {
		t.note("nothing worth telling happened; --all shows the ordinary, too")
	}
	if !t.follow || t.failed != nil {
		return t.failed
	}
	return t.goOn(ctx, sources, folders, skews, contexts)
}

func lookedIn(folders []string) string {
	if len(folders) == 0 {
		return ""
	}
	return " in " + strings.Join(folders, ", ")
}

// note says something about the reading, on stderr.
func (t *timeline) note(format string, args ...any) {
	fmt.Fprintln(t.stderr, "gophantom: "+shown(fmt.Errorf(format, args...)))
}

// ctxWriter ends a reading when the command is interrupted.
type ctxWriter struct {
	ctx context.Context
	io.Writer
}

func (w ctxWriter) Write(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.Writer.Write(p)
}

// files are the logs to read, and the folders in which others may appear.
func (t *timeline) files() (files []logs.File, folders []string, err error) {
	if len(t.logs) == 0 {
		files, folders = logs.Find(t.world)
		for _, f := range files { // new windows of the same session
			for dir := filepath.Dir(f.Path); dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
				if slices.Contains(folders, filepath.Dir(dir)) && !slices.Contains(folders, dir) {
					folders = append(folders, dir)
				}
			}
		}
		return files, folders, nil
	}
	for _, name := range t.logs {
		path := t.absolute(name)
		found := logs.Below(t.world, path)
		if info, err := t.world.Files.Stat(path); err != nil {
			return nil, nil, fmt.Errorf("--log: %w", err)
		} else if info.IsDir() {
			folders = append(folders, path)
		}
		files = append(files, found...)
	}
	return files, folders, nil
}

// own is what we know ourselves: the history of a report, and, unless only logs
// were asked for, the files, processes and findings of now. contexts are those
// of the findings, by row of the catalogue.
func (t *timeline) own(ctx context.Context, told []trace.Stream) (streams []trace.Stream, contexts map[string]string, err error) {
	contexts = map[string]string{}
	if t.history != "" {
		f, err := t.world.Files.Open(t.absolute(t.history))
		if err != nil {
			return nil, nil, fmt.Errorf("--report: %w", err)
		}
		defer func() { _ = f.Close() }()
		events, err := trace.History(f)
		if err != nil {
			return nil, nil, fmt.Errorf("--report %s: %w", t.history, err)
		}
		streams = append(streams, trace.Stream{Name: t.history, Events: events})
	}
	if len(t.logs) > 0 || t.follow { // --follow looks by itself
		return streams, contexts, nil
	}
	s, err := t.observe(ctx, t.workspace(), captured{})
	if err != nil {
		return nil, nil, err
	}
	since := t.oldest()
	if since.IsZero() {
		since = begun(told, s.Taken)
	}
	found := t.engine.check(ctx, t.world, s, engine.Truth{}).Findings
	link(contexts, found)
	streams = append(streams, trace.Stream{Name: "files", Events: engine.Moments(t.world, s, since)},
		trace.Stream{Name: "findings", Events: findingEvents(s, model.EventFound, found)})
	return streams, contexts, nil
}

// begun is when the first log began, or a day ago.
func begun(told []trace.Stream, now time.Time) time.Time {
	first := now.Add(-24 * time.Hour)
	for i, s := range told {
		if len(s.Events) > 0 && (i == 0 || s.Events[0].Said.Before(first)) {
			first = s.Events[0].Said
		}
	}
	return first
}

func link(contexts map[string]string, found []report.Finding) {
	for _, f := range found {
		if f.Ref != "" {
			contexts[f.Ref] = f.ContextID
		}
	}
}

// findingEvents are findings that came or went with a snapshot.
func findingEvents(s *model.Snapshot, kind model.EventKind, found []report.Finding) (events []model.Event) {
	for _, f := range found {
		e := model.Event{
			Time: s.Taken, Said: s.Taken, Source: model.SourceOurs, Kind: kind, Subject: model.NewText(f.Subject), Text: model.NewText(f.Message),
			ContextID: f.ContextID, Snapshot: s.Number,
		}
		if f.Ref != "" {
			e.Refs = []string{f.Ref}
		}
		events = append(events, e)
	}
	return events
}

// print prints one event.
func (t *timeline) print(ctx context.Context, e model.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failed != nil || !t.all && e.Ordinary() {
		return
	}
	out := report.EventOf(e)
	text := out.Line(t.style(), t.before)
	if t.format == "json" {
		line, err := out.JSONLine()
		if err != nil {
			t.failed = undecided{err}
			return
		}
		text = string(line)
	}
	t.failed = t.app.print(ctx, text)
	t.before = &out
}

// goOn prints what happens from here on.
func (t *timeline) goOn(ctx context.Context, sources []*source, folders []string, skews []trace.Skew, contexts map[string]string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	live := func(e model.Event) {
		mu.Lock()
		events := []model.Event{e}
		trace.Link(events, contexts)
		mu.Unlock()
		t.print(ctx, events[0])
		if t.failed != nil {
			cancel(t.failed)
		}
	}
	from, known, skew := map[string]int64{}, map[string]*source{}, map[string]time.Duration{}
	for _, s := range skews {
		skew[s.Name] = s.By
	}
	for _, s := range sources {
		from[s.Path], known[s.Path] = s.Log.Bytes, s
	}
	appear := func(path string) logs.Sink {
		s := known[path]
		delete(known, path)
		if s == nil { // a new file, or one that takes the place of another
			found := logs.Below(t.world, path)
			if len(found) == 0 {
				found = []logs.File{{Path: path, Source: filepath.Base(path)}}
			}
			s = t.open(found[0])
		}
		by := skew[path]
		s.live = func(e model.Event) {
			e.Time = e.Said.Add(by)
			live(e)
		}
		s.Log.Until = time.Time{} // what comes is new
		return s
	}
	fmt.Fprintln(t.stderr, "gophantom: following what happens; Ctrl-C ends it")
	var wg sync.WaitGroup
	if len(t.logs) == 0 {
		request, err := t.request(t.workspace(), captured{})
		if err != nil {
			return err
		}
		var before []report.Finding
		wg.Go(func() {
			err := t.engine.watch(ctx, t.world, request, func(look engine.Change) {
				found := look.Report(t.world).Findings
				mu.Lock()
				link(contexts, found)
				mu.Unlock()
				if look.Snapshot.Number > 1 {
					live(model.Event{
						Time: look.Snapshot.Taken, Said: look.Snapshot.Taken, Source: model.SourceOurs, Kind: model.EventChanged,
						Subject: model.NewText(look.Snapshot.Dir), Text: model.NewText(look.Snapshot.Reason), Snapshot: look.Snapshot.Number,
					})
				}
				appeared, gone := report.Came(before, found)
				for _, e := range append(findingEvents(look.Snapshot, model.EventFound, appeared), findingEvents(look.Snapshot, model.EventGone, gone)...) {
					live(e)
				}
				before = found
			})
			if err != nil && ctx.Err() == nil {
				cancel(err)
			}
		})
	}
	err := logs.Follow(ctx, t.world, from, folders, appear)
	wg.Wait()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}
