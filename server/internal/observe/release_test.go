package observe

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/world"
)

// TestReleaseLive compares what is read from the sources of the installed Go
// with what its commands say.
func TestReleaseLive(t *testing.T) {
	goBin, err := exec.LookPath("go")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("no go command on PATH: this test has no judge")
		}
		t.Skip("no go command on PATH: install Go from go.dev/dl")
	}
	dir := t.TempDir()
	run := func(variable string, args ...string) (text string, ok bool) {
		cmd := exec.Command(goBin, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOTOOLCHAIN=local", "GOFLAGS=", "GOWORK=off", variable)
		out, err := cmd.CombinedOutput()
		return string(out), err == nil
	}
	goroot, ok := run("A=", "env", "GOROOT")
	if !ok {
		t.Fatal(goroot)
	}
	m := &Memory{}
	r := m.release(world.Real(), strings.TrimSpace(goroot))
	if r == nil || len(r.Experiments) < 10 || len(r.Godebugs) < 30 {
		t.Fatalf("read %+v", r)
	}
	if again := m.release(world.Real(), strings.TrimSpace(goroot)); again != r {
		t.Error("the sources were read again")
	}

	list, ok := run("A=", "tool", "dist", "list")
	if !ok {
		t.Fatal(list)
	}
	ports := strings.Fields(list)
	for _, port := range ports {
		if !r.Ports[port] {
			t.Errorf("%s is not among the ports that were read", port)
		}
	}
	// The command leaves out ports that are broken, which go accepts all the same.
	for port := range r.Ports {
		if slices.Contains(ports, port) {
			continue
		}
		goos, goarch, _ := strings.Cut(port, "/")
		if text, ok := run("GOOS="+goos, "list", "-f", "{{context.GOARCH}}", "unsafe"); !ok {
			t.Errorf("%s/%s was read, and go says %s", goos, goarch, text)
		}
	}

	for name := range r.Experiments {
		if text, ok := run("GOEXPERIMENT="+name+",no"+name, "list", "unsafe"); !ok && !strings.Contains(text, "requires") {
			t.Errorf("GOEXPERIMENT=%s was read, and go says %s", name, text)
		}
	}
	if text, ok := run("GOEXPERIMENT=frobnicate", "list", "unsafe"); ok || r.Experiments["frobnicate"] {
		t.Errorf("an experiment that does not exist: go says %s", text)
	}

	for _, name := range []string{"panicnil", "http2client", "x509sha1", "frobnicate", "default"} {
		file := filepath.Join(dir, "go.mod")
		if err := os.WriteFile(file, []byte("module example.com/app\n\ngo 1.24\n\ngodebug "+name+"=1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		text, ok := run("A=", "list", "-m")
		_, listed := r.Godebugs[name]
		if known := !strings.Contains(text, "unknown godebug"); known != (listed || name == "default") {
			t.Errorf("godebug %s was read: %v; go says %s (%v)", name, listed, text, ok)
		}
		if removed := strings.Contains(text, "use of removed godebug"); removed != (listed && !r.Godebugs[name]) {
			t.Errorf("godebug %s was read as usable: %v; go says %s", name, r.Godebugs[name], text)
		}
	}
}
