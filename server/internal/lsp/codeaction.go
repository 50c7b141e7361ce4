package lsp

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/gophantom/gophantom/server/internal/model"
	"github.com/gophantom/gophantom/server/internal/report"
)

// offer is one fix at one place, with the diagnostics it would resolve.
type offer struct {
	fix       report.Fix
	contextID string
	proven    bool // it cures a proven phantom
	resolves  []protocol.Diagnostic
}

// codeAction offers the fixes of the newest report at a place: those of our
// findings, and those of phantoms among gopls' own problems.
func (s *server) codeAction(_ context.Context, p *protocol.CodeActionParams) (any, error) {
	actions := []protocol.CommandOrCodeAction{}
	if !wantsQuickFix(p.Context.Only) {
		return actions, nil
	}
	r := s.board.read().Report
	offers, rules := s.offers(r, p)
	slices.SortStableFunc(offers, func(a, b offer) int { return cmp.Compare(a.rank(), b.rank()) })
	for i, o := range offers {
		cmd := protocol.Command{
			Title:     s.peer.language.Text(o.title()),
			Command:   commandFix,
			Arguments: []protocol.LSPAny{encode(FixCommand{Fix: o.fix.ID, Args: o.fix.Args, Snapshot: r.Snapshot.Number, ContextID: o.contextID})},
		}
		why := o.fix.Disabled
		switch {
		case why != "" && (!s.peer.disabledActions || !s.peer.literalActions):
			continue
		case !s.peer.literalActions:
			actions = append(actions, &cmd)
			continue
		}
		action := quickFix(cmd.Title, o.resolves)
		action.Data = data(r.Snapshot.Number, o.contextID)
		if why != "" {
			action.Disabled = protocol.CodeActionDisabled{Reason: why}
		} else {
			action.Command = cmd
		}
		if i == 0 && o.rank() == rankPreferred {
			yes := true
			action.IsPreferred = &yes
		}
		actions = append(actions, action)
	}
	for _, cmd := range slices.Concat(s.probes(r, p), s.verdicts(r, p), s.judging(r, p)) {
		if !s.peer.literalActions {
			actions = append(actions, &cmd)
			continue
		}
		action := quickFix(cmd.Title, nil)
		action.Command = cmd
		actions = append(actions, action)
	}
	for _, rule := range rules {
		cmd := protocol.Command{Title: s.peer.language.Text("Explain " + rule), Command: commandExplain, Arguments: []protocol.LSPAny{encode(ExplainCommand{Rule: rule})}}
		if !s.peer.literalActions {
			actions = append(actions, &cmd)
			continue
		}
		action := quickFix(cmd.Title, nil)
		action.Command = cmd
		actions = append(actions, action)
	}
	return actions, nil
}

// probes offers to ask servers: those of the module that a line of go.mod
// requires, and those of what is missing where a finding speaks of fetching.
func (s *server) probes(r report.Report, p *protocol.CodeActionParams) (out []protocol.Command) {
	add := func(title, module string) {
		out = append(out, protocol.Command{
			Title: s.peer.language.Text(title), Command: commandProbe, Arguments: []protocol.LSPAny{encode(ProbeCommand{URI: string(p.TextDocument.URI), Module: module})},
		})
	}
	file, ok := s.path(p.TextDocument.URI)
	if !ok || !r.Snapshot.Trusted {
		return nil
	}
	if module, ok := s.loop.Probeable(file, int(p.Range.Start.Line)); ok && !s.docs.unsaved(file) {
		add("Probe this route: "+module, module)
	}
	doc := s.canonical(string(p.TextDocument.URI))
	about := func(f report.Finding) bool {
		return f.Location != nil && s.canonical(f.Location.URI) == doc && overlap(wireRange(f.Location.Range), p.Range) &&
			slices.ContainsFunc(fetching, func(prefix string) bool { return strings.HasPrefix(f.Ref, prefix) })
	}
	if len(out) == 0 && slices.ContainsFunc(r.Findings, about) {
		add("Probe this route: ask the servers for what is missing", "")
	}
	return out
}

