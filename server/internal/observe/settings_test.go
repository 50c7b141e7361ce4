package observe

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// settingsFiles is a file system with settings files in it.
type settingsFiles struct {
	world.Files // anything else panics
	content     map[string]string
}

func (f settingsFiles) ReadFile(name string) ([]byte, error) {
	switch text, ok := f.content[name]; {
	case !ok:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	case text == "unreadable":
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	default:
		return []byte(text), nil
	}
}

const (
	userFile   = "/home/gopher/.config/Code/User/settings.json"
	folderFile = "/home/gopher/ws/.vscode/settings.json"
	teamFile   = "/home/gopher/team.code-workspace"
)

// settings reads settings from files alone.
func settings(t *testing.T, files map[string]string) (effectiveSettings, []model.Fault) {
	t.Helper()
	w := &world.World{Files: settingsFiles{content: files}}
	return readSettings(w, []SettingsScope{
		{Scope: "folder", File: folderFile}, {Scope: "user", File: userFile}, {Scope: "workspace", File: teamFile},
	})
}

func vars(l model.Layer) map[string]string {
	out := map[string]string{}
	for name, a := range l.Vars {
		out[name] = a.Value.Reveal()
	}
	return out
}

func layer(t *testing.T, layers []model.Layer, kind model.LayerKind) model.Layer {
	t.Helper()
	l := model.Env{Layers: layers}.Layer(kind)
	if l.Vars == nil {
		t.Fatalf("no layer %s", kind)
	}
	return l
}

func TestSettingsMergeAsVSCodeDoes(t *testing.T) {
	s, faults := settings(t, map[string]string{
		userFile: `{
	// mine
	"go.toolsEnvVars": {
		"GOPROXY": "off",
		"GOFLAGS": "-mod=mod"
	},
	"go.buildFlags": ["-a", "-b"],
	"go.gopath": "/user",
	"go.useLanguageServer": true,
	"http.proxy": "http://user.example:3128",
	"gopls": {"build.env": {"GOOS": "linux", "GOARCH": "arm64"}, "ui.semanticTokens": true},
}`,
		teamFile: `{"folders": [], "settings": {
	"go.toolsEnvVars": {"GOPRIVATE": "corp.example"},
	"go.buildFlags": ["-c"],
	"http.proxy": "http://ignored.example"}}`,
		folderFile: "\uFEFF{\r\n  \"go.toolsEnvVars\": {\r\n    \"GOPROXY\": \"direct\"},\r\n  \"go.gopath\": null,\r\n" +
			"  \"gopls\": {\"build.env\": {\"GOOS\": \"windows\"}}\r\n}",
	})
	if len(faults) > 0 {
		t.Errorf("faults: %+v", faults)
	}
	for _, tt := range []struct {
		path   []string
		text   string
		origin settingOrigin
	}{
		{[]string{"go.toolsEnvVars", "GOPROXY"}, "direct", settingOrigin{Scope: "folder", File: folderFile, Line: 3}},
		{[]string{"go.toolsEnvVars", "GOFLAGS"}, "-mod=mod", settingOrigin{Scope: "user", File: userFile, Line: 5}},
		{[]string{"go.toolsEnvVars", "GOPRIVATE"}, "corp.example", settingOrigin{Scope: "workspace", File: teamFile, Line: 2}},
		{[]string{"http.proxy"}, "http://user.example:3128", settingOrigin{Scope: "user", File: userFile, Line: 10}},
		{[]string{"gopls", "build.env", "GOOS"}, "windows", settingOrigin{Scope: "folder", File: folderFile, Line: 5}},
		{[]string{"gopls", "build.env", "GOARCH"}, "arm64", settingOrigin{Scope: "user", File: userFile, Line: 11}},
	} {
		v, ok := s.Lookup(tt.path[0], tt.path[1:]...)
		text, isText := v.Text()
		if !ok || !isText || text.Reveal() != tt.text || v.Origin != tt.origin {
			t.Errorf("%q = %q from %+v (%t), want %q from %+v", tt.path, text.Reveal(), v.Origin, ok, tt.text, tt.origin)
		}
	}
	if v, ok := s.Lookup("go.gopath"); !ok || v.Kind != "null" || v.Origin.Scope != "folder" {
		t.Errorf("go.gopath = %+v, want the folder's null", v)
	}
	server, _ := s.Lookup("go.useLanguageServer")
	if on, ok := server.Bool(); !on || !ok {
		t.Errorf("go.useLanguageServer = %+v", server)
	}
	flags, _ := s.Lookup("go.buildFlags")
	if list, ok := flags.List(); !ok || len(list) != 1 || list[0].Reveal() != "-c" {
		t.Errorf("go.buildFlags = %v, want the workspace's alone", list)
	}
	if _, ok := s.Lookup("go.toolsEnvVars", "GOPROXY", "deeper"); ok {
		t.Error("a text has members")
	}
}

