package engine_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gophantom/gophantom/server/internal/baseline"
	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/observe"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/trace"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// facts is what a scenario's facts.json says an editor told.
type facts struct {
	Trusted   bool
	Extension *struct {
		Version           string
		Active            bool
		UseLanguageServer bool
		Go                string // the go command that it says it runs
	}
	Folders  []string // of the workspace; nil for the one
	Settings []struct {
		Scope, File string
	}
	Before []struct { // the settings that an earlier look saw
		Scope, File string
	}
	Gopls *struct { // the build of the running gopls, which no text file can hold
		Version, GoVersion string
	}
}

var anyLine = regexp.MustCompile(`:\*$`)

// TestScenarios replays every scenario: a machine, and the findings it must
// give. A healthy twin gives none of its own rule.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "testdata", "scenarios", "*", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		rule := filepath.Base(filepath.Dir(file))
		t.Run(rule+"/"+strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			w, sc := worldtest.Load(t, file)
			snapshot := look(t, w, sc)
			a := engine.Check(t.Context(), w, snapshot, engine.Truth{})
			want, _ := sc.Section("want")
			wantLines := strings.FieldsFunc(want, func(r rune) bool { return r == '\n' })
			if healthy := strings.HasPrefix(filepath.Base(file), "healthy-"); healthy == strings.Contains(want, rule+" ") {
				t.Fatalf("a scenario must expect its own rule, and a healthy twin must not:\n%s", want)
			}
			var got []string
			for i, f := range a.Findings {
				envs := make([]string, 0, len(f.Environments))
				for _, e := range f.Environments {
					envs = append(envs, string(e))
				}
				where := "-"
				if f.Location != nil {
					where = fmt.Sprintf("%s:%d", f.Location.File, f.Location.Range.Start.Line+1)
					if i < len(wantLines) && anyLine.MatchString(wantLines[i]) {
						where = f.Location.File + ":*"
					}
				}
				got = append(got, strings.Join([]string{f.Rule, dash(f.Ref), string(f.Severity), dash(strings.Join(envs, ",")), where}, " "))
			}
			if diff := cmp.Diff(strings.Join(wantLines, "\n"), strings.Join(got, "\n")); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			for _, f := range a.Report(w).Findings {
				if strings.ContainsAny(f.Message, "{}") || f.Message == "" {
					t.Errorf("%s: the message lacks an argument: %q", f.Rule, f.Message)
				}
				if strings.Contains(f.Message, "; to add.") || strings.Contains(f.Message, "; to add it.") || strings.Contains(f.Message, "; to update it.") {
					t.Errorf("%s: the message breaks off where go names a command: %q", f.Rule, f.Message)
				}
				t.Log(f.Message)
			}
		})
	}
}

// look takes the snapshot of a scenario.
func look(t *testing.T, w *world.World, sc *worldtest.Scenario) *model.Snapshot {
	t.Helper()
	w.Environ = []string{"HOME=/home/gopher", "PATH=/usr/lib/go/bin:/usr/bin"}
	in := observe.Input{Number: 1, Reason: "scenario", Dir: "/home/gopher/ws", Trusted: true, Captured: map[model.EnvName]map[string]string{}}
	for name, vars := range sc.Envs {
		in.Captured[model.EnvName(name)] = vars
	}
	var f facts
	if text, ok := sc.Section("facts.json"); ok {
		if err := json.Unmarshal([]byte(text), &f); err != nil {
			t.Fatal(err)
		}
		in.Trusted = f.Trusted
		in.Editor = &observe.EditorInput{ClientPID: 100}
		if f.Extension != nil {
			in.Editor.Extension = &model.GoExtension{Version: f.Extension.Version, Active: f.Extension.Active, UseLanguageServer: f.Extension.UseLanguageServer, GoPath: f.Extension.Go}
		}
		in.Folders = f.Folders
		if f.Before != nil {
			in.Memory = &observe.Memory{}
			for _, s := range f.Before {
				in.Editor.Settings = append(in.Editor.Settings, observe.SettingsScope{Scope: s.Scope, File: s.File})
			}
			observe.Take(t.Context(), w, in)
			in.Editor.Settings = nil
		}
		for _, s := range f.Settings {
			in.Editor.Settings = append(in.Editor.Settings, observe.SettingsScope{Scope: s.Scope, File: s.File})
		}
	}
	snapshot := observe.Take(t.Context(), w, in)
	if f.Gopls != nil {
		snapshot.Gopls = append(snapshot.Gopls, model.GoplsProcess{PID: 300, Version: f.Gopls.Version, GoVersion: f.Gopls.GoVersion})
	}
	remember(t, w, sc, snapshot)
	for _, env := range model.EnvNames {
		if text, ok := sc.Section("said/" + string(env)); ok {
			said := model.Said{Env: env, Command: "go list", Text: model.NewValue(strings.TrimSuffix(text, "\n"))}
			said.Messages = trace.Classify(said.Text)
			snapshot.Said = append(snapshot.Said, said)
		}
		probed, _ := sc.Section("probed/" + string(env))
		for line := range strings.Lines(probed) {
			ref, address, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			address, why, _ := strings.Cut(address, " ")
			snapshot.Said = append(snapshot.Said, model.Said{Env: env, Command: "probe", Messages: []model.Message{
				{Refs: []string{ref}, Args: map[string]model.Value{"url": model.NewValue(address), "why": model.NewValue(why)}, Text: model.NewValue(why)},
			}})
		}
	}
	return snapshot
}

// remember gives a snapshot what is remembered of its folder. Each line of the
// section costs tells what was measured, how far apart, and how often it took how
// many milliseconds, from nine o'clock on; each line of history a fact that changed.
func remember(t *testing.T, w *world.World, sc *worldtest.Scenario, s *model.Snapshot) {
	t.Helper()
	section, _ := sc.Section("costs")
	costs := map[string]baseline.Costs{}
	for line := range strings.Lines(section) {
		what, rest, ok := strings.Cut(strings.TrimSpace(line), ": ")
		fields := strings.Fields(rest)
		apart, err := time.ParseDuration(fields[0])
		if !ok || err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		var c baseline.Costs
		at := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
		for _, field := range fields[1:] {
			var n int
			var ms float64
			if _, err := fmt.Sscanf(field, "%d*%g", &n, &ms); err != nil {
				t.Fatalf("%q: %v", field, err)
			}
			for range n {
				c.Add(baseline.Sample{At: at, Millis: ms})
				at = at.Add(apart)
			}
		}
		costs[what] = c
	}
	section, _ = sc.Section("history")
	var events []report.HistoryEvent
	for line := range strings.Lines(section) {
		fields := strings.Fields(line) // time, fact, environment, subject, value
		if len(fields) != 5 {
			t.Fatalf("%q", line)
		}
		events = append(events, report.HistoryEvent{Kind: "changed", Time: fields[0], Fact: fields[1], Environment: fields[2], Subject: fields[3], Is: fields[4]})
	}
	s.Slow = engine.Slowdowns(w, s, costs, events)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
