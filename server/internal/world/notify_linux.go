package world

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// inotify is the notifier of Linux. fsnotify would do, but it finds a
// directory by its path, which goes wrong while directories are renamed.
type inotify struct {
	fd   int
	file *os.File // the same, read through the runtime's poller
	out  chan []note
	done chan struct{}
}

// What is wanted of a directory: that it goes itself, and what happens in it.
// The names of removed files that are still open are not; nor are its
// permissions alone, because the kernel tells those of all entries with them.
const (
	inotifySelf = unix.IN_DELETE_SELF | unix.IN_MOVE_SELF | unix.IN_ONLYDIR | unix.IN_EXCL_UNLINK | unix.IN_MASK_ADD
	inotifyAll  = inotifySelf | unix.IN_ATTRIB | unix.IN_MODIFY | unix.IN_CREATE | unix.IN_DELETE | unix.IN_MOVE
)

func newNotifier() (notifier, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("inotify: %w", err)
	}
	n := &inotify{fd: fd, file: os.NewFile(uintptr(fd), "inotify"), out: make(chan []note), done: make(chan struct{})}
	go n.read()
	return n, nil
}

func (n *inotify) add(dir string, all bool) (dirKey, error) {
	mask := uint32(inotifySelf)
	if all {
		mask = inotifyAll
	}
	wd, err := unix.InotifyAddWatch(n.fd, dir, mask)
	switch {
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.ENOMEM):
		return dirKey{}, fmt.Errorf("%s: %w: %w", dir, errLimit, err)
	case err != nil:
		return dirKey{}, fmt.Errorf("%s: %w", dir, err)
	}
	return dirKey{wd: int32(wd)}, nil
}

func (n *inotify) remove(key dirKey) {
	_, _ = unix.InotifyRmWatch(n.fd, uint32(key.wd)) // fails if it went with its directory
}

func (n *inotify) notes() <-chan []note { return n.out }

func (n *inotify) close() {
	close(n.done)
	_ = n.file.Close()
}

// read passes on what the kernel tells until the notifier is closed.
func (n *inotify) read() {
	defer close(n.out)
	buf := make([]byte, 64<<10)
	for {
		size, err := n.file.Read(buf)
		if err != nil {
			return
		}
		var batch []note
		for rest := buf[:size]; len(rest) >= unix.SizeofInotifyEvent; {
			word := func(i int) uint32 { return binary.NativeEndian.Uint32(rest[4*i:]) }
			wd, mask, length := int32(word(0)), word(1), int(word(3))
			base := strings.TrimRight(string(rest[unix.SizeofInotifyEvent:unix.SizeofInotifyEvent+length]), "\x00")
			rest = rest[unix.SizeofInotifyEvent+length:]
			what := note{dir: dirKey{wd: wd}, base: base, op: opEntry}
			switch {
			case mask&unix.IN_Q_OVERFLOW != 0:
				what = note{op: opLost}
			case mask&unix.IN_MODIFY != 0:
				what.op = opWrite
			case mask&unix.IN_ATTRIB != 0:
				what.op = opAttrs
			}
			batch = append(batch, what)
		}
		select {
		case n.out <- batch:
		case <-n.done:
			return
		}
	}
}
