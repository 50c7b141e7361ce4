package engine

import (
	"slices"
	"time"

	"github.com/gophantom/gophantom/server/internal/baseline"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world"
)

// slowdowns are what takes much longer in the folder of a snapshot than it used
// to, and what changed when that began.
func slowdowns(w *world.World, s *model.Snapshot, costs map[string]baseline.Costs, events []report.HistoryEvent) (out []model.Slowdown) {
	for _, what := range []string{model.CostGoList, model.CostGoplsLoad, model.CostShell} {
		slowed, ok := costs[what].Slowed()
		if !ok {
			continue
		}
		slow := model.Slowdown{What: what, Was: slowed.Was, Is: slowed.Is, Since: slowed.Since}
		if what == model.CostShell {
			slow.Changed, slow.Origin = startUpChanged(w, s, slowed)
		} else {
			slow.Changed, slow.Env, slow.Origin = factChanged(s, what, slowed, events)
		}
		out = append(out, slow)
	}
	return out
}

// within reports whether something happened after the last usual sample, and not
// after the first slow one.
func within(slowed baseline.Slowdown, at time.Time) bool {
	return at.After(slowed.Usual) && !at.After(slowed.Since)
}

// factChanged is the one fact that changed when something became slow, is still
// so, and can do that.
func factChanged(s *model.Snapshot, what string, slowed baseline.Slowdown, events []report.HistoryEvent) (changed string, env model.EnvName, at model.Origin) {
	names := []model.EnvName{model.EnvShell}
	if what == model.CostGoplsLoad {
		names = []model.EnvName{model.EnvGopls, model.EnvTools, ""}
	}
	found := map[string]report.HistoryEvent{}
	for _, e := range events {
		when, err := time.Parse(time.RFC3339, e.Time)
		if err == nil && e.Kind == eventChanged && within(slowed, when) && baseline.Slows(baseline.Kind(e.Fact), e.Subject) && slices.Contains(names, model.EnvName(e.Environment)) {
			found[e.Subject] = e
		}
	}
	if len(found) != 1 {
		return "", "", at // several would be a guess
	}
	for _, e := range found {
		if e.Fact != string(baseline.Variable) {
			return e.Subject, "", at
		}
		in, _ := s.Env(model.EnvName(e.Environment))
		if now := in.Lookup(e.Subject); in.Complete && shownSetting(now) == e.Is {
			return e.Subject, in.Name, now.Origin
		}
	}
	return "", "", at
}

// startUpChanged is the one start-up file of the shell that was written when the
// shell became slow.
func startUpChanged(w *world.World, s *model.Snapshot, slowed baseline.Slowdown) (changed string, at model.Origin) {
	for _, file := range s.StartUp {
		info, err := w.Files.Stat(file)
		if err != nil || !within(slowed, info.ModTime()) {
			continue
		}
		if changed != "" {
			return "", model.Origin{}
		}
		changed, at = file, model.Origin{File: file}
	}
	return changed, at
}
