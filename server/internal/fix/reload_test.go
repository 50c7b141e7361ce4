package fix_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gophantom/gophantom/server/internal/fix"
	"github.com/gophantom/gophantom/server/internal/model"
)

func just(id string) model.FixOffer { return model.FixOffer{ID: id} }

func in(id, dir string) model.FixOffer {
	return model.FixOffer{ID: id, Args: map[string]model.Value{"dir": model.NewValue(dir)}}
}

func TestReloadGopls(t *testing.T) {
	for _, version := range []string{"v0.21.0", "v0.23.0", "v0.24.0-pre.1", "(devel)", ""} {
		p := plan(t, newWorld(nil), running(version), just(fix.ReloadGopls))
		if diff := cmp.Diff([]fix.Step{{Kind: fix.StepReloadGopls, Folders: []string{dir}}}, p.Steps); diff != "" || !p.Reversible || p.Disabled != "" {
			t.Errorf("gopls %q: %+v\n%s", version, p, diff)
		}
	}
	refused(t, plan(t, newWorld(nil), running("v0.20.0"), just(fix.ReloadGopls)), "gopls v0.20.0 cannot be told")
	old := running("v0.23.0")
	old.Gopls = append(old.Gopls, model.GoplsProcess{Version: "v0.16.2"})
	refused(t, plan(t, newWorld(nil), old, just(fix.ReloadGopls)), "v0.16.2")
	none := running("")
	none.Gopls = nil
	refused(t, plan(t, newWorld(nil), none, just(fix.ReloadGopls)), "not running")
	unable := running("v0.23.0")
	unable.Editor.Actions = []string{model.ActionRestartGopls}
	refused(t, plan(t, newWorld(nil), unable, just(fix.ReloadGopls)), "does not let")
}

func TestReloadBySetting(t *testing.T) {
	for name, tt := range map[string]struct {
		text     string // "" is no file
		keys     []string
		key, set string
	}{
		"in a new file":          {key: "build.env", set: "1"},
		"a second time":          {text: `{"gopls": {"build.env": {"GOPHANTOM_RELOAD": "1", "A": "b"}}}`, keys: []string{"gopls.build.env"}, key: "build.env", set: "2"},
		"by the name in use":     {text: "{\n  \"gopls\": {\n    \"env\": {\"A\": \"b\"} // mine\n  }\n}", keys: []string{"gopls.env"}, key: "env", set: "1"},
		"beside something else":  {text: `{"gopls": {"ui.semanticTokens": true}}`, keys: []string{"gopls.ui.semanticTokens"}, key: "build.env", set: "1"},
		"not confused by others": {text: `{}`, keys: []string{"go.env"}, key: "build.env", set: "1"},
	} {
		t.Run(name, func(t *testing.T) {
			content := map[string]string{}
			if tt.text != "" {
				content[folder] = tt.text
			}
			w, s := newWorld(content), running("v0.20.0")
			for _, key := range tt.keys {
				s.Settings = append(s.Settings, model.EditorSetting{Key: key, File: folder})
			}
			p := plan(t, w, s, just(fix.ReloadBySetting))
			text := roundTrip(t, w, p, content)
			if got := setting(t, text, "gopls", tt.key, model.ReloadVariable); got != tt.set {
				t.Errorf("%q, want %q in\n%s", got, tt.set, text)
			}
			if !strings.Contains(p.Preview, model.ReloadVariable) {
				t.Errorf("the preview is %q", p.Preview)
			}
		})
	}
	refused(t, plan(t, newWorld(nil), running("v0.15.3"), just(fix.ReloadBySetting)), "restart it")
	refused(t, plan(t, newWorld(map[string]string{folder: "{"}), running("v0.20.0"), just(fix.ReloadBySetting)), "not valid")
	dirty := running("v0.20.0")
	dirty.Dirty = []string{folder}
	refused(t, plan(t, newWorld(nil), dirty, just(fix.ReloadBySetting)), "not saved")
	dirty.Extension = nil
	refused(t, plan(t, newWorld(nil), dirty, just(fix.ReloadBySetting)), "not installed")
}

func TestRestartExtensions(t *testing.T) {
	p := plan(t, newWorld(nil), running(""), just(fix.RestartExtensions))
	if diff := cmp.Diff([]fix.Step{{Kind: fix.StepRestartExtensions}}, p.Steps); diff != "" || p.Reversible || p.Preview == "" {
		t.Errorf("%+v\n%s", p, diff)
	}
	refused(t, plan(t, newWorld(nil), snapshot(), just(fix.RestartExtensions)), "does not let")
}

func TestRebuildGopls(t *testing.T) {
	s := running("v0.20.0")
	s.Toolchain = []model.Toolchain{{Env: model.EnvTools, Version: "go1.27.1", Selected: "go1.27.4"}}
	p := plan(t, newWorld(nil), s, just(fix.RebuildGopls))
	if p.Title != "Install gopls anew, built with go1.27.4" || p.Reversible || len(p.Undo) > 0 || p.WeakensSecurity {
		t.Errorf("%+v", p)
	}
	if diff := cmp.Diff([]fix.Step{{Kind: fix.StepInstallGopls}}, p.Steps); diff != "" {
		t.Error(diff)
	}
	for _, say := range []string{"gopls v0.20.0 (built with go1.26.8)", "reaches the network", "cannot be undone"} {
		if !strings.Contains(p.Preview, say) {
			t.Errorf("the preview does not say %q: %s", say, p.Preview)
		}
	}
	s.Toolchain[0] = model.Toolchain{Env: model.EnvTools, Version: "go1.26.1"}
	s.Modules = []model.Module{{Go: "1.27"}}
	if p := plan(t, newWorld(nil), s, just(fix.RebuildGopls)); p.Title != "Install gopls anew, built with go1.27" {
		t.Errorf("titled %q", p.Title)
	}
	s.Modules = nil
	refused(t, plan(t, newWorld(nil), s, just(fix.RebuildGopls)), "as new as")
	refused(t, plan(t, newWorld(nil), snapshot(), just(fix.RebuildGopls)), "does not let")
}

func TestOpenModule(t *testing.T) {
	const other = "/home/gopher/other"
	s := running("")
	s.Folders = []string{dir}
	p := plan(t, newWorld(nil), s, in(fix.OpenModule, other))
	if diff := cmp.Diff([]fix.Step{{Kind: fix.StepAddFolder, Folders: []string{other}}}, p.Steps); diff != "" || p.Reversible || !strings.Contains(p.Preview, "restarts its extensions") {
		t.Errorf("%+v\n%s", p, diff)
	}
	s.Folders = []string{dir, "/home/gopher/third"}
	if p := plan(t, newWorld(nil), s, in(fix.OpenModule, other)); strings.Contains(p.Preview, "restarts its extensions") {
		t.Errorf("%+v", p)
	}
	refused(t, plan(t, newWorld(nil), s, in(fix.OpenModule, "/home/gopher/third")), "already")
	refused(t, plan(t, newWorld(nil), snapshot(), in(fix.OpenModule, other)), "does not let")
	if _, err := fix.Make(newWorld(nil), s, just(fix.OpenModule), show); err == nil {
		t.Error("no folder is no error")
	}
}
