package verify

import (
	"path/filepath"
	"regexp"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

// kind is what a problem of gopls speaks of, which decides what go has to be
// asked about it. The message is no evidence of the cause: gopls prints the
// same line for a dozen of them.
type kind int

const (
	opinion   kind = iota // an analyzer's, tidy's or vulncheck's: no build reports it
	importing             // a package that cannot be imported
	typing                // any other error of the type checker
	parsing               // a syntax error in Go code
	listing               // an error that go list has for one package
	orphaned              // an open file that is in no package gopls has loaded
	outside               // a file of a module that gopls has not loaded
	loading               // a module or workspace that cannot be loaded
	whether               // no problem, but the question whether a package builds at all
)

// subject is one problem, taken apart.
type subject struct {
	model.Problem
	kind kind
	dir  string // of the file
	path string // importing: of the package
	text string // the message without what gopls adds to what the type checker says
	port string // GOOS, GOARCH or both, with a comma: the platform that gopls adds to the message; "" for its own

	// Where the file is built, if not in the environments as they are.
	platform map[string]string // GOOS and GOARCH
	tags     string            // build tags, with commas
	alone    bool              // without the other files of its directory
	fresh    bool              // as if it had never been built
	all      bool              // whether go can begin to build what the module of dir has
	past     []model.PastLine  // with these lines as they were
}

// cgo reports whether a problem may come from running cgo, a C compiler or
// pkg-config.
func (q subject) cgo() bool {
	switch q.kind {
	case listing:
		return strings.Contains(q.text, "CompiledGoFiles") || compilerText(q.text)
	case typing:
		return strings.HasPrefix(q.text, missingName+"C.") || strings.HasPrefix(q.text, "could not import C ")
	}
	return false
}

// portSuffix is what gopls adds to a problem of a view of another platform than
// the one it runs on.
var portSuffix = regexp.MustCompile(` \[([a-z0-9]+(?:,[a-z0-9]+)?)\]$`)

// seeDetails is what gopls adds to a problem that stands at two places.
var seeDetails = regexp.MustCompile(` \((?:see details|this error: .*)\)$`)

func subjectOf(p model.Problem) subject {
	q := subject{Problem: p, dir: filepath.Dir(p.File), text: p.Message}
	q.kind = kindOf(p)
	if q.kind == importing || q.kind == typing || q.kind == parsing || q.kind == listing {
		if m := portSuffix.FindStringSubmatch(q.text); m != nil {
			q.port, q.text = m[1], strings.TrimSuffix(q.text, m[0])
		}
		q.text = seeDetails.ReplaceAllString(q.text, "")
	}
	if q.kind == importing {
		q.path, _ = ImportOf(p)
	}
	return q
}

func kindOf(p model.Problem) kind {
	if p.Severity > 2 { // information and hints
		return opinion
	}
	inGo := filepath.Ext(p.File) == ".go"
	switch p.Source {
	case "compiler", "":
		switch _, ok := ImportOf(p); {
		case !inGo:
			return loading
		case ok:
			return importing
		}
		return typing
	case "syntax":
		if inGo {
			return parsing
		}
		return loading
	case "go.work file":
		return loading
	case "go list":
		switch m := p.Message; {
		case strings.HasPrefix(m, "No packages found for open file "), strings.HasPrefix(m, "No active builds contain "):
			return orphaned
		case strings.HasPrefix(m, "This file is within module "):
			return outside
		case inGo && !strings.HasPrefix(m, "initialization failed"):
			return listing
		}
		return loading
	}
	return opinion
}

// ImportOf returns the package path that a problem says could not be
// imported; ok is false for other problems.
func ImportOf(p model.Problem) (path string, ok bool) {
	if p.Source != "" && p.Source != "compiler" || filepath.Ext(p.File) != ".go" {
		return "", false
	}
	rest, ok := strings.CutPrefix(p.Message, "could not import ")
	if !ok {
		rest, ok = strings.CutPrefix(p.Message, "error while importing ")
		rest = strings.Replace(rest, ":", " ", 1)
	}
	path, _, _ = strings.Cut(rest, " ")
	if path == "C" { // cgo's; no import in the sense of go list
		return "", false
	}
	return path, ok && path != ""
}

// Opinion reports whether a problem is only an analyzer's or tidy's, which no
// build would report.
func Opinion(p model.Problem) bool { return kindOf(p) == opinion }

// ofPort returns the variables that make go build for the platform that gopls
// named in a problem. That differs from the one gopls itself runs on, which is
// the one of this machine.
func ofPort(port string) map[string]string {
	out := map[string]string{}
	for name := range strings.SplitSeq(port, ",") {
		if knownOS[name] {
			out["GOOS"] = name
		} else {
			out["GOARCH"] = name
		}
	}
	return out
}

// knownOS and knownArch are what names of files and build constraints may say.
// Source: internal/syslist of Go 1.26.
var (
	knownOS = set(`aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9
		solaris wasip1 windows zos`)
	knownArch = set(`386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32
		mips64p32le ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm`)
)

func set(names string) map[string]bool {
	out := map[string]bool{}
	for name := range strings.FieldsSeq(names) {
		out[name] = true
	}
	return out
}
