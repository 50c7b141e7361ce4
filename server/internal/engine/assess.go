package engine

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gophantom/gophantom/server/internal/fix"
	"github.com/gophantom/gophantom/server/internal/l10n"
	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/observe"
	"github.com/gophantom/gophantom/server/internal/report"
	"github.com/gophantom/gophantom/server/internal/rules"
	"github.com/gophantom/gophantom/server/internal/shell"
	"github.com/gophantom/gophantom/server/internal/verify"
	"github.com/gophantom/gophantom/server/internal/world"
)

// Captured are environments given by the user instead of observed ones, as
// variables by environment.
type Captured map[model.EnvName]map[string]string

// Request says what to look at in one shot (the command line).
type Request struct {
	Dir      string // absolute
	Captured Captured
	Problems []model.Problem   // captured problems to judge; nil: none
	Overlays map[string]string // captured unsaved documents: absolute path → text
	// GoplsEnv and GoplsFlags are the captured options build.env and
	// build.buildFlags of gopls.
	GoplsEnv   map[string]string
	GoplsFlags []string
	// Views are what gopls said, and Gopls is the one that showed the problems;
	// nil if that is not known. GoplsWhy tells how the captured environment of
	// gopls is known, if not by a file.
	Views    []model.GoplsView
	Gopls    *model.GoplsProcess
	GoplsWhy string
	// Facts also runs go list, which downloads and writes nothing, for what go
	// says about the main modules. Logs are texts that go or gopls printed.
	Facts bool
	Logs  []model.Said
	// Probe also asks the servers on the routes of modules that are missing: the
	// only request that reaches the network. How says in which way; its File does
	// not count.
	Probe bool
	How   Probing
	// StartUp also starts a shell of the user's, twice, to learn which lines of
	// its start-up files the values come from.
	StartUp bool
}

// startUpTimeout is how long a shell may take when a terminal waits for us.
const startUpTimeout = 5 * time.Second

// Observe takes one snapshot without an editor. Commands run only when the
// snapshot needs them; nothing reaches the network unless the request says so.
func Observe(ctx context.Context, w *world.World, req Request) (*model.Snapshot, error) {
	return take(ctx, w, req, askStartUp(ctx, w, req))
}

// askStartUp asks a new shell of the user's for its lines, if the request
// wants that.
func askStartUp(ctx context.Context, w *world.World, req Request) shell.Answer {
	if !req.StartUp {
		return shell.Answer{}
	}
	opt := shell.Options{Dir: req.Dir, Prompt: true, Timeout: startUpTimeout}
	return shell.Trace(ctx, w, opt, shell.Ask(ctx, w, opt))
}

// take takes the snapshot of a request.
func take(ctx context.Context, w *world.World, req Request, startUp shell.Answer) (*model.Snapshot, error) {
	info, err := w.Files.Stat(req.Dir)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be looked at: %w", req.Dir, err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is not a directory", req.Dir)
	}
	dirty := make([]string, 0, len(req.Overlays))
	for file := range req.Overlays {
		dirty = append(dirty, file)
	}
	slices.Sort(dirty)
	s := observe.Take(ctx, w, observe.Input{
		Number: 1, Reason: "asked", Dir: req.Dir, Trusted: true, StartUp: startUp,
		Captured: req.Captured, Problems: req.Problems, Dirty: dirty, GoplsEnv: req.GoplsEnv, GoplsFlags: req.GoplsFlags,
		Views: req.Views, Gopls: req.Gopls, GoplsWhy: req.GoplsWhy, Overlays: req.Overlays,
	})
	if known, _, err := (baselines{w: w}).of(s.Dir); err == nil && len(req.Captured) == 0 {
		s.Slow = slowdowns(w, s, known.Costs, remembered(w, s.Dir))
	}
	s.Said = append(s.Said, req.Logs...)
	if req.Facts {
		hear(s, verify.Facts(ctx, w, s, nil))
	}
	hear(s, problemTexts(s))
	if req.Probe {
		ProbeMissing(ctx, w, s, req.How)
	}
	return s, nil
}

