//go:build unix

package route

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	pathpkg "path"
	"slices"
	"strconv"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb"
)

// simulation foresees what a go command does in a world. What Explain claims,
// and nothing else, decides who is asked, in which order, with which
// credentials, through which HTTP proxy, and what a failure leads to; the
// simulation adds the answers that the world gives, and how go words them.
type simulation struct {
	q         *question
	lab       *lab
	explainer *Explainer
	route     Route
	gosumdb   string
	asked     []string
	repos     map[string]*repo
	roots     map[string]rootPage // by address
	db        *sumdb.Client
	dbBase    *url.URL
	dbFault   *failure
	modFile   string
	hangs     int                 // requests that are never answered
	sums      map[string]string   // what verifying adds to go.sum, by "" and "/go.mod"
	warning   string              // what go says when it adds to hashes in go.sum that it does not understand
	checked   map[string][]string // the hashes of everything that was verified, in vain too
}

// failure is an error of the go command.
type failure struct {
	text     string
	notFound bool // go goes on to the next proxy
	module   bool // names the module already
	passed   bool // nobody was asked: the implicit first entry does not apply
}

func (f *failure) Error() string { return f.text }

// ended is thrown when go stops at once, with its last word.
type ended struct{ text string }

// foresee foresees what comes of a question.
func (l *lab) foresee(q *question) (o outcome, r Route) {
	s := &simulation{q: q, lab: l, repos: map[string]*repo{}, roots: map[string]rootPage{}, sums: map[string]string{}, checked: map[string][]string{}}
	env := l.env(q)
	s.explainer, s.gosumdb = NewExplainer(env, q.facts()), env.Lookup("GOSUMDB").Value.Reveal()
	s.route = s.explainer.Explain(q.module)
	o.sum = q.sum
	defer func() {
		o.asked, o.hangs, r = s.asked, s.hangs, s.route
		switch end := recover().(type) {
		case nil:
		case ended:
			if end.text != waitsForEver {
				end.text = s.warning + end.text
			}
			o.text = strings.TrimSpace(strings.TrimSpace(o.text) + "\n" + end.text) // it may have said something before
		default:
			panic(end)
		}
	}()
	o.text = s.run(&o)
	return o, r
}

func (s *simulation) note(what string) {
	if strings.HasPrefix(what, "git ") && slices.Contains(s.asked, what) {
		return // as the lab has it
	}
	s.asked = append(s.asked, what)
}

// walk tries the steps as cmd/go/internal/modfetch.TryProxies does: the error
// that counts is the origin's, then any other than "not found".
func (s *simulation) walk(try func(Step) *failure) (best *failure) {
	if len(s.route.Steps) == 0 {
		return &failure{text: s.route.Error.Reveal()}
	}
	rank := 0
	for _, step := range s.route.Steps {
		f := try(step)
		if f == nil {
			return nil
		}
		switch {
		case step.Kind == Direct || step.Kind == NoProxy && !f.passed:
			best, rank = f, 2
		case rank <= 1 && !f.notFound:
			best, rank = f, 1
		case rank == 0:
			best = f
		}
		if !f.notFound && step.Fallback != OnAnyError {
			break
		}
	}
	return best
}

// repo is where one step takes a module from.
type repo struct {
	fault  *failure // of every request
	base   *url.URL // of a proxy; nil for a git repository
	git    string   // why git cannot get anything, as go words it; "" if it can
	root   string   // the path that the repository stands for
	access Access
	cache  map[string]result
}

type result struct {
	data string
	f    *failure
}

func missing(text string) *repo {
	return &repo{fault: &failure{text: text, notFound: true}}
}

// repo finds out where a step takes the module from; go does so once.
func (s *simulation) repo(step Step) *repo {
	key := string(step.Kind) + step.URL.Reveal()
	if r, ok := s.repos[key]; ok {
		return r
	}
	var r *repo
	switch {
	case step.Kind == NoProxy && !step.Applies:
		r = missing("path does not match GOPRIVATE/GONOPROXY")
		r.fault.passed = true
	case !step.Applies:
		r = missing("disabled by GOPRIVATE/GONOPROXY")
	case step.Kind == Off:
		r = missing("module lookup disabled by GOPROXY=off")
	case step.Kind == Proxy:
		r = proxyRepo(step.URL.Reveal(), step.Access)
	default:
		r = s.origin()
	}
	r.cache = map[string]result{}
	s.repos[key] = r
	return r
}

func proxyRepo(address string, a Access) *repo {
	u, err := checkProxyURL(address)
	if err != nil {
		return &repo{fault: &failure{text: err.Error()}}
	}
	return &repo{base: u, access: a}
}

