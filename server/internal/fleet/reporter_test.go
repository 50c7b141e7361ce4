package fleet_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/fleet"
	"github.com/gophantom/gophantom/server/internal/world"
)

// machine is a real world with a cache directory of its own.
func machine(t *testing.T, variables ...string) *world.World {
	t.Helper()
	w := world.Real()
	dir := t.TempDir()
	w.Environ = append([]string{"HOME=" + dir, "XDG_CACHE_HOME=" + dir, "LOCALAPPDATA=" + dir}, variables...)
	return w
}

// otlp is what the tests read of a request.
type otlp struct {
	ResourceMetrics []struct {
		Resource     struct{ Attributes []attribute }
		ScopeMetrics []struct {
			Metrics []struct {
				Name      string
				Sum       struct{ DataPoints []point }
				Histogram struct{ DataPoints []point }
			}
		}
	}
}

type attribute struct {
	Key   string
	Value struct{ StringValue string }
}

type point struct {
	Attributes        []attribute
	AsInt, Count      string
	Sum               float64
	BucketCounts      []string
	ExplicitBounds    []float64
	StartTimeUnixNano string
}

// flat is "name{key=value} number" for each count of a request.
func flat(t *testing.T, data []byte) map[string]string {
	t.Helper()
	var r otlp
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	out := map[string]string{}
	for _, rm := range r.ResourceMetrics {
		for _, sm := range rm.ScopeMetrics {
			for _, m := range sm.Metrics {
				for _, p := range append(m.Sum.DataPoints, m.Histogram.DataPoints...) {
					var labels []string
					for _, a := range p.Attributes {
						labels = append(labels, a.Key+"="+a.Value.StringValue)
					}
					out[m.Name+"{"+strings.Join(labels, ",")+"}"] = p.AsInt + p.Count
				}
			}
		}
	}
	return out
}

// collector keeps what it is sent, and answers as it is told.
type collector struct {
	*httptest.Server
	mu    sync.Mutex
	got   [][]byte
	reply func(http.ResponseWriter)
}

func collect(t *testing.T) *collector {
	c := &collector{reply: func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) }}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		c.mu.Lock()
		c.got = append(c.got, body)
		reply := c.reply
		c.mu.Unlock()
		reply(w)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) last(t *testing.T) []byte {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.got) == 0 {
		t.Fatal("nothing was sent")
	}
	return c.got[len(c.got)-1]
}

func TestCountsAreSentWhole(t *testing.T) {
	c, w := collect(t), machine(t)
	r := fleet.New(w, "1.2.3")
	if err := r.Aim(c.URL + "/v1/metrics"); err != nil {
		t.Fatal(err)
	}
	r.Count(func(n *fleet.Counts) {
		n.Found("env-drift")
		n.Found("env-drift")
		n.Judged("phantom", "env", 300*time.Millisecond)
		n.Judged("real", "", 3*time.Second)
		n.Cured("cured", 6*time.Second)
	})
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"gophantom.findings{rule=env-drift}":            "2",
		"gophantom.verdicts{verdict=phantom,cause=env}": "1",
		"gophantom.verdicts{verdict=real,cause=none}":   "1",
		"gophantom.cures{outcome=cured}":                "1",
		"gophantom.time_to_verdict{}":                   "2",
		"gophantom.time_to_cure{}":                      "1",
	}
	if got := flat(t, c.last(t)); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("sent %v, want %v", got, want)
	}
	if preview := r.Preview(); fmt.Sprint(flat(t, []byte(preview))) != fmt.Sprint(want) {
		t.Errorf("the preview is not what was sent: %s", preview)
	}
	// Another process of the same machine goes on where this one is.
	again := fleet.New(w, "1.2.3")
	if err := again.Aim(c.URL); err != nil {
		t.Fatal(err)
	}
	again.Count(func(n *fleet.Counts) { n.Found("env-drift") })
	if err := again.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := flat(t, c.last(t))["gophantom.findings{rule=env-drift}"]; got != "3" {
		t.Errorf("the machine counts %s, want 3", got)
	}
}

