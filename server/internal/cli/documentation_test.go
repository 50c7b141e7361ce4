package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// pages are what people read, by their names in the repository.
func pages(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	for _, pattern := range []string{"README.md", "CHANGELOG.md", "docs/*.md", "docs/adr/*.md"} {
		files, err := filepath.Glob(filepath.Join(repository, filepath.FromSlash(pattern)))
		if err != nil || len(files) == 0 {
			t.Fatalf("no %s: %v", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name, err := filepath.Rel(repository, file)
			if err != nil {
				t.Fatal(err)
			}
			pages[filepath.ToSlash(name)] = string(text)
		}
	}
	return pages
}

// gopher is the machine of the documentation: /home/gopher, with the workspaces
// that its commands are about. See run.
type gopher struct{ root, gocache string }

func newGopher(t *testing.T) gopher {
	t.Helper()
	gocache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatalf("this test needs the go command in PATH: %v", err)
	}
	g := gopher{t.TempDir(), strings.TrimSpace(string(gocache))}
	for name, text := range map[string]string{
		".config/go/env": "GOPROXY=https://proxy.example,direct\nGOPRIVATE=git.corp.example\n",
		"hello/go.mod":   "module example.com/hello\n\ngo 1.21\n\nrequire git.corp.example/team/greet v1.2.0\n",
		"hello/go.sum": "git.corp.example/team/greet v1.2.0 h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n" +
			"git.corp.example/team/greet v1.2.0/go.mod h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
		"hello/gopls.env":          "GOPROXY=off\n",
		"hello/gowork.env":         "GOWORK=off\n",
		"hello/shell.env":          "GOPROXY=https://proxy.example\n",
		"hello/shop/go.work":       "go 1.21\n\nuse (\n\t./app\n\t./greet\n)\n",
		"hello/shop/app/go.mod":    "module example.com/app\n\ngo 1.21\n",
		"hello/shop/app/main.go":   "package main\n\nimport \"example.com/greet\"\n\nfunc main() { greet.Hello() }\n",
		"hello/shop/greet/go.mod":  "module example.com/greet\n\ngo 1.21\n",
		"hello/shop/greet/main.go": "package greet\n\nfunc Hello() {}\n",
	} {
		file := filepath.Join(g.root, "home", "gopher", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

// run runs a command in the workspace hello. What it prints has /home/gopher in
// the place of our temporary directory.
func (g gopher) run(args ...string) (code int, stdout, stderr string) {
	home := filepath.Join(g.root, "home", "gopher")
	w := world.Real()
	w.Dir = filepath.Join(home, "hello")
	path := os.Getenv("PATH") + string(filepath.ListSeparator) + ownTools
	w.Environ = []string{"HOME=" + home, "PATH=" + path, "SHELL=/bin/sh", "GOCACHE=" + g.gocache}
	var out, errs bytes.Buffer
	code = Main(context.Background(), w, args, strings.NewReader(""), &out, &errs)
	return code, strings.ReplaceAll(out.String(), g.root, ""), strings.ReplaceAll(errs.String(), g.root, "")
}

var (
	codeBlock  = regexp.MustCompile("(?ms)^```\\w*\n(.*?)^```$|((?:^    [^\n]*\n)+)")
	codeSpan   = regexp.MustCompile("`([^`\n]+)`")
	commandTry = regexp.MustCompile(`(?:^|\| |\$ |“)(gophantom [^|#”]*)`)
	inBrackets = regexp.MustCompile(`\[[^\]]*\](?:\.\.\.)?`)
	inCapitals = regexp.MustCompile(`^[A-Z]{2,}$|^FILE$`)
)

// TestDocumentedCommands: every gophantom command of the documentation exists
// with its flags, and one with an output prints that on the machine of the
// documentation.
func TestDocumentedCommands(t *testing.T) {
	g := newGopher(t)
	_, hasGopls := worldtest.FindGopls("")
	commands, compared := map[string]bool{}, 0
	for name, text := range pages(t) {
		for _, block := range codeBlock.FindAllStringSubmatch(text, -1) {
			first, shown, _ := strings.Cut(block[1], "\n")
			args, runs := strings.CutPrefix(first, "$ gophantom ")
			if !runs {
				continue
			}
			if !hasGopls && strings.HasPrefix(args, "phantoms") {
				t.Run(args, func(t *testing.T) { worldtest.Gopls(t, "") }) // skips, and in CI fails
				continue
			}
			compared++
			code, stdout, stderr := g.run(strings.Fields(args)...)
			if want, got := stable(shown), stable(stdout); code > 1 || !fits(got, want) {
				t.Errorf("%s shows for gophantom %s\n%s\nbut it prints (exit code %d)\n%s%s", name, args, shown, code, stdout, stderr)
			}
		}
		var code []string
		for _, block := range codeBlock.FindAllString(text, -1) {
			code = append(code, strings.Split(block, "\n")...)
		}
		for _, span := range codeSpan.FindAllStringSubmatch(codeBlock.ReplaceAllString(text, ""), -1) {
			code = append(code, span[1])
		}
		for _, line := range code {
			for _, m := range commandTry.FindAllStringSubmatch(strings.TrimSpace(line), -1) {
				commands[strings.TrimSpace(m[1])] = true
			}
		}
	}
	if compared < 4 || len(commands) < 20 {
		t.Fatalf("only %d outputs and %d commands were found: does this test still read the pages?", compared, len(commands))
	}
	for command := range commands {
		args := slices.DeleteFunc(strings.Fields(inBrackets.ReplaceAllString(command, "")), func(arg string) bool { return inCapitals.MatchString(arg) })[1:]
		if slices.Contains(args, "help") {
			continue
		}
		if i := slices.Index(args, "--"); i >= 0 {
			args = args[:i] // what follows is the command of another
		}
		code, stdout, stderr := g.run(append(args, "--help")...)
		if code != 0 || len(args) > 0 && !strings.Contains(stdout, "gophantom "+args[0]) {
			t.Errorf("the documentation says %q; with --help it ends with exit code %d and prints\n%s%s", command, code, stdout, stderr)
		}
	}
}

// stable is an output without what differs from machine to machine and from run
// to run, and without the width of the terminal.
func stable(text string) string {
	text = regexp.MustCompile(`go1\.\d+(\.\d+)?((rc|beta)\d+)?`).ReplaceAllString(text, "goVERSION")
	text = regexp.MustCompile(`\([0-9.]+m?s\)`).ReplaceAllString(text, "(TIME)")
	text = strings.ReplaceAll(text, "│", "")
	return strings.Join(strings.Fields(text), " ")
}

// fits says whether a text is as wanted, where "…" stands for anything.
func fits(text, wanted string) bool {
	parts := strings.Split(wanted, "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(strings.TrimSpace(parts[i]))
	}
	return regexp.MustCompile(`(?s)^` + strings.Join(parts, ".*") + `$`).MatchString(text)
}

// TestDocumentedScripts: every npm script that the documentation names exists.
func TestDocumentedScripts(t *testing.T) {
	var manifest struct {
		Scripts map[string]string `json:"scripts"`
	}
	data, err := os.ReadFile(filepath.Join(repository, "package.json"))
	if err == nil {
		err = json.Unmarshal(data, &manifest)
	}
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for name, text := range pages(t) {
		for _, m := range regexp.MustCompile(`\bnpm (?:run (?:--?\w+ )*([\w:-]+)|(test|start)\b)`).FindAllStringSubmatch(text, -1) {
			found++
			if script := m[1] + m[2]; manifest.Scripts[script] == "" {
				t.Errorf("%s names npm script %q, which package.json does not have", name, script)
			}
		}
	}
	if found < 5 {
		t.Fatalf("only %d scripts were found", found)
	}
}

// TestDocumentationLinks: links lead to files and headings that exist, and
// pictures are small enough to be loaded with a page.
func TestDocumentationLinks(t *testing.T) {
	const mostBytes = 300_000
	all := pages(t)
	for name, text := range all {
		for _, m := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(codeSpan.ReplaceAllString(codeBlock.ReplaceAllString(text, ""), ""), -1) {
			u, err := url.Parse(m[1])
			if err != nil || u.IsAbs() {
				continue
			}
			target := name
			if u.Path != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(name), u.Path))
			}
			info, err := os.Stat(filepath.Join(repository, filepath.FromSlash(target)))
			if err != nil {
				t.Errorf("%s links to %s, which does not exist", name, m[1])
				continue
			}
			if strings.HasSuffix(target, ".png") && info.Size() > mostBytes {
				t.Errorf("%s has %d bytes", target, info.Size())
			}
			if page, known := all[target]; known && u.Fragment != "" && !slices.Contains(anchors(page), u.Fragment) {
				t.Errorf("%s links to %s, and %s has no such heading", name, m[1], target)
			}
		}
	}
	err := filepath.WalkDir(filepath.Join(repository, "docs", "images"), func(file string, entry fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(file, ".png") && !strings.Contains(all["README.md"], "docs/images/"+entry.Name()) {
			t.Errorf("nobody reads %s", file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// anchors are the headings of a page, as links name them.
func anchors(page string) []string {
	var found []string
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(page, -1) {
		plain := regexp.MustCompile(`[^\pL\pN _-]`).ReplaceAllString(strings.ToLower(m[1]), "")
		found = append(found, strings.ReplaceAll(plain, " ", "-"))
	}
	return found
}
