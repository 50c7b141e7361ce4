package engine

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// keptFile is a file as it was; nil means that there was none.
type keptFile struct {
	name string
	data []byte
}

// keepModuleFiles notes what go.mod, go.sum, go.work and go.work.sum hold, of
// the main modules in reach of a snapshot and of those below its folder. The go
// commands of gopls write them: go.work.sum in a workspace, the others with
// GOFLAGS=-mod=mod.
func keepModuleFiles(w *world.World, s *model.Snapshot, below []string) []keptFile {
	var names []string
	for _, m := range s.Modules {
		names = append(names, m.File)
	}
	names = append(names, below...)
	for _, mod := range slices.Clone(names) {
		names = append(names, filepath.Join(filepath.Dir(mod), "go.sum"))
	}
	if s.Work != nil {
		names = append(names, s.Work.File, s.Work.File+".sum")
	}
	slices.Sort(names)
	var kept []keptFile
	for _, name := range slices.Compact(names) {
		data, err := w.Files.ReadFile(name)
		switch {
		case err == nil:
			kept = append(kept, keptFile{name, slices.Clip(append([]byte{}, data...))})
		case errors.Is(err, fs.ErrNotExist):
			kept = append(kept, keptFile{name, nil})
		}
	}
	return kept
}

// restore gives every file that changed its content back, and says which
// that were, or could not be.
func restore(w *world.World, kept []keptFile) (notes []string) {
	var back []string
	for _, k := range kept {
		now, err := w.Files.ReadFile(k.name)
		switch {
		case err != nil && !(errors.Is(err, fs.ErrNotExist) && k.data != nil):
			continue
		case err == nil && k.data != nil && bytes.Equal(now, k.data):
			continue
		case err == nil && k.data == nil:
			err = w.Files.RemoveFile(k.name, now)
		case err == nil:
			err = w.Files.ReplaceFile(k.name, now, k.data)
		default:
			err = w.Files.ReplaceFile(k.name, nil, k.data)
		}
		if err != nil {
			notes = append(notes, fmt.Sprintf("gopls made go change %s, and it could not be changed back: %v.", k.name, err))
			continue
		}
		back = append(back, k.name)
	}
	if len(back) > 0 {
		notes = append(notes, "gopls made go change "+strings.Join(back, ", ")+", as it would in the editor; that was undone.")
	}
	return notes
}
