package trace_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/trace"
)

// read feeds a log in pieces of the given size and returns its events.
func read(log *trace.Log, text string, size int) (events []model.Event) {
	log.Tell = func(e model.Event) { events = append(events, e) }
	for len(text) > 0 {
		n := min(size, len(text))
		_, _ = io.WriteString(log, text[:n])
		text = text[n:]
	}
	log.Close()
	return events
}

// summary is an event as testdata/logs writes it.
func summary(e model.Event) string {
	parts := []string{e.Said.UTC().Format("15:04:05.000"), string(e.Kind), "-"}
	if e.Kind != model.EventCommand && !e.Subject.Empty() && (strings.HasPrefix(e.Subject.Reveal(), "/") || e.Kind == model.EventStart) {
		parts[2] = e.Subject.Reveal()
	}
	if e.Took > 0 {
		parts = append(parts, e.Took.String())
	}
	return strings.Join(append(parts, e.Refs...), " ")
}

func samples(t testing.TB) map[string]string {
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "testdata", "logs", "*.txtar"))
	if err != nil || len(files) < 4 {
		t.Fatalf("%d samples, %v", len(files), err)
	}
	out := map[string]string{}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil || len(a.Files) != 2 {
			t.Fatalf("%s: %d sections, %v", file, len(a.Files), err)
		}
		out[strings.TrimSuffix(filepath.Base(file), ".txtar")] = string(a.Files[0].Data)
		out[strings.TrimSuffix(filepath.Base(file), ".txtar")+" events"] = string(a.Files[1].Data)
	}
	return out
}

var begun = time.Date(2026, 11, 30, 20, 0, 0, 0, time.UTC)

func TestLogs(t *testing.T) {
	all := samples(t)
	for name, text := range all {
		want, isLog := all[name+" events"]
		if !isLog {
			continue
		}
		for _, size := range []int{1, 2, 3, 7, 64, 1000, len(text)} {
			var got strings.Builder
			for _, e := range read(&trace.Log{Day: begun}, text, size) {
				fmt.Fprintln(&got, summary(e))
			}
			if got.String() != want {
				t.Errorf("%s in pieces of %d:\n%swant\n%s", name, size, got.String(), want)
			}
		}
		if crlf := strings.ReplaceAll(text, "\n", "\r\n"); len(read(&trace.Log{Day: begun}, crlf, len(crlf))) != strings.Count(want, "\n") {
			t.Errorf("%s with carriage returns has other events", name)
		}
	}
}

// FuzzLogIsCutAnywhere feeds any text, cut anywhere: the events are the same.
func FuzzLogIsCutAnywhere(f *testing.F) {
	for _, text := range samples(f) {
		f.Add(text, uint16(len(text)/2), uint16(3))
	}
	f.Add("2026-11-30 20:20:43.120 [info] a\r\n\x1b[31m[Error - 4:44:35 PM] b\n2026/11/30 20:20:43 c\xff", uint16(30), uint16(9))
	f.Fuzz(func(t *testing.T, text string, first, size uint16) {
		whole := read(&trace.Log{Day: begun, Until: begun.Add(time.Hour)}, text, max(len(text), 1))
		var events []model.Event
		log := &trace.Log{Day: begun, Until: begun.Add(time.Hour), Tell: func(e model.Event) { events = append(events, e) }}
		cut := min(int(first), len(text))
		_, _ = io.WriteString(log, text[:cut])
		for rest := text[cut:]; len(rest) > 0; {
			n := min(int(size)+1, len(rest))
			_, _ = io.WriteString(log, rest[:n])
			rest = rest[n:]
		}
		log.Close()
		same := slices.EqualFunc(whole, events, func(a, b model.Event) bool {
			return a.Said.Equal(b.Said) && a.Kind == b.Kind && a.Text.Reveal() == b.Text.Reveal() && a.Subject.Reveal() == b.Subject.Reveal() && a.Took == b.Took && slices.Equal(a.Refs, b.Refs)
		})
		if !same {
			t.Errorf("%d events whole, %d in pieces, of %q", len(whole), len(events), text)
		}
	})
}

const headOf = "2026-11-30 20:20:43.120 [info] "

