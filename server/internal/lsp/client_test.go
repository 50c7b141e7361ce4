package lsp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is when a test gives up on something that has to happen.
const patience = 20 * time.Second

// obj is a JSON object.
type obj = map[string]any

// message is one JSON-RPC message as it came over the wire.
type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *wireError      `json:"error"`
}

type wireError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *wireError) code() int {
	if e == nil {
		return 0
	}
	return e.Code
}

// client drives a server at the level of bytes. It shares no code with it.
type client struct {
	t     *testing.T
	in    *io.PipeWriter
	loop  *fakeLoop
	world *world.World
	files *fakeFiles
	procs *fakeProcesses
	clock *fakeClock
	log   *logBuffer
	stop  context.CancelFunc
	exit  chan int

	mu       sync.Mutex
	changed  *sync.Cond
	received []message
	closed   bool
	lastID   int
}

// start runs a server that nobody has initialized yet.
func start(t *testing.T, configure ...func(*client)) *client {
	t.Helper()
	c := &client{
		t: t, loop: newFakeLoop(), files: &fakeFiles{content: map[string]string{}},
		procs: &fakeProcesses{ended: map[int]chan struct{}{}}, clock: newFakeClock(), log: &logBuffer{}, exit: make(chan int, 1),
	}
	c.changed = sync.NewCond(&c.mu)
	c.world = &world.World{Files: c.files, Processes: c.procs, Clock: c.clock, Dir: "/start", GOOS: "linux"}
	for _, f := range configure {
		f(c)
	}
	serverIn, in := io.Pipe()
	out, serverOut := io.Pipe()
	c.in = in
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	log := slog.New(slog.NewTextHandler(c.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var running sync.WaitGroup
	running.Go(func() {
		code := serve(ctx, c.world, serverIn, serverOut, log, func(publish func(engine.Update)) loop {
			c.loop.publish = publish
			return c.loop
		})
		c.exit <- code
	})
	running.Go(func() { c.read(out) })
	t.Cleanup(func() {
		stop()
		_ = in.Close()
		_ = serverIn.Close()
		close(c.loop.release)
		_ = serverOut.Close()
		running.Wait()
		if t.Failed() {
			t.Logf("server log:\n%s", c.log)
		}
	})
	return c
}

// ready runs a server and initializes it; nil options make a plain client.
func ready(t *testing.T, options obj, capabilities obj, configure ...func(*client)) *client {
	t.Helper()
	c := start(t, configure...)
	c.initialize(options, capabilities)
	return c
}

// feeding are the options of our own extension.
func feeding(actions ...string) obj {
	if actions == nil {
		actions = []string{}
	}
	return obj{"editorActions": actions, "editorName": "Test Editor"}
}

func (c *client) initialize(options obj, capabilities obj) obj {
	c.t.Helper()
	if capabilities == nil {
		capabilities = obj{}
	}
	params := obj{"processId": nil, "rootUri": "file:///ws", "capabilities": capabilities}
	if options != nil {
		params["initializationOptions"] = options
	}
	var result obj
	c.ok("initialize", params, &result)
	c.notify("initialized", obj{})
	return result
}

// raw writes bytes as they are.
func (c *client) raw(s string) {
	c.t.Helper()
	if _, err := io.WriteString(c.in, s); err != nil {
		c.t.Fatalf("writing to the server: %v", err)
	}
}

// frame writes one body with its header.
func (c *client) frame(body string) {
	c.t.Helper()
	c.raw(fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body))
}

func (c *client) send(m obj) {
	c.t.Helper()
	m["jsonrpc"] = "2.0"
	body, err := json.Marshal(m)
	if err != nil {
		c.t.Fatal(err)
	}
	c.frame(string(body))
}

func (c *client) notify(method string, params any) {
	c.t.Helper()
	c.send(obj{"method": method, "params": params})
}

// request sends a request and returns its id.
func (c *client) request(method string, params any) int {
	c.t.Helper()
	c.mu.Lock()
	c.lastID++
	id := c.lastID
	c.mu.Unlock()
	m := obj{"id": id, "method": method}
	if params != nil {
		m["params"] = params
	}
	c.send(m)
	return id
}

// response awaits the answer to a request.
func (c *client) response(id int) message {
	c.t.Helper()
	want := strconv.Itoa(id)
	return c.await("the response "+want, func(m message) bool { return m.Method == "" && string(m.ID) == want })
}

// call sends a request and awaits its answer.
func (c *client) call(method string, params any) message {
	c.t.Helper()
	return c.response(c.request(method, params))
}

// ok calls and decodes the result; an error fails the test.
func (c *client) ok(method string, params, result any) {
	c.t.Helper()
	m := c.call(method, params)
	if m.Error != nil {
		c.t.Fatalf("%s: error %d %s", method, m.Error.Code, m.Error.Message)
	}
	c.decode(m.Result, result)
}

func (c *client) decode(raw json.RawMessage, v any) {
	c.t.Helper()
	if v == nil {
		return
	}
	if err := json.Unmarshal(raw, v); err != nil {
		c.t.Fatalf("decoding %s: %v", raw, err)
	}
}

func (c *client) command(name string, arguments ...any) message {
	c.t.Helper()
	return c.call("workspace/executeCommand", obj{"command": name, "arguments": arguments})
}

// expect awaits, and takes, the next notification or request of a method.
func (c *client) expect(method string, params any) message {
	c.t.Helper()
	m := c.await(method, func(m message) bool { return m.Method == method })
	c.decode(m.Params, params)
	return m
}

// answer answers a request of the server.
func (c *client) answer(m message, result any) {
	c.t.Helper()
	c.send(obj{"id": m.ID, "result": result})
}

// await takes the first message, past or future, that matches.
func (c *client) await(what string, match func(message) bool) message {
	c.t.Helper()
	timeout := time.AfterFunc(patience, func() {
		c.mu.Lock()
		c.closed = true
		c.mu.Unlock()
		c.changed.Broadcast()
	})
	defer timeout.Stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		for i, m := range c.received {
			if match(m) {
				c.received = append(c.received[:i:i], c.received[i+1:]...)
				return m
			}
		}
		if c.closed {
			c.t.Fatalf("%s did not come; left over: %v", what, c.received)
		}
		c.changed.Wait()
	}
}

