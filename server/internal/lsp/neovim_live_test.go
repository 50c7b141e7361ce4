package lsp

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// neovim returns the path of the editor; without one the test is skipped, and
// in CI fails.
func neovim(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("nvim")
	if err != nil {
		const how = "Neovim is not on PATH; install it (Debian: apt-get install neovim)"
		if os.Getenv("CI") != "" {
			t.Fatal(how)
		}
		t.Skip("NOT RUN: " + how)
	}
	return path
}

// program builds gophantom.
func program(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "gophantom")
	if out, err := exec.Command("go", "build", "-o", file, "../../cmd/gophantom").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return file
}

// play has Neovim run a script of testdata in a lab, where the module cache has
// all there is to need, and decodes what was seen. GOFLAGS=-mod=vendor will be in
// Neovim's environment and is not in the shell's.
func play(t *testing.T, script string, seen any, vars ...string) {
	t.Helper()
	nvim, gopls := neovim(t), worldtest.Gopls(t, "")
	lab := worldtest.NewLab(t)
	lab.Go(lab.Dir, map[string]string{"GOPROXY": "file://" + lab.Proxy, "GOFLAGS": "-modcacherw"}, "mod", "download")
	lab.Write(filepath.Join(lab.Home, ".profile"), "export PATH='"+lab.Env["PATH"]+"'\n")
	init, err := filepath.Abs(filepath.Join("testdata", script))
	if err != nil {
		t.Fatal(err)
	}
	result := filepath.Join(t.TempDir(), "seen.json")
	cmd := exec.CommandContext(t.Context(), nvim, "--headless", "-i", "NONE", "-n", "-u", init)
	cmd.Dir = lab.Dir
	// Neovim ends by itself; what it started ends with it.
	cmd.WaitDelay = 10 * time.Second
	vars = append(vars, "SHELL=/bin/sh", "XDG_CACHE_HOME="+t.TempDir(), "XDG_STATE_HOME="+t.TempDir(), "TERM=dumb", "TEST_SECRET=hunter2",
		"PLAY_GOPHANTOM="+program(t), "PLAY_GOPLS="+gopls, "PLAY_RESULT="+result)
	cmd.Env = world.Environ(lab.With(vars...))
	said, err := cmd.CombinedOutput()
	data, readErr := os.ReadFile(result)
	if readErr != nil {
		t.Fatalf("Neovim wrote nothing (%v): %v\n%s", readErr, err, said)
	}
	var end struct{ Failed string }
	if err := errors.Join(json.Unmarshal(data, &end), json.Unmarshal(data, seen)); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	if end.Failed != "" {
		t.Fatalf("%s\n%s\n%s", end.Failed, data, said)
	}
}

// TestPlainNeovim lets a real Neovim that knows nothing of us but LSP get a
// verdict: without the module, as any other editor.
func TestPlainNeovim(t *testing.T) {
	var seen struct {
		Before                 int
		ActionsBefore, Actions []string
		Err, Verdict           string
		Status                 Status
		Messages               []string
	}
	play(t, "plain.lua", &seen)
	t.Logf("%+v", seen)
	if seen.Before != 0 || !slices.Contains(seen.ActionsBefore, judgeTitle) {
		t.Errorf("before anyone asked: %d verdicts, actions %q", seen.Before, seen.ActionsBefore)
	}
	if seen.Err != "" || seen.Status.Counts.Phantom == 0 || !strings.Contains(seen.Verdict, "GOFLAGS") {
		t.Errorf("%s\nverdict %q, status %+v", seen.Err, seen.Verdict, seen.Status)
	}
	if !slices.Contains(seen.Messages, seen.Status.Headline) {
		t.Errorf("%q does not have the headline %q", seen.Messages, seen.Status.Headline)
	}
	for _, want := range []string{"Explain this problem (phantom)", "Find the guilty variables of this package"} {
		if !slices.Contains(seen.Actions, want) {
			t.Errorf("no %q among %q", want, seen.Actions)
		}
	}
}

