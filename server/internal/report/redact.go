package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gophantom/gophantom/server/internal/model"
)

// shownLimit is the most runes that are shown of one value.
const shownLimit = 4096

// Show turns a value into text that is safe to show: credentials become a
// pseudonym such as "secret-3f9a" (the same secret has the same pseudonym),
// control and bidirectional characters become escapes (line feed and tab
// stay), and what is longer than 4096 runes is cut with a note.
//
// Showing shown text again changes nothing. Where the name of the variable is
// known, ShowVariable knows more.
func Show(v model.Value) string { return show(v.Reveal()) }

// ShowText is Show for a text.
func ShowText(t model.Text) string { return show(t.Reveal()) }

func show(s string) string {
	if len(s) <= harmlessLimit && harmless.MatchString(s) {
		return s
	}
	return settle(s, redact)
}

// harmless are texts, such as most module paths, in which nothing could be told
// from what is no secret; most of what is shown is one.
var harmless = regexp.MustCompile(`^[a-z0-9./]*$`)

const harmlessLimit = 200

// ShowVariable is Show for the value of a variable, whose name may say that
// the value is a credential or where in it one stands.
func ShowVariable(name string, v model.Value) string {
	return settle(v.Reveal(), func(s string) string { return redact(redactNamed(name, s)) })
}

// settle applies redaction, escaping and cutting until nothing changes any
// more, which makes showing idempotent by construction.
func settle(s string, redact func(string) string) string {
	s = escape(s)
	for range 8 {
		next := cut(redact(s))
		if next == s {
			return s
		}
		s = next
	}
	return pseudonym(s)
}

