package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
)

// bisected are the variables that can make a package build or fail, the usual
// suspects first. GOCACHE is none: it only decides how long a build takes.
var bisected = strings.Fields(`
	GOFLAGS GOWORK GOPROXY GOPRIVATE GOOS GOARCH CGO_ENABLED GO111MODULE GOTOOLCHAIN GOROOT PATH GOEXPERIMENT
	GOMODCACHE GOPATH CC PKG_CONFIG_PATH GOENV XDG_CONFIG_HOME HOME GONOPROXY GONOSUMDB GOSUMDB GOINSECURE GOVCS
	GOAUTH NETRC CXX AR FC PKG_CONFIG PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR CGO_CFLAGS CGO_CPPFLAGS CGO_CXXFLAGS
	CGO_FFLAGS CGO_LDFLAGS CGO_CFLAGS_ALLOW CGO_LDFLAGS_ALLOW CPATH C_INCLUDE_PATH CPLUS_INCLUDE_PATH LIBRARY_PATH
	LD_LIBRARY_PATH SDKROOT MACOSX_DEPLOYMENT_TARGET GODEBUG GOFIPS140 GO386 GOAMD64 GOARM GOARM64 GOMIPS GOMIPS64
	GOPPC64 GORISCV64 GOWASM GOTMPDIR TMPDIR APPDATA LOCALAPPDATA USERPROFILE GIT_ALLOW_PROTOCOL GIT_CONFIG_GLOBAL
	GIT_SSH_COMMAND HTTPS_PROXY HTTP_PROXY NO_PROXY https_proxy http_proxy no_proxy SSL_CERT_FILE SSL_CERT_DIR
`)

const (
	// maxTrials bounds the runs of go of one bisect, and bisectTimeout its time.
	maxTrials     = 30
	bisectTimeout = 10 * time.Second
	// alternatives is how many more variables are tried for whether each does the
	// same alone as the guilty one, while there were fewer than fewTrials.
	alternatives = 3
	fewTrials    = 10
)

// culprits are the variables and lines that make a difference.
type culprits struct {
	together []model.Guilty   // all of them are needed
	lines    []model.PastLine // and all of these
	alone    []model.Guilty   // each of them does the same by itself
	spare    map[string]bool  // variables, and labels of lines, that need not be put back and do not help by themselves
	model.Bisect
}

// bisect names the variables whose shell value, put into the editor's
// environment, makes go say what it says in the shell: a set from which none
// can be left out; none if no such set was found. Groups of lines that were otherwise
// there are, each as a whole, like variables.
func (j *judge) bisect(ctx context.Context, q subject, editor, shell model.Env, groups [][]model.PastLine, there, here answer) (out culprits) {
	start := j.w.Clock.Now()
	ctx, cancel := context.WithTimeout(ctx, bisectTimeout)
	defer cancel()
	from, to := editor.Process(), shell.Process()
	var differing []string
	for _, name := range bisected {
		if from[name] != to[name] {
			differing = append(differing, name)
		}
	}
	grouped := map[string][]model.PastLine{}
	for _, lines := range groups {
		name := lines[0].Label()
		differing = append(differing, name)
		grouped[name] = lines
	}
	out.Differing = len(differing)
	told := map[string]bool{} // by the names
	sorted := func(names []string) []string {
		return slices.SortedFunc(slices.Values(names), func(a, b string) int { return slices.Index(differing, a) - slices.Index(differing, b) })
	}
	green := func(names []string) bool {
		names = sorted(names)
		key := strings.Join(names, "\x00")
		if known, ok := told[key]; ok {
			return known
		}
		if out.Runs >= maxTrials || ctx.Err() != nil {
			return false
		}
		out.Runs++
		if j.tell != nil {
			j.tell(fmt.Sprintf("run %d of go: %s from %s", out.Runs, strings.Join(names, ", "), shell.Name))
		}
		env, q := editor, q
		q.past = nil
		for _, name := range names {
			if lines, are := grouped[name]; are {
				q.past = append(q.past, lines...)
			} else {
				env = transplant(env, shell, name)
			}
		}
		a := j.trial(ctx, env, q, there, here)
		told[key] = a.outcome == green || a.outcome == absent
		return told[key]
	}
	name := func(names []string) (out []model.Guilty) {
		for _, n := range names {
			if grouped[n] != nil {
				continue
			}
			out = append(out, model.Guilty{Variable: n, Editor: editor.Lookup(n), Shell: shell.Lookup(n)})
		}
		return out
	}
	var guilty []string
	for _, known := range j.found { // what explained another problem may explain this
		if slices.ContainsFunc(known, func(n string) bool { return !slices.Contains(differing, n) }) {
			continue
		}
		if green(known) {
			guilty = known
			break
		}
	}
	if guilty == nil && len(differing) > 0 && green(differing) {
		guilty = sorted(minimal(nil, differing, false, green))
		if !green(guilty) { // one hides another: leave out what is not needed, one by one
			guilty = slices.Clone(differing)
			for _, n := range differing {
				if fewer := slices.DeleteFunc(slices.Clone(guilty), func(g string) bool { return g == n }); len(fewer) > 0 && green(fewer) {
					guilty = fewer
				}
			}
		}
	}
	if guilty != nil {
		j.found = append(j.found, guilty)
	}
	if len(guilty) == 1 {
		tried := 0
		for _, n := range differing {
			if n == guilty[0] || tried == alternatives || out.Runs >= fewTrials {
				continue
			}
			tried++
			if green([]string{n}) {
				out.alone = append(out.alone, name([]string{n})...)
			}
		}
	}
	out.together, out.spare = name(guilty), map[string]bool{}
	for _, n := range differing {
		if helps, tried := told[n]; tried && !helps && len(guilty) > 0 && !slices.Contains(guilty, n) {
			out.spare[n] = true
		}
	}
	for _, n := range guilty {
		if lines := grouped[n]; lines != nil {
			out.lines = append(out.lines, lines[0])
		}
	}
	out.Millis = j.w.Clock.Now().Sub(start).Milliseconds()
	return out
}

// minimal is a smallest part of some names that, together with the given ones,
// is enough, where all of them are. tested tells that the given ones were added
// to since they were found not to be enough. Source: Junker, QuickXplain (2004).
func minimal(given, names []string, tested bool, enough func([]string) bool) []string {
	if tested && enough(given) {
		return nil
	}
	if len(names) == 1 {
		return names
	}
	half := (len(names) + 1) / 2
	first, second := names[:half], names[half:]
	rest := minimal(slices.Concat(given, first), second, true, enough)
	return append(slices.Clone(rest), minimal(slices.Concat(given, rest), first, len(rest) > 0, enough)...)
}

// transplant gives env the process value that another environment has for a
// variable, and the GOENV file where the variable decides which one is read.
func transplant(env, from model.Env, name string) model.Env {
	if value, ok := from.Process()[name]; ok {
		env = env.With(name, &model.Assignment{Value: model.NewValue(value)})
	} else {
		env = env.With(name, nil)
	}
	if name == "GOENV" || name == "XDG_CONFIG_HOME" || name == "HOME" {
		for i, l := range env.Layers { // With made the slice
			if l.Kind == model.LayerGOENV {
				env.Layers[i] = from.Layer(model.LayerGOENV)
			}
		}
	}
	return env
}
