package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gophantom/gophantom/server/internal/report"
)

func (a *app) checkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check [DIR]...",
		Short: "Look for what can make the editor and the build disagree",
		Long: `Check looks at one workspace or several, and says what is wrong with Go's
environment there. Several workspaces give one report each, in JSON one object
after another, in SARIF one run each.`,
		Example: `  gophantom check
  gophantom check --format sarif >gophantom.sarif
  gophantom check --env shell=shell.env --env gopls=gopls.env`,
		Annotations: map[string]string{formats: "sarif"},
		RunE: func(cmd *cobra.Command, dirs []string) error {
			if len(dirs) > 0 && a.dir != "" {
				return errors.New("name the workspace by --dir or by arguments, not both")
			}
			if len(dirs) == 0 {
				dirs = []string{a.dir}
			}
			ctx := cmd.Context()
			var reports []report.Report
			var out outcome
			for _, dir := range dirs {
				s, err := a.observe(ctx, a.absolute(dir), captured{})
				if err != nil {
					return err
				}
				r := a.engine.check(ctx, a.world, s)
				out.findings(r)
				out.verdicts(r.Problems)
				reports = append(reports, r)
			}
			a.exit = out.exit(a.failOn)
			var parts []string
			switch a.format {
			case "sarif":
				data, err := report.SARIF(reports, report.Tool{Version: buildVersion().Version, Rules: ruleset()})
				if err != nil {
					return undecided{err}
				}
				parts = append(parts, string(data))
			case "json":
				for _, r := range reports {
					data, err := report.JSON(r)
					if err != nil {
						return undecided{err}
					}
					parts = append(parts, string(data))
				}
			default:
				for i, r := range reports {
					if i > 0 {
						parts = append(parts, "\n")
					}
					parts = append(parts, r.Text(a.style()))
				}
			}
			return a.print(ctx, strings.Join(parts, ""))
		},
	}
	a.observeFlags(cmd)
	return cmd
}
