package rules

import (
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

var goproxyAnswer = Rule{
	ID:     "goproxy-answer",
	Family: "GOPROXY",
	Title:  "A proxy answers in a way that stops go",
	Refs: []Ref{
		{"PX-403STOP", "an error other than not found, with a comma behind the entry", "reading …: 403 Forbidden"},
		{"PX-ZIP403", "the zip of a module is refused", "reading ….zip: 403 Forbidden"},
		{"PX-CAPTIVE", "something that is no go.mod comes instead of one", "parsing go.mod: missing module line"},
		{"PX-REDIR-DOWNGRADE", "a redirect from https to http", "redirected from secure URL … to insecure URL …"},
		{"PX-REDIRLOOP", "redirects that lead nowhere", "stopped after 10 redirects"},
		{"PX-HANG", "the server does not answer", ""},
	},
	Severity: model.Error,
	// A server that cannot be reached because of the HTTP proxy, the certificate
	// or missing credentials is told by the rules about those.
	Messages: map[string]string{
		"stops":     `The proxy {host} failed, and go does not ask what comes after it in GOPROXY: the comma behind it means to go on only after “not found” (404 or 410): {said}.`,
		"fails":     `The proxy {host} failed: {said}.`,
		"zip":       `The proxy {host} refuses to hand out the zip of a module: {said}.`,
		"no-mod":    `What a server sent as the go.mod of {about} is none, such as the page of a login: {said}.`,
		"downgrade": `{host} redirects from https to plain http, which go never follows: {said}.`,
		"loop":      `{host} redirects again and again: {said}.`,
		"hang":      `A probe got no answer from {host} in time. go waits much longer, without a word: 30 seconds for a connection, 10 for a TLS handshake, and without limit for an answer.`,
	},
	Doc: Doc{
		Symptom: "A download stops although GOPROXY lists another proxy, or `direct`:\n\n```\nreading https://proxy…/@v/v1.0.0.mod: 403 Forbidden\n\tserver response: …\nGet \"https://proxy…\": dial tcp …: connect: connection refused\nparsing go.mod: missing module line\nredirected from secure URL https://… to insecure URL http://…\nstopped after 10 redirects\n```\n\nor nothing is printed at all, for as long as you wait.",
		Cause:   "After a comma, go asks the next entry only when the answer was 404 or 410. Any other answer (400, 401, 403, 407, 429, 5xx), a refused connection, an unknown host, a bad certificate: all of these stop. After a bar it goes on whatever happened.\n\nA 403 may be meant: proxies that check modules refuse what they hold back, often the zip only. A page of HTML instead of a go.mod, with status 200, comes from a login page or a filter in between; go never says so. A server that does not answer holds go up without limit, for go sets no time limit on an answer, and a bar does not help.",
		Cure:    "Open the address of the message in a browser: it shows who answers, and why. Refused modules are a matter for whoever runs the proxy; take another version if one is held back. If the proxy is gone, correct GOPROXY. A bar instead of the comma makes go pass over a proxy that is down; do not use it to get around a refusal.",
		Undo:    "Put the old value back where it was set.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, row := range [][2]string{{"PX-REDIR-DOWNGRADE", "downgrade"}, {"PX-REDIRLOOP", "loop"}, {"PX-ZIP403", "zip"}, {"PX-HANG", "hang"}} {
			for _, a := range answers(s, row[0]) {
				// A redirect may have led to any server.
				if a.known || strings.HasPrefix(row[0], "PX-REDIR") && len(asked(a.env)) > 0 {
					found.add(a.env.Name, a.finding(s, "GOPROXY", model.Finding{Ref: row[0], Message: row[1]}))
				}
			}
		}
		for _, a := range answers(s, "PX-403STOP") {
			if !a.known {
				continue
			}
			key := "fails"
			if a.proxy.Separator == "," && readsOn(a.env, a.proxy) {
				key = "stops"
			}
			found.add(a.env.Name, a.finding(s, "GOPROXY", model.Finding{Ref: "PX-403STOP", Message: key}))
		}
		for _, a := range answers(s, "PX-CAPTIVE") {
			if len(asked(a.env)) > 0 {
				found.add(a.env.Name, a.finding(s, "GOPROXY", model.Finding{Ref: "PX-CAPTIVE", Message: "no-mod"}))
			}
		}
		return found
	},
}

// readsOn reports whether go would come to another entry of GOPROXY behind the
// given one.
func readsOn(env model.Env, entry route.Entry) bool {
	for _, e := range route.Entries(env.Lookup("GOPROXY").Value.Reveal()) {
		if e.Start > entry.Start && !e.Ignored && e.Kind != route.Off {
			return true
		}
	}
	return false
}
