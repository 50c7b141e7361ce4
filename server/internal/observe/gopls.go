package observe

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// gopls adds the environment of the gopls below the editor's process.
func (o *observer) gopls(settings effectiveSettings) {
	if vars, ok := o.in.Captured[model.EnvGopls]; ok {
		vars, why := complete(vars, keep(o.w.Environ))
		layers := o.handedOver(model.Layer{Kind: model.LayerProcess, Vars: assignments(vars)}, settings)
		var g model.GoplsProcess
		if o.in.Gopls != nil {
			g = *o.in.Gopls
		}
		o.resolve(model.Env{Name: model.EnvGopls, Complete: true, Why: why, Layers: append([]model.Layer{o.goplsOverlay(g, settings, vars)}, layers...)})
		return
	}
	seen, faults := findGopls(o.ctx, o.w, o.in.Editor.ClientPID)
	for _, f := range faults {
		o.fault(f)
	}
	seen = slices.DeleteFunc(seen, func(g goplsSeen) bool { return g.Listens != "" }) // the forwarders lead to their daemon
	for i := range seen {
		seen[i].Editor = o.in.Editor.Editor.Name
		seen[i].Dir, _ = o.w.Processes.WorkDir(o.ctx, seen[i].PID)
	}
	editor, _ := o.s.Env(model.EnvEditor)
	switch {
	case len(seen) == 0 && o.in.Editor.OwnGopls && editor.Complete:
		o.resolve(model.Env{
			Name: model.EnvGopls, Complete: true, Predicted: true, Why: fmt.Sprintf("what a gopls gets that %s starts now (predicted)", o.in.Editor.Editor.Called()),
			Layers: []model.Layer{o.goplsOverlay(model.GoplsProcess{}, settings, editor.Process()), editor.Layer(model.LayerProcess)},
		})
		return
	case len(seen) == 0:
		o.missing(model.EnvGopls, o.noGopls())
		return
	}
	o.goplsEnv(seen, settings)
}

// goplsEnv adds the environment of the given gopls, the oldest first, if they
// agree on it. There is at least one.
func (o *observer) goplsEnv(seen []goplsSeen, settings effectiveSettings) {
	var envs []model.Env
	for i := range seen {
		envs = append(envs, o.envOf(&seen[i], settings))
		o.s.Gopls = append(o.s.Gopls, seen[i].GoplsProcess)
		if seen[i].Replaced {
			if seen[i].Remote == "" { // a daemon goes on, whatever becomes of its forwarder
				o.s.Gopls[i].Successor = successor(o.w, seen[i])
			}
			o.fault(model.Fault{Subject: "gopls", Text: fmt.Sprintf("The binary of gopls was replaced since it started (process %d); restart it to run the new one.", seen[i].PID)})
		}
	}
	env := envs[0]
	if !env.Complete {
		if logged, ok := o.logged(seen); ok {
			o.s.Envs = append(o.s.Envs, logged)
		} else {
			o.missing(model.EnvGopls, env.Why)
		}
		return
	}
	for i, other := range envs[1:] {
		if !sameGo(env.Process(), other.Process()) {
			o.missing(model.EnvGopls, fmt.Sprintf("two gopls run in this editor (processes %d and %d) with different environments; stop one of them", seen[0].PID, seen[i+1].PID))
			return
		}
	}
	if n := len(o.s.Folders); n > 1 && o.in.Editor != nil {
		env.Why += fmt.Sprintf("; one gopls serves %d folders, and got the environment of the folder that was active when it started", n)
	}
	o.resolve(env)
}

// successor is the gopls that lies where a running one lay; nil if none does.
func successor(w *world.World, g goplsSeen) *model.GoplsBinary {
	info, err := w.Files.Stat(g.Exe)
	build := readBuild(w, g.Exe)
	if err != nil || build == nil || build.Main.Path != goplsModule {
		return nil
	}
	return &model.GoplsBinary{Version: build.Main.Version, GoVersion: build.GoVersion, At: info.ModTime()}
}

