package headless

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.lsp.dev/jsonrpc2"

	"github.com/gophantom/gophantom/server/internal/model"
)

// Bounds of what gopls may send.
const (
	maxHeader  = 4 << 10
	maxMessage = 64 << 20 // of one message
	maxText    = 16 << 10 // of one problem that is kept
)

// stream frames messages, as jsonrpc2 does, but does not make room for whatever
// a header announces.
type stream struct {
	jsonrpc2.Stream
	in   *bufio.Reader
	lost func(why string) // told why nothing can be read any more
}

func newStream(rw io.ReadWriteCloser, lost func(why string)) stream {
	return stream{jsonrpc2.NewHeaderStream(rw), bufio.NewReaderSize(rw, maxHeader), lost}
}

// Read returns the next message. After the first that is none, nothing of the
// sender is believed any more.
func (t stream) Read(ctx context.Context) (jsonrpc2.Message, int64, error) {
	body, err := t.frame()
	if err == nil {
		var msg jsonrpc2.Message
		if msg, err = jsonrpc2.DecodeMessage(body); err == nil {
			return msg, int64(len(body)), nil
		}
		err = errGarbage
	}
	switch {
	case errors.Is(err, errGarbage):
		t.lost("it printed something that is no LSP message")
	case errors.Is(err, errHuge):
		t.lost(fmt.Sprintf("it announced a message of more than %d MiB", maxMessage>>20))
	case errors.Is(err, io.ErrUnexpectedEOF):
		t.lost("it stopped in the middle of a message")
	default:
		t.lost("")
	}
	return nil, 0, err
}

var (
	errGarbage = errors.New("no LSP message")
	errHuge    = errors.New("message is too large")
)

// frame returns the body of the next message.
func (t stream) frame() ([]byte, error) {
	length, lines := 0, 0
	for {
		line, err := t.in.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, errGarbage
		case errors.Is(err, io.EOF) && lines == 0 && len(line) == 0:
			return nil, io.EOF
		case errors.Is(err, io.EOF) && lines == 0:
			return nil, errGarbage
		case errors.Is(err, io.EOF):
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		}
		text := strings.TrimRight(string(line), "\r\n")
		if text == "" {
			break
		}
		name, value, ok := strings.Cut(text, ":")
		if lines++; !ok || lines > 8 {
			return nil, errGarbage
		}
		if strings.EqualFold(name, "Content-Length") {
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil || length <= 0 {
				return nil, errGarbage
			}
		}
	}
	switch {
	case length == 0:
		return nil, errGarbage
	case length > maxMessage:
		return nil, errHuge
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(t.in, body); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return body, nil
}

type object = map[string]any

// capabilities are those of the language client of VS Code, as far as they
// change what gopls does by itself.
var capabilities = object{
	"workspace": object{
		"applyEdit": true, "configuration": true, "workspaceFolders": true,
		"didChangeConfiguration": object{"dynamicRegistration": true},
		"didChangeWatchedFiles":  object{"dynamicRegistration": true, "relativePatternSupport": true},
	},
	"textDocument": object{
		"synchronization":    object{"didSave": true},
		"publishDiagnostics": object{"relatedInformation": true, "versionSupport": true, "codeDescriptionSupport": true, "dataSupport": true, "tagSupport": object{"valueSet": []int{1, 2}}},
	},
	"window": object{"workDoneProgress": true, "showDocument": object{"support": true}, "showMessage": object{}},
}

// position is one of LSP.
type position struct {
	Line      int `json:"line"`
	Character int `json:"character"`
}

// publishParams are what gopls shows of one file.
type publishParams struct {
	URI         string `json:"uri"`
	Version     *int   `json:"version"`
	Diagnostics []struct {
		Range    struct{ Start, End position }
		Severity int
		Source   string
		Code     json.RawMessage // a string, a number, or nothing
		Message  json.RawMessage // a string, or MarkupContent since LSP 3.18
	} `json:"diagnostics"`
}

// problems are what is shown, in our words.
func (p publishParams) problems(file string, stale bool) []model.Problem {
	out := make([]model.Problem, 0, len(p.Diagnostics))
	for _, d := range p.Diagnostics {
		if d.Severity < 1 || d.Severity > 4 {
			d.Severity = 1
		}
		out = append(out, model.Problem{
			Location: model.Location{File: file, Range: model.Range{
				Start: model.Position{Line: max(d.Range.Start.Line, 0), Character: max(d.Range.Start.Character, 0)},
				End:   model.Position{Line: max(d.Range.End.Line, 0), Character: max(d.Range.End.Character, 0)},
			}},
			Severity: d.Severity, Source: cut(d.Source), Code: cut(text(d.Code)), Message: cut(text(d.Message)), Stale: stale,
		})
	}
	return out
}

// text is a string of JSON, or what stands for one.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var markup struct{ Value json.RawMessage }
	if json.Unmarshal(raw, &markup) == nil && json.Unmarshal(markup.Value, &s) == nil {
		return s
	}
	return string(raw) // a number
}

func cut(s string) string {
	if len(s) > maxText {
		return strings.ToValidUTF8(s[:maxText], "") + " …"
	}
	return s
}

// progressParams tell of work that begins or ends.
type progressParams struct {
	Token json.RawMessage `json:"token"`
	Value struct {
		Kind  string `json:"kind"`
		Title string `json:"title"`
	} `json:"value"`
}

// buildInfo is what gopls says of itself, as JSON in a string.
type buildInfo struct {
	GoVersion string
	Main      struct{ Version string }
}

// view is one view as gopls.views tells.
type view struct {
	ID, Type, Root, Folder string
	EnvOverlay             []string
}
