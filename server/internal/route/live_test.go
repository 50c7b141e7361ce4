//go:build unix

package route

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
)

// TestLiveCertain checks the answers that need no server at all.
func TestLiveCertain(t *testing.T) {
	l := newLab(t, goCommand(t))
	direct := map[string]string{"GOPROXY": "direct", "GOVCS": "*:off"}
	for _, tc := range []struct {
		path    string
		process map[string]string
	}{
		{"foo/bar", nil},
		{"Corp.example/x", nil},
		{"corp.example/x", map[string]string{"GO111MODULE": "off"}},
		{"corp.example/x", map[string]string{"GO111MODULE": "yes"}},
		{"corp.example/x", map[string]string{"GOPROXY": "off"}},
		{"corp.example/x", map[string]string{"GOPROXY": "off", "GOPRIVATE": "corp.example", "GONOPROXY": "none"}},
		{"example.net/x", direct},
		{"github.com/x", direct},
		{"github.com/a/b.git", direct},
		{"github.com/a/b/sub/v2", direct},
		{"bitbucket.org/a/b", map[string]string{"GOPROXY": "direct", "GOVCS": "public:off", "GOPRIVATE": "none"}},
		{"bitbucket.org/a/b", map[string]string{"GOPROXY": "direct", "GOVCS": "private:off", "GOPRIVATE": "bitbucket.org"}},
		{"hub.jazz.net/git/a/b", direct},
		{"hub.jazz.net/git/a", direct},
		{"git.apache.org/thrift.git", direct},
		{"git.openstack.org/a/b", direct},
		{"chiselapp.com/user/a/repository/b", map[string]string{"GOPROXY": "direct"}}, // fossil is off for the public by default
		{"corp.example/a/b.git/sub", direct},
		{"corp.example/a/b.svn", map[string]string{"GOPROXY": "direct"}},
		{"corp.example/x@feature/y", map[string]string{"GOPROXY": "https://a.proxy.example,direct"}}, // which is no way to get at a branch
		{"corp.example/x@feature!y", map[string]string{"GOPROXY": "https://a.proxy.example|https://b.proxy.example"}},
		{"corp.example/x@latest", map[string]string{"GOPROXY": "off"}},
		{"corp.example/x", map[string]string{"GOPROXY": "http://a.proxy.example", "REQUEST_METHOD": "GET"}},
		{"std@latest", nil},
		{"cmd@v1.0.0", nil},
		{"corp.example/a/b.hg", map[string]string{"GOPROXY": "off", "GONOPROXY": "corp.example", "GOVCS": "corp.example/a:git"}},
	} {
		m := Module{tc.path, "v1.0.0"}
		if path, version, named := strings.Cut(tc.path, "@"); named {
			m = Module{path, version}
		} else if strings.HasSuffix(tc.path, "/v2") {
			m.Version = "v2.0.0"
		}
		q := &question{process: tc.process, module: m, world: &world{module: m}, verb: download}
		r, got := Explain(m, l.env(q), Facts{}), l.ask(q, 0)
		if r.Error.Empty() {
			t.Errorf("%s %q: nothing claimed, go says %q", tc.path, tc.process, got.text)
			continue
		}
		if len(got.asked) > 0 {
			t.Errorf("%s %q: go asks %q", tc.path, tc.process, got.asked)
		}
		if text := r.Error.Reveal(); got.text != text && !strings.HasSuffix(got.text, ": "+text) {
			t.Errorf("%s %q: claimed %q, go says %q", tc.path, tc.process, text, got.text)
		}
	}
}

