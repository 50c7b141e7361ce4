package rules

import (
	"fmt"
	"go/version"
	"path/filepath"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/gophantom/gophantom/server/internal/model"
)

var vendorInconsistent = Rule{
	ID:     "vendor-inconsistent",
	Family: "GOFLAGS, vendor, workspace",
	Title:  "The vendor directory does not go with go.mod",
	Refs: []Ref{
		{"VD-INCONSISTENT", "vendor/modules.txt names other requirements or replacements than go.mod", "go: inconsistent vendoring in …:"},
		{"VD-MISSINGPKG", "the vendor directory lacks a package that is imported", "cannot find module providing package …: import lookup disabled by -mod=vendor"},
	},
	Severity: model.Error,
	// A go.mod that does not parse has no requirements to compare.
	DependsOn: []string{"gomod-broken", "goflags-rejected"},
	Messages: map[string]string{
		"one":     `{file} does not go with {mod}: {what}; go stops at that before it builds anything.`,
		"more":    `{file} does not go with {mod}: {what}, and {more} more; go stops at that before it builds anything.`,
		"none":    `GOFLAGS makes go build from the vendor directory, but there is no {file}, so every requirement counts as missing: {what}; go stops at that before it builds anything.`,
		"package": `The vendor directory lacks {package}, and go looks nowhere else while it builds from there: {gotext}.`,
	},
	Doc: Doc{
		Symptom: "Every build stops, and gopls loads nothing:\n\n```\ngo: inconsistent vendoring in /p:\n\texample.com/m@v1.1.0: is explicitly required in go.mod, but not marked as explicit in vendor/modules.txt\n\n\tTo ignore the vendor directory, use -mod=readonly or -mod=mod.\n\tTo sync the vendor directory, run:\n\t\tgo mod vendor\n```\n\nor `cannot find module providing package …: import lookup disabled by -mod=vendor`. gopls says `Inconsistent vendoring detected. Please re-run \"go mod vendor\".`",
		Cause:   "Where a vendor directory lies beside a go.mod of Go 1.14 or later, go builds from it and compares its `modules.txt` with the requirements and replacements of go.mod, line by line. `go get` and `go mod tidy` change go.mod alone. In a workspace the vendor directory lies beside go.work, and `go work vendor` makes it.",
		Cure:    "Run `go mod vendor` (in a workspace, `go work vendor`), and commit what it changes. To do without: `-mod=readonly` or `-mod=mod`.",
		Undo:    "`git checkout -- vendor`.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		for _, b := range builds(s) {
			v, goLine, on := b.vendor()
			if !on || b.broken || b.modfile != "" {
				continue
			}
			command, dir := "go mod vendor", s.Dir
			if b.work != nil {
				command, dir = "go work vendor", filepath.Dir(b.work.File)
			} else if m := nearest(s); m != nil {
				dir = filepath.Dir(m.File)
			}
			fix := runCommand(command, dir, "It fills the vendor directory anew from what go.mod says.")
			inconsistent := false
			if v == nil {
				v = &model.Vendor{File: filepath.Join(dir, "vendor", "modules.txt")}
			}
			if v.Why == "" {
				if wrong := b.vendorErrors(v, goLine); len(wrong) > 0 {
					inconsistent = true
					f := model.Finding{
						Ref: "VD-INCONSISTENT", Message: "one", Subject: "vendor", Environments: []model.EnvName{b.env.Name}, Location: lineOf(v.File, 1),
						Args: values("file", short(s, v.File), "mod", "go.mod", "what", wrong[0]), Fixes: []model.FixOffer{fix},
						GoText: model.NewValue(fmt.Sprintf("go: inconsistent vendoring in %s:\n\t%s\n\n\tTo ignore the vendor directory, use -mod=readonly or -mod=mod.\n\tTo sync the vendor directory, run:\n\t\t%s", dir, strings.Join(wrong, "\n\t"), command)),
					}
					if b.work != nil {
						f.Args["mod"] = model.NewValue("the workspace")
					}
					switch {
					case !v.Exists:
						f.Message, f.Location = "none", nil
						delete(f.Args, "mod")
						if b.mod == "" {
							f.Message = "one"
							f.Args["mod"] = model.NewValue("go.mod")
						}
					case len(wrong) > 1:
						f.Message = "more"
						f.Args["more"] = model.NewValue(fmt.Sprint(len(wrong) - 1))
					}
					found = append(found, f)
				}
			}
			for _, u := range heard(s, "VD-MISSINGPKG") {
				if inconsistent || u.said.Env != b.env.Name || u.Refs[0] != "VD-MISSINGPKG" || u.Args["package"].Empty() {
					continue
				}
				first, _, _ := strings.Cut(u.Text.Reveal(), "\n")
				found = append(found, model.Finding{
					Ref: "VD-MISSINGPKG", Message: "package", Subject: "vendor", Environments: []model.EnvName{b.env.Name}, Location: u.said.Location,
					Args: map[string]model.Value{"package": u.Args["package"], "gotext": model.NewValue(first)}, GoText: u.Text, Fixes: []model.FixOffer{fix},
				})
			}
		}
		return merged(found)
	},
}

