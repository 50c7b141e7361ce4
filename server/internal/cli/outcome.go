package cli

import (
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/rules"
)

// outcome collects what decides the exit code.
type outcome struct {
	worst   int  // rank of the worst that was found
	unknown int  // rank of the worst that could hide in what was not decided
	phantom bool // a phantom or a stale green was found
	real    bool // a real problem was
}

func (o *outcome) found(s model.Severity)  { o.worst = max(o.worst, s.Rank()) }
func (o *outcome) hidden(s model.Severity) { o.unknown = max(o.unknown, s.Rank()) }

// findings counts findings and what could not be looked at. An unknown of a
// rule hides at most what the rule can find; any other hides anything.
func (o *outcome) findings(r report.Report) {
	for _, f := range r.Findings {
		o.found(model.Severity(f.Severity))
	}
	for _, u := range r.Unknown {
		if rule := rules.ByID(u.Rule); rule != nil {
			o.hidden(rule.Severity)
		} else {
			o.hidden(model.Error)
		}
	}
}

// verdicts counts verdicts as if they were findings.
func (o *outcome) verdicts(problems []report.Problem) {
	for _, p := range problems {
		switch model.VerdictKind(p.Verdict) {
		case model.Phantom, model.StaleGreen:
			o.found(model.Warning)
			o.phantom = true
		case model.Real:
			o.found(model.Error)
			o.real = true
		case model.NotBuild:
			o.found(model.Info)
		default:
			o.hidden(model.Error)
		}
	}
}

// exit turns the outcome into an exit code.
func (o *outcome) exit(failOn string) int {
	threshold := model.Severity(failOn).Rank()
	switch {
	case failOn == "phantom" || failOn == "real":
		switch {
		case o.phantom || o.real && failOn == "real":
			return exitFindings
		case o.unknown > 0:
			return exitUndecided
		}
		return exitHealthy
	case threshold == 0: // never
		return exitHealthy
	case o.worst >= threshold:
		return exitFindings
	case o.unknown >= threshold:
		return exitUndecided
	}
	return exitHealthy
}
