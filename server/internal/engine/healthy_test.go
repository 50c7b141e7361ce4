package engine_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world"
)

// TestHealthyWorldsAreSilent looks at workspaces and environments that are all
// in order, each in its own way.
func TestHealthyWorldsAreSilent(t *testing.T) {
	const module = "module example.com/app\n\ngo 1.24\n"
	type files = map[string]string
	workspaces := map[string]files{
		"one module":         {"go.mod": module, "main.go": "package main\n\nfunc main() {}\n"},
		"requirements":       {"go.mod": module + "\nrequire (\n\texample.com/a v1.0.0\n\texample.com/b/v2 v2.0.0 // indirect\n)\n"},
		"replaced":           {"go.mod": module + "\nrequire example.com/a v1.0.0\n\nreplace example.com/a => ./a\n", "a/go.mod": "module example.com/a\n\ngo 1.24\n"},
		"toolchain and tool": {"go.mod": module + "\ntoolchain go1.24.1\n\ngodebug default=go1.24\n\ntool example.com/a/cmd\n\nrequire example.com/a v1.0.0\n\nretract v0.0.1\n\nignore ./node_modules\n"},
		"workspace":          {"go.work": "go 1.24\n\nuse (\n\t./a\n\t./b\n)\n\nreplace example.com/c => ./c\n", "a/go.mod": "module example.com/a\n\ngo 1.24\n", "b/go.mod": "module example.com/b\n\ngo 1.24\n", "c/go.mod": "module example.com/c\n"},
		"vendored":           {"go.mod": module + "\nrequire example.com/a v1.0.0\n", "vendor/modules.txt": "# example.com/a v1.0.0\n## explicit\n"},
		"modules below":      {"a/go.mod": "module example.com/a\n\ngo 1.24\n", "b/go.mod": "module example.com/b\n\ngo 1.24\n"},
		"no module":          {"readme.txt": ""},
		"old and CRLF":       {"go.mod": "module example.com/app\r\n\r\nrequire example.com/a v1.0.0 // why\r\n"},
	}
	home := t.TempDir()
	goenv := filepath.Join(home, "custom")
	environments := map[string]map[string]string{
		"nothing set":         {},
		"GOPROXY, commas":     {"GOPROXY": "https://a.example,https://b.example/x,direct"},
		"GOPROXY, bars":       {"GOPROXY": "https://a.example|https://b.example|direct"},
		"GOPROXY, spaces":     {"GOPROXY": " https://a.example , direct "},
		"GOPROXY, a file":     {"GOPROXY": "file:///srv/proxy,off"},
		"GOPROXY, direct":     {"GOPROXY": "direct"},
		"GOPROXY, no scheme":  {"GOPROXY": "goproxy.example.com,direct"},
		"GOPROXY, user":       {"GOPROXY": "https://bob:secret@a.example/go,direct"},
		"GOPROXY, IPv6":       {"GOPROXY": "http://[::1]:8081/go,direct"},
		"GOPRIVATE, one":      {"GOPRIVATE": "git.corp.example"},
		"GOPRIVATE, list":     {"GOPRIVATE": "*.corp.example,github.com/acme/*,example.com/[a-c]x?"},
		"GOPRIVATE, slash":    {"GOPRIVATE": "github.com/acme/"},
		"GOPRIVATE, capitals": {"GOPRIVATE": "github.com/AcmeCorp"},
		"GOPRIVATE, commas":   {"GOPRIVATE": ",a.example,,b.example,"},
		"GONOPROXY=none":      {"GOPRIVATE": "corp.example", "GONOPROXY": "none"},
		"GONOSUMDB":           {"GONOSUMDB": "corp.example/*"},
		"GOINSECURE":          {"GOINSECURE": "corp.example,10.0.0.1"},
		"GOFLAGS, tags":       {"GOFLAGS": "-tags=a,b -mod=readonly"},
		"GOFLAGS, quotes":     {"GOFLAGS": `"-ldflags=-s -w" '-tags=x'`},
		"GOFLAGS, dashes":     {"GOFLAGS": "--mod=readonly -modcacherw"},
		"GOENV=off":           {"GOENV": "off"},
		"GOENV elsewhere":     {"GOENV": goenv},
		"GOENV missing":       {"GOENV": filepath.Join(home, "nothing")},
		"XDG_CONFIG_HOME":     {"XDG_CONFIG_HOME": filepath.Join(home, "xdg")},
		"GOSUMDB":             {"GOSUMDB": "sum.golang.google.cn"},
		"GOTOOLCHAIN":         {"GOTOOLCHAIN": "go1.24.1+auto"},
		"GOPATH, two":         {"GOPATH": filepath.Join(home, "go") + string(filepath.ListSeparator) + filepath.Join(home, "go2")},
		"GOMODCACHE":          {"GOMODCACHE": filepath.Join(home, "a b")},
		"GO111MODULE":         {"GO111MODULE": "auto"},
		"GOTOOLCHAIN=local":   {"GOTOOLCHAIN": "local"},
		"directories":         {"GOCACHE": filepath.Join(home, "new", "cache"), "TMPDIR": home, "GOBIN": filepath.Join(home, "bin")},
		"experiments":         {"GOEXPERIMENT": "none"},
		"CC":                  {"CC": os.Args[0] + " -O2", "CGO_ENABLED": "1"},
		"cross":               {"GOOS": "windows", "GOARCH": "arm64", "CGO_ENABLED": "0"},
		"another go.env":      {"PATH": filepath.Join(home, "goroot", "bin") + string(filepath.ListSeparator) + os.Getenv("PATH")},
		"empty values":        {"GOPROXY": "", "GOFLAGS": "", "GOPRIVATE": "", "GOROOT": ""},
	}
	write := func(t *testing.T, file, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(t, goenv, "# by hand\nGOPROXY=https://a.example,direct\nGOPRIVATE=corp.example\n\nGOFLAGS=-tags=x\n")
	write(t, filepath.Join(home, "xdg", "go", "env"), "GOPROXY=direct\nGONOSUMDB=corp.example\n")
	// A distribution's Go: files tell which Go it is, so it need not run.
	write(t, filepath.Join(home, "goroot", "VERSION"), "go1.25.4\n")
	write(t, filepath.Join(home, "goroot", "go.env"), "GOPROXY=direct\nGOSUMDB=off\nGOTOOLCHAIN=local\n")
	write(t, filepath.Join(home, "goroot", "bin", "go"), "#!/bin/false\n")
	write(t, filepath.Join(home, "goroot", "bin", "go.exe"), "")
	if err := os.Chmod(filepath.Join(home, "goroot", "bin", "go"), 0o700); err != nil {
		t.Fatal(err)
	}
	for wsName, content := range workspaces {
		dir := t.TempDir()
		for name, text := range content {
			write(t, filepath.Join(dir, name), text)
		}
		for envName, set := range environments {
			vars := map[string]string{"HOME": home, "PATH": os.Getenv("PATH")}
			for k, v := range set {
				vars[k] = v
			}
			w := world.Real()
			w.Dir, w.Environ = dir, world.Environ(vars)
			for given, captured := range map[string]engine.Captured{"observed": nil, "captured twice": {model.EnvShell: vars, model.EnvGopls: vars}} {
				s, err := engine.Observe(t.Context(), w, engine.Request{Dir: dir, Captured: captured})
				if err != nil {
					t.Fatal(err)
				}
				r := engine.Check(t.Context(), w, s, nil).Report(w)
				if r.Health != "ok" || len(r.Findings)+len(r.Unknown) > 0 {
					t.Errorf("%s, %s, %s: health %s\n%s", wsName, envName, given, r.Health, r.Text(report.Style{}))
				}
			}
		}
	}
}
