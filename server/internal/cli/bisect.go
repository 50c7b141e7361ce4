package cli

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
)

func (a *app) bisectCommand() *cobra.Command {
	from, to := "", ""
	cmd := &cobra.Command{
		Use:   "bisect [PACKAGE]",
		Short: "Find the variables that make a package fail in one environment and build in another",
		Long: `Bisect lets go build a package, named by its directory or a file in it (default:
the current directory), in two environments, and finds the smallest set of
variables whose values make the difference: also two that are needed together.

It compares the environment of gopls (of --env gopls=FILE, else of the gopls that
runs for the folder) with that of your shell; --from and --to name others. go
runs offline, and writes nothing but its build cache.

The exit code is 1 if the package fails because of the environment, or in both.`,
		Example: `  gophantom bisect ./internal/app
  gophantom bisect --env gopls=gopls.env
  gophantom bisect --from debug --to shell`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return errors.New("want one package: a directory or a file in it")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			dir := a.workspace()
			if len(args) == 1 {
				dir = a.absolute(args[0])
				if info, err := a.world.Files.Stat(dir); err != nil {
					return fmt.Errorf("the package: %w", err)
				} else if !info.IsDir() {
					dir = filepath.Dir(dir)
				}
			}
			s, err := a.observe(ctx, a.workspace(), captured{})
			if err != nil {
				return err
			}
			for _, name := range []string{from, to} {
				if _, known := s.Env(model.EnvName(name)); !known {
					return fmt.Errorf("the environment %s is not known here; give it with --env %s=FILE", name, name)
				}
			}
			say := func(text string) { fmt.Fprintln(a.stderr, "gophantom: "+report.Show(model.NewValue(text))) }
			b := engine.Bisect(ctx, a.world, s, dir, model.EnvName(from), model.EnvName(to), say)
			switch {
			case len(b.Guilty) > 0 || b.Before == "red" && b.After == "red" || b.Before == "green" && b.After == "red":
				a.exit = exitFindings
			case b.Before != "green" || b.After != "green":
				a.exit = exitUndecided
			}
			if a.failOn == "never" && a.exit == exitFindings {
				a.exit = exitHealthy
			}
			if a.format == "json" {
				return a.printJSON(ctx, b)
			}
			return a.print(ctx, b.Text(a.style()))
		},
	}
	a.observeFlags(cmd)
	cmd.Flags().StringVar(&from, "from", string(model.EnvGopls), "the `environment` in which the package fails")
	cmd.Flags().StringVar(&to, "to", string(model.EnvShell), "the `environment` whose values are tried")
	return cmd
}
