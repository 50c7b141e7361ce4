package cli

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/l10n"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
)

func (a *app) reportCommand() *cobra.Command {
	var servers probing
	output := ""
	cmd := &cobra.Command{
		Use:   "report [DIR]",
		Short: "Write everything that is known of a workspace as one page",
		Long: `Report joins what the commands check, env and route find into one document. As
HTML, which is the default, it is one file that needs nothing else and loads
nothing: it shows what was found with its cause, the way of each module, and
what each environment has from where, and when it all happened, as the logs of
the Go extension and gopls in your editor tell. It has a search and works with a keyboard and a screen
reader. Credentials are replaced by pseudonyms in every form.

As HTML and JSON it carries what was looked at, and "gophantom check --replay FILE"
finds the same in it on any machine.

It goes to the standard output, or to the file of --output. An existing file is
replaced only if it is an older report of this kind.

The exit code is that of check.`,
		Example: `  gophantom report --output report.html
  gophantom report --format markdown | pbcopy
  gophantom report --format json ~/src/app`,
		Annotations: map[string]string{formats: "markdown html"},
		Args:        cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, dirs []string) error {
			if err := servers.allowed(cmd); err != nil {
				return err
			}
			if len(dirs) > 0 && a.dir != "" {
				return fmt.Errorf("name the workspace by --dir or by an argument, not both")
			}
			if len(dirs) > 0 {
				a.dir = dirs[0]
			}
			if !cmd.Flag("format").Changed {
				a.format = "html"
			}
			ctx := cmd.Context()
			request, err := a.environmentsRequest()
			if err != nil {
				return err
			}
			request.Facts = true
			s, err := a.engine.observe(ctx, a.world, request)
			if err != nil {
				return err
			}
			var probes []report.Probe
			if servers.probe {
				probes = engine.ProbeMissing(ctx, a.world, s, a.how(servers))
			}
			found := a.engine.check(ctx, a.world, s, engine.Truth{})
			var out outcome
			out.findings(found)
			out.verdicts(found.Problems)
			a.exit = out.exit(a.failOn)
			text, err := a.environmentReport(engine.EnvironmentReport(s, found, probes, engine.Logged(ctx, a.world, "", s.Folders)))
			if err != nil {
				return undecided{err}
			}
			if output != "" {
				return a.writeReport(ctx, a.absolute(output), text)
			}
			return a.print(ctx, text)
		},
	}
	cmd.Flags().StringVar(&output, "output", "", "write the report to a `FILE` instead of the standard output")
	a.observeFlags(cmd)
	a.probeFlags(cmd, &servers, "also ask the servers of modules that are not downloaded yet; nothing else reaches the network")
	return cmd
}

// environmentReport is the report in the form that --format names.
func (a *app) environmentReport(r report.EnvironmentReport) (string, error) {
	switch a.format {
	case "json":
		data, err := report.JSON(r)
		return string(data), err
	case "markdown":
		return r.Markdown(), nil
	case "html":
		return r.HTML(a.language)
	}
	return r.Text(a.style()), nil
}

// reportMarks are how reports begin, in any form that --output can have
// written; text has no mark, so a text is never replaced.
var reportMarks = []string{pageMark(l10n.English), pageMark(l10n.Chinese), "### Environment report of Go Phantom", "{\n  \"schema\": \"" + report.EnvironmentReportSchema}

func pageMark(l l10n.Language) string {
	return "<!doctype html>\n<html lang=" + strconv.Quote(l.Tag()) + " data-gophantom"
}

// writeReport writes a new file, or one in the place of an older report.
func (a *app) writeReport(ctx context.Context, file, text string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	old, err := a.world.Files.ReadFile(file)
	if err != nil {
		old = nil // it is not there, or ReplaceFile says what is wrong with it
	}
	ours := false
	for _, mark := range reportMarks {
		ours = ours || bytes.HasPrefix(old, []byte(mark))
	}
	if len(strings.TrimSpace(string(old))) > 0 && !ours {
		return fmt.Errorf("--output: %s exists and is no report of gophantom, so it is left alone; name another file", file)
	}
	if err := a.world.Files.ReplaceFile(file, old, []byte(text)); err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	fmt.Fprintln(a.stderr, "gophantom: wrote "+report.Show(model.NewValue(file)))
	return nil
}
