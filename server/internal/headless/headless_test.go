package headless

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// fakeEnv makes our own test binary a gopls that misbehaves as it says.
const fakeEnv = "GOPHANTOM_FAKE_GOPLS"

func TestMain(m *testing.M) {
	if how := os.Getenv(fakeEnv); how != "" {
		misbehave(how)
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// live is a lab with a real gopls.
type live struct {
	*worldtest.Lab
	t   *testing.T
	w   *world.World
	opt Options
}

func newLive(t *testing.T) live {
	gopls := worldtest.Gopls(t, "")
	lab := worldtest.NewLab(t)
	lab.Go(lab.Dir, map[string]string{"GOPROXY": "file://" + lab.Proxy, "GOFLAGS": "-modcacherw"}, "mod", "download")
	return live{lab, t, world.Real(), Options{Program: gopls, Env: lab.With("GOPROXY=off"), Dir: lab.Dir, Quiet: 200 * time.Millisecond}}
}

func (l live) run() Result {
	l.t.Helper()
	r, err := Run(l.t.Context(), l.w, l.opt)
	if err != nil || r.Incomplete != "" {
		l.t.Fatalf("%v; %s", err, r.Incomplete)
	}
	if l.w.Processes.Alive(r.PID) {
		l.t.Errorf("gopls (process %d) lives on", r.PID)
	}
	return r
}

// is checks what is shown against lines "file:line code-or-source part of message".
func is(t *testing.T, dir string, problems []model.Problem, want ...string) {
	t.Helper()
	var got []string
	for _, p := range problems {
		rel, _ := filepath.Rel(dir, p.File)
		got = append(got, fmt.Sprintf("%s:%d:%d %d %s %s %s", filepath.ToSlash(rel), p.Range.Start.Line+1, p.Range.Start.Character+1, p.Severity, p.Source, p.Code, p.Message))
	}
	ok := len(got) == len(want)
	for i := range want {
		ok = ok && i < len(got) && strings.HasPrefix(got[i], want[i])
	}
	if !ok {
		t.Errorf("gopls shows\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestLive(t *testing.T) {
	t.Run("healthy", func(t *testing.T) {
		l := newLive(t)
		r := l.run()
		is(t, l.Dir, r.Problems)
		if !strings.HasPrefix(r.Version, "v0.") || !strings.HasPrefix(r.GoVersion, "go1.") || !strings.Contains(r.Log, "Created View") {
			t.Errorf("version %q, built with %q, log:\n%s", r.Version, r.GoVersion, r.Log)
		}
		if len(r.Views) != 1 || r.Views[0].Type != "GoMod" || r.Views[0].Root != l.Dir || r.Views[0].Folder != l.Dir {
			t.Errorf("views: %+v", r.Views)
		}
		if r.Started.IsZero() || r.PID == 0 {
			t.Errorf("process %d started at %v", r.PID, r.Started)
		}
	})
	t.Run("broken import and type error", func(t *testing.T) {
		l := newLive(t)
		l.Write(filepath.Join(l.Dir, "a", "a.go"), "package a\n\nimport _ \"example.com/none\"\n")
		l.Write(filepath.Join(l.Dir, "b", "b.go"), "package b\n\nvar X int = \"x\"\n")
		r := l.run()
		is(t, l.Dir, r.Problems,
			"a/a.go:3:10 1 compiler BrokenImport could not import example.com/none",
			"b/b.go:3:13 1 compiler IncompatibleAssign cannot use \"x\"")
	})
	t.Run("only with an environment", func(t *testing.T) {
		l := newLive(t)
		l.Write(filepath.Join(l.Dir, "a", "a.go"), "package a\n\nvar X = impl()\n")
		l.Write(filepath.Join(l.Dir, "a", "impl.go"), "//go:build foo\n\npackage a\n\nfunc impl() int { return 1 }\n")
		is(t, l.Dir, l.run().Problems, "a/a.go:3:9 1 compiler UndeclaredName undefined: impl")
		l.opt.GoplsEnv = map[string]string{"GOFLAGS": "-tags=foo"}
		is(t, l.Dir, l.run().Problems)
		l.opt.GoplsEnv, l.opt.BuildFlags = nil, []string{"-tags=foo"}
		is(t, l.Dir, l.run().Problems)
	})
	t.Run("orphan", func(t *testing.T) {
		l := newLive(t)
		orphan := filepath.Join(l.Dir, "orphan.go")
		l.Write(orphan, "//go:build foo\n\npackage main\n")
		is(t, l.Dir, l.run().Problems)
		l.opt.Open = []string{orphan, filepath.Join(l.Dir, "gone.go")}
		is(t, l.Dir, l.run().Problems, "orphan.go:3:9 2 go list  No packages found for open file")

		// Without knowing which it is, and with a nested module that nobody uses.
		l.Write(filepath.Join(l.Dir, "nested", "go.mod"), "module example.com/nested\n\ngo 1.24\n")
		l.Write(filepath.Join(l.Dir, "nested", "a.go"), "package nested\n\nvar Right int\n")
		l.Write(filepath.Join(l.Dir, "nested", "sub", "b.go"), "package sub\n\nvar X int = \"x\"\n")
		l.opt.Open = GoFiles(l.w, l.Dir, Build{GOOS: runtime.GOOS, GOARCH: runtime.GOARCH, Release: 24}).Open
		r := l.run()
		is(t, l.Dir, r.Problems, "nested/sub/b.go:3:13 1 compiler IncompatibleAssign", "orphan.go:3:9 2 go list  No packages found for open file")
		if len(r.Views) != 2 {
			t.Errorf("views: %+v", r.Views)
		}
	})
	t.Run("other platform", func(t *testing.T) {
		l := newLive(t)
		goos := "windows"
		if runtime.GOOS == goos {
			goos = "linux"
		}
		file := filepath.Join(l.Dir, "a_"+goos+".go")
		l.Write(file, "package main\n\nvar X int = \"x\"\n")
		l.opt.Open = []string{file}
		r := l.run()
		if len(r.Views) != 2 || len(r.Views[0].EnvOverlay)+len(r.Views[1].EnvOverlay) == 0 {
			t.Errorf("views: %+v", r.Views)
		}
		is(t, l.Dir, r.Problems, "a_"+goos+".go:3:13 1 compiler IncompatibleAssign")
	})
	t.Run("overlay", func(t *testing.T) {
		l := newLive(t)
		l.opt.Overlays = map[string]string{
			l.File:                             "package main\n\nfunc main() { println(none) }\n",
			filepath.Join(l.Dir, "unsaved.go"): "package main\n\nvar X int = \"x\"\n",
		}
		is(t, l.Dir, l.run().Problems, "main.go:3:23 1 compiler UndeclaredName undefined: none", "unsaved.go:3:13 1 compiler IncompatibleAssign")
	})
	t.Run("no go", func(t *testing.T) {
		l := newLive(t)
		l.opt.Env["PATH"] = t.TempDir()
		l.opt.Open = []string{l.File}
		r := l.run()
		if !strings.Contains(r.Log, "go command required") || len(r.Problems) != 1 || len(r.Views) != 0 {
			t.Errorf("%+v", r)
		}
	})
	t.Run("workspace does not load", func(t *testing.T) {
		l := newLive(t)
		l.opt.Env["GOFLAGS"] = "-mod=vendor"
		l.opt.Open = []string{l.File}
		if r := l.run(); len(r.Problems) == 0 || !strings.Contains(r.Problems[0].Message+r.Log, "nconsistent vendoring") {
			t.Errorf("%+v", r)
		}
	})
}

func TestGoFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(dir, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(file), 0o700)
		if err == nil {
			err = os.WriteFile(file, []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/app\n")
	write("tools/go.mod", "module example.com/tools\n")
	for _, name := range []string{
		"main.go", "tools/t.go", "tools/u.go", "x_windows.go", "a/linux.go", "a/x_linux_amd64.go", "a/x_arm64.go", "a/x_windows_amd64.go", "vendor/v.go",
		"testdata/t.go", "_x/x.go", ".git/g.go", "node_modules/n.go", ".hidden.go", "a/text.txt",
	} {
		write(name, "package x\n")
	}
	for name, expr := range map[string]string{
		"in1": "linux && !foo", "in2": "unix", "in3": "go1.24 && cgo", "in4": "!cgo", "in5": "bar", "in6": "&&", "in7": "goexperiment.x", // in the build, or perhaps
		"other1": "windows", "other2": "windows && foo", "other3": "!linux || arm64", "other4": "!unix && !cgo", // of another platform
		"out1": "foo", "out2": "foo && !bar", "out3": "ignore", "out4": "!bar", "out5": "go1.25", "out6": "unix && (foo || gccgo)", "out7_linux": "foo",
	} {
		write("b/"+name+".go", "// Copyright\n\n//go:build "+expr+"\n\npackage b\n")
	}
	is := func(dir, want string) {
		t.Helper()
		found := GoFiles(world.Real(), dir, Build{GOOS: "linux", GOARCH: "amd64", Release: 24, Tags: []string{"bar"}})
		for i, file := range found.Open {
			rel, _ := filepath.Rel(dir, file)
			found.Open[i] = filepath.ToSlash(rel)
		}
		if got := strings.Join(found.Open, " ") + found.Why; got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	is(dir, "main.go b/out1.go b/out2.go b/out3.go b/out4.go b/out5.go b/out6.go b/out7_linux.go tools/t.go")
	is(filepath.Join(dir, "a"), "linux.go") // below a go.mod
	if err := os.Remove(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatal(err)
	}
	is(filepath.Join(dir, "a"), "linux.go x_linux_amd64.go") // in no module
	for i := range mostFiles {
		write(fmt.Sprintf("many/%d.go", i), "package many\n")
	}
	is(dir, dir+" has more than 5000 Go files, so none was opened: problems of nested modules and of files that are in no package are not seen")
}

// TestSession follows a gopls through what happens to its world.
func TestSession(t *testing.T) {
	l := newLive(t)
	other := filepath.Join(l.Dir, "other.go")
	l.Write(l.File, "package main\n\nimport _ \"example.com/greet\"\n\nfunc main() { other() }\n")
	s, err := Start(t.Context(), l.w, l.opt)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	shows := func(want ...string) {
		t.Helper()
		r, err := s.Problems(t.Context())
		if err != nil || r.Incomplete != "" {
			t.Fatalf("%v; %s", err, r.Incomplete)
		}
		is(t, l.Dir, r.Problems, want...)
	}
	undefined := "main.go:5:15 1 compiler UndeclaredName undefined: other"
	shows(undefined)

	// A file that appears is not seen until somebody tells: stale.
	l.Write(other, "package main\n\nfunc other() {}\n")
	shows(undefined)
	do(s.Notify(t.Context(), Change{other, Created}))
	shows()

	// An open file, edited, saved, and changed behind the editor's back.
	do(s.Open(t.Context(), other))
	do(s.Edit(t.Context(), other, "package main\n\nfunc another() {}\n"))
	shows(undefined)
	l.Write(other, "package main\n\nfunc another() {}\n\nfunc other() {}\n")
	do(s.Notify(t.Context(), Change{other, Changed})) // the editor keeps what the user typed
	shows(undefined)
	do(s.Edit(t.Context(), other, "package main\n\nfunc another() {}\n\nfunc other() {}\n"))
	do(s.Save(t.Context(), other))
	shows("other.go:3:6 3 unusedfunc default")
	l.Write(other, "package main\n")
	do(s.Notify(t.Context(), Change{other, Changed}))
	shows(undefined)
	do(s.Edit(t.Context(), other, "package main\n\nfunc other() {}\n"))
	do(s.CloseFile(t.Context(), other)) // which throws the text away
	shows(undefined)

	// A deleted file.
	l.Write(other, "package main\n\nfunc other() { none() }\n")
	do(s.Notify(t.Context(), Change{other, Changed}))
	shows("other.go:3:16 1 compiler UndeclaredName undefined: none")
	do(os.Remove(other))
	shows("other.go:3:16 1 compiler UndeclaredName undefined: none")
	do(s.CycleFolder(t.Context()))
	shows(undefined)

	// Settings.
	l.Write(other, "//go:build foo\n\npackage main\n\nfunc other() {}\n")
	do(s.Notify(t.Context(), Change{other, Created}))
	shows(undefined)
	do(s.Configure(t.Context(), map[string]string{"GOFLAGS": "-tags=foo"}, nil))
	shows()
	do(s.Configure(t.Context(), nil, nil))
	shows() // gopls keeps a setting that is left out
	do(s.Configure(t.Context(), map[string]string{"GOFLAGS": ""}, nil))
	shows(undefined)
	do(s.Configure(t.Context(), nil, []string{"-tags=foo"}))
	shows()

	answer, err := s.ExecuteCommand(t.Context(), "gopls.views")
	if err != nil || !strings.Contains(string(answer), `"GoMod"`) {
		t.Errorf("gopls.views: %s, %v", answer, err)
	}
	if _, err := s.ExecuteCommand(t.Context(), "gopls.none"); err == nil {
		t.Error("gopls has a command gopls.none")
	}
}

// TestNothingIsCounted: gopls starts no helper that reports how it is
// used.
func TestNothingIsCounted(t *testing.T) {
	l := newLive(t)
	s, err := Start(t.Context(), l.w, l.opt)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Problems(t.Context()); err != nil {
		t.Fatal(err)
	}
	below, err := l.w.Processes.Descendants(t.Context(), s.child.PID())
	if err != nil || len(below) > 0 {
		t.Errorf("below gopls there are %+v, %v", below, err)
	}
}

// misbehave is a gopls of the given kind.
func misbehave(how string) {
	in := bufio.NewReader(os.Stdin)
	send := func(v any) {
		data, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		fmt.Printf("Content-Length: %d\r\n\r\n%s", len(data), data)
	}
	diagnose := func(file string, n int) {
		diagnostics := []object{}
		for i := range n {
			at := position{Line: i}
			diagnostics = append(diagnostics, object{"range": object{"start": at, "end": at}, "severity": 1, "source": "compiler", "message": fmt.Sprint("wrong ", i)})
		}
		send(object{"jsonrpc": "2.0", "method": "textDocument/publishDiagnostics", "params": object{"uri": "file://" + file, "diagnostics": diagnostics}})
	}
	progress := func(token, kind, title string) {
		send(object{"jsonrpc": "2.0", "method": "$/progress", "params": object{"token": token, "value": object{"kind": kind, "title": title}}})
	}
	for {
		length := 0
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				os.Exit(0)
			}
			if strings.TrimSpace(line) == "" {
				break
			}
			_, _ = fmt.Sscanf(line, "Content-Length: %d", &length)
		}
		body := make([]byte, length)
		if _, err := io.ReadFull(in, body); err != nil {
			os.Exit(0)
		}
		var m struct {
			ID     json.RawMessage
			Method string
		}
		if err := json.Unmarshal(body, &m); err != nil {
			panic(err)
		}
		switch m.Method {
		case "initialize":
			switch how {
			case "mute":
				select {}
			case "dies at once":
				fmt.Fprintln(os.Stderr, "gopls: unknown flag")
				os.Exit(2)
			case "refuses":
				send(object{"jsonrpc": "2.0", "id": m.ID, "error": object{"code": -32603, "message": "no folders"}})
				continue
			case "deaf":
				send(object{"jsonrpc": "2.0", "id": m.ID, "result": object{}})
				select {}
			}
			send(object{"jsonrpc": "2.0", "id": m.ID, "result": object{"serverInfo": object{"version": "v0.0.1"}}})
		case "initialized":
			progress("1", "begin", "Setting up workspace")
			diagnose("/gone/gone.go", 1) // a file that does not exist
			switch how {
			case "loads for ever":
				continue
			case "crashes":
				fmt.Fprintln(os.Stderr, "some words")
				panic("no such luck")
			case "prints":
				fmt.Println("Hello from a wrapper script")
			case "announces":
				fmt.Print("Content-Length: 1000000000\r\n\r\n{")
			case "breaks off":
				fmt.Print("Content-Length: 1000\r\n\r\n{")
				os.Exit(0)
			case "no json":
				fmt.Print("Content-Length: 5\r\n\r\nhello")
			case "one line":
				fmt.Print(strings.Repeat("x", 1<<20))
			case "floods":
				for i := range 100 {
					diagnose(fmt.Sprintf("/ws/%d.go", i), 100)
				}
			case "floods more":
				for i := range 300 {
					diagnose(fmt.Sprintf("/ws/%d.go", i), 100)
				}
			case "never rests":
				progress("1", "end", "")
				go func() {
					for i := 0; ; i++ {
						diagnose("/ws/a.go", 1+i%2)
						time.Sleep(10 * time.Millisecond)
					}
				}()
				continue
			case "waits for a child":
				child := exec.Command(os.Getenv(fakeEnv + "_CHILD"))
				child.Env = []string{fakeEnv + "=child"}
				if _, err := child.StdinPipe(); err != nil {
					panic(err)
				}
				if err := child.Start(); err != nil {
					panic(err)
				}
			case "odd":
				// Nonsense in well-formed messages harms nobody.
				send(object{"jsonrpc": "2.0", "method": "textDocument/publishDiagnostics", "params": []int{1}})
				send(object{"jsonrpc": "2.0", "method": "textDocument/publishDiagnostics", "params": object{"uri": "git:/x", "diagnostics": []object{{"message": "x"}}}})
				send(object{"jsonrpc": "2.0", "method": "textDocument/publishDiagnostics", "params": object{"uri": "file:///ws/odd.go", "diagnostics": []object{
					{"range": object{"start": object{"line": -3}}, "severity": 9, "code": 17, "message": object{"kind": "markdown", "value": "marked"}},
				}}})
				send(object{"jsonrpc": "2.0", "method": "$/progress"})
				send(object{"jsonrpc": "2.0", "method": "window/nonsense", "params": nil})
				for i, method := range []string{"workspace/applyEdit", "window/showDocument", "window/showMessageRequest", "workspace/workspaceFolders", "client/registerCapability", "no/such"} {
					send(object{"jsonrpc": "2.0", "id": i + 100, "method": method, "params": object{"message": "said"}})
				}
			}
			progress("1", "end", "")
		case "child":
		case "workspace/executeCommand":
			if how != "old" {
				send(object{"jsonrpc": "2.0", "id": m.ID, "result": []object{{"ID": "1", "Type": "GoMod", "Root": "file:///ws", "Folder": "file:///ws"}}})
			} else {
				send(object{"jsonrpc": "2.0", "id": m.ID, "error": object{"code": -32601, "message": "unknown command"}})
			}
		case "shutdown":
			send(object{"jsonrpc": "2.0", "id": m.ID, "result": nil})
		case "exit":
			os.Exit(0)
		}
	}
}

// TestHostile: whatever is started as gopls, there is an answer, and nothing
// lives on.
func TestHostile(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	gone := 1 // the problem of a file that does not exist is one, too
	for how, want := range map[string]struct {
		err        string // there is nothing to show
		problems   int
		incomplete string
		crashed    bool
		timedOut   bool
	}{
		"dies at once":      {err: "gopls ended by itself (exit code 2): gopls: unknown flag"},
		"refuses":           {err: "no folders"},
		"mute":              {err: "gopls did not answer within"},
		"deaf":              {incomplete: "does not answer", timedOut: true},
		"loads for ever":    {problems: gone, incomplete: "at “Setting up workspace”", timedOut: true},
		"never rests":       {problems: gone + 1, incomplete: "goes on showing something else", timedOut: true},
		"waits for a child": {problems: gone, incomplete: "waits for the command", timedOut: true},
		"crashes":           {problems: gone, incomplete: "(exit code 2): panic: no such luck", crashed: true},
		"prints":            {problems: gone, incomplete: "no LSP message", crashed: true},
		"no json":           {problems: gone, incomplete: "no LSP message", crashed: true},
		"one line":          {problems: gone, incomplete: "no LSP message", crashed: true},
		"announces":         {problems: gone, incomplete: "more than 64 MiB", crashed: true},
		"breaks off":        {problems: gone, incomplete: "in the middle of a message", crashed: true},
		"floods":            {problems: gone + 10_000},
		"floods more":       {problems: maxProblems, incomplete: "more than 20000 problems"},
		"old":               {problems: gone},
		"odd":               {problems: gone + 1},
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			opt := Options{Program: self, Env: map[string]string{fakeEnv: how, fakeEnv + "_CHILD": self, "GORACE": "atexit_sleep_ms=0"}, Dir: t.TempDir(), Quiet: 100 * time.Millisecond, Timeout: time.Minute}
			if want.timedOut || how == "mute" {
				opt.Timeout = 2 * time.Second
			}
			w := world.Real()
			if how == "waits for a child" {
				// A wrapper counts as gopls by its name, its command does not.
				opt.Program = filepath.Join(t.TempDir(), "gopls.exe")
				data, err := os.ReadFile(self)
				if err == nil {
					err = os.WriteFile(opt.Program, data, 0o700)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			r, err := Run(t.Context(), w, opt)
			if want.err != "" {
				if err == nil || !strings.Contains(err.Error(), want.err) {
					t.Fatalf("error %v; want %q", err, want.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if w.Processes.Alive(r.PID) {
				t.Errorf("process %d lives on", r.PID)
			}
			if how == "never rests" && len(r.Problems) == gone+2 {
				r.Problems = r.Problems[1:]
			}
			if len(r.Problems) != want.problems || !strings.Contains(r.Incomplete, want.incomplete) || want.incomplete == "" && r.Incomplete != "" || r.Crashed != want.crashed || r.TimedOut != want.timedOut {
				t.Errorf("%d problems, crashed %v, timed out %v: %q; want %+v", len(r.Problems), r.Crashed, r.TimedOut, r.Incomplete, want)
			}
			if how == "old" && r.Views != nil {
				t.Errorf("views: %+v", r.Views)
			}
			if how == "odd" {
				odd := model.Problem{Location: model.Location{File: filepath.FromSlash("/ws/odd.go")}, Severity: 1, Code: "17", Message: "marked"}
				if r.Problems[1] != odd || !strings.Contains(r.Log, "said") {
					t.Errorf("%+v, log %q", r.Problems[1], r.Log)
				}
			}
		})
	}
}
