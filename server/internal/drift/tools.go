package drift

import (
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

// tools tells where the two sides resolve a tool differently, and returns what
// a difference of PATH comes to.
func (p *pair) tools(add func(x, y model.Setting, v verdict)) (path verdict) {
	path = no("PATH differs, but finds the same go, gopls, git and cc")
	var others []string
	matter := false
	for _, name := range []string{"go", "gopls", "git", "cc"} {
		a, b := p.sides[0].named(name), p.sides[1].named(name)
		// A shim decides by more than its place. What else makes one go command
		// run two toolchains is a variable, and told as that.
		decides := name == "go" && a.Shim && p.sides[0].runs() != "" && p.sides[1].runs() != "" && !p.sameGo()
		if a.Path == b.Path && !decides {
			continue
		}
		v := p.tool(name, a, b)
		add(p.sides[0].setting(a), p.sides[1].setting(b), v)
		if v.matters {
			matter = true
			path.latent = v.latent && (path.latent || !path.matters)
			path.matters = true
			others = append(others, name)
		}
	}
	if matter {
		path.why = "PATH leads to another " + strings.Join(others, ", ")
	} else if p.either(func(e side) bool { return e.tool.Tools == nil }) && !p.sameGo() {
		return yes("Which tools PATH leads to was not looked at")
	} else if !p.same(func(e side) string {
		return e.named("go").Path + "\n" + e.named("git").Path + "\n" + e.named("cc").Path
	}) {
		path.why = "PATH finds tools in other places, but they do the same"
	}
	return path
}

// named returns a tool; of go, what is known of it in any case.
func (e side) named(name string) model.Tool {
	tool := e.tool.Tool(name)
	if name == "go" && tool.Path == "" {
		tool.Path, tool.Target = e.tool.Go, e.tool.Go
	}
	return tool
}

// setting tells a tool like a variable.
func (e side) setting(t model.Tool) model.Setting {
	return model.Setting{Name: t.Name, Value: model.NewValue(t.Path), Set: t.Path != "", Origin: e.Lookup("PATH").Origin}
}

func (p *pair) tool(name string, a, b model.Tool) verdict {
	oneLacks := a.Path == "" || b.Path == ""
	if name != "go" && !oneLacks && a.Target == b.Target {
		return no("Both are the same program")
	}
	switch name {
	case "go":
		switch {
		case oneLacks:
			return yes("One side finds no go command at all")
		case p.sides[0].runs() == "" || p.sides[1].runs() == "":
			return yes("They are two different go commands, and which Go one of them is could not be told")
		case p.sameGo() && a.Shim != b.Shim:
			return no("A version manager's shim stands on one side only and decides by directory, but here both come to the same Go")
		case p.sameGo() && a.Target == b.Target:
			return no("Both are the same program")
		case p.sameGo():
			return no("Both come to the same Go, from two installations")
		case a.Path == b.Path:
			return yes("A version manager's shim decides by directory or by a variable of its own which Go runs")
		case a.Shim != b.Shim:
			return yes("A version manager's shim stands on one side only, and decides by directory which Go runs")
		}
		return yes("Another Go does the work, with another language and other libraries")
	case "git":
		switch {
		case !oneLacks:
			return no("Both find a git; only settings that come with its installation may differ")
		case !p.either(side.origin):
			return no("Nothing is fetched from repositories, so no git is needed")
		}
		return p.repositories("One side finds no git, which go needs to fetch from repositories")
	case "cc":
		on0, known0 := p.sides[0].cgo()
		on1, known1 := p.sides[1].cgo()
		switch {
		case known0 && known1 && !on0 && !on1:
			return no("cgo is off on both sides")
		case known0 && known1 && on0 != on1:
			return yes("Without a C compiler go switches cgo off, so that other files belong to the build")
		}
		return yes("Packages that use cgo are compiled by another C compiler")
	}
	return no("The go command does not run gopls; which one the editor runs is its own matter")
}

// runs is the toolchain that does the work on a side; "" if that is unknown.
func (e side) runs() string {
	local := e.tool.Tool("go").Version
	switch {
	case local == "":
		return e.tool.Version // nothing more is known
	case e.tool.Selected == "":
		return ""
	case e.tool.Selected != local:
		return e.tool.Selected
	case e.tool.Version != local:
		return local + " with the libraries of " + e.tool.Version // as GOROOT says; it cannot compile
	}
	return local
}

// sameGo reports whether the same Go is known to do the work on both sides.
func (p *pair) sameGo() bool {
	return p.sides[0].runs() != "" && p.same(side.runs)
}

// goroot judges GOROOT, which follows from the go command unless it is set.
func (p *pair) goroot(x, y model.Setting) verdict {
	switch {
	case x.Origin.Layer == model.LayerDefault && y.Origin.Layer == model.LayerDefault:
		return no("Nobody set it, so it follows from the go command that is found")
	case p.sameGo():
		return no("Both come to the same Go")
	case !x.Set || !y.Set:
		return no("The side that does not set it finds no Go to compare with")
	}
	return yes("The libraries and the compiler come from another Go")
}

// sameCompiler reports whether CC comes to the same program with the same
// arguments.
func (p *pair) sameCompiler() bool {
	arguments := func(e side) []string {
		all := words(e.text("CC"))
		return all[min(1, len(all)):]
	}
	a, b := p.sides[0].tool.Tool("cc"), p.sides[1].tool.Tool("cc")
	return a.Path != "" && a.Target == b.Target && slices.Equal(arguments(p.sides[0]), arguments(p.sides[1]))
}
