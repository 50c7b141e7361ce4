package fleet

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gophantom/gophantom/server/internal/world"
)

const (
	// pace is how often one of our processes sends at most, whatever happens, and
	// slowest how often when the collector does not take it.
	pace    = 5 * time.Minute
	slowest = 4 * time.Hour
	// patience is how long the collector is waited for.
	patience = 5 * time.Second
	// formatVersion is the form of the file that counts are kept in.
	formatVersion = 1
	maxFile       = 1 << 20
	// abandoned is how old the lock of a process is that did not live to remove it.
	abandoned = 30 * time.Second
)

// Reporter counts, and sends the counts of the machine from time to time while
// there are new ones. Without an endpoint, and with DO_NOT_TRACK, it does
// nothing and keeps nothing. It may be used by several goroutines.
type Reporter struct {
	w       *world.World
	version string
	changed chan struct{}

	mu       sync.Mutex
	endpoint string
	fresh    Counts // not yet in the file
}

// New makes a reporter that is off. version is ours.
func New(w *world.World, version string) *Reporter {
	return &Reporter{w: w, version: version, changed: make(chan struct{}, 1)}
}

// kept is what a machine remembers: one file for all our processes on it.
type kept struct {
	Version int       `json:"version"`
	Machine string    `json:"machine"` // random
	Since   time.Time `json:"since"`
	Counts  Counts    `json:"counts"`
}

// Forbidden reports whether the environment forbids telemetry: DO_NOT_TRACK is
// set to something that does not mean no.
func Forbidden(w *world.World) bool {
	switch strings.ToLower(world.Variables(w.Environ)["DO_NOT_TRACK"]) {
	case "", "0", "false", "no":
		return false
	}
	return true
}

// Aim sets the URL of the collector's endpoint for metrics; "" turns the
// reporter off. The error says what is wrong with it, without the URL.
func (r *Reporter) Aim(endpoint string) error {
	var err error
	if endpoint = strings.TrimSpace(endpoint); endpoint != "" {
		if err = check(endpoint); err != nil || Forbidden(r.w) {
			endpoint = ""
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.endpoint = endpoint
	if endpoint == "" {
		r.fresh = Counts{}
	}
	return err
}

func check(endpoint string) error {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil:
		return errors.New("the fleet endpoint is no URL")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return errors.New("the fleet endpoint is no http or https URL, such as https://collector.example/v1/metrics")
	}
	return nil
}

// Count adds to the counts, if the reporter is on.
func (r *Reporter) Count(add func(*Counts)) {
	r.mu.Lock()
	on := r.endpoint != ""
	if on {
		add(&r.fresh)
	}
	r.mu.Unlock()
	if on {
		select {
		case r.changed <- struct{}{}:
		default:
		}
	}
}

// Preview is the whole request that would be sent now, as JSON: what was counted
// on this machine.
func (r *Reporter) Preview() string {
	k, _, _ := r.read()
	r.mu.Lock()
	k.Counts.Add(r.fresh)
	r.mu.Unlock()
	return string(document(k.Counts, k.Machine, r.version, k.Since, r.w.Clock.Now()))
}

// Run sends until ctx is done. It waits for something to count, then for its
// turn: nothing happens while nothing is counted.
func (r *Reporter) Run(ctx context.Context) {
	wait := pace
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.changed:
		}
		// What happens together is sent together; and machines that start their
		// day together do not send together.
		pause := wait/2 + time.Duration(jitter()*float64(wait/2))
		select {
		case <-ctx.Done():
			r.save()
			return
		case <-r.w.Clock.After(pause):
		}
		if r.Flush(ctx) == nil {
			wait = pace
			continue
		}
		wait = min(2*wait, slowest)
		select {
		case r.changed <- struct{}{}: // there is still something to send
		default:
		}
	}
}

// jitter is a random number in [0, 1).
func jitter() float64 {
	var b [2]byte
	_, _ = rand.Read(b[:]) // never fails
	return float64(int(b[0])<<8|int(b[1])) / (1 << 16)
}

