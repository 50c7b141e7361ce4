package trace

import (
	"cmp"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
)

// message is one text of the catalogue: the refs that print it, the likeliest
// first, what must stand before it (if that matters), and the text with holes
// for what differs. A line break in it stands for one with any indentation.
type message struct {
	refs  string
	after kind
	text  string
}

// holes are what {name} stands for; {name:form} is a hole with the form of
// another. What is not here is any text of one line.
var holes = map[string]string{
	"url": `\S+?`, "host": `[^\s"]+?`, "module": `[^\s"@]+?`, "required": `[^\s"]+?`, "version": `[^\s"]+?`, "package": `[^\s":]+?`,
	"line": `\d+`, "variable": `[A-Z0-9_]+`, "go": `(?:go)?[0-9][0-9A-Za-z.+-]*?`, "running": `(?:go|devel )?[0-9][0-9A-Za-z.+-]*?`,
	"flag": `-[^\s]+?`, "vcs": `[a-z]+`, "platform": `[a-z0-9]+/[a-z0-9]+`, "hash": `h1:[A-Za-z0-9+/=]+`,
	// The addresses that go asks: of a module proxy, of a page of an import
	// path, of a checksum database (asked through a proxy or not).
	"proxy": `[^\s"]+?(?:/@v/[^\s"]*?|/@latest)`, "zip": `[^\s"]+?/@v/[^\s"]*?\.zip`, "broken": `[^\s"]*?(?:;|%20)[^\s"]*?/(?:@v/[^\s"]*?|@latest)`,
	"page": `https?://[^\s"]+?\?go-get=1`, "sums": `[^\s"]+?(?:/lookup/[^\s"]+?@v[^\s"]*?|/tile/\d+/[^\s"]+?|(?:/sumdb/[^\s"/]+|://sum[^\s"/]*)/latest|/sumdb/[^\s"]+?/supported)`,
	"supported": `[^\s"]+?/sumdb/[^\s"]+?/supported`, "any": `[^\s"]+?(?:/@v/[^\s"]*?|/@latest|\?go-get=1|/lookup/[^\s"]+?@v[^\s"]*?|/tile/\d+/[^\s"]+?|(?:/sumdb/[^\s"/]+|://sum[^\s"/]*)/latest|/sumdb/[^\s"]+?/supported)`,
	"plain":   `http://[^\s"]+?(?:/@v/[^\s"]*?|/@latest)`,
	"refusal": `(?:4(?:00|02|03|05|06|07|08|09|1[1-9]|[2-9]\d)|5\d\d)(?: [\w' -]+)?`, "absent": `(?:404|410)(?: [\w' -]+)?`,
	// What the network does instead of answering.
	"fault": `(?:dial tcp.*|read tcp.*|write tcp.*|net/http: .*|context deadline exceeded.*|i/o timeout|EOF|unexpected EOF|connection reset by peer|http2: .*)`,
	"std":   `(?:bufio|bytes|context|errors|flag|fmt|io|log|math|net|net/http|os|path|path/filepath|reflect|regexp|runtime|sort|strconv|strings|sync|syscall|testing|time|unicode|unsafe)`,
	// Forms that several holes share, or that only one text has.
	"rest": `.+?`, "maybe": `.*?`, "path": `[^"]+?`, "what": `(?:module )?[^\s:]+?`, "directplus": `(?:direct|off)\+.*?`, "abspath": `(?:/|[A-Za-z]:[\\/]).*?`,
	"quoted":    `(?:\\"|').*?`,
	"urlfault":  `(?:first path segment in URL cannot contain colon|invalid .*|missing protocol scheme|net/url: .*)`,
	"forbidden": `403(?: [\w' -]+)?`, "unauthorized": `401(?: [\w' -]+)?`, "badrequest": `400(?: [\w' -]+)?`, "anystatus": `[45]\d\d(?: [\w' -]+)?`,
	"dotted":     `[^\s"@:]+\.[^\s"@:]+?`,
	"credential": `Username|Password`,
	"noterminal": `terminal prompts disabled|No such device or address|Device not configured|Input/output error`,
	"publickey":  `[\w,-]*publickey[\w,-]*`, "scope": `public|private`, "sumfile": `[^\s"]*go(?:\.work)?\.sum`, "spacedhash": ` *h1:[A-Za-z0-9+/=]+`,
	"mode": `[^\s"';]+`, "modfile": `[^\s:"]*\.mod`, "workfile": `[^\s:"]*\.work`, "versionline": `invalid (?:go|toolchain) version '[^']*'`,
	"verb": `lists|implicitly requires`, "modorsum": `go\.mod|go\.sum|go\.work|go\.work\.sum`,
	"denied":  `.*(?:permission denied|read-only file system|Access is denied\.)`,
	"nothtml": `(?:unexpected input character|unknown directive: <|unknown directive: !).*`,
	"nodir":   `(?:stat|mkdir|open) .*`,
}

