// Package verify finds out what is true: it runs the go command in the
// environment gopls has and in the one the user builds with, without touching
// the network, go.mod or go.sum, and says which problems are phantoms.
//
// It knows how to ask go. It must not know LSP, settings or rules.
package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// Judge gives a verdict for every problem of the snapshot, in the order of the
// problems. Ground truth is asked once per module and environment, for all
// packages with problems together, and what m remembers is not asked again; a
// nil m remembers nothing. When ctx is done, what is not decided is unknown.
func Judge(ctx context.Context, w *world.World, s *model.Snapshot, m *Memory) []model.Verdict {
	j := newJudge(w, s, m)
	subjects := make([]subject, len(s.Problems))
	for i, p := range s.Problems {
		subjects[i] = subjectOf(p)
	}
	j.prepare(ctx, subjects)
	out := make([]model.Verdict, 0, len(subjects))
	for _, q := range subjects {
		out = append(out, j.verdict(ctx, q))
	}
	return out
}

type judge struct {
	w      *world.World
	s      *model.Snapshot
	memory *Memory
	links  sync.Map           // path → what it is with every link resolved
	owners sync.Map           // directory → module root
	dirs   map[group][]string // the directories of problems
	found  [][]string         // sets of variables that explained a problem
	tell   func(string)       // is told what a bisect tries; nil tells nobody
}

func newJudge(w *world.World, s *model.Snapshot, m *Memory) *judge {
	if m == nil {
		m = &Memory{}
	}
	return &judge{w: w, s: s, memory: m, dirs: map[group][]string{}}
}

// look forgets what was said of a world that is another one by now.
func (j *judge) look() {
	if !j.memory.still {
		j.memory.at(stamp(j.w, j.s))
	}
}

// group is what go can be asked about at once.
type group struct {
	root    string // where go runs
	overlay bool   // with the unsaved texts
}

// real resolves every link in a path; the path itself if that does not work.
func (j *judge) real(path string) string {
	if known, ok := j.links.Load(path); ok {
		return known.(string)
	}
	real, err := j.w.Files.EvalSymlinks(path)
	if err != nil {
		real = path
	}
	j.links.Store(path, real)
	return real
}

// batch is how many packages one run of go is asked about.
const batch = 100

// prepare asks for all packages with problems at once, in both environments at
// the same time, so that a verdict finds its answers.
func (j *judge) prepare(ctx context.Context, subjects []subject) {
	if !j.s.Trusted || !slices.ContainsFunc(subjects, func(q subject) bool { return q.kind != opinion }) {
		return
	}
	j.look()
	editor, shell, why := j.environments()
	if why != "" {
		return
	}
	seen := map[string]bool{}
	for _, q := range subjects {
		if j.undecidable(q) != "" || j.gone(q) || q.kind == opinion || q.kind == loading || q.port != "" {
			continue
		}
		g := j.groupOf(q)
		if key := fmt.Sprint(g, q.dir); !seen[key] {
			seen[key] = true
			j.dirs[g] = append(j.dirs[g], q.dir)
		}
	}
	var wg sync.WaitGroup
	for g, all := range j.dirs {
		for chunk := range slices.Chunk(all, batch) {
			if len(chunk) == 1 {
				continue // then it is asked when it is needed
			}
			wg.Go(func() { j.spread(ctx, shell, question{mode: compile, root: g.root, dirs: chunk, overlay: g.overlay}) })
			if there := j.viewed(editor, chunk[0]); !g.overlay && !sameRun(there, shell) {
				wg.Go(func() { j.spread(ctx, there, question{mode: load, root: g.root, dirs: chunk}) })
			}
			wg.Wait() // go uses every core by itself
		}
	}
}

func (j *judge) groupOf(q subject) group { return group{j.rootOf(q.dir), len(j.overlaid(q)) > 0} }

