package cli

import (
	"context"
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gophantom/gophantom/server/internal/model"
)

// TestLogFromStdin reads what a shell pipes in, whatever it wrote it with.
func TestLogFromStdin(t *testing.T) {
	const text = "# é😀\r\ngo: GOWORK cannot be modified\r\n"
	for name, piped := range map[string]string{
		"UTF-8": text, "byte order mark": "\xef\xbb\xbf" + text,
		"UTF-16 of PowerShell": utf16Text(binary.LittleEndian, text), "UTF-16, the other order": utf16Text(binary.BigEndian, text),
		"UTF-16 cut off": utf16Text(binary.LittleEndian, text) + "x",
	} {
		var stderr strings.Builder
		a := &app{stdin: iotest.OneByteReader(strings.NewReader(piped)), stderr: &stderr, logFiles: []string{"gopls=-"}}
		said, err := a.logs(t.Context())
		if err != nil || len(said) != 1 || said[0].Env != model.EnvGopls || said[0].Command != "log" {
			t.Errorf("%s: %d texts, %v", name, len(said), err)
			continue
		}
		if got := said[0].Text.Reveal(); got != "go: GOWORK cannot be modified" {
			t.Errorf("%s: %q", name, got)
		}
		if want := "gophantom: -: 1 known message (EN-GOWORKFILE; gophantom explain REF tells more); 1 of 2 lines are not known\n"; stderr.String() != want {
			t.Errorf("%s: says %q, want %q", name, stderr.String(), want)
		}
	}
}

// TestLogUTF16 compares with what was written, in pieces of any size.
func TestLogUTF16(t *testing.T) {
	want := strings.Repeat("aé😀\n", 5000)
	got, err := io.ReadAll(iotest.HalfReader(utf8Of(strings.NewReader(utf16Text(binary.BigEndian, want)))))
	if err != nil || string(got) != want {
		t.Errorf("%d bytes, %v; want %d", len(got), err, len(want))
	}
}

// TestLogStops ends the reading of a log that does not end.
func TestLogStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	endless, w := io.Pipe()
	t.Cleanup(func() { _ = endless.Close() })
	go func() {
		line := []byte(strings.Repeat("x", 80) + "\n")
		for n := 0; ; n++ {
			if _, err := w.Write(line); err != nil {
				return
			}
			if n == 1000 {
				cancel()
			}
		}
	}()
	a := &app{stdin: endless, stderr: io.Discard, logFiles: []string{"-"}}
	if _, err := a.logs(ctx); ctx.Err() == nil || err == nil {
		t.Errorf("the log ended by itself: %v", err)
	}
}
