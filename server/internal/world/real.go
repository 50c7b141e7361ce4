package world

import (
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/shirou/gopsutil/v4/process"
)

// stableStartTimes makes gopsutil compute the boot time of Linux once: start
// times tell apart two processes that had the same number.
var stableStartTimes = sync.OnceFunc(func() { process.EnableBootTimeCache(true) })

// Real is the machine we run on.
func Real() *World {
	stableStartTimes()
	dir, _ := os.Getwd()
	self, _ := os.Executable()
	mounted := &mounts{list: networkMounts}
	files := newPatientFiles(unguarded, mounted)
	return &World{
		Files:      files,
		Exec:       realExec{},
		Processes:  realProcesses{},
		Clock:      realClock{},
		Watch:      realWatch{notifier: newNotifier, files: files, remote: mounted.remote, every: pollEvery},
		Net:        realNet{},
		Environ:    Canonical(runtime.GOOS, os.Environ()),
		Dir:        dir,
		Self:       self,
		PID:        os.Getpid(),
		PPID:       os.Getppid(),
		UID:        os.Getuid(),
		GOOS:       runtime.GOOS,
		Registered: registered,
	}
}

type realClock struct{}

func (realClock) Now() time.Time                         { return time.Now() }
func (realClock) After(d time.Duration) <-chan time.Time { return time.After(d) }
