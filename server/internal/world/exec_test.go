package world

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// Our own test binary is the command that the tests run: it behaves alike on
// every platform. What it does is its first argument.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if act, ok := acts[os.Args[1]]; ok {
			act(os.Args[2:])
			os.Exit(0)
		}
	}
	goleak.VerifyTestMain(m)
}

var acts = map[string]func(args []string){
	"act:lines": func(args []string) {
		n, _ := strconv.Atoi(args[0])
		out := bufio.NewWriter(os.Stdout)
		for i := range n {
			fmt.Fprintln(out, i)
		}
		_ = out.Flush()
	},
	"act:exit": func(args []string) {
		fmt.Print("out")
		fmt.Fprint(os.Stderr, "err")
		n, _ := strconv.Atoi(args[0])
		os.Exit(n)
	},
	"act:getenv": func(args []string) { fmt.Print(os.Getenv(args[0])) },
	"act:environ": func([]string) {
		_ = PrintEnvironment(os.Stdout, "mark", os.Environ())
	},
	"act:echo": func([]string) {
		fmt.Fprint(os.Stderr, "listening")
		_, _ = io.Copy(os.Stdout, os.Stdin)
		fmt.Print("bye")
		os.Exit(4)
	},
	"act:pwd": func([]string) {
		dir, _ := os.Getwd()
		fmt.Print(dir)
	},
	"act:stdin": func([]string) {
		n, err := io.Copy(io.Discard, os.Stdin)
		fmt.Print(n, err)
	},
	// Tells the address that it lives, and lives until the connection ends.
	"act:hang": func(args []string) { hang(args[0], "self") },
	// Starts a grandchild that keeps our output open and hangs like it.
	"act:hang-with-child": func(args []string) {
		startChild("act:hang-as-child", args[0])
		hang(args[0], "self")
	},
	// Leaves such a grandchild behind and ends.
	"act:leave-child": func(args []string) {
		startChild("act:hang-as-child", args[0])
		fmt.Print("done")
	},
	"act:hang-as-child": func(args []string) { hang(args[0], "child") },
}

func startChild(act, arg string) {
	child := exec.Command(os.Args[0], act, arg)
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	if err := child.Start(); err != nil {
		panic(err)
	}
}

func hang(addr, who string) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		panic(err)
	}
	fmt.Println("printed before the end")
	fmt.Fprintln(conn, who, os.Getpid())
	_, _ = io.Copy(io.Discard, conn) // the test never writes: this ends with the connection
}

// lives listens for hanging processes.
type lives struct {
	net.Listener
	t *testing.T
}

// life is one of them: its connection ends when the process does.
type life struct {
	who  string
	pid  int
	conn net.Conn
}

func listen(t *testing.T) lives {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return lives{l, t}
}

func (l lives) accept(n int) []life {
	var out []life
	for range n {
		conn, err := l.Accept()
		if err != nil {
			return out
		}
		l.t.Cleanup(func() { _ = conn.Close() })
		var a life
		a.conn = conn
		if _, err := fmt.Fscan(conn, &a.who, &a.pid); err != nil {
			l.t.Error(err)
		}
		out = append(out, a)
	}
	return out
}

// awaitEnd returns once the process has gone.
func (a life) awaitEnd(t *testing.T) {
	t.Helper()
	_ = a.conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	_, err := io.Copy(io.Discard, a.conn)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		t.Errorf("%s is still alive", a.who)
	}
}

func act(name string, args ...string) Command {
	return Command{
		Path: os.Args[0], Args: append([]string{"act:" + name}, args...), Timeout: time.Minute,
		Env: []string{"GORACE=atexit_sleep_ms=0"}, // a binary with the race detector otherwise waits a second at its end
	}
}

func TestRun(t *testing.T) {
	ctx := context.Background()
	run := Real().Exec.Run

	r, err := run(ctx, act("exit", "3"))
	if err != nil || r.Code != 3 || string(r.Stdout) != "out" || string(r.Stderr) != "err" || r.Truncated {
		t.Errorf("exit 3: %+v, %v", r, err)
	}

	c := act("getenv", "NAME")
	big := strings.Repeat("x", 100_000) // Linux allows 128 KiB for one
	if runtime.GOOS == "windows" {
		big = big[:32_000] // and Windows 32 KiB
	}
	c.Env = []string{"NAME=" + big}
	if r, err := run(ctx, c); err != nil || string(r.Stdout) != big {
		t.Errorf("a big variable: %d bytes came back, %v", len(r.Stdout), err)
	}

	t.Setenv("GOPHANTOM_TEST_OURS", "ours")
	c = act("environ")
	c.Env = nil
	r, err = run(ctx, c)
	vars, parseErr := ParseEnvironment(r.Stdout, "mark", func(name string) bool { return name == "GOPHANTOM_TEST_OURS" })
	if err != nil || parseErr != nil || len(vars) != 0 {
		t.Errorf("a command without environment got ours: %v, %v, %v", vars, err, parseErr)
	}

	c = act("pwd")
	c.Dir, _ = filepath.EvalSymlinks(t.TempDir())
	if r, err := run(ctx, c); err != nil || string(r.Stdout) != c.Dir {
		t.Errorf("ran in %q, want %q, %v", r.Stdout, c.Dir, err)
	}

	if r, err := run(ctx, act("stdin")); err != nil || string(r.Stdout) != "0 <nil>" {
		t.Errorf("standard input is not empty: %q, %v", r.Stdout, err)
	}
	c = act("stdin")
	c.Stdin = []byte("hello")
	if r, err := run(ctx, c); err != nil || string(r.Stdout) != "5 <nil>" {
		t.Errorf("of five bytes on standard input: %q, %v", r.Stdout, err)
	}
}

