package engine_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// TestMoments has a GOENV file that was written, one that does not exist, and a
// gopls that was started.
func TestMoments(t *testing.T) {
	l := worldtest.NewLab(t)
	file := filepath.Join(l.Home, "goenv")
	before := time.Now().Add(-time.Minute)
	l.Write(file, "GOFLAGS=\n")
	s := &model.Snapshot{
		Dir: l.Home, Gopls: []model.GoplsProcess{{PID: 1, Version: "v0.23.0", Started: before.Add(time.Second)}, {PID: 2, Started: before.Add(-time.Hour)}},
		Envs: []model.Env{{Name: model.EnvShell, Layers: []model.Layer{{Kind: model.LayerGOENV, File: file}, {Kind: model.LayerGoroot, File: file + ".none"}}}},
	}
	events := engine.Moments(world.Real(), s, before)
	var got []string
	for _, e := range events {
		got = append(got, string(e.Kind)+" "+strings.TrimPrefix(e.Text.Reveal(), l.Home))
	}
	if want := []string{"start gopls v0.23.0 started", "changed " + string(filepath.Separator) + "goenv was written"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