// logged is what a gopls, whose process does not tell its environment, wrote into
// its log since it started. Where several run, nobody can say whose log it is.
func (o *observer) logged(seen []goplsSeen) (model.Env, bool) {
	if len(seen) != 1 || seen[0].Environ != nil || seen[0].Remote != "" || seen[0].Started.IsZero() || o.in.Editor == nil || o.in.Editor.Logged == nil {
		return model.Env{}, false
	}
	return o.in.Editor.Logged(seen[0].Started)
}

// envOf is what one gopls runs go commands with. It fills in the daemon that
// the process forwards to.
func (o *observer) envOf(g *goplsSeen, settings effectiveSettings) model.Env {
	env := model.Env{Name: model.EnvGopls, Why: fmt.Sprintf("gopls runs (process %d), but its environment cannot be read", g.PID)}
	if g.Environ == nil {
		return env
	}
	process := model.Layer{Kind: model.LayerProcess, Vars: assignments(g.Environ)}
	o.explain(process, settings)
	if g.Remote == "" {
		env.Complete, env.Why = true, fmt.Sprintf("the environment gopls was started with (process %d)", g.PID)
		env.Layers = append([]model.Layer{o.goplsOverlay(g.GoplsProcess, settings, g.Environ)}, o.handedOver(process, settings)...)
		return env
	}
	daemon, why := o.daemonOf(*g)
	if why != "" {
		env.Why = why
		o.fault(model.Fault{Subject: "gopls", Text: strings.ToUpper(why[:1]) + why[1:] + ".", Hides: []string{string(model.EnvGopls)}})
		return env
	}
	// What it is built of decides what the code is said to be.
	g.Daemon, g.Version, g.GoVersion = daemon.PID, daemon.Version, daemon.GoVersion
	env.Complete, env.Predicted = true, true
	env.Why = fmt.Sprintf("the shared daemon of gopls (process %d) runs go commands: with its own environment, over which process %d laid its go env when it started (predicted)", daemon.PID, g.PID)
	injected := o.injected(process, settings, daemon.Environ)
	below := map[string]string{}
	maps.Copy(below, daemon.Environ)
	for name, a := range injected.Vars {
		below[name] = a.Value.Reveal()
	}
	env.Layers = []model.Layer{
		o.goplsOverlay(g.GoplsProcess, settings, below), injected, {Kind: model.LayerProcess, Vars: assignments(daemon.Environ)},
	}
	return env
}

// handedOver takes what a gopls was started with apart: into what the settings
// make the Go extension lay over its own environment, where the value is the
// one that they have now, and the rest.
func (o *observer) handedOver(process model.Layer, settings effectiveSettings) []model.Layer {
	if o.in.Editor == nil || o.in.Editor.Extension == nil {
		return []model.Layer{process}
	}
	editor, _ := o.s.Env(model.EnvEditor)
	layers := toolsLayers(settings, editor.Process(), o.in.Dir)
	for _, folder := range o.s.Folders { // one gopls serves all, with the settings of one
		if filepath.Clean(folder) != filepath.Clean(o.in.Dir) {
			layers = append(layers, toolsLayers(o.folderSettings(folder), editor.Process(), folder)...)
		}
	}
	rest := maps.Clone(process.Vars)
	for _, l := range layers {
		for name, a := range l.Vars {
			if got, there := rest[name]; there && a.File != "" && got.Value == a.Value {
				delete(rest, name)
			} else {
				delete(l.Vars, name)
			}
		}
	}
	return append(layers, model.Layer{Kind: process.Kind, Vars: rest})
}