func TestCreatedView(t *testing.T) {
	events := read(&trace.Log{}, samples(t)["editor"], 100)
	if len(events) == 0 || events[0].View == nil {
		t.Fatalf("%d events, none with a view", len(events))
	}
	v := events[0].View
	if v.ID != "1" || v.Type != "GoMod" || v.Root != "/home/gopher/hello" || v.GoVersion != "go1.26.8" {
		t.Errorf("view is %+v", v)
	}
	for name, want := range map[string]string{"GOFLAGS": "-mod=mod -tags=foo", "GOPRIVATE": "", "GOROOT": "/usr/local/go", "GOTOOLCHAIN": "local"} {
		if got, ok := v.Env[name]; !ok || got.Reveal() != want {
			t.Errorf("%s is %q (%v), want %q", name, got.Reveal(), ok, want)
		}
	}
	env, ok := trace.Environment(events[0])
	if !ok || env.Complete || !env.Partial || env.Knows("GOPROXY") || !env.Knows("GOPRIVATE") || env.Lookup("GOFLAGS").Value.Reveal() != "-mod=mod -tags=foo" || !strings.Contains(env.Why, "log") {
		t.Errorf("environment (%v): %+v", ok, env)
	}
	if _, ok := trace.Environment(events[1]); ok {
		t.Error("what is no view has an environment")
	}
}

// TestForgedLines has messages that hold what looks like something else.
func TestForgedLines(t *testing.T) {
	log := func() *trace.Log { return &trace.Log{Until: begun.Add(time.Hour)} }
	for name, c := range map[string]struct {
		text string
		want int // events
	}{
		"another form":     {headOf + "a\n2026/11/30 20:20:44 Created View (#9)\n\tenv={GOFLAGS:-forged}\n[Error - 8:20:44 PM] b\n", 1},
		"years ahead":      {headOf + "a\n2099-01-01 00:00:00.000 [error] forged\n", 1},
		"years ago":        {headOf + "a\n2001-01-01 00:00:00.000 [error] forged\n", 1},
		"no such date":     {headOf + "a\n2026-13-41 25:61:61.000 [error] forged\n", 1},
		"not at the start": {headOf + "a 2026-11-30 20:20:44.000 [error] forged\n", 1},
		"a real one":       {headOf + "a\n2026-11-30 20:20:44.000 [error] b\n", 2},
	} {
		if got := read(log(), c.text, 5); len(got) != c.want || got[0].View != nil {
			t.Errorf("%s: %d events, want %d: %+v", name, len(got), c.want, got)
		}
	}
	// A value that holds fields of its own hides none, and sets none.
	view := headOf + "Created View (#1)\n\tdirectory=/d\n\tenv={GOOS:linux GOFLAGS:-tags=a GOTOOLCHAIN:forged GO111MODULE: GOTOOLCHAIN:local GOROOT:/r}\n"
	got := read(log(), view, 100)
	if len(got) != 1 || got[0].View == nil {
		t.Fatalf("no view: %+v", got)
	}
	if v, ok := got[0].View.Env["GOTOOLCHAIN"]; ok {
		t.Errorf("GOTOOLCHAIN is %q, which stands there twice", v.Reveal())
	}
	if twice := read(log(), view+"\tenv={GOOS:plan9}\n", 100); len(twice) != 1 || twice[0].View != nil {
		t.Errorf("a view with two environments is believed: %+v", twice)
	}
	if e := read(log(), headOf+"\x1b[31mred\x1b]0;title\x07 text\x1b[0m\n", 3); len(e) != 1 || e[0].Text.Reveal() != "red text" {
		t.Errorf("escape sequences are left: %+v", e)
	}
}

func TestInterestingAndSince(t *testing.T) {
	text := samples(t)["editor"]
	for _, e := range read(&trace.Log{Interesting: true}, text, 100) {
		if e.Ordinary() {
			t.Errorf("an ordinary event was told: %s", summary(e))
		}
	}
	since := time.Date(2026, 11, 30, 20, 20, 57, 0, time.UTC)
	for _, e := range read(&trace.Log{Since: since}, text, 100) {
		if e.Said.Before(since) {
			t.Errorf("told though it is older: %s", summary(e))
		}
	}
}

// generator is a log of any size that is in no file.
type generator struct {
	left  int64
	block []byte
	at    int
}

func (g *generator) Read(p []byte) (int, error) {
	if g.left <= 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(int64(len(p)), g.left)], g.block[g.at:])
	g.at = (g.at + n) % len(g.block)
	g.left -= int64(n)
	return n, nil
}

