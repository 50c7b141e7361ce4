//go:build unix

package cli

import (
	"net"
	"os"
	"testing"
)

// newThirdPasts has more modules still.
func newThirdPasts(t *testing.T) *pasts {
	t.Helper()
	w := newSecondPasts(t)
	w.serveFiles(t, "example.com/codec", "v1.0.0", "", map[string]string{"codec.go": "package codec\n\nfunc Encode() int { return 1 }\n"})
	w.serveFiles(t, "example.com/codec", "v1.1.0", "", map[string]string{"codec.go": "package codec\n\nfunc Marshal() int { return 1 }\n"})
	w.serveFiles(t, "example.com/client", "v1.0.0", "", map[string]string{"client.go": "package client\n\nfunc Client() int { return 1 }\n"})
	w.serveFiles(t, "example.com/client", "v1.1.0", "require example.com/codec v1.1.0\n", map[string]string{"client.go": "package client\n\nimport \"example.com/codec\"\n\nfunc Client() int { return codec.Marshal() }\n"})
	w.serveFiles(t, "example.com/oldname", "v1.0.0", "", map[string]string{"oldname.go": "package oldname\n\nfunc Name() int { return 1 }\n"})
	w.serveFiles(t, "example.com/oldname", "v1.1.0", "", map[string]string{"oldname.go": "package oldname\n\nfunc Name() int { return 2 }\n", "go.mod": "module example.com/newname\n\ngo 1.24\n"})
	w.serveFiles(t, "example.com/parts/wheel", "v1.0.0", "", map[string]string{"wheel.go": "package wheel\n\nfunc Wheel() int { return 2 }\n"})
	w.serveFiles(t, "example.com/fork", "v1.0.0", "", map[string]string{"fork.go": "package greet\n\nfunc Hello() string { return \"forked\" }\n"})
	_, port, err := net.SplitHostPort(w.plain.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	w.more = append(w.more, "{plainport}", port, "{ca}", w.ca)
	return w
}

// emptied takes a directory away that go may make again.
func emptied(name string) change {
	return change{name + " emptied", func(m *past) func() {
		undo := gone(name).do(m)
		return func() {
			_ = os.RemoveAll(m.at(name))
			undo()
		}
	}}
}

// linked makes a symbolic link, or points it elsewhere.
func linked(name, to string) change {
	return change{name + " -> " + to, func(m *past) func() {
		was, _ := os.Readlink(m.at(name))
		link := func(to string) {
			_ = os.Remove(m.at(name))
			if to == "" {
				return
			}
			if err := os.Symlink(m.expand(to), m.at(name)); err != nil {
				m.t.Fatal(err)
			}
		}
		link(to)
		return func() { link(was) }
	}}
}

// moved renames a file or a directory.
func moved(from, to string) change {
	return change{from + " moved to " + to, func(m *past) func() {
		if err := os.Rename(m.at(from), m.at(to)); err != nil {
			m.t.Fatal(err)
		}
		return func() {
			if err := os.Rename(m.at(to), m.at(from)); err != nil {
				m.t.Fatal(err)
			}
		}
	}}
}

// sourced is a file of its own that the start-up file reads.
func sourced(name, text string) change {
	return both(file(name, text), bash(`[ -f "{root}/`+name+`" ] && . "{root}/`+name+`"`))
}

const (
	// what looks for the version of go that a folder, or a variable, wants
	shim = `#!/bin/sh
v=$SHIM_GO_VERSION d=$PWD by=SHIM_GO_VERSION
while [ -z "$v" ] && [ -n "$d" ]; do
	if [ -f "$d/.go-version" ]; then
		read -r v <"$d/.go-version"
		by=$d/.go-version
	elif [ -f "$d/.tool-versions" ]; then
		while read -r name w; do if [ "$name" = golang ]; then v=$w; fi; done <"$d/.tool-versions"
		by=$d/.tool-versions
	fi
	d=${d%/*}
done
v=${v:-1.26}
if [ ! -x "$HOME/.shim/versions/$v/bin/go" ]; then
	echo "shim: version '$v' of go is not installed (set by $by)" >&2
	exit 1
fi
exec "$HOME/.shim/versions/$v/bin/go" "$@"
`
	// an old go, as far as it matters
	oldGo = `#!/bin/sh
case "$1" in
version) echo "go version go1.20.14 linux/amd64" ;;
env) {go} "$@" | sed 's/go1\.[0-9.]*/go1.20.14/g' ;;
*)
	echo "go: errors parsing go.mod:" >&2
	echo "{ws}/go.mod:3: invalid go version '1.24.0': must match format 1.23" >&2
	exit 1
	;;
esac
`
	sameGo = "#!/bin/sh\nexec {go} \"$@\"\n"

	importOfC     = "could not import C (no metadata for C)"
	importOfUtil  = "could not import example.com/util (no required module provides package \"example.com/util\")"
	importOfParts = "could not import example.com/parts/wheel (no required module provides package \"example.com/parts/wheel\")"
	undefinedCorp = "undefined: corp"
	rulesOfCorp   = "[url \"file://{repos}/\"]\n\tinsteadOf = https://git.corp.example/\n\tinsteadOf = ssh://git.corp.example/\n\tinsteadOf = git+ssh://git.corp.example/\n"
)

var (
	shims = only(
		file("home/.shim/shims/go", shim), file("home/.shim/versions/1.26/bin/go", sameGo), file("home/.shim/versions/1.20/bin/go", oldGo),
		bash(`export PATH="$HOME/.shim/shims:$PATH"`), file("ws/.tool-versions", "nodejs 20.11.0\ngolang 1.26\n"),
	)
	// what an old go cannot read
	patch        = only(edit("ws/go.mod", "go 1.24\n", "go 1.24.0\n"))
	tagsInBashrc = and(tagged, only(export("GOFLAGS", "-tags=corp")))
	twoModules   = only(line("ws/go.mod", "", "require example.com/extra v1.0.0"), sums("example.com/extra@v1.0.0"))
	clients      = and(imports("example.com/client", "Client()", "example.com/client", "v1.0.0"), only(
		line("ws/go.mod", "", "require example.com/codec v1.0.0"), sums("example.com/codec@v1.0.0"),
		file("ws/enc.go", "package app\n\nimport \"example.com/codec\"\n\nvar Encoded = codec.Encode()\n"),
	), twoModules)
	needs = and(imports("example.com/needy", "Needy()", "example.com/needy", "v1.1.0"), only(
		line("ws/go.mod", "", "require example.com/util v1.0.0 // indirect"), sums("example.com/util@v1.0.0"),
	), twoModules)
	// the mirror is in the office, the HTTP proxy is not for it
	office = only(setting("GOPROXY", "http://0.0.0.0:{plainport}"), export("HTTP_PROXY", "{down}"), export("NO_PROXY", "localhost,0.0.0.0"))
	// the mirror serves what is private too
	mirrored = only(setting("GOPROXY", "{plain}"), setting("GOPRIVATE", "example.com"), setting("GONOPROXY", "none"), export("HTTPS_PROXY", "{down}"))
	included = and(corpGit, only(
		edit("home/.gitconfig", rulesOfCorp, ""), file("home/.gitconfig-corp", rulesOfCorp), line("home/.gitconfig", "", "[include]\n\tpath = {home}/.gitconfig-corp"),
	))
	// ssh has its keys from an agent
	agent = and(bySSH, only(
		file("home/keys/ssh", "#!/bin/sh\n[ -n \"$SSH_AUTH_SOCK\" ] || { echo 'git@git.corp.example: Permission denied (publickey).' >&2; exit 255; }\nexec git-upload-pack '{repos}/lib'\n"),
		export("SSH_AUTH_SOCK", "{home}/agent"),
	))
	byToken = and(corpTLS, only(
		gone("home/.netrc"), file("home/auth", "#!/bin/sh\nprintf 'https://{tlshost}\\n\\nAuthorization: Basic %s\\n\\n' \"$CORP_TOKEN\"\n"), setting("GOAUTH", "{home}/auth"), export("CORP_TOKEN", "Z29waGVyOnNlc2FtZQ=="),
	))
	devWork = only(
		file("lib/go.mod", "module example.com/lib\n\ngo 1.24\n"), file("lib/lib.go", "package lib\n\nfunc Hello() string { return \"hello\" }\n"),
		file("home/dev.work", "go 1.24\n\nuse (\n\t{ws}\n\t{root}/lib\n)\n"), export("GOWORK", "{home}/dev.work"),
		file("ws/use.go", "package app\n\nimport \"example.com/lib\"\n\nvar Lib = lib.Hello()\n"),
	)
	local = and(imports("example.com/local", "Local()", "example.com/greet", "v1.0.0"), only(
		file("ws/go.mod", "module example.com/app\n\ngo 1.24\n\nrequire (\n\texample.com/greet v1.0.0\n\texample.com/local v0.0.0\n)\n\nreplace example.com/local => ../local\n"),
		file("ws/say.go", "package app\n\nimport \"example.com/greet\"\n\nvar Say = greet.Hello()\n"),
		file("local/go.mod", "module example.com/local\n\ngo 1.24\n"), file("local/local.go", "package local\n\nfunc Local() int { return 1 }\n"),
	))
	perArch = only(
		file("ws/fast_amd64.go", "package app\n\nfunc fast() int { return 1 }\n"), file("ws/fast_arm64.go", "package app\n\nfunc fast() int { return 2 }\n"), file("ws/use.go", "package app\n\nvar Fast = fast()\n"),
		export("GOARCH", "amd64"), export("CGO_ENABLED", "0"),
	)
	cargo    = sourced("home/.cargo/env", "export PATH=\"$HOME/.cargo/bin:$PATH\"\n")
	nodePath = bash(`export PATH="$HOME/.nvm/versions/node/v20.11.0/bin:$PATH"`)
	lsColors = export("LS_COLORS", "di=34")
	modRW    = setting("GOFLAGS", "-modcacherw")
	moreCode = file("ws/later.go", "package app\n\n// Later is for later.\nconst Later = 1\n")
	ciYaml   = file("ws/.ci.yml", "build:\n  script: go build ./...\n")
	noSumOut = export("GOSUMDB", "off")
)

var thirdHistories = []history{
	// Start-up files, files that they read, and the GOENV file.
	{name: "guard-for-interactive-shells", healthy: tagsInBashrc, between: only(alias), truth: edit("home/.bashrc", "# ~/.bashrc\n", "# ~/.bashrc\ncase $- in *i*) ;; *) return ;; esac\n"), beside: only(private, extra, moreCode), named: `GOFLAGS`, at: "use.go:3:12", message: undefinedCorp, diagnostic: "UndeclaredName"},
	{name: "tags-appended-win", healthy: tagsInBashrc, truth: bash(`export GOFLAGS="$GOFLAGS -tags=e2e"`), beside: only(nodePath, private, util), named: `GOFLAGS`, late: true, at: "use.go:3:12", message: undefinedCorp, diagnostic: "UndeclaredName"},
	{name: "tags-with-a-space", healthy: tagsInBashrc, truth: export("GOFLAGS", "-tags=corp e2e"), beside: only(cargo, noSum, moreCode), named: `GOFLAGS`, at: "use.go:3:12", message: undefinedCorp, diagnostic: "UndeclaredName"},
	{name: "project-env-gone", healthy: and(tagged, only(sourced("ws/.envrc", "export GOFLAGS=-tags=corp\nexport APP_PORT=8080\n"))), truth: gone("ws/.envrc"), beside: only(pathLast, private, comment), named: `GOFLAGS|\.envrc`, late: true, at: "use.go:3:12", message: undefinedCorp, diagnostic: "UndeclaredName"},
	{name: "project-env-merged", healthy: only(sourced("ws/.envrc", "export APP_PORT=8080\n")), truth: line("ws/.envrc", "", "export GOFLAGS=-mod=vendor"), beside: only(line("ws/.envrc", "", "export GOPRIVATE=other.example"), extra, ciYaml), named: `GOFLAGS|\.envrc`},
	{name: "profile-unmasks-goenv", healthy: only(sourced("home/.profile", "export GOPROXY={plain}\nexport GONOSUMDB=other.example\n"), setting("GOPROXY", "off")), between: only(forgotten), truth: edit("home/.profile", "export GOPROXY", "#export GOPROXY"), beside: only(noProxy, gobin, extra), named: `GOPROXY|\.profile`, late: true},
	{name: "profile-no-longer-read", healthy: and(tagged, only(file("home/.profile", "export GOFLAGS=-tags=corp\n"), bash(`. "$HOME/.profile"`))), truth: edit("home/.bashrc", `. "$HOME/.profile"`, `[ -f "$HOME/.bash_profile" ] && . "$HOME/.bash_profile"`), beside: only(cargo, lsColors, toolLine), named: `GOFLAGS|\.profile`, at: "use.go:3:12", message: undefinedCorp, diagnostic: "UndeclaredName"},
	{name: "goenv-line-appended", between: only(forgotten), truth: line("home/.config/go/env", "", "GOPROXY={down}"), beside: only(private, export("GONOPROXY", "other.example"), goLine), named: `GOPROXY`},
	{name: "goenv-from-windows", healthy: corpGit, between: only(forgotten), truth: edit("home/.config/go/env", "GOPRIVATE=git.corp.example\n", "GOPRIVATE=git.corp.example\r\n"), beside: only(noSumCorp, pager, extraOfCorp()), named: `GOPRIVATE|GONOPROXY`, late: true, at: "app.go:3:12", message: importOfLib},
	{name: "private-unset", healthy: corpGit, between: only(forgotten), truth: line("home/.config/go/env", "GOPRIVATE=", ""), beside: only(noSumCorp, export("GOVCS", "*:git"), gitName), named: `GOPRIVATE|GONOPROXY`, at: "app.go:3:12", message: importOfLib},
	{name: "toolchain-unmasked", healthy: only(setting("GOTOOLCHAIN", "go1.99.0")), truth: unexport("GOTOOLCHAIN"), beside: only(toolLine, nodePath, gogc), named: `GOTOOLCHAIN`, late: true},
	{name: "left-from-wasm", healthy: onLinux, truth: both(export("GOOS", "js"), export("GOARCH", "wasm")), beside: only(export("GOWASM", "satconv"), nodePath, private), named: `GOOS|GOARCH`, at: "use.go:3:14", message: "undefined: system", diagnostic: "UndeclaredName"},
	{name: "modfile-of-developers-edited", healthy: only(file("ws/dev.mod", "module example.com/app\n\ngo 1.24\n\nrequire example.com/greet v1.0.0\n"), file("ws/dev.sum", "{sum example.com/greet@v1.0.0}"), export("GOFLAGS", "-modfile=dev.mod")), truth: edit("ws/dev.mod", "greet v1.0.0", "greet v1.1.0"), beside: only(goLine, private, edit("ws/go.mod", "greet v1.0.0", "greet v0.9.0")), named: `greet|dev\.mod`},
	{name: "overlay-edited", healthy: only(file("home/overlay.json", "{\"Replace\": {\"{ws}/more.go\": \"{home}/more.txt\"}}\n"), file("home/more.txt", "package app\n\nfunc more() int { return 1 }\n"), file("ws/use.go", "package app\n\nvar More = more()\n"), export("GOFLAGS", "-overlay={home}/overlay.json")), truth: edit("home/overlay.json", "{ws}/more.go", "{ws}/old/more.go"), beside: only(private, vim, extra), named: `(?i)overlay`, late: true, at: "use.go:3:12", message: "undefined: more", diagnostic: "UndeclaredName"},

	// Which go runs.
	{name: "shim-go-version", healthy: shims, truth: file("ws/.go-version", "1.22.3\n"), beside: only(edit("ws/.tool-versions", "nodejs 20.11.0", "nodejs 22.1.0"), private, extra), named: `go-version|^tool go|^toolchain`},
	{name: "shim-tool-versions", healthy: and(shims, patch), truth: edit("ws/.tool-versions", "golang 1.26", "golang 1.20"), beside: only(nodePath, extra, noSum), named: `tool-versions|^tool go|^toolchain`, late: true},
	{name: "shim-version-uninstalled", healthy: shims, truth: gone("home/.shim/versions/1.26"), beside: only(nodePath, goLine, lsColors), named: `^tool go|^toolchain|versions/1\.26`, late: true},
	{name: "current-go-relinked", healthy: only(patch[0], file("home/sdk/go1.26/bin/go", sameGo), file("home/sdk/go1.20/bin/go", oldGo), linked("home/sdk/current", "go1.26"), bash(`export PATH="$HOME/sdk/current/bin:$PATH"`)), truth: linked("home/sdk/current", "go1.20"), beside: only(retracts, cargo, private), named: `\bPATH$|^tool go|^toolchain|sdk/current`},
	{name: "toolchain-line-to-download", healthy: only(export("GOTOOLCHAIN", "auto")), truth: edit("ws/go.mod", "go 1.24\n", "go 1.24\n\ntoolchain go1.99.0\n"), beside: only(extra, private, modRW), named: `^toolchain|^go line`},
	{name: "git-of-the-stamp-broken", healthy: and(gits, only(gone("ws/app.go"), file("ws/main.go", "package main\n\nimport \"example.com/greet\"\n\nfunc main() { println(greet.Hello()) }\n"), onMain)), truth: bash(`export PATH="$HOME/git2:$PATH"`), beside: only(gitName, nodePath, gobin), named: `\bPATH$|^tool git`, at: "main.go:3:8"},

	// Proxies.
	{name: "mirror-has-another-path", healthy: only(setting("GOPROXY", "{plain}")), between: only(forgotten), truth: setting("GOPROXY", "{plain}/artifactory/api/go/go-all"), beside: only(export("HTTPS_PROXY", "{down}"), noProxy, noSum), named: `GOPROXY`},
	{name: "proxy-file-of-the-vpn", healthy: only(setting("GOPROXY", "http://0.0.0.0:1"), sourced("home/.proxyrc", "export http_proxy={plain}\nexport https_proxy={down}\n")), between: only(forgotten), truth: edit("home/.proxyrc", "http_proxy={plain}", "http_proxy={down}"), beside: only(noProxy, private, cargo), named: `(?i)\bhttp_proxy|\.proxyrc`, late: true},
	{name: "user-in-a-plain-url", healthy: only(setting("GOPROXY", "{plain}")), between: only(forgotten), truth: setting("GOPROXY", "http://gopher:sesame@{plainhost}"), beside: only(netrc, noSum, extra), named: `GOPROXY`},
	{name: "no-proxy-rewritten", healthy: office, between: only(forgotten), truth: export("NO_PROXY", "localhost,127.0.0.1,.corp.example"), beside: only(export("no_proxy", "localhost,0.0.0.0"), export("HTTPS_PROXY", "{down}"), private), named: `NO_PROXY`, late: true},
	{name: "http-proxy-appears", healthy: only(setting("GOPROXY", "http://0.0.0.0:{plainport}")), between: only(forgotten), truth: export("http_proxy", "{down}"), beside: only(export("https_proxy", "{down}"), export("no_proxy", "localhost,127.0.0.1"), private), named: `(?i)\bhttp_proxy`, late: true},
	{name: "private-is-mirrored", healthy: only(setting("GOPROXY", "{plain}"), export("HTTPS_PROXY", "{down}")), between: only(forgotten), truth: setting("GOPRIVATE", "example.com/*"), beside: only(setting("GONOSUMDB", "example.com/*"), noProxy, setting("GOINSECURE", "other.example")), named: `GOPRIVATE|GONOPROXY`},
	{name: "private-is-mirrored-no-more", healthy: mirrored, between: only(forgotten), truth: line("home/.config/go/env", "GONOPROXY=", ""), beside: only(noSumOut, noProxy, setting("GONOSUMDB", "example.com"), extra), named: `GONOPROXY|GOPRIVATE`, late: true},
	{name: "mirror-by-another-name", healthy: corpTLS, between: only(forgotten), truth: change{"GOPROXY by name", func(m *past) func() {
		_, port, _ := net.SplitHostPort(m.world.tls.Listener.Addr().String())
		return both(setting("GOPROXY", "https://localhost:"+port), line("home/.netrc", "", "machine localhost:"+port+" login gopher password sesame")).do(m)
	}}, beside: only(noProxy, private, export("SSL_CERT_DIR", "{home}/certs")), named: `GOPROXY`},
	{name: "certificate-folder", healthy: only(setting("GOPROXY", "{tls}"), file("home/.netrc", "machine {tlshost} login gopher password sesame\n"), file("home/certs/corp.pem", "{ca}"), export("SSL_CERT_DIR", "{home}/certs")), between: only(forgotten), truth: export("SSL_CERT_DIR", "{home}/certificates"), beside: only(export("NODE_EXTRA_CA_CERTS", "{home}/certs/corp.pem"), netrcMore, noSum), named: `SSL_CERT_DIR`, late: true},

	// Credentials and git.
	{name: "netrc-older-entry-first", healthy: corpTLS, between: only(forgotten), truth: edit("home/.netrc", "machine {tlshost} login gopher password sesame", "machine {tlshost} login gopher password old\nmachine {tlshost} login gopher password sesame"), beside: only(noProxy, private, gitName), named: `netrc`},
	{name: "token-stale", healthy: byToken, between: only(forgotten), truth: export("CORP_TOKEN", "Z29waGVyOm9sZA=="), beside: only(export("NPM_TOKEN", "Z29waGVy"), noProxy, noSum), named: `CORP_TOKEN`, late: true},
	{name: "token-script-edited", healthy: byToken, between: only(forgotten), truth: edit("home/auth", "https://{tlshost}", "https://mirror.corp.example"), beside: only(export("NPM_TOKEN", "Z29waGVy"), private, extra), named: `GOAUTH|home/auth`},
	{name: "git-rules-for-some-folders", healthy: included, between: only(forgotten), truth: edit("home/.gitconfig", "[include]", "[includeIf \"gitdir:{ws}/\"]"), beside: only(noSumCorp, pager, privateMore), named: `gitconfig|git config|insteadOf|^git`, at: "app.go:3:12", message: importOfLib},
	{name: "git-rules-file-gone", healthy: included, between: only(forgotten), truth: gone("home/.gitconfig-corp"), beside: only(gitName, privateMore, netrc), named: `gitconfig|git config|insteadOf|^git`, at: "app.go:3:12", message: importOfLib, late: true},
	{name: "git-rules-in-xdg", healthy: and(corpGit, only(
		edit("home/.gitconfig", rulesOfCorp, ""), file("home/.config/git/config", rulesOfCorp), export("GOPROXY", "{proxy}"), export("GOSUMDB", "off"), export("GOPRIVATE", "git.corp.example"),
	)), between: only(forgotten), truth: export("XDG_CONFIG_HOME", "{home}/.cfg"), beside: only(export("XDG_DATA_HOME", "{home}/.data"), pager, gitName), named: `XDG_CONFIG_HOME|insteadOf|git config|git/config`, at: "app.go:3:12", message: importOfLib, late: true},
	{name: "agent-not-there", healthy: agent, between: only(forgotten), truth: unexport("SSH_AUTH_SOCK"), beside: only(privateMore, gitName, export("GPG_TTY", "none")), named: `SSH_AUTH_SOCK`, at: "app.go:3:12", message: importOfLib, late: true},

	// go.mod, go.sum.
	{name: "client-raised-alone", healthy: clients, truth: both(edit("ws/go.mod", "client v1.0.0", "client v1.1.0"), sums("example.com/client@v1.1.0")), beside: only(extraNewer, private, retracts), named: `client|codec`, message: "could not import example.com/client (no required module provides package \"example.com/client\")"},
	{name: "client-raised-with-all-it-needs", healthy: clients, truth: both(edit("ws/go.mod", "client v1.0.0", "client v1.1.0"), edit("ws/go.mod", "codec v1.0.0", "codec v1.1.0"), sums("example.com/client@v1.1.0"), sums("example.com/codec@v1.1.0")), beside: only(extraNewer, trimpath, moreCode), named: `client|codec`, at: "enc.go:5:21", message: "undefined: codec.Encode", diagnostic: "UndeclaredImportedName", late: true},
	{name: "renamed-upstream", healthy: and(imports("example.com/oldname", "Name()", "example.com/oldname", "v1.0.0"), twoModules), truth: both(edit("ws/go.mod", "oldname v1.0.0", "oldname v1.1.0"), sums("example.com/oldname@v1.1.0")), beside: only(extraNewer, private, ciYaml), named: `oldname`, message: "could not import example.com/oldname (no required module provides package \"example.com/oldname\")", late: true},
	{name: "package-in-two-modules", healthy: and(imports("example.com/parts/wheel", "Wheel()", "example.com/parts", "v1.0.0"), twoModules), truth: both(line("ws/go.mod", "", "require example.com/parts/wheel v1.0.0"), sums("example.com/parts/wheel@v1.0.0")), beside: only(extraNewer, goLine, private), named: `parts/wheel`, message: importOfParts},
	{name: "gomod-conflict", truth: edit("ws/go.mod", "require example.com/greet v1.0.0\n", "<<<<<<< HEAD\nrequire example.com/greet v1.0.0\n=======\nrequire example.com/greet v1.1.0\n>>>>>>> feature\n"), beside: only(sums("example.com/greet@v1.1.0"), private, moreCode), named: `^unreadable|^module|^require .*greet`, late: true},
	{name: "requires-latest", truth: edit("ws/go.mod", "greet v1.0.0", "greet latest"), beside: only(private, goLine, proxyPlain), named: `greet|^unreadable`},
	{name: "indirect-lost", healthy: needs, truth: edit("ws/go.mod", "require example.com/util v1.0.0 // indirect\n", ""), beside: only(private, moreCode, trimpath), named: `util`, message: importOfUtil, late: true},
	{name: "go-line-lowered", truth: edit("ws/go.mod", "go 1.24\n", "go 1.22\n"), beside: only(modRW, private, retracts), named: `^go line`},
	{name: "fork-without-sum", truth: line("ws/go.mod", "", "replace example.com/greet => example.com/fork v1.0.0"), beside: only(otherReplace, private, sums("example.com/greet@v1.1.0")), named: `^replace .*greet`},
	{name: "replace-lost-in-a-merge", healthy: local, truth: edit("ws/go.mod", "replace example.com/local => ../local\n", ""), beside: only(private, moreCode, proxyPlain), named: `local`, message: "could not import example.com/local (no required module provides package \"example.com/local\")"},
	{name: "sums-of-others-lost", healthy: needs, truth: edit("ws/go.sum", "{sum example.com/util@v1.0.0}", ""), beside: only(sums("example.com/extra@v1.2.0"), private, retracts), named: `^go\.sum .*util`, message: importOfUtil},
	{name: "sums-not-committed", healthy: needs, truth: gone("ws/go.sum"), beside: only(file("ws/.gitignore", "*.sum\n"), proxyPlain, moreCode), named: `go\.sum|^sum|checksum`, message: "could not import example.com/needy (no required module provides package \"example.com/needy\")", late: true},
	{name: "branch-with-a-newer-codec", healthy: and(imports("example.com/codec", "Encode()", "example.com/codec", "v1.0.0"), branch("bump", edit("ws/go.mod", "codec v1.0.0", "codec v1.1.0"), sums("example.com/codec@v1.1.0"))), truth: switched("bump"), beside: only(private, nodePath, proxyPlain), named: `codec|(?i)branch|HEAD`, at: "app.go:5:13", message: "undefined: x.Encode", diagnostic: "UndeclaredImportedName"},

	// Workspaces, vendor folders, caches.
	{name: "work-member-moved", healthy: workspace, truth: moved("ws/lib", "ws/libs"), beside: only(line("ws/app/go.mod", "", "retract v0.1.0"), private, proxyPlain), named: `\blib\b|go\.work`, at: "app/app.go:3:8", message: importOfSib},
	{name: "work-of-a-trial", truth: both(file("go.work", "go 1.24\n\nuse (\n\t./ws\n\t./trial\n)\n"), file("trial/go.mod", "module example.com/trial\n\ngo 1.24\n\nrequire example.com/greet v1.3.0\n")), beside: only(extra, private, nodePath), named: `go\.work|GOWORK|^use|trial`},
	{name: "work-of-the-home-unset", healthy: devWork, truth: unexport("GOWORK"), beside: only(line("lib/go.mod", "", "retract v0.1.0"), trimpath, private), named: `GOWORK`, at: "use.go:3:8", message: importOfSib, late: true},
	{name: "work-of-the-home-edited", healthy: devWork, truth: edit("home/dev.work", "\t{root}/lib\n", ""), beside: only(line("home/dev.work", "", "// for now"), gobin, noSum), named: `dev\.work|\blib\b|^use|go\.work`, at: "use.go:3:8", message: importOfSib},
	{name: "vendor-and-a-replace", healthy: and(vendored, only(file("greet/go.mod", "module example.com/greet\n\ngo 1.24\n"), file("greet/greet.go", "package greet\n\nfunc Hello() string { return \"near\" }\n"))), truth: line("ws/go.mod", "", "replace example.com/greet => ../greet"), beside: only(private, modRW, retracts), named: `^replace|greet|vendor`},
	{name: "cache-cleaned-offline", healthy: only(warm, setting("GOPROXY", "off")), truth: emptied("home/go/pkg/mod"), beside: only(private, noSum, gobin), named: `(?i)cache|pkg/mod|has not been downloaded`, late: true},

	// C.
	{name: "cgo-header-moved", healthy: header, between: only(rebuilt), truth: moved("home/include", "home/inc"), beside: only(cxx, export("CGO_CPPFLAGS", "-DNDEBUG"), private), named: `CGO_CFLAGS|home/include|corp\.h`, at: "c.go:4:8", message: importOfC},
	{name: "cgo-warnings-are-errors", healthy: only(file("ws/c.go", "package app\n\n// static int one(void) { int n; return 1; }\nimport \"C\"\n\nfunc one() int { return int(C.one()) }\n")), truth: export("CGO_CFLAGS", "-O1 -Wall -Werror"), beside: only(export("CFLAGS", "-O1 -Wall -Werror"), cxx, noSum), named: `CGO_CFLAGS`, at: "c.go:4:8", message: importOfC, late: true},
	{name: "compiler-through-a-cache", healthy: cgo, truth: setting("CC", "ccache gcc"), beside: only(setting("CXX", "ccache g++"), export("CCACHE_DIR", "{home}/.ccache"), goLine), named: `\bCC$`, at: "c.go:4:8", message: importOfC},
	{name: "cgo-include-path-dropped", healthy: only(file("home/include/corp.h", "#define CORP 1\n"), file("ws/c.go", "package app\n\n// #include <corp.h>\nimport \"C\"\n\nfunc one() int { return C.CORP }\n"), export("C_INCLUDE_PATH", "{home}/include")), between: only(rebuilt), truth: unexport("C_INCLUDE_PATH"), beside: only(export("LIBRARY_PATH", "{home}/lib"), cxx, private), named: `C_INCLUDE_PATH`, at: "c.go:4:8", message: importOfC, late: true},
	{name: "cgo-and-another-processor", healthy: cgo, truth: export("GOARCH", "riscv64"), beside: only(cxx, export("GOARM64", "v8.0"), trimpath), named: `GOARCH|CGO_ENABLED`, at: "use.go:3:11", message: "undefined: one", diagnostic: "UndeclaredName"},

	// The code is at fault, or the world outside.
	{name: "field-renamed", code: true, healthy: only(file("ws/conf.go", "package app\n\ntype conf struct{ Port int }\n"), file("ws/use.go", "package app\n\nfunc port(c conf) int { return c.Port }\n")), truth: edit("ws/conf.go", "Port int", "Ports int"), beside: only(setting("GOPROXY", "{down}"), nodePath, extra), at: "use.go:3:34", message: "c.Port undefined (type conf has no field or method Port, but does have field Ports)", diagnostic: "MissingFieldOrMethod"},
	{name: "variable-unused", code: true, truth: edit("ws/app.go", "{ return greet.Hello() }", "{\n\tname := 1\n\treturn greet.Hello()\n}"), beside: only(export("GOFLAGS", "-tags=e2e"), private, toolLine), at: "app.go:6:2", message: "declared and not used: name", diagnostic: "UnusedVar", late: true},
	{name: "package-name-changed", code: true, healthy: inner, truth: edit("ws/inner/inner.go", "package inner", "package core"), beside: only(export("GOPROXY", "off"), noSum, gobin), at: "use.go:5:13", message: "undefined: inner", diagnostic: "UndeclaredName"},
	{name: "embed-not-imported", code: true, healthy: only(file("ws/data.txt", "data\n"), file("ws/data.go", "package app\n\nimport _ \"embed\"\n\n//go:embed data.txt\nvar Data string\n")), truth: edit("ws/data.go", "import _ \"embed\"\n\n", ""), beside: only(private, goLine, lsColors), at: "data.go:3:3", message: "go:embed only allowed in Go files that import \"embed\"", diagnostic: "default", late: true},
	{name: "arguments-added", code: true, healthy: more, truth: edit("ws/more.go", "func more()", "func more(n int)"), beside: only(setting("GOTOOLCHAIN", "auto"), extra, cargo), at: "use.go:3:17", message: "not enough arguments in call to more\n\thave ()\n\twant (int)", diagnostic: "WrongArgCount"},
	{name: "tag-moved", code: true, healthy: and(corpGit, only(change{"a repository", func(m *past) func() {
		gitIn(m.t, m.root, "clone", "-q", m.world.repos+"/lib", m.at("repos/lib"))
		return func() {}
	}}, edit("home/.gitconfig", "{repos}/", "{root}/repos/"))), between: only(forgotten), truth: change{"the tag is another", func(m *past) func() {
		repo := m.at("repos/lib")
		m.world.lab.Write(m.at("repos/lib/new.go"), "package lib\n")
		gitIn(m.t, repo, "add", ".")
		gitIn(m.t, repo, "commit", "-q", "-m", "more")
		gitIn(m.t, repo, "tag", "-f", "v1.0.0")
		return func() {
			gitIn(m.t, repo, "reset", "-q", "--hard", "HEAD~1")
			gitIn(m.t, repo, "tag", "-f", "v1.0.0")
			forgotten.do(m)
		}
	}}, beside: only(privateMore, pager, noSumCorp), at: "app.go:3:12", message: importOfLib},

	// Phantoms: the environment of gopls is at fault, the shell is green.
	{name: "gopls-without-a-compiler", phantom: true, healthy: and(cgo, only(file("home/just/go", sameGo))), truth: inGopls("PATH", "{home}/just"), beside: only(inGopls("CGO_CFLAGS", "-O1"), inGopls("LANG", "C"), private), named: `\bPATH$|^tool (gcc|cc|go)|CGO_ENABLED|\bCC$`, at: "use.go:3:11", message: "undefined: one", diagnostic: "UndeclaredName"},
	{name: "gopls-shim-variable", phantom: true, healthy: and(shims, patch), truth: inGopls("SHIM_GO_VERSION", "1.20"), beside: only(inGopls("SHIM_ROOT", "{home}/.shim"), inGopls("GOFLAGS", "-trimpath"), extra), named: `SHIM_GO_VERSION|^tool go|^toolchain`, late: true},
	{name: "gopls-without-http-proxy", phantom: true, healthy: and(throughProxy, only(gmod)), between: only(gforgotten), truth: inGopls("HTTP_PROXY", "-"), beside: only(inGopls("HTTPS_PROXY", "{plain}"), inGopls("NO_PROXY", "localhost"), private), named: `HTTP_PROXY`},
	{name: "gopls-without-no-proxy", phantom: true, healthy: and(office, only(gmod)), between: only(gforgotten), truth: inGopls("NO_PROXY", "-"), beside: only(inGopls("HTTPS_PROXY", "{down}"), inGopls("ALL_PROXY", "{down}"), extra), named: `NO_PROXY`, late: true},
	{name: "gopls-tags-of-its-settings", phantom: true, healthy: tagsInBashrc, truth: inGopls("GOFLAGS", "-tags=integration"), beside: only(inGopls("GOPROXY", "{plain}"), inGopls("GOTOOLCHAIN", "local"), file("ws/.vscode/settings.json", "{\n  \"go.buildTags\": \"integration\"\n}\n")), named: `GOFLAGS|go\.buildTags|settings`, at: "use.go:3:12", message: undefinedCorp, diagnostic: "UndeclaredName"},
	{name: "gopls-gopath-offline", phantom: true, healthy: only(warm, setting("GOPROXY", "off")), truth: inGopls("GOPATH", "{home}/gopath"), beside: only(inGopls("GOBIN", "{home}/gopath/bin"), inGopls("GOSUMDB", "off"), private), named: `GOPATH|GOMODCACHE`, late: true},
	{name: "gopls-without-gowork", phantom: true, healthy: devWork, truth: inGopls("GOWORK", "-"), beside: only(inGopls("GOFLAGS", "-trimpath"), inGopls("GO111MODULE", "on"), noSum), named: `GOWORK`, at: "use.go:3:8", message: importOfSib},
	{name: "gopls-other-processor", phantom: true, healthy: perArch, truth: inGopls("GOARCH", "riscv64"), beside: only(inGopls("GOAMD64", "v1"), inGopls("GOTMPDIR", "{home}/tools"), extra), named: `GOARCH`, at: "use.go:3:12", message: "undefined: fast", diagnostic: "UndeclaredName", late: true},
	{name: "gopls-without-cgo-flags", phantom: true, healthy: header, truth: inGopls("CGO_CFLAGS", "-"), beside: only(inGopls("CGO_CXXFLAGS", "-O1"), inGopls("CPATH", "{home}/inc"), private), named: `CGO_CFLAGS`, at: "c.go:4:8", message: importOfC},
	{name: "gopls-without-the-token", phantom: true, healthy: and(byToken, only(gmod)), between: only(gforgotten), truth: inGopls("CORP_TOKEN", "-"), beside: only(inGopls("NO_PROXY", "localhost"), inGopls("NPM_TOKEN", "-"), noSum), named: `CORP_TOKEN`, late: true},
	{name: "gopls-without-the-agent", phantom: true, healthy: and(agent, only(gmod)), between: only(gforgotten), truth: inGopls("SSH_AUTH_SOCK", "-"), beside: only(inGopls("GIT_PAGER", "cat"), inGopls("GONOSUMDB", "git.corp.example"), privateMore), named: `SSH_AUTH_SOCK`, at: "app.go:3:12", message: importOfLib},
	{name: "gopls-private-only-in-bashrc", phantom: true, healthy: and(corpGit, only(line("home/.config/go/env", "GOPRIVATE=", ""), export("GOPRIVATE", "git.corp.example"), gmod)), between: only(gforgotten), truth: inGopls("GOPRIVATE", "-"), beside: only(inGopls("GOVCS", "*:git"), inGopls("GIT_PAGER", "cat"), noSumCorp), named: `GOPRIVATE|GONOPROXY`, at: "app.go:3:12", message: importOfLib, late: true},
	{name: "gopls-mod-mod-in-a-workspace", phantom: true, healthy: workspace, truth: inGopls("GOFLAGS", "-mod=mod"), beside: only(inGopls("GOPROXY", "off"), line("ws/go.work", "", "// all of us"), inGopls("GOTOOLCHAIN", "auto")), named: `GOFLAGS`, at: "app/app.go:3:8", message: importOfSib, late: true},
	{name: "gopls-without-a-home", phantom: true, truth: inGopls("HOME", "-"), beside: only(inGopls("XDG_RUNTIME_DIR", "{home}/run"), inGopls("LANG", "C"), vim), named: `\bHOME$`},
	{name: "gopls-keeps-the-old-mirror", phantom: true, healthy: only(export("GOPROXY", "{own}"), gmod, change{"the mirror in gopls", func(m *past) func() {
		m.gopls["GOPROXY"] = m.expand("{own}")
		return func() {}
	}}), between: only(gforgotten), truth: change{"the mirror moved", func(m *past) func() {
		_ = m.own.Close()
		m.own = nil
		undo := export("GOPROXY", "{plain}").do(m)
		return func() {
			undo()
			m.serve()
		}
	}}, beside: only(inGopls("NO_PROXY", "localhost"), private, gogc), named: `GOPROXY`, late: true},
}

// TestThirdHistories plays more histories, of what happens to developers often.
func TestThirdHistories(t *testing.T) { playSome(t, newThirdPasts, thirdHistories, 0.92) }
