package observe

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// editorKind is an editor as its processes show it.
type editorKind struct {
	name string
	data string // of the VS Code family: its directory below the user's configuration, where User/settings.json is
	home string // of their servers: the directory below the home directory
}

// editorsByCommand are the editors that start gopls, by the base name of the
// command, in lower case.
var editorsByCommand = map[string]editorKind{
	"code": {"Visual Studio Code", "Code", ""}, "code-insiders": {"Visual Studio Code Insiders", "Code - Insiders", ""}, "code-oss": {"Code - OSS", "Code - OSS", ""},
	"codium": {"VSCodium", "VSCodium", ""}, "vscodium": {"VSCodium", "VSCodium", ""}, "cursor": {"Cursor", "Cursor", ""}, "windsurf": {"Windsurf", "Windsurf", ""},
	"nvim": {name: "Neovim"}, "vim": {name: "Vim"}, "gvim": {name: "Vim"}, "hx": {name: "Helix"}, "helix": {name: "Helix"},
	"emacs": {name: "Emacs"}, "emacs-gtk": {name: "Emacs"}, "emacs-nox": {name: "Emacs"},
	"zed": {name: "Zed"}, "zed-editor": {name: "Zed"}, "kate": {name: "Kate"}, "sublime_text": {name: "Sublime Text"}, "micro": {name: "micro"}, "kak-lsp": {name: "Kakoune"},
}

// servers are the servers of the VS Code family, by a directory on the command
// line of their Node.
var servers = []struct {
	directory string
	editorKind
}{
	{"/code-server", editorKind{"code-server", "", ".local/share/code-server"}},
	{"/.vscode-server-insiders/", editorKind{"Visual Studio Code Insiders (server)", "", ".vscode-server-insiders/data"}},
	{"/.vscode-server/", editorKind{"Visual Studio Code (server)", "", ".vscode-server/data"}},
	{"/.vscode-remote/", editorKind{"Codespaces", "", ".vscode-remote/data"}},
	{"/.vscodium-server/", editorKind{"VSCodium (server)", "", ".vscodium-server/data"}},
	{"/.cursor-server/", editorKind{"Cursor (server)", "", ".cursor-server/data"}},
	{"/.windsurf-server/", editorKind{"Windsurf (server)", "", ".windsurf-server/data"}},
	{"/openvscode-server", editorKind{"OpenVSCode Server", "", ".openvscode-server/data"}},
}

// kindOf tells the editor that a process is of; ok is false if it is none. The
// extension host of a server is a Node.
func kindOf(p world.Process) (kind editorKind, ok bool) {
	exe := binaryName(strings.TrimSuffix(p.Exe, " (deleted)"))
	if kind, ok = editorsByCommand[exe]; ok {
		return kind, true
	}
	if strings.HasPrefix(exe, "code helper") {
		return editorsByCommand["code"], true
	}
	if exe != "node" && exe != "code-tunnel" {
		return editorKind{}, false
	}
	line := filepath.ToSlash(p.Exe + " " + strings.Join(p.Args, " "))
	for _, s := range servers {
		if strings.Contains(line, s.directory) {
			return s.editorKind, true
		}
	}
	if strings.Contains(line, "--type=extensionHost") {
		return editorKind{name: "Visual Studio Code (server)"}, true
	}
	return editorKind{}, false
}

// mayMatter reports whether a process of the name may be a gopls, or what
// started one.
func mayMatter(name string) bool {
	name = strings.ToLower(name)
	_, editor := editorsByCommand[name]
	return editor || strings.HasPrefix(name, "gopls") || strings.HasPrefix(name, "code") || name == "node" || name == "gophantom"
}

// running finds the gopls that an editor runs for the workspace, on the command
// line, where no editor tells. It adds its environment and that of the editor;
// nothing where there is no gopls.
func (o *observer) running() {
	processes, err := o.w.Processes.List(o.ctx, mayMatter)
	if err != nil {
		return // as if there was none: nobody asked for it
	}
	byPID := map[int]world.Process{}
	for _, p := range processes {
		byPID[p.PID] = p
	}
	var seen []goplsSeen
	for _, p := range processes {
		parent := byPID[p.PPID]
		if p.PPID == o.w.PID || p.PID == o.w.PID || binaryName(parent.Exe) == "gophantom" {
			continue
		}
		if other, isGopls := lookAtGopls(o.w, parent); isGopls && other.Listens == "" {
			continue // a child of gopls
		}
		g, ok := lookAtGopls(o.w, p)
		if !ok || g.Listens != "" {
			continue
		}
		if g.Dir, err = o.w.Processes.WorkDir(o.ctx, p.PID); err != nil || !o.belongs(g.Dir) {
			continue
		}
		if g.Environ, err = processEnviron(o.ctx, o.w, p.PID); err != nil {
			continue // another user's, or it ended
		}
		if kind, ok := kindOf(parent); ok {
			g.Editor = kind.name
		}
		seen = append(seen, g)
	}
	if exact := slices.DeleteFunc(slices.Clone(seen), func(g goplsSeen) bool { return g.Dir != filepath.Clean(o.in.Dir) }); len(exact) > 0 {
		seen = exact
	}
	if len(seen) == 0 {
		return
	}
	slices.SortStableFunc(seen, func(a, b goplsSeen) int { return a.Started.Compare(b.Started) })
	for _, other := range seen[1:] {
		if !sameGo(seen[0].Environ, other.Environ) {
			for _, g := range seen {
				o.s.Gopls = append(o.s.Gopls, g.GoplsProcess)
			}
			o.missing(model.EnvGopls, fmt.Sprintf("several gopls run for this workspace with different environments: process %d%s and process %d%s; close the editor that is not meant",
				seen[0].PID, ofEditor(seen[0].Editor), other.PID, ofEditor(other.Editor)))
			return
		}
	}
	g := seen[0]
	if parent, ok := byPID[g.PPID]; ok && g.Editor != "" {
		if launch, err := processEnviron(o.ctx, o.w, parent.PID); err == nil {
			o.process(model.EnvEditorLaunch, launch, fmt.Sprintf("the environment %s was started with (process %d)", g.Editor, parent.PID))
		}
	}
	settings := o.settingsOf(g, byPID)
	o.goplsEnv(seen, settings)
}

