package cli

import (
	"github.com/spf13/cobra"

	"github.com/gophantom/gophantom/server/internal/report"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, the commit and the Go version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := report.BuildVersion()
			if a.format == "json" {
				return a.printJSON(cmd.Context(), v)
			}
			commit := v.Commit
			if commit == "" {
				commit = "unknown"
			}
			return a.print(cmd.Context(), "gophantom "+v.Version+" (commit "+commit+", "+v.Go+")\n")
		},
	}
}
