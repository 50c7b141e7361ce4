package rules

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gophantom/gophantom/server/internal/drift"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

var debugStartDownloads = Rule{
	ID:     "debug-start-downloads",
	Family: "debugger",
	Title:  "A debug session begins with a download, another way than the shell's",
	Refs: []Ref{
		{"", "modules are missing from the module cache of a debug configuration, whose settings of fetching are not the shell's", ""},
	},
	Severity: model.Warning,
	Messages: map[string]string{
		"cache": `A debug session{name} has {debug}, a module cache that lacks {count} of the required modules, which your shell has; it begins with their download, for which go sets no limit of time.`,
		"route": `A debug session{name} has {debug}, your shell has {shell}; modules that are required are missing from the module cache (so many: {count}), so it begins with their download in another way than your shell’s, for which go sets no limit of time.`,
	},
	Doc: Doc{
		Symptom: "*Starting* stays in the debug toolbar, nothing is printed, and after a while the Go extension gives up waiting for the debugger. In the terminal the program builds at once.",
		Cause:   "Before it debugs, dlv runs `go build` in its own environment: `go.toolsEnvVars` with `envFile` and `env` of launch.json over it. If that leads to another module cache or another proxy, go downloads first, and waits for a server that does not answer for as long as it takes: neither HTTP answers nor git have a limit.",
		Cure:    "Remove the variable from `env` or `envFile`; or run `go mod download` with the same environment once.",
		Undo:    "Put the variable back into launch.json.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		shell, ok := s.Env(model.EnvShell)
		if !ok || !shell.Complete {
			return nil
		}
		for _, env := range s.Envs {
			name := strings.TrimPrefix(string(env.Name), "debug")
			if len(name) == len(env.Name) || !env.Complete {
				continue
			}
			missing, known := s.Missing(env)
			entries := route.Entries(env.Lookup("GOPROXY").Value.Reveal())
			if !known || len(missing) == 0 || idle(s, env) || len(entries) > 0 && entries[0].Kind == route.Off {
				continue // nothing to fetch, or go is told to fetch nothing
			}
			drifts := drift.Between(s, env.Name, model.EnvShell)
			inShell, known := s.Missing(shell)
			i := slices.IndexFunc(drifts, func(d model.Drift) bool { return d.Variable == "GOMODCACHE" && known && len(inShell) < len(missing) })
			key := "cache"
			if i < 0 {
				key = "route"
				i = slices.IndexFunc(drifts, func(d model.Drift) bool { return d.Matters && fetches(d.Variable) })
			}
			if i < 0 {
				continue
			}
			d := drifts[i]
			if name != "" {
				name = " of “" + strings.TrimPrefix(name, ":") + "”"
			}
			found = append(found, model.Finding{
				Subject: d.Variable, Environments: []model.EnvName{env.Name}, Message: key, Origin: &d.InA.Origin, Related: []model.Origin{d.InB.Origin},
				Args: map[string]model.Value{
					"name": model.NewValue(name), "debug": assignment(d.InA), "shell": assignment(d.InB), "count": model.NewValue(strconv.Itoa(len(missing))),
				},
			})
		}
		return found
	},
}

// fetches reports whether a variable decides from where and how go downloads.
func fetches(variable string) bool {
	switch strings.ToUpper(variable) {
	case "GOPROXY", "GOPRIVATE", "GONOPROXY", "GOINSECURE", "GOVCS", "GOAUTH", "NETRC", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR":
		return true
	}
	return false
}
