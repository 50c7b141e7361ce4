package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
)

func (a *app) whyCommand() *cobra.Command {
	file := ""
	var gopls ownGopls
	cmd := &cobra.Command{
		Use:   "why [PROBLEM]",
		Short: "Explain how a problem came about, back to the line that set a value",
		Long: `Why shows the chain of causes behind a problem: the package, the module, the step
of its route, the variable, the line that set it, and when that changed; then what
else has the same cause, what would cure it, and how sure all of that is.

PROBLEM is a place (FILE:LINE or FILE:LINE:COLUMN), the id of a rule, a contextId,
the name of a variable, or the path of a module or package. Without it, the worst
that was found is explained.

The problems are those of a gopls of our own, as for "gophantom phantoms", or with
--problems those of a file. Where there is no gopls, what the rules find and what
go fails at in your shell can be explained all the same. Of what fails there, too,
go is tried with the variables as they were when everything was green.`,
		Example: `  gophantom why
  gophantom why main.go:3:8
  gophantom why GOPROXY --env gopls=gopls.env
  gophantom why --format dot | dot -Tpng -o why.png`,
		Annotations: map[string]string{formats: "dot svg markdown"},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return errors.New("want one problem; quote it if it holds blanks")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := gopls.allowed(cmd, file); err != nil {
				return err
			}
			ctx := cmd.Context()
			about := ""
			if len(args) == 1 {
				about = args[0]
			}
			s, incomplete, err := a.shownProblems(ctx, gopls, file)
			if err != nil {
				return err
			}
			r, why, err := a.engine.why(ctx, a.world, s, engine.Truth{Unseen: file == "" && len(incomplete) == 0, Shell: file == "" && len(incomplete) > 0}, about)
			var none engine.NotFoundError
			switch {
			case errors.As(err, &none) && len(incomplete) > 0:
				return undecided{err}
			case err != nil:
				return err
			}
			var out outcome
			out.findings(r)
			out.verdicts(r.Problems)
			if len(incomplete) > 0 {
				out.hidden(model.Error)
			}
			a.exit = out.exit(a.failOn)
			why.Unknown = append(incomplete, why.Unknown...)
			switch a.format {
			case "json":
				return a.printJSON(ctx, why)
			case "dot":
				return a.print(ctx, why.Graph.DOT())
			case "svg":
				return a.print(ctx, why.Graph.SVG("Why: "+cmp.Or(why.About, "the worst that was found")))
			case "markdown":
				return a.print(ctx, a.language.Markdown(why.Markdown()))
			}
			return a.print(ctx, why.Text(a.style()))
		},
	}
	cmd.Flags().StringVar(&file, "problems", "", "explain the captured problems of a `FILE` instead of running gopls")
	gopls.flags(cmd)
	a.observeFlags(cmd)
	return cmd
}

// shownProblems takes a snapshot with captured problems or with those of a gopls
// of our own; where there is no gopls, without problems, and says so.
func (a *app) shownProblems(ctx context.Context, gopls ownGopls, file string) (*model.Snapshot, []report.Unknown, error) {
	if file != "" {
		s, err := a.readProblems(ctx, file)
		return s, nil, err
	}
	s, incomplete, err := a.runGopls(ctx, gopls)
	if gopls.program != "" || !errors.Is(err, engine.ErrNoGopls) {
		return s, incomplete, err
	}
	fmt.Fprintln(a.stderr, "gophantom: "+shown(err)+"; what the rules find and go fails at in your shell is explained")
	s, err = a.observe(ctx, a.workspace(), captured{})
	return s, []report.Unknown{{Rule: "gopls", Why: "gopls was not run, so its problems are not known."}}, err
}
