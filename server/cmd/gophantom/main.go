// Gophantom proves which errors of a Go developer's editor are phantoms, names
// what causes them, and cures them. Run "gophantom help".
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/gophantom/gophantom/server/internal/cli"
	"github.com/gophantom/gophantom/server/internal/world"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends us at once
	os.Exit(cli.Main(ctx, world.Real(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