// verdicts offers to explain the verdict about a problem of gopls, to find the
// guilty variables again, and to record what was seen for a report.
func (s *server) verdicts(r report.Report, p *protocol.CodeActionParams) (out []protocol.Command) {
	doc := s.canonical(string(p.TextDocument.URI))
	for _, problem := range r.Problems {
		kind := model.VerdictKind(problem.Verdict)
		if _, meant := s.meant(problem, doc, p); !meant || kind == model.NotBuild || kind == model.StaleGreen {
			continue
		}
		line, message := problem.Range.Start.Line, problem.Message
		out = append(out, protocol.Command{
			Title: s.peer.language.Text("Explain this problem (" + verdictWord(kind) + ")"), Command: commandExplain,
			Arguments: []protocol.LSPAny{encode(ExplainCommand{URI: string(p.TextDocument.URI), Line: line, Message: message})},
		})
		if problem.Cause == string(model.CauseEnv) {
			out = append(out, protocol.Command{
				Title: s.peer.language.Text("Find the guilty variables of this package"), Command: commandBisect,
				Arguments: []protocol.LSPAny{encode(BisectCommand{URI: string(p.TextDocument.URI)})},
			})
		}
		title := "Not a phantom? Record what was seen"
		if kind != model.Phantom {
			title = "A phantom after all? Record what was seen"
		}
		return append(out, protocol.Command{
			Title: s.peer.language.Text(title), Command: commandRecord, Arguments: []protocol.LSPAny{encode(RecordCommand{URI: string(p.TextDocument.URI), Line: line, Message: message})},
		}) // of several problems at one place the first
	}
	return out
}

const judgeTitle = "Judge with a gopls of our own: phantom or real?"

// judging offers to judge a problem of which nobody has told us.
func (s *server) judging(r report.Report, p *protocol.CodeActionParams) []protocol.Command {
	doc := s.canonical(string(p.TextDocument.URI))
	foreign := func(d protocol.Diagnostic) bool { from, _ := d.Source.Get(); return from != source }
	judged := func(problem report.Problem) bool { _, meant := s.meant(problem, doc, p); return meant }
	if s.peer.feeds || !slices.ContainsFunc(p.Context.Diagnostics, foreign) || slices.ContainsFunc(r.Problems, judged) {
		return nil
	}
	return []protocol.Command{{Title: judgeTitle, Command: commandCheck}}
}

func verdictWord(kind model.VerdictKind) string {
	if kind == model.Unknown {
		return "not decided"
	}
	return string(kind)
}

// fetching are the beginnings of the refs that are about fetching modules.
var fetching = []string{"PX-", "AUTH-", "HTTPPROXY-", "NOPROXY-", "SSLFILE-", "PV-", "IN-", "VC-", "SD-"}

func quickFix(title string, resolves []protocol.Diagnostic) *protocol.CodeAction {
	kind := protocol.CodeActionKindQuickFix
	return &protocol.CodeAction{Title: title, Kind: &kind, Diagnostics: resolves}
}

// wantsQuickFix reports whether the client asks for quick fixes at all; no
// kinds means every kind, and the empty kind contains every kind.
func wantsQuickFix(only []protocol.CodeActionKind) bool {
	return len(only) == 0 || slices.Contains(only, protocol.CodeActionKindQuickFix) || slices.Contains(only, protocol.CodeActionKindEmpty)
}

