package rules

import (
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

var moduleCacheUnusable = Rule{
	ID:     "module-cache-unusable",
	Family: "toolchain, GOROOT, directories, cgo",
	Title:  "go cannot use its module cache",
	Refs: []Ref{
		{"MC-REL", "a GOMODCACHE that is not absolute", "go: GOMODCACHE entry is relative; must be absolute path: …"},
		{"MC-FILE", "a file where the module cache should be", "go: could not create module cache: … is not a directory"},
		{"MC-RO", "a module cache that cannot be made or written, while something has to be downloaded", "go: could not create module cache: mkdir …: permission denied"},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"relative":    `GOMODCACHE={value} is not absolute, so go stops as soon as it needs a module: {gotext}.`,
		"file":        `The module cache is to be {value}, which is no directory, so go stops as soon as it needs a module: {gotext}.`,
		"uncreatable": `The module cache is to be {value}, which does not exist and cannot be made, so go stops as soon as it needs a module: {gotext}.`,
		"closed":      `The module cache {value} cannot be written, and not all modules that are required are in it (missing: {count}); go stops with: {gotext}.`,
		"said":        `go cannot use its module cache: {said}.`,
	},
	Doc: Doc{
		Symptom: "Builds stop as soon as they need a module:\n\n```\ngo: GOMODCACHE entry is relative; must be absolute path: \"mc\".\ngo: could not create module cache: \"/home/gopher/cache\" is not a directory\ngo: could not create module cache: mkdir /opt/cache: permission denied\nmain.go:3:8: mkdir /opt/cache/cache: permission denied\n```",
		Cause:   "go keeps the modules that it downloads in GOMODCACHE, by default `pkg/mod` in the first directory of GOPATH. A cache that is shared read-only is fine as long as it has everything.",
		Cure:    "Remove GOMODCACHE, or set it to an absolute path that can be written.",
		Undo:    "Put the old value back where it was set.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found findings
		for _, b := range builds(s) {
			set := b.env.Lookup("GOMODCACHE")
			dir := set.Value.Reveal()
			if dir == "" {
				continue
			}
			f := model.Finding{Subject: "GOMODCACHE", Origin: &set.Origin, Fixes: remove(set)}
			if !explicit(set) {
				if from := b.env.Lookup("GOPATH"); explicit(from) {
					f.Origin = &from.Origin
				}
			}
			missing, _ := s.Missing(b.env)
			text := ""
			place, known := s.Place(filepath.Clean(dir))
			switch {
			case !filepath.IsAbs(dir):
				if !explicit(set) {
					continue // GOPATH is not absolute, and that is told
				}
				f.Ref, f.Message, text = "MC-REL", "relative", "GOMODCACHE entry is relative; must be absolute path: "+strconv.Quote(dir)+"."
			case !known:
				continue
			case place.Exists && !place.Dir:
				f.Ref, f.Message, text = "MC-FILE", "file", "could not create module cache: "+strconv.Quote(dir)+" is not a directory"
			case !place.Exists:
				problem := uncreatable(s, dir)
				if problem == "" {
					continue
				}
				if strings.HasSuffix(problem, ": not a directory") {
					problem = "stat " + dir + ": not a directory" // go looks before it makes it
				}
				f.Ref, f.Message, text = "MC-RO", "uncreatable", "could not create module cache: "+problem
			case len(missing) > 0:
				problem := uncreatable(s, filepath.Join(dir, "cache", "download"))
				if p, ok := s.Place(filepath.Join(dir, "cache", "download")); ok && p.Dir && p.ReadOnly {
					problem = "permission denied"
				}
				if problem == "" {
					continue
				}
				f.Ref, f.Message, text = "MC-RO", "closed", problem
			default:
				continue
			}
			if !b.usesCache() {
				f.Severity, f.Latent = model.Warning, true
			}
			f.GoText = model.NewValue(text)
			if f.Message != "closed" {
				f.GoText = model.NewValue("go: " + text)
			}
			f.Args = map[string]model.Value{"value": set.Value, "count": model.NewValue(strconv.Itoa(len(missing))), "gotext": model.NewValue(strings.TrimSuffix(f.GoText.Reveal(), "."))}
			found.add(b.env.Name, f)
		}
		for _, ref := range []string{"MC-REL", "MC-FILE", "MC-RO"} {
			found.echo(s, ref, "GOMODCACHE")
		}
		return found
	},
}
