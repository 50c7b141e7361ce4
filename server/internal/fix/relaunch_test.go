package fix_test

import (
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/fix"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world"
)

// TestRelaunchIsByHand: every kind of editor has steps of its own, nobody but
// the user can carry them out, and no kind is given those of another machine.
func TestRelaunchIsByHand(t *testing.T) {
	local := model.Editor{Name: "Visual Studio Code"}
	for kind, test := range map[string]struct {
		editor model.Editor
		says   string
	}{
		"local":          {local, `code '/home/gopher/my ws'`},
		"unknown editor": {model.Editor{Name: "Edith"}, "start it again from a shell"},
		"WSL":            {model.Editor{Remote: "wsl"}, "server-env-setup"},
		"SSH":            {model.Editor{Remote: "ssh-remote"}, "Remote-SSH: Kill VS Code Server on Host…"},
		"dev container":  {model.Editor{Remote: "dev-container"}, "devcontainer.json"},
		"container":      {model.Editor{Remote: "attached-container"}, "attach to it again"},
		"Codespaces":     {model.Editor{Remote: "codespaces", Web: true}, "Codespaces: Rebuild Container"},
		"tunnel":         {model.Editor{Remote: "tunnel"}, "code tunnel"},
		"browser":        {model.Editor{Remote: "127.0.0.1:8080", Web: true}, "load the page again"},
		"something new":  {model.Editor{Remote: "moonbase"}, "remote machine"},
	} {
		t.Run(kind, func(t *testing.T) {
			s := &model.Snapshot{Dir: "/home/gopher/my ws", Editor: &test.editor}
			p, err := fix.Make(&world.World{GOOS: "linux"}, s, model.FixOffer{ID: fix.Relaunch}, report.Show)
			if err != nil {
				t.Fatal(err)
			}
			if p.Kind() != "manual" || len(p.Steps) != 0 || p.Disabled != "" || !strings.Contains(p.Manual, test.says) {
				t.Errorf("plan %+v", p)
			}
			if machine := test.editor.Machine(); (machine == "") != (test.editor.Remote == "") {
				t.Errorf("which machine this is: %q", machine)
			}
			if strings.Contains(p.Manual, "code '") != (kind == "local") {
				t.Errorf("the command of an editor on this machine: %q", p.Manual)
			}
		})
	}
	if p, err := fix.Make(&world.World{}, &model.Snapshot{}, model.FixOffer{ID: fix.Relaunch}, report.Show); err != nil || p.Disabled == "" {
		t.Errorf("without an editor: %+v, %v", p, err)
	}
}
