package fix

import (
	"cmp"
	"fmt"
	"go/version"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/gophantom/gophantom/server/internal/jsonc"
	"github.com/gophantom/gophantom/server/internal/model"
)

// The first releases of gopls with something that a cure needs.
const (
	hasDispatcher = "v0.21" // the command gopls.lsp, by which others than its client reach it
	hasNewViews   = "v0.16" // builds its views anew when a setting changes
)

// goplsOlder reports whether a gopls of the snapshot is known to be older than
// a release such as "v0.21".
func goplsOlder(s *model.Snapshot, release string) (g model.GoplsProcess, older bool) {
	for _, g := range s.Gopls {
		if semver.IsValid(g.Version) && semver.Compare(semver.MajorMinor(g.Version), release) < 0 {
			return g, true
		}
	}
	return model.GoplsProcess{}, false
}

// Reloadable reports whether the gopls of the snapshot can load a folder anew
// without a restart when it is asked to.
func Reloadable(s *model.Snapshot) bool {
	_, older := goplsOlder(s, hasDispatcher)
	return !older
}

// reloadGopls lets gopls load the folder anew: it then has a new view, which
// asks go env and go list again and knows no file as it was. The process, its
// environment and unsaved documents stay.
func (m maker) reloadGopls() Plan {
	p := Plan{
		ID: ReloadGopls, Title: "Reload gopls", Reversible: true,
		Preview: fmt.Sprintf("Lets gopls load %s anew. gopls is not restarted; no file and no setting is changed.", m.s.Dir),
		Steps:   []Step{{Kind: StepReloadGopls, Folders: []string{m.s.Dir}}},
	}
	if why := m.cannot(model.ActionReloadGopls); why != "" {
		return disabled(p, "%s", why)
	}
	if len(m.s.Gopls) == 0 {
		return disabled(p, "gopls is not running.")
	}
	if g, older := goplsOlder(m.s, hasDispatcher); older {
		return disabled(p, "gopls %s cannot be told to load a folder anew; gopls %s.0 is the first that can.", g.Version, hasDispatcher)
	}
	return p
}

// reloadBySetting makes gopls build its views anew by a setting that means
// nothing.
func (m maker) reloadBySetting() (Plan, error) {
	p := Plan{ID: ReloadBySetting, Title: "Reload gopls by a change of its settings"}
	if why := m.cannot(); why != "" {
		return disabled(p, "%s", why), nil
	}
	if m.s.Editor.RunsGopls {
		return disabled(p, "It is not known where %s has the settings of gopls; restart gopls.", m.s.Editor.Called()), nil
	}
	if len(m.s.Gopls) == 0 {
		return disabled(p, "gopls is not running."), nil
	}
	if g, older := goplsOlder(m.s, hasNewViews); older {
		return disabled(p, "gopls %s does not look again when its settings change; restart it.", g.Version), nil
	}
	file := m.workspaceSettings()
	key := "build.env"
	for _, s := range m.s.Settings { // by the name that the user gives it: gopls does not take one option by two
		if name, ok := strings.CutPrefix(s.Key, "gopls."); ok && (name == "env" || strings.HasSuffix(name, ".env")) {
			key = name
			break
		}
	}
	path := []string{goplsKey, key, model.ReloadVariable}
	data, err := m.read(file)
	if err != nil {
		return p, err
	}
	before := 0
	if doc, err := jsonc.Parse(data); err == nil {
		if text, ok := textAt(doc, append(settingsRoot(file), path...)); ok {
			before, _ = strconv.Atoi(text.Reveal())
		}
	}
	p, err = m.settingsEdit(p, file, path, nil, strconv.Itoa(before+1))
	if p.Preview != "" {
		p.Preview = fmt.Sprintf("gopls loads everything anew when its settings change. Nobody reads the variable %s.\n\n%s", model.ReloadVariable, p.Preview)
	}
	return p, err
}

// workspaceSettings is the settings file that counts for the workspace alone.
func (m maker) workspaceSettings() string {
	if ed := m.s.Editor; len(m.s.Folders) > 1 && ed != nil && ed.WorkspaceFile != "" {
		// One gopls serves all folders, and whose settings it gets is chance.
		return ed.WorkspaceFile
	}
	return filepath.Join(m.s.Dir, ".vscode", "settings.json")
}

