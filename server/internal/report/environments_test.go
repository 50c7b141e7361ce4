package report

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/l10n"
	"github.com/gophantom/gophantom/server/internal/model"
)

// change is what busy is after gopls came to run with other settings.
func change() Change {
	before, _ := busy()
	before.Envs = before.Envs[:len(before.Envs)-1]
	before.Envs[3].Layers = before.Envs[1].Layers
	before.Gopls[0].PID = 4000
	now, drifts := busy()
	now.Number, now.Reason = 5, "/home/gopher/app/.vscode/settings.json changed"
	return ChangeOf(EnvironmentsOf(before, nil), EnvironmentsOf(now, drifts), nil, troubled().Findings[:1])
}

func TestEnvironments(t *testing.T) {
	e := EnvironmentsOf(divided(), judgement())
	if len(e.Drift) != 2 {
		t.Fatalf("drift is %+v, want GOPROXY and TMPDIR: what agrees and what an incomplete environment says is none", e.Drift)
	}
	if d := e.Drift[0]; d.Variable != "GOPROXY" || !d.Matters || d.Why != judgement()[1].Why || d.Values["gopls"] != "off" {
		t.Errorf("what matters does not come first: %+v", e.Drift)
	}
	if d := e.Drift[1]; d.Variable != "TMPDIR" || d.Matters {
		t.Errorf("what does not matter matters: %+v", d)
	}
	gopls := e.Environments[0].Values["GOPROXY"]
	if gopls.Value != "off" || gopls.Origin.Layer != string(model.LayerProcess) {
		t.Errorf("gopls has %+v", gopls)
	}
	if len(gopls.Shadows) != 1 || gopls.Shadows[0].Origin.Line != 1 || strings.Contains(gopls.Shadows[0].Value, "hunter2") {
		t.Errorf("gopls' value hides %+v", gopls.Shadows)
	}
	s := e.Text(Style{}, false)
	inOrder(t, s, "! warn  GOPROXY differs between gopls and shell", "terminal could not be compared: it did not answer",
		"GOPROXY: "+judgement()[1].Why, "gopls", "off", "overrides https://secret-", "env:1 (GOENV file)", "shell", "https://secret-",
		"TMPDIR does not matter: nothing of Go", "gopls", "/a", "shell", "/b", "1 variable is the same everywhere", "gophantom env --all")
	if strings.Contains(s, "GOSUMDB") {
		t.Error("what agrees is shown without --all")
	}
	inOrder(t, e.Text(Style{}, true), "GOPROXY", "TMPDIR", "The same everywhere", "GOSUMDB")
	if s := (Environments{}).Text(Style{}, false); !strings.HasPrefix(s, "? unknown") {
		t.Errorf("nothing known looks decided: %s", s)
	}
}

// TestWhatMattersForSome is said, but is no reason to worry.
func TestWhatMattersForSome(t *testing.T) {
	s, _ := busy()
	shell, _ := s.Env(model.EnvShell)
	some := model.Drift{Variable: "GIT_ASKPASS", A: model.EnvShell, B: model.EnvTools, InA: shell.Lookup("GIT_ASKPASS"), Matters: true, Latent: true, Some: true, Why: "git asks another program."}
	text := EnvironmentsOf(s, []model.Drift{some}).Text(Style{}, false)
	if !strings.HasPrefix(text, "✓") || !strings.Contains(text, "for some code or some servers") {
		t.Errorf("%s", text)
	}
}

func TestTheWorstPairSpeaksForTheVariable(t *testing.T) {
	e := EnvironmentsOf(busy())
	i := slices.IndexFunc(e.Drift, func(d Drift) bool { return d.Variable == "GOPROXY" })
	d := e.Drift[i]
	if !d.Matters || d.Latent || len(d.Pairs) != 3 || d.Why == d.Pairs[0].Why {
		t.Errorf("a latent difference hides one that breaks now: %+v", d)
	}
	for i := range e.Drift[1:] {
		if e.Drift[i].rank() > e.Drift[i+1].rank() {
			t.Errorf("%s stands before %s", e.Drift[i].Variable, e.Drift[i+1].Variable)
		}
	}
}

