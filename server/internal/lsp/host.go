package lsp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// host is the client as the engine sees it during one command.
type host struct {
	s        *server
	progress *progress
}

var _ engine.Host = host{}

func (h host) UnsetEnv(ctx context.Context, names []string) error {
	return h.act(ctx, EditorAction{Kind: model.ActionUnsetEnv, Names: names})
}

func (h host) SetEnv(ctx context.Context, values map[string]string) error {
	return h.act(ctx, EditorAction{Kind: model.ActionSetEnv, Values: values})
}

func (h host) RestartGopls(ctx context.Context) error {
	return h.act(ctx, EditorAction{Kind: model.ActionRestartGopls})
}

func (h host) ReloadGopls(ctx context.Context, folders []string) error {
	action := EditorAction{Kind: model.ActionReloadGopls}
	for _, folder := range folders {
		action.URIs = append(action.URIs, string(h.s.uri(folder)))
	}
	return h.act(ctx, action)
}

func (h host) InstallGopls(ctx context.Context) error {
	return h.act(ctx, EditorAction{Kind: model.ActionInstallGopls})
}

func (h host) RestartExtensionHost(ctx context.Context) error {
	return h.act(ctx, EditorAction{Kind: model.ActionRestartExtensions})
}

func (h host) AddFolder(ctx context.Context, folder string) error {
	return h.act(ctx, EditorAction{Kind: model.ActionAddFolder, URI: string(h.s.uri(folder))})
}

func (h host) Progress(message string) { h.progress.report(h.s.peer.language.Text(message)) }

// Confirm asks in a message of the editor: the title, an empty line, and what
// will be done. Dismissing it is a no. Where the editor can show edits side by
// side, that is an answer, too, after which it is asked again, without the
// details that are in sight by then.
func (h host) Confirm(ctx context.Context, title, preview string, edits []engine.Edit) (ok bool, err error) {
	l := h.s.peer.language
	yes, look, no := l.Label("button", "Apply"), l.Label("button", "Show Diff"), l.Label("button", "Cancel")
	title = l.Text(title)
	answers, message := []string{yes, no}, strings.TrimSpace(title+"\n\n"+l.Text(preview))
	if len(edits) > 0 && slices.Contains(h.s.peer.actions, model.ActionShowDiff) {
		answers = []string{yes, look, no}
	}
	for {
		params := &protocol.ShowMessageRequestParams{Type: protocol.MessageTypeInfo, Message: message}
		for _, answer := range answers {
			params.Actions = append(params.Actions, protocol.MessageActionItem{Title: answer})
		}
		var chosen protocol.MessageActionItem
		if err := protocol.Call(ctx, h.s.conn, protocol.MethodWindowShowMessageRequest, params, &chosen); err != nil {
			return false, callError("the question", err)
		}
		if chosen.Title != look {
			return chosen.Title == yes, nil
		}
		for _, edit := range edits {
			action := EditorAction{Kind: model.ActionShowDiff, URI: string(h.s.uri(edit.File)), Text: string(edit.After), Title: title, New: creates(edit)}
			if err := h.act(ctx, action); err != nil {
				return false, err
			}
		}
		answers, message = []string{yes, no}, title
	}
}

// act has the editor carry out an action. The error wraps
// errors.ErrUnsupported if the editor has not said that it can.
func (h host) act(ctx context.Context, action EditorAction) error {
	if !slices.Contains(h.s.peer.actions, action.Kind) {
		return fmt.Errorf("this editor cannot do %s: %w", action.Kind, errors.ErrUnsupported)
	}
	var r EditorActionResult
	if err := protocol.Call(ctx, h.s.conn, methodEditorAction, action, &r); err != nil {
		return callError(action.Kind, err)
	}
	if !r.OK {
		return fmt.Errorf("the editor could not do %s: %s", action.Kind, r.Error)
	}
	return nil
}

