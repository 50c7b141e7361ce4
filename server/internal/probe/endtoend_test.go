package probe_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/probe"
	"github.com/gophantom/gophantom/server/internal/route"
	"github.com/gophantom/gophantom/server/internal/world"
)

// grades are the grades of checks by name; the worst of several.
func grades(checks []probe.Check) map[string]probe.Grade {
	order := []probe.Grade{probe.Good, probe.Skipped, probe.Unclear, probe.Doubt, probe.Bad, probe.Alarm}
	out := map[string]probe.Grade{}
	for _, c := range checks {
		if was, ok := out[c.Name]; !ok || slices.Index(order, c.Grade) > slices.Index(order, was) {
			out[c.Name] = c.Grade
		}
	}
	return out
}

func sentences(checks []probe.Check) string {
	var b strings.Builder
	for _, c := range checks {
		fmt.Fprintf(&b, "%s: %s %s %s\n", c.Name, c.Grade, c.Ref, c.Text.Reveal())
	}
	return b.String()
}

// TestProxyEndToEnd verifies proxies of every kind, among them a virtual
// repository as companies have them, and has the real go use that too.
func TestProxyEndToEnd(t *testing.T) {
	l := newLab(t)
	password := netrc(l, "machine artifacts.example login gopher password sesame")
	sum := filepath.Join(l.dir, "go.sum")
	for name, test := range map[string]struct {
		address string
		module  string
		vars    map[string]string
		gosum   string
		want    map[string]probe.Grade // those that matter; no other is bad
		ref     string
	}{
		"good":                          {address: "https://ok.example", want: map[string]probe.Grade{"connection": "ok", "zip": "ok", "hash": "ok", "unknown module": "ok", "checksum database": "ok"}},
		"no name":                       {address: "DIRECT", want: map[string]probe.Grade{"address": "failed"}, ref: "PX-WORD"},
		"several":                       {address: "https://a.example,https://b.example", want: map[string]probe.Grade{"address": "failed"}},
		"direct":                        {address: "direct", want: map[string]probe.Grade{"address": "failed"}},
		"stranger":                      {address: "https://stranger.example", want: map[string]probe.Grade{"connection": "failed"}, ref: "PX-TLS"},
		"hangs":                         {address: "https://hang.example", want: map[string]probe.Grade{"connection": "failed"}, ref: "PX-HANG"},
		"captive":                       {address: "https://captive.example", want: map[string]probe.Grade{"mod": "warning", "verdict": "failed", "unknown module": "warning", "checksum database": "warning"}, ref: "PX-CAPTIVE"},
		"refuses what it does not have": {address: "https://s403.example", want: map[string]probe.Grade{"mod": "failed", "verdict": "failed", "unknown module": "warning", "checksum database": "failed"}, ref: "PX-403STOP"},
		"virtual repository": {
			address: "https://artifacts.example/api/go/virtual", vars: map[string]string{"NETRC": password},
			want: map[string]probe.Grade{"connection": "ok", "zip": "ok", "hash": "ok", "unknown module": "ok", "checksum database": "ok"},
		},
		"virtual repository, what it fetches": {
			address: "https://artifacts.example/api/go/virtual", module: "metamod.example/lib@v1.2.3", vars: map[string]string{"NETRC": password, "GONOSUMDB": "metamod.example"},
			want: map[string]probe.Grade{"zip": "ok", "hash": "ok"},
		},
		"virtual repository, nobody": {
			address: "https://artifacts.example/api/go/virtual", vars: map[string]string{"NETRC": sum},
			want: map[string]probe.Grade{"mod": "failed", "unknown module": "failed", "verdict": "failed", "checksum database": "failed"}, ref: "AUTH-401",
		},
		"virtual repository, policy": {
			address: "https://artifacts.example/api/go/virtual", module: labModule + "@v1.6.6", vars: map[string]string{"NETRC": password},
			want: map[string]probe.Grade{"mod": "failed", "verdict": "failed", "unknown module": "ok"}, ref: "PX-403STOP",
		},
		"virtual repository, no slash too many": {address: "https://gopher:sesame@artifacts.example/api/go/virtual/", want: map[string]probe.Grade{"zip": "ok", "hash": "ok"}},
		"other bytes than before": {
			address: "https://ok.example", gosum: labModule + " " + labVersion + " h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
			want: map[string]probe.Grade{"verdict": "security"}, ref: "GS-MISMATCH",
		},
	} {
		t.Run(name, func(t *testing.T) {
			vars := map[string]string{"GOSUMDB": l.key}
			for k, v := range test.vars {
				vars[k] = v
			}
			l.write(sum, test.gosum)
			path, version, _ := strings.Cut(test.module, "@")
			if path == "" {
				path, version = labModule, labVersion
			}
			o := probe.Options{Env: l.env(vars), Patience: patienceWith(test.address), Facts: route.Facts{Modules: []model.Module{{File: filepath.Join(l.dir, "go.mod"), Path: "main.example/app", Sum: model.Sum{File: sum, Exists: true}}}}}
			got := probe.Proxy(t.Context(), world.Real(), test.address, route.Module{Path: path, Version: version}, o)
			text := sentences(got)
			have := grades(got)
			for name, grade := range test.want {
				if have[name] != grade {
					t.Errorf("%s is %q, want %q\n%s", name, have[name], grade, text)
				}
			}
			for name, grade := range have {
				if _, said := test.want[name]; !said && (grade == probe.Bad || grade == probe.Alarm) {
					t.Errorf("%s is %q\n%s", name, grade, text)
				}
			}
			if test.ref != "" && !slices.ContainsFunc(got, func(c probe.Check) bool { return c.Ref == test.ref }) {
				t.Errorf("no %s in\n%s", test.ref, text)
			}
			if strings.Contains(text, "sesame") {
				t.Errorf("a password is told:\n%s", text)
			}
			if _, usable := have["connection"]; !usable || have["connection"] != probe.Good || test.gosum != "" {
				return
			}
			vars["GOPROXY"], vars["GONOPROXY"] = test.address, "none"
			cmd := l.goCommand(t, vars, "mod", "download", path+"@"+version)
			out, err := cmd.CombinedOutput()
			if verdict := have["hash"] == probe.Good; verdict != (err == nil) && test.want["mod"] != probe.Bad || err == nil && test.ref == "AUTH-401" {
				t.Errorf("go says (%v)\n%s\nand we say\n%s", err, out, text)
			}
		})
	}
}

