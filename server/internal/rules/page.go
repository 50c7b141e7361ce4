package rules

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/l10n"
)

// Page is the documentation of a rule, or of the verdict "phantom", as
// Markdown; ok is false if there is none of that name.
func Page(id string) (markdown string, ok bool) { return PageIn(l10n.English, id) }

// PageIn is the page in another language, or in English if it is not
// translated.
func PageIn(l l10n.Language, id string) (markdown string, ok bool) {
	if id == phantomPageID {
		if page, ok := l.File(phantomPageID + ".md"); ok {
			return page, true
		}
		return phantomPage, true
	}
	r := ByID(id)
	if r == nil {
		return "", false
	}
	if _, translated := l.Page(id); !translated {
		return r.page(l10n.English), true
	}
	return r.In(l).page(l), true
}

// Translated reports whether there is a page in the language.
func Translated(l l10n.Language, id string) bool {
	_, page := l.Page(id)
	_, file := l.File(id + ".md")
	return page || file
}

// In is the rule with its words in another language. Its prose stays English
// where not all of it is translated.
func (r *Rule) In(l l10n.Language) *Rule {
	if l == l10n.English {
		return r
	}
	out := *r
	out.Title, out.Family = l.Text(r.Title), l.Label("family", r.Family)
	out.Refs = slices.Clone(r.Refs)
	for i := range out.Refs {
		out.Refs[i].What = l.Text(out.Refs[i].What)
	}
	out.Messages = map[string]string{}
	for key, message := range r.Messages {
		out.Messages[key] = l.Template(message)
	}
	if page, ok := l.Page(r.ID); ok {
		out.Doc = Doc(page)
	}
	return &out
}

// Pages lists the names of all pages.
func Pages() []string {
	ids := make([]string, 0, len(all)+1)
	for _, r := range all {
		ids = append(ids, r.ID)
	}
	return append(ids, phantomPageID)
}

func (r *Rule) page(l l10n.Language) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n`%s` · %s · %s\n\n", r.Title, r.ID, r.Family, l.Label("severity", string(r.Severity)))
	section := func(title, text string) { fmt.Fprintf(&b, "## %s\n\n%s\n\n", l.Text(title), text) }
	section("What you see", r.Doc.Symptom)
	section("Why it happens", r.Doc.Cause)
	section("The cure", r.Doc.Cure)
	section("How to undo it", r.Doc.Undo)
	fmt.Fprintf(&b, "## %s\n\n", l.Text("When it fires"))
	for _, ref := range r.Refs {
		name := ""
		if ref.ID != "" {
			name = "`" + ref.ID + "`: "
		}
		fmt.Fprintf(&b, "- %s%s", name, ref.What)
		if ref.Says != "" {
			fmt.Fprintf(&b, "%s `%s`", l.Label("case", "; go says"), ref.Says)
		}
		b.WriteString("\n")
	}
	if len(r.DependsOn) > 0 {
		fmt.Fprintf(&b, "\n%s\n", l.Text("It stays silent where "+joinLinks(l, r.DependsOn)+" already explains the same variable."))
	}
	fmt.Fprintf(&b, "\n## %s\n\n", l.Text("What it says"))
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

func joinLinks(l l10n.Language, ids []string) string {
	links := make([]string, 0, len(ids))
	for _, id := range ids {
		links = append(links, fmt.Sprintf("[`%s`](%s.md)", id, id))
	}
	return strings.Join(links, " "+l.Label("joint", "or")+" ")
}

// phantomPageID is the code of verdicts in an editor.
const phantomPageID = "phantom"

// phantomPage is the page of that verdict.
//
//go:embed phantom.md
var phantomPage string
