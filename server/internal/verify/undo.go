package verify

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/route"
)

// errUndo is an error that nobody sees: what cannot be put back is not tried.
var errUndo = errors.New("undo")

// past is how files and variables of a trial differ from those that are there,
// because lines are put back to what they were.
type past struct {
	files map[string][]byte // by absolute path
	vars  map[string]string // instead of those of the environment
	flags []string
}

// read is the text of a file, as it was if that is known.
func (j *judge) read(p past, file string) ([]byte, error) {
	if text, ok := p.files[file]; ok {
		return text, nil
	}
	return j.w.Files.ReadFile(file)
}

// work is the go.work that there was and is no more; "" if there was none, or the
// environment names another one.
func (p past) work(env model.Env) string {
	for file := range p.files {
		if filepath.Ext(file) == ".work" && env.Lookup("GOWORK").Value.Reveal() == "" {
			return file
		}
	}
	return ""
}

// undo puts lines of go.mod and go.work files back to what they were. An error says
// that this cannot be tried.
func (j *judge) undo(env model.Env, lines []model.PastLine) (p past, err error) {
	p = past{files: map[string][]byte{}, vars: map[string]string{}}
	if len(lines) == 0 {
		return p, nil
	}
	flags := route.Flags(env.Lookup("GOFLAGS").Value.Reveal())
	if route.FlagValue(flags, "overlay") != "" || route.FlagValue(flags, "modfile") != "" {
		return p, errUndo
	}
	var files []string
	byFile := map[string][]model.PastLine{}
	for _, l := range lines {
		switch l.Kind {
		case "vendor": // it came
			if route.FlagValue(flags, "mod") == "" {
				p.flags = append(p.flags, "-mod=readonly")
			}
			continue
		case "module":
			if l.Was == "" { // the whole file came
				p.files[l.File] = nil
				continue
			}
			if l.Line == 0 { // the whole file went; its lines follow
				p.files[l.File] = []byte{}
			}
		case "go.mod":
			p.files[l.File], err = replacingAsItWas(l)
			if err != nil {
				return p, err
			}
			continue
		case "go.work":
			if l.Was == "" {
				p.vars["GOWORK"] = "off"
				continue
			}
			p.files[l.File] = []byte{} // its lines follow
		case "go line":
			if t := env.Lookup("GOTOOLCHAIN").Value.Reveal(); t == "" || t == "auto" || t == "path" {
				p.vars["GOTOOLCHAIN"] = "local" // else go chooses one by the file as it is
			}
		}
		if byFile[l.File] == nil {
			files = append(files, l.File)
		}
		byFile[l.File] = append(byFile[l.File], l)
	}
	for _, file := range files {
		text, err := j.read(p, file)
		if err != nil {
			return p, err
		}
		if filepath.Ext(file) == ".work" {
			text, err = workAsItWas(file, text, byFile[file])
		} else {
			text, err = modAsItWas(file, text, byFile[file])
		}
		if err != nil {
			return p, err
		}
		p.files[file] = text
		if sums := j.sumsOf(env, byFile[file]); sums != "" {
			sumFile := strings.TrimSuffix(file, ".mod") + ".sum"
			now, _ := j.w.Files.ReadFile(sumFile)
			p.files[sumFile] = append(now, sums...)
		}
	}
	return p, nil
}

// asWritten lets versions stand that go would look up.
func asWritten(_, version string) (string, error) { return version, nil }

// modAsItWas is a go.mod with some lines as they were.
func modAsItWas(file string, text []byte, lines []model.PastLine) ([]byte, error) {
	f, err := modfile.Parse(file, text, asWritten)
	if err != nil {
		return nil, err
	}
	for _, l := range lines {
		switch l.Kind {
		case "module":
			err = f.AddModuleStmt(l.Was)
		case "require":
			if l.Was == "" {
				err = f.DropRequire(l.Of)
			} else {
				err = f.AddRequire(l.Of, l.Was)
			}
		case "exclude":
			path, version, _ := strings.Cut(l.Of, " ")
			if l.Was == "" {
				err = f.DropExclude(path, version)
			} else {
				err = f.AddExclude(path, version)
			}
		case "godebug":
			if l.Was == "" {
				err = f.DropGodebug(l.Of)
			}
		default:
			err = asItWas(f, l)
		}
		if err != nil {
			return nil, err
		}
	}
	f.Cleanup()
	return modfile.Format(f.Syntax), nil
}

