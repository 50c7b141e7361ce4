package fix

import (
	"fmt"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

// relaunch tells how the editor gets a new environment. It keeps the one it
// was started with: reloading the window or restarting the extensions gives
// them the old one again. Nobody but the user can do it.
func (m maker) relaunch() Plan {
	p := Plan{ID: Relaunch, Title: "Relaunch the editor with the shell’s environment"}
	if m.s.Editor == nil {
		return disabled(p, "This needs the editor that gopls runs in.")
	}
	p.Title, p.Manual = howToRelaunch(*m.s.Editor, m.s.Dir, m.w.GOOS)
	p.Preview = p.Manual
	return p
}

// howToRelaunch returns the title and the steps for an editor. goos is the
// platform that the extensions run on.
func howToRelaunch(e model.Editor, dir, goos string) (title, steps string) {
	const killServer = "Give the VS Code server a new environment"
	switch e.Remote {
	case "wsl":
		return killServer, "The VS Code server in WSL was started without a login shell and keeps the environment it was started with. " +
			"Put what it has to know into ~/.vscode-server/server-env-setup (a shell script it reads when it starts), " +
			"close every window that is connected to WSL, run “wsl --shutdown” in Windows, which ends everything that runs in WSL, and open the folder again."
	case "ssh-remote":
		return killServer, "The VS Code server on the SSH host outlives its windows and keeps the environment it was started with. " +
			"Run “Remote-SSH: Kill VS Code Server on Host…” from the Command Palette, choose the host, and connect again."
	case "dev-container":
		return "Rebuild the dev container with the variables it needs",
			"Put the variables into \"remoteEnv\" (for the editor) or \"containerEnv\" (for the whole container) of devcontainer.json, and run “Dev Containers: Rebuild Container” from the Command Palette."
	case "attached-container":
		return "Restart the container with the variables it needs",
			"The VS Code server in the container keeps the environment it was started with. Close the window, restart the container with the variables it needs, and attach to it again."
	case "codespaces":
		return "Rebuild the codespace with the variables it needs",
			"Put what is secret into the secrets of your codespaces on GitHub and the rest into \"remoteEnv\" or \"containerEnv\" of devcontainer.json, and run “Codespaces: Rebuild Container” from the Command Palette."
	case "tunnel":
		return killServer, "The machine at the other end of the tunnel keeps the environment in which “code tunnel” was started. " +
			"End that there, and start it again from a shell that has the variables (a tunnel that runs as a service gets the service’s environment, not the shell’s)."
	}
	switch {
	case e.Web: // a server of a browser calls itself by its address
		return "Restart the editor’s server from the shell", "The server behind this browser window keeps the environment it was started with. " +
			"End it on the machine it runs on, start it again from a shell that has the variables, and load the page again."
	case e.Remote == "":
		return "Relaunch the editor with the shell’s environment", relaunchHere(e, dir, goos)
	}
	return killServer, "The VS Code server on the remote machine keeps the environment it was started with. End it there, and connect again from an editor that starts it anew."
}

// relaunchHere are the steps for an editor on this machine.
func relaunchHere(e model.Editor, dir, goos string) string {
	command, known := commands[e.Name]
	name := e.Called()
	if e.RunsGopls {
		again := "start it again from a shell that has the variables"
		if known {
			again += ": " + command + " " + quote(dir)
		}
		return fmt.Sprintf("%s keeps the environment it was started with. Quit it entirely (a server or daemon of it, too), and %s", strings.ToUpper(name[:1])+name[1:], again)
	}
	if goos == "windows" {
		return fmt.Sprintf("All windows of %s share the environment in which the first was started, and reloading a window does not change it. Close all of them, and open the folder again.", name)
	}
	from := "start it again from a shell that has the variables"
	if known {
		from = fmt.Sprintf("start it from a shell that has the variables: %s %s", command, quote(dir))
	}
	return fmt.Sprintf("All windows of %s share the environment in which the first was started, and reloading a window does not change it. Close all of them (on macOS quit it), and %s", name, from)
}

// commands are the editors’ own, by the name each tells of itself.
var commands = map[string]string{
	"Visual Studio Code":            "code",
	"Visual Studio Code - Insiders": "code-insiders",
	"VSCodium":                      "codium",
	"Cursor":                        "cursor",
	"Windsurf":                      "windsurf",
	"Neovim":                        "nvim",
	"helix":                         "hx",
	"emacs":                         "emacs",
	"Emacs":                         "emacs",
	"Zed":                           "zed",
}

// quote makes a path one word for a POSIX shell.
func quote(path string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+:@%,=", r)
	}
	if path != "" && strings.IndexFunc(path, func(r rune) bool { return !plain(r) }) < 0 {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
