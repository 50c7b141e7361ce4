package report

import (
	"fmt"
	"strings"
)

// RoutesText draws the ways of modules for people.
func RoutesText(routes []Route, st Style) string {
	p := &page{Style: st}
	for i, r := range routes {
		if i > 0 {
			p.gap()
		}
		p.route(r)
	}
	return p.String()
}

func (p *page) route(r Route) {
	name := r.Module
	if r.Version != "" {
		name += "@" + r.Version
	}
	p.heading(r.mark(), p.colored(bold, name)+": "+r.sentence())
	p.field("seen from", r.Environment)
	if r.Target != "" {
		p.field("instead", r.Target)
	}
	p.field("go says", r.Error)
	p.field("unsure", r.Unknown)
	if len(r.Steps) == 0 {
		return
	}
	p.gap()
	for i, s := range r.Steps {
		lead := fmt.Sprintf("  %d. ", i+1)
		state := "asked"
		switch {
		case !s.Applies:
			state = p.colored(dim, "skipped")
		case s.Kind == "off":
			state = "nothing may be downloaded"
		}
		p.hang(lead, len(lead), p.colored(bold, s.name())+": "+state+why(s.Why))
		if i < len(r.Steps)-1 {
			p.hang("     ↓ ", 7, p.colored(dim, s.fallback()))
		}
	}
	p.gap()
	p.field("checksum", r.SumDB.sentence())
	if r.VCS.Consulted {
		p.field("origin", r.VCS.sentence())
		p.field("TLS", r.Insecure.sentence())
	}
}

func (r Route) mark() mark {
	switch {
	case r.Error != "":
		return markFail
	case r.Unknown != "":
		return markUnknown
	}
	return markOK
}

func (r Route) sentence() string {
	switch {
	case r.Error != "":
		return "go cannot fetch it."
	case r.Mode == "vendor":
		return "it comes from the vendor directory; nothing is fetched."
	case r.Mode == "workspace":
		return "it is a module you are working on; nothing is fetched."
	case r.Mode == "replace" && len(r.Steps) == 0:
		return "a directory replaces it; nothing is fetched."
	case r.Unknown != "" && len(r.Steps) == 0:
		return "its way is not known."
	}
	var asked []string
	for _, s := range r.Steps {
		if s.Applies {
			asked = append(asked, s.name())
		}
	}
	if len(asked) == 0 {
		return "nobody is asked for it."
	}
	return "go asks " + strings.Join(asked, ", then ") + "."
}

func (s RouteStep) name() string {
	switch s.Kind {
	case "proxy":
		return s.URL
	case "noproxy":
		return "the origin, as a private module"
	case "direct":
		return "the origin (direct)"
	}
	return s.Kind
}

// fallback says what makes go try the next step.
func (s RouteStep) fallback() string {
	switch {
	case !s.Applies:
		return "goes on"
	case s.Fallback == "any-error":
		return "on any error"
	case s.Fallback == "none":
		return "never"
	}
	return "on 404, 410 or \"not found\" only; any other error ends it here"
}

// why says which setting decided, as a clause in brackets.
func why(w Why) string {
	if w.Variable == "" {
		return ""
	}
	s := w.Variable
	if w.Pattern != "" && w.Variable != "GOPROXY" { // its entry is what the step is called

		s += "=" + w.Pattern
	}
	switch {
	case w.Origin == nil && w.Pattern != "":
		return " [" + w.Variable + " is not set, so " + w.Pattern + "]"
	case w.Origin == nil:
		return " [" + w.Variable + " is not set]"
	}
	return " [" + s + ", " + place(*w.Origin, "") + "]"
}

func (s SumDB) sentence() string {
	switch {
	case s.Error != "":
		return "GOSUMDB is not usable: " + s.Error + why(s.Why)
	case !s.Consulted:
		return "the checksum database is not asked; hashes in go.sum still count" + why(s.Why)
	case s.Proxied:
		return "new hashes are checked with " + s.Name + ", through the first proxy that stands in for it" + why(s.Why)
	}
	return "new hashes are checked with " + s.Name + " at " + s.URL + why(s.Why)
}

func (v VCS) sentence() string {
	s := "the server names the version control system"
	if v.Tool != "" {
		s = v.Tool + " from " + v.Root
	}
	switch {
	case v.Error != "":
		s += ": " + v.Error
	case !v.Allowed:
		s += ", which GOVCS does not allow"
	case v.Tool == "":
		s += "; allowed: " + strings.Join(v.Tools, ", ")
	}
	return s + why(v.Why)
}

func (i Insecure) sentence() string {
	if i.Allowed {
		return "the origin's certificate is not checked, and plain HTTP is allowed" + why(i.Why)
	}
	return "the origin's certificate is checked" + why(i.Why)
}
