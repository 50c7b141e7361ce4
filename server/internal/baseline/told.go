package baseline

import "strings"

// AboutFact are the facts that a text of the catalogue of misconfigurations is
// about: names of variables, tools and toolchains, and kinds of facts. There may be
// several, of which one as a rule changed. nil of a text that narrows nothing down.
func AboutFact(ref string) []string { return tellsOf[ref] }

// AboutC are the facts that problems of C code are about.
var AboutC = strings.Fields("CGO_ENABLED CC CXX CGO_CFLAGS CGO_CPPFLAGS CGO_CXXFLAGS CGO_LDFLAGS PKG_CONFIG PKG_CONFIG_PATH PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR CPATH C_INCLUDE_PATH CPLUS_INCLUDE_PATH LIBRARY_PATH LD_LIBRARY_PATH SDKROOT PATH cc")

// AboutRefusal are the facts that decide who asks, where a server knows us and says
// no.
var AboutRefusal = append(strings.Fields(credentials), string(Netrc), string(Git))

const credentials = "GOAUTH NETRC HOME"

var tellsOf = func() map[string][]string {
	const (
		web     = " HTTPS_PROXY https_proxy HTTP_PROXY http_proxy NO_PROXY no_proxy"
		private = " GOPRIVATE GONOPROXY"
		cert    = " SSL_CERT_FILE SSL_CERT_DIR GOINSECURE"
		git     = " GIT_SSH_COMMAND GIT_SSH HOME GIT_CONFIG_GLOBAL XDG_CONFIG_HOME GIT_TERMINAL_PROMPT GIT_ASKPASS git"
		sums    = "GOSUMDB GONOSUMDB GOPRIVATE GOPROXY"
	)
	out := map[string][]string{}
	say := func(refs, about string) {
		for _, ref := range strings.Fields(refs) {
			out[ref] = append(out[ref], strings.Fields(about)...)
		}
	}
	kind := func(refs string, kinds ...Kind) {
		for _, ref := range strings.Fields(refs) {
			for _, k := range kinds {
				out[ref] = append(out[ref], string(k))
			}
		}
	}
	say("PX-NOENTRIES PX-EMPTYFILE PX-GOENVMISSING PX-DIRECTPLUS PX-LATERBAD PX-SCHEME PX-ABSPATH PX-WORD PX-FILEHOST PX-QUOTED PX-HTTPCRED PX-SEP", "GOPROXY GOROOT")
	say("PX-ZIP403 PX-403STOP PX-CAPTIVE PX-REDIR-DOWNGRADE PX-REDIRLOOP", "GOPROXY"+private+web)
	say("PX-HTTPONTLS PX-IMPLICITHTTPS", "GOPROXY")
	say("PX-TLS SSLFILE-MISSING IN-HOSTGLOB", "GOPROXY"+private+cert+web)
	say("HTTPPROXY-DEAD HTTPPROXY-407", web)
	say("PV-SPACE PV-APEX PV-CASE", "GOPROXY"+private)
	kind("PV-SPACE", Require)
	say("PV-NONOSUMDB SD-OFFLINE SD-PROXY403", sums)
	say("SD-OFFLINE SD-PROXY403", web)
	say("SD-HASH SD-FIELDS SD-URL SD-SYNTAX SD-EMPTY SD-WRONGKEY SD-GARBAGE SD-MISMATCH", "GOSUMDB GOROOT GOPROXY")
	say("PX-OFF-COLD", "GOPROXY GOMODCACHE GOPATH HOME GONOPROXY GOPRIVATE")
	kind("PX-OFF-COLD", Require, Vendor)
	// Of GOFLAGS, where modules are taken from matters here and nothing else.
	for _, ref := range strings.Fields("PX-OFF-COLD GS-MISSING GM-UPDATES VD-INCONSISTENT VD-MISSINGPKG VD-INSTALL WS-OFF-SIBLING GF-MODMOD-WORK") {
		out[ref] = append(out[ref], "GOFLAGS -mod")
	}
	say("AUTH-401 AUTH-NETRCPORT AUTH-NETRC-IGNORED AUTH-GOAUTH-CMD AUTH-GOAUTH-EMPTY AUTH-GOAUTH-OFF AUTH-GOAUTH-GIT", "GOPROXY "+credentials)
	kind("AUTH-401 AUTH-NETRCPORT AUTH-NETRC-IGNORED", Netrc, Git)
	say("VC-NOGIT", "PATH git")
	say("VC-NOHG", "PATH")
	say("VC-AUTH VC-SSHKEY VC-SSHHOST VC-NOREPO VC-NOMETA VC-META404 IN-GIT", "GOPROXY"+private+git)
	say("VC-AUTH VC-SSHKEY VC-NOREPO", "SSH_AUTH_SOCK") // which knows keys, and no hosts
	kind("VC-AUTH VC-NOREPO VC-NOMETA VC-META404", Netrc)
	kind("VC-AUTH VC-SSHKEY VC-SSHHOST VC-NOREPO VC-NOMETA VC-META404 IN-GIT", Git)
	say("IN-GIT IN-SLOW", "GOINSECURE GIT_SSL_NO_VERIFY GIT_SSL_CAINFO")
	say("VC-GOVCS VC-GOVCSSYNTAX", "GOVCS GOPRIVATE")
	kind("VC-PATHMISMATCH VC-NODOT", Require, Replace)
	kind("GS-MISSING GS-MISMATCH GS-MALFORMED GM-UPDATES MC-DIRMOD", Sum, Require, Replace)
	say("GS-MISSING GM-UPDATES", "GOWORK")
	say("GS-MISMATCH MC-DIRMOD", "GOMODCACHE GOPROXY")
	say("GF-UNKNOWN GF-NONFLAG GF-MODBAD GF-INSECURE GF-MODFILE", "GOFLAGS")
	say("GF-MODMOD-WORK", "GOWORK")
	kind("GF-MODMOD-WORK", Workspace)
	say("VD-INCONSISTENT VD-MISSINGPKG VD-INSTALL", "GOWORK")
	kind("VD-INCONSISTENT VD-MISSINGPKG", Vendor, Require, Replace, GoLine, Workspace, Use)
	say("WS-NOTLISTED WS-PATTERN-ROOT WS-GOWORKMISSING WS-GOWORKREL WS-USEMISSING WS-DUP WS-GOOLD WS-SYNTAX WS-OFF-SIBLING", "GOWORK")
	kind("WS-NOTLISTED WS-PATTERN-ROOT WS-GOWORKMISSING WS-USEMISSING WS-DUP WS-GOOLD WS-SYNTAX WS-OFF-SIBLING", Workspace, Use)
	kind("WS-GOOLD TC-LOCALOLD TC-AUTO-UNAVAIL TC-AUTO-NET TC-SUMOFF TC-LINE MOD-SYNTAX", GoLine)
	kind("WS-OFF-SIBLING", Require, Replace)
	kind("RP-DIR", Replace, Place)
	kind("WS-USEMISSING WS-GOWORKMISSING GF-MODFILE GR-MISSING GR-NOTROOT SSLFILE-MISSING GC-RO MC-FILE MC-RO TMP-MISSING CGO-NOCC NOMOD VD-INCONSISTENT VD-MISSINGPKG", Place)
	kind("MOD-SYNTAX TC-LINE WS-SYNTAX", Unreadable)
	kind("MOD-SYNTAX NOMOD WS-OFF-SIBLING WS-NOTLISTED", Module)
	kind("GS-MISSING GM-UPDATES PX-OFF-COLD", Exclude)
	kind("GS-MISSING GM-UPDATES MOD-SYNTAX VD-INCONSISTENT VD-MISSINGPKG WS-NOTLISTED WS-OFF-SIBLING WS-GOOLD RP-DIR", Branch)
	say("TC-LOCALOLD TC-AUTO-UNAVAIL TC-AUTO-NET TC-BADVAL TC-LANG TC-PATH", "GOTOOLCHAIN PATH GOROOT go")
	say("TC-AUTO-UNAVAIL TC-AUTO-NET", "GOPROXY"+web)
	say("TC-SUMOFF", "GOSUMDB GOTOOLCHAIN")
	say("GR-MISMATCH GR-MISSING GR-NOTROOT", "GOROOT PATH go")
	say("G111-OFF G111-BAD", "GO111MODULE")
	say("GP-EQ GP-TILDE GP-REL", "GOPATH GOROOT HOME")
	say("GB-REL", "GOBIN")
	say("GC-OFF GC-REL GC-RO", "GOCACHE HOME XDG_CACHE_HOME")
	say("HM-UNSET", "HOME XDG_CACHE_HOME GOCACHE GOPATH GOMODCACHE")
	say("MC-REL MC-FILE MC-RO", "GOMODCACHE GOPATH HOME")
	say("TMP-MISSING", "TMPDIR GOTMPDIR TMP TEMP")
	say("CGO-OFF", "CGO_ENABLED CC PATH GOOS GOARCH GOAMD64 GOARM GOARM64 GO386 GOFLAGS GOEXPERIMENT go")
	say("CGO-OFF", "cc")
	say("CGO-NOCC", strings.Join(AboutC, " "))
	say("GOOS-BAD", "GOOS GOARCH")
	say("GEXP", "GOEXPERIMENT go GODEBUG")
	kind("GEXP", Godebug)
	kind("GS-MALFORMED", Unreadable)
	return out
}()