func TestWhatAPersonNeedsToKnow(t *testing.T) {
	s := EnvironmentsOf(busy()).Text(Style{}, false)
	for what, want := range map[string]string{
		"the file and line":                  "set by ~/.zshrc:18",
		"the setting that wins":              "set by .vscode/settings.json:12 (go.toolsEnvVars)",
		"what a start-up file had before":    "overrides https://old.corp.example, set by /etc/profile.d/go.sh:2",
		"what is predicted":                  "tools*",
		"what the star means":                "* computed from settings",
		"why an environment is missing":      "mend line 7",
		"a shim":                             "~/.asdf/shims/go, a shim of asdf",
		"the Go that built gopls":            "v0.23.0 built with go1.26.8",
		"which gopls was compared":           "gopls v0.23.0 (process 4711 of Visual Studio Code",
		"whose environments these are":       "those of the container, not the machine that runs it",
		"the view of gopls":                  "GoWork at ~/app",
		"that folders share one environment": "3 folders (~/app, ~/lib, /srv/other) share one gopls",
		"only what is special about a PATH":  "9 directories, not everywhere: /home/gopher/.asdf/shims",
		"what else is wrong":                 "restart it to run the new one",
	} {
		if !strings.Contains(s, want) {
			t.Errorf("it does not say %s (%q):\n%s", what, want, s)
		}
	}
	if strings.Contains(s, "go.env:3") {
		t.Error("that a default is overridden is shown without --all")
	}
}

func TestNothingDiffersIsShortAndCalm(t *testing.T) {
	s := divided()
	s.Envs = s.Envs[1:2]
	s.Envs = append(s.Envs, s.Envs[0])
	s.Envs[1].Name = model.EnvTerminal
	text := EnvironmentsOf(s, nil).Text(Style{}, false)
	if !strings.HasPrefix(text, "✓ ok  Go reads the same in shell and terminal.") || strings.Count(text, "\n") > 4 {
		t.Errorf("it says\n%s", text)
	}
}

func TestChange(t *testing.T) {
	c := change()
	if len(c.Values) != 1 || c.Values[0].Environment != "gopls" || c.Values[0].Variable != "GOPROXY" || c.Values[0].After.Value != "off" {
		t.Errorf("changed values are %+v", c.Values)
	}
	now := EnvironmentsOf(busy())
	now.Snapshot = c.Snapshot
	inOrder(t, c.Text(Style{}, "12:34:56", now), "12:34:56 #5", ".vscode/settings.json changed", "GOPROXY in gopls", "was", "https://stale.example", "is", "off", ".vscode/settings.json:12",
		"GOPROXY: One side downloads nothing", troubled().Findings[0].Message, "is there now", "(process 4000", "ended", "(process 4711", "started")
	same := ChangeOf(now, now, nil, nil)
	inOrder(t, same.Text(Style{}, "12:34:56", now), "#5", "The environments are as before.")
	agreed, _ := busy()
	for i := range agreed.Envs {
		agreed.Envs[i].Layers = agreed.Envs[4].Layers
	}
	all := EnvironmentsOf(agreed, nil)
	gopls := []Finding{{Rule: "r", Environments: []string{"gopls"}, Message: "gopls is odd."}}
	inOrder(t, ChangeOf(now, all, gopls, nil).Text(Style{}, "12:34:56", all), "✓ ok  GOPROXY does not differ any more", "✓ ok  No more: "+gopls[0].Message)
	// Without a gopls there is nothing to compare; that is no good news.
	agreed.Envs = slices.Delete(agreed.Envs, 2, 4)
	without := EnvironmentsOf(agreed, nil)
	if s := ChangeOf(now, without, gopls, nil).Text(Style{}, "12:34:56", without); strings.Contains(s, "GOPROXY does not differ") || strings.Contains(s, "No more") || !strings.Contains(s, gopls[0].Message) {
		t.Errorf("what cannot be seen any more is called mended:\n%s", s)
	}
	line, err := c.JSONLine()
	if err != nil || strings.Count(string(line), "\n") != 1 || !strings.HasSuffix(string(line), "\n") {
		t.Errorf("not one line (%v): %s", err, line)
	}
}

// codeSpan and tableCells read Markdown as GitHub does: a row is cut at bars
// without a backslash first, then backslashes before bars go.
var codeSpan = regexp.MustCompile("^(`+)(.+?)(`+)$")

func tableCells(row string) []string {
	row = strings.ReplaceAll(strings.Trim(row, " "), `\|`, "\x00")
	cells := strings.Split(strings.TrimSuffix(strings.TrimPrefix(row, "|"), "|"), "|")
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(strings.TrimSpace(c), "\x00", "|")
	}
	return cells
}

