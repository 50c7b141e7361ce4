package cli

import (
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/gophantom/gophantom/server/internal/lsp"
)

func (a *app) lspCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lsp",
		Short: "Run the language server on stdin and stdout",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a.exit = lsp.Serve(cmd.Context(), a.world, a.stdin, a.stdout, slog.New(slog.NewTextHandler(a.stderr, nil)))
			return nil
		},
	}
	cmd.Flags().Bool("stdio", true, "accepted since clients add it; there is no other transport")
	return cmd
}
