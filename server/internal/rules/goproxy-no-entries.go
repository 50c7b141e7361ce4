package rules

import (
	"go/version"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

var goproxyNoEntries = Rule{
	ID:     "goproxy-no-entries",
	Family: "GOPROXY",
	Title:  "GOPROXY names no proxy at all",
	Refs: []Ref{
		{"PX-EMPTYFILE", "the GOENV file has an empty GOPROXY", "GOPROXY list is not the empty string, but contains no entries"},
		{"PX-GOENVMISSING", "GOPROXY is set nowhere, and the GOROOT has no default for it", "GOPROXY list is not the empty string, but contains no entries"},
		{"PX-NOENTRIES", "the value holds only separators or spaces", "GOPROXY list is not the empty string, but contains no entries"},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"empty-file": `The GOENV file sets GOPROXY to nothing, which hides Go's default; every download stops with: {gotext}.`,
		"no-default": `GOPROXY is set nowhere, and the Go of {environments} has no default for it, because {goenv} does not exist or does not set it; every download stops with: {gotext}.`,
		"no-entries": `GOPROXY is “{value}”, which names no proxy; every download stops with: {gotext}.`,
	},
	Doc: Doc{
		Symptom: "Modules that are not in the module cache cannot be fetched:\n\n```\nGOPROXY list is not the empty string, but contains no entries\n```\n\ngopls shows `could not import …` for their packages. `go build` may still be green where everything is cached.",
		Cause:   "An empty *environment variable* counts as unset, but an empty line `GOPROXY=` in the GOENV file (what `go env -w GOPROXY=` writes) is a value: it hides the default in `$GOROOT/go.env`, and `go env -changed` does not show it. A value of only commas, bars or spaces has the same effect.\n\nThe default itself is no part of the go command: it stands in `$GOROOT/go.env` since Go 1.21. Where a package or a copy of Go lacks that file, or GOROOT leads to another place, there is no default.",
		Cure:    "Remove the line: `go env -u GOPROXY`. For a variable set elsewhere, unset it there. Where `go.env` is missing, install Go anew, correct GOROOT, or set GOPROXY yourself.",
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
			if g.Origin.Layer != model.LayerGoroot {
				f.Fixes = []model.FixOffer{{ID: "unset-variable", Args: map[string]model.Value{"variable": model.NewValue("GOPROXY")}}}
			}
			found = append(found, g.finding(f))
		}
		return append(found, withoutDefault(s)...)
	},
}

// withoutDefault finds the environments in which nothing sets GOPROXY, not even
// the GOROOT.
func withoutDefault(s *model.Snapshot) []model.Finding {
	var found findings
	for _, env := range present(s) {
		t, _ := s.ToolchainOf(env.Name)
		file := env.Layer(model.LayerGoroot).File
		place, looked := s.Places[file]
		switch {
		case !env.Lookup("GOPROXY").Value.Empty() || env.Lookup("GOPROXY").Origin.Layer == model.LayerGOENV:
			continue
		case file == "" || looked && place.Why != "":
			continue // what is in go.env is not known
		case !version.IsValid(t.Version) || version.Compare(t.Version, "go1.21") < 0:
			continue // the default was built in then
		case t.Selected != "" && t.Selected != t.Version:
			continue // another Go does the work, with a go.env of its own
		}
		text := model.NewValue("GOPROXY list is not the empty string, but contains no entries")
		f := model.Finding{
			Ref: "PX-GOENVMISSING", Subject: "GOPROXY", Message: "no-default", GoText: text, Origin: &model.Origin{Layer: model.LayerGoroot, File: file},
			Args: map[string]model.Value{"goenv": model.NewValue(file), "gotext": text},
		}
		f.Severity, f.Latent = fetchSeverity(s, env)
		found.add(env.Name, f)
	}
	for i := range found {
		found[i].Args["environments"] = model.NewValue(who(found[i].Environments))
	}
	return found
}
