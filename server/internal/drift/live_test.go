package drift_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/gophantom/gophantom/server/internal/drift"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/observe"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// judge lets the real go command list and download in an environment, and
// tells everything that came of it. Nothing leaves this machine: whatever is
// not a file or on the loopback goes to one of two HTTP proxies, which write
// down what they are asked for.
type judge struct {
	t      testing.TB
	lab    *worldtest.Lab
	goRoot string
	key    string // of a checksum database, of which one only ever learns that it refuses
	gates  [2]*httptest.Server
	colds  []string // module caches that are emptied before each run

	mu    sync.Mutex
	calls []string // guarded by mu
	open  int      // connections to the gates, guarded by mu
	quiet sync.Cond
	known map[string]string // outcomes by environment
}

func newJudge(t testing.TB) *judge {
	if _, err := exec.LookPath("go"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("no go command on PATH: this test has no judge")
		}
		t.Skip("no go command on PATH: install Go from go.dev/dl")
	}
	if runtime.GOOS == "windows" {
		t.Skip("the laboratory has symlinks and file proxies of Unix; run this test on Linux or macOS")
	}
	j := &judge{t: t, lab: worldtest.NewLab(t), known: map[string]string{}}
	j.quiet.L = &j.mu
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	j.goRoot = strings.TrimSpace(string(out))
	if _, j.key, err = note.GenerateKey(nil, "sum.example"); err != nil {
		t.Fatal(err)
	}
	for i := range j.gates {
		j.gates[i] = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			j.mu.Lock()
			if call := fmt.Sprintf("gate %d: %s %s%s", i, r.Method, r.Host, r.URL.Path); !slices.Contains(j.calls, call) {
				j.calls = append(j.calls, call)
			}
			j.mu.Unlock()
			file := filepath.Join(j.lab.Proxy, filepath.FromSlash(r.URL.Path))
			if r.Host != "proxy.example" {
				http.Error(w, "refused", http.StatusForbidden)
				return
			}
			http.ServeFile(w, r, file)
		}))
		j.gates[i].Config.ConnState = func(_ net.Conn, state http.ConnState) {
			j.mu.Lock()
			defer j.mu.Unlock()
			switch state {
			case http.StateNew:
				j.open++
			case http.StateClosed, http.StateHijacked:
				j.open--
				j.quiet.Broadcast()
			}
		}
		j.gates[i].Start()
		t.Cleanup(j.gates[i].Close)
	}
	l := j.lab
	for _, path := range []string{"example.com/extra", "git.corp.example/x"} {
		l.Serve(path, "v1.0.0", "package "+filepath.Base(path)+"\n")
	}
	l.Write(filepath.Join(l.Dir, "a.go"), "//go:build a && b\n\npackage main\n")
	l.Write(filepath.Join(l.Dir, "c.go"), "//go:build c || amd64.v3 || goexperiment.jsonv2\n\npackage main\n")
	l.Write(filepath.Join(l.Dir, "os_windows.go"), "package main\n")
	l.Write(filepath.Join(l.Dir, "cpu_arm64.go"), "package main\n")
	l.Write(filepath.Join(l.Dir, "cgo.go"), "package main\n\n// int one() { return 1; }\nimport \"C\"\n")
	// A workspace beside it, with the same module.
	for _, name := range []string{"main.go", "go.mod", "go.sum", "c.go"} {
		data, err := os.ReadFile(filepath.Join(l.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		l.Write(filepath.Join(j.work(), "app", name), string(data))
	}
	l.Write(filepath.Join(j.work(), "go.work"), "go 1.24\n\nuse ./app\n\nreplace example.com/greet => ./greet\n")
	l.Write(filepath.Join(j.work(), "greet", "go.mod"), "module example.com/greet\n\ngo 1.24\n")
	l.Write(filepath.Join(j.work(), "greet", "greet.go"), "package greet\n\nfunc Hello() string { return \"here\" }\n")
	j.colds = []string{filepath.Join(l.Home, "cold1"), filepath.Join(l.Home, "cold2"), filepath.Join(l.Home, "go", "pkg", "mod"), filepath.Join(l.Home, "gopath", "pkg", "mod")}
	l.Go(l.Dir, map[string]string{"GOMODCACHE": j.at("warm"), "GOPROXY": "file://" + l.Proxy}, "mod", "download")
	t.Cleanup(func() { l.Go(l.Dir, map[string]string{"GOMODCACHE": j.at("warm")}, "clean", "-modcache") })
	// Places that tools are found in.
	for dir, tools := range map[string][]string{"only-go": {"go"}, "linked": {"go", "gcc", "cc", "git"}} {
		for _, tool := range tools {
			file, err := exec.LookPath(tool)
			if err != nil {
				continue
			}
			if err := os.MkdirAll(j.at(dir), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(file, filepath.Join(j.at(dir), tool)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, dir := range []string{"tmp", "bin", "gopath"} {
		if err := os.MkdirAll(j.at(dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(j.goRoot, j.at("goroot")); err != nil {
		t.Fatal(err)
	}
	l.Write(j.at("goenv"), "GOFLAGS=-tags=a,b\nGOPRIVATE=git.corp.example\n")
	return j
}

func (j *judge) at(name string) string { return filepath.Join(j.lab.Home, name) }
func (j *judge) work() string          { return filepath.Join(filepath.Dir(j.lab.Dir), "work") }

// drifts takes a snapshot with the two environments as gopls' and the shell's.
func (j *judge) drifts(dir string, a, b map[string]string) (*model.Snapshot, []model.Drift) {
	j.cool()
	w := world.Real()
	w.Dir = dir
	s := observe.Take(j.t.Context(), w, observe.Input{Dir: dir, Trusted: true, Captured: map[model.EnvName]map[string]string{model.EnvGopls: a, model.EnvShell: b}})
	return s, drift.Between(s, model.EnvGopls, model.EnvShell)
}

// cool empties the module caches that are to be cold, and takes out of the warm
// one what is not required.
func (j *judge) cool() {
	dirs := slices.Clone(j.colds)
	for _, name := range []string{"example.com/extra@v1.0.0", "git.corp.example", "cache/download/example.com/extra", "cache/download/git.corp.example"} {
		dirs = append(dirs, filepath.Join(j.at("warm"), filepath.FromSlash(name)))
	}
	for _, dir := range dirs {
		if _, err := os.Lstat(dir); errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
			j.t.Fatal(err)
		}
		// go makes module caches read-only.
		_ = filepath.WalkDir(dir, func(file string, d os.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				err = os.Chmod(file, 0o755)
			}
			return err
		})
		if err := os.RemoveAll(dir); err != nil {
			j.t.Fatal(err)
		}
	}
}

// asked returns what the gates were asked for since the last call, sorted. A go
// command may end with requests under way, so it waits until they have been
// written down: the last thing a gate hears of a client is that it hung up.
func (j *judge) asked() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.open > 0 {
		j.quiet.Wait()
	}
	calls := j.calls
	j.calls = nil
	slices.Sort(calls)
	return calls
}

var progress = regexp.MustCompile(`(?m)^go: downloading .*\n|^(example\.com|git\.corp|internal|runtime|unsafe|syscall|command-line)[\w./-]*\n|\bafter \d+ms\b`)

// outcome runs the go command in an environment.
func (j *judge) outcome(dir string, vars map[string]string) string {
	entries := world.Environ(vars)
	slices.Sort(entries)
	key := dir + "\n" + strings.Join(entries, "\n")
	if known, ok := j.known[key]; ok {
		return known
	}
	j.cool()
	j.asked()
	var out strings.Builder
	for _, args := range [][]string{
		{"list", "-e", "-deps", "-json=ImportPath,GoFiles,CgoFiles,Imports,Module,Error", "."},
		{"mod", "download", "-json", "example.com/extra@v1.0.0", "git.corp.example/x@v1.0.0"},
	} {
		cmd := exec.Command(world.Real().LookPath(vars["PATH"], "go"), args...)
		cmd.Dir, cmd.Env = dir, entries
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		err := cmd.Run()
		fmt.Fprintf(&out, "go %s: %v\n", args[0], err)
		fmt.Fprintf(&out, "%s\n", progress.ReplaceAllString(stderr.String(), ""))
		for dec := json.NewDecoder(&stdout); ; {
			var p struct {
				ImportPath, Path, Version, Sum string
				GoFiles, CgoFiles, Imports     []string
				Module                         *struct{ Path, Version string }
				Error                          any
			}
			if err := dec.Decode(&p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				j.t.Fatalf("go %s: %v", args[0], err)
			}
			text, err := json.Marshal(p)
			if err != nil {
				j.t.Fatal(err)
			}
			fmt.Fprintf(&out, "%s\n", text)
		}
	}
	fmt.Fprintln(&out, strings.Join(j.asked(), "\n"))
	text := out.String()
	for _, cache := range append(j.colds, j.at("warm")) {
		text = strings.ReplaceAll(text, cache, "$GOMODCACHE")
	}
	text = strings.ReplaceAll(text, j.at("goroot"), j.goRoot)
	for _, tmp := range []string{j.at("tmp"), os.TempDir()} {
		text = regexp.MustCompile(regexp.QuoteMeta(tmp)+`/go-\S*`).ReplaceAllString(text, "$$TMP")
	}
	j.known[key] = text
	return text
}

// variables are what environments are made of at random. An empty value is a
// variable that is not set.
func (j *judge) variables() map[string][]string {
	path, l := j.lab.Env["PATH"], j.lab
	proxy := "file://" + l.Proxy
	g1, g2 := j.gates[0].URL, j.gates[1].URL
	key := j.key
	return map[string][]string{
		"PATH":            {path, path, j.at("bin") + ":" + path, j.at("linked") + ":" + path, j.at("only-go"), j.at("linked")},
		"GOPROXY":         {proxy, proxy, " " + proxy + " , direct,", proxy + ",direct", proxy + ",direct,off", "http://proxy.example|direct", "http://proxy.example", "off", "direct", "", proxy + ",foo", ","},
		"GOPRIVATE":       {"", "", "git.corp.example", "git.corp.example/", "other.example,git.corp.example", "git.corp.example,other.example", "git.corp.example ", "*"},
		"GONOPROXY":       {"", "", "", "git.corp.example", "none", "other.example"},
		"GONOSUMDB":       {"", "", "", "git.corp.example", "none", "*"},
		"GOINSECURE":      {"", "", "git.corp.example", "git.corp.example/"},
		"GOSUMDB":         {"off", "off", key + " " + g1, key + "  " + g1, key + " " + g2, "sum.example"},
		"GOVCS":           {"", "", "*:off", "public:git|hg,private:all", "public:git|hg, private:all"},
		"GOAUTH":          {"", "netrc", "off"},
		"GOFLAGS":         {"", "", "-tags=a,b", "-tags=b,a", "'-tags=a b'", "-tags=c -tags=b,a,b", "-mod=readonly", "-mod=mod", "--tags=c -mod=readonly", "-mod=readonly -tags=c", "-p=1", "-modcacherw", "-trimpath", "-tags=", "-foo", "'-tags=a", "-mod readonly"},
		"GOOS":            {"", "", runtime.GOOS, "windows", "darwin"},
		"GOARCH":          {"", "", runtime.GOARCH, "arm64"},
		"GOAMD64":         {"", "v1", "v3"},
		"GOARM64":         {"", "v8.0", "v9.0"},
		"CGO_ENABLED":     {"", "", "0", "1"},
		"CC":              {"", "", "gcc", "cc", "nosuchcc"},
		"CGO_CFLAGS":      {"", "-g -O2", " -g  -O2", "-O3"},
		"GO111MODULE":     {"", "", "on", "auto", "off"},
		"GOWORK":          {"", "", "off", "auto", filepath.Join(j.work(), "go.work")},
		"GOEXPERIMENT":    {"", "", "jsonv2", "jsonv2,greenteagc", "greenteagc,jsonv2"},
		"GODEBUG":         {"", "", "http2client=0", "http2client=0,madvdontneed=1", "madvdontneed=1,http2client=0"},
		"GOTOOLCHAIN":     {"", "local", "local+path", runtime.Version()},
		"GOPATH":          {"", j.at("go"), j.at("go") + "/", j.at("gopath"), "relative"},
		"GOMODCACHE":      {"", j.at("cold1"), j.at("cold2"), j.at("warm"), "relative"},
		"GOROOT":          {"", "", j.goRoot, j.at("goroot")},
		"GOENV":           {"", "off", j.at("goenv"), j.at("nothing")},
		"GOBIN":           {"", j.at("bin")},
		"GOTMPDIR":        {"", j.at("tmp")},
		"TMPDIR":          {"", j.at("tmp"), l.Dir},
		"GOCACHE":         {l.Env["GOCACHE"], l.Env["GOCACHE"], "off"},
		"GOFIPS140":       {"", "off"},
		"GOTELEMETRY":     {"", "off"},
		"GOMAXPROCS":      {"", "1"},
		"HTTP_PROXY":      {g1, g1, g2, strings.TrimPrefix(g1, "http://"), ""},
		"http_proxy":      {g1, g2, ""},
		"HTTPS_PROXY":     {g1, g1, g2, ""},
		"https_proxy":     {g1, g2, ""},
		"NO_PROXY":        {"", "other.example,localhost", "localhost, OTHER.example"},
		"ALL_PROXY":       {"", g2},
		"SSL_CERT_FILE":   {"", j.at("goenv")},
		"GIT_SSH_COMMAND": {"", "ssh -v"},
		"GIT_EDITOR":      {"", "vi"},
		"SSH_AUTH_SOCK":   {"", "/run/one", "/run/two"},
		"XDG_CACHE_HOME":  {"", j.at("cache")},
		"PKG_CONFIG_PATH": {"", j.at("lib")},
		"VSCODE_PID":      {"", "1"},
	}
}

// complete keeps an environment from reaching the network.
func (j *judge) complete(vars map[string]string) map[string]string {
	out := map[string]string{"HOME": j.lab.Home}
	maps.Copy(out, vars)
	maps.DeleteFunc(out, func(_, value string) bool { return value == "" })
	for _, name := range []string{"http_proxy", "https_proxy"} {
		if out[name] == "" && out[strings.ToUpper(name)] == "" {
			out[name] = j.gates[0].URL
		}
	}
	return out
}

// TestLive makes random pairs of environments and gives one everything of the
// other of which drift says that it does not matter: the real go command must
// not do anything else then. What is said holds for the two together, so it is
// enough if it does for one of them.
func TestLive(t *testing.T) {
	const pairs = 200
	j := newJudge(t)
	pool := j.variables()
	names := slices.Sorted(maps.Keys(pool))
	seed := worldtest.Seed(t, "GOPHANTOM_DRIFT_SEED")
	harmlessOnce := map[string]bool{}
	for i := range pairs {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		dir := j.lab.Dir
		if rng.IntN(4) == 0 {
			dir = filepath.Join(j.work(), "app")
		}
		var vars [2]map[string]string
		for side := range vars {
			vars[side] = map[string]string{}
			for _, name := range names {
				values := pool[name]
				switch {
				case side == 1 && rng.IntN(4) != 0:
					vars[1][name] = vars[0][name]
				case rng.IntN(2) == 0: // the first is the most usual
					vars[side][name] = values[0]
				default:
					vars[side][name] = values[rng.IntN(len(values))]
				}
			}
		}
		vars[0], vars[1] = j.complete(vars[0]), j.complete(vars[1])
		s, drifts := j.drifts(dir, vars[0], vars[1])
		var harmless []string
		for _, d := range drifts {
			if _, ours := pool[d.Variable]; ours && !d.Matters && d.Variable != "GOENV" { // GOENV brings in what the other variables are judged by
				harmless = append(harmless, d.Variable)
				harmlessOnce[d.Variable] = true
			}
		}
		// give returns what go does on one side with values of the other.
		give := func(side int, names []string) string {
			other, _ := s.Env([]model.EnvName{model.EnvShell, model.EnvGopls}[side])
			out := maps.Clone(vars[side])
			for _, name := range names {
				value := other.Lookup(name)
				if out[name] = value.Value.Reveal(); name == "GOROOT" && value.Origin.Layer == model.LayerDefault {
					out[name] = ""
				}
			}
			return j.outcome(dir, j.complete(out))
		}
		wrong := func(names []string) bool {
			return give(0, names) != give(0, nil) && give(1, names) != give(1, nil)
		}
		if !wrong(harmless) {
			continue
		}
		for k := 0; k < len(harmless); { // leave out what is not needed to fail
			if fewer := slices.Delete(slices.Clone(harmless), k, k+1); wrong(fewer) {
				harmless = fewer
			} else {
				k++
			}
		}
		var said strings.Builder
		for _, d := range drifts {
			if slices.Contains(harmless, d.Variable) {
				fmt.Fprintf(&said, "%s: %q, %q: %s\n", d.Variable, d.InA.Value.Reveal(), d.InB.Value.Reveal(), d.Why)
			}
		}
		before, after := give(0, nil), give(0, harmless)
		t.Errorf("pair %d of seed %d in %s: said not to matter:\n%sbut with the second values go does\n%s\nin place of\n%s\nin %q",
			i, seed, dir, &said, firstDifference(after, before), firstDifference(before, after), vars[0])
	}
	if len(harmlessOnce) < len(pool)/2 {
		t.Errorf("only of %d variables was a difference said not to matter: the cases are not varied enough", len(harmlessOnce))
	}
}

// TestLiveClaims lets the real go command judge one difference at a time: what
// matters makes it do something else, what does not matter does not.
func TestLiveClaims(t *testing.T) {
	j := newJudge(t)
	if _, err := exec.LookPath("gcc"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("no gcc on PATH: what switches cgo on is not tested")
		}
		t.Skip("no gcc on PATH: install gcc to test what switches cgo on")
	}
	l := j.lab
	proxy, g1, g2 := "file://"+l.Proxy, j.gates[0].URL, j.gates[1].URL
	key := j.key
	otherArch := map[bool]string{true: "amd64", false: "arm64"}[runtime.GOARCH == "arm64"]
	type vars = []string
	for _, test := range []struct {
		variable string
		common   vars
		a, b     vars
		matters  bool
	}{
		{"GOFLAGS", nil, vars{"GOFLAGS=-tags=a,b"}, vars{"GOFLAGS=-tags=a"}, true},
		{"GOFLAGS", nil, vars{"GOFLAGS=-tags=a,b -tags=c"}, vars{"GOFLAGS=-tags=c -tags=a,b"}, true},
		{"GOFLAGS", nil, vars{"GOFLAGS=-tags=b,a,b"}, vars{"GOFLAGS='--tags=a b'"}, false},
		{"GOFLAGS", nil, vars{"GOFLAGS=-mod=readonly -p=2 -tags=c"}, vars{"GOFLAGS=-tags=c"}, false},
		{"GOFLAGS", nil, vars{"GOFLAGS='-tags=c"}, vars{"GOFLAGS=-tags=c"}, true},
		{"GOFLAGS", nil, vars{"GOENV=" + j.at("goenv")}, vars{"GOENV=off"}, true},
		{"GOENV", nil, vars{"GOENV=" + j.at("nothing")}, vars{"GOENV=off"}, false},
		{"GOPROXY", nil, vars{"GOPROXY=off"}, nil, true},
		{"GOPROXY", nil, vars{"GOPROXY= " + proxy + " ,off,direct,"}, vars{"GOPROXY=" + proxy + ",off"}, false},
		{"GOPROXY", nil, vars{"GOPROXY=" + proxy + ",https://x.example"}, vars{"GOPROXY=" + proxy + ",x.example"}, false},
		{"GOPROXY", nil, vars{"GOPROXY=" + proxy + ",foo"}, nil, true},
		{"GOPRIVATE", nil, vars{"GOPRIVATE=git.corp.example"}, nil, true},
		{"GOPRIVATE", nil, vars{"GOPRIVATE=git.corp.example,x.example/"}, vars{"GOPRIVATE=,x.example,git.corp.example"}, false},
		{"GOPRIVATE", nil, vars{"GOPRIVATE=git.corp.example"}, vars{"GONOPROXY=git.corp.example", "GONOSUMDB=git.corp.example"}, false},
		{"GONOPROXY", nil, vars{"GOPRIVATE=git.corp.example"}, vars{"GOPRIVATE=git.corp.example", "GONOPROXY=git.corp.example/"}, false},
		{"GONOPROXY", vars{"GOPRIVATE=git.corp.example"}, vars{"GONOPROXY=none"}, nil, true},
		{"GONOPROXY", nil, vars{"GONOPROXY=none"}, nil, false},
		{"GONOPROXY", nil, vars{"GOPRIVATE=git.corp.example", "GONOPROXY=none"}, vars{"GONOPROXY=off"}, false},
		{"GOINSECURE", vars{"GOPRIVATE=git.corp.example"}, vars{"GOINSECURE=none"}, nil, false},
		{"GONOSUMDB", vars{"GOSUMDB=" + key + " " + g1}, vars{"GONOSUMDB=*"}, nil, true},
		{"GOSUMDB", nil, vars{"GOSUMDB=" + key + " " + g1}, vars{"GOSUMDB=" + key + " " + g2}, true},
		{"GOSUMDB", nil, vars{"GOSUMDB=" + key + " " + g1}, vars{"GOSUMDB= " + key + "   " + g1 + " "}, false},
		{"GOINSECURE", vars{"GOPRIVATE=git.corp.example"}, vars{"GOINSECURE=git.corp.example"}, nil, true},
		{"GOINSECURE", nil, vars{"GOINSECURE=git.corp.example"}, nil, false},
		{"HTTP_PROXY", vars{"GOPROXY=http://proxy.example"}, vars{"HTTP_PROXY=" + g1}, vars{"HTTP_PROXY=" + g2}, true},
		{"HTTP_PROXY", vars{"GOPROXY=http://proxy.example"}, vars{"HTTP_PROXY=" + g1}, vars{"http_proxy=" + strings.TrimPrefix(g1, "http://")}, false},
		{"http_proxy", vars{"GOPROXY=http://proxy.example", "HTTP_PROXY=" + g1}, vars{"http_proxy=" + g2}, nil, false},
		{"HTTP_PROXY", nil, vars{"HTTP_PROXY=" + g1}, vars{"HTTP_PROXY=" + g2}, false},
		{"HTTPS_PROXY", vars{"GOPRIVATE=git.corp.example"}, vars{"HTTPS_PROXY=" + g1}, vars{"HTTPS_PROXY=" + g2}, true},
		{"GOOS", nil, vars{"GOOS=windows"}, nil, true},
		{"GOOS", nil, vars{"GOOS=" + runtime.GOOS}, nil, false},
		{"GOARCH", nil, vars{"GOARCH=" + otherArch}, nil, true},
		{"GOARCH", nil, vars{"GOARCH=" + runtime.GOARCH}, nil, false},
		{"GOAMD64", vars{"GOARCH=amd64"}, vars{"GOAMD64=v3"}, nil, true},
		{"GOAMD64", vars{"GOARCH=amd64"}, vars{"GOAMD64=v1"}, nil, false},
		{"GOAMD64", vars{"GOARCH=arm64"}, vars{"GOAMD64=v3"}, nil, false},
		{"CGO_ENABLED", nil, vars{"CGO_ENABLED=0"}, nil, true},
		{"CGO_ENABLED", nil, vars{"CGO_ENABLED=1"}, nil, false},
		{"CGO_ENABLED", vars{"GOARCH=" + otherArch}, vars{"CGO_ENABLED=0"}, nil, false},
		{"CC", nil, vars{"CC=gcc"}, nil, false},
		{"CC", vars{"CGO_ENABLED=0"}, vars{"CC=nosuchcc"}, nil, false},
		{"cc", nil, vars{"PATH=" + j.at("only-go")}, nil, true},
		{"PATH", nil, vars{"PATH=" + j.at("only-go")}, nil, true},
		{"PATH", nil, vars{"PATH=" + j.at("bin") + ":" + l.Env["PATH"]}, nil, false},
		{"PATH", nil, vars{"PATH=" + j.at("linked") + ":" + l.Env["PATH"]}, nil, false},
		{"GO111MODULE", nil, vars{"GO111MODULE=off"}, nil, true},
		{"GO111MODULE", nil, vars{"GO111MODULE=auto"}, nil, false},
		{"GOEXPERIMENT", nil, vars{"GOEXPERIMENT=jsonv2"}, nil, true},
		{"GOTOOLCHAIN", nil, vars{"GOTOOLCHAIN=go1.99.0+path"}, vars{"GOTOOLCHAIN=local"}, true},
		{"GOTOOLCHAIN", nil, vars{"GOTOOLCHAIN=path"}, vars{"GOTOOLCHAIN=local"}, false},
		{"GOPATH", nil, vars{"GOPATH=relative"}, nil, true},
		{"GOPATH", vars{"GOMODCACHE=" + j.at("warm")}, vars{"GOPATH=" + j.at("gopath")}, nil, false},
		{"GOMODCACHE", vars{"GOPROXY=off"}, vars{"GOMODCACHE=" + j.at("warm")}, nil, true},
		{"GOMODCACHE", nil, vars{"GOMODCACHE=" + j.at("cold1")}, vars{"GOMODCACHE=" + j.at("cold2")}, false},
		{"GOROOT", nil, vars{"GOROOT=" + j.at("goroot")}, nil, false},
		{"TMPDIR", nil, vars{"TMPDIR=" + l.Dir}, vars{"TMPDIR=" + j.at("tmp")}, true},
		{"GOBIN", nil, vars{"GOBIN=" + j.at("bin")}, nil, false},
	} {
		t.Run(fmt.Sprint(test.variable, " ", test.a, " against ", test.b), func(t *testing.T) {
			make := func(more vars) map[string]string {
				out := map[string]string{}
				base := vars{"GOPROXY=" + proxy, "GOSUMDB=off", "GOTOOLCHAIN=local", "PATH=" + l.Env["PATH"], "GOCACHE=" + l.Env["GOCACHE"]}
				for _, list := range []vars{base, test.common, more} {
					for _, v := range list {
						name, value, _ := strings.Cut(v, "=")
						out[name] = value
					}
				}
				return j.complete(out)
			}
			a, b := make(test.a), make(test.b)
			_, drifts := j.drifts(l.Dir, a, b)
			i := slices.IndexFunc(drifts, func(d model.Drift) bool { return d.Variable == test.variable })
			if i < 0 {
				t.Fatalf("no drift of it: %+v", drifts)
			}
			x, y := j.outcome(l.Dir, a), j.outcome(l.Dir, b)
			if (x != y) != test.matters {
				t.Fatalf("the case is wrong; go does, in the first only:\n%s\nand in the second only:\n%s", firstDifference(x, y), firstDifference(y, x))
			}
			if drifts[i].Matters != test.matters {
				t.Errorf("matters is said to be %v (%s); in the first only, go does:\n%s", drifts[i].Matters, drifts[i].Why, firstDifference(x, y))
			}
		})
	}
}

// firstDifference returns the first lines of a text that another lacks.
func firstDifference(text, other string) string {
	var out []string
	lines := strings.Split(other, "\n")
	for line := range strings.SplitSeq(text, "\n") {
		if !slices.Contains(lines, line) && len(out) < 4 {
			out = append(out, line[:min(len(line), 600)])
		}
	}
	return strings.Join(out, "\n")
}
