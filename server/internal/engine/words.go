package engine

import (
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/mod/module"

	"github.com/gophantom/gophantom/server/internal/baseline"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/trace"
)

// listen takes from the words of go, and of the problems, what they can be about:
// facts, modules and values. It returns the refs that were heard, and whether any of
// their words was to the point.
func (s *scene) listen() (heard map[string]bool) {
	heard = map[string]bool{}
	var all strings.Builder
	nameless := len(s.t.Modules) == 0
	for _, u := range s.Snapshot.Said {
		if len(u.Messages) == 0 {
			all.WriteString(u.Text.Reveal() + "\n")
		}
		for _, m := range u.Messages {
			of, told := subjectOf(m)
			relevant := !told || nameless || slices.ContainsFunc(s.t.Modules, func(path string) bool { return strings.EqualFold(path, of) })
			for _, ref := range m.Refs {
				heard[ref] = heard[ref] || relevant
			}
			if relevant && (!told || !nameless || len(s.modulesOf(of)) > 0) {
				s.hear(m, u.Text.Reveal(), nameless)
			}
		}
	}
	for _, v := range s.verdicts {
		for _, text := range reasonsOf(v) {
			if v.Kind != model.Unknown && !v.Fetch { // which may come of it that nothing is fetched
				all.WriteString(text.Reveal() + "\n")
			}
			for _, m := range trace.Classify(text) {
				if !slices.Contains(m.Refs, "PX-OFF-COLD") || s.proxyOff() && !v.Fetch { // ground truth fetches nothing
					s.hear(m, text.Reveal(), nameless)
				}
			}
		}
		all.WriteString(v.Problem.Message + "\n")
	}
	s.all = all.String()
	s.read()
	if s.compiled() { // what does not fit there is of another module
		s.t.Modules = append(s.t.Modules, s.t.Hinted...)
	}
	if len(s.t.Modules) == 0 {
		s.mentioned()
	}
	if len(s.words) == 0 {
		s.guess()
	}
	s.t.Quoted = map[string]bool{}
	for _, c := range s.candidates {
		if slices.ContainsFunc(fresh(c), func(part string) bool { return says(s.text, part) }) {
			s.t.Quoted[baseline.Key(c.Fact)] = true
		}
	}
	return heard
}

// leading are the variables that lead to the directories that go works in.
var leading = []string{"GOMODCACHE", "GOCACHE", "GOTMPDIR", "TMPDIR", "GOROOT", "GOPATH", "HOME"}

// guess takes from texts that the catalogue does not know what they can be about:
// variables that they name, those that lead to the paths in them, and what their words
// have to do with.
func (s *scene) guess() {
	s.text = s.all
	about := baseline.Kin(s.all)
	longest := ""
	for _, name := range []model.EnvName{model.EnvShell, model.EnvGopls} {
		env, _ := s.Snapshot.Env(name)
		for _, variable := range leading {
			if path := env.Lookup(variable).Value.Reveal(); len(path) > max(1, len(longest)) && says(s.all, path) {
				longest = path
			}
		}
	}
	for _, name := range []model.EnvName{model.EnvShell, model.EnvGopls} {
		env, _ := s.Snapshot.Env(name)
		for _, variable := range leading {
			if longest != "" && env.Lookup(variable).Value.Reveal() == longest && slices.ContainsFunc(troubles, func(word string) bool { return strings.Contains(s.all, word) }) {
				about = append(about, variable, string(baseline.Place))
			}
		}
	}
	for _, c := range s.candidates {
		if c.Kind == baseline.Variable && len(c.Name) > 3 && moved(c) && says(s.all, c.Name) {
			about = append(about, c.Name)
		}
	}
	if len(about) > 0 && !slices.ContainsFunc(s.candidates, func(c baseline.Change) bool { return moved(c) && s.t.Comes(about, c) }) {
		about = append(about, "go") // what is as it was is taken otherwise by another go
	}
	s.t.Told = append(s.t.Told, about...)
}

// troubles are what systems say of a path that cannot be used.
var troubles = []string{"permission denied", "no such file or directory", "read-only file system", "no space left", "not a directory", "function not implemented", "no locks available", "operation not permitted", "not supported", "text file busy", "exec format error", "input/output error"}

// reasonsOf are the texts of go that a verdict comes from.
func reasonsOf(v model.Verdict) (out []model.Value) {
	if !v.TrueReason.Empty() {
		return []model.Value{v.TrueReason}
	}
	for _, e := range v.Evidence {
		if e.Outcome != "green" && !e.Text.Empty() {
			out = append(out, e.Text)
		}
	}
	return out
}

