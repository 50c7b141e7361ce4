package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"mime"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
	"github.com/gophantom/gophantom/server/internal/world"
)

// prober asks servers in the name of one environment.
type prober struct {
	Options
	ctx      context.Context
	w        *world.World
	stored   map[string]credential // by URL prefix without the scheme
	commands []string              // commands of GOAUTH that are run again after a refusal
	unused   []string              // methods of GOAUTH that were not used
	refusal  Answer                // of every request by https, because of GOAUTH; zero if go accepts that
	secrets  []string              // what no server may make us tell
}

func newProber(ctx context.Context, w *world.World, o Options) *prober {
	if o.Patience == 0 {
		o.Patience = world.DefaultPatience
	}
	if o.Tell == nil {
		o.Tell = func(string) {}
	}
	if o.Silent == nil {
		o.Silent = map[string]bool{}
	}
	p := &prober{Options: o, ctx: ctx, w: w, stored: map[string]credential{}}
	p.credentials()
	return p
}

// environ is the environment of programs that are run for the probe.
func (p *prober) environ() []string {
	vars := p.Env.Process()
	out := make([]string, 0, len(vars))
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		out = append(out, name+"="+vars[name])
	}
	return out
}

// Limits of what is read of one answer, in bytes. go reads everything there but
// zips, which may have 500 MB.
const (
	textLimit = 4 << 20
	zipLimit  = 64 << 20
	zipMost   = 500 << 20 // cmd/go/internal/modfetch/codehost.MaxZipFile
)

// insecurePatience is how long go waits for a whole page where GOINSECURE
// allows to look elsewhere.
const insecurePatience = 5 * time.Second

// get asks for a URL as go does: with credentials on https only, along
// redirects, a second time with the commands of GOAUTH where the first was
// refused. insecure looks away from bad certificates.
func (p *prober) get(what, rawURL string, limit int, insecure bool) Answer {
	a := Answer{What: what, URL: model.NewValue(rawURL)}
	u, err := url.Parse(rawURL)
	if err != nil {
		return a.fail(err.Error(), "")
	}
	switch {
	case u.Scheme == "file":
		return p.file(a, u, limit)
	case u.Scheme == "http" && u.User != nil && !insecure:
		return a.fail("refusing to pass credentials to insecure URL: "+u.Redacted(), "PX-HTTPCRED")
	case u.Scheme == "https" && p.refusal.Outcome != "":
		refusal := p.refusal
		refusal.What, refusal.URL = what, a.URL
		return refusal
	case p.Silent[u.Host]:
		a.Outcome, a.Ref, a.Note = Hung, "PX-HANG", "it gave no answer before, so it was not asked again"
		return a
	}
	p.Tell(fmt.Sprintf("asking %s for %s", u.Host, what))
	a = p.follow(a, u, limit, insecure)
	if u.Scheme == "https" && a.Status >= 400 && a.Status < 500 && len(p.commands) > 0 {
		for _, command := range p.commands {
			p.runGOAUTH(command, rawURL, a)
		}
		a = p.follow(Answer{What: what, URL: a.URL}, u, limit, insecure)
	}
	a = p.judge(a, u)
	if a.Outcome == Hung && !a.cut && p.ctx.Err() == nil {
		p.Silent[u.Host] = true
	}
	return a
}

// fail completes an answer that never came.
func (a Answer) fail(text, ref string) Answer {
	a.Outcome, a.Text, a.Ref = Failed, model.NewValue(text), ref
	return a
}

// file reads from a proxy that is a directory (cmd/go/internal/web.getFile).
func (p *prober) file(a Answer, u *url.URL, limit int) Answer {
	name := p.filePath(u)
	f, err := p.w.Files.Open(name)
	if err == nil {
		defer func() { _ = f.Close() }()
		a.body, err = io.ReadAll(io.LimitReader(f, int64(limit)+1))
	}
	cause := err
	var in *fs.PathError
	if errors.As(err, &in) {
		cause = in.Err
	}
	text := fmt.Sprintf("reading %s: %v", u.Redacted(), cause)
	switch {
	case err == nil:
		if a.cut = len(a.body) > limit; a.cut {
			a.body = a.body[:limit]
			if info, err := p.w.Files.Stat(name); err == nil {
				a.length = fmt.Sprint(info.Size())
			}
		}
		a.Outcome = OK
	case errors.Is(err, fs.ErrNotExist):
		a.Outcome, a.Text = NotFound, model.NewValue(text)
	default:
		a = a.fail(text, "")
	}
	return a
}

