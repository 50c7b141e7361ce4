// Bareserver is a language server that answers initialize and knows nothing
// else: what the protocol library alone costs. The benchmarks compare
// gophantom with it.
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
	return &protocol.InitializeResult{ServerInfo: protocol.ServerInfo{Name: "bareserver"}}, nil
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
