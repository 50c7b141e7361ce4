package report

import "fmt"

// Verification is what "gophantom proxy" and "gophantom sumdb" found.
type Verification struct {
	Kind        string          `json:"kind"`    // "proxy" or "sumdb"
	Subject     string          `json:"subject"` // as it was named
	Environment string          `json:"environment"`
	Checks      []VerifiedCheck `json:"checks"`
}

// VerifiedCheck is one thing that was verified of a server.
type VerifiedCheck struct {
	Name    string       `json:"name"`
	Outcome string       `json:"outcome"` // "ok", "warning", "failed", "security", "unknown" or "skipped"
	Text    string       `json:"text"`
	Ref     string       `json:"ref"`
	Answer  *ProbeAnswer `json:"answer"` // what it rests on; null if it needed no server
}

// Text writes a verification for people.
func (v Verification) Text(st Style) string {
	p := &page{Style: st}
	m, verdict := markOK, "all is in order."
	bad, doubtful, unclear := 0, 0, 0
	var refs []string
	for _, c := range v.Checks {
		switch c.Outcome {
		case "failed", "security":
			bad++
		case "warning":
			doubtful++
		case "unknown":
			unclear++
		}
	}
	switch {
	case bad > 0:
		m, verdict = markFail, counted(bad, "check")+" failed."
	case doubtful > 0:
		m, verdict = markWarn, "it works; "+counted(doubtful, "doubt")+"."
	case unclear > 0:
		m, verdict = markUnknown, counted(unclear, "check")+" came to no conclusion."
	}
	p.heading(m, p.colored(bold, v.Subject)+": "+verdict)
	p.field("asked", "with the settings of "+v.Environment)
	p.gap()
	marks := map[string]mark{"ok": markOK, "warning": markWarn, "failed": markFail, "security": markFail, "unknown": markUnknown}
	const indent = 23
	for _, c := range v.Checks {
		m, ok := marks[c.Outcome]
		symbol := p.colored(m.color, m.symbol)
		if !ok {
			symbol = p.colored(dim, "–")
		}
		p.hang(fmt.Sprintf("  %s %-18s ", symbol, c.Name), indent, c.Text)
		if c.Answer != nil {
			if how := c.Answer.how(); how != "" {
				p.hang(fmt.Sprintf("%*s", indent, ""), indent, p.colored(dim, how))
			}
		}
		if c.Outcome != "ok" {
			refs = append(refs, c.Ref)
		}
	}
	p.explain(refs)
	return p.String()
}