// proxyOff reports whether some environment forbids to download.
func (s *scene) proxyOff() bool {
	return slices.ContainsFunc(s.Snapshot.Envs, func(e model.Env) bool {
		return strings.Contains(e.Lookup("GOPROXY").Value.Reveal(), "off")
	})
}

// hear takes in one message; text is all that was said with it.
func (s *scene) hear(m model.Message, text string, nameless bool) {
	s.words = append(s.words, m)
	s.text += m.Text.Reveal() + "\n"
	s.t.Told = append(s.t.Told, s.accused(m)...)
	about := func(path string) {
		s.t.Modules = append(append(s.t.Modules, path), s.modulesOf(path)...)
		s.t.Route = append(s.t.Route, s.routeOf(path)...)
	}
	of, told := subjectOf(m)
	if told {
		s.fetched = append(s.fetched, of)
	}
	switch {
	case told && (nameless || !slices.Contains(s.t.Modules, of)):
		about(of)
	case nameless && !m.Args["package"].Empty():
		about(m.Args["package"].Reveal())
	case nameless && slices.Contains(m.Refs, "VD-INCONSISTENT"):
		for _, main := range s.Snapshot.Modules {
			for _, r := range main.Requires {
				if says(text, r.Path) {
					about(r.Path)
				}
			}
		}
	}
}

