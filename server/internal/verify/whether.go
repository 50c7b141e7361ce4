package verify

import (
	"context"
	"fmt"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// Bisection says which variables decide whether a package builds.
type Bisection struct {
	Dir           string // absolute, of the package
	From, To      model.EnvName
	Before, After string         // what go says in the two environments: "green", "red" or "unknown"
	Reason        model.Value    // go's own text where it fails
	Guilty        []model.Guilty // Editor is the value in From, Shell that in To
	Others        []model.Guilty // of which each does the same alone
	Why           string         // one sentence, where there are no guilty variables
	Evidence      []model.Evidence
	model.Bisect
}

// BisectPackage finds the variables whose value in the environment to makes a
// package, which does not build in the environment from, build. go runs as
// Judge runs it. tell, if not nil, is told in a few words what is tried.
func BisectPackage(ctx context.Context, w *world.World, s *model.Snapshot, m *Memory, dir string, from, to model.EnvName, tell func(string)) Bisection {
	out := Bisection{Dir: dir, From: from, To: to, Before: string(undecided), After: string(undecided)}
	bad, ok := s.Env(from)
	good, ok2 := s.Env(to)
	switch {
	case !s.Trusted:
		out.Why = "The workspace is not trusted, so nothing may be run to find out."
		return out
	case !ok || !bad.Complete:
		out.Why = fmt.Sprintf("The environment %s is not known: %s.", from, orNotGiven(bad.Why))
		return out
	case !ok2 || !good.Complete:
		out.Why = fmt.Sprintf("The environment %s is not known: %s.", to, orNotGiven(good.Why))
		return out
	}
	j := newJudge(w, s, m)
	j.tell = tell
	j.look()
	q := building(dir)
	asked := make(chan answer, 1)
	go func() { asked <- j.truth(ctx, bad, q, false).offline() }()
	there := j.truth(ctx, good, q, false)
	here := <-asked
	out.Evidence = []model.Evidence{here.evidence(), there.evidence()}
	out.Before, out.After, out.Reason = string(here.outcome), string(there.outcome), here.reason
	switch {
	case ctx.Err() != nil:
		out.Why = "It was interrupted."
	case here.outcome == undecided:
		out.Why = fmt.Sprintf("It cannot be told whether the package builds in %s: %s.", from, here.why)
	case there.outcome == undecided:
		out.Why = fmt.Sprintf("It cannot be told whether the package builds in %s: %s.", to, there.why)
	case here.outcome == green && there.outcome == green:
		out.Why = "The package builds in both environments, so no variable is to blame."
	case here.outcome == green:
		out.Why = fmt.Sprintf("The package builds in %s and fails in %s: ask the other way round.", from, to)
		out.Reason = there.reason
	case there.outcome == red:
		out.Why = "The package fails in both environments, so the environment is not to blame."
		out.Reason = there.reason
	default:
		found := j.bisect(ctx, q, bad, good, nil, there, here)
		out.Guilty, out.Others, out.Bisect = found.together, found.alone, found.Bisect
		if len(out.Guilty) == 0 {
			out.Why = "Which variable makes the difference was not found."
		}
	}
	return out
}

func orNotGiven(why string) string {
	if why == "" {
		return "it was not given"
	}
	return strings.TrimRight(why, ".")
}
