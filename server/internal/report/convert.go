package report

import (
	"path/filepath"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"go.lsp.dev/uri"
)

// FromLocation converts a location; nil stays nil.
func FromLocation(l *model.Location) *Location {
	if l == nil {
		return nil
	}
	return &Location{
		URI: string(uri.File(l.File)),
		Range: Range{
			Start: Position{l.Range.Start.Line, l.Range.Start.Character},
			End:   Position{l.Range.End.Line, l.Range.End.Character},
		},
	}
}

// FromOrigin converts an origin.
func FromOrigin(o model.Origin) Origin {
	return Origin{Layer: string(o.Layer), File: o.File, Line: o.Line, Note: o.Note}
}

// FileOf returns the path behind a file URI; other URIs come back as they are.
func FileOf(u string) string {
	parsed, err := uri.Parse(u)
	if err != nil || !parsed.IsFile() || u == "" {
		return u
	}
	platform := uri.PlatformPOSIX
	if p := parsed.Path(); len(p) > 2 && p[2] == ':' {
		platform = uri.PlatformWindows
	}
	return uri.FsPathFor(parsed, platform, true)
}

// relative returns file as seen from dir if it is inside, with slashes.
func relative(dir, file string) (rel string, inside bool) {
	rel, err := filepath.Rel(dir, file)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return file, false
	}
	return filepath.ToSlash(rel), true
}
