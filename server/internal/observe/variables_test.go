package observe

import (
	"maps"
	"slices"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// TestNamesOnWindows: an extension host there says Path, and means PATH.
func TestNamesOnWindows(t *testing.T) {
	told := model.Layer{Kind: model.LayerProcess, Vars: assignments(map[string]string{"Path": `C:\go\bin`, "GOPROXY": "off"})}
	for goos, want := range map[string][]string{"windows": {"GOPROXY", "PATH"}, "linux": {"GOPROXY", "Path"}} {
		env := model.Env{Layers: oneName(&world.World{GOOS: goos}, []model.Layer{told})}
		if got := slices.Sorted(maps.Keys(env.Process())); !slices.Equal(got, want) {
			t.Errorf("%s: the variables are %q, want %q", goos, got, want)
		}
		if got := env.Lookup("PATH").Set; got != (goos == "windows") {
			t.Errorf("%s: PATH is found: %v", goos, got)
		}
	}
	if _, ok := told.Vars["Path"]; !ok {
		t.Error("the layer that was given is changed")
	}
}
