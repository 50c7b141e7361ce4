package observe

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

const (
	forwarderProc = "-- env/forwarder --\nHOME=/home/gopher\nPATH=/usr/lib/go/bin\nUSER=gopher\nXDG_RUNTIME_DIR=/run/user/1000\nGOPRIVATE=corp.example\n" +
		"-- home/.config/go/env --\nGOPROXY=https://file.example\n" +
		"-- proc/300 --\nppid 100\nenviron forwarder\nargs gopls -remote=auto\nexe /home/gopher/go/bin/gopls\n"
	daemonProc = "-- env/daemon --\nHOME=/home/gopher\nPATH=/daemon/bin\nGOFLAGS=-mod=mod\nGOPROXY=off\nGOWORK=off\n" +
		"-- proc/400 --\nppid 1\nenviron daemon\nargs gopls serve -listen \"unix;/run/user/1000/gopls-abc123-daemon.gopher\"\nexe /home/gopher/go/bin/gopls\n"
)

func TestForwarderAndDaemon(t *testing.T) {
	s := inEditor(t, forwarderProc+daemonProc+"-- home/user.json --\n{\"gopls\": {\"build.env\": {\"GOSUMDB\": \"off\"}}}\n", nil)
	env := environment(t, s, model.EnvGopls)
	if !env.Complete || !env.Predicted {
		t.Fatalf("complete %t because %s", env.Complete, env.Why)
	}
	for variable, want := range map[string]struct {
		value string
		layer model.LayerKind
	}{
		"GOSUMDB":   {"off", model.LayerGoplsSettings},
		"GOPROXY":   {"https://file.example", model.LayerInjected},
		"GOPRIVATE": {"corp.example", model.LayerInjected},
		"GONOPROXY": {"corp.example", model.LayerInjected}, // go env shows its default
		"GOWORK":    {"off", model.LayerProcess},           // never handed on unless it is set
		"PATH":      {"/daemon/bin", model.LayerProcess},
	} {
		if got := env.Lookup(variable); got.Value.Reveal() != want.value || got.Origin.Layer != want.layer {
			t.Errorf("%s = %s of %s, want %s of %s", variable, got.Value.Reveal(), got.Origin.Layer, want.value, want.layer)
		}
	}
	if got := env.Lookup("GOFLAGS"); !got.Value.Empty() {
		t.Errorf("GOFLAGS = %s, which is the daemon's; the forwarder has none", got.Value.Reveal())
	}
	if len(s.Gopls) != 1 || s.Gopls[0].PID != 300 || s.Gopls[0].Daemon != 400 {
		t.Errorf("gopls %+v", s.Gopls)
	}
}

func TestDaemonThatCannotBeTold(t *testing.T) {
	replace := strings.ReplaceAll
	twin := replace(replace(daemonProc[strings.Index(daemonProc, "-- proc"):], "proc/400", "proc/401"), "abc123", "def456")
	for name, sections := range map[string]string{
		"none":                forwarderProc,
		"of another user":     forwarderProc + replace(daemonProc, "daemon.gopher", "daemon.other"),
		"in another place":    forwarderProc + replace(daemonProc, "/run/user/1000", "/tmp"),
		"of another binary":   forwarderProc + replace(daemonProc, "exe /home/gopher/go/bin/gopls", "exe /opt/gopls"),
		"of another name":     forwarderProc + replace(daemonProc, "daemon.gopher", "daemon.gopher-x"),
		"two":                 forwarderProc + daemonProc + twin,
		"on another machine":  replace(forwarderProc, "-remote=auto", "-remote=build.example:37374") + replace(daemonProc, "unix;/run/user/1000/gopls-abc123-daemon.gopher", "build.example:37374"),
		"environment unknown": forwarderProc + replace(daemonProc, "environ daemon\n", ""),
	} {
		t.Run(name, func(t *testing.T) {
			s := inEditor(t, sections, nil)
			if env := environment(t, s, model.EnvGopls); env.Complete || env.Why == "" {
				t.Errorf("complete %t because %q", env.Complete, env.Why)
			}
			if !slices.ContainsFunc(s.Faults, func(f model.Fault) bool { return slices.Contains(f.Hides, string(model.EnvGopls)) }) {
				t.Errorf("nobody says so: %s", faultTexts(s))
			}
		})
	}
}