// among asks about the package of a problem together with others that have
// problems too: that costs hardly more than to ask about one.
func (j *judge) among(ctx context.Context, env model.Env, q subject, m mode) {
	if q.platform != nil || q.tags != "" || q.alone || q.fresh || len(q.past) > 0 {
		return
	}
	g := j.groupOf(q)
	if _, known := j.memory.get(question{mode: m, root: g.root, dirs: []string{q.dir}, overlay: g.overlay}.key(env)); known {
		return
	}
	for chunk := range slices.Chunk(j.dirs[g], batch) {
		if len(chunk) > 1 && slices.Contains(chunk, q.dir) {
			j.spread(ctx, env, question{mode: m, root: g.root, dirs: chunk, overlay: g.overlay})
		}
	}
}

// spread asks about several packages at once and remembers the answer for each
// of them. Where go lists nothing, each is asked about on its own, for then one
// may be the reason for all.
func (j *judge) spread(ctx context.Context, env model.Env, q question) {
	single := func(dir string) string {
		return question{mode: q.mode, root: q.root, dirs: []string{dir}, overlay: q.overlay}.key(env)
	}
	q.dirs = slices.DeleteFunc(slices.Clone(q.dirs), func(dir string) bool {
		_, ok := j.memory.get(single(dir))
		return ok
	})
	if len(q.dirs) == 0 {
		return
	}
	r := j.answer(ctx, env, q)
	if r.failed != "" && ctx.Err() == nil && len(q.dirs) > 1 && !r.nogo {
		return
	}
	for _, dir := range q.dirs {
		j.memory.put(single(dir), r)
	}
}

// answer asks go, and once more with a private module cache where something
// is missing that file proxies would serve: that can be found out without the
// network.
func (j *judge) answer(ctx context.Context, env model.Env, q question) run {
	key := q.key(env)
	if r, ok := j.memory.get(key); ok {
		return r
	}
	r := j.ask(ctx, env, q)
	if r.needs && !r.writes {
		if proxies, all := j.fileProxies(env); proxies != "" {
			q.proxies = proxies
			if again := j.ask(ctx, env, q); again.failed == "" && !again.needs && (all || !again.lacksFile()) {
				again.millis += r.millis
				r = again
			}
		}
	}
	if ctx.Err() == nil {
		j.memory.put(key, r)
	}
	return r
}

// answer is what go says about a problem.
type answer struct {
	truth
	run
}

func (a answer) evidence() model.Evidence { return a.run.evidence(a.truth) }

// offline takes the answer for what gopls would find: it downloads nothing once
// it has started, so what would have to be downloaded is missing there. Nor does
// it do anything without a go command.
func (a answer) offline() answer {
	if a.nogo {
		a.outcome, a.reason = red, model.NewValue(a.failed)
	}
	if a.outcome == undecided && a.needs {
		a.outcome = red
	}
	return a
}

// truth is what go says about a problem in an environment. A light one compiles
// nothing; where that would have to be, its why is notCompiled.
func (j *judge) truth(ctx context.Context, env model.Env, q subject, light bool) answer {
	ask := j.questionOf(q, light)
	r := j.answer(ctx, env, ask)
	t := r.about(q)
	if t.why == tooMany {
		ask.every = true
		r = j.answer(ctx, env, ask)
		t = r.about(q)
	}
	return answer{t, r}
}

// questionOf is what go has to be asked about a problem.
func (j *judge) questionOf(q subject, light bool) question {
	ask := question{mode: compile, root: j.rootOf(q.dir), dirs: []string{q.dir}, overlay: len(j.overlaid(q)) > 0, tags: q.tags, port: q.platform, past: q.past}
	switch {
	case q.all:
		ask.mode, ask.root, ask.dirs, ask.fresh = everything, q.dir, nil, q.fresh
	case q.kind == loading && filepath.Base(q.File) == "go.work":
		ask.mode, ask.root, ask.dirs = modules, q.dir, nil
	case q.kind == loading && filepath.Ext(q.File) != ".go":
		ask.mode, ask.root, ask.dirs = whole, q.dir, nil
	case light:
		ask.mode = load
	case q.fresh:
		ask.fresh = true
	case q.alone:
		ask.dirs = []string{q.File}
	}
	return ask
}