// TestOnlyWordsLeave offers what must not leave to every label.
func TestOnlyWordsLeave(t *testing.T) {
	c, w := collect(t), machine(t, "USER=gopher", "HOSTNAME=secrethost")
	r := fleet.New(w, "1.2.3")
	if err := r.Aim(c.URL); err != nil {
		t.Fatal(err)
	}
	secrets := []string{"/home/gopher/app", "git.corp.example/team", "https://u:p@proxy.example", "GOPROXY=off", "secrethost.corp", "C:\\app", "x y", strings.Repeat("a", 200), "pass\x00word"}
	for _, s := range secrets {
		r.Count(func(n *fleet.Counts) {
			n.Found(s)
			n.Judged(s, s, time.Second)
			n.Cured(s, time.Second)
		})
	}
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(w.CacheDir(), "gophantom", "fleet.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range append(secrets, "gopher", "secrethost", w.CacheDir()) {
		if text := string(c.last(t)) + string(file); strings.Contains(text, s) {
			t.Errorf("%q left", s)
		}
	}
	if got := flat(t, c.last(t))["gophantom.findings{rule=other}"]; got != fmt.Sprint(len(secrets)) {
		t.Errorf("%s findings are counted as other, want %d", got, len(secrets))
	}
	for i := range 1000 {
		r.Count(func(n *fleet.Counts) {
			n.Found(strings.Repeat("a", i%26+1) + "-" + string(rune('a'+i%26)) + strings.Repeat("b", i/26))
		})
	}
	if got := len(flat(t, []byte(r.Preview()))); got > 3*130 {
		t.Errorf("%d series", got)
	}
}

// TestOff sends and keeps nothing.
func TestOff(t *testing.T) {
	c := collect(t)
	for name, w := range map[string]*world.World{"no endpoint": machine(t), "DO_NOT_TRACK": machine(t, "DO_NOT_TRACK=1")} {
		r := fleet.New(w, "1.2.3")
		if name == "DO_NOT_TRACK" {
			if err := r.Aim(c.URL); err != nil {
				t.Fatal(err)
			}
		}
		r.Count(func(n *fleet.Counts) { n.Found("env-drift") })
		if err := r.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := flat(t, []byte(r.Preview())); len(got) != 0 {
			t.Errorf("%s: it counts %v", name, got)
		}
		if _, err := os.Stat(filepath.Join(w.CacheDir(), "gophantom")); err == nil {
			t.Errorf("%s: a file was kept", name)
		}
	}
	if len(c.got) != 0 {
		t.Errorf("%d requests", len(c.got))
	}
}

// TestBadEndpoints says what is wrong without repeating it.
func TestBadEndpoints(t *testing.T) {
	for _, endpoint := range []string{"collector", "ftp://user:secret@x", "http://", "::", "file:///etc/secret", "http://secret host"} {
		err := fleet.New(machine(t), "1").Aim(endpoint)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
}

// TestCollectorsThatFail cost nothing but the delay: what was counted is sent with
// the next request.
func TestCollectorsThatFail(t *testing.T) {
	c := collect(t)
	r := fleet.New(machine(t), "1.2.3")
	if err := r.Aim(c.URL); err != nil {
		t.Fatal(err)
	}
	elsewhere := collect(t)
	for name, reply := range map[string]func(http.ResponseWriter){
		"refuses": func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) },
		"garbage": func(w http.ResponseWriter) {
			w.WriteHeader(299 + 200)
			_, _ = io.WriteString(w, strings.Repeat("\x00\xff", 1<<20))
		},
		"redirects": func(w http.ResponseWriter) {
			w.Header().Set("Location", elsewhere.URL)
			w.WriteHeader(http.StatusTemporaryRedirect)
		},
		"hangs up": func(w http.ResponseWriter) { conn, _, _ := w.(http.Hijacker).Hijack(); _ = conn.Close() },
	} {
		c.mu.Lock()
		c.reply = reply
		c.mu.Unlock()
		r.Count(func(n *fleet.Counts) { n.Found("env-drift") })
		if err := r.Flush(t.Context()); err == nil || strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(elsewhere.got) != 0 {
		t.Errorf("the redirect was followed")
	}
	c.mu.Lock()
	c.reply = func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) }
	c.mu.Unlock()
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := flat(t, c.last(t))["gophantom.findings{rule=env-drift}"]; got != "4" {
		t.Errorf("%s findings arrived, want 4", got)
	}
}