func TestDaemonAtAnAddress(t *testing.T) {
	for remote, listen := range map[string]string{
		"unix;/run/g":     "unix;/run/g",
		"localhost:37374": ":37374",
		"127.0.0.1:1":     "tcp;localhost:1",
		"auto;team":       "unix;/run/user/1000/gopls-0f0f0f-daemon.gopher-team",
	} {
		s := inEditor(t, strings.ReplaceAll(forwarderProc, "-remote=auto", `"-remote=`+remote+`"`)+
			strings.ReplaceAll(daemonProc, "unix;/run/user/1000/gopls-abc123-daemon.gopher", listen), nil)
		if env := environment(t, s, model.EnvGopls); !env.Complete || s.Gopls[0].Daemon != 400 {
			t.Errorf("-remote=%s does not find -listen=%s: %s", remote, listen, env.Why)
		}
	}
}

// editorProc is a VS Code of the user with a gopls in the workspace.
func editorProc(gopls string) string {
	return launched + "-- proc/90 --\nppid 1\nexe /usr/share/code/code\nargs code --user-data-dir=/home/gopher/data\n" +
		"-- env/gopls --\nHOME=/home/gopher\nPATH=/usr/lib/go/bin\nGOPROXY=off\n" +
		"-- proc/300 --\nppid 100\nenviron gopls\nargs gopls\nexe /home/gopher/go/bin/gopls\ndir " + gopls + "\n"
}

// onCommandLine takes a picture without an editor.
func onCommandLine(t *testing.T, sections string, change func(*Input)) *model.Snapshot {
	t.Helper()
	w, _ := worldtest.Make(t, strings.Replace(sections, "-- proc/100 --\nppid 1\n", "-- proc/100 --\nppid 90\n", 1))
	in := Input{Number: 1, Dir: "/home/gopher/ws", Trusted: true}
	if change != nil {
		change(&in)
	}
	return Take(t.Context(), w, in)
}

func TestRunningGopls(t *testing.T) {
	s := onCommandLine(t, editorProc("/home/gopher/ws")+`-- home/data/User/settings.json --
{"gopls": {"build.env": {"GOSUMDB": "off"}}, "go.inferGopath": true}
-- ws/.vscode/settings.json --
{"go.buildTags": "x"}
`, nil)
	gopls := environment(t, s, model.EnvGopls)
	for variable, want := range map[string]string{
		"GOPROXY": "off :0", "GOSUMDB": "off /home/gopher/data/User/settings.json:1", "GOFLAGS": "-tags=x /home/gopher/ws/.vscode/settings.json:1",
	} {
		if got := where(gopls.Lookup(variable)); got != want {
			t.Errorf("%s = %s, want %s", variable, got, want)
		}
	}
	if launch := environment(t, s, model.EnvEditorLaunch); launch.Lookup("GOPATH").Value.Reveal() != "/launch" || !strings.Contains(launch.Why, "Visual Studio Code") {
		t.Errorf("the editor: %+v", launch)
	}
	if len(s.Gopls) != 1 || s.Gopls[0].PID != 300 || s.Gopls[0].Editor != "Visual Studio Code" || len(s.Faults) > 0 || s.Editor != nil {
		t.Errorf("gopls %+v; faults: %s", s.Gopls, faultTexts(s))
	}
	if !environment(t, s, model.EnvShell).Complete {
		t.Error("our own environment is not the shell's")
	}
}