// origin finds out where the origin keeps the module.
func (s *simulation) origin() *repo {
	vcs := s.route.VCS
	if !vcs.Error.Empty() {
		return missing(vcs.Error.Reveal())
	}
	if vcs.Tool != "" {
		return s.git("https://"+vcs.Root, vcs.Root)
	}
	tag, f := s.discover(s.route.Target.Path, vcs.Page, vcs.Access)
	if f != nil {
		return missing("unrecognized import path " + strconv.Quote(s.route.Target.Path) + ": " + f.text)
	}
	if tag.vcs == "mod" {
		u, err := url.Parse(tag.repo)
		if err != nil {
			panic(err)
		}
		return proxyRepo(tag.repo, s.access(u))
	}
	if tag.vcs != "git" { // the lab has no other tool
		return &repo{fault: &failure{text: tag.vcs + " init . in …: exec: \"" + tag.vcs + "\": executable file not found in $PATH"}}
	}
	return s.git(tag.repo, tag.prefix)
}

// rootPage is the page of a prefix.
type rootPage struct {
	shown string
	tags  []goImport
	f     *failure
}

// goImport is a go-import tag.
type goImport struct{ prefix, vcs, repo string }

// discover reads the pages that name the repository of a module.
func (s *simulation) discover(path, address string, a Access) (goImport, *failure) {
	shown, tags, f := s.page(address, a, "https fetch: %v", "http/https fetch: %v")
	if f != nil {
		return goImport{}, f
	}
	tag, mismatch, f := pick(tags, path)
	if f != nil {
		return goImport{}, &failure{text: "parse " + strings.TrimPrefix(address, "https:") + ": " + f.text}
	}
	if tag == (goImport{}) {
		return goImport{}, &failure{text: "parse " + shown + ": no go-import meta tags (" + mismatch + ")"}
	}
	if tag.prefix != path {
		second := "https://" + tag.prefix + "?go-get=1"
		if !strings.Contains(tag.prefix, "/") {
			second = "https://" + tag.prefix + "/?go-get=1"
		}
		fetching := "fetching " + tag.prefix + ": %v"
		u, err := url.Parse(second)
		if err != nil {
			panic(err)
		}
		root, known := s.roots[second]
		if !known { // go remembers the pages of prefixes, and no others
			root.shown, root.tags, root.f = s.page(second, s.access(u), fetching, fetching)
			s.roots[second] = root
		}
		if root.f != nil {
			return goImport{}, root.f
		}
		if tags = root.tags; len(tags) == 0 {
			return goImport{}, &failure{text: "fetching " + tag.prefix + ": no go-import meta tag found in " + root.shown}
		}
		if again, _, f := pick(tags, path); f != nil || again != tag {
			return goImport{}, &failure{text: shown + " and " + strings.TrimPrefix(second, "https:") + " disagree about go-import for " + tag.prefix}
		}
	}
	u, err := url.Parse(tag.repo)
	switch {
	case err != nil:
		return goImport{}, &failure{text: fmt.Sprintf("%s: invalid repo root %q: %v", shown, tag.repo, err)}
	case u.Scheme == "":
		return goImport{}, &failure{text: fmt.Sprintf("%s: invalid repo root %q: no scheme", shown, tag.repo)}
	case u.Scheme == "file":
		return goImport{}, &failure{text: fmt.Sprintf("%s: invalid repo root %q: file scheme disallowed", shown, tag.repo)}
	case tag.vcs == "mod":
		return tag, nil
	case !slices.Contains(tools, tag.vcs):
		return goImport{}, &failure{text: fmt.Sprintf("%s: unknown vcs %q", shown, tag.vcs)}
	}
	if err := CheckGOVCS(s.explainer.govcs.Value.Reveal()); err != nil {
		return goImport{}, &failure{text: err.Error()}
	}
	if root := s.explainer.Explain(Module{tag.prefix, "v1.0.0"}); !slices.Contains(root.VCS.Tools, tag.vcs) {
		what := "public"
		if Patterns := s.explainer.goprive; Patterns.match(tag.prefix) >= 0 {
			what = "private"
		}
		return goImport{}, &failure{text: "GOVCS disallows using " + tag.vcs + " for " + what + " " + tag.prefix + "; see 'go help vcs'"}
	}
	return tag, nil
}