// messages are all texts, those that tell more before those that tell less.
var messages = []message{
	// The list of proxies.
	{"PX-NOENTRIES PX-EMPTYFILE PX-GOENVMISSING", 0, `GOPROXY list is not the empty string, but contains no entries`},
	{"PX-DIRECTPLUS PX-LATERBAD", 0, `invalid proxy URL scheme (must be https, http, file): {url:directplus}`},
	{"PX-SCHEME PX-LATERBAD", 0, `invalid proxy URL scheme (must be https, http, file): {url:rest}`},
	{"PX-ABSPATH PX-LATERBAD", 0, `invalid proxy URL missing scheme: {value:abspath}`},
	{"PX-WORD PX-LATERBAD", 0, `invalid proxy URL missing scheme: {value}`},
	{"PX-FILEHOST PX-LATERBAD", 0, `invalid file:// proxy URL with non-path elements: {url:rest}`},
	{"PX-QUOTED PX-LATERBAD", 0, `parse "{value:quoted}": {problem:urlfault}`},
	{"PX-HTTPCRED", 0, `refusing to pass credentials to insecure URL: {url:rest}`},

	// What proxies answer.
	{"PX-SEP", 0, `reading {url:broken}: {status:absent}`},
	{"PX-ZIP403 PX-403STOP", 0, `reading {url:zip}: {status:forbidden}`},
	{"AUTH-401 AUTH-NETRCPORT AUTH-NETRC-IGNORED AUTH-GOAUTH-CMD", 0, `reading {url:any}: {status:unauthorized}`},
	{"SD-PROXY403", 0, `reading {url:supported}: {status:refusal}`},
	{"PX-HTTPONTLS PX-403STOP", 0, `reading {url:plain}: {status:badrequest}`},
	{"PX-403STOP", 0, `reading {url:proxy}: {status:refusal}`},
	{"PV-SPACE PV-APEX PV-CASE", 0, `reading {url:proxy}: {status:absent}`},
	{"PV-NONOSUMDB", 0, `reading {url:sums}: {status:absent}`},
	{"SD-OFFLINE", 0, `reading {url:sums}: {status:refusal}`},
	{"PX-CAPTIVE", 0, `parsing go.mod: missing module line`},
	{"PX-CAPTIVE", 0, `parsing go.mod: go.mod:{line}: {problem:nothtml}`},
	{"PX-CAPTIVE", 0, `invalid response from proxy "{url}": {problem}`},

	// What becomes of a request instead of an answer.
	{"HTTPPROXY-DEAD", 0, `Get "{url:any}": proxyconnect tcp: {problem}`},
	{"HTTPPROXY-407", 0, `Get "{url:any}": Proxy Authentication Required`},
	{"PX-IMPLICITHTTPS", 0, `Get "{url:proxy}": http: server gave HTTP response to HTTPS client`},
	{"PX-TLS SSLFILE-MISSING IN-HOSTGLOB PX-IMPLICITHTTPS", 0, `Get "{url:proxy}": tls: failed to verify certificate: {problem}`},
	{"PX-TLS", 0, `Get "{url:proxy}": tls: {problem}`},
	{"PX-TLS", 0, `Get "{url:proxy}": remote error: tls: {problem}`},
	{"SSLFILE-MISSING", 0, `Get "{url:any}": tls: failed to verify certificate: {problem}`},
	{"PX-REDIR-DOWNGRADE", 0, `Get "{url:path}": redirected from secure URL {from:url} to insecure URL {to:url}`},
	{"PX-REDIR-DOWNGRADE", 0, `redirected from secure URL {from:url} to insecure URL {to:url}`},
	{"PX-REDIRLOOP", 0, `Get "{url:any}": stopped after 10 redirects`},
	{"PX-REDIRLOOP", afterModule, `Get "{url:path}": stopped after 10 redirects`}, // wherever the last one led
	{"PX-403STOP", 0, `Get "{url:proxy}": {problem:fault}`},
	{"SD-OFFLINE", 0, `Get "{url:sums}": {problem:fault}`},

	// Modules that are not there and may not be fetched.
	{"PX-OFF-COLD", 0, `module lookup disabled by GOPROXY=off`},
	{"PX-OFF-COLD", 0, `cannot find module providing package {package}: module lookup disabled by GOPROXY=off`},
	{"PX-OFF-COLD", 0, `{module:dotted}@{version} has not been downloaded`},

	// Credentials.
	{"AUTH-GOAUTH-EMPTY", 0, `GOAUTH encountered an empty command (GOAUTH={value})`},
	{"AUTH-GOAUTH-OFF", 0, `GOAUTH=off cannot be combined with other authentication commands (GOAUTH={value})`},
	{"AUTH-GOAUTH-GIT", 0, `GOAUTH=git dir method requires an absolute path to the git working directory{problem:maybe}`},
	{"AUTH-GOAUTH-GIT", 0, `GOAUTH=git encountered an error; cannot stat {dir}: {problem}`},
	{"AUTH-GOAUTH-CMD", 0, `GOAUTH={value}: could not run command {command}: {problem}`},
	{"AUTH-GOAUTH-CMD", 0, `GOAUTH={value}: cannot parse output of GOAUTH command {command}: {problem}`},

	// Version control.
	{"VC-NOGIT", 0, `unable to resolve git version: failed to execute git version: exec: "git": executable file not found in {variable:path}`},
	{"VC-NOGIT", 0, `git {command}: exec: "git": executable file not found in {variable:path}`},
	{"VC-NOGIT", 0, `missing Git command. See {url}`},
	{"VC-NOHG", 0, `missing Mercurial command. See {url}`},
	{"VC-NOHG", 0, `hg {command}: exec: "hg": executable file not found in {variable:path}`},
	{"VC-AUTH", afterGit, `could not read {value:credential} for '{url}': {problem:noterminal}`},
	{"VC-AUTH", afterGit, `Authentication failed for '{url}'`},
	{"IN-GIT", afterGit, `unable to access '{url}': server certificate verification failed.{problem:maybe}`},
	{"IN-GIT", afterGit, `unable to access '{url}': SSL certificate problem: {problem}`},
	{"VC-SSHKEY", 0, `Permission denied ({value:publickey}).`},
	{"VC-SSHHOST", 0, `Host key verification failed.`},
	{"VC-NOREPO", 0, `ERROR: Repository not found.`}, // over ssh; so servers call one that one may not see, too
	{"VC-NOREPO", afterGit, `'{path}' does not appear to be a git repository`},
	{"VC-NOMETA", 0, `unrecognized import path "{package:path}": parse {url:page}: no go-import meta tags ({problem:maybe})`},
	{"AUTH-401", 0, `unrecognized import path "{package:path}": reading {url:page}: {status:unauthorized}`},
	{"VC-META404", 0, `unrecognized import path "{package:path}": reading {url:page}: {status:anystatus}`},
	{"HTTPPROXY-DEAD", 0, `unrecognized import path "{package:path}": https fetch: Get "{url:page}": proxyconnect tcp: {problem}`},
	{"SSLFILE-MISSING", 0, `unrecognized import path "{package:path}": https fetch: Get "{url:page}": tls: failed to verify certificate: {problem}`},
	{"IN-SLOW", 0, `# get {url:page}: Get "{same:page}": {problem:rest} (Client.Timeout exceeded while awaiting headers)`}, // only what GOINSECURE matches has a limit
	{"VC-GOVCS", 0, `GOVCS disallows using {vcs} for {value:scope} {module}; see 'go help vcs'`},
	{"VC-GOVCSSYNTAX", 0, `malformed entry in GOVCS (missing colon): {value}`},
	{"VC-GOVCSSYNTAX", 0, `empty entry in GOVCS`},
	{"VC-GOVCSSYNTAX", 0, `empty pattern in GOVCS: {value}`},
	{"VC-GOVCSSYNTAX", 0, `empty VCS list in GOVCS: {value}`},
	{"VC-GOVCSSYNTAX", 0, `empty VCS name in GOVCS: {value}`},
	{"VC-GOVCSSYNTAX", 0, `relative pattern not allowed in GOVCS: {value}`},
	{"VC-GOVCSSYNTAX", 0, `unreachable pattern in GOVCS: {value}`},
	{"VC-PATHMISMATCH", 0, "module declares its path as: {module}\nbut was required as: {required}"},
	{"VC-NODOT", 0, `malformed module path "{module:path}": missing dot in first path element`},

	// The checksum database and go.sum.
	{"SD-HASH", 0, `invalid GOSUMDB: invalid verifier hash`},
	{"SD-FIELDS", 0, `invalid GOSUMDB: too many fields`},
	{"SD-URL", 0, `invalid GOSUMDB URL: {problem}`},
	{"SD-SYNTAX", 0, `invalid GOSUMDB: {problem}`},
	{"SD-SYNTAX", 0, `invalid sumdb name (must be host[/path]): {value}`},
	{"SD-EMPTY", 0, `missing GOSUMDB`},
	{"SD-WRONGKEY", 0, `reading tree note: note has no verifiable signatures`},
	{"SD-WRONGKEY", 0, `note has no verifiable signatures`},
	{"SD-GARBAGE", 0, `malformed record data`},
	{"GS-MISMATCH", 0, "checksum mismatch\ndownloaded: {hash}\n{file:sumfile}: {recorded:spacedhash}"},
	{"SD-MISMATCH", 0, "checksum mismatch\ndownloaded: {hash}\n{host}: {recorded:spacedhash}"},
	{"GS-MISMATCH SD-MISMATCH", 0, `checksum mismatch`},
	{"GS-MISSING", 0, `missing go.sum entry for go.mod file; to add it:`},
	{"GS-MISSING", 0, `missing go.sum entry for go.mod file`},
	{"GS-MISSING", 0, `missing go.sum entry for module providing package {package} (imported by {importer}); to add:`},
	{"GS-MISSING", 0, `missing go.sum entry for module providing package {package}; to add:`},
	{"GS-MISSING", 0, `missing go.sum entry for module providing package {package}`},
	{"GS-MISSING", 0, `missing go.sum entry needed to verify package {package} is provided by exactly one module; to add:`},
	{"GS-MISSING", 0, `missing go.sum entry needed to verify package {package} (imported by {importer}) is provided by exactly one module; to add:`},
	{"GS-MALFORMED", 0, "malformed go.sum:\n{file}:{line}: wrong number of fields {count}"},
	{"GM-UPDATES", 0, `updates to go.mod needed; to update it:`},
	{"GM-UPDATES", 0, `updates to go.mod needed, disabled by -mod={value:mode}`},
	{"GM-UPDATES", 0, `updates to go.mod needed, disabled by -mod={value:mode}; to update it:`},
	{"GM-UPDATES", 0, `updates to go.mod needed`},
	{"GS-MISSING GM-UPDATES", 0, `updates to go.sum needed, disabled by -mod=readonly`},
	{"MC-DIRMOD", afterModule, `dir has been modified ({dir})`},
	{"MC-DIRMOD", afterModule, `zip has been modified ({file})`},

	// The file of go env -w.
	{"EN-SHADOW", 0, `go env -w {variable}=... does not override conflicting OS environment variable`},
	{"EN-UNREADABLE", 0, `reading go env config: {problem}`},
	{"EN-GOWORKFILE", afterGo, `GOWORK cannot be modified`},

	// GOFLAGS.
	{"GF-UNKNOWN", 0, `parsing $GOFLAGS: unknown flag {flag}`},
	{"GF-NONFLAG", 0, `parsing $GOFLAGS: non-flag {value}`},
	{"GF-NONFLAG", 0, `parsing $GOFLAGS: {problem}`},
	{"GF-MODBAD", 0, `-mod={value:mode} not supported (can be '', 'mod', 'readonly', or 'vendor')`},
	{"GF-MODBAD", 0, `flag needs an argument: {flag} (from $GOFLAGS)`},
	{"GF-INSECURE", 0, `-insecure flag is no longer supported; use GOINSECURE instead`},
	{"GF-MODMOD-WORK", 0, `-mod may only be set to readonly or vendor when in workspace mode, but it is set to "{value:mode}"`},
	{"GF-MODFILE", afterGo, `open {file:modfile}: no such file or directory`},
	{"GF-MODFILE", 0, `-modfile={file}: file does not have .mod extension`},
	{"GF-MODFILE", 0, `-modfile cannot be used in workspace mode`},
	{"GF-MODFILE", 0, `-modfile cannot be used with commands that ignore the current module`},
	{"GF-MODFILE", 0, `cannot find main module, but -modfile was set.`},

	// Vendor directories.
	{"VD-INCONSISTENT", 0, `inconsistent vendoring in {dir}:`},
	{"VD-INCONSISTENT", 0, `Inconsistent vendoring detected. Please re-run "go mod vendor".`},
	{"VD-MISSINGPKG", 0, `cannot find module providing package {package}: import lookup disabled by -mod=vendor`},
	{"VD-MISSINGPKG", 0, `import lookup disabled by -mod=vendor`},
	{"VD-INSTALL", 0, `cannot query module due to -mod=vendor`},

	// Workspaces.
	{"WS-NOTLISTED", 0, `current directory is contained in a module that is not one of the workspace modules listed in go.work. You can add the module to the workspace using:`},
	{"WS-NOTLISTED", 0, `directory {dir} is contained in a module that is not one of the workspace modules listed in go.work. You can add the module to the workspace using:`},
	{"WS-NOTLISTED", 0, `directory {dir} outside modules listed in go.work or their selected dependencies`},
	{"WS-NOTLISTED WS-PATTERN-ROOT", 0, `pattern {value}: directory prefix {dir} does not contain modules listed in go.work or their selected dependencies`},
	{"WS-GOWORKMISSING", 0, `reading go.work: open {file}: {problem}`},
	{"WS-GOWORKREL", 0, `invalid GOWORK: not an absolute path`},
	{"WS-USEMISSING", 0, `cannot load module {dir} listed in go.work file: open {file}: {problem}`},
	{"WS-USEMISSING", afterGoWork, `directory {dir} does not contain a module`},
	{"WS-DUP", afterGoWork, `path {dir} appears multiple times in workspace`},
	{"WS-GOOLD", 0, `module {module} listed in go.work file requires go >= {go}, but go.work {verb:verb} go {running}; to update it:`},
	{"TC-LINE", afterGoWork, `{what:versionline}: must match format {format}`},
	{"WS-SYNTAX", afterGoWork, `unknown directive: {value}`},
	{"WS-SYNTAX", 0, "errors parsing {file:workfile}:\n{problem}"},
	{"WS-OFF-SIBLING", 0, `no required module provides package {package}; to add it:`},

	// go.mod.
	{"TC-LINE", 0, "errors parsing {file:modfile}:\n{position}:{line}: {what:versionline}: must match format {format}"},
	{"TC-LINE", afterGoMod, `{what:versionline}: must match format {format}`},
	{"MOD-SYNTAX", 0, "errors parsing {file:modfile}:\n{position}:{line}: {problem}"},
	{"MOD-SYNTAX", 0, "errors parsing {file:modfile}:\n{problem}"},
	{"MOD-SYNTAX", afterGoMod, `unknown directive: {value}`},
	{"MOD-SYNTAX", 0, `error reading {file:modfile}: missing module declaration. To specify the module path:`},
	{"MOD-SYNTAX", 0, `error reading {file:modfile}: invalid module path: {value}`},
	{"RP-DIR", 0, `replacement directory {dir} does not exist`},
	{"RP-DIR", afterReplaced, `reading {file}: open {path}: no such file or directory`},
	{"NOMOD", 0, `go.mod file not found in current directory or any parent directory; see 'go help modules'`},
	{"NOMOD", 0, `go.mod file not found in current directory or any parent directory.`},
	{"NOMOD", 0, `pattern {value}: directory prefix {dir} does not contain main module or its selected dependencies`},
	{"NOMOD", 0, `cannot find main module, but found {file} in {dir}`},
	{"MOD-INTMP", 0, `ignoring go.mod in system temp root {dir}`},
	{"GP-MOD", 0, `ignoring go.mod in $GOPATH {dir}`},

	// Toolchains and GOROOT.
	{"TC-LOCALOLD", 0, `{what} requires go >= {go} (running go {running}; GOTOOLCHAIN={value})`},
	{"TC-LOCALOLD", 0, `{what} requires go >= {go} (running go {running})`},
	{"TC-LOCALOLD", 0, `{what} requires go >= {go} (running go {running}; {file} sets {value})`},
	{"TC-AUTO-UNAVAIL", 0, `download {go} for {platform}: toolchain not available`},
	{"TC-SUMOFF", 0, `download {go}: golang.org/toolchain@{version}: verifying module: checksum database disabled by GOSUMDB=off`},
	{"TC-SUMOFF", 0, `download {go}: golang.org/toolchain@{version}: verifying module: invalid GOSUMDB: {problem}`},
	{"TC-AUTO-NET", 0, `download {go}: golang.org/toolchain@{version}: {problem}`},
	{"TC-SUMOFF", 0, `checksum database disabled by GOSUMDB=off`},
	{"TC-BADVAL", 0, `invalid GOTOOLCHAIN "{value:path}"{problem:maybe}`},
	{"TC-LANG", 0, `invalid toolchain: {go} is a language version but not a toolchain version ({value})`},
	{"TC-PATH", 0, `cannot find "{go}" in PATH`},
	{"GR-MISMATCH", afterTool, `version "{go}" does not match go tool version "{running}"`},
	{"GR-MISSING", 0, `cannot find GOROOT directory: {dir}`},
	{"GR-NOTROOT", 0, `package {package:std} is not in std ({dir})`},
	{"GR-NOTROOT", 0, `package {package:std} is not in GOROOT ({dir})`},
	{"G111-OFF", 0, `cannot find package "{package:path}" in any of:`},
	{"G111-OFF", 0, `cannot find package "{package:path}" in GOROOT`},
	{"G111-OFF", 0, `modules disabled by GO111MODULE=off; see 'go help modules'`},
	{"G111-BAD", 0, `unknown environment setting GO111MODULE={value}`},

	// Directories.
	{"GP-EQ", 0, `both GOPATH and GOROOT are the same directory ({dir}); see {url}`},
	{"GP-TILDE", 0, `GOPATH entry cannot start with shell metacharacter '~': {value}`},
	{"GP-REL", 0, `GOPATH entry is relative; must be absolute path: {value}`},
	{"GB-REL", 0, `cannot install, GOBIN must be an absolute path`},
	{"GC-OFF", 0, `build cache is disabled by GOCACHE=off, but required as of Go 1.12`},
	{"GC-REL", 0, `build cache is required, but could not be located: GOCACHE is not an absolute path`},
	{"GC-RO", 0, `failed to initialize build cache at {dir}: {problem}`},
	{"HM-UNSET", 0, `build cache is required, but could not be located: GOCACHE is not defined and {problem}`},
	{"HM-UNSET", 0, `module cache not found: neither GOMODCACHE nor GOPATH is set`},
	{"MC-REL", 0, `GOMODCACHE entry is relative; must be absolute path: {value}`},
	{"MC-FILE", 0, `could not create module cache: {dir} is not a directory`},
	{"MC-RO", 0, `could not create module cache: {problem}`},
	{"TMP-MISSING", 0, `creating work dir: {problem:nodir}`},

	// Building.
	{"CGO-OFF", 0, `build constraints exclude all Go files in {dir}`},
	{"CGO-NOCC", afterTool, `C compiler "{value:path}" not found: exec: {problem}`},
	{"GOOS-BAD", 0, `unsupported GOOS/GOARCH pair {platform:rest}`},
	{"GEXP", 0, `unknown GOEXPERIMENT {value}`},
	{"GEXP", afterGoMod, `unknown godebug {value}`},
	{"GEXP", afterGoWork, `unknown godebug {value}`},
	{"PERM-MOD", 0, `updating {file:modorsum}: open {path}: {problem:denied}`},
	{"PERM-MOD", 0, `updating {file:modorsum}: {problem:denied}`},
}

