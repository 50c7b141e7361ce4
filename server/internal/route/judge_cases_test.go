//go:build unix

package route

import (
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/mod/module"
)

// verb is what the go command is asked to do.
type verb string

const (
	download verb = "mod download"
	build    verb = "build"
	listAll  verb = "list -m all"
)

// question is one case of the judge.
type question struct {
	process, file map[string]string // settings, by where they are set
	netrc         []login
	module        Module
	world         *world
	main          bool   // asked in a main module that requires the module
	sum           string // its go.sum
	warm          bool   // the module cache has the module
	verb          verb
}

// login is an entry of netrc.
type login struct{ name, login, password string }

// command is what go is asked.
func (q *question) command() []string {
	switch q.verb {
	case build:
		return []string{"build", "-n", "./..."} // which loads all that it would build, and compiles nothing
	case listAll:
		return []string{"list", "-m", "all"}
	}
	return []string{"mod", "download", "-json", q.module.Path + "@" + q.module.Version}
}

// liveModules are asked for at random. Only github.com is a host whose
// repositories go knows by path.
var liveModules = []Module{
	{"corp.example/team/lib", "v1.0.0"},
	{"git.corp.example/lib", "v1.0.0"},
	{"other.example/Team/x", "v1.0.0"},
	{"github.com/gophantom-test/lib", "v1.0.0"},
	{"github.com/GPTest/lib/v2", "v2.0.0"},
	{"gopkg.in/lib.v1", "v1.0.0"},
}

// escapePath is a module path as proxies have it.
func escapePath(path string) string {
	escaped, err := module.EscapePath(path)
	if err != nil {
		panic(err)
	}
	return escaped
}

// deadProxy is an HTTP proxy that nobody runs.
const deadProxy = "127.0.0.1:1"

// hosts are all there is in a world, beside the lab's plain server.
var hosts = []string{
	"a.proxy.example", "b.proxy.example", "c.proxy.example", "auth.proxy.example", "port.proxy.example:8443",
	"corp.example", "git.corp.example", "other.example", "gopkg.in", "github.com", "code.example", "mod.example",
	"sum.example", "mirror.example", "sum.golang.org", "sum.golang.google.cn",
}

// defaults are the hosts of the proxies that go asks unless told otherwise.
func (l *lab) defaults() (names []string) {
	for _, e := range Entries(l.goroot["GOPROXY"]) {
		if u, err := url.Parse(e.URL); err == nil && e.Kind == Proxy {
			names = append(names, u.Host)
		}
	}
	return names
}

// usual is a host as it is when nothing is wrong with it.
func usual(name string) *host {
	h := &host{}
	switch {
	case strings.Contains(name, "proxy.example"), strings.HasPrefix(name, "proxy."), name == "mod.example", strings.HasPrefix(name, "127."):
		h.files, h.supported, h.db = map[string]conduct{}, "404", "ok"
		if name == "auth.proxy.example" {
			h.login = "user:secret"
		}
	case name == "github.com", name == "code.example":
		h.git = "ok"
	case strings.HasPrefix(name, "sum"), name == "mirror.example":
		h.db = "ok"
	default:
		h.tags = map[string][]string{}
		for _, m := range liveModules {
			if host, _, _ := strings.Cut(m.Path, "/"); host == name {
				h.tags[m.Path] = []string{m.Path + " git https://code.example/" + repositoryName(m.Path) + ".git"}
			}
		}
	}
	return h
}

// die makes random choices.
type die struct{ *rand.Rand }

func (d die) pick(list ...string) string { return list[d.IntN(len(list))] }

func (d die) chance(in int) bool { return d.IntN(in) == 0 }