// Flush sends the counts of the machine now. An error means that the collector
// did not take them; they are kept and sent with the next ones.
func (r *Reporter) Flush(ctx context.Context) error {
	r.mu.Lock()
	endpoint := r.endpoint
	r.mu.Unlock()
	if endpoint == "" {
		return nil
	}
	k, err := r.save()
	if err != nil || k.Counts.Empty() {
		return err
	}
	answer, err := r.w.Net.Ask(ctx, world.Ask{
		Method: "POST", URL: endpoint, Body: document(k.Counts, k.Machine, r.version, k.Since, r.w.Clock.Now()),
		Header: map[string]string{"Content-Type": "application/json"}, Patience: patience, MaxBody: 64 << 10,
	})
	if err != nil {
		return errors.New("the collector does not answer") // the error may hold the URL
	}
	if answer.Status/100 != 2 {
		return fmt.Errorf("the collector answers with status %d", answer.Status)
	}
	return nil
}

func (r *Reporter) file() string {
	if cache := r.w.CacheDir(); cache != "" {
		return filepath.Join(cache, "gophantom", "fleet.json")
	}
	return ""
}

// read returns what the machine remembers and the bytes that say so, nil if it
// remembers nothing. A file that cannot be used is taken for none.
func (r *Reporter) read() (k kept, raw []byte, err error) {
	fresh := kept{Version: formatVersion, Machine: rand.Text()[:16], Since: r.w.Clock.Now()}
	file := r.file()
	if file == "" {
		return fresh, nil, errors.New("there is no cache directory")
	}
	raw, err = r.w.Files.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, nil, nil
	}
	if err != nil {
		return fresh, nil, errors.New("the file of the counts cannot be read")
	}
	if len(raw) > maxFile || json.Unmarshal(raw, &k) != nil || k.Version != formatVersion || !id.MatchString(k.Machine) || k.Since.IsZero() || !k.Counts.valid() {
		return fresh, raw, nil
	}
	return k, raw, nil
}

// save adds what was counted to the file, which other processes write too, and
// returns what is in it then.
func (r *Reporter) save() (k kept, err error) {
	r.mu.Lock()
	fresh := r.fresh
	r.fresh = Counts{}
	r.mu.Unlock()
	if fresh.Empty() {
		k, _, err = r.read()
		return k, err
	}
	keep := func(err error) (kept, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		fresh.Add(r.fresh)
		r.fresh = fresh
		return kept{}, err
	}
	err = r.alone(func() error {
		var raw []byte
		if k, raw, err = r.read(); err != nil {
			return err
		}
		k.Counts.Add(fresh)
		data, err := json.Marshal(k)
		switch {
		case err != nil:
		case raw == nil:
			err = r.w.Files.CreatePrivate(r.file(), data)
		default:
			err = r.w.Files.ReplaceFile(r.file(), raw, data)
		}
		if err != nil {
			return errors.New("the file of the counts cannot be written")
		}
		return nil
	})
	if err != nil {
		return keep(err)
	}
	return k, nil
}

// alone does something while no other of our processes does: a lock file says so.
// One that its process left behind is broken after a while.
func (r *Reporter) alone(do func() error) error {
	file := r.file()
	if file == "" {
		return errors.New("there is no cache directory")
	}
	file += ".lock"
	mine := []byte(rand.Text())
	for range 100 {
		err := r.w.Files.CreatePrivate(file, mine)
		if err == nil {
			defer func() { _ = r.w.Files.RemoveFile(file, mine) }()
			return do()
		}
		if !errors.Is(err, fs.ErrExist) {
			return errors.New("the file of the counts cannot be written")
		}
		if info, err := r.w.Files.Stat(file); err == nil && r.w.Clock.Now().Sub(info.ModTime()) > abandoned {
			if theirs, err := r.w.Files.ReadFile(file); err == nil {
				_ = r.w.Files.RemoveFile(file, theirs)
			}
			continue
		}
		<-r.w.Clock.After(20 * time.Millisecond)
	}
	return errors.New("another process keeps the file of the counts")
}
