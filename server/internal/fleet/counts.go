// Package fleet counts what Go Phantom found and cured, for a team that wants
// to know how its machines fare, and sends the counts to the collector that the
// team runs already, as OTLP metrics.
//
// It knows counts: ids of rules, words of verdicts, outcomes, durations. It must
// not know anything else: no value, path, module or host name can be put in.
package fleet

import (
	"cmp"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Counts are what is sent. The zero value is empty.
type Counts struct {
	Findings  map[string]int64 `json:"findings,omitzero"` // by id of the rule
	Verdicts  map[string]int64 `json:"verdicts,omitzero"` // by "kind cause"
	Cures     map[string]int64 `json:"cures,omitzero"`    // by outcome
	ToVerdict Histogram        `json:"toVerdict,omitzero"`
	ToCure    Histogram        `json:"toCure,omitzero"`
}

// Histogram counts durations by the bounds of its kind, in seconds.
type Histogram struct {
	Buckets []int64 `json:"buckets,omitzero"` // one more than there are bounds
	Sum     float64 `json:"sum,omitzero"`
}

// bounds of the two histograms, in seconds: an answer while one looks at it, up
// to giving up.
var bounds = []float64{0.5, 1, 2, 5, 10, 30, 120}

// word is what may be a label: ids of rules and words of verdicts are, a path, a
// host or a module is not.
var word = regexp.MustCompile(`^[a-z][a-z-]{0,47}$`)

// other stands for what is no word, and for words beyond mostLabels.
const (
	other      = "other"
	mostLabels = 128
)

func count(m *map[string]int64, label string) {
	if *m == nil {
		*m = map[string]int64{}
	}
	if _, known := (*m)[label]; !known && len(*m) >= mostLabels {
		label = other
	}
	(*m)[label]++
}

func asWord(s string) string {
	if !word.MatchString(s) {
		return other
	}
	return s
}

// Found counts a finding of a rule.
func (c *Counts) Found(rule string) { count(&c.Findings, asWord(rule)) }

// Judged counts a verdict, such as "phantom" with the cause "env" ("" if it has
// none), and how long it took since the look that saw the problem.
func (c *Counts) Judged(kind, cause string, took time.Duration) {
	label := asWord(kind)
	if cause != "" {
		label += " " + asWord(cause)
	}
	count(&c.Verdicts, label)
	c.ToVerdict.add(took)
}

// Cured counts a cure by its outcome, such as "cured" or "failed", and how long
// it took since the user asked for it.
func (c *Counts) Cured(outcome string, took time.Duration) {
	count(&c.Cures, asWord(outcome))
	c.ToCure.add(took)
}

func (h *Histogram) add(d time.Duration) {
	if len(h.Buckets) != len(bounds)+1 {
		*h = Histogram{Buckets: make([]int64, len(bounds)+1)}
	}
	seconds := max(d.Seconds(), 0)
	i, _ := slices.BinarySearch(bounds, seconds) // a bound belongs to the bucket below it, as in OTLP
	h.Buckets[i]++
	h.Sum += seconds
}

// Empty reports whether nothing was counted.
func (c *Counts) Empty() bool {
	return len(c.Findings) == 0 && len(c.Verdicts) == 0 && len(c.Cures) == 0 && len(c.ToVerdict.Buckets) == 0 && len(c.ToCure.Buckets) == 0
}

// id is what a machine is named by.
var id = regexp.MustCompile(`^[A-Z2-7]{16}$`)

// valid reports whether counts that were read from a file are of our making.
func (c *Counts) valid() bool {
	for _, m := range []map[string]int64{c.Findings, c.Verdicts, c.Cures} {
		for label, n := range m {
			kind, cause, two := strings.Cut(label, " ")
			if n < 0 || !word.MatchString(kind) || two && !word.MatchString(cause) {
				return false
			}
		}
		if len(m) > mostLabels+1 {
			return false
		}
	}
	for _, h := range []Histogram{c.ToVerdict, c.ToCure} {
		if n := len(h.Buckets); n != 0 && n != len(bounds)+1 || h.Sum < 0 || slices.Min(append([]int64{0}, h.Buckets...)) < 0 {
			return false
		}
	}
	return true
}

// Add adds other counts.
func (c *Counts) Add(o Counts) {
	sum := func(into *map[string]int64, from map[string]int64) {
		for label, n := range from {
			if *into == nil {
				*into = map[string]int64{}
			}
			if _, known := (*into)[label]; !known && len(*into) >= mostLabels {
				label = other
			}
			(*into)[label] += n
		}
	}
	sum(&c.Findings, o.Findings)
	sum(&c.Verdicts, o.Verdicts)
	sum(&c.Cures, o.Cures)
	c.ToVerdict.merge(o.ToVerdict)
	c.ToCure.merge(o.ToCure)
}

func (h *Histogram) merge(o Histogram) {
	if len(o.Buckets) != len(bounds)+1 {
		return
	}
	if len(h.Buckets) != len(bounds)+1 {
		*h = Histogram{Buckets: make([]int64, len(bounds)+1)}
	}
	for i, n := range o.Buckets {
		h.Buckets[i] += n
	}
	h.Sum += o.Sum
}

// The part of OTLP's JSON form that we write:
// opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest. Numbers
// of 64 bits are strings there.
type (
	request struct {
		ResourceMetrics []resourceMetrics `json:"resourceMetrics"`
	}
	resourceMetrics struct {
		Resource     resource       `json:"resource"`
		ScopeMetrics []scopeMetrics `json:"scopeMetrics"`
	}
	resource struct {
		Attributes []attribute `json:"attributes"`
	}
	scopeMetrics struct {
		Scope   scope    `json:"scope"`
		Metrics []metric `json:"metrics"`
	}
	scope struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	metric struct {
		Name        string         `json:"name"`
		Description string         `json:"description"`
		Unit        string         `json:"unit"`
		Sum         *sum           `json:"sum,omitzero"`
		Histogram   *histogramData `json:"histogram,omitzero"`
	}
	sum struct {
		DataPoints             []point `json:"dataPoints"`
		AggregationTemporality int     `json:"aggregationTemporality"`
		IsMonotonic            bool    `json:"isMonotonic"`
	}
	histogramData struct {
		DataPoints             []point `json:"dataPoints"`
		AggregationTemporality int     `json:"aggregationTemporality"`
	}
	point struct {
		Attributes        []attribute `json:"attributes,omitzero"`
		StartTimeUnixNano string      `json:"startTimeUnixNano"`
		TimeUnixNano      string      `json:"timeUnixNano"`
		AsInt             string      `json:"asInt,omitzero"`
		Count             string      `json:"count,omitzero"`
		Sum               *float64    `json:"sum,omitzero"`
		BucketCounts      []string    `json:"bucketCounts,omitzero"`
		ExplicitBounds    []float64   `json:"explicitBounds,omitzero"`
	}
	attribute struct {
		Key   string         `json:"key"`
		Value attributeValue `json:"value"`
	}
	attributeValue struct {
		StringValue string `json:"stringValue"`
	}
)

// cumulative is AGGREGATION_TEMPORALITY_CUMULATIVE: a request that is lost costs
// nothing, since the next one has its counts too.
const cumulative = 2

func text(key, value string) attribute { return attribute{key, attributeValue{value}} }

// document is the OTLP request for what was counted on a machine since a time.
// The machine is named by a random word alone.
func document(c Counts, machine, version string, since, now time.Time) []byte {
	at := func(p point) point {
		p.StartTimeUnixNano, p.TimeUnixNano = strconv.FormatInt(since.UnixNano(), 10), strconv.FormatInt(now.UnixNano(), 10)
		return p
	}
	counter := func(name, description, unit string, m map[string]int64, labels func(label string) []attribute) *metric {
		if len(m) == 0 {
			return nil
		}
		s := &sum{AggregationTemporality: cumulative, IsMonotonic: true}
		for _, label := range slices.Sorted(maps.Keys(m)) {
			s.DataPoints = append(s.DataPoints, at(point{Attributes: labels(label), AsInt: strconv.FormatInt(m[label], 10)}))
		}
		return &metric{Name: name, Description: description, Unit: unit, Sum: s}
	}
	histogram := func(name, description string, h Histogram) *metric {
		if len(h.Buckets) != len(bounds)+1 {
			return nil
		}
		p := point{Sum: &h.Sum, ExplicitBounds: bounds}
		total := int64(0)
		for _, n := range h.Buckets {
			total += n
			p.BucketCounts = append(p.BucketCounts, strconv.FormatInt(n, 10))
		}
		p.Count = strconv.FormatInt(total, 10)
		return &metric{Name: name, Description: description, Unit: "s", Histogram: &histogramData{[]point{at(p)}, cumulative}}
	}
	one := func(key string) func(string) []attribute {
		return func(label string) []attribute { return []attribute{text(key, label)} }
	}
	metrics := []metric{}
	for _, m := range []*metric{
		counter("gophantom.findings", "Findings that appeared, by rule.", "{finding}", c.Findings, one("rule")),
		counter("gophantom.verdicts", "Verdicts about problems of gopls, by kind and cause.", "{verdict}", c.Verdicts, func(label string) []attribute {
			kind, cause, _ := strings.Cut(label, " ")
			return []attribute{text("verdict", kind), text("cause", cmp.Or(cause, "none"))}
		}),
		counter("gophantom.cures", "Cures that were tried, by outcome.", "{cure}", c.Cures, one("outcome")),
		histogram("gophantom.time_to_verdict", "From the look that saw a problem to its verdict.", c.ToVerdict),
		histogram("gophantom.time_to_cure", "From a cure being asked for to its outcome.", c.ToCure),
	} {
		if m != nil {
			metrics = append(metrics, *m)
		}
	}
	out, _ := json.MarshalIndent(request{[]resourceMetrics{{
		Resource:     resource{[]attribute{text("service.name", "gophantom"), text("service.version", version), text("service.instance.id", machine)}},
		ScopeMetrics: []scopeMetrics{{scope{"gophantom", version}, metrics}},
	}}}, "", "  ") // it has no value that JSON cannot hold
	return out
}
