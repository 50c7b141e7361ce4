package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
)

// logs reads the files of the --log flags, and says on stderr what became of
// them.
func (a *app) logs(ctx context.Context) (said []model.Said, err error) {
	stdin := false
	for _, arg := range a.logFiles {
		env, file := model.EnvShell, arg
		if name, rest, ok := strings.Cut(arg, "="); ok && slices.Contains(capturable(), name) {
			env, file = model.EnvName(name), rest
		}
		var in io.Reader
		switch {
		case file == "":
			return nil, fmt.Errorf("--log %s: want a FILE, or - for the standard input", arg)
		case file == "-" && stdin:
			return nil, fmt.Errorf("--log -: the standard input can be read only once")
		case file == "-":
			stdin, in = true, a.stdin
		default:
			f, err := a.world.Files.Open(a.absolute(file))
			if err != nil {
				return nil, fmt.Errorf("--log: %w", err)
			}
			defer func() { _ = f.Close() }()
			in = f
		}
		heard, count, err := engine.ReadLog(utf8Of(interruptible{ctx, in}), env)
		if err != nil {
			return nil, fmt.Errorf("--log %s: %w", file, err)
		}
		fmt.Fprintf(a.stderr, "gophantom: %s: %s\n", shown(fmt.Errorf("%s", file)), logSummary(count))
		said = append(said, heard...)
	}
	return said, nil
}

// logSummary puts into words what became of a log.
func logSummary(c engine.LogCount) string {
	if c.Lines == 0 {
		return "the log is empty"
	}
	text := fmt.Sprintf("%d known messages", c.Known)
	if c.Known == 1 {
		text = "1 known message"
	}
	if c.Known > 0 {
		text += " (" + strings.Join(c.Refs, ", ") + "; gophantom explain REF tells more)"
	}
	text += fmt.Sprintf("; %d of %d lines are not known", c.Unknown, c.Lines)
	if c.Left > 0 {
		text += fmt.Sprintf("; %d messages were left out, because there are too many different ones", c.Left)
	}
	return text
}

// interruptible ends when the command is interrupted.
type interruptible struct {
	ctx context.Context
	io.Reader
}

func (r interruptible) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// utf8Of reads a text that PowerShell may have written, as UTF-16 then, and
// drops a byte order mark.
func utf8Of(r io.Reader) io.Reader {
	in := bufio.NewReader(r)
	mark, _ := in.Peek(3) // shorter texts have no mark
	switch {
	case bytes.HasPrefix(mark, []byte("\xef\xbb\xbf")):
		_, _ = in.Discard(3)
		return in
	case bytes.HasPrefix(mark, []byte{0xff, 0xfe}):
		_, _ = in.Discard(2)
		return &fromUTF16{in: in, order: binary.LittleEndian}
	case bytes.HasPrefix(mark, []byte{0xfe, 0xff}):
		_, _ = in.Discard(2)
		return &fromUTF16{in: in, order: binary.BigEndian}
	}
	return in
}

// fromUTF16 turns UTF-16 into UTF-8. A half of a character at the end is
// dropped.
type fromUTF16 struct {
	in    *bufio.Reader
	order binary.ByteOrder
	out   []byte // what was turned and not read yet
}

func (r *fromUTF16) Read(p []byte) (int, error) {
	for len(r.out) < len(p) {
		unit, err := r.unit()
		if err != nil {
			if len(r.out) > 0 {
				break
			}
			return 0, err
		}
		c := rune(unit)
		if utf16.IsSurrogate(c) {
			second, err := r.unit()
			if err != nil {
				break
			}
			c = utf16.DecodeRune(c, rune(second))
		}
		r.out = append(r.out, string(c)...)
	}
	n := copy(p, r.out)
	r.out = r.out[:copy(r.out, r.out[n:])]
	return n, nil
}

func (r *fromUTF16) unit() (uint16, error) {
	var pair [2]byte
	if _, err := io.ReadFull(r.in, pair[:]); err != nil {
		if err == io.ErrUnexpectedEOF {
			err = io.EOF
		}
		return 0, err
	}
	return r.order.Uint16(pair[:]), nil
}
