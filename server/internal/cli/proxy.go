package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/route"
)

func (a *app) proxyCommand() *cobra.Command {
	return a.verifyCommand(&cobra.Command{
		Use:   "proxy URL",
		Short: "Verify one module proxy end to end; this asks it",
		Long: `Proxy asks a module proxy, written as an entry of GOPROXY, what go would ask it:
whether go accepts the address, whether it can be reached and trusted, what it
hands out for a module and whether that is what go.sum or the checksum database
recorded, what it answers for a module that does not exist (anything but 404 and
410 keeps go from the next entry), and whether it stands in for the checksum
database. It sends the credentials that go would send, and tells only where they
come from.`,
		Example: `  gophantom proxy https://proxy.example/go
  gophantom proxy --module git.corp.example/team/lib@v1.2.0 https://artifacts.corp.example/api/go/virtual`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || strings.TrimSpace(args[0]) == "" {
				return errors.New("want the URL of one proxy, such as https://proxy.example/go")
			}
			return nil
		},
	}, func(ctx context.Context, s *model.Snapshot, env model.Env, address string, m route.Module, how engine.Probing) (report.Verification, error) {
		return engine.VerifyProxy(ctx, a.world, s, env, address, m, how), nil
	})
}
