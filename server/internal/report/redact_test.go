package report

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/gophantom/gophantom/server/internal/model"
)

var anyPseudonym = regexp.MustCompile(`secret-[0-9a-f]{4}`)

// stars is shown text with every pseudonym replaced by ***.
func stars(s string) string { return anyPseudonym.ReplaceAllString(s, "***") }

func TestShow(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		// Nothing to hide.
		{"", ""},
		{"off", "off"},
		{"https://proxy.example,direct", "https://proxy.example,direct"},
		{"https://proxy.example:8080/go|https://b.example,direct", "https://proxy.example:8080/go|https://b.example,direct"},
		{"ssh://git@git.corp.example/team/lib", "ssh://git@git.corp.example/team/lib"},
		{"git@git.corp.example:team/lib.git", "git@git.corp.example:team/lib.git"},
		{"sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAd8OuAn8", "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAd8OuAn8"},
		{"/opt/homebrew/opt/node@20/bin:/usr/local/opt/openssl@3/bin:/bin", "/opt/homebrew/opt/node@20/bin:/usr/local/opt/openssl@3/bin:/bin"},
		{`C:\Users\me@corp\go`, `C:\Users\me@corp\go`},
		{"reading https://proxy.example/x/@v/v1.0.0.zip: 404 Not Found", "reading https://proxy.example/x/@v/v1.0.0.zip: 404 Not Found"},
		{"reading https://proxy.example:8080/x/@latest: 404", "reading https://proxy.example:8080/x/@latest: 404"},
		{`Get "https://git.example/x?go-get=1": EOF`, `Get "https://git.example/x?go-get=1": EOF`},
		{"example.com/x@v1.0.0: missing go.sum entry", "example.com/x@v1.0.0: missing go.sum entry"},
		{"localhost:8080/x@v1.2.3", "localhost:8080/x@v1.2.3"},
		{"line one\n\tline two", "line one\n\tline two"},

		// URLs.
		{"https://user:hunter2@proxy.example/go,direct", "https://***@proxy.example/go,direct"},
		{"https://hunter2@proxy.example", "https://***@proxy.example"},
		{"https://user:p@ss@proxy.example", "https://***@proxy.example"},
		{"https://user:pa/ss@proxy.example/go", "https://***@proxy.example/go"},
		{"https://user:12/ab@proxy.example/go", "https://***@proxy.example/go"},
		{"https://user:pa/@proxy.example/go", "https://***@proxy.example/go"},
		{"https://user:p,ss|w@proxy.example,direct", "https://***@proxy.example,direct"},
		{"https://user:p'ss@proxy.example,direct", "https://***@proxy.example,direct"},
		{"https://a.example,https://u:p@b.example|direct", "https://a.example,https://***@b.example|direct"},
		{"reading https://u:p@a.example/x/@v/v1.0.0.mod: 403", "reading https://***@a.example/x/@v/v1.0.0.mod: 403"},
		{"https://a.example/x?token=abc&sig=def", "https://a.example/x?token=***&sig=***"},
		{"https://a.example/x?abcdef", "https://a.example/x?***"},

		// Without a scheme.
		{"user:hunter2@proxy.example:3128", "***@proxy.example:3128"},
		{"HTTPS_PROXY=user:hunter2@proxy.example:3128", "HTTPS_PROXY=***@proxy.example:3128"},
		{"user:/hunter2@proxy.example", "***@proxy.example"},

		// Headers, flags, assignments, netrc.
		{"Authorization: Basic dXNlcjpwYXNz", "Authorization: ***"},
		{"'http.extraHeader=Authorization: Bearer abc def'", "'http.extraHeader=***'"},
		{"'http.https://git.example/.extraheader'='X-Key: abc'", "'http.https://git.example/.extraheader'='***'"},
		{"PRIVATE-TOKEN: abc", "PRIVATE-TOKEN: ***"},
		{"helper --token abc --user me", "helper --token *** --user me"},
		{"helper --token=abc --user me", "helper --token=*** --user me"},
		{`{"password": "a b", "user": "me"}`, `{"password": "***", "user": "me"}`},
		{"-ldflags=-X main.apiKey=abc -s", "-ldflags=-X main.apiKey=*** -s"},
		{"machine git.example login me password hunter2", "machine git.example login *** password ***"},
		{"machine git.example\n\tlogin me\n\tpassword hunter2\n", "machine git.example\n\tlogin ***\n\tpassword ***\n"},
		{"ghp_abcdefghijklmnopqrstuvwxyz0123456789", "***"},
		{"a\n-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nb", "a\n***\nb"},

		// GOAUTH as go quotes it.
		{"GOAUTH=off cannot be combined with other authentication commands (GOAUTH=helper hunter2; off)", "GOAUTH=off cannot be combined with other authentication commands (GOAUTH=helper ***; off)"},
		{"GOAUTH encountered an empty command (GOAUTH=/bin/helper -p hunt)er2;)", "GOAUTH encountered an empty command (GOAUTH=/bin/helper ***;)"},
		{"GOAUTH encountered an empty command (GOAUTH=netrc;)", "GOAUTH encountered an empty command (GOAUTH=netrc;)"},
		{"GOAUTH=git dir method requires an absolute path to the git working directory", "GOAUTH=git dir method requires an absolute path to the git working directory"},
		{"GOAUTH encountered errors for https://a.example:\n  GOAUTH=helper: could not run command helper: exec: no", "GOAUTH encountered errors for https://a.example:\n  GOAUTH=helper: could not run command helper: exec: no"},
		{"+GOAUTH=helper hunter2\n GOPROXY=off", "+GOAUTH=helper ***\n GOPROXY=off"},
		{"sshpass -p hunter2 ssh", "sshpass -p *** ssh"},

		// What cannot be seen.
		{"a\x1b[31mb\rc\x00", `a\x1b[31mb\rc\x00`},
		{"abc\u202ecba\u200b", `abc\u202ecba\u200b`},
		{"bad \xff byte, good \uFFFD", `bad \xff byte, good ` + "\uFFFD"},
	} {
		if got := stars(Show(model.NewValue(c.in))); got != c.want {
			t.Errorf("Show(%q)\n got %q\nwant %q", c.in, got, c.want)
		}
	}
}

