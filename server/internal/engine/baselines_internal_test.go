package engine

import (
	"os"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// counted counts what is read.
type counted struct {
	world.Files
	reads int
}

func (c *counted) ReadFile(name string) ([]byte, error) {
	c.reads++
	return c.Files.ReadFile(name)
}

// TestBaselineIsReadOnce reads a baseline again when the file is another one,
// whoever wrote it, and not before; what is added to a copy stays in the copy.
func TestBaselineIsReadOnce(t *testing.T) {
	w := world.Real()
	w.GOOS = "linux" // its cache directory is that of the test everywhere
	w.Environ = append([]string{"XDG_CACHE_HOME=" + t.TempDir()}, w.Environ...)
	files := &counted{Files: w.Files}
	w.Files = files
	s := &model.Snapshot{Dir: t.TempDir(), Taken: time.Now(), Gopls: []model.GoplsProcess{{PID: 1, Version: "v0.23.0"}}}
	b := baselines{w, &readBaselines{}}
	reads := func() (n, samples int) {
		t.Helper()
		before := files.reads
		known, _, err := b.of(s.Dir)
		if err != nil {
			t.Fatal(err)
		}
		return files.reads - before, len(known.Costs[model.CostGoList].Samples)
	}
	if err := SaveBaseline(w, s); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{1, 0, 0} {
		if n, samples := reads(); n != want || samples != 0 {
			t.Errorf("look %d reads %d files, and knows %d costs", i, n, samples)
		}
	}
	if err := b.note(s, map[string]float64{model.CostGoList: 7}); err != nil {
		t.Fatal(err)
	}
	if _, samples := reads(); samples != 1 {
		t.Errorf("%d samples after one was kept", samples)
	}
	known, raw, err := b.of(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	addCosts(&known, s.Taken, map[string]float64{model.CostGoList: 8})
	if _, samples := reads(); samples != 1 {
		t.Errorf("what was added to a copy is in the original: %d samples", samples)
	}
	other := baselines{w: w}
	if err := other.write(s.Dir, raw, known); err != nil {
		t.Fatal(err)
	}
	if n, samples := reads(); n != 1 || samples != 2 {
		t.Errorf("after another process wrote, %d files are read, and %d samples known", n, samples)
	}
	file, err := b.file(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.of(s.Dir); err != errNoBaseline {
		t.Errorf("without the file: %v", err)
	}
}
