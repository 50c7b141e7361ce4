package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/fix"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world"
)

var shellsGOPROXY = engine.FixRequest{Fix: fix.UseShellValue, Args: map[string]string{"variable": "GOPROXY"}}

// edited is an editor after a cure that wrote .vscode/settings.json, whose
// server was then restarted.
func edited(t *testing.T, prepare ...func(*editor)) (user *asked, result engine.CureResult, settings string) {
	e := drifted(t, prepare...)
	e.await("the phantom", phantom)
	user = &asked{editor: e, agree: true}
	result = e.loop.Fix(t.Context(), user, shellsGOPROXY)
	settings = filepath.Join(e.Dir, ".vscode", "settings.json")
	if _, err := os.Stat(settings); err != nil {
		t.Fatalf("%+v: %v", result, err)
	}
	e.restartServer()
	return user, result, settings
}

// restartServer goes on with a new loop, as after a crash of the old one.
func (e *editor) restartServer() {
	e.loop = engine.NewLoop(e.w, func(u engine.Update) { e.updates <- u })
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { e.loop.Run(ctx) })
	e.t.Cleanup(func() { cancel(); wg.Wait() })
	for len(e.updates) > 0 {
		<-e.updates
	}
	e.tell()
}

// records are the files of the journal.
func (e *editor) records() (files []string) {
	_ = filepath.WalkDir(filepath.Join(e.w.CacheDir(), "gophantom", "undo"), func(name string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, name)
		}
		return nil
	})
	return files
}