// TestNeovim lets a real Neovim with docs/editors/gophantom.lua show a phantom
// of a real gopls, cure it, and take the cure back.
func TestNeovim(t *testing.T) {
	lua, err := filepath.Abs("../../../docs/editors/gophantom.lua")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"GOPROXY", "gopath", "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE", "CGO_CFLAGS", "https_proxy", "PATH", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "GIT_SSH_COMMAND", "SSL_CERT_FILE", "CC", "CCC", "HOME", "PS1", "VSCODE_PID"}
	var seen struct {
		Notified         []string
		Facts            EditorFacts
		Verdict, Red     string
		Status           Status
		Page             string
		Actions          []string
		Cured, Undone    string
		RedAfterCure     int
		GoflagsAfterCure string
		GoflagsAfterUndo string
		Headline         string
		CuredAgain       string
		StaleHeadline    string
		StaleCure        string
		CuredStale       string
		RedAtTheEnd      int
		Versioned        []FileProblems
		Kept             map[string]bool
	}
	play(t, "neovim.lua", &seen, "PLAY_MODULE="+lua, "PLAY_CURE=^Leave GOFLAGS unset", "PLAY_NAMES="+strings.Join(names, ","))
	t.Logf("verdict: %s\nactions: %q\nnotices: %q\nheadline: %s", seen.Verdict, seen.Actions, seen.Notified, seen.Headline)

	if !strings.Contains(seen.Verdict, "GOFLAGS") || !strings.Contains(seen.Red, "example.com/greet") {
		t.Errorf("the verdict about %q is %q", seen.Red, seen.Verdict)
	}
	if seen.Status.Counts.Phantom == 0 || seen.Status.Cure == "" || !seen.Status.Trusted {
		t.Errorf("status %+v", seen.Status)
	}
	for _, want := range []string{"Leave GOFLAGS unset", "Explain this problem (phantom)", "Find the guilty variables"} {
		if !slices.ContainsFunc(seen.Actions, func(title string) bool { return strings.HasPrefix(title, want) }) {
			t.Errorf("no action %q among %q", want, seen.Actions)
		}
	}
	if !strings.Contains(seen.Page, "GOFLAGS") || !strings.Contains(seen.Page, "go list") {
		t.Errorf("the page has no proof:\n%s", seen.Page)
	}
	if seen.RedAfterCure != 0 || seen.GoflagsAfterCure != "" {
		t.Errorf("after “%s” gopls shows %d problems, and GOFLAGS is %q", seen.Cured, seen.RedAfterCure, seen.GoflagsAfterCure)
	}
	if seen.GoflagsAfterUndo != "-mod=vendor" {
		t.Errorf("after “%s” GOFLAGS is %q", seen.Undone, seen.GoflagsAfterUndo)
	}
	// gopls keeps its process when it only has to look again.
	if seen.StaleCure != "Reload gopls" || seen.RedAtTheEnd != 0 {
		t.Errorf("of a package that came later: %q, cured by %q, %d problems in the end", seen.StaleHeadline, seen.StaleCure, seen.RedAtTheEnd)
	}
	for _, text := range append(slices.Clone(seen.Notified), seen.Actions...) {
		for _, word := range []string{"VS Code", "Go extension", "extension host", "extensions"} {
			if strings.Contains(text, word) {
				t.Errorf("%q speaks of another editor", text)
			}
		}
	}
	for _, name := range names {
		if seen.Kept[name] != model.Kept(name) {
			t.Errorf("%s: the module says %t, the server %t", name, seen.Kept[name], model.Kept(name))
		}
	}
	for name := range seen.Facts.Env {
		if !model.Kept(name) {
			t.Errorf("%s leaves the editor", name)
		}
	}
	if len(seen.Facts.Settings) != 1 || !strings.Contains(string(seen.Facts.Settings[0].Values["gopls"]), "fromsettings") {
		t.Errorf("settings %+v", seen.Facts.Settings)
	}
	// gopls names the version that it looked at of the document that was changed.
	versioned := func(f FileProblems) bool {
		return f.Published != nil && f.Version != nil && *f.Published == *f.Version
	}
	if !slices.ContainsFunc(seen.Versioned, versioned) || len(seen.Facts.Views) == 0 {
		t.Errorf("problems %+v, views %+v", seen.Versioned, seen.Facts.Views)
	}
}
