package rules

import (
	"maps"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

// need is a module that a main module requires, and how an environment gets it.
type need struct {
	model.Require
	file    string // the go.mod that requires it
	route   *route.Route
	missing bool // it has to be fetched
}

// at is where the requirement stands.
func (n need) at() *model.Location {
	line := max(n.Line-1, 0)
	return &model.Location{File: n.file, Range: model.Range{Start: model.Position{Line: line}, End: model.Position{Line: line + 1}}}
}

// fromOrigin reports whether the origin is the first that is asked for the
// module, not a proxy.
func (n need) fromOrigin() bool {
	i := slices.IndexFunc(n.route.Steps, func(s route.Step) bool { return s.Applies })
	return i >= 0 && (n.route.Steps[i].Kind == route.NoProxy || n.route.Steps[i].Kind == route.Direct)
}

// needs returns the required modules whose path keep wants, those that have to
// be fetched first. Modules that nothing looks up (workspace, vendor directory,
// replaced by a directory) are left out.
func needs(s *model.Snapshot, env model.Env, keep func(path string) bool) (out []need) {
	mains := s.Modules[:min(1, len(s.Modules))]
	if s.Work != nil && env.Lookup("GOWORK").Value.Reveal() != "off" {
		mains = s.Modules
	}
	list, _ := s.Missing(env)
	missing := make(map[string]bool, len(list))
	for _, id := range list {
		missing[id] = true
	}
	var explainer *route.Explainer
	seen := map[string]bool{}
	for _, m := range mains {
		for _, q := range m.Requires {
			if seen[q.Path] || !keep(q.Path) {
				continue
			}
			seen[q.Path] = true
			if explainer == nil {
				explainer = route.NewExplainer(env, route.FactsOf(s, env))
			}
			r := explainer.Explain(route.Module{Path: q.Path, Version: q.Version})
			if r.Mode == route.ModeProxy || r.Mode == route.ModeReplace && r.Dir == "" {
				out = append(out, need{q, m.File, &r, missing[r.Target.Path+"@"+r.Target.Version]})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b need) int {
		switch {
		case a.missing == b.missing:
			return 0
		case a.missing:
			return -1
		}
		return 1
	})
	return out
}

// originNeeds returns the required modules that the environment asks the
// origin for first: the private ones, and all of them if GOPROXY begins with
// direct.
func originNeeds(s *model.Snapshot, env model.Env) []need {
	list := privateList(env, "GONOPROXY").Value.Reveal()
	entries := route.Entries(env.Lookup("GOPROXY").Value.Reveal())
	direct := len(entries) > 0 && entries[0].Kind == route.Direct
	if list == "" && !direct {
		return nil
	}
	return slices.DeleteFunc(needs(s, env, func(path string) bool {
		_, private := route.Match(list, path)
		return direct || private || replaced(s, path)
	}), func(n need) bool { return !n.fromOrigin() })
}

// replaced reports whether some replace directive speaks of a module.
func replaced(s *model.Snapshot, path string) bool {
	speaks := func(r model.Replace) bool { return r.OldPath == path }
	return slices.ContainsFunc(s.Modules, func(m model.Module) bool { return slices.ContainsFunc(m.Replaces, speaks) }) ||
		s.Work != nil && slices.ContainsFunc(s.Work.Replaces, speaks)
}

// privateList resolves GONOPROXY or GONOSUMDB as go does: GOPRIVATE stands in
// for an empty one.
func privateList(env model.Env, variable string) model.Setting {
	set := env.Lookup(variable)
	if set.Value.Empty() && (variable == "GONOPROXY" || variable == "GONOSUMDB") {
		return env.Lookup("GOPRIVATE")
	}
	return set
}

// present are the environments whose values are known and that are not history.
func present(s *model.Snapshot) []model.Env {
	return slices.DeleteFunc(slices.Clone(s.Envs), func(e model.Env) bool { return e.Name == model.EnvEditorLaunch || !e.Complete })
}

// findings are those of one rule, what several environments have in common
// told once.
type findings []model.Finding

// add adds what is wrong in one environment.
func (fs *findings) add(env model.EnvName, f model.Finding) {
	for i := range *fs {
		g := &(*fs)[i]
		if g.Ref == f.Ref && g.Subject == f.Subject && g.Message == f.Message && maps.Equal(g.Args, f.Args) && samePlace(g.Origin, f.Origin) {
			if !slices.Contains(g.Environments, env) {
				g.Environments = append(g.Environments, env)
			}
			if f.Severity.Rank() > g.Severity.Rank() {
				g.Severity = f.Severity
			}
			g.Latent = g.Latent && f.Latent
			g.Origin = nearer(g.Origin, f.Origin)
			return
		}
	}
	f.Environments = []model.EnvName{env}
	*fs = append(*fs, f)
}

// samePlace reports whether two values come from the same place, as far as a
// reader could tell. A copy of a line is of the same place as the line.
func samePlace(a, b *model.Origin) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.File == b.File && (a.File == "" || a.Line == b.Line)
}

// nearer is the one of two origins of one place that reads the place itself,
// where the other has a copy of what it says.
func nearer(a, b *model.Origin) *model.Origin {
	if a != nil && b != nil && a.Layer == model.LayerProcess && b.Layer != model.LayerProcess && b.File != "" {
		return b
	}
	return a
}

// spoken makes a finding for each message that is, in all likelihood, of the
// given row of the catalogue. words returns the key of the sentence; the
// arguments about (the module, package, or server it is about) and said are
// there for every sentence.
func spoken(s *model.Snapshot, ref string, words func(env model.Env, u utterance) string) (found findings) {
	for _, u := range heard(s, ref) {
		if u.Refs[0] != ref {
			continue
		}
		env, _ := s.Env(u.said.Env)
		key := words(env, u)
		if key == "" {
			continue
		}
		f := model.Finding{Ref: ref, Message: key, Subject: about(u).Reveal(), GoText: u.Text, Location: u.said.Location}
		f.Severity, f.Latent = fetchSeverity(s, env)
		f.Args = map[string]model.Value{"about": about(u), "said": model.NewValue(inOneLine(u.Text.Reveal()))}
		found.add(u.said.Env, f)
	}
	return found
}

// always words every message of a row with one sentence.
func always(key string) func(model.Env, utterance) string {
	return func(model.Env, utterance) string { return key }
}

// about names what a message is about, as exactly as it does.
func about(u utterance) model.Value {
	for _, name := range []string{"module", "package", "host", "url"} {
		if v := u.Args[name]; !v.Empty() {
			return v
		}
	}
	if u.said.Package != "" {
		return model.NewValue(u.said.Package)
	}
	return model.NewValue("a module")
}

// inOneLine is a text of several lines for a sentence, cut where it gets long.
func inOneLine(text string) string {
	const longest = 300
	line := []rune(strings.TrimSuffix(strings.Join(strings.Fields(text), " "), "."))
	if len(line) > longest {
		return string(line[:longest]) + "…"
	}
	return string(line)
}
