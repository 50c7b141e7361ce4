package engine

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/route"
)

// ProbeRequest says which routes to probe, on behalf of which file.
type ProbeRequest struct {
	File   string // absolute; of the workspace folder that is meant
	Module string // "path@version"; "" for what builds there would have to download
}

// mostProbed is how many modules one request asks for: the servers of further
// ones are the same as a rule.
const mostProbed = 5

// Probeable returns the module that a line of go.mod, counted from 0, requires,
// as "path@version". ok is false for other lines and files, and where nothing
// may be asked.
func (l *Loop) Probeable(file string, line int) (module string, ok bool) {
	s, ok := l.pictureOf(file)
	if !ok || !s.Trusted || filepath.Base(file) != "go.mod" {
		return "", false
	}
	data, err := l.w.Files.ReadFile(file)
	if err != nil {
		return "", false
	}
	mod, err := modfile.ParseLax(file, data, nil)
	if err != nil {
		return "", false
	}
	m, ok := moduleAt(mod, line+1)
	return strings.TrimSuffix(m.Path+"@"+m.Version, "@"), ok
}

// pictureOf is the newest picture of the folder that a file is in.
func (l *Loop) pictureOf(file string) (*model.Snapshot, bool) {
	l.mu.Lock()
	found := l.found
	l.mu.Unlock()
	if len(found) == 0 {
		return nil, false
	}
	s := found[0].Snapshot
	for _, a := range found[1:] {
		if inside(a.Snapshot.Dir, file) && (!inside(s.Dir, file) || len(a.Snapshot.Dir) > len(s.Dir)) {
			s = a.Snapshot
		}
	}
	return s, true
}

// Probe asks the servers of routes, because the user wants that, and returns
// what they answered as a Markdown document. What is wrong becomes findings, which
// stay as long as what led to them is the same.
func (l *Loop) Probe(ctx context.Context, h Host, r ProbeRequest) (markdown string, err error) {
	s, ok := l.pictureOf(r.File)
	switch {
	case !ok:
		return "", errors.New("nothing was looked at yet; try again in a moment")
	case !s.Trusted:
		return "", errors.New("no server is asked for an untrusted workspace")
	}
	var probes []report.Probe
	type answer struct {
		at   int // in probes
		said []model.Said
	}
	asked := map[string]answer{}
	for _, env := range shownEnvs(s) {
		silent := map[string]bool{}
		for _, m := range l.toProbe(s, env, r) {
			key := probeKey(s, env, m)
			same := m.Path + "@" + m.Version + " " + key
			if a, ok := asked[same]; ok { // nothing that servers could notice is different
				probes[a.at].Environment += " and " + string(env.Name)
				said := slices.Clone(a.said)
				for i := range said {
					said[i].Env = env.Name
				}
				same := probes[a.at]
				same.Environment = string(env.Name)
				l.remember(probed{dir: s.Dir, env: env.Name, module: m, key: key, said: said, answer: same})
				continue
			}
			how := Probing{File: r.File, Tell: func(what string) { h.Progress(show(what)) }, silent: silent}
			if filepath.Base(r.File) != "go.mod" {
				how.File = ""
			}
			p, said := Probe(ctx, l.w, s, env, how, m)
			if ctx.Err() != nil {
				return "", ctx.Err()
			}
			asked[same] = answer{len(probes), said}
			probes = append(probes, p...)
			l.remember(probed{dir: s.Dir, env: env.Name, module: m, key: key, said: said, answer: p[0]})
		}
	}
	if len(probes) == 0 {
		return "", errors.New("there is no module whose servers could be asked: go.mod requires none")
	}
	l.look("a probe answered")
	return report.ProbesMarkdown(probes), nil
}

// toProbe are the modules of a request in one environment.
func (l *Loop) toProbe(s *model.Snapshot, env model.Env, r ProbeRequest) []route.Module {
	if r.Module != "" {
		return []route.Module{moduleOf(r.Module)}
	}
	missing, _ := s.Missing(env)
	modules := modulesOf(missing)
	if len(modules) == 0 { // any of them shows what the servers do
		modules = Requirements(s, env)
		modules = modules[:min(1, len(modules))]
	}
	return modules[:min(mostProbed, len(modules))]
}

// probed is what a probe found, and what it rests on.
type probed struct {
	dir    string
	env    model.EnvName
	module route.Module
	key    string // probeKey when it was probed
	said   []model.Said
	answer report.Probe
}

// remember keeps what a probe found instead of what an older one did.
func (l *Loop) remember(p probed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.probed = slices.DeleteFunc(l.probed, func(q probed) bool { return q.dir == p.dir && q.env == p.env && q.module == p.module })
	l.probed = append(l.probed, p)
}

// probedSaid is what probes found that still holds for a picture. What does not
// is forgotten.
func (l *Loop) probedSaid(s *model.Snapshot) (said []model.Said) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.probed = slices.DeleteFunc(l.probed, func(p probed) bool {
		if p.dir != s.Dir {
			return false
		}
		env, ok := s.Env(p.env)
		if !ok || probeKey(s, env, p.module) != p.key {
			return true
		}
		said = append(said, p.said...)
		return false
	})
	return said
}

// probeKey stands for what the outcome of a probe depends on, as far as it can
// be seen without asking: the settings that have a say, whether the module is
// still required at that version, and whether it is there by now.
func probeKey(s *model.Snapshot, env model.Env, m route.Module) string {
	sum := sha256.New()
	for _, name := range []string{
		"GOPROXY", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOSUMDB", "GOINSECURE", "GOVCS", "GOAUTH", "GOFLAGS", "GOWORK", "GO111MODULE", "NETRC", "HOME", "PATH",
		"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "REQUEST_METHOD", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSH_COMMAND", "GIT_SSL_NO_VERIFY", "GIT_SSL_CAINFO", "SSH_AUTH_SOCK",
	} {
		fmt.Fprintf(sum, "%s=%s\x00", name, env.Lookup(name).Value.Reveal())
	}
	missing, known := s.Missing(env)
	fmt.Fprintf(sum, "%t %t %t", slices.Contains(Requirements(s, env), m), known, slices.Contains(missing, m.Path+"@"+m.Version))
	return string(sum.Sum(nil))
}