// trial is the truth in an environment between the two that were asked about.
// It compiles only what neither of them found alike: the same files have the
// same errors, unless go found the files and then could not compile any.
func (j *judge) trial(ctx context.Context, env model.Env, q subject, there, here answer) answer {
	if r, ok := j.memory.get(j.questionOf(q, false).key(env)); ok {
		return answer{r.about(q), r}
	}
	j.among(ctx, env, q, load)
	a := j.truth(ctx, env, q, true)
	if a.why != notCompiled {
		return a
	}
	if !here.finds(there.run) && !(here.compiled && here.fatal) && !there.past {
		switch {
		case a.finds(there.run):
			a.truth = there.truth
			return a
		case a.finds(here.run):
			a.truth = here.truth
			return a
		}
	}
	return j.truth(ctx, env, q, false)
}

// rootOf is where go runs for a directory: the root of its module.
func (j *judge) rootOf(dir string) string {
	if root, ok := j.owners.Load(dir); ok {
		return root.(string)
	}
	root := cmp.Or(j.moduleRoot(dir), dir)
	j.owners.Store(dir, root)
	return root
}

func (j *judge) verdict(ctx context.Context, q subject) model.Verdict {
	v := model.Verdict{Problem: q.Problem, Kind: model.Unknown, Snapshot: j.s.Number}
	if q.kind == opinion {
		v.Kind, v.Why = model.NotBuild, opinionOf(q.Source)
		return v
	}
	if v.Why = j.undecidable(q); v.Why != "" {
		v.Waits = j.s.Trusted && (q.Stale || len(j.s.Dirty) > 0)
		return v
	}
	if j.gone(q) {
		v.Kind, v.Cause, v.Stale = model.Phantom, model.CauseStale, &model.Staleness{What: model.StaleDeleted, File: q.File}
		v.Why = "the file does not exist any more: gopls has not noticed"
		return v
	}
	editor, shell, why := j.environments()
	if why != "" {
		if shell.Complete { // a problem that go has too is real, whatever gopls has
			there := j.truth(ctx, shell, q, false)
			v.Evidence = append(v.Evidence, there.evidence())
			if there.outcome == red && ctx.Err() == nil {
				v.Kind, v.TrueReason = model.Real, there.reason
				v.Why = cmp.Or(there.why, wrongInShell(q))
				return v
			}
		}
		v.Why = why
		return v
	}
	editor = j.viewed(editor, q.dir)
	if q.port != "" && !covers(editor, ofPort(q.port)) { // else it is of gopls’ ordinary view
		q.platform = ofPort(q.port)
	}
	// Both sides at once: for a phantom, both are needed.
	asked := make(chan answer, 1)
	same := sameRun(editor, shell)
	if len(j.overlaid(q)) > 0 || same {
		asked <- answer{} // whatever gopls has, this is no phantom, or one run answers for both
	} else {
		go func() { asked <- j.truth(ctx, editor, q, true) }()
	}
	there := j.truth(ctx, shell, q, false)
	here := <-asked
	v.Evidence = append(v.Evidence, there.evidence())
	switch {
	case ctx.Err() != nil:
		v.Why = "it was interrupted"
		return v
	case there.outcome == undecided:
		v.Why, v.TrueReason = there.why, there.reason
		return v
	case there.outcome == red:
		v.Kind, v.TrueReason = model.Real, there.reason
		v.Why = cmp.Or(there.why, wrongInShell(q))
		v.Misleads = j.misleads(q)
		return v
	case there.others:
		v.Why, v.TrueReason = "the package has another error, so it does not compile in your shell; once it does, this can be judged", there.reason
		return v
	case len(j.overlaid(q)) > 0:
		v.Why, v.Waits = "it is green with the unsaved changes; once they are saved, it can be judged", true
		return v
	}
	// The go command knows nothing of packages drivers, so what it says with
	// gopls' environment would not explain what gopls shows.
	if driver, ok := j.driver(editor); ok {
		v.Kind, v.Cause = model.Phantom, model.CauseEnv
		if driver.Set {
			v.Guilty = []model.Guilty{{Variable: packagesDriver, Editor: driver, Shell: shell.Lookup(packagesDriver)}}
			v.Why = rightInShell(q) + "; gopls does not ask go but a packages driver"
		} else {
			v.Why = rightInShell(q) + "; gopls does not ask go but the packages driver that it finds on its PATH (gopackagesdriver)"
			if j.w.LookPath(shell.Process()["PATH"], driverProgram) == "" {
				v.Guilty = []model.Guilty{{Variable: "PATH", Editor: editor.Lookup("PATH"), Shell: shell.Lookup("PATH")}}
			}
		}
		return v
	}
	switch {
	case !same:
	case there.private, there.writes, there.needs: // what differs decided how it was asked
		here = j.truth(ctx, editor, q, true)
	default:
		here = there
		here.env, here.shared, here.millis = editor.Name, true, 0
	}
	if here.why == notCompiled {
		if here.truth = there.truth; !j.compilesAlike(editor, shell, there.cgo()) || !here.finds(there.run) {
			q.fresh = q.cgo()
			j.among(ctx, editor, q, compile)
			here = j.truth(ctx, editor, q, false)
		}
	}
	v.Fetch = here.outcome == undecided && here.needs
	here = here.offline()
	v.Evidence = append(v.Evidence, here.evidence())
	switch {
	case here.outcome == undecided:
		v.Why, v.TrueReason = here.why, here.reason
	case there.outcome == absent && here.outcome == absent:
		j.excluded(ctx, q, shell, &v)
	case here.outcome == red, here.outcome == absent:
		v.Kind, v.Cause, v.TrueReason = model.Phantom, model.CauseEnv, here.reason
		v.Why = fmt.Sprintf("%s and %s with %s environment", rightInShell(q), wrongInGopls(q, here.outcome), owner(editor.Name))
		found := j.bisect(ctx, q, editor, shell, nil, there, here)
		v.Guilty, v.Others, v.Bisect = found.together, found.alone, found.Bisect
		if v.Guilty == nil {
			v.Why += "; which variable makes the difference was not found"
		}
	default:
		j.agrees(ctx, q, editor, &v)
	}
	v.Misleads = j.misleads(q)
	return v
}

