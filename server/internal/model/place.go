package model

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// Place is a path that a setting or file of the go command names, as the file
// system shows it. Nothing is looked up twice, and nothing is created.
type Place struct {
	Path     string // absolute, cleaned
	Exists   bool
	Dir      bool // a directory
	Regular  bool // a regular file
	ReadOnly bool // we, who go runs as, may not create files in the directory or change the file
	Blank    bool // a file for certificates that has none
	// Why is why the rest is not known, one clause; "" if it is.
	Why string
}

// Place returns what is known of a path; ok is false if it was not looked at,
// or if the file system did not tell.
func (s *Snapshot) Place(path string) (p Place, ok bool) {
	p, ok = s.Places[path]
	return p, ok && p.Why == ""
}

// BuildCache is the directory that an environment keeps compiled packages in,
// as cmd/go/internal/cache finds it: as it was set, or the default. It is ""
// where go finds none, because the variables that lead to it are missing.
func (s *Snapshot) BuildCache(env Env) string {
	if set := env.Lookup("GOCACHE").Value.Reveal(); set != "" {
		return set
	}
	vars := env.Process()
	switch base := ""; s.GOOS {
	case "windows":
		if base = vars["LOCALAPPDATA"]; base != "" {
			return filepath.Join(base, "go-build")
		}
	case "darwin", "ios":
		if vars["HOME"] != "" {
			return filepath.Join(vars["HOME"], "Library", "Caches", "go-build")
		}
	default:
		if base = vars["XDG_CACHE_HOME"]; base == "" && vars["HOME"] != "" {
			base = filepath.Join(vars["HOME"], ".cache")
		}
		if filepath.IsAbs(base) {
			return filepath.Join(base, "go-build")
		}
	}
	return ""
}

// SearchPaths are the variables that name directories in which compilers, linkers and
// pkg-config look for what C code needs.
var SearchPaths = []string{"CGO_CFLAGS", "CGO_CPPFLAGS", "CGO_CXXFLAGS", "CGO_LDFLAGS", "CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "LIBRARY_PATH", "LD_LIBRARY_PATH", "PKG_CONFIG_PATH", "PKG_CONFIG_LIBDIR"}

// Searched are the absolute paths of the directories that the value of one of
// SearchPaths names: behind -I and -L, or in a list.
func Searched(name, value string) (dirs []string) {
	if !strings.HasPrefix(name, "CGO_") {
		return slices.DeleteFunc(filepath.SplitList(value), func(dir string) bool { return !filepath.IsAbs(dir) })
	}
	words := strings.Fields(value)
	for i, word := range words {
		for _, flag := range []string{"-I", "-L", "-isystem", "-iquote"} {
			dir, is := strings.CutPrefix(word, flag)
			if is && dir == "" && i+1 < len(words) {
				dir = words[i+1]
			}
			if dir = strings.Trim(dir, `'"`); is && filepath.IsAbs(dir) {
				dirs = append(dirs, dir)
			}
		}
	}
	return dirs
}

// FileProxies are the absolute paths of the directories that a GOPROXY names as
// proxies. Source: modfetch.newProxyRepo.
func FileProxies(goproxy string) (dirs []string) {
	for _, entry := range strings.FieldsFunc(goproxy, func(r rune) bool { return r == ',' || r == '|' }) {
		u, err := url.Parse(strings.TrimSpace(entry))
		if err != nil || u.Scheme != "file" || u.Host != "" {
			continue
		}
		dir := filepath.FromSlash(u.Path)
		if len(dir) > 2 && dir[0] == filepath.Separator && filepath.VolumeName(dir[1:]) != "" { // file:///C:/mirror
			dir = dir[1:]
		}
		if filepath.IsAbs(dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}
