package observe

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// goplsModule is the path that every build of gopls carries.
const goplsModule = "golang.org/x/tools/gopls"

// goplsSeen is one running gopls with what only its process shows.
type goplsSeen struct {
	model.GoplsProcess
	// Environ is the environment it was started with, allow-listed; nil if it
	// cannot be read.
	Environ  map[string]string
	PPID     int
	Remote   string // where the daemon is that it only forwards to (-remote); "" if it does the work itself
	Listens  string // where it serves whoever comes (-listen), as a daemon; "" if it serves one editor
	Replaced bool   // its binary was replaced or removed since it started
}

// findGopls returns the language servers among the descendants of an editor
// process, the oldest first. One-shot gopls commands, the telemetry children
// of gopls, and what we started ourselves do not count.
func findGopls(ctx context.Context, w *world.World, clientPID int) ([]goplsSeen, []model.Fault) {
	processes, err := w.Processes.Descendants(ctx, clientPID)
	if err != nil {
		return nil, []model.Fault{{
			Subject: "gopls", Text: fmt.Sprintf("The processes of the editor cannot be listed (%v), so it is not known which gopls runs.", err),
			Hides: []string{string(model.EnvGopls)},
		}}
	}
	var (
		seen   []goplsSeen
		faults []model.Fault
		ours   = map[int]bool{w.PID: true} // parents come before their children
		below  = map[int]bool{}            // gopls and whatever runs below it
	)
	for _, p := range processes {
		if ours[p.PID] || ours[p.PPID] {
			ours[p.PID] = true
			continue
		}
		if below[p.PPID] && flagValue(p.Args, "listen") == "" {
			below[p.PID] = true // go, the telemetry child, or a fork of gopls on its way to becoming one of them
			continue
		}
		g, ok := lookAtGopls(w, p)
		if !ok {
			continue
		}
		below[p.PID] = true
		if g.Environ, err = processEnviron(ctx, w, p.PID); err != nil {
			if !w.Processes.Alive(p.PID) {
				continue // it ended while we looked
			}
			faults = append(faults, model.Fault{
				Subject: "gopls", Text: fmt.Sprintf("gopls runs (process %d), but its environment cannot be read: %s.", p.PID, why(err)),
				Hides: []string{string(model.EnvGopls)},
			})
		}
		seen = append(seen, g)
	}
	slices.SortStableFunc(seen, func(a, b goplsSeen) int { return a.Started.Compare(b.Started) })
	return seen, faults
}

// lookAtGopls tells what a process shows without its environment; ok is false
// if it is no language server.
func lookAtGopls(w *world.World, p world.Process) (g goplsSeen, ok bool) {
	exe, replaced := strings.CutSuffix(p.Exe, " (deleted)")
	info := goplsBuild(w, p, exe, replaced)
	if !isGopls(p, exe, info) || !serves(p.Args) {
		return goplsSeen{}, false
	}
	g = goplsSeen{
		GoplsProcess: model.GoplsProcess{PID: p.PID, Exe: exe, Started: p.Started}, PPID: p.PPID,
		Remote: flagValue(p.Args, "remote"), Listens: flagValue(p.Args, "listen"), Replaced: replaced,
	}
	if info != nil {
		g.Version, g.GoVersion = info.Main.Version, info.GoVersion
	}
	return g, true
}

// goplsProcesses returns every language server that we may look at, wherever it
// was started.
func (o *observer) goplsProcesses() ([]goplsSeen, error) {
	processes, err := o.w.Processes.List(o.ctx, func(name string) bool { return strings.HasPrefix(strings.ToLower(name), "gopls") })
	if err != nil {
		return nil, err
	}
	var seen []goplsSeen
	for _, p := range processes {
		g, ok := lookAtGopls(o.w, p)
		if !ok {
			continue
		}
		if g.Environ, err = processEnviron(o.ctx, o.w, p.PID); err != nil {
			continue // another user's, or it ended
		}
		seen = append(seen, g)
	}
	return seen, nil
}

// processEnviron returns the environment that a process was started with,
// allow-listed.
func processEnviron(ctx context.Context, w *world.World, pid int) (map[string]string, error) {
	environ, err := w.Processes.Environ(ctx, pid)
	if err != nil {
		return nil, err
	}
	return keep(environ), nil
}

// goplsBuild reads the build information of a process that may be a gopls;
// nil if it is none or cannot be read.
func goplsBuild(w *world.World, p world.Process, exe string, replaced bool) *buildinfo.BuildInfo {
	if !strings.HasPrefix(binaryName(exe), "gopls") {
		return nil
	}
	if w.GOOS == "linux" { // the binary that runs, also when another one has its name by now
		if info := readBuild(w, fmt.Sprintf("/proc/%d/exe", p.PID)); info != nil {
			return info
		}
	}
	if replaced {
		return nil
	}
	return readBuild(w, exe)
}

func readBuild(w *world.World, file string) *buildinfo.BuildInfo {
	f, err := w.Files.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	info, err := buildinfo.Read(f)
	if err != nil {
		return nil
	}
	return info
}

// isGopls goes by the name, and for names such as gopls-v0.20.0 by the build.
func isGopls(p world.Process, exe string, info *buildinfo.BuildInfo) bool {
	if exe == "" && len(p.Args) > 0 { // another user's process hides its binary, not its command line
		exe = p.Args[0]
	}
	return binaryName(exe) == "gopls" || info != nil && info.Main.Path == goplsModule
}

func binaryName(exe string) string {
	return strings.TrimSuffix(strings.ToLower(filepath.Base(filepath.ToSlash(exe))), ".exe")
}

// serves reports whether a gopls command line runs a language server, as
// opposed to a command such as "gopls version".
func serves(args []string) bool {
	return len(args) < 2 || args[1] == "serve" || strings.HasPrefix(args[1], "-")
}

// flagValue is the value of a flag on a command line, "" if it has none.
func flagValue(args []string, name string) string {
	for i, arg := range args {
		flag, value, given := strings.Cut(strings.TrimPrefix(arg, "-"), "=")
		switch {
		case !strings.HasPrefix(arg, "-") || strings.TrimPrefix(flag, "-") != name:
		case given:
			return value
		case i+1 < len(args):
			return args[i+1]
		}
	}
	return ""
}

// why names the reason of a failed look at a process, for people.
func why(err error) string {
	if errors.Is(err, world.ErrHidden) {
		return world.ErrHidden.Error()
	}
	return "it belongs to another user or the system forbids it"
}