// TestLiveQueries asks for versions that are none: whatever go has to find out
// about them, it asks the servers of the route, in its order.
func TestLiveQueries(t *testing.T) {
	l := newLab(t, goCommand(t))
	for _, name := range []string{
		"corp.example/team/lib@latest", "corp.example/team/lib@v1", "corp.example/team/lib@v1.2", "corp.example/team/lib@>=v1.0.0", "corp.example/team/lib@main", "corp.example/team/lib@0123456789ab",
		"corp.example/team/lib@v1.0.0-pre+meta", "corp.example/team/lib/v3@v1.0.0", "corp.example/team/lib@v3.0.0+incompatible", "corp.example/team/lib@v0.0.0-20240102030405-0123456789ab",
		"go@1.999.0", "toolchain@go1.999.0", "go@latest", "toolchain@latest", "golang.org/toolchain@v0.0.1-go1.999.0.linux-amd64",
	} {
		for _, process := range []map[string]string{
			{"GOPROXY": "https://a.proxy.example,https://b.proxy.example|direct"},
			{"GOPROXY": "https://c.proxy.example|off", "GONOPROXY": "none"},
			{"GOPROXY": "https://c.proxy.example|direct", "GOPRIVATE": "corp.example,golang.org"},
		} {
			m := Module{}
			m.Path, m.Version, _ = strings.Cut(name, "@")
			q := &question{process: process, module: m, world: &world{hosts: map[string]*host{}}, verb: download}
			for _, h := range append(l.defaults(), hosts...) {
				q.world.hosts[h] = &host{}
			}
			q.world.hosts["golang.org"] = &host{}
			r := Explain(m, l.env(q), Facts{})
			q.world.module = r.Target
			got := l.ask(q, 0)
			if isVersion := strings.HasPrefix(r.Target.Version, "v0.0.") || strings.HasPrefix(r.Target.Version, "v3.") || m.Version == "v1.0.0"; r.Query == isVersion {
				t.Errorf("%s: looks up %v, a query: %v", name, r.Target, r.Query)
			}
			var want, asked []string
			for _, s := range r.Steps {
				base := s.URL.Reveal() + "/" + escapePath(r.Target.Path) + "/@v/"
				if s.Kind != Proxy {
					base, _, _ = strings.Cut(r.VCS.Page, "?")
				}
				if s.Applies && s.Kind != Off && !slices.Contains(want, base) {
					want = append(want, base)
				}
			}
			for _, request := range got.asked {
				u := strings.TrimPrefix(request, "GET ")
				i := slices.IndexFunc(want, func(base string) bool { return strings.HasPrefix(u, base) })
				if i < 0 {
					t.Errorf("%s %q: go asks %s, which no step foresees", name, process, request)
				} else if !slices.Contains(asked, want[i]) {
					asked = append(asked, want[i])
				}
			}
			if !slices.Equal(asked, want) {
				t.Errorf("%s %q: asked %q, foreseen %q, and go says %s", name, process, asked, want, got.text)
			}
		}
	}
}