// Assessment is everything we say about one snapshot.
type Assessment struct {
	Snapshot *model.Snapshot
	Findings []model.Finding
	Accepted []rules.AcceptedFinding // by the team contract; they are told and do not count
	Verdicts []model.Verdict
	Unknown  []report.Unknown
	Replayed bool                  // the machine is another one, so nothing can be mended here
	Happened []report.HistoryEvent // what happened before; nil to read what an editor wrote down
	read     *readBaselines
}

// Truth says how ground truth is asked.
type Truth struct {
	Memory *verify.Memory // what was said before; nil for nothing
	Unseen bool           // also about packages in which gopls shows nothing, which compiles all of them
	Shell  bool           // also about all packages in the user's shell, whether there is a gopls or not

	baselines *readBaselines // nil to read them anew
}

// Replay judges the snapshot of a capture: every rule, and the problems of which the
// capture has what go said. It asks nothing of this machine, finds the same
// everywhere, and offers no fixes.
func Replay(ctx context.Context, s *model.Snapshot) Assessment {
	a := assess(s)
	a.Replayed = true
	if s.Tape != nil {
		a.Verdicts = verify.Replay(ctx, s, s.Tape, report.Conceal)
		machine := verify.Played(s, s.Tape, report.Conceal)
		for i := range a.Verdicts {
			identify(machine, &a.Verdicts[i])
		}
	} else if slices.ContainsFunc(s.Problems, judged) {
		a.Unknown = append(a.Unknown, report.Unknown{Rule: "gopls", Why: "What go answers about the problems of gopls is not in this capture, so they are not judged."})
	}
	return a
}

// assess applies every rule to a snapshot, and asks nobody.
func assess(s *model.Snapshot) Assessment {
	a := Assessment{Snapshot: s}
	found, crashes := rules.Run(s)
	a.Findings, a.Accepted = rules.Accepted(s, found)
	for _, c := range crashes {
		a.Unknown = append(a.Unknown, report.Unknown{Rule: c.Rule, Why: c.Why})
	}
	for _, f := range s.Faults {
		if f.Location == nil && len(f.Hides) > 0 {
			a.Unknown = append(a.Unknown, report.Unknown{Rule: f.Subject, Why: f.Text})
		}
	}
	if gopls, asked := s.Env(model.EnvGopls); s.Editor != nil && asked && !gopls.Complete {
		a.Unknown = append(a.Unknown, report.Unknown{Rule: "gopls", Why: gopls.Why + "."})
	}
	if shell, ok := s.ToolchainOf(model.EnvShell); ok && (shell.Go == "" || shell.Version == "") {
		a.Unknown = append(a.Unknown, report.Unknown{Rule: "go", Why: show("The shell has " + shell.Why + ".")})
	}
	return a
}

// Check judges a snapshot: rules first, then ground truth for its problems. Of real
// ones it finds out which go away with variables as they were when everything was
// green.
func Check(ctx context.Context, w *world.World, s *model.Snapshot, t Truth) Assessment {
	if t.Memory == nil && t.Shell { // one run answers for several questions
		t.Memory = &verify.Memory{}
	}
	verdicts := verify.Judge(ctx, w, s, t.Memory)
	if t.Unseen || t.Memory != nil {
		verdicts = append(verdicts, verify.StaleGreens(ctx, w, s, t.Memory, t.Unseen)...)
	}
	why := ""
	if t.Shell {
		var failures []model.Verdict
		failures, why = verify.Failures(ctx, w, s, t.Memory)
		failures = slices.DeleteFunc(failures, func(f model.Verdict) bool {
			return slices.ContainsFunc(verdicts, func(v model.Verdict) bool { return v.Problem == f.Problem })
		})
		hear(s, saidOf(failures))
		verdicts = append(verdicts, failures...)
	}
	if slices.ContainsFunc(verdicts, func(v model.Verdict) bool { return v.Kind == model.Real }) {
		if b, _, err := (baselines{w, t.baselines}).of(s.Dir); err == nil {
			verify.Earlier(ctx, w, s, t.Memory, b.Past(s, model.EnvShell), verdicts)
		}
	}
	a := judgedAs(w, s, verdicts)
	if why != "" {
		a.Unknown = append(a.Unknown, report.Unknown{Rule: "go", Why: why})
	}
	return a
}

