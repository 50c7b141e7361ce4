package lsp

import (
	"context"
	"errors"
	"io"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
)

// codec is how payloads are encoded on the wire: LSP's own types with their
// unions, ours by their json tags (a nil slice is [], field names are
// case-sensitive). The codec of package protocol is not exported, and the
// default one of jsonrpc2 breaks unions.
type codec struct{}

func (codec) Marshal(v any) ([]byte, error) {
	if raw, ok := v.(jsonrpc2.RawMessage); ok {
		return raw, nil
	}
	return protocol.Marshal(v)
}

func (codec) Unmarshal(data []byte, v any) error {
	if raw, ok := v.(*jsonrpc2.RawMessage); ok {
		*raw = append(jsonrpc2.RawMessage(nil), data...)
		return nil
	}
	return protocol.Unmarshal(data, v)
}

// stdio is the two ends of the connection as jsonrpc2 wants them. The ends
// belong to the caller of Serve, so Close closes nothing.
type stdio struct {
	io.Reader
	io.Writer
}

func (stdio) Close() error { return nil }

// stream frames messages. Unlike the stream it wraps, it survives a malformed
// message in a well-formed frame.
type stream struct {
	jsonrpc2.Stream
	s *server
}

func (s *server) stream(in io.Reader, out io.Writer) jsonrpc2.Stream {
	return stream{jsonrpc2.NewHeaderStream(stdio{in, out}), s}
}

// Read returns the next well-formed message. A body that is no message is
// answered with its error and skipped, because the frame says where the next
// one begins. After a malformed header nobody knows that, so the connection
// ends. Every error ends the server, also while requests are still running,
// which jsonrpc2 alone would wait for.
func (t stream) Read(ctx context.Context) (jsonrpc2.Message, int64, error) {
	for {
		msg, n, err := t.Stream.Read(ctx)
		switch {
		case err == nil:
			return msg, n, nil
		case errors.Is(err, jsonrpc2.ErrParse), errors.Is(err, jsonrpc2.ErrInvalidRequest):
			t.s.log.Error("skipping a malformed message", "error", err)
			t.refuse(ctx, err)
		case errors.Is(err, jsonrpc2.ErrInvalidHeader):
			t.refuse(ctx, jsonrpc2.ErrParse)
			t.s.finish("malformed message header: the input is not a stream of LSP messages")
			return nil, 0, err
		case errors.Is(err, io.EOF):
			t.s.finish("the client closed the connection")
			return nil, 0, err
		case errors.Is(err, io.ErrUnexpectedEOF):
			t.s.finish("the client closed the connection in the middle of a message")
			return nil, 0, err
		default:
			t.s.finish("cannot read from the client: " + err.Error())
			return nil, 0, err
		}
	}
}

// refuse answers a message whose id nobody could read.
func (t stream) refuse(ctx context.Context, err error) {
	_, _ = t.Write(ctx, jsonrpc2.NewResponse(jsonrpc2.ID{}, nil, err))
}

// Write sends a message. A client that cannot be written to is gone.
func (t stream) Write(ctx context.Context, msg jsonrpc2.Message) (int64, error) {
	n, err := t.Stream.Write(ctx, msg)
	if err != nil && ctx.Err() == nil {
		t.s.finish("cannot write to the client")
	}
	return n, err
}
