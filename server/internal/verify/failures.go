package verify

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// Failures returns verdicts of what go fails at in packages of the main modules that
// the problems of the snapshot are not about, whatever gopls shows: real ones of the
// user's shell, phantoms of what fails with gopls' environment alone, and undecided
// ones of what would have to be downloaded. It compiles every package and its tests,
// with all that Judge keeps to. why is a sentence that says what could not be found
// out; "" if nothing.
func Failures(ctx context.Context, w *world.World, s *model.Snapshot, m *Memory) (out []model.Verdict, why string) {
	shell, ok := s.Env(model.EnvShell)
	switch {
	case !ok || !shell.Complete:
		return nil, "The environment you build with is not known, so go was not asked."
	case !s.Trusted:
		return nil, "The workspace is not trusted, so go was not asked."
	case len(s.Dirty) > 0:
		return nil, "There are unsaved changes, so go was not asked."
	}
	j := newJudge(w, s, m)
	j.look()
	modules := j.together(shell)
	if len(modules) == 0 && s.Stray != "" { // of what there is to build, go says what is missing
		modules = [][]string{{s.Dir}}
	}
	for _, dirs := range modules {
		r := j.answer(ctx, shell, question{mode: everything, root: dirs[0], dirs: dirs})
		switch {
		case ctx.Err() != nil:
			return out, "go was interrupted."
		case r.failed != "":
			return out, r.failed + "."
		}
		var found []model.Verdict
		if !r.fatal || !r.needs {
			for _, e := range j.failing(ctx, shell, r, dirs) {
				v := j.failure(e, model.Real, "go fails at it in your shell")
				v.Evidence = append(v.Evidence, r.evidence(truth{outcome: red, reason: v.TrueReason}))
				found = append(found, v)
			}
		}
		found = append(found, j.phantoms(ctx, shell, dirs, found)...)
		if r.needs {
			for _, e := range r.lacking(filepath.Join(dirs[0], "go.mod")) {
				v := j.failure(e, model.Unknown, "go would have to download it, which is not tried")
				v.TrueReason = model.Value{} // these are our words
				found = append(found, v)
			}
		}
		out = append(out, found[:min(len(found), mostGreens-len(out))]...)
	}
	return out, ""
}

// failure is a verdict of an error that nobody showed.
func (j *judge) failure(e compileError, kind model.VerdictKind, why string) model.Verdict {
	return model.Verdict{
		Problem: model.Problem{
			Location: model.Location{File: e.file, Range: model.Range{Start: model.Position{Line: e.line}, End: model.Position{Line: e.line}}},
			Severity: 1, Source: "go", Message: e.text,
		},
		Kind: kind, Why: why, TrueReason: model.NewValue(e.text), Snapshot: j.s.Number,
	}
}

// failing are the errors of a run about modules: those that stand somewhere, those of
// packages that say none of that kind, and those that the build cache hides.
func (j *judge) failing(ctx context.Context, env model.Env, r run, dirs []string) []compileError {
	out := j.unseen(r, dirs)
	shown := map[string]bool{}
	for _, p := range j.s.Problems {
		shown[filepath.Dir(p.File)] = true
	}
	for _, e := range out {
		shown[filepath.Dir(e.file)] = true
	}
	for _, l := range r.asked {
		if shown[l.Dir] || l.ForTest != "" || !slices.ContainsFunc(dirs, func(dir string) bool { return below(dir, l.Dir) }) {
			continue
		}
		for _, e := range l.errors() {
			if r.needs && strings.Contains(e.Err, disabled) || e == l.Error && strings.HasPrefix(e.Err, allExcluded) || nothingHere.MatchString(e.Err) {
				continue
			}
			shown[l.Dir] = true
			file := filepath.Join(l.Dir, slices.Concat(l.CgoFiles, l.GoFiles, l.InvalidGoFiles, l.TestGoFiles, l.XTestGoFiles, []string{"go.mod"})[0])
			out = append(out, compileError{file: file, text: strings.TrimSpace(e.Err)})
			break
		}
	}
	return append(out, j.uncompiled(ctx, env, r, dirs)...)
}

// nothingHere is what go says of directories that it passes over.
var nothingHere = regexp.MustCompile(`^no (?:non-test )?Go files in |^no buildable Go source files`)

// fewPackages is how many packages are tried that take runs of go of their own.
const fewPackages = 4

// uncompiled are the errors of packages that go took from the build cache, and that
// it could not compile today: of those with C code it does not look for the compiler
// again.
func (j *judge) uncompiled(ctx context.Context, env model.Env, r run, modules []string) (out []compileError) {
	tried := map[string]bool{}
	for _, l := range r.asked {
		ours := slices.ContainsFunc(modules, func(dir string) bool { return below(dir, l.Dir) })
		if len(l.CgoFiles) == 0 || l.broken() || tried[l.Dir] || !ours || len(tried) == fewPackages {
			continue
		}
		tried[l.Dir] = true
		q := building(l.Dir)
		q.fresh = true
		if a := j.truth(ctx, env, q, false); a.outcome == red {
			out = append(out, compileError{file: filepath.Join(l.Dir, l.CgoFiles[0]), text: a.reason.Reveal()})
		}
	}
	return out
}

