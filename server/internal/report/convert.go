package report

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"go.lsp.dev/uri"
)

// FromLocation converts a location; nil stays nil.
func FromLocation(l *model.Location) *Location {
	if l == nil {
		return nil
	}
	return &Location{
		URI: string(uri.File(l.File)),
		Range: Range{
			Start: Position{l.Range.Start.Line, l.Range.Start.Character},
			End:   Position{l.Range.End.Line, l.Range.End.Character},
		},
	}
}

// FromOrigin converts an origin.
func FromOrigin(o model.Origin) Origin {
	return Origin{Layer: string(o.Layer), File: o.File, Line: o.Line, Note: o.Note}
}

// EnvironmentsOf shows the environments of a snapshot and where they differ.
// A difference matters if the report of the same snapshot speaks of it.
// Environments that are not complete are shown and not compared.
func EnvironmentsOf(s *model.Snapshot, r Report) Environments {
	out := Environments{Environments: []Environment{}, Drift: []Drift{}}
	names := map[string]bool{}
	var compared []model.Env
	for _, env := range s.Envs {
		e := Environment{Name: string(env.Name), Complete: env.Complete, Predicted: env.Predicted, Why: env.Why, Values: map[string]Value{}}
		for _, name := range variables(env) {
			if set := env.Lookup(name); set.Set {
				e.Values[name] = fromSetting(set)
				names[name] = true
			}
		}
		out.Environments = append(out.Environments, e)
		if env.Complete {
			compared = append(compared, env)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if d, differs := drift(name, compared); differs {
			for _, f := range r.Findings {
				if f.Subject == name {
					d.Matters, d.Why = true, f.Message
					break
				}
			}
			out.Drift = append(out.Drift, d)
		}
	}
	slices.SortStableFunc(out.Drift, func(a, b Drift) int {
		rank := func(d Drift) int {
			switch {
			case d.Matters:
				return 0
			case model.IsGoVariable(d.Variable):
				return 1
			}
			return 2
		}
		return cmp.Compare(rank(a), rank(b))
	})
	return out
}

// variables returns the names that some layer of the environment has.
func variables(env model.Env) []string {
	names := map[string]bool{}
	for _, l := range env.Layers {
		for name := range l.Vars {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func fromSetting(set model.Setting) Value {
	v := Value{Value: ShowVariable(set.Name, set.Value), Origin: FromOrigin(set.Origin), Shadows: []Shadow{}}
	for _, hidden := range set.Shadows {
		v.Shadows = append(v.Shadows, Shadow{ShowVariable(set.Name, hidden.Value), FromOrigin(hidden.Origin)})
	}
	return v
}

func drift(name string, envs []model.Env) (d Drift, differs bool) {
	d = Drift{Variable: name, Values: StringMap{}}
	var first model.Value
	for i, env := range envs {
		set := env.Lookup(name)
		if set.Set {
			d.Values[string(env.Name)] = ShowVariable(name, set.Value)
		}
		if i == 0 {
			first = set.Value
		}
		differs = differs || set.Value != first
	}
	return d, differs
}

// FileOf returns the path behind a file URI; other URIs come back as they are.
func FileOf(u string) string {
	parsed, err := uri.Parse(u)
	if err != nil || !parsed.IsFile() || u == "" {
		return u
	}
	platform := uri.PlatformPOSIX
	if p := parsed.Path(); len(p) > 2 && p[2] == ':' {
		platform = uri.PlatformWindows
	}
	return uri.FsPathFor(parsed, platform, true)
}

// relative returns file as seen from dir if it is inside, with slashes.
func relative(dir, file string) (rel string, inside bool) {
	rel, err := filepath.Rel(dir, file)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return file, false
	}
	return filepath.ToSlash(rel), true
}
