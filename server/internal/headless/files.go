package headless

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/gophantom/gophantom/server/internal/world"
)

// maxOpen is how many files GoFiles lists at most, and maxSeen how many
// entries of directories it looks at.
const (
	maxOpen = 2000
	maxSeen = 200_000
)

// GoFiles lists the Go files below a directory that gopls would have something
// to say about, absolute: without directories that go leaves out of "./..." and
// those of other tools. gopls shows problems of files that no package has only
// where they are open. Where there are too many to open, it lists none, and why
// says so in one sentence.
func GoFiles(w *world.World, dir string) (files []string, why string) {
	seen := 0
	for queue := []string{dir}; len(queue) > 0; queue = queue[1:] {
		entries, err := w.Files.ReadDir(queue[0])
		if err != nil {
			continue // gopls will not see it either
		}
		if seen += len(entries); seen > maxSeen {
			return nil, fmt.Sprintf("%s holds more than %d files, so none was opened: problems of files that are in no package are not seen", dir, maxSeen)
		}
		for _, e := range entries {
			name := e.Name()
			switch path := filepath.Join(queue[0], name); {
			case strings.HasPrefix(name, "."):
			case e.IsDir():
				if name != "vendor" && name != "testdata" && name != "node_modules" && !strings.HasPrefix(name, "_") {
					queue = append(queue, path)
				}
			case strings.HasSuffix(name, ".go") && e.Type().IsRegular():
				files = append(files, path)
			}
		}
		if len(files) > maxOpen {
			return nil, fmt.Sprintf("%s has more than %d Go files, so none was opened: problems of files that are in no package are not seen", dir, maxOpen)
		}
	}
	return files, ""
}