// agrees explains a problem that go has in neither environment.
func (j *judge) agrees(ctx context.Context, q subject, editor model.Env, v *model.Verdict) {
	v.Kind = model.Phantom
	switch why := j.layout(q); {
	case why != "":
		v.Cause, v.Why = model.CauseLayout, rightInShell(q)+"; "+why
		return
	}
	if stale, evidence, ok := j.unheard(ctx, q, editor); ok {
		v.Cause, v.Stale, v.Evidence = model.CauseStale, &stale, append(v.Evidence, evidence)
		v.Why = fmt.Sprintf("%s and with the settings as they are now, and fails with those of before: gopls has not taken the change", rightInShell(q))
		return
	}
	stale := j.staleness(q, editor)
	if why, replaced := j.outdated(q, editor, stale); why != "" {
		v.Cause, v.Why, v.Stale = model.CauseVersion, rightInShell(q)+"; "+why, replaced
		return
	}
	stale.Witness = j.witness(ctx, q, editor, stale)
	v.Cause, v.Stale = model.CauseStale, &stale
	v.Why = fmt.Sprintf("%s and with %s environment too: gopls has not looked again", rightInShell(q), owner(editor.Name))
}

// opinionOf says why a problem is not judged.
func opinionOf(source string) string {
	switch source {
	case "go mod tidy":
		return "“go mod tidy” would change go.mod; no build fails because of it"
	case "":
		return "it is a hint, and no build reports those"
	}
	return fmt.Sprintf("%s is an opinion about the code, and no build reports it", source)
}

