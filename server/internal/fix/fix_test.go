package fix_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/gophantom/gophantom/server/internal/fix"
	"github.com/gophantom/gophantom/server/internal/jsonc"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// files is a file system in memory.
type files struct {
	world.Files // anything else panics
	content     map[string]string
}

func (f files) ReadFile(name string) ([]byte, error) {
	if text, ok := f.content[name]; ok {
		return []byte(text), nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

func (f files) Stat(name string) (fs.FileInfo, error) {
	for file := range f.content {
		if file == name || strings.HasPrefix(file, name+"/") {
			return nil, nil // nobody asks for more than that it is there
		}
	}
	return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
}

func (f files) RemoveFile(name string, want []byte) error {
	if have, exists := f.content[name]; !exists || have != string(want) {
		return world.ErrChanged
	}
	delete(f.content, name)
	return nil
}

func (f files) ReplaceFile(name string, want, data []byte) error {
	have, exists := f.content[name]
	if exists != (want != nil) || have != string(want) {
		return world.ErrChanged
	}
	f.content[name] = string(data)
	return nil
}

var folder = filepath.Join(dir, ".vscode", "settings.json")

const (
	dir      = "/home/gopher/ws"
	userFile = "/home/gopher/settings.json"
	teamFile = "/home/gopher/team.code-workspace"
	goenv    = "/home/gopher/.config/go/env"
)

func show(v model.Value) string { return strings.ReplaceAll(v.Reveal(), "hunter2", "***") }

// process is an environment of variables alone.
func process(name model.EnvName, pairs ...string) model.Env {
	vars := map[string]model.Assignment{}
	for i := 0; i < len(pairs); i += 2 {
		vars[pairs[i]] = model.Assignment{Value: model.NewValue(pairs[i+1])}
	}
	return model.Env{Name: name, Complete: true, Layers: []model.Layer{{Kind: model.LayerProcess, Vars: vars}}}
}

// over lays an assignment over an environment.
func over(env model.Env, kind model.LayerKind, name, value, file string, line int) model.Env {
	l := model.Layer{Kind: kind, Vars: map[string]model.Assignment{name: {Value: model.NewValue(value), File: file, Line: line}}}
	env.Layers = append([]model.Layer{l}, env.Layers...)
	return env
}

// under puts a GOENV file below an environment.
func under(env model.Env, name, value string, line int) model.Env {
	env.Layers = append(env.Layers[:len(env.Layers):len(env.Layers)], model.Layer{
		Kind: model.LayerGOENV, File: goenv,
		Vars: map[string]model.Assignment{name: {Value: model.NewValue(value), File: goenv, Line: line}},
	})
	return env
}

// snapshot is what VS Code with the Go extension shows.
func snapshot(envs ...model.Env) *model.Snapshot {
	return &model.Snapshot{
		Dir: dir, Trusted: true, Envs: envs,
		Editor:    &model.Editor{Actions: []string{"unsetEnv", "setEnv", "restartGopls", "save"}},
		Extension: &model.GoExtension{Active: true, UseLanguageServer: true},
	}
}

func offer(id, variable string) model.FixOffer {
	return model.FixOffer{ID: id, Args: map[string]model.Value{"variable": model.NewValue(variable)}}
}

func newWorld(content map[string]string) *world.World {
	own := map[string]string{}
	maps.Copy(own, content)
	return &world.World{Files: files{content: own}}
}

func plan(t *testing.T, w *world.World, s *model.Snapshot, o model.FixOffer) fix.Plan {
	t.Helper()
	p, err := fix.Make(w, s, o, show)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(p.Title+p.Preview+p.Disabled+p.Manual, "hunter2") {
		t.Errorf("the plan shows a secret: %+v", p)
	}
	if p.ID != o.ID || p.Title == "" {
		t.Errorf("plan %q, titled %q", p.ID, p.Title)
	}
	return p
}

func kinds(steps []fix.Step) (out []fix.StepKind) {
	for _, s := range steps {
		out = append(out, s.Kind)
	}
	return out
}

// roundTrip carries the edit of a plan out and back, on disk and as an editor
// would, and returns the content in between.
func roundTrip(t *testing.T, w *world.World, p fix.Plan, before map[string]string) string {
	t.Helper()
	if p.Disabled != "" || p.Kind() != "edit" || !p.Reversible || len(p.Undo) == 0 {
		t.Fatalf("not an edit: %+v", p)
	}
	do, undo := p.Steps[0].Edit, p.Undo[0].Edit
	original, existed := before[do.File]
	if existed != (do.Want != nil) {
		t.Errorf("Want is %q, but the file exists: %t", do.Want, existed)
	}
	if do.OnDisk != undo.OnDisk || undo.File != do.File {
		t.Errorf("undo goes another way: %+v", undo)
	}
	if got := asEditor(string(do.Want), do.Edits); got != noBOM(do.After) {
		t.Errorf("an editor gets\n%q, want\n%q", got, noBOM(do.After))
	}
	if err := do.Write(w); err != nil {
		t.Fatal(err)
	}
	data, err := w.Files.ReadFile(do.File)
	if err != nil {
		t.Fatal(err)
	}
	if spliced, err := fix.Splice(data, undo.Edits); err != nil || string(spliced) != string(undo.After) {
		t.Errorf("the edits of the undo give\n%q (%v), want\n%q", spliced, err, undo.After)
	}
	if got := asEditor(string(data), undo.Edits); got != noBOM(undo.After) {
		t.Errorf("undo in an editor gives\n%q, want\n%q", got, noBOM(undo.After))
	}
	if err := do.Write(w); !errors.Is(err, world.ErrChanged) {
		t.Errorf("the edit went in twice: %v", err)
	}
	if err := undo.Write(w); err != nil {
		t.Fatal(err)
	}
	if back, _ := w.Files.ReadFile(do.File); string(back) != original {
		t.Errorf("undo gives %q, want %q", back, original)
	}
	return string(data)
}

func noBOM(data []byte) string { return string(bytes.TrimPrefix(data, []byte("\uFEFF"))) }

// asEditor applies edits as an editor does: by line and UTF-16 code unit, to a
// document without a byte order mark.
func asEditor(text string, edits []fix.TextEdit) string {
	units := utf16.Encode([]rune(noBOM([]byte(text))))
	offset := func(p model.Position) int {
		at := 0
		for range p.Line {
			for units[at] != '\n' {
				at++
			}
			at++
		}
		return at + p.Character
	}
	var out []uint16
	from := 0
	for _, e := range edits {
		out = append(out, units[from:offset(e.Range.Start)]...)
		out = append(out, utf16.Encode([]rune(e.NewText))...)
		from = offset(e.Range.End)
	}
	return string(utf16.Decode(append(out, units[from:]...)))
}

// setting returns what a settings file has at path.
func setting(t *testing.T, text string, path ...string) string {
	t.Helper()
	doc, err := jsonc.Parse([]byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	node, ok := doc.Lookup(path...)
	if !ok {
		t.Fatalf("no %q in\n%s", path, text)
	}
	var out string
	if err := json.Unmarshal(node.Value, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRestartGopls(t *testing.T) {
	p := plan(t, newWorld(nil), snapshot(), model.FixOffer{ID: fix.RestartGopls})
	if diff := cmp.Diff([]fix.StepKind{fix.StepRestartGopls}, kinds(p.Steps)); diff != "" || p.Disabled != "" || p.Kind() != "action" {
		t.Errorf("%+v", p)
	}
}

func TestActionsThatTheEditorCannotDo(t *testing.T) {
	for name, change := range map[string]func(*model.Snapshot){
		"no editor":        func(s *model.Snapshot) { s.Editor = nil },
		"no actions":       func(s *model.Snapshot) { s.Editor = &model.Editor{Name: "vi"} },
		"not trusted":      func(s *model.Snapshot) { s.Trusted = false },
		"no extension":     func(s *model.Snapshot) { s.Extension = nil },
		"not active":       func(s *model.Snapshot) { s.Extension = &model.GoExtension{UseLanguageServer: true} },
		"gopls turned off": func(s *model.Snapshot) { s.Extension = &model.GoExtension{Active: true} },
	} {
		t.Run(name, func(t *testing.T) {
			s := snapshot(process(model.EnvEditor, "GOPROXY", "off"))
			change(s)
			for _, o := range []model.FixOffer{{ID: fix.RestartGopls}, offer(fix.Unmask, "GOPROXY")} {
				if p := plan(t, newWorld(nil), s, o); p.Disabled == "" || len(p.Steps) > 0 {
					t.Errorf("%s is possible: %+v", o.ID, p)
				}
			}
		})
	}
}

func TestUnmask(t *testing.T) {
	editor := process(model.EnvEditor, "GOPROXY", "https://u:hunter2@p.example")
	tools := under(process(model.EnvTools, "GOPROXY", "https://u:hunter2@p.example"), "GOPROXY", "https://good.example", 3)
	p := plan(t, newWorld(nil), snapshot(editor, tools), offer(fix.Unmask, "GOPROXY"))
	want := []fix.Step{{Kind: fix.StepUnsetEditorEnv, Names: []string{"GOPROXY"}}, {Kind: fix.StepRestartGopls}}
	if diff := cmp.Diff(want, p.Steps); diff != "" {
		t.Error(diff)
	}
	want = []fix.Step{{Kind: fix.StepSetEditorEnv, Values: map[string]string{"GOPROXY": "https://u:hunter2@p.example"}}, {Kind: fix.StepRestartGopls}}
	if diff := cmp.Diff(want, p.Undo); diff != "" {
		t.Error(diff)
	}
	if !p.Reversible || p.WeakensSecurity || p.Kind() != "action" {
		t.Errorf("%+v", p)
	}
	for _, say := range []string{"GOPROXY=https://u:***@p.example", "https://good.example from " + goenv + ":3"} {
		if !strings.Contains(p.Preview, say) {
			t.Errorf("the preview does not say %q: %s", say, p.Preview)
		}
	}
}

func TestUnmaskWouldNotHelp(t *testing.T) {
	editor := process(model.EnvEditor, "GOPROXY", "off")
	for name, s := range map[string]*model.Snapshot{
		"not set any more":  snapshot(process(model.EnvEditor)),
		"also in settings":  snapshot(editor, over(process(model.EnvTools, "GOPROXY", "off"), model.LayerToolsEnvVars, "GOPROXY", "off", userFile, 7)),
		"other in settings": snapshot(editor, over(process(model.EnvTools, "GOPROXY", "off"), model.LayerToolsEnvVars, "GOPROXY", "direct", userFile, 7)),
	} {
		if p := plan(t, newWorld(nil), s, offer(fix.Unmask, "GOPROXY")); p.Disabled == "" {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func TestUnmaskThatRevealsAWeakerCheck(t *testing.T) {
	s := snapshot(process(model.EnvEditor, "GOSUMDB", "sum.golang.org"), under(process(model.EnvTools, "GOSUMDB", "sum.golang.org"), "GOSUMDB", "off", 1))
	if p := plan(t, newWorld(nil), s, offer(fix.Unmask, "GOSUMDB")); !p.WeakensSecurity {
		t.Errorf("GOSUMDB=off comes to light and nobody says it: %+v", p)
	}
}

func TestUseShellValue(t *testing.T) {
	const good = "https://good.example,direct"
	tools := process(model.EnvTools, "GOPROXY", "off")
	inUser := over(tools, model.LayerToolsEnvVars, "GOPROXY", "off", userFile, 4)
	for _, tt := range []struct {
		name, variable string
		shell, tools   model.Env
		content        map[string]string
		file           string
		path           []string
		value          string
		preview        []string
	}{
		{
			name: "set where it is set already", variable: "GOPROXY",
			shell: process(model.EnvShell, "GOPROXY", good), tools: inUser,
			content: map[string]string{userFile: "{\r\n  // mine\r\n  \"go.toolsEnvVars\": {\r\n    \"GOPROXY\": \"off\", // 😀 why\r\n    \"X\": \"hunter2\"\r\n  },\r\n}\r\n"},
			file:    userFile, path: []string{"go.toolsEnvVars", "GOPROXY"}, value: good,
			preview: []string{"--- " + userFile, `-    "GOPROXY": "off", // 😀 why`, `+    "GOPROXY": "https://good.example,direct", // 😀 why`},
		},
		{
			name: "set in a workspace file", variable: "GOPROXY",
			shell: process(model.EnvShell, "GOPROXY", good), tools: over(tools, model.LayerToolsEnvVars, "GOPROXY", "off", teamFile, 1),
			content: map[string]string{teamFile: `{"folders": [{"path": "ws"}], "settings": {"go.toolsEnvVars": {"GOPROXY": "off"}}}`},
			file:    teamFile, path: []string{"settings", "go.toolsEnvVars", "GOPROXY"}, value: good,
		},
		{
			name: "else in the workspace", variable: "GOPROXY",
			shell: process(model.EnvShell, "GOPROXY", good), tools: tools,
			content: map[string]string{folder: "\uFEFF{\n\t\"é😀\": 1\n}"},
			file:    folder, path: []string{"go.toolsEnvVars", "GOPROXY"}, value: good,
			preview: []string{"--- .vscode/settings.json", `+		"GOPROXY": "https://good.example,direct"`},
		},
		{
			name: "in a new file", variable: "GOPROXY",
			shell: process(model.EnvShell, "GOPROXY", good), tools: tools,
			file: folder, path: []string{"go.toolsEnvVars", "GOPROXY"}, value: good,
		},
		{
			name: "unset in the shell", variable: "GOPROXY",
			shell: process(model.EnvShell), tools: tools,
			file: folder, path: []string{"go.toolsEnvVars", "GOPROXY"}, value: "",
		},
		{
			name: "from the shell's GOENV file", variable: "GOPROXY",
			shell: under(process(model.EnvShell), "GOPROXY", good, 1), tools: tools,
			file: folder, path: []string{"go.toolsEnvVars", "GOPROXY"}, value: "",
		},
		{
			name: "a proxy the shell does not have", variable: "https_proxy",
			shell: process(model.EnvShell), tools: process(model.EnvTools, "https_proxy", "http://p.example"),
			file: folder, path: []string{"go.toolsEnvVars", "https_proxy"}, value: "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(tt.content)
			p := plan(t, w, snapshot(tt.shell, tt.tools), offer(fix.UseShellValue, tt.variable))
			after := roundTrip(t, w, p, tt.content)
			if p.Steps[0].Edit.File != tt.file {
				t.Errorf("edits %s, want %s", p.Steps[0].Edit.File, tt.file)
			}
			if got := setting(t, after, tt.path...); got != tt.value {
				t.Errorf("%q = %q, want %q", tt.path, got, tt.value)
			}
			for _, line := range tt.preview {
				if !strings.Contains(p.Preview+"\n", line+"\n") {
					t.Errorf("no line %q in\n%s", line, p.Preview)
				}
			}
			if len(p.Steps) != 1 || p.WeakensSecurity {
				t.Errorf("%+v", p)
			}
		})
	}
}

// TestLoneCarriageReturns: editors take them for line ends, as LSP does.
func TestLoneCarriageReturns(t *testing.T) {
	w := newWorld(map[string]string{folder: "{\r\"go.toolsEnvVars\": {\r\"GOPROXY\": \"off\"}}"})
	p := plan(t, w, snapshot(process(model.EnvShell, "GOPROXY", "direct"), process(model.EnvTools, "GOPROXY", "off")), offer(fix.UseShellValue, "GOPROXY"))
	want := []fix.TextEdit{{
		Range:   model.Range{Start: model.Position{Line: 2, Character: 11}, End: model.Position{Line: 2, Character: 16}},
		NewText: `"direct"`,
	}}
	if diff := cmp.Diff(want, p.Steps[0].Edit.Edits); diff != "" {
		t.Error(diff)
	}
}

func TestUseShellValueRefuses(t *testing.T) {
	tools := process(model.EnvTools, "GOPROXY", "off", "GOFLAGS", "-v")
	shell := process(model.EnvShell, "GOPROXY", "https://good.example")
	for _, tt := range []struct {
		name, variable string
		s              *model.Snapshot
		content        map[string]string
		says           string
	}{
		{"a password", "GOPROXY", snapshot(process(model.EnvShell, "GOPROXY", "direct,https://u:hunter2@p.example"), tools), nil, "credential"},
		{"a token alone", "GOPROXY", snapshot(process(model.EnvShell, "GOPROXY", "https://hunter2@p.example"), tools), nil, "credential"},
		{"a token in a query", "GOPROXY", snapshot(process(model.EnvShell, "GOPROXY", "https://p.example/?t=hunter2"), tools), nil, "credential"},
		{"a header", "GIT_CONFIG_VALUE_0", snapshot(process(model.EnvShell, "GIT_CONFIG_VALUE_0", "Authorization: hunter2"), tools), nil, "credential"},
		{"a command", "GOAUTH", snapshot(process(model.EnvShell, "GOAUTH", "helper --token hunter2"), tools), nil, "credential"},
		{"text that would be replaced", "GOFLAGS", snapshot(process(model.EnvShell, "GOFLAGS", "-x=${env:HOME}"), tools), nil, "replace"},
		{"home", "GOBIN", snapshot(process(model.EnvShell, "GOBIN", "~/bin"), tools), nil, "replace"},
		{"no text", "GOFLAGS", snapshot(process(model.EnvShell, "GOFLAGS", "-x=\xff"), tools), nil, "UTF-8"},
		{"not ours", "AWS_TOKEN", snapshot(process(model.EnvShell, "AWS_TOKEN", "x"), tools), nil, "touches"},
		{"no shell", "GOPROXY", snapshot(model.Env{Name: model.EnvShell, Why: "it hangs"}, tools), nil, "it hangs"},
		{"no Go extension", "GOPROXY", snapshot(shell), nil, "not installed"},
		{"the same already", "GOPROXY", snapshot(shell, process(model.EnvTools, "GOPROXY", "https://good.example")), nil, "restart gopls"},
		{"cannot be taken away", "PATH", snapshot(shell, process(model.EnvTools, "PATH", "/bin")), nil, "cannot take it away"},
		{"gopls settings win", "GOPROXY", snapshot(shell, tools, over(process(model.EnvGopls), model.LayerGoplsSettings, "GOPROXY", "off", userFile, 3)), nil, userFile + ":3"},
		{"the proxy setting wins", "HTTP_PROXY", snapshot(process(model.EnvShell), over(tools, model.LayerProxySetting, "HTTP_PROXY", "x", userFile, 2)), nil, "http.proxy"},
		{"the editor's GOPATH wins", "GOPATH", snapshot(process(model.EnvShell, "GOPATH", "/a"), process(model.EnvTools, "GOPATH", "/b")), nil, "process environment"},
		{"settings from nowhere", "GOPROXY", snapshot(shell, over(tools, model.LayerToolsEnvVars, "GOPROXY", "off", "", 0)), nil, "save your settings"},
		{"broken settings", "GOPROXY", snapshot(shell, tools), map[string]string{folder: "{\n  ,\n}"}, "line 2, column 3"},
		{"wrong type", "GOPROXY", snapshot(shell, tools), map[string]string{folder: `{"go.toolsEnvVars": []}`}, "wrong type"},
		{"says so already", "GOPROXY", snapshot(shell, tools), map[string]string{folder: `{"go.toolsEnvVars": {"GOPROXY": "https://good.example"}}`}, "already"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := plan(t, newWorld(tt.content), tt.s, offer(fix.UseShellValue, tt.variable))
			if !strings.Contains(p.Disabled, tt.says) || len(p.Steps) > 0 {
				t.Errorf("disabled: %q, want something about %q; %d steps", p.Disabled, tt.says, len(p.Steps))
			}
		})
	}

	s := snapshot(shell, tools)
	s.Dirty = []string{folder}
	if p := plan(t, newWorld(map[string]string{folder: "{}"}), s, offer(fix.UseShellValue, "GOPROXY")); !strings.Contains(p.Disabled, "not saved") {
		t.Errorf("a file with unsaved changes is edited: %+v", p)
	}
}

func TestUseShellValueThatWeakens(t *testing.T) {
	s := snapshot(process(model.EnvShell, "GOSUMDB", "off"), process(model.EnvTools))
	if p := plan(t, newWorld(nil), s, offer(fix.UseShellValue, "GOSUMDB")); !p.WeakensSecurity {
		t.Errorf("%+v", p)
	}
}

func TestFileThatChangedAfterThePreview(t *testing.T) {
	content := map[string]string{folder: "{}"}
	w := newWorld(content)
	p := plan(t, w, snapshot(process(model.EnvShell, "GOPROXY", "direct"), process(model.EnvTools, "GOPROXY", "off")), offer(fix.UseShellValue, "GOPROXY"))
	w.Files.(files).content[folder] = "{ }"
	if err := p.Steps[0].Edit.Write(w); !errors.Is(err, world.ErrChanged) {
		t.Errorf("wrote over a change: %v", err)
	}
	if got := w.Files.(files).content[folder]; got != "{ }" {
		t.Errorf("the file is %q", got)
	}
}

func TestFixPattern(t *testing.T) {
	dead := "https://git.corp.example:8443/team, *.corp.example"
	for _, tt := range []struct {
		name, variable string
		env            model.Env
		content        map[string]string
		check          func(t *testing.T, after string)
		steps          []fix.StepKind
		weakens        bool
	}{
		{
			name: "in go.toolsEnvVars", variable: "GOPRIVATE",
			env:     over(process(model.EnvTools), model.LayerToolsEnvVars, "GOPRIVATE", dead, userFile, 2),
			content: map[string]string{userFile: "{\n\"go.toolsEnvVars\": {\"GOPRIVATE\": \"" + dead + "\" /* mine */}}"},
			check: func(t *testing.T, after string) {
				if got := setting(t, after, "go.toolsEnvVars", "GOPRIVATE"); got != "git.corp.example/team,*.corp.example" {
					t.Errorf("GOPRIVATE = %q", got)
				}
			},
			steps: []fix.StepKind{fix.StepEditFile},
		},
		{
			name: "in gopls settings, under its short name", variable: "GOINSECURE",
			env:     over(process(model.EnvGopls), model.LayerGoplsSettings, "GOINSECURE", "git.corp.example:8443", folder, 1),
			content: map[string]string{folder: `{"gopls": {"build.env": {"GOOS": "linux"}, "env": {"GOINSECURE": "git.corp.example:8443"}}}`},
			check: func(t *testing.T, after string) {
				if got := setting(t, after, "gopls", "env", "GOINSECURE"); got != "git.corp.example" {
					t.Errorf("GOINSECURE = %q", got)
				}
			},
			steps: []fix.StepKind{fix.StepEditFile}, weakens: true,
		},
		{
			name: "in the GOENV file", variable: "GONOSUMDB",
			env:     under(process(model.EnvShell), "GONOSUMDB", "a.example, b.example", 4),
			content: map[string]string{goenv: "# é😀\r\nGONOSUMDB=old\r\nGOPROXY=off\r\nGONOSUMDB=a.example, b.example\nunknown line\r\n"},
			check: func(t *testing.T, after string) {
				if want := "# é😀\r\nGONOSUMDB=old\r\nGOPROXY=off\r\nGONOSUMDB=a.example,b.example\nunknown line\r\n"; after != want {
					t.Errorf("file is %q, want %q", after, want)
				}
			},
			steps: []fix.StepKind{fix.StepEditFile, fix.StepRestartGopls},
		},
		{
			name: "in a GOENV file of Windows", variable: "GOPRIVATE",
			env:     under(process(model.EnvShell), "GOPRIVATE", "a.example\r", 1),
			content: map[string]string{goenv: "GOPRIVATE=a.example\r\nGOFLAGS=-v\r\n"},
			check: func(t *testing.T, after string) {
				if want := "GOPRIVATE=a.example\nGOFLAGS=-v\r\n"; after != want {
					t.Errorf("file is %q, want %q", after, want)
				}
			},
			steps: []fix.StepKind{fix.StepEditFile, fix.StepRestartGopls},
		},
		{
			name: "in the last line of a GOENV file", variable: "GOPRIVATE",
			env:     under(process(model.EnvShell), "GOPRIVATE", " a.example", 1),
			content: map[string]string{goenv: "GOPRIVATE= a.example"},
			check: func(t *testing.T, after string) {
				if want := "GOPRIVATE=a.example"; after != want {
					t.Errorf("file is %q, want %q", after, want)
				}
			},
			steps: []fix.StepKind{fix.StepEditFile, fix.StepRestartGopls},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(tt.content)
			p := plan(t, w, snapshot(tt.env), offer(fix.FixPattern, tt.variable))
			tt.check(t, roundTrip(t, w, p, tt.content))
			if diff := cmp.Diff(tt.steps, kinds(p.Steps)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(kinds(p.Steps), kinds(p.Undo)); diff != "" {
				t.Error(diff)
			}
			if p.WeakensSecurity != tt.weakens {
				t.Errorf("weakens security: %t", p.WeakensSecurity)
			}
			if p.Preview == "" {
				t.Error("no preview")
			}
		})
	}
}

func TestFixPatternByHand(t *testing.T) {
	for _, tt := range []struct {
		name, variable string
		s              *model.Snapshot
		content        map[string]string
		says           string
	}{
		{"from the environment", "GOPRIVATE", snapshot(process(model.EnvShell, "GOPRIVATE", " a.example")), nil, "GOPRIVATE=a.example"},
		{
			"from a line of a start-up file", "GOPRIVATE", func() *model.Snapshot {
				env := process(model.EnvShell)
				env.Layers[0].Vars["GOPRIVATE"] = model.Assignment{Value: model.NewValue("a.example, hunter2.example"), File: "/home/gopher/.zshrc", Line: 18}
				return snapshot(env)
			}(), nil, "/home/gopher/.zshrc:18",
		},
		{"nobody knows what was meant", "GOPRIVATE", snapshot(under(process(model.EnvShell), "GOPRIVATE", "[", 1)), map[string]string{goenv: "GOPRIVATE=[\n"}, "not certain"},
		{"would widen GOINSECURE", "GOINSECURE", snapshot(under(process(model.EnvShell), "GOINSECURE", ".corp.example", 1)), map[string]string{goenv: "GOINSECURE=.corp.example\n"}, "not certain"},
		{
			"made from another variable", "GOPRIVATE",
			snapshot(over(process(model.EnvTools), model.LayerToolsEnvVars, "GOPRIVATE", " a.example", folder, 1)),
			map[string]string{folder: `{"go.toolsEnvVars": {"GOPRIVATE": " ${env:GOX}"}}`},
			folder + ":1",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := plan(t, newWorld(tt.content), tt.s, offer(fix.FixPattern, tt.variable))
			if p.Kind() != "manual" || !strings.Contains(p.Manual, tt.says) {
				t.Errorf("%s: %q, want something with %q", p.Kind(), p.Manual, tt.says)
			}
		})
	}
}

func TestFixPatternPrefersWhatItCanMend(t *testing.T) {
	content := map[string]string{goenv: "GOPRIVATE=a.example, b.example\n"}
	w := newWorld(content)
	p := plan(t, w, snapshot(process(model.EnvTools, "GOPRIVATE", "a.example, b.example"), under(process(model.EnvShell), "GOPRIVATE", "a.example, b.example", 1)), offer(fix.FixPattern, "GOPRIVATE"))
	roundTrip(t, w, p, content)
}

func TestFixPatternOfALiveList(t *testing.T) {
	p := plan(t, newWorld(nil), snapshot(process(model.EnvShell, "GOPRIVATE", "*.corp.example,none")), offer(fix.FixPattern, "GOPRIVATE"))
	if p.Disabled == "" {
		t.Errorf("%+v", p)
	}
}

func TestMakeFails(t *testing.T) {
	inFile := over(process(model.EnvTools), model.LayerToolsEnvVars, "GOPRIVATE", " a.example", folder, 1)
	for _, tt := range []struct {
		name    string
		s       *model.Snapshot
		offer   model.FixOffer
		content map[string]string
		is      error
	}{
		{"unknown fix", snapshot(), offer("wish", "GOPROXY"), nil, nil},
		{"no variable", snapshot(), model.FixOffer{ID: fix.Unmask}, nil, nil},
		{"no pattern variable", snapshot(), offer(fix.FixPattern, "GOPROXY"), nil, nil},
		{"setting is gone", snapshot(inFile), offer(fix.FixPattern, "GOPRIVATE"), map[string]string{folder: "{}"}, world.ErrChanged},
		{"file is gone", snapshot(inFile), offer(fix.FixPattern, "GOPRIVATE"), nil, world.ErrChanged},
		{"file is broken now", snapshot(inFile), offer(fix.FixPattern, "GOPRIVATE"), map[string]string{folder: "{"}, world.ErrChanged},
		{
			"GOENV changed", snapshot(under(process(model.EnvShell), "GOPRIVATE", " a.example", 1)), offer(fix.FixPattern, "GOPRIVATE"),
			map[string]string{goenv: "GOPRIVATE=b.example\n"},
			world.ErrChanged,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := fix.Make(newWorld(tt.content), tt.s, tt.offer, show)
			if err == nil || tt.is != nil && !errors.Is(err, tt.is) || len(p.Steps) > 0 {
				t.Errorf("%v, plan %+v", err, p)
			}
		})
	}
}
