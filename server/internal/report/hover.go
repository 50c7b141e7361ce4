package report

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

// hoverLimit is the most characters of one value that a hover shows.
const hoverLimit = 300

// RoutesMarkdown is the way of one module in several environments, short
// enough for a hover. Environments in which it goes the same way stand together.
func RoutesMarkdown(routes []Route) string {
	var b strings.Builder
	for i, r := range routes {
		if slices.ContainsFunc(routes[:i], func(other Route) bool { return other.sameWay(r) }) {
			continue
		}
		names := []string{r.Environment}
		for _, other := range routes[i+1:] {
			if other.sameWay(r) {
				names = append(names, other.Environment)
			}
		}
		if b.Len() > 0 {
			b.WriteString("\n---\n\n")
		}
		b.WriteString(r.markdown(names))
	}
	return b.String()
}

// sameWay reports whether two routes differ in nothing but the environment.
func (r Route) sameWay(other Route) bool {
	r.Environment = other.Environment
	a, errA := JSON(r)
	b, errB := JSON(other)
	return errA == nil && errB == nil && string(a) == string(b)
}

func (r Route) markdown(environments []string) string {
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(strings.Join(parts, "") + "\n") }
	line("**", hoverText(r.mark().symbol+" "+r.mark().word), "** ", markdownCode(r.name()), " in ", hoverText(listed(environments)), ": ", hoverText(r.sentence()))
	line()
	for i, s := range r.Steps {
		number := fmt.Sprintf("%d. ", i+1)
		if !s.Applies {
			line(number, "*", hoverText(s.name()), ":* ", hoverText(s.skipped(r)))
			continue
		}
		text := "**" + hoverText(s.name()) + "** " + hoverText(why(s.Why))
		if access := s.Access.sentence(); access != "" {
			text += "; " + hoverText(access)
		}
		if s.origin() {
			text += "; " + hoverText(r.VCS.sentence())
		}
		switch {
		case i == len(r.Steps)-1:
		case s.Fallback == "any-error":
			text += " → *any error: the next*"
		default:
			text += " → *404, 410 only: the next; any other error: stop*"
		}
		line(number, text)
	}
	if len(r.Steps) > 0 {
		line()
	}
	field := func(name, text string) {
		if text != "" {
			line("- ", name, ": ", hoverText(text))
		}
	}
	field("go says", r.says())
	field("unsure", r.Unknown)
	field("instead", r.Target)
	if r.Toolchain.Fetch != "" {
		field("before", "go downloads "+r.Toolchain.Fetch+" to have "+r.Toolchain.Selected)
	}
	if len(r.Steps) > 0 {
		field("go.sum", r.Sum.sentence())
		field("cache", r.Cache.sentence())
		field("checksum", r.SumDB.sentence())
		if r.Insecure.Allowed {
			field("TLS", r.Insecure.sentence())
		}
	}
	return b.String()
}

// VariableMarkdown tells the effective value of a variable in every
// environment of a snapshot, where it comes from and what it hides but the
// defaults of Go, short enough for a hover. Where gopls runs and where the user
// builds come first; how the editor was started is history.
func VariableMarkdown(s *model.Snapshot, name string) string {
	type group struct {
		envs []string
		text string
	}
	var groups []group
	envs := slices.DeleteFunc(slices.Clone(s.Envs), func(e model.Env) bool { return e.Name == model.EnvEditorLaunch })
	slices.SortStableFunc(envs, func(a, b model.Env) int { return cmp.Compare(hoverRank(a.Name), hoverRank(b.Name)) })
	for _, env := range envs {
		text := variableMarkdown(env, name, s.Dir)
		if i := slices.IndexFunc(groups, func(g group) bool { return g.text == text }); i >= 0 {
			groups[i].envs = append(groups[i].envs, label(env.Name))
			continue
		}
		groups = append(groups, group{[]string{label(env.Name)}, text})
	}
	var b strings.Builder
	fmt.Fprintf(&b, "**%s** as each environment has it\n\n", markdownText(name))
	for _, g := range groups {
		fmt.Fprintf(&b, "- **%s**: %s", markdownText(strings.Join(g.envs, ", ")), g.text)
	}
	return b.String()
}

func hoverRank(name model.EnvName) int {
	switch name {
	case model.EnvGopls:
		return 0
	case model.EnvShell:
		return 1
	}
	return 2
}

func variableMarkdown(env model.Env, name, dir string) string {
	set := env.Lookup(name)
	if !set.Set {
		if !env.Complete {
			return "not known; not every source of this environment could be read\n"
		}
		return "not set\n"
	}
	v := fromSetting(set)
	text := hoverValue(v.Value) + markdownText(from(v.Origin, dir)) + "\n"
	for i, hidden := range v.Shadows {
		if kind := set.Shadows[i].Origin.Layer; kind == model.LayerGoroot || kind == model.LayerDefault {
			continue
		}
		text += "  - overrides " + hoverValue(hidden.Value) + markdownText(from(hidden.Origin, dir)) + "\n"
	}
	return text
}

func from(o Origin, dir string) string {
	if where := place(o, dir); where != "" {
		return ", from " + where
	}
	return ""
}

// hoverText is prose on one line in which addresses are code, so that they stay
// readable and nothing is a link.
func hoverText(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	var b strings.Builder
	end := 0
	for _, at := range address.FindAllStringIndex(s, -1) {
		b.WriteString(markdownText(s[end:at[0]]) + markdownCode(s[at[0]:at[1]]))
		end = at[1]
	}
	return b.String() + markdownText(s[end:])
}

// address is a URL or a module with its version.
var address = regexp.MustCompile(`\bhttps?://[^\s\]();,]+|[^\s\[(]+@v[0-9][^\s\]();,:]*`)

func hoverValue(value string) string {
	if runes := []rune(value); len(runes) > hoverLimit {
		value = string(runes[:hoverLimit]) + "…"
	}
	return markdownCode(value)
}

// RoutePage is the way of one module in several environments as a document.
func RoutePage(routes []Route) string {
	if len(routes) == 0 {
		return ""
	}
	return "# " + markdownText(routes[0].name()) + "\n\n" + RoutesMarkdown(routes) +
		"\nThis is what go would do; nobody was asked. *Probe this route*, in the light bulb of the line in go.mod, asks.\n"
}

// RoutesLine is the way of one module in several environments in one line.
func RoutesLine(routes []Route) string {
	var parts []string
	for i, r := range routes {
		text := r.mark().symbol + " " + strings.TrimSuffix(inLine(r.sentence()), ".")
		if i > 0 && slices.ContainsFunc(routes[:i], func(other Route) bool { return other.way() == r.way() }) {
			continue
		}
		parts = append(parts, r.Environment+": "+text)
	}
	if len(parts) == 1 { // the same in all of them
		_, text, _ := strings.Cut(parts[0], ": ")
		return text
	}
	return strings.Join(parts, " | ")
}

// Way is how a route is told in a list: one sentence, and whether the module
// can be had as far as the settings go.
func (r Route) Way() (sentence, word string) { return r.sentence(), r.mark().word }
