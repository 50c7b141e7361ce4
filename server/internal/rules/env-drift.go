package rules

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gophantom/gophantom/server/internal/drift"
	"github.com/gophantom/gophantom/server/internal/model"
)

var envDrift = Rule{
	ID:     "env-drift",
	Family: "editor-vs-shell drift",
	Title:  "The editor and the shell disagree on a variable",
	Refs: []Ref{
		{"", "one variable, different effective values in the editor and in the shell, and the go command does something else because of it", ""},
		{"", "PATH leads the editor and the shell to different programs", ""},
	},
	Severity: model.Warning,
	DependsOn: []string{
		"masked-variable", "gopls-stale-env", "build-cache-unusable", "experiment-unknown", "gopath-invalid", "gopls-env-sticky", "goroot-wrong",
		"gotoolchain-invalid", "module-cache-unusable", "modules-switched-off", "platform-unsupported", "temp-directory-missing",
	},
	Settle: 2 * time.Second,
	Messages: map[string]string{
		"drift":     `{where} has {editor}; your shell has {shell}. {why}.`,
		"directory": `{where} has {editor}; your shell has {shell}, but only in this folder, where {tool} sets it: an editor asks the shell in your home directory. {why}.`,
		"toolchain": `{where} runs {editor}; your shell runs {shell}. {why}.`,
		"program":   `{where} finds {editor}; your shell finds {shell}. {why}.`,
	},
	Doc: Doc{
		Symptom: "The Problems panel is red where `go build` in the terminal is green, or the other way round.",
		Cause: "An editor started from the desktop has the environment it was started with, hours or days ago, and never reads your shell's start-up files again; a terminal reads them each time. VS Code asks your shell once, in your home directory: what direnv, mise or asdf set in the folder of a project never reaches it. Settings such as `go.toolsEnvVars` change the editor's side only.\n\n" +
			"What counts is what the go command does, not how a value is written. These differences are not reported: the order of private patterns or of independent flags, quotes and spaces, a default that is spelled out, a name in capitals against one in small letters, another build cache, module caches that hold the same of what is needed, a PATH that leads to the same Go, settings of fetching where nothing can be fetched that way, compilers where cgo is off. `gophantom env` lists them, each with the reason.\n\n" +
			"A difference is *latent* while nothing is missing that would now be fetched in another way. What only concerns packages that use cgo is an *info*, as is what only concerns fetching with git.",
		Cure: "*Use the shell's value for Go tools* writes the shell's value into `go.toolsEnvVars` of the workspace; the Go extension then restarts gopls. Where the editor was started before the shell's files changed, starting it again is enough: quit it entirely, all windows, for a reload keeps the old environment. Or start the editor from a terminal that has the right values.",
		Undo: "*Go Phantom: Undo Last Cure*, or remove the key from `go.toolsEnvVars`.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		if editor, ok := editorSide(s); ok {
			gopls, _ := s.Env(model.EnvGopls)
			found = drifting(s, editor, func(variable string) bool { return editor.Name == model.EnvGopls || !gopls.Knows(variable) })
		}
		if gopls, _ := s.Env(model.EnvGopls); gopls.Partial { // it knows better than what a new one would get
			found = append(found, drifting(s, gopls, gopls.Knows)...)
		}
		return found
	},
}

// drifting are the differences that matter between the editor's side and the
// shell, in some variables.
func drifting(s *model.Snapshot, editor model.Env, wanted func(variable string) bool) (found []model.Finding) {
	drifts := drift.Between(s, editor.Name, model.EnvShell)
	matters := func(variable string) bool {
		return slices.ContainsFunc(drifts, func(d model.Drift) bool { return d.Matters && d.Variable == variable })
	}
	for _, d := range drifts {
		switch {
		case !wanted(d.Variable) || !d.Matters || d.Some && d.Latent:
			continue
		case d.Variable == "PATH", d.Variable == "cc" && matters("CC"):
			continue // PATH is told by what it leads to, a compiler by who chose it
		}
		f := model.Finding{
			Subject:      d.Variable,
			Environments: []model.EnvName{editor.Name, model.EnvShell},
			Message:      "drift",
			Latent:       d.Latent,
			Args: map[string]model.Value{
				"where": model.NewValue(who([]model.EnvName{editor.Name})), "variable": model.NewValue(d.Variable),
				"editor": assignment(d.InA), "shell": assignment(d.InB), "why": model.NewValue(strings.TrimSuffix(d.Why, ".")),
			},
			Origin:  &d.InA.Origin,
			Related: []model.Origin{d.InB.Origin},
		}
		if d.Some {
			f.Severity = model.Info
		}
		switch d.Variable {
		case "go":
			here, _ := s.ToolchainOf(editor.Name)
			there, _ := s.ToolchainOf(model.EnvShell)
			if there.Version == "" || here.Version == "" && here.Go != "" {
				continue // which Go it is could not be told
			}
			f.Subject, f.Message, f.Related = "PATH", "toolchain", nil
			f.Args["editor"], f.Args["shell"] = runs(here), runs(there)
		case "git", "cc":
			f.Message, f.Related = "program", nil
			f.Args["editor"], f.Args["shell"] = program(d.InA), program(d.InB)
		default:
			if s.Editor != nil && s.Editor.RunsGopls {
				f.Fixes = []model.FixOffer{{ID: "session-env", Args: map[string]model.Value{"variable": model.NewValue(d.Variable)}}}
			} else if s.Editor != nil && s.Extension != nil {
				f.Fixes = []model.FixOffer{{ID: "use-shell-value", Args: map[string]model.Value{"variable": model.NewValue(d.Variable)}}}
			}
		}
		if tool, ok := perDirectory(s, editor.Name, d); ok {
			f.Message, f.Args["tool"], f.Related = "directory", tool, []model.Origin{d.InB.Origin}
		}
		if relaunchCures(s, d.Variable) {
			f.Fixes = append(f.Fixes, model.FixOffer{ID: "relaunch"})
		}
		found = append(found, f)
	}
	return found
}

