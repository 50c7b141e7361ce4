package cli

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// found is what a report says, in the words and at the places it says it, without
// what only the machine itself can do.
func found(t *testing.T, r report.Report) (out []string) {
	t.Helper()
	for _, f := range r.Findings {
		f.Fixes = []report.Fix{}
		data, err := report.JSON(f)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(data))
	}
	return out
}

func decoded[T any](t *testing.T, text string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	return v
}

// TestReportReplays: a saved report leads to its findings where its machine is gone.
func TestReportReplays(t *testing.T) {
	p := newProber(t, "GOSUMDB=off", "GOPROXY=https://gopher:hunter2hunter2@proxy.example", "GOPRIVATE=git.corp.example")
	p.write("gopls.env", "HOME="+p.dir+"\nPATH="+os.Getenv("PATH")+"\nGOPROXY=off\nGOENV=off\n")
	said := map[string]string{}
	for _, format := range []string{"json", "html"} {
		code, out, errs := p.run("report", "--format", format, "--env", "gopls=gopls.env")
		if code != exitFindings {
			t.Fatalf("report exits with %d\n%s", code, errs)
		}
		if strings.Contains(out, "hunter2") {
			t.Errorf("the report as %s tells a secret", format)
		}
		said[format] = out
	}
	want := decoded[report.EnvironmentReport](t, said["json"]).Report
	if len(want.Findings) < 2 {
		t.Fatalf("there is little to compare: %+v", want.Findings)
	}
	if err := os.Rename(p.dir, p.dir+"-gone"); err != nil {
		t.Fatal(err)
	}
	elsewhere := prober{t, t.TempDir()}
	replay := func(name, text string, args ...string) (int, string, string) {
		elsewhere.write(name, text)
		return elsewhere.plain(append([]string{"check", "--replay", name}, args...)...)
	}
	for format, text := range said {
		code, out, errs := replay("report."+format, text, "--format", "json")
		if code != exitFindings || errs != "" {
			t.Fatalf("replay of %s exits with %d\n%s", format, code, errs)
		}
		got := decoded[report.Report](t, out)
		if diff := cmp.Diff(found(t, want), found(t, got)); diff != "" {
			t.Errorf("%s (-report +replayed):\n%s", format, diff)
		}
	}

	// What does not replay says why, and what to do.
	whole := decoded[report.EnvironmentReport](t, said["json"])
	whole.Capture = nil
	old, err := report.JSON(whole)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ text, want string }{
		"an older report":   {string(old), "does not carry what was looked at"},
		"a report cut off":  {said["json"][:len(said["json"])/2], "breaks off"},
		"a page cut off":    {said["html"][:strings.Index(said["html"], `"capture":`)+1000], "breaks off"},
		"a page's head":     {said["html"][:100], "breaks off"},
		"a newer capture":   {strings.Replace(said["json"], report.CaptureSchema, "gophantom.capture/9", 1), "take a newer gophantom"},
		"a newer snapshot":  {strings.Replace(said["json"], `"Trusted": true`, `"Novelty": 1, "Trusted": true`, 1), "by a newer gophantom"},
		"a list":            {strings.Replace(said["json"], `"capture": {`, `"capture": [], "rest": {`, 1), "does not carry"},
		"a report in there": {`{"schema": "` + report.EnvironmentReportSchema + `", "capture": ` + said["json"] + `}`, "this is no capture"},
	} {
		if code, out, errs := replay(strings.ReplaceAll(name, " ", "-"), c.text); code != exitUsage || out != "" || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exits with %d and says %q, want %q\n%s", name, code, errs, c.want, out)
		}
	}
}

// judged is what a report says of problems, without what takes the machine: how long
// go took, and cures.
func judged(t *testing.T, problems []report.Problem) (out []string) {
	t.Helper()
	for _, p := range problems {
		p.Fixes, p.Bisect = nil, nil
		for i := range p.Evidence {
			p.Evidence[i].Millis = 0
		}
		data, err := report.JSON(p)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(data))
	}
	return out
}