// pick is cmd/go/internal/vcs.matchGoImport. Without a match the tag is empty,
// and mismatch says why.
func pick(tags []goImport, path string) (tag goImport, mismatch string, f *failure) {
	var others []string
	for _, t := range tags {
		switch {
		case !hasPathPrefix(path, t.prefix):
			others = append(others, "meta tag "+t.prefix+" did not match import path "+path)
		case tag == (goImport{}):
			tag = t
		case tag.vcs == "mod" && t.vcs != "mod":
			return tag, "", nil
		default:
			return goImport{}, "", &failure{text: fmt.Sprintf("multiple meta tags match import path %q", path)}
		}
	}
	return tag, strings.Join(others, ", "), nil
}

// page reads one page with go-import tags, by HTTP if GOINSECURE allows it and
// HTTPS fails.
func (s *simulation) page(address string, a Access, secure, insecure string) (shown string, tags []goImport, f *failure) {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	shown = u.Redacted()
	loose := s.route.Insecure.Allowed
	answer, f := s.get(u, a, loose)
	if f != nil && loose {
		secure = insecure
		plain := *u
		plain.Scheme = "http"
		shown = plain.Redacted()
		answer, f = s.get(&plain, s.access(&plain), loose)
	}
	if f != nil {
		return shown, nil, &failure{text: fmt.Sprintf(secure, f.text)}
	}
	body := answer.received()
	for {
		_, rest, ok := strings.Cut(body, `content="`)
		if !ok {
			break
		}
		content, rest, _ := strings.Cut(rest, `"`)
		body = rest
		if f := strings.Fields(content); len(f) == 3 {
			tags = append(tags, goImport{f[0], f[1], f[2]})
		}
	}
	slices.SortStableFunc(tags, func(a, b goImport) int { // "mod" goes first
		return strings.Compare(strconv.FormatBool(a.vcs != "mod"), strconv.FormatBool(b.vcs != "mod"))
	})
	var list []goImport
	for _, t := range tags {
		if t.vcs == "mod" || !slices.ContainsFunc(list, func(o goImport) bool { return o.vcs == "mod" && o.prefix == t.prefix }) {
			list = append(list, t)
		}
	}
	if len(list) > 0 {
		return shown, list, nil
	}
	if f := status(shown, answer); f != nil {
		return shown, nil, f
	}
	if strings.Contains(body, "\x00") {
		return shown, nil, &failure{text: "parsing …: XML syntax error on line 1: illegal character code U+0000"}
	}
	return shown, nil, nil
}

const unknownRevision = "unknown revision "

// git is a git repository, as far as git and go ask for it.
func (s *simulation) git(address, root string) *repo {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	h := s.q.world.hosts[u.Host]
	via := s.explainer.proxies.to(u)
	r := &repo{root: root}
	_, dead := s.gateOf(via)
	switch {
	case dead:
	case u.Scheme == "https" && h.gate != 0:
		s.noteConnect(u, via)
	case u.Scheme == "https" && h.cert != "": // GOINSECURE is nothing to git
		s.noteTLS(u, via)
	default:
		s.note("git " + address)
		switch h.git {
		case "ok":
			return r
		case "no tag":
			r.git = unknownRevision + s.route.Target.Version
			return r
		}
	}
	r.git = "git ls-remote -q --end-of-options " + address + " in …: exit status 128:\n\tfatal: …"
	return r
}

// access is how go reaches a server that no step of the route names.
func (s *simulation) access(u *url.URL) Access {
	return Access{s.explainer.creds.to(u), s.explainer.proxies.to(u)}
}

// at names the module as errors do.
func (s *simulation) at() string { return s.route.Target.Path + "@" + s.route.Target.Version }

// file asks a step for a file of the module. Only the .zip is asked for anew
// each time.
func (s *simulation) file(step Step, ext string) result {
	r := s.repo(step)
	if r.fault != nil {
		return result{f: r.fault}
	}
	if got, ok := r.cache[ext]; ok {
		return got
	}
	got := s.download(r, ext)
	if ext == ".mod" && got.f == nil {
		got.f = s.verify("/go.mod", "go.mod", modHash(got.data))
	}
	if ext != ".zip" {
		r.cache[ext] = got
	}
	return got
}

