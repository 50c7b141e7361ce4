package observe

import (
	"maps"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// keep is world.Variables, allow-listed names only.
func keep(environ []string) map[string]string {
	vars := world.Variables(environ)
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
