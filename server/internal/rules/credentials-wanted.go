package rules

import (
	"net/url"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

var credentialsWanted = Rule{
	ID:     "credentials-wanted",
	Family: "GOAUTH and netrc",
	Title:  "A server wants credentials",
	Refs: []Ref{
		{"AUTH-401", "a server answers 401", "reading …: 401 Unauthorized"},
	},
	Severity:  model.Error,
	DependsOn: []string{"netrc-not-used"},
	Messages: map[string]string{
		"url":     `{host} does not accept the credentials that GOPROXY has for it in its address: {said}.`,
		"netrc":   `{host} does not accept the credentials that {file} has for it: {said}.`,
		"none":    `{host} wants credentials, and {file} has none for it: {said}.`,
		"missing": `{host} wants credentials, and there is no {file} that could have some: {said}.`,
		"off":     `{host} wants credentials, and GOAUTH=off keeps go from sending any: {said}.`,
		"http":    `{host} wants credentials, which go does not send over plain http: {said}.`,
		"other":   `{host} wants credentials that go does not have: {said}.`,
	},
	Doc: Doc{
		Symptom: "A download stops:\n\n```\nreading https://proxy…/@v/v1.0.0.mod: 401 Unauthorized\n```",
		Cause:   "The server wants to know who asks. go takes credentials from the address itself (`https://USER:TOKEN@…`), from the netrc file and from the commands of GOAUTH, never from git's credential helpers unless GOAUTH says `git DIR`, and sends them over https only. After a comma in GOPROXY a 401 stops; go does not go on to the next entry.",
		Cure:    "Give go credentials for the host: `machine HOST login NAME password SECRET` in the netrc file, with the port if the address has one. Where there are some already, they may have expired.",
		Undo:    "Remove the entry.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, a := range answers(s, "AUTH-401") {
			if a.server == nil || goauthFails(s, a.env) {
				continue // the rule about GOAUTH tells why there are none
			}
			key, file := credentialsFor(s, a)
			f := a.finding(s, "GOPROXY", model.Finding{Ref: "AUTH-401", Message: key, Args: map[string]model.Value{"file": model.NewValue(file)}})
			f.Subject = "credentials for " + a.server.Host
			if !a.known {
				f.Origin = nil // an address of a module itself
			}
			found.add(a.env.Name, f)
		}
		return found
	},
}

// goauthFails reports whether GOAUTH has a command that cannot be used.
func goauthFails(s *model.Snapshot, env model.Env) bool {
	if !knowsGOAUTH(s, env) {
		return false
	}
	ref, _ := refusedGOAUTH(s, env.Lookup("GOAUTH").Value.Reveal())
	return ref != "" || slices.ContainsFunc(s.AuthPrograms, func(p model.AuthProgram) bool { return p.Env == env.Name && p.Path == "" && p.Why == "" })
}

// credentialsFor tells what go sent to a server that answered 401, as the key
// of a sentence, and the netrc file.
func credentialsFor(s *model.Snapshot, a answer) (key, file string) {
	if entry, err := url.Parse(a.proxy.URL); a.known && err == nil && entry.User != nil {
		return "url", ""
	}
	if a.server.Scheme == "http" {
		return "http", ""
	}
	if knowsGOAUTH(s, a.env) && a.env.Lookup("GOAUTH").Value.Reveal() == "off" {
		return "off", ""
	}
	i := slices.IndexFunc(s.Netrcs, func(n model.Netrc) bool { return slices.Contains(n.Envs, a.env.Name) })
	if i < 0 || s.Netrcs[i].Why != "" || !asksNetrc(s, a.env) {
		return "other", ""
	}
	netrc := s.Netrcs[i]
	if !netrc.Exists {
		return "missing", netrc.File
	}
	address := a.server.Host + strings.TrimSuffix(a.server.Path, "/")
	if slices.ContainsFunc(netrc.Machines, func(m model.NetrcMachine) bool { return m.HasLogin && m.HasPassword && !m.Unread && names(m, address) }) {
		return "netrc", netrc.File
	}
	return "none", netrc.File
}
