package report

import (
	"encoding/json"
	"encoding/xml"
	"regexp"
	"strings"
	"testing"
)

// command is one workflow command of GitHub Actions, as its runner reads it.
var command = regexp.MustCompile(`^::(error|warning|notice) ([^:]*)::(.*)$`)

func TestGitHub(t *testing.T) {
	r := withAccepted()
	r.Findings[0].Message = "GOPROXY: 100% wrong,\nand more."
	lines := strings.Split(strings.TrimSuffix(GitHub([]Report{r, healthy()}), "\n"), "\n")
	if want := len(r.Findings) + len(r.Accepted) + 1 + len(r.Unknown); len(lines) != want {
		t.Fatalf("%d commands, want %d: one for each finding, the phantom, and what is unknown\n%s", len(lines), want, strings.Join(lines, "\n"))
	}
	levels := map[string]int{}
	for _, line := range lines {
		m := command.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("no command: %q", line)
		}
		levels[m[1]]++
		for _, p := range strings.Split(m[2], ",") {
			if name, _, ok := strings.Cut(p, "="); !ok || name != "file" && name != "line" && name != "title" {
				t.Errorf("no property: %q in %q", p, line)
			}
		}
	}
	if levels["error"] != 1 || levels["notice"] != 2 {
		t.Errorf("levels are %v, want one error, and notices for the note and the accepted one", levels)
	}
	message := strings.NewReplacer("%0A", "\n", "%25", "%").Replace(command.FindStringSubmatch(lines[0])[3])
	if !strings.HasPrefix(message, r.Findings[0].Message) {
		t.Errorf("the message is %q", message)
	}
	if got := GitHub([]Report{healthy()}); got != "" {
		t.Errorf("a healthy report says %q", got)
	}
}

func TestGitLab(t *testing.T) {
	for name, reports := range map[string][]Report{"two workspaces": {withAccepted(), withAccepted()}, "healthy": {healthy()}} {
		data, err := GitLab(reports)
		if err != nil {
			t.Fatal(err)
		}
		var got []struct {
			Description, Fingerprint, Severity string
			CheckName                          string `json:"check_name"`
			Location                           struct {
				Path  string
				Lines struct{ Begin int }
			}
		}
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		want := 0
		if name != "healthy" {
			want = 2 * (len(withAccepted().Findings) + 1)
		}
		if len(got) != want {
			t.Errorf("%s: %d entries, want %d: the accepted one is not among them\n%s", name, len(got), want, data)
		}
		prints := map[string]bool{}
		for _, e := range got {
			if prints[e.Fingerprint] {
				t.Errorf("%s: the fingerprint of %s is there twice, and GitLab would drop one", name, e.CheckName)
			}
			prints[e.Fingerprint] = true
			if e.Description == "" || strings.HasPrefix(e.Location.Path, "/") || e.Location.Lines.Begin < 1 || !strings.Contains("info minor major", e.Severity) {
				t.Errorf("%s: %+v", name, e)
			}
		}
	}
}

func TestJUnit(t *testing.T) {
	r := withAccepted()
	r.Findings[0].Message = "bad \x00 and <&>"
	data, err := JUnit([]Report{r, healthy()})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Suites []struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
			Errors   int `xml:"errors,attr"`
			Skipped  int `xml:"skipped,attr"`
			Cases    []struct {
				Failure *struct{} `xml:"failure"`
				Error   *struct{} `xml:"error"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(data, &got); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	for i, s := range got.Suites {
		failures, errors, skipped := 0, 0, 0
		for _, c := range s.Cases {
			if c.Failure != nil {
				failures++
			}
			if c.Error != nil {
				errors++
			}
			if c.Skipped != nil {
				skipped++
			}
		}
		if s.Tests != len(s.Cases) || s.Failures != failures || s.Errors != errors || s.Skipped != skipped {
			t.Errorf("suite %d counts wrongly: %+v", i, s)
		}
	}
	if s := got.Suites[0]; s.Failures != len(r.Findings)+1 || s.Errors != 1 || s.Skipped != 1 {
		t.Errorf("the suite is %+v", s)
	}
	if s := got.Suites[1]; s.Failures+s.Errors+s.Skipped > 0 || s.Tests != 1 {
		t.Errorf("the healthy suite is %+v", s)
	}
}

func TestBaseline(t *testing.T) {
	before := withAccepted()
	asJSON, err := JSON(before)
	if err != nil {
		t.Fatal(err)
	}
	asSARIF, err := SARIF([]Report{before, healthy()}, tool)
	if err != nil {
		t.Fatal(err)
	}
	both, err := JSON(healthy())
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{"JSON": asJSON, "SARIF": asSARIF, "two reports": append(both, asJSON...)} {
		b, err := ReadBaseline(file)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		same := b.New(before)
		if len(same.Findings) != 0 || same.Known != len(before.Findings)+1 || len(same.Problems) != 1 || same.Problems[0].Verdict != "real" || len(same.Unknown) != 1 {
			t.Errorf("%s: nothing is new in %+v", name, same)
		}
		// The same subject once more, and one on another subject, are new.
		after := before
		after.Findings = append(append([]Finding{}, before.Findings...), before.Findings[0], Finding{Rule: "env-drift", Severity: "warning", Subject: "GOSUMDB"})
		if news := b.New(after); len(news.Findings) != 2 || news.Findings[1].Subject != "GOSUMDB" {
			t.Errorf("%s: new are %+v", name, news.Findings)
		}
		if len(before.Findings) == 0 || len(after.Findings) != len(before.Findings)+2 {
			t.Errorf("%s: the report was changed", name)
		}
		// What was accepted, and is no more, is no news.
		if news := b.New(troubled()); len(news.Findings) != 0 {
			t.Errorf("%s: new are %+v", name, news.Findings)
		}
	}
	for name, file := range map[string]string{
		"empty": "", "text": "hello", "cut": string(asJSON[:len(asJSON)/2]), "cut SARIF": string(asSARIF[:len(asSARIF)/2]), "other JSON": `{"a": 1}`, "a list": `[1]`,
		"SARIF of another": `{"version": "2.1.0", "runs": [{"results": [{"ruleId": "x"}]}]}`, "newer": `{"schema": "gophantom.report/2"}`,
	} {
		if _, err := ReadBaseline([]byte(file)); err == nil {
			t.Errorf("%s is read as a baseline", name)
		}
	}
}
