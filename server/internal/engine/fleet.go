package engine

import (
	"slices"

	"github.com/gophantom/gophantom/server/internal/fleet"
	"github.com/gophantom/gophantom/server/internal/report"
)

// aim sends the counts of this machine where the editor says; nowhere in a
// workspace that is not trusted.
func (l *Loop) aim(f *EditorFacts) {
	endpoint := f.FleetEndpoint
	if !f.Trusted {
		endpoint = ""
	}
	err := l.fleet.Aim(endpoint)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.aimed = err
}

// fleetFault is what is wrong with the endpoint, as a sentence; "" if nothing is.
func (l *Loop) fleetFault() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.aimed == nil {
		return ""
	}
	return upperFirst(l.aimed.Error()) + "; nothing is sent."
}

// count counts what a look brought: events are what was not there before.
func (l *Loop) count(v survey, r report.Report, events []report.HistoryEvent) {
	took := l.w.Clock.Now().Sub(v[0].Snapshot.Taken)
	l.fleet.Count(func(c *fleet.Counts) {
		for _, e := range events {
			switch e.Kind {
			case eventFound:
				c.Found(e.Rule)
			case eventVerdict:
				at := slices.IndexFunc(r.Problems, func(p report.Problem) bool { return p.ContextID == e.ContextID && p.Verdict == e.Verdict })
				if at >= 0 {
					c.Judged(e.Verdict, r.Problems[at].Cause, took)
				}
			}
		}
	})
}

// Fleet is a page that shows what would be sent to the team's collector, all of
// it.
func (l *Loop) Fleet() (string, error) {
	l.mu.Lock()
	on := l.facts != nil && l.facts.FleetEndpoint != "" && l.facts.Trusted && l.aimed == nil
	l.mu.Unlock()
	text := "# What is counted for the fleet\n\n"
	switch {
	case fleet.Forbidden(l.w):
		text += "Nothing is counted or sent: DO_NOT_TRACK is set in the environment.\n"
	case !on:
		text += "Nothing is counted or sent: there is no endpoint in the setting `gophantom.fleet.endpoint`, telemetry is off in the editor, or the workspace is not trusted.\n"
	default:
		text += "This is the whole request, as it would be sent now. It has counts, and a random word for this machine; no value, path, module, host or user.\n"
	}
	return text + "\n```json\n" + l.fleet.Preview() + "\n```\n", nil
}