// escape makes every character visible. Line feed and tab are layout, which
// the go command's own texts use.
func escape(s string) string {
	clean := true
	for _, r := range s {
		if hidden(r) || r == utf8.RuneError {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case !hidden(r):
			b.WriteRune(r)
		case r == '\r':
			b.WriteString(`\r`)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// hidden reports whether a character can move the cursor, reorder the text
// around it or go unseen. Format characters include the bidirectional ones.
func hidden(r rune) bool {
	if r == '\n' || r == '\t' {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co)
}

func cut(s string) string {
	n := utf8.RuneCountInString(s)
	if n <= shownLimit {
		return s
	}
	note := fmt.Sprintf("… (cut: %d characters in all)", n)
	keep := shownLimit - utf8.RuneCountInString(note)
	for i := range s {
		if keep > 0 {
			keep--
			continue
		}
		// Between words, so that no pseudonym is cut in two.
		if blank := strings.LastIndexAny(s[:i], " \t\n,"); blank > i-100 {
			i = blank
		}
		return s[:i] + note
	}
	return s
}

// pseudonym stands for a secret: the same one each time, so that two
// environments can be compared, and too short to test guesses against.
func pseudonym(secret string) string {
	sum := sha256.Sum256([]byte("gophantom\x00" + secret))
	return "secret-" + hex.EncodeToString(sum[:2])
}

const pseudonymPattern = `secret-[0-9a-f]{4}`

var onlyPseudonym = regexp.MustCompile(`^` + pseudonymPattern + `$`)

// hide replaces a secret, unless it is replaced already. Nothing, and the
// placeholders of shells and editors that were never filled in, are no secret.
func hide(secret string) string {
	if secret == "" || onlyPseudonym.MatchString(secret) {
		return secret
	}
	return pseudonym(secret)
}

// secretName is the part of a name that says that the value is a credential.
const secretName = `(?:token|passw(?:or)?d|pass(?:phrase|wd)|\bpwd\b|secret|credential|api[-_]?key|access[-_]?key|private[-_]?key|auth[-_]?key|` +
	`signature|jfrog-art-api|cookie|bearer|extraheader)`

var (
	authorization = regexp.MustCompile(`(?i)((?:proxy-)?authorization['"]?[ \t]*[:=][ \t]*['"]?)([^'"\n]+)`)
	extraHeader   = regexp.MustCompile(`(?i)(extraheader['"]?[ \t]*[:=]?[ \t]*['"]?)([^'"\n]+)`)
	bearer        = regexp.MustCompile(`(?i)(\bbearer[ \t]+)([^\s'"]+)`)
	// The name of a variable, field or flag with its value: quoted, or one word.
	assigned = regexp.MustCompile(`(?i)([\w.-]*` + secretName + `[\w.-]*['"]?[ \t]*=[ \t]*)('[^'\n]*'?|"[^"\n]*"?|[^\s&;'"]+)`)
	// The name of a header or field with its value, which may hold blanks.
	headed  = regexp.MustCompile(`(?i)([\w.-]*` + secretName + `[\w.-]*['"]?[ \t]*:[ \t]*)('[^'\n]*'?|"[^"\n]*"?|[^\n'"]+)`)
	flagged = regexp.MustCompile(`(?i)((?:^|\s|['"])-{1,2}[\w-]*` + secretName + `[\w-]*[ \t]+)('[^'\n]*'?|"[^"\n]*"?|[^\s'"]+)`)

	sshPass = regexp.MustCompile(`(\bsshpass[ \t]+(?:-[^p\s]\S*[ \t]+)*-p[ \t]*)('[^'\n]*'?|"[^"\n]*"?|\S+)`)

	// GOAUTH as go quotes it, and as an environment or a file has it. What else
	// begins with GOAUTH= in go's texts and ours is about a word or a program.
	goauthQuoted   = regexp.MustCompile(`(\(GOAUTH=)([^\n]*)(\))`)
	goauthAssigned = regexp.MustCompile(`(?m)(^[-+ \t]*(?:export )?GOAUTH=)([^\n]*)`)

	netrc     = regexp.MustCompile(`(?i)(?:\bmachine\s+\S+|\bdefault)\s+(?:login|password|account)\b`)
	netrcWord = regexp.MustCompile(`(?i)\b((?:login|password|account)\s+)("[^"]*"?|\S+)`)

	// Credentials that give themselves away.
	knownToken = regexp.MustCompile(`\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{20,}|glpat-[\w-]{12,}|gl[a-z]{2,4}-[\w-]{20,}|` +
		`xox[a-z]-[\w-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{16}|AKCp[A-Za-z0-9]{10,}|npm_[A-Za-z0-9]{20,}|dckr_pat_[\w-]{16,}|` +
		`eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?)`)
	privateKey = regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)`)
)

// redact replaces every credential it finds in escaped text.
func redact(s string) string {
	if !strings.ContainsAny(s, "@?=: \t\n_-.") && len(s) < 20 {
		return s
	}
	if !strings.ContainsAny(s, "@?=: \t\n'\"`") && !strings.Contains(strings.ToLower(s), "extraheader") {
		return knownToken.ReplaceAllStringFunc(s, hide) // a single word, which no other pattern can match
	}
	s = privateKey.ReplaceAllStringFunc(s, hide)
	s = redactURLs(s)
	s = redactBareUserinfo(s)
	if netrc.MatchString(s) {
		s = replaceLast(netrcWord, s)
	}
	s = replaceLast(authorization, s)
	s = replaceLast(extraHeader, s)
	s = replaceLast(bearer, s)
	s = replaceLast(headed, s)
	s = replaceLast(assigned, s)
	s = replaceLast(flagged, s)
	s = replaceLast(sshPass, s)
	if strings.Contains(s, "GOAUTH=") {
		goauth := func(g []string) string { return g[1] + redactGOAUTH(g[2]) + strings.Join(g[3:], "") }
		s = replace(goauthAssigned, replace(goauthQuoted, s, goauth), goauth)
	}
	return knownToken.ReplaceAllStringFunc(s, hide)
}

// replaceLast hides the last group of every match; quotes around it stay.
func replaceLast(re *regexp.Regexp, s string) string {
	return replace(re, s, func(groups []string) string {
		last := len(groups) - 1
		return strings.Join(groups[1:last], "") + hideQuoted(groups[last])
	})
}

// replace is ReplaceAllStringFunc with the groups of each match.
func replace(re *regexp.Regexp, s string, f func(groups []string) string) string {
	var b strings.Builder
	end := 0
	for _, m := range re.FindAllStringSubmatchIndex(s, -1) {
		groups := make([]string, len(m)/2)
		for i := range groups {
			if m[2*i] >= 0 {
				groups[i] = s[m[2*i]:m[2*i+1]]
			}
		}
		b.WriteString(s[end:m[0]])
		b.WriteString(f(groups))
		end = m[1]
	}
	if end == 0 {
		return s
	}
	b.WriteString(s[end:])
	return b.String()
}

func hideQuoted(s string) string {
	if len(s) > 1 && (s[0] == '"' || s[0] == '\'') {
		quote := s[:1]
		if inner, ok := strings.CutSuffix(s[1:], quote); ok {
			return quote + hide(inner) + quote
		}
		return quote + hide(s[1:])
	}
	return hide(s)
}

var (
	schemeStart = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://`)
	// What ends a URL inside other text. A comma or a bar ends one only where
	// the next entry of a list begins, since passwords may hold them.
	urlEnd = regexp.MustCompile(`\s|[,|;](?:[A-Za-z][A-Za-z0-9+.-]*://|(?:direct|off)(?:[,|;\s]|$))`)
	// What an "@" stands before without being the end of a userinfo: module
	// versions, the proxy protocol's paths, directories such as openssl@3.
	version       = regexp.MustCompile(`^(?:v[0-9]+\.[0-9]+\.[0-9]+|latest\b|[0-9]+(?:\.[0-9]+)?(?:[/:]|$))`)
	proxyProtocol = regexp.MustCompile(`^(?:v/|latest\b)`)
)

// redactURLs hides the userinfo and the query values of every URL in s.
func redactURLs(s string) string {
	var b strings.Builder
	for {
		m := schemeStart.FindStringIndex(s)
		if m == nil {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:m[1]])
		s = s[m[1]:]
		end := len(s)
		if e := urlEnd.FindStringIndex(s); e != nil {
			end = e[0]
		}
		b.WriteString(redactURL(s[:end]))
		s = s[end:]
	}
}

