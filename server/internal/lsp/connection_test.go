package lsp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
)

func TestNotificationsAreHandledInOrder(t *testing.T) {
	c := ready(t, feeding(), nil)
	const n = 300
	c.loop.recheck = func(context.Context) (engine.Update, error) {
		// A request sees every notification that was sent before it.
		return engine.Update{Headline: fmt.Sprint(len(c.loop.facts))}, nil
	}
	for i := range n {
		c.notify("gophantom/editorFacts", obj{"dirty": []string{fmt.Sprint(i)}})
	}
	var status Status
	c.decode(c.command("gophantom.check").Result, &status)
	if status.Headline != fmt.Sprint(n) {
		t.Errorf("the request after %d notifications saw %s of them", n, status.Headline)
	}
	for i := range n {
		if got := c.fact().Dirty; !slices.Equal(got, []string{fmt.Sprint(i)}) {
			t.Fatalf("notification %d arrived as %v", i, got)
		}
	}
}

func TestRequestsRunSideBySide(t *testing.T) {
	c := ready(t, feeding(), nil)
	c.loop.cure = func(ctx context.Context, _ engine.Host) engine.CureResult {
		<-c.loop.release
		return engine.CureResult{}
	}
	c.request("workspace/executeCommand", obj{"command": "gophantom.cure"})
	c.alive()
}

func TestPanicCostsItsMessageOnly(t *testing.T) {
	const secret = "hunter2"
	tests := map[string]func(c *client){
		"in the engine, during a request": func(c *client) {
			c.loop.cure = func(context.Context, engine.Host) engine.CureResult { panic(secret) }
			if got := c.command("gophantom.cure").Error.code(); got != -32603 {
				c.t.Errorf("code %d, want -32603", got)
			}
		},
		"in the server, during a request": func(c *client) {
			c.clock.broken = true
			if got := c.call("gophantom/report", nil).Error.code(); got != -32603 {
				c.t.Errorf("code %d, want -32603", got)
			}
		},
		"during a notification": func(c *client) {
			c.loop.onFacts = func(engine.EditorFacts) { panic(secret) }
			c.notify("gophantom/editorFacts", obj{})
		},
	}
	for name, cause := range tests {
		t.Run(name, func(t *testing.T) {
			c := ready(t, feeding(), nil)
			cause(c)
			c.alive()
			c.logged("crash")
			if strings.Contains(c.log.String(), secret) {
				t.Error("the log quotes the panic's value")
			}
		})
	}
}

func TestBadNotificationsAreLogged(t *testing.T) {
	tests := map[string]struct{ method, params, log string }{
		"malformed params":     {"gophantom/editorFacts", `{"trusted":"hunter2"}`, "gophantom/editorFacts"},
		"params of wrong kind": {"textDocument/didOpen", `[1,2]`, "textDocument/didOpen"},
		"malformed cancel":     {"$/cancelRequest", `{"id":{}}`, "$/cancelRequest"},
		"unknown":              {"gophantom/later", `{}`, "unknown notification"},
		"cancel of nothing":    {"$/cancelRequest", `{"id":99}`, ""},
		"optional":             {"$/whatever", `{}`, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := ready(t, feeding(), nil)
			c.frame(fmt.Sprintf(`{"jsonrpc":"2.0","method":%q,"params":%s}`, tt.method, tt.params))
			c.alive()
			log := c.log.String()
			if tt.log != "" {
				c.logged(tt.log)
			} else if strings.Contains(log, tt.method) {
				t.Errorf("logged without need:\n%s", log)
			}
			if strings.Contains(log, "hunter2") {
				t.Error("the log quotes the params")
			}
		})
	}
}

func TestRequestErrors(t *testing.T) {
	tests := map[string]struct {
		method string
		params any
		code   int
	}{
		"unknown method":           {"textDocument/rename", obj{}, -32601},
		"unknown optional method":  {"$/later", nil, -32601},
		"malformed params":         {"textDocument/codeAction", []int{1}, -32602},
		"unknown command":          {"workspace/executeCommand", obj{"command": "gophantom.fly"}, -32602},
		"command without argument": {"workspace/executeCommand", obj{"command": "gophantom.fix"}, -32602},
		"malformed argument":       {"workspace/executeCommand", obj{"command": "gophantom.fix", "arguments": []any{"x"}}, -32602},
		"unknown rule":             {"workspace/executeCommand", obj{"command": "gophantom.explain", "arguments": []any{obj{"rule": "no"}}}, -32602},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := ready(t, feeding(), nil)
			if got := c.call(tt.method, tt.params).Error.code(); got != tt.code {
				t.Errorf("code %d, want %d", got, tt.code)
			}
			c.alive()
		})
	}
}

