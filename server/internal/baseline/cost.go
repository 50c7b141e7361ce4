package baseline

import (
	"math"
	"slices"
	"time"
)

// Costs are how long one kind of thing took, such as "go list", the oldest first.
type Costs struct {
	Samples []Sample `json:"samples"`
}

// Sample is how long it took once.
type Sample struct {
	At     time.Time `json:"at"`
	Millis float64   `json:"ms"`
}

const (
	// keptSamples is how many samples are kept of one kind.
	keptSamples = 60
	// persistent is how many samples in a row must be slow before it is said, and
	// needed how many before them make what is usual.
	persistent = 5
	needed     = 8
	// lasting is how long it must be slow: a machine may be busy for some minutes.
	lasting = 10 * time.Minute
	// slower is how many times the usual a slow sample takes at least, and
	// noticed how much more, in milliseconds: less than that nobody notices.
	slower  = 3.0
	noticed = 300.0
)

// Add keeps a sample.
func (c *Costs) Add(s Sample) {
	if s.Millis < 0 || math.IsNaN(s.Millis) || math.IsInf(s.Millis, 0) {
		return
	}
	c.Samples = append(c.Samples, s)
	if n := len(c.Samples) - keptSamples; n > 0 {
		c.Samples = slices.Delete(c.Samples, 0, n)
	}
}

// Usual returns the median of samples and the median of their distances from
// it, in milliseconds. Neither is moved by a few that are far off.
func Usual(samples []Sample) (middle, spread float64) {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = s.Millis
	}
	middle = median(values)
	for i, v := range values {
		values[i] = math.Abs(v - middle)
	}
	return middle, median(values)
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}

// Slowdown is a cost that went up and stays there.
type Slowdown struct {
	Was, Is float64   // milliseconds: the usual before and the median since
	Usual   time.Time // of the last sample before
	Since   time.Time // of the first slow sample
}

// Slowed reports whether it takes much longer than it used to, each time since
// some sample: at least five in a row, over ten minutes or more, so that a cold
// cache or a busy machine is none.
func (c Costs) Slowed() (s Slowdown, slowed bool) {
	// The longest slow tail that something usual stands before.
	for cutAt := needed; cutAt <= len(c.Samples)-persistent; cutAt++ {
		before, since := c.Samples[:cutAt], c.Samples[cutAt:]
		if since[len(since)-1].At.Sub(since[0].At) < lasting {
			break
		}
		middle, spread := Usual(before)
		// 1.4826 times the spread is a standard deviation, if what varies is normal.
		limit := max(slower*middle, middle+noticed, middle+6*1.4826*spread)
		if slices.ContainsFunc(since, func(x Sample) bool { return x.Millis <= limit }) {
			continue
		}
		is, _ := Usual(since)
		return Slowdown{middle, is, before[cutAt-1].At, since[0].At}, true
	}
	return Slowdown{}, false
}
