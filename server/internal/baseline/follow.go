package baseline

import (
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/module"

	"github.com/gophantom/gophantom/server/internal/model"
)

// thing is what a fact is a side of: what happened once is one thing.
func thing(c Change) string {
	switch c.Kind {
	case Server:
		return string(Server)
	case Require, Sum:
		file, rest, _ := strings.Cut(c.Name, " ")
		module, _, _ := strings.Cut(rest, " ")
		return file + " " + module
	case Workspace, Use:
		return string(Workspace)
	case Toolchain:
		return string(Toolchain)
	case Tool:
		if c.Name == "go" {
			return string(Toolchain)
		}
	case Place: // a side of what names it
		file, rest, of := strings.Cut(c.Name, " ")
		switch {
		case !of:
			return string(Variable) + " " + c.Name
		case rest == "vendor":
			return string(Vendor) + " " + file
		}
		return string(Replace) + " " + c.Name
	case Variable:
		switch c.Name {
		case "GOOS", "GOARCH":
			return "platform"
		case "http_proxy", "https_proxy", "no_proxy":
			return string(Variable) + " " + strings.ToUpper(c.Name)
		}
	}
	return string(c.Kind) + " " + c.Name
}

// setBy are the variables that settings of the editor set, and setIn the layers
// that hold those of settings with several.
var (
	setBy = map[string]string{"go.goroot": "GOROOT", "go.gopath": "GOPATH", "go.toolsGopath": "GOPATH", "http.proxy": "HTTPS_PROXY", "go.buildFlags": "GOFLAGS"}
	setIn = map[string]model.LayerKind{"go.toolsEnvVars": model.LayerToolsEnvVars, "gopls.build.env": model.LayerGoplsSettings, "build.env": model.LayerGoplsSettings}
)

// in is a variable in an environment; "" stands for any.
type in struct {
	env  model.EnvName
	name string
}

// events are changes by what they bring about: a change that only follows from
// another one is no suspect of its own.
type events struct {
	moved    map[in]Change // variables that changed
	files    map[string]bool
	layers   map[model.LayerKind]bool
	at       map[string]time.Time // see Trouble.Changed
	named    map[string]bool      // replacements that changed
	required map[string]bool
	added    []Change // requirements that came
	work     bool     // a go.work came or went
	git      bool     // another git is found
}

// followers are changes that only follow from another one, by Key: why, as a
// clause. leaders are variables that others follow from in a way that shows what they
// did.
func followers(changes []Change, t Trouble) (out, leaders map[string]string) {
	e := events{moved: map[in]Change{}, files: map[string]bool{}, named: map[string]bool{}, layers: map[model.LayerKind]bool{}, required: map[string]bool{}, at: t.Changed}
	for _, c := range changes {
		if c.Same || c.Unknown || t.Moot[c.key()] != "" || late(c, t) {
			continue
		}
		switch {
		case c.Kind == Variable:
			e.moved[in{c.Env, c.Name}], e.moved[in{"", c.Name}] = c, c
			e.files[c.At.File], e.layers[c.At.Layer] = true, true
		case c.Kind == Replace:
			e.named[c.Name] = true
		case c.Kind == Require:
			e.required[c.Name] = true
			if c.Added {
				e.added = append(e.added, c)
			}
		case c.Kind == Tool && c.Name == "git":
			e.git = true
		case c.Kind == Workspace && (c.Added || c.Removed):
			e.work = true
		}
	}
	out, leaders = map[string]string{}, map[string]string{}
	for _, c := range changes {
		if c.Same || c.Unknown {
			continue
		}
		why := e.follows(c)
		if goenv, of := e.moved[in{c.Env, "GOENV"}]; of && why == inGOENV && slices.Contains(t.Guilty, c.Name) {
			leaders[goenv.key()] = "a variable stood in its file that makes the difference"
		}
		if leader, of := e.leads(c); of && why == "" {
			if why = from(leader.Name); leader.Name != "GOTOOLCHAIN" {
				leaders[leader.key()] = "a program is another one since, or is gone"
			}
		}
		if why != "" {
			out[c.key()] = why
		}
	}
	return out, leaders
}

