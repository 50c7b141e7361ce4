package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
)

func (a *app) baselineCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "baseline",
		Short: "Tell what changed since the workspace worked",
		Long: `Baseline remembers what a workspace looks like when everything is green: variables
and tools of each environment, what go.mod and go.work say, gopls. An editor
keeps it by itself whenever everything is green; "save" does so on the command line.
"diff" says what changed since, what explains the trouble of now best first.

It is kept in your cache directory. Of values it has what a report would show,
so credentials are not in it, and hashes that tell whether they are the same.`,
		Example: `  gophantom baseline save
  gophantom baseline diff`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("there is no %q: want save or diff", report.Show(model.NewValue(args[0])))
			}
			return errors.New("want save or diff")
		},
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	save := &cobra.Command{
		Use:   "save",
		Short: "Keep what the workspace looks like now",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.observe(cmd.Context(), a.workspace(), captured{})
			if err != nil {
				return err
			}
			if err := engine.SaveBaseline(a.world, s); err != nil {
				return undecided{fmt.Errorf("the baseline could not be kept: %w", err)}
			}
			fmt.Fprintln(a.stderr, "gophantom: the baseline was kept; “gophantom baseline diff” says what changed since")
			return nil
		},
	}
	a.observeFlags(save)
	diff := &cobra.Command{
		Use:   "diff",
		Short: "Say what changed since the workspace was green",
		Long: `Diff says what changed since the workspace was green, what explains the trouble of
now best first, with the reasons and what each is worth. It asks go what fails in
your shell, and whether it still does with the variables as they were. The exit
code is 0 if everything is green, or nothing changed, 3 if that is not known, else 1.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			s, err := a.observe(ctx, a.workspace(), captured{})
			if err != nil {
				return err
			}
			changes, err := engine.Changes(ctx, a.world, s)
			if err != nil {
				return undecided{err}
			}
			switch {
			case len(changes.Changes) == 0 || changes.Health == "ok" || a.failOn == "never":
			case changes.Health == "unknown":
				a.exit = exitUndecided
			default:
				a.exit = exitFindings
			}
			if a.format == "json" {
				return a.printJSON(ctx, changes)
			}
			return a.print(ctx, changes.Text(a.style()))
		},
	}
	a.observeFlags(diff)
	cmd.AddCommand(save, diff)
	return cmd
}