// editorSide is the environment in which the editor's problems arise: the
// running gopls, else what a gopls started now would get, else the editor.
func editorSide(s *model.Snapshot) (model.Env, bool) {
	for _, name := range []model.EnvName{model.EnvGopls, model.EnvTools, model.EnvEditor} {
		if env, ok := s.Env(name); ok && env.Complete {
			return env, true
		}
	}
	return model.Env{}, false
}

// differs reports whether a variable or tool makes a difference between two
// environments; known is false unless both are complete.
func differs(s *model.Snapshot, a, b model.EnvName, variable string) (differs, known bool) {
	for _, name := range []model.EnvName{a, b} {
		if env, ok := s.Env(name); !ok || !env.Complete {
			return false, false
		}
	}
	return slices.ContainsFunc(drift.Between(s, a, b), func(d model.Drift) bool { return d.Variable == variable && d.Matters }), true
}

// perDirectory tells which tool sets a variable in the workspace folder and
// not in the home directory, where the editor asked the shell.
func perDirectory(s *model.Snapshot, editor model.EnvName, d model.Drift) (tool model.Value, ok bool) {
	fromHome, known := differs(s, editor, model.EnvShellHome, d.Variable)
	if homeDiffers, _ := differs(s, model.EnvShellHome, model.EnvShell, d.Variable); !known || fromHome || !homeDiffers {
		return model.Value{}, false
	}
	origin := d.InB.Origin
	name := ""
	for _, manager := range []string{"direnv", "mise", "asdf"} {
		if strings.Contains(origin.Note, "by "+manager) {
			name = manager
		}
	}
	if name == "" {
		name = map[string]string{".envrc": "direnv", "mise.toml": "mise", ".mise.toml": "mise", ".tool-versions": "asdf or mise"}[filepath.Base(origin.File)]
	}
	shell, _ := s.Env(model.EnvShell)
	home, _ := s.Env(model.EnvShellHome)
	if name == "" && shell.Process()["DIRENV_DIR"] != "" && home.Process()["DIRENV_DIR"] == "" {
		name = "direnv"
	}
	switch {
	case name == "":
		return model.Value{}, false
	case origin.File != "" && origin.Line > 0:
		name += " (" + origin.File + ":" + strconv.Itoa(origin.Line) + ")"
	case origin.File != "":
		name += " (" + origin.File + ")"
	}
	return model.NewValue(name), true
}

// relaunchCures reports whether the editor would get the shell's value if it
// were started now: the shell has it at home as well, and the environment that
// the editor was started with does not.
func relaunchCures(s *model.Snapshot, variable string) bool {
	if s.Editor == nil || s.Extension == nil && !s.Editor.RunsGopls {
		return false
	}
	outdated, known := differs(s, model.EnvEditorLaunch, model.EnvShellHome, variable)
	local, known2 := differs(s, model.EnvShellHome, model.EnvShell, variable)
	return known && known2 && outdated && !local
}

// runs words the Go of an environment.
func runs(t model.Toolchain) model.Value {
	switch {
	case t.Go == "":
		return model.NewValue("no go command")
	case t.Selected != "" && t.Selected != t.Version:
		return model.NewValue(t.Selected + " (through " + t.Go + ")")
	}
	return model.NewValue(t.Version + " (" + t.Go + ")")
}

// program words a program that PATH leads to.
func program(tool model.Setting) model.Value {
	if !tool.Set {
		return model.NewValue("no " + map[string]string{"git": "git", "cc": "C compiler"}[tool.Name])
	}
	return tool.Value
}