// follows says why a change only follows from another one; "" if it does not.
func (e events) follows(c Change) string {
	has := func(env model.EnvName, name string) bool { _, moved := e.moved[in{env, name}]; return moved }
	ofWork := c.Kind == Use || (c.Kind == GoLine || c.Kind == Replace) && strings.HasPrefix(path.Base(c.Name), "go.work")
	switch {
	case c.Kind == Sum && e.required[c.Name[:max(0, strings.LastIndexByte(c.Name, ' '))]]:
		if c.Added {
			return "it came with the version that is required now"
		}
		return "another version of the module is required"
	case c.Kind == Require && c.Removed && slices.ContainsFunc(e.added, func(a Change) bool { return twins(a, c) }):
		return "the module is required by another spelling or major version"
	case c.Kind == Variable && c.Name != "GOENV" && has(c.Env, "GOENV") && strings.HasSuffix(filepath.ToSlash(c.At.File), "go/env"):
		return inGOENV
	case (ofWork || c.Kind == Workspace) && has("", "GOWORK"):
		return from("GOWORK")
	case ofWork && e.work:
		return "it came or went with the go.work"
	case c.Kind == Netrc && has("", "NETRC"):
		return from("NETRC")
	case (c.Kind == Netrc || c.Kind == Git) && has("", "HOME"):
		return from("HOME")
	case c.Kind == Git && e.git && strings.Contains(c.Name, "/etc/gitconfig "): // where that is was decided when git was built
		return "another git is found, which has a configuration of its own"
	case c.Kind == Git && has("", "GIT_CONFIG_GLOBAL"):
		return from("GIT_CONFIG_GLOBAL")
	case c.Kind == Git && has("", "XDG_CONFIG_HOME"):
		return from("XDG_CONFIG_HOME")
	case c.Kind == Place && (has(c.Env, c.Name) || e.named[c.Name]):
		return "what names this path changed"
	case c.Kind == Setting:
		_, key, _ := strings.Cut(c.Name, " ")
		layer, several := setIn[key]
		if c.At.File != "" && e.files[c.At.File] || several && e.layers[layer] || setBy[key] != "" && has("", setBy[key]) {
			return "the variables that it sets changed, which tell more"
		}
	}
	return ""
}

const inGOENV = "it stood in the file of go env -w, and GOENV, which changed, names another one"

func from(variable string) string { return "it follows from " + variable + ", which changed" }

// leads finds the variable that makes an environment find another program.
func (e events) leads(c Change) (leader Change, ok bool) {
	if c.Kind == Toolchain {
		if leader, ok = e.moved[in{c.Env, "GOTOOLCHAIN"}]; ok {
			return leader, true
		}
		// Another go by another PATH, unless they were seen to change at other times.
		leader, ok = e.moved[in{c.Env, "PATH"}]
		at, seen := e.at[c.key()]
		then, known := e.at[leader.key()]
		return leader, ok && seen && known && at.Sub(then).Abs() <= Noticing
	}
	if c.Kind != Tool {
		return Change{}, false
	}
	if leader, ok = e.moved[in{c.Env, "CC"}]; ok && c.Name == "cc" {
		return leader, true
	}
	leader, ok = e.moved[in{c.Env, "PATH"}]
	if !ok {
		return Change{}, false
	}
	// A program that is gone from a directory that is still searched was taken away.
	was, _, _ := strings.Cut(c.Was, " ")
	now, _, _ := strings.Cut(c.Value.Reveal(), " ")
	dirs := filepath.SplitList(leader.Value.Reveal())
	switch {
	case c.Removed:
		return leader, !slices.Contains(dirs, filepath.Dir(was))
	case now == was:
		return Change{}, false // it is another version of it, in the same place
	}
	return leader, slices.Contains(dirs, filepath.Dir(now))
}

// twins reports whether two requirements are of one module: by another spelling, or
// another major version.
func twins(a, b Change) bool {
	of := func(c Change) string {
		prefix, _, _ := module.SplitPathVersion(c.Name[strings.LastIndexByte(c.Name, ' ')+1:])
		return strings.ToLower(prefix)
	}
	return of(a) == of(b)
}