func TestRunKeepsTheHeadOfLongOutput(t *testing.T) {
	c := act("lines", "1000000")
	r, err := Real().Exec.Run(context.Background(), c)
	if err != nil || r.Truncated || strings.Count(string(r.Stdout), "\n") != 1_000_000 {
		t.Errorf("a million lines: %d bytes, truncated %v, %v", len(r.Stdout), r.Truncated, err)
	}
	whole := r.Stdout
	c.MaxOutput = 1 << 20
	r, err = Real().Exec.Run(context.Background(), c)
	if err != nil || r.Code != 0 || !r.Truncated || !slices.Equal(r.Stdout, whole[:1<<20]) {
		t.Errorf("capped: %d bytes, truncated %v, exit %d, %v", len(r.Stdout), r.Truncated, r.Code, err)
	}
}

func TestRunCannotStart(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	if _, err := Real().Exec.Run(ctx, Command{Path: filepath.Join(dir, "none")}); !errors.Is(err, ErrNotFound) {
		t.Errorf("missing executable: %v; want ErrNotFound", err)
	}
	c := act("exit", "0")
	c.Dir = filepath.Join(dir, "none")
	if _, err := Real().Exec.Run(ctx, c); err == nil || errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), c.Dir) {
		t.Errorf("missing directory: %v; want an error that names it", err)
	}
	c.Dir = filepath.Join(dir, "file")
	write(t, c.Dir, "")
	if _, err := Real().Exec.Run(ctx, c); err == nil {
		t.Error("ran in a file")
	}
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Real().Exec.Run(ctx, act("exit", "0")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v; want context.Canceled", err)
	}
}

