package world

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// shortly is the patience of tests whose server never answers.
const shortly = 2 * time.Second

func TestAskTellsWhatCame(t *testing.T) {
	released := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, r *http.Request) {
		user, _, _ := r.BasicAuth()
		w.Header().Set("X-User", user)
		_, _ = io.WriteString(w, "hello")
	})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/ok", http.StatusFound) })
	mux.HandleFunc("/short", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "hello")
	})
	mux.HandleFunc("/hang", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-released:
		}
	})
	mux.HandleFunc("/stall", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "hello")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(released) })
	ask := func(a Ask) (Answer, error) {
		a.URL = server.URL + a.URL
		return realNet{}.Ask(t.Context(), a)
	}
	if a, err := ask(Ask{URL: "/ok", Header: map[string]string{"Authorization": "Basic Z29waGVyOng="}}); err != nil || a.Status != 200 || string(a.Body) != "hello" || a.Truncated || a.Get("X-User") != "gopher" || a.Remote != server.Listener.Addr().String() {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := ask(Ask{URL: "/ok", MaxBody: 3}); err != nil || string(a.Body) != "hel" || !a.Truncated {
		t.Errorf("cut: %+v, %v", a, err)
	}
	if a, err := ask(Ask{URL: "/moved"}); err != nil || a.Status != http.StatusFound || a.Get("Location") != "/ok" {
		t.Errorf("a redirect was followed: %+v, %v", a, err)
	}
	if a, err := ask(Ask{URL: "/short"}); err != nil || !errors.Is(a.BodyErr, io.ErrUnexpectedEOF) {
		t.Errorf("a lied length: %+v, %v", a, err)
	}
	if a, err := ask(Ask{URL: "/hang", Patience: shortly}); !errors.Is(err, ErrTimeout) || a.Phase != PhaseHeader {
		t.Errorf("hang: %+v, %v", a, err)
	}
	if a, err := ask(Ask{URL: "/stall", Patience: shortly}); err != nil || !a.Stalled || string(a.Body) != "hello" {
		t.Errorf("stall: %+v, %v", a, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (realNet{}).Ask(ctx, Ask{URL: server.URL + "/ok"}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// A server that notices that nobody listens any more ends its answer as if that
// were all of it.
func TestAskIsNotFooledByAFarewell(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, " ")
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
			case <-time.After(time.Millisecond):
			}
		}
	}))
	t.Cleanup(server.Close)
	for range 30 {
		a, err := realNet{}.Ask(t.Context(), Ask{URL: server.URL, Distrust: true, Patience: 50 * time.Millisecond})
		if err == nil && !a.Stalled {
			t.Fatalf("an answer that never ends counts as whole: %d bytes", len(a.Body))
		}
	}
}

func TestAskLooksAtCertificates(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	empty := filepath.Join(t.TempDir(), "empty.pem")
	file := filepath.Join(t.TempDir(), "ca.pem")
	for name, text := range map[string][]byte{empty: nil, file: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a, err := realNet{}.Ask(t.Context(), Ask{URL: server.URL, CertFile: empty, CertDir: t.TempDir()})
	if err == nil || a.Status != 0 || a.CertFault != CertUnknown && a.CertFault != CertSelfSigned || len(a.Certs) == 0 {
		t.Errorf("a stranger is trusted: %+v, %v", a, err)
	}
	a, err = realNet{}.Ask(t.Context(), Ask{URL: server.URL, CertFile: empty, CertDir: t.TempDir(), Distrust: true})
	if err != nil || string(a.Body) != "hello" || a.CertErr == nil {
		t.Errorf("a look at a stranger: %+v, %v", a, err)
	}
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return // the system keeps its certificates elsewhere
	}
	a, err = realNet{}.Ask(t.Context(), Ask{URL: server.URL, CertFile: file, CertDir: t.TempDir()})
	if err != nil || string(a.Body) != "hello" || a.CertErr != nil {
		t.Errorf("SSL_CERT_FILE of the environment does not count: %+v, %v", a, err)
	}
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	a, err = realNet{}.Ask(t.Context(), Ask{URL: "https://localhost:" + port, CertFile: file, CertDir: t.TempDir()})
	if err == nil || a.Phase == PhaseTLS && a.CertFault != CertWrongHost {
		t.Errorf("a certificate for another host: %+v, %v", a, err)
	}
}
