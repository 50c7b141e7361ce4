package baseline_test

import (
	"slices"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/baseline"
	"github.com/gophantom/gophantom/server/internal/model"
)

func moved(kind baseline.Kind, env model.EnvName, name, file string) baseline.Change {
	return baseline.Change{Fact: baseline.Fact{Kind: kind, Env: env, Name: name, Value: model.NewValue("now"), At: model.Origin{File: file}}, Was: "then"}
}

// TestWhatGoSaysNarrowsItDown asks each question with a twin, in which the same
// changes have another answer.
func TestWhatGoSaysNarrowsItDown(t *testing.T) {
	variable := func(name string) baseline.Change { return moved(baseline.Variable, model.EnvShell, name, "") }
	same := func(c baseline.Change) baseline.Change { c.Same = true; return c }
	required := moved(baseline.Require, "", "go.mod a.example/m", "")
	required.Value = model.NewValue("v1.1.0")
	began := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name    string
		changes []baseline.Change
		trouble baseline.Trouble
		want    string // "" if nothing is to be named
	}{
		{"go speaks of the proxy", []baseline.Change{variable("GOPROXY"), variable("GOFLAGS")}, baseline.Trouble{Real: true, Told: baseline.AboutFact("PX-403STOP")}, "GOPROXY"},
		{"go speaks of the flags", []baseline.Change{variable("GOPROXY"), variable("GOFLAGS")}, baseline.Trouble{Real: true, Told: baseline.AboutFact("GF-UNKNOWN")}, "GOFLAGS"},
		{"go says nothing", []baseline.Change{variable("GOPROXY"), variable("GOFLAGS")}, baseline.Trouble{Real: true}, ""},
		{"what changed, before what is as it was", []baseline.Change{same(variable("HTTPS_PROXY")), variable("NO_PROXY")}, baseline.Trouble{Real: true, Said: []string{"HTTPS_PROXY"}, Told: baseline.AboutFact("HTTPPROXY-407")}, "NO_PROXY"},
		{"nothing changed", []baseline.Change{same(variable("HTTPS_PROXY")), same(variable("NO_PROXY"))}, baseline.Trouble{Real: true, Said: []string{"HTTPS_PROXY"}, Told: baseline.AboutFact("HTTPPROXY-407")}, "HTTPS_PROXY"},
		{"what changed came later", []baseline.Change{same(variable("HTTPS_PROXY")), variable("NO_PROXY")}, baseline.Trouble{
			Real: true, Said: []string{"HTTPS_PROXY"}, Told: baseline.AboutFact("HTTPPROXY-407"), Began: began,
			Changed: map[string]time.Time{baseline.Key(variable("NO_PROXY").Fact): began.Add(time.Hour)},
		}, "HTTPS_PROXY"},
		{"a go.work went because of GOWORK", []baseline.Change{variable("GOWORK"), moved(baseline.Workspace, "", "go.work", "")}, baseline.Trouble{Real: true}, "GOWORK"},
		{"a go.work went", []baseline.Change{variable("LANG"), moved(baseline.Workspace, "", "go.work", "")}, baseline.Trouble{Real: true}, "go.work"},
		{"a module, which go speaks of", []baseline.Change{variable("GONOSUMDB"), required}, baseline.Trouble{Real: true, Modules: []string{"a.example/m"}, Said: []string{"a.example/m"}, Told: baseline.AboutFact("PV-NONOSUMDB")}, "GONOSUMDB"},
		{"a module, whose hash go misses", []baseline.Change{variable("GONOSUMDB"), required}, baseline.Trouble{Real: true, Modules: []string{"a.example/m"}, Said: []string{"a.example/m"}, Told: baseline.AboutFact("GS-MISSING")}, "go.mod a.example/m"},
	} {
		got, ok := baseline.Likeliest(baseline.Rank(tc.changes, tc.trouble))
		if named := map[bool]string{true: got.Name}[ok]; named != tc.want {
			t.Errorf("%s: %q is named, want %q: %.2f %v", tc.name, named, tc.want, got.Score, got.Reasons)
		}
	}
}

// TestNetrcOfOlderBaselines: a baseline that was kept before there were facts of
// netrc files does not make one new.
func TestNetrcOfOlderBaselines(t *testing.T) {
	with := func(machines ...model.NetrcMachine) *model.Snapshot {
		s := healthyMachine().snapshot()
		s.Netrcs = []model.Netrc{{File: "/home/gopher/.netrc", Exists: true, Machines: machines}}
		return s
	}
	corp := model.NetrcMachine{Name: "proxy.corp.example", HasLogin: true, HasPassword: true}
	older := baseline.Take(with(corp), "salt", reveal)
	older.Facts = slices.DeleteFunc(older.Facts, func(f baseline.Saved) bool { return f.Kind == baseline.Netrc })
	if got := older.Diff(with(corp)); len(got) != 0 {
		t.Errorf("of an older baseline %+v changed", got)
	}
	if got := baseline.Take(with(corp), "salt", reveal).Diff(with()); len(got) != 1 || got[0].Kind != baseline.Netrc {
		t.Errorf("of a machine that is gone from the netrc %+v changed", got)
	}
}
