package verify

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
	"github.com/gophantom/gophantom/server/internal/world"
)

// runTimeout bounds one run of the go command that only loads packages, and
// compileTimeout one that compiles them, which takes long once, with an empty
// build cache. go itself has no timeout.
const (
	runTimeout     = 10 * time.Second
	compileTimeout = time.Minute
)

// outcome of ground truth.
type outcome string

const (
	green     outcome = "green"
	red       outcome = "red"
	absent    outcome = "absent" // build constraints keep the file out of the build
	undecided outcome = "unknown"
)

// truth is what a run says about one problem.
type truth struct {
	outcome outcome
	reason  model.Value // go's own text
	why     string      // for undecided and absent, and for red where go does not come to the problem itself: a clause for people
	others  bool        // green or absent, but the package has other errors
}

// run is one answer of go list in an environment.
type run struct {
	env      model.EnvName
	command  string
	dir      string              // where go ran
	packages map[string]listed   // by import path
	asked    []listed            // the packages that were asked for, with their tests
	roots    map[string][]listed // the same by directory
	stderr   string
	failed   string // why there is no answer at all
	nogo     bool   // because there is no go command
	fatal    bool   // go refused to list anything
	needs    bool   // something would have to be downloaded
	writes   bool   // GOFLAGS=-mod=mod: go would write go.mod and go.sum
	private  bool   // asked with a private module cache fed from file proxies
	compiled bool   // the packages were compiled too
	past     bool   // with lines of files as they were, which also tell how to compile
	shared   bool   // it is the run in another environment, in which go would have run with the same variables
	millis   int64
	real     func(path string) string // resolves links
}

// listed is the part of "go list -json" that is read.
type listed struct {
	ImportPath string
	Dir        string
	Path       string // of a module, as GoMod
	GoMod      string
	ForTest    string
	Standard   bool
	DepOnly    bool
	Incomplete bool
	Error      *listError
	DepsErrors []*listError
	Module     *struct{ Path, Version, Dir string }

	GoFiles, CgoFiles, TestGoFiles, XTestGoFiles, InvalidGoFiles, IgnoredGoFiles []string
}

type listError struct {
	ImportStack []string
	Pos, Err    string
}

// disabled is what go says when GOPROXY=off, ours or the user's, is in the way.
const disabled = "module lookup disabled by GOPROXY=off"

// noToolchain is what go says when the toolchain that go.mod asks for would
// have to be downloaded and GOPROXY=off is in the way.
const noToolchain = "toolchain not available"

// errors are the errors of the package itself, then those of what it imports.
func (p listed) errors() (out []*listError) {
	if p.Error != nil {
		out = append(out, p.Error)
	}
	return append(out, p.DepsErrors...)
}

func (p listed) broken() bool { return p.Error != nil || len(p.DepsErrors) > 0 || p.Incomplete }

// evidence is what the run has to say about a problem, for people.
func (r run) evidence(t truth) model.Evidence {
	how := "offline"
	if r.shared {
		how += ", the same run: none of its variables differs"
	}
	if r.private {
		how += ", with a private module cache filled from file proxies"
	}
	return model.Evidence{Env: r.env, Command: r.command + " (" + how + ")", Outcome: string(t.outcome), Text: t.reason, Millis: r.millis}
}

// isolated are the variables that every run of go gets other values of than the
// environment has, so that it asks nobody.
var isolated = map[string]string{"GOPROXY": "off", "GONOPROXY": "none", "GOVCS": "*:off", "GOSUMDB": "off", "GIT_TERMINAL_PROMPT": "0"}

// sameRun reports whether go would run with the same variables in both
// environments.
func sameRun(a, b model.Env) bool {
	of := func(env model.Env) map[string]string {
		vars := env.Process()
		maps.Copy(vars, isolated)
		delete(vars, "PWD")
		return vars
	}
	return maps.Equal(of(a), of(b))
}

