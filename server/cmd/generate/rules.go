package main

import (
	"bytes"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"strings"

	"github.com/gophantom/gophantom/server/internal/l10n"
	"github.com/gophantom/gophantom/server/internal/rules"
)

const rulesDir = "server/internal/rules"

// ruleTargets are the files derived from the rules: the table, one page each in
// every language, and the index.
func ruleTargets() []target {
	out := []target{
		{rulesDir + "/all.go", rulesTable},
		{"docs/rules/README.md", rulesIndex},
	}
	for _, id := range rules.Pages() {
		out = append(out, target{"docs/rules/" + id + ".md", func(string) ([]byte, error) {
			page, _ := rules.Page(id)
			return []byte(page), nil
		}})
		for _, l := range l10n.Languages {
			if !rules.Translated(l, id) {
				continue
			}
			out = append(out, target{"docs/rules/" + string(l) + "/" + id + ".md", func(string) ([]byte, error) {
				page, _ := rules.PageIn(l, id)
				return []byte(page), nil
			}})
		}
	}
	return out
}

// rulesTable lists the rules from the files that declare them: a file named
// some-rule.go declares the variable someRule.
func rulesTable(root string) ([]byte, error) {
	entries, err := os.ReadDir(filepath.Join(root, filepath.FromSlash(rulesDir)))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "package rules\n\n// all is the table of rules, ordered by id. Generated from the files of this\n// package by %q; a test fails when it is stale.\nvar all = []*Rule{\n", regenerate)
	var names []string
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), ".go")
		if !ok || !strings.Contains(id, "-") {
			continue
		}
		names = append(names, id)
		words := strings.Split(id, "-")
		for i, w := range words[1:] {
			words[i+1] = strings.ToUpper(w[:1]) + w[1:]
		}
		fmt.Fprintf(&b, "\t&%s,\n", strings.Join(words, ""))
	}
	b.WriteString("}\n\n// ids are the ids of all.\nvar ids = map[string]bool{\n")
	for _, id := range names {
		fmt.Fprintf(&b, "\t%q: true,\n", id)
	}
	b.WriteString("}\n")
	return format.Source(b.Bytes())
}

// rulesIndex lists the rules, and where each row of the catalogue is covered:
// by which rule, and by how many scenarios that fire.
func rulesIndex(root string) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("# Rules\n\n| rule | what it finds | severity |\n|---|---|---|\n")
	type cover struct {
		rule *rules.Rule
		ref  rules.Ref
	}
	covered := map[string]cover{}
	for _, r := range rules.All() {
		fmt.Fprintf(&b, "| [`%s`](%s.md) | %s | %s |\n", r.ID, r.ID, r.Title, r.Severity)
		for _, ref := range r.Refs {
			covered[ref.ID] = cover{r, ref}
		}
	}
	b.WriteString("\n# The catalogue\n\nEvery misconfiguration that running the go command showed, and every way to break a team contract, the rule that finds it, and the scenarios in `testdata/scenarios` that make it fire.\n")
	for _, family := range rules.Catalogue {
		fmt.Fprintf(&b, "\n## %s\n\n| row | when | rule | scenarios |\n|---|---|---|---|\n", family.Name)
		for _, id := range family.Refs {
			c, ok := covered[id]
			if !ok {
				fmt.Fprintf(&b, "| `%s` | | not covered | |\n", id)
				continue
			}
			firing, err := scenarios(root, c.rule.ID, id)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(&b, "| `%s` | %s | [`%s`](%s.md) | %s |\n", id, c.ref.What, c.rule.ID, c.rule.ID, strings.Join(firing, " "))
		}
	}
	return b.Bytes(), nil
}

// scenarios names those of a rule that expect the given row.
func scenarios(root, rule, ref string) (names []string, err error) {
	files, err := filepath.Glob(filepath.Join(root, "testdata", "scenarios", rule, "*.txtar"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if bytes.Contains(text, []byte(rule+" "+ref+" ")) {
			names = append(names, strings.TrimSuffix(filepath.Base(file), ".txtar"))
		}
	}
	return names, err
}
