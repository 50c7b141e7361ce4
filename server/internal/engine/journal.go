package engine

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gophantom/gophantom/server/internal/fix"
	"github.com/gophantom/gophantom/server/internal/world"
)

// undoRecord is what takes one cure back.
type undoRecord struct {
	id    string // of the cure
	title string
	at    time.Time
	// contextID is that of the cause that was cured; "" in a record of an earlier
	// version.
	contextID string
	steps     []fix.Step // nil for one that was read from the journal
	// file is the record of it in the journal; "" if there is none.
	file  string
	saved []savedStep // of one that was read from the journal
}

// journal keeps undo records of edits of files for when we or the editor were
// restarted, below the user's cache directory: a directory for each workspace
// folder, a private file for each record, so that two servers never write the
// same. What was changed in the environment of the editor is not kept: it is
// gone after a restart, and its values may be secret. Of the files that were
// edited it keeps the replaced text alone.
type journal struct{ w *world.World }

const (
	// journalVersion is the form of the records. One of a later form is left
	// alone.
	journalVersion = 1
	// maxRecords is how many records a folder keeps, and maxRecord how long each
	// may be, in bytes.
	maxRecords = 20
	maxRecord  = 1 << 20
)

// savedRecord is a record as it is written.
type savedRecord struct {
	Version int         `json:"version"`
	Folder  string      `json:"folder"`
	Title   string      `json:"title"`
	At      time.Time   `json:"at"`
	Steps   []savedStep `json:"steps"`

	ContextID string `json:"contextId,omitzero"` // of the cause that was cured
}

// savedStep is an edit of a file, or a restart of gopls.
type savedStep struct {
	Kind   fix.StepKind   `json:"kind"`
	File   string         `json:"file,omitzero"`
	Hash   string         `json:"hash,omitzero"` // of the content that the edits are for
	Edits  []fix.TextEdit `json:"edits,omitzero"`
	Delete bool           `json:"delete,omitzero"`
	OnDisk bool           `json:"onDisk,omitzero"`
	Dir    string         `json:"dir,omitzero"`
}

// of is the directory of a workspace folder's records; "" if there is no place
// for them.
func (j journal) of(folder string) string {
	cache := j.w.CacheDir()
	if cache == "" || folder == "" {
		return ""
	}
	return filepath.Join(cache, "gophantom", "undo", cacheName(filepath.Clean(folder)))
}

// cacheName is what a workspace is called below the user's cache directory.
func cacheName(workspace string) string {
	sum := sha256.Sum256([]byte(workspace))
	return hex.EncodeToString(sum[:8])
}

// keep writes a record, unless it edits no file, and returns its file. Old
// records make place for it.
func (j journal) keep(folder string, u undoRecord) (file string, err error) {
	r := savedRecord{Version: journalVersion, Folder: folder, Title: u.title, At: u.at, ContextID: u.contextID}
	edits := false
	for _, step := range u.steps {
		switch step.Kind {
		case fix.StepEditFile:
			e := step.Edit
			edits = true
			r.Steps = append(r.Steps, savedStep{Kind: step.Kind, File: e.File, Hash: hashOf(e.Want), Edits: e.Edits, Delete: e.Delete, OnDisk: e.OnDisk, Dir: e.Dir})
		case fix.StepRestartGopls:
			r.Steps = append(r.Steps, savedStep{Kind: step.Kind})
		}
	}
	if !edits {
		return "", nil
	}
	dir := j.of(folder)
	if dir == "" {
		return "", errors.New("there is no cache directory to keep it in (HOME is not set)")
	}
	data, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	if len(data) > maxRecord {
		return "", errors.New("it is too long")
	}
	file = filepath.Join(dir, u.id+".json")
	if err := j.w.Files.CreatePrivate(file, data); err != nil {
		return "", err
	}
	if files, _ := j.files(dir); len(files) > maxRecords {
		for _, old := range files[:len(files)-maxRecords] {
			j.drop(old)
		}
	}
	return file, nil
}

// files lists the records in a directory, the oldest first.
func (j journal) files(dir string) ([]string, error) {
	entries, err := j.w.Files.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if name := e.Name(); e.Type().IsRegular() && name[0] != '.' && strings.HasSuffix(name, ".json") {
			out = append(out, filepath.Join(dir, name))
		}
	}
	slices.Sort(out)
	return out, nil
}

