package l10n

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode"
)

func TestOf(t *testing.T) {
	for locale, want := range map[string]Language{
		"zh": Chinese, "zh-CN": Chinese, "zh-cn": Chinese, "zh_CN": Chinese, "zh_CN.UTF-8": Chinese, "zh_CN.utf8": Chinese,
		"zh-Hans": Chinese, "zh-Hans-CN": Chinese, "zh-Hans-HK": Chinese, "zh-SG": Chinese, "zh_SG.UTF-8@pinyin": Chinese,
		"ZH_cn": Chinese, "zh_CN@cjkwide": Chinese,
		"zh-TW": English, "zh-Hant": English, "zh_HK.UTF-8": English, "zh-Hant-CN": English,
		"zh_CN.GB18030": English, "zh_CN.GBK": English,
		"": English, "C": English, "POSIX": English, "C.UTF-8": English, "en": English, "en_US.UTF-8": English, "de": English,
		"zha": English, "zhCN": English, "xx-zh": English, ".": English, "@": English, "_": English, "-": English, "zh.": Chinese,
		"\x00": English, strings.Repeat("zh-", 1<<16): Chinese, "中文": English, "cn": English,
	} {
		if got := Of(locale); got != want {
			t.Errorf("Of(%.40q) = %q, want %q", locale, got, want)
		}
	}
}

func TestFromEnviron(t *testing.T) {
	for _, tc := range []struct {
		environ []string
		want    Language
	}{
		{nil, English},
		{[]string{"LANG=zh_CN.UTF-8"}, Chinese},
		{[]string{"LANG=de_DE.UTF-8", "LC_MESSAGES=zh_CN.UTF-8"}, Chinese},
		{[]string{"LANG=zh_CN.UTF-8", "LC_MESSAGES=en_US.UTF-8"}, English},
		{[]string{"LC_ALL=C", "LC_MESSAGES=zh_CN.UTF-8", "LANG=zh_CN.UTF-8"}, English},
		{[]string{"LC_ALL=", "LC_MESSAGES=", "LANG=zh_CN.UTF-8"}, Chinese},
		{[]string{"LANG=en", "LANG=zh_CN.UTF-8"}, Chinese}, // of a name given twice the last counts
		{[]string{"LANG", "XLANG=zh_CN", "LC_CTYPE=zh_CN.UTF-8"}, English},
	} {
		if got := FromEnviron(tc.environ); got != tc.want {
			t.Errorf("FromEnviron(%q) = %q, want %q", tc.environ, got, tc.want)
		}
	}
}

const tiny = `> the editor
编辑器

> {where} has {value}
{where}中是 {value}

> {where} has {value}. {why}.
{where}中是 {value}。{why}。

> Other modules are private
私有的模块不同

> It stops with: {gotext}.
报错退出：{gotext}。

> {n} error
{n} 个错误

> {n} warnings
{n} 个警告

> no {V}
未设置 {V}

> field|in
所在

> Run {a}
运行 {a}

## symptom
症状
## cause
原因
## cure
办法
## undo
撤销
`

func TestText(t *testing.T) {
	table := load(fstest.MapFS{"x/rules/some-rule.txt": &fstest.MapFile{Data: []byte(tiny)}}, "x")
	for english, want := range map[string]string{
		"the editor":                 "编辑器",
		"The editor":                 "编辑器",
		"the editor has GOPROXY=off": "编辑器中是 GOPROXY=off",
		"gopls has GOPROXY=off":      "gopls 中是 GOPROXY=off",
		"The editor has no GOPROXY. Other modules are private.": "编辑器中是 未设置 GOPROXY。私有的模块不同。",
		"Other modules are private. The editor has x.":          "私有的模块不同。编辑器中是 x。",
		"\x1b[1mThe editor has x\x1b[0m":                        "\x1b[1m编辑器中是 x\x1b[0m",
		"**The editor**":                                        "**编辑器**",
		"It stops with: the editor has no GOPROXY.":             "报错退出：the editor has no GOPROXY。", // what tools print stays
		"1 error and 2 warnings":                                "1 个错误和 2 个警告",
		"the editor and gopls":                                  "编辑器和 gopls",
		"the editor (gopls)":                                    "编辑器（gopls）",
		"no required module provides package x":                 "no required module provides package x",
		"Nobody knows this sentence.":                           "Nobody knows this sentence.",
		"Run the language server on stdin and stdout":           "Run the language server on stdin and stdout", // rather nothing than a half
		"Nobody knows this one. Other modules are private.":     "Nobody knows this one. 私有的模块不同。",
		"Run x. The editor has y.":                              "运行 x。编辑器中是 y。", // a short entry does not swallow two sentences
		"in":                                                    "in",            // a label is no text
		"":                                                      "",
	} {
		if got, _ := table.text(english, depth); got != want {
			t.Errorf("%q\n got %q\nwant %q", english, got, want)
		}
	}
	if page := table.pages["some-rule"]; page != (Page{"症状", "原因", "办法", "撤销"}) {
		t.Errorf("page %+v", page)
	}
	if got := table.aroundCode("- gopls has `the editor. It stops with: x`"); got != "- gopls 中是 `the editor. It stops with: x`" {
		t.Errorf("code in a line: %q", got)
	}
	if got, _ := table.block(`- gopls\_x has GO\_X`, depth); got != `- gopls\_x 中是 GO\_X` {
		t.Errorf("escapes of Markdown: %q", got)
	}
	if l := English; l.Text("the editor") != "the editor" || l.Label("field", "in") != "in" {
		t.Error("English is not English")
	}
}

