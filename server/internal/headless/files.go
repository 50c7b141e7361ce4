package headless

import (
	"cmp"
	"fmt"
	"go/build/constraint"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/world"
)

// mostFiles is how many files GoFiles lists at most, and mostSeen how many
// entries of directories it looks at.
const (
	mostFiles = 2000
	mostSeen  = 200_000
)

// Found are the Go files below a directory.
type Found struct {
	// Entries holds one file of every module: gopls looks at a module that no
	// go.work names once a file of it is open.
	Entries []string
	// Others are the rest, without those that only another platform builds:
	// gopls would look at the whole workspace for that platform as well.
	Others []string
	Why    string // one sentence: why nothing was listed; "" if it was
}

// GoFiles lists the Go files below a directory that gopls would have something
// to say about, absolute: without directories that go leaves out of "./..." and
// those of other tools. goos and goarch are what is built for. Where there are
// too many files it lists none.
func GoFiles(w *world.World, dir, goos, goarch string) (found Found) {
	var files, modules []string
	seen := 0
	for queue := []string{dir}; len(queue) > 0; queue = queue[1:] {
		entries, err := w.Files.ReadDir(queue[0])
		if err != nil {
			continue // gopls will not see it either
		}
		if seen += len(entries); seen > mostSeen {
			return Found{Why: fmt.Sprintf("%s holds more than %d files, so none was opened: problems of nested modules and of files that are in no package are not seen", dir, mostSeen)}
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
				modules = append(modules, queue[0])
			case strings.HasSuffix(name, ".go") && e.Type().IsRegular():
				files = append(files, path)
			}
		}
		if len(files) > mostFiles {
			return Found{Why: fmt.Sprintf("%s has more than %d Go files, so none was opened: problems of nested modules and of files that are in no package are not seen", dir, mostFiles)}
		}
	}
	slices.SortFunc(modules, func(a, b string) int { return cmp.Compare(len(b), len(a)) }) // the innermost first
	entered := map[string]bool{}
	for _, file := range files { // those of a directory come before those below it
		if !built(w, file, goos, goarch) {
			continue
		}
		i := slices.IndexFunc(modules, func(m string) bool {
			return strings.HasPrefix(file, strings.TrimSuffix(m, string(filepath.Separator))+string(filepath.Separator))
		})
		if i >= 0 && !entered[modules[i]] {
			entered[modules[i]] = true
			found.Entries = append(found.Entries, file)
		} else {
			found.Others = append(found.Others, file)
		}
	}
	return found
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

// built reports whether some build for a platform has a file in it, whatever
// else its constraints ask for.
func built(w *world.World, file, goos, goarch string) bool {
	matches := func(tag string) bool {
		return tag == goos || tag == goarch || goos == "android" && tag == "linux" || goos == "illumos" && tag == "solaris" || goos == "ios" && tag == "darwin"
	}
	name := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(file), ".go"), "_test")
	parts := strings.Split(name, "_")[1:]
	if n := len(parts); n > 0 && (systems[parts[n-1]] || architectures[parts[n-1]]) {
		if !matches(parts[n-1]) || n > 1 && architectures[parts[n-1]] && systems[parts[n-2]] && !matches(parts[n-2]) {
			return false
		}
	}
	data, err := w.Files.ReadFile(file)
	if err != nil {
		return false
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
		yes, _ := possible(expr, func(tag string) (on, known bool) {
			if tag == "unix" {
				return likeUnix[goos], true
			}
			return matches(tag), systems[tag] || architectures[tag]
		})
		return yes
	}
	return true
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
