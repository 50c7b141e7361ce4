package engine

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

const (
	// searchFirst and searchMost are the first and the longest pause of a
	// search for gopls, searchTime is when it ends.
	searchFirst = 100 * time.Millisecond
	searchMost  = 10 * time.Second
	searchTime  = time.Minute
)

// goplsWatch follows the processes of gopls. The system tells when one ends;
// nobody tells when one starts, so that is looked for with growing pauses, and
// only for a while after something that may start one.
type goplsWatch struct {
	known  []int              // of the last look, with the daemons
	looked bool               // there was a last look
	stop   context.CancelFunc // ends the last search; nil if there was none

	mu        sync.Mutex
	followed  map[int]bool
	searching bool
}

// pids lists the processes of gopls in a snapshot, and the daemons behind them.
func pids(s *model.Snapshot) []int {
	var out []int
	for _, g := range s.Gopls {
		out = append(out, g.PID)
		if g.Daemon != 0 {
			out = append(out, g.Daemon)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// changes says which processes came and went since the last look.
func (g *goplsWatch) changes(s *model.Snapshot) (reasons []string) {
	now := pids(s)
	if !g.looked {
		return nil
	}
	for _, pid := range g.known {
		if !slices.Contains(now, pid) {
			reasons = append(reasons, fmt.Sprintf("gopls (process %d) ended", pid))
		}
	}
	for _, pid := range now {
		if !slices.Contains(g.known, pid) {
			reasons = append(reasons, fmt.Sprintf("gopls started (process %d)", pid))
		}
	}
	return reasons
}

// follow looks again when a gopls of the snapshot ends, and searches for one
// if there is none.
func (g *goplsWatch) follow(r *run, facts *EditorFacts, s *model.Snapshot) {
	g.known, g.looked = pids(s), true
	for _, pid := range g.known {
		g.mu.Lock()
		already := g.followed[pid]
		if g.followed == nil {
			g.followed = map[int]bool{}
		}
		g.followed[pid] = true
		g.mu.Unlock()
		if already {
			continue
		}
		r.wg.Go(func() {
			err := r.w.Processes.Wait(r.ctx, pid)
			g.mu.Lock()
			delete(g.followed, pid)
			g.mu.Unlock()
			if err == nil { // one that is restarted is soon back
				r.request(due{look: true, debounce: fileDebounce})
			}
		})
	}
	if len(g.known) > 0 || !startsGopls(facts) {
		if g.stop != nil {
			g.stop()
		}
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.searching {
		return
	}
	ctx, stop := context.WithCancel(r.ctx)
	g.searching, g.stop = true, stop
	r.wg.Go(func() {
		defer stop()
		searchGopls(ctx, r.w, facts.ClientPID, func() { r.look() })
		g.mu.Lock()
		g.searching = false
		g.mu.Unlock()
	})
}

// startsGopls reports whether the editor is one that may start gopls.
func startsGopls(facts *EditorFacts) bool {
	plain := facts.Editor.RunsGopls || facts.Extension == nil && facts.Env == nil
	ext := facts.Extension
	return facts.Trusted && facts.ClientPID != 0 && (plain || ext != nil && ext.Active && ext.UseLanguageServer)
}

// searchGopls calls found for every process below the editor that may be a
// gopls, once each, until it has searched long enough or ctx is done.
func searchGopls(ctx context.Context, w *world.World, clientPID int, found func()) {
	seen := map[int]bool{}
	pause := searchFirst
	for searched := time.Duration(0); searched < searchTime; {
		select {
		case <-ctx.Done():
			return
		case <-w.Clock.After(pause):
		}
		processes, err := w.Processes.Descendants(ctx, clientPID)
		if err != nil {
			return // the next look says why
		}
		news := false
		for _, p := range processes {
			if !seen[p.PID] && namedGopls(p) {
				seen[p.PID], news = true, true
			}
		}
		if news {
			found()
		}
		searched, pause = searched+pause, min(2*pause, searchMost)
	}
}

// namedGopls is generous: the look that follows knows better.
func namedGopls(p world.Process) bool {
	name := p.Exe
	if name == "" && len(p.Args) > 0 {
		name = p.Args[0]
	}
	return strings.HasPrefix(strings.ToLower(filepath.Base(filepath.ToSlash(name))), "gopls")
}
