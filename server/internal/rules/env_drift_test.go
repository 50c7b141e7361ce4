package rules_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/rules"
)

// TestDriftTellsWhereFrom looks at one variable in the editor as it was
// started, in gopls, and in the shell at home and in the folder.
func TestDriftTellsWhereFrom(t *testing.T) {
	const old, now = "-tags=old", "-tags=now"
	direnv := model.Assignment{File: "/ws/.envrc", Line: 3}
	for name, test := range map[string]struct {
		launch, gopls, home, shell string
		at                         model.Assignment // where the shell's value comes from
		message, tool              string
		fixes                      []string
	}{
		"changed since the editor was started": {old, old, now, now, model.Assignment{File: "/home/u/.zshrc", Line: 18}, "drift", "", []string{"use-shell-value", "relaunch"}},
		"set by the editor's settings":         {now, old, now, now, model.Assignment{File: "/home/u/.zshrc", Line: 18}, "drift", "", []string{"use-shell-value"}},
		"set by direnv":                        {old, old, old, now, direnv, "directory", "direnv (/ws/.envrc:3)", []string{"use-shell-value"}},
		"set by asdf":                          {"", "", "", now, model.Assignment{File: "/ws/.tool-versions"}, "directory", "asdf or mise (/ws/.tool-versions)", []string{"use-shell-value"}},
		"set by mise, as the shell tells":      {"", "", "", now, model.Assignment{File: "/ws/.tool-versions", Line: 2, Note: "by mise, found by reading the file"}, "directory", "mise (/ws/.tool-versions:2)", []string{"use-shell-value"}},
		"direnv, but the editor differs also":  {"", old, "", now, direnv, "drift", "", []string{"use-shell-value"}},
		"agreed, whatever the editor had":      {old, now, old, now, direnv, "", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := &model.Snapshot{Editor: &model.Editor{}, Extension: &model.GoExtension{}}
			for env, value := range map[model.EnvName]string{
				model.EnvEditorLaunch: test.launch, model.EnvGopls: test.gopls, model.EnvShellHome: test.home, model.EnvShell: test.shell,
			} {
				a := model.Assignment{Value: model.NewValue(value)}
				if env == model.EnvShell {
					a.File, a.Line, a.Note = test.at.File, test.at.Line, test.at.Note
				}
				s.Envs = append(s.Envs, model.Env{Name: env, Complete: true, Layers: []model.Layer{{Kind: model.LayerProcess, Vars: map[string]model.Assignment{"GOFLAGS": a}}}})
			}
			findings, _ := rules.Run(s)
			findings = slices.DeleteFunc(findings, func(f model.Finding) bool { return f.Rule != "env-drift" })
			if test.message == "" {
				if len(findings) > 0 {
					t.Errorf("found %+v", findings)
				}
				return
			}
			if len(findings) != 1 {
				t.Fatalf("found %d, want one finding of one variable: %+v", len(findings), findings)
			}
			f := findings[0]
			fixes := fixesOf(f)
			if f.Message != test.message || f.Args["tool"].Reveal() != test.tool || !slices.Equal(fixes, test.fixes) {
				t.Errorf("message %q with tool %q and fixes %q", f.Message, f.Args["tool"].Reveal(), fixes)
			}
			if why := f.Args["why"].Reveal(); why == "" || strings.HasSuffix(why, ".") {
				t.Errorf("why is %q", why)
			}
			// An editor that runs gopls itself has no settings of the Go extension.
			s.Extension, s.Editor.RunsGopls = nil, true
			findings, _ = rules.Run(s)
			i := slices.IndexFunc(findings, func(f model.Finding) bool { return f.Rule == "env-drift" })
			want := slices.Clone(test.fixes)
			want[0] = "session-env"
			if i < 0 || !slices.Equal(fixesOf(findings[i]), want) {
				t.Errorf("without the Go extension: %+v", findings)
			}
		})
	}
}

func fixesOf(f model.Finding) (ids []string) {
	for _, o := range f.Fixes {
		ids = append(ids, o.ID)
	}
	return ids
}