func TestRunningGoplsOfWhom(t *testing.T) {
	repository := func(dir string) string { return "-- home/" + dir + "/.git/HEAD --\nref: refs/heads/main\n" }
	for name, tt := range map[string]struct {
		gopls, in, more string
		found           bool
	}{
		"the folder itself":             {"/home/gopher/ws", "/home/gopher/ws", "", true},
		"another folder":                {"/home/gopher/other", "/home/gopher/ws", repository("ws") + repository("other"), false},
		"home":                          {"/home/gopher", "/home/gopher/ws", "", false},
		"home, with a repository below": {"/home/gopher", "/home/gopher/ws", repository("ws"), false},
		"above, in one repository":      {"/home/gopher/ws", "/home/gopher/ws/a/b", repository("ws"), true},
		"below, in one repository":      {"/home/gopher/ws/a", "/home/gopher/ws", repository("ws"), true},
		"below, in its own repository":  {"/home/gopher/ws/a", "/home/gopher/ws", repository("ws") + repository("ws/a"), false},
		"beside, in one repository":     {"/home/gopher/ws/a", "/home/gopher/ws/b", repository("ws"), false},
		"above, in one module":          {"/home/gopher/ws", "/home/gopher/ws/a", "-- ws/go.mod --\nmodule x\n", true},
		"above, in another module":      {"/home/gopher/ws", "/home/gopher/ws/a", "-- ws/go.mod --\nmodule x\n-- ws/a/go.mod --\nmodule y\n", false},
		"above, in one go.work":         {"/home/gopher/ws", "/home/gopher/ws/a", "-- ws/go.work --\ngo 1.26\n-- ws/a/go.mod --\nmodule y\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := onCommandLine(t, editorProc(tt.gopls)+tt.more, func(in *Input) { in.Dir = tt.in })
			if _, found := s.Env(model.EnvGopls); found != tt.found || found != (len(s.Gopls) > 0) {
				t.Errorf("found %t, want %t", found, tt.found)
			}
		})
	}
	twin := "-- env/other --\nHOME=/home/gopher\nPATH=/usr/lib/go/bin\nGOPROXY=direct\n-- proc/310 --\nppid 110\nenviron other\nargs gopls\nexe /home/gopher/go/bin/gopls\ndir /home/gopher/ws\n" +
		"-- proc/110 --\nppid 1\nexe /usr/bin/nvim\nargs nvim\nenviron other\n"
	s := onCommandLine(t, editorProc("/home/gopher/ws")+twin, nil)
	if env := environment(t, s, model.EnvGopls); env.Complete || !strings.Contains(env.Why, "process 300 of Visual Studio Code") || !strings.Contains(env.Why, "process 310 of Neovim") {
		t.Errorf("two with different environments: %t, %s", env.Complete, env.Why)
	}
	s = onCommandLine(t, editorProc("/home/gopher/ws")+strings.ReplaceAll(twin, "GOPROXY=direct", "GOPROXY=off"), nil)
	if env := environment(t, s, model.EnvGopls); !env.Complete || len(s.Gopls) != 2 {
		t.Errorf("two that agree: %t, %s, %d", env.Complete, env.Why, len(s.Gopls))
	}
	for name, sections := range map[string]string{
		"another user's": strings.Replace(editorProc("/home/gopher/ws"), "environ gopls\n", "", 1),
		"our own":        strings.Replace(editorProc("/home/gopher/ws"), "proc/300 --\nppid 100", "proc/300 --\nppid 200", 1),
		"a command":      strings.Replace(editorProc("/home/gopher/ws"), "args gopls\n", "args gopls version\n", 1),
		"of a gophantom": editorProc("/home/gopher/ws") + "-- proc/210 --\nppid 1\nexe /x/gophantom\n",
	} {
		if name == "of a gophantom" {
			sections = strings.Replace(sections, "proc/300 --\nppid 100", "proc/300 --\nppid 210", 1)
		}
		s := onCommandLine(t, sections, nil)
		if _, found := s.Env(model.EnvGopls); found || len(s.Gopls) > 0 || len(s.Faults) > 0 {
			t.Errorf("%s was taken, or mentioned: %s", name, faultTexts(s))
		}
	}
	for name, change := range map[string]func(*Input){
		"untrusted": func(in *Input) { in.Trusted = false },
		"captured":  func(in *Input) { in.Captured = map[model.EnvName]map[string]string{model.EnvGopls: {"HOME": "/h"}} },
	} {
		s := onCommandLine(t, editorProc("/home/gopher/ws"), change)
		if len(s.Gopls) > 0 {
			t.Errorf("%s: processes were looked at", name)
		}
	}
}

