package probe_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"log"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/probe"
	"github.com/gophantom/gophantom/server/internal/route"
	"github.com/gophantom/gophantom/server/internal/world"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

var quiet = log.New(io.Discard, "", 0)

func mapsKeys(m map[string]string) iter.Seq[string] { return maps.Keys(m) }

// patience is how long the probe waits for servers and programs that answer,
// if the machine lets them.
const patience = time.Minute

// impatience is how long it waits for those that do not: its conclusion does
// not depend on it.
const impatience = 700 * time.Millisecond

// patienceWith is how long to wait for the hosts that are named.
func patienceWith(names ...string) time.Duration {
	for _, silent := range []string{"hang.", "stall.", "loris."} {
		if strings.Contains(strings.Join(names, " "), silent) {
			return impatience
		}
	}
	return patience
}

// probe asks with the real network for labModule.
func (l *lab) probe(t *testing.T, mod string, extra map[string]string) probe.Result {
	t.Helper()
	path, version, _ := strings.Cut(mod, "@")
	w := world.Real()
	return probe.Route(t.Context(), w, route.Module{Path: path, Version: version}, probe.Options{Env: l.env(extra), Patience: patienceWith(mod, extra["GOPROXY"])})
}

// judge runs the real go command and compares what it did with a conclusion.
func (l *lab) judge(t *testing.T, mod string, extra map[string]string, got probe.Result) {
	t.Helper()
	for len(l.blocked) > 0 {
		<-l.blocked
	}
	cmd := l.goCommand(t, extra, "get", mod)
	if path, version, versioned := strings.Cut(mod, "@"); versioned && version != "latest" { // as a build needs it, go.mod included
		cmd = l.goCommand(t, extra, "mod", "download")
		l.write(filepath.Join(cmd.Dir, "go.mod"), "module main.example/app\n\ngo 1.24\n\nrequire "+path+" "+version+"\n")
	} else {
		l.write(filepath.Join(cmd.Dir, "go.mod"), "module main.example/app\n\ngo 1.24\n")
	}
	if got.Verdict == probe.Hangs {
		ctx, cancel := context.WithCancel(t.Context())
		stoppable := exec.CommandContext(ctx, cmd.Path, cmd.Args[1:]...)
		stoppable.Dir, stoppable.Env, stoppable.WaitDelay = cmd.Dir, cmd.Env, time.Second
		done := make(chan error, 1)
		go func() { done <- stoppable.Run() }()
		select {
		case <-l.blocked: // it waits, as was said
		case err := <-done:
			t.Errorf("go ended (%v), and the probe says it hangs: %s", err, got.Why)
			done <- nil
		}
		cancel()
		<-done
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // it hangs, and the probe does not say so
	defer cancel()
	bounded := exec.CommandContext(ctx, cmd.Path, cmd.Args[1:]...)
	bounded.Dir, bounded.Env, bounded.WaitDelay = cmd.Dir, cmd.Env, time.Second
	out, err := bounded.CombinedOutput()
	if ctx.Err() != nil {
		t.Errorf("the probe says %s (%s), and go hangs", got.Verdict, got.Why)
		return
	}
	switch got.Verdict {
	case probe.Served:
		if err != nil {
			t.Errorf("the probe says that %s, and go says:\n%s", got.Why, out)
		}
	case probe.Fails:
		text, _, _ := strings.Cut(got.GoText.Reveal(), "\n")
		if err == nil {
			t.Errorf("the probe says that go fails with %q, and it does not", text)
		} else if !strings.Contains(plainText(string(out)), plainText(text)) {
			t.Errorf("the probe says that go says\n\t%s\nand it says\n\t%s", text, out)
		}
	default:
		t.Errorf("the probe comes to no conclusion: %s %s; go says (%v)\n%s", got.Verdict, got.Why, err, out)
	}
}

// plainText leaves out what differs from one connection to the next, and the
// directory in which git runs.
func plainText(s string) string {
	fields := strings.Fields(s)
	for i, f := range fields {
		if strings.HasPrefix(f, "127.0.0.1:") && strings.Contains(f, "->") {
			fields[i] = "…"
		}
		if f == "in" && i+1 < len(fields) && strings.HasPrefix(fields[i+1], "/") {
			fields[i], fields[i+1] = "", ":"
		}
	}
	return strings.ReplaceAll(strings.Join(strings.Fields(strings.Join(fields, " ")), " "), " :", ":")
}

func refs(r probe.Result) []string {
	var out []string
	for _, f := range r.Faults {
		out = append(out, f.Ref)
	}
	return out
}

// TestProbeLive holds every kind of fault of a server against what the real go
// command then does.
func TestProbeLive(t *testing.T) {
	l := newLab(t)
	l.repository("lib.git", "corp.example/team/lib", labVersion)
	dead := deadAddress(t)
	const at = labModule + "@" + labVersion
	for name, test := range map[string]struct {
		mod  string // labModule at labVersion if empty
		vars map[string]string
		ref  string // "" if the catalogue has nothing to say
		fail bool   // go gives up nevertheless
	}{
		"good":                              {vars: map[string]string{"GOPROXY": "https://ok.example"}},
		"newest":                            {mod: labModule, vars: map[string]string{"GOPROXY": "https://ok.example"}},
		"latest":                            {mod: labModule + "@latest", vars: map[string]string{"GOPROXY": "https://ok.example"}},
		"no latest":                         {mod: labModule + "@latest", vars: map[string]string{"GOPROXY": "https://s404.example"}, fail: true},
		"branch with a slash":               {mod: labModule + "@feature/x", vars: map[string]string{"GOPROXY": "https://ok.example,direct"}, fail: true},
		"not found goes on":                 {vars: map[string]string{"GOPROXY": "https://s404.example,https://s410.example,https://ok.example"}},
		"not found at all":                  {vars: map[string]string{"GOPROXY": "https://s404.example,https://s410.example"}, fail: true},
		"403 stops":                         {vars: map[string]string{"GOPROXY": "https://s403.example,https://ok.example"}, ref: "PX-403STOP"},
		"403 and a bar":                     {vars: map[string]string{"GOPROXY": "https://s403.example|https://ok.example"}},
		"500":                               {vars: map[string]string{"GOPROXY": "https://s500.example"}, ref: "PX-403STOP"},
		"off at the end":                    {vars: map[string]string{"GOPROXY": "https://s404.example,off"}, fail: true},
		"zip refused":                       {vars: map[string]string{"GOPROXY": "https://zip403.example,https://ok.example"}, ref: "PX-ZIP403"},
		"captive":                           {vars: map[string]string{"GOPROXY": "https://captive.example,https://ok.example"}, ref: "PX-CAPTIVE"},
		"captive go.mod":                    {vars: map[string]string{"GOPROXY": "https://modcaptive.example"}, ref: "PX-CAPTIVE"},
		"empty":                             {vars: map[string]string{"GOPROXY": "https://empty.example"}, ref: "PX-CAPTIVE"},
		"nulls":                             {vars: map[string]string{"GOPROXY": "https://nulls.example"}, ref: "PX-CAPTIVE"},
		"bad zip":                           {vars: map[string]string{"GOPROXY": "https://zipgarbage.example"}, fail: true},
		"lied length":                       {vars: map[string]string{"GOPROXY": "https://lying.example"}, ref: "PX-403STOP"},
		"another version":                   {vars: map[string]string{"GOPROXY": "https://otherversion.example"}, fail: true},
		"downgrade":                         {vars: map[string]string{"GOPROXY": "https://down.example,https://ok.example"}, ref: "PX-REDIR-DOWNGRADE"},
		"circle":                            {vars: map[string]string{"GOPROXY": "https://circle.example,https://ok.example"}, ref: "PX-REDIRLOOP"},
		"moved":                             {vars: map[string]string{"GOPROXY": "https://moved.example"}},
		"hangs":                             {vars: map[string]string{"GOPROXY": "https://hang.example|https://ok.example"}, ref: "PX-HANG"},
		"stalls":                            {vars: map[string]string{"GOPROXY": "https://stall.example"}, ref: "PX-HANG"},
		"drips":                             {vars: map[string]string{"GOPROXY": "https://loris.example"}, ref: "PX-HANG"},
		"endless":                           {vars: map[string]string{"GOPROXY": "https://endless.example,https://ok.example"}, ref: "PX-HANG"},
		"expired":                           {vars: map[string]string{"GOPROXY": "https://expired.example"}, ref: "PX-TLS"},
		"not yet valid":                     {vars: map[string]string{"GOPROXY": "https://early.example"}, ref: "PX-TLS"},
		"unknown authority":                 {vars: map[string]string{"GOPROXY": "https://stranger.example"}, ref: "PX-TLS"},
		"self-signed":                       {vars: map[string]string{"GOPROXY": "https://self.example"}, ref: "PX-TLS"},
		"wrong host":                        {vars: map[string]string{"GOPROXY": "https://otherhost.example"}, ref: "PX-TLS"},
		"GOINSECURE is none":                {vars: map[string]string{"GOPROXY": "https://self.example", "GOINSECURE": "*"}, ref: "PX-TLS"},
		"other CA file":                     {vars: map[string]string{"GOPROXY": "https://ok.example", "SSL_CERT_FILE": filepath.Join(l.home, "none.pem")}, ref: "PX-TLS"},
		"no credentials":                    {vars: map[string]string{"GOPROXY": "https://locked.example", "NETRC": filepath.Join(l.home, "no-netrc")}, ref: "AUTH-401"},
		"netrc":                             {vars: map[string]string{"GOPROXY": "https://locked.example", "NETRC": netrc(l, "machine locked.example login gopher password sesame")}},
		"netrc with a path":                 {vars: map[string]string{"GOPROXY": "https://locked.example", "NETRC": netrc(l, "machine locked.example/corp.example login gopher password sesame")}},
		"netrc, wrong":                      {vars: map[string]string{"GOPROXY": "https://locked.example", "NETRC": netrc(l, "machine locked.example login gopher password wrong")}, ref: "AUTH-401"},
		"netrc, switched off":               {vars: map[string]string{"GOPROXY": "https://locked.example", "GOAUTH": "off", "NETRC": netrc(l, "machine locked.example login gopher password sesame")}, ref: "AUTH-401"},
		"user in the URL":                   {vars: map[string]string{"GOPROXY": "https://gopher:sesame@locked.example"}},
		"user over plain HTTP":              {vars: map[string]string{"GOPROXY": "http://gopher:sesame@locked.example"}, ref: "PX-HTTPCRED"},
		"GOAUTH is malformed":               {vars: map[string]string{"GOPROXY": "https://ok.example", "GOAUTH": "netrc;"}, ref: "AUTH-GOAUTH-EMPTY"},
		"GOAUTH is malformed, unused":       {vars: map[string]string{"GOPROXY": l.plain.URL + "/ok", "GOAUTH": "netrc;"}},
		"GOAUTH is malformed, and a bar":    {vars: map[string]string{"GOPROXY": "https://ok.example|" + l.plain.URL + "/ok", "GOAUTH": "off;netrc"}, ref: "AUTH-GOAUTH-OFF"},
		"GOAUTH for the database":           {vars: map[string]string{"GOPROXY": l.plain.URL + "/ok", "GOSUMDB": l.key + " https://sum.example", "GOAUTH": "git relative"}, ref: "AUTH-GOAUTH-GIT"},
		"plain on TLS":                      {vars: map[string]string{"GOPROXY": "http://" + l.servers["good"].Listener.Addr().String() + "/ok"}, ref: "PX-HTTPONTLS"},
		"TLS on plain":                      {vars: map[string]string{"GOPROXY": "https://" + l.plain.Listener.Addr().String() + "/ok"}, ref: "PX-IMPLICITHTTPS"},
		"plain":                             {vars: map[string]string{"GOPROXY": l.plain.URL + "/ok"}},
		"refused":                           {vars: map[string]string{"GOPROXY": "http://" + dead + ",https://ok.example"}, ref: "PX-403STOP"},
		"refused and a bar":                 {vars: map[string]string{"GOPROXY": "http://" + dead + "|https://ok.example"}},
		"dead HTTP proxy":                   {vars: map[string]string{"GOPROXY": "https://ok.example", "HTTPS_PROXY": "http://" + dead}, ref: "HTTPPROXY-DEAD"},
		"HTTP proxy refuses":                {vars: map[string]string{"GOPROXY": "https://nowhere.example"}, ref: "PX-403STOP"},
		"HTTP proxy wants to know who asks": {vars: map[string]string{"GOPROXY": "https://ok.example", "HTTPS_PROXY": l.plain.URL + "/s407"}, ref: "HTTPPROXY-407"},

		"private, no tag":       {mod: "nometa.example/lib@v1.2.3", vars: map[string]string{"GOPROXY": "https://ok.example,direct", "GOPRIVATE": "*"}, ref: "VC-NOMETA"},
		"private, not found":    {mod: "meta404.example/lib@v1.2.3", vars: map[string]string{"GOPROXY": "direct"}, ref: "VC-META404"},
		"page of a dead host":   {mod: "nowhere.example/lib@v1.2.3", vars: map[string]string{"GOPROXY": "direct"}, ref: "PX-403STOP"},
		"page, bad certificate": {mod: "self.example/lib@v1.2.3", vars: map[string]string{"GOPROXY": "direct"}, ref: "PX-TLS"},
		"page in circles":       {mod: "circle.example/lib@v1.2.3", vars: map[string]string{"GOPROXY": "direct"}, ref: "PX-REDIRLOOP"},
		"page, downgrade":       {mod: "down.example/lib@v1.2.3", vars: map[string]string{"GOPROXY": "direct"}, ref: "PX-REDIR-DOWNGRADE"},
		"page, refused":         {mod: "s403.example/lib@v1.2.3", vars: map[string]string{"GOPROXY": "direct"}, ref: "PX-403STOP"},
		"page, who are you":     {mod: "s401.example/lib@v1.2.3", vars: map[string]string{"GOPROXY": "direct", "NETRC": filepath.Join(l.home, "no-netrc")}, ref: "AUTH-401"},
		"page, broken":          {mod: "s500.example/lib@v1.2.3", vars: map[string]string{"GOPROXY": "direct"}, ref: "PX-403STOP"},
		"page of a login":       {mod: "captive.example/lib@v1.2.3", vars: map[string]string{"GOPROXY": "direct"}, ref: "VC-NOMETA"},
		"page hangs":            {mod: "hang.example/lib@v1.2.3", vars: map[string]string{"GOPROXY": "direct"}, ref: "PX-HANG"},
		"page drips":            {mod: "loris.example/lib@v1.2.3", vars: map[string]string{"GOPROXY": "direct"}, ref: "PX-HANG"},
		"page, insecure, hangs": {mod: "hang.example/lib@v1.2.3", vars: map[string]string{"GOPROXY": "direct", "GOINSECURE": "*.example"}, ref: "PX-HANG"},
		"page elsewhere":        {mod: "moved.example/lib@v1.2.3", vars: map[string]string{"GOPROXY": "direct"}, ref: "VC-META404"},
		"too many requests":     {vars: map[string]string{"GOPROXY": "https://s429.example,https://ok.example"}, ref: "PX-403STOP"},
		"a directory":           {vars: map[string]string{"GOPROXY": "file://" + l.dir}, fail: true},
		"a directory, then":     {vars: map[string]string{"GOPROXY": "file://" + l.dir + "/none,https://ok.example"}},
		"origin is a proxy":     {mod: "metamod.example/lib@v1.2.3", vars: map[string]string{"GOPROXY": "direct"}},
		"pages disagree":        {mod: "metalie.example/lib@v1.2.3", vars: map[string]string{"GOPROXY": "direct"}, fail: true},
		"git":                   {vars: map[string]string{"GOPROXY": "https://s404.example,direct"}},
		"git by private":        {vars: map[string]string{"GOPROXY": "https://s403.example", "GOPRIVATE": "corp.example"}},
		"git, no such tag":      {mod: labModule + "@v1.9.9", vars: map[string]string{"GOPROXY": "direct"}, fail: true},
		"git wants a user":      {mod: "gitlocked.example/lib@v1.2.3", vars: map[string]string{"GOPROXY": "direct"}, ref: "VC-AUTH"},
		"no such repository":    {mod: "git.example/none.git@v1.2.3", vars: map[string]string{"GOPROXY": "direct"}, fail: true},
		"repository by path":    {mod: "git.example/lib.git@v1.9.9", vars: map[string]string{"GOPROXY": "direct"}, fail: true},

		"database":              {vars: map[string]string{"GOPROXY": "https://ok.example", "GOSUMDB": l.key}},
		"database by its URL":   {vars: map[string]string{"GOPROXY": "https://ok.example", "GOSUMDB": l.key + " https://sum.example"}},
		"proxied database":      {vars: map[string]string{"GOPROXY": "https://sumproxy.example", "GOSUMDB": l.key}},
		"database, wrong key":   {vars: map[string]string{"GOPROXY": "https://ok.example", "GOSUMDB": l.other}, ref: "SD-WRONGKEY"},
		"database, refused":     {vars: map[string]string{"GOPROXY": "https://sum403.example", "GOSUMDB": l.key}, ref: "SD-PROXY403"},
		"database, broken":      {vars: map[string]string{"GOPROXY": "https://sum500.example,direct", "GOSUMDB": l.key}, ref: "SD-PROXY403"},
		"database, garbage":     {vars: map[string]string{"GOPROXY": "https://sumgarbage.example", "GOSUMDB": l.key}, ref: "SD-GARBAGE"},
		"database, unreachable": {vars: map[string]string{"GOPROXY": "https://ok.example", "GOSUMDB": l.key + " https://nowhere.example"}, ref: "SD-OFFLINE"},
		"database, not there":   {vars: map[string]string{"GOPROXY": "https://ok.example", "GOSUMDB": l.key + " https://s404.example"}, ref: "PV-NONOSUMDB"},
		"database, other hash":  {vars: map[string]string{"GOPROXY": "https://ok.example", "GOSUMDB": l.wrongKey + " https://wrongsum.example"}, ref: "SD-MISMATCH"},
		"no database wanted":    {vars: map[string]string{"GOPROXY": "https://ok.example", "GOSUMDB": l.key + " https://nowhere.example", "GONOSUMDB": "corp.example"}},
		"database, malformed":   {vars: map[string]string{"GOPROXY": "https://ok.example", "GOSUMDB": "sum.example"}, fail: true},
	} {
		t.Run(name, func(t *testing.T) {
			mod := test.mod
			if mod == "" {
				mod = at
			}
			got := l.probe(t, mod, test.vars)
			if test.ref != "" && !slices.Contains(refs(got), test.ref) || test.ref == "" && len(got.Faults) > 0 {
				t.Errorf("the probe finds %q, want %q (%s: %s %s)", refs(got), test.ref, got.Verdict, got.Why, got.GoText.Reveal())
			}
			want := []probe.Verdict{probe.Served}
			if test.ref != "" || test.fail {
				want = []probe.Verdict{probe.Fails, probe.Hangs}
			}
			if !slices.Contains(want, got.Verdict) {
				t.Errorf("the probe says: %s %s %s", got.Verdict, got.Why, got.GoText.Reveal())
			}
			l.judge(t, mod, test.vars, got)
		})
	}
}

// TestProbeStops ends a probe that its user does not want any more.
func TestProbeStops(t *testing.T) {
	l := newLab(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan probe.Result)
	go func() {
		done <- probe.Route(ctx, world.Real(), route.Module{Path: labModule, Version: labVersion},
			probe.Options{Env: l.env(map[string]string{"GOPROXY": "https://hang.example"}), Patience: time.Hour})
	}()
	<-l.blocked
	cancel()
	if got := <-done; got.Verdict != probe.Undecided || len(got.Faults) > 0 {
		t.Errorf("a stopped probe concludes: %s %s %q", got.Verdict, got.Why, refs(got))
	}
}

// TestProbeOfHugeValues survives values that no sane machine has.
func TestProbeOfHugeValues(t *testing.T) {
	l := newLab(t)
	const size = 1 << 20
	for name, vars := range map[string]map[string]string{
		"GOPROXY":  {"GOPROXY": "https://s404.example/" + strings.Repeat("x", size)},
		"entries":  {"GOPROXY": strings.Repeat("https://s404.example,", 50) + "off"},
		"NO_PROXY": {"GOPROXY": "https://ok.example", "NO_PROXY": strings.Repeat("x.example,", size/10)},
		"GOSUMDB":  {"GOPROXY": "https://ok.example", "GOSUMDB": strings.Repeat("k", size)},
		"GOAUTH":   {"GOPROXY": "https://ok.example", "GOAUTH": "netrc " + strings.Repeat("a ", size/2)},
		"control":  {"GOPROXY": "https://ok.example/\x1b[2J\u202e\x00"},
	} {
		got := l.probe(t, labModule+"@"+labVersion, vars)
		if got.Verdict == "" || got.Why == "" {
			t.Errorf("%s: no conclusion: %+v", name, got.Verdict)
		}
	}
}

func netrc(l *lab, text string) string {
	file, err := os.CreateTemp(l.home, "netrc")
	if err != nil {
		l.t.Fatal(err)
	}
	defer file.Close()
	_, _ = io.WriteString(file, text+"\n")
	return file.Name()
}

// TestProbeRandomLive holds random lists of proxies against the real go command.
func TestProbeRandomLive(t *testing.T) {
	l := newLab(t)
	l.repository("lib.git", "corp.example/team/lib", labVersion)
	cases := 40
	if os.Getenv("CI") != "" {
		cases = 200
	}
	seed := worldtest.Seed(t, "GOPHANTOM_PROBE_SEED")
	rng := rand.New(rand.NewPCG(seed, 0))
	pick := func(list ...string) string { return list[rng.IntN(len(list))] }
	for i := range cases {
		var list strings.Builder
		for n := range 1 + rng.IntN(4) {
			if n > 0 {
				list.WriteString(pick(",", ",", "|"))
			}
			list.WriteString(pick("https://ok.example", "https://s403.example", "https://s404.example", "https://s410.example", "https://s503.example", "https://captive.example",
				"https://zipgarbage.example", "https://zip403.example", "https://self.example", "https://down.example", "https://moved.example", "https://lying.example", "https://locked.example",
				"https://circle.example", "https://s429.example", "https://empty.example", "https://nulls.example", "https://modcaptive.example", "https://otherversion.example", "https://otherpath.example",
				"https://sumgarbage.example", "https://sumproxy.example", "https://sum403.example", "http://sum500.example", "http://s404.example", "direct", "off"))
		}
		vars := map[string]string{
			"GOPROXY": list.String(), "GOSUMDB": pick("off", "off", l.key, l.other, l.key+" https://s404.example"),
			"GOPRIVATE": pick("", "", "", "corp.example", "elsewhere.example"), "GONOPROXY": pick("", "", "none", "*.example"),
		}
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			got := l.probe(t, labModule+"@"+labVersion, vars)
			l.judge(t, labModule+"@"+labVersion, vars, got)
			if t.Failed() {
				t.Logf("%q", vars)
			}
		})
	}
}
