package engine_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/headless"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/observe"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/trace"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// goplsSaid is what a real gopls wrote about /home/gopher/hello.
func goplsSaid(t *testing.T) string {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join("..", "..", "..", "testdata", "logs", "editor.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	return string(a.Files[0].Data)
}

// logHome is a home with the logs of two windows of an editor. It returns the
// folder of our own logs in the first.
func logHome(t *testing.T, first, second string) (w *world.World, own string) {
	t.Helper()
	home := t.TempDir()
	session := filepath.Join(home, ".config", "Code", "logs", "20261130T200000")
	own = filepath.Join(session, "window1", "exthost", "gophantom.gophantom")
	if err := os.MkdirAll(own, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"window1/exthost/output_logging_20261130T200001/3-gopls (server).log": first,
		"window2/exthost/output_logging_20261130T200001/3-gopls (server).log": second,
		"window1/exthost/exthost.log":                                         "2026-11-30 20:20:57.301 [error] not of Go: exit status 1\n",
	} {
		file := filepath.Join(session, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if text == "" {
			continue
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		wrote := time.Date(2026, 11, 30, 20, 21, 52, 0, time.Local)
		if err := os.Chtimes(file, wrote, wrote); err != nil {
			t.Fatal(err)
		}
	}
	w = world.Real()
	w.Environ = []string{"HOME=" + home, "USERPROFILE=" + home, "APPDATA=" + filepath.Join(home, ".config")}
	w.GOOS = "linux" // where an editor keeps its logs is as there
	return w, own
}

func timelineOf(t *testing.T, w *world.World, own string, history ...report.HistoryEvent) (lines []string, moments []report.Moment) {
	t.Helper()
	folders := []string{"/home/gopher/hello"}
	s := &model.Snapshot{Dir: folders[0], Folders: folders}
	found := report.Report{History: history, Findings: []report.Finding{{Rule: "go-too-old", Ref: "TC-LOCALOLD", ContextID: "ctx-1"}}}
	moments = engine.EnvironmentReport(s, found, nil, engine.Logged(t.Context(), w, own, folders)).Timeline
	for _, m := range moments {
		text, _, _ := strings.Cut(m.Text, "\n")
		lines = append(lines, m.Kind+" "+text)
	}
	return lines, moments
}

// TestTimelineOfAReport joins what a real gopls said with our history. Without
// logs the history is all there is.
func TestTimelineOfAReport(t *testing.T) {
	at := time.Date(2026, 11, 30, 20, 20, 50, 0, time.Local).UTC().Format(time.RFC3339)
	history := report.HistoryEvent{Time: at, Kind: "changed", Subject: "", Message: "go.mod changed"}
	other := strings.ReplaceAll(goplsSaid(t), "/home/gopher/hello", "/home/gopher/secret-project")
	want := []string{"view", "load", "changed go.mod changed", "error", "error", "command"}
	matches := func(lines []string) bool {
		return slices.EqualFunc(lines, want, func(line, begin string) bool { return strings.HasPrefix(line, begin) })
	}

	w, own := logHome(t, goplsSaid(t), other)
	for name, folder := range map[string]string{"in the editor": own, "on the command line": ""} {
		lines, moments := timelineOf(t, w, folder, history)
		if !matches(lines) {
			t.Errorf("%s: %q, want %q", name, lines, want)
			continue
		}
		if m := moments[0]; m.Source != model.SourceGopls || m.Origin != "window1" || !strings.Contains(m.Text, "GOFLAGS=-mod=mod -tags=foo") {
			t.Errorf("%s: the view says %+v", name, m)
		}
		if m := moments[3]; !slices.Contains(m.Refs, "TC-LOCALOLD") || m.ContextID != "ctx-1" {
			t.Errorf("%s: the error is not a part of its cause: %+v", name, m)
		}
	}
	w, own = logHome(t, "", other)
	for name, folder := range map[string]string{"in the editor": own, "on the command line": ""} {
		if lines, _ := timelineOf(t, w, folder, history); !slices.Equal(lines, []string{"changed go.mod changed"}) {
			t.Errorf("%s, without logs of this folder: %q", name, lines)
		}
	}
}

// TestTimelineBelievesNoLog: a log is text of others.
func TestTimelineBelievesNoLog(t *testing.T) {
	forged := goplsSaid(t) +
		"2026-11-30 20:21:52.300 [error] \x1b]0;title\x07\x1b[2Jfetch https://u:hunter2@proxy.example\u202e failed: exit status 1\n" +
		"2031-01-01 00:00:00.000 [error] from the future: exit status 1\n" +
		strings.Repeat("2026-11-30 20:21:52.400 [error] again and again: exit status 1\n", 3)
	w, own := logHome(t, forged, "")
	lines, moments := timelineOf(t, w, own)
	all := strings.Join(lines, "\n")
	for _, m := range moments {
		all += m.Text + m.Source + m.Origin
	}
	if strings.ContainsAny(all, "\x1b\x07\u202e") || strings.Contains(all, "hunter2") {
		t.Errorf("it acts, or tells a secret: %q", all)
	}
	if slices.ContainsFunc(moments, func(m report.Moment) bool { return strings.HasPrefix(m.Time, "2031") }) {
		t.Errorf("a line that cannot be one is an event: %q", lines)
	}
	if last := moments[len(moments)-1]; last.Times != 3 || !strings.HasPrefix(last.Text, "again and again") {
		t.Errorf("what was said three times in a row: %+v", last)
	}
}

// TestTimelineReadsTheEndOfALog: a huge log costs no more than its end, and its
// first half line is no message.
func TestTimelineReadsTheEndOfALog(t *testing.T) {
	long := "2026-11-30 20:20:40.000 [error] the first: exit status 1\n" + strings.Repeat("\tgo.mod: exit status 1: missing go.sum entry\n", 400_000)
	w, own := logHome(t, long+goplsSaid(t), "")
	if lines, _ := timelineOf(t, w, own); len(lines) == 0 || !strings.HasPrefix(lines[0], "view ") {
		t.Errorf("%.200q", lines)
	}
}

// hiddenGopls is a machine with a gopls whose environment the system does not
// give, and with the log that it wrote at a time.
func hiddenGopls(wrote time.Time, goflags string) string {
	said := "Created View (#1)\n\tdirectory=/home/gopher/ws\n\tview_type=\"GoMod\"\n\troot_dir=\"file:///home/gopher/ws\"\n\tbuild_flags=[]\n" +
		"\tenv={GOOS:linux GOARCH:amd64 GOCACHE:/home/gopher/.cache/go-build GOMODCACHE:/home/gopher/go/pkg/mod GOPATH:/home/gopher/go GOPRIVATE: GOFLAGS:" + goflags + " GO111MODULE: GOTOOLCHAIN:local GOROOT:/usr/lib/go GoVersion:26 " +
		"GoVersionOutput:go version go1.26.8 linux/amd64\n ExplicitGOWORK: EffectiveGOPACKAGESDRIVER:}\n\tenv_overlay=[]\n"
	return "-- env/launch --\nHOME=/home/gopher\nPATH=/usr/lib/go/bin:/usr/bin\n-- proc/100 --\nppid 1\nenviron launch\nexe /usr/share/code/code\n" +
		"-- env/hidden --\nHOME=/home/gopher\nPATH=/usr/lib/go/bin:/usr/bin\nGOFLAGS=-tags=integration\n" +
		"-- proc/300 --\nppid 100\nargs gopls\nexe /home/gopher/go/bin/gopls\nstarted 2026-01-02T02:00:00Z\n" +
		"-- ws/go.mod --\nmodule example.com/app\n\ngo 1.26\n-- goroot/go.env --\nGOPROXY=https://proxy.example,direct\nGOSUMDB=sum.golang.org\n" +
		"-- home/.config/Code/logs/20260102T020000/window1/exthost/gophantom.gophantom/own.log --\n" +
		"-- home/.config/Code/logs/20260102T020000/window1/exthost/output_logging_1/3-gopls (server).log --\n" +
		wrote.In(time.Local).Format("2006-01-02 15:04:05.000") + " [info] " + said
}

// TestGoplsThatOnlyItsLogTells: where the process of gopls cannot be read, its log
// is a witness of what it says, and of nothing else; where it can be, the log
// is not asked.
func TestGoplsThatOnlyItsLogTells(t *testing.T) {
	born := time.Date(2026, 1, 2, 2, 0, 0, 0, time.UTC)
	shell := map[string]string{"HOME": "/home/gopher", "PATH": "/usr/lib/go/bin:/usr/bin", "GOFLAGS": "-tags=integration"}
	for name, tc := range map[string]struct {
		wrote    time.Time
		goflags  string
		readable bool
		partial  bool
		fires    bool
	}{
		"it had other flags":             {born.Add(3 * time.Second), "", false, true, true},
		"it had the same flags":          {born.Add(3 * time.Second), "-tags=integration", false, true, false},
		"the log is of an older gopls":   {born.Add(-3 * time.Second), "", false, false, false},
		"the log is of the future":       {born.Add(5 * time.Hour), "", false, false, false},
		"the process tells it otherwise": {born.Add(3 * time.Second), "", true, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			sections := hiddenGopls(tc.wrote, tc.goflags)
			if tc.readable {
				sections = strings.Replace(sections, "args gopls\n", "environ hidden\nargs gopls\n", 1)
			}
			w, _ := worldtest.Make(t, sections)
			const own = "/home/gopher/.config/Code/logs/20260102T020000/window1/exthost/gophantom.gophantom"
			s := observe.Take(t.Context(), w, observe.Input{
				Number: 1, Dir: "/home/gopher/ws", Trusted: true, Captured: map[model.EnvName]map[string]string{model.EnvShell: shell},
				Editor: &observe.EditorInput{ClientPID: 100, Logged: func(since time.Time) (model.Env, bool) {
					return engine.LoggedEnv(t.Context(), w, own, "/home/gopher/ws", since)
				}},
			})
			gopls, _ := s.Env(model.EnvGopls)
			if gopls.Partial != tc.partial || gopls.Complete != tc.readable {
				t.Errorf("partial %t, complete %t: %s", gopls.Partial, gopls.Complete, gopls.Why)
			}
			at := born.Add(3 * time.Second).In(time.Local).Format("15:04")
			if tc.partial && (!strings.Contains(gopls.Why, "log at "+at) || gopls.Lookup("GOPATH").Origin != (model.Origin{Layer: model.LayerLogged, Note: at})) {
				t.Errorf("where it comes from is not said: %s, %+v", gopls.Why, gopls.Lookup("GOPATH").Origin)
			}
			a := engine.Check(t.Context(), w, s, engine.Truth{})
			var fired []string
			for _, f := range a.Findings {
				if f.Rule == "env-drift" && slices.Contains(f.Environments, model.EnvGopls) {
					fired = append(fired, f.Subject)
				}
			}
			if want := map[bool][]string{true: {"GOFLAGS"}}[tc.fires]; !slices.Equal(fired, want) {
				t.Errorf("drift of gopls in %q, want %q", fired, want)
			}
			known := slices.ContainsFunc(a.Unknown, func(u report.Unknown) bool { return u.Rule == "gopls" })
			if known == tc.readable {
				t.Errorf("an environment of which a part is known counts as known: %+v", a.Unknown)
			}
		})
	}
}

// TestLoopAsksTheLog: the loop looks beside our own logs for what a gopls that
// cannot be read has said, and puts it on the time line of the report.
func TestLoopAsksTheLog(t *testing.T) {
	lab := worldtest.NewLab(t)
	e := newEditor(t, lab)
	window := t.TempDir()
	e.logs, e.hidden = filepath.Join(window, "gophantom.gophantom"), true
	e.startGopls()
	said := e.w.Clock.Now().Add(10 * time.Millisecond)
	lab.Write(filepath.Join(window, "output_logging_1", "1-gopls (server).log"), said.Format("2006-01-02 15:04:05.000")+" [info] Created View (#1)\n\tdirectory="+lab.Dir+
		"\n\tview_type=\"GoMod\"\n\tbuild_flags=[]\n\tenv={GOOS:linux GOARCH:amd64 GOPATH:/elsewhere GOFLAGS: GO111MODULE:}\n")
	e.run()
	why := "log at " + said.Format("15:04")
	e.await("what the log says", func(u engine.Update) bool {
		return u.Ready && slices.ContainsFunc(u.Report.Unknown, func(x report.Unknown) bool { return x.Rule == "gopls" && strings.Contains(x.Why, why) })
	})
	whole, ok := e.loop.EnvironmentReport(t.Context(), "")
	if !ok || !slices.ContainsFunc(whole.Timeline, func(m report.Moment) bool { return m.Kind == "view" }) {
		t.Errorf("the time line has %+v", whole.Timeline)
	}
	for _, env := range whole.Environments.Environments {
		if env.Name == "gopls" && (env.Complete || !env.Partial || env.Values["GOPATH"].Value != "/elsewhere") {
			t.Errorf("the environment of gopls is %+v", env)
		}
	}
}

// TestLoggedEnvironmentLive lets a real gopls write its log, and the real go
// command say whether it is true.
func TestLoggedEnvironmentLive(t *testing.T) {
	gopls := worldtest.Gopls(t, "")
	lab := worldtest.NewLab(t)
	env := lab.With("GOPROXY=off", "GOFLAGS=-mod=mod -tags=a", "GOPRIVATE=corp.example", "GO111MODULE=on")
	r, err := headless.Run(t.Context(), world.Real(), headless.Options{Program: gopls, Env: env, Dir: lab.Dir, Quiet: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	var logged model.Env
	log := trace.Log{Zone: time.Local, Tell: func(e model.Event) {
		if env, ok := trace.Environment(e); ok {
			logged = env
		}
	}}
	if _, err := log.Write([]byte(r.Log)); err != nil {
		t.Fatal(err)
	}
	log.Close()
	if !logged.Partial {
		t.Fatalf("no environment in\n%s", r.Log)
	}
	names := slices.Sorted(maps.Keys(logged.Layers[0].Vars))
	if len(names) < 6 {
		t.Errorf("it tells of %q only", names)
	}
	for _, name := range names {
		cmd := exec.CommandContext(t.Context(), "go", "env", name)
		cmd.Dir, cmd.Env = lab.Dir, world.Environ(env)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		want := strings.TrimSpace(string(out))
		if got := logged.Lookup(name).Value.Reveal(); got != want {
			t.Errorf("the log says %s=%s, go says %s", name, got, want)
		}
	}
}