func TestMarkdownKeepsValuesAsTheyAre(t *testing.T) {
	for _, value := range []string{
		"a|b", "`", "``a`", "a`b``c", "<script>alert(1)</script>", "*x* _y_ [z](u)", "@gopher #1", `C:\go\|x`, "https://proxy.example|off", " a ", "$x$", `\|`, "|", "a\nb\tc",
	} {
		s := divided()
		s.Envs[0].Layers[0].Vars["GOPROXY"] = model.Assignment{Value: model.NewValue(value)}
		text := EnvironmentsOf(s, judgement()).Markdown(true)
		want := inLine(value)
		found := false
		columns := 0
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "|") {
				columns = 0
				continue
			}
			cells := tableCells(strings.TrimSuffix(line, "\n"))
			if columns == 0 {
				columns = len(cells)
			}
			if len(cells) != columns {
				t.Errorf("%q: a row of %d cells in a table of %d: %s", value, len(cells), columns, line)
			}
			for _, c := range cells {
				m := codeSpan.FindStringSubmatch(c)
				if m == nil || m[1] != m[3] {
					continue
				}
				inner := m[2]
				if len(inner) > 2 && inner[0] == ' ' && inner[len(inner)-1] == ' ' {
					inner = inner[1 : len(inner)-1]
				}
				found = found || inner == want && !slices.Contains(backticks.FindAllString(inner, -1), m[1])
			}
		}
		if !found {
			t.Errorf("no cell shows %q:\n%s", want, text)
		}
	}
}

func TestMarkdownTextIsNoMarkup(t *testing.T) {
	for in, want := range map[string]string{
		"*a* _b_ [c](d) `e`": "\\*a\\* \\_b\\_ \\[c\\](d) \\`e\\`",
		"<b>|#1":             `\<b>\|\#1`,
		"mail @gopher":       "mail `@`gopher",
		"see https://x.y":    "see `https:`//x.y",
		"www.example.com":    "`www.`example.com",
	} {
		if got := markdownText(in); got != want {
			t.Errorf("markdownText(%q) = %q, want %q", in, got, want)
		}
	}
}

// part is the text between two marks in a page.
func part(t *testing.T, page, before, after string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, before)
	inner, _, ok2 := strings.Cut(rest, after)
	if !ok || !ok2 {
		t.Fatalf("no %s…%s in the page", before, after)
	}
	return inner
}

func TestHTMLReachesNothing(t *testing.T) {
	whole, err := huge().HTML(l10n.English)
	if err != nil {
		t.Fatal(err)
	}
	environments, err := EnvironmentsOf(busy()).HTML(l10n.English)
	if err != nil {
		t.Fatal(err)
	}
	for name, page := range map[string]string{"environments": environments, "report": whole} {
		t.Run(name, func(t *testing.T) { reachesNothing(t, page) })
	}
}

func reachesNothing(t *testing.T, page string) {
	policy := html.UnescapeString(part(t, page, `Content-Security-Policy" content="`, `"`))
	for _, want := range []string{"default-src 'none'", "base-uri 'none'", "form-action 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy lacks %s: %s", want, policy)
		}
	}
	for directive, tag := range map[string]string{"script-src": "script", "style-src": "style"} {
		sum := sha256.Sum256([]byte(part(t, page, "<"+tag+">", "</"+tag+">")))
		if want := directive + " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(policy, want) {
			t.Errorf("the policy does not allow the page's own %s: %s", tag, policy)
		}
	}
	for tag, want := range map[string]int{"<script": 2, "</script": 2, "<style": 1, "<!--": 0} { // a script, and its data
		if n := strings.Count(page, tag); n != want {
			t.Errorf("%s is there %d times, want %d", tag, n, want)
		}
	}
	markup := strings.Replace(page, part(t, page, "<script>", "</script>"), "", 1)
	for _, m := range regexp.MustCompile(`(?i)\s(?:src|href|action|style|on\w+)="?([^" >]*)`).FindAllStringSubmatch(markup, -1) {
		if !strings.HasPrefix(m[1], "#variable-") {
			t.Errorf("the page refers to something: %s", m[0])
		}
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(`\sid="([^"]*)"`).FindAllStringSubmatch(markup, -1) {
		if ids[m[1]] {
			t.Errorf("the id %s is there twice", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`(?:href="#|aria-labelledby="|aria-describedby="|for=")([^"]*)"`).FindAllStringSubmatch(markup, -1) {
		if !ids[m[1]] {
			t.Errorf("nothing has the id %s", m[1])
		}
	}
	for _, bad := range []string{"<script>alert", "\x1b", "\u202e", "hunter2", "<b>"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q in it", bad)
		}
	}
	if !strings.Contains(html.UnescapeString(page), `<script>alert(1)</script>\u202e\x1b[31m`) {
		t.Error("the value is not shown as it is")
	}
}

// TestHTMLInABrowser lets a real browser judge the policy: the script, which
// shows the filter, must run, and nothing of a value may.
func TestHTMLInABrowser(t *testing.T) {
	browser := browserPath(t)
	for name, html := range map[string]func(l10n.Language) (string, error){"environments": EnvironmentsOf(busy()).HTML, "report": grown(100, 60, 1).HTML} {
		t.Run(name, func(t *testing.T) {
			page, err := html(l10n.English)
			if err != nil {
				t.Fatal(err)
			}
			dom := inBrowser(t, browser, page)
			label := regexp.MustCompile(`<label for="filter"[^>]*>`).FindString(dom)
			if label == "" || strings.Contains(label, "hidden") {
				t.Errorf("the script did not run: the filter is %s", label)
			}
			if before := regexp.MustCompile(`<label for="filter"[^>]*>`).FindString(page); !strings.Contains(before, "hidden") {
				t.Errorf("without the script the filter is shown, and does nothing: %s", before)
			}
			if name != "report" {
				return
			}
			// 106 findings and 63 modules, in pages of 50.
			if n := strings.Count(dom, `role="option"`); n != 100 {
				t.Errorf("%d entries are drawn", n)
			}
			for _, want := range []string{"caused by: variable <strong>GOPROXY</strong>", "in gopls: value <strong>off</strong>", "1 of 3", "1 of 2", `<svg role="img"`} {
				if !strings.Contains(dom, want) {
					t.Errorf("the page does not show %s", want)
				}
			}
		})
	}
}

// browserPath is a browser that is installed.
func browserPath(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const missing = "this test needs Chromium: install the package chromium, or put google-chrome on PATH"
	if os.Getenv("CI") != "" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

// inBrowser is what a browser makes of a page.
func inBrowser(t *testing.T, browser, page string) string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "page.html")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--user-data-dir="+filepath.Join(dir, "profile"), "--dump-dom", "file://"+file)
	cmd.WaitDelay = 5 * time.Second
	dom, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", browser, err)
	}
	return string(dom)
}

