package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/probe"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/route"
)

// probing are the flags of commands that may ask servers.
type probing struct {
	probe  bool
	goauth bool
}

// probeFlags adds the flags of a command that asks servers only with --probe.
func (a *app) probeFlags(cmd *cobra.Command, p *probing, usage string) {
	cmd.Flags().BoolVar(&p.probe, "probe", false, usage)
	a.goauthFlag(cmd, p)
}

func (a *app) goauthFlag(cmd *cobra.Command, p *probing) {
	cmd.Flags().BoolVar(&p.goauth, "run-goauth", false, "when servers are asked, also run the commands that GOAUTH names for credentials")
}

// allowed returns an error if the network was forbidden to a command that needs
// it.
func (p probing) allowed(cmd *cobra.Command) error {
	if f := cmd.Flag("offline"); p.probe && f != nil && f.Changed && f.Value.String() == "true" {
		return errors.New("--offline forbids what was asked for: this asks servers")
	}
	return nil
}

// how says on stderr what is asked, if that is a terminal.
func (a *app) how(p probing) engine.Probing {
	how := engine.Probing{RunGOAUTH: p.goauth}
	if isTerminal(a.stderr) {
		how.Tell = func(what string) { fmt.Fprintln(a.stderr, "gophantom: "+report.Show(model.NewValue(what))) }
	}
	return how
}

// probeRoutes asks the servers of routes and adds to each what they answered.
func (a *app) probeRoutes(ctx context.Context, s *model.Snapshot, env model.Env, p probing, routes []report.Route, modules []route.Module, out *outcome) {
	probes, _ := engine.Probe(ctx, a.world, s, env, a.how(p), modules...)
	for i := range probes {
		routes[i].Probe = &probes[i]
		switch probe.Verdict(probes[i].Verdict) {
		case probe.Fails, probe.Hangs:
			out.found(model.Error)
		case probe.Undecided:
			out.hidden(model.Error)
		}
	}
}

// verified counts the checks of a verification.
func (o *outcome) verified(v report.Verification) {
	for _, c := range v.Checks {
		switch probe.Grade(c.Outcome) {
		case probe.Bad, probe.Alarm:
			o.found(model.Error)
		case probe.Doubt:
			o.found(model.Warning)
		case probe.Unclear:
			o.hidden(model.Error)
		}
	}
}

// environmentNamed refuses what can be the name of no environment.
func environmentNamed(name string) error {
	if strings.HasPrefix(name, debugConfiguration) {
		return nil
	}
	var names []string
	for _, n := range model.EnvNames {
		names = append(names, string(n))
	}
	return oneOf("--environment", name, names...)
}

// environmentOf returns an environment of a snapshot by name.
func environmentOf(s *model.Snapshot, name string) (model.Env, error) {
	env, ok := s.Env(model.EnvName(name))
	if ok {
		return env, nil
	}
	var have []string
	for _, e := range s.Envs {
		have = append(have, string(e.Name))
	}
	return env, undecided{fmt.Errorf("there is no %s environment here; there is %s (or capture one: --env %s=FILE)", name, strings.Join(have, ", "), name)}
}

// moduleArgument reads MODULE or MODULE@VERSION.
func moduleArgument(arg string) (route.Module, error) {
	if strings.Contains(arg, "://") { // which may hold a password
		return route.Module{}, errors.New("want a module path, such as golang.org/x/mod, and not a URL")
	}
	path, version, versioned := strings.Cut(arg, "@")
	if path == "" || versioned && version == "" {
		return route.Module{}, fmt.Errorf("%q is not MODULE or MODULE@VERSION", arg)
	}
	return route.Module{Path: path, Version: version}, nil
}

// verifyCommand makes a command that verifies one server end to end; do gets
// the module of --module or, without it, one that go.mod requires.
func (a *app) verifyCommand(cmd *cobra.Command, do func(ctx context.Context, s *model.Snapshot, env model.Env, arg string, m route.Module, how engine.Probing) (report.Verification, error)) *cobra.Command {
	environment, module := string(model.EnvShell), ""
	p := probing{probe: true}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx := cmd.Context()
		if err := p.allowed(cmd); err != nil {
			return err
		}
		if err := environmentNamed(environment); err != nil {
			return err
		}
		var m route.Module
		if module != "" {
			var err error
			if m, err = moduleArgument(module); err != nil {
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
		if m.Path == "" {
			if required := engine.Requirements(s, env); len(required) > 0 {
				m = required[0]
			}
		}
		arg := ""
		if len(args) > 0 {
			arg = args[0]
		}
		v, err := do(ctx, s, env, arg, m, a.how(p))
		if err != nil {
			return err
		}
		var out outcome
		out.verified(v)
		a.exit = out.exit(a.failOn)
		if a.format == "json" {
			return a.printJSON(ctx, v)
		}
		return a.print(ctx, v.Text(a.style()))
	}
	cmd.Flags().StringVar(&environment, "environment", environment, "the environment `NAME` in which go runs")
	cmd.Flags().StringVar(&module, "module", "", "the `MODULE[@VERSION]` to ask for (default: one that go.mod requires)")
	a.goauthFlag(cmd, &p)
	a.observeFlags(cmd)
	return cmd
}

// cacheFile is a file of ours in the user's cache; "" if there is no place for
// it.
func (a *app) cacheFile(name string) string {
	get := func(variable string) string {
		for _, entry := range a.world.Environ {
			if value, ok := strings.CutPrefix(entry, variable+"="); ok {
				return value
			}
		}
		return ""
	}
	dir := get("XDG_CACHE_HOME")
	switch {
	case a.world.GOOS == "windows":
		dir = get("LOCALAPPDATA")
	case a.world.GOOS == "darwin" && get("HOME") != "":
		dir = filepath.Join(get("HOME"), "Library", "Caches")
	case !filepath.IsAbs(dir) && get("HOME") != "":
		dir = filepath.Join(get("HOME"), ".cache")
	}
	if !filepath.IsAbs(dir) {
		return ""
	}
	return filepath.Join(dir, "gophantom", name)
}
