package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gophantom/gophantom/server/internal/engine"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// Shells run our own executable, which in a test is the test's.
func init() {
	if len(os.Args) == 3 && os.Args[1] == "print-environment" {
		if err := world.PrintEnvironment(os.Stdout, os.Args[2], os.Environ()); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
}

// TestTranscripts runs command lines on real workspaces with the real go
// command. "exits CODE gophantom ARGS" runs one in this process; what differs
// from machine to machine becomes $WORK, $GOROOT, goVERSION and TIME.
func TestTranscripts(t *testing.T) {
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatalf("these tests need the go command in PATH: %v", err)
	}
	fixups := []struct {
		re   *regexp.Regexp
		with string
	}{
		{regexp.MustCompile(regexp.QuoteMeta(strings.TrimSpace(string(goroot)))), "$$GOROOT"},
		{regexp.MustCompile(`go1\.[0-9]+(\.[0-9]+)?((rc|beta)[0-9]+)?`), "goVERSION"},
		{regexp.MustCompile(`[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]+Z`), "TIME"},
		{regexp.MustCompile(`\([0-9.]+m?s\)`), "(TIME)"},
		{regexp.MustCompile(`secret-[0-9a-f]{4}`), "secret-XXXX"},
	}
	// gopls is behind what the user has, as for npm test.
	_, hasGopls := worldtest.FindGopls("")
	if !hasGopls {
		t.Run("gopls", func(t *testing.T) { worldtest.Gopls(t, "") }) // says so, and in CI fails
	}
	exits := func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) < 2 || args[1] != "gophantom" {
			ts.Fatalf("usage: exits CODE gophantom ARG...")
		}
		want, err := strconv.Atoi(args[0])
		ts.Check(err)
		w := world.Real()
		w.Dir = ts.MkAbs(".")
		w.Environ = nil
		for _, name := range []string{"HOME", "PATH", "USERPROFILE", "LocalAppData", "AppData", "SystemRoot", "TMPDIR", "GOENV", "GOFLAGS", "GOPRIVATE", "SHELL"} {
			if value := ts.Getenv(name); value != "" {
				w.Environ = append(w.Environ, name+"="+value)
			}
		}
		var stdout, stderr bytes.Buffer
		got := Main(context.Background(), w, args[2:], strings.NewReader(""), &stdout, &stderr)
		fixed := func(s string) string {
			s = strings.ReplaceAll(s, ts.Getenv("WORK"), "$WORK")
			for _, f := range fixups {
				s = f.re.ReplaceAllString(s, f.with)
			}
			return s
		}
		_, _ = io.WriteString(ts.Stdout(), fixed(stdout.String()))
		_, _ = io.WriteString(ts.Stderr(), fixed(stderr.String()))
		if got != want {
			ts.Fatalf("gophantom exits with %d, want %d\n%s%s", got, want, stdout.String(), stderr.String())
		}
	}
	// validates DEFINITION checks the last stdout against the JSON Schema.
	validates := func(ts *testscript.TestScript, _ bool, args []string) {
		schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(report.JSONSchema))
		ts.Check(err)
		c := jsonschema.NewCompiler()
		ts.Check(c.AddResource("schema.json", schema))
		definition, err := c.Compile("schema.json#/$defs/" + args[0])
		ts.Check(err)
		instance, err := jsonschema.UnmarshalJSON(strings.NewReader(ts.ReadFile("stdout")))
		ts.Check(err)
		ts.Check(definition.Validate(instance))
	}
	// expand FROM TO copies a file with the real values of $WORK and $PATH.
	expand := func(ts *testscript.TestScript, _ bool, args []string) {
		text := strings.NewReplacer("$WORK", filepath.ToSlash(ts.Getenv("WORK")), "$PATH", ts.Getenv("PATH")).Replace(ts.ReadFile(args[0]))
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("GOENV", "off")
			env.Setenv("PATH", env.Getenv("PATH")+string(filepath.ListSeparator)+ownTools)
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name != "gopls" {
				return false, fmt.Errorf("unknown condition %s", name)
			}
			return hasGopls, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "expand": expand, "validates": validates},
	})
}