func TestShowVariable(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"GOPROXY", "https://u:p@proxy.example", "https://***@proxy.example"},
		{"GOPROXY", "off", "off"},
		{"GO_REGISTRY_TOKEN", "hunter2", "***"},
		{"GIT_PASSWORD", "hunter2", "***"},
		{"GIT_ASKPASS", "/usr/bin/askpass", "/usr/bin/askpass"},
		{"GOAUTH", "netrc", "netrc"},
		{"GOAUTH", "git /home/me/src; netrc", "git /home/me/src; netrc"},
		{"GOAUTH", "helper hunter2; off", "helper ***; off"},
		{"GIT_CONFIG_VALUE_0", "X-Corp: hunter2", "X-Corp: ***"},
		{"GIT_CONFIG_VALUE_1", "https://git.example/", "https://git.example/"},
	} {
		got := ShowVariable(c.name, model.NewValue(c.in))
		if stars(got) != c.want {
			t.Errorf("ShowVariable(%s, %q) = %q, want %q", c.name, c.in, got, c.want)
		}
		if again := ShowVariable(c.name, model.NewValue(got)); again != got {
			t.Errorf("ShowVariable(%s) is not idempotent: %q, then %q", c.name, got, again)
		}
	}
}

func TestPseudonymIsStable(t *testing.T) {
	a, b := model.NewValue("https://u:one@proxy.example"), model.NewValue("https://u:two@proxy.example")
	if again := Show(model.NewValue("https://u:one@proxy.example")); Show(a) != again {
		t.Error("the same secret has two pseudonyms")
	}
	if Show(a) == Show(b) {
		t.Error("different secrets cannot be told apart")
	}
}

func TestShowCutsLongValues(t *testing.T) {
	got := Show(model.NewValue(strings.Repeat("é", 3*shownLimit)))
	if n := len([]rune(got)); n != shownLimit {
		t.Errorf("%d runes are shown, want %d", n, shownLimit)
	}
	if !strings.Contains(got, "12288 characters in all") {
		t.Errorf("no note of the cut: …%s", got[len(got)-60:])
	}
	if again := Show(model.NewValue(got)); again != got {
		t.Error("cutting is not idempotent")
	}
	if got := Show(model.NewValue(strings.Repeat("token=a ", shownLimit))); !strings.HasPrefix(stars(got), "token=*** token=*** ") {
		t.Errorf("cutting a list of secrets gives %.80s…", got)
	}
}

