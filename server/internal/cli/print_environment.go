package cli

import (
	"github.com/spf13/cobra"

	"github.com/gophantom/gophantom/server/internal/world"
)

// printEnvironmentCommand is for ourselves: the shell probe has a shell run it
// to learn the environment that the shell's start-up files make.
func (a *app) printEnvironmentCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "print-environment SENTINEL",
		Short:  "Print the environment between lines with SENTINEL",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return world.PrintEnvironment(a.stdout, args[0], a.world.Environ)
		},
	}
}
