package report

import (
	"fmt"
	"slices"
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

// RoutesTable puts the ways of many modules on one page: modules that take
// the same way stand together under it.
func RoutesTable(routes []Route, st Style) string {
	p := &page{Style: st}
	if len(routes) == 0 {
		p.heading(markOK, "go.mod requires nothing, so nothing is fetched.")
		return p.String()
	}
	var ways []string
	byWay := map[string][]Route{}
	for _, r := range routes {
		way := r.way()
		if byWay[way] == nil {
			ways = append(ways, way)
		}
		byWay[way] = append(byWay[way], r)
	}
	slices.SortStableFunc(ways, func(a, b string) int { return len(byWay[b]) - len(byWay[a]) })
	p.line(fmt.Sprintf("%s in %s.", counted(len(routes), "module"), environmentIn(routes[0])))
	for _, way := range ways {
		group := byWay[way]
		first := group[0]
		p.gap()
		p.heading(first.mark(), p.colored(bold, counted(len(group), "module"))+": "+first.sentence())
		p.field("because", first.because())
		if says := first.failure(); says != "" && len(group) > 1 {
			p.field("go says", "such as: "+says)
		} else {
			p.field("go says", says)
		}
		p.field("unsure", first.Unknown)
		var rows [][]string
		for _, r := range group {
			rows = append(rows, []string{r.Module, r.Version, r.Target, r.Cache.short(), r.sums()})
		}
		header := []string{"module", "version", "instead", "cache", "checksum"}
		for i := len(header) - 1; i > 0; i-- { // columns without a word are left out
			if slices.ContainsFunc(rows, func(row []string) bool { return row[i] != "" }) {
				continue
			}
			header = slices.Delete(header, i, i+1)
			for j := range rows {
				rows[j] = slices.Delete(rows[j], i, i+1)
			}
		}
		p.table(header, rows, 0)
	}
	return p.String()
}

// way is the same for routes that people would call the same.
func (r Route) way() string {
	// Go's text names the module, which makes no other way of it.
	parts := []string{r.sentence(), r.because(), r.Unknown, strings.ReplaceAll(r.Error, r.target(), "")}
	for _, s := range r.Steps {
		parts = append(parts, s.Fallback, fmt.Sprint(s.Applies), s.Access.sentence())
	}
	return strings.Join(parts, "\x00")
}

// failure is what go says when the module cannot be had.
func (r Route) failure() string {
	if r.Error != "" {
		return r.says()
	}
	return r.Sum.Error
}

// says is go's own text with the setting it is about.
func (r Route) says() string {
	if r.Error == "" {
		return ""
	}
	at := why(r.Why)
	if r.Why.Variable == "GOPROXY" && r.Why.Pattern != "" && r.Why.Origin != nil {
		at = " [the entry " + r.Why.Pattern + " of GOPROXY, " + place(*r.Why.Origin, "") + "]"
	}
	return r.Error + at
}

// because names the settings that make a way, for a table.
func (r Route) because() string {
	var out []string
	for _, s := range r.Steps {
		if s.Applies && s.Why.Variable != "" {
			if w := strings.Trim(why(s.Why), " []"); !slices.Contains(out, w) {
				out = append(out, w)
			}
		}
	}
	return strings.Join(out, "; ")
}

func (c RouteCache) short() string {
	switch c.State {
	case "whole":
		return "in the cache"
	case "go.mod":
		return "go.mod in the cache"
	case "missing":
		return "to fetch"
	}
	return ""
}

// sums says in a few words who vouches for the module.
func (r Route) sums() string {
	switch {
	case len(r.Steps) == 0:
		return ""
	case r.Sum.Zip && r.Sum.GoMod:
		return "go.sum"
	case r.Sum.Known && r.Sum.ReadOnly:
		return "not in go.sum"
	case r.SumDB.Consulted && r.SumDB.Error == "":
		return r.SumDB.Name
	}
	return "nobody"
}

func environmentIn(r Route) string {
	s := "the " + r.Environment + " environment"
	if r.Toolchain.Selected != "" {
		s += ", with " + r.Toolchain.Selected
	}
	return s
}

func (p *page) route(r Route) {
	p.way(r)
	if r.Probe != nil {
		p.gap()
		p.probe(*r.Probe)
	}
}

func (p *page) way(r Route) {
	p.heading(r.mark(), p.colored(bold, r.name())+": "+r.sentence())
	p.field("seen from", strings.TrimPrefix(environmentIn(r), "the "))
	if r.Toolchain.Fetch != "" && r.Toolchain.Fetch != r.name() {
		p.field("before", "go downloads "+r.Toolchain.Fetch+" to have "+r.Toolchain.Selected+": "+r.Toolchain.Why)
	}
	if r.Target != "" {
		p.field("instead", r.Target)
	}
	p.field("go says", r.says())
	p.field("unsure", r.Unknown)
	if len(r.Steps) == 0 {
		return
	}
	if r.Query && r.Error == "" {
		p.field("version", r.Version+" is no version yet: go asks the same servers which one it means, and then for that one")
	}
	p.field("go.sum", r.Sum.sentence())
	p.field("cache", r.Cache.sentence())
	p.gap()
	for i, s := range r.Steps {
		p.step(r, i, s)
	}
	p.gap()
	p.field("checksum", r.SumDB.sentence())
	if r.SumDB.Consulted && !r.SumDB.Recorded && r.SumDB.Error == "" {
		p.field("", r.SumDB.Access.sentence())
	}
	if r.VCS.Consulted {
		p.field("TLS", r.Insecure.sentence())
	}
}

// rail is where the texts of a step begin.
const rail = 7

// step draws one station and the way on from it.
func (p *page) step(r Route, i int, s RouteStep) {
	last := i == len(r.Steps)-1
	track := "  │    "
	if last {
		track = "       "
	}
	if !s.Applies {
		p.hang("  "+p.colored(dim, "○")+fmt.Sprintf(" %d  ", i+1), rail, p.colored(dim, s.name()+": "+s.skipped(r)))
		if !last {
			p.WriteString("  │\n")
		}
		return
	}
	p.hang(fmt.Sprintf("  ● %d  ", i+1), rail, p.colored(bold, s.name()))
	detail := func(text string) {
		if text == "" {
			return
		}
		room := 0
		if p.Width > rail+20 {
			room = p.Width - rail
		}
		for _, line := range wrapped(p.Language.Text(text), room) {
			p.WriteString(strings.TrimRight(track+line, " ") + "\n")
		}
	}
	again := s.origin() && slices.ContainsFunc(r.Steps[:i], func(t RouteStep) bool { return t.Applies && t.origin() })
	switch {
	case again:
		detail("the same as above")
	case s.origin():
		detail(p.colored(dim, strings.Trim(why(s.Why), " []")))
		detail(r.VCS.sentence())
		if r.VCS.Page != "" {
			detail(r.VCS.Access.sentence())
		}
	default:
		detail(p.colored(dim, strings.Trim(why(s.Why), " []")))
		detail(s.Access.sentence())
	}
	switch {
	case last:
	case s.Fallback == "any-error":
		p.hang("  ", 2, "├──▶ any error: the next one")
	default:
		p.hang("  ", 2, "├──▶ only if it answers 404, 410 or \"not found\": the next one")
		p.hang("  ", 2, "│    any other error: "+p.colored(markFail.color, "✗ go stops"))
	}
}

func (r Route) name() string {
	if r.Version == "" {
		return r.Module
	}
	return r.Module + "@" + r.Version
}

func (r Route) mark() mark {
	switch {
	case r.Error != "" && r.Cached():
		return markInfo
	case r.Error != "":
		return markFail
	case r.Sum.Error != "":
		return markWarn
	case r.Unknown != "":
		return markUnknown
	}
	return markOK
}

// Cached reports whether the module cache has what a build is known to need, so
// that it does no harm if fetching must fail.
func (r Route) Cached() bool {
	return (r.Cache.State == "whole" || r.Cache.State == "go.mod") && r.Sum.Error == ""
}

func (r Route) sentence() string {
	switch {
	case r.Mode == "vendor":
		return "a build takes it from the vendor directory or not at all; nothing is fetched."
	case r.Mode == "workspace":
		return "it is a module you are working on; nothing is fetched."
	case r.Mode == "replace" && len(r.Steps) == 0 && r.Error != "":
		return "go cannot tell what replaces it."
	case r.Mode == "replace" && len(r.Steps) == 0:
		return "a directory replaces it; nothing is fetched."
	case r.Error != "" && r.Cache.State == "whole":
		return "go has it in the module cache, and could not fetch it again."
	case r.Error != "" && r.Cached():
		return "go has its go.mod in the module cache, and could fetch nothing more of it."
	case r.Error != "":
		return "go cannot fetch it."
	case r.Unknown != "" && len(r.Steps) == 0:
		return "its way is not known."
	}
	var asked []string
	for _, s := range r.Steps {
		name := s.short()
		if s.Applies && !slices.Contains(asked, name) {
			asked = append(asked, name)
		}
	}
	if len(asked) == 0 {
		return "nobody is asked for it."
	}
	way := strings.Join(asked, ", then ")
	if r.Sum.Error != "" {
		return "go asks " + way + ", but a build that needs it stops before that: go.sum has no hash for it."
	}
	if r.Cache.State == "whole" {
		return "it is in the module cache, so nobody is asked; otherwise go would ask " + way + "."
	}
	return "go asks " + way + "."
}

// name is what a step is called in its own picture.
func (s RouteStep) name() string {
	switch s.Kind {
	case "proxy":
		return s.URL
	case "noproxy":
		return "the origin, as a private module"
	case "direct":
		return "the origin (direct)"
	}
	return "off: nothing may be downloaded"
}

// origin reports whether a step fetches from the origin.
func (s RouteStep) origin() bool { return s.Kind == "noproxy" || s.Kind == "direct" }

// short is what a step is called in a sentence.
func (s RouteStep) short() string {
	switch s.Kind {
	case "proxy":
		return s.URL
	case "off":
		return "nobody (off)"
	}
	return "the origin"
}

// skipped says why a step is passed over.
func (s RouteStep) skipped(r Route) string {
	switch {
	case s.Kind != "noproxy":
		return "skipped, the module is private" + why(s.Why)
	case s.Why.Origin == nil:
		return "skipped" + why(s.Why)
	}
	return "skipped, no pattern of " + s.Why.Variable + " matches " + r.target() + why(s.Why)
}

// target is the path that is looked up.
func (r Route) target() string {
	path, _, _ := strings.Cut(r.Target, "@")
	if path == "" {
		return r.Module
	}
	return path
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

// sentence says how go reaches a server; "" where nothing is special.
func (a Access) sentence() string {
	return strings.TrimSuffix(strings.Join(slices.DeleteFunc([]string{a.Auth.sentence(), a.Via.sentence()}, func(s string) bool { return s == "" }), "; "), ".")
}

func (a Auth) sentence() string {
	in := ""
	if a.Origin != nil {
		in = place(*a.Origin, "")
	}
	switch {
	case a.Error != "":
		return "✗ go stops: " + a.Error
	case a.Source == "url":
		return "credentials: those in the URL"
	case a.Source == "netrc":
		return "credentials: netrc, machine " + a.Machine + " [" + in + "]"
	case a.Source == "command":
		return "credentials: what the commands of GOAUTH say [" + in + "]"
	case a.Source == "unknown":
		return "credentials unknown: " + strings.TrimSuffix(a.Why, ".")
	case a.Source == "none" && a.Why != "":
		return "no credentials: " + strings.TrimSuffix(a.Why, ".")
	case a.Source == "none" && in != "":
		return "no credentials [no entry in " + in + "]"
	}
	return ""
}

func (v Via) sentence() string {
	s := ""
	switch {
	case v.Error != "":
		return "✗ go stops: " + v.Error + why(v.Why)
	case v.Loopback:
		return "no HTTP proxy, for it is this machine"
	case v.URL != "":
		s = "through the HTTP proxy " + v.URL + why(v.Why)
	case v.Why.Variable != "":
		s = "past the HTTP proxy" + why(v.Why)
	}
	if v.Unknown != "" {
		s += " (unsure: " + v.Unknown + ")"
	}
	return s
}

func (c RouteCache) sentence() string {
	switch c.State {
	case "whole":
		return "has it; nothing is fetched (" + c.Dir + ")"
	case "go.mod":
		return "has its go.mod; the rest was not looked for, since nothing requires it directly (" + c.Dir + ")"
	case "missing":
		return "does not have all of it; go may fetch " + listed(c.Fetches) + " (" + c.Dir + ")"
	}
	return ""
}

func (s RouteSum) sentence() string {
	switch {
	case s.File == "":
		return ""
	case s.Error != "":
		return "✗ " + s.Error + " (" + s.File + ")"
	case s.Zip && s.GoMod:
		return "has its hashes (" + s.File + ")"
	case !s.Known:
		return "does not have all its hashes, as far as it is known (" + s.File + ")"
	case s.GoMod:
		return "has the hash of its go.mod only (" + s.File + ")"
	}
	return "does not have its hashes (" + s.File + ")"
}

func (s SumDB) sentence() string {
	switch {
	case s.Recorded:
		return "go.sum has the hashes, so the checksum database is not asked" + why(s.Why)
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
	s := ""
	switch {
	case v.Tool != "":
		s = v.Tool + " from " + v.Root + " with the credentials and proxies that " + v.Tool + " knows"
	case v.Page != "":
		s = v.Page + " says which tool and where"
	}
	switch {
	case v.Error != "":
		s += ": ✗ " + v.Error
	case !v.Allowed:
		s += ", and GOVCS allows none"
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
