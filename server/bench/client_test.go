package bench

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/textproto"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// patience is when a benchmark gives up on an answer.
const patience = 30 * time.Second

// object is a JSON object.
type object = map[string]any

// message is one JSON-RPC message of a server.
type message struct {
	ID     *int
	Method string
	Params json.RawMessage
	Result json.RawMessage
	Error  json.RawMessage
}

// server is a language server that we are the client of, at the level of
// bytes: its time is not to hold any of a client library's.
type server struct {
	b        *testing.B
	cmd      *exec.Cmd
	in       io.WriteCloser
	messages chan message // closed when the server closes its output
	log      bytes.Buffer // what it wrote to stderr; read it after stop only
	lastID   int
}

// serve starts a language server.
func serve(b *testing.B, cmd *exec.Cmd) *server {
	b.Helper()
	s := &server{b: b, cmd: cmd, messages: make(chan message, 64)}
	cmd.Stderr = &s.log
	var err error
	if s.in, err = cmd.StdinPipe(); err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	go s.read(out)
	return s
}

func (s *server) read(out io.Reader) {
	defer close(s.messages)
	r := bufio.NewReader(out)
	for {
		header, err := textproto.NewReader(r).ReadMIMEHeader()
		if err != nil {
			return
		}
		length, err := strconv.Atoi(header.Get("Content-Length"))
		if err != nil {
			return
		}
		body := make([]byte, length)
		if _, err := io.ReadFull(r, body); err != nil {
			return
		}
		var m message
		if err := json.Unmarshal(body, &m); err != nil {
			return
		}
		s.messages <- m
	}
}

func (s *server) send(m object) {
	s.b.Helper()
	m["jsonrpc"] = "2.0"
	body, err := json.Marshal(m)
	if err != nil {
		s.b.Fatal(err)
	}
	if _, err := fmt.Fprintf(s.in, "Content-Length: %d\r\n\r\n%s", len(body), body); err != nil {
		s.fail(err.Error())
	}
}

func (s *server) notify(method string, params any) {
	s.b.Helper()
	s.send(object{"method": method, "params": params})
}

// request sends a request and returns its result.
func (s *server) request(method string, params any) json.RawMessage {
	s.b.Helper()
	s.lastID++
	id := s.lastID
	s.send(object{"id": id, "method": method, "params": params})
	m := s.await("an answer to "+method, func(m message) bool { return m.Method == "" && m.ID != nil && *m.ID == id })
	if m.Error != nil {
		s.fail(method + ": " + string(m.Error))
	}
	return m.Result
}

// await returns the next message that fits, and drops those before it.
func (s *server) await(what string, fits func(message) bool) message {
	s.b.Helper()
	deadline := time.After(patience)
	for {
		select {
		case m, ok := <-s.messages:
			if !ok {
				s.fail("the server ended before it sent " + what)
			}
			if fits(m) {
				return m
			}
		case <-deadline:
			s.fail("the server did not send " + what)
		}
	}
}

// fail ends the benchmark with what the server had to say.
func (s *server) fail(why string) {
	s.b.Helper()
	_ = s.cmd.Process.Kill()
	s.stop()
	s.b.Fatalf("%s: %s\n%s", s.cmd.Path, why, s.log.String())
}

// stop closes the connection, which ends the server, and waits for it.
func (s *server) stop() {
	_ = s.in.Close()
	for range s.messages { // until its output is read, Wait must not be called
	}
	_ = s.cmd.Wait() // a language server that was not asked to shut down ends with 1
}