func TestSettingsOfTheEditorCount(t *testing.T) {
	w := &world.World{Files: settingsFiles{content: map[string]string{
		userFile: `{
	"go.toolsEnvVars": {
		"GOPROXY": "off",
		"GOFLAGS": "-mod=mod",
		"GOSUMDB": "off"
	},
	"go.gopath": "/file"
}`,
	}}}
	s, faults := readSettings(w, []SettingsScope{{
		Scope: "user", File: userFile, Values: map[string]json.RawMessage{
			"go.toolsEnvVars": json.RawMessage(`{"GOPROXY":"direct","GOFLAGS":"-mod=mod","GOWORK":"off"}`),
			"go.buildTags":    json.RawMessage(`"x"`),
		},
	}})
	if len(faults) > 0 {
		t.Errorf("faults: %+v", faults)
	}
	want := map[string]model.Assignment{
		"GOPROXY": {Value: model.NewValue("direct")}, // the file says something else
		"GOFLAGS": {Value: model.NewValue("-mod=mod"), File: userFile, Line: 4},
		"GOWORK":  {Value: model.NewValue("off")}, // the file has nothing
	}
	got := layer(t, toolsLayers(s, nil, ""), model.LayerToolsEnvVars).Vars
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b model.Value) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if v, ok := s.Lookup("go.gopath"); ok {
		t.Errorf("go.gopath = %+v, but the editor has none", v)
	}
	if v, _ := s.Lookup("go.buildTags"); v.Origin != (settingOrigin{Scope: "user"}) {
		t.Errorf("go.buildTags is from %+v", v.Origin)
	}
}

func TestSettingsFaults(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		subject    string
		says       string
		line       int // from 0
	}{
		{"broken", "{\n  \"go.gopath\": ,\n}", "user settings", "line 2, column 16", 1},
		{"what the editor leaves", "{\n  ,\n}", "user settings", "line 2, column 3", 1},
		{"unreadable", "unreadable", "user settings", "permission denied", 0},
		{"number for a path", "{\r\n\"go.gopath\": 7}", "go.gopath", "a string, but is a number", 1},
		{"text for the object", "{\n\n\"go.toolsEnvVars\": \"GOPROXY=off\"}", "go.toolsEnvVars", "an object with string values, but is a string", 2},
		{"array for the object", `{"go.toolsEnvVars": ["GOPROXY=off"]}`, "go.toolsEnvVars", "but is an array", 0},
		{"number for a variable", "{\"go.toolsEnvVars\": {\n\"CGO_ENABLED\": 0, \"GO111MODULE\": true}}", "go.toolsEnvVars CGO_ENABLED", "a string, but is a number", 1},
		{"text for a switch", `{"go.useLanguageServer": "false"}`, "go.useLanguageServer", "a boolean, but is a string", 0},
		{"text for flags", `{"go.buildFlags": "-tags=x"}`, "go.buildFlags", "an array of strings, but is a string", 0},
		{"number among flags", `{"go.buildFlags": ["-v", 1]}`, "go.buildFlags", "an array of strings", 0},
		{"alternate tool", `{"go.alternateTools": {"go": false}}`, "go.alternateTools go", "a string, but is a boolean", 0},
		{"gopls", `{"gopls": "x"}`, "gopls", "an object, but is a string", 0},
		{"gopls env", `{"gopls": {"env": ["GOOS=linux"]}}`, "gopls env", "an object with string values", 0},
		{"gopls variable", `{"gopls": {"build.env": {"CGO_ENABLED": 0}}}`, "gopls build.env CGO_ENABLED", "a string, but is a number", 0},
		{"gopls flags", `{"gopls": {"build.buildFlags": "-tags=x"}}`, "gopls build.buildFlags", "an array of strings", 0},
		{"gopls env twice", `{"gopls": {"env": {}, "build.env": {}}}`, "gopls env", "same option as build.env", 0},
		{"proxy", `{"http.proxy": {}}`, "http.proxy", "a string, but is an object", 0},
		{"foreign variable", `{"go.toolsEnvVars": {"GOPROXY": "https://${env:TOKEN}@p.example"}}`, "go.toolsEnvVars GOPROXY", "TOKEN, which Go Phantom does not read", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, faults := settings(t, map[string]string{userFile: tt.text})
			if len(faults) != 1 {
				t.Fatalf("%d faults: %+v", len(faults), faults)
			}
			f := faults[0]
			if f.Subject != tt.subject || !strings.Contains(f.Text, tt.says) {
				t.Errorf("fault %q: %q", f.Subject, f.Text)
			}
			if f.Location == nil || f.Location.File != userFile || f.Location.Range.Start.Line != tt.line {
				t.Errorf("fault at %+v", f.Location)
			}
			toolsLayers(s, nil, "")
			goplsLayer(s)
		})
	}
}

