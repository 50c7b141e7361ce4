package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/baseline"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world"
)

// TestChangedSecretsAreToldAndNotWritten changes a password in a netrc and one in
// git's configuration. That they changed is told, and neither they nor a hash that
// somebody could try guesses on is in anything that is written, shown or printed.
func TestChangedSecretsAreToldAndNotWritten(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write("ws/go.mod", "module example.com/app\n\ngo 1.24\n")
	write("bin/git", "#!/bin/sh\n")
	w := world.Real()
	w.GOOS, w.Dir = "linux", filepath.Join(root, "ws") // its files of HOME are the same everywhere
	home := map[string]string{"HOME": filepath.Join(root, "home"), "PATH": filepath.Join(root, "bin"), "GIT_CONFIG_NOSYSTEM": "1", "XDG_CACHE_HOME": filepath.Join(root, "cache")}
	w.Environ = world.Environ(home)
	look := func(number int, netrc, git string) *model.Snapshot {
		t.Helper()
		write("home/.netrc", "machine git.example login gopher password "+netrc+"\n")
		write("home/.gitconfig", "[url \"https://oauth2:"+git+"@git.example/\"]\n\tinsteadOf = ssh://git.example/\n")
		s, err := Observe(t.Context(), w, Request{Dir: w.Dir, Captured: map[model.EnvName]map[string]string{model.EnvShell: home}})
		if err != nil {
			t.Fatal(err)
		}
		s.Number = number
		return s
	}

	h := &history{w: w}
	h.open([]string{w.Dir})
	first := look(1, "hunter2hunter2", "hunter4hunter4")
	h.change(first)
	if err := SaveBaseline(w, first); err != nil {
		t.Fatal(err)
	}
	second := look(2, "hunter3hunter3", "hunter5hunter5")
	h.change(second)
	changes, err := Changes(t.Context(), w, second)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"netrc"}
	if len(second.Gits) > 0 { // a script is no program on Windows
		want = []string{"git config", "netrc"}
	}
	var told, happened []string
	for _, c := range changes.Changes {
		told = append(told, c.Kind)
	}
	for _, e := range h.list() {
		happened = append(happened, e.Fact)
	}
	slices.Sort(told)
	slices.Sort(happened)
	if !slices.Equal(told, want) || !slices.Equal(slices.DeleteFunc(happened, func(fact string) bool { return fact == "" }), want) {
		t.Errorf("changed: %q, told to the history: %q, want %q", told, happened, want)
	}

	texts := map[string][]byte{"the text": []byte(changes.Text(report.Style{})), "what is printed": fmt.Appendf(nil, "%+v %#v", second, first.Netrcs)}
	asJSON := func(name string, v any) {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = data
	}
	asJSON("the changes", changes)
	asJSON("the snapshot", second)
	r := Check(t.Context(), w, second, Truth{}).Report(w)
	asJSON("the report", r)
	asJSON("the environment report", EnvironmentReport(second, r, nil, nil))
	if texts["the capture"], err = report.Capture(second, "v1"); err != nil {
		t.Fatal(err)
	}
	files := 0
	err = filepath.WalkDir(filepath.Join(root, "cache"), func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		texts[file], err = os.ReadFile(file)
		return err
	})
	if err != nil || files < 2 {
		t.Fatalf("%d files were written, %v; want a baseline and a history", files, err)
	}
	secrets := []string{"hunter2hunter2", "hunter3hunter3", "hunter4hunter4", "hunter5hunter5"}
	for _, password := range secrets[:2] {
		sum := sha256.Sum256([]byte("gopher\x00" + password))
		secrets = append(secrets, hex.EncodeToString(sum[:]))
	}
	for name, text := range texts {
		for _, secret := range secrets {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%s has %s", name, secret)
			}
		}
	}
}

// TestFactsAreToldAsSentences has the words of each kind.
func TestFactsAreToldAsSentences(t *testing.T) {
	change := func(kind baseline.Kind, env model.EnvName, name, was, is string) baseline.Change {
		return baseline.Change{Fact: baseline.Fact{Kind: kind, Env: env, Name: name, Value: model.NewValue(is)}, Was: was, Added: was == "", Removed: is == ""}
	}
	for _, tc := range []struct {
		change baseline.Change
		want   string
	}{
		{change(baseline.Tool, model.EnvShell, "go", "/usr/bin/go", ""), "go in shell is gone; it was “/usr/bin/go”."},
		{change(baseline.Tool, model.EnvShell, "go", "/usr/bin/go", "/usr/bin/go"), "go in shell changed: it has another file of this name."},
		{change(baseline.Toolchain, model.EnvShell, "go", "go1.26.8", "go1.26.8"), "go in shell changed: it has another GOROOT."},
		{change(baseline.Toolchain, model.EnvShell, "go", "go1.26.8", ""), ""},
		{change(baseline.Extension, "", "golang.go", "0.52.0", "0.53.0"), "golang.go (extension) changed from “0.52.0” to “0.53.0”."},
		{change(baseline.Extension, "", "golang.go", "0.52.0", ""), ""},
		{change(baseline.Git, "", "/home/gopher/.gitconfig core.sshCommand", "ssh", "ssh -v"), "/home/gopher/.gitconfig core.sshCommand (git config) changed from “ssh” to “ssh -v”."},
		{change(baseline.Module, "", "go.mod", "example.com/a", "example.com/b"), "go.mod (module) changed from “example.com/a” to “example.com/b”."},
		{change(baseline.Exclude, "", "go.mod example.com/a v1.0.0", "", "yes"), "go.mod example.com/a v1.0.0 (exclude) is new: “yes”."},
		{change(baseline.Sum, "", "go.mod example.com/a v1.0.0", "yes", "yes"), "go.mod example.com/a v1.0.0 (go.sum) changed: it has another hash."},
		{change(baseline.Sum, "", "go.mod example.com/a v1.0.0", "", "yes"), ""},
		{change(baseline.Vendor, "", "go.mod", "yes", "yes"), "go.mod (vendor) changed: it has another list of modules, or packages."},
		{change(baseline.Netrc, "", "/home/gopher/.netrc", "git.example", "git.example"), "/home/gopher/.netrc changed: it has another login or password."},
		{change(baseline.Netrc, "", "/home/gopher/.netrc", "git.example", "git.example (no login)"), "/home/gopher/.netrc changed from “git.example” to “git.example (no login)”."},
		{change(baseline.Place, model.EnvShell, "GOTMPDIR", "", "/scratch is missing"), "GOTMPDIR in shell: /scratch is missing."},
		{change(baseline.Place, model.EnvShell, "GOTMPDIR", "/scratch is missing", ""), "GOTMPDIR in shell is in order again; before, /scratch is missing."},
		{change(baseline.Branch, "", "branch", "main", "feature"), "branch changed from “main” to “feature”."},
		{change(baseline.Unreadable, "", "go.mod", "", "unknown directive: requires"), "go.mod cannot be read: unknown directive: requires."},
		{change(baseline.Unreadable, "", "go.mod", "unknown directive: requires", ""), "go.mod can be read again."},
	} {
		e, told := factEvent(tc.change)
		if told != (tc.want != "") || told && (e.Message != tc.want || e.Fact != string(tc.change.Kind) || strings.Contains(e.Subject, "\x00")) {
			t.Errorf("%v %s: %v %+v, want %q", tc.change.Kind, tc.change.Name, told, e, tc.want)
		}
	}
}