func (s *simulation) download(r *repo, ext string) (got result) {
	target := s.route.Target
	if r.base == nil {
		switch {
		case r.git == "":
			data, _ := target.file(ext, false)
			return result{data: data}
		case ext == ".info":
			return result{f: &failure{text: s.at() + ": invalid version: " + r.git, module: true, notFound: strings.HasPrefix(r.git, unknownRevision)}}
		}
		return result{f: &failure{text: "reading " + r.root + "/go.mod at revision " + target.Version + ": " + r.git}}
	}
	defer func() {
		if got.f != nil {
			got.f = &failure{text: s.at() + ": " + got.f.text, notFound: got.f.notFound, module: true}
		}
	}()
	escaped, err := module.EscapePath(target.Path)
	if err != nil {
		panic(err)
	}
	pathEscape := func(s string) string { return strings.ReplaceAll(url.PathEscape(s), "%2F", "/") }
	u := *r.base
	u.Path = strings.TrimSuffix(r.base.Path, "/") + "/" + escaped
	u.RawPath = strings.TrimSuffix(r.base.RawPath, "/") + "/" + pathEscape(escaped)
	file := "@v/" + target.Version + ext
	u.Path = pathpkg.Join(u.Path, file)
	u.RawPath = pathpkg.Join(u.RawPath, pathEscape(file))
	answer, f := s.get(&u, r.access, false)
	if f == nil {
		f = status(u.Redacted(), answer)
	}
	if f == nil && answer.broken() {
		f = &failure{text: fmt.Sprintf("read %q: unexpected EOF", u.Redacted())}
	}
	if f != nil {
		return result{f: f}
	}
	data := answer.received()
	if ext == ".info" {
		var info struct{ Version string }
		if err := json.Unmarshal([]byte(data), &info); err != nil {
			return result{f: &failure{text: fmt.Sprintf("invalid response from proxy %q: %v", r.base.Redacted(), err)}}
		}
		if info.Version != target.Version {
			return result{f: &failure{text: "proxy returned info for version " + info.Version + " instead of requested version"}}
		}
	}
	return result{data: data}
}

// status is the failure that a status code makes; nil for success.
func status(shown string, a reply) *failure {
	if a.status == 200 {
		return nil
	}
	f := &failure{text: fmt.Sprintf("reading %s: %d %s", shown, a.status, http.StatusText(a.status)), notFound: a.status == 404 || a.status == 410}
	if a.plain {
		lines := strings.Split(strings.TrimSpace(a.body), "\n")
		separator := " "
		if len(lines) > 1 {
			separator = "\n\t"
		}
		f.text += "\n\tserver response:" + separator + strings.Join(lines, "\n\t")
	}
	return f
}

// getBytes is cmd/go/internal/web.GetBytes.
func (s *simulation) getBytes(u *url.URL, a Access) ([]byte, *failure) {
	answer, f := s.get(u, a, false)
	if f == nil {
		f = status(u.Redacted(), answer)
	}
	if f == nil && answer.broken() {
		f = &failure{text: "reading " + u.Redacted() + ": unexpected EOF"}
	}
	if f != nil {
		return nil, f
	}
	return []byte(answer.received()), nil
}

// get is cmd/go/internal/web.Get for one scheme.
func (s *simulation) get(u *url.URL, a Access, loose bool) (reply, *failure) {
	if u.Scheme == "file" {
		data, err := os.ReadFile(u.Path)
		if errors.Is(err, fs.ErrNotExist) {
			return reply{}, &failure{text: "reading " + u.Redacted() + ": no such file or directory", notFound: true}
		} else if err != nil {
			panic(err)
		}
		return reply{status: 200, body: string(data)}, nil
	}
	if !a.Auth.Error.Empty() {
		if a.Auth.Error == errInsecureCredentials {
			if loose {
				panic("credentials in the URL of a page")
			}
			return reply{}, &failure{text: a.Auth.Error.Reveal() + ": " + u.Redacted()}
		}
		panic(ended{"go: " + a.Auth.Error.Reveal()})
	}
	answer, f := s.client(u, a, loose)
	if f == nil && u.Scheme == "https" && answer.status >= 400 && answer.status < 500 {
		answer, f = s.client(u, a, loose) // again, with what GOAUTH says about this very URL
	}
	return answer, f
}

// client is net/http.Client.Get.
func (s *simulation) client(u *url.URL, a Access, loose bool) (reply, *failure) {
	authorization := s.authorization(u, a.Auth)
	here, first := u, u
	shown := stripped(u)
	for redirects := 0; ; {
		answer, f := s.transport(here, a.Via, authorization, loose)
		if f != nil {
			return reply{}, &failure{text: fmt.Sprintf("Get %q: %s", shown, f.text)}
		}
		if answer.location == "" {
			return answer, nil
		}
		redirects++
		next, err := here.Parse(answer.location)
		if err != nil {
			panic(err)
		}
		switch {
		case first.Scheme == "https" && next.Scheme != "https" && (!loose || first.Scheme == "http"):
			return reply{}, &failure{text: fmt.Sprintf("Get %q: redirected from secure URL %s to insecure URL %s", answer.location, here, next)}
		case redirects >= 10:
			return reply{}, &failure{text: fmt.Sprintf("Get %q: stopped after 10 redirects", answer.location)}
		}
		if next.Hostname() != here.Hostname() || a.Auth.Source == SourceURL {
			authorization = ""
		}
		if next.Host != here.Host || next.Scheme != here.Scheme {
			a.Via = s.explainer.proxies.to(next)
		}
		here = next
		shown = answer.location
	}
}

