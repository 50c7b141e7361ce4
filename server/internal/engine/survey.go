package engine

import (
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/gophantom/gophantom/server/internal/cause"
	"github.com/gophantom/gophantom/server/internal/drift"
	"github.com/gophantom/gophantom/server/internal/fix"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/rules"
	"github.com/gophantom/gophantom/server/internal/world"
)

// survey is what one look found: an assessment of each workspace folder, in
// the order of the folders. There is at least one, and all have one number.
type survey []Assessment

// problemsIn returns the problems that the picture of a folder has to judge:
// those of files in it and in no folder below it. A file outside every folder
// is the first one's.
func problemsIn(facts *EditorFacts, folder int) []model.Problem {
	var out []model.Problem
	for _, p := range facts.Problems {
		owner := 0
		for i, dir := range facts.Folders {
			if inside(dir, p.File) && (!inside(facts.Folders[owner], p.File) || len(dir) > len(facts.Folders[owner])) {
				owner = i
			}
		}
		if owner == folder {
			out = append(out, p)
		}
	}
	return out
}

// snapshots are the pictures of the folders.
func (v survey) snapshots() (out []*model.Snapshot) {
	for _, a := range v {
		out = append(out, a.Snapshot)
	}
	return out
}

// after is a look that knows what happened before it, and which baselines were
// read.
func (v survey) after(events []report.HistoryEvent, read *readBaselines) survey {
	out := slices.Clone(v)
	for i := range out {
		out[i].Happened, out[i].read = events, read
	}
	return out
}

// report renders a look as one report. What every folder has alike is in it
// once; what only one has names its folder.
func (v survey) report(w *world.World) report.Report {
	if len(v) == 1 {
		return v[0].Report(w)
	}
	out := v[0].bare(w)
	graphs := []cause.Graph{v[0].graph(w, &out)}
	for i := range out.Findings {
		out.Findings[i].Folder = v[0].Snapshot.Dir
	}
	for i := range out.Accepted {
		out.Accepted[i].Finding.Folder = v[0].Snapshot.Dir
	}
	for _, a := range v[1:] {
		r := a.bare(w)
		graphs = append(graphs, a.graph(w, &r))
		for _, f := range r.Findings {
			f.Folder = a.Snapshot.Dir
			at := slices.IndexFunc(out.Findings, func(g report.Finding) bool { return alike(f, g) })
			if at < 0 {
				out.Findings = append(out.Findings, f)
				continue
			}
			out.Findings[at].Folder = ""
		}
		for _, f := range r.Accepted {
			f.Finding.Folder = a.Snapshot.Dir
			if !slices.ContainsFunc(out.Accepted, func(g report.Accepted) bool { return alike(f.Finding, g.Finding) }) {
				out.Accepted = append(out.Accepted, f)
			}
		}
		out.Problems = append(out.Problems, r.Problems...)
		for _, u := range r.Unknown {
			if !slices.Contains(out.Unknown, u) {
				out.Unknown = append(out.Unknown, u)
			}
		}
		out.Health = worse(out.Health, r.Health)
	}
	out.Graph = publicGraph(cause.Join(graphs...))
	return out
}

// alike reports whether two findings of different folders say the same.
func alike(f, g report.Finding) bool {
	var a, b report.Origin
	if f.Origin != nil {
		a = *f.Origin
	}
	if g.Origin != nil {
		b = *g.Origin
	}
	samePlace := a.File != "" && a.File == b.File && a.Line == b.Line // whoever has only a copy of it
	return f.Rule == g.Rule && f.Subject == g.Subject && f.Message == g.Message && (samePlace || reflect.DeepEqual(f.Origin, g.Origin))
}

// worse returns the worse of two healths.
func worse(a, b string) string {
	order := []string{"ok", "unknown", "warning", "error"}
	return order[max(slices.Index(order, a), slices.Index(order, b))]
}

// headline is the most important thing to know, in one sentence.
func (v survey) headline(r report.Report) string {
	unjudged := 0
	for _, a := range v {
		for _, verdict := range a.Verdicts {
			if !judged(verdict.Problem) {
				unjudged++
			}
		}
	}
	return headline(r, unjudged)
}

// details are the facts behind the health, for a tooltip; each once.
func (v survey) details() []string {
	var out []string
	for _, a := range v {
		for _, detail := range a.details() {
			if !slices.Contains(out, detail) {
				out = append(out, detail)
			}
		}
	}
	return out
}

// details are the facts behind the health of one folder.
func (a Assessment) details() []string {
	s := a.Snapshot
	var out []string
	if s.Editor != nil {
		if machine := s.Editor.Machine(); machine != "" {
			out = append(out, "This is "+machine+".")
		}
	}
	for _, g := range s.Gopls {
		out = append(out, fmt.Sprintf("gopls %s, built with %s", known(g.Version), known(g.GoVersion)))
	}
	if t, ok := s.ToolchainOf(model.EnvShell); ok {
		where := "shell"
		if len(s.Folders) > 1 {
			where = "shell in " + filepath.Base(s.Dir)
		}
		out = append(out, where+": "+known(t.Version))
	}
	for _, f := range s.Faults {
		if f.Location == nil {
			out = append(out, show(f.Text))
		}
	}
	return out
}

func known(version string) string {
	if version == "" {
		return "(version unknown)"
	}
	return version
}

