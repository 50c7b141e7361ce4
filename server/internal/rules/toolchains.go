package rules

import (
	"path/filepath"
	"slices"

	"github.com/gophantom/gophantom/server/internal/model"
)

// echo adds what go was heard to say that is, in all likelihood, the given row
// of the catalogue, in the environments of which fs tells nothing yet. The
// sentence is the rule's message "said"; the subject is a variable as a rule.
func (fs *findings) echo(s *model.Snapshot, ref, subject string) {
	fs.echoWhere(s, ref, subject, func(model.Env) bool { return true })
}

// echoWhere is echo for the environments in which the message can have the
// meaning of the row only.
func (fs *findings) echoWhere(s *model.Snapshot, ref, subject string, can func(model.Env) bool) {
	for _, u := range heard(s, ref) {
		if env, _ := s.Env(u.said.Env); !can(env) {
			continue
		}
		if u.Refs[0] != ref || slices.ContainsFunc(*fs, func(f model.Finding) bool { return slices.Contains(f.Environments, u.said.Env) }) {
			continue
		}
		f := model.Finding{
			Ref: ref, Subject: subject, Message: "said", GoText: u.Text, Location: u.said.Location,
			Args: values("said", inOneLine(u.Text.Reveal())),
		}
		env, _ := s.Env(u.said.Env)
		if set := env.Lookup(subject); set.Set && explicit(set) {
			f.Origin = &set.Origin
		}
		fs.add(u.said.Env, f)
	}
}

// explicit reports whether somebody set a value: neither go's default nor what
// ships with a toolchain.
func explicit(set model.Setting) bool {
	return set.Set && set.Origin.Layer != model.LayerDefault && set.Origin.Layer != model.LayerGoroot
}

// remove offers to remove the assignment that sets a variable.
func remove(set model.Setting) []model.FixOffer {
	if !explicit(set) {
		return nil
	}
	return []model.FixOffer{{ID: "unset-variable", Args: values("variable", set.Name)}}
}

// handsOver reports whether the go command of an environment leaves the work to
// another toolchain, which then finds its own GOROOT.
func handsOver(t model.Toolchain) bool {
	return t.Selected != "" && t.Selected != t.Tool("go").Version
}

// usesCache reports whether go looks into the module cache to build in an
// environment: it requires a module that is neither vendored nor a directory.
func (b build) usesCache() bool {
	if _, _, vendored := b.vendor(); vendored {
		return false
	}
	for _, m := range b.mains() {
		for _, q := range m.Requires {
			if !slices.ContainsFunc(m.Replaces, func(r model.Replace) bool { return r.OldPath == q.Path && r.NewVersion == "" }) &&
				(b.work == nil || !slices.ContainsFunc(b.work.Uses, func(u model.Use) bool { return u.Path == q.Path })) {
				return true
			}
		}
	}
	return false
}

// uncreatable tells why go cannot make a directory that it needs, in the words
// of the system; "" if it can, or if that is not known.
func uncreatable(s *model.Snapshot, dir string) string {
	missing := filepath.Clean(dir)
	if p, ok := s.Place(missing); ok && p.Exists {
		if !p.Dir {
			return "mkdir " + missing + ": not a directory"
		}
		return ""
	}
	for {
		parent := filepath.Dir(missing)
		p, ok := s.Place(parent)
		switch {
		case !ok || parent == missing:
			return ""
		case p.Exists && !p.Dir:
			return "mkdir " + parent + ": not a directory"
		case p.Exists && p.ReadOnly:
			return "mkdir " + missing + ": permission denied"
		case p.Exists:
			return ""
		}
		missing = parent
	}
}
