package rules

import (
	"strings"

	"golang.org/x/mod/semver"
)

// goplsRelease is what one minor release of gopls works with.
type goplsRelease struct {
	gopls string // such as "v0.21"
	// build is the oldest Go that can build it, from its go.mod.
	build string
	// runs is the oldest go command that it works with: below, it warns or
	// fails, or its packages need commands that this go does not have.
	runs string
	// tested is the oldest go command of those it was tested with: "the two
	// latest" at the time of its release, by policy.
	tested string
}

// goplsReleases are the releases by age. Sources: the go directives of
// gopls/go.mod at the release tags, the table of gopls/internal/util/goversion
// (which warns for Go 1.20 and older), the release notes, and for the policy
// gopls/doc/index.md together with the dates of both projects' releases.
var goplsReleases = []goplsRelease{
	{"v0.11", "go1.18", "go1.16", "go1.16"},
	{"v0.12", "go1.18", "go1.18", "go1.18"},
	{"v0.13", "go1.18", "go1.18", "go1.18"},
	{"v0.14", "go1.18", "go1.18", "go1.18"},
	{"v0.15", "go1.18", "go1.19", "go1.19"},
	{"v0.16", "go1.19", "go1.19", "go1.21"},
	{"v0.17", "go1.23.1", "go1.21", "go1.21"},
	{"v0.18", "go1.23.4", "go1.21", "go1.23"},
	{"v0.19", "go1.24.2", "go1.21", "go1.23"},
	{"v0.20", "go1.24.2", "go1.21", "go1.23"},
	{"v0.21", "go1.25", "go1.21", "go1.24"},
	{"v0.22", "go1.26.0", "go1.21", "go1.25"},
	{"v0.23", "go1.26.0", "go1.21", "go1.25"},
}

// goplsReleaseOf finds the release that a version belongs to. A version that
// is newer than the table, or a development build, is not known.
func goplsReleaseOf(version string) (goplsRelease, bool) {
	if !semver.IsValid(version) || strings.HasPrefix(semver.Prerelease(version), "-0.") {
		return goplsRelease{}, false
	}
	for _, r := range goplsReleases {
		if semver.MajorMinor(version) == r.gopls {
			return r, true
		}
	}
	return goplsRelease{}, false
}
