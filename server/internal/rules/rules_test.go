package rules_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/rules"
)

var (
	kebab       = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	placeholder = regexp.MustCompile(`\{([a-zA-Z]+)\}`)
)

// TestRegistry walks the table of rules: every rule is complete, has its file,
// its page and its scenarios.
func TestRegistry(t *testing.T) {
	ids := map[string]bool{}
	for _, r := range rules.All() {
		if ids[r.ID] {
			t.Errorf("rule id %s is used twice", r.ID)
		}
		ids[r.ID] = true
	}
	for _, r := range rules.All() {
		t.Run(r.ID, func(t *testing.T) {
			if !kebab.MatchString(r.ID) {
				t.Errorf("the id is not kebab-case")
			}
			if _, err := os.Stat(r.ID + ".go"); err != nil {
				t.Errorf("no file of the rule's name: %v", err)
			}
			for name, text := range map[string]string{
				"Family": r.Family, "Title": r.Title, "Severity": string(r.Severity),
				"Symptom": r.Doc.Symptom, "Cause": r.Doc.Cause, "Cure": r.Doc.Cure, "Undo": r.Doc.Undo,
			} {
				if text == "" {
					t.Errorf("%s is empty", name)
				}
			}
			if len(r.Messages) == 0 || len(r.Refs) == 0 || r.Check == nil {
				t.Errorf("messages, refs or check are missing")
			}
			for _, dep := range r.DependsOn {
				if !ids[dep] {
					t.Errorf("depends on %q, which is no rule", dep)
				}
			}
			dir := filepath.Join("..", "..", "..", "testdata", "scenarios", r.ID)
			files, _ := filepath.Glob(filepath.Join(dir, "*.txtar"))
			healthy := func(f string) bool { return strings.HasPrefix(filepath.Base(f), "healthy-") }
			if !slices.ContainsFunc(files, healthy) || !slices.ContainsFunc(files, func(f string) bool { return !healthy(f) }) {
				t.Errorf("needs a firing scenario and a healthy twin in testdata/scenarios/%s", r.ID)
			}
			for _, ref := range r.Refs {
				if ref.ID != "" && !slices.ContainsFunc(files, func(f string) bool {
					data, _ := os.ReadFile(f)
					return strings.Contains(string(data), r.ID+" "+ref.ID+" ")
				}) {
					t.Errorf("no scenario expects %s", ref.ID)
				}
			}
		})
	}
}

// TestCrashIsUnknown checks that a rule that panics costs its own findings
// only, and that what it looked at does not show.
func TestCrashIsUnknown(t *testing.T) {
	secret := "https://user:hunter2@proxy.example"
	s := &model.Snapshot{Envs: []model.Env{{Name: model.EnvShell, Complete: true, Layers: []model.Layer{
		{Kind: model.LayerProcess, Vars: map[string]model.Assignment{"GOPRIVATE": {Value: model.NewValue("git.corp.example ")}}},
	}}}}
	restore := rules.SetCheck("goproxy-no-entries", func(*model.Snapshot) []model.Finding { panic(secret) })
	defer restore()
	findings, crashes := rules.Run(s)
	if len(crashes) != 1 || crashes[0].Rule != "goproxy-no-entries" || strings.Contains(crashes[0].Why, "hunter2") {
		t.Errorf("crashes = %+v, want one of goproxy-no-entries without the value", crashes)
	}
	if !slices.ContainsFunc(findings, func(f model.Finding) bool { return f.Rule == "private-pattern-never-matches" }) {
		t.Errorf("the other rules did not run: %+v", findings)
	}
}

// TestMessagesAreSentences reads every message as a person would.
func TestMessagesAreSentences(t *testing.T) {
	for _, r := range rules.All() {
		for key, m := range r.Messages {
			if m != "{text}" && !strings.HasSuffix(m, ".") {
				t.Errorf("%s/%s does not end like a sentence: %q", r.ID, key, m)
			}
			if strings.Contains(fmt.Sprint(placeholder.FindAllString(m, -1)), "{}") {
				t.Errorf("%s/%s has an empty placeholder", r.ID, key)
			}
		}
	}
}

// TestCatalogueIsCovered walks the catalogue: each row belongs to one rule,
// and no rule names a row that is not in it. The rules that go beyond the
// catalogue have refs without an id, or one that extra allows.
func TestCatalogueIsCovered(t *testing.T) {
	extra := map[string]string{
		"PX-PARSE": "an address that does not parse, found while building", "PV-QUOTED": "quotes in a pattern, found while building",
		"PV-CHAR": "all other reasons why a pattern is dead, found while building", "PX-UNSERVED": "what only a probe can tell",
	}
	owner := map[string]string{}
	for _, r := range rules.All() {
		for _, ref := range r.Refs {
			if ref.ID == "" {
				continue
			}
			if other, twice := owner[ref.ID]; twice {
				t.Errorf("%s and %s both claim %s", other, r.ID, ref.ID)
			}
			owner[ref.ID] = r.ID
		}
	}
	known := map[string]bool{}
	for _, family := range rules.Catalogue {
		for _, id := range family.Refs {
			known[id] = true
			if owner[id] == "" {
				t.Errorf("no rule finds %s", id)
			}
		}
	}
	for id, rule := range owner {
		if !known[id] && extra[id] == "" {
			t.Errorf("%s claims %s, which is not in the catalogue", rule, id)
		}
	}
}