// sync tells whether gopls, or the tools of an editor in which none runs, has
// the environment of the shell in every folder.
func (v survey) sync() Sync {
	all := SyncYes
	for _, a := range v {
		s := a.Snapshot
		tools := model.EnvGopls
		if _, runs := s.Env(tools); !runs {
			tools = model.EnvTools
		}
		for _, name := range []model.EnvName{model.EnvShell, tools} {
			if env, ok := s.Env(name); !ok || !env.Complete {
				all = SyncUnknown
			}
		}
		if slices.ContainsFunc(drift.Between(s, model.EnvShell, tools), func(d model.Drift) bool { return d.Matters }) {
			return SyncNo
		}
	}
	return all
}

// offers lists every fix on offer, the best first: what cures a proven
// phantom before what only mends a finding, then by side effects.
func (v survey) offers() []offer {
	var out []offer
	add := func(o offer) {
		if !slices.ContainsFunc(out, func(p offer) bool { return p.key() == o.key() }) {
			out = append(out, o)
		}
	}
	for _, a := range v {
		for _, verdict := range a.Verdicts {
			for _, f := range verdict.Fixes {
				add(offer{FixOffer: f, in: a.Snapshot, verdict: &verdict, contextID: verdict.ContextID})
			}
		}
	}
	proven := len(out)
	for _, a := range v {
		for _, f := range a.Findings {
			for _, o := range f.Fixes {
				add(offer{FixOffer: o, in: a.Snapshot, rule: f.Rule, subject: f.Subject, contextID: f.ContextID})
			}
		}
	}
	slices.SortStableFunc(out[:proven], rank)
	slices.SortStableFunc(out[proven:], rank)
	return out
}

// offer is a fix with what it is to cure.
type offer struct {
	model.FixOffer
	in            *model.Snapshot // the picture it was made for
	verdict       *model.Verdict  // the phantom it cures; nil for a finding
	rule, subject string          // the finding it cures
	contextID     string          // of the cause that it cures
}

// key is the same for offers that do the same.
func (o offer) key() string {
	var b strings.Builder
	b.WriteString(o.ID + "\x00" + folderOf(o.FixOffer, o.in))
	for _, name := range slices.Sorted(maps.Keys(o.Args)) {
		b.WriteString("\x00" + name + "\x00" + o.Args[name].Reveal())
	}
	return b.String()
}

// folderOf is the folder that a fix is about; "" where it does the same in
// every folder, or where there is only one.
func folderOf(o model.FixOffer, s *model.Snapshot) string {
	perFolder := []string{fix.UseShellValue, fix.SessionEnv, fix.ReloadGopls, fix.ReloadBySetting, fix.WorkUse}
	if !slices.Contains(perFolder, o.ID) || len(s.Folders) < 2 {
		return ""
	}
	return s.Dir
}

// requested reports whether an offer is the one that a request names.
func (o offer) requested(r FixRequest) bool {
	if o.ID != r.Fix || show(folderOf(o.FixOffer, o.in)) != r.Args["folder"] {
		return false
	}
	for name, value := range o.Args {
		if report.Show(value) != r.Args[name] {
			return false
		}
	}
	return true
}

// quiet is how long a problem and its gopls must have been there before
// "gopls has not looked again" is said: until then it may just be loading.
const quiet = 5 * time.Second

// settle returns a look without what is too young to be shown, and says how
// soon to come back for it; 0 if nothing is held back. v stays as it is.
func (l *Loop) settle(v survey) (settled survey, soon time.Duration) {
	now := l.w.Clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	present := map[string]bool{}
	wait := func(d time.Duration) {
		if soon == 0 || d < soon {
			soon = d
		}
	}
	for _, a := range v {
		age := func(key string) time.Duration {
			key = a.Snapshot.Dir + "\x00" + key
			present[key] = true
			if _, ok := l.seen[key]; !ok {
				l.seen[key] = a.Snapshot.Taken
			}
			return now.Sub(l.seen[key])
		}
		a.Findings = slices.DeleteFunc(slices.Clone(a.Findings), func(f model.Finding) bool {
			young := rules.ByID(f.Rule).Settle - age("finding\x00"+f.Rule+"\x00"+f.Subject)
			if young > 0 {
				wait(young)
			}
			return young > 0
		})
		a.Verdicts = slices.Clone(a.Verdicts)
		for i := range a.Verdicts {
			verdict := &a.Verdicts[i]
			p := verdict.Problem
			young := quiet - age(fmt.Sprintf("problem\x00%s\x00%v\x00%s", p.File, p.Range, p.Message))
			for _, g := range a.Snapshot.Gopls {
				young = max(young, quiet-now.Sub(g.Started))
			}
			if young > 0 && verdict.Kind == model.Phantom && verdict.Cause == model.CauseStale {
				wait(young)
				verdict.Kind, verdict.Cause, verdict.Stale, verdict.Fixes = model.Unknown, "", nil, nil
				verdict.Why = "go has no such error anywhere; gopls may still be loading"
			}
			if young > 0 && verdict.Kind == model.StaleGreen {
				wait(young)
				verdict.Kind = "" // gopls may still come to it
			}
		}
		a.Verdicts = slices.DeleteFunc(a.Verdicts, func(v model.Verdict) bool { return v.Kind == "" })
		settled = append(settled, a)
	}
	for key := range l.seen {
		if !present[key] {
			delete(l.seen, key)
		}
	}
	return settled, soon
}
