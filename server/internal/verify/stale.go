package verify

import (
	"context"
	"fmt"
	"go/parser"
	"go/token"
	"go/version"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/module"

	"github.com/gophantom/gophantom/server/internal/model"
)

// layout says, for a problem that go has nowhere, that gopls looks at the file
// from outside of what it has loaded; "" if it does not.
func (j *judge) layout(q subject) string {
	if q.kind == outside {
		return fmt.Sprintf("its module (%s) is not among those that gopls has loaded", filepath.Join(j.rootOf(q.dir), "go.mod"))
	}
	within := func(file string, name func(string) string) bool {
		return slices.ContainsFunc(j.folders(), func(dir string) bool { return below(name(dir), file) })
	}
	same := func(path string) string { return path }
	switch real := j.real(q.File); {
	case within(q.File, same) || !within(real, j.real):
		return ""
	case real != q.File:
		return fmt.Sprintf("the file was opened through a link, and gopls knows it as %s", real)
	}
	return "the folder was opened through a link, and gopls knows the files of its package by that name only"
}

func (j *judge) folders() []string {
	if len(j.s.Folders) > 0 {
		return j.s.Folders
	}
	return []string{j.s.Dir}
}

// resolution are the codes of problems about names that are not found, which
// gopls has when it does not know a newer file; any Go can resolve names.
var resolution = set(`
	BrokenImport UndeclaredName UndeclaredImportedName MissingFieldOrMethod DuplicateDecl UnusedImport UnusedVar MissingInitBody
`)

// language are the codes of problems about what a newer Go made right.
var language = set(`
	InvalidRangeExpr BadDecl NotAType InvalidDeclCycle UnsupportedFeature InvalidTypeArg CannotInferTypeArgs WrongTypeArgCount
	NotAGenericType MisplacedConstraintIface InvalidInstanceCycle InvalidTypeCycle InvalidUnion InvalidSyntaxTree
`)

// builtins are the functions that came with a Go after 1.20.
var builtins = set("min max clear")

// outdated says, for a problem that go has nowhere, that the gopls which shows
// it was built with an older Go than the code is written for; "" if it was not,
// or if something else explains the problem better. replaced is not nil if the
// binary of gopls was replaced by one that is new enough.
func (j *judge) outdated(q subject, editor model.Env, stale model.Staleness) (why string, replaced *model.Staleness) {
	name, missing := strings.CutPrefix(q.text, missingName)
	switch {
	case len(j.s.Gopls) == 0:
		return "", nil
	case q.kind == parsing, q.kind == typing && language[q.Code], missing && builtins[name]:
	case q.kind != typing, missing, resolution[q.Code], stale.What != model.StaleUnknown:
		return "", nil
	}
	built := version.Lang(j.s.Gopls[0].GoVersion)
	if built == "" {
		return "", nil
	}
	newest, from := "", ""
	take := func(v, what string) {
		if v = version.Lang(v); version.Compare(v, newest) > 0 {
			newest, from = v, what
		}
	}
	root := j.rootOf(q.dir)
	if m := j.moduleAt(root); m.Go != "" {
		take("go"+m.Go, "go.mod asks for")
	}
	if t, ok := j.s.ToolchainOf(editor.Name); ok {
		take(t.Version, "the go command is")
		take(t.Selected, "the go command is")
	}
	if newest == "" || version.Compare(built, newest) >= 0 {
		return "", nil
	}
	g := j.s.Gopls[0]
	why = fmt.Sprintf("gopls was built with %s and does not know the language of %s, which %s", built, newest, from)
	if next := g.Successor; next != nil && version.Compare(version.Lang(next.GoVersion), newest) >= 0 {
		replaced = &model.Staleness{What: model.StaleBinary, File: g.Exe}
		if next.At.After(g.Started) { // a copy may have kept an older time
			replaced.Since = next.At
		}
		why = fmt.Sprintf("gopls was built with %s and does not know the language of %s, which %s; the one that took its place on the disk was built with %s, so a restart is enough", built, newest, from, next.GoVersion)
	}
	return why, replaced
}