// workAsItWas is a go.work with some lines as they were.
func workAsItWas(file string, text []byte, lines []model.PastLine) ([]byte, error) {
	f, err := modfile.ParseWork(file, text, asWritten)
	if err != nil {
		return nil, err
	}
	for _, l := range lines {
		switch {
		case l.Kind == "go.work":
		case l.Kind == "godebug" && l.Was == "":
			err = f.DropGodebug(l.Of)
		case l.Kind != "use":
			err = asItWas(f, l)
		case l.Was != "":
			err = f.AddUse(filepath.ToSlash(l.Of), "")
		default:
			for _, u := range slices.Clone(f.Use) {
				if absolute(filepath.Dir(file), u.Path) == filepath.FromSlash(l.Of) {
					err = f.DropUse(u.Path)
				}
			}
		}
		if err != nil {
			return nil, err
		}
	}
	f.Cleanup()
	return modfile.Format(f.Syntax), nil
}

// replacingAsItWas is the go.mod of a replacement as it was, as far as that counts for
// others.
func replacingAsItWas(l model.PastLine) ([]byte, error) {
	f := &modfile.File{Syntax: &modfile.FileSyntax{Name: l.File}}
	if err := f.AddModuleStmt(l.Of); err != nil {
		return nil, err
	}
	for text := range strings.SplitSeq(l.Was, "; ") {
		var err error
		switch words := strings.Fields(text); {
		case len(words) == 2 && words[0] == "go":
			err = f.AddGoStmt(words[1])
		case len(words) == 3 && words[0] == "require":
			err = f.AddRequire(words[1], words[2])
		case len(words) > 0:
			err = errUndo
		}
		if err != nil {
			return nil, err
		}
	}
	return modfile.Format(f.Syntax), nil
}

// asItWas puts back a line of which a go.mod and a go.work may have one.
func asItWas(f interface {
	AddGoStmt(version string) error
	DropGoStmt()
	AddToolchainStmt(name string) error
	DropToolchainStmt()
	AddReplace(oldPath, oldVers, newPath, newVers string) error
	DropReplace(oldPath, oldVers string) error
}, l model.PastLine,
) error {
	switch l.Kind {
	case "go line":
		f.DropGoStmt()
		f.DropToolchainStmt()
		for _, version := range strings.Fields(l.Was) {
			add := f.AddGoStmt
			if strings.HasPrefix(version, "go") || version == "default" {
				add = f.AddToolchainStmt
			}
			if err := add(version); err != nil {
				return err
			}
		}
		return nil
	case "replace":
		path, version, _ := strings.Cut(l.Of, " ")
		if l.Was == "" {
			return f.DropReplace(path, version)
		}
		to, at := l.Was, ""
		if space := strings.LastIndexByte(l.Was, ' '); space >= 0 && !modfile.IsDirectoryPath(l.Was) {
			to, at = l.Was[:space], l.Was[space+1:]
		}
		return f.AddReplace(path, version, to, at)
	}
	return errUndo
}

// sumsOf are lines for a go.sum of modules that lines were about, as far as they are in
// the module cache: go had verified them when it put them there.
func (j *judge) sumsOf(env model.Env, lines []model.PastLine) string {
	var out strings.Builder
	for _, l := range lines {
		path, version := l.Of, l.Was
		if l.Kind == "replace" {
			path, version, _ = strings.Cut(l.Was, " ")
		}
		if l.Kind != "require" && l.Kind != "replace" || version == "" || module.Check(path, version) != nil || j.summed(path, version) {
			continue
		}
		_, base, ok := cached(env, path, version)
		if !ok {
			continue
		}
		if hash, err := j.w.Files.ReadFile(base + ".ziphash"); err == nil {
			fmt.Fprintf(&out, "%s %s %s\n", path, version, strings.TrimSpace(string(hash)))
		}
		open := func(string) (io.ReadCloser, error) { return j.w.Files.Open(base + ".mod") }
		if hash, err := dirhash.Hash1([]string{"go.mod"}, open); err == nil {
			fmt.Fprintf(&out, "%s %s/go.mod %s\n", path, version, hash)
		}
	}
	return out.String()
}

// summed reports whether a go.sum has both hashes of a module.
func (j *judge) summed(path, version string) bool {
	return slices.ContainsFunc(j.s.Modules, func(m model.Module) bool {
		return m.Sum.Lines[path+" "+version] && m.Sum.Lines[path+" "+version+"/go.mod"]
	})
}
