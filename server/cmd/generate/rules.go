package main

import (
	"bytes"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"strings"

	"github.com/gophantom/gophantom/server/internal/rules"
)

const rulesDir = "server/internal/rules"

// ruleTargets are the files derived from the rules: the table, one page each,
// and the index.
func ruleTargets() []target {
	out := []target{
		{rulesDir + "/all.go", rulesTable},
		{"docs/rules/README.md", func(string) ([]byte, error) { return rulesIndex(), nil }},
	}
	for _, id := range rules.Pages() {
		out = append(out, target{"docs/rules/" + id + ".md", func(string) ([]byte, error) {
			page, _ := rules.Page(id)
			return []byte(page), nil
		}})
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
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), ".go")
		if !ok || !strings.Contains(id, "-") {
			continue
		}
		words := strings.Split(id, "-")
		for i, w := range words[1:] {
			words[i+1] = strings.ToUpper(w[:1]) + w[1:]
		}
		fmt.Fprintf(&b, "\t&%s,\n", strings.Join(words, ""))
	}
	b.WriteString("}\n")
	return format.Source(b.Bytes())
}

func rulesIndex() []byte {
	var b bytes.Buffer
	b.WriteString("# Rules\n\n| rule | what it finds | severity | catalogue |\n|---|---|---|---|\n")
	for _, r := range rules.All() {
		var refs []string
		for _, ref := range r.Refs {
			if ref.ID != "" {
				refs = append(refs, "`"+ref.ID+"`")
			}
		}
		fmt.Fprintf(&b, "| [`%s`](%s.md) | %s | %s | %s |\n", r.ID, r.ID, r.Title, r.Severity, strings.Join(refs, " "))
	}
	return b.Bytes()
}