// looked is when gopls looked last, as far as is known; else zero.
func (j *judge) looked() (since time.Time) {
	for _, g := range j.s.Gopls {
		if since.IsZero() || g.Started.After(since) {
			since = g.Started
		}
	}
	if j.s.Loaded.After(since) {
		since = j.s.Loaded
	}
	return since
}

// mostSettings is how many variables that settings changed are tried alone.
const mostSettings = 5

// unheard says which change of the settings gopls has not taken; ok is false if
// it cannot be proven that there is one. gopls makes its views anew when a
// setting takes effect: it must have said after the change that it still has
// those of before, and go must have the problem with the settings of before.
func (j *judge) unheard(ctx context.Context, q subject, editor model.Env) (stale model.Staleness, evidence model.Evidence, ok bool) {
	since := j.looked()
	if since.IsZero() {
		return stale, evidence, false
	}
	var changes []model.SettingChange // of each variable, from what gopls has to what it is now
	for _, c := range j.s.SettingChanges {
		if !c.At.After(since) || !j.s.Confirmed.After(c.At) {
			continue
		}
		if i := slices.IndexFunc(changes, func(d model.SettingChange) bool { return d.Variable == c.Variable }); i >= 0 {
			c.Old = changes[i].Old
			changes = slices.Delete(changes, i, i+1)
		}
		changes = append(changes, c)
	}
	slices.Reverse(changes) // the latest first
	fails := func(changes ...model.SettingChange) bool {
		a := j.truth(ctx, before(editor, changes), q, false).offline()
		evidence = a.evidence()
		return ctx.Err() == nil && (a.outcome == red || a.outcome == absent && q.kind == orphaned)
	}
	if len(changes) == 0 || !fails(changes...) {
		return stale, evidence, false
	}
	guilty := changes[0]
	if len(changes) > 1 {
		together := evidence
		i := slices.IndexFunc(changes[:min(len(changes), mostSettings)], func(c model.SettingChange) bool { return fails(c) })
		if i < 0 {
			evidence = together
		}
		guilty = changes[max(i, 0)]
	}
	stale = model.Staleness{What: model.StaleSettings, Since: guilty.At, Setting: &guilty}
	if guilty.New != nil {
		stale.File = guilty.New.File
	}
	return stale, evidence, true
}

// before is an environment with what settings laid over it before they changed.
func before(env model.Env, changes []model.SettingChange) model.Env {
	env.Layers = slices.Clone(env.Layers)
	for i, l := range env.Layers {
		if l.Kind != model.LayerGoplsSettings {
			continue
		}
		vars := maps.Clone(l.Vars)
		for _, c := range changes {
			if delete(vars, c.Variable); c.Old != nil {
				vars[c.Variable] = *c.Old
			}
		}
		env.Layers[i].Vars = vars
	}
	return env
}

