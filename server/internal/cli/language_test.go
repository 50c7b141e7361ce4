package cli

import (
	"strings"
	"testing"
	"unicode"

	"github.com/gophantom/gophantom/server/internal/l10n"
	"github.com/gophantom/gophantom/server/internal/report"
)

// TestLanguage: text for people is in the language of the terminal, whatever
// machines read is the same in all.
func TestLanguage(t *testing.T) {
	r := report.Report{
		Findings: []report.Finding{{
			Rule: "goproxy-no-entries", Severity: "error", Subject: "GOPROXY", Environments: []string{"gopls"},
			Message:  `GOPROXY is “,”, which names no proxy; every download stops with: the editor.`,
			Evidence: []string{"the editor"},
		}},
	}
	out := map[string]map[l10n.Language]string{}
	for _, args := range [][]string{
		{"check"},
		{"check", "--format", "json"},
		{"check", "--format", "sarif"},
		{"rules"},
		{"rules", "--format", "json"},
		{"explain", "goproxy-no-entries"},
		{"explain", "goproxy-no-entries", "--format", "json"},
		{"explain", "phantom"},
		{"explain", "phantom", "--format", "json"},
		{"check", "--help"},
		{"report"},
		{"report", "--format", "json"},
		{"env", "--format", "html"},
	} {
		name := strings.Join(args, " ")
		out[name] = map[l10n.Language]string{}
		for _, l := range []l10n.Language{l10n.English, l10n.Chinese} {
			a, stdout, _ := fake(r)
			a.language = l
			run(t.Context(), a, args)
			out[name][l] = stdout.String()
		}
		english, chinese := out[name][l10n.English], out[name][l10n.Chinese]
		if strings.ContainsFunc(english, han) || english == "" {
			t.Errorf("%s in English:\n%s", name, english)
		}
		if machine := strings.Contains(name, "json") || strings.Contains(name, "sarif"); machine != (english == chinese) || !machine && !strings.ContainsFunc(chinese, han) {
			t.Errorf("%s in Chinese:\n%s", name, chinese)
		}
	}
	for _, verbatim := range []string{"GOPROXY", "gopls", "goproxy-no-entries", "：the editor。", "  the editor\n"} {
		if text := out["check"][l10n.Chinese]; !strings.Contains(text, verbatim) {
			t.Errorf("%q is not in\n%s", verbatim, text)
		}
	}
}

// TestErrorsAreTranslated: so is what goes to stderr.
func TestErrorsAreTranslated(t *testing.T) {
	a, _, stderr := fake(report.Report{})
	a.language = l10n.Chinese
	if got := run(t.Context(), a, []string{"explain", "no-such-rule-at-all"}); got != exitUsage || !strings.ContainsFunc(stderr.String(), han) || !strings.Contains(stderr.String(), `"no-such-rule-at-all"`) {
		t.Errorf("exit %d, stderr %s", got, stderr)
	}
}

func han(r rune) bool { return unicode.Is(unicode.Han, r) }
