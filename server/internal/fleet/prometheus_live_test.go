package fleet_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gophantom/gophantom/server/internal/fleet"
	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// prometheus runs a real Prometheus that takes OTLP, and returns its address.
func prometheus(t *testing.T) string {
	t.Helper()
	program := worldtest.Tool(t, "prometheus")
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	rules, err := filepath.Abs(filepath.Join("..", "..", "..", "docs", "fleet", "alerts.yml"))
	if err != nil {
		t.Fatal(err)
	}
	text := "global: {evaluation_interval: 1s}\nrule_files: [" + rules + "]\nstorage: {tsdb: {out_of_order_time_window: 30m}}\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, program, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--web.enable-otlp-receiver", "--log.level=warn")
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	base := "http://" + address
	eventually(t, "Prometheus to be ready", func() bool {
		resp, err := http.Get(base + "/-/ready")
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return base
}

// eventually asks until the answer is yes: Prometheus tells nobody when it is done.
func eventually(t *testing.T, what string, yes func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !yes(); {
		if time.Now().After(end) {
			t.Fatalf("a minute was not enough for %s", what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// query returns the value of an instant query with one result; "" if it has none.
func query(t *testing.T, base, q string) string {
	t.Helper()
	resp, err := http.Get(base + "/api/v1/query?query=" + url.QueryEscape(q))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		Error string
		Data  struct{ Result []struct{ Value [2]any } }
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Error != "" {
		t.Fatalf("%s: %v %s", q, err, body)
	}
	if len(answer.Data.Result) == 0 {
		return ""
	}
	return fmt.Sprint(answer.Data.Result[0].Value[1])
}

// TestPrometheus sends to a real one what two machines count.
func TestPrometheus(t *testing.T) {
	base := prometheus(t)
	for range 2 {
		r := fleet.New(machine(t), "1.2.3")
		if err := r.Aim(base + "/api/v1/otlp/v1/metrics"); err != nil {
			t.Fatal(err)
		}
		r.Count(func(n *fleet.Counts) {
			n.Found("env-drift")
			n.Judged("phantom", "env", 700*time.Millisecond)
			n.Cured("cured", 6*time.Second)
		})
		if err := r.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for q, want := range map[string]string{
		`sum by (rule) (gophantom_findings_total{rule="env-drift",job="gophantom"})`:                                  "2",
		`sum(gophantom_verdicts_total{verdict="phantom",cause="env"})`:                                                "2",
		`sum(gophantom_cures_total{outcome="cured"})`:                                                                 "2",
		`sum(gophantom_time_to_verdict_seconds_bucket{le="0.5"})`:                                                     "0",
		`sum(gophantom_time_to_verdict_seconds_bucket{le="1"} or gophantom_time_to_verdict_seconds_bucket{le="1.0"})`: "2",
		`count(count by (instance) (gophantom_findings_total))`:                                                       "2",
	} {
		eventually(t, q+" = "+want, func() bool { return query(t, base, q) == want })
	}
}

// TestRulesOfDocs asks promtool whether the alerts are sound and fire when they
// should.
func TestRulesOfDocs(t *testing.T) {
	promtool := worldtest.Tool(t, "promtool")
	dir := filepath.Join("..", "..", "..", "docs", "fleet")
	for _, args := range [][]string{{"check", "rules", "alerts.yml"}, {"test", "rules", "alerts_test.yml"}} {
		cmd := exec.Command(promtool, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// TestTenThousandMachines sends what a fleet of 10,000 counts in a day into a real
// Prometheus: a machine has few series, and stays with them.
func TestTenThousandMachines(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	base := prometheus(t)
	const machines = 10_000
	rules := []string{"env-drift", "masked-variable", "goproxy-off", "gomod-not-tidy", "gopls-stale-env", "goproxy-answer"}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	var bytes int
	send := func(i, round int) {
		var n fleet.Counts
		for k := range round {
			n.Found(rules[(i+k)%len(rules)])
			n.Judged("phantom", "env", time.Duration(i%20)*time.Second)
			n.Judged("real", "", time.Second)
			n.Cured("cured", 5*time.Second)
		}
		body := fleet.Document(n, fmt.Sprintf("MACHINE%09d", i), "1.2.3", time.Now().Add(-time.Hour), time.Now())
		bytes += len(body)
		resp, err := client.Post(base+"/api/v1/otlp/v1/metrics", "application/json", strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if answer, _ := io.ReadAll(resp.Body); resp.StatusCode/100 != 2 {
			t.Fatalf("machine %d: %d %s", i, resp.StatusCode, answer)
		}
	}
	started := time.Now()
	for i := range machines {
		send(i, 1)
	}
	took := time.Since(started)
	series := func() string { return query(t, base, `count({__name__=~"gophantom_.*",job="gophantom"})`) }
	eventually(t, "every machine", func() bool {
		return query(t, base, `count(count by (instance) (gophantom_cures_total))`) == fmt.Sprint(machines)
	})
	first := series()
	for i := range machines / 10 { // the same things happen again
		send(i, 1)
	}
	if again := series(); again != first {
		t.Errorf("%s series became %s when the same happened again", first, again)
	}
	var n float64
	if _, err := fmt.Sscan(first, &n); err != nil || n > 40*machines {
		t.Errorf("%s series for %d machines, want at most 40 each", first, machines)
	}
	t.Logf("%d machines: %s series (%.1f each), %d bytes a request, %.0f requests/s taken; at one request in 5 minutes each they send %.0f/s",
		machines, first, n/machines, bytes/(machines+machines/10), machines/took.Seconds(), float64(machines)/300)
}
