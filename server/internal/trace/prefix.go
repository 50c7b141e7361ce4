package trace

import (
	"regexp"
	"strings"
)

// kind is what stood before a message, as far as it tells messages apart.
type kind int

const (
	afterGo       kind = iota + 1 // "go: ", the go command itself
	afterGoMod                    // a position in a go.mod
	afterGoWork                   // a position in a go.work
	afterReplaced                 // a module that is replaced
	afterTool                     // a program of the toolchain, such as "compile: "
	afterGit                      // "fatal: ", git itself
	afterAccount                  // "user@host: ", ssh itself
	afterModule                   // a module with its version
	afterOther
)

// words are the things that stand before a message and say nothing more.
var words = map[string]kind{
	"go": afterGo, "go.exe": afterGo, "fatal": afterGit, "remote": afterOther,
	"compile": afterTool, "link": afterTool, "asm": afterTool, "cgo": afterTool, "vet": afterTool,
	"gopls": afterOther, "err": afterOther, "stderr": afterOther, "error": afterOther, "Error": afterOther, "ERROR": afterOther,
	"warning": afterOther, "tidy": afterOther, "packages.Load error": afterOther, "initialization failed": afterOther,
	"initial workspace load failed": afterOther, "errors loading workspace": afterOther, "Error loading workspace": afterOther,
	"invalid version": afterOther, "verifying module": afterOther, "verifying go.mod": afterOther, "error while importing": afterOther,
}

// word is one of words.
type word struct {
	text string
	kind kind
}

// form is a thing with parts that differ.
type form struct {
	has   string // in all that have the form
	pairs []pair // of has
	expr  *matcher
	kind  kind
}

// word is the first of all that have the form; "" if that differs.
func (f *form) word() string {
	if before, _, ok := strings.Cut(f.has, " "); ok && strings.HasPrefix(f.expr.text, "^"+regexp.QuoteMeta(f.has)) {
		return before
	}
	return ""
}

func allForms() []*form {
	of := func(has, expr string, k kind) *form { return &form{has, pairsOf(has), newMatcher(expr), k} }
	return []*form{
		of("go ", `^go (list|build|get|install|run|test|vet|generate|env|fmt|tool|version|work|mod)( (tidy|download|vendor|verify|graph|why|init|edit|sync|use))?$`, afterGo),
		of(".mod:", `^(?P<file>[^"\t]*\b[\w.-]+\.mod):(?P<line>\d+)(:\d+)?$`, afterGoMod),
		of(".work:", `^(?P<file>[^"\t]*\b[\w.-]+\.work):(?P<line>\d+)(:\d+)?$`, afterGoWork),
		of(":", `^(?P<file>[^"\t]*\.(go|s|c|h)):(?P<line>\d+):\d+$`, afterOther),
		of(" (replaced by ", `^(?P<module>[^\s:@"'()]+)@(?P<version>v[^\s:@"'()/]+) \(replaced by (?P<replacement>[^)]*)\)$`, afterReplaced),
		of("@", `^(?P<module>[^\s:@"'()]+\.[^\s:@"'()]+)@(?P<version>[^\s:@"'()/]+)(/go\.mod)?$`, afterModule),
		of("@v", `^(verifying |loading module retractions for )?(?P<module>[^\s:@"'()]+)@(?P<version>v\d[^\s:@"'()/]*)(/go\.mod)?$`, afterModule),
		of(" v", `^(?P<module>[^\s:@"'()]+\.[^\s:@"'()]+) (?P<version>v\d[^\s:@"'()/]*)$`, afterModule),
		of("", `^((package|imports|module|finding module for package|loading deprecation for) )?(?P<package>[\w~!+-]+(\.[\w~!+-]+)+(/[\w.~!+-]+)*|[\w~!+-]+(/[\w.~!+-]+)+)$`, afterOther),
		of(" ", `^(package|imports) (?P<package>\w+)$`, afterOther),
		of("@", `^[\w.-]+@[\w.-]+$`, afterAccount),
		of("exit status ", `^exit status \d+$`, afterOther),
		of("go/packages.Load #", `^go/packages\.Load #\d+$`, afterOther),
		of(" file://", `^(diagnosing|failed to load view for) file://\S+$`, afterOther),
	}
}

// maxForm is the longest part that is looked at: paths are at most this long.
const maxForm = 8 << 10

// consume takes one thing that stands before a message, or says that it is
// none; known is what begins with its first word. What it tells goes to the
// arguments.
func (s *search) consume(part string, known *entry) bool {
	for _, w := range known.words {
		if w.text == part {
			s.last = w.kind
			return true
		}
	}
	if len(part) > maxForm {
		return false
	}
	// "git ls-remote -q … in /dir: exit status 128:" and the like.
	if strings.HasPrefix(part, "git ls-remote ") || strings.HasPrefix(part, "git fetch ") {
		s.last = afterOther
		return true
	}
	return s.consumeForm(part, known.forms) || s.consumeForm(part, s.index.open.forms)
}

// consumeForm consumes a part that has one of some forms.
func (s *search) consumeForm(part string, forms []*form) bool {
	for _, f := range forms {
		if !s.pairs.all(f.pairs) || !strings.Contains(part, f.has) {
			continue
		}
		marks := f.expr.find(part, s.marks[:])
		if marks == nil {
			continue
		}
		s.last = f.kind
		for i, name := range f.expr.names {
			if name != "" {
				s.args.set(name, part[marks[2*i]:marks[2*i+1]])
			}
		}
		return true
	}
	return false
}
