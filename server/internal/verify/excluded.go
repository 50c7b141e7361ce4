package verify

import (
	"context"
	"fmt"
	"go/build/constraint"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

// excluded judges a problem in a file that build constraints keep out of the
// build in both environments. That gopls says so is true, and no build fails
// because of it. What it says of the code beyond that is true if go says so too
// where it builds the file.
func (j *judge) excluded(ctx context.Context, q subject, shell model.Env, v *model.Verdict) {
	c := j.constraintOf(q.File, shell)
	because := "go leaves the file out of the build in your shell too"
	if c.text != "" {
		because += fmt.Sprintf(" (%s)", c.text)
	}
	if q.kind == orphaned || q.kind == outside {
		v.Kind, v.Cause, v.Why = model.Phantom, model.CauseExcluded, because+": nothing is wrong with the code"
		return
	}
	switch {
	case c.alone:
		q.alone = true
	case c.tags != "" || len(c.platform) > 0:
		q.tags, q.platform = c.tags, c.platform
	default:
		v.Why = because + ", so no build tells whether this is real"
		return
	}
	a := j.truth(ctx, shell, q, false)
	v.Evidence = append(v.Evidence, a.evidence())
	switch a.outcome {
	case red:
		v.Kind, v.TrueReason, v.Why = model.Real, a.reason, fmt.Sprintf("%s; where go builds it, it says so too", because)
	case green:
		v.Kind, v.Cause = model.Phantom, model.CauseExcluded
		v.Why = fmt.Sprintf("%s, and where it builds the file, all is well: gopls looks at it without the rest of its package", because)
	default:
		v.Why, v.TrueReason = because+", and could not be asked about it alone: "+a.why, a.reason
	}
}

// exclusion says why a file is left out, and where it would be built.
type exclusion struct {
	text     string            // the line or the name, for people
	alone    bool              // it is meant to be run by itself ("//go:build ignore")
	tags     string            // with commas
	platform map[string]string // GOOS and GOARCH
}

// maxTags bounds the build tags that are tried.
const maxTags = 6

// constraintOf reads the build constraints of a file, and finds out how it
// would be built beside what the environment builds for.
func (j *judge) constraintOf(file string, env model.Env) (out exclusion) {
	goos, goarch := j.platformOf(env)
	have := map[string]bool{"gc": true, "cgo": env.Lookup("CGO_ENABLED").Value.Reveal() != "0"}
	for _, tag := range tagsOf(env) {
		have[tag] = true
	}
	systems, arches, tags := []string{goos}, []string{goarch}, []string{}
	add := func(list *[]string, name string) {
		if !slices.Contains(*list, name) {
			*list = append(*list, name)
		}
	}
	parts := strings.Split(strings.TrimSuffix(strings.TrimSuffix(filepath.Base(file), ".go"), "_test"), "_")
	var byName []string // what the name of the file asks for
	for _, part := range parts[max(1, len(parts)-2):] {
		switch {
		case knownOS[part]:
			byName, systems = append(byName, part), []string{part}
		case knownArch[part]:
			byName, arches = append(byName, part), []string{part}
		}
	}
	if len(byName) > 0 {
		out.text = "because of its name"
	}
	var expr constraint.Expr
	for line := range strings.SplitSeq(j.text(file), "\n") {
		line = strings.TrimSpace(line)
		if constraint.IsGoBuild(line) {
			if parsed, err := constraint.Parse(line); err == nil {
				expr, out.text = parsed, line
			}
			break
		}
		if line != "" && !strings.HasPrefix(line, "//") {
			break
		}
	}
	if expr != nil {
		names(expr, func(tag string) {
			switch {
			case tag == "ignore":
				out.alone = true
			case knownOS[tag]:
				add(&systems, tag)
			case knownArch[tag]:
				add(&arches, tag)
			case !have[tag] && tag != "unix" && !strings.HasPrefix(tag, "go1."):
				add(&tags, tag)
			}
		})
	}
	if out.alone || expr == nil && len(byName) == 0 || len(tags) > maxTags {
		return out
	}
	for _, system := range systems {
		for _, arch := range arches {
			for chosen := range 1 << len(tags) {
				on := func(tag string) bool {
					if i := slices.Index(tags, tag); i >= 0 {
						return chosen&(1<<i) != 0
					}
					return have[tag] || tag == system || tag == arch || tag == "unix" && unix[system] || strings.HasPrefix(tag, "go1.")
				}
				if expr != nil && !expr.Eval(on) {
					continue
				}
				var with []string
				for i, tag := range tags {
					if chosen&(1<<i) != 0 {
						with = append(with, tag)
					}
				}
				out.tags = strings.Join(with, ",")
				if system != goos || arch != goarch {
					out.platform = map[string]string{"GOOS": system, "GOARCH": arch}
				}
				return out
			}
		}
	}
	return out
}

// unix are the systems that the build tag of that name holds for. Source:
// internal/syslist of Go 1.26.
var unix = set("aix android darwin dragonfly freebsd hurd illumos ios linux netbsd openbsd solaris")

// names calls do for each tag of an expression.
func names(expr constraint.Expr, do func(tag string)) {
	switch e := expr.(type) {
	case *constraint.TagExpr:
		do(e.Tag)
	case *constraint.NotExpr:
		names(e.X, do)
	case *constraint.AndExpr:
		names(e.X, do)
		names(e.Y, do)
	case *constraint.OrExpr:
		names(e.X, do)
		names(e.Y, do)
	}
}

// text is what a file holds, saved or not.
func (j *judge) text(file string) string {
	if text, dirty := j.s.Overlays[file]; dirty {
		return text
	}
	data, _ := j.w.Files.ReadFile(file) // a file that cannot be read has no constraints that we know
	return string(data)
}

// platformOf is what go builds for in an environment.
func (j *judge) platformOf(env model.Env) (goos, goarch string) {
	t, _ := j.s.ToolchainOf(env.Name)
	goos, goarch, _ = strings.Cut(t.Host, "/")
	if goos == "" {
		goos = j.w.GOOS
	}
	if set := env.Lookup("GOOS").Value; !set.Empty() {
		goos = set.Reveal()
	}
	if set := env.Lookup("GOARCH").Value; !set.Empty() {
		goarch = set.Reveal()
	}
	return goos, goarch
}
