package probe

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// originAnswer is what the origin of a module, asked once, comes down to.
type originAnswer struct {
	proxy   string // the origin speaks the proxy protocol there; "" otherwise
	last    Answer // what decided; OK if the origin has the version
	unsure  string // why it is not known whether go would succeed; "" if it is
	reached bool   // the repository answered
}

// askOrigin finds the repository of the module, as go does for "direct", and asks
// it for the version.
func (w *walk) askOrigin(step *Step) originAnswer {
	m, r := w.Module, w.Result.Route
	add := func(a Answer) Answer {
		step.Answers = append(step.Answers, a)
		return a
	}
	if !r.VCS.Error.Empty() {
		return originAnswer{last: add(Answer{What: "origin", URL: model.NewValue(m.Path), Outcome: Failed, Text: r.VCS.Error})}
	}
	insecure := r.Insecure.Allowed
	if r.VCS.Root != "" {
		if r.VCS.Tool != "git" {
			return originAnswer{last: Answer{Outcome: OK}, unsure: "Go would run " + r.VCS.Tool + ", which is not probed."}
		}
		if repo, ok := strings.CutSuffix(r.VCS.Root, ".git"); ok && !strings.HasPrefix(r.VCS.Root, "git.apache.org/") {
			return w.anyScheme(step, repo+".git", insecure)
		}
		return w.git(step, "https://"+r.VCS.Root, r.VCS.Root, "", insecure)
	}
	found, last, err := w.goImport(step, m.Path, insecure)
	if err != nil {
		return originAnswer{last: last}
	}
	if found.Prefix != m.Path {
		again, second, err := w.goImport(step, found.Prefix, insecure)
		if err == nil && again != found {
			second = w.mark(step, fmt.Sprintf("unrecognized import path %q: %s and %s disagree about go-import for %s",
				m.Path, last.URL.Reveal(), strings.TrimPrefix(second.URL.Reveal(), "https:"), found.Prefix), "")
			err = errors.New("disagree")
		}
		if err != nil {
			return originAnswer{last: second}
		}
	}
	target, err := url.Parse(found.RepoRoot)
	switch {
	case err != nil || target.Scheme == "" || target.Scheme == "file":
		return originAnswer{last: w.mark(step, fmt.Sprintf("unrecognized import path %q: %s: invalid repo root %q", m.Path, last.URL.Reveal(), found.RepoRoot), "")}
	case found.VCS == "mod":
		return originAnswer{proxy: found.RepoRoot, last: last}
	case !slices.Contains(r.VCS.Tools, found.VCS):
		return originAnswer{last: w.mark(step, fmt.Sprintf("GOVCS disallows using %s for %s; see 'go help vcs'", found.VCS, found.Prefix), "VC-GOVCS")}
	case found.VCS != "git":
		return originAnswer{last: last, unsure: "Go would run " + found.VCS + ", which is not probed."}
	}
	return w.git(step, found.RepoRoot, found.Prefix, found.SubDir, insecure)
}

// mark makes the last answer of a step a failure.
func (w *walk) mark(step *Step, text, ref string) Answer {
	last := &step.Answers[len(step.Answers)-1]
	last.Outcome, last.Text, last.Ref = Failed, model.NewValue(text), ref
	return *last
}

// goImport asks a page for its go-import tag. The error means that the last
// answer of the step says why not.
func (w *walk) goImport(step *Step, importPath string, insecure bool) (metaImport, Answer, error) {
	host, rest, _ := strings.Cut(importPath, "/")
	page := host + "/" + rest + "?go-get=1"
	a := w.get("go-import", "https://"+page, textLimit, insecure)
	step.Answers = append(step.Answers, a)
	prefix := fmt.Sprintf("unrecognized import path %q: ", importPath)
	if insecure && (a.Status == 0 || a.lost) {
		step.Answers[len(step.Answers)-1].Outcome = NotFound // go looks elsewhere
		a = w.get("go-import", "http://"+page, textLimit, true)
		step.Answers = append(step.Answers, a)
	}
	if (a.Status == 0 || a.lost) && a.Outcome == Failed { // without an answer
		how := "https fetch: "
		if insecure {
			how = "http/" + how
		}
		a = w.mark(step, prefix+how+a.Text.Reveal(), a.Ref)
		return metaImport{}, a, errors.New("unreachable")
	}
	if a.Outcome == Hung && a.Status == 0 {
		return metaImport{}, a, errors.New("hangs")
	}
	imports, err := parseMeta(strings.NewReader(string(a.body)))
	if len(imports) == 0 && a.Status != 200 {
		ref := a.Ref
		if a.Outcome == NotFound {
			ref = "VC-META404"
		}
		return metaImport{}, w.mark(step, prefix+a.Text.Reveal(), ref), errors.New("status")
	}
	if a.Outcome == Hung {
		return metaImport{}, a, errors.New("hangs")
	}
	text := ""
	var found metaImport
	if err != nil {
		text = fmt.Sprintf("parsing %s: %v", importPath, err)
	} else if found, err = match(imports, importPath); err != nil {
		var none noneFits
		if errors.As(err, &none) {
			text = fmt.Sprintf("parse %s: no go-import meta tags (%v)", a.URL.Reveal(), err)
		} else {
			text = fmt.Sprintf("parse %s: %v", "//"+page, err)
		}
	}
	if text != "" {
		a = w.mark(step, prefix+text, "VC-NOMETA")
		if len(imports) == 0 && html(a.body) {
			step.Answers[len(step.Answers)-1].Note = "a page without a go-import tag, such as a login page"
		}
		return metaImport{}, a, errors.New("no tag")
	}
	last := &step.Answers[len(step.Answers)-1]
	last.Outcome, last.Text, last.Ref = OK, model.Value{}, ""
	last.Note = "the repository is " + found.VCS + " at " + found.RepoRoot
	return found, *last, nil
}