// bigLog is what a gopls with verboseOutput writes: a view is made and a load
// fails for every hundred go commands.
func bigLog(t testing.TB) []byte {
	text := samples(t)["editor"]
	ordinary := text[strings.Index(text, "2026-11-30 20:21:10.001"):]
	return []byte(strings.Repeat(text+strings.Repeat(ordinary, 50), 5))
}

// TestGigabyte reads a log of 1 GB, and keeps next to nothing of it.
func TestGigabyte(t *testing.T) {
	size := int64(bigSize)
	if testing.Short() {
		size = 64 << 20
	}
	events := 0
	log := &trace.Log{Interesting: true, Tell: func(model.Event) { events++ }}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	if _, err := io.CopyBuffer(struct{ io.Writer }{log}, &generator{left: size, block: bigLog(t)}, make([]byte, 256<<10)); err != nil {
		t.Fatal(err)
	}
	log.Close()
	runtime.GC()
	runtime.ReadMemStats(&after)
	if log.Bytes != size || int64(events) < size/100000 {
		t.Errorf("%d bytes, %d events", log.Bytes, events)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("%d MB are kept", grown>>20)
	}
	// A line without an end is no reason to keep it.
	log = &trace.Log{Tell: func(model.Event) {}}
	for range 1000 {
		_, _ = log.Write(make([]byte, 1<<20))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("%d MB are kept of a line without an end", grown>>20)
	}
	log.Close()
}

func TestMerge(t *testing.T) {
	at := func(s int) time.Time { return begun.Add(time.Duration(s) * time.Second) }
	stream := func(name string, seconds ...int) trace.Stream {
		s := trace.Stream{Name: name}
		for _, sec := range seconds {
			s.Events = append(s.Events, model.Event{Said: at(sec), Time: at(sec), Source: name})
		}
		return s
	}
	order := func(streams ...trace.Stream) string {
		var out []string
		line, skews := trace.Merge(streams)
		for _, e := range line {
			out = append(out, fmt.Sprintf("%s%d", e.Source, int(e.Said.Sub(begun)/time.Second)))
		}
		for _, s := range skews {
			out = append(out, s.Name+s.By.String())
		}
		return strings.Join(out, " ")
	}
	with := func(s trace.Stream, last, seen time.Time) trace.Stream {
		s.Last, s.Seen = last, seen
		return s
	}
	for name, c := range map[string]struct{ got, want string }{
		"two windows":          {order(stream("a", 1, 3, 5), stream("b", 2, 4)), "a1 b2 a3 b4 a5"},
		"the same time":        {order(stream("a", 1, 1), stream("b", 1)), "a1 a1 b1"},
		"a clock is set back":  {order(stream("a", 1, 2, 3, 0, 4, 5), stream("b", 2)), "a1 a2 b2 a3 a0 a4 a5"},
		"a line from nowhere":  {order(stream("a", 1, 90, 2, 3), stream("b", 2, 4)), "a1 a90 a2 b2 a3 b4"},
		"another zone":         {order(stream("a", 1, 5), with(stream("b", 3603, 3604), at(3604), at(4))), "a1 b3603 b3604 a5 b-1h0m0s"},
		"from the future":      {order(stream("a", 1, 5), with(stream("b", 33), at(33), at(3))), "a1 b33 a5 b-30s"},
		"a copy":               {order(stream("a", 1, 5), with(stream("b", 3), at(3), at(1000))), "a1 b3 a5"},
		"written a bit later":  {order(stream("a", 1, 5), with(stream("b", 3), at(3), at(4))), "a1 b3 a5"},
		"begins with a forged": {order(stream("a", 99, 1, 2), stream("b", 0)), "b0 a99 a1 a2"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", name, c.got, c.want)
		}
	}
}

func TestHistory(t *testing.T) {
	events, err := trace.History(strings.NewReader(`{"schema":"x","history":[
		{"time":"2026-11-30T20:00:01.5Z","kind":"verdict","subject":"main.go","message":"phantom","snapshot":3,"rule":"","verdict":"phantom","contextId":"ctx-1"},
		{"time":"2026-11-30T20:00:02Z","kind":"of a newer version","message":"x","more":1}]}`))
	if err != nil || len(events) != 2 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	if e := events[0]; e.Kind != model.EventVerdict || e.ContextID != "ctx-1" || e.Snapshot != 3 || !e.Said.Equal(begun.Add(1500*time.Millisecond)) {
		t.Errorf("%+v", e)
	}
	if events[1].Kind != model.EventLog {
		t.Errorf("an unknown kind became %q", events[1].Kind)
	}
	if events, err := trace.History(strings.NewReader(`{}`)); err != nil || events != nil {
		t.Errorf("a report without a history: %v, %v", events, err)
	}
	if _, err := trace.History(strings.NewReader(`[1]`)); err == nil {
		t.Error("what is no report is read")
	}
}

