//go:build unix

package cli

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// newFourthPasts has a module that needs a newer one of another, and knows more places.
func newFourthPasts(t *testing.T) *pasts {
	t.Helper()
	w := newThirdPasts(t)
	w.serveFiles(t, "example.com/plug", "v1.0.0", "require example.com/codec v1.1.0\n", map[string]string{"plug.go": "package plug\n\nimport \"example.com/codec\"\n\nfunc Plug() int { return codec.Marshal() }\n"})
	out, err := exec.Command(w.tools["go"], "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	tunnel := w.more[slices.Index(w.more, "{tunnel}")+1]
	w.more = append(w.more, "{goroot}", strings.TrimSpace(string(out)), "{proxydir}", w.lab.Proxy, "{tunnelhost}", strings.TrimPrefix(tunnel, "http://"))
	return w
}

// made is a folder that was not there.
func made(folder string, files ...change) change {
	return change{folder + " made", func(m *past) func() {
		m.apply(files...)
		return func() { _ = os.RemoveAll(m.at(folder)) }
	}}
}

var (
	// what puts the variables of a project into the environment
	mise = only(
		file("home/.local/bin/mise", "#!/bin/sh\n[ -f mise.toml ] && sed -n \"s/^\\([A-Z0-9_]*\\) = \\\"\\(.*\\)\\\"\\$/export \\1='\\2'/p\" mise.toml\n"),
		file("ws/mise.toml", "[tools]\ngo = \"1.26\"\n\n[env]\nAPP_PORT = \"8080\"\n"), bash(`eval "$("$HOME/.local/bin/mise" env)"`),
	)
	miseTags  = and(tagged, mise, only(line("ws/mise.toml", "", "GOFLAGS = \"-tags=corp\"")))
	envrc     = sourced("ws/.envrc", "export APP_PORT=8080\n")
	dotenv    = only(file("ws/.env", "APP_PORT=8080\n"), bash(`set -a; . "{ws}/.env"; set +a`))
	parts     = only(file("home/.bashrc.d/10-less.sh", "export LESS=-R\n"), bash(`for f in "$HOME"/.bashrc.d/*.sh; do . "$f"; done`))
	team      = only(file("home/team.sh", "export GOFLAGS=-trimpath\nexport APP_TEAM=blue\n"), bash(`. "$HOME/team.sh"`))
	bothGos   = only(patch[0], file("home/usr/bin/go", oldGo), file("home/sdk/go/bin/go", sameGo), bash(`export PATH="$HOME/usr/bin:$PATH"`), bash(`export PATH="$HOME/sdk/go/bin:$PATH"`))
	gvm       = only(patch[0], file("home/.gvm/gos/go1.26/bin/go", sameGo), file("home/.gvm/gos/go1.20/bin/go", oldGo), sourced("home/.gvm/environments/default", "export GVM_ROOT=\"$HOME/.gvm\"\nexport gvm_go_name=\"go1.26\"\nexport PATH=\"$HOME/.gvm/gos/$gvm_go_name/bin:$PATH\"\n"))
	justGo    = file("home/just/go", sameGo)
	program   = only(gone("ws/app.go"), file("ws/main.go", "package main\n\nimport \"example.com/greet\"\n\nfunc main() { println(greet.Hello()) }\n"))
	inURL     = and(corpTLS, only(gone("home/.netrc"), setting("GOPROXY", "https://gopher:sesame@{tlshost}")))
	helper    = and(corpTLS, only(gone("home/.netrc"), line("home/.gitconfig", "", "[credential]\n\thelper = \"!f() { echo username=gopher; echo password=sesame; }; f\""), setting("GOAUTH", "git {home}")))
	copied    = only(linked("home/goproxy", "{proxydir}"), setting("GOPROXY", "file://{home}/goproxy"))
	withKey   = and(bySSH, only(file("home/.ssh/id_ed25519", "a key\n"), file("home/keys/ssh", "#!/bin/sh\n[ -f \"$HOME/.ssh/id_ed25519\" ] || { echo 'git@git.corp.example: Permission denied (publickey).' >&2; exit 255; }\nexec git-upload-pack '{repos}/lib'\n")))
	byCommand = and(bySSH, only(edit("home/.gitconfig", "[core]\n\tsshCommand = {home}/keys/ssh", ""), export("GIT_SSH_COMMAND", "{home}/keys/ssh")))
	coded     = and(imports("example.com/codec", "Encode()", "example.com/codec", "v1.0.0"), twoModules)
	monorepo  = and(workspace, only(
		file("ws/app/go.mod", "module example.com/app\n\ngo 1.24\n\nrequire example.com/codec v1.0.0\n"), file("ws/lib/go.mod", "module example.com/lib\n\ngo 1.24\n\nrequire example.com/codec v1.0.0\n"),
		file("ws/app/app.go", "package app\n\nimport (\n\t\"example.com/codec\"\n\t\"example.com/lib\"\n)\n\nfunc App() (int, string) { return codec.Encode(), lib.Hello() }\n"),
		file("ws/app/go.sum", "{sum example.com/codec@v1.0.0}"), file("ws/lib/go.sum", "{sum example.com/codec@v1.0.0}{sum example.com/codec@v1.1.0}"),
	))
	tidied     = only(file("ws/e2e.go", "//go:build e2e\n\npackage app\n\nimport \"example.com/util\"\n\nfunc e2e() int { return util.Util() }\n"), file("ws/use.go", "package app\n\nvar E2E = e2e()\n"), export("GOFLAGS", "-tags=e2e"), line("ws/go.mod", "", "require example.com/util v1.0.0"), sums("example.com/util@v1.0.0"), line("ws/go.mod", "", "require example.com/extra v1.0.0"), sums("example.com/extra@v1.0.0"))
	notForDev  = only(file("ws/corp.go", "//go:build corp && !dev\n\npackage app\n\nfunc corp() int { return 1 }\n"), file("ws/use.go", "package app\n\nvar Corp = corp()\n"), export("GOFLAGS", "-tags=corp"))
	bigNumber  = only(file("ws/big.go", "package app\n\n// Big is for machines of 64 bits.\nvar Big int = 1 << 40\n"))
	jsonTwo    = only(file("ws/json.go", "package app\n\nimport \"encoding/json/v2\"\n\nvar Marshal = json.Marshal\n"), export("GOEXPERIMENT", "jsonv2"))
	headerFile = only(file("home/include/corp.h", "#define CORP 1\n"), file("ws/c.go", "package app\n\n// #include <corp.h>\nimport \"C\"\n\nfunc one() int { return C.CORP }\n"))
	devMod     = only(file("ws/dev.mod", "module example.com/app\n\ngo 1.24\n\nrequire example.com/greet v1.0.0\n"), file("ws/dev.sum", "{sum example.com/greet@v1.0.0}"), edit("ws/go.mod", "greet v1.0.0", "greet v1.1.0"), export("GOFLAGS", "-modfile=dev.mod"))
	overlaid   = only(file("home/overlay.json", "{\"Replace\": {\"{ws}/more.go\": \"{home}/more.txt\"}}\n"), file("home/more.txt", "package app\n\nfunc more() int { return 1 }\n"), file("ws/use.go", "package app\n\nvar More = more()\n"), export("GOFLAGS", "-overlay={home}/overlay.json"))
	wrapped    = only(file("home/wrap/go", "#!/bin/sh\nGOPROXY=${CORP_PROXY:-off} exec {go} \"$@\"\n"), export("CORP_PROXY", "{plain}"), bash(`export PATH="$HOME/wrap:$PATH"`))

	allOfUs    = line("ws/go.work", "", "// all of us")
	tidyApp    = line("ws/app/go.mod", "", "retract v0.1.0")
	tidyLib    = line("ws/lib/go.mod", "", "retract v0.2.0")
	dockerfile = file("ws/Dockerfile", "FROM scratch\nCOPY app /app\n")
	makefile   = file("ws/Makefile", "build:\n\tgo build ./...\n")
	kube       = export("KUBECONFIG", "{home}/.kube/dev")
	prompt     = bash(`export PS1='\u@\h \w $ '`)
	pyenv      = bash(`export PATH="$HOME/.pyenv/shims:$PATH"`)
	history10k = export("HISTSIZE", "10000")
	sslDir     = export("SSL_CERT_DIR", "{home}/certs")
	utilMore   = only(line("ws/go.mod", "", "require example.com/util v1.0.0"), sums("example.com/util@v1.0.0"))
	withUtil   = both(utilMore...)
)

const (
	undefinedMore = "undefined: more"
)

var fourthHistories = []history{
	// Start-up files: what they read, in which order, and what puts variables there.
	{name: "team-file-read-last", healthy: and(team, tagsInBashrc), truth: both(edit("home/.bashrc", ". \"$HOME/team.sh\"\n", ""), bash(`. "$HOME/team.sh"`)), beside: only(pyenv, private, extra), named: `GOFLAGS|team\.sh`, late: true, at: "use.go:3:12", message: undefinedCorp, diagnostic: "UndeclaredName"},
	{name: "laptop-that-says-ci", healthy: only(bash(`if [ -n "$CI" ]; then export GOFLAGS=-mod=vendor; fi`)), truth: edit("home/.bashrc", "# ~/.bashrc\n", "# ~/.bashrc\nexport CI=true\n"), beside: only(prompt, noSum, extra), named: `\bCI$|GOFLAGS`},
	{name: "mise-tags-edited", healthy: miseTags, truth: edit("ws/mise.toml", "-tags=corp", "-tags=corporate"), beside: only(edit("ws/mise.toml", "APP_PORT = \"8080\"", "APP_PORT = \"9090\""), private, util), named: `GOFLAGS|mise\.toml`, at: "use.go:3:12", message: undefinedCorp, diagnostic: "UndeclaredName"},
	{name: "mise-no-longer-activated", healthy: miseTags, truth: edit("home/.bashrc", "eval \"$(", "# eval \"$("), beside: only(pyenv, kube, goLine), named: `GOFLAGS|mise`, late: true, at: "use.go:3:12", message: undefinedCorp, diagnostic: "UndeclaredName"},
	{name: "envrc-leaves-the-workspace", healthy: and(workspace, only(envrc)), truth: line("ws/.envrc", "", "export GOWORK=off"), beside: only(line("ws/.envrc", "", "export GOPRIVATE=git.corp.example"), allOfUs, tidyLib), named: `GOWORK|\.envrc`, at: "app/app.go:3:8", message: importOfSib},
	{name: "dotenv-without-cgo", healthy: and(cgo, dotenv), truth: line("ws/.env", "", "CGO_ENABLED=0"), beside: only(line("ws/.env", "", "GOAMD64=v1"), dockerfile, private), named: `CGO_ENABLED|\.env`, late: true, at: "use.go:3:11", message: "undefined: one", diagnostic: "UndeclaredName"},
	{name: "part-of-bashrc-from-the-vpn", healthy: parts, between: only(forgotten), truth: file("home/.bashrc.d/90-vpn.sh", "export GOPROXY={down}\n"), beside: only(file("home/.bashrc.d/50-proxy.sh", "export HTTPS_PROXY={down}\nexport NO_PROXY=localhost\n"), noSum, comment), named: `GOPROXY|90-vpn`},
	{name: "goenv-with-spaces", healthy: corpGit, between: only(forgotten), truth: edit("home/.config/go/env", "GOPRIVATE=", "GOPRIVATE = "), beside: only(noSumCorp, netrc, extraOfCorp()), named: `GOPRIVATE|GONOPROXY`, at: "app.go:3:12", message: importOfLib, late: true},
	{name: "goenv-proxy-emptied", between: only(forgotten), truth: setting("GOPROXY", ""), beside: only(setting("GONOPROXY", "other.example"), insecure, noProxy), named: `GOPROXY`},
	{name: "flags-unset-at-the-end", healthy: tagsInBashrc, truth: bash("unset GOFLAGS GOARM"), beside: only(export("GOARM64", "v8.0"), proxyPlain, extra), named: `GOFLAGS`, late: true, at: "use.go:3:12", message: undefinedCorp, diagnostic: "UndeclaredName"},
	{name: "export-with-spaces", healthy: tagsInBashrc, truth: edit("home/.bashrc", "export GOFLAGS='", "export GOFLAGS = '"), beside: only(kube, noSum, goLine), named: `GOFLAGS`, at: "use.go:3:12", message: undefinedCorp, diagnostic: "UndeclaredName"},
	{name: "export-forgotten", healthy: tagsInBashrc, truth: edit("home/.bashrc", "export GOFLAGS='", "GOFLAGS='"), beside: only(export("CGO_CFLAGS", "-O1"), private, newTest), named: `GOFLAGS`, late: true, at: "use.go:3:12", message: undefinedCorp, diagnostic: "UndeclaredName"},
	{name: "goenv-is-the-version-manager", healthy: flagsInGoenv, truth: export("GOENV", "{home}/.goenv"), beside: only(export("GOENV_ROOT", "{home}/.goenv"), bash(`export PATH="$HOME/.goenv/bin:$PATH"`), gobin), named: `GOENV$|GOFLAGS`, at: "use.go:3:12", message: undefinedCorp, diagnostic: "UndeclaredName"},
	{name: "gopath-tilde-in-quotes", truth: export("GOPATH", "~/go"), beside: only(export("GOBIN", "{home}/go/bin"), pathLast, noSum), named: `GOPATH`},

	// Which go runs, and which it wants to be.
	{name: "goroot-is-no-root", truth: export("GOROOT", "{home}/tools"), beside: only(gopathElse, pathLast, private), named: `GOROOT`},
	{name: "cellar-cleaned-up", healthy: only(file("home/brew/Cellar/go/1.26.7/README", "go\n"), linked("home/brew/Cellar/go/1.26.7/libexec", "{goroot}"), export("GOROOT", "{home}/brew/Cellar/go/1.26.7/libexec")), truth: moved("home/brew/Cellar/go/1.26.7", "home/brew/Cellar/go/1.26.8"), beside: only(bash(`export PATH="$HOME/brew/bin:$PATH"`), goLine, extra), named: `GOROOT|Cellar`, late: true},
	{name: "gvm-default-switched", healthy: gvm, truth: edit("home/.gvm/environments/default", "go1.26", "go1.20"), beside: only(gopathElse, extra, noSum), named: `\bPATH$|^tool go$|^toolchain|gvm`},
	{name: "old-go-of-the-distribution", healthy: bothGos, truth: edit("home/.bashrc", "$HOME/sdk/go/bin:$PATH", "$PATH:$HOME/sdk/go/bin"), beside: only(pyenv, gobin, private), named: `\bPATH$|^tool go$|^toolchain`, late: true},
	{name: "go-get-raised-the-go-line", healthy: twoModules, truth: edit("ws/go.mod", "go 1.24\n", "go 1.29.0\n\ntoolchain go1.29.2\n"), beside: only(extraNewer, private, dockerfile), named: `^go line`},
	{name: "toolchain-line-without-go", truth: edit("ws/go.mod", "go 1.24\n", "go 1.24\n\ntoolchain 1.24.1\n"), beside: only(extra, retracts, noSum), named: `^go line|^unreadable`, late: true},
	{name: "go-line-with-an-x", truth: edit("ws/go.mod", "go 1.24\n", "go 1.24.x\n"), beside: only(withUtil, private, ciYaml), named: `^go line|^unreadable`},
	{name: "modules-off-in-old-dotfiles", truth: setting("GO111MODULE", "off"), beside: only(gopathElse, gobin, pathLast), named: `GO111MODULE`, late: true},

	// go.mod by hand, by merges, and by "go get".
	{name: "merge-kept-both-versions", truth: edit("ws/go.mod", "require example.com/greet v1.0.0\n", "require (\n\texample.com/greet v1.0.0\n\texample.com/greet v1.1.0\n)\n"), beside: only(line("ws/go.mod", "", "require example.com/extra v1.0.0"), sums("example.com/extra@v1.0.0"), moreCode, private), named: `^require .*greet`},
	{name: "commit-that-nobody-pushed", healthy: and(twoModules, only(setting("GOFLAGS", "-mod=mod"))), truth: edit("ws/go.mod", "greet v1.0.0", "greet v1.1.1-0.20260102030405-0123456789ab"), beside: only(extraNewer, noSum, ciYaml), named: `^require .*greet`, late: true},
	{name: "replace-of-a-colleague", truth: line("ws/go.mod", "", "replace example.com/greet => {root}/Users/anna/src/greet"), beside: only(otherReplace, extra, noSum), named: `^replace .*greet|^place .*anna`, late: true},
	{name: "pinned-by-a-replace", truth: both(line("ws/go.mod", "", "replace example.com/greet => example.com/greet v0.9.0"), sums("example.com/greet@v0.9.0")), beside: only(otherReplace, edit("ws/go.mod", "greet v1.0.0", "greet v1.1.0"), sums("example.com/greet@v1.1.0")), named: `^replace .*greet`, at: "app.go:5:34", message: "undefined: greet.Hello", diagnostic: "UndeclaredImportedName"},
	{name: "get-of-a-plugin-raised-codec", healthy: coded, truth: both(edit("ws/go.mod", "codec v1.0.0", "codec v1.1.0"), line("ws/go.mod", "", "require example.com/plug v1.0.0"), sums("example.com/codec@v1.1.0"), sums("example.com/plug@v1.0.0")), beside: only(extraNewer, goLine, private), named: `^require .*(codec|plug)`, at: "app.go:5:13", message: "undefined: x.Encode", diagnostic: "UndeclaredImportedName"},
	{name: "tidied-without-the-tag", healthy: tidied, truth: edit("ws/go.mod", "require example.com/util v1.0.0\n", ""), beside: only(extraNewer, retracts, private), named: `^require .*util`, at: "e2e.go:5:8", message: importOfUtil},
	{name: "version-two-of-our-own", healthy: inner, truth: edit("ws/go.mod", "module example.com/app", "module example.com/app/v2"), beside: only(goLine, extra, moreCode), named: `^module`, at: "use.go:3:8", message: importOfInner, late: true},
	{name: "two-module-lines", truth: line("ws/go.mod", "", "module example.com/app2"), beside: only(extra, retracts, private), named: `^unreadable|^module`},

	// go.sum.
	{name: "our-sums-kept-in-a-merge", healthy: only(edit("ws/go.mod", "greet v1.0.0", "greet v1.1.0"), sums("example.com/greet@v1.1.0")), truth: edit("ws/go.sum", "{sum example.com/greet@v1.1.0}", ""), beside: only(sums("example.com/extra@v1.0.0"), goLine, private), named: `^go\.sum .*greet`},
	{name: "sum-database-misspelled", healthy: only(setting("GOFLAGS", "-mod=mod")), between: only(emptied("ws/go.sum"), forgotten), truth: setting("GOSUMDB", "sum.corp.example"), beside: only(noSum, private, netrc), named: `GOSUMDB`},

	// go.work.
	{name: "work-without-the-app", healthy: workspace, truth: edit("ws/go.work", "\t./app\n", ""), beside: only(tidyLib, private, makefile), named: `^use .*app|^go\.work`, at: "app/app.go:3:8", message: importOfSib},
	{name: "work-go-line-lowered", healthy: workspace, truth: edit("ws/go.work", "go 1.24", "go 1.22"), beside: only(tidyApp, tidyLib, trimpath), named: `^go line .*go\.work|^go line`, at: "app/app.go:3:8", message: importOfSib, late: true},
	{name: "submodule-not-initialised", healthy: workspace, truth: both(gone("ws/lib/go.mod"), gone("ws/lib/lib.go")), beside: only(tidyApp, allOfUs, noSum), named: `\blib\b`, at: "app/app.go:3:8", message: importOfSib},
	{name: "copy-of-a-member", healthy: workspace, truth: both(made("ws/lib2", file("ws/lib2/go.mod", "module example.com/lib\n\ngo 1.24\n"), file("ws/lib2/lib.go", "package lib\n\nfunc Hello() string { return \"copied\" }\n")), edit("ws/go.work", "\t./lib\n", "\t./lib\n\t./lib2\n")), beside: only(tidyApp, private, trimpath), named: `^(use|module) .*lib2|^go\.work`, at: "app/app.go:3:8", message: importOfSib, late: true},
	{name: "sibling-raised-codec", healthy: monorepo, truth: edit("ws/lib/go.mod", "codec v1.0.0", "codec v1.1.0"), beside: only(tidyApp, allOfUs, private), named: `^require .*codec`, at: "app/app.go:8:41", message: "undefined: codec.Encode", diagnostic: "UndeclaredImportedName"},

	// vendor folders.
	{name: "dependency-not-vendored", healthy: vendored, truth: line("ws/go.mod", "", "require example.com/extra v1.0.0"), beside: only(sums("example.com/extra@v1.0.0"), goLine, private), named: `^require .*extra|^vendor`},
	{name: "vendor-list-ignored-by-git", healthy: vendored, truth: gone("ws/vendor/modules.txt"), beside: only(file("ws/.gitignore", "*.txt\n"), proxyPlain, noSum), named: `vendor`, late: true},
	{name: "vendor-of-another-language", truth: made("ws/vendor", file("ws/vendor/autoload.php", "<?php\n")), beside: only(file("ws/composer.json", "{}\n"), trimpath, extra), named: `vendor`},
	{name: "vendored-but-readonly", healthy: and(vendored, only(setting("GOPROXY", "off"))), truth: setting("GOFLAGS", "-mod=readonly"), beside: only(retracts, sums("example.com/extra@v1.0.0"), gobin), named: `GOFLAGS`, late: true},

	// Caches.
	{name: "module-cache-relative", truth: export("GOMODCACHE", "mod"), beside: only(gopathElse, gotmp, private), named: `GOMODCACHE`},
	{name: "build-cache-switched-off", truth: export("GOCACHE", "off"), beside: only(export("GODEBUG", "gocachetest=1"), modcacheElse, extra), named: `GOCACHE$`, late: true},
	{name: "downloads-deleted-offline", healthy: only(warm, setting("GOPROXY", "off")), truth: emptied("home/go/pkg/mod/cache"), beside: only(gobin, private, noSum), named: `(?i)cache|pkg/mod|has not been downloaded`},

	// Proxies, certificates.
	{name: "mirror-of-the-office-first", healthy: only(proxyPlain), between: only(forgotten), truth: setting("GOPROXY", "{down},{plain}"), beside: only(setting("GONOPROXY", "other.example"), noProxy, extra), named: `GOPROXY`},
	{name: "token-in-the-url-expired", healthy: inURL, between: only(forgotten), truth: setting("GOPROXY", "https://gopher:swordfish@{tlshost}"), beside: only(netrc, sslDir, noSum), named: `GOPROXY`, late: true},
	{name: "password-with-a-hash", healthy: inURL, between: only(forgotten), truth: setting("GOPROXY", "https://gopher:#sesame1@{tlshost}"), beside: only(noProxy, private, gitName), named: `GOPROXY`},
	{name: "tunnel-with-https", healthy: tunnelled, between: only(forgotten), truth: export("HTTPS_PROXY", "https://{tunnelhost}"), beside: only(export("HTTP_PROXY", "{tunnel}"), noProxy, netrcMore), named: `HTTPS_PROXY`, late: true},
	{name: "copy-of-the-modules-unplugged", healthy: copied, between: only(forgotten), truth: gone("home/goproxy"), beside: only(noProxy, gobin, noSum), named: `GOPROXY|home/goproxy`},
	{name: "conda-brings-certificates", healthy: and(corpTLS, only(file("home/miniconda/ssl/cacert.pem", "# none of ours\n"), sourced("home/miniconda/activate", "export CONDA_PREFIX=\"$HOME/miniconda\"\n"))), between: only(forgotten), truth: line("home/miniconda/activate", "", `export SSL_CERT_FILE="$CONDA_PREFIX/ssl/cacert.pem"`), beside: only(export("REQUESTS_CA_BUNDLE", "{home}/miniconda/ssl/cacert.pem"), netrcMore, private), named: `SSL_CERT_FILE|miniconda`, late: true},

	// Private modules, credentials, git.
	{name: "private-masked-by-bashrc", healthy: corpGit, between: only(forgotten), truth: export("GOPRIVATE", "git.other.example"), beside: only(noSumCorp, export("GIT_PAGER", "less"), extraOfCorp()), named: `GOPRIVATE|GONOPROXY`, at: "app.go:3:12", message: importOfLib},
	{name: "private-with-semicolon", healthy: corpGit, between: only(forgotten), truth: setting("GOPRIVATE", "git.other.example;git.corp.example"), beside: only(noSumCorp, setting("GOINSECURE", "git.other.example"), netrc), named: `GOPRIVATE|GONOPROXY`, at: "app.go:3:12", message: importOfLib, late: true},
	{name: "private-domain-without-a-star", healthy: corpGit, between: only(forgotten), truth: setting("GOPRIVATE", "corp.example"), beside: only(setting("GONOSUMDB", "*.corp.example"), pager, noProxy), named: `GOPRIVATE|GONOPROXY`, at: "app.go:3:12", message: importOfLib},
	{name: "ssh-key-renamed", healthy: withKey, between: only(forgotten), truth: moved("home/.ssh/id_ed25519", "home/.ssh/id_ed25519.old"), beside: only(privateMore, pager, noSumCorp), named: `\.ssh|id_ed25519`, at: "app.go:3:12", message: importOfLib, late: true},
	{name: "git-rules-lost-in-dotfiles", healthy: corpGit, between: only(forgotten), truth: edit("home/.gitconfig", rulesOfCorp, ""), beside: only(privateMore, export("GIT_EDITOR", "vim"), netrc), named: `(?i)^git config|insteadof`, at: "app.go:3:12", message: importOfLib},
	{name: "netrc-token-without-password", healthy: corpTLS, between: only(forgotten), truth: edit("home/.netrc", "password sesame", "token sesame"), beside: only(netrcMore, noSum, gitName), named: `netrc`},
	{name: "credential-helper-expired", healthy: helper, between: only(forgotten), truth: edit("home/.gitconfig", "password=sesame", "password=expired"), beside: only(netrc, noProxy, noSum), named: `(?i)credential|GOAUTH`, late: true},
	{name: "repository-of-another-owner", healthy: and(program, only(onMain, line("home/.gitconfig", "", "[safe]\n\tdirectory = {ws}"), export("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1"))), truth: edit("home/.gitconfig", "directory = {ws}", "directory = {root}/workspaces/app"), beside: only(pager, dockerfile, private), named: `(?i)safe|^git config`, at: "main.go:3:8"},

	// Systems, tags, experiments.
	{name: "goenv-goos-left", healthy: onLinux, truth: setting("GOOS", "windows"), beside: only(setting("GOAMD64", "v1"), private, util), named: `GOOS`, at: "use.go:3:14", message: "undefined: system", diagnostic: "UndeclaredName", late: true},
	{name: "thirty-two-bits", healthy: bigNumber, truth: export("GOARCH", "386"), beside: only(export("GO386", "sse2"), export("CGO_ENABLED", "0"), extra), named: `GOARCH`, at: "big.go:4:15", message: "cannot use 1 << 40 (untyped int constant 1099511627776) as int value in variable declaration (overflows)", diagnostic: "NumericOverflow"},
	{name: "tag-that-excludes", healthy: notForDev, truth: export("GOFLAGS", "-tags=corp,dev"), beside: only(export("APP_ENV", "dev"), private, withUtil), named: `GOFLAGS`, at: "use.go:3:12", message: undefinedCorp, diagnostic: "UndeclaredName", late: true},
	{name: "experiment-cleaned-up", healthy: jsonTwo, truth: unexport("GOEXPERIMENT"), beside: only(export("GODEBUG", "http2client=0"), setting("GOFLAGS", "-tags=goexperiment"), goLine), named: `GOEXPERIMENT`, at: "json.go:3:8", message: "could not import encoding/json/v2 (no required module provides package \"encoding/json/v2\")"},

	// C.
	{name: "container-without-compiler", healthy: and(cgo, only(justGo)), truth: bash(`export PATH="$HOME/just"`), beside: only(export("CGO_CFLAGS", "-O1"), cxx, private), named: `\bPATH$|^tool (gcc|cc|go)|CGO_ENABLED|\bCC$`, at: "use.go:3:11", message: "undefined: one", diagnostic: "UndeclaredName", late: true},
	{name: "cgo-pkg-config-folder-moved", healthy: pkgConfig, between: only(rebuilt), truth: moved("home/pc", "home/pc-1.2"), beside: only(cxx, export("LIBRARY_PATH", "{home}/lib"), private), named: `PKG_CONFIG_PATH|home/pc`, at: "c.go:5:8", message: importOfC, late: true},
	{name: "cgo-flags-masked", healthy: and(headerFile, only(setting("CGO_CFLAGS", "-O1 -I{home}/include"))), between: only(rebuilt), truth: export("CGO_CFLAGS", "-O1 -g"), beside: only(export("CGO_CXXFLAGS", "-O1 -g"), export("CPATH", "{home}/inc"), extra), named: `CGO_CFLAGS`, at: "c.go:4:8", message: importOfC},

	// Branches.
	{name: "branch-with-another-envrc", healthy: and(tagged, only(sourced("ws/.envrc", "export GOFLAGS=-tags=corp\n")), branch("slim", edit("ws/.envrc", "-tags=corp", "-tags=slim"))), truth: switched("slim"), beside: only(private, nodePath, proxyPlain), named: `GOFLAGS|\.envrc|(?i)branch|HEAD`, at: "use.go:3:12", message: undefinedCorp, diagnostic: "UndeclaredName"},
	{name: "branch-with-a-newer-go", healthy: branch("next", edit("ws/go.mod", "go 1.24\n", "go 1.28\n")), truth: switched("next"), beside: only(noSum, history10k, trimpath), named: `^go line|(?i)branch|HEAD`, late: true},

	// The code is at fault.
	{name: "return-missing", code: true, truth: edit("ws/app.go", "{ return greet.Hello() }", "{\n\tgreet.Hello()\n}"), beside: only(setting("GOPROXY", "{down}"), extra, private), at: "app.go:7:1", message: "missing return", diagnostic: "MissingReturn"},
	{name: "brace-missing", code: true, truth: edit("ws/app.go", "greet.Hello() }", "greet.Hello()"), beside: only(goLine, export("GOFLAGS", "-tags=dev"), kube), at: "app.go:6:1", message: "expected '}', found 'EOF'", diagnostic: "syntax", late: true},
	{name: "name-no-longer-exported", code: true, healthy: inner, truth: edit("ws/inner/inner.go", "func Inner()", "func inside()"), beside: only(edit("ws/go.mod", "greet v1.0.0", "greet v1.1.0"), sums("example.com/greet@v1.1.0"), pathFirst), at: "use.go:5:19", message: "undefined: inner.Inner", diagnostic: "UndeclaredImportedName"},
	{name: "types-mixed", code: true, healthy: more, truth: edit("ws/use.go", "more()", "more() + \"1\""), beside: only(export("GOARCH", "amd64"), export("CGO_ENABLED", "0"), withUtil), at: "use.go:3:12", message: "invalid operation: more() + \"1\" (mismatched types int and untyped string)", diagnostic: "MismatchedTypes", late: true},
	{name: "import-misspelled", code: true, healthy: inner, truth: edit("ws/use.go", "app/inner\"", "app/iner\""), beside: only(setting("GOPRIVATE", "example.com"), proxyPlain, retracts), at: "use.go:3:8", message: "could not import example.com/app/iner (no required module provides package \"example.com/app/iner\")"},
	{name: "standard-package-misspelled", code: true, truth: file("ws/lock.go", "package app\n\nimport \"sycn\"\n\nvar mu sycn.Mutex\n"), beside: only(export("GOPROXY", "off"), goLine, pyenv), at: "lock.go:3:8", message: "could not import sycn (no required module provides package \"sycn\")", late: true},

	// Phantoms: the environment of gopls is at fault, the shell is green.
	{name: "gopls-starts-without-bashrc", phantom: true, healthy: bothGos, truth: inGopls("PATH", "{home}/usr/bin:{path}"), beside: only(inGopls("LANG", "-"), inGopls("GOBIN", "{home}/bin"), private), named: `\bPATH$|^tool go$|^toolchain`},
	{name: "gopls-readonly-in-a-container", phantom: true, healthy: and(vendored, only(setting("GOPROXY", "off"))), truth: inGopls("GOFLAGS", "-mod=readonly -buildvcs=false"), beside: only(inGopls("GOTOOLCHAIN", "local"), inGopls("REMOTE_CONTAINERS", "true"), retracts), named: `GOFLAGS`, late: true},
	{name: "gopls-wants-another-toolchain", phantom: true, truth: inGopls("GOTOOLCHAIN", "go1.28.3"), beside: only(inGopls("GOPATH", "{home}/gopath"), inGopls("GOFLAGS", "-trimpath"), toolLine), named: `GOTOOLCHAIN`},
	{name: "gopls-goroot-of-a-tarball", phantom: true, truth: inGopls("GOROOT", "{home}/tools"), beside: only(inGopls("GOPATH", "{home}/gopath"), inGopls("GOPROXY", "{plain}"), extra), named: `GOROOT`, late: true},
	{name: "gopls-without-the-mirror-of-envrc", phantom: true, healthy: only(sourced("ws/.envrc", "export GOPROXY={plain}\nexport APP_PORT=8080\n"), setting("GOPROXY", "{down}"), gmod), between: only(gforgotten), truth: inGopls("GOPROXY", "-"), beside: only(inGopls("APP_PORT", "-"), inGopls("NO_PROXY", "localhost"), noSum), named: `GOPROXY`},
	{name: "gopls-without-mise", phantom: true, healthy: miseTags, truth: inGopls("GOFLAGS", "-"), beside: only(inGopls("APP_PORT", "-"), inGopls("GOPROXY", "{plain}"), util), named: `GOFLAGS|mise`, at: "use.go:3:12", message: undefinedCorp, diagnostic: "UndeclaredName", late: true},
	{name: "gopls-without-goauth", phantom: true, healthy: and(byScript, only(line("home/.config/go/env", "GOAUTH=", ""), export("GOAUTH", "{home}/auth"), gmod)), between: only(gforgotten), truth: inGopls("GOAUTH", "-"), beside: only(inGopls("NETRC", "{home}/.netrc"), inGopls("GOPRIVATE", "other.example"), noProxy), named: `GOAUTH`},
	{name: "gopls-without-ssh-command", phantom: true, healthy: and(byCommand, only(gmod)), between: only(gforgotten), truth: inGopls("GIT_SSH_COMMAND", "-"), beside: only(inGopls("GIT_PAGER", "cat"), inGopls("GIT_AUTHOR_NAME", "gopher"), privateMore), named: `GIT_SSH_COMMAND`, at: "app.go:3:12", message: importOfLib, late: true},
	{name: "gopls-knows-no-tunnel", phantom: true, healthy: and(tunnelled, only(gmod)), between: only(gforgotten), truth: inGopls("HTTPS_PROXY", "-"), beside: only(inGopls("HTTP_PROXY", "{tunnel}"), inGopls("ALL_PROXY", "{tunnel}"), extra), named: `HTTPS_PROXY`},
	{name: "gopls-thirty-two-bits", phantom: true, healthy: and(bigNumber, only(export("CGO_ENABLED", "0"))), truth: inGopls("GOARCH", "386"), beside: only(inGopls("GO386", "softfloat"), inGopls("GOFLAGS", "-trimpath"), private), named: `GOARCH`, at: "big.go:4:15", message: "cannot use 1 << 40 (untyped int constant 1099511627776) as int value in variable declaration (overflows)", diagnostic: "NumericOverflow", late: true},
	{name: "gopls-edits-for-the-browser", phantom: true, healthy: onLinux, truth: both(inGopls("GOOS", "js"), inGopls("GOARCH", "wasm")), beside: only(inGopls("GOWASM", "satconv"), inGopls("GOPROXY", "{plain}"), extra), named: `GOOS|GOARCH`, at: "use.go:3:14", message: "undefined: system", diagnostic: "UndeclaredName"},
	{name: "gopls-vendors-a-workspace", phantom: true, healthy: fetchingSums, truth: inGopls("GOFLAGS", "-mod=vendor"), beside: only(inGopls("GOPRIVATE", "example.com"), allOfUs, tidyLib), named: `GOFLAGS`, at: "app/app.go:4:2", late: true},
	{name: "gopls-build-cache-of-a-sandbox", phantom: true, truth: inGopls("GOCACHE", "{home}/.netrc.d/cache"), healthy: only(file("home/.netrc.d", "a file\n")), beside: only(inGopls("GOTMPDIR", "{home}/tools"), inGopls("XDG_CACHE_DIR", "{home}/.cache"), extra), named: `GOCACHE$`},
	{name: "gopls-proxy-of-the-login", phantom: true, healthy: and(throughProxy, only(gmod)), between: only(gforgotten), truth: inGopls("HTTP_PROXY", "{down}"), beside: only(inGopls("HTTPS_PROXY", "{down}"), inGopls("NO_PROXY", "localhost"), noSum), named: `HTTP_PROXY`, late: true},
	{name: "gopls-without-the-overlay", phantom: true, healthy: overlaid, truth: inGopls("GOFLAGS", "-trimpath"), beside: only(inGopls("GOPROXY", "{plain}"), inGopls("GOGC", "50"), comment), named: `GOFLAGS|(?i)overlay`, at: "use.go:3:12", message: undefinedMore, diagnostic: "UndeclaredName"},
	{name: "gopls-without-the-modfile", phantom: true, healthy: devMod, truth: inGopls("GOFLAGS", "-"), beside: only(inGopls("GOSUMDB", "off"), inGopls("GOWORK", "off"), private), named: `GOFLAGS`, late: true},
	{name: "gopls-without-the-variable-of-a-wrapper", phantom: true, healthy: and(wrapped, only(gmod)), between: only(gforgotten), truth: inGopls("CORP_PROXY", "-"), beside: only(inGopls("GOPROXY", "{plain}"), inGopls("NO_PROXY", "localhost"), noSum), named: `CORP_PROXY`},
}

// TestFourthHistories plays more histories of developers and teams.
func TestFourthHistories(t *testing.T) { playSome(t, newFourthPasts, fourthHistories, 0.95) }
