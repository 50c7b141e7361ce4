package engine

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/headless"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// TestLoadOfGoplsLive lets a real gopls load a folder and write its log, as the Go
// extension keeps it: what it took is known, and no longer than gopls ran. Of another
// folder, and of a gopls that was started later, it says nothing.
func TestLoadOfGoplsLive(t *testing.T) {
	gopls := worldtest.Gopls(t, "")
	lab := worldtest.NewLab(t)
	w := world.Real()
	r, err := headless.Run(t.Context(), w, headless.Options{Program: gopls, Env: lab.With("GOPROXY=file://" + lab.Proxy), Dir: lab.Dir, Quiet: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ran := time.Since(r.Started)
	window := filepath.Join(t.TempDir(), "logs", time.Now().Format("20060102T150405"), "window1", "exthost")
	lab.Write(filepath.Join(window, "golang.go", "gopls (server).log"), r.Log)
	load := func(dir string, started time.Time) (float64, bool) {
		return loadIn(t.Context(), w, filepath.Join(window, "gophantom.gophantom"), dir, started)
	}
	if millis, ok := load(lab.Dir, r.Started); !ok || millis <= 0 || millis > float64(ran.Milliseconds()) {
		t.Errorf("it took %.1f ms, known: %t; it ran for %s:\n%s", millis, ok, ran, r.Log)
	}
	if millis, ok := load(lab.Home, r.Started); ok {
		t.Errorf("of another folder: %.1f ms", millis)
	}
	if millis, ok := load(lab.Dir, r.Started.Add(time.Hour)); ok {
		t.Errorf("of a gopls that was started later: %.1f ms", millis)
	}
}