func TestCustomRequestWithoutParams(t *testing.T) {
	for _, params := range []string{"", `,"params":null`, `,"params":{}`} {
		c := ready(t, feeding(), nil)
		c.frame(`{"jsonrpc":"2.0","id":41,"method":"gophantom/report"` + params + `}`)
		if m := c.response(41); m.Error != nil {
			t.Errorf("with %q: %v", params, m.Error)
		}
	}
}

// A client that never answers, or answers with an error, must not stop the
// server: nothing is asked from inside a notification.
func TestSilentClient(t *testing.T) {
	everything := obj{
		"window":    obj{"workDoneProgress": true},
		"workspace": obj{"applyEdit": true, "configuration": true, "workspaceFolders": true},
	}
	c := ready(t, nil, everything)
	c.notify("gophantom/editorFacts", obj{"trusted": true})
	c.notify("textDocument/didOpen", obj{"textDocument": obj{"uri": "file:///ws/a.go", "languageId": "go", "version": 1, "text": ""}})
	c.request("workspace/executeCommand", obj{"command": "gophantom.check"}) // asks for a progress token and waits
	c.expect("window/workDoneProgress/create", nil)
	c.alive()
}

func TestClientAnswersWithAnError(t *testing.T) {
	c := ready(t, feeding(), obj{"window": obj{"workDoneProgress": true}})
	id := c.request("workspace/executeCommand", obj{"command": "gophantom.check"})
	create := c.expect("window/workDoneProgress/create", nil)
	c.send(obj{"id": create.ID, "error": obj{"code": -32603, "message": "no"}})
	if m := c.response(id); m.Error != nil {
		t.Errorf("the command failed with the progress: %v", m.Error)
	}
	for _, m := range c.settle() {
		if m.Method == "$/progress" {
			t.Error("progress under a token that the client refused")
		}
	}
}

// What a notification carried is still there when the buffer it came in has
// been used again.
func TestFactsOutliveTheirMessage(t *testing.T) {
	c := ready(t, feeding(), nil)
	c.notify("gophantom/editorFacts", obj{
		"env":      obj{"GOPROXY": strings.Repeat("a", 5000)},
		"settings": []any{obj{"scope": "user", "file": "/s.json", "values": obj{"go.toolsEnvVars": obj{"GOPROXY": strings.Repeat("b", 5000)}}}},
	})
	kept := c.fact()
	for range 20 {
		c.frame(`{"jsonrpc":"2.0","method":"gophantom/editorFacts","params":{"dirty":["` + strings.Repeat("z", 20000) + `"]}}`)
	}
	c.alive()
	if kept.Env["GOPROXY"] != strings.Repeat("a", 5000) {
		t.Error("the environment was overwritten")
	}
	var value struct{ GOPROXY string }
	if err := json.Unmarshal(kept.Settings[0].Values["go.toolsEnvVars"], &value); err != nil || value.GOPROXY != strings.Repeat("b", 5000) {
		t.Errorf("the setting was overwritten: %v", err)
	}
}

