package rules

import (
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/gophantom/gophantom/server/internal/model"
)

var gosumMalformed = Rule{
	ID:     "gosum-malformed",
	Family: "checksums",
	Title:  "go.sum has a line that go does not accept",
	Refs: []Ref{
		{"GS-MALFORMED", "a line that does not have three fields, such as the mark of a merge conflict", "malformed go.sum:\n…/go.sum:…: wrong number of fields …"},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"idle":   `Line {line} of {file} has {fields} instead of three; nothing needs a checksum now, and go will stop there as soon as it looks one up.`,
		"fields": `Line {line} of {file} has {fields} instead of three, so go stops wherever it looks up a checksum; a merge conflict leaves such lines behind.`,
	},
	Doc: Doc{
		Symptom: "Every command that looks up a checksum stops, and gopls loads nothing:\n\n```\nmalformed go.sum:\n/p/go.sum:3: wrong number of fields 2\n```",
		Cause:   "A line of go.sum is a module, a version and a hash. A line with fewer or more words stops go; usually it is `<<<<<<<`, `=======` or `>>>>>>>` of a merge. Three words of any kind pass without a word, so the line that is named need not be the only bad one.",
		Cure:    "Resolve the conflict by keeping the lines of both sides, then run `go mod tidy`, which removes what is not needed (and lines that are not understood).",
		Undo:    "`git checkout -- go.sum` takes back what `go mod tidy` did.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		for _, b := range builds(s) {
			if _, _, vendored := b.vendor(); vendored || b.broken || b.modfile != "" {
				continue
			}
			var sums []model.Sum
			if b.work != nil {
				sums = append(sums, b.work.Sum)
			}
			for _, m := range b.mains() {
				sums = append(sums, m.Sum)
			}
			for _, sum := range sums {
				if len(sum.Bad) == 0 {
					continue
				}
				bad := sum.Bad[0]
				fields := fmt.Sprintf("%d fields", bad.Fields)
				if bad.Fields == 1 {
					fields = "1 field"
				}
				f := model.Finding{
					Ref: "GS-MALFORMED", Message: "fields", Severity: model.Error, Subject: filepath.Base(sum.File), Environments: []model.EnvName{b.env.Name},
					Args:     values("line", strconv.Itoa(bad.Line), "file", sum.File, "fields", fields),
					Location: lineOf(sum.File, bad.Line),
					GoText:   model.NewValue(fmt.Sprintf("malformed go.sum:\n%s:%d: wrong number of fields %d", sum.File, bad.Line, bad.Fields)),
					Fixes:    []model.FixOffer{runCommand("go mod tidy", filepath.Dir(sum.File), "It drops the lines that are not understood; resolve a merge conflict by hand first.")},
				}
				if !b.needsSums() {
					f.Message, f.Severity, f.Latent = "idle", model.Warning, true
				}
				found = append(found, f)
			}
		}
		return merged(found)
	},
}

// needsSums reports whether a main module requires a module that is neither a
// main module nor replaced by a directory.
func (b build) needsSums() bool {
	mains := b.mains()
	type id struct{ path, version string }
	local := map[id]bool{} // an empty version stands for all
	note := func(replaces []model.Replace) {
		for _, r := range replaces {
			if r.NewVersion == "" {
				local[id{r.OldPath, r.OldVersion}] = true
			}
		}
	}
	if b.work != nil {
		note(b.work.Replaces)
	}
	for _, m := range mains {
		local[id{m.Path, ""}] = true
		note(m.Replaces)
	}
	for _, m := range mains {
		for _, r := range m.Requires {
			if !local[id{r.Path, ""}] && !local[id{r.Path, r.Version}] {
				return true
			}
		}
	}
	return false
}
