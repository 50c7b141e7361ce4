package worldtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// Gopls returns the path of a gopls: of the given version as the set-up of the
// tests installs it or, for "", the user's own, else the one the set-up installed.
// Without one the test is skipped, loudly, and in CI fails.
func Gopls(t testing.TB, version string) string {
	t.Helper()
	path, ok := FindGopls(version)
	if !ok {
		const how = "gopls is not installed; run: node extension/scripts/setup.mjs (in the repository)"
		if os.Getenv("CI") != "" {
			t.Fatal(how, version)
		}
		t.Skip("NOT RUN: "+how, version)
	}
	return path
}

// FindGopls is Gopls for whoever can do without.
func FindGopls(version string) (path string, ok bool) {
	name := "gopls"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	_, here, _, _ := runtime.Caller(0)
	tools := filepath.Join(filepath.Dir(here), "..", "..", "..", "..", ".tools")
	path = filepath.Join(tools, "gopls", version, name)
	if version == "" {
		if path, err := exec.LookPath(name); err == nil {
			return path, true
		}
		path = filepath.Join(tools, "bin", name)
	}
	_, err := os.Stat(path)
	return path, err == nil
}