func TestStateMachine(t *testing.T) {
	t.Run("before initialize", func(t *testing.T) {
		c := start(t)
		for _, method := range []string{"gophantom/report", "shutdown", "no/such"} {
			if got := c.call(method, nil).Error.code(); got != -32002 {
				t.Errorf("%s: code %d, want -32002", method, got)
			}
		}
		c.notify("gophantom/editorFacts", obj{})
		c.initialize(feeding(), nil)
		c.alive()
		if n := len(c.loop.facts); n != 0 {
			t.Errorf("%d notifications from before initialize reached the engine", n)
		}
	})
	t.Run("twice", func(t *testing.T) {
		c := ready(t, feeding(), nil)
		if got := c.call("initialize", obj{"capabilities": obj{}}).Error.code(); got != -32600 {
			t.Errorf("code %d, want -32600", got)
		}
		c.notify("initialized", obj{})
		c.alive()
	})
	t.Run("after shutdown", func(t *testing.T) {
		c := ready(t, feeding(), nil)
		c.ok("shutdown", nil, nil)
		for _, method := range []string{"gophantom/report", "shutdown", "initialize", "no/such"} {
			if got := c.call(method, nil).Error.code(); got != -32600 {
				t.Errorf("%s: code %d, want -32600", method, got)
			}
		}
	})
	t.Run("the engine runs from initialized on", func(t *testing.T) {
		c := start(t)
		c.ok("initialize", obj{"capabilities": obj{}}, nil)
		c.alive()
		select {
		case <-c.loop.started:
			t.Error("the engine ran before initialized")
		default:
		}
		c.notify("initialized", obj{})
		<-c.loop.started
	})
}

func TestExitCodes(t *testing.T) {
	tests := map[string]struct {
		end  func(c *client)
		want int
		log  string
	}{
		"exit after shutdown": {func(c *client) { c.ok("shutdown", nil, nil); c.notify("exit", nil) }, 0, "exit"},
		"exit alone":          {func(c *client) { c.notify("exit", nil) }, 1, "exit"},
		"end of input":        {func(c *client) { _ = c.in.Close() }, 1, "closed the connection"},
		"end of input after shutdown": {func(c *client) {
			c.ok("shutdown", nil, nil)
			_ = c.in.Close()
		}, 0, "closed the connection"},
		"end of input in a message": {func(c *client) {
			c.raw("Content-Length: 100\r\n\r\n{")
			_ = c.in.Close()
		}, 1, "middle of a message"},
		"end of input in a header": {func(c *client) {
			c.raw("Content-Le")
			_ = c.in.Close()
		}, 1, "middle of a message"},
		"interrupted": {func(c *client) { c.stop() }, 1, "interrupted"},
		"end of input while a request runs": {func(c *client) {
			began := make(chan struct{})
			c.loop.cure = func(ctx context.Context, _ engine.Host) engine.CureResult {
				close(began)
				<-ctx.Done()
				return engine.CureResult{}
			}
			c.request("workspace/executeCommand", obj{"command": "gophantom.cure"})
			<-began
			_ = c.in.Close()
		}, 1, "closed the connection"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := ready(t, feeding(), nil)
			tt.end(c)
			if got := c.exitCode(); got != tt.want {
				t.Errorf("exit code %d, want %d", got, tt.want)
			}
			c.logged(tt.log)
		})
	}
	t.Run("exit before initialize", func(t *testing.T) {
		c := start(t)
		c.notify("exit", nil)
		if got := c.exitCode(); got != 1 {
			t.Errorf("exit code %d, want 1", got)
		}
	})
}

func TestEndDoesNotWaitForeverForTheEngine(t *testing.T) {
	c := start(t)
	c.loop.run = func(context.Context) { <-c.loop.release }
	c.initialize(feeding(), nil)
	<-c.loop.started
	c.notify("exit", nil)
	c.clock.fire(t, grace)
	c.exitCode()
	c.logged("did not stop in time")
}

func TestMalformedBodyIsAnsweredAndSkipped(t *testing.T) {
	tests := map[string]struct {
		body string
		code int
	}{
		"no JSON":              {`{"jsonrpc":"2.0","id":1,"method":"gopha`, -32700},
		"text":                 {`hello`, -32700},
		"two objects":          {`{"jsonrpc":"2.0","method":"x"}{}`, -32700},
		"a batch":              {`[{"jsonrpc":"2.0","method":"x"}]`, -32600},
		"another version":      {`{"jsonrpc":"1.0","id":1,"method":"x"}`, -32600},
		"request and response": {`{"jsonrpc":"2.0","id":1,"method":"x","result":1}`, -32600},
		"fractional id":        {`{"jsonrpc":"2.0","id":1.5,"method":"x"}`, -32600},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := ready(t, feeding(), nil)
			c.frame(tt.body)
			m := c.await("the refusal", func(m message) bool { return m.Error != nil })
			if m.Error.Code != tt.code || string(m.ID) != "null" {
				t.Errorf("answered %d to id %s, want %d to null", m.Error.Code, m.ID, tt.code)
			}
			c.logged("malformed message")
			c.alive()
		})
	}
}

