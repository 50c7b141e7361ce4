package rules

import (
	"path/filepath"

	"github.com/gophantom/gophantom/server/internal/model"
)

var buildCacheUnusable = Rule{
	ID:     "build-cache-unusable",
	Family: "toolchain, GOROOT, directories, cgo",
	Title:  "go has no build cache to work with",
	Refs: []Ref{
		{"GC-OFF", "GOCACHE=off", "build cache is disabled by GOCACHE=off, but required as of Go 1.12"},
		{"GC-REL", "a GOCACHE that is not absolute", "build cache is required, but could not be located: GOCACHE is not an absolute path"},
		{"GC-RO", "a build cache that cannot be made or written", "failed to initialize build cache at …: mkdir …: permission denied"},
		{"HM-UNSET", "an environment without the variables that lead to the caches, HOME above all", "build cache is required, but could not be located: GOCACHE is not defined and neither $XDG_CACHE_HOME nor $HOME are defined"},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"off":      `GOCACHE=off has no meaning any more, and go cannot build without a build cache; it stops with: {gotext}.`,
		"relative": `GOCACHE={value} is not absolute, so go cannot build; it stops with: {gotext}. “go env GOCACHE” prints “off” then.`,
		"closed":   `go keeps what it compiled in {value}, and can neither make nor write that directory, so it cannot build; it stops with: {gotext}.`,
		"unset":    `Nothing tells go where to keep what it compiles: {variables}. It cannot build and stops with: {gotext}.`,
		"modules":  `Nothing tells go where its module cache is: neither GOMODCACHE, GOPATH nor {home} is set. It stops with: {gotext}.`,
		"said":     `go cannot use its caches: {said}.`,
	},
	Doc: Doc{
		Symptom: "`go list` works, `go build`, `go vet` and gopls do not:\n\n```\nbuild cache is disabled by GOCACHE=off, but required as of Go 1.12\nbuild cache is required, but could not be located: GOCACHE is not an absolute path\nfailed to initialize build cache at /var/cache/go: mkdir /var/cache/go/00: permission denied\nbuild cache is required, but could not be located: GOCACHE is not defined and neither $XDG_CACHE_HOME nor $HOME are defined\ngo: module cache not found: neither GOMODCACHE nor GOPATH is set\n```",
		Cause:   "Since Go 1.12 nothing is built without a build cache. It is where GOCACHE says, else in the user's cache directory, which `$XDG_CACHE_HOME` or `$HOME` lead to (`%LocalAppData%` on Windows). Services, launchers and containers start programs without HOME; containers that run as a user without a home directory have one that cannot be written.",
		Cure:    "Unset GOCACHE, or set it to an absolute path that can be written. Give the program a HOME.",
		Undo:    "Put the old value back where it was set.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, env := range present(s) {
			set := env.Lookup("GOCACHE")
			cache := s.BuildCache(env)
			vars := env.Process()
			f := model.Finding{Ref: "GC-RO", Subject: "GOCACHE", Message: "closed", Origin: &set.Origin, Fixes: remove(set)}
			value, text := cache, ""
			switch {
			case cache == "off":
				f.Ref, f.Message, text = "GC-OFF", "off", "build cache is disabled by GOCACHE=off, but required as of Go 1.12"
			case !set.Value.Empty() && !filepath.IsAbs(cache):
				f.Ref, f.Message, text = "GC-REL", "relative", "build cache is required, but could not be located: GOCACHE is not an absolute path"
			case cache == "":
				f.Ref, f.Message, f.Subject, f.Origin = "HM-UNSET", "unset", "HOME", nil
				text = "build cache is required, but could not be located: GOCACHE is not defined and "
				f.Args = map[string]model.Value{}
				switch {
				case s.GOOS == "windows":
					f.Subject = "LOCALAPPDATA"
					text += "%LocalAppData% is not defined"
					value = "neither GOCACHE nor LOCALAPPDATA is set"
				case s.GOOS == "darwin":
					text += "$HOME is not defined"
					value = "neither GOCACHE nor HOME is set"
				case vars["XDG_CACHE_HOME"] != "":
					f.Subject = "XDG_CACHE_HOME"
					text += "path in $XDG_CACHE_HOME is relative"
					value = "GOCACHE is not set, and XDG_CACHE_HOME=" + vars["XDG_CACHE_HOME"] + " is not absolute"
				case vars["HOME"] == "":
					text += "neither $XDG_CACHE_HOME nor $HOME are defined"
					value = "neither GOCACHE, XDG_CACHE_HOME nor HOME is set"
				default:
					continue // a HOME that is not absolute
				}
			default:
				problem := uncreatable(s, cache)
				first := filepath.Join(cache, "00")
				if p, ok := s.Place(filepath.Clean(cache)); ok && p.Dir && p.ReadOnly {
					if part, ok := s.Place(first); ok && !part.Exists {
						problem = "mkdir " + first + ": permission denied"
					}
				}
				if problem == "" {
					break
				}
				text = "failed to initialize build cache at " + cache + ": " + problem
				if !set.Set {
					if from := env.Lookup("XDG_CACHE_HOME"); !from.Value.Empty() {
						f.Origin = &from.Origin
					} else {
						home := env.Lookup("HOME")
						f.Origin = &home.Origin
					}
				}
			}
			if text != "" {
				f.GoText = model.NewValue(text)
				f.Args = values("value", value, "variables", value, "gotext", text)
				found.add(env.Name, f)
			}
		}
		for _, b := range builds(s) {
			if !b.env.Lookup("GOMODCACHE").Value.Empty() || !b.usesCache() || s.BuildCache(b.env) == "" {
				continue
			}
			home := "HOME"
			if s.GOOS == "windows" {
				home = "USERPROFILE"
			}
			text := "go: module cache not found: neither GOMODCACHE nor GOPATH is set"
			found.add(b.env.Name, model.Finding{
				Ref: "HM-UNSET", Subject: home, Message: "modules", GoText: model.NewValue(text), Args: values("home", home, "gotext", text),
			})
		}
		for _, ref := range []string{"GC-OFF", "GC-REL", "GC-RO"} {
			found.echo(s, ref, "GOCACHE")
		}
		found.echo(s, "HM-UNSET", "HOME")
		return found
	},
}
