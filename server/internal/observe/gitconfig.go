package observe

import (
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// gits reads git's configuration for every environment that has a git. It
// needs the toolchains.
func (o *observer) gits() {
	for _, env := range o.s.Envs {
		tool, _ := o.s.ToolchainOf(env.Name)
		git := tool.Tool("git")
		if !env.Complete || env.Name == model.EnvEditorLaunch || git.Path == "" {
			continue
		}
		cache := env.Lookup("GOMODCACHE").Value.Reveal()
		dir := ""
		if filepath.IsAbs(cache) {
			// go names the directory of a repository by a hash of its address.
			dir = filepath.Join(cache, "cache", "vcs", strings.Repeat("0", 64))
		}
		g := newGitReader(o.w, env.Process(), git, dir).read()
		g.Envs = []model.EnvName{env.Name}
		i := slices.IndexFunc(o.s.Gits, func(other model.Git) bool { return sameGit(g, other) })
		if i >= 0 {
			o.s.Gits[i].Envs = append(o.s.Gits[i].Envs, env.Name)
			continue
		}
		o.s.Gits = append(o.s.Gits, g)
	}
}

func sameGit(a, b model.Git) bool {
	return slices.Equal(a.Files, b.Files) && slices.Equal(a.Rewrites, b.Rewrites) && sameSettings(a.Others, b.Others) && a.Why == b.Why && a.Protocols == b.Protocols &&
		a.SSHCommand.Value == b.SSHCommand.Value && a.SSHCommand.Origin == b.SSHCommand.Origin && a.Patience == b.Patience && a.SSH == b.SSH
}

func sameSettings(a, b []model.Setting) bool {
	return slices.EqualFunc(a, b, func(x, y model.Setting) bool { return x.Value == y.Value && x.Origin == y.Origin })
}

// gitEntry is one variable of git's configuration.
type gitEntry struct {
	key   string // as "git config --list" prints it: all but the subsection in lower case
	value string
	bare  bool   // without "=": true for a boolean, an error for anything else
	scope string // as git names it: "system", "global" or "command"
	file  string // "" for what comes from environment variables
	line  int
}

// of splits the key into section, subsection and name; a variable that is not
// in the section and of that name, with a subsection, gives ok false.
func (e gitEntry) of(section, name string) (subsection string, ok bool) {
	rest, ok := strings.CutPrefix(e.key, section+".")
	if !ok {
		return "", false
	}
	return strings.CutSuffix(rest, "."+name)
}

// gitReader reads the files of git's configuration in git's order. What cannot
// be known for sure ends in why.
type gitReader struct {
	w       *world.World
	vars    map[string]string
	git     model.Tool
	gitDir  string // of the repository that git works in; "" if unknown
	entries []gitEntry
	files   []string
	why     string
}

func newGitReader(w *world.World, vars map[string]string, git model.Tool, gitDir string) *gitReader {
	return &gitReader{w: w, vars: vars, git: git, gitDir: gitDir}
}

func (r *gitReader) unsure(why string) {
	if r.why == "" {
		r.why = why
	}
}

// read reads everything and keeps what matters for fetching over ssh.
func (r *gitReader) read() model.Git {
	r.list()
	var g model.Git
	var bases []string
	for _, e := range r.entries {
		origin := model.Origin{Layer: model.LayerGitConfig, File: e.file, Line: e.line}
		base, isRewrite := e.of("url", "insteadof")
		switch {
		case isRewrite:
			if e.value == "" {
				r.unsure("a rule that rewrites addresses is empty")
			}
			if !slices.Contains(bases, base) {
				bases = append(bases, base)
			}
			g.Rewrites = append(g.Rewrites, model.GitRewrite{Base: model.NewValue(base), InsteadOf: model.NewValue(e.value), Origin: origin})
		case e.key == "core.sshcommand":
			g.SSHCommand = model.Setting{Name: "core.sshCommand", Set: true, Value: model.NewValue(e.value), Origin: origin}
		case strings.HasPrefix(e.key, "protocol."):
			g.Protocols = true
			fallthrough
		case e.file != "" && (strings.HasPrefix(e.key, "http.") || strings.HasPrefix(e.key, "credential.") || e.key == "core.askpass" || e.key == "safe.directory"):
			section, _, _ := strings.Cut(e.key, ".")
			name := section + e.key[strings.LastIndexByte(e.key, '.'):]
			g.Others = append(g.Others, model.Setting{Name: name, Set: true, Value: model.NewValue(e.key + "=" + e.value), Origin: origin})
		}
	}
	slices.SortStableFunc(g.Rewrites, func(a, b model.GitRewrite) int {
		return slices.Index(bases, a.Base.Reveal()) - slices.Index(bases, b.Base.Reveal())
	})
	ssh := sshReader{gitReader: r, seen: map[string]bool{}}
	g.Patience = ssh.saysHowLong()
	g.SSH = r.w.LookPath(r.vars["PATH"], "ssh")
	g.Files, g.Why = r.files, r.why
	return g
}

// list reads the entries of git's configuration, but for those of the
// repository.
func (r *gitReader) list() {
	system := r.vars["GIT_CONFIG_SYSTEM"]
	switch {
	case !r.noSystem() && system != "":
		r.file(system, "system", 0)
	case !r.noSystem():
		r.file(r.systemFile(), "system", 0)
	}
	home := homeOf(r.vars)
	if global, set := r.vars["GIT_CONFIG_GLOBAL"]; set {
		if global != "" {
			r.file(global, "global", 0)
		}
	} else {
		if config := r.vars["XDG_CONFIG_HOME"]; config != "" {
			r.file(filepath.Join(config, "git", "config"), "global", 0)
		} else if home != "" {
			r.file(filepath.Join(home, ".config", "git", "config"), "global", 0)
		}
		if home != "" {
			r.file(filepath.Join(home, ".gitconfig"), "global", 0)
		}
	}
	r.command()
}

// noSystem reports whether GIT_CONFIG_NOSYSTEM is true for git.
func (r *gitReader) noSystem() bool {
	switch v := strings.ToLower(r.vars["GIT_CONFIG_NOSYSTEM"]); v {
	case "", "false", "no", "off":
		return false
	case "true", "yes", "on":
		return true
	default:
		n, err := strconv.Atoi(v)
		if err != nil {
			r.unsure("GIT_CONFIG_NOSYSTEM is neither true nor false")
		}
		return n != 0
	}
}

// systemFile is where a git has the configuration of the system, which was
// decided when it was built: by its prefix.
func (r *gitReader) systemFile() string {
	program := r.git.Target
	if program == "" {
		program = r.git.Path
	}
	prefix := filepath.Dir(filepath.Dir(program))
	if i := strings.Index(program, "/Cellar/git/"); i >= 0 { // Homebrew
		prefix = program[:i]
	}
	if prefix == "/usr" || prefix == "/" || strings.HasPrefix(program, "/nix/") {
		return "/etc/gitconfig" // Apple's git has one more file, for credentials
	}
	if base := filepath.Base(prefix); r.w.GOOS == "windows" && (strings.EqualFold(base, "mingw64") || strings.EqualFold(base, "clangarm64")) {
		prefix = filepath.Dir(prefix)
	}
	return filepath.Join(prefix, "etc", "gitconfig")
}

// command adds what environment variables hand to git.
func (r *gitReader) command() {
	if r.vars["GIT_CONFIG_PARAMETERS"] != "" {
		r.unsure("GIT_CONFIG_PARAMETERS adds to it")
	}
	count := r.vars["GIT_CONFIG_COUNT"]
	if count == "" {
		return
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 || n > 1000 {
		r.unsure("GIT_CONFIG_COUNT is no number of variables")
		return
	}
	for i := range n {
		key, ok := r.vars["GIT_CONFIG_KEY_"+strconv.Itoa(i)]
		value, has := r.vars["GIT_CONFIG_VALUE_"+strconv.Itoa(i)]
		first, last := strings.Index(key, "."), strings.LastIndex(key, ".")
		if !ok || !has || first < 0 {
			r.unsure("GIT_CONFIG_COUNT counts a variable that is not there, or has no section")
			return
		}
		key = strings.ToLower(key[:first]) + key[first:last] + strings.ToLower(key[last:])
		r.add(gitEntry{key: key, value: value, scope: "command"}, "", 0)
	}
}

// file reads one file, if it exists.
func (r *gitReader) file(name, scope string, depth int) {
	if !filepath.IsAbs(name) {
		r.unsure("a file of git's configuration is named by a relative path")
		return
	}
	if name == "/dev/null" {
		return
	}
	r.files = append(r.files, name)
	data, err := r.w.Files.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) || err != nil && notADirectory(err) {
		return
	}
	if err != nil {
		r.unsure("a file of git's configuration cannot be read: " + reason(err))
		return
	}
	p := gitParser{text: strings.TrimPrefix(string(data), "\ufeff"), line: 1}
	p.each(func(e gitEntry) {
		e.scope, e.file = scope, name
		r.add(e, name, depth)
	})
	if p.broken || strings.ContainsRune(p.text, 0) {
		r.unsure("git cannot read a file of its configuration")
	}
}

// maxIncludes is how deep git lets files include others.
const maxIncludes = 10

// add adds an entry and what it includes.
func (r *gitReader) add(e gitEntry, file string, depth int) {
	r.entries = append(r.entries, e)
	condition, conditional := e.of("includeif", "path")
	if !conditional && e.key != "include.path" {
		return
	}
	target, ok := r.expand(e.value)
	if ok && !filepath.IsAbs(target) {
		target, ok = filepath.Join(filepath.Dir(file), filepath.FromSlash(target)), file != ""
	}
	if !ok || e.bare || depth >= maxIncludes {
		r.unsure("git’s configuration includes a file in a way that cannot be followed")
		return
	}
	if !conditional {
		r.file(target, e.scope, depth+1)
		return
	}
	holds, known := r.holds(condition, file)
	switch {
	case known && holds:
		r.file(target, e.scope, depth+1)
	case !known && r.matters(target, depth+1):
		r.unsure("a condition decides which files git’s configuration includes")
	}
}

// matters reports whether a file that is perhaps included has a say in
// fetching.
func (r *gitReader) matters(file string, depth int) bool {
	// A file that is perhaps included may include others on condition, too.
	other := gitReader{w: r.w, vars: r.vars, git: r.git, gitDir: r.gitDir}
	other.file(file, "global", depth)
	r.files = append(r.files, other.files...)
	return other.why != "" || slices.ContainsFunc(other.entries, func(e gitEntry) bool {
		return strings.HasPrefix(e.key, "url.") || strings.HasPrefix(e.key, "protocol.") || e.key == "core.sshcommand"
	})
}

// expand is git's interpolate_path, without other users' homes.
func (r *gitReader) expand(file string) (expanded string, ok bool) {
	if rest, isHome := strings.CutPrefix(file, "~/"); isHome {
		home := homeOf(r.vars)
		return filepath.Join(home, filepath.FromSlash(rest)), home != ""
	}
	return file, file != "" && file[0] != '~' && !strings.HasPrefix(file, "%(prefix)/")
}

// holds decides a condition of includeIf; file is where it stands.
func (r *gitReader) holds(condition, file string) (holds, known bool) {
	kind, pattern, _ := strings.Cut(condition, ":")
	if kind != "gitdir" && kind != "gitdir/i" || r.gitDir == "" || strings.ContainsAny(pattern, `[\`) {
		return false, false
	}
	if strings.HasPrefix(pattern, "./") {
		if file == "" {
			return false, false
		}
		dir := filepath.Dir(file)
		if real, err := r.w.Files.EvalSymlinks(dir); err == nil {
			dir = real
		}
		if strings.ContainsAny(dir, `*?[\`) {
			return false, false
		}
		pattern = filepath.ToSlash(dir) + pattern[1:]
	}
	expanded := pattern
	if rest, isHome := strings.CutPrefix(pattern, "~/"); isHome {
		expanded = filepath.ToSlash(homeOf(r.vars)) + "/" + rest
	} else if pattern == "" || pattern[0] == '~' || strings.HasPrefix(pattern, "%(prefix)/") {
		return false, false
	}
	if !path.IsAbs(expanded) && !filepath.IsAbs(filepath.FromSlash(expanded)) {
		expanded = "**/" + expanded
	}
	if strings.HasSuffix(expanded, "/") {
		expanded += "**"
	}
	re, err := regexp.Compile(wildmatch(expanded, kind == "gitdir/i"))
	if err != nil {
		return false, false
	}
	dirs := []string{r.gitDir}
	if cache := filepath.Dir(filepath.Dir(filepath.Dir(r.gitDir))); cache != "" {
		if real, err := r.w.Files.EvalSymlinks(cache); err == nil {
			dirs = append(dirs, filepath.Join(real, "cache", "vcs", filepath.Base(r.gitDir)))
		}
	}
	return slices.ContainsFunc(dirs, func(dir string) bool { return re.MatchString(filepath.ToSlash(dir)) }), true
}

// wildmatch turns a pattern of git without classes and escapes into an
// expression.
func wildmatch(pattern string, fold bool) string {
	var b strings.Builder
	b.WriteString("(?s)^")
	if fold {
		b.WriteString("(?i)")
	}
	for i := 0; i < len(pattern); {
		rest := pattern[i:]
		atStart := i == 0 || pattern[i-1] == '/'
		switch {
		case atStart && strings.HasPrefix(rest, "**/"):
			b.WriteString("(?:.*/)?")
			i += 3
		case atStart && rest == "**":
			b.WriteString(".*")
			i += 2
		case rest[0] == '*':
			b.WriteString("[^/]*")
			for i < len(pattern) && pattern[i] == '*' {
				i++
			}
		case rest[0] == '?':
			b.WriteString("[^/]")
			i++
		default:
			b.WriteString(regexp.QuoteMeta(rest[:1]))
			i++
		}
	}
	b.WriteString("$")
	return b.String()
}

// gitParser reads one file as git's config.c does.
type gitParser struct {
	text   string
	pos    int
	line   int
	eof    bool
	broken bool // git refuses the file; what came before was read
}

// next is the next character; behind the end there is one more newline.
func (p *gitParser) next() byte {
	if p.pos >= len(p.text) {
		p.eof = true
		p.line++
		return '\n'
	}
	c := p.text[p.pos]
	p.pos++
	if c == '\r' && strings.HasPrefix(p.text[p.pos:], "\n") {
		c = '\n'
		p.pos++
	}
	if c == '\n' {
		p.line++
	}
	return c
}

func gitSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func gitLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func gitKeyChar(c byte) bool { return gitLetter(c) || '0' <= c && c <= '9' || c == '-' }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// each calls found with every entry, in order.
func (p *gitParser) each(found func(gitEntry)) {
	section, comment := "", false
	for {
		c := p.next()
		switch {
		case c == '\n' && p.eof:
			return
		case c == '\n':
			comment = false
		case comment || gitSpace(c):
		case c == '#' || c == ';':
			comment = true
		case c == '[':
			var ok bool
			if section, ok = p.section(); !ok {
				p.broken = true
				return
			}
		case !gitLetter(c):
			p.broken = true
			return
		default:
			e := gitEntry{key: section, line: p.line}
			if !p.variable(c, &e) {
				p.broken = true
				return
			}
			found(e)
		}
	}
}

// section reads what is behind "[", and returns it with a dot at its end.
func (p *gitParser) section() (prefix string, ok bool) {
	var name []byte
	for {
		c := p.next()
		switch {
		case p.eof:
			return "", false
		case c == ']':
			return string(name) + ".", true
		case gitSpace(c):
			sub, ok := p.subsection(c)
			return string(name) + "." + sub + ".", ok
		case !gitKeyChar(c) && c != '.':
			return "", false
		}
		name = append(name, lower(c))
	}
}

// subsection reads a quoted one, up to "]".
func (p *gitParser) subsection(c byte) (name string, ok bool) {
	for gitSpace(c) {
		if c == '\n' {
			return "", false
		}
		c = p.next()
	}
	if c != '"' {
		return "", false
	}
	var b []byte
	for {
		c = p.next()
		switch c {
		case '\n':
			return "", false
		case '"':
			return string(b), p.next() == ']'
		case '\\':
			if c = p.next(); c == '\n' {
				return "", false
			}
		}
		b = append(b, c)
	}
}

// variable reads the rest of a variable that begins with c.
func (p *gitParser) variable(c byte, e *gitEntry) bool {
	name := []byte{lower(c)}
	for {
		c = p.next()
		if p.eof || !gitKeyChar(c) {
			break
		}
		name = append(name, lower(c))
	}
	e.key += string(name)
	for c == ' ' || c == '\t' {
		c = p.next()
	}
	if c == '\n' {
		e.bare = true
		return true
	}
	if c != '=' {
		return false
	}
	var ok bool
	e.value, ok = p.value()
	return ok
}

// value reads what is behind "=".
func (p *gitParser) value() (string, bool) {
	var b []byte
	quoted, comment, spaces := false, false, 0
	for {
		c := p.next()
		switch {
		case c == '\n':
			return string(b), !quoted
		case comment:
			continue
		case gitSpace(c) && !quoted:
			if len(b) > 0 {
				spaces++
			}
			continue
		case !quoted && (c == ';' || c == '#'):
			comment = true
			continue
		}
		for ; spaces > 0; spaces-- {
			b = append(b, ' ')
		}
		switch c {
		case '"':
			quoted = !quoted
			continue
		case '\\':
			switch c = p.next(); c {
			case '\n':
				continue
			case 't':
				c = '\t'
			case 'b':
				c = '\b'
			case 'n':
				c = '\n'
			case '\\', '"':
			default:
				return "", false
			}
		}
		b = append(b, c)
	}
}

// sshReader looks for limits in the configuration of ssh.
type sshReader struct {
	*gitReader
	seen map[string]bool
}

// saysHowLong reports whether the configuration of ssh sets ConnectTimeout or
// BatchMode for any host; which one it is set for is not looked at.
func (r sshReader) saysHowLong() bool {
	home := homeOf(r.vars)
	found := home != "" && r.look(filepath.Join(home, ".ssh", "config"), filepath.Join(home, ".ssh"))
	systems := []string{"/etc/ssh"}
	if r.w.GOOS == "windows" {
		systems = []string{`C:\ProgramData\ssh`, filepath.Join(filepath.Dir(r.systemFile()), "ssh")}
	}
	for _, dir := range systems {
		found = r.look(filepath.Join(dir, "ssh_config"), dir) || found
	}
	return found
}

// look looks into a file and those that it includes, relative to base.
func (r sshReader) look(file, base string) (found bool) {
	if r.seen[file] {
		return false
	}
	r.seen[file] = true
	r.files = append(r.files, file)
	data, err := r.w.Files.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) || err != nil && notADirectory(err) {
		return false
	}
	if err != nil {
		r.unsure("a file of ssh’s configuration cannot be read: " + reason(err))
		return false
	}
	for line := range strings.Lines(string(data)) {
		words := strings.FieldsFunc(line, func(c rune) bool {
			return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '=' || c == '"' || c == '\f'
		})
		if len(words) == 0 {
			continue
		}
		switch strings.ToLower(words[0]) {
		case "connecttimeout", "batchmode":
			found = true
		case "include":
			for _, pattern := range words[1:] {
				found = r.include(pattern, base) || found
			}
		}
	}
	return found
}

func (r sshReader) include(pattern, base string) (found bool) {
	file, ok := r.expand(pattern)
	if !ok || strings.ContainsAny(file, "%$'") {
		r.unsure("ssh’s configuration includes a file in a way that cannot be followed")
		return false
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(base, filepath.FromSlash(file))
	}
	dir, name := filepath.Dir(file), filepath.Base(file)
	if strings.ContainsAny(dir, "*?[") {
		r.unsure("ssh’s configuration includes a file in a way that cannot be followed")
		return false
	}
	if !strings.ContainsAny(name, "*?[") {
		return r.look(file, base)
	}
	entries, err := r.w.Files.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.unsure("a directory of ssh’s configuration cannot be read: " + reason(err))
	}
	for _, e := range entries {
		if fits, err := filepath.Match(name, e.Name()); err == nil && fits {
			found = r.look(filepath.Join(dir, e.Name()), base) || found
		}
	}
	return found
}
