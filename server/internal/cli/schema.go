package cli

import (
	"github.com/spf13/cobra"

	"github.com/gophantom/gophantom/server/internal/report"
)

func (a *app) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the JSON outputs",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.print(cmd.Context(), string(report.JSONSchema))
		},
	}
}
