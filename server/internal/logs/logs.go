// Package logs finds the logs that editors keep of the Go extension and gopls,
// and reads them, once or as they grow, through every way of being replaced. It
// must not know what a line means; package trace does.
package logs

import (
	"cmp"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/world"
)

// File is one log. Those that it was rotated from are files of their own.
type File struct {
	Path   string
	Source string    // a source of model.Event
	Origin string    // the editor's window, "" if it tells none
	Begun  time.Time // when the session began that it belongs to; zero if unknown
	Wrote  time.Time // when it was written last
	Size   int64
}

// products are the folders of editors that keep logs as VS Code does.
var products = []string{"Code", "Code - Insiders", "VSCodium", "VSCodium - Insiders", "Code - OSS", "code-oss-dev", "Cursor", "Windsurf", "Positron", "Trae", "Kiro"}

// servers are those below the home directory of what serves an editor.
var servers = []string{
	".vscode-server/data", ".vscode-server-insiders/data", ".vscode-server-oss/data", ".vscodium-server/data", ".openvscode-server/data", ".vscode-remote/data",
	".cursor-server/data", ".windsurf-server/data", ".local/share/code-server", ".vscode-oss-dev",
}

// folders are where editors keep their logs, on this machine and for this user.
func folders(w *world.World) (dirs []string) {
	vars := world.Variables(w.Environ)
	get := func(name string) string { return vars[w.VariableName(name)] }
	home := get("HOME")
	if home == "" {
		home = get("USERPROFILE")
	}
	add := func(parts ...string) {
		if parts[0] != "" {
			dirs = append(dirs, filepath.Join(filepath.Join(parts...), "logs"))
		}
	}
	for _, p := range products {
		switch w.GOOS {
		case "windows":
			add(get("APPDATA"), p)
		case "darwin":
			add(home, "Library", "Application Support", p)
		default:
			config := get("XDG_CONFIG_HOME")
			if config == "" && home != "" {
				config = filepath.Join(home, ".config")
			}
			add(config, p)
		}
	}
	for _, s := range servers {
		add(home, filepath.FromSlash(s))
	}
	if data := get("XDG_DATA_HOME"); data != "" {
		add(data, "code-server")
	}
	add(get("VSCODE_PORTABLE"), "user-data")
	if agent := get("VSCODE_AGENT_FOLDER"); agent != "" {
		add(agent, "data")
	}
	return dirs
}

const (
	// together is how much older than the newest log another can be to belong to
	// an editor that runs at the same time.
	together = 24 * time.Hour
	// deepest is how far below a folder logs are looked for: window, host,
	// extension.
	deepest = 6
	// mostFiles bounds what is looked at of a folder that holds no logs.
	mostFiles = 20000
)

// Find returns the logs of the editors that run, or ran last: the newest
// session of each. It returns where it looked, too.
func Find(w *world.World) (files []File, looked []string) {
	for _, dir := range folders(w) {
		entries, err := w.Files.ReadDir(dir)
		if err != nil {
			continue
		}
		looked = append(looked, dir)
		slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(b.Name(), a.Name()) }) // the newest first
		for _, e := range entries {
			if !session().MatchString(e.Name()) {
				continue
			}
			if found := Below(w, filepath.Join(dir, e.Name())); len(found) > 0 {
				files = append(files, found...)
				break
			}
		}
	}
	var newest time.Time
	for _, f := range files {
		if f.Wrote.After(newest) {
			newest = f.Wrote
		}
	}
	files = slices.DeleteFunc(files, func(f File) bool { return f.Wrote.Before(newest.Add(-together)) })
	return files, looked
}

var (
	session = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\d{8}T\d{6}$`) })
	// The logs of golang.go, also those of its channels that are no logs.
	goLog = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:\d+-)?(gopls(?: \(server\))?|Go)(?:[._]\d+)?\.log$`)
	})
	window = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?:window\d+|exthost\d+|output_\d{8}T\d{6})$`) })
)

// Window returns the logs of the Go extension in the window of an editor that a
// log of another extension, or its folder, belongs to.
func Window(w *world.World, own string) []File {
	files := Below(w, filepath.Dir(own))
	return slices.DeleteFunc(files, func(f File) bool { return f.Source != model.SourceGopls && f.Source != model.SourceGoExtension })
}

// Below returns the logs of the Go extension below a folder, or all logs in it
// if there are none; for a file, that file.
func Below(w *world.World, path string) (files []File) {
	info, err := w.Files.Stat(path)
	if err != nil {
		return nil
	}
	if !info.IsDir() {
		return []File{logFile(path, info)}
	}
	var others []File
	left := mostFiles
	var walk func(dir string, depth int)
	walk = func(dir string, depth int) {
		entries, err := w.Files.ReadDir(dir)
		if err != nil {
			return
		}
		for _, e := range entries {
			if left--; left < 0 {
				return
			}
			full := filepath.Join(dir, e.Name())
			if e.IsDir() {
				if depth < deepest {
					walk(full, depth+1)
				}
				continue
			}
			if !strings.HasSuffix(e.Name(), ".log") {
				continue
			}
			info, err := w.Files.Stat(full)
			switch {
			case err != nil || !info.Mode().IsRegular():
			case goLog().MatchString(e.Name()):
				files = append(files, logFile(full, info))
			case depth == 0:
				others = append(others, logFile(full, info))
			}
		}
	}
	walk(path, 0)
	if len(files) == 0 {
		files = others
	}
	sortFiles(files)
	return files
}

// sortFiles puts the older file of a rotated log before the newer one.
func sortFiles(files []File) {
	slices.SortFunc(files, func(a, b File) int {
		return cmp.Or(cmp.Compare(filepath.Dir(a.Path), filepath.Dir(b.Path)), cmp.Compare(a.Source, b.Source), a.Wrote.Compare(b.Wrote), cmp.Compare(a.Path, b.Path))
	})
}

// logFile says what the path of a log tells.
func logFile(path string, info fs.FileInfo) File {
	f := File{Path: path, Source: strings.TrimSuffix(filepath.Base(path), ".log"), Wrote: info.ModTime(), Size: info.Size()}
	if m := goLog().FindStringSubmatch(filepath.Base(path)); m != nil {
		f.Source = model.SourceGopls
		if m[1] == "Go" {
			f.Source = model.SourceGoExtension
		}
	}
	for part := range strings.SplitSeq(filepath.ToSlash(path), "/") {
		if session().MatchString(part) {
			f.Begun, _ = time.ParseInLocation("20060102T150405", part, time.Local)
		}
		if window().MatchString(part) && f.Origin == "" {
			f.Origin = part
		}
	}
	return f
}

// Read hands the bytes of a log to a writer.
func Read(w *world.World, path string, to io.Writer) error {
	in, err := w.Files.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	_, err = io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{in}, make([]byte, chunk))
	return err
}

// ReadEnd hands the last bytes of a log to a writer, at most as many as most.
// The first line may be the end of one.
func ReadEnd(w *world.World, f File, most int64, to io.Writer) error {
	in, err := w.Files.Open(f.Path)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	end := io.NewSectionReader(in, max(0, f.Size-most), most)
	_, err = io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{end}, make([]byte, chunk))
	return err
}

const chunk = 256 << 10
