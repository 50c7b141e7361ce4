// Package l10n says in other languages what Go Phantom says in English.
//
// Inside, every sentence is English. It is translated at the door, where it
// leaves for a person: the table has the English sentence, with {name} for what
// changes, and the translation with the same names. What the table does not
// have stays English. Names of variables, commands, files, and what tools print
// are never translated, because no entry speaks of them.
package l10n

import "strings"

// Language is a language that people are addressed in. The zero value is
// English.
type Language string

// The languages.
const (
	English Language = ""
	Chinese Language = "zh-cn" // simplified
)

// Languages are those beside English.
var Languages = []Language{Chinese}

// Tag is the language as HTML and BCP 47 name it.
func (l Language) Tag() string {
	if l == Chinese {
		return "zh-CN"
	}
	return "en"
}

// Of returns the language of a locale, as editors ("zh-cn", "zh-Hans-CN") and
// POSIX ("zh_CN.UTF-8") name it; English for all that has no translation.
func Of(locale string) Language {
	locale, _, _ = strings.Cut(locale, "@")
	tag, codeset, _ := strings.Cut(locale, ".")
	if codeset = strings.ReplaceAll(strings.ToLower(codeset), "-", ""); codeset != "" && codeset != "utf8" {
		return English // we write UTF-8, which such a terminal shows as garbage
	}
	parts := strings.FieldsFunc(strings.ToLower(tag), func(r rune) bool { return r == '-' || r == '_' })
	if len(parts) == 0 || parts[0] != "zh" {
		return English
	}
	for _, part := range parts[1:] {
		switch part {
		case "hans":
			return Chinese
		case "hant", "tw", "hk", "mo":
			return English // traditional characters
		}
	}
	return Chinese
}

// FromEnviron returns the language that an environment asks for, as POSIX has
// it: the first of LC_ALL, LC_MESSAGES and LANG that is not empty decides.
func FromEnviron(environ []string) Language {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		value := ""
		for _, entry := range environ {
			if v, ok := strings.CutPrefix(entry, name+"="); ok {
				value = v
			}
		}
		if value != "" {
			return Of(value)
		}
	}
	return English
}