// staleness says what gopls has not seen, as far as files tell.
func (j *judge) staleness(q subject, editor model.Env) (newest model.Staleness) {
	since := j.looked()
	defer func() { newest = j.branch(newest, since) }()
	consider := func(what model.StaleKind, file string) {
		info, err := j.w.Files.Stat(file)
		if file == "" || err != nil || !info.ModTime().After(since) || since.IsZero() || !info.ModTime().After(newest.Since) {
			return
		}
		newest = model.Staleness{What: what, File: file, Since: info.ModTime()}
	}
	// What a problem speaks of first; only if that is no newer than gopls, the rest.
	elsewhere := q.kind == importing
	if elsewhere {
		if m, v, ok := j.providing(q); ok {
			j.inCache(editor, m, v, consider)
		}
		j.sources(j.localDir(q.path), consider)
	} else if path := j.selected(q); path != "" {
		elsewhere = true
		j.sources(j.localDir(path), consider)
	}
	if !elsewhere && q.kind != loading {
		j.own(q, consider)
		for _, path := range j.imports(q) {
			j.sources(j.localDir(path), consider)
		}
		if newest.What == "" && q.Code == "DuplicateDecl" {
			consider(model.StaleDeleted, q.dir)
		}
	}
	if newest.What != "" {
		return newest
	}
	root := j.rootOf(q.dir)
	for _, name := range []string{"go.mod", "go.sum"} {
		consider(model.StaleModule, filepath.Join(root, name))
	}
	consider(model.StaleVendor, filepath.Join(root, "vendor", "modules.txt"))
	if work := j.workFile(editor, q.dir); work != "" {
		consider(model.StaleWorkspace, work)
		consider(model.StaleWorkspace, work+".sum")
		consider(model.StaleVendor, filepath.Join(filepath.Dir(work), "vendor", "modules.txt"))
	}
	for _, l := range editor.Layers {
		if l.Kind == model.LayerGOENV {
			consider(model.StaleEnvFile, l.File)
		}
	}
	if t, ok := j.s.ToolchainOf(editor.Name); ok && t.GOROOT != "" {
		consider(model.StaleToolchain, filepath.Join(t.GOROOT, "VERSION"))
	}
	m := j.moduleAt(root)
	for _, dir := range localReplacements(m.File, m.Replaces) {
		consider(model.StaleReplaced, dir)
		j.sourcesBelow(dir, 3, func(_ model.StaleKind, file string) { consider(model.StaleReplaced, file) })
	}
	if newest.What == "" && q.kind != importing && q.kind != loading {
		j.own(q, consider)
		if newest.What == "" {
			consider(model.StaleGenerated, q.dir) // a file that was moved there is as old as it was
		}
	}
	if newest.What == "" {
		newest.What = model.StaleUnknown
		if q.kind == importing {
			if m, v, ok := j.providing(q); ok && since.IsZero() && !j.missing(editor, m+"@"+v) {
				newest.What = model.StaleModuleCache
			}
		}
	}
	return newest
}

// checkout is how long git may take to write the files of another branch.
const checkout = 10 * time.Second

// branch puts a change of the branch in the place of the files that git wrote
// for it.
func (j *judge) branch(found model.Staleness, since time.Time) model.Staleness {
	switch found.What {
	case model.StaleGenerated, model.StaleModule, model.StaleWorkspace, model.StaleVendor, model.StaleDeleted:
	default:
		return found
	}
	head := filepath.Join(j.s.Repository.Root, ".git", "HEAD")
	for _, file := range j.s.Repository.Files { // of a worktree it is elsewhere
		if filepath.Base(file) == "HEAD" {
			head = file
		}
	}
	info, err := j.w.Files.Stat(head)
	if j.s.Repository.Root == "" || err != nil || !info.ModTime().After(since) || found.Since.Sub(info.ModTime()).Abs() > checkout {
		return found
	}
	return model.Staleness{What: model.StaleBranch, File: head, Since: info.ModTime()}
}

// own considers the files of the package that a problem is in. The file itself
// does not count as long as it still says what the problem complains of, for
// gopls knows that much of it.
func (j *judge) own(q subject, consider func(model.StaleKind, string)) {
	j.sources(q.dir, func(what model.StaleKind, file string) {
		if file != q.File || !j.says(q) {
			consider(what, file)
		}
	})
}

// missingName is what a problem about a name that is not found begins with.
const missingName = "undefined: "

// says reports whether the file of a problem has the name that is not found in
// the line of the problem.
func (j *judge) says(q subject) bool {
	name, ok := strings.CutPrefix(q.text, missingName)
	if !ok {
		return false
	}
	line := 0
	for text := range strings.Lines(j.text(q.File)) {
		if line == q.Range.Start.Line {
			return strings.Contains(text, name)
		}
		line++
	}
	return false
}

// selected is the path of the imported package that does not have the name
// which a problem complains of; "" if it complains of something else.
func (j *judge) selected(q subject) string {
	name, ok := strings.CutPrefix(q.text, missingName)
	pkg, _, dotted := strings.Cut(name, ".")
	if !ok || !dotted {
		return ""
	}
	return j.imports(q)[pkg]
}

