package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/world"
)

// TestLoadOfGoplsIsRead finds in the log of the editor what the gopls that runs
// took to load a folder: no older one, no other folder, and no load that took
// longer than gopls has run.
func TestLoadOfGoplsIsRead(t *testing.T) {
	w := world.Real()
	window := filepath.Join(t.TempDir(), "logs", "20260102T030405", "window1", "exthost")
	own := filepath.Join(window, "gophantom.gophantom")
	dir := filepath.Join(t.TempDir(), "app")
	started := time.Now().Add(-time.Hour).Truncate(time.Second)
	load := func(after time.Duration, of, took string) string {
		at := started.Add(after)
		return fmt.Sprintf("%s [info] %s go/packages.Load #1\n\tview_id=\"1\"\n\tsnapshot=0\n\tdirectory=%s\n\tpackages=4\n\tduration=%s\n\n", at.Format("2006-01-02 15:04:05.000"), at.Format("2006/01/02 15:04:05"), of, took)
	}
	file := filepath.Join(window, "golang.go", "gopls (server).log")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	older, other, impossible := load(-time.Minute, dir, "7s"), load(2*time.Second, dir+"-other", "1s"), load(3*time.Second, dir, "40s")
	ours, second := load(5*time.Second, dir, "4.25s"), load(9*time.Second, dir, "300ms")
	for name, tt := range map[string]struct {
		log  string
		want float64
	}{
		"all of them":  {older + other + impossible + ours + second, 4250},
		"a module":     {load(5*time.Second, filepath.Join(dir, "sub"), "500ms"), 500},
		"none of ours": {older + other + impossible, 0},
		"much later":   {load(20*time.Minute, dir, "300ms"), 0},
	} {
		if err := os.WriteFile(file, []byte(tt.log), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, ok := loadIn(t.Context(), w, own, dir, started); got != tt.want || ok != (tt.want > 0) {
			t.Errorf("%s: %v %t, want %v", name, got, ok, tt.want)
		}
	}
}