func TestUndoSurvivesARestart(t *testing.T) {
	user, r, settings := edited(t)
	if !r.Undoable {
		t.Errorf("%+v", r)
	}
	files := user.records()
	if len(files) != 1 {
		t.Fatalf("the journal has %q", files)
	}
	if info, err := os.Stat(files[0]); runtime.GOOS != "windows" && (err != nil || info.Mode().Perm() != 0o600) {
		t.Errorf("%s: %v, %v", files[0], info.Mode(), err)
	}
	user.await("that it can be undone", func(u engine.Update) bool { return u.Undoable })
	if r := user.loop.Undo(t.Context(), user, ""); r.Outcome != "undone" || r.Undoable {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat(filepath.Dir(settings)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", filepath.Dir(settings), err)
	}
	if files := user.records(); len(files) != 0 {
		t.Errorf("the journal still has %q", files)
	}
	if r := user.loop.Undo(t.Context(), user, ""); r.Outcome != "nothing" {
		t.Errorf("a second undo: %+v", r)
	}
}

func TestUndoAfterARestartKeepsWhatWasChangedSince(t *testing.T) {
	user, _, settings := edited(t)
	const mine = "{\n\t\"mine\": true\n}\n"
	user.Write(settings, mine)
	if r := user.loop.Undo(t.Context(), user, ""); r.Outcome != "not-cured" || !strings.Contains(r.Message, "changed since") || r.Undoable {
		t.Errorf("%+v", r)
	}
	if data, err := os.ReadFile(settings); err != nil || string(data) != mine {
		t.Errorf("%q, %v", data, err)
	}
}

func TestUndoKeepsOtherFilesOfTheFolderItMade(t *testing.T) {
	user, _, settings := edited(t)
	launch := filepath.Join(filepath.Dir(settings), "launch.json")
	user.Write(launch, "{}")
	if r := user.loop.Undo(t.Context(), user, ""); r.Outcome != "undone" {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat(launch); err != nil {
		t.Error(err)
	}
}

func TestDamagedJournal(t *testing.T) {
	user, _, _ := edited(t)
	record := user.records()[0]
	for name, tt := range map[string]struct{ text, say string }{
		"empty":            {"", "damaged"},
		"half written":     {`{"version":1,"fol`, "damaged"},
		"no steps":         {`{"version":1,"folder":"` + user.Dir + `"}`, "damaged"},
		"of another":       {`{"version":1,"folder":"/elsewhere","steps":[{"kind":"edit-file","file":"/x"}]}`, "damaged"},
		"a later version":  {`{"version":2,"steps":"another form"}`, "later version"},
		"wrong everywhere": {`[[["x"]]]`, "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			user.Write(record, tt.text)
			if r := user.loop.Undo(t.Context(), user, ""); r.Outcome != "nothing" || !strings.Contains(r.Message, tt.say) || !strings.Contains(r.Message, record) {
				t.Errorf("%+v", r)
			}
			if data, err := os.ReadFile(record); err != nil || string(data) != tt.text {
				t.Errorf("the record was touched: %q, %v", data, err)
			}
		})
	}
}

func TestJournalThatCannotBeWritten(t *testing.T) {
	user, r, _ := edited(t, func(e *editor) {
		blocked := filepath.Join(e.Home, "no-directory")
		e.Write(blocked, "")
		e.w.Environ = append([]string{"XDG_CACHE_HOME=" + blocked}, e.w.Environ...)
	})
	if !r.Undoable || !strings.Contains(r.Message, "undo record could not be kept") {
		t.Errorf("%+v", r)
	}
	if r := user.loop.Undo(t.Context(), user, ""); r.Outcome != "nothing" {
		t.Errorf("after the restart: %+v", r)
	}
}

// readOnly is a disk on which no private file can be made.
type readOnly struct{ world.Files }

func (readOnly) CreatePrivate(name string, _ []byte) error {
	return &os.PathError{Op: "create", Path: name, Err: errors.New("read-only file system")}
}

func TestUndoOnAReadOnlyDisk(t *testing.T) {
	e := drifted(t, func(e *editor) { e.w.Files = readOnly{e.w.Files} })
	e.await("the phantom", phantom)
	user := &asked{editor: e, agree: true}
	r := e.loop.Fix(t.Context(), user, shellsGOPROXY)
	if !r.Undoable || !strings.Contains(r.Message, "read-only file system") {
		t.Errorf("%+v", r)
	}
	if r := e.loop.Undo(t.Context(), user, ""); r.Outcome != "undone" || r.Undoable {
		t.Errorf("%+v", r)
	}
}

// TestSecretsOfTheSessionAreNotKept looks at what the journal has after a cure
// that only changed the environment.
func TestSecretsOfTheSessionAreNotKept(t *testing.T) {
	e := drifted(t)
	e.await("the phantom", phantom)
	if r := e.loop.Cure(t.Context(), e); r.Outcome != "cured" || !r.Undoable {
		t.Fatalf("%+v", r)
	}
	if files := e.records(); len(files) != 0 {
		t.Errorf("the journal has %q", files)
	}
}

// TestHistoryOfACure follows one cure through reports: carried out, kept over a
// restart, in the way of nobody when its file was changed, and undone by its id.
func TestHistoryOfACure(t *testing.T) {
	user, _, settings := edited(t)
	u := user.await("the cure of before", func(u engine.Update) bool { return len(u.Report.Cures) == 1 })
	cure := u.Report.Cures[0]
	last := u.Report.History[len(u.Report.History)-1]
	if !cure.Undoable || cure.Why != "" || !strings.Contains(cure.Title, "GOPROXY") {
		t.Errorf("%+v", cure)
	}
	at := slices.IndexFunc(u.Report.History, func(e report.HistoryEvent) bool { return e.Cure == cure.ID })
	if at < 0 || u.Report.History[at].Kind != "cure-failed" || u.Report.History[at].Subject != cure.Title { // this editor reads no settings
		t.Errorf("%+v, the last %+v", u.Report.History, last)
	}

	before, err := os.ReadFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	user.Write(settings, "{}\n")
	if r := user.loop.Undo(t.Context(), user, cure.ID); r.Outcome != "refused" || !strings.Contains(r.Message, "was changed since") || !r.Undoable {
		t.Errorf("%+v", r)
	}
	user.Write(settings, string(before))
	if r := user.loop.Undo(t.Context(), user, "another"); r.Outcome != "refused" {
		t.Errorf("%+v", r)
	}
	if r := user.loop.Undo(t.Context(), user, cure.ID); r.Outcome != "undone" || r.Undoable {
		t.Errorf("%+v", r)
	}
	u = user.await("that it was undone", func(u engine.Update) bool {
		return len(u.Report.Cures) == 1 && !u.Report.Cures[0].Undoable && u.Report.Cures[0].Why == "It was undone."
	})
	if !slices.ContainsFunc(u.Report.History, func(e report.HistoryEvent) bool { return e.Kind == "undone" && e.Cure == cure.ID }) {
		t.Errorf("%+v", u.Report.History)
	}
}
