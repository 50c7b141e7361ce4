package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
)

// captured are problems of gopls that a file holds.
type captured struct {
	problems []model.Problem
	overlays map[string]string // absolute path → text
	env      map[string]string // gopls' option build.env
	flags    []string          // gopls' option build.buildFlags
	views    []model.GoplsView // what gopls.views answered; nil if the file does not say
	gopls    *model.GoplsProcess
}

// problemsFile is the shape of the file of "phantoms --problems".
type problemsFile struct {
	Problems []struct {
		URI      string
		Range    report.Range
		Severity int
		Source   string
		Code     json.RawMessage // a string, a number, or {value, target}
		Message  *string
	}
	Overlays map[string]string
	Views    []struct { // as gopls.views answers
		ID, Type, Root, Folder string
		EnvOverlay             []string
	}
	Gopls *struct {
		Version string // such as "v0.23.0"
		Go      string // the Go that built it, such as "go1.26.8"
	}
	Options struct {
		Env        map[string]string
		BuildFlags []string
	}
}

// parseProblems reads captured problems.
func parseProblems(data []byte) (c captured, err error) {
	data, err = decodeText(data)
	if err != nil {
		return c, err
	}
	var f problemsFile
	if err := json.Unmarshal(data, &f); err != nil {
		return c, atLine(data, err)
	}
	if f.Problems == nil {
		return c, errors.New(` there is no "problems" list in it`)
	}
	c = captured{problems: []model.Problem{}, overlays: map[string]string{}}
	for i, p := range f.Problems {
		file, ok := localFile(p.URI)
		if !ok {
			return c, fmt.Errorf(" problems[%d].uri: want the URI of a file on this machine, such as file:///src/main.go", i)
		}
		if p.Message == nil {
			return c, fmt.Errorf(" problems[%d] has no message", i)
		}
		code, err := codeText(p.Code)
		if err != nil {
			return c, fmt.Errorf(" problems[%d].code: %w", i, err)
		}
		start, end := p.Range.Start, p.Range.End
		if min(start.Line, start.Character, end.Line, end.Character) < 0 {
			return c, fmt.Errorf(" problems[%d].range: positions count from 0", i)
		}
		if p.Severity == 0 {
			p.Severity = 1 // LSP leaves it to the client; gopls' default is error
		}
		if p.Severity < 1 || p.Severity > 4 {
			return c, fmt.Errorf(" problems[%d].severity: want 1 to 4", i)
		}
		c.problems = append(c.problems, model.Problem{
			Location: model.Location{File: file, Range: model.Range{
				Start: model.Position{Line: start.Line, Character: start.Character},
				End:   model.Position{Line: end.Line, Character: end.Character},
			}},
			Severity: p.Severity, Source: p.Source, Code: code, Message: *p.Message,
		})
	}
	for uri, text := range f.Overlays {
		file, ok := localFile(uri)
		if !ok {
			return c, errors.New(" overlays: want URIs of files on this machine")
		}
		c.overlays[file] = text
	}
	for i, v := range f.Views {
		view := model.GoplsView{ID: v.ID, Type: v.Type, EnvOverlay: v.EnvOverlay}
		for _, place := range []struct {
			name, uri string
			path      *string
		}{{"Root", v.Root, &view.Root}, {"Folder", v.Folder, &view.Folder}} {
			path, ok := localFile(place.uri)
			if !ok && place.uri != "" {
				return c, fmt.Errorf(" views[%d].%s: want the URI of a directory on this machine, as gopls.views answers", i, place.name)
			}
			*place.path = path
		}
		for _, entry := range v.EnvOverlay {
			if !strings.Contains(entry, "=") {
				return c, fmt.Errorf(" views[%d].EnvOverlay: want NAME=VALUE", i)
			}
		}
		c.views = append(c.views, view)
	}
	if f.Gopls != nil {
		if f.Gopls.Go != "" && !strings.HasPrefix(f.Gopls.Go, "go") {
			f.Gopls.Go = "go" + f.Gopls.Go
		}
		if f.Gopls.Go != "" && !version.IsValid(f.Gopls.Go) {
			return c, errors.New(` gopls.go: want the Go that built gopls, such as "go1.26.8"`)
		}
		c.gopls = &model.GoplsProcess{Version: f.Gopls.Version, GoVersion: f.Gopls.Go}
	}
	c.env, c.flags = f.Options.Env, f.Options.BuildFlags
	return c, nil
}

// localFile returns the absolute path behind a file URI.
func localFile(uri string) (string, bool) {
	if !strings.HasPrefix(uri, "file:///") {
		return "", false
	}
	file := report.FileOf(uri)
	return file, file != uri && file != "/"
}

// codeText is the code of a diagnostic as text.
func codeText(raw json.RawMessage) (string, error) {
	if len(raw) == 0 {
		return "", nil
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return "", err
	}
	if object, ok := v.(map[string]any); ok {
		v = object["value"]
	}
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case float64:
		return fmt.Sprint(v), nil
	}
	return "", errors.New("want a string, a number or {value, target}")
}

// article puts "a" or "an" in front of a kind of JSON value, such as "array".
func article(kind string) string {
	kind, _, _ = strings.Cut(kind, " ") // "number 1e400"
	if strings.ContainsAny(kind[:1], "aeiou") {
		return "an " + kind
	}
	return "a " + kind
}

// atLine puts the line in front of what encoding/json says.
func atLine(data []byte, err error) error {
	offset := int64(-1)
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &kind):
		offset = kind.Offset
		what := kind.Field
		if what == "" {
			what = "the file"
		}
		err = fmt.Errorf("%s cannot be %s", what, article(kind.Value)) // not Go's names of the types
	}
	if offset < 0 || offset > int64(len(data)) {
		return fmt.Errorf(" %w", err)
	}
	return fmt.Errorf("%d: %w", 1+bytes.Count(data[:offset], []byte("\n")), err)
}
