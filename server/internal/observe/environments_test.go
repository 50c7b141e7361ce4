package observe

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/shell"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// launched is an extension host, process 100, with the environment env/launch.
const launched = "-- env/launch --\nHOME=/home/gopher\nPATH=/usr/lib/go/bin:/usr/bin\nGOPATH=/launch\n-- proc/100 --\nppid 1\nenviron launch\nexe /usr/share/code/code\n"

// inEditor takes a picture with an editor whose settings are the files of the
// scenario.
func inEditor(t *testing.T, sections string, change func(*Input)) *model.Snapshot {
	t.Helper()
	w, _ := worldtest.Make(t, launched+sections)
	in := Input{Number: 1, Dir: "/home/gopher/ws", Trusted: true, Editor: &EditorInput{
		ClientPID: 100, Env: map[string]string{"HOME": "/home/gopher", "PATH": "/usr/lib/go/bin:/usr/bin", "GOPATH": "/launch"},
		Extension: &model.GoExtension{Active: true, UseLanguageServer: true},
		Settings: []SettingsScope{
			{Scope: "user", File: "/home/gopher/user.json"}, {Scope: "folder", File: "/home/gopher/ws/.vscode/settings.json"},
		},
	}}
	if change != nil {
		change(&in)
	}
	return Take(t.Context(), w, in)
}

// where is a value with the place it comes from, as "value file:line".
func where(s model.Setting) string {
	if !s.Set {
		return "unset"
	}
	return fmt.Sprintf("%s %s:%d", s.Value.Reveal(), s.Origin.File, s.Origin.Line)
}

func environment(t *testing.T, s *model.Snapshot, name model.EnvName) model.Env {
	t.Helper()
	env, ok := s.Env(name)
	if !ok {
		t.Fatalf("there is no environment %s", name)
	}
	return env
}

func faultTexts(s *model.Snapshot) string {
	var texts []string
	for _, f := range s.Faults {
		at := ""
		if f.Location != nil {
			at = fmt.Sprintf("%s:%d ", f.Location.File, f.Location.Range.Start.Line+1)
		}
		texts = append(texts, at+f.Subject+": "+f.Text)
	}
	return strings.Join(texts, "\n")
}

