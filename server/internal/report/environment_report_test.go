package report

import (
	"fmt"
	"strings"
)

// whole is a report with something in every part of it.
func whole() EnvironmentReport {
	r := EnvironmentReport{Schema: EnvironmentReportSchema, Report: troubled(), Environments: EnvironmentsOf(busy()), Routes: routes()}
	r.Routes[0].Probe = &Probe{
		Module: "example.com/dep", Version: "v1.0.0", Environment: "shell", Verdict: "fails", Why: "b.example has a fault of its own.", ServedBy: -1,
		Steps: []ProbeStep{
			{Kind: "noproxy"},
			{Kind: "proxy", URL: "https://proxy.example", Reached: true, Answers: []ProbeAnswer{{What: "mod", Status: 404, Outcome: "not-found", Took: ProbeTook{Total: 12}}}},
			{Kind: "proxy", URL: "https://b.example", Reached: true, Answers: []ProbeAnswer{{What: "mod", Status: 503, Outcome: "failed", Took: ProbeTook{Total: 17}}}},
			{Kind: "direct"},
		},
	}
	return r
}

// huge is a report of a big and unlucky workspace, with names and values that
// are attacks, of about 5 MB.
func huge() EnvironmentReport {
	r := whole()
	const hostile = "</script><script>alert(1)</script><!--\u202e\x1b[31m\u2066"
	long := strings.Repeat("a very long explanation of what go says; ", 150)
	deep := "/srv" + strings.Repeat("/a-directory-with-a-long-name", 20) + "/main.go"
	for i := range 500 {
		f := troubled().Findings[i%3]
		f.Message = fmt.Sprintf("%d: %s %s", i, f.Message, hostile)
		f.Origin = &Origin{Layer: "GOENV file", File: deep, Line: i + 1}
		f.Evidence = []string{long + hostile}
		r.Report.Findings = append(r.Report.Findings, f)
	}
	for i := range 200 {
		for _, env := range []string{"gopls", "shell"} {
			route := routes()[0]
			route.Module, route.Environment = fmt.Sprintf("example.com/%s/%d", hostile, i), env
			r.Routes = append(r.Routes, route)
		}
	}
	for i := range r.Environments.Environments {
		for j := range 50 {
			r.Environments.Environments[i].Values[fmt.Sprintf("GOTEST%d", j)] = Value{Value: strings.Repeat("x", j*40) + hostile, Origin: Origin{Layer: "GOENV file", File: deep, Line: j}}
		}
	}
	return r
}