// vendorErrors compares modules.txt with the main modules as the go command does
// (modload.checkVendorConsistency), and returns its lines.
func (b build) vendorErrors(v *model.Vendor, goLine string) (wrong []string) {
	type id struct{ path, version string }
	name := func(m id) string {
		if m.version == "" {
			return m.path
		}
		return m.path + "@" + m.version
	}
	report := func(m id, format string, args ...any) {
		wrong = append(wrong, name(m)+": "+fmt.Sprintf(format, args...))
	}
	mains := b.mains()
	for _, m := range mains {
		if len(m.Errors) > 0 || len(m.Queries) > 0 {
			return nil // go does not get as far
		}
	}
	pre114 := b.work == nil && (goLine == "" || version.Compare("go"+goLine, "go1.14") < 0)
	meta := make(map[id]model.VendoredModule, len(v.Modules))
	selected := map[string]string{} // the version that packages are there of
	var list []model.VendoredModule // of those that packages are there of
	for _, m := range v.Modules {
		meta[id{m.Path, m.Version}] = m
		if at, there := selected[m.Path]; m.Packages && (!there || semver.Compare(at, m.Version) < 0) {
			selected[m.Path] = m.Version
			list = append(list, m)
		}
	}
	required := map[id]bool{}
	for _, m := range mains {
		for _, r := range m.Requires {
			r := id{r.Path, r.Version}
			required[r] = true
			switch at, there := selected[r.path]; {
			case meta[r].Explicit:
			case !pre114:
				report(r, "is explicitly required in go.mod, but not marked as explicit in vendor/modules.txt")
			case there && at != r.version:
				report(r, "is explicitly required in go.mod, but vendor/modules.txt indicates %s@%s", r.path, at)
			}
		}
	}
	// replacement is what a module is replaced by, as it is written and as
	// modules.txt of a workspace has it, and the file that says so.
	own := map[string]bool{}
	index := make([]map[id]model.Replace, len(mains)) // of the replacements of each
	for i, m := range mains {
		own[m.Path] = true
		index[i] = map[id]model.Replace{}
		for _, r := range m.Replaces {
			index[i][id{r.OldPath, r.OldVersion}] = r
		}
	}
	shared := map[id]model.Replace{}
	if b.work != nil {
		for _, r := range b.work.Replaces {
			shared[id{r.OldPath, r.OldVersion}] = r
		}
	}
	find := func(in map[id]model.Replace, m id) (model.Replace, bool) {
		r, ok := in[m]
		if !ok {
			r, ok = in[id{m.path, ""}]
		}
		return r, ok
	}
	replacement := func(m id) (written, canonical id, file string, ok bool) {
		if own[m.path] && m.version == "" {
			return id{}, id{}, "", false
		}
		if r, ok := find(shared, m); ok {
			to := id{r.NewPath, r.NewVersion}
			return to, to, b.work.File, true
		}
		for i := range mains {
			r, here := find(index[i], m)
			if !here {
				continue
			}
			written, canonical, file, ok = id{r.NewPath, r.NewVersion}, id{r.NewPath, r.NewVersion}, mains[i].File, true
			if b.work != nil && r.NewVersion == "" && !filepath.IsAbs(r.NewPath) {
				canonical.path = directoryPath(filepath.Dir(b.work.File), filepath.Join(filepath.Dir(mains[i].File), filepath.FromSlash(r.NewPath)))
			}
		}
		return written, canonical, file, ok
	}
	seen := map[id]bool{}
	check := func(replaces []model.Replace) {
		for _, r := range replaces {
			old := id{r.OldPath, r.OldVersion}
			if seen[old] {
				continue
			}
			seen[old] = true
			written, canonical, file, replaced := replacement(old)
			in := id{meta[old].NewPath, meta[old].NewVersion}
			switch {
			case in != id{} && in != canonical:
				report(old, "is replaced by %s in %s, but marked as replaced by %s in vendor/modules.txt", name(written), short(b.s, file), name(in))
			case in != id{} || !replaced, pre114 && (old.version == "" || selected[old.path] != old.version):
			default:
				report(old, "is replaced in %s, but not marked as replaced in vendor/modules.txt", short(b.s, file))
			}
		}
	}
	for _, m := range mains {
		check(m.Replaces)
	}
	article, source := "", "go.mod"
	if b.work != nil {
		check(b.work.Replaces)
		article, source = "a ", "the workspace"
	}
	for _, m := range list {
		if m.Explicit && !required[id{m.Path, m.Version}] {
			report(id{m.Path, m.Version}, "is marked as explicit in vendor/modules.txt, but not explicitly required in %sgo.mod", article)
		}
	}
	for _, m := range v.Modules {
		if m.NewPath == "" {
			continue
		}
		if _, _, _, replaced := replacement(id{m.Path, m.Version}); !replaced {
			report(id{m.Path, m.Version}, "is marked as replaced in vendor/modules.txt, but not replaced in %s", source)
		}
	}
	return wrong
}
