package rules

import "github.com/gophantom/gophantom/server/internal/model"

var contractAcceptanceExpired = Rule{
	ID:     "contract-acceptance-expired",
	Family: "team contract",
	Title:  "The team accepted a finding until a day that is past",
	Refs: []Ref{
		{"TM-EXPIRED", "the day of an acceptance is over, so the finding counts again", ""},
	},
	Severity: model.Warning,
	Messages: map[string]string{
		"expired": `The team contract accepted {what} until {expires}, and that day is over; {owner} owns it: {reason}.`,
	},
	Doc: Doc{
		Symptom: "A finding that was accepted counts again, if it is still there, and the entry of the contract that accepted it is marked.",
		Cause:   "Every acceptance in `.gophantom.json` ends with a day, counted in UTC, so that none is forgotten.",
		Cure:    "Mend what was accepted and remove the entry, or ask its owner to agree on another day.",
		Undo:    "Put the entry back.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		_, expired := s.Acceptances()
		for _, a := range expired {
			what := a.Rule
			if a.Subject != "" {
				what += " of " + a.Subject
			}
			found = append(found, model.Finding{
				Ref: "TM-EXPIRED", Subject: what, Message: "expired", Location: lineOf(s.Contract.File, a.Line),
				Args: values("what", what, "expires", a.Expires, "owner", a.Owner, "reason", clause(a.Reason)),
			})
		}
		return found
	},
}