// pattern is a message, ready to be looked for.
type pattern struct {
	refs  []string
	after kind
	pairs []pair // in all first lines that it is, the rarest first
	rare  pair   // that one
	more  int    // lines after the first
	make  func() *matcher
	once  sync.Once
	made  *matcher
}

// matcher is what a text must be.
func (p *pattern) matcher() *matcher {
	p.once.Do(func() { p.made = p.make() })
	return p.made
}

// index finds what can be at a place of a line: by the first word there, and
// what begins with something that differs in open.
type index struct {
	byWord [256][]*entry // by the buckets of the words
	open   entry
}

// entry is what begins with the same word, in the order in which it is tried.
type entry struct {
	word     string
	patterns []*pattern
	words    []word
	forms    []*form
}

// nothing begins with an unknown word.
var nothing entry

// of returns what begins with a word.
func (x *index) of(word string) *entry {
	for _, e := range x.byWord[bucket(word)] {
		if e.word == word {
			return e
		}
	}
	return &nothing
}

// bucket tells most words apart.
func bucket(word string) byte {
	if word == "" {
		return 0
	}
	return word[0] + word[len(word)/2]<<2 + word[len(word)-1]<<4 + byte(len(word))
}

// make returns what begins with a word, to be added to; "" is for what begins
// with anything.
func (x *index) make(word string) *entry {
	if word == "" {
		return &x.open
	}
	e := x.of(word)
	if e == &nothing {
		e = &entry{word: word}
		x.byWord[bucket(word)] = append(x.byWord[bucket(word)], e)
	}
	return e
}

