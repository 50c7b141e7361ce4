package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/modfile"

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
	undecided outcome = "unknown"
)

// truth is what a run says about one import.
type truth struct {
	outcome outcome
	reason  model.Value // go's own text
	why     string      // for undecided: a sentence for people
}

// run is one answer of go list for a directory in an environment.
type run struct {
	env      model.EnvName
	packages map[string]listed // by import path
	files    map[string]bool   // names of the files of the directory that go builds or tests
	broken   []listed          // packages of the directory itself that have an error
	stderr   string
	failed   string // why there is no answer at all
	fatal    bool   // go refused to list anything
	needs    bool   // something would have to be downloaded
	writes   bool   // GOFLAGS=-mod=mod: go would write go.mod and go.sum
	private  bool   // asked with a private module cache fed from file proxies
	compiled bool   // the packages were compiled too
	millis   int64
}

// listed is the part of "go list -json" that is read.
type listed struct {
	ImportPath string
	ForTest    string
	DepOnly    bool
	Incomplete bool
	Error      *listError
	DepsErrors []*listError

	GoFiles, CgoFiles, TestGoFiles, XTestGoFiles, InvalidGoFiles []string
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

// of says what the run knows about one import of a file.
func (r run) of(file, path string) truth {
	switch {
	case r.failed != "":
		return truth{undecided, model.Value{}, r.failed}
	case r.fatal && r.needs:
		return truth{undecided, model.NewValue(r.stderr), "go would have to download something to find out; run “go mod download” in your shell"}
	case r.fatal:
		return truth{outcome: red, reason: model.NewValue(r.stderr)}
	}
	p, found := r.packages[path]
	switch {
	case len(r.broken) == 0 && !r.files[filepath.Base(file)]:
		return truth{undecided, model.Value{}, "the file is not part of the build there; its build constraints may exclude it"}
	case r.compiled && len(r.broken) == 0:
		return truth{outcome: green}
	case r.compiled:
		return r.uncompilable(path)
	case found && p.Error == nil && len(r.broken) == 0:
		return truth{outcome: green}
	case found && p.Error != nil:
		return r.redOrDownload(p.Error.Err)
	case len(r.broken) > 0:
		text := r.broken[0].firstError()
		if !found {
			return r.redOrDownload(text)
		}
		return truth{undecided, model.NewValue(text), "another import of the same package fails there"}
	}
	return truth{undecided, model.Value{}, "go does not see this import there; the file may be excluded by its build constraints"}
}

// uncompilable is red if the imported package itself does not compile. Another
// error hides whether the import is all that is wrong.
func (r run) uncompilable(path string) truth {
	for _, p := range r.broken {
		for _, e := range p.DepsErrors {
			stack := e.ImportStack
			if strings.HasPrefix(e.Err, "# "+path+"\n") || len(stack) > 0 && stack[len(stack)-1] == path {
				return truth{outcome: red, reason: model.NewValue(e.Err)}
			}
		}
	}
	return truth{undecided, model.NewValue(r.broken[0].firstError()), "the import can be resolved in your shell, but the package does not compile there; once it does, this can be judged"}
}

// redOrDownload is red, unless the error is only that we forbid downloads.
func (r run) redOrDownload(text string) truth {
	if r.needs && strings.Contains(text, disabled) {
		return truth{undecided, model.NewValue(text), "the module is not in the module cache and would have to be downloaded to find out; run “go mod download” in your shell"}
	}
	return truth{outcome: red, reason: model.NewValue(text)}
}

func (p listed) firstError() string {
	if p.Error != nil {
		return p.Error.Err
	}
	for _, e := range p.DepsErrors {
		return e.Err
	}
	return "the package is incomplete"
}

func (r run) evidence(file, path string) model.Evidence {
	t := r.of(file, path)
	command, how := "go list -e -test -deps .", "offline"
	if r.compiled {
		command = "go list -e -test -export ."
	}
	if r.private {
		how += ", with a private module cache filled from file proxies"
	}
	return model.Evidence{Env: r.env, Command: command + " (" + how + ")", Outcome: string(t.outcome), Text: t.reason, Millis: r.millis}
}

// run asks go once per directory and environment.
func (j *judge) run(ctx context.Context, dir string, env model.Env) run {
	key := fingerprint(dir, env)
	return j.once(key, func() run {
		r := j.ask(ctx, dir, env, question{})
		if r.needs && !r.writes {
			// What file proxies would serve can be found out without the network.
			if proxies := fileProxies(env); proxies != "" {
				if again := j.ask(ctx, dir, env, question{proxies: proxies}); again.failed == "" && !again.needs {
					again.millis += r.millis
					return again
				}
			}
		}
		return r
	})
}

// compile asks go to compile what a run has loaded: only then is it known
// that the package builds.
func (j *judge) compile(ctx context.Context, dir string, env model.Env, loaded run) run {
	return j.once("compile\x00"+fingerprint(dir, env), func() run {
		q := question{compile: true}
		if loaded.private {
			q.proxies = fileProxies(env)
		}
		return j.ask(ctx, dir, env, q)
	})
}

// once answers from memory what was asked before.
func (j *judge) once(key string, ask func() run) run {
	j.mu.Lock()
	r, ok := j.runs[key]
	j.mu.Unlock()
	if ok {
		return r
	}
	r = ask()
	j.mu.Lock()
	j.runs[key] = r
	j.mu.Unlock()
	return r
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
// file, or if some module goes around the proxies.
func fileProxies(env model.Env) string {
	if !env.Lookup("GONOPROXY").Value.Empty() || !env.Lookup("GOPRIVATE").Value.Empty() {
		return ""
	}
	var list strings.Builder
	for _, e := range route.Entries(env.Lookup("GOPROXY").Value.Reveal()) {
		if e.Err != "" {
			return ""
		}
		if !strings.HasPrefix(e.URL, "file:///") {
			break
		}
		if list.Len() > 0 {
			list.WriteByte(',')
		}
		list.WriteString(e.URL)
	}
	return list.String()
}

// question is what go list is asked.
type question struct {
	// proxies, if not "", are file proxies that feed a private module cache,
	// together with the user's own.
	proxies string
	compile bool // compile the package and its tests, not only load them
	facts   bool // load every package of the module without its tests
}

// ask runs go list.
func (j *judge) ask(ctx context.Context, dir string, env model.Env, q question) (r run) {
	proxies := q.proxies
	r.env, r.private, r.compiled = env.Name, proxies != "", q.compile
	goCommand := j.w.LookPath(env.Process()["PATH"], "go")
	if goCommand == "" {
		r.failed = fmt.Sprintf("there is no go command on %s PATH", owner(env.Name))
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
	vars["GOPROXY"], vars["GONOPROXY"], vars["GOVCS"], vars["GOSUMDB"] = "off", "none", "*:off", "off"
	vars["GIT_TERMINAL_PROMPT"], vars["PWD"] = "0", dir
	if proxies != "" {
		cache := env.Lookup("GOMODCACHE").Value.Reveal()
		vars["GOPROXY"] = proxies
		if cache != "" {
			vars["GOPROXY"] = fileURL(filepath.Join(cache, "cache", "download")) + "," + proxies
		}
		vars["GOMODCACHE"] = filepath.Join(tmp, "mod")
	}
	const fields = "-json=ImportPath,ForTest,DepOnly,Incomplete,Error,DepsErrors,GoFiles,CgoFiles,TestGoFiles,XTestGoFiles,InvalidGoFiles"
	args, pattern, timeout := []string{"list", "-e", "-test", "-deps", fields}, ".", runTimeout
	switch {
	case q.compile:
		args, timeout = []string{"list", "-e", "-test", "-export", fields}, compileTimeout
	case q.facts:
		args, pattern = []string{"list", "-e", "-json=ImportPath,Incomplete,Error,DepsErrors"}, "./..."
	}
	if proxies != "" {
		args = append(args, "-modcacherw")
	}
	extra, failed := j.readOnly(env, dir, tmp, vars)
	if failed != "" {
		r.failed = failed
		return r
	}
	r.writes = len(extra) > 0
	args = append(append(args, extra...), pattern)

	res, err := j.w.Exec.Run(ctx, world.Command{Path: goCommand, Args: args, Dir: dir, Env: world.Environ(vars), Timeout: timeout})
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
	own := strings.NewReplacer(
		filepath.Join(tmp, "go.mod"), filepath.Join(j.moduleRoot(dir), "go.mod"),
		filepath.Join(tmp, "go.work"), j.workFile(env, dir),
		filepath.Join(tmp, "mod"), env.Lookup("GOMODCACHE").Value.Reveal(),
	)
	r.parse(own.Replace(string(res.Stdout)), own.Replace(string(res.Stderr)))
	if r.writes && env.Lookup("GOSUMDB").Value.Reveal() != "off" && !j.sameSum(dir, tmp) {
		r.failed = "go would have to ask the checksum database about modules that go.sum lacks; run “go mod tidy” in your shell"
		return r
	}
	forbidden := strings.TrimSpace(effective) != "off" && proxies == ""
	r.needs = forbidden && (strings.Contains(r.stderr, disabled) || strings.Contains(r.stderr, noToolchain) || r.anyDisabled())
	return r
}

func (r *run) parse(stdout, stderr string) {
	r.stderr = strings.TrimSpace(stderr)
	r.packages, r.files = map[string]listed{}, map[string]bool{}
	dec := json.NewDecoder(strings.NewReader(stdout))
	for dec.More() {
		var p listed
		if err := dec.Decode(&p); err != nil {
			r.failed = "the answer of go list cannot be read"
			return
		}
		// "pkg [pkg.test]" is pkg as its test sees it.
		path, _, _ := strings.Cut(p.ImportPath, " ")
		if old, ok := r.packages[path]; !ok || old.Error == nil {
			r.packages[path] = p
		}
		if !p.DepOnly {
			for _, file := range slices.Concat(p.GoFiles, p.CgoFiles, p.TestGoFiles, p.XTestGoFiles, p.InvalidGoFiles) {
				r.files[file] = true
			}
		}
		if !p.DepOnly && (p.Error != nil || len(p.DepsErrors) > 0 || p.Incomplete) {
			r.broken = append(r.broken, p)
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
func (j *judge) readOnly(env model.Env, dir, tmp string, vars map[string]string) (flags []string, failed string) {
	mode, modfileFlag := "", false
	for _, flag := range route.Flags(env.Lookup("GOFLAGS").Value.Reveal()) {
		flag = strings.TrimPrefix(strings.TrimPrefix(flag, "-"), "-")
		if value, ok := strings.CutPrefix(flag, "mod="); ok {
			mode = value
		}
		modfileFlag = modfileFlag || strings.HasPrefix(flag, "modfile=")
	}
	if file := j.workFile(env, dir); file != "" {
		if mode == "" || mode == "readonly" {
			copied, err := j.copyWork(file, tmp, mode)
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
	if modfileFlag {
		return nil, "GOFLAGS has -mod=mod with -modfile, which cannot be tried without writing files"
	}
	if root := j.moduleRoot(dir); root != "" {
		for _, name := range []string{"go.mod", "go.sum"} {
			data, err := j.w.Files.ReadFile(filepath.Join(root, name))
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
func (j *judge) sameSum(dir, tmp string) bool {
	before, _ := j.w.Files.ReadFile(filepath.Join(j.moduleRoot(dir), "go.sum"))
	after, _ := j.w.Files.ReadFile(filepath.Join(tmp, "go.sum"))
	return bytes.Equal(before, after)
}

// copyWork writes a copy of a go.work with absolute paths, so that go writes
// go.work.sum beside the copy. It is "" where go would use the vendor directory
// beside the original, and so write nothing.
func (j *judge) copyWork(file, tmp, mode string) (string, error) {
	data, err := j.w.Files.ReadFile(file)
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
	abs := func(path string) string {
		if path = filepath.FromSlash(path); !filepath.IsAbs(path) {
			path = filepath.Join(base, path)
		}
		return path
	}
	for _, u := range slices.Clone(work.Use) {
		if to := filepath.ToSlash(abs(u.Path)); to != u.Path {
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
			if err := work.AddReplace(r.Old.Path, r.Old.Version, filepath.ToSlash(abs(r.New.Path)), ""); err != nil {
				return "", err
			}
		}
	}
	work.Cleanup()
	copied := filepath.Join(tmp, "go.work")
	if err := j.w.Files.WriteTemp(copied, modfile.Format(work.Syntax)); err != nil {
		return "", err
	}
	if sum, err := j.w.Files.ReadFile(filepath.Join(base, "go.work.sum")); err == nil {
		if err := j.w.Files.WriteTemp(copied+".sum", sum); err != nil {
			return "", err
		}
	}
	return copied, nil
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