// metaImport is one go-import tag.
type metaImport struct{ Prefix, VCS, RepoRoot, SubDir string }

// parseMeta is cmd/go/internal/vcs.parseMetaGoImports with PreferMod.
func parseMeta(r io.Reader) ([]metaImport, error) {
	d := xml.NewDecoder(r)
	d.CharsetReader = func(charset string, input io.Reader) (io.Reader, error) {
		switch strings.ToLower(charset) {
		case "utf-8", "ascii":
			return input, nil
		}
		return nil, fmt.Errorf("can't decode XML document using charset %q", charset)
	}
	d.Strict = false
	var imports []metaImport
	for {
		t, err := d.RawToken()
		if err != nil {
			if err != io.EOF && len(imports) == 0 {
				return nil, err
			}
			break
		}
		e, isStart := t.(xml.StartElement)
		if isStart && strings.EqualFold(e.Name.Local, "body") {
			break
		}
		if end, ok := t.(xml.EndElement); ok && strings.EqualFold(end.Name.Local, "head") {
			break
		}
		if !isStart || !strings.EqualFold(e.Name.Local, "meta") || attribute(e.Attr, "name") != "go-import" {
			continue
		}
		if f := strings.Fields(attribute(e.Attr, "content")); len(f) == 3 || len(f) == 4 {
			f = append(f, "")
			imports = append(imports, metaImport{f[0], f[1], f[2], f[3]})
		}
	}
	var list []metaImport
	have := map[string]bool{}
	for _, m := range imports {
		if m.VCS == "mod" {
			have[m.Prefix] = true
			list = append(list, m)
		}
	}
	for _, m := range imports {
		if m.VCS != "mod" && !have[m.Prefix] {
			list = append(list, m)
		}
	}
	return list, nil
}

func attribute(attrs []xml.Attr, name string) string {
	for _, a := range attrs {
		if strings.EqualFold(a.Name.Local, name) {
			return a.Value
		}
	}
	return ""
}

// noneFits is the error that no tag is for the import path.
type noneFits string

func (n noneFits) Error() string { return string(n) }

// match is cmd/go/internal/vcs.matchGoImport.
func match(imports []metaImport, importPath string) (metaImport, error) {
	at := -1
	var misses []string
	for i, m := range imports {
		if importPath != m.Prefix && !strings.HasPrefix(importPath, m.Prefix+"/") {
			misses = append(misses, fmt.Sprintf("meta tag %s did not match import path %s", m.Prefix, importPath))
			continue
		}
		if at >= 0 {
			if imports[at].VCS == "mod" && m.VCS != "mod" {
				break
			}
			return metaImport{}, fmt.Errorf("multiple meta tags match import path %q", importPath)
		}
		at = i
	}
	if at < 0 {
		return metaImport{}, noneFits(strings.Join(misses, ", "))
	}
	return imports[at], nil
}

// anyScheme asks a repository whose path does not tell how it is reached, in
// go's order.
func (w *walk) anyScheme(step *Step, repo string, insecure bool) originAnswer {
	schemes := []string{"https", "git+ssh", "ssh"}
	if insecure {
		schemes = []string{"git", "https", "http", "git+ssh", "ssh"}
	}
	var first originAnswer
	for i, scheme := range schemes {
		got := w.git(step, scheme+"://"+repo, repo, "", insecure)
		if got.reached || got.unsure != "" || got.last.Outcome == Hung {
			return got
		}
		if i == 0 {
			first = got
		}
	}
	secure := "secure "
	if insecure {
		secure = ""
	}
	first.last.Text = model.NewValue("no " + secure + "protocol found for repository")
	return first
}

