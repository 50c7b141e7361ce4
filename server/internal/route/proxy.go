package route

import (
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Kind is what an entry of the proxy list stands for.
type Kind string

const (
	NoProxy Kind = "noproxy" // the implicit first entry when GONOPROXY is not empty
	Proxy   Kind = "proxy"   // a proxy URL
	Direct  Kind = "direct"  // fetch from the origin
	Off     Kind = "off"     // fetch nothing
)

// Entry is one entry of GOPROXY. Its texts may hold credentials.
type Entry struct {
	Kind       Kind   // "" if go rejects the entry
	Raw        string // as written, without the white space around it; "" for NoProxy
	Start, End int    // half-open byte range of Raw in the value
	Separator  string // what follows the entry: ",", "|" or ""
	URL        string // the URL that go asks, with the implied https://; "" unless Kind is Proxy
	Ignored    bool   // stands behind direct or off, where go does not read on
	Err        string // what go says when it rejects the entry, exactly; "" if it accepts or ignores it
	Ref        string // catalogue id (PX-…) of what is wrong with the entry, also where go accepts it; "" if nothing
}

// errNoEntries is go's text for a list without any entry.
var errNoEntries = errors.New("GOPROXY list is not the empty string, but contains no entries")

// parseProxyList reads an effective GOPROXY as the go command does
// (cmd/go/internal/modfetch.proxyList). The entries are those that go walks,
// in order; noproxy is the effective GONOPROXY. One bad entry before the first
// direct or off spoils the whole list. The text of the error is go's own,
// exactly, and may quote the value.
func parseProxyList(goproxy, noproxy string) ([]Entry, error) {
	var list []Entry
	if noproxy != "" && goproxy != "direct" {
		list = append(list, Entry{Kind: NoProxy})
	}
	implicit := len(list)
	for e := range entries(goproxy) {
		if e.Ignored {
			break
		}
		if e.Err != "" {
			return nil, errors.New(e.Err)
		}
		list = append(list, e)
	}
	if len(list) == implicit {
		return nil, errNoEntries
	}
	return list, nil
}

// Entries reads GOPROXY and keeps what parseProxyList refuses or drops: every
// non-empty entry is there, with go's complaint about it and what is wrong.
func Entries(goproxy string) []Entry { return slices.Collect(entries(goproxy)) }

func entries(goproxy string) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		terminated := false
		for start := 0; start < len(goproxy); {
			end, sep := len(goproxy), ""
			if i := strings.IndexAny(goproxy[start:], ",|"); i >= 0 {
				end, sep = start+i, goproxy[start+i:start+i+1]
			}
			raw := goproxy[start:end]
			lead := len(raw) - len(strings.TrimLeftFunc(raw, unicode.IsSpace))
			raw = strings.TrimSpace(raw)
			if raw != "" {
				e := Entry{Raw: raw, Start: start + lead, End: start + lead + len(raw), Separator: sep}
				if terminated {
					e.Ignored, e.Ref = true, "PX-AFTER-TERM"
				} else {
					e.classify()
					terminated = e.Kind == Direct || e.Kind == Off
				}
				if !yield(e) {
					return
				}
			}
			start = end + len(sep)
		}
	}
}

// classify fills in what go makes of the entry.
func (e *Entry) classify() {
	switch e.Raw {
	case "direct":
		e.Kind = Direct
		return
	case "off":
		e.Kind = Off
		return
	}
	full := e.Raw
	if strings.ContainsAny(full, ".:/") && !strings.Contains(full, ":/") && !filepath.IsAbs(full) && !path.IsAbs(full) {
		full = "https://" + full
	}
	u, err := checkProxyURL(full)
	if err != nil {
		e.Err, e.Ref = err.Error(), refOfRejected(e.Raw, u)
		return
	}
	e.Kind, e.URL = Proxy, full
	switch {
	case gluedEntries(e.Raw):
		e.Ref = "PX-SEP"
	case u.Scheme == "http" && u.User != nil:
		e.Ref = "PX-HTTPCRED"
	case full != e.Raw && localHost(u):
		e.Ref = "PX-IMPLICITHTTPS"
	}
}

// checkProxyURL is the check of cmd/go/internal/modfetch.newProxyRepo, with
// its texts. The URL is nil if it does not parse.
func checkProxyURL(base string) (*url.URL, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	switch u.Scheme {
	case "http", "https":
		return u, nil
	case "file":
		if *u != (url.URL{Scheme: u.Scheme, Path: u.Path, RawPath: u.RawPath}) {
			return u, fmt.Errorf("invalid file:// proxy URL with non-path elements: %s", u.Redacted())
		}
		return u, nil
	case "":
		return u, fmt.Errorf("invalid proxy URL missing scheme: %s", u.Redacted())
	}
	return u, fmt.Errorf("invalid proxy URL scheme (must be https, http, file): %s", u.Redacted())
}

// refOfRejected names the mistake behind an entry that go rejects. u is nil
// if the entry does not parse.
func refOfRejected(raw string, u *url.URL) string {
	switch {
	case strings.ContainsAny(raw[:1], `"'`) || strings.ContainsAny(raw[len(raw)-1:], `"'`):
		return "PX-QUOTED"
	case strings.HasPrefix(raw, "direct+") || strings.HasPrefix(raw, "off+"):
		return "PX-DIRECTPLUS"
	case gluedEntries(raw):
		return "PX-SEP"
	case u == nil:
		return "PX-PARSE"
	case u.Scheme == "file":
		return "PX-FILEHOST"
	case u.Scheme != "":
		return "PX-SCHEME"
	case path.IsAbs(raw):
		return "PX-ABSPATH"
	}
	return "PX-WORD"
}

// glue finds a second entry behind a separator that go does not know.
var glue = regexp.MustCompile(`[;\s]\s*((direct|off)($|[;\s])|https?://)`)

// gluedEntries reports whether an entry is really several, separated by
// semicolons or white space. A lone blank may belong to a file path.
func gluedEntries(raw string) bool { return glue.MatchString(raw) }

// localHost reports whether a URL names this machine or a bare IP address,
// which rarely serve TLS.
func localHost(u *url.URL) bool {
	_, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil
}
