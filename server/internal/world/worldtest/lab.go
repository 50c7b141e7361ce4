package worldtest

import (
	"archive/zip"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Lab is a machine of its own below a temporary directory: a home, a file
// proxy that serves example.com/greet, and a module that imports it.
type Lab struct {
	t     testing.TB
	Home  string            // HOME
	Dir   string            // the module's directory
	Proxy string            // the directory that the file proxy serves
	File  string            // main.go
	Env   map[string]string // the environment of a user without any Go settings
}

// buildCache is the build cache of whoever runs the tests: compiling the
// standard library once per test would take minutes.
var buildCache = sync.OnceValue(func() string {
	out, _ := exec.Command("go", "env", "GOCACHE").Output()
	return strings.TrimSpace(string(out))
})

// NewLab makes a lab. The module cache of its home is empty.
func NewLab(t testing.TB) *Lab {
	t.Helper()
	root := t.TempDir()
	l := &Lab{t: t, Home: filepath.Join(root, "home"), Dir: filepath.Join(root, "ws"), Proxy: filepath.Join(root, "proxy")}
	l.File = filepath.Join(l.Dir, "main.go")
	gocache := buildCache()
	if gocache == "" {
		if os.Getenv("CI") == "" {
			t.Skip("no go command on PATH that says where its build cache is: install Go from go.dev/dl")
		}
		t.Fatal("go does not say where its build cache is")
	}
	l.Env = map[string]string{"HOME": l.Home, "PATH": os.Getenv("PATH"), "GOCACHE": gocache, "GOTOOLCHAIN": "local", "GOSUMDB": "off"}
	l.Serve("example.com/greet", "v1.0.0", "package greet\n\nfunc Hello() string { return \"hello\" }\n")
	l.Write(filepath.Join(l.Dir, "go.mod"), "module example.com/app\n\ngo 1.24\n\nrequire example.com/greet v1.0.0\n")
	l.Write(l.File, "package main\n\nimport \"example.com/greet\"\n\nfunc main() { println(greet.Hello()) }\n")
	// go.sum, made by go itself with a module cache that is then thrown away.
	l.Go(l.Dir, map[string]string{"GOPROXY": "file://" + l.Proxy, "GOMODCACHE": t.TempDir(), "GOFLAGS": "-mod=mod -modcacherw"}, "list", "-deps", ".")
	t.Cleanup(func() { l.Go(l.Dir, nil, "clean", "-modcache") })
	return l
}

// Write writes a file, making its directory.
func (l *Lab) Write(file, text string) {
	l.t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		l.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		l.t.Fatal(err)
	}
}

// Serve puts a module of one package into the file proxy.
func (l *Lab) Serve(path, version, source string) {
	l.t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	mod := "module " + path + "\n\ngo 1.24\n"
	for name, text := range map[string]string{"go.mod": mod, filepath.Base(path) + ".go": source} {
		f, err := z.Create(path + "@" + version + "/" + name)
		if err != nil {
			l.t.Fatal(err)
		}
		_, _ = f.Write([]byte(text))
	}
	if err := z.Close(); err != nil {
		l.t.Fatal(err)
	}
	base := filepath.Join(l.Proxy, path, "@v")
	l.Write(filepath.Join(base, "list"), version+"\n")
	l.Write(filepath.Join(base, version+".info"), `{"Version":"`+version+`"}`)
	l.Write(filepath.Join(base, version+".mod"), mod)
	l.Write(filepath.Join(base, version+".zip"), buf.String())
}

// Go runs the real go command in the lab; it must succeed.
func (l *Lab) Go(dir string, extra map[string]string, args ...string) {
	l.t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	for _, vars := range []map[string]string{l.Env, extra} {
		for k, v := range vars {
			cmd.Env = append(cmd.Env, k+"="+v)
		}
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		l.t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// With returns the lab's environment with more variables.
func (l *Lab) With(pairs ...string) map[string]string {
	out := map[string]string{}
	for k, v := range l.Env {
		out[k] = v
	}
	for _, p := range pairs {
		k, v, _ := strings.Cut(p, "=")
		out[k] = v
	}
	return out
}
