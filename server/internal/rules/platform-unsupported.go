package rules

import (
	"go/version"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

var platformUnsupported = Rule{
	ID:     "platform-unsupported",
	Family: "toolchain, GOROOT, directories, cgo",
	Title:  "GOOS and GOARCH name no platform that this Go builds for",
	Refs: []Ref{
		{"GOOS-BAD", "a GOOS or GOARCH that does not exist, or a pair that does not go together", "go: unsupported GOOS/GOARCH pair …"},
		{"", "a GO386 that the compiler for 386 does not have", "unsupported setting GO386=…"},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"pair":  `GOOS and GOARCH come to {platform}, and {go} does not build for that; builds stop with: {gotext}.`,
		"name":  `No platform that {go} builds for has {variable}={value}; builds stop with: {gotext}.`,
		"go386": `The compiler for 386 does not have GO386={value}, only sse2 and softfloat; builds stop with: {gotext}.`,
		"said":  `go does not build for the platform that GOOS and GOARCH name: {said}.`,
	},
	Doc: Doc{
		Symptom: "`go list` works, everything that compiles does not:\n\n```\ngo: unsupported GOOS/GOARCH pair win/amd64\n```\n\ngopls takes files for other systems as if they were for yours, or leaves yours out.",
		Cause:   "The names are those of Go: `windows`, not `win`; `darwin`, not `macos`; `amd64`, not `x86_64`; `arm64`, not `aarch64`. `go tool dist list` prints the pairs that exist.",
		Cure:    "Unset GOOS and GOARCH, or write names that exist. To look at files for another system in the editor, set them in `build.env` of gopls for this workspace only.",
		Undo:    "Put the old value back where it was set.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, env := range present(s) {
			t, _ := s.ToolchainOf(env.Name)
			goos, goarch := env.Lookup("GOOS"), env.Lookup("GOARCH")
			if t.Release == nil || t.Release.Ports == nil || goos.Value.Empty() && goarch.Value.Empty() || strings.Contains(env.Lookup("GOFLAGS").Value.Reveal(), "gccgo") {
				continue
			}
			hostOS, hostArch, known := strings.Cut(t.Host, "/")
			os, arch := goos.Value.Reveal(), goarch.Value.Reveal()
			// has reports whether a platform exists; "" stands for any.
			has := func(os, arch string) bool {
				for port := range t.Release.Ports {
					if o, a, _ := strings.Cut(port, "/"); (os == "" || o == os) && (arch == "" || a == arch) {
						return true
					}
				}
				return false
			}
			f := model.Finding{Ref: "GOOS-BAD", Subject: "GOOS", Message: "pair", Origin: &goos.Origin, Fixes: remove(goos)}
			if os == "" || has(os, "") && arch != "" && !has("", arch) {
				f.Subject, f.Origin, f.Fixes = "GOARCH", &goarch.Origin, remove(goarch)
			}
			if known {
				if os == "" {
					os = hostOS
				}
				if arch == "" {
					arch = hostArch
				}
			}
			if has(os, arch) {
				continue
			}
			text := "go: unsupported GOOS/GOARCH pair"
			if os != "" && arch != "" {
				text += " " + os + "/" + arch
			} else {
				f.Message = "name"
			}
			f.GoText = model.NewValue(text)
			f.Args = values("platform", os+"/"+arch, "go", t.Selected, "variable", f.Subject, "value", env.Lookup(f.Subject).Value.Reveal(), "gotext", text)
			found.add(env.Name, f)
		}
		found.echo(s, "GOOS-BAD", "GOOS")
		for _, env := range present(s) {
			t, _ := s.ToolchainOf(env.Name)
			arch := env.Lookup("GOARCH").Value.Reveal()
			if arch == "" {
				_, arch, _ = strings.Cut(t.Host, "/")
			}
			set := env.Lookup("GO386")
			value := set.Value.Reveal()
			if arch != "386" || value == "" || value == "sse2" || value == "softfloat" || !version.IsValid(t.Selected) || version.Compare(t.Selected, "go1.16") < 0 {
				continue // other compilers do not look at it, and older ones had 387
			}
			text := "unsupported setting GO386=" + value
			if value == "387" {
				text += ". Consider using GO386=softfloat instead."
			}
			found.add(env.Name, model.Finding{
				Subject: "GO386", Message: "go386", Origin: &set.Origin, Fixes: remove(set), GoText: model.NewValue(text),
				Args: values("value", value, "gotext", strings.TrimSuffix(text, ".")),
			})
		}
		return found
	},
}
