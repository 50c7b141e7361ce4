package headless

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
)

// ChangeKind is what happened to a file.
type ChangeKind int

// Kinds of Change, as LSP counts them.
const (
	Created ChangeKind = 1
	Changed ChangeKind = 2
	Deleted ChangeKind = 3
)

// Change is a change of a file that an editor would tell gopls about.
type Change struct {
	File string // absolute
	Kind ChangeKind
}

// Open opens a file as it is on disk.
func (s *Session) Open(ctx context.Context, file string) error {
	return s.bounded(ctx, func(ctx context.Context) error { return s.openFile(ctx, file) })
}

// Edit gives an open file another, unsaved text; it opens the file if need be.
func (s *Session) Edit(ctx context.Context, file, text string) error {
	return s.bounded(ctx, func(ctx context.Context) error { return s.edit(ctx, file, text) })
}

// Save tells gopls that an open file was saved. The caller has written it.
func (s *Session) Save(ctx context.Context, file string) error {
	return s.bounded(ctx, func(ctx context.Context) error {
		if err := s.reread(ctx, file); err != nil {
			return err
		}
		return s.notify(ctx, "textDocument/didSave", object{"textDocument": object{"uri": s.uri(file)}})
	})
}

// CloseFile closes an open file; its unsaved text is gone.
func (s *Session) CloseFile(ctx context.Context, file string) error {
	return s.bounded(ctx, func(ctx context.Context) error {
		s.mu.Lock()
		delete(s.open, file)
		s.mu.Unlock()
		return s.notify(ctx, "textDocument/didClose", object{"textDocument": object{"uri": s.uri(file)}})
	})
}

// Notify tells gopls what changed on disk. As in an editor, open files without
// unsaved text take what is on disk now; a file that an editor would not watch
// is the caller's to leave out.
func (s *Session) Notify(ctx context.Context, changes ...Change) error {
	return s.bounded(ctx, func(ctx context.Context) error {
		events := []object{}
		for _, c := range changes {
			events = append(events, object{"uri": s.uri(c.File), "type": int(c.Kind)})
			if c.Kind != Deleted {
				if err := s.reread(ctx, c.File); err != nil {
					return err
				}
			}
		}
		return s.notify(ctx, "workspace/didChangeWatchedFiles", object{"changes": events})
	})
}

// Configure gives gopls other settings build.env and build.buildFlags. Of one
// that is left out gopls keeps the last value, and of build.env every variable.
func (s *Session) Configure(ctx context.Context, env map[string]string, flags []string) error {
	return s.bounded(ctx, func(ctx context.Context) error {
		s.set(env, flags)
		return s.notify(ctx, "workspace/didChangeConfiguration", object{"settings": nil})
	})
}

// CycleFolder takes the workspace folder away from gopls and gives it back, so
// that it makes a new view.
func (s *Session) CycleFolder(ctx context.Context) error {
	return s.bounded(ctx, func(ctx context.Context) error {
		folder := []object{s.folder(s.opt.Dir)}
		for _, event := range []object{{"added": []object{}, "removed": folder}, {"added": folder, "removed": []object{}}} {
			if err := s.notify(ctx, "workspace/didChangeWorkspaceFolders", object{"event": event}); err != nil {
				return err
			}
		}
		return nil
	})
}

// ExecuteCommand runs a command of gopls, such as "gopls.views", and returns
// its answer as JSON.
func (s *Session) ExecuteCommand(ctx context.Context, name string, args ...any) (answer json.RawMessage, err error) {
	err = s.bounded(ctx, func(ctx context.Context) error {
		params := object{"command": name}
		if len(args) > 0 {
			params["arguments"] = args
		}
		return s.call(ctx, "workspace/executeCommand", params, &answer)
	})
	return answer, err
}

// bounded does something that must not take longer than gopls may.
func (s *Session) bounded(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := s.limited(ctx)
	defer cancel()
	err := do(ctx)
	if errors.Is(err, errOver) {
		return errors.New(s.obituary())
	}
	return err
}

func (s *Session) openFile(ctx context.Context, file string) error {
	data, err := s.w.Files.ReadFile(file)
	if err != nil {
		return fmt.Errorf("a file to open: %w", err)
	}
	return s.show(ctx, file, string(data), false)
}

func (s *Session) edit(ctx context.Context, file, text string) error {
	s.mu.Lock()
	_, open := s.open[file]
	s.mu.Unlock()
	if !open {
		if err := s.openFile(ctx, file); err != nil {
			return s.show(ctx, file, text, true) // it is not on disk yet
		}
	}
	return s.show(ctx, file, text, true)
}

// reread gives an open document without unsaved text, or one that was just
// saved, the text on disk.
func (s *Session) reread(ctx context.Context, file string) error {
	s.mu.Lock()
	doc, open := s.open[file]
	s.mu.Unlock()
	if !open {
		return nil
	}
	data, err := s.w.Files.ReadFile(file)
	if err != nil || doc.dirty && string(data) != doc.text {
		return nil // gone, or the editor keeps what the user typed
	}
	return s.show(ctx, file, string(data), false)
}

// show opens a document, or changes its text.
func (s *Session) show(ctx context.Context, file, text string, dirty bool) error {
	s.mu.Lock()
	doc, open := s.open[file]
	same := open && doc.text == text
	doc.text, doc.dirty = text, dirty
	if !same {
		doc.version++
	}
	s.open[file] = doc
	s.mu.Unlock()
	document := object{"uri": s.uri(file), "version": doc.version}
	switch {
	case same:
		return nil
	case open:
		return s.notify(ctx, "textDocument/didChange", object{"textDocument": document, "contentChanges": []object{{"text": text}}})
	}
	document["languageId"], document["text"] = language(file), text
	return s.notify(ctx, "textDocument/didOpen", object{"textDocument": document})
}

// language is what VS Code with the Go extension calls the language of a file.
func language(file string) string {
	switch name := filepath.Base(file); name {
	case "go.mod", "go.sum", "go.work":
		return name
	}
	return "go"
}
