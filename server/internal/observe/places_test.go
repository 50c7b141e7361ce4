package observe

import (
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// TestPlaces looks at what each kind of setting names, as it is: a directory, a
// file, missing, read-only, or below a file.
func TestPlaces(t *testing.T) {
	w, sc := worldtest.Make(t, `-- env/shell --
HOME=/home/gopher
PATH=/usr/lib/go/bin
GOROOT=/opt/other
GOPATH=/home/gopher/go:/home/gopher/file
GOMODCACHE=/mnt/cache
GOTMPDIR=/nowhere
SSL_CERT_DIR=/etc/ssl:/etc/more
GOFLAGS=-v --modfile=alt.mod
GOBIN=bin
-- home/file --
-- root/mnt/cache/cache/download/x --
-- root/etc/ssl/ca.pem --
-- readonly --
/mnt/cache
/home/gopher/ws/go.mod
-- ws/alt.mod --
-- ws/go.mod --
module example.com/app

require example.com/a v1.0.0

replace example.com/a => ../a
`)
	s := Take(t.Context(), w, Input{Dir: "/home/gopher/ws", Trusted: true, Captured: map[model.EnvName]map[string]string{model.EnvShell: sc.Envs["shell"]}})
	for path, want := range map[string]model.Place{
		"/opt/other":                   {},
		"/opt/other/src/fmt":           {},
		"/home/gopher/go":              {},
		"/home/gopher/file":            {Exists: true, Regular: true},
		"/home/gopher/file/go.mod":     {},
		"/home/gopher/.cache/go-build": {},
		"/home/gopher":                 {Exists: true, Dir: true}, // where the build cache would be made
		"/mnt/cache":                   {Exists: true, Dir: true, ReadOnly: true},
		"/mnt/cache/cache/download":    {Exists: true, Dir: true},
		"/nowhere":                     {},
		"/etc/ssl":                     {Exists: true, Dir: true},
		"/etc/more":                    {},
		"/home/gopher/.config/go/env":  {},
		"/home/gopher/ws/alt.mod":      {Exists: true, Regular: true},
		"/home/gopher/ws/go.mod":       {Exists: true, Regular: true, ReadOnly: true},
		"/home/gopher/ws/go.sum":       {},
		"/home/gopher/a":               {},
	} {
		want.Path = path
		if got, ok := s.Place(path); !ok || got != want {
			t.Errorf("%s: %+v (%v), want %+v", path, got, ok, want)
		}
	}
	for path := range s.Places {
		if path[0] != '/' {
			t.Errorf("%q was looked at, which is not absolute", path)
		}
	}
}
