package rules

import (
	"path/filepath"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

var cgoDoesNotWork = Rule{
	ID:     "cgo-does-not-work",
	Family: "toolchain, GOROOT, directories, cgo",
	Title:  "Packages that use C cannot be built",
	Refs: []Ref{
		{"CGO-OFF", "cgo is off, and a package has no file that counts without it", "build constraints exclude all Go files in …"},
		{"CGO-NOCC", "the C compiler that go is told to use is not found", `cgo: C compiler "…" not found: exec: "…": executable file not found in $PATH`},
	},
	Severity: model.Warning,
	// The other side has the compiler: it is told as a difference.
	DependsOn: []string{"env-drift"},
	Messages: map[string]string{
		"off":      `Where cgo is off, files that import "C" do not count, and it is off here ({why}); go finds no file that counts in {dir}: {gotext}.`,
		"compiler": `{setting} switches cgo on, and the C compiler {compiler} is not found; packages that use cgo, some of the standard library among them, do not build: {gotext}.`,
		"said":     `go does not find the C compiler: {said}.`,
	},
	Doc: Doc{
		Symptom: "```\nbuild constraints exclude all Go files in /home/gopher/go/pkg/mod/example.com/sqlite@v1.0.0\n# runtime/cgo\ncgo: C compiler \"gcc\" not found: exec: \"gcc\": executable file not found in $PATH\n```\n\nFrom an editor that was started from the desktop it fails, in the terminal it does not.",
		Cause:   "Files that import \"C\" only count where cgo is on. go switches it off where `CGO_ENABLED=0`, where it builds for another platform, and where it finds no C compiler in PATH and CC names none. With `CGO_ENABLED=1` or with CC it stays on, and the compiler has to be there.",
		Cure:    "Install a C compiler, put it into the PATH of the editor, or remove `CGO_ENABLED=0`. Where no C is needed, set `CGO_ENABLED=0`.",
		Undo:    "Put the old value back where it was set.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, u := range heard(s, "CGO-OFF") {
			env, ok := s.Env(u.said.Env)
			if !ok || !env.Complete {
				continue
			}
			t, _ := s.ToolchainOf(env.Name)
			set, why := cgoOff(env, t)
			if why == "" {
				continue // another constraint excludes them
			}
			f := model.Finding{Ref: "CGO-OFF", Subject: set.Name, Message: "off", GoText: u.Text, Location: u.said.Location}
			f.Args = map[string]model.Value{"why": model.NewValue(why), "dir": u.Args["dir"], "gotext": model.NewValue(inOneLine(u.Text.Reveal()))}
			if explicit(set) {
				f.Origin, f.Fixes = &set.Origin, remove(set)
			}
			found.add(env.Name, f)
		}
		for _, env := range present(s) {
			t, _ := s.ToolchainOf(env.Name)
			on, cc := env.Lookup("CGO_ENABLED"), env.Lookup("CC")
			if len(t.Tools) == 0 || t.Tool("cc").Path != "" || on.Value.Reveal() == "0" || on.Value.Reveal() != "1" && (cc.Value.Empty() || crosses(env, t.Host)) {
				continue
			}
			command := cc.Value.Reveal()
			if command == "" {
				if command = "gcc"; strings.HasPrefix(t.Host, "darwin/") || strings.HasPrefix(t.Host, "freebsd/") || strings.HasPrefix(t.Host, "openbsd/") || t.Host == "" && s.GOOS == "darwin" {
					command = "clang"
				}
			}
			words := route.Flags(command)
			if len(words) == 0 {
				continue // quotes that are not closed
			}
			compiler := words[0]
			if filepath.Base(compiler) != compiler && !filepath.IsAbs(compiler) {
				continue // go refuses such a CC with words of its own
			}
			set := on
			if on.Value.Empty() {
				set = cc
			}
			problem := "executable file not found in $PATH"
			if filepath.IsAbs(compiler) {
				problem = "stat " + compiler + ": no such file or directory"
			}
			f := model.Finding{Ref: "CGO-NOCC", Subject: set.Name, Message: "compiler", Severity: model.Info, Origin: &set.Origin, Fixes: remove(set)}
			text := `cgo: C compiler "` + compiler + `" not found: exec: "` + compiler + `": ` + problem
			for _, u := range heard(s, "CGO-NOCC") {
				if u.said.Env == env.Name {
					f.Severity = model.Warning
				}
			}
			f.GoText = model.NewValue(text)
			f.Args = map[string]model.Value{"setting": assignment(set), "compiler": model.NewValue(compiler), "gotext": f.GoText}
			found.add(env.Name, f)
		}
		found.echo(s, "CGO-NOCC", "CC")
		return found
	},
}

// cgoOff tells why cgo is off in an environment, and what decides it; "" if it
// is on, or if that is not known.
func cgoOff(env model.Env, t model.Toolchain) (set model.Setting, why string) {
	set = env.Lookup("CGO_ENABLED")
	switch {
	case set.Value.Reveal() == "0":
		return set, "CGO_ENABLED=0"
	case !set.Value.Empty():
		return set, ""
	case crosses(env, t.Host):
		for _, name := range []string{"GOOS", "GOARCH"} {
			if set := env.Lookup(name); !set.Value.Empty() {
				return set, name + "=" + set.Value.Reveal() + " makes go build for another platform"
			}
		}
	case len(t.Tools) > 0 && t.Tool("cc").Path == "" && env.Lookup("CC").Value.Empty():
		return env.Lookup("PATH"), "PATH leads to no C compiler"
	}
	return set, ""
}

// crosses reports whether go builds for another platform than it runs on; where
// it runs is not always known.
func crosses(env model.Env, host string) bool {
	goos, goarch, known := strings.Cut(host, "/")
	if !known {
		return false
	}
	set := func(name, native string) bool {
		v := env.Lookup(name).Value.Reveal()
		return v != "" && v != native
	}
	return set("GOOS", goos) || set("GOARCH", goarch)
}
