package rules

import "github.com/gophantom/gophantom/server/internal/model"

var checksumVariableUnknown = Rule{
	ID:     "checksum-variable-unknown",
	Family: "checksums",
	Title:  "A variable that go does not know",
	Refs: []Ref{
		{"PV-NOSUMCHECK", "GONOSUMCHECK or another variable about checksums that go does not read", ""},
	},
	Severity: model.Info,
	Messages: map[string]string{
		"unknown": `{variable} is set, but go does not know it, so it changes nothing; {instead}.`,
	},
	Doc: Doc{
		Symptom: "GONOSUMCHECK=1, found in some old advice, does not stop `SECURITY ERROR` or requests to the checksum database.",
		Cause:   "No go command reads these variables. Whether the checksum database is asked for a module is decided by GONOSUMDB, else GOPRIVATE, and GOSUMDB. Nothing switches off the comparison with `go.sum`.",
		Cure:    "Remove it. To keep private modules from the checksum database, list them in GOPRIVATE or GONOSUMDB.",
		Undo:    "Set the variable again.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, env := range present(s) {
			for _, v := range unknownChecksumVariables {
				set := env.Lookup(v.name)
				if set.Value.Empty() {
					continue
				}
				found.add(env.Name, model.Finding{
					Ref: "PV-NOSUMCHECK", Message: "unknown", Subject: v.name, Origin: &set.Origin,
					Args: map[string]model.Value{"variable": model.NewValue(v.name), "instead": model.NewValue(v.instead)},
				})
			}
		}
		return found
	},
}

// unknownChecksumVariables are names from advice of others, with what go has
// for the purpose.
var unknownChecksumVariables = []struct{ name, instead string }{
	{"GONOSUMCHECK", "GONOSUMDB and GOPRIVATE keep modules from the checksum database"},
	{"GOSUMCHECK", "GOSUMDB says which checksum database go asks"},
	{"GONOSUM", "GONOSUMDB and GOPRIVATE keep modules from the checksum database"},
	{"GOSUMDB_PUBLICKEY", "the key of a checksum database is a part of GOSUMDB"},
	{"GOSUMDB_PROXY", "the address of a checksum database is a part of GOSUMDB"},
}