func TestLink(t *testing.T) {
	events := []model.Event{{Refs: []string{"A", "B"}}, {Refs: []string{"B"}, ContextID: "own"}, {}}
	trace.Link(events, map[string]string{"B": "ctx-b"})
	if events[0].ContextID != "ctx-b" || events[1].ContextID != "own" || events[2].ContextID != "" {
		t.Errorf("%+v", events)
	}
}

// erroneousLog is the log of a gopls in a workspace where nothing loads: errors
// and nothing else, of which so many are different.
func erroneousLog(different int) []byte {
	var b bytes.Buffer
	for i := range 4000 {
		n := i % different
		fmt.Fprintf(&b, "2026-11-30 20:%02d:%02d.%03d [error] 2026/11/30 20:%02d:%02d go/packages.Load #%d: err: exit status 1: stderr: go: example.com/group/module%d@v1.%d.0: "+
			"Get \"https://proxy.example/example.com/group/module%d/@v/v1.%d.0.mod\": dial tcp 127.0.0.1:%d: connect: connection refused\n\n"+
			"\tview_id=\"1\"\n\tsnapshot=%d\n\tdirectory=/home/gopher/hello\n\tquery=[/home/gopher/hello/... builtin]\n\tpackages=0\n\tduration=%d.452144ms\n\n",
			i/60%60, i%60, i%1000, i/60%60, i%60, n, n, n, n, n, 1024+n, i, i)
	}
	return b.Bytes()
}

// everyErrorLog has every text of the corpus again and again, and none is like
// any other.
func everyErrorLog(b *testing.B) []byte {
	var out bytes.Buffer
	files, err := filepath.Glob(filepath.Join(corpus, "*.txtar"))
	if err != nil {
		b.Fatal(err)
	}
	var texts []string
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range a.Files {
			texts = append(texts, string(f.Data))
		}
	}
	for n := range 4000 {
		fmt.Fprintf(&out, "2026-11-30 20:%02d:%02d.%03d [error] file%d.go:%d:1: %s\n", n/60%60, n%60, n%1000, n, n, texts[n%len(texts)])
	}
	return out.Bytes()
}

// BenchmarkLog measures against the least that reading lines costs: looking for
// their ends, and bufio.Scanner, which makes strings of them.
func BenchmarkLog(b *testing.B) {
	for _, c := range []struct {
		name        string
		block       []byte
		interesting bool
	}{
		{"interesting", bigLog(b), true},
		{"all", bigLog(b), false},
		{"the same errors", erroneousLog(20), true},
		{"other errors", erroneousLog(4000), true},
		{"other errors of all kinds", everyErrorLog(b), true},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.block)))
			var ours, scanned, ends time.Duration
			fastest := time.Hour
			events, lines := 0, 0
			for b.Loop() {
				start := time.Now()
				log := &trace.Log{Interesting: c.interesting, Tell: func(model.Event) { events++ }}
				for at := 0; at < len(c.block); at += 256 << 10 {
					_, _ = log.Write(c.block[at:min(at+256<<10, len(c.block))])
				}
				log.Close()
				took := time.Since(start)
				ours, fastest = ours+took, min(fastest, took)
				start = time.Now()
				scanner := bufio.NewScanner(bytes.NewReader(c.block))
				for scanner.Scan() {
					lines += len(scanner.Text()) & 1
				}
				scanned += time.Since(start)
				start = time.Now()
				for rest := c.block; len(rest) > 0; lines++ {
					rest = rest[bytes.IndexByte(rest, '\n')+1:]
				}
				ends += time.Since(start)
			}
			if events == 0 || lines == 0 {
				b.Fatal("nothing was read")
			}
			b.ReportMetric(float64(ours)/float64(scanned), "x-scanner")
			b.ReportMetric(float64(ours)/float64(ends), "x-IndexByte")
			b.ReportMetric(float64(len(c.block))*float64(b.N)/ours.Seconds()/1e6, "ours-MB/s")
			b.ReportMetric(float64(len(c.block))/fastest.Seconds()/1e6, "fastest-MB/s")
		})
	}
}
