package lsp

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const editorsPage = "../../../docs/editors.md"

// snippets are the blocks of a language in docs/editors.md. There is at least
// one.
func snippets(t *testing.T, language string) []string {
	t.Helper()
	var out []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(readFile(t, editorsPage), -1) {
		out = append(out, m[1])
	}
	if len(out) == 0 {
		t.Fatalf("docs/editors.md has no %s", language)
	}
	return out
}

// advertised are the commands that a client hears of.
func advertised(t *testing.T) []string {
	t.Helper()
	var got struct {
		Capabilities struct {
			ExecuteCommandProvider struct{ Commands []string }
		}
	}
	start(t).ok("initialize", obj{"capabilities": obj{}}, &got)
	return got.Capabilities.ExecuteCommandProvider.Commands
}

// TestEditorsPageNamesWhatExists holds docs/editors.md, and the module for
// Neovim, to what the server has.
func TestEditorsPageNamesWhatExists(t *testing.T) {
	page, module := readFile(t, editorsPage), readFile(t, "../../../docs/editors/gophantom.lua")
	commands := advertised(t)
	for where, text := range map[string]string{"docs/editors.md": page, "gophantom.lua": module} {
		for _, name := range regexp.MustCompile(`gophantom\.[a-z]+\b`).FindAllString(text, -1) {
			if name != "gophantom.lua" && !slices.Contains(commands, name) {
				t.Errorf("%s names the command %s, which does not exist", where, name)
			}
		}
	}
	for _, m := range regexp.MustCompile(`:(GoPhantom[A-Za-z]+)`).FindAllStringSubmatch(page, -1) {
		if !strings.Contains(module, m[1]+" = {") {
			t.Errorf("docs/editors.md names :%s, which gophantom.lua does not have", m[1])
		}
	}
	for _, name := range commands {
		if short := "'" + strings.TrimPrefix(name, "gophantom.") + "'"; !strings.Contains(module, short) {
			t.Errorf("gophantom.lua does not show what %s answers", name)
		}
	}
	if !strings.Contains(page, "*"+judgeTitle+"*") {
		t.Errorf("docs/editors.md does not have the title %q", judgeTitle)
	}
}

// TestTasksOfZed: what they run is on the command line.
func TestTasksOfZed(t *testing.T) {
	readme := readFile(t, "../../../README.md")
	for _, text := range snippets(t, "json") {
		var tasks []struct {
			Label, Command, Cwd string
			Args                []string
		}
		if err := json.Unmarshal([]byte(text), &tasks); err != nil {
			t.Fatal(err)
		}
		for _, task := range tasks {
			if task.Label == "" || task.Command != "gophantom" || len(task.Args) != 1 || !strings.Contains(readme, "| `gophantom "+task.Args[0]) {
				t.Errorf("%+v", task)
			}
		}
	}
}

// TestLanguagesOfHelix reads the part of TOML that the page needs: tables,
// arrays of tables, and values that are as in JSON.
func TestLanguagesOfHelix(t *testing.T) {
	var tables []map[string]any
	header, pair := regexp.MustCompile(`^\[{1,2}([a-z.-]+)\]{1,2}$`), regexp.MustCompile(`^([a-z-]+) = (.+)$`)
	for _, text := range snippets(t, "toml") {
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if m := header.FindStringSubmatch(line); m != nil {
				tables = append(tables, map[string]any{"table": m[1]})
				continue
			}
			m := pair.FindStringSubmatch(line)
			if line == "" {
				continue
			}
			var value any
			if m == nil || len(tables) == 0 || json.Unmarshal([]byte(m[2]), &value) != nil {
				t.Fatalf("not read: %s", line)
			}
			tables[len(tables)-1][m[1]] = value
		}
	}
	server := func(table map[string]any) bool {
		return table["table"] == "language-server.gophantom" && table["command"] == "gophantom"
	}
	if !slices.ContainsFunc(tables, server) {
		t.Errorf("no server: %v", tables)
	}
	for _, table := range tables {
		if table["table"] != "language" {
			continue
		}
		servers, _ := table["language-servers"].([]any)
		if table["name"] == nil || !slices.Equal(servers, []any{"gopls", "gophantom"}) {
			t.Errorf("%v", table)
		}
	}
}

// TestEmacsLisp can be read: what is opened is closed, as deep as it was.
func TestEmacsLisp(t *testing.T) {
	for _, text := range snippets(t, "elisp") {
		text = regexp.MustCompile(`"(\\.|[^"\\])*"`).ReplaceAllString(text, "S")
		var open []rune
		for _, r := range text {
			switch r {
			case '(', '[':
				open = append(open, r)
			case ')', ']':
				if len(open) == 0 || (open[len(open)-1] == '(') != (r == ')') {
					t.Fatalf("%q closes nothing in:\n%s", r, text)
				}
				open = open[:len(open)-1]
			}
			if r == '"' {
				t.Errorf("a string is not closed in:\n%s", text)
			}
		}
		if len(open) > 0 {
			t.Errorf("%d are not closed in:\n%s", len(open), text)
		}
	}
}

// TestConfigurationOfNeovim runs each snippet in a real Neovim.
func TestConfigurationOfNeovim(t *testing.T) {
	nvim := neovim(t)
	module, err := filepath.Abs("../../../docs/editors/gophantom.lua")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range snippets(t, "lua") {
		file := filepath.Join(t.TempDir(), "init.lua")
		init := "package.preload.gophantom = function() return dofile(" + quoted(module) + ") end\nrequire('gophantom').setup()\n" + text +
			"\nfor _, name in ipairs({'GoPhantomCheck', 'GoPhantomCure', 'GoPhantomUndo', 'GoPhantomExplain', 'GoPhantomBisect'}) do assert(vim.fn.exists(':' .. name) == 2, name) end\n" +
			"vim.cmd('doautocmd User GoPhantomStatus')\nio.stdout:write('all is well')\nvim.cmd('qa!')\n"
		if err := os.WriteFile(file, []byte(init), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), nvim, "--headless", "-i", "NONE", "-n", "-u", "NONE", "-c", "luafile "+file, "-c", "cquit")
		cmd.Env = append(cmd.Environ(), "HOME="+t.TempDir(), "XDG_STATE_HOME="+t.TempDir())
		if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "all is well" {
			t.Errorf("%v: %s\n%s", err, out, text)
		}
	}
}

func quoted(s string) string { return "[==[" + s + "]==]" }
