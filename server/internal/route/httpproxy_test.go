package route

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// proxyJudge makes a copy of the test program print what net/http decides for
// the URLs on its standard input. The variables are read once in a process.
const proxyJudge = "GOPHANTOM_TEST_PROXY_JUDGE"

func TestMain(m *testing.M) {
	if os.Getenv(proxyJudge) == "" {
		os.Exit(m.Run())
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		u, err := url.Parse(in.Text())
		if err != nil {
			fmt.Println("unparsable")
			continue
		}
		proxy, err := http.ProxyFromEnvironment(&http.Request{URL: u})
		fmt.Println(proxy, err)
	}
}

// TestHTTPProxyAgreesWithNetHTTP compares random settings with net/http, which
// is what the go command uses.
func TestHTTPProxyAgreesWithNetHTTP(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	seed := worldtest.Seed(t, "GOPHANTOM_HTTPPROXY_SEED")
	rng := rand.New(rand.NewPCG(seed, 0))
	pick := func(list ...string) string { return list[rng.IntN(len(list))] }
	address := func() string {
		return pick("", "http://gate.example:3128", "gate.example:3128", "gate.example", "https://u:p@gate.example", "socks5://gate.example:1080", "direct:", "http://[::1", "://x", "%", "ftp://gate.example")
	}
	hosts := []string{
		"proxy.example", "a.proxy.example", "Proxy.Example", "example", "corp.example", "xcorp.example", "localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "127.9.9.9",
		"10.0.0.5", "10.1.0.5", "[::1]", "[fe80::1]", "[fe80::1%25eth0]", "[::ffff:10.0.0.5]", "[::ffff:127.0.0.1]", "192.168.1.1", "*.example", "010.0.0.5",
	}
	exempt := func() string {
		return pick("proxy.example", ".proxy.example", "*.proxy.example", "*proxy.example", "PROXY.example", "proxy.example:443", "proxy.example:8443", "*", "*.example:80", "example", ".example",
			"10.0.0.0/8", "10.0.0.0/08", "10.0.0.5", "10.0.0.5:443", "fe80::/10", "[fe80::1]:443", "[fe80::1]", "fe80::1", "::ffff:10.0.0.0/104", "::ffff:10.0.0.5", "::ffff:0:0/96", "::/0", "0.0.0.0/0",
			"https://proxy.example", "localhost", "127.0.0.1", ":443", "", " proxy.example ", "corp.example:", "a:b:c", "[x]:1", "[", "*.", ".", "10.0.0.0/33", "1.2.3.4/+8")
	}
	const rounds = 60
	proxied, exempted, refused := 0, 0, 0
	for range rounds {
		vars := map[string]string{}
		names := []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"}
		if runtime.GOOS == "windows" { // where names that differ in case alone are one
			names = names[:3]
		}
		for _, name := range names {
			if rng.IntN(2) == 0 {
				vars[name] = address()
			}
		}
		var entries []string
		for range rng.IntN(4) {
			entries = append(entries, exempt())
		}
		vars[pick("NO_PROXY", "no_proxy")] = strings.Join(entries, pick(",", ",", ", "))
		vars["REQUEST_METHOD"] = pick("", "", "", "GET")
		var urls []string
		for _, scheme := range []string{"http", "https", "file"} {
			for _, host := range hosts {
				urls = append(urls, scheme+"://"+host+pick("", "", ":443", ":80", ":8443")+"/x")
			}
		}
		cmd := exec.Command(self)
		cmd.Env = []string{proxyJudge + "=1", "SystemRoot=" + os.Getenv("SystemRoot")}
		for name, value := range vars {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		cmd.Stdin = strings.NewReader(strings.Join(urls, "\n") + "\n")
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		answers := strings.Split(strings.TrimSpace(string(out)), "\n")
		if len(answers) != len(urls) {
			t.Fatalf("%d answers to %d URLs", len(answers), len(urls))
		}
		proxies := newHTTPProxies(environ(vars))
		for i, text := range urls {
			u, err := url.Parse(text)
			if err != nil {
				continue
			}
			via := proxies.to(u)
			got := "<nil> <nil>"
			if !via.Error.Empty() {
				got = "<nil> " + via.Error.Reveal()
				refused++
			} else if !via.URL.Empty() {
				proxy := proxies.secure
				if u.Scheme == "http" {
					proxy = proxies.httpURL
				}
				got = fmt.Sprint(proxy, " <nil>")
				proxied++
			} else if via.Why.Variable != "" {
				exempted++
			}
			if got != answers[i] {
				t.Errorf("%v\n%s: we say %s, net/http says %s", vars, text, got, answers[i])
			}
		}
	}
	if proxied == 0 || exempted == 0 || refused == 0 {
		t.Errorf("%d URLs went through a proxy, %d past one and %d nowhere: the cases are no test", proxied, exempted, refused)
	}
}

func TestHTTPProxyNamesWhatDecided(t *testing.T) {
	proxies := newHTTPProxies(environ(map[string]string{"https_proxy": "gate.example:3128", "NO_PROXY": "other.example, .corp.example,*.example", "ALL_PROXY": "http://all.example"}))
	for _, tc := range []struct {
		url, proxy, variable, pattern string
		loopback, unknown             bool
	}{
		{"https://proxy.test/x", "gate.example:3128", "https_proxy", "", false, false},
		{"https://git.corp.example/x", "", "NO_PROXY", ".corp.example", false, false},
		{"http://proxy.test/x", "", "", "", false, false}, // ALL_PROXY is none of go's
		{"https://127.0.0.1/x", "", "", "", true, false},
		{"https://bücher.test/x", "gate.example:3128", "https_proxy", "", false, true},
	} {
		u, err := url.Parse(tc.url)
		if err != nil {
			t.Fatal(err)
		}
		via := proxies.to(u)
		if via.URL.Reveal() != tc.proxy || via.Why.Variable != tc.variable || via.Why.Pattern.Reveal() != tc.pattern || via.Loopback != tc.loopback || (via.Unknown != "") != tc.unknown {
			t.Errorf("%s: through %q because of %s %q, loopback %v, unknown %q", tc.url, via.URL.Reveal(), via.Why.Variable, via.Why.Pattern.Reveal(), via.Loopback, via.Unknown)
		}
	}
}
