package model

import (
	"fmt"
	"log/slog"
	"unique"
)

// Value is the text of a variable or setting. It may hold a credential, so it
// cannot print itself: every formatting and encoding path yields a placeholder.
// Package report turns a Value into text that is safe to show; code that
// computes with the text (or writes it back where it came from) calls Reveal.
//
// Values are comparable with ==. The text sits behind a handle, because fmt
// prints the unexported fields of other structs without asking for methods.
type Value struct{ text unique.Handle[string] }

// placeholder is what a Value prints as anywhere but in package report.
const placeholder = "[value]"

// NewValue wraps s.
func NewValue(s string) Value {
	if s == "" {
		return Value{}
	}
	return Value{unique.Make(s)}
}

// Reveal returns the text. Never pass it to a log, an error or a writer.
func (v Value) Reveal() string {
	if v.Empty() {
		return ""
	}
	return v.text.Value()
}

// Empty reports whether the text is "".
func (v Value) Empty() bool { return v == Value{} }

// String returns a placeholder.
func (v Value) String() string { return placeholder }

// Format writes a placeholder for every verb.
func (v Value) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(placeholder)) }

// MarshalText returns a placeholder, which covers encoding/json too.
func (v Value) MarshalText() ([]byte, error) { return []byte(placeholder), nil }

// LogValue returns a placeholder.
func (v Value) LogValue() slog.Value { return slog.StringValue(placeholder) }

// Text is like a Value, which it hides like one, but Texts are not comparable
// with ==. So making one costs no more than the room for it, while a Value is
// looked up among all others: of a log of a million messages no two may be the
// same, and nobody compares them.
type Text struct {
	_    [0]func() // not comparable
	text *string   // fmt prints where it is
}

// NewText wraps s.
func NewText(s string) Text {
	if s == "" {
		return Text{}
	}
	return Text{text: &s}
}

// Reveal returns the text. Never pass it to a log, an error or a writer.
func (t Text) Reveal() string {
	if t.text == nil {
		return ""
	}
	return *t.text
}

// Empty reports whether the text is "".
func (t Text) Empty() bool { return t.text == nil }

// String returns a placeholder.
func (t Text) String() string { return placeholder }

// Format writes a placeholder for every verb.
func (t Text) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(placeholder)) }

// MarshalText returns a placeholder, which covers encoding/json too.
func (t Text) MarshalText() ([]byte, error) { return []byte(placeholder), nil }

// LogValue returns a placeholder.
func (t Text) LogValue() slog.Value { return slog.StringValue(placeholder) }