// ownTools is where npm installs programs for the tests.
var ownTools, _ = filepath.Abs(filepath.Join("..", "..", "..", ".tools", "bin"))

// fake is an app whose engine answers with the given report.
func fake(r report.Report) (a *app, stdout, stderr *bytes.Buffer) {
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	r.Schema, r.Snapshot.Dir = report.Schema, "/ws"
	return &app{
		world: &world.World{Dir: "/ws"}, stdin: strings.NewReader(""), stdout: stdout, stderr: stderr,
		engine: backend{
			observe: func(_ context.Context, _ *world.World, req engine.Request) (*model.Snapshot, error) {
				return &model.Snapshot{Dir: req.Dir, Problems: req.Problems, Envs: []model.Env{{Name: model.EnvShell, Complete: true}}}, nil
			},
			check: func(context.Context, *world.World, *model.Snapshot, engine.Truth) report.Report { return r },
			drift: func(*model.Snapshot) []model.Drift { return nil },
		},
	}, stdout, stderr
}

func TestExitCodes(t *testing.T) {
	finding := func(severity string) report.Report {
		return report.Report{Findings: []report.Finding{{Rule: "r", Severity: severity, Subject: "GOPROXY", Message: "m"}}}
	}
	verdict := func(kinds ...string) (r report.Report) {
		for _, k := range kinds {
			r.Problems = append(r.Problems, report.Problem{URI: "file:///ws/a.go", Verdict: k})
		}
		return r
	}
	unknown := func(rule string) report.Report {
		return report.Report{Unknown: []report.Unknown{{Rule: rule, Why: "w"}}}
	}
	both := finding("warning")
	both.Unknown = unknown("shell").Unknown
	for _, c := range []struct {
		name   string
		report report.Report
		want   map[string]int // by --fail-on; what is missing is 0
	}{
		{"healthy", report.Report{}, nil},
		{"error", finding("error"), map[string]int{"error": 1, "warning": 1, "info": 1}},
		{"warning", finding("warning"), map[string]int{"warning": 1, "info": 1}},
		{"info", finding("info"), map[string]int{"info": 1}},
		{"anything unknown", unknown("shell"), map[string]int{"error": 3, "warning": 3, "info": 3}},
		{"a rule for warnings unknown", unknown("env-drift"), map[string]int{"warning": 3, "info": 3}},
		{"warning and unknown", both, map[string]int{"error": 3, "warning": 1, "info": 1}},
		{"phantom", verdict("phantom"), map[string]int{"warning": 1, "info": 1}},
		{"stale green", verdict("stale-green"), map[string]int{"warning": 1, "info": 1}},
		{"real", verdict("real"), map[string]int{"error": 1, "warning": 1, "info": 1}},
		{"not build", verdict("not-build"), map[string]int{"info": 1}},
		{"undecided", verdict("unknown"), map[string]int{"error": 3, "warning": 3, "info": 3}},
		{"undecided and phantom", verdict("unknown", "phantom"), map[string]int{"error": 3, "warning": 1, "info": 1}},
	} {
		for _, failOn := range []string{"error", "warning", "info", "never"} {
			for _, format := range []string{"text", "json", "sarif"} {
				a, stdout, stderr := fake(c.report)
				if got := run(t.Context(), a, []string{"check", "--fail-on", failOn, "--format", format}); got != c.want[failOn] {
					t.Errorf("%s, --fail-on %s, %s: exit %d, want %d\n%s", c.name, failOn, format, got, c.want[failOn], stderr)
				}
				if stdout.Len() == 0 || stderr.Len() > 0 {
					t.Errorf("%s, %s: stdout %q, stderr %q", c.name, format, stdout, stderr)
				}
				if format != "text" && !json.Valid(stdout.Bytes()) {
					t.Errorf("%s: stdout is not JSON: %s", format, stdout)
				}
			}
		}
	}
}

