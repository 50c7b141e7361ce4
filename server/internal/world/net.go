package world

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

// Net asks servers. Nothing goes through it unless the user asked for it.
type Net interface {
	// Ask sends one request and follows no redirect. What came is in the Answer
	// also when there is an error: the chain of a server that is not trusted, the
	// part of a body. Errors are those of net/http, in its words; they wrap
	// ErrTimeout when nothing came within Ask.Patience, and ctx's error.
	Ask(ctx context.Context, a Ask) (Answer, error)
}

// Ask is one request. It holds secrets and is never shown.
type Ask struct {
	Method string            // "" means GET
	Body   []byte            // what is sent; nil for nothing
	URL    string            // http or https; a user in it is sent as go sends it
	Header map[string]string // beside what net/http sends by itself
	Proxy  string            // URL of the HTTP proxy to go through; "" for none
	// CertFile and CertDir are SSL_CERT_FILE and SSL_CERT_DIR of the environment
	// that asks. Systems that keep their certificates elsewhere ignore them, as go
	// does there.
	CertFile, CertDir string
	// Distrust accepts every certificate, as go does where GOINSECURE allows
	// that. The answer tells all the same what is wrong with it.
	Distrust bool
	// Patience bounds the time until the header of the answer, and once more the
	// time that its body takes. 0 means DefaultPatience.
	Patience time.Duration
	MaxBody  int // bytes kept of the body, and read; 0 means DefaultMaxBody
}

// Defaults of Ask.
const (
	DefaultPatience = 10 * time.Second
	DefaultMaxBody  = 1 << 20
)

// Answer is what came back.
type Answer struct {
	Status    int    // 0 if no answer came
	Proto     string // such as "HTTP/1.1"
	Reason    string // status line behind Proto, such as "403 Forbidden"
	Header    map[string][]string
	Body      []byte
	Truncated bool  // the body is longer than MaxBody
	Stalled   bool  // the body did not end within the patience
	BodyErr   error // the body ended otherwise than it should; nil if it is whole or cut by us
	Remote    string
	Certs     []Certificate // as the server sent them, its own first; nil without TLS
	CertErr   error         // why the chain is not trusted; nil if it is
	CertFault string        // that in a word: one of the CertFault constants
	Gate      int           // status with which an HTTP proxy answered CONNECT; 0 if none did
	Phase     string        // the phase that was reached: one of the Phase constants
	Took      Took
}

// Phases of an Ask, in their order.
const (
	PhaseLookup  = "lookup" // the host's name
	PhaseConnect = "connect"
	PhaseTLS     = "tls"
	PhaseHeader  = "header" // the request is on its way
	PhaseBody    = "body"   // the header came
)

// Faults of a chain of certificates.
const (
	CertExpired     = "expired"
	CertNotYet      = "not-yet-valid"
	CertUnknown     = "unknown-authority"
	CertSelfSigned  = "self-signed"
	CertWrongHost   = "wrong-host"
	CertOtherwise   = "invalid"
	certFileDefault = "SSL_CERT_FILE"
	certDirDefault  = "SSL_CERT_DIR"
)

// Took splits the time that an answer took. What did not happen took 0.
type Took struct{ Lookup, Connect, TLS, Header, Total time.Duration }

// Certificate is one certificate of a chain.
type Certificate struct {
	Subject, Issuer     string
	Names               []string // hosts and addresses it is for
	NotBefore, NotAfter time.Time
}

// Get returns the first value of a header, "" if there is none. name is in
// canonical form, such as "Content-Type".
func (a Answer) Get(name string) string {
	if v := a.Header[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

type realNet struct{}

func (realNet) Ask(ctx context.Context, a Ask) (Answer, error) {
	patience := a.Patience
	if patience == 0 {
		patience = DefaultPatience
	}
	max := a.MaxBody
	if max == 0 {
		max = DefaultMaxBody
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	expire := time.AfterFunc(patience, func() { cancel(ErrTimeout) })
	defer expire.Stop()

	s := &asking{start: time.Now()}
	s.out.Phase = PhaseLookup
	transport, err := s.transport(a)
	if err != nil {
		return Answer{}, err
	}
	defer transport.CloseIdleConnections()
	method := a.Method
	if method == "" {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, s.trace()), method, a.URL, bytes.NewReader(a.Body))
	if err != nil {
		return Answer{}, err
	}
	for name, value := range a.Header {
		req.Header.Set(name, value)
	}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		out := s.end()
		if cause := context.Cause(ctx); errors.Is(cause, ErrTimeout) {
			return out, fmt.Errorf("no answer within %v (%s): %w", patience, out.Phase, errAsk{cause})
		}
		return out, err
	}
	defer resp.Body.Close()
	s.mu.Lock()
	s.out.Phase, s.out.Status, s.out.Proto, s.out.Reason, s.out.Header = PhaseBody, resp.StatusCode, resp.Proto, resp.Status, resp.Header
	s.out.Took.Header = time.Since(s.start)
	s.mu.Unlock()
	expire.Reset(patience)
	body, err := io.ReadAll(io.LimitReader(resp.Body, int64(max)+1))
	out := s.end()
	out.Body, out.Truncated = body[:min(len(body), max)], len(body) > max
	switch {
	case errors.Is(context.Cause(ctx), ErrTimeout):
		// Even without an error: a server that hears us leave may end its answer
		// properly before the connection is closed.
		out.Stalled = true
	case ctx.Err() != nil:
		return out, ctx.Err()
	default:
		out.BodyErr = err
	}
	return out, nil
}

// errAsk keeps the text of a timeout short.
type errAsk struct{ error }

func (errAsk) Error() string   { return "timeout" }
func (e errAsk) Unwrap() error { return e.error }

// asking is one Ask under way. The transport may still call it after the
// answer is there.
type asking struct {
	start time.Time
	mu    sync.Mutex
	out   Answer
	from  time.Time // when the phase began
}

func (s *asking) end() Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out.Took.Total = time.Since(s.start)
	return s.out
}