// git lists the references of a repository and looks for the version's tag.
func (w *walk) git(step *Step, repo, root, subDir string, insecure bool) originAnswer {
	a := Answer{What: "git", URL: model.NewValue(repo)}
	done := func(unsure string) originAnswer {
		step.Answers = append(step.Answers, a)
		return originAnswer{last: a, unsure: unsure}
	}
	version := w.Module.Version
	dir, tag := tagOf(w.Module.Path, root, subDir, version)
	reading := fmt.Sprintf("reading %s at revision %s: ", path.Join(root, dir, "go.mod"), tag)
	if version == "" {
		reading = ""
	}
	git := w.program("git")
	if git == "" {
		a = a.fail(`unable to resolve git version: failed to execute git version: exec: "git": executable file not found in $PATH`, "VC-NOGIT")
		return done("")
	}
	w.Tell("asking git for the versions of " + root)
	env := w.environ()
	default_ := func(name, value string) {
		if w.Env.Lookup(name).Value.Empty() {
			env = append(env, name+"="+value)
		}
	}
	default_("GIT_TERMINAL_PROMPT", "0")
	default_("GCM_INTERACTIVE", "never")
	default_("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=10") // ssh must not wait for an answer that nobody gives
	r, err := w.w.Exec.Run(w.ctx, world.Command{
		Path: git, Args: []string{"ls-remote", "-q", "--end-of-options", repo}, Dir: w.home(), Env: append(env, "LC_ALL=C"),
		Timeout: w.Patience, MaxOutput: textLimit,
	})
	a.Took.Total = r.Elapsed
	stderr := strings.TrimSpace(string(r.Stderr))
	switch {
	case errors.Is(err, world.ErrTimeout):
		a.Outcome, a.Ref = Hung, "PX-HANG"
		if isSSH(repo) {
			a.Ref = "VC-SSHHANG"
		}
		a.Note = fmt.Sprintf("git did not end within %v, and go itself sets no limit", w.Patience)
		return done("")
	case err != nil:
		a.Outcome, a.Text = Failed, model.NewValue("git could not be run")
		return done("Git could not be run.")
	case r.Code != 0:
		a = a.fail(fmt.Sprintf("%sgit ls-remote -q --end-of-options %s: exit status %d:\n\t%s", reading, repo, r.Code, strings.ReplaceAll(stderr, "\n", "\n\t")), refOfGit(stderr, insecure))
		return done("")
	}
	a.Outcome = OK
	done = func(unsure string) originAnswer {
		step.Answers = append(step.Answers, a)
		return originAnswer{last: a, unsure: unsure, reached: true}
	}
	if version == "" || module.IsPseudoVersion(version) {
		a.Note = "git answers; whether it has the commit shows only when it is fetched"
		return done("The repository answers, but whether it has the commit shows only when it is fetched.")
	}
	for line := range strings.SplitSeq(string(r.Stdout), "\n") {
		if _, ref, _ := strings.Cut(line, "\t"); ref == "refs/tags/"+tag {
			a.Note = "it has the tag " + tag
			return done("")
		}
	}
	if r.Truncated {
		return done("The repository has more references than are read.")
	}
	a = a.fail(reading+"unknown revision "+tag, "")
	return done("")
}

// tagOf is the directory of a module in its repository, and the tag of a
// version of it, which begins with the directory.
func tagOf(modPath, root, subDir, version string) (dir, tag string) {
	prefix, _, ok := module.SplitPathVersion(modPath)
	if !ok || strings.HasPrefix(modPath, "gopkg.in/") {
		prefix = modPath
	}
	dir = path.Join(subDir, strings.TrimPrefix(strings.TrimPrefix(prefix, root), "/"))
	return dir, path.Join(dir, strings.TrimSuffix(version, "+incompatible"))
}

func isSSH(repo string) bool {
	return strings.HasPrefix(repo, "ssh://") || strings.HasPrefix(repo, "git+ssh://")
}

// refOfGit says which row of the catalogue an error of git is.
func refOfGit(stderr string, insecure bool) string {
	has := func(part string) bool { return strings.Contains(stderr, part) }
	switch {
	case has("could not read Username"), has("could not read Password"), has("Authentication failed"):
		return "VC-AUTH"
	case has("Host key verification failed"):
		return "VC-SSHHOST"
	case has("Permission denied ("):
		return "VC-SSHKEY"
	case insecure && (has("certificate") || has("SSL")):
		return "IN-GIT"
	}
	return ""
}

// home is where git runs: outside of every repository, as go runs it.
func (p *prober) home() string {
	if home := p.Env.Lookup("HOME").Value.Reveal(); home != "" {
		if _, err := p.w.Files.Stat(home); err == nil {
			return home
		}
	}
	return ""
}
