package rules

import (
	"go/version"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

var goauthInvalid = Rule{
	ID:     "goauth-invalid",
	Family: "GOAUTH and netrc",
	Title:  "GOAUTH has a command that go cannot use",
	Refs: []Ref{
		{"AUTH-GOAUTH-EMPTY", "an empty command", "GOAUTH encountered an empty command (GOAUTH=…)"},
		{"AUTH-GOAUTH-OFF", "off beside other commands", "GOAUTH=off cannot be combined with other authentication commands (GOAUTH=…)"},
		{"AUTH-GOAUTH-GIT", "git without the absolute path of a directory", "GOAUTH=git dir method requires an absolute path to the git working directory"},
		{"AUTH-GOAUTH-CMD", "a program that is not found", "could not run command …"},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"refused": `go refuses the value of GOAUTH; its first request by https stops with: {gotext}.`,
		"program": `GOAUTH names the program “{program}”, which the PATH of {environments} does not lead to; go passes over it in silence and asks servers without its credentials.`,
		"absent":  `GOAUTH names the program “{program}”, which does not exist or cannot be executed; go passes over it in silence and asks servers without its credentials.`,
	},
	Doc: Doc{
		Symptom: "Nothing can be downloaded by https:\n\n```\nGOAUTH encountered an empty command (GOAUTH=netrc;)\nGOAUTH=off cannot be combined with other authentication commands (GOAUTH=…)\nGOAUTH=git dir method requires an absolute path to the git working directory, dir is not absolute\n```\n\nor servers answer `401 Unauthorized` in the editor and hand modules out in the terminal; only `go … -x` says why:\n\n```\nGOAUTH encountered errors for https://…:\n  GOAUTH=…: could not run command …: exec: …: executable file not found in $PATH\n```",
		Cause:   "GOAUTH is a list of commands, separated by semicolons: `netrc` (the default), `git DIR`, `off` alone, or programs that print credentials. An empty command, `off` beside others and `git` without an absolute directory end go. A program that cannot be run is passed over, and an editor started from the desktop often has a shorter PATH than the terminal. Go before 1.24 does not know GOAUTH.",
		Cure:    "Remove the empty command, write the full path of the directory or the program, and restart gopls.",
		Undo:    "Put the old value back where it was set.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, env := range present(s) {
			if !knowsGOAUTH(s, env) {
				continue
			}
			set := env.Lookup("GOAUTH")
			if ref, gotext := refusedGOAUTH(s, set.Value.Reveal()); ref != "" {
				f := model.Finding{
					Ref: ref, Subject: "GOAUTH", Message: "refused", GoText: model.NewValue(gotext), Origin: &set.Origin,
					Args: map[string]model.Value{"gotext": model.NewValue(gotext)}, Severity: model.Warning, Latent: true,
				}
				if asksHTTPS(env) {
					f.Severity, f.Latent = fetchSeverity(s, env)
				}
				if ref == "AUTH-GOAUTH-EMPTY" {
					f.Fixes = withoutEmpty(set.Value.Reveal())
				}
				found.add(env.Name, f)
				continue // go comes to no program
			}
			for _, p := range s.AuthPrograms {
				if p.Env != env.Name || p.Path != "" || p.Why != "" {
					continue
				}
				f := model.Finding{
					Ref: "AUTH-GOAUTH-CMD", Subject: "GOAUTH", Message: "program", Severity: model.Warning, Latent: true, Origin: &set.Origin,
					Args: map[string]model.Value{"program": model.NewValue(p.Name)},
				}
				if filepath.IsAbs(p.Name) {
					f.Message = "absent"
				}
				found.add(env.Name, f)
			}
		}
		for i := range found {
			if found[i].Message == "program" {
				found[i].Args["environments"] = model.NewValue(who(found[i].Environments))
			}
		}
		return found
	},
}

// knowsGOAUTH reports whether the Go of an environment reads GOAUTH.
func knowsGOAUTH(s *model.Snapshot, env model.Env) bool {
	t, _ := s.ToolchainOf(env.Name)
	running := t.Selected
	if running == "" {
		running = t.Version
	}
	return version.IsValid(running) && version.Compare(running, "go1.24") >= 0
}

// refusedGOAUTH returns why go ends at a value of GOAUTH, and its text; "" if
// it does not. go reads the commands from the last to the first. The text stops
// before the value, which may hold secrets.
func refusedGOAUTH(s *model.Snapshot, value string) (ref, gotext string) {
	const git = "GOAUTH=git dir method requires an absolute path to the git working directory"
	if value == "" || value == "off" {
		return "", ""
	}
	commands := strings.Split(value, ";")
	for _, command := range slices.Backward(commands) {
		words := strings.Fields(command)
		switch {
		case len(words) == 0:
			return "AUTH-GOAUTH-EMPTY", "GOAUTH encountered an empty command"
		case words[0] == "off" && len(commands) > 1:
			return "AUTH-GOAUTH-OFF", "GOAUTH=off cannot be combined with other authentication commands"
		case words[0] == "off":
			return "", ""
		case words[0] != "git":
		case len(words) != 2:
			return "AUTH-GOAUTH-GIT", git
		case !filepath.IsAbs(words[1]):
			return "AUTH-GOAUTH-GIT", git + ", dir is not absolute"
		default:
			place, known := s.Place(filepath.Clean(words[1]))
			switch {
			case known && !place.Exists:
				return "AUTH-GOAUTH-GIT", "GOAUTH=git encountered an error; cannot stat " + words[1]
			case known && !place.Dir:
				return "AUTH-GOAUTH-GIT", git + ", dir is not a directory"
			}
		}
	}
	return "", ""
}

// withoutEmpty offers GOAUTH without its empty commands.
func withoutEmpty(value string) []model.FixOffer {
	commands := slices.DeleteFunc(strings.Split(value, ";"), func(c string) bool { return strings.TrimSpace(c) == "" })
	if len(commands) == 0 {
		return []model.FixOffer{{ID: "unset-variable", Args: map[string]model.Value{"variable": model.NewValue("GOAUTH")}}}
	}
	for _, c := range commands {
		if words := strings.Fields(c); len(words) > 1 && words[0] != "git" {
			return nil // what a program is told may be a secret
		}
	}
	return []model.FixOffer{{ID: "set-variable", Args: map[string]model.Value{
		"variable": model.NewValue("GOAUTH"), "value": model.NewValue(strings.Join(commands, ";")),
	}}}
}