func TestSettingsWithoutFault(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"no files":     {},
		"empty":        {userFile: ""},
		"nulls":        {userFile: `{"go.toolsEnvVars": null, "go.gopath": null, "gopls": null, "go.buildFlags": null, "http.proxy": null}`},
		"no object":    {userFile: `[]`},
		"other things": {userFile: `{"editor.fontSize": 12, "go": 1, "go.toolsEnvVars": {}}`},
	} {
		t.Run(name, func(t *testing.T) {
			s, faults := settings(t, files)
			if len(faults) > 0 {
				t.Errorf("faults: %+v", faults)
			}
			layers := append(toolsLayers(s, map[string]string{"GOPATH": "/p"}, "/f"), goplsLayer(s))
			for _, l := range layers {
				if len(l.Vars) > 0 {
					t.Errorf("%s sets %v", l.Kind, vars(l))
				}
			}
		})
	}
}

func TestBrokenFileBesideTheEditorsValues(t *testing.T) {
	w := &world.World{Files: settingsFiles{content: map[string]string{userFile: "{,}"}}}
	scope := SettingsScope{Scope: "user", File: userFile}
	_, faults := readSettings(w, []SettingsScope{scope})
	if len(faults) != 1 || !slices.Contains(faults[0].Hides, string(model.EnvTools)) {
		t.Errorf("without the editor's word the tools' environment is hidden: %+v", faults)
	}
	scope.Values = map[string]json.RawMessage{"go.gopath": json.RawMessage(`"/g"`)}
	s, faults := readSettings(w, []SettingsScope{scope})
	if len(faults) != 1 || len(faults[0].Hides) > 0 {
		t.Errorf("with the editor's word nothing is hidden: %+v", faults)
	}
	if v, ok := s.Lookup("go.gopath"); !ok || v.Origin.Line != 0 {
		t.Errorf("go.gopath = %+v", v)
	}
}

func TestSettingsOfAnySize(t *testing.T) {
	var b strings.Builder
	b.WriteString("{\n\"go.toolsEnvVars\": {\n")
	const n = 40_000
	for i := range n {
		fmt.Fprintf(&b, "\"GOX_%d\": \"é😀 %d\",\n", i, i)
	}
	b.WriteString("}}")
	s, faults := settings(t, map[string]string{userFile: b.String()})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	got := layer(t, toolsLayers(s, nil, ""), model.LayerToolsEnvVars).Vars
	last := got[fmt.Sprintf("GOX_%d", n-1)]
	if len(got) != n || last.Line != n+2 || last.Value.Reveal() != fmt.Sprintf("é😀 %d", n-1) {
		t.Errorf("%d variables, the last on line %d", len(got), last.Line)
	}
}

