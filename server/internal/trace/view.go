package trace

import (
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/gophantom/gophantom/server/internal/model"
)

const createdView = "Created View (#"

// viewVariables are the fields of the environment that gopls writes down, in
// its order. Those that are no variables of the go command begin small or are
// in notVariables.
var viewVariables = []string{
	"GOOS", "GOARCH", "GOCACHE", "GOMODCACHE", "GOPATH", "GOPRIVATE", "GOFLAGS", "GO111MODULE", "GOTOOLCHAIN", "GOROOT",
	"GoVersion", "GoVersionOutput", "ExplicitGOWORK", "EffectiveGOPACKAGESDRIVER",
}

var viewHead = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^Created View \(#(\d+)\)\n`) })

// readView reads the line "Created View", nil if it is none. A field that is
// there twice is left out: a value that holds what looks like a field was
// written to mislead, or misleads all the same.
func readView(text string) *model.LoggedView {
	head := viewHead().FindStringSubmatch(text)
	if head == nil {
		return nil
	}
	v := &model.LoggedView{ID: head[1], Env: map[string]model.Value{}}
	var env string
	field := ""
	for line := range strings.SplitSeq(text[len(head[0]):], "\n") {
		rest, begins := strings.CutPrefix(line, "\t")
		name, value, ok := strings.Cut(rest, "=")
		if !begins || !ok {
			if field == "env" {
				env += "\n" + line // the output of "go version" has a line end of its own
			}
			continue
		}
		switch field = name; name {
		case "directory":
			v.Dir = value
		case "view_type":
			v.Type = unquoted(value)
		case "root_dir":
			v.Root = unquoted(value)
			if u, err := url.Parse(v.Root); err == nil && u.Scheme == "file" {
				v.Root = u.Path
			}
		case "go_version":
			v.GoVersion = versionWord(unquoted(value))
		case "build_flags":
			v.BuildFlags = listed(value)
		case "env_overlay":
			v.Overlay = listed(value)
		case "env":
			if env != "" {
				return nil // two environments: one of them is forged
			}
			env = value
		}
	}
	fields(env, v.Env)
	if out, ok := v.Env["GoVersionOutput"]; ok && v.GoVersion == "" {
		v.GoVersion = versionWord(out.Reveal())
	}
	if work, ok := v.Env["ExplicitGOWORK"]; ok && !work.Empty() {
		v.Env["GOWORK"] = work
	}
	for _, name := range []string{"GoVersion", "GoVersionOutput", "ExplicitGOWORK", "EffectiveGOPACKAGESDRIVER"} {
		delete(v.Env, name)
	}
	return v
}

// fields takes "{GOOS:linux GOARCH:amd64 …}" apart. Values have spaces, so each
// ends where the next field begins.
func fields(text string, into map[string]model.Value) {
	text, ok := strings.CutPrefix(text, "{")
	if !ok {
		return
	}
	if end := strings.LastIndexByte(text, '}'); end >= 0 {
		text = text[:end]
	}
	text = " " + text
	type found struct {
		name      string
		at, value int
		twice     bool
	}
	var all []found
	from := 0
	for _, name := range viewVariables {
		mark := " " + name + ":"
		i := strings.Index(text[from:], mark)
		if i < 0 {
			continue
		}
		at := from + i
		all = append(all, found{name, at, at + len(mark), strings.Count(text, mark) > 1})
		from = at + len(mark) - 1
	}
	for i, f := range all {
		end := len(text)
		if i+1 < len(all) {
			end = all[i+1].at
		}
		if !f.twice && f.value <= end {
			into[f.name] = model.NewValue(strings.TrimRight(text[f.value:end], "\n"))
		}
	}
}

func unquoted(s string) string { return strings.Trim(s, `"`) }

// versionWord is the "go1.26.8" of "go version go1.26.8 linux/amd64".
func versionWord(s string) string {
	for _, word := range strings.Fields(s) {
		if strings.HasPrefix(word, "go1") || word == "devel" {
			return word
		}
	}
	return ""
}

// listed reads "[-tags=a -mod=mod]".
func listed(s string) []string {
	return strings.Fields(strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"))
}

// logged are the variables of which the log of gopls tells what go comes to. It has
// others: gopls asks for some in a way of its own, and some are of the machine.
var logged = []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOPRIVATE", "GOFLAGS", "GO111MODULE", "GOWORK"}

// Environment is what a view says of the environment of gopls: not all of it,
// so it is partial and never complete. It stands in where the process itself
// cannot be read.
func Environment(e model.Event) (model.Env, bool) {
	if e.View == nil {
		return model.Env{}, false
	}
	layer := model.Layer{Kind: model.LayerLogged, Vars: map[string]model.Assignment{}}
	for _, name := range logged {
		if value, there := e.View.Env[name]; there {
			layer.Vars[name] = model.Assignment{Value: value, Note: e.Said.Format("15:04")}
		}
	}
	if flags := strings.Join(e.View.BuildFlags, " "); flags != "" { // gopls puts them on the command line
		a := layer.Vars["GOFLAGS"]
		a.Value = model.NewValue(strings.TrimSpace(a.Value.Reveal() + " " + flags))
		layer.Vars["GOFLAGS"] = a
	}
	return model.Env{
		Name: model.EnvGopls, Partial: true, Layers: []model.Layer{layer},
		Why: "its process cannot be read; what it wrote into its log at " + e.Said.Format("15:04") + " is compared, and the rest is not known",
	}, true
}
