package engine

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/observe"
	"github.com/gophantom/gophantom/server/internal/shell"
	"github.com/gophantom/gophantom/server/internal/world"
)

// Change is one look of Watch.
type Change struct {
	Assessment
	Files   []string // what changed since the look before, absolute paths
	Ended   []int    // the processes of gopls that ended since
	StartUp []string // those of Files that only a new shell reads
	Polled  []string // files that the system does not tell about, and that are looked at now and then
	Gone    bool     // the workspace cannot be looked at; its snapshot has nothing but the fault
}

// returning is when a gopls that ended is looked for again: whoever ended it
// mostly starts another, and no event tells of that.
var returning = []time.Duration{time.Second, 4 * time.Second, 15 * time.Second}

// ErrUnwatched means that nothing tells about changes.
var ErrUnwatched = errors.New("nothing here can be watched")

// Watch looks at the workspace, hands the result to report, and does so again
// whenever a file that matters changes or a gopls ends, until ctx is done,
// whose error it returns. Other errors are those of the first look, and
// ErrUnwatched.
func Watch(ctx context.Context, w *world.World, req Request, report func(Change)) error {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	files, err := w.Watch.Files(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnwatched, err)
	}
	v := watch{ctx: ctx, w: w, files: files, ended: make(chan int)}
	followed := map[int]bool{}
	var known []model.GoplsProcess
	var startUp []string
	var cause Change
	var answer shell.Answer
	gone := false
	for number := 1; ; {
		if number == 1 || len(cause.StartUp) > 0 {
			answer = askStartUp(ctx, w, req)
		}
		s, err := take(ctx, w, req, answer)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && number == 1:
			return err
		case err != nil:
			s = &model.Snapshot{Taken: w.Clock.Now(), Dir: req.Dir, Trusted: true, Faults: []model.Fault{{
				Subject: "workspace", Hides: []string{"modules"}, Text: "The workspace folder is gone, or cannot be read any more; it is looked at again when it is back.",
			}}}
		}
		s.Number, s.Reason = number, cause.reason(number)
		// What changes from here on is told.
		changed := !slices.EqualFunc(known, s.Gopls, samePID)
		back := gone && err == nil
		still := gone && err != nil
		if gone = err != nil; !gone {
			known, startUp = s.Gopls, startUpFiles(s)
			files.Set(slices.Concat(observe.WatchList(s, nil), settingsFiles(s), startUp, []string{req.Dir}))
			for _, g := range s.Gopls {
				if !followed[g.PID] {
					followed[g.PID] = true
					wg.Go(func() { v.follow(g.PID) })
				}
			}
		}
		// A look for a gopls that may come back tells nothing if it did not, nor
		// does one for a workspace that is still gone.
		if news := number == 1 || back || changed || cause.happened(); news && !still {
			number++
			cause.Assessment, cause.Gone, cause.Polled = Check(ctx, w, s, nil), gone, files.Polled()
			if ctx.Err() != nil {
				return ctx.Err()
			}
			report(cause)
		}
		for {
			if cause, err = v.next(len(known) == 0); err != nil {
				return err
			}
			// Of the folder itself, only that it is there counts.
			_, err := w.Files.Stat(req.Dir)
			touched := slices.Contains(cause.Files, req.Dir)
			if touched && (err != nil) == gone {
				cause.Files = slices.DeleteFunc(cause.Files, func(file string) bool { return file == req.Dir })
			}
			if !touched || cause.happened() {
				break
			}
		}
		for _, f := range cause.Files {
			if slices.Contains(startUp, f) {
				cause.StartUp = append(cause.StartUp, f)
			}
		}
		for _, pid := range cause.Ended {
			delete(followed, pid)
		}
	}
}