func TestEditorsOfRunningGopls(t *testing.T) {
	node := func(args string) string {
		return "-- proc/100 --\nppid 90\nenviron launch\nexe /opt/node\nargs node " + args + "\n"
	}
	for name, tt := range map[string]struct{ editor, settings, fault string }{
		"Visual Studio Code":          {"-- proc/100 --\nppid 1\nenviron launch\nexe /usr/share/code/code\n", "home/.config/Code/User/settings.json", ""},
		"Cursor":                      {"-- proc/100 --\nppid 1\nenviron launch\nexe /opt/Cursor/cursor\n", "home/.config/Cursor/User/settings.json", ""},
		"VSCodium":                    {"-- proc/100 --\nppid 1\nenviron launch\nexe /usr/share/codium/codium\n", "home/.config/VSCodium/User/settings.json", ""},
		"code-server":                 {node("/usr/lib/code-server/lib/vscode/out/bootstrap-fork --type=extensionHost"), "home/.local/share/code-server/User/settings.json", ""},
		"Visual Studio Code (server)": {node("/home/gopher/.vscode-server/cli/servers/x/server/out/bootstrap-fork --type=extensionHost"), "home/.vscode-server/data/Machine/settings.json", "on the machine that shows its window"},
		"Neovim":                      {"-- proc/100 --\nppid 1\nenviron launch\nexe /usr/bin/nvim\n", "", "not seen"},
		"Helix":                       {"-- proc/100 --\nppid 1\nenviron launch\nexe /usr/bin/hx\n", "", "not seen"},
		"":                            {"-- proc/100 --\nppid 1\nenviron launch\nexe /bin/sh\n", "", "not known which editor"},
	} {
		t.Run(name, func(t *testing.T) {
			all := editorProc("/home/gopher/ws")
			before, _, _ := strings.Cut(all, "-- proc/100 --")
			_, after, _ := strings.Cut(all, "-- proc/90 --")
			_, after, _ = strings.Cut(after, "-- env/gopls --")
			sections := before + tt.editor + "-- env/gopls --" + after
			if tt.settings != "" {
				sections += "-- " + tt.settings + " --\n{\"gopls\": {\"env\": {\"GOSUMDB\": \"here\"}}}\n"
			}
			w, _ := worldtest.Make(t, sections)
			s := Take(t.Context(), w, Input{Number: 1, Dir: "/home/gopher/ws", Trusted: true})
			env := environment(t, s, model.EnvGopls)
			if len(s.Gopls) != 1 || s.Gopls[0].Editor != name || !env.Complete {
				t.Fatalf("gopls %+v: %s", s.Gopls, env.Why)
			}
			if got := env.Lookup("GOSUMDB").Value.Reveal(); (got == "here") != (tt.settings != "") {
				t.Errorf("GOSUMDB = %q", got)
			}
			if text := faultTexts(s); tt.fault == "" && text != "" || !strings.Contains(text, tt.fault) {
				t.Errorf("faults %q, want %q", text, tt.fault)
			}
			if _, there := s.Env(model.EnvEditorLaunch); there != (name != "") {
				t.Errorf("environment of the editor: %t", there)
			}
		})
	}
}