// stripped is a URL as net/http shows it.
func stripped(address *url.URL) string {
	u := *address
	u.Host = strings.TrimSuffix(u.Host, ":")
	if password, ok := u.User.Password(); ok {
		return strings.Replace(u.String(), u.User.String()+"@", strings.TrimSuffix(u.User.String(), url.PathEscape(password))+"***@", 1)
	}
	return u.String()
}

// authorization is the header that goes with a request.
func (s *simulation) authorization(u *url.URL, a Auth) string {
	basic := func(login string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(login)) }
	switch a.Source {
	case SourceURL:
		password, _ := u.User.Password()
		return basic(u.User.Username() + ":" + password)
	case SourceNetrc:
		for _, m := range s.q.netrc {
			if m.name == a.Machine {
				return basic(m.login + ":" + m.password)
			}
		}
		panic("no machine " + a.Machine)
	case SourceCommand:
		// Only the commands know. corp-auth knows one host; netrc may stand beside it.
		goauth := s.explainer.creds.goauth.Value.Reveal()
		if strings.Contains(goauth, "corp-auth") && u.Host == "b.proxy.example" {
			return basic("user:secret")
		}
		if m, ok := s.explainer.creds.machine(u); ok && strings.Contains(goauth, "netrc") {
			return s.authorization(u, Auth{Source: SourceNetrc, Machine: m.Name})
		}
	}
	return ""
}

// gateOf tells which of the lab's HTTP proxies a value means; dead if none.
func (s *simulation) gateOf(via Via) (name string, dead bool) {
	switch address := via.URL.Reveal(); {
	case strings.Contains(address, strings.TrimPrefix(s.lab.gates[0], "http://")):
		return "", false
	case strings.Contains(address, strings.TrimPrefix(s.lab.gates[1], "http://")):
		return " by the second proxy", false
	case address != "":
		return "", true
	}
	return "", false
}

func withPort(u *url.URL) string {
	return net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "443"))
}

// port is where the plain server of the lab listens.
func (s *simulation) port() string { return s.lab.local[strings.LastIndexByte(s.lab.local, ':')+1:] }

func (s *simulation) noteConnect(u *url.URL, via Via) {
	name, _ := s.gateOf(via)
	s.note("CONNECT " + withPort(u) + name)
}

func (s *simulation) noteTLS(u *url.URL, via Via) {
	name, _ := s.gateOf(via)
	s.note("TLS " + withPort(u) + name)
}

// transport is one request of net/http.Transport.
func (s *simulation) transport(u *url.URL, via Via, authorization string, loose bool) (reply, *failure) {
	if strings.TrimSuffix(u.Host, ":") == "" {
		return reply{}, &failure{text: "http: no Host in request URL"}
	}
	if !via.Error.Empty() {
		return reply{}, &failure{text: via.Error.Reveal()}
	}
	name, dead := s.gateOf(via)
	switch {
	case dead:
		return reply{}, &failure{text: "proxyconnect tcp: dial tcp " + deadProxy + ": connect: connection refused"}
	case via.Loopback && u.Port() != s.port():
		return reply{}, &failure{text: "dial tcp …"} // nobody listens there
	case u.Scheme == "https" && via.Loopback:
		return reply{}, &failure{text: "http: server gave HTTP response to HTTPS client"}
	case via.Loopback:
		name = ""
	case via.URL.Empty():
		panic("no HTTP proxy for " + u.String())
	}
	if u.Scheme == "https" && !via.Loopback {
		h := s.q.world.hosts[strings.TrimPrefix(u.Hostname(), "moved-")]
		switch {
		case h == nil:
			s.noteConnect(u, via)
			return reply{}, &failure{text: "Service Unavailable"}
		case h.gate != 0:
			s.noteConnect(u, via)
			return reply{}, &failure{text: http.StatusText(h.gate)}
		case h.cert != "":
			s.noteTLS(u, via)
			if loose {
				break
			}
			text := "tls: failed to verify certificate: x509: "
			switch h.cert {
			case "unknown":
				text += "certificate signed by unknown authority"
			case "other":
				text += "certificate is valid for somebody.else.example, not " + u.Hostname()
			case "expired":
				text += "certificate has expired or is not yet valid: …"
			}
			return reply{}, &failure{text: text}
		}
	}
	seen := *u
	seen.User, seen.Fragment = nil, ""
	seen.Host = strings.TrimSuffix(strings.TrimSuffix(u.Host, ":443"), ":")
	if !strings.Contains(seen.Path, "/tile/") {
		s.note("GET " + seen.String() + name)
	}
	answer := s.q.world.respond(&seen, authorization)
	switch answer.fate {
	case hang:
		s.hangs++
		if loose && u.Scheme == "https" { // only this client has a time limit
			return reply{}, &failure{text: "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"}
		}
		panic(ended{waitsForEver})
	case drop:
		return reply{}, &failure{text: "EOF"}
	}
	return answer, nil
}

