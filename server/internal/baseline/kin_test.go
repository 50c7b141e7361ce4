package baseline

import (
	"slices"
	"testing"
)

// TestKin has texts that go, git and C compilers print, and what is left when what is
// at fault is taken away: they tell of no family then.
func TestKin(t *testing.T) {
	for text, want := range map[string]string{
		"go: example.com/x@v1.0.0: git fetch -f origin: exit status 128:\n\tfatal: detected dubious ownership in repository": "git",
		"git@host.example: Permission denied (publickey).":                                                                   "GIT_SSH_COMMAND",
		"git: 'remote-https' is not a git command. See 'git --help'.":                                                        "PATH",
		"fatal: transport 'file' not allowed":                                                                                "GIT_ALLOW_PROTOCOL",
		"invalid flag in pkg-config --cflags: -Xpreprocessor":                                                                "CGO_CFLAGS_ALLOW",
		"go: -race requires cgo; enable cgo by setting CGO_ENABLED=1":                                                        "CGO_ENABLED",
		"/usr/bin/ld: cannot find -lfoo: No such file":                                                                       "CGO_LDFLAGS",
		"fork/exec /tmp/go-build123/b001/exe/a.out: permission denied":                                                       "TMPDIR",
		"compile: version \"go1.25.1\" does not match go tool version \"go1.26.0\"":                                          "GOROOT",
		"could not import git.corp.example/lib.git (no required module provides package \"git.corp.example/lib.git\")":       "",
		"undefined: helper":                                       "",
		"declared and not used: x":                                "",
		"cannot use x (variable of type int) as string value":     "",
		"no required module provides package example.com/digit s": "",
	} {
		about := Kin(text)
		if want == "" && about != nil || want != "" && !slices.Contains(about, want) {
			t.Errorf("%q is about %v, want %q among it", text, about, want)
		}
	}
}