// restartExtensions restarts the extension host, ourselves included.
func (m maker) restartExtensions() Plan {
	p := Plan{
		ID: RestartExtensions, Title: "Restart the editor’s extensions",
		Preview: "Restarts all extensions of this window, Go Phantom and gopls among them. Documents stay as they are, unsaved ones too; what extensions run, such as a debug session, ends. No file and no setting is changed, and what a cure has put into the editor's environment is gone.",
		Steps:   []Step{{Kind: StepRestartExtensions}},
	}
	if why := m.cannot(model.ActionRestartExtensions); why != "" {
		return disabled(p, "%s", why)
	}
	return p
}

// rebuildGopls lets the Go extension install gopls, which builds it with the Go
// that the workspace needs.
func (m maker) rebuildGopls() Plan {
	p := Plan{ID: RebuildGopls, Title: "Install gopls anew, built with the Go of this workspace", Steps: []Step{{Kind: StepInstallGopls}}}
	if why := m.cannot(model.ActionInstallGopls); why != "" {
		return disabled(p, "%s", why)
	}
	if len(m.s.Gopls) == 0 {
		return disabled(p, "gopls is not running.")
	}
	g, target := m.s.Gopls[0], ""
	for _, env := range []model.EnvName{model.EnvTools, model.EnvGopls, model.EnvShell} {
		if t, ok := m.s.ToolchainOf(env); ok && target == "" {
			target = cmp.Or(t.Selected, t.Version)
		}
	}
	for _, mod := range m.s.Modules { // the Go extension builds with at least what the module asks for
		if mod.Go != "" && version.Compare("go"+mod.Go, target) > 0 {
			target = "go" + mod.Go
		}
	}
	if target != "" {
		p.Title = fmt.Sprintf("Install gopls anew, built with %s", target)
	}
	if version.IsValid(g.GoVersion) && version.IsValid(target) && version.Compare(version.Lang(g.GoVersion), version.Lang(target)) >= 0 {
		return disabled(p, "gopls was built with %s, which is as new as the %s of this workspace: building it again changes nothing.", g.GoVersion, target)
	}
	now := "gopls"
	if g.Version != "" {
		now += " " + g.Version
	}
	if g.GoVersion != "" {
		now += " (built with " + g.GoVersion + ")"
	}
	p.Preview = fmt.Sprintf("Runs the command “Go: Install/Update Tools” of the Go extension for gopls: it downloads the newest release that it supports, builds it, puts it in the place of %s, and restarts it. "+
		"That reaches the network, may take minutes, and cannot be undone here: “go install golang.org/x/tools/gopls@VERSION” brings another version back.", now)
	return p
}

// openModule adds the folder of a module to the workspace.
func (m maker) openModule(dir string) (Plan, error) {
	p := Plan{ID: OpenModule, Title: fmt.Sprintf("Add the folder %s to the workspace", filepath.Base(dir)), Steps: []Step{{Kind: StepAddFolder, Folders: []string{dir}}}}
	if !filepath.IsAbs(dir) {
		return p, fmt.Errorf("the fix %q lacks the folder of the module", OpenModule)
	}
	if why := m.cannot(model.ActionAddFolder); why != "" {
		return disabled(p, "%s", why), nil
	}
	if slices.Contains(m.s.Folders, dir) || m.s.Dir == dir {
		return disabled(p, "%s is a folder of the workspace already.", dir), nil
	}
	p.Preview = fmt.Sprintf("Adds %s to the workspace, so that gopls loads the module there. “Remove Folder from Workspace” in the Explorer takes it back.", dir)
	if m.single() {
		p.Preview += " The window then shows a workspace of several folders, for which the editor restarts its extensions."
	}
	return p, nil
}

// single reports whether the window shows one folder and no workspace file.
func (m maker) single() bool {
	return len(m.s.Folders) < 2 && m.s.Editor != nil && m.s.Editor.WorkspaceFile == ""
}