// Record is Check without a memory. Beside, it returns the snapshot with what go was
// asked and said, of which a capture comes to the same verdicts on any machine; it has
// none of that where it would not.
func Record(ctx context.Context, w *world.World, s *model.Snapshot, unseen bool) (Assessment, *model.Snapshot) {
	taped := *s
	verdicts, tape := verify.Record(ctx, w, s, unseen, report.Conceal, report.Redacted)
	taped.Tape = tape
	return judgedAs(w, s, verdicts), &taped
}

// judgedAs is what is said of a snapshot whose problems have these verdicts.
func judgedAs(w *world.World, s *model.Snapshot, verdicts []model.Verdict) Assessment {
	a := assess(s)
	a.Verdicts = verdicts
	for i := range a.Verdicts {
		a.complete(w, &a.Verdicts[i])
	}
	return a
}

// Explain returns the documentation of a rule or verdict as Markdown; ok is
// false if there is none of that name.
func Explain(l l10n.Language, id string) (markdown string, ok bool) { return rules.PageIn(l, id) }

// Report renders an assessment; w serves the previews of fixes.
func (a Assessment) Report(w *world.World) report.Report {
	r := a.bare(w)
	r.Graph = publicGraph(a.graph(w, &r))
	return r
}

// bare is the report without the graph that joins what is in it.
func (a Assessment) bare(w *world.World) report.Report {
	s := a.Snapshot
	r := report.Report{
		Schema:   report.Schema,
		Snapshot: report.SnapshotOf(s),
		Findings: []report.Finding{}, Accepted: []report.Accepted{}, Problems: []report.Problem{}, Unknown: append([]report.Unknown{}, a.Unknown...),
		History: []report.HistoryEvent{}, Cures: []report.Cure{},
	}
	for _, f := range a.Findings {
		r.Findings = append(r.Findings, a.finding(w, f))
	}
	for _, f := range a.Accepted {
		r.Accepted = append(r.Accepted, report.Accepted{
			Finding: a.finding(w, f.Finding), Owner: show(f.By.Owner), Reason: show(f.By.Reason), Expires: f.By.Expires,
		})
	}
	for _, v := range a.Verdicts {
		r.Problems = append(r.Problems, a.problem(w, v))
	}
	r.Health = a.health()
	return r
}

func (a Assessment) health() string {
	health := "ok"
	for _, f := range a.Findings {
		switch {
		case f.Severity == model.Error:
			return "error"
		case f.Severity == model.Warning:
			health = "warning"
		}
	}
	unknown := len(a.Unknown) > 0
	for _, v := range a.Verdicts {
		switch {
		case v.Kind == model.Phantom || v.Kind == model.StaleGreen:
			health = "warning"
		case v.Kind == model.Unknown && !quietly(v):
			unknown = true
		}
	}
	if health == "ok" && unknown {
		return "unknown"
	}
	return health
}

// judged reports whether a problem is of a kind that gets a verdict by asking go.
func judged(p model.Problem) bool { return !verify.Opinion(p) }

// quietly reports whether an undecided problem is nothing to speak of: whoever
// types has errors all the time, which are judged once they are saved.
func quietly(v model.Verdict) bool {
	_, isImport := verify.ImportOf(v.Problem)
	return v.Waits && !isImport
}

func (a Assessment) finding(w *world.World, f model.Finding) report.Finding {
	rule := rules.ByID(f.Rule)
	out := report.Finding{
		Rule: f.Rule, Ref: f.Ref, Severity: string(f.Severity), Latent: f.Latent, Subject: show(f.Subject),
		Environments: []string{}, Args: report.StringMap{}, Related: []report.Origin{}, Evidence: []string{},
		Message: report.Render(rule.Messages[f.Message], f.Args), Location: report.FromLocation(f.Location),
		ContextID: f.ContextID, Fixes: a.fixes(w, f.Fixes),
	}
	for _, e := range f.Environments {
		out.Environments = append(out.Environments, string(e))
	}
	for name, value := range f.Args {
		out.Args[name] = report.Show(value)
	}
	if f.Origin != nil {
		o := report.FromOrigin(*f.Origin)
		out.Origin = &o
	}
	for _, o := range f.Related {
		out.Related = append(out.Related, report.FromOrigin(o))
	}
	if !f.GoText.Empty() {
		out.Evidence = append(out.Evidence, report.Show(f.GoText))
	}
	return out
}

