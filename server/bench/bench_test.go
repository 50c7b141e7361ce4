package bench

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shirou/gopsutil/v4/process"
)

// TestMain lets copies of this program stand in for the programs they are
// named after.
func TestMain(m *testing.M) {
	switch strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe") {
	case "go":
		os.Exit(noteAndRunGo())
	case "editor":
		os.Exit(beEditor())
	case "gopls":
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// copySelf puts a copy of this program into a directory under another name.
func copySelf(b *testing.B, dir, name string) string {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	data, err := os.ReadFile(self)
	if err != nil {
		b.Fatal(err)
	}
	file := filepath.Join(dir, executable(name))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o755); err != nil {
		b.Fatal(err)
	}
	return file
}

func executable(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}

// build builds programs of this repository as they are shipped, without
// symbol paths and cgo, and returns where they are.
func build(b *testing.B, packages ...string) (programs []string) {
	b.Helper()
	dir := b.TempDir()
	args := []string{"build", "-trimpath", "-buildvcs=false", "-o", dir + string(filepath.Separator)}
	for _, p := range packages {
		args = append(args, "github.com/gophantom/gophantom/server/"+p)
		programs = append(programs, filepath.Join(dir, executable(filepath.Base(p))))
	}
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return programs
}

// figures are samples by unit.
type figures map[string][]float64

func (f figures) add(unit string, value float64) { f[unit] = append(f[unit], value) }

// compare adds a figure of ours, the baseline taken in turn with it, and their
// ratio.
func (f figures) compare(prefix, unit string, ours, baseline float64) {
	f.add(prefix+"ours-"+unit, ours)
	f.add(prefix+"baseline-"+unit, baseline)
	f.add(prefix+"ratio", ours/baseline)
}

// report reports the median of every unit, and its least and greatest value
// as unit-min and unit-max.
func (f figures) report(b *testing.B) {
	b.ReportMetric(0, "ns/op") // the time of ours, baseline and set-up together says nothing
	for unit, samples := range f {
		slices.Sort(samples)
		n := len(samples)
		b.ReportMetric((samples[(n-1)/2]+samples[n/2])/2, unit)
		b.ReportMetric(samples[0], unit+"-min")
		b.ReportMetric(samples[n-1], unit+"-max")
	}
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// resident is the resident memory of a process in MiB.
func resident(b *testing.B, pid int) float64 {
	b.Helper()
	p := process.Process{Pid: int32(pid)}
	info, err := p.MemoryInfo()
	if err != nil {
		b.Fatal(err)
	}
	return float64(info.RSS) / (1 << 20)
}
