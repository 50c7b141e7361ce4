package report

import (
	"strings"
	"testing"
)

func probed() Probe {
	answer := ProbeAnswer{
		What: "mod", URL: "https://s403.example/x", Via: "http://gate.example:8080", Auth: "netrc, machine s403.example (/home/gopher/.netrc:3)", Status: 403, Outcome: "failed",
		Text: "reading https://s403.example/x: 403 Forbidden", Note: "it sent us on to login.example", Ref: "PX-403STOP", Redirects: []string{"https://login.example/"},
		Took: ProbeTook{Total: 12}, TLS: ProbeTLS{Fault: "expired", Chain: []Certificate{{Subject: "CN=s403.example", Issuer: "CN=Corp CA", From: "2026-01-01T00:00:00Z", Until: "2026-02-01T00:00:00Z"}}},
	}
	return Probe{
		Module: "example.com/dep", Version: "v1.0.0", Environment: "shell", Verdict: "fails", Why: "go gives up.", GoText: "example.com/dep@v1.0.0: reading …", ServedBy: -1, Refs: []string{"PX-403STOP"},
		Steps: []ProbeStep{{Kind: "proxy", URL: "https://s403.example", Reached: true, Answers: []ProbeAnswer{answer}}, {Kind: "direct"}},
		SumDB: []ProbeAnswer{{What: "supported", Outcome: "not-found", Status: 404}},
	}
}

func verification() Verification {
	a := probed().Steps[0].Answers[0]
	return Verification{Kind: "proxy", Subject: "https://s403.example", Environment: "shell", Checks: []VerifiedCheck{
		{Name: "connection", Outcome: "ok", Text: "It answers."}, {Name: "mod", Outcome: "failed", Text: a.Text, Ref: a.Ref, Answer: &a},
	}}
}

// TestProbeTextTellsEverything looks for each fact of an answer in the drawing.
func TestProbeTextTellsEverything(t *testing.T) {
	pr := probed()
	got := ProbesText([]Probe{pr}, Style{})
	a := pr.Steps[0].Answers[0]
	for _, want := range []string{pr.Why, pr.GoText, pr.Environment, a.Via, a.Auth, a.Text, a.Note, a.Redirects[0], "403", "12 ms", a.TLS.Chain[0].Issuer, a.TLS.Chain[0].Until, "supported"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if !strings.Contains(got, "2. the origin (direct): go does not come to it") {
		t.Errorf("it is not told that go does not reach the second step:\n%s", got)
	}
	if !strings.Contains(got, "explain PX-403STOP") {
		t.Errorf("it is not told where to read on:\n%s", got)
	}
	if v := verification().Text(Style{}); !strings.Contains(v, "1 check failed") || !strings.Contains(v, a.Text) {
		t.Errorf("the failed check is not told:\n%s", v)
	}
}

// TestProbeTextNamesSteps: only the steps that have a say are drawn, as a route
// names them.
func TestProbeTextNamesSteps(t *testing.T) {
	got := ProbesText([]Probe{{Verdict: "fails", Steps: []ProbeStep{{Kind: "noproxy", Reached: true}, {Kind: "off", Reached: true}}}}, Style{})
	if !strings.Contains(got, "1. off: nothing may be downloaded") || strings.Contains(got, "private") || strings.Contains(got, "not asked") {
		t.Errorf("%s", got)
	}
}

// TestFenceHolds keeps what servers say inside its block.
func TestFenceHolds(t *testing.T) {
	pr := probed()
	pr.Why = "it says ```` and\n```\n# not a heading"
	lines := strings.Split(ProbesMarkdown([]Probe{pr}), "\n")
	opening := lines[2]
	ticks := strings.TrimSuffix(opening, "text")
	ends := 0
	for _, line := range lines[3:] {
		if strings.HasPrefix(line, ticks) {
			ends++
		}
	}
	if ends != 1 || strings.Trim(ticks, "`") != "" {
		t.Errorf("the block that %q begins ends %d times", opening, ends)
	}
}
