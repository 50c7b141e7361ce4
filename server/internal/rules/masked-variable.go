package rules

import (
	"github.com/gophantom/gophantom/server/internal/model"
)

// copiedByGoExtension are the variables that the Go extension copies from
// "go env" into the environment of the extension host when they are unset
// there. From then on the copy hides every later "go env -w".
var copiedByGoExtension = []string{"GOPROXY", "GOPATH", "GOBIN", "GOMODCACHE"}

var maskedVariable = Rule{
	ID:     "masked-variable",
	Family: "env-file and precedence",
	Title:  "The editor hides a value of the GOENV file",
	Refs: []Ref{
		{"EN-SHADOW", "a process environment hides a different value of the GOENV file", "warning: go env -w …=… does not override conflicting OS environment variable"},
	},
	Severity: model.Warning,
	Messages: map[string]string{
		"copied":  `An old copy of {variable} ({value}) in the environment of {environments} hides the GOENV file, which now says {fileValue}; restarting gopls alone cannot bring it back.`,
		"gopls":   `gopls was started with an old copy of {variable} ({value}), which hides the GOENV file, which now says {fileValue}; gopls needs a restart.`,
		"unset":   `An old copy of {variable} ({value}) stays in the environment of {environments}; the GOENV file does not set it, so go would use {fileValue}.`,
		"shadows": `{variable}={value} in the environment of {environments} hides {variable}={fileValue} in the GOENV file.`,
	},
	Doc: Doc{
		Symptom: "You repaired GOPROXY with `go env -w`, `go build` in the terminal is green, and the editor stays red:\n\n```\ncould not import … (no required module provides package …)\n```\n\n*Go: Restart Language Server* does not help, nor does reloading the folder.",
		Cause:   "When it starts, the Go extension copies GOPROXY, GOPATH, GOBIN and GOMODCACHE from `go env` into the environment of the extension host, if they are not set there. An environment variable beats the GOENV file, so every gopls started from then on keeps the old copy, whatever the file says. Outside VS Code the same happens with a variable that you exported yourself.",
		Cure:    "*Unmask VARIABLE and restart gopls* removes the copy from the extension host, for this session, and restarts gopls, which then reads the file. No file is touched. By hand: restart the extension host (*Developer: Restart Extension Host*).",
		Undo:    "*Go Phantom: Undo Last Cure* puts the copy back and restarts gopls.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		launch, launchKnown := s.Env(model.EnvEditorLaunch)
		launchKnown = launchKnown && launch.Complete
		// direnv's extension puts variables there on purpose.
		editor, _ := s.Env(model.EnvEditor)
		onPurpose := editor.Process()["DIRENV_DIR"] != ""
		tools, _ := s.Env(model.EnvTools)
		for _, variable := range copiedByGoExtension {
			var editorSide *model.Finding
			for _, name := range []model.EnvName{model.EnvEditor, model.EnvTools, model.EnvGopls} {
				env, ok := s.Env(name)
				if !ok || !env.Complete {
					continue
				}
				mask := env.Lookup(variable)
				if mask.Value.Empty() || mask.Origin.Layer != model.LayerProcess {
					continue
				}
				if o := tools.Lookup(variable).Origin.Layer; tools.Complete && (o == model.LayerToolsEnvVars || o == model.LayerGopathSetting) {
					continue // a setting goes over whatever the editor has, and what the editor has is a copy of the setting as a rule
				}
				if launchKnown && launch.Process()[variable] != "" {
					continue // the editor was started with it: the user's own doing, a matter of drift
				}
				below := env.With(variable, nil).Lookup(variable)
				inFile := below.Set && below.Origin.Layer == model.LayerGOENV
				if below.Value == mask.Value || !inFile && (!launchKnown || onPurpose) {
					continue
				}
				if editorSide != nil {
					if editorSide.Args["value"] == mask.Value {
						editorSide.Environments = append(editorSide.Environments, name)
					}
					continue
				}
				key := "copied"
				switch {
				case !launchKnown || onPurpose:
					key = "shadows"
				case !inFile:
					key = "unset"
				case name == model.EnvGopls && editor.Complete:
					key = "gopls" // the editor has lost the copy, gopls still has it
				}
				editorSide = &model.Finding{
					Ref:          "EN-SHADOW",
					Subject:      variable,
					Environments: []model.EnvName{name},
					Message:      key,
					Args: map[string]model.Value{
						"variable": model.NewValue(variable), "value": mask.Value, "fileValue": orNothing(below.Value),
					},
					Origin: &below.Origin,
					Latent: variable == "GOPROXY" && idle(s, env), // the others decide where files lie
				}
				if key == "gopls" {
					editorSide.Fixes = []model.FixOffer{{ID: "restart-gopls"}}
				} else if key != "shadows" && s.Editor != nil {
					editorSide.Fixes = []model.FixOffer{{ID: "unmask", Args: map[string]model.Value{"variable": model.NewValue(variable)}}}
				}
			}
			if editorSide != nil {
				editorSide.Args["environments"] = model.NewValue(who(editorSide.Environments))
				found = append(found, *editorSide)
			}
		}
		return found
	},
}

// orNothing words an empty value.
func orNothing(v model.Value) model.Value {
	if v.Empty() {
		return model.NewValue("nothing")
	}
	return v
}