func fingerprint(dir string, env model.Env) string {
	vars := env.Process()
	names := make([]string, 0, len(vars))
	for name := range vars {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteString(dir)
	for _, name := range names {
		fmt.Fprintf(&b, "\x00%s=%s", name, vars[name])
	}
	return b.String()
}

// fileProxies returns the leading file:// entries of the environment's
// GOPROXY, as a GOPROXY list; "" if the first thing go would ask is not a
// file, or if some module goes around the proxies. all tells that there are no other
// entries: what they do not have, go does not find.
func (j *judge) fileProxies(env model.Env) (proxies string, all bool) {
	for _, name := range []string{"GONOPROXY", "GOPRIVATE"} {
		if list := env.Lookup(name).Value.Reveal(); list != "" && j.matchesAny(list) {
			return "", false
		}
	}
	var list strings.Builder
	all = true
	for _, e := range route.Entries(env.Lookup("GOPROXY").Value.Reveal()) {
		if e.Err != "" {
			return "", false
		}
		if all = strings.HasPrefix(e.URL, "file:///"); !all {
			break
		}
		if list.Len() > 0 {
			list.WriteByte(',')
		}
		list.WriteString(e.URL)
	}
	return list.String(), all
}

// lacksFile reports whether a file proxy did not have what go asked it for.
func (r run) lacksFile() bool {
	const reading = "reading file://"
	return strings.Contains(r.stderr, reading) || slices.ContainsFunc(r.asked, func(p listed) bool {
		return slices.ContainsFunc(p.errors(), func(e *listError) bool { return strings.Contains(e.Err, reading) })
	})
}

// matchesAny reports whether a list of patterns may match a module that a build
// needs: those that go.mod and go.sum have, which are all of them unless go may write
// these files.
func (j *judge) matchesAny(list string) bool {
	for _, m := range j.s.Modules {
		if len(m.Errors) > 0 || m.Sum.Why != "" {
			return true
		}
		for _, r := range m.Requires {
			if module.MatchPrefixPatterns(list, r.Path) {
				return true
			}
		}
		for _, r := range m.Replaces {
			if module.MatchPrefixPatterns(list, r.NewPath) {
				return true
			}
		}
		for key := range m.Sum.Lines {
			if path, _, _ := strings.Cut(key, " "); module.MatchPrefixPatterns(list, path) {
				return true
			}
		}
	}
	return len(j.s.Modules) == 0
}

// mode is how much go list has to do.
type mode int

const (
	load       mode = iota // find the packages and all they import
	compile                // and compile them and their tests
	whole                  // find every package of the module and all it and its tests import
	everything             // and compile all of them and their tests
	facts                  // find every package of the module, without tests
	modules                // load go.mod or go.work only
)

// question is what go list is asked.
type question struct {
	mode mode
	root string   // where go runs
	dirs []string // load and compile: the directories of the packages; the rest: of the modules, that of root if empty
	// proxies, if not "", are file proxies that feed a private module cache,
	// together with the user's own.
	proxies string
	tags    string            // build tags beside those of the environment, with commas
	port    map[string]string // GOOS and GOARCH instead of those of the environment
	overlay bool              // with the unsaved texts
	every   bool              // compile: every error of a package, not only the first ten
	// fresh compiles one package, or all of one module, as if it had never been compiled: what the build
	// cache has of it, go takes without looking for pkg-config or a C library.
	fresh bool
	past  []model.PastLine // lines that are put back to what they were
}

// key is the same for questions that have the same answer.
func (q question) key(env model.Env) string {
	return fmt.Sprintf("%d\x00%q\x00%s\x00%v\x00%t\x00%t\x00%t\x00%v\x00%s", q.mode, q.dirs, q.tags, q.port, q.overlay, q.every, q.fresh, q.past, fingerprint(q.root, env))
}

// ask runs go list.
func (j *judge) ask(ctx context.Context, env model.Env, q question) (r run) {
	r.env, r.private, r.compiled, r.dir, r.real = env.Name, q.proxies != "", q.mode == compile || q.mode == everything, q.root, j.real
	r.past = len(q.past) > 0
	goCommand := j.w.LookPath(env.Process()["PATH"], "go")
	if goCommand == "" {
		r.failed, r.nogo = fmt.Sprintf("there is no go command on %s PATH", owner(env.Name)), true
		return r
	}
	tmp, err := j.w.Files.MkdirTemp("gophantom-")
	if err != nil {
		r.failed = "a temporary directory could not be made"
		return r
	}
	defer func() { _ = j.w.Files.RemoveTemp(tmp) }()

	vars := env.Process()
	effective := env.Lookup("GOPROXY").Value.Reveal()
	// The checksum database is asked for what go.sum lacks, also with GOPROXY=off.
	maps.Copy(vars, isolated)
	vars["PWD"] = q.root
	maps.Copy(vars, q.port)
	if q.proxies != "" {
		cache := env.Lookup("GOMODCACHE").Value.Reveal()
		vars["GOPROXY"] = q.proxies
		if cache != "" {
			vars["GOPROXY"] = fileURL(filepath.Join(cache, "cache", "download")) + "," + q.proxies
		}
		vars["GOMODCACHE"] = filepath.Join(tmp, "mod")
	}
	then, err := j.undo(env, q.past)
	if err != nil {
		r.failed = "the files could not be put back to what they were"
		return r
	}
	args, timeout := q.flags(env)
	extra, failed := j.readOnly(env, q.root, tmp, vars, then)
	if failed != "" {
		r.failed = failed
		return r
	}
	r.writes = len(extra) > 0
	maps.Copy(vars, then.vars)
	extra = append(extra, then.flags...)
	overlaid := map[string]string{} // our copy → the user's file
	texts := then.files
	if q.overlay {
		for file, text := range j.s.Overlays {
			texts[file] = []byte(text)
		}
	}
	if len(texts) > 0 {
		flag, err := j.overlay(tmp, texts, overlaid)
		if err != nil {
			r.failed = "the unsaved texts could not be handed to go"
			return r
		}
		extra = append(extra, flag)
	}
	args = append(append(args, extra...), q.patterns()...)
	if q.fresh && len(q.patterns()) == 1 {
		// A flag that nobody ever had makes another entry of the build cache.
		args = slices.Insert(args, 1, "-gcflags="+q.patterns()[0]+"=-trimpath="+tmp)
	}
	r.command = q.describe()

	res, err := j.w.Exec.Run(ctx, world.Command{Path: goCommand, Args: args, Dir: q.root, Env: world.Environ(vars), Timeout: timeout})
	r.millis = res.Elapsed.Milliseconds()
	switch {
	case errors.Is(err, world.ErrTimeout):
		r.failed = fmt.Sprintf("go list did not answer within %d s in %s environment", int(timeout.Seconds()), owner(env.Name))
		return r
	case err != nil:
		r.failed = fmt.Sprintf("go list could not be run in %s environment", owner(env.Name))
		return r
	case res.Truncated:
		r.failed = "go list printed more than can be read"
		return r
	}
	// People know their own files, not our copies.
	pairs := []string{
		filepath.Join(tmp, "go.mod"), filepath.Join(j.moduleRoot(q.root), "go.mod"),
		filepath.Join(tmp, "go.work"), j.workFile(env, q.root),
		filepath.Join(tmp, "mod"), env.Lookup("GOMODCACHE").Value.Reveal(),
	}
	for copied, file := range overlaid {
		pairs = append(pairs, copied, file)
		if rel, err := filepath.Rel(q.root, copied); err == nil { // go shows the shorter one
			pairs = append(pairs, rel, file)
		}
	}
	own := strings.NewReplacer(pairs...)
	r.parse(own.Replace(string(res.Stdout)), own.Replace(string(res.Stderr)))
	if r.writes && env.Lookup("GOSUMDB").Value.Reveal() != "off" && !j.sameSum(q.root, tmp, then) {
		r.failed = "go would have to ask the checksum database about modules that go.sum lacks; run “go mod tidy” in your shell"
		return r
	}
	if q.mode == modules {
		r.fatal = res.Code != 0
	}
	forbidden := strings.TrimSpace(effective) != "off" && q.proxies == ""
	r.needs = forbidden && (strings.Contains(r.stderr, disabled) || strings.Contains(r.stderr, noToolchain) || r.anyDisabled())
	return r
}

// flags are the arguments of go before the patterns, and how long it may take.
func (q question) flags(env model.Env) (args []string, timeout time.Duration) {
	const fields = "-json=ImportPath,Dir,ForTest,Standard,DepOnly,Incomplete,Error,DepsErrors,Module,GoFiles,CgoFiles,TestGoFiles,XTestGoFiles,InvalidGoFiles,IgnoredGoFiles"
	timeout = runTimeout
	switch q.mode {
	case compile, everything:
		args, timeout = []string{"list", "-e", "-test", "-export", "-deps", fields}, compileTimeout
	case facts:
		args = []string{"list", "-e", "-json=ImportPath,Dir,Incomplete,Error,DepsErrors"}
	case modules:
		args = []string{"list", "-m", "-json=Path,GoMod"}
	default:
		args = []string{"list", "-e", "-test", "-deps", fields}
	}
	if q.proxies != "" {
		args = append(args, "-modcacherw")
	}
	if q.every {
		args = append(args, "-gcflags=-e")
	}
	if q.tags != "" {
		args = append(args, "-tags="+strings.Join(append(tagsOf(env), q.tags), ","))
	}
	return args, timeout
}

// tagsOf are the build tags that GOFLAGS sets.
func tagsOf(env model.Env) (tags []string) {
	for _, flag := range route.Flags(env.Lookup("GOFLAGS").Value.Reveal()) {
		if value, ok := strings.CutPrefix(strings.TrimPrefix(flag, "-"), "tags="); ok || strings.HasPrefix(flag, "-tags=") {
			value = strings.TrimPrefix(value, "-tags=")
			tags = strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
		}
	}
	return tags
}

// patterns name the packages.
func (q question) patterns() []string {
	switch q.mode {
	case whole, facts, everything:
		if len(q.dirs) == 0 {
			return []string{"./..."}
		}
	case modules:
		return nil
	}
	out := make([]string, 0, len(q.dirs))
	for _, dir := range q.dirs {
		rel, err := filepath.Rel(q.root, dir)
		switch {
		case err != nil:
			rel = dir
		case rel != ".":
			rel = "./" + filepath.ToSlash(rel)
		}
		if q.mode != load && q.mode != compile {
			rel = strings.TrimSuffix(rel, "/") + "/..."
		}
		out = append(out, rel)
	}
	return out
}

// describe is the command for people.
func (q question) describe() string {
	var b strings.Builder
	for name, value := range q.port {
		fmt.Fprintf(&b, "%s=%s ", name, value)
	}
	switch q.mode {
	case compile:
		b.WriteString("go list -e -test -export")
	case whole:
		return "go list -e -test -deps ./..."
	case facts:
		return "go list ./..."
	case everything:
		return "go list -e -test -export ./..."
	case modules:
		return "go list -m"
	default:
		b.WriteString("go list -e -test -deps")
	}
	if q.tags != "" {
		b.WriteString(" -tags=" + q.tags)
	}
	if q.overlay {
		b.WriteString(" -overlay=…")
	}
	b.WriteString(" .")
	return b.String()
}

// overlay writes texts for go's -overlay, which it returns, and notes which copy
// stands for which file.
func (j *judge) overlay(tmp string, texts map[string][]byte, copies map[string]string) (flag string, err error) {
	replace := map[string]string{}
	for i, file := range slices.Sorted(maps.Keys(texts)) {
		if texts[file] == nil {
			replace[file] = "" // it is not there
			continue
		}
		copied := filepath.Join(tmp, fmt.Sprintf("overlay%d", i), filepath.Base(file))
		if err := j.w.Files.WriteTemp(copied, texts[file]); err != nil {
			return "", err
		}
		replace[file], copies[copied] = copied, file
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	list := filepath.Join(tmp, "overlay.json")
	return "-overlay=" + list, j.w.Files.WriteTemp(list, data)
}

func (r *run) parse(stdout, stderr string) {
	r.stderr = strings.TrimSpace(stderr)
	r.packages, r.roots = map[string]listed{}, map[string][]listed{}
	dec := json.NewDecoder(strings.NewReader(stdout))
	for dec.More() {
		var p listed
		if err := dec.Decode(&p); err != nil {
			r.failed = "the answer of go list cannot be read"
			return
		}
		// "pkg [pkg.test]" is pkg as its test sees it.
		path, _, _ := strings.Cut(p.ImportPath, " ")
		if old, ok := r.packages[path]; !ok || !old.broken() {
			r.packages[path] = p
		}
		if !p.DepOnly {
			if p.Dir == "" && strings.HasPrefix(p.ImportPath, ".") { // a pattern that go.work leaves out
				p.Dir = filepath.Join(r.dir, filepath.FromSlash(strings.TrimSuffix(p.ImportPath, "...")))
			}
			r.asked = append(r.asked, p)
			r.roots[p.Dir] = append(r.roots[p.Dir], p)
		}
	}
	r.fatal = len(r.packages) == 0
}

func (r run) anyDisabled() bool {
	for _, p := range r.packages {
		if p.Error != nil && strings.Contains(p.Error.Err, disabled) {
			return true
		}
	}
	return false
}

// readOnly returns the flags that keep go list from writing go.mod, go.sum
// and go.work.sum, preparing copies in tmp where it would.
func (j *judge) readOnly(env model.Env, dir, tmp string, vars map[string]string, then past) (flags []string, failed string) {
	goflags := route.Flags(env.Lookup("GOFLAGS").Value.Reveal())
	mode := route.FlagValue(goflags, "mod")
	if file := cmp.Or(then.work(env), j.workFile(env, dir)); file != "" && then.vars["GOWORK"] == "" {
		if mode == "" || mode == "readonly" {
			copied, err := j.copyWork(file, tmp, mode, then)
			if err != nil {
				return nil, "" // a go.work that go cannot use either: let go say so
			}
			if copied != "" {
				vars["GOWORK"] = copied
			}
		}
		return nil, ""
	}
	if mode != "mod" {
		return nil, "" // readonly and vendor write nothing
	}
	if route.FlagValue(goflags, "modfile") != "" {
		return nil, "GOFLAGS has -mod=mod with -modfile, which cannot be tried without writing files"
	}
	if root := j.moduleRoot(dir); root != "" {
		for _, name := range []string{"go.mod", "go.sum"} {
			data, err := j.read(then, filepath.Join(root, name))
			if err == nil {
				err = j.w.Files.WriteTemp(filepath.Join(tmp, name), data)
			}
			if err != nil && name == "go.mod" {
				return nil, "go.mod could not be copied for a trial that may write it"
			}
		}
		return []string{"-modfile=" + filepath.Join(tmp, "go.mod")}, ""
	}
	return nil, "GOFLAGS has -mod=mod, and the module to copy for a trial was not found"
}

// workFile is the go.work in force in a directory; "" if none is.
func (j *judge) workFile(env model.Env, dir string) string {
	switch file := env.Lookup("GOWORK").Value.Reveal(); {
	case file == "off", file != "" && !filepath.IsAbs(file): // go refuses the latter
		return ""
	case file != "":
		return file
	}
	if root := j.nearest(dir, "go.work"); root != "" {
		return filepath.Join(root, "go.work")
	}
	return ""
}

// moduleRoot is the directory of the main module that dir belongs to; "" if
// there is none.
func (j *judge) moduleRoot(dir string) string { return j.nearest(dir, "go.mod") }

// nearest is dir or its closest parent that has a file of the given name; ""
// if none has.
func (j *judge) nearest(dir, name string) string {
	for {
		if info, err := j.w.Files.Stat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// sameSum reports whether a trial left its copy of go.sum as it was.
func (j *judge) sameSum(dir, tmp string, then past) bool {
	before, _ := j.read(then, filepath.Join(j.moduleRoot(dir), "go.sum"))
	after, _ := j.w.Files.ReadFile(filepath.Join(tmp, "go.sum"))
	return bytes.Equal(before, after)
}

// copyWork writes a copy of a go.work with absolute paths, so that go writes
// go.work.sum beside the copy. It is "" where go would use the vendor directory
// beside the original, and so write nothing.
func (j *judge) copyWork(file, tmp, mode string, then past) (string, error) {
	data, err := j.read(then, file)
	if err != nil {
		return "", err
	}
	work, err := modfile.ParseWork(file, data, nil)
	if err != nil {
		return "", err
	}
	base := filepath.Dir(file)
	if info, err := j.w.Files.Stat(filepath.Join(base, "vendor")); mode == "" && err == nil && info.IsDir() &&
		work.Go != nil && version.Compare("go"+work.Go.Version, "go1.22") >= 0 {
		return "", nil
	}
	if twice(work) {
		return "", errors.New("two lines contradict each other")
	}
	for _, u := range slices.Clone(work.Use) {
		if to := filepath.ToSlash(absolute(base, u.Path)); to != u.Path {
			if err := work.DropUse(u.Path); err != nil {
				return "", err
			}
			if err := work.AddUse(to, u.ModulePath); err != nil {
				return "", err
			}
		}
	}
	for _, r := range slices.Clone(work.Replace) {
		if r.New.Version == "" {
			if err := work.AddReplace(r.Old.Path, r.Old.Version, filepath.ToSlash(absolute(base, r.New.Path)), ""); err != nil {
				return "", err
			}
		}
	}
	work.Cleanup()
	copied := filepath.Join(tmp, "go.work")
	if err := j.w.Files.WriteTemp(copied, modfile.Format(work.Syntax)); err != nil {
		return "", err
	}
	if sum, err := j.read(then, filepath.Join(base, "go.work.sum")); err == nil {
		if err := j.w.Files.WriteTemp(copied+".sum", sum); err != nil {
			return "", err
		}
	}
	return copied, nil
}

// twice reports whether a go.work uses a directory in several lines, or replaces a
// module by several things: go refuses both, and says so.
func twice(work *modfile.WorkFile) bool {
	used, replaced := map[string]bool{}, map[module.Version]module.Version{}
	return slices.ContainsFunc(work.Use, func(u *modfile.Use) bool {
		dir := filepath.Clean(u.Path)
		again := used[dir]
		used[dir] = true
		return again
	}) || slices.ContainsFunc(work.Replace, func(r *modfile.Replace) bool {
		by, again := replaced[r.Old]
		replaced[r.Old] = r.New
		return again && by != r.New
	})
}

// fileURL is a path as an entry of GOPROXY, where a comma or a bar would end it.
func fileURL(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	escaped := (&url.URL{Scheme: "file", Path: path}).String()
	return strings.NewReplacer(",", "%2C", "|", "%7C").Replace(escaped)
}
