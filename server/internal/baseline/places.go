package baseline

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

// places are the directories and files that variables, go.mod and go.work name, as
// far as it is known how they are: each with its path as the detail, and what is
// wrong with it as the value, such as "/mnt/cache is read-only"; empty if nothing is.
//
// Another path is another place: that it is named is a change of the variable, and
// not of the place.
func places(s *model.Snapshot) (out []Fact) {
	add := func(env model.EnvName, name, path string, at model.Origin, wrong func(p model.Place) (why string, known bool)) {
		path = filepath.Clean(path)
		p, known := s.Place(path)
		if !known {
			return
		}
		why, known := wrong(p)
		if !known {
			return
		}
		f := Fact{Kind: Place, Env: env, Name: name, Detail: model.NewValue(path), At: at}
		if why != "" {
			if r, err := filepath.Rel(s.Dir, path); err == nil && env == "" {
				path = r
			}
			f.Value = model.NewValue(path + " " + why)
		}
		out = append(out, f)
	}
	for _, name := range compared {
		env, ok := s.Env(name)
		if !ok || !env.Complete {
			continue
		}
		variable := func(name, path string, wrong func(model.Place) (string, bool)) {
			if filepath.IsAbs(path) {
				add(env.Name, name, path, env.Lookup(name).Origin, wrong)
			}
		}
		value := func(name string) string { return env.Lookup(name).Value.Reveal() }
		list := func(name string, dirs []string) {
			f := Fact{Kind: Place, Env: env.Name, Name: name, Detail: model.NewValue(strings.Join(dirs, "\x00")), At: env.Lookup(name).Origin}
			for _, dir := range dirs {
				p, known := s.Place(filepath.Clean(dir))
				if !known {
					return
				}
				if why := searched(p); why != "" && f.Value.Empty() {
					f.Value = model.NewValue(p.Path + " " + why)
				}
			}
			if len(dirs) > 0 {
				out = append(out, f)
			}
		}
		variable("GOROOT", value("GOROOT"), holding(s, filepath.Join("src", "fmt")))
		variable("GOMODCACHE", value("GOMODCACHE"), filled(s, env))
		variable("GOCACHE", s.BuildCache(env), written(s))
		variable("GOTMPDIR", value("GOTMPDIR"), temporary)
		variable("TMPDIR", value("TMPDIR"), temporary)
		variable("SSL_CERT_FILE", value("SSL_CERT_FILE"), file)
		variable("GOWORK", value("GOWORK"), file)
		list("GOPROXY", model.FileProxies(value("GOPROXY")))
		for _, name := range model.SearchPaths {
			list(name, model.Searched(name, value(name)))
		}
	}
	unread := unreadable(s)
	replaced := func(from string, replaces []model.Replace) {
		for _, r := range replaces {
			if dir := r.Dir(from); dir != "" {
				add("", relative(s, from)+" "+r.OldPath, dir, model.Origin{File: from, Line: r.Line}, holding(s, "go.mod"))
			}
		}
	}
	for _, m := range s.Modules {
		dir := filepath.Join(filepath.Dir(m.File), "vendor")
		f := Fact{Kind: Place, Name: relative(s, m.File) + " vendor", Detail: model.NewValue(dir)}
		if m.Vendor != nil && !m.Vendor.Exists {
			f.Value = model.NewValue(relative(s, dir) + " has no modules.txt")
		}
		out = append(out, f)
		if _, is := unread[m.File]; !is {
			replaced(m.File, m.Replaces)
		}
	}
	if work := s.Work; work != nil {
		for _, u := range work.Uses {
			add("", relative(s, work.File)+" "+relative(s, u.Dir), u.Dir, model.Origin{File: work.File, Line: u.Line}, holding(s, "go.mod"))
		}
		replaced(work.File, work.Replaces)
	}
	slices.SortStableFunc(out, func(a, b Fact) int { return strings.Compare(a.key(), b.key()) })
	return slices.CompactFunc(out, func(a, b Fact) bool { return a.key() == b.key() })
}

// holding says what is wrong with a directory that has to have something in it.
func holding(s *model.Snapshot, what string) func(model.Place) (string, bool) {
	return func(p model.Place) (string, bool) {
		switch {
		case !p.Exists:
			return "is missing", true
		case !p.Dir:
			return "is no directory", true
		}
		inner, known := s.Place(filepath.Join(p.Path, what))
		if known && !inner.Exists {
			return "has no " + filepath.ToSlash(what), true
		}
		return "", known
	}
}

// written says what is wrong with a directory that go writes to, and makes where
// there is none.
func written(s *model.Snapshot) func(model.Place) (string, bool) {
	return func(p model.Place) (string, bool) {
		there := p
		for !there.Exists {
			above, known := s.Place(filepath.Dir(there.Path))
			if !known || above.Path == there.Path {
				return "", false
			}
			there = above
		}
		switch {
		case !p.Exists && (!there.Dir || there.ReadOnly):
			return "cannot be made", true
		case !there.Dir:
			return "is no directory", true
		case there.ReadOnly:
			return "is read-only", true
		}
		return "", true
	}
}

// filled says what is wrong with a module cache: also that it has none of the modules
// that are required, where nothing may be downloaded.
func filled(s *model.Snapshot, env model.Env) func(model.Place) (string, bool) {
	return func(p model.Place) (string, bool) {
		why, known := written(s)(p)
		vendored := s.Work != nil && s.Work.Vendored || slices.ContainsFunc(s.Modules, func(m model.Module) bool { return m.Vendored })
		if why != "" || !known || vendored || strings.TrimSpace(env.Lookup("GOPROXY").Value.Reveal()) != "off" {
			return why, known
		}
		missing, known := s.Missing(env)
		if !known || len(missing) == 0 {
			return "", known
		}
		for _, m := range s.Modules {
			for _, r := range m.Requires {
				if !slices.Contains(missing, r.Path+"@"+r.Version) {
					return "", true
				}
			}
		}
		return "has none of the modules that are required", true
	}
}

// searched says what is wrong with a directory that go or a compiler looks into.
func searched(p model.Place) string {
	switch {
	case !p.Exists:
		return "is missing"
	case !p.Dir:
		return "is no directory"
	}
	return ""
}

// temporary says what is wrong with a directory that has to be there and that go
// writes to.
func temporary(p model.Place) (string, bool) {
	switch {
	case !p.Exists:
		return "is missing", true
	case !p.Dir:
		return "is no directory", true
	case p.ReadOnly:
		return "is read-only", true
	}
	return "", true
}

// file says what is wrong with what has to be a file.
func file(p model.Place) (string, bool) {
	switch {
	case !p.Exists:
		return "is missing", true
	case !p.Regular:
		return "is no file", true
	case p.Blank:
		return "has no certificate", true
	}
	return "", true
}