func ofEditor(name string) string {
	if name == "" {
		return ""
	}
	return " of " + name
}

// belongs reports whether a gopls that was started in dir works on the
// workspace: golang.go starts it in the first folder of the window. A directory
// above counts as far as the project goes, one below if it is of the same
// project.
func (o *observer) belongs(dir string) bool {
	own, dir := filepath.Clean(o.in.Dir), filepath.Clean(dir)
	if real, err := o.w.Files.EvalSymlinks(own); err == nil && real == dir {
		return true
	}
	if own == dir {
		return true
	}
	root := o.project(own)
	if root == "" || root != o.project(dir) {
		return false
	}
	return inside(own, dir) || inside(dir, own)
}

// project is the root of the project that a directory is in: that of version
// control, else of the go.work, else of the module; "" if it is in none.
func (o *observer) project(dir string) string {
	for _, mark := range []string{".git", ".hg", ".jj", ".svn"} {
		for at := dir; ; at = filepath.Dir(at) {
			if _, err := o.w.Files.Stat(filepath.Join(at, mark)); err == nil {
				return at
			}
			if filepath.Dir(at) == at {
				break
			}
		}
	}
	for _, name := range []string{"go.work", "go.mod"} {
		if file := nearest(o.w, dir, name); file != "" {
			return filepath.Dir(file)
		}
	}
	return ""
}

// inside reports whether a directory is below another one.
func inside(dir, above string) bool {
	rel, err := filepath.Rel(above, dir)
	return err == nil && rel != "." && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// settingsOf reads the settings of the editor that started a gopls, as far as
// its processes tell where they are. A fault says what cannot be seen.
func (o *observer) settingsOf(g goplsSeen, byPID map[int]world.Process) effectiveSettings {
	var scopes []SettingsScope
	user, server, ok := o.userSettings(g.PPID, byPID)
	switch {
	case ok && !server:
		scopes = append(scopes, SettingsScope{Scope: "user", File: user})
	case ok:
		scopes = append(scopes, SettingsScope{Scope: "user", File: filepath.Join(filepath.Dir(filepath.Dir(user)), "Machine", "settings.json")})
		if _, err := o.w.Files.Stat(user); err == nil {
			scopes = slices.Insert(scopes, 0, SettingsScope{Scope: "user", File: user}) // a server for browsers has them, too
		} else {
			o.fault(model.Fault{Subject: "user settings", Text: fmt.Sprintf("The user settings of %s are on the machine that shows its window, so what they give gopls is not seen from here.", g.Editor)})
		}
	case g.Editor != "":
		o.fault(model.Fault{Subject: "settings", Text: fmt.Sprintf("What the settings of %s give gopls beside its environment is not seen from here.", g.Editor)})
	default:
		o.fault(model.Fault{Subject: "settings", Text: fmt.Sprintf("It is not known which editor started gopls (process %d), so what its settings give gopls beside its environment is not seen.", g.PID)})
	}
	if ok {
		scopes = append(scopes, SettingsScope{Scope: "folder", File: filepath.Join(g.Dir, ".vscode", "settings.json")})
	}
	settings, faults := readSettings(o.w, scopes)
	for _, f := range faults {
		if !slices.Equal(f.Hides, []string{string(model.EnvTools)}) { // no tools' environment is computed here
			o.fault(f)
		}
	}
	return settings
}

// userSettings is where an editor of the VS Code family, given by the process
// that started gopls, has the user's settings; server says that it is one that
// windows connect to. ok is false for other editors.
func (o *observer) userSettings(pid int, byPID map[int]world.Process) (file string, server, ok bool) {
	kind, known := kindOf(byPID[pid])
	if !known || kind.data == "" && kind.home == "" {
		return "", false, false
	}
	environ, err := processEnviron(o.ctx, o.w, pid)
	if err != nil {
		return "", false, false
	}
	server = kind.home != ""
	dir := filepath.Join(homeOf(environ), filepath.FromSlash(kind.home))
	if !server {
		dir = filepath.Join(userConfigDir(o.w.GOOS, environ), kind.data)
	} else if data := environ["XDG_DATA_HOME"]; data != "" && kind.name == "code-server" {
		dir = filepath.Join(data, path.Base(kind.home))
	}
	for seen := 0; seen < 8; seen++ { // the flags stand on the command line of one of the processes above
		p, there := byPID[pid]
		if !there {
			break
		}
		if given := flagValue(p.Args, "user-data-dir"); given != "" {
			dir = given
			break
		}
		if given := flagValue(p.Args, "server-data-dir"); given != "" {
			dir = filepath.Join(given, "data")
			break
		}
		pid = p.PPID
	}
	return filepath.Join(dir, "User", "settings.json"), server, true
}
