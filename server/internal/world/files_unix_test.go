//go:build unix

package world

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"
)

func TestReadFileOfAPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), ".env")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Real().Files.ReadFile(pipe); !errors.Is(err, ErrNotRegular) {
		t.Errorf("reading a pipe without a writer: %v; want ErrNotRegular", err)
	}
}
