package verify

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
)

// witness says in one clause how the main modules that gopls has loaded differ
// from those that go has where a stale problem is; "" if they do not, or if
// gopls did not tell them since what decides about them changed.
func (j *judge) witness(ctx context.Context, q subject, editor model.Env, stale model.Staleness) string {
	view, ok := j.viewOf(q.dir)
	if !ok || len(j.s.Loads) == 0 || stale.Since.After(j.s.Confirmed) {
		return ""
	}
	root := j.rootOf(q.dir)
	since := func(path string) bool {
		info, err := j.w.Files.Stat(path)
		return err == nil && info.ModTime().After(j.s.Confirmed)
	}
	if slices.ContainsFunc([]string{root, view.Root, filepath.Join(root, "go.mod"), j.workFile(editor, q.dir)}, since) {
		return ""
	}
	r := j.answer(ctx, editor, question{mode: modules, root: root})
	if r.failed != "" || r.fatal || ctx.Err() != nil {
		return ""
	}
	loaded, listed := map[string]string{}, map[string]bool{} // by the real path of go.mod
	for _, m := range j.s.Loads {
		loaded[j.real(m.File)] = m.Path
	}
	var differ []string
	for _, m := range r.asked {
		file := j.real(m.GoMod)
		listed[file] = true
		switch path, known := loaded[file]; {
		case m.GoMod == "" || since(m.GoMod) || since(filepath.Dir(m.GoMod)) || !slices.ContainsFunc(j.folders(), func(dir string) bool { return below(j.real(dir), file) }):
			// gopls was asked before, or about the folders only
		case !known:
			differ = append(differ, fmt.Sprintf("gopls has not loaded the module %s (%s), which go has", m.Path, m.GoMod))
		case path != m.Path:
			differ = append(differ, fmt.Sprintf("gopls has loaded %s as the module %s, which it is not any more", m.GoMod, path))
		}
	}
	for _, m := range j.s.Loads {
		// One that is in no go.work may have a view of its own.
		own := slices.ContainsFunc(j.s.Views, func(v model.GoplsView) bool {
			return v.Type != "GoWork" && j.real(v.Root) == j.real(filepath.Dir(m.File))
		})
		if view.Type == "GoWork" && below(view.Root, m.File) && !own && !listed[j.real(m.File)] {
			differ = append(differ, fmt.Sprintf("gopls still has the module %s (%s), which go does not have here", m.Path, m.File))
		}
	}
	return strings.Join(differ[:min(len(differ), 3)], "; ")
}
