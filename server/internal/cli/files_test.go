package cli

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

func utf16Text(order binary.AppendByteOrder, s string) string {
	out := order.AppendUint16(nil, 0xfeff)
	for _, u := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, u)
	}
	return string(out)
}

func TestParseEnvironment(t *testing.T) {
	type vars = map[string]string
	for _, c := range []struct {
		name, in string
		want     vars
		notes    int
		err      string // part of it; "" for none
	}{
		{name: "nothing", in: "", want: vars{}},
		{name: "as env prints it", in: "GOPROXY=off\nGOFLAGS=-mod=mod -x\nGONOSUMDB=\n", want: vars{"GOPROXY": "off", "GOFLAGS": "-mod=mod -x", "GONOSUMDB": ""}},
		{name: "no line feed at the end", in: "GOPROXY=off", want: vars{"GOPROXY": "off"}},
		{name: "what cannot matter is dropped", in: "AWS_SECRET=x\nGOPROXY=off\nProgramFiles(x86)=C:\\P\n", want: vars{"GOPROXY": "off"}},
		{name: "CRLF and empty lines and comments", in: "# captured\r\nGOPROXY=off\r\n\r\nGOWORK=off\r\n", want: vars{"GOPROXY": "off", "GOWORK": "off"}},
		{name: "byte order mark", in: "\xef\xbb\xbfGOPROXY=off\n", want: vars{"GOPROXY": "off"}},
		{name: "UTF-16 of PowerShell", in: utf16Text(binary.LittleEndian, "GOPROXY=off\r\nGOFLAGS=é😀\r\n"), want: vars{"GOPROXY": "off", "GOFLAGS": "é😀"}},
		{name: "UTF-16, the other order", in: utf16Text(binary.BigEndian, "GOPROXY=off\n"), want: vars{"GOPROXY": "off"}},
		{name: "UTF-16 cut off", in: utf16Text(binary.LittleEndian, "GOPROXY=off") + "x", err: "cut off"},
		{name: "the last one counts", in: "GOPROXY=a\nGOPROXY=b\n", want: vars{"GOPROXY": "b"}},
		{name: "blanks belong to the value", in: "GOPRIVATE= a, b \n", want: vars{"GOPRIVATE": " a, b "}},
		{name: "quotes belong to the value", in: "GOPRIVATE=\"a\"\nPS1='x'\n", want: vars{"GOPRIVATE": `"a"`}, notes: 1},
		{
			name: "as export -p prints it", in: "export GOPROXY='https://a.example,direct'\ndeclare -x GOFLAGS=\"-ldflags=\\\"\\$X\\\"\"\nexport GOWORK=off\nexport GOOS\nexport GOARCH=\n",
			want: vars{"GOPROXY": "https://a.example,direct", "GOFLAGS": `-ldflags="$X"`, "GOWORK": "off", "GOARCH": ""},
		},
		{name: "an expansion", in: "GOWORK=off\nexport PATH=$HOME/bin:$PATH\n", err: "2: PATH: only a shell"},
		{name: "an expansion in quotes", in: `export GOPATH="$HOME/go"`, err: "1: GOPATH: only a shell"},
		{name: "a quote without its end", in: `export GOPATH="/go`, err: "1: GOPATH: only a shell"},
		{name: "quotes that only begin alike", in: `export GOPATH='/a'"/b'`, err: "1: GOPATH: only a shell"},
		{name: "a home directory", in: "export GOPATH=~/go", err: "1: GOPATH: only a shell"},
		{name: "an escaped quote at the end", in: `export GOFLAGS="a\"`, err: "1: GOFLAGS: only a shell"},
		{name: "no assignment", in: "GOPROXY=off\nrubbish\n", err: "2: not KEY=VALUE"},
		{name: "a value that goes on", in: "BASH_FUNC_f%%=() {  echo a=b\n x=y\n}\n", err: "2: not KEY=VALUE"},
		{name: "no name", in: "=x\n", err: "1: not KEY=VALUE"},
		{name: "env -0", in: "GOPROXY=off\x00GOFLAGS=a\nb=c\r\x00", want: vars{"GOPROXY": "off", "GOFLAGS": "a\nb=c\r"}},
		{name: "env -0 takes quotes and export as they are", in: "GOPRIVATE=\"a\"\x00GOFLAGS='b'\x00", want: vars{"GOPRIVATE": `"a"`, "GOFLAGS": "'b'"}},
		{name: "env -0 with a bad entry", in: "GOPROXY=off\x00rubbish\x00", err: "entry 2"},
	} {
		got, notes, err := parseEnvironment([]byte(c.in))
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error is %v, want %s", c.name, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if len(notes) != c.notes {
			t.Errorf("%s: notes are %q, want %d", c.name, notes, c.notes)
		}
	}
}

