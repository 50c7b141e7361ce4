// Bareserver is a language server that answers "initialize" and does nothing
// else. It is what the protocol library alone costs: npm run bench measures
// gophantom against it.
package main

import (
	"context"
	"io"
	"os"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
)

type server struct{ protocol.UnimplementedServer }

func (server) Initialize(context.Context, *protocol.InitializeParams) (*protocol.InitializeResult, error) {
	return &protocol.InitializeResult{}, nil
}

type stdio struct {
	io.Reader
	io.Writer
}

func (stdio) Close() error { return nil }

func main() {
	_, conn, _ := protocol.NewServer(context.Background(), server{}, jsonrpc2.NewStream(stdio{os.Stdin, os.Stdout}))
	<-conn.Done()
}
