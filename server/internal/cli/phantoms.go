package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
)

func (a *app) phantomsCommand() *cobra.Command {
	file, capture := "", ""
	var gopls ownGopls
	cmd := &cobra.Command{
		Use:   "phantoms",
		Short: "Run gopls and judge its problems: phantom, real or not decided",
		Long: `Phantoms runs a gopls of its own, without an editor, runs ground truth for every
problem it shows, and says of each whether it is a phantom, and which variables
are at fault. It works in a terminal and in CI.

gopls runs in the environment of --env gopls=FILE, tools=FILE or editor=FILE if
one is given, else in that of a gopls that runs for the folder, else in that of
your terminal. It is the gopls of --gopls, else the one of that environment: on
its PATH, or where "go install" puts programs. Files that build constraints leave
out are opened, and one of each module, because gopls shows their problems only
then; files for other platforms are not.

gopls does not use the network unless --online says so: what the module cache
does not have is missing then, and said to be not decided.

With --problems, gopls is not run. FILE is JSON: {"problems": [{"uri", "range",
"severity", "source", "code", "message"}], "overlays": {uri: text}}, positions as
in LSP. Overlays are the documents with unsaved changes. "options": {"env",
"buildFlags"} are gopls' settings build.env and build.buildFlags, "views" what its
command gopls.views answers, and "gopls": {"version", "go"} its own version and
that of the Go that built it.

--capture also writes what was looked at, the problems and what go answered to a
file, without secrets: "gophantom check --replay FILE" comes to the same findings
and verdicts on any machine.

A phantom or a stale green counts as a warning, a real problem as an error. With
--fail-on phantom only the former make the exit code 1, with --fail-on real both.`,
		Example: `  gophantom phantoms
  gophantom phantoms --env gopls=gopls.env --fail-on phantom
  gophantom phantoms --problems problems.json
  gophantom phantoms --capture machine.json`,
		Annotations: map[string]string{verdicts: "phantom real"},
		Args:        cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := gopls.allowed(cmd, file); err != nil {
				return err
			}
			ctx := cmd.Context()
			a.facts = capture != "" // for the rules of a replay
			var out outcome
			var s *model.Snapshot
			var incomplete []report.Unknown
			var err error
			if file == "" {
				s, incomplete, err = a.runGopls(ctx, gopls)
			} else {
				s, err = a.readProblems(ctx, file)
			}
			if err != nil {
				return err
			}
			var r report.Report
			if unseen := file == "" && len(incomplete) == 0; capture == "" {
				r = a.engine.check(ctx, a.world, s, engine.Truth{Unseen: unseen})
			} else if r, err = a.recorded(ctx, s, unseen, incomplete, capture); err != nil {
				return err
			}
			out.verdicts(r.Problems)
			if len(incomplete) > 0 {
				out.hidden(model.Error)
			}
			a.exit = out.exit(a.failOn)
			judged := report.Phantoms{Problems: r.Problems, Unknown: append(incomplete, r.Unknown...), Snapshot: r.Snapshot}
			if a.format == "json" {
				return a.printJSON(ctx, judged)
			}
			return a.print(ctx, judged.Text(a.style()))
		},
	}
	cmd.Flags().StringVar(&capture, "capture", "", "also write what was looked at and what go answered to `FILE`, without secrets, for check --replay")
	cmd.Flags().StringVar(&file, "problems", "", "judge the captured problems of a `FILE` instead of running gopls")
	gopls.flags(cmd)
	a.observeFlags(cmd)
	cmd.Flags().Lookup("fail-on").Usage = "what makes the exit code 1: the least `severity` error, warning or info; phantom or real, see above; or never"
	return cmd
}

// recorded judges a snapshot and writes a capture that leads to the same verdicts.
func (a *app) recorded(ctx context.Context, s *model.Snapshot, unseen bool, incomplete []report.Unknown, capture string) (report.Report, error) {
	r, taped := a.engine.record(ctx, a.world, s, unseen)
	if ctx.Err() != nil {
		return r, ctx.Err()
	}
	if taped.Tape == nil {
		fmt.Fprintln(a.stderr, "gophantom: the capture has the findings but not the verdicts: replayed, they would not be the same, as with unsaved texts")
	}
	for _, u := range incomplete {
		taped.Faults = append(slices.Clone(taped.Faults), model.Fault{Subject: u.Rule, Text: u.Why, Hides: []string{"problems"}})
	}
	return r, a.writeCapture(taped, capture)
}

// ownGopls are the flags of a command that runs gopls.
type ownGopls struct {
	program string
	online  bool
	timeout time.Duration
}

func (g *ownGopls) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&g.program, "gopls", "", "the gopls to run, a `PATH`")
	cmd.Flags().BoolVar(&g.online, "online", false, "let gopls use the network, as it would in the editor")
	cmd.Flags().DurationVar(&g.timeout, "timeout", 2*time.Minute, "how long gopls may take to come to rest")
}

// allowed returns an error if flags do not fit together; file is that of
// --problems.
func (g ownGopls) allowed(cmd *cobra.Command, file string) error {
	for _, name := range []string{"gopls", "online", "timeout"} {
		if file != "" && cmd.Flag(name).Changed {
			return fmt.Errorf("--problems judges problems that were captured, so no gopls is run; leave out --%s", name)
		}
	}
	if cmd.Flag("problems").Changed && file == "" {
		return errors.New("--problems needs the name of a file")
	}
	if f := cmd.Flag("offline"); g.online && f != nil && f.Changed && f.Value.String() == "true" {
		return errors.New("--offline and --online contradict each other; leave one out")
	}
	if g.timeout <= 0 {
		return errors.New("--timeout must be more than nothing, such as 2m")
	}
	return nil
}

// readProblems takes a snapshot with the captured problems of a file.
func (a *app) readProblems(ctx context.Context, file string) (*model.Snapshot, error) {
	data, err := a.world.Files.ReadFile(a.absolute(file))
	if err != nil {
		return nil, fmt.Errorf("--problems: %w", err)
	}
	c, err := parseProblems(data)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", file, err)
	}
	return a.observe(ctx, a.workspace(), c)
}

// runGopls takes a snapshot with what a gopls of our own shows. It says on
// stderr which one that was, and returns why it may not be all.
func (a *app) runGopls(ctx context.Context, g ownGopls) (*model.Snapshot, []report.Unknown, error) {
	request, err := a.request(a.workspace(), captured{})
	if err != nil {
		return nil, nil, err
	}
	how := engine.Headless{Online: g.online, Timeout: g.timeout}
	if g.program != "" {
		how.Program = a.absolute(g.program)
	}
	s, shown, err := a.engine.show(ctx, a.world, request, how)
	switch {
	case errors.Is(err, engine.ErrNoGopls):
		return nil, nil, undecided{err}
	case err != nil:
		return nil, nil, err
	}
	say := func(text string) { fmt.Fprintln(a.stderr, "gophantom: "+report.Show(model.NewValue(text))) }
	network := "offline"
	if g.online {
		network = "with the network"
	}
	say(fmt.Sprintf("gopls %s (%s) was run in the %s environment, %s", shown.Version, shown.Program, shown.Env, network))
	for _, note := range shown.Notes {
		say(note)
	}
	if shown.Incomplete == "" {
		return s, nil, nil
	}
	return s, []report.Unknown{{Rule: "gopls", Why: report.Show(model.NewValue(shown.Incomplete + "."))}}, nil
}
