package report

import (
	"encoding/json"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/gophantom/gophantom/server/internal/l10n"
	"github.com/gophantom/gophantom/server/internal/model"
)

// pageSources are the template, and the script as it was written.
func pageSources(t *testing.T) (template string, scripts map[string]string) {
	t.Helper()
	names, err := filepath.Glob("../../../extension/src/report/*.ts")
	if err != nil || len(names) == 0 {
		t.Fatalf("no sources of the script: %v", err)
	}
	scripts = map[string]string{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		scripts[filepath.Base(name)] = regexp.MustCompile(`(?s)/\*.*?\*/|(?m:^|\s)//.*?\n`).ReplaceAllString(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
	}
	return pageText, scripts
}

var (
	templateWord = regexp.MustCompile(`\{\{t ("(?:[^"\\]|\\.)*")`)
	scriptWord   = regexp.MustCompile(`\bt\(\s*("(?:[^"\\]|\\.)*")`)
	hole         = regexp.MustCompile(`\$\{[^}]*\}`)
	scriptCall   = regexp.MustCompile(`\bt\(\s*(\S)`)
	scriptText   = regexp.MustCompile("\"(?:[^\"\\\\\n]|\\\\.)*\"|`[^`]*`")
)

// TestPageWords: every text of the page goes through t, and the table has all of
// them and no other.
func TestPageWords(t *testing.T) {
	template, scripts := pageSources(t)
	used := map[string]bool{"Go environments": true, "Environment report": true, "not set": true, "empty": true, "running": true, "view": true, "folders": true, "editor": true}
	for _, m := range []mark{markMatters, markLater, markSome, markIdle} {
		used[block{mark: m}.matters()] = true
	}
	word := func(quoted string) {
		var text string
		if err := json.Unmarshal([]byte(quoted), &text); err != nil {
			t.Fatalf("%s: %v", quoted, err)
		}
		used[text] = true
	}
	for _, m := range templateWord.FindAllStringSubmatch(template, -1) {
		word(m[1])
	}
	for name, source := range scripts {
		for _, m := range scriptWord.FindAllStringSubmatch(source, -1) {
			word(m[1])
		}
		if name == "words.ts" {
			continue
		}
		for _, m := range scriptCall.FindAllStringSubmatch(source, -1) {
			if m[1] != `"` {
				t.Errorf("%s: %s…: write the text itself, so that it can be found and translated", name, m[0])
			}
		}
		for _, text := range scriptText.FindAllString(scriptWord.ReplaceAllString(source, "t("), -1) {
			if strings.Contains(text, "http://") || slices.Contains(unspoken, hole.ReplaceAllString(strings.Trim(text, "\"`"), "")) {
				continue
			}
			if text := hole.ReplaceAllString(text, ""); regexp.MustCompile(`[a-z]{2,} [a-z]{2,}|^.[A-Z][a-z]+`).MatchString(text) {
				t.Errorf("%s: %s is not translated: give it to t", name, text)
			}
		}
	}
	left := regexp.MustCompile(`(?s)\{\{.*?\}\}|<[^>]*>`).ReplaceAllString(templateWord.ReplaceAllString(template, "{{"), "\n")
	for line := range strings.Lines(left) {
		if regexp.MustCompile(`[A-Za-z]{2,}`).MatchString(line) {
			t.Errorf("the template has %q, which is not translated: give it to t", line)
		}
	}
	for _, l := range l10n.Languages {
		table := l.Words("page")
		for text := range used {
			if table[text] == "" {
				t.Errorf("%s has no translation of %q: add “> page|…” to texts/page.txt", l, text)
			}
		}
		for text := range table {
			if !used[text] {
				t.Errorf("%s translates %q, which the page does not say", l, text)
			}
		}
	}
}

// unspoken are texts of the script that nobody reads: keys of keyboards, names of
// styles and the like.
var unspoken = []string{"ArrowDown", "ArrowUp", "Home", "End", "picture scroll", "checksum database", "the page has no #"}

// TestPageInChinese: what the server writes into the page, and what a document
// says, is in the language of the page; values, names and what tools print are
// not.
func TestPageInChinese(t *testing.T) {
	r := whole()
	pages := map[string]func(l10n.Language) (string, error){"environments": EnvironmentsOf(busy()).HTML, "report": r.HTML}
	for name, write := range pages {
		english, err := write(l10n.English)
		if err != nil {
			t.Fatal(err)
		}
		page, err := write(l10n.Chinese)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(english, "<!doctype html>\n<html lang=\"en\" ") || !strings.HasPrefix(page, "<!doctype html>\n<html lang=\"zh-CN\" ") {
			t.Errorf("%s: the language is not said: %.60q, %.60q", name, english, page)
		}
		if strings.ContainsFunc(strings.Replace(english, pageScript, "", 1), func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			t.Errorf("%s: the English page speaks Chinese", name)
		}
		for _, left := range inEnglish(t, r, page) {
			t.Errorf("%s: the Chinese page says %q", name, left)
		}
		if inEnglish(t, r, english) == nil {
			t.Errorf("%s: this test does not see English", name)
		}
		for _, want := range []string{"https://proxy.example,direct", "GOPROXY", ".zshrc:18"} {
			if !strings.Contains(html.UnescapeString(page), want) {
				t.Errorf("%s: %s was lost", name, want)
			}
		}
	}
}

// TestChinesePageInABrowser has the script draw everything in Chinese.
func TestChinesePageInABrowser(t *testing.T) {
	browser := browserPath(t)
	r := whole()
	events := []model.Event{viewed()}
	for _, kind := range []model.EventKind{
		model.EventChanged, model.EventFound, model.EventGone, model.EventVerdict, model.EventCured, model.EventFailed, model.EventUndone,
		model.EventLoad, model.EventStart, model.EventEnd, model.EventHang, model.EventWait, model.EventError, model.EventError, model.EventWarning,
	} {
		e := viewed()
		e.Kind, e.View, e.Text, e.Took = kind, nil, model.NewText("exit status 1"), 3*time.Second
		events = append(events, e)
	}
	r.Timeline = Timeline(events, 100)
	draw := func(l l10n.Language) string {
		page, err := r.HTML(l)
		if err != nil {
			t.Fatal(err)
		}
		return inBrowser(t, browser, page)
	}
	dom := draw(l10n.Chinese)
	for _, left := range inEnglish(t, r, dom) {
		t.Errorf("the Chinese page says %q", left)
	}
	for _, want := range []string{"起因： 变量 <strong>GOPROXY</strong>", "无法判断", "时间线", "撤销", "2 次", "gopls 说它有", "没有响应"} {
		if !strings.Contains(dom, want) {
			t.Errorf("the page does not show %s", want)
		}
	}
	if english := draw(l10n.English); inEnglish(t, r, english) == nil || strings.Contains(english, "起因") {
		t.Error("this test does not see English")
	}
}

// inEnglish are the English phrases of a page, as the server wrote it or a
// browser drew it, beside its pictures, that are not in the document itself: what is left of its
// texts, and of what screen readers say.
func inEnglish(t *testing.T, r EnvironmentReport, page string) (out []string) {
	t.Helper()
	data, err := JSON(r.In(l10n.Chinese))
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := json.Unmarshal(data, &document); err != nil {
		t.Fatal(err)
	}
	own := map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			for line := range strings.Lines(v) {
				if line = strings.TrimSpace(line); strings.Contains(line, " ") {
					for _, shown := range []string{line, lowerFirst(strings.TrimSuffix(line, ".")), upperFirst(line), strings.TrimPrefix(line, workspace+"/")} {
						own[shown] = true
					}
				}
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(document)
	var longest []string
	for text := range own {
		longest = append(longest, text)
	}
	slices.SortFunc(longest, func(a, b string) int { return len(b) - len(a) })
	page = regexp.MustCompile(`(?s)<(script|style|svg)\b.*?</(script|style|svg)>`).ReplaceAllString(page, "")
	for _, m := range regexp.MustCompile(`(?s)>([^<>]+)<|aria-label="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		text := html.UnescapeString(m[1] + m[2])
		if regexp.MustCompile(`^[“（]?gophantom `).MatchString(text) {
			continue
		}
		for _, known := range longest {
			text = strings.ReplaceAll(text, known, "…")
		}
		text = regexp.MustCompile(`“[^”]*”`).ReplaceAllString(text, "") // commands
		if regexp.MustCompile(`[a-z’]{2,} [a-z]{2,}`).MatchString(text) {
			out = append(out, strings.TrimSpace(text))
		}
	}
	return out
}
