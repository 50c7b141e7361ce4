package bench

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

// BenchmarkStart measures from spawn to the answer of initialize, and the
// resident memory then, of "gophantom lsp" against a bare protocol server.
func BenchmarkStart(b *testing.B) {
	programs := build(b, "cmd/gophantom", "bench/bareserver")
	gophantom, bare := programs[0], programs[1]
	initialize := func(cmd *exec.Cmd) (ms, mib float64) {
		started := time.Now()
		s := serve(b, cmd)
		defer s.stop()
		s.request("initialize", object{"processId": os.Getpid(), "rootUri": nil, "capabilities": object{}})
		return millis(time.Since(started)), resident(b, cmd.Process.Pid)
	}
	f := figures{}
	for b.Loop() {
		ms, mib := initialize(exec.Command(gophantom, "lsp"))
		bareMS, bareMiB := initialize(exec.Command(bare))
		f.compare("", "ms", ms, bareMS)
		f.compare("memory-", "MiB", mib, bareMiB)
	}
	f.report(b)
}
