package trace

import (
	"slices"
	"strings"
)

// tracing are the subcommands that know -x and say with it what they do.
// "go generate", "fmt" and "clean" know it, too, but print with it what their
// own commands could have printed.
var tracing = []string{
	"build", "fix", "get", "install", "list", "run", "test", "vet", "mod download", "mod graph", "mod tidy",
}

// WithX puts -x into the arguments of a go command. traced is false if it has
// no -x; given if the user has asked for it, who wants to see what it prints.
func WithX(args []string) (out []string, traced, given bool) {
	at, words := 0, 0
	for at < len(args) && strings.HasPrefix(args[at], "-") { // go -C DIR build
		if takesDir(args[at]) {
			at++
		}
		at++
	}
	if at < len(args) {
		at, words = at+1, 1
		name := args[at-1]
		if name == "mod" && at < len(args) {
			at, words = at+1, 2
		}
		name = strings.Join(args[at-words:at], " ")
		traced = slices.Contains(tracing, name)
	}
	if !traced {
		return args, false, false
	}
	for _, arg := range args[at:] {
		if !strings.HasPrefix(arg, "-") || arg == "--" || arg == "-args" {
			break
		}
		given = given || slices.Contains([]string{"-x", "--x", "-x=true", "--x=true"}, arg)
	}
	if given {
		return args, true, true
	}
	// -C must be the first of the flags.
	if at < len(args) && takesDir(args[at]) {
		at++
	}
	if at > 0 && at < len(args) && takesDir(args[at-1]) || at < len(args) && strings.HasPrefix(strings.TrimLeft(args[at], "-"), "C=") {
		at++
	}
	return slices.Insert(slices.Clone(args), min(at, len(args)), "-x"), true, false
}

// takesDir reports whether an argument is -C, whose directory is the next one.
func takesDir(arg string) bool { return arg == "-C" || arg == "--C" }
