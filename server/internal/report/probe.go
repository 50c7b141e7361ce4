package report

import (
	"fmt"
	"strings"
)

// Probe is what came of asking the servers of one module's route.
type Probe struct {
	Module      string        `json:"module"`  // what was asked for: another one where a replace directive says so
	Version     string        `json:"version"` // "" if none could be found
	Environment string        `json:"environment"`
	Verdict     string        `json:"verdict"`  // "served", "fails", "hangs", "undecided" or "unasked"
	Why         string        `json:"why"`      // one sentence
	GoText      string        `json:"goText"`   // what go says; "" unless it fails
	ServedBy    int           `json:"servedBy"` // index of the step that serves the module; -1 if none does
	Steps       []ProbeStep   `json:"steps"`    // as the steps of the route
	SumDB       []ProbeAnswer `json:"sumdb"`    // answers about and of the checksum database
	Refs        []string      `json:"refs"`     // rows of the catalogue that the answers showed
}

// ProbeStep is one step of a route that was probed.
type ProbeStep struct {
	Kind    string        `json:"kind"`
	URL     string        `json:"url"`
	Reached bool          `json:"reached"` // go gets this far
	Answers []ProbeAnswer `json:"answers"`
}

// ProbeAnswer is one question to a server and what came back.
type ProbeAnswer struct {
	What      string    `json:"what"` // "list", "latest", "info", "mod", "zip", "supported", "lookup", "tile", "go-import", "git" or "origin"
	URL       string    `json:"url"`
	Via       string    `json:"via"`  // the HTTP proxy; "" if none
	Auth      string    `json:"auth"` // where the credentials came from that were sent; "" if none were
	Redirects []string  `json:"redirects"`
	Status    int       `json:"status"`  // of HTTP; 0 if no answer came
	Outcome   string    `json:"outcome"` // "ok", "not-found", "failed" or "hung"
	Text      string    `json:"text"`    // what go says of it
	Note      string    `json:"note"`
	Ref       string    `json:"ref"`
	Remote    string    `json:"remote"`
	Took      ProbeTook `json:"took"`
	TLS       ProbeTLS  `json:"tls"`
}

// ProbeTook splits the time of an answer, in milliseconds.
type ProbeTook struct {
	Lookup  int64 `json:"lookup"`
	Connect int64 `json:"connect"`
	TLS     int64 `json:"tls"`
	Header  int64 `json:"header"`
	Total   int64 `json:"total"`
}

// ProbeTLS is the chain of certificates of a server.
type ProbeTLS struct {
	Fault string        `json:"fault"` // "expired", "not-yet-valid", "unknown-authority", "self-signed", "wrong-host" or "invalid"; "" if the chain is trusted
	Chain []Certificate `json:"chain"`
}

// Certificate is one certificate of a chain.
type Certificate struct {
	Subject string   `json:"subject"`
	Issuer  string   `json:"issuer"`
	Names   []string `json:"names"`
	From    string   `json:"from"` // RFC 3339
	Until   string   `json:"until"`
}

// ProbesText draws probes for people.
func ProbesText(probes []Probe, st Style) string {
	p := &page{Style: st}
	for i, pr := range probes {
		if i > 0 {
			p.gap()
		}
		p.probe(pr)
	}
	return p.String()
}

// ProbesMarkdown is the same as a Markdown document.
func ProbesMarkdown(probes []Probe) string {
	return "# What the servers answered\n\n" + fence(ProbesText(probes, Style{})) + "\n"
}

// fence puts a text into a block of code that it cannot end.
func fence(s string) string {
	ticks := "```"
	for strings.Contains(s, ticks) {
		ticks += "`"
	}
	return ticks + "text\n" + strings.TrimRight(s, "\n") + "\n" + ticks
}

func (p *page) probe(pr Probe) {
	name := pr.Module
	if pr.Version != "" {
		name += "@" + pr.Version
	}
	m := markFail
	switch pr.Verdict {
	case "served", "unasked":
		m = markOK
	case "undecided":
		m = markUnknown
	}
	p.heading(m, p.colored(bold, name)+": "+pr.Why)
	p.field("probed", "with the settings of "+pr.Environment)
	p.field("go says", pr.GoText)
	number := 0
	for _, s := range pr.Steps {
		if s.Kind == "noproxy" && len(s.Answers) == 0 { // the module is not private
			continue
		}
		number++
		where := RouteStep{Kind: s.Kind, URL: s.URL}.name()
		if number == 1 || s.Reached {
			p.gap()
		}
		if !s.Reached {
			p.hang(fmt.Sprintf("  %d. ", number), 5, p.colored(dim, where+": go does not come to it, so it was not asked"))
			continue
		}
		p.hang(fmt.Sprintf("  %d. ", number), 5, p.colored(bold, where))
		if len(s.Answers) == 0 && s.Kind != "off" {
			p.hang("     ", 5, p.colored(dim, "not asked anything"))
		}
		for _, a := range s.Answers {
			p.answer(a)
		}
	}
	if len(pr.SumDB) > 0 {
		p.gap()
		p.hang("  ", 2, p.colored(bold, "checksum database"))
		for _, a := range pr.SumDB {
			p.answer(a)
		}
	}
	p.explain(pr.Refs)
}

// explain tells where to read about the first of several rows of the catalogue.
func (p *page) explain(refs []string) {
	for _, ref := range refs {
		if ref != "" {
			p.gap()
			p.hang("Next: ", 6, "gophantom explain "+ref)
			return
		}
	}
}

// answer writes one answer of a server.
func (p *page) answer(a ProbeAnswer) {
	m := map[string]mark{"ok": markOK, "not-found": markUnknown}[a.Outcome]
	symbol := m.symbol
	if symbol == "" {
		m = markFail
		symbol = m.symbol
	}
	if a.Outcome == "not-found" {
		symbol = "–"
	}
	what := fmt.Sprintf("%-10s", a.What)
	words := []string{a.outcome()}
	if a.Note != "" {
		words = append(words, a.Note)
	}
	if how := a.how(); how != "" {
		words = append(words, how)
	}
	p.hang("     "+p.colored(m.color, symbol)+" "+what, 5+2+len(what), strings.Join(words, "; "))
	if a.Outcome == "failed" && a.Text != "" {
		p.hang(strings.Repeat(" ", 17), 17, p.colored(dim, a.Text))
	}
}

// how tells what came of an answer beside its outcome: how long it took, who it
// was that asked, which way it went, and whose certificate it is that nobody
// trusts. "" if there is nothing to tell.
func (a ProbeAnswer) how() string {
	var words []string
	add := func(format string, args ...any) { words = append(words, fmt.Sprintf(format, args...)) }
	if a.Took.Total > 0 {
		add("%d ms", a.Took.Total)
	}
	if a.Auth != "" {
		add("credentials: %s", a.Auth)
	}
	if a.Via != "" {
		add("through %s", a.Via)
	}
	if n := len(a.Redirects); n > 0 {
		add("redirected to %s", a.Redirects[n-1])
	}
	if a.TLS.Fault != "" && len(a.TLS.Chain) > 0 {
		c := a.TLS.Chain[0]
		add("certificate of %s, issued by %s, valid from %s until %s", c.Subject, c.Issuer, c.From, c.Until)
	}
	return strings.Join(words, "; ")
}

func (a ProbeAnswer) outcome() string {
	switch {
	case a.Outcome == "hung":
		return "waited in vain"
	case a.Outcome == "ok":
		return "ok"
	case a.Status != 0:
		return fmt.Sprintf("status %d", a.Status)
	case a.Outcome == "not-found":
		return "not there"
	}
	return "failed"
}
