// Package drift compares two environments by what the go command would do in
// them, and says of every difference whether it matters and why. It is pure:
// it must not know who asks, or how a difference is mended.
//
// What go does is taken from its source: internal/cfg, internal/modfetch,
// internal/toolchain and internal/base of cmd/go. A live test lets the real
// command judge random pairs of environments. Where a fact is missing, a
// difference counts as one that matters.
package drift

import (
	"maps"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

// Of compares the shell, or else the first environment that is complete, with
// every other complete environment: A is the one compared with. The order is
// that of Snapshot.Envs, and by name within.
func Of(s *model.Snapshot) []model.Drift {
	reference := model.EnvShell
	if shell, ok := s.Env(reference); !ok || !shell.Complete {
		i := slices.IndexFunc(s.Envs, func(e model.Env) bool { return e.Complete })
		if i < 0 {
			return nil
		}
		reference = s.Envs[i].Name
	}
	var out []model.Drift
	for _, env := range s.Envs {
		if env.Name != reference {
			out = append(out, Between(s, reference, env.Name)...)
		}
	}
	return out
}

// Between lists everything that differs between two environments, by name: as
// a text, in presence, or in what PATH leads to. It is empty unless both are
// complete, or one is and the other is known in part.
func Between(s *model.Snapshot, a, b model.EnvName) []model.Drift {
	p := pair{s: s}
	for i, name := range []model.EnvName{a, b} {
		env, ok := s.Env(name)
		if !ok || !env.Complete && !env.Partial {
			return nil
		}
		tool, _ := s.ToolchainOf(name)
		p.sides[i] = side{env, tool}
	}
	for i, other := range []side{p.sides[1], p.sides[0]} {
		switch {
		case p.sides[i].Complete:
		case !other.Complete:
			return nil
		default:
			p.sides[i] = side{filled(p.sides[i].Env, other.Env), other.tool}
		}
	}
	var out []model.Drift
	add := func(x, y model.Setting, v verdict) {
		out = append(out, model.Drift{
			Variable: x.Name, A: a, B: b, InA: x, InB: y, Why: v.why + ".",
			Matters: v.matters, Latent: v.matters && v.latent, Some: v.matters && (v.some || forSome(x.Name, x.Set && y.Set)),
		})
	}
	leads := p.tools(add)
	for _, name := range p.names() {
		x, y := p.sides[0].Lookup(name), p.sides[1].Lookup(name)
		switch {
		case x.Set == y.Set && x.Value == y.Value:
		case name == "PATH":
			add(x, y, leads)
		case p.shipped(x, y):
			add(x, y, no("It comes with Go, and which Go the side without it has is not known"))
		case x.Value.Empty() && y.Value.Empty():
			add(x, y, no("An empty variable counts as one that is not set"))
		default:
			add(x, y, p.judge(name, x, y))
		}
	}
	slices.SortStableFunc(out, func(d, e model.Drift) int { return strings.Compare(d.Variable, e.Variable) })
	return out
}

// filled is an environment that is known in part, where all else is as in a
// complete one: only what is known of it can differ.
func filled(part, whole model.Env) model.Env {
	out := model.Env{Name: part.Name, Layers: slices.Clone(part.Layers), Complete: true}
	for _, l := range whole.Layers {
		vars := maps.Clone(l.Vars)
		maps.DeleteFunc(vars, func(name string, _ model.Assignment) bool { return part.Knows(name) })
		l.Vars = vars
		out.Layers = append(out.Layers, l)
	}
	return out
}

// forSome reports whether a variable or tool matters for some code or servers
// only, however the values look: for packages that use cgo, or for repositories
// that are fetched with git.
func forSome(name string, both bool) bool {
	switch name {
	case "cc":
		return both
	case "git", "SSH_AUTH_SOCK", "HOME", "USERPROFILE", "NETRC", "GODEBUG", "GO_EXTLINK_ENABLED":
		return true
	}
	return cgoOnly[name] || strings.HasPrefix(name, "GIT_") || strings.HasPrefix(name, "XDG_") || strings.HasPrefix(name, "PKG_CONFIG_")
}

// verdict is what a difference comes to.
type verdict struct {
	matters, latent, some bool
	why                   string // a sentence without its full stop
}

func yes(why string) verdict { return verdict{matters: true, why: why} }
func no(why string) verdict  { return verdict{why: why} }

// when is yes or no with a reason for each.
func when(matters bool, because, otherwise string) verdict {
	if matters {
		return yes(because)
	}
	return no(otherwise)
}

// side is one of the two environments.
type side struct {
	model.Env
	tool model.Toolchain
}

func (e side) text(name string) string { return e.Lookup(name).Value.Reveal() }

type pair struct {
	s     *model.Snapshot
	sides [2]side
}

// either reports whether something holds for one side at least.
func (p *pair) either(holds func(side) bool) bool {
	return holds(p.sides[0]) || holds(p.sides[1])
}

// same reports whether both sides come to the same text.
func (p *pair) same(text func(side) string) bool {
	return text(p.sides[0]) == text(p.sides[1])
}

// shipped reports whether a value comes with the Go of one side, and the other
// would have one of its Go, if that was known. It is one difference, and told
// as that of the go command or of GOROOT.
func (p *pair) shipped(x, y model.Setting) bool {
	lacks := func(e side, theirs, ours model.Setting) bool {
		return theirs.Origin.Layer == model.LayerGoroot && !ours.Set && e.tool.Version == "" && len(e.Layer(model.LayerGoroot).Vars) == 0
	}
	return lacks(p.sides[0], y, x) || lacks(p.sides[1], x, y)
}

// names lists every variable that one of the sides has, sorted.
func (p *pair) names() []string {
	var names []string
	for _, e := range p.sides {
		for _, l := range e.Layers {
			for name := range l.Vars {
				if model.Kept(name) {
					names = append(names, name)
				}
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