func TestExitCodesOfVerdicts(t *testing.T) {
	for _, c := range []struct {
		verdicts, incomplete string
		want                 map[string]int // by --fail-on; what is missing is 0
	}{
		{"", "", nil},
		{"phantom", "", map[string]int{"phantom": 1, "real": 1, "warning": 1}},
		{"stale-green", "", map[string]int{"phantom": 1, "real": 1, "warning": 1}},
		{"real", "", map[string]int{"real": 1, "warning": 1, "error": 1}},
		{"not-build", "", nil},
		{"unknown", "", map[string]int{"phantom": 3, "real": 3, "warning": 3, "error": 3}},
		{"real unknown", "", map[string]int{"phantom": 3, "real": 1, "warning": 1, "error": 1}},
		{"phantom unknown", "", map[string]int{"phantom": 1, "real": 1, "warning": 1, "error": 3}},
		{"", "gopls fell over", map[string]int{"phantom": 3, "real": 3, "warning": 3, "error": 3}},
		{"phantom", "gopls fell over", map[string]int{"phantom": 1, "real": 1, "warning": 1, "error": 3}},
	} {
		for _, failOn := range []string{"phantom", "real", "warning", "error", "never"} {
			var r report.Report
			for v := range strings.FieldsSeq(c.verdicts) {
				r.Problems = append(r.Problems, report.Problem{URI: "file:///ws/a.go", Verdict: v})
			}
			a, stdout, stderr := fake(r)
			a.engine.show = func(_ context.Context, _ *world.World, req engine.Request, how engine.Headless) (*model.Snapshot, engine.Shown, error) {
				if how.Program != "/opt/gopls" || how.Online || how.Timeout != time.Minute || req.Dir != "/ws" {
					t.Errorf("gopls is run as %+v in %s", how, req.Dir)
				}
				return &model.Snapshot{Dir: req.Dir}, engine.Shown{Program: how.Program, Version: "v0.23.0", Env: model.EnvTools, Incomplete: c.incomplete}, nil
			}
			if got := run(t.Context(), a, []string{"phantoms", "--gopls", "/opt/gopls", "--timeout", "1m", "--fail-on", failOn}); got != c.want[failOn] {
				t.Errorf("%q, %q, --fail-on %s: exit %d, want %d\n%s", c.verdicts, c.incomplete, failOn, got, c.want[failOn], stderr)
			}
			if !strings.Contains(stdout.String(), c.incomplete) || stderr.String() != "gophantom: gopls v0.23.0 (/opt/gopls) was run in the tools environment, offline\n" {
				t.Errorf("stdout %q, stderr %q", stdout, stderr)
			}
		}
	}

	a, stdout, stderr := fake(report.Report{})
	a.engine.show = func(context.Context, *world.World, engine.Request, engine.Headless) (*model.Snapshot, engine.Shown, error) {
		return nil, engine.Shown{}, fmt.Errorf("%w: it hides", engine.ErrNoGopls)
	}
	if got := run(t.Context(), a, []string{"phantoms"}); got != exitUndecided || stdout.Len() > 0 || !strings.Contains(stderr.String(), "gopls could not be asked: it hides") {
		t.Errorf("without gopls: exit %d, stdout %q, stderr %q", got, stdout, stderr)
	}
}

func TestSeveralWorkspaces(t *testing.T) {
	a, stdout, _ := fake(report.Report{})
	if code := run(t.Context(), a, []string{"check", "--format", "json", "a", "/b"}); code != exitHealthy {
		t.Fatalf("exit %d", code)
	}
	d := json.NewDecoder(stdout)
	for range 2 {
		var r report.Report
		if err := d.Decode(&r); err != nil || r.Schema != report.Schema {
			t.Fatalf("not one report after another: %v", err)
		}
	}
	if d.More() {
		t.Error("more than two reports")
	}
}