// TestHostile: text of others costs no more than its length.
func TestHostile(t *testing.T) {
	for _, s := range []string{
		strings.Repeat("Run x. ", 1<<16), strings.Repeat("a, b and c; ", 1<<14), strings.Repeat("no (", 1<<14), strings.Repeat("the editor.\n", 1<<8),
		"\xff\xfe the editor has \x00. ", strings.Repeat("`", 1<<12), strings.Repeat("**", 1<<11) + "x", "\ue000 `x` \ue001",
	} {
		began := time.Now()
		_, _ = Chinese.Text(s), Chinese.Markdown(s)
		if took := time.Since(began); took > time.Minute {
			t.Errorf("%.20q took %v", s, took)
		}
	}
}

// TestCodeStays: blocks of code in a document are what somebody printed.
func TestCodeStays(t *testing.T) {
	doc := "## What go says\n\n```text\nthe editor\n```\n\n````\n```\nyour shell\n````\n"
	doc += "\n~~~~json\nthe editor\n~~~\nyour shell\n~~~~\n"
	got := Chinese.Markdown(doc)
	if got == doc || !strings.Contains(got, "\nthe editor\n") || strings.Count(got, "\nyour shell\n") != 2 || strings.Count(got, "\nthe editor\n") != 2 {
		t.Errorf("%s", got)
	}
}

// TestTable walks what was translated.
func TestTable(t *testing.T) {
	seen := map[string]string{}
	for _, kind := range []string{"texts", "rules"} {
		names, err := files.ReadDir("zh-cn/" + kind)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			data, err := files.ReadFile("zh-cn/" + kind + "/" + name.Name())
			if err != nil {
				t.Fatal(err)
			}
			pairs, page := parse(string(data))
			if kind == "texts" && page != (Page{}) {
				t.Errorf("%s: sections of a page", name.Name())
			}
			for _, p := range pairs {
				english, translation := p[0], p[1]
				if before, twice := seen[english]; twice && before != translation {
					t.Errorf("%s: %q is translated in two ways: %q and %q", name.Name(), english, before, translation)
				}
				seen[english] = translation
				if a, b := holes(english), holes(translation); a != b {
					t.Errorf("%s: %q has the arguments %s, its translation %s", name.Name(), english, a, b)
				}
				if prose.MatchString(Placeholder.ReplaceAllString(quotes.ReplaceAllString(translation, ""), "")) {
					t.Errorf("%s: English in the translation %q", name.Name(), translation)
				}
				if strings.ContainsFunc(english, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
					t.Errorf("%s: %q is not English: a pair got out of step", name.Name(), english)
				}
				for _, v := range variable.FindAllString(english, -1) {
					if !strings.Contains(translation, v) {
						t.Errorf("%s: %q lost %s: %q", name.Name(), english, v, translation)
					}
				}
			}
		}
	}
	if len(seen) == 0 {
		t.Fatal("there is nothing")
	}
}

func holes(s string) string {
	set := map[string]bool{}
	for _, h := range Placeholder.FindAllString(s, -1) {
		set[h] = true
	}
	var out []string
	for h := range set {
		out = append(out, h)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

var (
	// variable are names that are the same in every language.
	variable = regexp.MustCompile(`\b(GO[A-Z0-9]{2,}|CGO_[A-Z]+|[A-Z]+_PROXY|SSL_CERT_[A-Z]+|gopls|go\.(mod|sum|work)|-mod=[a-z]+)\b`)
	// quotes are words of others, which stay.
	quotes = regexp.MustCompile("“[^”]*”|`[^`]*`|\\([^)]*\\)|（[^）]*）|：[^。；]*$|\"[^\"]*\"")
)

// BenchmarkText is the price of a sentence with arguments, and of one that the
// tables do not have, which is the worst.
func BenchmarkText(b *testing.B) {
	for name, text := range map[string]string{
		"known":   "gopls was started with GOPROXY=off; started now, it would get GOPROXY=https://proxy.example,direct, so it needs a restart.",
		"unknown": "could not import example.com/x/y (no required module provides package \"example.com/x/y\"); see the log, and ask.",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				chinese().text(text, depth)
			}
		})
	}
}
