// Package verify finds out what is true: it runs the go command in the
// environment gopls has and in the one the user builds with, without touching
// the network, go.mod or go.sum, and says which problems are phantoms.
//
// It knows how to ask go. It must not know LSP, settings or rules.
package verify

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// Judge gives a verdict for every problem of the snapshot, in the order of
// the problems. Ground truth is asked once per directory and environment.
func Judge(ctx context.Context, w *world.World, s *model.Snapshot) []model.Verdict {
	j := &judge{w: w, s: s, runs: map[string]run{}}
	out := make([]model.Verdict, 0, len(s.Problems))
	for _, p := range s.Problems {
		out = append(out, j.verdict(ctx, p))
	}
	return out
}

// ImportOf returns the package path that a problem says could not be
// imported; ok is false for other problems.
func ImportOf(p model.Problem) (path string, ok bool) {
	rest, ok := strings.CutPrefix(p.Message, "could not import ")
	if !ok || p.Source != "" && p.Source != "compiler" {
		return "", false
	}
	path, _, _ = strings.Cut(rest, " ")
	return path, path != ""
}

type judge struct {
	w *world.World
	s *model.Snapshot

	mu   sync.Mutex
	runs map[string]run
}

func (j *judge) verdict(ctx context.Context, p model.Problem) model.Verdict {
	v := model.Verdict{Problem: p, Kind: model.Unknown, Snapshot: j.s.Number}
	path, ok := ImportOf(p)
	if why := j.undecidable(p, ok); why != "" {
		v.Why = why
		return v
	}
	editor, shell, why := j.environments()
	if why != "" {
		v.Why = why
		return v
	}
	dir := filepath.Dir(p.File)
	// Both sides at once: for a phantom, both are needed.
	asked := make(chan run, 1)
	go func() { asked <- j.run(ctx, dir, editor) }()
	there := j.run(ctx, dir, shell)
	here := <-asked
	if there.of(p.File, path).outcome == green {
		there = j.compile(ctx, dir, shell, there)
	}
	v.Evidence = append(v.Evidence, there.evidence(p.File, path))
	switch truth := there.of(p.File, path); truth.outcome {
	case red:
		v.Kind, v.TrueReason = model.Real, truth.reason
		v.Why = "the package does not build in your shell either"
		return v
	case undecided:
		v.Why, v.TrueReason = truth.why, truth.reason
		return v
	}
	// The go command knows nothing of packages drivers, so what it says with
	// gopls' environment would not explain what gopls shows.
	if driver := editor.Lookup(packagesDriver); !driver.Value.Empty() && driver.Value.Reveal() != "off" {
		v.Kind, v.Cause = model.Phantom, model.CauseEnv
		v.Guilty = []model.Guilty{{Variable: packagesDriver, Editor: driver, Shell: shell.Lookup(packagesDriver)}}
		v.Why = "the import works in your shell; gopls does not ask go but a packages driver, and that does not find it"
		return v
	} else if driver.Value.Empty() && j.w.LookPath(editor.Process()["PATH"], "gopackagesdriver") != "" {
		v.Kind, v.Cause = model.Phantom, model.CauseEnv
		v.Why = "the import works in your shell; gopls does not ask go but the packages driver that it finds on its PATH (gopackagesdriver), and that does not find the import"
		return v
	}
	v.Evidence = append(v.Evidence, here.evidence(p.File, path))
	switch truth := here.of(p.File, path); truth.outcome {
	case undecided:
		v.Why, v.TrueReason = truth.why, truth.reason
	case red:
		v.Kind, v.Cause, v.TrueReason = model.Phantom, model.CauseEnv, truth.reason
		v.Why = fmt.Sprintf("the import works in your shell and fails with %s environment", owner(editor.Name))
		if v.Guilty = j.bisect(ctx, p.File, path, editor, shell); v.Guilty == nil {
			v.Why += "; which variable makes the difference was not found"
		}
	default:
		v.Kind, v.Cause = model.Phantom, model.CauseStale
		v.Why = fmt.Sprintf("the import works in your shell and with %s environment too: gopls has not looked again", owner(editor.Name))
	}
	return v
}

// packagesDriver names the program that gopls asks instead of go.
const packagesDriver = "GOPACKAGESDRIVER"

// owner names whose environment it is.
func owner(name model.EnvName) string {
	switch name {
	case model.EnvGopls:
		return "gopls’"
	case model.EnvTools:
		return "the Go extension’s"
	}
	return "the " + string(name) + "’s"
}

