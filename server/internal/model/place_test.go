package model_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
)

// TestDirectoriesInValues reads the directories that values name.
func TestDirectoriesInValues(t *testing.T) {
	abs := func(name string) string {
		dir, err := filepath.Abs(filepath.FromSlash(name))
		if err != nil {
			t.Fatal(err)
		}
		return dir
	}
	url := func(name string) string {
		dir := filepath.ToSlash(abs(name))
		if dir[0] != '/' { // C:/
			dir = "/" + dir
		}
		return "file://" + dir
	}
	for _, c := range []struct {
		name, value string
		want        []string
	}{
		{"CGO_CFLAGS", "-O2 -I" + abs("/a") + " -I " + abs("/b") + " -Irelative -isystem" + abs("/c"), []string{abs("/a"), abs("/b"), abs("/c")}},
		{"CGO_LDFLAGS", "-lz -L'" + abs("/a") + "' -L", []string{abs("/a")}},
		{"CGO_CFLAGS", "-DDIR=" + abs("/a"), nil},
		{"CGO_CFLAGS", "", nil},
		{"CPATH", "relative" + string(filepath.ListSeparator) + abs("/a") + string(filepath.ListSeparator), []string{abs("/a")}},
	} {
		if got := model.Searched(c.name, c.value); !slices.Equal(got, c.want) {
			t.Errorf("%s=%s: %q, want %q", c.name, c.value, got, c.want)
		}
	}
	for value, want := range map[string][]string{
		url("/a") + "," + url("/b") + "|direct": {abs("/a"), abs("/b")},
		"https://proxy.example/file:///a,off":   nil,
		"file://server/share":                   nil, // of another machine
		"file:relative":                         nil,
		"file:///%zz":                           nil,
		"":                                      nil,
	} {
		if got := model.FileProxies(value); !slices.Equal(got, want) {
			t.Errorf("GOPROXY=%s: %q, want %q", value, got, want)
		}
	}
}
