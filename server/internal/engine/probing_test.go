package engine_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// refused reports whether a report says that the proxy's answer stops go.
func refused(u engine.Update) bool {
	return slices.ContainsFunc(u.Report.Findings, func(f report.Finding) bool { return f.Ref == "PX-403STOP" })
}

// TestProbedStaysUntilItsCauseChanges probes from the editor: the answer
// becomes a finding, which stays over further looks until the setting that led
// to it is another one.
func TestProbedStaysUntilItsCauseChanges(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		http.Error(w, "not for you", http.StatusForbidden)
	}))
	t.Cleanup(server.Close)
	lab := worldtest.NewLab(t)
	e := newEditor(t, lab)
	proxy := server.URL + ",direct"
	lab.Write(filepath.Join(lab.Home, ".profile"), "export PATH='"+lab.Env["PATH"]+"' GOPROXY='"+proxy+"'\n")
	e.launch["GOPROXY"], e.host["GOPROXY"] = proxy, proxy
	e.startGopls()
	e.run()
	ready := e.await("a look at the running gopls", func(u engine.Update) bool { return u.Ready && !u.Busy && len(u.Gopls) > 0 })
	if refused(ready) {
		t.Fatal("there is a finding before anybody was asked")
	}
	if _, err := e.loop.Recheck(t.Context()); err != nil { // until the shell has answered
		t.Fatal(err)
	}
	before := asked.Load() // by the go command behind the stand-in of gopls

	mod := filepath.Join(lab.Dir, "go.mod")
	if module, ok := e.loop.Probeable(mod, 4); !ok || module != "example.com/greet@v1.0.0" {
		t.Fatalf("line 5 of go.mod requires %q", module)
	}
	page, err := e.loop.Probe(t.Context(), e, engine.ProbeRequest{File: mod, Module: "example.com/greet@v1.0.0"})
	if err != nil || !strings.Contains(page, "403") || asked.Load() == before {
		t.Fatalf("%v\n%s", err, page)
	}
	// gopls and the shell have the same settings, so the server is asked once for both.
	if runtime.GOOS != "windows" && (!strings.Contains(page, "with the settings of gopls and shell") || strings.Count(page, "go gives up") != 1) {
		t.Errorf("asked twice, or for one alone:\n%s", page)
	}
	found := e.await("the answer as a finding", refused)
	i := slices.IndexFunc(found.Report.Findings, func(f report.Finding) bool { return f.Ref == "PX-403STOP" })
	if envs := found.Report.Findings[i].Environments; !slices.Contains(envs, "gopls") || runtime.GOOS != "windows" && !slices.Contains(envs, "shell") {
		t.Errorf("the finding is about %q", envs)
	}
	if again, err := e.loop.Recheck(t.Context()); err != nil || !refused(again) {
		t.Errorf("another look forgets the answer (%v)", err)
	}

	e.mu.Lock()
	e.launch["GOPROXY"], e.host["GOPROXY"] = "file://"+lab.Proxy, "file://"+lab.Proxy
	e.mu.Unlock()
	e.startGopls()
	e.tell()
	e.await("no finding without its cause", func(u engine.Update) bool { return u.Ready && !u.Busy && !refused(u) })
}

// TestUntrustedWorkspaceAsksNobody refuses to probe where nothing is trusted.
func TestUntrustedWorkspaceAsksNobody(t *testing.T) {
	lab := worldtest.NewLab(t)
	e := newEditor(t, lab)
	e.run()
	facts := e.facts()
	facts.Trusted = false
	e.loop.Facts(facts)
	e.await("a look without trust", func(u engine.Update) bool { return u.Ready && !u.Trusted })
	mod := filepath.Join(lab.Dir, "go.mod")
	if _, ok := e.loop.Probeable(mod, 4); ok {
		t.Error("a probe is offered")
	}
	if page, err := e.loop.Probe(t.Context(), e, engine.ProbeRequest{File: mod}); err == nil {
		t.Errorf("servers were asked:\n%s", page)
	}
}
