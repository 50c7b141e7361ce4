package rules

import "github.com/gophantom/gophantom/server/internal/model"

var goExtensionOtherGo = Rule{
	ID:     "go-extension-other-go",
	Family: "editor-vs-shell drift",
	Title:  "The Go extension runs another Go than gopls",
	Refs: []Ref{
		{"", "the Go that the extension runs is not the one that PATH of gopls leads to", ""},
	},
	Severity: model.Warning,
	// The Go of gopls is not the shell's, and that is told.
	DependsOn: []string{"env-drift"},
	Messages: map[string]string{
		"other": `The Go extension runs {extension}, and gopls, which looks for go in PATH alone, runs {gopls}.`,
		"none":  `The Go extension runs {extension}, and gopls, which looks for go in PATH alone, finds none.`,
	},
	Doc: Doc{
		Symptom: "*Go: Test Package* and the status bar use one Go, gopls another: code that builds is red, or the other way round, and the editor shows the version that one expects.",
		Cause:   "The Go extension runs the Go of `go.alternateTools`, of *Go: Choose Go Environment*, or of `go.goroot`, and puts its directory in front of PATH for the tools that it starts. It does not where `go.terminal.activateEnvironment` is off. And when a setting changes, it restarts gopls at once, and computes PATH anew at the same time: gopls may get the old one.",
		Cure:    "*Restart gopls*. If that does not help, put the directory of the Go that you want in front of PATH in `go.toolsEnvVars`, or set `go.terminal.activateEnvironment` to true.",
		Undo:    "Nothing to undo: the restart changes no file and no setting.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		gopls, ok := s.Env(model.EnvGopls)
		if !ok || !gopls.Complete || s.Extension == nil || s.Extension.Go.Version == "" {
			return nil
		}
		t, _ := s.ToolchainOf(model.EnvGopls)
		theirs, own := s.Extension.Go, t.Tool("go")
		f := model.Finding{Subject: "PATH", Environments: []model.EnvName{model.EnvGopls}, Message: "other", Fixes: []model.FixOffer{{ID: "restart-gopls"}}}
		set := gopls.Lookup("PATH")
		f.Origin = &set.Origin
		switch {
		case len(t.Tools) > 0 && own.Path == "":
			f.Message = "none"
		case own.Version == "" || own.Version == theirs.Version || own.Target == theirs.Target:
			return nil
		}
		f.Args = values("extension", theirs.Version+" ("+theirs.Path+")", "gopls", own.Version+" ("+own.Path+")")
		return []model.Finding{f}
	},
}
