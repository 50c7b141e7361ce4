package shell

import (
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// registeredLines says of the variables of an answer which registry key set
// them. What a start-up file of the shell changed after that has no line, but
// PATH, which they lengthen as a rule.
func registeredLines(registered []world.RegisteredVariable, vars map[string]string) map[string][]Line {
	lines := map[string][]Line{}
	for _, v := range registered {
		value, ok := vars[v.Name]
		lengthened := v.Name == "PATH" && value != v.Value && v.Value != "" && strings.Contains(value, v.Value)
		if !ok || value != v.Value && !lengthened {
			continue
		}
		for _, said := range v.From {
			note := "registered in " + said.Key
			if lengthened {
				note += ", and made longer by the shell"
			}
			lines[v.Name] = append(lines[v.Name], Line{Value: model.NewValue(said.Value), Note: note})
		}
	}
	return lines
}