// drop removes a record.
func (j journal) drop(file string) {
	if data, err := j.w.Files.ReadFile(file); err == nil {
		_ = j.w.Files.RemoveFile(file, data)
	}
}

// read returns the records of a folder, the oldest first, and says in a
// sentence what of them cannot be read; "" if there is nothing to say.
func (j journal) read(folder string) (records []undoRecord, why string) {
	dir := j.of(folder)
	if dir == "" {
		return nil, ""
	}
	files, err := j.files(dir)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			why = fmt.Sprintf("What could be undone from before cannot be read: %v.", err)
		}
		return nil, why
	}
	for _, file := range files[max(0, len(files)-maxRecords):] {
		var r savedRecord
		data, err := j.w.Files.ReadFile(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue // another server has just undone it
		case err == nil && len(data) > maxRecord:
			err = world.ErrTooLarge
		case err == nil:
			var form struct{ Version int }
			if err = json.Unmarshal(data, &form); err == nil && form.Version <= journalVersion {
				err = json.Unmarshal(data, &r)
			}
			r.Version = form.Version
		}
		switch {
		case err != nil:
			why = fmt.Sprintf("The undo record %s is damaged, so that cure cannot be undone here.", file)
		case r.Version > journalVersion:
			why = fmt.Sprintf("The undo record %s is of a later version of Go Phantom, which can undo that cure.", file)
		case r.Version < 1 || filepath.Clean(r.Folder) != filepath.Clean(folder) || !slices.ContainsFunc(r.Steps, func(s savedStep) bool { return s.Kind == fix.StepEditFile && filepath.IsAbs(s.File) }):
			why = fmt.Sprintf("The undo record %s is damaged, so that cure cannot be undone here.", file)
		default:
			records = append(records, undoRecord{id: show(strings.TrimSuffix(filepath.Base(file), ".json")), title: show(r.Title), at: r.At, contextID: show(r.ContextID), file: file, saved: r.Steps})
		}
	}
	return records, why
}

// undoSteps are the steps of a record. It fails with world.ErrChanged when a
// file is not as the cure left it.
func (j journal) undoSteps(u undoRecord) ([]fix.Step, error) {
	if u.saved == nil {
		return u.steps, nil
	}
	var steps []fix.Step
	for _, s := range u.saved {
		if s.Kind != fix.StepEditFile {
			steps = append(steps, fix.Step{Kind: fix.StepRestartGopls})
			continue
		}
		data, err := j.w.Files.ReadFile(s.File)
		if err == nil && hashOf(data) != s.Hash || errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%s: %w", s.File, world.ErrChanged)
		}
		if err != nil {
			return nil, err
		}
		after, err := fix.Splice(data, s.Edits)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.File, err)
		}
		steps = append(steps, fix.Step{Kind: s.Kind, Edit: &fix.FileEdit{
			File: s.File, Want: slices.Concat([]byte{}, data), Edits: s.Edits, After: after, Delete: s.Delete, OnDisk: s.OnDisk, Dir: s.Dir,
		}})
	}
	return steps, nil
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// undoable are the records of what can be undone in the given folders, the
// latest cure last: those of this server, and what the journal has from before
// or from another. why is a sentence about what the journal has and nobody can
// undo; "" if there is nothing of the kind.
func (l *Loop) undoable(folders []string) (records []undoRecord, why string) {
	l.mu.Lock()
	own := slices.Clone(l.undo)
	l.mu.Unlock()
	j := journal{l.w}
	there := map[string]bool{}
	for _, folder := range folders {
		kept, problem := j.read(folder)
		why = cmp.Or(why, problem)
		for _, u := range kept {
			there[u.file] = true
			if !slices.ContainsFunc(own, func(o undoRecord) bool { return o.file == u.file }) {
				records = append(records, u)
			}
		}
	}
	for _, u := range own {
		if u.file == "" || there[u.file] || len(folders) == 0 || why != "" {
			records = append(records, u)
		}
	}
	slices.SortStableFunc(records, func(a, b undoRecord) int { return a.at.Compare(b.at) })
	return records, why
}

// forget removes a record that was used, or is of no use.
func (l *Loop) forget(u undoRecord) {
	if u.file != "" {
		journal{l.w}.drop(u.file)
	}
	l.mu.Lock()
	l.undo = slices.DeleteFunc(l.undo, func(o undoRecord) bool { return o.id == u.id })
	l.mu.Unlock()
}