// TestLiveFlags compares what a build says of GOFLAGS, and of GO111MODULE and
// replace directives beside it, where the first counts.
func TestLiveFlags(t *testing.T) {
	l := newLab(t, goCommand(t))
	out, err := l.command(nil, t.TempDir(), "env", "GOVERSION").Output()
	if err != nil {
		t.Fatal(err)
	}
	facts := Facts{Toolchain: model.Toolchain{Version: strings.TrimSpace(string(out))}}
	for _, inWork := range []bool{false, true} {
		home := t.TempDir()
		l.write(filepath.Join(home, "go.mod"), "module corp.example/app\n\ngo 1.26\n\nreplace corp.example/x => ./a\nreplace corp.example/x => ./b\n", 0o644)
		m := model.Module{File: filepath.Join(home, "go.mod"), Path: "corp.example/app", Go: "1.26"}
		m.Replaces = []model.Replace{{OldPath: "corp.example/x", NewPath: "./a"}, {OldPath: "corp.example/x", NewPath: "./b"}}
		facts.Modules = []model.Module{m}
		if inWork {
			l.write(filepath.Join(home, "go.work"), "go 1.26\nuse .\n", 0o644)
			facts.Work = &model.Work{File: filepath.Join(home, "go.work"), Go: "1.26", Uses: []model.Use{{Dir: home, Path: m.Path}}}
		}
		for _, flags := range []string{
			"", "-x -mod mod", `"-x`, "'-x -v", `-x "-v`, "-mod=foo", "-mod=foo -mod=mod", "-mod=mod", "--mod=vendor", "-nosuchflag", "-tags=a b", "'-tags=a b'", "-mod", "-mod -nosuchflag", "-", "--", "---x", "-=x", "--=x", "-insecure",
		} {
			for _, go111 := range []string{"", "maybe"} {
				process := map[string]string{"GOFLAGS": flags, "GO111MODULE": go111}
				cmd := l.command(process, home, "build", "./...")
				cmd.Dir = home
				said, err := cmd.CombinedOutput()
				if err == nil {
					t.Fatalf("GOFLAGS=%s: go does not mind", flags)
				}
				got, _, _ := strings.Cut(strings.TrimPrefix(string(said), "go: "), "\nusage:")
				if claimed := Explain(Module{"corp.example/x", "v1.0.0"}, l.env(&question{process: process}), facts).Error.Reveal(); claimed != strings.TrimSpace(got) {
					t.Errorf("GOFLAGS=%s GO111MODULE=%s, in a workspace %v: claimed %q, go says %q", flags, go111, inWork, claimed, got)
				}
			}
		}
	}
}

// TestLiveTooOld has a module ask for a newer Go than the one that has to do.
func TestLiveTooOld(t *testing.T) {
	l := newLab(t, goCommand(t))
	out, err := l.command(nil, t.TempDir(), "env", "GOVERSION").Output()
	if err != nil {
		t.Fatal(err)
	}
	have := strings.TrimSpace(string(out))
	for _, tc := range []struct{ gotoolchain, file, content string }{
		{"local", "go.mod", "module corp.example/app\n\ngo 1.999\n"},
		{"local", "go.work", "go 1.999.1\n"},
		{have, "go.mod", "module corp.example/app\n\ngo 1.999.0\n\ntoolchain go1.999.7\n"},
		{"auto", "go.mod", "module corp.example/app\n\ngo 1.999\n\ntoolchain default\n"},
		{"path", "go.work", "go 1.999.1\n\ntoolchain default\n"},
		{have + "+auto", "go.mod", "module corp.example/app\n\ngo 1.999\n\ntoolchain default\n"},
	} {
		home := t.TempDir()
		l.write(filepath.Join(home, tc.file), tc.content, 0o644)
		process := map[string]string{"GOTOOLCHAIN": tc.gotoolchain}
		cmd := l.command(process, home, "list", "-m")
		cmd.Dir = home
		said, err := cmd.CombinedOutput()
		if err == nil {
			t.Fatalf("GOTOOLCHAIN=%s, %s %q: go does not mind", tc.gotoolchain, tc.file, tc.content)
		}
		_, least, _ := strings.Cut(tc.content, "go 1.")
		least, _, _ = strings.Cut("1."+least, "\n")
		facts := Facts{Toolchain: model.Toolchain{Selected: have, Tools: []model.Tool{{Name: "go", Version: have}}}}
		if tc.file == "go.work" {
			facts.Work = &model.Work{File: filepath.Join(home, tc.file), Go: least}
		} else {
			facts.Modules = []model.Module{{File: filepath.Join(home, tc.file), Path: "corp.example/app", Go: least}}
		}
		r := Explain(Module{"corp.example/x", "v1.0.0"}, l.env(&question{process: process}), facts)
		if got := strings.TrimSpace(string(said)); got != "go: "+r.Error.Reveal() {
			t.Errorf("GOTOOLCHAIN=%s, %s %q: claimed %q, go says %q", tc.gotoolchain, tc.file, tc.content, r.Error.Reveal(), got)
		}
	}
}
