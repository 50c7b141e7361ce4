package engine

import (
	"github.com/gophantom/gophantom/server/internal/l10n"
	"github.com/gophantom/gophantom/server/internal/rules"
)

// Documented reports whether the page of a rule is there in a language other
// than English.
func Documented(l l10n.Language, rule string) bool { return rules.Translated(l, rule) }

// In is the update with its sentences in another language.
func (u Update) In(l l10n.Language) Update {
	if l == l10n.English {
		return u
	}
	u.Report = u.Report.In(l)
	u.Headline, u.Details, u.Cure = l.Text(u.Headline), l.Texts(u.Details), l.Text(u.Cure)
	return u
}

// In is the result with its sentences in another language.
func (r CureResult) In(l l10n.Language) CureResult {
	r.Message, r.Next = l.Text(r.Message), l.Text(r.Next)
	return r
}