func TestDebugEnvs(t *testing.T) {
	s := inEditor(t, `-- home/user.json --
{"go.toolsEnvVars": {"GOFLAGS": "-mod=mod", "GOSUMDB": "off"}}
-- ws/.vscode/launch.json --
// Debug.
{
	"version": "0.2.0",
	"configurations": [
		{"name": "Plain", "type": "go", "request": "launch", "program": "."},
		{"name": "Script", "type": "node", "request": "launch", "env": {"GOPROXY": "off"}},
		{"name": "Attach", "type": "go", "request": "attach", "env": {"GOPROXY": "off"}},
		{"name": "Run a binary", "type": "go", "request": "launch", "mode": "exec", "env": {"GOPROXY": "off"}},
		{"name": "Same as Plain", "type": "go", "request": "launch", "mode": "test"},
		{
			"name": "With env", "type": "go", "request": "launch", "mode": "debug",
			"envFile": ["${workspaceFolder}/a.env", "${workspaceFolder}/b.env"],
			"env": {
				"GOFLAGS": "-race -gcflags=-l -tags=x", // gone: -gcflags
				"GOPRIVATE": "${env:GOPATH}",
				"GOSUMDB": null,
				"SECRET": "x",
			},
			"linux": {"buildFlags": "-v"},
		},
		{"name": "Other on Linux", "type": "go", "request": "launch", "env": {"GOOS": "windows"}, "linux": {"env": {"GOOS": "js"}}},
	],
}
-- ws/a.env --
GOPROXY=https://a.example
GONOPROXY=a
-- ws/b.env --
# second
export GOPROXY="https://b.example/${GOPATH}"
GOFLAGS=-never
`, nil)
	var names []string
	for _, e := range s.Envs {
		if strings.HasPrefix(string(e.Name), "debug") {
			names = append(names, string(e.Name))
			if !e.Complete || !e.Predicted {
				t.Errorf("%s: %+v", e.Name, e.Why)
			}
		}
	}
	if want := []string{"debug", "debug:With env", "debug:Other on Linux"}; !slices.Equal(names, want) {
		t.Fatalf("environments %q, want %q; faults: %s", names, want, faultTexts(s))
	}
	const launch = "/home/gopher/ws/.vscode/launch.json"
	for _, tt := range []struct{ env, variable, want string }{
		{"debug", "GOFLAGS", "-mod=mod /home/gopher/user.json:1"},
		{"debug", "GOPATH", "/launch :0"},
		{"debug", "GOPROXY", "unset"},
		{"debug:With env", "GOFLAGS", "-race -tags=x " + launch + ":14"},
		{"debug:With env", "GOPRIVATE", "/launch " + launch + ":15"},
		{"debug:With env", "GOSUMDB", "unset"},
		{"debug:With env", "GOPROXY", "https://b.example//launch /home/gopher/ws/b.env:2"},
		{"debug:With env", "GONOPROXY", "a /home/gopher/ws/a.env:2"},
		{"debug:Other on Linux", "GOOS", "js " + launch + ":21"},
	} {
		if got := where(environment(t, s, model.EnvName(tt.env)).Lookup(tt.variable)); got != tt.want {
			t.Errorf("%s: %s = %s, want %s", tt.env, tt.variable, got, tt.want)
		}
	}
	proxy := environment(t, s, "debug:With env").Lookup("GOPROXY")
	if len(proxy.Shadows) != 1 || proxy.Shadows[0].Value.Reveal() != "https://a.example" || proxy.Shadows[0].Origin.Line != 1 {
		t.Errorf("GOPROXY hides %+v, want the value of the first file", proxy.Shadows)
	}
	if _, kept := environment(t, s, "debug:With env").Process()["SECRET"]; kept {
		t.Error("a secret was kept")
	}
	if len(s.Faults) > 0 {
		t.Errorf("faults: %s", faultTexts(s))
	}
	for _, file := range []string{launch, "/home/gopher/ws/a.env", "/home/gopher/ws/b.env"} {
		if !slices.Contains(WatchList(s, nil), file) {
			t.Errorf("%s is not watched", file)
		}
	}
}