// settle makes sure that the server has handled everything sent so far and
// that everything it has said is here, and returns what nobody has taken.
func (c *client) settle() []message {
	c.t.Helper()
	c.call("gophantom/report", nil)
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]message(nil), c.received...)
}

// alive fails the test unless the server still answers.
func (c *client) alive() {
	c.t.Helper()
	c.ok("gophantom/report", nil, nil)
}

func (c *client) exitCode() int {
	c.t.Helper()
	select {
	case code := <-c.exit:
		return code
	case <-time.After(patience):
		c.t.Fatal("the server did not end")
		return 0
	}
}

func (c *client) read(out io.Reader) {
	r := bufio.NewReader(out)
	defer func() {
		_, _ = io.Copy(io.Discard, r)
		c.mu.Lock()
		c.closed = true
		c.mu.Unlock()
		c.changed.Broadcast()
	}()
	for {
		header, err := r.ReadString('\n')
		if err != nil {
			return
		}
		length, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(header, "Content-Length:")))
		if err != nil {
			c.t.Errorf("bad header %q", header)
			return
		}
		if blank, err := r.ReadString('\n'); err != nil || blank != "\r\n" {
			c.t.Errorf("header is followed by %q", blank)
			return
		}
		body := make([]byte, length)
		if _, err := io.ReadFull(r, body); err != nil {
			return
		}
		var m message
		if err := json.Unmarshal(body, &m); err != nil {
			c.t.Errorf("the server sent %q", body)
			return
		}
		c.mu.Lock()
		c.received = append(c.received, m)
		c.mu.Unlock()
		c.changed.Broadcast()
	}
}

// fakeLoop is an engine whose answers the test decides.
type fakeLoop struct {
	publish func(engine.Update)
	facts   chan engine.EditorFacts
	release chan struct{} // closed when the test is over
	started chan struct{} // closed when Run runs

	onFacts   func(engine.EditorFacts)
	recheck   func(context.Context) (engine.Update, error)
	show      func(context.Context, engine.Host) (engine.Update, error)
	cure      func(context.Context, engine.Host) engine.CureResult
	fix       func(context.Context, engine.Host, engine.FixRequest) engine.CureResult
	undo      func(context.Context, engine.Host, string) engine.CureResult
	picture   func() engine.Picture
	route     func(file, module string) (string, error)
	lenses    func(file string) []engine.Lens
	redacted  func() (string, error)
	hover     func(file string, at model.Position) (engine.Hover, bool)
	probeable func(file string, line int) (string, bool)
	probe     func(context.Context, engine.Host, engine.ProbeRequest) (string, error)
	bisect    func(context.Context, engine.Host, string) (string, error)
	problem   func(what string, p engine.Place) (string, error) // what: "explain" or "record"
	run       func(context.Context)
	whole     func(file string) (report.EnvironmentReport, bool)
}

func newFakeLoop() *fakeLoop {
	return &fakeLoop{
		facts: make(chan engine.EditorFacts, 1000), release: make(chan struct{}), started: make(chan struct{}),
		recheck: func(context.Context) (engine.Update, error) { return engine.Update{}, nil },
		show:    func(context.Context, engine.Host) (engine.Update, error) { return engine.Update{}, nil },
		run:     func(ctx context.Context) { <-ctx.Done() },
	}
}

func (l *fakeLoop) Run(ctx context.Context) {
	close(l.started)
	l.run(ctx)
}

func (l *fakeLoop) Bisect(ctx context.Context, h engine.Host, file string) (string, error) {
	return l.bisect(ctx, h, file)
}