// offers collects the fixes at a place, each once, and the rules that explain
// what is shown there.
func (s *server) offers(r report.Report, p *protocol.CodeActionParams) (offers []offer, rules []string) {
	doc := s.canonical(string(p.TextDocument.URI))
	byKey := map[string]int{}
	add := func(fixes []report.Fix, contextID string, proven bool, resolves []protocol.Diagnostic) {
		for _, fix := range fixes {
			if !s.peer.canRun(fix) {
				continue
			}
			key := fixKey(fix)
			i, known := byKey[key]
			if !known {
				byKey[key] = len(offers)
				offers = append(offers, offer{fix, contextID, proven, slices.Clone(resolves)})
				continue
			}
			offers[i].proven = offers[i].proven || proven
			offers[i].resolves = append(offers[i].resolves, resolves...)
		}
	}
	explain := func(f report.Finding) {
		if !slices.Contains(rules, f.Rule) {
			rules = append(rules, f.Rule)
		}
	}
	for _, problem := range r.Problems {
		resolves, meant := s.meant(problem, doc, p)
		proven := model.VerdictKind(problem.Verdict) == model.Phantom
		fixes := problem.Fixes
		if !proven { // we change nothing for what is no phantom, but say what go asks for
			fixes = slices.DeleteFunc(slices.Clone(fixes), func(f report.Fix) bool { return f.Kind != "manual" })
		}
		if !meant || !proven && len(fixes) == 0 {
			continue
		}
		add(fixes, problem.ContextID, proven, resolves)
		for _, f := range sharing(r.Findings, problem.ContextID) {
			explain(f)
		}
	}
	for _, f := range r.Findings {
		if f.Location == nil || s.canonical(f.Location.URI) != doc || !overlap(wireRange(f.Location.Range), p.Range) {
			continue
		}
		var resolves []protocol.Diagnostic
		for _, d := range p.Context.Diagnostics {
			if d.Range == wireRange(f.Location.Range) && isOurs(d, f.Rule) && text(d.Message) == f.Message {
				resolves = append(resolves, d)
			}
		}
		add(f.Fixes, f.ContextID, false, resolves)
		explain(f)
	}
	return offers, rules
}

// meant reports whether a problem of gopls is one that the client asks about,
// and returns its diagnostics and ours about it.
func (s *server) meant(problem report.Problem, doc uri.URI, p *protocol.CodeActionParams) (resolves []protocol.Diagnostic, ok bool) {
	if s.canonical(problem.URI) != doc {
		return nil, false
	}
	at := wireRange(problem.Range)
	for _, d := range p.Context.Diagnostics {
		if d.Range == at && (text(d.Message) == problem.Message || isOurs(d, codePhantom) || isOurs(d, codeUnknown)) {
			resolves = append(resolves, d)
		}
	}
	// Some clients send no diagnostics and mean all at the place.
	return resolves, len(resolves) > 0 || len(p.Context.Diagnostics) == 0 && overlap(at, p.Range)
}

// The order of offers.
const (
	rankPreferred = iota // cures a proven phantom and can be taken back
	rankOrdinary
	rankWeakens
	rankByHand
	rankDisabled
)

func (o offer) rank() int {
	switch {
	case o.fix.Disabled != "":
		return rankDisabled
	case o.byHand():
		return rankByHand
	case o.fix.WeakensSecurity:
		return rankWeakens
	case o.proven && o.fix.Reversible:
		return rankPreferred
	}
	return rankOrdinary
}

// byHand reports whether only the user can carry the fix out. Running it tells
// what to do.
func (o offer) byHand() bool { return o.fix.Kind == "manual" }

func (o offer) title() string {
	if o.byHand() {
		return "By hand: " + o.fix.Title
	}
	return o.fix.Title
}

// canRun reports whether the client can do its part of a fix.
func (c peer) canRun(fix report.Fix) bool {
	switch fix.Kind {
	case "action":
		return len(c.actions) > 0
	case "edit":
		return c.applyEdit
	}
	return true
}

// fixKey is the same for fixes that do the same.
func fixKey(f report.Fix) string {
	var b strings.Builder
	b.WriteString(f.ID)
	for _, name := range slices.Sorted(maps.Keys(f.Args)) {
		b.WriteString("\x00" + name + "\x00" + f.Args[name])
	}
	return b.String()
}

func isOurs(d protocol.Diagnostic, code string) bool {
	from, _ := d.Source.Get()
	return from == source && d.Code == protocol.String(code)
}

// text returns the text of a diagnostic's message.
func text(message protocol.InlayHintTooltip) string {
	switch m := message.(type) {
	case protocol.String:
		return string(m)
	case *protocol.MarkupContent:
		return m.Value
	}
	return ""
}

// overlap reports whether two ranges share a place; touching is enough, as a
// cursor is an empty range.
func overlap(a, b protocol.Range) bool { return !before(a.End, b.Start) && !before(b.End, a.Start) }

func before(a, b protocol.Position) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Character < b.Character
}
