package route

import (
	"net/url"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

// Source is where go takes the credentials for a server from.
type Source string

const (
	SourceNone    Source = "none"    // it sends none
	SourceURL     Source = "url"     // the URL holds them
	SourceNetrc   Source = "netrc"   // an entry of the netrc file
	SourceCommand Source = "command" // commands of GOAUTH are asked; only they know
	SourceTool    Source = "tool"    // the version control system has its own
	SourceUnknown Source = "unknown"
)

// Auth tells which credentials go sends to a server; never what they are.
type Auth struct {
	Source  Source
	Machine string       // the name of the netrc entry
	Origin  model.Origin // of GOAUTH, or the netrc file with the line of the entry
	// Why is a sentence saying why there are none, or what is unknown; "" where
	// that is plain.
	Why string
	// Error is what go says when it refuses to ask the server because of them,
	// without the URL that it may name behind it; empty if it asks.
	Error model.Value
}

// Access is how go reaches a server.
type Access struct {
	Auth Auth
	Via  Via
}

// failure is what go says when it refuses to ask the server; empty if it asks.
func (a Access) failure() model.Value {
	if !a.Auth.Error.Empty() {
		return a.Auth.Error
	}
	return a.Via.Error
}

var errInsecureCredentials = model.NewValue("refusing to pass credentials to insecure URL")

// credentials knows what GOAUTH and netrc hold for which server.
type credentials struct {
	goauth   model.Setting
	off      bool
	commands bool        // GOAUTH asks others than netrc
	netrc    bool        // GOAUTH asks netrc
	fault    model.Value // why go stops at its first https request
	file     *model.Netrc
	machines map[string]model.NetrcMachine // the first entry of each name
	paths    bool                          // some entry speaks of a part of a server
}

// newCredentials reads GOAUTH as cmd/go/internal/auth.runGoAuth does.
func newCredentials(env model.Env, facts Facts) credentials {
	file := facts.Netrc
	c := credentials{goauth: env.Lookup("GOAUTH"), file: file}
	value := c.goauth.Value.Reveal()
	if value == "" {
		value = "netrc"
	}
	if value == "off" {
		c.off = true
		return c
	}
	commands := strings.Split(value, ";")
	for _, command := range slices.Backward(commands) {
		words := strings.Fields(command)
		switch {
		case len(words) == 0:
			c.fault = model.NewValue("GOAUTH encountered an empty command (GOAUTH=" + value + ")")
		case words[0] == "off" && len(commands) > 1:
			c.fault = model.NewValue("GOAUTH=off cannot be combined with other authentication commands (GOAUTH=" + value + ")")
		case words[0] == "off":
			c.off = true
		case words[0] == "netrc":
			c.netrc = true
		case words[0] == "git" && len(words) != 2:
			c.fault = model.NewValue("GOAUTH=git dir method requires an absolute path to the git working directory")
		case words[0] == "git" && !filepath.IsAbs(words[1]):
			c.fault = model.NewValue("GOAUTH=git dir method requires an absolute path to the git working directory, dir is not absolute")
		case words[0] == "git":
			c.commands = true
			if facts.Place == nil {
				break
			}
			switch place, known := facts.Place(filepath.Clean(words[1])); {
			case known && !place.Exists:
				c.fault = model.NewValue("GOAUTH=git encountered an error; cannot stat " + words[1] + ": " + cannotStat(words[1]))
			case known && !place.Dir:
				c.fault = model.NewValue("GOAUTH=git dir method requires an absolute path to the git working directory, dir is not a directory")
			}
		default:
			c.commands = true
		}
		if !c.fault.Empty() {
			return c
		}
	}
	if file == nil {
		return c
	}
	c.machines = make(map[string]model.NetrcMachine, len(file.Machines))
	for _, m := range file.Machines {
		if !m.HasLogin || !m.HasPassword {
			continue
		}
		name := strings.TrimSuffix(strings.TrimPrefix(m.Name, "https://"), "/")
		if _, later := c.machines[name]; !later {
			c.machines[name] = m
			c.paths = c.paths || strings.Contains(name, "/")
		}
	}
	return c
}

// cannotStat is what the system says of a file that is not there.
func cannotStat(file string) string {
	if runtime.GOOS == "windows" {
		return "CreateFile " + file + ": The system cannot find the file specified."
	}
	return "stat " + file + ": no such file or directory"
}

// to tells which credentials go sends with a request.
func (c *credentials) to(u *url.URL) Auth {
	switch {
	case u.Scheme == "http" && u.User != nil:
		return Auth{
			Source: SourceNone, Why: "Credentials in a plain HTTP URL are refused.",
			Error: errInsecureCredentials,
		}
	case u.Scheme == "http":
		return Auth{Source: SourceNone, Why: "Credentials go over HTTPS only."}
	case u.Scheme != "https":
		return Auth{Source: SourceNone}
	case !c.fault.Empty():
		return Auth{Source: SourceNone, Origin: c.goauth.Origin, Error: c.fault}
	case u.User != nil:
		return Auth{Source: SourceURL}
	case c.off:
		return Auth{Source: SourceNone, Origin: c.goauth.Origin, Why: "GOAUTH=off switches them off."}
	case c.commands:
		return Auth{Source: SourceCommand, Origin: c.goauth.Origin}
	case !c.netrc:
		return Auth{Source: SourceNone, Origin: c.goauth.Origin}
	case c.file == nil:
		return Auth{Source: SourceUnknown, Why: "The netrc file was not read."}
	case c.file.Why != "":
		return Auth{Source: SourceUnknown, Why: "The netrc file could not be read: " + c.file.Why + ".", Origin: model.Origin{File: c.file.File}}
	}
	m, ok := c.machine(u)
	if !ok && !c.file.Exists {
		return Auth{Source: SourceNone}
	}
	if !ok {
		return Auth{Source: SourceNone, Origin: model.Origin{File: c.file.File}}
	}
	return Auth{Source: SourceNetrc, Machine: m.Name, Origin: model.Origin{File: c.file.File, Line: m.Line}}
}

// machine finds the netrc entry for a URL: the one whose name is the longest
// part of it, cut at slashes.
func (c *credentials) machine(u *url.URL) (model.NetrcMachine, bool) {
	prefix := strings.TrimSuffix(strings.TrimPrefix(u.String(), "https://"), "/")
	for {
		if m, ok := c.machines[prefix]; ok {
			return m, true
		}
		i := strings.LastIndexByte(prefix, '/')
		if i < 0 {
			return model.NetrcMachine{}, false
		}
		prefix = prefix[:i]
	}
}
