package rules

import (
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

var goproxyIgnoredEntries = Rule{
	ID:     "goproxy-ignored-entries",
	Family: "GOPROXY",
	Title:  "GOPROXY has entries that go never reaches",
	Refs: []Ref{
		{"PX-AFTER-TERM", "entries behind direct or off", ""},
	},
	Severity: model.Info,
	Messages: map[string]string{
		"one":  `GOPROXY has “{entries}” behind “{end}”, where go does not read on; it is never asked.`,
		"many": `GOPROXY has “{entries}” behind “{end}”, where go does not read on; they are never asked.`,
	},
	Doc: Doc{
		Symptom: "A proxy that is listed is never asked. go says nothing about it, not even when the entry is wrong.",
		Cause:   "`direct` and `off` end the list: go fetches from the origin, or nothing at all, and never comes to what stands behind them.",
		Cure:    "Move `direct` or `off` to the end, or remove what stands behind it.",
		Undo:    "Put the old value back where it was set.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		for _, g := range settings(s, "GOPROXY") {
			value := g.Value.Reveal()
			list := route.Entries(value)
			var ignored []string
			var end route.Entry
			for i, e := range list {
				if e.Err != "" {
					ignored = nil // go refuses the whole list, which is another matter
					break
				}
				if e.Ignored {
					if len(ignored) == 0 {
						end = list[i-1]
					}
					ignored = append(ignored, e.Raw)
				}
			}
			if len(ignored) == 0 {
				continue
			}
			f := model.Finding{Ref: "PX-AFTER-TERM", Message: "one", Latent: true, Args: map[string]model.Value{
				"entries": model.NewValue(strings.Join(ignored, ",")), "end": model.NewValue(end.Raw),
			}}
			if len(ignored) > 1 {
				f.Message = "many"
			}
			f.Fixes = []model.FixOffer{{ID: "set-variable", Args: map[string]model.Value{
				"variable": model.NewValue("GOPROXY"), "value": model.NewValue(value[:end.End]),
			}}}
			found = append(found, g.finding(f))
		}
		return found
	},
}
