package model

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// goCommand finds the judge.
func goCommand(t *testing.T) string {
	t.Helper()
	bin, err := exec.LookPath("go")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("no go command on PATH: this test has no judge")
		}
		t.Skip("no go command on PATH: install Go from go.dev/dl")
	}
	return bin
}

// readEnvFile reads a file as cmd/go/internal/cfg.readEnvFile does.
func readEnvFile(kind LayerKind, data string) Layer {
	l := Layer{Kind: kind, Vars: map[string]Assignment{}}
	for line := range strings.SplitSeq(data, "\n") {
		name, value, ok := strings.Cut(line, "=")
		if ok && line[0] >= 'A' && line[0] <= 'Z' {
			l.Vars[name] = Assignment{Value: NewValue(value)}
		}
	}
	return l
}

// TestLookupLive compares Lookup with the real go command under random process
// environments and GOENV files, malformed ones included.
func TestLookupLive(t *testing.T) {
	goBin := goCommand(t)
	names := []string{"GOPROXY", "GOSUMDB", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE", "GOVCS", "GOAUTH", "GOBIN", "GOMODCACHE"}
	home := t.TempDir()
	goroot, err := exec.Command(goBin, "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	shipped, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(goroot)), "go.env"))
	if err != nil {
		t.Fatal(err)
	}
	defaults := Layer{Kind: LayerDefault, Vars: map[string]Assignment{
		"GOAUTH": {Value: NewValue("netrc")}, "GOMODCACHE": {Value: NewValue(filepath.Join(home, "go", "pkg", "mod"))},
	}}

	seed := rand.Uint64()
	if s := os.Getenv("GOPHANTOM_ENV_SEED"); s != "" {
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("GOPHANTOM_ENV_SEED: %v", err)
		}
	}
	t.Logf("repeat with GOPHANTOM_ENV_SEED=%d", seed)
	goenv := filepath.Join(home, "goenv")
	fromFile := 0
	for i := range 120 {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		pick := func(list ...string) string { return list[rng.IntN(len(list))] }
		value := func() string {
			return pick("", "", "a", "b,direct", "off", " ", " x ", `"q"`, "a=b", "https://u:p@h.example", "é", "x#y", "/abs/"+strconv.Itoa(rng.IntN(9)))
		}
		process := map[string]string{}
		for _, name := range names {
			if rng.IntN(4) == 0 {
				process[name] = value()
			}
		}
		// A relative GOMODCACHE makes go refuse to say anything.
		if v, ok := process["GOMODCACHE"]; ok && v != "" {
			process["GOMODCACHE"] = filepath.Join(home, "cache")
		}
		var file strings.Builder
		file.WriteString(pick("", "", "", "\ufeff"))
		for range rng.IntN(14) {
			name := names[rng.IntN(len(names))]
			line := name + "=" + value()
			switch rng.IntN(12) {
			case 0:
				line = " " + line
			case 1:
				line = "export " + line
			case 2:
				line = strings.ToLower(line)
			case 3:
				line = name + " =" + value()
			case 4:
				line = pick("# "+line, "", "=", "=x", name, "\t"+line, "_"+line, "X"+line)
			}
			file.WriteString(line + pick("\n", "\n", "\n", "\r\n"))
		}
		if rng.IntN(3) == 0 {
			file.WriteString(names[rng.IntN(len(names))] + "=" + value()) // no newline at the end
		}
		if err := os.WriteFile(goenv, []byte(file.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		env := Env{Layers: []Layer{{Kind: LayerProcess, Vars: map[string]Assignment{}}}}
		cmd := exec.Command(goBin, append([]string{"env", "-json"}, names...)...)
		cmd.Dir = home
		cmd.Env = []string{"HOME=" + home, "USERPROFILE=" + home, "GOTOOLCHAIN=local", "GOENV=" + goenv}
		switch rng.IntN(8) {
		case 0:
			cmd.Env[3] = "GOENV=off"
		case 1:
			cmd.Env[3] = "GOENV=" + filepath.Join(home, "missing")
		case 2:
			cmd.Env[3] = "GOENV=" + home // a directory
		default:
			env.Layers = append(env.Layers, readEnvFile(LayerGOENV, file.String()))
		}
		env.Layers = append(env.Layers, readEnvFile(LayerGoroot, string(shipped)), defaults)
		for k, v := range process {
			cmd.Env = append(cmd.Env, k+"="+v)
			env.Layers[0].Vars[k] = Assignment{Value: NewValue(v)}
		}
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("case %d: go env: %v", i, err)
		}
		var want map[string]string
		if err := json.Unmarshal(out, &want); err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			got := env.Lookup(name)
			if (name == "GONOPROXY" || name == "GONOSUMDB") && got.Value.Empty() {
				got = env.Lookup("GOPRIVATE") // the go command's default for them
			}
			if got.Value.Reveal() != want[name] {
				t.Errorf("case %d (seed %d): %s resolves to %q, go says %q\nprocess %q\nGOENV file %q (%s)", i, seed, name, got.Value.Reveal(), want[name], process, file.String(), cmd.Env[3])
			}
			if got.Origin.Layer == LayerGOENV {
				fromFile++
			}
		}
	}
	if fromFile == 0 {
		t.Error("no value ever came from the GOENV file: the test hardly looked")
	}
}

func TestLookup(t *testing.T) {
	layer := func(kind LayerKind, pairs ...string) Layer {
		l := Layer{Kind: kind, Vars: map[string]Assignment{}}
		for i := 0; i < len(pairs); i += 2 {
			l.Vars[pairs[i]] = Assignment{Value: NewValue(pairs[i+1]), Line: i/2 + 1}
		}
		return l
	}
	for _, tc := range []struct {
		name     string
		layers   []Layer
		variable string
		want     string
		from     LayerKind // "" if unset
		hidden   []LayerKind
	}{
		{"nothing", nil, "GOPROXY", "", "", nil},
		{"process before files", []Layer{layer(LayerProcess, "GOPROXY", "p"), layer(LayerGOENV, "GOPROXY", "f"), layer(LayerGoroot, "GOPROXY", "r")}, "GOPROXY", "p", LayerProcess, []LayerKind{LayerGOENV, LayerGoroot}},
		{"settings before process", []Layer{layer(LayerToolsEnvVars, "GOPROXY", "s"), layer(LayerProcess, "GOPROXY", "p")}, "GOPROXY", "s", LayerToolsEnvVars, []LayerKind{LayerProcess}},
		{"empty process value is unset", []Layer{layer(LayerProcess, "GOPROXY", ""), layer(LayerGOENV, "GOPROXY", "f")}, "GOPROXY", "f", LayerGOENV, nil},
		{"empty setting hides the process value", []Layer{layer(LayerToolsEnvVars, "GOPROXY", ""), layer(LayerProcess, "GOPROXY", "p"), layer(LayerGOENV, "GOPROXY", "f")}, "GOPROXY", "f", LayerGOENV, []LayerKind{LayerProcess}},
		{"empty file value hides go.env", []Layer{layer(LayerGOENV, "GOPROXY", ""), layer(LayerGoroot, "GOPROXY", "r")}, "GOPROXY", "", LayerGOENV, []LayerKind{LayerGoroot}},
		{"empty file value yields to the built-in default", []Layer{layer(LayerGOENV, "GOAUTH", ""), layer(LayerDefault, "GOAUTH", "netrc")}, "GOAUTH", "netrc", LayerDefault, []LayerKind{LayerGOENV}},
		{"others are not read from files", []Layer{layer(LayerGOENV, "HTTPS_PROXY", "f"), layer(LayerGoroot, "HTTPS_PROXY", "r")}, "HTTPS_PROXY", "", "", nil},
		{"others may be empty", []Layer{layer(LayerToolsEnvVars, "HTTPS_PROXY", ""), layer(LayerProcess, "HTTPS_PROXY", "p")}, "HTTPS_PROXY", "", LayerToolsEnvVars, []LayerKind{LayerProcess}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := Env{Layers: tc.layers}.Lookup(tc.variable)
			var hidden []LayerKind
			for _, sh := range s.Shadows {
				hidden = append(hidden, sh.Origin.Layer)
			}
			if s.Name != tc.variable || s.Value.Reveal() != tc.want || s.Origin.Layer != tc.from || s.Set != (tc.from != "") || !slices.Equal(hidden, tc.hidden) {
				t.Errorf("got %q from %q (set %v), hiding %v; want %q from %q, hiding %v", s.Value.Reveal(), s.Origin.Layer, s.Set, hidden, tc.want, tc.from, tc.hidden)
			}
		})
	}
}

