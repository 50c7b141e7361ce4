package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/route"
)

func (a *app) sumdbCommand() *cobra.Command {
	since := ""
	cmd := &cobra.Command{
		Use:   "sumdb [SPEC]",
		Short: "Verify a checksum database end to end; this asks it",
		Long: `Sumdb asks a checksum database, written as GOSUMDB has it (default: the GOSUMDB
in force): whether go accepts its key, whether the head of its tree is signed,
whether the tree still holds everything that an earlier head promised, and
whether the record of a module is proved to be in it and agrees with go.sum.

The earlier head is the file of --since or, without it, the head that the last
run with the same key verified, which is kept in the cache directory of the user.
A tree that shrinks, or that two signed heads disagree about, is a security
event: somebody is shown another history than others.`,
		Example: `  gophantom sumdb
  gophantom sumdb --module golang.org/x/mod@v0.42.0 sum.golang.org
  gophantom sumdb "sum.corp.example+01982df5+ATfbnbZ4FVNFTHXOIR5GpTHtMBSPqWQMyTpSNJrjNAeh https://sum.corp.example"`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return errors.New(`want one checksum database; a key and its URL are one argument: "KEY URL"`)
			}
			return nil
		},
	}
	a.verifyCommand(cmd, func(ctx context.Context, s *model.Snapshot, env model.Env, spec string, m route.Module, how engine.Probing) (report.Verification, error) {
		if spec == "" {
			spec = env.Lookup("GOSUMDB").Value.Reveal()
		}
		kept := a.cacheFile("sumdb-" + fingerprint(route.SumDBKey(spec)) + ".head")
		file := kept
		if since != "" {
			file = a.absolute(since)
		}
		var head []byte
		if file != "" {
			var err error
			if head, err = a.world.Files.ReadFile(file); err != nil && (since != "" || !errors.Is(err, fs.ErrNotExist)) {
				return report.Verification{}, fmt.Errorf("the earlier tree head cannot be read: %w", err)
			}
		}
		v, now := engine.VerifySumDB(ctx, a.world, s, env, spec, m, head, how)
		if now != nil && kept != "" && since == "" && !bytes.Equal(now, head) && ctx.Err() == nil {
			if err := a.world.Files.ReplaceFile(kept, head, now); err != nil {
				fmt.Fprintln(a.stderr, "gophantom: the tree head could not be kept for the next time: "+shown(err))
			}
		}
		return v, nil
	})
	cmd.Flags().StringVar(&since, "since", "", "a `FILE` with an earlier signed tree head that the tree must contain")
	return cmd
}

// fingerprint makes a name of a file from a key.
func fingerprint(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:8])
}
