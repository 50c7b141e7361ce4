package rules

import (
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

var checksumDatabaseFails = Rule{
	ID:     "checksum-database-fails",
	Family: "checksums",
	Title:  "The checksum database does not vouch for a module",
	Refs: []Ref{
		{"SD-WRONGKEY", "its answers are signed with another key than GOSUMDB names", "reading tree note: note has no verifiable signatures"},
		{"SD-PROXY403", "a proxy that is asked for it neither has it nor says so", "reading …/sumdb/…/supported: 403 Forbidden"},
		{"SD-GARBAGE", "what answers is no checksum database", "malformed record data"},
		{"SD-OFFLINE", "it cannot be reached", `Get "https://…/lookup/…": dial tcp…`},
		{"PV-NONOSUMDB", "it is asked about a private module", "verifying go.mod: …: reading …/lookup/…: 404 Not Found"},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"wrong-key": `What answers as the checksum database does not sign with the key that GOSUMDB names, so go believes nothing of it.`,
		"proxy":     `A proxy refuses to say whether it stands in for the checksum database ({said}), and go does not go on after such an answer.`,
		"garbage":   `What answers in the place of the checksum database sends no records that go can read.`,
		"offline":   `The checksum database cannot be reached ({said}), and go.sum lacks the hash that go needs.`,
		"unknown":   `The checksum database does not know {about}: {said}.`,
		"private":   `GONOPROXY={value} keeps {module} from the proxies, but not from the checksum database: go.sum has no hash of it, so go would ask {database}, which learns its name and, if it is private, does not know it.`,
	},
	Doc: Doc{
		Symptom: "`go get`, `go mod tidy` or `go install PACKAGE@VERSION` fail at *verifying*:\n\n```\nverifying go.mod: git.corp.example/lib@v1.0.0/go.mod: reading https://…/lookup/…: 404 Not Found\nverifying module: … reading tree note: note has no verifiable signatures\nreading https://proxy…/sumdb/…/supported: 403 Forbidden\n```",
		Cause:   "For a hash that go.sum does not have, go asks the checksum database: through the first proxy that answers 200 to `/sumdb/NAME/supported`, else directly. A proxy must answer 404 or 410 if it does not stand in; other errors stop go, unless a bar follows the proxy in GOPROXY. The database knows public modules only. A complete go.sum is never checked against it.",
		Cure:    "List private modules in GOPRIVATE: it is the default of GONOPROXY and of GONOSUMDB. Where the database is out of reach, let a proxy stand in for it, or name a mirror behind the key in GOSUMDB. Where answers are no records, or wrongly signed, something stands in between: a login page, or a proxy with another database.",
		Undo:    "Put the old value back where it was set.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, row := range []struct{ ref, message string }{
			{"SD-WRONGKEY", "wrong-key"}, {"SD-PROXY403", "proxy"}, {"SD-GARBAGE", "garbage"}, {"SD-OFFLINE", "offline"}, {"PV-NONOSUMDB", "unknown"},
		} {
			for _, f := range spoken(s, row.ref, always(row.message)) {
				if row.ref != "PV-NONOSUMDB" {
					f.Subject = "GOSUMDB"
				}
				found = append(found, f)
			}
		}
		if slices.ContainsFunc(found, func(f model.Finding) bool { return f.Ref == "PV-NONOSUMDB" }) {
			return found
		}
		for _, env := range present(s) {
			set := env.Lookup("GONOPROXY")
			if set.Value.Empty() || idle(s, env) {
				continue
			}
			asked := needs(s, env, func(path string) bool {
				p, matched := route.Match(set.Value.Reveal(), path)
				return matched && broad(p) == "" && !publicHosts[strings.TrimSuffix(p.Text, "/")]
			})
			i := slices.IndexFunc(asked, func(n need) bool {
				return n.missing && n.route.SumDB.Consulted && n.route.SumDB.Name == "sum.golang.org" && // another one may well know it
					n.route.SumDB.Error.Empty() && n.route.Error.Empty() && lacksHash(s, n)
			})
			if i < 0 {
				continue
			}
			found.add(env.Name, model.Finding{
				Ref: "PV-NONOSUMDB", Message: "private", Subject: "GONOSUMDB", Origin: &set.Origin, Severity: model.Warning, Latent: true,
				Args: map[string]model.Value{
					"value": set.Value, "module": model.NewValue(asked[i].route.Target.Path), "database": model.NewValue(asked[i].route.SumDB.Name),
				},
			})
		}
		return found
	},
}

// lacksHash reports whether it is certain that go.sum has no hash of a module.
func lacksHash(s *model.Snapshot, n need) bool {
	sums := []model.Sum{}
	for _, m := range s.Modules {
		sums = append(sums, m.Sum)
	}
	if s.Work != nil {
		sums = append(sums, s.Work.Sum)
	}
	line := n.route.Target.Path + " " + n.route.Target.Version
	return !slices.ContainsFunc(sums, func(sum model.Sum) bool { return sum.File == "" || sum.Why != "" || sum.Lines[line] })
}