// filePath is the path that a file URL means on this machine.
func (p *prober) filePath(u *url.URL) string {
	if p.w.GOOS == "windows" { // /C:/dir
		return filepath.FromSlash(strings.TrimPrefix(u.Path, "/"))
	}
	return u.Path
}

// redirects are the statuses that net/http follows, if they say whereto.
var redirects = []int{301, 302, 303, 307, 308}

// confidential are the headers that net/http hands to no other host. Others,
// which a command of GOAUTH may have given, it hands on.
var confidential = []string{"Authorization", "Cookie", "Cookie2", "Proxy-Authenticate", "Proxy-Authorization", "Www-Authenticate"}

// follow sends the request and those that redirects ask for.
func (p *prober) follow(a Answer, u *url.URL, limit int, insecure bool) Answer {
	header := map[string]string{}
	if u.Scheme == "https" {
		if c, ok := p.credentialFor(u.String()); ok {
			maps.Copy(header, c.header)
			a.Auth = c.source
		}
	}
	if u.User != nil && header["Authorization"] == "" {
		a.Auth = "the user in the URL"
		p.keepSecret(u)
	}
	patience := p.Patience
	if insecure && u.Scheme == "https" {
		patience = min(patience, insecurePatience)
	}
	first, at := u, u
	for hops := 0; ; hops++ {
		proxy := route.HTTPProxy(p.Env, at)
		a.Via = model.NewValue(proxy)
		if via, err := url.Parse(proxy); err == nil {
			p.keepSecret(via)
		}
		got, err := p.w.Net.Ask(p.ctx, world.Ask{
			URL: at.String(), Header: header, Proxy: proxy, Patience: patience, MaxBody: limit,
			CertFile: p.Env.Lookup("SSL_CERT_FILE").Value.Reveal(), CertDir: p.Env.Lookup("SSL_CERT_DIR").Value.Reveal(),
			Distrust: insecure,
		})
		a.Remote, a.Certs, a.Cert, a.Took, a.Status = got.Remote, got.Certs, got.CertFault, add(a.Took, got.Took), got.Status
		a.body, a.cut, a.length, a.head = got.Body, got.Truncated, got.Get("Content-Length"), headOf(got)
		if err != nil {
			return p.broken(a, got, err, at, insecure)
		}
		location := got.Get("Location")
		if location == "" || !slices.Contains(redirects, got.Status) {
			return p.read(a, got, first, at)
		}
		next, err := at.Parse(location)
		if err != nil {
			return a.fail(fmt.Sprintf("Get %q: failed to parse Location header %q: %v", first.Redacted(), location, err), "")
		}
		target := model.NewValue(next.String())
		a.Hops = append(a.Hops, target)
		switch {
		case first.Scheme == "https" && next.Scheme != "https" && !insecure:
			a.lost, a.Note = true, "it redirects from https to plain http, which go never follows"
			return a.fail(fmt.Sprintf("Get %q: redirected from secure URL %s to insecure URL %s", location, at, next), "PX-REDIR-DOWNGRADE")
		case hops+1 >= 10:
			a.lost, a.Note = true, "it redirects again and again"
			return a.fail(fmt.Sprintf("Get %q: stopped after 10 redirects", location), "PX-REDIRLOOP")
		}
		if host := next.Hostname(); host != first.Hostname() && !strings.HasSuffix(host, "."+first.Hostname()) {
			maps.DeleteFunc(header, func(name, _ string) bool { return slices.Contains(confidential, name) })
		}
		at = next
	}
}

func add(a, b world.Took) world.Took {
	return world.Took{Lookup: a.Lookup + b.Lookup, Connect: a.Connect + b.Connect, TLS: a.TLS + b.TLS, Header: a.Header + b.Header, Total: a.Total + b.Total}
}

// headOf is an answer without its body, as GOAUTH commands are told it.
func headOf(got world.Answer) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s\n", got.Proto, got.Reason)
	for _, name := range slices.Sorted(maps.Keys(got.Header)) {
		fmt.Fprintf(&b, "%s: %s\n", name, strings.Join(got.Header[name], ", "))
	}
	b.WriteString("\n")
	return b.Bytes()
}