// FuzzEnvironmentsLeakNothing puts a secret into a value and demands that
// neither Markdown nor HTML shows it.
func FuzzEnvironmentsLeakNothing(f *testing.F) {
	for place := range secretPlaces {
		for _, s := range []string{"hunter2", "p/w", "p@w", "a,b|c", "<b>", "`x`", "|x|", "*x*", "%41%40", "&amp", "=a=b", "a:b:c", "gít"} {
			f.Add(place, s)
		}
	}
	show := func(value string) (markdown, page string) {
		s := divided()
		s.Envs[0].Layers[0].Vars["GOPROXY"] = model.Assignment{Value: model.NewValue(value), Earlier: []model.Shadow{{Value: model.NewValue(value)}}}
		e := EnvironmentsOf(s, judgement())
		page, err := e.HTML(l10n.English)
		if err != nil {
			f.Fatal(err)
		}
		return stars(e.Markdown(true)), stars(html.UnescapeString(page))
	}
	f.Fuzz(func(t *testing.T, place int, secret string) {
		if place < 0 || place >= len(secretPlaces) || !isSecret(secret) {
			return
		}
		put := secretPlaces[place]
		markdown, page := show(put(secret))
		wantMarkdown, wantPage := show(put("hunter2"))
		if markdown != wantMarkdown && containsPart(markdown, wantMarkdown, secret) {
			t.Errorf("%q\nshows %s", put(secret), markdown)
		}
		if page != wantPage && containsPart(page, wantPage, secret) {
			t.Errorf("%q\nshows %s", put(secret), page)
		}
	})
}

func TestManyVariables(t *testing.T) {
	const n = 30_000 // quadratic work would take minutes
	s := divided()
	for i := range n {
		s.Envs[0].Layers[0].Vars[fmt.Sprintf("GO%d", i)] = model.Assignment{Value: model.NewValue("x")}
	}
	e := EnvironmentsOf(s, nil)
	if got := strings.Count(e.Text(Style{Width: 80}, true), "\n"); got < n {
		t.Errorf("%d lines for %d variables", got, n)
	}
	change := ChangeOf(EnvironmentsOf(divided(), nil), e, nil, nil)
	if len(change.Values) != n {
		t.Errorf("%d of %d variables changed", len(change.Values), n)
	}
}

func TestAHugeValueStaysSmall(t *testing.T) {
	s := divided()
	s.Envs[0].Layers[0].Vars["GOPROXY"] = model.Assignment{Value: model.NewValue(strings.Repeat("x|`<", 1<<18))}
	e := EnvironmentsOf(s, judgement())
	page, err := e.HTML(l10n.English)
	if err != nil {
		t.Fatal(err)
	}
	for name, out := range map[string]string{"text": e.Text(Style{Width: 80}, true), "markdown": e.Markdown(true), "html": strings.Replace(page, pageScript, "", 1)} {
		if len(out) > 20*shownLimit {
			t.Errorf("%s has %d bytes", name, len(out))
		}
		if !strings.Contains(html.UnescapeString(out), "characters in all") {
			t.Errorf("%s does not say that the value was cut", name)
		}
	}
}
