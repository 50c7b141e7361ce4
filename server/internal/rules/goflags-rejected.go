package rules

import (
	"fmt"
	"go/version"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

var goflagsRejected = Rule{
	ID:     "goflags-rejected",
	Family: "GOFLAGS, vendor, workspace",
	Title:  "GOFLAGS has something that go stops at",
	Refs: []Ref{
		{"GF-UNKNOWN", "a flag that no go command has", "go: parsing $GOFLAGS: unknown flag -…"},
		{"GF-NONFLAG", "a word that is no flag, as in “-mod mod”", "go: parsing $GOFLAGS: non-flag \"…\""},
		{"GF-MODBAD", "another value of -mod than mod, readonly and vendor", "-mod=… not supported (can be '', 'mod', 'readonly', or 'vendor')"},
		{"GF-MODMOD-WORK", "-mod=mod while a go.work is in force", "go: -mod may only be set to readonly or vendor when in workspace mode, but it is set to \"mod\""},
		{"GF-MODFILE", "-modfile with a file that cannot be used", "go: open …: no such file or directory"},
		{"", "-C, which go takes on the command line only", "go: invalid value \"…\" for flag -C (from $GOFLAGS): -C flag must be first flag on command line"},
		{"", "-overlay with a file that does not exist", "go: reading overlay: open …: no such file or directory"},
	},
	Severity: model.Error,
	Messages: map[string]string{
		"word":      `GOFLAGS has “{flag}”, and go stops there: {gotext}; every flag must be one word that begins with a dash, such as -mod=mod.`,
		"unknown":   `GOFLAGS has the flag “{flag}”, which no go command has; go stops with: {gotext}.`,
		"quote":     `GOFLAGS has a quote that is not closed; go stops with: {gotext}.`,
		"value":     `GOFLAGS sets -mod to “{flag}”, which go does not have; builds stop with: {gotext}.`,
		"no-value":  `GOFLAGS has “-mod” without a value; builds stop with: {gotext}.`,
		"chdir":     `GOFLAGS has “{flag}”, which go takes as the first flag of a command line only; every go command stops with: {gotext}.`,
		"overlay":   `GOFLAGS has “{flag}”, a file that does not exist; what loads packages or modules stops with: {gotext}.`,
		"bare":      `GOFLAGS has “{flag}” without a value; builds stop with: {gotext}.`,
		"workspace": `GOFLAGS has “{flag}”, which go refuses because the workspace file {file} is in force; builds stop with: {gotext}.`,
		"modfile":   `GOFLAGS has “{flag}”, which cannot be used here; builds stop with: {gotext}.`,
	},
	Doc: Doc{
		Symptom: "Every go command but `go env` and `go bug` stops before it does anything:\n\n```\ngo: parsing $GOFLAGS: unknown flag -foo\ngo: parsing $GOFLAGS: non-flag \"mod\"\n-mod=foo not supported (can be '', 'mod', 'readonly', or 'vendor')\n```\n\ngopls shows `Error loading workspace folders (expected 1, got 0)` and nothing else works in the editor.",
		Cause:   "GOFLAGS is a list of flags separated by white space. A flag and its value are one word with an equals sign; a flag whose value has spaces stands in quotes as a whole. go accepts the flags that any of its commands has, and no others. `-mod=mod` and `-modfile` cannot be used while a `go.work` is in force, and the file of `-modfile` must exist and end in `.mod`.",
		Cure:    "Write `-mod=mod` instead of `-mod mod`, `-tags=a,b` instead of `-tags=a b`, `\"-ldflags=-s -w\"` with the quotes; take out what go does not know. For one build in a workspace, `GOWORK=off go build -mod=mod`.",
		Undo:    "Put the old value back where it was set.",
	},
	Check: func(s *model.Snapshot) (found []model.Finding) {
		for _, b := range everyBuild(s) {
			setting := b.env.Lookup("GOFLAGS")
			if setting.Value.Empty() {
				continue
			}
			if setting.Origin.Note != "" {
				continue // mixed with the build flags of gopls, which go gets as arguments
			}
			f, wrong := b.rejected()
			if !wrong {
				continue
			}
			f.Subject, f.Environments, f.Origin = "GOFLAGS", []model.EnvName{b.env.Name}, &setting.Origin
			f.Args["gotext"] = f.GoText
			f.Fixes = b.goflagsFixes()
			found = append(found, f)
		}
		return merged(found)
	},
}

// rejected finds the first thing in GOFLAGS that go stops at, in its order.
func (b build) rejected() (f model.Finding, wrong bool) {
	says := func(ref, message, flag, text string) (model.Finding, bool) {
		return model.Finding{Ref: ref, Message: message, Args: values("flag", flag), GoText: model.NewValue(text)}, true
	}
	if b.broken && len(b.flags) == 0 {
		quote := `"`
		// The quote that is not closed is the first that opens a word last.
		if text := b.env.Lookup("GOFLAGS").Value.Reveal(); strings.LastIndex(text, `'`) > strings.LastIndex(text, `"`) {
			quote = `'`
		}
		return says("GF-NONFLAG", "quote", quote, "go: parsing $GOFLAGS: unterminated "+quote+" string")
	}
	for _, f := range b.flags {
		switch {
		case f.name == "":
			return says("GF-NONFLAG", "word", f.text, fmt.Sprintf("go: parsing $GOFLAGS: non-flag %q", f.text))
		case !route.KnowsFlag(f.name) && b.knowsFlags():
			return says("GF-UNKNOWN", "unknown", "-"+f.name, "go: parsing $GOFLAGS: unknown flag -"+f.name)
		}
	}
	work := ""
	if gowork := b.env.Lookup("GOWORK").Value.Reveal(); b.work != nil {
		work = b.work.File
	} else if b.elsewhere && filepath.IsAbs(gowork) {
		work = gowork // whether it is there, go looks later
	}
	for _, f := range b.flags { // go sets them in their order
		switch {
		case f.name == "mod" && !f.given:
			return says("GF-MODBAD", "no-value", f.text, "go: flag needs an argument: -mod (from $GOFLAGS)")
		case (f.name == "C" || f.name == "overlay") && !f.given:
			return says("", "bare", f.text, "go: flag needs an argument: -"+f.name+" (from $GOFLAGS)")
		case f.name == "C" && b.knowsFlags():
			return says("", "chdir", f.text, fmt.Sprintf("go: invalid value %q for flag -C (from $GOFLAGS): -C flag must be first flag on command line", f.value))
		}
	}
	overlay, missing := b.missingOverlay()
	switch {
	case missing:
		return says("", "overlay", "-overlay="+overlay, "go: reading overlay: open "+overlay+": no such file or directory")
	case b.elsewhere && work == "":
		return f, false
	case work != "" && b.modfile != "":
		return says("GF-MODFILE", "modfile", "-modfile="+b.modfile, "go: -modfile cannot be used in workspace mode")
	case b.modfile != "":
		if f, wrong := b.rejectedFile(); wrong {
			return f, true
		}
	}
	switch {
	case b.mod == "", b.mod == "readonly", b.mod == "vendor":
	case work != "":
		f, _ := says("GF-MODMOD-WORK", "workspace", "-mod="+b.mod, fmt.Sprintf("go: -mod may only be set to readonly or vendor when in workspace mode, but it is set to %q", b.mod))
		f.Args["file"] = model.NewValue(work)
		return f, true
	case b.mod != "mod":
		return says("GF-MODBAD", "value", b.mod, fmt.Sprintf("-mod=%s not supported (can be '', 'mod', 'readonly', or 'vendor')", b.mod))
	}
	return f, false
}

// rejectedFile finds what is wrong with the file of -modfile.
func (b build) rejectedFile() (f model.Finding, wrong bool) {
	f = model.Finding{Ref: "GF-MODFILE", Message: "modfile", Args: values("flag", "-modfile="+b.modfile)}
	file := b.modfile
	if !filepath.IsAbs(file) {
		file = filepath.Join(b.s.Dir, file)
	}
	place, known := b.s.Place(filepath.Clean(file))
	switch {
	case nearest(b.s) == nil:
		return f, false // go says so only where it needs a module
	case !strings.HasSuffix(b.modfile, ".mod"):
		f.GoText = model.NewValue("go: -modfile=" + b.modfile + ": file does not have .mod extension")
	case known && !place.Exists && filepath.Dir(nearest(b.s).File) == b.s.Dir:
		f.GoText = model.NewValue("go: open " + b.modfile + ": no such file or directory")
	default:
		return f, false
	}
	return f, true
}

// missingOverlay returns the file that -overlay names, and whether it is known
// to be missing. Go has worded that in this way since 1.24.
func (b build) missingOverlay() (file string, missing bool) {
	for _, f := range b.flags {
		if f.name == "overlay" {
			file = f.value
		}
	}
	t, _ := b.s.ToolchainOf(b.env.Name)
	if file == "" || !version.IsValid(t.Selected) || version.Compare(t.Selected, "go1.24") < 0 {
		return file, false
	}
	at := file
	if !filepath.IsAbs(at) {
		at = filepath.Join(b.s.Dir, at)
	}
	place, known := b.s.Place(filepath.Clean(at))
	return file, known && !place.Exists && place.Why == ""
}

// knowsFlags reports whether the flags of the environment's Go are known: a
// newer one may have more.
func (b build) knowsFlags() bool {
	t, ok := b.s.ToolchainOf(b.env.Name)
	newest := t.Version
	if t.Selected != "" {
		newest = t.Selected
	}
	return ok && version.IsValid(newest) && version.Compare(version.Lang(newest), route.NewestFlags) <= 0
}

// takesValue are the flags that people write with a space before the value.
var takesValue = map[string]bool{
	"mod": true, "modfile": true, "tags": true, "ldflags": true, "gcflags": true, "asmflags": true, "p": true, "overlay": true, "pgo": true,
	"count": true, "timeout": true, "run": true, "buildmode": true, "buildvcs": true, "toolexec": true,
}

// rest is what belongs to the value of a flag, and that go takes for words of
// their own: the n words from i on, in the way that they can be written.
func (b build) rest(name string, i int) (text string, n int) {
	separator, own := " ", func(f flag) bool { return f.name == "" && !strings.HasPrefix(f.text, "-") }
	switch name {
	case "tags":
		separator = ","
	case "ldflags", "gcflags", "asmflags", "gccgoflags":
		bare := own
		own = func(f flag) bool { // -s and -w are flags of some go command too
			return bare(f) || f.name == "s" || f.name == "w" || f.name != "" && !route.KnowsFlag(f.name) && b.knowsFlags()
		}
	default:
		return "", 0
	}
	for ; i+n < len(b.flags) && own(b.flags[i+n]); n++ {
		text += separator + b.flags[i+n].text
	}
	return text, n
}

// goflagsFixes offers GOFLAGS without what go stops at.
func (b build) goflagsFixes() []model.FixOffer {
	if b.broken && len(b.flags) == 0 {
		return nil // what was meant is not clear
	}
	var kept []string
	keep := func(text string) {
		if strings.ContainsAny(text, " \t") {
			text = `"` + text + `"`
		}
		kept = append(kept, text)
	}
	_, noOverlay := b.missingOverlay()
	for i := 0; i < len(b.flags); i++ {
		f := b.flags[i]
		switch {
		case f.name == "C", f.name == "overlay" && noOverlay:
			continue
		case f.name == "" || !route.KnowsFlag(f.name) && b.knowsFlags():
			continue
		case takesValue[f.name] && !f.given:
			if i+1 < len(b.flags) && b.flags[i+1].name == "" && !strings.HasPrefix(b.flags[i+1].text, "-") {
				rest, n := b.rest(f.name, i+2)
				keep("-" + f.name + "=" + b.flags[i+1].text + rest)
				i += 1 + n
			}
			continue
		case f.name == "mod" && !slices.Contains([]string{"", "mod", "readonly", "vendor"}, f.value), f.name == "mod" && f.value == "mod" && b.work != nil, f.name == "modfile":
			continue
		}
		rest, n := b.rest(f.name, i+1)
		keep(f.text + rest)
		i += n
	}
	variable := model.NewValue("GOFLAGS")
	if len(kept) == 0 {
		return []model.FixOffer{{ID: "unset-variable", Args: map[string]model.Value{"variable": variable}}}
	}
	return []model.FixOffer{{ID: "set-variable", Args: map[string]model.Value{"variable": variable, "value": model.NewValue(strings.Join(kept, " "))}}}
}
