package model

import "strings"

// goVariables are the names that the go command reads from the GOENV file and
// from GOROOT/go.env as well as from the process environment. Source:
// internal/cfg.KnownEnv of Go 1.26; a test compares it with the installed Go.
var goVariables = func() map[string]bool {
	m := map[string]bool{}
	for name := range strings.FieldsSeq(`
		AR CC CGO_CFLAGS CGO_CFLAGS_ALLOW CGO_CFLAGS_DISALLOW CGO_CPPFLAGS CGO_CPPFLAGS_ALLOW CGO_CPPFLAGS_DISALLOW
		CGO_CXXFLAGS CGO_CXXFLAGS_ALLOW CGO_CXXFLAGS_DISALLOW CGO_ENABLED CGO_FFLAGS CGO_FFLAGS_ALLOW CGO_FFLAGS_DISALLOW CGO_LDFLAGS
		CGO_LDFLAGS_ALLOW CGO_LDFLAGS_DISALLOW CXX FC GCCGO GO111MODULE GO386 GOAMD64
		GOARCH GOARM GOARM64 GOAUTH GOBIN GOCACHE GOCACHEPROG GOENV
		GOEXE GOEXPERIMENT GOFIPS140 GOFLAGS GOGCCFLAGS GOHOSTARCH GOHOSTOS GOINSECURE
		GOMIPS GOMIPS64 GOMODCACHE GONOPROXY GONOSUMDB GOOS GOPATH GOPPC64
		GOPRIVATE GOPROXY GORISCV64 GOROOT GOSUMDB GOTMPDIR GOTOOLCHAIN GOTOOLDIR
		GOVCS GOWASM GOWORK GO_EXTLINK_ENABLED PKG_CONFIG
	`) {
		m[name] = true
	}
	return m
}()

// IsGoVariable reports whether the go command also reads name from its files.
func IsGoVariable(name string) bool { return goVariables[name] }

// keptNames are the variables without a GO or CGO_ prefix that can change what
// the go command does. Compared without regard to case: proxies come in both.
var keptNames = func() map[string]bool {
	m := map[string]bool{}
	for name := range strings.FieldsSeq(`
		AR CC CXX FC GCCGO PKG_CONFIG PATH HOME USERPROFILE APPDATA LOCALAPPDATA SHELL TMPDIR
		HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY REQUEST_METHOD NETRC CPATH C_INCLUDE_PATH CPLUS_INCLUDE_PATH
		LIBRARY_PATH LD_LIBRARY_PATH SDKROOT MACOSX_DEPLOYMENT_TARGET SSH_AUTH_SOCK
		DIRENV_DIR VSCODE_PID VSCODE_CWD
	`) {
		m[name] = true
	}
	return m
}()

// Kept reports whether a variable may be kept at all: the allow-list of the
// product. Everything else is dropped where it is read.
func Kept(name string) bool {
	upper := strings.ToUpper(name)
	for _, prefix := range []string{"GO", "CGO_", "GIT_", "SSL_CERT_", "XDG_", "PKG_CONFIG_"} {
		if strings.HasPrefix(upper, prefix) {
			return !strings.HasPrefix(upper, "GOOGLE")
		}
	}
	return keptNames[upper]
}
