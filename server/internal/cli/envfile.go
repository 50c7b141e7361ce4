package cli

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
)

// maxVariables bounds what a comparison costs, which grows with every variable
// kept: real environments have some dozens.
const maxVariables = 10_000

// capturable are the environments that --env can replace.
func capturable() []string {
	return []string{
		string(model.EnvEditor), string(model.EnvTools), string(model.EnvGopls), string(model.EnvShellHome), string(model.EnvShell),
		string(model.EnvTerminal), string(model.EnvDebug), string(model.EnvTest),
	}
}

// debugConfiguration is how the name of an environment begins that is one
// configuration of launch.json among several.
const debugConfiguration = string(model.EnvDebug) + ":"

// captured reads the files of the --env flags.
func (a *app) captured() (engine.Captured, error) {
	out := engine.Captured{}
	for _, arg := range a.envs {
		name, file, ok := strings.Cut(arg, "=")
		if !ok || file == "" {
			return nil, fmt.Errorf("--env %s: want NAME=FILE, such as --env shell=shell.env", arg)
		}
		if configuration, ok := strings.CutPrefix(name, debugConfiguration); !ok || configuration == "" {
			if err := oneOf("NAME in --env NAME=FILE", name, append(capturable(), debugConfiguration+"NAME")...); err != nil {
				return nil, err
			}
		}
		if _, twice := out[model.EnvName(name)]; twice {
			return nil, fmt.Errorf("--env %s is given twice", name)
		}
		data, err := a.world.Files.ReadFile(a.absolute(file))
		if err != nil {
			return nil, fmt.Errorf("--env %s: %w", name, err)
		}
		vars, notes, err := parseEnvironment(data)
		for _, n := range notes {
			fmt.Fprintf(a.stderr, "gophantom: %s:%s\n", file, n)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%w", file, err)
		}
		if len(vars) > maxVariables {
			return nil, fmt.Errorf("%s: %d variables that can matter to Go, more than %d: this is no environment that a process has", file, len(vars), maxVariables)
		}
		out[model.EnvName(name)] = vars
	}
	return out, nil
}

// parseEnvironment reads a captured environment and keeps the variables that
// can matter to Go.
//
// With a NUL byte in it, the data is the output of "env -0": entries KEY=VALUE
// that each end with NUL, taken as they are.
//
// Otherwise each line is one KEY=VALUE, as "env", "printenv" and cmd's "set"
// print it, taken as it is: quotes are part of the value. A value with a line
// break cannot be told from two lines, so most are errors; that is what the
// NUL form is for. Empty lines and lines that begin with "#" are skipped. A
// line that begins with "export " or "declare -x ", as "export -p" prints it,
// is shell syntax: its value is unquoted, and anything that only a shell can
// work out is an error.
//
// A byte order mark is skipped, UTF-16 with one (from PowerShell's ">") is
// decoded, and CRLF ends a line as LF does. Of a name given twice the last
// counts, as in a process. Errors and notes begin with the line's number.
func parseEnvironment(data []byte) (vars map[string]string, notes []string, err error) {
	data, err = decodeText(data)
	if err != nil {
		return nil, nil, err
	}
	vars = map[string]string{}
	if bytes.IndexByte(data, 0) >= 0 {
		for i, entry := range strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00") {
			name, value, ok := strings.Cut(entry, "=")
			if !ok || !isName(name) {
				return nil, nil, fmt.Errorf(" entry %d is not KEY=VALUE", i+1)
			}
			keep(vars, name, value)
		}
		return vars, nil, nil
	}
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		entry, shell := strings.CutPrefix(line, "export ")
		if !shell {
			entry, shell = strings.CutPrefix(line, "declare -x ")
		}
		name, value, ok := strings.Cut(entry, "=")
		switch {
		case shell && !ok && isName(entry):
			continue // exported without a value: not in the environment
		case !ok || !isName(name):
			return nil, nil, fmt.Errorf(`%d: not KEY=VALUE; if it continues a value with line breaks, capture with "env -0"`, number)
		case shell:
			if value, err = unquote(value); err != nil {
				return nil, nil, fmt.Errorf(`%d: %s: %w; capture with "env -0" instead`, number, name, err)
			}
		case model.Kept(name) && quoted(value):
			notes = append(notes, fmt.Sprintf(`%d: the quotes around %s are taken as part of its value, as "env" prints it`, number, name))
		}
		keep(vars, name, value)
	}
	return vars, notes, nil
}

func keep(vars map[string]string, name, value string) {
	if model.Kept(name) {
		vars[name] = value
	}
}

// isName accepts what systems accept, such as "ProgramFiles(x86)", but not
// what a line of text is likely to begin with.
func isName(s string) bool {
	return s != "" && !strings.ContainsAny(s, " \t\r\n\"'`$;&|<>")
}

func quoted(s string) bool {
	return len(s) > 1 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0]
}

// unquote takes the value of a shell assignment that needs no shell: one word,
// bare, in single or in double quotes.
func unquote(s string) (string, error) {
	const needsShell = "only a shell can work out this value"
	switch {
	case s == "":
		return "", nil
	case s[0] == '\'':
		inner := strings.TrimSuffix(s[1:], "'")
		if !quoted(s) || strings.Contains(inner, "'") {
			return "", errors.New(needsShell)
		}
		return inner, nil
	case s[0] == '"':
		if !quoted(s) {
			return "", errors.New(needsShell)
		}
		var b strings.Builder
		inner := s[1 : len(s)-1]
		for i := 0; i < len(inner); i++ {
			switch c := inner[i]; {
			case c == '$' || c == '`' || c == '"':
				return "", errors.New(needsShell)
			case c == '\\' && i+1 < len(inner) && strings.IndexByte("$`\"\\", inner[i+1]) >= 0:
				i++
				b.WriteByte(inner[i])
			case c == '\\' && i+1 == len(inner):
				return "", errors.New(needsShell)
			default:
				b.WriteByte(c)
			}
		}
		return b.String(), nil
	case strings.ContainsAny(s, "\"'`$\\ \t;&|<>(){}*?[]!"), strings.HasPrefix(s, "~"), strings.Contains(s, ":~"):
		return "", errors.New(needsShell)
	}
	return s, nil
}

// decodeText removes a byte order mark and decodes UTF-16.
func decodeText(data []byte) ([]byte, error) {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return data[3:], nil
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return data, nil
	}
	data = data[2:]
	if len(data)%2 != 0 {
		return nil, errors.New(" cut off in the middle of a UTF-16 character")
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	var out []byte
	for _, r := range utf16.Decode(units) {
		out = utf8.AppendRune(out, r)
	}
	return out, nil
}
