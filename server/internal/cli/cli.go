// Package cli is the command line: flags, files given by flags, exit codes.
//
// stdout is the report and nothing else; stderr is the rest. The exit codes
// are the same in every format:
//
//	0    healthy
//	1    findings or verdicts at or above --fail-on
//	2    wrong usage
//	3    could not decide
//	130  interrupted
//
// A phantom and a stale green count as a warning, a real problem as an error,
// an opinion that no build would report as info.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/l10n"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world"
)

const (
	exitHealthy     = 0
	exitFindings    = 1
	exitUsage       = 2
	exitUndecided   = 3
	exitInterrupted = 130
)

// Main runs one command line, without the program's name, and returns the exit
// code. It stops early when ctx is done.
func Main(ctx context.Context, w *world.World, args []string, stdin io.Reader, stdout, stderr io.Writer) (exit int) {
	return run(ctx, &app{world: w, stdin: stdin, stdout: stdout, stderr: stderr, engine: realEngine, language: l10n.FromEnviron(w.Environ)}, args)
}

// backend is what the commands need of the engine.
type backend struct {
	observe func(context.Context, *world.World, engine.Request) (*model.Snapshot, error)
	check   func(context.Context, *world.World, *model.Snapshot, engine.Truth) report.Report
	record  func(ctx context.Context, w *world.World, s *model.Snapshot, unseen bool) (report.Report, *model.Snapshot)
	why     func(context.Context, *world.World, *model.Snapshot, engine.Truth, string) (report.Report, report.Explanation, error)
	drift   func(*model.Snapshot) []model.Drift
	show    func(context.Context, *world.World, engine.Request, engine.Headless) (*model.Snapshot, engine.Shown, error)
	watch   func(context.Context, *world.World, engine.Request, func(engine.Change)) error
}

var realEngine = backend{
	observe: engine.Observe,
	check: func(ctx context.Context, w *world.World, s *model.Snapshot, t engine.Truth) report.Report {
		return engine.Check(ctx, w, s, t).Report(w)
	},
	record: func(ctx context.Context, w *world.World, s *model.Snapshot, unseen bool) (report.Report, *model.Snapshot) {
		a, taped := engine.Record(ctx, w, s, unseen)
		return a.Report(w), taped
	},
	why: func(ctx context.Context, w *world.World, s *model.Snapshot, t engine.Truth, about string) (report.Report, report.Explanation, error) {
		return engine.Check(ctx, w, s, t).Why(w, about)
	},
	drift: engine.Drift,
	show:  engine.Show,
	watch: engine.Watch,
}

// app is one run of the command line.
type app struct {
	world          *world.World
	stdin          io.Reader
	stdout, stderr io.Writer
	engine         backend
	language       l10n.Language // of people; JSON and SARIF are English

	// Flags.
	format   string
	failOn   string
	dir      string
	envs     []string
	logFiles []string
	facts    bool // what go says of each main module, too
	noColor  bool

	exit int // set by the command
}

// undecided is an error that means "could not decide" instead of wrong usage.
type undecided struct{ error }

func (u undecided) Unwrap() error { return u.error }

func run(ctx context.Context, a *app, args []string) (exit int) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(a.stderr, "gophantom: internal error (%T); please report this:\n%s", p, debug.Stack())
			exit = exitUndecided
		}
	}()
	a.stderr = translating{a.stderr, a.language}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	err := root.ExecuteContext(ctx)
	var open undecided
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(a.stderr, "gophantom: interrupted")
		return exitInterrupted
	case errors.As(err, &open):
		fmt.Fprintln(a.stderr, "gophantom: "+shown(err))
		return exitUndecided
	case err != nil:
		fmt.Fprintln(a.stderr, "gophantom: "+shown(err))
		return exitUsage
	}
	return a.exit
}

// shown is an error as it may be shown: it can quote an argument or the name
// of a file.
func shown(err error) string { return report.Show(model.NewValue(strings.TrimSpace(err.Error()))) }

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "gophantom",
		Short: "Proves which of your editor's Go errors are phantoms, and names what causes them",
		Long: `Go Phantom compares the environments in which Go runs on this machine (editor,
gopls, shell, terminal), and names the variable, file and line that make the
editor red where the build is green.

It only reads: nothing is changed, and nothing reaches the network unless you ask
for it, with --probe, the commands proxy and sumdb, or a command for trace to run.

Exit codes, the same in every format: 0 healthy, 1 findings at or above
--fail-on, 2 wrong usage, 3 could not decide, 130 interrupted.`,
		Example: `  gophantom check
  gophantom env
  gophantom route golang.org/x/mod
  gophantom explain env-drift`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return a.checkFlags(cmd)
		},
	}
	root.PersistentFlags().StringVar(&a.format, "format", "text", "text or json; for check also sarif, github, gitlab and junit, for env and report also markdown and html, for why also dot, svg and markdown")
	root.PersistentFlags().BoolVar(&a.noColor, "no-color", false, "no colours, as with NO_COLOR")
	root.PersistentFlags().Bool("offline", true, "do not use the network: what everything does but --probe, proxy, sumdb and trace -- go")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return flagError(cmd, err) })
	root.AddCommand(
		a.checkCommand(), a.envCommand(), a.reportCommand(), a.routeCommand(), a.proxyCommand(), a.sumdbCommand(), a.phantomsCommand(), a.whyCommand(), a.bisectCommand(), a.baselineCommand(), a.contractCommand(), a.traceCommand(), a.explainCommand(), a.rulesCommand(),
		a.schemaCommand(), a.lspCommand(), a.versionCommand(), a.printEnvironmentCommand(),
	)
	a.translate(root)
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		if c.Name() == "help" {
			c.Run, c.RunE = nil, func(_ *cobra.Command, args []string) error {
				topic, rest, err := root.Find(args)
				if err != nil {
					return err
				}
				if len(rest) > 0 {
					return fmt.Errorf("there is no help about %q", strings.Join(args, " "))
				}
				return topic.Help()
			}
		}
	}
	return root
}