// injected is what a forwarder lays over the environment of its daemon: the
// "go env" of its own side, taken when it started. Empty values hide what the
// daemon was started with, and count as unset.
func (o *observer) injected(forwarder model.Layer, settings effectiveSettings, daemon map[string]string) model.Layer {
	own := model.Env{Layers: []model.Layer{forwarder}}
	gopls, _ := settings.Lookup("gopls")
	if asked, ok := gopls.members["env"]; ok { // the forwarder looks for this name alone
		overlay := model.Layer{Kind: model.LayerGoplsSettings, Vars: map[string]model.Assignment{}}
		for name, v := range asked.members {
			if text, ok := v.Text(); ok && model.Kept(name) {
				overlay.Vars[name] = v.assignment(text.Reveal(), "")
			}
		}
		own.Layers = slices.Insert(own.Layers, 0, overlay)
	}
	vars := own.Process()
	tool := toolchain(o.ctx, o.w, model.EnvGopls, vars, o.in.Trusted)
	below := goFiles(o.w, vars, tool)
	own.Layers = append(own.Layers, below...)

	names := map[string]bool{"GOENV": true}
	for name := range daemon {
		names[name] = true
	}
	for _, l := range own.Layers {
		for name := range l.Vars {
			names[name] = true
		}
	}
	layer := model.Layer{Kind: model.LayerInjected, Vars: map[string]model.Assignment{}}
	for name := range names {
		_, given := vars[name]
		if !toldByGoEnv(name) || name == "GOWORK" && !given {
			continue
		}
		set := own.Lookup(name)
		switch {
		case name == "GOENV":
			file := goenvFile(o.w, vars)
			if file == "" {
				file = vars["GOENV"] // "off"
			}
			set = model.Setting{Value: model.NewValue(file)}
		case (name == "GONOPROXY" || name == "GONOSUMDB") && set.Value.Empty():
			set = own.Lookup("GOPRIVATE") // go env shows what they default to
		}
		layer.Vars[name] = model.Assignment{Value: set.Value, File: set.Origin.File, Line: set.Origin.Line, Note: "go env of the editor's side"}
	}
	for _, name := range []string{"GONOPROXY", "GONOSUMDB"} {
		if private, ok := layer.Vars["GOPRIVATE"]; ok {
			if _, there := layer.Vars[name]; !there {
				layer.Vars[name] = private
			}
		}
	}
	return layer
}

// toldByGoEnv reports whether "go env -json" prints a variable that go reads.
func toldByGoEnv(name string) bool {
	switch name {
	case "FC", "GO_EXTLINK_ENABLED":
		return false
	}
	return name == "GODEBUG" || model.IsGoVariable(name) && !strings.HasSuffix(name, "ALLOW")
}

// daemonOf finds the daemon that a forwarder talks to; why says in one clause
// why it cannot be told.
func (o *observer) daemonOf(forwarder goplsSeen) (daemon goplsSeen, why string) {
	all, err := o.goplsProcesses()
	if err != nil {
		return goplsSeen{}, fmt.Sprintf("gopls (process %d) only forwards to a shared daemon (-remote), and the processes cannot be listed to find it", forwarder.PID)
	}
	var found []goplsSeen
	for _, g := range all {
		if g.Listens != "" && o.talks(forwarder, g) {
			found = append(found, g)
		}
	}
	switch {
	case len(found) == 0:
		return goplsSeen{}, fmt.Sprintf("gopls (process %d) only forwards to a shared daemon (-remote), which was not found, so what it runs go with is not known", forwarder.PID)
	case len(found) > 1:
		return goplsSeen{}, fmt.Sprintf("gopls (process %d) only forwards to a shared daemon (-remote), and it may be process %d or %d; stop the one that is not needed", forwarder.PID, found[0].PID, found[1].PID)
	case found[0].Environ == nil:
		return goplsSeen{}, fmt.Sprintf("gopls (process %d) forwards to a shared daemon (process %d), whose environment cannot be read", forwarder.PID, found[0].PID)
	}
	return found[0], ""
}

// talks reports whether a forwarder would reach a daemon at the address where
// it listens.
func (o *observer) talks(forwarder, daemon goplsSeen) bool {
	network, address := remoteAddress(forwarder.Remote)
	there, at := remoteAddress(daemon.Listens)
	switch {
	case network != "auto" && network == "tcp":
		return there == "tcp" && localPort(address) != "" && localPort(address) == localPort(at)
	case network != "auto":
		return network == there && address == at
	case o.w.GOOS == "windows":
		return there == "tcp" && localPort(at) == "37374" && forwarder.Exe == daemon.Exe
	}
	// The name of the socket holds a hash of the binary, which the path of the
	// binary stands for here.
	environ, err := o.w.Processes.Environ(o.ctx, forwarder.PID)
	if err != nil || there != "unix" || forwarder.Exe != daemon.Exe {
		return false
	}
	vars := world.Variables(environ)
	dir, user := "/tmp", "shared"
	for _, name := range []string{"TMPDIR", "XDG_RUNTIME_DIR"} {
		if vars[name] != "" {
			dir = vars[name]
		}
	}
	if vars["USER"] != "" {
		user = vars["USER"]
	}
	if address != "" {
		user += "-" + address
	}
	name, isHere := strings.CutPrefix(at, filepath.Join(dir, filepath.Base(forwarder.Exe)+"-"))
	hash, rest, _ := strings.Cut(name, "-")
	return isHere && len(hash) == 6 && rest == "daemon."+user
}

