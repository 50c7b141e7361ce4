package bench

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BenchmarkVerdict measures from a problem shown to its verdict published, for
// the masked GOPROXY: gopls was started with GOPROXY=off, the shell uses a
// file proxy, and the module cache is empty. The server is warm, as when an
// editor has been open for a while. The baseline is one "go list -e -test
// -deps" of the package in the shell's environment, with a module cache that
// is empty too.
func BenchmarkVerdict(b *testing.B) {
	programs := build(b, "cmd/gophantom", "bench/bareserver")
	gophantom, bare := programs[0], programs[1]
	m := newMachine(b)
	// A package like most: with a good part of the standard library below it.
	m.Write(m.File, "package main\n\nimport \"example.com/greet\"\nimport \"net/http\"\n\nfunc main() { println(greet.Hello(), http.MethodGet) }\n")
	bin := b.TempDir()
	gopls := copySelf(b, bin, "gopls")
	editor := m.startEditor(copySelf(b, bin, "editor"))
	facts := func(problems []object) object {
		return object{
			"trusted": true, "env": m.Env, "folders": []string{m.Dir}, "settings": []object{}, "problems": problems, "dirty": []string{},
			"goExtension": object{"version": "0.50.0", "active": true, "useLanguageServer": true, "gopls": gopls}, "remote": "",
		}
	}
	problems := []object{{"file": m.File, "items": []object{{
		"startLine": 2, "startChar": 7, "endLine": 2, "endChar": 26, "severity": 1, "source": "compiler", "code": "BrokenImport",
		"message": `could not import example.com/greet (no required module provides package "example.com/greet")`,
	}}}}
	initialize := object{
		"processId": editor, "rootUri": (&url.URL{Scheme: "file", Path: m.Dir}).String(), "capabilities": object{},
		"initializationOptions": object{"editorActions": []string{}, "editorName": "benchmark"},
	}

	f := figures{}
	for b.Loop() {
		s := serve(b, m.command(m.Dir, gophantom, "lsp"))
		s.request("initialize", initialize)
		s.notify("initialized", object{})
		s.notify("gophantom/editorFacts", facts([]object{}))
		s.request("workspace/executeCommand", object{"command": "gophantom.check"}) // knows the shell afterwards
		m.runs()

		shown := time.Now()
		s.notify("gophantom/editorFacts", facts(problems))
		s.await("the verdict", isPhantom)
		published := time.Now()
		memory := resident(b, s.cmd.Process.Pid)
		s.stop()

		cache := b.TempDir()
		list := m.goCommand(m.Dir, "list", "-modcacherw", "-e", "-test", "-deps", "-json=ImportPath,ForTest,DepOnly,Incomplete,Error,DepsErrors", ".")
		list.Env = append(list.Env, "GOMODCACHE="+cache)
		f.compare("", "ms", millis(published.Sub(shown)), millis(m.time(list)))

		runs := within(m.runs(), shown, published)
		if len(runs) == 0 {
			b.Fatal("a verdict without a run of go")
		}
		inGo := covered(runs)
		f.add("go-commands", float64(len(runs)))
		f.add("before-go-ms", millis(runs[0].Start.Sub(shown)))
		f.add("in-go-ms", millis(inGo))
		f.add("in-go-%", 100*float64(inGo)/float64(published.Sub(shown)))

		reference := serve(b, exec.Command(bare))
		reference.request("initialize", initialize)
		f.compare("memory-", "MiB", memory, resident(b, reference.cmd.Process.Pid))
		reference.stop()
	}
	f.report(b)
	b.ReportMetric(constant(b, "debounce"), "debounce-ms")
}

// isPhantom reports whether a message publishes a phantom.
func isPhantom(m message) bool {
	var p struct {
		Diagnostics []struct {
			Source string
			Code   any
		}
	}
	if m.Method != "textDocument/publishDiagnostics" || json.Unmarshal(m.Params, &p) != nil {
		return false
	}
	for _, d := range p.Diagnostics {
		if d.Source == "gophantom" && d.Code == "phantom" {
			return true
		}
	}
	return false
}

// within returns the runs that began in a span of time, in their order.
func within(runs []goRun, from, to time.Time) []goRun {
	runs = slices.DeleteFunc(runs, func(r goRun) bool { return r.Start.Before(from) || r.Start.After(to) })
	slices.SortFunc(runs, func(x, y goRun) int { return cmp.Compare(x.Start.UnixNano(), y.Start.UnixNano()) })
	return runs
}

// covered is the time during which at least one of the runs, which are in
// order, was on.
func covered(runs []goRun) (sum time.Duration) {
	var until time.Time
	for _, r := range runs {
		if r.Start.Before(until) {
			r.Start = until
		}
		if r.End.After(r.Start) {
			sum += r.End.Sub(r.Start)
			until = r.End
		}
	}
	return sum
}

// constant is a time in engine/loop.go, in ms: how long the engine waits for
// more news.
func constant(b *testing.B, name string) float64 {
	b.Helper()
	source, err := os.ReadFile(filepath.Join("..", "internal", "engine", "loop.go"))
	if err != nil {
		b.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^\s+` + name + `\s+= (\d+) \* time\.Millisecond$`).FindSubmatch(source)
	if found == nil {
		b.Fatalf("engine/loop.go does not say any more what %s is", name)
	}
	ms, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return ms
}

// startEditor starts a process that stands in for the editor, with a stand-in
// for gopls below it, and returns its number. Both end with the benchmark.
func (m machine) startEditor(program string) (pid int) {
	m.b.Helper()
	cmd := m.command(m.Dir, program)
	in, err := cmd.StdinPipe()
	if err != nil {
		m.b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		m.b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		m.b.Fatal(err)
	}
	m.b.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	if _, err := io.ReadFull(out, make([]byte, len(editorReady))); err != nil {
		m.b.Fatal("the editor did not start gopls: ", err)
	}
	return cmd.Process.Pid
}

const editorReady = "ready\n"

// beEditor starts gopls, with a GOPROXY that masks the one of the GOENV file,
// and waits for the end of stdin, which gopls shares.
func beEditor() (exit int) {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	gopls := exec.Command(filepath.Join(filepath.Dir(self), strings.Replace(filepath.Base(self), "editor", "gopls", 1)), "-mode=stdio")
	gopls.Env = append(os.Environ(), "GOPROXY=off")
	gopls.Stdin = os.Stdin
	if err := gopls.Start(); err != nil {
		panic(err)
	}
	fmt.Print(editorReady)
	if err := gopls.Wait(); err != nil {
		panic(err)
	}
	return 0
}