// redactURL gets what follows "scheme://".
func redactURL(s string) string {
	userinfo := ""
	at, mark := userinfoEnd(s), strings.IndexByte(s, '?')
	if mark >= 0 && at > mark {
		return hide(s) // an "@" in the query, or a "?" in the password
	}
	if at > 0 {
		userinfo, s = s[:at], s[at+1:]
		if userinfo != "git" { // the account of every public ssh host
			userinfo = hide(userinfo)
		}
		userinfo += "@"
	}
	path, query, ok := strings.Cut(s, "?")
	if !ok {
		return userinfo + s
	}
	fields := strings.Split(query, "&")
	for i, f := range fields {
		if strings.TrimRight(f, `"':,.)>`) == "go-get=1" {
			continue
		}
		if key, value, ok := strings.Cut(f, "="); ok && len(key) <= 40 {
			fields[i] = key + "=" + hide(value)
		} else {
			fields[i] = hide(f)
		}
	}
	return userinfo + path + "?" + strings.Join(fields, "&")
}

// userinfoEnd returns the index of the "@" that ends the userinfo of an
// authority with path, or -1. People write passwords with "/", "?" and "@" in
// them, which no URL parser accepts; they are secrets all the same, so it is
// the last "@" that can end one, wherever it stands.
func userinfoEnd(s string) int {
	slash := strings.IndexByte(s, '/')
	for at := strings.LastIndexByte(s, '@'); at >= 0; at = strings.LastIndexByte(s[:at], '@') {
		after := s[at+1:]
		inPath := slash >= 0 && slash < at
		if inPath && (version.MatchString(after) || s[at-1] == '/' && proxyProtocol.MatchString(after)) {
			continue
		}
		return at
	}
	return -1
}

var bareUserinfo = regexp.MustCompile("(^|[\\s,|;='\"`(])([^\\s,|;='\"`(/\\\\:@]+:)(\\S*@\\S*)")

// redactBareUserinfo hides user:password@ where no scheme stands before it.
func redactBareUserinfo(s string) string {
	return replace(bareUserinfo, s, func(g []string) string {
		user, rest := g[2], g[3]
		drive := len(user) == 2 && strings.ContainsAny(rest[:1], `/\`)
		at := userinfoEnd(user + rest)
		if drive || at < len(user) || strings.HasPrefix(rest, "//") {
			return g[0]
		}
		return g[1] + hide((user + rest)[:at]) + (user + rest)[at:]
	})
}

var (
	credentialName = regexp.MustCompile(`(?i)(?:token|passw(?:or)?d|pass(?:phrase|wd)|_pwd$|secret|credential|api_?key|access_?key|private_?key|cookie)`)
	header         = regexp.MustCompile(`(?m)^([A-Za-z][\w-]*:[ \t]+)(.+)$`)
)

// redactNamed hides what the name of the variable tells to be a credential.
func redactNamed(name, s string) string {
	upper := strings.ToUpper(name)
	switch {
	case s == "":
		return s
	case upper == "GOAUTH":
		return redactGOAUTH(s)
	case strings.HasPrefix(upper, "GIT_CONFIG_VALUE_"):
		return replaceLast(header, s)
	case upper == "GIT_ASKPASS" || upper == "SSH_ASKPASS":
		return s // a program
	case credentialName.MatchString(name):
		return hide(s)
	}
	return s
}

// redactGOAUTH keeps the words that go defines and the program's name; the
// arguments of a program may be anything.
func redactGOAUTH(s string) string {
	commands := strings.Split(s, ";")
	for i, c := range commands {
		word, args, ok := strings.Cut(strings.TrimSpace(c), " ")
		if !ok || word == "git" || word == "netrc" || word == "off" || strings.HasSuffix(word, ":") && strings.HasPrefix(args, "could not run command") || onlyPseudonym.MatchString(args) {
			continue
		}
		lead := c[:len(c)-len(strings.TrimLeft(c, " \t\n"))]
		commands[i] = lead + word + " " + hide(strings.TrimSpace(args))
	}
	return strings.Join(commands, ";")
}