// translating is a writer of lines for people.
type translating struct {
	io.Writer
	language l10n.Language
}

func (t translating) Write(line []byte) (int, error) {
	if _, err := io.WriteString(t.Writer, t.language.Text(string(line))); err != nil {
		return 0, err
	}
	return len(line), nil
}

// Fd lets isTerminal see what is behind.
func (t translating) Fd() uintptr {
	if f, ok := t.Writer.(interface{ Fd() uintptr }); ok {
		return f.Fd()
	}
	return ^uintptr(0)
}

// translate has a command and those below it speak the user's language.
func (a *app) translate(c *cobra.Command) {
	if a.language == l10n.English {
		return
	}
	c.Short, c.Long = a.language.Text(c.Short), a.language.Text(c.Long)
	flags := func(f *pflag.Flag) { f.Usage = a.language.Text(f.Usage) }
	c.LocalFlags().VisitAll(flags)
	for _, below := range c.Commands() {
		a.translate(below)
	}
}

// formats is the annotation of commands that have more forms than text and
// JSON, with their names.
const formats = "formats"

// verdicts is the annotation of commands whose --fail-on also takes verdicts,
// with their names.
const verdicts = "verdicts"

func (a *app) checkFlags(cmd *cobra.Command) error {
	if err := oneOf("--format", a.format, "text", "json", "sarif", "github", "gitlab", "junit", "markdown", "html", "dot", "svg"); err != nil {
		return err
	}
	if has := append([]string{"text", "json"}, strings.Fields(cmd.Annotations[formats])...); !slices.Contains(has, a.format) {
		return fmt.Errorf(`"gophantom %s" has no form %s; it has %s`, cmd.Name(), a.format, strings.Join(has, ", "))
	}
	if cmd.Flags().Lookup("fail-on") != nil {
		return oneOf("--fail-on", a.failOn, append([]string{"error", "warning", "info", "never"}, strings.Fields(cmd.Annotations[verdicts])...)...)
	}
	return nil
}

// observeFlags adds the flags of commands that look at the world.
func (a *app) observeFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.dir, "dir", "", "the workspace `DIR` (default: the current directory)")
	cmd.Flags().StringArrayVar(&a.envs, "env", nil, `use a captured environment, NAME=FILE: NAME is one of `+strings.Join(capturable(), ", ")+
		`; FILE holds the output of "env" or, for values with line breaks, "env -0"; may be given once per NAME`)
	cmd.Flags().StringVar(&a.failOn, "fail-on", "warning", "the least `severity` that makes the exit code 1: error, warning, info or never")
}

// workspace is the directory to look at, absolute.
func (a *app) workspace() string { return a.absolute(a.dir) }

func (a *app) absolute(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(a.world.Dir, path)
}

// observe takes the snapshot that the flags ask for.
func (a *app) observe(ctx context.Context, dir string, captured captured) (*model.Snapshot, error) {
	request, err := a.request(dir, captured)
	if err != nil {
		return nil, err
	}
	return a.engine.observe(ctx, a.world, request)
}

// request is what the flags ask to look at.
func (a *app) request(dir string, captured captured) (engine.Request, error) {
	envs, err := a.captured()
	return engine.Request{Dir: dir, Captured: envs, Facts: a.facts, Problems: captured.problems, Overlays: captured.overlays, GoplsEnv: captured.env, GoplsFlags: captured.flags, Views: captured.views, Gopls: captured.gopls}, err
}

// print writes the report in one piece, and nothing after an interrupt.
func (a *app) print(ctx context.Context, text string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, err := io.WriteString(a.stdout, text); err != nil {
		return undecided{fmt.Errorf("the report could not be written: %w", err)}
	}
	return nil
}

func (a *app) printJSON(ctx context.Context, v any) error {
	data, err := report.JSON(v)
	if err != nil {
		return undecided{err}
	}
	return a.print(ctx, string(data))
}

// widest is where lines of text end on wide terminals.
const widest = 110

// style says how text may look on stdout.
func (a *app) style() report.Style {
	if !isTerminal(a.stdout) {
		return report.Style{Language: a.language}
	}
	f := a.stdout.(interface{ Fd() uintptr })
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		width = 80
	}
	return report.Style{Width: min(width, widest), Color: !a.noColor && colorWanted(a.world.Environ), Language: a.language}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(f.Fd()))
}

// colorWanted obeys NO_COLOR (no-color.org: any value but the empty one) and
// terminals that call themselves dumb.
func colorWanted(environ []string) bool {
	get := func(name string) string {
		for _, entry := range slices.Backward(environ) {
			if value, ok := strings.CutPrefix(entry, name+"="); ok {
				return value
			}
		}
		return ""
	}
	return get("NO_COLOR") == "" && get("TERM") != "dumb"
}