// TestDaemonLive lets a real forwarder start a session with a real daemon that
// was started elsewhere, and compares what the daemon's go commands really got
// with what we say.
func TestDaemonLive(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the go command is watched by a shell script here")
	}
	gopls := worldtest.Gopls(t, "")
	goPath, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("ws/go.mod", "module example.com/x\n\ngo 1.26\n", 0o644)
	write("ws/x.go", "package x\n", 0o644)
	write("goenv", "GOINSECURE=file.example\nGOVCS=*:all\n", 0o644)
	// The daemon's go writes down its environment, but that of "go env".
	write("bin/go", "#!/bin/sh\ncase \"$1\" in list) env -0 >"+dir+"/seen.$$ && mv "+dir+"/seen.$$ "+dir+"/seen;; esac\nexec "+goPath+" \"$@\"\n", 0o755)
	common := []string{"HOME=" + dir, "GOTELEMETRY=off", "GOCACHE=" + filepath.Join(dir, "cache"), "GOMODCACHE=" + filepath.Join(dir, "mod"), "GOTOOLCHAIN=local", "USER=tester"}
	socket := filepath.Join(dir, "s")
	daemon := exec.Command(gopls, "serve", "-listen=unix;"+socket)
	daemon.Env = append(slices.Clone(common), "PATH="+filepath.Join(dir, "bin")+":/usr/bin:/bin", "GOPROXY=off", "GOFLAGS=-mod=mod", "GONOSUMDB=daemon.example")
	daemon.Dir = dir
	start := func(cmd *exec.Cmd) {
		t.Helper()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
	}
	logged, err := daemon.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(daemon)
	lines := bufio.NewReader(logged)
	if line, err := lines.ReadString('\n'); err != nil || !strings.Contains(line, "listening") {
		t.Fatalf("the daemon says %q, %v", line, err)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()

	forwarder := exec.Command(gopls, "-remote=unix;"+socket)
	forwarder.Env = append(slices.Clone(common), "PATH="+filepath.Dir(goPath)+":/usr/bin:/bin", "GOPROXY=https://forwarder.example", "GOPRIVATE=corp.example", "GOENV="+filepath.Join(dir, "goenv"))
	forwarder.Dir = filepath.Join(dir, "ws")
	stdin, err := forwarder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := forwarder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(forwarder)
	send := func(message string) {
		t.Helper()
		if _, err := fmt.Fprintf(stdin, "Content-Length: %d\r\n\r\n%s", len(message), message); err != nil {
			t.Fatal(err)
		}
	}
	uri := "file://" + filepath.ToSlash(filepath.Join(dir, "ws"))
	send(fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"processId":null,"rootUri":%q,"capabilities":{"workspace":{"configuration":true}},"workspaceFolders":[{"uri":%q,"name":"ws"}],"initializationOptions":{"build.env":{"GOSUMDB":"sum.overlay.example"}}}}`, uri, uri))
	messages := bufio.NewReader(stdout)
	await := func(id string) {
		t.Helper()
		for {
			length := 0
			for {
				line, err := messages.ReadString('\n')
				if err != nil {
					t.Fatalf("the forwarder ended: %v", err)
				}
				if line = strings.TrimSpace(line); line == "" {
					break
				}
				_, _ = fmt.Sscanf(line, "Content-Length: %d", &length)
			}
			body := make([]byte, length)
			if _, err := io.ReadFull(messages, body); err != nil {
				t.Fatal(err)
			}
			var m struct {
				ID     json.RawMessage
				Method string
				Error  json.RawMessage
				Params struct{ Items []json.RawMessage }
			}
			if err := json.Unmarshal(body, &m); err != nil {
				t.Fatal(err)
			}
			if m.Method == "" && string(m.ID) == id {
				if m.Error != nil {
					t.Fatalf("request %s: %s", id, m.Error)
				}
				return
			}
			switch {
			case m.Method == "workspace/configuration": // golang.go answers the settings here, too
				answers := slices.Repeat([]string{`{"build.env":{"GOSUMDB":"sum.overlay.example"}}`}, len(m.Params.Items))
				send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":[%s]}`, m.ID, strings.Join(answers, ",")))
			case m.Method != "" && m.ID != nil:
				send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":null}`, m.ID))
			}
		}
	}
	await("1")
	send(`{"jsonrpc":"2.0","method":"initialized","params":{}}`)
	send(`{"jsonrpc":"2.0","id":2,"method":"workspace/symbol","params":{"query":"x"}}`) // answered once packages are loaded
	await("2")
	seen, err := os.ReadFile(filepath.Join(dir, "seen"))
	if err != nil {
		t.Fatalf("the daemon did not use its own go: %v", err)
	}
	real := world.Variables(strings.Split(string(seen), "\x00"))

	w := world.Real()
	w.PID = -1
	settings := filepath.Join(dir, "user.json")
	write("user.json", `{"gopls": {"build.env": {"GOSUMDB": "sum.overlay.example"}}}`, 0o644)
	s := Take(t.Context(), w, Input{Number: 1, Dir: forwarder.Dir, Trusted: true, Editor: &EditorInput{
		ClientPID: os.Getpid(), Env: map[string]string{}, Settings: []SettingsScope{{Scope: "user", File: settings}},
	}})
	env := environment(t, s, model.EnvGopls)
	if !env.Complete || len(s.Gopls) != 1 || s.Gopls[0].PID != forwarder.Process.Pid || s.Gopls[0].Daemon != daemon.Process.Pid {
		t.Fatalf("gopls %+v: %s", s.Gopls, env.Why)
	}
	process := env.Process()
	for _, name := range []string{"GOPROXY", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE", "GOVCS", "GOSUMDB", "GOFLAGS", "GOENV", "GOROOT", "GOMODCACHE", "GOTOOLCHAIN", "PATH"} {
		if process[name] != real[name] {
			t.Errorf("%s: go got %q, we say %q", name, real[name], process[name])
		}
	}
}

