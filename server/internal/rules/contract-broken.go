package rules

import "github.com/gophantom/gophantom/server/internal/model"

var contractBroken = Rule{
	ID:     "contract-broken",
	Family: "team contract",
	Title:  "The team contract has a mistake",
	Refs: []Ref{
		{"TM-SYNTAX", "the file cannot be read or parsed, so nothing of it counts", ""},
		{"TM-KEY", "a member that nothing reads", ""},
		{"TM-TYPE", "a value that cannot be used, or that is missing", ""},
		{"TM-CONFLICT", "entries that cannot hold together", ""},
	},
	Severity: model.Warning,
	Messages: map[string]string{
		model.FaultSyntax:   `Nothing of the team contract counts: {text}.`,
		model.FaultKey:      `The team contract has {key}, which nothing reads; {text}.`,
		model.FaultType:     `In the team contract, {key} cannot be used: {text}.`,
		model.FaultConflict: `The team contract contradicts itself about {key}: {text}.`,
	},
	Doc: Doc{
		Symptom: "A part of `.gophantom.json`, or all of it, has no effect.",
		Cause:   "The file is no JSON (comments and trailing commas are allowed), a name in it is misspelled, a value has the wrong type, or one entry requires what another forbids. An entry with a mistake does not count; all others do. At most 100 mistakes are told one by one, and a file of more than 1 MiB is not read.",
		Cure:    "Correct the line that is named. VS Code completes names and values in this file, and `gophantom contract check` says what is left. [The contract](../contract.md) has every member.",
		Undo:    "Take the edit back.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		if s.Contract == nil {
			return nil
		}
		refs := map[string]string{model.FaultSyntax: "TM-SYNTAX", model.FaultKey: "TM-KEY", model.FaultType: "TM-TYPE", model.FaultConflict: "TM-CONFLICT"}
		fault := func(f model.ContractFault) {
			subject := f.Key
			if subject == "" {
				subject = model.ContractName
			}
			found = append(found, model.Finding{
				Ref: refs[f.Kind], Subject: subject, Message: f.Kind, Location: lineOf(s.Contract.File, f.Line), Args: values("key", f.Key, "text", f.Text),
			})
		}
		for _, f := range s.Contract.Faults {
			fault(f)
		}
		for _, a := range s.Contract.Accepted {
			if !known(a.Rule) {
				fault(model.ContractFault{Line: a.Line, Kind: model.FaultType, Key: "accept", Text: "there is no rule " + a.Rule})
			}
		}
		return found
	},
}

// known reports whether there is a rule of an id.
func known(id string) bool { return ids[id] }
