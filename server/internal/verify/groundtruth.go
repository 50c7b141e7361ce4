package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/modfile"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
	"github.com/gophantom/gophantom/server/internal/world"
)

// runTimeout bounds one run of the go command. go itself has no timeout.
const runTimeout = 10 * time.Second

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
	broken   []listed          // packages of the directory itself that have an error
	stderr   string
	failed   string // why there is no answer at all
	fatal    bool   // go refused to list anything
	needs    bool   // something would have to be downloaded
	writes   bool   // GOFLAGS=-mod=mod: go would write go.mod and go.sum
	private  bool   // asked with a private module cache fed from file proxies
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
}

type listError struct {
	ImportStack []string
	Pos, Err    string
}

// disabled is what go says when GOPROXY=off, ours or the user's, is in the way.
const disabled = "module lookup disabled by GOPROXY=off"

// of says what the run knows about one import path.
func (r run) of(path string) truth {
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

func (r run) evidence(path string) model.Evidence {
	t := r.of(path)
	command := "go list -e -test -deps . (offline)"
	if r.private {
		command = "go list -e -test -deps . (offline, with a private module cache filled from file proxies)"
	}
	return model.Evidence{Env: r.env, Command: command, Outcome: string(t.outcome), Text: t.reason, Millis: r.millis}
}

// run asks go once per directory and environment.
func (j *judge) run(ctx context.Context, dir string, env model.Env) run {
	key := fingerprint(dir, env)
	j.mu.Lock()
	r, ok := j.runs[key]
	j.mu.Unlock()
	if ok {
		return r
	}
	r = j.ask(ctx, dir, env, "")
	if r.needs && !r.writes {
		// What file proxies would serve can be found out without the network.
		if proxies := fileProxies(env); proxies != "" {
			if again := j.ask(ctx, dir, env, proxies); again.failed == "" && !again.needs {
				again.millis += r.millis
				r = again
			}
		}
	}
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

// ask runs go list. With proxies it uses a private module cache that those
// file proxies and the user's own cache feed.
func (j *judge) ask(ctx context.Context, dir string, env model.Env, proxies string) (r run) {
	r.env, r.private = env.Name, proxies != ""
	goCommand := j.goCommand(env)
	if goCommand == "" {
		r.failed = fmt.Sprintf("there is no go command on the PATH of the %s", env.Name)
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
	args := []string{"list", "-e", "-test", "-deps", "-json=ImportPath,ForTest,DepOnly,Incomplete,Error,DepsErrors"}
	if proxies != "" {
		args = append(args, "-modcacherw")
	}
	extra, failed := j.readOnly(env, dir, tmp, vars)
	if failed != "" {
		r.failed = failed
		return r
	}
	r.writes = len(extra) > 0
	args = append(append(args, extra...), ".")

	res, err := j.w.Exec.Run(ctx, world.Command{Path: goCommand, Args: args, Dir: dir, Env: world.Environ(vars), Timeout: runTimeout})
	r.millis = res.Elapsed.Milliseconds()
	switch {
	case errors.Is(err, world.ErrTimeout):
		r.failed = fmt.Sprintf("go list did not answer within %d s in the environment of the %s", int(runTimeout.Seconds()), env.Name)
		return r
	case err != nil:
		r.failed = fmt.Sprintf("go list could not be run in the environment of the %s", env.Name)
		return r
	case res.Truncated:
		r.failed = "go list printed more than can be read"
		return r
	}
	r.parse(res)
	if r.writes && env.Lookup("GOSUMDB").Value.Reveal() != "off" && !j.sameSum(dir, tmp) {
		r.failed = "go would have to ask the checksum database about modules that go.sum lacks; run “go mod tidy” in your shell"
		return r
	}
	forbidden := strings.TrimSpace(effective) != "off" && proxies == ""
	r.needs = forbidden && (strings.Contains(r.stderr, disabled) || r.anyDisabled())
	return r
}

func (r *run) parse(res world.Result) {
	r.stderr = strings.TrimSpace(string(res.Stderr))
	r.packages = map[string]listed{}
	dec := json.NewDecoder(bytes.NewReader(res.Stdout))
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

// goCommand is the go that the environment's PATH leads to.
func (j *judge) goCommand(env model.Env) string {
	name := "go"
	if j.w.GOOS == "windows" {
		name = "go.exe"
	}
	for _, dir := range filepath.SplitList(env.Process()["PATH"]) {
		file := filepath.Join(dir, name)
		if info, err := j.w.Files.Stat(file); err == nil && filepath.IsAbs(dir) && info.Mode().IsRegular() {
			return file
		}
	}
	return ""
}

// readOnly returns the flags that keep go list from writing go.mod, go.sum
// and go.work.sum, preparing copies in tmp where it would.
func (j *judge) readOnly(env model.Env, dir, tmp string, vars map[string]string) (flags []string, failed string) {
	mode, modfileFlag := "", false
	for _, flag := range strings.Fields(env.Lookup("GOFLAGS").Value.Reveal()) {
		flag = strings.TrimPrefix(strings.TrimPrefix(flag, "-"), "-")
		if value, ok := strings.CutPrefix(flag, "mod="); ok {
			mode = value
		}
		modfileFlag = modfileFlag || strings.HasPrefix(flag, "modfile=")
	}
	gowork := env.Lookup("GOWORK").Value.Reveal()
	switch {
	case gowork == "off":
	case gowork == "" && j.s.Work == nil:
	default:
		file := gowork
		if file == "" {
			file = j.s.Work.File
		}
		if mode == "" || mode == "readonly" {
			copied, err := j.copyWork(file, tmp)
			if err != nil {
				return nil, "" // a go.work that go cannot use either: let go say so
			}
			vars["GOWORK"] = copied
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

// moduleRoot is the directory of the main module that dir belongs to; "" if
// the snapshot has none.
func (j *judge) moduleRoot(dir string) (root string) {
	for _, m := range j.s.Modules {
		at := filepath.Dir(m.File)
		if (dir == at || strings.HasPrefix(dir, at+string(filepath.Separator))) && len(at) > len(root) {
			root = at
		}
	}
	return root
}

// sameSum reports whether a trial left its copy of go.sum as it was.
func (j *judge) sameSum(dir, tmp string) bool {
	before, _ := j.w.Files.ReadFile(filepath.Join(j.moduleRoot(dir), "go.sum"))
	after, _ := j.w.Files.ReadFile(filepath.Join(tmp, "go.sum"))
	return bytes.Equal(before, after)
}

// copyWork writes a copy of a go.work with absolute paths, so that go writes
// go.work.sum beside the copy.
func (j *judge) copyWork(file, tmp string) (string, error) {
	data, err := j.w.Files.ReadFile(file)
	if err != nil {
		return "", err
	}
	work, err := modfile.ParseWork(file, data, nil)
	if err != nil {
		return "", err
	}
	base := filepath.Dir(file)
	abs := func(path string) string {
		if path = filepath.FromSlash(path); !filepath.IsAbs(path) {
			path = filepath.Join(base, path)
		}
		return path
	}
	uses := make([]*modfile.Use, 0, len(work.Use))
	for _, u := range work.Use {
		uses = append(uses, &modfile.Use{Path: filepath.ToSlash(abs(u.Path)), ModulePath: u.ModulePath})
	}
	work.SetUse(uses)
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

func fileURL(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return "file://" + path
}
