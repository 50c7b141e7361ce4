package observe

import (
	"maps"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

// variables turns "KEY=VALUE" entries into a map; the first of a name counts,
// as for getenv.
func variables(environ []string) map[string]string {
	vars := make(map[string]string, len(environ))
	for _, entry := range environ {
		name, value, ok := strings.Cut(entry, "=")
		if _, twice := vars[name]; ok && name != "" && !twice {
			vars[name] = value
		}
	}
	return vars
}

// keep is variables, allow-listed names only.
func keep(environ []string) map[string]string {
	vars := variables(environ)
	maps.DeleteFunc(vars, func(name, _ string) bool { return !model.Kept(name) })
	return vars
}

// assignments turns variables into a layer's content.
func assignments(vars map[string]string) map[string]model.Assignment {
	out := make(map[string]model.Assignment, len(vars))
	for name, value := range vars {
		out[name] = model.Assignment{Value: model.NewValue(value)}
	}
	return out
}
