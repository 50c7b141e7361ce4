package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/report"
)

func (a *app) checkCommand() *cobra.Command {
	var servers probing
	cmd := &cobra.Command{
		Use:   "check [DIR]...",
		Short: "Look for what can make the editor and the build disagree",
		Long: `Check looks at one workspace or several, and says what is wrong with Go's
environment there. Several workspaces give one report each, in JSON one object
after another, in SARIF one run each.

It runs go list once for each main module, which downloads and writes nothing,
and listens to what go says. With --log it also reads what go, git or gopls said
before: a file of any size, of which it knows the texts of the catalogue.`,
		Example: `  gophantom check
  gophantom check --format sarif >gophantom.sarif
  gophantom check --env shell=shell.env --env gopls=gopls.env
  go build ./... 2>&1 | gophantom check --log -`,
		Annotations: map[string]string{formats: "sarif"},
		RunE: func(cmd *cobra.Command, dirs []string) error {
			if err := servers.allowed(cmd); err != nil {
				return err
			}
			if len(dirs) > 0 && a.dir != "" {
				return errors.New("name the workspace by --dir or by arguments, not both")
			}
			if len(dirs) == 0 {
				dirs = []string{a.dir}
			}
			ctx := cmd.Context()
			logs, err := a.logs(ctx)
			if err != nil {
				return err
			}
			var reports []report.Report
			var out outcome
			for _, dir := range dirs {
				request, err := a.request(a.absolute(dir), captured{})
				if err != nil {
					return err
				}
				request.Facts, request.Logs, request.Probe, request.How = true, logs, servers.probe, a.how(servers)
				s, err := a.engine.observe(ctx, a.world, request)
				if err != nil {
					return err
				}
				r := a.engine.check(ctx, a.world, s, engine.Truth{})
				out.findings(r)
				out.verdicts(r.Problems)
				reports = append(reports, r)
			}
			a.exit = out.exit(a.failOn)
			var parts []string
			switch a.format {
			case "sarif":
				data, err := report.SARIF(reports, report.Tool{Version: report.BuildVersion().Version, Rules: ruleset()})
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
	a.probeFlags(cmd, &servers, "also ask the servers of modules that are not downloaded yet; nothing else reaches the network")
	cmd.Flags().StringArrayVar(&a.logFiles, "log", nil, "also read what go, git or gopls printed, from a `FILE` or - for the standard input; gopls=FILE if gopls printed it")
	return cmd
}