// settingsFiles are the files that set a value, and those of the folders' own
// settings, which need not exist.
func settingsFiles(s *model.Snapshot) []string {
	dirs := []string{s.Dir}
	for _, g := range s.Gopls {
		dirs = append(dirs, g.Dir)
	}
	var out []string
	for _, dir := range dirs {
		if filepath.IsAbs(dir) {
			out = append(out, filepath.Join(dir, ".vscode", "settings.json"))
		}
	}
	for _, env := range s.Envs {
		for _, l := range env.Layers {
			out = append(out, l.File)
			for _, a := range l.Vars {
				out = append(out, a.File)
			}
		}
	}
	out = slices.DeleteFunc(out, func(file string) bool { return !filepath.IsAbs(file) })
	slices.Sort(out)
	return slices.Compact(out)
}

// startUpFiles are the files that a new shell of the user would read: those it
// was seen to read, or else the usual ones of its kind.
func startUpFiles(s *model.Snapshot) []string {
	if s.StartUp != nil {
		return s.StartUp
	}
	env, _ := s.Env(model.EnvShell)
	home := env.Lookup("HOME").Value.Reveal()
	if !filepath.IsAbs(home) {
		return nil
	}
	names := []string{".profile"}
	switch filepath.Base(env.Lookup("SHELL").Value.Reveal()) {
	case "zsh":
		names = []string{".zshenv", ".zprofile", ".zshrc", ".zlogin"}
	case "bash":
		names = []string{".bash_profile", ".bash_login", ".profile", ".bashrc"}
	case "fish":
		names = []string{".config/fish/config.fish", ".config/fish/fish_variables"}
	}
	files := []string{"/etc/profile", "/etc/environment"}
	for _, name := range names {
		files = append(files, filepath.Join(home, filepath.FromSlash(name)))
	}
	return files
}

func samePID(a, b model.GoplsProcess) bool { return a.PID == b.PID && a.Started.Equal(b.Started) }

// happened reports whether there is a cause at all.
func (c Change) happened() bool { return len(c.Files)+len(c.Ended) > 0 }

// reason says what made us look.
func (c Change) reason(number int) string {
	var parts []string
	for _, pid := range c.Ended {
		parts = append(parts, fmt.Sprintf("gopls (process %d) ended", pid))
	}
	const most = 3
	for i, f := range c.Files {
		if i == most && len(c.Files) > most+1 {
			parts = append(parts, fmt.Sprintf("%d more files changed", len(c.Files)-most))
			break
		}
		parts = append(parts, f+" changed")
	}
	switch {
	case parts != nil:
		return strings.Join(parts, ", ")
	case number == 1:
		return "asked"
	}
	return "gopls started"
}

// watch waits for the causes of a look.
type watch struct {
	ctx   context.Context
	w     *world.World
	files world.FileWatch
	ended chan int
	again []time.Duration // when to look for a gopls again
}

// follow tells when a process has ended.
func (v *watch) follow(pid int) {
	if v.w.Processes.Wait(v.ctx, pid) != nil {
		return
	}
	select {
	case v.ended <- pid:
	case <-v.ctx.Done():
	}
}

// next waits until something happens, and then a little for what belongs to
// it, because tools write several files. While a gopls that ended is missed it
// returns an empty cause now and then.
func (v *watch) next(missed bool) (c Change, err error) {
	var again, settled <-chan time.Time
	if !missed {
		v.again = nil
	}
	if len(v.again) > 0 {
		again, v.again = v.w.Clock.After(v.again[0]), v.again[1:]
	}
	for {
		select {
		case <-v.ctx.Done():
			return c, v.ctx.Err()
		case file, ok := <-v.files.Events():
			if !ok {
				<-v.ctx.Done() // the watch ends with it
				return c, v.ctx.Err()
			}
			if !slices.Contains(c.Files, file) {
				c.Files = append(c.Files, filepath.Clean(file))
			}
		case pid := <-v.ended:
			c.Ended, v.again = append(c.Ended, pid), returning
		case <-again:
			return c, nil
		case <-settled:
			return c, nil
		}
		if settled == nil {
			settled = v.w.Clock.After(fileDebounce)
		}
	}
}
