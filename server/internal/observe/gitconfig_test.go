package observe

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// gitLab is a home with a repository such as go makes them in the module cache.
type gitLab struct {
	t         *testing.T
	git       string
	home, dir string
	vars      map[string]string
}

func newGitLab(t *testing.T) *gitLab {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the judge is a git for POSIX paths")
	}
	git, err := exec.LookPath("git")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("no git on PATH: this test has no judge")
		}
		t.Skip("no git on PATH: install git, it is the judge here")
	}
	home, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	l := &gitLab{t: t, git: git, home: home, dir: filepath.Join(home, "go", "pkg", "mod", "cache", "vcs", strings.Repeat("0", 64))}
	l.vars = map[string]string{"HOME": home, "PATH": os.Getenv("PATH"), "GIT_CONFIG_SYSTEM": filepath.Join(home, "system")}
	l.ask("init", "-q", "--bare", l.dir)
	return l
}

// write writes a file below the home; "" removes it.
func (l *gitLab) write(name, text string) {
	l.t.Helper()
	file := filepath.Join(l.home, filepath.FromSlash(name))
	err := os.MkdirAll(filepath.Dir(file), 0o755)
	if text == "" {
		if err = os.Remove(file); errors.Is(err, os.ErrNotExist) {
			err = nil
		}
	} else if err == nil {
		err = os.WriteFile(file, []byte(text), 0o644)
	}
	if err != nil {
		l.t.Fatal(err)
	}
}

// ask runs git as go does, in the repository.
func (l *gitLab) ask(args ...string) (out []byte, ok bool) {
	l.t.Helper()
	cmd := exec.CommandContext(l.t.Context(), l.git, args...)
	cmd.Dir = l.home
	cmd.Env = world.Environ(l.vars)
	if args[0] != "init" {
		cmd.Dir = l.dir
		cmd.Env = append(cmd.Env, "GIT_DIR="+l.dir)
	}
	out, err := cmd.Output()
	exit := (*exec.ExitError)(nil)
	if err != nil && !errors.As(err, &exit) {
		l.t.Fatal(err)
	}
	return out, err == nil
}

func (l *gitLab) reader() *gitReader {
	return newGitReader(world.Real(), l.vars, model.Tool{Name: "git", Path: l.git}, l.dir)
}