// TestProcessesShareTheFile counts from several reporters at once.
func TestProcessesShareTheFile(t *testing.T) {
	c, w := collect(t), machine(t)
	var all sync.WaitGroup
	const processes, each = 4, 25
	for range processes {
		all.Go(func() {
			r := fleet.New(w, "1.2.3")
			if err := r.Aim(c.URL); err != nil {
				t.Error(err)
			}
			for range each {
				r.Count(func(n *fleet.Counts) { n.Found("env-drift") })
				for r.Flush(context.Background()) != nil { // others were faster all the time
				}
			}
		})
	}
	all.Wait()
	r := fleet.New(w, "1.2.3")
	if got := flat(t, []byte(r.Preview()))["gophantom.findings{rule=env-drift}"]; got != fmt.Sprint(processes*each) {
		t.Errorf("%s findings are counted, want %d", got, processes*each)
	}
}

// TestAbandonedLockIsBroken goes on after a process that died.
func TestAbandonedLockIsBroken(t *testing.T) {
	c, w := collect(t), machine(t)
	lock := filepath.Join(w.CacheDir(), "gophantom", "fleet.json.lock")
	if err := os.MkdirAll(filepath.Dir(lock), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(lock, []byte("dead"), 0o600); err != nil {
		t.Fatal(err)
	}
	hourAgo := time.Now().Add(-time.Hour)
	if err := os.Chtimes(lock, hourAgo, hourAgo); err != nil {
		t.Fatal(err)
	}
	r := fleet.New(w, "1.2.3")
	if err := r.Aim(c.URL); err != nil {
		t.Fatal(err)
	}
	r.Count(func(n *fleet.Counts) { n.Found("env-drift") })
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(c.got) != 1 {
		t.Errorf("%d requests", len(c.got))
	}
}

// TestBrokenFileIsReplaced takes what is not ours for nothing.
func TestBrokenFileIsReplaced(t *testing.T) {
	for _, text := range []string{
		"", "{", `{"version":99}`, `{"version":1,"machine":"/home/gopher","since":"2026-01-01T00:00:00Z"}`,
		`{"version":1,"machine":"ABCDEFGHIJKLMNOP","since":"2026-01-01T00:00:00Z","counts":{"findings":{"/etc/passwd":3}}}`,
	} {
		c, w := collect(t), machine(t)
		file := filepath.Join(w.CacheDir(), "gophantom", "fleet.json")
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r := fleet.New(w, "1.2.3")
		if err := r.Aim(c.URL); err != nil {
			t.Fatal(err)
		}
		r.Count(func(n *fleet.Counts) { n.Found("env-drift") })
		if err := r.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := flat(t, c.last(t)); len(got) != 1 || got["gophantom.findings{rule=env-drift}"] != "1" {
			t.Errorf("%q: sent %v", text, got)
		}
	}
}

// TestRunSendsOnce waits for its turn, and sends what happened meanwhile together.
func TestRunSendsOnce(t *testing.T) {
	c, w := collect(t), machine(t)
	clock := &handClock{wanted: make(chan time.Duration), fire: make(chan time.Time)}
	w.Clock = clock
	r := fleet.New(w, "1.2.3")
	if err := r.Aim(c.URL); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { r.Run(ctx); close(ended) }()
	r.Count(func(n *fleet.Counts) { n.Found("env-drift") })
	if d := <-clock.wanted; d < time.Minute || d > 10*time.Minute {
		t.Errorf("it waits %v", d)
	}
	r.Count(func(n *fleet.Counts) { n.Found("goproxy-off") })
	clock.fire <- time.Now()
	<-clock.wanted // the second count woke it again, after it had sent
	if got := flat(t, c.last(t)); len(got) != 2 || len(c.got) != 1 {
		t.Errorf("%d requests, the last with %v", len(c.got), got)
	}
	stop()
	<-ended
}

// handClock is a clock that a test moves.
type handClock struct {
	wanted chan time.Duration
	fire   chan time.Time
}

func (c *handClock) Now() time.Time { return time.Unix(1_800_000_000, 0) }
func (c *handClock) After(d time.Duration) <-chan time.Time {
	c.wanted <- d
	return c.fire
}
