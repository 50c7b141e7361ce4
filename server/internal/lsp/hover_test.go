package lsp

import (
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
)

func TestHover(t *testing.T) {
	type asked struct {
		file string
		at   model.Position
	}
	var got []asked
	answering := func(c *client) {
		c.loop.hover = func(file string, at model.Position) (engine.Hover, bool) {
			got = append(got, asked{file, at})
			return engine.Hover{Markdown: "**text**", Range: model.Range{Start: model.Position{Line: 4, Character: 1}, End: model.Position{Line: 5}}}, at.Line == 4
		}
		c.files.content["/ws/go.mod"] = "module m\n"
	}
	hover := func(c *client, uri string, line int) string {
		t.Helper()
		m := c.call("textDocument/hover", obj{"textDocument": obj{"uri": uri}, "position": obj{"line": line, "character": 7}})
		if m.Error != nil {
			t.Fatalf("hover: %v", m.Error)
		}
		return string(m.Result)
	}
	const miss = "null"

	c := ready(t, feeding(), nil, answering)
	var answer struct {
		Contents struct{ Kind, Value string }
		Range    struct{ Start, End struct{ Line, Character int } }
	}
	c.ok("textDocument/hover", obj{"textDocument": obj{"uri": "file:///ws/go.mod"}, "position": obj{"line": 4, "character": 7}}, &answer)
	if answer.Contents.Kind != "markdown" || answer.Contents.Value != "**text**" || answer.Range.Start.Line != 4 || answer.Range.Start.Character != 1 || answer.Range.End.Line != 5 {
		t.Errorf("hit: %+v", answer)
	}
	if want := (asked{"/ws/go.mod", model.Position{Line: 4, Character: 7}}); len(got) != 1 || got[0] != want {
		t.Errorf("the engine was asked %v, want %v", got, want)
	}
	if s := hover(c, "file:///ws/go.mod", 0); s != miss {
		t.Errorf("miss: %s", s)
	}
	if s := hover(c, "vscode-userdata:/home/u/User/settings.json", 4); s == miss || got[len(got)-1].file != "/home/u/User/settings.json" {
		t.Errorf("the user's settings: %s, asked for %s", s, got[len(got)-1].file)
	}
	if s := hover(c, "untitled:Untitled-1", 4); s != miss {
		t.Errorf("what is no file: %s", s)
	}

	// Unsaved changes, as our extension tells of them and as a plain client does.
	c.notify("gophantom/editorFacts", obj{"trusted": true, "folders": []string{"/ws"}, "dirty": []string{"/ws/go.mod"}})
	if s := hover(c, "file:///ws/go.mod", 4); s != miss {
		t.Errorf("with unsaved changes: %s", s)
	}
	c.notify("gophantom/editorFacts", obj{"trusted": false, "folders": []string{"/ws"}, "dirty": []string{}})
	if s := hover(c, "file:///ws/go.mod", 4); !strings.Contains(s, "text") {
		t.Errorf("saved again, and not trusted: %s", s)
	}
	plain := ready(t, nil, nil, answering)
	open := func(text string) {
		plain.notify("textDocument/didOpen", obj{"textDocument": obj{"uri": "file:///ws/go.mod", "languageId": "go.mod", "version": 1, "text": text}})
	}
	open("module m\n")
	if s := hover(plain, "file:///ws/go.mod", 4); s == miss {
		t.Error("a plain client gets nothing")
	}
	plain.notify("textDocument/didChange", obj{"textDocument": obj{"uri": "file:///ws/go.mod", "version": 2}, "contentChanges": []obj{{"text": "module n\n"}}})
	if s := hover(plain, "file:///ws/go.mod", 4); s != miss {
		t.Errorf("a plain client with unsaved changes: %s", s)
	}
}

func TestHoverIsOffered(t *testing.T) {
	var got struct {
		Capabilities struct{ HoverProvider bool }
	}
	start(t).ok("initialize", obj{"capabilities": obj{}}, &got)
	if !got.Capabilities.HoverProvider {
		t.Error("hovers are not offered")
	}
}
