package rules

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

// comparedVariables change what the go command does with a module, whoever
// runs it. GOPATH and GOBIN are not among them: in module mode they matter
// through GOMODCACHE only. GOCACHE changes speed, never results.
var comparedVariables = strings.Fields(`
	GOFLAGS GOWORK GOPROXY GOPRIVATE GONOPROXY GONOSUMDB GOSUMDB GOINSECURE GOVCS GOAUTH
	GOOS GOARCH GO111MODULE GOTOOLCHAIN GOROOT GOMODCACHE GOEXPERIMENT GOPACKAGESDRIVER
	CGO_ENABLED CC CXX CGO_CFLAGS CGO_CPPFLAGS CGO_LDFLAGS PKG_CONFIG_PATH
	HTTP_PROXY HTTPS_PROXY NO_PROXY
`)

var fetchOnly = map[string]bool{
	"GOPROXY": true, "GOPRIVATE": true, "GONOPROXY": true, "GONOSUMDB": true, "GOSUMDB": true, "GOINSECURE": true,
	"GOVCS": true, "GOAUTH": true, "HTTP_PROXY": true, "HTTPS_PROXY": true, "NO_PROXY": true,
}

var envDrift = Rule{
	ID:     "env-drift",
	Family: "editor-vs-shell drift",
	Title:  "The editor and the shell disagree on a variable",
	Refs: []Ref{
		{"", "one variable, different effective values in the editor and in the shell", ""},
	},
	Severity:  model.Warning,
	DependsOn: []string{"masked-variable", "gopls-stale-env"},
	Settle:    2 * time.Second,
	Messages: map[string]string{
		"drift":     `{where} has {editor}; your shell has {shell}.`,
		"toolchain": `{where} runs {editor}; your shell runs {shell}.`,
	},
	Doc: Doc{
		Symptom: "The Problems panel is red where `go build` in the terminal is green, or the other way round.",
		Cause:   "An editor started from the desktop has the environment it was started with, hours or days ago, and never reads your shell's start-up files again; a terminal reads them each time. Settings such as `go.toolsEnvVars` change the editor's side only. Values that mean the same to the go command are not reported.",
		Cure:    "*Use the shell's value for Go tools* writes the shell's value into `go.toolsEnvVars` of the workspace; the Go extension then restarts gopls. Or start the editor from a terminal that has the right values.",
		Undo:    "*Go Phantom: Undo Last Cure*, or remove the key from `go.toolsEnvVars`.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		shell, ok := s.Env(model.EnvShell)
		if !ok || !shell.Complete {
			return nil
		}
		editor, ok := editorSide(s)
		if !ok {
			return nil
		}
		for _, variable := range comparedVariables {
			here, there := editor.Lookup(variable), shell.Lookup(variable)
			if equivalent(variable, here.Value, there.Value) || variable == "GOPRIVATE" && samePrivate(editor, shell) {
				continue
			}
			if variable == "GOROOT" && (sameToolchain(s, editor.Name) || here.Origin.Layer == model.LayerDefault && there.Origin.Layer == model.LayerDefault || !here.Set || !there.Set) {
				continue // where nobody set it, it follows from PATH
			}
			f := model.Finding{
				Subject:      variable,
				Environments: []model.EnvName{editor.Name, model.EnvShell},
				Message:      "drift",
				Latent:       fetchOnly[variable] && idle(s, editor) && idle(s, shell),
				Args: map[string]model.Value{
					"where": model.NewValue(who([]model.EnvName{editor.Name})), "variable": model.NewValue(variable),
					"editor": assignment(here), "shell": assignment(there),
				},
				Origin:  &here.Origin,
				Related: []model.Origin{there.Origin},
			}
			if s.Editor != nil && s.Extension != nil {
				f.Fixes = []model.FixOffer{{ID: "use-shell-value", Args: map[string]model.Value{"variable": model.NewValue(variable)}}}
			}
			found = append(found, f)
		}
		if f, differ := toolchainDrift(s, editor.Name); differ {
			found = append(found, f)
		}
		return found
	},
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

func toolchainDrift(s *model.Snapshot, editor model.EnvName) (model.Finding, bool) {
	here, ok := s.ToolchainOf(editor)
	there, ok2 := s.ToolchainOf(model.EnvShell)
	if !ok || !ok2 || here.Version == "" || there.Version == "" || here.Version == there.Version {
		return model.Finding{}, false
	}
	return model.Finding{
		Subject:      "PATH",
		Environments: []model.EnvName{editor, model.EnvShell},
		Message:      "toolchain",
		Args: map[string]model.Value{
			"where":  model.NewValue(who([]model.EnvName{editor})),
			"editor": model.NewValue(here.Version + " (" + here.Go + ")"),
			"shell":  model.NewValue(there.Version + " (" + there.Go + ")"),
		},
	}, true
}

// sameToolchain reports whether both sides run the same Go, so that GOROOT
// differs in spelling only.
func sameToolchain(s *model.Snapshot, editor model.EnvName) bool {
	here, ok := s.ToolchainOf(editor)
	there, ok2 := s.ToolchainOf(model.EnvShell)
	return ok && ok2 && here.GOROOT == there.GOROOT
}

// samePrivate reports whether GOPRIVATE differs without an effect, because
// both lists that it is the default of are the same.
func samePrivate(a, b model.Env) bool {
	for _, variable := range []string{"GONOPROXY", "GONOSUMDB"} {
		x, y := a.Lookup(variable).Value, b.Lookup(variable).Value
		if x.Empty() || y.Empty() || !equivalent(variable, x, y) {
			return false
		}
	}
	return true
}

// equivalent reports whether the go command does the same with both values.
func equivalent(variable string, a, b model.Value) bool {
	if a == b {
		return true
	}
	x, y := a.Reveal(), b.Reveal()
	switch variable {
	case "GOPROXY":
		return slices.EqualFunc(route.Entries(x), route.Entries(y), func(e, f route.Entry) bool {
			return e.Raw == f.Raw && e.Separator == f.Separator
		}) && (x == "") == (y == "")
	case "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE":
		return slices.Equal(livePatterns(x), livePatterns(y))
	case "GOFLAGS", "CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_LDFLAGS":
		return slices.Equal(strings.Fields(x), strings.Fields(y))
	case "GOTOOLCHAIN", "GO111MODULE", "GOAUTH", "GOVCS", "GOPACKAGESDRIVER":
		return cmp.Or(x, unsetMeans[variable]) == cmp.Or(y, unsetMeans[variable])
	}
	return false
}

// unsetMeans are values that say what go does without them anyway.
var unsetMeans = map[string]string{
	"GOTOOLCHAIN": "auto", "GO111MODULE": "on", "GOAUTH": "netrc", "GOVCS": "public:git|hg,private:all", "GOPACKAGESDRIVER": "off",
}

// livePatterns returns the patterns of a list that can match, in a canonical
// order: the order of patterns has no meaning.
func livePatterns(list string) []string {
	var out []string
	for _, p := range route.Patterns(list) {
		if p.Fault == "" && p.Text != "" {
			out = append(out, strings.TrimSuffix(p.Text, "/"))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
