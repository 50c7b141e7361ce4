//go:build unix

package route

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/sumdb/note"
)

// A world is the servers of one case of the judge, written down so that the
// lab can enact them for the real go command and the simulation can foresee
// what comes of asking them. Every host name of the internet is in it: the lab
// stands behind the HTTP proxy that go is told to use.

// fate is what becomes of an answer on its way.
type fate string

const (
	whole    fate = ""
	hang     fate = "hang"  // the request is taken and never answered
	drop     fate = "drop"  // the connection closes without an answer
	cut      fate = "cut"   // it closes in the middle of the body
	tooShort fate = "short" // Content-Length is less than the body, whose end is lost
)

// reply is one answer of a server.
type reply struct {
	status   int
	body     string
	plain    bool // Content-Type text/plain, which makes go show the body of a failure
	fate     fate
	location string // of a redirect
}

// received is as much of the body as arrives.
func (r reply) received() string {
	if r.fate == cut || r.fate == tooShort {
		return r.body[:len(r.body)/2]
	}
	return r.body
}

// broken tells that the end of the body is missed.
func (r reply) broken() bool { return r.fate == cut && r.received() != r.body }

// conduct is how a server answers a kind of request. "ok" serves what is
// there; the other names speak for themselves, see act.
type conduct string

// act turns the right answer to a request into the one that a server of this
// conduct gives.
func (c conduct) act(right reply, target string) reply {
	switch c {
	case "", "ok":
		return right
	case "html":
		return reply{status: 200, body: "<!DOCTYPE html>\n<html><head><title>Please log in</title></head><body>Welcome</body></html>\n"}
	case "empty":
		return reply{status: 200}
	case "garbage":
		return reply{status: 200, body: "\x00\x01\x02 not what you asked for \xff"}
	case "cut", "short":
		right.fate = fate(c)
		return right
	case "drop", "hang":
		return reply{status: 200, fate: fate(c)}
	case "loop":
		return reply{status: 302, location: target}
	case "policy":
		return reply{status: 403, plain: true, body: "this version is not approved\nask the security team\n"}
	case "deny":
		return reply{status: 403, plain: true, body: "denied"}
	case "moved":
		return reply{status: 301, location: strings.Replace(target, "://", "://moved-", 1)}
	case "downgrade":
		return reply{status: 307, location: "http://" + strings.SplitN(target, "://", 2)[1]}
	}
	status := 0
	if _, err := fmt.Sscanf(string(c), "%d", &status); err != nil {
		panic("no such conduct: " + string(c))
	}
	return reply{status: status}
}

// host is all that answers at one host name, by HTTP and HTTPS alike.
type host struct {
	gate  int    // status with which the HTTP proxy refuses to connect; 0 if it connects
	cert  string // "" for a good certificate, "unknown" authority, "other" name or "expired"
	login string // "user:password" without which it answers 401; "" if it asks for none

	files     map[string]conduct // ".info", ".mod" and ".zip", as a module proxy; nil if it is none
	tampered  map[string]bool    // of these files it serves other contents
	supported conduct            // what it says about /sumdb/NAME/supported

	db   conduct // of a checksum database, or of the one it stands in for; see database
	page conduct // of the pages with go-import tags
	tags map[string][]string
	git  conduct // of the git repositories it has; "" if it has none
}

func (h *host) String() string { return fmt.Sprintf("%+v", *h) }

// world is the servers of one case.
type world struct {
	hosts    map[string]*host
	module   Module // the module in question; the only one there is
	database *database
}

// respond is the answer to a GET request.
func (w *world) respond(u *url.URL, authorization string) reply {
	name := strings.TrimSuffix(u.Host, ":443")
	moved := strings.HasPrefix(name, "moved-")
	h := w.hosts[strings.TrimPrefix(name, "moved-")]
	if h == nil {
		return reply{status: 404}
	}
	if h.login != "" && authorization != "Basic "+base64.StdEncoding.EncodeToString([]byte(h.login)) {
		return reply{status: 401}
	}
	act := func(c conduct, right reply) reply {
		if moved {
			c = "ok"
		}
		return c.act(right, u.String())
	}
	if u.RawQuery == "go-get=1" && h.tags != nil {
		return act(h.page, h.goGet(name, u.Path))
	}
	escaped, err := module.EscapePath(w.module.Path)
	if err != nil {
		panic(err)
	}
	if h.files != nil {
		if base := "/" + escaped + "/@v/" + w.module.Version; strings.Contains(u.Path, base+".") {
			ext := u.Path[strings.LastIndexByte(u.Path, '.'):]
			if data, ok := w.module.file(ext, h.tampered[ext]); ok {
				return act(h.files[ext], reply{status: 200, body: data})
			}
		}
		if _, rest, ok := strings.Cut(u.Path, "/sumdb/"+w.database.name+"/"); ok {
			if rest == "supported" {
				return act(h.supported, reply{status: 200})
			}
			return act(h.db, w.database.serve("/"+rest))
		}
		return reply{status: 404}
	}
	if h.db != "" {
		for _, p := range sumdb.ServerPaths {
			if i := strings.Index(u.Path, p); i >= 0 {
				return act(h.db, w.database.serve(u.Path[i:]))
			}
		}
	}
	if h.git != "" && h.git != "ok" && h.git != "no tag" {
		return h.git.act(reply{}, u.String())
	}
	return reply{status: 404}
}

