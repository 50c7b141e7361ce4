package rules

import (
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

var goproxyNoEntries = Rule{
	ID:     "goproxy-no-entries",
	Family: "GOPROXY",
	Title:  "GOPROXY names no proxy at all",
	Refs: []Ref{
		{"PX-EMPTYFILE", "the GOENV file has an empty GOPROXY", "GOPROXY list is not the empty string, but contains no entries"},
		{"PX-NOENTRIES", "the value holds only separators or spaces", "GOPROXY list is not the empty string, but contains no entries"},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"empty-file": `The GOENV file sets GOPROXY to nothing, which hides Go's default; every download stops with: {gotext}.`,
		"no-entries": `GOPROXY is “{value}”, which names no proxy; every download stops with: {gotext}.`,
	},
	Doc: Doc{
		Symptom: "Modules that are not in the module cache cannot be fetched:\n\n```\nGOPROXY list is not the empty string, but contains no entries\n```\n\ngopls shows `could not import …` for their packages. `go build` may still be green where everything is cached.",
		Cause:   "An empty *environment variable* counts as unset, but an empty line `GOPROXY=` in the GOENV file (what `go env -w GOPROXY=` writes) is a value: it hides the default in `$GOROOT/go.env`, and `go env -changed` does not show it. A value of only commas, bars or spaces has the same effect.",
		Cure:    "Remove the line: `go env -u GOPROXY`. For a variable set elsewhere, unset it there.",
		Undo:    "`go env -w GOPROXY=VALUE` writes the line again.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		for _, g := range settings(s, "GOPROXY") {
			if len(route.Entries(g.Value.Reveal())) > 0 {
				continue
			}
			f := model.Finding{Ref: "PX-NOENTRIES", Message: "no-entries"}
			if g.Value.Empty() {
				if g.Origin.Layer != model.LayerGOENV {
					continue // a go.env without GOPROXY belongs to the toolchain's rules
				}
				f.Ref, f.Message = "PX-EMPTYFILE", "empty-file"
			}
			f.Severity, f.Latent = fetchSeverity(s, g.env)
			f.GoText = model.NewValue("GOPROXY list is not the empty string, but contains no entries")
			f.Args = map[string]model.Value{"value": g.Value, "gotext": f.GoText}
			found = append(found, g.finding(f))
		}
		return found
	},
}
