package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/route"
	"github.com/gophantom/gophantom/server/internal/trace"
)

// mostRouted is how many modules an environment report tells the routes of.
const mostRouted = 300

// EnvironmentReport joins what was found in a picture with its environments and
// with the routes of what matters in it. probes are what servers answered, told
// is what logs say.
func EnvironmentReport(s *model.Snapshot, found report.Report, probes []report.Probe, told []trace.Stream) report.EnvironmentReport {
	if found.Schema == "" {
		found.Schema = report.Schema
	}
	out := report.EnvironmentReport{Schema: report.EnvironmentReportSchema, Report: found, Environments: report.EnvironmentsOf(s, Drift(s)), Timeline: timeline(found, told)}
	left := 0
	for _, env := range shownEnvs(s) {
		modules := routed(s, env, found)
		left = max(left, len(modules)-mostRouted)
		for _, r := range Routes(s, env, "", modules[:min(mostRouted, len(modules))]...) {
			for i, p := range probes {
				if p.Environment == r.Environment && p.Module+"@"+p.Version == r.Module+"@"+r.Version {
					r.Probe = &probes[i]
				}
			}
			out.Routes = append(out.Routes, r)
		}
	}
	if left > 0 {
		out.Environments.Notes = append(out.Environments.Notes,
			fmt.Sprintf("The routes of %d more required modules are left out here; “gophantom route” tells of each of them.", left))
	}
	out.Carry(s)
	return out
}

// routed are the modules whose routes a report tells: what findings name and
// what is not downloaded yet come before the rest of what is required.
func routed(s *model.Snapshot, env model.Env, found report.Report) []route.Module {
	required := Requirements(s, env)
	missing, _ := s.Missing(env)
	names := slices.Clone(missing)
	for _, f := range found.Findings {
		names = append(names, f.Args["module"])
	}
	var first []route.Module
	for _, name := range names {
		// A finding may name a module without its version, or what is none.
		i := slices.IndexFunc(required, func(m route.Module) bool { return m.Path == name || m.Path+"@"+m.Version == name })
		if i >= 0 && !slices.Contains(first, required[i]) {
			first = append(first, required[i])
		}
	}
	for _, m := range required {
		if !slices.Contains(first, m) {
			first = append(first, m)
		}
	}
	return first
}

// EnvironmentReport is the newest report with the environments and routes of
// the folder that a file is in; "" is the first folder. ok is false where nothing
// was looked at yet.
func (l *Loop) EnvironmentReport(ctx context.Context, file string) (r report.EnvironmentReport, ok bool) {
	s, ok := l.pictureOf(file)
	if !ok {
		return r, false
	}
	l.mu.Lock()
	found, ownLogs := l.update.Report, ""
	if l.facts != nil {
		ownLogs = l.facts.LogFolder
	}
	var probes []report.Probe
	for _, p := range l.probed {
		if p.dir == s.Dir {
			probes = append(probes, p.answer)
		}
	}
	l.mu.Unlock()
	var told []trace.Stream
	if ownLogs != "" {
		told = Logged(ctx, l.w, ownLogs, s.Folders)
	}
	return EnvironmentReport(s, found, probes, told), true
}