// broken completes an answer that did not come as far as its header.
func (p *prober) broken(a Answer, got world.Answer, err error, at *url.URL, insecure bool) Answer {
	text := err.Error()
	switch {
	case errors.Is(err, world.ErrTimeout) && insecure && at.Scheme == "https":
		a = a.fail(fmt.Sprintf("Get %q: context deadline exceeded (Client.Timeout exceeded while awaiting headers)", at.Redacted()), "IN-SLOW")
		a.Note = "go waits 5 seconds, then asks without TLS"
		return a
	case errors.Is(err, world.ErrTimeout):
		a.Outcome, a.Ref, a.Text = Hung, "PX-HANG", model.Value{}
		a.Note = fmt.Sprintf("there was no answer within %v (%s), and go itself sets no limit", p.Patience, phases[got.Phase])
		switch got.Phase {
		case world.PhaseConnect, world.PhaseLookup:
			a.Note = fmt.Sprintf("there was no connection within %v, and go itself waits 30 seconds for each request", p.Patience)
		case world.PhaseTLS:
			a.Note = fmt.Sprintf("there was no TLS handshake within %v, and go itself waits 10 seconds for each request", p.Patience)
		}
		return a
	case got.Gate == 407:
		a.Note = "the HTTP proxy in between wants to know who asks"
		return a.fail(text, "HTTPPROXY-407")
	case strings.Contains(text, "proxyconnect tcp:"), !a.Via.Empty() && at.Scheme == "http" && got.Phase == world.PhaseConnect:
		a.Note = "the HTTP proxy in between cannot be reached"
		return a.fail(text, "HTTPPROXY-DEAD")
	case got.CertErr != nil:
		a.Note = certNotes[got.CertFault]
		return a.fail(text, "PX-TLS")
	case strings.Contains(text, "server gave HTTP response to HTTPS client"):
		a.Note = "it speaks plain HTTP at this address, not TLS"
		return a.fail(text, "PX-IMPLICITHTTPS")
	case strings.Contains(text, "unsupported protocol scheme"):
		a.Note = "it redirects to an address that go does not ask"
	case strings.Contains(text, "malformed HTTP"), strings.Contains(text, "server response headers exceeded"):
		a.Note = "what it sends is no answer in HTTP"
	case got.Gate != 0 && got.Gate != 200:
		a.Note = fmt.Sprintf("the HTTP proxy in between answers %d instead of connecting", got.Gate)
	case got.Phase == world.PhaseLookup:
		a.Note = "its name cannot be looked up"
	case got.Phase == world.PhaseConnect:
		a.Note = "no connection to it can be made"
	case got.Phase == world.PhaseTLS:
		a.Note = "the TLS handshake fails"
	default:
		a.Note = "it ends the connection without an answer"
	}
	return a.fail(text, "PX-403STOP")
}

var phases = map[string]string{
	world.PhaseLookup: "while its name was looked up", world.PhaseConnect: "while connecting", world.PhaseTLS: "during the TLS handshake",
	world.PhaseHeader: "after the request was sent", world.PhaseBody: "in the middle of the answer",
}

var certNotes = map[string]string{
	world.CertExpired: "its certificate has expired", world.CertNotYet: "its certificate is not valid yet", world.CertWrongHost: "its certificate is for another host",
	world.CertUnknown: "nobody this environment trusts signed its certificate", world.CertSelfSigned: "it signed its certificate itself", world.CertOtherwise: "its certificate is not acceptable",
}

// read completes an answer whose header came.
func (p *prober) read(a Answer, got world.Answer, first, at *url.URL) Answer {
	shown := first.Redacted()
	wanted := got.Status == 200 || a.What == "go-import" || isPlain(got) // go reads no other body
	switch {
	case !wanted:
	case got.Stalled && a.What == "zip" && len(got.Body) >= 1<<16:
		a.cut, a.Note = true, fmt.Sprintf("%d KB came within %v; the rest was not waited for", len(got.Body)>>10, p.Patience)
	case got.Stalled:
		a.Outcome, a.Ref = Hung, "PX-HANG"
		a.Note = fmt.Sprintf("its answer did not end within %v (%d bytes came), and go itself sets no limit", p.Patience, len(got.Body))
		return a
	case got.Truncated && got.Status != 200:
		return a.endless()
	case got.BodyErr != nil && got.Status == 200:
		a.Note = "its answer breaks off"
		return a.fail(fmt.Sprintf("read %q: %v", shown, got.BodyErr), "PX-403STOP")
	}
	if got.Status != 200 {
		text := fmt.Sprintf("reading %s: %s", shown, got.Reason)
		if detail := serverResponse(got); detail != "" {
			sep := " "
			if strings.Contains(detail, "\n") {
				sep = "\n\t"
			}
			text += "\n\tserver response:" + sep + detail
		}
		a.Text = model.NewValue(text)
		if len(a.Hops) > 0 && at.Host != first.Host {
			a.Note = "it sent us on to " + at.Host
		}
	}
	return a
}

