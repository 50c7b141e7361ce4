package bench

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// requirements is how many modules the checked module requires.
const requirements = 300

// BenchmarkCheck measures "gophantom check" in a healthy module with many
// requirements, all in the module cache, against the go commands it runs: the
// same arguments, environment and directory.
func BenchmarkCheck(b *testing.B) { benchmarkCheck(b, func(machine, string) {}) }

// BenchmarkCheckInCI is BenchmarkCheck as a job of CI has it: a checkout with a
// team contract, and a module cache that has nothing yet.
func BenchmarkCheckInCI(b *testing.B) {
	benchmarkCheck(b, func(m machine, dir string) {
		m.Write(filepath.Join(dir, ".gophantom.json"), `{"version": 1, "forbid": [{"variable": "GOSUMDB", "value": "on"}], "versions": [{"tool": "go", "atLeast": "1.24"}]}`)
		m.Write(filepath.Join(dir, ".git", "HEAD"), "ref: refs/heads/main\n")
		m.Env["GOMODCACHE"] = filepath.Join(m.root, "nothing")
		m.Env["CI"] = "true"
	})
}

func benchmarkCheck(b *testing.B, change func(m machine, dir string)) {
	gophantom := build(b, "cmd/gophantom")[0]
	m := newMachine(b)
	dir := filepath.Join(m.Home, "many")
	var mod, source strings.Builder
	fmt.Fprintf(&mod, "module example.com/many\n\ngo 1.24\n\nrequire (\n")
	fmt.Fprintf(&source, "package main\n\nimport (\n")
	for i := range requirements {
		path := fmt.Sprintf("example.com/m%03d", i)
		m.Serve(path, "v1.0.0", fmt.Sprintf("package m%03d\n", i))
		fmt.Fprintf(&mod, "\t%s v1.0.0\n", path)
		fmt.Fprintf(&source, "\t_ %q\n", path)
	}
	m.Write(filepath.Join(dir, "go.mod"), mod.String()+")\n")
	m.Write(filepath.Join(dir, "main.go"), source.String()+")\n\nfunc main() {}\n")
	m.time(m.goCommand(dir, "list", "-mod=mod", "-deps", ".")) // fills the module cache and writes go.sum

	change(m, dir)
	m.time(m.command(dir, gophantom, "check", "--fail-on=never"))
	runs := m.runs()
	if len(runs) == 0 {
		b.Fatal("check runs no go command")
	}
	// From here on nobody notes the runs, for that takes time too.
	m.Env["PATH"] = filepath.Dir(m.realGo) + string(filepath.ListSeparator) + m.Env["PATH"]
	f := figures{}
	for b.Loop() {
		ours := millis(m.time(m.command(dir, gophantom, "check")))
		var theirs float64
		for _, r := range runs {
			theirs += millis(m.time(m.again(r)))
		}
		f.compare("", "ms", ours, theirs)
	}
	f.report(b)
	b.ReportMetric(float64(len(runs)), "go-commands")
	b.ReportMetric(requirements, "requirements")
}
