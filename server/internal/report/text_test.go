package report

import (
	"regexp"
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/gophantom/gophantom/server/internal/model"
)

// texts is every kind of text output, by name.
func texts(st Style) map[string]string {
	return map[string]string{
		"check":    troubled().Text(st),
		"healthy":  healthy().Text(st),
		"phantoms": Phantoms{Problems: troubled().Problems, Snapshot: troubled().Snapshot}.Text(st),
		"env":      EnvironmentsOf(divided(), judgement()).Text(st, false),
		"env all":  EnvironmentsOf(divided(), nil).Text(st, true),
		"busy":     EnvironmentsOf(busy()).Text(st, false),
		"busy all": EnvironmentsOf(busy()).Text(st, true),
		"change":   change().Text(st, "12:34:56", EnvironmentsOf(busy())),
		"route":    RoutesText(routes(), st),
		"rules":    RulesText(tool.Rules, st),
		"rule":     tool.Rules[0].Text(st),
	}
}

var ansi = regexp.MustCompile(`\x1b\[[0-9]+m`)

func TestColorOnlyWhenAsked(t *testing.T) {
	plain, colored := texts(Style{Width: 200}), texts(Style{Width: 200, Color: true})
	for name := range plain {
		if strings.Contains(plain[name], "\x1b") {
			t.Errorf("%s has escapes without being asked", name)
		}
		if got := ansi.ReplaceAllString(colored[name], ""); got != plain[name] {
			t.Errorf("%s says something else in colour:\n%s\nwithout:\n%s", name, got, plain[name])
		}
	}
	if !ansi.MatchString(colored["check"]) {
		t.Error("no colour where colour was asked for")
	}
}

func TestLinesFitTheWidth(t *testing.T) {
	for _, width := range []int{100, 80, 40} {
		for name, s := range texts(Style{Width: width}) {
			if width < 80 && !narrow[name] {
				continue
			}
			for line := range strings.Lines(s) {
				if w := text.StringWidth(strings.TrimSuffix(line, "\n")); w > width {
					t.Errorf("%s has a line of %d columns, on a page of %d: %s", name, w, width, line)
				}
				if strings.TrimRight(line, " \n")+"\n" != line {
					t.Errorf("%s has blanks at the end of %q", name, line)
				}
			}
		}
	}
}

// narrow are the texts that fit the narrowest pages.
var narrow = map[string]bool{"env": true, "env all": true, "busy": true, "busy all": true, "change": true}

// inOrder fails unless the parts stand in s one after the other.
func inOrder(t *testing.T, s string, parts ...string) {
	t.Helper()
	rest := s
	for _, p := range parts {
		_, after, ok := strings.Cut(rest, p)
		if !ok {
			t.Fatalf("no %q (in its place) in\n%s", p, s)
		}
		rest = after
	}
}

func TestCheckText(t *testing.T) {
	r := troubled()
	bad, drift := r.Findings[0], r.Findings[1]
	r.Problems = nil
	inOrder(t, r.Text(Style{}),
		"✗ fail  "+bad.Message, "where", bad.Origin.File+":3", "go says", bad.Evidence[0], bad.Rule,
		"! warn  "+drift.Message, "where", ".vscode/my settings.json:5", "cure", drift.Fixes[0].Title, "+new",
		"· info  ", "? unknown  ", r.Unknown[0].Why, "1 error, 1 warning, 1 note and 1 undecided", "Next: gophantom explain "+bad.Rule)
	if s := healthy().Text(Style{}); strings.Count(s, "\n") != 1 || !strings.HasPrefix(s, "✓ ok  ") {
		t.Errorf("healthy output is not one line: %s", s)
	}
	only := healthy()
	only.Unknown = r.Unknown
	if s := only.Text(Style{}); strings.Contains(s, "✓") || !strings.Contains(s, "no clean bill of health") {
		t.Errorf("what could not be decided looks healthy: %s", s)
	}
}

func TestPhantomsText(t *testing.T) {
	p := phantom()
	s := Phantoms{Problems: troubled().Problems, Snapshot: troubled().Snapshot}.Text(Style{})
	inOrder(t, s, "Of 2 problems, 1 is a phantom and 1 is real. At fault: GOPROXY.",
		"! phantom  main.go:3:8: "+p.Message, p.Why, "GOPROXY", p.TrueReason, "gopls: red", "shell: green", "✗ real  b.go:1:1")
	if s := (Phantoms{}).Text(Style{}); !strings.HasPrefix(s, "✓ ok") {
		t.Errorf("nothing to judge: %s", s)
	}
}

func TestRoutesText(t *testing.T) {
	s := RoutesText(routes(), Style{})
	inOrder(t, s, "✓ ok  example.com/dep@v1.0.0: go asks https://proxy.example, then https://b.example, then the origin.", "seen from", "shell",
		"○ 1  the origin, as a private module: skipped [GONOPROXY is not set]",
		"● 2  https://proxy.example", "any error: the next one",
		"● 3  https://b.example", "404, 410", "any other error: ✗ go stops",
		"● 4  the origin (direct)", "git from example.com/dep", "checksum", "sum.example",
		"a directory replaces it", "../local",
		"✗ fail  example.com/bad", "module lookup disabled by GOPROXY=off")
}

func TestRulePageKeepsStarsInCode(t *testing.T) {
	s := Rule{ID: "r", Title: "T", Cause: "Use `*.corp.example`, *not* more."}.Text(Style{})
	if !strings.Contains(s, "Use *.corp.example, not more.") {
		t.Errorf("the page is\n%s", s)
	}
}

func TestRender(t *testing.T) {
	args := map[string]model.Value{"url": model.NewValue("https://u:hunter2@proxy.example"), "empty": model.NewValue("")}
	got := stars(Render("<{url}><{empty}><{gone}><{not a name}><{>", args))
	if want := "<https://***@proxy.example><><{gone: missing}><{not a name}><{>"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestFileOf(t *testing.T) {
	for u, want := range map[string]string{
		"file:///home/a%20b/c.go":  "/home/a b/c.go",
		"file:///c%3A/src/main.go": `c:\src\main.go`,
		"untitled:Untitled-1":      "untitled:Untitled-1",
		"":                         "",
	} {
		if got := FileOf(u); got != want {
			t.Errorf("FileOf(%q) = %q, want %q", u, got, want)
		}
	}
	if l := FromLocation(&model.Location{File: "/home/a b/c.go"}); FileOf(l.URI) != "/home/a b/c.go" {
		t.Errorf("the way there and back gives %s", FileOf(l.URI))
	}
	if FromLocation(nil) != nil {
		t.Error("no location became one")
	}
}
