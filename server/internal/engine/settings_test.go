package engine_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// TestSettingThatGoplsHasNotTaken has gopls go on with a setting of before. That
// is said only once gopls, asked after the change, still has its views, and no
// more when it has others. What it tells of its modules is held against go's.
func TestSettingThatGoplsHasNotTaken(t *testing.T) {
	lab := worldtest.NewLab(t)
	lab.Write(filepath.Join(lab.Home, ".config", "go", "env"), "GOPROXY=file://"+lab.Proxy+"\n")
	e := newEditor(t, lab)
	base := e.facts() // of an editor whose gopls downloads nothing
	told := func(proxy, view string, asked int) engine.EditorFacts {
		f := base
		f.Problems = []model.Problem{{
			Location: model.Location{File: e.File, Range: model.Range{Start: model.Position{Line: 2, Character: 7}, End: model.Position{Line: 2, Character: 26}}},
			Severity: 1, Source: "compiler", Code: "BrokenImport",
			Message: `could not import example.com/greet (no required module provides package "example.com/greet")`,
		}}
		values, err := json.Marshal(map[string]any{"build.env": map[string]string{"GOPROXY": proxy}})
		if err != nil {
			t.Fatal(err)
		}
		f.Settings = []engine.SettingsScope{{Scope: "workspace", Values: map[string]json.RawMessage{"gopls": values}}}
		f.Views, f.ViewsAsked = []model.GoplsView{{ID: view, Type: "GoMod", Root: e.Dir, Folder: e.Dir}}, asked
		return f
	}
	// what is the staleness that the update tells of; "" if it tells of none.
	what := func(u engine.Update) string {
		if u.Busy || len(u.Report.Problems) != 1 || u.Report.Problems[0].Stale == nil {
			return ""
		}
		return u.Report.Problems[0].Stale.What
	}
	proxy := "file://" + lab.Proxy

	e.run()
	e.startGopls()
	e.loop.Facts(told("off", "1", 1))
	e.await("the phantom of the setting", func(u engine.Update) bool {
		return phantom(u) && u.Report.Problems[0].Cause == string(model.CauseEnv)
	})
	e.loop.Facts(told(proxy, "1", 1))
	u := e.await("the staleness", func(u engine.Update) bool { return what(u) != "" })
	if got := what(u); got == string(model.StaleSettings) {
		t.Errorf("nobody asked gopls since the change, and it is said not to have taken it: %s", u.Report.Problems[0].Summary)
	}
	<-e.w.Clock.After(3 * time.Second) // then it would have heard of it
	e.loop.Facts(told(proxy, "1", 2))
	u = e.await("the setting", func(u engine.Update) bool { return what(u) == string(model.StaleSettings) })
	stale := u.Report.Problems[0].Stale
	if s := stale.Setting; s == nil || s.Key != "gopls.build.env" || s.Variable != "GOPROXY" || s.Old != "off" || s.New != proxy || stale.Since == "" {
		t.Errorf("%+v of %+v", stale.Setting, stale)
	}
	if got, want := u.Report.Problems[0].Summary, "gopls has not looked again since the setting gopls.build.env changed from GOPROXY=off to GOPROXY="+proxy+" at "; !strings.Contains(got, want) {
		t.Errorf("%q does not say %q", got, want)
	}
	<-e.w.Clock.After(3 * time.Second)
	f := told(proxy, "2", 3)
	f.Loads = []model.GoplsModule{{Path: "example.com/old", File: filepath.Join(e.Dir, "go.mod")}}
	e.loop.Facts(f)
	u = e.await("another reason", func(u engine.Update) bool { return what(u) != "" && what(u) != string(model.StaleSettings) })
	if got, want := u.Report.Problems[0].Stale.Witness, "as the module example.com/old, which it is not any more"; !strings.Contains(got, want) || !strings.Contains(u.Report.Problems[0].Summary, want) {
		t.Errorf("the witness is %q, the summary %q", got, u.Report.Problems[0].Summary)
	}
}
