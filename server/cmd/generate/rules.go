package main

import (
	"bytes"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"slices"
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
	for _, r := range rules.All() {
		out = append(out, target{"docs/rules/" + r.ID + ".md", func(string) ([]byte, error) { return rulePage(r), nil }})
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

func rulePage(r *rules.Rule) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n\n`%s` · %s · %s\n\n", r.Title, r.ID, r.Family, r.Severity)
	section := func(title, text string) { fmt.Fprintf(&b, "## %s\n\n%s\n\n", title, text) }
	section("What you see", r.Doc.Symptom)
	section("Why it happens", r.Doc.Cause)
	section("The cure", r.Doc.Cure)
	section("How to undo it", r.Doc.Undo)
	b.WriteString("## When it fires\n\n")
	for _, ref := range r.Refs {
		name := ""
		if ref.ID != "" {
			name = "`" + ref.ID + "`: "
		}
		fmt.Fprintf(&b, "- %s%s", name, ref.What)
		if ref.Says != "" {
			fmt.Fprintf(&b, "; go says `%s`", ref.Says)
		}
		b.WriteString("\n")
	}
	if len(r.DependsOn) > 0 {
		fmt.Fprintf(&b, "\nIt stays silent where %s already explains the same variable.\n", joinLinks(r.DependsOn))
	}
	b.WriteString("\n## What it says\n\n")
	keys := make([]string, 0, len(r.Messages))
	for key := range r.Messages {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		fmt.Fprintf(&b, "- %s\n", strings.NewReplacer("{", "*", "}", "*").Replace(r.Messages[key]))
	}
	return b.Bytes()
}

func joinLinks(ids []string) string {
	links := make([]string, 0, len(ids))
	for _, id := range ids {
		links = append(links, fmt.Sprintf("[`%s`](%s.md)", id, id))
	}
	return strings.Join(links, " or ")
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
