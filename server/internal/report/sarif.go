package report

import (
	"strings"

	"go.lsp.dev/uri"
)

// Tool names the program in a SARIF log.
type Tool struct {
	Version string
	Rules   []Rule
}

// SARIF encodes reports as one SARIF 2.1.0 log with a run per report.
//
// What code scanning services drop (related locations, Markdown) is in the
// message too. A result outside the workspace, such as a line of a start-up
// file, is attached to the first line of go.mod, since those services accept
// only files of the repository; the message names the real place.
// Fingerprints are those of Fingerprints, so that a file that moves is no news.
func SARIF(reports []Report, tool Tool) ([]byte, error) {
	log := sarifLog{
		Schema:  "https://json.schemastore.org/sarif-2.1.0.json",
		Version: "2.1.0",
		Runs:    []sarifRun{},
	}
	for _, r := range reports {
		log.Runs = append(log.Runs, sarifRunOf(r, tool))
	}
	return JSON(log)
}

const home = "https://github.com/gophantom/gophantom"

func sarifRunOf(r Report, tool Tool) sarifRun {
	driver := sarifDriver{Name: "Go Phantom", InformationURI: home, SemanticVersion: semantic(tool.Version), Rules: []sarifRule{}}
	for _, rule := range tool.Rules {
		driver.Rules = append(driver.Rules, sarifRuleOf(rule))
	}
	for _, v := range verdictRules {
		driver.Rules = append(driver.Rules, sarifRuleOf(v))
	}
	index := func(id string) *int {
		for i, rule := range driver.Rules {
			if rule.ID == id {
				return &i
			}
		}
		return nil
	}
	run := sarifRun{
		Tool: sarifTool{driver}, ColumnKind: "utf16CodeUnits", Results: []sarifResult{},
		OriginalURIBaseIDs: map[string]sarifBase{"%SRCROOT%": {URI: strings.TrimSuffix(string(uri.File(r.Snapshot.Dir)), "/") + "/"}},
		Invocations:        []sarifInvocation{{ExecutionSuccessful: true, Notifications: []sarifNotification{}}},
	}
	for _, i := range issuesOf(r) {
		if i.accepted != nil {
			i.severity = "info" // for services that do not read suppressions
		}
		run.Results = append(run.Results, sarifResult{
			RuleID: i.rule, RuleIndex: index(i.rule), Level: sarifLevel(i.severity), Message: sarifMessage{Text: i.message},
			Locations:    []sarifLocation{sarifLocationOf(i.location, r.Snapshot.Dir)},
			Fingerprints: map[string]string{fingerprintKey: i.fingerprint},
			Suppressions: i.suppressions(),
			Properties:   sarifResultProperties{i.contextID},
		})
	}
	for _, u := range r.Unknown {
		run.Invocations[0].Notifications = append(run.Invocations[0].Notifications,
			sarifNotification{Level: "warning", Message: sarifMessage{Text: "Could not be decided: " + u.Rule + ": " + u.Why}})
	}
	return run
}

// verdictRules describe verdicts on problems as rules.
var verdictRules = []Rule{
	{
		ID: "verdict-phantom", Title: "A problem that the editor shows and a build does not have", Severity: "warning",
		Symptom: "The editor shows an error; `go build` has none.",
		Cause:   "gopls works in another environment than the build, or has not looked again since the world changed.",
		Cure:    "See the variables at fault in the message, and `gophantom env`.",
	},
	{
		ID: "verdict-stale-green", Title: "A problem that a build has and the editor does not show", Severity: "warning",
		Symptom: "The editor is green; `go build` fails.",
		Cause:   "gopls has not looked again since the world changed.",
		Cure:    "Restart gopls.",
	},
}

func sarifRuleOf(r Rule) sarifRule {
	var text, markdown strings.Builder
	for _, part := range []struct{ name, text string }{{"What you see", r.Symptom}, {"Why", r.Cause}, {"What to do", r.Cure}, {"How to take it back", r.Undo}} {
		if part.text != "" {
			text.WriteString(part.name + ": " + part.text + "\n\n")
			markdown.WriteString("## " + part.name + "\n\n" + part.text + "\n\n")
		}
	}
	if text.Len() == 0 {
		text.WriteString(r.Title)
		markdown.WriteString(r.Title)
	}
	out := sarifRule{
		ID: r.ID, ShortDescription: sarifMessage{Text: r.Title}, FullDescription: sarifMessage{Text: r.Title},
		Help:          sarifHelp{strings.TrimSpace(text.String()), strings.TrimSpace(markdown.String())},
		Configuration: sarifConfiguration{sarifLevel(r.Severity)},
		Properties:    sarifProperties{Tags: []string{"go", "environment"}},
	}
	if r.Family != "" {
		out.HelpURI = home + "/blob/main/docs/rules/" + r.ID + ".md"
		out.Properties.Tags = append(out.Properties.Tags, r.Family)
	}
	return out
}

