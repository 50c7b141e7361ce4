package worldtest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/gophantom/gophantom/server/internal/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFiles(t *testing.T) {
	w, s := Load(t, "testdata/machine.txtar")
	read := func(name, want string) {
		t.Helper()
		if data, err := w.Files.ReadFile(name); err != nil || string(data) != want {
			t.Errorf("%s holds %q, %v; want %q", name, data, err, want)
		}
	}
	read("/home/gopher/.profile", "export GOPRIVATE=example.com\n")
	read("/home/gopher/ws/go.mod", "module example.com/app\n")
	read("/opt/go/VERSION", defaultGo+"\n")
	if real, err := w.Files.EvalSymlinks("/opt/go/bin/go"); err != nil || real != "/usr/lib/go/bin/go" {
		t.Errorf("the go command is at %q, %v", real, err)
	}
	if info, err := w.Files.Stat("/home/gopher/go/bin/gopls"); err != nil || info.Mode() != 0o755 {
		t.Errorf("gopls: %v, %v", info, err)
	}
	if _, err := w.Files.ReadFile("/home/gopher/dangling"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a dangling link: %v", err)
	}
	if _, err := w.Files.ReadFile("/home/gopher"); !errors.Is(err, world.ErrNotRegular) {
		t.Errorf("a directory: %v", err)
	}
	entries, err := w.Files.ReadDir("/opt/go")
	if err != nil || len(entries) != 2 {
		t.Errorf("GOROOT holds %v, %v; want VERSION and bin", entries, err)
	}

	for name, want := range map[string]error{
		"/home/gopher/ws": nil, "/opt/go/VERSION": fs.ErrPermission, "/usr/lib/go/VERSION": fs.ErrPermission, "/usr/lib/go/pkg": fs.ErrNotExist,
	} {
		if err := w.Files.Writable(name); !errors.Is(err, want) {
			t.Errorf("Writable(%s) = %v, want %v", name, err, want)
		}
	}

	if err := w.Files.ReplaceFile("/home/gopher/.profile", []byte("x"), nil); !errors.Is(err, world.ErrChanged) {
		t.Errorf("replacing something else: %v", err)
	}
	if err := w.Files.ReplaceFile("/home/gopher/.profile", []byte("export GOPRIVATE=example.com\n"), []byte("new")); err != nil {
		t.Error(err)
	}
	read("/home/gopher/.zshrc", "new")
	if err := w.Files.ReplaceFile("/home/gopher/.zshrc", nil, []byte("x")); !errors.Is(err, world.ErrChanged) {
		t.Errorf("creating what exists: %v", err)
	}
	if err := w.Files.ReplaceFile("/home/gopher/dangling", nil, []byte("made")); err != nil {
		t.Error(err)
	}
	read("/home/gopher/missing/file", "made")

	dir, err := w.Files.MkdirTemp("gophantom-*")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Files.WriteTemp(dir+"/a/b", []byte("temp")); err != nil {
		t.Error(err)
	}
	read(dir+"/a/b", "temp")
	if err := w.Files.RemoveTemp(dir); err != nil {
		t.Error(err)
	}
	if _, err := w.Files.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s after it was removed: %v", dir, err)
	}
	if text, ok := s.Section("facts.json"); !ok || text != "{}\n" {
		t.Errorf("facts.json is %q, %v", text, ok)
	}
}

