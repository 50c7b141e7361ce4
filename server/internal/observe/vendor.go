package observe

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// vendor reads the vendor directory of a directory as the go command does
// (modload.readVendorList); nil if there is none.
func vendor(w *world.World, dir string) *model.Vendor {
	dir = filepath.Join(dir, "vendor")
	if info, err := w.Files.Stat(dir); err != nil || !info.IsDir() {
		return nil
	}
	v := &model.Vendor{File: filepath.Join(dir, "modules.txt")}
	data, err := w.Files.ReadFile(v.File)
	if errors.Is(err, fs.ErrNotExist) {
		return v
	}
	v.Exists = true
	if err != nil {
		v.Why = reason(err)
		return v
	}
	index := map[module.Version]int{} // of v.Modules
	at := -1                          // the module that lines speak of
	number := 0
	for line := range strings.SplitSeq(string(data), "\n") {
		number++
		if number == 1 {
			v.Workspace = annotated(line, "workspace")
		}
		if strings.HasPrefix(line, "# ") {
			fields := strings.Fields(line)
			if len(fields) < 3 {
				continue
			}
			mod := module.Version{Path: fields[1]}
			switch {
			case semver.IsValid(fields[2]):
				mod.Version, fields = fields[2], fields[3:]
			case fields[2] == "=>":
				fields = fields[2:]
			default:
				at = -1
				continue
			}
			var there bool
			if at, there = index[mod]; !there {
				at = len(v.Modules)
				index[mod] = at
				v.Modules = append(v.Modules, model.VendoredModule{Path: mod.Path, Version: mod.Version, Line: number})
			}
			if len(fields) == 2 && fields[0] == "=>" {
				v.Modules[at].NewPath, v.Modules[at].NewVersion = fields[1], ""
			} else if len(fields) == 3 && fields[0] == "=>" && semver.IsValid(fields[2]) {
				v.Modules[at].NewPath, v.Modules[at].NewVersion = fields[1], fields[2]
			}
			continue
		}
		switch fields := strings.Fields(line); {
		case at < 0:
		case strings.HasPrefix(line, "## "):
			v.Modules[at].Explicit = v.Modules[at].Explicit || annotated(line, "explicit")
		case len(fields) == 1 && module.CheckImportPath(fields[0]) == nil:
			v.Modules[at].Packages = true
			if _, err := w.Files.Stat(filepath.Join(dir, filepath.FromSlash(fields[0]))); errors.Is(err, fs.ErrNotExist) {
				v.Modules[at].Missing++
			}
		}
	}
	return v
}

// annotated reports whether a line of modules.txt carries a mark.
func annotated(line, mark string) bool {
	marks, ok := strings.CutPrefix(line, "## ")
	for entry := range strings.SplitSeq(marks, ";") {
		if ok && strings.TrimSpace(entry) == mark {
			return true
		}
	}
	return false
}