// undecidable says why a problem cannot be judged at all; "" if it can.
func (j *judge) undecidable(p model.Problem, isImport bool) string {
	if !isImport {
		return "only “could not import” problems are judged so far"
	}
	if !j.s.Trusted {
		return "the workspace is not trusted, so nothing may be run to find out"
	}
	if strings.HasSuffix(p.Message, "]") {
		return "the problem is about another platform than the one you build for"
	}
	if p.Stale {
		return "the document changed since gopls looked at it"
	}
	if _, err := j.w.Files.Stat(p.File); err != nil {
		return "the file is not on disk"
	}
	for _, file := range j.s.Dirty {
		switch filepath.Ext(file) {
		case ".go":
			if j.s.Work == nil && j.moduleRoot(filepath.Dir(file)) != j.moduleRoot(filepath.Dir(p.File)) {
				continue // a file of another module, which only a go.work could tie to this one
			}
		case ".mod", ".sum", ".work":
		default:
			continue
		}
		return fmt.Sprintf("%s has unsaved changes; save it, and it will be judged", filepath.Base(file))
	}
	return ""
}

// environments picks the two environments to compare.
func (j *judge) environments() (editor, shell model.Env, why string) {
	shell, ok := j.s.Env(model.EnvShell)
	if !ok || !shell.Complete {
		return editor, shell, "the environment you build with is not known: " + cmp.Or(shell.Why, "it was not given")
	}
	gopls, asked := j.s.Env(model.EnvGopls)
	if gopls.Complete {
		return gopls, shell, ""
	}
	if asked && j.s.Editor != nil {
		return editor, shell, "the environment of gopls is not known: " + gopls.Why
	}
	for _, name := range []model.EnvName{model.EnvTools, model.EnvEditor} {
		if env, ok := j.s.Env(name); ok && env.Complete {
			return env, shell, ""
		}
	}
	return editor, shell, "the environment of gopls is not known: " + cmp.Or(gopls.Why, "it was not given")
}

// bisected are the variables that can make an import work or fail, the usual
// suspects first.
var bisected = strings.Fields(`
	GOFLAGS GOWORK GOPROXY GOPRIVATE GONOPROXY GOOS GOARCH CGO_ENABLED GO111MODULE GOTOOLCHAIN GOROOT PATH
	GOEXPERIMENT GOMODCACHE GOPATH GOENV GONOSUMDB GOSUMDB GOINSECURE GOVCS XDG_CONFIG_HOME HOME
`)

// maxTrials bounds the runs of one bisect.
const maxTrials = 12

// bisect names the variables whose shell value, put into the editor's
// environment, turns ground truth green: one that does it alone if there is
// one, else a minimal set; none if it found no such set.
func (j *judge) bisect(ctx context.Context, file, path string, editor, shell model.Env) (out []model.Guilty) {
	from, to := editor.Process(), shell.Process()
	var differing []string
	for _, name := range bisected {
		if from[name] != to[name] {
			differing = append(differing, name)
		}
	}
	trials := 0
	green := func(names []string) bool {
		if trials++; trials > maxTrials {
			return false
		}
		env := editor
		for _, name := range names {
			env = transplant(env, shell, name)
		}
		return j.run(ctx, filepath.Dir(file), env).of(file, path).outcome == green
	}
	var guilty []string
	for _, name := range differing {
		if green([]string{name}) {
			guilty = []string{name}
			break
		}
	}
	if guilty == nil && len(differing) > 1 && green(differing) {
		guilty = slices.Clone(differing)
		for _, name := range differing {
			fewer := slices.DeleteFunc(slices.Clone(guilty), func(n string) bool { return n == name })
			if len(fewer) > 0 && green(fewer) {
				guilty = fewer
			}
		}
	}
	for _, name := range guilty {
		out = append(out, model.Guilty{Variable: name, Editor: editor.Lookup(name), Shell: shell.Lookup(name)})
	}
	return out
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

// Green reports whether the import that a problem complains of works in the
// environment gopls has according to the snapshot.
func Green(ctx context.Context, w *world.World, s *model.Snapshot, p model.Problem) bool {
	path, ok := ImportOf(p)
	gopls, known := s.Env(model.EnvGopls)
	if !ok || !known || !gopls.Complete || !s.Trusted {
		return false
	}
	j := &judge{w: w, s: s, runs: map[string]run{}}
	return j.run(ctx, filepath.Dir(p.File), gopls).of(p.File, path).outcome == green
}
