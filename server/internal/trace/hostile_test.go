package trace_test

import (
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/tools/txtar"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/trace"
)

// TestHostileText reads what no go prints; the time limit of the test run is
// the judge of what must not be slow.
func TestHostileText(t *testing.T) {
	const mega = 1 << 20
	for name, tc := range map[string]struct {
		text string
		want string // the likeliest ref of the first message; "" if there is none
	}{
		"a value of a megabyte":           {"go: invalid proxy URL missing scheme: " + strings.Repeat("x", mega), "PX-WORD"},
		"a chain that never ends":         {strings.Repeat("go: ", mega/4) + "unsupported GOOS/GOARCH pair a/b", ""},
		"a line of blanks":                {strings.Repeat(" ", mega), ""},
		"a line of colons":                {strings.Repeat(": ", mega/2), ""},
		"a head that never ends":          {strings.Repeat("reading https://h/@v/", mega/20), ""},
		"parentheses that never close":    {strings.Repeat("could not import x (", mega/20), ""},
		"escapes that never end":          {strings.Repeat("\x1b[", mega/2), ""},
		"a title that never ends":         {strings.Repeat("\x1b]0;", mega/4), ""},
		"time stamps all along":           {strings.Repeat("2026-11-23 10:11:12 ", mega/20), ""},
		"empty lines":                     {strings.Repeat("\n", mega) + "go: unsupported GOOS/GOARCH pair a/b", "GOOS-BAD"},
		"control characters in a value":   {"go: invalid proxy URL missing scheme: a\x00\x07\x7fb", "PX-WORD"},
		"no UTF-8":                        {"go: invalid proxy URL missing scheme: \xff\xfe", "PX-WORD"},
		"a message cut off":               {"verifying example.com/lib@v1.0.0: checksum mismatch", "GS-MISMATCH"},
		"a message cut off in the middle": {"verifying example.com/lib@v1.0.0: checksum mismatch\n\tdownloaded: h1:", "GS-MISMATCH"},
		"a carriage return in the middle": {"go: GOWORK cannot\r be modified", ""},
		"nothing":                         {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			refs := refsOf(tc.text)
			if got := append(refs, "")[0]; got != tc.want {
				t.Errorf("is %q, want %q", got, tc.want)
			}
		})
	}
}

// endless is a log without an end of line.
type endless struct{ left int }

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), e.left)
	for i := range p[:n] {
		p[i] = 'x'
	}
	e.left -= n
	return n, nil
}

// TestReadHoldsLittle reads a line that is larger than what may be held.
func TestReadHoldsLittle(t *testing.T) {
	const size = 256 << 20
	var refs []string
	text := io.MultiReader(strings.NewReader("go: GOWORK cannot be modified\n"), &endless{size}, strings.NewReader("\ngo: unsupported GOOS/GOARCH pair a/b\n"))
	result := testing.Benchmark(func(b *testing.B) {
		if b.N > 1 {
			b.Skip("one pass tells")
		}
		if _, err := trace.Read(text, func(m model.Message) { refs = append(refs, m.Refs[0]) }); err != nil {
			b.Fatal(err)
		}
	})
	if got := strings.Join(refs, " "); got != "EN-GOWORKFILE GOOS-BAD" {
		t.Errorf("recognised %q", got)
	}
	if used := result.MemBytes; used > size/4 {
		t.Errorf("%d bytes were allocated for a line of %d", used, size)
	}
}

// TestReadInPieces gets the same messages whatever the pieces a log comes in.
func TestReadInPieces(t *testing.T) {
	const text = "noise\nverifying example.com/lib@v1.0.0: checksum mismatch\n\tdownloaded: h1:AAAA\n\tgo.sum:     h1:BBBB\n\nSECURITY ERROR\nnoise\n" +
		"go: example.com/lib@v1.0.0: reading https://proxy.example/example.com/lib/@v/v1.0.0.mod: 403 Forbidden\n\tserver response:\n\t\tone\n\t\ttwo\nnoise"
	for name, r := range map[string]io.Reader{"whole": strings.NewReader(text), "bytes": iotest.OneByteReader(strings.NewReader(text))} {
		var got []string
		count, err := trace.Read(r, func(m model.Message) { got = append(got, m.Refs[0]+" "+m.Args["response"].Reveal()) })
		if err != nil || strings.Join(got, "|") != "GS-MISMATCH |PX-403STOP one\ntwo" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if count.Lines != 11 || count.Unknown != 4 {
			t.Errorf("%s: %+v, want 11 lines, 4 of them unknown", name, count)
		}
	}
	broken := errors.New("the disk is gone")
	n := 0
	_, err := trace.Read(io.MultiReader(strings.NewReader("go: GOWORK cannot be modified\nmore"), iotest.ErrReader(broken)), func(model.Message) { n++ })
	if !errors.Is(err, broken) || n != 1 {
		t.Errorf("err = %v after %d messages, want what the reader said after one", err, n)
	}
}

// TestHoles checks that the parts that differ are told apart.
func TestHoles(t *testing.T) {
	for _, tc := range []struct {
		text string
		want map[string]string
	}{
		{"main.go:3:8: git.corp.example/lib@v1.0.0: reading https://proxy.example/git.corp.example/lib/@v/v1.0.0.zip: 403 Forbidden\n\tserver response: by policy", map[string]string{
			"file": "main.go", "line": "3", "module": "git.corp.example/lib", "version": "v1.0.0", "status": "403 Forbidden", "response": "by policy",
			"url": "https://proxy.example/git.corp.example/lib/@v/v1.0.0.zip",
		}},
		{"go: parsing $GOFLAGS: unknown flag -foo", map[string]string{"flag": "-foo"}},
		{"go: go.mod requires go >= 1.99 (running go 1.26.8; GOTOOLCHAIN=local)", map[string]string{"what": "go.mod", "go": "1.99", "running": "1.26.8", "value": "local"}},
		{"go: error loading go.work:\ngo.work:4: path /home/gopher/ws appears multiple times in workspace", map[string]string{"file": "go.work", "line": "4", "dir": "/home/gopher/ws"}},
	} {
		found := trace.Classify(model.NewValue(tc.text))
		if len(found) != 1 {
			t.Errorf("%q: %d messages", tc.text, len(found))
			continue
		}
		for name, want := range tc.want {
			if got := found[0].Args[name].Reveal(); got != want {
				t.Errorf("%q: %s is %q, want %q", tc.text, name, got, want)
			}
		}
	}
}

// FuzzClassify looks for a text that makes Classify crash, or say something
// that is not in it.
func FuzzClassify(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(corpus, "*.txtar"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no corpus: %v", err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, s := range a.Files {
			f.Add(string(s.Data))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, m := range trace.Classify(model.NewValue(text)) {
			if len(m.Refs) == 0 || m.Text.Empty() {
				t.Errorf("a message without refs or text: %v", m)
			}
			for line := range strings.Lines(m.Text.Reveal()) {
				// Colours may have been taken out of a line, nothing else is.
				if line = strings.TrimSpace(line); !strings.Contains(text, "\x1b") && !strings.Contains(text, line) {
					t.Errorf("%q is not in %q", line, text)
				}
			}
		}
	})
}
