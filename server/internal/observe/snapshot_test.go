package observe

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// restless is a file system in which a GOENV file changes with every look.
type restless struct {
	world.Files
	looks int
}

func (f *restless) ReadFile(name string) ([]byte, error) {
	if !strings.HasSuffix(filepath.ToSlash(name), "/go/env") {
		return f.Files.ReadFile(name)
	}
	f.looks++
	return fmt.Appendf(nil, "GOPROXY=https://proxy%d.example\n", f.looks), nil
}

// TestOneSnapshotSeesOneFile checks that two environments agree on a file that
// is being written while the snapshot is taken.
func TestOneSnapshotSeesOneFile(t *testing.T) {
	w := world.Real()
	w.Files = &restless{Files: w.Files}
	home := t.TempDir()
	vars := map[string]string{"HOME": home, "APPDATA": home, "PATH": "/nowhere"}
	take := func() (gopls, shell model.Value) {
		s := Take(t.Context(), w, Input{Number: 1, Dir: vars["HOME"], Captured: map[model.EnvName]map[string]string{
			model.EnvGopls: vars, model.EnvShell: vars,
		}})
		a, _ := s.Env(model.EnvGopls)
		b, _ := s.Env(model.EnvShell)
		return a.Lookup("GOPROXY").Value, b.Lookup("GOPROXY").Value
	}
	gopls, shell := take()
	if gopls != shell || gopls.Empty() {
		t.Errorf("gopls sees %s, the shell %s", gopls.Reveal(), shell.Reveal())
	}
	if later, _ := take(); later == gopls {
		t.Errorf("the next snapshot still sees %s", later.Reveal())
	}
}
