package report

import (
	"runtime"
	"runtime/debug"
)

// releaseVersion is set by the linker in a released program (extension/scripts/package.mjs).
var releaseVersion string

// BuildVersion says what is running: what the linker recorded.
func BuildVersion() Version {
	v := Version{Version: "(devel)", Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	switch {
	case releaseVersion != "":
		v.Version = releaseVersion
	case info.Main.Version != "":
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			v.Commit = s.Value + v.Commit
		case s.Key == "vcs.modified" && s.Value == "true":
			v.Commit += "+changes"
		}
	}
	return v
}
