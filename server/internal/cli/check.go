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
	capture, replay, newSince := "", "", ""
	cmd := &cobra.Command{
		Use:   "check [DIR]...",
		Short: "Look for what can make the editor and the build disagree",
		Long: `Check looks at one workspace or several, and says what is wrong with Go's
environment there. Several workspaces give one report each, in JSON one object
after another, in SARIF one run each.

It runs go list once for each main module, which downloads and writes nothing,
and listens to what go says. With --log it also reads what go, git or gopls said
before: a file of any size, of which it knows the texts of the catalogue.

What the team has agreed on in .gophantom.json is checked too; a finding that it
accepts is listed and does not count. With --new-since, findings that an earlier
run had already are left out and do not count either.

--capture also writes what was looked at to a file, without secrets. --replay
takes such a file in place of this machine, asks nobody, and finds the same. It
takes a saved report, as JSON or HTML, too. From a capture of "gophantom phantoms"
and what “Not a phantom? Record what was seen” wrote in an editor it comes to the
same verdicts.`,
		Example: `  gophantom check
  gophantom check --format sarif >gophantom.sarif
  gophantom check --new-since gophantom.sarif
  gophantom check --capture machine.json
  gophantom check --replay machine.json
  gophantom check --env shell=shell.env --env gopls=gopls.env
  go build ./... 2>&1 | gophantom check --log -`,
		Annotations: map[string]string{formats: "sarif github gitlab junit"},
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
			var known *report.Baseline
			if newSince != "" {
				b, err := a.baseline(newSince)
				if err != nil {
					return err
				}
				known = &b
			}
			var reports []report.Report
			if replay != "" {
				if len(dirs) > 1 || dirs[0] != "" || capture != "" || servers.probe || len(a.envs)+len(a.logFiles) > 0 {
					return errors.New("--replay takes a capture in place of this machine, so it goes with no directory, --env, --log, --probe or --capture")
				}
				s, err := a.readCapture(replay)
				if err != nil {
					return err
				}
				reports, dirs = append(reports, engine.Replay(ctx, s).Report(a.world)), nil
			}
			if capture != "" && len(dirs) > 1 {
				return errors.New("--capture writes what was looked at in one workspace, not in several")
			}
			logs, err := a.logs(ctx)
			if err != nil {
				return err
			}
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
				if capture != "" {
					if err := a.writeCapture(s, capture); err != nil {
						return err
					}
				}
				reports = append(reports, a.engine.check(ctx, a.world, s, engine.Truth{}))
			}
			var out outcome
			for i := range reports {
				if known != nil {
					reports[i] = known.New(reports[i])
				}
				out.findings(reports[i])
				out.verdicts(reports[i].Problems)
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
			case "github":
				parts = append(parts, report.GitHub(reports))
			case "gitlab":
				data, err := report.GitLab(reports)
				if err != nil {
					return undecided{err}
				}
				parts = append(parts, string(data))
			case "junit":
				data, err := report.JUnit(reports)
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
	cmd.Flags().StringVar(&newSince, "new-since", "", "only what is not in `FILE` counts: what --format json or sarif wrote before")
	cmd.Flags().StringVar(&capture, "capture", "", "also write what was looked at to `FILE`, without secrets, for --replay")
	cmd.Flags().StringVar(&replay, "replay", "", "take the capture `FILE` in place of this machine")
	return cmd
}
