package rules

import (
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

var testTagsDiffer = Rule{
	ID:     "test-tags-differ",
	Family: "settings",
	Title:  "Tests are run with build tags that gopls does not have",
	Refs: []Ref{
		{"", "go.testTags or go.testFlags have a tag that gopls is not given", "No packages found for open file …"},
	},
	Severity: model.Info,
	Messages: map[string]string{
		"tags": `{setting} runs tests with the build tags {tags}, which gopls is not given: it leaves out files that need them, and shows “No packages found” when they are open, while the tests pass.`,
	},
	Doc: Doc{
		Symptom: "A test file with `//go:build integration` shows `No packages found for open file`, nothing in it can be followed, and *Go: Test File* runs it all the same.",
		Cause:   "`go.testTags` and `go.testFlags` are for `go test` only. gopls gets `go.buildTags` and `go.buildFlags`, or its own `build.buildFlags`, and GOFLAGS.",
		Cure:    "Set `go.buildTags` as well, or `build.buildFlags` of gopls: `[\"-tags=integration\"]`. Where both sets of files cannot be looked at together, leave it as it is.",
		Undo:    "Remove the tags from the setting again.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		env, ok := s.Env(model.EnvGopls)
		if !ok || !env.Complete {
			if env, ok = s.Env(model.EnvTools); !ok || !env.Complete || len(s.Gopls) > 0 {
				return nil
			}
		}
		if s.Extension == nil {
			return nil
		}
		flags, broken := goflags(env.Lookup("GOFLAGS").Value.Reveal())
		if broken {
			return nil
		}
		var have []string
		for _, f := range flags {
			if f.name == "tags" {
				have = tagList(f.value)
			}
		}
		for _, key := range []string{"go.testTags", "go.testFlags"} {
			i := slices.IndexFunc(s.Settings, func(set model.EditorSetting) bool { return set.Key == key }) // the narrowest scope
			if i < 0 || s.Settings[i].Null {
				continue
			}
			lacks := slices.DeleteFunc(wantedTags(key, s.Settings[i].Texts), func(tag string) bool { return slices.Contains(have, tag) })
			if len(lacks) == 0 {
				continue
			}
			found = append(found, model.Finding{
				Subject: key, Environments: []model.EnvName{env.Name}, Message: "tags", Location: lineOf(s.Settings[i].File, s.Settings[i].Line),
				Args: values("setting", key, "tags", strings.Join(lacks, ",")),
			})
		}
		return found
	},
}

// wantedTags are the tags that a setting of tests gives to go.
func wantedTags(key string, texts []model.Value) []string {
	if key == "go.testTags" {
		if len(texts) != 1 {
			return nil
		}
		return tagList(texts[0].Reveal())
	}
	for i, text := range texts {
		flag := strings.TrimPrefix(text.Reveal(), "-")
		if value, ok := strings.CutPrefix(flag, "-tags="); ok {
			return tagList(value)
		} else if value, ok := strings.CutPrefix(flag, "tags="); ok && flag != text.Reveal() {
			return tagList(value)
		} else if (flag == "tags" || flag == "-tags") && flag != text.Reveal() && i+1 < len(texts) {
			return tagList(texts[i+1].Reveal())
		}
	}
	return nil
}

// tagList splits tags at commas, or at spaces as of old.
func tagList(text string) []string {
	return strings.FieldsFunc(strings.Join(route.Flags(text), ","), func(r rune) bool { return r == ',' })
}