func (s *asking) transport(a Ask) (*http.Transport, error) {
	target, err := url.Parse(a.URL)
	if err != nil {
		return nil, err
	}
	roots, err := roots(a.CertFile, a.CertDir)
	if err != nil {
		return nil, err
	}
	t := &http.Transport{
		DisableKeepAlives: true,
		ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{
			InsecureSkipVerify: true, // VerifyConnection does it, and keeps the chain
			VerifyConnection: func(cs tls.ConnectionState) error {
				host := cs.ServerName
				if host == "" { // an address
					host = target.Hostname()
				}
				return s.verify(cs.PeerCertificates, host, roots, a.Distrust)
			},
		},
		OnProxyConnectResponse: func(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
			s.mu.Lock()
			s.out.Gate = resp.StatusCode
			s.mu.Unlock()
			return nil
		},
	}
	if a.Proxy != "" {
		proxy, err := url.Parse(a.Proxy)
		if err != nil {
			return nil, err
		}
		t.Proxy = http.ProxyURL(proxy)
	}
	return t, nil
}

func (s *asking) verify(chain []*x509.Certificate, host string, roots *x509.CertPool, distrust bool) error {
	opts := x509.VerifyOptions{Roots: roots, DNSName: host, Intermediates: x509.NewCertPool()}
	for _, c := range chain[1:] {
		opts.Intermediates.AddCert(c)
	}
	_, err := chain[0].Verify(opts)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out.Certs = nil
	for _, c := range chain {
		names := append([]string{}, c.DNSNames...)
		for _, ip := range c.IPAddresses {
			names = append(names, ip.String())
		}
		s.out.Certs = append(s.out.Certs, Certificate{c.Subject.String(), c.Issuer.String(), names, c.NotBefore, c.NotAfter})
	}
	if err == nil {
		return nil
	}
	s.out.CertErr, s.out.CertFault = err, faultOf(chain[0], err)
	if distrust {
		return nil
	}
	return &tls.CertificateVerificationError{UnverifiedCertificates: chain, Err: err}
}

func faultOf(leaf *x509.Certificate, err error) string {
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		if time.Now().Before(leaf.NotBefore) {
			return CertNotYet
		}
		return CertExpired
	case errors.As(err, &host):
		return CertWrongHost
	case errors.As(err, &unknown):
		if leaf.Subject.String() == leaf.Issuer.String() {
			return CertSelfSigned
		}
		return CertUnknown
	}
	return CertOtherwise
}

// trace notes the phases.
func (s *asking) trace() *httptrace.ClientTrace {
	step := func(phase string, note func(took time.Duration)) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if note != nil {
			note(time.Since(s.from))
		}
		if phase != "" {
			s.out.Phase = phase
		}
		s.from = time.Now()
	}
	return &httptrace.ClientTrace{
		DNSStart:     func(httptrace.DNSStartInfo) { step(PhaseLookup, nil) },
		DNSDone:      func(httptrace.DNSDoneInfo) { step("", func(d time.Duration) { s.out.Took.Lookup = d }) },
		ConnectStart: func(_, _ string) { step(PhaseConnect, nil) },
		ConnectDone: func(_, addr string, err error) {
			if err == nil {
				step("", func(d time.Duration) { s.out.Took.Connect, s.out.Remote = d, addr })
			}
		},
		TLSHandshakeStart: func() { step(PhaseTLS, nil) },
		TLSHandshakeDone: func(_ tls.ConnectionState, _ error) {
			step("", func(d time.Duration) { s.out.Took.TLS = d })
		},
		WroteRequest: func(httptrace.WroteRequestInfo) { step(PhaseHeader, nil) },
	}
}

// Where crypto/x509 looks for the certificates of the system, first hit wins
// for files; all of the directories are read.
var (
	certFiles = []string{
		"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
		"/etc/pki/tls/cacert.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
	}
	certDirs = []string{"/etc/ssl/certs", "/etc/pki/tls/certs"}
)

// roots are the certificates that a go command of another environment trusts.
func roots(file, dir string) (*x509.CertPool, error) {
	ours := file == os.Getenv(certFileDefault) && dir == os.Getenv(certDirDefault)
	if ours || runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return x509.SystemCertPool()
	}
	files, dirs := certFiles, certDirs
	if file != "" {
		files = []string{file}
	}
	if dir != "" {
		dirs = strings.Split(dir, ":")
	}
	pool := x509.NewCertPool()
	for _, name := range files {
		if data, err := os.ReadFile(name); err == nil {
			pool.AppendCertsFromPEM(data)
			break
		}
	}
	for _, name := range dirs {
		entries, err := os.ReadDir(name)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if data, err := os.ReadFile(filepath.Join(name, e.Name())); err == nil {
				pool.AppendCertsFromPEM(data)
			}
		}
	}
	return pool, nil
}
