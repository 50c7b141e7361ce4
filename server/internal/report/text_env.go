package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

// Text is the matrix of environments for people: what differs and matters
// first. What agrees, and differences in variables that are not Go's own and
// that no rule speaks of, are shown only if all. A single environment is shown
// as it is.
func (e Environments) Text(st Style, all bool) string {
	p := &page{Style: st}
	matter, differ, complete := 0, map[string]bool{}, 0
	for _, d := range e.Drift {
		differ[d.Variable] = true
		if d.Matters {
			matter++
		}
	}
	var names []string
	for _, env := range e.Environments {
		if env.Complete {
			names = append(names, env.Name)
			complete++
		}
	}
	switch {
	case complete == 0:
		p.heading(markUnknown, "No environment could be read completely, so nothing could be compared.")
	case complete == 1:
		p.heading(markUnknown, "Only one environment is known here ("+names[0]+"), so there is nothing to compare it with; capture another: --env NAME=FILE.")
	case matter > 0:
		p.heading(markWarn, fmt.Sprintf("%s between %s.", many(matter, "variable that matters to Go differs", "variables that matter to Go differ"), listed(names)))
	case len(e.Drift) > 0:
		p.heading(markOK, fmt.Sprintf("Nothing that matters to Go differs between %s.", listed(names)))
	default:
		p.heading(markOK, fmt.Sprintf("%s agree.", listed(names)))
	}
	for _, env := range e.Environments {
		note := env.Why
		if env.Predicted {
			note = strings.TrimPrefix(note+"; computed from settings", "; ")
		}
		if !env.Complete {
			note = strings.TrimPrefix("not complete, so not compared: "+note, " ")
		}
		p.field(env.Name, note)
	}
	var rows [][]string
	folded := 0
	for _, d := range e.Drift {
		if !all && !d.Matters && !model.IsGoVariable(d.Variable) {
			folded++
			continue
		}
		if rows != nil {
			rows = append(rows, nil)
		}
		rows = append(rows, e.rows(d.Variable)...)
	}
	if rows != nil {
		p.gap()
		p.table([]string{"differs", "value", "in", "set by"}, rows, 1)
		for _, d := range e.Drift {
			if d.Matters {
				p.gap()
				p.heading(markWarn, d.Why)
			}
		}
	}
	agreeing := map[string]bool{}
	for _, env := range e.Environments {
		for name := range env.Values {
			if !differ[name] {
				agreeing[name] = true
			}
		}
	}
	if !all && complete > 1 {
		var rest []string
		if folded > 0 {
			rest = append(rest, many(folded, "other variable differs", "other variables differ"))
		}
		if n := len(agreeing); n > 0 {
			rest = append(rest, many(n, "is", "are")+" the same")
		}
		if rest != nil {
			p.gap()
			p.line(strings.Join(rest, ", ") + ": " + p.colored(bold, "gophantom env --all"))
		}
		return p.String()
	}
	if len(agreeing) == 0 {
		return p.String()
	}
	p.gap()
	rows = nil
	for _, name := range slices.Sorted(maps.Keys(agreeing)) {
		rows = append(rows, e.rows(name)...)
	}
	p.table([]string{"same", "value", "in", "set by"}, rows, 1)
	return p.String()
}

// rows are the lines of one variable, environments that have the same value
// from the same place in one line.
func (e Environments) rows(name string) [][]string {
	type group struct {
		value Value
		set   bool
		known bool
		envs  []string
	}
	var groups []group
	for _, env := range e.Environments {
		v, set := env.Values[name]
		i := slices.IndexFunc(groups, func(g group) bool {
			return g.set == set && (set || g.known == env.Complete) && g.value.Value == v.Value && g.value.Origin == v.Origin && slices.Equal(g.value.Shadows, v.Shadows)
		})
		if i < 0 {
			groups = append(groups, group{v, set, env.Complete, nil})
			i = len(groups) - 1
		}
		groups[i].envs = append(groups[i].envs, env.Name)
	}
	var rows [][]string
	for i, g := range groups {
		label := name
		if i > 0 {
			label = ""
		}
		value, setBy := g.value.Value, place(g.value.Origin, "")
		switch {
		case !g.set && !g.known: // a source that was not read may set it
			value, setBy = "(not known)", ""
		case !g.set:
			value, setBy = "(not set)", ""
		case value == "":
			value = "(empty)"
		}
		rows = append(rows, []string{label, value, strings.Join(g.envs, " "), setBy})
		for _, s := range g.value.Shadows {
			rows = append(rows, []string{"", "hides " + s.Value, "", place(s.Origin, "")})
		}
	}
	return rows
}