// verify is cmd/go/internal/modfetch.checkModSum: a hash must be the one that
// go.sum has or, if it has none, the checksum database.
func (s *simulation) verify(suffix, noun, hash string) *failure {
	id := s.route.Target.Path + "@" + s.route.Target.Version
	if !slices.Contains(s.checked[suffix], hash) {
		s.checked[suffix] = append(s.checked[suffix], hash)
	}
	var unknown []string
	if s.q.main {
		for line := range strings.Lines(s.q.sum) {
			f := strings.Fields(line)
			if len(f) != 3 || f[0] != s.route.Target.Path || f[1] != s.route.Target.Version+suffix {
				continue
			}
			if f[2] == hash {
				return nil
			}
			if strings.HasPrefix(f[2], "h1:") {
				panic(ended{"verifying " + id + suffix + ": checksum mismatch\n\tdownloaded: " + hash + "\n\tgo.sum:     " + f[2] + tampering})
			}
			unknown = append(unknown, f[2])
		}
	}
	if s.sums[suffix] == hash {
		return nil
	}
	db := s.route.SumDB
	if db.Consulted && !db.Recorded {
		fail := func(text string) *failure {
			return &failure{text: id + ": verifying " + noun + ": " + text, module: true}
		}
		if !db.Error.Empty() {
			return fail(db.Error.Reveal())
		}
		if s.db == nil {
			s.db = sumdb.NewClient(databaseOps{s})
		}
		lines, err := s.db.Lookup(s.route.Target.Path, s.route.Target.Version+suffix)
		if err != nil {
			return fail(err.Error())
		}
		prefix := s.route.Target.Path + " " + s.route.Target.Version + suffix + " "
		switch {
		case slices.Contains(lines, prefix+hash):
		case slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, prefix+"h1:") }):
			return fail("checksum mismatch\n\tdownloaded: " + hash + "\n\t" + db.Name + ": " + strings.TrimPrefix(lines[0], prefix) + `

SECURITY ERROR
This download does NOT match the one reported by the checksum server.
The bits may have been replaced on the origin server, or an attacker may
have intercepted the download attempt.

For more information, see 'go help module-auth'.
`)
		default:
			return fail(`checksum missing from sumdb response

SECURITY ERROR
This download does NOT match one reported by the checksum server.
The checksum server has provided checksums, but the checksums do
not contain an entry for the download.
The checksum server may be malfunctioning, or an attacker may have
intercepted the checksum request.
The download cannot be verified.

For more information, see 'go help module-auth'.
`)
		}
	}
	s.sums[suffix] = hash
	if s.q.main && unknown != nil {
		s.warning += "warning: verifying " + id + suffix + ": unknown hashes in go.sum: " + strings.Join(unknown, ", ") + "; adding " + hash + `

SECURITY WARNING
This download is listed in go.sum, but using an unknown hash algorithm.
The download cannot be verified.

For more information, see 'go help module-auth'.

`
	}
	return nil
}

// tampering ends what go says when go.sum has another hash.
const tampering = `

SECURITY ERROR
This download does NOT match an earlier download recorded in go.sum.
The bits may have been replaced on the origin server, or an attacker may
have intercepted the download attempt.

For more information, see 'go help module-auth'.`

// databaseOps lets the client of the checksum database, which is the one that
// go has, ask the servers of the world.
type databaseOps struct{ s *simulation }