// callError says that a call to the client failed, without the data that an
// error response may carry.
func callError(what string, err error) error {
	var wire *jsonrpc2.Error
	if errors.As(err, &wire) {
		return fmt.Errorf("the editor refused %s: %s", what, wire.Message)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// ApplyEdit has the editor apply an edit and save the file. The edit is
// refused with world.ErrChanged when the file is not what the edit was made
// for, on disk or in the editor.
func (h host) ApplyEdit(ctx context.Context, edit engine.Edit) (applied bool, err error) {
	s := h.s
	if !s.peer.applyEdit {
		return false, fmt.Errorf("this editor cannot apply edits: %w", errors.ErrUnsupported)
	}
	if err := s.unchanged(edit); err != nil {
		return false, err
	}
	workspaceEdit, err := s.workspaceEdit(edit)
	if err != nil {
		return false, err
	}
	params := &protocol.ApplyWorkspaceEditParams{Label: &edit.Label, Edit: workspaceEdit}
	var r protocol.ApplyWorkspaceEditResult
	if err := protocol.Call(ctx, s.conn, protocol.MethodWorkspaceApplyEdit, params, &r); err != nil {
		return false, callError("the edit", err)
	}
	if !r.Applied {
		if r.FailureReason != nil && *r.FailureReason != "" {
			return false, fmt.Errorf("the editor did not apply the edit: %s", *r.FailureReason)
		}
		return false, nil
	}
	if !edit.Delete && slices.Contains(s.peer.actions, model.ActionSave) {
		if err := h.act(ctx, EditorAction{Kind: model.ActionSave, URI: string(s.uri(edit.File))}); err != nil {
			return true, err
		}
	}
	return true, nil
}

// unchanged checks that an edit still fits its file.
func (s *server) unchanged(edit engine.Edit) error {
	if s.docs.unsaved(edit.File) {
		return fmt.Errorf("the file has unsaved changes: %w", world.ErrChanged)
	}
	have, err := s.w.Files.ReadFile(edit.File)
	switch {
	case creates(edit) && errors.Is(err, fs.ErrNotExist):
		return nil
	case creates(edit) && err == nil:
		return world.ErrChanged
	case err != nil:
		return err
	case !bytes.Equal(have, edit.Want):
		return world.ErrChanged
	}
	return nil
}

// creates reports whether the edit makes a new file.
func creates(edit engine.Edit) bool { return edit.Want == nil }

// workspaceEdit asks for no confirmation by a change annotation, for Confirm
// has asked: VS Code's preview of those leaves every change unticked, so that
// the user would have to tick each one before applying.
func (s *server) workspaceEdit(edit engine.Edit) (protocol.WorkspaceEdit, error) {
	doc := s.uri(edit.File)
	var plain []protocol.TextEdit
	for _, e := range edit.Edits {
		plain = append(plain, protocol.TextEdit{Range: editRange(e.Range), NewText: e.NewText})
	}
	if !s.peer.documentChanges {
		if creates(edit) {
			return protocol.WorkspaceEdit{}, fmt.Errorf("this editor cannot create files: %w", errors.ErrUnsupported)
		}
		return protocol.WorkspaceEdit{Changes: map[uri.URI][]protocol.TextEdit{doc: plain}}, nil
	}

	var out protocol.WorkspaceEdit
	if edit.Delete && s.peer.deleteFile {
		out.DocumentChanges = append(out.DocumentChanges, &protocol.DeleteFile{Kind: "delete", URI: doc})
		return out, nil
	}
	if creates(edit) {
		if !s.peer.createFile {
			return protocol.WorkspaceEdit{}, fmt.Errorf("this editor cannot create files: %w", errors.ErrUnsupported)
		}
		out.DocumentChanges = append(out.DocumentChanges, &protocol.CreateFile{Kind: "create", URI: doc})
	}
	change := &protocol.TextDocumentEdit{}
	change.TextDocument.URI = doc
	if d, open := s.docs.get(edit.File); open {
		change.TextDocument.Version = &d.version
	}
	for _, e := range plain {
		change.Edits = append(change.Edits, &e)
	}
	out.DocumentChanges = append(out.DocumentChanges, change)
	return out, nil
}

func editRange(r model.Range) protocol.Range {
	return protocol.Range{
		Start: protocol.Position{Line: clamp(r.Start.Line), Character: clamp(r.Start.Character)},
		End:   protocol.Position{Line: clamp(r.End.Line), Character: clamp(r.End.Character)},
	}
}