// random makes a case.
func (l *lab) random(rng *rand.Rand) *question {
	d := die{rng}
	q := &question{process: map[string]string{}, file: map[string]string{}, module: liveModules[d.IntN(len(liveModules))], verb: download}
	q.world = &world{hosts: map[string]*host{l.local: usual(l.local)}, module: q.module}
	for _, name := range append(l.defaults(), hosts...) {
		q.world.hosts[name] = usual(name)
	}
	l.settings(d, q)
	d.database(q)
	d.servers(q, l)
	if d.chance(3) {
		q.main = true
		q.sum = d.goSum(q.module)
		if d.chance(2) {
			q.verb = build
			if d.chance(3) {
				q.verb = listAll
			}
			if flag := d.pick("", "", "-mod=readonly", "-mod=mod", "-mod=mod", "-mod=vendor -mod=mod"); flag != "" {
				q.process["GOFLAGS"] = "-modcacherw " + flag
			}
		}
	}
	q.warm = d.chance(8)
	return q
}

// settings makes the environment. Most cases should get as far as asking.
func (l *lab) settings(d die, q *question) {
	local := "http://" + l.local
	good := func() string {
		switch d.IntN(12) {
		case 0:
			return "file://" + l.files + "/" + d.pick("full", "full", "none")
		case 1:
			return d.pick(local, local+"/", local+"/sub")
		case 2, 3:
			return d.pick("direct", "direct", "off")
		case 4:
			return d.pick("https://auth.proxy.example", "https://user:secret@auth.proxy.example", "https://user:wrong@auth.proxy.example/x", "https://port.proxy.example:8443")
		}
		return d.pick("https://", "https://", "https://", "http://", "", "HTTPS://") + d.pick("a", "b", "c") + d.pick(".proxy.example", ".proxy.example", ".proxy.example/sub/")
	}
	odd := func() string {
		return d.pick("DIRECT", "Off", "foo", "none", "direct+https://x.example", "off+"+local, "ftp://x.example/y", "/abs/path", "file:/p", "file://host/p",
			`"`+local+`"`, "'direct'", "http://[::1", local+" direct", local+";direct", "http://u:secret@"+l.local, "http://u:secret@a.proxy.example",
			"https://u:se cret@a.proxy.example", "direct/", ".", ":", "user@a.proxy.example:8080", "https://b.proxy.example?x=1", "é", "\u00a0direct\u00a0", "a.proxy.example:443", "//a.proxy.example",
			l.local, "nobody.example", "https://nobody.example", "http://nobody.example",
			"noproxy", "none,direct", "https://A.Proxy.example", "https://a.proxy.example:", "https://a.proxy.example#top", "https://a.proxy.example//x//", "https://a.proxy.example/%2f", "https://a.proxy.example/a b",
			"http://127.0.0.1:1", "127.0.0.1:1", "http://[::1]:1/x", "[::1]:1", "http://localhost:1", "http://:80", "https://", "file://", "file:///", "FILE:///nowhere", "https:a.proxy.example", "https:/a.proxy.example", "direct,https://x y",
			"http://"+strings.Replace(l.local, "127.0.0.1", "localhost", 1), "https://user@a.proxy.example", "https://:secret@a.proxy.example")
	}
	goproxy := func() string {
		switch d.IntN(15) {
		case 0:
			return d.pick(" ", ",", "|", ", ,", "\t|")
		case 1, 2, 3:
			return "direct"
		case 4, 5, 6:
			return good()
		}
		var b strings.Builder
		for i := range 1 + d.IntN(4) {
			if i > 0 {
				b.WriteString(d.pick(",", ",", "|", "|", ", ", " | ", ",,", "|,", "\t,"))
			}
			b.WriteString(d.pick("", "", "", " "))
			if d.chance(12) {
				b.WriteString(odd())
			} else {
				b.WriteString(good())
			}
		}
		b.WriteString(d.pick("", "", "", ",", "|", " "))
		return b.String()
	}
	pattern := func() string {
		if d.chance(4) {
			return "none"
		}
		var parts []string
		for range 1 + d.IntN(3) {
			parts = append(parts, d.pick("corp.example", "*.corp.example", "*.example", "*", "corp.example/team", "corp.example/*/x", "github.com", "github.com/*/lib", "github.com/gptest",
				"github.com/GPTest/", "other.example/Team", " corp.example", "corp.example:443", "https://corp.example", "none", "", "[", "g?t*", "[a-c]orp.example",
				"**", "corp.example/**", "*/team", "*/*/*", "corp.example//", "/", " ", "c*", `\\corp.example`, "[^x]orp.example", "[]", "GITHUB.com", "github.com/...", "corp.example/team/lib/sub", "*.in/lib.v1", "gopkg.in", "g*/lib.v?"))
		}
		return strings.Join(parts, ",")
	}
	set := func(name string, chance int, value func() string) {
		if d.IntN(10) >= chance {
			return
		}
		switch d.IntN(6) {
		case 0, 1, 2:
			q.process[name] = value()
		case 3:
			q.file[name] = value()
		case 4:
			q.process[name], q.file[name] = value(), value()
		case 5:
			q.process[name], q.file[name] = d.pick("", value()), d.pick("", value())
		}
	}
	set("GOPROXY", 9, goproxy)
	set("GOPRIVATE", 3, pattern)
	set("GONOPROXY", 3, pattern)
	set("GONOSUMDB", 3, pattern)
	set("GOINSECURE", 3, pattern)
	set("GOVCS", 3, func() string {
		return d.pick("*:off", "public:off,private:off", "github.com:hg|svn", "corp.example:all, *:bzr", "github.com/gophantom-test:off,github.com/GPTest:off", "*:all", "public:git", "private:git,public:off",
			"git", "a:git,,b:hg", "a:git,a:hg", "./x:git", ":git", "x:",
			"*:git | hg", "public:hg", "*:mod", "*:Git", "[:git,*:hg", "github.com/*:off", "gopkg.in/lib.v1:off", "private:off,*:all", "public:git|off", "*:git|", "..:git", " ", "corp.example/team/lib/x:off", "*:off,public:git")
	})
	set("GOAUTH", 3, func() string {
		return d.pick("off", "netrc", "netrc", "corp-auth", "corp-auth", "corp-auth;netrc", "bad-auth", "no-such-auth", "netrc;", "off;netrc", "git", "git relative", " netrc ", "netrc;netrc",
			"netrc corp", "Netrc", ";", " ", "git /nowhere", "netrc;git /nowhere", "git /", "netrc;git /dev/null", "off ", "git /a /b;netrc", "corp-auth with arguments", "git a;netrc;")
	})
	if d.chance(3) {
		for range 1 + d.IntN(2) {
			q.netrc = append(q.netrc, login{
				d.pick("auth.proxy.example", "auth.proxy.example", "a.proxy.example", "b.proxy.example", "port.proxy.example", "port.proxy.example:8443", "https://auth.proxy.example", "auth.proxy.example/"),
				"user", d.pick("secret", "secret", "wrong"),
			})
		}
	}
	gate := func() string {
		return d.pick(l.gates[1], l.gates[1], strings.TrimPrefix(l.gates[1], "http://"), "http://"+deadProxy, strings.Replace(l.gates[1], "http://", "http://user:pw@", 1))
	}
	if d.chance(10) {
		q.process["HTTPS_PROXY"] = gate()
	}
	if d.chance(12) {
		q.process["HTTP_PROXY"] = gate()
	}
	if d.chance(12) {
		q.process["HTTPS_PROXY"], q.process["https_proxy"] = "", gate()
	}
	if d.chance(8) {
		q.process[d.pick("NO_PROXY", "no_proxy")] = d.pick("https://a.proxy.example", "proxy.exampl", "127.0.0.1", "a.proxy.example:8081", ".a.proxy.example", "a.proxy.example.", "b,*.c", "10.0.0.0/8,192.168.1.1")
	}
	if d.chance(15) {
		q.process["REQUEST_METHOD"] = "GET"
	}
	if d.chance(10) {
		q.process["ALL_PROXY"] = "http://" + deadProxy
	}
}

