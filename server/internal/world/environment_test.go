package world

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func all(string) bool { return true }

func printed(t *testing.T, sentinel string, environ []string) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := PrintEnvironment(&out, sentinel, environ); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestEnvironmentRoundTrip(t *testing.T) {
	want := map[string]string{
		"PLAIN":   "value",
		"EMPTY":   "",
		"EQUALS":  "a=b=c",
		"LINES":   "first\nmark end 1\n\"second\"\r\n",
		"INVALID": "\xff\xfe\x00\x80",
		"UNICODE": "héllo 世界 \u202e",
		"QUOTES":  `\"'` + "`$(x)",
		"BIG":     strings.Repeat("0123456789abcdef", 1<<16),
	}
	var environ []string
	for name, value := range want {
		environ = append(environ, name+"="+value)
	}
	environ = append(environ, "no variable", "", "PLAIN=the second one loses")
	out := slices.Concat([]byte("noise mark begin"), printed(t, "mark", environ), []byte("more noise"))
	got, err := ParseEnvironment(out, "mark", all)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestParseEnvironmentKeepsOnlyWhatIsAskedFor(t *testing.T) {
	out := printed(t, "mark", []string{"GOPROXY=off", "SECRET=x", "GO\nX=y", "GO\"Z=z"})
	got, err := ParseEnvironment(out, "mark", func(name string) bool { return strings.HasPrefix(name, "GO") })
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"GOPROXY": "off"}, got); d != "" {
		t.Error(d)
	}
}

func TestParseEnvironmentOfAMillionVariables(t *testing.T) {
	environ := make([]string, 1_000_000)
	for i := range environ {
		environ[i] = fmt.Sprintf("V%d=%d", i, i)
	}
	environ[999_999] = "GOPROXY=off"
	got, err := ParseEnvironment(printed(t, "mark", environ), "mark", func(name string) bool { return name == "GOPROXY" || name == "V7" })
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"GOPROXY": "off", "V7": "7"}, got); d != "" {
		t.Error(d)
	}
}

func TestParseEnvironmentOfBadOutput(t *testing.T) {
	good := string(printed(t, "mark", []string{"A=1", "B=2"}))
	lines := strings.SplitAfter(good, "\n")
	for name, test := range map[string]struct {
		output string
		want   error
	}{
		"nothing":              {"", ErrNoEnvironment},
		"another sentinel":     {strings.ReplaceAll(good, "mark", "other"), ErrNoEnvironment},
		"ends in the middle":   {good[:len(good)/2], ErrTornEnvironment},
		"no end":               {lines[0] + lines[1] + lines[2], ErrTornEnvironment},
		"an entry is missing":  {lines[0] + lines[1] + lines[3], ErrTornEnvironment},
		"an entry is torn":     {lines[0] + lines[1][:3] + "noise\n" + lines[1][3:] + lines[2] + lines[3], ErrTornEnvironment},
		"an entry is repeated": {lines[0] + lines[1] + lines[1] + lines[2] + lines[3], ErrTornEnvironment},
		"bad escape":           {lines[0] + "\"A=\\q\"\n" + lines[2] + lines[3], ErrTornEnvironment},
		"noise between":        {lines[0] + lines[1] + "noise\n" + lines[2] + lines[3], nil},
	} {
		t.Run(name, func(t *testing.T) {
			vars, err := ParseEnvironment([]byte(test.output), "mark", all)
			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if (vars != nil) != (test.want == nil) {
				t.Errorf("got %d variables with error %v", len(vars), err)
			}
		})
	}
}

func FuzzParseEnvironment(f *testing.F) {
	f.Add("mark begin\n\"A=1\"\nmark end 1\n", "A=1")
	f.Fuzz(func(t *testing.T, output, entry string) {
		_, _ = ParseEnvironment([]byte(output), "mark", all) // must not panic
		var out bytes.Buffer
		if err := PrintEnvironment(&out, "mark", []string{"X=" + entry}); err != nil {
			t.Fatal(err)
		}
		got, err := ParseEnvironment(out.Bytes(), "mark", all)
		if err != nil || got["X"] != entry {
			t.Errorf("%q came back as %q, %v", entry, got["X"], err)
		}
	})
}

func TestNamesOfVariables(t *testing.T) {
	environ := []string{"Path=C:\\go\\bin", "http_proxy=a=b", "=C:=C:\\ws", "GOFLAGS=-mod=mod"}
	for goos, want := range map[string][]string{
		"linux":   environ,
		"windows": {"PATH=C:\\go\\bin", "HTTP_PROXY=a=b", "=C:=C:\\ws", "GOFLAGS=-mod=mod"},
	} {
		if d := cmp.Diff(want, Canonical(goos, slices.Clone(environ))); d != "" {
			t.Errorf("%s: %s", goos, d)
		}
	}
	for goos, want := range map[string]string{"linux": "Path", "darwin": "Path", "windows": "PATH"} {
		if got := (&World{GOOS: goos}).VariableName("Path"); got != want {
			t.Errorf("%s: Path is known as %s", goos, got)
		}
	}
}

func TestRealKnowsItself(t *testing.T) {
	w := Real()
	if w.PID != os.Getpid() || w.Self == "" || w.Dir == "" || !slices.Equal(slices.Sorted(slices.Values(w.Environ)), slices.Sorted(slices.Values(Canonical(runtime.GOOS, os.Environ())))) {
		t.Errorf("Real() = PID %d, Self %q, Dir %q, %d variables", w.PID, w.Self, w.Dir, len(w.Environ))
	}
}
