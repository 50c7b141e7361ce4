package probe

import (
	"encoding/base64"
	"fmt"
	"net/textproto"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/world"
)

// credential is what go sends to the URLs below a prefix.
type credential struct {
	header map[string]string
	source string // for people, without the secret
}

// credentials collects what GOAUTH gives without a URL, as go does before its
// first request by https. Where go ends because of GOAUTH, that is the refusal
// of every such request.
func (p *prober) credentials() {
	goauth := p.Env.Lookup("GOAUTH").Value.Reveal()
	if goauth == "" {
		goauth = "netrc"
	}
	refuse := func(ref, text string) {
		p.refusal = Answer{ends: true, Note: "go ends at its first request by https, because of GOAUTH"}.fail(text, ref)
	}
	commands := strings.Split(goauth, ";")
	slices.Reverse(commands) // the earlier one wins
	for _, command := range commands {
		words := strings.Fields(command)
		if len(words) == 0 {
			refuse("AUTH-GOAUTH-EMPTY", "GOAUTH encountered an empty command (GOAUTH="+goauth+")")
			return
		}
		switch words[0] {
		case "off":
			if len(commands) != 1 {
				refuse("AUTH-GOAUTH-OFF", "GOAUTH=off cannot be combined with other authentication commands (GOAUTH="+goauth+")")
			}
			return
		case "netrc":
			p.netrc()
		case "git":
			const wanted = "GOAUTH=git dir method requires an absolute path to the git working directory"
			switch {
			case len(words) != 2:
				refuse("AUTH-GOAUTH-GIT", wanted)
				return
			case !filepath.IsAbs(words[1]):
				refuse("AUTH-GOAUTH-GIT", wanted+", dir is not absolute")
				return
			}
			info, err := p.w.Files.Stat(words[1])
			switch {
			case err != nil:
				refuse("AUTH-GOAUTH-GIT", fmt.Sprintf("GOAUTH=git encountered an error; cannot stat %s: %v", words[1], err))
				return
			case !info.IsDir():
				refuse("AUTH-GOAUTH-GIT", wanted+", dir is not a directory")
				return
			}
			p.unused = append(p.unused, "git") // whose helpers may ask the user
		default:
			if !p.RunGOAUTH {
				p.unused = append(p.unused, words[0])
				continue
			}
			p.commands = append(p.commands, command)
			p.runGOAUTH(command, "", Answer{})
		}
	}
}

// store keeps a credential; the one stored last wins, and one without a header
// takes back what was stored.
func (p *prober) store(prefix string, c credential) {
	prefix = strings.TrimSuffix(strings.TrimPrefix(prefix, "https://"), "/")
	if len(c.header) == 0 {
		delete(p.stored, prefix)
		return
	}
	p.stored[prefix] = c
	for _, value := range c.header {
		p.secrets = append(p.secrets, value, value[strings.LastIndexByte(value, ' ')+1:])
	}
}

// credentialFor finds what go sends to a URL: that of its longest prefix.
func (p *prober) credentialFor(url string) (credential, bool) {
	prefix := strings.TrimSuffix(strings.TrimPrefix(url, "https://"), "/")
	for {
		if c, ok := p.stored[prefix]; ok {
			return c, true
		}
		slash := strings.LastIndexByte(prefix, '/')
		if slash < 0 {
			return credential{}, false
		}
		prefix = prefix[:slash]
	}
}

// netrc stores the machines of the environment's netrc file.
func (p *prober) netrc() {
	file := p.Env.Lookup("NETRC").Value.Reveal()
	if file == "" {
		home := p.Env.Lookup("HOME").Value.Reveal()
		if p.w.GOOS == "windows" {
			home = p.Env.Lookup("USERPROFILE").Value.Reveal()
			file = filepath.Join(home, "_netrc")
			if _, err := p.w.Files.Stat(file); err != nil {
				file = ""
			}
		}
		if home == "" {
			return
		}
		if file == "" {
			file = filepath.Join(home, ".netrc")
		}
	}
	data, err := p.w.Files.ReadFile(file)
	if err != nil {
		return
	}
	lines := parseNetrc(string(data))
	for _, l := range slices.Backward(lines) {
		basic := base64.StdEncoding.EncodeToString([]byte(l.login + ":" + l.password))
		p.secrets = append(p.secrets, l.password)
		p.store(l.machine, credential{map[string]string{"Authorization": "Basic " + basic}, fmt.Sprintf("netrc, machine %s (%s:%d)", l.machine, file, l.line)})
	}
}

type netrcLine struct {
	machine, login, password string
	line                     int // 1-based, of the machine
}