// database makes GOSUMDB and the database itself.
func (d die) database(q *question) {
	name := "sum.example"
	if d.chance(5) {
		name = "sum.golang.org"
	}
	signer, verifier := databaseKeys(name)
	_, strange := databaseKeys("strange.example")
	q.world.database = &database{name: name, signer: signer, record: honest}
	if d.chance(5) {
		q.world.database.record = func(m Module) string { // other hashes
			return sumLine(m, "", m.zipHash(true)) + sumLine(m, "/go.mod", modHash(m.goMod(false)))
		}
	} else if d.chance(10) {
		q.world.database.record = func(m Module) string { return sumLine(m, "", m.zipHash(false)) } // no go.mod
	}
	value := "off"
	switch d.IntN(12) {
	case 0, 1:
	case 2, 3, 4, 5:
		value = verifier
	case 6, 7:
		value = verifier + d.pick(" https://mirror.example", " http://mirror.example/db", " https://sum.example/", " https://nobody.example")
	case 8:
		value = strange
	case 9:
		value = d.pick("sum.golang.org", "sum.golang.google.cn", "sum.golang.org https://mirror.example/db")
	case 10:
		value = d.pick("sum.example", "https://sum.example", "OFF", " off", "sum.golang.org a b", " ", verifier[:len(verifier)-4], verifier+" 127.0.0.1:4",
			"sum.golang.org+133de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")
	case 11:
		return // the default
	}
	if d.chance(4) {
		q.file["GOSUMDB"] = value
	} else {
		q.process["GOSUMDB"] = value
	}
}

