package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/l10n"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/rules"
)

func (a *app) rulesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rules",
		Short: "List what check looks for",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.format == "json" {
				return a.printJSON(cmd.Context(), ruleset())
			}
			return a.print(cmd.Context(), report.RulesText(rulesetIn(a.language), a.style()))
		},
	}
}

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain [RULE | TEXT...]",
		Short: "Explain a rule, or a text that go printed: why, what to do, how to take it back",
		Long: `Explain shows the page of a rule, or the list of rules without one. Given a
text that go, git or gopls printed, it shows the pages of the rules whose faults
make go print it.`,
		Example: `  gophantom explain env-drift
  gophantom explain "go: parsing $GOFLAGS: unknown flag -foo"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.rulesCommand().RunE(cmd, nil)
			}
			if text := strings.Join(args, " "); strings.ContainsAny(text, " \n") {
				return a.explainText(cmd.Context(), text)
			}
			var ids []string
			for _, r := range ruleset() {
				if r.ID == args[0] {
					if a.format == "json" {
						return a.printJSON(cmd.Context(), r)
					}
					return a.print(cmd.Context(), public(rules.ByID(r.ID).In(a.language)).Text(a.style()))
				}
				ids = append(ids, r.ID)
				for _, ref := range r.Refs {
					if ref.ID == args[0] && ref.ID != "" {
						return a.explainCommand().RunE(cmd, []string{r.ID})
					}
				}
			}
			if page, ok := rules.Page(args[0]); ok { // the page of a verdict
				if a.format == "json" {
					return a.printJSON(cmd.Context(), map[string]string{"id": args[0], "page": page})
				}
				page, _ = rules.PageIn(a.language, args[0])
				return a.print(cmd.Context(), page)
			}
			if near := nearest(args[0], ids); near != "" {
				return fmt.Errorf("there is no rule %q; did you mean %s?", args[0], near)
			}
			return fmt.Errorf(`there is no rule %q; "gophantom rules" lists them`, args[0])
		},
	}
}

// explainText shows the pages of what makes go print a text.
func (a *app) explainText(ctx context.Context, text string) error {
	refs := engine.Recognise(text)
	if len(refs) == 0 {
		return undecided{errors.New("this text is not known: no text of the catalogue reads like that, so nothing is said about it")}
	}
	pages := []report.Rule{}
	for _, r := range ruleset() {
		if slices.ContainsFunc(r.Refs, func(ref report.Ref) bool { return slices.Contains(refs, ref.ID) }) {
			pages = append(pages, r)
		}
	}
	// The page of the likeliest cause first.
	rank := func(r report.Rule) int {
		return slices.IndexFunc(refs, func(id string) bool {
			return slices.ContainsFunc(r.Refs, func(ref report.Ref) bool { return ref.ID == id })
		})
	}
	slices.SortStableFunc(pages, func(r, s report.Rule) int { return rank(r) - rank(s) })
	if a.format == "json" {
		return a.printJSON(ctx, pages)
	}
	parts := []string{a.language.Text("go prints this in: "+strings.Join(refs, ", ")) + "\n"}
	for _, r := range pages {
		parts = append(parts, public(rules.ByID(r.ID).In(a.language)).Text(a.style()))
	}
	return a.print(ctx, strings.Join(parts, "\n"))
}

// ruleset is the catalogue in its public form.
func ruleset() []report.Rule { return rulesetIn(l10n.English) }

func rulesetIn(l l10n.Language) []report.Rule {
	out := []report.Rule{}
	for _, r := range rules.All() {
		out = append(out, public(r.In(l)))
	}
	return out
}

func public(r *rules.Rule) report.Rule {
	p := report.Rule{
		ID: r.ID, Family: r.Family, Title: r.Title, Severity: string(r.Severity), Refs: []report.Ref{},
		Symptom: r.Doc.Symptom, Cause: r.Doc.Cause, Cure: r.Doc.Cure, Undo: r.Doc.Undo,
	}
	for _, ref := range r.Refs {
		p.Refs = append(p.Refs, report.Ref{ID: ref.ID, What: ref.What, Says: ref.Says})
	}
	return p
}
