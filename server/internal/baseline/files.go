package baseline

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

// relative is how a file is named: from the workspace folder, with slashes.
func relative(s *model.Snapshot, file string) string {
	if r, err := filepath.Rel(s.Dir, file); err == nil {
		file = r
	}
	return filepath.ToSlash(file)
}

// absolute is the file that relative has a name of.
func absolute(s *model.Snapshot, name string) string {
	if file := filepath.FromSlash(name); filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(s.Dir, filepath.FromSlash(name))
}

// unreadable are the go.mod and go.work of whose lines nothing is known, by their
// absolute path: each a fact that says why, at the first line that go rejects.
func unreadable(s *model.Snapshot) map[string]Fact {
	out := map[string]Fact{}
	add := func(file string, line int, why string) {
		out[file] = Fact{Kind: Unreadable, Name: relative(s, file), Value: model.NewValue(why), At: model.Origin{File: file, Line: line}}
	}
	for _, f := range s.Faults {
		if (f.Subject == "go.mod" || f.Subject == "go.work") && f.Location != nil {
			add(f.Location.File, 0, f.Text)
		}
	}
	for _, m := range slices.Concat(s.Modules, s.Replacing) {
		if len(m.Errors) > 0 {
			add(m.File, m.Errors[0].Line, m.Errors[0].Text)
		}
	}
	if s.Work != nil && len(s.Work.Errors) > 0 {
		add(s.Work.File, s.Work.Errors[0].Line, s.Work.Errors[0].Text)
	}
	return out
}

// gist is what a go.mod of somebody else has that counts for those that use it.
func gist(m model.Module) string {
	var out []string
	if m.Go != "" {
		out = append(out, "go "+m.Go)
	}
	for _, r := range m.Requires {
		out = append(out, "require "+r.Path+" "+r.Version)
	}
	return strings.Join(out, "; ")
}

// vendored is what modules.txt says of modules; "" if it could not be read.
func vendored(v *model.Vendor) string {
	if v == nil || v.Why != "" {
		return ""
	}
	text := fmt.Sprintln(v.Workspace)
	for _, m := range v.Modules {
		text += fmt.Sprintln(m.Path, m.Version, "=>", m.NewPath, m.NewVersion, m.Explicit)
		if m.Missing > 0 { // else it is the text of older baselines
			text += fmt.Sprintln("missing", m.Missing)
		}
	}
	return text
}

// hashes are those of a module and of its go.mod; "" unless there are both, for one
// that came is no other one.
func hashes(sum model.Sum, module string) string {
	files, mod := sum.Hashes[module], sum.Hashes[module+"/go.mod"]
	if len(files) == 0 || len(mod) == 0 {
		return ""
	}
	text := ""
	for _, h := range slices.Concat(files, mod) {
		text += h.Hash + "\n"
	}
	return text
}

// entries are the machines of a netrc with what keeps go from using them, such as
// "proxy.example git.example:8443 (no login)", and a text that is another one when a
// login or password is; "" if that is not known.
func entries(n model.Netrc) (machines, credentials string) {
	var names []string
	known := true
	for _, m := range n.Machines {
		name := m.Name
		switch {
		case m.Unread:
			name += " (not read)"
		case !m.HasLogin && !m.HasPassword:
			name += " (no login, no password)"
		case !m.HasLogin:
			name += " (no login)"
		case !m.HasPassword:
			name += " (no password)"
		default:
			known = known && !m.Credential.Empty()
			credentials += m.Credential.Reveal() + "\n"
		}
		names = append(names, name)
	}
	if !known {
		credentials = ""
	}
	return strings.Join(names, " "), credentials
}

// gitsOf are the configurations of git in the environments that are compared; sure
// is false if one of them is not known for sure.
func gitsOf(s *model.Snapshot) (gits []model.Git, sure bool) {
	sure = true
	for _, g := range s.Gits {
		if slices.ContainsFunc(g.Envs, func(env model.EnvName) bool { return slices.Contains(compared, env) }) {
			gits, sure = append(gits, g), sure && g.Why == ""
		}
	}
	return gits, sure
}

// gitConfig are what the files of git's configuration say. What variables hand to
// git are variables.
func gitConfig(s *model.Snapshot) (out []Fact) {
	gits, sure := gitsOf(s)
	if !sure {
		return nil
	}
	for _, g := range gits {
		rules := map[string][]string{}
		at := map[string]model.Origin{}
		for _, r := range g.Rewrites {
			file := r.Origin.File
			rules[file] = append(rules[file], r.Base.Reveal()+" instead of "+r.InsteadOf.Reveal())
			at[file] = cmp.Or(at[file], r.Origin)
		}
		for file, lines := range rules {
			if file != "" {
				out = append(out, Fact{Kind: Git, Name: filepath.ToSlash(file) + " insteadOf", Value: model.NewValue(strings.Join(lines, "\n")), At: at[file]})
			}
		}
		if ssh := g.SSHCommand; ssh.Set && ssh.Origin.File != "" {
			out = append(out, Fact{Kind: Git, Name: filepath.ToSlash(ssh.Origin.File) + " core.sshCommand", Value: ssh.Value, At: ssh.Origin})
		}
		for _, o := range g.Others {
			name := filepath.ToSlash(o.Origin.File) + " " + o.Name
			if i := slices.IndexFunc(out, func(f Fact) bool { return f.Name == name }); i >= 0 {
				out[i].Detail = model.NewValue(out[i].Detail.Reveal() + "\n" + o.Value.Reveal())
				continue
			}
			out = append(out, Fact{Kind: Git, Name: name, Value: model.NewValue("set"), Detail: o.Value, At: o.Origin})
		}
	}
	return out
}
