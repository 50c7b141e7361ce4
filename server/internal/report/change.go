package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// Change is what one look of "gophantom env --watch" brought.
type Change struct {
	Snapshot Snapshot      `json:"snapshot"`
	Env      *Environments `json:"env"`    // everything, as "gophantom env" shows it; null but for the first look
	Values   []NewValue    `json:"values"` // variables with another value or another origin than before
	Drift    []Drift       `json:"drift"`  // differences that appeared, or mean something else now
	Settled  []string      `json:"settled"`
	Appeared []Finding     `json:"appeared"`
	Gone     []Finding     `json:"gone"`
	Notes    []string      `json:"notes"` // processes, programs, and what cannot be seen from here
}

// NewValue is a variable that changed in one environment.
type NewValue struct {
	Environment string `json:"environment"`
	Variable    string `json:"variable"`
	Before      *Value `json:"before"` // null if it was not set
	After       *Value `json:"after"`  // null if it is not set any more
}

// ChangeOf compares two looks. Environments that could not be read completely
// at both times have no changed values.
func ChangeOf(old, now Environments, findingsBefore, findings []Finding) Change {
	c := Change{Snapshot: now.Snapshot}
	for _, after := range now.Environments {
		i := slices.IndexFunc(old.Environments, func(e Environment) bool { return e.Name == after.Name })
		switch {
		case i < 0 && after.Complete:
			c.Notes = append(c.Notes, after.Name+" is there now: "+after.Why)
			continue
		case i < 0:
			continue
		}
		before := old.Environments[i]
		switch {
		case before.Complete && !after.Complete:
			c.Notes = append(c.Notes, after.Name+" is not known any more: "+after.Why)
		case !before.Complete && after.Complete:
			c.Notes = append(c.Notes, after.Name+" is known now: "+after.Why)
		case before.Complete:
			c.compare(before, after)
		}
	}
	for _, before := range old.Environments {
		if before.Complete && !slices.ContainsFunc(now.Environments, func(e Environment) bool { return e.Name == before.Name }) {
			c.Notes = append(c.Notes, before.Name+" is gone")
		}
	}
	for _, d := range now.Drift {
		i := slices.IndexFunc(old.Drift, func(o Drift) bool { return o.Variable == d.Variable })
		if i < 0 || old.Drift[i].rank() != d.rank() || old.Drift[i].Why != d.Why {
			c.Drift = append(c.Drift, d)
		}
	}
	for _, d := range old.Drift {
		// What is not compared any more has not settled.
		still := !slices.ContainsFunc(d.Pairs, func(p Pair) bool { return !now.complete(p.A, p.B) })
		if still && !slices.ContainsFunc(now.Drift, func(o Drift) bool { return o.Variable == d.Variable }) {
			c.Settled = append(c.Settled, d.Variable)
		}
	}
	c.Appeared, c.Gone = without(findings, findingsBefore), without(findingsBefore, findings)
	c.processes(old, now)
	c.programs(old, now)
	return c
}

// complete reports whether all the environments were read completely.
func (e Environments) complete(names ...string) bool {
	for _, name := range names {
		if !slices.ContainsFunc(e.Environments, func(env Environment) bool { return env.Name == name && env.Complete }) {
			return false
		}
	}
	return true
}

func (c *Change) compare(before, after Environment) {
	both := Environments{Environments: []Environment{before, after}}
	for _, name := range both.names() {
		was, set := before.Values[name]
		is, still := after.Values[name]
		if set == still && reflect.DeepEqual(was, is) {
			continue
		}
		v := NewValue{Environment: after.Name, Variable: name}
		if set {
			v.Before = &was
		}
		if still {
			v.After = &is
		}
		c.Values = append(c.Values, v)
	}
}

// without are the findings of a that b does not have.
func without(a, b []Finding) []Finding {
	return slices.DeleteFunc(slices.Clone(a), func(f Finding) bool {
		return slices.ContainsFunc(b, func(g Finding) bool { return f.Rule == g.Rule && f.Subject == g.Subject && f.Message == g.Message })
	})
}

