package worldtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// Tool returns the path of a program that the set-up of the tests installs, or
// that is on PATH. Without it the test is skipped, loudly, and in CI fails.
func Tool(t testing.TB, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	file := name
	if runtime.GOOS == "windows" {
		file += ".exe"
	}
	_, here, _, _ := runtime.Caller(0)
	path := filepath.Join(filepath.Dir(here), "..", "..", "..", "..", ".tools", "bin", file)
	if _, err := os.Stat(path); err != nil {
		const how = " is not installed; run: node extension/scripts/setup.mjs (in the repository)"
		if os.Getenv("CI") != "" {
			t.Fatal(name + how)
		}
		t.Skip("NOT RUN: " + name + how)
	}
	return path
}
