package shell

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// Shells run our own executable, which in a test is the test's.
func init() {
	if len(os.Args) == 3 && os.Args[1] == "print-environment" {
		if err := world.PrintEnvironment(os.Stdout, os.Args[2], os.Environ()); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
}

// home is a fresh home directory with start-up files and the environment that
// a shell is started with there.
type home struct {
	dir     string
	environ map[string]string
}

func newHome(t *testing.T, files map[string]string) home {
	t.Helper()
	h := home{dir: t.TempDir()}
	for name, text := range files {
		file := filepath.Join(h.dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	h.environ = map[string]string{
		"HOME": h.dir, "PATH": os.Getenv("PATH"), "USER": "gopher", "TERM": "dumb", "GOPROXY": "inherited", "GOFLAGS": "inherited",
		"GORACE": "atexit_sleep_ms=0", // a binary with the race detector otherwise waits a second at its end
	}
	return h
}

// world is the real one, started with the home's environment.
func (h home) world() *world.World {
	w := world.Real()
	w.Environ = world.Environ(h.environ)
	return w
}

// installed returns the path of a shell.
func installed(t *testing.T, shell string) string {
	t.Helper()
	path, err := exec.LookPath(shell)
	switch {
	case err == nil:
		return path
	case runtime.GOOS == "windows":
		t.Skip("VS Code asks no shell on Windows")
	case os.Getenv("CI") != "":
		t.Fatalf("%s is not installed; install it with the system's package manager, such as: apt-get install %s", shell, shell)
	default:
		t.Skipf("%s is not installed; install it with the system's package manager, such as: apt-get install %s", shell, shell)
	}
	return ""
}

const (
	posixExports = "export GOPRIVATE='corp.example/*,*.corp.example'\nexport GOFLAGS=\nexport GONOSUMDB='a = b'\n" +
		"export CGO_CFLAGS='first\nsecond \"quoted\"'\nexport SECRET_TOKEN=hidden\n"
	fishExports = "set -gx GOPRIVATE 'corp.example/*,*.corp.example'\nset -gx GOFLAGS\nset -gx GONOSUMDB 'a = b'\n" +
		"set -gx CGO_CFLAGS 'first\nsecond \"quoted\"'\nset -gx SECRET_TOKEN hidden\n"
)

// live are real shells, and start-up files that set the same in each.
var live = map[string]map[string]string{
	"bash": {".bash_profile": "export GOVCS=from-profile\n. ~/.bashrc\n", ".bashrc": posixExports},
	"zsh":  {".zprofile": "export GOVCS=from-profile\n", ".zshrc": posixExports},
	"fish": {".config/fish/config.fish": "if status is-login; set -gx GOVCS from-profile; end\n" + fishExports},
	"dash": {".profile": "export GOVCS=from-profile ENV=~/.shinit\n", ".shinit": posixExports},
}

func TestCaptureShell(t *testing.T) {
	for shell, files := range live {
		t.Run(shell, func(t *testing.T) {
			h := newHome(t, files)
			path := installed(t, shell)
			got, fault := capture(t.Context(), h.world(), Options{Shell: path, Timeout: time.Minute})
			if fault != nil {
				t.Fatal(fault.Text)
			}
			for name, want := range map[string]string{
				"GOPRIVATE": "corp.example/*,*.corp.example", "GOFLAGS": "", "GONOSUMDB": "a = b", "CGO_CFLAGS": "first\nsecond \"quoted\"",
				"GOVCS": "from-profile", "GOPROXY": "inherited",
			} {
				if value, ok := got[name]; !ok || value != want {
					t.Errorf("%s=%q (set: %v); want %q", name, value, ok, want)
				}
			}
			for name := range got {
				if !model.Kept(name) {
					t.Errorf("%s is kept", name)
				}
			}
			if runtime.GOOS != "linux" {
				return // no env -0 elsewhere
			}
			cmd := exec.Command(path, "-i", "-l", "-c", "env -0")
			for name, value := range h.environ {
				cmd.Env = append(cmd.Env, name+"="+value)
			}
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{}
			for entry := range strings.SplitSeq(string(out), "\x00") {
				if name, value, _ := strings.Cut(entry, "="); model.Kept(name) && name != "XDG_RUNTIME_DIR" {
					want[name] = value
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("an independent run differs (-independent +captured):\n%s", d)
			}
		})
	}
}

// TestAskKeepsGo checks the answer where a login shell forgets
// the directory of go, and where it does not.
func TestAskKeepsGo(t *testing.T) {
	bash := installed(t, "bash")
	goDir := t.TempDir()
	if err := os.WriteFile(filepath.Join(goDir, "go"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	const forget = "export PATH=/usr/bin:/bin GOVCS=from-profile\n"
	for name, test := range map[string]struct {
		profile string
		login   bool // the login shell is believed
	}{
		"forgets": {forget, false},
		"keeps":   {forget + "export PATH=" + goDir + ":$PATH\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS != "linux" {
				t.Skip("terminals start login shells here")
			}
			h := newHome(t, map[string]string{".bash_profile": test.profile, ".bashrc": "export GOPRIVATE=rc\n"})
			h.environ["PATH"] = goDir + ":/usr/bin:/bin"
			answer := Ask(t.Context(), h.world(), Options{Shell: bash, Timeout: time.Minute})
			got, fault := answer.Vars, answer.Fault
			traced := Trace(t.Context(), h.world(), Options{Shell: bash, Timeout: time.Minute}, answer)
			if profile := filepath.Join(h.dir, ".bash_profile"); !slices.Contains(traced.Files, profile) {
				t.Errorf("%s decides whether go is found, and is not among %q", profile, traced.Files)
			}
			if got == nil || strings.Contains(got["PATH"], goDir) != true {
				t.Fatalf("go is not on PATH=%q; fault %v", got["PATH"], fault)
			}
			if login := got["GOVCS"] == "from-profile"; login != test.login || (fault == nil) != test.login {
				t.Errorf("the answer of the login shell was taken: %v, fault %v", login, fault)
			}
			if !test.login && (got["GOPRIVATE"] != "rc" || len(fault.Hides) > 0) {
				t.Errorf("GOPRIVATE=%q, fault %+v: want an interactive shell and a mere remark", got["GOPRIVATE"], fault)
			}
		})
	}
}

func TestCaptureShellWithBadStartUpFiles(t *testing.T) {
	bash := installed(t, "bash")
	for name, test := range map[string]struct {
		rc      string
		timeout time.Duration
		want    map[string]string // nil: a fault
		fault   string            // in its sentence
	}{
		"hangs":                {rc: "sleep 600", timeout: 500 * time.Millisecond, fault: "did not finish its start-up files within 500ms"},
		"hangs and ignores":    {rc: "trap '' TERM INT HUP; while :; do sleep 600; done", timeout: 500 * time.Millisecond, fault: "within 500ms"},
		"exits with 1":         {rc: "exit 1", fault: "exit code 1"},
		"exits with 0":         {rc: "exit", fault: "ended before its start-up files were done"},
		"execs another shell":  {rc: "exec sh", fault: "exec of another shell"},
		"prints noise":         {rc: "export GOPRIVATE=x; echo noise; echo noise >&2; printf 'no newline'", want: map[string]string{"GOPRIVATE": "x"}},
		"prints without end":   {rc: "export GOPRIVATE=x; yes | head -c 5000000", want: map[string]string{"GOPRIVATE": "x"}},
		"prints too much":      {rc: "yes | head -c 40000000", fault: "prints more than 32 MB"},
		"asks":                 {rc: "read -r answer; export GOPRIVATE=x$answer", want: map[string]string{"GOPRIVATE": "x"}},
		"unsets PATH":          {rc: "export GOPRIVATE=x; unset PATH", want: map[string]string{"GOPRIVATE": "x", "PATH": ""}},
		"fails":                {rc: "export GOPRIVATE=x; nonsense; false", want: map[string]string{"GOPRIVATE": "x"}},
		"syntax error":         {rc: "export GOPRIVATE=x\nif then", want: map[string]string{"GOPRIVATE": "x"}},
		"traces":               {rc: "export GOPRIVATE=x; set -xv", want: map[string]string{"GOPRIVATE": "x"}},
		"fails at logout":      {rc: "export GOPRIVATE=x; trap 'exit 3' EXIT", want: map[string]string{"GOPRIVATE": "x"}, fault: "exit code 3"},
		"hangs at logout":      {rc: "export GOPRIVATE=x; trap 'sleep 600' EXIT", timeout: 3 * time.Second, want: map[string]string{"GOPRIVATE": "x"}, fault: "did not end within 3s"},
		"leaves a job":         {rc: "export GOPRIVATE=x; sleep 5 &", want: map[string]string{"GOPRIVATE": "x"}},
		"knows it is asked":    {rc: "export GOPRIVATE=$VSCODE_RESOLVING_ENVIRONMENT$VSCODE_PID$SNAP", want: map[string]string{"GOPRIVATE": "1"}},
		"not UTF-8":            {rc: `export GOPRIVATE=$'\xff\xfe'`, want: map[string]string{"GOPRIVATE": "\xff\xfe"}},
		"a megabyte in values": {rc: "for i in 1 2 3 4 5 6 7 8 9 10; do export GOX$i=$(head -c 100000 /dev/zero | tr '\\0' x); done; export GOPRIVATE=x", want: map[string]string{"GOPRIVATE": "x", "GOX10": strings.Repeat("x", 100_000)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHome(t, map[string]string{".bash_profile": test.rc + "\n"})
			maps.Copy(h.environ, map[string]string{"SHELL": bash, "VSCODE_PID": "1", "SNAP": "2"})
			timeout := test.timeout
			if timeout == 0 {
				timeout = time.Minute
			}
			got, fault := capture(t.Context(), h.world(), Options{Dir: h.dir, Timeout: timeout})
			if (got == nil) != (test.want == nil) {
				t.Fatalf("%d variables and fault %+v", len(got), fault)
			}
			for name, want := range test.want {
				if got[name] != want {
					t.Errorf("%s is wrong, %d bytes long", name, len(got[name]))
				}
			}
			switch {
			case fault == nil && test.fault != "":
				t.Errorf("no fault; want one with %q", test.fault)
			case fault != nil && (test.fault == "" || !strings.Contains(fault.Text, test.fault)):
				t.Errorf("fault %q; want %q", fault.Text, test.fault)
			case fault != nil && (len(fault.Hides) == 0) != (got != nil):
				t.Errorf("hides %v with %d variables", fault.Hides, len(got))
			}
		})
	}
}

func TestCaptureShellChoosesTheShell(t *testing.T) {
	const passwd = "-- root/etc/passwd --\nroot:x:0:0:root:/root:/bin/bash\nbroken\ngopher:x:1000:1000::/home/gopher:/usr/bin/fish\n"
	const answer = "-- env/shell --\nGOPROXY=off\nSECRET=x\nXDG_RUNTIME_DIR=/run\n"
	recipe := []string{"-i", "-l", "-c"}
	for name, test := range map[string]struct {
		sections, option, goos string
		environ                map[string]string
		path                   string
		args                   []string
		word                   string // how our executable is called
		fault                  string
	}{
		"SHELL":         {sections: passwd + answer, environ: map[string]string{"SHELL": "/bin/zsh"}, path: "/bin/zsh", args: recipe, word: "'/usr/bin/gophantom'"},
		"login shell":   {sections: passwd + answer, environ: map[string]string{}, path: "/usr/bin/fish", args: recipe, word: "'/usr/bin/gophantom'"},
		"nobody says":   {sections: answer, environ: map[string]string{}, path: "/bin/sh", args: recipe, word: "'/usr/bin/gophantom'"},
		"no login":      {sections: answer, environ: map[string]string{"SHELL": "/bin/false"}, path: "/bin/bash", args: recipe, word: "'/usr/bin/gophantom'"},
		"the caller":    {sections: passwd + answer, option: "/bin/tcsh", environ: map[string]string{"SHELL": "/bin/zsh"}, path: "/bin/tcsh", args: []string{"-ic"}, word: "'/usr/bin/gophantom'"},
		"PowerShell":    {sections: answer, environ: map[string]string{"SHELL": "/usr/bin/pwsh"}, path: "/usr/bin/pwsh", args: []string{"-Login", "-Command"}, word: "& '/usr/bin/gophantom'"},
		"Nu":            {sections: answer, environ: map[string]string{"SHELL": "/usr/bin/nu"}, path: "/usr/bin/nu", args: recipe, word: `^"/usr/bin/gophantom"`},
		"by name":       {sections: answer + "-- root/opt/bin/zsh --\n", environ: map[string]string{"SHELL": "zsh", "PATH": "/usr/bin:/opt/bin"}, path: "/opt/bin/zsh", args: recipe, word: "'/usr/bin/gophantom'"},
		"not on PATH":   {sections: answer, environ: map[string]string{"SHELL": "zsh", "PATH": "/usr/bin"}, fault: "not on PATH"},
		"unknown":       {sections: answer, environ: map[string]string{"SHELL": "/usr/sbin/nologin"}, fault: "/usr/sbin/nologin cannot be asked"},
		"missing":       {environ: map[string]string{"SHELL": "/bin/zsh"}, fault: "/bin/zsh does not exist"},
		"on Windows":    {sections: answer, goos: "windows", environ: map[string]string{}, fault: "cmd is not on PATH"},
		"hangs":         {sections: "-- exec/1 --\nzsh ...\nhang\n", environ: map[string]string{"SHELL": "/bin/zsh"}, fault: "within 10s"},
		"prints a half": {sections: "-- exec/1 --\nzsh ...\nstdout\nX begin\n", environ: map[string]string{"SHELL": "/bin/zsh"}, fault: "ended before"},
	} {
		t.Run(name, func(t *testing.T) {
			w, s := worldtest.Make(t, test.sections)
			if test.goos != "" {
				w.GOOS = test.goos
			}
			w.Environ = world.Environ(test.environ)
			vars, fault := capture(t.Context(), w, Options{Shell: test.option, Dir: "/home/gopher/ws"})
			if test.fault != "" {
				if fault == nil || !strings.Contains(fault.Text, test.fault) || vars != nil || len(fault.Hides) == 0 {
					t.Fatalf("fault %+v with %d variables; want %q", fault, len(vars), test.fault)
				}
				return
			}
			if fault != nil {
				t.Fatal(fault.Text)
			}
			if d := cmp.Diff(map[string]string{"GOPROXY": "off"}, vars); d != "" {
				t.Error(d)
			}
			c := s.Commands()[0]
			last := len(c.Args) - 1
			if c.Path != test.path || c.Dir != "/home/gopher/ws" || !cmp.Equal(c.Args[:last], test.args) || !strings.HasPrefix(c.Args[last], test.word+" print-environment ") {
				t.Errorf("ran %s %q in %s", c.Path, c.Args, c.Dir)
			}
		})
	}
}

func TestCaptureShellStartsWhereTheEditorDid(t *testing.T) {
	const sections = "-- env/launch --\nSHELL=/bin/zsh\nUSER=gopher\nVSCODE_IPC_HOOK=x\nVSCODE_PORTABLE=y\nELECTRON_NO_ASAR=1\nGOPROXY=launched\n" +
		"-- proc/150 --\nppid 100\nenviron launch\n-- proc/151 --\nppid 100\n-- env/shell --\nGOPROXY=off\n"
	w, s := worldtest.Make(t, sections)
	if _, fault := capture(t.Context(), w, Options{ClientPID: 150}); fault != nil {
		t.Fatal(fault.Text)
	}
	want := map[string]string{
		"SHELL": "/bin/zsh", "USER": "gopher", "VSCODE_PORTABLE": "y", "GOPROXY": "launched",
		"ELECTRON_RUN_AS_NODE": "1", "ELECTRON_NO_ATTACH_CONSOLE": "1", "VSCODE_RESOLVING_ENVIRONMENT": "1",
	}
	if d := cmp.Diff(want, world.Variables(s.Commands()[0].Env)); d != "" {
		t.Error(d)
	}
	for _, pid := range []int{151, 999} { // nothing to read, and nobody there
		if vars, fault := capture(t.Context(), w, Options{ClientPID: pid}); fault == nil || vars != nil || len(s.Commands()) != 1 {
			t.Errorf("process %d: %v, %+v, after %d commands; want a fault and no command", pid, vars, fault, len(s.Commands()))
		}
	}
}

func TestCaptureShellIsInterrupted(t *testing.T) {
	w, _ := worldtest.Make(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if vars, fault := capture(ctx, w, Options{}); vars != nil || fault == nil || !strings.Contains(fault.Text, "interrupted") {
		t.Errorf("%v, %+v", vars, fault)
	}
}

// TestEnvironmentPrintedTwice: what is printed in between is noticed.
func TestEnvironmentPrintedTwice(t *testing.T) {
	const environ = "GOPROXY=off\x00GOFLAGS=a\nb=c\x00GOPROXY=second\x00SECRET=x\x00broken\x00"
	for name, test := range map[string]struct {
		output string
		err    error
	}{
		"whole":             {"noise\nS begin\n" + environ + environ + "S end\nlogout\n", nil},
		"nothing":           {"noise", world.ErrNoEnvironment},
		"no end":            {"\nS begin\n" + environ + environ, world.ErrTornEnvironment},
		"noise in between":  {"\nS begin\n" + environ + "noise" + environ + "S end\n", world.ErrTornEnvironment},
		"noise in an entry": {"\nS begin\nGOPROXY=o!ff\x00GOPROXY=off\x00S end\n", world.ErrTornEnvironment},
		"an entry cut":      {"\nS begin\nGOPROXY=ofGOPROXY=ofS end\n", world.ErrTornEnvironment},
	} {
		vars, err := parseTwice([]byte(test.output), "S", model.Kept)
		if err != test.err || err == nil && (vars["GOFLAGS"] != "a\nb=c" || vars["SECRET"] != "") {
			t.Errorf("%s: %q, %v; want %v", name, vars, err, test.err)
		}
	}
	vars, _ := parseTwice([]byte("\nS begin\n"+environ+environ+"S end\n"), "S", model.Kept)
	if d := cmp.Diff(map[string]string{"GOPROXY": "off", "GOFLAGS": "a\nb=c"}, vars); d != "" {
		t.Error(d)
	}
}
