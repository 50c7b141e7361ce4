package cli

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// wiretap is a server that notes who asks, and an environment in which it is
// everybody: module proxy, checksum database, and the HTTP proxy in front of the
// rest. Those who do not know its password are not noted: other tests ask ports
// where nobody listens any more, and the port of this server may be one of them.
func wiretap(t *testing.T) (asked func() []string, environ []string) {
	t.Helper()
	password := rand.Text()
	var mu sync.Mutex
	var requests []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		login := http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}
		if _, given, _ := login.BasicAuth(); given == password || strings.HasPrefix(r.URL.Path, "/"+password) {
			mu.Lock()
			requests = append(requests, r.Method+" "+r.URL.String())
			mu.Unlock()
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(server.Close)
	_, verifier := newKeys(t)
	proxy := strings.Replace(server.URL, "http://", "http://tap:"+password+"@", 1)
	asked = func() []string {
		mu.Lock()
		defer mu.Unlock()
		defer func() { requests = nil }()
		return requests
	}
	return asked, []string{"GOPROXY=" + server.URL + "/" + password + ",direct", "GOSUMDB=" + verifier + " " + server.URL + "/" + password, "HTTP_PROXY=" + proxy, "HTTPS_PROXY=" + proxy}
}

// TestNothingButAProbeAsks runs every command, and a language server with all
// that an editor asks of it by itself, where whoever asks is counted. In one
// workspace a module is missing, in the other a whole toolchain.
func TestNothingButAProbeAsks(t *testing.T) {
	asked, environ := wiretap(t)
	gopls := worldtest.Gopls(t, "")
	for name, goLine := range map[string]string{"a module": "1.24", "a toolchain": "1.99"} {
		p := newProber(t, append([]string{"GOTOOLCHAIN=auto", "GOFLAGS="}, environ...)...)
		p.write("go.mod", "module example.com/app\n\ngo "+goLine+"\n\nrequire example.com/dep v1.0.0\n")
		p.write("main.go", "package main\n\nimport _ \"example.com/dep\"\n\nfunc main() {}\n")
		p.write("problems.json", `{"problems":[{"uri":"`+fileURI(filepath.Join(p.dir, "main.go"))+`","range":{"start":{"line":2,"character":9},"end":{"line":2,"character":24}},`+
			`"severity":1,"source":"compiler","code":"BrokenImport","message":"could not import example.com/dep (no required module provides package \"example.com/dep\")"}]}`)
		p.write("go.log", "go: example.com/dep@v1.0.0: reading https://proxy.example/example.com/dep/@v/v1.0.0.mod: 404 Not Found\n")
		runs := map[string][][]string{
			"check": {{"check"}, {"check", "--capture", "capture.json"}, {"check", "--format", "gitlab"}, {"check", "--log", "go.log", "--env", "gopls=shell.env"}}, "env": {{"env"}, {"env", "--all", "--env", "gopls=shell.env"}, {"env", "--compare", "capture.json"}},
			"report": {{"report"}, {"report", "--format", "json", "--env", "gopls=shell.env"}},
			"route":  {{"route"}, {"route", "example.com/dep"}, {"route", "github.com/a/b"}}, "phantoms": {{"phantoms", "--problems", "problems.json", "--env", "gopls=shell.env"}, {"phantoms", "--gopls", gopls, "--env", "gopls=shell.env", "--capture", "phantoms.json"}},
			"contract": {{"contract", "init"}, {"contract", "check"}, {"contract", "explain"}}, "explain": {{"explain", "env-drift"}}, "rules": {{"rules"}}, "schema": {{"schema"}}, "version": {{"version"}}, "help": {{"help"}},
			"bisect": {{"bisect", "--env", "gopls=shell.env"}}, "baseline": {{"baseline", "save"}, {"baseline", "diff"}}, "why": {{"why", "--problems", "problems.json", "--env", "gopls=shell.env"}, {"why", "--gopls", gopls, "--env", "gopls=shell.env"}}, "trace": {{"trace"}}, "proxy": nil, "sumdb": nil, // the last two ask, and say so
			"lsp": nil, // below
		}
		for _, command := range (&app{}).root().Commands() {
			of, known := runs[command.Name()]
			if !known && !command.Hidden {
				t.Errorf("%s is a new command: does it ask anybody?", command.Name())
			}
			for _, args := range of {
				takesEnv := command.Flag("env") != nil
				if takesEnv {
					args = append(args, "--env", "shell=shell.env")
				}
				code, out, errs := p.runPlain(args...)
				if requests := asked(); requests != nil {
					t.Errorf("%s is missing: %q asked\n%q\n%s%s", name, args, requests, out, errs)
				}
				if code == exitUsage {
					t.Errorf("%q proves nothing: %s", args, errs)
				}
			}
		}
		hover := p.editor(environ)
		if requests := asked(); requests != nil {
			t.Errorf("%s is missing: the language server asked %q", name, requests)
		}
		if !strings.Contains(hover, "example.com/dep") {
			t.Errorf("%s is missing: the hover proves nothing: %s", name, hover)
		}
		if _, out, errs := p.runPlain("phantoms", "--gopls", gopls, "--online", "--env", "gopls=shell.env", "--env", "shell=shell.env"); asked() == nil && goLine == "1.99" {
			t.Errorf("a gopls that may use the network is not counted:\n%s%s", out, errs)
		}
		if _, out, errs := p.runPlain("route", "--probe", "example.com/dep", "--env", "shell=shell.env"); asked() == nil && goLine == "1.24" {
			t.Errorf("a probe is not counted:\n%s%s", out, errs)
		}
	}
}

