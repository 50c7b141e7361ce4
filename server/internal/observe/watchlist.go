package observe

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// directoryFiles are the files of a directory by which tools such as direnv,
// mise and asdf change the environment of a shell that enters it.
var directoryFiles = []string{
	".envrc", ".env", "mise.toml", ".mise.toml", "mise.local.toml", ".mise.local.toml", ".config/mise.toml", ".tool-versions", ".go-version", "flake.nix", "shell.nix",
}

// WatchList names the files whose change makes a snapshot old, each once.
func WatchList(s *model.Snapshot, scopes []SettingsScope) []string {
	l := list{seen: map[string]bool{}}
	for _, env := range s.Envs {
		for _, layer := range env.Layers {
			switch layer.Kind {
			case model.LayerGOENV, model.LayerGoroot, model.LayerLaunchEnvFile, model.LayerTestEnvFile:
				l.add(layer.File)
			}
		}
	}
	for _, scope := range scopes {
		l.add(scope.File)
	}
	if s.Editor != nil {
		l.add(filepath.Join(s.Dir, ".vscode", "settings.json"))
		l.add(filepath.Join(s.Dir, ".vscode", "launch.json"))
	}
	l.add(contractFiles(s)...)
	l.modules(s)
	l.places(s)
	for _, c := range s.Caches {
		l.add(arrivals(c)...)
	}
	l.add(s.StartUp...)
	if s.Editor != nil {
		for _, dir := range upTo(s) {
			for _, name := range directoryFiles {
				l.add(filepath.Join(dir, filepath.FromSlash(name)))
			}
		}
	}
	l.add(s.Repository.Files...)
	for _, t := range s.Toolchain {
		l.add(t.Go)
		if t.GOROOT != "" {
			l.add(filepath.Join(t.GOROOT, "VERSION"))
		}
		if env, _ := s.Env(t.Env); t.Fetched && t.Host != "" {
			l.add(toolchainDir(env, t.Host, t.Selected))
		}
		for _, tool := range t.Tools {
			if tool.Name == "go" || tool.Name == "gopls" {
				l.add(tool.Path, tool.Target)
			}
		}
	}
	for _, g := range s.Gits {
		l.add(g.Files...)
	}
	for _, g := range s.Gopls {
		l.add(g.Exe)
	}
	for _, env := range s.Envs {
		if env.Complete && env.Name != model.EnvEditorLaunch {
			l.add(credentialFiles(env.Process())...)
		}
	}
	return l.files
}

// list is a list of files, each once.
type list struct {
	files []string
	seen  map[string]bool
}

func (l *list) add(files ...string) {
	for _, file := range files {
		if file != "" && !l.seen[file] {
			l.seen[file] = true
			l.files = append(l.files, file)
		}
	}
}

// modules adds what says which modules there are: also where a go.mod or
// go.work may appear that would come into force.
func (l *list) modules(s *model.Snapshot) {
	for _, dir := range upTo(s) {
		l.add(filepath.Join(dir, "go.mod"), filepath.Join(dir, "go.work"))
	}
	for _, m := range s.Modules {
		dir := filepath.Dir(m.File)
		l.add(m.File, filepath.Join(dir, "go.sum"), filepath.Join(dir, "vendor", "modules.txt"))
	}
	if s.Work != nil {
		l.add(s.Work.File, s.Work.File+".sum", filepath.Join(filepath.Dir(s.Work.File), "vendor", "modules.txt"))
	}
	if s.Dormant != nil {
		l.add(s.Dormant.File)
		for _, use := range s.Dormant.Uses {
			l.add(filepath.Join(use.Dir, "go.mod"))
		}
	}
}

