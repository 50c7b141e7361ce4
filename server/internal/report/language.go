package report

import (
	"slices"

	"github.com/gophantom/gophantom/server/internal/l10n"
	"github.com/gophantom/gophantom/server/internal/model"
)

// In returns the report with its sentences in another language. What machines
// read, what tools printed and what a fix is told apart by stay as they are.
func (r Report) In(l l10n.Language) Report {
	if l == l10n.English {
		return r
	}
	r.Snapshot.Reason = l.Text(r.Snapshot.Reason)
	finding := func(f *Finding) { f.Message, f.Fixes = l.Text(f.Message), fixesIn(f.Fixes, l) }
	r.Findings = each(r.Findings, finding)
	r.Accepted = each(r.Accepted, func(a *Accepted) { finding(&a.Finding) })
	r.Problems = each(r.Problems, func(p *Problem) { *p = p.In(l) })
	r.Unknown = each(r.Unknown, func(u *Unknown) { u.Why = l.Text(u.Why) })
	r.History = each(r.History, func(e *HistoryEvent) {
		if e.Message = l.Text(e.Message); e.Cure != "" {
			e.Subject = l.Text(e.Subject)
		}
	})
	r.Cures = each(r.Cures, func(c *Cure) { c.Title, c.Why = l.Text(c.Title), l.Text(c.Why) })
	r.Graph.Nodes = each(r.Graph.Nodes, func(n *GraphNode) {
		if n.Kind != "variable" && n.Kind != "value" { // which show a value
			n.Label = l.Text(n.Label)
		}
		n.Detail = l.Text(n.Detail)
	})
	r.Graph.Edges = each(r.Graph.Edges, func(e *GraphEdge) { e.Label = l.Label("edge", e.Label) })
	return r
}

// In is the whole report in another language, as the page shows it.
func (r EnvironmentReport) In(l l10n.Language) EnvironmentReport {
	if l == l10n.English {
		return r
	}
	r.Report = r.Report.In(l)
	origin := func(o *Origin) { o.Layer, o.Note = l.Text(o.Layer), l.Text(o.Note) }
	pointed := func(o **Origin) {
		if *o != nil {
			own := **o
			origin(&own)
			*o = &own
		}
	}
	r.Report.Findings = each(r.Report.Findings, func(f *Finding) {
		pointed(&f.Origin)
		f.Related = each(f.Related, origin)
	})
	r.Environments.Environments = each(r.Environments.Environments, func(e *Environment) {
		values := make(map[string]Value, len(e.Values))
		for name, v := range e.Values {
			origin(&v.Origin)
			values[name] = v
		}
		e.Values = values
	})
	r.Timeline = each(r.Timeline, func(m *Moment) {
		kind := model.EventKind(m.Kind)
		if m.Source == model.SourceOurs || kind == model.EventView || kind == model.EventLoad { // the rest is text of others
			m.Text = l.Text(m.Text)
		}
	})
	r.Routes = each(r.Routes, func(route *Route) {
		route.Unknown = l.Text(route.Unknown)
		pointed(&route.Why.Origin)
		pointed(&route.SumDB.Why.Origin)
		route.Steps = each(route.Steps, func(s *RouteStep) { pointed(&s.Why.Origin) })
		if route.Probe != nil {
			probe := *route.Probe
			probe.Why = l.Text(probe.Why)
			route.Probe = &probe
		}
	})
	return r
}

// In is the same of one problem.
func (p Problem) In(l l10n.Language) Problem {
	if l == l10n.English {
		return p
	}
	p.Why, p.Summary, p.Misleads = l.Text(p.Why), l.Text(p.Summary), l.Text(p.Misleads)
	p.Fixes = fixesIn(p.Fixes, l)
	return p
}

func fixesIn(fixes []Fix, l l10n.Language) []Fix {
	return each(fixes, func(f *Fix) {
		f.Title, f.Preview, f.Disabled = l.Text(f.Title), l.Text(f.Preview), l.Text(f.Disabled)
	})
}

// each is a copy in which every element was changed.
func each[T any](all []T, change func(*T)) []T {
	all = slices.Clone(all)
	for i := range all {
		change(&all[i])
	}
	return all
}
