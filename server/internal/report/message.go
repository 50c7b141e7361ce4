package report

import (
	"regexp"

	"github.com/gophantom/gophantom/server/internal/model"
)

var placeholder = regexp.MustCompile(`\{[A-Za-z][A-Za-z0-9]*\}`)

// Render fills the {name} placeholders of a message with shown arguments. A
// placeholder without its argument stays visible as "{name: missing}".
func Render(template string, args map[string]model.Value) string {
	return placeholder.ReplaceAllStringFunc(template, func(p string) string {
		name := p[1 : len(p)-1]
		v, ok := args[name]
		if !ok {
			return "{" + name + ": missing}"
		}
		return Show(v)
	})
}
