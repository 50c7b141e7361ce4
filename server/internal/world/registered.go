package world

import "strings"

// RegisteredVariable is one variable of the environment that Windows keeps in
// its registry and gives to whatever the desktop starts, such as a terminal.
// A program that runs keeps what it was started with: this is where the two
// drift apart.
type RegisteredVariable struct {
	Name  string // as VariableName gives it
	Value string // as a new program gets it, with its references expanded
	// From are the registry keys that have the variable, the one that decided
	// first; for PATH, which joins them, in the order of the search. Without
	// any, Windows made the variable at logon, such as USERPROFILE.
	From []RegisteredValue
}

// RegisteredValue is what one registry key says of a variable.
type RegisteredValue struct {
	Key   string // such as `HKEY_CURRENT_USER\Environment`
	Value string // with its references expanded
}

// VariableName returns the one name that a variable is known by. Windows does
// not tell Path from PATH, and everything here looks for the latter.
func (w *World) VariableName(name string) string { return variableName(w.GOOS, name) }

func variableName(goos, name string) string {
	if goos == "windows" {
		return strings.ToUpper(name)
	}
	return name
}

// Canonical gives the names of an environment, "KEY=VALUE", the form of
// VariableName for the platform. It may change environ.
func Canonical(goos string, environ []string) []string {
	if goos != "windows" {
		return environ
	}
	for i, entry := range environ {
		if name, value, ok := strings.Cut(entry, "="); ok {
			environ[i] = variableName(goos, name) + "=" + value
		}
	}
	return environ
}