// subjectOf is the module that a message is about; told is false of one that is
// about none, or about a directory.
func subjectOf(m model.Message) (path string, told bool) {
	path = m.Args["module"].Reveal()
	if slices.Contains(m.Refs, "VC-PATHMISMATCH") {
		path = m.Args["required"].Reveal()
	}
	if what, is := strings.CutPrefix(m.Args["what"].Reveal(), "module "); is {
		if module, _, versioned := strings.Cut(what, "@"); versioned {
			path = module
		}
	}
	return path, path != "" && path[0] != '.' && path[0] != '/' && !strings.Contains(path, `\`)
}

// accused are the facts that a message is about: those of its row of the catalogue,
// as far as its subject and what changed leave them.
func (s *scene) accused(m model.Message) (out []string) {
	has := func(refs ...string) bool {
		return slices.ContainsFunc(refs, func(ref string) bool { return slices.Contains(m.Refs, ref) })
	}
	for _, ref := range m.Refs {
		out = append(out, baseline.AboutFact(ref)...)
	}
	status := m.Args["status"].Reveal()
	switch _, module := subjectOf(m); {
	case has("TC-LOCALOLD") && module: // it is the module that wants a newer Go, not our go line
		out = slices.DeleteFunc(out, func(about string) bool { return about == string(baseline.GoLine) })
		out = append(out, string(baseline.Require))
	case has("GF-UNKNOWN", "GF-INSECURE") && !slices.ContainsFunc(s.candidates, func(c baseline.Change) bool { return c.Name == "GOFLAGS" && moved(c) }):
		out = append(out, strings.Fields("go PATH GOROOT GOTOOLCHAIN")...)
	case has("TC-LINE", "MOD-SYNTAX", "WS-SYNTAX") && !slices.ContainsFunc(s.candidates, func(c baseline.Change) bool { return c.Kind == baseline.GoLine && moved(c) }):
		out = append(out, strings.Fields("go PATH GOROOT GOTOOLCHAIN")...) // what is as it was is read by another go
	case strings.HasPrefix(status, "401"), strings.HasPrefix(status, "403"):
		out = append(out, baseline.AboutRefusal...)
	}
	return out
}

// speaks reports whether words were heard whose refs begin in one of some ways.
func (s *scene) speaks(refs ...string) bool {
	return slices.ContainsFunc(s.words, func(m model.Message) bool {
		return slices.ContainsFunc(m.Refs, func(ref string) bool {
			return slices.ContainsFunc(refs, func(begin string) bool { return strings.HasPrefix(ref, begin) })
		})
	})
}

// moved reports whether a fact is known to have changed.
func moved(c baseline.Change) bool { return !c.Same && !c.Unknown }

// read takes from the texts of problems what they are about.
func (s *scene) read() {
	ofCode := false
	for _, v := range s.verdicts {
		problem := v.Problem.Message
		ofCode = ofCode || ofC.MatchString(problem)
		if m := ofPackage.FindStringSubmatch(problem); m != nil {
			s.t.Hinted = append(s.t.Hinted, s.modulesCalled(m[1])...)
		}
		if m := collision.FindStringSubmatch(problem); m != nil {
			s.t.Told = append(s.t.Told, string(baseline.Require), string(baseline.Replace), string(baseline.Use), string(baseline.Workspace))
			for _, path := range m[1:] {
				s.t.Modules = append(append(s.t.Modules, path), s.modulesOf(path)...)
			}
		}
	}
	if m := ofPackage.FindStringSubmatch(s.all); m != nil { // of what go says
		s.t.Hinted = append(s.t.Hinted, s.modulesCalled(m[1])...)
	}
	if ofCode {
		about := baseline.Kin(s.all)
		if about == nil {
			about = baseline.AboutC
		}
		s.t.Told = append(s.t.Told, about...)
	}
}

// mentioned takes the required modules, and the packages that are imported, that the
// texts of problems name, which need not be compilers'.
func (s *scene) mentioned() {
	for _, v := range s.verdicts {
		if v.Kind == model.NotBuild {
			continue
		}
		if m := imported.FindStringSubmatch(v.Problem.Message); m != nil {
			s.t.Modules = append(append(s.t.Modules, m[1]), s.modulesOf(m[1])...)
			s.t.Route = append(s.t.Route, s.routeOf(m[1])...)
		}
		for _, main := range s.Snapshot.Modules {
			for _, r := range main.Requires {
				if says(v.Problem.Message, r.Path) && !slices.Contains(s.t.Modules, r.Path) {
					s.t.Modules = append(s.t.Modules, r.Path)
					s.t.Route = append(s.t.Route, s.routeOf(r.Path)...)
				}
			}
		}
	}
}

// imported is a problem of a package that is not found.
var imported = regexp.MustCompile(`^(?:could not import|no required module provides package) ([^\s"();:]+)`)

// ofC is a problem of code that uses cgo.
var ofC = regexp.MustCompile(`\bC\.\w|\bimport C\b|\bcgo\b|pkg-config`)

// ofPackage is a problem of something that a package does not have.
var ofPackage = regexp.MustCompile(`(?m)(?:undefined: |in call to |undefined \(type )(\w+)\.\w+`)

// collision is a problem of two spellings of one import path.
var collision = regexp.MustCompile(`import collision: "([^"]+)" and "([^"]+)"`)

// modulesCalled are the required modules whose packages are likely to have a name:
// that of the last element of the path, without a major version.
func (a Assessment) modulesCalled(name string) (out []string) {
	for _, m := range a.Snapshot.Modules {
		for _, r := range m.Requires {
			prefix, _, _ := module.SplitPathVersion(r.Path)
			if path.Base(prefix) == name {
				out = append(out, r.Path)
			}
		}
	}
	return out
}

// patternLists are variables whose values are the beginnings of module paths,
// which go says for other reasons.
var patternLists = []string{"GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE"}

// fresh are the parts of a value that go would say if it spoke of it. Of one that
// changed, what was in it before tells nothing of the change.
func fresh(c baseline.Change) []string {
	parts := partsOf
	switch {
	case c.Kind == baseline.Netrc:
		parts = strings.Fields
	case c.Kind == baseline.Variable && !slices.Contains(patternLists, c.Name) && (moved(c) || c.Name != "HOME"), c.Kind == baseline.Replace, c.Kind == baseline.Git && moved(c):
	default:
		return nil
	}
	out := parts(c.Value.Reveal())
	if slices.Contains(leading, c.Name) { // the name of a directory says little
		out = slices.DeleteFunc(out, func(part string) bool { return part == filepath.Base(c.Value.Reveal()) })
	}
	if !moved(c) || c.Added {
		return out
	}
	was := parts(c.Was)
	return slices.DeleteFunc(out, func(part string) bool { return slices.Contains(was, part) })
}

// partsOf are the parts of a value that go says: the whole, and the hosts of
// addresses.
func partsOf(value string) (out []string) {
	if len(value) > 2 {
		out = append(out, value)
	}
	if base := filepath.Base(value); filepath.IsAbs(value) && len(base) > 5 && !strings.ContainsRune(value, filepath.ListSeparator) {
		out = append(out, base) // of a program
	}
	for _, part := range strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(",| ", r) }) {
		if u, err := url.Parse(part); err == nil && u.Host != "" {
			out = append(out, u.Host)
		}
	}
	return out
}

// says reports whether a text has a part that is not a piece of a longer word.
func says(text, part string) bool {
	word := func(r byte) bool {
		return r == '_' || r == '-' || r < 0x80 && (unicode.IsLetter(rune(r)) || unicode.IsDigit(rune(r)))
	}
	for from := 0; part != ""; {
		i := strings.Index(text[from:], part)
		if i < 0 {
			break
		}
		start, end := from+i, from+i+len(part)
		if (start == 0 || !word(part[0]) || !word(text[start-1])) && (end == len(text) || !word(part[len(part)-1]) || !word(text[end])) {
			return true
		}
		from = start + 1
	}
	return false
}
