package cli

import (
	"github.com/spf13/cobra"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
)

func (a *app) envCommand() *cobra.Command {
	all := false
	cmd := &cobra.Command{
		Use:   "env",
		Short: "Compare the environments in which Go runs, and show where values come from",
		Long: `Env shows the variables that differ between editor, gopls, shell and the
others, with the file and line that set each value and what it hides.

A difference that matters to Go counts as a warning. Where fewer than two
environments could be read completely, nothing is decided (exit code 3).`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			s, err := a.observe(ctx, a.workspace(), captured{})
			if err != nil {
				return err
			}
			envs := report.EnvironmentsOf(s, a.engine.check(ctx, a.world, s))
			var out outcome
			complete := 0
			for _, e := range envs.Environments {
				if e.Complete {
					complete++
				}
			}
			if complete < 2 {
				out.hidden(model.Warning)
			}
			for _, d := range envs.Drift {
				if d.Matters {
					out.found(model.Warning)
				}
			}
			a.exit = out.exit(a.failOn)
			if a.format == "json" {
				return a.printJSON(ctx, envs)
			}
			return a.print(ctx, envs.Text(a.style(), all))
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "show the variables that agree, too")
	a.observeFlags(cmd)
	return cmd
}
