package observe

import (
	"maps"
	"slices"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
)

// runKey is one run of gopls, as far as it serves one folder.
type runKey struct {
	pid     int
	started time.Time
	folder  string
}

// goplsRun is what the settings had for one run of gopls since we first saw it.
type goplsRun struct {
	looked  time.Time
	env     map[string]model.Assignment // build.env, all that it ever had
	flags   buildFlags                  // the last that gopls was told
	overlay map[string]model.Assignment // both, at the last look
	changes []model.SettingChange
}

// buildFlags are the build flags of gopls, and the setting they come from.
type buildFlags struct {
	list []string
	from settingValue
	key  string // "" if gopls is told of none
	note string
}

// mostChanges is how many changes of settings are kept of one run.
const mostChanges = 20

// goplsOverlay is what the settings lay over the environment of the go commands
// of one gopls, build flags among them. below is the environment that they lie
// over. gopls adds what is new in its settings to what it has, and forgets
// nothing until it ends: what was removed since we first saw the process is
// still there.
func (o *observer) goplsOverlay(g model.GoplsProcess, settings effectiveSettings, below map[string]string) model.Layer {
	layer := goplsLayer(settings)
	flags := buildFlags{note: "with the build flags of gopls"}
	flags.list, flags.from, flags.key = goplsFlags(settings)
	m := o.in.Memory
	if m == nil || g.PID == 0 {
		return o.withFlags(layer, below, flags)
	}
	key := runKey{g.PID, g.Started, o.in.Dir}
	m.mu.Lock()
	defer m.mu.Unlock()
	run, known := m.runs[key]
	if !known {
		if m.runs == nil {
			m.runs = map[runKey]*goplsRun{}
		}
		run = &goplsRun{env: map[string]model.Assignment{}}
		m.runs[key] = run
	}
	for name, a := range run.env {
		if _, there := layer.Vars[name]; !there {
			a.File, a.Line, a.Note = "", 0, model.NoteRemoved
			layer.Vars[name] = a
		}
	}
	// gopls has the settings of one folder of several beside those of the
	// workspace, and takes what is gone from them as gone.
	if flags.key == "" && len(run.flags.list) > 0 && run.flags.from.Origin.Scope != "folder" {
		flags = buildFlags{list: run.flags.list, note: model.NoteRemoved}
	}
	env := maps.Clone(layer.Vars)
	whole := o.withFlags(layer, below, flags)
	if known {
		run.note(o, env, flags, whole.Vars)
	}
	maps.Copy(run.env, env)
	run.flags.list = flags.list
	if flags.note != model.NoteRemoved {
		run.flags = flags
	}
	run.looked, run.overlay = o.s.Taken, whole.Vars
	if o.s.SettingChanges == nil {
		o.s.SettingChanges = slices.Clone(run.changes)
	}
	return whole
}

// note writes down how what the settings have now differs from what they had at
// the last look.
func (run *goplsRun) note(o *observer, env map[string]model.Assignment, flags buildFlags, overlay map[string]model.Assignment) {
	names := map[string]bool{}
	for name, a := range env {
		if before, there := run.env[name]; !there || before.Value != a.Value {
			names[name] = true
		}
	}
	if !slices.Equal(flags.list, run.flags.list) {
		names["GOFLAGS"] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		c := model.SettingChange{Variable: name, Setting: "gopls.build.env", At: o.s.Taken}
		if name == "GOFLAGS" && !slices.Equal(flags.list, run.flags.list) {
			c.Setting = flags.key
			if c.Setting == "" {
				c.Setting = run.flags.key
			}
		}
		if a, there := run.overlay[name]; there {
			c.Old = &a
		}
		if a, there := overlay[name]; there {
			c.New = &a
			// The file is older than the look that finds it changed.
			if info, err := o.w.Files.Stat(a.File); a.File != "" && err == nil && info.ModTime().After(run.looked) && info.ModTime().Before(c.At) {
				c.At = info.ModTime()
			}
		}
		run.changes = append(run.changes, c)
	}
	run.changes = run.changes[max(0, len(run.changes)-mostChanges):]
}