func (o databaseOps) ReadRemote(path string) ([]byte, error) {
	s := o.s
	if s.dbBase == nil && s.dbFault == nil {
		s.findDatabase()
	}
	if s.dbFault != nil {
		return nil, s.dbFault
	}
	u := join(s.dbBase, path)
	data, f := s.getBytes(u, s.access(u))
	if f != nil {
		return nil, f
	}
	return data, nil
}

// findDatabase asks the proxies whether they stand in for the database.
func (s *simulation) findDatabase() {
	base, err := url.Parse(s.route.SumDB.URL.Reveal())
	if err != nil {
		panic(err)
	}
	if !s.route.SumDB.Proxied {
		s.dbBase = base
		return
	}
	f := s.walk(func(step Step) *failure {
		switch step.Kind {
		case NoProxy:
			return &failure{notFound: true, passed: true}
		case Direct, Off:
			return &failure{notFound: true}
		}
		u, err := url.Parse(step.URL.Reveal())
		if err != nil {
			panic(err)
		}
		supported := join(u, "sumdb/"+s.route.SumDB.Name+"/supported")
		if _, f := s.getBytes(supported, s.access(supported)); f != nil { // also a proxy that does not serve private modules
			return f
		}
		s.dbBase = join(u, "sumdb/"+s.route.SumDB.Name)
		return nil
	})
	if f != nil && f.notFound {
		s.dbBase = base
	} else if f != nil {
		s.dbFault = f
	}
}

// join is cmd/go/internal/web.Join.
func join(u *url.URL, path string) *url.URL {
	j := *u
	j.Path = strings.TrimSuffix(u.Path, "/") + "/" + strings.TrimPrefix(path, "/")
	j.RawPath = strings.TrimSuffix(u.RawPath, "/") + "/" + strings.TrimPrefix(path, "/")
	return &j
}

func (o databaseOps) ReadConfig(file string) ([]byte, error) {
	if file == "key" {
		return []byte(SumDBKey(o.s.gosumdb)), nil
	}
	return nil, nil
}
func (databaseOps) WriteConfig(string, []byte, []byte) error { return nil }
func (databaseOps) ReadCache(string) ([]byte, error)         { return nil, fs.ErrNotExist }
func (databaseOps) WriteCache(string, []byte)                {}
func (databaseOps) Log(string)                               {}
func (databaseOps) SecurityError(text string)                { panic(ended{text}) }

// run plays the command: its last word, and go.sum at the moment that go
// writes it.
func (s *simulation) run(o *outcome) string {
	write := func() {
		if s.q.main {
			o.sum = s.goSum()
		}
	}
	switch s.q.verb {
	case build:
		text := s.runBuild()
		write()
		if text != "" {
			return s.warning + s.warning + text // when it is verified, and when go.sum is written
		}
		s.walk(s.info) // for nothing but the time of the version
		return ""
	case listAll:
		return s.runListAll(write)
	}
	o.text = s.runDownload() // it is said before
	write()
	return o.text
}

// runListAll plays "go list -m all", which needs the go.mod of the module, and
// asks for the time of its version whatever comes of that.
func (s *simulation) runListAll(write func()) string {
	graph := ""
	if s.route.Sum.ReadOnly && !s.route.Sum.GoMod {
		graph = "go: " + s.at() + ": missing go.sum entry for go.mod file; to add it:\n\tgo mod download " + s.route.Module.Path
	} else if f := s.requirements(); f != nil {
		graph = "go: " + s.named(f)
	}
	f := s.walk(s.info)
	if graph == "" {
		write()
	}
	if f != nil {
		return "go: " + f.text + "\n" + graph
	}
	return graph
}

// named is the text of a failure with the module before it.
func (s *simulation) named(f *failure) string {
	if f.module {
		return f.text
	}
	return s.at() + ": " + f.text
}

// runBuild plays "go build" of a package that imports the module.
func (s *simulation) runBuild() string {
	const at = "app.go:3:8: "
	sum := s.route.Sum
	lacking := at + sum.Error.Reveal() + " " + s.route.Target.Path + " (imported by corp.example/app); to add:\n\tgo get corp.example/app"
	switch {
	case sum.ReadOnly && !sum.Zip && !sum.GoMod:
		return lacking
	case sum.ReadOnly && !sum.Zip: // whether another module has the package takes the go.mod files
		_ = s.requirements()
		return lacking
	}
	if f := s.zip(); f != nil {
		if !sum.ReadOnly || sum.GoMod {
			_ = s.requirements() // another module may have the package
		}
		return at + f.text
	}
	if sum.ReadOnly && !sum.GoMod {
		return at + sum.Error.Reveal()
	}
	if f := s.requirements(); f != nil {
		return at + f.text
	}
	return ""
}