// FuzzShow looks for text that changes when it is shown again, or that still
// holds a character which cannot be seen.
func FuzzShow(f *testing.F) {
	for _, s := range []string{
		"https://u:p@h/x?a=b&c,direct", "token=a: b", "secret-12ab: token=x", "Authorization: Basic abc", "machine a login b password c",
		"\xff\u202e\x00", "password:\npassword: x", "a:b@c:d@e", "https://https://a@b", "extraheader extraheader=x", "://@?@=&",
		strings.Repeat("https://u:p@h,", 400),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Show(model.NewValue(s))
		if twice := Show(model.NewValue(once)); twice != once {
			t.Errorf("Show(%q)\n once %q\ntwice %q", s, once, twice)
		}
		for _, r := range once {
			if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
				t.Errorf("Show(%q) shows %q", s, r)
			}
		}
	})
}

// secretPlaces are the places a credential stands in; the fuzz test puts two
// different ones there and demands the same output.
var secretPlaces = []func(secret string) string{
	func(s string) string { return "https://user:" + s + "@proxy.example/go,direct" },
	func(s string) string { return "https://" + s + "@proxy.example" },
	func(s string) string { return "a.example,https://user:" + s + "@proxy.example:8080|off" },
	func(s string) string { return "user:" + s + "@proxy.example:3128" },
	func(s string) string { return `Get "https://user:` + s + `@proxy.example/x/@v/list": EOF` },
	func(s string) string { return "https://proxy.example/x?token=" + s },
	func(s string) string { return "helper --password " + s + " --verbose" },
	func(s string) string { return "Authorization: Bearer " + s },
	func(s string) string { return "machine git.example login " + s + " password " + s },
	func(s string) string { return "api_key=" + s },
}

func FuzzShowLeaksNothing(f *testing.F) {
	for place := range secretPlaces {
		for _, s := range []string{"hunter2", "p/w", "p@w", "a,b|c", "12/ab", "/x", "x/", "?q#f", "%41%40", "v1.2.3", "=a=b", "a:b:c", "@", "//", "token=x", "gít"} {
			f.Add(place, s)
		}
	}
	f.Fuzz(func(t *testing.T, place int, secret string) {
		if place < 0 || place >= len(secretPlaces) || !isSecret(secret) {
			return // not a secret in any place: nothing to leak
		}
		put := secretPlaces[place]
		got, want := stars(Show(model.NewValue(put(secret)))), stars(Show(model.NewValue(put("hunter2"))))
		// A secret that looks like more than one may hide more around it, but
		// what is shown must not depend on it.
		if got != want && containsPart(got, want, secret) {
			t.Errorf("%q\nshows %q\n want %q", put(secret), got, want)
		}
	})
}

// isSecret keeps the fuzz test to text that could be a credential there: one
// word, and not one that means something else in its place.
func isSecret(s string) bool {
	return len([]rune(s)) > 2 && s != "git" && !anyPseudonym.MatchString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r) || strings.ContainsRune("'\"`&;", r)
	}) && !strings.Contains(s, "//") && !listWord.MatchString(s)
}

var listWord = regexp.MustCompile(`[,|](direct|off)`)

// containsPart reports whether got shows three characters in a row of the
// secret that want does not show.
func containsPart(got, want, secret string) bool {
	runes := []rune(secret)
	size := min(3, len(runes))
	for i := 0; i+size <= len(runes); i++ {
		part := string(runes[i : i+size])
		if strings.Contains(got, part) && !strings.Contains(want, part) {
			return true
		}
	}
	return false
}

// TestHarmlessTextsNeedNoRedaction: the short cut of Show changes nothing.
func TestHarmlessTextsNeedNoRedaction(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	words := []string{"token", "password", "secret", "authorization", "bearer", "machine", "login", "cookie", "key", "eyj", "akia", "npm", "a", "0", "/", "//", ".", "https", "x.example"}
	for range 20_000 {
		var b strings.Builder
		for range 1 + rng.IntN(12) {
			b.WriteString(words[rng.IntN(len(words))])
			if rng.IntN(3) == 0 {
				b.WriteByte("abcdefghijklmnopqrstuvwxyz0123456789./"[rng.IntN(38)])
			}
		}
		s := b.String()
		if got := settle(s, redact); got != s || !harmless.MatchString(s) {
			t.Fatalf("%q is shown as %q without the short cut", s, got)
		}
	}
}