// places adds the paths that settings and files name, such as the directory of
// a replacement or the file of GOWORK, where they are files, or may come to be
// there, or to be writable. Directories in use are left out, for they are busy:
// what counts in them is named itself. So is what go makes in its caches.
func (l *list) places(s *model.Snapshot) {
	caches := map[string]bool{}
	for _, env := range s.Envs {
		if env.Complete {
			caches[s.BuildCache(env)] = true
			caches[env.Lookup("GOMODCACHE").Value.Reveal()] = true
		}
	}
	delete(caches, "")
	cached := func(path string) bool {
		for ; !caches[path]; path = filepath.Dir(path) {
			if filepath.Dir(path) == path {
				return false
			}
		}
		return true
	}
	for _, path := range slices.Sorted(maps.Keys(s.Places)) {
		place := s.Places[path]
		switch {
		case place.ReadOnly:
		case place.Exists && place.Dir:
			continue
		case cached(path) && !(caches[path] && place.Exists):
			continue
		}
		l.add(path)
	}
}

// upTo are the workspace folder and the directories above it, up to the root of
// its repository, else below the home directory.
func upTo(s *model.Snapshot) []string {
	home := ""
	for _, env := range s.Envs {
		if home = homeOf(env.Process()); home != "" {
			break
		}
	}
	var dirs []string
	for dir := s.Dir; ; dir = filepath.Dir(dir) {
		if dir == home && len(dirs) > 0 {
			return dirs
		}
		dirs = append(dirs, dir)
		if dir == s.Repository.Root || filepath.Dir(dir) == dir {
			return dirs
		}
	}
}

// credentialFiles are where go and git look for credentials, in one
// environment.
func credentialFiles(vars map[string]string) []string {
	if netrc := vars["NETRC"]; netrc != "" {
		return []string{netrc}
	}
	if home := homeOf(vars); home != "" {
		return []string{filepath.Join(home, ".netrc"), filepath.Join(home, "_netrc")}
	}
	return nil
}

// StartUp reports whether a changed file may change what the shell says when it
// is asked again.
func StartUp(s *model.Snapshot, file string) bool {
	for _, f := range s.StartUp {
		if f == file {
			return true
		}
	}
	slashed := filepath.ToSlash(file)
	for _, name := range directoryFiles {
		if strings.HasSuffix(slashed, "/"+name) {
			return true
		}
	}
	return false
}

// repository finds the git repository that a directory is in.
func repository(w *world.World, dir string) model.Repository {
	for ; ; dir = filepath.Dir(dir) {
		git := filepath.Join(dir, ".git")
		info, err := w.Files.Stat(git)
		switch {
		case err == nil && info.IsDir():
			head := filepath.Join(git, "HEAD")
			return model.Repository{Root: dir, Files: []string{head, filepath.Join(git, "config")}, Branch: branch(w, head)}
		case err == nil: // a worktree or a submodule
			own, ok := pointer(w, git, "gitdir: ")
			if !ok {
				return model.Repository{Root: dir, Files: []string{git}}
			}
			common := own
			if shared, ok := pointer(w, filepath.Join(own, "commondir"), ""); ok {
				common = shared
			}
			head := filepath.Join(own, "HEAD")
			return model.Repository{Root: dir, Files: []string{git, head, filepath.Join(common, "config")}, Branch: branch(w, head)}
		}
		if filepath.Dir(dir) == dir {
			return model.Repository{}
		}
	}
}

var commit = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)

// branch is what the HEAD of a repository says is checked out, see
// model.Repository. A repository of the format reftable has another file for it, and
// ".invalid" in this one.
func branch(w *world.World, head string) string {
	data, err := w.Files.ReadFile(head)
	if err != nil {
		return ""
	}
	text := strings.TrimSpace(string(data))
	if name, ok := strings.CutPrefix(text, "ref: refs/heads/"); ok && name != ".invalid" {
		return name
	}
	if commit.MatchString(text) {
		return "commit " + text[:12]
	}
	return ""
}

// pointer reads a file of git that holds a path, relative to its directory.
func pointer(w *world.World, file, prefix string) (path string, ok bool) {
	data, err := w.Files.ReadFile(file)
	if err != nil {
		return "", false
	}
	path, ok = strings.CutPrefix(strings.TrimSpace(string(data)), prefix)
	if !ok || path == "" {
		return "", false
	}
	if path = filepath.FromSlash(path); !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(file), path)
	}
	return filepath.Clean(path), true
}
