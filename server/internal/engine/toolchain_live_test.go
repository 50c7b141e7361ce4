package engine_test

import (
	"archive/zip"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/observe"
	"github.com/gophantom/gophantom/server/internal/rules"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// claims lets the rules find the given row in the lab, and go run a command
// there, which must fail with the text that the finding has.
func claims(t *testing.T, lab *worldtest.Lab, vars map[string]string, ref string, args ...string) {
	t.Helper()
	w := world.Real()
	w.Dir, w.Environ = lab.Dir, world.Environ(vars)
	s := observe.Take(t.Context(), w, observe.Input{Number: 1, Dir: lab.Dir, Trusted: true, Captured: map[model.EnvName]map[string]string{model.EnvShell: vars}})
	found, crashes := rules.Run(s)
	i := slices.IndexFunc(found, func(f model.Finding) bool { return f.Ref == ref })
	if i < 0 || len(crashes) > 0 {
		t.Fatalf("%s is not found: %+v %+v", ref, found, crashes)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = lab.Dir, append(world.Environ(vars), "PWD="+lab.Dir)
	out, err := cmd.CombinedOutput()
	if text := found[i].GoText.Reveal(); err == nil || !strings.Contains(string(out), text) {
		t.Errorf("go %s does not say %q: %v\n%s", strings.Join(args, " "), text, err, out)
	}
}

// TestGorootOfAnotherGoLive compiles with a GOROOT of another Go: a copy whose
// VERSION and compiler call themselves by another version.
func TestGorootOfAnotherGoLive(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a GOROOT is copied with symbolic links, which need a privilege on Windows")
	}
	lab := worldtest.NewLab(t)
	goroot, err := installedGo()
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(filepath.Dir(lab.Home), "other")
	copyGoroot(t, goroot, other)
	tools := filepath.Join("pkg", "tool", runtime.GOOS+"_"+runtime.GOARCH)
	detach(t, other, filepath.Join(other, tools))
	version, err := os.ReadFile(filepath.Join(goroot, "VERSION"))
	if err != nil {
		t.Fatal(err)
	}
	name, rest, _ := strings.Cut(string(version), "\n")
	last := byte('9')
	if name[len(name)-1] == last {
		last = '8'
	}
	theirs := name[:len(name)-1] + string(last)
	compiler, err := os.ReadFile(filepath.Join(goroot, tools, "compile"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(compiler, []byte(name)) {
		t.Fatalf("the compiler of %s does not have its name in it", name)
	}
	write := func(file string, data []byte, mode os.FileMode) {
		t.Helper()
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, mode); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(other, tools, "compile"), bytes.ReplaceAll(compiler, []byte(name), []byte(theirs)), 0o755)
	write(filepath.Join(other, "VERSION"), []byte(theirs+"\n"+rest), 0o644)
	lab.Write(filepath.Join(lab.Dir, "go.mod"), "module example.com/app\n\ngo 1.24\n")
	lab.Write(lab.File, "package main\n\nfunc main() {}\n")
	claims(t, lab, lab.With("GOROOT="+other, "GOFLAGS="), "GR-MISMATCH", "build", "-o", os.DevNull, ".")
}

// TestToolchainWithoutSumsLive lets go fetch a toolchain that it may not verify:
// it downloads all of it first.
func TestToolchainWithoutSumsLive(t *testing.T) {
	lab := worldtest.NewLab(t)
	const name = "go1.98.7"
	version := "v0.0.1-" + name + "." + runtime.GOOS + "-" + runtime.GOARCH
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	if _, err := z.Create("golang.org/toolchain@" + version + "/bin/go"); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(lab.Proxy, "golang.org", "toolchain", "@v", version)
	lab.Write(at+".info", `{"Version":"`+version+`"}`)
	lab.Write(at+".mod", "module golang.org/toolchain\n")
	lab.Write(at+".zip", buf.String())
	lab.Write(filepath.Join(lab.Dir, "go.mod"), "module example.com/app\n\ngo 1.24\n\ntoolchain "+name+"\n")
	proxy := "GOPROXY=file://" + filepath.ToSlash(lab.Proxy) + ",off" // one file:// URL alone is exempt
	for _, sumdb := range []string{"off", "sum.golang.org+nokey"} {
		t.Run(sumdb, func(t *testing.T) {
			claims(t, lab, lab.With(proxy, "GOTOOLCHAIN=auto", "GOSUMDB="+sumdb, "GOFLAGS="), "TC-SUMOFF", "version")
		})
	}
}
