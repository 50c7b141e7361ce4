package probe_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/probe"
	"github.com/gophantom/gophantom/server/internal/route"
	"github.com/gophantom/gophantom/server/internal/world"
)

// TestNoAnswerInHTTP: what is wrong is neither a name nor an end without an
// answer.
func TestNoAnswerInHTTP(t *testing.T) {
	raw := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, text)
			_ = conn.Close()
		}
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		why     string
	}{
		"file":    {raw("HTTP/1.1 302 Found\r\nLocation: file:///srv/secret\r\nContent-Length: 0\r\n\r\n"), "redirects to an address that go does not ask"},
		"garbage": {raw("garbage\r\n\r\n"), "no answer in HTTP"},
		"headers": {raw("HTTP/1.1 200 OK\r\n" + strings.Repeat("X-A: "+strings.Repeat("b", 8000)+"\r\n", 1400) + "\r\n"), "no answer in HTTP"},
		"ends":    {raw(""), "ends the connection without an answer"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(c.handler)
			defer server.Close()
			env := model.Env{Name: model.EnvShell, Complete: true, Layers: []model.Layer{{Kind: model.LayerProcess, Vars: map[string]model.Assignment{
				"GOPROXY": {Value: model.NewValue(server.URL)},
			}}}}
			got := probe.Route(t.Context(), world.Real(), route.Module{Path: "example.com/x", Version: "v1.0.0"}, probe.Options{Env: env, Patience: patience})
			if !strings.Contains(got.Why, c.why) {
				t.Errorf("the probe says %q, want %q in it", got.Why, c.why)
			}
		})
	}
}
