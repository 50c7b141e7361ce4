package rules

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

// lookupDisabled is what go says of a module that it may not fetch.
const lookupDisabled = "module lookup disabled by GOPROXY=off"

var goproxyOff = Rule{
	ID:     "goproxy-off",
	Family: "GOPROXY",
	Title:  "GOPROXY is off and modules are missing",
	Refs: []Ref{
		{"PX-OFF-COLD", "nothing may be fetched, and the module cache lacks something that is required", lookupDisabled},
	},
	Severity:  model.Error,
	DependsOn: []string{"masked-variable", "gopls-stale-env", "env-drift"},
	Messages: map[string]string{
		"one":  `GOPROXY=off forbids every download, and {module}, which go.mod requires, is not in the module cache: {gotext}.`,
		"many": `GOPROXY=off forbids every download, and {count} modules that go.mod requires are not in the module cache, such as {module}: {gotext}.`,
	},
	Doc: Doc{
		Symptom: "Packages of other modules are red:\n\n```\nmodule lookup disabled by GOPROXY=off\n… has not been downloaded\ncould not import … (no required module provides package …)\n```",
		Cause:   "GOPROXY is `off`, so go takes what the module cache has and asks nobody for the rest. gopls itself runs some of its commands with `GOPROXY=off`; that is not what is meant here, but the value that gopls, or your shell, was given.\n\nAn *error* is shown when go said that it needs one of the modules; while it did not, it may get along without them, and it is a *warning*. Private modules (GOPRIVATE, GONOPROXY) are fetched from their origin even so, and vendored modules are not fetched at all.",
		Cure:    "Unset GOPROXY, or set it to a proxy that you can reach, and run `go mod download`. To stay offline, copy the module cache of a machine that has everything, or vendor.",
		Undo:    "Set GOPROXY to `off` again where it was set; what was downloaded stays usable.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, env := range present(s) {
			set := env.Lookup("GOPROXY")
			list := route.Entries(set.Value.Reveal())
			missing, _ := s.Missing(env)
			if len(list) == 0 || list[0].Kind != route.Off || idle(s, env) {
				continue
			}
			lacking := slices.DeleteFunc(slices.Clone(missing), func(id string) bool {
				path, version, _ := strings.Cut(id, "@")
				r := route.Explain(route.Module{Path: path, Version: version}, env, route.Facts{Modules: s.Modules, Work: s.Work})
				return r.Error.Reveal() != lookupDisabled
			})
			if len(lacking) == 0 {
				continue
			}
			f := model.Finding{
				Ref: "PX-OFF-COLD", Subject: "GOPROXY", Message: "one", Severity: model.Warning, Latent: true, Origin: &set.Origin,
				GoText: model.NewValue(lookupDisabled),
				Args: map[string]model.Value{
					"module": model.NewValue(lacking[0]), "count": model.NewValue(strconv.Itoa(len(lacking))), "gotext": model.NewValue(lookupDisabled),
				},
			}
			if len(lacking) > 1 {
				f.Message = "many"
			}
			if slices.ContainsFunc(heard(s, "PX-OFF-COLD"), func(u utterance) bool { return u.said.Env == env.Name }) {
				f.Severity, f.Latent = model.Error, false
			}
			if set.Origin.Layer != model.LayerGoroot {
				f.Fixes = []model.FixOffer{{ID: "unset-variable", Args: map[string]model.Value{"variable": model.NewValue("GOPROXY")}}}
			}
			found.add(env.Name, f)
		}
		return found
	},
}