func TestToolsLayers(t *testing.T) {
	env := map[string]string{"HOME": "/home/gopher", "GOPATH": "/env/go", "PATH": "/bin", "GOFLAGS": "-v"}
	for _, tt := range []struct {
		name, settings string
		env            map[string]string
		want           map[model.LayerKind]map[string]string
	}{
		{
			name: "substitution",
			settings: `{"go.toolsEnvVars": {
				"PATH": "~/go/bin:${env:PATH}", "GOBIN": "a:~/b", "GOCACHE": "${workspaceFolder}/c", "GOTMPDIR": "${workspaceRoot}/${workspaceFolderBasename}",
				"GOPROXY": "${env: GOPROXY }", "GOFLAGS": "${config:x}", "GOMODCACHE": "~", "GOENV": "~//x/../y/", "GOWORK": "  "}}`,
			want: map[model.LayerKind]map[string]string{model.LayerToolsEnvVars: {
				"PATH": "/home/gopher/go/bin:/bin", "GOBIN": "a:~/b", "GOCACHE": "/home/gopher/ws/c", "GOTMPDIR": "/home/gopher/ws/ws",
				"GOPROXY": "", "GOFLAGS": "${config:x}", "GOMODCACHE": "/home/gopher", "GOENV": "/home/gopher/y/", "GOWORK": "  ",
			}},
		},
		{
			name:     "only what may be kept",
			settings: `{"go.toolsEnvVars": {"AWS_SECRET_ACCESS_KEY": "x", "GOPROXY": "off", "0": "y"}}`,
			want:     map[model.LayerKind]map[string]string{model.LayerToolsEnvVars: {"GOPROXY": "off"}},
		},
		{
			name:     "the editor's GOPATH beats the tools'",
			settings: `{"go.toolsEnvVars": {"GOPATH": "/tools/go"}}`,
			want: map[model.LayerKind]map[string]string{
				model.LayerGopathSetting: {"GOPATH": "/env/go"},
				model.LayerToolsEnvVars:  {"GOPATH": "/tools/go"},
			},
		},
		{
			name:     "the tools' GOPATH where the editor has none",
			settings: `{"go.toolsEnvVars": {"GOPATH": "/tools/go"}}`,
			env:      map[string]string{},
			want:     map[model.LayerKind]map[string]string{model.LayerToolsEnvVars: {"GOPATH": "/tools/go"}},
		},
		{
			name:     "go.gopath beats all",
			settings: `{"go.gopath": "${workspaceFolder}/${env:GOPATH}", "go.toolsEnvVars": {"GOPATH": "/tools/go"}}`,
			want: map[model.LayerKind]map[string]string{
				model.LayerGopathSetting: {"GOPATH": "/home/gopher/ws//env/go"},
				model.LayerToolsEnvVars:  {"GOPATH": "/tools/go"},
			},
		},
		{
			name:     "proxy",
			settings: `{"http.proxy": "http://p.example:3128", "go.toolsEnvVars": {"HTTPS_PROXY": "http://other.example"}}`,
			want: map[model.LayerKind]map[string]string{
				model.LayerProxySetting: {
					"http_proxy": "http://p.example:3128", "HTTP_PROXY": "http://p.example:3128",
					"https_proxy": "http://p.example:3128", "HTTPS_PROXY": "http://p.example:3128",
				},
				model.LayerToolsEnvVars: {"HTTPS_PROXY": "http://other.example"},
			},
		},
		{
			name:     "-json goes from GOFLAGS of the tools",
			settings: `{"go.toolsEnvVars": {"GOFLAGS": "-json -mod=mod --json=x"}}`,
			want:     map[model.LayerKind]map[string]string{model.LayerToolsEnvVars: {"GOFLAGS": " -mod=mod"}},
		},
		{
			name:     "-json goes from GOFLAGS of the editor",
			settings: `{}`,
			env:      map[string]string{"GOFLAGS": "-v -json"},
			want:     map[model.LayerKind]map[string]string{model.LayerToolsEnvVars: {"GOFLAGS": "-v"}},
		},
		{
			name:     "what cannot be filled in stays as it is",
			settings: `{"go.toolsEnvVars": {"GOPROXY": "https://${env:TOKEN}@p.example", "GOBIN": "~/b"}}`,
			env:      map[string]string{},
			want: map[model.LayerKind]map[string]string{model.LayerToolsEnvVars: {
				"GOPROXY": "https://${env:TOKEN}@p.example", "GOBIN": "~/b",
			}},
		},
		{
			name:     "home of Windows",
			settings: `{"go.toolsEnvVars": {"GOBIN": "~/go/bin"}}`,
			env:      map[string]string{"USERPROFILE": `C:\Users\gopher`},
			want:     map[model.LayerKind]map[string]string{model.LayerToolsEnvVars: {"GOBIN": `C:\Users\gopher\go\bin`}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := settings(t, map[string]string{userFile: tt.settings})
			process := tt.env
			if process == nil {
				process = env
			}
			layers := toolsLayers(s, process, "/home/gopher/ws")
			var kinds []model.LayerKind
			for _, l := range layers {
				kinds = append(kinds, l.Kind)
				want := tt.want[l.Kind]
				if want == nil {
					want = map[string]string{}
				}
				if diff := cmp.Diff(want, vars(l)); diff != "" {
					t.Errorf("%s:\n%s", l.Kind, diff)
				}
			}
			if diff := cmp.Diff([]model.LayerKind{model.LayerGopathSetting, model.LayerProxySetting, model.LayerToolsEnvVars}, kinds); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestValuesThatAreNoTexts compares with Node, which is what hands the
// extension's environment to a process.
func TestValuesThatAreNoTexts(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("node is needed, install it from your system's packages")
		}
		t.Skip("node is not on PATH; install it to run this test")
	}
	values := []string{
		`null`, `true`, `false`, `0`, `-0`, `1.50`, `1e21`, `123456789012345680000`, `1e-6`, `1.5e-7`, `-1e300`, `0.1`,
		`{"a": 1}`, `[]`, `[1, null, "x", [2, [3]], {"a": 1}, true]`,
	}
	object := "{"
	for i, v := range values {
		if i > 0 {
			object += ", "
		}
		object += fmt.Sprintf(`"GOX_%d": %s`, i, v)
	}
	object += "}"
	script := `const env = JSON.parse(process.argv[1]);
		const child = require("child_process").spawnSync(process.execPath, ["-e", "console.log(JSON.stringify(process.env))"], {env});
		process.stdout.write(child.stdout);`
	out, err := exec.Command(node, "-e", script, object).Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	want := map[string]string{}
	for name, value := range all {
		if strings.HasPrefix(name, "GOX_") {
			want[name] = value
		}
	}
	if len(want) != len(values) {
		t.Fatalf("node passed on %d of %d values", len(want), len(values))
	}
	s, _ := settings(t, map[string]string{userFile: `{"go.toolsEnvVars": ` + object + `}`})
	got := vars(layer(t, toolsLayers(s, nil, ""), model.LayerToolsEnvVars))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestGoplsLayer(t *testing.T) {
	s, _ := settings(t, map[string]string{
		userFile: "{\"gopls\": {\n\"build.env\": {\"GOOS\": \"linux\",\n\"GOFLAGS\": \"${env:X}\", \"TOKEN\": \"x\", \"CGO_ENABLED\": 0},\n\"env\": {\"GOARCH\": \"arm64\", \"GOOS\": \"plan9\"}}}",
	})
	got := goplsLayer(s)
	if got.Kind != model.LayerGoplsSettings {
		t.Errorf("kind %s", got.Kind)
	}
	want := map[string]string{"GOFLAGS": "${env:X}", "GOARCH": "arm64"}
	conflict := got.Vars["GOOS"]
	delete(got.Vars, "GOOS")
	if diff := cmp.Diff(want, vars(got)); diff != "" {
		t.Error(diff)
	}
	if conflict.Note == "" {
		t.Errorf("GOOS has two values, which nobody says: %+v", conflict)
	}
	if a := got.Vars["GOARCH"]; a.File != userFile || a.Line != 4 {
		t.Errorf("GOARCH is from %s:%d", a.File, a.Line)
	}
}
