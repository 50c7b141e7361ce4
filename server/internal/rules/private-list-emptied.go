package rules

import (
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

var privateListEmptied = Rule{
	ID:     "private-list-emptied",
	Family: "private patterns",
	Title:  "An empty value does not switch a private-module list off",
	Refs: []Ref{
		{"PV-EMPTYOVERRIDE", "a list is set to nothing, and go takes another value instead", ""},
	},
	Severity: model.Warning,
	Messages: map[string]string{
		"goprivate": `{variable} is set to nothing, which go takes as not set: GOPRIVATE={value} counts instead.`,
		"file":      `{variable} is set to nothing in the environment, which go takes as not set: {variable}={value} of {layer} counts.`,
	},
	Doc: Doc{
		Symptom: "Private modules are still fetched past the proxy (or kept from the checksum database), although GONOPROXY (or GONOSUMDB) was emptied to stop that.",
		Cause:   "To go, an empty environment variable is the same as one that is not set: the GOENV file decides then. And GOPRIVATE stands in for an empty GONOPROXY and GONOSUMDB, wherever they are empty.",
		Cure:    "Set the list to `none`, a pattern that matches nothing: `go env -w GONOPROXY=none`.",
		Undo:    "The fix is an edit of the line that sets the variable; undo puts the old text back.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, env := range present(s) {
			for _, variable := range patternLists {
				emptied, ok := emptiedBy(env, variable)
				if !ok {
					continue
				}
				set := privateList(env, variable)
				if set.Value.Empty() || !strings.ContainsAny(set.Value.Reveal(), ".*?[") {
					continue // nothing, or a word such as none, which matches nothing either
				}
				f := model.Finding{
					Ref: "PV-EMPTYOVERRIDE", Message: "goprivate", Subject: variable, Origin: &emptied,
					Args: map[string]model.Value{"variable": model.NewValue(variable), "value": set.Value},
					Fixes: []model.FixOffer{{ID: "set-variable", Args: map[string]model.Value{
						"variable": model.NewValue(variable), "value": model.NewValue("none"),
					}}},
				}
				if set.Name == variable {
					f.Message, f.Args["layer"] = "file", model.NewValue(layerInWords(set.Origin.Layer))
				}
				hit := needs(s, env, func(path string) bool {
					_, matched := route.Match(set.Value.Reveal(), path)
					return matched
				})
				f.Latent = len(hit) == 0 || !hit[0].missing
				if f.Latent {
					f.Severity = model.Info
				}
				found.add(env.Name, f)
			}
		}
		return found
	},
}

// emptiedBy returns the layer that sets a variable to nothing, if none above it
// sets it to something.
func emptiedBy(env model.Env, variable string) (model.Origin, bool) {
	for _, l := range env.Layers {
		a, ok := l.Vars[variable]
		if !ok {
			continue
		}
		return model.Origin{Layer: l.Kind, File: a.File, Line: a.Line, Note: a.Note}, a.Value.Empty()
	}
	return model.Origin{}, false
}

// layerInWords names a layer of go's own files in a sentence.
func layerInWords(kind model.LayerKind) string {
	if kind == model.LayerGOENV {
		return "the GOENV file"
	}
	return "go.env in GOROOT"
}