// phantoms are what go fails at with gopls' environment, in packages that it does
// not fail at in the shell: gopls would show that, too.
func (j *judge) phantoms(ctx context.Context, shell model.Env, dirs []string, real []model.Verdict) (out []model.Verdict) {
	editor, _, why := j.environments()
	if why != "" || j.s.Editor != nil || len(j.s.Problems) > 0 || sameRun(editor, shell) {
		return nil
	}
	r := j.answer(ctx, editor, question{mode: everything, root: dirs[0], dirs: dirs})
	if r.failed != "" {
		return nil
	}
	lacking := r.lacking("")
	r.needs = false // gopls downloads nothing once it has started
	tried := map[string]bool{}
	for _, v := range real {
		tried[filepath.Dir(v.Problem.File)] = true
	}
	for _, e := range j.failing(ctx, editor, r, dirs) {
		if i := slices.IndexFunc(lacking, func(l compileError) bool { return l.file == e.file && l.line == e.line }); i >= 0 && strings.Contains(e.text, disabled) {
			e.text = lacking[i].text // go speaks of our GOPROXY
		}
		q := subject{Problem: j.failure(e, model.Unknown, "").Problem, kind: whether, dir: filepath.Dir(e.file), text: e.text}
		q.all = filepath.Ext(e.file) != ".go"
		if tried[q.dir] || len(tried) == fewPackages {
			continue
		}
		tried[q.dir] = true
		if v := j.verdict(ctx, q); v.Kind == model.Phantom {
			out = append(out, v)
		}
	}
	return out
}

// lookedUp is what go says of a module that it may not look for, of which it loads
// no package.
var lookedUp = regexp.MustCompile(`(\S+?)(?:@\S+)?: ` + regexp.QuoteMeta(disabled))