// compare holds what the reader finds against git itself, and reports whether
// both know. Where the reader is sure, git must read the same; where git gives
// up, the reader must not be sure.
func (l *gitLab) compare(what string) (both bool) {
	l.t.Helper()
	r := l.reader()
	r.list()
	out, ok := l.ask("config", "--list", "--show-origin", "--show-scope", "-z")
	if !ok {
		if r.why == "" {
			l.t.Errorf("%s: git refuses its configuration, and we do not notice", what)
		}
		return false
	}
	if r.why != "" {
		return false
	}
	type entry struct{ Scope, File, Key, Value string }
	var want, got []entry
	fields := strings.Split(string(out), "\x00")
	for ; len(fields) >= 3; fields = fields[3:] {
		key, value, _ := strings.Cut(fields[2], "\n")
		if fields[0] == "local" {
			continue
		}
		_, file, _ := strings.Cut(fields[1], ":")
		if fields[0] == "command" {
			file = ""
		}
		want = append(want, entry{fields[0], filepath.Clean(file), key, value})
	}
	for _, e := range r.entries {
		got = append(got, entry{e.scope, filepath.Clean(e.file), e.key, e.value})
		if e.file == "" {
			continue
		}
		data, err := os.ReadFile(e.file)
		if err != nil {
			l.t.Fatal(err)
		}
		lines := bytes.Split(data, []byte("\n"))
		name := e.key[strings.LastIndex(e.key, ".")+1:]
		if e.line < 1 || e.line > len(lines) || !bytes.Contains(bytes.ToLower(lines[e.line-1]), []byte(name)) {
			l.t.Errorf("%s: %s is not on line %d of\n%s", what, e.key, e.line, data)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		l.t.Errorf("%s (-git +ours):\n%s", what, diff)
	}
	return true
}

// TestGitConfigLive compares with the real git over the odd things of its
// format.
func TestGitConfigLive(t *testing.T) {
	l := newGitLab(t)
	l.write("more", "[url \"ssh://git@more.example/\"]\n\tinsteadOf = https://more.example/\n")
	l.write("nested/one", "[include]\npath = two\n[one]\na\n")
	l.write("nested/two", "[two]\nb = 2\n")
	for name, text := range map[string]string{
		"plain":              "[user]\n\tname = A B\n[url \"git@h:\"]\n\tinsteadOf = https://h/\n",
		"one line":           "[a] b = c ; d\n[A \"B c\"] D=\"e;f\" # g\n",
		"no value":           "[a]\nb\nc = \nd=\n",
		"case":               "[SeC \"SuB\"]\n\tKeY = VaLue\n",
		"old subsection":     "[url.Https://x]\nb=c\n",
		"old and new":        "[a.B \"C.d\"]\ne=f\n",
		"old subsection ok":  "[Url.Foo.Bar]\nb=c\n",
		"escapes":            "[a \"q\\\"\\\\\\x\"]\nb = \"x\\ty\\\\ \\\"\" z  \nc = \\n\\b\n",
		"bad escape":         "[a]\nb = \\x\n",
		"continued":          "[a]\nb = c \\\n  d\\\n\ne = f\n",
		"continued at end":   "[a]\nb = c\\",
		"open quote":         "[a]\nb = \"c\nd = e\n",
		"half quoted":        "[a]\nb = x\"y  z\" w\n",
		"comment continued":  "[a]\nb = c ; d \\\ne = f\n",
		"CRLF":               "[a]\r\nb = c\r\n[d \"e\"]\r\nf = \"g\" \r\n",
		"lone CR":            "[a]\nb = c\rd\n",
		"byte order mark":    "\ufeff[a]\nb = c\n",
		"no newline":         "[a]\nb = c",
		"ends in a key":      "[a]\nb",
		"ends in section":    "[a",
		"no section":         "b = c\n",
		"empty subsection":   "[a \"\"]\nb = c\n",
		"bad section":        "[a_b]\nc = d\n",
		"bad subsection":     "[a \"b\" ]\nc = d\n",
		"subsection newline": "[a \"b\nc\"]\nd = e\n",
		"bad key":            "[a]\nb_c = d\n",
		"digit key":          "[a]\n1b = c\n",
		"dash":               "[a-b]\nc-d = e\n",
		"section spaces":     "[a \t \"b\"]\nc=d\n[ e]\nf=g\n",
		"bytes":              "[a \"\xff\u00e9\"]\nb = \xfe \u00fc\n",
		"include":            "[include]\npath = more\n[a]\nb=c\n",
		"include home":       "[include]\npath = ~/more\n",
		"include nothing":    "[include]\npath = missing\n[a]\nb=c\n",
		"include itself":     "[include]\npath = .gitconfig\n",
		"include bare":       "[include]\npath\n",
		"include empty":      "[include]\npath =\n",
		"include nested":     "[include]\npath = nested/one\n[include]\npath = nested/two\n",
		"include a folder":   "[include]\npath = nested\n",
		"gitdir of a folder": "[includeIf \"gitdir:~/job/\"]\npath = more\n[a]\nb=c\n",
		"gitdir of go":       "[includeIf \"gitdir:~/go/\"]\npath = more\n[a]\nb=c\n",
		"gitdir of a name":   "[includeIf \"gitdir:vcs/\"]\npath = more\n",
		"gitdir in any case": "[includeIf \"gitdir/i:~/GO/\"]\npath = more\n[includeIf \"gitdir:~/GO/\"]\npath = nested/two\n",
		"gitdir stars":       "[includeIf \"gitdir:**/mod/*/vcs/**\"]\npath = more\n[includeIf \"gitdir:~/*/vcs/**\"]\npath = nested/two\n",
		"gitdir from here":   "[includeIf \"gitdir:./go/\"]\npath = more\n[includeIf \"gitdir:./job/\"]\npath = nested/two\n",
		"gitdir everywhere":  "[includeIf \"gitdir:/\"]\npath = more\n",
		"gitdir alone":       "[includeIf \"gitdir:go\"]\npath = more\n[includeIf \"gitdir:/h?me/\"]\npath = nested/two\n",
		"gitdir no path":     "[includeIf \"gitdir:\"]\npath = more\n",
		"without condition":  "[includeIf]\npath = more\n",
		"NUL":                "[a]\nb = c\x00d\n",
	} {
		l.write(".gitconfig", text)
		l.compare(name)
	}
	// What matters here is that these are not only compared, but known.
	for _, text := range []string{
		"[includeIf \"gitdir:~/job/\"]\npath = more\n", "[includeIf \"gitdir:~/go/\"]\npath = more\n", "[includeIf \"onbranch:x\"]\npath = nested/two\n",
		"[a]\nb = c ; d \\\ne = f\n",
	} {
		l.write(".gitconfig", text)
		if !l.compare(text) {
			t.Errorf("not known: %q", text)
		}
	}
	l.write(".gitconfig", "[includeIf \"onbranch:x\"]\npath = more\n")
	if l.compare("a branch decides"); l.reader().read().Why == "" {
		t.Error("whether a branch is checked out is not known, and what it includes matters")
	}
}

// TestGitConfigEnvironmentLive compares which files the variables lead to.
func TestGitConfigEnvironmentLive(t *testing.T) {
	l := newGitLab(t)
	l.write(".gitconfig", "[a]\nhome = 1\n")
	l.write(".config/git/config", "[a]\nconfig = 1\n")
	l.write("xdg/git/config", "[a]\nxdg = 1\n")
	l.write("other", "[a]\nother = 1\n")
	l.write("system", "[a]\nsystem = 1\n")
	base := l.vars
	for _, tc := range []struct {
		vars map[string]string
		sure bool
	}{
		{nil, true},
		{map[string]string{"XDG_CONFIG_HOME": filepath.Join(l.home, "xdg")}, true},
		{map[string]string{"XDG_CONFIG_HOME": ""}, true},
		{map[string]string{"GIT_CONFIG_GLOBAL": filepath.Join(l.home, "other")}, true},
		{map[string]string{"GIT_CONFIG_GLOBAL": ""}, true},
		{map[string]string{"GIT_CONFIG_GLOBAL": "/dev/null"}, true},
		{map[string]string{"GIT_CONFIG_NOSYSTEM": "1"}, true},
		{map[string]string{"GIT_CONFIG_NOSYSTEM": "TRUE"}, true},
		{map[string]string{"GIT_CONFIG_NOSYSTEM": "0"}, true},
		{map[string]string{"GIT_CONFIG_NOSYSTEM": "off"}, true},
		{map[string]string{"GIT_CONFIG_NOSYSTEM": ""}, true},
		{map[string]string{"GIT_CONFIG_NOSYSTEM": "maybe"}, false},
		{map[string]string{"GIT_CONFIG_COUNT": "2", "GIT_CONFIG_KEY_0": "URL.git@H:.InsteadOf", "GIT_CONFIG_VALUE_0": "x", "GIT_CONFIG_KEY_1": "core.sshCommand", "GIT_CONFIG_VALUE_1": ""}, true},
		{map[string]string{"GIT_CONFIG_COUNT": "1"}, false},
		{map[string]string{"GIT_CONFIG_COUNT": "x"}, false},
		{map[string]string{"GIT_CONFIG_COUNT": ""}, true},
		{map[string]string{"GIT_CONFIG_PARAMETERS": "'a.b'='c'"}, false},
		{map[string]string{"HOME": filepath.Join(l.home, "nobody")}, true},
	} {
		l.vars = map[string]string{}
		for _, vars := range []map[string]string{base, tc.vars} {
			for name, value := range vars {
				l.vars[name] = value
			}
		}
		if both := l.compare(fmt.Sprint(tc.vars)); both != tc.sure {
			t.Errorf("%v: known by both is %v, want %v", tc.vars, both, tc.sure)
		}
	}
}

// TestGitConfigRandomLive compares with the real git over random files.
func TestGitConfigRandomLive(t *testing.T) {
	l := newGitLab(t)
	seed := worldtest.Seed(t, "GOPHANTOM_GIT_SEED")
	known := 0
	const cases = 150
	for i := range cases {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		pick := func(list ...string) string { return list[rng.IntN(len(list))] }
		part := func() string {
			return pick("a", "B", "c-1", " ", "  ", "=", "\"x y\"", "\\n", "\\\\", "\\\"", "#", ";", "\u00e9", "https://h/", "git@h:", "\\\n", "x")
		}
		config := func() string {
			var b strings.Builder
			for range rng.IntN(8) {
				b.WriteString(pick("", "", "", "  ", "# c\n", "; \\\n", "\n"))
				switch rng.IntN(12) {
				case 0, 1, 2:
					b.WriteString(pick("[url \"ssh://git@h/\"]", "[core]", "[Url \"git@\\\"h\"]", "[a.b]", "[a \"B.c\"]", "[protocol \"ssh\"]", "[x] y = z"))
				case 3:
					b.WriteString("[include]\npath = " + pick("one", "~/one", "two", "missing", "./two"))
				case 4:
					b.WriteString("[includeIf \"" + pick("gitdir:", "gitdir/i:") + pick("~/", "", "./", "/", "**/") + pick("go", "job", "*", "GO", "vcs", "?o") + pick("", "/", "/**", "/*") + "\"]\npath = " + pick("one", "two"))
				case 5:
					b.WriteString(pick("[a", "[a \"b", "b_c = d", "x = \"", "\t[core]"))
				default:
					b.WriteString(pick("insteadOf", "sshCommand", "Key", "k-2", "path") + pick(" = ", "=", "\t=", "", " "))
					for range rng.IntN(5) {
						b.WriteString(part())
					}
				}
				b.WriteString(pick("\n", "\n", "\n", "\n", "\r\n", " ; c\n", "\n\n"))
			}
			return b.String()
		}
		// The names of included files are in no file that includes others, or
		// nearly all cases would go round in circles.
		l.write("one", "[one]\nk = "+pick("1", "2")+"\n[url \"one\"]\ninsteadOf = two\n")
		l.write("two", "[two]\nk\n")
		l.write(".gitconfig", config())
		l.write(".config/git/config", pick("", config()))
		l.write("system", pick("", config()))
		if l.compare(fmt.Sprintf("case %d", i)) {
			known++
		}
		if t.Failed() {
			for _, name := range []string{".gitconfig", ".config/git/config", "system"} {
				data, _ := os.ReadFile(filepath.Join(l.home, name))
				t.Logf("%s: %q", name, data)
			}
			return
		}
	}
	if known < cases/15 {
		t.Errorf("only %d of %d cases were known to both: the test hardly looked", known, cases)
	}
}

// TestGitRewriteLive asks git which address it would really use.
func TestGitRewriteLive(t *testing.T) {
	l := newGitLab(t)
	rng := rand.New(rand.NewPCG(7, 11))
	pick := func(list ...string) string { return list[rng.IntN(len(list))] }
	changed := 0
	for range 60 {
		var b strings.Builder
		for range 1 + rng.IntN(6) {
			fmt.Fprintf(&b, "[url %q]\n%s = %s\n", pick("ssh://git@h.example/", "git@h.example:", "https://u@h.example/", "file:///x/"), pick("insteadOf", "insteadOf", "insteadOf", "pushInsteadOf"),
				pick("https://h.example/", "https://h.example/a", "https://", "https://h.example/a/b.git", "gh:", "https://h.example"))
		}
		l.write(".gitconfig", b.String())
		g := l.reader().read()
		for _, address := range []string{"https://h.example/a/b", "https://h.example/a/b.git", "https://other.example/x", "gh:a/b"} {
			want, _ := l.ask("ls-remote", "--get-url", address)
			got := address
			if _, rewritten, ok := g.Rewrite(address); ok {
				got = rewritten
				changed++
			}
			if got != strings.TrimSuffix(string(want), "\n") {
				t.Errorf("%s becomes %s for us, %s for git, with\n%s", address, got, want, b.String())
			}
		}
	}
	if changed == 0 {
		t.Error("no address was ever rewritten: the test hardly looked")
	}
}

// TestSSHPatience looks for limits in the configuration of ssh.
func TestSSHPatience(t *testing.T) {
	home := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(home, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	write(".ssh/conf.d/limits", "Host x\n  BatchMode yes\n")
	for text, want := range map[string]bool{
		"":                                     false,
		"Host *\n  ServerAliveInterval 3\n":    false,
		"Host *\n  connecttimeout=10\n":        true,
		"# ConnectTimeout 10\n":                false,
		"Include conf.d/*\n":                   true,
		"Include ~/.ssh/conf.d/limits\n":       true,
		"Include \"conf.d/limits\" missing\n":  true,
		"Include conf.d/lim\n":                 false,
		"Include config\nHost a\n\tUser git\n": false,
	} {
		write(".ssh/config", text)
		r := newGitReader(world.Real(), map[string]string{"HOME": home}, model.Tool{Name: "git", Path: filepath.Join(home, "bin", "git")}, "")
		ssh := sshReader{gitReader: r, seen: map[string]bool{}}
		if got := ssh.look(filepath.Join(home, ".ssh", "config"), filepath.Join(home, ".ssh")); got != want || r.why != "" {
			t.Errorf("%q: %v (unsure: %s), want %v", text, got, r.why, want)
		}
	}
	write(".ssh/config", "Include /home/*/shared\n")
	r := newGitReader(world.Real(), map[string]string{"HOME": home}, model.Tool{}, "")
	if (sshReader{gitReader: r, seen: map[string]bool{}}).look(filepath.Join(home, ".ssh", "config"), home); r.why == "" {
		t.Error("a glob of directories is not followed, and that is not said")
	}
}

// FuzzGitConfig reads anything without falling over, and keeps lines in the file.
func FuzzGitConfig(f *testing.F) {
	f.Add("[a \"b\"]\nc = d\\\n\"e\" ; f\n")
	f.Fuzz(func(t *testing.T, text string) {
		p := gitParser{text: text, line: 1}
		p.each(func(e gitEntry) {
			if e.line < 1 || e.line > strings.Count(text, "\n")+1 {
				t.Errorf("line %d of %q", e.line, text)
			}
		})
	})
}