func (a Assessment) problem(w *world.World, v model.Verdict) report.Problem {
	loc := report.FromLocation(&v.Problem.Location)
	out := report.Problem{
		URI: loc.URI, Range: loc.Range, Source: show(v.Problem.Source), Code: show(v.Problem.Code), Message: show(v.Problem.Message),
		Verdict: string(v.Kind), Cause: string(v.Cause), Guilty: []string{}, TrueReason: report.Show(v.TrueReason), Why: show(v.Why),
		Summary: summary(v), Evidence: evidence(v.Evidence), Fixes: a.fixes(w, v.Fixes), ContextID: v.ContextID,
		Others: []string{}, Misleads: show(v.Misleads),
	}
	for _, g := range v.Others {
		out.Others = append(out.Others, g.Variable)
	}
	if v.Stale != nil {
		out.Stale = &report.Stale{What: string(v.Stale.What), File: show(v.Stale.File), Witness: show(v.Stale.Witness)}
		if !v.Stale.Since.IsZero() {
			out.Stale.Since = v.Stale.Since.Format(time.RFC3339)
		}
		if c := v.Stale.Setting; c != nil {
			out.Stale.Setting = &report.StaleSetting{Key: show(c.Setting), Variable: c.Variable}
			if c.Old != nil {
				out.Stale.Setting.Old = report.ShowVariable(c.Variable, c.Old.Value)
			}
			if c.New != nil {
				out.Stale.Setting.New, out.Stale.Setting.Line = report.ShowVariable(c.Variable, c.New.Value), c.New.Line
			}
		}
	}
	if v.Bisect.Runs > 0 {
		out.Bisect = &report.Bisect{Differing: v.Bisect.Differing, Runs: v.Bisect.Runs, Millis: v.Bisect.Millis}
	}
	for _, g := range v.Guilty {
		out.Guilty = append(out.Guilty, g.Variable)
	}
	for _, g := range v.Earlier {
		out.Earlier = append(out.Earlier, g.Variable)
	}
	for _, l := range v.Lines {
		out.Earlier = append(out.Earlier, l.Label())
	}
	return out
}

func (a Assessment) fixes(w *world.World, offers []model.FixOffer) []report.Fix {
	out := []report.Fix{}
	if a.Replayed {
		return out
	}
	for _, o := range offers {
		p, err := fix.Make(w, a.Snapshot, o, report.Show)
		f := report.Fix{ID: o.ID, Title: p.Title, Kind: p.Kind(), Reversible: p.Reversible, WeakensSecurity: p.WeakensSecurity, Preview: p.Preview, Disabled: p.Disabled, Args: report.StringMap{}}
		if err != nil {
			f.Disabled = err.Error()
		}
		for name, value := range o.Args {
			f.Args[name] = report.Show(value)
		}
		if folder := folderOf(o, a.Snapshot); folder != "" {
			f.Args["folder"] = show(folder)
		}
		out = append(out, f)
	}
	return out
}

// show makes text of others, such as a diagnostic of gopls, safe to show.
func show(text string) string { return report.Show(model.NewValue(text)) }

// headline is the most important thing to know, in one sentence. unjudged is
// how many problems the editor shows of kinds that get no verdict.
func headline(r report.Report, unjudged int) string {
	for _, p := range r.Problems {
		if p.Verdict == string(model.Phantom) {
			return p.Summary
		}
	}
	for _, f := range r.Findings {
		if f.Severity != string(model.Info) {
			if f.Folder != "" {
				return filepath.Base(f.Folder) + ": " + f.Message
			}
			return f.Message
		}
	}
	for _, p := range r.Problems {
		if p.Summary != "" {
			return p.Summary
		}
	}
	if len(r.Unknown) > 0 {
		return r.Unknown[0].Why
	}
	switch {
	case unjudged > 0:
		return fmt.Sprintf("The editor and the shell agree; of what the editor shows, %d cannot be judged yet.", unjudged)
	case len(r.Problems) > 0:
		return "No phantoms: what the editor shows fails in your shell too."
	}
	return "No phantoms: the editor and the shell agree."
}

