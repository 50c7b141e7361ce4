package rules

import (
	"fmt"
	"time"

	"github.com/gophantom/gophantom/server/internal/model"
)

const (
	// bigCost, in milliseconds, and bigRatio are from when on a slowdown is more than
	// a remark.
	bigCost  = 10_000
	bigRatio = 10
)

var costDrift = Rule{
	ID:     "cost-drift",
	Family: "toolchain, GOROOT, directories, cgo",
	Title:  "go, gopls or the shell takes much longer than it used to",
	Refs: []Ref{
		{"", "the last five times or more, over ten minutes or more, took three times as long as usual", ""},
	},
	Severity: model.Warning,
	Messages: map[string]string{
		"list":          `“go list” takes {is} where {was} was usual, each time since {since}.`,
		"list-changed":  `“go list” takes {is} where {was} was usual, each time since {changed} changed ({place}).`,
		"load":          `gopls loads in {is} where {was} was usual, each time since {since}.`,
		"load-changed":  `gopls loads in {is} where {was} was usual, each time since {changed} changed ({place}).`,
		"shell":         `The shell starts in {is} where {was} was usual, each time since {since}.`,
		"shell-changed": `The shell starts in {is} where {was} was usual, each time since {changed} changed.`,
	},
	Doc: Doc{
		Symptom: "Nothing is red, but completion, diagnostics and builds come late, and they used not to. Nobody says so: neither go nor gopls knows what is usual here.",
		Cause:   "Gophantom remembers how long `go list` takes in your shell, how long gopls takes to load, and how long your shell takes to start, in each folder. What is usual is the median of those before; slow is more than three times that, more than 0.3 seconds above it, and far outside of how it varies. One slow run is a cold cache, a busy machine or one that slept; this speaks of five or more in a row, over ten minutes or more. A module that grows little by little is not slow.\n\nIf one thing changed at that time that can do it, it is named: flags in GOFLAGS, another GOPROXY, another build cache, a packages driver, another go or gopls, or a start-up file of the shell. With several, none is named.",
		Cure:    "Put back what changed, if it is named, and see whether it helps. Otherwise `gophantom trace -- go list ./...` tells what go asks, runs and waits for; `gophantom baseline diff` tells what else changed.\n\nIf it is to be so, nothing has to be done: once enough runs took as long, that is usual.",
		Undo:    "Set the old value again where it was set.",
	},
	Check: func(s *model.Snapshot) []model.Finding {
		var found []model.Finding
		for _, slow := range s.Slow {
			f := model.Finding{
				Severity: model.Info, Subject: slow.What, Environments: []model.EnvName{model.EnvShell},
				Args: values("is", inSeconds(slow.Is), "was", inSeconds(slow.Was), "since", clock(slow.Since, s.Taken)),
			}
			switch slow.What {
			case model.CostGoList:
				f.Message = "list"
			case model.CostShell:
				f.Message = "shell"
			case model.CostGoplsLoad:
				f.Message, f.Environments = "load", []model.EnvName{model.EnvGopls}
			default:
				continue
			}
			if slow.Is >= bigCost && slow.Is >= bigRatio*slow.Was {
				f.Severity = model.Warning
			}
			if slow.Changed != "" {
				f.Message += "-changed"
				f.Args["changed"], f.Args["place"] = model.NewValue(slow.Changed), model.NewValue(clock(slow.Since, s.Taken))
				if slow.Env != "" { // it joins what else is about this variable
					f.Subject, f.Environments = slow.Changed, []model.EnvName{slow.Env}
				}
				if o := slow.Origin; o.File != "" {
					f.Origin = &o
					if o.Line > 0 {
						f.Args["place"] = model.NewValue(fmt.Sprintf("%s:%d", short(s, o.File), o.Line))
					}
				}
			}
			found = append(found, f)
		}
		return found
	},
}

// inSeconds is how long something takes, for people.
func inSeconds(millis float64) string {
	if millis < 1000 {
		return fmt.Sprintf("%.2f s", millis/1000)
	}
	return fmt.Sprintf("%.1f s", millis/1000)
}

// clock is a time of day, with the date if that is another day than now.
func clock(t, now time.Time) string {
	t = t.In(now.Location())
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format("15:04")
	}
	return t.Format("2006-01-02 15:04")
}
