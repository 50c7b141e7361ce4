package report

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// GitHub encodes reports as workflow commands, which GitHub Actions shows at the
// lines of a change.
func GitHub(reports []Report) string {
	var b strings.Builder
	for _, r := range reports {
		for _, i := range issuesOf(r) {
			level := map[string]string{"error": "error", "warning": "warning"}[i.severity]
			if level == "" || i.accepted != nil {
				level = "notice"
			}
			message := i.message
			if i.accepted != nil {
				message += "\n" + i.accepted.words()
			}
			file, line := i.where(r.Snapshot.Dir)
			fmt.Fprintf(&b, "::%s file=%s,line=%d,title=%s::%s\n", level, property.Replace(file), line, property.Replace("Go Phantom: "+i.title), data.Replace(message))
		}
		for _, u := range r.Unknown {
			fmt.Fprintf(&b, "::warning title=%s::%s\n", property.Replace("Go Phantom: undecided"), data.Replace(u.Rule+": "+u.Why))
		}
	}
	return b.String()
}

// What the runner of GitHub Actions unescapes in a message and in a property.
var (
	data     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// GitLab encodes reports as one report of GitLab Code Quality. Accepted findings
// have no place in that format and are left out.
func GitLab(reports []Report) ([]byte, error) {
	type begin struct {
		Begin int `json:"begin"`
	}
	type location struct {
		Path  string `json:"path"`
		Lines begin  `json:"lines"`
	}
	type entry struct {
		Description string   `json:"description"`
		CheckName   string   `json:"check_name"`
		Fingerprint string   `json:"fingerprint"`
		Severity    string   `json:"severity"`
		Location    location `json:"location"`
	}
	out := []entry{}
	seen := map[string]int{}
	for _, r := range reports {
		for _, i := range issuesOf(r) {
			if i.accepted != nil {
				continue
			}
			severity := map[string]string{"error": "major", "warning": "minor"}[i.severity]
			if severity == "" {
				severity = "info"
			}
			print := i.fingerprint
			if seen[print]++; seen[print] > 1 { // the same in two workspaces; GitLab drops what has a fingerprint twice
				print = fingerprint(print, fmt.Sprint(seen[print]))
			}
			file, line := i.where(r.Snapshot.Dir)
			out = append(out, entry{i.message, i.rule, print, severity, location{file, begin{line}}})
		}
	}
	return JSON(out)
}

// JUnit encodes reports as JUnit XML with a test suite per report: a test per
// issue, which fails, and one that passes where nothing is wrong. What could not
// be decided is an error, what is accepted is skipped.
func JUnit(reports []Report) ([]byte, error) {
	type problem struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
	type test struct {
		Class   string   `xml:"classname,attr"`
		Name    string   `xml:"name,attr"`
		File    string   `xml:"file,attr,omitempty"`
		Line    int      `xml:"line,attr,omitempty"`
		Failure *problem `xml:"failure"`
		Error   *problem `xml:"error"`
		Skipped *problem `xml:"skipped"`
	}
	type suite struct {
		Name     string `xml:"name,attr"`
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Errors   int    `xml:"errors,attr"`
		Skipped  int    `xml:"skipped,attr"`
		Time     string `xml:"timestamp,attr,omitempty"`
		Cases    []test `xml:"testcase"`
	}
	all := struct {
		XMLName xml.Name `xml:"testsuites"`
		Name    string   `xml:"name,attr"`
		Suites  []suite  `xml:"testsuite"`
	}{Name: "Go Phantom"}
	for _, r := range reports {
		s := suite{Name: r.Snapshot.Dir, Time: strings.TrimSuffix(r.Snapshot.Taken, "Z")}
		for _, i := range issuesOf(r) {
			file, line := i.where(r.Snapshot.Dir)
			c := test{Class: "gophantom", Name: i.title, File: file, Line: line}
			first, _, _ := strings.Cut(i.message, "\n")
			switch {
			case i.accepted != nil:
				s.Skipped++
				c.Skipped = &problem{Message: i.accepted.words(), Text: i.message}
			default:
				s.Failures++
				c.Failure = &problem{Message: first, Type: i.severity, Text: fmt.Sprintf("%s:%d: %s", file, line, i.message)}
			}
			s.Cases = append(s.Cases, c)
		}
		for _, u := range r.Unknown {
			s.Errors++
			s.Cases = append(s.Cases, test{Class: "gophantom", Name: u.Rule, Error: &problem{Message: u.Why, Type: "undecided"}})
		}
		if len(s.Cases) == 0 {
			s.Cases = []test{{Class: "gophantom", Name: "environment"}}
		}
		s.Tests = len(s.Cases)
		all.Suites = append(all.Suites, s)
	}
	out, err := xml.MarshalIndent(all, "", "  ")
	return append([]byte(xml.Header), append(out, '\n')...), err
}
