package worldtest

import (
	"crypto/sha256"
	"encoding/binary"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// Seed is the number that the random cases of a test begin with: that of the
// environment variable name if it is set, or else another one for every change
// of the package under test. So one commit is tested on the same cases on every
// machine, and the next one on others. The log tells how to repeat the run.
func Seed(t testing.TB, name string) uint64 {
	t.Helper()
	seed, err := seedOfSources(".")
	if given := os.Getenv(name); given != "" {
		seed, err = strconv.ParseUint(given, 10, 64)
	}
	if err != nil {
		t.Fatalf("no seed: %v", err)
	}
	t.Logf("repeat with %s=%d", name, seed)
	return seed
}

// seedOfSources makes a number of the Go files in dir.
func seedOfSources(dir string) (uint64, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return 0, err
	}
	h := sha256.New()
	for _, name := range names {
		source, err := os.ReadFile(name)
		if err != nil {
			return 0, err
		}
		h.Write(source)
	}
	return binary.BigEndian.Uint64(h.Sum(nil)), nil
}
