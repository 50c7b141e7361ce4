package model

// Machine says on which machine the editor's extensions, gopls and their
// environment are, as the end of a sentence that begins with "This is"; "" for
// an ordinary editor, where there is but one.
func (e Editor) Machine() string {
	switch e.Remote {
	case "wsl":
		return "the environment of the VS Code server inside WSL, not the one of Windows"
	case "ssh-remote":
		return "the environment of the VS Code server on the SSH host, not the one of this computer"
	case "dev-container":
		return "the environment of the VS Code server in the dev container, not the one of its host"
	case "attached-container":
		return "the environment of the VS Code server in the container that the window is attached to, not the one of its host"
	case "codespaces":
		return "the environment of the VS Code server in the codespace, not the one of this computer"
	case "tunnel":
		return "the environment of the VS Code server at the other end of the tunnel, not the one of this computer"
	}
	switch {
	case e.Web: // a server of a browser calls itself by its address
		return "the environment of the editor’s server on the machine that serves this browser window"
	case e.Remote == "":
		return ""
	}
	return "the environment of the VS Code server on the remote machine (" + e.Remote + "), not the one of this computer"
}