// imports are the import paths of the file of a problem by the names they
// probably have there.
func (j *judge) imports(q subject) map[string]string {
	file, err := parser.ParseFile(token.NewFileSet(), q.File, j.text(q.File), parser.ImportsOnly)
	if err != nil {
		return nil
	}
	out := map[string]string{}
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		if spec.Name != nil {
			out[spec.Name.Name] = path
			continue
		}
		for _, part := range strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune("/.-", r) }) {
			out[part] = path
		}
	}
	return out
}

// providing is the requirement that an import path belongs to.
func (j *judge) providing(q subject) (path, version string, ok bool) {
	for _, r := range j.moduleAt(j.rootOf(q.dir)).Requires {
		if (q.path == r.Path || strings.HasPrefix(q.path, r.Path+"/")) && len(r.Path) > len(path) {
			path, version, ok = r.Path, r.Version, true
		}
	}
	return path, version, ok
}

// missing reports whether a module cache lacks a requirement, "path@version".
func (j *judge) missing(env model.Env, what string) bool {
	list, known := j.s.Missing(env)
	return known && slices.Contains(list, what)
}

// inCache considers what the module cache has of a module version.
func (j *judge) inCache(env model.Env, path, version string, consider func(model.StaleKind, string)) {
	if files, downloaded, ok := cached(env, path, version); ok {
		consider(model.StaleModuleCache, files)
		consider(model.StaleModuleCache, downloaded+".ziphash")
	}
}

// cached is where the module cache of an environment has the files of a module
// version, and what was downloaded of it, without the extension.
func cached(env model.Env, path, version string) (files, downloaded string, ok bool) {
	dir := env.Lookup("GOMODCACHE").Value.Reveal()
	escaped, err := module.EscapePath(path)
	v, err2 := module.EscapeVersion(version)
	if dir == "" || err != nil || err2 != nil {
		return "", "", false
	}
	escaped = filepath.FromSlash(escaped)
	return filepath.Join(dir, escaped+"@"+v), filepath.Join(dir, "cache", "download", escaped, "@v", v), true
}

// localDir is where a package of the workspace has its files; "" if the path
// is of no main module.
func (j *judge) localDir(path string) (dir string) {
	longest := 0
	for _, m := range j.s.Modules {
		if rest, ok := strings.CutPrefix(path, m.Path); ok && len(m.Path) > longest && (rest == "" || rest[0] == '/') {
			dir, longest = filepath.Join(filepath.Dir(m.File), filepath.FromSlash(rest)), len(m.Path)
		}
	}
	return dir
}

// sources considers the Go files of a directory.
func (j *judge) sources(dir string, consider func(model.StaleKind, string)) {
	if dir == "" {
		return
	}
	entries, err := j.w.Files.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !e.IsDir() && filepath.Ext(e.Name()) == ".go" {
			consider(model.StaleGenerated, filepath.Join(dir, e.Name()))
		}
	}
}

// sourcesBelow does so for a tree of some depth.
func (j *judge) sourcesBelow(dir string, depth int, consider func(model.StaleKind, string)) {
	j.sources(dir, consider)
	entries, err := j.w.Files.ReadDir(dir)
	if err != nil || depth == 0 {
		return
	}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			j.sourcesBelow(filepath.Join(dir, e.Name()), depth-1, consider)
		}
	}
}

// localReplacements are the directories that replace modules.
func localReplacements(file string, replaces []model.Replace) (dirs []string) {
	for _, r := range replaces {
		if r.NewVersion != "" {
			continue
		}
		dirs = append(dirs, absolute(filepath.Dir(file), r.NewPath))
	}
	return dirs
}

// misleads says what of gopls' own advice would not help; "" if nothing. gopls
// offers "go get package X" for every import that it cannot resolve.
func (j *judge) misleads(q subject) string {
	if q.kind != importing || !strings.Contains(q.Message, "no required module provides package") {
		return ""
	}
	if path, version, ok := j.providing(q); ok {
		return fmt.Sprintf("gopls offers “go get package %s”, which does not help: go.mod already requires %s %s", q.path, path, version)
	}
	return ""
}
