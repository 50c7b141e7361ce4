package engine

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/fix"
	"github.com/gophantom/gophantom/server/internal/world"
)

// TestJournalOfTwoServers: both keep records at once, and none is lost before
// there are too many.
func TestJournalOfTwoServers(t *testing.T) {
	w := world.Real()
	w.Environ = []string{"XDG_CACHE_HOME=" + t.TempDir(), "HOME=" + t.TempDir()}
	folder := t.TempDir()
	start := time.Now()
	record := func(n int) undoRecord {
		edit := &fix.FileEdit{File: filepath.Join(folder, "settings.json"), Want: []byte(fmt.Sprint(n))}
		at := start.Add(time.Duration(n))
		return undoRecord{id: cureID(at), title: fmt.Sprint(n), at: at, steps: []fix.Step{{Kind: fix.StepEditFile, Edit: edit}, {Kind: fix.StepSetEditorEnv, Values: map[string]string{"A": "secret"}}}}
	}
	var wg sync.WaitGroup
	for server := range 2 {
		wg.Go(func() {
			for n := range maxRecords / 2 {
				if _, err := (journal{w}).keep(folder, record(2*n+server)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	records, why := journal{w}.read(folder)
	if len(records) != maxRecords || why != "" {
		t.Fatalf("%d records, %q", len(records), why)
	}
	for i, u := range records {
		if u.title != fmt.Sprint(i) || len(u.saved) != 1 {
			t.Errorf("record %d is %+v", i, u)
		}
	}
	if _, err := (journal{w}).keep(folder, record(100)); err != nil {
		t.Fatal(err)
	}
	records, _ = journal{w}.read(folder)
	if len(records) != maxRecords || records[0].title != "1" || records[maxRecords-1].title != "100" {
		t.Errorf("%d records, from %q on", len(records), records[0].title)
	}
	if others, _ := (journal{w}).read(t.TempDir()); len(others) != 0 {
		t.Errorf("another folder has %+v", others)
	}
}
