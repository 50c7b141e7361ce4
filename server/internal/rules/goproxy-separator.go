package rules

import (
	"regexp"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

var goproxySeparator = Rule{
	ID:     "goproxy-separator",
	Family: "GOPROXY",
	Title:  "GOPROXY has entries that are not separated by a comma or a bar",
	Refs: []Ref{
		{"PX-SEP", "a semicolon or white space between entries", "reading …;direct/…: 404 Not Found"},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"asked":   `GOPROXY has “{entry}”, which go takes for a single proxy, because only a comma or a bar separates entries; it asks for modules at {url}.`,
		"refused": `GOPROXY has “{entry}”, which go takes for a single proxy, because only a comma or a bar separates entries; every download stops with: {gotext}.`,
	},
	Doc: Doc{
		Symptom: "Modules are asked at an address in which the rest of the list appears:\n\n```\nreading https://proxy…;direct/example.com/lib/@v/v1.0.0.mod: 404 Not Found\n```",
		Cause:   "GOPROXY is separated by commas (go on after \"not found\") or bars (go on after any error). White space around an entry is trimmed, but a semicolon or a blank between two entries makes them one.",
		Cure:    "Write a comma between the entries.",
		Undo:    "Put the old value back where it was set.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		for _, g := range settings(s, "GOPROXY") {
			list := route.Entries(g.Value.Reveal())
			for i, e := range list {
				if e.Ref != "PX-SEP" {
					continue
				}
				f := model.Finding{Ref: "PX-SEP", Message: "asked", Args: map[string]model.Value{
					"entry": model.NewValue(e.Raw), "url": model.NewValue(e.URL), "gotext": model.NewValue(e.Err),
				}}
				f.Severity, f.Latent = fetchSeverity(s, g.env)
				if e.Err != "" {
					f.Message, f.GoText = "refused", model.NewValue(e.Err)
				} else if i > 0 {
					f.Severity = model.Warning // the entries before it may have everything
				}
				f.Fixes = replaceEntry(g.Value.Reveal(), e, wrongSeparator.ReplaceAllString(e.Raw, ","))
				found = append(found, g.finding(f))
				break
			}
		}
		return found
	},
}

var wrongSeparator = regexp.MustCompile(`[;\s]+`)