// parseNetrc is cmd/go/internal/auth.parseNetrc, which also keeps its quirks:
// tokens count in pairs, line by line.
func parseNetrc(data string) (out []netrcLine) {
	var l netrcLine
	inMacro := false
	n := 0
	for line := range strings.SplitSeq(data, "\n") {
		n++
		if inMacro {
			inMacro = line != ""
			continue
		}
		f := strings.Fields(line)
		i := 0
		for ; i < len(f)-1; i += 2 {
			switch f[i] {
			case "machine":
				l = netrcLine{machine: f[i+1], line: n}
			case "login":
				l.login = f[i+1]
			case "password":
				l.password = f[i+1]
			case "macdef":
				inMacro = true
			}
			if l.machine != "" && l.login != "" && l.password != "" {
				out = append(out, l)
				l = netrcLine{}
			}
		}
		if i < len(f) && f[i] == "default" {
			break
		}
	}
	return out
}

// runGOAUTH runs a command of GOAUTH and stores what it prints. refused is ""
// at first; after a refusal it is the URL that was refused, and the command
// reads the refusal. What cannot be run or read gives nothing, as with go.
func (p *prober) runGOAUTH(command, refused string, refusal Answer) {
	words, ok := split(command)
	if !ok || len(words) == 0 {
		return
	}
	path := p.program(words[0])
	if path == "" {
		return
	}
	args := slices.Clone(words[1:])
	if refused != "" {
		args = append(args, refused)
	}
	p.Tell("running " + words[0] + ", which GOAUTH names")
	r, err := p.w.Exec.Run(p.ctx, world.Command{Path: path, Args: args, Env: p.environ(), Stdin: refusal.head, Timeout: p.Patience, MaxOutput: 1 << 20})
	if err != nil || r.Code != 0 {
		return
	}
	given, ok := parseUserAuth(string(r.Stdout))
	if !ok {
		return
	}
	for prefix, header := range given {
		p.store(prefix, credential{header, "GOAUTH command " + words[0]})
	}
}

// parseUserAuth is cmd/go/internal/auth.parseUserAuth: URLs, an empty line,
// headers, an empty line, and so on. It returns headers by URL; ok is false for
// anything else.
func parseUserAuth(data string) (given map[string]map[string]string, ok bool) {
	given = map[string]map[string]string{}
	for data != "" {
		var urls []string
		header := map[string]string{}
		for _, inHeader := range []bool{false, true} {
			for {
				line, rest, ended := strings.Cut(data, "\n")
				data = rest
				if !ended {
					return nil, false
				}
				if line == "" {
					break
				}
				if !inHeader {
					u, err := url.ParseRequestURI(line)
					if err != nil {
						return nil, false
					}
					urls = append(urls, u.String())
					continue
				}
				name, value, ok := strings.Cut(line, ": ")
				value = strings.TrimSpace(value)
				if !ok || !headerName.MatchString(name) || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
					return nil, false
				}
				name = textproto.CanonicalMIMEHeaderKey(name)
				if was := header[name]; was != "" {
					value = was + ", " + value
				}
				header[name] = value
			}
		}
		for _, u := range urls {
			given[u] = header
		}
	}
	return given, true
}

var headerName = regexp.MustCompile("^[-!#$%&'*+.^_`|~0-9A-Za-z]+$")

// split is cmd/internal/quoted.Split.
func split(s string) (words []string, ok bool) {
	const space = " \t\r\n"
	for s = strings.TrimLeft(s, space); s != ""; s = strings.TrimLeft(s, space) {
		end := strings.IndexAny(s, space)
		if quote := s[0]; quote == '"' || quote == '\'' {
			s = s[1:]
			if end = strings.IndexByte(s, quote); end < 0 {
				return nil, false
			}
			words, s = append(words, s[:end]), s[end+1:]
			continue
		}
		if end < 0 {
			end = len(s)
		}
		words, s = append(words, s[:end]), s[end:]
	}
	return words, true
}

// program finds a program as the environment does; "" if it does not.
func (p *prober) program(name string) string {
	isFile := func(file string) bool {
		info, err := p.w.Files.Stat(file)
		return err == nil && info.Mode().IsRegular() && (p.w.GOOS == "windows" || info.Mode()&0o111 != 0)
	}
	if filepath.IsAbs(name) {
		if isFile(name) {
			return name
		}
		return ""
	}
	for _, dir := range filepath.SplitList(p.Env.Lookup("PATH").Value.Reveal()) {
		for _, suffix := range map[bool][]string{false: {""}, true: {".exe", ".cmd", ".bat"}}[p.w.GOOS == "windows"] {
			if file := filepath.Join(dir, name+suffix); filepath.IsAbs(dir) && isFile(file) {
				return file
			}
		}
	}
	return ""
}
