package report

import (
	"runtime"
	"runtime/debug"
)

// Set by the linker in a packaged program (extension/scripts/package.mjs).
var releaseVersion, releaseCommit string

// BuildVersion says what is running: what the linker was told, else what the go
// command recorded.
func BuildVersion() Version {
	v := Version{Version: "(devel)", Commit: releaseCommit, Go: runtime.Version()}
	if releaseVersion != "" {
		v.Version = releaseVersion
		return v
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" {
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