// lacking are the packages or modules that would have to be downloaded, each once,
// where they are imported or, if go does not say that, in file.
func (r run) lacking(file string) (out []compileError) {
	add := func(path, pos string) {
		e := compileError{file: file, text: "could not import " + path + " (its module is not downloaded)"}
		if at, line, ok := r.position(pos); ok {
			e.file, e.line = at, line-1
		}
		if !slices.ContainsFunc(out, func(o compileError) bool { return o.text == e.text }) {
			out = append(out, e)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(r.packages)) {
		if p := r.packages[path]; p.Error != nil && strings.Contains(p.Error.Err, disabled) {
			add(path, p.Error.Pos)
		}
	}
	for _, m := range lookedUp.FindAllStringSubmatch(r.stderr, -1) {
		add(m[1], "")
	}
	if len(out) == 0 {
		out = append(out, compileError{file: file, text: "something is missing that go would have to download"})
	}
	return out
}

// Earlier finds out which variables of the user's shell, and which lines of go.mod and
// go.work files, are at fault for the real ones of some verdicts: those that, put back
// to what they were, make go succeed. It writes into the verdicts, and keeps to all that
// Judge keeps to.
func Earlier(ctx context.Context, w *world.World, s *model.Snapshot, m *Memory, was model.Past, verdicts []model.Verdict) {
	now, ok := s.Env(model.EnvShell)
	was.Variables = maps.Clone(was.Variables)
	maps.DeleteFunc(was.Variables, func(name string, _ *model.Value) bool { return !slices.Contains(bisected, name) })
	_, elsewhere := was.Variables["GOWORK"]
	groups := grouped(was.Lines, elsewhere)
	lines := slices.Concat(groups...)
	if !ok || !now.Complete || !s.Trusted || len(was.Variables)+len(groups) == 0 || len(s.Dirty) > 0 {
		return
	}
	t, _ := s.ToolchainOf(model.EnvShell)
	then := now
	for _, name := range slices.Sorted(maps.Keys(was.Variables)) {
		then = putBack(then, t.Host, name, was.Variables[name])
	}
	j := newJudge(w, s, m)
	j.look()
	tried := map[string]bool{} // directories
	for i := range verdicts {
		v := &verdicts[i]
		if v.Kind != model.Real {
			continue
		}
		q := subjectOf(v.Problem)
		if v.Problem.Source == "go" {
			all := filepath.Ext(q.File) != ".go"
			q = building(q.dir)
			q.all = all
		}
		if !tried[q.dir] && len(tried) == fewPackages || ctx.Err() != nil {
			continue
		}
		tried[q.dir] = true
		// What is compiled with other variables must not stand in the build cache
		// for what go would compile today: where C is, go takes that without a look.
		before := question{mode: load, root: j.rootOf(q.dir), dirs: []string{q.dir}, past: lines}
		if q.all {
			before.mode, before.root, before.dirs = whole, q.dir, nil
		}
		q.fresh = j.answer(ctx, then, before).cgo()
		here := j.truth(ctx, now, q, !q.all)
		if here.why == notCompiled {
			here = j.truth(ctx, now, q, false)
		}
		earlier := q
		earlier.past = lines
		there := j.truth(ctx, then, earlier, false)
		if there.outcome == undecided && !q.all { // go does not come to the problem any more: does it build the package?
			fresh := q.fresh
			q = building(q.dir)
			q.fresh = fresh
			earlier = q
			earlier.past = lines
			here, there = j.truth(ctx, now, q, false), j.truth(ctx, then, earlier, false)
		}
		if here.outcome == red && there.outcome == red && there.reason == here.reason {
			v.Vain = model.Past{Variables: maps.Clone(was.Variables), Lines: lines}
			from, to := now.Process(), then.Process()
			maps.DeleteFunc(v.Vain.Variables, func(name string, _ *model.Value) bool { return from[name] == to[name] })
		}
		if here.outcome != red || there.outcome != green && there.outcome != absent || there.others {
			continue
		}
		found := j.bisect(ctx, q, now, then, groups, there, here)
		if len(found.together)+len(found.lines) == 0 {
			continue
		}
		v.Earlier, v.Lines, v.Bisect = found.together, found.lines, found.Bisect
		v.Vain.Variables = maps.Clone(was.Variables)
		maps.DeleteFunc(v.Vain.Variables, func(name string, _ *model.Value) bool { return !found.spare[name] })
		for _, group := range groups {
			if found.spare[group[0].Label()] {
				v.Vain.Lines = append(v.Vain.Lines, group...)
			}
		}
		e := there.evidence()
		e.Command += fmt.Sprintf(", with %s as when everything was green", found.names())
		v.Evidence = append(v.Evidence, e)
		v.Why += fmt.Sprintf("; it works with %s as when everything was green", found.names())
	}
}

// grouped are lines that are put back together: those of a go.mod or go.work that came
// or went are one thing. Which go.work is in force may be known from elsewhere.
func grouped(lines []model.PastLine, elsewhere bool) (out [][]model.PastLine) {
	whole := map[string]bool{} // files that came or went
	for _, l := range lines {
		if l.Kind != "go.work" && (l.Kind != "module" || l.Was != "" && l.Now != "") {
			continue
		}
		whole[l.File] = true
		group := []model.PastLine{l}
		for _, other := range lines {
			if other.File == l.File && other.Kind != l.Kind && l.Was != "" {
				group = append(group, other)
			}
		}
		if l.Kind == "module" || !elsewhere && (l.Was == "" || l.Now == "") {
			out = append(out, group)
		}
	}
	for _, l := range lines {
		if !whole[l.File] && (l.Kind != "vendor" || l.Was == "") { // what was in it is not known
			out = append(out, []model.PastLine{l})
		}
	}
	return out
}

// names are the variables and lines of which all are needed, for people.
func (c culprits) names() string {
	var names []string
	for _, g := range c.together {
		names = append(names, g.Variable)
	}
	for _, l := range c.lines {
		names = append(names, l.Label())
	}
	if last := len(names) - 1; last > 0 {
		return fmt.Sprintf("%s and %s", strings.Join(names[:last], ", "), names[last])
	}
	return strings.Join(names, "")
}

// putBack gives an environment the earlier value of a variable, nil if it was not
// set. One that the GOENV file sets now and did not then gets what go takes without
// it, for go knows no way not to read one line of that file.
func putBack(env model.Env, host, name string, was *model.Value) model.Env {
	without := env.With(name, nil)
	below := without.Lookup(name)
	switch {
	case was != nil && below.Set && below.Value == *was:
		return without
	case was != nil:
		return env.With(name, &model.Assignment{Value: *was})
	case below.Set && below.Origin.Layer == model.LayerGOENV:
		if value := usual(env, host, name); value != "" {
			return env.With(name, &model.Assignment{Value: model.NewValue(value)})
		}
		return env
	}
	return without
}

// usual is what go takes for a variable that nobody sets, written so that go does not
// take an empty value for none; "" if that cannot be written. host is what go builds
// for then, such as "linux/amd64".
func usual(env model.Env, host, name string) string {
	for _, kind := range []model.LayerKind{model.LayerGoroot, model.LayerDefault} {
		if a, ok := env.Layer(kind).Vars[name]; ok && !a.Value.Empty() {
			return a.Value.Reveal()
		}
	}
	goos, goarch, _ := strings.Cut(host, "/")
	switch name {
	case "GOOS":
		return goos
	case "GOARCH":
		return goarch
	case "GOWORK":
		return "auto"
	case "GO111MODULE":
		return "on"
	case "GOEXPERIMENT":
		return "none"
	case "GOFLAGS", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE", "CGO_ENABLED":
		return " " // a list without an entry, and neither 0 nor 1
	}
	return ""
}
