package verify

import (
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

// about says what a run knows of one problem, position by position: a package
// may have one error that is real and one that is not.
func (r run) about(q subject) truth {
	switch {
	case r.failed != "":
		return truth{outcome: undecided, why: r.failed}
	case r.fatal && r.needs:
		return truth{outcome: undecided, reason: model.NewValue(r.stderr), why: "go would have to download something to find out; run “go mod download” in your shell"}
	case r.fatal:
		return truth{outcome: red, reason: model.NewValue(r.stderr)}
	}
	switch {
	case q.all:
		for _, l := range r.asked {
			if l.Error != nil && strings.HasPrefix(l.ImportPath, ".") { // go found nothing to build
				return r.redOrDownload(l.Error.Err)
			}
		}
		return truth{outcome: green}
	case q.kind == loading:
		return r.loads(q)
	}
	p := r.in(q.dir)
	if q.kind == whether {
		switch e := p.first(); {
		case e != nil:
			return r.redOrDownload(e.Err)
		case !r.compiled:
			return truth{outcome: undecided, why: notCompiled}
		}
		return truth{outcome: green}
	}
	base := filepath.Base(q.File)
	switch {
	case len(p.listed) == 0:
		return truth{outcome: undecided, why: "go does not list the package of the file"}
	case q.kind == outside:
		if e := p.own(); e != nil && !p.files[base] && !p.ignored[base] {
			return r.redOrDownload(e.Err)
		}
		return p.beside(truth{outcome: green})
	case !p.files[base] && p.excludes(base):
		return p.beside(truth{outcome: absent, why: "build constraints keep the file out of the build"})
	case q.kind == orphaned && p.files[base]:
		return p.beside(truth{outcome: green})
	case !p.files[base]:
		if e := p.first(); e != nil {
			return r.redOrDownload(e.Err)
		}
		return truth{outcome: absent, why: "the file is not part of the build"}
	}
	switch q.kind {
	case importing:
		return r.imports(q, p)
	case listing:
		return r.lists(q, p)
	}
	return r.compiles(q, p)
}

// finds reports whether two runs found the same packages with the same files, so
// that they compile alike.
func (r run) finds(o run) bool {
	if r.failed != "" || o.failed != "" || len(r.packages) != len(o.packages) {
		return false
	}
	for path, p := range r.packages {
		q, ok := o.packages[path]
		if !ok || p.Dir != q.Dir || !slices.Equal(p.GoFiles, q.GoFiles) || !slices.Equal(p.CgoFiles, q.CgoFiles) {
			return false
		}
	}
	return true
}

// cgo reports whether a C compiler has a part in what a run found.
func (r run) cgo() bool {
	for _, p := range r.packages {
		if len(p.CgoFiles) > 0 {
			return true
		}
	}
	return false
}

// place is what a run lists in one directory.
type place struct {
	listed  []listed
	files   map[string]bool // base names of the files that go builds or tests
	ignored map[string]bool // and of those it leaves out
}

func (r run) in(dir string) place {
	p := place{listed: r.roots[dir], files: map[string]bool{}, ignored: map[string]bool{}}
	if len(p.listed) == 0 { // go may spell the directory otherwise, through a link
		for at, list := range r.roots {
			if r.real != nil && r.real(at) == r.real(dir) {
				p.listed = list
			}
		}
	}
	for _, l := range p.listed {
		for _, file := range slices.Concat(l.GoFiles, l.CgoFiles, l.TestGoFiles, l.XTestGoFiles, l.InvalidGoFiles) {
			p.files[filepath.Base(file)] = true
		}
		for _, file := range l.IgnoredGoFiles {
			p.ignored[filepath.Base(file)] = true
		}
	}
	return p
}

// own is an error of the package itself that go list has before it compiles
// anything; nil if there is none.
func (p place) own() *listError {
	for _, l := range p.listed {
		if l.Error != nil && !compilerText(l.Error.Err) {
			return l.Error
		}
	}
	return nil
}

// beside adds to what is true of one problem that the package has an error all
// the same.
func (p place) beside(t truth) truth {
	if e := p.first(); e != nil && !strings.HasPrefix(e.Err, allExcluded) {
		t.others, t.reason = true, model.NewValue(e.Err)
	}
	return t
}

// allExcluded is what go says of a directory of which it builds no file.
const allExcluded = "build constraints exclude all Go files"

// excludes reports whether go leaves a file out because of its name or its
// build constraints.
func (p place) excludes(base string) bool {
	return p.ignored[base] || strings.HasPrefix(base, "_") || strings.HasPrefix(base, ".") ||
		slices.ContainsFunc(p.listed, func(l listed) bool {
			return l.Error != nil && strings.HasPrefix(l.Error.Err, allExcluded)
		})
}

// imports judges "could not import": the package is found, and builds.
func (r run) imports(q subject, p place) truth {
	line := q.Range.Start.Line + 1
	for _, l := range p.listed {
		for _, e := range l.errors() {
			if compilerText(e.Err) {
				continue
			}
			top := ""
			if n := len(e.ImportStack); n > 0 {
				top, _, _ = strings.Cut(e.ImportStack[n-1], " ")
			}
			file, at, ok := r.position(e.Pos)
			if top == q.path || ok && at == line && r.same(file, q.File) {
				return r.redOrDownload(e.Err)
			}
		}
	}
	found, ok := r.packages[q.path]
	switch {
	case ok && found.Error != nil:
		return r.redOrDownload(found.Error.Err)
	case ok && len(found.DepsErrors) > 0:
		return r.redOrDownload(found.DepsErrors[0].Err)
	case ok && !found.Incomplete:
		return p.beside(truth{outcome: green})
	}
	if e := p.first(); e != nil { // go gave up before it came to the import
		t := r.redOrDownload(e.Err)
		if t.outcome == red {
			t.why = "go stops at another error of the package before it comes to this one"
		}
		return t
	}
	return truth{outcome: undecided, why: "go does not see this import there"}
}

// first is the first error of a place, whoever found it.
func (p place) first() *listError {
	for _, l := range p.listed {
		for _, e := range l.errors() {
			return e
		}
	}
	return nil
}

// lists judges an error of go list about one package, such as an import cycle.
func (r run) lists(q subject, p place) truth {
	message := squeeze(q.text)
	for _, l := range p.listed {
		for _, e := range l.errors() {
			file, at, ok := r.position(e.Pos)
			text := squeeze(e.Err)
			if strings.Contains(message, text) || strings.Contains(text, message) || ok && at == q.Range.Start.Line+1 && r.same(file, q.File) {
				return r.redOrDownload(e.Err)
			}
		}
	}
	if e := p.first(); e != nil {
		t := r.redOrDownload(e.Err)
		if t.outcome == red {
			t.why = "go has another error for the package, which may hide this one"
		}
		return t
	}
	if !r.compiled { // cgo runs only then
		return truth{outcome: undecided, why: notCompiled}
	}
	return truth{outcome: green}
}

// compiles judges an error of the type checker or parser.
func (r run) compiles(q subject, p place) truth {
	errors := r.compileErrors(p)
	for _, e := range errors {
		here := r.same(e.file, q.File)
		switch {
		case here && e.line == q.Range.Start.Line+1,
			q.kind == parsing && here && strings.HasPrefix(e.text, "syntax error"),
			q.kind == typing && alike(e.text, q.text):
			return truth{outcome: red, reason: model.NewValue(e.text)}
		}
	}
	// Before go compiles a package, all that it imports has to be there.
	for _, l := range p.with(q) {
		for _, e := range l.errors() {
			if compilerText(e.Err) && places.MatchString(e.Err) && slices.ContainsFunc(p.listed, func(l listed) bool { return ownText(e.Err, l) }) {
				continue // of what else a compiler or pkg-config says, the whole package suffers
			}
			t := r.redOrDownload(e.Err)
			if file, at, ok := r.position(e.Pos); t.outcome == red && (!ok || at != q.Range.Start.Line+1 || !r.same(file, q.File)) {
				t.why = "go stops at another error of the package before it comes to this one"
			}
			return t
		}
	}
	switch i := slices.IndexFunc(errors, func(e compileError) bool { return strings.HasPrefix(e.text, "syntax error") }); {
	case len(errors) == 0 && !r.compiled:
		return truth{outcome: undecided, why: notCompiled}
	case i >= 0:
		return truth{outcome: red, reason: model.NewValue(errors[i].text), why: "go stops at a syntax error of the package before it comes to this one"}
	case slices.ContainsFunc(errors, func(e compileError) bool { return e.text == tooMany }):
		return truth{outcome: undecided, reason: model.NewValue(errors[0].text), why: tooMany}
	case len(errors) > 0 && q.cgo(): // Go code that uses C is only looked at if the C code is in order
		return truth{outcome: red, reason: model.NewValue(errors[0].text), why: "go stops at another error of the package before it comes to this one"}
	case len(errors) > 0:
		return truth{outcome: green, others: true, reason: model.NewValue(errors[0].text)}
	}
	return truth{outcome: green}
}

// with are the packages of a place that a problem can be of: the one without
// tests if the file is in that, for what is wrong with tests does not concern
// it. Something that is declared twice may be so in a test.
func (p place) with(q subject) []listed {
	base := filepath.Base(q.File)
	i := slices.IndexFunc(p.listed, func(l listed) bool {
		return l.ForTest == "" && (slices.Contains(l.GoFiles, base) || slices.Contains(l.CgoFiles, base))
	})
	if i < 0 || q.text != q.Message || strings.Contains(q.text, "redeclared") {
		return p.listed
	}
	return p.listed[i : i+1]
}

const (
	// notCompiled and tooMany call for another question.
	notCompiled = "the package was not compiled"
	tooMany     = "too many errors"
)

// loads judges a problem about a module or workspace as a whole.
func (r run) loads(q subject) truth {
	message := squeeze(q.text)
	for _, list := range r.roots {
		for _, l := range list {
			for _, e := range l.errors() {
				if text := squeeze(e.Err); strings.Contains(message, text) || strings.Contains(e.Err, disabled) && strings.HasSuffix(message, "has not been downloaded") {
					return r.redOrDownload(e.Err)
				}
			}
		}
	}
	if r.stderr != "" && strings.Contains(message, squeeze(r.stderr)) {
		return truth{outcome: red, reason: model.NewValue(r.stderr)}
	}
	for _, list := range r.roots {
		if t := (place{listed: list}).beside(truth{outcome: green}); t.others {
			return t
		}
	}
	return truth{outcome: green}
}

// redOrDownload is red, unless the error is only that we forbid downloads.
func (r run) redOrDownload(text string) truth {
	if r.needs && strings.Contains(text, disabled) {
		return truth{outcome: undecided, reason: model.NewValue(text), why: "the module is not in the module cache and would have to be downloaded to find out; run “go mod download” in your shell"}
	}
	return truth{outcome: red, reason: model.NewValue(text)}
}

// compileError is one error that the compiler prints, or another place that it
// names for one.
type compileError struct {
	file string // absolute
	line int
	text string
}

// printed is how the compiler prints an error, or, indented, another place.
var printed = regexp.MustCompile(`^\t?(.+?\.(?:go|c|h|s|cc|cpp|m)):(\d+)(?::(\d+))?: (.*)$`)

// places finds what printed finds in a text of several lines.
var places = regexp.MustCompile(`(?m)` + printed.String())

// compilerText reports whether an error of go list is what a compiler printed.
func compilerText(text string) bool { return strings.HasPrefix(text, "# ") }

// ownText reports whether a text of the compiler is about a listed package.
func ownText(text string, l listed) bool {
	head, _, _ := strings.Cut(strings.TrimPrefix(text, "# "), "\n")
	head, _, _ = strings.Cut(head, " ")
	path, _, _ := strings.Cut(l.ImportPath, " ")
	return head == path || head == path+"_test"
}

// compileErrors are the errors of the packages of a place.
func (r run) compileErrors(p place) (out []compileError) {
	seen := map[compileError]bool{}
	for _, l := range p.listed {
		for _, e := range l.errors() {
			if !compilerText(e.Err) {
				continue
			}
			_, body, _ := strings.Cut(e.Err, "\n")
			for line := range strings.SplitSeq(body, "\n") {
				c := compileError{text: strings.TrimSpace(line)}
				if m := printed.FindStringSubmatch(line); m != nil {
					c.file, c.text = m[1], m[4]
					c.line, _ = strconv.Atoi(m[2])
					if !filepath.IsAbs(c.file) {
						c.file = filepath.Join(r.dir, filepath.FromSlash(c.file))
					}
				} else if !strings.HasSuffix(c.text, tooMany) {
					continue
				} else {
					c.text = tooMany
				}
				if !seen[c] {
					seen[c] = true
					out = append(out, c)
				}
			}
		}
	}
	return out
}

// position is where a position of go list points to.
func (r run) position(pos string) (file string, line int, ok bool) {
	at := location(r.dir, pos)
	if at == nil {
		return "", 0, false
	}
	return at.File, at.Range.Start.Line + 1, true
}

// same reports whether two paths name one file.
func (r run) same(a, b string) bool {
	return a == b || filepath.Base(a) == filepath.Base(b) && r.real != nil && r.real(filepath.Dir(a)) == r.real(filepath.Dir(b))
}

// alike reports whether the compiler and gopls say the same.
func alike(compiler, gopls string) bool {
	clean := func(text string) string {
		if i := strings.Index(text, " (-lang was set to"); i >= 0 {
			text = text[:i]
		}
		return squeeze(text)
	}
	return clean(compiler) == clean(gopls)
}

// squeeze makes white space alike.
func squeeze(text string) string { return strings.Join(strings.Fields(text), " ") }
