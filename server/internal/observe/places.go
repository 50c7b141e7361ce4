package observe

import (
	"bytes"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// places looks at every path that a setting or a file of the go command names.
// It needs the complete environments and the modules.
func (o *observer) places() {
	p := places{o.w, o.s, map[string]model.Place{}}
	o.s.Places = p.seen
	for _, env := range o.s.Envs {
		if !env.Complete {
			continue
		}
		t, _ := o.s.ToolchainOf(env.Name)
		p.environment(env, t)
	}
	for _, m := range o.s.Modules {
		p.look(m.File)
		p.look(filepath.Join(filepath.Dir(m.File), "go.sum"))
		p.directories(m.File, m.Replaces)
	}
	if work := o.s.Work; work != nil {
		p.look(work.File)
		for _, use := range work.Uses {
			p.look(use.Dir)
			p.look(filepath.Join(use.Dir, "go.mod"))
		}
		p.directories(work.File, work.Replaces)
	}
}

type places struct {
	w    *world.World
	s    *model.Snapshot
	seen map[string]model.Place
}

// look notes what is at an absolute path; other paths are left out, for what
// they mean depends on where go is started.
func (p places) look(path string) {
	if !filepath.IsAbs(path) {
		return
	}
	path = filepath.Clean(path)
	if _, done := p.seen[path]; done {
		return
	}
	place := model.Place{Path: path}
	info, err := p.w.Files.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil && notADirectory(err):
	case err != nil:
		place.Why = reason(err)
	default:
		place.Exists, place.Dir, place.Regular = true, info.IsDir(), info.Mode().IsRegular()
		if err := p.w.Files.Writable(path); errors.Is(err, fs.ErrPermission) {
			place.ReadOnly = true
		} else if err != nil {
			place.Why = reason(err)
		}
	}
	p.seen[path] = place
}

// certificates looks whether a file has certificates.
func (p places) certificates(path string) {
	path = filepath.Clean(path)
	place := p.seen[path]
	if !place.Regular {
		return
	}
	if data, err := p.w.Files.ReadFile(path); err == nil {
		place.Blank = !bytes.Contains(data, []byte("-----BEGIN CERTIFICATE-----"))
		p.seen[path] = place
	}
}

// notADirectory reports whether a path leads through something that is no
// directory. No error of package fs says so.
func notADirectory(err error) bool {
	pe := (*fs.PathError)(nil)
	return errors.As(err, &pe) && pe.Err.Error() == "not a directory"
}

// creatable looks at a directory and, while there is none, at those above it,
// where go would have to make it.
func (p places) creatable(dir string) {
	for filepath.IsAbs(dir) {
		p.look(dir)
		if p.seen[filepath.Clean(dir)].Exists || filepath.Dir(dir) == dir {
			return
		}
		dir = filepath.Dir(dir)
	}
}

func (p places) environment(env model.Env, t model.Toolchain) {
	value := func(name string) string { return env.Lookup(name).Value.Reveal() }
	// Where a directory is that was not named absolutely, for a go that runs in
	// the workspace folder.
	from := func(path string) string {
		if path == "" || filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(p.s.Dir, path)
	}
	for _, root := range []string{from(value("GOROOT")), t.GOROOT} {
		if root != "" {
			p.look(root)
			p.look(filepath.Join(root, "src", "fmt"))
			p.look(filepath.Join(root, "go.env"))
		}
	}
	for _, entry := range filepath.SplitList(value("GOPATH")) {
		p.look(entry)
		if entry != "" {
			p.look(filepath.Join(entry, "go.mod"))
		}
	}
	if cache := p.s.BuildCache(env); cache != "" {
		p.creatable(cache)
		p.look(filepath.Join(cache, "00")) // the first of its parts, which go makes at its start
	}
	if cache := value("GOMODCACHE"); cache != "" {
		p.creatable(cache)
		p.creatable(filepath.Join(cache, "cache", "download"))
		p.look(filepath.Join(cache, "cache", "lock"))
	}
	temp := value("TMPDIR")
	if temp == "" && p.w.GOOS != "windows" {
		temp = "/tmp"
	}
	for _, path := range []string{
		value("GOBIN"), from(value("GOTMPDIR")), from(temp), value("SSL_CERT_FILE"), value("NETRC"), goenvFile(p.w, env.Process()), value("GOWORK"),
	} {
		p.look(path)
	}
	p.certificates(value("SSL_CERT_FILE"))
	for _, dir := range model.FileProxies(value("GOPROXY")) {
		p.look(dir)
	}
	for _, name := range model.SearchPaths {
		for _, dir := range model.Searched(name, value(name)) {
			p.look(dir)
		}
	}
	for _, path := range filepath.SplitList(value("SSL_CERT_DIR")) {
		p.look(path)
	}
	for command := range strings.SplitSeq(value("GOAUTH"), ";") {
		if words := strings.Fields(command); len(words) == 2 && words[0] == "git" && filepath.IsAbs(words[1]) {
			p.look(words[1])
		}
	}
	p.look(from(lastFlag(value("GOFLAGS"), "modfile")))
	p.look(from(lastFlag(value("GOFLAGS"), "overlay")))
}

// lastFlag is the value of the last flag of a name in GOFLAGS; "" if there is none.
func lastFlag(flags, name string) (text string) {
	for word := range strings.FieldsSeq(flags) {
		word = strings.Trim(word, `"'`)
		if value, ok := strings.CutPrefix(strings.TrimPrefix(word, "-"), "-"+name+"="); ok {
			text = value
		} else if value, ok := strings.CutPrefix(word, "-"+name+"="); ok {
			text = value
		}
	}
	return text
}

// directories looks at what replacements put in the place of modules.
func (p places) directories(from string, replaces []model.Replace) {
	for _, r := range replaces {
		if dir := r.Dir(from); dir != "" {
			p.look(dir)
			p.look(filepath.Join(dir, "go.mod"))
		}
	}
}
