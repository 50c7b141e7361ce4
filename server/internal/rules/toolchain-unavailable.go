package rules

import (
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

var toolchainUnavailable = Rule{
	ID:     "toolchain-unavailable",
	Family: "toolchain, GOROOT, directories, cgo",
	Title:  "The toolchain that go hands over to cannot be downloaded",
	Refs: []Ref{
		{"TC-AUTO-UNAVAIL", "GOPROXY is off, or no proxy has the toolchain", "go: download … for …: toolchain not available"},
		{"TC-AUTO-NET", "the proxy cannot be reached", "go: download …: golang.org/toolchain@…: …"},
		{"TC-SUMOFF", "GOSUMDB is off or invalid, and a toolchain is never used unverified", "go: download …: golang.org/toolchain@…: verifying module: checksum database disabled by GOSUMDB=off"},
	},
	Severity:  model.Error,
	DependsOn: []string{"gotoolchain-invalid"},
	Messages: map[string]string{
		"off":   `go has to hand over to {name} ({why}), which is not on this machine, and GOPROXY=off forbids to download it; go commands stop with: {gotext}.`,
		"sum":   `go has to hand over to {name} ({why}), which is not on this machine, and GOSUMDB={value} keeps the download from being verified, which go insists on for toolchains; go commands stop with: {gotext}.`,
		"empty": `go has to hand over to {name} ({why}), which is not on this machine, and no checksum database is set to verify the download, which go insists on for toolchains; go commands stop with: {gotext}.`,
		"said":  `go could not get the toolchain that it has to hand over to: {said}.`,
	},
	Doc: Doc{
		Symptom: "Every go command stops, even `go version`, and gopls cannot start a view:\n\n```\ngo: download go1.27.4 for linux/amd64: toolchain not available\ngo: download go1.27.4: golang.org/toolchain@v0.0.1-go1.27.4.linux-amd64: verifying module: checksum database disabled by GOSUMDB=off\n```",
		Cause:   "With `GOTOOLCHAIN=auto` go runs the toolchain that `go.work` or `go.mod` asks for, and downloads it as the module `golang.org/toolchain` where it is missing. That needs a GOPROXY that has it, and a checksum database: neither GONOSUMDB nor GOPRIVATE exempts a toolchain. Only a GOPROXY that is a single `file://` URL does.",
		Cure:    "Install the Go that is asked for; or allow the download, through a proxy that has toolchains and its mirror of the checksum database. Where only the toolchain line asks for it, `GOTOOLCHAIN=local` goes on with the installed Go.",
		Undo:    "Put the old value back where it was set.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, env := range present(s) {
			t, _ := s.ToolchainOf(env.Name)
			if !t.Fetched || languageOnly(t.Selected) {
				continue
			}
			why, _, _ := strings.Cut(t.SelectedWhy, ";")
			f := model.Finding{}
			proxy, sumdb := env.Lookup("GOPROXY"), env.Lookup("GOSUMDB")
			entries := route.Entries(proxy.Value.Reveal())
			_, private := route.Match(privateList(env, "GONOPROXY").Value.Reveal(), "golang.org/toolchain")
			err := route.CheckGOSUMDB(sumdb.Value.Reveal())
			off := sumdb.Value.Reveal() == "off"
			onlyFiles := strings.HasPrefix(proxy.Value.Reveal(), "file://") && !strings.ContainsAny(proxy.Value.Reveal(), ",|")
			text := "go: download " + t.Selected
			switch {
			case len(entries) > 0 && entries[0].Kind == route.Off && !private:
				f.Ref, f.Message, f.Subject, f.Origin, f.Fixes = "TC-AUTO-UNAVAIL", "off", "GOPROXY", &proxy.Origin, remove(proxy)
				if text += " for " + t.Host + ": toolchain not available"; t.Host == "" {
					text = "toolchain not available"
				}
			case (off || err != nil) && !onlyFiles:
				f.Ref, f.Message, f.Subject, f.Origin, f.Fixes = "TC-SUMOFF", "sum", "GOSUMDB", &sumdb.Origin, remove(sumdb)
				problem := "checksum database disabled by GOSUMDB=off"
				if !off {
					problem = err.Error()
				}
				if sumdb.Value.Empty() {
					f.Message = "empty"
				}
				text += ": golang.org/toolchain@v0.0.1-" + t.Selected + "." + strings.Replace(t.Host, "/", "-", 1) + ": verifying module: " + problem
				if t.Host == "" {
					text = "verifying module: " + problem
				}
			default:
				continue
			}
			if _, advice := asks(s, env, t.Selected); advice {
				f.Fixes = append(f.Fixes, runCommand("go env -w GOTOOLCHAIN=local", s.Dir, "The toolchain line is advice: the installed Go is new enough for the go line."))
			}
			f.GoText = model.NewValue(text)
			f.Args = map[string]model.Value{"name": model.NewValue(t.Selected), "why": model.NewValue(why), "value": sumdb.Value, "gotext": f.GoText}
			found.add(env.Name, f)
		}
		for _, ref := range []string{"TC-AUTO-UNAVAIL", "TC-AUTO-NET", "TC-SUMOFF"} {
			found.echo(s, ref, "GOTOOLCHAIN")
		}
		return found
	},
}