func TestMalformedHeaderEndsTheConnection(t *testing.T) {
	for _, header := range []string{
		"hello\r\n\r\n", "Content-Length: x\r\n\r\n", "Content-Length: -1\r\n\r\n", "Content-Type: y\r\n\r\n",
		"Content-Length: 99999999999999\r\n\r\n",
	} {
		t.Run(header, func(t *testing.T) {
			c := ready(t, feeding(), nil)
			c.raw(header)
			if m := c.await("the refusal", func(m message) bool { return m.Error != nil }); m.Error.Code != -32700 {
				t.Errorf("answered %d, want -32700", m.Error.Code)
			}
			if got := c.exitCode(); got != 1 {
				t.Errorf("exit code %d, want 1", got)
			}
			c.logged("malformed message header")
		})
	}
}

func TestHugeMessages(t *testing.T) {
	c := ready(t, feeding(), nil)
	huge := strings.Repeat("x", 20<<20)
	c.frame(`{"jsonrpc":"2.0","method":"gophantom/editorFacts","params":{"dirty":["` + huge + `"]}}`)
	if got := c.fact().Dirty; len(got) != 1 || got[0] != huge {
		t.Error("20 MiB did not arrive")
	}
	c.loop.recheck = func(context.Context) (engine.Update, error) {
		return engine.Update{Report: report.Report{Problems: []report.Problem{{Message: huge}}}}, nil
	}
	if got := c.call("gophantom/report", nil).Result; !bytes.Contains(got, []byte(`"`+huge+`"`)) {
		t.Error("20 MiB did not come back")
	}
}

func TestServerDiesWithItsClient(t *testing.T) {
	const pid = 4711
	for _, shutdown := range []bool{false, true} {
		c := start(t)
		c.procs.start(pid)
		c.ok("initialize", obj{"processId": pid, "capabilities": obj{}}, nil)
		want := 1
		if shutdown {
			c.ok("shutdown", nil, nil)
			want = 0
		}
		c.procs.end(pid)
		if got := c.exitCode(); got != want {
			t.Errorf("exit code %d, want %d", got, want)
		}
		c.logged("process is gone")
	}
}

func TestClientInAnotherNamespaceIsNotDead(t *testing.T) {
	c := start(t)
	c.ok("initialize", obj{"processId": 4711, "capabilities": obj{}}, nil)
	c.notify("initialized", obj{})
	c.alive()
	c.logged("cannot be seen")
	c.procs.mu.Lock()
	defer c.procs.mu.Unlock()
	if c.procs.waits != 0 {
		t.Error("the server waits for a process that it cannot see")
	}
}

func TestCancelRequest(t *testing.T) {
	for name, obedient := range map[string]bool{"engine stops": true, "engine is slow to stop": false} {
		t.Run(name, func(t *testing.T) {
			c := ready(t, feeding(), nil)
			began, cancelled := make(chan struct{}), make(chan struct{})
			c.loop.cure = func(ctx context.Context, _ engine.Host) engine.CureResult {
				close(began)
				<-ctx.Done()
				close(cancelled)
				if !obedient {
					<-c.loop.release
				}
				return engine.CureResult{Outcome: "not-cured"}
			}
			id := c.request("workspace/executeCommand", obj{"command": "gophantom.cure"})
			<-began
			c.notify("$/cancelRequest", obj{"id": id})
			m := c.response(id)
			if obedient && m.Error == nil {
				// The engine came to an end of its own at the same moment.
				c.alive()
				return
			}
			if got := m.Error.code(); got != -32800 {
				t.Errorf("code %d, want -32800", got)
			}
			<-cancelled
			c.alive()
		})
	}
}

