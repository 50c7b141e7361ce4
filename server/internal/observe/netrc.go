package observe

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// credentials finds where the go command of each environment takes credentials
// for servers from: netrc files, and the programs and directories of GOAUTH. It
// comes after places.
func (o *observer) credentials() {
	for _, env := range o.s.Envs {
		if !env.Complete || env.Name == model.EnvEditorLaunch {
			continue
		}
		vars := env.Process()
		o.authPrograms(env, vars)
		file := netrcFile(o.w, o.s.Dir, vars)
		if file == "" {
			continue
		}
		if i := slices.IndexFunc(o.s.Netrcs, func(n model.Netrc) bool { return n.File == file }); i >= 0 {
			o.s.Netrcs[i].Envs = append(o.s.Netrcs[i].Envs, env.Name)
			continue
		}
		n := readNetrc(o.w, file)
		n.Envs = []model.EnvName{env.Name}
		o.s.Netrcs = append(o.s.Netrcs, n)
	}
}

// netrcFile is the file that cmd/go/internal/auth.netrcPath picks for a go
// command that runs in dir; "" if it finds none.
func netrcFile(w *world.World, dir string, vars map[string]string) string {
	if file := vars["NETRC"]; file != "" {
		if !filepath.IsAbs(file) {
			file = filepath.Join(dir, file)
		}
		return filepath.Clean(file)
	}
	if w.GOOS == "windows" {
		home := vars["USERPROFILE"]
		if home == "" {
			return ""
		}
		if legacy := filepath.Join(home, "_netrc"); exists(w, legacy) {
			return legacy
		}
		return filepath.Join(home, ".netrc")
	}
	if home := vars["HOME"]; home != "" {
		return filepath.Join(home, ".netrc")
	}
	return ""
}

func exists(w *world.World, file string) bool {
	_, err := w.Files.Stat(file)
	return err == nil
}

func readNetrc(w *world.World, file string) model.Netrc {
	n := model.Netrc{File: file}
	data, err := w.Files.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		n.Exists, n.Why = true, reason(err)
	default:
		n.Exists = true
		n.Machines, n.Default = parseNetrc(string(data))
	}
	return n
}

// parseNetrc reads a netrc file as cmd/go/internal/auth.parseNetrc does: pairs
// of words that do not go over the end of a line. Unlike it, it keeps the
// entries that are not complete, and of logins and passwords a hash.
func parseNetrc(data string) (machines []model.NetrcMachine, defaultLine int) {
	var m model.NetrcMachine
	var login, password string
	inMacro, stopped := false, false
	done := func() {
		if m.Name != "" {
			machines = append(machines, m)
		}
		m = model.NetrcMachine{}
	}
	lines := strings.Split(data, "\n")
	for i, line := range lines {
		if inMacro {
			inMacro = line != ""
			continue
		}
		words := strings.Fields(line)
		j := 0
		for ; j < len(words)-1; j += 2 {
			switch words[j] {
			case "machine":
				done()
				m = model.NetrcMachine{Name: words[j+1], Line: i + 1, Unread: stopped}
			case "default":
				if defaultLine == 0 && namesUser(append(words[j+1:], strings.Fields(strings.Join(lines[i+1:], " "))...)) {
					defaultLine = i + 1
				}
			case "login":
				m.HasLogin, login = true, words[j+1]
			case "password":
				m.HasPassword, password = true, words[j+1]
			case "macdef":
				inMacro = true
			}
			if m.Name != "" && m.HasLogin && m.HasPassword {
				sum := sha256.Sum256([]byte(login + "\x00" + password))
				m.Credential = model.NewValue(hex.EncodeToString(sum[:]))
				done() // go forgets the machine, so a second login belongs to nobody
			}
		}
		if j < len(words) && words[j] == "default" {
			if defaultLine == 0 && namesUser(strings.Fields(strings.Join(lines[i+1:], " "))) {
				defaultLine = i + 1
			}
			done()
			stopped = true
		}
	}
	done()
	return machines, defaultLine
}

// namesUser reports whether the words behind "default" give a login other than
// those of anonymous FTP.
func namesUser(words []string) bool {
	for i := 0; i+1 < len(words); i += 2 {
		switch words[i] {
		case "machine", "macdef", "default":
			return false
		case "login":
			return words[i+1] != "anonymous" && words[i+1] != "ftp"
		}
	}
	return false
}

// authPrograms looks for the programs that GOAUTH names, beside the methods
// that are built into go.
func (o *observer) authPrograms(env model.Env, vars map[string]string) {
	for command := range strings.SplitSeq(env.Lookup("GOAUTH").Value.Reveal(), ";") {
		words := strings.Fields(command)
		if len(words) == 0 || words[0] == "off" || words[0] == "netrc" {
			continue
		}
		if words[0] == "git" {
			if len(words) == 2 {
				(places{w: o.w, seen: o.s.Places}).look(words[1])
			}
			continue
		}
		p := model.AuthProgram{Env: env.Name, Name: words[0]}
		if quote := words[0][0]; quote == '"' || quote == '\'' {
			name, _, closed := strings.Cut(strings.TrimSpace(command)[1:], string(quote))
			if !closed {
				continue // go cannot split it, and finds nothing to run
			}
			p.Name = name
		}
		p.Path, p.Why = o.program(p.Name, vars)
		p.Print = o.in.Memory.print(o.w, p.Path)
		o.s.AuthPrograms = append(o.s.AuthPrograms, p)
	}
}

// program finds an executable as os/exec does; why is set where that cannot be
// told.
func (o *observer) program(name string, vars map[string]string) (path, why string) {
	search, known := vars["PATH"]
	switch {
	case filepath.IsAbs(name):
		search, name = filepath.Dir(name), filepath.Base(name)
	case strings.ContainsAny(name, `/\`):
		return "", "it is relative to where go runs"
	case !known:
		return "", "PATH is not known"
	}
	if path = o.w.LookPath(search, name); path != "" {
		return path, ""
	}
	for _, dir := range filepath.SplitList(search) {
		if _, err := o.w.Files.Stat(filepath.Join(dir, name)); filepath.IsAbs(dir) && errors.Is(err, world.ErrStalled) {
			return "", "a directory of PATH does not answer"
		}
	}
	return "", ""
}