// each calls f with all entries.
func (x *index) each(f func(*entry)) {
	f(&x.open)
	for _, bucket := range x.byWord {
		for _, e := range bucket {
			f(e)
		}
	}
}

// firstWord is the first of a text, without a colon after it; before says that
// the colon ends what stands before a message.
func firstWord(text string) (word string, before bool) {
	i := strings.IndexByte(text, ' ')
	if i >= 0 {
		text = text[:i]
	}
	word, colon := strings.CutSuffix(text, ":")
	return word, colon && i >= 0
}

// catalogue is made when it is first needed, and each expression when a text
// may be it: most runs of the program read nothing.
var catalogue = sync.OnceValue(func() *index {
	x := &index{}
	var common [allPairs]int
	for _, m := range messages {
		p := m.pattern()
		for _, pair := range p.pairs {
			common[pair]++
		}
		e := x.make(m.word())
		e.patterns = append(e.patterns, p)
	}
	x.each(func(e *entry) {
		for _, p := range e.patterns {
			slices.SortFunc(p.pairs, func(a, b pair) int { return cmp.Or(common[a]-common[b], int(a)-int(b)) })
			p.pairs = slices.Compact(p.pairs)
			p.rare = p.pairs[0]
		}
	})
	for text, kind := range words { // in any order: a part is one of them at most
		first, _ := firstWord(text)
		e := x.make(first)
		e.words = append(e.words, word{text, kind})
	}
	for _, f := range allForms() {
		e := x.make(f.word())
		e.forms = append(e.forms, f)
	}
	return x
})

