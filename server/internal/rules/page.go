package rules

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

// Page is the documentation of a rule, or of the verdict "phantom", as
// Markdown; ok is false if there is none of that name.
func Page(id string) (markdown string, ok bool) {
	if id == phantomPageID {
		return phantomPage, true
	}
	r := ByID(id)
	if r == nil {
		return "", false
	}
	return r.page(), true
}

// Pages lists the names of all pages.
func Pages() []string {
	ids := make([]string, 0, len(all)+1)
	for _, r := range all {
		ids = append(ids, r.ID)
	}
	return append(ids, phantomPageID)
}

func (r *Rule) page() string {
	var b strings.Builder
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
	return b.String()
}

func joinLinks(ids []string) string {
	links := make([]string, 0, len(ids))
	for _, id := range ids {
		links = append(links, fmt.Sprintf("[`%s`](%s.md)", id, id))
	}
	return strings.Join(links, " or ")
}

// phantomPageID is the code of verdicts in an editor.
const phantomPageID = "phantom"

// phantomPage is the page of that verdict.
//
//go:embed phantom.md
var phantomPage string
