package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Baseline is what was known already, by fingerprint.
type Baseline struct{ known map[string]bool }

// ReadBaseline reads what "gophantom check" wrote before, as JSON or as SARIF.
func ReadBaseline(file []byte) (Baseline, error) {
	b := Baseline{map[string]bool{}}
	d := json.NewDecoder(bytes.NewReader(file))
	for first := true; ; first = false {
		var doc struct {
			Report
			Version string     `json:"version"`
			Runs    []sarifRun `json:"runs"`
		}
		err := d.Decode(&doc)
		switch {
		case errors.Is(err, io.EOF) && !first:
			return b, nil
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return b, errors.New("it breaks off: the file is not complete")
		case err != nil:
			return b, errors.New("it is neither JSON nor SARIF of “gophantom check”")
		case doc.Runs != nil:
			for _, run := range doc.Runs {
				for _, result := range run.Results {
					print, ok := result.Fingerprints[fingerprintKey]
					if !ok {
						return b, fmt.Errorf("its results have no fingerprint %s: write it anew with this gophantom", fingerprintKey)
					}
					b.known[print] = true
				}
			}
		case doc.Schema == Schema:
			for _, i := range issuesOf(doc.Report) {
				b.known[i.fingerprint] = true
			}
		default:
			return b, errors.New("it is neither JSON nor SARIF of “gophantom check”")
		}
	}
}

// New is the report without what the baseline knows. What could not be decided
// stays, for it may hide something new.
func (b Baseline) New(all Report) Report {
	news := all
	news.Findings, news.Problems = []Finding{}, []Problem{}
	// The fingerprints stand in the order of the report, those that are alike
	// numbered through, so what is left is asked for in the whole report.
	issues := issuesOf(all)
	for i, f := range all.Findings {
		if b.known[issues[i].fingerprint] {
			news.Known++
			continue
		}
		news.Findings = append(news.Findings, f)
	}
	at := len(all.Findings) + len(all.Accepted)
	for _, p := range all.Problems {
		if !slices.ContainsFunc(verdictRules, func(v Rule) bool { return v.ID == "verdict-"+p.Verdict }) {
			news.Problems = append(news.Problems, p)
			continue
		}
		if b.known[issues[at].fingerprint] {
			news.Known++
		} else {
			news.Problems = append(news.Problems, p)
		}
		at++
	}
	news.Health = news.health()
	return news
}

// health is the worst of a report, as far as the report tells.
func (r Report) health() string {
	health := "ok"
	for _, f := range r.Findings {
		switch f.Severity {
		case "error":
			return "error"
		case "warning":
			health = "warning"
		}
	}
	unknown := len(r.Unknown) > 0
	for _, p := range r.Problems {
		switch p.Verdict {
		case "phantom", "stale-green":
			health = "warning"
		case "unknown":
			unknown = true
		}
	}
	if health == "ok" && unknown {
		return "unknown"
	}
	return health
}