// TestPhantomsReplay: what a gopls of our own showed is judged the same where the
// machine is gone, and is not judged without what go answered there.
func TestPhantomsReplay(t *testing.T) {
	gopls := worldtest.Gopls(t, "")
	const mod, uses = "module example.com/app\n\ngo 1.24\n", "package main\n\nfunc main() { help() }\n"
	const help = "//go:build extra\n\npackage main\n\nfunc help() {}\n"
	for name, c := range map[string]struct {
		files        map[string]string
		gopls, shell string
		code         int
		verdict      string // "" for no problem
	}{
		"a phantom":      {map[string]string{"main.go": uses, "help.go": help}, "", "GOFLAGS=-tags=extra", exitFindings, "phantom"},
		"a real problem": {map[string]string{"main.go": uses, "help.go": help}, "", "", exitFindings, "real"},
		"a stale green":  {map[string]string{"main.go": uses, "help.go": help}, "GOFLAGS=-tags=extra", "", exitFindings, "stale-green"},
		"healthy":        {map[string]string{"main.go": "package main\n\nfunc main() {}\n"}, "", "", exitHealthy, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProber(t)
			p.write("go.mod", mod)
			for file, text := range c.files {
				p.write(file, text)
			}
			common := "HOME=" + p.dir + "\nPATH=" + os.Getenv("PATH") + "\nGOCACHE=" + gocache(t) + "\nGOTOOLCHAIN=local\nGOENV=off\nGO_TOKEN=hunter2hunter2\n"
			p.write("shell.env", common+c.shell+"\n")
			p.write("gopls.env", common+c.gopls+"\n")
			code, out, errs := p.run("phantoms", "--gopls", gopls, "--env", "gopls=gopls.env", "--format", "json", "--capture", "machine.json")
			if code != c.code {
				t.Fatalf("phantoms exits with %d, want %d\n%s%s", code, c.code, out, errs)
			}
			want := decoded[report.Phantoms](t, out)
			if got := verdictsOf(want.Problems); c.verdict == "" && len(got) > 0 || c.verdict != "" && !slices.Contains(got, c.verdict) {
				t.Fatalf("the verdicts are %q, want %q", got, c.verdict)
			}
			_, out, _ = p.run("check", "--env", "gopls=gopls.env", "--format", "json")
			rules := decoded[report.Report](t, out)
			data, err := os.ReadFile(filepath.Join(p.dir, "machine.json"))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(data), "hunter2") {
				t.Error("the capture tells a secret")
			}
			if err := os.Rename(p.dir, p.dir+"-gone"); err != nil {
				t.Fatal(err)
			}

			elsewhere := prober{t, t.TempDir()}
			elsewhere.write("machine.json", string(data))
			code, out, errs = elsewhere.plain("check", "--replay", "machine.json", "--format", "json")
			got := decoded[report.Report](t, out)
			if wantCode := max(c.code, min(len(rules.Findings), 1)); code != wantCode || errs != "" {
				t.Errorf("the replay exits with %d, want %d\n%s", code, wantCode, errs)
			}
			if diff := cmp.Diff(judged(t, want.Problems), judged(t, got.Problems)); diff != "" {
				t.Errorf("verdicts (-seen +replayed):\n%s", diff)
			}
			if diff := cmp.Diff(found(t, rules), found(t, got)); diff != "" {
				t.Errorf("findings (-seen +replayed):\n%s", diff)
			}
			if c.verdict == "" || c.verdict == "stale-green" {
				return
			}
			// Without what go said, nothing is proved.
			mute := decoded[map[string]any](t, string(data))
			mute["snapshot"].(map[string]any)["Tape"] = nil
			if data, err = json.Marshal(mute); err != nil {
				t.Fatal(err)
			}
			elsewhere.write("mute.json", string(data))
			_, out, _ = elsewhere.plain("check", "--replay", "mute.json", "--format", "json")
			if got := decoded[report.Report](t, out); len(got.Problems) > 0 || !slices.ContainsFunc(got.Unknown, func(u report.Unknown) bool { return strings.Contains(u.Why, "not judged") }) {
				t.Errorf("without answers of go: %+v, %+v", got.Problems, got.Unknown)
			}
		})
	}
}

func verdictsOf(problems []report.Problem) (out []string) {
	for _, p := range problems {
		out = append(out, p.Verdict)
	}
	return out
}