// servers makes some servers misbehave.
func (d die) servers(q *question, l *lab) {
	common := func() conduct {
		return conduct(d.pick("404", "404", "410", "404", "403", "401", "429", "500", "503", "400", "policy", "deny", "drop", "hang", "loop", "moved", "moved", "downgrade"))
	}
	bad := func() conduct {
		if d.chance(3) {
			return conduct(d.pick("html", "empty", "garbage", "cut", "short"))
		}
		return common()
	}
	for _, name := range slices.Concat([]string{l.local}, l.defaults(), hosts) {
		h := q.world.hosts[name]
		if name != l.local && d.chance(12) {
			h.cert = d.pick("unknown", "unknown", "other", "expired")
		}
		if name != l.local && d.chance(20) {
			h.gate = []int{403, 407, 502, 504}[d.IntN(4)]
		}
		if h.files != nil {
			switch d.IntN(5) {
			case 0: // nothing is wrong
			case 1: // some files
				for _, ext := range []string{".info", ".mod", ".zip"} {
					if d.chance(2) {
						h.files[ext] = bad()
					}
				}
			default: // everything alike
				c := bad()
				for _, ext := range []string{".info", ".mod", ".zip"} {
					h.files[ext] = c
				}
			}
			if d.chance(8) {
				h.tampered = map[string]bool{d.pick(".info", ".mod", ".mod", ".zip", ".zip"): true}
			}
			h.supported = conduct(d.pick("404", "404", "404", "ok", "ok", "ok", "410", "403", "500", "hang", "drop", "cut", "html"))
			if name == "b.proxy.example" && d.chance(3) {
				h.login = "user:secret"
			}
		}
		if h.db != "" && d.chance(3) {
			h.db = bad()
		}
		if h.git != "" && d.chance(3) {
			h.git = conduct(d.pick("no tag", "404", "403", "500", "drop"))
		}
		if h.tags == nil {
			continue
		}
		if d.chance(2) {
			h.page = conduct(d.pick("404", "404", "404 with tags", "404 with tags", "403", "401", "500", "html", "empty", "garbage", "drop", "hang", "loop", "moved", "downgrade", "deny"))
		}
		for path := range maps.Clone(h.tags) {
			repo := "https://code.example/" + repositoryName(path) + ".git"
			prefix := path[:strings.LastIndexByte(path, '/')]
			proxy := d.pick("https", "https", "http") + "://mod.example" + d.pick("", "/base", "/base/")
			switch d.IntN(16) {
			case 0, 1, 2, 3:
				h.tags[path] = []string{path + " mod " + proxy}
			case 4:
				h.tags[path] = []string{path + " git " + repo, path + " mod " + proxy}
			case 5:
				h.tags[path] = nil
			case 6:
				h.tags[path] = []string{"strange.example/x git " + repo, "corp.example/other git " + repo}
			case 7:
				h.tags[path] = []string{path + " git " + repo, path + " git " + repo}
			case 8:
				h.tags[path] = []string{path + " " + d.pick("cvs", "hg") + " " + repo}
			case 9:
				h.tags[path] = []string{path + " " + d.pick("git file:///x", "git code.example/x", "mod file:///x", "mod ftp://code.example/x")}
			case 10, 11: // the page of the prefix says the same
				h.tags[path] = []string{prefix + " mod " + proxy}
				h.tags[prefix], h.tags[prefix+"/"] = h.tags[path], h.tags[path]
			case 12: // it does not
				h.tags[path] = []string{prefix + " mod " + proxy}
				h.tags[prefix], h.tags[prefix+"/"] = []string{prefix + " git " + repo}, []string{prefix + " git " + repo}
			case 13: // it says nothing
				h.tags[path] = []string{prefix + " git " + repo}
			}
		}
	}
}