func TestWindows(t *testing.T) {
	file := filepath.Join(t.TempDir(), "windows.txtar")
	story := `-- goos --
windows
-- env/self --
Path=/usr/bin
GoProxy=off
-- registered --
machine Path=/usr/bin
machine GOPROXY=direct
user path=/usr/lib/go/bin
user GOPROXY=off
system USERPROFILE=/home/gopher
`
	if err := os.WriteFile(file, []byte(story), 0o600); err != nil {
		t.Fatal(err)
	}
	w, _ := Load(t, file)
	if w.GOOS != "windows" || w.VariableName("Path") != "PATH" {
		t.Errorf("the platform is %q, and Path is %q", w.GOOS, w.VariableName("Path"))
	}
	if diff := cmp.Diff([]string{"PATH=/usr/bin", "GOPROXY=off"}, w.Environ); diff != "" {
		t.Errorf("our environment (-want +got):\n%s", diff)
	}
	got, err := w.Registered(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	user, machine := keys["user"], keys["machine"]
	want := []world.RegisteredVariable{
		{Name: "GOPROXY", Value: "off", From: []world.RegisteredValue{{Key: user, Value: "off"}, {Key: machine, Value: "direct"}}},
		{
			Name: "PATH", Value: "/usr/bin" + string(filepath.ListSeparator) + "/usr/lib/go/bin",
			From: []world.RegisteredValue{{Key: machine, Value: "/usr/bin"}, {Key: user, Value: "/usr/lib/go/bin"}},
		},
		{Name: "USERPROFILE", Value: "/home/gopher"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("registered (-want +got):\n%s", diff)
	}
}

func TestExec(t *testing.T) {
	w, s := Load(t, "testdata/machine.txtar")
	goCommand := func(c world.Command) world.Command {
		c.Path = "/usr/lib/go/bin/go"
		return c
	}
	off := []string{"GOPROXY=off", "HOME=/home/gopher"}
	for name, test := range map[string]struct {
		command world.Command
		want    world.Result
		err     error
	}{
		"fits": {
			goCommand(world.Command{Args: []string{"list", "a b", "anything"}, Env: off, Dir: "/home/gopher/ws"}),
			world.Result{Stdout: []byte("one\n\ntwo\n"), Stderr: []byte("three\n"), Code: 1},
			nil,
		},
		"a variable that must not be set": {
			goCommand(world.Command{Args: []string{"list", "a b", "anything"}, Env: append(off, "GOFLAGS="), Dir: "/home/gopher/ws"}),
			world.Result{Stderr: []byte("only this\n")},
			nil,
		},
		"another directory": {
			goCommand(world.Command{Args: []string{"list", "a b", "anything"}, Env: off}),
			world.Result{Stderr: []byte("only this\n")},
			nil,
		},
		"hangs":                        {world.Command{Path: "/bin/bash", Args: []string{"-c", "x"}}, world.Result{Code: -1}, world.ErrTimeout},
		"no output":                    {world.Command{Path: "/bin/true"}, world.Result{}, nil},
		"one argument more":            {world.Command{Path: "/bin/true", Args: []string{"x"}}, world.Result{Code: -1}, world.ErrNotFound},
		"a path that only looks alike": {world.Command{Path: "/bin/go", Args: []string{"list"}}, world.Result{Code: -1}, world.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := w.Exec.Run(t.Context(), test.command)
			if d := cmp.Diff(test.want, got); d != "" || !errors.Is(err, test.err) {
				t.Errorf("%v; %s", err, d)
			}
		})
	}
	if n := len(s.Commands()); n != 7 {
		t.Errorf("%d commands were run", n)
	}

	r, err := w.Exec.Run(t.Context(), world.Command{Path: "/bin/zsh", Args: []string{"-c", "'/usr/bin/gophantom' print-environment mark"}})
	if err != nil {
		t.Fatal(err)
	}
	vars, err := world.ParseEnvironment(r.Stdout, "mark", func(string) bool { return true })
	if d := cmp.Diff(s.Envs["shell"], vars); d != "" || err != nil {
		t.Errorf("the shell's environment: %v; %s", err, d)
	}
}

func TestProcesses(t *testing.T) {
	w, _ := Load(t, "testdata/machine.txtar")
	got, err := w.Processes.Descendants(t.Context(), w.PPID)
	want := []world.Process{
		{PID: 300, PPID: 100, Exe: "/home/gopher/go/bin/gopls", Args: []string{"gopls", "two words"}, Started: start.Add(-4*time.Minute - 5*time.Second)},
		{PID: 301, PPID: 300, Started: start},
	}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v; %s", err, d)
	}
	environ, err := w.Processes.Environ(t.Context(), 300)
	if d := cmp.Diff([]string{"GOPROXY=direct"}, environ); d != "" || err != nil {
		t.Errorf("%v; %s", err, d)
	}
	if _, err := w.Processes.Environ(t.Context(), 999); !errors.Is(err, world.ErrNoProcess) || w.Processes.Alive(999) || !w.Processes.Alive(w.PPID) {
		t.Errorf("process 999: %v", err)
	}
}

func TestClockAndWatch(t *testing.T) {
	w, s := Load(t, "testdata/machine.txtar")
	soon, late := w.Clock.After(time.Second), w.Clock.After(time.Minute)
	s.AwaitTimers(2)
	before := w.Clock.Now()
	s.Step(time.Second)
	if now := <-soon; now.Sub(before) != time.Second || !w.Clock.Now().Equal(now) {
		t.Errorf("the timer fired at %v", now)
	}
	select {
	case <-late:
		t.Error("a timer fired too early")
	default:
	}

	ctx, cancel := context.WithCancel(t.Context())
	files, err := w.Watch.Files(ctx)
	if err != nil {
		t.Fatal(err)
	}
	files.Set([]string{"/home/gopher/other"})
	files.Set([]string{"/home/gopher/.profile", "/home/gopher/.config/go/env"})
	events := files.Events()
	s.Write("/home/gopher/other", nil)
	s.Write("/home/gopher/.zshrc", []byte("through the link"))
	s.Write("/home/gopher/.zshrc", []byte("again"))
	s.Write("/home/gopher/.config/go/env", []byte("GOPROXY=off\n"))
	await := func(want string) {
		t.Helper()
		for name := range events {
			if name == want {
				return
			}
			if name != "/home/gopher/.profile" { // once more, if it was taken between its two changes
				t.Fatalf("%s is reported; want %s", name, want)
			}
		}
	}
	await("/home/gopher/.profile")
	await("/home/gopher/.config/go/env")
	s.Remove("/home/gopher/.config/go/env")
	await("/home/gopher/.config/go/env")
	files.Set([]string{"/home/gopher/conf.d/"})
	s.Write("/home/gopher/conf.d/sub/file", nil)
	s.Write("/home/gopher/conf.d/file", nil)
	await("/home/gopher/conf.d/")
	cancel()
	for range events { // until it is closed
	}
}