func (c *Change) processes(old, now Environments) {
	has := func(e Environments, g Gopls) bool {
		return slices.ContainsFunc(e.Snapshot.Processes, func(h Gopls) bool { return g.PID == h.PID && g.Started == h.Started })
	}
	for _, g := range old.Snapshot.Processes {
		if !has(now, g) {
			c.Notes = append(c.Notes, g.words()+" ended")
		}
	}
	for _, g := range now.Snapshot.Processes {
		if !has(old, g) {
			c.Notes = append(c.Notes, g.words()+" started")
		}
	}
}

func (c *Change) programs(old, now Environments) {
	for _, t := range now.Toolchains {
		for _, p := range t.Programs {
			before, known := old.program(t.Environment, p.Name)
			if known && before != p {
				c.Notes = append(c.Notes, fmt.Sprintf("%s in %s was %s, is %s",
					p.Name, now.star(t.Environment), strings.Join(old.describe(before), ", "), strings.Join(now.describe(p), ", ")))
			}
		}
	}
}

// JSONLine encodes a change as one line.
func (c Change) JSONLine() ([]byte, error) { return jsonLine(c) }

func jsonLine(v any) ([]byte, error) {
	data, err := JSON(v)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Compact(&b, data); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// Text is the change for people, below a line with time, number and reason. e
// are the environments that it led to.
func (c Change) Text(st Style, clock string, e Environments) string {
	p := &page{Style: st}
	p.line(p.colored(bold, fmt.Sprintf("%s #%d", clock, c.Snapshot.Number)) + "  " + e.reason())
	type change struct {
		variable, was, is string
		envs              []string
	}
	var changes []change
	for _, v := range c.Values {
		name, was, is := word(v.Variable), e.show(v.Before), e.show(v.After)
		i := slices.IndexFunc(changes, func(x change) bool { return x.variable == name && x.was == was && x.is == is })
		if i < 0 {
			changes = append(changes, change{variable: name, was: was, is: is})
			i = len(changes) - 1
		}
		changes[i].envs = append(changes[i].envs, e.star(v.Environment))
	}
	for _, x := range changes {
		p.hang("  ", 2, p.colored(bold, x.variable)+" in "+listed(x.envs))
		p.entry("was", 3, []string{x.was})
		p.entry("is", 3, []string{x.is})
	}
	for _, d := range c.Drift {
		name := word(d.Variable)
		switch {
		case d.Matters && d.Some:
			p.heading(markSome, name+": "+inLine(d.Why))
		case d.Matters:
			p.heading(markMatters, name+": "+inLine(d.Why))
		default:
			p.heading(markIdle, name+" does not matter: "+lowerFirst(inLine(d.Why)))
		}
	}
	for _, name := range c.Settled {
		p.heading(markOK, word(name)+" does not differ any more.")
	}
	for _, f := range c.Appeared {
		p.heading(severityMark(f.Severity), f.Message)
	}
	for _, f := range c.Gone {
		if e.complete(f.Environments...) {
			p.heading(markOK, "No more: "+f.Message)
		} else {
			p.heading(markUnknown, "Not to be seen any more, as an environment is missing: "+f.Message)
		}
	}
	for _, n := range c.Notes {
		p.heading(markInfo, word(n))
	}
	if len(c.Values)+len(c.Drift)+len(c.Settled)+len(c.Appeared)+len(c.Gone)+len(c.Notes) == 0 {
		p.hang("  ", 2, "The environments are as before.")
	}
	return p.String()
}

// NotesText is the notes of a first look; "" if there are none.
func NotesText(notes []string, st Style) string {
	p := &page{Style: st}
	for _, n := range notes {
		p.heading(markInfo, word(n))
	}
	return p.String()
}

// reason is why we looked, with files as people write them.
func (e Environments) reason() string {
	words := strings.Fields(e.Snapshot.Reason)
	for i, w := range words {
		if filepath.IsAbs(w) {
			words[i] = e.path(w)
		}
	}
	return word(strings.Join(words, " "))
}

// show is a value with its origin on one line.
func (e Environments) show(v *Value) string {
	if v == nil {
		return "(not set)"
	}
	s := inLine(v.Value)
	if s == "" {
		s = "(empty)"
	}
	if o := e.origin(v.Origin).String(); o != "" {
		s += ", " + o
	}
	return s
}

// Came returns which findings a look has that the one before had not, and which
// are gone.
func Came(before, now []Finding) (appeared, gone []Finding) {
	return without(now, before), without(before, now)
}
