package headless

import (
	"cmp"
	"fmt"
	"go/build/constraint"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/gophantom/gophantom/server/internal/world"
)

// mostFiles is how many Go files GoFiles looks at, mostSeen how many entries of
// directories, and mostOpen how many files it has opened.
const (
	mostFiles = 5000
	mostSeen  = 200_000
	mostOpen  = 500
)

// Build is what a build is for, as far as it decides which files are in it.
type Build struct {
	GOOS, GOARCH string
	Release      int      // the 26 of Go 1.26; 0 if it is not known
	Tags         []string // those of -tags
}

// Found are files below a directory, absolute.
type Found struct {
	Open    []string // the Go files to open
	Modules []string // every go.mod
	Why     string   // one sentence: why no file is to be opened; "" if some may be
}

// GoFiles lists the Go files below a directory that must be open to see all
// problems, absolute: of every module one, because gopls looks at a module that
// no go.work names once a file of it is open, and the files that build
// constraints leave out, because gopls shows problems of files in no package
// only where they are open. Where there is no module, it lists all.
//
// Directories that go leaves out of "./..." and those of other tools do not
// count, nor do files that only another platform builds: gopls would look at
// the whole workspace for that platform as well. Where there are too many files
// none is to be opened, and Why says so in one sentence.
func GoFiles(w *world.World, dir string, b Build) (found Found) {
	const unseen = ", so none was opened: problems of nested modules and of files that are in no package are not seen"
	var files, modules []string
	giveUp := func(format string, most int) Found {
		return Found{Modules: found.Modules, Why: fmt.Sprintf(format, dir, most) + unseen}
	}
	seen := 0
	for queue := []string{dir}; len(queue) > 0; queue = queue[1:] {
		entries, err := w.Files.ReadDir(queue[0])
		if err != nil {
			continue // gopls will not see it either
		}
		if seen += len(entries); seen > mostSeen {
			return giveUp("%s holds more than %d files", mostSeen)
		}
		for _, e := range entries {
			name := e.Name()
			switch path := filepath.Join(queue[0], name); {
			case strings.HasPrefix(name, "."):
			case e.IsDir():
				if name != "vendor" && name != "testdata" && name != "node_modules" && !strings.HasPrefix(name, "_") {
					queue = append(queue, path)
				}
			case name == "go.mod":
				modules, found.Modules = append(modules, queue[0]), append(found.Modules, path)
			case strings.HasSuffix(name, ".go") && e.Type().IsRegular():
				files = append(files, path)
			}
		}
		if len(files) > mostFiles {
			return giveUp("%s has more than %d Go files", mostFiles)
		}
	}
	slices.SortFunc(modules, func(a, b string) int { return cmp.Compare(len(b), len(a)) }) // the innermost first
	alone := len(modules) == 0 && !below(w, dir, "go.mod") && !below(w, dir, "go.work")
	entered := map[string]bool{}
	for _, file := range files { // those of a directory come before those below it
		here, elsewhere := b.has(w, file)
		if elsewhere {
			continue
		}
		module := ""
		if i := slices.IndexFunc(modules, func(m string) bool { return within(m, file) }); i >= 0 {
			module = modules[i]
		}
		if alone || !here || !entered[module] {
			found.Open = append(found.Open, file)
		}
		entered[module] = entered[module] || here
	}
	if len(found.Open) > mostOpen {
		return giveUp("%s has more than %d modules or Go files in no package", mostOpen)
	}
	return found
}

func within(dir, file string) bool {
	return strings.HasPrefix(file, strings.TrimSuffix(dir, string(filepath.Separator))+string(filepath.Separator))
}

// below reports whether a directory, or one above it, has a file of the name.
func below(w *world.World, dir, name string) bool {
	for ; ; dir = filepath.Dir(dir) {
		if _, err := w.Files.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
		if filepath.Dir(dir) == dir {
			return false
		}
	}
}

// Platforms that go knows, as far as they can stand in the names of files and
// in build constraints.
var (
	systems       = words("aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasip1 windows zos")
	architectures = words("386 amd64 amd64p32 arm arm64 arm64be armbe loong64 mips mips64 mips64le mips64p32 mips64p32le mipsle ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm")
	likeUnix      = words("aix android darwin dragonfly freebsd hurd illumos ios linux netbsd openbsd solaris")
)

func words(text string) map[string]bool {
	m := map[string]bool{}
	for word := range strings.FieldsSeq(text) {
		m[word] = true
	}
	return m
}

// has reports whether a build has a file in it; elsewhere is true if only a
// build for another platform has. What decides may not be known: then it has.
func (b Build) has(w *world.World, file string) (here, elsewhere bool) {
	parts := strings.Split(strings.TrimSuffix(strings.TrimSuffix(filepath.Base(file), ".go"), "_test"), "_")[1:]
	for i := len(parts) - 1; i >= 0 && i >= len(parts)-2; i-- {
		if !systems[parts[i]] && (!architectures[parts[i]] || i < len(parts)-1) {
			break
		}
		if on, _ := b.platform(parts[i]); !on {
			return false, true
		}
		if systems[parts[i]] {
			break
		}
	}
	data, err := w.Files.ReadFile(file)
	if err != nil {
		return false, true // gopls cannot read it either
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "package ") {
			break
		}
		if !constraint.IsGoBuild(line) {
			continue
		}
		expr, err := constraint.Parse(line)
		if err != nil {
			break
		}
		somewhere, _ := possible(expr, b.platform)
		here, _ = possible(expr, b.tag)
		return here, !somewhere
	}
	return true, false
}

// platform tells of a tag that stands for a platform whether it is on.
func (b Build) platform(tag string) (on, known bool) {
	if tag == "unix" {
		return likeUnix[b.GOOS], true
	}
	on = tag == b.GOOS || tag == b.GOARCH || b.GOOS == "android" && tag == "linux" || b.GOOS == "illumos" && tag == "solaris" || b.GOOS == "ios" && tag == "darwin"
	return on, systems[tag] || architectures[tag]
}

// tag tells of any tag whether it is on.
func (b Build) tag(tag string) (on, known bool) {
	if on, known = b.platform(tag); known {
		return on, true
	}
	if slices.Contains(b.Tags, tag) || tag == "gc" {
		return true, true
	}
	if minor, release := strings.CutPrefix(tag, "go1."); release {
		n, err := strconv.Atoi(minor)
		return n <= b.Release, err == nil && b.Release > 0
	}
	return false, tag != "cgo" && !strings.HasPrefix(tag, "goexperiment.")
}

// possible tells which values an expression can have if only some tags are
// known.
func possible(expr constraint.Expr, tag func(string) (on, known bool)) (yes, no bool) {
	switch e := expr.(type) {
	case *constraint.NotExpr:
		yes, no = possible(e.X, tag)
		return no, yes
	case *constraint.AndExpr:
		yesX, noX := possible(e.X, tag)
		yesY, noY := possible(e.Y, tag)
		return yesX && yesY, noX || noY
	case *constraint.OrExpr:
		yesX, noX := possible(e.X, tag)
		yesY, noY := possible(e.Y, tag)
		return yesX || yesY, noX && noY
	case *constraint.TagExpr:
		on, known := tag(e.Tag)
		return on || !known, !on || !known
	}
	return true, true
}