func TestProcessAndWith(t *testing.T) {
	v := func(s string) Assignment { return Assignment{Value: NewValue(s)} }
	env := Env{Layers: []Layer{
		{Kind: LayerToolsEnvVars, Vars: map[string]Assignment{"A": v("setting"), "E": v("")}},
		{Kind: LayerProcess, Vars: map[string]Assignment{"A": v("process"), "B": v("b"), "E": v("e")}},
		{Kind: LayerGOENV, Vars: map[string]Assignment{"GOPROXY": v("file")}},
	}}
	before := env.Process()
	if want := map[string]string{"A": "setting", "B": "b", "E": ""}; !maps.Equal(before, want) {
		t.Errorf("Process() = %q, want %q", before, want)
	}
	a := v("new")
	if got := env.With("A", &a).Process()["A"]; got != "new" {
		t.Errorf("with A=new a child sees A=%q", got)
	}
	if got, ok := env.With("A", nil).Process()["A"]; ok {
		t.Errorf("without A a child sees A=%q", got)
	}
	if got := env.With("GOPROXY", nil).Lookup("GOPROXY").Value.Reveal(); got != "file" {
		t.Errorf("without GOPROXY in the process, the file's %q decides", got)
	}
	if !maps.Equal(env.Process(), before) {
		t.Error("With changed its receiver")
	}
}