// rightInShell says in a clause what is right in the shell.
func rightInShell(q subject) string {
	switch q.kind {
	case importing:
		return "the import works in your shell"
	case orphaned, outside:
		return "go builds the package of the file in your shell"
	case loading:
		return "go can load the module in your shell"
	}
	return "the package builds in your shell"
}

// wrongInGopls says in a clause what is wrong with gopls.
func wrongInGopls(q subject, o outcome) string {
	switch {
	case o == absent:
		return "leaves the file out"
	case q.kind == loading:
		return "cannot load it"
	}
	return "fails"
}

// wrongInShell says in a clause why a problem is real.
func wrongInShell(q subject) string {
	switch q.kind {
	case loading:
		return "go says so in your shell, too"
	case importing:
		return "the import does not work in your shell either"
	}
	return "the package does not build in your shell either"
}

// packagesDriver names the program that gopls asks instead of go; without it,
// gopls looks for driverProgram.
const (
	packagesDriver = "GOPACKAGESDRIVER"
	driverProgram  = "gopackagesdriver"
)

// driver is the setting that makes gopls ask a packages driver; it is not set
// where gopls finds the program by itself.
func (j *judge) driver(editor model.Env) (set model.Setting, ok bool) {
	set = editor.Lookup(packagesDriver)
	switch {
	case set.Value.Reveal() == "off":
		return set, false
	case !set.Value.Empty():
		return set, true
	}
	return model.Setting{}, j.w.LookPath(editor.Process()["PATH"], driverProgram) != ""
}

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
func (j *judge) undecidable(q subject) string {
	switch {
	case !j.s.Trusted:
		return "the workspace is not trusted, so nothing may be run to find out"
	case q.Stale:
		return "the document changed since gopls looked at it"
	}
	if why := j.foreign(q.File); why != "" {
		return why
	}
	for _, file := range j.s.Dirty {
		_, told := j.s.Overlays[file]
		switch filepath.Ext(file) {
		case ".go":
			if told || !j.related(file, q) {
				continue
			}
		case ".mod", ".sum", ".work":
		default:
			continue
		}
		return fmt.Sprintf("%s has unsaved changes; save it, and it will be judged", filepath.Base(file))
	}
	if _, dirty := j.s.Overlays[q.File]; dirty {
		return ""
	}
	if _, err := j.w.Files.Stat(q.File); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "the file cannot be read"
	}
	return ""
}

// overlaid are the unsaved Go files that a problem may come from.
func (j *judge) overlaid(q subject) (out []string) {
	for file := range j.s.Overlays {
		if filepath.Ext(file) == ".go" && j.related(file, q) {
			out = append(out, file)
		}
	}
	return out
}

// related reports whether a problem may come from what a Go file says: it is of
// the same module, or a go.work or a replacement may tie its module to this one.
func (j *judge) related(file string, q subject) bool {
	root := j.rootOf(q.dir)
	if j.s.Work != nil || j.s.Dormant != nil || j.rootOf(filepath.Dir(file)) == root {
		return true
	}
	dirs, work := j.tied(root)
	return work != "" || slices.ContainsFunc(dirs, func(dir string) bool { return below(j.real(dir), j.real(file)) })
}

// gone reports whether the file of a problem does not exist, not even unsaved.
func (j *judge) gone(q subject) bool {
	if _, dirty := j.s.Overlays[q.File]; dirty {
		return false
	}
	_, err := j.w.Files.Stat(q.File)
	return errors.Is(err, fs.ErrNotExist)
}

