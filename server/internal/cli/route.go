package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/route"
)

func (a *app) routeCommand() *cobra.Command {
	environment := string(model.EnvShell)
	var servers probing
	cmd := &cobra.Command{
		Use:   "route [MODULE[@VERSION]...]",
		Short: "Explain how go fetches and verifies a module, and which setting decides",
		Long: `Route shows whom the go command asks for a module, in which order, when it goes
on to the next, and who vouches for what it gets. Without a module, it tells of
everything that go.mod requires, in short.

It asks nobody itself, unless --probe is given: then it also shows what each
server answers now.

A module that go is certain to refuse counts as an error, and one without its
hash in go.sum as a warning.`,
		Example: `  gophantom route golang.org/x/mod
  gophantom route
  gophantom route --environment gopls git.corp.example/team/lib@v1.2.0`,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := servers.allowed(cmd); err != nil {
				return err
			}
			if err := environmentNamed(environment); err != nil {
				return err
			}
			modules := make([]route.Module, len(args))
			for i, arg := range args {
				var err error
				if modules[i], err = moduleArgument(arg); err != nil {
					return err
				}
			}
			s, err := a.observe(ctx, a.workspace(), captured{})
			if err != nil {
				return err
			}
			env, err := environmentOf(s, environment)
			if err != nil {
				return err
			}
			all := len(modules) == 0
			if all && len(s.Modules) == 0 {
				return undecided{errors.New("there is no go.mod here that could require anything; name a module, such as golang.org/x/mod")}
			}
			if all {
				modules = engine.Requirements(s, env)
			}
			routes := engine.Routes(s, env, "", modules...)
			var out outcome
			for _, r := range routes {
				switch {
				case r.Error != "" && r.Cached():
					out.found(model.Info)
				case r.Error != "":
					out.found(model.Error)
				case r.Sum.Error != "":
					out.found(model.Warning)
				}
				if r.Unknown != "" {
					out.hidden(model.Error)
				}
			}
			if servers.probe {
				a.probeRoutes(ctx, s, env, servers, routes, modules, &out)
			}
			a.exit = out.exit(a.failOn)
			if a.format == "json" {
				return a.printJSON(ctx, routes)
			}
			if all && !servers.probe {
				return a.print(ctx, report.RoutesTable(routes, a.style()))
			}
			return a.print(ctx, report.RoutesText(routes, a.style()))
		},
	}
	cmd.Flags().StringVar(&environment, "environment", environment, "the environment `NAME` in which go runs")
	a.probeFlags(cmd, &servers, "also ask the servers, in go's order, and say what go would do with their answers")
	a.observeFlags(cmd)
	return cmd
}
