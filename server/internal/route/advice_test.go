package route

import (
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/mod/module"

	"github.com/gophantom/gophantom/server/internal/world/worldtest"
)

func TestNarrowest(t *testing.T) {
	for _, tt := range []struct {
		name            string
		failing, others []string
		want            []string
	}{
		{"one module", []string{"git.corp.example/team/lib"}, nil, []string{"git.corp.example/team/lib"}},
		{"a later major version", []string{"git.corp.example/team/lib/v3"}, nil, []string{"git.corp.example/team/lib"}},
		{"a team", []string{"git.corp.example/team/a", "git.corp.example/team/b/v2"}, nil, []string{"git.corp.example/team"}},
		{"a whole host", []string{"git.corp.example/a/x", "git.corp.example/b/y"}, nil, []string{"git.corp.example"}},
		{"a host that serves others too", []string{"git.corp.example/a/x", "git.corp.example/b/y"}, []string{"git.corp.example/c/z"}, []string{"git.corp.example/a/x", "git.corp.example/b/y"}},
		{"a shared host", []string{"github.com/acme/a", "github.com/acme/b"}, nil, []string{"github.com/acme"}},
		{"two owners on a shared host", []string{"github.com/acme/a", "github.com/bob/b"}, []string{"github.com/eve/c"}, []string{"github.com/acme/a", "github.com/bob/b"}},
		{"an owner with public modules", []string{"github.com/acme/a", "github.com/acme/b"}, []string{"github.com/acme/public"}, []string{"github.com/acme/a", "github.com/acme/b"}},
		{"another major version is fine", []string{"a.example/x/v2"}, []string{"a.example/x"}, []string{"a.example/x/v2"}},
		{"contradiction", []string{"a.example/x"}, []string{"a.example/x"}, nil},
		{"rubbish", []string{"", "a b", "https://x.example/y"}, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Narrowest(tt.failing, tt.others); !slices.Equal(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// TestNarrowestTakesInNothingElse tries random sets: every failing module is
// taken in unless a pattern for it would take in another one, and no other is.
func TestNarrowestTakesInNothingElse(t *testing.T) {
	seed := worldtest.Seed(t, "GOPHANTOM_ADVICE_SEED")
	rng := rand.New(rand.NewPCG(seed, 0))
	hosts := []string{"github.com", "git.corp.example", "a.example"}
	names := []string{"x", "y", "z"}
	pick := func(from []string) string { return from[rng.IntN(len(from))] }
	for range 5000 {
		var failing, others []string
		for range 1 + rng.IntN(6) {
			path := pick(hosts) + "/" + pick(names)
			for range rng.IntN(3) {
				path += "/" + pick(names)
			}
			if rng.IntN(4) == 0 {
				path += "/v2"
			}
			if rng.IntN(2) == 0 {
				failing = append(failing, path)
			} else {
				others = append(others, path)
			}
		}
		patterns := Narrowest(failing, others)
		for _, pattern := range patterns {
			for _, path := range others {
				if module.MatchPrefixPatterns(pattern, path) {
					t.Fatalf("seed %d: %q takes in %q; failing %q, others %q", seed, pattern, path, failing, others)
				}
			}
		}
		for _, path := range failing {
			alone := !slices.ContainsFunc(others, func(o string) bool { return module.MatchPrefixPatterns(path, o) })
			_, covered := Match(joined(patterns), path)
			if alone && !covered {
				t.Fatalf("seed %d: nothing takes in %q: %q; others %q", seed, path, patterns, others)
			}
		}
	}
}

func joined(patterns []string) (list string) {
	for _, p := range patterns {
		list += p + ","
	}
	return list
}