func TestDebugEnvFaults(t *testing.T) {
	config := func(more string) string {
		return "-- ws/.vscode/launch.json --\n{\"configurations\": [\n{\"name\": \"It\", \"type\": \"go\", \"request\": \"launch\",\n" + more + "}]}\n"
	}
	for name, tt := range map[string]struct {
		sections, fault string
		complete        bool
	}{
		"missing env file":     {config(`"envFile": "/home/gopher/ws/gone.env"`), "launch.json:3 launch.json: The env file /home/gopher/ws/gone.env cannot be read (it does not exist).", false},
		"relative env file":    {config(`"envFile": "gone.env"`), "not absolute", false},
		"unknown variable":     {config(`"env": {"GOPROXY": "${config:proxy}"}`), "launch.json:3 launch.json: GOPROXY", false},
		"not in the allowlist": {config(`"env": {"GOPROXY": "${env:TOKEN}"}`), "${env:TOKEN}", false},
		"env is a text":        {config(`"env": "GOPROXY=off"`), "must be an object, but is a string", true},
		"a number":             {config(`"env": {"GOPROXY": 1}`), "must be a text or null, but is a number", true},
		"envFile is an object": {config(`"envFile": {}`), "must be a text or an array", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := inEditor(t, tt.sections, nil)
			if text := faultTexts(s); !strings.Contains(text, tt.fault) {
				t.Errorf("faults:\n%s\nwant %s", text, tt.fault)
			}
			if env := environment(t, s, model.EnvDebug); env.Complete != tt.complete || !tt.complete && env.Why == "" {
				t.Errorf("complete %t because %q", env.Complete, env.Why)
			}
		})
	}
	for name, tt := range map[string]struct{ text, fault string }{
		"broken":                  {`{"configurations": [}`, "launch.json is not valid"},
		"no array":                {`{"configurations": {"type": "go"}}`, "must be an array, but is an object"},
		"elements of other kinds": {`{"configurations": [1, null, "go", [], {"type": 5}]}`, ""},
		"empty":                   {"", ""},
		"byte order mark":         {"\ufeff{\"configurations\": []}", ""},
		"deep":                    {strings.Repeat("[", 1<<20), "launch.json is not valid"},
		"long":                    {`{"configurations": [` + strings.Repeat(`{"type":"go","request":"launch","name":"a","env":{"GOOS":"js"}},`, 5<<20/64) + `]}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := inEditor(t, "-- ws/.vscode/launch.json --\n"+tt.text+"\n", nil)
			if text := faultTexts(s); tt.fault == "" && text != "" || !strings.Contains(text, tt.fault) {
				t.Errorf("faults:\n%s\nwant %q", text, tt.fault)
			}
		})
	}
}

func TestDebugInWorkspaceFile(t *testing.T) {
	const team = `-- home/team.code-workspace --
{"folders": [{"path": "ws"}], "launch": {"configurations": [
	{"type": "go", "request": "launch", "name": "Team", "env": {"GOPRIVATE": "${workspaceFolder}"}}]}}
`
	scope := SettingsScope{Scope: "workspace", File: "/home/gopher/team.code-workspace"}
	s := inEditor(t, team, func(in *Input) { in.Editor.Settings = append(in.Editor.Settings, scope) })
	if got := where(environment(t, s, model.EnvDebug).Lookup("GOPRIVATE")); got != "/home/gopher/ws /home/gopher/team.code-workspace:2" {
		t.Errorf("GOPRIVATE = %s", got)
	}
	s = inEditor(t, team, func(in *Input) {
		in.Editor.Settings = append(in.Editor.Settings, scope)
		in.Folders = []string{"/home/gopher/ws", "/home/gopher/other"}
	})
	if env := environment(t, s, model.EnvDebug); env.Complete {
		t.Errorf("with two folders it is not known which one ${workspaceFolder} is: %+v", env)
	}
}

func TestTestEnv(t *testing.T) {
	s := inEditor(t, `-- ws/.vscode/settings.json --
{
	"go.toolsEnvVars": {"GOPROXY": "off", "GOFLAGS": "-mod=mod"},
	"go.testEnvFile": "${workspaceFolder}/test.env",
	"go.testEnvVars": {
		"GOFLAGS": "${env:GOPATH}", "GOSUMDB": 1,
		"GOCACHE": "~/cache"
	}
}
-- ws/test.env --
GOPROXY=https://test.example/${GOPATH}
GOFLAGS=-x
`, nil)
	env := environment(t, s, model.EnvTest)
	const file = "/home/gopher/ws/.vscode/settings.json"
	for variable, want := range map[string]string{
		"GOFLAGS": "${env:GOPATH} " + file + ":5", // not filled in here
		"GOSUMDB": "1 " + file + ":5",
		"GOCACHE": "/home/gopher/cache " + file + ":6",
		"GOPROXY": "https://test.example//launch /home/gopher/ws/test.env:1",
		"GOPATH":  "/launch :0",
	} {
		if got := where(env.Lookup(variable)); got != want {
			t.Errorf("%s = %s, want %s", variable, got, want)
		}
	}
	if !env.Complete || !env.Predicted || len(s.Faults) > 0 {
		t.Errorf("complete %t; faults: %s", env.Complete, faultTexts(s))
	}

	s = inEditor(t, "-- home/user.json --\n{\"go.testEnvFile\": \"/gone.env\"}\n", nil)
	if env := environment(t, s, model.EnvTest); !env.Complete || !strings.Contains(faultTexts(s), "user.json:1 go.testEnvFile: The env file /gone.env") {
		t.Errorf("the extension goes on without the file; complete %t, faults: %s", env.Complete, faultTexts(s))
	}

	s = inEditor(t, "", nil)
	if _, there := s.Env(model.EnvTest); there {
		t.Error("without a setting of its own, the environment of tests is that of the tools")
	}
}

func TestToolsBeforeTheExtensionStarts(t *testing.T) {
	const sections = "-- home/user.json --\n{\"go.goroot\": \"${env:HOME}/sdk\"}\n-- home/sdk/bin/go --\nx\n-- home/sdk/VERSION --\ngo1.30\n"
	s := inEditor(t, sections, func(in *Input) { in.Editor.Extension.Active = false })
	tools := environment(t, s, model.EnvTools)
	if got := where(tools.Lookup("GOROOT")); got != "/home/gopher/sdk /home/gopher/user.json:1" {
		t.Errorf("GOROOT = %s", got)
	}
	if got := tools.Lookup("PATH").Value.Reveal(); got != "/home/gopher/sdk/bin:/usr/lib/go/bin:/usr/bin" {
		t.Errorf("PATH = %s", got)
	}
	// Once it runs, the environment of the extension host says it all.
	s = inEditor(t, sections, nil)
	if got := environment(t, s, model.EnvTools).Process()["GOROOT"]; got != "" {
		t.Errorf("GOROOT = %s", got)
	}
	s = inEditor(t, "-- home/user.json --\n{\"go.goroot\": \"/gone\", \"go.alternateTools\": {\"go\": \"/gone/go\", \"gopls\": \"mygopls\"}}\n", nil)
	for _, want := range []string{"user.json:1 go.goroot: ", "user.json:1 go.alternateTools go: "} {
		if !strings.Contains(faultTexts(s), want) {
			t.Errorf("faults:\n%s\nwant %s", faultTexts(s), want)
		}
	}
	if strings.Contains(faultTexts(s), "gopls") && strings.Contains(faultTexts(s), "mygopls") {
		t.Errorf("a bare name is looked for on PATH: %s", faultTexts(s))
	}
}

func TestInferredGopath(t *testing.T) {
	const infer = "-- home/user.json --\n{\"go.inferGopath\": true, \"go.gopath\": \"/set\"}\n"
	s := inEditor(t, infer+"-- root/src-tree/SRC/example.com/a/x.go --\npackage a\n", func(in *Input) { in.Dir = "/src-tree/SRC/example.com/a" })
	tools := environment(t, s, model.EnvTools)
	if got := where(tools.Lookup("GOPATH")); got != "/src-tree:/launch /home/gopher/user.json:1" || !tools.Complete {
		t.Errorf("GOPATH = %s, complete %t", got, tools.Complete)
	}
	s = inEditor(t, infer+"-- root/src-tree/go.mod --\nmodule x\n-- root/src-tree/src/a/x.go --\npackage a\n", func(in *Input) { in.Dir = "/src-tree/src/a" })
	if got := environment(t, s, model.EnvTools).Lookup("GOPATH").Value.Reveal(); got != "/set" {
		t.Errorf("in a module GOPATH = %s, want what go.gopath says", got)
	}
	s = inEditor(t, infer, nil)
	if tools := environment(t, s, model.EnvTools); tools.Complete || !strings.Contains(faultTexts(s), "go.inferGopath: ") {
		t.Errorf("without src it depends on the open file: %+v", tools.Why)
	}
}

// answered are the answers of a shell whose .zshrc sets GOPROXY after .zshenv
// did, and adds to PATH.
func answered() shell.Answer {
	value := model.NewValue
	return shell.Answer{
		Done: true, Shell: "/bin/zsh",
		Vars: map[string]string{"HOME": "/home/gopher", "PATH": "/home/gopher/bin:/usr/lib/go/bin:/usr/bin", "GOPATH": "/launch", "GOPROXY": "https://z.example", "GOSUMDB": "off", "GOFLAGS": "-mod=mod"},
		Lines: map[string][]shell.Line{
			"GOPROXY": {{File: "/home/gopher/.zshrc", Line: 18, Value: value("https://z.example")}, {File: "/home/gopher/.zshenv", Line: 2, Value: value("direct")}},
			"PATH":    {{File: "/home/gopher/.zshrc", Line: 3, Value: value("/home/gopher/bin:/usr/lib/go/bin:/usr/bin"), Note: "found by reading the file"}},
			"GOSUMDB": {{File: "/home/gopher/.zprofile", Line: 1, Value: value("off")}},
			"GOFLAGS": {{File: "/home/gopher/.zshrc", Line: 4, Value: value("-mod=vendor")}}, // not the last word
		},
		Files: []string{"/home/gopher/.zshrc", "/home/gopher/.zshenv"},
	}
}

func TestShellOrigins(t *testing.T) {
	s := inEditor(t, "-- env/login --\nHOME=/home/gopher\nGOPROXY=https://z.example\n-- proc/150 --\nppid 1\nenviron login\n", func(in *Input) {
		in.Editor.Shell, in.Editor.ShellHome = answered(), answered()
		in.Editor.ClientPID = 150
		in.Editor.Env["GOPROXY"] = "https://z.example"
		in.Editor.Env["GOSUMDB"] = "sum.example"
		in.Editor.ShellHome.Files = []string{"/etc/zshenv", "/home/gopher/.zshrc"}
	})
	for _, name := range []model.EnvName{model.EnvShell, model.EnvShellHome} {
		env := environment(t, s, name)
		proxy := env.Lookup("GOPROXY")
		if got := where(proxy); got != "https://z.example /home/gopher/.zshrc:18" {
			t.Errorf("%s: GOPROXY = %s", name, got)
		}
		if len(proxy.Shadows) != 1 || proxy.Shadows[0].Origin.File != "/home/gopher/.zshenv" || proxy.Shadows[0].Value.Reveal() != "direct" {
			t.Errorf("%s: GOPROXY hides %+v", name, proxy.Shadows)
		}
		if got := env.Lookup("PATH").Origin; got.Line != 3 || got.Note != "found by reading the file" {
			t.Errorf("%s: PATH comes from %+v", name, got)
		}
		if got := where(env.Lookup("GOFLAGS")); got != "-mod=mod :0" {
			t.Errorf("%s: a line that did not have the last word was named: GOFLAGS = %s", name, got)
		}
	}
	editor := environment(t, s, model.EnvEditor)
	if got := editor.Lookup("GOPROXY").Origin; got.File != "/home/gopher/.zshrc" || got.Line != 18 || got.Note != "in a new shell" {
		t.Errorf("the editor's GOPROXY comes from %+v", got)
	}
	if got := environment(t, s, model.EnvEditorLaunch).Lookup("GOPROXY").Origin; got.Line != 18 {
		t.Errorf("GOPROXY of the start comes from %+v", got)
	}
	if got := editor.Lookup("GOPATH").Origin; !strings.Contains(got.Note, "not there when the editor started") {
		t.Errorf("GOPATH comes from %+v", got)
	}
	if got := where(editor.Lookup("GOSUMDB")); got != "sum.example :0" {
		t.Errorf("another value has the line of the shell's: %s", got)
	}
	if want := []string{"/etc/zshenv", "/home/gopher/.zshenv", "/home/gopher/.zshrc"}; !slices.Equal(s.StartUp, want) {
		t.Errorf("start-up files %q, want %q", s.StartUp, want)
	}
}

func TestTerminalEnv(t *testing.T) {
	const settings = `-- home/user.json --
{
	"terminal.integrated.env.linux": {
		"GOPRIVATE": "${workspaceFolderBasename}.example",
		"GOPROXY": "never",
		"GOPATH": null,
		"PATH": "/opt/bin:${env:PATH}",
	},
	"terminal.integrated.env.osx": {"GOOS": "js"},
}
`
	s := inEditor(t, settings, func(in *Input) { in.Editor.Shell = answered() })
	env := environment(t, s, model.EnvTerminal)
	if !env.Complete || !env.Predicted {
		t.Fatalf("complete %t because %s", env.Complete, env.Why)
	}
	for variable, want := range map[string]string{
		"GOPROXY":   "https://z.example /home/gopher/.zshrc:18", // the start-up files have the last word
		"GOPRIVATE": "ws.example /home/gopher/user.json:3",
		"GOPATH":    "/home/gopher/go :0", // the default: null took it away
		"PATH":      "/home/gopher/bin:/opt/bin:/usr/lib/go/bin:/usr/bin /home/gopher/.zshrc:3",
		"GOSUMDB":   "unset", // .zprofile does not run in a terminal of Linux
		"GOOS":      "unset",
	} {
		if got := where(env.Lookup(variable)); got != want {
			t.Errorf("%s = %s, want %s", variable, got, want)
		}
	}
	if hidden := env.Lookup("GOPROXY").Shadows; len(hidden) != 2 || hidden[1].Origin.Layer != model.LayerTerminalEnv && hidden[0].Origin.Layer != model.LayerTerminalEnv {
		t.Errorf("GOPROXY hides %+v", hidden)
	}

	// The Go extension put its Go in front.
	s = inEditor(t, "-- home/sdk/bin/go --\nx\n", func(in *Input) {
		in.Editor.Shell = answered()
		in.Editor.Env["PATH"] = "/home/gopher/sdk/bin:/usr/lib/go/bin:/usr/bin"
	})
	if got := environment(t, s, model.EnvTerminal).Lookup("PATH").Value.Reveal(); got != "/home/gopher/sdk/bin:/home/gopher/bin:/usr/lib/go/bin:/usr/bin" {
		t.Errorf("PATH = %s", got)
	}

	for name, change := range map[string]func(*Input){
		"no answer":         func(in *Input) {},
		"untrusted":         func(in *Input) { in.Editor.Shell, in.Trusted = answered(), false },
		"launch is unknown": func(in *Input) { in.Editor.Shell, in.Editor.ClientPID = answered(), 999 },
	} {
		t.Run(name, func(t *testing.T) {
			if env := environment(t, inEditor(t, settings, change), model.EnvTerminal); env.Complete || env.Why == "" {
				t.Errorf("complete %t because %q", env.Complete, env.Why)
			}
		})
	}
	s = inEditor(t, "-- home/user.json --\n{\"terminal.integrated.inheritEnv\": false}\n", func(in *Input) { in.Editor.Shell = answered() })
	if env := environment(t, s, model.EnvTerminal); env.Complete || !strings.Contains(env.Why, "inheritEnv") {
		t.Errorf("complete %t because %q", env.Complete, env.Why)
	}
}

func TestDebugInTheTerminal(t *testing.T) {
	const sections = `-- home/user.json --
{"go.toolsEnvVars": {"GOSUMDB": "tools"}, "terminal.integrated.env.linux": {"GOPRIVATE": "terminal"}}
-- ws/.vscode/launch.json --
{"configurations": [{"name": "It", "type": "go", "request": "launch", "console": "integratedTerminal", "env": {"GOFLAGS": "-x"}}]}
`
	s := inEditor(t, sections, func(in *Input) {
		in.Editor.Shell = answered()
		in.Editor.Env["GOPROXY"] = "of the editor alone"
	})
	env := environment(t, s, model.EnvDebug)
	got := map[string]string{}
	for _, name := range []string{"GOSUMDB", "GOPRIVATE", "GOFLAGS", "GOPROXY", "GOPATH"} {
		got[name] = env.Lookup(name).Value.Reveal()
	}
	want := map[string]string{"GOSUMDB": "tools", "GOPRIVATE": "terminal", "GOFLAGS": "-x", "GOPROXY": "https://z.example", "GOPATH": "/launch"}
	if d := cmp.Diff(want, got); d != "" || !env.Complete {
		t.Errorf("complete %t: %s\n%s", env.Complete, env.Why, d)
	}
	if env := environment(t, inEditor(t, sections, nil), model.EnvDebug); env.Complete {
		t.Error("the terminal is not known, so neither is what is debugged in it")
	}
}

func TestGoplsBuildFlags(t *testing.T) {
	const gopls = "-- env/gopls --\nHOME=/home/gopher\nPATH=/usr/lib/go/bin\n-- proc/300 --\nppid 100\nenviron gopls\nargs gopls\nexe /home/gopher/go/bin/gopls\n"
	for name, tt := range map[string]struct{ settings, more, want string }{
		"none":                  {`{}`, "", "unset"},
		"tags":                  {`{"go.buildTags": "a,b"}`, "", "-tags=a,b /home/gopher/user.json:1"},
		"flags and tags":        {`{"go.buildFlags": ["-mod=mod"], "go.buildTags": "a b"}`, "", "-mod=mod '-tags=a b' /home/gopher/user.json:1"},
		"flags have tags":       {`{"go.buildFlags": ["-tags", "x"], "go.buildTags": "a"}`, "", "-tags=x /home/gopher/user.json:1"},
		"its own option wins":   {`{"gopls": {"build.buildFlags": ["-race"]}, "go.buildTags": "a"}`, "", "-race /home/gopher/user.json:1"},
		"behind build.env":      {`{"gopls": {"build.env": {"GOFLAGS": "-v"}}, "go.buildTags": "a"}`, "", "-v -tags=a /home/gopher/user.json:1"},
		"behind the GOENV file": {`{"go.buildTags": "a"}`, "-- home/.config/go/env --\nGOFLAGS=-mod=mod\n", "-mod=mod -tags=a /home/gopher/user.json:1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := inEditor(t, gopls+"-- home/user.json --\n"+tt.settings+"\n"+tt.more, nil)
			env := environment(t, s, model.EnvGopls)
			if got := where(env.Lookup("GOFLAGS")); got != tt.want || !env.Complete {
				t.Errorf("GOFLAGS = %s, want %s (%s)", got, tt.want, env.Why)
			}
		})
	}
}

func TestSeveralFolders(t *testing.T) {
	const gopls = "-- env/gopls --\nHOME=/home/gopher\nPATH=/usr/lib/go/bin\n-- proc/300 --\nppid 100\nenviron gopls\nargs gopls\nexe /home/gopher/go/bin/gopls\ndir /home/gopher/ws\n"
	s := inEditor(t, gopls+`-- ws/.vscode/settings.json --
{"go.toolsEnvVars": {"GOPROXY": "ours"}}
-- home/other/.vscode/settings.json --
{"go.toolsEnvVars": {"GOPROXY": "theirs"}}
`, func(in *Input) {
		in.Folders = []string{"/home/gopher/other", "/home/gopher/ws"}
		in.Editor.Settings = append(in.Editor.Settings, SettingsScope{Scope: "folder", File: "/home/gopher/other/.vscode/settings.json"})
	})
	if got := environment(t, s, model.EnvTools).Lookup("GOPROXY").Value.Reveal(); got != "ours" {
		t.Errorf("GOPROXY = %s", got)
	}
	if env := environment(t, s, model.EnvGopls); !strings.Contains(env.Why, "one gopls serves 2 folders") {
		t.Errorf("why: %s", env.Why)
	}
	if len(s.Gopls) != 1 || s.Gopls[0].Dir != "/home/gopher/ws" || !slices.Equal(s.Folders, []string{"/home/gopher/other", "/home/gopher/ws"}) {
		t.Errorf("gopls %+v, folders %q", s.Gopls, s.Folders)
	}
}

// TestWhereGoplsHasItFrom: a value that gopls was started with comes from the
// setting that says it, or from the line of the GOENV file that the Go
// extension copied, as long as that still says it.
func TestWhereGoplsHasItFrom(t *testing.T) {
	const sections = `-- env/gopls --
HOME=/home/gopher
PATH=/usr/lib/go/bin
GOPRIVATE=git.corp.example
GOFLAGS=-mod=mod
GOPROXY=off
GOBIN=/old
HTTPS_PROXY=http://proxy.example
-- proc/300 --
ppid 100
environ gopls
args gopls
exe /home/gopher/go/bin/gopls
-- home/user.json --
{
  "http.proxy": "http://proxy.example"
}
-- ws/.vscode/settings.json --
{
  "go.toolsEnvVars": {
    "GOPRIVATE": "git.corp.example",
    "GOFLAGS": "-mod=readonly",
    "GOMODCACHE": "/cache"
  }
}
-- home/.config/go/env --
GOFLAGS=-mod=mod
GOPROXY=off
GOBIN=/new
`
	s := inEditor(t, sections, func(in *Input) {
		in.Editor.Env["GOPROXY"], in.Editor.Env["GOBIN"], in.Editor.Env["GOMODCACHE"] = "off", "/old", "/cache"
	})
	gopls := environment(t, s, model.EnvGopls)
	for name, want := range map[string]string{
		"GOPRIVATE":   "git.corp.example /home/gopher/ws/.vscode/settings.json:3",
		"HTTPS_PROXY": "http://proxy.example /home/gopher/user.json:2",
		"GOFLAGS":     "-mod=mod :0", // the setting says something else by now
		"GOPROXY":     "off /home/gopher/.config/go/env:2",
		"GOBIN":       "/old :0", // the file says something else by now
	} {
		if got := where(gopls.Lookup(name)); got != want {
			t.Errorf("%s = %s, want %s", name, got, want)
		}
	}
	if got := gopls.Lookup("GOPRIVATE").Origin.Layer; got != model.LayerToolsEnvVars {
		t.Errorf("GOPRIVATE comes from %s", got)
	}
	if got := environment(t, s, model.EnvEditor).Lookup("GOPROXY").Origin; got.Layer != model.LayerProcess || got.Line != 2 || !strings.Contains(got.Note, "copies it from go env") {
		t.Errorf("the editor's GOPROXY comes from %+v", got)
	}
	if got := where(environment(t, s, model.EnvEditor).Lookup("GOMODCACHE")); got != "/cache /home/gopher/ws/.vscode/settings.json:5" {
		t.Errorf("what go env made of the setting comes from %s", got)
	}
	if got := gopls.Process(); got["GOPRIVATE"] != "git.corp.example" || got["GOFLAGS"] != "-mod=mod" {
		t.Errorf("gopls was started with %v", got)
	}
}

// TestGoplsOfAnotherFolder: one gopls serves all folders, with the settings of
// the one whose file was open when it started.
func TestGoplsOfAnotherFolder(t *testing.T) {
	s := inEditor(t, `-- env/gopls --
HOME=/home/gopher
PATH=/usr/lib/go/bin
GOPRIVATE=git.corp.example
-- proc/300 --
ppid 100
environ gopls
args gopls
exe /home/gopher/go/bin/gopls
-- home/other/.vscode/settings.json --
{"go.toolsEnvVars": {"GOPRIVATE": "git.corp.example"}}
`, func(in *Input) {
		in.Folders = []string{"/home/gopher/ws", "/home/gopher/other"}
		in.Editor.Settings = append(in.Editor.Settings, SettingsScope{Scope: "folder", File: "/home/gopher/other/.vscode/settings.json", Folder: "/home/gopher/other"})
	})
	if got := where(environment(t, s, model.EnvGopls).Lookup("GOPRIVATE")); got != "git.corp.example /home/gopher/other/.vscode/settings.json:1" {
		t.Errorf("GOPRIVATE = %s", got)
	}
	if got := where(environment(t, s, model.EnvTools).Lookup("GOPRIVATE")); got != "unset" {
		t.Errorf("the tools of this folder have GOPRIVATE = %s", got)
	}
}
