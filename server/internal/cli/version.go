package cli

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/gophantom/gophantom/server/internal/report"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, the commit and the Go version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := buildVersion()
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

// buildVersion is what the linker recorded.
func buildVersion() report.Version {
	v := report.Version{Version: "(devel)", Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			v.Commit = s.Value + v.Commit
		case s.Key == "vcs.modified" && s.Value == "true":
			v.Commit += "+changes"
		}
	}
	return v
}
