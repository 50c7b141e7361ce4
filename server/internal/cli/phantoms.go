package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gophantom/gophantom/server/internal/report"
)

func (a *app) phantomsCommand() *cobra.Command {
	file := ""
	cmd := &cobra.Command{
		Use:   "phantoms --problems FILE",
		Short: "Judge problems that gopls shows: phantom, real or not decided",
		Long: `Phantoms runs ground truth for captured problems of gopls and says of each
whether it is a phantom, and which variables are at fault.

FILE is JSON: {"problems": [{"uri", "range", "severity", "source", "code",
"message"}], "overlays": {uri: text}}, positions as in LSP. Overlays are the
documents with unsaved changes. "options": {"env", "buildFlags"} are gopls'
settings build.env and build.buildFlags.

A phantom or a stale green counts as a warning, a real problem as an error.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" {
				return errors.New("phantoms needs the problems to judge: --problems FILE")
			}
			ctx := cmd.Context()
			data, err := a.world.Files.ReadFile(a.absolute(file))
			if err != nil {
				return fmt.Errorf("--problems: %w", err)
			}
			c, err := parseProblems(data)
			if err != nil {
				return fmt.Errorf("%s:%w", file, err)
			}
			s, err := a.observe(ctx, a.workspace(), c)
			if err != nil {
				return err
			}
			r := a.engine.check(ctx, a.world, s)
			var out outcome
			out.verdicts(r.Problems)
			a.exit = out.exit(a.failOn)
			judged := report.Phantoms{Problems: r.Problems, Unknown: r.Unknown, Snapshot: r.Snapshot}
			if a.format == "json" {
				return a.printJSON(ctx, judged)
			}
			return a.print(ctx, judged.Text(a.style()))
		},
	}
	cmd.Flags().StringVar(&file, "problems", "", "the `FILE` of captured problems")
	a.observeFlags(cmd)
	return cmd
}