var hole = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{(\w+)(?::(\w+))?\}`) })

// pattern makes the pattern of m.
func (m message) pattern() *pattern {
	p := &pattern{refs: strings.Fields(m.refs), after: m.after, more: strings.Count(m.text, "\n"), make: m.expression}
	first, _, _ := strings.Cut(m.text, "\n")
	end := 0
	for _, at := range hole().FindAllStringSubmatchIndex(first, -1) {
		p.pairs = append(p.pairs, pairsOf(first[end:at[0]])...)
		p.pairs = append(p.pairs, holePairs()[m.form(at)]...)
		end = at[1]
	}
	p.pairs = append(p.pairs, pairsOf(first[end:])...)
	return p
}

// holePairs are the pairs in all that a hole stands for.
var holePairs = sync.OnceValue(func() map[string][]pair {
	out := map[string][]pair{}
	for form, expr := range holes {
		tree, err := syntax.Parse(expr, syntax.Perl)
		if err != nil {
			panic(err) // the expressions are constants
		}
		out[form] = literalPairs(tree)
	}
	return out
})

// literalPairs are the pairs in all that an expression finds.
func literalPairs(re *syntax.Regexp) (out []pair) {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 {
			return pairsOf(string(re.Rune))
		}
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			out = append(out, literalPairs(sub)...)
		}
	case syntax.OpPlus:
		return literalPairs(re.Sub[0])
	}
	return out
}

// expression is what a text must be, from its start to its end.
func (m message) expression() *matcher {
	var expr strings.Builder
	expr.WriteString(`^`)
	end := 0
	for _, at := range hole().FindAllStringSubmatchIndex(m.text, -1) {
		expr.WriteString(regexp.QuoteMeta(m.text[end:at[0]]))
		name := m.text[at[2]:at[3]]
		what, ok := holes[m.form(at)]
		if !ok {
			what = `.+?`
		}
		expr.WriteString(`(?P<` + name + `>` + what + `)`)
		end = at[1]
	}
	expr.WriteString(regexp.QuoteMeta(m.text[end:]) + `$`)
	return newMatcher(expr.String())
}

// form is the name of the form of a hole of m, at the places that hole found.
func (m message) form(at []int) string {
	if at[4] >= 0 {
		return m.text[at[4]:at[5]]
	}
	return m.text[at[2]:at[3]]
}

// word is the one that a message is found by: its first, even if it is that of
// all that its first hole stands for; "" if that differs.
func (m message) word() string {
	text, _, _ := strings.Cut(m.text, "\n")
	if at := hole().FindStringSubmatchIndex(text); at != nil && at[0] == 0 {
		text, _ = regexp.MustCompile(holes[m.form(at)]).LiteralPrefix()
		if !strings.Contains(text, " ") {
			return "" // the word may go on
		}
	}
	if word, _ := firstWord(text); !strings.ContainsRune(word, '{') {
		return word
	}
	return ""
}
