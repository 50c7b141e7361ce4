package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// sarifSchema is the schema of SARIF 2.1.0 as OASIS publishes it (errata 01).
//
//go:embed testdata/sarif-schema-2.1.0.json
var sarifSchema string

var tool = Tool{Version: "v1.2.3", Rules: []Rule{
	{ID: "env-drift", Family: "drift", Title: "Drift", Severity: "warning", Symptom: "red", Cause: "env", Cure: "cure", Undo: "undo"},
	{ID: "goproxy-invalid-entry", Family: "GOPROXY", Title: "Bad entry", Severity: "error"},
}}

func sarifOf(t *testing.T, reports ...Report) sarifLog {
	t.Helper()
	data, err := SARIF(reports, tool)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := jsonschema.UnmarshalJSON(strings.NewReader(sarifSchema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", schema); err != nil {
		t.Fatal(err)
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.MustCompile("sarif.json").Validate(instance); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	var log sarifLog
	if err := json.Unmarshal(data, &log); err != nil {
		t.Fatal(err)
	}
	return log
}

func TestSARIF(t *testing.T) {
	log := sarifOf(t, troubled(), healthy())
	if len(log.Runs) != 2 {
		t.Fatalf("%d runs for 2 reports", len(log.Runs))
	}
	run := log.Runs[0]
	if want := len(troubled().Findings) + 1; len(run.Results) != want {
		t.Fatalf("%d results, want %d: the findings and the phantom", len(run.Results), want)
	}
	for _, r := range run.Results {
		if r.RuleIndex != nil && run.Tool.Driver.Rules[*r.RuleIndex].ID != r.RuleID {
			t.Errorf("the rule index of %s is wrong", r.RuleID)
		}
		at := r.Locations[0].Physical.Artifact
		if u, err := url.Parse(at.URI); err != nil || u.IsAbs() || strings.HasPrefix(at.URI, "/") || at.URIBaseID != "%SRCROOT%" {
			t.Errorf("%s is at %+v, which is not relative to the source root", r.RuleID, at)
		}
	}
	outside, inside, nowhere := run.Results[0], run.Results[1], run.Results[2]
	if p := outside.Locations[0].Physical; p.Artifact.URI != "go.mod" || p.Region.StartLine != 1 {
		t.Errorf("a finding outside the workspace is at %+v", p)
	}
	if origin := troubled().Findings[0].Origin.File; !strings.Contains(outside.Message.Text, origin+":3") {
		t.Errorf("the message does not name the real place: %s", outside.Message.Text)
	}
	if p := inside.Locations[0].Physical; p.Artifact.URI != ".vscode/my%20settings.json" || p.Region != (sarifRegion{5, 3, 5, 10}) {
		t.Errorf("a finding inside the workspace is at %+v", p)
	}
	if nowhere.Level != "note" || nowhere.RuleIndex != nil {
		t.Errorf("an info finding of an unlisted rule is %+v", nowhere)
	}
	if n := run.Invocations[0].Notifications; len(n) != 1 || !strings.Contains(n[0].Message.Text, troubled().Unknown[0].Why) {
		t.Errorf("what could not be decided is %+v", n)
	}
	if base := run.OriginalURIBaseIDs["%SRCROOT%"].URI; base != "file:///home/gopher/app/" {
		t.Errorf("the source root is %s", base)
	}
}

func TestSARIFFingerprints(t *testing.T) {
	print := func(change func(*Finding)) string {
		r := troubled()
		change(&r.Findings[0])
		return sarifOf(t, r).Runs[0].Results[0].Fingerprints[fingerprintKey]
	}
	original := print(func(*Finding) {})
	for name, same := range map[string]func(*Finding){
		"line":    func(f *Finding) { f.Origin = &Origin{f.Origin.Layer, f.Origin.File, 99, ""} },
		"message": func(f *Finding) { f.Message = "GOPROXY has another bad entry." },
		"home":    func(f *Finding) { f.Origin = &Origin{f.Origin.Layer, "/root/.config/go/env", 3, ""} },
		"file":    func(f *Finding) { f.Origin = &Origin{f.Origin.Layer, workspace + "/.envrc", 3, ""} },
		"place":   func(f *Finding) { f.Location = nil },
	} {
		if print(same) != original {
			t.Errorf("another %s makes another fingerprint", name)
		}
	}
	for name, other := range map[string]func(*Finding){
		"rule":    func(f *Finding) { f.Rule = "env-drift" },
		"subject": func(f *Finding) { f.Subject = "GOSUMDB" },
		"row":     func(f *Finding) { f.Ref = "PX-SCHEME" },
	} {
		if print(other) == original {
			t.Errorf("another %s makes the same fingerprint", name)
		}
	}
}

func TestSARIFSaysWhatIsAccepted(t *testing.T) {
	results := sarifOf(t, withAccepted()).Runs[0].Results
	accepted := 0
	for _, r := range results {
		if len(r.Suppressions) == 0 {
			continue
		}
		accepted++
		if s := r.Suppressions[0]; r.RuleID != "env-drift" || !strings.Contains(s.Justification, "ada") || !strings.Contains(s.Justification, "2026-12-31") || r.Level != "note" {
			t.Errorf("an accepted finding is %+v", r)
		}
	}
	if accepted != 1 {
		t.Errorf("%d results are accepted, want 1", accepted)
	}
}