// goGet is the page that names the repository of a module.
func (h *host) goGet(name, path string) reply {
	tags, ok := h.tags[name+path]
	if !ok {
		tags = h.tags[""]
	}
	var b strings.Builder
	b.WriteString("<html><head>\n")
	for _, content := range tags {
		fmt.Fprintf(&b, "<meta name=\"go-import\" content=%q>\n", content)
	}
	b.WriteString("</head><body>go get it</body></html>\n")
	status := 200
	if h.page == "404 with tags" {
		status = 404
	}
	return reply{status: status, body: b.String()}
}

// file is what a proxy or repository has of a module.
func (m Module) file(ext string, tampered bool) (string, bool) {
	switch ext {
	case ".info":
		if tampered {
			return `{"Version":"v9.9.9"}`, true
		}
		return `{"Version":"` + m.Version + `"}`, true
	case ".mod":
		return m.goMod(tampered), true
	case ".zip":
		return m.zip(tampered), true
	}
	return "", false
}

func (m Module) goMod(tampered bool) string {
	if tampered {
		return "module " + m.Path + "-fork\n\ngo 1.20\n"
	}
	return "module " + m.Path + "\n\ngo 1.21\n"
}

func (m Module) zip(tampered bool) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, data := range m.contents(tampered) {
		w, err := z.Create(m.Path + "@" + m.Version + "/" + name)
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(w, data)
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

func (m Module) contents(tampered bool) func(yield func(string, string) bool) {
	files := map[string]string{"go.mod": m.goMod(false), "lib.go": "package lib\n"}
	if tampered {
		files["lib.go"] = "package lib // and something else\n"
	}
	return func(yield func(string, string) bool) {
		for _, name := range slices.Sorted(maps.Keys(files)) {
			if !yield(name, files[name]) {
				return
			}
		}
	}
}

// modHash is the hash that go.sum has for a go.mod file.
func modHash(data string) string {
	return hash(map[string]string{"go.mod": data})
}

// zipHash is the hash that go.sum has for a module.
func (m Module) zipHash(tampered bool) string {
	files := map[string]string{}
	for name, data := range m.contents(tampered) {
		files[m.Path+"@"+m.Version+"/"+name] = data
	}
	return hash(files)
}

func hash(files map[string]string) string {
	h, err := dirhash.Hash1(slices.Collect(maps.Keys(files)), func(name string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(files[name])), nil
	})
	if err != nil {
		panic(err)
	}
	return h
}

// database is a checksum database.
type database struct {
	name   string
	signer string
	record func(Module) string // the lines it has for a module
	once   sync.Once
	server http.Handler
}

// serve answers a request for a path below the database.
func (d *database) serve(path string) reply {
	d.once.Do(func() {
		d.server = sumdb.NewServer(sumdb.NewTestServer(d.signer, func(path, vers string) ([]byte, error) {
			return []byte(d.record(Module{path, vers})), nil
		}))
	})
	rec := httptest.NewRecorder()
	d.server.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
	return reply{status: rec.Code, body: rec.Body.String(), plain: strings.HasPrefix(rec.Header().Get("Content-Type"), "text/plain")}
}

// honest has the right hashes.
func honest(m Module) string {
	return sumLine(m, "", m.zipHash(false)) + sumLine(m, "/go.mod", modHash(m.goMod(false)))
}

// sumLine is a line of go.sum.
func sumLine(m Module, suffix, hash string) string {
	return m.Path + " " + m.Version + suffix + " " + hash + "\n"
}

// databaseKeys makes the two keys of a database from its name.
func databaseKeys(name string) (signer, verifier string) {
	signer, verifier, err := note.GenerateKey(strings.NewReader(strings.Repeat("the key of "+name+" ", 10)), name)
	if err != nil {
		panic(err)
	}
	return signer, verifier
}
