package rules

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

var certificateNotTrusted = Rule{
	ID:     "certificate-not-trusted",
	Family: "HTTP proxies and certificates",
	Title:  "go does not trust the certificate of a server",
	Refs: []Ref{
		{"PX-TLS", "the certificate of a server is not trusted", "tls: failed to verify certificate: x509: certificate signed by unknown authority"},
		{"SSLFILE-MISSING", "SSL_CERT_FILE or SSL_CERT_DIR name what is not there", "tls: failed to verify certificate: x509: certificate signed by unknown authority"},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"tls":       `There is no secure connection from go to {host}: {said}.`,
		"file":      `SSL_CERT_FILE is {value}, {fault}, and go says nothing about it; it trusts only the certificates in {directories}.`,
		"directory": `SSL_CERT_DIR is {value}, where there is no directory, and go says nothing about it; it trusts only the certificates of {file}.`,
	},
	Doc: Doc{
		Symptom: "A download stops, although a browser trusts the server:\n\n```\ntls: failed to verify certificate: x509: certificate signed by unknown authority\n```",
		Cause:   "The server, or a proxy that looks into https connections, has a certificate of an authority that go does not know. go takes the authorities of the system. On Linux and other Unix systems, but not on macOS, SSL_CERT_FILE replaces the system's file and SSL_CERT_DIR its directories; a name that leads nowhere is passed over in silence. GOINSECURE does not help: it is for fetching from repositories, never for a proxy or the checksum database.",
		Cure:    "Add the certificate of the authority to those of the system, or name a file that has it, together with the system's, in SSL_CERT_FILE. git has its own setting, `http.sslCAInfo`.",
		Undo:    "Put the old value back where it was set.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		said := slices.Concat(answers(s, "PX-TLS"), answers(s, "SSLFILE-MISSING"))
		var found findings
		explained := map[model.EnvName]bool{}
		for _, env := range present(s) {
			for _, f := range missingCertificates(s, env) {
				for _, a := range said {
					if a.env.Name == env.Name {
						f.Severity, f.Latent = fetchSeverity(s, env)
						f.GoText = a.Text
						explained[env.Name] = true
					}
				}
				found.add(env.Name, f)
			}
		}
		for _, a := range said {
			if a.server == nil || explained[a.env.Name] {
				continue
			}
			f := a.finding(s, "GOPROXY", model.Finding{Ref: "PX-TLS", Message: "tls"})
			f.Subject = "certificate of " + a.server.Host
			if !a.known {
				f.Origin = nil
			}
			found.add(a.env.Name, f)
		}
		return found
	},
}

// missingCertificates finds the variables that replace the certificates of the
// system by something that is not there.
func missingCertificates(s *model.Snapshot, env model.Env) (found []model.Finding) {
	if s.GOOS == "" || s.GOOS == "windows" || s.GOOS == "darwin" || s.GOOS == "ios" {
		return nil // go does not read them there
	}
	if !usesHTTPS(env) {
		return nil
	}
	file, dir := env.Lookup("SSL_CERT_FILE"), env.Lookup("SSL_CERT_DIR")
	add := func(set model.Setting, key string, args map[string]model.Value) {
		args["value"] = set.Value
		found = append(found, model.Finding{
			Ref: "SSLFILE-MISSING", Subject: set.Name, Message: key, Severity: model.Warning, Latent: true, Args: args, Origin: &set.Origin,
			Fixes: []model.FixOffer{{ID: "unset-variable", Args: map[string]model.Value{"variable": model.NewValue(set.Name)}}},
		})
	}
	if path := file.Value.Reveal(); filepath.IsAbs(path) {
		place, known := s.Place(filepath.Clean(path))
		fault := ""
		switch {
		case known && !place.Exists:
			fault = "which does not exist"
		case known && place.Dir:
			fault = "which is a directory"
		}
		if fault != "" {
			directories := model.NewValue("the system’s directories")
			if !dir.Value.Empty() {
				directories = dir.Value
			}
			add(file, "file", map[string]model.Value{"fault": model.NewValue(fault), "directories": directories})
		}
	}
	if !file.Value.Empty() && len(found) == 0 {
		return nil // it says whom to trust; a directory that is not there is one way to want no others
	}
	absent := 0
	dirs := strings.Split(dir.Value.Reveal(), ":")
	for _, path := range dirs {
		if place, known := s.Place(filepath.Clean(path)); filepath.IsAbs(path) && known && !place.Dir {
			absent++
		}
	}
	if !dir.Value.Empty() && absent == len(dirs) {
		of := model.NewValue("the system’s file")
		if !file.Value.Empty() {
			of = file.Value
		}
		add(dir, "directory", map[string]model.Value{"file": of})
	}
	return found
}

// usesHTTPS reports whether go may ask some server by https.
func usesHTTPS(env model.Env) bool {
	if env.Lookup("GOSUMDB").Value.Reveal() != "off" || !privateList(env, "GONOPROXY").Value.Empty() {
		return true
	}
	return slices.ContainsFunc(route.Entries(env.Lookup("GOPROXY").Value.Reveal()), func(e route.Entry) bool {
		return !e.Ignored && (e.Kind == route.Direct || strings.HasPrefix(e.URL, "https://"))
	})
}