func fileURI(file string) string {
	file = filepath.ToSlash(file)
	if !strings.HasPrefix(file, "/") {
		file = "/" + file
	}
	return (&url.URL{Scheme: "file", Path: file}).String()
}

// runPlain is run without an environment of its own.
func (p prober) runPlain(args ...string) (code int, stdout, stderr string) {
	p.t.Helper()
	w := world.Real()
	w.Dir = p.dir
	w.Environ = []string{"HOME=" + p.dir, "PATH=" + os.Getenv("PATH"), "XDG_CACHE_HOME=" + filepath.Join(p.dir, "ours")}
	var out, errs bytes.Buffer
	code = Main(p.t.Context(), w, args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// editor runs a language server as an editor does: it opens go.mod, lets the
// server look, and hovers over a requirement, whose text comes back.
func (p prober) editor(environ []string) string {
	p.t.Helper()
	w := world.Real()
	w.Dir = p.dir
	w.Environ = append([]string{
		"HOME=" + p.dir, "PATH=" + os.Getenv("PATH"), "GOPATH=" + filepath.Join(p.dir, "go"), "GOCACHE=" + filepath.Join(p.dir, "cache"), "GOENV=off", "GOTOOLCHAIN=auto",
	}, environ...)
	in, toServer := io.Pipe()
	fromServer, out := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		code := Main(p.t.Context(), w, []string{"lsp"}, in, out, io.Discard)
		_ = out.Close()
		ended <- code
	}()
	send := func(message map[string]any) {
		message["jsonrpc"] = "2.0"
		body, err := json.Marshal(message)
		if err != nil {
			p.t.Fatal(err)
		}
		if _, err := fmt.Fprintf(toServer, "Content-Length: %d\r\n\r\n%s", len(body), body); err != nil {
			p.t.Fatal(err)
		}
	}
	answers := make(chan string, 10)
	go func() {
		defer close(answers)
		for r := bufio.NewReader(fromServer); ; {
			header, err := textproto.NewReader(r).ReadMIMEHeader()
			if err != nil {
				return
			}
			n, _ := strconv.Atoi(header.Get("Content-Length"))
			body := make([]byte, n)
			if _, err := io.ReadFull(r, body); err != nil {
				return
			}
			var message struct {
				ID     any             `json:"id"`
				Method string          `json:"method"`
				Result json.RawMessage `json:"result"`
			}
			if json.Unmarshal(body, &message) != nil {
				continue
			}
			switch {
			case message.Method == "" && message.ID != nil:
				answers <- string(body)
			case message.Method != "" && message.ID != nil: // the server asks the editor
				go send(map[string]any{"id": message.ID, "result": nil})
			}
		}
	}()
	id := 0
	ask := func(method string, params any) string {
		id++
		send(map[string]any{"id": id, "method": method, "params": params})
		return <-answers
	}
	mod := fileURI(filepath.Join(p.dir, "go.mod"))
	ask("initialize", map[string]any{"processId": nil, "rootUri": fileURI(p.dir), "capabilities": map[string]any{}, "workspaceFolders": []any{map[string]any{"uri": fileURI(p.dir), "name": "app"}}})
	send(map[string]any{"method": "initialized", "params": map[string]any{}})
	text, err := os.ReadFile(filepath.Join(p.dir, "go.mod"))
	if err != nil {
		p.t.Fatal(err)
	}
	send(map[string]any{"method": "textDocument/didOpen", "params": map[string]any{"textDocument": map[string]any{"uri": mod, "languageId": "go.mod", "version": 1, "text": string(text)}}})
	ask("workspace/executeCommand", map[string]any{"command": "gophantom.check"})
	at := map[string]any{"line": 4, "character": 10}
	ask("textDocument/codeAction", map[string]any{"textDocument": map[string]any{"uri": mod}, "range": map[string]any{"start": at, "end": at}, "context": map[string]any{"diagnostics": []any{}}})
	ask("gophantom/report", map[string]any{})
	ask("gophantom/environmentReport", map[string]any{})
	hover := ask("textDocument/hover", map[string]any{"textDocument": map[string]any{"uri": mod}, "position": at})
	ask("shutdown", nil)
	send(map[string]any{"method": "exit"})
	<-ended
	return hover
}
