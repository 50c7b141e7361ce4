package route

import (
	"slices"
	"strings"

	"golang.org/x/mod/module"
)

// sharedHosts keep the repositories of strangers side by side: a pattern must
// name the owner too.
var sharedHosts = []string{"github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "gitee.com", "git.sr.ht", "dev.azure.com", "gopkg.in", "golang.org", "google.golang.org", "go.uber.org"}

// Narrowest returns the fewest patterns for GOPRIVATE and its like that take in
// every failing module path, nobody else's repositories, and none of the other
// paths: per owner what its failing modules have in common, else each path by
// itself, in every major version. A path that is also one of the others is
// left out.
func Narrowest(failing, others []string) []string {
	others = slices.DeleteFunc(slices.Clone(others), func(path string) bool { return path == "" })
	groups := map[string][]string{}
	var owners []string
	for _, path := range failing {
		if slices.Contains(others, path) || module.CheckPath(path) != nil {
			continue
		}
		owner := ownerOf(path)
		if groups[owner] == nil {
			owners = append(owners, owner)
		}
		groups[owner] = append(groups[owner], path)
	}
	var out []string
	for _, owner := range owners {
		prefix := groups[owner][0]
		for _, path := range groups[owner] {
			prefix = commonElements(prefix, path)
		}
		switch {
		case len(groups[owner]) > 1 && strings.Count(prefix, "/") >= strings.Count(owner, "/") && !takesIn(prefix, others):
			out = append(out, prefix)
		default:
			for _, path := range groups[owner] {
				pattern := path
				if base, _, ok := module.SplitPathVersion(path); ok && !strings.HasPrefix(path, "gopkg.in/") && !takesIn(base, others) {
					pattern = base
				}
				if !takesIn(pattern, others) && !slices.Contains(out, pattern) {
					out = append(out, pattern)
				}
			}
		}
	}
	return out
}

// ownerOf is the part of a module path that belongs to one owner.
func ownerOf(path string) string {
	elements := strings.Split(path, "/")
	if len(elements) > 1 && slices.Contains(sharedHosts, elements[0]) {
		return elements[0] + "/" + elements[1]
	}
	return elements[0]
}

// commonElements is the longest prefix of whole elements of both paths.
func commonElements(a, b string) string {
	x, y := strings.Split(a, "/"), strings.Split(b, "/")
	n := 0
	for n < len(x) && n < len(y) && x[n] == y[n] {
		n++
	}
	return strings.Join(x[:n], "/")
}

func takesIn(pattern string, paths []string) bool {
	return slices.ContainsFunc(paths, func(path string) bool { return module.MatchPrefixPatterns(pattern, path) })
}

// Cost says what a module on the list of a variable costs in security, in a
// sentence; "" for a variable without such a list.
func Cost(variable string) string {
	switch variable {
	case "GOPRIVATE":
		return "What it costs: go fetches these modules from their own servers and asks no checksum database about them, so the first download is taken on trust; go.sum guards it from then on."
	case "GONOSUMDB":
		return "What it costs: go asks no checksum database about these modules, so the first download is taken on trust, whoever serves it; go.sum guards it from then on."
	case "GONOPROXY":
		return "What it costs: go fetches these modules from their own servers, past the proxy and whatever it checks or keeps; the checksum database is still asked."
	case "GOINSECURE":
		return "What it costs: anyone on the way to these servers can hand over other code, for certificates are not checked and plain HTTP is accepted; go.sum guards only what was downloaded before. A certificate of your own authority in SSL_CERT_FILE costs nothing."
	}
	return ""
}