// TestRunningGoplsLive finds a real gopls that a fake editor started.
func TestRunningGoplsLive(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the fake editor is a shell under another name, which works on Linux")
	}
	gopls := worldtest.Gopls(t, "")
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	shellBinary, err := os.ReadFile("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	editor := filepath.Join(dir, "nvim")
	if err := os.WriteFile(editor, shellBinary, 0o755); err != nil {
		t.Fatal(err)
	}
	ws := filepath.Join(dir, "ws")
	if err := os.Mkdir(ws, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(editor, "-c", `GOPROXY=off "$0" & echo $!; wait`, gopls)
	cmd.Args[0] = "nvim"
	cmd.Dir = ws
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GOPROXY=direct"}
	// A shell gives what runs in the background no input of its own.
	cmd.Args[2] = `exec 3<&0; GOPROXY=off "$0" <&3 & echo $!; wait`
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscan(stdout, &pid); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close() // gopls ends, and the shell with it
		_ = cmd.Wait()
	})
	// An answer shows that gopls is itself by now, and not a fork of the shell.
	message := `{"jsonrpc":"2.0","id":1,"method":"nothing"}`
	fmt.Fprintf(stdin, "Content-Length: %d\r\n\r\n%s", len(message), message)
	if _, err := bufio.NewReader(stdout).ReadString('{'); err != nil {
		t.Fatal(err)
	}

	w := world.Real()
	w.PID = -1
	s := Take(t.Context(), w, Input{Number: 1, Dir: ws, Trusted: true})
	if len(s.Gopls) != 1 || s.Gopls[0].PID != pid || s.Gopls[0].Dir != ws || s.Gopls[0].Editor != "Neovim" {
		t.Fatalf("gopls %+v, want process %d", s.Gopls, pid)
	}
	if got := environment(t, s, model.EnvGopls).Lookup("GOPROXY").Value.Reveal(); got != "off" {
		t.Errorf("gopls has GOPROXY=%q", got)
	}
	if got := environment(t, s, model.EnvEditorLaunch).Lookup("GOPROXY").Value.Reveal(); got != "direct" {
		t.Errorf("the editor has GOPROXY=%q", got)
	}
	if s := Take(t.Context(), w, Input{Number: 2, Dir: t.TempDir(), Trusted: true}); len(s.Gopls) > 0 {
		t.Errorf("another folder has gopls %+v", s.Gopls)
	}
}
