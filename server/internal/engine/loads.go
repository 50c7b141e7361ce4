package engine

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/gophantom/gophantom/server/internal/logs"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/trace"
	"github.com/gophantom/gophantom/server/internal/world"
)

// loads is what gopls says in its log of how long it took to load the folders
// after it was started. Loop.mu guards it.
type loads struct {
	took  map[string]float64 // by folder, in milliseconds, that nobody asked for yet
	looks map[string]int     // how often the log was read, by process
	busy  bool
}

const (
	// loadLooks is how often the log is read for one gopls, and loadAge how old that
	// must be: before, it has not loaded yet.
	loadLooks = 4
	loadAge   = 3 * time.Second
	// longestLoad is how long after its start a load is the first one, and mostLog
	// how long a log may be, in bytes.
	longestLoad = 10 * time.Minute
	mostLog     = 64 << 20
)

// measureLoads reads in the logs of the editor's window what the gopls that runs
// took to load the folders, once for each gopls. The loop goes on meanwhile.
func (r *run) measureLoads(facts *EditorFacts, found survey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.loads.busy || facts.LogFolder == "" || len(found[0].Snapshot.Gopls) == 0 {
		return
	}
	g := found[0].Snapshot.Gopls[0]
	key := fmt.Sprint(g.PID, g.Started.UnixNano())
	if g.Started.IsZero() || r.w.Clock.Now().Sub(g.Started) < loadAge || r.loads.looks[key] >= loadLooks {
		return
	}
	if r.loads.looks == nil {
		r.loads.looks = map[string]int{}
	}
	r.loads.looks[key]++
	r.loads.busy = true
	r.wg.Go(func() {
		took := map[string]float64{}
		for _, a := range found {
			if millis, ok := loadIn(r.ctx, r.w, facts.LogFolder, a.Snapshot.Dir, g.Started); ok {
				took[a.Snapshot.Dir] = millis
			}
		}
		r.mu.Lock()
		r.loads.busy = false
		if len(took) > 0 {
			r.loads.took, r.loads.looks[key] = took, loadLooks
		}
		r.mu.Unlock()
		if len(took) > 0 {
			r.request(due{debounce: debounce}) // it is kept with the baseline
		}
	})
}

// loadTook is how long gopls took to load a folder, in milliseconds, and is told
// once.
func (l *Loop) loadTook(dir string) (millis float64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	millis, ok = l.loads.took[dir]
	delete(l.loads.took, dir)
	return millis, ok
}

// loadIn is how long the first load of a folder took after a gopls was started,
// in milliseconds, as the logs of the window say that has ours in a folder.
func loadIn(ctx context.Context, w *world.World, ownLogs, dir string, started time.Time) (millis float64, ok bool) {
	for _, f := range logs.Window(w, ownLogs) {
		if f.Source != model.SourceGopls || f.Wrote.Before(started) || f.Size > mostLog {
			continue
		}
		log := &trace.Log{Source: f.Source, Origin: f.Origin, Zone: time.Local, Day: f.Begun, Until: f.Wrote, Since: started.Add(-time.Second), Tell: func(e model.Event) {
			ran := e.Time.Sub(started)
			of := e.Subject.Reveal()
			if ok || e.Kind != model.EventLoad || e.Took <= 0 || ran > longestLoad || e.Took > ran+2*time.Second || of != dir && !inside(dir, of) {
				return
			}
			millis, ok = float64(e.Took)/float64(time.Millisecond), true
		}}
		if err := logs.Read(w, f.Path, cancelled{ctx, log}); err != nil {
			continue
		}
		if log.Close(); ok {
			return millis, ok
		}
	}
	return 0, false
}

// cancelled is a writer that ends with a context.
type cancelled struct {
	ctx context.Context
	io.Writer
}

func (c cancelled) Write(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.Writer.Write(p)
}
