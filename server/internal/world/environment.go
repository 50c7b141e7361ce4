package world

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ErrNoEnvironment means that output holds no printed environment, and
// ErrTornEnvironment that other output broke it.
var (
	ErrNoEnvironment   = errors.New("no environment was printed")
	ErrTornEnvironment = errors.New("the printed environment is damaged")
)

// Environ lists variables the way Command.Env takes them, in no order.
func Environ(vars map[string]string) []string {
	environ := make([]string, 0, len(vars))
	for name, value := range vars {
		environ = append(environ, name+"="+value)
	}
	return environ
}

// Variables is the reverse of Environ; the first entry of a name counts, as for
// getenv.
func Variables(environ []string) map[string]string {
	vars := make(map[string]string, len(environ))
	for _, entry := range environ {
		name, value, ok := strings.Cut(entry, "=")
		if _, twice := vars[name]; ok && name != "" && !twice {
			vars[name] = value
		}
	}
	return vars
}

// LookPath finds an executable as exec.LookPath would with the given PATH; ""
// if there is none. Relative directories do not count: go refuses what is
// found through one.
func (w *World) LookPath(path, name string) string {
	exts := []string{""}
	if w.GOOS == "windows" {
		exts = []string{".com", ".exe", ".bat", ".cmd"}
		if slices.Contains(exts, strings.ToLower(filepath.Ext(name))) {
			exts = []string{""}
		}
	}
	for _, dir := range filepath.SplitList(path) {
		if !filepath.IsAbs(dir) {
			continue
		}
		for _, ext := range exts {
			file := filepath.Join(dir, name+ext)
			if info, err := w.Files.Stat(file); err == nil && info.Mode().IsRegular() && (w.GOOS == "windows" || info.Mode()&0o111 != 0) {
				return file
			}
		}
	}
	return ""
}

// CacheDir is where programs keep what they can do without, for the user we run
// as (see os.UserCacheDir); "" if the environment does not tell.
func (w *World) CacheDir() string {
	vars := Variables(w.Environ)
	under := func(dir string, below ...string) string {
		if !filepath.IsAbs(dir) {
			return ""
		}
		return filepath.Join(append([]string{dir}, below...)...)
	}
	switch w.GOOS {
	case "windows":
		for name, value := range vars {
			if strings.EqualFold(name, "LocalAppData") {
				return under(value)
			}
		}
		return ""
	case "darwin":
		return under(vars["HOME"], "Library", "Caches")
	}
	if dir := under(vars["XDG_CACHE_HOME"]); dir != "" {
		return dir
	}
	return under(vars["HOME"], ".cache")
}

// PrintEnvironment prints an environment so that ParseEnvironment finds it
// among any other output: a line with the sentinel, one quoted line for each
// "KEY=VALUE" (values may hold newlines and need not be UTF-8), and a line
// with the sentinel and the number of entries.
func PrintEnvironment(w io.Writer, sentinel string, environ []string) error {
	out := bufio.NewWriterSize(w, 64<<10)
	fmt.Fprintf(out, "%s begin\n", sentinel)
	var line []byte
	for _, entry := range environ {
		line = append(strconv.AppendQuote(line[:0], entry), '\n')
		_, _ = out.Write(line)
	}
	fmt.Fprintf(out, "%s end %d\n", sentinel, len(environ))
	return out.Flush() // reports the first error of all writes
}

// ParseEnvironment returns the variables for which keep holds from what
// PrintEnvironment printed; the others are never decoded. Errors are
// ErrNoEnvironment and ErrTornEnvironment.
func ParseEnvironment(output []byte, sentinel string, keep func(name string) bool) (map[string]string, error) {
	_, rest, found := bytes.Cut(output, []byte(sentinel+" begin\n"))
	if !found {
		return nil, ErrNoEnvironment
	}
	vars := map[string]string{}
	count := 0
	for len(rest) > 0 {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		if after, isEnd := bytes.CutPrefix(line, []byte(sentinel+" end ")); isEnd {
			if string(after) != strconv.Itoa(count) {
				return nil, ErrTornEnvironment
			}
			return vars, nil
		}
		// Whatever else a background job printed in between is no entry; if it
		// tore one, the count tells.
		if len(line) < 2 || line[0] != '"' || line[len(line)-1] != '"' {
			continue
		}
		count++
		name, _, isVariable := bytes.Cut(line[1:], []byte("="))
		quoted := bytes.IndexByte(name, '\\') >= 0 // no name that anybody keeps needs it
		if !isVariable || quoted || !keep(string(name)) {
			continue
		}
		entry, err := strconv.Unquote(string(line))
		if err != nil {
			return nil, ErrTornEnvironment
		}
		if _, twice := vars[string(name)]; !twice { // the first one counts, as for getenv
			vars[string(name)] = entry[len(name)+1:]
		}
	}
	return nil, ErrTornEnvironment
}
