package rules

import (
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

var gosumdbInvalid = Rule{
	ID:     "gosumdb-invalid",
	Family: "checksums",
	Title:  "GOSUMDB names no checksum database",
	Refs: []Ref{
		{"SD-SYNTAX", "neither off, nor a known name, nor a key", "invalid GOSUMDB: malformed verifier id"},
		{"SD-HASH", "the hash inside the key does not fit the key", "invalid GOSUMDB: invalid verifier hash"},
		{"SD-FIELDS", "more than a key and an address", "invalid GOSUMDB: too many fields"},
		{"SD-URL", "the address behind the key does not parse", "invalid GOSUMDB URL: parse …: first path segment in URL cannot contain colon"},
		{"SD-EMPTY", "a file of go sets it to nothing", "missing GOSUMDB"},
	},
	Severity: model.Warning,
	Messages: map[string]string{
		"invalid": `GOSUMDB is “{value}”, which go cannot use; as soon as go needs a hash that go.sum does not have, it stops with: {gotext}.`,
		"empty":   `{layer} sets GOSUMDB to nothing; as soon as go needs a hash that go.sum does not have, it stops with: {gotext}.`,
	},
	Doc: Doc{
		Symptom: "`go get`, `go mod tidy` and `go install PACKAGE@VERSION` fail, and so does the download of a toolchain; builds are green as long as go.sum is complete:\n\n```\nverifying module: invalid GOSUMDB: malformed verifier id\nverifying module: missing GOSUMDB\n```",
		Cause:   "GOSUMDB is `off`, or the name of a database that go knows, or `NAME+HASH+KEY`, the last two optionally followed by a space and the address of a mirror. A bare host or URL is not enough, for go must know the key. The words are compared exactly: `OFF` or a trailing carriage return make it invalid. An empty *environment variable* counts as unset; an empty line in the GOENV file does not.",
		Cure:    "Remove the value, so that Go's default counts: `go env -u GOSUMDB`. For a mirror, write the name before its address. Private modules belong into GOPRIVATE; the checksum database need not be switched off for them.",
		Undo:    "Put the old value back where it was set.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, env := range present(s) {
			set := env.Lookup("GOSUMDB")
			if !set.Set {
				continue // go.env without GOSUMDB belongs to the toolchain's rules
			}
			err := route.CheckGOSUMDB(set.Value.Reveal())
			if err == nil {
				continue
			}
			text := err.Error()
			f := model.Finding{
				Ref: "SD-SYNTAX", Message: "invalid", Subject: "GOSUMDB", Origin: &set.Origin, Latent: true, GoText: model.NewValue(text),
				Args:  map[string]model.Value{"value": set.Value, "gotext": model.NewValue(text)},
				Fixes: []model.FixOffer{{ID: "unset-variable", Args: map[string]model.Value{"variable": model.NewValue("GOSUMDB")}}},
			}
			switch {
			case text == "missing GOSUMDB":
				f.Ref = "SD-EMPTY"
				if set.Value.Empty() {
					f.Message, f.Args = "empty", map[string]model.Value{"layer": model.NewValue(upperFirst(layerInWords(set.Origin.Layer))), "gotext": f.GoText}
				}
			case strings.HasSuffix(text, "invalid verifier hash"):
				f.Ref = "SD-HASH"
			case strings.HasSuffix(text, "too many fields"):
				f.Ref = "SD-FIELDS"
			case strings.HasPrefix(text, "invalid GOSUMDB URL"):
				f.Ref = "SD-URL"
			}
			found.add(env.Name, f)
		}
		return found
	},
}

// upperFirst makes a phrase begin a sentence.
func upperFirst(phrase string) string { return strings.ToUpper(phrase[:1]) + phrase[1:] }
