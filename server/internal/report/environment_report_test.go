package report

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/l10n"
	"github.com/gophantom/gophantom/server/internal/model"
)

// whole is a report with something in every part of it.
func whole() EnvironmentReport {
	r := EnvironmentReport{Schema: EnvironmentReportSchema, Report: troubled(), Environments: EnvironmentsOf(busy()), Routes: routes()}
	r.Routes[0].Probe = &Probe{
		Module: "example.com/dep", Version: "v1.0.0", Environment: "shell", Verdict: "fails", Why: "b.example has a fault of its own.", ServedBy: -1,
		Steps: []ProbeStep{
			{Kind: "noproxy"},
			{Kind: "proxy", URL: "https://proxy.example", Reached: true, Answers: []ProbeAnswer{{What: "mod", Status: 404, Outcome: "not-found", Took: ProbeTook{Total: 12}}}},
			{Kind: "proxy", URL: "https://b.example", Reached: true, Answers: []ProbeAnswer{{What: "mod", Status: 503, Outcome: "failed", Took: ProbeTook{Total: 17}}}},
			{Kind: "direct"},
		},
	}
	r.Carry(secretive("hunter2hunter2"))
	return r
}

// huge is a report of a big and unlucky workspace, of about 5 MB.
func huge() EnvironmentReport { return grown(500, 200, 150) }

// grown is a report with that much more in it than whole, with attacks in every
// text. words is how much go says of each finding.
func grown(findings, modules, words int) EnvironmentReport {
	r := whole()
	hostile := Show(model.NewValue("</script><script>alert(1)</script><!--\u202e\x1b[31m\u2066"))
	long := strings.Repeat("a very long explanation of what go says; ", words)
	deep := "/srv" + strings.Repeat("/a-directory-with-a-long-name", 20) + "/main.go"
	for i := range findings {
		f := troubled().Findings[i%3]
		f.Message = fmt.Sprintf("%d: %s %s", i, f.Message, hostile)
		f.Origin = &Origin{Layer: "GOENV file", File: deep, Line: i + 1}
		f.Evidence = []string{long + hostile}
		r.Report.Findings = append(r.Report.Findings, f)
	}
	for i := range modules {
		for _, env := range []string{"gopls", "shell"} {
			route := routes()[0]
			route.Module, route.Environment = fmt.Sprintf("example.com/%s/%d", hostile, i), env
			r.Routes = append(r.Routes, route)
		}
	}
	for i := range r.Environments.Environments {
		for j := range 50 {
			r.Environments.Environments[i].Values[fmt.Sprintf("GOTEST%d", j)] = Value{Value: strings.Repeat("x", j*40) + hostile, Origin: Origin{Layer: "GOENV file", File: deep, Line: j}}
		}
	}
	return r
}

// TestPageHasItsDocument demands that the script gets the very document that the
// JSON form has, whatever is in it.
func TestPageHasItsDocument(t *testing.T) {
	r := huge()
	page, err := r.HTML(l10n.English)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Document json.RawMessage `json:"document"`
		Markdown string          `json:"markdown"`
	}
	if err := json.Unmarshal([]byte(part(t, page, `type="application/json">`, "</script>")), &got); err != nil {
		t.Fatal(err)
	}
	data, err := JSON(r)
	if err != nil {
		t.Fatal(err)
	}
	var want, have any
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(got.Document, &have); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(have, want) {
		t.Error("the page has another document than the JSON form")
	}
	if got.Markdown != r.Markdown() {
		t.Error("the page has another text than the Markdown form")
	}
}

func TestReportMarkdownIsShort(t *testing.T) {
	text := huge().Markdown()
	if n := strings.Count(text, "\n- **"); n != mostListed {
		t.Errorf("%d findings are listed, want %d", n, mostListed)
	}
	if !strings.Contains(text, "… and ") {
		t.Error("it does not say that there are more")
	}
	for _, want := range []string{"**Phantom", "`main.go:3:8`", "could not import example.com/dep", "b.example has a fault of its own", "| GOPROXY"} {
		if !strings.Contains(strings.ReplaceAll(text, "| `", "| "), want) {
			t.Errorf("it lacks %q", want)
		}
	}
	for _, bad := range []string{"</script><script>alert", "\u202e", "\x1b"} {
		if strings.Contains(text, bad) {
			t.Errorf("it has %q as it is", bad)
		}
	}
}

// TestFilesOfAReport: a file that is not named may not be opened from the page.
func TestFilesOfAReport(t *testing.T) {
	files := whole().Files()
	for _, want := range []string{workspace + "/main.go", "/home/gopher/.config/go/env", "/home/gopher/.zshrc", workspace + "/.vscode/my settings.json"} {
		if !slices.Contains(files, want) {
			t.Errorf("%s is missing in %q", want, files)
		}
	}
	if slices.Contains(files, "") || !slices.IsSorted(files) {
		t.Errorf("files %q", files)
	}
}
