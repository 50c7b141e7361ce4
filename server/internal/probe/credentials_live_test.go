package probe_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/probe"
	"github.com/gophantom/gophantom/server/internal/route"
	"github.com/gophantom/gophantom/server/internal/world"
)

// helper writes a program for GOAUTH that prints what script echoes.
func helper(t *testing.T, l *lab, script string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "give me")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestGOAUTHLive holds what commands of GOAUTH print, and when they are asked,
// against the real go.
func TestGOAUTHLive(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the programs of this test are shell scripts")
	}
	l := newLab(t)
	const good = "Authorization: Basic Z29waGVyOnNlc2FtZQ==" // gopher:sesame
	for name, test := range map[string]struct {
		script string
		more   string // GOAUTH behind the program
		netrc  string
		want   probe.Verdict
	}{
		"at once":                     {script: `printf 'https://locked.example\n\n` + good + `\n\n'`, want: probe.Served},
		"for a part":                  {script: `printf 'https://other.example\nhttps://locked.example/corp.example\n\n` + good + `\n\n'`, want: probe.Served},
		"after the refusal":           {script: `test "$1" || exit 0; printf '%s\n\n` + good + `\n\n' "$1"`, want: probe.Served},
		"by what the refusal says":    {script: `read -r line; case "$line" in *401*) printf 'https://locked.example\n\n` + good + `\n\n';; esac`, want: probe.Served},
		"without the last empty line": {script: `printf 'https://locked.example\n\n` + good + `\n'`, want: probe.Fails},
		"no URL":                      {script: `printf 'locked.example\n\n` + good + `\n\n'`, want: probe.Fails},
		"no header":                   {script: `printf 'https://locked.example\n\nAuthorization=x\n\n'`, want: probe.Fails},
		"it fails":                    {script: `printf 'https://locked.example\n\n` + good + `\n\n'; exit 1`, want: probe.Fails},
		"the wrong password":          {script: `printf 'https://locked.example\n\nAuthorization: Basic d3Jvbmc6d3Jvbmc=\n\n'`, want: probe.Fails},
		"it takes netrc back":         {script: `printf 'https://locked.example\n\n\n'`, more: ";netrc", netrc: "machine locked.example login gopher password sesame", want: probe.Fails},
		"netrc wins":                  {script: `printf 'https://locked.example\n\nAuthorization: Basic d3Jvbmc6d3Jvbmc=\n\n'`, more: "", netrc: "machine locked.example login gopher password sesame", want: probe.Served},
	} {
		t.Run(name, func(t *testing.T) {
			goauth := `"` + helper(t, l, test.script) + `" ` + test.more
			if name == "netrc wins" {
				goauth = "netrc;" + goauth
			}
			vars := map[string]string{"GOPROXY": "https://locked.example", "GOAUTH": goauth, "NETRC": filepath.Join(l.home, "no-netrc")}
			if test.netrc != "" {
				vars["NETRC"] = netrc(l, test.netrc)
			}
			got := probe.Route(t.Context(), world.Real(), route.Module{Path: labModule, Version: labVersion}, probe.Options{Env: l.env(vars), Patience: patience, RunGOAUTH: true})
			if got.Verdict != test.want {
				t.Errorf("the probe says: %s %s", got.Verdict, got.Why)
			}
			l.judge(t, labModule+"@"+labVersion, vars, got)
		})
	}
	t.Run("not unasked", func(t *testing.T) {
		trace := filepath.Join(t.TempDir(), "ran")
		got := l.probe(t, labModule+"@"+labVersion, map[string]string{"GOPROXY": "https://locked.example", "GOAUTH": `"` + helper(t, l, "touch "+trace) + `"`})
		if _, err := os.Stat(trace); err == nil {
			t.Error("a program was run that nobody asked to be run")
		}
		if got.Verdict != probe.Undecided || !strings.Contains(got.Why, "was not run") {
			t.Errorf("the probe says: %s %s", got.Verdict, got.Why)
		}
	})
}

// forms are the ways in which a server may repeat a password that it was sent.
func forms(password string) []string {
	return []string{password, url.PathEscape(password), url.QueryEscape(password), base64.StdEncoding.EncodeToString([]byte("gopher:" + password))}
}

// TestServersTellNoSecrets has servers repeat what was sent to them, in every
// place where they can.
func TestServersTellNoSecrets(t *testing.T) {
	l := newLab(t)
	for _, password := range []string{"canary-0123456789", "canary/0?1=2&3", "c4n4ry"} {
		file := netrc(l, "machine echo.example login gopher password "+password+"\nmachine echosum.example login gopher password "+password)
		for _, vars := range []map[string]string{
			{"GOPROXY": "https://echo.example/status", "NETRC": file},
			{"GOPROXY": "https://echo.example/moved", "NETRC": file},
			{"GOPROXY": "https://echo.example/file", "NETRC": file},
			{"GOPROXY": "https://echo.example/page", "NETRC": file},
			{"GOPROXY": "https://ok.example", "NETRC": file, "GOSUMDB": l.key + " https://echo.example/file"},
			{"GOPROXY": "direct", "NETRC": file},
		} {
			mod := labModule
			if vars["GOPROXY"] == "direct" {
				mod = "echo.example/meta"
			}
			got := probe.Route(t.Context(), world.Real(), route.Module{Path: mod, Version: labVersion}, probe.Options{Env: l.env(vars), Patience: patience})
			checks := probe.Proxy(t.Context(), world.Real(), vars["GOPROXY"], route.Module{Path: mod, Version: labVersion}, probe.Options{Env: l.env(vars), Patience: patience})
			text := sentences(checks) + got.Why + got.GoText.Reveal()
			answers := got.SumDB
			for _, s := range got.Steps {
				answers = append(answers, s.Answers...)
			}
			for _, c := range checks {
				if c.Answer != nil {
					answers = append(answers, *c.Answer)
				}
			}
			sent := false
			for _, a := range answers {
				sent = sent || a.Auth != ""
				text += a.Text.Reveal() + a.Note + fmt.Sprint(len(a.Hops))
				for _, hop := range a.Hops {
					text += hop.Reveal()
				}
			}
			for _, f := range got.Faults {
				text += f.Text.Reveal()
			}
			if !sent {
				t.Errorf("%s: nothing was sent that could be repeated:\n%s", vars["GOPROXY"], text)
			}
			for _, secret := range forms(password) {
				if strings.Contains(text, secret) {
					t.Errorf("%s tells %q:\n%s", vars["GOPROXY"], secret, text)
				}
			}
		}
	}
}