func TestLogFollowsTrace(t *testing.T) {
	const line = "method=gophantom/report"
	c := ready(t, feeding(), nil)
	c.alive()
	if strings.Contains(c.log.String(), line) {
		t.Error("messages are logged although tracing is off")
	}
	c.notify("$/setTrace", obj{"value": "verbose"})
	c.alive()
	c.alive() // the first one is logged by now: answers are logged before they are sent
	c.logged(line)
	c.notify("$/setTrace", obj{"value": "off"})
	c.alive()
	before := strings.Count(c.log.String(), line)
	c.alive()
	if after := strings.Count(c.log.String(), line); after != before {
		t.Error("messages are logged although tracing is off again")
	}
}

func TestLogHoldsNoValues(t *testing.T) {
	const secret = "hunter2"
	c := start(t)
	c.ok("initialize", obj{"capabilities": obj{}, "trace": "verbose", "initializationOptions": feeding("setEnv")}, nil)
	c.notify("initialized", obj{})
	c.notify("gophantom/editorFacts", obj{
		"env":      obj{"GOPROXY": "https://u:" + secret + "@proxy.example"},
		"settings": []any{obj{"scope": "user", "values": obj{"http.proxy": secret}}},
		"problems": []any{obj{"file": "/a.go", "items": []any{obj{"message": secret}}}},
	})
	c.loop.fix = func(ctx context.Context, h engine.Host, _ engine.FixRequest) engine.CureResult {
		err := h.SetEnv(ctx, map[string]string{"GOPROXY": secret})
		return engine.CureResult{Message: fmt.Sprint(err)}
	}
	id := c.request("workspace/executeCommand", obj{"command": "gophantom.fix", "arguments": []any{obj{"fix": "x", "args": obj{"value": secret}}}})
	action := c.expect("gophantom/editorAction", nil)
	c.answer(action, obj{"ok": false, "error": "no"})
	c.response(id)
	c.frame(`{"jsonrpc":"2.0","id":1,"method":"` + secret)
	c.alive()
	c.logged("method=gophantom/editorFacts")
	if strings.Contains(c.log.String(), secret) {
		t.Errorf("the log holds a value:\n%s", c.log)
	}
}

// TestLogNamesTheCause has log lines of what was shown and of its cure.
func TestLogNamesTheCause(t *testing.T) {
	c := start(t)
	c.ok("initialize", obj{"capabilities": obj{}, "trace": "verbose", "initializationOptions": feeding()}, nil)
	c.notify("initialized", obj{})
	u := sample()
	c.loop.publish(u)
	c.diagnostics(3)
	c.loop.cure = func(context.Context, engine.Host) engine.CureResult {
		return engine.CureResult{Outcome: "cured", ContextID: u.Report.Problems[0].ContextID}
	}
	c.command("gophantom.cure")
	c.logged(`contextIds="[ctx-1 ctx-2]"`)
	c.logged("outcome=cured contextId=ctx-1")
}

// docs/protocol.md names exactly what exists.
func TestProtocolIsDocumented(t *testing.T) {
	doc := readFile(t, "../../../docs/protocol.md")
	documented := map[string]bool{}
	for _, m := range regexp.MustCompile("`(gophantom[./][A-Za-z]+)`").FindAllStringSubmatch(doc, -1) {
		documented[m[1]] = true
	}
	exists := map[string]bool{
		methodStatus: true, methodEditorAction: true,
		commandCheck: true, commandCure: true, commandFix: true, commandUndo: true, commandExplain: true, commandProbe: true, commandBisect: true, commandRecord: true, commandRoute: true, commandRedact: true, commandFleet: true,
	}
	for method := range concurrent {
		exists[method] = exists[method] || strings.HasPrefix(method, "gophantom")
	}
	for method := range notifications {
		exists[method] = exists[method] || strings.HasPrefix(method, "gophantom")
	}
	for name, ours := range exists {
		if ours && !documented[name] {
			t.Errorf("%s is not documented", name)
		}
	}
	for name := range documented {
		if !exists[name] {
			t.Errorf("%s is documented but does not exist", name)
		}
	}
	for _, action := range []string{model.ActionUnsetEnv, model.ActionSetEnv, model.ActionRestartGopls, model.ActionSave, model.ActionReloadGopls, model.ActionInstallGopls, model.ActionRestartExtensions, model.ActionAddFolder, model.ActionShowDiff} {
		if !strings.Contains(doc, "`"+action+"`") {
			t.Errorf("the editor action %s is not documented", action)
		}
	}
}
