package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/world"
)

// hostile is a machine whose every text is an attack or a secret.
func hostile(t *testing.T) (dir string, environ []string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "ws\x1b[31m\u202eevil")
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	write("go.mod", "module example.com/a\n\ngo 1.24\n\nrequire https://bob:hunter2@x\x1b\n")
	write("a.go", "package a\n")
	write("goenv", "GOPROXY=\"https://bob:hunter2@x.example\"\nGOFLAGS =-x\n")
	write("env", "GOPROXY=https://bob:hunter2@p.example/\x1b[31m,\u202eevil\nGOPRIVATE=https://bob:hunter2@git.example, \u2066x\nGOFLAGS=-ldflags=-X=main.token=hunter2\nGOAUTH=sh -c hunter2\nHTTPS_PROXY=http://bob:hunter2@c.example\n")
	write("problems", `{"problems":[
		{"uri":"file:///a%00\u202e.go","source":"compiler","message":"could not import https://bob:hunter2@x.example/\u001b[31my\u202e (no)"},
		{"uri":"file:///a.go","source":"\u001b","code":"\u202e","message":"\u0007"}]}`)
	return dir, []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "GOENV=" + filepath.Join(dir, "goenv"), "GOINSECURE=bob:hunter2@h:80"}
}

func TestNothingHostileIsShown(t *testing.T) {
	dir, environ := hostile(t)
	captured := []string{"--env", "shell=" + filepath.Join(dir, "env"), "--env", "gopls=" + filepath.Join(dir, "goenv")}
	problems := []string{"phantoms", "--problems", filepath.Join(dir, "problems")}
	for _, args := range [][]string{
		{"check"},
		{"check", "--format", "json"},
		{"check", "--format", "sarif"},
		append([]string{"check"}, captured[:2]...), append([]string{"check", "--format", "json"}, captured[:2]...), append([]string{"check", "--format", "sarif"}, captured[:2]...),
		append([]string{"env", "--all"}, captured[:2]...), append([]string{"env", "--all", "--format", "json"}, captured[:2]...),
		append([]string{"env", "--all", "--format", "markdown"}, captured...), append([]string{"env", "--format", "html"}, captured...), append([]string{"env"}, captured...),
		append(problems, captured[:2]...), append(append(problems, "--format", "json"), captured[:2]...),
		append([]string{"check"}, captured...),
		{"route", "git.example/x"},
		{"route", "git.example/x\x1b\u202e", "--format", "json"},
		{"route", "git.example/x\x1b\u202e"},
		{"route", "https://bob:hunter2@git.example/x"},
		{"check", "--env", "shell=" + filepath.Join(dir, "missing\x1b")},
		{"check\x1b"},
		{"check", "--dir", filepath.Join(dir, "\u202e")},
	} {
		w := world.Real()
		w.Dir, w.Environ = dir, environ
		var stdout, stderr bytes.Buffer
		exit := Main(t.Context(), w, args, strings.NewReader(""), &stdout, &stderr)
		text := stdout.String() + stderr.String()
		if text == "" {
			t.Errorf("%q: says nothing", args)
		}
		for _, bad := range []string{"hunter2", "\x1b", "\u202e", "\u2066", "\x00", "\x07", "internal error"} {
			if strings.Contains(text, bad) {
				t.Errorf("%q: shows %q:\n%q", args, bad, text)
			}
		}
		if exit == exitHealthy {
			t.Errorf("%q: calls it healthy:\n%s", args, text)
		}
		if stdout.Len() > 0 && (strings.Contains(strings.Join(args, " "), "json") || strings.Contains(strings.Join(args, " "), "sarif")) && !json.Valid(stdout.Bytes()) {
			t.Errorf("%q: no JSON:\n%s", args, text)
		}
	}
}

func TestWithoutAGoNothingIsHealthy(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/a\n\ngo 1.24\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	// There a rule knows what is wrong, beside what cannot be told.
	broken := map[string]bool{"nothing check": true, "GOROOT without Go check": true}
	for name, environ := range map[string][]string{
		"no go on PATH":     {"HOME=" + dir, "PATH=" + dir},
		"no PATH":           {"HOME=" + dir},
		"nothing":           nil,
		"only GOROOT":       {"HOME=" + dir, "PATH=" + dir, "GOROOT=" + strings.TrimSpace(string(goroot))},
		"GOROOT without Go": {"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "GOROOT=" + filepath.Join(dir, "gone")},
	} {
		for _, args := range [][]string{{"check"}, {"route", "golang.org/x/mod"}} {
			if name == "only GOROOT" && args[0] == "route" {
				continue // the files of GOROOT tell the way
			}
			w := world.Real()
			w.Dir, w.Environ = dir, environ
			want := exitUndecided
			if broken[name+" "+args[0]] {
				want = exitFindings
			}
			var stdout, stderr bytes.Buffer
			if exit := Main(t.Context(), w, args, strings.NewReader(""), &stdout, &stderr); exit != want {
				t.Errorf("%s: %q exits with %d, want %d\n%s%s", name, args, exit, want, &stdout, &stderr)
			}
		}
	}
}
