package rules

import "github.com/gophantom/gophantom/server/internal/model"

var checksumDatabaseMismatch = Rule{
	ID:     "checksum-database-mismatch",
	Family: "checksums",
	Title:  "A download is not what the checksum database has on record",
	Refs: []Ref{
		{"SD-MISMATCH", "the hash of a download differs from the one that the checksum database has", "verifying …: checksum mismatch … SECURITY ERROR\nThis download does NOT match the one reported by the checksum server."},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"mismatch": `SECURITY: what was downloaded as {about} is not what the checksum database has on record under that name; do not use it before you know why.`,
	},
	Doc: Doc{
		Symptom: "```\nverifying module: checksum mismatch\n\tdownloaded: h1:…\n\tsum.golang.org: h1:…\n\nSECURITY ERROR\nThis download does NOT match the one reported by the checksum server.\n```",
		Cause:   "The checksum database holds the hash that the first download of this version in the world had. Another one means that the owner moved the tag, or that a proxy, a mirror or somebody in between sends something else. A private module that has the path of a public one gives the same picture.",
		Cure:    "Find out first: download the version from another network and another proxy, and compare; ask the owner whether the tag was moved. If it was, require a newer version. If the module is private, list it in GOPRIVATE. There is no quick fix on purpose: nothing that makes the message go away makes the download trustworthy.",
		Undo:    "Nothing was changed.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		found := spoken(s, "SD-MISMATCH", always("mismatch"))
		for i := range found {
			found[i].Severity, found[i].Latent = model.Error, false
		}
		return found
	},
}