// remoteAddress splits what -remote and -listen take.
func remoteAddress(text string) (network, address string) {
	if text == "auto" {
		return "auto", ""
	}
	if network, address, ok := strings.Cut(text, ";"); ok {
		return network, address
	}
	return "tcp", text
}

// localPort is the port of a TCP address of this machine; "" if it is of
// another one.
func localPort(address string) string {
	i := strings.LastIndexByte(address, ':')
	if i < 0 {
		return ""
	}
	switch strings.Trim(address[:i], "[]") {
	case "", "localhost", "127.0.0.1", "::1", "0.0.0.0", "::":
		return address[i+1:]
	}
	return ""
}

// withFlags adds build flags of gopls to its overlay. gopls puts them on the
// command line of go, which has the effect of GOFLAGS with the flags behind.
func (o *observer) withFlags(overlay model.Layer, below map[string]string, build buildFlags) model.Layer {
	flags := build.list
	if len(flags) == 0 {
		return overlay
	}
	process := maps.Clone(below)
	for name, a := range overlay.Vars {
		process[name] = a.Value.Reveal()
	}
	all := process["GOFLAGS"]
	if all == "" { // then go takes those of its own file, and the flags come behind them
		inFile, _ := readGoEnv(o.w, goenvFile(o.w, process))
		all = inFile["GOFLAGS"].Value.Reveal()
	}
	for i := 0; i < len(flags); i++ {
		flag := flags[i]
		// A flag and its value are two words on a command line, one in GOFLAGS.
		if strings.HasPrefix(flag, "-") && !strings.Contains(flag, "=") && i+1 < len(flags) && !strings.HasPrefix(flags[i+1], "-") {
			i++
			flag += "=" + flags[i]
		}
		if strings.ContainsAny(flag, " \t\"'") {
			flag = "'" + flag + "'"
		}
		all = strings.TrimSpace(all + " " + flag)
	}
	vars := make(map[string]model.Assignment, len(overlay.Vars)+1)
	maps.Copy(vars, overlay.Vars)
	vars["GOFLAGS"] = build.from.assignment(all, build.note)
	overlay.Vars = vars
	return overlay
}

// noGopls says why no gopls may be running.
func (o *observer) noGopls() string {
	ext := o.in.Editor.Extension
	switch {
	case !o.in.Trusted:
		return "gopls is not running: the workspace is not trusted; trust it if you know where it comes from"
	case o.in.Editor.Editor.RunsGopls:
		return fmt.Sprintf("gopls is not running: %s has started none yet, or it ended; open a Go file, and look into the log of its language servers if none starts", o.in.Editor.Editor.Called())
	case ext == nil && o.in.Editor.Env != nil:
		return "gopls is not running: the Go extension (golang.go) is not installed or is disabled; install or enable it"
	case ext != nil && !ext.UseLanguageServer:
		return "gopls is not running: it is switched off; set go.useLanguageServer to true"
	case ext != nil && !ext.Active:
		return "gopls is not running yet: the Go extension has not started; open a Go file"
	}
	return "gopls is not running; install it with “Go: Install/Update Tools”, or look into the output “gopls (server)” for why it ended"
}

// sameGo reports whether two environments agree on everything that go reads.
func sameGo(a, b map[string]string) bool {
	for _, pair := range [][2]map[string]string{{a, b}, {b, a}} {
		for name, value := range pair[0] {
			if (model.IsGoVariable(name) || name == "PATH") && pair[1][name] != value {
				return false
			}
		}
	}
	return true
}