func (l *fakeLoop) ExplainProblem(p engine.Place) (string, error) { return l.problem("explain", p) }

func (l *fakeLoop) RecordProblem(_ context.Context, p engine.Place) (string, error) {
	return l.problem("record", p)
}

func (l *fakeLoop) EnvironmentReport(_ context.Context, file string) (report.EnvironmentReport, bool) {
	return l.whole(file)
}

func (l *fakeLoop) Facts(f engine.EditorFacts) {
	if l.onFacts != nil {
		l.onFacts(f)
	}
	l.facts <- f
}

func (l *fakeLoop) Recheck(ctx context.Context) (engine.Update, error) { return l.recheck(ctx) }

func (l *fakeLoop) Show(ctx context.Context, h engine.Host) (engine.Update, error) {
	return l.show(ctx, h)
}

func (l *fakeLoop) Cure(ctx context.Context, h engine.Host) engine.CureResult { return l.cure(ctx, h) }

func (l *fakeLoop) Fix(ctx context.Context, h engine.Host, r engine.FixRequest) engine.CureResult {
	return l.fix(ctx, h, r)
}

func (l *fakeLoop) Hover(file string, at model.Position) (engine.Hover, bool) {
	if l.hover == nil {
		return engine.Hover{}, false
	}
	return l.hover(file, at)
}

func (l *fakeLoop) Probeable(file string, line int) (string, bool) {
	if l.probeable == nil {
		return "", false
	}
	return l.probeable(file, line)
}

func (l *fakeLoop) Probe(ctx context.Context, h engine.Host, r engine.ProbeRequest) (string, error) {
	return l.probe(ctx, h, r)
}

func (l *fakeLoop) Undo(ctx context.Context, h engine.Host, id string) engine.CureResult {
	return l.undo(ctx, h, id)
}

func (l *fakeLoop) Picture() engine.Picture { return l.picture() }

func (l *fakeLoop) ShowRoute(file, module string) (string, error) { return l.route(file, module) }

func (l *fakeLoop) Lenses(file string) []engine.Lens { return l.lenses(file) }

func (l *fakeLoop) Redacted() (string, error) { return l.redacted() }

func (l *fakeLoop) Fleet() (string, error) { return "# What is counted", nil }

// fact awaits the next facts that the engine was handed.
func (c *client) fact() engine.EditorFacts {
	c.t.Helper()
	select {
	case f := <-c.loop.facts:
		return f
	case <-time.After(patience):
		c.t.Fatal("the engine got no facts")
		return engine.EditorFacts{}
	}
}

type fakeFiles struct {
	world.Files
	mu      sync.Mutex
	content map[string]string
}

func (f *fakeFiles) ReadFile(name string) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if text, ok := f.content[name]; ok {
		return []byte(text), nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

type fakeProcesses struct {
	world.Processes
	mu    sync.Mutex
	ended map[int]chan struct{} // of those that live; closed when they end
	waits int
}

func (p *fakeProcesses) Alive(pid int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended[pid] != nil
}

func (p *fakeProcesses) Wait(ctx context.Context, pid int) error {
	p.mu.Lock()
	ended := p.ended[pid]
	p.waits++
	p.mu.Unlock()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *fakeProcesses) start(pid int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended[pid] = make(chan struct{})
}

func (p *fakeProcesses) end(pid int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.ended[pid])
}

// fakeClock stands still; its timers fire when the test says so.
type fakeClock struct {
	mu     sync.Mutex
	added  *sync.Cond
	timers map[time.Duration][]chan time.Time
	broken bool // Now panics once
}

func newFakeClock() *fakeClock {
	c := &fakeClock{timers: map[time.Duration][]chan time.Time{}}
	c.added = sync.NewCond(&c.mu)
	return c
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken {
		c.broken = false
		panic("secret-clock")
	}
	return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
}

func (c *fakeClock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := make(chan time.Time, 1)
	c.timers[d] = append(c.timers[d], ch)
	c.added.Broadcast()
	return ch
}

// fire awaits a timer of that length and lets it ring.
func (c *fakeClock) fire(t *testing.T, d time.Duration) {
	t.Helper()
	c.armed(t, d)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timers[d][0] <- time.Time{}
	c.timers[d] = c.timers[d][1:]
}

// armed awaits a timer of that length.
func (c *fakeClock) armed(t *testing.T, d time.Duration) {
	t.Helper()
	late := false
	timeout := time.AfterFunc(patience, func() {
		c.mu.Lock()
		late = true
		c.mu.Unlock()
		c.added.Broadcast()
	})
	defer timeout.Stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.timers[d]) == 0 {
		if late {
			t.Fatalf("nobody waits for %v", d)
		}
		c.added.Wait()
	}
}

// logBuffer collects the server's log.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (c *client) logged(part string) {
	c.t.Helper()
	if !strings.Contains(c.log.String(), part) {
		c.t.Errorf("the log does not say %q", part)
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