// runDownload plays "go mod download -json MODULE@VERSION".
func (s *simulation) runDownload() string {
	if f := s.walk(s.info); f != nil {
		return s.named(f)
	}
	if f := s.goMod(); f != nil {
		return f.text
	}
	if f := s.zip(); f != nil {
		return f.text
	}
	return ""
}

// info asks for the .info, which the module cache may have.
func (s *simulation) info(step Step) *failure {
	if s.q.warm {
		return nil
	}
	return s.file(step, ".info").f
}

// goMod asks for the go.mod.
func (s *simulation) goMod() *failure {
	if s.q.warm {
		if f := s.verify("/go.mod", "go.mod", modHash(s.route.Target.goMod(false))); f == nil {
			s.modFile = s.route.Target.goMod(false)
			return nil
		}
	}
	return s.walk(func(step Step) *failure {
		got := s.file(step, ".mod")
		s.modFile = got.data
		return got.f
	})
}

// requirements reads the go.mod, which "go mod download" does not care to.
func (s *simulation) requirements() *failure {
	if f := s.goMod(); f != nil {
		return f
	}
	f, err := modfile.ParseLax("go.mod", []byte(s.modFile), nil)
	switch {
	case err != nil:
		return &failure{text: s.at() + ": parsing go.mod: " + err.Error(), module: true}
	case f.Module == nil:
		return &failure{text: s.at() + ": parsing go.mod: missing module line", module: true}
	case f.Module.Mod.Path != s.route.Target.Path:
		return &failure{text: s.at() + ": parsing go.mod:\n\tmodule declares its path as: " + f.Module.Mod.Path + "\n\t        but was required as: " + s.route.Module.Path, module: true}
	}
	return nil
}

// zip asks for the .zip.
func (s *simulation) zip() *failure {
	target := s.route.Target
	if s.q.warm {
		if f := s.verify("", "module", target.zipHash(false)); f != nil {
			panic(ended{f.text})
		}
		return nil
	}
	data := ""
	if f := s.walk(func(step Step) *failure {
		got := s.file(step, ".zip")
		data = got.data
		return got.f
	}); f != nil {
		return f
	}
	z, err := zip.NewReader(bytes.NewReader([]byte(data)), int64(len(data)))
	if err != nil {
		return &failure{text: err.Error()}
	}
	_ = z
	return s.verify("", "module", target.zipHash(data == target.zip(true)))
}

// goSum is go.sum as the command leaves it.
func (s *simulation) goSum() string {
	if len(s.sums) == 0 {
		return s.q.sum
	}
	lines := strings.SplitAfter(s.q.sum, "\n")
	for suffix, hashes := range s.checked {
		for _, h := range hashes { // go adds those that it found wrong, too, once it has something to add
			lines = append(lines, sumLine(s.route.Target, suffix, h))
		}
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)
	for i := 1; i < len(lines); i++ {
		a, b := strings.Fields(lines[i-1]), strings.Fields(lines[i])
		if len(a) == 3 && len(b) == 3 && a[0] == b[0] && a[1] == b[1] && strings.HasPrefix(b[2], "h1:") {
			panic(ended{"verifying " + a[0] + "@" + a[1] + ": checksum mismatch\n\tdownloaded: …\n\tgo.sum:     …" + tampering})
		}
	}
	return strings.Join(lines, "")
}

// facts is what the judge tells Explain beside the environment.
func (q *question) facts() Facts {
	f := Facts{Netrc: &model.Netrc{File: "netrc", Exists: q.netrc != nil}}
	f.Place = func(path string) (model.Place, bool) {
		info, err := os.Stat(path)
		return model.Place{Exists: err == nil, Dir: err == nil && info.IsDir()}, true
	}
	for i, m := range q.netrc {
		f.Netrc.Machines = append(f.Netrc.Machines, model.NetrcMachine{Name: m.name, Line: i + 1, HasLogin: true, HasPassword: true})
	}
	if q.main {
		m := model.Module{File: "/app/go.mod", Path: "corp.example/app", Go: "1.26", Requires: []model.Require{{Path: q.module.Path, Version: q.module.Version}}}
		m.Sum = model.Sum{File: "/app/go.sum", Exists: q.sum != "", Lines: map[string]bool{}}
		for line := range strings.Lines(q.sum) {
			if f := strings.Fields(line); len(f) == 3 && strings.HasPrefix(f[2], "h1:") {
				m.Sum.Lines[f[0]+" "+f[1]] = true
			}
		}
		f.Modules = []model.Module{m}
	}
	return f
}
