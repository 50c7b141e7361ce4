package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
)

func (a *app) contractCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "contract init | check | explain",
		Short: "What the team has agreed on in " + model.ContractName + ": write it, check it, explain it",
		Long: `A team writes down in ` + model.ContractName + `, at the root of its repository, which
values of Go's variables it requires and forbids, which versions of go and gopls,
and which findings it accepts until a day. "gophantom check" and the editor find
what differs from that.`,
		Example: `  gophantom contract init
  gophantom contract check
  gophantom contract explain`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New(`say what to do with the contract: "gophantom contract init", "check" or "explain"`)
			}
			if near := nearest(args[0], []string{"init", "check", "explain"}); near != "" {
				return fmt.Errorf("contract knows no %q; did you mean %s?", args[0], near)
			}
			return fmt.Errorf("contract knows no %q; it knows init, check and explain", args[0])
		},
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	cmd.AddCommand(a.contractInit(), a.contractCheck(), a.contractExplain())
	return cmd
}

func (a *app) contractInit() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a first contract from what holds here, to be edited",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.observe(cmd.Context(), a.workspace(), captured{})
			if err != nil {
				return err
			}
			file := filepath.Join(cmp.Or(s.Repository.Root, s.Dir), model.ContractName)
			err = a.world.Files.ReplaceFile(file, nil, []byte(firstContract(s)))
			if _, statErr := a.world.Files.Stat(file); err != nil && !errors.Is(statErr, fs.ErrNotExist) {
				return fmt.Errorf("there is a contract already: %s", file)
			}
			if err != nil {
				return undecided{fmt.Errorf("the contract could not be written: %w", err)}
			}
			return a.print(cmd.Context(), report.Show(model.NewValue("Wrote "+file+"; edit it, then run: gophantom contract check"))+"\n")
		},
	}
	a.observeFlags(cmd)
	return cmd
}

// firstContract is a contract that holds on this machine, with what most teams
// agree on.
func firstContract(s *model.Snapshot) string {
	shell, _ := s.Env(model.EnvShell)
	covers := `// {"variable": "GOPRIVATE", "covers": ["git.corp.example/team"], "why": "these modules are ours"},`
	var private []string
	for pattern := range strings.SplitSeq(shell.Lookup("GOPRIVATE").Value.Reveal(), ",") {
		if pattern = strings.TrimSpace(pattern); pattern != "" {
			private = append(private, strconv.Quote(report.Show(model.NewValue(pattern))))
		}
	}
	if len(private) > 0 {
		covers = `{"variable": "GOPRIVATE", "covers": [` + strings.Join(private, ", ") + `]},`
	}
	version := `// {"tool": "go", "atLeast": "1.26"},`
	if len(s.Modules) > 0 && s.Modules[0].Go != "" {
		version = `{"tool": "go", "atLeast": ` + strconv.Quote(s.Modules[0].Go) + `},`
	}
	return `// What this team has agreed on about Go's environment. Comments are allowed.
// "gophantom contract explain" says what counts on a machine, and what is kept.
{
  "version": 1,
  "require": [
    ` + covers + `
  ],
  "forbid": [
    {"variable": "GOSUMDB", "value": "off", "why": "downloads have to be verified"},
  ],
  "versions": [
    ` + version + `
  ],
  // Findings that are accepted until a day, with an owner:
  // {"rule": "env-drift", "subject": "GOFLAGS", "owner": "ada", "reason": "until the new CI", "expires": "2027-01-31"}
  "accept": [],
}
`
}

// contracted is the snapshot and the report of a workspace that has a contract.
func (a *app) contracted(ctx context.Context) (*model.Snapshot, report.Report, error) {
	s, err := a.observe(ctx, a.workspace(), captured{})
	if err != nil {
		return nil, report.Report{}, err
	}
	if s.Contract == nil {
		return nil, report.Report{}, undecided{fmt.Errorf("%s has no %s, and no directory above it in its repository: \"gophantom contract init\" writes one", s.Dir, model.ContractName)}
	}
	return s, a.engine.check(ctx, a.world, s, engine.Truth{}), nil
}

func (a *app) contractCheck() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Find what differs from the contract, mistakes in it, and acceptances that are over",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, r, err := a.contracted(cmd.Context())
			if err != nil {
				return err
			}
			r = r.Only(func(rule string) bool { return strings.HasPrefix(rule, "contract-") })
			var out outcome
			out.findings(r)
			a.exit = out.exit(a.failOn)
			if a.format == "json" {
				return a.printJSON(cmd.Context(), r)
			}
			return a.print(cmd.Context(), r.Text(a.style()))
		},
	}
	a.observeFlags(cmd)
	return cmd
}

func (a *app) contractExplain() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain",
		Short: "Say in words what the contract asks for, what counts on this machine, and what is kept",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, r, err := a.contracted(cmd.Context())
			if err != nil {
				return err
			}
			c := report.ContractOf(s, r)
			if a.format == "json" {
				return a.printJSON(cmd.Context(), c)
			}
			return a.print(cmd.Context(), c.Text(a.style()))
		},
	}
	a.observeFlags(cmd)
	return cmd
}
