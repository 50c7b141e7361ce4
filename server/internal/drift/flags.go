package drift

import (
	"maps"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/route"
)

// words splits flags as go does, quotes and all.
func words(text string) []string { return route.Flags(text) }

// quietFlags tell how go works, or what it notes of a repository in a program,
// not what is compiled.
var quietFlags = map[string]bool{"v": true, "x": true, "p": true, "work": true, "modcacherw": true, "buildvcs": true}

// perPackage are flags of which every occurrence counts, in their order.
var perPackage = map[string]bool{"asmflags": true, "gcflags": true, "gccgoflags": true, "ldflags": true}

// flags judges GOFLAGS by what the flags come to.
func (p *pair) flags(a, b string) verdict {
	x, ok := parseFlags(a, p.vendored())
	y, ok2 := parseFlags(b, p.vendored())
	if !ok || !ok2 {
		return yes("go does not accept GOFLAGS as it is on one side at least")
	}
	loud := func(m map[string][]string) map[string][]string {
		m = maps.Clone(m)
		maps.DeleteFunc(m, func(name string, _ []string) bool { return quietFlags[name] })
		return m
	}
	equal := func(x, y map[string][]string) bool { return maps.EqualFunc(x, y, slices.Equal[[]string]) }
	switch {
	case equal(x, y):
		return no("They are the same flags, written differently")
	case equal(loud(x), loud(y)):
		return no("The flags that differ change how go works, not what it compiles")
	}
	return yes("Every go command gets other flags, and so may choose other files or modules")
}

// parseFlags reads GOFLAGS as cmd/go/internal/base does: by the name of a flag
// its value, or all of them where each occurrence counts. ok is false if go
// would stop at it.
func parseFlags(text string, vendored bool) (flags map[string][]string, ok bool) {
	all := words(text)
	if len(all) == 0 && strings.TrimSpace(text) != "" {
		return nil, false
	}
	flags = map[string][]string{}
	for _, flag := range all {
		rest, dashed := strings.CutPrefix(flag, "-")
		rest = strings.TrimPrefix(rest, "-")
		name, value, given := strings.Cut(rest, "=")
		if !dashed || name == "" || name[0] == '-' {
			return nil, false
		}
		if !given {
			value = "true"
		}
		switch {
		case perPackage[name]:
			flags[name] = append(flags[name], value)
		case name == "tags":
			flags[name] = tags(value)
		default:
			flags[name] = []string{value}
		}
	}
	if len(flags["tags"]) == 0 {
		delete(flags, "tags")
	}
	if mod := flags["mod"]; !vendored && len(mod) == 1 && mod[0] == "readonly" {
		delete(flags, "mod") // the default, unless there is a vendor directory
	}
	return flags, true
}

// tags reads the value of -tags: separated by commas or, as of old, by spaces.
func tags(value string) []string {
	if strings.ContainsAny(value, " '") {
		value = strings.Join(words(value), ",")
	}
	return list(value)
}