// TestSumDBEndToEnd sets up checksum databases: good ones, broken ones, and one
// that changes its history behind the back of its users.
func TestSumDBEndToEnd(t *testing.T) {
	l := newLab(t)
	o := func(vars map[string]string) probe.Options {
		return probe.Options{Env: l.env(vars), Patience: patience}
	}
	m := route.Module{Path: labModule, Version: labVersion}
	t.Run("keys", func(t *testing.T) {
		for spec, want := range map[string]probe.Grade{
			l.key + " https://sum.example": probe.Good, "sum.example": probe.Bad, "off": probe.Bad, "": probe.Bad, "a b c": probe.Bad,
			strings.Replace(l.key, "+A", "+B", 1): probe.Bad, l.other + " https://sum.example": probe.Good,
		} {
			got, _ := probe.SumDB(t.Context(), world.Real(), spec, m, nil, o(nil))
			if len(got) == 0 || got[0].Name != "key" || got[0].Grade != want {
				t.Errorf("%q: want the key to be %s:\n%s", spec, want, sentences(got))
			}
		}
	})
	for name, test := range map[string]struct {
		spec  string
		proxy string
		m     route.Module
		want  map[string]probe.Grade
		ref   string
	}{
		"good":                  {spec: l.key, proxy: "https://ok.example", m: m, want: map[string]probe.Grade{"tree": "ok", "record": "ok", "earlier tree": "skipped"}},
		"through a proxy":       {spec: l.key, proxy: "https://sumproxy.example", m: m, want: map[string]probe.Grade{"tree": "ok", "record": "ok", "address": "ok"}},
		"without a module":      {spec: l.key, proxy: "off", want: map[string]probe.Grade{"tree": "ok", "record": "skipped"}},
		"another key":           {spec: l.other, proxy: "off", m: m, want: map[string]probe.Grade{"tree": "failed"}, ref: "SD-WRONGKEY"},
		"garbage":               {spec: l.key + " https://captive.example", proxy: "off", m: m, want: map[string]probe.Grade{"tree": "failed"}, ref: "SD-GARBAGE"},
		"refused by the proxy":  {spec: l.key, proxy: "https://sum403.example", m: m, want: map[string]probe.Grade{"address": "failed"}, ref: "SD-PROXY403"},
		"unreachable":           {spec: l.key + " https://nowhere.example", proxy: "off", m: m, want: map[string]probe.Grade{"tree": "failed"}, ref: "SD-OFFLINE"},
		"hangs":                 {spec: l.key + " https://hang.example", proxy: "off", m: m, want: map[string]probe.Grade{"tree": "failed"}, ref: "PX-HANG"},
		"a module nobody knows": {spec: l.key, proxy: "off", m: route.Module{Path: "corp.example/private", Version: "v1.0.0"}, want: map[string]probe.Grade{"record": "failed"}, ref: "PV-NONOSUMDB"},
	} {
		t.Run(name, func(t *testing.T) {
			asking := o(map[string]string{"GOPROXY": test.proxy})
			asking.Patience = patienceWith(test.spec)
			got, head := probe.SumDB(t.Context(), world.Real(), test.spec, test.m, nil, asking)
			have := grades(got)
			for name, grade := range test.want {
				if have[name] != grade {
					t.Errorf("%s is %q, want %q\n%s", name, have[name], grade, sentences(got))
				}
			}
			if test.ref != "" && !slices.ContainsFunc(got, func(c probe.Check) bool { return c.Ref == test.ref }) {
				t.Errorf("no %s in\n%s", test.ref, sentences(got))
			}
			if trusted := have["tree"] == probe.Good; trusted != (head != nil) {
				t.Errorf("the head to keep: %q\n%s", head, sentences(got))
			}
		})
	}
	t.Run("history", func(t *testing.T) {
		signer, verifier, err := note.GenerateKey(rand.Reader, "sum.example")
		if err != nil {
			t.Fatal(err)
		}
		lines := func(salt string) func(mod, version string) ([]byte, error) {
			return func(mod, version string) ([]byte, error) {
				h := strings.Repeat(salt, 43) + "="
				return fmt.Appendf(nil, "%s %s h1:%s\n%s %s/go.mod h1:%s\n", mod, version, h, mod, version, h), nil
			}
		}
		// grown is a database in which n modules have been looked up.
		grown := func(salt string, n int) http.Handler {
			h := signed(signer, lines(salt))
			for i := range n {
				r := httptest.NewRequest(http.MethodGet, fmt.Sprintf("/lookup/example.com/m%d@v1.0.0", i), nil)
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
			return h
		}
		headOf := func(h http.Handler) []byte {
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/latest", nil))
			head, _ := io.ReadAll(rec.Body)
			return head
		}
		old := headOf(grown("A", 300))
		for name, test := range map[string]struct {
			now  http.Handler
			want probe.Grade
		}{
			"grown":     {grown("A", 600), probe.Good},
			"same":      {grown("A", 300), probe.Good},
			"shrunk":    {grown("A", 200), probe.Alarm},
			"rewritten": {grown("B", 300), probe.Alarm},
			"forked":    {grown("B", 600), probe.Alarm},
		} {
			l.plays(test.now)
			got, head := probe.SumDB(t.Context(), world.Real(), verifier+" https://fork.example", route.Module{Path: "example.com/m7", Version: "v1.0.0"}, old, o(nil))
			if grade := grades(got)["earlier tree"]; grade != test.want {
				t.Errorf("%s: want %s, got\n%s", name, test.want, sentences(got))
			}
			if test.want == probe.Alarm && head != nil {
				t.Errorf("%s: a head to trust comes back from a database that was caught", name)
			}
			if test.want == probe.Good && bytes.Equal(head, old) != (name == "same") {
				t.Errorf("%s: the head to keep is %q", name, head)
			}
		}
	})
}

// TestHeadThatGoKeeps has the real go see a checksum database, which then shows
// another history: go is told so by the head that it keeps, and so are we.
func TestHeadThatGoKeeps(t *testing.T) {
	l := newLab(t)
	signer, verifier, err := note.GenerateKey(rand.Reader, "sum.example")
	if err != nil {
		t.Fatal(err)
	}
	grown := func(salt string, n int) http.Handler {
		h := signed(signer, func(mod, version string) ([]byte, error) {
			if mod == labModule {
				return goodSum(mod, version)
			}
			hash := strings.Repeat(salt, 43) + "="
			return fmt.Appendf(nil, "%s %s h1:%s\n%s %s/go.mod h1:%s\n", mod, version, hash, mod, version, hash), nil
		})
		for i := range n {
			name := fmt.Sprintf("example.com/m%d@v1.0.0", i)
			if i == 20 {
				name = labModule + "@" + labVersion
			}
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/lookup/"+name, nil))
		}
		return h
	}
	gopath := t.TempDir()
	spec := verifier + " https://fork.example"
	vars := map[string]string{"GOPROXY": "https://ok.example", "GOSUMDB": spec, "GOPATH": gopath}
	l.plays(grown("A", 20))
	cmd := l.goCommand(t, vars, "mod", "download", labModule+"@"+labVersion)
	cmd.Env = append(cmd.Env, "GOPATH="+gopath)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go does not get it from a database in order: %v\n%s", err, out)
	}
	m := route.Module{Path: labModule, Version: labVersion}
	for _, test := range []struct {
		name string
		now  http.Handler
		want probe.Grade
	}{
		{"forked", grown("B", 60), probe.Alarm},
		{"shrunk", grown("A", 3), probe.Alarm},
		{"grown", grown("A", 60), probe.Good}, // the last, for go keeps the new head
	} {
		t.Run(test.name, func(t *testing.T) {
			l.plays(test.now)
			o := probe.Options{Env: l.env(vars), Patience: patience}
			got, head := probe.SumDB(t.Context(), world.Real(), spec, m, nil, o)
			if grade := grades(got)["go's tree"]; grade != test.want || test.want == probe.Alarm && head != nil {
				t.Errorf("want %s, got a head of %d bytes and\n%s", test.want, len(head), sentences(got))
			}
			l.judge(t, labModule+"@"+labVersion, map[string]string{"GOPROXY": "https://ok.example", "GOSUMDB": spec}, probe.Result{Verdict: probe.Served}) // who kept no head sees nothing wrong
			result := probe.Route(t.Context(), world.Real(), m, o)
			cmd := l.goCommand(t, vars, "mod", "download", labModule+"@"+labVersion)
			cmd.Env = append(cmd.Env, "GOPATH="+gopath)
			out, err := cmd.CombinedOutput()
			if wants := test.want == probe.Alarm; (err != nil) != wants || (result.Verdict == probe.Fails) != wants {
				t.Fatalf("the probe says %s: %s %s\ngo says (%v) %s", result.Verdict, result.Why, result.GoText.Reveal(), err, out)
			}
			said, _, _ := strings.Cut(result.GoText.Reveal(), "\n")
			if test.name == "forked" && !strings.Contains(string(out), said) { // with a shrunk one it depends on which tile comes first
				t.Errorf("the probe says that go says\n%s\nand it says\n%s", result.GoText.Reveal(), out)
			}
		})
	}
	t.Run("nothing is written", func(t *testing.T) {
		file := filepath.Join(gopath, "pkg", "sumdb", "sum.example", "latest")
		before, err := world.Real().Files.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		l.plays(grown("A", 90))
		probe.SumDB(t.Context(), world.Real(), spec, m, nil, probe.Options{Env: l.env(vars), Patience: patience})
		probe.Route(t.Context(), world.Real(), m, probe.Options{Env: l.env(vars), Patience: patience})
		if after, err := world.Real().Files.ReadFile(file); err != nil || !bytes.Equal(before, after) {
			t.Errorf("the head that go keeps has changed (%v):\n%s", err, after)
		}
	})
}
