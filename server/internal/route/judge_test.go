//go:build unix

package route

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

// TestJudge lets the real go command judge: it makes random settings and
// random servers, runs go among them, and compares whom it asked, in which
// order, its last word and what it did to go.sum with what Explain says. A
// failure is shrunk to what it needs.
func TestJudge(t *testing.T) {
	goBin := goCommand(t)
	number := func(name string, def uint64) uint64 {
		s := os.Getenv(name)
		if s == "" {
			return def
		}
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return n
	}
	count, seed := int(number("GOPHANTOM_JUDGE_CASES", 1000)), worldtest.Seed(t, "GOPHANTOM_JUDGE_SEED")
	only := number("GOPHANTOM_JUDGE_CASE", 1<<62)
	const workers = 2
	for w := range workers {
		t.Run(strconv.Itoa(w), func(t *testing.T) {
			t.Parallel()
			l := newLab(t, goBin)
			seen := map[string]int{}
			for i := w; i < count; i += workers {
				if only != 1<<62 && uint64(i) != only {
					continue
				}
				q := l.random(rand.New(rand.NewPCG(seed, uint64(i))))
				foreseen, r := l.foresee(q)
				got := l.ask(q, foreseen.hangs)
				seen[kindOf(got)]++
				if fault := differ(foreseen, got, r); fault != "" {
					small := l.shrink(q)
					foreseen, r := l.foresee(small)
					t.Errorf("case %d (GOPHANTOM_JUDGE_SEED=%d GOPHANTOM_JUDGE_CASE=%d): %s\nshrunk:\n%s%s", i, seed, i, fault, small, differ(foreseen, l.ask(small, foreseen.hangs), r))
				}
			}
			t.Logf("outcomes: %v", seen)
			if count >= 500 && only == 1<<62 && len(seen) < 12 {
				t.Errorf("only %v: the cases are not varied enough to tell anything", seen)
			}
		})
	}
}

// differ compares what was foreseen with what came; "" if they agree.
func differ(want, got outcome, r Route) string {
	var faults []string
	if !slices.Equal(want.asked, got.asked) {
		faults = append(faults, fmt.Sprintf("asked: foreseen\n\t%s\ngot\n\t%s", strings.Join(want.asked, "\n\t"), strings.Join(got.asked, "\n\t")))
	}
	if !alike(want.text, got.text) {
		faults = append(faults, fmt.Sprintf("text: foreseen\n%s\ngot\n%s", want.text, got.text))
	}
	if want.sum != got.sum {
		faults = append(faults, fmt.Sprintf("go.sum: foreseen\n%s\ngot\n%s", want.sum, got.sum))
	}
	// What is claimed for certain must be go's own words to the letter, but for
	// the module that go names before it.
	certain := r.Error.Reveal()
	if certain != "" && strings.HasSuffix(want.text, certain) && !strings.HasSuffix(got.text, certain) {
		faults = append(faults, fmt.Sprintf("claimed for certain %q, got %q", certain, got.text))
	}
	return strings.Join(faults, "\n")
}

// alike compares texts; "…" stands for anything.
func alike(want, got string) bool {
	want = strings.TrimSpace(want)
	parts := strings.Split(want, "…")
	rest, ok := strings.CutPrefix(got, parts[0])
	if !ok || len(parts) == 1 {
		return ok && rest == ""
	}
	for _, part := range parts[1 : len(parts)-1] {
		if _, rest, ok = strings.Cut(rest, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}

// kindOf sorts what happened into rough classes.
func kindOf(o outcome) string {
	for _, known := range []string{
		"GOSUMDB", "GOVCS", "GOPROXY", "GOAUTH", "invalid proxy URL", "unrecognized import path", "git ls-remote", "unknown revision", "SECURITY ERROR", "x509", "redirect", "verifying", "missing go.sum",
		"invalid response", "zip", "EOF", "proxyconnect", "instead of requested version", "no Host", "HTTP response to HTTPS", "refusing", "first path segment", "executable file not found",
		"400", "401", "403", "404", "410", "429", "500", "503", "Forbidden", "Proxy Authentication Required", "Bad Gateway", "Gateway Timeout", "Service Unavailable", waitsForEver,
	} {
		if strings.Contains(o.text, known) {
			return known
		}
	}
	if o.text == "" {
		return "success"
	}
	return "other"
}

// shrink takes away whatever the disagreement does not need: settings, then
// servers, then the conduct of those.
func (l *lab) shrink(q *question) *question {
	kind := "" // another disagreement on the way would lead astray
	disagrees := func(q *question) bool {
		foreseen, r := l.foresee(q)
		got := l.ask(q, foreseen.hangs)
		if kind == "" {
			kind = kindOf(got)
		}
		return differ(foreseen, got, r) != "" && kindOf(got) == kind
	}
	if !disagrees(q) {
		return q // it does not do so each time, which the report then shows
	}
	for again := true; again; {
		again = false
		for _, smaller := range q.smaller() {
			if disagrees(smaller) {
				q, again = smaller, true
				break
			}
		}
	}
	return q
}

// String writes a case down for people.
func (q *question) String() string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(q.file)) {
		fmt.Fprintf(&b, "  GOENV file: %s=%s\n", k, q.file[k])
	}
	for _, k := range slices.Sorted(maps.Keys(q.process)) {
		fmt.Fprintf(&b, "  %s=%q\n", k, q.process[k])
	}
	for _, m := range q.netrc {
		fmt.Fprintf(&b, "  netrc: %v\n", m)
	}
	if q.main {
		fmt.Fprintf(&b, "  in a module that requires it, go.sum: %q\n", q.sum)
	}
	if q.warm {
		b.WriteString("  the module cache has it\n")
	}
	for _, name := range slices.Sorted(maps.Keys(q.world.hosts)) {
		if h := q.world.hosts[name]; h.String() != usual(name).String() {
			fmt.Fprintf(&b, "  %s: %s\n", name, h)
		}
	}
	fmt.Fprintf(&b, "  database %s\n", q.world.database.name)
	fmt.Fprintf(&b, "  go %s\n", strings.Join(q.command(), " "))
	return b.String()
}
