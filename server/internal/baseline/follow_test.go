package baseline_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/baseline"
	"github.com/gophantom/gophantom/server/internal/model"
)

// TestOneEventIsOneSuspect asks each question with a twin, in which one change does
// not explain the other.
func TestOneEventIsOneSuspect(t *testing.T) {
	is := func(c baseline.Change, was, now string) baseline.Change {
		c.Was, c.Value = was, model.NewValue(now)
		c.Added, c.Removed = was == "", now == ""
		return c
	}
	variable := func(name, was, now string) baseline.Change {
		return is(moved(baseline.Variable, model.EnvShell, name, ""), was, now)
	}
	cc := func(was, now string) baseline.Change {
		return is(moved(baseline.Tool, model.EnvShell, "cc", ""), filepath.FromSlash(was), filepath.FromSlash(now))
	}
	dirs := func(dirs ...string) string {
		return filepath.FromSlash(strings.Join(dirs, string(filepath.ListSeparator)))
	}
	required := func(module, was, now string) baseline.Change {
		return is(moved(baseline.Require, "", "go.mod "+module, ""), was, now)
	}
	netrc := func(file, was, now string) baseline.Change {
		return is(moved(baseline.Netrc, "", file, ""), was, now)
	}
	cgo, netrcs := baseline.Trouble{Told: baseline.AboutC}, baseline.Trouble{Told: baseline.AboutFact("AUTH-401")}
	for _, tc := range []struct {
		name    string
		changes []baseline.Change
		trouble baseline.Trouble
		want    string // "" if nothing is to be named
	}{
		{"the compiler is gone because of CC", []baseline.Change{variable("CC", "", "clang"), cc("/usr/bin/gcc", ""), variable("CXX", "", "g++")}, cgo, "CC"},
		{"the compiler is gone because of PATH", []baseline.Change{variable("PATH", dirs("/usr/bin"), dirs("/bin")), cc("/usr/bin/gcc", "")}, cgo, "PATH"},
		{"the compiler is gone from where it was", []baseline.Change{variable("PATH", dirs("/usr/bin"), dirs("/opt/bin", "/usr/bin")), cc("/usr/bin/gcc", "")}, baseline.Trouble{Told: []string{"cc"}}, "cc"},
		{"a netrc is another one because of NETRC", []baseline.Change{variable("NETRC", "", "/b"), netrc("/a", "x.example", ""), netrc("/b", "", "y.example")}, netrcs, "NETRC"},
		{"two netrcs changed", []baseline.Change{netrc("/a", "x.example", ""), netrc("/b", "", "y.example")}, netrcs, ""},
		{"a module of other capitals", []baseline.Change{required("a.example/m", "v1.0.0", ""), required("a.example/M", "", "v1.0.0")}, baseline.Trouble{Told: []string{"require"}}, "go.mod a.example/M"},
		{"another major version", []baseline.Change{required("a.example/m", "v1.0.0", ""), required("a.example/m/v2", "", "v2.0.0")}, baseline.Trouble{Told: []string{"require"}}, "go.mod a.example/m/v2"},
		{"two modules", []baseline.Change{required("a.example/m", "v1.0.0", ""), required("a.example/n", "", "v1.0.0")}, baseline.Trouble{Told: []string{"require"}}, ""},
		{"a platform", []baseline.Change{variable("GOARCH", "", "wasm"), variable("GOOS", "", "js")}, baseline.Trouble{}, "GOARCH"},
		{"two variables", []baseline.Change{variable("GOFLAGS", "", "-tags=x"), variable("GOOS", "", "js")}, baseline.Trouble{}, ""},
		{"a setting and what it sets", []baseline.Change{variable("GOROOT", "", "/opt/go"), is(moved(baseline.Setting, "", "user go.goroot", "settings.json"), "", "set")}, baseline.Trouble{}, "GOROOT"},
		{"a setting of something else", []baseline.Change{variable("GOROOT", "", "/opt/go"), is(moved(baseline.Setting, "", "user go.buildTags", "settings.json"), "", "set")}, baseline.Trouble{}, ""},
	} {
		got, ok := baseline.Likeliest(baseline.Rank(tc.changes, tc.trouble))
		if named := map[bool]string{true: got.Name}[ok]; named != tc.want {
			t.Errorf("%s: %q is named, want %q: %.2f %v", tc.name, named, tc.want, got.Score, got.Reasons)
		}
	}
}