// goSum makes what a main module's go.sum has.
func (d die) goSum(m Module) string {
	mod, zip := sumLine(m, "/go.mod", modHash(m.goMod(false))), sumLine(m, "", m.zipHash(false))
	otherMod, otherZip := sumLine(m, "/go.mod", modHash(m.goMod(true))), sumLine(m, "", m.zipHash(true))
	stranger := Module{"elsewhere.example/y", "v0.1.0"}
	switch d.IntN(9) {
	case 0:
		return ""
	case 1:
		return mod
	case 2:
		return zip
	case 3:
		return zip + otherMod
	case 4:
		return otherZip + mod
	case 5:
		return sumLine(m, "", "h2:unknown") + mod
	case 6:
		return sumLine(stranger, "/go.mod", modHash("x"))
	}
	return zip + mod
}

// smaller are the cases that have one thing less than q.
func (q *question) smaller() (list []*question) {
	add := func(change func(*question)) {
		c := *q
		c.process, c.file, c.netrc = maps.Clone(q.process), maps.Clone(q.file), append([]login(nil), q.netrc...)
		w := *q.world
		w.hosts = maps.Clone(q.world.hosts)
		c.world = &w
		change(&c)
		list = append(list, &c)
	}
	for name := range q.process {
		add(func(c *question) {
			delete(c.process, name)
			if strings.EqualFold(name, "https_proxy") { // one without the other would let go out of the lab
				delete(c.process, "HTTPS_PROXY")
				delete(c.process, "https_proxy")
			}
		})
		for i := range q.process[name] {
			if strings.ContainsRune(",|;", rune(q.process[name][i])) {
				add(func(c *question) { c.process[name] = q.process[name][:i] })
				add(func(c *question) { c.process[name] = q.process[name][i+1:] })
			}
		}
	}
	for name := range q.file {
		add(func(c *question) { delete(c.file, name) })
	}
	for i := range q.netrc {
		add(func(c *question) { c.netrc = append(c.netrc[:i:i], c.netrc[i+1:]...) })
	}
	if q.warm {
		add(func(c *question) { c.warm = false })
	}
	if q.main && q.verb == download {
		add(func(c *question) { c.main, c.sum = false, "" })
	}
	if q.sum != "" {
		add(func(c *question) { c.sum = "" })
	}
	for name, h := range q.world.hosts {
		change := func(one func(h *host)) {
			changed := *h
			one(&changed)
			if changed.String() != h.String() {
				add(func(c *question) { c.world.hosts[name] = &changed })
			}
		}
		u := usual(name)
		change(func(h *host) { *h = *u })
		change(func(h *host) { h.gate = 0 })
		change(func(h *host) { h.cert = "" })
		change(func(h *host) { h.files = u.files })
		change(func(h *host) { h.tampered = nil })
		change(func(h *host) { h.supported = u.supported })
		change(func(h *host) { h.db = u.db })
		change(func(h *host) { h.page = u.page })
		change(func(h *host) { h.tags = u.tags })
		change(func(h *host) { h.git = u.git })
	}
	return list
}
