package baseline

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
)

// Trouble is what is wrong today, as far as it helps to tell which change is at
// fault.
type Trouble struct {
	Phantom bool                 // red in the editor, green in the build
	Guilty  []string             // variables that ground truth names
	Files   []string             // absolute paths of files that gopls has not seen the change of
	Blamed  []string             // variables, tools and modules that findings are about
	Modules []string             // modules that the problems speak of
	Slow    string               // what became slow: "go list", "gopls load" or "shell start"; "" if nothing
	Began   time.Time            // when it was red first; zero if unknown
	Changed map[string]time.Time // when facts changed, by Key; those that are unknown are missing
}

// Key names a fact in Trouble.Changed.
func Key(f Fact) string { return f.key() }

// Reason is one contribution to a rank, from 0 to 1.
type Reason struct {
	Weight float64
	Why    string // one clause; holds no values
}

// Ranked is a change with how likely it explains the trouble.
type Ranked struct {
	Change
	Score   float64 // from 0 to 1: 1 - ∏(1 - weight)
	Reasons []Reason
}

// Rank orders changes, the most likely explanation first. What each is worth is
// the sum of reasons that are named.
func Rank(changes []Change, t Trouble) []Ranked {
	out := make([]Ranked, 0, len(changes))
	for _, c := range changes {
		r := Ranked{Change: c, Reasons: reasons(c, t)}
		miss := 1.0
		for _, reason := range r.Reasons {
			miss *= 1 - reason.Weight
		}
		r.Score = 1 - miss
		out = append(out, r)
	}
	slices.SortStableFunc(out, func(a, b Ranked) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), strings.Compare(a.key(), b.key()))
	})
	return out
}

func reasons(c Change, t Trouble) (out []Reason) {
	add := func(weight float64, why string) { out = append(out, Reason{weight, why}) }
	module := ""
	switch c.Kind {
	case Require, Replace, Sum:
		_, rest, _ := strings.Cut(c.Name, " ")
		module, _, _ = strings.Cut(rest, " ")
	}
	is := func(list []string) bool {
		return slices.Contains(list, c.Name) && (c.Kind == Variable || c.Kind == Tool || c.Kind == Toolchain) || module != "" && slices.Contains(list, module)
	}
	if c.Kind == Variable && slices.Contains(t.Guilty, c.Name) {
		add(0.95, "ground truth changes with this variable")
	}
	if c.At.File != "" && slices.Contains(t.Files, c.At.File) && c.Kind != Variable && c.Kind != Setting {
		add(0.8, "gopls has not seen this change")
	}
	if is(t.Blamed) {
		add(0.7, "a finding is about it")
	}
	if module != "" && slices.Contains(t.Modules, module) {
		add(0.7, "a problem speaks of this module")
	}
	if c.Kind == Use && slices.ContainsFunc(t.Modules, func(m string) bool { return m == c.Name || strings.HasSuffix(m, "/"+c.Name) }) {
		add(0.6, "a problem speaks of this module")
	}
	if w := prior(c, t); w > 0 {
		add(w, "changes of this kind often do it")
	}
	if t.Phantom {
		switch {
		case c.Env == model.EnvGopls || c.Env == model.EnvTools || c.Kind == Setting || c.Kind == Server || c.Kind == View || c.Kind == Extension:
			add(0.25, "only the editor is red, and it is on the editor's side")
		case c.Env == model.EnvShell:
			add(0.1, "the editor is red and the shell is not, and it is on one side")
		}
	} else if c.Env == "" && c.Kind != Setting && c.Kind != View && c.Kind != Server && c.Kind != Extension {
		add(0.2, "the build is red too, and both see it")
	}
	if at, ok := t.Changed[c.key()]; ok && !t.Began.IsZero() {
		switch before := t.Began.Sub(at); {
		case before < 0: // it came later
			out = []Reason{{0.01, "it changed after the trouble began"}}
		case before < 2*time.Minute:
			add(0.5, "it changed just before the trouble began")
		case before < time.Hour:
			add(0.2, "it changed within an hour before the trouble began")
		}
	}
	return out
}

// prior is what a change is worth before anything is known of the trouble.
func prior(c Change, t Trouble) float64 {
	if t.Slow != "" {
		switch {
		case c.Kind == Variable && slow[c.Name]:
			return 0.5
		case c.Kind == Toolchain, c.Kind == Server:
			return 0.3
		case c.Kind == Vendor, c.Kind == Workspace, c.Kind == Use:
			return 0.25
		}
		return 0.05
	}
	switch c.Kind {
	case Variable:
		switch {
		case decisive[c.Name]:
			return 0.4
		case strings.HasPrefix(c.Name, "GO") || strings.HasPrefix(c.Name, "CGO_"):
			return 0.2
		case c.Name == "PATH":
			return 0.15
		}
		return 0.05
	case Workspace, Vendor:
		return 0.5
	case Toolchain, Server, GoLine:
		return 0.3
	case Replace, Use:
		return 0.3
	case Require, Sum, Extension:
		return 0.2
	case Setting:
		return 0.15
	}
	return 0.1
}

// decisive are the variables of which most phantoms come, and slow those that
// make the go command take its time.
var (
	decisive = map[string]bool{
		"GOFLAGS": true, "GOPROXY": true, "GOPRIVATE": true, "GONOPROXY": true, "GONOSUMDB": true, "GOSUMDB": true, "GOWORK": true, "GO111MODULE": true,
		"GOROOT": true, "GOPATH": true, "GOMODCACHE": true, "GOTOOLCHAIN": true, "GOOS": true, "GOARCH": true, "CGO_ENABLED": true, "GOENV": true,
		"GOEXPERIMENT": true, "GOINSECURE": true, "GOVCS": true, "GOAUTH": true,
	}
	slow = map[string]bool{
		"GOFLAGS": true, "GOPROXY": true, "GOCACHE": true, "GOMODCACHE": true, "GOPACKAGESDRIVER": true, "GOMAXPROCS": true, "GOGC": true,
		"GOMEMLIMIT": true, "GOTMPDIR": true, "GODEBUG": true, "GOSUMDB": true,
	}
)
