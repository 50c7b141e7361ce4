package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
)

func (a *app) envCommand() *cobra.Command {
	all, watch, capture, compare := false, false, "", ""
	cmd := &cobra.Command{
		Use:   "env",
		Short: "Compare the environments in which Go runs, and show where values come from",
		Long: `Env shows what differs between editor, gopls, shell and the others: first what
matters to Go and why, then what does not. Each value has the file and line that
set it, and what it overrides. A gopls that runs for this folder is found by
itself; other environments can be captured with --env.

Names of environments: editor-launch (the editor as it was started), editor (as
it is now), tools (what the Go extension starts), gopls, shell-home (your shell
in the home directory), shell (where you build), terminal, debug or debug:NAME,
and test. A star marks one that is computed from settings.

--watch goes on and prints what changes: files, settings, gopls. Your own
terminal cannot change from outside: what a start-up file sets is seen in a new
one. A gopls that starts is noticed with the next change. Ctrl-C ends it.

--capture also writes what was looked at to a file, without secrets, on a CI
machine for instance. --compare takes such a file and compares the shell of that
machine with yours here: paths below the home and workspace directories count as
the same, and of two secrets it is known only whether they are equal.

A difference that matters to Go counts as a warning; one that matters only for
some code or some servers as info. Where the shell or everything
but one environment could not be read, nothing is decided (exit code 3).`,
		Example: `  gophantom env
  gophantom env --all
  gophantom env --format markdown | pbcopy
  gophantom env --format html >environments.html
  gophantom env --watch
  gophantom env --capture ci.json
  gophantom env --compare ci.json`,
		Annotations: map[string]string{formats: "markdown html"},
		Args:        cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if watch && (capture != "" || compare != "") {
				return errors.New("--watch goes with neither --capture nor --compare")
			}
			if watch {
				return a.watch(cmd.Context(), all)
			}
			request, err := a.environmentsRequest()
			if err != nil {
				return err
			}
			s, err := a.engine.observe(cmd.Context(), a.world, request)
			if err != nil {
				return err
			}
			if capture != "" {
				if err := a.writeCapture(s, capture); err != nil {
					return err
				}
			}
			if compare != "" {
				there, err := a.readCapture(compare)
				if err != nil {
					return err
				}
				s = engine.Beside(s, there)
			}
			envs := report.EnvironmentsOf(s, a.engine.drift(s))
			a.exit = environmentsOutcome(envs).exit(a.failOn)
			return a.printEnvironments(cmd.Context(), envs, all)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "show what agrees, too, whole values, and how each environment is known")
	cmd.Flags().BoolVar(&watch, "watch", false, "go on, and print what changes")
	cmd.Flags().StringVar(&capture, "capture", "", "also write what was looked at to `FILE`, without secrets")
	cmd.Flags().StringVar(&compare, "compare", "", "compare the shell of the capture `FILE` with yours")
	a.observeFlags(cmd)
	return cmd
}

// environmentsRequest is what the flags ask to look at. The shell is asked for
// the lines of its start-up files, unless a captured shell has no use for them.
func (a *app) environmentsRequest() (engine.Request, error) {
	request, err := a.request(a.workspace(), captured{})
	_, given := request.Captured[model.EnvShell]
	request.StartUp = !given
	return request, err
}

// environmentsOutcome counts differences that matter as warnings, and as many
// hidden ones where there was nothing to compare.
func environmentsOutcome(envs report.Environments) *outcome {
	var out outcome
	complete, shell := 0, false
	for _, e := range envs.Environments {
		if e.Complete {
			complete++
			shell = shell || e.Name == string(model.EnvShell)
		}
	}
	if complete < 2 || !shell {
		out.hidden(model.Warning)
	}
	for _, d := range envs.Drift {
		switch {
		case d.Matters && d.Some:
			out.found(model.Info)
		case d.Matters:
			out.found(model.Warning)
		}
	}
	return &out
}

func (a *app) printEnvironments(ctx context.Context, envs report.Environments, all bool) error {
	switch a.format {
	case "json":
		return a.printJSON(ctx, envs)
	case "markdown":
		return a.print(ctx, a.language.Markdown(envs.Markdown(all)))
	case "html":
		page, err := envs.HTML(a.language)
		if err != nil {
			return undecided{err}
		}
		return a.print(ctx, page)
	}
	return a.print(ctx, envs.Text(a.style(), all))
}

// watch prints the environments, and then what changes, until ctx is done. In
// JSON, each look is one line.
func (a *app) watch(ctx context.Context, all bool) error {
	if !slices.Contains([]string{"text", "json"}, a.format) {
		return fmt.Errorf("--watch prints text or json, not %s", a.format)
	}
	request, err := a.environmentsRequest()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var last report.Environments
	var findings []report.Finding
	first := true
	err = a.engine.watch(ctx, a.world, request, func(look engine.Change) {
		now := report.EnvironmentsOf(look.Snapshot, a.engine.drift(look.Snapshot))
		found := look.Report(a.world).Findings
		var change report.Change
		switch {
		case look.Gone:
			change = report.Change{Snapshot: now.Snapshot, Notes: now.Notes}
			now, found = last, findings
			now.Snapshot = change.Snapshot
		case first:
			change = report.Change{Snapshot: now.Snapshot, Env: &now, Appeared: found}
		default:
			change = report.ChangeOf(last, now, findings, found)
		}
		for _, file := range look.StartUp {
			change.Notes = append(change.Notes, file+" changed: open a new terminal to see what it makes of it; this one keeps its environment")
		}
		if n := len(look.Polled); first && n > 0 {
			change.Notes = append(change.Notes, fmt.Sprintf("the system tells nothing of changes of %d files, such as %s: they are looked at now and then, so a change is seen later", n, look.Polled[0]))
		}
		if err := a.printChange(ctx, change, now, look, all); err != nil {
			cancel(err)
		}
		last, findings, first = now, found, false
	})
	if cause := context.Cause(ctx); cause != nil && ctx.Err() != nil {
		return cause
	}
	if errors.Is(err, engine.ErrUnwatched) {
		return undecided{err}
	}
	return err
}

func (a *app) printChange(ctx context.Context, change report.Change, now report.Environments, look engine.Change, all bool) error {
	if a.format == "json" {
		line, err := change.JSONLine()
		if err != nil {
			return undecided{err}
		}
		return a.print(ctx, string(line))
	}
	st := a.style()
	if change.Env == nil {
		return a.print(ctx, "\n"+change.Text(st, look.Snapshot.Taken.Local().Format("15:04:05"), now))
	}
	if err := a.print(ctx, now.Text(st, all)+report.NotesText(change.Notes, st)); err != nil {
		return err
	}
	fmt.Fprintln(a.stderr, "gophantom: watching for changes; Ctrl-C ends it")
	return nil
}
