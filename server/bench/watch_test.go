package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/gophantom/gophantom/server/internal/world"
)

// BenchmarkWatch measures world.Watch alone, with the files of a go.work of
// 1,000 modules: from a change of a file to its event, what a set of names
// costs in time and memory, and how often it wakes up while nothing happens.
//
// The baseline of a change is fsnotify, which is asked to watch the one
// directory; that of the idle time is the same process when it watches no more.
func BenchmarkWatch(b *testing.B) {
	const idle = 3 * time.Second
	dir := b.TempDir()
	var names []string
	for i := range modulesWatched {
		module := filepath.Join(dir, "work", fmt.Sprintf("m%04d", i))
		if err := os.MkdirAll(module, 0o755); err != nil {
			b.Fatal(err)
		}
		for _, name := range []string{"go.mod", "go.sum", filepath.Join("vendor", "modules.txt")} {
			names = append(names, filepath.Join(module, name))
		}
		if err := os.WriteFile(filepath.Join(module, "go.mod"), []byte("module m\n"), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	f := figures{}
	pid := os.Getpid()
	asleep := func() float64 {
		debug.FreeOSMemory() // which the runtime otherwise does while we count
		time.Sleep(idle / 6)
		before := wakeUps(b, pid)
		time.Sleep(idle)
		return wakeUps(b, pid) - before
	}
	for b.Loop() {
		ctx, cancel := context.WithCancel(context.Background())
		watch, err := world.Real().Watch.Files(ctx)
		if err != nil {
			b.Fatal(err)
		}
		before := inUse()
		began := time.Now()
		watch.Set(names)
		f.add("set-ms", millis(time.Since(began)))
		f.add("set-KiB", (inUse()-before)/1024)
		began = time.Now()
		watch.Set(names[1:])
		f.add("set-again-ms", millis(time.Since(began)))
		watch.Set(names)
		if polled := watch.Polled(); polled != nil {
			b.Fatalf("%d names are polled; this machine does not allow enough watches", len(polled))
		}

		file := names[3*(modulesWatched/2)]
		for settled := false; !settled; { // what was made a moment ago is told
			select {
			case <-watch.Events():
			case <-time.After(100 * time.Millisecond):
				settled = true
			}
		}
		bare, err := fsnotify.NewWatcher()
		if err != nil {
			b.Fatal(err)
		}
		for range 20 {
			change := func() time.Time {
				opened, err := os.OpenFile(file, os.O_WRONLY, 0)
				if err != nil {
					b.Fatal(err)
				}
				defer opened.Close()
				began := time.Now()
				if _, err := opened.Write([]byte("x")); err != nil {
					b.Fatal(err)
				}
				return began
			}
			began := change()
			<-watch.Events()
			ours := time.Since(began)
			if err := bare.Add(filepath.Dir(file)); err != nil {
				b.Fatal(err)
			}
			began = change()
			<-bare.Events
			theirs := time.Since(began)
			if err := bare.Remove(filepath.Dir(file)); err != nil {
				b.Fatal(err)
			}
			<-watch.Events()
			f.compare("", "ms", millis(ours), millis(theirs))
		}
		if err := bare.Close(); err != nil {
			b.Fatal(err)
		}
		f.add("idle-wakeups", asleep())
		cancel()
		for range watch.Events() { // until it is closed
		}
		f.add("idle-baseline-wakeups", asleep())
	}
	f.report(b)
	b.ReportMetric(idle.Seconds(), "idle-s")
	b.ReportMetric(float64(len(names)), "names")
}

// inUse is what the heap holds, in bytes.
func inUse() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
