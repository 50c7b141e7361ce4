package engine

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/world"
)

// limited is a watch at the limits of the system.
type limited struct{ world.FileWatch }

func (limited) Polled() []string { return []string{"/a", "/b"} }

func TestLimitsAreSaid(t *testing.T) {
	for name, test := range map[string]struct {
		files fileWatch
		goos  string
		want  []string
	}{
		"polled":       {fileWatch{watch: limited{}}, "linux", []string{"2 watched files", "fs.inotify.max_user_watches"}},
		"polled, mac":  {fileWatch{watch: limited{}}, "darwin", []string{"2 watched files"}},
		"nothing left": {fileWatch{why: errors.New("no descriptors")}, "linux", []string{"no descriptors", "Check Now"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := test.files.remark(&world.World{GOOS: test.goos})
			for _, want := range test.want {
				if !strings.Contains(got, want) {
					t.Errorf("%q does not say %q", got, want)
				}
			}
			if strings.Contains(got, "inotify") != (test.goos == "linux" && test.files.watch != nil) {
				t.Errorf("a remedy of another system: %q", got)
			}
		})
	}
}

// patient is a clock that only adds up for how long it was waited.
type patient struct {
	world.Clock
	waited time.Duration
}

func (p *patient) After(d time.Duration) <-chan time.Time {
	p.waited += d
	now := make(chan time.Time, 1)
	now <- time.Time{}
	return now
}

// crowd are processes of which one is a gopls.
type crowd struct {
	world.Processes
	listed int
}

func (c *crowd) Descendants(context.Context, int) ([]world.Process, error) {
	c.listed++
	return []world.Process{{PID: 7, Exe: "/usr/bin/node"}, {PID: 8, Exe: "/usr/bin/gopls"}}, nil
}

// TestSearchForGoplsEnds: it tells of a process once, asks ever more rarely,
// and not for ever.
func TestSearchForGoplsEnds(t *testing.T) {
	clock, processes := &patient{}, &crowd{}
	found := 0
	searchGopls(t.Context(), &world.World{Clock: clock, Processes: processes}, 1, func() { found++ })
	if found != 1 {
		t.Errorf("told of one process %d times", found)
	}
	if clock.waited < searchTime || clock.waited > searchTime+2*searchMost || processes.listed > 20 {
		t.Errorf("searched %v, looked %d times", clock.waited, processes.listed)
	}
}