func TestInterrupt(t *testing.T) {
	for _, args := range [][]string{{"check"}, {"check", "--format", "json"}, {"check", "--format", "sarif"}, {"env"}, {"env", "--format", "markdown"}, {"env", "--format", "html"}, {"route", "example.com/x"}} {
		a, stdout, stderr := fake(report.Report{})
		ctx, cancel := context.WithCancel(t.Context())
		a.engine.observe = func(ctx context.Context, _ *world.World, req engine.Request) (*model.Snapshot, error) {
			cancel()
			return &model.Snapshot{Dir: req.Dir, Envs: []model.Env{{Name: model.EnvShell}}}, nil
		}
		if code := run(ctx, a, args); code != exitInterrupted {
			t.Errorf("%v: exit %d, want %d", args, code, exitInterrupted)
		}
		if stdout.Len() > 0 {
			t.Errorf("%v: half a report: %s", args, stdout)
		}
		if !strings.Contains(stderr.String(), "interrupted") {
			t.Errorf("%v: stderr is %q", args, stderr)
		}
	}
}

func TestCrashIsUndecidedAndTellsNoValue(t *testing.T) {
	a, stdout, stderr := fake(report.Report{})
	a.engine.check = func(context.Context, *world.World, *model.Snapshot, engine.Truth) report.Report { panic("hunter2") }
	if code := run(t.Context(), a, []string{"check"}); code != exitUndecided {
		t.Errorf("exit %d, want %d", code, exitUndecided)
	}
	if stdout.Len() > 0 || !strings.Contains(stderr.String(), "internal error") {
		t.Errorf("stdout %q, stderr %q", stdout, stderr)
	}
	if strings.Contains(stderr.String(), "hunter2") {
		t.Errorf("the crash tells a value: %s", stderr)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestReportThatCannotBeWritten(t *testing.T) {
	a, _, stderr := fake(report.Report{})
	a.stdout = fullDisk{}
	if code := run(t.Context(), a, []string{"check"}); code != exitUndecided {
		t.Errorf("exit %d, want %d", code, exitUndecided)
	}
	if !strings.Contains(stderr.String(), "no space left") {
		t.Errorf("stderr is %q", stderr)
	}
}

func TestEveryCommandHasHelp(t *testing.T) {
	a, _, _ := fake(report.Report{})
	for _, c := range a.root().Commands() {
		if c.Name() == "completion" {
			continue
		}
		for _, args := range [][]string{{"help", c.Name()}, {c.Name(), "--help"}} {
			a, stdout, stderr := fake(report.Report{})
			if code := run(t.Context(), a, args); code != exitHealthy || !strings.Contains(stdout.String(), "Usage:") {
				t.Errorf("%v: exit %d, stdout %q, stderr %q", args, code, stdout, stderr)
			}
		}
	}
}

func TestColorWanted(t *testing.T) {
	for _, c := range []struct {
		environ []string
		want    bool
	}{
		{nil, true},
		{[]string{"TERM=xterm"}, true},
		{[]string{"TERM=dumb"}, false},
		{[]string{"NO_COLOR=1"}, false},
		{[]string{"NO_COLOR="}, true},
		{[]string{"NO_COLOR=1", "NO_COLOR="}, true},
	} {
		if got := colorWanted(c.environ); got != c.want {
			t.Errorf("colorWanted(%q) = %v", c.environ, got)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"error", "warning", "info", "never"}
	for s, want := range map[string]string{"eror": "error", "warn": "warning", "Info": "info", "nevr": "never", "xyzzy": "", "": ""} {
		if got := nearest(s, names); got != want {
			t.Errorf("nearest(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestRulesetIsComplete(t *testing.T) {
	if len(ruleset()) == 0 {
		t.Fatal("there are no rules")
	}
	for _, r := range ruleset() {
		if slices.Contains([]string{r.ID, r.Title, r.Family, r.Symptom, r.Cause, r.Cure, r.Undo}, "") {
			t.Errorf("a part of %s is empty: %+v", r.ID, r)
		}
	}
}

func ExampleMain() {
	a, _, stderr := fake(report.Report{})
	code := run(context.Background(), a, []string{"check", "--fail-on", "warnings"})
	fmt.Print(stderr.String(), code)
	// Output:
	// gophantom: --fail-on cannot be "warnings"; did you mean warning?
	// 2
}