// FuzzParseEnvironment looks for input that crashes it, or that tells a value
// in an error or a note.
func FuzzParseEnvironment(f *testing.F) {
	for _, s := range []string{"GOPROXY=off\n", "export A='b'", "A\x00B=c\x00", "\xff\xfeA\x00=\x00", "export A=\"\\", "\xef\xbb\xbf"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		vars, _, err := parseEnvironment(data)
		if err != nil && vars != nil {
			t.Error("variables beside an error")
		}
		for name := range vars {
			if !model.Kept(name) {
				t.Errorf("%q was kept", name)
			}
		}
		_, _, err = parseEnvironment(append([]byte("GOPROXY=hunter2\nGOFLAGS='hunter2'\nexport GOPATH=$hunter2\n"), data...))
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error tells a value: %v", err)
		}
	})
}

func TestParseProblems(t *testing.T) {
	c, err := parseProblems([]byte("\xef\xbb\xbf" + `{
		"problems": [
			{"uri": "file:///ws/a%20b.go", "range": {"start": {"line": 2, "character": 7}, "end": {"line": 2, "character": 9}},
			 "severity": 2, "source": "compiler", "code": {"value": "BrokenImport", "target": "x"}, "message": "m"},
			{"uri": "file:///ws/c.go", "code": 7, "message": ""}
		],
		"overlays": {"file:///ws/c.go": "package c"},
		"views": [{"ID": "1"}], "gopls": {"version": "v0.23.0"},
		"options": {"env": {"GOFLAGS": "x"}, "buildFlags": ["-tags=x"]}
	}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []model.Problem{
		{
			Location: model.Location{File: "/ws/a b.go", Range: model.Range{Start: model.Position{Line: 2, Character: 7}, End: model.Position{Line: 2, Character: 9}}},
			Severity: 2, Source: "compiler", Code: "BrokenImport", Message: "m",
		},
		{Location: model.Location{File: "/ws/c.go"}, Severity: 1, Code: "7"},
	}
	if diff := cmp.Diff(want, c.problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"/ws/c.go": "package c"}, c.overlays); diff != "" {
		t.Errorf("overlays (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"GOFLAGS": "x"}, c.env); diff != "" {
		t.Errorf("options.env (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"-tags=x"}, c.flags); diff != "" {
		t.Errorf("options.buildFlags (-want +got):\n%s", diff)
	}
}

func TestParseProblemsRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"":                                 "unexpected end",
		"{\n\"problems\": [\n}":            "3: invalid character",
		"{\n\"problems\": 7}":              "2: ",
		"{}":                               `no "problems"`,
		`{"problems": null}`:               `no "problems"`,
		`{"problems": [{"message": "m"}]}`: "problems[0].uri",
		`{"problems": [{"uri": "untitled:1", "message": "m"}]}`:                                     "problems[0].uri",
		`{"problems": [{"uri": "file:///a.go"}]}`:                                                   "problems[0] has no message",
		`{"problems": [{"uri": "file:///a.go", "message": "m", "severity": 9}]}`:                    "problems[0].severity",
		`{"problems": [{"uri": "file:///a.go", "message": "m", "code": [1]}]}`:                      "problems[0].code",
		`{"problems": [{"uri": "file:///a.go", "message": "m", "range": {"start": {"line": -1}}}]}`: "problems[0].range",
		`{"problems": [], "overlays": {"nowhere": ""}}`:                                             "overlays",
	} {
		if _, err := parseProblems([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\nerror is %v, want %s", in, err, want)
		}
	}
}

// TestTooManyVariables: a file that is no environment is refused at once, by
// what Go could read of it; what Go does not read costs nothing.
func TestTooManyVariables(t *testing.T) {
	for prefix, refused := range map[string]bool{"GIT_X": true, "OTHER": false} {
		t.Run(prefix, func(t *testing.T) {
			var data bytes.Buffer
			for i := range maxVariables + 1 {
				fmt.Fprintf(&data, "%s%d=1\n", prefix, i)
			}
			w := world.Real()
			w.Dir = t.TempDir()
			if err := os.WriteFile(filepath.Join(w.Dir, "env"), data.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			var stderr bytes.Buffer
			a := &app{world: w, stderr: &stderr, envs: []string{"shell=env"}}
			if _, err := a.captured(); (err != nil) != refused {
				t.Errorf("error %v, want one: %v", err, refused)
			}
		})
	}
}
