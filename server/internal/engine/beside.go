package engine

import (
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
)

// Beside is the shell of this machine and, as EnvCaptured, that of a captured
// one, so that they can be compared. Both are redacted, for a capture is: equal
// secrets have equal pseudonyms. The home and the workspace directory of the
// other machine become those of this one, for whose they are makes no difference
// to Go.
func Beside(here, there *model.Snapshot) *model.Snapshot {
	moved := report.Rewrite(there, func(_, text string) string {
		text = move(text, there.Dir, here.Dir)
		return move(text, homeDir(there), homeDir(here))
	})
	out := *report.Redacted(here)
	out.Envs = slices.DeleteFunc(out.Envs, func(e model.Env) bool { return e.Name != model.EnvShell })
	out.Toolchain = slices.DeleteFunc(out.Toolchain, func(t model.Toolchain) bool { return t.Env != model.EnvShell })
	out.EnvFiles, out.Gopls, out.Views = nil, nil, nil
	captured, _ := moved.Env(model.EnvShell)
	captured.Name, captured.Why = model.EnvCaptured, "read from a capture of "+there.Taken.UTC().Format("2006-01-02 15:04")+" (UTC)"
	out.Envs = append(out.Envs, captured)
	if tool, ok := moved.ToolchainOf(model.EnvShell); ok {
		tool.Env = model.EnvCaptured
		out.Toolchain = append(out.Toolchain, tool)
	}
	for _, c := range moved.Caches {
		if !slices.ContainsFunc(out.Caches, func(d model.ModuleCache) bool { return c.Dir == d.Dir }) {
			out.Caches = append(out.Caches, c)
		}
	}
	return &out
}

func homeDir(s *model.Snapshot) string {
	shell, _ := s.Env(model.EnvShell)
	vars := shell.Process()
	if home := vars["HOME"]; home != "" {
		return home
	}
	return vars["USERPROFILE"]
}

// move replaces a directory where a text names it or something in it.
func move(text, from, to string) string {
	from = strings.TrimRight(from, `/\`)
	if len(from) < 2 || to == "" {
		return text
	}
	var b strings.Builder
	for {
		i := strings.Index(text, from)
		if i < 0 {
			b.WriteString(text)
			return b.String()
		}
		end := i + len(from)
		b.WriteString(text[:i])
		if end == len(text) || strings.IndexByte(`/\:;,`, text[end]) >= 0 {
			b.WriteString(to)
		} else {
			b.WriteString(from)
		}
		text = text[end:]
	}
}