// foreign says why a file is no source of the user's; "" if it may be one.
func (j *judge) foreign(file string) string {
	for _, env := range j.s.Envs {
		if below(env.Lookup("GOMODCACHE").Value.Reveal(), file) {
			return "the file is in the module cache, where go builds it only for other packages"
		}
	}
	for _, t := range j.s.Toolchain {
		if below(t.GOROOT, file) {
			return "the file is one of Go itself"
		}
	}
	if slices.Contains(strings.Split(filepath.ToSlash(filepath.Dir(file)), "/"), "vendor") {
		return "the file is in a vendor directory, where go builds it only for other packages"
	}
	return ""
}

// below reports whether a file is in a directory or below it.
func below(dir, file string) bool {
	if dir == "" {
		return false
	}
	rel, err := filepath.Rel(dir, file)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
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

// viewOf is the narrowest view of gopls that holds a directory.
func (j *judge) viewOf(dir string) (view model.GoplsView, ok bool) {
	for _, v := range j.s.Views {
		if below(v.Root, dir) && (!ok || len(v.Root) > len(view.Root) || len(v.Root) == len(view.Root) && len(v.EnvOverlay) < len(view.EnvOverlay)) {
			view, ok = v, true
		}
	}
	return view, ok
}

// viewed is the environment in which gopls runs go for a directory: a view may
// lay variables over its own.
func (j *judge) viewed(editor model.Env, dir string) model.Env {
	view, ok := j.viewOf(dir)
	if !ok {
		return editor
	}
	for _, pair := range view.EnvOverlay {
		if name, value, ok := strings.Cut(pair, "="); ok && name != "GOOS" && name != "GOARCH" { // those show in the message
			editor = editor.With(name, &model.Assignment{Value: model.NewValue(value)})
		}
	}
	return editor
}

// covers reports whether an environment has all these values.
func covers(env model.Env, vars map[string]string) bool {
	for name, value := range vars {
		if env.Lookup(name).Value.Reveal() != value {
			return false
		}
	}
	return len(vars) > 0
}

// compilesAlike reports whether a package that go finds alike in both
// environments compiles alike there; with cgo, C compilers and what they read
// count too.
func (j *judge) compilesAlike(a, b model.Env, cgo bool) bool {
	names := `
		GOOS GOARCH GOEXPERIMENT GOFLAGS CGO_ENABLED GOROOT GOTOOLCHAIN GODEBUG GO386 GOAMD64 GOARM GOARM64 GOMIPS
		GOMIPS64 GOPPC64 GORISCV64 GOWASM GO111MODULE GOWORK GOPATH GOMODCACHE
	`
	if cgo {
		names += `
			PATH CC CXX AR FC PKG_CONFIG PKG_CONFIG_PATH PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR CGO_CFLAGS CGO_CPPFLAGS
			CGO_CXXFLAGS CGO_FFLAGS CGO_LDFLAGS CGO_CFLAGS_ALLOW CGO_LDFLAGS_ALLOW CPATH C_INCLUDE_PATH CPLUS_INCLUDE_PATH
			LIBRARY_PATH LD_LIBRARY_PATH SDKROOT MACOSX_DEPLOYMENT_TARGET
		`
	}
	for _, name := range strings.Fields(names) {
		if a.Lookup(name).Value.Reveal() != b.Lookup(name).Value.Reveal() {
			return false
		}
	}
	x, _ := j.s.ToolchainOf(a.Name)
	y, _ := j.s.ToolchainOf(b.Name)
	return x.Go == y.Go && x.Version == y.Version
}

// Green reports whether what a problem complains of is in order in the
// environment gopls has according to the snapshot.
func Green(ctx context.Context, w *world.World, s *model.Snapshot, p model.Problem) bool {
	gopls, known := s.Env(model.EnvGopls)
	if !known || !gopls.Complete || !s.Trusted {
		return false
	}
	j := newJudge(w, s, nil)
	q := subjectOf(p)
	if j.gone(q) {
		return true
	}
	a := j.truth(ctx, j.viewed(gopls, q.dir), q, false)
	return a.outcome == green || a.outcome == absent
}
