package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/route"
)

func (a *app) routeCommand() *cobra.Command {
	environment := string(model.EnvShell)
	cmd := &cobra.Command{
		Use:   "route MODULE[@VERSION]...",
		Short: "Explain how go fetches and verifies a module, and which setting decides",
		Long: `Route shows whom the go command asks for a module, in which order, when it goes
on to the next, and who vouches for what it gets. It asks nobody itself.

A module that go is certain to refuse counts as an error.`,
		Example: `  gophantom route golang.org/x/mod
  gophantom route --environment gopls git.corp.example/team/lib@v1.2.0`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("route needs a module, such as golang.org/x/mod or golang.org/x/mod@v0.42.0")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			var names []string
			for _, n := range model.EnvNames {
				names = append(names, string(n))
			}
			if !strings.HasPrefix(environment, debugConfiguration) {
				if err := oneOf("--environment", environment, names...); err != nil {
					return err
				}
			}
			modules := make([]route.Module, len(args))
			for i, arg := range args {
				if strings.Contains(arg, "://") { // which may hold a password
					return errors.New("route wants a module path, such as golang.org/x/mod, and not a URL")
				}
				path, version, versioned := strings.Cut(arg, "@")
				if path == "" || versioned && version == "" {
					return fmt.Errorf("%q is not MODULE or MODULE@VERSION", arg)
				}
				modules[i] = route.Module{Path: path, Version: version}
			}
			s, err := a.observe(ctx, a.workspace(), captured{})
			if err != nil {
				return err
			}
			env, ok := s.Env(model.EnvName(environment))
			if !ok {
				var have []string
				for _, e := range s.Envs {
					have = append(have, string(e.Name))
				}
				return undecided{fmt.Errorf("there is no %s environment here; there is %s (or capture one: --env %s=FILE)", environment, strings.Join(have, ", "), environment)}
			}
			routes := []report.Route{}
			var out outcome
			for _, m := range modules {
				r := publicRoute(route.Explain(m, env, route.Facts{Modules: s.Modules, Work: s.Work}), environment)
				if r.Error != "" {
					out.found(model.Error)
				}
				if r.Unknown != "" {
					out.hidden(model.Error)
				}
				routes = append(routes, r)
			}
			a.exit = out.exit(a.failOn)
			if a.format == "json" {
				return a.printJSON(ctx, routes)
			}
			return a.print(ctx, report.RoutesText(routes, a.style()))
		},
	}
	cmd.Flags().StringVar(&environment, "environment", environment, "the environment `NAME` in which go runs")
	a.observeFlags(cmd)
	return cmd
}

// publicRoute turns a route into its public, redacted form.
func publicRoute(r route.Route, environment string) report.Route {
	out := report.Route{
		Module: report.Show(model.NewValue(r.Module.Path)), Version: report.Show(model.NewValue(r.Module.Version)), Environment: environment, Mode: string(r.Mode),
		Error: report.Show(r.Error), Unknown: r.Unknown, Steps: []report.RouteStep{},
		Insecure: report.Insecure{Allowed: r.Insecure.Allowed, Pattern: report.Show(r.Insecure.Pattern), Why: publicWhy(r.Insecure.Why)},
		SumDB: report.SumDB{
			Consulted: r.SumDB.Consulted, Name: report.Show(model.NewValue(r.SumDB.Name)), URL: report.Show(r.SumDB.URL), Proxied: r.SumDB.Proxied,
			Why: publicWhy(r.SumDB.Why), Error: report.Show(r.SumDB.Error),
		},
		VCS: report.VCS{
			Consulted: r.VCS.Consulted, Root: r.VCS.Root, Tool: r.VCS.Tool, Allowed: r.VCS.Allowed, Tools: append([]string{}, r.VCS.Tools...),
			Why: publicWhy(r.VCS.Why), Error: report.Show(r.VCS.Error),
		},
	}
	switch {
	case r.Dir != "":
		out.Target = r.Dir
	case r.Target != r.Module:
		out.Target = r.Target.Path
		if r.Target.Version != "" {
			out.Target += "@" + r.Target.Version
		}
	}
	for _, s := range r.Steps {
		out.Steps = append(out.Steps, report.RouteStep{
			Kind: string(s.Kind), URL: report.Show(s.URL), Applies: s.Applies, Fallback: string(s.Fallback), Why: publicWhy(s.Why),
		})
	}
	return out
}

func publicWhy(w route.Why) report.Why {
	out := report.Why{Variable: w.Variable, Pattern: report.ShowVariable(w.Variable, w.Pattern)}
	if w.Origin != (model.Origin{}) {
		o := report.FromOrigin(w.Origin)
		out.Origin = &o
	}
	return out
}
