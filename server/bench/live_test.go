package bench

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// modulesWatched is how many modules the go.work of BenchmarkLive has.
const modulesWatched = 1000

// BenchmarkLive measures a server that watches a go.work with 1,000 modules:
// from a change of a file to the status of the snapshot that it causes, the
// resident memory, and how often it wakes up while nothing happens.
//
// Of the time after a change the debounce, which is meant, is a figure of its
// own. The baseline of the time is the snapshot that "check" takes of the same
// workspace, as a whole process; that of memory and of the idle time is the
// bare server.
//
// How long it is idle is GOPHANTOM_BENCH_IDLE, such as "60s"; 5 s if unset.
func BenchmarkLive(b *testing.B) {
	idle := 5 * time.Second
	if s := os.Getenv("GOPHANTOM_BENCH_IDLE"); s != "" {
		var err error
		if idle, err = time.ParseDuration(s); err != nil {
			b.Fatal("GOPHANTOM_BENCH_IDLE: ", err)
		}
	}
	programs := build(b, "cmd/gophantom", "bench/bareserver")
	gophantom, bare := programs[0], programs[1]
	m := newMachine(b)
	var work strings.Builder
	work.WriteString("go 1.24\n\nuse (\n")
	for i := range modulesWatched {
		dir := fmt.Sprintf("m%04d", i)
		m.Write(filepath.Join(m.Dir, dir, "go.mod"), "module example.com/"+dir+"\n\ngo 1.24\n\nrequire example.com/greet v1.0.0\n")
		m.Write(filepath.Join(m.Dir, dir, "go.sum"), "")
		fmt.Fprintf(&work, "\t./%s\n", dir)
	}
	m.Write(filepath.Join(m.Dir, "go.work"), work.String()+")\n")
	if err := os.Remove(filepath.Join(m.Dir, "go.mod")); err != nil {
		b.Fatal(err)
	}
	bin := b.TempDir()
	gopls := copySelf(b, bin, "gopls")
	editor := m.startEditor(copySelf(b, bin, "editor"))
	initialize := object{
		"processId": editor, "rootUri": (&url.URL{Scheme: "file", Path: m.Dir}).String(), "capabilities": object{},
		"initializationOptions": object{"editorActions": []string{}, "editorName": "benchmark"},
	}
	s := serve(b, m.command(m.Dir, gophantom, "lsp"))
	s.request("initialize", initialize)
	s.notify("initialized", object{})
	s.notify("gophantom/editorFacts", object{
		"trusted": true, "env": m.Env, "folders": []string{m.Dir}, "settings": []object{}, "problems": []object{}, "dirty": []string{},
		"goExtension": object{"version": "0.50.0", "active": true, "useLanguageServer": true, "gopls": gopls}, "remote": "",
	})
	s.request("workspace/executeCommand", object{"command": "gophantom.check"})
	number := s.calm(0)

	reference := serve(b, exec.Command(bare))
	reference.request("initialize", initialize)

	f := figures{}
	for b.Loop() {
		file := filepath.Join(m.Dir, fmt.Sprintf("m%04d", b.N%modulesWatched), "go.mod")
		data, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		changed := time.Now()
		m.Write(file, string(data)+"\n")
		var seen int
		s.await("the snapshot after a change", func(msg message) bool {
			st, ok := statusOf(msg)
			seen = st.Snapshot
			return ok && st.Ready && st.Snapshot > number
		})
		number = seen
		took := millis(time.Since(changed))
		wait := constant(b, "fileDebounce")
		f.add("beyond-ms", took-wait)
		f.compare("", "ms", took-wait, millis(m.time(m.command(m.Dir, gophantom, "check", "--fail-on", "never"))))
		number = s.calm(number)
	}
	f.compare("memory-", "MiB", resident(b, s.cmd.Process.Pid), resident(b, reference.cmd.Process.Pid))
	// Both at once, so that both see the same machine.
	before, beforeBare := wakeUps(b, s.cmd.Process.Pid), wakeUps(b, reference.cmd.Process.Pid)
	time.Sleep(idle)
	f.add("idle-wakeups", wakeUps(b, s.cmd.Process.Pid)-before)
	f.add("idle-baseline-wakeups", wakeUps(b, reference.cmd.Process.Pid)-beforeBare)
	f.add("idle-s", idle.Seconds())
	reference.stop()
	s.stop()
	f.report(b)
	b.ReportMetric(constant(b, "fileDebounce"), "debounce-ms")
	b.ReportMetric(modulesWatched, "modules")
}

// status is what the benchmark reads of a gophantom/status.
type status struct {
	Snapshot int
	Ready    bool
}

func statusOf(m message) (s status, ok bool) {
	return s, m.Method == "gophantom/status" && json.Unmarshal(m.Params, &s) == nil
}

// calm returns the number of the newest snapshot once no other has come for a
// while.
func (s *server) calm(number int) int {
	for {
		select {
		case m, ok := <-s.messages:
			if !ok {
				s.fail("the server ended")
			}
			if st, ok := statusOf(m); ok {
				number = max(number, st.Snapshot)
			}
		case <-time.After(2 * time.Second):
			return number
		}
	}
}

// wakeUps is how often the threads of a process have been woken up so far.
// Linux only; 0 elsewhere.
func wakeUps(b *testing.B, pid int) (sum float64) {
	b.Helper()
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			continue // the thread ended
		}
		if found := voluntary.FindSubmatch(data); found != nil {
			n, err := strconv.ParseFloat(string(found[1]), 64)
			if err != nil {
				b.Fatal(err)
			}
			sum += n
		}
	}
	return sum
}

var voluntary = regexp.MustCompile(`(?m)^voluntary_ctxt_switches:\s+(\d+)$`)
