package route

import (
	"fmt"
	"go/version"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

// goFlagNames are the flags of any go command, which is what GOFLAGS may name.
// They are those of Go 1.26; a test compares them with the installed Go.
var goFlagNames = func() map[string]bool {
	m := map[string]bool{}
	for name := range strings.FieldsSeq(`
		C a asan asmflags buildmode buildvcs c cache changed compat compiled compiler cover covermode coverpkg d
		debug-actiongraph debug-runtime-trace debug-trace deps diff dropexclude dropgodebug dropignore dropreplace
		droprequire dropretract droptool dropuse e exclude exec export f find fix fixtool fmt fuzzcache gccgoflags
		gcflags go godebug i ignore insecure installsuffix json ldflags linkshared m mod modcache modcacherw modfile
		module msan n o overlay p pgo pkgdir print r race replace require retract retracted reuse t tags test
		testcache tool toolchain toolexec trimpath u use vendor versions vet vettool w work x
	`) {
		m[name] = true
	}
	for name := range strings.FieldsSeq(`
		artifacts bench benchmem benchtime blockprofile blockprofilerate count coverprofile cpu cpuprofile failfast
		fullpath fuzz fuzzminimizetime fuzztime list memprofile memprofilerate mutexprofile mutexprofilefraction
		outputdir parallel run short shuffle skip timeout trace v
	`) {
		m[name], m["test."+name] = true, true
	}
	return m
}()

// NewestFlags is the language version of the newest Go that KnowsFlag is
// complete for.
const NewestFlags = "go1.26"

// KnowsFlag reports whether some go command has the flag of a name without
// hyphens, so that GOFLAGS may name it.
func KnowsFlag(name string) bool { return goFlagNames[name] }

// flagName is the name of a flag that stands in GOFLAGS; "" for what go does
// not take for a flag at all.
func flagName(flag string) (name string, hasValue bool) {
	bare, hyphen := strings.CutPrefix(flag, "-")
	bare = strings.TrimPrefix(bare, "-")
	if name, _, hasValue = strings.Cut(bare, "="); !hyphen || strings.HasPrefix(name, "-") {
		return "", false
	}
	return name, hasValue
}

// checkFlags returns what every command says of GOFLAGS before it does
// anything, with the flag it is about; "" if nothing. toolchain is the Go that
// reads it; "" if unknown.
func checkFlags(value, toolchain string) (text, about string) {
	flags := Flags(value)
	if len(flags) == 0 && strings.Trim(value, " \t\n\r") != "" {
		quote := `"`
		if strings.LastIndex(value, `'`) > strings.LastIndex(value, `"`) {
			quote = `'`
		}
		return "parsing $GOFLAGS: unterminated " + quote + " string", value
	}
	known := version.IsValid(toolchain) && version.Compare(version.Lang(toolchain), NewestFlags) <= 0
	for _, flag := range flags {
		switch name, _ := flagName(flag); {
		case name == "":
			return fmt.Sprintf("parsing $GOFLAGS: non-flag %q", flag), flag
		case known && !KnowsFlag(name):
			return "parsing $GOFLAGS: unknown flag -" + name, flag
		}
	}
	for _, flag := range flags {
		name, hasValue := flagName(flag)
		switch {
		case !hasValue && (name == "mod" || name == "C" && known):
			return "flag needs an argument: -" + name + " (from $GOFLAGS)", flag
		case name == "C" && known:
			_, value, _ := strings.Cut(flag, "=")
			return fmt.Sprintf("invalid value %q for flag -C (from $GOFLAGS): -C flag must be first flag on command line", value), flag
		}
	}
	return "", ""
}

// checkMode returns what a build says of -mod and -modfile in GOFLAGS, with the
// flag it is about; "" if nothing.
func checkMode(mod, modFile string, work *model.Work) (text, about string) {
	switch {
	case work != nil && modFile != "":
		return "-modfile cannot be used in workspace mode", "-modfile=" + modFile
	case mod == "", mod == "readonly", mod == "vendor", mod == "mod" && work == nil:
		return "", ""
	case work != nil:
		return fmt.Sprintf("-mod may only be set to readonly or vendor when in workspace mode, but it is set to %q\n\tRemove the -mod flag to use the default readonly value, \n\tor set GOWORK=off to disable workspace mode.", mod), "-mod=" + mod
	}
	return "-mod=" + mod + " not supported (can be '', 'mod', 'readonly', or 'vendor')", "-mod=" + mod
}