// TestValueCannotPrint tries every road by which a text usually gets into a
// log, an error or a message.
func TestValueCannotPrint(t *testing.T) {
	const secret = "hunter2"
	v := NewValue("https://user:" + secret + "@proxy.example")
	text := NewText(v.Reveal())
	holder := struct {
		V Value
		P *Value
		M map[string]Value
		L []Value
		K map[Value]int
		T Text
		t Text
		p *Text
		l []Text
	}{v, &v, map[string]Value{"k": v}, []Value{v}, map[Value]int{v: 1}, text, text, &text, []Text{text}}
	var shown bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c", "%U", "%t", "%e", "%08.3f", "%T", "%-20s"} {
		fmt.Fprintf(&shown, verb+"\n", v)
		fmt.Fprintf(&shown, verb+"\n", &v)
		fmt.Fprintf(&shown, verb+"\n", text)
		fmt.Fprintf(&shown, verb+"\n", &text)
		fmt.Fprintf(&shown, verb+"\n", holder)
		fmt.Fprintf(&shown, verb+"\n", &holder)
	}
	fmt.Fprintln(&shown, v, holder, fmt.Errorf("%w: %v", os.ErrNotExist, v))
	for _, enc := range []func() ([]byte, error){
		func() ([]byte, error) { return json.Marshal(holder.L) },
		func() ([]byte, error) { return json.Marshal(holder.l) },
		func() ([]byte, error) { return xml.Marshal(holder.l) },
		func() ([]byte, error) { return json.Marshal(map[string]any{"v": v, "k": holder.K}) },
		func() ([]byte, error) { return xml.Marshal(holder.L) },
	} {
		b, err := enc()
		if err != nil {
			t.Fatal(err)
		}
		shown.Write(b)
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&shown, nil), slog.NewJSONHandler(&shown, nil)} {
		slog.New(h).Info("m", "v", v, "p", &v, "h", holder.M, "l", holder.L, "t", text, "tl", holder.l, "tp", holder.p, "tt", holder.t, "any", slog.AnyValue(v))
	}
	// Also what a verb prints of the bytes: hexadecimal, for one.
	for _, form := range []string{secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), "user", "proxy.example"} {
		if strings.Contains(shown.String(), form) {
			t.Errorf("the text leaks as %q", form)
		}
	}
	if !strings.Contains(shown.String(), placeholder) {
		t.Error("not even the placeholder was printed: the test hardly looked")
	}
	if v.Reveal() == "" || v.Empty() || v != NewValue(v.Reveal()) || !NewValue("").Empty() || NewValue("") != (Value{}) {
		t.Error("a value does not hold what it was made of")
	}
	if text.Reveal() != v.Reveal() || text.Empty() || !NewText("").Empty() || (Text{}).Reveal() != "" {
		t.Error("a text does not hold what it was made of")
	}
}

// TestIsGoVariable compares our list with the one in the installed Go.
func TestIsGoVariable(t *testing.T) {
	out, err := exec.Command(goCommand(t), "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(strings.TrimSpace(string(out)), "src", "internal", "cfg", "cfg.go")
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("no source of the installed Go to compare with: %v", err)
		}
		t.Skip("the installed Go has no source: install Go from go.dev/dl")
	}
	known := map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || spec.Names[0].Name != "KnownEnv" {
			return true
		}
		text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		for name := range strings.FieldsSeq(text) {
			known[name] = true
		}
		return false
	})
	if len(known) == 0 {
		t.Fatal("internal/cfg has no KnownEnv any more")
	}
	for name := range known {
		if !IsGoVariable(name) {
			t.Errorf("go knows %s, we do not", name)
		}
		if !Kept(name) {
			t.Errorf("%s would be dropped where it is read", name)
		}
	}
	if strings.HasPrefix(runtime.Version(), "go1.26") { // the release the list was taken from
		for name := range goVariables {
			if !known[name] {
				t.Errorf("we know %s, go does not", name)
			}
		}
	}
}
