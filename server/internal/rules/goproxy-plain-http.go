package rules

import (
	"net/url"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

var goproxyPlainHttp = Rule{
	ID:     "goproxy-plain-http",
	Family: "GOPROXY",
	Title:  "A proxy is asked by http where it wants https, or the other way round",
	Refs: []Ref{
		{"PX-IMPLICITHTTPS", "an address of this machine or of a bare IP without a scheme, which means https", "http: server gave HTTP response to HTTPS client"},
		{"PX-HTTPCRED", "credentials in a plain http address", "refusing to pass credentials to insecure URL: …"},
		{"PX-HTTPONTLS", "a server that speaks https only is asked by http", "reading http://…: 400 Bad Request"},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"may":         `GOPROXY has “{entry}” without a scheme, so go asks it by https; if the server speaks plain http only, write “http://{entry}”.`,
		"does":        `GOPROXY has “{entry}” without a scheme, so go asks it by https, but the server speaks plain http: {said}.`,
		"answers":     `{host} is asked by https, but it answered in plain http: {said}.`,
		"credentials": `GOPROXY has credentials in the plain http address “{entry}”; go never sends them in the clear, and stops with: {gotext}.`,
		"bad-request": `{host} is asked by plain http and answered “400 Bad Request”, as servers do that speak https only: {said}.`,
	},
	Doc: Doc{
		Symptom: "The proxy is up, but go cannot use it:\n\n```\nhttp: server gave HTTP response to HTTPS client\nrefusing to pass credentials to insecure URL: http://…\nreading http://…: 400 Bad Request\n```",
		Cause:   "An entry without a scheme gets `https://` in front, also where the proxy is on this machine or named by a bare address. Plain `http://` proxies work, without any GOINSECURE, but go never sends credentials over them: neither those in the URL nor those of netrc.",
		Cure:    "Write the scheme that the server speaks. For credentials, use https.",
		Undo:    "Put the old value back where it was set.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		for _, g := range settings(s, "GOPROXY") {
			for i, e := range asked(g.env) {
				u, err := url.Parse(e.URL)
				f := model.Finding{Ref: e.Ref, Args: map[string]model.Value{"entry": model.NewValue(e.Raw)}}
				switch {
				case err != nil:
					continue
				case e.Ref == "PX-HTTPCRED":
					f.Message, f.GoText = "credentials", model.NewValue("refusing to pass credentials to insecure URL: "+u.Redacted())
					f.Args["gotext"] = f.GoText
					f.Severity, f.Latent = fetchSeverity(s, g.env)
					if i > 0 {
						f.Severity = model.Warning // the entries before it may have everything
					}
				case e.Ref == "PX-IMPLICITHTTPS":
					f.Message, f.Severity, f.Latent = "may", model.Info, true // it may well speak https
					for _, a := range answers(s, e.Ref) {
						if a.env.Name == g.env.Name && a.known && a.proxy.Raw == e.Raw {
							f = a.finding(s, "GOPROXY", f)
							f.Message = "does"
						}
					}
					f.Fixes = replaceEntry(g.Value.Reveal(), e, "http://"+e.Raw)
				default:
					continue
				}
				found = append(found, g.finding(f))
			}
		}
		var heard findings
		for _, a := range answers(s, "PX-IMPLICITHTTPS") {
			if a.known && a.proxy.Ref != "PX-IMPLICITHTTPS" {
				heard.add(a.env.Name, a.finding(s, "GOPROXY", model.Finding{Ref: "PX-IMPLICITHTTPS", Message: "answers", Fixes: plainly(a)}))
			}
		}
		for _, a := range answers(s, "PX-HTTPONTLS") {
			if a.known {
				heard.add(a.env.Name, a.finding(s, "GOPROXY", model.Finding{Ref: "PX-HTTPONTLS", Message: "bad-request"}))
			}
		}
		return append(found, heard...)
	},
}

// plainly offers to ask a proxy by http, where that sends no credentials in the
// clear.
func plainly(a answer) []model.FixOffer {
	rest := strings.TrimPrefix(a.proxy.URL, "https://")
	if strings.Contains(rest, "@") {
		return nil
	}
	return replaceEntry(a.env.Lookup("GOPROXY").Value.Reveal(), a.proxy, "http://"+rest)
}