func TestRunKillsTheWholeTreeOnCancel(t *testing.T) {
	l := listen(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	type outcome struct {
		r   Result
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		r, err := Real().Exec.Run(ctx, act("hang-with-child", l.Addr().String()))
		done <- outcome{r, err}
	}()
	both := l.accept(2)
	cancel()
	out := <-done
	if !errors.Is(out.err, context.Canceled) || out.r.Code != -1 || !strings.Contains(string(out.r.Stdout), "printed before the end") {
		t.Errorf("got %+v, %v", out.r, out.err)
	}
	for _, a := range both {
		a.awaitEnd(t)
	}
}

func TestRunTimesOut(t *testing.T) {
	l := listen(t)
	c := act("hang-with-child", l.Addr().String())
	c.Timeout = 500 * time.Millisecond
	r, err := Real().Exec.Run(context.Background(), c)
	if !errors.Is(err, ErrTimeout) || r.Code != -1 || r.Elapsed < c.Timeout {
		t.Errorf("got exit %d after %v, %v", r.Code, r.Elapsed, err)
	}
}

func TestRunDoesNotWaitForWhatStays(t *testing.T) {
	l := listen(t)
	r, err := Real().Exec.Run(context.Background(), act("leave-child", l.Addr().String()))
	if err != nil || r.Code != 0 || !strings.Contains(string(r.Stdout), "done") {
		t.Fatalf("got %+v, %v", r, err)
	}
	child := l.accept(1)[0]
	if !Real().Processes.Alive(child.pid) {
		t.Error("what a command left running was killed after a normal exit")
	}
	_ = child.conn.Close() // ends it
}

func TestProcesses(t *testing.T) {
	l := listen(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := act("hang-with-child", l.Addr().String())
	value := "line one\nline two = \xff"
	if runtime.GOOS == "windows" {
		value = "line one\nline two = ÿ" // an environment is UTF-16 there
	}
	c.Env = []string{"GOPHANTOM_TEST=" + value, "EMPTY="}
	done := make(chan struct{})
	before := time.Now()
	go func() {
		defer close(done)
		_, _ = Real().Exec.Run(ctx, c)
	}()
	pids := map[string]int{}
	for _, a := range l.accept(2) {
		pids[a.who] = a.pid
	}
	processes := Real().Processes

	found, err := processes.Descendants(ctx, os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	self := slices.IndexFunc(found, func(p Process) bool { return p.PID == pids["self"] })
	child := slices.IndexFunc(found, func(p Process) bool { return p.PID == pids["child"] })
	if self < 0 || child < self {
		t.Fatalf("%+v lacks %v, or has the child first", found, pids)
	}
	if found[self].PPID != os.Getpid() || found[child].PPID != pids["self"] {
		t.Errorf("parents are wrong: %+v", found)
	}
	exe, _ := filepath.EvalSymlinks(os.Args[0])
	if found[self].Exe != exe || !slices.Equal(found[self].Args[1:], c.Args) {
		t.Errorf("binary %q with %q; want %q with %q", found[self].Exe, found[self].Args, exe, c.Args)
	}
	// The boot time that it is computed from counts whole seconds.
	if d := found[self].Started.Sub(before); d.Abs() > 10*time.Second {
		t.Errorf("started %v away from when it was started", d)
	}
	again, err := processes.Descendants(ctx, os.Getpid())
	if err != nil || !slices.ContainsFunc(again, func(p Process) bool { return p.PID == pids["self"] && p.Started.Equal(found[self].Started) }) {
		t.Errorf("the start time is not stable: %+v, then %+v, %v", found, again, err)
	}

	environ, err := processes.Environ(ctx, pids["self"])
	if err != nil || !slices.Contains(environ, c.Env[0]) || !slices.Contains(environ, c.Env[1]) {
		t.Errorf("environment %q, %v; want %q in it", environ, err, c.Env)
	}
	if slices.Contains(environ, "") {
		t.Errorf("an empty entry in %q", environ)
	}
	if !processes.Alive(pids["self"]) || !processes.Alive(os.Getpid()) {
		t.Error("a living process is said to be dead")
	}

	base := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	listed, err := processes.List(ctx, func(name string) bool { return name == base })
	if err != nil || !slices.ContainsFunc(listed, func(p Process) bool { return p.PID == pids["self"] && p.Exe == exe }) {
		t.Errorf("processes named %s: %+v, %v; want %d among them", base, listed, err, pids["self"])
	}
	if others, err := processes.List(ctx, func(string) bool { return false }); err != nil || len(others) > 0 {
		t.Errorf("processes with no name: %+v, %v", others, err)
	}
	here, _ := os.Getwd()
	if dir, err := processes.WorkDir(ctx, pids["self"]); err != nil || dir != here {
		t.Errorf("directory %q, %v; want %q", dir, err, here)
	}
	giveUp, tired := context.WithCancel(context.Background())
	gaveUp, ended := make(chan error), make(chan error)
	go func() { gaveUp <- processes.Wait(giveUp, pids["self"]) }()
	go func() { ended <- processes.Wait(context.Background(), pids["self"]) }()
	tired()
	if err := <-gaveUp; !errors.Is(err, context.Canceled) {
		t.Errorf("waiting for a living process, cancelled: %v", err)
	}
	select {
	case err := <-ended:
		t.Errorf("a living process is said to have ended: %v", err)
	default:
	}

	cancel()
	<-done
	if err := <-ended; err != nil {
		t.Errorf("waiting for a process that ended: %v", err)
	}
	if err := processes.Wait(context.Background(), pids["self"]); err != nil {
		t.Errorf("waiting for a process that has ended long ago: %v", err)
	}
	if processes.Alive(pids["self"]) || processes.Alive(0) || processes.Alive(-1) {
		t.Error("a dead process is said to be alive")
	}
	if _, err := processes.Environ(context.Background(), pids["self"]); !errors.Is(err, ErrNoProcess) {
		t.Errorf("environment of a dead process: %v; want ErrNoProcess", err)
	}
	if _, err := processes.Descendants(context.Background(), pids["self"]); !errors.Is(err, ErrNoProcess) {
		t.Errorf("descendants of a dead process: %v; want ErrNoProcess", err)
	}
}

// TestHandedThrough gives a command our input, and hands its output on as it
// comes.
func TestHandedThrough(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr strings.Builder
	result, err := realExec{}.Run(t.Context(), Command{
		Path: self, Args: []string{"act:echo"}, Env: os.Environ(), Input: strings.NewReader("given "), Stdout: &stdout, Stderr: &stderr, Timeout: NoTimeout,
	})
	if err != nil || result.Code != 4 || len(result.Stdout)+len(result.Stderr) > 0 {
		t.Errorf("%+v, %v", result, err)
	}
	if stdout.String() != "given bye" || stderr.String() != "listening" {
		t.Errorf("stdout %q, stderr %q", stdout.String(), stderr.String())
	}
}