// endless completes an answer that is longer than anything of its kind.
func (a Answer) endless() Answer {
	a.Outcome, a.Ref = Hung, "PX-HANG"
	a.Note = fmt.Sprintf("it was still sending after %d MB, where we stopped; go itself reads on, however long that takes", len(a.body)>>20)
	return a
}

// isPlain reports whether go reads an answer that is not 200 for an explanation.
func isPlain(got world.Answer) bool {
	kind, params, _ := mime.ParseMediaType(got.Get("Content-Type"))
	charset := strings.ToLower(params["charset"])
	return kind == "text/plain" && (charset == "" || charset == "utf-8" || charset == "us-ascii")
}

// serverResponse is the explanation that go quotes: plain text that can be
// printed, its first lines (cmd/go/internal/web.HTTPError).
func serverResponse(got world.Answer) string {
	if !isPlain(got) {
		return ""
	}
	const maxLines, maxBytes = 8, 8 * 81
	text := string(got.Body[:min(len(got.Body), 1<<16)])
	if !utf8.ValidString(text) {
		return ""
	}
	for _, r := range text {
		if !unicode.IsGraphic(r) && !unicode.IsSpace(r) {
			return ""
		}
	}
	var detail strings.Builder
	for i, line := range strings.Split(text, "\n") {
		if strings.TrimSpace(line) == "" {
			break
		}
		if i > 0 {
			detail.WriteString("\n\t")
		}
		if i >= maxLines {
			return detail.String() + "[Truncated: too many lines.]"
		}
		if detail.Len()+len(line) > maxBytes {
			return detail.String() + "[Truncated: too long.]"
		}
		detail.WriteString(line)
	}
	return detail.String()
}

// judge says what an answer with a status means for the walk.
func (p *prober) judge(a Answer, u *url.URL) Answer {
	if a.Outcome != "" {
		return a
	}
	switch a.Status {
	case 200:
		a.Outcome = OK
		if a.cut && a.What != "zip" {
			return a.endless()
		}
		return a
	case 404, 410:
		a.Outcome = NotFound
		return a
	}
	a.Outcome, a.Ref = Failed, "PX-403STOP"
	note := fmt.Sprintf("it answers with status %d", a.Status)
	switch {
	case a.Status == 401 && len(p.unused) > 0:
		a.Ref, note = "AUTH-401", "GOAUTH="+strings.Join(p.unused, ";")+" was not run, which go would do"
	case a.Status == 401 && a.Auth == "":
		a.Ref, note = "AUTH-401", "no credentials were sent, because there are none for it"
	case a.Status == 401:
		a.Ref, note = "AUTH-401", "it does not accept the credentials that were sent"
	case a.Status == 407 && !a.Via.Empty():
		a.Ref, note = "HTTPPROXY-407", "the HTTP proxy in between wants to know who asks"
	case a.Status == 400 && u.Scheme == "http" && strings.Contains(string(a.body), "HTTPS"):
		a.Ref, note = "PX-HTTPONTLS", "it speaks TLS at this address, so the address begins with https"
	case a.Status == 403:
		note = "it forbids this, which may be its policy"
	case a.Status == 429:
		note = "it has had too many requests for now"
	case a.Status >= 500:
		note = "it has a fault of its own"
	}
	if a.Note != "" {
		note += "; " + a.Note
	}
	a.Note = note
	return a
}

// html reports whether a text is a page for people.
func html(body []byte) bool {
	head := strings.ToLower(strings.TrimSpace(string(body[:min(len(body), 512)])))
	return strings.HasPrefix(head, "<!doctype html") || strings.HasPrefix(head, "<html") || strings.HasPrefix(head, "<head")
}

func hostOf(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return ""
	}
	return u.Host
}
