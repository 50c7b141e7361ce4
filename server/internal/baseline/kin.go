package baseline

import (
	"regexp"
	"strings"
)

// kin are words that tell what a text is about which no row of the catalogue knows,
// and the facts that it can come of, the most particular first: what one of them
// says is not asked of the next ones of its family.
var kin = []struct {
	family string
	words  *regexp.Regexp
	about  []string
}{
	{"C", regexp.MustCompile(`invalid flag in (?:#cgo|pkg-config|go:cgo_ldflag)`), strings.Fields("CGO_CFLAGS_ALLOW CGO_CPPFLAGS_ALLOW CGO_CXXFLAGS_ALLOW CGO_LDFLAGS_ALLOW PKG_CONFIG PKG_CONFIG_PATH go GOROOT PATH")},
	{"C", regexp.MustCompile(`-(?:race|msan|asan) requires cgo|requires external \(cgo\) linking`), strings.Fields("CGO_ENABLED CC GOFLAGS cc go")},
	{"C", regexp.MustCompile(`plugin needed to handle lto|file format not recognized|archive has no index`), strings.Fields("AR CC CGO_CFLAGS CGO_LDFLAGS PATH cc go")},
	{"C", regexp.MustCompile(`(?i)\bcgo\b|runtime/cgo|\b(?:gcc|clang|cc1|collect2)\b|\bld(?:\.\w+)?: |pkg-config|undefined reference to|\.h: No such file|'\w+\.h' file not found|SDK`), append([]string{"AR", "MACOSX_DEPLOYMENT_TARGET"}, AboutC...)},
	{"git", regexp.MustCompile(`is not a git command|unknown (?:option|switch)|fetch-pack|upload-pack: not our ref|--unshallow`), strings.Fields("git PATH GIT_EXEC_PATH")},
	{"git", regexp.MustCompile(`(?i)repository '?\S* ?not found|could not be found|Authentication failed|could not read Username`), strings.Fields("GOAUTH NETRC HOME GIT_ASKPASS GIT_TERMINAL_PROMPT " + string(Netrc) + " " + string(Git))},
	{"git", regexp.MustCompile(`transport '[^']*' not allowed|protocol '[^']*' is not supported`), strings.Fields("GIT_ALLOW_PROTOCOL git " + string(Git))},
	{"git", regexp.MustCompile(`(?i)\bssh\b|publickey|host key`), strings.Fields("GIT_SSH GIT_SSH_COMMAND GIT_SSH_VARIANT SSH_AUTH_SOCK HOME git PATH " + string(Git))},
	{"git", regexp.MustCompile(`(?im)(?:^|[\s"'(:])git[ :]|[/\\]\.git\b|VCS status|dubious ownership`), strings.Fields("GIT_DIR GIT_WORK_TREE GIT_CONFIG_GLOBAL GIT_CONFIG_NOSYSTEM GIT_CONFIG_COUNT GIT_CEILING_DIRECTORIES GIT_EXEC_PATH GIT_SSH GIT_SSH_COMMAND HOME XDG_CONFIG_HOME git PATH " + string(Git))},
	{"proxy", regexp.MustCompile(`reading (?:file|https?)://\S+/@v/`), strings.Fields("GOPROXY GOPRIVATE GONOPROXY GOMODCACHE " + string(Require))},
	{"flags", regexp.MustCompile(`unknown flag|flag provided but not defined|usage of: -|may only be set to`), strings.Fields("GOFLAGS go GOROOT PATH GOTOOLCHAIN")},
	{"compiler", regexp.MustCompile(`internal compiler error|object is \[|version mismatch|does not match go tool version|could not import \S+ \(unsupported version|unsupported version of|export data`), strings.Fields("go GOROOT PATH GOTOOLCHAIN GOCACHE GOEXPERIMENT gopls")},
	{"cache", regexp.MustCompile(`(?i)build cache|cache dir|GOCACHEPROG|cache entry|cacheprog|unexpected EOF|corrupt`), strings.Fields("GOCACHEPROG GOCACHE HOME XDG_CACHE_HOME " + string(Place))},
	{"temporary", regexp.MustCompile(`fork/exec \S*(?:tmp|temp|go-build)\S*|creating work dir`), strings.Fields("TMPDIR GOTMPDIR TMP TEMP " + string(Place))},
	{"platform", regexp.MustCompile(`_(?:amd64|arm64|386|arm|wasm)\b|amd64\.v\d|undefined: \w*(?:AVX|SSE)\w*`), strings.Fields("GOAMD64 GOARCH GOARM GOARM64 GO386 GOOS")},
}

// Kin are the facts that a text can be about which no row of the catalogue knows;
// nil if its words tell nothing.
func Kin(text string) (about []string) {
	said := map[string]bool{}
	for _, k := range kin {
		if !said[k.family] && k.words.MatchString(text) {
			said[k.family] = true
			about = append(about, k.about...)
		}
	}
	return about
}
