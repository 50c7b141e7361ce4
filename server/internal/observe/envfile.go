package observe

import (
	"regexp"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

// envFileValue is what an env file says of one variable.
type envFileValue struct {
	value   string
	line    int    // 1-based
	unknown string // the variable that is missing to fill it in; value is then as written
}

// What JavaScript takes for white space, and for the end of a line, as classes
// of a regular expression.
const (
	jsSpace   = `\t\n\v\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`
	jsNoBreak = `[^\n\r\x{2028}\x{2029}]`
)

var (
	envFileLine      = regexp.MustCompile(`^[` + jsSpace + `]*(?:export[` + jsSpace + `]+)?([\w.\-]+)[` + jsSpace + `]*=[` + jsSpace + `]*(` + jsNoBreak + `*)?[` + jsSpace + `]*$`)
	envFileReference = regexp.MustCompile(`\$\{([a-zA-Z]\w*)?([^}\w]` + jsNoBreak + `*)?\}`)
)

// parseEnvFile reads the text of an env file as the Go extension does
// (parseEnvFile of its utils/envUtils.ts): allow-listed names only. global is
// the environment that ${NAME} falls back to; it holds allow-listed names only,
// so a reference to another name that the file does not set cannot be filled in.
func parseEnvFile(text string, global map[string]string) map[string]envFileValue {
	local := map[string]envFileValue{}
	for i, line := range strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n") {
		m := envFileLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		value := m[2]
		if strings.HasPrefix(value, `"`) && strings.HasSuffix(value, `"`) {
			value = strings.ReplaceAll(value, `\n`, "\n")
		}
		if value != "" && strings.ContainsRune(`'"`, rune(value[0])) {
			value = value[1:]
		}
		if value != "" && strings.ContainsRune(`'"`, rune(value[len(value)-1])) {
			value = value[:len(value)-1]
		}
		filled, unknown := fillEnvFile(value, local, global)
		local[m[1]] = envFileValue{filled, i + 1, unknown}
	}
	for name := range local {
		if !model.Kept(name) {
			delete(local, name)
		}
	}
	return local
}

// fillEnvFile fills in the references of one value.
func fillEnvFile(value string, local map[string]envFileValue, global map[string]string) (filled, unknown string) {
	var out strings.Builder
	rest, invalid := 0, false
	for _, at := range envFileReference.FindAllStringSubmatchIndex(value, -1) {
		out.WriteString(value[rest:at[0]])
		rest = at[1]
		switch {
		case at[0] > 0 && value[at[0]-1] == '\\':
			out.WriteString(value[at[0]:at[1]])
		case at[2] < 0 || at[4] >= 0: // no name, or something behind it
			invalid = true
		default:
			name := value[at[2]:at[3]]
			switch v := local[name]; {
			case v.unknown != "":
				unknown = v.unknown
			case v.value != "":
				out.WriteString(v.value)
			case model.Kept(name):
				out.WriteString(global[name])
			default:
				unknown = name
			}
		}
	}
	out.WriteString(value[rest:])
	switch {
	case invalid: // then nothing is filled in
	case unknown != "":
		return value, unknown
	default:
		value = out.String()
	}
	return strings.ReplaceAll(value, `\$`, `$`), ""
}