// gocache is the build cache of this machine, which knows the standard library.
func gocache(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// beside is an editor with a gopls that it gave another environment than it was
// started with itself.
type beside struct {
	world.Processes
	editor, gopls []string
}

const editorPID, goplsPID = 1_000_001, 1_000_002

func (e beside) Descendants(context.Context, int) ([]world.Process, error) {
	return []world.Process{{PID: goplsPID, PPID: editorPID, Exe: "/usr/bin/gopls", Args: []string{"gopls"}, Started: time.Now()}}, nil
}

func (e beside) Environ(_ context.Context, pid int) ([]string, error) {
	if pid == goplsPID {
		return e.gopls, nil
	}
	return e.editor, nil
}

func (e beside) Alive(int) bool { return true }

// TestRecordReplays: what “Not a phantom? Record what was seen” wrote in an editor leads
// to the findings and the verdict of the editor where its machine is gone.
func TestRecordReplays(t *testing.T) {
	for verdict, rule := range map[string]string{"phantom": "env-drift", "real": "goproxy-off"} {
		t.Run(verdict, func(t *testing.T) {
			lab := worldtest.NewLab(t)
			vars := lab.With("SHELL=/bin/sh", "GO_TOKEN=hunter2hunter2", "GOPROXY=file://"+lab.Proxy)
			lab.Write(filepath.Join(lab.Home, ".profile"), "export PATH='"+vars["PATH"]+"'\n")
			broken := maps.Clone(vars)
			broken["GOPROXY"] = "off"
			if verdict == "real" { // the shell has what the editor was started with
				vars = broken
			}
			w := world.Real()
			w.Environ = entries(vars)
			w.Processes = beside{w.Processes, entries(vars), entries(broken)}
			updates := make(chan engine.Update, 1000)
			loop := engine.NewLoop(w, func(u engine.Update) { updates <- u })
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			wg.Go(func() { loop.Run(ctx) })
			defer wg.Wait()
			defer cancel()
			at := model.Range{Start: model.Position{Line: 2, Character: 7}, End: model.Position{Line: 2, Character: 26}}
			loop.Facts(engine.EditorFacts{
				Trusted: true, ClientPID: editorPID, Env: broken, Folders: []string{lab.Dir}, Editor: model.Editor{Name: "test"},
				Problems: []model.Problem{{Location: model.Location{File: lab.File, Range: at}, Severity: 1, Source: "compiler", Code: "BrokenImport", Message: `could not import example.com/greet (no required module provides package "example.com/greet")`}},
			})
			var want report.Report
			for timeout := time.After(time.Minute); len(want.Problems) != 1 || want.Problems[0].Verdict != verdict || len(want.Findings) != 1 || want.Findings[0].Rule != rule; {
				select {
				case u := <-updates:
					if u.Ready && !u.Busy {
						want = u.Report
					}
				case <-timeout:
					t.Fatalf("no verdict %s with a finding of %s: %+v, %+v", verdict, rule, want.Problems, want.Findings)
				}
			}
			document, err := loop.RecordProblem(ctx, engine.Place{File: lab.File, Line: 2})
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(lab.Dir, lab.Dir+"-gone"); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = os.Rename(lab.Dir+"-gone", lab.Dir) }() // the lab tidies up there
			elsewhere := prober{t, t.TempDir()}
			for name, text := range map[string]string{"record.md": document, "windows.md": strings.ReplaceAll(document, "\n", "\r\n")} {
				elsewhere.write(name, text)
				code, out, errs := elsewhere.plain("check", "--replay", name, "--format", "json")
				if code != exitFindings || errs != "" || strings.Contains(out, "hunter2") {
					t.Fatalf("%s: exits with %d\n%s%s", name, code, errs, out)
				}
				got := decoded[report.Report](t, out)
				if diff := cmp.Diff(judged(t, want.Problems), judged(t, got.Problems)); diff != "" {
					t.Errorf("%s: verdicts (-seen +replayed):\n%s", name, diff)
				}
				if diff := cmp.Diff(found(t, want), found(t, got)); diff != "" {
					t.Errorf("%s: findings (-seen +replayed):\n%s", name, diff)
				}
			}
			elsewhere.write("cut.md", document[:len(document)*2/3])
			if code, out, errs := elsewhere.plain("check", "--replay", "cut.md"); code != exitUsage || out != "" || !strings.Contains(errs, "breaks off") {
				t.Errorf("a record cut off: exits with %d and says %q\n%s", code, errs, out)
			}
		})
	}
}

func entries(vars map[string]string) (out []string) {
	for name, value := range vars {
		out = append(out, name+"="+value)
	}
	return out
}
