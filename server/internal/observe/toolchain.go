package observe

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// toolchain finds the Go that an environment resolves "go" to. Files tell as
// a rule; a command runs only where "go" is a version manager's shim, and
// only if run is true.
func toolchain(ctx context.Context, w *world.World, name model.EnvName, vars map[string]string, run bool) model.Toolchain {
	t := model.Toolchain{Env: name, Go: w.LookPath(vars["PATH"], "go")}
	if t.Go == "" {
		t.Why = "no go command on PATH; install Go or correct PATH"
		if t.GOROOT = vars["GOROOT"]; t.GOROOT != "" {
			t.Version = gorootVersion(w, t.GOROOT)
		}
		return t
	}
	if root := vars["GOROOT"]; root != "" {
		t.GOROOT = filepath.Clean(root)
	} else if real, err := w.Files.EvalSymlinks(t.Go); err == nil {
		if root := filepath.Dir(filepath.Dir(real)); gorootVersion(w, root) != "" {
			t.GOROOT = root
		}
	}
	if gorootVersion(w, t.GOROOT) == "" && run { // a shim, a Go without VERSION, or no Go at all
		res, err := w.Exec.Run(ctx, world.Command{Path: t.Go, Args: []string{"env", "-json", "GOROOT", "GOVERSION"}, Dir: w.Dir, Env: world.Environ(vars)})
		var out struct{ GOROOT, GOVERSION string }
		if err == nil && res.Code == 0 && json.Unmarshal(res.Stdout, &out) == nil {
			t.GOROOT, t.Version = out.GOROOT, out.GOVERSION
		}
	}
	if t.Version == "" {
		t.Version = gorootVersion(w, t.GOROOT)
	}
	if t.Version == "" {
		t.Why = fmt.Sprintf("a go command, %s, that does not say which Go it is", t.Go)
		if vars["GOROOT"] != "" {
			t.Why = fmt.Sprintf("GOROOT set to %s, where there is no Go; unset GOROOT or correct it", vars["GOROOT"])
		}
	}
	return t
}

// gorootVersion is the first line of GOROOT/VERSION; "" if dir is no GOROOT.
func gorootVersion(w *world.World, dir string) string {
	if dir == "" {
		return ""
	}
	data, err := w.Files.ReadFile(filepath.Join(dir, "VERSION"))
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(data), "\n")
	return strings.TrimSpace(line)
}
