package route

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"golang.org/x/mod/module"
)

// tools are the version-control tools that go knows, as GOVCS names them.
var tools = []string{"git", "hg", "svn", "bzr", "fossil"}

// govcsRule is one entry of GOVCS.
type govcsRule struct {
	pattern string
	allowed []string
	tools   []string    // the tools that it allows
	text    model.Value // the entry as written, but for white space
}

// settle fills in what follows from the entry.
func (r *govcsRule) settle() {
	r.text, r.tools = model.NewValue(r.pattern+":"+strings.Join(r.allowed, "|")), nil
	for _, t := range tools {
		if r.allows(t) {
			r.tools = append(r.tools, t)
		}
	}
}

// defaultGOVCS stands behind every GOVCS.
var defaultGOVCS = []govcsRule{
	{pattern: "private", allowed: []string{"all"}},
	{pattern: "public", allowed: []string{"git", "hg"}},
}

// parseGOVCS is cmd/go/internal/vcs.parseGOVCS, with its texts.
func parseGOVCS(s string) ([]govcsRule, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return nil, nil
	}
	var rules []govcsRule
	have := map[string]string{}
	for item := range strings.SplitSeq(s, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			return nil, errors.New("empty entry in GOVCS")
		}
		pattern, list, found := strings.Cut(item, ":")
		if !found {
			return nil, fmt.Errorf("malformed entry in GOVCS (missing colon): %q", item)
		}
		pattern, list = strings.TrimSpace(pattern), strings.TrimSpace(list)
		if pattern == "" {
			return nil, fmt.Errorf("empty pattern in GOVCS: %q", item)
		}
		if list == "" {
			return nil, fmt.Errorf("empty VCS list in GOVCS: %q", item)
		}
		if strings.HasPrefix(pattern, "./") || strings.HasPrefix(pattern, "../") || pattern == "." || pattern == ".." {
			return nil, fmt.Errorf("relative pattern not allowed in GOVCS: %q", pattern)
		}
		if old := have[pattern]; old != "" {
			return nil, fmt.Errorf("unreachable pattern in GOVCS: %q after %q", item, old)
		}
		have[pattern] = item
		var allowed []string
		for a := range strings.SplitSeq(list, "|") {
			a = strings.TrimSpace(a)
			if a == "" {
				return nil, fmt.Errorf("empty VCS name in GOVCS: %q", item)
			}
			allowed = append(allowed, a)
		}
		rules = append(rules, govcsRule{pattern: pattern, allowed: allowed})
	}
	return rules, nil
}

// decide returns the first rule that speaks of root.
func decide(rules []govcsRule, root string, private bool) govcsRule {
	i := slices.IndexFunc(rules, func(r govcsRule) bool {
		switch r.pattern {
		case "private":
			return private
		case "public":
			return !private
		}
		return module.MatchPrefixPatterns(r.pattern, root)
	})
	return rules[i] // the defaults, private and public, leave nothing over
}

func (r govcsRule) allows(tool string) bool {
	return slices.Contains(r.allowed, tool) || slices.Contains(r.allowed, "all")
}

// site describes module paths whose repository go knows without asking the
// network.
type site struct {
	prefix   string
	re       *regexp.Regexp
	tool     string // "" if the path tells it
	noSuffix bool   // the repository's name must not end like a tool
}

// sites is cmd/go/internal/vcs.vcsPaths.
var sites = []site{
	{"github.com", regexp.MustCompile(`^(?P<root>github\.com/[\w.\-]+/[\w.\-]+)(/[\w.\-]+)*$`), "git", true},
	{"bitbucket.org", regexp.MustCompile(`^(?P<root>bitbucket\.org/(?P<bitname>[\w.\-]+/[\w.\-]+))(/[\w.\-]+)*$`), "git", true},
	{"hub.jazz.net/git", regexp.MustCompile(`^(?P<root>hub\.jazz\.net/git/[a-z0-9]+/[\w.\-]+)(/[\w.\-]+)*$`), "git", true},
	{"git.apache.org", regexp.MustCompile(`^(?P<root>git\.apache\.org/[a-z0-9_.\-]+\.git)(/[\w.\-]+)*$`), "git", false},
	{"git.openstack.org", regexp.MustCompile(`^(?P<root>git\.openstack\.org/[\w.\-]+/[\w.\-]+)(\.git)?(/[\w.\-]+)*$`), "git", false},
	{"chiselapp.com", regexp.MustCompile(`^(?P<root>chiselapp\.com/user/[A-Za-z0-9]+/repository/[\w.\-]+)$`), "fossil", false},
	{"", regexp.MustCompile(`(?P<root>(?P<repo>([a-z0-9.\-]+\.)+[a-z0-9.\-]+(:[0-9]+)?(/~?[\w.\-]+)+?)\.(?P<vcs>bzr|fossil|git|hg|svn))(/~?[\w.\-]+)*$`), "", false},
}

// repository tells what go knows about a module's repository from its path
// alone. Both results are "" when go asks the server (?go-get=1).
func repository(modulePath string) (root, tool string, err error) {
	if hasPathPrefix(modulePath, "example.net") {
		return "", "", errors.New("no modules on example.net") // go answers for this host itself
	}
	for _, s := range sites {
		if s.prefix == "" && !slices.ContainsFunc(tools, func(t string) bool { return strings.Contains(modulePath, "."+t) }) {
			continue // spares most paths the expression
		}
		if s.prefix != "" && !hasPathPrefix(modulePath, s.prefix) {
			continue
		}
		m := s.re.FindStringSubmatch(modulePath)
		if m == nil {
			if s.prefix != "" {
				return "", "", fmt.Errorf("invalid %s import path %q", s.prefix, modulePath)
			}
			continue
		}
		root, tool = m[s.re.SubexpIndex("root")], s.tool
		if tool == "" {
			tool = m[s.re.SubexpIndex("vcs")]
		}
		if s.noSuffix && slices.ContainsFunc(tools, func(t string) bool { return strings.HasSuffix(root, "."+t) }) {
			return "", "", fmt.Errorf("invalid version control suffix in %s/ path", s.prefix)
		}
		return root, tool, nil
	}
	return "", "", nil
}

func hasPathPrefix(p, prefix string) bool {
	return p == prefix || strings.HasPrefix(p, prefix+"/")
}

// CheckGOVCS returns what go says of a GOVCS it cannot read, in its words; it
// says so when it needs a version-control tool.
func CheckGOVCS(value string) error {
	_, err := parseGOVCS(value)
	return err
}