// TestWhatGoSucceedsWithout: an experiment outweighs everything, also for a line.
func TestWhatGoSucceedsWithout(t *testing.T) {
	require := func(module, was, now string) baseline.Change {
		c := moved(baseline.Require, "", "go.mod "+module, "")
		c.Was, c.Value, c.Added, c.Removed = was, model.NewValue(now), was == "", now == ""
		return c
	}
	changes := []baseline.Change{require("a.example/m", "v1.0.0", "v1.1.0"), require("b.example/n", "v1.0.0", "v1.1.0"), require("c.example/o", "v1.0.0", "latest")}
	trouble := baseline.Trouble{Real: true, Modules: []string{"a.example/m"}}
	named := func() string { return baseline.Rank(changes, trouble)[0].Name }
	if got := named(); got != "go.mod a.example/m" {
		t.Errorf("without an experiment %q is first, want the module that a problem speaks of", got)
	}
	trouble.Flips = []string{baseline.Key(changes[1].Fact)}
	if got := named(); got != "go.mod b.example/n" {
		t.Errorf("%q is first, want the one that an experiment names", got)
	}
	trouble.Flips, trouble.Modules = nil, nil
	if got := named(); got != "go.mod c.example/o" {
		t.Errorf("%q is first, want the one that is no version", got)
	}
}

// TestWhatWasAlwaysSo: of what did not change, a warning or a way is too little, and
// a change that can have done it goes first.
func TestWhatWasAlwaysSo(t *testing.T) {
	variable := func(name string) baseline.Change { return moved(baseline.Variable, model.EnvShell, name, "") }
	same := func(c baseline.Change) baseline.Change { c.Same = true; return c }
	proxy := same(variable("GOPROXY"))
	said := baseline.AboutFact("PX-403STOP")
	quoted := map[string]bool{baseline.Key(proxy.Fact): true}
	for _, tc := range []struct {
		name    string
		changes []baseline.Change
		trouble baseline.Trouble
		want    string // "" if nothing is to be named
	}{
		{"a warning", []baseline.Change{proxy}, baseline.Trouble{Real: true, Warned: []string{"GOPROXY"}}, ""},
		{"a way", []baseline.Change{proxy}, baseline.Trouble{Real: true, Route: []string{"GOPROXY"}}, ""},
		{"a finding", []baseline.Change{proxy}, baseline.Trouble{Real: true, Blamed: []string{"GOPROXY"}}, "GOPROXY"},
		{"go says its value", []baseline.Change{proxy}, baseline.Trouble{Real: true, Told: said, Quoted: quoted}, "GOPROXY"},
		{"go says its value, and something else changed that it can come of", []baseline.Change{proxy, variable("HTTPS_PROXY")}, baseline.Trouble{Real: true, Said: []string{"GOPROXY"}, Told: said, Quoted: quoted}, "HTTPS_PROXY"},
		{"go says its value, and something else changed", []baseline.Change{proxy, variable("LANG")}, baseline.Trouble{Real: true, Told: said, Quoted: quoted}, "GOPROXY"},
	} {
		got, ok := baseline.Likeliest(baseline.Rank(tc.changes, tc.trouble))
		if named := map[bool]string{true: got.Name}[ok]; named != tc.want {
			t.Errorf("%s: %q is named, want %q: %.2f %v", tc.name, named, tc.want, got.Score, got.Reasons)
		}
	}
}