// summary puts a verdict into words; "" where there is nothing to add to what
// gopls says.
func summary(v model.Verdict) string {
	switch {
	case v.Kind == model.Unknown && !quietly(v):
		return fmt.Sprintf("Not decided whether this is real: %s.", show(v.Why))
	case v.Kind == model.StaleGreen:
		return fmt.Sprintf("The editor shows nothing here, but %s.", show(v.Why))
	case v.Kind != model.Phantom:
		return ""
	}
	var b strings.Builder
	path, isImport := verify.ImportOf(v.Problem)
	switch {
	case v.Cause == model.CauseStale:
		fmt.Fprintf(&b, "Phantom: %s", stale(v, path))
		return b.String()
	case isImport && v.Cause == model.CauseEnv:
		fmt.Fprintf(&b, "Phantom: %s can be imported in your shell.", show(path))
	default:
		fmt.Fprintf(&b, "Phantom: %s.", show(v.Why))
	}
	for i, g := range v.Guilty {
		also := ""
		if i > 0 {
			also = " also"
		}
		fmt.Fprintf(&b, " gopls%s runs with %s, your shell with %s.", also, assignment(g.Editor), assignment(g.Shell))
	}
	if !v.TrueReason.Empty() {
		first, _, _ := strings.Cut(report.Show(v.TrueReason), "\n")
		fmt.Fprintf(&b, " What go says there: %s.", strings.TrimRight(first, ".:; "))
	}
	return b.String()
}

// stale says in one sentence what gopls has not seen.
func stale(v model.Verdict, path string) string {
	if v.Stale != nil && v.Stale.What == model.StaleDeleted {
		return "this file does not exist any more, and gopls has not noticed."
	}
	right := "go builds this in your shell and in gopls’ environment"
	if path != "" {
		right = show(path) + " can be imported in your shell and in gopls’ environment"
	}
	since := "that became true"
	if s := v.Stale; s != nil {
		at := ""
		if !s.Since.IsZero() {
			at = " at " + s.Since.Format("15:04:05")
		}
		name := show(filepath.Base(s.File))
		switch s.What {
		case model.StaleModuleCache:
			since = "the module was downloaded" + at
		case model.StaleVendor:
			since = "the vendor directory changed" + at
		case model.StaleEnvFile:
			since = "“go env -w” changed " + show(s.File) + at
		case model.StaleBranch:
			since = "another branch was checked out" + at
		case model.StaleToolchain:
			since = "another Go was installed" + at
		case model.StaleSettings:
			since = fmt.Sprintf("the setting %s changed from %s to %s%s", show(s.Setting.Setting), given(*s.Setting, s.Setting.Old), given(*s.Setting, s.Setting.New), at)
		case model.StaleUnknown:
		default:
			since = name + " changed" + at
		}
	}
	text := right + "; gopls has not looked again since " + since + "."
	if v.Stale != nil && v.Stale.Witness != "" {
		text += " " + show(v.Stale.Witness) + "."
	}
	return text
}

// given shows what settings give a variable.
func given(c model.SettingChange, a *model.Assignment) string {
	s := model.Setting{Name: c.Variable}
	if a != nil {
		s.Value, s.Origin.File, s.Origin.Line = a.Value, a.File, a.Line
	}
	return assignment(s)
}

// assignment shows a setting with its origin, where that is a line of a file.
func assignment(s model.Setting) string {
	if s.Value.Empty() {
		return "no " + s.Name
	}
	text := s.Name + "=" + report.ShowVariable(s.Name, s.Value)
	if s.Origin.File != "" && s.Origin.Line > 0 {
		text += fmt.Sprintf(" (%s:%d)", show(s.Origin.File), s.Origin.Line)
	}
	return text
}
