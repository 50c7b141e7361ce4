package observe

import (
	"maps"
	"slices"

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

// oneName gives the variables in layers the one name that they are known by: an
// editor and its settings may write Path.
func oneName(w *world.World, layers []model.Layer) []model.Layer {
	layers = slices.Clone(layers)
	for i, layer := range layers {
		vars := make(map[string]model.Assignment, len(layer.Vars))
		for _, name := range slices.Sorted(maps.Keys(layer.Vars)) {
			vars[w.VariableName(name)] = layer.Vars[name]
		}
		layers[i].Vars = vars
	}
	return layers
}
