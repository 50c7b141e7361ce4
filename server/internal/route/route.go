// Package route knows what the go command will do to find, fetch and verify
// one module: the proxies it asks and in which order, when it goes on to the
// next, what it fetches from the origin, and whether the checksum database has
// a say. It follows the source of the go command to the letter, texts
// included; live tests compare it with the real command.
//
// It must not know where values came from. It asks no network, so it says what
// go will try, not what will come of it. Nothing here can fail: what go would
// refuse is part of the answer.
package route

import (
	"go/version"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

// Module names what is looked up.
type Module struct {
	Path    string
	Version string // if "", Explain takes the version that the main modules require, if they do
}

// Mode is where go takes a module from when it builds.
type Mode string

const (
	ModeProxy     Mode = "proxy"     // it walks the proxy list
	ModeVendor    Mode = "vendor"    // the vendor directory; no network, no checks
	ModeReplace   Mode = "replace"   // a replace directive names another module or a directory
	ModeWorkspace Mode = "workspace" // it is a main module itself
)

// Fallback says which failures of a step make go try the next one.
type Fallback string

const (
	OnNotFound Fallback = "not-found" // only 404, 410 and the like
	OnAnyError Fallback = "any-error"
	Never      Fallback = "none" // the last step
)

// Why names the setting that decided something.
type Why struct {
	Variable string
	Pattern  model.Value // the pattern or entry that decided; empty if there is none
	Origin   model.Origin
}

// Step is one entry of the proxy list, in the order go walks it.
type Step struct {
	Kind     Kind
	URL      model.Value // of a proxy; empty otherwise
	Applies  bool        // go really asks there for this module
	Fallback Fallback
	Why      Why    // why the step is there or, when a private pattern decides, why it applies or not
	Access   Access // of a proxy that applies; how the origin is reached stands in Route.VCS
}

// Insecure tells about GOINSECURE, which loosens fetching from the origin only.
type Insecure struct {
	Allowed bool
	Pattern model.Value
	Why     Why
}

// SumDB tells about the checksum database. go asks it only for hashes that
// go.sum does not have.
type SumDB struct {
	Consulted bool
	Name      string
	URL       model.Value // where the database is asked; unless GOSUMDB gives an address, a proxy that offers to stand in goes first
	Proxied   bool        // the proxies are asked first whether they stand in for the database
	Why       Why
	Error     model.Value // what go says when GOSUMDB is unusable; empty if it is fine
	Recorded  bool        // go.sum has every hash of this version, so go does not ask
	Access    Access      // of URL
}

// VCS tells about fetching from the origin.
type VCS struct {
	Consulted bool     // some step may fetch from the origin
	Root      string   // the repository's root as a path; "" if only the server can tell
	Tool      string   // such as "git"; "" if only the server can tell
	Allowed   bool     // GOVCS allows Tool or, where that is unknown, some tool; the proxy protocol is always allowed
	Tools     []string // the tools that GOVCS allows for this module
	Why       Why
	Error     model.Value // what go says without asking the network; empty if it would ask
	// Page is the URL that go reads first to learn where the repository is; ""
	// if the module path tells it.
	Page   string
	Access Access // of Page; of the repository only the tool knows, which has settings of its own
}

// CacheState says what the module cache has of a module.
type CacheState string

const (
	CacheUnknown CacheState = ""        // it was not looked at
	CacheWhole   CacheState = "whole"   // all that a build needs
	CacheGoMod   CacheState = "go.mod"  // at least its go.mod, which is all that an indirect requirement may ever need
	CacheMissing CacheState = "missing" // something that a build needs is not there
)

// Cache tells about the module cache. What is there is not fetched.
type Cache struct {
	Dir     string // GOMODCACHE; "" if unknown
	State   CacheState
	Fetches []string // the files that may be fetched: ".mod", ".info" and ".zip"; nil if none or unknown
}

// Sum tells about go.sum. A build that may not change it (-mod=readonly, the
// default) fails when a hash it needs is missing: if both are, before it asks
// anybody; if one is, it may first fetch the file that it has the hash of.
type Sum struct {
	File     string // "" if unknown
	Known    bool   // it was read, or does not exist
	Zip      bool   // it has the hash of the module
	GoMod    bool   // it has the hash of the module's go.mod
	ReadOnly bool
	// Error is what go says in that case, as far as it is certain: the text for a
	// missing hash of the module goes on with the package that needs it. Empty
	// if nothing is missing, or if that is unknown.
	Error model.Value
}

// Route is the way of one module.
type Route struct {
	Module Module
	// Target is what is really looked up: Module or, in ModeReplace, the module
	// that replaces it.
	Target Module
	// Query reports that Target.Version is no version, but something that go
	// turns into one first, such as "latest", "v1" or a branch. It asks the same
	// servers for that, and then for the version it takes.
	Query bool
	// Dir is the replacement directory, as the replace directive writes it; ""
	// unless a directory replaces the module.
	Dir      string
	Mode     Mode
	Steps    []Step // empty when nothing is looked up
	Insecure Insecure
	SumDB    SumDB
	VCS      VCS
	Cache    Cache
	Sum      Sum
	// Error is why fetching is sure to fail, in go's own words: at once or, for
	// an unusable GOSUMDB, when a server has handed the module over and go.sum
	// does not have its hash. It does not touch what is cached already. Empty if
	// the outcome depends on what the servers answer. What go.sum lacks stands in
	// Sum.
	Error model.Value
	// Why names the setting that Error is about; zero if there is no Error or if
	// no setting is to blame.
	Why Why
	// Unknown is a sentence saying which fact is missing to be sure of the rest;
	// "" if none is.
	Unknown string
}

// vendored reports whether a build takes its dependencies from the vendor
// directory: told to by GOFLAGS or, by default, where one lies beside a go.work
// or go.mod of Go 1.14 or later.
func vendored(modFlag string, mains []*model.Module, work *model.Work) bool {
	if modFlag != "" {
		return modFlag == "vendor"
	}
	has, goLine := false, ""
	switch {
	case work != nil:
		has, goLine = work.Vendored, work.Go
	case len(mains) > 0:
		has, goLine = mains[0].Vendored, mains[0].Go
	}
	return has && goLine != "" && version.Compare("go"+goLine, "go1.14") >= 0
}

// FlagValue returns the value of a flag in GOFLAGS, split by Flags, where the last
// one counts; "" if there is none.
func FlagValue(flags []string, name string) string {
	value := ""
	for _, flag := range flags {
		if v, ok := strings.CutPrefix(strings.TrimPrefix(flag, "-"), "-"+name+"="); ok {
			value = v
		} else if v, ok := strings.CutPrefix(flag, "-"+name+"="); ok {
			value = v
		}
	}
	return value
}

// Flags splits GOFLAGS as the go command does: at white space, and a flag may
// stand in quotes as a whole. A quote that is not closed gives no flags at all.
func Flags(goflags string) (flags []string) {
	const space = " \t\n\r"
	for s := strings.TrimLeft(goflags, space); s != ""; s = strings.TrimLeft(s, space) {
		if quote := s[0]; quote == '"' || quote == '\'' {
			flag, rest, closed := strings.Cut(s[1:], string(quote))
			if !closed {
				return nil
			}
			flags, s = append(flags, flag), rest
			continue
		}
		end := strings.IndexAny(s, space)
		if end < 0 {
			end = len(s)
		}
		flags, s = append(flags, s[:end]), s[end:]
	}
	return flags
}
