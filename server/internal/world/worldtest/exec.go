package worldtest

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gophantom/gophantom/server/internal/world"
)

// recording is one exec section.
type recording struct {
	argv, env, unset []string
	dir              string
	hang             bool
	result           world.Result
}

func parseRecording(text string) (r recording, err error) {
	line, text, _ := strings.Cut(text, "\n")
	if r.argv, err = words(line); err != nil {
		return r, err
	}
	if len(r.argv) == 0 {
		return r, fmt.Errorf("no command line")
	}
	for text != "" {
		line, text, _ = strings.Cut(text, "\n")
		word, value, _ := strings.Cut(line, " ")
		switch word {
		case "":
		case "env":
			if strings.Contains(value, "=") {
				r.env = append(r.env, value)
			} else {
				r.unset = append(r.unset, value)
			}
		case "dir":
			r.dir = value
		case "exit":
			if r.result.Code, err = strconv.Atoi(value); err != nil {
				return r, err
			}
		case "hang":
			r.hang = true
		case "stdout":
			// The line is searched with the newlines around it; the one before
			// it belongs to the output.
			before, stderr, _ := strings.Cut("\n"+text, "\nstderr\n")
			stdout := text[:min(len(before), len(text))]
			r.result.Stdout, r.result.Stderr = []byte(stdout), []byte(stderr)
			return r, nil
		case "stderr":
			r.result.Stderr = []byte(text)
			return r, nil
		default:
			return r, fmt.Errorf("unknown line %q", line)
		}
	}
	return r, nil
}

func (r recording) fits(c world.Command) bool {
	if r.argv[0] != c.Path && r.argv[0] != path.Base(c.Path) || r.dir != "" && r.dir != c.Dir {
		return false
	}
	for _, variable := range r.env {
		if !slices.Contains(c.Env, variable) {
			return false
		}
	}
	for _, name := range r.unset {
		if slices.ContainsFunc(c.Env, func(entry string) bool { return strings.HasPrefix(entry, name+"=") }) {
			return false
		}
	}
	for i, arg := range r.argv[1:] {
		switch {
		case arg == "...":
			return true
		case i >= len(c.Args), arg != "*" && arg != c.Args[i]:
			return false
		}
	}
	return len(c.Args) == len(r.argv)-1
}

// probe is how a shell is asked to have us print its environment.
var probe = regexp.MustCompile(`print-environment (\S+)$`)

type executor struct{ s *Scenario }

func (e executor) Run(ctx context.Context, c world.Command) (world.Result, error) {
	if err := ctx.Err(); err != nil {
		return world.Result{Code: -1}, err
	}
	e.s.mu.Lock()
	e.s.commands = append(e.s.commands, c)
	e.s.mu.Unlock()
	for _, r := range e.s.recorded {
		if !r.fits(c) {
			continue
		}
		result := r.result
		if c.OnStderr != nil {
			for line := range bytes.Lines(result.Stderr) {
				c.OnStderr(bytes.TrimSuffix(line, []byte("\n")))
			}
			result.Stderr = nil
		}
		if r.hang {
			result.Code = -1
			return result, fmt.Errorf("%s: %w", c.Path, world.ErrTimeout)
		}
		return result, nil
	}
	if c.OnTrace != nil || c.OnStderr != nil {
		// A shell that is to trace itself: stories have start-up files to read.
		return world.Result{Code: -1}, fmt.Errorf("%s: %w", c.Path, world.ErrNotFound)
	}
	if environ, ok := e.s.environs["shell"]; ok && len(c.Args) > 0 {
		if m := probe.FindStringSubmatch(c.Args[len(c.Args)-1]); m != nil {
			var out bytes.Buffer
			err := world.PrintEnvironment(&out, m[1], environ)
			return world.Result{Stdout: out.Bytes()}, err
		}
	}
	if e.s.strict {
		e.s.t.Errorf("%s: this command is not recorded: %s %q", e.s.file, c.Path, c.Args)
	}
	return world.Result{Code: -1}, fmt.Errorf("%s: %w", c.Path, world.ErrNotFound)
}
