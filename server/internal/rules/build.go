package rules

import (
	"go/version"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

// build is how the go command finds modules in one environment.
type build struct {
	env  model.Env
	s    *model.Snapshot
	work *model.Work // the go.work in force; nil outside workspace mode
	// elsewhere means that it is not known which go.work is in force: another
	// than the snapshot has read, or one that is missing.
	elsewhere bool

	flags   []flag
	broken  bool   // go stops at GOFLAGS
	mod     string // the value of -mod; "" if it is not given
	modfile string // the value of -modfile
}

// flag is one flag of GOFLAGS.
type flag struct {
	text        string // as written, without quotes around it
	name, value string // without dashes
	given       bool   // a value is
}

// builds returns how go builds in each complete environment that uses modules,
// but the one of the past, if it is known which go.work is in force there.
func builds(s *model.Snapshot) []build {
	return slices.DeleteFunc(everyBuild(s), func(b build) bool { return b.elsewhere })
}

// everyBuild is builds without that condition.
func everyBuild(s *model.Snapshot) (out []build) {
	for _, env := range s.Envs {
		if env.Name == model.EnvEditorLaunch || !env.Complete {
			continue
		}
		switch env.Lookup("GO111MODULE").Value.Reveal() {
		case "", "on", "auto":
		default:
			continue
		}
		b := build{env: env, s: s}
		var known bool
		b.work, known = workOf(s, env)
		b.elsewhere = !known
		b.flags, b.broken = goflags(env.Lookup("GOFLAGS").Value.Reveal())
		for _, f := range b.flags {
			switch f.name {
			case "mod":
				b.mod = f.value
			case "modfile":
				b.modfile = f.value
			}
		}
		out = append(out, b)
	}
	return out
}

// goflags splits GOFLAGS; broken means that go stops at it.
func goflags(text string) (flags []flag, broken bool) {
	words := route.Flags(text)
	broken = len(words) == 0 && strings.TrimSpace(text) != ""
	for _, word := range words {
		f := flag{text: word}
		rest := strings.TrimPrefix(strings.TrimPrefix(word, "-"), "-")
		if !strings.HasPrefix(word, "-") || rest == "" || rest[0] == '-' || rest[0] == '=' {
			broken = true
			flags = append(flags, f)
			continue
		}
		f.name, f.value, f.given = strings.Cut(rest, "=")
		flags = append(flags, f)
	}
	return flags, broken
}

// workOf is the go.work in force in an environment; known is false if it is
// another one than the snapshot has read.
func workOf(s *model.Snapshot, env model.Env) (work *model.Work, known bool) {
	switch gowork := env.Lookup("GOWORK").Value.Reveal(); {
	case gowork == "off":
		return nil, true
	case gowork != "" && gowork != "auto":
		return s.Work, s.Work != nil && s.Work.File == gowork
	case s.Dormant != nil:
		return s.Dormant, true
	}
	// The one that was read may be another's, whose GOWORK names it.
	if s.Work != nil && !above(filepath.Dir(s.Work.File), s.Dir) {
		return nil, false
	}
	return s.Work, true
}

// above reports whether dir is inner or a directory on the way up from it.
func above(dir, inner string) bool {
	rel, err := filepath.Rel(dir, inner)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// nearest returns the module that the workspace folder is in; nil if it is in
// none.
func nearest(s *model.Snapshot) *model.Module {
	if len(s.Modules) > 0 && above(filepath.Dir(s.Modules[0].File), s.Dir) {
		return &s.Modules[0]
	}
	return nil
}

// mains returns the main modules, in the order of go.work.
func (b build) mains() (out []*model.Module) {
	if b.work == nil {
		if m := nearest(b.s); m != nil {
			out = append(out, m)
		}
		return out
	}
	at := make(map[string]int, len(b.s.Modules))
	for i := range b.s.Modules {
		at[filepath.Dir(b.s.Modules[i].File)] = i
	}
	for _, use := range b.work.Uses {
		if i, ok := at[filepath.Clean(use.Dir)]; ok {
			out = append(out, &b.s.Modules[i])
		}
	}
	return out
}

// vendor returns the vendor directory that go looks at, with the Go version
// that decides about it, and whether go builds from it. The directory is nil if
// there is none.
func (b build) vendor() (v *model.Vendor, goLine string, on bool) {
	if b.work != nil {
		v, goLine = b.work.Vendor, b.work.Go
	} else if m := nearest(b.s); m != nil {
		v, goLine = m.Vendor, m.Go
	}
	if b.mod != "" {
		return v, goLine, b.mod == "vendor"
	}
	return v, goLine, v != nil && v.Workspace == (b.work != nil) && goLine != "" && version.Compare("go"+goLine, "go1.14") >= 0
}

// fixed reports whether go takes go.mod and go.sum as they are, the ones that
// the snapshot has read, and looks at the checksums in them.
func (b build) fixed() bool {
	_, _, vendored := b.vendor()
	return !vendored && !b.broken && b.modfile == "" && (b.mod == "" || b.mod == "readonly")
}

// short is how go names a file in its messages: relative to where it runs, if
// that is shorter.
func short(s *model.Snapshot, file string) string {
	if rel, err := filepath.Rel(s.Dir, file); err == nil && len(rel) < len(file) {
		return rel
	}
	return file
}

// lineOf is a line of a file.
func lineOf(file string, line int) *model.Location {
	line = max(line, 1)
	return &model.Location{File: file, Range: model.Range{Start: model.Position{Line: line - 1}, End: model.Position{Line: line}}}
}

// merged joins findings that say the same of several environments.
func merged(found []model.Finding) (out []model.Finding) {
	for _, f := range found {
		i := slices.IndexFunc(out, func(o model.Finding) bool {
			return o.Ref == f.Ref && o.Subject == f.Subject && o.Message == f.Message && o.Severity == f.Severity && o.GoText == f.GoText &&
				maps.Equal(o.Args, f.Args) && same(o.Location, f.Location) && same(o.Origin, f.Origin)
		})
		if i < 0 {
			out = append(out, f)
			continue
		}
		for _, env := range f.Environments {
			if !slices.Contains(out[i].Environments, env) {
				out[i].Environments = append(slices.Clip(out[i].Environments), env)
			}
		}
	}
	return out
}

func same[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }

// values makes the arguments of a message from names and texts in turn.
func values(pairs ...string) map[string]model.Value {
	out := make(map[string]model.Value, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i]] = model.NewValue(pairs[i+1])
	}
	return out
}

// runCommand offers to show a command that helps.
func runCommand(command, dir, why string) model.FixOffer {
	return model.FixOffer{ID: "run-command", Args: values("command", command, "dir", dir, "why", why)}
}