func sarifLevel(severity string) string {
	if severity == "info" {
		return "note"
	}
	return severity
}

func sarifLocationOf(l *Location, dir string) sarifLocation {
	goMod := sarifLocation{sarifPhysical{sarifArtifact{"go.mod", "%SRCROOT%"}, sarifRegion{StartLine: 1}}}
	if l == nil {
		return goMod
	}
	rel, inside := relative(dir, FileOf(l.URI))
	if !inside {
		return goMod
	}
	region := sarifRegion{
		StartLine: l.Range.Start.Line + 1, StartColumn: l.Range.Start.Character + 1,
		EndLine: l.Range.End.Line + 1, EndColumn: l.Range.End.Character + 1,
	}
	return sarifLocation{sarifPhysical{sarifArtifact{relativeURI(rel), "%SRCROOT%"}, region}}
}

// relativeURI escapes a relative path with slashes as a URI reference.
func relativeURI(rel string) string {
	return strings.TrimPrefix(string(uri.FileFor(uri.PlatformPOSIX, "/"+rel)), "file:///")
}

// semantic is the version without its "v", or "" for builds without one.
func semantic(version string) string {
	v, ok := strings.CutPrefix(version, "v")
	if !ok {
		return ""
	}
	return v
}

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool               sarifTool            `json:"tool"`
	Invocations        []sarifInvocation    `json:"invocations"`
	OriginalURIBaseIDs map[string]sarifBase `json:"originalUriBaseIds"`
	ColumnKind         string               `json:"columnKind"`
	Results            []sarifResult        `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name            string      `json:"name"`
	SemanticVersion string      `json:"semanticVersion,omitzero"`
	InformationURI  string      `json:"informationUri"`
	Rules           []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID               string             `json:"id"`
	ShortDescription sarifMessage       `json:"shortDescription"`
	FullDescription  sarifMessage       `json:"fullDescription"`
	Help             sarifHelp          `json:"help"`
	HelpURI          string             `json:"helpUri,omitzero"`
	Configuration    sarifConfiguration `json:"defaultConfiguration"`
	Properties       sarifProperties    `json:"properties"`
}

type sarifHelp struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown"`
}

type sarifConfiguration struct {
	Level string `json:"level"`
}

type sarifProperties struct {
	Tags []string `json:"tags"`
}

type sarifMessage struct {
	Text string `json:"text"`
}

type sarifBase struct {
	URI string `json:"uri"`
}

type sarifInvocation struct {
	ExecutionSuccessful bool                `json:"executionSuccessful"`
	Notifications       []sarifNotification `json:"toolExecutionNotifications"`
}

type sarifNotification struct {
	Level   string       `json:"level"`
	Message sarifMessage `json:"message"`
}

type sarifResult struct {
	RuleID       string                `json:"ruleId"`
	RuleIndex    *int                  `json:"ruleIndex,omitzero"`
	Level        string                `json:"level"`
	Message      sarifMessage          `json:"message"`
	Locations    []sarifLocation       `json:"locations"`
	Fingerprints map[string]string     `json:"partialFingerprints"`
	Suppressions []sarifSuppression    `json:"suppressions"`
	Properties   sarifResultProperties `json:"properties"`
}

// sarifResultProperties tell which results have one cause.
type sarifResultProperties struct {
	ContextID string `json:"contextId,omitzero"`
}

type sarifSuppression struct {
	Kind          string `json:"kind"`
	Justification string `json:"justification"`
}

type sarifLocation struct {
	Physical sarifPhysical `json:"physicalLocation"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI       string `json:"uri"`
	URIBaseID string `json:"uriBaseId"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn,omitzero"`
	EndLine     int `json:"endLine,omitzero"`
	EndColumn   int `json:"endColumn,omitzero"`
}
