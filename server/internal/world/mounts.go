package world

import (
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

// mountsAge is how long the list of mounts is believed.
const mountsAge = 10 * time.Second

// mounts knows which paths are on file systems that another machine serves:
// those can stall, and do not tell what others do. It asks the system's list of
// mounts, which does not touch the file systems themselves.
type mounts struct {
	list func() []string // the roots of network file systems
	mu   sync.Mutex
	at   time.Time
	have []string
}

// roots returns the roots of the network file systems that are mounted.
func (m *mounts) roots() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now := time.Now(); now.Sub(m.at) > mountsAge {
		m.have, m.at = m.list(), now
	}
	return m.have
}

// rootOf returns the root of the network file system that a path is on; ""
// if it is on none. The path must have no symlinks to be judged rightly.
func (m *mounts) rootOf(path string) string {
	best := ""
	for _, root := range m.roots() {
		if within(path, root) && len(root) > len(best) {
			best = root
		}
	}
	if runtime.GOOS == "windows" && best == "" {
		if volume := filepath.VolumeName(path); strings.HasPrefix(volume, `\\`) && !strings.HasPrefix(volume, `\\?\`) && !strings.HasPrefix(volume, `\\.\`) {
			return volume
		}
	}
	return best
}

func (m *mounts) remote(path string) bool { return m.rootOf(path) != "" }

// within reports whether a path is root or below it.
func within(path, root string) bool {
	rest, ok := strings.CutPrefix(path, root)
	return ok && (rest == "" || rest[0] == filepath.Separator || strings.HasSuffix(root, separator))
}
